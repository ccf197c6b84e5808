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
	"cutline/internal/story"
)

// A life is one article as its CMS told of it from the first draft to the end, recorded.
type life struct {
	cms, id string
	keep    func(name string) bool // which of the hooks an administrator set up
	api     bool                   // the CMS can be asked
}

func named(parts ...string) func(string) bool {
	return func(name string) bool {
		return len(parts) == 0 || slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(name, p) })
	}
}

// acts are the life's requests in the order they came, up to its end: deleted, or when it was last public.
func (l life) acts(t *testing.T, deleted bool) (acts []recording, last expectation) {
	for _, rec := range recordings(t, l.cms) {
		if rec.want.ID != l.id && !slices.Contains(rec.want.IDs, l.id) || !l.keep(rec.name) || rec.want.Reject != 0 {
			continue
		}
		acts = append(acts, rec)
	}
	end := len(acts)
	for i, rec := range acts {
		switch {
		case rec.want.Result == "upsert":
			last = rec.want
			if !deleted {
				end = i + 1
			}
		case !deleted && rec.want.Result == "ignored" && end == i:
			end = i + 1
		}
	}
	if last.Result == "" || len(acts) < 5 {
		t.Fatalf("%s: %d recordings of article %s and none of them public", l.cms, len(acts), l.id)
	}
	return acts[:end], last
}

// The life of an article at each CMS, in the order in which its requests came and in a hundred others, with doubles: what
// was last so stands, and no older text, photo or state comes back.
func TestLifeOfAnArticle(t *testing.T) {
	for _, l := range []struct {
		name   string
		orders int // besides that in which they came; of a CMS a hundred in all, and a hundred of each with CUTLINE_E2E
		life
	}{
		{"Ghost", 50, life{"ghost", "6b04d353b913137e2faff130", named(), false}},
		{"Strapi", 50, life{"strapi", "cthl6qqgtyk55i4n0pnjrst2", named(), false}},
		{"Strapi in two languages, one", 25, life{"strapi-i18n", "ejos9564gzh2amg9c6r927pw:en", named(), false}},
		{"Strapi in two languages, the other", 25, life{"strapi-i18n", "ejos9564gzh2amg9c6r927pw:ckb", named(), false}},
		{"Directus, items", 17, life{"directus", "32ba1b21-f3f2-4c48-af4f-a7451ac3337e", named("-full-"), false}},
		{"Directus, triggers", 17, life{"directus", "32ba1b21-f3f2-4c48-af4f-a7451ac3337e", named("-raw-"), true}},
		{"Directus, all its flows", 17, life{"directus", "32ba1b21-f3f2-4c48-af4f-a7451ac3337e", named(), true}},
		{"WordPress, our plugin", 17, life{"wordpress", "5", named("-full-"), false}},
		{"WordPress, other plugins", 17, life{"wordpress", "5", named("-transition-"), true}},
		{"WordPress, all its plugins", 17, life{"wordpress", "5", named(), true}},
		{"WordPress, all its plugins, and not asked", 17, life{"wordpress", "5", named(), false}},
	} {
		for _, deleted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, deleted %v", l.name, deleted), func(t *testing.T) {
				acts, last := l.acts(t, deleted)
				orders := 100
				switch {
				case testing.Short():
					orders = 5
				case os.Getenv("CUTLINE_E2E") == "":
					orders = l.orders
				}
				for seed := range 1 + orders {
					order := slices.Clone(acts)
					if seed > 0 {
						r := rand.New(rand.NewSource(int64(seed)))
						for range 1 + len(acts)/4 {
							order = append(order, acts[r.Intn(len(acts))])
						}
						r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
					}
					l.run(t, seed, order, acts, last, deleted)
				}
			})
		}
	}
}

