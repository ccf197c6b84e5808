package jpeg

import (
	"encoding/binary"
	"math"
)

// Resize makes the window of p into a new picture of w×h with chroma at half the size in both directions,
// or at full size for chroma444. A gray picture gets neutral chroma. What lies outside p counts as its edge.
//
// The filter is a tent as wide as what one sample stands for: no aliasing however much smaller the picture gets, no
// ringing. Weights and sums are integers, so every machine makes the same samples: within 1.5 of the
// formula's, 2.5 where three samples or more make one. A window that is to keep its size and begins on a sample of each plane is copied.
func (p *Planes) Resize(w, h int, from Window, chroma444 bool) *Planes {
	sub := 2
	if chroma444 {
		sub = 1
	}
	cw, ch := (w+sub-1)/sub, (h+sub-1)/sub
	q := &Planes{W: w, H: h, Y: newPlane(w, h), Cb: newPlane(cw, ch), Cr: newPlane(cw, ch), SubX: sub, SubY: sub, Eighths: 8}
	sx, sy := (from.X1-from.X0)/float64(w), (from.Y1-from.Y0)/float64(h)
	scale(&q.Y, &p.Y, from.X0, from.Y0, sx, sy)
	if p.Gray() {
		q.neutral()
	} else {
		fx, fy := float64(p.SubX), float64(p.SubY)
		for i, d := range []*Plane{&q.Cb, &q.Cr} {
			s := []*Plane{&p.Cb, &p.Cr}[i]
			scale(d, s, from.X0/fx, from.Y0/fy, sx*float64(sub)/fx, sy*float64(sub)/fy)
		}
	}
	return q
}

// taps are the weights of every output sample along one direction: sample i is the sum of source samples
// first[i] + j, each times weights[i*n+j]. They sum to one, and none lies outside the source.
type taps struct {
	first   []int
	n       int
	weights []uint16 // in 1/one
}

const (
	point = 16     // bits of fraction of a place
	one   = 1 << 8 // a weight of 1: a sample times the weights that it can have at once fits 16 bits
)

// tents computes the taps of n output samples, the first of which begins at x0 in the source; each spans step source
// samples. limit is how many source samples there are.
func tents(n int, x0, step float64, limit int) taps {
	begin, stride := int64(math.Round(x0*(1<<point))), int64(math.Round(step*(1<<point)))
	reach := max(stride, 1<<point)
	most := min(int(2*reach>>point)+1, limit)
	t := taps{make([]int, n), most, make([]uint16, n*most)}
	whole := make([]int64, most)
	for i := range t.first {
		centre := begin + (2*int64(i)+1)*stride/2 - 1<<(point-1)
		lo, hi := (centre-reach)>>point+1, (centre+reach-1)>>point // between them the tent is over zero
		first := min(max(int(lo), 0), limit-most)
		clear(whole)
		sum := int64(0)
		for j := lo; j <= hi; j++ {
			w := reach - max(j<<point-centre, centre-j<<point)
			whole[min(max(int(j), 0), limit-1)-first] += w // what is outside counts as the edge
			sum += w
		}
		// Rounded as sums, so that the errors of neighbours cancel and the whole is one.
		t.first[i] = first
		before, so := int64(0), int64(0)
		for j, w := range whole {
			so += w
			upTo := (so*one + sum/2) / sum
			t.weights[i*most+j] = uint16(upTo - before)
			before = upTo
		}
	}
	return t
}

// span is the source samples that the taps touch.
func (t *taps) span() (lo, hi int) {
	lo, hi = t.first[0], 0
	for _, f := range t.first {
		lo, hi = min(lo, f), max(hi, f+t.n)
	}
	return lo, hi
}

