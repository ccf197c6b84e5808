package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"cutline/internal/bucket"
)

// What is known of a source's deliveries: the last one taken, and those that were refused, which an admin may have
// tried again. Only webhook writes them, but for the wish to try one again, which is an object of its own.

// Delivered is the last delivery of a source that was taken and left no other trace, sources/<source>/last.json. It may be some
// seconds behind. Of one that changed a story of its day the story says that it came: see [Intake.Heard].
type Delivered struct {
	Schema int       `json:"schema"`
	At     time.Time `json:"at"`              // when it came
	Event  string    `json:"event,omitempty"` // upsert, retract or reconcile; empty: it said nothing of what is public
	Result string    `json:"result"`          // accepted, unchanged or ignored
	Why    string    `json:"why,omitempty"`
	Story  Key       `json:"story,omitempty"` // which it is about; empty: none
}

// Refusal is a request that was not taken, refused/<source>/<time>-<id>.json, kept for seven days. It has the form of a
// recorded request, so that try-source reads it.
type Refusal struct {
	Schema   int         `json:"schema"`
	Source   string      `json:"source"`
	Verdict  string      `json:"verdict"`               // unauthorized or malformed
	Why      string      `json:"why"`                   // what is wrong, for who set the source up
	Status   int         `json:"status"`                // of the answer, HTTP's
	Cut      bool        `json:"cut,omitempty"`         // the body went on after the 256 KB that were kept
	Method   string      `json:"method"`                // of the request
	Path     string      `json:"path"`                  // its query left out
	Headers  [][2]string `json:"headers"`               // names and values; *** in place of what may be a secret
	Body     *string     `json:"body,omitempty"`        // as text
	Base64   *string     `json:"body_base64,omitempty"` // or encoded, if it is none
	At       time.Time   `json:"received_at"`           // when it came
	Replayed *Delivered  `json:"replayed,omitempty"`    // what became of it when it was tried again; Result "refused": nothing
	Key      string      `json:"-"`                     // where it lies
}

// Intake is what is known of a source's deliveries.
type Intake struct {
	Last    Delivered // zero: none yet
	Pulled  time.Time // when the CMS was last asked what is public; zero: never
	Refused []Refusal // newest first
}

// Heard takes in what the stories of today say of when a source's deliveries came.
func (in *Intake) Heard(source string, today []Dossier) {
	for i := range today {
		if s := &today[i].Story; s.Source == source && s.Came.After(in.Last.At) {
			in.Last = Delivered{Schema: Schema, At: s.Came, Result: "accepted", Story: s.Key}
		}
	}
}

// refusedAt is how a refused request's key begins with its time.
const refusedAt = "2006-01-02T15:04:05.000Z"

// RefusedKey is where a request of a source that was refused at t is kept; id tells two of one moment apart.
func RefusedKey(source string, t time.Time, id string) string {
	return Refused + source + "/" + t.UTC().Format(refusedAt) + "-" + id + ".json"
}

// LastKey is where a source's Delivered is kept.
func LastKey(source string) string { return "sources/" + source + "/last.json" }

// Intake reads what is known of a source's deliveries, with its n newest refusals.
func (s *Store) Intake(ctx context.Context, source string, n int) (Intake, error) {
	var out Intake
	var pulled struct {
		At time.Time `json:"at"`
	}
	for key, into := range map[string]any{LastKey(source): &out.Last, "sources/" + source + "/pull.json": &pulled} {
		if body, err := s.Read(ctx, key); err != nil {
			return out, err
		} else if len(body) > 0 {
			if err := json.Unmarshal(body, into); err != nil {
				return out, &BadDocument{key, err}
			}
		}
	}
	out.Pulled = pulled.At
	var entries []bucket.Entry
	var err error
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour, 8 * 24 * time.Hour} { // there may be very many
		if entries, err = s.Bucket.List(ctx, Refused+source+"/", RefusedKey(source, s.Now().Add(-back), ""), 0); err != nil {
			return out, err
		}
		if len(entries) >= n {
			break
		}
	}
	for i := len(entries) - 1; i >= 0 && len(out.Refused) < n; i-- {
		r, err := s.Refusal(ctx, entries[i].Key)
		if errors.Is(err, ErrNone) {
			continue // its seven days were over just now
		} else if err != nil {
			return out, err
		}
		out.Refused = append(out.Refused, r)
	}
	return out, nil
}

// Refusal reads one refused request by its key; ErrNone if it is not there, or is no such key.
func (s *Store) Refusal(ctx context.Context, key string) (Refusal, error) {
	var r Refusal
	if _, _, ok := splitRefused(key); !ok {
		return r, fmt.Errorf("%w: %q is no refused request", ErrNone, key)
	}
	body, err := s.Read(ctx, key)
	if err != nil {
		return r, err
	}
	if len(body) == 0 {
		return r, fmt.Errorf("%w: %s", ErrNone, key)
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, &BadDocument{key, err}
	}
	r.Key = key
	return r, nil
}

// AskReplay asks webhook to try a refused request again, under the configuration as it is now. It does so with its next
// tick, within a minute; what came of it is then in the Refusal.
func (s *Store) AskReplay(ctx context.Context, key string) error {
	source, name, ok := splitRefused(key)
	if !ok {
		return fmt.Errorf("%w: %q is no refused request", ErrNone, key)
	}
	if _, err := s.Bucket.Put(ctx, Replays+source+"/"+name, []byte("{}\n"), "application/json", bucket.Always); err != nil {
		return fmt.Errorf("asking that %s is tried again: %w", key, err)
	}
	return nil
}

// ReplayOf is the key of the refused request that a wish to try it again is about.
func ReplayOf(wish string) string { return Refused + strings.TrimPrefix(wish, Replays) }

func splitRefused(key string) (source, name string, ok bool) {
	rest, found := strings.CutPrefix(key, Refused)
	source, name, both := strings.Cut(rest, "/")
	return source, name, found && both && source != "" && strings.HasSuffix(name, ".json") && !strings.Contains(name, "/") && source != ".." && source != "."
}
