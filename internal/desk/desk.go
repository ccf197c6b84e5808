// Package desk is the page on which the social team decides.
//
// It owns the desk's half of stories/ (what replaces the CMS's words on the card) and decisions/. It promises: one
// approves what one saw, since a form carries the hash of every draft that was on it and a page out of date is refused
// with the difference; no GET changes anything; a post from another site is refused; the page works without JavaScript,
// in six languages and both directions. What a decision brings about is the business of package post.
package desk

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

//go:embed tmpl/*.html
var templates embed.FS

//go:embed static/desk.css
var css []byte

// Parts is what the desk is made with.
type Parts struct {
	Store  *story.Store
	Config *config.Config
	Now    func() time.Time
	Log    *slog.Logger

	// Preview draws a story's card with edits that are not saved; nil: the page shows the card that stands.
	Preview func(ctx context.Context, k story.Key, e story.Edits, format string) ([]byte, string, error)
	// Random is where keys and ids come from.
	Random io.Reader
	// Client asks the provider by which people sign in; nil: one of the desk's own.
	Client *http.Client
	// Loopback says that the desk is served on a loopback address only: nobody signs in there.
	Loopback bool
}

type desk struct {
	Parts
	pages *template.Template
	words words
	style string // hash of the style sheet, for its address
}

// New makes the desk's handler. Where it is served to others than this machine, it refuses to start without a way to
// sign in.
func New(p Parts) (http.Handler, error) {
	h := sha256.Sum256(css)
	d := &desk{Parts: p, style: hex.EncodeToString(h[:6])}
	if err := d.words.read(); err != nil {
		return nil, err
	}
	var err error
	d.pages, err = template.New("").Funcs(template.FuncMap{
		"t":    func(lang, key string, args ...any) string { return d.words.say(lang, key, args...) },
		"dict": func(lang string, x tale) taleIn { return taleIn{lang, x} },
	}).ParseFS(templates, "tmpl/*.html")
	if err != nil {
		return nil, fmt.Errorf("the desk's pages: %w", err)
	}
	door, err := d.open()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", d.queue)
	mux.HandleFunc("GET /story/{day}/{id}", d.one)
	mux.HandleFunc("GET /story/{day}/{id}/preview/{format}", d.preview)
	mux.HandleFunc("POST /story/{day}/{id}/decide", d.decide)
	mux.HandleFunc("POST /story/{day}/{id}/text", d.saveText)
	mux.HandleFunc("POST /story/{day}/{id}/edit", d.saveEdits)
	mux.HandleFunc("GET /desk.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(css)
	})
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "this form was sent by another site: open the desk itself and try again", http.StatusForbidden)
	}))
	if p.Config.Desk.URL != "" { // behind a proxy or an API gateway the Host may be another than the browser's
		if err := guard.AddTrustedOrigin(origin(p.Config.Desk.URL)); err != nil {
			return nil, fmt.Errorf("desk.url: %w", err)
		}
	}
	return headers(guard.Handler(door.Guard(mux))), nil
}

// origin is an address's scheme and host.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

// taleIn is a story in the interface's language.
type taleIn struct {
	Lang string
	Tale tale
}

// headers are those of every page: nothing runs, loads or frames but what is ours.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 256<<10)
		next.ServeHTTP(w, r)
	})
}

func (d *desk) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, story.ErrNone) {
		http.Error(w, "there is no such story", http.StatusNotFound)
		return
	}
	d.Log.Error("desk", "path", r.URL.Path, "error", err)
	http.Error(w, "a fault of ours: nothing was changed. Try again.", http.StatusInternalServerError)
}

func key(r *http.Request) (story.Key, error) {
	return story.ParseKey(r.PathValue("day") + "/" + r.PathValue("id"))
}

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// unordered takes out the characters that turn the order of what stands around them: in names and headlines they only
// mislead.
func unordered(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, s)
}
