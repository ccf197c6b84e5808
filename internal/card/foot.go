package card

import (
	"image"
	"image/color"
	"math"

	"cutline/internal/remark"
	"cutline/internal/typeset"
)

// foot is where the site's name and the credit stand: on one baseline, or the credit in lines of its own above the name.
type foot struct {
	base, top float64 // the name's baseline; top of the foot's letters
	x         float64 // start side of its column
	mark      mark
	credit    typeset.Block // no lines: none
	creditAt  [2]float64    // left and top of its box
	size      float64       // the credit's type size
}

// foot sets the foot for a column that begins x from the start side.
func (c *canvas) foot(withCredit bool, x, width float64) (foot, error) {
	f := foot{x: x, size: c.creditSize()}
	var err error
	if f.mark, err = c.mark(width); err != nil {
		return f, err
	}
	size := c.z.Site * c.sc.small
	f.base = float64(c.f.H) - c.m.Bottom - size*c.sc.foot
	f.top = f.base - size*c.sc.footTop
	if f.mark.logo != nil {
		f.top = min(f.top, f.base-f.mark.height*.78)
	}
	if !withCredit {
		return f, nil
	}
	left := c.x(x, width)
	var beside bool
	if f.credit, beside, err = c.creditBlock(f.size, width, width-f.mark.width-c.z.Credit, typeset.Start); err != nil {
		return f, err
	}
	if beside {
		left = c.x(x+f.mark.width+c.z.Credit, width-f.mark.width-c.z.Credit)
		f.creditAt = [2]float64{left, f.base - f.credit.Lines[0].Baseline}
		return f, nil
	}
	last := f.credit.Lines[len(f.credit.Lines)-1].Baseline
	f.creditAt = [2]float64{left, f.base - size*1.5 - last}
	f.top = f.creditAt[1] + f.credit.Ink.Y0
	return f, nil
}

func (c *canvas) creditSize() float64 { return c.z.Credit * c.sc.small }

// creditLines is how many lines of its own a credit may have.
const creditLines = 3

// creditBlock sets the credit: with its label, without it where that would take over .6 of the width, then in lines of
// its own. It is never cut and never smaller. beside: it stands on one line in room, at its end side; else in width, at the
// side own.
func (c *canvas) creditBlock(size, width, room float64, own typeset.Align) (b typeset.Block, beside bool, err error) {
	full := CreditLine(c.s.Credit, c.s.Language)
	limit := room
	if room < width {
		limit = min(room, .6*width)
	}
	for i, try := range []struct {
		text         string
		width, limit float64
		lines        int
	}{{full, room, limit, 1}, {c.s.Credit, room, room, 1}, {full, width, width, 1}, {c.s.Credit, width, math.Inf(1), creditLines}} {
		p, err := c.small(try.text, false, false)
		if err != nil {
			return b, false, err
		}
		if p.Width(size) > try.limit {
			continue
		}
		at := own
		if beside = i < 2; beside {
			at = typeset.End
		}
		b = p.Fit(typeset.Box{Width: try.width + .01, Height: float64(c.f.H), Max: size, Min: size, MaxLines: try.lines, LineHeight: c.sc.dekLine, Align: at})
		if !b.Cut {
			c.credit = try.text
			return b, beside, nil
		}
	}
	return b, false, errNext{remark.Say("credit-too-long")}
}

// patches are what lies under the foot's texts.
func (c *canvas) patches(f foot) (out []patch) {
	if f.mark.name != nil {
		out = append(out, patch{f.mark.name.Ink.Moved(c.x(f.x+f.mark.width-f.mark.nameWidth, f.mark.nameWidth), f.base), f.mark.size})
	}
	for _, l := range f.credit.Lines {
		out = append(out, patch{l.Ink.Moved(f.creditAt[0], f.creditAt[1]), f.size})
	}
	return out
}

func (c *canvas) drawFoot(f foot, name, credit color.RGBA) {
	c.drawMark(f.mark, f.x, f.base, name)
	c.block(f.credit, f.creditAt[0], f.creditAt[1], credit)
}

// mark is the site's name, its logo, or both.
type mark struct {
	logo      *Logo         // nil: none
	height    float64       // of the logo
	name      *typeset.Line // nil: the logo alone
	size      float64       // the name's type size
	nameWidth float64
	width     float64 // of all
}

// mark prepares the site's name and logo. A name that is too wide for the room is set smaller, down to the least size that
// a theme may have, and then shortened.
func (c *canvas) mark(room float64) (mark, error) {
	m := mark{size: c.z.Site * c.sc.small}
	gap := 0.0
	if logo := c.logo(); logo != nil {
		w, h := c.z.Logo*logo.aspect(), c.z.Logo
		if w > 5*h {
			w, h = 5*h, h*5*h/w
		}
		m.logo, m.height, m.width, gap = logo, h, w, .28*c.z.Logo
	}
	if c.s.Site == "" || m.logo != nil && c.t.Show.Logo != "before" {
		return m, nil
	}
	p, err := c.small(c.s.Site, true, false)
	if err != nil {
		return m, err
	}
	if m.logo != nil {
		m.width += gap
	}
	l := p.Line(m.size)
	if room -= m.width; l.Width > room {
		b := p.Fit(typeset.Box{Width: room, Height: m.size * 3, Max: m.size, Min: min(m.size, leastType*c.short), MaxLines: 1, LineHeight: c.sc.lineHeight})
		l, m.size = b.Lines[0], b.Size
		l.Ink = l.Ink.Moved(-l.X, -l.Baseline)
		l.X, l.Baseline = 0, 0
	}
	m.name, m.nameWidth = &l, l.Width
	m.width += m.nameWidth
	return m, nil
}

// leastType is the least size of type, of the short side: 7.5 pixels where a phone shows a card 360 wide.
const leastType = .0225

// logo is the one that suits the ground; nil: there is none.
func (c *canvas) logo() *Logo {
	if !c.dark() && c.s.OnLight != nil {
		return c.s.OnLight
	}
	return c.s.Logo
}

// drawMark draws the mark with its start side at x.
func (c *canvas) drawMark(m mark, x, base float64, fg color.RGBA) {
	if m.logo != nil {
		w := m.height * m.logo.aspect()
		left, top := c.x(x, w), base-m.height*.78
		at := image.Rect(int(left+.5), int(top+.5), int(left+w+.5), int(top+m.height+.5))
		if look := m.logo.light; m.logo.clear && m.name == nil {
			behind := light(c.panel)
			if c.planes != nil && c.crop != nil && c.panel.A == 0 {
				behind = under(c.planes, at)
			}
			if contrastOf(look, behind) < 3 {
				plate, pad := mustColour(c.t.Colours.Paper), .015*c.short
				if look > .4 {
					plate = mustColour(c.t.Colours.Ink)
				}
				c.rect(left-pad, top-pad, w+2*pad, m.height+2*pad, pad/2, plate)
			}
		}
		c.paste(at, m.logo.scaled)
	}
	if m.name != nil {
		c.line(*m.name, c.x(x+m.width-m.nameWidth, m.nameWidth), base, fg)
	}
}
