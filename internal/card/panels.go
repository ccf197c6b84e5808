package card

import (
	"context"
	"fmt"
	"math"

	"cutline/internal/photo"
	"cutline/internal/remark"
	"cutline/internal/typeset"
)

// dekBlock sets the dek, whole or not at all.
func (c *canvas) dekBlock(width, height float64, lines int) (typeset.Block, bool) {
	if c.s.Dek == "" || !c.t.Show.Dek {
		return typeset.Block{}, false
	}
	factor := c.sc.small
	if c.t.Family.Panel == "serif" {
		factor = c.sc.serif
	}
	p, err := c.fonts.Shape(c.s.Dek, typeset.Style{Family: familyOf(c.t.Family.Panel), Own: c.t.Fonts.Regular, Lang: c.s.Language, RTL: c.rtl, Digits: c.s.Digits})
	if err != nil {
		return typeset.Block{}, false // the headline matters; a dek with a letter that no font has is left out
	}
	size := float64(int(c.z.Dek * factor))
	box := typeset.Box{Width: width, Height: height, Max: size, Min: size, MaxLines: lines, LineHeight: c.sc.dekLine}
	if c.center {
		box.Align = typeset.Center
	}
	b := p.Fit(box)
	return b, !b.Cut && b.Height <= height
}

// show puts the photo into a frame.
func (c *canvas) show(ctx context.Context, ph *photo.Photo, x, y, w, h int) error {
	choice := photo.Crop(c.info.Width, c.info.Height, *c.scene, c.s.Focal, photo.Want{Aspect: float64(w) / float64(h)})
	if e := c.info.Enlarged(choice.Rect, w, h); e > most+.01 {
		return errNext{remark.Say("photo-blown-up", fmt.Sprintf("%.1f", e))}
	}
	p, err := ph.Frame(ctx, choice.Rect, w, h, c.t.Full)
	if err != nil {
		return err
	}
	c.place(p, x, y)
	p.Release()
	c.crop, c.why = rectOf(choice.Rect), remark.Join(c.why, choice.Why)
	return nil
}

// split is a panel with the text and the photo beside it, or above it on upright cards.
func (c *canvas) split(ctx context.Context, ph *photo.Photo) error {
	if c.center {
		return errNext{remark.Say("layout-theme-middle")}
	}
	c.ground(c.t.Ground.Split)
	c.fill(c.panel)
	if c.f.shape == land {
		return c.beside(ctx, ph)
	}
	return c.stacked(ctx, ph)
}

// beside is the split of a wide card.
func (c *canvas) beside(ctx context.Context, ph *photo.Photo) error {
	W := float64(c.f.W)
	gap := &c.t.Gap
	pw := int(c.t.Split.Land*W) &^ 1
	room := float64(pw) - c.m.Side
	credit, _, err := c.creditBlock(c.creditSize(), room, room, typeset.End)
	if err != nil {
		return err
	}
	f, err := c.foot(false, c.m.Side, W-2*c.m.Side-credit.Width-c.z.Credit)
	if err != nil {
		return err
	}
	f.credit = credit
	lines := f.credit.Lines
	last := lines[len(lines)-1].Baseline
	f.creditAt = [2]float64{c.x(W-c.m.Side-room, room), f.base - last}
	high := int(f.creditAt[1]+lines[0].Baseline-c.z.Credit*c.t.Split.Strip) &^ 1
	px := c.f.W - pw
	if c.rtl {
		px = 0
	}
	if err := c.show(ctx, ph, px&^1, 0, pw, high); err != nil {
		return err
	}
	boxW := W - float64(pw) - 1.9*c.m.Side
	chips, err := c.chips(c.dark(), boxW)
	if err != nil {
		return err
	}
	y := c.m.Top
	if len(chips) > 0 {
		y += c.chipHeight() + gap.Panel*c.z.Dek
	}
	floor := f.top - gap.Foot*c.z.Dek
	head, err := c.headline("split", boxW, floor-y)
	if err != nil {
		return err
	}
	c.drawChips(chips, c.m.Side, c.m.Top)
	c.putHead(head, c.m.Side, y, boxW)
	c.putDek(c.m.Side, boxW, floor, 4)
	c.drawFoot(f, c.text, c.muted)
	c.contrast = ratio(c.muted, c.panel)
	return nil
}

