package desk

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"cutline/internal/bucket/buckettest"
	"cutline/internal/story"
)

// BenchmarkQueue is the queue's first page with 5,000 stories in the bucket, 300 of them of today: asked for again and
// again, as the desk's pages do, with a story that changes each time.
func BenchmarkQueue(b *testing.B) {
	d := openFor(b, buckettest.InMemory(b))
	d.bulk(4700, noon.AddDate(0, 0, -3))
	d.bulk(300, noon)
	d.now = noon
	get := func() time.Duration {
		began := time.Now()
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != http.StatusOK {
			b.Fatal(w.Code, w.Body)
		}
		return time.Since(began)
	}
	first := get()
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		d.propose(d.key, "log", fmt.Sprintf("The reservoir has risen to 61 percent, %d.", n), 1)
		b.StartTimer()
		get()
	}
	b.ReportMetric(float64(first.Milliseconds()), "first-ms")
}

// bulk stores stories with their documents, first seen on a day.
func (d *team) bulk(n int, day time.Time) {
	ctx := context.Background()
	d.now = day
	for i := range n {
		k, err := story.NewKey(day, d.store.Random)
		if err != nil {
			d.t.Fatal(err)
		}
		if _, _, err := d.store.UpdateStory(ctx, k, func(s *story.Story) error {
			s.Site, s.Source, s.First, s.Received = "en", "newsroom", day, day.Add(time.Duration(i)*time.Second)
			s.Article.ID, s.Article.Language, s.Article.Headline = fmt.Sprint(day, i), "en", fmt.Sprintf("Reservoir rises to 61 percent, story %d", i)
			s.Article.Body, s.Article.URL = "The reservoir has risen to 61 percent. Engineers say the gates stay shut until the level passes 80 percent.", "https://news.example/"+fmt.Sprint(i)
			return nil
		}); err != nil {
			d.t.Fatal(err)
		}
		if _, _, err := d.store.UpdateManifest(ctx, k, func(m *story.Manifest) error {
			m.Revision, m.Credit, m.Cards = 1, "Photo: AFP", map[string]story.Card{"og": {Key: "cards/" + string(k) + "/00000000000000000000-og.jpg"}}
			return nil
		}); err != nil {
			d.t.Fatal(err)
		}
		for _, c := range []string{"feed", "log"} {
			d.propose(k, c, "The reservoir has risen to 61 percent.", 1)
		}
		d.key = k
	}
}
