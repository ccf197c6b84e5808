package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/fonts"
	"cutline/internal/bucket"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/fetch"
	"cutline/internal/post"
	"cutline/internal/render"
	"cutline/internal/sim"
	"cutline/internal/source"
	"cutline/internal/story"
	"cutline/internal/typeset"
	"cutline/internal/webhook"
)

// counted is a bucket that counts its requests as S3 bills them: GET by itself, PUT and LIST together, DELETE free.
type counted struct {
	bucket.Bucket
	mu   sync.Mutex
	gets int
	puts int
	said []string // what was asked for, in its order
}

func (c *counted) note(n *int, op, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*n++
	c.said = append(c.said, op+" "+key)
}

func (c *counted) Get(ctx context.Context, key string) (bucket.Object, error) {
	c.note(&c.gets, "GET", key)
	o, err := c.Bucket.Get(ctx, key)
	o.Now = o.Now.Truncate(time.Second) // as S3's clock
	return o, err
}

func (c *counted) Put(ctx context.Context, key string, body []byte, contentType string, cond bucket.Cond) (string, error) {
	c.note(&c.puts, "PUT", key)
	return c.Bucket.Put(ctx, key, body, contentType, cond)
}

func (c *counted) List(ctx context.Context, prefix, after string, max int) ([]bucket.Entry, error) {
	c.note(&c.puts, "LIST", prefix)
	return c.Bucket.List(ctx, prefix, after, max)
}

// mixes are five posts each, and what a story costs at the most from its webhook to them: the table of docs/performance.md.
var mixes = []struct {
	name, channels string // of the configuration; %[1]s is where the simulated networks are
	gets, puts     int
}{
	{"five networks", `
  bsky: {kind: bluesky, site: en, server: "%[1]s/bluesky", account: news.example, secret: "env:TEST_PASSWORD"}
  masto: {kind: mastodon, site: en, server: "%[1]s/mastodon", secret: "env:TEST_PASSWORD"}
  tg: {kind: telegram, site: en, server: "%[1]s/telegram", chat: "@news", secret: "env:TEST_PASSWORD"}
  x: {kind: x, site: en, server: "%[1]s/x", account: newsroom, app: app, app_secret: "env:TEST_PASSWORD", secret: "env:TEST_PASSWORD", token_secret: "env:TEST_PASSWORD"}
  page: {kind: facebook, site: en, server: "%[1]s/facebook", account: "102030405060", secret: "env:TEST_PASSWORD"}`, 24, 12},
	{"three networks, a feed and a log", `
  feed: {kind: feed, site: en}
  log: {kind: log, site: en}
  bsky: {kind: bluesky, site: en, server: "%[1]s/bluesky", account: news.example, secret: "env:TEST_PASSWORD"}
  masto: {kind: mastodon, site: en, server: "%[1]s/mastodon", secret: "env:TEST_PASSWORD"}
  tg: {kind: telegram, site: en, server: "%[1]s/telegram", chat: "@news", secret: "env:TEST_PASSWORD"}`, 25, 16},
}

// TestRequestsOfAStory counts what a story costs from the webhook to its posts on five channels: each step in a process of its own, as
// Lambda has them. Stories that are in the bucket already cost it nothing.
func TestRequestsOfAStory(t *testing.T) {
	t.Setenv("CUTLINE_TEST_SECRET", testSecret)
	t.Setenv("TEST_PASSWORD", testPassword)
	photos := httptest.NewServer(http.FileServer(http.Dir("../../sample")))
	defer photos.Close()
	for _, mix := range mixes {
		for _, others := range []int{0, 100} {
			networks := httptest.NewServer(sim.New(time.Now))
			defer networks.Close()
			cfg, err := config.Parse("cutline.yaml", fmt.Appendf(nil, `
sites: {en: {name: Example News, language: en, url: "https://news.example", review: auto}}
sources: {newsroom: {kind: cutline, site: en, secret: "env:CUTLINE_TEST_SECRET"}}
network: {allow: ["127.0.0.0/8"]}
channels:`+mix.channels, networks.URL), nil)
			if err != nil {
				t.Fatal(err)
			}
			dir, err := bucket.OpenDir(t.TempDir(), time.Now)
			if err != nil {
				t.Fatal(err)
			}
			c := &counted{Bucket: dir}
			for n := range others {
				c.deliver(t, cfg, photos.URL, fmt.Sprint("other-", n))
			}
			c.through(t, cfg, c.deliver(t, cfg, photos.URL, "before")) // an account is signed in once, and not for each story
			c.gets, c.puts, c.said = 0, 0, nil
			c.through(t, cfg, c.deliver(t, cfg, photos.URL, "counted"))
			t.Logf("%s, beside %d stories: %d GET, %d PUT and LIST", mix.name, others, c.gets, c.puts)
			if c.gets > mix.gets || c.puts > mix.puts {
				t.Errorf("%s, beside %d stories: it took %d GET, %d PUT and LIST; %d and %d are allowed:\n%s", mix.name, others, c.gets, c.puts, mix.gets, mix.puts, strings.Join(c.said, "\n"))
			}
		}
	}
}

// process is a step's own view of the bucket: nothing of another step's is remembered.
func (c *counted) process() *story.Store {
	return &story.Store{Bucket: c, Now: time.Now, Random: rand.Reader}
}

// deliver sends the webhook of an article, and returns its story.
func (c *counted) deliver(t *testing.T, cfg *config.Config, photos, id string) story.Key {
	t.Helper()
	body := fmt.Sprintf(`{"type":"article.published","data":{"id":%q,"url":"https://news.example/%s","language":"en","headline":"The stairs reopen","dek":"They were closed for a year.","photo":{"url":"%s/stairs.jpg","credit":"AFP","alt":"Stairs."}}}`, id, id, photos)
	src, err := source.New("newsroom", cfg.Sources["newsroom"], cfg.Sites["en"])
	if err != nil {
		t.Fatal(err)
	}
	header, err := src.Sign(t.Context(), []byte(body), "msg_"+id, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	hooks, err := webhook.New(webhook.Parts{Store: c.process(), Config: cfg, Now: time.Now, Log: slog.New(slog.DiscardHandler), Net: source.Net{API: http.DefaultClient, Pages: &fetch.Client{}}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hooks/newsroom", strings.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	hooks.ServeHTTP(w, r)
	var answer struct{ Story story.Key }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusAccepted {
		t.Fatal(w.Code, w.Body, err)
	}
	return answer.Story
}

// through takes a story to its cards and posts.
func (c *counted) through(t *testing.T, cfg *config.Config, k story.Key) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	pages := &fetch.Client{Allow: cfg.Network.Allow, Plain: cfg.Network.Plain}
	draw := &render.Renderer{Store: c.process(), Config: cfg, Fetch: pages, Fonts: typeset.NewFonts(fonts.All()...), Now: time.Now, Log: quiet}
	if err := draw.Look(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	own := c.process()
	channels, err := post.Open(cfg, channel.Parts{Store: own, Client: http.DefaultClient, Now: time.Now, Random: rand.Reader, Public: "https://cards.news.example", Lease: cfg.Timing.Lease})
	if err != nil {
		t.Fatal(err)
	}
	if err := (&post.Poster{Store: own, Config: cfg, Channels: channels, Now: time.Now, Random: rand.Reader, Log: quiet}).Look(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	posted, err := (&story.Store{Bucket: c.Bucket, Now: time.Now, Random: rand.Reader}).Load(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	for name := range cfg.Channels {
		if p := posted.Posts[name].Doc; p.SentAt.IsZero() {
			t.Errorf("%s is not posted to %s: %+v", k, name, p)
		}
	}
}
