// Package typeset sets a paragraph of any script into a box.
//
// It owns the order of letters (UAX #9, [Levels]), which font each is set in, their shapes (by go-text, at the font's
// own units, once a paragraph), where lines may break (UAX #14 by uniseg, with the language's own rules), and the largest
// size and best breaks that fit ([Paragraph.Fit]). It promises that no letter is ever shown as an empty box: what no font
// has is a [MissingError]. Where the box is and what is drawn behind it is the business of package card.
package typeset

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/bidi"

	"cutline/internal/remark"
)

// Style is how a paragraph is set. Size is no part of it: shapes do not depend on it.
type Style struct {
	Family   Family
	Own      []string // files of the set to try before the defaults, in order: a site's own fonts, one per weight
	Bold     bool     // a script whose pack has no other weight makes the whole paragraph bold
	Lang     string   // BCP 47; chooses forms within a font, and rules for breaking
	RTL      bool     // the paragraph's base direction, from the site's language and never from the text
	Upper    bool     // set in capitals, by the language's rules
	Nastaliq bool     // Arabic script in Nastaliq (Urdu)
	Digits   string   // "latin", "native" or empty: as written
	Tracking float64  // space added after each letter, in em; never to scripts whose letters join
	Space    float64  // space added after each space besides, in em; as Tracking
	Names    []string // names that a line break should not part
}

// maxLetters bounds what is shaped: no headline or dek comes near.
const maxLetters = 4000

// A MissingError is a letter that none of the fonts has.
type MissingError struct {
	Rune rune
	Pack string // the font that would have it, without weight; empty: none that we know
}

// Error names the letter, its code point and what to do.
func (e *MissingError) Error() string {
	letter := fmt.Sprintf("%q (U+%04X)", e.Rune, e.Rune)
	switch e.Pack {
	case "":
		return remark.Say("letter-unknown", letter)
	case "NotoSansSC", "NotoSansTC", "NotoSansJP", "NotoSansKR":
		return remark.Say("letter-in-pack", letter, e.Pack)
	}
	return remark.Say("letter-in-font", letter, e.Pack)
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
	Lang   string // as the style has it
	Level  int    // embedding level
	Glyphs []Glyph

	file       *file
	upem       int       // font units of an em
	start, end int       // letters of the paragraph
	extra      []float64 // em after each glyph: tracking
}

// Paragraph is a text with its shapes, ready to be set at any size; safe to be read from several goroutines.
type Paragraph struct {
	style   Style
	text    []rune
	orig    []int // index in the given text, for each letter
	classes []bidi.Class
	levels  []int
	base    int             // 0 left to right, 1 right to left
	script  language.Script // of most of the text
	runs    []Run           // in logical order
	breaks  []breakKind     // before this letter a line may begin
	named   []bool          // a break before this letter parts a name
	first   []bool          // glyphs begin with this letter
	tail    []float64       // em of tracking after the letter whose glyphs begin here
	width   []float64       // em before each letter; a cluster's stands at its first; tracking included
	fonts   *Fonts
}

// Shape reads a text and shapes it. What is invisible and without effect is dropped, what has an agreed replacement is
// replaced; a letter that no font has is a *MissingError, a text of nothing an error.
func (f *Fonts) Shape(text string, s Style) (*Paragraph, error) {
	if n := len(text); n > 8*maxLetters {
		return nil, fmt.Errorf("a text of %d bytes is too long to set; shorten it to %d letters", n, maxLetters)
	}
	s.Lang = strings.ReplaceAll(s.Lang, "_", "-") // zh_TW, as programs write locales
	p := &Paragraph{style: s, fonts: f}
	if s.RTL {
		p.base = 1
	}
	p.clean(text)
	if len(p.text) > maxLetters {
		return nil, fmt.Errorf("a text of %d letters is too long to set; shorten it to %d", len(p.text), maxLetters)
	}
	tried := map[rune]bool{}
	for {
		p.runs = nil
		if len(p.text) == 0 {
			return nil, errors.New("there is no text to set")
		}
		p.order()
		err := p.itemize()
		if m, missing := errors.AsType[*MissingError](err); missing && !tried[m.Rune] {
			if by := replacement(m.Rune); by != "" {
				tried[m.Rune] = true
				p.replace(m.Rune, by)
				continue
			}
		}
		if err != nil {
			return nil, err
		}
		if p.embolden() {
			continue
		}
		break
	}
	k := f.kits.Get().(*kit)
	defer f.kits.Put(k)
	if err := p.shape(k); err != nil {
		return nil, err
	}
	p.measure()
	p.findBreaks()
	return p, nil
}

