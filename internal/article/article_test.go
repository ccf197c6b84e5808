package article

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func slashes(s string) string {
	return strings.NewReplacer(" / ", "/", "/ ", "/", " /", "/").Replace(s)
}

func TestCreditsInCaptions(t *testing.T) {
	body, err := os.ReadFile("testdata/captions.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Captions []struct {
			Text, Language string
			Credit         *string // nil: none
			Caption        string
			CreditAccept   []string `json:"credit_accept"`
			CaptionAccept  []string `json:"caption_accept"`
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Captions) < 60 {
		t.Fatalf("only %d captions", len(doc.Captions))
	}
	for _, c := range doc.Captions {
		credit, rest := CreditIn(c.Text, c.Language)
		want := ""
		if c.Credit != nil {
			want = *c.Credit
		}
		same := func(x string) bool { return slashes(x) == slashes(credit) }
		if !same(want) && !slices.ContainsFunc(c.CreditAccept, same) {
			t.Errorf("%q: credit %q, want %q", c.Text, credit, want)
		}
		if rest != c.Caption && !slices.Contains(c.CaptionAccept, rest) {
			t.Errorf("%q: caption %q, want %q", c.Text, rest, c.Caption)
		}
	}
}

func TestArticlesComeOutAlikeFromTextAndHTML(t *testing.T) {
	files, err := filepath.Glob("testdata/*-*.json")
	if err != nil || len(files) < 7 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Input struct {
				Headline, Dek, Dateline, Byline, Language string
				Photo                                     struct{ Caption, Credit string }
				Body                                      []string
				BodyHTML                                  string `json:"body_html"`
			}
			Expected struct {
				Direction, Place, Agency string
				Byline                   []string
				Credit, Caption          string
				Paragraphs               []string
			}
		}
		if err := json.Unmarshal(body, &d); err != nil {
			t.Fatal(file, err)
		}
		for _, language := range []string{d.Input.Language, ""} {
			for _, text := range []string{strings.Join(d.Input.Body, "\n\n"), d.Input.BodyHTML} {
				a := Article{Headline: d.Input.Headline, Dek: d.Input.Dek, Byline: d.Input.Byline, Language: language, Body: text, Photo: Photo{Caption: d.Input.Photo.Caption, Credit: d.Input.Photo.Credit}}
				Clean(&a, Rules{})
				if !slices.Equal(a.Paragraphs(), d.Expected.Paragraphs) {
					t.Errorf("%s: paragraphs\n%s\nwant\n%s", file, strings.Join(a.Paragraphs(), "\n"), strings.Join(d.Expected.Paragraphs, "\n"))
				}
				for field, pair := range map[string][2]string{
					"language":  {a.Language, d.Input.Language},
					"direction": {Direction(a.Language), d.Expected.Direction},
					"place":     {a.Place(), d.Expected.Place},
					"agency":    {a.Agency(), d.Expected.Agency},
					"byline":    {a.Byline, strings.Join(d.Expected.Byline, ", ")},
					"credit":    {a.Photo.Credit, d.Expected.Credit},
					"caption":   {a.Photo.Caption, d.Expected.Caption},
				} {
					if pair[0] != pair[1] {
						t.Errorf("%s: %s %q, want %q", file, field, pair[0], pair[1])
					}
				}
			}
		}
	}
}

