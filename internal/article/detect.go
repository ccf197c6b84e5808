package article

import (
	"strings"
	"unicode"
)

// A tongue is what a language is told by. Letters count by how much they say: of two languages of one script the one
// has them and the other does not.
type tongue struct {
	tag    string                // BCP 47
	script []*unicode.RangeTable // that it is written in
	strong string                // letters that hardly any other of the script has: 3 each
	weak   string                // letters that some others have, too: 1 each
	never  string                // letters that it does not have: -2 each
	words  map[string]bool       // its commonest, in lower case: 4 each
	must   bool                  // no text of any length is without its strong letters
	begins []string              // how its words begin: 1 each
}

func list(words string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		out[w] = true
	}
	return out
}

var (
	arabic = []*unicode.RangeTable{unicode.Arabic}
	latin  = []*unicode.RangeTable{unicode.Latin}
)

// tongues are the languages that are told apart; of those of one script the ones that are likelier here come first.
var tongues = []tongue{
	{tag: "ckb", script: arabic, strong: "ێۆڵڕە", weak: "پچگژڤیک", must: true, never: "ةثذضصظطىأإآٹڈڑےںہ", words: list("لە و بۆ بە کە ئەم ئەو لەگەڵ دەکات کرد کردەوە دەکرێت نییە سەر لەسەر دوای پێش هەموو یەکەم دەبێت ڕۆژی ساڵی"), begins: []string{"ده", "له", "ئه"}},
	{tag: "ar", script: arabic, strong: "ةأإ", weak: "ىضظذثطصء", never: "پچگژڤێۆڵڕەیکٹڈڑےںہ", words: list("في من على إلى عن أن إن هذا هذه التي الذي مع بعد قبل قال قالت كان كانت بين حول ضد خلال لا ما لم لن وقد قد عند كما يوم"), begins: []string{"ال", "وال", "بال", "لل"}},
	{tag: "fa", script: arabic, strong: "", weak: "پچگژیکآ", never: "ةێۆڵڕەڤٹڈڑےںہىإ", words: list("در به از که این آن را است با برای های می شد شود کرد کند کرده شده بر تا یک هر خود ما او هم نیز پس اما اگر باید بود دو روز سال درباره میان ها گفت پایان آغاز دارد کنند"), begins: []string{"می\u200c", "نمی\u200c"}},
	{tag: "ur", script: arabic, strong: "ٹڈڑےںہھ", weak: "پچگیک", never: "ةێۆڵڕەإ", words: list("کے کی کا میں سے نے پر کو اور ہے ہیں کہ یہ بھی ایک")},
	{tag: "en", script: latin, weak: "w", never: "çşğıêîûäöüßñ", words: list("the of and to in that is was for on with as by said says at from it be after are will not his her he has have who over new a an up out into this they against amid near off no us than more first year talks kills killed dead three two police government minister president court people office")},
	{tag: "kmr", script: latin, strong: "êîû", weak: "xşç", must: true, never: "ğıöüßäñ", words: list("û li ku ji di de bi ev jî ye bo ew ê ên hat hatin dike dikin kir bû bûn xwe ser ber nav piştî dê yên ya yek lê na ne tê dar")},
	{tag: "tr", script: latin, strong: "ğıİ", weak: "şçöü", never: "qwxêîûßäñ", words: list("ve bir bu için ile da de olarak daha çok olan yeni dedi oldu sonra kadar gibi en ne mi mı var yok üzerinde tarafından ilk son")},
	{tag: "de", script: latin, strong: "ß", weak: "äöü", never: "çşğıêîûñ", words: list("der die und das den im von mit ist nicht auf für dem des ein eine zu sich nach bei aus wird als auch wie am vor es")},
	{tag: "fr", script: latin, weak: "éèàêçœù", never: "şğıßäöñ", words: list("le la les des et en un une du que est pour dans sur par qui au aux avec après ce se sa son ne pas plus d l")},
	{tag: "es", script: latin, strong: "ñ¿¡", weak: "áíóú", never: "şğıßäöçêîû", words: list("el la los las de que y en un una por con para del se al tras su no es más como")},
	{tag: "ru", script: []*unicode.RangeTable{unicode.Cyrillic}},
	{tag: "ja", script: []*unicode.RangeTable{unicode.Hiragana, unicode.Katakana, unicode.Han}},
	{tag: "zh", script: []*unicode.RangeTable{unicode.Han}},
	{tag: "he", script: []*unicode.RangeTable{unicode.Hebrew}},
	{tag: "el", script: []*unicode.RangeTable{unicode.Greek}},
	{tag: "ko", script: []*unicode.RangeTable{unicode.Hangul}},
}

// Detect tells in which of some languages a text is written: by its letters, its commonest words and how its words begin.
// A headline will do mostly, a paragraph always. among are BCP 47 tags, compared by their primary subtag, and the one that
// is returned is as it was given; empty: all that can be told. Empty: none of them, or it cannot be told.
func Detect(text string, among ...string) string {
	text = cutBytes(text, 20_000)
	scripts := map[*unicode.RangeTable]int{}
	letters := map[rune]float64{}
	total := 0
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		total++
		letters[unicode.ToLower(r)]++
		if r == 'İ' {
			letters[r]++
		}
		for _, s := range []*unicode.RangeTable{unicode.Arabic, unicode.Latin, unicode.Cyrillic, unicode.Hiragana, unicode.Katakana, unicode.Han, unicode.Hebrew, unicode.Greek, unicode.Hangul} {
			if unicode.Is(s, r) {
				scripts[s]++
				break
			}
		}
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '\u200c' })
	best, most := "", 0.0
	for _, t := range tongues {
		as, wanted := t.among(among)
		written := 0
		for _, s := range t.script {
			written += scripts[s]
		}
		if !wanted || total == 0 || 2*written < total && 3*written < 2*total { // the rest may be names of another script
			continue
		}
		score := t.score(letters, words)
		// Of languages that share a script with nobody here, the script is all; Japanese is the one that has kana.
		if len(t.words) == 0 {
			score = 1
		}
		if t.tag == "ja" {
			score = 2 * float64(scripts[unicode.Hiragana]+scripts[unicode.Katakana])
		}
		if best == "" && score >= 0 && len(among) > 0 && score > -1 || score > most {
			best, most = as, max(score, 0)
		}
	}
	return best
}

func (t *tongue) among(tags []string) (as string, wanted bool) {
	for _, tag := range tags {
		if Primary(tag) == t.tag {
			return tag, true
		}
	}
	return t.tag, len(tags) == 0
}

func (t *tongue) score(letters map[rune]float64, words []string) float64 {
	score := 0.0
	if t.must && !strings.ContainsFunc(t.strong, func(r rune) bool { return letters[r] > 0 }) {
		score = -float64(4 + len(words))
	}
	for _, part := range []struct {
		of     string
		weight float64
	}{{t.strong, 3}, {t.weak, 1}, {t.never, -2}} {
		for _, r := range part.of {
			score += part.weight * letters[r]
		}
	}
	for _, w := range words {
		if t.words[w] {
			score += 4
			continue
		}
		for _, b := range t.begins {
			if len(w) > len(b)+2 && strings.HasPrefix(w, b) {
				score++
				break
			}
		}
	}
	return score
}
