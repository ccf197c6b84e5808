package desk

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/story"
)

// form posts to a page that is no story's.
func (d *team) submit(path string, f url.Values) (int, string) {
	r := httptest.NewRequest("POST", path, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// sent makes a story look as if it had been approved and posted on the feed.
func (d *team) sent(why string) {
	f := d.form()
	f.Set("act", "approve")
	if code, body := d.post("/decide", f); code != 303 {
		d.t.Fatal(code, body)
	}
	d.now = d.now.Add(20 * time.Second)
	if _, _, err := d.store.UpdatePost(context.Background(), d.key, "feed", func(p *story.Post) error {
		sent := *p.Proposed
		sent.Cost = .2
		p.Kind, p.Sent, p.SentAt, p.Remote = "feed", &sent, d.now, story.Remote{ID: "1", URL: "https://news.example/feed/1"}
		p.History = []story.Event{{At: d.now.Add(-time.Second), What: "publish", End: "refused", Why: why}, {At: d.now, What: "publish", End: "posted"}}
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
}

func TestHistoryAndItsFiles(t *testing.T) {
	d := open(t)
	d.sent("=1+1")
	_, body, _ := d.get("/history")
	for _, want := range []string{"approved", "publishing: posted", "publishing: refused", "<bdi>=1+1</bdi>", "https://news.example/feed/1", "delivered the article"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in the history", want)
		}
	}
	_, body, h := d.get("/history.csv")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(rows) != 5 || !strings.Contains(h.Get("Content-Disposition"), "cutline-2026-11-26.csv") {
		t.Fatalf("%d rows, %v, %v", len(rows), err, h)
	}
	if rows[1][3] != "Feed" || rows[1][6] != "https://news.example/feed/1" || rows[2][5] != "'=1+1" || rows[1][1] != string(d.key) {
		t.Errorf("%q %q", rows[1], rows[2])
	}
	_, body, _ = d.get("/history.json")
	var lines []map[string]any
	if err := json.Unmarshal([]byte(body), &lines); err != nil || len(lines) != 4 || lines[1]["why"] != "=1+1" {
		t.Errorf("%v %s", err, body)
	}
}

func TestSpreadsheetTakesNothingForAFormula(t *testing.T) {
	b, err := os.ReadFile("testdata/csv.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Cases []struct{ ID, Value, Cell string }
	}
	if err := json.Unmarshal(b, &doc); err != nil || len(doc.Cases) < 10 {
		t.Fatal(len(doc.Cases), err)
	}
	for _, c := range doc.Cases {
		if have := cell(c.Value); have != c.Cell {
			t.Errorf("%s: %q becomes %q, want %q", c.ID, c.Value, have, c.Cell)
		}
	}
}

func TestChannelIsPausedWithAReasonAndResumed(t *testing.T) {
	d := open(t)
	d.sent("no")
	if code, _ := d.submit("/channels/feed", url.Values{"act": {"pause"}}); code != 422 {
		t.Errorf("paused without a reason: %d", code)
	}
	if code, _ := d.submit("/channels/feed", url.Values{"act": {"pause"}, "why": {"the token ran out"}}); code != 303 {
		t.Error(code)
	}
	_, body, _ := d.get("/channels")
	for _, want := range []string{"the token ran out", "Paused", "<bdi>1</bdi> sent", "$0.20"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if code, _ := d.submit("/channels/feed", url.Values{"act": {"resume"}}); code != 303 {
		t.Error(code)
	}
	if a, err := d.store.Account(context.Background(), "feed"); err != nil || a.Paused != "" {
		t.Errorf("%+v %v", a, err)
	}
	if code, body := d.submit("/channels/log", url.Values{"act": {"test"}}); code != 200 || !strings.Contains(body, "Test: <bdi>Log</bdi>") {
		t.Errorf("trying a channel: %d", code)
	}
	if code, _ := d.submit("/channels/other", url.Values{"act": {"resume"}}); code != 404 {
		t.Errorf("a channel that is not there: %d", code)
	}
}

func TestKillSwitchNamesWhatHappensAndWantsTheWord(t *testing.T) {
	d := open(t)
	f := d.form()
	f.Set("act", "approve")
	d.post("/decide", f)
	_, body, _ := d.get("/stop")
	for _, want := range []string{"2 channels", "1 story", "Type <bdi>STOP</bdi> to confirm"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	stop := url.Values{"act": {"stop"}, "site": {"en"}, "word": {"GO"}, "why": {"wrong article"}}
	if code, body := d.submit("/stop", stop); code != 422 || !strings.Contains(body, "does not match") {
		t.Errorf("another word: %d", code)
	}
	stop.Set("word", "stop")
	if code, _ := d.submit("/stop", stop); code != 303 {
		t.Error(code)
	}
	if s, err := d.store.Stop(context.Background(), "en"); err != nil || s.Why != "wrong article" || s.By != "desk" {
		t.Errorf("%+v %v", s, err)
	}
	if _, body, _ := d.get("/stop"); !strings.Contains(body, "wrong article") {
		t.Error("the page does not say that it is pressed")
	}
	d.submit("/stop", url.Values{"act": {"resume"}, "site": {"en"}})
	if s, _ := d.store.Stop(context.Background(), "en"); s.Why != "" {
		t.Errorf("%+v", s)
	}
	// In a language of other letters the page asks for a word that its keyboard has.
	if _, body, _ := d.get("/stop?lang=ckb"); !strings.Contains(body, "<bdi>وەستان</bdi>") {
		t.Error("the Sorani page does not ask for a Sorani word")
	}
	stop.Set("word", "وەستان")
	if code, _ := d.submit("/stop?lang=ckb", stop); code != 303 {
		t.Error(code)
	}
}

func TestFigures(t *testing.T) {
	d := open(t)
	if _, _, err := d.store.UpdateManifest(context.Background(), d.key, func(m *story.Manifest) error { m.Drawn = noon.Add(900 * time.Millisecond); return nil }); err != nil {
		t.Fatal(err)
	}
	d.sent("no")
	_, body, _ := d.get("/figures")
	for _, want := range []string{"0.9 s", "20.0 s", "Decisions per hour", "<polyline", "<rect class=\"bar1\"", "<td><bdi>12</bdi></td>", "$0.20"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if code, _, _ := d.get("/figures?day=week"); code != 200 {
		t.Error(code)
	}
	if have := percentile([]time.Duration{1, 2, 3, 4}, 50); have != 2 {
		t.Errorf("p50 of 1 to 4 is %d", have)
	}
	for top, want := range map[float64]float64{3: 1, 4: 1, 5: 2, 9: 5, 0: 1, .8: .2} {
		if have := niceStep(top); have != want {
			t.Errorf("four steps to %v: %v, want %v", top, have, want)
		}
	}
}

func TestRefusedDeliveryIsShownWithItsReasonAndReplayed(t *testing.T) {
	d := open(t)
	ctx := context.Background()
	put := func(key string, doc any) {
		b, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.store.Bucket.Put(ctx, key, b, "application/json", bucket.Always); err != nil {
			t.Fatal(err)
		}
	}
	body := `{"type":"article.published","data":{"id":"9","headline":"Reservoir <b>rises</b>"}}`
	key := story.RefusedKey("newsroom", noon, "aaaaaa")
	refused := story.Refusal{Schema: 1, Source: "newsroom", Verdict: "unauthorized", Why: "signed with another secret", Status: 401, Method: "POST", Path: "/hooks/newsroom", Body: &body, At: noon}
	put(key, refused)
	put(story.LastKey("newsroom"), story.Delivered{Schema: 1, At: noon.Add(-time.Hour), Result: "unchanged"})
	if _, page, _ := d.get("/sources"); !strings.Contains(page, "unchanged") {
		t.Error("the last delivery is not on the page")
	}
	if _, _, err := d.store.UpdateStory(ctx, d.key, func(s *story.Story) error { s.Came = noon; return nil }); err != nil { // this came later
		t.Fatal(err)
	}
	_, page, _ := d.get("/sources")
	for _, want := range []string{"signed with another secret", "article.published Reservoir &lt;b&gt;rises", "accepted", key, "1 story"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if code, _ := d.submit("/sources/replay", url.Values{"delivery": {key}}); code != 303 {
		t.Error(code)
	}
	if wishes, err := d.store.Bucket.List(ctx, story.Replays, "", 0); err != nil || len(wishes) != 1 || story.ReplayOf(wishes[0].Key) != key {
		t.Errorf("%v %v", wishes, err)
	}
	refused.Replayed = &story.Delivered{At: noon, Result: "accepted", Story: d.key}
	put(key, refused)
	if _, page, _ := d.get("/sources"); !strings.Contains(page, "/story/"+string(d.key)) || strings.Contains(page, "name=\"delivery\"") {
		t.Error("what was taken is offered again, or its story is not shown")
	}
	for _, key := range []string{"", "refused/other/x.json", "stories/2026-11-26/x.json", "refused/newsroom/../x", key} {
		if code, _ := d.submit("/sources/replay", url.Values{"delivery": {key}}); code != 404 && code != 409 {
			t.Errorf("%q: %d", key, code)
		}
	}
}

// counting counts what is asked of a bucket.
type counting struct {
	bucket.Bucket
	mu    sync.Mutex
	lists map[string]int // by prefix
	gets  int
}

func (c *counting) List(ctx context.Context, prefix, after string, max int) ([]bucket.Entry, error) {
	c.mu.Lock()
	c.lists[prefix]++
	c.mu.Unlock()
	return c.Bucket.List(ctx, prefix, after, max)
}

func (c *counting) Get(ctx context.Context, key string) (bucket.Object, error) {
	c.mu.Lock()
	c.gets++
	c.mu.Unlock()
	return c.Bucket.Get(ctx, key)
}

func TestQueueAsksForNoMoreThanWhatChanged(t *testing.T) {
	d := open(t)
	for i := range 20 {
		d.story(fmt.Sprint("more", i))
	}
	count := &counting{Bucket: d.own.Bucket, lists: map[string]int{}}
	d.own.Bucket = count
	d.get("/")
	d.propose(d.key, "log", "The reservoir has risen to 62 percent.", 2)
	count.lists, count.gets = map[string]int{}, 0
	if code, _, _ := d.get("/"); code != 200 {
		t.Fatal(code)
	}
	for prefix, n := range count.lists {
		if n > 1 {
			t.Errorf("%d LISTs of %s", n, prefix)
		}
	}
	if len(count.lists) != 6 || count.gets > 2 { // the record that changed, and when people were signed out
		t.Errorf("%d prefixes, %d GETs: %v", len(count.lists), count.gets, count.lists)
	}
}

func TestCorrectionPlanAndReceiptsAreShown(t *testing.T) {
	d := open(t)
	d.sent("no")
	ctx := context.Background()
	if _, _, err := d.store.UpdateStory(ctx, d.key, func(s *story.Story) error { s.Article.Body = "The reservoir has risen to 62 percent."; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.store.UpdateManifest(ctx, d.key, func(m *story.Manifest) error { m.Revision = 2; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.store.UpdatePost(ctx, d.key, "feed", func(p *story.Post) error {
		p.Proposed = &story.Draft{Text: "The reservoir has risen to 62 percent.", Revision: 2}
		p.Plan = story.Plan{How: "reply", Why: "the network cannot edit", What: []string{"61 is 62 now"}, Notifies: true, Cost: .2, Asks: true, At: d.now}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	_, body, _ := d.get("/story/" + string(d.key))
	for _, want := range []string{"Correction plan", "replies with the correction", "the network cannot edit", "61 is 62 now", "followers see it anew", "$0.20"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if _, body, _ := d.get("/story/" + string(d.key) + "/retract"); !strings.Contains(body, "Retract everywhere") {
		t.Error("nothing is said before a retraction")
	}
	d.post("/decide", url.Values{"act": {"retract"}})
	d.now = d.now.Add(time.Minute)
	if _, _, err := d.store.UpdatePost(ctx, d.key, "feed", func(p *story.Post) error { p.Retracted = d.now; return nil }); err != nil {
		t.Fatal(err)
	}
	_, body, _ = d.get("/story/" + string(d.key))
	for _, want := range []string{"What became of the posts", "taken down", "nothing was out"} {
		if !strings.Contains(body, want) {
			t.Errorf("after the retraction %q is not on the page", want)
		}
	}
}
