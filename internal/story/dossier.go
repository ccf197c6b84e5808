package story

import (
	"context"
	"fmt"
	"time"
)

// Versioned is a document with the version it was read at or written as, for a swap of just that version.
type Versioned[T any] struct {
	Doc  T
	etag string // of its object; empty: it has none
	raw  []byte // as it lies in the bucket; nil: it is not there
}

// Exists says whether the document was there.
func (v Versioned[T]) Exists() bool { return v.raw != nil }

// Dossier is all that is known of a story: what a step decides from.
type Dossier struct {
	Now       time.Time // the bucket's clock before the decisions were read: whatever was decided before Now is in here
	Story     Story
	Manifest  Manifest
	Decisions Decisions                  // Begin leaves them out
	Posts     map[string]Versioned[Post] // by channel
	Ages      map[string]time.Duration   // by channel: how long before Now its record was written, by the bucket's clock
	Stop      Stop                       // the site's kill switch; Begin leaves it out, and so do the lists of many stories

	drawn, decided string // ETags of the manifest and the decisions, as they were read
	begun          bool   // the story's first records are written, and those of them that stand yet are in Posts
}

// Load reads a story's dossier. ErrNone if there is no such story.
func (s *Store) Load(ctx context.Context, k Key) (Dossier, error) {
	d, err := s.Begin(ctx, k)
	if err == nil {
		err = s.Complete(ctx, &d)
	}
	return d, err
}

// Begin reads a dossier without what people decided: its Decisions are empty and its Stop is not pressed. Who acts on it
// asks for that before, by Complete or Refresh. ErrNone if there is no such story.
func (s *Store) Begin(ctx context.Context, k Key) (Dossier, error) {
	d, err := s.Open(ctx, k)
	if err == nil {
		err = s.Records(ctx, &d)
	}
	return d, err
}

// Open is Begin without the records of posts: as if there were none.
func (s *Store) Open(ctx context.Context, k Key) (Dossier, error) {
	d := Dossier{Posts: map[string]Versioned[Post]{}, Ages: map[string]time.Duration{}, Decisions: Decisions{Key: k}}
	if err := s.reread(ctx, &d, k); err != nil {
		return d, err
	}
	return d, s.redraw(ctx, &d)
}

// Complete reads what Begin left out: the stop and the decisions.
func (s *Store) Complete(ctx context.Context, d *Dossier) (err error) {
	if d.Stop, err = s.Stop(ctx, d.Story.Site); err != nil {
		return err
	}
	k := d.Story.Key
	c, err := readVersion(ctx, s, k.decisions(), Decisions{Key: k})
	d.Decisions, d.decided = c.Doc, c.etag
	return err
}

// Refresh reads again what others may have changed: the story, the stop and the decisions, and the manifest if the story
// is of another revision. The records are left as they are: whoever changes them does it by compare-and-swap.
func (s *Store) Refresh(ctx context.Context, d *Dossier) error {
	was := d.Story.Revision
	if err := s.reread(ctx, d, d.Story.Key); err != nil {
		return err
	}
	if d.Story.Revision != was {
		if err := s.redraw(ctx, d); err != nil {
			return err
		}
	}
	return s.Complete(ctx, d)
}

// Moved says whether the manifest or the decisions are not any more as the dossier has them: what wakes those who post.
func (s *Store) Moved(ctx context.Context, d *Dossier) (bool, error) {
	m, err := readVersion(ctx, s, d.Story.Key.manifest(), Manifest{})
	if err != nil || m.etag != d.drawn {
		return true, err
	}
	c, err := readVersion(ctx, s, d.Story.Key.decisions(), Decisions{})
	return c.etag != d.decided, err
}

// Drawn names the version of the manifest, as it was read.
func (d *Dossier) Drawn() string { return d.drawn }

// Pass moves the dossier's clock on.
func (d *Dossier) Pass(to time.Time) {
	for name := range d.Ages {
		d.Ages[name] += to.Sub(d.Now)
	}
	d.Now = to
}

// Wrote takes a record that was written just now.
func (d *Dossier) Wrote(p Versioned[Post]) {
	d.Posts[p.Doc.Channel], d.Ages[p.Doc.Channel] = p, 0
}

func (s *Store) reread(ctx context.Context, d *Dossier, k Key) error {
	doc, o, err := read(ctx, s, k.story(), Story{})
	if err != nil {
		return err
	} else if o.ETag == "" {
		return fmt.Errorf("%w: %s", ErrNone, k)
	}
	saw(ctx, &doc)
	d.Story = doc
	d.Pass(o.Now)
	return nil
}

func (s *Store) redraw(ctx context.Context, d *Dossier) error {
	m, err := s.DrawnManifest(ctx, d.Story.Key)
	d.Manifest, d.drawn = m.Doc, m.etag
	return err
}
