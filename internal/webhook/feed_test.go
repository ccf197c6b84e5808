package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/fetch"
	"cutline/internal/source"
	"cutline/internal/story"
)

// A web is a site and a hub: pages by path, with their ETags, and what the hub was asked.
type web struct {
	mu    sync.Mutex
	pages map[string]string // path → body
	asked map[string]int    // path → how often the whole was sent
	forms []url.Values      // what was posted to /hub
}

func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.URL.Path == "/hub" {
		if err := r.ParseForm(); err == nil {
			w.forms = append(w.forms, r.PostForm)
		}
		rw.WriteHeader(http.StatusAccepted)
		return
	}
	body, ok := w.pages[r.URL.Path]
	if !ok {
		http.NotFound(rw, r)
		return
	}
	etag := fmt.Sprintf(`"%x"`, sha512.Sum512([]byte(body)))
	rw.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		rw.WriteHeader(http.StatusNotModified)
		return
	}
	w.asked[r.URL.Path]++
	rw.Write([]byte(body))
}

func (w *web) put(path, body string) { w.mu.Lock(); w.pages[path] = body; w.mu.Unlock() }
func (w *web) count(path string) int { w.mu.Lock(); defer w.mu.Unlock(); return w.asked[path] }
func (w *web) posted() []url.Values  { w.mu.Lock(); defer w.mu.Unlock(); return w.forms }

func openWeb(t *testing.T, kind, path, more string) (*newsroom, *web, string) {
	w := &web{pages: map[string]string{}, asked: map[string]int{}}
	srv := httptest.NewServer(w)
	t.Cleanup(srv.Close)
	n := openNewsroomAt(t, kind, srv.URL+path, "feed-test-secret", more)
	site := n.hook.Config.Sites["en"]
	site.URL = srv.URL
	n.hook.Config.Sites["en"] = site
	n.hook.Config.Public = "https://cutline.example/"
	n.restart()
	return n, w, srv.URL
}

// restart is a new process on the same folder.
func (n *newsroom) restart() {
	n.t.Helper()
	c := n.hook.Config
	net := source.Net{API: &http.Client{Transport: n}, Pages: &fetch.Client{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}}
	var err error
	if n.hook, err = New(Parts{Store: n.store, Config: c, Now: n.hook.Now, Log: slog.New(slog.DiscardHandler), Net: net}); err != nil {
		n.t.Fatal(err)
	}
}

func (n *newsroom) tick() {
	n.t.Helper()
	if err := n.hook.Tick(context.Background()); err != nil {
		n.t.Fatal(err)
	}
}

// story is the one of an article's id; zero: there is none.
func (n *newsroom) story(id string) story.Story {
	k, err := n.store.Find(context.Background(), "newsroom", id)
	if err != nil {
		return story.Story{}
	}
	s, err := n.store.Story(context.Background(), k)
	if err != nil && !errors.Is(err, story.ErrNone) {
		n.t.Error(id, err)
	}
	return s
}

const rss = `<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>%s<item><guid>g1</guid><link>https://news.example/a</link><title>%s</title><description>It rains.</description></item></channel></rss>`

func TestFeedIsReadOnceAVersion(t *testing.T) {
	n, w, _ := openWeb(t, "feed", "/rss", ", pull: 5m")
	w.put("/rss", fmt.Sprintf(rss, "", "One"))
	for range 3 {
		n.tick()
		n.now = n.now.Add(6 * time.Minute)
		n.restart()
	}
	if got := w.count("/rss"); got != 1 || n.story("g1").Article.Headline != "One" {
		t.Errorf("sent %d times, %q", got, n.story("g1").Article.Headline)
	}
	w.put("/rss", fmt.Sprintf(rss, "", "Two"))
	n.tick()
	if got := w.count("/rss"); got != 2 || n.story("g1").Article.Headline != "Two" {
		t.Errorf("sent %d times, %q", got, n.story("g1").Article.Headline)
	}
}

