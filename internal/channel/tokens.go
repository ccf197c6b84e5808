package channel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"cutline/internal/remark"
	"cutline/internal/story"
)

// pair is what calls are made with where the network renews it.
type pair struct {
	Access  string    // goes with each call
	Refresh string    // what the next pair is asked for with; may be the same as Access
	Who     string    // the account's id, where signing in tells it
	Due     time.Time // renewed before use from here on; zero: only when the network says that it ran out
	Until   time.Time // of no use from here on; zero: not known
}

// tokens is an account's pair, kept with the account's state and shared by all workers. Of two workers that find it
// run out one renews it: it notes that it does so, asks, and writes the new pair down before anybody uses it; the
// other waits for that. Networks that give a refresh token but once would else log the account out.
type tokens struct {
	name  string // the channel's
	p     Parts
	of    func(ctx context.Context) (string, error)           // names the credentials that the pair comes from: with others it begins anew
	begin func(ctx context.Context) (pair, Outcome)           // the first pair
	renew func(ctx context.Context, old pair) (pair, Outcome) // nil: what begin gives never runs out, and nothing is kept

	mu    sync.Mutex
	last  pair   // as this process read or made it last; that another has renewed it since, the network says by refusing it
	under string // the credentials that it comes from
}

// known is the pair that this process has read or made already, if it comes from these credentials and is not to be renewed.
func (t *tokens) known(of string) (pair, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last, t.under == of && t.last.Access != "" && (t.last.Due.IsZero() || t.p.Now().Before(t.last.Due))
}

// remember keeps the pair that a call is made with.
func (t *tokens) remember(of string, p pair) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last, t.under = p, of
}

// seen takes the pair of an account that was read for a call, so that it need not be read again. What is wrong with it, or
// has to be renewed, is found by the reading.
func (t *tokens) seen(ctx context.Context, acc *story.Account) {
	if acc == nil || acc.Tokens["access"] == "" {
		return
	}
	if of, err := t.of(ctx); err == nil && acc.Tokens["of"] == of {
		t.remember(of, pairOf(*acc))
	}
}

// fingerprint names credentials without showing them.
func fingerprint(parts ...string) string {
	h := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(h[:8])
}

// send makes a call with the account's token, and once more with a new one if the network says that it ran out: it did
// nothing then. Anything but Posted says that there is no token to call with.
func (t *tokens) send(ctx context.Context, make func(pair) (*http.Request, error), expired func(answer) bool) (answer, Outcome) {
	with, out := t.current(ctx)
	for try := 0; ; try++ {
		if out.End != Posted {
			return answer{}, out
		}
		req, err := make(with)
		if err != nil {
			return answer{}, Outcome{End: Refused, Why: err.Error()}
		}
		a := exchange(t.p.Client, req)
		if try > 0 || t.renew == nil || !expired(a) {
			return a, Outcome{End: Posted}
		}
		with, out = t.replace(ctx, with)
	}
}

