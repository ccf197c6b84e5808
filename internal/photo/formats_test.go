package photo

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"math/rand"
	"testing"

	"cutline/internal/jpeg"
)

// rawPNG makes a PNG of noise: every colour type and depth, every filter, plain or Adam7.
func rawPNG(r *rand.Rand, w, h int, depth, kind byte, interlaced, keyed bool) []byte {
	var raw []byte
	add := func(w, h int) {
		bits := channels[kind] * int(depth)
		for range h {
			if w == 0 {
				return
			}
			raw = append(raw, byte(r.Intn(5)))
			for range (w*bits + 7) / 8 {
				raw = append(raw, byte(r.Intn(256)))
			}
		}
	}
	if interlaced {
		for _, p := range passes {
			add(max(0, (w-p[0]+p[2]-1)/p[2]), max(0, (h-p[1]+p[3]-1)/p[3]))
		}
	} else {
		add(w, h)
	}
	flag := byte(0)
	if interlaced {
		flag = 1
	}
	parts := [][]byte{header(uint32(w), uint32(h), depth, kind, flag)}
	if kind == 3 {
		palette := make([]byte, 3<<depth)
		r.Read(palette)
		parts = append(parts, pngChunk("PLTE", palette))
	}
	if keyed {
		key := make([]byte, 2*channels[kind])
		for i := 1; i < len(key); i += 2 {
			key[i] = byte(r.Intn(1 << min(depth, 4)))
		}
		parts = append(parts, pngChunk("tRNS", key))
	}
	parts = append(parts, pngChunk("IDAT", deflated(raw)[:10]), nil, pngChunk("IEND", nil))
	parts[len(parts)-2] = pngChunk("IDAT", deflated(raw)[10:]) // two chunks, parted anywhere
	return pngOf(parts...)
}

// TestEveryPNGEqualsTheStandardLibrary compares all kinds with image/png, laid over white.
func TestEveryPNGEqualsTheStandardLibrary(t *testing.T) {
	r := rand.New(rand.NewSource(7))
	for kind, allowed := range depths {
		for _, d := range allowed {
			depth := byte(d - '0')
			for i := range 12 {
				w, h := 1+r.Intn(37), 1+r.Intn(29)
				interlaced, keyed := i%2 == 1, i%3 == 2 && kind != 4 && kind != 6
				data := rawPNG(r, w, h, depth, byte(kind), interlaced, keyed)
				name := fmt.Sprintf("type %d, %d bits, %d × %d, interlaced %v, tRNS %v", kind, depth, w, h, interlaced, keyed)
				want, err := png.Decode(bytes.NewReader(data))
				if err != nil {
					t.Fatalf("%s: the library: %v", name, err)
				}
				p, err := Open(data, Limits{})
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if err := p.Prepare(context.Background(), w, h); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if x, y, ok := sameLuma(p.held.planes, want); !ok {
					t.Errorf("%s: differs at %d, %d", name, x, y)
				}
			}
		}
	}
}

// sameLuma compares planes with a picture over white.
func sameLuma(p *jpeg.Planes, m image.Image) (x, y int, ok bool) {
	for y := range p.H {
		for x := range p.W {
			c := color.NRGBAModel.Convert(m.At(m.Bounds().Min.X+x, m.Bounds().Min.Y+y)).(color.NRGBA)
			over := func(v uint8) int32 { return (int32(v)*int32(c.A) + 255*(255-int32(c.A)) + 127) / 255 }
			if d := int(p.Y.Pix[y*p.Y.Stride+x]) - int(luma(over(c.R), over(c.G), over(c.B))); abs(d) > 1 {
				return x, y, false
			}
		}
	}
	return 0, 0, true
}

// TestRowsAreReducedByTheirMeans gives pictures of any size to rows and compares with plain sums.
func TestRowsAreReducedByTheirMeans(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	for range 60 {
		w, h := 1+r.Intn(90), 1+r.Intn(90)
		minW := 1 + r.Intn(w)
		minH := 1 + r.Intn(h)
		pix := make([]byte, 4*w*h)
		r.Read(pix)
		for i := 3; i < len(pix); i += 4 {
			pix[i] = 255
		}
		rows := newRows(w, h, minW, minH, false)
		for y := range h {
			rows.rgba(pix[4*w*y : 4*w*(y+1)])
		}
		p := rows.close()
		f := rows.factor
		if p.W < minW || p.H < minH || p.W != (w+f-1)/f || p.H != (h+f-1)/f {
			t.Fatalf("%d × %d, at least %d × %d: %d × %d", w, h, minW, minH, p.W, p.H)
		}
		for y := range p.H {
			for x := range p.W {
				var sum [3]int
				n := 0
				for j := y * f; j < min(h, (y+1)*f); j++ {
					for i := x * f; i < min(w, (x+1)*f); i++ {
						for c := range sum {
							sum[c] += int(pix[4*(j*w+i)+c])
						}
						n++
					}
				}
				want := luma(int32((sum[0]+n/2)/n), int32((sum[1]+n/2)/n), int32((sum[2]+n/2)/n))
				if got := p.Y.Pix[y*p.Y.Stride+x]; got != want {
					t.Fatalf("%d × %d by %d at %d, %d: %d, want %d", w, h, f, x, y, got, want)
				}
			}
		}
	}
}

