package channel

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"cutline/internal/config"
)

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestLengthsAreTheNetworks(t *testing.T) {
	var file struct {
		Cases []struct {
			ID, Text string
			X        struct {
				Weighted int
				Valid    bool
			}
			Bluesky struct {
				Graphemes int
				Fits      bool
			}
			UTF16 int
		}
	}
	readJSON(t, "testdata/text/lengths.json", &file)
	if len(file.Cases) < 77 {
		t.Fatalf("%d cases", len(file.Cases))
	}
	fits := func(n, limit int, err error) bool { return err == nil && n <= limit }
	for _, c := range file.Cases {
		if n, limit, err := Count("x", c.Text); n != c.X.Weighted || limit != 280 || fits(n, limit, err) != c.X.Valid {
			t.Errorf("%s: on X %d of %d (%v), want %d, %v", c.ID, n, limit, err, c.X.Weighted, c.X.Valid)
		}
		if n, limit, err := Count("bluesky", c.Text); n != c.Bluesky.Graphemes || limit != 300 || fits(n, limit, err) != c.Bluesky.Fits {
			t.Errorf("%s: on Bluesky %d of %d (%v), want %d, %v", c.ID, n, limit, err, c.Bluesky.Graphemes, c.Bluesky.Fits)
		}
		if n, _, err := Count("telegram", c.Text); n != c.UTF16 || err != nil {
			t.Errorf("%s: on Telegram %d (%v), want %d", c.ID, n, err, c.UTF16)
		}
	}
}

func TestXCountsAsTwitterText(t *testing.T) {
	var file struct{ Tests map[string]json.RawMessage }
	readJSON(t, "testdata/text/validate.json", &file)
	for _, group := range []string{"WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest"} {
		var cases []struct {
			Description, Text string
			Expected          struct {
				WeightedLength int
				Valid          bool
			}
		}
		if err := json.Unmarshal(file.Tests[group], &cases); err != nil || len(cases) == 0 {
			t.Fatalf("%s: %d cases, %v", group, len(cases), err)
		}
		for _, c := range cases {
			n, limit, err := Count("x", c.Text)
			if n != c.Expected.WeightedLength || (n <= limit && err == nil) != c.Expected.Valid {
				t.Errorf("%s: %d (%v), want %+v\n%s", c.Description, n, err, c.Expected, c.Text)
			}
		}
	}
}

func TestXLinksAsTwitterText(t *testing.T) {
	var file struct{ Tests map[string]json.RawMessage }
	readJSON(t, "testdata/text/extract.json", &file)
	type link struct {
		URL     string
		Indices [2]int // in UTF-16 units or code points: the cases have no astral characters before a link
	}
	check := func(description, text string, want []link) {
		found := links(text, true)
		var got []string
		for _, s := range found {
			got = append(got, text[s.from:s.to])
		}
		bad := len(found) != len(want)
		for i := 0; !bad && i < len(want); i++ {
			bad = got[i] != want[i].URL || want[i].Indices != [2]int{} &&
				want[i].Indices != [2]int{utf8.RuneCountInString(text[:found[i].from]), utf8.RuneCountInString(text[:found[i].to])}
		}
		if bad {
			t.Errorf("%s: %q, want %+v\n%s", description, got, want, text)
		}
	}
	for _, group := range []string{"urls", "tco_urls_with_params"} {
		var cases []struct {
			Description, Text string
			Expected          []string
		}
		if err := json.Unmarshal(file.Tests[group], &cases); err != nil || len(cases) == 0 {
			t.Fatalf("%s: %d cases, %v", group, len(cases), err)
		}
		for _, c := range cases {
			var want []link
			for _, u := range c.Expected {
				want = append(want, link{URL: u})
			}
			check(c.Description, c.Text, want)
		}
	}
	for _, group := range []string{"urls_with_indices", "urls_with_directional_markers"} {
		var cases []struct {
			Description, Text string
			Expected          []link
		}
		if err := json.Unmarshal(file.Tests[group], &cases); err != nil || len(cases) == 0 {
			t.Fatalf("%s: %d cases, %v", group, len(cases), err)
		}
		for _, c := range cases {
			check(c.Description, c.Text, c.Expected)
		}
	}
}

// TestXBracketsInPaths: what npm twitter-text 3.1.0 makes a link of.
func TestXBracketsInPaths(t *testing.T) {
	for text, want := range map[string]string{
		"http://example.com/x(a/b)": "http://example.com/x(a/b)", "http://example.com/(a_(b))": "http://example.com/(a_(b))",
		"http://example.com/%(a)": "http://example.com/", "http://example.com/a.(b)": "http://example.com/a",
	} {
		found := links(text, true)
		if len(found) != 1 || text[found[0].from:found[0].to] != want {
			t.Errorf("%s: %v, want %s", text, found, want)
		}
	}
}

