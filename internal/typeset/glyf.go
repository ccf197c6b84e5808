package typeset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-text/typesetting/font"
	ot "github.com/go-text/typesetting/font/opentype"
)

// glyf reads TrueType outlines (OpenType 1.9.1, tables glyf, loca and hmtx) from where they lie in the file, each when it
// is asked for. The library reads and takes apart the outlines of all letters at once, of which a Chinese font has thirty
// thousand; a headline needs thirty.
type glyf struct {
	file    *io.SectionReader
	tables  map[string]table
	long    bool // loca has 32-bit places
	count   int  // of glyphs
	metrics int  // of advances with bearings in hmtx; the glyphs after them have bearings alone
}

// table is where a table lies in its file.
type table struct{ at, size int64 }

// unread are the tables that shaping does without: outlines are read by glyf; names, and what is for lines that run down, by nobody.
var unread = map[string]bool{"glyf": true, "loca": true, "post": true, "name": true, "vhea": true, "vmtx": true, "VORG": true}

// openGlyf looks for outlines that can be read one by one. Where there are, rest is the font without them, for the library;
// else g is nil and rest is file: WOFF is packed, variable fonts bend their outlines, a font without GPOS has its marks placed
// by their outlines, and in PostScript fonts they are of another kind.
func openGlyf(file *io.SectionReader) (g *glyf, rest *io.SectionReader, err error) {
	head := make([]byte, 12)
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, file, nil // the library says what is wrong
	}
	if v := binary.BigEndian.Uint32(head); v != uint32(ot.TrueType) && v != uint32(ot.AppleTrueType) {
		return nil, file, nil
	}
	n := int64(binary.BigEndian.Uint16(head[4:]))
	entries := make([]byte, 16*n)
	if _, err := file.ReadAt(entries, 12); err != nil {
		return nil, file, nil
	}
	g = &glyf{file: file, tables: map[string]table{}}
	kept := head
	for e := entries; len(e) > 0; e = e[16:] {
		tag := string(e[:4])
		g.tables[tag] = table{int64(binary.BigEndian.Uint32(e[8:])), int64(binary.BigEndian.Uint32(e[12:]))}
		if !unread[tag] {
			kept = append(kept, e[:16]...)
		}
	}
	has := func(tag string) bool { return g.tables[tag].size > 0 }
	if !has("glyf") || !has("loca") || !has("GPOS") || has("fvar") || has("CBDT") || has("sbix") {
		return nil, file, nil
	}
	for tag, field := range map[string]struct {
		at int64
		to func(int)
	}{
		"head": {50, func(v int) { g.long = v == 1 }},
		"maxp": {4, func(v int) { g.count = v }},
		"hhea": {34, func(v int) { g.metrics = v }},
	} {
		b, err := g.read(tag, field.at, 2)
		if err != nil {
			return nil, nil, err
		}
		field.to(int(binary.BigEndian.Uint16(b)))
	}
	binary.BigEndian.PutUint16(kept[4:], uint16(len(kept)/16))
	return g, io.NewSectionReader(&overlaid{file, kept}, 0, file.Size()), nil
}

// overlaid is a file with another beginning.
type overlaid struct {
	io.ReaderAt
	head []byte
}

func (o *overlaid) ReadAt(p []byte, at int64) (int, error) {
	n, err := o.ReaderAt.ReadAt(p, at)
	if at < int64(len(o.head)) {
		copy(p[:n], o.head[at:])
	}
	return n, err
}

// read reads a part of a table.
func (g *glyf) read(tag string, at, size int64) ([]byte, error) {
	t := g.tables[tag]
	if at < 0 || size < 0 || at+size > t.size || t.at+at+size > g.file.Size() {
		return nil, fmt.Errorf("its table %s ends early", tag)
	}
	b := make([]byte, size)
	if _, err := g.file.ReadAt(b, t.at+at); err != nil {
		return nil, fmt.Errorf("reading its table %s: %w", tag, err)
	}
	return b, nil
}

// contours is a glyph as points in font units, y up.
type contours struct {
	points []contourPoint
	origin float32 // where the glyph's own origin lies: the left side bearing left of its leftmost point
}

type contourPoint struct {
	x, y float32
	on   bool // on the curve, not a control point of it
	last bool // of its contour
}

// Limits of composite glyphs, far over what fonts have: how deep they lie in each other, and how many there are in one.
const (
	deepest  = 8
	mostOfIt = 256
)

