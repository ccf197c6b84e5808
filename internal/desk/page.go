package desk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"cutline/internal/remark"
	"cutline/internal/staff"
	"cutline/internal/story"
)

// frame is what every page has around its own content.
type frame struct {
	Title      string // of the document and its heading
	Here       string // which entry of the navigation is the present one
	Back       string // address of the page before; empty: none
	Bar        bool   // a bar with the decision stands at the foot
	To         string // where signing in leads, kept when the language is changed; empty: to the queue
	Alone      bool   // a page for somebody without an account: it leads nowhere else
	Words      *language
	All        []*language // every language, for the choice
	Who        string      // the person's name
	Site       string      // the publication's name, if there is one alone
	Path       string      // of this page, to come back to
	Appearance string      // light, dark or auto
	Keys       bool        // the keyboard's short cuts are on
	Waiting    int         // stories that wait for a decision, where the page knows; else 0
	Page       any
}

func (q *request) frame(title, here string, page any) *frame {
	f := &frame{Title: title, Here: here, Words: q.words, Who: q.by, Path: q.URL.RequestURI(), Page: page, Appearance: "auto", Keys: true}
	if q.Method != http.MethodGet {
		f.Path = "/"
	}
	for _, l := range remark.Languages {
		f.All = append(f.All, q.desk.words[l.Tag])
	}
	if c, err := q.Cookie("appearance"); err == nil && (c.Value == "light" || c.Value == "dark") {
		f.Appearance = c.Value
	}
	if c, err := q.Cookie("keys"); err == nil && c.Value == "off" {
		f.Keys = false
	}
	for _, s := range q.desk.Config.Sites {
		if len(q.desk.Config.Sites) == 1 {
			f.Site = s.Name
		}
	}
	return f
}

// show writes a page. It is built whole first, so that a template's error is not half a page.
func (q *request) show(status int, name string, f *frame) error {
	b, err := q.render(name, f)
	if err != nil {
		return err
	}
	q.send(status, b)
	return nil
}

func (q *request) render(name string, f *frame) ([]byte, error) {
	var b bytes.Buffer
	if err := q.desk.pages[q.words.Tag].ExecuteTemplate(&b, name, f); err != nil {
		return nil, fmt.Errorf("showing %s: %w", name, err)
	}
	return b.Bytes(), nil
}

func (q *request) send(status int, page []byte) {
	h := q.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", q.words.Tag)
	q.w.WriteHeader(status)
	_, _ = q.w.Write(page) // whoever went away does not want it
}

// showTagged is show for a page that is asked for again and again: who has it already gets 304.
func (q *request) showTagged(name string, f *frame) error {
	b, err := q.render(name, f)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	q.w.Header().Set("ETag", tag)
	q.w.Header().Set("Cache-Control", "private, no-cache")
	if q.Header.Get("If-None-Match") == tag {
		q.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	q.send(http.StatusOK, b)
	return nil
}

// fail shows a refusal: what is wrong, and what more there is to say.
func (q *request) fail(no *refusal) {
	f := q.frame(no.what, "", struct{ What, More, Why string }{no.what, no.more, no.why})
	f.Back, f.Alone = "/", q.who.Name == "" || q.who.Link != ""
	if f.Alone {
		f.Back = ""
	}
	if err := q.show(no.status, "refused", f); err != nil {
		q.desk.Log.Error("desk", "error", err)
		http.Error(q.w, no.what, no.status)
	}
}

// parsePages makes the templates once for each language, with the language's words as functions.
func (d *desk) parsePages() (map[string]*template.Template, error) {
	out := map[string]*template.Template{}
	for tag, l := range d.words {
		t, err := template.New("desk").Funcs(template.FuncMap{
			"t": l.say, "h": l.show, "count": l.count, "num": l.Number, "dec": l.Decimal, "digits": l.Digits, "icon": icon,
			"clean": clean, "text": cleanText, "dict": dict, "remark": l.remark, "word": l.Word, "comma": l.Comma, "address": address, "tile": tile, "initial": initial,
			"static": func(name string) string { return "/" + name + "?" + d.static[name].hash },
		}).ParseFS(templates, "tmpl/*.html")
		if err != nil {
			return nil, fmt.Errorf("the desk's pages: %w", err)
		}
		out[tag] = t
	}
	return out, nil
}

// dict gives a template several values under names.
func dict(pairs ...any) (map[string]any, error) {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict wants names, has %v", pairs[i])
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}

// initial is the first letter of a name, for a picture in its place.
func initial(s string) string {
	for _, r := range strings.TrimSpace(clean(s)) {
		return strings.ToUpper(string(r))
	}
	return ""
}

// address shows where a link leads: its host, in the ASCII form (UTS #46) where letters of several scripts could
// deceive; empty if it is no web address.
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	if a, err := idna.Lookup.ToASCII(u.Hostname()); err == nil {
		return a
	}
	return u.Hostname()
}

// file is one of the desk's own: style sheet, script, fonts.
type file struct {
	body []byte
	kind string // content type
	hash string // of the content, for its address, so that it may be kept for ever
}

func readStatic() (map[string]file, error) {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".ttf": "font/ttf"}
	out := map[string]file{}
	entries, err := fs.ReadDir(static, "static")
	if err != nil {
		return nil, fmt.Errorf("the desk's files: %w", err)
	}
	for _, e := range entries {
		kind, ok := kinds[path.Ext(e.Name())]
		if !ok {
			continue // licences
		}
		b, err := fs.ReadFile(static, "static/"+e.Name())
		if err != nil {
			return nil, fmt.Errorf("the desk's files: %w", err)
		}
		h := sha256.Sum256(b)
		out[e.Name()] = file{b, kind, hex.EncodeToString(h[:6])}
	}
	return out, nil
}

func (d *desk) file(w http.ResponseWriter, r *http.Request) {
	f := d.static[path.Base(r.URL.Path)]
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}

// picture answers with a picture, or 404 if there is none.
func (q *request) picture(body []byte, kind, caching string) error {
	if len(body) == 0 || kind != "image/jpeg" && kind != "image/png" {
		return story.ErrNone
	}
	q.w.Header().Set("Content-Type", kind)
	q.w.Header().Set("Cache-Control", caching)
	_, _ = q.w.Write(body) // whoever went away does not want it
	return nil
}

// keysPage lists the keys, and is where language, appearance and the keyboard are set.
func (d *desk) keysPage(q *request) error {
	return q.show(http.StatusOK, "keys", q.frame(q.words.say("keyboard"), "keys", struct{ Staff bool }{len(q.who.Sites(staff.Staff)) == len(d.Config.Sites)}))
}
