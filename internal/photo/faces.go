package photo

import (
	_ "embed"
	"encoding/binary"
	"slices"
	"sync"

	"cutline/internal/jpeg"
)

//go:embed cascade/frontal.bin
var frontalFace []byte // its form: cascade/make.go

// How faces are looked for: a coarse round over the whole picture finds places, a dense one around each counts the
// windows that agree. With 17 of them, of 100 portraits in sizes of 40 to 238 of 320 samples, some running out of the picture, 82 are
// found; of 209 parts of photos without a frontal face none is taken for one.
const (
	leastFace = 13  // the smallest face is one part in so many of the picture's longer side
	step      = 130 // hundredths, from one size of window to the next in the coarse round
	stride    = 4   // samples from one window to the next in the coarse round, of 24
	fineStage = 8   // a coarse window that passes so many stages has all its neighbours tried
	leastHits = 21  // dense windows that must agree on a face; up to 19 have taken part of a spacesuit for one
	sureHits  = 80  // dense windows that make the confidence 1
)

// cascade is a boosted cascade of stumps on multi-block local binary patterns (Liao et al., 2007), all in integers.
type cascade struct {
	w, h   int     // window
	stages []stage // tried in order; a window that fails one is no face
}

type stage []tree // in order; see tree.least

// tree compares eight blocks with the one they surround, and looks the eight answers up in a set.
type tree struct {
	corners    [16]uint16 // offsets of the blocks' corners in the integral image of the present size; narrow, for the cache
	left       [8]uint32  // set of codes
	no, more   int32      // value where the code is not in the set, and what is added where it is; × 2^16
	least      int32      // what the stage must have come to with this tree, that those after it can bring it to its threshold; × 2^16
	x, y, w, h uint8      // the first of 3 × 3 blocks, in the window
}

// readCascade reads the embedded form, which is whole: it is our own.
func readCascade(b []byte) *cascade {
	c := &cascade{w: int(b[0]), h: int(b[1]), stages: make([]stage, b[2])}
	b = b[3:]
	for i := range c.stages {
		s := make(stage, b[0])
		c.stages[i] = s
		least := int32(binary.LittleEndian.Uint32(b[1:])) // the stage's threshold: the least sum, × 2^16
		b = b[5:]
		for j := range s {
			t := &s[j]
			t.x, t.y, t.w, t.h = b[0], b[1], b[2], b[3]
			for k := range t.left {
				t.left[k] = binary.LittleEndian.Uint32(b[4+4*k:])
			}
			t.no = int32(binary.LittleEndian.Uint32(b[40:]))
			t.more = int32(binary.LittleEndian.Uint32(b[36:])) - t.no
			b = b[44:]
		}
		for j := len(s) - 1; j >= 0; j-- {
			t := &s[j]
			t.least = least
			least -= max(t.no, t.no+t.more)
		}
	}
	return c
}

// fit sets the offsets for an integral image of a row length.
func (c *cascade) fit(stride int) {
	for i := range c.stages {
		for j := range c.stages[i] {
			t := &c.stages[i][j]
			for k := range t.corners {
				t.corners[k] = uint16((int(t.y)+k/4*int(t.h))*stride + int(t.x) + k%4*int(t.w))
			}
		}
	}
}

// passes is how many stages the window at an offset of the integral image passes.
func (c *cascade) passes(integral *[1 << 16]uint32) int {
	for i := range c.stages {
		s := c.stages[i]
		var sum int32
		for j := range s {
			t := &s[j]
			code := t.code(integral)
			sum += t.no + t.more*int32(t.left[code>>5&7]>>(code&31)&1) // no branch: it could not be foreseen
			if sum < t.least {
				return i
			}
		}
	}
	return len(c.stages)
}

