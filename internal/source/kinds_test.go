package source

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutline/internal/config"
	"cutline/internal/fetch"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func newSource(t *testing.T, kind string, change ...func(*config.Source, *config.Site)) Source {
	t.Helper()
	c, site := config.Source{Kind: kind, Site: "en", Link: "https://news.example/{slug}"}, config.Site{Name: "Example News", Language: "en", URL: "https://news.example"}
	for _, f := range change {
		f(&c, &site)
	}
	s, err := New("newsroom", c, site)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(s Source, body string, headers ...string) []Delivery {
	r := Request{Method: "POST", Path: "/hooks/newsroom", Header: http.Header{}, Body: []byte(body), Now: noon}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return s.Read(context.Background(), r)
}

// line is a delivery in one line, for tables.
func line(d Delivery) string {
	a := d.Article
	out := []string{string(d.Verdict), string(d.Event), d.Off, a.ID}
	if d.Holds() {
		focal := ""
		if a.Photo.Focal != nil {
			focal = "focal"
		}
		embargo := ""
		if !a.Embargo.IsZero() {
			embargo = "embargo " + a.Embargo.UTC().Format("15:04")
		}
		out = append(out, a.URL, a.Language, a.Headline, a.Dek, a.Body, a.Byline, a.Section, strings.Join(a.Tags, "+"), a.Photo.URL, a.Photo.Caption, a.Photo.Credit, a.Photo.From, a.Photo.Alt, focal, embargo, a.Doubt)
	}
	return strings.TrimRight(strings.Join(out, "|"), "|")
}

func TestKinds(t *testing.T) {
	const ninjs1 = `{"guid":"urn:newsml:news.example:1","version":"3","type":"text","pubstatus":"usable","headline":"Dam &amp; river","description_text":"Water rises.","body_html":"<p>DUHOK (DPA) – It rains.</p>","byline":"Sara Haddad",
		"language":"en","slugline":"dam","embargoed":"2026-11-26T15:00:00+0000","versioncreated":"2026-11-26T10:00:00+0000","subject":[{"code":"06000000","name":"weather"}],"keywords":["rain"],
		"associations":{"featuremedia":{"type":"picture","description_text":"A spillway.","byline":"Ali/AFP","body_text":"Water over a dam","renditions":{"original":{"href":"https://cdn.example/o.jpg","width":2000,"height":1000,"poi":{"x":500,"y":250}},"thumbnail":{"href":"https://cdn.example/t.jpg","width":100,"height":50}}}}}`
	for _, c := range []struct {
		name, kind, body string
		headers          []string
		want             string
		change           func(*config.Source, *config.Site)
	}{
		{"ninjs 1", "superdesk", ninjs1, nil, "accepted|upsert||urn:newsml:news.example:1|https://news.example/dam|en|Dam & river|Water rises.|It rains.|Sara Haddad|weather|rain|https://cdn.example/o.jpg|A spillway.|Ali/AFP|field|Water over a dam|focal|embargo 15:00", nil},
		{"a kill", "superdesk", `{"guid":"1","type":"text","pubstatus":"canceled","headline":"KILL"}`, nil, "accepted|retract|deleted|1", nil},
		{"an update has an id of its own", "superdesk", `{"guid":"2","evolvedfrom":"1","type":"text","headline":"Update","slugline":"dam"}`, nil, "accepted|upsert||2|https://news.example/dam|en|Update", nil},
		{"a picture alone", "superdesk", `{"guid":"9","type":"picture","headline":"A dam"}`, nil, "ignored|||9", nil},
		{"an embargo without a zone", "superdesk", `{"guid":"1","headline":"A","slugline":"a","embargoed":"2026-11-26T15:00:00"}`, nil, `accepted|upsert||1|https://news.example/a|en|A|||||||||||||the embargo "2026-11-26T15:00:00" cannot be read as a time with its zone`, nil},
		{"ninjs 2", "superdesk", `{"uri":"urn:1","type":"text","pubStatus":"usable","headlines":[{"role":"short","value":"Dam"},{"role":"main","value":"Dam and river"}],"descriptions":[{"role":"summary","value":"Water rises."}],"bodies":[{"role":"main","contentType":"text/html","value":"<p>It rains.</p>"}],"by":"Sara","slugline":"dam",
			"associations":[{"name":"other","type":"text"},{"name":"featuremedia","type":"picture","descriptions":[{"role":"caption","value":"A spillway."},{"role":"creditline","value":"AFP"}],"renditions":[{"name":"small","href":"https://cdn.example/s.jpg","width":10,"height":10},{"name":"big","href":"https://cdn.example/b.jpg","width":1000,"height":500}]}]}`, nil,
			"accepted|upsert||urn:1|https://news.example/dam|en|Dam and river|Water rises.|It rains.|Sara|||https://cdn.example/b.jpg|A spillway.|AFP|field", nil},
		{"Contentful publishes", "contentful", `{"sys":{"type":"Entry","id":"e1","contentType":{"sys":{"id":"article"}},"updatedAt":"2026-11-26T10:00:00Z"},"fields":{"title":{"de":"Damm","en-US":"Dam"},"slug":{"en-US":"dam"},"body":{"en-US":{"nodeType":"document","content":[{"nodeType":"paragraph","content":[{"nodeType":"text","value":"It "},{"nodeType":"hyperlink","content":[{"nodeType":"text","value":"rains."}]}]}]}},"image":{"en-US":{"sys":{"type":"Link","linkType":"Asset","id":"a1"}}}}}`,
			[]string{"X-Contentful-Topic", "ContentManagement.Entry.publish"}, "accepted|upsert||e1|https://news.example/dam|en-US|Dam||It rains.", nil},
		{"an address in another script", "cutline", `{"type":"article.published","data":{"id":"7","headline":"A","url":"https://كردستان.example:8443/خبر?a=ب&c=d"}}`, nil, "accepted|upsert||7|https://xn--mgbfohl7g0a.example:8443/%D8%AE%D8%A8%D8%B1?a=%D8%A8&c=d|en|A", nil},
		{"a host with an underscore", "cutline", `{"type":"article.published","data":{"id":"7","headline":"A","url":"https://my_news.example/a"}}`, nil, "accepted|upsert||7|https://my_news.example/a|en|A", nil},
		{"a host that cannot be", "cutline", `{"type":"article.published","data":{"id":"7","headline":"A","url":"https://كر\u200fد.example/a"}}`, nil, "accepted|upsert||7|https://news.example/|en|A|||||||||||||the CMS sends no address of the article that can be used, and no slug to make it from", nil},
		{"Ghost's e-mail alone", "ghost", `{"post":{"current":{"id":"1","title":"A","slug":"a","status":"sent"},"previous":{}}}`, nil, "ignored|||1", nil},
		{"NewsML in several languages", "newsml", `<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:n" version="2" xml:lang="ar"><itemMeta><versionCreated>2026-11-26T10:00:00+03:00</versionCreated></itemMeta><contentMeta><headline xml:lang="en">Dam</headline><headline xml:lang="ar">سد</headline><slugline>dam</slugline></contentMeta></newsItem>`, nil, "accepted|upsert||urn:n|https://news.example/dam|ar|سد", nil},
		{"NewsML in the site's language among others", "newsml", `<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:n"><contentMeta><headline xml:lang="ar">سد</headline><headline xml:lang="en">Dam</headline><slugline>dam</slugline></contentMeta></newsItem>`, nil, "accepted|upsert||urn:n|https://news.example/dam|en|Dam", nil},
		{"a publication date still to come", "contentful", `{"sys":{"type":"Entry","id":"e1","updatedAt":"2026-11-26T10:00:00Z"},"fields":{"title":{"en":"A"},"slug":{"en":"a"},"publishDate":{"en":"2026-11-26T18:00+03:00"}}}`, []string{"X-Contentful-Topic", "ContentManagement.Entry.publish"}, "accepted|upsert||e1|https://news.example/a|en|A||||||||||||embargo 15:00", nil},
		{"one that has come", "contentful", `{"sys":{"type":"Entry","id":"e1","updatedAt":"2026-11-26T10:00:00Z"},"fields":{"title":{"en":"A"},"slug":{"en":"a"},"publishDate":{"en":"2026-11-26T15:00+03:00"}}}`, []string{"X-Contentful-Topic", "ContentManagement.Entry.publish"}, "accepted|upsert||e1|https://news.example/a|en|A", nil},
		{"Contentful unpublishes", "contentful", `{"sys":{"type":"DeletedEntry","id":"e1"}}`, []string{"X-Contentful-Topic", "ContentManagement.Entry.unpublish"}, "accepted|retract|unpublished|e1", nil},
		{"Contentful saves", "contentful", `{"sys":{"type":"Entry","id":"e1"},"fields":{}}`, []string{"X-Contentful-Topic", "ContentManagement.Entry.auto_save"}, "ignored|||e1", nil},
		{"Contentful's assets", "contentful", `{"sys":{"type":"Asset","id":"a1"},"fields":{}}`, []string{"X-Contentful-Topic", "ContentManagement.Asset.publish"}, "ignored|||a1", nil},
		{"Sanity", "sanity", `{"_id":"s1","_type":"article","_updatedAt":"2026-11-26T10:00:00Z","title":"Dam & <river>","slug":{"current":"dam"},"body":[{"_type":"block","children":[{"text":"It rains."}]}],"mainImage":{"asset":{"_ref":"image-abc-1200x800-jpg"},"caption":"A spillway. (Photo: AFP)","alt":"Water","hotspot":{"x":0.5,"y":0.25}},"author":{"name":"Sara"}}`, nil,
			"accepted|upsert||s1|https://news.example/dam|en|Dam & <river>||It rains.|Sara|||https://cdn.sanity.io/images/p/d/abc-1200x800.jpg|A spillway.|AFP|caption|Water|focal", func(c *config.Source, _ *config.Site) { c.URL = "https://cdn.sanity.io/images/p/d" }},
		{"Sanity's draft", "sanity", `{"_id":"drafts.s1","title":"Dam"}`, nil, "ignored|||s1", nil},
		{"Sanity deletes", "sanity", `{"_id":"s1"}`, []string{"sanity-operation", "delete"}, "accepted|retract|unpublished|s1", nil},
		{"Drupal's JSON:API", "drupal", `{"data":{"type":"node--article","id":"u-1","attributes":{"status":true,"title":"Dam","langcode":"en","path":{"alias":"/news/dam"},"body":{"value":"<p>It rains.</p>","processed":"<p>It rains.</p>","summary":"Wet."},"changed":"2026-11-26T10:00:00+00:00"},"relationships":{"field_image":{"data":{"type":"file--file","id":"f-1","meta":{"alt":"Water","title":"A spillway. (Photo: AFP)"}}}}},
			"included":[{"type":"file--file","id":"f-1","attributes":{"uri":{"url":"/sites/default/files/dam.jpg"}}}]}`, nil, "accepted|upsert||u-1|https://news.example/news/dam|en|Dam|Wet.|It rains.||||https://cms.example/sites/default/files/dam.jpg|A spillway.|AFP|caption|Water",
			func(c *config.Source, _ *config.Site) { c.URL = "https://cms.example" }},
		{"Drupal's serialized node", "drupal", `{"event":"entity:node:update","entity":{"nid":[{"value":7}],"uuid":[{"value":"u-1"}],"type":[{"target_id":"article"}],"status":[{"value":true}],"title":[{"value":"Dam"}],"path":[{"alias":"/dam"}],"body":[{"value":"<p>It rains.</p>","format":"basic_html","summary":""}],"field_image":[{"url":"https://cms.example/dam.jpg","alt":"Water"}]}}`, nil,
			"accepted|upsert||u-1|https://news.example/dam|en|Dam||It rains.||||https://cms.example/dam.jpg||||Water", nil},
		{"Drupal unpublishes", "drupal", `{"event":"update","entity":{"uuid":[{"value":"u-1"}],"status":[{"value":false}],"title":[{"value":"Dam"}]}}`, nil, "accepted|retract|unpublished|u-1", nil},
		{"NewsML-G2", "newsml", `<?xml version="1.0"?><newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><itemSet>
			<newsItem guid="urn:n:1" version="2"><itemMeta><itemClass qcode="ninat:text"/><versionCreated>2026-11-26T10:00:00Z</versionCreated><embargoed>2026-11-26T15:00:00+01:00</embargoed><pubStatus qcode="stat:usable"/></itemMeta>
			<contentMeta><slugline>dam</slugline><headline>Dam &amp; river</headline><by>Sara Haddad</by><language tag="en"/><subject><name>weather</name></subject><description role="drol:summary">Water rises.</description></contentMeta>
			<contentSet><inlineXML><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><p>DUHOK (DPA) – It <b>rains</b> &lt;a lot&gt;.</p><p>More.</p></body></html></inlineXML></contentSet></newsItem>
			<newsItem guid="urn:n:2"><itemMeta><itemClass qcode="ninat:picture"/></itemMeta><contentMeta><creditline>AFP</creditline><description role="drol:caption">A spillway.</description></contentMeta><contentSet><remoteContent href="https://cdn.example/s.jpg" width="100" contenttype="image/jpeg"/><remoteContent href="https://cdn.example/b.jpg" width="1000" contenttype="image/jpeg"/></contentSet></newsItem>
			</itemSet></newsMessage>`, nil, "accepted|upsert||urn:n:1|https://news.example/dam|en|Dam & river|Water rises.|It rains <a lot>.\n\nMore.|Sara Haddad|weather||https://cdn.example/b.jpg|A spillway.|AFP|field|||embargo 14:00", nil},
		{"NewsML-G2 kills", "newsml", `<newsItem guid="urn:n:1"><itemMeta><pubStatus qcode="stat:canceled"/></itemMeta></newsItem>`, nil, "accepted|retract|deleted|urn:n:1", nil},
		{"entities", "newsml", `<!DOCTYPE x [<!ENTITY a "aaaa">]><newsItem guid="1"/>`, nil, "malformed", nil},
		{"deep XML", "newsml", strings.Repeat("<a>", 100_000), nil, "malformed", nil},
		{"an encoding that is not read", "newsml", `<?xml version="1.0" encoding="utf-7"?><newsItem guid="1"/>`, nil, "malformed", nil},
		{"two documents", "newsml", `<newsItem guid="1"/><newsItem guid="2"/>`, nil, "malformed", nil},
		{"RSS", "feed", `<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><language>en</language><item><guid isPermaLink="false">g1</guid><link>https://news.example/dam</link><title>Dam &amp;amp; river</title><description>&lt;p&gt;Water rises.&lt;/p&gt;</description><content:encoded><![CDATA[<p>It rains.</p>]]></content:encoded><dc:creator>Sara</dc:creator><category>Weather</category>
			<media:content url="https://cdn.example/b.jpg" width="1000" medium="image"><media:description>A spillway.</media:description><media:credit>AFP</media:credit></media:content><media:content url="https://cdn.example/v.mp4" type="video/mp4" width="2000"/><pubDate>Thu, 26 Nov 2026 10:00:00 +0000</pubDate></item></channel></rss>`, nil,
			"accepted|upsert||g1|https://news.example/dam|en|Dam & river|Water rises.|It rains.|Sara|Weather|Weather|https://cdn.example/b.jpg|A spillway.|AFP|field", nil},
		{"Atom", "feed", `<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ckb"><entry><id>urn:1</id><title>A &lt; B</title><link rel="alternate" href="https://news.example/a"/><summary type="html">&lt;b&gt;Wet&lt;/b&gt;</summary><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>It rains.</p></div></content><author><name>Sara</name></author><updated>2026-11-26T10:00:00Z</updated></entry></feed>`, nil,
			"accepted|upsert||urn:1|https://news.example/a|ckb|A < B|Wet|It rains.|Sara", nil},
		{"JSON Feed", "feed", `{"version":"https://jsonfeed.org/version/1.1","language":"en","items":[{"id":"1","url":"https://news.example/a","title":"A <b>","content_text":"It rains & pours.","image":"https://cdn.example/a.jpg","authors":[{"name":"Sara"}],"tags":["Weather"]}]}`, nil,
			"accepted|upsert||1|https://news.example/a|en|A <b>||It rains & pours.|Sara|Weather|Weather|https://cdn.example/a.jpg", nil},
		{"a page's address", "page", `{"url":"https://www.news.example/a?utm_source=x&p=1#top"}`, nil, "accepted|upsert||https://www.news.example/a?p=1", nil},
		{"a page as a form", "page", "url=https%3A%2F%2Fnews.example%2Fa", nil, "accepted|upsert||https://news.example/a", nil},
		{"a page that is gone", "page", `{"url":"https://news.example/a","event":"article.deleted"}`, nil, "accepted|retract|deleted|https://news.example/a", nil},
		{"somebody else's page", "page", `{"url":"https://evil.example/a"}`, nil, "malformed", nil},
		{"our host in the user's place", "page", `{"url":"https://news.example@evil.example/a"}`, nil, "malformed", nil},
		{"a file", "page", `{"url":"file:///etc/passwd"}`, nil, "malformed", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSource(t, c.kind, func(a *config.Source, b *config.Site) {
				if c.change != nil {
					c.change(a, b)
				}
				if c.kind == "drupal" {
					a.Link = ""
				}
			})
			all := read(s, c.body, c.headers...)
			if len(all) != 1 {
				t.Fatalf("%d deliveries", len(all))
			}
			if have := line(all[0]); have != strings.TrimRight(c.want, "|") {
				t.Errorf("have %s\nwant %s\nwhy  %s", have, c.want, all[0].Why)
			}
		})
	}
}

