package card

import (
	"image"
	"slices"
	"testing"
)

// TestInkThatOverlapsIsDrawnTogether, in the order in which it was noted; what lies apart has bounds of its own.
func TestInkThatOverlapsIsDrawnTogether(t *testing.T) {
	at := func(x0, y0, x1, y1 int) ink { return ink{area: image.Rect(x0, y0, x1, y1)} }
	got := grouped([]ink{
		at(0, 0, 10, 10),     // 0
		at(100, 0, 110, 10),  // 1: apart
		at(20, 0, 31, 10),    // 2: joined with 0 by 4
		at(31, 20, 40, 30),   // 3: apart, though it would share a sample of chroma across if it lay beside 2
		at(9, 0, 21, 2),      // 4
		at(111, 11, 120, 20), // 5: touches 1 at a corner sample of neither
		at(109, 9, 112, 12),  // 6: joins 1 and 5
	})
	want := []struct {
		bounds image.Rectangle
		inks   []int
	}{
		{image.Rect(0, 0, 32, 10), []int{0, 2, 4}},
		{image.Rect(100, 0, 120, 20), []int{1, 5, 6}},
		{image.Rect(30, 20, 40, 30), []int{3}},
	}
	if len(got) != len(want) {
		t.Fatalf("%d groups, want %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		if got[i].bounds != w.bounds || !slices.Equal(got[i].inks, w.inks) {
			t.Errorf("group %d is %v, want %v", i, got[i], w)
		}
	}
}