// segments are the lines and curves of a glyph; none for a blank.
func (g *glyf) segments(id font.GID) ([]ot.Segment, error) {
	left := mostOfIt
	c, err := g.contours(int(id), 0, &left)
	if err != nil {
		return nil, fmt.Errorf("glyph %d: %w", id, err)
	}
	var out []ot.Segment
	for p := c.points; len(p) > 0; {
		n := 1
		for n < len(p) && !p[n-1].last {
			n++
		}
		out = appendContour(out, p[:n], c.origin)
		p = p[n:]
	}
	return out, nil
}

// appendContour turns points into curves: between two control points lies a point of the curve that is not written down.
func appendContour(out []ot.Segment, p []contourPoint, origin float32) []ot.Segment {
	at := func(p contourPoint) ot.SegmentPoint { return ot.SegmentPoint{X: p.x - origin, Y: p.y} }
	middle := func(a, b ot.SegmentPoint) ot.SegmentPoint {
		return ot.SegmentPoint{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2}
	}
	start, last := at(p[0]), p[len(p)-1]
	switch {
	case p[0].on:
		p = p[1:]
	case last.on:
		start, p = at(last), p[:len(p)-1]
	default:
		start = middle(at(last), start)
	}
	out = append(out, ot.Segment{Op: ot.SegmentOpMoveTo, Args: [3]ot.SegmentPoint{start}})
	var control ot.SegmentPoint
	bent := false // control is one
	curve := func(to ot.SegmentPoint) {
		out = append(out, ot.Segment{Op: ot.SegmentOpQuadTo, Args: [3]ot.SegmentPoint{control, to}})
	}
	for _, q := range p {
		to := at(q)
		switch {
		case q.on && bent:
			curve(to)
		case q.on:
			out = append(out, ot.Segment{Op: ot.SegmentOpLineTo, Args: [3]ot.SegmentPoint{to}})
		case bent:
			curve(middle(control, to))
		}
		control, bent = to, !q.on
	}
	if bent {
		curve(start)
	}
	return out
}

var errShort = errors.New("it ends early")

// contours reads a glyph and what it is put together from.
func (g *glyf) contours(id, depth int, left *int) (contours, error) {
	if *left--; depth > deepest || *left < 0 {
		return contours{}, errors.New("it is put together from too many others")
	}
	if id >= g.count {
		return contours{}, fmt.Errorf("there are only %d", g.count)
	}
	data, err := g.data(id)
	if err != nil || len(data) == 0 {
		return contours{}, err
	}
	if len(data) < 10 {
		return contours{}, errShort
	}
	bearing, err := g.bearing(id)
	if err != nil {
		return contours{}, err
	}
	c := contours{origin: float32(int16(binary.BigEndian.Uint16(data[2:]))) - float32(bearing)}
	if n := int(int16(binary.BigEndian.Uint16(data))); n >= 0 {
		c.points, err = simple(data[10:], n)
		return c, err
	}
	return c, g.composite(&c, data[10:], depth, left)
}

// data is a glyph's part of the table; empty for a blank.
func (g *glyf) data(id int) ([]byte, error) {
	var from, to int64
	if g.long {
		b, err := g.read("loca", int64(4*id), 8)
		if err != nil {
			return nil, err
		}
		from, to = int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
	} else {
		b, err := g.read("loca", int64(2*id), 4)
		if err != nil {
			return nil, err
		}
		from, to = 2*int64(binary.BigEndian.Uint16(b)), 2*int64(binary.BigEndian.Uint16(b[2:]))
	}
	return g.read("glyf", from, to-from)
}

// bearing is the left side bearing: how far right of its origin a glyph's leftmost point lies.
func (g *glyf) bearing(id int) (int16, error) {
	at := int64(4*id + 2)
	if id >= g.metrics {
		at = int64(4*g.metrics + 2*(id-g.metrics))
	}
	if at+2 > g.tables["hmtx"].size { // bearings may be left out at the end
		return 0, nil
	}
	b, err := g.read("hmtx", at, 2)
	if err != nil {
		return 0, err
	}
	return int16(binary.BigEndian.Uint16(b)), nil
}

