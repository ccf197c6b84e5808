package post

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/channel"
	"cutline/internal/story"
)

// A look takes claims before it has read what people decided. What that was holds all the same, and leaves no trace of the claim.
func TestWhatWasDecidedBeforeTheFirstLookHolds(t *testing.T) {
	for name, c := range map[string]struct {
		hold, release func(*newsroom, story.Key)
		waits         bool
	}{
		"held by the desk": {
			func(n *newsroom, k story.Key) { n.decide(k, story.Hold) },
			func(n *newsroom, k story.Key) { n.decide(k, story.Approve) }, false},
		"stopped": {
			func(n *newsroom, _ story.Key) { n.stop("wrong article") },
			func(n *newsroom, _ story.Key) { n.stop("") }, true},
		"account paused": {
			func(n *newsroom, _ story.Key) { n.pause("revoked") },
			func(n *newsroom, _ story.Key) { n.pause("") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, "auto")
			p := n.worker(0)
			k := n.publish("1", "the spillway")
			c.hold(n, k)
			n.look(p, k)
			n.want(k, "")
			rec, err := n.store.Post(t.Context(), k, "log")
			if err != nil || rec.Claim != nil || !rec.First.IsZero() || rec.Proposed == nil || (rec.Waits != nil) != c.waits || rec.Schema != story.Schema {
				t.Errorf("%v: the record is %+v", err, rec)
			}
			n.pass(time.Hour)
			c.release(n, k)
			n.look(p, k)
			n.tick(p)
			n.want(k, "post")
			if rec, err = n.store.Post(t.Context(), k, "log"); err != nil || rec.SentAt.Before(noon.Add(time.Hour)) || rec.Waits != nil {
				t.Errorf("%v: the record is %+v", err, rec)
			}
		})
	}
}

func (n *newsroom) stop(why string) {
	if _, _, err := n.store.UpdateStop(context.Background(), "en", func(s *story.Stop) error { s.Why = why; return nil }); err != nil {
		n.t.Fatal(err)
	}
}

func (n *newsroom) pause(why string) {
	for _, name := range []string{"log", "feed"} {
		if _, _, err := n.store.UpdateAccount(context.Background(), name, func(a *story.Account) error { a.Paused = why; return nil }); err != nil {
			n.t.Fatal(err)
		}
	}
}

// once is a bucket in which something happens right after the first claim was written.
type once struct {
	bucket.Bucket
	claims int
	happen func()
}

func (o *once) Put(ctx context.Context, key string, body []byte, typ string, c bucket.Cond) (string, error) {
	etag, err := o.Bucket.Put(ctx, key, body, typ, c)
	if err == nil && strings.HasPrefix(key, story.Posts) && bytes.Contains(body, []byte(`"token"`)) && !bytes.Contains(body, []byte(`"token": "old"`)) {
		if o.claims++; o.claims == 1 {
			o.happen()
		}
	}
	return etag, err
}

// lookWhile lets one worker look while something happens after its first claim; it returns how many claims it took.
func lookWhile(t *testing.T, w *world, happen func(*story.Store)) int {
	t.Helper()
	k := &worker{w: w}
	p := k.poster()
	others := k.store()
	b := &once{Bucket: k, happen: func() { happen(others) }}
	p.Store.Bucket = b
	if err := p.Look(t.Context(), modelKey); err != nil {
		t.Fatal(err)
	}
	return b.claims
}

func TestClaimThatIsGivenBackLeavesTheInterruptedCall(t *testing.T) {
	w := newWorld(t, channel.Capabilities{Find: channel.Never, Once: true}, time.Hour)
	st := (&worker{w: w}).store()
	draft := story.Draft{Text: "Water stands at the spillway", Revision: 1}
	first := w.now
	if _, _, err := st.UpdatePost(t.Context(), modelKey, "net", func(p *story.Post) error {
		p.Kind, p.Proposed, p.ProposedAt, p.First = "log", &draft, w.now, first
		p.Claim = &story.Claim{Verb: string(Publish), Token: "old", Draft: draft, At: w.now}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Minute)
	claims := lookWhile(t, w, func(st *story.Store) {
		if _, _, err := st.UpdateDecisions(t.Context(), modelKey, func(d *story.Decisions) error {
			d.Log = append(d.Log, story.Decision{Act: story.Hold, By: "Hana", At: w.now})
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	rec, err := st.Post(t.Context(), modelKey, "net")
	if err != nil || claims != 1 || len(w.posts) != 0 || rec.Claim == nil || rec.Claim.Token != "old" || !rec.First.Equal(first) {
		t.Errorf("%v: after %d claims and %d posts nobody knows any more of the call whose end was not seen: %+v", err, claims, len(w.posts), rec)
	}
}

func TestClaimThatTookTooLongIsNotUsed(t *testing.T) {
	w := newWorld(t, channel.Capabilities{Find: channel.Exact}, time.Hour)
	var late time.Time
	claims := lookWhile(t, w, func(*story.Store) { w.now = w.now.Add(40 * time.Second); late = w.now })
	rec, err := (&worker{w: w}).store().Post(t.Context(), modelKey, "net")
	if err != nil || claims != 2 || len(w.posts) != 1 {
		t.Fatalf("%v: %d posts under %d claims: %+v", err, len(w.posts), claims, rec)
	}
	if _, first, _ := strings.Cut(w.posts[0], "@"); first < late.Format(time.RFC3339Nano) {
		t.Errorf("the post has the time of a claim that was given back: %s", first)
	}
}

func TestLookTakesAwayNoOthersDueEntry(t *testing.T) {
	w := newWorld(t, channel.Capabilities{Find: channel.Exact}, time.Hour)
	theirs := modelKey.DueKey(w.now.Add(91 * time.Second)) // just when a claim taken now is over
	lookWhile(t, w, func(st *story.Store) {
		if _, err := st.Bucket.Put(t.Context(), theirs, []byte{'\n'}, "text/plain", bucket.Always); err != nil {
			t.Error(err)
		}
	})
	left, err := (&worker{w: w}).List(t.Context(), story.Due, "", 0)
	if err != nil || len(left) != 1 || left[0].Key != theirs {
		t.Errorf("%v: left in due/: %v", err, left)
	}
}
