package post

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/story"
)

// BenchmarkTick is a tick over a thousand entries that are due, beside ten thousand that are not. Each leads to a story of
// its own for five channels, which was posted and wants nothing any more, or waits for the desk. The folder lies in memory:
// the time is our own.
func BenchmarkTick(b *testing.B) {
	b.Run("posted", func(b *testing.B) { benchmarkTick(b, "auto", true) })
	b.Run("for-the-desk", func(b *testing.B) { benchmarkTick(b, "required", false) })
}

func benchmarkTick(b *testing.B, review string, sent bool) {
	b.Setenv("TEST_SECRET", "a test's secret")
	now := func() time.Time { return noon }
	dir, err := bucket.OpenDir(buckettest.InMemory(b), now)
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := config.Parse("cutline.yaml", []byte(`
sites: {en: {name: Example News, language: en, url: "https://news.example", review: `+review+`}}
channels:
  feed: {kind: feed, site: en}
  log: {kind: log, site: en}
  bsky: {kind: bluesky, site: en, account: news.example, secret: "env:TEST_SECRET"}
  masto: {kind: mastodon, site: en, server: "https://social.example", secret: "env:TEST_SECRET"}
  tg: {kind: telegram, site: en, chat: "@news", secret: "env:TEST_SECRET"}
`), nil)
	if err != nil {
		b.Fatal(err)
	}
	st := &story.Store{Bucket: dir, Now: now, Random: dice(3)}
	channels, err := Open(cfg, channel.Parts{Store: st, Client: http.DefaultClient, Now: now, Random: dice(4), Public: "https://cards.news.example", Lease: cfg.Timing.Lease})
	if err != nil {
		b.Fatal(err)
	}
	p := &Poster{Store: st, Config: cfg, Channels: channels, Now: now, Random: dice(5), Log: slog.New(slog.DiscardHandler)}
	keys := make([]story.Key, 1000)
	for i := range keys {
		if keys[i], err = story.NewKey(noon.AddDate(0, 0, -5), st.Random); err != nil {
			b.Fatal(err)
		}
	}
	var working sync.WaitGroup
	errs := make([]error, len(keys))
	for i, k := range keys {
		working.Go(func() { errs[i] = stocked(b.Context(), st, k, cfg, sent) })
	}
	working.Wait()
	for _, err := range errs {
		if err != nil {
			b.Fatal(err)
		}
	}
	enter := func(k story.Key, at time.Time) {
		if err := p.due(b.Context(), k, at); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 10_000 {
		enter(keys[i%len(keys)], noon.Add(time.Hour+time.Duration(i)*time.Second))
	}
	for b.Loop() {
		b.StopTimer()
		for i, k := range keys {
			enter(k, noon.Add(-time.Duration(i+1)*time.Second))
		}
		b.StartTimer()
		if err := p.Tick(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// stocked stores a story with all its documents, posted on every channel or proposed there.
func stocked(ctx context.Context, st *story.Store, k story.Key, cfg *config.Config, sent bool) error {
	at := noon.AddDate(0, 0, -5)
	if _, _, err := st.CreateStory(ctx, k, func(s *story.Story) error {
		s.Site, s.Source, s.First, s.Received = "en", "newsroom", at, at
		s.Article.ID, s.Article.Language, s.Article.Headline = k.ID(), "en", "Reservoir rises to 61 percent"
		s.Article.Body, s.Article.URL = strings.Repeat("The reservoir has risen to 61 percent. Engineers say the gates stay shut. ", 30), "https://news.example/"+k.ID()
		s.Article.Published = at
		return nil
	}); err != nil {
		return err
	}
	if _, _, err := st.UpdateManifest(ctx, k, func(m *story.Manifest) error {
		m.Revision, m.Credit, m.Drawn, m.Cards = 1, "Photo: AFP", at, map[string]story.Card{"og": {Key: k.CardKey("00000000000000000000", "og", "jpg")}}
		return nil
	}); err != nil {
		return err
	}
	draft := story.Draft{Text: "The reservoir has risen to 61 percent.", Link: "https://news.example/" + k.ID(), Revision: 1}
	d, err := st.Load(ctx, k)
	if err != nil {
		return err
	}
	var begin []story.Post
	for name, c := range cfg.Channels {
		begin = append(begin, story.Post{Channel: name, Kind: c.Kind, Account: accountOf(c), Proposed: &draft, ProposedAt: at})
	}
	if _, err := st.SwapPosts(ctx, &d, begin...); err != nil || !sent {
		return err
	}
	for name := range cfg.Channels {
		if _, _, err := st.UpdatePost(ctx, k, name, func(p *story.Post) error {
			p.Sent, p.SentAt, p.MadeAt, p.Remote = &draft, at, at, story.Remote{ID: k.ID()}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