// A hub is found, asked, believed when it was asked, heard by its signature, and asked again before its promise ends.
func TestWebSub(t *testing.T) {
	n, w, at := openWeb(t, "feed", "/rss", "")
	w.put("/rss", fmt.Sprintf(rss, fmt.Sprintf(`<link>https://news.example/</link><atom:link rel="hub" href="%s/hub"/><atom:link rel="self" href="https://news.example/rss"/>`, at), "One"))
	verify := func(q url.Values) (int, string) {
		r := httptest.NewRequest(http.MethodGet, "/hooks/newsroom?"+q.Encode(), nil)
		rec := httptest.NewRecorder()
		n.hook.ServeHTTP(rec, r)
		return rec.Code, rec.Body.String()
	}
	query := func(mode, topic string) url.Values {
		return url.Values{"hub.mode": {mode}, "hub.topic": {topic}, "hub.challenge": {"<challenge>"}, "hub.lease_seconds": {"86400"}}
	}
	if code, _ := verify(query("subscribe", "https://news.example/rss")); code != 404 {
		t.Errorf("a subscription that nobody asked for: %d", code)
	}
	n.tick()
	forms := w.posted()
	if len(forms) != 1 {
		t.Fatalf("the hub was asked %d times", len(forms))
	}
	want := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {"https://news.example/rss"}, "hub.callback": {"https://cutline.example/hooks/newsroom"}, "hub.secret": {"feed-test-secret"}, "hub.lease_seconds": {"864000"}}
	if fmt.Sprint(forms[0]) != fmt.Sprint(want) {
		t.Errorf("the hub was asked %v", forms[0])
	}
	n.tick()
	if len(w.posted()) != 1 {
		t.Error("the hub was asked again at once")
	}
	for _, bad := range []url.Values{query("unsubscribe", "https://news.example/rss"), query("subscribe", "https://evil.example/rss"), query("publish", "https://news.example/rss"), {"hub.mode": {"subscribe"}, "hub.topic": {"https://news.example/rss"}}} {
		if code, _ := verify(bad); code != 404 {
			t.Errorf("%v: %d", bad, code)
		}
	}
	if code, body := verify(query("subscribe", "https://news.example/rss")); code != 200 || body != "<challenge>" {
		t.Errorf("%d %q", code, body)
	}
	n.now = n.now.Add(17 * time.Hour)
	n.restart()
	n.tick()
	if len(w.posted()) != 1 {
		t.Error("asked again, though the hub pushes")
	}
	n.now = n.now.Add(2 * time.Hour)
	n.tick()
	if len(w.posted()) != 2 {
		t.Error("not asked again before the lease ends")
	}
	body := fmt.Sprintf(rss, "", "Pushed")
	push := func(signature string) int {
		r := httptest.NewRequest(http.MethodPost, "/hooks/newsroom", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/rss+xml")
		r.Header.Set("X-Hub-Signature", signature)
		return status(n.hook, r)
	}
	m := hmac.New(sha512.New, []byte("feed-test-secret"))
	m.Write([]byte(body))
	if code := push("sha512=" + hex.EncodeToString(m.Sum(nil))); code != 202 || n.story("g1").Article.Headline != "Pushed" {
		t.Errorf("%d %q", code, n.story("g1").Article.Headline)
	}
	if code := push("sha512=" + strings.Repeat("0", 128)); code != 401 {
		t.Errorf("another secret: %d", code)
	}
	// A hub that refuses is not asked every half hour.
	denied := query("denied", "https://news.example/rss")
	denied.Set("hub.reason", "too many")
	if code, _ := verify(denied); code != 200 {
		t.Errorf("denied: %d", code)
	}
	n.now = n.now.Add(2 * time.Hour)
	n.tick()
	if len(w.posted()) != 2 {
		t.Error("asked again two hours after it refused")
	}
	n.now = n.now.Add(23 * time.Hour)
	n.tick()
	if len(w.posted()) != 3 {
		t.Error("never asked again")
	}
}

