package post

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/story"
)

// look is one Look at a story: what is known of it, over all its rounds. What this worker has read or written itself it
// does not read again. What others may have decided is read after the claims and before the calls, and whether they
// did is asked once more after the calls. The records need no reading: who writes one that somebody else has changed
// loses the swap, and begins anew.
//
// Most looks find nothing that holds a post up. So what could (a decision, a stop, an account that is paused) is read
// beforehand only where it is known to matter; else a claim is taken as if there were none, and given back if the reading
// after it says otherwise. No call is made without that reading.
type look struct {
	*Poster
	key      story.Key
	d        *story.Dossier           // nil: it is to be read anew
	known    bool                     // d has what people decided
	first    bool                     // this may be the first look, and the story was not read before in it
	unlisted bool                     // d was read without the records, as if there were none
	accounts map[string]story.Account // by channel; one that was not read counts as one where nothing is the matter
	unsaved  map[string]bool          // channels whose record in d is further than the one in the bucket
	clock    bucketClock              // since the story was read last
	cards    cards
	drafts   drafts
}

// rounds bounds one look: each round ends with a call on every channel that wants one, and the longest way (find, claim
// anew, publish, retract) has four, with as many more for each further post of a thread. steps bounds what is recorded on one channel before its call.
const (
	rounds = 4 * config.MostPosts
	steps  = 12
)

// settle returns the story as it stands then, and the due entry that it still needs, if any. Of what ended early there is
// no story.
func (p *Poster) settle(ctx context.Context, k story.Key, woken bool) (*story.Dossier, string, error) {
	l := &look{Poster: p, key: k, first: woken}
	for range rounds {
		if l.d == nil {
			if err := l.begin(ctx); errors.Is(err, story.ErrNone) {
				return nil, "", nil
			} else if err != nil {
				return nil, "", err
			}
		}
		again, until, err := l.round(ctx)
		if err != nil {
			return nil, "", err
		}
		if again {
			continue
		}
		if until.IsZero() {
			return l.d, "", nil
		}
		return l.d, k.DueKey(until), p.due(ctx, k, until)
	}
	return nil, "", fmt.Errorf("posting %s: not settled after %d rounds; the next look goes on", k, rounds)
}

// begin reads the story. Where it has no records yet nobody was shown a draft, and it is soon enough to read what people
// decided when it comes to a call, or is clear that it comes to none.
func (l *look) begin(ctx context.Context) error {
	d, err := l.Store.Open(ctx, l.key)
	if err == nil {
		if l.unlisted = l.first && l.firstOf(&d); !l.unlisted {
			err = l.Store.Records(ctx, &d)
		}
	}
	if err != nil {
		return err
	}
	l.first = false
	l.d, l.known, l.accounts, l.unsaved = &d, false, map[string]story.Account{}, map[string]bool{}
	l.told()
	if len(d.Posts) > 0 {
		return l.complete(ctx)
	}
	return nil
}

// justNow is how old a drawing may be whose look is taken for the first, and justCame how old its story: the cards of older
// ones are drawn anew when what they are made of changes.
const (
	justNow  = 10 * time.Second
	justCame = 5 * time.Minute
)

// firstOf says whether this seems to be the first look at a story. It rests on two clocks and may be wrong both ways. Where
// posts take turns a place in the queue would be taken on the strength of it, so there it says no.
func (l *look) firstOf(d *story.Dossier) bool {
	age := d.Now.Sub(d.Manifest.Drawn)
	return d.Story.Revision == 1 && d.Story.Live() && d.Manifest.Revision == 1 && age > -justNow && age < justNow && d.Now.Sub(d.Story.First) < justCame &&
		!slices.ContainsFunc(l.Config.ChannelsOf(d.Story.Site), func(name string) bool { return !l.Config.PaceOf(name).Free() })
}

// list reads the records that were taken for missing. What is in d of those that are not is only what would be written.
func (l *look) list(ctx context.Context) error {
	if !l.unlisted {
		return nil
	}
	if err := l.Store.Records(ctx, l.d); err != nil {
		return err
	}
	for name, p := range l.d.Posts {
		if p.Exists() {
			delete(l.unsaved, name)
		}
	}
	return nil
}

// told sets the look's clock by the bucket's, as the story's reading has told it. S3's shows whole seconds: without what has
// passed since the reading before, what was proposed half a second ago would be of the future.
func (l *look) told() {
	if l.clock.tick != nil {
		if passed := l.clock.now(); l.d.Now.Before(passed) {
			l.d.Pass(passed)
		}
	}
	l.clock = bucketClock{l.d.Now, l.Now(), l.Now}
}

// complete reads what people decided, if that was not done.
func (l *look) complete(ctx context.Context) error {
	if l.known {
		return nil
	}
	l.known = true
	return l.Store.Complete(ctx, l.d)
}

