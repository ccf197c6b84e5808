package desk

import (
	"slices"
	"sync"
	"time"

	"cutline/internal/story"
)

const (
	maxLate  = 40              // stories of older days that the queue reads at the most, soonest due first
	overTime = 5 * time.Minute // after which one that needed nobody is read again
	maxOver  = 10_000          // of them remembered
)

// over remembers stories of older days that something is due for and that need nobody: nearly all are there for the day on
// which an agency wants its photo taken down. They would be read for every page, and hide those behind them.
type over struct {
	mu   sync.Mutex
	read map[story.Wait]time.Time // when
}

func (o *over) has(w story.Wait, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	at, ok := o.read[w]
	return ok && now.Sub(at) < overTime
}

func (o *over) add(w story.Wait, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.read == nil || len(o.read) >= maxOver {
		o.read = map[story.Wait]time.Time{}
	}
	o.read[w] = now
}

// late reads the stories of days before one that something is due for and that are not finished, a few at once. One that
// cannot be read is left to its own page.
func (q *request) late(before string) ([]story.Dossier, error) {
	d, now := q.desk, q.desk.Now()
	due, err := d.Store.Waiting(q.Context())
	if err != nil {
		return nil, err
	}
	due = slices.DeleteFunc(due, func(w story.Wait) bool { return w.Key.Day() >= before || d.over.has(w, now) })
	due = due[:min(len(due), maxLate)]
	found := make([]*story.Dossier, len(due))
	var reading sync.WaitGroup
	for part := range 8 {
		reading.Go(func() {
			for i := part; i < len(due); i += 8 {
				x, err := d.Store.Load(q.Context(), due[i].Key)
				switch {
				case err != nil:
				case d.finished(&x):
					d.over.add(due[i], now)
				default:
					found[i] = &x
				}
			}
		})
	}
	reading.Wait()
	var out []story.Dossier
	for _, x := range found {
		if x != nil {
			out = append(out, *x)
		}
	}
	return out, nil
}

// finished says that a story needs nobody any more, on none of its channels.
func (d *desk) finished(x *story.Dossier) bool {
	channels := d.Config.ChannelsOf(x.Story.Site)
	return len(channels) > 0 && !slices.ContainsFunc(channels, func(name string) bool {
		return story.Rank(story.StateOf(x, name, d.rule(x, name)).Name) < story.Rank(story.StateSent)
	})
}
