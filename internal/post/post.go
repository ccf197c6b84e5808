// Package post brings decided stories to their channels: never twice, never early, and corrected when the story is.
//
// It owns the records posts/<day>/<id>/<channel>.json and the entries of due/. Every call to a network is made in
// three parts: what should happen is decided by a pure function ([Next]) from the story's documents; the intention is
// recorded by a compare-and-swap that one worker wins (the claim); the call is made and its end recorded. A worker that
// is killed in between leaves a claim; when its lease is over by the bucket's clock, the same function decides to ask
// the network ([channel.Channel.Find]), and where that is no use the record says uncertain and the desk decides.
// There is no other recovery.
package post

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/fetch"
	"cutline/internal/story"
)

// Poster posts. Several, in several processes, may work on one bucket.
type Poster struct {
	Store    *story.Store
	Config   *config.Config
	Channels map[string]channel.Channel // by name, as configured
	Now      func() time.Time           // for finding due entries; what may go out is judged by the bucket's clock
	Random   io.Reader                  // for claims' tokens
	Log      *slog.Logger
	Pages    *fetch.Client                                                                          // for looking at articles' pages before posting; nil: nobody looks
	Reword   func(ctx context.Context, a article.Article, summary string, most int) (string, error) // other words for a summary, at most so many characters; nil: none are asked for
	Together int                                                                                    // how many stories Tick and Sweep look at side by side; 0: 4

	// After is what looks at a story once a look is done: people are told of what it left to them. nil: nobody is.
	After func(ctx context.Context, k story.Key) error

	mu   sync.Mutex
	seen map[story.Key]string // what Sweep has looked at already, by the versions of its documents
}

// Open makes the channels of a configuration, by name.
func Open(c *config.Config, parts channel.Parts) (map[string]channel.Channel, error) {
	out := map[string]channel.Channel{}
	var errs []error
	for name, ch := range c.Channels {
		made, err := channel.New(name, ch, c.Sites[ch.Site], parts)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out[name] = made
	}
	return out, errors.Join(errs...)
}

// rounds bounds one Look: each round takes every channel one step further, and the longest way (find, claim anew,
// publish, retract) has six.
const rounds = 12

// Look brings the story as far as it can go now, on all its channels, and leaves a due entry for what has to wait. It
// may be called at any time, any number of times, by several at once. An error means that it should be called again;
// channels that could go on have gone on.
func (p *Poster) Look(ctx context.Context, k story.Key) error {
	_, err := p.look(ctx, k)
	return err
}

// look returns the due entry that the story still needs, if any.
func (p *Poster) look(ctx context.Context, k story.Key) (string, error) {
	due, err := p.settle(ctx, k)
	if p.After != nil && ctx.Err() == nil {
		err = errors.Join(err, p.After(ctx, k))
	}
	return due, err
}

func (p *Poster) settle(ctx context.Context, k story.Key) (string, error) {
	for range rounds {
		d, err := p.Store.Load(ctx, k)
		if errors.Is(err, story.ErrNone) {
			return "", nil
		} else if err != nil {
			return "", err
		}
		again, until, err := p.round(ctx, k, &d)
		if err != nil {
			return "", err
		}
		if again {
			continue
		}
		if until.IsZero() {
			return "", nil
		}
		return k.DueKey(until), p.due(ctx, k, until)
	}
	return "", fmt.Errorf("posting %s: not settled after %d rounds; the next look goes on", k, rounds)
}

// work is one channel's part of a round.
type work struct {
	name  string
	facts Facts
	act   Act
	was   story.Versioned[story.Post]
	token string
}

