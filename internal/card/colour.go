package card

import (
	"encoding/hex"
	"fmt"
	"image/color"
	"math"
	"strings"
)

var white = color.RGBA{0xff, 0xff, 0xff, 0xff}

// linear maps an sRGB value to light (IEC 61966-2-1), by 8-bit value.
var linear = func() (t [256]float64) {
	for i := range t {
		v := float64(i) / 255
		if v <= .04045 {
			t[i] = v / 12.92
		} else {
			t[i] = math.Pow((v+.055)/1.055, 2.4)
		}
	}
	return t
}()

// light is WCAG 2.2's relative luminance of an opaque colour, 0 … 1.
func light(c color.RGBA) float64 {
	return float64(.2126*linear[c.R]) + float64(.7152*linear[c.G]) + float64(.0722*linear[c.B])
}

// ratio is the WCAG 2.2 contrast of two opaque colours, 1 … 21, to two places.
func ratio(a, b color.RGBA) float64 {
	x, y := light(a)+.05, light(b)+.05
	return r2(max(x, y) / min(x, y))
}

// parseColour reads "#0b57a4".
func parseColour(s string) (color.RGBA, error) {
	b, err := hex.DecodeString(s[min(1, len(s)):])
	if err != nil || len(b) != 3 || s[0] != '#' {
		return color.RGBA{}, fmt.Errorf("want a colour as \"#0b57a4\", have %q", s)
	}
	return color.RGBA{b[0], b[1], b[2], 255}, nil
}

// mustColour is for colours that were checked with the theme or the configuration.
func mustColour(s string) color.RGBA {
	c, err := parseColour(s)
	if err != nil {
		panic("a theme that was not checked: " + err.Error())
	}
	return c
}

// checkColours refuses what would be illegible: text on it could not have 4.5:1.
func (t *Theme) checkColours(bad func(path, format string, args ...any)) {
	c := &t.Colours
	known := map[string]string{"ink": c.Ink, "paper": c.Paper, "muted-on-ink": c.MutedInk, "muted-on-paper": c.MutedPaper, "rule-on-ink": c.RuleInk, "rule-on-paper": c.RulePaper, "accent": c.Accent, "live": c.Live, "year": c.Year}
	for name, v := range c.Sections {
		known["sections."+name] = v
	}
	wrong := false
	for key, v := range known {
		if _, err := parseColour(v); err != nil {
			bad("colours."+key, "%v", err)
			wrong = true
		}
	}
	if wrong {
		return
	}
	pair := func(path, text, ground string) {
		if r := ratio(mustColour(text), mustColour(ground)); r < 4.5 {
			bad("colours."+path, "%s on %s has a contrast of %.1f:1; text needs 4.5:1, so choose a %s colour", text, ground, r,
				map[bool]string{true: "darker", false: "lighter"}[light(mustColour(text)) > .5 || path == "muted-on-paper"])
		}
	}
	pair("paper", c.Ink, c.Paper)
	pair("ink", "#ffffff", c.Ink)
	pair("muted-on-ink", c.MutedInk, c.Ink)
	pair("muted-on-paper", c.MutedPaper, c.Paper)
	pair("accent", "#ffffff", c.Accent)
	pair("live", "#ffffff", c.Live)
	pair("year", c.Ink, c.Year)
	for name, v := range c.Sections {
		pair("sections."+name, "#ffffff", v)
	}
}

// sections are the names of the board's sections in the languages we know; a site's own come before them.
var sections = map[string]string{
	"business": "economy", "ئابووری": "economy", "اقتصاد": "economy", "الاقتصاد": "economy", "ekonomi": "economy", "aborî": "economy",
	"کلتوور": "culture", "کولتوور": "culture", "ثقافة": "culture", "الثقافة": "culture", "فرهنگ": "culture", "kültür": "culture", "çand": "culture",
	"ژینگە": "environment", "بيئة": "environment", "البيئة": "environment", "محیط زیست": "environment", "çevre": "environment", "hawirdor": "environment",
	"زانست": "science", "علوم": "science", "دانش": "science", "bilim": "science", "zanist": "science",
	"کۆمەڵگا": "society", "مجتمع": "society", "جامعه": "society", "toplum": "society", "civak": "society",
	"تەندروستی": "health", "صحة": "health", "الصحة": "health", "سلامت": "health", "sağlık": "health", "tenduristî": "health",
	"sports": "sport", "وەرزش": "sport", "رياضة": "sport", "الرياضة": "sport", "ورزش": "sport", "spor": "sport", "werziş": "sport",
}

// sectionColour is a section's: as the theme or site names it, else by its meaning, else the accent.
func (t *Theme) sectionColour(section string) color.RGBA {
	low := strings.ToLower(section)
	for _, name := range []string{section, low, sections[low]} {
		if hex := t.Colours.Sections[name]; hex != "" {
			return mustColour(hex)
		}
	}
	return mustColour(t.Colours.Accent)
}
