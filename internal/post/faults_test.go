package post

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/sim"
	"cutline/internal/story"
)

// fault is one way in which posting goes wrong, and what must hold afterwards. Posts are counted on the network's side.
//
// What a network makes impossible is named where it is: a network that cannot be asked leaves a lost answer to the desk
// (lost, and account.noFind); one that takes nothing back (noDelete) or cannot be corrected (noEdit, noReply) tells the
// desk so; a webhook's receiver and a flow of Teams are taken at their word, and are not asked for a reason.
type fault struct {
	name    string
	applies func(account) bool // nil: to all
	strike  func(*desk) story.Key
	lost    bool // the end of the publishing call is not known: a network that cannot be asked leaves it to the desk
	holds   func(*desk, story.Key)
}

// publishingAnd posts a story while a fault is in the script, and lets an hour of ticks pass.
func publishingAnd(f sim.Fault) func(*desk) story.Key {
	return func(d *desk) story.Key {
		f := f
		if f.Do == sim.Slow && d.large {
			f.Skip = d.uploads - 2 // what takes its time is the picture when all its pieces are there
		}
		if f.Do == sim.Hang {
			f.Then = d.giveUp
		}
		d.sim.Fault(f)
		k := d.article("1", "the spillway")
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, time.Hour)
		return k
	}
}

func TestFaultsOfNetworks(t *testing.T) {
	t.Setenv("CUTLINE_TEST_TOKEN", testToken)
	for _, f := range slices.Concat(faults, troubles) {
		for _, a := range accounts {
			if f.applies != nil && !f.applies(a) || !a.always && os.Getenv("CUTLINE_E2E") == "" {
				continue
			}
			t.Run(f.name+"/"+a.String(), func(t *testing.T) {
				t.Parallel()
				d := simulated(t, a, "auto")
				k := f.strike(d)
				rec := d.record(k)
				standing, ever := d.seen()
				switch {
				case f.holds != nil:
					f.holds(d, k)
				case f.lost && a.noFind != "":
					if rec.Uncertain == "" || ever > 1 || d.calls(sim.Publish) > 1 {
						t.Errorf("readers saw %d posts of %d calls, and the desk is told %q; want one call, and the desk asked, for %s", ever, d.calls(sim.Publish), rec.Uncertain, a.noFind)
					}
				case f.lost && a.noProof != "" && standing == 0:
					if rec.Uncertain == "" || ever > 0 || d.calls(sim.Publish) > 1 {
						t.Errorf("no post of %d calls, and the desk is told %q; want it asked, for %s", d.calls(sim.Publish), rec.Uncertain, a.noProof)
					}
				default:
					if standing != 1 || ever != 1 || !rec.Live() || rec.Remote.ID == "" {
						t.Errorf("%d posts stand of %d; the record: %+v", standing, ever, rec)
					}
				}
				if d.logged() < 1 {
					t.Error("the channel beside it was held up")
				}
				if text := fmt.Sprintf("%+v", rec); strings.Contains(text, testToken) {
					t.Errorf("a secret is in the record: %s", text)
				}
			})
		}
	}
}

func inPieces(a account) bool { return a.large }

// goesOnWithPiece holds when one piece went twice, and nothing else did.
func goesOnWithPiece(d *desk, k story.Key) {
	if standing, ever := d.seen(); standing != 1 || ever != 1 || d.calls(sim.Upload) != d.uploads+1 {
		d.t.Errorf("%d posts of %d, %d uploads, want %d: %+v", standing, ever, d.calls(sim.Upload), d.uploads+1, d.record(k))
	}
}

