package jpeg

import (
	"bytes"
	"image"
)

// scanHeader is what SOS says (T.81 B.2.3).
type scanHeader struct {
	ch             []*channel // the components of the scan, in its order
	first, last    int        // spectral selection: the coefficients of a progressive scan
	high, low      uint       // successive approximation: the bit before, and this scan's
	expect         byte       // number of the next restart marker, 0 to 7
	left           int        // MCUs until it; counts only where restarts are set
	needAC, needDC bool
}

func (d *decoder) parseSOS(b []byte) (*scanHeader, error) {
	if len(b) < 1 || b[0] < 1 || b[0] > 4 || len(b) != 4+2*int(b[0]) {
		return nil, damaged("SOS of %d bytes", len(b))
	}
	n, t := int(b[0]), b[len(b)-3:]
	s := &scanHeader{first: int(t[0]), last: int(t[1]), high: uint(t[2] >> 4), low: uint(t[2] & 15), left: d.every}
	if d.f.progressive {
		switch {
		case s.first > 63 || s.last < s.first || s.last > 63 || s.first == 0 && s.last != 0,
			s.first > 0 && n > 1, s.low > 13, s.high > 0 && s.high != s.low+1:
			return nil, damaged("progressive scan %d-%d, bits %d, %d", s.first, s.last, s.high, s.low)
		}
		s.needDC, s.needAC = s.first == 0 && s.high == 0, s.first > 0
	} else {
		s.first, s.last, s.high, s.low, s.needDC, s.needAC = 0, 63, 0, 0, true, true
	}
	blocks := 0
	for i := range n {
		id, tables := b[1+2*i], b[2+2*i]
		var c *channel
		for j := range d.ch {
			if d.ch[j].id == id {
				c = &d.ch[j]
			}
		}
		if c == nil {
			return nil, damaged("a scan of component %d, which the frame has not", id)
		}
		for _, o := range s.ch {
			if o == c {
				return nil, damaged("component %d twice in a scan", id)
			}
		}
		td, ta := tables>>4, tables&15
		if td > 3 || ta > 3 || s.needDC && !d.hasDC[td] || s.needAC && !d.hasAC[ta] || !d.hasQ[c.tq] {
			return nil, damaged("a scan of component %d with tables that were not given", id)
		}
		c.dc, c.ac, c.pred = &d.dc[td], &d.ac[ta], 0
		if c.raw == nil { // the table as it stands at the component's first scan counts
			raw := d.quant[c.tq]
			c.raw, c.q = &raw, d.scale.quant(&raw)
		} else if !d.f.progressive {
			return nil, damaged("component %d in two scans", id)
		}
		if !d.f.progressive {
			c.ac.sequential(d.scale.n < 8 || d.win != image.Rect(0, 0, d.mcusX, d.mcusY))
		}
		blocks += c.h * c.v
		s.ch = append(s.ch, c)
	}
	if n > 1 && blocks > 10 {
		return nil, damaged("an MCU of %d blocks", blocks)
	}
	return s, nil
}

// grid is what a scan covers: MCUs across and down, and which of them lie in the window.
func (d *decoder) grid(s *scanHeader) (w, h int, win image.Rectangle) {
	if len(s.ch) > 1 {
		return d.mcusX, d.mcusY, d.win
	}
	c := s.ch[0] // a lone component's MCU is one block (T.81 A.2.2)
	win = image.Rect(d.win.Min.X*c.h, d.win.Min.Y*c.v, d.win.Max.X*c.h, d.win.Max.Y*c.v)
	return c.bw, c.bh, win.Intersect(image.Rect(0, 0, c.bw, c.bh))
}

// scan decodes one scan.
func (d *decoder) scan(header []byte) error {
	s, err := d.parseSOS(header)
	if err != nil {
		return err
	}
	start := d.seg.pos
	d.complete = bytes.LastIndex(d.seg.data[start:], []byte{0xff, mEOI}) >= 0
	if d.f.progressive && s.needAC && d.scale.n == 1 && d.complete {
		s.ch[0].kept.note(s)
		return nil // not one of its coefficients is wanted
	}
	d.bits.reset(d.seg.data, start)
	w, h, win := d.grid(s)
	for y := 0; y < h; y++ {
		if y >= win.Max.Y && d.complete {
			break // nothing below is wanted, and the file does go on
		}
		if err := d.ctx.Err(); err != nil {
			return err
		}
		ok := false
		switch {
		case !d.f.progressive:
			ok, err = d.sequentialRow(s, y, w, win)
		case s.first == 0:
			ok, err = d.dcRow(s, y, w, win)
		default:
			ok, err = d.acRow(s, y, w, win)
		}
		if d.bits.overrun() || err == nil && !ok && d.bits.cut() {
			return d.ended(y, h)
		}
		if err != nil {
			return err
		}
		if !ok {
			return damaged("no such code in row %d of %d", y, h)
		}
	}
	d.seg.pos = d.bits.at
	for _, c := range s.ch {
		c.kept.note(s)
	}
	return nil
}

// ended is the error for picture data that ends too early.
func (d *decoder) ended(y, h int) error {
	if m, at := d.bits.marker(); m != 0 && m != mEOI {
		return damaged("marker %#02x at byte %d, within row %d of %d", m, at, y, h)
	}
	return truncated("the picture ends within row %d of %d", y, h)
}

// restart goes on behind the next restart marker where one is due before this MCU.
func (d *decoder) restart(s *scanHeader) error {
	if s.left > 0 {
		s.left--
		return nil
	}
	s.left = d.every - 1
	if d.bits.overrun() {
		return nil // the row's end reports it
	}
	m, at := d.bits.marker()
	if m != mRST0+s.expect {
		if m == 0 || m == mEOI {
			return truncated("the picture ends where restart %d is due", s.expect)
		}
		return damaged("marker %#02x at byte %d where restart %d is due", m, at, s.expect)
	}
	s.expect = (s.expect + 1) & 7
	d.bits.reset(d.seg.data, at+2)
	for _, c := range s.ch {
		c.pred, c.kept.run = 0, 0
	}
	return nil
}

// sequentialRow decodes a row of MCUs of a sequential scan.
func (d *decoder) sequentialRow(s *scanHeader, y, w int, win image.Rectangle) (ok bool, err error) {
	b, n := &d.bits, d.scale.n
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
			if !keep {
				for range bh * bv {
					if !b.outside(c) {
						return false, nil
					}
				}
				continue
			}
			for v := range bv {
				at := ((y-win.Min.Y)*bv+v)*n*c.plane.Stride + (x-win.Min.X)*bh*n
				for range bh {
					top, ok := b.sequential(c, d.scale, &d.blk)
					if !ok {
						return false, nil
					}
					transform(n, &d.blk, top, c.plane.Pix[at:], c.plane.Stride)
					at += n
				}
			}
		}
	}
	return true, nil
}
