package typeset

import (
	"strings"
	"unicode"

	"github.com/go-text/typesetting/language"
	"github.com/rivo/uniseg"
	"golang.org/x/text/cases"
	xlang "golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// maxMarks is how many marks a letter may carry. No script needs more; what has more climbs over other lines.
const maxMarks = 8

// clean fills text and orig. White space becomes single spaces; control characters, byte order marks and lone surrogates
// (which a string cannot hold: they come as U+FFFD) go; letters that were written as shapes (Arabic presentation forms)
// become letters again, so that they join. Format characters stay: they draw nothing and direct order and breaks.
func (p *Paragraph) clean(s string) {
	letters := []rune(s)
	from := []int(nil)
	if p.style.Upper {
		letters, from = capitals(s, p.style.Lang)
	}
	put := func(r rune, i int) {
		if from != nil {
			i = from[i]
		}
		p.text, p.orig = append(p.text, r), append(p.orig, i)
	}
	space, marks := true, 0
	for i, r := range letters {
		switch {
		case r == ' ' || r >= '\t' && r <= '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			if !space {
				put(' ', i)
			}
			space = true
			continue
		case r < 0x20, r >= 0x7f && r < 0xa0, r == '\ufeff', r == '\ufffd', r >= 0xfff9 && r <= 0xfffb, r&0xfffe == 0xfffe:
			continue
		case unicode.Is(unicode.Mn, r) && !ignorable(r):
			if marks++; marks > maxMarks {
				continue
			}
		case !ignorable(r):
			marks = 0
		}
		space = false
		if (r >= 0xfb50 && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefc) && !phrase(r) {
			for _, x := range strings.TrimPrefix(norm.NFKC.String(string(r)), " ") {
				put(x, i)
			}
			continue
		}
		put(r, i)
	}
	for n := len(p.text); n > 0 && p.text[n-1] == ' '; n-- {
		p.text, p.orig = p.text[:n-1], p.orig[:n-1]
	}
	p.digits()
	p.script = language.Latin
	count := map[language.Script]int{}
	for _, r := range p.text {
		if sc := language.LookupScript(r); sc.Strong() {
			if count[sc]++; count[sc] > count[p.script] {
				p.script = sc
			}
		}
	}
}

// phrase says whether an Arabic presentation form is a sign of its own and no letter's shape: the words of blessing, the
// Rial and the Bismillah, which fonts draw as one picture. Where no font has it its words stand for it (see [replacement]).
func phrase(r rune) bool { return r >= 0xfdfa && r <= 0xfdfd }

// digitValue is what a European, Arabic or Persian digit counts; -1: it is none.
func digitValue(r rune) rune {
	switch {
	case r >= '0' && r <= '9':
		return r - '0'
	case r >= '٠' && r <= '٩':
		return r - '٠'
	case r >= '۰' && r <= '۹':
		return r - '۰'
	}
	return -1
}

// digits brings the numbers into the wanted digits, their signs with them. A number after a Latin word is part of a name
// (iOS 27) and stays European.
func (p *Paragraph) digits() {
	zero := rune(0)
	switch lang, _, _ := strings.Cut(strings.ToLower(p.style.Lang), "-"); {
	case p.style.Digits == "latin":
		zero = '0'
	case p.style.Digits != "native":
		return
	case lang == "fa" || lang == "ur" || lang == "ps":
		zero = '۰'
	case lang == "ckb" || lang == "ar" || lang == "sd" || lang == "ku" && p.style.RTL:
		zero = '٠'
	default:
		return
	}
	arabic, before := true, false
	for i, r := range p.text {
		if s := language.LookupScript(r); s.Strong() && digitValue(r) < 0 {
			arabic = s == language.Arabic
		}
		v := digitValue(r)
		after := i+1 < len(p.text) && digitValue(p.text[i+1]) >= 0
		switch {
		case zero != '0' && !arabic:
		case v >= 0:
			p.text[i] = zero + v
		case zero == '0' && before && r == '٪':
			p.text[i] = '%'
		case zero == '0' && before && after && r == '٫':
			p.text[i] = '.'
		case zero == '0' && before && after && r == '٬':
			p.text[i] = ','
		case zero != '0' && before && r == '%':
			p.text[i] = '٪'
		case zero != '0' && before && after && r == '.':
			p.text[i] = '٫'
		case zero != '0' && before && after && r == ',':
			p.text[i] = '٬'
		}
		before = v >= 0
	}
}

