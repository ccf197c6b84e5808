package card

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"cutline/fonts"
)

func TestBuiltInThemesPassTheirOwnChecks(t *testing.T) {
	for _, name := range Themes() {
		data, err := themes.ReadFile("themes/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseTheme(name+".yaml", data); err != nil {
			t.Error(err)
		}
	}
}

func TestASitesThemeChangesWhatItNames(t *testing.T) {
	th, err := ParseTheme("ours.yaml", []byte("extends: split\nground: {split: paper}\ncolours: {accent: \"#113355\", sections: {Kurdistan: \"#7a1010\"}}\nheadline: {split: {land: {max: .09}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if th.Ground.Split != "paper" || th.Ground.Text != "paper" || th.Colours.Accent != "#113355" || th.Headline.Split.Land.Max != .09 || th.Headline.Split.Land.Min != .056 || !reflect.DeepEqual(th.Layouts, []string{"split", "inset"}) {
		t.Errorf("%+v", th)
	}
	if th.sectionColour("Kurdistan") != mustColour("#7a1010") || th.sectionColour("وەرزش") != mustColour("#3a4652") || th.sectionColour("Elsewhere") != mustColour("#113355") {
		t.Error("section colours")
	}
	if b, _ := builtIn("split"); b.Colours.Sections["Kurdistan"] != "" || b.Ground.Split != "ink" {
		t.Error("the built-in theme changed with it")
	}
}

func TestThemeFaults(t *testing.T) {
	for in, want := range map[string]string{
		"":                                                                   "extends is required",
		"extends: poster":                                                    "ours.yaml, line 1: extends: want one of photo-led, split, text-led",
		"extends: split\nlayout: [side]":                                     `line 2: unknown key "layout" in the file (did you mean "layouts"?)`,
		"extends: split\nlayouts: [sides]":                                   `line 2: layouts[0]: "sides" is not known (did you mean "side"?)`,
		"extends: split\nbar: wide":                                          `line 2: bar: want a number, have "wide"`,
		"extends: split\nbar: .nan":                                          "line 2: bar: want a number from 0 to 0.1",
		"extends: split\nbar: .01\nbar: .02":                                 `line 3: "bar" stands twice in the file, the first time in line 2`,
		"extends: split\ncolours: {ink: red}":                                `line 2: colours.ink: want a colour as "#0b57a4", have "red"`,
		"extends: split\ncolours:\n  accent: \"#ffee00\"":                    "line 3: colours.accent: #ffffff on #ffee00 has a contrast of 1.2:1; text needs 4.5:1, so choose a darker colour",
		"extends: split\nsmall: {land: {credit: .01}}":                       "small.land.credit: want a number from 0.0225 to 0.12, have 0.01",
		"extends: split\nheadline: {bottom: {land: {max: .05}}}":             "headline.bottom.land.max: want a number from 0.068",
		"extends: split\nscrim: {headline: 3}":                               "scrim.headline: want a number from 4.5 to 21, have 3",
		"extends: split\nfamily: {photo: comic}":                             `family.photo: "comic" is not known`,
		"extends: split\ncolours: {sections: {Sport: \"#88ff88\"}}":          "colours.sections.Sport: #ffffff on #88ff88",
		"extends: split\nbar: &x .01":                                        "",
		"extends: [split]":                                                   "extends is required",
		"extends: split\n? ":                                                 `unknown key ""`,
		"extends: split\nshow: {meta: time, logo: both}\nuppercase: perhaps": "uppercase: want true or false",
	} {
		_, err := ParseTheme("ours.yaml", []byte(in))
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", in, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q\nsays %v\nwant %s", in, err, want)
		}
	}
}

