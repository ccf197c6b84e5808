package card

import (
	"context"
	"image/color"
	"strings"

	"cutline/internal/jpeg"
	"cutline/internal/photo"
	"cutline/internal/typeset"
)

// Gaps, × the dek's type size.
const (
	gapChip  = .70
	gapFoot  = 1.05
	gapDek   = .85
	gapScrim = 5.5
)

func lower(s string) string { return strings.ToLower(s) }

// headline shapes and fits the headline into a box for a layout.
func (c *canvas) headline(layout string, width, height float64) (typeset.Block, error) {
	family := c.s.Theme.Family
	r := heads[layout][c.f.tall]
	factor, track, space := c.sc.sans, c.sc.track, 0.0
	if track != 0 {
		space = .06 // large Inter sets its words too close once its letters are
	}
	if family == typeset.Serif {
		factor, track, space = c.sc.serif, track*.67, 0
	}
	p, err := c.fonts.Shape(c.s.Headline, typeset.Style{Family: family, Bold: true, Lang: c.s.Language, RTL: c.rtl, Digits: c.s.Digits, Tracking: track, Space: space})
	if err != nil {
		return typeset.Block{}, err
	}
	box := typeset.Box{Width: width, Height: min(r.height*float64(c.f.H), height), Max: r.max * c.short * factor, Min: r.min * c.short * factor, MaxLines: r.lines, LineHeight: c.sc.lineHeight}
	if layout == "bottom" {
		box.PerLine = .12
	}
	b := p.Fit(box)
	if b.Cut && layout == "bottom" { // one line more before so much is left out
		box.MaxLines++
		box.Height = min(height, box.Height+box.Min*box.LineHeight)
		b = p.Fit(box)
	}
	return b, nil
}

// foot is where the site's name and the credit stand.
type foot struct {
	base, top  float64 // baseline of the site's name, and top of its letters
	site       *typeset.Paragraph
	siteSize   float64
	siteWidth  float64
	credit     *typeset.Paragraph // nil: none
	creditSize float64
	above      float64 // the credit has a line of its own, so far above the baseline; 0: it stands at the end side
}

func (c *canvas) foot(withCredit bool, width float64) (foot, error) {
	f := foot{siteSize: c.z.site * c.sc.small, creditSize: c.z.credit * c.sc.small}
	f.base = float64(c.f.H) - c.z.bottom - f.siteSize*c.sc.foot
	f.top = f.base - f.siteSize*c.sc.footTop
	var err error
	if c.s.Site != "" {
		if f.site, err = c.small(c.s.Site, true, false); err != nil {
			return f, err
		}
		f.siteWidth = f.site.Width(f.siteSize)
	}
	if !withCredit {
		return f, nil
	}
	if f.credit, err = c.creditLine(&f.creditSize, width, width-f.siteWidth-c.z.credit); err != nil {
		return f, err
	}
	if f.credit.Width(f.creditSize) > width-f.siteWidth-c.z.credit {
		f.above = f.siteSize * 1.5
		f.top -= f.above
	}
	return f, nil
}

// creditLine shapes the credit: with its label, without it where that is too wide, smaller where even that is. It
// is never cut.
func (c *canvas) creditLine(size *float64, width, beside float64) (*typeset.Paragraph, error) {
	full := CreditLine(c.s.Credit, c.s.Language)
	p, err := c.small(full, false, false)
	if err != nil {
		return nil, err
	}
	c.credit = full
	if w := p.Width(*size); w > .6*width || w > beside {
		bare, err := c.small(c.s.Credit, false, false)
		if err != nil {
			return nil, err
		}
		if bare.Width(*size) <= beside || w > width {
			p, c.credit = bare, c.s.Credit
		}
	}
	if w := p.Width(*size); w > width {
		*size *= width / w
		if *size < .6*c.z.credit {
			return nil, errNext{"the credit is too long to be read on the photo"}
		}
	}
	return p, nil
}

func (c *canvas) drawFoot(f foot, fg color.RGBA) {
	if w, ok := c.logoAt(c.z.side, f.base-c.z.logo*.78); ok {
		_ = w
	} else if f.site != nil {
		c.line(f.site.Line(f.siteSize), c.x(c.z.side, f.siteWidth), f.base, fg)
	}
	if f.credit != nil {
		w := f.credit.Width(f.creditSize)
		y, x := f.base, float64(c.f.W)-c.z.side-w
		if f.above > 0 {
			y, x = f.base-f.above, c.z.side
		}
		c.line(f.credit.Line(f.creditSize), c.x(x, w), y, fg)
	}
}