func TestFieldsOfTheNewsroom(t *testing.T) {
	s := newSource(t, "strapi", func(c *config.Source, _ *config.Site) {
		c.Fields = map[string]string{"credit": "cover.provider_metadata.credit", "dek": "$.seo['meta.description']", "kicker": "labels[1].text"}
	})
	all := read(s, `{"event":"entry.publish","model":"article","entry":{"documentId":"1","title":"A","slug":"a","dek":"not this","seo":{"meta.description":"this & that"},"labels":[{"text":"x"},{"text":"live"}],"cover":{"url":"https://cdn.example/a.jpg","caption":"B. (Photo: AFP)","provider_metadata":{"credit":"Reuters"}}}}`)
	a := all[0].Article
	if a.Photo.Credit != "Reuters" || a.Photo.From != "field" || a.Dek != "this & that" || a.Kicker != "live" || all[0].From["credit"] != "cover.provider_metadata.credit" {
		t.Errorf("%+v\n%v\n%s", a, all[0].From, all[0].Why)
	}
	if _, err := New("x", config.Source{Kind: "strapi", Fields: map[string]string{"headlin": "a"}}, config.Site{}); err == nil || !strings.Contains(err.Error(), "fields.headlin") {
		t.Errorf("a field that there is not: %v", err)
	}
}