func TestSiteColoursOnATheme(t *testing.T) {
	th, err := OpenTheme("", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := th.With("#ffee00", map[string]string{"Sport": "#88ff88"}); err == nil || !strings.Contains(err.Error(), "accent: white on #ffee00") || !strings.Contains(err.Error(), "sections.Sport: white on #88ff88") {
		t.Error(err)
	}
	if _, err := th.With("#0b57a4", nil); err != nil {
		t.Error(err)
	}
}

func TestOwnFonts(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range fonts.All() {
		if f.Name == "SourceSerif4_700Bold.ttf" {
			file, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(file)
			if err != nil {
				t.Fatal(err)
			}
			write("House-Bold.ttf", data)
		}
	}
	write("house.yaml", []byte("extends: photo-led\nfonts: {headline: [House-Bold.ttf]}\n"))
	th, err := OpenTheme("house.yaml", dir)
	if err != nil {
		t.Fatal(err)
	}
	own := set.With(th.Files()...)
	s := spec(0, "og", "")
	was := s.Fingerprint(set)
	s.Theme = th
	if now := s.Fingerprint(own); now == was || own.Tag() == set.Tag() {
		t.Error("the fingerprint does not know the fonts")
	}
	d, err := Draw(t.Context(), s, load(t, "stairs.jpg"), own)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range d.Explain.Lines {
		for _, r := range l.Runs {
			if r.Font != "House-Bold.ttf" {
				t.Errorf("%q is set in %s", l.Text, r.Font)
			}
		}
	}
	write("bad.woff2", []byte("wOF2 not read"))
	write("house.yaml", []byte("extends: photo-led\nfonts: {headline: [bad.woff2, none.ttf]}\n"))
	if _, err := OpenTheme("house.yaml", dir); err == nil || !strings.Contains(err.Error(), "WOFF2") || !strings.Contains(err.Error(), "none.ttf") {
		t.Error(err)
	}
}

func TestDates(t *testing.T) {
	day := time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)
	for lang, want := range map[string]string{
		"en": "26 November 2026", "ckb": "٢٦ی تشرینی دووەمی ٢٠٢٦", "kmr": "26ê Mijdarê 2026", "ar": "26 تشرين الثاني 2026", "fa": "۵ آذر ۱۴۰۵", "tr": "26 Kasım 2026",
		"de": "26. November 2026", "es": "26 de noviembre de 2026", "ja": "2026-11-26", "en-GB": "26 November 2026", "ku": "26ê Mijdarê 2026",
	} {
		if got := Date(day, lang); got != want {
			t.Errorf("%s: %s, want %s", lang, got, want)
		}
	}
	for greg, want := range map[string][3]int{ // Nowruz and year ends as published
		"2024-03-19": {1402, 12, 29}, "2024-03-20": {1403, 1, 1}, "2025-03-20": {1403, 12, 30}, "2025-03-21": {1404, 1, 1}, "2026-03-21": {1405, 1, 1}, "1979-02-11": {1357, 11, 22}, "2021-09-22": {1400, 6, 31},
	} {
		d, err := time.Parse(time.DateOnly, greg)
		if err != nil {
			t.Fatal(err)
		}
		if y, m, day := solarHijri(d); [3]int{y, m, day} != want {
			t.Errorf("%s: %d/%d/%d, want %v", greg, y, m, day, want)
		}
	}
}

// A theme may want Urdu in Nastaliq; other languages in Arabic letters keep their own, for which Nastaliq has not all letters.
func TestNastaliq(t *testing.T) {
	for _, c := range []struct {
		lang, headline string
		wanted, is     bool
	}{
		{"ur", "مذاکرات میں ٹھوس پیش رفت ہوئی ہے", true, true},
		{"ur-PK", "مذاکرات میں ٹھوس پیش رفت ہوئی ہے", true, true},
		{"ur", "مذاکرات میں ٹھوس پیش رفت ہوئی ہے", false, false},
		{"ckb", "پردەکە دوای یازدە ساڵ کرایەوە", true, false},
	} {
		s := spec(0, "og", "")
		theme := *s.Theme
		theme.Fonts.Nastaliq = c.wanted
		s.Theme, s.Language, s.Headline = &theme, c.lang, c.headline
		d, err := Draw(context.Background(), s, load(t, "stairs.jpg"), set)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range d.Explain.Lines {
			for _, r := range l.Runs {
				if strings.HasPrefix(r.Font, "NotoNastaliq") != c.is {
					t.Errorf("%s, nastaliq: %v: %q is set in %s", c.lang, c.wanted, l.Text, r.Font)
				}
			}
		}
	}
}
