package article

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// photoLabels name a picture and whose it is. With a colon behind it such a word begins a credit anywhere in a caption.
const photoLabels = `(?i:file photo|photo(?:graph)? credit|photo courtesy(?: of)?|photographer|photograph|photos?|picture credit|pictures?|pic|image credit|images?|screenshot|screengrab|illustration|graphic|crédits? photos?|crédit|photographie|fotoğraf|fotograf(?:ie|ía|în)?|fotos?|bild(?:er)?|grafik|wêne(?:kêş)?|görsel|фото(?:графия)?)` +
	`|وێنەی|وێنە|وێنەگر|فۆتۆ|(?:مصدر )?الصورة|صورة|صور|تصوير|عدسة|عکس|عكس|عکاس|تصویر|写真提供|写真|提供|撮影|画像|צילום|फोटो`

// otherLabels say whose something is, a picture or not: they begin a credit only where a sentence has ended.
const otherLabels = `(?i:credits?|courtesy(?: of)?|source|via|handout|copyright|quelle|kaynak|source photo|fuente|crédito|origen|источник|çavkanî)|سەرچاوە|المصدر|منبع|出典`

// agencies whose bare name at a caption's end is a credit, in any language.
var agencies = strings.Split(`AFP|AFP PHOTO|AFP Photo|AP|AP Photo|AP Images|Associated Press|The Associated Press|Reuters|REUTERS|EPA|EPA-EFE|EPA Images|EFE|dpa|DPA|DHA|İHA|IHA|ANHA|ANSA|TASS|ТАСС|Sputnik|Xinhua|Getty|Getty Images|Anadolu|Anadolu Agency|Kurdistan24|Kurdistan 24|Rudaw|UPI|Bloomberg|IRNA|ISNA|Shutterstock|Alamy|iStock|NurPhoto|SOPA Images|ZUMA|ZUMA Press|Unsplash|Pixabay|Pexels|Wikimedia Commons|Wikipedia|NASA|imago|IMAGO|picture alliance|picture-alliance|РИА Новости|Keystone|Magnum Photos|The Canadian Press|`+
	`أ ف ب|أ.ف.ب|ا ف ب|أ ب|أ.ب|د ب أ|رويترز|فرانس برس|الأناضول|الاناضول|وكالات|واع|سانا|وام|ڕووداو|روداو|کوردستان٢٤|کوردستان24|ئەی ئێف پی|ڕۆیتەرز|ئاژانسەکان|共同|共同通信|時事|時事通信|新華社|ロイター|共同通信社|時事通信社`, "|")

// agenciesOf are names that are ordinary words in other languages.
var agenciesOf = map[string][]string{
	"tr": {"AA", "ANKA", "Depo Photos"}, "en": {"PA", "AA", "PA Wire"}, "ku": {"AA"}, "kmr": {"AA"}, "ckb": {"AA"}, "ar": {"AA"},
	"fa": {"ایرنا", "ایسنا", "تسنیم", "فارس", "مهر", "میزان"}, "de": {"epd", "KNA", "APA", "AA"}, "fr": {"PA", "MAXPPP"}, "es": {"EP", "Europa Press"},
}

