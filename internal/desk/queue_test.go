package desk

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
	"cutline/internal/story"
)

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
		l.People["Rebin"] = story.Look{Name: "Rebin", At: noon.Add(-10 * time.Second)}
		l.People["Hana"] = story.Look{Name: "Hana", At: noon.Add(-10 * time.Minute)}
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

func TestOlderStoryStaysWhileSomethingIsDueForIt(t *testing.T) {
	d := open(t, func(s *story.Story) { s.Article.Embargo = noon.AddDate(0, 0, 9) })
	if _, err := d.store.Bucket.Put(context.Background(), d.key.DueKey(noon.AddDate(0, 0, 9)), []byte("{}"), "application/json", bucket.Always); err != nil {
		t.Fatal(err)
	}
	gone := d.story("2")
	d.now = noon.AddDate(0, 0, 5)
	_, body, _ := d.get("/")
	if !strings.Contains(body, d.key.ID()) || strings.Contains(body, gone.ID()) {
		t.Error("the embargo of last week is not in the queue, or what nothing is due for is")
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

func TestJoinedStoryLeadsToTheOneThatStands(t *testing.T) {
	d := open(t)
	into := d.key
	d.key = d.story("2", func(s *story.Story) {
		s.Article.Headline, s.Into, s.Off = "The other one", into, "deleted"
	})
	if _, body, _ := d.get("/"); strings.Contains(body, "The other one") {
		t.Error("the queue shows it")
	}
	if _, body, _ := d.get("/story/" + string(d.key)); !strings.Contains(body, `href="/story/`+string(into)+`"`) {
		t.Error("its page does not lead on")
	}
	if _, _, err := d.store.UpdatePost(t.Context(), d.key, "log", func(p *story.Post) error {
		p.Remote = story.Remote{ID: "1"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := d.get("/"); !strings.Contains(body, "The other one") {
		t.Error("the queue hides a post that is out")
	}
}

// TestQueueOfAProcessThatBegins holds what the first page of a busy day costs where the desk keeps daybooks: once each
// document, then one object.
func TestQueueOfAProcessThatBegins(t *testing.T) {
	d := openFor(t, buckettest.InMemory(t))
	d.bulk(40, noon)
	d.now = noon
	page := func() string {
		own := &story.Store{Bucket: policy.Guard(d.store.Bucket), Now: d.own.Now, Random: d.store.Random, Daybooks: true}
		h, err := New(Parts{Store: own, Config: d.cfg, Now: d.own.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Loopback: true})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != http.StatusOK {
			t.Fatal(w.Code, w.Body)
		}
		return w.Body.String()
	}
	if _, err := d.store.Bucket.Get(t.Context(), "days/2026-11-26.json"); !errors.Is(err, bucket.ErrNotFound) {
		t.Fatal(err)
	}
	first := page()
	if _, err := d.store.Bucket.Get(t.Context(), "days/2026-11-26.json"); err != nil {
		t.Fatal(err)
	}
	if again := page(); again != first || strings.Count(first, "Reservoir rises to 61 percent, story ") < 40 {
		t.Errorf("the page of a process with a daybook is another one")
	}
}
