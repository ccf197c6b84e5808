package channel

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// graphemes counts extended grapheme clusters (UAX #29). uniseg follows Unicode 15.0; since then rule GB9c keeps a
// conjunct together (two consonants of an Indic script, or Khmer or Myanmar, with a virama between them), and the
// networks count by it: Hindi, Bengali and Khmer texts would come out a tenth to a third too long without it.
func graphemes(text string) int {
	n := 0
	open := false // what was read last ends in a consonant and a virama: a consonant that follows belongs to it
	for g := uniseg.NewGraphemes(text); g.Next(); {
		cluster := g.Runes()
		if !open || !unicode.Is(conjunctConsonants, cluster[0]) {
			n++
		}
		open = endsInLinker(cluster)
	}
	return n
}

// endsInLinker says whether a cluster ends in a consonant (Indic_Conjunct_Break=Consonant) and marks (Extend), with a
// virama (Linker) among them.
func endsInLinker(cluster []rune) bool {
	consonant, linker := false, false
	for _, r := range cluster {
		switch {
		case unicode.Is(conjunctConsonants, r):
			consonant, linker = true, false
		case strings.ContainsRune(conjunctLinkers, r):
			linker = consonant
		case r == zwj, r >= '🏻' && r <= '🏿', r != zwnj && unicode.In(r, unicode.Mn, unicode.Me, unicode.Other_Grapheme_Extend):
		default:
			consonant, linker = false, false
		}
	}
	return linker
}

const (
	zwnj = '\u200c'
	zwj  = '\u200d'
)

// conjunctLinkers are the characters with Indic_Conjunct_Break=Linker (Unicode 17.0, DerivedCoreProperties.txt).
const conjunctLinkers = "\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d\u1039\u17d2\u1a60\u1b44\u1bab\ua9c0\uaaf6" +
	"\U00010a3f\U00011133\U000113d0\U0001193e\U00011a47\U00011a99\U00011f42"

// conjunctConsonants are the characters with Indic_Conjunct_Break=Consonant (Unicode 17.0).
var conjunctConsonants = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x0915, 0x0939, 1}, {0x0958, 0x095f, 1}, {0x0978, 0x097f, 1}, {0x0995, 0x09a8, 1}, {0x09aa, 0x09b0, 1},
		{0x09b2, 0x09b2, 1}, {0x09b6, 0x09b9, 1}, {0x09dc, 0x09dd, 1}, {0x09df, 0x09df, 1}, {0x09f0, 0x09f1, 1},
		{0x0a95, 0x0aa8, 1}, {0x0aaa, 0x0ab0, 1}, {0x0ab2, 0x0ab3, 1}, {0x0ab5, 0x0ab9, 1}, {0x0af9, 0x0af9, 1},
		{0x0b15, 0x0b28, 1}, {0x0b2a, 0x0b30, 1}, {0x0b32, 0x0b33, 1}, {0x0b35, 0x0b39, 1}, {0x0b5c, 0x0b5d, 1},
		{0x0b5f, 0x0b5f, 1}, {0x0b71, 0x0b71, 1}, {0x0c15, 0x0c28, 1}, {0x0c2a, 0x0c39, 1}, {0x0c58, 0x0c5a, 1},
		{0x0d15, 0x0d3a, 1}, {0x1000, 0x102a, 1}, {0x103f, 0x103f, 1}, {0x1050, 0x1055, 1}, {0x105a, 0x105d, 1},
		{0x1061, 0x1061, 1}, {0x1065, 0x1066, 1}, {0x106e, 0x1070, 1}, {0x1075, 0x1081, 1}, {0x108e, 0x108e, 1},
		{0x1780, 0x17b3, 1}, {0x1a20, 0x1a54, 1}, {0x1b0b, 0x1b0c, 1}, {0x1b13, 0x1b33, 1}, {0x1b45, 0x1b4c, 1},
		{0x1b83, 0x1ba0, 1}, {0x1bae, 0x1baf, 1}, {0x1bbb, 0x1bbd, 1}, {0xa989, 0xa98b, 1}, {0xa98f, 0xa9b2, 1},
		{0xa9e0, 0xa9e4, 1}, {0xa9e7, 0xa9ef, 1}, {0xa9fa, 0xa9fe, 1}, {0xaa60, 0xaa6f, 1}, {0xaa71, 0xaa73, 1},
		{0xaa7a, 0xaa7a, 1}, {0xaa7e, 0xaa7f, 1}, {0xaae0, 0xaaea, 1}, {0xabc0, 0xabda, 1},
	},
	R32: []unicode.Range32{
		{0x10a00, 0x10a00, 1}, {0x10a10, 0x10a13, 1}, {0x10a15, 0x10a17, 1}, {0x10a19, 0x10a35, 1}, {0x11103, 0x11126, 1},
		{0x11144, 0x11144, 1}, {0x11147, 0x11147, 1}, {0x11380, 0x11389, 1}, {0x1138b, 0x1138b, 1}, {0x1138e, 0x1138e, 1},
		{0x11390, 0x113b5, 1}, {0x11900, 0x11906, 1}, {0x11909, 0x11909, 1}, {0x1190c, 0x11913, 1}, {0x11915, 0x11916, 1},
		{0x11918, 0x1192f, 1}, {0x11a00, 0x11a00, 1}, {0x11a0b, 0x11a32, 1}, {0x11a50, 0x11a50, 1}, {0x11a5c, 0x11a83, 1},
		{0x11f04, 0x11f10, 1}, {0x11f12, 0x11f33, 1},
	},
}
