package article

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	archive   = compiled(`\s*[(\[（]\s*` + archiveWords + `\s*[)\]）]\s*[.。]?$`)
	reserved  = compiled(`\s*[.,–-]?\s*(?i:tpx images of the day|refile [–—-] .{2,80}|all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados|tüm hakları saklıdır|جميع الحقوق محفوظة)\s*\.?$`)
	bracketed = compiled(`^(.*?)\s*([(\[（【{])\s*([^()\[\]（）【】{}]*)\s*[)\]）】}]\s*[.。]?$`)
	heading   = compiled(`^[(\[（【]\s*([^()\[\]（）【】]*)\s*[)\]）】]\s*[–—-]?\s*(.+)$`)
	// labelled is a text that a label begins: "Photo: AFP", "Photo by Safin Test", "Photo/AFP".
	labelled     = compiled(`^(?:` + photoLabels + `|` + otherLabels + `)\s*(?:[:：…=＝・]|\.\.\.|/|\|)\s*(?:(?i:by|von|par|por)\s+)?(.+)$`)
	labelledBy   = compiled(`^(?:(?i:(?:file )?(?:photo(?:graph)?s?|pictures?|images?|illustration|graphic|screenshot|screengrab|video still|frame grab) (?:taken )?(?:by|courtesy of|from|via)|photos? courtesy|courtesy(?: of)?|handout (?:via|from|by)|foto(?:s|grafie)? von|photo (?:de|par)|fotoğraf:?|foto de)|عکس(?:\x{200c}?ها)? از)\s+(.+)$`)
	labelInside  = compiled(`(?:^|[\s.。،,;–—|(*•／/-])((` + photoLabels + `)|(?:` + otherLabels + `))\s?([:：/]|\.\.\.|…)\s*([^:：]+)$`)
	labelBox     = compiled(`^(.+?)\s*[［\[](?:写真|撮影|提供)[］\]]\s*([^［］\[\]]+)$`)
	byInside     = compiled(`(?:[.。!?”»"]\s+(?:[–—|-]\s+)?|\s[–—|-]\s+)((?i:photo(?:graph)?s? (?:taken )?by|photo(?:graph)?s? courtesy of|photo credits? [–—-]|photography by|pictures? by|courtesy of|image by|handout via|fotos? von)|((?i:(?:photo )?courtesy|foto de|photo de|fotoğraf|foto|photo|wêneyê)|عکس از|صورة من|تصوير|عدسة))\s+([^.]+[.]?)$`)
	takenBy      = compiled(`^[^()]{2,50} (?i:photo|picture|image|photograph)s? by \p{Lu}.+$`)
	sign         = compiled(`(?:^|[\s(|–—-])(?:©|\(c\)|\(C\)|Copyright ©?)\s*((?:\d{4}\s+)?[\p{L}\p{N}@][^©]*)$`)
	japaneseBy   = compiled(`^(.*?)[＝=／/]([^＝=／/、。0-9０-９]{2,14}?)(?:氏|さん)?(?:撮影|写す)$`)
	japaneseBy2  = compiled(`^(.*[＝=／/].*)[、，]([^＝=／/、。，0-9０-９\s]{2,14}?)(?:氏|さん)?(?:撮影|写す)$`)
	japaneseVia  = compiled(`^(.*?)[\s　＝=／/]+([^\s　＝=／/、。・]{2,20}?)(?:氏|さん)?(?:提供|撮影)[・、＝=／/]([^、。・]{2,12})$`) // the agency that spread it comes last
	japaneseFrom = compiled(`^(.*?)[\s　＝=／/]*([^\s　＝=／/、。]{2,20})提供$`)
	filePhoto    = compiled(`(?:\s*[/,،]\s*|\s+[–—-]\s+)` + archiveWords + `\s*\.?$`)
	leading      = compiled(`^(?:` + photoLabels + `)\s*[:：]\s*([^–—|]{1,60}?)\s+[–—|-]\s+(.+)$`)
	leadingStop  = compiled(`^(?:` + photoLabels + `)\s*[:：]\s*([^–—|.]{1,60})\.\s+(.+)$`)
	fileLabel    = compiled(`^\s*(?i:file|archives?|archiv)\s*:\s*`)
	photoWord    = compiled(`^(?:Photo|Foto|Fotoğraf)\s+`)
	stopTail     = compiled(`^(.*[\p{Ll}\p{N})]\.)((?:AFP|AP|Reuters|REUTERS|EPA|DHA|AA)\b.*)$`) // no blank behind the stop
	year         = compiled(`^\d{4}\s+`)
	licence      = compiled(`^CC(?:0|[ -]BY)`)
	dashTail     = compiled(`\s*(?:[|/＝、]|[^\x00-\x7f]=|\s[–—-]\s)\s*`)
	bareTail     = compiled(`^(.*\S)\s+((?:REUTERS|AFP|AP Photo|EPA|EPA-EFE|EFE|dpa|Xinhua|Getty Images|picture alliance|imago)\s?/\s?[^.]+)$`)
	joins        = compiled(`\s*(?:/|\||\bvia\b|\bfor\b|\bon\b|,)\s*`)
	names        = compiled(`\s+(?:and|und|et|y|ve|û|&|و)\s+`)
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
	for _, re := range []*pattern{archive, reserved} {
		if m := re.FindStringIndex(text); m != nil {
			text = strings.TrimFunc(text[:m[0]], blank)
		}
	}
	found := func(credit, rest string) (string, string) {
		credit = filePhoto.ReplaceAllString(tidy(credit), "")
		if names := photoWord.ReplaceAllString(credit, ""); strictNames(names) {
			credit = names
		}
		return credit, strings.TrimFunc(strings.TrimRight(strings.TrimFunc(rest, blank), "-–—|/／(＝、*•© "), blank)
	}
	if m := bracketed.FindStringSubmatch(text); m != nil {
		c := inBrackets(m[3], language)
		if c == "" && (m[2] == "[" || ended(m[1])) && nameOf(m[3]) {
			c = m[3] // [Jane Test/Al Jazeera]
		}
		if before, who := lastSentence(m[1]); c == m[3] && before != "" && strictNames(who) && !strings.ContainsAny(who, ",./") && len(strings.Fields(who)) > 1 && agency(c, language) {
			return found(who+" ("+c+")", before) // Ana Prueba (EFE)
		}
		if c != "" {
			return found(c, m[1])
		}
	}
	if m := heading.FindStringSubmatch(text); m != nil {
		if l := labelled.FindStringSubmatch(m[1]); l != nil && plausible(l[1]) {
			return found(l[1], m[2])
		}
	}
	if m := japaneseVia.FindStringSubmatch(text); m != nil && japaneseName(m[2]) && isAgency(m[3], language) {
		return found(m[2]+"・"+m[3], m[1])
	}
	for _, re := range []*pattern{japaneseBy, japaneseBy2, japaneseFrom} {
		if m := re.FindStringSubmatch(text); m != nil && japaneseName(m[2]) {
			return found(m[2], m[1])
		}
	}
	if m := labelBox.FindStringSubmatch(text); m != nil && plausible(m[2]) {
		return found(m[2], m[1])
	}
	if m := leading.FindStringSubmatch(text); m != nil && plausible(m[1]) && len(m[1]) < len(m[2]) {
		return found(m[1], m[2])
	}
	if m := leadingStop.FindStringSubmatch(text); m != nil && (agency(m[1], language) || strictNames(m[1]) && strings.Contains(m[1], " ")) {
		return found(m[1], m[2])
	}
	if m := labelInside.FindStringSubmatchIndex(text); m != nil {
		before, mark, c := text[:m[2]], text[m[6]:m[7]], text[m[8]:m[9]]
		photo := m[4] >= 0 // the label is a picture's
		inner, _ := lastSentence(c)
		switch {
		case !plausible(c), !photo && sentence(c) && !capital(c), mark == "/" && (before == "" || cased(text[m[2]:m[3]]) && !ended(before)),
			strings.ContainsAny(mark, ".…") && !strings.EqualFold(text[m[2]:m[3]], "credit"): // "Pictures... the feast in Erbil"
		case strings.TrimFunc(before, blank) == "" && (sentence(c) || inner != "" && ended(inner) && !strings.Contains(c, "(")): // "Photo: the mayor speaks at the bridge."
		case ended(before), photo && nameLike(c) && capital(text[m[2]:]), photo && strictNames(c) && strings.HasSuffix(before, ", "):
			return found(c, before)
		}
	}
	if m := byInside.FindStringSubmatchIndex(text); m != nil && plausible(text[m[6]:m[7]]) && (m[4] < 0 || fullNames(text[m[6]:m[7]], language)) {
		return found(text[m[6]:m[7]], text[:m[2]])
	}
	if m := sign.FindStringSubmatchIndex(text); m != nil && plausible(text[m[2]:m[3]]) {
		before, c := text[:m[0]], text[m[2]:m[3]]
		c = year.ReplaceAllString(c, "")
		drawn := strings.ContainsRune(text[m[0]:m[2]], '©') // (C) may say who stands in the centre, too
		if drawn || agency(c, language) || (ended(before) || !cased(before)) && strictNames(c) {
			return found(c, before)
		}
	}
	if m := labelledBy.FindStringSubmatch(text); m != nil && nameLike(m[1]) {
		return found(m[1], "")
	}
	if before, tail := lastSentence(text); tail != "" {
		tail = strings.TrimLeft(tail, "|/–—-·• ")
		if agency(tail, language) || before != "" && agency(strings.ReplaceAll(tail, " - ", "/"), language) {
			return found(tail, before)
		}
	}
	for _, re := range []*pattern{bareTail, stopTail} {
		if m := re.FindStringSubmatch(text); m != nil && agency(m[2], language) {
			return found(m[2], m[1])
		}
	}
	cuts := dashTail.FindAllStringIndex(text, -1)
	for _, at := range cuts[max(0, len(cuts)-4):] {
		if at[0] > 0 && agency(text[at[1]:], language) {
			return found(text[at[1]:], strings.TrimSuffix(text[:at[1]], "="))
		}
	}
	return "", whole
}

