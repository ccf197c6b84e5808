package story

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"cutline/internal/bucket"
)

// Store reads and changes the documents in a bucket. It may be used from several goroutines and processes at once.
type Store struct {
	Bucket bucket.Bucket
	Now    func() time.Time // for the day of a new story, and for what the desk and webhook stamp; never for leases
	Random io.Reader        // for new ids; crypto/rand.Reader outside tests

	// Daybooks says that Day, Since and LooksSince keep what they read of a busy day in one object, days/<day>.json, for the
	// next process: where each read is a request over a network. Then they also write.
	Daybooks bool
	Log      *slog.Logger // of daybooks that cannot be written; nil: it is not told

	mu       sync.Mutex
	cache    map[string]cached // documents by key, for Day and Since: only what its ETag says has changed is fetched
	unbooked map[string]int    // documents of a day that were fetched since its daybook was written
}

// ErrNone says that there is no such story.
var ErrNone = errors.New("no such story")

// A BadDocument is an object that is there but cannot be read as what its key says. It is left as it is.
type BadDocument struct {
	Key string // the object's
	Err error
}

func (e *BadDocument) Error() string { return fmt.Sprintf("reading %s: %v", e.Key, e.Err) }
func (e *BadDocument) Unwrap() error { return e.Err }

// Find returns the story of a source's article, or ErrNone.
func (s *Store) Find(ctx context.Context, source, id string) (Key, error) {
	o, err := s.Bucket.Get(ctx, idKey(source, id))
	if errors.Is(err, bucket.ErrNotFound) {
		return "", ErrNone
	} else if err != nil {
		return "", err
	}
	var doc struct {
		Story string `json:"story"`
	}
	if err := json.Unmarshal(o.Body, &doc); err != nil {
		return "", &BadDocument{o.Key, err}
	}
	k, err := ParseKey(doc.Story)
	if err != nil {
		return "", &BadDocument{o.Key, err}
	}
	return k, nil
}

// Key returns the story of a source's article, and makes its key if this is the first that is heard of it. Two that
// ask at once get the same one.
func (s *Store) Key(ctx context.Context, source, id string) (Key, error) {
	k, _, err := s.KeyOrNew(ctx, source, id)
	return k, err
}

// KeyOrNew is Key, and says whether the key was made just now: then nobody else has seen it, and there is no story yet.
func (s *Store) KeyOrNew(ctx context.Context, source, id string) (k Key, made bool, err error) {
	k, err = s.Find(ctx, source, id)
	found(ctx, k)
	if !errors.Is(err, ErrNone) {
		return k, false, err
	}
	fresh, err := NewKey(s.Now(), s.Random)
	if err != nil {
		return "", false, err
	}
	k, err = s.lead(ctx, source, id, fresh)
	found(ctx, k)
	return k, k == fresh, err
}

// lead makes an article's id lead to a story, unless it leads to one already.
func (s *Store) lead(ctx context.Context, source, id string, k Key) (Key, error) {
	body, err := encode(struct {
		Schema int    `json:"schema"`
		Story  Key    `json:"story"`
		ID     string `json:"id"`
	}{Schema, k, id}, nil)
	if err != nil {
		return "", err
	}
	_, err = s.Bucket.Put(ctx, idKey(source, id), body, "application/json", bucket.Create)
	if err == nil {
		return k, nil
	}
	// Another was first, or our own write was kept and its answer lost: what lies there decides.
	if k, again := s.Find(ctx, source, id); again == nil {
		return k, nil
	}
	return "", fmt.Errorf("keeping the key of article %q of %s: %w", id, source, err)
}

// Alias says to which story a source's article id leads, which came of another article, of. What is new of the two leads
// where the other leads. other is the story of the other one where both led to different ones before; else it is k.
func (s *Store) Alias(ctx context.Context, source, id, of string) (k, other Key, err error) {
	if k, err = s.Find(ctx, source, id); err == nil {
		other, err = s.Find(ctx, source, of)
		if errors.Is(err, ErrNone) {
			other, err = s.lead(ctx, source, of, k)
		}
		return k, other, err
	} else if !errors.Is(err, ErrNone) {
		return "", "", err
	}
	if other, err = s.Key(ctx, source, of); err != nil || id == of {
		return other, other, err
	}
	k, err = s.lead(ctx, source, id, other)
	return k, other, err
}