// order resolves the levels.
func (p *Paragraph) order() {
	p.classes = make([]bidi.Class, len(p.text))
	for i, r := range p.text {
		q, _ := bidi.LookupRune(r)
		p.classes[i] = q.Class()
	}
	p.levels = resolve(p.text, p.classes, p.base)
}

// embolden makes a paragraph bold that has to be in part, since a script's font comes in Bold only.
func (p *Paragraph) embolden() bool {
	if p.style.Bold {
		return false
	}
	for _, r := range p.runs {
		if strings.HasSuffix(r.Font, "_700Bold.ttf") && r.Script != "Zyyy" {
			p.style.Bold = true
			return true
		}
	}
	return false
}

// closers maps an opening mark to its closing one.
var closers = map[rune]rune{'(': ')', '[': ']', '{': '}', '<': '>', '«': '»', '‹': '›', '“': '”', '‘': '’', '（': '）', '［': '］', '｛': '｝', '「': '」', '『': '』', '《': '》', '〈': '〉', '【': '】', '〔': '〕', '〖': '〗', '｢': '｣', '⁅': '⁆', '⟨': '⟩'}

// itemize cuts the text into runs of one level, script and font. Letters common to scripts have that of what stands before
// them, at the beginning of what follows (UAX #24, 5.1).
func (p *Paragraph) itemize() error {
	stacks := map[language.Script][]*file{}
	current := p.script
	for _, r := range p.text {
		if s := language.LookupScript(r); s.Strong() {
			current = s
			break
		}
	}
	// Punctuation in pairs: the closing mark has the script of the opening one (UAX #24, 5.2), not of what stands between.
	type open struct {
		closer rune
		script language.Script
	}
	var pairs []open
	at := 0
	for g := uniseg.NewGraphemes(string(p.text)); g.Next(); {
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
			if choice = pick(stacks[script], cluster); choice == nil {
				return &MissingError{p.fonts.lacking(stacks[script], cluster), packOf(script, p.style.Lang)}
			}
		}
		for range cluster {
			if n := len(p.runs); n > 0 && p.runs[n-1].Level == p.levels[at] && p.runs[n-1].file == choice && p.runs[n-1].Script == tag(script) {
				p.runs[n-1].end++
			} else {
				name, _, _ := strings.Cut(choice.name, "@")
				p.runs = append(p.runs, Run{Font: name, Script: tag(script), Lang: p.style.Lang, Level: p.levels[at], file: choice, start: at, end: at + 1})
			}
			at++
		}
	}
	return nil
}

// pick is the first font that has a cluster. Letters for private use mean another thing in each font: no font has them.
func pick(stack []*file, cluster []rune) *file {
	for _, r := range cluster {
		if unicode.Is(unicode.Co, r) {
			return nil
		}
	}
	for _, x := range stack {
		if x.has(cluster) {
			return x
		}
	}
	return nil
}

// lacking is the letter of a cluster that no font has; the first, if each has one but no font all.
func (f *Fonts) lacking(stack []*file, cluster []rune) rune {
	for _, r := range cluster {
		if pick(stack, []rune{r}) == nil {
			return r
		}
	}
	return cluster[0]
}

