package desk

import (
	"html/template"
	"strings"
	"unicode"

	"cutline/internal/remark"
)

// What the steps remark in documents is said in the interface's language; what a network or a person said in their own
// words stands as it came.

// remark is what a document says in plain words, for pages.
func (l *language) remark(text string) template.HTML {
	return template.HTML(l.remarks(text, func(s, lang string) string { // our own words, and values escaped here
		if lang != "" {
			lang = ` lang="` + lang + `"`
		}
		return "<bdi" + lang + ">" + template.HTMLEscapeString(cleanText(s)) + "</bdi>"
	}))
}

// remarks says remarks one after the other. show wraps what is not of the interface: values, without a language, and
// somebody's own words, in the language they are probably in.
func (l *language) remarks(text string, show func(s, lang string) string) string {
	var out []string
	for _, r := range remark.Read(text) {
		said, ours := l.Remarks[r.Kind]
		if !ours {
			out = append(out, show(r.Text, l.foreign(r.Text)))
			continue
		}
		pairs := make([]string, 0, 2*len(r.Values))
		for i, v := range r.Values {
			value := show(v.Text, "")
			switch v.As {
			case "n":
				value = show(l.decimals(v.Text), "")
			case "layout":
				value = template.HTMLEscapeString(l.say("layout_" + v.Text))
			case "why", "said":
				value = l.remarks(v.Text, show)
			}
			pairs = append(pairs, "{"+string(rune('1'+i))+"}", value)
		}
		out = append(out, strings.NewReplacer(pairs...).Replace(template.HTMLEscapeString(said)))
	}
	between := "; "
	if l.Dir == "rtl" {
		between = "؛ "
	}
	return strings.Join(out, between)
}

// foreign is the language that somebody's own words are marked with: networks speak English. Empty: the interface's.
func (l *language) foreign(text string) string {
	latin := strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxLatin1 && unicode.IsLetter(r) }) < 0
	if l.Tag == "en" || !latin {
		return ""
	}
	return "en"
}
