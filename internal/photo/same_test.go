package photo

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"cutline/internal/jpeg"
)

// TestSameEverywhere pins what is chosen and drawn, so that a run on another architecture (`GOARCH=arm64 go test -exec
// qemu-aarch64`) shows any difference: the scene, crops for every format, and the pixels of a converted frame.
func TestSameEverywhere(t *testing.T) {
	sum := sha256.New()
	for _, name := range []string{"icc-display-p3.png", "png-rgb8.png", "png-interlaced.png", "orientation-6-png.png", "webp-lossless.webp"} {
		data, _ := picture(t, name)
		p, err := Open(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Prepare(context.Background(), 160, 120); err != nil {
			t.Fatal(err)
		}
		s := survey(p.held.planes)
		s.Faces = []Face{{Rect{.31, .22, .43, .37}, .7}, {Rect{.71, .5, .77, .58}, .31}}
		if p.colour != nil {
			p.colour.convert(p.held.planes)
		}
		for _, plane := range []jpeg.Plane{p.held.planes.Y, p.held.planes.Cb, p.held.planes.Cr} {
			for y := range plane.H {
				sum.Write(plane.Pix[y*plane.Stride:][:plane.W])
			}
		}
		fmt.Fprintln(sum, s, faces(p.held.planes.Y))
		for _, aspect := range []float64{1200. / 630, 1, 9. / 16} {
			fmt.Fprintln(sum, Crop(160, 120, s, nil, Want{Aspect: aspect, Avoid: []Rect{{0, .61, 1, 1}}, Zoom: 1.2}))
		}
	}
	const want = "39376e2ba78e3e2fd53b48dc8db1e1e45dc324a39f7b63f47bcf20f9bf820d90"
	if got := fmt.Sprintf("%x", sum.Sum(nil)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
