package e2e

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/fonts"
	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/desk"
	"cutline/internal/fetch"
	"cutline/internal/post"
	"cutline/internal/render"
	"cutline/internal/sim"
	"cutline/internal/source"
	"cutline/internal/story"
	"cutline/internal/typeset"
	"cutline/internal/webhook"
)

// TestNothingGrowsWithOldStories counts what each step and each page asks of the bucket beside some old stories, ten times
// as many, and in make e2e a hundred times: the same. Where time is measured (make bench) noise would hide what counting shows.
func TestNothingGrowsWithOldStories(t *testing.T) {
	t.Setenv("CUTLINE_TEST_SECRET", testSecret)
	t.Setenv("TEST_PASSWORD", testPassword)
	clock := new(hasty)
	networks := httptest.NewServer(sim.New(clock.now))
	defer networks.Close()
	photos := httptest.NewServer(http.FileServer(http.Dir(root + "/sample")))
	defer photos.Close()
	cms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // it has no articles
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte("[]"))
	}))
	defer cms.Close()
	yaml := fmt.Sprintf(autoConfig, networks.URL)
	yaml = strings.Replace(yaml, "sources: {", fmt.Sprintf("sources: {wp: {kind: wordpress, site: en, url: %q, secret: \"env:CUTLINE_TEST_SECRET\"}, ", cms.URL), 1)
	cfg, err := config.Parse("cutline.yaml", []byte(yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string][]string{} // what each did, beside how many
	var order []string
	counts := []int{40, 400}
	if os.Getenv("CUTLINE_E2E") != "" {
		counts = append(counts, 4000)
	}
	for _, old := range counts {
		dir, err := bucket.OpenDir(buckettest.InMemory(t), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		keys := stock(t, dir, old, func(i int) time.Time { return now.AddDate(0, 0, -5-i) }, true, fiveChannels...) // a day each
		ofToday := stock(t, dir, 10, func(int) time.Time { return now }, true, fiveChannels...)
		ofOld := &story.Store{Bucket: dir, Now: time.Now}
		for i, k := range keys { // an agency's photo of each is to be taken down some day
			if _, err := ofOld.Bucket.Put(t.Context(), k.DueKey(now.AddDate(0, 1, i)), []byte{'\n'}, "text/plain", bucket.Always); err != nil {
				t.Fatal(err)
			}
		}
		c := &counted{Bucket: dir}
		count := func(what string, do func() error) {
			t.Helper()
			c.gets, c.puts, c.said = 0, 0, nil
			if err := do(); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if asked[what] == nil {
				order = append(order, what)
			}
			asked[what] = append(asked[what], fmt.Sprintf("%d GET, %d PUT and LIST", c.gets, c.puts))
		}
		quiet := slog.New(slog.DiscardHandler)
		pages := &fetch.Client{Allow: cfg.Network.Allow, Plain: cfg.Network.Plain}
		clock.stories.Add(1)
		var k story.Key
		count("a webhook", func() error { k = c.deliver(t, cfg, photos.URL, "counted"); return nil })
		draw := &render.Renderer{Store: c.process(), Config: cfg, Fetch: pages, Fonts: typeset.NewFonts(fonts.All()...), Now: time.Now, Log: quiet}
		count("render", func() error { return draw.Look(t.Context(), k) })
		own := c.process()
		channels, err := post.Open(cfg, channel.Parts{Store: own, Client: http.DefaultClient, Now: time.Now, Random: rand.Reader, Public: cfg.Public, Lease: cfg.Timing.Lease})
		if err != nil {
			t.Fatal(err)
		}
		p := &post.Poster{Store: own, Config: cfg, Channels: channels, Now: time.Now, Random: rand.Reader, Log: quiet, Together: 1}
		count("post", func() error { return p.Look(t.Context(), k) })
		for name := range cfg.Channels {
			if rec, err := ofOld.Post(t.Context(), k, name); err != nil || rec.SentAt.IsZero() {
				t.Fatalf("%s is not on %s: %v %s", k, name, err, encoded(t, rec))
			}
		}
		hooks, err := webhook.New(webhook.Parts{Store: c.process(), Config: cfg, Now: time.Now, Log: quiet, Net: source.Net{API: http.DefaultClient, Pages: pages}})
		if err != nil {
			t.Fatal(err)
		}
		count("webhook's tick", func() error { return hooks.Tick(t.Context()) })
		count("a pull, which asks for what is gone", func() error { return hooks.Pull(t.Context(), "wp") })
		count("post's tick", func() error { return p.Tick(t.Context()) })
		count("render's sweep", func() error { return draw.Sweep(t.Context()) })
		count("post's sweep", func() error { return p.Sweep(t.Context()) })
		page, err := desk.New(desk.Parts{Store: c.process(), Config: cfg, Now: time.Now, Random: rand.Reader, Log: quiet, Loopback: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/", "/", "/story/" + string(ofToday[0]), "/wall", "/history", "/sources", "/channels", "/figures", "/figures?day=week", "/stop"} {
			name := "the desk's page " + strings.Replace(path, string(ofToday[0]), "KEY", 1)
			again := path == "/" && len(asked[name]) > len(asked[name+" again"])
			ask := func() error {
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.SetBasicAuth("hana", testPassword)
				page.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					return fmt.Errorf("%d %s", w.Code, w.Body)
				}
				return nil
			}
			if again { // it reads forty a time of the old stories that something is due for, and remembers those that need nobody
				for range min(old, 1000)/40 + 1 {
					if err := ask(); err != nil {
						t.Fatal(err)
					}
				}
				name += " again"
			}
			count(name, ask)
		}
	}
	for _, what := range order {
		have := asked[what]
		t.Logf("%s: %s", what, have[0])
		if slices.ContainsFunc(have, func(s string) bool { return s != have[0] }) {
			t.Errorf("%s does not ask for the same beside %v old stories: %s", what, counts, strings.Join(have, "; "))
		}
	}
}
