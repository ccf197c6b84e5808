package summary

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cutline/internal/article"
)

type sample struct {
	name    string
	article article.Article
	must    [][]string
	numbers []string
	quotes  []string
	names   []string
	forbid  []string
}

// samples are the invented articles of package article's tests, with and without their dek.
func samples(t testing.TB) []sample {
	files, err := filepath.Glob("../article/testdata/*-*.json")
	if err != nil || len(files) < 7 {
		t.Fatal(files, err)
	}
	var out []sample
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Input struct {
				Headline, Dek, Byline, Language string
				Photo                           struct{ Caption, Credit string }
				BodyHTML                        string `json:"body_html"`
			}
			Expected struct {
				Summary struct {
					Must      [][]string
					Keep      struct{ Numbers, Quotes, Names []string }
					Forbidden []string
				}
			}
		}
		if err := json.Unmarshal(body, &d); err != nil {
			t.Fatal(err)
		}
		for _, dek := range []string{d.Input.Dek, ""} {
			a := article.Article{Headline: d.Input.Headline, Dek: dek, Byline: d.Input.Byline, Language: d.Input.Language, Body: d.Input.BodyHTML, Photo: article.Photo{Caption: d.Input.Photo.Caption, Credit: d.Input.Photo.Credit}}
			article.Clean(&a, article.Rules{})
			s := d.Expected.Summary
			out = append(out, sample{filepath.Base(file), a, s.Must, s.Keep.Numbers, s.Keep.Quotes, s.Keep.Names, s.Forbidden})
		}
	}
	return out
}

func upTo(n int) func(string) bool {
	return func(s string) bool { return utf8.RuneCountInString(s) <= n }
}

func TestSummariesAreFaithfulAtEveryLength(t *testing.T) {
	for _, s := range samples(t) {
		for _, n := range []int{80, 140, 200, 240, 300, 500, 1000, 3000} {
			text := Write(s.article, upTo(n))
			if utf8.RuneCountInString(text) > n {
				t.Errorf("%s: %d letters of %d: %s", s.name, utf8.RuneCountInString(text), n, text)
			}
			if found := Check(text, s.article); len(found) > 0 {
				t.Errorf("%s at %d: %+v in %s", s.name, n, found, text)
			}
			for _, f := range s.forbid {
				if strings.Contains(text, f) {
					t.Errorf("%s at %d: has %q: %s", s.name, n, f, text)
				}
			}
			if n >= 300 && text == "" {
				t.Errorf("%s at %d: nothing", s.name, n)
			}
		}
		if s.article.Dek != "" {
			continue // the editor's own words need not have all of it
		}
		text := Write(s.article, upTo(400))
		for _, any := range s.must {
			if utf8.RuneCountInString(text) >= 200 && !slices.ContainsFunc(any, func(x string) bool { return strings.Contains(text, x) }) {
				t.Errorf("%s: has none of %q: %s", s.name, any, text)
			}
		}
	}
}

func TestGateFindsWhatTheArticleDoesNotSay(t *testing.T) {
	for _, s := range samples(t) {
		a := s.article
		first := Sentences(a.Paragraphs()[0], a.Language)[0]
		for _, n := range s.numbers {
			if i := strings.Index(first, n); i >= 0 && strings.Trim(n, "0123456789٠١٢٣٤٥٦٧٨٩") == "" && len(n) > 1 {
				wrong := first[:i] + "7" + n + first[i+len(n):]
				if !slices.ContainsFunc(Check(wrong, a), func(f Finding) bool { return f.Kind == "number" }) {
					t.Errorf("%s: a changed number passes: %s", s.name, wrong)
				}
				break
			}
		}
		if found := Check(first, a); len(found) > 0 {
			t.Errorf("%s: its own sentence does not pass: %+v", s.name, found)
		}
		if len(s.quotes) > 0 {
			if found := Check("“"+s.quotes[0]+"”", a); len(found) > 0 {
				t.Errorf("%s: its own quotation does not pass: %+v", s.name, found)
			}
		}
	}
	a := article.Article{Language: "en", Headline: "Reservoir rises to 61 percent", Dateline: "DUHOK (Example24)", Body: "The reservoir has risen to 61 percent of 1,150 hectares, Karwan Saleh said.", Photo: article.Photo{Caption: "Water stands at the spillway of the dam."}}
	for text, kind := range map[string]string{
		"The reservoir has risen to 62 percent.":                        "number",
		"The reservoir has risen, says Karim.":                          "name",
		"“It will rise again and again”, he said.":                      "quotation",
		"The reservoir <b>has</b> risen.":                               "markup",
		"Water &amp; wheat.":                                            "markup",
		"Water stands at the spillway of the dam.":                      "caption",
		"DUHOK (Example24) – The reservoir has risen.":                  "dateline",
		"The reservoir has risen.\nAdvertisement":                       "promotion",
		"The “reservoir has risen.":                                     "balance",
		"The (reservoir has risen.":                                     "balance",
		"Reservoir rises to 61 percent. Reservoir rises to 61 percent.": "headline",
	} {
		if found := Check(text, a); !slices.ContainsFunc(found, func(f Finding) bool { return f.Kind == kind }) {
			t.Errorf("%q: want a %s, have %+v", text, kind, found)
		}
	}
	for _, fine := range []string{"The reservoir has risen to ٦١ percent of 1150 hectares, Karwan Saleh said. https://news.example/99 #Drought"} {
		if found := Check(fine, a); len(found) > 0 {
			t.Errorf("%q: %+v", fine, found)
		}
	}
}

