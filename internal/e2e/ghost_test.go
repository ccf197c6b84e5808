package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
	"cutline/internal/story"
)

// ghost is a real Ghost on SQLite with an editor who is signed in.
type ghost struct {
	t      *testing.T
	base   string
	client *http.Client
	hooks  string // id of the integration that the webhooks belong to
	key    string // the integration's Content API key
}

// startGhost starts the Ghost that .ci/install brought, with an empty site, an editor and an integration.
func startGhost(t *testing.T) *ghost {
	t.Helper()
	buckettest.E2E(t)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "cutline", "ghost-6.65.0")
	if _, err := os.Stat(filepath.Join(dir, "ready")); err != nil {
		if _, err := exec.LookPath("npm"); err != nil {
			t.Skip("npm is not here, so there is no Ghost to publish from")
		}
		t.Fatalf("Ghost is not in %s: run .ci/install, which brings it", dir)
	}
	content := filepath.Join(t.TempDir(), "content")
	if err := os.CopyFS(content, os.DirFS(filepath.Join(dir, "package", "content"))); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"data", "images", "logs", "settings", "media", "files", "public"} {
		if err := os.MkdirAll(filepath.Join(content, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	address := freePort(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	g := &ghost{t: t, base: "http://" + address, client: &http.Client{Jar: jar, Timeout: patience}}
	cmd := exec.Command(filepath.Join(dir, "node", "bin", "node"), "index.js")
	cmd.Dir = filepath.Join(dir, "package")
	cmd.Env = append(os.Environ(), "NODE_ENV=production", "url="+g.base, "server__host="+host, "server__port="+port,
		"database__client=better-sqlite3", "database__connection__filename="+filepath.Join(content, "data", "ghost.db"), "database__useNullAsDefault=true",
		"paths__contentPath="+content+"/", "security__allowWebhookInternalIPs=true", "security__staffDeviceVerification=false",
		"mail__transport=stub", `logging__transports=["stdout"]`, "privacy__useTinfoil=true") // it calls nobody outside
	background(t, address, cmd)
	soon(t, patience, "Ghost answers", func() error {
		res, err := g.client.Get(g.base + "/ghost/api/admin/site/")
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("it answers %s", res.Status)
		}
		return nil
	})
	type m = map[string]any
	const password = "only-for-this-e2e-run-7391"
	g.call("POST", "authentication/setup/", m{"setup": []m{{"name": "Sara Haddad", "email": "sara@news.example", "password": password, "blogTitle": "Example News"}}}, nil)
	g.call("POST", "session/", m{"username": "sara@news.example", "password": password}, nil)
	var made struct {
		Integrations []struct {
			ID   string
			Keys []struct{ Type, Secret string } `json:"api_keys"`
		}
	}
	g.call("POST", "integrations/?include=api_keys,webhooks", m{"integrations": []m{{"name": "cutline"}}}, &made)
	g.hooks = made.Integrations[0].ID
	for _, k := range made.Integrations[0].Keys {
		if k.Type == "content" {
			g.key = k.Secret
		}
	}
	return g
}

// call asks Ghost's Admin API.
func (g *ghost) call(method, path string, send, into any) {
	g.t.Helper()
	body, err := json.Marshal(send)
	if err != nil {
		g.t.Fatal(err)
	}
	g.do(method, path, "application/json", bytes.NewReader(body), into)
}

func (g *ghost) do(method, path, media string, body io.Reader, into any) {
	g.t.Helper()
	r, err := http.NewRequest(method, g.base+"/ghost/api/admin/"+path, body)
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("Origin", g.base)
	r.Header.Set("Content-Type", media)
	res, err := g.client.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		g.t.Fatalf("%s %s: %s %s %v", method, path, res.Status, answer, err)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			g.t.Fatalf("%s %s: %v: %s", method, path, err, answer)
		}
	}
}

