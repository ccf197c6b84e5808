package article

import (
	"os"
	"strings"
	"testing"
)

func TestCreditsOfManyHouseStyles(t *testing.T) {
	body, err := os.ReadFile("testdata/credits.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, " | ")
		if n := len(f); n > 4 { // a caption that holds the mark itself
			f = append([]string{strings.Join(f[:n-3], " | ")}, f[n-3:]...)
		}
		if len(f) != 4 {
			t.Fatalf("%q has %d fields", line, len(f))
		}
		text, language, want, rest := f[0], strings.TrimSpace(f[1]), strings.TrimSpace(f[2]), strings.TrimSpace(f[3])
		if want == "" {
			rest = text
		}
		for _, l := range []string{language, ""} {
			credit, left := CreditIn(text, l)
			if credit != want || left != rest {
				t.Errorf("%q (%s): %q and %q, want %q and %q", text, l, credit, left, want, rest)
			}
		}
	}
}
