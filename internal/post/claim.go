package post

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/channel"
	"cutline/internal/story"
)

// callAll takes the claims, reads what was decided meanwhile, and makes the calls that are still wanted, all channels at
// once: a slow network holds up no other. lost says that the dossier is not any more what is in the bucket.
func (l *look) callAll(ctx context.Context, calls []*work) (lost bool, err error) {
	// Before the first claim, so that whoever is killed after it is looked after when its lease is over.
	net, err := l.net(ctx, l.key, l.d.Now.Add(l.Config.Timing.Lease+time.Second))
	if err != nil {
		return false, err
	}
	claimed, lost, failed := l.claimAll(ctx, calls)
	if failed != nil && len(claimed) == 0 {
		return false, failed
	}
	began := l.d.Now
	if err := l.Store.Refresh(ctx, l.d); err != nil {
		return false, err
	}
	l.known = true
	l.told()
	// A claim whose lease is nearly over may be taken over in the middle of the call, so it is not used. (S3's clock shows
	// whole seconds.)
	late := l.d.Now.Sub(began) > l.Config.Timing.Lease/4+time.Second
	var wg sync.WaitGroup
	errs := make([]error, len(claimed))
	for i, w := range claimed {
		wg.Go(func() { errs[i] = l.carryOut(ctx, w, late) })
	}
	wg.Wait()
	for _, w := range claimed {
		if w.asked {
			l.accounts[w.name] = w.facts.Account
		}
		l.d.Wrote(w.was)
		lost = lost || w.lost
	}
	if err := errors.Join(append(errs, failed)...); err != nil {
		return false, err
	}
	if slices.ContainsFunc(claimed, func(w *work) bool { _, left := w.was.Doc.Left(); return left }) {
		return lost, nil // the entry stays: whoever is killed before the thread's next claim is looked after as well
	}
	if err := l.Store.Bucket.Delete(ctx, net, bucket.Always); err != nil || lost {
		return lost, err
	}
	// Who was woken by a change during the calls found the claims, and left it to us.
	return l.Store.Moved(ctx, l.d)
}

// claimAll takes the claims of the calls that need one, by a compare-and-swap that one worker wins. Those that it returns are taken,
// though others could not be written: what has a claim gets its call, or nobody would know that there was none.
func (l *look) claimAll(ctx context.Context, calls []*work) (claimed []*work, lost bool, err error) {
	var claims []story.Post
	for _, w := range calls {
		w.before = l.d.Posts[w.name].Doc
		if w.act.Do == Publish {
			if mine, err := l.take(ctx, w.facts, w.act); err != nil {
				return nil, false, err
			} else if !mine {
				lost = true // another story was first; the next round sees when this one's turn is
				continue
			}
		}
		if w.act.Do != Find {
			rec, err := l.claim(w)
			if err != nil {
				return nil, false, err
			}
			claims = append(claims, rec)
		}
		claimed = append(claimed, w)
	}
	written, beaten, err := l.save(ctx, claims)
	claimed = slices.DeleteFunc(claimed, func(w *work) bool { // of others somebody else has the record; the next round sees what they do
		w.was = l.d.Posts[w.name]
		return w.act.Do != Find && !slices.Contains(written, w.name)
	})
	return claimed, lost || beaten, err
}

// claim is the record with the right to make w's call.
func (l *look) claim(w *work) (story.Post, error) {
	var b [12]byte
	if _, err := io.ReadFull(l.Random, b[:]); err != nil {
		return story.Post{}, err
	}
	w.token = base64.RawURLEncoding.EncodeToString(b[:])
	rec := w.before
	c := l.Config.Channels[w.name]
	rec.Key, rec.Channel, rec.Kind, rec.Account = l.key, w.name, c.Kind, accountOf(c)
	if rec.First.IsZero() {
		rec.First = l.d.Now
	}
	if h := w.act.Draft.Hash(); rec.StepsOf != h {
		rec.Steps, rec.StepsOf = nil, h
	}
	if w.act.Do == Retract && w.act.Draft.Part == 0 {
		rec.Reposting = w.act.Repost
	}
	rec.Waits = nil
	again := rec.Claim != nil && (w.act.Do == Edit || w.act.Do == Retract)
	rec.Claim = &story.Claim{Verb: string(w.act.Do), Again: again, Token: w.token, Draft: w.act.Draft, At: l.d.Now}
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

// carryOut makes one call and records its end. It runs beside those of other channels, and changes nothing of the look but w.
func (l *look) carryOut(ctx context.Context, w *work, late bool) error {
	var out channel.Outcome
	ch := l.Channels[w.name]
	if w.act.Do == Find {
		out = l.ask(ctx, ch, w)
	} else if still, err := l.stillWanted(ctx, w, late); err != nil {
		return err
	} else if !still {
		return l.giveBack(ctx, w)
	} else {
		out = l.make(ctx, ch, w)
	}
	now := l.clock.now()
	if !out.Until.IsZero() {
		out.Until = out.Until.Add(l.clock.ahead())
	}
	err := l.amend(ctx, w, func(rec *story.Post) {
		if len(w.kept) > 0 {
			addSteps(rec, w.kept)
		}
		conclude(rec, w.act, out, now)
	})
	l.Log.Info("posted", "story", string(l.key), "revision", l.d.Story.Revision, "channel", w.name, "did", string(w.act.Do), "end", out.End.String(), "why", out.Why)
	if errors.Is(err, errLost) {
		return nil
	} else if err != nil {
		return fmt.Errorf("recording %s of %s on %s (%s): %w", w.act.Do, l.key, w.name, out.End, err)
	}
	return l.learn(ctx, w, out, now)
}

// giveBack undoes a claim under which no call was made: the record is as it was, with what was recorded on the way to it.
func (l *look) giveBack(ctx context.Context, w *work) error {
	err := l.amend(ctx, w, func(rec *story.Post) {
		schema := rec.Schema
		*rec = w.before
		rec.Schema = schema
	})
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

// amend changes the record of a call under way, from the version that this worker wrote last. errLost says that somebody
// else has the claim.
func (l *look) amend(ctx context.Context, w *work, change func(*story.Post)) error {
	token := w.token
	if token == "" {
		token = w.was.Doc.Claim.Token
	}
	v, err := l.Store.AmendPost(ctx, w.was, func(rec *story.Post) error {
		if rec.Claim == nil || rec.Claim.Token != token {
			return errLost
		}
		change(rec)
		return nil
	})
	w.lost = w.lost || errors.Is(err, errLost)
	w.was = v
	return err
}

// stillWanted decides once more, with the claim taken and the documents read after it: what was decided or changed
// before the call is obeyed.
func (l *look) stillWanted(ctx context.Context, w *work, late bool) (bool, error) {
	f, err := l.facts(w.name)
	if err != nil {
		return false, err
	}
	if f.Account, err = l.Store.Account(ctx, w.name); err != nil {
		return false, err
	}
	w.facts.Account, w.asked = f.Account, true
	f.Record.Claim = nil
	if late || halted(f.Dossier.Stop, f.Account, w.act) != "" {
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

// cards are the cards of one look, each read once for all channels.
type cards struct {
	mu   sync.Mutex
	read map[string][]byte // by key in the bucket; an empty one is read again
}

func (c *cards) get(ctx context.Context, st *story.Store, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b := c.read[key]; len(b) > 0 {
		return b, nil
	}
	b, err := st.Read(ctx, key)
	if err != nil {
		return nil, err
	}
	if c.read == nil {
		c.read = map[string][]byte{}
	}
	c.read[key] = b
	return b, nil
}
