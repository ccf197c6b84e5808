package typeset

import (
	"strings"

	"github.com/go-text/typesetting/language"
	"golang.org/x/text/unicode/norm"
)

// scripts maps a script to the fonts it is set in: sans, then serif where that differs, without weight and ending. A
// font that comes in Bold only serves for Regular too. Those that are neither in the default set nor in a pack are
// named for the advice that a [MissingError] gives.
var scripts = map[language.Script][2]string{
	language.Latin: {"Inter", "SourceSerif4"}, language.Greek: {"Inter", "SourceSerif4"}, language.Cyrillic: {"Inter", "SourceSerif4"},
	language.Arabic: {"NotoSansArabic", "NotoNaskhArabic"},
	language.Hebrew: {"NotoSansHebrew"}, language.Devanagari: {"NotoSansDevanagari"}, language.Bengali: {"NotoSansBengali"}, language.Tamil: {"NotoSansTamil"},
	language.Thai: {"NotoSansThai"}, language.Lao: {"NotoSansLao"}, language.Khmer: {"NotoSansKhmer"}, language.Myanmar: {"NotoSansMyanmar"},
	language.Ethiopic: {"NotoSansEthiopic"}, language.Armenian: {"NotoSansArmenian"}, language.Georgian: {"NotoSansGeorgian"}, language.Syriac: {"NotoSansSyriac"},
	language.Han: {"NotoSansSC"}, language.Hiragana: {"NotoSansJP"}, language.Katakana: {"NotoSansJP"}, language.Hangul: {"NotoSansKR"}, language.Bopomofo: {"NotoSansTC"},
	language.Gujarati: {"NotoSansGujarati"}, language.Gurmukhi: {"NotoSansGurmukhi"}, language.Telugu: {"NotoSansTelugu"}, language.Kannada: {"NotoSansKannada"},
	language.Malayalam: {"NotoSansMalayalam"}, language.Oriya: {"NotoSansOriya"}, language.Sinhala: {"NotoSansSinhala"}, language.Tibetan: {"NotoSerifTibetan"},
	language.Thaana: {"NotoSansThaana"}, language.Mongolian: {"NotoSansMongolian"}, language.Tifinagh: {"NotoSansTifinagh"}, language.Cherokee: {"NotoSansCherokee"},
}

// defaults are tried for what a script's own font lacks, before the rest of the set.
var defaults = []string{"Inter", "NotoSansArabic", "Vazirmatn"}

// emojiFonts are tried for emoji, in order: pictures in colour where they were brought, else outlines.
var emojiFonts = []string{"NotoColorEmoji", "NotoEmoji"}

// packOf names the font that has a script, for an error's advice; empty: none that we know.
func packOf(s language.Script, lang string) string {
	if s == language.Han {
		return hanFont(lang)
	}
	return scripts[s][0]
}

// hanFont is the Chinese, Japanese or Korean font of a language: they draw the same characters differently.
func hanFont(lang string) string {
	switch low := strings.ToLower(lang); {
	case strings.HasPrefix(low, "ja"):
		return "NotoSansJP"
	case strings.HasPrefix(low, "ko"):
		return "NotoSansKR"
	case traditional(low):
		return "NotoSansTC"
	}
	return "NotoSansSC"
}

// traditional says whether a language tag, in lower case, asks for traditional Chinese characters.
func traditional(low string) bool {
	for _, p := range []string{"zh-hant", "zh-tw", "zh-hk", "zh-mo", "yue"} {
		if strings.HasPrefix(low, p) {
			return true
		}
	}
	return false
}

// named finds a font by its name without weight: the wanted weight, else the other one, else a file of just that name.
func (f *Fonts) named(name string, bold bool) *file {
	order := [3]string{"_400Regular.ttf", "_700Bold.ttf", ".ttf"}
	if bold {
		order[0], order[1] = order[1], order[0]
	}
	for _, suffix := range order {
		if x := f.files[name+suffix]; x != nil {
			return x
		}
	}
	return nil
}

// stack lists the fonts to try for a script: the site's, the script's own, the other defaults, then all there are.
func (f *Fonts) stack(s language.Script, st Style) []*file {
	var out []*file
	seen := map[*file]bool{}
	put := func(x *file) {
		if x != nil && !seen[x] {
			seen[x] = true
			out = append(out, x)
		}
	}
	for _, name := range st.Own {
		put(f.files[name])
	}
	own := scripts[s]
	switch {
	case s == language.Han, (s == language.Hiragana || s == language.Katakana) && strings.HasPrefix(strings.ToLower(st.Lang), "ja"):
		own = [2]string{hanFont(st.Lang)}
	case s == language.Arabic && st.Nastaliq:
		own = [2]string{"NotoNastaliqUrdu", "NotoNastaliqUrdu"}
	}
	if st.Family == Serif && own[1] != "" {
		put(f.named(own[1], st.Bold))
	}
	if own[0] != "" {
		put(f.named(own[0], st.Bold))
	}
	if st.Family == Serif {
		put(f.named("SourceSerif4", st.Bold))
		put(f.named("NotoNaskhArabic", st.Bold))
	}
	for _, name := range defaults {
		put(f.named(name, st.Bold))
	}
	for _, weight := range []string{"_700Bold.ttf", ".ttf"} { // what is small and of the wanted weight first
		for _, name := range f.names {
			if strings.HasSuffix(name, weight) && !strings.HasPrefix(name, "NotoColorEmoji") {
				put(f.files[name])
			}
		}
	}
	return out
}

// has says whether a font has shapes for all of a cluster that needs one. A font that cannot be read has none: its error
// is told by load where the font was asked for by name.
func (f *file) has(cluster []rune) bool {
	ft, err := f.load()
	if err != nil {
		return false
	}
	for _, r := range cluster {
		if ignorable(r) {
			continue
		}
		if fixedSpace(r) {
			r = ' ' // HarfBuzz makes the others from it
		}
		if _, ok := ft.NominalGlyph(r); ok {
			continue
		}
		// A composed letter may be drawn from its parts.
		parts := []rune(norm.NFD.String(string(r)))
		if len(parts) < 2 {
			return false
		}
		for _, x := range parts {
			if _, ok := ft.NominalGlyph(x); !ok {
				return false
			}
		}
	}
	return true
}
