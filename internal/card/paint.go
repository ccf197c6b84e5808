package card

import (
	"errors"
	"image"
	"image/color"
	"math"

	"github.com/fogleman/gg"
	xdraw "golang.org/x/image/draw"

	"cutline/internal/typeset"
)

// path draws outlines with gg.
type path struct{ *gg.Context }

func r2(x float64) float64 { return math.Round(x*100) / 100 }

// x mirrors a box of width w that begins at x from the start side.
func (c *canvas) x(x, w float64) float64 {
	if c.rtl {
		return float64(c.f.W) - x - w
	}
	return x
}

// pen is a gg context on the overlay; what it draws is noted as ink.
func (c *canvas) pen(area typeset.Rect, col color.Color) *gg.Context {
	r := image.Rect(int(math.Floor(area.X0))-1, int(math.Floor(area.Y0))-1, int(math.Ceil(area.X1))+1, int(math.Ceil(area.Y1))+1).Intersect(c.overlay.Bounds())
	c.areas = append(c.areas, r)
	g := gg.NewContextForRGBA(c.overlay)
	g.SetColor(col)
	return g
}

// line draws a line of text with its left end at x and its baseline at y, then the emoji that are pictures.
func (c *canvas) line(l typeset.Line, x, y float64, col color.Color) {
	g := c.pen(l.Ink.Moved(x, y), col)
	l.Draw(path{g}, x, y)
	g.Fill()
	for _, m := range l.Images(x, y) {
		at := image.Rect(int(math.Floor(m.At.X0)), int(math.Floor(m.At.Y0)), int(math.Ceil(m.At.X1)), int(math.Ceil(m.At.Y1)))
		scaleInto(c.overlay, at, m.Picture)
		c.areas = append(c.areas, at.Intersect(c.overlay.Bounds()))
	}
}

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

// small shapes a text of one line in the sans face.
func (c *canvas) small(text string, bold, capitals bool) (*typeset.Paragraph, error) {
	st := typeset.Style{Bold: bold, Lang: c.s.Language, RTL: c.rtl, Upper: capitals && c.sc.capitals, Digits: c.s.Digits}
	if st.Upper {
		st.Tracking = .04
	}
	return c.fonts.Shape(text, st)
}

// chip is one of the small boxes above the headline.
type chip struct {
	p      *typeset.Paragraph
	fg, bg color.RGBA
	dot    bool
	width  float64
	drop   bool // may be left out where there is no room
}

// chips are the kicker, the section and the year, in this order.
func (c *canvas) chips(onDark bool, room float64) ([]chip, error) {
	var out []chip
	add := func(text string, fg, bg color.RGBA, capitals, dot, drop bool) error {
		if text == "" {
			return nil
		}
		p, err := c.small(text, true, capitals)
		if _, missing := errors.AsType[*typeset.MissingError](err); missing && drop {
			return nil // the headline matters; a section that no font has is left out
		} else if err != nil {
			return err
		}
		size := c.z.badge * c.sc.small
		w := p.Width(size) + 2*.55*c.z.badge
		if dot {
			w += size * .68
		}
		out = append(out, chip{p, fg, bg, dot, w, drop})
		return nil
	}
	plainFg, plainBg := ink, white
	if !onDark {
		plainFg, plainBg = paper, ink
	}
	if words, ok := kickers[c.s.Kicker]; ok {
		fg, bg := plainFg, plainBg
		if c.s.Kicker == "live" {
			fg, bg = white, live
		}
		if err := add(word(words, c.s.Language), fg, bg, true, c.s.Kicker == "live", false); err != nil {
			return nil, err
		}
	}
	if err := add(c.s.Section, white, c.sectionColour(), false, false, true); err != nil {
		return nil, err
	}
	if c.s.Year > 0 {
		if err := add(yearWord(c.s.Year, c.s.Language), ink, yearColor, false, false, false); err != nil {
			return nil, err
		}
	}
	total := func() (w float64) {
		for i, x := range out {
			if w += x.width; i > 0 {
				w += .35 * c.z.badge
			}
		}
		return w
	}
	for i := 0; i < len(out) && total() > room; i++ {
		if out[i].drop {
			out = append(out[:i], out[i+1:]...)
			i--
		}
	}
	return out, nil
}

func (c *canvas) sectionColour() color.RGBA {
	for _, m := range []map[string]string{c.s.Theme.Sections, sectionColours} {
		if h := m[c.s.Section]; h != "" {
			return rgb(h)
		}
		if h := m[lower(c.s.Section)]; h != "" {
			return rgb(h)
		}
	}
	return rgb(c.s.Theme.Accent)
}

func (c *canvas) chipHeight() float64 { return 1.6 * c.z.badge }

func (c *canvas) drawChips(list []chip, x, y float64) {
	size, h := c.z.badge*c.sc.small, c.chipHeight()
	for _, k := range list {
		left := c.x(x, k.width)
		c.rect(left, y, k.width, h, .12*c.z.badge, k.bg)
		base := y + h/2 + c.sc.capHeight*size/2
		l := k.p.Line(size)
		tx := left + .55*c.z.badge
		if k.dot {
			r := .22 * size
			if c.rtl {
				c.dot(left+k.width-.55*c.z.badge-r, y+h/2, r, k.fg)
			} else {
				c.dot(tx+r, y+h/2, r, k.fg)
				tx += .68 * size
			}
		}
		c.line(l, tx, base, k.fg)
		x += k.width + .35*c.z.badge
	}
}

// scaleInto draws a picture into a rectangle.
func scaleInto(to *image.RGBA, at image.Rectangle, m image.Image) {
	xdraw.CatmullRom.Scale(to, at, m, m.Bounds(), xdraw.Over, nil)
}
