package source

import (
	"testing"

	"cutline/internal/config"
)

// A document that holds several languages is an article in the one of the source, or of its site.
func TestSanityFieldsByLanguage(t *testing.T) {
	const (
		lists = `{"_id":"1","_type":"article","slug":"dam","title":[{"_key":"en","_type":"internationalizedArrayStringValue","value":"Dam"},{"_key":"ckb","_type":"internationalizedArrayStringValue","value":"بەنداو"}],
"dek":[{"_key":"en","_type":"internationalizedArrayTextValue","value":"It rains."}],"tags":["rain","dams"],"image":{"url":"https://cdn.example/a.jpg","caption":[{"_key":"x1","language":"ckb","_type":"internationalizedArrayStringValue","value":"بەنداوێک. (وێنە: AFP)"}]}}`
		objects = `{"_id":"1","_type":"article","slug":"dam","title":{"_type":"localeString","en":"Dam","ckb":"بەنداو","pt_BR":"Barragem"},"dek":{"_type":"localeText","en":"It rains."},"body":[{"_type":"block","children":[{"_type":"span","text":"It rained."}]}]}`
		plain   = `{"_id":"1","_type":"article","slug":"dam","title":"Dam","dek":"It rains."}`
	)
	for _, c := range []struct{ doc, site, locale, headline, dek, language, credit string }{
		{lists, "en", "", "Dam", "It rains.", "en", ""},
		{lists, "ckb", "", "بەنداو", "", "ckb", "AFP"},
		{lists, "en", "ckb", "بەنداو", "", "ckb", "AFP"},
		{lists, "ckb-IQ", "", "بەنداو", "", "ckb-IQ", "AFP"},
		{lists, "de", "", "", "", "", ""},
		{objects, "en", "", "Dam", "It rains.", "en", ""},
		{objects, "en", "ckb", "بەنداو", "", "ckb", ""},
		{objects, "pt-BR", "", "Barragem", "", "pt-BR", ""},
		{objects, "pt", "", "Barragem", "", "pt", ""},
		{plain, "ckb", "", "Dam", "It rains.", "ckb", ""},
	} {
		s := newSource(t, "sanity", func(cfg *config.Source, site *config.Site) { cfg.Locale, site.Language = c.locale, c.site })
		all := read(s, c.doc)
		if len(all) != 1 {
			t.Fatalf("%+v", all)
		}
		a := all[0].Article
		if c.headline == "" {
			if all[0].Event != Retract || all[0].Article.ID != "1" || all[0].Holds() {
				t.Errorf("%s of a document without it: %+v", c.site, all[0])
			}
			continue
		}
		if a.Headline != c.headline || a.Dek != c.dek || a.Language != c.language || a.Photo.Credit != c.credit {
			t.Errorf("%s %s: headline %q, dek %q, language %q, credit %q", c.site, c.locale, a.Headline, a.Dek, a.Language, a.Photo.Credit)
		}
	}
}
