package card

import (
	"context"
	"fmt"
	"image/color"

	"cutline/internal/photo"
	"cutline/internal/typeset"
)

// dekBlock sets the dek, whole or not at all.
func (c *canvas) dekBlock(width, height float64, lines int) (typeset.Block, bool) {
	if c.s.Dek == "" {
		return typeset.Block{}, false
	}
	factor := c.sc.small
	if c.s.Theme.Family == typeset.Serif {
		factor = c.sc.serif
	}
	p, err := c.fonts.Shape(c.s.Dek, typeset.Style{Family: c.s.Theme.Family, Lang: c.s.Language, RTL: c.rtl, Digits: c.s.Digits})
	if err != nil {
		return typeset.Block{}, false // the headline matters; a dek with a letter that no font has is left out
	}
	size := float64(int(c.z.dek * factor))
	b := p.Fit(typeset.Box{Width: width, Height: height, Max: size, Min: size, MaxLines: lines, LineHeight: c.sc.dekLine})
	return b, !b.Cut && b.Height <= height
}

// split is a panel with the text and the photo beside it, or above it on upright cards.
func (c *canvas) split(ctx context.Context, ph *photo.Photo) error {
	W, H := float64(c.f.W), float64(c.f.H)
	c.fill(c.panel)
	scene, err := ph.Look(ctx)
	if err != nil {
		return err
	}
	info := ph.Info()
	show := func(x, y, w, h int) error {
		choice := photo.Crop(info.Width, info.Height, scene, c.s.Focal, photo.Want{Aspect: float64(w) / float64(h)})
		if e := info.Enlarged(choice.Rect, w, h); e > 1.5 {
			return errNext{fmt.Sprintf("the photo would be blown up %.1f times", e)}
		}
		p, err := ph.Frame(ctx, choice.Rect, w, h)
		if err != nil {
			return err
		}
		c.place(p, x, y)
		p.Release()
		c.crop, c.why = rectOf(choice.Rect), join(c.why, choice.Why)
		return nil
	}
	if c.f.tall == land {
		pw := int(.46*W) &^ 1
		f, err := c.foot(false, W-2*c.z.side)
		if err != nil {
			return err
		}
		f.creditSize = c.z.credit * c.sc.small
		if f.credit, err = c.creditLine(&f.creditSize, float64(pw)-c.z.side, float64(pw)-c.z.side); err != nil {
			return err
		}
		phh := int(f.base-c.z.credit*1.75) &^ 1
		px := c.f.W - pw
		if c.rtl {
			px = 0
		}
		if err := show(px&^1, 0, pw, phh); err != nil {
			return err
		}
		boxW := W - float64(pw) - 1.9*c.z.side
		chips, err := c.chips(!c.s.Theme.Paper, boxW)
		if err != nil {
			return err
		}
		y := c.z.top
		if len(chips) > 0 {
			y += c.chipHeight() + .9*c.z.dek
		}
		floor := f.top - gapFoot*c.z.dek
		head, err := c.headline("split", boxW, floor-y)
		if err != nil {
			return err
		}
		c.drawChips(chips, c.z.side, c.z.top)
		c.putHead(head, c.z.side, y, boxW)
		bottom := c.headAt[1] + head.Ink.Y1
		if d, ok := c.dekBlock(boxW, floor-bottom-gapDek*c.z.dek, 4); ok {
			c.block(d, c.x(c.z.side, boxW), bottom+gapDek*c.z.dek, c.muted)
		}
		if w, ok := c.logoAt(c.z.side, f.base-c.z.logo*.78); !ok && f.site != nil {
			_ = w
			c.line(f.site.Line(f.siteSize), c.x(c.z.side, f.siteWidth), f.base, c.text)
		}
		w := f.credit.Width(f.creditSize)
		c.line(f.credit.Line(f.creditSize), c.x(W-c.z.side-w, w), f.base, c.muted)
		c.contrast = ratio(c.muted, c.panel)
		return nil
	}
	width := W - 2*c.z.side
	f, err := c.foot(false, width)
	if err != nil {
		return err
	}
	chips, err := c.chips(!c.s.Theme.Paper, .55*width)
	if err != nil {
		return err
	}
	least := .44
	if c.f.tall == tall {
		least = .42
	}
	row := c.z.dek*.95 + max(c.chipHeight(), c.z.credit)
	floor := f.top - gapFoot*c.z.dek
	head, err := c.headline("split", width, floor-least*H-row-gapChip*1.3*c.z.dek)
	if err != nil {
		return err
	}
	headH := head.Ink.Y1 - head.Ink.Y0
	dek, hasDek := c.dekBlock(width, H, 3)
	dekH := 0.0
	if hasDek {
		dekH = dek.Height + gapDek*c.z.dek
	}
	rest := floor - row - gapChip*1.3*c.z.dek - headH
	if hasDek && rest-dekH < least*H {
		hasDek, dekH = false, 0
	}
	phh := int(min(.58*H, rest-dekH)) &^ 1
	if phh < int(.2*H) {
		return errNext{"the headline leaves the photo too little room"}
	}
	if err := show(0, 0, c.f.W, phh); err != nil {
		return err
	}
	rowY := float64(phh) + c.z.dek*.95
	c.drawChips(chips, c.z.side, rowY)
	size := c.z.credit * c.sc.small
	chipsW := 0.0
	for _, k := range chips {
		chipsW += k.width + .35*c.z.badge
	}
	p, err := c.creditLine(&size, width-chipsW, width-chipsW)
	if err != nil {
		return err
	}
	w := p.Width(size)
	c.line(p.Line(size), c.x(W-c.z.side-w, w), rowY+c.chipHeight()/2+c.z.credit*.34, c.muted)
	c.putHead(head, c.z.side, float64(phh)+row+gapChip*1.3*c.z.dek, width)
	if hasDek {
		c.block(dek, c.x(c.z.side, width), c.headAt[1]+head.Ink.Y1+gapDek*c.z.dek, c.muted)
	}
	if _, ok := c.logoAt(c.z.side, f.base-c.z.logo*.78); !ok && f.site != nil {
		c.line(f.site.Line(f.siteSize), c.x(c.z.side, f.siteWidth), f.base, c.text)
	}
	c.contrast = ratio(c.muted, c.panel)
	return nil
}