// round takes every channel one step. again says that something changed and another round may do more; until is the
// earliest time for which something waits.
func (p *Poster) round(ctx context.Context, k story.Key, d *story.Dossier) (again bool, until time.Time, err error) {
	var calls []*work
	var errs []error
	fault := sync.OnceValue(func() string { return p.pageFault(ctx, &d.Story) }) // once for all channels
	for _, name := range p.Config.ChannelsOf(d.Story.Site) {
		w := &work{name: name, was: d.Posts[name]}
		f, err := p.facts(d, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if f.wanted().Do.calls() || f.Record.Waits != nil { // only then does the account matter, and cost a read
			if f.Account, err = p.Store.Account(ctx, name); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		w.act, w.facts = Next(f), f
		switch {
		case w.act.Do == Nothing:
			if ends := d.Manifest.Ends; f.Record.Live() && ends.After(d.Now) && (until.IsZero() || ends.Before(until)) {
				until = ends // it is taken down then, though nothing changes
			}
		case w.act.Do == Wait:
			if until.IsZero() || w.act.Until.Before(until) {
				until = w.act.Until
			}
		case w.act.Do == Find:
			calls = append(calls, w)
		case w.act.Do.calls():
			calls = append(calls, w)
		default:
			err := p.queue(ctx, f, w.act)
			if err == nil {
				rec := p.note(f, w.act)
				switch w.act.Do {
				case Check:
					noteSeen(&rec, f, fault())
				case Reword:
					rec.Other = p.reword(ctx, f)
				}
				_, err = p.Store.SwapPost(ctx, w.was, rec)
			}
			if err != nil && !errors.Is(err, bucket.ErrChanged) {
				errs = append(errs, fmt.Errorf("recording %s of %s on %s: %w", w.act.Do, k, name, err))
				continue
			}
			again = true
		}
	}
	if len(calls) == 0 {
		return again, until, errors.Join(errs...)
	}
	// Before the first claim, so that whoever is killed after it is looked after when its lease is over.
	expires := d.Now.Add(p.Config.Timing.Lease + time.Second)
	if err := p.due(ctx, k, expires); err != nil {
		return false, until, errors.Join(append(errs, err)...)
	}
	if err := p.call(ctx, k, d, calls); err != nil {
		return false, until, errors.Join(append(errs, err)...)
	}
	if len(errs) > 0 {
		return false, until, errors.Join(errs...)
	}
	return true, until, p.Store.Bucket.Delete(ctx, k.DueKey(expires), bucket.Always)
}

// call claims, makes sure that nothing was decided meanwhile, and makes the calls, all channels at once: a slow
// network holds up no other.
func (p *Poster) call(ctx context.Context, k story.Key, d *story.Dossier, calls []*work) error {
	var claimed []*work
	for _, w := range calls {
		if w.act.Do == Find {
			claimed = append(claimed, w)
			continue
		}
		if w.act.Do == Publish {
			if mine, err := p.take(ctx, w.facts, w.act); err != nil {
				return err
			} else if !mine {
				continue // another story was first; the next round sees when this one's turn is
			}
		}
		rec, err := p.claim(k, d, w)
		if err != nil {
			return err
		}
		if w.was, err = p.Store.SwapPost(ctx, w.was, rec); errors.Is(err, bucket.ErrChanged) {
			continue // somebody else was first; the next round sees what they do
		} else if err != nil {
			return fmt.Errorf("claiming %s on %s: %w", k, w.name, err)
		}
		claimed = append(claimed, w)
	}
	fresh, err := p.Store.Load(ctx, k)
	if err != nil {
		return err
	}
	clock := bucketClock{fresh.Now, p.Now(), p.Now}
	var wg sync.WaitGroup
	errs := make([]error, len(claimed))
	for i, w := range claimed {
		wg.Go(func() { errs[i] = p.carryOut(ctx, k, &fresh, w, clock) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// claim is the record with the right to make w's call.
func (p *Poster) claim(k story.Key, d *story.Dossier, w *work) (story.Post, error) {
	var b [12]byte
	if _, err := io.ReadFull(p.Random, b[:]); err != nil {
		return story.Post{}, err
	}
	w.token = base64.RawURLEncoding.EncodeToString(b[:])
	rec := w.was.Doc
	c := p.Config.Channels[w.name]
	rec.Key, rec.Channel, rec.Kind, rec.Account = k, w.name, c.Kind, accountOf(c)
	if rec.First.IsZero() {
		rec.First = d.Now
	}
	if h := w.act.Draft.Hash(); rec.StepsOf != h {
		rec.Steps, rec.StepsOf = nil, h
	}
	if w.act.Do == Retract {
		rec.Reposting = w.act.Repost
	}
	rec.Waits = nil
	again := rec.Claim != nil && (w.act.Do == Edit || w.act.Do == Retract)
	rec.Claim = &story.Claim{Verb: string(w.act.Do), Again: again, Token: w.token, Draft: w.act.Draft, At: d.Now}
	return rec, nil
}

// bucketClock tells the bucket's time some while after a read: what the bucket said then, and what has passed since by
// our own clock. So a worker whose clock is wrong writes down no wrong times.
type bucketClock struct {
	said, local time.Time
	tick        func() time.Time
}

func (c bucketClock) now() time.Time       { return c.said.Add(c.tick().Sub(c.local)) }
func (c bucketClock) ahead() time.Duration { return c.said.Sub(c.local) }

var errLost = errors.New("the claim was lost to somebody else")

// carryOut makes one call and records its end.
func (p *Poster) carryOut(ctx context.Context, k story.Key, fresh *story.Dossier, w *work, clock bucketClock) error {
	var out channel.Outcome
	ch := p.Channels[w.name]
	if w.act.Do == Find {
		out = p.ask(ctx, ch, k, w)
	} else if still, err := p.stillWanted(ctx, fresh, w); err != nil {
		return err
	} else if !still {
		_, _, err := p.Store.UpdatePost(ctx, k, w.name, func(rec *story.Post) error {
			if rec.Claim != nil && rec.Claim.Token == w.token {
				rec.Claim = nil
			}
			return nil
		})
		return err
	} else {
		out = p.make(ctx, ch, k, w)
	}
	now := clock.now()
	if !out.Until.IsZero() {
		out.Until = out.Until.Add(clock.ahead())
	}
	_, _, err := p.Store.UpdatePost(ctx, k, w.name, func(rec *story.Post) error {
		if w.act.Do == Find {
			if rec.Claim == nil || rec.Claim.Token != w.was.Doc.Claim.Token {
				return errLost
			}
		} else if rec.Claim == nil || rec.Claim.Token != w.token {
			return errLost
		}
		conclude(rec, w.act, out, now)
		return nil
	})
	p.Log.Info("posted", "story", string(k), "revision", fresh.Story.Revision, "channel", w.name, "did", string(w.act.Do), "end", out.End.String(), "why", out.Why)
	if errors.Is(err, errLost) {
		return nil
	} else if err != nil {
		return fmt.Errorf("recording %s of %s on %s (%s): %w", w.act.Do, k, w.name, out.End, err)
	}
	return p.account(ctx, w, out, now)
}

// stillWanted decides once more, with the claim taken and the documents read after it: what was decided or changed
// before the call is obeyed.
func (p *Poster) stillWanted(ctx context.Context, fresh *story.Dossier, w *work) (bool, error) {
	if fresh.Posts[w.name].Doc.Claim == nil || fresh.Posts[w.name].Doc.Claim.Token != w.token {
		return false, nil
	}
	f, err := p.facts(fresh, w.name)
	if err != nil {
		return false, err
	}
	if f.Account, err = p.Store.Account(ctx, w.name); err != nil {
		return false, err
	}
	f.Record.Claim = nil
	if halted(f.Dossier.Stop, f.Account, w.act) != "" {
		return false, nil
	}
	if w.act.By == "after an interruption" {
		return true, nil // an idempotent call that only finishes what was decided before
	}
	again := Next(f)
	if again.Ticket.Story != "" { // it took its turn so long ago that it needs another
		return false, nil
	}
	return again.Do == w.act.Do && again.Draft.Hash() == w.act.Draft.Hash(), nil
}

func (p *Poster) due(ctx context.Context, k story.Key, t time.Time) error {
	key := k.DueKey(t)
	_, err := p.Store.Bucket.Put(ctx, key, []byte{'\n'}, "text/plain", bucket.Always)
	if err != nil {
		return fmt.Errorf("noting that %s is due: %w", k, err)
	}
	return nil
}
