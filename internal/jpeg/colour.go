package jpeg

// colour makes p's planes of the components.
func (d *decoder) colour(p *Planes, keepKey bool) {
	ch := d.ch
	if len(ch) == 1 {
		p.SubX, p.SubY, p.Y = 1, 1, cut(ch[0].plane, p.W, p.H)
		return
	}
	rgb := len(ch) == 3 && !d.jfif && (d.transform == 0 || d.transform < 0 && ch[0].id == 'R' && ch[1].id == 'G' && ch[2].id == 'B')
	if sx, sy, ok := d.plain(); ok && len(ch) == 3 && !rgb {
		p.SubX, p.SubY = sx, sy
		cw, chh := (p.W+sx-1)/sx, (p.H+sy-1)/sy
		p.Y, p.Cb, p.Cr = cut(ch[0].plane, p.W, p.H), cut(ch[1].plane, cw, chh), cut(ch[2].plane, cw, chh)
		return
	}
	p.SubX, p.SubY = 1, 1
	var full [4]Plane
	for i := range ch {
		full[i] = d.spread(&ch[i], p.W, p.H)
	}
	p.Y, p.Cb, p.Cr = full[0], full[1], full[2]
	ink := len(ch) == 4
	switch {
	case rgb, ink && d.transform != 2:
		// Adobe stores how much of the light an ink leaves, others how much of it the ink takes.
		p.fromRGB(ink && d.transform < 0)
	case ink: // YCCK: of the ink's amounts
		p.negate()
	}
	if !ink {
		return
	}
	key := &full[3]
	if d.transform < 0 {
		for i, v := range key.Pix {
			key.Pix[i] = 255 - v
		}
	}
	p.Key = key
	if !keepKey {
		p.applyKey()
	}
}

// cut narrows a plane to w×h.
func cut(s Plane, w, h int) Plane {
	return Plane{Pix: s.Pix, Stride: s.Stride, W: w, H: h}
}

// plain says whether the first component has the most samples and the next two have the same share of them
// in each direction: a whole, a half or a quarter.
func (d *decoder) plain() (sx, sy int, ok bool) {
	y, cb, cr := d.ch[0].component, d.ch[1].component, d.ch[2].component
	sx, sy = y.h/cb.h, y.v/cb.v
	ok = y.h == d.f.hmax && y.v == d.f.vmax && cb.h == cr.h && cb.v == cr.v && sx*cb.h == y.h && sy*cb.v == y.v && sx != 3 && sy != 3
	return sx, sy, ok
}

// spread repeats the samples of a component so that there is one for each pixel. The component's own plane
// is given back where it is not the one returned.
func (d *decoder) spread(c *channel, w, h int) Plane {
	if c.h == d.f.hmax && c.v == d.f.vmax {
		return cut(c.plane, w, h)
	}
	s := c.plane
	t := Plane{Stride: w, W: w, H: h, Pix: bytePool.take(w * h)}
	for y := range h {
		in := s.Pix[y*c.v/d.f.vmax*s.Stride:]
		out := t.Pix[y*w : y*w+w]
		for x := range out {
			out[x] = in[x*c.h/d.f.hmax]
		}
	}
	bytePool.give(s.Pix)
	c.plane = Plane{}
	return t
}

// yccOf is JFIF's conversion in 16-bit fixed point, rounded.
func yccOf(r, g, b int32) (y, cb, cr int32) {
	y = (19595*r + 38470*g + 7471*b + 1<<15) >> 16
	cb = (-11059*r - 21709*g + 32768*b + 128<<16 + 1<<15 - 1) >> 16
	cr = (32768*r - 27439*g - 5329*b + 128<<16 + 1<<15 - 1) >> 16
	return y, cb, cr
}

// fromRGB turns planes that hold R, G and B into YCbCr, in place; with negative they hold what is missing.
func (p *Planes) fromRGB(negative bool) {
	flip := int32(0)
	if negative {
		flip = 255
	}
	for y := range p.H {
		a, b, c := p.Y.row(y), p.Cb.row(y), p.Cr.row(y)
		for x := range a {
			l, u, v := yccOf(int32(a[x])^flip, int32(b[x])^flip, int32(c[x])^flip)
			a[x], b[x], c[x] = byte(l), byte(u), byte(v)
		}
	}
}

// negate turns the picture into its negative, by way of RGB: what lies outside of it is brought to its edge first, as what the
// key is multiplied with afterwards are inks, and no ink is more than all or less than none.
func (p *Planes) negate() {
	for y := range p.H {
		a, b, c := p.Y.row(y), p.Cb.row(y), p.Cr.row(y)
		for x := range a {
			l, u, v := int32(a[x])<<16+1<<15, int32(b[x])-128, int32(c[x])-128
			red, green, blue := clamp(int64(l+91881*v)>>16), clamp(int64(l-22554*u-46802*v)>>16), clamp(int64(l+116130*u)>>16)
			l, u, v = yccOf(255-int32(red), 255-int32(green), 255-int32(blue))
			a[x], b[x], c[x] = byte(l), byte(u), byte(v)
		}
	}
}

// applyKey multiplies the light that black ink lets through into the picture, which has full chroma. RGB
// times k is YCbCr times k, seen from black: so this is exact but for rounding.
func (p *Planes) applyKey() {
	for y := range p.H {
		a, b, c, k := p.Y.row(y), p.Cb.row(y), p.Cr.row(y), p.Key.row(y)
		for x := range a {
			f := int(k[x])
			a[x] = byte((int(a[x])*f + 127) / 255)
			b[x] = byte(((int(b[x])-128)*f + 128*255 + 127) / 255)
			c[x] = byte(((int(c[x])-128)*f + 128*255 + 127) / 255)
		}
	}
	bytePool.give(p.Key.Pix)
	p.Key = nil
}

// row is row y of a plane.
func (s *Plane) row(y int) []byte { return s.Pix[y*s.Stride:][:s.W] }
