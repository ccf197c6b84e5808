package channel

import (
	"context"
	"fmt"
	"math/rand"
	"net/http"
	"sync"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/story"
)

// renewing is a network whose refresh tokens work once, as most networks' do.
type renewing struct {
	mu      sync.Mutex
	n       int // renewals made
	dead    bool
	refused int           // refresh tokens that were used a second time
	hold    chan struct{} // a renewal waits for it, if it is there
	asked   chan struct{}
}

func (r *renewing) tokens(p Parts) *tokens {
	return &tokens{
		name: "net", p: p, of: func(context.Context) (string, error) { return "of", nil },
		begin: func(context.Context) (pair, Outcome) {
			return pair{Access: "access-0", Refresh: "refresh-0"}, Outcome{End: Posted}
		},
		renew: func(_ context.Context, old pair) (pair, Outcome) {
			if r.asked != nil {
				r.asked <- struct{}{}
				<-r.hold
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if old.Refresh != fmt.Sprint("refresh-", r.n) || r.dead {
				r.refused++
				return pair{}, Outcome{End: Refused, Pause: true, Why: "invalid_grant"}
			}
			r.n++
			return pair{Access: fmt.Sprint("access-", r.n), Refresh: fmt.Sprint("refresh-", r.n)}, Outcome{End: Posted}
		},
	}
}

func partsOn(t *testing.T, now func() time.Time) Parts {
	dir, err := bucket.OpenDir(t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	st := &story.Store{Bucket: dir, Now: now, Random: rand.New(rand.NewSource(1))}
	return Parts{Store: st, Client: http.DefaultClient, Now: now, Random: rand.New(rand.NewSource(2)), Public: "https://cards.news.example", Lease: time.Minute}
}

func TestTwoWorkersShareOneRenewal(t *testing.T) {
	ctx := context.Background()
	p := partsOn(t, func() time.Time { return noon })
	r := &renewing{}
	one, two := r.tokens(p), r.tokens(p)
	stale, out := one.current(ctx)
	if out.End != Posted || stale.Access != "access-0" {
		t.Fatalf("%+v %+v", stale, out)
	}
	r.hold, r.asked = make(chan struct{}), make(chan struct{})
	done := make(chan pair)
	go func() {
		got, _ := one.replace(ctx, stale)
		done <- got
	}()
	<-r.asked // one is renewing
	if got, out := two.replace(ctx, stale); out.End != Later || !out.Until.After(noon) {
		t.Errorf("the second worker: %+v %+v", got, out)
	}
	close(r.hold)
	first := <-done
	r.asked = nil
	if got, out := two.replace(ctx, stale); out.End != Posted || got != first || got.Access != "access-1" {
		t.Errorf("afterwards the second worker has %+v (%+v), the first %+v", got, out, first)
	}
	if got, out := two.current(ctx); out.End != Posted || got != first || r.n != 1 || r.refused != 0 {
		t.Errorf("%+v %+v: %d renewals, %d refused", got, out, r.n, r.refused)
	}
}

func TestRenewalThatWasNeverFinishedIsTakenUp(t *testing.T) {
	ctx := context.Background()
	now := noon
	p := partsOn(t, func() time.Time { return now })
	r := &renewing{}
	stale, _ := r.tokens(p).current(ctx)
	if _, _, err := p.Store.UpdateAccount(ctx, "net", func(a *story.Account) error {
		a.Tokens["renewing"] = stamp(noon.Add(time.Minute)) // by one who was killed
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, out := r.tokens(p).replace(ctx, stale); out.End != Later {
		t.Errorf("while it may still be at work: %+v", out)
	}
	now = noon.Add(2 * time.Minute)
	if got, out := r.tokens(p).replace(ctx, stale); out.End != Posted || got.Access != "access-1" {
		t.Errorf("after its time: %+v %+v", got, out)
	}
}

func TestTokensOfOtherCredentialsBeginAnew(t *testing.T) {
	ctx := context.Background()
	p := partsOn(t, func() time.Time { return noon })
	r := &renewing{}
	old := r.tokens(p)
	stale, _ := old.current(ctx)
	if _, out := old.replace(ctx, stale); out.End != Posted {
		t.Fatalf("%+v", out)
	}
	r.dead = true
	at, _ := old.current(ctx)
	if _, out := old.replace(ctx, at); out.End != Refused || !out.Pause {
		t.Fatalf("a dead refresh token: %+v", out)
	}
	mended := r.tokens(p)
	mended.of = func(context.Context) (string, error) { return "other", nil }
	if got, out := mended.current(ctx); out.End != Posted || got.Access != "access-0" {
		t.Errorf("with new credentials: %+v %+v", got, out)
	}
}

func TestTokenIsRenewedAheadOfItsEnd(t *testing.T) {
	ctx := context.Background()
	now := noon
	p := partsOn(t, func() time.Time { return now })
	r := &renewing{}
	tk := r.tokens(p)
	tk.begin = func(context.Context) (pair, Outcome) {
		return pair{Access: "access-0", Refresh: "refresh-0", Due: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour)}, Outcome{End: Posted}
	}
	if got, _ := tk.current(ctx); got.Access != "access-0" {
		t.Fatalf("%+v", got)
	}
	now = noon.Add(90 * time.Minute)
	r.dead = true
	if got, out := tk.current(ctx); out.End != Posted || got.Access != "access-0" {
		t.Errorf("a renewal that fails ahead of the end: %+v %+v", got, out)
	}
	r.dead = false
	if got, out := tk.current(ctx); out.End != Posted || got.Access != "access-1" {
		t.Errorf("due: %+v %+v", got, out)
	}
	now = noon.Add(3 * time.Hour)
	if got, out := tk.current(ctx); out.End != Posted || got.Access != "access-1" {
		t.Errorf("no end known: %+v %+v", got, out)
	}
}
