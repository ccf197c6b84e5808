package typeset

import (
	"compress/gzip"
	"encoding/json"
	"errors"
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

// styles are how the references' stacks are asked for.
func (h headline) stacks() map[string]Style {
	naskh, nastaliq := h.style(Sans), h.style(Sans)
	naskh.Own, nastaliq.Nastaliq = []string{"Vazirmatn_700Bold.ttf"}, true
	return map[string]Style{"sans": h.style(Sans), "serif": h.style(Serif), "vazirmatn": naskh, "nastaliq": nastaliq}
}

// TestShapesAreHarfBuzzs holds every run of every headline against HarfBuzz: the same fonts, directions and scripts, the
// same glyphs, clusters, advances and offsets. With CUTLINE_FONTS naming a folder with the Chinese, Japanese and Korean
// fonts, all 477.
func TestShapesAreHarfBuzzs(t *testing.T) {
	refs := references(t)
	runs, all := 0, 0
	for _, h := range headlines(t) {
		styles := h.stacks()
		for stack, ref := range refs[h.ID].Stacks {
			all += len(ref.Runs)
			if !needs(refs[h.ID], stack) {
				continue
			}
			p, err := set.Shape(h.Text, styles[stack])
			if err != nil {
				t.Errorf("%s: %v", h.ID, err)
				continue
			}
			if len(p.runs) != len(ref.Runs) {
				t.Errorf("%s %s: %d runs, want %d", h.ID, stack, len(p.runs), len(ref.Runs))
				for i, r := range p.runs {
					t.Log(i, r.start, r.end, r.Level, r.Script, r.Font)
				}
				for i, r := range ref.Runs {
					t.Log("want", i, r.Start, r.End, r.Level, r.Script, r.Font)
				}
				continue
			}
			for i, want := range ref.Runs {
				runs++
				r := p.runs[i]
				if r.start != want.Start || r.end != want.End || r.Level != want.Level || r.Script != want.Script || r.Font != want.Font {
					t.Errorf("%s %s run %d: %d–%d level %d %s %s, want %d–%d level %d %s %s", h.ID, stack, i, r.start, r.end, r.Level, r.Script, r.Font, want.Start, want.End, want.Level, want.Script, want.Font)
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
			if line := p.Line(100); !slices.Equal(order(line.Runs, p.runs), ref.VisualRuns) {
				t.Errorf("%s %s: runs stand %v, want %v", h.ID, stack, order(line.Runs, p.runs), ref.VisualRuns)
			}
		}
	}
	if runs < 400 {
		t.Errorf("only %d of %d runs were compared", runs, all)
	}
	t.Logf("%d of %d runs are HarfBuzz's", runs, all)
}

// order is the place of each run of a line among a paragraph's.
func order(line, all []Run) []int {
	var out []int
	for _, r := range line {
		out = append(out, slices.IndexFunc(all, func(x Run) bool { return x.start == r.start }))
	}
	return out
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

func TestDigits(t *testing.T) {
	for _, c := range []struct{ lang, digits, text, want string }{
		{"ckb", "native", "بێکاری 12.5% iOS 27 لە 1,250", "بێکاری ١٢٫٥٪ iOS 27 لە ١٬٢٥٠"},
		{"fa", "native", "تورم 38% و ٤", "تورم ۳۸٪ و ۴"}, {"ar", "latin", "١٢٫٥٪ من ٣", "12.5% من 3"}, {"en", "native", "12.5%", "12.5%"}, {"ckb", "", "١2", "١2"},
	} {
		p := &Paragraph{style: Style{Lang: c.lang, Digits: c.digits, RTL: true}}
		if p.clean(c.text); string(p.text) != c.want {
			t.Errorf("have %s, want %s", string(p.text), c.want)
		}
	}
}

func TestAgreedReplacements(t *testing.T) {
	for _, c := range []struct{ lang, text, want string }{
		{"ar", "\ufee3\ufeae\ufea3\ufe92\ufe8e", "مرحبا"}, {"ar", "محمد ﷺ 5﷼ ﷲ", "محمد ﷺ 5﷼ الله"}, {"en", "Ｆｕｌｌ", "Full"}, {"en", "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301b", "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301b"},
	} {
		p, err := set.Shape(c.text, Style{Lang: c.lang, RTL: c.lang == "ar"})
		if set.files["NotoSansJP_700Bold.ttf"] != nil && c.text == "Ｆｕｌｌ" {
			continue // the font has them
		}
		if err != nil || string(p.text) != c.want {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

func TestCapitals(t *testing.T) {
	for _, h := range headlines(t) {
		if h.Upper == "" || strings.HasPrefix(h.Lang, "ka") {
			continue
		}
		got, from := capitals(h.Text, h.Lang)
		if string(got) != h.Upper || !slices.IsSorted(from) || from[len(from)-1] != utf8.RuneCountInString(h.Text)-1 {
			t.Errorf("%s: %s, want %s", h.ID, string(got), h.Upper)
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
	if err != nil || string(p.text) != "Zero\u200bwidth and soft\u00adhyphen" {
		t.Errorf("%v %q", err, string(p.text))
	}
	for _, s := range []string{"", " ", "\u0007"} {
		if _, err := set.Shape(s, Style{Lang: "en"}); err == nil {
			t.Errorf("%q was set", s)
		}
	}
}
