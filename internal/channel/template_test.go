package channel

import (
	"strings"
	"testing"
	"text/template"
)

// TestPatternsAreTemplates holds patterns to text/template, whose language they are a part of.
func TestPatternsAreTemplates(t *testing.T) {
	functions := map[string]func() string{
		"headline": func() string { return "Water stands at the spillway" }, "section": func() string { return "Opinion" }, "kicker": func() string { return "" },
	}
	given := template.FuncMap{}
	for name, f := range functions {
		given[name] = f
	}
	for _, text := range []string{
		"", " ", "plain", "{{headline}}", "{{section}}: {{headline}}\n", "{{with section}}{{.}}: {{end}}{{headline}}", "{{with kicker}}{{.}}{{else}}none{{end}}",
		`{{if eq section "Opinion"}}Opinion: {{end}}x`, `{{if eq section "News" "Opinion"}}a{{else}}b{{end}}`, `{{if ne section "Opinion"}}a{{else if kicker}}b{{else}}c{{end}}`,
		`{{if not kicker}}a{{end}}`, `{{if and section headline}}a{{end}}`, `{{or kicker section}}`, `{{if and section (not kicker)}}a{{end}}`, "{{- headline -}} x", "{{/* a comment */}}x", `{{"{{"}}`,
	} {
		var want strings.Builder
		if err := template.Must(template.New("").Funcs(given).Parse(text)).Execute(&want, nil); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		p, err := parsePattern(text, functions)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got, err := p.text(functions); err != nil || got != want.String() {
			t.Errorf("%q: %q, %v; want %q", text, got, err, &want)
		}
	}
	for _, text := range []string{
		"{{headlin}}", "{{headline", "{{len headline}}", "{{range section}}{{end}}", "{{$x := section}}{{$x}}", "{{headline | eq section}}", `{{headline "x"}}`, "{{.Name}}", "{{3}}",
		`{{define "a"}}{{end}}`, "{{eq section}}", "{{not}}", "{{if kicker}}{{headline 3}}{{end}}", "{{template \"x\"}}",
	} {
		if _, err := parsePattern(text, functions); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
