package post

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/channel"
	"cutline/internal/sim"
	"cutline/internal/story"
)

// threaded are the networks that have threads, each with an account that asks for three posts.
var threaded = func() (out []account) {
	for _, a := range accounts {
		if slices.Contains([]string{"bluesky", "mastodon", "x", "threads"}, a.name) && !a.large {
			a.yaml += ", thread: 3"
			out = append(out, a)
		}
	}
	return out
}()

// report is what an article says below its dek: sentences of which no two fit one post of 300 characters.
const report = `Engineers at the dam said on Tuesday that the reservoir holds 2.9 billion cubic metres of water, which is more than it has held since the winter of 2019, and that the gates of the spillway stay closed for now.

Farmers below the dam have been told to move their animals and their pumps away from the river banks, because the gates of the spillway may be opened within three days if the rain in the mountains goes on as forecast.

The governor of the province visited the dam and the spillway in the evening and promised that the villages along the river will be warned by loudspeaker and by telephone at least six hours before any water is let out.`

// reported publishes an article with a body, whose sentences are made longer where two would fit one post.
func (d *desk) reported(body string) story.Key {
	d.t.Helper()
	d.article("1", "the spillway")
	return d.rewritten(body)
}

func (d *desk) rewritten(body string) story.Key {
	d.t.Helper()
	if d.name == "mastodon" || d.name == "threads" {
		body = strings.ReplaceAll(body+"\n", ".\n", ", as the ministry of agriculture and water resources wrote on its page.\n")
	}
	return d.publish("1", "the spillway", func(a *article.Article) { a.Body = body })
}

// thread checks that the posts that stand are a thread, each a reply to the one before and each said once, and returns
// what they say.
func (d *desk) thread() []string {
	d.t.Helper()
	var out []string
	before := ""
	for _, p := range d.sim.Posts(d.name) {
		if !p.Stands() {
			continue
		}
		if p.ReplyTo != before {
			d.t.Errorf("%q answers %q, not %q", p.Text, p.ReplyTo, before)
		}
		if slices.Contains(out, p.Text) {
			d.t.Errorf("%q stands twice", p.Text)
		}
		before = p.ID
		out = append(out, p.Text)
	}
	return out
}

// each runs a test on every network that has threads. Two stand for the others, but in CUTLINE_E2E=1.
func eachThreaded(t *testing.T, review string, test func(t *testing.T, d *desk)) {
	t.Setenv("CUTLINE_TEST_TOKEN", testToken)
	for _, a := range threaded {
		if a.always || os.Getenv("CUTLINE_E2E") != "" {
			t.Run(a.name, func(t *testing.T) {
				t.Parallel()
				test(t, simulated(t, a, review))
			})
		}
	}
}

// Row 15 of the faults: whatever becomes of the call for the second post, it goes on there, as a reply to the first, which
// is never made again.
func TestThreadGoesOnWhereItWasInterrupted(t *testing.T) {
	t.Setenv("CUTLINE_TEST_TOKEN", testToken)
	for _, f := range []struct {
		name  string
		fault sim.Fault
	}{
		{"nothing", sim.Fault{Do: sim.Pass}},
		{"timeout after accept", sim.Fault{Do: sim.Hang}},
		{"500 after accept", sim.Fault{Do: sim.Error}},
		{"reset after accept", sim.Fault{Do: sim.Reset}},
		{"half an answer", sim.Fault{Do: sim.Half}},
		{"reset in mid-request", sim.Fault{Do: sim.Cut}},
		{"200 that is no success", sim.Fault{Do: sim.Odd}},
		{"429", sim.Fault{Do: sim.Limit, Times: 3}},
		{"429 with Retry-After", sim.Fault{Do: sim.Limit, Wait: "1200"}},
		{"503", sim.Fault{Do: sim.Down, Times: 3}},
	} {
		for _, a := range threaded {
			if !a.always && os.Getenv("CUTLINE_E2E") == "" {
				continue
			}
			t.Run(f.name+"/"+a.name, func(t *testing.T) {
				t.Parallel()
				d := simulated(t, a, "auto")
				f := f.fault
				f.Op, f.Skip = sim.Publish, 1
				if f.Do == sim.Hang {
					f.Then = d.giveUp
				}
				d.sim.Fault(f)
				k := d.reported(report)
				p := d.process(nil)
				d.look(p, k)
				d.settle(p, time.Hour)
				said := d.thread()
				if standing, ever := d.seen(); standing != 3 || ever != 3 {
					t.Errorf("%d posts stand of %d, want 3", standing, ever)
				}
				for i, part := range []string{"has reached the spillway", "Engineers", "Farmers"} {
					if i < len(said) && !strings.Contains(said[i], part) {
						t.Errorf("post %d says %q, want what says %q", i+1, said[i], part)
					}
				}
				rec := d.record(k)
				if _, left := rec.Left(); left || rec.Claim != nil || len(rec.Thread) != 2 || rec.Uncertain != "" {
					t.Errorf("the record: %+v", rec)
				}
			})
		}
	}
}

