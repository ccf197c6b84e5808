// Package notice tells people that stories wait for them: in Slack, Teams, Telegram or by e-mail, with the card and a
// signed link by which one decides.
//
// It owns the records notices/…, and promises that the same thing is told once to each receiver, whatever is killed
// half-way: a message is claimed in the story's record before it leaves, and one whose end nobody saw is not sent again
// (the desk shows the story all the same). Many at once become one digest. What needs somebody is worked out from the
// story's documents ([Wants]), so a lost event or a decision that comes first does no harm. It never decides anything.
package notice

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"cutline/internal/config"
	"cutline/internal/staff"
	"cutline/internal/story"
)

// Notifier tells. Several, in several processes, may work on one bucket.
type Notifier struct {
	Store  *story.Store
	Config *config.Config
	Links  *staff.Links // makes the links by which a receiver decides; used only where desk.key is configured
	Client *http.Client
	Now    func() time.Time
	Random io.Reader // for claims' tokens
	Log    *slog.Logger
}

const (
	batch  = 100             // stories a tick looks at for one receiver; the next goes on
	lease  = 2 * time.Minute // a claim older than this is of a message whose end nobody saw
	sendIn = 20 * time.Second
)

// Look notes for each receiver whether it is to be told about a story; [Notifier.Tick] tells. It reads nothing where nobody is
// to be told.
func (n *Notifier) Look(ctx context.Context, k story.Key) error { return n.After(ctx, k, nil) }