func TestPages(t *testing.T) {
	pages := map[string]string{
		"/ld": `<html lang="en"><head><title>T</title><link rel="canonical" href="/ld"><script type="application/ld+json">{"@graph":[{"@type":"WebSite","name":"x"},{"@type":["NewsArticle"],"headline":"Dam &amp; river","description":"Wet.","articleBody":"It rains.","image":[{"url":"/s.jpg","width":10},{"url":"/b.jpg","width":1000,"caption":"A spillway.","creditText":"AFP"}],"author":[{"name":"Sara"}],"keywords":"rain, dam","datePublished":"2026-11-26T10:00:00Z"}]}</script></head><body></body></html>`,
		"/og": `<html lang="ckb"><head><meta property="og:title" content="A &lt; B"><meta property="og:image" content="https://cdn.example/a.jpg"><meta property="article:tag" content="x"><link rel=canonical href="https://evil.example/"></head><body><nav><p>Menu</p></nav><article><div><p>It rains, and it will rain for days.</p><p>More.</p></div></article></body></html>`,
		"/no": `<p>Nothing here.`,
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := pages[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(body))
	}))
	defer srv.Close()
	s := newSource(t, "page", func(_ *config.Source, site *config.Site) { site.URL = srv.URL }).
		With(Net{Pages: &fetch.Client{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}})
	for path, want := range map[string]string{
		"/ld":   "accepted|upsert||URL/ld|URL/ld|en|Dam & river|Wet.|It rains.|Sara||rain+dam|URL/b.jpg|A spillway.|AFP|field",
		"/og":   "accepted|upsert||URL/og|URL/og|ckb|A < B||It rains, and it will rain for days.\n\nMore.|||x|https://cdn.example/a.jpg",
		"/gone": "accepted|retract|unpublished|URL/gone",
	} {
		d, err := s.Complete(context.Background(), srv.URL+path, noon)
		if have := strings.ReplaceAll(line(d), srv.URL, "URL"); err != nil || have != want {
			t.Errorf("%s: %v\nhave %s\nwant %s", path, err, have, want)
		}
	}
	if d, err := s.Complete(context.Background(), srv.URL+"/no", noon); err == nil {
		t.Errorf("a page without an article: %s", line(d))
	}
	if _, err := s.Complete(context.Background(), "http://127.0.0.1:1/x", noon); err == nil {
		t.Error("another host's page was read")
	}
}

