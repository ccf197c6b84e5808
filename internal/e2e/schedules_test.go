package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"cutline/fonts"
	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
	"cutline/internal/channel"
	"cutline/internal/desk"
	"cutline/internal/fetch"
	"cutline/internal/post"
	"cutline/internal/render"
	"cutline/internal/source"
	"cutline/internal/story"
	"cutline/internal/typeset"
	"cutline/internal/webhook"
)

// inProcess measures the desk's pages and the schedules on a folder in memory, without HTTP between.
func (c *chain) inProcess(g *grid, column int, stocked string) {
	data := buckettest.InMemory(c.t)
	if err := os.CopyFS(data, os.DirFS(stocked)); err != nil {
		c.t.Fatal(err)
	}
	st := openStore(c.t, data)
	quiet := slog.New(slog.DiscardHandler)
	now := time.Now()
	keys := stock(c.t, st.Bucket, today, func(i int) time.Time { return now.Add(-time.Duration(i) * time.Second) }, false, fiveChannels...)
	page, err := desk.New(desk.Parts{Store: st, Config: c.config, Now: time.Now, Random: rand.Reader, Log: quiet, Loopback: true})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, p := range []struct{ name, path string }{
		{"queue", "/"}, {"story", "/story/" + string(keys[0])}, {"wall", "/wall"}, {"history", "/history"}, {"sources", "/sources"}, {"channels", "/channels"}, {"figures", "/figures"},
	} {
		var took []time.Duration
		for range 21 {
			w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, p.path, nil)
			r.SetBasicAuth("hana", testPassword)
			began := time.Now()
			page.ServeHTTP(w, r)
			took = append(took, time.Since(began))
			if w.Code != http.StatusOK {
				c.t.Fatalf("%s: %d %s", p.path, w.Code, w.Body)
			}
		}
		if p.name == "queue" {
			g.set(fmt.Sprintf("desk: the queue with %d stories of today, the first time", today), column, "%s", ms(took[0]))
		}
		g.spread("desk: "+p.name, column, took[1:])
	}

	own := openStore(c.t, data)
	channels, err := post.Open(c.config, channel.Parts{Store: own, Client: http.DefaultClient, Now: time.Now, Random: rand.Reader, Public: c.config.Public, Lease: c.config.Timing.Lease})
	if err != nil {
		c.t.Fatal(err)
	}
	p := &post.Poster{Store: own, Config: c.config, Channels: channels, Now: time.Now, Random: rand.Reader, Log: quiet}
	pages := &fetch.Client{Allow: c.config.Network.Allow, Plain: c.config.Network.Plain}
	draw := &render.Renderer{Store: openStore(c.t, data), Config: c.config, Fetch: pages, Fonts: typeset.NewFonts(fonts.All()...), Now: time.Now, Log: quiet}
	hooks, err := webhook.New(webhook.Parts{Store: openStore(c.t, data), Config: c.config, Now: time.Now, Log: quiet, Net: source.Net{API: http.DefaultClient, Pages: pages}})
	if err != nil {
		c.t.Fatal(err)
	}
	timed := func(name string, do func(context.Context) error) {
		began := time.Now()
		if err := do(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
		g.set(name, column, "%s", ms(time.Since(began)))
	}
	old, err := st.Days(c.t.Context(), 1000)
	if err != nil {
		c.t.Fatal(err)
	}
	var sent []story.Key // what was posted long ago
	for _, day := range old[1:] {
		entries, err := st.Bucket.List(c.t.Context(), story.Stories+day+"/", "", 0)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, e := range entries {
			if k, _, ok := story.KeyOf(e.Key); ok {
				sent = append(sent, k)
			}
		}
	}
	due := func(at func(i int) time.Time) {
		for i := range many {
			if _, err := st.Bucket.Put(c.t.Context(), sent[i%len(sent)].DueKey(at(i)), []byte{'\n'}, "text/plain", bucket.Always); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	due(func(i int) time.Time { return now.Add(time.Hour + time.Duration(i)*time.Second) })
	timed(fmt.Sprintf("post's tick, %d entries due in the future", many), p.Tick)
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth("hana", testPassword)
	began := time.Now()
	page.ServeHTTP(w, r)
	g.set(fmt.Sprintf("desk: the queue beside %d entries due", many), column, "%s", ms(time.Since(began)))
	if err := os.RemoveAll(filepath.Join(data, "due")); err != nil {
		c.t.Fatal(err)
	}
	due(func(i int) time.Time { return now.Add(-time.Duration(i+1) * time.Second) })
	timed(fmt.Sprintf("post's tick, %d entries due now: the first thousand", many), p.Tick)
	timed("webhook's tick", hooks.Tick)
	timed(fmt.Sprintf("render's sweep, %d stories of today", today), draw.Sweep)
}
