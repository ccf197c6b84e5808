package article

import (
	"strings"

	"golang.org/x/text/unicode/bidi"
)

// Directed puts a mark before a text whose first strong letter (UAX #9, P2) is of the other direction than its
// language, a Kurdish line that begins with NATO: networks take a text's direction from it. What stands in isolates counts
// too, for some pass over them and some do not.
func Directed(text, language string) string {
	for _, r := range text {
		switch p, _ := bidi.LookupRune(r); p.Class() {
		case bidi.L:
			if RTL(language) {
				return "\u200f" + text
			}
			return text
		case bidi.R, bidi.AL:
			if !RTL(language) {
				return "\u200e" + text
			}
			return text
		}
	}
	return text
}

// Isolated is a value to be put into a sentence of a language so that neither turns the other around: it stands between
// FSI and PDI (UAX #9). In a sentence from left to right nothing but letters that run the other way could do that, and what
// has none stays as it is.
func Isolated(value, language string) string {
	turns := RTL(language) || strings.ContainsFunc(value, func(r rune) bool {
		p, _ := bidi.LookupRune(r)
		return p.Class() == bidi.R || p.Class() == bidi.AL
	})
	if value == "" || !turns {
		return value
	}
	return "\u2068" + value + "\u2069"
}
