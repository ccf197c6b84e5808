package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cutline/internal/bucket"
)

// A daybook is a day's documents in one object, days/<day>.json, as somebody read them: a process that begins reads one
// object in place of thousands, and then only what its ETag says has changed since. Nothing rests on it: it may be old,
// damaged or deleted at any time.
type daybook struct {
	Schema    int     `json:"schema"`
	Documents []entry `json:"documents"` // by key
}

// entry is one document of a daybook.
type entry struct {
	Key  string          `json:"key"`
	ETag string          `json:"etag"` // of the version that Body is
	Body json.RawMessage `json:"body"` // the document, without what makes it pleasant to read
}

const (
	manyMissing  = 50       // documents of a day that are not known, from which on its daybook is read
	manyFetched  = 100      // documents of a day that were fetched one by one, from which on its daybook is written
	largestEntry = 64 << 10 // bytes of a document; larger ones are few, and are fetched
	largestBook  = 24 << 20 // bytes of a daybook; a larger one is not written
	atOnce       = 24       // documents fetched side by side
)

// dated takes the day out of the key of a document that belongs to a story.
func dated(key string) (prefix, day string, ok bool) {
	for _, p := range []string{Stories, Manifests, Decided, Posts, Looked} {
		if rest, found := strings.CutPrefix(key, p); found {
			day, _, ok = strings.Cut(rest, "/")
			return p, day, ok
		}
	}
	return "", "", false
}

// warm fetches what was listed and is not in the cache: from daybooks, if they are used, and one by one, several at once.
// The first look at a busy day is thousands of documents. It says nothing of errors, since whoever wants the document
// meets them.
func (s *Store) warm(ctx context.Context, listed ...[]bucket.Entry) {
	missing := s.missing(listed)
	if s.Daybooks {
		var reading sync.WaitGroup
		for day, entries := range missing {
			if len(entries) >= manyMissing {
				reading.Go(func() { s.openDaybook(ctx, day, entries) })
			}
		}
		reading.Wait()
		missing = s.missing(listed)
	}
	todo := make(chan bucket.Entry)
	var working sync.WaitGroup
	for range atOnce {
		working.Go(func() {
			for e := range todo {
				_, _ = s.fetch(ctx, e)
			}
		})
	}
	for _, entries := range missing {
		for _, e := range entries {
			todo <- e
		}
	}
	close(todo)
	working.Wait()
	if !s.Daybooks {
		return
	}
	for day, entries := range missing {
		s.mu.Lock()
		if s.unbooked == nil {
			s.unbooked = map[string]int{}
		}
		s.unbooked[day] += len(entries)
		due := s.unbooked[day] >= manyFetched
		if due {
			s.unbooked[day] = 0
		}
		s.mu.Unlock()
		if due {
			s.writeDaybook(ctx, day)
		}
	}
}

// missing are the listed documents that are not in the cache as they were listed, by day.
func (s *Store) missing(listed [][]bucket.Entry) map[string][]bucket.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]bucket.Entry{}
	for _, entries := range listed {
		for _, e := range entries {
			if c, ok := s.cache[e.Key]; !ok || c.etag != e.ETag {
				if _, day, ok := dated(e.Key); ok {
					out[day] = append(out[day], e)
				}
			}
		}
	}
	return out
}

func daybookKey(day string) string { return Daybooks + day + ".json" }

// openDaybook puts a daybook into the cache: what it has of the versions that are wanted, and what is not known at all. The
// ETags say what of it still holds. A daybook that cannot be read is none.
func (s *Store) openDaybook(ctx context.Context, day string, wanted []bucket.Entry) {
	o, err := s.Bucket.Get(ctx, daybookKey(day))
	if err != nil {
		return
	}
	var book daybook
	if json.Unmarshal(o.Body, &book) != nil {
		return
	}
	want := map[string]string{}
	for _, e := range wanted {
		want[e.Key] = e.ETag
	}
	for _, e := range book.Documents {
		_, of, ok := dated(e.Key)
		if etag, listed := want[e.Key]; !ok || of != day || listed && etag != e.ETag || !listed && s.knows(e.Key) {
			continue
		}
		s.remember(e.Key, e.ETag, e.Body)
	}
}

func (s *Store) knows(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.cache[key]
	return ok
}

// writeDaybook writes what is known of a day. That it cannot be written costs the next process time, and nothing else.
func (s *Store) writeDaybook(ctx context.Context, day string) {
	book := daybook{Schema: Schema}
	size := 0
	s.mu.Lock()
	for key, c := range s.cache {
		if _, of, ok := dated(key); ok && of == day && c.err == nil && len(c.body) <= largestEntry {
			book.Documents = append(book.Documents, entry{key, c.etag, c.body})
			size += len(c.body)
		}
	}
	s.mu.Unlock()
	if size > largestBook {
		return
	}
	slices.SortFunc(book.Documents, func(a, b entry) int { return strings.Compare(a.Key, b.Key) })
	body, err := json.Marshal(book)
	if err == nil {
		_, err = s.Bucket.Put(ctx, daybookKey(day), body, "application/json", bucket.Always)
	}
	if err != nil && s.Log != nil {
		s.Log.Warn("no daybook", "error", fmt.Errorf("writing the documents of %s into one object: %w", day, err))
	}
}

// remember puts a version of a document into the cache, read as what its key says it is.
func (s *Store) remember(key, etag string, body []byte) cached {
	c := cached{etag: etag, body: body}
	switch prefix, _, _ := dated(key); prefix {
	case Stories:
		c.doc, c.err = decoded[Story](key, body)
	case Manifests:
		c.doc, c.err = decoded[Manifest](key, body)
	case Decided:
		c.doc, c.err = decoded[Decisions](key, body)
	case Posts:
		if isFirst(key) {
			c.doc, c.err = decodeFirst(key, body)
			break
		}
		c.doc, c.err = decoded[Post](key, body)
	case Looked:
		c.doc, c.err = decoded[Looks](key, body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cache == nil || len(s.cache) >= cacheSize {
		s.cache = map[string]cached{}
	}
	s.cache[key] = c
	return c
}

func decoded[T any](key string, body []byte) (any, error) {
	var doc T
	if err := decode(key, body, &doc); err != nil {
		return nil, err
	}
	return doc, nil
}

// fetch brings a document as it was listed, from the cache if it is the version that was seen before. One that was
// deleted since is the zero value.
func (s *Store) fetch(ctx context.Context, e bucket.Entry) (cached, error) {
	s.mu.Lock()
	c, ok := s.cache[e.Key]
	s.mu.Unlock()
	if ok && c.etag == e.ETag {
		return c, c.err
	}
	o, err := s.Bucket.Get(ctx, e.Key)
	if errors.Is(err, bucket.ErrNotFound) {
		return cached{}, nil
	} else if err != nil {
		return cached{}, err
	}
	c = s.remember(o.Key, o.ETag, o.Body)
	return c, c.err
}

// fetched is fetch for who knows what the document is, with its bytes.
func fetched[T any](ctx context.Context, s *Store, e bucket.Entry) (doc T, raw []byte, err error) {
	c, err := s.fetch(ctx, e)
	if err != nil {
		return doc, nil, err
	}
	doc, _ = c.doc.(T)
	return doc, c.body, nil
}