// Story, Manifest and Decisions read one document. A missing story is ErrNone; of the others a missing one is the zero value
// with its key.
func (s *Store) Story(ctx context.Context, k Key) (Story, error) {
	d, _, err := read(ctx, s, k.story(), Story{})
	saw(ctx, &d)
	if err == nil && d.Key == "" {
		return d, fmt.Errorf("%w: %s", ErrNone, k)
	}
	return d, err
}

func (s *Store) Manifest(ctx context.Context, k Key) (Manifest, error) {
	d, _, err := read(ctx, s, k.manifest(), Manifest{Key: k})
	return d, err
}

func (s *Store) Decisions(ctx context.Context, k Key) (Decisions, error) {
	d, _, err := read(ctx, s, k.decisions(), Decisions{Key: k})
	return d, err
}

// UpdateStory changes a story by change, which may be called several times, each time on the newest version (a zero
// Story the first time); it must leave the half it does not own alone. If change leaves the story as it was, nothing is written; else the revision goes
// up by one. It returns the story as it now stands, and whether it was written.
func (s *Store) UpdateStory(ctx context.Context, k Key, change func(*Story) error) (Story, bool, error) {
	return update(ctx, s, k.story(), Story{}, changed(ctx, k, change))
}

// CreateStory is UpdateStory for a key that was made just now: it does not look first whether there is a story. If there
// is one all the same, change is called again on that.
func (s *Store) CreateStory(ctx context.Context, k Key, change func(*Story) error) (Story, bool, error) {
	v, wrote, err := amend(ctx, s, k.story(), &Versioned[Story]{}, newest(ctx, s, k.story(), Story{}), changed(ctx, k, change))
	return v.Doc, wrote, err
}

// changed is change with what every change of a story brings about: the revision goes up by one.
func changed(ctx context.Context, k Key, change func(*Story) error) func(*Story) error {
	return func(d *Story) error {
		saw(ctx, d)
		rev, sent := d.Revision, d.Sent
		before, err := encode(d, nil)
		if err != nil {
			return err
		}
		if err := change(d); err != nil {
			return err
		}
		// That a newer delivery said the same is kept, but is no change of the story.
		now := d.Sent
		d.Sent = sent
		after, err := encode(d, nil)
		d.Sent = now
		switch {
		case err != nil:
			return err
		case !bytes.Equal(before, after):
			d.Schema, d.Key, d.Revision = max(d.Schema, Schema), k, rev+1
		case now.Equal(sent):
			return errSame
		}
		return nil
	}
}

// UpdateManifest and UpdateDecisions do the same for their documents.
func (s *Store) UpdateManifest(ctx context.Context, k Key, change func(*Manifest) error) (Manifest, bool, error) {
	return update(ctx, s, k.manifest(), Manifest{}, func(d *Manifest) error {
		d.Schema, d.Key = max(d.Schema, Schema), k
		return change(d)
	})
}

// DrawnManifest reads a manifest with its version, and AmendManifest changes it from that version on: it reads only what
// somebody else wrote since.
func (s *Store) DrawnManifest(ctx context.Context, k Key) (Versioned[Manifest], error) {
	return readVersion(ctx, s, k.manifest(), Manifest{Key: k})
}

func (s *Store) AmendManifest(ctx context.Context, k Key, was Versioned[Manifest], change func(*Manifest) error) error {
	_, _, err := amend(ctx, s, k.manifest(), &was, newest(ctx, s, k.manifest(), Manifest{}), func(d *Manifest) error {
		d.Schema, d.Key = max(d.Schema, Schema), k
		return change(d)
	})
	return err
}

func (s *Store) UpdateDecisions(ctx context.Context, k Key, change func(*Decisions) error) (Decisions, bool, error) {
	return update(ctx, s, k.decisions(), Decisions{}, func(d *Decisions) error {
		d.Schema, d.Key = max(d.Schema, Schema), k
		return change(d)
	})
}

// Account and UpdateAccount do so for the state of a channel's account.
func (s *Store) Account(ctx context.Context, channel string) (Account, error) {
	a, _, err := read(ctx, s, Accounts+channel+".json", Account{})
	return a, err
}

func (s *Store) UpdateAccount(ctx context.Context, channel string, change func(*Account) error) (Account, bool, error) {
	return update(ctx, s, Accounts+channel+".json", Account{}, func(a *Account) error {
		a.Schema = max(a.Schema, Schema)
		return change(a)
	})
}

