package jpeg

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	stdjpeg "image/jpeg"
	"io"
	"math"
	"math/rand"
	"testing"
)

// noise makes planes of random samples with some structure.
func noise(w, h, sub int) *Planes {
	r := rand.New(rand.NewSource(int64(w*h + sub)))
	p := NewPlanes(w, h, sub, sub)
	for _, plane := range []*Plane{&p.Y, &p.Cb, &p.Cr} {
		for y := range plane.H {
			for x := range plane.W {
				plane.Pix[y*plane.Stride+x] = byte(60 + x%97 + y%31 + r.Intn(40))
			}
		}
	}
	return p
}

// reference is the tent filter as its formula says, in floating point.
func reference(s *Plane, x, y int, x0, y0, sx, sy float64) float64 {
	weight := func(j int, c, reach float64) float64 { return max(0, 1-math.Abs(float64(j)-c)/reach) }
	cx, cy, rx, ry := x0+(float64(x)+.5)*sx-.5, y0+(float64(y)+.5)*sy-.5, max(sx, 1), max(sy, 1)
	sum, total := 0.0, 0.0
	for j := int(math.Floor(cy - ry)); j <= int(math.Ceil(cy+ry)); j++ {
		for i := int(math.Floor(cx - rx)); i <= int(math.Ceil(cx+rx)); i++ {
			w := weight(i, cx, rx) * weight(j, cy, ry)
			total += w
			sum += w * float64(s.Pix[min(max(j, 0), s.H-1)*s.Stride+min(max(i, 0), s.W-1)])
		}
	}
	return sum / total
}

func TestResizeIsTheFilterThatItSays(t *testing.T) {
	p := noise(301, 211, 2)
	for _, c := range []struct {
		w, h int
		from Window
		more float64 // where means of four stand in for the samples
	}{{120, 63, Window{0, 0, 301, 211}, 1}, {40, 30, Window{12.5, 7.25, 260.75, 190}, 1}, {400, 300, Window{0, 0, 200, 150}, 0}, {301, 211, Window{0, 0, 301, 211}, 0}, {1, 1, Window{0, 0, 301, 211}, 0}, {243, 100, Window{.3, 9.9, 300, 160}, 0}} {
		q := p.Resize(c.w, c.h, c.from, false)
		sx, sy := (c.from.X1-c.from.X0)/float64(c.w), (c.from.Y1-c.from.Y0)/float64(c.h)
		for y := 0; y < c.h; y += 7 {
			for x := 0; x < c.w; x += 5 {
				if want, got := reference(&p.Y, x, y, c.from.X0, c.from.Y0, sx, sy), float64(q.Y.Pix[y*q.Y.Stride+x]); math.Abs(want-got) > 1.5+c.more {
					t.Fatalf("%v at %d,%d: %v, want %.2f", c, x, y, got, want)
				}
			}
		}
	}
}

func TestEvenPictureStaysEven(t *testing.T) {
	p := NewPlanes(100, 80, 2, 2)
	for i := range p.Y.Pix {
		p.Y.Pix[i] = 255
	}
	q := p.Resize(33, 27, Window{1.3, 2.7, 90.1, 71.9}, false)
	for y := range q.H {
		for x := range q.W {
			if v := q.Y.Pix[y*q.Y.Stride+x]; v != 255 {
				t.Fatalf("%d at %d,%d", v, x, y)
			}
		}
	}
	for y := range q.Cb.H {
		for x := range q.Cb.W {
			if v := q.Cb.Pix[y*q.Cb.Stride+x]; v != 128 {
				t.Fatalf("chroma %d at %d,%d", v, x, y)
			}
		}
	}
}

// rgb is one pixel of planes as a screen shows it.
func rgb(p *Planes, x, y int) [3]int {
	c := p.RGBA().RGBAAt(x, y)
	return [3]int{int(c.R), int(c.G), int(c.B)}
}

func near(a, b [3]int, by int) bool {
	for i := range a {
		if a[i]-b[i] > by || b[i]-a[i] > by {
			return false
		}
	}
	return true
}

func solid(c color.RGBA, w, h int) *Planes {
	p := NewPlanes(w, h, 2, 2)
	y, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
	for i := range p.Y.Pix {
		p.Y.Pix[i] = y
	}
	for i := range p.Cb.Pix {
		p.Cb.Pix[i], p.Cr.Pix[i] = cb, cr
	}
	return p
}

func TestDimDarkensColourToo(t *testing.T) {
	p := solid(color.RGBA{200, 60, 20, 255}, 16, 16)
	keep := make([]uint16, 8)
	for i := range keep {
		keep[i] = Whole / 2
	}
	p.Dim(4, keep)
	if got := rgb(p, 8, 8); !near(got, [3]int{100, 30, 10}, 3) {
		t.Errorf("half of 200,60,20 is %v", got)
	}
	if got := rgb(p, 8, 2); !near(got, [3]int{200, 60, 20}, 3) {
		t.Errorf("a row above became %v", got)
	}
	p.Dim(-2, make([]uint16, 3)) // begins above the picture
	if got := rgb(p, 3, 0); got[0] > 130 {
		t.Errorf("the first row is %v", got)
	}
}

