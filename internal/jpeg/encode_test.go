package jpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"math"
	"math/rand"
	"testing"
)

// scene makes planes of ramps, edges and a little noise, as photos have them.
func scene(w, h, subX, subY int) *Planes {
	r := rand.New(rand.NewSource(7))
	p := NewPlanes(w, h, subX, subY)
	for i, plane := range []*Plane{&p.Y, &p.Cb, &p.Cr} {
		for y := range plane.H {
			for x := range plane.W {
				fx, fy := float64(x)/float64(plane.W), float64(y)/float64(plane.H)
				v := 128 + 90*math.Sin(7*fx+float64(i))*math.Cos(5*fy) + 6*r.NormFloat64()
				if (x/37+y/29)%5 == 0 && i == 0 {
					v -= 60
				}
				plane.Pix[y*plane.Stride+x] = byte(max(0, min(255, v)))
			}
		}
	}
	return p
}

// loss is the peak signal to noise ratio of plane b against a, in dB.
func loss(a, b *Plane) float64 {
	var sum float64
	for y := range a.H {
		for x := range a.W {
			d := float64(a.Pix[y*a.Stride+x]) - float64(b.Pix[y*b.Stride+x])
			sum += d * d
		}
	}
	return 10 * math.Log10(255*255/max(1e-9, sum/float64(a.W*a.H)))
}