// scale makes d from the part of s that begins at x0, y0, each sample of d spanning sx × sy of s: first down, so that
// memory is read in order, then across.
//
// A word holds four samples, each in 16 bits, of which a product with a weight takes no more: so one
// multiplication does four. On the way down these are samples of a line, the even ones and the odd ones apart; on the
// way across they are those of four lines that lie at one place.
func scale(d, s *Plane, x0, y0, sx, sy float64) {
	if sx == 1 && sy == 1 && x0 == math.Floor(x0) && y0 == math.Floor(y0) && x0 >= 0 && y0 >= 0 && int(x0)+d.W <= s.W && int(y0)+d.H <= s.H {
		for y := range d.H {
			copy(d.row(y), s.row(int(y0) + y)[int(x0):])
		}
		return
	}
	if sx >= 3 && sy >= 3 && min(s.W, s.H) >= 128 { // each sample stands for so many that the means of four will do
		small := halved(s, int(max(y0-sy, 0)), int(min(max(y0+sy*float64(d.H+1), 0), float64(s.H))))
		scale(d, &small, x0/2, y0/2, sx/2, sy/2)
		bytePool.give(small.Pix)
		return
	}
	across, down := tents(d.W, x0, sx, s.W), tents(d.H, y0, sy, s.H)
	lo, hi := across.span()
	for i := range across.first {
		across.first[i] -= lo
	}
	width := (hi - lo + 7) &^ 7
	buffer := bytePool.take(9*width + d.W)
	columns := wordPool.take(width)
	tail, spare := buffer[8*width:9*width], buffer[9*width:]
	var to [4][]byte
	lines, factors := make([][]byte, 0, down.n), make([]uint64, 0, down.n)
	for y := 0; y < d.H; y += 4 {
		for k := range to {
			if to[k] = spare; y+k >= d.H {
				continue
			}
			to[k] = d.row(y + k)
			lines, factors = lines[:0], factors[:0]
			for j := range down.n {
				if w := down.weights[(y+k)*down.n+j]; w > 0 {
					line := s.Pix[(down.first[y+k]+j)*s.Stride+lo:]
					if len(line) < width { // the last line of a plane without padding
						copy(tail, line)
						line = tail
					}
					lines, factors = append(lines, line[:width]), append(factors, uint64(w))
				}
			}
			sumDown(buffer[2*k*width:][:width], buffer[(2*k+1)*width:][:width], lines, factors)
		}
		turn(columns, buffer, width)
		sumAcross(&to, columns, &across)
	}
	wordPool.give(columns)
	bytePool.give(buffer)
}

// Half is the picture at half the width and height, of the means of 2×2 samples; what is odd at the edges is left out. Many
// small pictures of a large one cost less when they are made of its half. Each plane of p must be at least 2×2.
func (p *Planes) Half() *Planes {
	q := &Planes{W: p.W / 2, H: p.H / 2, SubX: p.SubX, SubY: p.SubY, Eighths: p.Eighths, Y: halved(&p.Y, 0, p.Y.H)}
	if p.Gray() {
		return q
	}
	for i, d := range []*Plane{&q.Cb, &q.Cr} {
		s := []*Plane{&p.Cb, &p.Cr}[i]
		*d = newPlane((q.W+q.SubX-1)/q.SubX, (q.H+q.SubY-1)/q.SubY)
		halve(d, s, 0, s.H)
		w, h := s.W/2, s.H/2 // of chroma there may be one less than the picture wants: its edge is repeated
		for y := range d.H {
			from := d.row(min(y, h-1))
			copy(d.row(y), from[:w])
			for x := w; x < d.W; x++ {
				d.row(y)[x] = from[w-1]
			}
		}
	}
	return q
}

// halved makes a plane of the means of 2×2 samples, right only in what comes from rows y0 to y1. What is odd at the edges is left out.
func halved(s *Plane, y0, y1 int) Plane {
	d := newPlane(s.W/2, s.H/2)
	halve(&d, s, y0, y1)
	return d
}