// putHead draws the headline with the top of its ink at y.
func (c *canvas) putHead(head typeset.Block, x, y, width float64) {
	c.head, c.headAt = head, [2]float64{c.x(x, width), y - head.Ink.Y0}
	c.block(head, c.headAt[0], c.headAt[1], c.text)
}

// ratio is the WCAG contrast of two opaque colours.
func ratio(a, b color.RGBA) float64 {
	l := func(c color.RGBA) float64 {
		return .2126*linear[c.R] + .7152*linear[c.G] + .0722*linear[c.B] + .05
	}
	x, y := l(a), l(b)
	if x < y {
		x, y = y, x
	}
	return r2(x / y)
}

// textLed is the text alone, on paper under a bar in the section's colour.
func (c *canvas) textLed() error {
	W := float64(c.f.W)
	c.panel, c.text, c.muted = paper, ink, mutedPap
	if c.s.Theme.Layout != "text-led" {
		c.s.Theme.Paper = true
	}
	c.fill(c.panel)
	top := c.z.top
	if c.f.tall != tall {
		bar := .018 * c.short
		c.rect(0, 0, W, bar, 0, c.sectionColour())
		top += bar
	}
	width := W - 2*c.z.side
	f, err := c.foot(false, width)
	if err != nil {
		return err
	}
	chips, err := c.chips(false, width)
	if err != nil {
		return err
	}
	y := top
	if len(chips) > 0 {
		y += c.chipHeight() + .9*c.z.dek
	}
	floor := f.top - gapFoot*c.z.dek
	head, err := c.headline("text-led", width, floor-y)
	if err != nil {
		return err
	}
	headH := head.Ink.Y1 - head.Ink.Y0
	lines := 4
	if c.f.tall == land {
		lines = 2
	}
	dek, hasDek := c.dekBlock(width, floor-y-headH-gapDek*c.z.dek, lines)
	used := headH
	if hasDek {
		used += gapDek*c.z.dek + dek.Height
	}
	drop := 0.0
	if c.f.tall == tall {
		drop = max(0, .4*(floor-y-used))
	}
	c.drawChips(chips, c.z.side, top+drop)
	c.putHead(head, c.z.side, y+drop, width)
	if hasDek {
		c.block(dek, c.x(c.z.side, width), c.headAt[1]+head.Ink.Y1+gapDek*c.z.dek, c.muted)
	}
	c.rect(c.z.side, floor+.5*gapFoot*c.z.dek, width, max(1.5, .003*c.short), 0, rulePap)
	if _, ok := c.logoAt(c.z.side, f.base-c.z.logo*.78); !ok && f.site != nil {
		c.line(f.site.Line(f.siteSize), c.x(c.z.side, f.siteWidth), f.base, c.text)
	}
	if c.s.Meta != "" {
		p, err := c.small(c.s.Meta, false, false)
		if err != nil {
			return err
		}
		size := c.z.credit * c.sc.small
		if w := p.Width(size); w < width-f.siteWidth-c.z.credit {
			c.line(p.Line(size), c.x(W-c.z.side-w, w), f.base, c.muted)
		}
	}
	c.contrast = ratio(c.muted, c.panel)
	return nil
}
