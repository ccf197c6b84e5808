// Package card draws a story's social cards.
//
// It owns formats, themes (YAML, [OpenTheme]), layouts and the choice between them, and what a card is made from ([Spec])
// with the fingerprint of it. It promises: a card over a photo carries its credit, whole; every text has a contrast of
// at least 4.5:1 (WCAG 2.2, 1.4.3) against what lies behind it, measured in cells of a fifth of the letter and in specks
// of 4 × 4 pixels; nothing is cut off, boxed or outside the frame; the same spec gives the same bytes. The photo's pixels,
// faces and crop are package photo's, letters are package typeset's. Text, chips and rules are drawn on overlays and laid
// over the photo's planes once; the photo never leaves YCbCr.
//
// Each layout is one function that either draws or says why it does not work for this headline and photo ([errNext]);
// the last, of text alone, always works.
package card

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"slices"
	"strings"

	"cutline/internal/article"
	"cutline/internal/jpeg"
	"cutline/internal/photo"
	"cutline/internal/remark"
	"cutline/internal/story"
	"cutline/internal/typeset"
)

// engine changes whenever the same spec would be drawn otherwise.
const engine = 7

// Format is one size of card.
type Format struct {
	Name  string
	W, H  int    // pixels
	shape string // which of a theme's numbers it uses
}

// Formats are all sizes, by name.
var Formats = map[string]Format{
	"og":       {"og", 1200, 630, land},
	"wide":     {"wide", 1600, 900, land},
	"square":   {"square", 1080, 1080, upright},
	"portrait": {"portrait", 1080, 1350, upright},
	"vertical": {"vertical", 1080, 1920, tall},
}

// The shapes that themes have numbers for.
const (
	land    = "land"
	upright = "upright"
	tall    = "tall"
)

// Spec is all that a card is made from.
type Spec struct {
	Format   string         `json:"format"`
	Theme    *Theme         `json:"theme"`
	Language string         `json:"language"`
	Headline string         `json:"headline"`
	Dek      string         `json:"dek,omitempty"`     // on layouts with room for it
	Section  string         `json:"section,omitempty"` // chip
	Kicker   string         `json:"kicker,omitempty"`  // chip: live, updated, corrected, opinion, analysis
	Year     int            `json:"year,omitempty"`    // chip: the story's year, when it is old; 0: none
	Credit   string         `json:"credit,omitempty"`  // whose photo it is, without label; without it the photo is not shown
	Site     string         `json:"site"`              // the site's name, at the foot
	Logo     *Logo          `json:"logo,omitempty"`    // picture in place of the name, or before it
	OnLight  *Logo          `json:"onlight,omitempty"` // the logo for light ground; nil: Logo
	Meta     string         `json:"meta,omitempty"`    // date or byline, where there is no photo
	Names    []string       `json:"names,omitempty"`   // names in the headline that a line break should not part
	Focal    *article.Focal `json:"focal,omitempty"`   // what the crop must keep
	Layout   string         `json:"layout,omitempty"`  // the desk's choice: one of Layouts, or text-led
	Digits   string         `json:"digits,omitempty"`  // latin, native, or as written
	PhotoTag string         `json:"photo,omitempty"`   // hash of the photo's bytes; empty: there is none
	PNG      bool           `json:"png,omitempty"`
	Rights   photo.Rights   `json:"rights"` // what the file says of the photo
}

