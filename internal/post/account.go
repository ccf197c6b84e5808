package post

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// urgent says whether a story is breaking by the site's marks.
func urgent(s *story.Story, site config.Site) bool {
	marks := append([]string{s.Article.Section, s.Article.Kicker, s.Edits.Kicker}, s.Article.Tags...)
	return slices.ContainsFunc(site.Breaking, func(b string) bool {
		return slices.ContainsFunc(marks, func(m string) bool { return strings.EqualFold(b, m) })
	})
}

// queue gives a story its place in the account's queue, or takes it back (quit), and returns the account.
func (p *Poster) queue(ctx context.Context, f Facts, act Act) (story.Account, error) {
	a, _, err := p.Store.UpdateAccount(ctx, f.Channel, func(a *story.Account) error {
		a.Leave(f.Dossier.Story.Key)
		if act.Do == Join {
			a.Queue = append(a.Queue, act.Ticket)
		}
		return nil
	})
	return a, err
}

var errNotYet = errors.New("it is another story's turn")

// take takes a story's turn, if it needs one, by compare-and-swap: of two that think it is theirs one has it.
func (p *Poster) take(ctx context.Context, f Facts, act Act) (bool, error) {
	if act.Ticket.Story == "" {
		return true, nil
	}
	_, _, err := p.Store.UpdateAccount(ctx, f.Channel, func(a *story.Account) error {
		if at, _ := turn(a, act.Ticket, f.Pace, f.Now); at.After(f.Now) || a.Paused != "" {
			return errNotYet
		}
		mine := act.Ticket
		mine.At, mine.Taken = f.Now, f.Now
		a.Leave(mine.Story)
		a.Return(mine.Story) // a turn of an earlier try, long ago
		a.Forget(f.Now.Add(-memory(f.Pace)))
		a.Queue = append(a.Queue, mine)
		return nil
	})
	if errors.Is(err, errNotYet) {
		return false, nil
	}
	return err == nil, err
}

// memory is how long the turns of the past matter to a pace.
func memory(p config.Pace) time.Duration {
	d := max(p.Spacing, time.Minute)
	for _, b := range p.Budgets {
		d = max(d, b.In)
	}
	return d
}

// learn writes down what a call taught about the account: that it is refused and must rest until mended, that the
// network wants rest or does not answer, or that it answers again. A turn that came to nothing is given back, and one that
// was used long after it was taken counts from its use: the next post keeps its distance from the post and not from the plan.
func (p *Poster) learn(ctx context.Context, w *work, out channel.Outcome, now time.Time) error {
	k := w.was.Doc.Key
	went := out.End == channel.Posted || out.End == channel.Unknown
	had := w.facts.Account.Had(k) // taken for this call, or for one a moment ago that came to nothing
	spent := w.act.Do == Publish && !went && w.act.Ticket.Story != ""
	late := w.act.Do == Publish && went && had != nil && now.Sub(had.Taken) > slow
	if !spent && !late && !out.Pause && !out.Rest && w.facts.Account.Tries == 0 {
		return nil
	}
	a, _, err := p.Store.UpdateAccount(ctx, w.name, func(a *story.Account) error {
		if spent {
			a.Return(k)
		} else if had := a.Had(k); late && had != nil {
			had.Taken = story.Latest(had.Taken, now)
		}
		switch {
		case out.Pause:
			if a.Paused == "" {
				a.Paused, a.PausedAt, a.PausedBy = out.Why, now, remark.Say("paused-by-network")
			}
		case out.Rest:
			a.Tries++
			a.NotBefore = story.Latest(a.NotBefore, out.Until, now.Add(growing(w.name, a.Tries)))
		case out.End == channel.Posted:
			a.Tries, a.NotBefore = 0, now // those that waited have from now on their turns
		}
		return nil
	})
	if err == nil {
		w.facts.Account = a
	}
	return err
}

// mayGoOn is asked between two steps of one call: whoever presses stop stops those that are half done too. What was
// reached is kept, and goes on from there after the stop.
func (p *Poster) mayGoOn(ctx context.Context, w *work) error {
	s, err := p.Store.Stop(ctx, p.Config.Channels[w.name].Site)
	if err != nil {
		return err
	}
	a, err := p.Store.Account(ctx, w.name)
	if err != nil {
		return err
	}
	if why := halted(s, a, w.act); why != "" {
		return fmt.Errorf("%s", why)
	}
	return nil
}

// drain looks at the stories whose turn it is on each account, in their order. The accounts do not wait for each other.
func (p *Poster) drain(ctx context.Context) error {
	return p.each(ctx, slices.Sorted(maps.Keys(p.Channels)), func(name string) error {
		end := p.Now().Add(p.Config.Timing.Lease / 2)
		for ctx.Err() == nil && !p.Now().After(end) {
			a, err := p.Store.Account(ctx, name)
			if err != nil || len(a.Queue) == 0 {
				return err
			}
			if s, err := p.Store.Stop(ctx, p.Config.Channels[name].Site); err != nil || s.Why != "" {
				return err
			}
			head, ok := first(a, p.Config.PaceOf(name), p.Now())
			if !ok {
				return nil
			}
			if _, err = p.look(ctx, head.Story, false); err == nil {
				if a, err = p.Store.Account(ctx, name); err != nil {
					return err
				}
				if t := a.Ticket(head.Story); t == nil || !t.At.Equal(head.At) {
					continue
				}
			}
			// It was its turn and it did not take it: those behind it are not to wait for it. The next tick looks at it again,
			// for it may have been stopped in just that moment.
			again := p.due(ctx, head.Story, p.Now())
			_, _, left := p.Store.UpdateAccount(ctx, name, func(a *story.Account) error {
				if a.Paused == "" {
					a.Leave(head.Story)
				}
				return nil
			})
			if err = errors.Join(err, again, left); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}

// first is the waiting ticket whose turn it is, if it is anybody's.
func first(a story.Account, p config.Pace, now time.Time) (story.Ticket, bool) {
	waiting := slices.DeleteFunc(slices.Clone(a.Queue), func(t story.Ticket) bool { return !t.Taken.IsZero() })
	if len(waiting) == 0 || a.Paused != "" {
		return story.Ticket{}, false
	}
	slices.SortFunc(waiting, inOrder)
	at, _ := turn(&a, waiting[0], p, now)
	return waiting[0], !at.After(now)
}
