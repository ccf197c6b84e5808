package typeset

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// findBreaks marks where lines may begin: UAX #14 by uniseg, less what the language forbids.
func (p *Paragraph) findBreaks() {
	p.breaks = make([]bool, len(p.text)+1)
	rest, state, at := string(p.text), -1, 0
	for rest != "" {
		var segment string
		var must bool
		segment, rest, must, state = uniseg.FirstLineSegmentInString(rest, state)
		_ = must // the text is one line: there are no forced breaks in it
		at += len([]rune(segment))
		if at < len(p.text) {
			p.breaks[at] = true
		}
	}
	korean := strings.HasPrefix(p.style.Lang, "ko")
	for i := 1; i < len(p.text); i++ {
		if !p.breaks[i] {
			continue
		}
		before, after := p.text[i-1], p.text[i]
		spaced := before == ' '
		switch {
		case korean && !spaced, // between words only
			after == ' ', // uniseg breaks before a space after some emoji
			!spaced && unicode.Is(unicode.Arabic, before), // never inside a word that joins
			strings.ContainsRune("—–-‐", after),           // no line begins with a dash
			scoreDash(p.text, i),
			strings.ContainsRune("ーァィゥェォッャュョヮヵヶぁぃぅぇぉっゃゅょゎ々…、。）」』】〉》？！：；", after) && !spaced, // strict kinsoku
			spaced && i >= 2 && strings.ContainsRune("“‘«„‹([「『（", p.text[i-2]):
			p.breaks[i] = false
		case spaced && strings.ContainsRune("”’»)]」』）!?;:%", after) && (i+1 >= len(p.text) || !unicode.IsLetter(p.text[i+1])):
			p.breaks[i] = false
		}
	}
}

// scoreDash says whether a break would part a score or a range: 2–1, 1990–2000.
func scoreDash(text []rune, i int) bool {
	return i >= 2 && strings.ContainsRune("–-−:", text[i-1]) && unicode.IsDigit(text[i-2]) && unicode.IsDigit(text[i])
}

// weak words should not end a line, bound ones must not: they belong to the next.
var (
	weakWords  = strings.Fields("a an the of to in on at by for with and or as is near from after before says le la les de du des der die das den dem und für von im ve bir ile لە بە بۆ و هەموو کە من في على عن إلى از به در را با بر û li ji di bi את של על")
	boundWords = strings.Fields("لە بە بۆ و في من على عن إلى از به در با")
)

// flaw is what is wrong with ending a line before letter j: how many nevers, how many weak endings, and whether it is a
// good place.
func (p *Paragraph) flaw(i, j int) (nevers, weaks int, good bool) {
	end := j
	for end > i && p.text[end-1] == ' ' {
		end--
	}
	start := end
	for start > i && p.text[start-1] != ' ' {
		start--
	}
	last := strings.TrimLeft(string(p.text[start:end]), "«“‘(„\"'[")
	low := strings.ToLower(last)
	if slices.Contains(boundWords, low) || number(last) && j < len(p.text) && unicode.IsLetter(p.text[j]) {
		nevers++
	} else if slices.Contains(weakWords, low) {
		weaks++
	}
	if p.levels[max(end-1, 0)] != p.base && j < len(p.text) && p.levels[j] == p.levels[end-1] && p.levels[j]%2 != p.base {
		weaks++ // inside a run of the other direction
	}
	return nevers, weaks, last != "" && strings.ContainsAny(last[len(last)-1:], ":,;") || strings.HasSuffix(last, "—") || strings.HasSuffix(last, "،") || strings.HasSuffix(last, "؛")
}

func number(s string) bool {
	if s == "" {
		return false
	}
	for _, r := range s {
		if !unicode.IsDigit(r) && !strings.ContainsRune(".,٬٫", r) {
			return false
		}
	}
	return true
}
