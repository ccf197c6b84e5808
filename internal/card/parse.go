package card

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"cutline/fonts"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/typeset"
)

//go:embed themes/*.yaml
var themes embed.FS

// Layouts are those that a theme may list: all but the one without a photo, which needs no leave.
func Layouts() []string {
	return slices.DeleteFunc(slices.Clone(remark.Layouts), func(l string) bool { return l == "text-led" })
}

// Themes are the built-in ones; "default" is photo-led.
func Themes() []string { return []string{"photo-led", "split", "text-led"} }

// OpenTheme finds a site's theme: a built-in one by its name (empty or default: photo-led), else a YAML file, relative
// to dir. A file's errors name the line and what to write instead; its own fonts are read and checked, too.
func OpenTheme(name, dir string) (*Theme, error) {
	if !strings.HasSuffix(name, ".yaml") {
		return builtIn(name)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the theme: %w", err)
	}
	t, err := ParseTheme(name, data)
	if err != nil {
		return nil, err
	}
	return t, t.readFonts(filepath.Dir(name))
}

// builtIns are read once.
var builtIns = sync.OnceValues(func() (map[string]*Theme, error) {
	out := map[string]*Theme{}
	for _, name := range Themes() {
		t := &Theme{}
		for _, layer := range slices.Compact([]string{"photo-led", name}) {
			data, err := themes.ReadFile("themes/" + layer + ".yaml")
			if err != nil {
				return nil, fmt.Errorf("reading the theme %s: %w", layer, err)
			}
			if _, err := config.Strict(layer+".yaml", data, t); err != nil {
				return nil, err
			}
		}
		out[name] = t
	}
	return out, nil
})

func builtIn(name string) (*Theme, error) {
	if name == "" || name == "default" {
		name = "photo-led"
	}
	all, err := builtIns()
	if err != nil {
		return nil, err
	}
	t := all[name]
	if t == nil {
		return nil, fmt.Errorf("there is no theme %q%s; a theme of your own is a file whose name ends with .yaml", name, config.Nearest(name, Themes()))
	}
	out := *t
	out.Colours.Sections = maps.Clone(t.Colours.Sections)
	return &out, nil
}

// ParseTheme reads a site's own theme: a built-in one, named by extends, with what the file changes. Errors name the
// file and line, and the nearest key that is known. The files that it names are not opened.
func ParseTheme(name string, data []byte) (*Theme, error) {
	head := Theme{}
	// The first reading is for extends alone; the second finds what is wrong with the rest.
	line, _ := config.Strict(name, data, &head)
	if head.Extends == "" {
		return nil, &config.Error{File: name, What: "extends is required: the built-in theme that this one changes, one of " + strings.Join(Themes(), ", ")}
	}
	t, err := builtIn(head.Extends)
	if err != nil || head.Extends == "default" {
		return nil, &config.Error{File: name, Line: line("extends"), What: "extends: want one of " + strings.Join(Themes(), ", ") + fmt.Sprintf(", have %q", head.Extends)}
	}
	sections := t.Colours.Sections
	t.Colours.Sections = nil
	line, err = config.Strict(name, data, t)
	if err != nil {
		return nil, err
	}
	own := t.Colours.Sections
	t.Colours.Sections = sections
	maps.Copy(t.Colours.Sections, own)
	return t, t.check(name, line)
}

// With is the theme in a site's colours: its accent, and its sections' own. One that white text cannot be read on is an
// error.
func (t *Theme) With(accent string, sections map[string]string) (*Theme, error) {
	out := *t
	out.Colours.Sections = maps.Clone(t.Colours.Sections)
	if out.Colours.Sections == nil {
		out.Colours.Sections = map[string]string{}
	}
	maps.Copy(out.Colours.Sections, sections)
	var errs []error
	check := func(path, hex string) {
		c, err := parseColour(hex)
		if err == nil && ratio(white, c) < 4.5 {
			err = fmt.Errorf("white on %s has a contrast of %.1f:1; text needs 4.5:1, so choose a darker colour", hex, ratio(white, c))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		check("sections."+name, sections[name])
	}
	if accent != "" {
		check("accent", accent)
		out.Colours.Accent = accent
	}
	return &out, errors.Join(errs...)
}

// readFonts reads the theme's own fonts.
func (t *Theme) readFonts(dir string) error {
	h := sha256.New()
	seen := map[string]bool{}
	var errs []error
	for _, list := range [][]string{t.Fonts.Headline, t.Fonts.Bold, t.Fonts.Regular} {
		for _, name := range list {
			if seen[name] {
				continue
			}
			seen[name] = true
			file, _, _ := strings.Cut(name, "@")
			data, err := os.ReadFile(filepath.Join(dir, file))
			if err == nil {
				err = typeset.CheckFont(name, data)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("fonts: %w", err))
				continue
			}
			h.Write(data)
			t.files = append(t.files, fonts.Of(name, data))
		}
	}
	if len(t.files) > 0 {
		t.tag = hex.EncodeToString(h.Sum(nil)[:10])
	}
	return errors.Join(errs...)
}

