package article

import (
	"regexp"
	"strings"
	"unicode"
)

// Labels by which captions name whose photo it is, in the languages we meet. Longer ones stand before their parts.
const labels = `(?i:photo(?:graph|grapher)?s?(?: by| credit)?|picture(?: by)?|image(?: credit)?|credit|courtesy of|screenshot|screengrab|file photo|handout|source)` +
	`|وێنەی?|فۆتۆ|وێنەگر|سەرچاوە|الصورة|صورة|تصوير|المصدر|مصدر الصورة|عکس|عكس|منبع` +
	`|(?i:foto(?:ğraf|graf|s)?|kaynak|wêne|bild|quelle|grafik|crédits? photo|crédit|photo|crédito|fuente)|[Фф]ото|写真|撮影|提供|צילום|फोटो`

// agencies whose bare name at a caption's end is a credit.
const agencies = `AFP|AP|AP Photo|Reuters|REUTERS|EPA|EPA-EFE|EFE|dpa|DPA|AA|DHA|İHA|IHA|ANHA|ANSA|TASS|ТАСС|Xinhua|Getty Images|Getty|Anadolu|Kurdistan24|Rudaw|UPI|PA|Bloomberg|IRNA|ISNA` +
	`|أ ف ب|رويترز|الأناضول|ایرنا|ڕووداو|کوردستان٢٤|ئەی ئێف پی|共同|時事|新華社`

var (
	spaces       = regexp.MustCompile(`[\s\x{00a0}]+`)
	archive      = regexp.MustCompile(`\s*[(\[](?i:archive|archives|file|file photo|ئەرشیف|أرشيف|آرشیو|Arşiv|Archiv|資料)[)\]]\s*$`)
	bracketed    = regexp.MustCompile(`^(.*?)\s*[(\[（【]\s*([^()\[\]（）【】]*?)\s*[)\]）】]\s*[.。]?\s*$`)
	labelled     = regexp.MustCompile(`^(?:` + labels + `)\s*(?:[:：]|\s(?:by|von|de)\s)\s*(.+)$`)
	labelledBy   = regexp.MustCompile(`^(?i:photo(?:graph)?s? by|picture by|courtesy of|photo courtesy of)\s+(.+)$`)
	labelInside  = regexp.MustCompile(`(?:^|[\s.。،,;–—-])(?:(?:[-–—]\s*)?)((?:` + labels + `)\s?[:：]\s*)([^:：]+)$`)
	byInside     = regexp.MustCompile(`[.。]\s+((?i:photo(?:graph)?s? by|courtesy of)\s+)([^.]+)$`)
	sign         = regexp.MustCompile(`(?:^|\s)©\s*([^©]+)$`)
	agencyAtEnd  = regexp.MustCompile(`^(?:(.*[.。!?؟…”»"]))?\s*((?:[^.。!?؟]*?\s*/\s*)?(?:` + agencies + `)(?:\s*/\s*[^.。!?؟]+|\s+(?:via|for)\s+[^.。!?؟]+)?|[^.。!?؟/]+\s*/\s*(?:` + agencies + `)(?:\s*/\s*[^.。!?؟]+)?|[^.。!?؟/]+/\s*CC[ -][A-Z0-9 .-]+(?:\s+via\s+[^.]+)?)\s*[.。]?\s*$`)
	japaneseBy   = regexp.MustCompile(`^(.*?)[＝=]([^＝=、。0-9０-９]{2,12}?)撮影$`)
	japaneseFrom = regexp.MustCompile(`^(.*?)[\s　]+提供[：:]\s*(.+)$`)
	onlyAgency   = regexp.MustCompile(`^(?:` + agencies + `)$`)
	filePhoto    = regexp.MustCompile(`\s*/\s*(?i:file photo|file|archive|handout)\s*$`)
	leading      = regexp.MustCompile(`^(?:` + labels + `)\s*[:：]\s*([^–—]{1,60}?)\s+[–—]\s+(.+)$`)
)

