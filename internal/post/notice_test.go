package post

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cutline/internal/article"
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
	p.After = tell.Look
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
