package card

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	_ "image/gif"  // a logo may be one
	_ "image/jpeg" // likewise
	"sync"

	_ "golang.org/x/image/webp" // likewise

	"cutline/internal/jpeg"
)

// Logo is a site's logo, read once for all cards. It may be used by several goroutines at once.
type Logo struct {
	data    []byte      // the file: what a fingerprint is made of
	picture image.Image // as it is in the file
	light   float64     // mean luminance of what is opaque, 0 … 1
	clear   bool        // parts of it are transparent: what lies behind is seen

	mu    sync.Mutex
	drawn map[image.Point]*image.RGBA // by size, a few: cards have few formats
}

// logoPixels bounds a logo's size.
const logoPixels = 4_000_000

// ReadLogo reads a site's logo: PNG, JPEG, GIF or WebP of up to 4 megapixels. Without data it is nil.
func ReadLogo(data []byte) (*Logo, error) {
	if len(data) == 0 {
		return nil, nil
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, errLogo{"it is no PNG, JPEG, GIF or WebP; export it as PNG with a transparent ground"}
	}
	if cfg.Width*cfg.Height > logoPixels || cfg.Width < 1 || cfg.Height < 1 {
		return nil, errLogo{"it has more than 4 megapixels; 600 pixels are enough for its longer side"}
	}
	m, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, errLogo{"it is damaged (" + err.Error() + "); export it again"}
	}
	l := &Logo{data: data, picture: m, drawn: map[image.Point]*image.RGBA{}}
	l.light, l.clear = brightness(m)
	return l, nil
}

// MarshalJSON is the file, in base64: two logos are the same if their files are.
func (l *Logo) MarshalJSON() ([]byte, error) { return json.Marshal(l.data) }

// aspect is width / height.
func (l *Logo) aspect() float64 {
	b := l.picture.Bounds()
	return float64(b.Dx()) / float64(b.Dy())
}

// scaled is the logo in a size. It must not be changed.
func (l *Logo) scaled(w, h int) *image.RGBA {
	l.mu.Lock()
	defer l.mu.Unlock()
	size := image.Pt(w, h)
	m := l.drawn[size]
	if m == nil {
		if m = jpeg.Scaled(l.picture, w, h); len(l.drawn) < 16 {
			l.drawn[size] = m
		}
	}
	return m
}

type errLogo struct{ why string }

func (e errLogo) Error() string { return "the logo cannot be used: " + e.why }

// brightness is the mean luminance of a logo's opaque parts; false: it has its own ground, being opaque all over.
func brightness(m image.Image) (float64, bool) {
	b := m.Bounds()
	step := max(1, b.Dx()*b.Dy()/4000) | 1 // odd, so that it does not follow the columns
	sum, n, clear := 0.0, 0, false
	for i := 0; i < b.Dx()*b.Dy(); i += step {
		r, g, bl, a := m.At(b.Min.X+i%b.Dx(), b.Min.Y+i/b.Dx()).RGBA()
		if a < 0x8000 {
			clear = true
			continue
		}
		sum += light(color.RGBA{uint8(r * 255 / a), uint8(g * 255 / a), uint8(bl * 255 / a), 255})
		n++
	}
	if n == 0 || !clear {
		return 0, false
	}
	return sum / float64(n), true
}
