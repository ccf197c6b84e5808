package photo

import (
	"iter"
	"math"

	"cutline/internal/article"
	"cutline/internal/jpeg"
	"cutline/internal/remark"
)

// Headroom is the least part of a frame's height that is left free above a face.
const Headroom = .03

// Want is what a frame asks of a crop.
type Want struct {
	Aspect float64 // width / height of the frame in pixels
	Avoid  []Rect  // where text will lie, in fractions of the frame: no face, and nothing that matters, should be there
	Zoom   float64 // how much closer than the largest crop it may come, so that a face gets clear of the text; 0 or 1: not at all
}

// Choice is a crop and the reasons for it.
type Choice struct {
	Rect     Rect    // the part to show, in fractions of the picture as shown; proportions of the frame
	Why      string  // for the manifest: "focal point", "2 faces whole", "no face: what stands out", …
	Kept     float64 // part of the picture's area that is shown
	Whole    int     // faces that are shown whole
	Cut      int     // faces that the border cuts, or that are outside; not those in the background
	Headroom float64 // least room above a whole face, as part of the frame's height; 1 without one, or at the picture's own edge
	Covered  float64 // the largest part of a face that lies under Avoid, 0 … 1
	Hidden   bool    // the focal point lies under Avoid
	Under    float64 // how much of what stands out lies under Avoid, by Avoid's area: 1 is as much as anywhere, 0 nothing
}

// Clear says that nothing speaks against the crop: every face that can be kept is whole, has its headroom, and lies
// under no text, and neither does the focal point. A caller with several layouts takes the first that is clear.
func (c Choice) Clear() bool {
	return c.Cut == 0 && c.Covered == 0 && !c.Hidden && c.Headroom >= Headroom-.001
}

// Crop chooses the part of a w × h picture for a frame: the focal point that the CMS or the desk has set wins, then
// faces are kept whole with their headroom and clear of the text, then what stands out decides, and where nothing
// does, a centre at the upper third. The same reasons hold for every format. Places are tried on a grid and
// compared in integers, so that every machine chooses alike.
func Crop(w, h int, s Scene, focal *article.Focal, want Want) Choice {
	c := newCropper(&s, focal, want)
	best, least := box{0, 0, unit, unit}, int64(math.MaxInt64)
	for at, extra := range c.places(float64(w) / float64(h)) {
		if cost := c.cost(at, extra, least); cost < least {
			best, least = at, cost
		}
	}
	return c.choice(best, w, h)
}

func newCropper(s *Scene, focal *article.Focal, want Want) *cropper {
	c := &cropper{scene: s, subjects: subjects(*s), want: want}
	if focal != nil {
		c.focal = &point{units(focal.X), units(focal.Y)}
	}
	for _, r := range want.Avoid {
		c.avoid = append(c.avoid, boxOf(r.within()))
	}
	c.table = sums(nil, s.plane(s.Salient))
	c.calm = sums(nil, s.plane(s.Busy))
	c.light = sums(nil, s.plane(s.Luma))
	c.peaks = peaks(s)
	c.all = max(1, s.sum(c.table, box{0, 0, unit, unit}))
	return c
}

// places are all that are tried in a picture of some width / height, with what it costs to come so close.
func (c *cropper) places(picture float64) iter.Seq2[box, int64] {
	return func(yield func(box, int64) bool) {
		for zoom := int64(100); zoom <= max(100, int64(c.want.Zoom*100+.5)); zoom += 5 {
			cw, ch := int64(unit), int64(unit)
			if picture > c.want.Aspect {
				cw = units(c.want.Aspect / picture)
			} else {
				ch = units(picture / c.want.Aspect)
			}
			cw, ch = max(1, cw*100/zoom), max(1, ch*100/zoom)
			across := offsets(unit-cw, cw)
			for _, y := range offsets(unit-ch, ch) {
				for _, x := range across {
					if !yield(box{x, y, x + cw, y + ch}, (zoom-100)*8) {
						return
					}
				}
			}
		}
	}
}

// unit is a whole side of the picture in the integers that crops are compared in.
const unit = 100_000

type point struct{ x, y int64 }

