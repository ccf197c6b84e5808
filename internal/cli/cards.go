package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"cutline/fonts"
	"cutline/internal/card"
	"cutline/internal/config"
	"cutline/internal/gallery"
	"cutline/internal/photo"
	"cutline/internal/render"
	"cutline/internal/typeset"
)

func (p *program) render(ctx context.Context, args []string) error {
	f := p.newFlags("render", "--headline H --out O [--photo P] [flags]", `
Draws one card from files, without a story, and prints "card I MS" after each: its number and the milliseconds it took.
Without --credit the photo's own metadata is asked; a photo that nobody is named for is not shown. --out ending in .png
makes a PNG, else a JPEG.

  cutline render --photo sample/stairs.jpg --headline "A Century-Old Staircase Reopens" --out card.jpg`)
	var o render.OneOptions
	f.StringVar(&o.Photo, "photo", "", "`P`: the picture file; without it the card is of text alone")
	f.StringVar(&o.Headline, "headline", "", "`H`: the headline")
	f.StringVar(&o.Credit, "credit", "", "`C`: whose photo it is")
	f.StringVar(&o.Section, "section", "", "`S`: the section")
	f.StringVar(&o.Dek, "dek", "", "`D`: the line under the headline")
	f.StringVar(&o.Lang, "lang", "en", "`L`: the language tag")
	f.StringVar(&o.Theme, "theme", "default", "`T`: the theme, by its name or as a YAML file")
	f.StringVar(&o.Logo, "logo", "", "`F`: a picture file drawn in place of the site's name")
	f.StringVar(&o.Site, "site", "", "`N`: the site's name as it stands on the card")
	f.StringVar(&o.Format, "format", "og", "`F`: "+strings.Join(formats(), ", "))
	f.StringVar(&o.Out, "out", "", "`O`: the file to write")
	f.StringVar(&o.Explain, "explain", "", "`F`: a file for the last card's layout, crop, contrast and glyphs, as JSON")
	f.IntVar(&o.Repeat, "repeat", 1, "`N`: draw it so many times, each from the start; the headline of card I > 1 is \"H I\"")
	if err := f.parse(args, nil, "headline", "out"); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(o.Headline) == "":
		return wrong("render: the headline is empty")
	case !slices.Contains(formats(), o.Format):
		return wrong("render: there is no format %q; there are %s", o.Format, strings.Join(formats(), ", "))
	case o.Repeat < 1:
		return wrong("render: --repeat wants 1 or more")
	}
	return render.One(ctx, o, typeset.NewFonts(fonts.All()...), p.now, p.stdout)
}

func (p *program) gallery(ctx context.Context, args []string) error {
	f := p.newFlags("gallery", "--out DIR [--theme T]", `
Draws a theme as a page: every format with every script, hard headlines and hard photos. T is a built-in theme or a
theme's YAML file. While you change a theme, serve shows the same at /themes/ and draws it anew with each change.

  cutline gallery --theme photo-led --out gallery`)
	theme := f.String("theme", "default", "`T`: the theme, by its name or as a YAML file")
	out := f.String("out", "", "`DIR`: the folder for the page and its pictures")
	if err := f.parse(args, nil, "out"); err != nil {
		return err
	}
	look, err := render.OpenLook(config.Site{Theme: *theme}, "", typeset.NewFonts(fonts.All()...))
	if err != nil {
		return err
	}
	if err := gallery.Build(ctx, *theme, look, *out, p.stderr); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, filepath.Join(*out, "index.html"))
	return err
}

// formats lists the names of the formats, og first.
func formats() []string {
	var out []string
	for name := range card.Formats {
		if name != "og" {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return append([]string{"og"}, out...)
}

// photoBytes is as much of a picture file as is read: more than any that is taken, so that a larger one is refused by
// package photo and for its size.
const photoBytes = 64 << 20

func (p *program) photo(_ context.Context, args []string) error {
	f := p.newFlags("photo", "FILE", `
Prints as JSON whether a picture file will do for a card, and what its metadata says: size after turning it upright,
credit and where it was found, caption, creators, copyright, alt text, usage terms. The exit code is 0 for a picture that
is refused, too: "verdict" says so.

  cutline photo sample/stairs.jpg`)
	var name string
	if err := f.parse(args, []*string{&name}); err != nil {
		return err
	}
	data, err := readFile(name, photoBytes)
	if err != nil {
		return fmt.Errorf("reading the photo: %w", err)
	}
	return p.print(photo.DescribeFile(filepath.Base(name), data, photo.Limits{}))
}

// readFile reads a file, and no more of it than limit bytes. "-" is not special: a file may be called so.
func readFile(name string, limit int64) (data []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, limit))
}