// current is the pair to call with.
func (t *tokens) current(ctx context.Context) (pair, Outcome) {
	if t.renew == nil {
		return t.begin(ctx)
	}
	of, err := t.of(ctx)
	if err != nil {
		return pair{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	if with, ok := t.known(of); ok {
		return with, Outcome{End: Posted}
	}
	with, out := t.read(ctx, of)
	if out.End == Posted {
		t.remember(of, with)
	}
	return with, out
}

// read is the pair that is kept, renewed if it is time.
func (t *tokens) read(ctx context.Context, of string) (pair, Outcome) {
	acc, err := t.p.Store.Account(ctx, t.name)
	if err != nil {
		return pair{}, Outcome{End: Later, Why: err.Error()}
	}
	now, kept := t.p.Now(), pairOf(acc)
	if kept.Access == "" || acc.Tokens["of"] != of || !kept.Due.IsZero() && !now.Before(kept.Due) {
		fresh, out := t.replace(ctx, kept)
		if out.End != Posted && acc.Tokens["of"] == of && kept.Access != "" && now.Before(kept.Until) {
			return kept, Outcome{End: Posted} // renewed ahead of its end, which can wait
		}
		return fresh, out
	}
	return kept, Outcome{End: Posted}
}

// replace makes a new pair in place of a stale one, or takes the one that another worker made meanwhile.
func (t *tokens) replace(ctx context.Context, stale pair) (made pair, out Outcome) {
	of, err := t.of(ctx)
	if err != nil {
		return pair{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	defer func() {
		if out.End == Posted {
			t.remember(of, made)
		}
	}()
	ours, mine := false, false // the pair comes from these credentials; it is for us to make a new one
	acc, _, err := t.p.Store.UpdateAccount(ctx, t.name, func(acc *story.Account) error {
		ours, mine = acc.Tokens["of"] == of, false
		if ours && acc.Tokens["access"] != "" && acc.Tokens["access"] != stale.Access {
			return nil
		}
		until, err := time.Parse(time.RFC3339, acc.Tokens["renewing"])
		if mine = err != nil || t.p.Now().After(until); !mine {
			return nil
		}
		if acc.Tokens == nil {
			acc.Tokens = map[string]string{}
		}
		acc.Tokens["renewing"] = t.p.Now().Add(t.p.Lease).UTC().Format(time.RFC3339) // longer than any call
		return nil
	})
	switch {
	case err != nil:
		return pair{}, Outcome{End: Later, Why: err.Error()}
	case !mine && ours && acc.Tokens["access"] != stale.Access:
		return pairOf(acc), Outcome{End: Posted}
	case !mine:
		return pair{}, Outcome{End: Later, Until: t.p.Now().Add(2 * time.Second), Why: remark.Say("token-being-renewed")}
	}
	var fresh pair
	if ours && stale.Refresh != "" {
		fresh, out = t.renew(ctx, stale)
	} else {
		fresh, out = t.begin(ctx)
	}
	return t.keep(ctx, of, stale, fresh, out)
}

// keep writes a new pair down before it is used, though the call's time be over: a refresh token that was given once
// and not kept is lost. If another worker was faster, theirs stands.
func (t *tokens) keep(ctx context.Context, of string, stale, fresh pair, out Outcome) (pair, Outcome) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.p.Lease/3)
	defer cancel()
	write := func() (story.Account, error) {
		acc, _, err := t.p.Store.UpdateAccount(ctx, t.name, func(acc *story.Account) error {
			delete(acc.Tokens, "renewing")
			theirs := acc.Tokens["of"] == of && acc.Tokens["access"] != "" && acc.Tokens["access"] != stale.Access
			if out.End != Posted || theirs {
				return nil
			}
			acc.Tokens = map[string]string{"of": of, "access": fresh.Access, "refresh": fresh.Refresh}
			for name, v := range map[string]string{"who": fresh.Who, "due": stamp(fresh.Due), "until": stamp(fresh.Until)} {
				if v != "" {
					acc.Tokens[name] = v
				}
			}
			return nil
		})
		return acc, err
	}
	acc, err := write()
	for try := 0; err != nil && try < 2; try++ {
		acc, err = write()
	}
	switch now := pairOf(acc); {
	case err != nil:
		return pair{}, Outcome{End: Later, Why: remark.Say("token-not-kept", err)}
	case acc.Tokens["of"] == of && now.Access != "" && now.Access != stale.Access:
		return now, Outcome{End: Posted}
	case out.End == Posted: // the network gave the same token again
		return now, out
	}
	return pair{}, out
}

func pairOf(acc story.Account) pair {
	p := pair{Access: acc.Tokens["access"], Refresh: acc.Tokens["refresh"], Who: acc.Tokens["who"]}
	// What cannot be read counts as not known, which costs a renewal more or less.
	p.Due, _ = time.Parse(time.RFC3339, acc.Tokens["due"])
	p.Until, _ = time.Parse(time.RFC3339, acc.Tokens["until"])
	return p
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
