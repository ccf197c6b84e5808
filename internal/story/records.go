package story

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"cutline/internal/bucket"
)

// The records of a story's posts. Those that are begun at the same time, as nearly all are, are written as one object,
// posts/<day>/<id>/_first.json, which is created and never changed. What becomes of a record after that is written into an
// object of its own, posts/<day>/<id>/<channel>.json, which counts in place of its entry there.
//
// Of several who begin at once one must win. So an object of its own is created only by who knows that the first ones are
// written, and so what they say of its channel; who knows of none creates the first ones, be it for one record. That
// they are written never becomes untrue, and who wrongly believes that they are not loses the create. What anybody knows of it is
// in the [Dossier] and the [Versioned], and nobody outside of this package can put it there.

// first is the object of the first records.
type first struct {
	Schema  int                        `json:"schema"`
	Key     Key                        `json:"key"`
	Records map[string]json.RawMessage `json:"records"` // each a Post, by channel
}

// records are posts' records by channel.
type records map[string]Versioned[Post]

func (k Key) first() string { return k.posts() + "_first.json" } // no channel is called so

func isFirst(key string) bool { return strings.HasSuffix(key, "/_first.json") }

// decodeFirst reads the object of the first records.
func decodeFirst(key string, body []byte) (records, error) {
	var f first
	if err := decode(key, body, &f); err != nil {
		return nil, err
	}
	out := records{}
	for name, entry := range f.Records {
		v := Versioned[Post]{}
		if err := decode(key, entry, &v.Doc); err != nil {
			return nil, err
		}
		var own bytes.Buffer // as it would lie in an object of its own
		if err := json.Indent(&own, entry, "", " "); err != nil {
			return nil, &BadDocument{key, err}
		}
		own.WriteByte('\n')
		v.raw = own.Bytes()
		out[name] = v
	}
	return out, nil
}

// Records reads the records of posts into a dossier, over those that it has.
func (s *Store) Records(ctx context.Context, d *Dossier) error {
	k := d.Story.Key
	entries, err := s.Bucket.List(ctx, k.posts(), "", 0)
	if err != nil {
		return err
	}
	objects, errs := make([]bucket.Object, len(entries)), make([]error, len(entries))
	get := func(i int) { objects[i], errs[i] = s.Bucket.Get(ctx, entries[i].Key) }
	var reading sync.WaitGroup
	for i := 1; i < len(entries); i++ { // a story has as few as it has channels
		reading.Go(func() { get(i) })
	}
	if len(entries) > 0 {
		get(0)
	}
	reading.Wait()
	begun, age := records(nil), time.Duration(0)
	for i, o := range objects {
		if errors.Is(errs[i], bucket.ErrNotFound) {
			continue
		} else if errs[i] != nil {
			return errs[i]
		}
		if isFirst(o.Key) {
			if begun, err = decodeFirst(o.Key, o.Body); err != nil {
				return err
			}
			age = o.Now.Sub(o.Modified)
			continue
		}
		v := Versioned[Post]{etag: o.ETag, raw: o.Body}
		if err := decode(o.Key, o.Body, &v.Doc); err != nil {
			return err
		}
		d.Posts[v.Doc.Channel], d.Ages[v.Doc.Channel] = v, o.Now.Sub(o.Modified)
	}
	d.begun = d.begun || begun != nil
	for name, v := range begun {
		if d.Posts[name].etag == "" {
			d.Posts[name], d.Ages[name] = v, age
		}
	}
	return nil
}

// record reads a channel's record.
func (s *Store) record(ctx context.Context, k Key, channel string) (Versioned[Post], error) {
	v, err := readVersion(ctx, s, k.post(channel), Post{Key: k, Channel: channel})
	if err != nil || v.Exists() {
		return v, err
	}
	o, err := s.Bucket.Get(ctx, k.first())
	if errors.Is(err, bucket.ErrNotFound) {
		return v, nil
	} else if err != nil {
		return v, err
	}
	all, err := decodeFirst(o.Key, o.Body)
	if entry, ok := all[channel]; ok {
		return entry, nil
	}
	return v, err
}

// Post reads one record; a missing one is the zero value with its key and channel.
func (s *Store) Post(ctx context.Context, k Key, channel string) (Post, error) {
	v, err := s.record(ctx, k, channel)
	return v.Doc, err
}