// TestSeedArticle reads a newspaper's text where it is at hand; it is not ours to copy.
func TestSeedArticle(t *testing.T) {
	text, err := os.ReadFile("../../../shared/data/articles/seed-article.txt")
	if err != nil {
		t.Skip("the seed article is not here:", err)
	}
	a, err := FromText(string(text), "")
	if err != nil {
		t.Fatal(err)
	}
	if a.Headline != "Trump Envoy Says ‘Substantial Progress’ Achieved in Summit With Putin" || a.Photo.Credit != "AFP" || a.Dateline != "ERBIL (Kurdistan24)" || a.Language != "en" ||
		a.Photo.Caption != "US special envoy Steve Witkoff, in Anchorage, Alaska, on Aug. 15, 2025." || !strings.HasPrefix(a.Dek, "U.S. envoy Witkoff revealed") {
		t.Errorf("%+v", a)
	}
	for _, not := range []string{"Advertis", "Photo:", "ERBIL", "US special envoy Steve Witkoff, in Anchorage"} {
		if strings.Contains(a.Body+a.Dek, not) {
			t.Errorf("%q is in the text", not)
		}
	}
	if n := len(a.Paragraphs()); n != 14 {
		t.Errorf("%d paragraphs", n)
	}
}

func TestParseNamesTheFieldThatIsWrong(t *testing.T) {
	const good = `{"id":"1","url":"https://news.example/1","headline":"H","language":"en"}`
	if a, err := Parse([]byte(good)); err != nil || a.ID != "1" {
		t.Fatal(a, err)
	}
	for body, field := range map[string]string{
		`{"url":"https://news.example/1","headline":"H"}`:                                    "id",
		`{"id":"1","url":"https://news.example/1","headline":" "}`:                           "headline",
		`{"id":"1","url":"javascript:alert(1)","headline":"H"}`:                              "url",
		`{"id":"1","url":"https://news.example/1","headline":7}`:                             "headline",
		`{"id":"1","url":"https://news.example/1","headline":"H","tags":"x"}`:                "tags",
		`{"id":"1","url":"https://news.example/1","headline":"H","photo":{"url":"ftp://x"}}`: "photo.url",
		`{"id":"1","url":"https://news.example/1","headline":"H","photo":{"focal":{"x":2}}}`: "photo.focal",
		`{"id":"1","url":"https://news.example/1","headline":"H","published":"yesterday"}`:   "published",
		`{"id":"1","url":"https://news.example/1","headline":"H","language":"<b>"}`:          "language",
		`{"id":"1","ID":"2","url":"https://news.example/1","headline":"H"}`:                  "ID",
		`{"id":"1"} {}`: "body",
		`{"id":`:        "body",
		strings.Repeat("[", 70) + strings.Repeat("]", 70): "body",
	} {
		_, err := Parse([]byte(body))
		if f, ok := err.(*FieldError); !ok || f.Field != field {
			t.Errorf("%.80s: %v, want a word about %s", body, err, field)
		}
	}
}

func FuzzCleanIsDoneOnce(f *testing.F) {
	f.Add("<p>DUHOK (Example24) – The reservoir</p><p>Advertisement</p>", "A spillway. (Photo: AFP)")
	f.Add("ئاو &nbsp; <script>x</script>", "وێنە: AFP")
	f.Fuzz(func(t *testing.T, body, caption string) {
		a := Article{Headline: "H", Language: "en", Body: body, Photo: Photo{Caption: caption}}
		Clean(&a, Rules{})
		if strings.ContainsAny(a.Body, "\r\t\x00\u00a0\u00ad") || strings.Contains(a.Body, "\n\n\n") {
			t.Errorf("not clean: %q", a.Body)
		}
	})
}

func FuzzFromText(f *testing.F) {
	f.Add("Headline\n\nDek.\n\nA caption. (Photo: AFP)\n\nERBIL (Kurdistan24) – Text.\n\nAdvertisement")
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := FromText(text, ""); err == nil && a.Headline == "" {
			t.Errorf("an article without a headline from %q", text)
		}
	})
}

func TestPrimaryIsTheFirstSubtag(t *testing.T) {
	for tag, want := range map[string]string{"ckb": "ckb", "ckb-IQ": "ckb", "EN_us": "en", "zh-Hant-TW": "zh", "": ""} {
		if got := Primary(tag); got != want {
			t.Errorf("%q: %q, want %q", tag, got, want)
		}
	}
}