// work is one channel's part of a round.
type work struct {
	name   string
	facts  Facts
	asked  bool // the account in facts is the one read after the claim
	act    Act
	was    story.Versioned[story.Post] // the record as this worker read or wrote it last
	before story.Post                  // the record before the claim
	token  string                      // the claim's; empty: none was taken, as for a find
	kept   map[string]string           // steps that go into the record with the call's end
	lost   bool                        // somebody else has the record now
}

// round takes every channel as far as its next call, makes the calls and records their ends. again says that another round
// may do more; until is the earliest time for which something waits.
func (l *look) round(ctx context.Context) (again bool, until time.Time, err error) {
	l.d.Pass(l.clock.now())
	guess := !l.known
	var calls []*work
	var errs []error
	fault := sync.OnceValue(func() string { return l.pageFault(ctx, &l.d.Story) }) // once for all channels
	for _, name := range l.Config.ChannelsOf(l.d.Story.Site) {
		w, err := l.next(ctx, name, fault)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		switch call := w.act.Do == Find || w.act.Do.calls(); {
		case call && l.Elsewhere[name]:
			until = l.d.Now
		case call:
			calls = append(calls, w)
		case w.act.Do == Wait:
			until = sooner(until, w.act.Until)
		default:
			if ends := l.d.Manifest.Ends; w.facts.Record.Live() && ends.After(l.d.Now) {
				until = sooner(until, ends) // it is taken down then, though nothing changes
			}
		}
	}
	stale := false
	switch {
	case len(calls) > 0:
		if stale, err = l.callAll(ctx, calls); err != nil {
			return false, until, errors.Join(append(errs, err)...)
		}
	case guess: // what the channels rest on may not be so
		return true, until, errors.Join(append(errs, l.list(ctx), l.complete(ctx))...)
	default:
		_, stale, err = l.save(ctx, nil)
		errs = append(errs, err)
	}
	if stale {
		l.d = nil
	}
	return stale || len(calls) > 0, until, errors.Join(errs...)
}

// sooner is the earlier of two times, of which a zero one is none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// next takes a channel's record to where it waits or a call is to be made. What is recorded on the way goes into the bucket
// with the claim of that call, or with save where there is none: what nobody acts on in between needs no writing of its own.
func (l *look) next(ctx context.Context, name string, fault func() string) (*work, error) {
	for range steps {
		f, err := l.facts(name)
		if err != nil {
			return nil, err
		}
		if f.wanted().Do.calls() || f.Record.Waits != nil { // only then does the account matter
			if f.Account, err = l.account(ctx, &f); err != nil {
				return nil, err
			}
		}
		act := Next(f)
		if act.Do == Nothing || act.Do == Wait || act.Do == Find || act.Do.calls() {
			return &work{name: name, facts: f, act: act}, nil
		}
		if act.Do == Join || act.Do == Quit {
			if l.accounts[name], err = l.queue(ctx, f, act); err != nil {
				return nil, fmt.Errorf("recording %s of %s on %s: %w", act.Do, l.key, name, err)
			}
		}
		rec := l.note(f, act)
		switch act.Do {
		case Check:
			noteSeen(&rec, f, fault())
		case Reword:
			rec.Other = l.reword(ctx, f)
		}
		v := l.d.Posts[name]
		v.Doc = rec
		l.d.Posts[name], l.unsaved[name] = v, true
	}
	return nil, fmt.Errorf("posting %s on %s: no end after %d steps; the next look goes on", l.key, name, steps)
}

// account is the state of a channel's account. Where turns are taken, or the story waits for one or was interrupted, it is
// read, and the stop with it; elsewhere only if this look has reason to think that something is the matter with it.
func (l *look) account(ctx context.Context, f *Facts) (story.Account, error) {
	if a, ok := l.accounts[f.Channel]; ok || f.Pace.Free() && f.Record.Waits == nil && f.Record.Claim == nil {
		return a, nil
	}
	if err := l.complete(ctx); err != nil {
		return story.Account{}, err
	}
	a, err := l.Store.Account(ctx, f.Channel)
	if err == nil {
		l.accounts[f.Channel] = a
	}
	return a, err
}

// save writes claims, and with them the records of other channels that are further than those in the bucket. It returns the
// channels that were written; lost says that somebody else has changed one.
func (l *look) save(ctx context.Context, claims []story.Post) (written []string, lost bool, err error) {
	for _, name := range slices.Sorted(maps.Keys(l.unsaved)) {
		if !slices.ContainsFunc(claims, func(p story.Post) bool { return p.Channel == name }) {
			claims = append(claims, l.d.Posts[name].Doc)
		}
	}
	written, err = l.Store.SwapPosts(ctx, l.d, claims...)
	for _, name := range written {
		delete(l.unsaved, name)
	}
	if lost = errors.Is(err, bucket.ErrChanged); lost {
		err = nil
	} else if err != nil {
		err = fmt.Errorf("recording %s: %w", l.key, err)
	}
	return written, lost, err
}
