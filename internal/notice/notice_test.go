package notice

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/staff"
	"cutline/internal/story"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

const receivers3 = `
public: "https://cards.news.example"
sites:
  en: {name: Example, language: en, url: "https://news.example", zone: Asia/Baghdad, rules: [{name: grave, risks: [deaths], people: 2}, {name: sport, sections: [Sport], review: auto after 15m}]}
  ckb: {name: Nmune, language: ckb, url: "https://news.example"}
channels: {feed: {kind: feed, site: en}, log: {kind: log, site: en}, nmune: {kind: feed, site: ckb}}
desk: {url: "https://desk.example", key: "env:TEST_DESK_KEY"}
notices:
  duty: {kind: slack, site: en, secret: "env:TEST_HOOK", about: [review, trouble, auto], person: Night desk}
`

// world is a bucket with stories, and a receiver on the wire.
type world struct {
	t    *testing.T
	cfg  *config.Config
	st   *story.Store
	n    *Notifier
	now  time.Time
	log  bytes.Buffer
	hook *httptest.Server

	mu     sync.Mutex
	bodies []string // what arrived
	paths  []string
	types  []string
	answer func(w http.ResponseWriter)
}

func newWorld(t *testing.T, text string) *world {
	w := &world{t: t, now: noon, answer: func(http.ResponseWriter) {}}
	w.hook = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.bodies, w.paths, w.types = append(w.bodies, string(body)), append(w.paths, r.URL.Path), append(w.types, r.Header.Get("Content-Type"))
		w.answer(rw)
	}))
	t.Cleanup(w.hook.Close)
	t.Setenv("TEST_DESK_KEY", "a test secret of thirty-two bytes")
	t.Setenv("TEST_HOOK", w.hook.URL+"/hook/secret-in-the-path")
	t.Setenv("TEST_TOKEN", "123:a-test-token")
	cfg, err := config.Parse("cutline.yaml", []byte(strings.ReplaceAll(text, "SERVER", w.hook.URL)), nil)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return w.now }
	dir, err := bucket.OpenDir(t.TempDir(), clock)
	if err != nil {
		t.Fatal(err)
	}
	w.cfg, w.st = cfg, &story.Store{Bucket: dir, Now: clock, Random: rand.Reader}
	links, err := staff.NewLinks(w.st, cfg, clock, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.n = &Notifier{Store: w.st, Config: cfg, Links: links, Client: &http.Client{}, Now: clock, Random: rand.Reader, Log: slog.New(slog.NewTextHandler(&w.log, nil))}
	return w
}

