package jpeg

import (
	"image"
	"image/color"
)

// RGBA makes an sRGB picture of p.
func (p *Planes) RGBA() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	for y := range p.H {
		for x := range p.W {
			cb, cr := byte(128), byte(128)
			if !p.Gray() {
				cb, cr = p.Cb.Pix[y/p.SubY*p.Cb.Stride+x/p.SubX], p.Cr.Pix[y/p.SubY*p.Cr.Stride+x/p.SubX]
			}
			r, g, b := color.YCbCrToRGB(p.Y.Pix[y*p.Y.Stride+x], cb, cr)
			m.SetRGBA(x, y, color.RGBA{r, g, b, 255})
		}
	}
	return m
}

// FromRGBA makes planes of an opaque sRGB picture; alpha is not looked at. The chroma is 4:4:4.
func FromRGBA(m *image.RGBA) *Planes {
	p := NewPlanes(m.Rect.Dx(), m.Rect.Dy(), 1, 1)
	for y := range p.H {
		for x := range p.W {
			c := m.RGBAAt(m.Rect.Min.X+x, m.Rect.Min.Y+y)
			p.Y.Pix[y*p.Y.Stride+x], p.Cb.Pix[y*p.Cb.Stride+x], p.Cr.Pix[y*p.Cr.Stride+x] = color.RGBToYCbCr(c.R, c.G, c.B)
		}
	}
	return p
}

// Turn turns and mirrors p as EXIF orientation o (1 to 8) asks, so that it stands upright.
func (p *Planes) Turn(o int) *Planes {
	q := &Planes{W: p.W, H: p.H, SubX: p.SubX, SubY: p.SubY, Eighths: p.Eighths}
	if o >= 5 && o <= 8 {
		q.W, q.H, q.SubX, q.SubY = p.H, p.W, p.SubY, p.SubX
	}
	q.Y, q.Cb, q.Cr = p.Y.turn(o), p.Cb.turn(o), p.Cr.turn(o)
	return q
}

func (s *Plane) turn(o int) Plane {
	w, h := s.W, s.H
	if o >= 5 && o <= 8 {
		w, h = h, w
	}
	d := newPlane(w, h)
	for y := range s.H {
		for x := range s.W {
			X, Y := x, y
			switch o {
			case 2:
				X = w - 1 - x
			case 3:
				X, Y = w-1-x, h-1-y
			case 4:
				Y = h - 1 - y
			case 5:
				X, Y = y, x
			case 6:
				X, Y = w-1-y, x
			case 7:
				X, Y = w-1-y, h-1-x
			case 8:
				X, Y = y, h-1-x
			}
			d.Pix[Y*d.Stride+X] = s.Pix[y*s.Stride+x]
		}
	}
	return d
}
