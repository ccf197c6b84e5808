package photo

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzDescribe reads anything as a picture: it ends, and what it says is printable and within the limits.
func FuzzDescribe(f *testing.F) {
	for name, e := range expected(f) {
		if data, ok := picture(f, name); ok && len(data) < 8000 && e.Group != "big" {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := Limits{Pixels: 1 << 20, Memory: 16 << 20, Metadata: 1 << 20, Scans: 20}
		i := Describe(data, l)
		if i.Verdict == OK && (i.Width < 1 || i.Height < 1 || i.Width*i.Height > 1<<20 || i.Reason != "") || i.Verdict == Refuse && i.Reason == "" {
			t.Errorf("%+v", i)
		}
		for _, s := range append(i.Creator, i.Credit, i.Caption, i.Copyright, i.Alt, i.UsageTerms, i.Source, i.Profile, i.Detail) {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '\u202e' }) {
				t.Errorf("%q", s)
			}
		}
		if i.Verdict != OK {
			return
		}
		p, err := Open(data, l)
		if err != nil {
			t.Fatal(err)
		}
		frame, err := p.Frame(context.Background(), Rect{.1, .2, .9, .8}, 40, 30, false)
		if err != nil {
			t.Fatal(err)
		}
		if frame.W != 40 || frame.H != 30 {
			t.Errorf("a frame of %d × %d", frame.W, frame.H)
		}
		if _, err := p.Look(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzMetadata reads anything as each of the blocks that a file may carry.
func FuzzMetadata(f *testing.F) {
	for name := range expected(f) {
		data, ok := picture(f, name)
		if !ok || len(data) > 50_000 {
			continue
		}
		if file, refused := scan(data, Limits{}.withDefaults()); refused == nil {
			for _, block := range [][]byte{file.exif, file.iim, file.xmp, file.icc} {
				if len(block) > 0 {
					f.Add(block)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		whole := file{format: formatPNG, w: 10, h: 10, turn: 1, exif: block, iim: block, xmp: block, icc: block}
		i := whole.info(Limits{}.withDefaults())
		if _, err := i.MarshalJSON(); err != nil {
			t.Error(err)
		}
		whole.photoshop(block)
		c, _ := whole.colour()
		if c != nil && !c.gray {
			c.rgb(0, 128, 255)
		}
	})
}
