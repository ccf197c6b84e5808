package summary

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// Finding is one thing in a text that the article does not bear out.
type Finding struct {
	Kind string // number, date, name, quotation, markup, caption, dateline, promotion, headline, balance
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
func Check(text string, a article.Article) []Finding { return Read(a).Check(text) }

// Reading is an article as it was read for the texts that are made from it and checked against it: several channels' texts
// need it read only once. It may be used from several goroutines.
type Reading struct {
	a         article.Article
	source    string            // all of it that a text may draw on, but for what only some checks take
	known     map[string]bool   // its words, as names are compared
	said      facts             // its numbers, dates and spelled numbers
	pursued   followers         // its words in scripts without capitals, and what follows them; empty for other languages
	folded    func() string     // source, as quotations are compared; few texts have one
	sentences func() []sentence // what a summary may be made of; a text that is only checked needs none
}

// Read reads an article, which must not be changed afterwards.
func Read(a article.Article) *Reading {
	r := &Reading{a: a, source: a.Headline + "\n" + a.Dek + "\n" + a.Body + "\n" + a.Section + "\n" + strings.Join(a.Tags, "\n"), known: map[string]bool{}}
	for w := range strings.FieldsFuncSeq(r.source+"\n"+a.Byline+"\n"+a.Dateline+"\n"+a.Photo.Caption, notWord) {
		r.known[strings.ToLower(stem(w))] = true
	}
	r.said = factsOf(r.source+"\n"+a.Dateline, a.Language)
	if article.RTL(a.Language) {
		r.pursued = followersIn(r.source + "\n" + a.Byline)
	}
	r.folded = sync.OnceValue(func() string { return fold(r.source) })
	r.sentences = sync.OnceValue(func() []sentence { return candidates(a) })
	return r
}

// Check is [Check] of a text against the article.
func (r *Reading) Check(text string) []Finding {
	a := r.a
	var out []Finding
	find := func(kind, what, why string, args ...any) {
		out = append(out, Finding{kind, what, remark.Say(why, args...)})
	}
	plain := linkRE.ReplaceAllString(text, "")
	bare := withoutTags(plain)
	have := tokens(bare)
	r.said.check(have, find)
	r.pursued.check(have, find)
	for _, q := range quotations(plain) {
		for part := range strings.SplitSeq(strings.ReplaceAll(q, "...", "…"), "…") {
			if !strings.Contains(r.folded(), fold(part)) {
				find("quotation", q, "quotation-not-in-article", q)
				break
			}
		}
	}
	for _, s := range Sentences(bare, a.Language) {
		checkNames(strings.FieldsFunc(s, notWord), r.known, a.Language, find)
	}
	if m := markupRE.FindString(plain); m != "" {
		find("markup", m, "markup-in-text", m)
	}
	if c := a.Photo.Caption; len(c) > 20 && strings.Contains(plain, c) && !strings.Contains(a.Body+a.Dek, c) {
		find("caption", c, "caption-in-text")
	}
	if a.Dateline != "" && strings.HasPrefix(strings.TrimSpace(plain), a.Dateline) {
		find("dateline", a.Dateline, "dateline-in-text")
	}
	for line := range strings.SplitSeq(plain, "\n") {
		if a.Photo.Credit != "" && !strings.Contains(a.Body+a.Dek+a.Headline, line) {
			if credit, _ := article.CreditIn(line, a.Language); credit == a.Photo.Credit {
				find("caption", line, "credit-in-text", credit)
			}
		}
		if strings.TrimSpace(line) != "" && article.Promotion(line) {
			find("promotion", line, "promotion-in-text", line)
		}
	}
	if !balanced(plain) {
		find("balance", "", "mark-not-closed")
	}
	if h := fold(a.Headline); len(h) > 10 && strings.Count(fold(plain), h) > 1 {
		find("headline", a.Headline, "headline-said-twice")
	}
	return out
}

// checkNames finds words with a capital that the article does not have. A sentence's first word is a name only if the
// next one looks like one too, or says something. German writes every noun with a capital: there two in a row are a name.
func checkNames(ws []string, known map[string]bool, language string, find func(kind, what, why string, args ...any)) {
	german := strings.HasPrefix(language, "de")
	capital := func(i int) bool {
		if i < 0 || i >= len(ws) {
			return false
		}
		r, _ := utf8.DecodeRuneInString(ws[i])
		return unicode.IsUpper(r) && len(ws[i]) > 1
	}
	strange := func(i int) bool {
		return capital(i) && !known[strings.ToLower(stem(ws[i]))] && date(strings.ToLower(ws[i])) == 0
	}
	for i, w := range ws {
		switch {
		case !strange(i):
			continue
		case german && !(capital(i-1) && (strange(i-1) || i > 1) || strange(i+1)):
			continue
		case i == 0 && !capital(1) && !(len(ws) > 1 && slices.Contains(speech, strings.ToLower(ws[1]))):
			continue
		}
		find("name", w, "name-not-in-article", w)
	}
}

// speech are verbs behind a name.
var speech = strings.Fields("said says told added warned announced confirmed denied dedi söyledi belirtti açıkladı sagte sagt erklärte got")

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
		if first := strings.TrimLeft(w, "\u200e\u200f"); !strings.HasPrefix(first, "#") && !strings.HasPrefix(first, "@") {
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
		end := closing(rs, i)
		if end < 0 {
			continue
		}
		if q := strings.TrimSpace(string(rs[i+1 : end])); len(strings.Fields(q)) > 1 || len([]rune(q)) > 12 {
			out = append(out, q)
		}
		i = end
	}
	return out
}

// closing finds where the quotation that begins at i ends; -1: none begins there, or it does not end.
func closing(rs []rune, i int) int {
	ends := string(pairs[rs[i]])
	switch rs[i] {
	case '"':
		ends = `"`
	case '„':
		ends = "“”"
	case '»': // »German«
		ends = "«"
	case '‘':
		ends = "’"
	}
	if pairs[rs[i]] == 0 && !strings.ContainsRune(`"»‘`, rs[i]) {
		return -1
	}
	for j := i + 1; j < len(rs); j++ {
		if strings.ContainsRune(ends, rs[j]) && !(rs[j] == '’' && j+1 < len(rs) && unicode.IsLetter(rs[j+1])) { // it’s
			return j
		}
	}
	return -1
}

// balanced says whether every quotation mark and bracket of a text has its partner.
func balanced(s string) bool {
	if depth(s) != 0 {
		return false
	}
	var open []rune
	for _, r := range s {
		switch {
		case strings.ContainsRune("([（【〔", r):
			open = append(open, r)
		case strings.ContainsRune(")]）】〕", r):
			if len(open) == 0 || partner[open[len(open)-1]] != r {
				return false
			}
			open = open[:len(open)-1]
		}
	}
	return len(open) == 0 && !closesUnopened(s)
}

var partner = map[rune]rune{'(': ')', '[': ']', '（': '）', '【': '】', '〔': '〕'}

// closesUnopened says whether a quotation ends that has not begun. Swedish and Finnish begin with the mark that ends.
func closesUnopened(s string) bool {
	counts := map[rune]int{}
	first := rune(0)
	for _, r := range s {
		if (r == '«' || r == '»') && first == 0 {
			first = r
		}
		counts[r]++
		if first == '«' && counts['»'] > counts['«'] || first == '»' && counts['«'] > counts['»'] || counts['」'] > counts['「'] {
			return true
		}
	}
	return counts['”'] > counts['“']+counts['„'] && counts['”'] != 2*(counts['”']/2)
}