func TestLanguageThatNoPayloadNames(t *testing.T) {
	s := newSource(t, "ghost", func(_ *config.Source, site *config.Site) { site.Languages = []string{"ckb", "kmr", "ar", "fa", "tr"} })
	post := func(title, html string) Delivery {
		return read(s, fmt.Sprintf(`{"event":"post.published","post":{"current":{"id":"1","title":%q,"html":%q,"slug":"a","status":"published","url":"https://news.example/a"},"previous":{}}}`, title, html))[0]
	}
	for text, want := range map[string]string{"سەرۆکی حکوومەت گەیشتە هەولێر": "ckb", "Li Amedê berf dibare, rê hatin girtin": "kmr", "Oil prices rise": "en", "12/7": "en", "رئيس حكومة الإقليم يصل إلى أربيل": "ar"} {
		d := post(text, "")
		if told := d.From["language"] == "told by the text"; d.Article.Language != want || told != (text != "12/7") {
			t.Errorf("%s: %s, %s", text, d.Article.Language, d.From["language"])
		}
	}
	if d := post("2027", `<p class="a very long name of a class that is in English"><strong>کەشناسی: سبەی باران دەبارێت</strong></p>`); d.Article.Language != "ckb" {
		t.Errorf("by the body: %s", d.Article.Language)
	}
	s.site.Languages = nil
	if d := post("سەرۆکی حکوومەت گەیشتە هەولێر", ""); d.Article.Language != "en" || d.From["language"] != "the site's" {
		t.Errorf("a site of one language: %s", d.Article.Language)
	}
}

