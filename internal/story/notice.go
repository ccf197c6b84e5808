package story

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cutline/internal/bucket"
)

// Notice is what one receiver was told about one story, at notices/told/<day>/<id>/<receiver>.json. Only package notice
// writes it, by compare-and-swap: a message is claimed before it is sent, so that it is sent once.
type Notice struct {
	Schema    int       `json:"schema"`
	Key       Key       `json:"key"`
	To        string    `json:"to"`                  // the receiver's name in the configuration
	Told      []string  `json:"told,omitempty"`      // what was told, by what it was about: "review@<content>"
	Claim     *Telling  `json:"claim,omitempty"`     // a message on its way, or one whose end nobody saw
	Tries     int       `json:"tries,omitempty"`     // messages in a row that did not leave
	NotBefore time.Time `json:"not_before,omitzero"` // no sooner is it tried again
	History   []Event   `json:"history,omitempty"`   // every message, oldest first
}

// Telling is the right to send one message.
type Telling struct {
	About []string  `json:"about"` // what it tells, as in Notice.Told
	Token string    `json:"token"` // random; who finds another one has lost the claim
	At    time.Time `json:"at"`    // when it was made
}

// Receiver is what one receiver of notices was sent lately, at notices/receivers/<receiver>.json.
type Receiver struct {
	Schema int         `json:"schema"`
	Sent   []time.Time `json:"sent,omitempty"` // messages about one story, the latest only
	Digest time.Time   `json:"digest,omitzero"`
}

const (
	told      = Notices + "told/"
	waiting   = Notices + "waiting/"
	receivers = Notices + "receivers/"
)

// Notice reads what a receiver was told about a story.
func (s *Store) Notice(ctx context.Context, k Key, to string) (Notice, error) {
	d, _, err := read(ctx, s, told+string(k)+"/"+to+".json", Notice{Key: k, To: to})
	return d, err
}

// UpdateNotice changes it as [Store.UpdateStory] does a story. An error of change is returned and nothing written.
func (s *Store) UpdateNotice(ctx context.Context, k Key, to string, change func(*Notice) error) (Notice, error) {
	d, _, err := update(ctx, s, told+string(k)+"/"+to+".json", Notice{}, func(d *Notice) error {
		d.Schema, d.Key, d.To = max(d.Schema, Schema), k, to
		return change(d)
	})
	return d, err
}

// UpdateReceiver changes what a receiver was sent lately, as [Store.UpdateStory] does a story.
func (s *Store) UpdateReceiver(ctx context.Context, to string, change func(*Receiver) error) (Receiver, error) {
	d, _, err := update(ctx, s, receivers+to+".json", Receiver{}, func(d *Receiver) error {
		d.Schema = max(d.Schema, Schema)
		return change(d)
	})
	return d, err
}

// WaitToTell notes that a receiver is to be told about a story. To note it twice is no harm.
func (s *Store) WaitToTell(ctx context.Context, k Key, to string) error {
	if _, err := s.Bucket.Put(ctx, waiting+to+"/"+string(k), []byte{'\n'}, "text/plain", bucket.Always); err != nil {
		return fmt.Errorf("noting that %s is to be told about %s: %w", to, k, err)
	}
	return nil
}

// WaitingToTell lists the stories of which a receiver is to be told, the oldest day first, at most max.
func (s *Store) WaitingToTell(ctx context.Context, to string, max int) ([]Key, error) {
	entries, err := s.Bucket.List(ctx, waiting+to+"/", "", max)
	if err != nil {
		return nil, fmt.Errorf("listing what %s is to be told: %w", to, err)
	}
	var out []Key
	for _, e := range entries {
		if k, err := ParseKey(strings.TrimPrefix(e.Key, waiting+to+"/")); err == nil {
			out = append(out, k)
		}
	}
	return out, nil
}

// ToldEnough takes such a note back.
func (s *Store) ToldEnough(ctx context.Context, k Key, to string) error {
	return s.Bucket.Delete(ctx, waiting+to+"/"+string(k), bucket.Always)
}
