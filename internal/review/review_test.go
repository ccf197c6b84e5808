package review

import (
	"strings"
	"testing"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/story"
)

const newsroom = `
sites:
  en:
    {name: Example News, language: en, url: "https://news.example", rules: [
      {name: grave, risks: [courts, minors, deaths], people: 2, no_self: true},
      {name: sport, sections: [Sport], review: auto after 15m},
      {name: football, sections: [Sport], tags: [Football], review: auto after 30m},
      {name: money, tags: [Budget], by: ["group:economy"]},
      {name: loud, channels: [x], people: 3},
    ]}
  tr: {name: Örnek, language: tr, url: "https://haber.example", review: auto after 5m}
channels:
  feed: {kind: feed, site: en}
  log: {kind: log, site: en, review: auto}
  x: {kind: log, site: en}
  akış: {kind: feed, site: tr}
`

func parsed(t *testing.T) *config.Config {
	c, err := config.Parse("cutline.yaml", []byte(strings.ReplaceAll(newsroom, "akış", "akis")), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRuleOfAStory(t *testing.T) {
	c := parsed(t)
	for _, x := range []struct {
		name, site, channel string
		article             article.Article
		want                string // the rule's name, what goes by itself, and demands as people+no_self+by
	}{
		{"nothing matches", "en", "feed", article.Article{Headline: "Budget talks go on"}, "required | 1"},
		{"the site's policy", "tr", "akis", article.Article{Headline: "Bütçe görüşmeleri"}, "auto after 5m | auto 5m0s"},
		{"the channel's own policy", "en", "log", article.Article{Headline: "Budget talks go on"}, "auto | auto 0s"},
		{"sport goes by itself", "en", "feed", article.Article{Section: " sport", Headline: "Erbil win 3–1"}, "sport | auto 15m0s | 1"},
		{"of two times the longer", "en", "log", article.Article{Section: "Sport", Tags: []string{"football"}, Headline: "Erbil win 3–1"}, "sport, football, auto | auto 30m0s | 1 | 1"},
		{"a death in sport", "en", "feed", article.Article{Section: "Sport", Headline: "Former goalkeeper dies at 71"}, "grave, sport | 2 not self | 1"},
		{"a death on a channel that is auto", "en", "log", article.Article{Headline: "Two killed in Kirkuk blast"}, "grave, auto | 2 not self"},
		{"who may approve", "en", "feed", article.Article{Tags: []string{"BUDGET"}, Headline: "Spending rises"}, "money | 1 group:economy"},
		{"a channel's rule", "en", "x", article.Article{Headline: "Spending rises"}, "loud | 3"},
	} {
		d := &story.Dossier{Story: story.Story{Site: x.site, Article: x.article}}
		if got := describe(Of(c, d, x.channel)); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

func describe(r story.Rule) string {
	out := []string{r.Name}
	if r.Auto {
		out = append(out, "auto "+r.After.String())
	} else if len(r.Demands) == 0 {
		out = append(out, "1")
	}
	for _, d := range r.Demands {
		s := string(rune('0' + max(d.People, 1)))
		if d.NoSelf {
			s += " not self"
		}
		if len(d.By) > 0 {
			s += " " + strings.Join(d.By, " ")
		}
		out = append(out, s)
	}
	return strings.Join(out, " | ")
}

func TestWhoWroteItIsKnownByBylineAndEdits(t *testing.T) {
	s := &story.Story{Site: "en", Article: article.Article{Headline: "x", Byline: "Shilan Ahmed, Tom Roe"}}
	s.Edits.Sign("Hana", "id#1", s.First)
	s.Edits.Sign("Rebin", "id#2", s.First)
	if got := strings.Join(approval(parsed(t), s, "feed").Authors, "; "); got != "id#1; id#2; Shilan Ahmed; Tom Roe" {
		t.Errorf("have %s", got)
	}
}

func TestRisks(t *testing.T) {
	for _, c := range []struct{ language, text, want string }{
		{"en", "Reservoir rises to 61 percent", ""},
		{"en", "Three killed as bus leaves road", "deaths"},
		{"en", "Teenager charged with arson appears in court", "courts minors"},
		{"en", "Skilled workers leave", ""},
		{"en", "A deadline passes", ""},
		{"en", "Parliament studies the bill; the judgement of history", ""},
		{"en-GB", "Boy, 9, DROWNED in Dukan lake", "minors deaths"},
		{"tr", "Barajın doluluğu yüzde 61", ""},
		{"tr", "Trafik kazasında iki kişi hayatını kaybetti", "deaths"},
		{"tr", "İstanbul’da çocuk mahkemesi kararını verdi", "courts minors"},
		{"kmr", "Di qezayê de du kes hatin kuştin", "deaths"},
		{"ckb", "لە ڕووداوێکی هاتوچۆدا دوو کەس گیانیان لەدەستدا", "deaths"},
		{"ckb", "دادگا بڕیاری لەسەر منداڵێک دا", "courts minors"},
		{"ckb", "ئاستی ئاوی بەنداوەکە بەرز دەبێتەوە", ""},
		{"ar", "مقتل شخصين في انفجار", "deaths"},
		{"ar", "المحكمة تؤجل النظر في القضية", "courts"},
		{"ar", "والأطفال أكثر المتضررين", "minors"},
		{"ar", "ارتفاع منسوب المياه في السد", ""},
		{"fa", "دو کشته در تصادف جاده\u200cای", "deaths"},
		{"fa", "دادگاه حکم را اعلام کرد", "courts"},
		{"fa", "سطح آب سد بالا آمد", ""},
		{"de", "Two people killed", "deaths"}, // no list of that language: all are tried
	} {
		if got := strings.Join(Risks(article.Article{Language: c.language, Headline: c.text}), " "); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.language, c.text, got, c.want)
		}
	}
	if got := Risks(article.Article{Language: "en", Headline: "Talks", Tags: []string{"Courts"}}); len(got) != 1 || got[0] != "courts" {
		t.Errorf("a tag of the risk's name: %v", got)
	}
}

// TestListsAreWhole: each risk has words in each of the desk's languages, and no entry is empty: an empty one that may go
// on would match everything.
func TestListsAreWhole(t *testing.T) {
	for _, risk := range config.Risks {
		for _, language := range []string{"en", "tr", "kmr", "ckb", "ar", "fa"} {
			list := lists()[risk][language]
			if len(list) < 8 {
				t.Errorf("%s in %s has %d entries", risk, language, len(list))
			}
			for i, p := range list {
				if len(p.words) == 0 || p.stem && len([]rune(strings.Join(p.words, ""))) < 3 {
					t.Errorf("%s in %s: entry %d is %q", risk, language, i, p.words)
				}
			}
		}
	}
}
