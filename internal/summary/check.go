package summary

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"cutline/internal/article"
)

// Finding is one thing in a text that the article does not bear out.
type Finding struct {
	Kind string // number, name, quotation, markup, caption, dateline, promotion, headline, balance
	Text string // what was found
	Why  string // in words for the desk
}

var (
	numberRE = regexp.MustCompile(`[\p{Nd}]+(?:[.,:٫٬/’'][\p{Nd}]+)*`)
	markupRE = regexp.MustCompile(`<[a-zA-Z/!][^>]*>|&(?:[a-zA-Z]{2,8}|#[0-9]{1,6}|#x[0-9a-fA-F]{1,5});|\[/?[a-z]+\]`)
	linkRE   = regexp.MustCompile(`https?://\S+`)
)

// Check is the faithfulness gate: every number, name and quotation of a text occurs in the article; it carries no
// markup, caption, dateline or promotion; quotation marks and brackets are balanced; and it does not say the headline
// twice. Links and hashtags are not looked at. No findings: it may go out.
func Check(text string, a article.Article) []Finding {
	var out []Finding
	find := func(kind, what, why string, args ...any) {
		out = append(out, Finding{kind, what, fmt.Sprintf(why, args...)})
	}
	plain := linkRE.ReplaceAllString(text, "")
	source := a.Headline + "\n" + a.Dek + "\n" + a.Body + "\n" + a.Section + "\n" + strings.Join(a.Tags, "\n")
	have := map[string]bool{}
	for _, n := range numberRE.FindAllString(source, -1) {
		have[digits(n)] = true
	}
	for _, n := range numberRE.FindAllString(withoutTags(plain), -1) {
		if !have[digits(n)] {
			find("number", n, "the number %s is not in the article", n)
		}
	}
	folded := fold(source)
	for _, q := range quotations(plain) {
		if !strings.Contains(folded, fold(q)) {
			find("quotation", q, "the quotation “%s” is not in the article word for word", q)
		}
	}
	known := map[string]bool{}
	for w := range strings.FieldsFuncSeq(source+"\n"+a.Byline+"\n"+a.Photo.Caption, notWord) {
		known[strings.ToLower(stem(w))] = true
	}
	for _, s := range Sentences(withoutTags(plain), a.Language) {
		for i, w := range strings.FieldsFunc(s, notWord) {
			if r := []rune(w); i > 0 && len(r) > 1 && unicode.IsUpper(r[0]) && !known[strings.ToLower(stem(w))] && !german(a.Language) {
				find("name", w, "the name %s is not in the article", w)
			}
		}
	}
	if m := markupRE.FindString(plain); m != "" {
		find("markup", m, "%s is markup, not text", m)
	}
	if c := a.Photo.Caption; len(c) > 20 && strings.Contains(plain, c) && !strings.Contains(a.Body+a.Dek, c) {
		find("caption", c, "the photo's caption is in the text")
	}
	if a.Dateline != "" && strings.HasPrefix(strings.TrimSpace(plain), a.Dateline) {
		find("dateline", a.Dateline, "the text begins with the dateline")
	}
	for line := range strings.SplitSeq(plain, "\n") {
		if strings.TrimSpace(line) != "" && article.Promotion(line) {
			find("promotion", line, "“%s” is promotion", line)
		}
	}
	if depth(plain) != 0 || strings.Count(plain, "(") != strings.Count(plain, ")") || strings.Count(plain, "[") != strings.Count(plain, "]") || closesUnopened(plain) {
		find("balance", "", "a quotation mark or bracket is not closed")
	}
	if h := fold(a.Headline); len(h) > 10 && strings.Count(fold(plain), h) > 1 {
		find("headline", a.Headline, "the text says the headline twice")
	}
	return out
}

// german languages write every noun with a capital: names cannot be told by it.
func german(language string) bool { return strings.HasPrefix(language, "de") }

func notWord(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '’' && r != '\''
}

// stem takes off what follows an apostrophe: Erbil’s, İstanbul’da.
func stem(w string) string {
	if i := strings.IndexAny(w, "’'"); i > 1 {
		return w[:i]
	}
	return strings.Trim(w, "’'")
}

func withoutTags(s string) string {
	var out []string
	for _, w := range strings.Fields(s) {
		if !strings.HasPrefix(w, "#") && !strings.HasPrefix(w, "@") {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}

// digits brings a number to Latin digits without marks for thousands, so that ١٬١٥٠, 1,150 and 1.150 are one; a mark
// before one or two digits at the end is a decimal or a time, and stays as a point.
func digits(n string) string {
	var b strings.Builder
	rs := []rune(n)
	for i, r := range rs {
		if unicode.IsDigit(r) {
			b.WriteByte(byte('0' + digit(r)))
			continue
		}
		after := 0
		for j := i + 1; j < len(rs) && unicode.IsDigit(rs[j]); j++ {
			after++
		}
		if after != 3 {
			b.WriteByte('.')
		}
	}
	return strings.TrimLeft(b.String(), "")
}

// digit is the value of a decimal digit of any script: their blocks begin at a zero and have ten in a row.
func digit(r rune) int {
	n := 0
	for unicode.IsDigit(r-1) && n < 9 {
		r--
		n++
	}
	return n
}

// quotations of two words and more; one word in quotation marks may be the writer's irony.
func quotations(s string) []string {
	var out []string
	rs := []rune(s)
	for i := 0; i < len(rs); i++ {
		end := pairs[rs[i]]
		if rs[i] == '"' {
			end = '"'
		}
		if end == 0 {
			continue
		}
		for j := i + 1; j < len(rs); j++ {
			if rs[j] == end {
				if q := strings.TrimSpace(string(rs[i+1 : j])); len(strings.Fields(q)) > 1 || len([]rune(q)) > 12 {
					out = append(out, q)
				}
				i = j
				break
			}
		}
	}
	return out
}

// closesUnopened says whether a quotation ends that has not begun.
func closesUnopened(s string) bool {
	open := 0
	for _, r := range s {
		switch r {
		case '«':
			open++
		case '»':
			if open--; open < 0 {
				return true
			}
		}
	}
	return false
}