func encoded(t *testing.T, p *Planes, o EncodeOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, p, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is written is read back, by our decoder and the standard library's, in every subsampling and where blocks reach
// past the edge.
func TestRoundTrip(t *testing.T) {
	for _, sub := range [][2]int{{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {0, 0}} {
		for _, size := range [][2]int{{1, 1}, {7, 5}, {8, 8}, {16, 16}, {17, 31}, {200, 131}} {
			t.Run(fmt.Sprintf("%dx%d/%dx%d", sub[0], sub[1], size[0], size[1]), func(t *testing.T) {
				p := scene(size[0], size[1], max(1, sub[0]), max(1, sub[1]))
				if sub[0] == 0 {
					p.Cb, p.Cr = Plane{}, Plane{}
				}
				data := encoded(t, p, EncodeOptions{Quality: 95})
				q, _, err := Decode(context.Background(), data, Options{})
				if err != nil {
					t.Fatal(err)
				}
				if q.W != p.W || q.H != p.H || q.Cb.W != p.Cb.W || q.Cb.H != p.Cb.H {
					t.Fatalf("%d×%d with chroma %d×%d became %d×%d with %d×%d", p.W, p.H, p.Cb.W, p.Cb.H, q.W, q.H, q.Cb.W, q.Cb.H)
				}
				for i, plane := range []*Plane{&p.Y, &p.Cb, &p.Cr} {
					if plane.W > 0 {
						if db := loss(plane, []*Plane{&q.Y, &q.Cb, &q.Cr}[i]); db < 34 {
							t.Errorf("channel %d: %.1f dB", i, db)
						}
					}
				}
				m, err := stdjpeg.Decode(bytes.NewReader(data))
				if err != nil || m.Bounds() != image.Rect(0, 0, p.W, p.H) {
					t.Error(m, err)
				}
			})
		}
	}
}

// At every quality the file is no larger than the standard library's, and the picture no worse.
func TestNoWorseThanStandardLibrary(t *testing.T) {
	p := scene(480, 320, 2, 2)
	m := &image.YCbCr{Y: p.Y.Pix, Cb: p.Cb.Pix, Cr: p.Cr.Pix, YStride: p.Y.Stride, CStride: p.Cb.Stride, SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, p.W, p.H)}
	for _, quality := range []int{1, 10, 50, 75, 85, 95, 100} {
		var theirs bytes.Buffer
		if err := stdjpeg.Encode(&theirs, m, &stdjpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		ours := encoded(t, p, EncodeOptions{Quality: quality})
		if len(ours) > theirs.Len() {
			t.Errorf("quality %d: %d bytes, theirs %d", quality, len(ours), theirs.Len())
		}
		a, _, err := Decode(context.Background(), ours, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, _, err := Decode(context.Background(), theirs.Bytes(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i, plane := range []*Plane{&p.Y, &p.Cb, &p.Cr} {
			x, y := loss(plane, []*Plane{&a.Y, &a.Cb, &a.Cr}[i]), loss(plane, []*Plane{&b.Y, &b.Cb, &b.Cr}[i])
			if x < y-.05 {
				t.Errorf("quality %d, channel %d: %.2f dB, theirs %.2f", quality, i, x, y)
			}
		}
	}
}

// A file never has more bytes than it may, uses them, and says so where it cannot.
func TestMaxBytes(t *testing.T) {
	p := noise(640, 480, 2)
	full := len(encoded(t, p, EncodeOptions{Quality: 90}))
	for part := 2; part <= 40; part++ {
		limit := full * part / 40
		var b bytes.Buffer
		err := Encode(&b, p, EncodeOptions{Quality: 90, MaxBytes: limit})
		switch {
		case errors.Is(err, ErrTooLarge):
			if part > 12 {
				t.Errorf("%d of %d bytes: %v", limit, full, err)
			}
		case err != nil:
			t.Fatal(err)
		case b.Len() > limit, b.Len() < limit*85/100:
			t.Errorf("%d bytes where %d may be", b.Len(), limit)
		}
	}
}

// The same planes give the same bytes, whatever an earlier picture has left in the pools.
func TestSameBytes(t *testing.T) {
	p := scene(300, 200, 2, 2)
	want := encoded(t, p, EncodeOptions{MaxBytes: 20_000})
	encoded(t, noise(500, 300, 1), EncodeOptions{Quality: 100})
	if got := encoded(t, p, EncodeOptions{MaxBytes: 20_000}); !bytes.Equal(got, want) {
		t.Error("other bytes the second time")
	}
}

func TestEncodeRefusesWhatJPEGCannotHold(t *testing.T) {
	for _, p := range []*Planes{{}, {W: 70000, H: 1, SubX: 1, SubY: 1}, NewPlanes(16, 16, 4, 4)} {
		if err := Encode(&bytes.Buffer{}, p, EncodeOptions{}); err == nil {
			t.Errorf("%d×%d, %d×%d was written", p.W, p.H, p.SubX, p.SubY)
		}
	}
}

// Transforming forward and back gives the samples again, for the hardest blocks too.
func TestForwardIsTheInverseOfInverse(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for n := range 3000 {
		var in, out [64]byte
		for i := range in {
			switch n % 3 {
			case 0:
				in[i] = byte(r.Intn(256))
			case 1:
				in[i] = byte(r.Intn(2) * 255)
			case 2: // the signs of a basis function
				in[i] = byte(255 * (((i&7)*2+1)*(n/3&7)/16 + ((i>>3)*2+1)*(n/24&7)/16&1))
			}
		}
		var c coefficients
		forward(in[:], 8, &c)
		var b block
		for k, at := range zigzag {
			v := int64(int(c[laidAt[k]])|int(c[laidAt[k]+1])<<8) - raise
			if k == 0 {
				v -= raise
			}
			b[at>>3*4+at&7/2] += (v + 8) >> 4 << (at & 1 * 32)
		}
		idct8(&b, out[:], 8)
		for i := range in {
			if d := int(in[i]) - int(out[i]); d < -2 || d > 2 {
				t.Fatalf("block %d: sample %d is %d, was %d", n, i, out[i], in[i])
			}
		}
	}
}

// No code is longer than 16 bits, none is all ones, and frequent symbols are not longer than rare ones.
func TestBestCodes(t *testing.T) {
	fibonacci := make([]uint32, 256) // the deepest of all trees
	a, b := uint32(1), uint32(1)
	for i := range 40 {
		fibonacci[i] = a
		a, b = b, a+b
	}
	even := make([]uint32, 256)
	for i := range even {
		even[i] = 5
	}
	for name, freq := range map[string][]uint32{"fibonacci": fibonacci, "even": even, "one": append([]uint32{3}, make([]uint32, 255)...), "none": make([]uint32, 256)} {
		table := bestCodes(freq)
		room, n := 0, 0
		for l, c := range table.counts {
			room += int(c) << (15 - l)
			n += int(c)
		}
		if room >= 1<<16 {
			t.Errorf("%s: no room for the code of all ones", name)
		}
		if n != len(table.symbols) {
			t.Errorf("%s: %d codes for %d symbols", name, n, len(table.symbols))
		}
		for i := 1; i < n; i++ {
			if freq[table.symbols[i]] > freq[table.symbols[i-1]] {
				t.Errorf("%s: symbol %d has a longer code than %d, which is rarer", name, table.symbols[i], table.symbols[i-1])
			}
		}
		var h huffman
		if _, err := h.parse(append(table.counts[:], table.symbols...), false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzEncode makes pictures of any bytes: what is written reads back near what it was, and the standard library's decoder and ours
// read the same luma but for rounding.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("\x00\xff\x10\xf0 some samples"), uint8(17), uint8(9), uint8(2), uint8(90))
	f.Fuzz(func(t *testing.T, samples []byte, w, h, sub, quality uint8) {
		if len(samples) == 0 || w == 0 || h == 0 {
			return
		}
		p := NewPlanes(int(w), int(h), int(sub&1)+1, int(sub>>1&1)+1)
		for _, plane := range []*Plane{&p.Y, &p.Cb, &p.Cr} {
			for i := range plane.Pix {
				plane.Pix[i] = samples[(i*7+i/13)%len(samples)]
			}
		}
		data := encoded(t, p, EncodeOptions{Quality: int(quality)})
		q, _, err := Decode(context.Background(), data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if quality >= 100 && loss(&p.Y, &q.Y) < 45 {
			t.Errorf("%.1f dB at quality 100", loss(&p.Y, &q.Y))
		}
		m, err := stdjpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		theirs := m.(*image.YCbCr)
		for y := range q.H {
			for x, v := range q.Y.row(y) {
				if d := int(v) - int(theirs.Y[theirs.YOffset(x, y)]); d < -2 || d > 2 {
					t.Fatalf("luma %d,%d is %d, theirs %d", x, y, v, int(v)-d)
				}
			}
		}
		p.Release()
		q.Release()
	})
}

func BenchmarkForward(b *testing.B) {
	p := scene(1200, 640, 2, 2)
	var c coefficients
	for b.Loop() {
		for y := 0; y < p.H; y += 8 {
			for x := 0; x < p.W; x += 8 {
				forward(p.Y.Pix[y*p.Y.Stride+x:], p.Y.Stride, &c)
			}
		}
	}
}