func TestHostileJSON(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	many := func(n int) string {
		var b strings.Builder
		b.WriteString("{")
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(`"k` + strings.Repeat("x", i%7) + time.Duration(i).String() + `":1`)
		}
		return b.String() + "}"
	}
	article := func(more string) string {
		return `{"type":"article.published","data":{"id":"1","url":"https://news.example/a","headline":"A"` + more + `}}`
	}
	for name, c := range map[string]struct{ body, want string }{
		"deep": {`{"type":"article.published","data":{"body":` + deep(1_000_000) + `}}`, "malformed"}, "many keys": {`{"data":` + many(400_000) + `}`, "malformed"},
		"same key": {article(`,"id":"2"`), "malformed"}, "key in two cases": {article(`,"ID":"2"`), "malformed"}, "trailing": {article("") + "{}", "malformed"}, "nan": {article(`,"photo":{"focal":{"x":NaN,"y":1}}`), "malformed"},
		"byte order mark": {"\ufeff" + article(""), "accepted"}, "a number for an id": {`{"type":"article.deleted","data":{"id":9007199254740993}}`, "accepted"},
		"a lone surrogate": {article(`,"dek":"\ud800"`), "accepted"}, "not UTF-8": {article(`,"dek":"` + "\xff" + `"`), "accepted"}, "many tags": {article(`,"tags":[` + strings.Repeat(`"x",`, 200_000) + `"x"]`), "accepted"},
		"a long headline": {strings.Replace(article(""), `"A"`, `"`+strings.Repeat("A", 4_000_000)+`"`, 1), "accepted"},
	} {
		var all []Delivery
		took := time.Hour
		for try := 0; try < 4 && took > 3*time.Second; try++ {
			before := processorTime(t)
			all = read(newSource(t, "cutline"), c.body)
			took = processorTime(t) - before
		}
		if string(all[0].Verdict) != c.want {
			t.Errorf("%s: %s, want %s (%s)", name, all[0].Verdict, c.want, all[0].Why)
		}
		if took > 3*time.Second {
			t.Errorf("%s took %v of a processor", name, took)
		}
		if len(all[0].Article.Headline) > 4000 || len(all[0].Article.Tags) > 100 {
			t.Errorf("%s: %d bytes of headline, %d tags", name, len(all[0].Article.Headline), len(all[0].Article.Tags))
		}
	}
}

