package render

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/card"
	"cutline/internal/jpeg"
	"cutline/internal/measure"
	"cutline/internal/photo"
	"cutline/internal/story"
)

// days is how far back Sweep looks.
const days = 3

// Sweep draws what was never drawn: it compares the lists of stories and manifests of the last days, and looks at every
// story whose manifest is missing or older than the story, and at those whose photo could not be had.
func (r *Renderer) Sweep(ctx context.Context) error {
	var errs []error
	var undrawn time.Duration // the longest that a story has waited for its cards
	for i := range days {
		day := r.Now().UTC().AddDate(0, 0, -i).Format(time.DateOnly)
		dossiers, bad, err := r.Store.Drawn(ctx, day)
		if err != nil {
			return err
		}
		for _, b := range bad {
			errs = append(errs, b)
		}
		for _, d := range dossiers {
			if d.Manifest.Revision < d.Story.Revision {
				undrawn = max(undrawn, r.Now().Sub(d.Story.Received))
			}
			if d.Manifest.Revision < d.Story.Revision || r.again(&d.Story, &d.Manifest) {
				if err := r.Look(ctx, d.Story.Key); err != nil {
					errs = append(errs, err)
				}
			}
		}
	}
	r.Log.Info("swept", measure.Seconds("Undrawn", undrawn))
	return errors.Join(append(errs, ctx.Err())...)
}

// Preview draws one format as it would be with the desk's edits, and keeps nothing.
func (r *Renderer) Preview(ctx context.Context, k story.Key, e story.Edits, format string) ([]byte, string, error) {
	s, err := r.Store.Story(ctx, k)
	if err != nil {
		return nil, "", err
	}
	if _, ok := card.Formats[format]; !ok {
		return nil, "", fmt.Errorf("format %q is not known", format)
	}
	var out card.Drawn
	m, err := r.draw(ctx, &s, e, []string{format}, func(_ card.Spec, d card.Drawn) (string, error) { out = d; return "", nil }, nil)
	if err == nil && out.Bytes == nil {
		err = errors.New(m.Held)
	}
	return out.Bytes, out.Card.Type, err
}

// photoWidth is how wide the desk shows a photo to set the focal point on, in pixels.
const photoWidth = 960

// Photo is the story's photo as shown, whole and small, as a JPEG.
func (r *Renderer) Photo(ctx context.Context, k story.Key) (body []byte, contentType string, err error) {
	s, err := r.Store.Story(ctx, k)
	if err != nil {
		return nil, "", err
	}
	ph, _, why, err := r.photo(ctx, &s.Article, true)
	if err == nil && why != "" {
		err = errors.New(why)
	}
	if err != nil || ph == nil {
		return nil, "", err
	}
	r.drawing.Lock()
	defer r.drawing.Unlock()
	defer ph.Release()
	info := ph.Info()
	w := min(photoWidth, info.Width)
	planes, err := ph.Frame(ctx, photo.Rect{X1: 1, Y1: 1}, w, max(1, w*info.Height/max(1, info.Width)), false)
	if err != nil {
		return nil, "", fmt.Errorf("the photo of %s: %w", k, err)
	}
	defer planes.Release()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, planes, jpeg.EncodeOptions{Quality: 80}); err != nil {
		return nil, "", fmt.Errorf("the photo of %s: %w", k, err)
	}
	return out.Bytes(), "image/jpeg", nil
}

// Handler serves /cards/: the stable address of a story's card, /cards/<day>/<id>/<format>.jpg?v=<revision>, drawn on
// demand where a reader is faster than the queue, and the cards' own addresses, which never change. What may not be
// out yet (embargoed, unpublished, unknown, of a revision that does not exist) is 404, kept for a few seconds only.
func (r *Renderer) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		rest, ok := strings.CutPrefix(req.URL.Path, "/cards/")
		dir, name := path.Split(rest)
		k, err := story.ParseKey(strings.TrimSuffix(dir, "/"))
		if !ok || err != nil {
			r.missing(w)
			return
		}
		if fingerprint, _, own := strings.Cut(name, "-"); own && len(fingerprint) == 20 {
			r.send(w, req, "cards/"+rest, "public, max-age=31536000, immutable")
			return
		}
		format, _, _ := strings.Cut(name, ".")
		ctx, seen := story.Watch(req.Context())
		key, err := r.current(ctx, k, format, req.URL.Query().Get("v"))
		if err != nil {
			r.Log.Error("serving a card", "story", string(k), "revision", seen.Revision(k), "error", err)
			http.Error(w, "the card cannot be drawn now", http.StatusServiceUnavailable)
			return
		}
		if key == "" {
			r.missing(w)
			return
		}
		r.send(w, req, key, "public, max-age=60")
	})
}

func (r *Renderer) missing(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "public, max-age=10")
	http.Error(w, "there is no such card", http.StatusNotFound)
}

// current finds the card that stands for the story, drawing it first if need be; empty: there is none to be shown.
func (r *Renderer) current(ctx context.Context, k story.Key, format, v string) (string, error) {
	if _, ok := card.Formats[format]; !ok {
		return "", nil
	}
	s, err := r.Store.Story(ctx, k)
	if errors.Is(err, story.ErrNone) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	if n, err := strconv.Atoi(v); v != "" && (err != nil || n < 1 || n > s.Revision) {
		return "", nil
	}
	if !s.Live() || s.Article.Embargo.After(r.Now()) || s.Article.Doubt != "" {
		return "", nil
	}
	m, err := r.Store.Manifest(ctx, k)
	if err != nil {
		return "", err
	}
	if m.Revision < s.Revision {
		if err := r.Look(ctx, k); err != nil {
			return "", err
		}
		if m, err = r.Store.Manifest(ctx, k); err != nil {
			return "", err
		}
	}
	return m.Cards[format].Key, nil
}

func (r *Renderer) send(w http.ResponseWriter, req *http.Request, key, cache string) {
	o, err := r.Store.Bucket.Get(req.Context(), key)
	if errors.Is(err, bucket.ErrNotFound) {
		r.missing(w)
		return
	} else if err != nil {
		r.Log.Error("reading a card", "key", key, "error", err)
		http.Error(w, "the card cannot be read now", http.StatusServiceUnavailable)
		return
	}
	h := w.Header()
	h.Set("Content-Type", o.Type)
	h.Set("Cache-Control", cache)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Access-Control-Allow-Origin", "*")
	tag := `"` + strings.Trim(o.ETag, `"`) + `"`
	h.Set("ETag", tag)
	if req.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(o.Body)))
	if req.Method == http.MethodGet {
		_, _ = w.Write(o.Body) // whoever went away does not want it
	}
}
