package card

import (
	"context"
	"image"

	"cutline/internal/article"
	"cutline/internal/jpeg"
	"cutline/internal/photo"
	"cutline/internal/remark"
	"cutline/internal/typeset"
)

// headline shapes and fits the headline into a box for a layout.
func (c *canvas) headline(layout string, width, height float64) (typeset.Block, error) {
	family, r := c.t.Family.Panel, c.t.Headline.of(layout).of(c.f.shape)
	if layout == "bottom" || layout == "side" {
		family = c.t.Family.Photo
	}
	factor, track, space := c.sc.sans, c.sc.track, 0.0
	if track != 0 {
		space = .06 // large Inter sets its words too close once its letters are
	}
	if family == "serif" {
		factor, track, space = c.sc.serif, track*.67, 0
	}
	if len(c.t.Fonts.Headline) > 0 || c.t.Upper {
		track, space = 0, 0
	}
	lineHeight, nastaliq := c.sc.lineHeight, c.t.Fonts.Nastaliq && len(c.t.Fonts.Headline) == 0 && article.Tongue(c.s.Language) == "ur"
	if nastaliq { // a word begins high and falls to the line
		lineHeight, factor = 2.3, factor*.85
	}
	p, err := c.fonts.Shape(c.s.Headline, typeset.Style{Nastaliq: nastaliq, Family: familyOf(family), Own: c.t.Fonts.Headline, Bold: true, Lang: c.s.Language, RTL: c.rtl, Upper: c.t.Upper, Digits: c.s.Digits, Tracking: track, Space: space, Names: c.s.Names})
	if err != nil {
		return typeset.Block{}, err
	}
	box := typeset.Box{Width: width, Height: min(r.Height*float64(c.f.H), height), Max: r.Max * c.short * factor, Min: r.Min * c.short * factor, MaxLines: r.Lines, LineHeight: lineHeight}
	if c.center {
		box.Align = typeset.Center
	}
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

func familyOf(name string) typeset.Family {
	if name == "serif" {
		return typeset.Serif
	}
	return typeset.Sans
}

// over is a layout with the text on the photo: bottom, side or top.
type over struct {
	x, w              float64 // the text's column, from the start side
	head              typeset.Block
	left, y           float64 // where the headline's box is
	inkTop, inkBottom float64 // of the headline
	chips             []chip
	chipY             float64
	foot              foot
	frame             int // height of the photo; less than the card's on a tall one with a small photo
}

// most is how far a photo may be blown up.
const most = 1.5

// planOver finds the text's place and the photo's crop, together.
func (c *canvas) planOver(layout string) (attempt, error) {
	ends := []bool{false}
	if layout == "side" { // the column goes where no face is, at the end side if it may
		ends = []bool{true, false}
	}
	var best attempt
	var bad error
	for _, end := range ends {
		o, choice, err := c.placeOver(layout, end)
		if err != nil {
			if _, next := err.(errNext); !next {
				return attempt{}, err
			}
			bad = err
			continue
		}
		if best.c == nil || choice.Under < best.choice.Under-.2 {
			best = attempt{c: c, choice: choice, onto: true, draw: func(ctx context.Context, ph *photo.Photo) error { return c.drawOver(ctx, ph, layout, o, choice) }}
		}
	}
	if best.c == nil {
		return best, bad
	}
	return best, nil
}

func (c *canvas) placeOver(layout string, end bool) (o over, choice photo.Choice, err error) {
	W, H := float64(c.f.W), float64(c.f.H)
	c.text, c.muted = white, white
	o.x, o.w = c.m.Side, W-2*c.m.Side
	sizes := "bottom"
	if layout == "side" {
		if c.center {
			return o, choice, errNext{remark.Say("layout-theme-middle")}
		}
		sizes, o.w = "side", c.t.Side.Width*W
		if end {
			o.x = W - c.m.Side - o.w
		}
	}
	if o.head, err = c.headline(sizes, o.w, H); err != nil {
		return o, choice, err
	}
	if o.head.Cut && layout != "bottom" && !c.chosen {
		return o, choice, errNext{remark.Say("headline-too-long")}
	}
	if o.foot, err = c.foot(true, o.x, o.w); err != nil {
		return o, choice, err
	}
	if o.chips, err = c.chips(true, o.w); err != nil {
		return o, choice, err
	}
	gap := &c.t.Gap
	chipH := 0.0
	if len(o.chips) > 0 {
		chipH = c.chipHeight() + gap.Chip*c.z.Dek
	}
	o.left = c.x(o.x, o.w)
	last := o.head.Lines[len(o.head.Lines)-1]
	if layout == "top" {
		o.chipY = c.m.Top
		o.y = c.m.Top + chipH - o.head.Ink.Y0
	} else {
		o.y = o.foot.top - gap.Foot*c.z.Dek - max(last.Ink.Y1, last.Baseline+o.head.Size*c.sc.descent*.8)
		o.chipY = o.y + o.head.Ink.Y0 - chipH
	}
	o.inkTop, o.inkBottom = o.y+o.head.Ink.Y0, o.y+o.head.Ink.Y1
	switch {
	case o.chipY < 0, layout == "side" && o.chipY < c.m.Top/2,
		layout == "bottom" && H-o.inkTop > c.t.Scrim.Deep*H && c.f.shape == land,
		layout == "top" && o.inkBottom > c.t.Scrim.Deep*H:
		return o, choice, errNext{remark.Say("headline-leaves-no-room")}
	}
	choice, err = c.cropOver(layout, &o)
	return o, choice, err
}

// cropOver chooses the crop for a text's place.
func (c *canvas) cropOver(layout string, o *over) (photo.Choice, error) {
	W, H := float64(c.f.W), float64(c.f.H)
	w, h := float64(c.info.Width), float64(c.info.Height)
	o.frame = c.f.H
	blown := max(W/w, H/h)
	if blown > most && c.f.shape == tall && layout == "bottom" && W/w <= most {
		o.frame = int(min(most*h, .68*H)) &^ 1 // as tall as it may be, from the top, the rest black
		blown = max(W/w, float64(o.frame)/h)
	}
	if blown > most || float64(o.frame) < .3*H {
		return photo.Choice{}, errNext{remark.Say("photo-too-small")}
	}
	frame := float64(o.frame)
	var avoid []photo.Rect
	switch layout {
	case "bottom":
		avoid = []photo.Rect{{X0: 0, Y0: min(.98, o.chipY/frame), X1: 1, Y1: 1}}
	case "top":
		avoid = []photo.Rect{{X0: 0, Y0: 0, X1: 1, Y1: (o.inkBottom + .3*c.z.Dek) / H}, {X0: 0, Y0: o.foot.top / H, X1: 1, Y1: 1}}
	case "side":
		x0, x1 := o.left-c.z.Dek, o.left+o.w+c.z.Dek
		if o.left > W-o.left-o.w { // the column reaches to its edge
			x1 = W
		} else {
			x0 = 0
		}
		avoid = []photo.Rect{{X0: max(0, x0/W), Y0: 0, X1: min(1, x1/W), Y1: 1}}
	}
	choice := photo.Crop(c.info.Width, c.info.Height, *c.scene, c.s.Focal, photo.Want{Aspect: W / frame, Avoid: avoid, Zoom: min(c.t.Side.Zoom, most/blown)})
	switch {
	case c.info.Enlarged(choice.Rect, c.f.W, o.frame) > most+.01:
		return choice, errNext{remark.Say("photo-too-small")}
	case !c.chosen && o.frame == c.f.H && min(w/h*H/W, h/w*W/H) < .45:
		return choice, errNext{remark.Say("photo-shown-half")}
	case !c.chosen && choice.Hidden:
		return choice, errNext{remark.Say("focal-point-under-text")}
	case !c.chosen && !choice.Clear():
		return choice, errNext{remark.Say("face-cut")}
	}
	return choice, nil
}

// drawOver draws the photo, as much black over it as the text needs, and the text.
func (c *canvas) drawOver(ctx context.Context, ph *photo.Photo, layout string, o over, choice photo.Choice) error {
	planes, err := ph.Frame(ctx, choice.Rect, c.f.W, o.frame, c.t.Full)
	if err != nil {
		return err
	}
	c.planes = planes
	if o.frame < c.f.H {
		c.fill(black)
		c.place(planes, 0, 0)
		planes.Release()
		fade := .16 * float64(c.f.H)
		end := float64(o.frame)
		c.shade(func(y float64) float64 { return smooth((y - (end - fade)) / fade) }, int(end-fade), o.frame)
	}
	c.crop, c.why = rectOf(choice.Rect), remark.Join(c.why, choice.Why)

	scrim := &c.t.Scrim
	var lines []patch
	for _, l := range o.head.Lines {
		lines = append(lines, patch{l.Ink.Moved(o.left, o.y), o.head.Size})
	}
	feet := c.patches(o.foot)
	a, ok := need(c.planes, lines, scrim.Headline, scrim.Least, scrim.Cap)
	from := a
	if layout == "top" {
		from = scrim.Least
	}
	b, fine := need(c.planes, feet, scrim.Foot, from, scrim.Cap)
	if !ok || !fine {
		c.planes.Release()
		return errNext{remark.Say("photo-too-bright")}
	}
	if layout == "side" {
		a = max(a, b)
	}
	c.darken(layout, o, a, b)
	c.scrim = r2(a)
	c.contrast = r2(min(worst(c.planes, lines), worst(c.planes, feet)))

	c.drawChips(o.chips, o.x, o.chipY)
	c.head, c.headAt = o.head, [2]float64{o.left, o.y}
	c.block(o.head, o.left, o.y, white)
	c.drawFoot(o.foot, white, white)
	return nil
}

func rectOf(r photo.Rect) []float64 {
	return []float64{r4(r.X0), r4(r.Y0), r4(r.X1), r4(r.Y1)}
}

func r4(x float64) float64 { return float64(int(x*10000+.5)) / 10000 }

// smooth is smoothstep, 0 … 1.
func smooth(t float64) float64 {
	t = min(1, max(0, t))
	return t * t * (3 - 2*t)
}

// darken lays the scrim: a under the headline, b under the foot.
func (c *canvas) darken(layout string, o over, a, b float64) {
	fade := c.t.Gap.Fade * c.z.Dek
	switch layout {
	case "bottom": // from nothing above the headline to a at its top, on to b at the foot and below
		start := max(0, o.inkTop-fade)
		c.shade(func(y float64) float64 {
			switch {
			case y < o.inkTop:
				return a * smooth((y-start)/max(1, o.inkTop-start))
			case y < o.foot.top:
				return a + (b-a)*(y-o.inkTop)/max(1, o.foot.top-o.inkTop)
			}
			return b
		}, int(start), c.f.H)
	case "top": // a from the edge to the headline's foot and out, and the foot's own
		c.shade(func(y float64) float64 {
			return max(a*smooth((o.inkBottom+fade-y)/fade), b*smooth((y-(o.foot.top-fade/2))/(fade/2)))
		}, 0, c.f.H)
	case "side":
		c.shadeSide(o, a)
	}
}

// shade lays black over rows from y0 to y1, of the opacity that alpha gives each.
func (c *canvas) shade(alpha func(y float64) float64, y0, y1 int) {
	keep := make([]uint16, y1-y0)
	for i := range keep {
		keep[i] = uint16((1 - alpha(float64(y0+i))) * jpeg.Whole)
	}
	c.planes.Dim(y0, keep)
}

// shadeSide lays black of opacity a over the column and to its edge, running out towards the other.
func (c *canvas) shadeSide(o over, a float64) {
	fade, pad := c.t.Side.Fade*c.short, .02*c.short
	right := o.left > float64(c.f.W)-o.left-o.w
	x0, x1 := 0, int(o.left+o.w+pad+fade)
	if right {
		x0, x1 = int(o.left-pad-fade), c.f.W
	}
	mask := image.NewAlpha(image.Rect(max(0, x0)&^1, 0, min(x1, c.f.W), c.f.H))
	row := mask.Pix[:mask.Stride]
	for i := range row {
		x := float64(mask.Rect.Min.X + i)
		t := (o.left + o.w + pad + fade - x) / fade
		if right {
			t = (x - (o.left - pad - fade)) / fade
		}
		row[i] = uint8(a*smooth(t)*255 + .5)
	}
	for y := 1; y < c.f.H; y++ {
		copy(mask.Pix[y*mask.Stride:], row)
	}
	c.planes.Shade(mask)
}
