package jpeg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// ErrTooLarge is Encode's error for a picture that even the lowest quality does not bring under MaxBytes.
var ErrTooLarge = errors.New("the picture does not fit into the bytes that it may have")

// lowest is the quality below which a picture is no longer made smaller: it would be one of blocks.
const lowest = 10

// Encode writes p as a baseline JFIF file of 8 bits, with Huffman tables made for it. The subsampling is that of
// p; a gray picture gets one component. With MaxBytes the coefficients are kept and only quantised anew until
// the file fits, so that the quality which suits is found at a fraction of the cost of other encodings.
// The error is ErrTooLarge, what w returned, or about p.
func Encode(w io.Writer, p *Planes, o EncodeOptions) error {
	e, err := newEncoder(p)
	if err != nil {
		return err
	}
	defer e.release()
	quality := min(o.Quality, 100)
	if quality <= 0 {
		quality = 85
	}
	e.gather(quality)
	file := e.file(o.Segments, e.symbols)
	// Qualities from tooHigh on give too much; best is the highest known to fit, 0 none.
	for best, tooHigh := 0, quality; o.MaxBytes > 0; {
		if len(file) <= o.MaxBytes {
			best = quality
			if best == tooHigh || best == tooHigh-1 || len(file) > o.MaxBytes/16*15 {
				break
			}
		} else {
			tooHigh = quality
		}
		if tooHigh <= lowest {
			bytePool.give(file)
			return fmt.Errorf("encoding %d×%d into %d bytes: %w", p.W, p.H, o.MaxBytes, ErrTooLarge)
		}
		quality = max(min(towards(quality, len(file), o.MaxBytes/32*31), tooHigh-1), best+1, lowest)
		bytePool.give(file)
		if tooHigh-best == 1 {
			quality = best
		}
		file = e.file(o.Segments, e.coarser(quality))
	}
	defer bytePool.give(file)
	if _, err := w.Write(file); err != nil {
		return fmt.Errorf("writing a JPEG: %w", err)
	}
	return nil
}

// towards guesses the quality at which a file of size bytes would have as many as wanted: a file shrinks a little
// less than its steps grow. Square roots are the same on every machine, which powers are not.
func towards(quality, size, want int) int {
	ratio := float64(size) / float64(want)
	percent := float64(float64(percentOf(quality))*ratio) * math.Sqrt(math.Sqrt(ratio))
	if percent <= 100 {
		return int(200-percent) / 2
	}
	return int(5000 / percent)
}

// encoder is the state of one Encode.
type encoder struct {
	p            *Planes
	parts        []part
	mcusX, mcusY int
	blocks       int            // of an MCU
	quant        [2]*quantiser  // of luma and chroma
	coef         []byte         // coefficients of a row of MCUs, in the order of the file's blocks
	symbols      []symbol       // of the whole picture, at the first quality
	raw          []int16        // for each of symbols, the coefficient that it is of as coefficients has it, less raise
	again        []symbol       // the symbols of a lower quality
	count        [4 << 8]uint32 // how often each symbol of each table comes
}

// part is a component that is written.
type part struct {
	plane *Plane
	h, v  int // blocks of an MCU, across and down
	table int // 0 luma's, 1 chroma's
}

func newEncoder(p *Planes) (*encoder, error) {
	if p.W < 1 || p.H < 1 || p.W > 65535 || p.H > 65535 {
		return nil, fmt.Errorf("a JPEG cannot be %d×%d", p.W, p.H)
	}
	e := &encoder{p: p, parts: []part{{&p.Y, 1, 1, 0}}}
	if !p.Gray() {
		if p.SubX < 1 || p.SubY < 1 || p.SubX > 4 || p.SubY > 4 || p.SubX*p.SubY > 8 { // T.81 B.2.3: ten blocks to an MCU
			return nil, fmt.Errorf("a JPEG cannot have chroma of one sample for %d×%d", p.SubX, p.SubY)
		}
		e.parts = []part{{&p.Y, p.SubX, p.SubY, 0}, {&p.Cb, 1, 1, 1}, {&p.Cr, 1, 1, 1}}
	}
	mw, mh := 8*e.parts[0].h, 8*e.parts[0].v
	e.mcusX, e.mcusY = (p.W+mw-1)/mw, (p.H+mh-1)/mh
	for _, c := range e.parts {
		e.blocks += c.h * c.v
	}
	e.coef = bytePool.take(e.mcusX * e.blocks * len(coefficients{}))
	guess := p.W * p.H / 2 // a photo at the usual quality has a symbol for every third or fourth sample
	e.symbols, e.raw = symbolPool.take(guess), halfPool.take(guess)
	return e, nil
}

