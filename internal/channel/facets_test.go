package channel

import (
	"encoding/json"
	"strings"
	"testing"
)

// facetSent is a facet as it is sent.
type facetSent struct {
	Index    struct{ ByteStart, ByteEnd int }
	Features []struct {
		Type string `json:"$type"`
		URI  string
		Tag  string
	}
}

func facetsIn(t *testing.T, text, shown, link string, tags []string) []facetSent {
	t.Helper()
	b, err := json.Marshal(facets(text, shown, link, tags))
	if err != nil {
		t.Fatal(err)
	}
	var out []facetSent
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLinksThatSomebodyWrote holds the links that we find in a text to those of Bluesky's own client, but for what is
// named here.
func TestLinksThatSomebodyWrote(t *testing.T) {
	differs := map[string]string{
		"link-bare":      "a host without a scheme stays text",
		"link-bare-path": "a host without a scheme stays text",
		"mixed-emoji":    "a host without a scheme stays text",
		"link-ja-tight":  "a link straight after a letter is one",
		"link-upper":     "a scheme in capitals is one",
		"link-quotes":    "a link in quotation marks is one",
		"link-angle":     "a link in angle brackets is one",
		"zwsp":           "a zero width space ends what is before it",
	}
	var file struct {
		Cases []struct {
			ID, Text string
			Facets   []struct {
				ByteStart, ByteEnd int
				Features           []struct{ Type, URI string }
			}
		}
	}
	readJSON(t, "testdata/text/facets.json", &file)
	if len(file.Cases) < 50 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	for _, c := range file.Cases {
		want, have := map[[2]int]string{}, map[[2]int]string{}
		for _, f := range c.Facets {
			if f.Features[0].Type == "link" {
				want[[2]int{f.ByteStart, f.ByteEnd}] = f.Features[0].URI
			}
		}
		for _, f := range facetsIn(t, c.Text, "", "", nil) {
			have[[2]int{f.Index.ByteStart, f.Index.ByteEnd}] = f.Features[0].URI
		}
		same := len(want) == len(have)
		for at, uri := range want {
			same = same && have[at] == uri
		}
		if _, known := differs[c.ID]; same == known {
			t.Errorf("%s %q: have %v, want %v; a known difference: %v", c.ID, c.Text, have, want, known)
		}
	}
}

// TestLinksEndAtABlank: blanks of any script end a link, as on Bluesky.
func TestLinksEndAtABlank(t *testing.T) {
	for _, blank := range []string{" ", "\n", "\u00a0", "\u2003", "\u202f", "\u3000", "\u2028"} {
		found := facetsIn(t, "見よ https://example.com/a"+blank+"続き", "", "", nil)
		if len(found) != 1 || found[0].Features[0].URI != "https://example.com/a" {
			t.Errorf("with %+q: %+v", blank, found)
		}
	}
}

func TestFacetsOfOurOwnLinkAndTags(t *testing.T) {
	text := "ئاو گەیشتە سەرڕێژ news.example/1 \u200e#Iraq #عێراق #Iraqi foo#Iraq https://other.example/a."
	want := map[string]string{"news.example/1": "https://news.example/1?utm=x", "#Iraq": "Iraq", "#عێراق": "عێراق", "https://other.example/a": "https://other.example/a"}
	got := facetsIn(t, text, "news.example/1", "https://news.example/1?utm=x", []string{"Iraq", "عێراق"})
	if len(got) != len(want) {
		t.Errorf("%d facets: %+v", len(got), got)
	}
	for _, f := range got {
		shown := text[f.Index.ByteStart:f.Index.ByteEnd]
		if w, ok := want[shown]; !ok || f.Features[0].URI+f.Features[0].Tag != w || !strings.HasPrefix(f.Features[0].Type, "app.bsky.richtext.facet#") {
			t.Errorf("%q: %+v", shown, f)
		}
	}
}
