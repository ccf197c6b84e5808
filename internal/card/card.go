// Package card draws a story's social cards.
//
// It owns formats, themes, layouts, and what a card is made from ([Spec]) with the fingerprint of it. It promises: a card
// over a photo carries its credit; every text has a contrast of at least 4.5:1 against what lies behind it, measured in
// cells of a fifth of the letter; nothing is cut off, boxed or outside the frame; the same spec gives the same bytes. The
// photo's pixels, faces and crop are package photo's, letters are package typeset's. Text, chips and rules are drawn on
// an overlay and laid over the photo's planes once; the photo never leaves YCbCr.
package card

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"cutline/internal/article"
	"cutline/internal/jpeg"
	"cutline/internal/photo"
	"cutline/internal/story"
	"cutline/internal/typeset"
)

// engine changes whenever the same spec would be drawn otherwise.
const engine = 2

// Spec is all that a card is made from.
type Spec struct {
	Format   string         `json:"format"`
	Theme    Theme          `json:"theme"`
	Language string         `json:"language"`
	Headline string         `json:"headline"`
	Dek      string         `json:"dek,omitempty"`     // on layouts with room for it
	Section  string         `json:"section,omitempty"` // chip
	Kicker   string         `json:"kicker,omitempty"`  // chip: live, updated, corrected, opinion, analysis
	Year     int            `json:"year,omitempty"`    // chip: the story's year, when it is old; 0: none
	Credit   string         `json:"credit,omitempty"`  // whose photo it is, without label; without it the photo is not shown
	Site     string         `json:"site"`              // the site's name, at the foot
	Logo     []byte         `json:"logo,omitempty"`    // picture in place of the name
	Meta     string         `json:"meta,omitempty"`    // date or byline, where there is no photo
	Focal    *article.Focal `json:"focal,omitempty"`   // what the crop must keep
	Layout   string         `json:"layout,omitempty"`  // the desk's choice: bottom, split, text-led
	Digits   string         `json:"digits,omitempty"`  // latin, native, or as written
	PhotoTag string         `json:"photo,omitempty"`   // hash of the photo's bytes; empty: there is none
	PNG      bool           `json:"png,omitempty"`
	Rights   photo.Rights   `json:"rights"` // what the file says of the photo
}

// Fingerprint names what the spec would look like: two specs with the same one give the same bytes.
func (s *Spec) Fingerprint() string {
	b, err := json.Marshal(struct {
		Engine int
		*Spec
	}{engine, s})
	if err != nil {
		panic("a spec has only texts and numbers: " + err.Error())
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:10])
}

// Drawn is a card and what is to be said about it.
type Drawn struct {
	Bytes   []byte
	Card    story.Card // all but Key
	Short   bool       // the headline was cut with an ellipsis
	Credit  string     // as shown; empty: no photo is shown
	Explain Explain
}

// Explain is why a card is as it is.
type Explain struct {
	Layout   string    `json:"layout"`
	Why      string    `json:"why"`
	Crop     []float64 `json:"crop"`
	Scrim    float64   `json:"scrim"`
	Contrast float64   `json:"contrast"`
	Credit   string    `json:"credit"`
	Lines    []Line    `json:"lines"`
}

// Line is a line of the headline. Its box is x0, y0, x1, y1 in pixels of the card: what is black.
type Line struct {
	Text string     `json:"text"`
	Box  [4]float64 `json:"box"`
	Dir  string     `json:"dir"`
	Runs []Run      `json:"runs"`
}

// Run is a piece of a line in one font, its glyphs from the left, numbers in font units.
type Run struct {
	Font   string  `json:"font"`
	Script string  `json:"script"`
	Lang   string  `json:"lang"`
	Glyphs []Glyph `json:"glyphs"`
}

type Glyph struct {
	ID      int `json:"id"`
	Cluster int `json:"cluster"` // index of the letter in the headline
	AX      int `json:"ax"`
	DX      int `json:"dx"`
	DY      int `json:"dy"`
}

// errNext says that a layout does not work here and the next one is to be tried.
type errNext struct{ why string }

