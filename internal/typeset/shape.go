// Package typeset sets a paragraph of any script into a box.
//
// It owns the order of letters (UAX #9, [Levels]), which font each is set in, their shapes (by go-text, at the font's
// own units, once a paragraph), where lines may break (UAX #14 by uniseg, with the language's own rules), and the largest
// size and best breaks that fit ([Paragraph.Fit]). It promises that no letter is ever shown as an empty box: what no font
// has is a [MissingError]. Where the box is and what is drawn behind it is the business of package card.
package typeset

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"github.com/rivo/uniseg"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/cases"
	xlang "golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// Style is how a paragraph is set. Size is no part of it: shapes do not depend on it.
type Style struct {
	Family   Family
	Bold     bool
	Lang     string  // BCP 47; chooses forms within a font, and rules for breaking
	RTL      bool    // the paragraph's base direction, from the site's language and never from the text
	Upper    bool    // set in capitals, by the language's rules
	Nastaliq bool    // Arabic script in Nastaliq (Urdu)
	Digits   string  // "latin", "native" or empty: as written
	Tracking float64 // space added after each letter, in em; only ever applied to scripts that do not join
}

// A MissingError is a letter that none of the fonts has.
type MissingError struct {
	Rune rune
	Pack string // the font pack that would have it; empty: none that we know
}

func (e *MissingError) Error() string {
	s := fmt.Sprintf("no font has the letter %q (U+%04X)", e.Rune, e.Rune)
	if e.Pack != "" {
		s += ": add the font pack " + e.Pack
	}
	return s
}

// Glyph is one shape of a font, as HarfBuzz gives it; numbers in font units.
type Glyph struct {
	ID         font.GID
	Cluster    int // index of the first letter it stands for, in the text that Shape was given
	AX, DX, DY int // advance; offset from where the pen is, y up
}

// Run is a piece of text of one direction, script and font. Its glyphs stand as drawn, from the left.
type Run struct {
	Font   string // file name
	Script string // ISO 15924
	Lang   string
	Level  int // embedding level
	Glyphs []Glyph

	file       *file
	upem       int
	start, end int // letters of the paragraph
}

// Paragraph is a text with its shapes, ready to be set at any size.
type Paragraph struct {
	style    Style
	text     []rune
	orig     []int // index in the given text, for each letter
	classes  []bidi.Class
	levels   []int
	base     int
	script   language.Script // of most of the text
	runs     []Run           // in logical order
	breaks   []bool          // before this letter a line may begin
	width    []int64         // sum of advances before each letter, in 1/65536 em; a cluster's stands at its first
	clusters []int           // number of clusters before each letter
	fonts    *Fonts
}

// Shape reads a text and shapes it. What is invisible and without effect is dropped, what has an agreed replacement is
// replaced; a letter that no font has is a *MissingError, a text of nothing an error.
func (f *Fonts) Shape(text string, s Style) (*Paragraph, error) {
	p := &Paragraph{style: s, fonts: f}
	if s.RTL {
		p.base = 1
	}
	p.clean(text)
	if len(p.text) == 0 {
		return nil, fmt.Errorf("there is no text to set")
	}
	p.classes = make([]bidi.Class, len(p.text))
	for i, r := range p.text {
		q, _ := bidi.LookupRune(r)
		p.classes[i] = q.Class()
	}
	p.levels = resolve(p.text, p.classes, p.base)
	if err := p.itemize(); err != nil {
		return nil, err
	}
	if err := p.shape(); err != nil {
		return nil, err
	}
	p.measure()
	p.findBreaks()
	return p, nil
}

// clean fills text and orig. White space becomes single spaces; control characters, byte order marks, lone surrogates
// (which a string cannot hold: they come as U+FFFD) and format characters without effect here go.
func (p *Paragraph) clean(s string) {
	rs := []rune(s)
	if p.style.Upper {
		rs = []rune(upper(s, p.style.Lang))
	}
	space := true
	for i, r := range rs {
		switch {
		case unicode.IsSpace(r) && r != '\u00a0' && r != '\u202f':
			if space {
				continue
			}
			r, space = ' ', true
		case r < 0x20, r >= 0x7f && r < 0xa0, r == '\ufeff', r == '\ufffd', r == '\u200b', r == '\u2060', r >= 0xfff9 && r <= 0xfffb, r == '\ufffe', r == '\uffff':
			continue
		default:
			space = false
			r = p.digit(r)
		}
		p.text, p.orig = append(p.text, r), append(p.orig, i)
	}
	for len(p.text) > 0 && p.text[len(p.text)-1] == ' ' {
		p.text, p.orig = p.text[:len(p.text)-1], p.orig[:len(p.orig)-1]
	}
	p.script = language.Latin
	count := map[language.Script]int{}
	for _, r := range p.text {
		if sc := language.LookupScript(r); sc.Strong() {
			if count[sc]++; count[sc] > count[p.script] {
				p.script = sc
			}
		}
	}
}