// simple reads the points of a glyph of n contours.
func simple(b []byte, n int) ([]contourPoint, error) {
	if n == 0 {
		return nil, nil
	}
	if len(b) < 2*n+2 {
		return nil, errShort
	}
	count := int(binary.BigEndian.Uint16(b[2*n-2:])) + 1
	points := make([]contourPoint, count)
	for i := range n {
		end := int(binary.BigEndian.Uint16(b[2*i:]))
		if end >= count {
			return nil, errors.New("its contours are out of order")
		}
		points[end].last = true
	}
	skip := 2*n + 2 + int(binary.BigEndian.Uint16(b[2*n:])) // its instructions are for screens
	if len(b) < skip {
		return nil, errShort
	}
	b = b[skip:]
	const on, shortX, shortY, repeat, sameX, sameY = 1, 2, 4, 8, 16, 32
	flags := make([]byte, 0, count)
	for len(flags) < count {
		if len(b) == 0 {
			return nil, errShort
		}
		f, times := b[0], 1
		b = b[1:]
		if f&repeat != 0 {
			if len(b) == 0 {
				return nil, errShort
			}
			times += int(b[0])
			b = b[1:]
		}
		for range min(times, count-len(flags)) {
			flags = append(flags, f)
		}
	}
	along := func(short, same byte, put func(p *contourPoint, v float32)) error {
		v := int16(0)
		for i, f := range flags {
			switch {
			case f&short != 0:
				if len(b) < 1 {
					return errShort
				}
				if f&same != 0 {
					v += int16(b[0])
				} else {
					v -= int16(b[0])
				}
				b = b[1:]
			case f&same == 0:
				if len(b) < 2 {
					return errShort
				}
				v += int16(binary.BigEndian.Uint16(b))
				b = b[2:]
			}
			put(&points[i], float32(v))
		}
		return nil
	}
	if err := along(shortX, sameX, func(p *contourPoint, v float32) { p.x = v }); err != nil {
		return nil, err
	}
	if err := along(shortY, sameY, func(p *contourPoint, v float32) { p.y = v }); err != nil {
		return nil, err
	}
	for i, f := range flags {
		points[i].on = f&on != 0
	}
	return points, nil
}

// composite puts a glyph together from others.
func (g *glyf) composite(c *contours, b []byte, depth int, left *int) error {
	const words, offsets, scaled, more, scaledXY, matrix, metrics, scaledOffset = 1, 2, 8, 0x20, 0x40, 0x80, 0x200, 0x800
	for {
		if len(b) < 4 {
			return errShort
		}
		flags, id := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		b = b[4:]
		size := map[bool]int{false: 2, true: 4}[flags&words != 0]
		extra := 0
		switch {
		case flags&scaled != 0:
			extra = 2
		case flags&scaledXY != 0:
			extra = 4
		case flags&matrix != 0:
			extra = 8
		}
		if len(b) < size+extra {
			return errShort
		}
		var first, second int // both offsets, or both numbers of points
		switch {
		case flags&words != 0 && flags&offsets != 0:
			first, second = int(int16(binary.BigEndian.Uint16(b))), int(int16(binary.BigEndian.Uint16(b[2:])))
		case flags&words != 0:
			first, second = int(binary.BigEndian.Uint16(b)), int(binary.BigEndian.Uint16(b[2:]))
		case flags&offsets != 0:
			first, second = int(int8(b[0])), int(int8(b[1]))
		default:
			first, second = int(b[0]), int(b[1])
		}
		fraction := func(i int) float32 { return float32(int16(binary.BigEndian.Uint16(b[size+2*i:]))) / (1 << 14) }
		xx, xy, yx, yy := float32(1), float32(0), float32(0), float32(1) // x' = xx·x + yx·y, y' = xy·x + yy·y
		switch extra {
		case 2:
			xx = fraction(0)
			yy = xx
		case 4:
			xx, yy = fraction(0), fraction(1)
		case 8:
			xx, xy, yx, yy = fraction(0), fraction(1), fraction(2), fraction(3)
		}
		b = b[size+extra:]

		part, err := g.contours(id, depth+1, left)
		if err != nil {
			return fmt.Errorf("its part %d: %w", id, err)
		}
		if flags&metrics != 0 {
			c.origin = part.origin
		}
		turn := func(x, y float32) (float32, float32) {
			return float32(xx*x) + float32(yx*y), float32(xy*x) + float32(yy*y)
		}
		for i := range part.points {
			p := &part.points[i]
			p.x, p.y = turn(p.x, p.y)
		}
		dx, dy := float32(first), float32(second)
		switch {
		case flags&offsets == 0: // the second point of the part comes to lie on the first of what is there
			dx, dy = 0, 0
			if first < len(c.points) && second < len(part.points) {
				dx, dy = c.points[first].x-part.points[second].x, c.points[first].y-part.points[second].y
			}
		case flags&scaledOffset != 0:
			dx, dy = turn(dx, dy)
		}
		for i := range part.points {
			part.points[i].x += dx
			part.points[i].y += dy
		}
		c.points = append(c.points, part.points...)
		if flags&more == 0 {
			return nil
		}
	}
}
