package jpeg

import (
	"image"
	"math/bits"
)

// progress is what is kept of a component of a progressive file between its scans: the coefficients that
// the scale needs, in the window; and of every coefficient one bit, whether it is zero so far, without
// which later scans cannot be read. Memory grows with the scale, not with the picture at full size.
type progress struct {
	coef   []int16   // n·n a block, blocks of the window in rows; in the file's order of what is kept
	seen   []uint64  // a block's coefficients that are not zero, by place in the file's order; all blocks in rows
	across int       // blocks across in coef
	run    int       // blocks that are still to end without further coefficients (EOBRUN)
	bit    [64]int8  // by place: 1 + the lowest bit that scans have given; 0 none yet
	slot   [64]uint8 // by place: where in a block's part of coef; what is not kept shares the last
	mask   uint64    // places that are kept
}

// progressNeed is the memory that take will take, in bytes.
func progressNeed(d *decoder, c component) int64 {
	w, h := blocksOf(&d.f, c)
	n := int64(d.scale.n)
	return int64(w)*int64(h)*8 + int64(d.win.Dx()*c.h)*int64(d.win.Dy()*c.v)*n*n*2
}

func (p *progress) take(d *decoder, c *channel) {
	n := d.scale.n
	p.across = d.win.Dx() * c.h
	p.coef = halfPool.take(p.across * d.win.Dy() * c.v * n * n)
	p.seen = wordPool.take(c.bw * c.bh)
	clear(p.coef)
	clear(p.seen)
	i := uint8(0)
	for k := range p.slot {
		if d.scale.word[k] < 32 {
			p.slot[k] = i
			p.mask |= 1 << k
			i++
		}
	}
}

func (p *progress) release() {
	halfPool.give(p.coef)
	wordPool.give(p.seen)
	p.coef, p.seen = nil, nil
}

// note remembers which bits a scan has given.
func (p *progress) note(s *scanHeader) {
	for k := s.first; k <= s.last; k++ {
		p.bit[k] = int8(s.low) + 1
	}
	p.run = 0
}

// whole says whether the scans so far have given every bit of every coefficient.
func (p *progress) whole() bool {
	for _, b := range p.bit {
		if b != 1 {
			return false
		}
	}
	return true
}

// dcRow decodes a row of MCUs of a scan that gives DC, or a bit of it (T.81 G.1.2.1).
func (d *decoder) dcRow(s *scanHeader, y, w int, win image.Rectangle) (ok bool, err error) {
	b, size := &d.bits, d.scale.n*d.scale.n
	inside := y >= win.Min.Y && y < win.Max.Y
	for x := range w {
		if d.every > 0 {
			if err := d.restart(s); err != nil {
				return true, err
			}
		}
		b.ready()
		keep := inside && x >= win.Min.X && x < win.Max.X
		for _, c := range s.ch {
			bh, bv := c.h, c.v
			if len(s.ch) == 1 {
				bh, bv = 1, 1
			}
			for i := range bh * bv {
				b.fill()
				var bit int32
				if s.high == 0 {
					diff, ok := b.dcDiff(c.dc)
					if !ok {
						return false, nil
					}
					c.pred += diff
				} else {
					bit = b.take(1)
				}
				if !keep {
					continue
				}
				at := (((y-win.Min.Y)*bv+i/bh)*c.kept.across + (x-win.Min.X)*bh + i%bh) * size
				if s.high == 0 {
					c.kept.coef[at] = int16(c.pred << s.low)
				} else {
					c.kept.coef[at] |= int16(bit << s.low)
				}
			}
		}
	}
	return true, nil
}

