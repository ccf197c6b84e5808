package notice

import (
	"context"
	"encoding/json"
	"net/mail"
	"strings"
	"testing"

	"cutline/internal/remark"
	"cutline/internal/story"
)

const receiversOfAll = `
sites:
  ckb: {name: Nmune, language: ckb, url: "https://news.example", uncredited: hold, zone: Asia/Baghdad, rules: [{name: sport, sections: [Sport], review: auto after 15m}]}
  ku: {name: Nimûne, language: ku, url: "https://news.example"}
  de: {name: Beispiel, language: de, url: "https://news.example"}
  ar: {name: Mithal, language: ar_IQ, url: "https://news.example"}
  sorani: {name: Nmune, language: ku-Arab, url: "https://news.example"}
channels: {mithal: {kind: feed, site: ar}, sorani: {kind: feed, site: sorani}, nmune: {kind: feed, site: ckb}, nimune: {kind: feed, site: ku}, beispiel: {kind: feed, site: de}}
desk: {url: "https://desk.example"}
notices: {duty: {kind: slack, secret: "env:TEST_HOOK", about: [review, trouble, auto]}}
`

// lines are those of a Slack message that speak of its first story.
func lines(t *testing.T, message string) []string {
	var m struct {
		Blocks []struct {
			Type string
			Text struct{ Text string }
		}
	}
	if err := json.Unmarshal([]byte(message), &m); err != nil {
		t.Fatal(err)
	}
	for _, b := range m.Blocks {
		if b.Type == "section" {
			return strings.Split(b.Text.Text, "\n")
		}
	}
	t.Fatal(message)
	return nil
}

// TestNoticesSpeakTheSitesLanguage: in its words, the reasons too, and in one that there are none for English. Values stand
// between FSI and PDI, and a line that would begin with Latin letters has a mark before it.
func TestNoticesSpeakTheSitesLanguage(t *testing.T) {
	const fsi, pdi, rlm = "\u2068", "\u2069", "\u200f"
	refused := remark.Say("same-text", remark.Say("network-answered", "403 Forbidden"))
	for name, c := range map[string]struct {
		site, language string // language: the receiver's; empty: the site's
		change         func(w *world, k story.Key, channel string)
		want           string
	}{
		"waits": {"ckb", "", nil, "چاوەڕێی بڕیارە · " + fsi + "nmune" + pdi},
		"held by policy": {"ckb", "", func(w *world, k story.Key, _ string) {
			if _, _, err := w.st.UpdateManifest(context.Background(), k, func(m *story.Manifest) error { m.Held = remark.Say("credit-needed"); return nil }); err != nil {
				w.t.Fatal(err)
			}
		}, "چاوەڕێی بڕیارە: وێنەکە مافی وێنەی نییە: دایبنێ، یان کارتەکە بێ وێنە پەسەند بکە · " + fsi + "nmune" + pdi},
		"refused": {"ckb", "", func(w *world, k story.Key, ch string) { w.refuse(k, ch, refused) },
			"بڵاو نەکرایەوە: تۆڕەکە وەڵامی دایەوە: " + fsi + "403 Forbidden" + pdi + ": پۆستێکی تری ئەم هەژمارە هەمان دەقی هەیە؛ بیگۆڕە · " + fsi + "nmune" + pdi},
		"refused in the network's words": {"ckb", "", func(w *world, k story.Key, ch string) { w.refuse(k, ch, "No way;\u202e not here") },
			"بڵاو نەکرایەوە: " + fsi + "No way; not here" + pdi + " · " + fsi + "nmune" + pdi},
		"nobody knows": {"ckb", "", func(w *world, k story.Key, ch string) {
			w.decide(k, story.Approve, "ana")
			w.post(k, ch, func(r *story.Post) { r.Uncertain, r.UncertainAt = remark.Say("interrupted"), noon })
		}, "کەس نازانێت بڵاو بووەتەوە یان نا: بانگەکە پچڕا، و ناکرێت لەم تۆڕە بپرسرێت ئایا پۆستەکە لەوێیە · " + fsi + "nmune" + pdi},
		"goes by itself": {"ckb", "", func(w *world, k story.Key, _ string) {
			w.story("1", func(s *story.Story) {
				s.Site, s.Article.Language, s.Article.Section, s.Article.Headline = "ckb", "ckb", "Sport", "NATO لە هەولێر"
			})
		}, "کاتژمێر " + fsi + "١٥:١٥ +٠٣" + pdi + " خۆی بڵاو دەبێتەوە ئەگەر کەسێک ڕاینەگرێت · " + fsi + "nmune" + pdi},
		"Kurmanji":           {"ku", "", nil, "Li benda biryarê ye · nimune"},
		"with its region":    {"ar", "", nil, "بانتظار القرار · " + fsi + "mithal" + pdi},
		"with its script":    {"sorani", "", nil, "چاوەڕێی بڕیارە · " + fsi + "sorani" + pdi},
		"no words":           {"de", "", nil, "Needs a decision · beispiel"},
		"a receiver's own":   {"ckb", "en", func(w *world, k story.Key, ch string) { w.refuse(k, ch, refused) }, "Not posted: the network answered 403 Forbidden: another post of this account has the same text; change it · nmune"},
		"their words, in en": {"ckb", "en", func(w *world, k story.Key, ch string) { w.refuse(k, ch, "ڕەت کرایەوە") }, "Not posted: " + fsi + "ڕەت کرایەوە" + pdi + " · nmune"},
	} {
		w := newWorld(t, receiversOfAll)
		r := w.cfg.Notices["duty"]
		r.Language = c.language
		w.cfg.Notices["duty"] = r
		k := w.story("1", func(s *story.Story) {
			s.Site, s.Article.Language, s.Article.Headline = c.site, "ckb", "NATO لە هەولێر"
		})
		if c.change != nil {
			c.change(w, k, w.cfg.ChannelsOf(c.site)[0])
		}
		got := w.run(k)
		if len(got) != 1 {
			t.Fatalf("%s: %d messages; %s", name, len(got), &w.log)
		}
		if l := lines(t, got[0]); len(l) != 2 || l[0] != rlm+"NATO لە هەولێر" || l[1] != c.want {
			t.Errorf("%s:\nhave %q\nwant %q", name, l, c.want)
		}
	}
}

