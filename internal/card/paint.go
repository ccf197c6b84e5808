package card

import (
	"image"
	"image/color"
	"math"
	"sync"

	"github.com/fogleman/gg"

	"cutline/internal/jpeg"
	"cutline/internal/typeset"
)

func r2(x float64) float64 { return math.Round(x*100) / 100 }

// x mirrors a box of width w that begins at x from the start side.
func (c *canvas) x(x, w float64) float64 {
	if c.rtl {
		return float64(c.f.W) - x - w
	}
	return x
}

// overlays keeps the memory of finished cards' overlays; it holds no state.
var overlays sync.Pool

// blank is an overlay without ink.
func blank(w, h int) *image.RGBA {
	m, ok := overlays.Get().(*image.RGBA)
	if !ok || cap(m.Pix) < 4*w*h {
		return image.NewRGBA(image.Rect(0, 0, w, h))
	}
	m.Pix, m.Stride, m.Rect = m.Pix[:4*w*h], 4*w, image.Rect(0, 0, w, h)
	clear(m.Pix)
	return m
}

// inked notes where the overlay gets ink.
func (c *canvas) inked(area typeset.Rect) {
	r := image.Rect(int(math.Floor(area.X0))-1, int(math.Floor(area.Y0))-1, int(math.Ceil(area.X1))+1, int(math.Ceil(area.Y1))+1)
	c.areas = append(c.areas, r.Intersect(c.overlay.Bounds()))
}

// pen is a gg context on the overlay; what it draws is noted as ink.
func (c *canvas) pen(area typeset.Rect, col color.Color) *gg.Context {
	c.inked(area)
	g := gg.NewContextForRGBA(c.overlay)
	g.SetColor(col)
	return g
}

// line draws a line of text with its left end at x and its baseline at y, then the emoji that are pictures.
func (c *canvas) line(l typeset.Line, x, y float64, col color.Color) {
	c.inked(l.Ink.Moved(x, y))
	l.Paint(c.overlay, x, y, col)
	for _, m := range l.Images(x, y) {
		at := image.Rect(int(math.Floor(m.At.X0)), int(math.Floor(m.At.Y0)), int(math.Ceil(m.At.X1)), int(math.Ceil(m.At.Y1)))
		jpeg.Paste(c.overlay, at, m.Picture)
		c.areas = append(c.areas, at.Intersect(c.overlay.Bounds()))
	}
}

// fill makes the planes one colour.
func (c *canvas) fill(col color.RGBA) {
	c.planes = jpeg.NewPlanes(c.f.W, c.f.H, 2, 2)
	y, cb, cr := color.RGBToYCbCr(col.R, col.G, col.B)
	for _, p := range []struct {
		plane jpeg.Plane
		v     byte
	}{{c.planes.Y, y}, {c.planes.Cb, cb}, {c.planes.Cr, cr}} {
		for i := range p.plane.Pix {
			p.plane.Pix[i] = p.v
		}
	}
}

// place copies a photo's planes to x, y, which are even.
func (c *canvas) place(p *jpeg.Planes, x, y int) {
	copyPlane := func(to, from jpeg.Plane, x, y int) {
		for row := range min(from.H, to.H-y) {
			copy(to.Pix[(y+row)*to.Stride+x:(y+row)*to.Stride+min(x+from.W, to.W)], from.Pix[row*from.Stride:row*from.Stride+from.W])
		}
	}
	copyPlane(c.planes.Y, p.Y, x, y)
	copyPlane(c.planes.Cb, p.Cb, x/2, y/2)
	copyPlane(c.planes.Cr, p.Cr, x/2, y/2)
}

// black is laid under what a photo does not fill.
var black = color.RGBA{A: 0xff}

func (c *canvas) block(b typeset.Block, x, y float64, col color.Color) {
	for _, l := range b.Lines {
		c.line(l, x, y, col)
	}
}

func (c *canvas) rect(x, y, w, h, radius float64, col color.Color) {
	g := c.pen(typeset.Rect{X0: x, Y0: y, X1: x + w, Y1: y + h}, col)
	if radius > 0 {
		g.DrawRoundedRectangle(x, y, w, h, radius)
	} else {
		g.DrawRectangle(x, y, w, h)
	}
	g.Fill()
}

func (c *canvas) dot(x, y, r float64, col color.Color) {
	g := c.pen(typeset.Rect{X0: x - r, Y0: y - r, X1: x + r, Y1: y + r}, col)
	g.DrawCircle(x, y, r)
	g.Fill()
}
