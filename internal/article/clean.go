package article

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rules is what a site knows besides the rules that every site has.
type Rules struct {
	Promotion []string // beginnings of lines that are promotion, in any case
}

var (
	// place (agency) – at the beginning of the first paragraph; the place in capitals or not, the agency in either kind
	// of brackets, any dash.
	dateline   = regexp.MustCompile(`^\s*([\p{L}\p{M}][\p{L}\p{M}\p{N} .,'’،-]{1,60}?)\s*[(（]([^()（）]{2,40})[)）]\s*[-–—:−]+\s*`)
	dateline2  = regexp.MustCompile(`^\s*([\p{Lu}][\p{Lu}\p{M} .'’-]{2,40}(?:, [\p{L} .]{2,30})?)\s+[–—−]\s+`)
	datelineJa = regexp.MustCompile(`^\s*[【（]([^】）＝=]{1,12})[＝=]([^】）]{2,20})[】）]\s*`) // 【東京＝例報道】
	byPrefix   = regexp.MustCompile(`^(?i:by|von|par|por|yazan|haber|text by|reporting by|nivîskar)[:\s]+|^(?:ئامادەکردنی|نووسینی|ڕاپۆرتی|کتب|كتبت|كتب|إعداد|تقرير|بقلم|نویسنده|گزارش)\s*[:：]?\s*|^[【\[]`)
	bySplit    = regexp.MustCompile(`\s*(?i:,|;|،|\s(?:and|und|et|y|ve|û|و)\s|&)\s*`)
	noWords    = regexp.MustCompile(`^[^\p{L}\p{N}]*$`)
)

// promotion lists beginnings of lines, in lower case, that are no part of an article.
var promotion = []string{
	"advertisement", "ad:", "sponsored", "read also", "read more", "also read", "see also", "related:", "download our app", "follow us", "subscribe", "sign up", "join our", "click here", "watch:", "share this", "this article was originally",
	"ڕیکلام", "ریکلام", "بخوێنەوە", "هەروەها بخوێنەوە", "زیاتر بخوێنەوە", "بابەتی پەیوەندیدار", "فۆڵۆومان بکەن", "ئەپەکەمان", "لە تەلەگرام",
	"إعلان", "اعلان", "اقرأ أيضا", "اقرأ أيضاً", "إقرأ أيضا", "للمزيد", "تابعونا", "تابعنا", "اشترك", "حمل تطبيق", "حملوا تطبيق",
	"آگهی", "بیشتر بخوانید", "همچنین بخوانید", "ما را در", "تبلیغات",
	"reklam:", "reklam ", "ilan:", "ayrıca okuyun", "ayrıca bakınız", "bunu da okuyun", "bizi takip", "uygulamamızı indir",
	"reklam –", "her wiha bixwîne", "bixwîne:", "me bişopîne",
	"anzeige", "lesen sie auch", "mehr zum thema", "folgen sie uns", "newsletter",
	"publicité", "lire aussi", "à lire aussi", "publicidad", "lea también", "síguenos", "реклама", "читайте также", "подписывайтесь",
	"広告", "【広告】", "あわせて読みたい", "関連記事", "フォロー",
}

var promotionAnywhere = regexp.MustCompile(`(?i)\badvert(?:isement|isment|ising)?\b|\bpromoted content\b`)

// always lists beginnings that are promotion also where the line is a whole sentence.
var always = []string{
	"download our app", "follow us on", "subscribe to our", "sign up for our", "sign up to our", "join our whatsapp", "join our telegram", "join our channel", "click here to", "this article was originally", "get the latest news",
	"تابعونا على", "تابعنا على", "حمل تطبيق", "حملوا تطبيق", "اشترك في", "اشتركوا في", "فۆڵۆومان بکەن", "ئەپەکەمان", "ما را در", "bizi takip edin", "uygulamamızı indir", "me bişopîne",
	"folgen sie uns", "abonnieren sie", "síguenos en", "suivez-nous sur", "abonnez-vous", "подписывайтесь на",
}

// Promotion says whether a line is promotion rather than part of the article: it begins with words that call for
// something else, and is no sentence of its own ("Read more books, the minister said." is one). extra are further
// beginnings, a site's own.
func Promotion(line string, extra ...string) bool {
	if len(line) > 1000 {
		return false
	}
	l := strings.ToLower(strings.TrimFunc(line, func(r rune) bool { return blank(r) || strings.ContainsRune("*_►▶>»•-–—#", r) }))
	for _, p := range always {
		if strings.HasPrefix(l, p) {
			return true
		}
	}
	for _, p := range extra {
		if p = strings.ToLower(strings.TrimFunc(p, blank)); p != "" && strings.HasPrefix(l, p) {
			return true
		}
	}
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(l, "”’»\"')"))
	stated := strings.ContainsRune(".。؟?!…", last) && last != 0
	for _, p := range promotion {
		rest, ok := strings.CutPrefix(l, p)
		if !ok || startsWithLetter(rest) && !strings.HasSuffix(p, " ") && p != "広告" {
			continue
		}
		rest = strings.TrimLeft(rest, " ")
		if !stated || rest == "" || strings.ContainsRune(":：|–—-…", []rune(rest)[0]) || strings.HasSuffix(p, ":") {
			return true
		}
	}
	return len([]rune(l)) < 80 && promotionAnywhere.MatchString(l) && !strings.ContainsAny(l, ".:!?")
}

func startsWithLetter(s string) bool {
	for _, r := range s {
		return unicode.IsLetter(r) || unicode.IsMark(r)
	}
	return false
}

