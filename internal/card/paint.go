package card

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"
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

// ink is something that is drawn over the planes when all is in its place.
type ink struct {
	area image.Rectangle           // holds all of it, in the card's pixels
	draw func(overlay *image.RGBA) // draws it; the overlay has the card's coordinates and holds the area at least
}

// ink notes what is to be drawn within an area.
func (c *canvas) ink(area image.Rectangle, draw func(overlay *image.RGBA)) {
	if area = area.Intersect(image.Rect(0, 0, c.f.W, c.f.H)); !area.Empty() {
		c.inks = append(c.inks, ink{area, draw})
	}
}

// around are the pixels that an area touches, and one more on each side.
func around(area typeset.Rect) image.Rectangle {
	return image.Rect(int(math.Floor(area.X0))-1, int(math.Floor(area.Y0))-1, int(math.Ceil(area.X1))+1, int(math.Ceil(area.Y1))+1)
}

// blend lays the ink over the planes. What overlaps is drawn on one overlay, in the order in which it was noted, and laid over the
// planes once; what lies apart has an overlay of its own, one after the other in the same memory, which is a
// fraction of the card's.
func (c *canvas) blend() {
	inks := c.inks
	c.inks = nil
	groups := grouped(inks)
	size := 0
	for _, g := range groups {
		size = max(size, 4*g.bounds.Dx()*g.bounds.Dy())
	}
	memory, ok := overlays.Get().(*[]byte)
	if !ok || cap(*memory) < size {
		memory = new([]byte)
		*memory = make([]byte, size)
	}
	for _, g := range groups {
		overlay := &image.RGBA{Pix: (*memory)[:4*g.bounds.Dx()*g.bounds.Dy()], Stride: 4 * g.bounds.Dx(), Rect: g.bounds}
		clear(overlay.Pix)
		var areas []image.Rectangle
		for _, i := range g.inks {
			inks[i].draw(overlay)
			areas = append(areas, inks[i].area)
		}
		c.planes.Blend(overlay, areas...)
	}
	overlays.Put(memory)
}

// overlays keeps the memory of finished cards' overlays; it holds no state.
var overlays sync.Pool

// group is ink that overlaps.
type group struct {
	bounds image.Rectangle // of all, widened to whole samples of chroma
	inks   []int           // which they are, in the order in which they were noted
}

// grouped joins ink whose bounds share a sample.
func grouped(inks []ink) []group {
	var out []group
	for n, i := range inks {
		r := i.area
		r.Min.X, r.Min.Y, r.Max.X, r.Max.Y = r.Min.X&^1, r.Min.Y&^1, (r.Max.X+1)&^1, (r.Max.Y+1)&^1
		out = append(out, group{r, []int{n}})
	}
	for k := 0; k < len(out); {
		other := slices.IndexFunc(out[k+1:], func(g group) bool { return g.bounds.Overlaps(out[k].bounds) })
		if other < 0 {
			k++
			continue
		}
		other += k + 1
		out[k] = group{out[k].bounds.Union(out[other].bounds), append(out[k].inks, out[other].inks...)}
		slices.Sort(out[k].inks)
		out = slices.Delete(out, other, other+1)
		k = 0 // it may now overlap one that was passed
	}
	return out
}

// line draws a line of text with its left end at x and its baseline at y, then the emoji that are pictures.
func (c *canvas) line(l typeset.Line, x, y float64, col color.Color) {
	c.ink(around(l.Ink.Moved(x, y)), func(to *image.RGBA) { l.Paint(to, x, y, col) })
	for _, m := range l.Images(x, y) {
		c.paste(image.Rect(int(math.Floor(m.At.X0)), int(math.Floor(m.At.Y0)), int(math.Ceil(m.At.X1)), int(math.Ceil(m.At.Y1))), func(w, h int) *image.RGBA { return jpeg.Scaled(m.Picture, w, h) })
	}
}

// paste draws a picture, of which scaled gives one of a size, to a place.
func (c *canvas) paste(at image.Rectangle, scaled func(w, h int) *image.RGBA) {
	c.ink(at, func(to *image.RGBA) { draw.Draw(to, at, scaled(at.Dx(), at.Dy()), image.Point{}, draw.Over) })
}

// fill makes the planes one colour.
func (c *canvas) fill(col color.RGBA) {
	sub := 2
	if c.t.Full {
		sub = 1
	}
	c.planes = jpeg.NewPlanes(c.f.W, c.f.H, sub, sub)
	y, cb, cr := color.RGBToYCbCr(col.R, col.G, col.B)
	for _, p := range []struct {
		plane jpeg.Plane
		v     byte
	}{{c.planes.Y, y}, {c.planes.Cb, cb}, {c.planes.Cr, cr}} {
		pix := p.plane.Pix
		pix[0] = p.v
		for n := 1; n < len(pix); n *= 2 { // copying is many times quicker than setting
			copy(pix[n:], pix[:n])
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
	copyPlane(c.planes.Cb, p.Cb, x/p.SubX, y/p.SubY)
	copyPlane(c.planes.Cr, p.Cr, x/p.SubX, y/p.SubY)
}

// black is laid under what a photo does not fill.
var black = color.RGBA{A: 0xff}

func (c *canvas) block(b typeset.Block, x, y float64, col color.Color) {
	for _, l := range b.Lines {
		c.line(l, x, y, col)
	}
}

func (c *canvas) rect(x, y, w, h, radius float64, col color.Color) {
	c.shape(typeset.Rect{X0: x, Y0: y, X1: x + w, Y1: y + h}, col, func(g *gg.Context) {
		if radius > 0 {
			g.DrawRoundedRectangle(x, y, w, h, radius)
		} else {
			g.DrawRectangle(x, y, w, h)
		}
	})
}

func (c *canvas) dot(x, y, r float64, col color.Color) {
	c.shape(typeset.Rect{X0: x - r, Y0: y - r, X1: x + r, Y1: y + r}, col, func(g *gg.Context) { g.DrawCircle(x, y, r) })
}

// shape fills a shape that lies in an area.
func (c *canvas) shape(area typeset.Rect, col color.Color, path func(*gg.Context)) {
	c.ink(around(area), func(to *image.RGBA) {
		corner := to.Rect.Min
		g := gg.NewContextForRGBA(&image.RGBA{Pix: to.Pix, Stride: to.Stride, Rect: to.Rect.Sub(corner)}) // gg wants the corner at 0, 0
		g.Translate(float64(-corner.X), float64(-corner.Y))
		g.SetColor(col)
		path(g)
		g.Fill()
	})
}
