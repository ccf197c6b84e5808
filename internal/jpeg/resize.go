package jpeg

import "math"

// Resize makes the window of p into a new picture of w×h with chroma at half the size in both directions,
// or at full size for chroma444. A gray picture gets neutral chroma. What lies outside p counts as its edge.
//
// The filter is a tent as wide as what one sample stands for: no aliasing however much smaller the picture gets, no
// ringing. Weights and sums are integers, so every machine makes the same samples.
func (p *Planes) Resize(w, h int, from Window, chroma444 bool) *Planes {
	sub := 2
	if chroma444 {
		sub = 1
	}
	q := NewPlanes(w, h, sub, sub)
	sx, sy := (from.X1-from.X0)/float64(w), (from.Y1-from.Y0)/float64(h)
	scale(&q.Y, &p.Y, from.X0, from.Y0, sx, sy)
	if !p.Gray() {
		fx, fy := float64(p.SubX), float64(p.SubY)
		for i, d := range []*Plane{&q.Cb, &q.Cr} {
			s := []*Plane{&p.Cb, &p.Cr}[i]
			scale(d, s, from.X0/fx, from.Y0/fy, sx*float64(sub)/fx, sy*float64(sub)/fy)
		}
	}
	return q
}

// taps are the weights of one output sample: of source samples from first on; they sum to one.
type taps struct {
	first   int
	weights []int32 // in 1/one
}

const (
	point = 16      // bits of fraction of a place
	one   = 1 << 14 // a weight of 1
)

// tents computes the taps of n output samples, the first of which begins at x0 in the source; each spans step source
// samples. limit is how many source samples there are.
func tents(n int, x0, step float64, limit int) []taps {
	begin, stride := int64(math.Round(x0*(1<<point))), int64(math.Round(step*(1<<point)))
	reach := max(stride, 1<<point)
	out := make([]taps, n)
	for i := range out {
		centre := begin + (2*int64(i)+1)*stride/2 - 1<<(point-1)
		lo, hi := (centre-reach)>>point, (centre+reach)>>point
		first := min(max(int(lo), 0), limit-1)
		last := min(max(int(hi), 0), limit-1)
		weights := make([]int64, last-first+1)
		sum := int64(0)
		for j := lo; j <= hi; j++ {
			d := j<<point - centre
			if d < 0 {
				d = -d
			}
			if w := reach - d; w > 0 {
				at := min(max(int(j), first), last) // what is outside counts as the edge
				weights[at-first] += w
				sum += w
			}
		}
		t := taps{first: first, weights: make([]int32, len(weights))}
		rest, heaviest := int32(one), 0
		for j, w := range weights {
			t.weights[j] = int32(w * one / sum)
			rest -= t.weights[j]
			if w > weights[heaviest] {
				heaviest = j
			}
		}
		t.weights[heaviest] += rest
		out[i] = t
	}
	return out
}

// scale makes d from the part of s that begins at x0, y0, each sample of d spanning sx × sy of s: rows first, so that
// memory is read in order.
func scale(d, s *Plane, x0, y0, sx, sy float64) {
	across, down := tents(d.W, x0, sx, s.W), tents(d.H, y0, sy, s.H)
	lo, hi := s.W, 0
	for _, t := range across {
		lo, hi = min(lo, t.first), max(hi, t.first+len(t.weights))
	}
	sums := make([]int32, hi-lo)
	row := make([]uint16, hi-lo) // 8 bits of fraction
	for y, t := range down {
		clear(sums)
		for j, w := range t.weights {
			if w == 0 {
				continue
			}
			line := s.Pix[(t.first+j)*s.Stride+lo : (t.first+j)*s.Stride+hi]
			for x, v := range line {
				sums[x] += w * int32(v)
			}
		}
		for x, v := range sums {
			row[x] = uint16((v + 32) >> 6)
		}
		to := d.Pix[y*d.Stride : y*d.Stride+d.W]
		for x, t := range across {
			sum := uint32(1 << 21)
			for j, w := range t.weights {
				sum += uint32(w) * uint32(row[t.first-lo+j])
			}
			to[x] = byte(sum >> 22)
		}
	}
}