// The numbers are those of npm twitter-text 3.1.0.
func TestXEmojiSequences(t *testing.T) {
	for text, want := range map[string]int{
		"👩‍🦰": 2, "🏴‍☠️": 2, "🏳️‍🌈": 2, "👁‍🗨": 2, "🕵️‍♀️": 2, "👨🏿‍⚕️": 2, "👍🏽": 2, "👨‍👩‍👧‍👦": 2, // as one
		"1⃣": 2, "#️⃣": 2, "🇮🇶": 2, "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f": 2,
		"©": 1, "©️": 2, "☎️": 2, "☎︎": 4,
		"🧑‍🏫": 5, "🐦‍🔥": 5, "🐕‍🦺": 5, "👨‍⚕": 5, "🕵‍♀️": 5, // later than Emoji 11, or not as they should be written
		"🤵🏽‍♀️": 2, "🤵‍♂️": 2, "🕴️‍♀️": 2, "🕴🏿‍♂️": 2, "🕴‍♀️": 5, "✌️🏽": 2,
		"🇮🇮": 4, "😀🏽": 4, "🤝🏽": 4, "🧑‍🤝‍🧑": 8,
	} {
		if n, _, err := Count("x", text); n != want || err != nil {
			t.Errorf("%s %+q: %d (%v), want %d", text, text, n, err, want)
		}
	}
}

func TestEveryKindCounts(t *testing.T) {
	for _, kind := range config.ChannelKinds {
		if n, limit, err := Count(kind, "Water & light 🌊"); n < 14 || limit < 0 || err != nil {
			t.Errorf("%s: %d of %d, %v", kind, n, limit, err)
		}
	}
	if _, _, err := Count("myspace", "x"); err == nil || errors.Is(err, ErrUnfit) {
		t.Errorf("a kind that is not there: %v", err)
	}
	for _, c := range []struct {
		kind, text string
		want       int
	}{
		{"mastodon", "A @newsroom@mastodon.example says: https://news.com/" + strings.Repeat("a", 90) + ". نا", 2 + 9 + 7 + 23 + 4},
		{"mastodon", "news.com/a-page counts as it stands, for it has no scheme", 57},
		{"mastodon", "التفاصيل: https://news.com/ar/خبر-عاجل، وأخرى", 10 + 23 + 6},
		{"mastodon", "https://news.com/ar/خبر. https://كردستان.com/هەواڵ", 23 + 2 + 23},
		{"mastodon", "https://news.com/wiki/Erbil_(city) https://news.com/a?q=1 نا", 23 + 1 + 23 + 3},
		{"mastodon", "दिल्ली में", 4},
		{"threads", "ab 🌊", 7},
		{"threads", "👨‍👩‍👧‍👦", 25},
		{"slack", "a & b <c> \"d\"", 23},
		{"telegram", "🌊ab", 4},
		{"discord", "🌊ab", 4},
		{"nostr", "🌊ab", 3},
	} {
		if n, _, err := Count(c.kind, c.text); n != c.want || err != nil {
			t.Errorf("%s: %q is %d (%v), want %d", c.kind, c.text, n, err, c.want)
		}
	}
	for kind, text := range map[string]string{"x": "\ufefftext", "bluesky": strings.Repeat("👨‍👩‍👧‍👦", 130)} {
		if n, limit, err := Count(kind, text); n > limit || !errors.Is(err, ErrUnfit) {
			t.Errorf("%s: %d of %d, %v", kind, n, limit, err)
		}
	}
	if n, _, err := Count("x", ""); n != 0 || !errors.Is(err, ErrUnfit) {
		t.Errorf("an empty post: %d, %v", n, err)
	}
}

// A text of many labels is looked at once: with the square of its length this would take hours.
func TestXLengthOfHostileTexts(t *testing.T) {
	for _, unit := range []string{"x.", "中.", "中", "a-", "a.com/(((((", "xn--", "http://", "_."} {
		text := strings.Repeat(unit, 200_000/len(unit)) + "."
		if n, _ := xLength(text); n == 0 {
			t.Errorf("%q counts nothing", unit)
		}
	}
}

func FuzzXLinks(f *testing.F) {
	for _, s := range []string{"http://a.co/b", "ああ.com。x.みんな/a", "t.co/a (http://b.de/c_(d)).", "xn--a.com -a.b_c.org:80?q", "\xff.com", "0.\xe3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		at := 0
		for _, s := range links(text, true) {
			if s.from < at || s.to <= s.from || s.to > len(text) {
				t.Fatalf("%+v in %q", s, text)
			}
			at = s.to
		}
		if n, _ := xLength(text); n < 0 || n > 6*len(text) { // the shortest link has four bytes and counts 23
			t.Fatalf("%d for %d bytes", n, len(text))
		}
	})
}
