package story

import (
	"maps"
	"slices"
	"time"

	"cutline/internal/remark"
)

// Receipt says what became of a story's post on one channel after it was taken down: what the desk shows, a line a channel.
type Receipt struct {
	Channel string    `json:"channel"`
	End     string    `json:"end"`             // one of the ends below
	Why     string    `json:"why,omitempty"`   // in plain words; of what is impossible: what to do by hand
	URL     string    `json:"url,omitempty"`   // where the post is or was
	Posts   int       `json:"posts,omitempty"` // gone, asked: how many were taken down, with its thread and its corrections; pending, impossible: how many still stand
	At      time.Time `json:"at,omitzero"`     // when it came to this end
	Until   time.Time `json:"until,omitzero"`  // pending: when it is tried next, where that is known
}

// The ends of a take-down.
const (
	ReceiptGone       = "gone"       // it was taken down
	ReceiptAsked      = "asked"      // the network was asked to, and cannot be made to
	ReceiptImpossible = "impossible" // it has to be done by hand
	ReceiptUnknown    = "unknown"    // nobody knows whether it was out at all: look
	ReceiptPending    = "pending"    // it is being taken down
	ReceiptNothing    = "nothing"    // nothing of it was out, and nothing goes out
)

// Receipts says for each of the channels, and for each that has a record from before, what became of the post of a story
// that was unpublished, or taken down by the desk. It says nothing of channels where the story may be out.
func Receipts(d *Dossier, channels []string, rule func(channel string) Rule) []Receipt {
	var out []Receipt
	seen := map[string]bool{}
	for _, name := range append(channels[:len(channels):len(channels)], sortedPosts(d)...) {
		if seen[name] {
			continue
		}
		seen[name] = true
		p := d.Posts[name].Doc
		v := d.Decisions.For(name, rule(name))
		if d.Story.Live() && v.Act != Retract && !(p.Live() && d.Story.Article.Embargo.After(d.Now)) {
			continue
		}
		r := Receipt{Channel: name, URL: p.Remote.URL}
		if p.Live() {
			r.Posts = 1 + len(p.Above())
		} else if !p.Retracted.IsZero() {
			r.Posts = 1 + p.Down
		}
		switch {
		case p.Uncertain != "":
			r.End, r.Why, r.At = ReceiptUnknown, remark.Say("receipt-unknown", p.Uncertain), p.UncertainAt
		case p.Gone:
			r.End, r.Why = ReceiptGone, remark.Say("receipt-gone")
		case p.Live() && p.RefusedOf == "retract":
			r.End, r.Why, r.At = ReceiptImpossible, p.Refused, p.RefusedAt
		case p.Live():
			r.End, r.Until = ReceiptPending, p.NotBefore
			if p.Waits != nil {
				r.Why, r.Until = p.Waits.Why, p.Waits.Until
			} else if n := len(p.History); n > 0 && p.Tries > 0 {
				r.Why = p.History[n-1].Why
			}
		case p.Claim != nil:
			r.End, r.Why = ReceiptPending, remark.Say("receipt-pending")
		case !p.Retracted.IsZero() && p.unplaced() > 0:
			r.End, r.At, r.Posts = ReceiptImpossible, p.Retracted, p.unplaced()
			r.Why = remark.Say("receipt-loose")
		case !p.Retracted.IsZero() && p.Asked:
			r.End, r.At, r.Why = ReceiptAsked, p.Retracted, remark.Say("receipt-asked")
		case !p.Retracted.IsZero():
			r.End, r.At = ReceiptGone, p.Retracted
		default:
			r.End = ReceiptNothing
		}
		out = append(out, r)
	}
	return out
}

func sortedPosts(d *Dossier) []string { return slices.Sorted(maps.Keys(d.Posts)) }
