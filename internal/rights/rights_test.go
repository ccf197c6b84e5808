package rights

import (
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/story"
)

func TestRights(t *testing.T) {
	c, err := config.Parse("cutline.yaml", []byte(`
sites:
  en:
    name: Example
    language: en
    url: "https://news.example"
    rights:
      - {name: "AP: not on X", credit: [AP, Associated Press], channels: [x]}
      - {name: "no palace on the log", credit: [AFP], of: [royal palace, "قصر الملك"], channels: [archive]}
      - {name: "AFP: 30 days", credit: [AFP], days: 30}
      - {name: "week", terms: [seven days only], days: 7}
channels:
  x: {kind: log, site: en}
  archive: {kind: log, site: en}
  feed: {kind: feed, site: en}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		name, credit, terms string
		article             article.Article
		barred              map[string]string
		days                int
		rule                string
	}{
		{"nothing said", "Sara Haddad", "", article.Article{}, nil, 0, ""},
		{"by its credit", "Photo: Ali/AP", "", article.Article{}, map[string]string{"x": "AP: not on X"}, 0, ""},
		{"a name in another", "APA / Ali", "", article.Article{}, nil, 0, ""},
		{"two words, in capitals", "ASSOCIATED  PRESS", "", article.Article{}, map[string]string{"x": "AP: not on X"}, 0, ""},
		{"what it shows", "AFP", "", article.Article{Photo: article.Photo{Caption: "The Royal Palace, seen from the river."}}, map[string]string{"archive": "no palace on the log"}, 30, "AFP: 30 days"},
		{"in Arabic, by a tag", "AFP", "", article.Article{Tags: []string{"قصر الملك"}}, map[string]string{"archive": "no palace on the log"}, 30, "AFP: 30 days"},
		{"the file's terms, sooner", "AFP", "For SEVEN DAYS only.", article.Article{}, nil, 7, "week"},
		{"the CMS's terms", "", "", article.Article{Photo: article.Photo{Terms: "seven days only"}}, nil, 7, "week"},
	} {
		p := PhotoOf(&story.Story{Site: "en", Article: x.article}, x.credit, x.terms)
		for ch := range c.Channels {
			if got := Barred(c, "en", p, ch); got != x.barred[ch] {
				t.Errorf("%s: barred from %s by %q, want %q", x.name, ch, got, x.barred[ch])
			}
		}
		until, rule := Until(c.Sites["en"], p, noon)
		if want := noon.AddDate(0, 0, x.days); x.days == 0 && !until.IsZero() || x.days > 0 && !until.Equal(want) || rule != x.rule {
			t.Errorf("%s: until %v by %q, want %d days by %q", x.name, until, rule, x.days, x.rule)
		}
	}
	// A kind of network is as good as a channel's name.
	if got := Barred(c, "en", Photo{Credit: "AP"}, "nobody"); got != "" {
		t.Errorf("%q", got)
	}
}
