package photo

import (
	_ "embed"
	"encoding/binary"
	"slices"

	"cutline/internal/jpeg"
)

//go:embed cascade/frontal.bin
var frontalFace []byte // its form: cascade/make.go

// How faces are looked for. Found by trying 100 faces in sizes of 40 to 240 of 360 samples, some at the very edge, and
// 108 parts of pictures without frontal faces: 82 found and 2 false ones, both of the least confidence. Trying every
// window finds 83 and 4 in eight times the time.
const (
	faceStep   = 1.15 // from one size of window to the next
	leastFace  = 14   // the smallest face is one part in so many of the picture's longer side
	leastHits  = 5    // windows that must agree on a face
	stride     = 4    // samples from one window to the next in the first round, of 24
	fineStage  = 8    // a window that passes so many stages has all its neighbours tried
	surestHits = 40   // windows that make the confidence 1
)

// cascade is a boosted cascade of stumps on multi-block local binary patterns (Liao et al., 2007), all in integers.
type cascade struct {
	w, h   int     // window
	stages []stage // tried in order; a window that fails one is no face
}

type stage struct {
	threshold int32 // the least sum, × 2^16
	trees     []tree
}

// tree compares eight blocks with the one they surround, and looks the eight answers up in a set.
type tree struct {
	x, y, w, h int       // the first of 3 × 3 blocks, in the window
	left       [8]uint32 // set of codes
	yes, no    int32     // value where the code is in the set, or is not; × 2^16
	corners    [16]int   // offsets of the blocks' corners in the integral image of the present size
}

// readCascade reads the embedded form, which is whole: it is our own.
func readCascade(b []byte) *cascade {
	c := &cascade{w: int(b[0]), h: int(b[1]), stages: make([]stage, b[2])}
	b = b[3:]
	for i := range c.stages {
		s := &c.stages[i]
		s.trees = make([]tree, b[0])
		s.threshold = int32(binary.LittleEndian.Uint32(b[1:]))
		b = b[5:]
		for j := range s.trees {
			t := &s.trees[j]
			t.x, t.y, t.w, t.h = int(b[0]), int(b[1]), int(b[2]), int(b[3])
			for k := range t.left {
				t.left[k] = binary.LittleEndian.Uint32(b[4+4*k:])
			}
			t.yes, t.no = int32(binary.LittleEndian.Uint32(b[36:])), int32(binary.LittleEndian.Uint32(b[40:]))
			b = b[44:]
		}
	}
	return c
}

// fit sets the offsets for an integral image of a row length.
func (c *cascade) fit(stride int) {
	for i := range c.stages {
		for j := range c.stages[i].trees {
			t := &c.stages[i].trees[j]
			for k := range t.corners {
				t.corners[k] = (t.y+k/4*t.h)*stride + t.x + k%4*t.w
			}
		}
	}
}

// passes is how many stages the window at an offset of the integral image passes.
func (c *cascade) passes(integral []uint32) int {
	for i := range c.stages {
		s := &c.stages[i]
		var sum int32
		for j := range s.trees {
			t := &s.trees[j]
			if code := t.code(integral); t.left[code>>5]>>(code&31)&1 != 0 {
				sum += t.yes
			} else {
				sum += t.no
			}
		}
		if sum < s.threshold {
			return i
		}
	}
	return len(c.stages)
}

// code is the pattern of the window: a bit for each of the eight outer blocks, clockwise from the top left, that is
// at least as bright as the middle one.
func (t *tree) code(in []uint32) uint32 {
	o := &t.corners
	a0, a1, a2, a3 := in[o[0]], in[o[1]], in[o[2]], in[o[3]]
	b0, b1, b2, b3 := in[o[4]], in[o[5]], in[o[6]], in[o[7]]
	c0, c1, c2, c3 := in[o[8]], in[o[9]], in[o[10]], in[o[11]]
	d0, d1, d2, d3 := in[o[12]], in[o[13]], in[o[14]], in[o[15]]
	mid := b1 - b2 - c1 + c2
	// Sums fit 31 bits, so the sign of a difference answers; it comes out as 1 where the block is darker.
	darker := (a0-a1-b0+b1-mid)>>31<<7 | (a1-a2-b1+b2-mid)>>31<<6 | (a2-a3-b2+b3-mid)>>31<<5 |
		(b2-b3-c2+c3-mid)>>31<<4 | (c2-c3-d2+d3-mid)>>31<<3 | (c1-c2-d1+d2-mid)>>31<<2 |
		(c0-c1-d0+d1-mid)>>31<<1 | (b0-b1-c0+c1-mid)>>31
	return ^darker & 255
}

// hit is a window that passed, in samples of the picture looked at; after grouping, the mean of many.
type hit struct{ x, y, size, count int }