// processorTime is what this process has used so far: what others on the machine do is not in it.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func TestIDs(t *testing.T) {
	for id, ok := range map[string]bool{"../../etc/passwd": true, "": false, "\u3000": false, "\u200b": false, "a\x00b": false, "a\r\nb": true, strings.Repeat("x", 513): false, strings.Repeat("x", 512): true, "null": true} {
		if err := checkID(id); (err == nil) != ok {
			t.Errorf("%.40q: %v", id, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("ghost", `{"event":"post.published","post":{"current":{"id":"1","title":"A","status":"published","tags":[{"name":"x"}]},"previous":{}}}`)
	f.Add("wordpress", `{"event":"post_published","post":{"ID":1,"post_title":"A","post_status":"publish"},"taxonomies":{"category":{"a":{"name":"b"}}}}`)
	f.Add("strapi", `{"event":"entry.publish","model":"article","entry":{"documentId":"1","title":"A","cover":[{"url":"/x"}]}}`)
	f.Add("directus", `{"event":"articles.items.create","payload":{"status":"published","title":"A","hero":"x"},"key":"1","collection":"articles"}`)
	f.Add("contentful", `{"sys":{"id":"1"},"fields":{"title":{"en":"A"}}}`)
	f.Add("sanity", `{"_id":"1","title":"A","body":[{"children":[{"text":"x"}]}]}`)
	f.Add("superdesk", `{"guid":"1","headline":"A","associations":{"x":{"type":"picture","renditions":{"a":{"href":"https://a.example"}}}}}`)
	f.Add("newsml", `<newsItem guid="1"><contentMeta><headline>A</headline></contentMeta></newsItem>`)
	f.Add("feed", `<rss><channel><item><guid>1</guid><title>A</title></item></channel></rss>`)
	f.Add("drupal", `{"entity":{"uuid":[{"value":"1"}],"title":[{"value":"A"}]}}`)
	f.Add("page", `{"url":"https://news.example/a"}`)
	f.Add("cutline", `{"type":"article.published","data":{"id":"1","url":"https://a.example","headline":"A"}}`)
	f.Fuzz(func(t *testing.T, kind, body string) {
		if _, ok := kinds()[kind]; !ok {
			return
		}
		for _, d := range read(newSource(t, kind), body, "X-Contentful-Topic", "ContentManagement.Entry.publish") {
			if d.Event != "" && d.Event != Reconcile && d.Verdict == Accepted && checkID(d.Article.ID) != nil {
				t.Errorf("accepted without an id: %+v", d)
			}
			if d.Holds() && (d.Article.URL == "" || strings.ContainsAny(d.Article.Headline, "\x00\n")) {
				t.Errorf("not canonical: %+v", d.Article)
			}
		}
	})
}

// What a webhook of Sanity sends and what is read are of one projection, that of its page.
func TestSanityIsReadAsItIsSent(t *testing.T) {
	page, err := os.ReadFile("../../docs/sources/sanity.md")
	if err != nil || !strings.Contains(string(page), sanityProjection) {
		t.Errorf("docs/sources/sanity.md has another projection: %v", err)
	}
	for at, want := range map[string]string{
		"https://p1.api.sanity.io/v2025-02-19/data/query/production": "https://p1.api.sanity.io/v2025-02-19/data/query/production https://cdn.sanity.io/images/p1/production",
		"https://cdn.sanity.io/images/p1/production":                 "https://p1.api.sanity.io/v2025-02-19/data/query/production https://cdn.sanity.io/images/p1/production",
		"": " ",
	} {
		query, images := newSource(t, "sanity", func(c *config.Source, _ *config.Site) { c.URL = at }).sanityHome()
		if query+" "+images != want {
			t.Errorf("%s: %s %s", at, query, images)
		}
	}
}