// box is a Rect in units.
type box struct{ x0, y0, x1, y1 int64 }

func units(f float64) int64 { return int64(float64(min(1, max(0, f))*unit) + .5) }

func boxOf(r Rect) box { return box{units(r.X0), units(r.Y0), units(r.X1), units(r.Y1)} }

func (b box) rect() Rect {
	return Rect{float64(b.x0) / unit, float64(b.y0) / unit, float64(b.x1) / unit, float64(b.y1) / unit}
}

func (b box) area() int64 {
	if b.x1 <= b.x0 || b.y1 <= b.y0 {
		return 0
	}
	return (b.x1 - b.x0) * (b.y1 - b.y0)
}

func (b box) and(o box) box {
	return box{max(b.x0, o.x0), max(b.y0, o.y0), min(b.x1, o.x1), min(b.y1, o.y1)}
}

// within turns a box of the frame that shows b into a part of the picture.
func (b box) within(in box) box {
	w, h := b.x1-b.x0, b.y1-b.y0
	return box{b.x0 + in.x0*w/unit, b.y0 + in.y0*h/unit, b.x0 + in.x1*w/unit, b.y0 + in.y1*h/unit}
}

// offsets are those that are tried over a free way, a hundredth of the crop's extent or more apart.
func offsets(free, extent int64) []int64 {
	if free <= 0 {
		return []int64{0}
	}
	n := min(100, max(12, free*60/extent))
	out := make([]int64, 0, n+1)
	for i := range n + 1 {
		out = append(out, free*i/n)
	}
	return out
}

// subject is a face as the crop sees it.
type subject struct {
	face   box
	head   box   // with hair, ears and chin
	weight int64 // 1 … 1,000: the largest and surest has 1,000
}

// subjects weighs the faces by their size and by how sure they are: what is a tenth of the largest is somebody in the
// background, and a doubtful one beside a sure one may be none.
func subjects(s Scene) []subject {
	var out []subject
	weigh := func(f Face) float64 { return f.Box.area() * (.05 + f.Confidence) }
	var top float64
	for _, f := range s.Faces {
		top = max(top, weigh(f))
	}
	for _, f := range s.Faces {
		w, h := f.Box.X1-f.Box.X0, f.Box.Y1-f.Box.Y0
		head := Rect{f.Box.X0 - float64(.12*w), f.Box.Y0 - float64(.3*h), f.Box.X1 + float64(.12*w), f.Box.Y1 + float64(.1*h)}.within()
		out = append(out, subject{boxOf(f.Box), boxOf(head), max(1, int64(1000*weigh(f)/top))})
	}
	return out
}

// background is the weight under which a face may be cut without the crop being worse for it.
const background = 150

// cropper is what the places are judged by.
type cropper struct {
	scene    *Scene
	subjects []subject
	want     Want
	avoid    []box
	focal    *point
	table    []uint32 // integral of Salient
	calm     []uint32 // integral of Busy
	light    []uint32 // integral of Luma
	peaks    [24][24]uint8
	all      int64 // sum of Salient, at least 1
}

