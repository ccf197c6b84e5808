package gallery

import (
	"bytes"
	"errors"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"cutline/internal/card"
	"cutline/internal/config"
	"cutline/internal/render"
	"cutline/internal/typeset"
)

// Live serves the gallery at /themes/ for whoever makes a theme: the built-in ones, and each site's own.
type Live struct {
	Sites map[string]config.Site // by name
	Dir   string                 // the configuration's folder
	Fonts *typeset.Fonts
	Log   *slog.Logger

	mu    sync.Mutex // one card at a time: the page asks for all at once
	looks render.Looks
}

// Handler serves /themes/, /themes/THEME/ and what these pages ask for.
func (l *Live) Handler() (http.Handler, error) {
	t, err := parsePage()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /themes/{$}", l.list)
	mux.HandleFunc("GET /themes/page.css", l.file("page.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET /themes/page.js", l.file("page.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /themes/{theme}/{$}", func(w http.ResponseWriter, r *http.Request) { l.page(w, r, t) })
	mux.HandleFunc("GET /themes/{theme}/version", l.version)
	mux.HandleFunc("GET /themes/{theme}/{group}/{name}/{format}", l.card)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	}), nil
}

// names are the themes' in addresses: the built-in ones, then "site-" and a site's name.
func (l *Live) names() []string {
	out := card.Themes()
	for _, s := range slices.Sorted(maps.Keys(l.Sites)) {
		out = append(out, "site-"+s)
	}
	return out
}

// look is a theme's, and a stamp that changes with its files.
func (l *Live) look(theme string) (render.Look, string, error) {
	site := config.Site{Theme: theme}
	if name, own := strings.CutPrefix(theme, "site-"); own {
		site = l.Sites[name]
	}
	return l.looks.Get(theme, site, l.Dir, l.Fonts)
}

func (l *Live) list(w http.ResponseWriter, _ *http.Request) {
	const text = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Themes</title>
<link rel="stylesheet" href="/themes/page.css"><h1>Themes</h1><ul class="themes">{{range .}}<li><a href="/themes/{{.}}/"><img src="/themes/{{.}}/scripts/en/og" width="400" height="210" alt=""> {{.}}</a>{{end}}</ul></html>`
	var b bytes.Buffer
	if err := template.Must(template.New("themes").Parse(text)).Execute(&b, l.names()); err != nil {
		l.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // whoever went away does not want it
}

func (l *Live) page(w http.ResponseWriter, r *http.Request, t *template.Template) {
	theme := r.PathValue("theme")
	if !slices.Contains(l.names(), theme) {
		http.NotFound(w, r)
		return
	}
	_, stamp, err := l.look(theme)
	p := page{Theme: theme, Formats: Formats, Live: true, Version: stamp, Base: "/themes/"}
	if err != nil {
		p.Fault = err.Error()
	}
	groups, err := Groups()
	if err != nil {
		l.fail(w, err)
		return
	}
	for _, g := range groups {
		if p.Fault != "" {
			break
		}
		s := shown{Group: g}
		for _, c := range g.Cases {
			f := figure{Case: c}
			for _, format := range Formats {
				size := card.Formats[format]
				f.Cards = append(f.Cards, picture{Format: format, W: size.W, H: size.H, Src: "/themes/" + url.PathEscape(theme) + "/" + g.Name + "/" + c.Name + "/" + format})
			}
			s.Figures = append(s.Figures, f)
		}
		p.Groups = append(p.Groups, s)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		l.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // whoever went away does not want it
}

// version is the theme's, for the page that waits for another.
func (l *Live) version(w http.ResponseWriter, r *http.Request) {
	if !slices.Contains(l.names(), r.PathValue("theme")) {
		http.NotFound(w, r)
		return
	}
	_, stamp, _ := l.look(r.PathValue("theme")) // what is wrong with it the page says
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(stamp)) // whoever went away does not want it
}

func (l *Live) card(w http.ResponseWriter, r *http.Request) {
	c, ok := find(r.PathValue("group"), r.PathValue("name"))
	format := r.PathValue("format")
	if !ok || !slices.Contains(Formats, format) || !slices.Contains(l.names(), r.PathValue("theme")) {
		http.NotFound(w, r)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	look, _, err := l.look(r.PathValue("theme"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	ph, err := c.open()
	if err != nil {
		l.fail(w, err)
		return
	}
	if ph != nil {
		defer ph.Release()
	}
	d, err := c.Draw(r.Context(), look, ph, format)
	if _, missing := errors.AsType[*typeset.MissingError](err); missing {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	} else if err != nil {
		l.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", d.Card.Type)
	w.Header().Set("X-Card", strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '-'
		}
		return r
	}, note(d)))
	_, _ = w.Write(d.Bytes) // whoever went away does not want it
}

func (l *Live) file(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		data, err := files.ReadFile(name)
		if err != nil {
			l.fail(w, err)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(data) // whoever went away does not want it
	}
}

func (l *Live) fail(w http.ResponseWriter, err error) {
	l.Log.Error("gallery", "error", err)
	http.Error(w, "our own fault; it is in the log", http.StatusInternalServerError)
}
