package story

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
)

// asked is a bucket that tells what was asked of it.
type asked struct {
	bucket.Bucket
	mu   sync.Mutex
	gets []string
	puts []string
}

func (b *asked) Get(ctx context.Context, key string) (bucket.Object, error) {
	b.mu.Lock()
	b.gets = append(b.gets, key)
	b.mu.Unlock()
	return b.Bucket.Get(ctx, key)
}

func (b *asked) Put(ctx context.Context, key string, body []byte, typ string, c bucket.Cond) (string, error) {
	b.mu.Lock()
	b.puts = append(b.puts, key)
	b.mu.Unlock()
	return b.Bucket.Put(ctx, key, body, typ, c)
}

// TestDaybook holds what a process that begins asks for on a busy day: one object, and what has changed since that was
// written. What it then knows is what it would have read one by one.
func TestDaybook(t *testing.T) {
	ctx := t.Context()
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	dir, err := bucket.OpenDir(buckettest.InMemory(t), clock)
	if err != nil {
		t.Fatal(err)
	}
	writer := &Store{Bucket: dir, Now: clock, Random: rand.New(rand.NewSource(1))}
	var keys []Key
	for i := range 30 {
		k, err := NewKey(now, writer.Random)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
		if _, _, err := writer.CreateStory(ctx, k, func(s *Story) error {
			s.Site, s.Article.Headline = "en", fmt.Sprintf("Story <%d> & others", i)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := writer.UpdateManifest(ctx, k, func(m *Manifest) error { m.Revision = 1; return nil }); err != nil {
			t.Fatal(err)
		}
		for _, c := range []string{"bsky", "masto"} {
			if _, _, err := writer.UpdatePost(ctx, k, c, func(p *Post) error { p.Proposed = &Draft{Text: "It rises."}; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := writer.UpdateLooks(ctx, k, func(l *Looks) error { l.People = map[string]Look{"hana": {Name: "Hana"}}; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	documents := 5 * len(keys)

	read := func(s *Store) ([]Dossier, map[Key]Looks) {
		t.Helper()
		d, bad, err := s.Since(ctx, "2026-11-25")
		if err != nil || len(bad) > 0 {
			t.Fatal(err, bad)
		}
		l, err := s.LooksSince(ctx, "2026-11-25")
		if err != nil {
			t.Fatal(err)
		}
		return d, l
	}
	begins := func(what string, gets, puts int) *Store {
		t.Helper()
		b := &asked{Bucket: dir}
		s := &Store{Bucket: b, Now: clock, Daybooks: true, Log: slog.New(slog.DiscardHandler)}
		have, looks := read(s)
		if len(b.gets) != gets || len(b.puts) != puts {
			t.Errorf("%s: %d GET and %d PUT, want %d and %d: %v", what, len(b.gets), len(b.puts), gets, puts, b.puts)
		}
		want, looksToo := read(&Store{Bucket: dir, Now: clock})
		for _, ds := range [][]Dossier{have, want} {
			for i := range ds {
				for c, p := range ds[i].Posts { // a daybook's are without the space between
					ds[i].Posts[c] = Versioned[Post]{Doc: p.Doc, etag: p.etag}
				}
			}
		}
		if !reflect.DeepEqual(have, want) || !reflect.DeepEqual(looks, looksToo) || len(have) != len(keys) || len(looks) != len(keys) {
			t.Errorf("%s: a process with a daybook knows something else than one without", what)
		}
		b.gets, b.puts = nil, nil
		if read(s); len(b.gets)+len(b.puts) > 0 {
			t.Errorf("%s: nothing changed, and it asked for %v and wrote %v", what, b.gets, b.puts)
		}
		return s
	}
	begins("without a daybook", documents+1, 1)
	running := begins("with one that has no looks yet", len(keys)+1, 0)
	for _, k := range keys[:3] {
		if _, _, err := writer.UpdateStory(ctx, k, func(s *Story) error { s.Article.Headline += ", corrected"; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	begins("after three changes", len(keys)+4, 0)
	if _, _, err := writer.UpdatePost(ctx, keys[0], "bsky", func(p *Post) error { p.Proposed.Text = "It falls."; return nil }); err != nil {
		t.Fatal(err)
	}
	documents++ // it was one of the first records
	damaged := func(body string) {
		t.Helper()
		if _, err := dir.Put(ctx, "days/2026-11-26.json", []byte(body), "application/json", bucket.Always); err != nil {
			t.Fatal(err)
		}
	}
	damaged("{")
	begins("with a damaged one", documents+1, 1)
	damaged(strings.Replace(string(mustRead(t, dir, "days/2026-11-26.json")), `"key":"stories/`, `"key":"other/`, 5))
	begins("with one that has keys of others", 5+len(keys)+1, 0)

	// One that has been running knows older versions; of those the daybook may have the newer ones.
	for _, k := range keys {
		for _, c := range []string{"bsky", "masto"} {
			if _, _, err := writer.UpdatePost(ctx, k, c, func(p *Post) error { p.Proposed.Text += " Again."; return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	documents = 6 * len(keys)
	damaged("{}")
	begins("again without", documents+1, 1)
	b := running.Bucket.(*asked)
	b.gets = nil
	if d, _ := read(running); len(b.gets) != 1 || !strings.HasSuffix(d[0].Posts["bsky"].Doc.Proposed.Text, "Again.") {
		t.Errorf("one that has been running asked for %d documents", len(b.gets))
	}
}

func mustRead(t *testing.T, b bucket.Bucket, key string) []byte {
	t.Helper()
	o, err := b.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return o.Body
}