// Clean brings an article as a source filled it into canonical form, in place: plain text in NFC, the dateline split
// off the body, names alone in the byline, promotion gone, the credit out of the caption (a credit of the CMS's own
// field wins over one in the caption), every field within a length that can be drawn.
//
// The body may be HTML or text with entities; it is decoded here, once. Every other field is plain text, and what looks
// like a tag or an entity in it is text: a source whose field holds HTML passes that field through [TextOf] before.
func Clean(a *Article, rules Rules) { clean(a, TextOf(cutBytes(a.Body, 4<<20)), rules) }

// The longest that fields may be, in code points. No newspaper comes near them; an attacker's does.
const (
	longLine = 1000
	longText = 5000
	longTag  = 100
	manyTags = 100
)

func clean(a *Article, body string, rules Rules) {
	a.Headline, a.Dek = oneLine(a.Headline, longLine), oneLine(a.Dek, longText)
	a.Section, a.Kicker = oneLine(a.Section, longTag), oneLine(a.Kicker, longTag)
	a.Byline = byline(name(a.Byline, longLine))
	a.Dateline = strings.TrimSpace(strings.TrimRight(oneLine(a.Dateline, longTag), "-–—− :"))
	var tags []string
	for _, t := range a.Tags[:min(len(a.Tags), manyTags)] {
		if t = oneLine(t, longTag); t != "" && !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	a.Tags = tags
	if a.Language == "" {
		a.Language = Detect(a.Headline + " " + cutBytes(body, 20000))
	}
	cleanPhoto(&a.Photo, a.Language)

	var out []string
	for p := range strings.SplitSeq(body, "\n\n") {
		var lines []string
		for l := range strings.SplitSeq(p, "\n") {
			if !Promotion(l, rules.Promotion...) && !noWords.MatchString(l) {
				lines = append(lines, l)
			}
		}
		p = strings.TrimFunc(strings.Join(lines, " "), blank)
		if p == "" || caption(p, a) || len(out) == 0 && (p == a.Headline || p == a.Dek) {
			continue
		}
		if len(out) == 0 {
			var line string
			if line, p = splitDateline(p); line != "" && a.Dateline == "" {
				a.Dateline = line
			}
			if p == "" {
				continue
			}
		}
		out = append(out, p)
	}
	a.Body = strings.Join(out, "\n\n")
	if a.Dek == a.Headline {
		a.Dek = ""
	}
	_, a.Dek = splitDateline(a.Dek) // a dek that the CMS made from the body's beginning
}

// caption says whether a paragraph is the photo's caption once more, with its credit or without.
func caption(p string, a *Article) bool {
	if a.Photo.Caption == "" || !strings.HasPrefix(p, a.Photo.Caption) {
		return false
	}
	_, rest := creditIn(p)
	return p == a.Photo.Caption || rest == a.Photo.Caption
}

func cleanPhoto(p *Photo, language string) {
	p.Alt, p.Terms = oneLine(p.Alt, longText), oneLine(p.Terms, longText)
	credit := label(name(p.Credit, longLine))
	found, rest := creditOf(oneLine(p.Caption, longText), language)
	found = name(found, longLine)
	p.Caption, p.Credit, p.From = rest, credit, "field"
	if credit == "" {
		p.Credit, p.From = found, "caption"
	}
	if p.Credit == "" {
		p.From = ""
	}
}

// splitDateline takes the dateline off a first paragraph. A sentence that has brackets and a dash behind its first words
// ("The mayor (left) – who …") has none: a place is written like a name, and so is an agency.
func splitDateline(p string) (line, rest string) {
	if m := dateline.FindStringSubmatchIndex(p); m != nil {
		place, agency := p[m[2]:m[3]], p[m[4]:m[5]]
		if placeLike(place) && (nameLike(agency) || agency == "dpa" || agency == "epd") {
			return place + " (" + agency + ")", p[m[1]:]
		}
	}
	for _, re := range []*regexp.Regexp{dateline2, datelineJa} {
		if m := re.FindStringSubmatchIndex(p); m != nil {
			line = p[m[2]:m[3]]
			if len(m) > 4 && m[4] >= 0 {
				line += " (" + p[m[4]:m[5]] + ")"
			}
			return line, p[m[1]:]
		}
	}
	return "", p
}

// placeLike says whether a text reads as a place, perhaps with a date: few words, and where its script has capitals, none
// but particles and months without one.
func placeLike(s string) bool {
	words := strings.Fields(s)
	if len(words) > 6 || !cased(s) && len(words) > 4 {
		return false
	}
	for i, w := range words {
		if r, _ := utf8.DecodeRuneInString(w); unicode.IsLower(r) && (i == 0 || utf8.RuneCountInString(w) > 3) {
			return false
		}
	}
	return words[0] != "The" && words[0] != "A"
}

// Place is the dateline's first part: "ERBIL" of "ERBIL (Kurdistan24)".
func (a *Article) Place() string { place, _, _ := strings.Cut(a.Dateline, " ("); return place }

// Agency is the dateline's second part: "Kurdistan24" of "ERBIL (Kurdistan24)". Empty: it names none.
func (a *Article) Agency() string {
	_, agency, _ := strings.Cut(a.Dateline, " (")
	return strings.TrimSuffix(agency, ")")
}

// byline keeps the names of a byline, parted by ", ".
func byline(s string) string {
	s = byPrefix.ReplaceAllString(s, "")
	s, _, _ = strings.Cut(s, " / ")
	s = strings.Trim(s, "【】[] ")
	var names []string
	for _, n := range bySplit.Split(s, -1) {
		if n = strings.TrimSpace(n); n != "" {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}

// Paragraphs is the body's paragraphs.
func (a *Article) Paragraphs() []string {
	if a.Body == "" {
		return nil
	}
	return strings.Split(a.Body, "\n\n")
}
