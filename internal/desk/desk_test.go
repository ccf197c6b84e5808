package desk

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	xhtml "golang.org/x/net/html"

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
	for _, m := range regexp.MustCompile(`(?s)<textarea [^>]*name="([a-z-]+)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(body, -1) {
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

func TestEditAfterTheApprovalVoidsIt(t *testing.T) {
	d := open(t)
	f := d.form()
	f.Set("act", "approve")
	d.post("/decide", f)
	e := d.editForm()
	e.Set("text-log", "Reservoir: 61 percent full.")
	if code, body := d.post("/edit", e); code != 303 {
		t.Fatal(code, body)
	}
	all := d.decisions()
	if v := all.For("log", story.Rule{}); v.Act != "" {
		t.Errorf("the old text would be sent: %+v", v)
	}
	if v := all.For("feed", story.Rule{}); v.Act != story.Approve {
		t.Errorf("the other channel lost its approval: %+v", v)
	}
	f = d.form()
	f.Set("act", "approve")
	d.post("/decide", f)
	e = d.editForm()
	e.Set("headline", "Another headline")
	d.post("/edit", e)
	all = d.decisions()
	if v := all.For("feed", story.Rule{}); v.Act != "" {
		t.Errorf("the old card would be sent: %+v", v)
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

func TestEditedTextIsWhatIsApproved(t *testing.T) {
	d := open(t)
	seen := d.form().Get("seen-log")
	old := d.editForm()
	e := d.editForm()
	e.Set("text-log", "Reservoir: 61 percent full.")
	if code, body := d.post("/edit", e); code != 303 {
		t.Fatalf("%d %s", code, body)
	}
	f := d.form()
	if f.Get("seen-log") == seen {
		t.Error("the page still shows the old text")
	}
	f.Set("act", "approve")
	d.post("/decide", f)
	log := d.decisions().Log
	if len(log) != 1 || log[0].Drafts["log"].Text != "Reservoir: 61 percent full." || log[0].Drafts["log"].Basis != seen {
		t.Errorf("%+v", log)
	}
	old.Set("text-log", "again")
	if code, body := d.post("/edit", old); code != 409 || !strings.Contains(body, "Reservoir: 61 percent full.") || !strings.Contains(body, ">again<") {
		t.Errorf("a save from an old page: %d", code)
	}
}

func TestEditedTextOutlivesANewCard(t *testing.T) {
	d := open(t)
	e := d.editForm()
	e.Set("text-log", "Reservoir: 61 percent full.")
	d.post("/edit", e)
	if _, _, err := d.store.UpdatePost(context.Background(), d.key, "log", func(p *story.Post) error {
		p.Proposed = &story.Draft{Text: "The reservoir has risen to 61 percent.", Card: "cards/another", Revision: 2}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := d.get("/story/" + string(d.key)); !strings.Contains(body, "Reservoir: 61 percent full.") {
		t.Error("the desk's text was dropped because the card is another")
	}
	d.propose(d.key, "log", "The reservoir has risen to 62 percent.", 3)
	if _, body, _ := d.get("/story/" + string(d.key)); strings.Contains(body, "Reservoir: 61 percent full.") {
		t.Error("the desk's text stands for an article that says something else now")
	}
}

func TestTwoWhoSaveAtOnce(t *testing.T) {
	d := open(t)
	mine, theirs := d.editForm(), d.editForm()
	theirs.Set("headline", "Their headline")
	theirs.Set("text-feed", "The reservoir has risen.")
	if code, _ := d.post("/edit", theirs); code != 303 {
		t.Fatal(code)
	}
	mine.Set("credit", "Reuters") // another part: both hold
	if code, _ := d.post("/edit", mine); code != 303 {
		t.Fatal(code)
	}
	s, err := d.store.Story(context.Background(), d.key)
	if err != nil || s.Edits.Headline != "Their headline" || s.Edits.Credit != "Reuters" {
		t.Fatalf("%+v %v", s.Edits, err)
	}
	mine.Set("headline", "My headline") // the same part
	code, body := d.post("/edit", mine)
	if code != 409 || !strings.Contains(body, "My headline") || !strings.Contains(body, "Their headline") {
		t.Fatal(code)
	}
	if s, _ = d.store.Story(context.Background(), d.key); s.Edits.Headline != "Their headline" {
		t.Error("overwritten")
	}
	choice := url.Values{"headline": {"My headline"}}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		choice.Set(m[1], html.UnescapeString(m[2]))
	}
	if code, _ := d.post("/edit", choice); code != 303 {
		t.Fatal(code)
	}
	if s, _ = d.store.Story(context.Background(), d.key); s.Edits.Headline != "My headline" || s.Edits.Credit != "Reuters" {
		t.Errorf("%+v", s.Edits)
	}
	if doc := d.decisions(); doc.Edited["feed"].Text != "The reservoir has risen." {
		t.Errorf("%+v", doc.Edited)
	}
}

func TestTextThatTheArticleDoesNotBearOutIsMarkedAndNeedsAReason(t *testing.T) {
	d := open(t)
	e := d.editForm()
	e.Set("text-log", "The reservoir has risen to 99 percent.")
	d.post("/edit", e)
	if _, body, _ := d.get("/story/" + string(d.key)); !strings.Contains(body, "the number 99 is not in the article") {
		t.Error("the finding is not shown")
	}
	f := d.form()
	f.Set("act", "approve")
	if code, _ := d.post("/decide", f); code != 422 || len(d.decisions().Log) != 0 {
		t.Errorf("approved without a reason: %d", code)
	}
	f.Set("why", "the reporter confirmed it")
	if code, _ := d.post("/decide", f); code != 303 {
		t.Errorf("with a reason: %d", code)
	}
}

func TestEditsOfTheCard(t *testing.T) {
	d := open(t)
	e := d.editForm()
	for name, v := range map[string]string{"headline": "  Shorter\nheadline ", "credit": "Photo: Reuters", "alt": "Water", "layout": "side", "kicker": "live", "x": "٤٧٫٥", "y": "20"} {
		e.Set(name, v)
	}
	if code, body := d.post("/edit", e); code != 303 {
		t.Fatal(code, body)
	}
	s, err := d.store.Story(context.Background(), d.key)
	if err != nil || s.Edits.Headline != "Shorter headline" || s.Edits.Credit != "Reuters" || s.Revision != 2 || s.Article.Headline != "Reservoir rises to 61 percent" ||
		s.Edits.Alt != "Water" || s.Edits.Layout != "side" || s.Edits.Kicker != "live" || s.Edits.Focal == nil || *s.Edits.Focal != (article.Focal{X: .475, Y: .2}) {
		t.Errorf("%+v %v", s.Edits, err)
	}
	for name, v := range map[string]string{"layout": "nowhere", "kicker": "shout", "x": "120"} {
		e := d.editForm()
		e.Set(name, v)
		if code, _ := d.post("/edit", e); code != 422 {
			t.Errorf("%s %s: %d", name, v, code)
		}
	}
	if again, _ := d.store.Story(context.Background(), d.key); again.Revision != 2 {
		t.Errorf("revision %d", again.Revision)
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

func TestWhatChangedSinceOneLooked(t *testing.T) {
	d := open(t)
	if code, body := d.post("/looking", d.form()); code != 200 || strings.Contains(body, "data-stale") {
		t.Fatal(code, body)
	}
	f := d.form()
	d.propose(d.key, "log", "The reservoir has risen to 62 percent.", 2)
	if _, body := d.post("/looking", f); !strings.Contains(body, "data-stale") {
		t.Error("the page is not told that it is out of date")
	}
	if _, body, _ := d.get("/"); !strings.Contains(body, "Changed since you saw it") {
		t.Error("the queue does not say that it changed")
	}
	if _, body, _ := d.get("/story/" + string(d.key)); !strings.Contains(body, "<del>61</del>") || !strings.Contains(body, "<ins>62</ins>") {
		t.Error("the page does not show what changed")
	}
	if _, _, err := d.store.UpdateLooks(context.Background(), d.key, func(l *story.Looks) error {
		l.People["Rebin"] = story.Look{At: noon.Add(-10 * time.Second)}
		l.People["Hana"] = story.Look{At: noon.Add(-10 * time.Minute)}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := d.get("/story/" + string(d.key)); !strings.Contains(body, "<bdi>Rebin</bdi> is looking at this too") || strings.Contains(body, "Hana") {
		t.Error("who else looks is not shown, or who looked long ago is")
	}
}

func TestQueueOrderFiltersAndTag(t *testing.T) {
	d := open(t, func(s *story.Story) { s.Article.Section = "Water" })
	breaking := d.story("2", func(s *story.Story) { s.Article.Tags, s.Article.Headline = []string{"Breaking"}, "Dam gates open" })
	held := d.story("3", func(s *story.Story) { s.Article.Embargo, s.Article.Headline = noon.Add(3*time.Hour), "Budget speech" })
	_, body, h := d.get("/")
	at := func(k story.Key) int { return strings.Index(body, `id="`+k.ID()+`"`) }
	if !(at(breaking) > 0 && at(breaking) < at(d.key) && at(d.key) < at(held)) {
		t.Errorf("breaking at %d, review at %d, embargo at %d", at(breaking), at(d.key), at(held))
	}
	if !strings.Contains(body, "in 3 h 0 min") {
		t.Error("the embargo has no countdown")
	}
	for path, want := range map[string]string{"/?q=gates": "2", "/?section=Water": "1", "/?state=embargo": "3", "/?channel=log&q=budget": "3"} {
		_, body, _ := d.get(path)
		if n := strings.Count(body, `<li class="row`); n != 1 {
			t.Errorf("%s shows %d stories, want that of %s", path, n, want)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("If-None-Match", h.Get("ETag"))
	w := httptest.NewRecorder()
	if d.handler.ServeHTTP(w, r); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("asked again with its tag: %d", w.Code)
	}
	if code, _, h := d.get("/next?of=" + string(breaking)); code != 303 || h.Get("Location") != "/story/"+string(d.key) {
		t.Errorf("next: %d %s", code, h.Get("Location"))
	}
	if code, _, h := d.get("/next?back=1&of=" + string(d.key)); code != 303 || h.Get("Location") != "/story/"+string(breaking) {
		t.Errorf("previous: %d %s", code, h.Get("Location"))
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
			p.Proposed = &story.Draft{Text: text, Title: text, Dek: text, Alt: text, Link: "https://news.example/", Findings: []string{text}, Revision: 1}
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
	used := map[string]bool{}
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
	for _, l := range layouts {
		used["layout_"+l] = true
	}
	for key := range used {
		if _, ok := words["en"].Words[key]; !ok && !strings.HasSuffix(key, "_") {
			t.Errorf("a page uses the word %q, which is not there", key)
		}
	}
	d := open(t)
	for lang, want := range map[string]string{"ckb": `lang="ckb" dir="rtl"`, "tr": `lang="tr" dir="ltr"`, "xx": `lang="en" dir="ltr"`} {
		if _, body, _ := d.get("/?lang=" + lang); !strings.Contains(body, want) {
			t.Errorf("%s: the page is not %s", lang, want)
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

func TestBadDocumentIsNamedAndTheOthersAreShown(t *testing.T) {
	d := open(t)
	other := d.story("2")
	if _, err := d.store.Bucket.Put(context.Background(), "manifests/"+string(other)+".json", []byte("{"), "application/json", bucket.Always); err != nil {
		t.Fatal(err)
	}
	code, body, _ := d.get("/")
	if code != 200 || !strings.Contains(body, "manifests/"+string(other)) || !bytes.Contains([]byte(body), []byte(html.EscapeString("Reservoir rises"))) {
		t.Errorf("%d", code)
	}
}
