package post

import (
	"context"
	"strings"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/story"
)

// What an agency says of its photo: not on one channel unless somebody says why, and not online after its days.
func TestRightsOfAnAgency(t *testing.T) {
	n := open(t, "auto")
	site := n.cfg.Sites["en"]
	site.Rights = []config.Right{{Name: "AP: not on the log", Credit: []string{"AP"}, Channels: []string{"log"}}}
	n.cfg.Sites["en"] = site
	w := n.worker(0)
	photo := func(credit string) func(*article.Article) {
		return func(a *article.Article) { a.Photo = article.Photo{URL: "https://news.example/a.jpg", Credit: credit} }
	}
	barred := n.publish("a", "The reservoir", photo("Ali / AP"))
	n.look(w, barred)
	n.want(barred, "")
	if feed, err := n.store.Read(context.Background(), "feeds/en.xml"); err != nil || !strings.Contains(string(feed), "news.example/a") {
		t.Errorf("the feed, of which the rule says nothing: %v %s", err, feed)
	}
	d, err := n.store.Load(context.Background(), barred)
	if err != nil {
		t.Fatal(err)
	}
	if st := story.StateOf(&d, "log", story.Rule{Auto: true, Barred: "AP: not on the log"}); st.Name != story.StateHeld || st.Why != "AP: not on the log" {
		t.Errorf("%+v", st)
	}
	n.decide(barred, story.Approve, func(dec *story.Decision) { dec.Why = "AP agreed" })
	n.pass(time.Minute)
	n.look(w, barred)
	n.want(barred, "post")

	timed := n.publish("b", "The bridge", photo("Reuters"))
	ends := n.clock().Add(48 * time.Hour)
	if _, _, err := n.store.UpdateManifest(context.Background(), timed, func(m *story.Manifest) error { m.Ends, m.EndsBy = ends, "Reuters: 2 days"; return nil }); err != nil {
		t.Fatal(err)
	}
	n.look(w, timed)
	n.want(timed, "post")
	n.pass(48*time.Hour - 2*time.Second)
	if err := w.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.want(timed, "post")
	n.pass(3 * time.Second)
	if err := w.Tick(context.Background()); err != nil { // nothing else wakes it
		t.Fatal(err)
	}
	n.want(timed, "post retract")
	late := n.publish("c", "The dam", photo("Reuters"))
	if _, _, err := n.store.UpdateManifest(context.Background(), late, func(m *story.Manifest) error { m.Ends, m.EndsBy = ends, "Reuters: 2 days"; return nil }); err != nil {
		t.Fatal(err)
	}
	n.look(w, late)
	n.want(late, "")
	if _, _, err := n.store.UpdateManifest(context.Background(), late, func(m *story.Manifest) error { m.Photo = "it may no longer be online"; return nil }); err != nil {
		t.Fatal(err)
	}
	n.look(w, late)
	n.want(late, "post")
}