// cost is how bad a place is, beginning with what it costs already. The classes stand far apart: the focal point's 10^8, faces 10^6, the rest 10^4.
// It only grows: once it reaches limit the place is no better, and what it comes to does not matter.
func (c *cropper) cost(at box, cost, limit int64) int64 {
	w, h := at.x1-at.x0, at.y1-at.y0
	if f := c.focal; f != nil {
		// Where the point lies in the frame; it wants to be in the middle of what the text leaves free.
		x, y := (f.x-at.x0)*unit/w, (f.y-at.y0)*unit/h
		const rim = unit / 20
		outside := max(0, rim-x, x-(unit-rim)) + max(0, rim-y, y-(unit-rim))
		cost += 20_000 * outside
		for _, a := range c.avoid {
			if x > a.x0 && x < a.x1 && y > a.y0 && y < a.y1 {
				cost += 50_000_000
			}
		}
		tx, ty := c.middle()
		cost += 400 * (abs64(x-tx) + abs64(y-ty))
	}
	for _, s := range c.subjects {
		cost += s.weight * c.faceCost(s, at, w, h) / 1000
	}
	if c.scene.Cols == 0 {
		return cost + 2*abs64((at.y0+at.y1)/2-unit/3)/10 + abs64((at.x0+at.x1)/2-unit/2)/10
	}
	unknown := len(c.subjects) == 0 && c.focal == nil
	if unknown {
		cost += 6_000 * abs64((at.y0+at.y1)/2-unit/3) / unit
	}
	cost += 2_000 * abs64((at.x0+at.x1)/2-unit/2) / unit
	if cost >= limit {
		return cost
	}
	if cost += 14_000 * (c.all - c.scene.sum(c.table, at)) / c.all; cost >= limit {
		return cost
	}
	var text, bright int64
	for _, a := range c.avoid {
		under := at.within(a)
		text += 5_000*c.scene.sum(c.table, under)/c.all + 15*c.scene.mean(c.calm, under)
		bright += 4 * c.scene.mean(c.light, under) // what is bright needs a dark scrim, which takes it away
	}
	if !unknown {
		return cost + text + bright
	}
	// A head that is not seen as a face is mostly near the top: a calmer ground for the text is not worth losing it. Where
	// nothing else decides, the brightest spot under the text does.
	cost += text/4 + 2*bright
	for _, a := range c.avoid {
		if cost >= limit {
			return cost
		}
		cost += 32 * max(0, c.brightest(at.within(a))-150)
	}
	return cost
}

// faceCost judges one face: whole before head, head before headroom, and nothing over it.
func (c *cropper) faceCost(s subject, at box, w, h int64) int64 {
	var cost int64
	part := func(b box) int64 { return 1000 - 1000*b.and(at).area()/max(1, b.area()) } // outside, of 1,000
	if out := part(s.face); out > 0 {
		cost += 2_000_000 + 3_000*out
	}
	cost += 600 * part(s.head)
	if part(s.face) < 1000 {
		if room := (s.face.y0 - at.y0) * 1000 / h; room < 30 && at.y0 > 0 {
			cost += 20_000 * (30 - room)
		}
		for _, a := range c.avoid {
			under := at.within(a)
			if covered := 1000 * s.face.and(under).area() / max(1, s.face.area()); covered > 0 {
				cost += 800_000 + 1_200*covered
			}
			cost += 200 * (1000 * s.head.and(under).area() / max(1, s.head.area()))
		}
		// Then towards the middle across, and the eyes to the upper third.
		tx, _ := c.middle()
		x, y := ((s.face.x0+s.face.x1)/2-at.x0)*unit/w, ((s.face.y0+s.face.y1)/2-at.y0)*unit/h
		cost += (abs64(x-tx) + abs64(y-unit*2/5)) / 10
	}
	return cost
}

// middle is the middle of the largest part of the frame that the text leaves free: left, right, above or below it.
func (c *cropper) middle() (x, y int64) {
	free := box{0, 0, unit, unit}
	for _, a := range c.avoid {
		best := box{}
		for _, b := range []box{{free.x0, free.y0, free.x1, a.y0}, {free.x0, a.y1, free.x1, free.y1}, {free.x0, free.y0, a.x0, free.y1}, {a.x1, free.y0, free.x1, free.y1}} {
			if b.area() > best.area() {
				best = b
			}
		}
		if best.area() > 0 {
			free = best
		}
	}
	return (free.x0 + free.x1) / 2, (free.y0 + free.y1) / 2
}

