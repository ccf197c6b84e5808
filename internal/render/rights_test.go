package render

import (
	"strings"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/story"
)

// A photo that may be online for some days is on the cards for those days.
func TestPhotoLeavesTheCardWhenItsTimeIsOver(t *testing.T) {
	d := begin(t, "hold")
	site := d.r.Config.Sites["en"]
	site.Rights = []config.Right{{Name: "AFP: 2 days", Credit: []string{"AFP"}, Days: 2}}
	d.r.Config.Sites["en"] = site
	k := d.story("/stairs.jpg", func(s *story.Story) {
		s.Article.Published = d.now
		s.Article.Photo = article.Photo{URL: s.Article.Photo.URL, Credit: "Ali / AFP", From: "field"}
	})
	first := d.look(k)
	if !first.Ends.Equal(d.now.Add(48*time.Hour)) || first.EndsBy != "AFP: 2 days" || !first.Due.Equal(first.Ends) || first.Photo != "" || !strings.Contains(first.Credit, "AFP") {
		t.Fatalf("%+v", first)
	}
	d.now = first.Ends.Add(-time.Second)
	if m := d.look(k); m.Cards["og"].Key != first.Cards["og"].Key {
		t.Error("drawn anew too early")
	}
	d.now = first.Ends
	m := d.look(k)
	if m.Cards["og"].Key == first.Cards["og"].Key || m.Photo == "" || m.Credit != "" || m.Held != "" || !m.Ends.Equal(first.Ends) || len(m.Cards["og"].Crop) > 0 {
		t.Errorf("%+v", m)
	}
}
