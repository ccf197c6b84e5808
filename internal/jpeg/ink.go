package jpeg

import (
	"image"
	"image/color"
	"slices"
)

// Whole is the keep factor of Dim that leaves a row as it is.
const Whole = 1 << 15

// Dim lays black over whole rows: row y0+i keeps keep[i]/Whole of its light, luma and colour alike.
func (p *Planes) Dim(y0 int, keep []uint16) {
	at := func(y int) uint32 {
		if i := y - y0; i >= 0 && i < len(keep) {
			return uint32(keep[i])
		}
		return Whole
	}
	for y := max(y0, 0); y < min(y0+len(keep), p.H); y++ {
		k := at(y)
		row := p.Y.Pix[y*p.Y.Stride : y*p.Y.Stride+p.Y.W]
		for x, v := range row {
			row[x] = byte((uint32(v)*k + Whole/2) / Whole)
		}
	}
	if p.Gray() {
		return
	}
	for cy := max(y0, 0) / p.SubY; cy < p.Cb.H && cy*p.SubY < y0+len(keep); cy++ {
		k := uint32(0)
		for y := range p.SubY {
			k += at(cy*p.SubY + y)
		}
		k /= uint32(p.SubY)
		for _, plane := range []*Plane{&p.Cb, &p.Cr} {
			row := plane.Pix[cy*plane.Stride : cy*plane.Stride+plane.W]
			for x, v := range row {
				row[x] = byte(128 + ((int32(v)-128)*int32(k)+Whole/2)>>15)
			}
		}
	}
}

// Shade lays black of the mask's alpha over the part of the picture that the mask's bounds name.
func (p *Planes) Shade(mask *image.Alpha) {
	black := image.NewRGBA(mask.Rect)
	for i, a := range mask.Pix {
		black.Pix[i/mask.Stride*black.Stride+i%mask.Stride*4+3] = a
	}
	p.Blend(black)
}

// span is columns from a up to, but not with, b.
type span struct{ a, b int }

// spans are the columns that areas cover in rows y0 to y1, apart from each other, so that nothing is blended twice where
// areas overlap; widened to whole chroma samples of a width.
func spans(areas []image.Rectangle, y0, y1, width int) []span {
	var out []span
	for _, r := range areas {
		if r.Min.Y < y1 && r.Max.Y > y0 && r.Min.X < r.Max.X {
			out = append(out, span{r.Min.X / width * width, (r.Max.X + width - 1) / width * width})
		}
	}
	slices.SortFunc(out, func(a, b span) int { return a.a - b.a })
	merged := out[:0]
	for _, s := range out {
		if n := len(merged); n > 0 && s.a <= merged[n-1].b {
			merged[n-1].b = max(merged[n-1].b, s.b)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}

// Blend lays an overlay (premultiplied sRGB, in the picture's coordinates) over the picture, once, within
// the areas that hold its ink; without areas everywhere. A chroma sample takes the mean of what lies over the luma
// samples that it spans.
func (p *Planes) Blend(overlay *image.RGBA, areas ...image.Rectangle) {
	if len(areas) == 0 {
		areas = []image.Rectangle{overlay.Rect}
	}
	bounds := overlay.Rect.Intersect(image.Rect(0, 0, p.W, p.H))
	in := make([]image.Rectangle, 0, len(areas))
	for _, r := range areas {
		in = append(in, r.Intersect(bounds))
	}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for _, s := range spans(in, y, y+1, 1) {
			for x := s.a; x < s.b; x++ {
				c := overlay.Pix[overlay.PixOffset(x, y):]
				if a := uint32(c[3]); a > 0 {
					yy, _, _ := color.RGBToYCbCr(c[0], c[1], c[2])
					v := &p.Y.Pix[y*p.Y.Stride+x]
					*v = byte(min(255, uint32(yy)+(uint32(*v)*(255-a)+127)/255))
				}
			}
		}
	}
	if p.Gray() {
		return
	}
	for cy := bounds.Min.Y / p.SubY; cy < p.Cb.H; cy++ {
		for _, s := range spans(in, cy*p.SubY, (cy+1)*p.SubY, p.SubX) {
			for cx := s.a / p.SubX; cx < min(s.b/p.SubX, p.Cb.W); cx++ {
				p.blendChroma(overlay, bounds, cx, cy)
			}
		}
	}
}

func (p *Planes) blendChroma(overlay *image.RGBA, bounds image.Rectangle, cx, cy int) {
	var a, cb, cr, n int32
	for y := cy * p.SubY; y < min((cy+1)*p.SubY, p.H); y++ {
		for x := cx * p.SubX; x < min((cx+1)*p.SubX, p.W); x++ {
			n++
			if !(image.Point{X: x, Y: y}).In(bounds) {
				continue
			}
			if c := overlay.Pix[overlay.PixOffset(x, y):]; c[3] > 0 {
				_, b, r := color.RGBToYCbCr(c[0], c[1], c[2])
				a, cb, cr = a+int32(c[3]), cb+int32(b)-128, cr+int32(r)-128
			}
		}
	}
	if a == 0 {
		return
	}
	for i, plane := range []*Plane{&p.Cb, &p.Cr} {
		v := &plane.Pix[cy*plane.Stride+cx]
		own := []int32{cb, cr}[i] / n
		*v = byte(min(255, max(0, 128+own+(int32(*v)-128)*(255*n-a)/(255*n))))
	}
}
