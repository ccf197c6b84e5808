package typeset

import (
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/language"
	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

// breakKind says whether a line may begin at a letter, and what it costs; a greater one is better.
type breakKind uint8

const (
	breakNever    breakKind = iota
	breakCluster            // anywhere in what is still too wide for its box, without a hyphen
	breakLetter             // inside a word too wide for its box, with a hyphen
	breakSyllable           // inside a phrase too wide for its box, without
	breakSoft               // at a soft hyphen, in a word too wide for its box
	breakGlued              // at a space that should not be broken at, in what is too wide for its box
	breakPhrase             // where UAX #14 allows it, but inside a phrase of the language
	breakFree               // between words or phrases
)

// hyphened says whether a line that ends with such a break shows a hyphen.
func (k breakKind) hyphened() bool { return k == breakLetter || k == breakSoft }

const (
	openers    = "“‘«„‹([{「『（【《〈〔［¿¡"
	endings    = "”’»›)]}」』）】》〉〕］!?;:%٪؟؛،,.。、，！？：；…"
	dashes     = "—–-‐―|·•/→"
	kinsoku    = "ーァィゥェォッャュョヮヵヶぁぃぅぇぉっゃゅょゎゝゞヽヾ々〻…‥、。・）」』】〉》〕？！：；，．％℃〜～" // JIS X 4051, strict
	unitBefore = "$€£¥₺₽₹₪№#+-−±~"
)

// findBreaks marks where lines may begin: UAX #14 by uniseg, less what the language forbids, and with what it adds (Thai
// phrases, by their model; Lao, Khmer and Burmese only at spaces and U+200B, since there is no dictionary for them here,
// and between syllables where a phrase is wider than its box).
func (p *Paragraph) findBreaks() {
	n := len(p.text)
	p.breaks = make([]breakKind, n+1)
	rest, state, at := string(p.text), -1, 0
	for rest != "" {
		var segment string
		segment, rest, _, state = uniseg.FirstLineSegmentInString(rest, state)
		at += len([]rune(segment))
		if at < n {
			p.breaks[at] = breakFree
		}
	}
	graphemes := make([]bool, n+1)
	at = 0
	for g := uniseg.NewGraphemes(string(p.text)); g.Next(); {
		graphemes[at] = true
		at += len(g.Runes())
	}
	var begins []bool
	if m := modelFor(p.style.Lang); m != nil {
		begins = m.begins(p.text)
	}
	for i := 1; i < n; i++ {
		switch {
		case !graphemes[i] || p.first != nil && !p.first[i]:
			p.breaks[i] = breakNever
		case p.breaks[i] == breakFree:
			p.breaks[i] = p.freeBreak(i, begins)
		default:
			p.breaks[i] = p.lastResort(i, begins)
		}
	}
	p.markNames()
}

// freeBreak judges a place at which UAX #14 allows a break.
func (p *Paragraph) freeBreak(i int, begins []bool) breakKind {
	before, after := p.text[i-1], p.text[i]
	spaced := blank(before)
	at := func(k int) rune {
		if k < 0 || k >= len(p.text) {
			return 0
		}
		return p.text[k]
	}
	switch {
	case blank(after), // uniseg breaks before a space after some emoji
		strings.ContainsRune(dashes, after),                               // no line begins with a dash
		!spaced && unicode.Is(unicode.Arabic, before) && before != '۔',    // never inside a word that joins
		!spaced && before == after && strings.ContainsRune("―—…‥", after), // a doubled mark is one
		apart(p.text, i),
		!spaced && strings.ContainsRune(".,:;٫٬", before) && unicode.IsDigit(after), // Rs.500: UAX #14, IS × NU
		strings.ContainsRune("．，：", before) && wide(after) && wide(at(i-2)),         // ４２．５
		spaced && strings.ContainsRune(openers, at(i-2)) && !unicode.IsLetter(at(i-3)),
		spaced && strings.ContainsRune(endings, after) && !unicode.IsLetter(at(i+1)) && !unicode.IsDigit(at(i+1)),
		strings.ContainsRune(kinsoku, after):
		return breakNever
	case strings.HasPrefix(p.style.Lang, "ko") && !spaced && before != '…' && before != '·': // between words only
		return breakCluster
	case wide(before) && wide(after): // UAX #14 takes full-width letters for ideographs
		return breakSyllable
	case before == '\u00ad':
		return breakSoft
	case begins != nil && !spaced && !begins[i] && !strings.ContainsRune("。、，！？；：」』）】》―—…", before):
		return breakPhrase
	}
	return breakFree
}

// wide says whether a letter or digit has the full width of an ideograph: ＮＥＷＳ.
func wide(r rune) bool {
	return r >= '０' && r <= '９' || r >= 'Ａ' && r <= 'Ｚ' || r >= 'ａ' && r <= 'ｚ'
}

// Powers, and what numbers count, in Chinese and Japanese: 1.2万亿元, 2026年, 41.3億円.
const (
	powers = "十百千万萬亿億兆"
	counts = "元円圆圓年月日時时点點分秒人名岁歳歲倍度位次回個个箇件"
)

// wholes are words of figures that the phrase models part.
var wholes = []string{"季度", "同比", "环比", "環比"}

// apart says whether a break would part what is one number, score, range or measure: 2–1, 1990–2000, 90+4, 51/49, $ 97,
// 1.2万亿元, 第三季度.
func apart(text []rune, i int) bool {
	before, after := text[i-1], text[i]
	if strings.ContainsRune(powers+counts, after) {
		k := i - 1
		for k > 0 && strings.ContainsRune(powers, text[k]) {
			k--
		}
		if unicode.IsDigit(text[k]) {
			return true
		}
	}
	k := i
	for k > 0 && (unicode.IsDigit(text[k-1]) || strings.ContainsRune("一二三四五六七八九"+powers, text[k-1])) {
		k--
	}
	if k < i && k > 0 && text[k-1] == '第' && unicode.IsLetter(after) || slices.Contains(wholes, string(text[i-1:i+1])) { // 第三季度
		return true
	}
	if i < 2 {
		return false
	}
	two := text[i-2]
	return strings.ContainsRune("–-−:+/", before) && unicode.IsDigit(two) && unicode.IsDigit(after) ||
		before == ' ' && strings.ContainsRune(unitBefore, two) && unicode.IsDigit(after) && (i < 3 || text[i-3] == ' ') ||
		(before == ' ' || before == '\u00a0') && unicode.IsDigit(two) && strings.ContainsRune("%‰°€£$₺₽₹", after)
}

// lastResort judges a place at which UAX #14 knows no break.
func (p *Paragraph) lastResort(i int, begins []bool) breakKind {
	before, after := p.text[i-1], p.text[i]
	a, b := language.LookupScript(before), language.LookupScript(after)
	if before == '\u00a0' {
		return p.gluedBreak(i)
	}
	switch b {
	case language.Thai:
		switch {
		case a != b || strings.ContainsRune("ๆฯ", after) || before >= 'เ' && before <= 'ไ':
			return breakNever
		case begins != nil && begins[i]:
			return breakFree
		case after >= 'เ' && after <= 'ไ':
			return breakSyllable
		}
	case language.Lao:
		if a == b && after >= 0x0ec0 && after <= 0x0ec4 && !(before >= 0x0ec0 && before <= 0x0ec4) {
			return breakSyllable
		}
	case language.Khmer:
		// A consonant with nothing to it mostly closes the syllable before.
		carries := i+1 < len(p.text) && p.text[i+1] >= 0x17b6 && p.text[i+1] <= 0x17d2
		if a == b && after >= 0x1780 && after <= 0x17b3 && before != 0x17d2 && carries {
			return breakSyllable
		}
	case language.Myanmar:
		stacked := i+1 < len(p.text) && (p.text[i+1] == 0x1039 || p.text[i+1] == 0x103a)
		if a == b && after >= 0x1000 && after <= 0x1027 && before != 0x1039 && !stacked {
			return breakSyllable
		}
	case language.Latin, language.Greek, language.Cyrillic, language.Armenian, language.Georgian:
		// Two letters at least on either side, and before a consonant that a vowel follows: most syllables begin so.
		if a == b && onset(p.text, i) && p.wordLetters(i, -1) >= 2 && p.wordLetters(i, 1) >= 2 {
			return breakLetter
		}
	}
	return clusterBreak(before, after, a, b)
}

// gluedBreak judges a place behind a no-break space: where an editor has put such between all words they are spaces like
// others, but punctuation, numbers and their units stay together.
func (p *Paragraph) gluedBreak(i int) breakKind {
	if i < 2 {
		return breakNever
	}
	before, after := p.text[i-2], p.text[i]
	if (unicode.IsLetter(before) || strings.ContainsRune(endings, before)) &&
		(unicode.IsLetter(after) || unicode.IsDigit(after) || strings.ContainsRune(openers, after)) {
		return breakGlued
	}
	return breakNever
}

// clusterBreak judges a place within a word of which nothing better is known: between letters that neither join nor are
// parts of one sign.
func clusterBreak(before, after rune, a, b language.Script) breakKind {
	for _, s := range []language.Script{a, b} {
		switch s {
		case language.Arabic, language.Syriac, language.Mongolian, language.Nko, language.Mandaic:
			return breakNever
		}
	}
	switch {
	case blank(before), blank(after), !unicode.IsLetter(after) && !unicode.IsDigit(after) && before != after,
		strings.ContainsRune(openers+unitBefore, before), strings.ContainsRune(kinsoku, after),
		strings.ContainsRune(viramas, before):
		return breakNever
	}
	return breakCluster
}

// viramas join the consonant behind them to the one before. Tamil's is none: it only takes the vowel away.
const viramas = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2\u0f84"

// onset says whether a consonant with a vowel behind it stands at i; where the script's vowels are not known here, always.
func onset(text []rune, i int) bool {
	vowel := func(k int) bool {
		if k >= len(text) {
			return false
		}
		base := []rune(norm.NFD.String(string(unicode.ToLower(text[k]))))[0]
		return strings.ContainsRune("aeiouyıæøœαεηιουωаеёиоуыэюяіїє", base)
	}
	switch language.LookupScript(text[i]) {
	case language.Armenian, language.Georgian:
		return true
	}
	// Some letters are one sound together.
	for _, sound := range []string{"sch", "ch", "ph"} {
		for k := max(0, i-len(sound)+1); k <= i && k+len(sound) <= len(text); k++ {
			if strings.EqualFold(string(text[k:k+len(sound)]), sound) {
				return k == i && vowel(i+len(sound))
			}
		}
	}
	return !vowel(i) && vowel(i+1)
}

// wordLetters counts up to two letters of the word before or from letter i.
func (p *Paragraph) wordLetters(i, step int) int {
	k, count := i, 0
	if step < 0 {
		k--
	}
	for ; k >= 0 && k < len(p.text) && count < 2 && (unicode.IsLetter(p.text[k]) || unicode.Is(unicode.M, p.text[k])); k += step {
		if unicode.IsLetter(p.text[k]) {
			count++
		}
	}
	return count
}

// markNames marks the breaks that would part a name: a last resort.
func (p *Paragraph) markNames() {
	p.named = make([]bool, len(p.text)+1)
	low := []rune(strings.ToLower(string(p.text)))
	if len(low) != len(p.text) {
		low = p.text
	}
	for _, name := range p.style.Names {
		want := []rune(strings.ToLower(strings.Join(strings.Fields(name), " ")))
		if len(want) < 2 {
			continue
		}
		for i := 0; i+len(want) <= len(low); i++ {
			if slices.Equal(low[i:i+len(want)], want) {
				for k := i + 1; k < i+len(want); k++ {
					p.named[k] = true
					p.breaks[k] = min(p.breaks[k], breakPhrase)
				}
			}
		}
	}
}

// weak words should not end a line, bound ones must not: they belong to the next.
var (
	weakWords  = strings.Fields("dr. mr. mrs. ms. prof. gen. sen. gov. rep. st. v. vs. a an the of to in on at by for with and or as is near from after before says vs le la les l' de du des et à en un une der die das den dem des ein eine und für von vom zum zur im am el los las del y il lo gli e di da o a os do da w z na do i и в во на с со к по из у о об от за για το η ο και του της ve bir ile bu için û li ji di bi bo لە بە بۆ و هەموو کە من في على عن إلى مع از به در را با بر که میں سے نے کے کی کا پر של את על עם אל")
	boundWords = strings.Fields("لە بە بۆ و في من على عن إلى از به در با بۆی")
)

// flaw is what is wrong with ending a line before letter j: how many nevers, how many weak endings, and whether it is a
// good place.
func (p *Paragraph) flaw(j int) (nevers, weaks int, good bool) {
	end := p.trim(j)
	start := end
	for start > 0 && !blank(p.text[start-1]) {
		start--
	}
	if end == 0 || j >= len(p.text) {
		return 0, 0, false
	}
	last := strings.TrimLeft(string(p.text[start:end]), "«“‘(„\"'[")
	low := strings.ToLower(last)
	switch spaced := blank(p.text[j-1]); {
	case spaced && slices.Contains(boundWords, low), p.named[j],
		!spaced && unicode.Is(unicode.Han, p.text[j-1]) && (j < 2 || strings.ContainsRune(" \u3000、，；：。！？", p.text[j-2])), // 魏|哲家
		spaced && strings.HasSuffix(last, "ـ"), // a prefix that joins what is written apart: بـ |3,850
		spaced && number(strings.TrimPrefix(last, "+")) && (unicode.IsLetter(p.text[j]) || unicode.IsDigit(p.text[j])), // 90 |kg, +44 |20
		p.text[j-1] == '-' && end-start < 5 && end-start > 1 && unicode.IsLetter(p.text[start]):                        // Co-|Sponsors
		nevers++
	case spaced && unicode.IsUpper([]rune(last + " ")[0]) && p.shortNumber(j): // Android |18
		weaks++
	case spaced && slices.Contains(weakWords, low):
		weaks++
	case p.breaks[j] < breakFree, !spaced && (p.text[j-1] == '-' || p.text[j-1] == '/'):
		weaks++
	}
	if p.levels[end-1] != p.base && p.levels[j] == p.levels[end-1] && p.levels[j]%2 != p.base {
		weaks++ // inside a run of the other direction
	}
	return nevers, weaks, nevers == 0 && strings.ContainsRune(":;,—،؛：；，、。", p.text[end-1])
}

// shortNumber says whether a number of up to three digits stands at j, and no more in its word.
func (p *Paragraph) shortNumber(j int) bool {
	end := j
	for end < len(p.text) && !blank(p.text[end]) {
		end++
	}
	return end-j <= 3 && number(string(p.text[j:end]))
}

// number says whether a word is a number and no more.
func number(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			digits++
		case !strings.ContainsRune(".,٬٫’'", r):
			return false
		}
	}
	return digits > 0
}
