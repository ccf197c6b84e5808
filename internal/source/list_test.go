package source

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"testing"
	"time"

	"cutline/internal/config"
	"cutline/internal/fetch"
)

var sliceRE = regexp.MustCompile(`\[(\d+)\.\.\.(\d+)\]`)

// A list is read page by page as far as something changed since the last time, and no further.
func TestPullReadsAllThatChangedSince(t *testing.T) {
	type m = map[string]any
	const all = 130 // articles; the nth changed n minutes ago
	for kind, c := range map[string]struct {
		wrap, page, skip string // where the list is in the answer; which parameter names the page, or what is left out
		item             func(id, at string) any
	}{
		"ghost": {"posts", "page", "", func(id, at string) any {
			return m{"id": id, "title": "A", "slug": "a", "url": "https://news.example/a", "updated_at": at, "status": "published", "visibility": "public"}
		}},
		"wordpress": {"", "", "offset", func(id, at string) any {
			return m{"id": json.Number(id), "status": "publish", "title": m{"rendered": "A"}, "link": "https://news.example/a", "modified_gmt": at[:19]}
		}},
		"strapi": {"data", "pagination[page]", "", func(id, at string) any {
			return m{"documentId": id, "title": "A", "slug": "a", "updatedAt": at, "publishedAt": at}
		}},
		"directus": {"data", "page", "", func(id, at string) any {
			return m{"id": id, "status": "published", "title": "A", "slug": "a", "date_updated": at}
		}},
		"contentful": {"items", "", "skip", func(id, at string) any {
			return m{"sys": m{"id": id, "updatedAt": at}, "fields": m{"title": m{"en": "A"}, "slug": m{"en": "a"}}}
		}},
		"sanity": {"result", "", "", func(id, at string) any { return m{"_id": id, "_updatedAt": at, "title": "A", "slug": "a"} }},
		"superdesk": {"_items", "page", "", func(id, at string) any {
			return m{"guid": id, "type": "text", "pubstatus": "usable", "headline": "A", "slugline": "a", "versioncreated": at}
		}},
		"drupal": {"data", "", "page[offset]", func(id, at string) any {
			return m{"type": "node--article", "id": id, "attributes": m{"title": "A", "status": true, "changed": at, "path": m{"alias": "/a"}}}
		}},
	} {
		t.Run(kind, func(t *testing.T) {
			asked := 0
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				q, from := r.URL.Query(), 0
				if v, err := strconv.Atoi(q.Get(c.page)); c.page != "" && err == nil {
					from = (v - 1) * 50
				}
				if v, err := strconv.Atoi(q.Get(c.skip)); c.skip != "" && err == nil {
					from = v
				}
				if s := sliceRE.FindStringSubmatch(q.Get("query")); s != nil {
					from, _ = strconv.Atoi(s[1])
				}
				list := []any{}
				for i := from; i < min(from+50, all); i++ {
					list = append(list, c.item(fmt.Sprint(i+1), noon.Add(-time.Duration(i)*time.Minute).Format("2006-01-02T15:04:05Z")))
				}
				var answer any = list
				if c.wrap != "" {
					answer = m{c.wrap: list}
				}
				if err := json.NewEncoder(w).Encode(answer); err != nil {
					t.Error(err)
				}
			}))
			defer api.Close()
			s := newSource(t, kind, func(c *config.Source, _ *config.Site) {
				c.URL = api.URL
				if kind == "sanity" {
					c.URL += "/v1/data/query/d"
				}
			}).With(Net{API: API()})
			for since, want := range map[time.Duration][2]int{0: {50, 1}, 20 * time.Minute: {50, 1}, 70 * time.Minute: {100, 2}, 1000 * time.Minute: {all, 3}} {
				asked = 0
				var from time.Time
				if since > 0 {
					from = noon.Add(-since)
				}
				p, err := s.Pull(context.Background(), noon, from, fetch.Known{})
				seen := map[string]bool{}
				for _, d := range p.Deliveries {
					if d.Verdict == Malformed {
						t.Fatal(d.Why)
					}
					seen[d.Article.ID] = true
				}
				if err != nil || len(seen) != want[0] || asked != want[1] {
					t.Errorf("since %v: %d articles in %d requests (%v), want %v", since, len(seen), asked, err, want)
				}
			}
		})
	}
}

