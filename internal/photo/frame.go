package photo

import (
	"context"
	"fmt"
	"math"

	"cutline/internal/jpeg"
)

// enough is the part of the wanted resolution at which held pixels are used rather than decoded anew: a crop that comes
// 1.2 times closer than was prepared for costs no second decoding.
const enough = .82

// Prepare decodes the picture so that every frame of up to w × h pixels which shows it as large as covering allows
// can be made, and the faces be looked for, without decoding again. Call it once with the largest width and height of
// all formats, before Look and Frame. It takes at most Limits.Memory beside the file.
func (p *Photo) Prepare(ctx context.Context, w, h int) error {
	sw, sh := p.file.shown()
	return p.hold(ctx, max(float64(w)/float64(sw), float64(h)/float64(sh)))
}

// hold decodes unless what is held has the scale already.
func (p *Photo) hold(ctx context.Context, scale float64) error {
	scale = min(scale, 1)
	if p.held != nil && p.held.scale >= enough*scale {
		return nil
	}
	p.Release()
	minW, minH := 0, 0
	if scale < 1 {
		minW, minH = max(1, int(math.Ceil(scale*float64(p.file.w)))), max(1, int(math.Ceil(scale*float64(p.file.h))))
	}
	d, err := p.file.decode(ctx, minW, minH, p.limits)
	if err != nil {
		return fmt.Errorf("decoding the photo: %w", err)
	}
	p.held = d
	return nil
}

// Release gives the pixels back. The Photo may be used again; it then decodes again.
func (p *Photo) Release() {
	if p.held != nil {
		p.held.planes.Release()
		if p.held.half != nil {
			p.held.half.Release()
		}
		p.held = nil
	}
}

// Frame draws a part of the picture as exactly w × h pixels: upright, scaled by a filter that neither aliases nor
// rings, in sRGB as full-range BT.601 YCbCr, 4:4:4 if full, else 4:2:0; transparent parts over white. crop is in fractions of the picture
// as shown; its proportions should be those of w:h, else the picture is stretched. The planes are the caller's, who
// may change them and releases them. A crop of no extent or a frame over 10,000 pixels wide or high is an error.
func (p *Photo) Frame(ctx context.Context, crop Rect, w, h int, full bool) (*jpeg.Planes, error) {
	crop = crop.within()
	if crop.X1-crop.X0 <= 0 || crop.Y1-crop.Y0 <= 0 || w < 1 || h < 1 || w > 10000 || h > 10000 {
		return nil, fmt.Errorf("framing the photo: crop %v to %d × %d", crop, w, h)
	}
	sw, sh := p.file.shown()
	scale := max(float64(w)/((crop.X1-crop.X0)*float64(sw)), float64(h)/((crop.Y1-crop.Y0)*float64(sh)))
	if err := p.hold(ctx, scale); err != nil {
		return nil, err
	}
	stored := p.file.turn.stored(crop)
	k := p.held.scale
	fw, fh := k*float64(p.file.w), k*float64(p.file.h)
	from := jpeg.Window{X0: stored.X0 * fw, Y0: stored.Y0 * fh, X1: stored.X1 * fw, Y1: stored.Y1 * fh}
	if p.file.turn.swaps() {
		w, h = h, w
	}
	planes, from := p.held.source(from, w, h)
	from = settled(from, w, h)
	out := planes.Resize(w, h, from, full)
	if p.file.turn > 1 {
		turned := out.Turn(int(p.file.turn))
		if turned != out {
			out.Release()
		}
		out = turned
	}
	if p.colour != nil {
		p.colour.convert(out)
	}
	return out, nil
}

// settled moves a window that is to be shown at its own size onto whole chroma samples, so that the picture is copied and
// stays as sharp as it is. It moves by a sample at most.
func settled(from jpeg.Window, w, h int) jpeg.Window {
	if math.Abs(from.X1-from.X0-float64(w)) > .5 || math.Abs(from.Y1-from.Y0-float64(h)) > .5 {
		return from
	}
	x, y := 2*math.Floor(from.X0/2+.5), 2*math.Floor(from.Y0/2+.5)
	return jpeg.Window{X0: x, Y0: y, X1: x + float64(w), Y1: y + float64(h)}
}

// within cuts a rectangle to the picture.
func (r Rect) within() Rect {
	return Rect{max(0, r.X0), max(0, r.Y0), min(1, r.X1), min(1, r.Y1)}
}

// stored is the part of the stored picture that a part of the picture as shown comes from.
func (o orientation) stored(r Rect) Rect {
	mirrorX := func(r Rect) Rect { return Rect{1 - r.X1, r.Y0, 1 - r.X0, r.Y1} }
	mirrorY := func(r Rect) Rect { return Rect{r.X0, 1 - r.Y1, r.X1, 1 - r.Y0} }
	swap := func(r Rect) Rect { return Rect{r.Y0, r.X0, r.Y1, r.X1} }
	switch o {
	case 2:
		return mirrorX(r)
	case 3:
		return mirrorX(mirrorY(r))
	case 4:
		return mirrorY(r)
	case 5:
		return swap(r)
	case 6: // shown (x, y) is stored (y, 1−x)
		return swap(mirrorX(r))
	case 7:
		return swap(mirrorX(mirrorY(r)))
	case 8: // shown (x, y) is stored (1−y, x)
		return swap(mirrorY(r))
	}
	return r
}
