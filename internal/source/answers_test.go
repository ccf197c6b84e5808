package source

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"cutline/internal/config"
	"cutline/internal/fetch"
)

// A CMS's key goes to its API alone, whatever that answers and whatever the environment says.
func TestKeyGoesNowhereElse(t *testing.T) {
	stolen := false
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen = true }))
	defer thief.Close()
	t.Setenv("HTTP_PROXY", thief.URL)
	t.Setenv("CMS_TEST_KEY", "a-test-key")
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/1"):
			http.Redirect(w, r, thief.URL+r.URL.Path, http.StatusTemporaryRedirect)
		case strings.HasSuffix(r.URL.Path, "/2"):
			http.Redirect(w, r, "/2/", http.StatusPermanentRedirect)
		default:
			w.Write([]byte(`{"data":{"id":"2","status":"published","title":"A","slug":"a"}}`))
		}
	}))
	defer api.Close()
	c, err := config.Parse("cutline.yaml", []byte(`
sites: {en: {name: Example News, language: en, url: "https://news.example"}}
sources: {newsroom: {kind: directus, site: en, secret: "env:CMS_TEST_KEY", url: "`+api.URL+`", key: "env:CMS_TEST_KEY"}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New("newsroom", c.Sources["newsroom"], c.Sites["en"])
	if err != nil {
		t.Fatal(err)
	}
	s = s.With(Net{API: API()})
	if _, err := s.Complete(context.Background(), "1", noon); err == nil || !strings.Contains(err.Error(), "another host") || stolen {
		t.Errorf("%v, stolen: %v", err, stolen)
	}
	if d, err := s.Complete(context.Background(), "2", noon); err != nil || d.Article.Headline != "A" {
		t.Errorf("a redirect on the same host: %v", err)
	}
}

// What a CMS's API, a feed, a sitemap or a page answers may be anything.
func FuzzAnswer(f *testing.F) {
	f.Add("ghost", `{"posts":[{"id":"1","title":"A","slug":"a","url":"https://news.example/a"}]}`)
	f.Add("wordpress", `[{"id":1,"status":"publish","title":{"rendered":"A"},"_embedded":{"wp:term":[[{"taxonomy":"category","name":"B"}]]}}]`)
	f.Add("strapi", `{"data":[{"documentId":"1","locale":"en","title":"A"}]}`)
	f.Add("directus", `{"data":{"id":"1","status":"published","title":"A","hero":{"id":"x"}}}`)
	f.Add("contentful", `{"items":[{"sys":{"id":"1"},"fields":{"title":"A","image":{"sys":{"type":"Link","linkType":"Asset","id":"x"}}}}],"includes":{"Asset":[{"sys":{"id":"x"},"fields":{"file":{"url":"//a.example/x"}}}]}}`)
	f.Add("sanity", `{"result":[{"_id":"1","title":"A","image":{"asset":{"_ref":"image-a-1x1-jpg"}}}]}`)
	f.Add("superdesk", `{"_items":[{"uri":"https://s.example/items/1","headline":"A"}]}`)
	f.Add("drupal", `{"data":[{"type":"node--article","id":"1","attributes":{"title":"A","status":true}}],"included":[]}`)
	f.Add("feed", `<feed><link rel="hub" href="https://hub.example"/><entry><id>1</id><title>A</title></entry></feed>`)
	f.Add("page", `<urlset><url><loc>https://news.example/a</loc><lastmod>2026-11-26</lastmod></url></urlset>`)
	f.Add("page", `<html><head><link rel="shortlink" href="https://news.example/?p=1"><script type="application/ld+json">{"@type":"NewsArticle","headline":"A","identifier":{"value":7},"datePublished":"2026-11-26T10:00:00Z"}</script></head></html>`)
	f.Fuzz(func(t *testing.T, kind, body string) {
		k, ok := kinds()[kind]
		if !ok {
			return
		}
		s := newSource(t, kind, func(c *config.Source, _ *config.Site) { c.URL = "https://cms.example/data/query/x" })
		var all []Delivery
		switch {
		case k.item != nil:
			answer, err := parseJSON([]byte(body))
			if err != nil {
				return
			}
			if all, err = k.item(s, answer); err != nil {
				return
			}
		case kind == "feed":
			if list, err := s.feed([]byte(body)); err == nil {
				all = list
			}
			hub, topic := s.hubOf(fetch.Response{Body: []byte(body), Links: []string{body}})
			for _, at := range []string{hub, topic} {
				if u, err := url.Parse(at); at != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https") {
					t.Errorf("a hub at %q", at)
				}
			}
		case kind == "page":
			if d, err := s.page("https://news.example/a", fetch.Response{Body: []byte(body), URL: "https://news.example/a"}); err == nil {
				all = append(all, d)
			}
			if root, err := parseXML([]byte(body)); err == nil {
				for _, n := range root.all("url") {
					if d, ok := s.sitemapEntry(n); ok && !strings.Contains(d.Article.ID, "news.example") {
						t.Errorf("a page of another host: %q", d.Article.ID)
					}
				}
			}
		}
		for _, d := range all {
			if d.Verdict != Malformed && d.Holds() && (d.Article.URL == "" || strings.ContainsAny(d.Article.Headline, "\x00\n") || d.Article.ID == "") {
				t.Errorf("not canonical: %+v", d.Article)
			}
		}
	})
}

