package jpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"os"
	"path/filepath"
	"testing"
)

// photo draws a picture with edges, ramps and noise, and encodes it with the standard library.
func photo(t testing.TB, w, h int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	s := uint32(1)
	for i := range m.Pix {
		s = s*1664525 + 1013904223
		x, y := i/4%w, i/4/w
		m.Pix[i] = byte((x*3+y*(i%4))/2&255)/2 + byte((x/9+y/7)&1*60) + byte(s>>27)
	}
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, m, &stdjpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The planes must be those of the standard library's decoder, which rounds its transform a little differently.
func TestDecodeEqualsStandardLibrary(t *testing.T) {
	data := photo(t, 333, 219)
	ref, err := stdjpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	want := ref.(*image.YCbCr)
	for _, crop := range []image.Rectangle{{}, image.Rect(100, 60, 200, 150)} {
		p, shown, err := Decode(context.Background(), data, Options{Crop: crop})
		if err != nil {
			t.Fatal(err)
		}
		if !crop.In(shown) {
			t.Errorf("crop %v: shown %v", crop, shown)
		}
		for y := range p.H {
			for x := range p.W {
				got, exp := int(p.Y.Pix[y*p.Y.Stride+x]), int(want.Y[want.YOffset(shown.Min.X+x, shown.Min.Y+y)])
				if d := got - exp; d < -2 || d > 2 {
					t.Fatalf("crop %v: luma %d,%d is %d, want %d", crop, x, y, got, exp)
				}
			}
		}
	}
}

// A picture cut short anywhere is refused, but for its end marker, and for being cut: also where what is left of a long
// row would take more bytes than are read at a time, and where the last bits begin no code.
func TestTruncation(t *testing.T) {
	progressive, err := os.ReadFile("../../sample/stairs.jpg")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"small": photo(t, 160, 120), "wide": photo(t, 6000, 100), "progressive": progressive} {
		cuts := []int{0, 1, 2, 20, 300, len(data) / 2, len(data) * 95 / 100}
		for i := range 60 {
			cuts = append(cuts, 700+(len(data)-710)*i/60)
		}
		for _, n := range cuts {
			for _, o := range []Options{{}, {MinW: 1}} {
				_, _, err := Decode(context.Background(), data[:n], o)
				var e *Error
				if !errors.As(err, &e) || e.Reason != Truncated && e.Reason != Empty && e.Reason != NotAnImage {
					t.Errorf("%s, %d of %d bytes: %v", name, n, len(data), err)
				}
			}
		}
		if _, _, err := Decode(context.Background(), data[:len(data)-2], Options{}); err != nil {
			t.Errorf("%s without end marker: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(photo(f, 40, 30), 8)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		p, _, err := Decode(context.Background(), data, Options{MinW: n, Limits: Limits{MaxPixels: 1 << 20}})
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatal(err)
		} else if err == nil {
			p.Release()
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, k := range []string{"s-1200x800", "m-3000x2000", "l-6000x4000"} {
		data, err := os.ReadFile(filepath.Join(os.Getenv("PEERS_DIR"), "assets", "photo-"+k+".jpg"))
		if err != nil {
			b.Skip("needs the photos of the peers in PEERS_DIR: ", err)
		}
		h, err := ReadHeader(data, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		vis := h.W * 630 / 1200
		crop := image.Rect(0, (h.H-vis)/2-4, h.W, (h.H+vis)/2+4)
		for _, o := range []Options{{}, {MinW: 1, MinH: 1}, {MinW: 1200, MinH: 630, Crop: crop}} {
			b.Run(fmt.Sprintf("%s/%dx%d", k, o.MinW, o.MinH), func(b *testing.B) {
				for range b.N {
					p, _, err := Decode(context.Background(), data, o)
					if err != nil {
						b.Fatal(err)
					}
					p.Release()
				}
			})
		}
	}
}
