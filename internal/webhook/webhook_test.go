package webhook

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/source"
	"cutline/internal/story"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

type desk struct {
	t       testing.TB
	handler http.Handler
	store   *story.Store
	own     *story.Store // the same as the function may use it
	cfg     *config.Config
	log     *bytes.Buffer
	now     time.Time
	n       int
}

type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

func open(t *testing.T) *desk { return openFor(t) }

func openFor(t testing.TB) *desk {
	t.Setenv("CUTLINE_TEST_SECRET", "whsec_"+base64.StdEncoding.EncodeToString([]byte("this-is-a-test-secret-of-32-byte")))
	d := &desk{t: t, now: noon, log: &bytes.Buffer{}}
	now := func() time.Time { return d.now }
	dir, err := bucket.OpenDir(t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	d.store = &story.Store{Bucket: dir, Now: now, Random: &lockedReader{r: rand.New(rand.NewSource(1))}}
	d.own = &story.Store{Bucket: policy.Guard(dir), Now: now, Random: d.store.Random}
	d.cfg, err = config.Parse("cutline.yaml", []byte(`
public: "https://cards.news.example"
sites: {en: {name: Example News, language: en, url: "https://news.example", formats: [og, square]}}
sources: {newsroom: {kind: cutline, site: en, secret: "env:CUTLINE_TEST_SECRET"}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.handler, err = New(Parts{Store: d.own, Config: d.cfg, Now: now, Log: slog.New(slog.NewJSONHandler(d.log, nil)), Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func payload(event, id, headline string) string {
	return fmt.Sprintf(`{"type":"article.%s","timestamp":"2026-11-26T12:00:00Z","data":{"id":%q,"url":"https://news.example/%s","language":"en","headline":%q,"body":"<p>DUHOK (Example24) – It rains.</p><p>Advertisement</p>","photo":{"url":"https://news.example/p.jpg","caption":"A spillway. (Photo: AFP)"}}}`, event, id, id, headline)
}

// send signs and sends a body; change alters the request.
func (d *desk) send(body string, change ...func(*http.Request)) (int, Answer, http.Header) {
	src, err := source.New("newsroom", d.cfg.Sources["newsroom"], d.cfg.Sites["en"])
	if err != nil {
		d.t.Fatal(err)
	}
	d.n++
	h, err := src.Sign(context.Background(), []byte(body), fmt.Sprint("msg_", d.n), d.now)
	if err != nil {
		d.t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/hooks/newsroom", strings.NewReader(body))
	r.Header = h
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	var a Answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		d.t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return w.Code, a, w.Header()
}

func TestArticleBecomesAStory(t *testing.T) {
	d := open(t)
	code, a, _ := d.send(payload("published", "7", "Reservoir rises"))
	if code != 202 || a.Result != "accepted" || a.Cards["og"] != "https://cards.news.example/cards/"+string(a.Story)+"/og.jpg?v=1" || len(a.Cards) != 2 {
		t.Fatalf("%d %+v", code, a)
	}
	s, err := d.store.Story(context.Background(), a.Story)
	if err != nil || s.Article.Headline != "Reservoir rises" || s.Article.Body != "It rains." || s.Article.Photo.Credit != "AFP" || s.Article.Dateline != "DUHOK (Example24)" || s.Site != "en" || s.Source != "newsroom" {
		t.Errorf("%+v %v", s, err)
	}
	if _, again, _ := d.send(payload("updated", "7", "Reservoir rises")); again.Story != a.Story || again.Result != "unchanged" {
		t.Errorf("the same content: %+v", again)
	}
	_, edited, _ := d.send(payload("updated", "7", "Reservoir falls"))
	if edited.Story != a.Story || edited.Result != "accepted" || !strings.HasSuffix(edited.Cards["og"], "?v=2") {
		t.Errorf("an edit: %+v", edited)
	}
	if s, _ := d.store.Story(context.Background(), a.Story); len(s.Past) != 1 || s.Past[0].What != "headline" || s.Past[0].Before != "Reservoir rises" || s.Past[0].After != "Reservoir falls" || !s.Past[0].At.Equal(noon) {
		t.Errorf("what changed: %+v", s.Past)
	}
	if _, off, _ := d.send(`{"type":"article.deleted","data":{"id":"7"}}`); off.Story != a.Story || off.Result != "accepted" {
		t.Errorf("a delete that has only an id: %+v", off)
	}
	if s, _ := d.store.Story(context.Background(), a.Story); s.Off != "deleted" || s.Article.Headline != "Reservoir falls" {
		t.Errorf("%+v", s)
	}
	if code, none, _ := d.send(`{"type":"article.deleted","data":{"id":"nobody"}}`); code != 202 || none.Result != "ignored" {
		t.Errorf("a delete of what was never here: %d %+v", code, none)
	}
	if code, other, _ := d.send(`{"type":"comment.created","data":{"id":"7"}}`); code != 202 || other.Result != "ignored" || other.Why == "" {
		t.Errorf("another event: %d %+v", code, other)
	}
}

func TestDeskEditsStayWhenTheArticleChanges(t *testing.T) {
	d := open(t)
	_, a, _ := d.send(payload("published", "7", "one"))
	if _, _, err := d.store.UpdateStory(context.Background(), a.Story, func(s *story.Story) error { s.Edits.Credit = "Reuters"; return nil }); err != nil {
		t.Fatal(err)
	}
	d.send(payload("updated", "7", "two"))
	if s, err := d.store.Story(context.Background(), a.Story); err != nil || s.Edits.Credit != "Reuters" || s.Article.Headline != "two" || s.Revision != 3 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestSameDeliveryTwiceAndOutOfOrder(t *testing.T) {
	d := open(t)
	same := func(id string) func(*http.Request) {
		return func(r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			src, err := source.New("newsroom", d.cfg.Sources["newsroom"], d.cfg.Sites["en"])
			if err != nil {
				t.Fatal(err)
			}
			if r.Header, err = src.Sign(context.Background(), body, id, d.now); err != nil {
				t.Fatal(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
	}
	_, a, _ := d.send(payload("published", "7", "old"), same("msg_a"))
	d.send(payload("updated", "7", "new"), same("msg_b"))
	if _, again, _ := d.send(payload("published", "7", "old"), same("msg_a")); again.Result != "unchanged" {
		t.Errorf("a repeated older delivery: %+v", again)
	}
	if s, _ := d.store.Story(context.Background(), a.Story); s.Article.Headline != "new" {
		t.Errorf("the older text came back: %q", s.Article.Headline)
	}
}

func TestManyFirstDeliveriesAtOnceMakeOneStory(t *testing.T) {
	d := open(t)
	body := payload("published", "7", "Reservoir rises")
	src, err := source.New("newsroom", d.cfg.Sources["newsroom"], d.cfg.Sites["en"])
	if err != nil {
		t.Fatal(err)
	}
	h, err := src.Sign(context.Background(), []byte(body), "msg_one", d.now)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	keys := map[story.Key]int{}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			r := httptest.NewRequest("POST", "/hooks/newsroom", strings.NewReader(body))
			r.Header = h.Clone()
			w := httptest.NewRecorder()
			d.handler.ServeHTTP(w, r)
			var a Answer
			if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != 202 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			mu.Lock()
			keys[a.Story]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(keys) != 1 {
		t.Errorf("stories: %v", keys)
	}
	entries, err := d.store.Bucket.List(context.Background(), "stories/", "", 0)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d documents, %v", len(entries), err)
	}
}

func TestRefusals(t *testing.T) {
	good := payload("published", "7", "Reservoir rises")
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, c := range map[string]struct {
		body   string
		change func(*http.Request)
		status int
		says   string
	}{
		"no signature":    {good, func(r *http.Request) { r.Header.Del("webhook-signature") }, 401, "unauthorized"},
		"wrong signature": {good, set("webhook-signature", "v1,AAAA"), 401, "unauthorized"},
		"doubled header":  {good, func(r *http.Request) { r.Header.Add("webhook-id", "again") }, 401, "unauthorized"},
		"joined header": {good, func(r *http.Request) {
			r.Header.Set("webhook-id", r.Header.Get("webhook-id")+","+r.Header.Get("webhook-id"))
		}, 401, "unauthorized"},
		"other body":     {good, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(good + " ")) }, 401, "unauthorized"},
		"unknown source": {good, func(r *http.Request) { r.URL.Path = "/hooks/nobody" }, 404, "no such source"},
		"get":            {good, func(r *http.Request) { r.Method = "GET" }, 405, "POST"},
		"compressed":     {good, set("Content-Encoding", "gzip"), 415, "Content-Encoding"},
		"a form":         {good, set("Content-Type", "application/x-www-form-urlencoded"), 415, "application/json"},
		"too large":      {payload("published", "7", strings.Repeat("x", 200_000)), func(*http.Request) {}, 413, "larger than 100000"},
		"no json":        {"{", func(*http.Request) {}, 400, "body"},
		"two documents":  {good + good, func(*http.Request) {}, 400, "nothing after it"},
		"no headline":    {strings.Replace(good, `"headline":"Reservoir rises"`, `"headline":""`, 1), func(*http.Request) {}, 400, "data.headline"},
		"blank headline": {strings.Replace(good, `"headline":"Reservoir rises"`, `"headline":" \u00a0\u200b "`, 1), func(*http.Request) {}, 400, "data.headline"},
		"no id":          {strings.Replace(good, `"id":"7"`, `"id":null`, 1), func(*http.Request) {}, 400, "data.id"},
		"wrong type":     {strings.Replace(good, `"language":"en"`, `"language":7`, 1), func(*http.Request) {}, 400, "data.language"},
		"no type":        {strings.Replace(good, `article.published`, ``, 1), func(*http.Request) {}, 400, "type"},
		"deep":           {`{"type":"article.published","data":` + strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70) + "}", func(*http.Request) {}, 400, "levels"},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			status, a, _ := d.send(c.body, c.change)
			if status != c.status || !strings.Contains(a.Error, c.says) || a.Story != "" {
				t.Errorf("%d %+v", status, a)
			}
			entries, err := d.store.Bucket.List(context.Background(), "", "", 0)
			for _, e := range entries {
				if !strings.HasPrefix(e.Key, "refused/newsroom/") {
					t.Errorf("something was kept: %v", e)
				}
			}
			if err != nil {
				t.Error(err)
			}
			if strings.Contains(d.log.String(), "Reservoir") || strings.Contains(d.log.String(), "whsec_") {
				t.Errorf("the log tells too much: %s", d.log)
			}
		})
	}
}

func TestOldSignaturesAreRefused(t *testing.T) {
	d := open(t)
	body := payload("published", "7", "x")
	for after, want := range map[time.Duration]int{4 * time.Minute: 202, 6 * time.Minute: 401, -6 * time.Minute: 401} {
		code, _, _ := d.send(body, func(*http.Request) { d.now = noon.Add(after) })
		if d.now = noon; code != want {
			t.Errorf("after %v: %d, want %d", after, code, want)
		}
	}
}

// fullDisk fails every write.
type fullDisk struct{ bucket.Bucket }

func (fullDisk) Put(context.Context, string, []byte, string, bucket.Cond) (string, error) {
	return "", fmt.Errorf("no space left on device")
}

func TestOurOwnFaultIs503AndHealsWithoutARestart(t *testing.T) {
	d := open(t)
	whole := d.own.Bucket
	d.own.Bucket = fullDisk{whole}
	code, a, h := d.send(payload("published", "7", "x"))
	if code != 503 || h.Get("Retry-After") == "" || a.Story != "" || strings.Contains(a.Error, "device") {
		t.Errorf("%d %+v", code, a)
	}
	d.own.Bucket = whole
	_, a, _ = d.send(payload("published", "7", "x"))
	if a.Result != "accepted" {
		t.Fatalf("%+v", a)
	}
	d.log.Reset()
	d.own.Bucket = fullDisk{whole}
	d.send(payload("updated", "7", "another"))
	if line := fmt.Sprintf(`"story":%q,"revision":1`, a.Story); !strings.Contains(d.log.String(), line) {
		t.Errorf("the line about it does not say %s: %s", line, d.log)
	}
}

func FuzzDelivery(f *testing.F) {
	f.Add(payload("published", "7", "Reservoir rises"))
	f.Add(`{"type":"article.deleted","data":{"id":"7"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		d := open(t)
		if code, a, _ := d.send(body); code >= 500 || code == 202 && a.Result == "" {
			t.Errorf("%d %+v for %q", code, a, body)
		}
	})
}

// A publication date that was still to come was an embargo; when it has come, the same article again is no change.
func TestPublicationDateThatHasCome(t *testing.T) {
	d := open(t)
	for i, c := range []struct {
		embargo, published time.Time
		want               string
		stands             time.Time
	}{
		{noon.Add(3 * time.Hour), noon.Add(3 * time.Hour), "accepted", noon.Add(3 * time.Hour)},
		{time.Time{}, noon.Add(3 * time.Hour), "unchanged", noon.Add(3 * time.Hour)},
		{noon.Add(6 * time.Hour), noon.Add(6 * time.Hour), "accepted", noon.Add(6 * time.Hour)},
		{time.Time{}, noon.Add(-time.Hour), "accepted", time.Time{}},
	} {
		v := source.Delivery{Event: source.Upsert, Sent: noon.Add(time.Duration(i) * time.Minute)}
		v.Article.ID, v.Article.Headline, v.Article.URL, v.Article.Embargo, v.Article.Published = "7", "One", "https://news.example/7", c.embargo, c.published
		got, err := Take(context.Background(), d.store, d.cfg, "newsroom", v, noon.Add(4*time.Hour))
		if err != nil || got.Result != c.want {
			t.Errorf("%d: %+v %v", i, got, err)
		}
		if s, err := d.store.Story(context.Background(), got.Answer.Story); err != nil || !s.Article.Embargo.Equal(c.stands) {
			t.Errorf("%d: %v %v", i, s.Article.Embargo, err)
		}
	}
}
