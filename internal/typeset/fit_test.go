package typeset

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

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
		{"ckb", "ناوی/|خۆی |و |ئەو"}, {"de", "Bundes\u00adamt |ist"}, {"en", "U.S. |and |U.K."}, {"en", "Now |Rs.1,000 |in |v.2"}, {"th", "นายกรัฐมนตรีประกาศ|แผน|ช่วย|เหลือ"},
		{"zh-Hans", "今天|是|1.2万亿元！|专家：|2025年"}, {"zh-Hans", "2025年|第三季度|GDP同比|增长"}, {"ja", "支持率４２．５％　|前回より"}, {"en", "ＮＨＫ　|ＮＥＷＳ"},
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

// linesOf is a block's text with between where a line ends.
func linesOf(block Block, between string) string {
	var lines []string
	for _, l := range block.Lines {
		lines = append(lines, l.Text)
	}
	return strings.Join(lines, between)
}

func TestWordsTooWideAreBroken(t *testing.T) {
	for _, c := range []struct{ lang, text, want string }{
		{"de", "Bundes\u00adverfassungs\u00adgericht kippt", "verfassungs-|gericht kippt"},
		{"de", "Donaudampfschifffahrtsgesellschaft", "-|"},
		{"ckb", "پێشمەرگەپێشمەرگەپێشمەرگەپێشمەرگە", ""},
		{"de", "Bundeswirtschaftsministeriumssprecherin", "-|"},
		{"ta", "மேம்படுத்தப்பட்டுக்கொண்டிருக்கின்றவர்களுக்கெல்லாம்", "|"},
		{"hi", "अंतरराष्ट्रीयकरणविरोधीआंदोलनकारियोंकेसमर्थकों", "|"},
		{"he", strings.Repeat("א", 40), "א|א"},
		{"am", strings.Repeat("ሀ", 40), "ሀ|ሀ"},
		{"ko", strings.Repeat("가", 40), "가|가"},
		{"en", "0x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "|"},
		{"en", strings.Repeat("!", 90), "!|!"},
		{"en", strings.Repeat("w", 300), "w…"},
		{"en", "No\u00a0break\u00a0spaces\u00a0between\u00a0all\u00a0its\u00a0words", "between|all"},
		{"fr", "Le\u00a0CAC\u00a040 perd 3,5\u00a0%\u00a0: «\u00a0rien de grave\u00a0!\u00a0»", "|3,5\u00a0%\u00a0: «\u00a0rien|"},
	} {
		p, err := set.Shape(c.text, Style{Bold: true, Lang: c.lang, RTL: c.lang == "ckb" || c.lang == "he"})
		if _, missing := errors.AsType[*MissingError](err); missing && c.lang == "ko" {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		block := p.Fit(Box{Width: 500, Height: 300, Max: 60, Min: 50, MaxLines: 4, LineHeight: 1.2})
		if c.lang != "ckb" && block.Size < 50 {
			t.Errorf("%s is set in %.1f", c.text, block.Size)
		}
		for _, l := range block.Lines {
			if l.Width > 500.01 {
				t.Errorf("%s is %.1f wide", l.Text, l.Width)
			}
		}
		if got := linesOf(block, "|"); strings.Contains(got, "c-|h") || !strings.Contains(got, c.want) || c.want == "" && (len(block.Lines) != 1 || !block.Cut) {
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

func TestNumbersStayTogether(t *testing.T) {
	for _, c := range []struct{ lang, text, whole string }{
		{"en", "Call +44 20 7946 0958 for Help, Police Say After the Attack", "+44 20 7946 0958"},
		{"ar", "أسعار الذهب اليوم: عيار 21 بـ 3,850 جنيهاً", "بـ 3,850"},
		{"zh-Hant", "台積電宣布赴美投資1,000億美元　魏哲家：「不會影響台灣擴廠計畫」", "魏哲家"},
	} {
		p, err := set.Shape(c.text, Style{Bold: true, Lang: c.lang, RTL: c.lang == "ar"})
		if _, missing := errors.AsType[*MissingError](err); missing && c.lang == "zh-Hant" {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		for width := 650.0; width < 1200; width += 25 {
			if got := linesOf(p.Fit(Box{Width: width, Height: 500, Max: 60, Min: 30, MaxLines: 6, LineHeight: 1.13}), "|"); !strings.Contains(got, c.whole) {
				t.Errorf("at %.0f %s is parted: %s", width, c.whole, got)
			}
		}
	}
}

func TestThaiLinesEndAtSpacesWhereTheyCan(t *testing.T) {
	p, err := set.Shape("นายกฯ ยืนยัน ไม่ยุบสภา", Style{Bold: true, Lang: "th"})
	if err != nil {
		t.Fatal(err)
	}
	block := p.Fit(Box{Width: 400, Height: 300, Max: 60, Min: 50, MaxLines: 3, LineHeight: 1.35})
	if got := linesOf(block, "|"); got != "นายกฯ ยืนยัน|ไม่ยุบสภา" {
		t.Errorf("have %s", got)
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
			if math.IsNaN(block.Height) || block.Size > b.Max || block.Size < b.Min {
				t.Errorf("%s: %+v", h.ID, block.Size)
			}
		}
	}
}

// Texts that no one writes cost no more than their length: one of 4,000 letters without a space took gigabytes.
func TestTextsWithoutPlacesToBreak(t *testing.T) {
	for _, text := range []string{strings.Repeat("ა", 3999), strings.Repeat("(", 2000) + strings.Repeat(")", 1999), strings.Repeat("م", 3999), strings.Repeat("ก", 3999), strings.Repeat("0x9f", 999)} {
		p, err := set.Shape(text, Style{Bold: true, Lang: "en"})
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		block := p.Fit(Box{Width: 1040, Height: 252, Max: 72, Min: 43, MaxLines: 3, LineHeight: 1.13})
		runtime.ReadMemStats(&after)
		if spent := (after.TotalAlloc - before.TotalAlloc) >> 20; spent > 100 || len(block.Lines) == 0 || !block.Cut {
			t.Errorf("%.20s…: %d lines for %d MB", text, len(block.Lines), spent)
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
		text := linesOf(block, " ")
		head, ok := strings.CutSuffix(text, "…")
		if !block.Cut || !ok || !strings.HasPrefix(h.Text, head) || strings.HasSuffix(head, ",") || len(block.Lines) != 3 {
			t.Errorf("%s: %q", h.ID, text)
		}
		if next := strings.TrimPrefix(h.Text, head); next != "" && next[0] != ' ' && next[0] != ',' && h.Script == "Latn" {
			t.Errorf("%s: cut inside a word: %q|%q", h.ID, head, next)
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
