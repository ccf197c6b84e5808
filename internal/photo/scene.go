package photo

import (
	"context"
	"fmt"

	"cutline/internal/jpeg"
)

// lookSize is the longer side of the small picture in which faces are looked for, in samples.
const lookSize = 320

// cell is the side of a cell of Scene's grid, in samples of that picture.
const cell = 8

// Face is a face that was found.
type Face struct {
	Box        Rect    // from the brows to the chin, as fractions of the picture as shown
	Confidence float64 // .2 … 1: how many windows agree; under .3 now and then no face at all
}

// Scene is what is in a picture, coarsely: where faces are, how bright and how busy each region is, and where the eye
// goes. The grid is row by row from the top left of the picture as shown.
type Scene struct {
	Faces   []Face  // the surest first
	Cols    int     // cells across
	Rows    int     // cells down
	Luma    []uint8 // mean luma of each cell, 0 … 255 (full-range BT.601)
	Peak    []uint8 // brightest 2 × 2 samples of each cell
	Busy    []uint8 // mean difference of neighbouring luma samples in each cell: 0 calm, from 20 restless
	Salient []uint8 // how much each cell stands out from its surroundings, 0 … 255
}

// Look finds the faces and the rest of the Scene, in one small picture, once: a second call gives the same. Call Prepare
// first, else it decodes for itself alone. The Scene's slices are shared and must not be changed.
func (p *Photo) Look(ctx context.Context) (Scene, error) {
	if p.scene != nil {
		return *p.scene, nil
	}
	sw, sh := p.file.shown()
	long := max(sw, sh)
	if err := p.hold(ctx, float64(lookSize)/float64(long)); err != nil {
		return Scene{}, err
	}
	w, h := max(1, (sw*lookSize+long/2)/long), max(1, (sh*lookSize+long/2)/long)
	small, err := p.Frame(ctx, Whole, w, h, false)
	if err != nil {
		return Scene{}, fmt.Errorf("looking at the photo: %w", err)
	}
	defer small.Release()
	s := survey(small)
	s.Faces = faces(small.Y)
	p.scene = &s
	return s, nil
}

// survey fills the grid.
func survey(p *jpeg.Planes) Scene {
	s := Scene{Cols: (p.W + cell - 1) / cell, Rows: (p.H + cell - 1) / cell}
	n := s.Cols * s.Rows
	s.Luma, s.Peak, s.Busy = make([]uint8, n), make([]uint8, n), make([]uint8, n)
	cb, cr := make([]uint8, n), make([]uint8, n)
	for row := range s.Rows {
		for col := range s.Cols {
			i := row*s.Cols + col
			s.measure(i, p.Y, col*cell, row*cell)
			cb[i], cr[i] = 128, 128
			if !p.Gray() {
				cb[i] = meanOf(p.Cb, col*cell/p.SubX, row*cell/p.SubY, cell/p.SubX)
				cr[i] = meanOf(p.Cr, col*cell/p.SubX, row*cell/p.SubY, cell/p.SubX)
			}
		}
	}
	s.stand(cb, cr)
	return s
}

// measure fills one cell from the luma at x0, y0.
func (s *Scene) measure(i int, p jpeg.Plane, x0, y0 int) {
	var sum, rough, peak int
	w, h := min(cell, p.W-x0), min(cell, p.H-y0)
	var above, row [cell + 1]int // with the neighbour on the right, which is the last sample itself at the picture's edge
	read := func(into *[cell + 1]int, y int) {
		line := p.Pix[min(y, p.H-1)*p.Stride:][:p.W]
		for x, v := range line[x0 : x0+w] {
			into[x] = int(v)
		}
		into[w] = int(line[min(x0+w, p.W-1)])
	}
	read(&row, y0)
	for y := range h {
		above = row
		read(&row, y0+y+1)
		for x := range w {
			v, right, under := above[x], above[x+1], row[x]
			sum += v
			rough += abs(v-right) + abs(v-under)
			peak = max(peak, v+right+under+row[x+1])
		}
	}
	n := w * h
	s.Luma[i], s.Busy[i], s.Peak[i] = uint8(sum/n), uint8(rough/(2*n)), uint8((peak+2)/4)
}

// meanOf is the mean of a square of a plane.
func meanOf(p jpeg.Plane, x0, y0, side int) uint8 {
	sum, n := 0, 0
	for y := y0; y < min(y0+side, p.H); y++ {
		for _, v := range p.Pix[y*p.Stride+min(x0, p.W-1) : y*p.Stride+min(x0+side, p.W)] {
			sum, n = sum+int(v), n+1
		}
	}
	if n == 0 {
		return 128
	}
	return uint8(sum / n)
}