// After is Look for whoever has just read the story: it is d. nil: nobody has.
func (n *Notifier) After(ctx context.Context, k story.Key, d *story.Dossier) error {
	if len(n.Config.Notices) == 0 {
		return nil
	}
	if d == nil {
		read, err := n.Store.Load(ctx, k)
		if errors.Is(err, story.ErrNone) {
			return nil
		} else if err != nil {
			return err
		}
		d = &read
	}
	for _, to := range slices.Sorted(maps.Keys(n.Config.Notices)) {
		wants := n.wants(d, to)
		if len(wants) == 0 {
			continue
		}
		rec, err := n.Store.Notice(ctx, k, to)
		if err != nil {
			return err
		}
		if len(fresh(wants, rec)) > 0 {
			if err := n.Store.WaitToTell(ctx, k, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// wants is what a receiver would be told about a story.
func (n *Notifier) wants(d *story.Dossier, to string) []Want {
	r := n.Config.Notices[to]
	if r.Site != "" && r.Site != d.Story.Site {
		return nil
	}
	return slices.DeleteFunc(Wants(n.Config, d), func(w Want) bool { return !slices.Contains(r.About, w.About) })
}

// fresh are those of wants that were not told yet, and of which no message is on its way.
func fresh(wants []Want, rec story.Notice) []Want {
	return slices.DeleteFunc(slices.Clone(wants), func(w Want) bool {
		return slices.Contains(rec.Told, w.Tag) || rec.Claim != nil && slices.Contains(rec.Claim.About, w.Tag)
	})
}

// Tick tells each receiver what waits to be told. Receivers do not wait for each other's faults.
func (n *Notifier) Tick(ctx context.Context) error {
	var errs []error
	for _, to := range slices.Sorted(maps.Keys(n.Config.Notices)) {
		if err := n.tell(ctx, to); err != nil {
			errs = append(errs, fmt.Errorf("notices to %s: %w", to, err))
		}
	}
	return errors.Join(errs...)
}

// item is one story to tell of.
type item struct {
	dossier story.Dossier
	wants   []Want // not told yet
}

func (n *Notifier) tell(ctx context.Context, to string) error {
	keys, err := n.Store.WaitingToTell(ctx, to, batch)
	if err != nil || len(keys) == 0 {
		return err
	}
	var items []item
	for _, k := range keys {
		it, wait, err := n.look(ctx, k, to)
		if err != nil {
			return err
		}
		if len(it.wants) > 0 {
			items = append(items, it)
		} else if !wait {
			if err := n.Store.ToldEnough(ctx, k, to); err != nil {
				return err
			}
		}
	}
	if len(items) == 0 {
		return nil
	}
	sent, err := n.Store.UpdateReceiver(ctx, to, func(r *story.Receiver) error { forget(r, n.Now()); return nil })
	if err != nil {
		return err
	}
	for _, group := range Plan(len(items), n.Now(), sent, n.Config.Notices[to].AtOnce) {
		var of []item
		for _, i := range group {
			of = append(of, items[i])
		}
		if err := n.send(ctx, to, of); err != nil {
			return err
		}
	}
	return nil
}

// look works out what is still to be told of a story. wait says that nothing is now, but may be later.
func (n *Notifier) look(ctx context.Context, k story.Key, to string) (it item, wait bool, err error) {
	d, err := n.Store.Load(ctx, k)
	if errors.Is(err, story.ErrNone) {
		return it, false, nil
	} else if err != nil {
		return it, false, err
	}
	rec, err := n.Store.Notice(ctx, k, to)
	if err != nil {
		return it, false, err
	}
	now := n.Now()
	if c := rec.Claim; c != nil && now.Sub(c.At) > lease {
		n.Log.Warn("nobody knows whether a notice was sent; it is not sent again", "story", string(k), "revision", d.Story.Revision, "to", to)
		if rec, err = n.Store.UpdateNotice(ctx, k, to, func(r *story.Notice) error {
			if r.Claim != nil && r.Claim.Token == c.Token {
				conclude(r, end{end: unknown, why: "the process ended while it was being sent"}, now)
			}
			return nil
		}); err != nil {
			return it, false, err
		}
	}
	it.dossier = d
	it.wants = fresh(n.wants(&d, to), rec)
	if rec.Claim != nil || now.Before(rec.NotBefore) {
		return item{}, len(it.wants) > 0 || rec.Claim != nil, nil
	}
	return it, false, nil
}

// errClaimed says that another process tells just now.
var errClaimed = errors.New("claimed by somebody else")

// send claims the stories of one message, sends it, and writes down what became of it.
func (n *Notifier) send(ctx context.Context, to string, items []item) error {
	var b [12]byte
	if _, err := io.ReadFull(n.Random, b[:]); err != nil {
		return err
	}
	token := base64.RawURLEncoding.EncodeToString(b[:])
	var mine []item
	for _, it := range items {
		_, err := n.Store.UpdateNotice(ctx, it.dossier.Story.Key, to, func(r *story.Notice) error {
			switch {
			case r.Claim != nil && r.Claim.Token == token: // our own, whose answer was lost
			case r.Claim != nil, len(fresh(it.wants, *r)) < len(it.wants):
				return errClaimed
			}
			r.Claim = &story.Telling{About: tags(it.wants), Token: token, At: n.Now().UTC()}
			return nil
		})
		if errors.Is(err, errClaimed) {
			continue
		} else if err != nil {
			return err
		}
		mine = append(mine, it)
	}
	if len(mine) == 0 {
		return nil
	}
	m, err := n.message(ctx, to, mine)
	out := end{end: later}
	if err == nil {
		sending, cancel := context.WithTimeout(ctx, sendIn)
		out = kinds[n.Config.Notices[to].Kind](sending, n, n.Config.Notices[to], m)
		cancel()
	} else {
		out.why = err.Error()
	}
	for _, it := range mine {
		s := &it.dossier.Story
		n.Log.Info("notice", "story", string(s.Key), "revision", s.Revision, "to", to, "together", len(mine), "end", out.end, "why", out.why)
	}
	now := n.Now().UTC()
	var errs []error
	if out.end == done || out.end == unknown {
		_, err := n.Store.UpdateReceiver(ctx, to, func(r *story.Receiver) error {
			forget(r, now)
			if len(mine) > 1 {
				r.Digest = now
			} else {
				r.Sent = append(r.Sent, now)
			}
			return nil
		})
		errs = append(errs, err)
	}
	for _, it := range mine {
		k := it.dossier.Story.Key
		_, err := n.Store.UpdateNotice(ctx, k, to, func(r *story.Notice) error {
			if r.Claim == nil || r.Claim.Token != token {
				return errClaimed
			}
			conclude(r, out, now)
			return nil
		})
		if errors.Is(err, errClaimed) {
			continue
		}
		if err == nil && out.end != later {
			err = n.Store.ToldEnough(ctx, k, to)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func tags(wants []Want) []string {
	var out []string
	for _, w := range wants {
		out = append(out, w.Tag)
	}
	return out
}

// pauses before a message that did not leave is tried again.
var pauses = [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}

// conclude writes the end of a message into a story's record. Only one that surely did not arrive is tried again, and that
// not for ever.
func conclude(r *story.Notice, out end, now time.Time) {
	r.History = append(r.History, story.Event{At: now, What: "notice", End: out.end, Why: out.why})
	if out.end == later && r.Tries < len(pauses) {
		r.NotBefore = now.Add(pauses[r.Tries])
		if out.until.After(r.NotBefore) {
			r.NotBefore = out.until
		}
		r.Tries++
	} else {
		r.Told, r.Tries, r.NotBefore = append(r.Told, r.Claim.About...), 0, time.Time{}
	}
	r.Claim = nil
}
