package desk

import (
	"html/template"
	"strings"
)

// remark is what a document says in plain words, for pages: in the interface's language, with values, and what a network
// or a person said in their own words, in <bdi>.
func (l *language) remark(text string) template.HTML {
	var b strings.Builder
	for _, p := range l.Tell(text) {
		switch said := template.HTMLEscapeString(cleanText(p.Text)); {
		case p.Ours:
			b.WriteString(said)
		case p.Lang != "":
			b.WriteString(`<bdi lang="` + p.Lang + `">` + said + "</bdi>")
		default:
			b.WriteString("<bdi>" + said + "</bdi>")
		}
	}
	return template.HTML(b.String()) // all of it escaped above
}
