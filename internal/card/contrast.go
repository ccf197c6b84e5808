package card

import (
	"encoding/binary"
	"image"
	"iter"
	"math"

	"cutline/internal/jpeg"
	"cutline/internal/typeset"
)

// luminance of full-range BT.601 samples with a share of their light kept.
func luminance(y, cb, cr, keep float64) float64 {
	r := y + float64(1.402*(cr-128)) // each product rounded, so that every machine draws the same
	g := y - float64(.344136*(cb-128)) - float64(.714136*(cr-128))
	b := y + float64(1.772*(cb-128))
	at := func(v float64) float64 { return linear[int(max(0, min(255, float64(v*keep)))+.5)] }
	return float64(.2126*at(r)) + float64(.7152*at(g)) + float64(.0722*at(b))
}

// cell is the mean colour of a small piece of the picture under a text.
type cell struct{ y, cb, cr float64 }

// patch is what lies under a text: where, and the text's size.
type patch struct {
	box  typeset.Rect
	size float64
}

// part is the patch's part of the picture.
func (g patch) part(p *jpeg.Planes) image.Rectangle {
	return image.Rect(int(g.box.X0), int(g.box.Y0), int(math.Ceil(g.box.X1)), int(math.Ceil(g.box.Y1))).Intersect(image.Rect(0, 0, p.W, p.H))
}

// squares are the means under a text, in squares of a fifth of its letters, as the picture is when they are gone through.
func (g patch) squares(p *jpeg.Planes) iter.Seq[cell] {
	return func(yield func(cell) bool) {
		q, r := max(6, int(g.size*.18+.5))&^1, g.part(p)
		for y := r.Min.Y; y < r.Max.Y; y += q {
			for x := r.Min.X; x < r.Max.X; x += q {
				if !yield(meanCell(p, image.Rect(x, y, x+q, y+q).Intersect(r))) {
					return
				}
			}
		}
	}
}

// speckContrast is what is asked of a speck, before encoding: stripes and sparks that are bright by themselves must not be
// lost in the mean of a larger square, but less is needed of them, so that 4.5 are left.
const speckContrast = 4.8

// speckLuma is the least luma of a speck that could fail: no colour of less is brighter than 1.05/4.8 - .05, full red being
// the brightest.
const speckLuma = 70

// specks are the means under a text in squares of 4 × 4 pixels, at every other pixel, that have a luma of least or more.
func (g patch) specks(p *jpeg.Planes, least float64) iter.Seq[cell] {
	return func(yield func(cell) bool) {
		r := g.part(p)
		r.Min.X, r.Min.Y = r.Min.X&^1, r.Min.Y&^1
		if r.Dx() < 4 {
			return
		}
		floor := int(least * 16)
		above, here := make([]int, r.Dx()/2), make([]int, r.Dx()/2) // sums of 2 × 2
		for y := r.Min.Y; y+2 <= r.Max.Y; y += 2 {
			top, low := p.Y.Pix[y*p.Y.Stride:][r.Min.X:r.Max.X], p.Y.Pix[(y+1)*p.Y.Stride:][r.Min.X:r.Max.X]
			above, here = here, above
			for i := range here {
				here[i] = int(top[2*i]) + int(top[2*i+1]) + int(low[2*i]) + int(low[2*i+1])
			}
			if y == r.Min.Y {
				continue
			}
			for i := range len(here) - 1 {
				sum := above[i] + above[i+1] + here[i] + here[i+1]
				if sum < floor {
					continue
				}
				k := cell{float64(sum) / 16, 128, 128}
				if !p.Gray() { // two samples on its diagonal will do for the colour
					x := r.Min.X + 2*i
					a, b := (y-1)/p.SubY*p.Cb.Stride+(x+1)/p.SubX, y/p.SubY*p.Cb.Stride+(x+2)/p.SubX
					k.cb = float64(int(p.Cb.Pix[a])+int(p.Cb.Pix[b])) / 2
					k.cr = float64(int(p.Cr.Pix[a])+int(p.Cr.Pix[b])) / 2
				}
				if !yield(k) {
					return
				}
			}
		}
	}
}

func meanCell(p *jpeg.Planes, part image.Rectangle) cell {
	return cell{
		y:  mean(p.Y, part.Min.X, part.Min.Y, part.Max.X, part.Max.Y),
		cb: mean(p.Cb, part.Min.X/p.SubX, part.Min.Y/p.SubY, (part.Max.X+p.SubX-1)/p.SubX, (part.Max.Y+p.SubY-1)/p.SubY),
		cr: mean(p.Cr, part.Min.X/p.SubX, part.Min.Y/p.SubY, (part.Max.X+p.SubX-1)/p.SubX, (part.Max.Y+p.SubY-1)/p.SubY),
	}
}

// pairs are the even bytes of a word.
const pairs = 0x00ff00ff00ff00ff

func mean(p jpeg.Plane, x0, y0, x1, y1 int) float64 {
	x1, y1 = min(x1, p.W), min(y1, p.H)
	sum, n := 0, 0
	for y := y0; y < y1; y++ {
		row := p.Pix[y*p.Stride+x0 : y*p.Stride+x1]
		n += len(row)
		for ; len(row) >= 8; row = row[8:] { // four sums of two in a word, then all of them in its top
			v := binary.LittleEndian.Uint64(row)
			sum += int((v&pairs + v>>8&pairs) * (pairs / 255) >> 48)
		}
		for _, v := range row {
			sum += int(v)
		}
	}
	if n == 0 {
		return 128
	}
	return float64(sum) / float64(n)
}

// need is the lightest black, of opacity from or more, that gives white text the contrast under all patches, and that of
// specks; beyond most it cannot be had.
func need(p *jpeg.Planes, under []patch, target, from, most float64) (alpha float64, ok bool) {
	a := from
	enough := func(k cell, target float64) bool {
		for 1.05/(luminance(k.y, k.cb, k.cr, 1-a)+.05) < target {
			if a += 1.0 / 255; a > most {
				return false
			}
		}
		return true
	}
	for _, g := range under {
		for k := range g.squares(p) {
			if !enough(k, target) {
				return a, false
			}
		}
	}
	for _, g := range under {
		for k := range g.specks(p, speckLuma/(1-a)) {
			if !enough(k, min(target, speckContrast)) {
				return a, false
			}
		}
	}
	return a, true
}

// worst is the lowest contrast of white under the patches.
func worst(p *jpeg.Planes, under []patch) float64 {
	w := 21.0
	for _, g := range under {
		for _, list := range []iter.Seq[cell]{g.squares(p), g.specks(p, speckLuma)} {
			for k := range list {
				w = min(w, 1.05/(luminance(k.y, k.cb, k.cr, 1)+.05))
			}
		}
	}
	return w
}

// under is the mean luminance of a part of the picture.
func under(p *jpeg.Planes, at image.Rectangle) float64 {
	g := patch{typeset.Rect{X0: float64(at.Min.X), Y0: float64(at.Min.Y), X1: float64(at.Max.X), Y1: float64(at.Max.Y)}, 60}
	sum, n := 0.0, 0
	for k := range g.squares(p) {
		sum += luminance(k.y, k.cb, k.cr, 1)
		n++
	}
	return sum / float64(max(1, n))
}

// contrastOf is the WCAG 2.2 contrast of two luminances.
func contrastOf(a, b float64) float64 { return (max(a, b) + .05) / (min(a, b) + .05) }