// SwapPosts writes records of the dossier's story, each only if it is still the version that the dossier holds, and those that
// the story begins with all together or none. A claim is taken by this alone. It returns the channels whose records were
// written, which then are in the dossier; of others somebody else has written since, and who lost must look again and
// decide anew: the error is bucket.ErrChanged, if nothing else went wrong. If a write was kept but its answer was
// lost, that is found out and counts as written.
func (s *Store) SwapPosts(ctx context.Context, d *Dossier, now ...Post) (written []string, err error) {
	k := d.Story.Key
	var lost error
	var errs []error
	done := func(err error, records ...Versioned[Post]) {
		switch {
		case errors.Is(err, bucket.ErrChanged):
			lost = err
		case err != nil:
			errs = append(errs, err)
		default:
			for _, v := range records {
				d.Wrote(v)
				written = append(written, v.Doc.Channel)
			}
		}
	}
	var begin []Versioned[Post]
	for _, p := range now {
		was := d.Posts[p.Channel]
		p.Schema, p.Key = max(p.Schema, Schema), k
		v := Versioned[Post]{Doc: p}
		if v.raw, err = encode(p, was.raw); err == nil && !was.Exists() && !d.begun {
			begin = append(begin, v)
			continue
		} else if err == nil {
			v.etag, err = s.swap(ctx, k.post(p.Channel), was.etag, v.raw)
		}
		done(err, v)
	}
	if len(begin) > 0 {
		err := s.begin(ctx, k, begin)
		d.begun = d.begun || err == nil
		done(err, begin...)
	}
	if len(errs) > 0 {
		return written, errors.Join(errs...)
	}
	return written, lost
}

// begin writes a story's first records.
func (s *Store) begin(ctx context.Context, k Key, all []Versioned[Post]) error {
	f := first{Schema: Schema, Key: k, Records: map[string]json.RawMessage{}}
	for _, v := range all {
		f.Records[v.Doc.Channel] = v.raw
	}
	body, err := encode(f, nil)
	if err == nil {
		_, err = s.swap(ctx, k.first(), "", body)
	}
	return err
}

// AmendPost changes a record that exists from the version was on, and returns what then stands. It reads only where somebody
// else has written since: change is then called again, on theirs.
func (s *Store) AmendPost(ctx context.Context, was Versioned[Post], change func(*Post) error) (Versioned[Post], error) {
	now, _, err := s.amendPost(ctx, was, change)
	if err != nil {
		return was, err
	}
	return now, nil
}

func (s *Store) amendPost(ctx context.Context, was Versioned[Post], change func(*Post) error) (Versioned[Post], bool, error) {
	k, name := was.Doc.Key, was.Doc.Channel
	there := func(v Versioned[Post], err error) (Versioned[Post], error) {
		if err == nil && !v.Exists() {
			err = fmt.Errorf("changing %s: there is no such record", k.post(name))
		}
		return v, err
	}
	if _, err := there(was, nil); err != nil {
		return was, false, err
	}
	newest := func() (Versioned[Post], error) { return there(s.record(ctx, k, name)) }
	return amend(ctx, s, k.post(name), &was, newest, func(d *Post) error {
		d.Schema, d.Key, d.Channel = max(d.Schema, Schema), k, name
		return change(d)
	})
}

// UpdatePost changes a record as [Store.UpdateStory] does a story, and makes it where there is none.
func (s *Store) UpdatePost(ctx context.Context, k Key, channel string, change func(*Post) error) (Post, bool, error) {
	for {
		d := Dossier{Story: Story{Key: k}, Posts: map[string]Versioned[Post]{}, Ages: map[string]time.Duration{}}
		if err := s.Records(ctx, &d); err != nil {
			return Post{}, false, err
		}
		if v := d.Posts[channel]; v.Exists() {
			v, wrote, err := s.amendPost(ctx, v, change)
			return v.Doc, wrote, err
		}
		p := Post{Key: k, Channel: channel}
		if err := change(&p); err != nil {
			return p, false, err
		}
		if _, err := s.SwapPosts(ctx, &d, p); !errors.Is(err, bucket.ErrChanged) || ctx.Err() != nil {
			return d.Posts[channel].Doc, err == nil, err
		}
	}
}
