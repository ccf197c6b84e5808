package jpeg

import (
	"encoding/binary"
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
	if p.run > 0 {
		p.run--
		if band &= old; band != 0 {
			b.correct(p, band, s.low, coef)
		}
		return true
	}
	acc, n, pos, h, buf := b.acc, b.n, b.pos, c.ac, b.buf[:]
	for band != 0 {
		acc |= binary.BigEndian.Uint64(buf[pos:]) >> (n & 63)
		pos += int(63-n) >> 3
		n |= 56
		sym, l := byte(0), uint(0)
		if e := h.look[acc>>(64-lookBits)]; e != 0 {
			sym, l = byte(e), uint(e>>8)
		} else if sym, l = h.long(uint32(acc >> 48)); l == 0 {
			b.acc, b.n, b.pos = acc, n, pos
			return false
		}
		acc <<= l & 63
		n -= l
		r, size := uint(sym>>4), sym&15
		var v int16
		switch {
		case size == 1:
			v = 1 << s.low
			if int64(acc) >= 0 {
				v = -v
			}
			acc <<= 1
			n--
		case size != 0:
			b.acc, b.n, b.pos = acc, n, pos
			return false
		case r < 15: // the block ends, and so many after it
			p.run = 1<<r - 1 + int(acc>>1>>(63-r))
			b.acc, b.n, b.pos = acc<<r, n-r, pos
			if band &= old; band != 0 {
				b.correct(p, band, s.low, coef)
			}
			return true
		}
		// the run passes r coefficients that were zero, and ends at the next
		zeros := band &^ old
		for ; r > 0 && zeros != 0; r-- {
			zeros &= zeros - 1
		}
		if zeros == 0 {
			b.acc, b.n, b.pos = acc, n, pos
			return false
		}
		to := zeros & -zeros
		if passed := band & (to - 1) & old; passed != 0 {
			// at least 39 bits are left
			if count := uint(bits.OnesCount64(passed)); count <= 32 {
				p.add(passed, acc>>(64-count), count, s.low, coef)
				acc <<= count & 63
				n -= count
			} else {
				b.acc, b.n, b.pos = acc, n, pos
				b.correct(p, passed, s.low, coef)
				acc, n, pos = b.acc, b.n, b.pos
			}
		}
		band &^= to | (to - 1)
		if v != 0 {
			*seen |= to
			if coef != nil && p.mask&to != 0 {
				coef[p.slot[bits.TrailingZeros64(to)&63]] = v
			}
		}
	}
	b.acc, b.n, b.pos = acc, n, pos
	return true
}

// correct reads one bit for each coefficient of which, and adds it where the coefficient is kept.
func (b *bitReader) correct(p *progress, which uint64, low uint, coef []int16) {
	for {
		b.fill()
		part, count := which, uint(bits.OnesCount64(which))
		if count > 32 {
			for range 32 {
				which &= which - 1
			}
			part, count = part&^which, 32
		} else {
			which = 0
		}
		p.add(part, b.acc>>(64-count), count, low, coef)
		b.acc <<= count & 63
		b.n -= count
		if which == 0 {
			return
		}
	}
}

// add adds a bit to each coefficient of which that is kept. The count bits are in values, that of the lowest place
// first.
func (p *progress) add(which, values uint64, count, low uint, coef []int16) {
	if coef == nil || which&p.mask == 0 || values == 0 {
		return
	}
	for ; which != 0; which &= which - 1 {
		count--
		if values>>(count&63)&1 == 0 {
			continue
		}
		if k := bits.TrailingZeros64(which); p.mask>>k&1 != 0 {
			if v := &coef[p.slot[k&63]]; *v >= 0 {
				*v += 1 << low
			} else {
				*v -= 1 << low
			}
		}
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