// TestNotShownIsNotUnpublished asks CMSs about an article that they do not show: to us alone, or to anybody.
func TestNotShownIsNotUnpublished(t *testing.T) {
	type answer struct {
		status int
		body   string
	}
	for name, c := range map[string]struct {
		kind      string
		one, list answer
		gone      bool
		why       string
	}{
		"WordPress, in the bin":                     {"wordpress", answer{404, `{"code":"rest_post_invalid_id"}`}, answer{200, `[]`}, true, ""},
		"WordPress, a draft":                        {"wordpress", answer{401, `{"code":"rest_forbidden"}`}, answer{200, `[]`}, true, ""},
		"WordPress, the API closed by a plugin":     {"wordpress", answer{401, `{"code":"rest_not_logged_in"}`}, answer{401, `{}`}, false, "what key may read"},
		"WordPress, no such address":                {"wordpress", answer{404, `<html>`}, answer{404, `<html>`}, false, "see url"},
		"Directus, deleted":                         {"directus", answer{403, `{"errors":[]}`}, answer{200, `{"data":[]}`}, true, ""},
		"Directus, the token's rights taken away":   {"directus", answer{403, `{"errors":[]}`}, answer{403, `{"errors":[]}`}, false, "what key may read"},
		"Strapi, another model's name":              {"strapi", answer{404, `{}`}, answer{404, `{}`}, false, "see url and model"},
		"Strapi, down while the list is read":       {"strapi", answer{404, `{}`}, answer{503, ``}, false, "503"},
		"Sanity, unpublished":                       {"sanity", answer{200, `{"result":[]}`}, answer{200, `{"result":[{"_id":"2","title":"B","slug":{"current":"b"}}]}`}, true, ""},
		"Sanity, a private dataset without a token": {"sanity", answer{200, `{"result":[]}`}, answer{200, `{"result":[]}`}, false, "no article at all"},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := c.list
			if strings.HasSuffix(r.URL.Path, "/1") || strings.Contains(r.URL.Query().Get("query"), `_id == "1"`) {
				a = c.one
			}
			w.WriteHeader(a.status)
			fmt.Fprint(w, a.body)
		}))
		s := newSource(t, c.kind, func(cfg *config.Source, _ *config.Site) { cfg.URL = srv.URL }).With(Net{API: srv.Client()})
		d, err := s.Complete(context.Background(), "1", noon)
		switch {
		case c.gone && (err != nil || d.Event != Retract):
			t.Errorf("%s: %+v, %v", name, d, err)
		case !c.gone && (err == nil || !strings.Contains(err.Error(), c.why)):
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		if d, err := s.Listed().Complete(context.Background(), "1", noon); err != nil || d.Event != Retract {
			t.Errorf("%s, with the list read before: %+v, %v", name, d, err)
		}
		srv.Close()
	}
}

// What the configuration names in another collection is asked for, too.
func TestDirectusIsAskedForWhatIsConfigured(t *testing.T) {
	s := newSource(t, "directus", func(c *config.Source, _ *config.Site) {
		c.Fields = map[string]string{"tags": "tags[].tags_id.name", "credit": "hero.folder.name", "dek": "lead", "body": "html:blocks[0].item.text"}
	})
	if got, want := directusFields(s), "fields=*.*,blocks.item.text,hero.folder.name,tags.tags_id.name"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
