package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"

	"cutline/internal/remark"
	"cutline/internal/story"
)

func TestTextsFromOutsideStayTexts(t *testing.T) {
	body, err := os.ReadFile("testdata/xss.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Cases []struct {
			ID, Text string
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil || len(doc.Cases) < 10 {
		t.Fatal(len(doc.Cases), err)
	}
	d, number := open(t), 100
	pages := func(text string) (out []string) {
		number++
		d.key = d.story(fmt.Sprint(number), func(s *story.Story) {
			a := &s.Article
			a.Headline, a.Section, a.Byline, a.Dek, a.Body, a.Doubt, a.Photo.Caption, a.Photo.Alt, a.Photo.Credit, a.Tags = text, text, text, text, text, text, text, text, text, []string{text}
			s.Edits.Credit, s.Edits.By, s.Source = text, text, text
		})
		if _, _, err := d.store.UpdatePost(context.Background(), d.key, "log", func(p *story.Post) error {
			p.Proposed = &story.Draft{Text: text, More: []string{text, text}, Title: text, Dek: text, Alt: text, Link: "https://news.example/", Findings: []string{text}, Revision: 1}
			p.Uncertain, p.History = text, []story.Event{{At: noon, What: "publish", End: "unknown", Why: text}}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.store.UpdateManifest(context.Background(), d.key, func(m *story.Manifest) error {
			m.Credit, m.Alt, m.Terms, m.Photo, m.Held = text, text, text, text, text
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/?lang=ckb&q=" + url.QueryEscape(text), "/story/" + string(d.key), "/story/" + string(d.key) + "/edit", "/story/" + string(d.key) + "/retract"} {
			code, body, _ := d.get(path)
			if code != 200 {
				t.Fatalf("%s with %q: %d", path, text, code)
			}
			out = append(out, body)
		}
		f := d.form()
		f.Set("act", "approve")
		d.propose(d.key, "feed", text+" changed", 2)
		_, body := d.post("/decide", f)
		return append(out, body)
	}
	plain := pages("plain words")
	known := map[string]bool{"span class": true, "span": true, "input checked": true, "del": true, "ins": true, "mark": true}
	for _, p := range plain {
		for _, what := range structure(t, p) {
			known[what] = true
		}
	}
	for _, c := range doc.Cases {
		have := pages(c.Text)
		for i, p := range have {
			for _, what := range structure(t, p) {
				if !known[what] {
					t.Errorf("%s: page %d has %q, which the page with plain words has not", c.ID, i, what)
				}
			}
		}
	}
}

// structure lists a page's elements with their attributes' names, and its scripts and links with their addresses.
func structure(t *testing.T, page string) []string {
	t.Helper()
	root, err := xhtml.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for n := range root.Descendants() {
		if n.Type != xhtml.ElementNode {
			continue
		}
		out = append(out, n.Data)
		for _, a := range n.Attr {
			out = append(out, n.Data+" "+a.Key)
			if n.Data == "script" || strings.Contains(strings.ToLower(a.Val), "javascript:") && (a.Key == "href" || a.Key == "src" || a.Key == "action") {
				out = append(out, n.Data+" "+a.Val)
			}
		}
	}
	return out
}

func TestInterfaceSpeaksSixLanguages(t *testing.T) {
	words, err := readWords()
	if err != nil || len(words) != 6 {
		t.Fatal(len(words), err)
	}
	holes := regexp.MustCompile(`\{[a-z]+\}`)
	for key, en := range words["en"].Words {
		for tag, l := range words {
			p, ok := l.Words[key]
			if !ok || p["other"] == "" {
				t.Errorf("%s is missing in %s", key, tag)
			}
			if a, b := fmt.Sprint(holes.FindAllString(en["other"], -1)), fmt.Sprint(holes.FindAllString(p["other"], -1)); len(a) != len(b) {
				t.Errorf("%s in %s has other placeholders: %s, %s", key, tag, a, b)
			}
		}
	}
	for tag, l := range words {
		for key := range l.Words {
			if _, ok := words["en"].Words[key]; !ok {
				t.Errorf("%s has the word %s, which English has not", tag, key)
			}
		}
	}
	touched := regexp.MustCompile(`[\pL\pM]\{[a-z]+\}|\{[a-z]+\}['’]?[\pL\pM]`) // no ending fits every value
	for tag, l := range words {
		for key, p := range l.Words {
			for _, said := range p {
				if touched.MatchString(said) {
					t.Errorf("%s in %s has letters that touch a value: %s", key, tag, said)
				}
			}
		}
	}
	used, named := map[string]bool{}, map[string]bool{} // as a word, and anywhere between quotation marks
	for _, pattern := range []string{"tmpl/*.html", "*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(f, "_test.go") {
				for _, m := range regexp.MustCompile(`"([a-z0-9_-]+)`).FindAllSubmatch(b, -1) {
					named[string(m[1])] = true
				}
			}
			for _, m := range regexp.MustCompile(`(?:\b[th] |\bcount |\.(?:say|show|count)\(|refuse\([^,()]+, )"([a-z_]+)"`).FindAllSubmatch(b, -1) {
				used[string(m[1])] = true
			}
		}
	}
	for _, l := range states {
		used[l.Word] = true
	}
	for _, g := range groups {
		used[g.word] = true
	}
	for _, k := range kickers {
		used["kicker_"+k] = true
	}
	for key := range used {
		if _, ok := words["en"].Words[key]; !ok && !strings.HasSuffix(key, "_") {
			t.Errorf("a page uses the word %q, which is not there", key)
		}
	}
	for key := range words["en"].Words {
		family := key[:strings.IndexByte(key+"_", '_')] + "_" // act_approve is say("act_" + act)
		if !named[key] && !named[family] {
			t.Errorf("no page says the word %q", key)
		}
	}
	d := open(t)
	for lang, want := range map[string]string{"ckb": `lang="ckb" dir="rtl"`, "tr": `lang="tr" dir="ltr"`, "xx": `lang="en" dir="ltr"`} {
		if _, body, _ := d.get("/?lang=" + lang); !strings.Contains(body, want) {
			t.Errorf("%s: the page is not %s", lang, want)
		}
	}
}

// TestRemarksAreSaidInTheInterfacesLanguage: what the steps keep in English sentences, those of older versions too, is said
// in the interface's language with its digits, and what others said stays as they said it.
func TestRemarksAreSaidInTheInterfacesLanguage(t *testing.T) {
	d := open(t)
	ctx := context.Background()
	if _, _, err := d.store.UpdateManifest(ctx, d.key, func(m *story.Manifest) error {
		og := m.Cards["og"]
		og.Layout, og.Why = "side", remark.Join(remark.Say("layout-not-taken", "bottom", remark.Say("face-cut")), remark.Say("faces-of", 2, 3))
		m.Cards = map[string]story.Card{"og": og}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.store.UpdatePost(ctx, d.key, "log", func(p *story.Post) error {
		p.Proposed.Findings = []string{"the number 47 is not in the article", "mind the <name>"}
		p.History = []story.Event{{At: noon, What: "publish", End: "refused", Why: "the account is paused: suspended by a human"}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for lang, wants := range map[string][]string{
		"en":  {"the number <bdi>47</bdi> is not in the article", "<bdi>mind the &lt;name&gt;</bdi>", "Photo, text below: a face would be cut, touch the edge or lie under the text; <bdi>2</bdi> of <bdi>3</bdi> faces whole", "the account is paused: <bdi>suspended by a human</bdi>"},
		"ckb": {"ژمارەی <bdi>47</bdi> لە بابەتەکەدا نییە", `<bdi lang="en">mind the &lt;name&gt;</bdi>`, "؛ <bdi>٢</bdi> لە <bdi>٣</bdi> دەموچاو بە تەواوی", `هەژمارەکە ڕاگیراوە: <bdi lang="en">suspended by a human</bdi>`},
		"tr":  {"<bdi>47</bdi> sayısı makalede yok", "<bdi>3</bdi> yüzden <bdi>2</bdi> tanesi bütün"},
	} {
		_, body, _ := d.get("/story/" + string(d.key) + "?lang=" + lang)
		for _, want := range wants {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the story's page does not say %q", lang, want)
			}
		}
		if _, body, _ = d.get("/?lang=" + lang); !strings.Contains(body, wants[0]) {
			t.Errorf("%s: the queue does not say %q", lang, wants[0])
		}
	}
}

// TestRefusalsSayWhyInTheInterfacesLanguage: why an act was refused, as well as that it was.
func TestRefusalsSayWhyInTheInterfacesLanguage(t *testing.T) {
	d := openStaffed(t)
	if w := d.as("vera", d.at()+"/decide?lang=ckb", with(d.page("ana", d.at()), "act", "approve")); w.Code != 403 || !strings.Contains(w.Body.String(), "</bdi> لە سایتی <bdi>en</bdi> ڕۆڵی <bdi>viewer</bdi> ی هەیە، و ئەمە <bdi>approver</bdi> ی دەوێت: لە بەڕێوەبەر داوا بکە</p>") {
		t.Errorf("who may not: %d %s", w.Code, w.Body)
	}
	if _, _, err := d.store.UpdateManifest(t.Context(), d.key, func(m *story.Manifest) error { m.Held = remark.Say("credit-needed"); return nil }); err != nil {
		t.Fatal(err)
	}
	f := with(d.page("ana", d.at()), "act", "approve")
	f["channel"] = []string{"log"}
	if w := d.as("ana", d.at()+"/decide?lang=tr", f); w.Code != 422 || !strings.Contains(w.Body.String(), "<p>fotoğraf") || strings.Contains(w.Body.String(), "the photo has no credit") {
		t.Errorf("what wants a reason: %d %s", w.Code, w.Body)
	}
}

// A browser's language is the first that it asks for and there is, whatever the tag says of script and region.
func TestLanguageOfTheBrowser(t *testing.T) {
	words, err := readWords()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{words: words}
	for asked, want := range map[string]string{
		"": "en", "*": "en", "xx, zz;q=0.5": "en", "en-GB,fa;q=0.8": "en", "fa-IR": "fa", "ckb-IQ, en;q=0.5": "ckb",
		"ku-Arab": "ckb", "ku-Latn-TR": "kmr", "ku": "kmr", "de, tr;q=0.9, en;q=0.8": "tr", "ar_IQ": "ar",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", asked)
		if got := d.language(r).Tag; got != want {
			t.Errorf("%q gets %s, want %s", asked, got, want)
		}
	}
}
