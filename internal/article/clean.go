package article

import (
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
	dateline   = compiled(`^\s*([\p{L}\p{M}][\p{L}\p{M}\p{N} .,'’،/-]{1,60}?)\s*[(（\[]([^()（）\[\]]{2,40})[)）\]]\.?\s*[-–—:−]+\s*`)
	datelineNo = compiled(`^\s*\(([^()]{2,40})\)\s*[-–—−]+\s+`) // (Reuters) – : no place
	dateline2  = compiled(`^\s*([\p{Lu}][\p{Lu}\p{M} .'’-]{2,40}(?:, [\p{L} .]{2,30})?)\s+[-–—−]\s+`)
	datelineRu = compiled(`^\s*(\p{Lu}[\p{L} -]{2,30}, \d{1,2} \p{L}+)\.? /([^/]{2,20})/\.\s*`) // МОСКВА, 26 ноября. /ТАСС/.
	// Where letters have no capitals a place alone is one or two words, or an agency stands between marks behind it.
	datelineAr = compiled(`^\s*([\p{Arabic}\p{M}\x{200c}]{2,}(?: [\p{Arabic}\p{M}\x{200c}]{2,})?)\s*(?:/\s*|\s[-–—]\s+)(?:([^-–—/:.]{2,30}?)\s*[-–—:]\s+)?`)
	datelineJa = compiled(`^\s*[【（]([^】＝=]{1,12}?)(?:[＝=]([^】）]{2,20})|(共同|時事|ロイター|AFP時事|AFP|AP))[】）]\s*`) // 【東京＝例報道】
	byPrefix   = compiled(`^(?i:(?:written |reported |reporting |story |words |text |edited |editing )?by|von|par|por|yazan|haber|text|nivîskar|amadekar|amadekirin|автор(?:ы)?|текст)[:\s]+|^(?:ئامادەکردنی|ئا:|نووسینی|ڕاپۆرتی|کتب|كتبت|كتب|إعداد|تقرير|بقلم|نویسنده|نوشته|گزارش)\s*[:：]?\s*|^[【\[]|^(?:取材・)?文[・＝=：:]`)
	bySplit    = compiled(`\s*(?i:,|;|،|、|\s(?:and|und|et|y|ve|û|و)\s|&)\s*`)
	byPlace    = compiled(` in \p{Lu}\S*(?: \p{Lu}\S*)*$`) // By Sara Haddad in Erbil
	byBrackets = compiled(`\s*[(\[][^()\[\]]*[)\]]`)
	byDash     = compiled(`\s[-–—]\s`)
	bySides    = compiled(`\s+[-–—|]\s+|\s*/\s*|\s+\|`)
	// noWords is a line of no words, or of what a page puts something else for: an address alone, a shortcode.
	noWords = compiled(`^(?:[^\p{L}\p{N}]*|https?://\S+|\[[a-z][a-z0-9_-]*\s[^\]]*=[^\]]*\]|\[/[a-z][a-z0-9_-]*\])$`)
)

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
		if placeLike(place) && (nameLike(agency) || strings.HasPrefix(agency, "dpa") || agency == "epd") {
			return place + " (" + agency + ")", p[m[1]:]
		}
	}
	if m := datelineNo.FindStringSubmatchIndex(p); m != nil && agency(p[m[2]:m[3]], "") {
		return "(" + p[m[2]:m[3]] + ")", p[m[1]:]
	}
	for _, re := range []*pattern{dateline2, datelineRu, datelineJa} {
		if m := re.FindStringSubmatch(p); m != nil && !slices.Contains(noPlaces, m[1]) {
			line = m[1]
			if by := strings.Join(m[2:], ""); by != "" {
				line += " (" + by + ")"
			}
			return line, p[len(m[0]):]
		}
	}
	if m := datelineAr.FindStringSubmatch(p); m != nil {
		rest := p[len(m[0]):]
		if slices.Contains(noPlaces, m[1]) {
			return "", p
		}
		switch slash := strings.Contains(m[0], "/"); {
		case m[2] != "" && agency(m[2], ""):
			return m[1] + " (" + m[2] + ")", rest
		case m[2] == "" && !slash && !strings.ContainsAny(rest[:min(len(rest), 160)], "-–—"): // not – as here – a remark
			return m[1], rest
		}
	}
	return "", p
}