// Fingerprint names what the spec would look like: two specs with the same one, drawn with the same set of fonts, give
// the same bytes.
func (s *Spec) Fingerprint(set *typeset.Fonts) string {
	b, err := json.Marshal(struct {
		Engine     int
		Fonts, Own string
		*Spec
	}{engine, set.Tag(), s.Theme.tag, s})
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

// errNext says that a layout does not work here and the next one is to be tried.
type errNext struct{ why string } // a remark

func (e errNext) Error() string { return e.why }

// Draw draws a card. ph may be nil: then, and where the spec has no credit, the card is text alone. Errors are
// *typeset.MissingError, the photo's, or the context's.
func Draw(ctx context.Context, s Spec, ph *photo.Photo, set *typeset.Fonts) (Drawn, error) {
	f, ok := Formats[s.Format]
	if !ok {
		return Drawn{}, fmt.Errorf("format %q is not known: there are og, wide, square, portrait and vertical", s.Format)
	}
	why := ""
	switch {
	case ph == nil:
		why = remark.Say("no-photo")
	case s.Credit == "":
		ph, why = nil, remark.Say("photo-without-credit")
	case s.Layout == "text-led":
		ph, why = nil, remark.Say("layout-desk")
	case len(s.Theme.Layouts) == 0 && s.Layout == "":
		ph, why = nil, remark.Say("layout-theme-text")
	}
	if ph != nil {
		d, next, err := drawPhoto(ctx, s, f, ph, set)
		if err == nil && next == "" {
			return d, nil
		} else if err != nil {
			return Drawn{}, err
		}
		why = next
	}
	c := begin(s, f, set)
	c.layout, c.why = "text-led", why
	if err := c.textLed(); err != nil {
		return Drawn{}, err
	}
	return c.finish()
}

// drawPhoto tries the layouts that show the photo: the desk's choice, then the theme's in their order, those first in
// which the text lies on what matters least. next says why none of them would do.
func drawPhoto(ctx context.Context, s Spec, f Format, ph *photo.Photo, set *typeset.Fonts) (d Drawn, next string, err error) {
	if err := ph.Prepare(ctx, f.W, f.H); err != nil { // before the first look, so that one decoding serves the faces and the frame
		return Drawn{}, "", err
	}
	scene, err := ph.Look(ctx)
	if err != nil {
		return Drawn{}, "", err
	}
	var later []attempt
	var why []string
	try := func(a attempt) (Drawn, bool, error) {
		a.c.why = remark.Join(append(slices.Clone(why), a.c.why)...)
		err := a.draw(ctx, ph)
		if n, ok := errors.AsType[errNext](err); ok {
			why = append(why, remark.Say("layout-not-taken", a.c.layout, n.why))
			return Drawn{}, false, nil
		} else if err != nil {
			return Drawn{}, false, err
		}
		d, err := a.c.finish()
		return d, err == nil, err
	}
	layouts := s.Theme.Layouts
	if s.Layout != "" {
		layouts = append([]string{s.Layout}, layouts...)
	}
	for i, layout := range layouts {
		chosen := i == 0 && s.Layout != ""
		a, err := plan(s, f, ph, &scene, set, layout, chosen)
		if n, ok := errors.AsType[errNext](err); ok {
			why = append(why, remark.Say("layout-not-taken", layout, n.why))
			continue
		} else if err != nil {
			return Drawn{}, "", err
		}
		if chosen {
			a.c.why = remark.Say("layout-desk")
		} else if a.rank() > 0 {
			later = append(later, a)
			continue
		}
		if d, ok, err := try(a); ok || err != nil {
			return d, "", err
		}
	}
	slices.SortStableFunc(later, func(a, b attempt) int { return a.rank() - b.rank() })
	for _, a := range later {
		if d, ok, err := try(a); ok || err != nil {
			return d, "", err
		}
	}
	return Drawn{}, remark.Join(why...), nil
}

// attempt is a layout that works as far as can be said without the photo's pixels.
type attempt struct {
	c      *canvas
	choice photo.Choice
	draw   func(context.Context, *photo.Photo) error
	onto   bool // the text lies on the photo
}

// busiest is how much more of what stands out than elsewhere may lie under a text before another layout is better.
const busiest = 1.3

// rank is the order of layouts beside that of the theme: where the text lies on the photo and on what stands out in
// it, a layout that leaves that free goes before, but not those with a panel.
func (a attempt) rank() int {
	switch {
	case !a.onto:
		return 2
	case a.choice.Under > busiest:
		return 1
	}
	return 0
}

// plan prepares a layout. chosen: the desk wants it, so that only what cannot be is a reason against it.
func plan(s Spec, f Format, ph *photo.Photo, scene *photo.Scene, set *typeset.Fonts, layout string, chosen bool) (attempt, error) {
	c := begin(s, f, set)
	c.layout, c.chosen, c.info, c.scene = layout, chosen, ph.Info(), scene
	switch layout {
	case "bottom", "top", "side":
		return c.planOver(layout)
	case "split":
		return attempt{c: c, draw: c.split}, nil
	case "inset":
		return attempt{c: c, draw: c.inset}, nil
	}
	return attempt{}, errNext{remark.Say("layout-unknown", strings.Join(Layouts(), ", "))}
}

// canvas is one card being drawn. Lengths are pixels.
type canvas struct {
	s      Spec
	t      *Theme
	f      Format
	fonts  *typeset.Fonts
	rtl    bool
	center bool    // everything stands in the middle: the theme wants the central square
	short  float64 // the short side
	m      Edges
	z      Small
	sc     script
	panel  color.RGBA // ground of panels
	text   color.RGBA // and of text on it
	muted  color.RGBA
	planes *jpeg.Planes
	inks   []ink // what is to be drawn over the planes

	info   photo.Info
	scene  *photo.Scene
	chosen bool // the desk chose the layout

	layout, why string
	crop        []float64
	scrim       float64
	contrast    float64
	head        typeset.Block
	headAt      [2]float64
	credit      string
}

func begin(s Spec, f Format, set *typeset.Fonts) *canvas {
	t := s.Theme
	c := &canvas{s: s, t: t, f: f, fonts: set, rtl: article.RTL(s.Language), short: float64(min(f.W, f.H)), sc: scriptOf(s.Language), contrast: 21}
	m, z := t.Margin.of(f.shape), t.Small.of(f.shape)
	c.m = Edges{m.Side * c.short, m.Top * c.short, m.Bottom * c.short}
	c.z = Small{z.Credit * c.short, z.Badge * c.short, z.Site * c.short, z.Dek * c.short, z.Logo * c.short}
	if t.Square && f.shape == land {
		c.center = true
		c.m.Side = (float64(f.W)-central*c.short)/2 + .02*c.short
	}
	return c
}

// central is the width of the square that networks cut out of a wide card, of its short side: 570 px of og.
const central = .905

// ground makes panels of ink or paper.
func (c *canvas) ground(name string) {
	k := &c.t.Colours
	c.panel, c.text, c.muted = mustColour(k.Ink), white, mustColour(k.MutedInk)
	if name == "paper" {
		c.panel, c.text, c.muted = mustColour(k.Paper), mustColour(k.Ink), mustColour(k.MutedPaper)
	}
}

// dark says whether text stands on dark ground.
func (c *canvas) dark() bool { return c.text == white }

// mostBytes is how many bytes the card's file may have. Messengers drop link pictures over 300 KB, which og is; the others are
// uploaded and may have as many for a pixel, which is less than a network takes (Bluesky: 1,000,000).
func (f Format) mostBytes() int { return 300_000 * f.W * f.H / (1200 * 630) }

func (c *canvas) finish() (Drawn, error) {
	c.blend()
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
		if err := jpeg.Encode(&b, c.planes, jpeg.EncodeOptions{Quality: 85, MaxBytes: c.f.mostBytes(), Segments: photo.Segments(rights)}); err != nil {
			return out, fmt.Errorf("writing the card: %w", err)
		}
	}
	c.planes.Release()
	out.Bytes = b.Bytes()
	out.Explain = Explain{Layout: c.layout, Why: c.why, Crop: c.crop, Scrim: c.scrim, Contrast: c.contrast, Credit: c.credit, Lines: c.explain()}
	if out.Explain.Crop == nil {
		out.Explain.Crop = []float64{}
	}
	out.Card = story.Card{Fingerprint: c.s.Fingerprint(c.fonts), Type: typ, Width: c.f.W, Height: c.f.H, Bytes: b.Len(), Layout: c.layout, Why: c.why, Crop: c.crop, Scrim: c.scrim, Contrast: c.contrast}
	return out, nil
}
