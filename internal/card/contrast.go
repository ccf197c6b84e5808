package card

import (
	"image"
	"iter"
	"math"

	"cutline/internal/jpeg"
	"cutline/internal/typeset"
)

// luminance of full-range BT.601 samples with a share of their light kept.
func luminance(y, cb, cr, keep float64) float64 {
	r := y + 1.402*(cr-128)
	g := y - .344136*(cb-128) - .714136*(cr-128)
	b := y + 1.772*(cb-128)
	at := func(v float64) float64 { return linear[int(max(0, min(255, v*keep))+.5)] }
	return .2126*at(r) + .7152*at(g) + .0722*at(b)
}

// cell is the mean colour of a small piece of the picture under a text.
type cell struct{ y, cb, cr float64 }

// patch is what lies under a text: where, and the text's size.
type patch struct {
	box  typeset.Rect
	size float64
}

// cells are the means under texts, in squares of a fifth of the letters, as the picture is when they are gone through.
func cells(p *jpeg.Planes, under ...patch) iter.Seq[cell] {
	return func(yield func(cell) bool) {
		for _, g := range under {
			q := max(6, int(g.size*.18+.5)) &^ 1
			r := image.Rect(int(g.box.X0), int(g.box.Y0), int(math.Ceil(g.box.X1)), int(math.Ceil(g.box.Y1))).Intersect(image.Rect(0, 0, p.W, p.H))
			for y := r.Min.Y; y < r.Max.Y; y += q {
				for x := r.Min.X; x < r.Max.X; x += q {
					if !yield(meanCell(p, image.Rect(x, y, x+q, y+q).Intersect(r))) {
						return
					}
				}
			}
		}
	}
}

func meanCell(p *jpeg.Planes, part image.Rectangle) cell {
	return cell{
		mean(p.Y, part.Min.X, part.Min.Y, part.Max.X, part.Max.Y),
		mean(p.Cb, part.Min.X/p.SubX, part.Min.Y/p.SubY, (part.Max.X+p.SubX-1)/p.SubX, (part.Max.Y+p.SubY-1)/p.SubY),
		mean(p.Cr, part.Min.X/p.SubX, part.Min.Y/p.SubY, (part.Max.X+p.SubX-1)/p.SubX, (part.Max.Y+p.SubY-1)/p.SubY),
	}
}

func mean(p jpeg.Plane, x0, y0, x1, y1 int) float64 {
	x1, y1 = min(x1, p.W), min(y1, p.H)
	sum, n := 0, 0
	for y := y0; y < y1; y++ {
		for _, v := range p.Pix[y*p.Stride+x0 : y*p.Stride+x1] {
			sum += int(v)
		}
		n += x1 - x0
	}
	if n == 0 {
		return 128
	}
	return float64(sum) / float64(n)
}

// need is the lightest black, of opacity from or more, that gives white text the contrast over all cells; beyond most it
// cannot be had.
func need(list iter.Seq[cell], target, from, most float64) (alpha float64, ok bool) {
	a := from
	for k := range list {
		for 1.05/(luminance(k.y, k.cb, k.cr, 1-a)+.05) < target {
			if a += 1.0 / 255; a > most {
				return a, false
			}
		}
	}
	return a, true
}

// worst is the lowest contrast of white over the cells.
func worst(list iter.Seq[cell]) float64 {
	w := 21.0
	for k := range list {
		w = min(w, 1.05/(luminance(k.y, k.cb, k.cr, 1)+.05))
	}
	return w
}

// under is the mean luminance of a part of the picture.
func under(p *jpeg.Planes, at image.Rectangle) float64 {
	sum, n := 0.0, 0
	for k := range cells(p, patch{typeset.Rect{X0: float64(at.Min.X), Y0: float64(at.Min.Y), X1: float64(at.Max.X), Y1: float64(at.Max.Y)}, 60}) {
		sum += luminance(k.y, k.cb, k.cr, 1)
		n++
	}
	return sum / float64(max(1, n))
}

// contrastOf is the WCAG 2.2 contrast of two luminances.
func contrastOf(a, b float64) float64 { return (max(a, b) + .05) / (min(a, b) + .05) }