// A process that is killed at any write once the first post is out leaves what another takes up.
func TestThreadGoesOnAfterAKill(t *testing.T) {
	eachThreaded(t, "auto", func(t *testing.T, d *desk) {
		for n := 0; ; n++ {
			d := simulated(t, d.account, "auto")
			k := d.reported(report)
			var at atomic.Int64 // channels write side by side
			died := d.process(func(string) bool { return d.calls(sim.Publish) > 0 && at.Add(1) > int64(n) })
			killed := false
			for range 5 { // the call may come some looks later
				if killed = died.Look(context.Background(), k) != nil; killed {
					break
				}
				d.pass(time.Minute)
			}
			p := d.process(nil)
			d.settle(p, time.Hour)
			if d.name == "threads" && killed { // perhaps where it noted when to look again: then its event, which is not done, comes again
				d.look(p, k)
				d.settle(p, time.Hour)
			}
			if standing, ever := d.seen(); standing != 3 || ever != 3 {
				t.Fatalf("killed at its write %d: %d posts stand of %d: %+v", n, standing, ever, d.record(k))
			}
			d.thread()
			if !killed {
				return
			}
		}
	})
}

func TestStopInMidThread(t *testing.T) {
	eachThreaded(t, "auto", func(t *testing.T, d *desk) {
		d.sim.Fault(sim.Fault{Op: sim.Publish, Skip: 1, Do: sim.Pass, Then: func() { d.stop("wrong article") }})
		k := d.reported(report)
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, time.Hour)
		if got := d.thread(); len(got) != 2 {
			t.Fatalf("%d posts stand, want the two that were out when it was stopped: %q", len(got), got)
		}
		x, err := d.store.Load(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		if st := story.StateOf(&x, "net", story.Rule{Auto: true}); st.Name != story.StateApproved || !strings.Contains(st.Why, "2 of the thread's 3 posts are out") || !strings.Contains(st.Why, "wrong article") {
			t.Errorf("the desk is told %+v", st)
		}
		if _, _, err := d.store.UpdateStop(t.Context(), "en", func(s *story.Stop) error { s.Why = ""; return nil }); err != nil {
			t.Fatal(err)
		}
		d.settle(p, time.Hour)
		if got := d.thread(); len(got) != 3 {
			t.Errorf("after it was resumed %d posts stand: %q", len(got), got)
		}
	})
}

