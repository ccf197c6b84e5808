package story

import (
	"context"
	"time"
)

// SignedOut says which sessions at the desk, and which review links, do not count any more, at people/signed-out.json:
// those from before a time. Only desk writes it.
type SignedOut struct {
	Schema int                  `json:"schema"`
	All    time.Time            `json:"all,omitzero"`     // whoever signed in before
	People map[string]time.Time `json:"people,omitempty"` // by id: this one's from before
}

// Since is the time before which nothing counts that a person was given.
func (s *SignedOut) Since(id string) time.Time { return Latest(s.All, s.People[id]) }

const signedOut = People + "signed-out.json"

// SignedOut reads who was signed out.
func (s *Store) SignedOut(ctx context.Context) (SignedOut, error) {
	d, _, err := read(ctx, s, signedOut, SignedOut{})
	return d, err
}

// UpdateSignedOut changes it as [Store.UpdateStory] does a story.
func (s *Store) UpdateSignedOut(ctx context.Context, change func(*SignedOut) error) (SignedOut, bool, error) {
	return update(ctx, s, signedOut, SignedOut{}, func(d *SignedOut) error {
		d.Schema = max(d.Schema, Schema)
		return change(d)
	})
}
