// Package webhook turns a CMS's delivery into a story.
//
// It owns the route POST /hooks/{source} and the article's half of stories/. It promises: nothing is parsed before its
// signature was verified; 202 is answered only after the story is durably stored; the same delivery twice, or two first
// ones at once, make one story; a delivery that changes nothing changes nothing. What a CMS's payload means is package
// source's business.
package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/source"
	"cutline/internal/story"
)

// Parts is what the handler is made with.
type Parts struct {
	Store  *story.Store
	Config *config.Config
	Now    func() time.Time
	Log    *slog.Logger
	Limit  int64 // bytes of a body; 0: 5 MB, since a Lambda's event ends at 6 MB with its escapes
}

const defaultLimit = 5_000_000

// Answer is what every delivery is answered with.
type Answer struct {
	Story  story.Key         `json:"story,omitempty"`
	Result string            `json:"result,omitempty"` // accepted, unchanged, ignored
	Cards  map[string]string `json:"cards,omitempty"`  // by format: the stable absolute address
	Why    string            `json:"why,omitempty"`
	Error  string            `json:"error,omitempty"` // what is wrong with the request
}

type handler struct {
	Parts
	sources map[string]source.Source
}

// New makes the handler for all configured sources.
func New(p Parts) (http.Handler, error) {
	if p.Limit == 0 {
		p.Limit = defaultLimit
	}
	h := &handler{p, map[string]source.Source{}}
	for name, s := range p.Config.Sources {
		made, err := source.New(name, s, p.Config.Sites[s.Site])
		if err != nil {
			return nil, err
		}
		h.sources[name] = made
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{source}", h.serve)
	mux.HandleFunc("/hooks/{source}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", "POST")
		reply(w, http.StatusMethodNotAllowed, Answer{Error: "a delivery is sent with POST"})
	})
	return mux, nil
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("source")
	log := h.Log.With("source", name)
	defer func() {
		if x := recover(); x != nil {
			log.Error("delivery: our own fault", "panic", fmt.Sprint(x), "stack", string(debug.Stack()))
			reply(w, http.StatusServiceUnavailable, Answer{Error: "a fault of ours: send it again"})
		}
	}()
	src, ok := h.sources[name]
	if !ok {
		reply(w, http.StatusNotFound, Answer{Error: "there is no such source: its name is the last part of the address, as it stands in the configuration"})
		return
	}
	if r.Header.Get("Content-Encoding") != "" {
		reply(w, http.StatusUnsupportedMediaType, Answer{Error: "send the body without Content-Encoding"})
		return
	}
	if typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || typ != "application/json" && !strings.HasSuffix(typ, "+json") {
		reply(w, http.StatusUnsupportedMediaType, Answer{Error: "send the article as application/json"})
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.Limit))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		reply(w, http.StatusRequestEntityTooLarge, Answer{Error: fmt.Sprintf("the body is larger than %d bytes", h.Limit)})
		return
	} else if err != nil {
		reply(w, http.StatusBadRequest, Answer{Error: "the body did not come whole"})
		return
	}
	d, err := src.Read(r.Context(), source.Request{Method: r.Method, Path: r.URL.Path, Header: r.Header, Body: body, Now: h.Now()})
	field, malformed := errors.AsType[*article.FieldError](err)
	switch {
	case errors.Is(err, source.ErrUnauthorized):
		log.Warn("delivery refused", "verdict", "unauthorized")
		reply(w, http.StatusUnauthorized, Answer{Error: "unauthorized"})
		return
	case malformed:
		log.Warn("delivery refused", "verdict", "malformed", "field", field.Field)
		reply(w, http.StatusBadRequest, Answer{Error: field.Error()})
		return
	case err != nil:
		log.Error("delivery: our own fault", "error", err)
		reply(w, http.StatusServiceUnavailable, Answer{Error: "a fault of ours: send it again"})
		return
	}
	a, err := Take(r.Context(), h.Store, h.Config, name, d, h.Now())
	if err != nil {
		log.Error("delivery: our own fault", "error", err)
		reply(w, http.StatusServiceUnavailable, Answer{Error: "a fault of ours: send it again"})
		return
	}
	a.Cards = h.addresses(r, &a.Answer, a.revision)
	log.Info("delivery", "story", string(a.Story), "revision", a.revision, "result", a.Result, "delivery", d.ID)
	reply(w, http.StatusAccepted, a.Answer)
}

// Taken is what became of a delivery.
type Taken struct {
	Answer
	revision int
}

// kept is how many ids of deliveries a story remembers.
const kept = 20

// Take merges a delivery into its story. It is the only way the article's half of a story changes.
func Take(ctx context.Context, st *story.Store, c *config.Config, name string, d source.Delivery, now time.Time) (Taken, error) {
	out := Taken{Answer: Answer{Result: "ignored", Why: d.Why}}
	if d.Event != source.Upsert && d.Event != source.Retract {
		return out, nil
	}
	var k story.Key
	var err error
	if d.Event == source.Retract {
		if k, err = st.Find(ctx, name, d.Article.ID); errors.Is(err, story.ErrNone) {
			out.Why = "nothing of this article was ever published here"
			return out, nil
		}
	} else {
		k, err = st.Key(ctx, name, d.Article.ID)
	}
	if err != nil {
		return out, err
	}
	content, err := contentOf(d)
	if err != nil {
		return out, err
	}
	s, changed, err := st.UpdateStory(ctx, k, func(s *story.Story) error {
		if d.ID != "" && slices.Contains(s.Orders, d.ID) || s.Content == content {
			return nil // the same again, or what already stands
		}
		if s.First.IsZero() {
			s.First = now.UTC()
		}
		s.Source, s.Site, s.Content, s.Received = name, c.Sources[name].Site, content, now.UTC()
		if d.Event == source.Retract {
			s.Off = d.Off
		} else {
			s.Article, s.Off = d.Article, ""
		}
		if d.ID != "" {
			if s.Orders = append(s.Orders, d.ID); len(s.Orders) > kept {
				s.Orders = s.Orders[len(s.Orders)-kept:]
			}
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	out.Story, out.revision, out.Result = k, s.Revision, "unchanged"
	if changed {
		out.Result = "accepted"
	}
	return out, nil
}

// contentOf is the hash of what a delivery says.
func contentOf(d source.Delivery) (string, error) {
	b, err := json.Marshal(struct {
		Event   source.Event
		Off     string
		Article article.Article
	}{d.Event, d.Off, d.Article})
	if err != nil {
		return "", err
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:]), nil
}

// addresses are those that the story's cards will have, whether they are drawn yet or not.
func (h *handler) addresses(r *http.Request, a *Answer, revision int) map[string]string {
	if a.Story == "" {
		return nil
	}
	base := strings.TrimSuffix(h.Config.Public, "/")
	if base == "" {
		scheme := "http"
		if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
			scheme = "https"
		}
		base = scheme + "://" + r.Host
	}
	out := map[string]string{}
	for _, f := range h.Config.Sites[h.Config.Sources[r.PathValue("source")].Site].Formats {
		out[f] = fmt.Sprintf("%s/cards/%s/%s.jpg?v=%d", base, a.Story, f, revision)
	}
	return out
}

func reply(w http.ResponseWriter, status int, a Answer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "10")
	}
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(a) // whoever went away does not want it
}
