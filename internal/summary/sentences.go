package summary

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// abbreviations end with a full stop that ends no sentence. In lower case; those of all languages together, since an
// article in one quotes names of another.
var abbreviations = strings.Fields(`mr. mrs. ms. dr. prof. gen. lt. col. sgt. sen. rep. gov. rev. st. jr. sr. inc. ltd. co. corp. vs. etc. no. nos. vol. art. fig. approx. dept. est. mt. ft. sec. hon. capt. maj. cpl. adm. det. bros. dist. pp.
	jan. feb. mar. apr. jun. jul. aug. sep. sept. oct. nov. dec. e.g. i.e. u.s. u.k. u.n. cf. ca. z.b. bzw. usw. ggf. nr. str. v. l. r. d.h. u.a. sog. inkl. fa. abs. tel. jh.
	av. doç. örn. vb. bkz. m. mme. mlle. sra. sr. dra. ee. uu. т.е. г. ул. им. обл. د. م. أ. پ. t.c. med. phil. jur. mio. mrd. op. yrd. hz. pz.`)

// closers may follow a sentence's mark and belong to it.
const closers = "”’»\"')]›）」』】״"

// Sentences splits a paragraph, or several, into sentences. Marks are those of the Latin, Arabic, Chinese-Japanese and other
// scripts. A mark inside an abbreviation, an initial, a number or a quotation that goes on ends nothing. Joined by a space
// (none in Chinese and Japanese) the sentences give the paragraph again.
func Sentences(text, language string) []string {
	var out []string
	for p := range strings.SplitSeq(text, "\n") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, split(p, writesOrdinals(language))...)
		}
	}
	return out
}

func split(p string, ordinals bool) []string {
	var out []string
	start := 0
	for i := 0; i < len(p); {
		r, n := utf8.DecodeRuneInString(p[i:])
		end := i + n
		i = end
		wide := r == '。' || r == '！' || r == '？'
		if !wide && !strings.ContainsRune(".!?؟…۔।॥።։។။", r) {
			continue
		}
		for end < len(p) { // more marks, then what closes
			c, m := utf8.DecodeRuneInString(p[end:])
			if !strings.ContainsRune(".!?؟…。！？"+closers, c) {
				break
			}
			end += m
		}
		if closing := strings.TrimPrefix(p[end:], " "); strings.HasPrefix(closing, "»") && quotationOpen(p[start:end]) { // « Non. »
			end = len(p) - len(closing) + len("»")
		}
		i = end
		if end >= len(p) {
			break
		}
		rest := p[end:]
		next := strings.TrimLeft(rest, " ")
		if !wide && next == rest {
			continue // 4.2, example.com
		}
		if quotationOpen(p[start:end]) || bracketOpen(p[start:end]) {
			continue
		}
		word, _, _ := strings.Cut(strings.TrimLeft(next, "“‘«\"'([„‚‹（「『״"), " ")
		first, _ := utf8.DecodeRuneInString(word)
		if unicode.IsLower(first) && strings.IndexFunc(word[:min(len(word), 4)], unicode.IsUpper) < 0 { // iPhone begins one
			continue // "…," he said. / „…“, sagte er
		}
		last, _ := utf8.DecodeLastRuneInString(p[start:end])
		if r != '.' && strings.ContainsRune(closers, last) && (wide && unicode.Is(unicode.Hiragana, first) || says(next)) {
			continue // 「…！」と叫んだ / «!…» قال
		}
		if r == '.' && afternoon(p[start:end]) && slices.Contains(dated, strings.Trim(word, ",.;:)")) {
			continue
		}
		if r == '.' && (abbreviated(p[start:end]) || ordinals && ordinal(p[start:end], first)) {
			continue
		}
		out = append(out, strings.TrimSpace(p[start:end]))
		start = end + len(rest) - len(next)
		i = start
	}
	if last := strings.TrimSpace(p[start:]); last != "" {
		out = append(out, last)
	}
	return out
}

// dated are the words that may follow "5 p.m." in a sentence though they have a capital.
var dated = strings.Fields("Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August September October November December EST EDT CST CDT MST MDT PST PDT ET CT PT GMT UTC BST CET CEST AST IST Eastern Pacific Central Baghdad Erbil")

func afternoon(s string) bool {
	return strings.HasSuffix(s, "a.m.") || strings.HasSuffix(s, "p.m.")
}

// saying are words that say who spoke, in languages whose first letters do not tell whether a sentence goes on.
var saying = strings.Fields("گوتی گوت وتی دەڵێت دەڵێ قال قالت يقول تقول گفت می\u200cگوید کہا")

// says says whether one of them is among a text's first three words.
func says(next string) bool {
	words := strings.Fields(next)
	return slices.ContainsFunc(words[:min(len(words), 3)], func(w string) bool { return slices.Contains(saying, strings.Trim(w, ".،:!؛۔")) })
}

// abbreviated says whether a text ends with an abbreviation or an initial.
func abbreviated(s string) bool {
	word := s[strings.LastIndexAny(s, " (“\"«„")+1:]
	word = strings.ToLower(strings.TrimLeft(word, "“‘«\"'([„"))
	if slices.Contains(abbreviations, word) {
		return true
	}
	letters := []rune(strings.TrimSuffix(word, "."))
	return len(letters) == 1 && unicode.IsLetter(letters[0]) // J. Smith
}

// writesOrdinals says whether a language writes a date's day with a full stop: "am 30. November".
func writesOrdinals(language string) bool {
	return slices.Contains(strings.Fields("de da nb nn no fi cs sk hu hr sl et lv is"), language[:min(len(language), 2)])
}

// ordinal says whether a text ends with a number that goes on: "am 30. November".
func ordinal(s string, next rune) bool {
	word := strings.TrimSuffix(s[strings.LastIndexByte(s, ' ')+1:], ".")
	return len(word) > 0 && len(word) <= 2 && strings.Trim(word, "0123456789") == "" && unicode.IsLetter(next)
}

var pairs = map[rune]rune{'“': '”', '«': '»', '„': '“', '‹': '›', '「': '」', '『': '』', '《': '》'}

// quotationOpen says whether a quotation that began in s has not ended in it. Quotation marks are those that differ at
// their ends, in any language's use, and the straight double one.
func quotationOpen(s string) bool { return depth(s) > 0 }

func depth(s string) int {
	var open []rune
	straight, reversed := 0, strings.ContainsRune(s, '»') && (!strings.ContainsRune(s, '«') || strings.IndexRune(s, '»') < strings.IndexRune(s, '«'))
	letters := []rune(s)
	for i, r := range letters {
		if r == '״' && (i == 0 || !unicode.IsLetter(letters[i-1]) || i+1 == len(letters) || !unicode.IsLetter(letters[i+1])) { // not ארה״ב
			straight ^= 1
		}
		end := pairs[r]
		if reversed { // »German«
			switch r {
			case '»':
				end = '«'
			case '«':
				end = 0
			}
		}
		switch {
		case r == '"':
			straight ^= 1
		case len(open) > 0 && (r == open[len(open)-1] || r == '”' && open[len(open)-1] == '“'):
			open = open[:len(open)-1]
		case end != 0:
			open = append(open, end)
		}
	}
	return len(open) + straight
}

func bracketOpen(s string) bool {
	return strings.Count(s, "(") > strings.Count(s, ")") || strings.Count(s, "（") > strings.Count(s, "）")
}