// inBrackets is the credit that a caption's last brackets hold, or empty.
func inBrackets(inside, language string) string {
	inside = strings.TrimFunc(fileLabel.ReplaceAllString(inside, ""), blank)
	for _, re := range []*pattern{labelledBy, labelled, sign} {
		if m := re.FindStringSubmatch(inside); m != nil && plausible(m[1]) && m[1] != "photo" && m[1] != "image" { // a "courtesy photo" names nobody
			return year.ReplaceAllString(m[1], "")
		}
	}
	if agency(inside, language) || takenBy.MatchString(inside) && plausible(inside) {
		return inside
	}
	if m := japaneseVia.FindStringSubmatch("＝" + inside); m != nil && japaneseName(m[2]) && isAgency(m[3], language) {
		return m[2] + "・" + m[3]
	}
	for _, re := range []*pattern{japaneseBy, japaneseFrom} {
		if m := re.FindStringSubmatch("＝" + inside); m != nil && japaneseName(m[2]) {
			return m[2]
		}
	}
	return ""
}

// japaneseName says whether what stands before 撮影 or 提供 can be who did it: no particle says how or what ("ドローンで撮影").
func japaneseName(s string) bool {
	last, _ := utf8.DecodeLastRuneInString(s)
	return !cased(s) && !strings.ContainsRune("でをにがはもとてしたら年月日時分頃ろ", last)
}