// Contentful is asked for all locales, and read in the site's: what is not translated is nobody's text, what is the same in
// all of them is taken.
func TestContentfulIsReadInTheSitesLanguage(t *testing.T) {
	const answer = `{"items":[
{"sys":{"id":"1","updatedAt":"2026-11-26T10:00:00Z"},"fields":{"title":{"en-US":"Dam","ckb":"بەنداو"},"slug":{"en-US":"dam"},"dek":{"en-US":"It rains."},"author":{"en-US":{"sys":{"type":"Link","linkType":"Entry","id":"p"}}},"image":{"en-US":{"sys":{"type":"Link","linkType":"Asset","id":"x"}}}}},
{"sys":{"id":"2"},"fields":{"title":{"en-US":"River"},"dek":{"ckb":"باران دەبارێت."},"slug":{"en-US":"river"}}}],
"includes":{"Asset":[{"sys":{"id":"x"},"fields":{"title":{"en-US":"A dam"},"description":{"en-US":"A dam. (Photo: AFP)","ckb":"بەنداوێک. (وێنە: AFP)"},"file":{"en-US":{"url":"//a.example/x.jpg"}}}}],"Entry":[{"sys":{"id":"p"},"fields":{"name":{"en-US":"Sara"}}}]}}`
	var asked string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.RawQuery
		_, _ = w.Write([]byte(answer))
	}))
	defer api.Close()
	s := newSource(t, "contentful", func(c *config.Source, site *config.Site) { c.URL, site.Language = api.URL, "ckb" }).With(Net{API: API()})
	p, err := s.Pull(context.Background(), noon, time.Time{}, fetch.Known{})
	if err != nil || len(p.Deliveries) != 2 || !regexp.MustCompile(`(^|&)locale=\*(&|$)`).MatchString(asked) {
		t.Fatalf("%v %q %+v", err, asked, p)
	}
	a := p.Deliveries[0].Article
	if a.Headline != "بەنداو" || a.Language != "ckb" || a.Dek != "" || a.Byline != "Sara" || a.Photo.URL != "http://a.example/x.jpg" || a.Photo.Caption != "بەنداوێک." || a.Photo.Credit != "AFP" || a.Photo.Alt != "" || a.URL != "https://news.example/dam" {
		t.Errorf("%+v", a)
	}
	if d := p.Deliveries[1]; d.Verdict != Malformed {
		t.Errorf("without a headline in its language: %+v", d)
	}
}

// Of a CMS that sends the articles of two editions, a source with a locale takes its own.
func TestSourceTakesTheLanguageOfItsLocale(t *testing.T) {
	const entry = `{"event":"entry.publish","model":"article","entry":{"documentId":"d","locale":%q,"title":"A","slug":"a","publishedAt":"2026-11-26T10:00:00Z"}}`
	for _, c := range []struct {
		locale, language string
		want             Verdict
	}{{"", "ckb", Accepted}, {"ckb", "ckb", Accepted}, {"ckb", "ckb-IQ", Accepted}, {"ckb", "en", Ignored}, {"en-GB", "en-GB", Accepted}, {"en_GB", "en-gb", Accepted}, {"en-GB", "en-US", Ignored}, {"en-GB", "en", Ignored}} {
		asked := ""
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r.URL.Query().Get("locale")
			_, _ = fmt.Fprintf(w, `{"data":[{"documentId":"d","locale":%q,"title":"A","slug":"a","publishedAt":"2026-11-26T10:00:00Z"}]}`, c.language)
		}))
		s := newSource(t, "strapi", func(s *config.Source, _ *config.Site) { s.URL, s.Locale = api.URL, c.locale }).With(Net{API: API()})
		d := read(s, fmt.Sprintf(entry, c.language))
		if len(d) != 1 || d[0].Verdict != c.want || c.want == Ignored && (d[0].Event != "" || d[0].Why == "") {
			t.Errorf("%s for %s: %+v", c.language, c.locale, d)
		}
		p, err := s.Pull(context.Background(), noon, time.Time{}, fetch.Known{})
		if err != nil || (len(p.Deliveries) == 1) != (c.want == Accepted) || asked != c.locale {
			t.Errorf("pulling %s for %s: %v, asked for %q, %d", c.language, c.locale, err, asked, len(p.Deliveries))
		}
		api.Close()
	}
}
