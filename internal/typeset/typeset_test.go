package typeset

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"cutline/fonts"
)

type headline struct {
	ID, Text, Lang, Script, Dir, Upper string
}

type reference struct {
	ID     string
	Breaks []int
	Levels []int
	Visual []int
	Stacks map[string]struct {
		Runs []struct {
			Start, End, Level int
			Script, Font      string
			Glyphs            [][6]int
		}
		VisualRuns []int `json:"visual_runs"`
	}
}

var set = NewFonts(fonts.All()...)

func headlines(t testing.TB) []headline {
	body, err := os.ReadFile("testdata/headlines.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Headlines []headline }
	if err := json.Unmarshal(body, &doc); err != nil || len(doc.Headlines) < 75 {
		t.Fatal(len(doc.Headlines), err)
	}
	return doc.Headlines
}

func references(t testing.TB) map[string]reference {
	f, err := os.Open("testdata/shaping.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Shaping []reference }
	if err := json.NewDecoder(z).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	out := map[string]reference{}
	for _, r := range doc.Shaping {
		out[r.ID] = r
	}
	return out
}

func (h headline) style(family Family) Style {
	return Style{Family: family, Bold: true, Lang: h.Lang, RTL: h.Dir == "rtl"}
}

// needs says whether a headline's fonts are in the program; Chinese, Japanese and Korean come with packs of their own.
func needs(r reference, stack string) bool {
	for _, run := range r.Stacks[stack].Runs {
		if set.files[run.Font] == nil {
			return false
		}
	}
	return true
}

// TestShapesAreHarfBuzzs holds every run of every headline against HarfBuzz: the same fonts, directions and scripts, the
// same glyphs, clusters, advances and offsets.
func TestShapesAreHarfBuzzs(t *testing.T) {
	refs := references(t)
	runs := 0
	for _, h := range headlines(t) {
		for stack, family := range map[string]Family{"sans": Sans, "serif": Serif} {
			ref, ok := refs[h.ID].Stacks[stack]
			if !ok || !needs(refs[h.ID], stack) {
				continue
			}
			p, err := set.Shape(h.Text, h.style(family))
			if err != nil {
				t.Errorf("%s: %v", h.ID, err)
				continue
			}
			if len(p.runs) != len(ref.Runs) {
				t.Errorf("%s %s: %d runs, want %d", h.ID, stack, len(p.runs), len(ref.Runs))
				continue
			}
			for i, want := range ref.Runs {
				runs++
				r := p.runs[i]
				if r.start != want.Start || r.end != want.End || r.Level != want.Level || r.Script != want.Script || r.Font != want.Font {
					t.Errorf("%s %s run %d: %d–%d level %d %s %s, want %+v", h.ID, stack, i, r.start, r.end, r.Level, r.Script, r.Font, want)
					continue
				}
				var got [][6]int
				for _, g := range r.Glyphs {
					got = append(got, [6]int{int(g.ID), g.Cluster, g.AX, 0, g.DX, g.DY})
				}
				if !slices.Equal(got, want.Glyphs) {
					t.Errorf("%s %s run %d:\nhave %v\nwant %v", h.ID, stack, i, got, want.Glyphs)
				}
			}
		}
	}
	if runs < 200 {
		t.Errorf("only %d runs were compared", runs)
	}
	t.Logf("%d runs are HarfBuzz's", runs)
}

func TestOrderIsUnicodes(t *testing.T) {
	refs := references(t)
	for _, h := range headlines(t) {
		ref := refs[h.ID]
		if len(ref.Levels) == 0 {
			continue
		}
		base := 0
		if h.Dir == "rtl" {
			base = 1
		}
		levels := Levels([]rune(h.Text), base)
		order := visual(levels)
		for i := 0; i < len(order); i++ { // FriBidi puts marks behind their base, as L3 allows
			j := i
			for j < len(order) && unicode.Is(unicode.Mn, []rune(h.Text)[order[j]]) && levels[order[j]]%2 == 1 {
				j++
			}
			if j > i && j < len(order) {
				slices.Reverse(order[i : j+1])
				i = j
			}
		}
		if !slices.Equal(levels, ref.Levels) || !slices.Equal(order, ref.Visual) {
			t.Errorf("%s: levels %v, want %v", h.ID, levels, ref.Levels)
		}
	}
}

func TestLinesBreakOnlyWhereTheyMay(t *testing.T) {
	refs := references(t)
	for _, h := range headlines(t) {
		p, err := set.Shape(h.Text, h.style(Sans))
		if err != nil {
			if _, missing := errors.AsType[*MissingError](err); !missing {
				t.Error(h.ID, err)
			}
			continue
		}
		for i, b := range p.breaks[:len(p.text)] {
			if b && !slices.Contains(refs[h.ID].Breaks, p.orig[i]) {
				t.Errorf("%s: breaks before %d, %q", h.ID, i, string(p.text[i:]))
			}
		}
	}
}

func TestHeadlinesFitTheirBoxes(t *testing.T) {
	for _, h := range headlines(t) {
		for _, b := range []Box{
			{Width: 1116, Height: 252, Max: 72, Min: 43, MaxLines: 3, LineHeight: 1.13},
			{Width: 936, Height: 486, Max: 93, Min: 56, MaxLines: 4, LineHeight: 1.45},
			{Width: 480, Height: 390, Max: 62, Min: 36, MaxLines: 6, LineHeight: 1.3},
		} {
			p, err := set.Shape(h.Text, h.style(Sans))
			if err != nil {
				continue
			}
			block := p.Fit(b)
			if len(block.Lines) == 0 || len(block.Lines) > b.MaxLines && !block.Cut {
				t.Errorf("%s: %d lines", h.ID, len(block.Lines))
			}
			for k, l := range block.Lines {
				if l.Width > b.Width+.01 && !block.Cut {
					t.Errorf("%s: line %q is %.1f wide, the box %.1f", h.ID, l.Text, l.Width, b.Width)
				}
				for _, r := range l.Runs {
					for _, g := range r.Glyphs {
						if g.ID == 0 && !ignorable([]rune(h.Text)[g.Cluster]) {
							t.Errorf("%s: a box in %q", h.ID, l.Text)
						}
					}
				}
				if k > 0 && l.Ink != (Rect{}) && l.Ink.Y0 < block.Lines[k-1].Ink.Y1+.07*block.Size {
					t.Errorf("%s: line %d touches the one above: %.1f after %.1f", h.ID, k, l.Ink.Y0, block.Lines[k-1].Ink.Y1)
				}
			}
			if math.IsNaN(block.Height) || block.Size > b.Max || block.Size < b.Min {
				t.Errorf("%s: %+v", h.ID, block.Size)
			}
		}
	}
}

func TestTooLongIsShortenedAtAWord(t *testing.T) {
	for _, h := range headlines(t) {
		if h.ID != "en-300" && utf8.RuneCountInString(h.Text) < 200 {
			continue
		}
		p, err := set.Shape(h.Text, h.style(Sans))
		if err != nil {
			t.Fatal(err)
		}
		block := p.Fit(Box{Width: 1000, Height: 200, Max: 70, Min: 50, MaxLines: 3, LineHeight: 1.13})
		var all []string
		for _, l := range block.Lines {
			all = append(all, l.Text)
		}
		text := strings.Join(all, " ")
		head, ok := strings.CutSuffix(text, "…")
		if !block.Cut || !ok || !strings.HasPrefix(h.Text, head) || strings.HasSuffix(head, ",") || len(block.Lines) != 3 {
			t.Errorf("%s: %q", h.ID, text)
		}
		if next := strings.TrimPrefix(h.Text, head); next != "" && next[0] != ' ' && next[0] != ',' && h.Script == "Latn" {
			t.Errorf("%s: cut inside a word: %q|%q", h.ID, head, next)
		}
	}
}

func TestCapitals(t *testing.T) {
	for _, h := range headlines(t) {
		if h.Upper == "" || strings.HasPrefix(h.Lang, "ka") {
			continue
		}
		if got := upper(h.Text, h.Lang); got != h.Upper {
			t.Errorf("%s: %s, want %s", h.ID, got, h.Upper)
		}
	}
}

func TestLettersWithoutAFontAreNamed(t *testing.T) {
	_, err := set.Shape("Sumerian 𒀀 found", Style{Lang: "en"})
	if m, ok := errors.AsType[*MissingError](err); !ok || m.Rune != '𒀀' {
		t.Errorf("have %v", err)
	}
	if set.files["NotoSansJP_700Bold.ttf"] == nil {
		_, err = set.Shape("停電", Style{Lang: "ja"})
		if m, ok := errors.AsType[*MissingError](err); !ok || m.Pack != "NotoSansJP" && m.Pack != "NotoSansSC" {
			t.Errorf("have %v", err)
		}
	}
	p, err := set.Shape("Zero\u200bwidth\u0007 and\ufeff \ufffd soft\u00adhyphen", Style{Lang: "en"})
	if err != nil || string(p.text) != "Zerowidth and soft\u00adhyphen" {
		t.Errorf("%v %q", err, string(p.text))
	}
	for _, s := range []string{"", " ", "\u0007"} {
		if _, err := set.Shape(s, Style{Lang: "en"}); err == nil {
			t.Errorf("%q was set", s)
		}
	}
}

func TestFontsThatCannotBeUsed(t *testing.T) {
	for name, data := range map[string]string{"a.woff2": "wOF2xxxx", "b.ttf": "no font", "c.ttf": ""} {
		if err := CheckFont(name, []byte(data)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzShapeAndFit(f *testing.F) {
	for _, h := range headlines(f)[:20] {
		f.Add(h.Text, h.Lang, h.Dir == "rtl")
	}
	f.Fuzz(func(t *testing.T, text, lang string, rtl bool) {
		if len(text) > 600 {
			return
		}
		p, err := set.Shape(text, Style{Bold: true, Lang: lang, RTL: rtl})
		if err != nil {
			return
		}
		b := Box{Width: 1000, Height: 300, Max: 70, Min: 40, MaxLines: 3, LineHeight: 1.2}
		block := p.Fit(b)
		for _, l := range block.Lines {
			if l.Width > b.Width+.01 && !block.Cut {
				t.Errorf("%q is %.1f wide", l.Text, l.Width)
			}
		}
	})
}

func BenchmarkShapeAndFit(b *testing.B) {
	for _, h := range headlines(b) {
		if h.ID != "en-envoy" && h.ID != "ar-council" {
			continue
		}
		b.Run(h.ID, func(b *testing.B) {
			for b.Loop() {
				p, err := set.Shape(h.Text, h.style(Sans))
				if err != nil {
					b.Fatal(err)
				}
				p.Fit(Box{Width: 1040, Height: 252, Max: 72, Min: 43, MaxLines: 3, LineHeight: 1.13})
			}
		})
	}
}