func (e errNext) Error() string { return e.why }

// Draw draws a card. ph may be nil: then, and where the spec has no credit, the card is text alone. Errors are
// *typeset.MissingError, the photo's, or the context's.
func Draw(ctx context.Context, s Spec, ph *photo.Photo, fonts *typeset.Fonts) (Drawn, error) {
	f, ok := Formats[s.Format]
	if !ok {
		return Drawn{}, fmt.Errorf("format %q is not known: there are og, wide, square, portrait and vertical", s.Format)
	}
	why := ""
	switch {
	case ph == nil:
		why = "no photo"
	case s.Credit == "":
		ph, why = nil, "the photo has no credit"
	}
	order := []string{"bottom", "split"}
	switch {
	case ph == nil || s.Theme.Layout == "text-led" && s.Layout == "":
		order = nil
		if ph != nil {
			why = "the theme leads with the text"
		}
	case s.Theme.Layout == "split":
		order = []string{"split"}
	}
	if s.Layout != "" && ph != nil && s.Layout != "text-led" {
		order = []string{s.Layout, "split"}
		why = "the desk's choice"
	} else if s.Layout == "text-led" {
		order, why = nil, "the desk's choice"
	}
	if len(order) > 0 { // before the first look, so that one decoding serves the faces and the frame
		if err := ph.Prepare(ctx, f.W, f.H); err != nil {
			return Drawn{}, err
		}
	}
	for _, layout := range order {
		c, err := begin(s, f, fonts)
		if err != nil {
			return Drawn{}, err
		}
		c.layout, c.why = layout, why
		switch layout {
		case "split":
			err = c.split(ctx, ph)
		default:
			c.layout = "bottom"
			err = c.bottom(ctx, ph)
		}
		if next, ok := errors.AsType[errNext](err); ok {
			why = join(why, next.why)
			continue
		} else if err != nil {
			return Drawn{}, err
		}
		return c.finish()
	}
	c, err := begin(s, f, fonts)
	if err != nil {
		return Drawn{}, err
	}
	c.layout, c.why = "text-led", why
	c.s.Credit = ""
	if err := c.textLed(); err != nil {
		return Drawn{}, err
	}
	return c.finish()
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// canvas is one card being drawn.
type canvas struct {
	s       Spec
	f       Format
	fonts   *typeset.Fonts
	rtl     bool
	short   float64 // the short side, pixels
	z       sizes   // in pixels
	sc      script
	panel   color.RGBA // ground of panels
	text    color.RGBA // and of text on it
	muted   color.RGBA
	planes  *jpeg.Planes
	overlay *image.RGBA
	areas   []image.Rectangle // where the overlay has ink

	layout, why string
	crop        []float64
	scrim       float64
	contrast    float64
	head        typeset.Block
	headAt      [2]float64
	credit      string
}

func begin(s Spec, f Format, fonts *typeset.Fonts) (*canvas, error) {
	c := &canvas{s: s, f: f, fonts: fonts, rtl: article.RTL(s.Language), short: float64(min(f.W, f.H)), sc: scriptOf(s.Language), contrast: 21}
	z := shapes[f.tall]
	c.z = sizes{z.side * c.short, z.top * c.short, z.bottom * c.short, z.credit * c.short, z.badge * c.short, z.site * c.short, z.dek * c.short, z.logo * c.short}
	c.panel, c.text, c.muted = ink, white, mutedInk
	if s.Theme.Paper {
		c.panel, c.text, c.muted = paper, ink, mutedPap
	}
	c.overlay = image.NewRGBA(image.Rect(0, 0, f.W, f.H))
	return c, nil
}

// fill makes the planes one colour.
func (c *canvas) fill(col color.RGBA) {
	c.planes = jpeg.NewPlanes(c.f.W, c.f.H, 2, 2)
	y, cb, cr := color.RGBToYCbCr(col.R, col.G, col.B)
	for _, p := range []struct {
		plane jpeg.Plane
		v     byte
	}{{c.planes.Y, y}, {c.planes.Cb, cb}, {c.planes.Cr, cr}} {
		for i := range p.plane.Pix {
			p.plane.Pix[i] = p.v
		}
	}
}

// place copies a photo's planes to x, y, which are even.
func (c *canvas) place(p *jpeg.Planes, x, y int) {
	copyPlane := func(to, from jpeg.Plane, x, y int) {
		for row := range min(from.H, to.H-y) {
			copy(to.Pix[(y+row)*to.Stride+x:(y+row)*to.Stride+min(x+from.W, to.W)], from.Pix[row*from.Stride:row*from.Stride+from.W])
		}
	}
	copyPlane(c.planes.Y, p.Y, x, y)
	copyPlane(c.planes.Cb, p.Cb, x/2, y/2)
	copyPlane(c.planes.Cr, p.Cr, x/2, y/2)
}

// maxBytes of a card; messengers drop previews over 300 KB.
const maxBytes = 300_000

func (c *canvas) finish() (Drawn, error) {
	c.planes.Blend(c.overlay, c.areas...)
	out := Drawn{Short: c.head.Cut, Credit: c.credit}
	var b bytes.Buffer
	typ := "image/jpeg"
	if c.s.PNG {
		typ = "image/png"
		if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, c.planes.RGBA()); err != nil {
			return out, fmt.Errorf("writing the card: %w", err)
		}
	} else {
		rights := photo.Rights{Alt: c.s.Rights.Alt}
		if c.credit != "" {
			rights = c.s.Rights
		}
		if err := jpeg.Encode(&b, c.planes, jpeg.EncodeOptions{Quality: 85, MaxBytes: maxBytes, Segments: photo.Segments(rights)}); err != nil {
			return out, fmt.Errorf("writing the card: %w", err)
		}
	}
	c.planes.Release()
	out.Bytes = b.Bytes()
	out.Explain = Explain{Layout: c.layout, Why: c.why, Crop: c.crop, Scrim: c.scrim, Contrast: c.contrast, Credit: c.credit, Lines: c.explain()}
	if out.Explain.Crop == nil {
		out.Explain.Crop = []float64{}
	}
	out.Card = story.Card{Fingerprint: c.s.Fingerprint(), Type: typ, Width: c.f.W, Height: c.f.H, Bytes: b.Len(), Layout: c.layout, Why: c.why, Crop: c.crop, Scrim: c.scrim, Contrast: c.contrast}
	return out, nil
}