var (
	archive   = regexp.MustCompile(`\s*[(\[（]\s*(?i:archives?|file(?: photo| image)?|ئەرشیف|أرشيف|ارشيف|آرشیو|arşiv|archiv(?:bild|foto)?|архив|資料(?:写真)?)\s*[)\]）]\s*[.。]?$`)
	bracketed = regexp.MustCompile(`^(.*?)\s*[(\[（【]\s*([^()\[\]（）【】]*)\s*[)\]）】]\s*[.。]?$`)
	heading   = regexp.MustCompile(`^[(\[（【]\s*([^()\[\]（）【】]*)\s*[)\]）】]\s*[–—-]?\s*(.+)$`)
	// labelled is a text that a label begins: "Photo: AFP", "Photo by Safin Test", "Photo/AFP".
	labelled     = regexp.MustCompile(`^(?:` + photoLabels + `|` + otherLabels + `)\s*(?:[:：…]|\.\.\.|/|\|)\s*(?:(?i:by|von|par|por)\s+)?(.+)$`)
	labelledBy   = regexp.MustCompile(`^(?:(?i:(?:file )?(?:photo(?:graph)?s?|pictures?|images?|illustration|graphic) (?:taken )?(?:by|courtesy of|from|via)|photos? courtesy|courtesy(?: of)?|handout (?:via|from|by)|foto(?:s|grafie)? von|photo (?:de|par)|fotoğraf:?|foto de)|عکس(?:\x{200c}?ها)? از)\s+(.+)$`)
	labelInside  = regexp.MustCompile(`(?:^|[\s.。،,;–—|(-])((` + photoLabels + `)|(?:` + otherLabels + `))\s?[:：]\s*([^:：]+)$`)
	byInside     = regexp.MustCompile(`[.。!?”»"]\s+(?:[–—|-]\s+)?(?i:photo(?:graph)?s? (?:by|courtesy of)|pictures? by|courtesy of|image by|handout via|fotos? von)\s+([^.]+[.]?)$`)
	sign         = regexp.MustCompile(`(?:^|[\s(|–—-])(?:©|\(c\)|\(C\)|Copyright ©?)\s*((?:\d{4}\s+)?[^©]+)$`)
	japaneseBy   = regexp.MustCompile(`^(.*?)[＝=／/]([^＝=／/、。0-9０-９]{2,14}?)(?:氏|さん)?撮影$`)
	japaneseFrom = regexp.MustCompile(`^(.*?)[\s　＝=／/]*([^\s　＝=／/、。]{2,20})提供$`)
	filePhoto    = regexp.MustCompile(`\s*[/,]\s*(?i:file photo|file|archives?|archiv|handout|arşiv)\s*\.?$`)
	leading      = regexp.MustCompile(`^(?:` + photoLabels + `)\s*[:：]\s*([^–—|]{1,60}?)\s+[–—|-]\s+(.+)$`)
	fileLabel    = regexp.MustCompile(`^\s*(?i:file|archives?|archiv)\s*:\s*`)
	year         = regexp.MustCompile(`^\d{4}\s+`)
	licence      = regexp.MustCompile(`^CC(?:0|[ -]BY)`)
	dashTail     = regexp.MustCompile(`^(.*\S)\s*(?:[|/＝]|\s[–—-])\s*([^|–—＝]{2,60})$`)
	joins        = regexp.MustCompile(`\s*(?:/|\||\bvia\b|\bfor\b|\bon\b|,)\s*`)
)

// CreditIn takes a photo's credit out of its caption: "Water stands at the spillway. (Photo: AFP)" gives "AFP" and "Water
// stands at the spillway.". The caption may hold a CMS's formatting and entities. language may be empty; it tells which
// words are an agency's name. No credit: empty, and the caption as it is.
func CreditIn(caption, language string) (credit, rest string) {
	return creditOf(oneLine(captionText(caption), longText), language)
}

// creditIn is CreditIn for plain text on one line.
func creditIn(text string) (credit, rest string) { return creditOf(text, "") }

