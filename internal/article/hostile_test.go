package article

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// with is a good article with more fields before it.
func with(more string) []byte {
	return []byte(`{` + more + `"id":"1","url":"https://news.example/1","headline":"H"}`)
}

func TestHostileJSONIsRefusedAtOnce(t *testing.T) {
	var many strings.Builder
	for i := range 400_000 {
		fmt.Fprintf(&many, `"k%d":1,`, i)
	}
	for what, doc := range map[string][]byte{
		"deep array":     with(`"body":` + strings.Repeat("[", 1_000_000) + strings.Repeat("]", 1_000_000) + `,`),
		"deep object":    []byte(strings.Repeat(`{"a":`, 800_000) + "1" + strings.Repeat("}", 800_000)),
		"many names":     with(many.String()),
		"a name twice":   with(strings.Repeat(`"id":"2",`, 1000)),
		"case":           with(`"ID":"2",`),
		"long number":    with(`"dek":` + strings.Repeat("9", 1_000_000) + `,`),
		"trailing":       append(with(""), `{}`...),
		"garbage behind": append(with(""), `x`...),
		"not a number":   with(`"photo":{"focal":{"x":NaN,"y":0}},`),
		"too large":      with(`"photo":{"focal":{"x":1e999,"y":0}},`),
		"an array":       []byte(`[]`),
		"null":           []byte(`null`),
		"nothing":        nil,
	} {
		start := time.Now()
		_, err := Parse(doc)
		if _, ok := err.(*FieldError); !ok {
			t.Errorf("%s: %v", what, err)
		} else if len(err.Error()) > 300 {
			t.Errorf("%s: an error of %d bytes", what, len(err.Error()))
		}
		if d := time.Since(start); d > time.Minute { // 0.1 s on an idle machine; by the square of its length it would be hours
			t.Errorf("%s: took %v", what, d)
		}
	}
}

func TestLongAndBrokenTextIsCutAndMended(t *testing.T) {
	doc := with(`"tags":["` + strings.Repeat(`t","`, 300_000) + `u"],"dek":"a\u0000b \ud800 c","section":"` + "\xff" + `","byline":"` + strings.Repeat("A", 4_000_000) + `",`)
	a, err := Parse(append([]byte("\ufeff"), doc...))
	if err != nil {
		t.Fatal(err)
	}
	Clean(&a, Rules{})
	if len(a.Tags) > manyTags || a.Dek != "ab \ufffd c" || a.Section != "\ufffd" || len(a.Byline) > longLine {
		t.Errorf("%d tags, dek %q, section %q, byline of %d", len(a.Tags), a.Dek, a.Section, len(a.Byline))
	}
	if out, err := json.Marshal(a); err != nil || !utf8.Valid(out) {
		t.Errorf("%v", err)
	}
}

func TestNamesAreExact(t *testing.T) {
	_, err := Parse([]byte(`{"ID":"1","url":"https://news.example/1","headline":"H"}`))
	if f, ok := err.(*FieldError); !ok || f.Field != "id" {
		t.Errorf("ID was taken for id: %v", err)
	}
}

func TestWhatLooksLikeMarkupInALineIsText(t *testing.T) {
	for _, s := range []string{"<script>alert(1)</script>", "&lt;b&gt;", "R&amp;D at Smith & Sons <Ltd>", `"><img src=x onerror=alert(1)>`} {
		quoted, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		a, err := Parse(fmt.Appendf(nil, `{"id":"1","url":"https://news.example/1","headline":%s,"dek":%[1]s,"section":%[1]s,"tags":[%[1]s],"photo":{"alt":%[1]s,"credit":%[1]s}}`, quoted))
		if err != nil {
			t.Fatal(err)
		}
		Clean(&a, Rules{})
		for field, have := range map[string]string{"headline": a.Headline, "section": a.Section, "tag": a.Tags[0], "alt": a.Photo.Alt, "credit": a.Photo.Credit} {
			if have != s {
				t.Errorf("%s: %q, want %q", field, have, s)
			}
		}
	}
	for s, want := range map[string]string{
		`</textarea><script>alert(1)</script>`: `</textarea><script>alert(1)</script>`, `&amp;lt;b&amp;gt;`: `&amp;lt;b&amp;gt;`, `<img src=x onerror=alert(1)>`: `<img src=x onerror=alert(1)>`,
		`<em>A spillway.</em>`: `A spillway.`, `Smith &amp; Sons.`: `Smith & Sons.`,
	} {
		if have := captionText(s); have != want {
			t.Errorf("caption %q: %q", s, have)
		}
	}
}

func TestBodyIsDecodedOnce(t *testing.T) {
	for body, want := range map[string]string{
		`<p>a</p><script>alert(1)</script><img src=x onerror=alert(1)><p>b</p>`: "a\n\nb",
		`&lt;script&gt;alert(1)&lt;/script&gt;`:                                 `<script>alert(1)</script>`,
		"One paragraph.\n\nAnother, 5 < 6.":                                     "One paragraph.\n\nAnother, 5 < 6.",
		"A family: 👨\u200d👩\u200d👧, می\u200cروند, a\u00adb, ک\u200f.":           "A family: 👨\u200d👩\u200d👧, می\u200cروند, ab, ک\u200f.",
	} {
		a := Article{Headline: "H", Language: "en", Body: body}
		Clean(&a, Rules{})
		if a.Body != want {
			t.Errorf("%q: %q, want %q", body, a.Body, want)
		}
	}
}

func TestHugeTextsTakeNoTime(t *testing.T) {
	start := time.Now()
	for _, s := range []string{strings.Repeat("(Photo: AFP ", 400_000), strings.Repeat("<div>", 800_000), strings.Repeat("a / ", 1_000_000), strings.Repeat("<", 4_000_000), strings.Repeat("\n(AFP)\n", 500_000)} {
		a := Article{Headline: s, Dek: s, Body: s, Byline: s, Photo: Photo{Caption: s, Credit: s, Alt: s}}
		Clean(&a, Rules{})
		if _, err := FromText("Headline\n\n"+s, ""); err != nil {
			t.Error(err)
		}
	}
	if d := time.Since(start); d > 3*time.Minute { // 3 s on an idle machine; by the square of their length it would be hours
		t.Errorf("took %v", d)
	}
}
