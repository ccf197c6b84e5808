package cutline_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var update = flag.Bool("update", false, "write the generated parts of docs/ anew")

const (
	generated = "<!-- from here on made from the comments of %s: go test . -run Manual -update -->\n"
)

// manuals are the pages whose end is made from comments.
var manuals = map[string]string{"docs/configuration.md": "internal/config/config.go", "docs/themes.md": "internal/card/theme.go"}

// TestManual holds docs/configuration.md and docs/themes.md to the comments of the code, which are the manual.
func TestManual(t *testing.T) {
	for manual, source := range manuals {
		f, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		mark := fmt.Sprintf(generated, source)
		var want strings.Builder
		want.WriteString(mark)
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			spec := g.Specs[0].(*ast.TypeSpec)
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				continue
			}
			fmt.Fprintf(&want, "\n## %s\n\n%s\n\n| key | is |\n|---|---|\n", heading(spec.Name.Name), sentence(spec.Name.Name, g.Doc.Text()))
			for _, field := range fields.Fields.List {
				if field.Tag == nil {
					continue
				}
				key := regexp.MustCompile(`yaml:"([^"]*)"`).FindStringSubmatch(field.Tag.Value)
				if key == nil || field.Comment == nil {
					t.Errorf("%s.%s has no yaml key or no comment", spec.Name.Name, field.Names[0].Name)
					continue
				}
				fmt.Fprintf(&want, "| `%s` | %s |\n", key[1], strings.ReplaceAll(strings.TrimSpace(field.Comment.Text()), "|", "\\|"))
			}
		}
		have, err := os.ReadFile(manual)
		if err != nil {
			t.Fatal(err)
		}
		head, _, ok := strings.Cut(string(have), mark)
		if !ok {
			t.Fatalf("%s has no line %q", manual, strings.TrimSpace(mark))
		}
		if now := head + want.String(); now != string(have) {
			if !*update {
				t.Fatalf("%s is not what the comments of %s say: go test . -run Manual -update", manual, source)
			}
			if err := os.WriteFile(manual, []byte(now), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// heading is where in the file a type's keys stand.
func heading(name string) string {
	switch name {
	case "Config", "Theme":
		return "The file"
	case "Site", "Source", "Channel":
		return strings.ToLower(name) + "s: NAME: …"
	}
	return string(unicode.ToLower(rune(name[0]))) + name[1:] + ": …"
}

// sentence is a type's doc comment without its name: "Site is one edition" becomes "One edition".
func sentence(name, doc string) string {
	doc = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(doc), name+" "), "is ")
	return strings.ToUpper(doc[:1]) + doc[1:]
}

// link is a Markdown link to a file of the project, without its fragment.
var link = regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)

// TestLinks finds links of README and docs/ that lead to no file.
func TestLinks(t *testing.T) {
	pages := []string{"README.md", "CHANGELOG.md", "events/README.md", "sample/README.md"}
	for _, pattern := range []string{"docs", "docs/sources", "docs/channels"} {
		entries, err := os.ReadDir(pattern)
		if os.IsNotExist(err) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".md") {
				pages = append(pages, pattern+"/"+e.Name())
			}
		}
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		dir := page[:strings.LastIndexByte(page, '/')+1]
		for _, m := range link.FindAllStringSubmatch(string(b), -1) {
			if _, err := os.Stat(dir + m[1]); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
}