func TestSentences(t *testing.T) {
	for _, c := range []struct{ language, text, want string }{
		{"en", "Mr. Smith of the U.S. Treasury paid $4.2 billion. He left at 6 p.m. on Monday.", "Mr. Smith of the U.S. Treasury paid $4.2 billion.|He left at 6 p.m. on Monday."},
		{"en", "“We stay. We will not go,” he said. Then he left.", "“We stay. We will not go,” he said.|Then he left."},
		{"en", "Is it over? J. R. Tolkien asked. “Yes.” They went.", "Is it over?|J. R. Tolkien asked.|“Yes.”|They went."},
		{"ar", "هل انتهى؟ نعم، انتهى. قال: «لن نذهب. سنبقى». ثم ذهب.", "هل انتهى؟|نعم، انتهى.|قال: «لن نذهب. سنبقى».|ثم ذهب."},
		{"ckb", "ئاو بەرز بووەوە. ئایا دەوەستێت؟ بەڵێ!", "ئاو بەرز بووەوە.|ئایا دەوەستێت؟|بەڵێ!"},
		{"tr", "Saat 00.30’da başladı. Prof. Dr. Ayşe Yılmaz konuştu.", "Saat 00.30’da başladı.|Prof. Dr. Ayşe Yılmaz konuştu."},
		{"de", "Sie öffnet am 30. November. „Der Ofen ist hin. Wir backen“, sagte er.", "Sie öffnet am 30. November.|„Der Ofen ist hin. Wir backen“, sagte er."},
		{"de", "Er kam mit Dr. med. Weber. Das kostet 5 Mio. Euro, z. B. hier. Dann ging er.", "Er kam mit Dr. med. Weber.|Das kostet 5 Mio. Euro, z. B. hier.|Dann ging er."},
		{"tr", "T.C. Sağlık Bakanlığı açıkladı. 29. madde kaldırıldı.", "T.C. Sağlık Bakanlığı açıkladı.|29. madde kaldırıldı."},
		{"fa", "دکتر م. رضایی گفت: «آب بالا آمد. می\u200cمانیم.» سپس رفت؟ بله. ساعت ۱۰.۳۰ آغاز شد.", "دکتر م. رضایی گفت: «آب بالا آمد. می\u200cمانیم.»|سپس رفت؟|بله.|ساعت ۱۰.۳۰ آغاز شد."},
		{"kmr", "Dr. Azad got: “Em ê bimînin. Av zêde ye.” Piştî wê çû. Gelo diqede? Belê!", "Dr. Azad got: “Em ê bimînin. Av zêde ye.”|Piştî wê çû.|Gelo diqede?|Belê!"},
		{"ckb", "د. کاروان عەزیز وتی: «ئاو بەرزە. چاودێری دەکەین.» پاشان ڕۆیشت. ٤.٣ ملیار مەتر سێجا.", "د. کاروان عەزیز وتی: «ئاو بەرزە. چاودێری دەکەین.»|پاشان ڕۆیشت.|٤.٣ ملیار مەتر سێجا."},
		{"ar", "قال د. أحمد علي إن السعر ٣٫٥ دينار. وأضاف م. سعيد: انتهى! هل عاد؟ نعم؛ عاد.", "قال د. أحمد علي إن السعر ٣٫٥ دينار.|وأضاف م. سعيد: انتهى!|هل عاد؟|نعم؛ عاد."},
		{"ja", "停電が起きた。駅員は「水が漏れていた。調べている」と話した。", "停電が起きた。|駅員は「水が漏れていた。調べている」と話した。"},
	} {
		if got := strings.Join(Sentences(c.text, c.language), "|"); got != c.want {
			t.Errorf("%s:\nhave %s\nwant %s", c.language, got, c.want)
		}
	}
}

func TestUsedSentencesAreMarked(t *testing.T) {
	for _, s := range samples(t) {
		if s.article.Dek != "" {
			continue
		}
		text := Write(s.article, upTo(400))
		spans := Used(s.article, text)
		if len(spans) != len(Sentences(text, s.article.Language)) {
			t.Errorf("%s: %d spans for %q", s.name, len(spans), text)
		}
	}
}

func FuzzSummary(f *testing.F) {
	f.Add("One. Two “three. four” five. Six (seven", 40)
	f.Add("ئاو. «یەک. دوو» سێ؟", 10)
	f.Fuzz(func(t *testing.T, body string, n int) {
		a := article.Article{Headline: "H", Language: "en", Body: body}
		article.Clean(&a, article.Rules{})
		if text := Write(a, upTo(n)); utf8.RuneCountInString(text) > max(n, 0) {
			t.Errorf("%d letters of %d", utf8.RuneCountInString(text), n)
		}
		var joined strings.Builder
		for _, s := range Sentences(a.Body, "en") {
			joined.WriteString(s)
		}
		strip := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if strip(joined.String()) != strip(a.Body) {
			t.Errorf("sentences lose text: %q of %q", joined.String(), a.Body)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	a := samples(b)[1].article
	a.Body = strings.Repeat(a.Body+"\n\n", 30)
	for b.Loop() {
		Write(a, upTo(300))
	}
}
