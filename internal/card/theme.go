package card

import (
	"fmt"
	"image/color"
	"strconv"

	"cutline/internal/typeset"
)

// Format is one size of card.
type Format struct {
	Name string
	W, H int // pixels
	tall string
}

// Formats are all sizes, by name.
var Formats = map[string]Format{
	"og":       {"og", 1200, 630, land},
	"wide":     {"wide", 1600, 900, land},
	"square":   {"square", 1080, 1080, upright},
	"portrait": {"portrait", 1080, 1350, upright},
	"vertical": {"vertical", 1080, 1920, tall},
}

// The shapes that layouts are declared for.
const (
	land    = "land"
	upright = "upright"
	tall    = "tall"
)

// Theme is a site's look.
type Theme struct {
	Name     string
	Layout   string            // photo-led, split or text-led: what is tried first
	Family   typeset.Family    // of headline and dek
	Paper    bool              // panels are paper, not ink
	Accent   string            // colour of sections without their own
	Sections map[string]string // section → colour
}

// Themes are the built-in ones; "default" is photo-led.
var Themes = map[string]Theme{
	"photo-led": {Name: "photo-led", Layout: "photo-led", Family: typeset.Sans, Accent: "#0b57a4"},
	"split":     {Name: "split", Layout: "split", Family: typeset.Serif, Accent: "#0b57a4"},
	"text-led":  {Name: "text-led", Layout: "text-led", Family: typeset.Serif, Paper: true, Accent: "#0b57a4"},
}

// ThemeOf finds a built-in theme; an empty name is the default one.
func ThemeOf(name string) (Theme, error) {
	if name == "" || name == "default" {
		name = "photo-led"
	}
	t, ok := Themes[name]
	if !ok {
		return t, fmt.Errorf("theme %q is not known: there are photo-led (default), split and text-led", name)
	}
	return t, nil
}

// Colours of the board; each pair of text and ground passes 4.5:1.
var (
	ink       = color.RGBA{0x14, 0x18, 0x1d, 0xff}
	paper     = color.RGBA{0xf6, 0xf4, 0xef, 0xff}
	white     = color.RGBA{0xff, 0xff, 0xff, 0xff}
	mutedInk  = color.RGBA{0xc3, 0xc9, 0xd0, 0xff} // muted text on ink
	mutedPap  = color.RGBA{0x56, 0x5d, 0x66, 0xff} // on paper
	rulePap   = color.RGBA{0xc9, 0xc5, 0xbb, 0xff}
	live      = color.RGBA{0xcc, 0x0a, 0x22, 0xff}
	yearColor = color.RGBA{0xff, 0xc6, 0x29, 0xff}
)

// sectionColours are the board's, by names that sections have in the languages we know; a site sets its own.
var sectionColours = map[string]string{
	"economy": "#7a4a00", "business": "#7a4a00", "ئابووری": "#7a4a00", "اقتصاد": "#7a4a00", "ekonomi": "#7a4a00", "aborî": "#7a4a00",
	"culture": "#4b2380", "کلتوور": "#4b2380", "ثقافة": "#4b2380", "فرهنگ": "#4b2380", "kültür": "#4b2380", "çand": "#4b2380",
	"environment": "#00785a", "science": "#00785a", "ژینگە": "#00785a", "بيئة": "#00785a", "çevre": "#00785a",
	"society": "#b8377f", "health": "#b8377f", "تەندروستی": "#b8377f", "صحة": "#b8377f", "sağlık": "#b8377f", "tenduristî": "#b8377f",
	"sport": "#3a4652", "sports": "#3a4652", "وەرزش": "#3a4652", "رياضة": "#3a4652", "ورزش": "#3a4652", "spor": "#3a4652", "werziş": "#3a4652",
}

func rgb(s string) color.RGBA {
	n, err := strconv.ParseUint(s[min(1, len(s)):], 16, 32)
	if err != nil || len(s) != 7 {
		return color.RGBA{0x0b, 0x57, 0xa4, 0xff}
	}
	return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 0xff}
}

// Lengths are fractions of the short side unless a name says otherwise.
type sizes struct{ side, top, bottom, credit, badge, site, dek, logo float64 }

var shapes = map[string]sizes{
	land:    {.0667, .0667, .0600, .0400, .0400, .0460, .0460, .0620},
	upright: {.0667, .0667, .0600, .0265, .0285, .0330, .0350, .0460},
	tall:    {.0667, .2500, .3241, .0280, .0300, .0350, .0380, .0500},
}

// headRange is the headline's: largest and smallest type, lines at most, height at most (of H).
type headRange struct {
	max, min float64
	lines    int
	height   float64
}

var heads = map[string]map[string]headRange{
	"bottom":   {land: {.115, .068, 3, .40}, upright: {.087, .052, 4, .36}, tall: {.093, .056, 5, .24}},
	"split":    {land: {.098, .056, 6, .62}, upright: {.076, .046, 4, .30}, tall: {.086, .052, 5, .23}},
	"text-led": {land: {.140, .064, 6, .62}, upright: {.115, .052, 9, .60}, tall: {.120, .054, 9, .46}},
}

// script is what a writing system asks of type.
type script struct {
	lineHeight, sans, serif, small, track, dekLine float64
	capitals                                       bool
	descent, capHeight, foot, footTop              float64 // em: below the baseline; of a chip's letters; the foot's baseline and top
}

func scriptOf(lang string) script {
	latin := script{1.13, 1, 1.04, 1, -.012, 1.35, true, .22, .727, .06, .78}
	switch base := primary(lang); base {
	case "ar", "ckb", "fa", "ur", "ps", "sd", "ug":
		return script{1.45, .96, 1.10, 1.04, 0, 1.6, false, .40, .60, .30, .95}
	case "he", "yi":
		return script{1.22, 1.04, 1.04, 1.04, 0, 1.35, false, .22, .66, .06, .78}
	case "hi", "mr", "ne":
		return script{1.30, 1, 1, 1.02, 0, 1.35, false, .30, .66, .10, .85}
	case "ja", "zh", "ko":
		return script{1.28, .94, .94, .96, 0, 1.4, false, .14, .80, .10, .85}
	case "th", "lo":
		return script{1.35, 1, 1, 1, 0, 1.45, false, .27, .70, .12, .95}
	case "my", "km":
		return script{1.50, .95, .95, 1, 0, 1.6, false, .48, .70, .20, .95}
	case "bn", "ta":
		return script{1.35, .95, .95, 1, 0, 1.45, false, .35, .66, .12, .9}
	}
	return latin
}
