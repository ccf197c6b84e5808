package typeset

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"
	"slices"
)

// raster turns closed outlines into how much of each pixel they cover: 256 steps of a pixel across and down, in
// integers, so that every machine covers alike. Overlapping outlines of one direction do not add up.
//
// sums holds for each pixel by how much more than its left neighbour it is covered; its right neighbour's share
// of an edge's pixel lies there too. So an edge touches only the pixels that it crosses.
type raster struct {
	box  image.Rectangle // what can be covered, in pixels
	w    int             // of a row of sums: one more than the box, for the share of the last pixel's neighbour
	sums []int32         // in 1/solid
	x, y int             // where the pen is, in 256ths from the box's corner
	from [2]int          // where the outline began
	last [2]float64      // the pen again, in pixels
}

// solid is a pixel wholly covered: 256 lines of 512 half steps.
const solid = 256 * 512

// begin makes room for a box.
func (r *raster) begin(box image.Rectangle) {
	r.box, r.w = box, box.Dx()+1
	r.x, r.y, r.from = 0, 0, [2]int{}
	r.sums = slices.Grow(r.sums[:0], r.w*box.Dy())[:r.w*box.Dy()]
	clear(r.sums)
}

// fixed is a place in 256ths from the box's corner. What is outside the box is brought to its edge: to the left it
// covers what is right of it all the same.
func (r *raster) fixed(x, y float64) (int, int) {
	fx, fy := int(math.Floor(float64(x*256)+.5))-r.box.Min.X<<8, int(math.Floor(float64(y*256)+.5))-r.box.Min.Y<<8
	return min(max(fx, 0), r.box.Dx()<<8), min(max(fy, 0), r.box.Dy()<<8)
}

// moveTo begins an outline; the one before is closed.
func (r *raster) moveTo(x, y float64) {
	r.close()
	r.x, r.y = r.fixed(x, y)
	r.from, r.last = [2]int{r.x, r.y}, [2]float64{x, y}
}

// close draws the edge back to where the outline began.
func (r *raster) close() {
	r.edge(r.from[0], r.from[1])
}

func (r *raster) lineTo(x, y float64) {
	fx, fy := r.fixed(x, y)
	r.edge(fx, fy)
	r.last = [2]float64{x, y}
}

// flat is how far, in pixels, a chord may lie from its curve.
const flat = .05

// pieces is how many chords keep within flat of a curve whose second derivative is no more than bend.
func pieces(bend float64) int { return min(1+int(math.Sqrt(bend/(8*flat))), 100) }

// quadTo draws a quadratic curve. Each product is rounded before it is added to, as not every machine does by itself.
func (r *raster) quadTo(x1, y1, x2, y2 float64) {
	x0, y0 := r.last[0], r.last[1]
	bend := 2 * max(math.Abs(x0-2*x1+x2), math.Abs(y0-2*y1+y2))
	n := pieces(bend)
	for i := 1; i < n; i++ {
		t := float64(i) / float64(n)
		u := 1 - t
		a, b, c := float64(u*u), float64(2*float64(u*t)), float64(t*t)
		fx, fy := r.fixed(float64(a*x0)+float64(b*x1)+float64(c*x2), float64(a*y0)+float64(b*y1)+float64(c*y2))
		r.edge(fx, fy)
	}
	r.lineTo(x2, y2)
}

// cubicTo draws a cubic curve.
func (r *raster) cubicTo(x1, y1, x2, y2, x3, y3 float64) {
	x0, y0 := r.last[0], r.last[1]
	bend := 6 * max(math.Abs(x0-2*x1+x2), math.Abs(y0-2*y1+y2), math.Abs(x1-2*x2+x3), math.Abs(y1-2*y2+y3))
	n := pieces(bend)
	for i := 1; i < n; i++ {
		t := float64(i) / float64(n)
		u := 1 - t
		uu, tt := float64(u*u), float64(t*t)
		a, b, c, d := float64(uu*u), float64(3*float64(uu*t)), float64(3*float64(u*tt)), float64(tt*t)
		fx, fy := r.fixed(float64(a*x0)+float64(b*x1)+float64(c*x2)+float64(d*x3), float64(a*y0)+float64(b*y1)+float64(c*y2)+float64(d*y3))
		r.edge(fx, fy)
	}
	r.lineTo(x3, y3)
}

// edge draws a straight edge from the pen to a place in 256ths, which becomes the pen's.
func (r *raster) edge(x, y int) {
	x0, y0, x1, y1, sign := r.x, r.y, x, y, 1
	r.x, r.y = x, y
	if y0 > y1 {
		x0, y0, x1, y1, sign = x1, y1, x0, y0, -1
	}
	for at := y0; at < y1; { // row by row
		row := at >> 8
		next := min((row+1)<<8, y1)
		xa := x0 + (x1-x0)*(at-y0)/(y1-y0)
		xb := x0 + (x1-x0)*(next-y0)/(y1-y0)
		r.cross(r.sums[row*r.w:][:r.w], min(xa, xb), max(xa, xb), sign*(next-at))
		at = next
	}
}

// cross adds a piece of an edge within a row: from left to right end, tall in 256ths, less than 0 upwards.
func (r *raster) cross(row []int32, left, right, tall int) {
	done, from := 0, left
	for {
		cell := from >> 8
		to := min((cell+1)<<8, right)
		part := tall - done
		if to < right {
			part = tall*(to-left)/(right-left) - done
		}
		share := part * (from&255 + to - cell<<8) // of the right neighbour: what lies left of the edge, twice
		row[min(cell, len(row)-1)] += int32(512*part - share)
		if cell+1 < len(row) {
			row[cell+1] += int32(share)
		}
		if to == right {
			return
		}
		done, from = done+part, to
	}
}

// paint lays a colour over a picture where the outlines are.
func (r *raster) paint(to *image.RGBA, col color.Color) {
	r.close()
	R, G, B, A := col.RGBA()
	var inks [256][4]byte // by cover
	for cover := range inks {
		for i, v := range [4]uint32{R >> 8, G >> 8, B >> 8, A >> 8} {
			inks[cover][i] = byte((v*uint32(cover) + 127) / 255)
		}
	}
	for y := range r.box.Dy() {
		sum := int32(0)
		out := to.Pix[to.PixOffset(r.box.Min.X, r.box.Min.Y+y):][:4*r.box.Dx()]
		for x, more := range r.sums[y*r.w:][:r.w-1] {
			if sum += more; sum == 0 {
				continue
			}
			cover := (uint32(min(max(sum, -sum), solid))*255 + solid/2) / solid
			pix, ink := out[4*x:4*x+4:4*x+4], &inks[cover&255]
			keep := 255 - uint32(ink[3])
			if keep == 0 || binary.LittleEndian.Uint32(pix) == 0 {
				copy(pix, ink[:])
				continue
			}
			for i := range pix {
				pix[i] = ink[i] + byte((uint32(pix[i])*keep+127)/255)
			}
		}
	}
}
