package channel

import (
	"strings"
	"testing"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/story"
)

// configured reads a configuration with one site, whose extra keys are given, and one channel.
func configured(t *testing.T, site, channel string) *config.Config {
	t.Helper()
	c, err := config.Parse("cutline.yaml", []byte("sites:\n  en: {name: Example News, language: en, url: \"https://news.example\""+site+"}\nchannels:\n  net:\n    kind: mastodon\n    site: en\n    server: \"https://mastodon.example\"\n    secret: \"env:TEST_SECRET\"\n"+channel), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func prepare(t *testing.T, site, channel string, change ...func(*article.Article)) story.Draft {
	t.Helper()
	c := configured(t, site, channel)
	ch, err := New("net", c.Channels["net"], c.Sites["en"], Parts{})
	if err != nil {
		t.Fatal(err)
	}
	a := article.Article{ID: "1", Language: "en", URL: "https://news.example/1", Headline: "Water stands at the spillway", Section: "News", Byline: "Hana Rashid", Tags: []string{"Kurdistan", "water"},
		Dek: "Officials say the reservoir is full for the first time in six years."}
	for _, c := range change {
		c(&a)
	}
	return ch.Prepare(Piece{Site: c.Sites["en"], Article: a, Revision: 1})
}

func TestTemplates(t *testing.T) {
	const dek = "Officials say the reservoir is full for the first time in six years."
	for _, c := range []struct{ name, site, channel, text string }{
		{"without a template the summary and the link", "", "", dek + "\n\nhttps://news.example/1"},
		{"hashtags by the site's map", `, hashtags: {kurdistan: Kurdistan, water: "#Water"}`, "", dek + "\n\nhttps://news.example/1\n\n#Kurdistan #Water"},
		{"the channel's own words", "", `    template: "{{section}}: {{headline}}\n\n{{summary}}\n{{link}}"`, "News: Water stands at the spillway\n\n" + dek + "\nhttps://news.example/1"},
		{"the site's where the channel has none", `, template: "{{headline}} {{link}}"`, "", "Water stands at the spillway https://news.example/1"},
		{"what an article does not have leaves no line", "", `    template: "{{dateline}}\n\n{{summary}}\n\n{{with kicker}}({{.}}){{end}}\n\n{{link}}"`, dek + "\n\nhttps://news.example/1"},
		{"the link is added where the words leave it out", "", `    template: "{{summary}}"`, dek + "\n\nhttps://news.example/1"},
		{"a template may decide", "", `    template: "{{if eq section \"Opinion\"}}Opinion: {{end}}{{summary}} {{link}}"`, dek + " https://news.example/1"},
	} {
		d := prepare(t, c.site, c.channel)
		if d.Text != c.text {
			t.Errorf("%s: have %q, want %q", c.name, d.Text, c.text)
		}
		if len(d.Findings) > 0 {
			t.Errorf("%s: the gate objects: %v", c.name, d.Findings)
		}
	}
}

func TestTemplateThatCannotWorkIsRefusedAtStart(t *testing.T) {
	for _, c := range []struct{ template, says string }{
		{`"{{headlin}}"`, `line 9: channels.net.template: function "headlin" not defined`},
		{`"{{headline"`, "line 9: channels.net.template: unclosed action"},
		{`"{{len 3}}"`, "line 9: channels.net.template: "},
		{`"{{if eq section \"x\"}}{{summary}}{{end}}{{index headline 9999}}"`, "line 9: channels.net.template: "},
		{"\"" + strings.Repeat("Our own words. ", 40) + `{{link}}"`, "line 9: channels.net.template: with "},
	} {
		conf := configured(t, "", "    template: "+c.template)
		_, err := New("net", conf.Channels["net"], conf.Sites["en"], Parts{})
		if err == nil || !strings.Contains(err.Error(), "cutline.yaml, "+c.says) {
			t.Errorf("%s: have %v, want %q", c.template, err, c.says)
		}
	}
}

func TestHashtagsGiveWayToTheSummaryAndKeepTheirSide(t *testing.T) {
	many := func(a *article.Article) {
		a.Dek = strings.TrimSpace(strings.Repeat("The reservoir is full. ", 18)) // 413 characters
	}
	d := prepare(t, `, hashtags: {Kurdistan: Kurdistan, water: `+strings.Repeat("Water", 12)+`}`, "", many)
	if !strings.HasSuffix(d.Text, "\n\n#Kurdistan") || strings.Count(d.Text, "The reservoir is full.") != 18 {
		t.Errorf("have %q", d.Text)
	}
	for _, c := range []struct {
		tags []string
		rtl  bool
		want string
	}{
		{[]string{"Iraq", "Basra"}, false, "#Iraq #Basra"},
		{[]string{"عراق", "Iraq"}, true, "#عراق \u200e#Iraq"},
		{[]string{"عراق"}, false, "\u200f#عراق"},
	} {
		if got := hashtags(c.tags, c.rtl); got != c.want {
			t.Errorf("have %q, want %q", got, c.want)
		}
	}
}

func TestLinkCarriesWhatTheSiteAddsAndKeepsWhatItHas(t *testing.T) {
	site := `, utm: "utm_source={kind}&utm_medium=social&utm_campaign={section}"`
	for link, want := range map[string]string{
		"https://news.example/1":                     "https://news.example/1?utm_source=mastodon&utm_medium=social&utm_campaign=News+%26+more",
		"https://news.example/1?id=4#top":            "https://news.example/1?id=4&utm_source=mastodon&utm_medium=social&utm_campaign=News+%26+more#top",
		"https://news.example/1?utm_source=wire&x=%": "https://news.example/1?utm_source=wire&x=%&utm_medium=social&utm_campaign=News+%26+more",
	} {
		d := prepare(t, site, "", func(a *article.Article) { a.URL, a.Section = link, "News & more" })
		if d.Link != want || !strings.Contains(d.Text, want) {
			t.Errorf("%s: have %s, want %s", link, d.Link, want)
		}
	}
	if _, err := config.Parse("cutline.yaml", []byte("sites:\n  en: {name: N, language: en, url: \"https://news.example\",\n    utm: \"utm_source={chanel}\"}"), nil); err == nil || !strings.Contains(err.Error(), `line 3: sites.en.utm: "{chanel}" is not known (did you mean "{channel}"?)`) {
		t.Errorf("have %v", err)
	}
}

// TestGateKnowsTheTemplatesOwnWords holds that what the site writes of itself is not taken for a claim of the article,
// and that what the desk writes besides is.
func TestGateKnowsTheTemplatesOwnWords(t *testing.T) {
	const channel = `    template: "Example News from Sulaimani 24: {{summary}}\n\n{{link}}"`
	d := prepare(t, "", channel)
	if len(d.Findings) > 0 {
		t.Errorf("the gate objects to %q: %v", d.Text, d.Findings)
	}
	c := configured(t, "", channel)
	a := article.Article{Language: "en", Headline: "Water stands at the spillway", Dek: d.Dek}
	for text, ok := range map[string]bool{
		d.Text: true,
		strings.Replace(d.Text, "six years", "nine hundred and 12 years", 1): false,
		strings.Replace(d.Text, "Sulaimani 24", "Sulaimani 25", 1):           false,
	} {
		if got := Check(text, d, a, c.Channels["net"], c.Sites["en"]); (len(got) == 0) != ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestCorrectionSaysThatItIsOne(t *testing.T) {
	for lang, word := range map[string]string{"en": "Correction: ", "ckb": "ڕاستکردنەوە: ", "tr": "Düzeltme: ", "ar": "تصحيح: "} {
		c := configured(t, "", "")
		ch, err := New("net", c.Channels["net"], c.Sites["en"], Parts{})
		if err != nil {
			t.Fatal(err)
		}
		s := samples(config.Site{Language: lang, URL: "https://news.example"})[1].piece
		s.Corrects = true
		if d := ch.Prepare(s); !strings.HasPrefix(d.Text, word) || len(d.Findings) > 0 {
			t.Errorf("%s: have %q, findings %v", lang, d.Text, d.Findings)
		}
	}
}
