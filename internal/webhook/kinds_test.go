package webhook

import (
	"context"
	"fmt"
	"math/rand"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/internal/source"
)

// telling is how one kind of CMS tells of an act: its body and its headers besides the signature. was is when the article
// had last changed before, which some send with a takedown; n counts the acts.
type telling func(act, title string, n int, at, was time.Time) (body string, headers []string)

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

var tellings = map[string]telling{
	"cutline": func(act, title string, n int, at, _ time.Time) (string, []string) {
		if title == "" {
			return fmt.Sprintf(`{"type":"article.%s","timestamp":%q,"data":{"id":"a1"}}`, act, stamp(at)), nil
		}
		return fmt.Sprintf(`{"type":"article.%s","timestamp":%q,"data":{"id":"a1","url":"https://news.example/a","headline":%q}}`, act, stamp(at), title), nil
	},
	"contentful": func(act, title string, n int, at, _ time.Time) (string, []string) {
		topic := map[string]string{"published": "publish", "updated": "publish", "unpublished": "unpublish", "deleted": "delete"}[act]
		h := []string{"X-Contentful-Topic", "ContentManagement.Entry." + topic}
		if title == "" {
			return fmt.Sprintf(`{"sys":{"type":"DeletedEntry","id":"a1","updatedAt":%q,"deletedAt":%q}}`, stamp(at), stamp(at)), h
		}
		return fmt.Sprintf(`{"sys":{"type":"Entry","id":"a1","updatedAt":%q,"publishedAt":%q},"fields":{"title":{"en":%q},"slug":{"en":"a"}}}`, stamp(at), stamp(at), title), h
	},
	"sanity": func(act, title string, n int, at, was time.Time) (string, []string) {
		if title == "" { // the document as it was
			return fmt.Sprintf(`{"_id":"a1","_type":"article","_updatedAt":%q,"title":"x","slug":"a"}`, stamp(was)), []string{"sanity-operation", "delete"}
		}
		return fmt.Sprintf(`{"_id":"a1","_type":"article","_updatedAt":%q,"title":%q,"slug":"a"}`, stamp(at), title), []string{"sanity-operation", "update"}
	},
	"superdesk": func(act, title string, n int, at, _ time.Time) (string, []string) {
		// Two versions in each second, and the second half of them an item of its own that evolved from the first.
		status, id, of := "usable", "a1", ""
		if n >= 4 {
			id, of = "a2", "a1"
		}
		if title == "" {
			if status, title = "canceled", "KILL"; act == "unpublished" {
				status = "withheld"
			}
		}
		return fmt.Sprintf(`{"guid":%q,"evolvedfrom":%q,"version":"%d","type":"text","pubstatus":%q,"headline":%q,"slugline":"a","versioncreated":%q}`, id, of, n, status, title, at.Truncate(4*time.Second).Format("2006-01-02T15:04:05+0000")), nil
	},
	"newsml": func(act, title string, n int, at, _ time.Time) (string, []string) {
		status := "usable"
		if title == "" {
			if status = "canceled"; act == "unpublished" {
				status = "withheld"
			}
		}
		return fmt.Sprintf(`<newsItem guid="a1" version="%d"><itemMeta><versionCreated>%s</versionCreated><pubStatus qcode="stat:%s"/></itemMeta><contentMeta><slugline>a</slugline><headline>%s</headline></contentMeta></newsItem>`, n, at.Truncate(4*time.Second).Format(time.RFC3339), status, title), nil
	},
	"drupal": func(act, title string, n int, at, _ time.Time) (string, []string) {
		event := map[string]string{"published": "update", "updated": "update", "unpublished": "update", "deleted": "delete"}[act]
		return fmt.Sprintf(`{"event":"entity:node:%s","entity":{"uuid":[{"value":"a1"}],"type":[{"target_id":"article"}],"status":[{"value":%v}],"changed":[{"value":%q}],"title":[{"value":%q}],"path":[{"alias":"/a"}]}}`, event, title != "", at.Format(time.RFC3339), title), nil
	},
	"ghost": func(act, title string, n int, at, _ time.Time) (string, []string) {
		event := map[string]string{"published": "published", "updated": "published.edited", "unpublished": "unpublished", "deleted": "deleted"}[act]
		if title == "" {
			return fmt.Sprintf(`{"event":"post.%s","post":{"current":{},"previous":{"id":"a1"}}}`, event), nil
		}
		return fmt.Sprintf(`{"event":"post.%s","post":{"current":{"id":"a1","title":%q,"slug":"a","status":"published","url":"https://news.example/a"},"previous":{}}}`, event, title), nil
	},
}