// choice says what a place gives.
func (c *cropper) choice(at box, w, h int) Choice {
	out := Choice{Rect: at.rect(), Kept: float64(at.area()) / (unit * unit), Headroom: 1}
	ch := float64(at.y1 - at.y0)
	for _, s := range c.subjects {
		if s.face.and(at) != s.face {
			if s.weight >= background {
				out.Cut++
			}
			continue
		}
		out.Whole++
		if at.y0 > 0 { // at the picture's own top edge there is no more room to be had
			out.Headroom = min(out.Headroom, float64(s.face.y0-at.y0)/ch)
		}
		for _, a := range c.avoid {
			out.Covered = max(out.Covered, float64(s.face.and(at.within(a)).area())/float64(max(1, s.face.area())))
		}
	}
	var area, under int64
	for _, a := range c.avoid {
		part := at.within(a)
		area += part.area()
		if c.focal != nil {
			f := *c.focal
			out.Hidden = out.Hidden || f.x > part.x0 && f.x < part.x1 && f.y > part.y0 && f.y < part.y1
		}
		if c.scene.Cols > 0 {
			under += c.scene.sum(c.table, part)
		}
	}
	if c.scene.Cols > 0 && area > 0 {
		seen := max(1, c.scene.sum(c.table, at))
		out.Under = float64(under*1000/seen) / 1000 * float64(at.area()) / float64(area)
	}
	out.Why = c.why(at, out)
	return out
}

// why puts the reason into words.
func (c *cropper) why(at box, out Choice) string {
	n := len(c.subjects)
	faces := ""
	switch {
	case n == 1 && out.Whole == 1:
		faces = remark.Say("face-whole")
	case n > 1 && out.Whole == n:
		faces = remark.Say("faces-whole", n)
	case n > 0:
		faces = remark.Say("faces-of", out.Whole, n)
	}
	if out.Covered > 0 {
		faces = remark.Join(faces, remark.Say("face-under-text", math.Round(100*out.Covered)))
	}
	switch {
	case c.focal != nil:
		return remark.Join(remark.Say("focal-point"), faces)
	case faces != "":
		return faces
	case at == box{0, 0, unit, unit}:
		return remark.Say("whole-picture")
	case c.scene.Cols == 0:
		return remark.Say("upper-third")
	}
	return remark.Say("no-face")
}

// plane sees a grid of the scene as a plane.
func (s *Scene) plane(grid []uint8) jpeg.Plane {
	return jpeg.Plane{Pix: grid, Stride: s.Cols, W: s.Cols, H: s.Rows}
}

// sum is the sum over a part of the picture, of an integral image of cells, with parts of cells counted as such.
func (s *Scene) sum(table []uint32, b box) int64 {
	at := func(x, y int64) int64 { // the integral at a point, in units of cells × unit²; bilinear
		x, y = min(max(x, 0), unit)*int64(s.Cols), min(max(y, 0), unit)*int64(s.Rows)
		i, j := x/unit, y/unit
		fx, fy := x%unit, y%unit
		w := int64(s.Cols + 1)
		i1, j1 := min(i+1, int64(s.Cols)), min(j+1, int64(s.Rows))
		a, b := int64(table[j*w+i]), int64(table[j*w+i1])
		c, d := int64(table[j1*w+i]), int64(table[j1*w+i1])
		top, bottom := a*(unit-fx)+b*fx, c*(unit-fx)+d*fx
		return (top*(unit-fy)/unit + bottom*fy/unit)
	}
	if b.area() == 0 {
		return 0
	}
	return at(b.x1, b.y1) - at(b.x0, b.y1) - at(b.x1, b.y0) + at(b.x0, b.y0)
}

// peaks is a grid of 24 × 24: the largest luma, 0 … 255, of the cells in each part of the picture.
func peaks(s *Scene) (out [24][24]uint8) {
	for y := range s.Rows {
		for x := range s.Cols {
			p := &out[y*24/s.Rows][x*24/s.Cols]
			*p = max(*p, s.Luma[y*s.Cols+x])
		}
	}
	return out
}

// brightest is the largest luma in a part of the picture.
func (c *cropper) brightest(b box) (top int64) {
	for y := (b.y0*24 + unit/2) / unit; y < (b.y1*24+unit/2)/unit && y < 24; y++ {
		for x := (b.x0*24 + unit/2) / unit; x < (b.x1*24+unit/2)/unit && x < 24; x++ {
			top = max(top, int64(c.peaks[y][x]))
		}
	}
	return top
}

// mean is the mean of a grid over a part of the picture.
func (s *Scene) mean(table []uint32, b box) int64 {
	cells := b.area() / unit * int64(s.Cols) * int64(s.Rows) / unit
	return s.sum(table, b) / unit / max(1, cells)
}

func abs64(v int64) int64 { return max(v, -v) }
