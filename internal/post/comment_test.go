package post

import (
	"strings"
	"testing"
	"time"

	"cutline/internal/sim"
)

// On a Facebook Page a correction by reply is the Page's own comment, made once whatever becomes of the call, and taken down
// with the post.
func TestCorrectionAsAComment(t *testing.T) {
	t.Setenv("CUTLINE_TEST_TOKEN", testToken)
	for _, do := range []sim.What{sim.Pass, sim.Error, sim.Reset, sim.Limit, sim.Cut} {
		t.Run(string(do), func(t *testing.T) {
			t.Parallel()
			d := simulated(t, account{name: "facebook", yaml: `kind: facebook, account: "102030405060", corrections: reply`}, "auto")
			d.sim.Fault(sim.Fault{Op: sim.Publish, Skip: 1, Do: do})
			k := d.article("1", "the spillway")
			p := d.process(nil)
			d.look(p, k)
			d.publish("1", "the spillway's upper lip")
			d.look(p, k)
			d.settle(p, time.Hour)
			rec, posts := d.record(k), d.sim.Posts(d.name)
			if do == sim.Cut { // it never came there, which Facebook's list does not prove
				if len(posts) != 1 || rec.Uncertain == "" {
					t.Errorf("%d posts, and the desk is told %q", len(posts), rec.Uncertain)
				}
				return
			}
			if len(posts) != 2 || posts[1].ReplyTo != posts[0].ID || !strings.Contains(posts[1].Text, "upper lip") || len(rec.Replies) != 1 {
				t.Fatalf("%+v: %+v", posts, rec)
			}
			d.unpublish(k)
			d.look(p, k)
			d.settle(p, time.Hour)
			if standing, ever := d.seen(); standing != 0 || ever != 2 || d.record(k).Retracted.IsZero() {
				t.Errorf("%d posts stand of %d: %+v", standing, ever, d.record(k))
			}
		})
	}
}

// A link that is to stand in a comment follows the post as a thread does, once.
func TestLinkInAComment(t *testing.T) {
	t.Setenv("CUTLINE_TEST_TOKEN", testToken)
	for _, do := range []sim.What{sim.Pass, sim.Reset, sim.Limit} {
		t.Run(string(do), func(t *testing.T) {
			t.Parallel()
			d := simulated(t, account{name: "facebook", yaml: `kind: facebook, account: "102030405060", embed: image, link_in_reply: true`}, "auto")
			d.sim.Fault(sim.Fault{Op: sim.Publish, Skip: 1, Do: do})
			k := d.article("1", "the spillway")
			p := d.process(nil)
			d.look(p, k)
			d.settle(p, time.Hour)
			got := d.thread()
			if len(got) != 2 || got[1] != "https://news.example/1" || strings.Contains(got[0], "https:") {
				t.Errorf("%q", got)
			}
		})
	}
}

// Facebook reads an article's page before it posts the link. A stop that is pressed meanwhile stops the post.
func TestStopWhileFacebookReadsThePage(t *testing.T) {
	t.Setenv("CUTLINE_TEST_TOKEN", testToken)
	d := simulated(t, account{name: "facebook", yaml: `kind: facebook, account: "102030405060"`}, "auto")
	d.sim.Fault(sim.Fault{Op: sim.Read, Do: sim.Pass, Then: func() { d.pass(3 * time.Second); d.stop("wrong article") }})
	k := d.article("1", "the spillway")
	p := d.process(nil)
	d.look(p, k)
	d.settle(p, time.Hour)
	if _, ever := d.seen(); ever != 0 {
		t.Errorf("%d posts after stop was pressed: %+v", ever, d.record(k))
	}
	d.stop("")
	d.look(p, k)
	d.settle(p, time.Hour)
	if standing, ever := d.seen(); standing != 1 || ever != 1 {
		t.Errorf("%d posts stand of %d: %+v", standing, ever, d.record(k))
	}
}
