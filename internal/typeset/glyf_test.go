package typeset

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/go-text/typesetting/font"
	ot "github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"

	"cutline/fonts"
)

// area is what a closed outline covers, and the corners of its control points: contours may begin at any of their points.
func area(segments []ot.Segment) (area float64, box Rect) {
	var start, pen ot.SegmentPoint
	step := func(to ot.SegmentPoint) {
		area += float64(pen.X)*float64(to.Y) - float64(to.X)*float64(pen.Y)
		pen = to
		box = Rect{min(box.X0, float64(to.X)), min(box.Y0, float64(to.Y)), max(box.X1, float64(to.X)), max(box.Y1, float64(to.Y))}
	}
	for _, s := range segments {
		if s.Op == ot.SegmentOpMoveTo {
			step(start)
			start, pen = s.Args[0], s.Args[0]
			continue
		}
		for _, a := range s.ArgsSlice() {
			step(a)
		}
	}
	step(start)
	return area, box
}

// TestOutlinesAlone compares each outline that is read by itself with the library's, which reads all at once.
func TestOutlinesAlone(t *testing.T) {
	compared := 0
	for _, x := range fonts.All() {
		file, err := x.Open()
		if err != nil {
			t.Fatal(err)
		}
		shapes, _, err := openGlyf(file)
		if err != nil {
			t.Fatalf("%s: %v", x.Name, err)
		}
		if shapes == nil {
			t.Logf("%s is left to the library", x.Name)
			continue
		}
		loader, err := ot.NewLoader(file)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := font.NewFont(loader)
		if err != nil {
			t.Fatal(err)
		}
		face := font.NewFace(whole)
		for id := range shapes.count {
			got, err := shapes.segments(font.GID(id))
			if err != nil {
				t.Fatalf("%s: %v", x.Name, err)
			}
			want, ok := face.GlyphDataOutline(tables.GlyphID(id))
			if !ok {
				t.Fatalf("%s: the library has no glyph %d", x.Name, id)
			}
			if !slices.Equal(got, want.Segments) {
				a, abox := area(got)
				b, bbox := area(want.Segments)
				if a != b || abox != bbox {
					t.Fatalf("%s, glyph %d:\n%v\nthe library:\n%v", x.Name, id, got, want.Segments)
				}
			}
			compared++
		}
	}
	if compared < 10_000 {
		t.Errorf("only %d outlines were compared", compared)
	}
}

// FuzzOutline: no font makes reading an outline panic, run on, or take memory for what it merely claims.
func FuzzOutline(f *testing.F) {
	for _, x := range fonts.All() {
		if file, err := x.Open(); err == nil && file.Size() < 60_000 {
			data := make([]byte, file.Size())
			if _, err := io.ReadFull(file, data); err != nil {
				f.Fatal(err)
			}
			for _, at := range []int{0, 12, 300, len(data) / 2} {
				f.Add(data, at, byte(0xff), uint16(40))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, at int, with byte, id uint16) {
		data = bytes.Clone(data)
		if at >= 0 && at < len(data) {
			data[at] = with
		}
		file, err := fonts.Of("fuzz.ttf", data).Open()
		if err != nil {
			t.Fatal(err)
		}
		g, _, err := openGlyf(file)
		if err != nil || g == nil {
			return
		}
		segments, err := g.segments(font.GID(id))
		if err != nil && segments != nil {
			t.Error("an outline and an error")
		}
	})
}
