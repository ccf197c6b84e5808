package desk

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
	"cutline/internal/story"
)

// TestOldStoriesThatNeedNobodyHideNoOther: there are many old stories for whose photos a day is noted, and behind them one
// that is still to be decided.
func TestOldStoriesThatNeedNobodyHideNoOther(t *testing.T) {
	d := openFor(t, buckettest.InMemory(t))
	ctx := context.Background()
	put := func(id string, at time.Time, change func(*story.Post)) story.Key {
		d.now = noon.AddDate(0, 0, -9)
		k := d.story(id, func(s *story.Story) { s.Article.Headline = "Headline of " + id })
		for _, c := range []string{"feed", "log"} {
			if _, _, err := d.store.UpdatePost(ctx, k, c, func(p *story.Post) error { change(p); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := d.store.Bucket.Put(ctx, k.DueKey(at), []byte{'\n'}, "text/plain", bucket.Always); err != nil {
			t.Fatal(err)
		}
		d.now = noon
		return k
	}
	var sent []story.Key
	for i := range maxLate + 5 {
		sent = append(sent, put(fmt.Sprint("sent-", i), noon.Add(time.Duration(i+1)*time.Hour), func(p *story.Post) {
			p.Sent, p.SentAt, p.Remote = p.Proposed, noon.AddDate(0, 0, -9), story.Remote{ID: "1"}
		}))
	}
	put("open", noon.AddDate(0, 0, 20), func(*story.Post) {})
	page := func(want bool) {
		t.Helper()
		code, body, _ := d.get("/")
		if code != 200 || strings.Contains(body, "Headline of open") != want || strings.Contains(body, "Headline of sent-") {
			t.Errorf("%d, the open story is on the page: %v, want %v, and none that is sent", code, !want, want)
		}
	}
	page(false) // the first page reads as many as it may
	page(true)
	page(true)
	// One that was finished and is open again, as a note of another time says.
	if _, _, err := d.store.UpdatePost(ctx, sent[0], "feed", func(p *story.Post) error { p.Uncertain = "no answer"; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := d.store.Bucket.Put(ctx, sent[0].DueKey(noon.Add(time.Minute)), []byte{'\n'}, "text/plain", bucket.Always); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := d.get("/"); !strings.Contains(body, "Headline of sent-0") {
		t.Error("a story that is open again is not on the page")
	}
}
