package jpeg

import (
	"bytes"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"io"
)

// Encode writes p as a baseline JFIF file, by the standard library's encoder with our segments put in. Its tables are
// the standard's own; MaxBytes is reached by writing again at a lower quality.
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
