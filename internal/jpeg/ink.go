package jpeg

import (
	"encoding/binary"
	"image"
	"image/draw"
	"math"
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
		dim(p.Y.row(y), at(y), 0)
	}
	if p.Gray() {
		return
	}
	for cy := max(y0, 0) / p.SubY; cy < p.Cb.H && cy*p.SubY < y0+len(keep); cy++ {
		k := uint32(0)
		for y := range p.SubY {
			k += at(cy*p.SubY + y)
		}
		dim(p.Cb.row(cy), k/uint32(p.SubY), 128)
		dim(p.Cr.row(cy), k/uint32(p.SubY), 128)
	}
}

// dim brings samples closer to a value, to keep/Whole of their distance, which is rounded to a 256th: four in a word, a product in
// 16 bits each.
func dim(row []byte, keep, to uint32) {
	k := uint64(keep+Whole/512) >> 7
	add := (256-k)*uint64(to)*(evenBytes/255) + halfEach
	i := 0
	for ; i <= len(row)-8; i += 8 {
		v := binary.LittleEndian.Uint64(row[i:])
		even, odd := v&evenBytes*k+add, v>>8&evenBytes*k+add
		binary.LittleEndian.PutUint64(row[i:], even>>8&evenBytes|odd&^evenBytes)
	}
	for ; i < len(row); i++ {
		row[i] = byte((uint64(row[i])*k + add&0xffff) >> 8)
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
	for y := bounds.Min.Y / p.SubY * p.SubY; y < bounds.Max.Y; y += p.SubY {
		for _, s := range spans(in, y, y+p.SubY, p.SubX) {
			p.blendSpan(overlay, image.Rect(s.a, y, s.b, y+p.SubY).Intersect(bounds))
		}
	}
}

// blendSpan blends a part as high as a chroma sample.
func (p *Planes) blendSpan(overlay *image.RGBA, part image.Rectangle) {
	var rows [4][]byte // of the overlay, from the part's first column on; SubY of them at most
	for i := range part.Dy() {
		rows[i] = overlay.Pix[overlay.PixOffset(part.Min.X, part.Min.Y+i):][:4*part.Dx()]
	}
	at := part.Min.Y/p.SubY*p.Cb.Stride + part.Min.X/p.SubX
	wide := p.SubX - part.Min.X%p.SubX                // of the first chroma sample; the others' are whole, up to the last
	for x, o := part.Min.X, 0; x < part.Max.X; at++ { // o: where in rows
		n := min(wide, part.Max.X-x)
		wide = p.SubX
		if n == 2 && part.Dy() == 2 {
			above, below := binary.LittleEndian.Uint64(rows[0][o:]), binary.LittleEndian.Uint64(rows[1][o:])
			if above|below == 0 {
				x, o = x+2, o+8
				continue // no ink, as almost everywhere
			}
			if above&below == math.MaxUint64 { // white, as within letters
				p.Y.Pix[part.Min.Y*p.Y.Stride+x], p.Y.Pix[part.Min.Y*p.Y.Stride+x+1] = 255, 255
				p.Y.Pix[(part.Min.Y+1)*p.Y.Stride+x], p.Y.Pix[(part.Min.Y+1)*p.Y.Stride+x+1] = 255, 255
				if !p.Gray() {
					p.Cb.Pix[at], p.Cr.Pix[at] = 128, 128
				}
				x, o = x+2, o+8
				continue
			}
		}
		var r, g, b, a int32
		for i := range part.Dy() {
			luma := p.Y.Pix[(part.Min.Y+i)*p.Y.Stride+x:][:n]
			for j := range luma {
				c := rows[i][o+4*j:][:4]
				if c[3] == 0 {
					continue
				}
				cr, cg, cb, ca := int32(c[0]), int32(c[1]), int32(c[2]), int32(c[3])
				r, g, b, a = r+cr, g+cg, b+cb, a+ca
				luma[j] = byte(min(255, (19595*cr+38470*cg+7471*cb+1<<15)>>16+(int32(luma[j])*(255-ca)+127)/255))
			}
		}
		x, o = x+n, o+4*n
		if a == 0 || p.Gray() {
			continue
		}
		// What lies outside the overlay, at its edges, counts as without ink.
		all := int32(255 * min(p.SubX, p.W-(x-1)/p.SubX*p.SubX) * min(p.SubY, p.H-part.Min.Y/p.SubY*p.SubY))
		p.Cb.Pix[at] = mixed(p.Cb.Pix[at], -11059*r-21709*g+32768*b, a, all)
		p.Cr.Pix[at] = mixed(p.Cr.Pix[at], 32768*r-27439*g-5329*b, a, all)
	}
}

// mixed is a chroma sample with ink over it: ink is the sum of the ink's chroma in 65,536ths, alpha that of its cover, all the
// cover that would hide the sample.
func mixed(under byte, ink, alpha, all int32) byte {
	n := all / 255
	v := (int64(int32(under)-128)*int64(all-alpha)*65536/255 + int64(ink)) / int64(n)
	return byte(min(255, max(0, (v+128<<16+1<<15)>>16)))
}

// Scaled is a picture in another size, by Resize's filter, premultiplied. One without extent gives one without ink.
func Scaled(m image.Image, width, height int) *image.RGBA {
	scaled := image.NewRGBA(image.Rect(0, 0, width, height))
	if scaled.Rect.Empty() || m.Bounds().Empty() {
		return scaled
	}
	from := image.NewRGBA(image.Rectangle{Max: m.Bounds().Size()})
	draw.Draw(from, from.Rect, m, m.Bounds().Min, draw.Src)
	w, h := from.Rect.Dx(), from.Rect.Dy()
	one, to := newPlane(w, h), newPlane(width, height)
	for c := range 4 { // premultiplied, so that each channel is scaled by itself
		for y := range h {
			for x, row := 0, one.row(y); x < w; x++ {
				row[x] = from.Pix[y*from.Stride+4*x+c]
			}
		}
		scale(&to, &one, 0, 0, float64(w)/float64(to.W), float64(h)/float64(to.H))
		for y := range to.H {
			for x, v := range to.row(y) {
				scaled.Pix[y*scaled.Stride+4*x+c] = v
			}
		}
	}
	bytePool.give(one.Pix)
	bytePool.give(to.Pix)
	return scaled
}
