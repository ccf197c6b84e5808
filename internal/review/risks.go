package review

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"cutline/internal/article"
	"cutline/internal/config"
)

//go:embed risks.txt
var risksText string

// phrase is one entry of the lists: words that follow each other, the last one whole or the beginning of a word.
type phrase struct {
	words []string
	stem  bool // the last word may go on
}

// lists are the entries by risk and language.
var lists = sync.OnceValue(func() map[string]map[string][]phrase {
	out := map[string]map[string][]phrase{}
	for line := range strings.Lines(risksText) {
		head, entries, ok := strings.Cut(strings.TrimSpace(line), ":")
		risk, language, ok2 := strings.Cut(head, " ")
		if !ok || !ok2 || strings.HasPrefix(line, "#") {
			continue
		}
		if out[risk] == nil {
			out[risk] = map[string][]phrase{}
		}
		for e := range strings.SplitSeq(entries, ",") {
			e, stem := strings.CutSuffix(strings.TrimSpace(e), "*")
			out[risk][language] = append(out[risk][language], phrase{words(e), stem})
		}
	}
	return out
})

// Risks lists what in an article makes its review a matter for more than one person, of [config.Risks]: a tag or section
// of that name, or words of its language in headline, dek or body. An article in a language without lists is read
// with all of them.
func Risks(a article.Article) []string {
	text := words(a.Headline + "\n" + a.Dek + "\n" + a.Body)
	language := article.Primary(a.Language)
	var out []string
	for _, risk := range config.Risks {
		if any([]string{risk}, append([]string{a.Section}, a.Tags...)) || has(text, lists()[risk], language) {
			out = append(out, risk)
		}
	}
	return out
}

func has(text []string, by map[string][]phrase, language string) bool {
	if own, ok := by[language]; ok {
		return slices.ContainsFunc(own, func(p phrase) bool { return p.in(text) })
	}
	for _, l := range by {
		if slices.ContainsFunc(l, func(p phrase) bool { return p.in(text) }) {
			return true
		}
	}
	return false
}

func (p phrase) in(text []string) bool {
	n := len(p.words)
	for i := range len(text) - n + 1 {
		last := text[i+n-1]
		if slices.Equal(text[i:i+n-1], p.words[:n-1]) && (last == p.words[n-1] || p.stem && strings.HasPrefix(last, p.words[n-1])) {
			return true
		}
	}
	return false
}

// letters that the Arabic script's languages write in more than one way, as the lists are compared.
var letters = strings.NewReplacer("ي", "ی", "ى", "ی", "ئ", "ئ", "ك", "ک", "ة", "ه", "أ", "ا", "إ", "ا", "آ", "ا", "ٱ", "ا", "ـ", "", "\u200c", " ", "’", "'")

// words are a text's words as they are compared: case and letter forms folded, vowel signs away, parted at whatever is
// neither letter, digit nor an inner ' or -; Arabic words without the article and what is written together with it.
func words(s string) []string {
	s = letters.Replace(cases.Fold().String(norm.NFKC.String(s)))
	out := strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '\'' && r != '-'
	})
	for i, w := range out {
		w = strings.Map(func(r rune) rune {
			if r >= 0x64b && r <= 0x652 || r == 0x307 {
				return -1
			}
			return r
		}, w)
		out[i] = strings.Trim(bare(w), "'-")
	}
	return out
}

// bare is a word without the Arabic article, alone or after و, ف, ب, ک and ل: والمحکمه and للمحکمه are محکمه. What would be
// left too short to be a word stays whole.
func bare(w string) string {
	for _, article := range []string{"وال", "فال", "بال", "کال", "ولل", "لل", "ال"} {
		if rest, ok := strings.CutPrefix(w, article); ok && utf8.RuneCountInString(rest) >= 3 {
			return rest
		}
	}
	return w
}
