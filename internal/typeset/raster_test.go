package typeset

import (
	"image"
	"image/color"
	"math"
	"math/rand"
	"testing"
)

// coverage paints white and reads the share of each pixel back.
func coverage(w, h int, draw func(*raster)) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	var r raster
	r.begin(m.Rect)
	draw(&r)
	r.paint(m, color.White)
	return m
}

// Triangles cover each pixel by the area that they share with it.
func TestRasterCoversByArea(t *testing.T) {
	rnd := rand.New(rand.NewSource(3))
	for range 40 {
		var p [3][2]float64
		for i := range p {
			p[i] = [2]float64{rnd.Float64() * 16, rnd.Float64() * 16}
		}
		m := coverage(16, 16, func(r *raster) {
			r.moveTo(p[0][0], p[0][1])
			r.lineTo(p[1][0], p[1][1])
			r.lineTo(p[2][0], p[2][1])
		})
		side := func(a, b [2]float64, x, y float64) bool { return (b[0]-a[0])*(y-a[1])-(b[1]-a[1])*(x-a[0]) > 0 }
		for y := range 16 {
			for x := range 16 {
				in := 0
				for i := range 32 * 32 {
					px, py := float64(x)+(float64(i%32)+.5)/32, float64(y)+(float64(i/32)+.5)/32
					a, b, c := side(p[0], p[1], px, py), side(p[1], p[2], px, py), side(p[2], p[0], px, py)
					if a == b && b == c {
						in++
					}
				}
				if got, want := float64(m.RGBAAt(x, y).A)/255, float64(in)/1024; math.Abs(got-want) > .04 {
					t.Fatalf("%v: %.3f of pixel %d,%d, want %.3f", p, got, x, y, want)
				}
			}
		}
	}
}

// A circle of curves has the area of one; a second one in it adds nothing, one of the other direction takes away.
func TestRasterWinding(t *testing.T) {
	circle := func(r *raster, x, y, radius float64, back bool) {
		k := .5523 * radius
		if back {
			k, radius = -k, -radius
		}
		r.moveTo(x+math.Abs(radius), y)
		a := math.Abs(radius)
		r.cubicTo(x+a, y+k, x+math.Abs(k), y+radius, x, y+radius)
		r.cubicTo(x-math.Abs(k), y+radius, x-a, y+k, x-a, y)
		r.cubicTo(x-a, y-k, x-math.Abs(k), y-radius, x, y-radius)
		r.cubicTo(x+math.Abs(k), y-radius, x+a, y-k, x+a, y)
	}
	area := func(m *image.RGBA) (sum float64) {
		for i := 3; i < len(m.Pix); i += 4 {
			sum += float64(m.Pix[i]) / 255
		}
		return sum
	}
	for name, c := range map[string]struct {
		draw func(*raster)
		want float64
	}{
		"one":      {func(r *raster) { circle(r, 20, 20, 15, false) }, math.Pi * 225},
		"two":      {func(r *raster) { circle(r, 20, 20, 15, false); circle(r, 20, 20, 10, false) }, math.Pi * 225},
		"ring":     {func(r *raster) { circle(r, 20, 20, 15, false); circle(r, 20, 20, 10, true) }, math.Pi * 125},
		"half out": {func(r *raster) { circle(r, 0, 20, 15, false) }, math.Pi * 225 / 2},
		"right":    {func(r *raster) { circle(r, 40, 20, 15, false) }, math.Pi * 225 / 2},
		"none":     {func(*raster) {}, 0},
	} {
		if got := area(coverage(40, 40, c.draw)); math.Abs(got-c.want) > c.want/200+1 {
			t.Errorf("%s: %.1f pixels, want %.1f", name, got, c.want)
		}
	}
}

// What is painted over a colour is the mean of both by coverage.
func TestRasterBlends(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 4, 1))
	for i := range m.Pix {
		m.Pix[i] = []byte{200, 100, 0, 255}[i%4]
	}
	var r raster
	r.begin(m.Rect)
	r.moveTo(.5, 0)
	r.lineTo(2, 0)
	r.lineTo(2, 1)
	r.lineTo(.5, 1)
	r.paint(m, color.RGBA{0, 0, 128, 128}) // half a blue
	for x, want := range []color.RGBA{{150, 75, 64, 255}, {100, 50, 128, 255}, {200, 100, 0, 255}} {
		got := m.RGBAAt(x, 0)
		for i, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G), int(got.B) - int(want.B), int(got.A) - int(want.A)} {
			if d < -1 || d > 1 {
				t.Errorf("pixel %d, channel %d: %v, want %v", x, i, got, want)
			}
		}
	}
}