func TestGIFFrameSmallerThanItsCanvas(t *testing.T) {
	m := image.NewPaletted(image.Rect(10, 20, 30, 40), color.Palette{color.Black, color.Transparent})
	m.SetColorIndex(12, 22, 1)
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{m}, Delay: []int{0}, Config: image.Config{ColorModel: m.Palette, Width: 50, Height: 60}}); err != nil {
		t.Fatal(err)
	}
	p, err := Open(b.Bytes(), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Info().Width != 50 || p.Info().Height != 60 {
		t.Errorf("%+v", p.Info())
	}
	if err := p.Prepare(context.Background(), 50, 60); err != nil {
		t.Fatal(err)
	}
	y := p.held.planes.Y
	for at, want := range map[[2]int]byte{{0, 0}: 255, {11, 21}: 0, {12, 22}: 255, {29, 39}: 0, {30, 40}: 255, {49, 59}: 255} {
		if got := y.Pix[at[1]*y.Stride+at[0]]; got != want {
			t.Errorf("%v: %d, want %d", at, got, want)
		}
	}
	for n := range b.Len() {
		if i := Describe(b.Bytes()[:n], Limits{}); n > 12 && n < b.Len()-2 && i.Reason != Truncated {
			t.Errorf("cut to %d of %d: %s %s (%s)", n, b.Len(), i.Verdict, i.Reason, i.Detail)
		}
	}
}

// TestWebPFrameOnItsCanvas puts the picture of a still file into an animation, off the corner of a larger canvas.
func TestWebPFrameOnItsCanvas(t *testing.T) {
	for _, name := range []string{"webp-lossy.webp", "webp-lossless.webp", "webp-alpha.webp"} {
		still, _ := picture(t, name)
		f, refused := scan(still, Limits{}.withDefaults())
		if refused != nil {
			t.Fatal(refused)
		}
		u24 := func(v int) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16)} }
		riff := func(kind string, body ...[]byte) []byte {
			b := bytes.Join(body, nil)
			out := append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(b))), b...)
			return append(out, make([]byte, len(b)&1)...)
		}
		frame := riff("ANMF", u24(20), u24(10), u24(159), u24(119), u24(100), []byte{0}, f.webp.picture)
		data := riff("RIFF", []byte("WEBP"), riff("VP8X", []byte{0x12, 0, 0, 0}, u24(299), u24(199)), riff("ANIM", make([]byte, 6)), frame, frame)
		i := Describe(data, Limits{})
		if i.Verdict != OK || i.Width != 300 || i.Height != 200 {
			t.Fatalf("%s: %+v", name, i)
		}
		p, err := Open(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		shown, err := p.Frame(context.Background(), Whole, 300, 200, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := mean(shown, 20, 10); got != [3]int{255, 255, 255} {
			t.Errorf("%s: the bare canvas is %v", name, got)
		}
		if got := mean(shown, 40+16, 20+12); abs(got[0]-205) > 16 || abs(got[1]-45) > 16 || abs(got[2]-50) > 16 {
			t.Errorf("%s: the red corner is %v", name, got)
		}
	}
}

// TestOrientationsShowTheSameCrop draws a corner of each of the eight.
func TestOrientationsShowTheSameCrop(t *testing.T) {
	for o := 1; o <= 8; o++ {
		data, _ := picture(t, fmt.Sprintf("orientation-%d.jpg", o))
		p, err := Open(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for corner, want := range map[Rect][3]int{{0, 0, .2, .2}: {205, 45, 50}, {.8, 0, 1, .2}: {45, 150, 80}, {0, .8, .2, 1}: {50, 75, 190}, {.8, .8, 1, 1}: {232, 196, 48}} {
			f, err := p.Frame(context.Background(), corner, 64, 48, false)
			if err != nil {
				t.Fatal(err)
			}
			got := mean(f, 32, 24)
			for i := range got {
				if f.W != 64 || f.H != 48 || abs(got[i]-want[i]) > 9 {
					t.Errorf("orientation %d, corner %v: %v, want %v", o, corner, got, want)
					break
				}
			}
		}
	}
}

// TestPreparedOnceForAllFormats makes every format from one decoding, and decodes again only for more detail.
func TestPreparedOnceForAllFormats(t *testing.T) {
	data, ok := picture(t, "news-sunset.jpg")
	if !ok {
		t.Skip("the large photos are not here")
	}
	p, err := Open(data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	ctx := context.Background()
	if err := p.Prepare(ctx, 1600, 630); err != nil {
		t.Fatal(err)
	}
	held := p.held
	s, err := p.Look(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range [][2]int{{1200, 630}, {1600, 900}, {800, 800}} {
		c := Crop(p.Info().Width, p.Info().Height, s, nil, Want{Aspect: float64(size[0]) / float64(size[1])})
		f, err := p.Frame(ctx, c.Rect, size[0], size[1], false)
		if err != nil {
			t.Fatal(err)
		}
		if f.W != size[0] || f.H != size[1] || p.held != held {
			t.Errorf("%v: %d × %d, decoded again %v", size, f.W, f.H, p.held != held)
		}
		f.Release()
	}
	if _, err := p.Frame(ctx, Rect{.4, .4, .6, .6}, 1200, 630, false); err != nil || p.held == held && held.scale < 1 {
		t.Errorf("a close crop: %v, decoded again %v", err, p.held != held)
	}
	for name, bad := range map[string]Rect{"nothing": {.5, .5, .5, .5}, "outside": {2, 2, 3, 3}, "turned": {.6, .6, .4, .4}} {
		if _, err := p.Frame(ctx, bad, 10, 10, false); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