// upload puts a photo into Ghost and returns its address.
func (g *ghost) upload(file string) string {
	g.t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		g.t.Fatal(err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="photo.jpg"`}, "Content-Type": {"image/jpeg"}})
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = form.WriteField("purpose", "image")
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		g.t.Fatal(err)
	}
	var made struct{ Images []struct{ URL string } }
	g.do("POST", "images/upload/", form.FormDataContentType(), &body, &made)
	return made.Images[0].URL
}

// A ghostPost is what the Admin API says of a post.
type ghostPost struct {
	ID      string `json:"id"`
	URL     string `json:"url"`
	Updated string `json:"updated_at"`
}

// save creates a post (without an id) or changes one, as the editor's Publish does.
func (g *ghost) save(p ghostPost, fields map[string]any) ghostPost {
	g.t.Helper()
	method, path := "POST", "posts/?source=html"
	if p.ID != "" {
		method, path = "PUT", "posts/"+p.ID+"/?source=html"
		fields["updated_at"] = p.Updated
	}
	var out struct{ Posts []ghostPost }
	g.call(method, path, map[string]any{"posts": []any{fields}}, &out)
	return out.Posts[0]
}

// soon waits until something is so.
func soon(t *testing.T, patience time.Duration, what string, so func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := so()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %v", what, patience, err)
		}
		<-time.After(100 * time.Millisecond)
	}
}

// TestGhost publishes from a real Ghost, corrects, unpublishes, and takes down in bulk, which Ghost's webhooks do not tell.
// What must follow is looked for in the card, in the story and in the feed.
func TestGhost(t *testing.T) {
	g := startGhost(t)
	t.Setenv("GHOST_TEST_KEY", g.key)
	data, cfg := t.TempDir(), filepath.Join(t.TempDir(), "cutline.yaml")
	if err := os.WriteFile(cfg, fmt.Appendf(nil, `
sites: {en: {name: Example News, language: en, url: %q, review: auto}}
sources: {ghost: {kind: ghost, site: en, secret: "env:CUTLINE_TEST_SECRET", url: %q, key: "env:GHOST_TEST_KEY"}}
channels: {feed: {kind: feed, site: en}}
network: {allow: ["127.0.0.0/8"]}
timing: {tick: 300ms, lease: 3s}
`, g.base, g.base), 0o644); err != nil {
		t.Fatal(err)
	}
	s := serve(t, program(t), data, cfg)
	defer s.kill()
	for _, event := range []string{"post.published", "post.published.edited", "post.unpublished", "post.deleted", "site.changed"} {
		g.call("POST", "webhooks/", map[string]any{"webhooks": []any{map[string]any{"event": event, "name": event, "target_url": s.base + "/hooks/ghost", "secret": testSecret, "integration_id": g.hooks}}}, nil)
	}
	dir, err := bucket.OpenDir(data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	st := &story.Store{Bucket: dir, Now: time.Now}
	look := func(id string) (story.Story, story.Manifest, error) {
		k, err := st.Find(context.Background(), "ghost", id)
		if err != nil {
			return story.Story{}, story.Manifest{}, err
		}
		doc, err := st.Story(context.Background(), k)
		if err != nil {
			return doc, story.Manifest{}, err
		}
		m, err := st.Manifest(context.Background(), k)
		return doc, m, err
	}
	// stands says whether a post is out with a headline and a card that shows it; an empty one: whether it is off.
	stands := func(p ghostPost, headline string) func() error {
		return func() error {
			doc, m, err := look(p.ID)
			if err != nil {
				return err
			}
			feed, err := os.ReadFile(filepath.Join(data, "feeds", "en.xml"))
			if err != nil {
				return err
			}
			switch {
			case headline == "" && (doc.Live() || bytes.Contains(feed, []byte(p.URL))):
				return fmt.Errorf("off %q, in the feed: %v", doc.Off, bytes.Contains(feed, []byte(p.URL)))
			case headline == "":
				return nil
			case !doc.Live() || doc.Article.Headline != headline || m.Headline != headline || m.Revision != doc.Revision || m.Held != "" || m.Photo != "":
				return fmt.Errorf("off %q, story %d %q, manifest %d %q, held %q, photo %q", doc.Off, doc.Revision, doc.Article.Headline, m.Revision, m.Headline, m.Held, m.Photo)
			case bytes.Count(feed, []byte("<title>"+headline+"</title>")) != 1 || bytes.Count(feed, []byte("<link>"+p.URL+"</link>")) != 1:
				return fmt.Errorf("the feed is %s", feed)
			}
			return nil
		}
	}
	photo := g.upload(root + "/sample/stairs.jpg")
	p := g.save(ghostPost{}, map[string]any{"title": "Old stairs are open again", "status": "draft", "html": "<p>The steps were closed for a year.</p>", "custom_excerpt": "The way up is free.",
		"feature_image": photo, "feature_image_caption": "The steps at noon. <em>(Photo: Sara Haddad)</em>", "feature_image_alt": "Stone steps", "tags": []any{"City", "#internal"}})
	if _, _, err := look(p.ID); err == nil {
		t.Error("a draft became a story")
	}
	p = g.save(p, map[string]any{"status": "published"})
	soon(t, patience, "from Publish to a card and a post", stands(p, "Old stairs are open again"))
	doc, m, err := look(p.ID)
	if err != nil {
		t.Fatal(err)
	}
	a := doc.Article
	if a.Dek != "The way up is free." || a.Byline != "Sara Haddad" || a.Photo.Credit != "Sara Haddad" || a.Photo.Caption != "The steps at noon." || a.Photo.Alt != "Stone steps" || a.Section != "City" || len(a.Tags) != 1 || a.URL != p.URL ||
		!strings.Contains(m.Credit, "Sara Haddad") || m.From != "caption" {
		t.Errorf("%+v\ncredit on the card %q from %q", a, m.Credit, m.From)
	}
	card := s.base + "/cards/" + string(doc.Key) + "/og.jpg"
	get := func(address string) (int, string) {
		res, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode, res.Header.Get("Content-Type")
	}
	if code, media := get(card); code != http.StatusOK || media != "image/jpeg" {
		t.Errorf("the card: %d %s", code, media)
	}
	p = g.save(p, map[string]any{"title": "Old stairs are open again, half of them"})
	soon(t, patience, "a correction", stands(p, "Old stairs are open again, half of them"))
	public := p
	p = g.save(p, map[string]any{"status": "draft"})
	soon(t, patience, "from Unpublish to retraction", stands(public, ""))
	p = g.save(p, map[string]any{"status": "published"})
	soon(t, patience, "published again", stands(p, "Old stairs are open again, half of them"))
	// In bulk: no webhook says of which posts.
	g.call("PUT", "posts/bulk/?filter=id:%5B"+p.ID+"%5D", map[string]any{"bulk": map[string]any{"action": "unpublish", "meta": map[string]any{}}}, nil)
	soon(t, patience, "unpublished in bulk", stands(p, ""))
	if doc, _, err = look(p.ID); err != nil || doc.Off != "unpublished" {
		t.Errorf("off %q, %v", doc.Off, err)
	}
	g.do("DELETE", "posts/"+p.ID+"/", "application/json", nil, nil)
	soon(t, patience, "deleted", func() error {
		if doc, _, err := look(p.ID); err != nil || doc.Off != "deleted" {
			return fmt.Errorf("off %q, %v", doc.Off, err)
		}
		return nil
	})
}
