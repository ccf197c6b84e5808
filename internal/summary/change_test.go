package summary

import (
	"testing"

	"cutline/internal/article"
)

func TestCompareTellsSlipsFromFacts(t *testing.T) {
	en := article.Article{Language: "en", Headline: "Water reaches the spillway", Dek: "The reservoir holds 4.3 billion cubic metres, engineer Karwan Aziz said on Monday.", Body: "Officials are watching the gates. Nobody was hurt."}
	ckb := article.Article{Language: "ckb", Headline: "ئاو گەیشتە لێواری سەرڕێژ", Dek: "بەنداوەکە ٤٫٣ ملیار مەتر سێجا ئاوی تێدایە."}
	for _, c := range []struct {
		name string
		a    article.Article
		was  Said
		kind string
	}{
		{"nothing", en, Said{Headline: en.Headline, Text: en.Dek}, Same},
		{"a slip of the pen", en, Said{Headline: en.Headline, Text: "The resevoir holds 4.3 billion cubic metres, engineer Karwan Aziz said on Monday."}, Spelling},
		{"a slip in the headline", en, Said{Headline: "Water reachs the spillway", Text: en.Dek}, Spelling},
		{"a comma and a capital", en, Said{Headline: "Water Reaches The Spillway", Text: "The reservoir holds 4.3 billion cubic metres engineer Karwan Aziz said on Monday."}, Spelling},
		{"a number", en, Said{Headline: en.Headline, Text: "The reservoir holds 4.2 billion cubic metres, engineer Karwan Aziz said on Monday."}, Facts},
		{"what the number counts", en, Said{Headline: en.Headline, Text: "The reservoir holds 4.3 million cubic metres, engineer Karwan Aziz said on Monday."}, Facts},
		{"a name by one letter", en, Said{Headline: en.Headline, Text: "The reservoir holds 4.3 billion cubic metres, engineer Karwan Azid said on Monday."}, Facts},
		{"a day", en, Said{Headline: en.Headline, Text: "The reservoir holds 4.3 billion cubic metres, engineer Karwan Aziz said on Sunday."}, Facts},
		{"another headline", en, Said{Headline: "Dam about to overflow", Text: en.Dek}, Facts},
		{"a headline that says the opposite", en, Said{Headline: "Water never reaches the spillway", Text: en.Dek}, Facts},
		{"other words, of which nothing is wrong", en, Said{Headline: en.Headline, Text: "The lake is full."}, Wording},
		{"another sentence of the same article", en, Said{Headline: en.Headline, Text: "Officials are watching the gates."}, Stands},
		{"a number in eastern digits", ckb, Said{Headline: ckb.Headline, Text: "بەنداوەکە ٤٫٢ ملیار مەتر سێجا ئاوی تێدایە."}, Facts},
		{"a slip in Sorani", ckb, Said{Headline: "ئاو گەیشتە لێواری سەرێژ", Text: ckb.Dek}, Spelling},
		{"another headline in Sorani", ckb, Said{Headline: "بەنداوەکە ڕووخا", Text: ckb.Dek}, Facts},
	} {
		if got := Compare(c.was, Said{Headline: c.a.Headline, Text: c.a.Dek}, c.a, nil); got.Kind != c.kind || (got.Kind == Facts) != (len(got.What) > 0) {
			t.Errorf("%s: have %q %q, want %q", c.name, got.Kind, got.What, c.kind)
		}
	}
}

func TestCompareKnowsWhatWasObjectedToBefore(t *testing.T) {
	a := article.Article{Language: "en", Headline: "Water reaches the spillway", Dek: "The reservoir is full."}
	was := Said{Headline: a.Headline, Text: "The reservoir is full, 12 years on."}
	known := Check(was.Text, a)
	if len(known) == 0 {
		t.Fatal("the gate lets it through")
	}
	if got := Compare(was, Said{Headline: a.Headline, Text: a.Dek}, a, []string{known[0].Why}); got.Kind != Wording {
		t.Errorf("have %+v", got)
	}
}