func creditOf(text, language string) (credit, rest string) {
	text = strings.TrimFunc(text, blank)
	whole := text
	if len(text) > 8*longText { // no caption, and the patterns below are many
		return "", whole
	}
	if m := archive.FindStringIndex(text); m != nil {
		text = strings.TrimFunc(text[:m[0]], blank)
	}
	found := func(credit, rest string) (string, string) {
		return filePhoto.ReplaceAllString(tidy(credit), ""), strings.TrimFunc(strings.TrimRight(strings.TrimFunc(rest, blank), "-–—|/(＝ "), blank)
	}
	if m := bracketed.FindStringSubmatch(text); m != nil {
		if c := inBrackets(m[2], language); c != "" {
			return found(c, m[1])
		}
	}
	if m := heading.FindStringSubmatch(text); m != nil {
		if l := labelled.FindStringSubmatch(m[1]); l != nil && plausible(l[1]) {
			return found(l[1], m[2])
		}
	}
	for _, re := range []*regexp.Regexp{japaneseBy, japaneseFrom} {
		if m := re.FindStringSubmatch(text); m != nil && !cased(m[2]) {
			return found(m[2], m[1])
		}
	}
	if m := leading.FindStringSubmatch(text); m != nil && plausible(m[1]) && len(m[1]) < len(m[2]) {
		return found(m[1], m[2])
	}
	if m := labelInside.FindStringSubmatchIndex(text); m != nil {
		before, c := text[:m[2]], text[m[6]:m[7]]
		photo := m[4] >= 0 // the label is a picture's
		switch {
		case !plausible(c):
		case strings.TrimFunc(before, blank) == "" && sentence(c): // "Photo: the mayor speaks at the bridge."
		case ended(before) || photo && nameLike(c) && capital(text[m[2]:]):
			return found(c, before)
		}
	}
	if m := byInside.FindStringSubmatchIndex(text); m != nil && plausible(text[m[2]:m[3]]) {
		return found(text[m[2]:m[3]], text[:m[0]+1+strings.IndexByte(text[m[0]+1:], ' ')])
	}
	if m := sign.FindStringSubmatchIndex(text); m != nil && plausible(text[m[2]:m[3]]) {
		return found(year.ReplaceAllString(text[m[2]:m[3]], ""), text[:m[0]])
	}
	if m := labelledBy.FindStringSubmatch(text); m != nil && nameLike(m[1]) {
		return found(m[1], "")
	}
	if before, tail := lastSentence(text); agency(tail, language) {
		return found(tail, before)
	}
	if m := dashTail.FindStringSubmatch(text); m != nil && agency(m[2], language) {
		return found(m[2], m[1])
	}
	return "", whole
}

// inBrackets is the credit that a caption's last brackets hold, or empty.
func inBrackets(inside, language string) string {
	inside = strings.TrimFunc(fileLabel.ReplaceAllString(inside, ""), blank)
	for _, re := range []*regexp.Regexp{labelledBy, labelled, sign} {
		if m := re.FindStringSubmatch(inside); m != nil && plausible(m[1]) {
			return year.ReplaceAllString(m[1], "")
		}
	}
	if agency(inside, language) {
		return inside
	}
	for _, re := range []*regexp.Regexp{japaneseBy, japaneseFrom} {
		if m := re.FindStringSubmatch("＝" + inside); m != nil && !cased(inside) {
			return m[2]
		}
	}
	return ""
}

// agency says whether a text is a credit by itself: an agency's name, or names and agencies joined by slashes, commas
// or "via", one of them an agency ("Jane Test/Getty Images", "REUTERS/Jane Test/File Photo").
func agency(s, language string) bool {
	s = strings.TrimFunc(tidy(s), blank)
	if !plausible(s) {
		return false
	}
	known := false
	parts := joins.Split(filePhoto.ReplaceAllString(s, ""), -1)
	for i, p := range parts {
		p = strings.TrimFunc(p, blank)
		switch {
		case isAgency(p, language):
			known = true
		case licence.MatchString(p) && i > 0:
			known = true
		case strings.HasSuffix(p, " photo") && isAgency(strings.TrimSuffix(p, " photo"), language):
			known = true
		case !personal(p):
			return false
		}
	}
	return known
}

func isAgency(p, language string) bool {
	p = strings.TrimPrefix(strings.TrimPrefix(p, "Photo "), "Photo/")
	primary := Primary(language)
	if slices.Contains(agencies, p) || slices.Contains(agenciesOf[primary], p) {
		return true
	}
	if primary != "" {
		return false
	}
	for _, of := range agenciesOf {
		if slices.Contains(of, p) {
			return true
		}
	}
	return false
}