func (e *encoder) release() {
	bytePool.give(e.coef)
	symbolPool.give(e.symbols)
	symbolPool.give(e.again)
	halfPool.give(e.raw)
}

// begin prepares for gathering symbols at a quality.
func (e *encoder) begin(quality int) {
	e.quant = [2]*quantiser{quantiserFor(&lumaSteps, quality), quantiserFor(&chromaSteps, quality)}
	clear(e.count[:])
}

// gather makes the symbols of the picture at a quality.
func (e *encoder) gather(quality int) {
	e.begin(quality)
	var pred [3]int32
	n := 0
	for y := range e.mcusY {
		e.transformRow(y, e.coef)
		e.room(n, e.mcusX*e.blocks*64)
		row := e.coef
		for range e.mcusX {
			for i, c := range e.parts {
				for range c.h * c.v {
					var more int
					pred[i], more = e.quant[c.table].symbols((*coefficients)(row), uint32(c.table)<<9, pred[i], e.symbols[n:], e.raw[n:], &e.count)
					n += more
					row = row[len(coefficients{}):]
				}
			}
		}
	}
	e.symbols = e.symbols[:n]
}

// room makes room for more symbols behind the first n.
func (e *encoder) room(n, more int) {
	if len(e.symbols)-n >= more {
		return
	}
	symbols, raw := symbolPool.take(2*n+more), halfPool.take(2*n+more)
	copy(symbols, e.symbols[:n])
	copy(raw, e.raw[:n])
	symbolPool.give(e.symbols)
	halfPool.give(e.raw)
	e.symbols, e.raw = symbols, raw
}

// coarser makes the symbols at a lower quality than that of gather: what has become zero there is zero here too,
// so that what gather has kept is enough.
func (e *encoder) coarser(quality int) []symbol {
	e.begin(quality)
	if e.again == nil { // there are never more than before: each that goes can make one run longer than 15
		e.again = symbolPool.take(len(e.symbols))
	}
	var pred [3]int32
	at, n := 0, 0
	for range e.mcusX * e.mcusY {
		for i, c := range e.parts {
			for range c.h * c.v {
				var taken, more int
				pred[i], taken, more = e.quant[c.table].coarser(e.symbols[at:], e.raw[at:], pred[i], e.again[n:], &e.count)
				at, n = at+taken, n+more
			}
		}
	}
	return e.again[:n]
}

// transformRow makes the coefficients of row y of MCUs.
func (e *encoder) transformRow(y int, out []byte) {
	const size = len(coefficients{})
	first := 0
	for _, c := range e.parts {
		s := c.plane
		for v := range c.v {
			top := (y*c.v + v) * 8
			at := first + v*c.h*size
			for x := range e.mcusX {
				for h := range c.h {
					to, left := (*coefficients)(out[at+h*size:]), (x*c.h+h)*8
					if left+8 <= s.W && top+8 <= s.H {
						forward(s.Pix[top*s.Stride+left:], s.Stride, to)
					} else {
						edge := s.edge(left, top)
						forward(edge[:], 8, to)
					}
				}
				at += e.blocks * size
			}
		}
		first += c.h * c.v * size
	}
}

// edge is a block that reaches past the plane: what lies outside repeats the last sample.
func (s *Plane) edge(left, top int) (b [64]byte) {
	for i := range b {
		b[i] = s.Pix[min(top+i>>3, s.H-1)*s.Stride+min(left+i&7, s.W-1)]
	}
	return b
}