// run delivers a life in an order and looks at what is left.
func (l life) run(t *testing.T, seed int, order, acts []recording, last expectation, deleted bool) {
	n := openNewsroom(t, l.cms, order[0].secret, ", pull: -1s")
	end := acts[len(acts)-1].At
	if !l.api {
		n.hook.sources["newsroom"] = n.src
	} else {
		// Who asks late gets what is so now.
		n.answerFor(expectation{})
		if !deleted {
			n.answerFor(last)
		}
	}
	for i, rec := range order {
		if seed > 0 { // late, all of them: the CMS has moved on
			rec.At = end.Add(time.Duration(i) * time.Millisecond)
		}
		if code, a := n.deliver(rec); code != 202 {
			t.Fatalf("order %d: %s: %d %+v", seed, rec.name, code, a)
		}
	}
	for range 2 {
		n.now = n.now.Add(3 * time.Second)
		if err := n.hook.Tick(context.Background()); err != nil {
			t.Fatal(seed, err)
		}
	}
	k, err := n.store.Find(context.Background(), "newsroom", l.id)
	var s story.Story
	if err == nil {
		s, err = n.store.Story(context.Background(), k)
	}
	switch {
	case deleted && err == nil && s.Live():
		t.Errorf("order %d: %q is public, though it was deleted: %s", seed, s.Article.Headline, names(order))
	case deleted:
	case err != nil:
		t.Errorf("order %d: %v: %s", seed, err, names(order))
	case !s.Live():
		t.Errorf("order %d: %s, though it is public: %s", seed, s.Off, names(order))
	default:
		want := last.expectedArticle
		if last.After != nil {
			want = *last.After
		}
		want.At = nil
		for _, d := range want.differs(n, s, last.DekAuto) {
			t.Errorf("order %d: %s: %s", seed, d, names(order))
		}
		if s.Article.Doubt != "" {
			t.Errorf("order %d: doubt %q", seed, s.Article.Doubt)
		}
	}
}

func names(order []recording) string {
	var out []string
	for _, rec := range order {
		out = append(out, rec.name[:3])
	}
	return strings.Join(out, " ")
}

// A webhook that comes while the CMS is being read counts: the answer may be of before.
func TestAnswerThatIsOvertaken(t *testing.T) {
	n := openNewsroom(t, "ghost", "ghost-test-secret", "")
	send := func(title string) {
		t.Helper()
		body := fmt.Sprintf(`{"event":"post.published","post":{"current":{"id":"p1","title":%q,"slug":"a","status":"published","url":"https://news.example/a"},"previous":{}}}`, title)
		h, err := n.src.Sign(context.Background(), []byte(body), "", n.now)
		if err != nil {
			t.Fatal(err)
		}
		rec := recording{Recorded: source.Recorded{Body: &body, At: n.now, Headers: [][2]string{{"X-Ghost-Signature", h.Get("X-Ghost-Signature")}}}}
		if code, a := n.deliver(rec); code != 202 || a.Result != "accepted" {
			t.Fatalf("%s: %d %+v", title, code, a)
		}
	}
	post := func(title string) map[string]any {
		return map[string]any{"posts": []any{map[string]any{"id": "p1", "title": title, "slug": "a", "url": "https://news.example/a"}}}
	}
	n.now = noon
	send("One")
	n.api = func(*http.Request) (int, any) {
		n.now = n.now.Add(time.Second)
		n.api = func(*http.Request) (int, any) { return 200, post("Two") }
		send("Two")
		return 200, post("One, as it was when the answer was made")
	}
	n.now = n.now.Add(time.Hour)
	for i := range 2 {
		if err := n.hook.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
		k, err := n.store.Find(context.Background(), "newsroom", "p1")
		if err != nil {
			t.Fatal(err)
		}
		if s, err := n.store.Story(context.Background(), k); err != nil || s.Article.Headline != "Two" || s.Revision != 2 {
			t.Errorf("tick %d: %q, revision %d, %v", i, s.Article.Headline, s.Revision, err)
		}
		n.now = n.now.Add(3 * time.Second)
	}
}
