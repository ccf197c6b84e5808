package article

import (
	"strings"
	"unicode"
)

// RTL says whether a language is written from right to left: by its script where the tag names one, else by the
// language's usual script.
func RTL(language string) bool {
	parts := strings.Split(strings.ToLower(language), "-")
	for _, p := range parts[1:] {
		if len(p) == 4 {
			return p == "arab" || p == "hebr" || p == "syrc" || p == "thaa" || p == "nkoo"
		}
	}
	switch parts[0] {
	case "ar", "arc", "arz", "azb", "ckb", "dv", "fa", "he", "ks", "lrc", "mzn", "nqo", "ps", "sd", "sdh", "syr", "ug", "ur", "yi":
		return true
	}
	return false
}

// Direction is "rtl" or "ltr".
func Direction(language string) string {
	if RTL(language) {
		return "rtl"
	}
	return "ltr"
}

// detect guesses the language of a text among those that cutline has rules for, by letters that only one of them has
// and by its commonest words. Empty: no guess.
func detect(text string) string {
	var arabic, latin, kana, han, cyrillic int
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
		switch {
		case unicode.Is(unicode.Arabic, r):
			arabic++
		case unicode.Is(unicode.Latin, r):
			latin++
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			kana++
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		}
	}
	switch {
	case kana+han > latin:
		if kana > 0 {
			return "ja"
		}
		return "zh"
	case cyrillic > latin && cyrillic > arabic:
		return "ru"
	case arabic > latin:
		switch {
		case seen['ێ'] || seen['ۆ'] || seen['ڵ'] || seen['ڕ'] || seen['ە']:
			return "ckb"
		case seen['پ'] || seen['چ'] || seen['گ'] || seen['ی'] || seen['ک']:
			return "fa"
		}
		return "ar"
	case latin == 0:
		return ""
	}
	words := map[string]int{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		words[w]++
	}
	best, most := "", 1
	for _, l := range []struct{ tag, words string }{
		{"en", "the of and to in that is was for on with as by said"},
		{"kmr", "û li ku ji di de bi ev jî ye bo ew"},
		{"tr", "ve bir bu için ile da de olarak daha çok olan yeni"},
		{"de", "der die und das den im von mit ist nicht auf für"},
		{"fr", "le la les des et en un une du que est pour"},
		{"es", "el la los las de que y en un una por con"},
	} {
		n := 0
		for w := range strings.FieldsSeq(l.words) {
			n += words[w]
		}
		if n > most {
			best, most = l.tag, n
		}
	}
	return best
}
