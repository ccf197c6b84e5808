package render

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	Logo    *card.Logo     // nil: none
	OnLight *card.Logo     // the one for light ground; nil: Logo
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
	for key, into := range map[string]**card.Logo{site.Logo: &out.Logo, site.LogoLight: &out.OnLight} {
		if key == "" {
			continue
		}
		data, err := os.ReadFile(beside(dir, key))
		if err == nil {
			*into, err = card.ReadLogo(data)
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

// Looks keeps the looks of sites until one of their files changes.
type Looks struct {
	mu   sync.Mutex
	open map[string]opened
}

type opened struct {
	stamp string // of the files
	look  Look
}

// Get is the look of a site, by its name, and a stamp that changes with its theme's and its logos' files. What is wrong
// is looked at anew each time.
func (l *Looks) Get(name string, site config.Site, dir string, base *typeset.Fonts) (look Look, stamp string, err error) {
	var of strings.Builder
	for _, file := range []string{site.Theme, site.Logo, site.LogoLight} {
		of.WriteString(file)
		if info, err := os.Stat(beside(dir, file)); file != "" && err == nil {
			fmt.Fprintf(&of, " %d %d", info.Size(), info.ModTime().UnixNano())
		}
		of.WriteByte('\n')
	}
	stamp = of.String()
	l.mu.Lock()
	defer l.mu.Unlock()
	if o, ok := l.open[name]; ok && o.stamp == stamp {
		return o.look, stamp, nil
	}
	if look, err = OpenLook(site, dir, base); err != nil {
		return look, stamp, fmt.Errorf("the look of %s: %w", name, err)
	}
	if l.open == nil {
		l.open = map[string]opened{}
	}
	l.open[name] = opened{stamp, look}
	return look, stamp, nil
}

// look is a site's.
func (r *Renderer) look(name string) (Look, error) {
	look, _, err := r.looks.Get(name, r.Config.Sites[name], r.Dir, r.Fonts)
	return look, err
}

// Ready opens every site's look, so that a broken theme is told when a process starts and not by the first story.
func (r *Renderer) Ready() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(r.Config.Sites)) {
		_, err := r.look(name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
