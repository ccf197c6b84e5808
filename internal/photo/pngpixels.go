package photo

import (
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// idat reads the compressed pixels out of the chunks of a PNG, checking each chunk's CRC as it comes to it.
type idat struct {
	data []byte // the file
	at   int    // offset of the next chunk
	part []byte // what is left of the present one
	cut  bool   // the file ends within the present chunk
}

var errCRC = errors.New("a chunk's checksum is wrong")

func (r *idat) Read(b []byte) (int, error) {
	for len(r.part) == 0 {
		if r.cut || r.at+8 > len(r.data) {
			return 0, io.ErrUnexpectedEOF
		}
		if string(r.data[r.at+4:r.at+8]) != "IDAT" {
			return 0, io.EOF
		}
		size := int64(binary.BigEndian.Uint32(r.data[r.at:]))
		start := r.at + 8
		if int64(start)+size+4 > int64(len(r.data)) {
			r.part, r.cut = r.data[start:min(int64(len(r.data)), int64(start)+size)], true
			continue
		}
		end := start + int(size)
		if crc32.ChecksumIEEE(r.data[start-4:end]) != binary.BigEndian.Uint32(r.data[end:]) {
			return 0, errCRC
		}
		r.part, r.at = r.data[start:end], end+4
	}
	n := copy(b, r.part)
	r.part = r.part[n:]
	return n, nil
}

// decodePNG reads the pixels into rows. Depths of 16 bits are cut to 8; a file that ends after its last row is whole.
func (f *file) decodePNG(ctx context.Context, minW, minH int) (*rows, error) {
	p := &f.png
	src := &idat{data: f.data, at: p.idat}
	z, err := zlib.NewReader(src)
	if err != nil {
		return nil, f.badPNG(src, err, 0)
	}
	plain := (p.kind == 0 || p.kind == 4) && p.transparent == nil
	out := newRows(f.w, f.h, minW, minH, plain && p.kind == 0)
	x := newExpander(p)
	if p.interlaced {
		return out, f.interlaced(ctx, src, z, x, out)
	}
	line := newLine(p, f.w)
	wide := make([]byte, 4*f.w)
	for y := range f.h {
		if y&63 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := line.read(z); err != nil {
			return nil, f.badPNG(src, err, y)
		}
		if out.planes.Gray() {
			out.gray(x.gray(line.now, wide[:f.w]))
		} else {
			x.rgba(line.now, wide)
			out.rgba(wide)
		}
	}
	return out, nil
}

// badPNG says why the pixels could not be read to the end.
func (f *file) badPNG(src *idat, err error, y int) error {
	if errors.Is(err, io.ErrUnexpectedEOF) && (src.cut || src.at+8 > len(src.data)) || errors.Is(err, io.EOF) {
		return f.refuse(Truncated, "ends at row %d of %d", y, f.h)
	}
	return f.refuse(Damaged, "row %d of %d: %v", y, f.h, err)
}

// line is one row of a PNG's pass, with its filter undone (W3C PNG, 9).
type line struct {
	now, last []byte // bytes of this row and the one above it
	raw       []byte // filter type, then the row
	bpp       int    // bytes a pixel, at least 1
}

func newLine(p *pngHeader, w int) *line {
	bits := channels[p.kind] * int(p.depth)
	n := (w*bits + 7) / 8
	return &line{make([]byte, n), make([]byte, n), make([]byte, n+1), max(1, bits/8)}
}

var errFilter = errors.New("an unknown filter")

func (l *line) read(r io.Reader) error {
	if _, err := io.ReadFull(r, l.raw); err != nil {
		return err
	}
	l.now, l.last = l.last, l.now
	now, up, bpp := l.now, l.last[:len(l.now)], l.bpp
	copy(now, l.raw[1:])
	switch l.raw[0] {
	case 0:
	case 1:
		for i := bpp; i < len(now); i++ {
			now[i] += now[i-bpp]
		}
	case 2:
		for i, v := range up {
			now[i] += v
		}
	case 3:
		for i := range min(bpp, len(now)) {
			now[i] += up[i] / 2
		}
		for i := bpp; i < len(now); i++ {
			now[i] += uint8((int(now[i-bpp]) + int(up[i])) / 2)
		}
	case 4:
		for i := range min(bpp, len(now)) {
			now[i] += up[i]
		}
		for i := bpp; i < len(now); i++ {
			now[i] += paeth(int(now[i-bpp]), int(up[i]), int(up[i-bpp]))
		}
	default:
		return errFilter
	}
	return nil
}

// paeth is the neighbour that is nearest to left + above − above left.
func paeth(a, b, c int) uint8 {
	pa, pb := b-c, a-c
	pc := max(pa+pb, -pa-pb)
	pa, pb = max(pa, -pa), max(pb, -pb)
	switch {
	case pa <= pb && pa <= pc:
		return uint8(a)
	case pb <= pc:
		return uint8(b)
	}
	return uint8(c)
}

// expander turns a row's samples into 8 bits, gray or RGBA.
type expander struct {
	p      *pngHeader
	colour [256][4]byte // of every value of one sample of up to 8 bits: gray or palette
	key    [3]uint16    // the transparent colour of gray and RGB
	keyed  bool         // there is one
}

func newExpander(p *pngHeader) *expander {
	x := &expander{p: p}
	if n := channels[p.kind]; p.kind != 3 && n != 2 && n != 4 && len(p.transparent) >= 2*n {
		x.keyed = true
		for i := range n {
			x.key[i] = binary.BigEndian.Uint16(p.transparent[2*i:])
		}
	}
	if p.depth > 8 {
		return x
	}
	top := 1<<p.depth - 1
	for v := range x.colour {
		g := byte(min(v, top) * 255 / top)
		x.colour[v] = [4]byte{g, g, g, 255}
		switch {
		case p.kind == 3 && 3*v+3 <= len(p.palette):
			x.colour[v] = [4]byte{p.palette[3*v], p.palette[3*v+1], p.palette[3*v+2], 255}
			if v < len(p.transparent) {
				x.colour[v][3] = p.transparent[v]
			}
		case p.kind == 3: // past the palette: black, as most readers show it
			x.colour[v] = [4]byte{0, 0, 0, 255}
		case x.keyed && v == int(x.key[0]):
			x.colour[v][3] = 0
		}
	}
	return x
}

// gray expands a row of gray samples without transparency.
func (x *expander) gray(row, out []byte) []byte {
	switch x.p.depth {
	case 8:
		return row
	case 16:
		for i := range out {
			out[i] = row[2*i]
		}
	default:
		for i := range out {
			out[i] = x.colour[x.sample(row, i)][0]
		}
	}
	return out
}

// sample is the i-th sample of up to 8 bits.
func (x *expander) sample(row []byte, i int) byte {
	d := int(x.p.depth)
	bit := i * d
	return row[bit/8] >> (8 - d - bit%8) & byte(1<<d-1)
}

// rgba expands a row of any kind.
func (x *expander) rgba(row, out []byte) {
	wide := 1
	if x.p.depth == 16 {
		wide = 2
	}
	n := len(out) / 4
	switch x.p.kind {
	case 0, 3:
		for i := range n {
			if wide == 2 {
				g := row[2*i]
				copy(out[4*i:4*i+4], []byte{g, g, g, x.opaque(row[2*i:], 1)})
				continue
			}
			copy(out[4*i:4*i+4], x.colour[x.sample(row, i)][:])
		}
	case 2:
		for i := range n {
			v := row[3*wide*i : 3*wide*(i+1)]
			o := out[4*i : 4*i+4 : 4*i+4]
			o[0], o[1], o[2], o[3] = v[0], v[wide], v[2*wide], 255
			if x.keyed {
				o[3] = x.opaque(v, 3)
			}
		}
	case 4:
		for i := range n {
			g, a := row[2*wide*i], row[2*wide*i+wide]
			o := out[4*i : 4*i+4 : 4*i+4]
			o[0], o[1], o[2], o[3] = g, g, g, a
		}
	case 6:
		if wide == 1 {
			copy(out, row)
			return
		}
		for i := range out {
			out[i] = row[2*i]
		}
	}
}

// opaque is the alpha of a gray or RGB colour: 0 for the one that tRNS names.
func (x *expander) opaque(v []byte, n int) byte {
	for i := range n {
		s := uint16(v[i%len(v)])
		if x.p.depth == 16 {
			s = binary.BigEndian.Uint16(v[2*i:])
		}
		if !x.keyed || s != x.key[i] {
			return 255
		}
	}
	return 0
}

// passes of Adam7: first column and row, and the steps between them.
var passes = [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}

// interlaced gathers the whole picture, four bytes a pixel, before its rows can go on: Open has judged the memory.
func (f *file) interlaced(ctx context.Context, src *idat, z io.Reader, x *expander, out *rows) error {
	whole := make([]byte, 4*f.w*f.h)
	for _, pass := range passes {
		x0, y0, dx, dy := pass[0], pass[1], pass[2], pass[3]
		w := (f.w - x0 + dx - 1) / dx
		if w <= 0 {
			continue
		}
		line := newLine(&f.png, w)
		wide := make([]byte, 4*w)
		for y := y0; y < f.h; y += dy {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := line.read(z); err != nil {
				return f.badPNG(src, err, y)
			}
			x.rgba(line.now, wide)
			for i := range w {
				copy(whole[4*(y*f.w+x0+i*dx):][:4], wide[4*i:4*i+4])
			}
		}
	}
	narrow := make([]byte, f.w)
	for y := range f.h {
		row := whole[4*f.w*y : 4*f.w*(y+1)]
		if out.planes.Gray() {
			for i := range narrow {
				narrow[i] = row[4*i]
			}
			out.gray(narrow)
		} else {
			out.rgba(row)
		}
	}
	return nil
}