func (c *canvas) explain() []Line {
	lines := []Line{}
	for _, l := range c.head.Lines {
		box := l.Ink.Moved(c.headAt[0], c.headAt[1])
		out := Line{Text: l.Text, Box: [4]float64{r2(box.X0), r2(box.Y0), r2(box.X1), r2(box.Y1)}, Dir: "ltr"}
		if l.RTL {
			out.Dir = "rtl"
		}
		for _, r := range l.Runs {
			run := Run{Font: r.Font, Script: r.Script, Lang: r.Lang, Glyphs: []Glyph{}}
			for _, g := range r.Glyphs {
				run.Glyphs = append(run.Glyphs, Glyph{int(g.ID), g.Cluster, g.AX, g.DX, g.DY})
			}
			out.Runs = append(out.Runs, run)
		}
		lines = append(lines, out)
	}
	return lines
}

// logo draws the site's logo, and says how wide it is; false: there is none that can be read.
func (c *canvas) logoAt(x, top float64) (float64, bool) {
	if len(c.s.Logo) == 0 {
		return 0, false
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(c.s.Logo))
	if err != nil || cfg.Width*cfg.Height > 4_000_000 || cfg.Width == 0 {
		return 0, false
	}
	m, _, err := image.Decode(bytes.NewReader(c.s.Logo))
	if err != nil {
		return 0, false
	}
	h := c.z.logo
	w := min(h*float64(cfg.Width)/float64(cfg.Height), 5*h)
	at := image.Rect(int(c.x(x, w)), int(top), int(c.x(x, w)+w), int(top+h))
	scaleInto(c.overlay, at, m)
	c.areas = append(c.areas, at)
	return w, true
}
