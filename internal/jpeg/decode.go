package jpeg

import (
	"context"
	"fmt"
	"image"
	"sync"
)

// channel is a component while it is decoded.
type channel struct {
	component
	bw, bh int         // blocks that the component really has, across and down (T.81 A.2.3)
	raw    *[64]uint16 // its quantisation table in the file's order, nil before its first scan
	q      *quantTable // the same for the scale
	dc, ac *huffman    // tables of the current scan
	pred   int32       // DC of the block before
	plane  Plane       // the window of the picture that is kept
	kept   progress    // coefficients of a progressive file
}

// decoder is the state of one Decode. It is reused: nothing in it survives into the next picture but
// memory.
type decoder struct {
	ctx    context.Context
	limits Limits
	seg    segments
	bits   bitReader
	quant  [4][64]uint16
	hasQ   [4]bool
	dc, ac [4]huffman
	hasDC  [4]bool
	hasAC  [4]bool
	every  int // MCUs between restarts; 0 none

	f         frame
	jfif      bool // has JFIF's marker
	transform int  // Adobe's; -1 without the marker
	ch        []channel
	scale     *scaling
	mcusX     int
	mcusY     int
	win       image.Rectangle // what is kept, in MCUs
	complete  bool            // the file has its end marker, so what is not decoded is there
	blk       block
}

// decoders keeps the memory of finished decoders; it holds no state.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// Decode reads the picture. It returns its planes, scaled by Planes.Eighths of 8, and which part of the
// stored picture they show: at least o.Crop, widened to whole blocks, in stored pixels at full size.
// Colours of RGB, CMYK and YCCK files are turned into YCbCr; Adobe's inversion is undone.
//
// Errors are *Error, or the context's. A file that lacks nothing but its end marker is read; one that lacks
// picture data is Truncated, also where what is missing lies outside the crop.
func Decode(ctx context.Context, data []byte, o Options) (*Planes, image.Rectangle, error) {
	if _, err := ReadHeader(data, o.Limits); err != nil {
		return nil, image.Rectangle{}, err
	}
	d := decoders.Get().(*decoder)
	defer func() {
		d.ctx, d.seg.data, d.bits.src = nil, nil, nil
		decoders.Put(d)
	}()
	d.ctx, d.limits = ctx, o.Limits.defaults()
	d.seg = segments{data: data}
	d.hasQ, d.hasDC, d.hasAC = [4]bool{}, [4]bool{}, [4]bool{}
	d.every, d.f, d.jfif, d.transform, d.ch = 0, frame{}, false, -1, nil
	d.complete, d.blk = false, block{}
	if err := d.read(o); err != nil {
		for i := range d.ch {
			bytePool.give(d.ch[i].plane.Pix)
			d.ch[i].kept.release()
		}
		return nil, image.Rectangle{}, err
	}
	return d.finish(o)
}