// The same life at each kind of CMS that has no recording of a whole one, as its documentation has the requests: in the
// order in which they were sent and in a hundred others (twenty without CUTLINE_E2E), with doubles.
func TestLifeAtEachKind(t *testing.T) {
	acts := []struct{ act, title string }{{"published", "One"}, {"updated", "Two"}, {"updated", "Three"}, {"updated", "Two"}, {"unpublished", ""}, {"published", "Four"}, {"updated", "Four, corrected"}, {"deleted", ""}}
	for kind, tell := range tellings {
		for _, deleted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, deleted %v", kind, deleted), func(t *testing.T) {
				secret := "a-test-secret-of-a-whole-life"
				end := len(acts)
				if !deleted {
					end--
				}
				orders := 100
				switch {
				case testing.Short():
					orders = 5
				case os.Getenv("CUTLINE_E2E") == "":
					orders = 20
				}
				for seed := range 1 + orders {
					n := openNewsroom(t, kind, secret, ", pull: -1s")
					n.hook.sources["newsroom"] = n.src
					var recs []recording
					was := noon
					for i, a := range acts[:end] {
						at := noon.Add(time.Duration(2*i) * time.Second)
						body, headers := tell(a.act, a.title, i, at, was)
						h, err := n.src.Sign(context.Background(), []byte(body), fmt.Sprint("msg_", i), at)
						if err != nil {
							t.Fatal(err)
						}
						rec := recording{name: fmt.Sprint(i, " ", a.act), Recorded: source.Recorded{Method: http.MethodPost, Body: &body, At: at}}
						for i := 0; i+1 < len(headers); i += 2 {
							h.Set(headers[i], headers[i+1])
						}
						for name := range h {
							rec.Headers = append(rec.Headers, [2]string{name, h.Get(name)})
						}
						recs = append(recs, rec)
						was = at
					}
					order := slices.Clone(recs)
					if seed > 0 {
						r := rand.New(rand.NewSource(int64(seed)))
						for range 3 {
							order = append(order, recs[r.Intn(len(recs))])
						}
						r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
					}
					var said []string
					for i, rec := range order {
						if seed > 0 {
							rec.At = noon.Add(16*time.Second + time.Duration(i)*time.Millisecond)
						}
						code, a := n.deliver(rec)
						if code != 202 {
							t.Fatalf("order %d: %s: %d %+v", seed, rec.name, code, a)
						}
						said = append(said, rec.name+" "+a.Result)
					}
					id := "a1"
					s := n.story(id)
					if deleted && s.Key != "" && s.Live() || !deleted && (!s.Live() || s.Article.Headline != "Four, corrected") {
						t.Errorf("order %d: off %q, %q: %s", seed, s.Off, s.Article.Headline, strings.Join(said, ", "))
					}
				}
			})
		}
	}
}

func TestPullOfEachKind(t *testing.T) {
	type m = map[string]any
	for kind, c := range map[string]struct {
		extra string
		list  func(title string, at time.Time) any
		want  string // in the request's address
	}{
		"sanity": {`, model: post`, func(title string, at time.Time) any {
			return m{"result": []any{m{"_id": "a1", "_type": "post", "_updatedAt": stamp(at), "title": title, "slug": "a"}}}
		}, `*[_type == "post"] | order(_updatedAt desc) [0...50]{_id,`},
		"superdesk": {``, func(title string, at time.Time) any {
			return m{"_items": []any{m{"guid": "a1", "uri": "https://s.example/contentapi/items/a1", "type": "text", "pubstatus": "usable", "headline": title, "slugline": "a", "versioncreated": at.Format("2006-01-02T15:04:05+0000")}}}
		}, "/items?max_results=50&start_date=2026-11-25"},
	} {
		t.Run(kind, func(t *testing.T) {
			n := openNewsroomAt(t, kind, "https://p.example/v1/data/query/d", "x", c.extra)
			title, at, asked := "One", noon.Add(-time.Hour), ""
			n.api = func(r *http.Request) (int, any) {
				asked = r.URL.Query().Get("query") + r.URL.RequestURI()
				return 200, c.list(title, at)
			}
			for _, step := range []struct {
				title string
				newer bool
				want  string
			}{{"One", false, "One"}, {"Two, of the same time", false, "One"}, {"Two", true, "Two"}} {
				if title = step.title; step.newer {
					at = n.now
				}
				n.now = n.now.Add(15 * time.Minute)
				n.tick()
				if got := n.story("a1").Article.Headline; got != step.want {
					t.Errorf("%q, want %q", got, step.want)
				}
			}
			if !strings.Contains(asked, c.want) {
				t.Errorf("asked %s", asked)
			}
		})
	}
}

// An update of an update of an article is its story still, and a kill that names the last of them takes it off.
func TestUpdatesOfUpdatesAreOneStory(t *testing.T) {
	n := openNewsroom(t, "superdesk", "x", ", pull: -1s")
	for i, c := range []struct{ id, of, status, headline, want string }{
		{"a1", "", "usable", "One", "One"}, {"a2", "a1", "usable", "Two", "Two"}, {"a3", "a2", "usable", "Three", "Three"}, {"a1", "", "usable", "One", "Three"}, {"a3", "", "canceled", "KILL", ""},
	} {
		at := noon.Add(time.Duration(i) * time.Minute)
		if c.id == "a1" {
			at = noon
		}
		body := fmt.Sprintf(`{"guid":%q,"evolvedfrom":%q,"type":"text","pubstatus":%q,"headline":%q,"slugline":"a","versioncreated":%q}`, c.id, c.of, c.status, c.headline, at.Format(time.RFC3339))
		h, err := n.src.Sign(context.Background(), []byte(body), "", noon)
		if err != nil {
			t.Fatal(err)
		}
		n.deliver(recording{Recorded: source.Recorded{Body: &body, At: noon, Headers: [][2]string{{"x-superdesk-signature", h.Get("x-superdesk-signature")}}}})
		s := n.story("a1")
		if c.want == "" && s.Off != "deleted" || c.want != "" && (!s.Live() || s.Article.Headline != c.want) || n.story(c.id).Key != s.Key {
			t.Errorf("step %d: off %q, %q", i, s.Off, s.Article.Headline)
		}
	}
}
