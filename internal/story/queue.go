package story

import (
	"context"
	"slices"
	"time"
)

// Ticket is a story's place in the queue of an account, or the turn that it has had. Which turn comes when is decided by
// post, from the tickets and the channel's pace alone.
type Ticket struct {
	Story  Key       `json:"story"`
	Since  time.Time `json:"since"`            // since when it could have gone: the order of the queue
	Posts  int       `json:"posts,omitempty"`  // how many posts it is of a budget; 0: one
	Urgent bool      `json:"urgent,omitempty"` // a breaking story: before all that are not
	At     time.Time `json:"at,omitzero"`      // the turn that it was told last; zero: none could be told
	Taken  time.Time `json:"taken,omitzero"`   // when it went; zero: it waits
}

// Counts is how many posts the ticket is of a budget: those of a thread.
func (t *Ticket) Counts() int { return max(1, t.Posts) }

// Ticket finds a story's place in the queue; nil: it does not wait.
func (a *Account) Ticket(k Key) *Ticket { return a.find(k, false) }

// Had finds the turn that a story has had; nil: none lately.
func (a *Account) Had(k Key) *Ticket { return a.find(k, true) }

func (a *Account) find(k Key, taken bool) *Ticket {
	i := slices.IndexFunc(a.Queue, func(t Ticket) bool { return t.Story == k && t.Taken.IsZero() != taken })
	if i < 0 {
		return nil
	}
	return &a.Queue[i]
}

// Waiting counts those that wait for a turn.
func (a *Account) Waiting() int {
	n := 0
	for _, t := range a.Queue {
		if t.Taken.IsZero() {
			n++
		}
	}
	return n
}

// Leave gives a story's place in the queue back. The turn that it has had stays on the account.
func (a *Account) Leave(k Key) {
	a.Queue = slices.DeleteFunc(a.Queue, func(t Ticket) bool { return t.Story == k && t.Taken.IsZero() })
}

// Return gives back the turn that a story took: nothing came of it.
func (a *Account) Return(k Key) {
	a.Queue = slices.DeleteFunc(a.Queue, func(t Ticket) bool { return t.Story == k && !t.Taken.IsZero() })
}

// Forget drops the turns that were had before a time.
func (a *Account) Forget(before time.Time) {
	a.Queue = slices.DeleteFunc(a.Queue, func(t Ticket) bool { return !t.Taken.IsZero() && t.Taken.Before(before) })
}

// Stop is the kill switch of a site, at stops/<site>.json: while it is set nothing of the site is posted, corrected or
// posted anew; what is to be taken down is. A single channel is stopped by a pause of its [Account]. Written by whoever
// presses it.
type Stop struct {
	Schema int       `json:"schema"`
	Why    string    `json:"why,omitempty"` // as long as it is not empty nothing goes out
	By     string    `json:"by,omitempty"`  // who pressed or released it last
	At     time.Time `json:"at,omitzero"`   // and when
}

// Stop reads a site's kill switch; the zero value: it was never pressed.
func (s *Store) Stop(ctx context.Context, site string) (Stop, error) {
	d, _, err := read(ctx, s, Stopped+site+".json", Stop{})
	return d, err
}

// UpdateStop presses or releases it.
func (s *Store) UpdateStop(ctx context.Context, site string, change func(*Stop) error) (Stop, bool, error) {
	return update(ctx, s, Stopped+site+".json", Stop{}, func(d *Stop) error {
		d.Schema = max(d.Schema, Schema)
		return change(d)
	})
}
