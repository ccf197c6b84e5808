package desk

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"html"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

// staffed is a desk with roles, rules and passwords, and a log to look into.
type staffed struct {
	*team
	log bytes.Buffer
}

const staffedConfig = `
sites:
  en:
    {name: Example News, language: en, url: "https://news.example",
     roles: {viewer: [vera], editor: [edo], approver: [ana, ben], admin: [adam]},
     rules: [{name: grave, risks: [deaths], people: 2, no_self: true}]}
  ckb: {name: Nmune, language: ckb, url: "https://news.example", roles: {admin: [rebin]}}
channels: {feed: {kind: feed, site: en}, log: {kind: log, site: en}}
desk: {url: "https://desk.example", key: "env:TEST_DESK_KEY", people: {vera: "env:TEST_PASSWORD", edo: "env:TEST_PASSWORD", ana: "env:TEST_PASSWORD", ben: "env:TEST_PASSWORD", adam: "env:TEST_PASSWORD", rebin: "env:TEST_PASSWORD", nobody: "env:TEST_PASSWORD"}}
`

func openStaffed(t *testing.T, change ...func(*story.Story)) *staffed {
	t.Setenv("TEST_DESK_KEY", "a test secret of thirty-two bytes")
	t.Setenv("TEST_PASSWORD", "a-test-password")
	d := &staffed{team: open(t, change...)}
	cfg, err := config.Parse("cutline.yaml", []byte(staffedConfig), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.handler, err = New(Parts{Store: &story.Store{Bucket: policy.Guard(d.store.Bucket), Now: d.store.Now, Random: d.store.Random}, Config: cfg, Now: d.store.Now, Random: crand.Reader, Log: slog.New(slog.NewTextHandler(&d.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// as makes a request as somebody, or as nobody; a form makes it a POST.
func (d *staffed) as(who, path string, form url.Values) *httptest.ResponseRecorder {
	method := "GET"
	if form != nil {
		method = "POST"
	}
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Host = "desk.example"
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if who != "" {
		r.SetBasicAuth(who, "a-test-password")
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w
}

func (d *staffed) at() string { return "/story/" + string(d.key) }

// page is the form for deciding as it stands on somebody's page at an address.
func (d *staffed) page(who, path string) url.Values {
	d.t.Helper()
	w := d.as(who, path, nil)
	if w.Code != 200 {
		d.t.Fatalf("%s of %s: %d %s", path, who, w.Code, w.Body)
	}
	_, body, _ := strings.Cut(w.Body.String(), `id="decide"`)
	f := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		f.Add(m[1], html.UnescapeString(m[2]))
	}
	if f.Get("pick") != "" {
		f["channel"] = []string{"feed", "log"}
	}
	return f
}

func with(f url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for k, v := range f {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

var made = regexp.MustCompile(`value="https://desk\.example(/review/[A-Za-z0-9_-]+)"`)

// link is the path of a review link that somebody makes.
func (d *staffed) link(who, name string) string {
	d.t.Helper()
	w := d.as(who, d.at()+"/share", url.Values{"for": {name}})
	m := made.FindStringSubmatch(w.Body.String())
	if w.Code != 200 || m == nil {
		d.t.Fatalf("no link: %d %s", w.Code, w.Body)
	}
	return m[1]
}

func TestReviewLinkShowsAndDecidesOnce(t *testing.T) {
	d := openStaffed(t)
	at := d.link("ana", "Tom")
	w := d.as("", at, nil)
	page := strings.NewReplacer("<bdi>", "", "</bdi>", "").Replace(w.Body.String())
	for _, want := range []string{"ana asks you to look at one story", "This link is for Tom", "The reservoir has risen to 61 percent.", "Approve for 2 channels", "/cards/" + string(d.key)} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if h := w.Header(); h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" || len(h["Set-Cookie"]) > 0 {
		t.Errorf("%v", h)
	}
	for _, link := range regexp.MustCompile(`(?:href|action)="([^"]+)"`).FindAllStringSubmatch(w.Body.String(), -1) {
		if to := link[1]; !strings.HasPrefix(to, "/desk.css") && !strings.HasPrefix(to, "?lang=") && to != "#main" && to != at {
			t.Errorf("the page leads to %s", to)
		}
	}
	for range 3 { // scanners and previews, whatever they are called
		r := httptest.NewRequest("GET", at+"?act=approve", nil)
		r.Header.Set("User-Agent", "Slackbot-LinkExpanding 1.0")
		d.handler.ServeHTTP(httptest.NewRecorder(), r)
		d.as("", at, nil)
	}
	if r := d.as("", at+"/", nil); r.Code != 404 && r.Code != 401 {
		t.Errorf("another address: %d", r.Code)
	}
	if log := d.decisions().Log; len(log) != 0 {
		t.Fatalf("a GET decided: %+v", log)
	}
	f := d.page("", at)
	if w := d.as("", at, with(f, "act", "approve")); w.Code != 303 || w.Header().Get("Location") != at+"?did=approve" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	log := d.decisions().Log
	if len(log) != 1 || log[0].By != "Tom" || log[0].Link == "" || !strings.HasPrefix(log[0].Who, "link:") || len(log[0].Drafts) != 2 || !log[0].NotBefore.Equal(noon.Add(10*time.Second)) || log[0].Rule != "required" {
		t.Fatalf("%+v", log)
	}
	for _, act := range []string{"approve", "hold", "reject"} {
		if w := d.as("", at, with(f, "act", act, "why", "because")); w.Code != 410 {
			t.Errorf("%s with a link that was used: %d", act, w.Code)
		}
	}
	if w := d.as("", at, nil); w.Code != 200 || !strings.Contains(w.Body.String(), "Undo") || strings.Contains(w.Body.String(), `value="approve"`) {
		t.Errorf("the page afterwards: %d", w.Code)
	}
	if w := d.as("", at, url.Values{"act": {"undo"}}); w.Code != 303 {
		t.Errorf("undo: %d %s", w.Code, w.Body)
	}
	if w := d.as("", at, with(f, "act", "approve")); w.Code != 410 {
		t.Errorf("once more after undo: %d", w.Code)
	}
	all := d.decisions()
	if v := all.For("feed", story.Rule{}); v.Act != "" {
		t.Errorf("after undo: %+v", v)
	}
	token := strings.TrimPrefix(at, "/review/")
	if strings.Contains(d.log.String(), token) {
		t.Error("the log has the link")
	}
}

func TestReviewLinkThatDoesNotCount(t *testing.T) {
	for name, c := range map[string]struct {
		change func(d *staffed)
		get    int
		post   int
	}{
		"ended": {func(d *staffed) { d.now = noon.Add(12 * time.Hour) }, 410, 410},
		"another revision": {func(d *staffed) {
			d.story("1", func(s *story.Story) { s.Article.Headline = "Reservoir rises to 62 percent" })
		}, 409, 409},
		"another text": {func(d *staffed) { d.propose(d.key, "log", "Another text.", 1) }, 200, 409},
		"an embargo": {func(d *staffed) {
			d.t.Log("its embargo is a new revision")
			d.story("1", func(s *story.Story) { s.Article.Embargo = noon.Add(time.Hour) })
		}, 409, 409},
		"its maker signed out": {func(d *staffed) {
			d.now = noon.Add(time.Second)
			d.as("ana", "/signout", url.Values{"everywhere": {"1"}})
		}, 410, 410},
		"all signed out": {func(d *staffed) { d.now = noon.Add(time.Second); d.must(d.everybodyOut()) }, 410, 410},
	} {
		d := openStaffed(t)
		at := d.link("ana", "Tom")
		f := d.page("", at)
		c.change(d)
		if w := d.as("", at, nil); w.Code != c.get {
			t.Errorf("%s: the page: %d", name, w.Code)
		}
		if w := d.as("", at, with(f, "act", "approve")); w.Code != c.post || len(d.decisions().Log) != 0 {
			t.Errorf("%s: %d %+v", name, w.Code, d.decisions().Log)
		}
	}
	d := openStaffed(t)
	at := d.link("ana", "Tom")
	f := d.page("", at)
	for name, path := range map[string]string{"a letter more": at + "A", "a letter less": at[:len(at)-1], "none": "/review/", "a session": "/review/AAAA"} {
		if w := d.as("", path, with(f, "act", "approve")); w.Code < 400 || len(d.decisions().Log) != 0 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	for _, act := range []string{"retract", "schedule", "settle", "publish", ""} {
		if w := d.as("", at, with(f, "act", act, "at", "2026-11-26T18:00")); w.Code != 403 || len(d.decisions().Log) != 0 {
			t.Errorf("%s by a link: %d", act, w.Code)
		}
	}
	for _, path := range []string{"/", d.at(), d.at() + "/share"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Authorization", "Bearer "+strings.TrimPrefix(at, "/review/"))
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		if w.Code != 401 {
			t.Errorf("a link opens %s: %d", path, w.Code)
		}
	}
	r := httptest.NewRequest("POST", at, strings.NewReader(with(f, "act", "approve").Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	if d.handler.ServeHTTP(w, r); w.Code != 403 || len(d.decisions().Log) != 0 {
		t.Errorf("from another site: %d", w.Code)
	}
}

func (d *staffed) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *staffed) everybodyOut() error {
	_, _, err := d.store.UpdateSignedOut(context.Background(), func(o *story.SignedOut) error { o.All = d.now; return nil })
	return err
}

func TestReviewLinkIsNoSecondPerson(t *testing.T) {
	grave := func(s *story.Story) { s.Article.Headline = "Two killed in blast" }
	d := openStaffed(t, grave)
	at := d.link("ana", "Tom")
	if w := d.as("", at, nil); strings.Contains(w.Body.String(), `value="approve"`) || !strings.Contains(w.Body.String(), "wants people who sign in") {
		t.Error("the page offers to approve")
	}
	f := d.page("ana", d.at())
	if w := d.as("", at, with(f, "act", "approve")); w.Code != 403 && w.Code != 422 || len(d.decisions().Log) != 0 {
		t.Errorf("%d %+v", w.Code, d.decisions().Log)
	}
	if w := d.as("", at, with(f, "act", "hold")); w.Code != 303 {
		t.Errorf("hold: %d %s", w.Code, w.Body)
	}
}
