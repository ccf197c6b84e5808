package post

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/fetch"
	"cutline/internal/story"
)

// site is a newspaper's web server whose page and card the test changes.
type site struct {
	mu         sync.Mutex
	page       string // empty: 404
	card       string // the card's bytes; empty: 404
	asked      []string
	credential bool // a cookie or the like came along
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.Path)
	s.credential = s.credential || r.Header.Get("Cookie")+r.Header.Get("Authorization")+r.Header.Get("Referer") != ""
	body := s.page
	if strings.HasPrefix(r.URL.Path, "/cards/") {
		body = s.card
	}
	if body == "" {
		http.NotFound(w, r)
		return
	}
	_, _ = fmt.Fprint(w, body)
}

func (s *site) set(page, card string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page, s.card, s.asked = page, card, nil
}

func TestPageIsLookedAtBeforePosting(t *testing.T) {
	const jpeg = "\xff\xd8\xff\xe0\x00\x10JFIF"
	n := open(t, "auto")
	web := &site{}
	server := httptest.NewServer(web)
	defer server.Close()
	n.configure(func(c *config.Channel) { c.Page = "wait" })
	n.cfg.Channels["second"] = config.Channel{Kind: "log", Site: "en", Page: "wait", Account: "second"}
	n.cfg.Channels["warned"] = config.Channel{Kind: "log", Site: "en", Page: "warn", Account: "warned"}
	p := n.worker(0)
	p.Pages = &fetch.Client{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	k := n.publish("1", "the spillway", func(a *article.Article) { a.URL = server.URL + "/1" })
	ours := fmt.Sprintf(`<meta property="og:image" content="%s/cards/%s/og.jpg?v=1&amp;x=2">`, server.URL, k)
	for _, step := range []struct{ page, card, why string }{
		{"", "", "answers 404"},
		{"<html>no picture</html>", jpeg, "does not name our card"},
		{strings.Replace(ours, string(k), "2026-11-25/"+k.ID(), 1), jpeg, "does not name our card"},
		{ours, "", "the card on the article's page: it answers 404"},
		{ours, "<html>login</html>", "is no picture"},
	} {
		web.set(step.page, step.card)
		n.tick(p)
		n.look(p, k)
		n.want(k, "")
		d, err := n.store.Load(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		s := story.StateOf(&d, "log", story.Rule{Auto: true})
		if !strings.Contains(s.Why, step.why) || s.Until.Before(n.clock()) {
			t.Errorf("the desk shows %+v, want %q", s, step.why)
		}
		n.pass(20 * time.Minute)
	}
	if d, err := n.store.Load(t.Context(), k); err != nil || !func() bool { r := d.Posts["warned"].Doc; return r.Live() }() {
		t.Errorf("the channel that only warns has not posted (%v)", err)
	}
	web.set(ours, jpeg)
	n.tick(p)
	n.want(k, "post")
	web.mu.Lock()
	defer web.mu.Unlock()
	if got := strings.Join(web.asked, " "); got != "/1 /cards/"+string(k)+"/og.jpg" || web.credential {
		t.Errorf("asked for %s, with credentials: %v; want the page and the card once for both channels", got, web.credential)
	}
}