// code is the pattern of the window: a bit for each of the eight outer blocks, clockwise from the top left, that is
// at least as bright as the middle one.
func (t *tree) code(in *[1 << 16]uint32) uint32 {
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

// hit is a window that passed, in samples of the picture looked at; after grouping, the mean of count of them.
type hit struct{ x, y, size, count int }

// faces looks for upright frontal faces in the luma of a small picture. The surest comes first.
func faces(luma jpeg.Plane) []Face {
	work := scratches.Get().(*scratch)
	defer scratches.Put(work)
	c := work.cascade
	var hits []hit
	source := luma // halved as the windows grow
	for size := 100 * max(c.w, max(luma.W, luma.H)/leastFace); ; size = size * step / 100 {
		w, h := luma.W*c.w*100/size, luma.H*c.h*100/size
		if w < c.w || h < c.h {
			break
		}
		for w*2 <= source.W && h*2 <= source.H {
			source = half(source)
		}
		level := work.level(c, source, w, h)
		level.coarse(func(x, y int) { hits = append(hits, hit{x * luma.W / w, y * luma.H / h, size / 100, 1}) })
	}
	var sure []hit
	for _, g := range group(hits) {
		if g = dense(c, work, luma, g); g.count >= leastHits {
			sure = append(sure, g)
		}
	}
	var out []Face
	for _, g := range apart(sure) {
		w, h := float64(luma.W), float64(luma.H)
		box := Rect{float64(g.x) / w, float64(g.y) / h, float64(g.x+g.size) / w, float64(g.y+g.size) / h}.within()
		out = append(out, Face{box, min(1, float64(g.count)/sureHits)})
	}
	return out
}

// dense tries every window about a place, in sizes a twentieth apart, and returns their mean and number.
func dense(c *cascade, work *scratch, luma jpeg.Plane, g hit) hit {
	x0, y0 := max(0, g.x-g.size/2), max(0, g.y-g.size/2)
	x1, y1 := min(luma.W, g.x+g.size*3/2), min(luma.H, g.y+g.size*3/2)
	part := jpeg.Plane{Pix: luma.Pix[y0*luma.Stride+x0:], Stride: luma.Stride, W: x1 - x0, H: y1 - y0}
	var sum hit
	for percent := 82; percent <= 122; percent += 4 {
		size := g.size * percent / 100
		if size < c.w {
			continue
		}
		w, h := part.W*c.w/size, part.H*c.h/size
		source := part
		for w*2 <= source.W && h*2 <= source.H {
			source = half(source)
		}
		level := work.level(c, source, w, h)
		for y := 0; y+c.h <= h; y++ {
			for x := 0; x+c.w <= w; x++ {
				at := hit{x0 + x*part.W/w, y0 + y*part.H/h, size, 1}
				if near(at, g, 4) && level.try(x, y) == len(c.stages) {
					sum = hit{sum.x + at.x, sum.y + at.y, sum.size + size, sum.count + 1}
				}
			}
		}
	}
	if sum.count == 0 {
		return hit{}
	}
	return hit{sum.x / sum.count, sum.y / sum.count, sum.size / sum.count, sum.count}
}

// near says whether the middles of two windows are within a part of the second's size.
func near(a, b hit, part int) bool {
	reach := b.size / part
	return abs(a.x+a.size/2-b.x-b.size/2) <= reach && abs(a.y+a.size/2-b.y-b.size/2) <= reach
}

// level is the picture in the size in which a face is as large as the cascade's window.
type level struct {
	c        *cascade
	w, h     int
	integral []uint32 // (w+1) × (h+1), and room for 1<<16 more without meaning
	tried    []bool   // windows by their top left corner
}

// scratch is the memory of one level after the other, and a cascade, which is fitted to each.
type scratch struct {
	cascade  *cascade
	small    []byte
	across   []tap
	down     []tap
	integral []uint32
	tried    []bool
}

// scratches keeps the memory from photo to photo; it holds no state.
var scratches = sync.Pool{New: func() any { return &scratch{cascade: readCascade(frontalFace)} }}

func (s *scratch) level(c *cascade, source jpeg.Plane, w, h int) level {
	// Behind the integral image there is as much room as a corner's offset can name, so that none need be checked.
	s.integral = slices.Grow(s.integral[:0], (w+1)*(h+1)+1<<16)
	s.integral = sums(s.integral, s.shrink(source, w, h))
	s.tried = slices.Grow(s.tried[:0], w*h)[:w*h]
	clear(s.tried)
	c.fit(w + 1)
	return level{c, w, h, s.integral[:len(s.integral)+1<<16], s.tried}
}

// try is how many stages a window passes; none where it was tried before or leaves the picture.
func (l *level) try(x, y int) int {
	if x < 0 || y < 0 || x+l.c.w > l.w || y+l.c.h > l.h || l.tried[y*l.w+x] {
		return 0
	}
	l.tried[y*l.w+x] = true
	return l.c.passes((*[1 << 16]uint32)(l.integral[y*(l.w+1)+x:]))
}

// coarse tries windows a stride apart, and all between them where one passes a good many stages.
func (l *level) coarse(found func(x, y int)) {
	for y := 0; y+l.c.h <= l.h; y += stride {
		for x := 0; x+l.c.w <= l.w; x += stride {
			n := l.try(x, y)
			if n == len(l.c.stages) {
				found(x, y)
			}
			if n < fineStage {
				continue
			}
			for dy := 1 - stride; dy < stride; dy++ {
				for dx := 1 - stride; dx < stride; dx++ {
					if l.try(x+dx, y+dy) == len(l.c.stages) {
						found(x+dx, y+dy)
					}
				}
			}
		}
	}
}

// group joins windows that mean the same face into their means.
func group(hits []hit) []hit {
	var sums []hit
	for _, h := range hits {
		i := slices.IndexFunc(sums, func(s hit) bool {
			mean := hit{s.x / s.count, s.y / s.count, s.size / s.count, s.count}
			return near(h, mean, 3) && 2*max(h.size, mean.size) <= 3*min(h.size, mean.size)
		})
		if i < 0 {
			sums = append(sums, h)
			continue
		}
		s := &sums[i]
		*s = hit{s.x + h.x, s.y + h.y, s.size + h.size, s.count + 1}
	}
	for i, s := range sums {
		sums[i] = hit{s.x / s.count, s.y / s.count, s.size / s.count, s.count}
	}
	return sums
}

// apart sorts faces by their number of windows and drops those that overlap a surer one.
func apart(faces []hit) []hit {
	slices.SortStableFunc(faces, func(a, b hit) int { return b.count - a.count })
	var kept []hit
	for _, f := range faces {
		if !slices.ContainsFunc(kept, func(k hit) bool { return overlaps(k, f) }) {
			kept = append(kept, f)
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

// shrink makes a smaller plane, down to half the size, by interpolating between four samples. It is good until the next.
func (s *scratch) shrink(p jpeg.Plane, w, h int) jpeg.Plane {
	s.small = slices.Grow(s.small[:0], w*h)[:w*h]
	s.across, s.down = taps(s.across, p.W, w), taps(s.down, p.H, h)
	for y, v := range s.down {
		a, b := p.Pix[v.at*p.Stride:][:p.W], p.Pix[v.next*p.Stride:][:p.W]
		row := s.small[y*w : (y+1)*w]
		for x, t := range s.across[:len(row)] {
			top := uint32(a[t.at])*(256-t.part) + uint32(a[t.next])*t.part
			bottom := uint32(b[t.at])*(256-t.part) + uint32(b[t.next])*t.part
			row[x] = byte((top*(256-v.part) + bottom*v.part + 1<<15) >> 16)
		}
	}
	return jpeg.Plane{Pix: s.small, Stride: w, W: w, H: h}
}

// tap is where a sample is taken: between two, part of 256 of the way to the next.
type tap struct {
	at, next int
	part     uint32
}

func taps(into []tap, n, m int) []tap {
	out := slices.Grow(into[:0], m)[:m]
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