// faces looks for upright frontal faces in the luma of a small picture, at every size from one part in leastFace of
// its longer side. The surest comes first.
func faces(luma jpeg.Plane) []Face {
	c := readCascade(frontalFace)
	var hits []hit
	source := luma // halved as the windows grow
	var integral []uint32
	var tried []bool
	for size := float64(max(luma.W, luma.H)) / leastFace; ; size = float64(size * faceStep) {
		if size < float64(c.w) {
			continue
		}
		w, h := int(float64(luma.W*c.w)/size), int(float64(luma.H*c.h)/size)
		if w < c.w || h < c.h {
			break
		}
		for w*2 <= source.W && h*2 <= source.H {
			source = half(source)
		}
		integral = sums(integral, shrink(source, w, h))
		c.fit(w + 1)
		tried = slices.Grow(tried[:0], w*h)[:w*h]
		clear(tried)
		try := func(x, y int) int {
			if x < 0 || y < 0 || x+c.w > w || y+c.h > h || tried[y*w+x] {
				return 0
			}
			tried[y*w+x] = true
			n := c.passes(integral[y*(w+1)+x:])
			if n == len(c.stages) {
				hits = append(hits, hit{x * luma.W / w, y * luma.H / h, int(size), 1})
			}
			return n
		}
		for y := 0; y+c.h <= h; y += stride {
			for x := 0; x+c.w <= w; x += stride {
				if try(x, y) < fineStage {
					continue
				}
				for dy := 1 - stride; dy < stride; dy++ {
					for dx := 1 - stride; dx < stride; dx++ {
						try(x+dx, y+dy)
					}
				}
			}
		}
	}
	var out []Face
	for _, g := range group(hits) {
		out = append(out, Face{
			Box: Rect{
				float64(g.x) / float64(luma.W), float64(g.y) / float64(luma.H),
				float64(g.x+g.size) / float64(luma.W), float64(g.y+g.size) / float64(luma.H),
			}.within(),
			Confidence: min(1, float64(g.count)/surestHits),
		})
	}
	return out
}

// group joins windows that mean the same face, and keeps the groups that enough windows agree on, the largest
// count first. A group within another, or over half of it, is the same face or none.
func group(hits []hit) []hit {
	groups := make([]hit, 0, 16) // sums; count of each
	for _, h := range hits {
		best := -1
		for i, g := range groups {
			x, y, size := g.x/g.count, g.y/g.count, g.size/g.count
			near := min(size, h.size) / 3
			if abs(x+size/2-h.x-h.size/2) <= near && abs(y+size/2-h.y-h.size/2) <= near && max(size, h.size)*2 <= 3*min(size, h.size) {
				best = i
				break
			}
		}
		if best < 0 {
			groups = append(groups, h)
			continue
		}
		g := &groups[best]
		g.x, g.y, g.size, g.count = g.x+h.x, g.y+h.y, g.size+h.size, g.count+1
	}
	var out []hit
	for _, g := range groups {
		if g.count >= leastHits {
			out = append(out, hit{g.x / g.count, g.y / g.count, g.size / g.count, g.count})
		}
	}
	slices.SortStableFunc(out, func(a, b hit) int { return b.count - a.count })
	kept := out[:0]
	for _, g := range out {
		if !slices.ContainsFunc(kept, func(k hit) bool { return overlaps(k, g) }) {
			kept = append(kept, g)
		}
	}
	return kept
}

// overlaps says whether the two share over a third of the smaller.
func overlaps(a, b hit) bool {
	w := min(a.x+a.size, b.x+b.size) - max(a.x, b.x)
	h := min(a.y+a.size, b.y+b.size) - max(a.y, b.y)
	small := min(a.size, b.size)
	return w > 0 && h > 0 && 3*w*h > small*small
}

func abs(v int) int { return max(v, -v) }

// half makes a plane of half the width and height from the means of 2 × 2 samples; an odd last row or column goes.
func half(p jpeg.Plane) jpeg.Plane {
	w, h := p.W/2, p.H/2
	out := jpeg.Plane{Pix: make([]byte, w*h), Stride: w, W: w, H: h}
	for y := range h {
		a, b := p.Pix[2*y*p.Stride:][:p.W], p.Pix[(2*y+1)*p.Stride:][:p.W]
		for x := range w {
			out.Pix[y*w+x] = byte((uint32(a[2*x]) + uint32(a[2*x+1]) + uint32(b[2*x]) + uint32(b[2*x+1]) + 2) / 4)
		}
	}
	return out
}

// shrink makes a smaller plane, down to half the size, by interpolating between four samples.
func shrink(p jpeg.Plane, w, h int) jpeg.Plane {
	out := jpeg.Plane{Pix: make([]byte, w*h), Stride: w, W: w, H: h}
	across := taps(p.W, w)
	for y, v := range taps(p.H, h) {
		a, b := p.Pix[v.at*p.Stride:][:p.W], p.Pix[v.next*p.Stride:][:p.W]
		row := out.Pix[y*w : (y+1)*w]
		for x, t := range across {
			top := uint32(a[t.at])*(256-t.part) + uint32(a[t.next])*t.part
			bottom := uint32(b[t.at])*(256-t.part) + uint32(b[t.next])*t.part
			row[x] = byte((top*(256-v.part) + bottom*v.part + 1<<15) >> 16)
		}
	}
	return out
}

// tap is where a sample is taken: between two, part of 256 of the way to the next.
type tap struct {
	at, next int
	part     uint32
}

func taps(n, m int) []tap {
	out := make([]tap, m)
	for i := range out {
		at := max(0, (2*i+1)*n*128/m-128) // sample centres on sample centres
		out[i] = tap{at / 256, min(at/256+1, n-1), uint32(at % 256)}
	}
	return out
}

// sums is the integral image: entry (x, y) is the sum of all samples above and left of it; a row and a column more.
func sums(into []uint32, p jpeg.Plane) []uint32 {
	w := p.W + 1
	into = slices.Grow(into[:0], w*(p.H+1))[:w*(p.H+1)]
	clear(into[:w])
	for y := range p.H {
		above, row := into[y*w:(y+1)*w], into[(y+1)*w:(y+2)*w]
		var sum uint32
		row[0] = 0
		for x, v := range p.Pix[y*p.Stride:][:p.W] {
			sum += uint32(v)
			row[x+1] = above[x+1] + sum
		}
	}
	return into
}
