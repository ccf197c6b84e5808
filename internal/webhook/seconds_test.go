package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"cutline/internal/source"
)

// A caption that is corrected in WordPress's library does not move the post's time: our plugin's deliveries count in the order
// in which it read the post, without asking, and what is read from the API afterwards counts after them.
func TestCaptionsOfOneSecond(t *testing.T) {
	n := openNewsroom(t, "wordpress", "secret", ", pull: -1s")
	post := func(caption string) string {
		return fmt.Sprintf(`{"id":7,"type":"post","status":"publish","link":"https://news.example/a/","modified_gmt":"2026-11-26T11:00:00","title":{"rendered":"A"},
			"_embedded":{"wp:featuredmedia":[{"source_url":"https://news.example/a.jpg","caption":{"rendered":"Steps. (Photo: %s)"}}]}}`, caption)
	}
	deliver := func(credit string, after time.Duration, result string) {
		t.Helper()
		n.now = n.now.Add(time.Second)
		body := fmt.Sprintf(`{"event":"post_updated","old_status":"publish","new_status":"publish","read":"%.3f","post":%s}`, float64(noon.Add(after).UnixMilli())/1000, post(credit))
		h, err := n.src.Sign(context.Background(), []byte(body), "", n.now)
		if err != nil {
			t.Fatal(err)
		}
		rec := recording{Recorded: source.Recorded{Body: &body, At: n.now, Headers: [][2]string{{"Content-Type", "application/json"}, {"X-WP-Signature", h.Get("X-WP-Signature")}}}}
		if code, a := n.deliver(rec); code != 202 || a.Result != result {
			t.Errorf("%s: %d %+v, want %s", credit, code, a, result)
		}
	}
	credit := func(want string) {
		t.Helper()
		k, err := n.store.Find(context.Background(), "newsroom", "7")
		if err != nil {
			t.Fatal(err)
		}
		s, err := n.store.Story(context.Background(), k)
		if err != nil || s.Article.Photo.Credit != want {
			t.Errorf("credit %q (%v), want %s", s.Article.Photo.Credit, err, want)
		}
	}
	deliver("AFP", 0, "accepted") // nobody answers for the API
	deliver("Reuters", 300*time.Millisecond, "accepted")
	deliver("Getty", 100*time.Millisecond, "ignored") // overtaken on its way
	credit("Reuters")
	deliver("Reuters", 900*time.Millisecond, "unchanged")
	n.api = func(*http.Request) (int, any) { return 200, json.RawMessage(post("Sara Haddad")) }
	if err := n.hook.again(context.Background(), n.hook.sources["newsroom"], "7", time.Time{}); err != nil {
		t.Fatal(err)
	}
	credit("Sara Haddad")
	deliver("Omar Aziz", 2*time.Second, "accepted")
	credit("Omar Aziz")
}