// What no call told of, the site's news sitemap does: new pages, changed ones, and those that are gone.
func TestSitemap(t *testing.T) {
	n, w, at := openWeb(t, "page", "/sitemap.xml", "")
	page := func(title string) string {
		return fmt.Sprintf(`<html lang="en"><head><script type="application/ld+json">{"@type":"NewsArticle","headline":%q,"articleBody":"It rains."}</script></head></html>`, title)
	}
	entry := func(path, language, date string) string {
		return fmt.Sprintf(`<url><loc>%s%s</loc>%s<news:news><news:publication><news:name>Example</news:name><news:language>%s</news:language></news:publication><news:publication_date>2026-11-26T10:00:00Z</news:publication_date><news:title>x</news:title></news:news></url>`, at, path, date, language)
	}
	sitemap := func(entries ...string) {
		w.put("/news.xml", `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">`+strings.Join(entries, "")+`</urlset>`)
	}
	w.put("/sitemap.xml", fmt.Sprintf(`<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>%s/pages.xml</loc></sitemap><sitemap><loc>%s/news.xml</loc></sitemap><sitemap><loc>https://evil.example/news.xml</loc></sitemap></sitemapindex>`, at, at))
	w.put("/a", page("A"))
	w.put("/b", page("B"))
	w.put("/c", page("C"))
	sitemap(entry("/a", "en", ""), entry("/b", "en", "<lastmod>2026-11-26T11:00:00Z</lastmod>"), entry("/c", "ar", ""), `<url><loc>https://evil.example/x</loc></url>`)
	n.tick()
	if n.story(at+"/a").Article.Headline != "A" || n.story(at+"/b").Article.Headline != "B" || n.story(at+"/c").Key != "" || w.count("/pages.xml") != 0 {
		t.Errorf("%+v %+v %+v", n.story(at+"/a"), n.story(at+"/b"), n.story(at+"/c"))
	}
	w.put("/a", page("A, changed and not said"))
	w.put("/b", page("B, changed"))
	n.now = n.now.Add(15 * time.Minute)
	n.tick()
	if w.count("/a") != 1 || w.count("/b") != 1 {
		t.Errorf("pages that did not change were read: %d %d", w.count("/a"), w.count("/b"))
	}
	sitemap(entry("/b", "en", "<lastmod>2026-11-26T12:10:00Z</lastmod>"))
	w.mu.Lock()
	delete(w.pages, "/a")
	w.mu.Unlock()
	n.now = n.now.Add(15 * time.Minute)
	n.tick()
	if n.story(at+"/b").Article.Headline != "B, changed" || n.story(at+"/a").Off != "unpublished" {
		t.Errorf("%+v\n%+v", n.story(at+"/b"), n.story(at+"/a"))
	}
}

// A page that moved says by its id in the CMS that it is the one from before.
func TestPageThatMovedIsOneStory(t *testing.T) {
	n, w, at := openWeb(t, "page", "", "")
	page := func(id, published string) string {
		return fmt.Sprintf(`<html lang="en"><head><script type="application/ld+json">{"@type":"NewsArticle","headline":"A","identifier":%q,"datePublished":%q}</script></head></html>`, id, published)
	}
	w.put("/old", page("7", "2026-11-26T10:00:00Z"))
	w.put("/new", page("7", "2026-11-26T10:00:00Z"))
	w.put("/other", page("7", "2026-11-26T11:00:00Z")) // a site that gives one id to all
	w.put("/none", `<html><head><meta property="og:title" content="N"></head></html>`)
	for _, path := range []string{"/old", "/new", "/other", "/none", "/old"} {
		body := fmt.Sprintf(`{"url":%q}`, at+path)
		h, err := n.src.Sign(context.Background(), []byte(body), "", n.now)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "/hooks/newsroom", strings.NewReader(body))
		r.Header = h
		if code := status(n.hook, r); code != 202 {
			t.Fatal(path, code)
		}
	}
	keys := map[story.Key]bool{}
	for _, path := range []string{"/old", "/new", "/other", "/none"} {
		keys[n.story(at+path).Key] = true
	}
	if len(keys) != 3 || n.story(at+"/old").Key != n.story(at+"/new").Key {
		t.Errorf("%v", keys)
	}
}