// Files are the theme's own fonts, to be added to the set that its cards are drawn with.
func (t *Theme) Files() []fonts.File { return t.files }

// check finds what the shape of the file does not say.
func (t *Theme) check(name string, line func(string) int) error {
	var errs []error
	bad := func(path, format string, args ...any) {
		at := path
		for at != "" && line(at) == 0 { // a value that came from the extended theme has no line
			at = at[:max(strings.LastIndexByte(at, '.'), 0)]
		}
		errs = append(errs, &config.Error{File: name, Line: line(at), What: path + ": " + fmt.Sprintf(format, args...)})
	}
	for i, l := range t.Layouts {
		if !slices.Contains(Layouts(), l) {
			bad(fmt.Sprintf("layouts[%d]", i), "%q is not known%s", l, config.Nearest(l, Layouts()))
		}
	}
	oneOf := func(path, v string, known ...string) {
		if !slices.Contains(known, v) {
			bad(path, "%q is not known%s", v, config.Nearest(v, known))
		}
	}
	oneOf("family.photo", t.Family.Photo, "sans", "serif")
	oneOf("family.panel", t.Family.Panel, "sans", "serif")
	oneOf("ground.split", t.Ground.Split, "ink", "paper")
	oneOf("ground.text", t.Ground.Text, "ink", "paper")
	oneOf("show.meta", t.Show.Meta, "date", "byline", "none")
	oneOf("show.logo", t.Show.Logo, "alone", "before")
	t.checkColours(bad)
	within := func(path string, v, low, high float64) {
		if !(v >= low && v <= high) {
			bad(path, "want a number from %v to %v, have %v", low, high, v)
		}
	}
	for _, shape := range []string{"land", "upright", "tall"} {
		m, s := t.Margin.of(shape), t.Small.of(shape)
		within("margin."+shape+".side", m.Side, 0, .25)
		within("margin."+shape+".top", m.Top, 0, .5)
		within("margin."+shape+".bottom", m.Bottom, 0, .5)
		for key, v := range map[string]float64{"credit": s.Credit, "badge": s.Badge, "site": s.Site, "dek": s.Dek} {
			within("small."+shape+"."+key, v, leastType, .12)
		}
		within("small."+shape+".logo", s.Logo, .02, .2)
		in := t.Inset.of(shape)
		within("inset."+shape+".width", in.Width, .1, 1)
		within("inset."+shape+".height", in.Height, .1, .7)
		for key, r := range map[string]Shaped[Range]{"bottom": t.Headline.Bottom, "side": t.Headline.Side, "split": t.Headline.Split, "inset": t.Headline.Inset, "text-led": t.Headline.TextLed} {
			v, path := r.of(shape), "headline."+key+"."+shape
			within(path+".min", v.Min, .03, .3)
			within(path+".max", v.Max, v.Min, .5)
			within(path+".lines", float64(v.Lines), 1, 20)
			within(path+".height", v.Height, .05, .9)
		}
	}
	for key, v := range map[string]float64{"chip": t.Gap.Chip, "panel": t.Gap.Panel, "foot": t.Gap.Foot, "dek": t.Gap.Dek, "fade": t.Gap.Fade} {
		within("gap."+key, v, 0, 20)
	}
	within("chip.height", t.Chip.Height, 1.2, 3)
	within("chip.pad", t.Chip.Pad, 0, 3)
	within("chip.gap", t.Chip.Gap, 0, 3)
	within("chip.radius", t.Chip.Radius, 0, 1.5)
	within("chip.dot", t.Chip.Dot, 0, .5)
	within("scrim.least", t.Scrim.Least, 0, 1)
	within("scrim.cap", t.Scrim.Cap, t.Scrim.Least, 1)
	within("scrim.deep", t.Scrim.Deep, .1, 1)
	within("scrim.headline", t.Scrim.Headline, 4.5, 21)
	within("scrim.foot", t.Scrim.Foot, 4.5, 21)
	within("split.land", t.Split.Land, .2, .6)
	within("split.upright", t.Split.Upright, .2, .6)
	within("split.tall", t.Split.Tall, .2, .6)
	within("split.most", t.Split.Most, max(t.Split.Upright, t.Split.Tall), .7)
	within("split.strip", t.Split.Strip, 1, 5)
	within("side.width", t.Side.Width, .25, .6)
	within("side.zoom", t.Side.Zoom, 1, 2)
	within("side.fade", t.Side.Fade, 0, 1)
	within("bar", t.Bar, 0, .1)
	slices.SortFunc(errs, func(a, b error) int { // map order must not show
		x, y := a.(*config.Error), b.(*config.Error)
		if x.Line != y.Line {
			return x.Line - y.Line
		}
		return strings.Compare(x.What, y.What)
	})
	return errors.Join(errs...)
}
