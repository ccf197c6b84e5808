// Package desk is the pages on which the social team decides.
//
// It owns the desk's half of stories/ (what replaces the CMS's words on the card), decisions/, looks/ (who looked at
// what), and days/ (what it read of a day, for the process after it). It promises: one approves what one saw, since a form carries the hash of every draft that was on it and a page
// out of date is refused with the difference; of two who save at once neither overwrites the other; no GET changes
// anything (of what is read, days/ keeps a copy); a post from another site is refused; every page works without JavaScript, in six languages and both
// directions, under a Content-Security-Policy that runs and loads nothing but what is ours. What a decision brings about
// is the business of package post.
package desk

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/letters"
	"cutline/internal/staff"
	"cutline/internal/story"
)

//go:embed tmpl/*.html
var templates embed.FS

//go:embed static
var static embed.FS

// Parts is what the desk is made with. What is nil is left off the pages.
type Parts struct {
	Store  *story.Store
	Config *config.Config
	Now    func() time.Time
	Log    *slog.Logger

	// Preview draws a story's card with edits that are not saved.
	Preview func(ctx context.Context, k story.Key, e story.Edits, format string) (body []byte, contentType string, err error)
	// Photo is the story's photo as shown, small enough for a page, to set the focal point on.
	Photo func(ctx context.Context, k story.Key) (body []byte, contentType string, err error)
	// Changes tells of documents that changed, where that is known at once: on one machine. Else pages ask by the clock.
	Changes *Changes
	// Dead is the queues of dead letters, which are shown and can be sent back.
	Dead *letters.Box
	// Random is where keys and ids come from.
	Random io.Reader
	// Client asks the provider by which people sign in; nil: one of the desk's own.
	Client *http.Client
	// Loopback says that the desk is served on a loopback address only: nobody signs in there.
	Loopback bool
}

type desk struct {
	Parts
	words    map[string]*language
	pages    map[string]*template.Template // by language
	static   map[string]file               // by name
	channels map[string]channel.Channel    // by name: for what they can do, and for trying them; nothing is posted from here
	links    *staff.Links
	over     over
}

// New makes the desk's handler. Where it is served to others than this machine, it refuses to start without a way to
// sign in.
func New(p Parts) (http.Handler, error) {
	d := &desk{Parts: p, channels: map[string]channel.Channel{}}
	var err error
	if d.words, err = readWords(); err != nil {
		return nil, err
	}
	if d.static, err = readStatic(); err != nil {
		return nil, err
	}
	if d.pages, err = d.parsePages(); err != nil {
		return nil, err
	}
	for name, c := range p.Config.Channels {
		var err error
		d.channels[name], err = channel.New(name, c, p.Config.Sites[c.Site], channel.Parts{
			Store: p.Store, Now: p.Now, Random: p.Random, Client: &http.Client{Timeout: tryTime}, Public: p.Config.Public, Lease: p.Config.Timing.Lease,
		})
		if err != nil {
			return nil, err
		}
	}
	door, err := d.open()
	if err != nil {
		return nil, err
	}
	d.links = door.Links
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "this form was sent by another site: open the desk itself and try again", http.StatusForbidden)
	}))
	if p.Config.Desk.URL != "" { // behind a proxy or an API gateway the Host may be another than the browser's
		if err := guard.AddTrustedOrigin(origin(p.Config.Desk.URL)); err != nil {
			return nil, fmt.Errorf("desk.url: %w", err)
		}
	}
	return headers(guard.Handler(door.Guard(d.routes()))), nil
}

// origin is an address's scheme and host.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}

func (d *desk) routes() http.Handler {
	mux := http.NewServeMux()
	for route, f := range map[string]func(*request) error{
		"GET /{$}":                               d.queue,
		"GET /next":                              d.next,
		"GET /story/{day}/{id}":                  d.storyPage,
		"GET /story/{day}/{id}/edit":             d.editPage,
		"GET /story/{day}/{id}/retract":          d.retractPage,
		"GET /story/{day}/{id}/photo":            d.photo,
		"GET /story/{day}/{id}/preview/{format}": d.preview,
		"POST /story/{day}/{id}/decide":          d.decide,
		"POST /story/{day}/{id}/edit":            d.saveEdits,
		"POST /story/{day}/{id}/repair":          d.repair,
		"POST /story/{day}/{id}/looking":         d.looking,
		"GET /story/{day}/{id}/share":            d.sharePage,
		"POST /story/{day}/{id}/share":           d.share,
		"GET /review/{token}":                    d.linkPage,
		"POST /review/{token}":                   d.linkDecide,
		"GET /wall":                              d.wall,
		"GET /history":                           d.historyPage,
		"GET /history.csv":                       d.historyFile,
		"GET /history.json":                      d.historyFile,
		"GET /sources":                           d.sourcesPage,
		"POST /sources/replay":                   d.replay,
		"GET /channels":                          d.channelsPage,
		"POST /channels/{name}":                  d.channelAct,
		"POST /dead/{queue}":                     d.sendBack,
		"GET /figures":                           d.figures,
		"GET /stop":                              d.stopPage,
		"POST /stop":                             d.stop,
		"GET /keys":                              d.keysPage,
		"POST /settings":                         d.settings,
	} {
		mux.HandleFunc(route, d.handle(f))
	}
	mux.HandleFunc("GET /events", d.events)
	for name := range d.static {
		mux.HandleFunc("GET /"+name, d.file)
	}
	mux.HandleFunc("GET /", d.handle(func(q *request) error { return q.refuse(http.StatusNotFound, "no_page") }))
	return mux
}

// headers are those of every page: nothing runs, loads or frames but what is ours.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.TLS != nil { // on AWS: from then on a browser comes by https alone
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		next.ServeHTTP(w, r)
	})
}
