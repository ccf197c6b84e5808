package photo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"io"
	"strings"

	"golang.org/x/image/webp"

	"cutline/internal/jpeg"
)

// decoded is the whole picture, as stored: neither turned nor brought to sRGB.
type decoded struct {
	planes *jpeg.Planes // 4:2:0, gray, or whatever subsampling the JPEG has
	scale  float64      // samples of planes for a pixel of the picture, 0 … 1
	half   *jpeg.Planes // planes at half the size, for frames that are smaller than that; nil: none was wanted yet
}

// source is the planes that a frame is made of, and the part of them that it shows: of a picture that is to be at most
// half as large all frames share one half.
func (d *decoded) source(from jpeg.Window, w, h int) (*jpeg.Planes, jpeg.Window) {
	const least = 256 // samples across and down, under which the edges would count for too much
	if from.X1-from.X0 < 2*float64(w) || from.Y1-from.Y0 < 2*float64(h) || min(d.planes.W, d.planes.H) < least {
		return d.planes, from
	}
	if d.half == nil {
		d.half = d.planes.Half()
	}
	return d.half, jpeg.Window{X0: from.X0 / 2, Y0: from.Y0 / 2, X1: from.X1 / 2, Y1: from.Y1 / 2}
}

// decode reads the pixels of the whole picture, reduced as far as minW × minH samples allow (0: not at all).
func (f *file) decode(ctx context.Context, minW, minH int, l Limits) (d *decoded, err error) {
	// The libraries under GIF and WebP have had panics on broken files; a photo must never end the process.
	defer func() {
		if r := recover(); r != nil {
			d, err = nil, f.refuse(Damaged, "%v", r)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var r *rows
	switch f.format {
	case formatJPEG:
		return f.decodeJPEG(ctx, minW, minH, l)
	case formatPNG:
		r, err = f.decodePNG(ctx, minW, minH)
	case formatGIF:
		r, err = f.decodeGIF(ctx, minW, minH)
	case formatWebP:
		return f.decodeWebP(ctx, minW, minH)
	default:
		return nil, f.refuse(Unsupported, "%s is not read", f.format)
	}
	if err != nil {
		return nil, err
	}
	return &decoded{planes: r.close(), scale: r.scale()}, nil
}

func (f *file) decodeJPEG(ctx context.Context, minW, minH int, l Limits) (*decoded, error) {
	p, _, err := jpeg.Decode(ctx, f.data, jpeg.Options{MinW: minW, MinH: minH, Limits: l.jpeg()})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, f.refusedBy(err)
	}
	return &decoded{planes: p, scale: float64(p.Eighths) / 8}, nil
}

// reader gives a library the file as long as the context stands: neither of them can be stopped otherwise.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}

// broken turns a library's error into ours.
func (f *file) broken(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), strings.Contains(err.Error(), "not enough image data"),
		strings.HasSuffix(err.Error(), "unexpected EOF"): // image/gif does not wrap
		return f.refuse(Truncated, "ends within its picture")
	}
	return f.refuse(Damaged, "%v", err)
}

// decodeGIF reads the first frame onto a white canvas.
func (f *file) decodeGIF(ctx context.Context, minW, minH int) (*rows, error) {
	m, err := gif.Decode(reader{ctx, bytes.NewReader(f.data)})
	if err != nil {
		return nil, f.broken(ctx, err)
	}
	p, ok := m.(*image.Paletted)
	if !ok {
		return nil, fmt.Errorf("reading a GIF: the library gave a %T", m)
	}
	var table [256][4]byte
	for i, c := range p.Palette[:min(256, len(p.Palette))] {
		r, g, b, a := c.RGBA() // GIF's alpha is all or nothing, so premultiplied or not is the same
		table[i] = [4]byte{byte(r >> 8), byte(g >> 8), byte(b >> 8), byte(a >> 8)}
	}
	out := newRows(f.w, f.h, minW, minH, false)
	row := make([]byte, 4*f.w)
	for y := range f.h {
		clear(row)
		if y >= p.Rect.Min.Y && y < p.Rect.Max.Y {
			at := p.PixOffset(p.Rect.Min.X, y)
			for i, v := range p.Pix[at : at+p.Rect.Dx()] {
				copy(row[4*(p.Rect.Min.X+i):], table[v][:])
			}
		}
		out.rgba(row)
	}
	return out, nil
}

