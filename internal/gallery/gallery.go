// Package gallery shows a theme: every format with every script, hard headlines and hard photos, on one page.
//
// It owns the cases, invented headlines and free photos that are built in, and the page. [Build] writes them as files;
// [Handler] serves the same live, draws each card when it is looked at, and anew when the theme's file has changed. How a
// card is drawn is package card's business, what a site's look is package render's.
package gallery

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"slices"

	"cutline/internal/article"
	"cutline/internal/card"
	"cutline/internal/photo"
	"cutline/internal/render"
	"cutline/internal/typeset"
)

//go:embed cases.json photos/*.jpg page.html page.css page.js
var files embed.FS

// Group is cases of one kind.
type Group struct {
	Name  string `json:"name"`  // scripts, headlines, photos
	Title string `json:"title"` // for the page
	Cases []Case `json:"cases"`
}

// Case is a story that is hard on a theme.
type Case struct {
	Name     string `json:"name"`
	About    string `json:"about"`    // what is hard about it
	Lang     string `json:"lang"`     // BCP 47
	Headline string `json:"headline"` // one line
	Dek      string `json:"dek"`
	Section  string `json:"section"`
	Kicker   string `json:"kicker"`
	Year     int    `json:"year"`
	Site     string `json:"site"`
	Photo    string `json:"photo"`  // one of photos/; empty: none
	Credit   string `json:"credit"` // whose it is; empty: nobody is named
}

// Formats are shown in this order.
var Formats = []string{"og", "wide", "square", "portrait", "vertical"}

// Groups reads the cases.
func Groups() ([]Group, error) {
	data, err := files.ReadFile("cases.json")
	if err != nil {
		return nil, err
	}
	var out []Group
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("reading the gallery's cases: %w", err)
	}
	return out, nil
}

// open opens a case's photo, nil where it has none. One Photo serves all formats of a case.
func (c *Case) open() (*photo.Photo, error) {
	if c.Photo == "" {
		return nil, nil
	}
	data, err := files.ReadFile("photos/" + c.Photo)
	if err != nil {
		return nil, err
	}
	return photo.Open(data, photo.Limits{})
}

// Draw draws the case in a format. ph is what open gave.
func (c *Case) Draw(ctx context.Context, look render.Look, ph *photo.Photo, format string) (card.Drawn, error) {
	s := card.Spec{
		Format: format, Theme: look.Theme, Logo: look.Logo, OnLight: look.OnLight, Language: c.Lang, Headline: c.Headline, Dek: c.Dek, Section: c.Section, Kicker: c.Kicker, Year: c.Year,
		Credit: c.Credit, Site: c.Site, PhotoTag: c.Photo, Rights: photo.Rights{Credit: c.Credit},
	}
	line := ""
	if c.Credit != "" && c.Photo != "" {
		line = card.CreditLine(c.Credit, c.Lang)
	}
	s.Rights.Alt = card.Alt(c.Headline, article.Photo{}, line)
	return card.Draw(ctx, s, ph, look.Fonts)
}

// page is what page.html shows.
type page struct {
	Theme   string // its name
	Fault   string // why it cannot be shown; empty: it can
	Formats []string
	Groups  []shown
	Live    bool   // the page asks whether the theme has changed
	Version string // of the theme, live
	Base    string // before the addresses of page.css, page.js and the cards
}

type shown struct {
	Group
	Figures []figure
}

// figure is a row of the page: a case in every format.
type figure struct {
	Case
	Cards []picture
}

type picture struct {
	Format string
	Src    string
	W, H   int
	Note   string // layout, contrast, size and reasons; empty: not drawn yet
	Fault  string // why there is no card
}

func parsePage() (*template.Template, error) { return template.ParseFS(files, "page.html") }

// Build writes a theme's cards and index.html into a folder, and says on progress which case is being drawn. A letter
// without a font is no error: the page says which pack has it.
func Build(ctx context.Context, theme string, look render.Look, dir string, progress io.Writer) error {
	groups, err := Groups()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the gallery's folder: %w", err)
	}
	p := page{Theme: theme, Formats: Formats}
	for _, g := range groups {
		s := shown{Group: g}
		for _, c := range g.Cases {
			if _, err := fmt.Fprintf(progress, "%s %s\n", g.Name, c.Name); err != nil {
				return err
			}
			f, err := c.write(ctx, look, g.Name, dir)
			if err != nil {
				return err
			}
			s.Figures = append(s.Figures, f)
		}
		p.Groups = append(p.Groups, s)
	}
	for _, name := range []string{"page.css", "page.js"} {
		data, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return fmt.Errorf("writing the gallery: %w", err)
		}
	}
	t, err := parsePage()
	if err != nil {
		return err
	}
	index, err := os.Create(filepath.Join(dir, "index.html"))
	if err != nil {
		return fmt.Errorf("writing the gallery: %w", err)
	}
	return errors.Join(t.Execute(index, p), index.Close())
}

// write draws a case in all formats.
func (c *Case) write(ctx context.Context, look render.Look, group, dir string) (figure, error) {
	f := figure{Case: *c}
	ph, err := c.open()
	if err != nil {
		return f, err
	}
	if ph != nil {
		defer ph.Release()
		if err := ph.Prepare(ctx, 1600, 1920); err != nil {
			return f, err
		}
	}
	for _, format := range Formats {
		size := card.Formats[format]
		pic := picture{Format: format, W: size.W, H: size.H, Src: fmt.Sprintf("%s-%s-%s.jpg", group, c.Name, format)}
		d, err := c.Draw(ctx, look, ph, format)
		if m, missing := errors.AsType[*typeset.MissingError](err); missing {
			pic.Fault, pic.Src = m.Error(), ""
		} else if err != nil {
			return f, fmt.Errorf("drawing %s %s: %w", c.Name, format, err)
		} else {
			pic.Note = note(d)
			if err := os.WriteFile(filepath.Join(dir, pic.Src), d.Bytes, 0o644); err != nil {
				return f, fmt.Errorf("writing the gallery: %w", err)
			}
		}
		f.Cards = append(f.Cards, pic)
	}
	return f, nil
}

// note says why a card is as it is, in one line.
func note(d card.Drawn) string {
	n := fmt.Sprintf("%s · contrast %.1f", d.Explain.Layout, d.Explain.Contrast)
	if d.Explain.Scrim > 0 {
		n += fmt.Sprintf(" · scrim %.2f", d.Explain.Scrim)
	}
	n += fmt.Sprintf(" · %d KB", (len(d.Bytes)+999)/1000)
	if d.Short {
		n += " · headline cut"
	}
	if d.Explain.Why != "" {
		n += " · " + d.Explain.Why
	}
	return n
}

// find is a case by its group and name.
func find(group, name string) (Case, bool) {
	groups, err := Groups()
	if err != nil {
		return Case{}, false
	}
	for _, g := range groups {
		i := slices.IndexFunc(g.Cases, func(c Case) bool { return c.Name == name })
		if g.Name == group && i >= 0 {
			return g.Cases[i], true
		}
	}
	return Case{}, false
}