// digit brings a digit into the wanted kind.
func (p *Paragraph) digit(r rune) rune {
	value := rune(-1)
	switch {
	case r >= '0' && r <= '9':
		value = r - '0'
	case r >= '٠' && r <= '٩':
		value = r - '٠'
	case r >= '۰' && r <= '۹':
		value = r - '۰'
	}
	if value < 0 {
		return r
	}
	switch p.style.Digits {
	case "latin":
		return '0' + value
	case "native":
		switch lang, _, _ := strings.Cut(p.style.Lang, "-"); lang {
		case "fa", "ur", "ps":
			return '۰' + value
		case "ckb", "ar":
			return '٠' + value
		}
	}
	return r
}

// upper writes in capitals by the language's rules; Greek loses its accents, Georgian stays, since few fonts have its
// capitals.
func upper(s, lang string) string {
	tag, err := xlang.Parse(lang)
	if err != nil {
		tag = xlang.Und
	}
	base, _ := tag.Base()
	switch base.String() {
	case "kmr", "ku":
		s = strings.ReplaceAll(s, "i", "I")
	case "hy":
		s = strings.ReplaceAll(s, "և", "ԵՎ") // the reformed spelling's capitals of the ligature
	case "el":
		s = norm.NFD.String(s)
		s = strings.Map(func(r rune) rune {
			if r == '\u0301' || r == '\u0344' { // the accent goes, the dialytika stays
				return -1
			}
			return r
		}, s)
		s = norm.NFC.String(s)
	}
	out := cases.Upper(tag).String(s)
	var b strings.Builder
	in := []rune(s)
	for i, r := range []rune(out) {
		if unicode.Is(unicode.Georgian, r) && i < len(in) {
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// ignorable letters need no shape of their own.
func ignorable(r rune) bool {
	switch {
	case r == 0x00ad, r == 0x061c, r == 0x034f, r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// emoji says whether a grapheme cluster is drawn as an emoji.
func emoji(cluster []rune) bool {
	first := cluster[0]
	vs16 := slices.Contains(cluster, '\ufe0f') || slices.Contains(cluster, '\u20e3')
	switch {
	case first >= 0x1f1e6 && first <= 0x1f1ff, first >= 0x1f300 && first <= 0x1faff, first == 0x1f004, first == 0x1f0cf, first >= 0x1f170 && first <= 0x1f19a, first >= 0x1f201 && first <= 0x1f265:
		return !slices.Contains(cluster, '\ufe0e')
	case first >= 0x231a && first <= 0x27bf, first == 0x2b50, first == 0x2b55, first == 0x2b1b, first == 0x2b1c:
		return vs16 || defaultEmoji[first]
	}
	return vs16
}

// defaultEmoji are the characters before U+1F000 that are emoji without being told to (Emoji_Presentation).
var defaultEmoji = func() map[rune]bool {
	m := map[rune]bool{}
	for _, r := range "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕" {
		m[r] = true
	}
	return m
}()

// closers maps an opening mark to its closing one.
var closers = map[rune]rune{'(': ')', '[': ']', '{': '}', '«': '»', '‹': '›', '“': '”', '‘': '’', '（': '）', '「': '」', '『': '』', '《': '》', '〈': '〉', '【': '】'}

// itemize cuts the text into runs of one level, script and font.
func (p *Paragraph) itemize() error {
	stacks := map[language.Script][]*file{}
	current := language.Unknown
	for _, r := range p.text { // common letters at the beginning take the script of what follows
		if s := language.LookupScript(r); s.Strong() {
			current = s
			break
		}
	}
	if current == language.Unknown {
		current = p.script
	}
	// Punctuation in pairs: the closing mark has the script of the opening one (UAX #24, 5.2), not of what stands between.
	type open struct {
		closer rune
		script language.Script
	}
	var pairs []open
	g := uniseg.NewGraphemes(string(p.text))
	at := 0
	for g.Next() {
		cluster := g.Runes()
		if closer := closers[cluster[0]]; closer != 0 {
			pairs = append(pairs, open{closer, current})
		} else {
			for k := len(pairs) - 1; k >= 0; k-- {
				if pairs[k].closer == cluster[0] {
					current, pairs = pairs[k].script, pairs[:k]
					break
				}
			}
		}
		script, choice := current, (*file)(nil)
		if emoji(cluster) {
			for _, name := range emojiFonts {
				if x := p.fonts.named(name, true); x != nil && x.has(cluster) {
					script, choice = language.Common, x
					break
				}
			}
		}
		if choice == nil {
			for _, r := range cluster {
				if s := language.LookupScript(r); s.Strong() {
					script, current = s, s
					break
				}
			}
			if stacks[script] == nil {
				stacks[script] = p.fonts.stack(script, p.style)
			}
			for _, x := range stacks[script] {
				if x.has(cluster) {
					choice = x
					break
				}
			}
			if choice == nil {
				for _, r := range cluster {
					if !ignorable(r) {
						return &MissingError{r, packOf(script)}
					}
				}
				choice = stacks[script][0]
			}
		}
		for range cluster {
			if n := len(p.runs); n > 0 && p.runs[n-1].Level == p.levels[at] && p.runs[n-1].file == choice && p.runs[n-1].Script == tag(script) {
				p.runs[n-1].end++
			} else {
				p.runs = append(p.runs, Run{Font: choice.name, Script: tag(script), Lang: p.style.Lang, Level: p.levels[at], file: choice, start: at, end: at + 1})
			}
			at++
		}
	}
	return nil
}

// tag is a script's name with its capital: Latn.
func tag(s language.Script) string {
	t := s.String()
	return strings.ToUpper(t[:1]) + t[1:]
}

// has says whether a font has shapes for all of a cluster that needs one.
func (f *file) has(cluster []rune) bool {
	ft, err := f.load()
	if err != nil {
		return false
	}
	for _, r := range cluster {
		if ignorable(r) {
			continue
		}
		if _, ok := ft.NominalGlyph(r); ok {
			continue
		}
		// A composed letter may be drawn from its parts.
		parts := []rune(norm.NFD.String(string(r)))
		if len(parts) < 2 {
			return false
		}
		for _, x := range parts {
			if _, ok := ft.NominalGlyph(x); !ok {
				return false
			}
		}
	}
	return true
}

// shape fills the runs' glyphs.
func (p *Paragraph) shape() error {
	var shaper shaping.HarfbuzzShaper
	for i := range p.runs {
		r := &p.runs[i]
		face, err := r.file.face()
		if err != nil {
			return err
		}
		r.upem = int(face.Upem())
		script, err := language.ParseScript(r.Script)
		if err != nil {
			return fmt.Errorf("script %s: %w", r.Script, err)
		}
		dir := di.DirectionLTR
		if r.Level%2 == 1 {
			dir = di.DirectionRTL
		}
		out := shaper.Shape(shaping.Input{
			Text: p.text, RunStart: r.start, RunEnd: r.end, Direction: dir, Face: face,
			Size: fixed.I(r.upem), Script: script, Language: language.NewLanguage(p.style.Lang),
		})
		r.file.faces.Put(face)
		for _, g := range out.Glyphs {
			if g.GlyphID == 0 && !ignorable(p.text[g.ClusterIndex]) {
				return &MissingError{p.text[g.ClusterIndex], packOf(script)}
			}
			r.Glyphs = append(r.Glyphs, Glyph{ID: g.GlyphID, Cluster: g.ClusterIndex, AX: round(g.XAdvance), DX: round(g.XOffset), DY: round(g.YOffset)})
		}
	}
	return nil
}

func round(x fixed.Int26_6) int { return int((x + 32) >> 6) }

// measure sums widths, so that any piece of the text is measured by a subtraction.
func (p *Paragraph) measure() {
	n := len(p.text)
	own := make([]int64, n+1)
	first := make([]bool, n+1)
	for _, r := range p.runs {
		for _, g := range r.Glyphs {
			own[g.Cluster] += int64(g.AX) * 65536 / int64(r.upem)
			first[g.Cluster] = true
		}
	}
	p.width, p.clusters = make([]int64, n+1), make([]int, n+1)
	for i := range n {
		p.width[i+1], p.clusters[i+1] = p.width[i]+own[i], p.clusters[i]
		if first[i] {
			p.clusters[i+1]++
		}
	}
}

// em is the width of letters i to j in em, tracking included.
func (p *Paragraph) em(i, j int) float64 {
	w := float64(p.width[j]-p.width[i]) / 65536
	if t := p.tracking(); t != 0 {
		w += float64(t * float64(p.clusters[j]-p.clusters[i]))
	}
	return w
}

// tracking is what is added after each letter, in em; nothing in scripts whose letters join.
func (p *Paragraph) tracking() float64 {
	switch p.script {
	case language.Arabic, language.Syriac, language.Devanagari, language.Bengali, language.Mongolian:
		return 0
	}
	return p.style.Tracking
}
