package article

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var six = []string{"en", "ckb", "kmr", "ar", "fa", "tr"}

// Each of the headlines is told among the six languages, though a headline is little to go by.
func TestLanguageOfAHeadline(t *testing.T) {
	data, err := os.ReadFile("testdata/languages.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for line := range strings.Lines(string(data)) {
		want, text, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		seen[want]++
		if got := Detect(text, six...); got != want {
			t.Errorf("%s: %q is %q", want, text, got)
		}
	}
	for _, l := range six {
		if seen[l] < 6 {
			t.Errorf("only %d headlines in %s", seen[l], l)
		}
	}
}

// The articles of the other tests, whole, among all languages that can be told.
func TestLanguageOfAnArticle(t *testing.T) {
	files, err := filepath.Glob("testdata/*-*.json")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Input map[string]any
		}
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatal(f, err)
		}
		want, _, _ := strings.Cut(filepath.Base(f), "-")
		for _, field := range []string{"headline", "dek", "body"} {
			text, _ := doc.Input[field].(string)
			if paragraphs, ok := doc.Input[field].([]any); ok {
				text = fmt.Sprint(paragraphs...)
			}
			if got := Detect(text); text != "" && got != want {
				t.Errorf("%s of %s is %q", field, f, got)
			}
		}
	}
}

func TestLanguageAmongFew(t *testing.T) {
	for _, c := range []struct {
		text, want string
		among      []string
	}{
		{"Petrol fiyatları yükseldi", "tr", nil},
		{"Petrol fiyatları yükseldi", "", []string{"ckb", "ar"}},         // another script
		{"نرخی نەوت بەرز بووەوە", "ckb-IQ", []string{"en-GB", "ckb-IQ"}}, // the tag as the site writes it
		{"رئيس الحكومة يصل إلى أربيل", "ar", []string{"en", "ckb", "ar"}},
		{"首相「賃上げは道半ば」", "ja", nil},
		{"央行宣布下调存款准备金率", "zh", nil},
		{"2027: 24 / 7", "", six},
		{"", "", six},
		{"\xff\xfe", "", nil},
	} {
		if got := Detect(c.text, c.among...); got != c.want {
			t.Errorf("%q among %v: %q, want %q", c.text, c.among, got, c.want)
		}
	}
}
