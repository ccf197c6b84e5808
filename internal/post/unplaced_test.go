package post

import (
	"strings"
	"testing"
	"time"

	"cutline/internal/sim"
	"cutline/internal/story"
)

// A post that is out, nobody knows where, is never reported as taken down.
func TestPostThatNobodyKnowsWhereIsTakenDownByHand(t *testing.T) {
	t.Setenv("CUTLINE_TEST_TOKEN", testToken)
	for _, a := range accounts {
		if a.name != "telegram" {
			continue
		}
		d := simulated(t, a, "auto")
		d.sim.Fault(sim.Fault{Op: sim.Publish, Do: sim.Reset})
		k := d.article("1", "the spillway")
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, 10*time.Minute)
		if d.record(k).Uncertain == "" {
			t.Fatalf("the answer was lost, and the record says %+v", d.record(k))
		}
		d.decide(k, story.Settle, func(x *story.Decision) { x.Settled, x.Channels = story.Posted, []string{"net"} })
		d.look(p, k)
		d.unpublish(k)
		d.look(p, k)
		d.settle(p, 10*time.Minute)
		rec := d.record(k)
		if standing, ever := d.seen(); standing != 1 || ever != 1 || d.calls(sim.Delete) != 0 || !rec.Retracted.IsZero() || !strings.Contains(rec.Refused, "by hand") {
			t.Errorf("%d stand of %d, %d deletions: %+v", standing, ever, d.calls(sim.Delete), rec)
		}
	}
}
