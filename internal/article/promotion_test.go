package article

import (
	"os"
	"strings"
	"testing"
)

func TestPromotionOfManyPages(t *testing.T) {
	body, err := os.ReadFile("testdata/promotion.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		kind, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " | ")
		if !ok {
			continue
		}
		if got := Promotion(text); got != (kind == "promotion") {
			t.Errorf("%s: promotion %v", line, got)
		}
	}
}
