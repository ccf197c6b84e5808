package post

import (
	"context"
	"testing"

	"cutline/internal/bucket"
	"cutline/internal/story"
)

// TestALookThatTakesItselfForTheFirst: where a story's card was drawn just now a look does not list its records. It may be
// wrong, and then it finds out: nothing is posted twice, and what is decided and stopped holds.
func TestALookThatTakesItselfForTheFirst(t *testing.T) {
	for _, review := range []string{"auto", "required"} {
		n := open(t, review)
		p := n.worker(0)
		k := n.publish("1", "61 percent")
		justDrawn := func() {
			if _, _, err := n.store.UpdateManifest(t.Context(), k, func(m *story.Manifest) error { m.Drawn = n.clock(); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		lists := func(want int) {
			t.Helper()
			l := &lists{Bucket: p.Store.Bucket}
			own := &story.Store{Bucket: l, Now: p.Store.Now, Random: p.Store.Random}
			looker := &Poster{Store: own, Config: p.Config, Channels: p.Channels, Now: p.Now, Random: p.Random, Log: p.Log}
			n.look(looker, k)
			if l.n != want {
				t.Errorf("%s: %d LIST, want %d", review, l.n, want)
			}
		}
		justDrawn()
		if review == "required" {
			lists(1) // it calls nobody, and what it rests on is read
			n.decide(k, story.Approve)
		}
		lists(map[string]int{"auto": 0, "required": 1}[review]) // approved at once: it finds the proposal where it wants to claim
		for range 3 {
			justDrawn()
			lists(1)
		}
		if got := n.log(k); got != "post" {
			t.Errorf("%s: the log did %q", review, got)
		}
		n.unpublish(k)
		justDrawn()
		lists(1) // and goes on with what it finds
		if got := n.log(k); got != "post retract" {
			t.Errorf("%s: the log did %q", review, got)
		}
	}
}

// lists counts them.
type lists struct {
	bucket.Bucket
	n int
}

func (l *lists) List(ctx context.Context, prefix, after string, max int) ([]bucket.Entry, error) {
	l.n++
	return l.Bucket.List(ctx, prefix, after, max)
}
