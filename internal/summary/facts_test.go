package summary

import (
	"slices"
	"strings"
	"testing"

	"cutline/internal/article"
)

func TestEverySentenceOfAnArticlePassesItsGate(t *testing.T) {
	for _, s := range samples(t) {
		for _, p := range append(s.article.Paragraphs(), s.article.Dek, s.article.Headline) {
			for _, text := range append(Sentences(p, s.article.Language), p) {
				if found := Check(text, s.article); len(found) > 0 {
					t.Errorf("%s: %+v in %s", s.name, found, text)
				}
			}
		}
	}
}

// sentenceWith is the article's sentence that has a text in it.
func sentenceWith(a article.Article, what string) string {
	for _, p := range a.Paragraphs() {
		for _, s := range Sentences(p, a.Language) {
			if strings.Contains(s, what) {
				return s
			}
		}
	}
	return ""
}

func TestGateFindsEveryChangedFact(t *testing.T) {
	for _, s := range samples(t) {
		a := s.article
		for _, q := range s.quotes {
			in := sentenceWith(a, q)
			if in == "" {
				continue // the quotation runs over several sentences
			}
			r := []rune(q)
			changed := string(r[:len(r)/2]) + "xyz" + string(r[len(r)/2:])
			if len(Check(strings.Replace(in, q, changed, 1), a)) == 0 {
				t.Errorf("%s: a changed quotation passes: %s", s.name, changed)
			}
		}
		for _, n := range s.names {
			in := sentenceWith(a, n)
			first, second, two := strings.Cut(n, " ")
			if in == "" || !two {
				continue
			}
			other := "Zoranov"
			if article.RTL(a.Language) {
				other = "زاناکانی"
			}
			if strings.HasPrefix(a.Language, "ja") {
				continue
			}
			text := strings.Replace(in, first+" "+second, first+" "+other, 1)
			if !slices.ContainsFunc(Check(text, a), func(f Finding) bool { return f.Kind == "name" }) {
				t.Errorf("%s: a changed name passes: %s", s.name, text)
			}
		}
		for _, n := range s.numbers {
			in := sentenceWith(a, n)
			if in == "" || strings.ContainsAny(n, "本分人時台") {
				continue
			}
			text := strings.Replace(in, n, "7"+n+"7", 1)
			if !slices.ContainsFunc(Check(text, a), func(f Finding) bool { return f.Kind == "number" }) {
				t.Errorf("%s: a changed number passes: %s", s.name, text)
			}
		}
	}
}

func TestGateKnowsWhatNumbersStandWith(t *testing.T) {
	a := article.Article{Language: "en", Headline: "Buses start on Route 7", Byline: "Sara Haddad",
		Body: "Twelve buses will take over Route 7 on Monday, November 23, at a cost of $3.4 million. A fleet of 60 was ordered in March. The route reopens on December 5. “It’s a relief for everyone here,” Rozh Karim said. The share rose to 61 percent."}
	for text, kind := range map[string]string{
		"It costs $3.4 billion.":                         "number",
		"They start on November 5.":                      "date",
		"They start on 23 December.":                     "number",
		"They start on Tuesday.":                         "date",
		"Thirteen buses take over.":                      "number",
		"Karimov said it is a relief.":                   "name",
		"Jane Test spoke of a relief.":                   "name",
		"“It’s a relief for nobody here,” Karim said.":   "quotation",
		"‘It’s a relief for nobody here,’ Karim said.":   "quotation",
		"\"A relief for nobody at all\", Karim said.":    "quotation",
		"Buses start (on Monday]. Route 7.":              "balance",
		"A relief for everyone” said Karim.":             "balance",
		"The share rose to 60 percent.":                  "number",
		"The share rose to 61 million.":                  "number",
		"Subscribe to our newsletter.":                   "promotion",
		"Buses start on Route 7. Buses start on Route 7": "headline",
	} {
		if found := Check(text, a); !slices.ContainsFunc(found, func(f Finding) bool { return f.Kind == kind }) {
			t.Errorf("%q: want a %s, have %+v", text, kind, found)
		}
	}
	for _, text := range []string{
		"12 buses take over Route 7.", "The share rose to 61%.", "They start on 23 November.", "Buses start on Nov. 23.", "‘It’s a relief for everyone here,’ Karim said.", "“It’s a relief … for everyone”, said Karim.",
		"Workers march on.", "Sara Haddad reports.", "It costs $3.4 million; 60 were ordered. Who pays?", "",
	} {
		if found := Check(text, a); len(found) > 0 {
			t.Errorf("%q: %+v", text, found)
		}
	}
	for _, c := range []struct{ language, body, fine string }{
		{"de", "»Das Wasser kam schnell«, sagte Vogt. Der Schaden liegt bei 2,7 Millionen Euro.", "»Das Wasser kam schnell«, sagte Vogt."},
		{"ckb", "٤٨ ملیار دیناری تێچوو.", "48 ملیار دیناری تێچوو."},
		{"ar", "كلفت 9.6 مليارات دينار.", "كلفت ٩٫٦ مليار دينار."},
		{"fa", "هزینهٔ آن ۱٬۱۵۰ تومان بود.", "هزینهٔ آن 1150 تومان بود."},
		{"tr", "Bilet 2.500 lira.", "Bilet 2500 lira."},
	} {
		a := article.Article{Language: c.language, Headline: "x", Body: c.body}
		if found := Check(c.fine, a); len(found) > 0 {
			t.Errorf("%s: %+v", c.fine, found)
		}
	}
}

func TestDekThatWasCutOffIsNotUsed(t *testing.T) {
	body := "The reservoir above Duhok has risen to 61 percent of its capacity. The gates stay shut, the directorate said on Friday."
	for _, dek := range []string{"The reservoir above Duhok has risen to 61 percent of its capacity. The gates […]", "The reservoir above Duhok has risen to 61 …", "The reservoir above Duhok has risen to 61"} {
		a := article.Article{Language: "en", Headline: "Reservoir near Duhok rises", Dek: dek, Body: body}
		if text := Write(a, upTo(100)); strings.Contains(text, "…") || !strings.HasSuffix(text, ".") {
			t.Errorf("%q", text)
		}
	}
}

func TestNoCutBeforeWhatTakesItBack(t *testing.T) {
	a := article.Article{Language: "en", Headline: "Talks in Alaska", Body: "Washington and Moscow made substantial progress toward an agreement to end the war, though a ceasefire was not reached."}
	if text := Write(a, upTo(100)); text != "" {
		t.Errorf("%q says what the article does not", text)
	}
}
