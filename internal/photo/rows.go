package photo

import "cutline/internal/jpeg"

// rows makes planes of a picture that comes row by row from the top, as PNG, GIF and WebP give it. Every factor ×
// factor pixels become one (their mean), so that a large picture never stands whole in memory; what is transparent
// is laid over white.
type rows struct {
	w, factor int          // width of the rows that come; how many make one, across and down
	planes    *jpeg.Planes // 4:2:0, or gray
	y         int          // rows of planes that are finished
	sums      []uint32     // of the row that is gathered: 1 or 3 sums for each of its samples
	gathered  int          // rows in sums
	pair      [2][]byte    // RGB of the even row and the odd one
}

// newRows prepares for a picture of w × h pixels of which at least minW × minH samples are wanted (0: all).
func newRows(w, h, minW, minH int, gray bool) *rows {
	r := &rows{w: w, factor: reduction(w, h, minW, minH)}
	pw, ph := (w+r.factor-1)/r.factor, (h+r.factor-1)/r.factor
	if gray {
		luma := jpeg.Plane{Pix: make([]byte, pw*ph), Stride: pw, W: pw, H: ph}
		r.planes = &jpeg.Planes{W: pw, H: ph, Y: luma, SubX: 1, SubY: 1, Eighths: 8}
		r.sums = make([]uint32, pw)
	} else {
		r.planes = jpeg.NewPlanes(pw, ph, 2, 2)
		r.sums = make([]uint32, 3*pw)
		r.pair = [2][]byte{make([]byte, 3*pw), make([]byte, 3*pw)}
	}
	return r
}

// reduction is the largest factor at which enough samples are left. It is at most 64, so that sums stay small.
func reduction(w, h, minW, minH int) int {
	if minW <= 0 || minH <= 0 {
		return 1
	}
	return max(1, min(w/minW, h/minH, 64))
}

// scale is how many samples of the planes a pixel of the picture has become.
func (r *rows) scale() float64 { return 1 / float64(r.factor) }

// gray takes one row of gray samples.
func (r *rows) gray(row []byte) {
	x := 0
	for i := range r.sums {
		var s uint32
		for _, v := range row[x:min(x+r.factor, r.w)] {
			s += uint32(v)
		}
		r.sums[i] += s
		x += r.factor
	}
	r.next()
}

// rgba takes one row of four bytes a pixel: red, green, blue (not premultiplied) and alpha.
func (r *rows) rgba(row []byte) {
	x := 0
	for i := 0; i < len(r.sums); i += 3 {
		var sr, sg, sb uint32
		part := row[4*x : 4*min(x+r.factor, r.w)]
		for len(part) >= 4 {
			v, a := part[:4:4], uint32(part[3])
			if a == 255 {
				sr, sg, sb = sr+uint32(v[0]), sg+uint32(v[1]), sb+uint32(v[2])
			} else {
				bare := 255 * (255 - a)
				sr += (uint32(v[0])*a + bare + 127) / 255
				sg += (uint32(v[1])*a + bare + 127) / 255
				sb += (uint32(v[2])*a + bare + 127) / 255
			}
			part = part[4:]
		}
		r.sums[i] += sr
		r.sums[i+1] += sg
		r.sums[i+2] += sb
		x += r.factor
	}
	r.next()
}

// next counts a row, and finishes one of the planes when enough have come.
func (r *rows) next() {
	if r.gathered++; r.gathered == r.factor {
		r.finish()
	}
}

// close finishes what is gathered at the end and returns the planes.
func (r *rows) close() *jpeg.Planes {
	if r.gathered > 0 {
		r.finish()
	}
	if r.y&1 == 1 && !r.planes.Gray() {
		r.colour(r.y-1, r.pair[0], r.pair[0])
	}
	return r.planes
}

// finish divides the sums into a row of samples.
func (r *rows) finish() {
	if r.y >= r.planes.H {
		return
	}
	step := len(r.sums) / r.planes.W
	out := r.planes.Y.Pix[r.y*r.planes.Y.Stride:][:r.planes.W]
	if step == 3 {
		out = r.pair[r.y&1]
	}
	full := uint32(r.factor * r.gathered)
	last := uint32((r.w - (r.planes.W-1)*r.factor) * r.gathered) // the last column may have fewer
	for i, s := range r.sums {
		n := full
		if i >= len(r.sums)-step {
			n = last
		}
		out[i] = byte((s + n/2) / n)
		r.sums[i] = 0
	}
	if r.y&1 == 1 && step == 3 {
		r.colour(r.y-1, r.pair[0], r.pair[1])
	}
	r.y++
	r.gathered = 0
}

// colour writes two rows of RGB, the first at row y of the planes.
func (r *rows) colour(y int, even, odd []byte) {
	p := r.planes
	for i, row := range [2][]byte{even, odd} {
		if y+i >= p.H {
			break
		}
		out := p.Y.Pix[(y+i)*p.Y.Stride:][:p.W]
		for x := range out {
			v := row[3*x : 3*x+3 : 3*x+3]
			out[x] = luma(int32(v[0]), int32(v[1]), int32(v[2]))
		}
	}
	cbs, crs := p.Cb.Pix[y/2*p.Cb.Stride:][:p.Cb.W], p.Cr.Pix[y/2*p.Cr.Stride:][:p.Cr.W]
	for x := range cbs {
		a, b := 6*x, 6*x+3
		if b >= len(even) {
			b = a
		}
		e, o := even[a:], odd[a:]
		e2, o2 := even[b:], odd[b:]
		cbs[x], crs[x] = chroma(
			(int32(e[0])+int32(e2[0])+int32(o[0])+int32(o2[0])+2)/4,
			(int32(e[1])+int32(e2[1])+int32(o[1])+int32(o2[1])+2)/4,
			(int32(e[2])+int32(e2[2])+int32(o[2])+int32(o2[2])+2)/4)
	}
}
