package story

import (
	"context"
	"time"
)

// Looks is who has had a story on the screen at the desk, at looks/<day>/<id>.json. Only desk writes it, nothing is decided
// by it, and it may be deleted at any time: it is there to say what changed since one looked, and who else looks.
type Looks struct {
	Schema int             `json:"schema"`
	Key    Key             `json:"key"`
	People map[string]Look `json:"people,omitempty"` // by their account
}

// Look is one person's.
type Look struct {
	Name   string    `json:"name"`             // as shown
	At     time.Time `json:"at"`               // when the page was last known to be open
	Seen   Seen      `json:"seen"`             // what was on it
	Before *Seen     `json:"before,omitempty"` // what was on it before that changed; nil: it never did
}

// Seen is what was on the screen of a story.
type Seen struct {
	At       time.Time         `json:"at"`               // when it first was
	Revision int               `json:"revision"`         // of the story
	Headline string            `json:"headline"`         // on the card
	Credit   string            `json:"credit,omitempty"` // on the card
	Card     string            `json:"card,omitempty"`   // key of the main card in the bucket
	Texts    map[string]string `json:"texts,omitempty"`  // by channel
}

// Same says whether a reader would see no difference.
func (s Seen) Same(other Seen) bool {
	if s.Headline != other.Headline || s.Credit != other.Credit || s.Card != other.Card || len(s.Texts) != len(other.Texts) {
		return false
	}
	for c, t := range s.Texts {
		if o, ok := other.Texts[c]; !ok || o != t {
			return false
		}
	}
	return true
}

func (k Key) looks() string { return Looked + string(k) + ".json" }

// Looks reads who has looked at a story.
func (s *Store) Looks(ctx context.Context, k Key) (Looks, error) {
	d, _, err := read(ctx, s, k.looks(), Looks{Key: k})
	return d, err
}

// UpdateLooks changes it as [Store.UpdateStory] does a story.
func (s *Store) UpdateLooks(ctx context.Context, k Key, change func(*Looks) error) (Looks, bool, error) {
	return update(ctx, s, k.looks(), Looks{}, func(d *Looks) error {
		d.Schema, d.Key = max(d.Schema, Schema), k
		return change(d)
	})
}

// LooksSince reads who looked at the stories first seen on a day or after it, with one LIST; what cannot be read is left
// out. It is for reading, as what [Store.Day] returns.
func (s *Store) LooksSince(ctx context.Context, day string) (map[Key]Looks, error) {
	entries, err := s.Bucket.List(ctx, Looked, Looked+day+"/", 0)
	if err != nil {
		return nil, err
	}
	s.warm(ctx, entries)
	out := map[Key]Looks{}
	for _, e := range entries {
		if d, _, err := fetched[Looks](ctx, s, e); err == nil && d.Key != "" {
			out[d.Key] = d
		}
	}
	return out, nil
}