func (w *world) refuse(k story.Key, channel, why string) {
	p := story.Draft{Text: "The reservoir has risen."}
	w.post(k, channel, func(r *story.Post) { r.Refused, r.RefusedOf, r.RefusedAt = why, p.Hash(), noon })
}

// TestDigestOfSeveralLanguagesIsEnglish, and one of a single language is in it.
func TestDigestOfSeveralLanguagesIsEnglish(t *testing.T) {
	for want, sites := range map[string][]string{"Needs a decision": {"ckb", "ckb", "ckb", "ku"}, "چاوەڕێی بڕیارە": {"ckb", "ckb", "ckb", "ckb"}} {
		w := newWorld(t, receiversOfAll)
		r := w.cfg.Notices["duty"]
		r.Person = "Night desk"
		w.cfg.Notices["duty"] = r
		var keys []story.Key
		for i, site := range sites {
			keys = append(keys, w.story(strings.Repeat("x", i+1), func(s *story.Story) { s.Site = site }))
		}
		if got := w.run(keys...); len(got) != 1 || strings.Count(got[0], want) != len(sites) {
			t.Errorf("want %d times %q: %v", len(sites), want, got)
		} else if want != "Needs a decision" && !strings.Contains(got[0], "\u200f\u2068Night desk\u2069 · ئەو هەواڵانەی چاوەڕێی دێسکن: \u2068٤\u2069") {
			t.Errorf("the digest's title: %s", got[0])
		}
	}
}

// TestEmailInSorani: the letter is in the site's direction, its reasons too, wherever a line begins with Latin letters.
func TestEmailInSorani(t *testing.T) {
	p := newPostOffice(t)
	w := newWorld(t, strings.Replace(receiversOfAll, `duty: {kind: slack, secret: "env:TEST_HOOK", about: [review, trouble, auto]}`, strings.Replace(strings.Replace(letterbox, "ADDR", p.addr, 1), "site: en", "site: ckb", 1), 1))
	k := w.story("1", func(s *story.Story) {
		s.Site, s.Article.Language, s.Article.Headline = "ckb", "ckb", "NATO لە هەولێر"
	})
	w.refuse(k, "nmune", remark.Say("token-refused", "Unauthorized"))
	w.run(k)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.letters) != 1 {
		t.Fatalf("%d letters; %s", len(p.letters), &w.log)
	}
	m, err := mail.ReadMessage(strings.NewReader(p.letters[0]))
	if err != nil {
		t.Fatal(err)
	}
	parts := read(t, m.Header.Get("Content-Type"), m.Body)
	const why = "بڵاو نەکرایەوە: \u2068Unauthorized\u2069: تۆکنەکە ئیتر وەرناگیرێت؛ هەژمارەکە دووبارە پەیوەست بکە · \u2068nmune\u2069"
	for kind, want := range map[string]string{"text/plain": "\u200fNATO لە هەولێر\n" + why, "text/html": `<p style="margin:4px 0">` + why} {
		if !strings.Contains(strings.ReplaceAll(parts[kind], "\r\n", "\n"), want) {
			t.Errorf("%s: %q has not %q", kind, parts[kind], want)
		}
	}
	if !strings.Contains(parts["text/html"], `<html lang="ckb" dir="rtl">`) || !strings.Contains(parts["text/html"], "کردنەوەی دێسک") {
		t.Errorf("%s", parts["text/html"])
	}
}