// halve fills a plane with the means of 2×2 samples of rows y0 to y1 of another.
func halve(d, s *Plane, y0, y1 int) {
	for y := y0 / 2; y < min((y1+1)/2, d.H, s.H/2); y++ {
		a, b, to := s.row(2*y), s.row(2*y+1), d.row(y)[:min(d.W, s.W/2)]
		i := 0
		for ; i <= len(a)-8 && i <= len(b)-8 && i/2 <= len(to)-4; i += 8 {
			v, w := binary.LittleEndian.Uint64(a[i:]), binary.LittleEndian.Uint64(b[i:])
			sum := v&evenBytes + v>>8&evenBytes + w&evenBytes + w>>8&evenBytes + 2*(evenBytes/255)
			sum = sum >> 2 & evenBytes
			sum = (sum | sum>>8) & evenHalves
			binary.LittleEndian.PutUint32(to[i/2:], uint32(sum|sum>>16))
		}
		for i /= 2; i < len(to); i++ {
			to[i] = byte((int(a[2*i]) + int(a[2*i+1]) + int(b[2*i]) + int(b[2*i+1]) + 2) >> 2)
		}
	}
}

const (
	evenBytes  = 0x00ff00ff00ff00ff
	evenHalves = 0x0000ffff0000ffff
	halfEach   = 0x0080008000800080
)

// sumDown makes the even and the odd samples of a line: the rounded sums of the lines' samples, each times the line's factor.
func sumDown(even, odd []byte, lines [][]byte, factors []uint64) {
	switch len(lines) {
	case 1:
		l0 := lines[0]
		for i := 0; i <= len(l0)-8; i += 8 {
			v := binary.LittleEndian.Uint64(l0[i:])
			binary.LittleEndian.PutUint64(even[i:], v&evenBytes)
			binary.LittleEndian.PutUint64(odd[i:], v>>8&evenBytes)
		}
	case 2:
		l0, l1, f0, f1 := lines[0], lines[1], factors[0], factors[1]
		l1, even, odd = l1[:len(l0)], even[:len(l0)], odd[:len(l0)]
		for i := 0; i <= len(l0)-8; i += 8 {
			v0, v1 := binary.LittleEndian.Uint64(l0[i:]), binary.LittleEndian.Uint64(l1[i:])
			e := v0&evenBytes*f0 + v1&evenBytes*f1 + halfEach
			o := v0>>8&evenBytes*f0 + v1>>8&evenBytes*f1 + halfEach
			binary.LittleEndian.PutUint64(even[i:], e>>8&evenBytes)
			binary.LittleEndian.PutUint64(odd[i:], o>>8&evenBytes)
		}
	case 3:
		l0, l1, l2, f0, f1, f2 := lines[0], lines[1], lines[2], factors[0], factors[1], factors[2]
		l1, l2, even, odd = l1[:len(l0)], l2[:len(l0)], even[:len(l0)], odd[:len(l0)]
		for i := 0; i <= len(l0)-8; i += 8 {
			v0, v1, v2 := binary.LittleEndian.Uint64(l0[i:]), binary.LittleEndian.Uint64(l1[i:]), binary.LittleEndian.Uint64(l2[i:])
			e := v0&evenBytes*f0 + v1&evenBytes*f1 + v2&evenBytes*f2 + halfEach
			o := v0>>8&evenBytes*f0 + v1>>8&evenBytes*f1 + v2>>8&evenBytes*f2 + halfEach
			binary.LittleEndian.PutUint64(even[i:], e>>8&evenBytes)
			binary.LittleEndian.PutUint64(odd[i:], o>>8&evenBytes)
		}
	case 4: // as many as there are up to half the size
		l0, l1, l2, l3, f0, f1, f2, f3 := lines[0], lines[1], lines[2], lines[3], factors[0], factors[1], factors[2], factors[3]
		l1, l2, l3, even, odd = l1[:len(l0)], l2[:len(l0)], l3[:len(l0)], even[:len(l0)], odd[:len(l0)]
		for i := 0; i <= len(l0)-8; i += 8 {
			v0, v1 := binary.LittleEndian.Uint64(l0[i:]), binary.LittleEndian.Uint64(l1[i:])
			v2, v3 := binary.LittleEndian.Uint64(l2[i:]), binary.LittleEndian.Uint64(l3[i:])
			e := v0&evenBytes*f0 + v1&evenBytes*f1 + v2&evenBytes*f2 + v3&evenBytes*f3 + halfEach
			o := v0>>8&evenBytes*f0 + v1>>8&evenBytes*f1 + v2>>8&evenBytes*f2 + v3>>8&evenBytes*f3 + halfEach
			binary.LittleEndian.PutUint64(even[i:], e>>8&evenBytes)
			binary.LittleEndian.PutUint64(odd[i:], o>>8&evenBytes)
		}
	default:
		for i := 0; i <= len(even)-8; i += 8 {
			e, o := uint64(halfEach), uint64(halfEach)
			for j, l := range lines {
				v := binary.LittleEndian.Uint64(l[i:])
				e += v & evenBytes * factors[j]
				o += v >> 8 & evenBytes * factors[j]
			}
			binary.LittleEndian.PutUint64(even[i:], e>>8&evenBytes)
			binary.LittleEndian.PutUint64(odd[i:], o>>8&evenBytes)
		}
	}
}