// read walks the markers and decodes the scans.
func (d *decoder) read(o Options) error {
	if err := d.seg.start(); err != nil {
		return err
	}
	for {
		m, body, err := d.seg.next()
		if err != nil {
			// Only the end marker is missing: every scan was whole, and so is the picture if they covered it.
			if e, ok := err.(*Error); ok && e.Reason == Truncated && d.covered() {
				return nil
			}
			return err
		}
		switch {
		case isSOF(m):
			if d.ch != nil {
				return damaged("a second frame")
			}
			if d.f, err = parseSOF(m, body); err == nil {
				err = d.begin(o)
			}
		case m == mDQT:
			err = d.parseDQT(body)
		case m == mDHT:
			err = d.parseDHT(body)
		case m == mDRI:
			if len(body) != 2 {
				return damaged("DRI of %d bytes", len(body))
			}
			d.every = int(body[0])<<8 | int(body[1])
		case m == mAPP0:
			d.jfif = d.jfif || len(body) >= 5 && string(body[:5]) == "JFIF\x00"
		case m == mAPP14:
			if t, ok := adobe(m, body); ok {
				d.transform = t
			}
		case m == mDAC:
			return unsupported("arithmetic coding")
		case m == mDNL:
			return unsupported("height given after the picture (DNL)")
		case m == mSOS:
			if d.ch == nil {
				return damaged("a scan before the frame")
			}
			if err = d.scan(body); err == nil && !d.f.progressive && d.covered() && d.complete {
				return nil
			}
		case m == mEOI:
			if !d.covered() {
				return truncated("EOI before all components were seen")
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// covered says whether the scans so far make the whole picture: every component has been in one, and in a
// progressive file every bit has been given. (A progressive file with an end marker may do without.)
func (d *decoder) covered() bool {
	for i := range d.ch {
		if d.ch[i].raw == nil || d.f.progressive && !d.complete && !d.ch[i].kept.whole() {
			return false
		}
	}
	return len(d.ch) > 0
}

func (d *decoder) parseDQT(b []byte) error {
	for len(b) > 0 {
		wide, t := int(b[0]>>4), b[0]&15
		n := 64 * (1 + wide)
		if wide > 1 || t > 3 || len(b) < 1+n {
			return damaged("DQT for table %d with %d bytes", t, len(b))
		}
		for i := range 64 {
			if wide == 1 {
				d.quant[t][i] = uint16(b[1+2*i])<<8 | uint16(b[2+2*i])
			} else {
				d.quant[t][i] = uint16(b[1+i])
			}
		}
		d.hasQ[t] = true
		b = b[1+n:]
	}
	return nil
}

func (d *decoder) parseDHT(b []byte) error {
	for len(b) > 0 {
		class, t := b[0]>>4, b[0]&15
		if class > 1 || t > 3 {
			return damaged("DHT for table %d of class %d", t, class)
		}
		h, has := &d.dc[t], &d.hasDC[t]
		if class == 1 {
			h, has = &d.ac[t], &d.hasAC[t]
		}
		n, err := h.parse(b[1:], class == 0)
		if err != nil {
			return err
		}
		*has = true
		b = b[1+n:]
	}
	return nil
}

// begin decides scale and window of the picture, and takes the memory for it.
func (d *decoder) begin(o Options) error {
	f := &d.f
	if err := d.limits.judge(f); err != nil {
		return err
	}
	mw, mh := 8*f.hmax, 8*f.vmax
	d.mcusX, d.mcusY = (f.w+mw-1)/mw, (f.h+mh-1)/mh
	all := image.Rect(0, 0, f.w, f.h)
	crop := o.Crop
	if crop.Empty() {
		crop = all
	}
	if crop = crop.Intersect(all); crop.Empty() {
		return fmt.Errorf("jpeg: crop %v lies outside of the picture %v", o.Crop, all)
	}
	d.win = image.Rect(crop.Min.X/mw, crop.Min.Y/mh, (crop.Max.X+mw-1)/mw, (crop.Max.Y+mh-1)/mh)
	d.scale = scalings[scaleFor(crop.Size(), o.MinW, o.MinH)]
	n := d.scale.n

	// Each block takes two bits in a sequential file (DC and end of block), one in a progressive file. A file
	// that is too short for what it claims is refused before memory is taken for the claim.
	blocks, need := int64(0), int64(0)
	for _, c := range f.comps {
		blocks += int64(d.mcusX*c.h) * int64(d.mcusY*c.v)
		need += int64(d.win.Dx()*c.h*n) * int64(d.win.Dy()*c.v*n)
		if f.progressive {
			need += progressNeed(d, c)
		}
	}
	bits := blocks * 2
	if f.progressive {
		bits = blocks
	}
	if len(f.comps) > 1 { // blocks that only fill up MCUs need not be there in scans of one component
		bits = 0
		for _, c := range f.comps {
			w, h := blocksOf(f, c)
			bits += int64(w) * int64(h)
		}
		if !f.progressive {
			bits *= 2
		}
	}
	if have := int64(len(d.seg.data)-d.seg.pos) * 8; bits > have {
		return truncated("%d bits for at least %d of %d blocks", have, bits, blocks)
	}
	if need > d.limits.MaxMemory {
		return &Error{TooLarge, fmt.Sprintf("decoding %d×%d would take %d bytes, more than %d", f.w, f.h, need, d.limits.MaxMemory)}
	}
	d.ch = make([]channel, len(f.comps))
	for i, comp := range f.comps {
		c := &d.ch[i]
		c.component = comp
		c.bw, c.bh = blocksOf(f, comp)
		stride := d.win.Dx() * c.h * n
		c.plane = Plane{Stride: stride, Pix: bytePool.take(stride * d.win.Dy() * c.v * n)}
		if f.progressive {
			c.kept.take(d, c)
		}
	}
	return nil
}

// blocksOf is how many blocks a component really has, across and down (T.81 A.1.1, A.2.3).
func blocksOf(f *frame, c component) (w, h int) {
	w, h = (f.w*c.h+f.hmax-1)/f.hmax, (f.h*c.v+f.vmax-1)/f.vmax
	return (w + 7) / 8, (h + 7) / 8
}

// scalings are the scales by their eighths.
var scalings = [9]*scaling{nil, newScaling(1), newScaling(2), newScaling(3), newScaling(4), newScaling(5), newScaling(6), newScaling(7), newScaling(8)}

// scaleFor is the smallest number of eighths at which size is still at least w×h.
func scaleFor(size image.Point, w, h int) int {
	if w <= 0 && h <= 0 {
		return 8
	}
	n := 1
	for n < 8 && (size.X*n < w*8 || size.Y*n < h*8) {
		n++
	}
	return n
}

// finish makes planes of what was decoded.
func (d *decoder) finish(o Options) (*Planes, image.Rectangle, error) {
	f, n := &d.f, d.scale.n
	if f.progressive {
		for i := range d.ch {
			c := &d.ch[i]
			err := d.ctx.Err()
			if err == nil {
				c.kept.paint(d, c)
			}
			c.kept.release()
			if err != nil {
				for j := range d.ch {
					bytePool.give(d.ch[j].plane.Pix)
					d.ch[j].kept.release()
				}
				return nil, image.Rectangle{}, err
			}
		}
	}
	shown := image.Rect(d.win.Min.X*8*f.hmax, d.win.Min.Y*8*f.vmax, d.win.Max.X*8*f.hmax, d.win.Max.Y*8*f.vmax)
	shown = shown.Intersect(image.Rect(0, 0, f.w, f.h))
	p := &Planes{W: (shown.Dx()*n + 7) / 8, H: (shown.Dy()*n + 7) / 8, Eighths: n}
	d.colour(p, o.KeepKey)
	return p, shown, nil
}
