package webhook

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/source"
	"cutline/internal/story"
)

// item is one of a chain of Superdesk's items, in which each update is an item that evolved from the one before.
type item struct{ id, of, status string }

// orders are all orders of so many.
func orders(n int) (out [][]int) {
	if n == 0 {
		return [][]int{nil}
	}
	for _, o := range orders(n - 1) {
		for at := range n {
			out = append(out, append(append(append([]int{}, o[:at]...), n-1), o[at:]...))
		}
	}
	return out
}

// Items that came of each other are one story in the end, in whatever order they come, doubled too; the one that was
// written last stands, and a kill of any of them that is the last word takes it off.
func TestChainOfItemsIsOneStoryInAnyOrder(t *testing.T) {
	for _, c := range []struct {
		name  string
		items []item
		off   string
	}{
		{"three", []item{{"a1", "", "usable"}, {"a2", "a1", "usable"}, {"a3", "a2", "usable"}}, ""},
		{"four", []item{{"a1", "", "usable"}, {"a2", "a1", "usable"}, {"a3", "a2", "usable"}, {"a4", "a3", "usable"}}, ""},
		{"killed at last", []item{{"a1", "", "usable"}, {"a2", "a1", "usable"}, {"a3", "a2", "usable"}, {"a3", "a2", "canceled"}}, "deleted"},
	} {
		for _, order := range orders(len(c.items)) {
			for _, doubled := range []bool{false, true} {
				n := openNewsroom(t, "superdesk", "x", ", pull: -1s")
				send := func(i int) {
					v := c.items[i]
					n.now = n.now.Add(time.Second)
					body := fmt.Sprintf(`{"guid":%q,"evolvedfrom":%q,"type":"text","pubstatus":%q,"headline":"Version %d","slugline":"a","versioncreated":%q}`, v.id, v.of, v.status, i, noon.Add(time.Duration(i)*time.Minute).Format(time.RFC3339))
					h, err := n.src.Sign(context.Background(), []byte(body), "", n.now)
					if err != nil {
						t.Fatal(err)
					}
					n.deliver(recording{Recorded: source.Recorded{Body: &body, At: n.now, Headers: [][2]string{{"x-superdesk-signature", h.Get("x-superdesk-signature")}}}})
				}
				for _, i := range order {
					send(i)
				}
				if doubled {
					for _, i := range order {
						send(i)
					}
				}
				if c.off == "" {
					n.oneStory(fmt.Sprint(c.name, order, doubled), c.items, fmt.Sprint("Version ", len(c.items)-1))
				} else if live := n.live(); len(live) != 0 {
					t.Errorf("%s %v: %s is out though it was killed", c.name, order, live[0].Article.Headline)
				}
			}
		}
	}
}

// live is every story that is public.
func (n *newsroom) live() (out []story.Story) {
	entries, err := n.store.Bucket.List(context.Background(), story.Stories, "", 0)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, e := range entries {
		s, err := n.store.Story(context.Background(), story.Key(strings.TrimSuffix(strings.TrimPrefix(e.Key, story.Stories), ".json")))
		if err != nil {
			n.t.Fatal(err)
		}
		if s.Live() {
			out = append(out, s)
		}
	}
	return out
}

func (n *newsroom) oneStory(name string, items []item, headline string) {
	live := n.live()
	if len(live) != 1 || live[0].Article.Headline != headline {
		n.t.Errorf("%s: %d stories are out, want one: %+v", name, len(live), live)
		return
	}
	for _, v := range items {
		k, err := n.store.Find(context.Background(), "newsroom", v.id)
		if err != nil {
			n.t.Fatal(err)
		}
		if _, to, err := standing(context.Background(), n.store, k); err != nil || to != live[0].Key {
			n.t.Errorf("%s: %s leads to %s (%v)", name, v.id, to, err)
		}
	}
}

// The same when they all come at once.
func TestChainOfItemsThatComeAtOnceIsOneStory(t *testing.T) {
	for round := range 30 {
		n := openNewsroom(t, "superdesk", "x", ", pull: -1s")
		items := []item{{"a1", "", ""}, {"a2", "a1", ""}, {"a3", "a2", ""}, {"a4", "a3", ""}}
		var wg sync.WaitGroup
		for i, v := range items {
			for range 2 {
				wg.Go(func() {
					d := source.Delivery{Event: source.Upsert, Of: v.of, Sent: noon.Add(time.Duration(i) * time.Minute)}
					d.Article.ID, d.Article.Headline, d.Article.URL = v.id, fmt.Sprint("Version ", i), "https://news.example/a"
					if _, err := take(context.Background(), n.store, "newsroom", "en", d, noon, false); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		n.oneStory(fmt.Sprint("round ", round), items, "Version 3")
	}
}

// What the desk set on the story that does not stand is brought over, or kept for people to see; nothing of it twice.
func TestJoinedStoryKeepsWhatTheDeskSet(t *testing.T) {
	n := openNewsroom(t, "superdesk", "x", ", pull: -1s")
	take1 := func(id, of string, minute int) story.Key {
		t.Helper()
		n.now = n.now.Add(time.Second)
		d := source.Delivery{Event: source.Upsert, Of: of, Sent: noon.Add(time.Duration(minute) * time.Minute)}
		d.Article.ID, d.Article.Headline, d.Article.URL = id, "Version of "+id, "https://news.example/a"
		got, err := take(context.Background(), n.store, "newsroom", "en", d, n.now, false)
		if err != nil {
			t.Fatal(err)
		}
		return got.Story
	}
	set := func(k story.Key, by, id string, e story.Edits) {
		t.Helper()
		n.now = n.now.Add(time.Second)
		e.Sign(by, id, n.now)
		if _, _, err := n.store.UpdateStory(context.Background(), k, func(s *story.Story) error { s.Edits = e; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	first, other := take1("a1", "", 0), take1("a3", "a2", 2)
	if first == other {
		t.Fatal("two stories that nothing joins yet are one")
	}
	set(first, "Dana", "1", story.Edits{Headline: "Dana's", Kicker: "live"})
	set(other, "Sara", "2", story.Edits{Headline: "Sara's", Credit: "AFP", Focal: &article.Focal{X: .25, Y: .5}})
	for range 2 { // doubled
		take1("a2", "a1", 1)
	}
	s, k, err := standing(context.Background(), n.store, other)
	if err != nil || k != first {
		t.Fatalf("%s leads to %s, want %s (%v)", other, k, first, err)
	}
	if e := s.Edits; e.Headline != "Dana's" || e.Kicker != "live" || e.Credit != "AFP" || e.Focal == nil || *e.Focal != (article.Focal{X: .25, Y: .5}) || e.By != "Sara" || fmt.Sprint(e.Hands) != "[1 2]" {
		t.Errorf("edits: %+v", e)
	}
	if s.Article.Headline != "Version of a3" {
		t.Errorf("the article is %q", s.Article.Headline)
	}
	var by []string
	for _, c := range s.Past {
		if c.By != "" {
			by = append(by, fmt.Sprintf("%s %s %q→%q", c.By, c.What, c.Before, c.After))
		}
	}
	if got, want := strings.Join(by, ", "), `Sara headline ""→"Sara's", Sara credit ""→"AFP", Sara focal ""→"25% 50%"`; got != want {
		t.Errorf("kept: %s, want %s", got, want)
	}
}