func TestBlendIsWhatDrawingOverWouldBe(t *testing.T) {
	for _, ink := range []color.RGBA{{255, 255, 255, 255}, {128, 128, 128, 128}, {180, 0, 30, 255}, {0, 0, 0, 100}} {
		p := solid(color.RGBA{40, 120, 60, 255}, 32, 32)
		want := p.RGBA()
		over := image.NewRGBA(image.Rect(0, 0, 32, 32))
		draw.Draw(over, image.Rect(7, 5, 21, 19), image.NewUniform(ink), image.Point{}, draw.Src)
		draw.Draw(want, want.Rect, over, image.Point{}, draw.Over)
		p.Blend(over, image.Rect(6, 4, 15, 20), image.Rect(10, 4, 22, 20)) // areas that overlap count once
		for _, at := range []image.Point{{8, 8}, {12, 10}, {18, 17}, {2, 2}, {25, 25}} {
			w := want.RGBAAt(at.X, at.Y)
			if got := rgb(p, at.X, at.Y); !near(got, [3]int{int(w.R), int(w.G), int(w.B)}, 4) {
				t.Errorf("ink %v at %v: %v, want %v", ink, at, got, w)
			}
		}
	}
}

func TestPasteScalesAndKeepsEdgesClean(t *testing.T) {
	logo := image.NewNRGBA(image.Rect(10, 10, 90, 50)) // opaque red, clear to the right; what is clear is white underneath
	for i := range logo.Pix {
		logo.Pix[i] = []byte{255, 0, 0, 255}[i%4]
		if i/4%80 >= 40 {
			logo.Pix[i] = []byte{255, 255, 255, 0}[i%4]
		}
	}
	over := image.NewRGBA(image.Rect(0, 0, 40, 30))
	draw.Draw(over, over.Rect, image.NewUniform(color.RGBA{0, 0, 255, 255}), image.Point{}, draw.Src)
	draw.Draw(over, image.Rect(20, 5, 60, 25), Scaled(logo, 40, 20), image.Point{}, draw.Over) // half of it runs out
	for _, c := range []struct {
		x, y int
		want color.RGBA
	}{{10, 10, color.RGBA{0, 0, 255, 255}}, {25, 10, color.RGBA{255, 0, 0, 255}}, {25, 3, color.RGBA{0, 0, 255, 255}}} {
		if got := over.RGBAAt(c.x, c.y); got != c.want {
			t.Errorf("%d,%d is %v, want %v", c.x, c.y, got, c.want)
		}
	}
	if got := over.RGBAAt(39, 15); got.G > 4 || got.A != 255 { // between both: no white comes through
		t.Errorf("at the edge %v", got)
	}
}

func TestEncodedFilesAreReadBack(t *testing.T) {
	p := solid(color.RGBA{40, 120, 60, 255}, 120, 63)
	segment := []byte{0xff, 0xe1, 0, 6, 't', 'e', 's', 't'}
	var b bytes.Buffer
	if err := Encode(&b, p, EncodeOptions{Quality: 90, Segments: [][]byte{segment}}); err != nil {
		t.Fatal(err)
	}
	m, err := stdjpeg.Decode(bytes.NewReader(b.Bytes()))
	if err != nil || m.Bounds() != image.Rect(0, 0, 120, 63) || !bytes.Contains(b.Bytes(), segment) {
		t.Fatal(m.Bounds(), err)
	}
	r, g, bl, _ := m.At(60, 30).RGBA()
	if got := [3]int{int(r >> 8), int(g >> 8), int(bl >> 8)}; !near(got, [3]int{40, 120, 60}, 4) {
		t.Errorf("%v", got)
	}
	big := noise(800, 600, 2)
	b.Reset()
	if err := Encode(&b, big, EncodeOptions{Quality: 95, MaxBytes: 120_000}); err != nil || b.Len() > 120_000 {
		t.Errorf("%d bytes, %v", b.Len(), err)
	}
}

func BenchmarkResize(b *testing.B) {
	p := noise(1600, 927, 2)
	for b.Loop() {
		p.Resize(1200, 630, Window{0, 0, 1600, 840}, false).Release()
	}
}

func BenchmarkEncode(b *testing.B) {
	p := scene(1200, 630, 2, 2)
	for _, limit := range []int{0, 1 << 20, 100_000} {
		b.Run(fmt.Sprint("limit-", limit), func(b *testing.B) {
			for b.Loop() {
				if err := Encode(io.Discard, p, EncodeOptions{MaxBytes: limit}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestHalf: each sample of the half is the mean of four, and its planes have the sizes that its subsampling asks for.
func TestHalf(t *testing.T) {
	for _, w := range []int{3, 6, 17, 18, 19, 33, 34} {
		for _, sub := range []int{1, 2} {
			p := NewPlanes(w, w+1, sub, sub)
			for k, s := range []*Plane{&p.Y, &p.Cb, &p.Cr} {
				for y := range s.H {
					for x := range s.W {
						s.Pix[y*s.Stride+x] = byte(7*x + 13*y + 50*k)
					}
				}
			}
			q := p.Half()
			if q.W != w/2 || q.H != (w+1)/2 || q.Cb.W != (q.W+sub-1)/sub || q.Cr.H != (q.H+sub-1)/sub {
				t.Fatalf("half of %d×%d is %d×%d with chroma of %d×%d", p.W, p.H, q.W, q.H, q.Cb.W, q.Cr.H)
			}
			for k, d := range []*Plane{&q.Y, &q.Cb, &q.Cr} {
				s := []*Plane{&p.Y, &p.Cb, &p.Cr}[k]
				for y := range d.H {
					for x := range d.W {
						at := func(dx, dy int) int {
							return int(s.Pix[(2*min(y, s.H/2-1)+dy)*s.Stride+2*min(x, s.W/2-1)+dx])
						}
						if want := (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1) + 2) / 4; int(d.Pix[y*d.Stride+x]) != want {
							t.Fatalf("sample %d, %d of plane %d of the half of %d×%d is %d, want %d", x, y, k, p.W, p.H, d.Pix[y*d.Stride+x], want)
						}
					}
				}
			}
		}
	}
}
