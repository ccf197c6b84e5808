package post

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/notice"
	"cutline/internal/story"
)

// TestPeopleAreToldOfWhatALookLeavesToThem: the function that posts also tells, with the rights that it has.
func TestPeopleAreToldOfWhatALookLeavesToThem(t *testing.T) {
	got := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- string(b)
	}))
	defer hook.Close()
	t.Setenv("TEST_HOOK", hook.URL)
	n := open(t, "required")
	cfg, err := config.Parse("cutline.yaml", []byte(`
sites: {en: {name: Example News, language: en, url: "https://news.example", rules: [{name: budget, tags: [Budget], people: 2}]}}
channels: {feed: {kind: feed, site: en}, log: {kind: log, site: en}}
desk: {url: "https://desk.example"}
notices: {duty: {kind: slack, secret: "env:TEST_HOOK"}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	n.cfg = cfg
	p := n.worker(0)
	tell := &notice.Notifier{Store: p.Store, Config: cfg, Client: hook.Client(), Now: n.clock, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	p.After = tell.After
	ctx := context.Background()
	k := n.publish("1", "61 percent")
	for range 2 {
		if err := p.Look(ctx, k); err != nil {
			t.Fatal(err)
		}
		if err := tell.Tick(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 1 {
		t.Fatalf("told %d times", len(got))
	}
	if m := <-got; !strings.Contains(m, "Needs a decision · feed, log") || strings.Contains(m, "/review/") {
		t.Errorf("told %s", m)
	}
}

// reads counts what is read.
type reads struct {
	bucket.Bucket
	mu sync.Mutex
	of map[string]int // by prefix
}

func (r *reads) Get(ctx context.Context, key string) (bucket.Object, error) {
	r.mu.Lock()
	prefix, _, _ := strings.Cut(key, "/")
	r.of[prefix]++
	r.mu.Unlock()
	return r.Bucket.Get(ctx, key)
}

// TestTellingReadsNothingAnew: whoever is told of what a look left to people is not told at the price of reading the story
// once more.
func TestTellingReadsNothingAnew(t *testing.T) {
	n := open(t, "required")
	n.cfg.Notices = map[string]config.Notice{"duty": {Kind: "slack", About: []string{"review"}}}
	k := n.publish("1", "61 percent")
	n.look(n.worker(0), k) // proposes
	var counts []map[string]int
	for _, telling := range []bool{false, true} {
		p := n.worker(0)
		r := &reads{Bucket: p.Store.Bucket, of: map[string]int{}}
		p.Store.Bucket = r
		if telling {
			p.After = (&notice.Notifier{Store: p.Store, Config: n.cfg, Now: n.clock, Random: rand.Reader, Log: p.Log}).After
		}
		n.look(p, k)
		counts = append(counts, r.of)
	}
	if counts[1]["notices"] != 1 {
		t.Errorf("nobody asked what was told: %v", counts[1])
	}
	delete(counts[1], "notices")
	if !maps.Equal(counts[0], counts[1]) {
		t.Errorf("a look reads %v, and with telling %v", counts[0], counts[1])
	}
}

// TestNothingLeavesBeforeTheRuleIsMet: two must approve, and what one approved stays.
func TestNothingLeavesBeforeTheRuleIsMet(t *testing.T) {
	n := open(t, "required")
	site := n.cfg.Sites["en"]
	site.Rules = []config.Rule{{Name: "grave", Risks: []string{"deaths"}, People: 2, NoSelf: true}}
	n.cfg.Sites["en"] = site
	p := n.worker(0)
	k := n.publish("1", "Two killed in blast", func(a *article.Article) { a.Byline = "Shilan Ahmed" })
	for _, c := range []struct {
		by   string
		live bool
	}{{"Rebin", false}, {"Rebin", false}, {"Shilan Ahmed", false}, {"Hana", true}} {
		n.look(p, k)
		n.decide(k, story.Approve, func(d *story.Decision) { d.By = c.by })
		n.look(p, k)
		if rec, err := n.store.Post(context.Background(), k, "log"); err != nil || rec.Live() != c.live {
			t.Errorf("after %s: out is %v, %v", c.by, rec.Live(), err)
		}
	}
}
