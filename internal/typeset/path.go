package typeset

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"sync"

	"github.com/go-text/typesetting/font"
	ot "github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
)

// outline is a glyph's shape in font units, y up, and its box.
type outline struct {
	segments []ot.Segment
	picture  image.Image // instead of segments: an emoji in colour
	box      Rect        // in font units, y up: Y0 is the lower end
	err      error       // why it could not be read; it then has no shape
}

// outline reads a glyph's shape, once. Who shapes text looks at err, so that no letter stays away in silence.
func (f *file) outline(id font.GID) outline {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o, ok := f.seen[id]; ok {
		return o
	}
	var o outline
	if f.glyf != nil {
		if o.segments, o.err = f.glyf.segments(id); o.err != nil {
			return outline{err: fmt.Errorf("font %s cannot be used: %w", f.name, o.err)}
		}
	} else {
		if f.draw == nil {
			f.draw = f.face()
		}
		if g, ok := f.draw.GlyphDataOutline(tables.GlyphID(id)); ok && len(g.Segments) > 0 {
			o.segments = g.Segments
		} else {
			o.picture, o.box = picture(f.draw, id)
		}
	}
	for i, s := range o.segments {
		for _, a := range s.ArgsSlice() {
			x, y := float64(a.X), float64(a.Y)
			if i == 0 {
				o.box = Rect{x, y, x, y}
			}
			o.box = Rect{min(o.box.X0, x), min(o.box.Y0, y), max(o.box.X1, x), max(o.box.Y1, y)}
		}
	}
	f.seen[id] = o
	return o
}

// hyphen is the glyph that ends a line inside a word, and its advance in font units.
func (f *file) hyphen() (font.GID, int) {
	id, ok := f.font.NominalGlyph('\u2010')
	if !ok {
		if id, ok = f.font.NominalGlyph('-'); !ok {
			return 0, 0
		}
	}
	if f.outline(id).err != nil {
		return 0, 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.draw == nil {
		f.draw = f.face()
	}
	return id, int(f.draw.HorizontalAdvance(id))
}

// each calls do for each glyph with a shape, with where its origin lies and the pixels of a font unit.
func (l *Line) each(x, y float64, do func(r *Run, o outline, gx, gy, scale float64)) {
	x += l.X
	y += l.Baseline
	for k := range l.Runs {
		r := &l.Runs[k]
		scale := l.size / float64(r.upem)
		for i, g := range r.Glyphs {
			if o := r.file.outline(g.ID); len(o.segments) > 0 || o.picture != nil {
				do(r, o, x+float64(float64(g.DX)*scale), y-float64(float64(g.DY)*scale), scale)
			}
			x += float64(float64(g.AX)*scale) + float64(r.extra[i]*l.size)
		}
	}
}

// Paint lays the line's shapes over a picture in a colour, with the line's own place moved by x, y; what runs out of the
// picture is left out. They are filled as one shape, so that letters which overlap, as joined ones do, do not add up.
// Emoji in colour are no shapes: see [Line.Images].
func (l *Line) Paint(to *image.RGBA, x, y float64, col color.Color) {
	ink := l.Ink.Moved(x, y)
	box := image.Rect(int(math.Floor(ink.X0))-1, int(math.Floor(ink.Y0))-1, int(math.Ceil(ink.X1))+1, int(math.Ceil(ink.Y1))+1).Intersect(to.Rect)
	if box.Empty() {
		return
	}
	pen := rasters.Get().(*raster)
	defer rasters.Put(pen)
	pen.begin(box)
	l.each(x, y, func(r *Run, o outline, gx, gy, scale float64) {
		at := func(p ot.SegmentPoint) (float64, float64) {
			return gx + float64(float64(p.X)*scale), gy - float64(float64(p.Y)*scale)
		}
		for _, s := range o.segments {
			x1, y1 := at(s.Args[0])
			switch s.Op {
			case ot.SegmentOpMoveTo:
				pen.moveTo(x1, y1)
			case ot.SegmentOpLineTo:
				pen.lineTo(x1, y1)
			case ot.SegmentOpQuadTo:
				x2, y2 := at(s.Args[1])
				pen.quadTo(x1, y1, x2, y2)
			case ot.SegmentOpCubeTo:
				x2, y2 := at(s.Args[1])
				x3, y3 := at(s.Args[2])
				pen.cubicTo(x1, y1, x2, y2, x3, y3)
			}
		}
	})
	pen.paint(to, col)
}

// rasters keeps the memory of lines that are painted; it holds no state.
var rasters = sync.Pool{New: func() any { return new(raster) }}
