package desk

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"html"
	"log/slog"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/story"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

type team struct {
	t       testing.TB
	handler http.Handler
	store   *story.Store
	own     *story.Store // the same as the desk may use it
	cfg     *config.Config
	now     time.Time
	key     story.Key
}

func open(t *testing.T, change ...func(*story.Story)) *team {
	d := openFor(t, t.TempDir())
	d.key = d.story("1", change...)
	return d
}

func openFor(t testing.TB, folder string) *team {
	d := &team{t: t, now: noon}
	now := func() time.Time { return d.now }
	dir, err := bucket.OpenDir(folder, now)
	if err != nil {
		t.Fatal(err)
	}
	d.store = &story.Store{Bucket: dir, Now: now, Random: rand.New(rand.NewSource(1))}
	cfg, err := config.Parse("cutline.yaml", []byte(`
sites: {en: {name: Example News, language: en, url: "https://news.example"}}
sources: {newsroom: {kind: cutline, site: en, secret: "env:CUTLINE_TEST_SECRET"}}
channels: {feed: {kind: feed, site: en}, log: {kind: log, site: en}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.cfg = cfg
	d.own = &story.Store{Bucket: policy.Guard(dir), Now: now, Random: d.store.Random}
	d.handler, err = New(Parts{Store: d.own, Config: cfg, Now: now, Random: crand.Reader, Log: slog.New(slog.DiscardHandler), Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// story stores a story with its card and its proposed drafts, as webhook, render and post would.
func (d *team) story(id string, change ...func(*story.Story)) story.Key {
	ctx := context.Background()
	k, err := d.store.Key(ctx, "newsroom", id)
	if err != nil {
		d.t.Fatal(err)
	}
	s, _, err := d.store.UpdateStory(ctx, k, func(s *story.Story) error {
		s.Site, s.Source, s.First, s.Received = "en", "newsroom", d.now, d.now
		s.Article = article.Article{ID: id, Language: "en", Headline: "Reservoir rises to 61 percent", Body: "The reservoir has risen to 61 percent.", URL: "https://news.example/" + id}
		for _, c := range change {
			c(s)
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	if _, _, err := d.store.UpdateManifest(ctx, k, func(m *story.Manifest) error {
		m.Revision, m.Credit, m.From, m.Alt = s.Revision, "Photo: AFP", "caption", s.Article.Headline
		m.Cards = map[string]story.Card{"og": {Key: "cards/" + string(k) + "/00000000000000000000-og.jpg", Contrast: 5.1, Layout: "bottom"}}
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
	for _, ch := range []string{"feed", "log"} {
		d.propose(k, ch, "The reservoir has risen to 61 percent.", s.Revision)
	}
	return k
}

func (d *team) propose(k story.Key, channel, text string, revision int) {
	if _, _, err := d.store.UpdatePost(context.Background(), k, channel, func(p *story.Post) error {
		p.Proposed = &story.Draft{Text: text, Revision: revision}
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *team) get(path string) (int, string, http.Header) {
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String(), w.Header()
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z-]+)" value="([^"]*)">`)

// form is what the page's form for deciding would send.
func (d *team) form() url.Values {
	_, body, _ := d.get("/story/" + string(d.key))
	_, body, _ = strings.Cut(body, `<form id="decide"`)
	f := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		f.Set(m[1], html.UnescapeString(m[2]))
	}
	f["channel"] = []string{"feed", "log"} // the boxes, as they are ticked
	return f
}

// editForm is what the edit page's form would send.
func (d *team) editForm() url.Values {
	_, body, _ := d.get("/story/" + string(d.key) + "/edit")
	f := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		f.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range regexp.MustCompile(`(?s)<textarea [^>]*name="([a-z0-9-]+)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(body, -1) {
		f.Set(m[1], html.UnescapeString(m[2]))
	}
	return f
}

func (d *team) post(path string, f url.Values, change ...func(*http.Request)) (int, string) {
	r := httptest.NewRequest("POST", "/story/"+string(d.key)+path, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (d *team) decisions() story.Decisions {
	x, err := d.store.Decisions(context.Background(), d.key)
	if err != nil {
		d.t.Fatal(err)
	}
	return x
}

func TestPageShowsTheStory(t *testing.T) {
	d := open(t)
	code, body, h := d.get("/")
	for _, want := range []string{"Reservoir rises to 61 percent", "/cards/" + string(d.key), "Needs a decision", "/story/" + string(d.key)} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if code != 200 || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Content-Type-Options") != "nosniff" || strings.Contains(body, "style=") {
		t.Errorf("%d %v", code, h)
	}
	_, body, _ = d.get("/story/" + string(d.key))
	for _, want := range []string{"Photo: AFP", "found in the caption", "The reservoir has risen to 61 percent.", "Approve for 2 channels", "Contrast", "5.1"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not on the story's page", want)
		}
	}
}

func TestApprovalHoldsWhatWasSeenAndCanBeUndone(t *testing.T) {
	d := open(t)
	f := d.form()
	f.Set("act", "approve")
	if code, body := d.post("/decide", f); code != 303 {
		t.Fatalf("%d %s", code, body)
	}
	log := d.decisions().Log
	if len(log) != 1 || log[0].Act != story.Approve || len(log[0].Drafts) != 2 || log[0].Drafts["feed"].Text != "The reservoir has risen to 61 percent." || !log[0].NotBefore.Equal(noon.Add(10*time.Second)) || log[0].By == "" {
		t.Fatalf("%+v", log)
	}
	d.now = noon.Add(5 * time.Second)
	if code, _ := d.post("/decide", url.Values{"act": {"undo"}}); code != 303 {
		t.Fatal(code)
	}
	all := d.decisions()
	if v := all.For("feed", story.Rule{}); v.Act != "" {
		t.Errorf("after undo: %+v", v)
	}
	d.post("/decide", f)
	d.now = noon.Add(time.Minute)
	d.post("/decide", url.Values{"act": {"undo"}})
	all = d.decisions()
	if v := all.For("feed", story.Rule{}); v.Act != story.Approve {
		t.Errorf("a late undo counts: %+v", v)
	}
}

func TestUndoIsForWhatWasApproved(t *testing.T) {
	d := open(t)
	f := d.form()
	f.Set("act", "approve")
	f["channel"] = []string{"log"}
	d.post("/decide", f)
	f = d.form()
	f.Set("act", "undo")
	f["channel"] = []string{"feed"} // ticked still, since it waits for a decision
	if code, _ := d.post("/decide", f); code != 303 {
		t.Fatal(code)
	}
	all := d.decisions()
	if v := all.For("log", story.Rule{}); v.Act != "" {
		t.Errorf("still %+v", v)
	}
}

func TestTwoTapsAreTakenBackByOneUndo(t *testing.T) {
	d := open(t)
	f := d.form()
	f.Set("act", "approve")
	d.post("/decide", f)
	d.post("/decide", f)
	d.now = noon.Add(3 * time.Second)
	d.post("/decide", url.Values{"act": {"undo"}})
	all := d.decisions()
	if v := all.For("feed", story.Rule{}); v.Act != "" {
		t.Errorf("still %+v", v)
	}
}

func TestEmbargoThatWasNotOnThePageApprovesNothing(t *testing.T) {
	d := open(t)
	f := d.form()
	f.Set("act", "approve")
	if _, _, err := d.store.UpdateStory(context.Background(), d.key, func(s *story.Story) error { s.Article.Embargo = noon.Add(time.Hour); return nil }); err != nil {
		t.Fatal(err)
	}
	if code, _ := d.post("/decide", f); code != 409 || len(d.decisions().Log) != 0 {
		t.Errorf("%d %+v", code, d.decisions().Log)
	}
}

func TestPageOutOfDateApprovesNothing(t *testing.T) {
	d := open(t)
	f := d.form()
	f.Set("act", "approve")
	d.propose(d.key, "log", "The reservoir has risen to 62 percent.", 2)
	code, body := d.post("/decide", f)
	if code != 409 || len(d.decisions().Log) != 0 || !strings.Contains(body, "62 percent") || !strings.Contains(body, "Nothing was approved") {
		t.Errorf("%d: %+v", code, d.decisions().Log)
	}
}

func TestScheduleInBothZones(t *testing.T) {
	d := open(t, func(s *story.Story) { s.Article.Embargo = noon.Add(time.Hour) })
	f := d.form()
	f.Set("act", "schedule")
	for name, at := range map[string]string{"past": "2026-11-26T11:00", "before the embargo": "2026-11-26T12:30", "no time": ""} {
		f.Set("at", at)
		if code, _ := d.post("/decide", f); code != 422 {
			t.Errorf("%s: %d", name, code)
		}
	}
	f.Set("at", "2026-11-26T16:00")
	f.Set("zone", "mine")
	if code, _ := d.post("/decide", f, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "zone", Value: "Europe/Istanbul"}) }); code != 303 {
		t.Fatal(code)
	}
	log := d.decisions().Log
	if len(log) != 1 || !log[0].NotBefore.Equal(time.Date(2026, 11, 26, 13, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", log)
	}
}

func TestDecisionOfAnotherIsNotOverwritten(t *testing.T) {
	d := open(t)
	f := d.form()
	d.post("/decide", url.Values{"act": {"hold"}})
	f.Set("act", "approve")
	if code, _ := d.post("/decide", f); code != 409 {
		t.Errorf("approved over somebody's hold: %d", code)
	}
	all := d.decisions()
	if v := all.For("feed", story.Rule{}); v.Act != story.Hold {
		t.Errorf("%+v", v)
	}
	f = d.form()
	f.Set("act", "approve")
	f["channel"] = nil
	if code, _ := d.post("/decide", f); code != 422 {
		t.Errorf("approved for no channel: %d", code)
	}
}

func TestHoldRejectRetractSettle(t *testing.T) {
	d := open(t)
	for _, act := range []string{"hold", "reject", "retract"} {
		if code, _ := d.post("/decide", url.Values{"act": {act}, "why": {"because\u0007"}}); code != 303 {
			t.Errorf("%s: %d", act, code)
		}
		all := d.decisions()
		if v := all.For("feed", story.Rule{}); v.Act != act || v.Why != "because" {
			t.Errorf("%s: %+v", act, v)
		}
	}
	settle := url.Values{"act": {"settle"}, "settled": {"posted"}, "channel": {"log"}, "url": {"https://x.example/1"}}
	if code, _ := d.post("/decide", settle); code != 409 {
		t.Errorf("settling what is not uncertain: %d", code)
	}
	if _, _, err := d.store.UpdatePost(context.Background(), d.key, "log", func(p *story.Post) error { p.Uncertain = "nobody knows"; return nil }); err != nil {
		t.Fatal(err)
	}
	if code, _ := d.post("/decide", settle); code != 303 {
		t.Error(code)
	}
	all := d.decisions()
	if v := all.For("log", story.Rule{}); v.Settled != story.Posted || v.URL != "https://x.example/1" {
		t.Errorf("%+v", v)
	}
	for name, f := range map[string]url.Values{"unknown channel": {"act": {"hold"}, "channel": {"other"}}, "settle nothing": {"act": {"settle"}, "channel": {"log"}}} {
		if code, _ := d.post("/decide", f); code != 400 {
			t.Errorf("%s: %d", name, code)
		}
	}
	for name, f := range map[string]url.Values{"no act": {}, "unknown act": {"act": {"publish"}}} {
		if code, _ := d.post("/decide", f); code != 403 {
			t.Errorf("%s: %d", name, code)
		}
	}
}

func TestOtherSitesCannotDecide(t *testing.T) {
	d := open(t)
	f := d.form()
	f.Set("act", "approve")
	for name, change := range map[string]func(*http.Request){
		"fetch metadata": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"origin":         func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
	} {
		if code, _ := d.post("/decide", f, change); code != 403 || len(d.decisions().Log) != 0 {
			t.Errorf("%s: %d", name, code)
		}
	}
}

func TestNoGetActs(t *testing.T) {
	d := open(t)
	for _, path := range []string{"/decide?act=approve", "/looking"} {
		if code, _, _ := d.get("/story/" + string(d.key) + path); code != 405 && code != 404 {
			t.Errorf("%s: %d", path, code)
		}
	}
	if len(d.decisions().Log) != 0 {
		t.Error("something was decided")
	}
	for _, path := range []string{"/story/2026-11-26/none", "/story/2026-11-26/zzzzzzzzzzzzzzzzzzzzzzzzzz", "/nothing"} {
		if code, _, _ := d.get(path); code != 404 {
			t.Errorf("%s: %d", path, code)
		}
	}
}

func TestNotServedToOthersWithoutSignIn(t *testing.T) {
	if _, err := New(Parts{Config: &config.Config{}, Now: time.Now, Random: crand.Reader}); err == nil || !strings.Contains(err.Error(), "sign in") {
		t.Errorf("have %v", err)
	}
}

func TestOnlyPeopleOfTheConfigurationComeIn(t *testing.T) {
	t.Setenv("CUTLINE_TEST_PASSWORD", "a-test-password")
	cfg, err := config.Parse("cutline.yaml", []byte(`
sites: {en: {name: Example News, language: en, url: "https://news.example"}}
desk: {people: {hana: "env:CUTLINE_TEST_PASSWORD"}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := open(t)
	var log bytes.Buffer
	if d.handler, err = New(Parts{Store: d.store, Config: cfg, Now: func() time.Time { return noon }, Random: crand.Reader, Log: slog.New(slog.NewTextHandler(&log, nil))}); err != nil {
		t.Fatal(err)
	}
	for name, set := range map[string]func(*http.Request){
		"nobody":         func(*http.Request) {},
		"wrong password": func(r *http.Request) { r.SetBasicAuth("hana", "a-test-passwore") },
		"no password":    func(r *http.Request) { r.SetBasicAuth("hana", "") },
		"unknown":        func(r *http.Request) { r.SetBasicAuth("rebin", "a-test-password") },
		"empty":          func(r *http.Request) { r.SetBasicAuth("", "") },
	} {
		if code, _ := d.post("/decide", url.Values{"act": {"hold"}}, set); code != 401 || len(d.decisions().Log) != 0 {
			t.Errorf("%s: %d", name, code)
		}
	}
	code, _ := d.post("/decide", url.Values{"act": {"hold"}}, func(r *http.Request) { r.SetBasicAuth("hana", "a-test-password") })
	if doc := d.decisions(); code != 303 || len(doc.Log) != 1 || doc.Log[0].By != "hana" {
		t.Errorf("%d %+v", code, doc.Log)
	}
	if strings.Contains(log.String(), "test-password") {
		t.Errorf("the log has the password: %s", log.String())
	}
}