// bottom is the photo over the whole card, the text at its foot over a scrim.
func (c *canvas) bottom(ctx context.Context, ph *photo.Photo) error {
	W, H := float64(c.f.W), float64(c.f.H)
	width := W - 2*c.z.side
	head, err := c.headline("bottom", width, H)
	if err != nil {
		return err
	}
	f, err := c.foot(true, width)
	if err != nil {
		return err
	}
	chips, err := c.chips(true, width)
	if err != nil {
		return err
	}
	last := head.Lines[len(head.Lines)-1]
	y := f.top - gapFoot*c.z.dek - max(last.Ink.Y1, last.Baseline+head.Size*c.sc.descent*.8)
	inkTop := y + head.Ink.Y0
	chipY := inkTop - gapChip*c.z.dek
	if len(chips) > 0 {
		chipY -= c.chipHeight()
	}
	textTop := chipY
	if textTop < 0 || H-inkTop > .62*H && c.f.tall == land {
		return errNext{"the headline leaves the photo too little room"}
	}
	scene, err := ph.Look(ctx)
	if err != nil {
		return err
	}
	info := ph.Info()
	choice := photo.Crop(info.Width, info.Height, scene, c.s.Focal, photo.Want{Aspect: W / H, Avoid: []photo.Rect{{X0: 0, Y0: textTop / H, X1: 1, Y1: 1}}, Zoom: 1.2})
	switch {
	case info.Enlarged(choice.Rect, c.f.W, c.f.H) > 1.5:
		return errNext{"the photo is too small for the whole card"}
	case c.s.Layout == "" && choice.Kept < .45:
		return errNext{"the whole card would show less than half of the photo"}
	case c.s.Layout == "" && !choice.Clear():
		return errNext{"a face would be cut, touch the edge or lie under the text"}
	}
	c.planes, err = ph.Frame(ctx, choice.Rect, c.f.W, c.f.H)
	if err != nil {
		return err
	}
	c.crop = rectOf(choice.Rect)
	c.why = join(c.why, choice.Why)

	x0 := c.z.side
	var under []cell
	for _, l := range head.Lines {
		under = append(under, cells(c.planes, l.Ink.Moved(x0, y), head.Size)...)
	}
	a, ok := need(under, forHead, leastScrim)
	if !ok {
		c.planes.Release()
		return errNext{"the photo is too bright for text on it"}
	}
	footCells := cells(c.planes, typeset.Rect{X0: c.z.side, Y0: f.top, X1: W - c.z.side, Y1: min(H, f.base+f.siteSize*.4)}, f.creditSize)
	b, ok := need(footCells, forFoot, a)
	if !ok {
		c.planes.Release()
		return errNext{"the photo is too bright for the credit on it"}
	}
	c.shade(inkTop, f.top, a, b)
	c.scrim = r2(a)
	for _, l := range head.Lines {
		c.contrast = min(c.contrast, worst(cells(c.planes, l.Ink.Moved(x0, y), head.Size)))
	}
	c.contrast = r2(min(c.contrast, worst(cells(c.planes, typeset.Rect{X0: c.z.side, Y0: f.top, X1: W - c.z.side, Y1: min(H, f.base+f.siteSize*.4)}, f.creditSize))))

	c.drawChips(chips, c.z.side, chipY)
	c.head, c.headAt = head, [2]float64{x0, y}
	c.block(head, x0, y, white)
	c.drawFoot(f, white)
	return nil
}

func rectOf(r photo.Rect) []float64 {
	return []float64{r4(r.X0), r4(r.Y0), r4(r.X1), r4(r.Y1)}
}

func r4(x float64) float64 { return float64(int(x*10000+.5)) / 10000 }

// shade lays the scrim: from nothing above the headline to a at its top, on to b at the foot and below.
func (c *canvas) shade(inkTop, footTop, a, b float64) {
	start := max(0, inkTop-gapScrim*c.z.dek)
	keep := make([]uint16, c.f.H-int(start))
	for i := range keep {
		y := start + float64(i)
		alpha := b
		switch {
		case y < inkTop:
			t := (y - start) / max(1, inkTop-start)
			alpha = a * t * t * (3 - 2*t)
		case y < footTop:
			alpha = a + (b-a)*(y-inkTop)/max(1, footTop-inkTop)
		}
		keep[i] = uint16((1 - alpha) * jpeg.Whole)
	}
	c.planes.Dim(int(start), keep)
}
