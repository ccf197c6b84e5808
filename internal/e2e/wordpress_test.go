package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/story"
)

// wordPress is a real WordPress on MariaDB with our plugin and an editor who is signed in.
type wordPress struct {
	t      *testing.T
	base   string
	dir    string // of its files
	client *http.Client
	nonce  string // what its REST API asks of a browser beside the cookies
}

// startWordPress starts the WordPress that .ci/install brought, with an empty site and our plugin, as an administrator does.
func startWordPress(t *testing.T) *wordPress {
	t.Helper()
	from := cached(t, "wordpress", "ready")
	mariadb, err := exec.LookPath("mariadbd")
	if err != nil {
		mariadb = "/usr/sbin/mariadbd"
	}
	dir, err := os.MkdirTemp("", "wp") // a socket's path has at most 107 bytes, and t.TempDir's is long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	w := &wordPress{t: t, dir: filepath.Join(dir, "site")}
	plugins := filepath.Join(w.dir, "wp-content", "plugins")
	if err := os.CopyFS(w.dir, os.DirFS(filepath.Join(from, "site"))); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(plugins, os.DirFS(filepath.Join(root, "contrib", "wordpress"))); err != nil {
		t.Fatal(err)
	}
	data, socket := filepath.Join(dir, "db"), filepath.Join(dir, "db.sock")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	start := filepath.Join(dir, "start.sql")
	if err := os.WriteFile(start, []byte("CREATE DATABASE wordpress CHARACTER SET utf8mb4;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	user := "--user=nobody" // passed over where the user is not root
	if os.Getuid() == 0 {
		user = "--user=root"
	}
	daemon(t, exec.Command(mariadb, "--no-defaults", "--datadir="+data, "--socket="+socket, "--skip-networking", "--skip-grant-tables", user,
		"--init-file="+start, "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0"))
	address := freePort(t)
	w.base = "http://" + address
	config := fmt.Sprintf(`<?php
function wp_mail() { return true; } // it writes to nobody
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:%s'); define('DB_CHARSET', 'utf8mb4');
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'] as $k) define($k, 'only for a test ' . $k);
$table_prefix = 'wp_';
define('WP_HTTP_BLOCK_EXTERNAL', true); define('WP_ACCESSIBLE_HOSTS', '127.0.0.1'); define('AUTOMATIC_UPDATER_DISABLED', true); define('DISABLE_WP_CRON', true);
define('WP_HOME', %q); define('WP_SITEURL', WP_HOME);
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
`, socket, w.base)
	if err := os.WriteFile(filepath.Join(w.dir, "wp-config.php"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	// It asks itself: our webhook is answered while the photo is read from it.
	pages := exec.Command("php", "-d", "display_errors=0", "-S", address)
	pages.Dir, pages.Env = w.dir, append(os.Environ(), "PHP_CLI_SERVER_WORKERS=6")
	daemon(t, pages)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w.client = &http.Client{Jar: jar, Timeout: patience}
	const password = "only-for-this-e2e-run-7391"
	soon(t, patience, "WordPress answers", func() error {
		res, err := w.client.Get(w.base + "/wp-admin/install.php")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		page, err := io.ReadAll(res.Body)
		if err == nil && !bytes.Contains(page, []byte("language")) && !bytes.Contains(page, []byte("weblog_title")) {
			err = fmt.Errorf("it answers %s", res.Status)
		}
		return err
	})
	w.form("/wp-admin/install.php?step=2", url.Values{"weblog_title": {"Example News"}, "user_name": {"sara"}, "admin_password": {password}, "admin_password2": {password},
		"pw_weak": {"on"}, "admin_email": {"sara@news.example"}, "blog_public": {"1"}, "language": {""}})
	w.page("/wp-login.php") // sets the cookie by which it knows that cookies are kept
	w.form("/wp-login.php", url.Values{"log": {"sara"}, "pwd": {password}, "testcookie": {"1"}})
	w.nonce = w.page("/wp-admin/admin-ajax.php?action=rest-nonce")
	links := w.page("/wp-admin/options-permalink.php")
	w.form("/wp-admin/options-permalink.php", url.Values{"_wpnonce": {hidden(t, links, "_wpnonce")}, "selection": {"/%postname%/"}, "permalink_structure": {"/%postname%/"}, "submit": {"Save"}})
	activate := regexp.MustCompile(`plugins\.php\?action=activate&amp;plugin=cutline\.php[^"]*`).FindString(w.page("/wp-admin/plugins.php"))
	w.page("/wp-admin/" + strings.ReplaceAll(activate, "&amp;", "&"))
	return w
}

// hidden is the value of a form's hidden field.
func hidden(t *testing.T, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no field %s in the page %.2000s", name, page)
	}
	return m[1]
}

// page opens a page as the editor does; form sends one of its forms.
func (w *wordPress) page(path string) string {
	w.t.Helper()
	return w.read(w.client.Get(w.base + path))
}

func (w *wordPress) form(path string, fields url.Values) string {
	w.t.Helper()
	return w.read(w.client.PostForm(w.base+path, fields))
}

func (w *wordPress) read(res *http.Response, err error) string {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		w.t.Fatalf("%s %s: %s %v %.2000s", res.Request.Method, res.Request.URL, res.Status, err, body)
	}
	return string(body)
}

// A wpThing is a post, a picture or a term, as the REST API shows it.
type wpThing struct {
	ID     int    `json:"id"`
	Link   string `json:"link"`
	Status string `json:"status"`
}

// rest does what the block editor does.
func (w *wordPress) rest(method, path string, send any, headers ...string) (out wpThing) {
	w.t.Helper()
	body, ok := send.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(send); err != nil {
			w.t.Fatal(err)
		}
		headers = append(headers, "Content-Type", "application/json")
	}
	r, err := http.NewRequest(method, w.base+"/wp-json/wp/v2/"+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("X-WP-Nonce", w.nonce)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if answer := w.read(w.client.Do(r)); json.Unmarshal([]byte(answer), &out) != nil {
		w.t.Fatalf("%s %s: %s", method, path, answer)
	}
	return out
}

// php runs what another plugin would do.
func (w *wordPress) php(code string) {
	w.t.Helper()
	cmd := exec.Command("php", "-d", "display_errors=0", "-r", "require 'wp-load.php'; "+code)
	cmd.Dir = w.dir
	if b, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("%s: %v %s", code, err, b)
	}
}

// TestWordPress sets our plugin up in a real WordPress by its pages, publishes, corrects text, photo and address, takes down
// and schedules, and at last does so while nobody listens. What must follow is looked for in the story, its manifest and the feed.
func TestWordPress(t *testing.T) {
	w := startWordPress(t)
	data, cfg := t.TempDir(), filepath.Join(t.TempDir(), "cutline.yaml")
	if err := os.WriteFile(cfg, fmt.Appendf(nil, `
sites: {en: {name: Example News, language: en, url: %q, review: auto}}
sources: {wordpress: {kind: wordpress, site: en, secret: "env:CUTLINE_TEST_SECRET", url: %q}}
channels: {feed: {kind: feed, site: en}}
network: {allow: ["127.0.0.0/8"]}
timing: {tick: 300ms, lease: 3s}
`, w.base, w.base), 0o644); err != nil {
		t.Fatal(err)
	}
	binary := program(t)
	s := serve(t, binary, data, cfg)
	defer func() { s.kill() }()
	settings := w.page("/wp-admin/options-general.php?page=cutline")
	settings = w.form("/wp-admin/options.php", url.Values{"option_page": {"cutline"}, "action": {"update"}, "_wpnonce": {hidden(t, settings, "_wpnonce")},
		"_wp_http_referer": {"/wp-admin/options-general.php?page=cutline"}, "cutline_url": {s.base + "/hooks/wordpress"}, "cutline_secret": {testSecret}})
	_, second, _ := strings.Cut(settings, `value="cutline_test"`)
	if answer := w.form("/wp-admin/admin-post.php", url.Values{"action": {"cutline_test"}, "_wpnonce": {hidden(t, second, "_wpnonce")}}); !strings.Contains(answer, "test: 202, taken") {
		t.Fatalf("the settings page does not say that a test was taken: %s", answer)
	}
	dir, err := bucket.OpenDir(data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	st := &story.Store{Bucket: dir, Now: time.Now}
	// stands waits until a post's story, its manifest and its entry in the feed agree, and are so.
	stands := func(what string, p wpThing, off string, so func(story.Story, story.Manifest) bool) {
		t.Helper()
		soon(t, patience, what, func() error {
			k, err := st.Find(context.Background(), "wordpress", fmt.Sprint(p.ID))
			if err != nil {
				return err
			}
			doc, err := st.Story(context.Background(), k)
			if err != nil {
				return err
			}
			m, err := st.Manifest(context.Background(), k)
			if err != nil {
				return err
			}
			feed, err := os.ReadFile(filepath.Join(data, "feeds", "en.xml"))
			if err != nil {
				return err
			}
			listed := bytes.Count(feed, []byte("<link>"+doc.Article.URL+"</link>"))
			if doc.Off != off || m.Revision != doc.Revision || listed != 1 && off == "" || listed != 0 && off != "" || so != nil && !so(doc, m) {
				return fmt.Errorf("off %q, revision %d, manifest's %d, %d times in the feed, credit on the card %q, %+v", doc.Off, doc.Revision, m.Revision, listed, m.Credit, doc.Article)
			}
			return nil
		})
	}
	headline := func(want, credit string) func(story.Story, story.Manifest) bool {
		return func(doc story.Story, m story.Manifest) bool {
			return doc.Article.Headline == want && m.Headline == want && m.Held == "" && m.Photo == "" && m.Credit == credit
		}
	}
	file, err := os.ReadFile(root + "/sample/stairs.jpg")
	if err != nil {
		t.Fatal(err)
	}
	type m = map[string]any
	photo := w.rest("POST", "media", file, "Content-Type", "image/jpeg", "Content-Disposition", `attachment; filename="stairs.jpg"`)
	w.rest("POST", fmt.Sprint("media/", photo.ID), m{"caption": "The steps at <em>noon</em>. (Photo: Sara Haddad)", "alt_text": "Stone steps"})
	city, tag := w.rest("POST", "categories", m{"name": "City & Region"}), w.rest("POST", "tags", m{"name": "mayor's office"})

	p := w.rest("POST", "posts", m{"title": "Old stairs are “open” again", "content": "<p>The steps were closed for a year.</p>", "excerpt": "The way up is free.", "status": "draft"})
	path := fmt.Sprint("posts/", p.ID)
	p = w.rest("POST", path, m{"status": "publish", "featured_media": photo.ID, "categories": []int{city.ID}, "tags": []int{tag.ID}})
	stands("from Publish to a card and a post", p, "", func(doc story.Story, man story.Manifest) bool {
		a := doc.Article
		return doc.Revision == 1 && headline("Old stairs are “open” again", "Photo: Sara Haddad")(doc, man) && a.Dek == "The way up is free." && a.Byline == "sara" && a.Section == "City & Region" && len(a.Tags) == 1 && a.Tags[0] == "mayor's office" &&
			a.URL == p.Link && a.Photo.Caption == "The steps at noon." && a.Photo.Alt == "Stone steps"
	})
	p = w.rest("POST", path, m{"title": "Old stairs, half of them", "slug": "stairs"})
	stands("a correction and another address", p, "", func(doc story.Story, man story.Manifest) bool {
		return doc.Article.URL == w.base+"/stairs/" && headline("Old stairs, half of them", "Photo: Sara Haddad")(doc, man)
	})
	w.rest("POST", fmt.Sprint("media/", photo.ID), m{"caption": "The steps at night. (Photo: Omar Aziz/AFP)"})
	stands("a credit corrected in the media library", p, "", headline("Old stairs, half of them", "Photo: Omar Aziz/AFP"))
	w.rest("POST", path, m{"status": "private"})
	stands("private", p, "unpublished", nil)
	w.rest("POST", path, m{"status": "publish"})
	stands("public again", p, "", headline("Old stairs, half of them", "Photo: Omar Aziz/AFP"))

	late := w.rest("POST", "posts", m{"title": "A stream", "content": "<p>It runs.</p>", "status": "publish"})
	stands("without a photo", late, "", headline("A stream", ""))
	w.php(fmt.Sprintf("set_post_thumbnail(%d, %d);", late.ID, photo.ID))
	stands("a late photo, set by another plugin", late, "", headline("A stream", "Photo: Omar Aziz/AFP"))

	next := w.rest("POST", "posts", m{"title": "Tomorrow", "content": "<p>It comes.</p>", "status": "future", "date_gmt": time.Now().AddDate(0, 0, 1).UTC().Format("2006-01-02T15:04:05")})
	w.php(fmt.Sprintf(`$d = gmdate('Y-m-d H:i:s', time() - 60); $wpdb->update($wpdb->posts, ['post_date' => $d, 'post_date_gmt' => $d, 'post_modified' => $d, 'post_modified_gmt' => $d], ['ID' => %d]); clean_post_cache(%d);
		wp_clear_scheduled_hook('publish_future_post', [%d]); wp_schedule_single_event(time() - 1, 'publish_future_post', [%d]);`, next.ID, next.ID, next.ID, next.ID))
	if _, err := st.Find(context.Background(), "wordpress", fmt.Sprint(next.ID)); err == nil {
		t.Error("what is only scheduled became a story")
	}
	w.page("/wp-cron.php?doing_wp_cron")
	stands("its time has come", next, "", headline("Tomorrow", ""))

	// Nobody listens: the second starts without the webhooks, and finds it out.
	s.kill()
	w.rest("DELETE", path, nil)
	w.rest("DELETE", fmt.Sprint("posts/", late.ID, "?force=true"), nil)
	w.rest("POST", fmt.Sprint("posts/", next.ID), m{"title": "Today"})
	s = serve(t, binary, data, cfg)
	stands("in the bin, found by the pull", p, "unpublished", nil)
	stands("deleted, found by the pull", late, "unpublished", nil)
	stands("changed, found by the pull", next, "", headline("Today", ""))
	// The plugin tries again; the address is that of the second now.
	w.php(fmt.Sprintf(`update_option('cutline_url', '%s/hooks/wordpress'); foreach (_get_cron_array() as $t => $c) foreach ($c['cutline_retry'] ?? [] as $e) {
		wp_unschedule_event($t, 'cutline_retry', $e['args']); wp_schedule_single_event(time() - 1, 'cutline_retry', $e['args']); }`, s.base))
	w.page("/wp-cron.php?doing_wp_cron")
	stands("deleted, told once more", late, "deleted", nil)
	w.rest("DELETE", path+"?force=true", nil)
	stands("deleted from the bin", p, "deleted", nil)
}