// file writes the file with the symbols that were gathered last, to memory of the pool.
func (e *encoder) file(segments [][]byte, symbols []symbol) []byte {
	var tables [4]codeTable
	var codes [4 << 8]code
	n := 1024
	for i := range tables {
		count := e.count[i<<8:][:256]
		if i < 2 || len(e.parts) > 1 {
			tables[i] = bestCodes(count)
			tables[i].codes(codes[i<<8:][:256])
		}
		bits := 0
		for s, times := range count {
			bits += int(times) * int(codes[i<<8|s]&31)
		}
		n += bits/8 + 1
	}
	for _, s := range segments {
		n += len(s)
	}
	b := bytePool.take(2 * n)[:0] // every byte may be 0xff and need a zero behind it
	b = e.head(b, segments, tables[:])
	b = b[:len(b)+writeSymbols(b[len(b):cap(b)], symbols, &codes)]
	return append(b, 0xff, mEOI)
}

// head appends all that stands before the symbols.
func (e *encoder) head(b []byte, segments [][]byte, tables []codeTable) []byte {
	b = append(b, 0xff, mSOI, 0xff, mAPP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 2, 0, 0, 1, 0, 1, 0, 0)
	for _, s := range segments {
		b = append(b, s...)
	}
	kinds := 1
	if len(e.parts) > 1 {
		kinds = 2
	}
	b = append(b, 0xff, mDQT, 0, byte(2+65*kinds))
	for i := range kinds {
		b = append(b, byte(i))
		b = append(b, e.quant[i].steps[:]...)
	}
	b = append(b, 0xff, mSOF0, 0, byte(8+3*len(e.parts)), 8)
	b = binary.BigEndian.AppendUint16(b, uint16(e.p.H))
	b = binary.BigEndian.AppendUint16(b, uint16(e.p.W))
	b = append(b, byte(len(e.parts)))
	for i, c := range e.parts {
		b = append(b, byte(i+1), byte(c.h<<4|c.v), byte(c.table))
	}
	for i, t := range tables[:2*kinds] {
		b = append(b, 0xff, mDHT)
		b = binary.BigEndian.AppendUint16(b, uint16(19+len(t.symbols)))
		b = append(b, byte(i&1<<4|i>>1)) // class and number
		b = append(b, t.counts[:]...)
		b = append(b, t.symbols...)
	}
	b = append(b, 0xff, mSOS, 0, byte(6+2*len(e.parts)), byte(len(e.parts)))
	for i, c := range e.parts {
		b = append(b, byte(i+1), byte(c.table<<4|c.table))
	}
	return append(b, 0, 63, 0)
}

// writeSymbols writes symbols in their codes, with a zero behind each 0xff, and says how many bytes that were.
// out has twice the room.
func writeSymbols(out []byte, symbols []symbol, codes *[4 << 8]code) int {
	acc, have, at := uint64(0), uint(0), 0
	for _, s := range symbols {
		c := codes[s&1023]
		n := uint(c & 31)
		acc = acc<<n | uint64(c>>5|s>>10)
		if have += n; have < 32 {
			continue
		}
		have -= 32
		w := uint32(acc >> (have & 31))
		if (^w-0x01010101)&w&0x80808080 == 0 { // no byte is 0xff
			binary.BigEndian.PutUint32(out[at:at+4], w)
			at += 4
		} else {
			at = stuff(out, at, w, 4)
		}
	}
	// T.81 F.1.2.3: the last byte is filled up with ones
	pad := -have & 7
	acc = acc<<pad | (1<<pad - 1)
	have += pad
	return stuff(out, at, uint32(acc<<(32-have)), int(have/8))
}

// stuff writes the first n bytes of w, with a zero behind each 0xff.
func stuff(out []byte, at int, w uint32, n int) int {
	for range n {
		out[at] = byte(w >> 24)
		at++
		if w>>24 == 0xff {
			out[at] = 0
			at++
		}
		w <<= 8
	}
	return at
}
