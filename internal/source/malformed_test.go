package source

import (
	"slices"
	"strings"
	"testing"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/remark"
)

// TestWhatIsMalformedIsARemark: the desk shows why a delivery was refused in its own language, whatever kind of source it
// came to, so that each reason must be one that other languages have: of the field, what is wanted there.
func TestWhatIsMalformedIsARemark(t *testing.T) {
	long := strings.Repeat("1", maxID+1)
	object := func(fields ...string) string { return "{" + strings.Join(fields, ",") + "}" }
	ours := func(kind string, data string) string {
		return object(`"type":"`+kind+`"`, `"timestamp":"2026-11-26T12:00:00Z"`, `"data":`+data)
	}
	bodies := []string{
		"", "null", "[]", "{}", "{", `"a"`, `{"a":1,"a":2}`, `{} {}`, "[1,", strings.Repeat("[", maxDepth+1), `{"a":tru}`,
		"<a>", "<a/><b/>", "<!DOCTYPE a><a/>", strings.Repeat("<a>", maxDepth+1), "<a/>", `<newsItem standard="NewsML-G2"/>`,
		`{"type":"article.published"}`, `{"type":"article.published","timestamp":"yesterday","data":{}}`, object(`"data":{}`), ours("", "{}"), ours("article.deleted", "{}"),
		ours("article.published", `{"id":"1","url":"https://news.example/a","language":"en"}`), ours("article.published", `{"id":1}`), ours("article.published", `{"id":"1","headline":"A","tags":"x"}`),
		ours("article.published", `{"id":"1","headline":"A","photo":7}`), ours("article.published", `{"id":"1","headline":"A","photo":{"focal":{"x":"left"}}}`), ours("article.published", `{"id":"1","headline":"A","updated":"now"}`),
		ours("article.published", `{"id":"`+long+`","headline":"A"}`), ours("article.deleted", `{"id":"a\u0000b"}`),
		`{"event":"entry.publish","model":"article"}`, `{"event":"items.update","collection":"articles"}`, `{"guid":"` + long + `","headline":"A"}`, `{"guid":"a\u0000b","headline":"A"}`, `{"guid":"1","type":"text"}`,
		`{"url":"https://elsewhere.example/a"}`, `{"url":"ftp://news.example"}`, `{"post":{"current":{"id":"1","status":"published"}}}`, `{"sys":{"id":"1","type":"Entry","contentType":{"sys":{"id":"article"}}}}`,
	}
	headers := [][]string{nil, {"X-Contentful-Topic", "ContentManagement.Entry.publish"}, {"sanity-operation", "create", "sanity-document-id", "1"}, {"X-Strapi-Event", "entry.publish"}}
	var said []string
	for kind := range kinds() {
		s := newSource(t, kind, func(c *config.Source, _ *config.Site) {
			if kind != "cutline" && kind != "superdesk" {
				c.URL = "https://news.example"
			}
		})
		for _, body := range bodies {
			for _, h := range headers {
				for _, d := range read(s, body, h...) {
					if d.Verdict != Malformed {
						continue
					}
					for _, r := range remark.Read(d.Why) {
						reasons := []remark.Remark{r}
						if r.Kind == "field-wanted" {
							reasons = remark.Read(r.Values[1].Text)
						}
						for _, r := range reasons {
							if said = append(said, r.Kind); r.Kind == "" {
								t.Errorf("%s, %.80q: %q of %q is no remark", kind, body, r.Text, d.Why)
							}
						}
					}
				}
			}
		}
	}
	slices.Sort(said)
	said = slices.Compact(said)
	if len(said) < 20 {
		t.Errorf("only %d reasons were tried: %v", len(said), said)
	}
	for _, body := range []string{`{"tags":1}`, `{"url":1}`, `{"photo":{"focal":{"x":"left","y":1}}}`} {
		_, err := article.Parse([]byte(body))
		if err == nil || len(remark.Read(err.Error())) != 1 || remark.Read(err.Error())[0].Kind != "field-wanted" {
			t.Errorf("%s: %v", body, err)
		}
	}
}
