package photo

import (
	"context"
	"os"
	"testing"

	"cutline/internal/jpeg"
)

// The parts of a photo's way to a card that this package adds to decoding: run with `go test -bench . ./internal/photo`.

func BenchmarkFaces(b *testing.B) {
	small := small(b)
	for b.Loop() {
		faces(small.Y)
	}
}

func BenchmarkSurvey(b *testing.B) {
	small := small(b)
	for b.Loop() {
		survey(small)
	}
}

func BenchmarkCrop(b *testing.B) {
	small := small(b)
	s := survey(small)
	s.Faces = faces(small.Y)
	for b.Loop() {
		Crop(400, 400, s, nil, Want{Aspect: 1200. / 630, Avoid: []Rect{{0, .6, 1, 1}}, Zoom: 1.2})
	}
}

func BenchmarkDisplayP3(b *testing.B) {
	data, _ := picture(b, "icc-display-p3.jpg")
	p, err := Open(data, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	frame, err := p.Frame(context.Background(), Whole, 1200, 630, false)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p.colour.convert(frame)
	}
}

func BenchmarkOpen(b *testing.B) {
	data, _ := picture(b, "meta-xmp.jpg")
	for b.Loop() {
		if _, err := Open(data, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPNG(b *testing.B) {
	data := noisePNG(1500, 1000)
	for b.Loop() {
		p, err := Open(data, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Prepare(context.Background(), 1200, 630); err != nil {
			b.Fatal(err)
		}
	}
}

// noisePNG is an RGB picture whose rows have every filter.
func noisePNG(w, h int) []byte {
	raw := make([]byte, 0, h*(1+3*w))
	for y := range h {
		raw = append(raw, byte(y%5))
		for x := range 3 * w {
			raw = append(raw, byte(x*y>>8&7))
		}
	}
	return pngOf(header(uint32(w), uint32(h), 8, 2, 0), pngChunk("IDAT", deflated(raw)), pngChunk("IEND", nil))
}

func small(b *testing.B) *jpeg.Planes {
	data, err := os.ReadFile("testdata/astronaut.jpg")
	if err != nil {
		b.Fatal(err)
	}
	p, err := Open(data, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	frame, err := p.Frame(context.Background(), Whole, lookSize, lookSize, false)
	if err != nil {
		b.Fatal(err)
	}
	return frame
}
