package summary

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestSentencesOfManyLanguages(t *testing.T) {
	body, err := os.ReadFile("testdata/sentences.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(strings.TrimSuffix(line, "\n"), " | ")
		language, want := f[0], f[1:]
		if got := Sentences(strings.Join(want, joint(language)), language); !slices.Equal(got, want) {
			t.Errorf("%s: have %s\nwant %s", language, strings.Join(got, " | "), strings.Join(want, " | "))
		}
	}
}
