package card

import "cutline/internal/article"

// script is what a writing system asks of type.
type script struct {
	lineHeight, sans, serif, small, track, dekLine float64
	capitals                                       bool
	descent, capHeight, foot, footTop              float64 // em: below the baseline; of a chip's letters; the foot's baseline and top
}

func scriptOf(lang string) script {
	latin := script{1.13, 1, 1.04, 1, -.012, 1.35, true, .22, .727, .06, .78}
	base := article.Tongue(lang)
	switch {
	case base == "he" || base == "yi":
		return script{1.22, 1.04, 1.04, 1.04, 0, 1.35, false, .22, .66, .06, .78}
	case base == "syr" || base == "arc" || base == "dv" || base == "nqo":
		return latin
	case article.RTL(lang): // all else that is written so is in Arabic letters, whatever the language: az-Arab, pa-Arab
		return script{1.45, .96, 1.10, 1.04, 0, 1.6, false, .40, .60, .30, .95}
	}
	switch base {
	case "hi", "mr", "ne":
		return script{1.30, 1, 1, 1.02, 0, 1.35, false, .30, .66, .10, .85}
	case "ja", "zh", "ko":
		return script{1.28, .94, .94, .96, 0, 1.4, false, .14, .80, .10, .85}
	case "th", "lo":
		return script{1.35, 1, 1, 1, 0, 1.45, false, .27, .70, .12, .95}
	case "my", "km":
		return script{1.50, .95, .95, 1, 0, 1.6, false, .48, .70, .20, .95}
	case "bn", "ta":
		return script{1.35, .95, .95, 1, 0, 1.45, false, .35, .66, .12, .9}
	}
	return latin
}