// personal says whether a part of a credit looks like a name: up to four words, in a cased script all but particles
// with a capital.
func personal(s string) bool {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 4 || strings.ContainsAny(s, ".") && !strings.Contains(s, ". ") {
		return false
	}
	return nameLike(s)
}

// nameLike says whether a text reads as names: in a cased script its first word, and most of the others, have a capital.
func nameLike(s string) bool {
	words := strings.Fields(s)
	if len(words) == 0 || len(words) > 8 {
		return false
	}
	upper, lower := 0, 0
	for i, w := range words {
		r, _ := utf8.DecodeRuneInString(strings.TrimLeft(w, "(©'’“/"))
		switch {
		case unicode.IsLower(r) && i == 0 && w != "dpa" && w != "picture" && w != "imago":
			return false
		case unicode.IsLower(r):
			lower++
		case unicode.IsLetter(r):
			upper++
		}
	}
	return upper >= lower
}

func cased(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) }) >= 0
}

// capital says whether a text begins with a letter that is not small.
func capital(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return !unicode.IsLower(r)
}

// sentence says whether a text is a statement rather than a name.
func sentence(s string) bool {
	s = strings.TrimFunc(s, blank)
	return strings.HasSuffix(s, ".") && len(strings.Fields(s)) > 4 || strings.HasSuffix(s, "。")
}

// lastSentence parts a text behind the last mark that ends a sentence, before its own end.
func lastSentence(text string) (before, tail string) {
	tail = strings.TrimRight(text, ".。 ")
	for i, r := range tail {
		n := i + utf8.RuneLen(r)
		if strings.ContainsRune(".。!?؟…”»\")）", r) && n < len(tail) && (tail[n] == ' ' || r == '。') {
			before = text[:n]
		}
	}
	return before, strings.TrimFunc(text[len(before):], blank)
}

// ended says whether a caption may end here: at a sentence's end, a dash, or where nothing is.
func ended(before string) bool {
	before = strings.TrimFunc(before, blank)
	last, _ := utf8.DecodeLastRuneInString(before)
	return before == "" || strings.ContainsRune(".。!?؟…”»\"'–—-|)）،", last)
}

// plausible says whether a text can be a credit: short, with a letter, no question, no list of people.
func plausible(s string) bool {
	s = strings.TrimFunc(s, blank)
	n := utf8.RuneCountInString(s)
	return n >= 2 && n <= 120 && len(strings.Fields(s)) <= 14 && strings.IndexFunc(s, unicode.IsLetter) >= 0 &&
		!strings.ContainsAny(s, "?!;؟。") && strings.Count(s, ",")+strings.Count(s, "،") < 3
}

// tidy takes off what a credit begins or ends with but is not part of it.
func tidy(s string) string {
	s = strings.TrimFunc(strings.TrimPrefix(strings.TrimFunc(s, blank), "©"), blank)
	if !strings.HasSuffix(s, "Co.") && !strings.HasSuffix(s, "Inc.") && !strings.HasSuffix(s, "Ltd.") && !strings.HasSuffix(s, "أ.ف.ب.") {
		s = strings.TrimRight(s, ".。")
	}
	return strings.TrimFunc(s, blank)
}

// blank is white space and the invisible marks that texts begin and end with.
func blank(r rune) bool {
	return unicode.IsSpace(r) || r >= '\u200b' && r <= '\u200f' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\ufeff' || r == '\u00ad'
}

// Label takes a label off a credit that a CMS's own field holds: "Fotoğraf: Ayşe Yılmaz / AA" is "Ayşe Yılmaz / AA".
func Label(field string) string { return label(oneLine(field, longLine)) }

func label(s string) string {
	s = tidy(s)
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		s = strings.TrimFunc(s[1:len(s)-1], blank)
	}
	for _, re := range []*regexp.Regexp{labelledBy, labelled} {
		if m := re.FindStringSubmatch(s); m != nil {
			return tidy(m[1])
		}
	}
	return s
}