// nameOf says whether a text in brackets is a name and whose it is with a slash between: "Jane Test/The New York Times".
func nameOf(s string) bool {
	who, whose, ok := strings.Cut(s, "/")
	return ok && strictNames(who) && strictNames(whose) && max(len(strings.Fields(who)), len(strings.Fields(whose))) >= 2 && plausible(s)
}

// fullNames says whether a text is an agency, or names of two words and more: "Gallery" behind "Photo" is none.
func fullNames(s, language string) bool {
	return agency(s, language) || strictNames(s) && len(strings.Fields(s)) > 1
}

// particles are the small words in names.
var particles = strings.Fields("of the de da do dos di du del der den van von la le el al bin ibn ben y e i")

// strictNames says whether a text is names and no more: every word but a particle has a capital. Where a script has none
// it is few words.
func strictNames(s string) bool {
	words := strings.FieldsFunc(strings.TrimFunc(s, blank), func(r rune) bool { return unicode.IsSpace(r) || r == '/' || r == ',' })
	if len(words) == 0 || len(words) > 8 || !cased(s) && len(words) > 4 {
		return false
	}
	for i, w := range words {
		r, _ := utf8.DecodeRuneInString(strings.TrimLeft(w, "(©'’“@"))
		if unicode.IsLower(r) && (i == 0 || !slices.Contains(particles, w)) || !unicode.IsLetter(r) {
			return false
		}
	}
	return true
}

// agency says whether a text is a credit by itself: an agency's name, or names and agencies joined by slashes, commas
// or "via", one of them an agency ("Jane Test/Getty Images", "REUTERS/Jane Test/File Photo").
func agency(s, language string) bool {
	s = strings.TrimFunc(tidy(s), blank)
	if !plausible(s) {
		return false
	}
	known := false
	for i, p := range joins.Split(filePhoto.ReplaceAllString(s, ""), -1) {
		p = strings.TrimFunc(p, blank)
		switch {
		case p == "" && i > 0: // ", via"
		case isAgency(p, language):
			known = true
		case licence.MatchString(p) && i > 0, strings.HasSuffix(p, " Photo") && strictNames(p) && strings.Contains(s, "/"): // UN Photo/…
			known = true
		case strictNames(p) && personal(p):
		case !names.MatchString(p) || !slices.ContainsFunc(names.Split(p, -1), func(n string) bool { return len(strings.Fields(n)) > 1 }):
			return false
		default: // "Jane Test and Ali Test"
			for _, n := range names.Split(p, -1) {
				if !isAgency(n, language) && !strictNames(n) {
					return false
				}
			}
		}
	}
	return known
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
	return strings.HasSuffix(s, ".") && len(strings.Fields(s)) > 3 || strings.HasSuffix(s, "。")
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
	return strings.Trim(strings.TrimFunc(s, blank), "*")
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
	for _, re := range []*pattern{labelledBy, labelled} {
		if m := re.FindStringSubmatch(s); m != nil {
			return tidy(m[1])
		}
	}
	return s
}