// stand fills Salient: how far luma, colour and texture of a cell and its neighbours are from those of the wide
// surroundings (centre against surround, after Itti and Koch, 1998).
func (s *Scene) stand(cb, cr []uint8) {
	n := s.Cols * s.Rows
	s.Salient = make([]uint8, n)
	raw := make([]int, n)
	top := 1
	wide := max(s.Cols, s.Rows) / 3
	for _, f := range []struct {
		of     []uint8
		weight int
	}{{s.Luma, 1}, {cb, 8}, {cr, 8}, {s.Busy, 4}} {
		table := sums(nil, jpeg.Plane{Pix: f.of, Stride: s.Cols, W: s.Cols, H: s.Rows})
		for i := range raw {
			x, y := i%s.Cols, i/s.Cols
			raw[i] += f.weight * abs(s.boxMean(table, x, y, 1)-s.boxMean(table, x, y, wide))
			top = max(top, raw[i])
		}
	}
	for i, v := range raw {
		s.Salient[i] = uint8(v * 255 / top)
	}
}

// boxMean is the mean × 16 of a square of cells around one, cut at the picture's edge.
func (s *Scene) boxMean(table []uint32, x, y, reach int) int {
	x0, y0, x1, y1 := max(0, x-reach), max(0, y-reach), min(s.Cols, x+reach+1), min(s.Rows, y+reach+1)
	w := s.Cols + 1
	sum := int(table[y1*w+x1]) - int(table[y0*w+x1]) - int(table[y1*w+x0]) + int(table[y0*w+x0])
	return 16 * sum / ((x1 - x0) * (y1 - y0))
}

// Ground is what lies under a box of a frame.
type Ground struct {
	Luma    int     // mean luma, 0 … 255
	Peak    int     // luma of the brightest spot
	Busy    int     // as Scene.Busy, the mean
	Salient int     // as Scene.Salient, the mean
	Face    float64 // the largest part of a face that the box covers, 0 … 1; faces outside the crop do not count
}

// Ground says what a box covers in a frame that shows crop of the picture. The box is in fractions of the frame.
func (s *Scene) Ground(crop, box Rect) Ground {
	in := crop.inside(box)
	var g Ground
	var n int
	s.cells(in, func(i int) {
		g.Luma, g.Busy, g.Salient, n = g.Luma+int(s.Luma[i]), g.Busy+int(s.Busy[i]), g.Salient+int(s.Salient[i]), n+1
		g.Peak = max(g.Peak, int(s.Peak[i]))
	})
	if n > 0 {
		g.Luma, g.Busy, g.Salient = g.Luma/n, g.Busy/n, g.Salient/n
	}
	for _, f := range s.Faces {
		if seen := f.Box.and(crop); seen.area() > 0 {
			g.Face = max(g.Face, seen.and(in).area()/f.Box.area())
		}
	}
	return g
}

// cells calls each for the cells that a part of the picture touches by at least half.
func (s *Scene) cells(r Rect, each func(i int)) {
	x0, x1 := int(float64(r.X0*float64(s.Cols))+.5), int(float64(r.X1*float64(s.Cols))+.5)
	y0, y1 := int(float64(r.Y0*float64(s.Rows))+.5), int(float64(r.Y1*float64(s.Rows))+.5)
	for y := max(0, y0); y < min(s.Rows, max(y1, y0+1)); y++ {
		for x := max(0, x0); x < min(s.Cols, max(x1, x0+1)); x++ {
			each(y*s.Cols + x)
		}
	}
}

// inside turns a box of the frame that shows r into a part of the picture.
func (r Rect) inside(box Rect) Rect {
	w, h := r.X1-r.X0, r.Y1-r.Y0
	return Rect{r.X0 + float64(box.X0*w), r.Y0 + float64(box.Y0*h), r.X0 + float64(box.X1*w), r.Y0 + float64(box.Y1*h)}
}

// and is what two rectangles share; it has no area where they share nothing.
func (r Rect) and(o Rect) Rect {
	return Rect{max(r.X0, o.X0), max(r.Y0, o.Y0), min(r.X1, o.X1), min(r.Y1, o.Y1)}
}

func (r Rect) area() float64 {
	if r.X1 <= r.X0 || r.Y1 <= r.Y0 {
		return 0
	}
	return (r.X1 - r.X0) * (r.Y1 - r.Y0)
}
