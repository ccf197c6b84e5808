package article

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// pairs are the lines of a table, parted at the last " | ".
func pairs(t *testing.T, file string) [][2]string {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out [][2]string
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndex(line, " | ")
		if at < 0 {
			t.Fatalf("%s: %q has no mark", file, line)
		}
		out = append(out, [2]string{line[:at], line[at+3:]})
	}
	return out
}

func TestDatelinesOfManyHouses(t *testing.T) {
	for _, c := range pairs(t, "testdata/datelines.txt") {
		line, rest := splitDateline(c[0])
		want := "A dam opens."
		if c[1] == "" {
			want = c[0]
		}
		if line != c[1] || rest != want {
			t.Errorf("%q: %q and %q, want %q", c[0], line, rest, c[1])
		}
	}
	for line, want := range map[string][2]string{"ERBIL (Kurdistan24)": {"ERBIL", "Kurdistan24"}, "(Reuters)": {"", "Reuters"}, "DUHOK": {"DUHOK", ""}} {
		if a := (&Article{Dateline: line}); a.Place() != want[0] || a.Agency() != want[1] {
			t.Errorf("%s: %q and %q", line, a.Place(), a.Agency())
		}
	}
}

func TestBylinesAreNames(t *testing.T) {
	for _, c := range pairs(t, "testdata/bylines.txt") {
		if got := byline(c[0]); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}

// TestBodiesAsCMSsSendThem: what is no part of the article's words goes, and nothing else.
func TestBodiesAsCMSsSendThem(t *testing.T) {
	body, err := os.ReadFile("testdata/bodies.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		HTML       string
		Paragraphs []string
	}
	if err := json.Unmarshal(body, &cases); err != nil || len(cases) < 50 {
		t.Fatal(len(cases), err)
	}
	for _, c := range cases {
		a := Article{Headline: "H", Language: "en", Body: c.HTML}
		if Clean(&a, Rules{}); !slices.Equal(a.Paragraphs(), c.Paragraphs) {
			t.Errorf("%s: have %q, want %q", c.HTML, a.Paragraphs(), c.Paragraphs)
		}
	}
}