// noPlaces are words in capitals that a first sentence or a kicker begins with.
var noPlaces = strings.Fields("NATO UNICEF UNESCO UNHCR OPEC FIFA UEFA NASA BREAKING UPDATE UPDATED LIVE OPINION ANALYSIS EXCLUSIVE WATCH VIDEO EXPLAINER FACTBOX TIMELINE عاجل تحليل رأي تقرير فيديو بالفيديو خاص حصري فوری تحلیل ویدیو ڤیدیۆ هەواڵ شیکاری بەپەلە تایبەت")

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

// Place is the dateline's first part: "ERBIL" of "ERBIL (Kurdistan24)". Empty: it names none.
func (a *Article) Place() string {
	place, _, _ := strings.Cut(" "+a.Dateline, " (")
	return strings.TrimSpace(place)
}

// Agency is the dateline's second part: "Kurdistan24" of "ERBIL (Kurdistan24)". Empty: it names none.
func (a *Article) Agency() string {
	_, agency, _ := strings.Cut(" "+a.Dateline, " (")
	return strings.TrimSuffix(agency, ")")
}

// byline keeps the names of a byline, parted by ", ": no word that leads to them, no house that publishes, no place but one
// behind a comma, which may be a name, and no remark in brackets.
func byline(s string) string {
	named := byPrefix.MatchString(s)
	s = byPrefix.ReplaceAllString(s, "")
	if s = byBrackets.ReplaceAllString(s, ""); named {
		s = byPlace.ReplaceAllString(s, "")
	}
	s = strings.Trim(s, "【】[] ")
	said := s
	// What stands behind a bar, a dash or a slash is a place, an agency or another's part, unless a dash parts two full
	// names; before it, if it is one word.
	sides := bySides.Split(s, -1)
	if s = sides[0]; len(sides) > 1 && len(strings.Fields(sides[1])) > 1 {
		switch {
		case len(strings.Fields(s)) == 1:
			s = sides[1]
		case byDash.MatchString(said) && strictNames(sides[1]) && !strings.Contains(sides[1], ":"):
			s += ", " + sides[1]
		}
	}
	var names []string
	for _, n := range bySplit.Split(s, -1) {
		for _, n := range arabicNames(strings.TrimSpace(byPrefix.ReplaceAllString(n, ""))) {
			if n != "" && !isHouse(n) {
				names = append(names, n)
			}
		}
	}
	if names == nil {
		return s // an agency's or a house's alone
	}
	return strings.Join(names, ", ")
}

// arabicNames parts two full names of which the second has its "and" written to it: ليث المثال وهدى سالم.
func arabicNames(s string) []string {
	words := strings.Fields(s)
	for i := 2; i+1 < len(words); i++ {
		if second, ok := strings.CutPrefix(words[i], "و"); ok && utf8.RuneCountInString(second) > 2 && !slices.Contains(withWaw, words[i]) {
			return append([]string{strings.Join(words[:i], " ")}, arabicNames(second+" "+strings.Join(words[i+1:], " "))...)
		}
	}
	return []string{s}
}

// withWaw are names that begin with the letter that is also "and".
var withWaw = strings.Fields("وليد وسام وائل وفاء وجدي وداد وسيم وضاح ولاء وحيد وجيه ورد وردة واثق وهيب وهبة")

// Paragraphs is the body's paragraphs.
func (a *Article) Paragraphs() []string {
	if a.Body == "" {
		return nil
	}
	return strings.Split(a.Body, "\n\n")
}
