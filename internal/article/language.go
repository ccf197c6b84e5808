package article

import "strings"

// Primary is a language tag's first subtag in lower case, by which rules and lists of words go: "ckb" of "ckb-IQ" and of
// "ckb_IQ".
func Primary(tag string) string {
	tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
	tag, _, _ = strings.Cut(tag, "_")
	return tag
}

// RTL says whether a language is written from right to left: by its script where the tag names one, else by the
// language's usual script.
func RTL(language string) bool {
	parts := strings.FieldsFunc(strings.ToLower(language), func(r rune) bool { return r == '-' || r == '_' })
	if len(parts) == 0 {
		return false
	}
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

// Tongue is the language whose words, names of months and type a text wants: [Primary], but "ku" is ckb where its tag says that
// it is in Arabic letters, else kmr.
func Tongue(language string) string {
	base := Primary(language)
	switch {
	case base != "ku":
		return base
	case RTL(language):
		return "ckb"
	}
	return "kmr"
}

// Direction is "rtl" or "ltr".
func Direction(language string) string {
	if RTL(language) {
		return "rtl"
	}
	return "ltr"
}
