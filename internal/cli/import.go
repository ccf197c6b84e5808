package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/photo"
	"cutline/internal/render"
	"cutline/internal/source"
	"cutline/internal/story"
	"cutline/internal/webhook"
)

// imported is the source's name of what was imported.
const imported = "import"

// textBytes is the most of an article's text that is read.
const textBytes = 1 << 20

func (p *program) importText(ctx context.Context, args []string) error {
	f := p.newFlags("import", "FILE --site S [--photo P] [--url U]", `
Takes an article that stands as plain text, as it was copied from a page: headline, dek, caption, dateline and paragraphs
are told apart, promotion is left out. Its card is drawn, the posts are proposed, and the story is printed as JSON. The
same article again changes the same story.

  cutline import article.txt --site en --photo sample/stairs.jpg --url https://news.example/stairs --config sample/cutline.yaml`)
	var l place
	l.flags(f)
	site := f.String("site", "", "`S`: the site that it is for")
	picture := f.String("photo", "", "`P`: its photo, a file")
	address := f.String("url", "", "`U`: the address of its page; without it posts lead to the site's front page")
	var name string
	if err := f.parse(args, []*string{&name}, "site"); err != nil {
		return err
	}
	st, err := p.store(ctx, &l, true)
	if err != nil {
		return err
	}
	c, err := p.configuration(ctx, &l, st)
	if err != nil {
		return err
	}
	sc, ok := c.Sites[*site]
	if !ok {
		return wrong("import: there is no site %q; there are %s", *site, strings.Join(slices.Sorted(maps.Keys(c.Sites)), ", "))
	}
	text, err := readFile(name, textBytes+1)
	if err != nil {
		return fmt.Errorf("reading the article: %w", err)
	}
	if len(text) > textBytes {
		return fmt.Errorf("reading the article: %s is larger than %d bytes; an article's text is not", name, textBytes)
	}
	a, err := article.FromText(string(text), sc.Language)
	if err != nil {
		return fmt.Errorf("reading the article %s: %w", name, err)
	}
	if a.URL = *address; a.URL == "" {
		a.URL = sc.URL
		h := sha256.Sum256([]byte(*site + "\n" + a.Headline))
		a.ID = hex.EncodeToString(h[:16])
	} else {
		a.ID = *address
	}
	k, err := st.Key(ctx, imported, a.ID)
	if err != nil {
		return err
	}
	if *picture != "" {
		if a.Photo.URL, err = keepPhoto(ctx, st, k, *picture); err != nil {
			return err
		}
	}
	own := *c // webhook finds a story's site by its source
	own.Sources = maps.Clone(c.Sources)
	if own.Sources == nil {
		own.Sources = map[string]config.Source{}
	}
	own.Sources[imported] = config.Source{Site: *site}
	if _, err := webhook.Take(ctx, st, &own, imported, source.Delivery{Event: source.Upsert, Article: a}, p.now()); err != nil {
		return fmt.Errorf("keeping the story: %w", err)
	}
	s, err := p.steps(&l, c, st)
	if err != nil {
		return err
	}
	if err := s.render.Look(ctx, k); err != nil {
		return err
	}
	if err := p.carry(ctx, s, c, k, *site); err != nil {
		return err
	}
	return p.printStory(ctx, st, c, k)
}

// keepPhoto puts a photo's bytes into the bucket and returns the address that render knows them by. It has the bytes'
// hash, so that another photo for the same story changes the story.
func keepPhoto(ctx context.Context, st *story.Store, k story.Key, name string) (string, error) {
	data, err := readFile(name, photoBytes)
	if err != nil {
		return "", fmt.Errorf("reading the photo: %w", err)
	}
	h := sha256.Sum256(data)
	key := render.PhotoKey(k) + "/" + hex.EncodeToString(h[:10])
	typ := "application/octet-stream"
	if info := photo.Describe(data, photo.Limits{}); info.Format != "" {
		typ = "image/" + info.Format
	}
	if _, err := st.Bucket.Put(ctx, key, data, typ, bucket.Always); err != nil {
		return "", fmt.Errorf("keeping the photo: %w", err)
	}
	return "bucket:" + key, nil
}
