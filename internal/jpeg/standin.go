package jpeg

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"io"
	"math"
)

// Resize makes the window of p into a new picture of w×h with chroma at half the size in both directions,
// or at full size for chroma444. A gray picture gets neutral chroma. What lies outside p counts as its edge.
func (p *Planes) Resize(w, h int, from Window, chroma444 bool) *Planes {
	sub := 2
	if chroma444 {
		sub = 1
	}
	q := NewPlanes(w, h, sub, sub)
	sx, sy := (from.X1-from.X0)/float64(w), (from.Y1-from.Y0)/float64(h)
	scale(&q.Y, &p.Y, from.X0, from.Y0, sx, sy)
	if !p.Gray() {
		fx, fy := float64(p.SubX), float64(p.SubY)
		for i, d := range []*Plane{&q.Cb, &q.Cr} {
			s := []*Plane{&p.Cb, &p.Cr}[i]
			scale(d, s, from.X0/fx, from.Y0/fy, sx*float64(sub)/fx, sy*float64(sub)/fy)
		}
	}
	return q
}

func scale(d, s *Plane, x0, y0, sx, sy float64) {
	rows := make([]float64, s.W*d.H)
	for y := range d.H {
		tent(y, y0, sy, s.H, func(j int, w float64) {
			for x := range s.W {
				rows[y*s.W+x] += w * float64(s.Pix[j*s.Stride+x])
			}
		})
	}
	for x := range d.W {
		acc := make([]float64, d.H)
		tent(x, x0, sx, s.W, func(j int, w float64) {
			for y := range d.H {
				acc[y] += w * rows[y*s.W+j]
			}
		})
		for y := range d.H {
			d.Pix[y*d.Stride+x] = byte(acc[y] + .5)
		}
	}
}

func tent(i int, src0, scale float64, limit int, f func(int, float64)) {
	c, sup := src0+(float64(i)+.5)*scale-.5, max(scale, 1)
	sum := 0.0
	for j := int(math.Ceil(c - sup)); float64(j) <= c+sup; j++ {
		sum += max(0, 1-math.Abs(float64(j)-c)/sup)
	}
	for j := int(math.Ceil(c - sup)); float64(j) <= c+sup; j++ {
		if w := 1 - math.Abs(float64(j)-c)/sup; w > 0 {
			f(min(max(j, 0), limit-1), w/sum)
		}
	}
}

// Whole is the keep factor of Dim that leaves a row as it is.
const Whole = 1 << 15

// Dim lays black over whole rows: row y0+i keeps keep[i]/Whole of its light.
func (p *Planes) Dim(y0 int, keep []uint16) {
	for i, k := range keep {
		if y := y0 + i; y >= 0 && y < p.H {
			for x := range p.W {
				p.Y.Pix[y*p.Y.Stride+x] = byte((uint32(p.Y.Pix[y*p.Y.Stride+x])*uint32(k) + Whole/2) / Whole)
			}
		}
	}
}

// Shade lays black of the mask's alpha over the part of the picture that the mask's bounds name.
func (p *Planes) Shade(mask *image.Alpha) {
	r := mask.Rect.Intersect(image.Rect(0, 0, p.W, p.H))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			v := &p.Y.Pix[y*p.Y.Stride+x]
			*v = byte(uint32(*v) * uint32(255-mask.AlphaAt(x, y).A) / 255)
		}
	}
}

// Blend lays an overlay (premultiplied sRGB, in the picture's coordinates) over the picture, once, within
// the areas that hold its ink; without areas everywhere.
func (p *Planes) Blend(overlay *image.RGBA, areas ...image.Rectangle) {
	if len(areas) == 0 {
		areas = []image.Rectangle{overlay.Rect}
	}
	for _, r := range areas {
		r = r.Intersect(overlay.Rect).Intersect(image.Rect(0, 0, p.W, p.H))
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				c := overlay.RGBAAt(x, y)
				if c.A == 0 {
					continue
				}
				yy, cb, cr := color.RGBToYCbCr(c.R, c.G, c.B)
				v := &p.Y.Pix[y*p.Y.Stride+x]
				*v = byte(uint32(yy) + uint32(*v)*uint32(255-c.A)/255)
				if x%p.SubX == 0 && y%p.SubY == 0 {
					for i, pl := range []*Plane{&p.Cb, &p.Cr} {
						v := &pl.Pix[y/p.SubY*pl.Stride+x/p.SubX]
						*v = byte(int([]byte{cb, cr}[i]) + (int(*v)-128)*int(255-c.A)/255)
					}
				}
			}
		}
	}
}

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

// Encode writes p as a baseline JFIF file.
func Encode(w io.Writer, p *Planes, o EncodeOptions) error {
	q := o.Quality
	if q == 0 {
		q = 85
	}
	if p.SubX != p.SubY || p.SubX > 2 {
		return fmt.Errorf("jpeg: encoding %d×%d subsampling", p.SubX, p.SubY)
	}
	ratio := image.YCbCrSubsampleRatio420
	if p.SubX == 1 {
		ratio = image.YCbCrSubsampleRatio444
	}
	m := &image.YCbCr{Y: p.Y.Pix, Cb: p.Cb.Pix, Cr: p.Cr.Pix, YStride: p.Y.Stride, CStride: p.Cb.Stride, SubsampleRatio: ratio, Rect: image.Rect(0, 0, p.W, p.H)}
	for ; ; q -= 5 {
		var out bytes.Buffer
		if err := stdjpeg.Encode(&out, m, &stdjpeg.Options{Quality: q}); err != nil {
			return fmt.Errorf("jpeg: encoding: %w", err)
		}
		b := out.Bytes()
		size := len(b)
		for _, s := range o.Segments {
			size += len(s)
		}
		if o.MaxBytes > 0 && size > o.MaxBytes && q > 10 {
			continue
		}
		for _, part := range append(append([][]byte{b[:2]}, o.Segments...), b[2:]) {
			if _, err := w.Write(part); err != nil {
				return fmt.Errorf("jpeg: writing: %w", err)
			}
		}
		return nil
	}
}
