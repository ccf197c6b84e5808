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

// spread makes a paragraph without shapes, for what needs no font.
func (h headline) spread() *Paragraph {
	p := &Paragraph{style: h.style(Sans)}
	p.clean(h.Text)
	p.order()
	p.findBreaks()
	return p
}

// TestLinesBreakOnlyWhereTheyMay holds free breaks against ICU's, which has dictionaries; the Thai model's phrases may begin
// at other words, but not at other letters than the table says.
func TestLinesBreakOnlyWhereTheyMay(t *testing.T) {
	refs := references(t)
	for _, h := range headlines(t) {
		p := h.spread()
		free := 0
		for i, b := range p.breaks[:len(p.text)] {
			if b < breakPhrase {
				continue
			}
			free++
			if !slices.Contains(refs[h.ID].Breaks, p.orig[i]) {
				t.Errorf("%s: breaks before %d, %q", h.ID, i, string(p.text[i:]))
			}
		}
		if len(refs[h.ID].Breaks) > 1 && free == 0 && h.Lang != "km" {
			t.Errorf("%s: no breaks, ICU has %d", h.ID, len(refs[h.ID].Breaks))
		}
	}
}

func TestBreaksByHand(t *testing.T) {
	for _, c := range []struct{ lang, want string }{ // | where a line may begin
		{"en", "Final: |France |2–1 |Brazil"}, {"en", "Stall—|Exporters"}, {"en", "He |said – |no"}, {"en", "Vote |51/49 |today"},
		{"fr", "« Non », |dit-|il ! |Oui"}, {"ko", "내일 |전국에 |첫눈… |서울"}, {"ja", "時代へ――|老舗店主"}, {"en", "Up |$ 97 |or |12 % |more"},
		{"ckb", "ناوی/|خۆی |و |ئەو"}, {"de", "Bundes\u00adamt |ist"}, {"en", "U.S. |and |U.K."}, {"th", "นายกรัฐมนตรีประกาศ|แผน|ช่วย|เหลือ"},
	} {
		rtl := c.lang == "ckb"
		text := strings.ReplaceAll(c.want, "|", "")
		dir := "ltr"
		if rtl {
			dir = "rtl"
		}
		p := headline{Text: text, Lang: c.lang, Dir: dir}.spread()
		var got strings.Builder
		for i, r := range p.text {
			if p.breaks[i] == breakFree {
				got.WriteByte('|')
			}
			got.WriteRune(r)
		}
		if got.String() != c.want {
			t.Errorf("have %s\nwant %s", got.String(), c.want)
		}
	}
}

func TestPhrasesOfTheModels(t *testing.T) { // as the models' own reader parts them
	for _, c := range []struct{ lang, want string }{
		{"ja", "今日は|天気です。"}, {"zh-Hans", "今天|是|晴天。"}, {"zh-Hant", "今天|是|晴天。"}, {"th", "วัน|นี้|อากาศ|ดี"},
	} {
		text := []rune(strings.ReplaceAll(c.want, "|", ""))
		var got strings.Builder
		for i, b := range modelFor(c.lang).begins(text) {
			if b {
				got.WriteByte('|')
			}
			got.WriteRune(text[i])
		}
		if got.String() != c.want {
			t.Errorf("%s: have %s, want %s", c.lang, got.String(), c.want)
		}
	}
}

func TestWordsTooWideAreBroken(t *testing.T) {
	for _, c := range []struct{ lang, text, want string }{
		{"de", "Bundes\u00adverfassungs\u00adgericht kippt", "verfassungs-|gericht kippt"},
		{"de", "Donaudampfschifffahrtsgesellschaft", "-|"},
		{"ckb", "پێشمەرگەپێشمەرگەپێشمەرگەپێشمەرگە", ""},
	} {
		p, err := set.Shape(c.text, Style{Bold: true, Lang: c.lang, RTL: c.lang == "ckb"})
		if err != nil {
			t.Fatal(err)
		}
		block := p.Fit(Box{Width: 500, Height: 300, Max: 60, Min: 50, MaxLines: 4, LineHeight: 1.2})
		var lines []string
		for _, l := range block.Lines {
			lines = append(lines, l.Text)
			if l.Width > 500.01 {
				t.Errorf("%s is %.1f wide", l.Text, l.Width)
			}
		}
		if got := strings.Join(lines, "|"); !strings.Contains(got, c.want) || c.want == "" && (len(lines) != 1 || !block.Cut) {
			t.Errorf("have %s, want %s", got, c.want)
		}
	}
}

func TestNamesStayTogether(t *testing.T) {
	p, err := set.Shape("Officials in New South Wales Order Evacuations After Flood", Style{Bold: true, Lang: "en", Names: []string{"New South Wales"}})
	if err != nil {
		t.Fatal(err)
	}
	for width := 300.0; width < 1200; width += 25 {
		for _, l := range p.Fit(Box{Width: width, Height: 500, Max: 60, Min: 30, MaxLines: 5, LineHeight: 1.13}).Lines {
			if strings.HasSuffix(l.Text, "New") || strings.HasSuffix(l.Text, "South") {
				t.Errorf("at %.0f a line ends %q", width, l.Text)
			}
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
		{"ar", "\ufee3\ufeae\ufea3\ufe92\ufe8e", "مرحبا"}, {"en", "Ｆｕｌｌ", "Full"}, {"en", "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301b", "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301b"},
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

func TestEmojiInColour(t *testing.T) {
	if set.files["NotoColorEmoji.ttf"] == nil {
		t.Skip("NotoColorEmoji.ttf is not in the folder that CUTLINE_FONTS names")
	}
	for _, h := range headlines(t) {
		if !strings.HasPrefix(h.ID, "emoji") && h.ID != "ckb-emoji" {
			continue
		}
		p, err := set.Shape(h.Text, h.style(Sans))
		if err != nil {
			t.Fatal(err)
		}
		line := p.Line(60)
		want := map[string]int{"emoji-astronaut": 2, "emoji-final": 4, "ckb-emoji": 2}[h.ID]
		got := line.Images(0, 0)
		if len(got) != want {
			t.Errorf("%s: %d pictures, want %d", h.ID, len(got), want)
		}
		for _, i := range got {
			if w := i.At.X1 - i.At.X0; w < 40 || w > 90 || i.At.X0 < -1 || i.At.X1 > line.Width+1 {
				t.Errorf("%s: a picture at %+v", h.ID, i.At)
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
				if l.Width > b.Width+.01 {
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
			if math.IsNaN(block.Height) || block.Size > b.Max || block.Size < b.Min && h.ID != "th-flood" {
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

func TestFontsThatCannotBeUsed(t *testing.T) {
	for name, data := range map[string]string{"a.woff2": "wOF2xxxx", "b.ttf": "no font", "c.ttf": "", "d.ttc": "ttcfxxxxxxxx"} {
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
			if l.Width > b.Width+.01 && block.Size > 2 {
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