// capitals writes in capitals by the language's rules, and says which letter of the text each came from. Greek loses its
// accents (a vowel that was parted by one gets a dialytika), Georgian stays, since few fonts have its capitals.
func capitals(s, lang string) (out []rune, from []int) {
	tag, err := xlang.Parse(lang)
	if err != nil {
		tag = xlang.Und // a tag that nobody knows has no rules of its own
	}
	base, _ := tag.Base()
	upper := cases.Upper(tag)
	text := []rune(s)
	at, accented := 0, false
	for g := uniseg.NewGraphemes(s); g.Next(); {
		cluster := g.Runes()
		first, end := cluster[0], at+len(cluster)
		var up []rune
		switch {
		case unicode.Is(unicode.Georgian, first):
			up = cluster
		case first == 'i' && (base.String() == "kmr" || base.String() == "ku"):
			up = append([]rune{'I'}, cluster[1:]...)
		case first == 'և':
			up = []rune("ԵՎ") // the reformed spelling's capitals of the ligature
		case base.String() == "el" && unicode.Is(unicode.Greek, first):
			alone := (at == 0 || !unicode.IsLetter(text[at-1])) && (end == len(text) || !unicode.IsLetter(text[end]))
			up, accented = greek(cluster, upper, accented, alone)
		default:
			up = []rune(upper.String(string(cluster)))
		}
		for k, r := range up {
			if len(up) != len(cluster) {
				k = 0
			}
			out, from = append(out, r), append(from, at+k)
		}
		at = end
	}
	return out, from
}

// greek is the capital of a Greek letter without its accent. accented: the letter before was a vowel that lost one. alone:
// the letter is a word; the word ή keeps its accent, to be told from Η.
func greek(cluster []rune, upper cases.Caser, accented, alone bool) (up []rune, lost bool) {
	var bare []rune
	dialytika := false
	for _, r := range norm.NFD.String(string(cluster)) {
		switch r {
		case 0x0300, 0x0301, 0x0313, 0x0314, 0x0342:
			lost = true
			continue
		case 0x0308:
			dialytika = true
		}
		bare = append(bare, r)
	}
	if alone && lost && len(bare) == 1 && bare[0] == 'η' {
		return []rune{'Ή'}, false
	}
	if accented && !dialytika && !lost && (bare[0] == 'ι' || bare[0] == 'υ') {
		bare = append(bare, 0x0308)
	}
	return []rune(norm.NFC.String(upper.String(string(bare)))), lost && !dialytika
}

// agreed are replacements for what a font may lack; Unicode's compatibility decompositions come after them.
var agreed = map[rune]string{
	'\u2010': "-", '\u2011': "-\u2060", '\u2012': "–", '\u2015': "—", '\u2043': "-", '\u2212': "–",
	'\u02bc': "’", '\u2032': "’", '\u2033': "”", '\u201b': "‘", '\u2022': "·", '\u2027': "·", '\u066d': "*",
}

// replacement is what may stand for a letter that no font has; empty: nothing may. Raised and lowered digits may not lose
// their place.
func replacement(r rune) string {
	if s := agreed[r]; s != "" {
		return s
	}
	if r == '²' || r == '³' || r == '¹' || r >= 0x2070 && r <= 0x209c {
		return ""
	}
	if s := norm.NFKC.String(string(r)); s != string(r) {
		return s
	}
	return ""
}

// replace puts a replacement for each occurrence of a letter.
func (p *Paragraph) replace(r rune, by string) {
	var text []rune
	var orig []int
	for i, x := range p.text {
		if x != r {
			text, orig = append(text, x), append(orig, p.orig[i])
			continue
		}
		for _, y := range by {
			text, orig = append(text, y), append(orig, p.orig[i])
		}
	}
	p.text, p.orig = text, orig
}

// ignorable letters need no shape of their own (Default_Ignorable_Code_Point, as far as text has them).
func ignorable(r rune) bool {
	switch {
	case r == 0x00ad, r == 0x034f, r == 0x061c, r == 0x17b4, r == 0x17b5, r >= 0x180b && r <= 0x180f, r >= 0x200b && r <= 0x200f,
		r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// fixedSpace letters are spaces of a given width.
func fixedSpace(r rune) bool {
	return r == 0x00a0 || r >= 0x2000 && r <= 0x200a || r == 0x202f || r == 0x205f || r == 0x3000
}

// blank letters are left out at a line's end: spaces that may be broken at, if need be.
func blank(r rune) bool {
	return r == ' ' || r == '\u00a0' || r >= 0x2000 && r <= 0x200b && r != 0x2007 || r == 0x205f || r == 0x3000
}