// decodeWebP reads the picture, or an animation's first frame onto a white canvas.
func (f *file) decodeWebP(ctx context.Context, minW, minH int) (*decoded, error) {
	m, err := webp.Decode(reader{ctx, bytes.NewReader(f.webp.still())})
	if err != nil {
		return nil, f.broken(ctx, err)
	}
	at := image.Pt(f.webp.x, f.webp.y)
	switch m := m.(type) {
	case *image.YCbCr:
		studioToFull(m)
		if m.Rect.Dx() == f.w && m.Rect.Dy() == f.h {
			factor := reduction(f.w, f.h, minW, minH)
			return &decoded{planes: reduced(planesOf(m), factor), scale: 1 / float64(factor)}, nil
		}
		return f.lossyRows(m, nil, at, minW, minH), nil
	case *image.NYCbCrA:
		studioToFull(&m.YCbCr)
		return f.lossyRows(&m.YCbCr, m, at, minW, minH), nil
	case *image.NRGBA:
		out := newRows(f.w, f.h, minW, minH, false)
		row := make([]byte, 4*f.w)
		for y := range f.h {
			clear(row)
			if in := y - at.Y; in >= 0 && in < m.Rect.Dy() {
				copy(row[4*at.X:], m.Pix[in*m.Stride:][:4*m.Rect.Dx()])
			}
			out.rgba(row)
		}
		return &decoded{planes: out.close(), scale: out.scale()}, nil
	}
	return nil, fmt.Errorf("reading a WebP: the library gave a %T", m)
}

// still is the picture as a WebP file of its own.
func (w *webpHeader) still() []byte {
	body := []byte("WEBP")
	if string(w.picture[:4]) == "ALPH" { // RFC 9649, 2.7: the alpha flag, and the canvas as large as the picture
		body = append(body, "VP8X\x0a\x00\x00\x00\x10\x00\x00\x00"...)
		pw, ph := uint32(w.pw-1), uint32(w.ph-1)
		body = append(body, byte(pw), byte(pw>>8), byte(pw>>16), byte(ph), byte(ph>>8), byte(ph>>16))
	}
	body = append(body, w.picture...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// studioToFull stretches VP8's samples in place: RFC 6386 (9.2) keeps luma in 16 … 235 and chroma in 16 … 240, and
// the library hands them out so, in a type whose samples mean 0 … 255.
func studioToFull(m *image.YCbCr) {
	var y, c [256]uint8
	for v := range 256 {
		y[v] = byteOf(int32((255*(v-16) + 109) / 219))
		c[v] = byteOf(int32(((v-128)*255 + 128*224 + 112) / 224))
	}
	for i, v := range m.Y {
		m.Y[i] = y[v]
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = c[m.Cb[i]], c[m.Cr[i]]
	}
}

// planesOf sees a library's 4:2:0 picture as planes, without a copy.
func planesOf(m *image.YCbCr) *jpeg.Planes {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	return &jpeg.Planes{W: w, H: h, SubX: 2, SubY: 2, Eighths: 8,
		Y:  jpeg.Plane{Pix: m.Y, Stride: m.YStride, W: w, H: h},
		Cb: jpeg.Plane{Pix: m.Cb, Stride: m.CStride, W: (w + 1) / 2, H: (h + 1) / 2},
		Cr: jpeg.Plane{Pix: m.Cr, Stride: m.CStride, W: (w + 1) / 2, H: (h + 1) / 2}}
}

// reduced makes one sample of factor × factor, their mean, in each plane, so that all that follows costs less.
func reduced(p *jpeg.Planes, factor int) *jpeg.Planes {
	if factor == 1 {
		return p
	}
	small := jpeg.NewPlanes((p.W+factor-1)/factor, (p.H+factor-1)/factor, 2, 2)
	for i, from := range []jpeg.Plane{p.Y, p.Cb, p.Cr} {
		to := []jpeg.Plane{small.Y, small.Cb, small.Cr}[i]
		sums := make([]uint32, to.W)
		for y := range to.H {
			clear(sums)
			top, bottom := min(y*factor, from.H-1), min((y+1)*factor, from.H)
			for in := top; in < bottom; in++ {
				row := from.Pix[in*from.Stride:][:from.W]
				for x := range sums {
					for _, v := range row[min(x*factor, from.W-1):min((x+1)*factor, from.W)] {
						sums[x] += uint32(v)
					}
				}
			}
			for x, s := range sums {
				n := uint32((min((x+1)*factor, from.W) - min(x*factor, from.W-1)) * (bottom - top))
				to.Pix[y*to.Stride+x] = byte((s + n/2) / n)
			}
		}
	}
	return small
}

// lossyRows lays a VP8 picture, with its alpha if it has one, on a white canvas.
func (f *file) lossyRows(m *image.YCbCr, alpha *image.NYCbCrA, at image.Point, minW, minH int) *decoded {
	out := newRows(f.w, f.h, minW, minH, false)
	row := make([]byte, 4*f.w)
	for y := range f.h {
		clear(row)
		if in := y - at.Y; in >= 0 && in < m.Rect.Dy() {
			ys := m.Y[in*m.YStride:]
			cbs, crs := m.Cb[in/2*m.CStride:], m.Cr[in/2*m.CStride:]
			for x := range m.Rect.Dx() {
				o := row[4*(at.X+x):][:4:4]
				o[0], o[1], o[2] = toRGB(int32(ys[x]), int32(cbs[x/2]), int32(crs[x/2]))
				o[3] = 255
				if alpha != nil {
					o[3] = alpha.A[in*alpha.AStride+x]
				}
			}
		}
		out.rgba(row)
	}
	return &decoded{planes: out.close(), scale: out.scale()}
}