// Swap changes any object of the bucket by compare-and-swap: change gets the newest body (nil: none) and returns the
// new one; nil or an equal one writes nothing. It is the loop that feeds and logs are kept by.
func (s *Store) Swap(ctx context.Context, key, contentType string, change func(old []byte) ([]byte, error)) error {
	for {
		o, err := s.Bucket.Get(ctx, key)
		if err != nil && !errors.Is(err, bucket.ErrNotFound) {
			return err
		}
		body, err := change(o.Body)
		if err != nil || body == nil || bytes.Equal(body, o.Body) && o.ETag != "" {
			return err
		}
		_, err = s.swapAs(ctx, key, contentType, o.ETag, body)
		if err == nil || !errors.Is(err, bucket.ErrChanged) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

func read[T any](ctx context.Context, s *Store, key string, zero T) (T, bucket.Object, error) {
	o, err := s.Bucket.Get(ctx, key)
	if errors.Is(err, bucket.ErrNotFound) {
		return zero, o, nil
	} else if err != nil {
		return zero, o, err
	}
	err = decode(key, o.Body, &zero)
	return zero, o, err
}

func readVersion[T any](ctx context.Context, s *Store, key string, zero T) (Versioned[T], error) {
	d, o, err := read(ctx, s, key, zero)
	return Versioned[T]{Doc: d, etag: o.ETag, raw: o.Body}, err
}

func decode[T any](key string, body []byte, into *T) error {
	if err := json.Unmarshal(body, into); err != nil {
		return &BadDocument{key, err}
	}
	return nil
}

// errSame is a change's word for "nothing is to be written", also where there is no document yet.
var errSame = errors.New("no change")

// update changes a document from its newest version on.
func update[T any](ctx context.Context, s *Store, key string, zero T, change func(*T) error) (T, bool, error) {
	v, wrote, err := amend(ctx, s, key, nil, newest(ctx, s, key, zero), change)
	return v.Doc, wrote, err
}

// newest is how a document that is an object of its own is read for amend.
func newest[T any](ctx context.Context, s *Store, key string, zero T) func() (Versioned[T], error) {
	return func() (Versioned[T], error) { return readVersion(ctx, s, key, zero) }
}

// amend is the one compare-and-swap loop for documents. It begins with the version was, where the caller holds one, else
// with the newest, and returns the version that stands in the end.
func amend[T any](ctx context.Context, s *Store, key string, was *Versioned[T], newest func() (Versioned[T], error), change func(*T) error) (Versioned[T], bool, error) {
	for {
		var v Versioned[T]
		var err error
		if was == nil {
			v, err = newest()
		} else if v.etag, v.raw = was.etag, was.raw; v.Exists() {
			err = decode(key, v.raw, &v.Doc) // what change does to the document leaves was alone
		}
		if err != nil {
			return v, false, err
		}
		if err := change(&v.Doc); errors.Is(err, errSame) {
			return v, false, nil
		} else if err != nil {
			return v, false, err
		}
		body, err := encode(v.Doc, v.raw)
		if err != nil {
			return v, false, fmt.Errorf("writing %s: %w", key, err)
		}
		if v.Exists() && bytes.Equal(body, v.raw) {
			return v, false, nil
		}
		etag, err := s.swap(ctx, key, v.etag, body)
		if err == nil {
			return Versioned[T]{Doc: v.Doc, etag: etag, raw: body}, true, nil
		}
		if !errors.Is(err, bucket.ErrChanged) {
			return v, false, fmt.Errorf("writing %s: %w", key, err)
		}
		if err := ctx.Err(); err != nil {
			return v, false, err
		}
		was = nil
	}
}

func (s *Store) swap(ctx context.Context, key, etag string, body []byte) (string, error) {
	return s.swapAs(ctx, key, "application/json", etag, body)
}

// swapAs puts body over the version etag (empty: over nothing). A write has three ends: kept, not kept, and kept
// though its answer was lost; the third looks like a failure or like somebody else's change, so on either the object is
// read again, and if it holds just these bytes the write counts.
func (s *Store) swapAs(ctx context.Context, key, contentType, etag string, body []byte) (string, error) {
	cond := bucket.Create
	if etag != "" {
		cond = bucket.IfMatch(etag)
	}
	tag, err := s.Bucket.Put(ctx, key, body, contentType, cond)
	if err == nil {
		return tag, nil
	}
	o, again := s.Bucket.Get(ctx, key)
	if again == nil && o.ETag != etag && bytes.Equal(o.Body, body) {
		return o.ETag, nil
	}
	return "", err
}

// Read returns the body of any object; a missing one is empty.
func (s *Store) Read(ctx context.Context, key string) ([]byte, error) {
	o, err := s.Bucket.Get(ctx, key)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, nil
	}
	return o.Body, err
}
