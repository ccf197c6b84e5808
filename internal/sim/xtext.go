package sim

import "github.com/rivo/uniseg"

// weigh counts a text by twitter-text's weights. It knows links by their scheme alone.
func weigh(text string) int {
	n := 0
	rest := anyLink.ReplaceAllStringFunc(text, func(string) string { n += 23; return "" })
	for g := uniseg.NewGraphemes(rest); g.Next(); {
		if isEmoji(g.Runes()) {
			n += 2
			continue
		}
		for _, c := range g.Runes() {
			if c <= 0x10ff || c >= 0x2000 && c <= 0x200d || c >= 0x2010 && c <= 0x201f || c >= 0x2032 && c <= 0x2037 {
				n++
			} else {
				n += 2
			}
		}
	}
	return n
}

// isEmoji says whether a grapheme is shown as a picture.
func isEmoji(g []rune) bool {
	for i, c := range g {
		if c >= 0x1f000 && c <= 0x1faff || c == 0xfe0f || i == 0 && len(g) > 1 && c >= 0x2190 && c <= 0x2bff {
			return true
		}
	}
	return false
}