// stacked is the split of an upright card: the photo takes what the text leaves.
func (c *canvas) stacked(ctx context.Context, ph *photo.Photo) error {
	W, H := float64(c.f.W), float64(c.f.H)
	gap := &c.t.Gap
	width := W - 2*c.m.Side
	f, err := c.foot(false, c.m.Side, width)
	if err != nil {
		return err
	}
	chips, err := c.chips(c.dark(), .55*width)
	if err != nil {
		return err
	}
	least := c.t.Split.Upright
	if c.f.shape == tall {
		least = c.t.Split.Tall
	}
	room := width
	if w := c.chipsWidth(chips); w > 0 {
		room -= w + c.z.Badge
	}
	credit, beside, err := c.creditBlock(f.size, width, room, typeset.End)
	if err != nil {
		return err
	}
	// One row with chips and credit; a long credit has lines of its own, under the photo, and the chips come below.
	chipH := max(c.chipHeight(), c.z.Credit)
	row, lead := chipH, c.z.Dek*.95
	if !beside {
		row = credit.Height
		if len(chips) > 0 {
			row += .5*c.z.Dek + chipH
		}
	}
	under := lead + row + gap.Chip*1.3*c.z.Dek // from the photo to the headline
	floor := f.top - gap.Foot*c.z.Dek
	head, err := c.headline("split", width, floor-least*H-under)
	if err != nil {
		return err
	}
	rest := floor - under - (head.Ink.Y1 - head.Ink.Y0)
	if dek, ok := c.dekBlock(width, H, 3); ok && rest-dek.Height-gap.Dek*c.z.Dek >= least*H {
		rest -= dek.Height + gap.Dek*c.z.Dek
	}
	high := int(min(c.t.Split.Most*H, rest)) &^ 1
	if high < int(.2*H) {
		return errNext{remark.Say("headline-leaves-no-room")}
	}
	if err := c.show(ctx, ph, 0, 0, c.f.W, high); err != nil {
		return err
	}
	y := float64(high) + lead
	f.credit = credit
	if beside {
		f.creditAt = [2]float64{c.x(W-c.m.Side-room, room), y + c.chipHeight()/2 + c.z.Credit*.34 - credit.Lines[0].Baseline}
	} else {
		f.creditAt = [2]float64{c.x(c.m.Side, width), y}
		y += credit.Height + .5*c.z.Dek
	}
	c.drawChips(chips, c.m.Side, y)
	c.putHead(head, c.m.Side, float64(high)+under, width)
	c.putDek(c.m.Side, width, floor, 3)
	c.drawFoot(f, c.text, c.muted)
	c.contrast = ratio(c.muted, c.panel)
	return nil
}

// putHead draws the headline with the top of its ink at y.
func (c *canvas) putHead(head typeset.Block, x, y, width float64) {
	c.head, c.headAt = head, [2]float64{c.x(x, width), y - head.Ink.Y0}
	c.block(head, c.headAt[0], c.headAt[1], c.text)
}

// putDek draws the dek under the headline that was put, where there is room for all of it above the floor.
func (c *canvas) putDek(x, width, floor float64, lines int) {
	top := c.headAt[1] + c.head.Ink.Y1 + c.t.Gap.Dek*c.z.Dek
	if d, ok := c.dekBlock(width, floor-top, lines); ok {
		c.block(d, c.x(x, width), top, c.muted)
	}
}

// textLed is the text alone.
func (c *canvas) textLed() error {
	c.s.Credit = ""
	return c.plain(context.Background(), nil)
}

// inset is the text with a small picture: above it, or on wide cards at the end side.
func (c *canvas) inset(ctx context.Context, ph *photo.Photo) error {
	if c.center {
		return errNext{remark.Say("layout-theme-middle")}
	}
	return c.plain(ctx, ph)
}

