package card

import (
	"errors"
	"image/color"

	"cutline/internal/typeset"
)

// small shapes a text of one line in the sans face.
func (c *canvas) small(text string, bold, capitals bool) (*typeset.Paragraph, error) {
	st := typeset.Style{Bold: bold, Own: c.t.Fonts.Regular, Lang: c.s.Language, RTL: c.rtl, Upper: capitals && c.sc.capitals, Digits: c.s.Digits}
	if bold {
		st.Own = c.t.Fonts.Bold
	}
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
	k := &c.t.Chip
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
		size := c.z.Badge * c.sc.small
		w := p.Width(size) + 2*k.Pad*c.z.Badge
		if dot {
			w += size * .68
		}
		out = append(out, chip{p, fg, bg, dot, w, drop})
		return nil
	}
	colours := &c.t.Colours
	ink := mustColour(colours.Ink)
	plainFg, plainBg := ink, white
	if !onDark {
		plainFg, plainBg = mustColour(colours.Paper), ink
	}
	if words, ok := kickers[c.s.Kicker]; ok {
		fg, bg := plainFg, plainBg
		if c.s.Kicker == "live" {
			fg, bg = white, mustColour(colours.Live)
		}
		if err := add(word(words, c.s.Language), fg, bg, true, c.s.Kicker == "live", false); err != nil {
			return nil, err
		}
	}
	if c.t.Show.Section {
		if err := add(c.s.Section, white, c.t.sectionColour(c.s.Section), false, false, true); err != nil {
			return nil, err
		}
	}
	if c.s.Year > 0 {
		if err := add(yearWord(c.s.Year, c.s.Language), ink, mustColour(colours.Year), false, false, false); err != nil {
			return nil, err
		}
	}
	for i := 0; i < len(out) && c.chipsWidth(out) > room; i++ {
		if out[i].drop {
			out = append(out[:i], out[i+1:]...)
			i--
		}
	}
	return out, nil
}

// chipsWidth is that of a row of chips.
func (c *canvas) chipsWidth(list []chip) (w float64) {
	for i, x := range list {
		if w += x.width; i > 0 {
			w += c.t.Chip.Gap * c.z.Badge
		}
	}
	return w
}

func (c *canvas) chipHeight() float64 { return c.t.Chip.Height * c.z.Badge }

// drawChips draws a row whose start side is at x and whose top is at y.
func (c *canvas) drawChips(list []chip, x, y float64) {
	k := &c.t.Chip
	size, h, pad := c.z.Badge*c.sc.small, c.chipHeight(), k.Pad*c.z.Badge
	if c.center {
		x = (float64(c.f.W) - c.chipsWidth(list)) / 2
	}
	for _, q := range list {
		left := c.x(x, q.width)
		c.rect(left, y, q.width, h, k.Radius*c.z.Badge, q.bg)
		base := y + h/2 + c.sc.capHeight*size/2
		l := q.p.Line(size)
		tx := left + pad
		if q.dot {
			r := k.Dot * size
			if c.rtl {
				c.dot(left+q.width-pad-r, y+h/2, r, q.fg)
			} else {
				c.dot(tx+r, y+h/2, r, q.fg)
				tx += .68 * size
			}
		}
		c.line(l, tx, base, q.fg)
		x += q.width + k.Gap*c.z.Badge
	}
}
