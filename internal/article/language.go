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