// CreditIn takes a photo's credit out of its caption: "Water stands at the spillway. (Photo: AFP)" gives "AFP" and "Water
// stands at the spillway.". No credit: empty, and the caption as it is. Markup and entities are read as text first.
func CreditIn(caption, language string) (credit, rest string) {
	text := strings.TrimFunc(spaces.ReplaceAllString(TextOf(caption), " "), blank)
	whole := text
	if m := archive.FindStringIndex(text); m != nil {
		text = strings.TrimFunc(text[:m[0]], blank)
	}
	found := func(credit, rest string) (string, string) {
		credit = filePhoto.ReplaceAllString(tidy(credit), "")
		rest = strings.TrimFunc(rest, blank)
		rest = strings.TrimFunc(strings.TrimRight(rest, "-–—|/ "), blank)
		return credit, rest
	}
	if m := bracketed.FindStringSubmatch(text); m != nil {
		inside := m[2]
		if l := labelled.FindStringSubmatch(inside); l != nil && plausible(l[1]) {
			return found(l[1], m[1])
		}
		if l := labelledBy.FindStringSubmatch(inside); l != nil {
			return found(l[1], m[1])
		}
		if c := strings.TrimSpace(strings.TrimPrefix(inside, "©")); c != inside && plausible(c) {
			return found(c, m[1])
		}
		if agencyAtEnd.MatchString(inside) && plausible(inside) {
			return found(inside, m[1])
		}
	}
	if m := japaneseBy.FindStringSubmatch(text); m != nil {
		return found(m[2], m[1])
	}
	if m := japaneseFrom.FindStringSubmatch(text); m != nil {
		return found(m[2], m[1])
	}
	if m := leading.FindStringSubmatch(text); m != nil && plausible(m[1]) {
		return found(m[1], m[2])
	}
	if m := labelInside.FindStringSubmatchIndex(text); m != nil && plausible(text[m[4]:m[5]]) && ends(text[:m[2]]) {
		return found(text[m[4]:m[5]], text[:m[2]])
	}
	if m := byInside.FindStringSubmatchIndex(text); m != nil && plausible(text[m[4]:m[5]]) {
		return found(text[m[4]:m[5]], text[:m[2]])
	}
	if m := sign.FindStringSubmatchIndex(text); m != nil && plausible(text[m[2]:m[3]]) {
		return found(text[m[2]:m[3]], text[:m[0]])
	}
	if m := agencyAtEnd.FindStringSubmatch(text); m != nil && plausible(m[2]) {
		return found(m[2], m[1])
	}
	return "", whole
}

// ends says whether a caption may end before a label: at a sentence's end, a dash, or where nothing is.
func ends(before string) bool {
	before = strings.TrimFunc(before, blank)
	if before == "" {
		return true
	}
	last := []rune(before)[len([]rune(before))-1]
	return strings.ContainsRune(".。!?؟…”»\"'–—-)،", last)
}

// plausible says whether a text can be a credit: short, with a letter, no sentence, no list of people.
func plausible(s string) bool {
	s = strings.TrimSpace(s)
	n := len([]rune(s))
	if n < 2 || n > 120 || len(strings.Fields(s)) > 14 {
		return false
	}
	if strings.IndexFunc(s, unicode.IsLetter) < 0 {
		return false
	}
	return !strings.ContainsAny(s, "?!;؟") && strings.Count(s, ",") < 2
}

// tidy takes off what a credit ends with but is not part of.
func tidy(s string) string {
	s = strings.TrimFunc(s, blank)
	s = strings.TrimPrefix(s, "©")
	if !strings.HasSuffix(s, "Co.") && !strings.HasSuffix(s, "Inc.") && !strings.HasSuffix(s, "Ltd.") {
		s = strings.TrimRight(s, ".。")
	}
	return strings.TrimFunc(s, blank)
}

// blank is white space and the invisible marks that captions end with.
func blank(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200e' || r == '\u200f' || r == '\u200b' || r == '\ufeff' || r == '\u202c' || r == '\u00ad'
}

// Label takes a label off a credit that a CMS's own field holds: "Fotoğraf: Ayşe Yılmaz / AA" is "Ayşe Yılmaz / AA".
func Label(field string) string {
	s := tidy(spaces.ReplaceAllString(TextOf(field), " "))
	s = strings.TrimSuffix(strings.TrimPrefix(s, "("), ")")
	if m := labelled.FindStringSubmatch(s); m != nil {
		return tidy(m[1])
	}
	if m := labelledBy.FindStringSubmatch(s); m != nil {
		return tidy(m[1])
	}
	return s
}
