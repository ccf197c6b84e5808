package webhook

import (
	"archive/zip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/source"
)

// answers are what a CMS's API answered when it was asked for one article, by the recording's name.
func answers(t *testing.T, cms string) map[string]string {
	z, err := zip.OpenReader("testdata/cms.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := map[string]string{}
	for _, f := range z.File {
		dir, name := path.Split(f.Name)
		if dir != cms+"/" || !strings.HasPrefix(name, "api-") || strings.HasPrefix(name, "api-list") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		r.Close()
		var rec struct {
			Status int
			Body   string
		}
		if err == nil {
			err = json.Unmarshal(b, &rec)
		}
		if err != nil {
			t.Fatal(name, err)
		}
		if rec.Status == http.StatusOK {
			out[name] = rec.Body
		}
	}
	return out
}

// What is read from a CMS is what its webhooks said: a pull changes nothing of an article that did not change, or a story
// would go back to review every fifteen minutes.
func TestWhatIsReadIsWhatWasSent(t *testing.T) {
	// Changed in the media library, of which no webhook tells: just what a pull is for.
	untold := map[string]bool{"api-budget-rest-article-after-caption-change.json": true, "api-budget-rest-post-embed-after-caption-change.json": true}
	for _, cms := range []string{"ghost", "strapi", "strapi-i18n", "directus", "wordpress"} {
		n := openNewsroom(t, cms, "x", ", pull: -1s")
		src := n.src.With(source.Net{API: &http.Client{Transport: n}})
		sent := map[string][]article.Article{}
		for _, rec := range recordings(t, cms) {
			r, err := rec.Request()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range n.src.Read(context.Background(), r) {
				if d.Holds() && !d.Partial {
					sent[d.Article.ID] = append(sent[d.Article.ID], d.Article)
				}
			}
		}
		asked := 0
		for name, body := range answers(t, cms) {
			n.api = func(*http.Request) (int, any) { return 200, json.RawMessage(body) }
			var ids struct {
				Posts []struct{ ID string }
				ID    json.Number
				Data  struct{ ID, DocumentID, Locale any }
			}
			if err := json.Unmarshal([]byte(body), &ids); err != nil {
				t.Fatal(name, err)
			}
			id := ids.ID.String()
			if len(ids.Posts) > 0 {
				id = ids.Posts[0].ID
			} else if doc, ok := ids.Data.DocumentID.(string); ok {
				id = doc
				if l, ok := ids.Data.Locale.(string); ok {
					id += ":" + l
				}
			} else if s, ok := ids.Data.ID.(string); ok {
				id = s
			}
			if len(sent[id]) == 0 {
				continue // its webhooks are not among the recordings
			}
			d, err := src.Complete(context.Background(), id, noon)
			if err != nil {
				t.Errorf("%s/%s: %v", cms, name, err)
				continue
			}
			asked++
			if d.Thin {
				if !strings.Contains(name, "members-only") || d.Article.Body != "" {
					t.Errorf("%s/%s: its text is kept from us", cms, name)
				}
				continue
			}
			have, err := contentOf(d.Article)
			if err != nil {
				t.Fatal(err)
			}
			same := false
			for _, a := range sent[id] {
				was, err := contentOf(a)
				if err != nil {
					t.Fatal(err)
				}
				same = same || was == have
			}
			if same == untold[name] {
				t.Errorf("%s/%s: same as sent: %v\nread %+v\nsent %+v", cms, name, same, d.Article, sent[id])
			}
		}
		if asked < 2 {
			t.Errorf("%s: only %d answers", cms, asked)
		}
	}
}

// A post for members is read without its text: that a webhook sent stays.
func TestTextThatMembersPayFor(t *testing.T) {
	n := openNewsroom(t, "ghost", "ghost-test-secret", ", pull: 1m")
	post := map[string]any{"id": "p1", "title": "One", "slug": "a", "status": "published", "visibility": "members", "url": "https://news.example/a", "html": "<p>It rains.</p>"}
	body, err := json.Marshal(map[string]any{"event": "post.published", "post": map[string]any{"current": post, "previous": map[string]any{}}})
	if err != nil {
		t.Fatal(err)
	}
	h, err := n.src.Sign(context.Background(), body, "", noon)
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	n.deliver(recording{Recorded: source.Recorded{Body: &text, At: noon, Headers: [][2]string{{"X-Ghost-Signature", h.Get("X-Ghost-Signature")}}}})
	post["html"], post["access"] = "", false
	n.api = func(*http.Request) (int, any) { return 200, map[string]any{"posts": []any{post}} }
	n.now = n.now.Add(time.Minute)
	n.tick()
	if s := n.story("p1"); s.Article.Body != "It rains." || s.Revision != 1 {
		t.Errorf("revision %d, %q", s.Revision, s.Article.Body)
	}
	post["title"] = "Two"
	n.now = n.now.Add(time.Minute)
	n.tick()
	if s := n.story("p1"); s.Article.Body != "It rains." || s.Article.Headline != "Two" {
		t.Errorf("%q, %q", s.Article.Headline, s.Article.Body)
	}
}