// turn makes of four lines, each of even and odd samples, a line of columns: words of four samples, one below the other.
func turn(columns []uint64, lines []byte, width int) {
	for part := range 2 {
		l0, l1, l2, l3 := lines[part*width:][:width], lines[(2+part)*width:][:width], lines[(4+part)*width:][:width], lines[(6+part)*width:][:width]
		for i := 0; i <= len(l0)-8 && i <= len(l1)-8 && i <= len(l2)-8 && i <= len(l3)-8; i += 8 {
			a, b := binary.LittleEndian.Uint64(l0[i:]), binary.LittleEndian.Uint64(l1[i:])
			c, d := binary.LittleEndian.Uint64(l2[i:]), binary.LittleEndian.Uint64(l3[i:])
			ab0, ab1 := a&evenHalves|b&evenHalves<<16, a>>16&evenHalves|b&^evenHalves
			cd0, cd1 := c&evenHalves|d&evenHalves<<16, c>>16&evenHalves|d&^evenHalves
			to := columns[i+part:]
			_ = to[6]
			to[0], to[4] = ab0&lowHalf|cd0<<32, ab0>>32|cd0&^lowHalf
			to[2], to[6] = ab1&lowHalf|cd1<<32, ab1>>32|cd1&^lowHalf
		}
	}
}

// sumAcross makes the samples of four lines of their columns.
func sumAcross(to *[4][]byte, columns []uint64, t *taps) {
	to0, first := to[0], t.first
	to1, to2, to3, first := to[1][:len(to0)], to[2][:len(to0)], to[3][:len(to0)], first[:len(to0)]
	weights := t.weights
	for x := range to0 {
		sum := uint64(halfEach)
		c := columns[first[x]:]
		switch { // the most usual spelled out
		case t.n == 3 && len(weights) >= 3 && len(c) >= 3:
			sum += c[0]*uint64(weights[0]) + c[1]*uint64(weights[1]) + c[2]*uint64(weights[2])
			weights = weights[3:]
		case t.n == 4 && len(weights) >= 4 && len(c) >= 4:
			sum += c[0]*uint64(weights[0]) + c[1]*uint64(weights[1]) + c[2]*uint64(weights[2]) + c[3]*uint64(weights[3])
			weights = weights[4:]
		default:
			for j, w := range weights[:t.n] {
				sum += c[j] * uint64(w)
			}
			weights = weights[t.n:]
		}
		to0[x], to1[x], to2[x], to3[x] = byte(sum>>8), byte(sum>>24), byte(sum>>40), byte(sum>>56)
	}
}
