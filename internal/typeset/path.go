package typeset

import (
	"github.com/go-text/typesetting/font"
	ot "github.com/go-text/typesetting/font/opentype"
)

// Path is what outlines are drawn into: gg.Context and a rasterizer both can be made one. Coordinates in pixels, y down.
type Path interface {
	MoveTo(x, y float64)
	LineTo(x, y float64)
	QuadraticTo(x1, y1, x2, y2 float64)
	CubicTo(x1, y1, x2, y2, x3, y3 float64)
	ClosePath()
}

// outline is a glyph's shape in font units, y up, and its box.
type outline struct {
	segments []ot.Segment
	box      Rect // in font units, y up: Y0 is the lower end
}

// outline reads a glyph's shape, once.
func (f *file) outline(id font.GID) outline {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o, ok := f.outlines[id]; ok {
		return o
	}
	var o outline
	if face, err := f.face(); err == nil {
		if g, ok := face.GlyphData(id).(font.GlyphOutline); ok {
			o.segments = g.Segments
			for i, s := range g.Segments {
				for _, a := range s.ArgsSlice() {
					pt := Rect{float64(a.X), float64(a.Y), float64(a.X), float64(a.Y)}
					if i == 0 {
						o.box = pt
					}
					o.box = Rect{min(o.box.X0, pt.X0), min(o.box.Y0, pt.Y0), max(o.box.X1, pt.X1), max(o.box.Y1, pt.Y1)}
				}
			}
		}
		f.faces.Put(face)
	}
	f.outlines[id] = o
	return o
}

// ink is a run's black box with its pen at 0, 0, and how far the pen goes.
func (r *Run) ink(size, tracking float64) (Rect, float64) {
	scale := size / float64(r.upem)
	var box Rect
	x := 0.0
	last := -1
	for _, g := range r.Glyphs {
		if last >= 0 && g.Cluster != last {
			x += float64(tracking * size)
		}
		last = g.Cluster
		if o := r.file.outline(g.ID); len(o.segments) > 0 {
			gx, gy := x+float64(float64(g.DX)*scale), float64(float64(g.DY)*scale)
			box = box.Union(Rect{gx + float64(o.box.X0*scale), -gy - float64(o.box.Y1*scale), gx + float64(o.box.X1*scale), -gy - float64(o.box.Y0*scale)})
		}
		x += float64(float64(g.AX) * scale)
	}
	if last >= 0 {
		x += float64(tracking * size)
	}
	return box, x
}

// Draw adds the line's shapes to a path, with the line's own place moved by x, y. One path for the whole line: shapes that
// overlap, as joined letters do, do not add up then.
func (l *Line) Draw(to Path, x, y float64) {
	x += l.X
	y += l.Baseline
	for _, r := range l.Runs {
		scale := l.size / float64(r.upem)
		last := -1
		for _, g := range r.Glyphs {
			if last >= 0 && g.Cluster != last {
				x += float64(l.tracking * l.size)
			}
			last = g.Cluster
			gx, gy := x+float64(float64(g.DX)*scale), y-float64(float64(g.DY)*scale)
			at := func(p ot.SegmentPoint) (float64, float64) {
				return gx + float64(float64(p.X)*scale), gy - float64(float64(p.Y)*scale)
			}
			open := false
			for _, s := range r.file.outline(g.ID).segments {
				x1, y1 := at(s.Args[0])
				switch s.Op {
				case ot.SegmentOpMoveTo:
					if open {
						to.ClosePath()
					}
					to.MoveTo(x1, y1)
					open = true
				case ot.SegmentOpLineTo:
					to.LineTo(x1, y1)
				case ot.SegmentOpQuadTo:
					x2, y2 := at(s.Args[1])
					to.QuadraticTo(x1, y1, x2, y2)
				case ot.SegmentOpCubeTo:
					x2, y2 := at(s.Args[1])
					x3, y3 := at(s.Args[2])
					to.CubicTo(x1, y1, x2, y2, x3, y3)
				}
			}
			if open {
				to.ClosePath()
			}
			x += float64(float64(g.AX) * scale)
		}
		if last >= 0 {
			x += float64(l.tracking * l.size)
		}
	}
}
