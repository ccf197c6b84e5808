package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"cutline/internal/source"
	"cutline/internal/story"
	"cutline/internal/webhook"
)

// cardTime is how long fire waits for a sample's card.
const cardTime = 30 * time.Second

// fire sends the samples as their CMS would and tells what came of them. The same samples again are known: nothing is
// changed by them.
func (s *server) fire(ctx context.Context) error {
	payloads, err := filepath.Glob(filepath.Join(s.sample, "*.json"))
	if err != nil {
		return err
	}
	for _, name := range payloads {
		if err := s.fireOne(ctx, name); err != nil {
			return fmt.Errorf("sample %s: %w", name, err)
		}
	}
	_, err = fmt.Fprintf(s.p.stdout, `
the desk     %s/
the networks %s/sim/, simulated: what is posted stands there
feeds        %s/feeds/SITE.xml, SITE.atom and SITE.json, once something is posted
next         open the desk and press Approve: the story goes to the networks, to its feed and to the log in %s
             or on another terminal: bin/cutline stories --data %s
             Ctrl-C stops; "make run" again goes on with what is there
`, s.base, s.base, s.base, filepath.Join(s.folder, "logs"), s.folder)
	return err
}

func (s *server) fireOne(ctx context.Context, name string) error {
	body, err := readFile(name, payloadBytes)
	if err != nil {
		return err
	}
	// The address in the samples is serve's usual one; where it listens elsewhere, so are its photos.
	body = bytes.ReplaceAll(body, []byte("http://"+defaultAddr+"/"), []byte(s.base+"/"))
	var payload struct {
		Data struct {
			Language string `json:"language"`
			Headline string `json:"headline"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &payload); err != nil {
		return err
	}
	from, src, err := s.sourceOf(payload.Data.Language)
	if err != nil {
		return err
	}
	status, answer, err := deliver(ctx, src, body, "", s.base+"/hooks/"+from, s.p.now())
	if err != nil {
		return err
	}
	fmt.Fprintf(s.p.stdout, "\n%s\n  sent to      %s/hooks/%s, signed\n  answer       %d %s", payload.Data.Headline, s.base, from, status, answer)
	var a webhook.Answer
	if err := json.Unmarshal(answer, &a); err != nil || a.Story == "" {
		return fmt.Errorf("the webhook did not take it: %d %s", status, bytes.TrimSpace(answer))
	}
	m, err := s.drawn(ctx, a.Story)
	if err != nil {
		return err
	}
	for _, format := range sortedNames(m.Cards) {
		c := m.Cards[format]
		fmt.Fprintf(s.p.stdout, "  card         %s (%d×%d, %s)\n", filepath.Join(s.folder, filepath.FromSlash(c.Key)), c.Width, c.Height, m.Credit)
	}
	if m.Photo != "" {
		fmt.Fprintf(s.p.stdout, "  no photo     %s\n", m.Photo)
	}
	_, err = fmt.Fprintf(s.p.stdout, "  at the desk  %s/story/%s\n", s.base, a.Story)
	return err
}

// sourceOf finds the source of our own kind that feeds a site of the language.
func (s *server) sourceOf(language string) (string, source.Source, error) {
	for _, name := range sortedNames(s.config.Sources) {
		c := s.config.Sources[name]
		if c.Kind == "cutline" && s.config.Sites[c.Site].Language == language {
			src, err := source.New(name, c, s.config.Sites[c.Site])
			return name, src, err
		}
	}
	var none source.Source
	return "", none, fmt.Errorf("the configuration has no source of kind cutline for a site in %q", language)
}

// drawn waits until the cards of the story's present revision are there.
func (s *server) drawn(ctx context.Context, k story.Key) (story.Manifest, error) {
	ctx, cancel := context.WithTimeout(ctx, cardTime)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		d, err := s.store.Load(ctx, k)
		if err != nil {
			return story.Manifest{}, err
		}
		if d.Manifest.Revision >= d.Story.Revision {
			return d.Manifest, nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return story.Manifest{}, fmt.Errorf("waiting for the card of %s: %w", k, ctx.Err())
		}
	}
}

// samplePhoto serves the samples' photos, so that they are fetched by http as a CMS's are.
func (s *server) samplePhoto(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if filepath.Ext(name) != ".jpg" || filepath.Base(name) != name {
		http.NotFound(w, r)
		return
	}
	root, err := os.OpenRoot(s.sample)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer root.Close()
	http.ServeFileFS(w, r, root.FS(), name)
}