var faults = []fault{
	{name: "1 timeout after accept", strike: publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Hang}), lost: true},
	{name: "2 500 after accept", strike: publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Error}), lost: true},
	{name: "2 502 after accept", strike: publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Error, Status: 502, Body: "Bad Gateway"}), lost: true},
	{name: "1 and 2, and Find fails five times", strike: func(d *desk) story.Key {
		d.sim.Fault(sim.Fault{Op: sim.Find, Do: sim.Down, Times: 5})
		return publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Hang})(d)
	}, lost: true},
	{name: "3 reset in mid-upload", applies: func(a account) bool { return a.uploads > 0 }, strike: publishingAnd(sim.Fault{Op: sim.Upload, Do: sim.Cut})},
	{name: "3 upload taken, answer lost", applies: func(a account) bool { return a.uploads > 0 }, strike: publishingAnd(sim.Fault{Op: sim.Upload, Do: sim.Reset})},
	{name: "3 reset in the second of three pieces", applies: inPieces, strike: publishingAnd(sim.Fault{Op: sim.Upload, Do: sim.Cut, Skip: 2}), holds: goesOnWithPiece},
	{name: "3 second piece taken, answer lost", applies: inPieces, strike: publishingAnd(sim.Fault{Op: sim.Upload, Do: sim.Reset, Skip: 2}), holds: goesOnWithPiece},
	{name: "3 all pieces put together, answer lost", applies: inPieces, strike: publishingAnd(sim.Fault{Op: sim.Upload, Do: sim.Reset, Skip: 4})},
	{name: "4 reset in mid-request", strike: publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Cut}), lost: true},
	{name: "4 reset after accept", strike: publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Reset}), lost: true},
	{name: "4 half an answer", applies: func(a account) bool { return a.name != "teams" }, // whose answer is its status alone
		strike: publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Half}), lost: true},
	{name: "5 429 with Retry-After", applies: func(a account) bool { return a.name != "nostr" }, // a relay names no time
		strike: func(d *desk) story.Key {
			d.sim.Fault(sim.Fault{Op: sim.Publish, Do: sim.Limit, Wait: "1200"})
			k := d.article("1", "the spillway")
			p := d.process(nil)
			d.look(p, k)
			d.settle(p, 2*time.Hour)
			var limited time.Time
			for _, c := range d.sim.Calls(d.name) {
				if !limited.IsZero() && c.At.Before(limited.Add(20*time.Minute)) {
					d.t.Errorf("%s %s %v after the network said to wait for 20 minutes", c.Method, c.Path, c.At.Sub(limited))
				}
				if c.Op == sim.Publish && limited.IsZero() {
					limited = c.At
				}
			}
			return k
		}},
	{name: "6 429 without, for the day", applies: func(a account) bool { return a.name == "linkedin" }, strike: func(d *desk) story.Key {
		d.sim.Fault(sim.Fault{Op: sim.Publish, Do: sim.Limit})
		k := d.article("1", "the spillway")
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, 11*time.Hour)
		if n := d.calls(sim.Publish); n != 1 {
			d.t.Errorf("%d calls on a day that is used up", n)
		}
		d.settle(p, 2*time.Hour)
		return k
	}},
	{name: "6 429 without", applies: func(a account) bool { return a.name != "linkedin" }, strike: func(d *desk) story.Key {
		d.sim.Fault(sim.Fault{Op: sim.Publish, Do: sim.Limit, Times: 5})
		k := d.article("1", "the spillway")
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, 2*time.Hour)
		if n := d.calls(sim.Publish); n != 6 {
			d.t.Errorf("%d calls, want 5 and the one that works", n)
		}
		return k
	}},
	{name: "7 token expires between upload and post", strike: func(d *desk) story.Key {
		d.sim.Fault(sim.Fault{Op: sim.Publish, Do: sim.Expire})
		k := d.article("1", "the spillway")
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, time.Hour)
		if d.renews {
			return k
		}
		acc, err := d.store.Account(d.t.Context(), "net")
		if err != nil || acc.Paused == "" || d.calls(sim.Publish) != 1 {
			d.t.Errorf("%v: the account is not paused after one refusal: %q, %d calls", err, acc.Paused, d.calls(sim.Publish))
		}
		d.mend()
		d.settle(p, time.Hour)
		return k
	}, holds: func(d *desk, k story.Key) {
		standing, ever := d.seen()
		if uploads := d.calls(sim.Upload); standing != 1 || ever != 1 || uploads != d.uploads {
			d.t.Errorf("%d posts of %d, %d uploads: %+v", standing, ever, uploads, d.record(k))
		}
	}},
	{name: "9 one event ten times at once", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		var wg sync.WaitGroup
		for range 10 {
			p := d.process(nil)
			wg.Go(func() {
				if err := p.Look(context.Background(), k); err != nil {
					d.t.Error(err)
				}
			})
		}
		wg.Wait()
		d.settle(d.process(nil), 10*time.Minute)
		if n := d.calls(sim.Publish); n != 1 {
			d.t.Errorf("%d calls", n)
		}
		return k
	}},
	{name: "11 killed between call and record", strike: func(d *desk) story.Key {
		d.sim.Fault(sim.Fault{Op: sim.Publish, Do: sim.Pass})
		k := d.article("1", "the spillway")
		died := d.process(func(key string) bool { return strings.HasSuffix(key, "/net.json") && d.calls(sim.Publish) > 0 })
		err := died.Look(context.Background(), k)
		for range 5 { // the call may come some looks later
			if err == nil {
				d.pass(time.Minute)
				err = died.Look(context.Background(), k)
			}
		}
		if err == nil {
			d.t.Error("the process lived on")
		}
		d.settle(d.process(nil), time.Hour)
		return k
	}, lost: true},
	{name: "12 killed before the call", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		died := d.process(func(string) bool { return d.record(k).Claim != nil }) // at the first write after the claim's
		d.cut.Store(true)                                                        // the network hears nothing of it
		if err := died.Look(context.Background(), k); err == nil || d.record(k).Claim == nil {
			d.t.Error("the process lived on")
		}
		d.cut.Store(false)
		d.settle(d.process(nil), time.Hour)
		return k
	}, lost: true},
	{name: "14 slow media", applies: func(a account) bool { return a.works }, strike: publishingAnd(sim.Fault{Op: sim.Upload, Do: sim.Slow, Polls: 7}), holds: func(d *desk, k story.Key) {
		if standing, ever := d.seen(); standing != 1 || ever != 1 || d.calls(sim.Upload) != d.uploads {
			d.t.Errorf("%d posts of %d, %d uploads", standing, ever, d.calls(sim.Upload))
		}
	}},
	{name: "14 media never ready", applies: func(a account) bool { return a.works }, strike: func(d *desk) story.Key {
		k := publishingAnd(sim.Fault{Op: sim.Upload, Do: sim.Slow, Polls: 1 << 30})(d)
		for p := d.process(nil); d.clock().Before(noon.Add(26 * time.Hour)); d.pass(20 * time.Minute) {
			d.look(p, k)
		}
		return k
	}, holds: func(d *desk, k story.Key) {
		if rec := d.record(k); rec.Refused == "" || d.calls(sim.Publish) != 0 {
			d.t.Errorf("it was not given up in time: %+v", rec)
		}
	}},
	{name: "14 media that fails", applies: func(a account) bool { return a.works }, strike: publishingAnd(sim.Fault{Op: sim.Upload, Do: sim.Slow, Polls: -1, Times: 3}), holds: func(d *desk, k story.Key) {
		if rec := d.record(k); rec.Refused == "" || d.calls(sim.Publish) != 0 {
			d.t.Errorf("the desk was not told: %+v", rec)
		}
	}},
	{name: "21 the network cannot be reached for an hour", strike: func(d *desk) story.Key {
		d.cut.Store(true)
		p := d.process(nil)
		var keys []story.Key
		for i := range 3 {
			keys = append(keys, d.article(fmt.Sprint(i), fmt.Sprintf("mark %d", i)))
			d.look(p, keys[i])
			d.pass(time.Minute)
		}
		d.settle(p, time.Hour)
		if d.logged() != 3 {
			d.t.Errorf("beside it %d of 3 went out", d.logged())
		}
		d.cut.Store(false)
		d.settle(p, time.Hour)
		return keys[0]
	}, holds: func(d *desk, _ story.Key) {
		posts := d.sim.Posts(d.name)
		if len(posts) != 3 {
			d.t.Fatalf("%d posts, want each once", len(posts))
		}
		var all strings.Builder
		for i, p := range posts {
			all.WriteString(p.Text)
			if d.anyOrder == "" && !strings.Contains(p.Text, fmt.Sprintf("mark %d", i)) {
				d.t.Errorf("post %d is %q: not the oldest first", i, p.Text)
			}
		}
		for i := range posts {
			if strings.Count(all.String(), fmt.Sprintf("mark %d", i)) != 1 {
				d.t.Errorf("not each once: %s", all.String())
			}
		}
	}},
	{name: "23 article changed while posting", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		d.sim.Fault(sim.Fault{Network: d.name, Op: sim.Publish, Do: sim.Pass, Then: func() { d.publish("1", "the spillway's upper lip") }})
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, time.Hour)
		return k
	}, holds: func(d *desk, k story.Key) {
		posts := d.sim.Posts(d.name)
		want := 1
		switch {
		case d.noEdit && d.noReply: // the desk sees that what is out is not what would be
			if rec := d.record(k); len(posts) != 1 || rec.Proposed == nil || rec.Proposed.Hash() == rec.Sent.Hash() {
				d.t.Errorf("%d posts: %+v", len(posts), rec)
			}
			return
		case d.noEdit: // the correction is a reply
			want = 2
		}
		if len(posts) != want || !strings.Contains(posts[want-1].Text, "upper lip") || want == 2 && posts[1].ReplyTo != posts[0].ID {
			d.t.Errorf("%+v", posts)
		}
	}},
	{name: "24 retracted while posting", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		d.sim.Fault(sim.Fault{Network: d.name, Op: sim.Publish, Do: sim.Pass, Then: func() { d.unpublish(k) }})
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, time.Hour)
		return k
	}, holds: func(d *desk, k story.Key) {
		standing, ever := d.seen()
		switch rec := d.record(k); {
		case d.noDelete:
			if ever != 1 || rec.Refused != d.byHand() {
				d.t.Errorf("%d posts, and the desk is told %q", ever, rec.Refused)
			}
		case standing != 0 || ever != 1 || rec.Retracted.IsZero():
			d.t.Errorf("%d stand of %d: %+v", standing, ever, rec)
		}
	}},
	{name: "24 retracted while the answer was lost", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		d.sim.Fault(sim.Fault{Network: d.name, Op: sim.Publish, Do: sim.Reset, Then: func() { d.unpublish(k) }})
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, time.Hour)
		return k
	}, holds: func(d *desk, k story.Key) {
		standing, ever := d.seen()
		if rec := d.record(k); (d.noFind != "" || d.resends) && rec.Uncertain != "" {
			return // the desk is asked where it is, for only the desk can see
		}
		if rec := d.record(k); d.noDelete {
			if ever != 1 || rec.Refused != d.byHand() {
				d.t.Errorf("%d posts, and the desk is told %q", ever, rec.Refused)
			}
		} else if standing != 0 || ever != 1 {
			d.t.Errorf("%d stand of %d: %+v", standing, ever, rec)
		}
	}},
	{name: "26 account refused", strike: func(d *desk) story.Key {
		d.sim.Fault(sim.Fault{Op: sim.Publish, Do: sim.Refuse, Times: -1})
		k := d.article("1", "the spillway")
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, time.Hour)
		other := d.article("2", "the bridge")
		d.look(p, other)
		acc, err := d.store.Account(d.t.Context(), "net")
		if err != nil || acc.Paused == "" || d.calls(sim.Publish) != 1 || d.logged() != 2 {
			d.t.Errorf("%v: paused %q after %d calls, beside it %d posts", err, acc.Paused, d.calls(sim.Publish), d.logged())
		}
		d.mend()
		d.settle(p, time.Hour)
		return k
	}, holds: func(d *desk, _ story.Key) {
		posts := d.sim.Posts(d.name)
		if len(posts) != 2 || !strings.Contains(posts[0].Text, "spillway") || !strings.Contains(posts[1].Text, "bridge") {
			d.t.Errorf("after it was mended: %+v", posts)
		}
	}},
	{name: "27 taken down by hand, then corrected", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, 5*time.Minute)
		for _, post := range d.sim.Posts(d.name) {
			d.sim.Remove(d.name, post.ID)
		}
		d.publish("1", "the spillway's upper lip")
		d.look(p, k)
		d.settle(p, time.Hour)
		return k
	}, holds: func(d *desk, k story.Key) {
		posts := d.sim.Posts(d.name)
		if d.noEdit || d.resends { // a reply stands by itself, as on the network; a receiver does not tell
			return
		}
		if rec := d.record(k); len(posts) != 1 || !rec.Gone {
			d.t.Errorf("%d posts: %+v", len(posts), rec)
		}
	}},
	{name: "27 taken down by hand, then unpublished", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, 5*time.Minute)
		for _, post := range d.sim.Posts(d.name) {
			d.sim.Remove(d.name, post.ID)
		}
		d.unpublish(k)
		d.look(p, k)
		d.settle(p, time.Hour)
		return k
	}, holds: func(d *desk, k story.Key) {
		if rec := d.record(k); d.noDelete {
			if rec.Refused != d.byHand() {
				d.t.Errorf("the desk is told %q", rec.Refused)
			}
		} else if rec.Retracted.IsZero() || rec.Refused != "" || d.calls(sim.Delete) != 1 {
			d.t.Errorf("%d deletions: %+v", d.calls(sim.Delete), rec)
		}
	}},
	{name: "32 200 that is no success, though it was taken", strike: publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Odd}), lost: true},
	{name: "32 200 that is empty, though it was taken", strike: publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Odd, Body: "{}"}), lost: true},
	{name: "32 200 that is no success, and it was not taken", applies: func(a account) bool { return !a.resends },
		strike: publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Refuse, Status: 200, Body: "<!DOCTYPE html>"}), lost: true},
	{name: "33 endless answer", strike: publishingAnd(sim.Fault{Op: sim.Publish, Do: sim.Endless}), lost: true},
}

// byHand is all that the desk is to be told where the network takes nothing back: why, and what a person does there instead.
func (d *desk) byHand() string {
	d.t.Helper()
	do := d.process(nil).Channels["net"].Capabilities().ByHand
	if do == "" {
		d.t.Error("the channel does not say what to do by hand")
	}
	return "this network does not let us take the post down: " + do
}

// mend is what a person does about an account that was refused: the network is told, and the channel goes on.
func (d *desk) mend() {
	d.sim.Mend()
	if _, _, err := d.store.UpdateAccount(d.t.Context(), "net", func(a *story.Account) error {
		a.Paused, a.PausedAt, a.PausedBy = "", time.Time{}, ""
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
	p := d.process(nil)
	if err := p.Sweep(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}