// acRow decodes a row of blocks of a scan that gives coefficients other than DC.
func (d *decoder) acRow(s *scanHeader, y, w int, win image.Rectangle) (ok bool, err error) {
	c, b, size := s.ch[0], &d.bits, d.scale.n*d.scale.n
	p := &c.kept
	inside := y >= win.Min.Y && y < win.Max.Y
	for x := range w {
		if d.every > 0 {
			if err := d.restart(s); err != nil {
				return true, err
			}
		}
		b.ready()
		var coef []int16
		if inside && x >= win.Min.X && x < win.Max.X {
			at := ((y-win.Min.Y)*p.across + x - win.Min.X) * size
			coef = p.coef[at : at+size]
		}
		seen := &p.seen[y*w+x]
		if s.high == 0 {
			ok = b.acFirst(c, s, seen, coef)
		} else {
			ok = b.acRefine(c, s, seen, coef)
		}
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

// acFirst reads a block's part of a band's first scan (T.81 G.1.2.2). coef is nil outside the window.
func (b *bitReader) acFirst(c *channel, s *scanHeader, seen *uint64, coef []int16) bool {
	p := &c.kept
	if p.run > 0 {
		p.run--
		return true
	}
	for k := s.first; k <= s.last; k++ {
		b.fill()
		sym, ok := c.ac.symbol(b)
		if !ok {
			return false
		}
		r, size := int(sym>>4), uint(sym&15)
		if size == 0 {
			if r < 15 {
				p.run = 1<<r - 1 + int(b.take(uint(r)))
				return true
			}
			k += 15
			continue
		}
		if k += r; k > s.last {
			return false
		}
		v := extend(b.acc, 0, size)
		b.acc <<= size
		b.n -= size
		*seen |= 1 << k
		if coef != nil && p.mask>>k&1 != 0 {
			coef[p.slot[k&63]] = int16(v << s.low)
		}
	}
	return true
}

// acRefine reads a block's part of a scan that gives one more bit of a band (T.81 G.1.2.3). Coefficients
// that are not kept are counted by their bits in seen, not visited.
func (b *bitReader) acRefine(c *channel, s *scanHeader, seen *uint64, coef []int16) bool {
	p := &c.kept
	band := ^uint64(0) << s.first & (^uint64(0) >> (63 - s.last)) // what is left of the block's band
	old := *seen
	for p.run == 0 && band != 0 {
		b.fill()
		sym, ok := c.ac.symbol(b)
		if !ok {
			return false
		}
		r, size := int(sym>>4), sym&15
		var v int16
		switch {
		case size == 1:
			v = 1 << s.low
			if b.take(1) == 0 {
				v = -v
			}
		case size != 0:
			return false
		case r < 15:
			p.run = 1<<r + int(b.take(uint(r)))
			continue
		}
		// the run passes r coefficients that were zero, and ends at the next
		zeros := band &^ old
		for ; r > 0 && zeros != 0; r-- {
			zeros &= zeros - 1
		}
		if zeros == 0 {
			return false
		}
		k := bits.TrailingZeros64(zeros)
		passed := band & (1<<k - 1) & old
		b.correct(p, passed, s.low, coef)
		band &= ^uint64(0) << k << 1
		if v != 0 {
			*seen |= 1 << k
			if coef != nil && p.mask>>k&1 != 0 {
				coef[p.slot[k&63]] = v
			}
		}
	}
	if p.run > 0 {
		p.run--
		b.correct(p, band&old, s.low, coef)
	}
	return true
}

// correct reads one bit for each coefficient of which, and adds it where the coefficient is kept.
func (b *bitReader) correct(p *progress, which uint64, low uint, coef []int16) {
	b.fill()
	for which != 0 {
		n := min(bits.OnesCount64(which), 32)
		if coef == nil || which&p.mask == 0 {
			b.acc <<= n & 63
			b.n -= uint(n)
			if n < 32 {
				return
			}
			for range n {
				which &= which - 1
			}
			b.fill()
			continue
		}
		for range n {
			k := bits.TrailingZeros64(which)
			which &= which - 1
			if b.take(1) != 0 && p.mask>>k&1 != 0 {
				if v := &coef[p.slot[k&63]]; *v >= 0 {
					*v += 1 << low
				} else {
					*v -= 1 << low
				}
			}
		}
		b.fill()
	}
}

// paint transforms what was kept into the component's plane.
func (p *progress) paint(d *decoder, c *channel) {
	n := d.scale.n
	size, word := n*n, &d.scale.word
	for i := 0; i < len(p.coef); i += size {
		x, y := i/size%p.across, i/size/p.across
		coef := p.coef[i : i+size]
		d.blk[0] = int64(coef[0]) * c.q[0]
		bx, by := d.win.Min.X*c.h+x, d.win.Min.Y*c.v+y
		top := 0
		if bx < c.bw && by < c.bh {
			for m := p.seen[by*c.bw+bx] & p.mask &^ 1; m != 0; m &= m - 1 {
				top = bits.TrailingZeros64(m)
				d.blk[word[top]] += int64(coef[p.slot[top&63]]) * c.q[top]
			}
		}
		transform(n, &d.blk, top, c.plane.Pix[y*n*c.plane.Stride+x*n:], c.plane.Stride)
	}
}
