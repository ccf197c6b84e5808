package source

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"cutline/internal/config"
)

// The published schema and the reader agree.
func TestSchema(t *testing.T) {
	doc, err := os.ReadFile("../../docs/article.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("article.schema.json", value); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("article.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	full := `{"type":"article.published","timestamp":"2026-11-26T12:00:00Z","data":{"id":"1","url":"https://news.example/a","language":"ckb","headline":"A","dek":"b","body":"<p>c</p>","byline":"d","dateline":"E (F)","section":"g","kicker":"live","tags":["h"],"photo":{"url":"https://news.example/p.jpg","caption":"i","credit":"AFP","alt":"j","focal":{"x":0.5,"y":1}},"published":"2026-11-26T12:00:00Z","updated":"2026-11-26T12:00:00+03:00","embargo":"2026-11-26T15:00:00Z"}}`
	cases := []string{full, `{"type":"article.deleted","data":{"id":"1"}}`, `{"type":"article.deleted","data":{"id":7}}`, `{"type":"article.deleted","data":{}}`, `{"type":"article.updated","data":{"id":"1","headline":"A"}}`,
		`{"type":"article.published"}`, `{"data":{"id":"1"}}`, `[]`}
	for _, change := range [][2]string{{`"A"`, `""`}, {`"A"`, `7`}, {`"https://news.example/a"`, `"/a"`}, {`"ckb"`, `"Sorani!"`}, {`"x":0.5`, `"x":1.5`}, {`["h"]`, `"h"`}, {`["h"]`, `null`}, {`"d"`, `null`}, {`"id":"1"`, `"id":""`}, {`"https://news.example/p.jpg"`, `"ftp://x/y"`}, {`"https://news.example/p.jpg"`, `""`}} {
		cases = append(cases, strings.Replace(full, change[0], change[1], 1))
	}
	for _, body := range cases {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		valid := schema.Validate(value) == nil
		d := read(newSource(t, "cutline"), body)[0]
		if taken := d.Verdict == Accepted; taken != valid {
			t.Errorf("the schema says %v, the reader %v (%s):\n%s", valid, taken, d.Why, body)
		}
	}
}

func TestKindsAreThoseOfTheConfiguration(t *testing.T) {
	if len(config.SourceKinds) != len(kinds()) {
		t.Errorf("%d kinds in the configuration, %d here", len(config.SourceKinds), len(kinds()))
	}
	for _, k := range config.SourceKinds {
		if _, ok := kinds()[k]; !ok {
			t.Errorf("no kind %s", k)
		}
		if _, err := os.Stat("../../docs/sources/" + k + ".md"); err != nil {
			t.Errorf("no page about %s: %v", k, err)
		}
	}
}