// picture is how large an inset may be drawn: whole, unless it is very wide or narrow, and not blown up too far.
func (c *canvas) picture(maxW, maxH float64) (w, h float64) {
	pw, ph := float64(c.info.Width), float64(c.info.Height)
	aspect := min(2.2, max(.6, pw/ph))
	w = min(maxW, most*min(pw, ph*aspect))
	if h = w / aspect; h > maxH {
		w, h = maxH*aspect, maxH
	}
	return math.Floor(w/2) * 2, math.Floor(h/2) * 2
}

// plain is a card of text, under a bar in the section's colour, with a picture or without.
func (c *canvas) plain(ctx context.Context, ph *photo.Photo) error {
	W, H := float64(c.f.W), float64(c.f.H)
	gap := &c.t.Gap
	c.ground(c.t.Ground.Text)
	c.fill(c.panel)
	top := c.m.Top
	if c.f.shape != tall && c.t.Bar > 0 {
		c.rect(0, 0, W, c.t.Bar*c.short, 0, c.t.sectionColour(c.s.Section))
		top += c.t.Bar * c.short
	}
	width := W - 2*c.m.Side
	f, err := c.foot(false, c.m.Side, width)
	if err != nil {
		return err
	}
	floor := f.top - gap.Foot*c.z.Dek
	sizes, lines := "text-led", 4
	if c.f.shape == land {
		lines = 2
	}
	boxW, above := width, 0.0
	var picW, picH, creditW float64
	if ph != nil {
		sizes = "inset"
		in := c.t.Inset.of(c.f.shape)
		picW, picH = c.picture(min(width, in.Width*W), in.Height*H)
		if picW < .16*W {
			return errNext{remark.Say("photo-too-small-shown")}
		}
		creditW = max(picW, .3*W)
		if f.credit, _, err = c.creditBlock(f.size, creditW, creditW, typeset.End); err != nil {
			return err
		}
		if c.f.shape == land {
			boxW = width - creditW - c.m.Side
		} else {
			above = picH + .8*c.z.Credit + f.credit.Height + c.z.Dek
		}
	}
	chips, err := c.chips(c.dark(), boxW)
	if err != nil {
		return err
	}
	chipH := 0.0
	if len(chips) > 0 {
		chipH = c.chipHeight() + gap.Panel*c.z.Dek
	}
	head, err := c.headline(sizes, boxW, floor-top-above-chipH)
	if err != nil {
		return err
	}
	drop := 0.0
	if c.f.shape == tall { // the block stands a little above the middle
		used := above + chipH + head.Ink.Y1 - head.Ink.Y0
		if dek, ok := c.dekBlock(boxW, floor-top-used-gap.Dek*c.z.Dek, lines); ok {
			used += gap.Dek*c.z.Dek + dek.Height
		}
		drop = max(0, .4*(floor-top-used))
	}
	if ph != nil {
		left, y := c.x(W-c.m.Side-picW, picW), top+drop
		if err := c.show(ctx, ph, int(left)&^1, int(y)&^1, int(picW), int(picH)); err != nil {
			return err
		}
		f.creditAt = [2]float64{c.x(W-c.m.Side-creditW, creditW), y + picH + .8*c.z.Credit}
	}
	c.drawChips(chips, c.m.Side, top+drop+above)
	c.putHead(head, c.m.Side, top+drop+above+chipH, boxW)
	c.putDek(c.m.Side, boxW, floor, lines)
	rule := c.t.Colours.RulePaper
	if c.dark() {
		rule = c.t.Colours.RuleInk
	}
	c.rect(c.m.Side, floor+.5*gap.Foot*c.z.Dek, width, max(1.5, .003*c.short), 0, mustColour(rule))
	c.drawFoot(f, c.text, c.muted)
	c.contrast = ratio(c.muted, c.panel)
	return c.meta(f, width)
}

// meta is date or byline at the end side of the foot, where there is room for it.
func (c *canvas) meta(f foot, width float64) error {
	if c.s.Meta == "" {
		return nil
	}
	p, err := c.small(c.s.Meta, false, false)
	if err != nil {
		return err
	}
	if w := p.Width(f.size); w < width-f.mark.width-c.z.Credit {
		c.line(p.Line(f.size), c.x(float64(c.f.W)-c.m.Side-w, w), f.base, c.muted)
	}
	return nil
}
