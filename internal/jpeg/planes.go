package jpeg

// NewPlanes makes a picture of w×h in which a chroma sample spans subX×subY luma samples. Y is black, Cb
// and Cr are neutral.
func NewPlanes(w, h, subX, subY int) *Planes {
	p := &Planes{W: w, H: h, SubX: subX, SubY: subY, Eighths: 8}
	p.Y = newPlane(w, h)
	cw, ch := (w+subX-1)/subX, (h+subY-1)/subY
	p.Cb, p.Cr = newPlane(cw, ch), newPlane(cw, ch)
	clear(p.Y.Pix)
	p.neutral()
	return p
}

// neutral takes the colour out.
func (p *Planes) neutral() {
	for i := range p.Cb.Pix {
		p.Cb.Pix[i], p.Cr.Pix[i] = 128, 128
	}
}

func newPlane(w, h int) Plane {
	st := (w + 15) &^ 15
	return Plane{Pix: bytePool.take(st * ((h + 15) &^ 15)), Stride: st, W: w, H: h}
}

// Release gives the memory of p back for the next picture. Neither p nor its planes may be used afterwards.
func (p *Planes) Release() {
	bytePool.give(p.Y.Pix)
	bytePool.give(p.Cb.Pix)
	bytePool.give(p.Cr.Pix)
	if p.Key != nil {
		bytePool.give(p.Key.Pix)
	}
	*p = Planes{}
}
