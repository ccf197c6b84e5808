package photo

import (
	"math"

	"cutline/internal/jpeg"
)

// colour brings stored colours to sRGB. Colours outside sRGB are cut off at its border, channel by channel. Tables
// and matrix are integers, made once per file.
type colour struct {
	gray   bool          // only level is used
	level  [256]uint8    // gray: stored to sRGB
	linear [3][256]int32 // stored to light, 0 … 65535
	matrix [9]int32      // light to sRGB's light, × 2^14
	encode *[4096]uint8  // sRGB's light, 4096 steps, to sRGB
}

// encodeSteps has sRGB's curve for light of 4096 steps: at its steepest, in the dark, a step is four fifths of a
// value of 255.
func encodeSteps() *[4096]uint8 {
	var t [4096]uint8
	for i := range t {
		t[i] = uint8(math.Round(255 * toSRGB((float64(i)+.5)/4096)))
	}
	return &t
}

// toSRGB is the inverse of sRGBCurve.
func toSRGB(x float64) float64 {
	if x <= .0031308 {
		return 12.92 * x
	}
	return float64(1.055*math.Pow(x, 1/2.4)) - .055
}

// colour makes the conversion for a file's colours. It is nil where they are sRGB, or as good as: no colour moves by
// more than two of 255. profile is for Info.Profile.
func (f *file) colour() (c *colour, profile string) {
	s, ok := f.shaper()
	if !ok || s.gray && f.inks != 1 || f.inks == 4 { // a profile of another kind of picture is no profile
		return nil, f.described(s.name)
	}
	c = &colour{gray: s.gray}
	if s.gray {
		for i := range c.level {
			v := s.curve[0](float64(i) / 255)
			if math.IsNaN(v) {
				return nil, f.described(s.name)
			}
			c.level[i] = uint8(math.Round(255 * min(1, max(0, toSRGB(min(1, max(0, v)))))))
		}
	} else {
		target, _ := matrixOf(bt709)
		back, _ := inverse(target)
		for i, v := range times(back, s.matrix) {
			if math.IsNaN(v) || math.Abs(v) > 8 { // no real space is that far away: a broken profile
				return nil, f.described(s.name)
			}
			c.matrix[i] = int32(math.Round(v * (1 << 14)))
		}
		for ch := range 3 {
			for i := range 256 {
				v := s.curve[ch](float64(i) / 255)
				if math.IsNaN(v) {
					return nil, f.described(s.name)
				}
				c.linear[ch][i] = int32(math.Round(65535 * min(1, max(0, v))))
			}
		}
		c.encode = encodeSteps()
	}
	if c.identity() {
		return nil, ""
	}
	return c, first(s.name, "unnamed profile")
}

// identity tries colours over the whole cube.
func (c *colour) identity() bool {
	near := func(a, b uint8) bool { return int(a)-int(b) <= 2 && int(b)-int(a) <= 2 }
	if c.gray {
		for i, v := range c.level {
			if !near(uint8(i), v) {
				return false
			}
		}
		return true
	}
	for r := 0; r < 256; r += 51 {
		for g := 0; g < 256; g += 51 {
			for b := 0; b < 256; b += 51 {
				x, y, z := c.rgb(uint8(r), uint8(g), uint8(b))
				if !near(x, uint8(r)) || !near(y, uint8(g)) || !near(z, uint8(b)) {
					return false
				}
			}
		}
	}
	return true
}

// rgb converts one colour.
func (c *colour) rgb(r, g, b uint8) (uint8, uint8, uint8) {
	lr, lg, lb := int64(c.linear[0][r]), int64(c.linear[1][g]), int64(c.linear[2][b])
	m := &c.matrix
	return c.step(int64(m[0])*lr + int64(m[1])*lg + int64(m[2])*lb),
		c.step(int64(m[3])*lr + int64(m[4])*lg + int64(m[5])*lb),
		c.step(int64(m[6])*lr + int64(m[7])*lg + int64(m[8])*lb)
}

// step encodes light of 65,535 × 2^14.
func (c *colour) step(v int64) uint8 {
	return c.encode[min(max(v>>18, 0), 4095)]
}

// convert brings planes of 4:2:0 or gray to sRGB in place. Chroma becomes the mean of the converted samples that it
// spans, as if the picture had been converted before its chroma was halved.
func (c *colour) convert(p *jpeg.Planes) {
	if c.gray || p.Gray() {
		level := &c.level
		if !c.gray { // a gray picture with an RGB profile: the neutral axis of its curves
			level = new([256]uint8)
			for i := range level {
				_, level[i], _ = c.rgb(uint8(i), uint8(i), uint8(i))
			}
		}
		for y := range p.Y.H {
			row := p.Y.Pix[y*p.Y.Stride:][:p.Y.W]
			for x, v := range row {
				row[x] = level[v]
			}
		}
		return
	}
	for cy := range p.Cb.H {
		cbs, crs := p.Cb.Pix[cy*p.Cb.Stride:][:p.Cb.W], p.Cr.Pix[cy*p.Cr.Stride:][:p.Cb.W]
		for cx := range cbs {
			cb, cr := int32(cbs[cx]), int32(crs[cx])
			var sr, sg, sb, n int32
			for y := cy * p.SubY; y < min((cy+1)*p.SubY, p.Y.H); y++ {
				row := p.Y.Pix[y*p.Y.Stride:][:p.Y.W]
				for x := cx * p.SubX; x < min((cx+1)*p.SubX, p.Y.W); x++ {
					r, g, b := c.rgb(toRGB(int32(row[x]), cb, cr))
					row[x] = luma(int32(r), int32(g), int32(b))
					sr, sg, sb, n = sr+int32(r), sg+int32(g), sb+int32(b), n+1
				}
			}
			cbs[cx], crs[cx] = chroma((sr+n/2)/n, (sg+n/2)/n, (sb+n/2)/n)
		}
	}
}

// toRGB is full-range BT.601 to RGB (JFIF 1.02).
func toRGB(y, cb, cr int32) (r, g, b uint8) {
	yy := y<<16 + 1<<15
	cb -= 128
	cr -= 128
	return byteOf((yy + 91881*cr) >> 16), byteOf((yy - 22554*cb - 46802*cr) >> 16), byteOf((yy + 116130*cb) >> 16)
}

// luma and chroma are RGB to full-range BT.601 (JFIF 1.02).
func luma(r, g, b int32) uint8 { return uint8((19595*r + 38470*g + 7471*b + 1<<15) >> 16) }

func chroma(r, g, b int32) (cb, cr uint8) {
	return byteOf((-11056*r - 21712*g + 32768*b + 257<<15) >> 16), byteOf((32768*r - 27440*g - 5328*b + 257<<15) >> 16)
}

func byteOf(v int32) uint8 { return uint8(min(max(v, 0), 255)) }