// story stores a story that waits for a decision on all its site's channels.
func (w *world) story(id string, change ...func(*story.Story)) story.Key {
	w.t.Helper()
	ctx := context.Background()
	k, err := w.st.Key(ctx, "newsroom", id)
	if err != nil {
		w.t.Fatal(err)
	}
	s, _, err := w.st.UpdateStory(ctx, k, func(s *story.Story) error {
		s.Site, s.Source, s.First, s.Content = "en", "newsroom", w.now, "c1"
		s.Article = article.Article{ID: id, Language: "en", Headline: "Reservoir <rises> to 61 & more *percent*", URL: "https://news.example/" + id}
		for _, c := range change {
			c(s)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	card := "cards/" + string(k) + "/00000000000000000000-og.jpg"
	if _, err := w.st.Bucket.Put(ctx, card, []byte("\xff\xd8 a test card"), "image/jpeg", bucket.Always); err != nil {
		w.t.Fatal(err)
	}
	if _, _, err := w.st.UpdateManifest(ctx, k, func(m *story.Manifest) error {
		m.Revision, m.Alt = s.Revision, "A reservoir"
		m.Cards = map[string]story.Card{"og": {Key: card, Type: "image/jpeg"}}
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	for _, ch := range w.cfg.ChannelsOf(s.Site) {
		w.post(k, ch, func(p *story.Post) { p.Proposed, p.ProposedAt = &story.Draft{Text: "The reservoir has risen."}, w.now })
	}
	return k
}

func (w *world) post(k story.Key, ch string, change func(*story.Post)) {
	if _, _, err := w.st.UpdatePost(context.Background(), k, ch, func(p *story.Post) error { change(p); return nil }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) decide(k story.Key, act, by string) {
	if _, _, err := w.st.UpdateDecisions(context.Background(), k, func(d *story.Decisions) error {
		d.Log = append(d.Log, story.Decision{Act: act, By: by, At: w.now, Drafts: map[string]story.Draft{"feed": {Text: "The reservoir has risen."}, "log": {Text: "The reservoir has risen."}}})
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
}

// run looks at stories, ticks, and returns what arrived since.
func (w *world) run(keys ...story.Key) []string {
	w.t.Helper()
	for _, k := range keys {
		if err := w.n.Look(context.Background(), k); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := w.n.Tick(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.bodies
	w.bodies = nil
	return out
}

// seen is where requests went, and their content types.
func (w *world) seen() (paths, types []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.paths), slices.Clone(w.types)
}

func TestToldOnceWithCardAndLink(t *testing.T) {
	w := newWorld(t, receivers3)
	k := w.story("1")
	got := w.run(k)
	if len(got) != 1 {
		t.Fatalf("%d messages: %v %s", len(got), got, &w.log)
	}
	for _, want := range []string{"Needs a decision · feed, log", "https://cards.news.example/cards/" + string(k), "https://desk.example/story/" + string(k), "Reservoir \\u003crises\\u003e to 61 \\u0026 more *percent*", "ends at 2026-11-27 03:00 +03"} {
		if !strings.Contains(got[0], want) {
			t.Errorf("%q is not in %s", want, got[0])
		}
	}
	text := between(got[0], "https://desk.example/review/", "|")
	l, p, err := w.n.Links.Open(context.Background(), text)
	if err != nil || l.Story != k || l.Revision != 1 || strings.Join(l.Channels, " ") != "feed log" || p.Name != "Night desk" {
		t.Errorf("the link %q: %+v %+v %v", text, l, p, err)
	}
	for range 3 {
		if got := w.run(k, k); len(got) != 0 {
			t.Errorf("told again: %v", got)
		}
	}
	w.now = noon.Add(time.Hour)
	if got := w.run(k); len(got) != 0 {
		t.Errorf("told again later: %v", got)
	}
	w.story("1", func(s *story.Story) { s.Content, s.Article.Headline = "c2", "Reservoir rises to 62 percent" })
	if got := w.run(k); len(got) != 1 || !strings.Contains(got[0], "62 percent") {
		t.Errorf("after a correction: %v", got)
	}
	for _, secret := range []string{"secret-in-the-path", text} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return strings.TrimSuffix(s, `\u003e`)
}

func TestWhatIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world, k story.Key)
		want   string // of the message; empty: none
		link   bool
	}{
		"decided before anybody was told": {func(w *world, k story.Key) { w.decide(k, story.Approve, "ana") }, "", false},
		"held by somebody":                {func(w *world, k story.Key) { w.decide(k, story.Hold, "ana") }, "", false},
		"rejected":                        {func(w *world, k story.Key) { w.decide(k, story.Reject, "ana") }, "", false},
		"refused by a network": {func(w *world, k story.Key) {
			w.decide(k, story.Approve, "ana")
			p := story.Draft{Text: "The reservoir has risen."}
			w.post(k, "log", func(r *story.Post) { r.Refused, r.RefusedOf, r.RefusedAt = "too <long>", p.Hash(), noon })
		}, "Not posted: too \\u003clong\\u003e · log", false},
		"nobody knows": {func(w *world, k story.Key) {
			w.decide(k, story.Approve, "ana")
			w.post(k, "log", func(r *story.Post) { r.Uncertain, r.UncertainAt = "no answer came", noon })
		}, "Nobody knows whether it was posted: no answer came · log", false},
		"goes by itself": {func(w *world, k story.Key) {
			w.story("1", func(s *story.Story) { s.Article.Section = "Sport" })
		}, "Goes out by itself at 15:15 +03 unless somebody holds it · feed, log", true},
		"wants two": {func(w *world, k story.Key) {
			w.story("1", func(s *story.Story) { s.Article.Headline = "Two killed in blast" })
		}, "Needs a decision", true},
		"wants one more": {func(w *world, k story.Key) {
			w.story("1", func(s *story.Story) { s.Article.Headline = "Two killed in blast" })
			w.decide(k, story.Approve, "ana")
		}, "Needs one more approval", false},
		"of another site": {func(w *world, k story.Key) { w.story("1", func(s *story.Story) { s.Site = "ckb" }) }, "", false},
		"not public any more": {func(w *world, k story.Key) {
			w.story("1", func(s *story.Story) { s.Off = "unpublished" })
		}, "", false},
	} {
		w := newWorld(t, receivers3)
		k := w.story("1")
		c.change(w, k)
		got := strings.Join(w.run(k), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) || strings.Contains(got, "/review/") != c.link {
			t.Errorf("%s: %q", name, got)
		}
		if left, err := w.st.WaitingToTell(context.Background(), "duty", 0); err != nil || len(left) != 0 {
			t.Errorf("%s: still to be told: %v %v", name, left, err)
		}
	}
	w := newWorld(t, receivers3)
	k := w.story("1")
	if err := w.n.Look(context.Background(), k); err != nil {
		t.Fatal(err)
	}
	w.decide(k, story.Approve, "ana")
	if got := w.run(); len(got) != 0 {
		t.Errorf("decided before the tick, and told all the same: %v", got)
	}
}

func TestManyAtOnceAreOneDigest(t *testing.T) {
	w := newWorld(t, receivers3)
	var keys []story.Key
	for i := range 40 {
		keys = append(keys, w.story(fmt.Sprint(i)))
	}
	if got := w.run(keys[:2]...); len(got) != 2 {
		t.Fatalf("two stories: %d messages", len(got))
	}
	got := w.run(keys...)
	if len(got) != 1 || !strings.Contains(got[0], "Stories that wait for the desk: 38") || strings.Count(got[0], "/story/") != listed {
		t.Fatalf("%d messages, %d stories in the first", len(got), strings.Count(strings.Join(got, ""), "/story/"))
	}
	more := w.story("more")
	if got := w.run(more); len(got) != 1 { // one of three is still free
		t.Errorf("one more: %d", len(got))
	}
	late := w.story("late")
	if got := w.run(late); len(got) != 0 {
		t.Errorf("a flood goes on: %v", got)
	}
	w.now = noon.Add(window)
	if got := w.run(); len(got) != 1 || !strings.Contains(got[0], string(late)) {
		t.Errorf("after the window: %v", got)
	}
}

// TestEndsOfAMessage: what is sent again, and what is not.
func TestEndsOfAMessage(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		again  time.Duration // when it is sent again; 0: never
	}{
		"taken":         {func(w http.ResponseWriter) { w.WriteHeader(202) }, 0},
		"refused":       {func(w http.ResponseWriter) { w.WriteHeader(404) }, 0},
		"too often":     {func(w http.ResponseWriter) { w.Header().Set("Retry-After", "120"); w.WriteHeader(429) }, 2 * time.Minute},
		"not just now":  {func(w http.ResponseWriter) { w.WriteHeader(503) }, time.Minute},
		"its own fault": {func(w http.ResponseWriter) { w.WriteHeader(500) }, 0}, // it may have arrived
		"sent away":     {func(w http.ResponseWriter) { w.Header().Set("Location", "https://evil.example"); w.WriteHeader(302) }, 0},
	} {
		w := newWorld(t, receivers3)
		k := w.story("1")
		w.mu.Lock()
		w.answer = c.answer
		w.mu.Unlock()
		if got := w.run(k); len(got) != 1 {
			t.Fatalf("%s: %d messages", name, len(got))
		}
		w.mu.Lock()
		w.answer = func(http.ResponseWriter) {}
		w.mu.Unlock()
		w.now = noon.Add(30 * time.Second)
		if got := w.run(k); len(got) != 0 {
			t.Errorf("%s: again at once", name)
		}
		if c.again > 0 {
			w.now = noon.Add(c.again - time.Second)
			if got := w.run(k); len(got) != 0 {
				t.Errorf("%s: again too early", name)
			}
		}
		w.now = noon.Add(max(c.again, time.Hour))
		if got := w.run(k); (len(got) == 1) != (c.again > 0) {
			t.Errorf("%s: %d messages later", name, len(got))
		}
		w.now = noon.Add(5 * time.Hour)
		if got := w.run(k); len(got) != 0 {
			t.Errorf("%s: and again", name)
		}
	}
}

// TestNeverTwiceThoughKilled stops the process at each write to the bucket, before and after it is kept, starts anew, and
// counts what arrived.
func TestNeverTwiceThoughKilled(t *testing.T) {
	for _, kept := range []bool{false, true} {
		for at := range 12 {
			w := newWorld(t, receivers3)
			k := w.story("1")
			real := w.st.Bucket
			w.st.Bucket = &dying{Bucket: real, at: at, kept: kept}
			// What fails is what is tried; what arrived is what counts.
			lookErr := w.n.Look(context.Background(), k)
			tickErr := w.n.Tick(context.Background())
			w.st.Bucket = real
			for i := range 3 {
				w.now = noon.Add(time.Duration(i+1) * time.Hour)
				w.mu.Lock()
				sent := len(w.bodies)
				w.mu.Unlock()
				if sent > 1 {
					t.Fatalf("write %d (kept: %v): told %d times", at, kept, sent)
				}
				if err := w.n.Look(context.Background(), k); err != nil {
					t.Fatal(err)
				}
				if err := w.n.Tick(context.Background()); err != nil {
					t.Fatal(err)
				}
			}
			w.mu.Lock()
			if len(w.bodies) > 1 {
				t.Errorf("write %d (kept: %v, %v, %v): told %d times", at, kept, lookErr, tickErr, len(w.bodies))
			}
			w.mu.Unlock()
		}
	}
}

// dying is a bucket that is out of reach from a certain write on, as it is for a process that is killed.
type dying struct {
	bucket.Bucket
	mu   sync.Mutex
	at   int
	kept bool // that write is kept all the same, only its answer is lost
}

func (d *dying) Put(ctx context.Context, key string, body []byte, typ string, c bucket.Cond) (string, error) {
	d.mu.Lock()
	d.at--
	at := d.at
	d.mu.Unlock()
	if at >= 0 {
		return d.Bucket.Put(ctx, key, body, typ, c)
	}
	if at == -1 && d.kept {
		if _, err := d.Bucket.Put(ctx, key, body, typ, c); err != nil {
			return "", err
		}
	}
	return "", io.ErrUnexpectedEOF
}

func (d *dying) Get(ctx context.Context, key string) (bucket.Object, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at < 0 {
		return bucket.Object{}, io.ErrUnexpectedEOF
	}
	return d.Bucket.Get(ctx, key)
}

func TestTwoTellersTellOnce(t *testing.T) {
	w := newWorld(t, receivers3)
	k := w.story("1")
	if err := w.n.Look(context.Background(), k); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			n := *w.n
			if err := n.Tick(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := w.run(k); len(got) != 1 {
		t.Errorf("told %d times", len(got))
	}
}