// tag is a script's name with its capital: Latn.
func tag(s language.Script) string {
	t := s.String()
	return strings.ToUpper(t[:1]) + t[1:]
}

// shape fills the runs' glyphs.
func (p *Paragraph) shape(k *kit) error {
	lang := language.NewLanguage(p.style.Lang)
	for i := range p.runs {
		r := &p.runs[i]
		script, err := language.ParseScript(r.Script)
		if err != nil {
			return fmt.Errorf("script %s: %w", r.Script, err)
		}
		out, err := k.shape(r.file, p.text, r.start, r.end, r.Level%2 == 1, script, lang)
		if err != nil {
			return err
		}
		r.upem = int(r.file.font.Upem())
		r.Glyphs = make([]Glyph, len(out.Info))
		for n, g := range out.Info {
			letter := p.text[g.Cluster]
			if g.Glyph == 0 && !ignorable(letter) {
				return &MissingError{letter, packOf(script, p.style.Lang)}
			}
			if script == language.Arabic && p.joins(g.Cluster) {
				if id, _ := r.file.font.NominalGlyph(letter); id == g.Glyph {
					return fmt.Errorf("font %s does not join the letter %c (U+%04X): take another font for Arabic script", r.Font, letter, letter)
				}
			}
			if err := r.file.outline(g.Glyph).err; err != nil {
				return err
			}
			at := out.Pos[n]
			r.Glyphs[n] = Glyph{ID: g.Glyph, Cluster: g.Cluster, AX: units(at.XAdvance), DX: units(at.XOffset), DY: units(at.YOffset)}
		}
		r.extra = p.extra(r.Glyphs, script)
	}
	return nil
}

// joins says whether a letter and both its neighbours join on both sides: its shape then cannot be that of one alone.
func (p *Paragraph) joins(i int) bool {
	if i == 0 || i+1 >= len(p.text) {
		return false
	}
	for _, r := range p.text[i-1 : i+2] {
		if !strings.ContainsRune(joining, r) {
			return false
		}
	}
	return true
}

// units is a position in whole font units.
func units(x harfbuzz.Position) int { return int((x + 1<<(finer-1)) >> finer) }

// extra is what is added after each glyph, in em: tracking after each cluster, more after a space. Scripts whose letters
// join or hang from a line get none: they would come apart.
func (p *Paragraph) extra(glyphs []Glyph, script language.Script) []float64 {
	out := make([]float64, len(glyphs))
	switch script {
	case language.Arabic, language.Syriac, language.Devanagari, language.Bengali, language.Gurmukhi, language.Mongolian:
		return out
	}
	if p.script == language.Arabic || p.style.Tracking == 0 && p.style.Space == 0 {
		return out
	}
	for n, g := range glyphs {
		if n+1 < len(glyphs) && glyphs[n+1].Cluster == g.Cluster || ignorable(p.text[g.Cluster]) {
			continue
		}
		out[n] = p.style.Tracking
		if p.text[g.Cluster] == ' ' {
			out[n] += p.style.Space
		}
	}
	return out
}

// measure sums widths, so that any piece of the text is measured by a subtraction.
func (p *Paragraph) measure() {
	n := len(p.text)
	own := make([]float64, n)
	p.first, p.tail, p.width = make([]bool, n+1), make([]float64, n+1), make([]float64, n+1)
	p.first[n] = true
	for _, r := range p.runs {
		for k, g := range r.Glyphs {
			own[g.Cluster] += float64(g.AX)/float64(r.upem) + r.extra[k]
			p.first[g.Cluster] = true
			p.tail[g.Cluster] += r.extra[k]
		}
	}
	for i := range n {
		p.width[i+1] = p.width[i] + own[i]
	}
}

// em is the width of letters i to j in em.
func (p *Paragraph) em(i, j int) float64 { return p.width[j] - p.width[i] }
