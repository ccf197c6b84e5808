package render

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"cutline/internal/card"
	"cutline/internal/config"
	"cutline/internal/typeset"
)

// Look is what a site's cards are drawn with.
type Look struct {
	Theme   *card.Theme    // in the site's colours
	Fonts   *typeset.Fonts // the program's and the theme's own
	Logo    []byte         // a picture file; empty: none
	OnLight []byte         // the one for light ground; empty: Logo
}

// OpenLook reads a site's theme, its fonts and its logos, which lie in dir, the configuration's folder. All that is wrong
// with them comes as one error, which says what to do.
func OpenLook(site config.Site, dir string, base *typeset.Fonts) (Look, error) {
	var out Look
	var errs []error
	theme, err := card.OpenTheme(site.Theme, dir)
	if err == nil {
		out.Theme, err = theme.With(site.Accent, site.Sections)
	}
	if err != nil {
		errs = append(errs, fmt.Errorf("theme: %w", err))
	} else {
		out.Fonts = base.With(theme.Files()...)
	}
	for key, into := range map[string]*[]byte{site.Logo: &out.Logo, site.LogoLight: &out.OnLight} {
		if key == "" {
			continue
		}
		if *into, err = os.ReadFile(beside(dir, key)); err == nil {
			_, err = card.ReadLogo(*into)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("logo %s: %w", key, err))
		}
	}
	return out, errors.Join(errs...)
}

func beside(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// looks keeps the sites' looks until their files change.
type looks struct {
	mu   sync.Mutex
	open map[string]opened
}

type opened struct {
	stamp string // of the files
	look  Look
}

// get is the look of a site. It is read again when its theme's or its logos' file has changed.
func (l *looks) get(name string, site config.Site, dir string, base *typeset.Fonts) (Look, error) {
	var stamp strings.Builder
	for _, file := range []string{site.Theme, site.Logo, site.LogoLight} {
		if info, err := os.Stat(beside(dir, file)); file != "" && err == nil {
			fmt.Fprintf(&stamp, "%s %d %d\n", file, info.Size(), info.ModTime().UnixNano())
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if o, ok := l.open[name]; ok && o.stamp == stamp.String() {
		return o.look, nil
	}
	look, err := OpenLook(site, dir, base)
	if err != nil {
		return look, fmt.Errorf("the look of site %s: %w", name, err)
	}
	if l.open == nil {
		l.open = map[string]opened{}
	}
	l.open[name] = opened{stamp.String(), look}
	return look, nil
}

// Ready opens every site's look, so that a broken theme is told when a process starts and not by the first story.
func (r *Renderer) Ready() error {
	var errs []error
	for name, site := range r.Config.Sites {
		_, err := r.looks.get(name, site, r.Dir, r.Fonts)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