// A thread that a network refuses in the middle says so, and goes on when the desk has approved it again.
func TestThreadRefusedInTheMiddle(t *testing.T) {
	eachThreaded(t, "required", func(t *testing.T, d *desk) {
		d.sim.Fault(sim.Fault{Op: sim.Publish, Skip: 1, Do: sim.Refuse, Status: 400, Body: `{"error":"InvalidRequest","message":"no"}`})
		k := d.reported(report)
		p := d.process(nil)
		d.look(p, k)
		approve := func() {
			x, err := d.store.Load(t.Context(), k)
			if err != nil {
				t.Fatal(err)
			}
			shown, _ := x.Shown("net")
			d.decide(k, story.Approve, func(dec *story.Decision) { dec.Drafts = map[string]story.Draft{"net": shown} })
		}
		approve()
		d.look(p, k)
		d.settle(p, time.Hour)
		x, err := d.store.Load(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		if st := story.StateOf(&x, "net", story.Rule{}); st.Name != story.StateFailed || !strings.Contains(st.Why, "1 of the thread's 3 posts are out; ") || d.calls(sim.Publish) != 2 {
			t.Errorf("after %d calls the desk is told %+v", d.calls(sim.Publish), st)
		}
		// What is approved then is what follows: the rest may have other words.
		if _, _, err := d.store.UpdateDecisions(t.Context(), k, func(doc *story.Decisions) error {
			edited := *x.Posts["net"].Doc.Proposed
			edited.Basis, edited.Words, edited.Edited = edited.Hash(), edited.WordsOf(), []string{"text"}
			edited.More = []string{edited.More[0], "The governor visited the dam and the spillway."}
			doc.Edited = map[string]story.Draft{"net": edited}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		approve()
		d.look(p, k)
		d.settle(p, time.Hour)
		if got := d.thread(); len(got) != 3 || got[2] != "The governor visited the dam and the spillway." {
			t.Errorf("%d posts stand: %q", len(got), got)
		}
	})
}

func TestThreadTakenDownWhole(t *testing.T) {
	eachThreaded(t, "auto", func(t *testing.T, d *desk) {
		for _, at := range []int{1, 2, 99} { // while that post is made, and when all are
			d := simulated(t, d.account, "auto")
			var k story.Key
			d.sim.Fault(sim.Fault{Op: sim.Publish, Skip: at, Do: sim.Pass, Then: func() { d.unpublish(k) }})
			k = d.reported(report)
			p := d.process(nil)
			d.look(p, k)
			d.settle(p, time.Hour)
			if at == 99 {
				d.unpublish(k)
				d.look(p, k)
				d.settle(p, time.Hour)
			}
			standing, ever := d.seen()
			if want := min(at+1, 3); standing != 0 || ever != want {
				t.Errorf("%d posts stand of %d, want 0 of %d: %+v", standing, ever, want, d.record(k))
			}
			var last time.Time
			for _, post := range d.sim.Posts(d.name) {
				if !last.IsZero() && post.Deleted.After(last) {
					t.Errorf("%q went before what answers it", post.Text)
				}
				last = post.Deleted
			}
			x, err := d.store.Load(t.Context(), k)
			if err != nil {
				t.Fatal(err)
			}
			if r := story.Receipts(&x, []string{"net"}, func(string) story.Rule { return story.Rule{Auto: true} }); r[0].End != story.ReceiptGone || r[0].Posts != ever {
				t.Errorf("the receipt for %d posts: %+v", ever, r)
			}
		}
	})
}

// What the article does not bear out any more does not follow, though it was approved.
func TestThreadStopsWhereTheArticleChanged(t *testing.T) {
	eachThreaded(t, "auto", func(t *testing.T, d *desk) {
		changed := strings.ReplaceAll(report, "within three days", "within nine days")
		d.sim.Fault(sim.Fault{Op: sim.Publish, Skip: 1, Do: sim.Pass, Then: func() {
			d.rewritten(changed)
		}})
		k := d.reported(report)
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, time.Hour)
		for _, post := range d.sim.Posts(d.name) {
			if strings.Contains(post.Text, "within three days") {
				t.Errorf("%q went out after the article said otherwise", post.Text)
			}
		}
		if can := p.Channels["net"].Capabilities(); can.Edit { // the edit brings the rest along
			if got := d.thread(); len(got) != 3 || !strings.Contains(got[2], "within nine days") {
				t.Errorf("%q", got)
			}
		} else if rec := d.record(k); len(rec.Thread) > 1 && rec.Thread[1].Refused == "" {
			t.Errorf("the record: %+v", rec)
		}
	})
}

// An edit changes just those posts of a thread that say something else now.
func TestThreadEdited(t *testing.T) {
	t.Setenv("CUTLINE_TEST_TOKEN", testToken)
	i := slices.IndexFunc(threaded, func(a account) bool { return a.name == "mastodon" })
	d := simulated(t, threaded[i], "auto")
	paragraphs := strings.Split(report, "\n\n")
	k := d.reported(report)
	p := d.process(nil)
	d.look(p, k)
	d.settle(p, 5*time.Minute)
	first := d.thread()
	if len(first) != 3 {
		t.Fatalf("%q", first)
	}
	edits := func() (n int) {
		for _, c := range d.sim.Calls(d.name) {
			if c.Op == sim.Edit {
				n++
			}
		}
		return n
	}
	change := func(body string) []string {
		t.Helper()
		d.rewritten(body)
		d.look(p, k)
		d.settle(p, 5*time.Minute)
		if _, left := func() (story.Draft, bool) { rec := d.record(k); return rec.Left() }(); left {
			t.Errorf("the thread is not done: %+v", d.record(k))
		}
		return d.thread()
	}
	if got := change(strings.ReplaceAll(report, "2.9", "3.1")); len(got) != 3 || !strings.Contains(got[1], "3.1") || got[2] != first[2] || edits() != 2 {
		t.Errorf("after %d edits: %q", edits(), got) // of the first, which stands for the whole, and of the second
	}
	if got := change(paragraphs[0]); len(got) != 2 || got[1] != first[1] {
		t.Errorf("after the article was shortened: %q", got)
	}
	if got := change(report); len(got) != 3 || got[2] != first[2] {
		t.Errorf("after it was made longer: %q", got)
	}
	if standing, ever := d.seen(); standing != 3 || ever != 4 {
		t.Errorf("%d posts stand of %d", standing, ever)
	}
}

// Where nobody can know whether a post of a thread is out, the desk says so, and the thread goes on or ends by that.
func TestThreadSettledByTheDesk(t *testing.T) {
	for _, c := range []struct {
		settled, url string
		said         [2]string // by the two posts that follow, afterwards
		left         bool
		receipt      string // once all is taken down
	}{
		{settled: story.Posted, url: "https://net.example/2", said: [2]string{"two", ""}, left: true, receipt: story.ReceiptGone},
		{settled: story.Posted, said: [2]string{"two", ""}, left: true, receipt: story.ReceiptImpossible},
		{settled: story.Again, said: [2]string{"", ""}, left: true, receipt: story.ReceiptGone},
		{settled: story.Leave, said: [2]string{"two"}, receipt: story.ReceiptImpossible},
	} {
		sent := story.Draft{Text: "one", More: []string{"two", "three"}}
		rec := story.Post{Key: modelKey, Channel: "net", Sent: &sent, SentAt: noon, Remote: story.Remote{ID: "1"}}
		rec.Follow(&sent)
		second, _ := rec.Left()
		rec.Claim = &story.Claim{Verb: string(Continue), Draft: second}
		doubt(&rec, "the answer was lost", noon)
		settle(&rec, story.Verdict{Settled: c.settled, URL: c.url}, noon)
		var said [2]string
		for i, x := range rec.Thread {
			said[i] = x.Said
		}
		if _, left := rec.Left(); said != c.said || left != c.left || !rec.Live() || rec.Sent.Text != "one" || rec.Uncertain != "" {
			t.Errorf("%s %s: %+v", c.settled, c.url, rec)
		}
		for range 3 { // it is taken down
			rec.Claim = &story.Claim{Verb: string(Retract)}
			conclude(&rec, Act{Do: Retract}, channel.Outcome{End: channel.Posted}, noon)
			if !rec.Retracted.IsZero() {
				break
			}
		}
		x := story.Dossier{Now: noon, Story: story.Story{Off: "deleted"}, Posts: map[string]story.Versioned[story.Post]{"net": {Doc: rec}}}
		if r := story.Receipts(&x, nil, func(string) story.Rule { return story.Rule{} }); r[0].End != c.receipt {
			t.Errorf("%s %s: the receipt is %+v", c.settled, c.url, r)
		}
	}
}

// What the desk has held or rejected half-way goes on when it is approved again, with the words that were seen, and no post
// of it is made twice. An approval of what comes in its place does not bring the rest along.
func TestThreadStoppedByTheDeskGoesOnWhenItIsApproved(t *testing.T) {
	eachThreaded(t, "required", func(t *testing.T, d *desk) {
		for _, act := range []string{story.Reject, story.Hold} {
			for _, with := range []string{"the same words", "other words for the rest", "a correction"} {
				d := simulated(t, d.account, "required")
				approve := func(k story.Key, change func(*story.Draft)) {
					x, err := d.store.Load(t.Context(), k)
					if err != nil {
						t.Fatal(err)
					}
					shown, _ := x.Shown("net")
					change(&shown)
					d.decide(k, story.Approve, func(dec *story.Decision) { dec.Drafts = map[string]story.Draft{"net": shown} })
				}
				same := func(*story.Draft) {}
				var k story.Key
				d.sim.Fault(sim.Fault{Op: sim.Publish, Skip: 1, Do: sim.Pass, Then: func() { d.decide(k, act, func(*story.Decision) {}) }})
				k = d.reported(report)
				p := d.process(nil)
				d.look(p, k)
				approve(k, same)
				d.look(p, k)
				d.settle(p, time.Hour)
				if got := d.thread(); len(got) != 2 {
					t.Fatalf("%s: %d posts stand, want the two that were out when it was decided: %q", act, len(got), got)
				}
				want := "Farmers"
				switch with {
				case "the same words":
					approve(k, same)
				case "other words for the rest":
					want = "The governor visited the dam and the spillway."
					approve(k, func(x *story.Draft) {
						x.Basis, x.Words, x.Edited, x.More = x.Hash(), x.WordsOf(), []string{"text"}, []string{x.More[0], want}
					})
				case "a correction":
					d.rewritten(strings.ReplaceAll(report, "2.9", "3.1")) // of what is out; the rest holds
					d.look(p, k)
					approve(k, same)
				}
				d.look(p, k)
				d.settle(p, time.Hour)
				if can := p.Channels["net"].Capabilities(); with == "a correction" && !can.Edit {
					for _, post := range d.sim.Posts(d.name) {
						if strings.Contains(post.Text, "Farmers") {
							t.Errorf("%s: %q went out, which nobody approved since", act, post.Text)
						}
					}
				} else if got := d.thread(); len(got) != 3 || !strings.Contains(got[2], want) {
					t.Errorf("%s, %s: %d posts stand: %q", act, with, len(got), got)
				}
				if standing, ever := d.seen(); standing != ever {
					t.Errorf("%s, %s: %d posts stand of %d", act, with, standing, ever)
				}
			}
		}
	})
}
