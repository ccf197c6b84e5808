package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/source"
	"cutline/internal/story"
)

// The whole life of an article, in a hundred orders with doubles: what the CMS said last stands. It holds for senders
// that say when; of the others the order of arrival is all there is.
func TestLifeInAnyOrder(t *testing.T) {
	act := func(ms int, event, status, title string) recording {
		current, previous := `{}`, `{"id":"p1"}`
		if title != "" {
			current, previous = fmt.Sprintf(`{"id":"p1","title":%q,"slug":"a","status":%q,"url":"https://news.example/a","html":"<p>It rains.</p>"}`, title, status), `{}`
		}
		body := fmt.Sprintf(`{"event":%q,"post":{"current":%s,"previous":%s}}`, event, current, previous)
		return recording{name: fmt.Sprint(ms, " ", event), Recorded: source.Recorded{Method: "POST", Path: "/hooks/newsroom", Body: &body, At: noon.Add(time.Duration(ms) * time.Millisecond)}}
	}
	life := []recording{
		act(1, "post.added", "draft", "One"), act(20, "post.published", "published", "One"), act(21, "post.edited", "published", "One"),
		act(40, "post.published.edited", "published", "Two"), act(60, "post.published.edited", "published", "Three"), act(80, "post.published.edited", "published", "Two"),
		act(100, "post.unpublished", "draft", "Two"), act(120, "post.published", "published", "Four"), act(140, "post.published.edited", "published", "Four, corrected"),
	}
	gone := []recording{act(160, "post.unpublished", "", ""), act(161, "post.deleted", "", "")}
	for _, end := range []struct {
		name      string
		acts      []recording
		off, head string
	}{{"public", life, "", "Four, corrected"}, {"deleted", append(life[:len(life):len(life)], gone...), "deleted", ""}} {
		seeds := 100
		if testing.Short() {
			seeds = 15
		}
		for seed := range seeds {
			order := append(append([]recording(nil), end.acts...), end.acts[seed%len(end.acts)], end.acts[(seed*7)%len(end.acts)])
			if r := rand.New(rand.NewSource(int64(seed))); seed > 0 {
				r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			n := openNewsroom(t, "ghost", "ghost-test-secret", ", pull: -1s")
			for _, rec := range order {
				h, err := n.src.Sign(context.Background(), []byte(*rec.Body), "", rec.At)
				if err != nil {
					t.Fatal(err)
				}
				rec.Headers = nil
				for name := range h {
					rec.Headers = append(rec.Headers, [2]string{name, h.Get(name)})
				}
				if code, a := n.deliver(rec); code != 202 {
					t.Fatalf("%s: %d %+v", rec.name, code, a)
				}
			}
			k, err := n.store.Find(context.Background(), "newsroom", "p1")
			var s story.Story
			if err == nil {
				s, err = n.store.Story(context.Background(), k)
			}
			if err != nil && end.off == "" {
				t.Fatal(end.name, seed, err)
			}
			if err == nil && (s.Off != end.off || end.head != "" && s.Article.Headline != end.head) {
				t.Errorf("%s, order %d: %q off %q, want %q off %q", end.name, seed, s.Article.Headline, s.Off, end.head, end.off)
			}
		}
	}
}

func TestRefusedRequestsAreKeptAndCanBeTriedAgain(t *testing.T) {
	d := open(t)
	d.send(payload("published", "7", "Secret reservoir"), func(r *http.Request) {
		r.Header.Set("webhook-signature", "v1,c2VjcmV0")
		r.Header.Set("Cookie", "session")
		r.Header.Set("Authorization", "Bearer test-bearer")
	})
	entries, err := d.store.Bucket.List(context.Background(), "refused/newsroom/2026-11-26T12:00:00.000Z-", "", 0)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	o, err := d.store.Bucket.Get(context.Background(), entries[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(o.Body), "session") || strings.Contains(string(o.Body), "test-bearer") {
		t.Errorf("secrets are kept: %s", o.Body)
	}
	rec, err := source.ParseRecorded(o.Body)
	if err != nil || rec.Body == nil || !strings.Contains(*rec.Body, "Secret reservoir") || rec.At != noon {
		t.Errorf("%+v %v", rec, err)
	}
	var doc story.Refusal
	if err := json.Unmarshal(o.Body, &doc); err != nil || doc.Verdict != string(source.Unauthorized) || doc.Status != 401 || !strings.Contains(doc.Why, "another secret") {
		t.Errorf("%+v %v", doc, err)
	}
}

func TestStuckSenderIsSlowedDown(t *testing.T) {
	d := open(t)
	w := d.handler.(*Webhook)
	w.perSource = limiter{rate: 10, burst: 3}
	for i := range 4 {
		code, _, h := d.send(payload("published", fmt.Sprint(i), "x"))
		if want := map[bool]int{true: 202, false: 429}[i < 3]; code != want || (code == 429) != (h.Get("Retry-After") != "") {
			t.Errorf("request %d: %d %v", i, code, h)
		}
	}
	d.now = d.now.Add(time.Second)
	if code, _, _ := d.send(payload("published", "9", "x")); code != 202 {
		t.Errorf("a second later: %d", code)
	}
	w.perAddress = limiter{rate: 1, burst: 2}
	for i := range 4 {
		code, _, _ := d.send("{}", func(r *http.Request) { r.Header.Del("webhook-signature") })
		if want := map[bool]int{true: 401, false: 429}[i < 2]; code != want {
			t.Errorf("unsigned request %d: %d, want %d", i, code, want)
		}
	}
}

// What no webhook said, or none that came: the pull finds it.
func TestPullFindsWhatWasMissed(t *testing.T) {
	n := openNewsroom(t, "ghost", "ghost-test-secret", "")
	posts := map[string]string{"p1": "One", "p2": "Two"}
	asked := 0
	n.api = func(r *http.Request) (int, any) {
		asked++
		var list []any
		id := path.Base(r.URL.Path)
		for _, p := range []string{"p1", "p2"} {
			if title, ok := posts[p]; ok && (id == "posts" || id == p) {
				list = append(list, map[string]any{"id": p, "title": title, "slug": p, "url": "https://news.example/" + p, "updated_at": "2026-11-26T11:00:00.000+00:00"})
			}
		}
		if len(list) == 0 {
			return 404, map[string]any{}
		}
		return 200, map[string]any{"posts": list}
	}
	tick := func() {
		t.Helper()
		if err := n.hook.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	get := func(id string) story.Story {
		t.Helper()
		k, err := n.store.Find(context.Background(), "newsroom", id)
		if err != nil {
			t.Fatal(id, err)
		}
		s, err := n.store.Story(context.Background(), k)
		if err != nil {
			t.Fatal(id, err)
		}
		return s
	}
	tick()
	if get("p1").Article.Headline != "One" || get("p2").Article.Headline != "Two" {
		t.Error("what was published is not there")
	}
	// A bulk unpublish says nothing but that something changed.
	delete(posts, "p1")
	posts["p2"] = "Two, corrected"
	tick()
	if asked != 1 || get("p1").Off != "" {
		t.Errorf("pulled again too early: %d", asked)
	}
	body := `{"event":"site.changed"}`
	h, err := n.src.Sign(context.Background(), []byte(body), "", n.now)
	if err != nil {
		t.Fatal(err)
	}
	rec := recording{Recorded: source.Recorded{Body: &body, At: n.now, Headers: [][2]string{{"X-Ghost-Signature", h.Get("X-Ghost-Signature")}}}}
	if code, a := n.deliver(rec); code != 202 || a.Result != "ignored" {
		t.Errorf("%d %+v", code, a)
	}
	n.now = n.now.Add(3 * time.Second)
	tick()
	if get("p1").Off != "unpublished" || get("p2").Article.Headline != "Two, corrected" {
		t.Errorf("%+v\n%+v", get("p1"), get("p2"))
	}
	// And the clock alone does it too, once for two that tick at once.
	posts["p1"] = "One again"
	n.now = n.now.Add(15 * time.Minute)
	before := asked
	var g sync.WaitGroup
	for range 2 {
		g.Go(func() {
			if err := n.hook.Tick(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if get("p1").Off != "" || asked != before+1 {
		t.Errorf("%+v after %d requests", get("p1"), asked-before)
	}
}

func TestUnreadableCMSLosesNothing(t *testing.T) {
	n := openNewsroom(t, "directus", "token", ", pull: -1s")
	body := `{"event":"articles.items.update","payload":{"title":"A"},"keys":["1","2"],"collection":"articles"}`
	rec := recording{Recorded: source.Recorded{Body: &body, At: noon, Headers: [][2]string{{"Authorization", "Bearer token"}, {"Content-Type", "application/json"}}}}
	if code, a := n.deliver(rec); code != 202 || a.Result != "ignored" || !strings.Contains(a.Why, "in a moment") {
		t.Errorf("%d %+v", code, a)
	}
	n.now = noon.Add(time.Minute)
	if err := n.hook.Tick(context.Background()); err == nil {
		t.Error("a CMS that is down is no error")
	}
	n.api = func(r *http.Request) (int, any) {
		return 200, map[string]any{"data": map[string]any{"id": path.Base(r.URL.Path), "status": "published", "title": "A", "slug": "a"}}
	}
	if err := n.hook.Tick(context.Background()); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"1", "2"} {
		if _, err := n.store.Find(context.Background(), "newsroom", id); err != nil {
			t.Error(id, err)
		}
	}
	left, err := n.store.Bucket.List(context.Background(), "sources/newsroom/wanted/", "", 0)
	if err != nil || len(left) != 0 {
		t.Error("still wanted:", left, err)
	}
}

func TestWebSubConfirmation(t *testing.T) {
	n := openNewsroom(t, "ghost", "x", "")
	for target, want := range map[string]int{"/hooks/newsroom?hub.mode=subscribe&hub.challenge=a&hub.topic=b": 405, "/hooks/nobody?hub.challenge=a": 404} {
		r, err := http.NewRequest("GET", target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if code := status(n.hook, r); code != want {
			t.Errorf("%s: %d", target, code)
		}
	}
}

func status(h http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// A plugin that sends from inside the save, of a post that is saved again without a change: one revision stays one.
func TestHalfASaveIsNoChange(t *testing.T) {
	n := openNewsroom(t, "wordpress", "wp-secret", ", pull: -1s")
	n.api = func(*http.Request) (int, any) {
		rendered := func(s string) map[string]any { return map[string]any{"rendered": s} }
		return 200, map[string]any{"id": 5, "status": "publish", "link": "https://news.example/a", "title": rendered("A"), "excerpt": rendered(""), "date_gmt": "2026-11-26T11:00:00", "modified_gmt": "2026-11-26T11:00:00",
			"_embedded": map[string]any{"wp:featuredmedia": []any{map[string]any{"source_url": "https://news.example/a.jpg", "caption": rendered("B. (Photo: AFP)")}}}}
	}
	body := `{"event":"post_updated","old_status":"publish","new_status":"publish","post":{"ID":5,"post_title":"A","post_status":"publish","post_type":"post","post_modified_gmt":"2026-11-26 11:00:00"},"post_permalink":"https://news.example/a"}`
	h, err := n.src.Sign(context.Background(), []byte(body), "", noon)
	if err != nil {
		t.Fatal(err)
	}
	rec := recording{Recorded: source.Recorded{Body: &body, At: noon, Headers: [][2]string{{"X-WP-Signature", h.Get("X-WP-Signature")}}}}
	var revisions []int
	for i := range 4 {
		rec.At = noon.Add(time.Duration(i) * time.Minute)
		_, a := n.deliver(rec)
		s, err := n.store.Story(context.Background(), a.Story)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 && s.Article.Doubt == "" {
			t.Error("half an article could go out")
		}
		n.now = rec.At.Add(3 * time.Second)
		if err := n.hook.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
		if s, err = n.store.Story(context.Background(), a.Story); err != nil || s.Article.Doubt != "" || s.Article.Photo.Credit != "AFP" {
			t.Errorf("%+v %v", s.Article, err)
		}
		revisions = append(revisions, s.Revision)
	}
	if fmt.Sprint(revisions) != "[2 2 2 2]" {
		t.Errorf("revisions %v, want no more than the half and the whole", revisions)
	}
}
