// Package webhook makes stories of what sources send: POST /hooks/{source}. It owns the order of things (size,
// signature, reading, storing, answering), which of two deliveries of one article counts, and the reading of a CMS
// for what its webhooks missed ([Webhook.Tick]). It promises that a request is answered 2xx only after the story is
// durable, that the same content changes nothing however often it comes, and that an older delivery never replaces a
// newer one. Drawing and posting are others' business.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/source"
	"cutline/internal/story"
)

const (
	maxBody  = 5_000_000
	bodyTime = 10 * time.Second        // for a body to arrive
	complete = 1200 * time.Millisecond // for reading the CMS's API before the answer: the shortest patience of a CMS is 2 s
)

// Parts is what the handler is made with.
type Parts struct {
	Store  *story.Store
	Config *config.Config
	Now    func() time.Time
	Log    *slog.Logger
	Net    source.Net // how sources read a CMS's API and pages; zero: they do not
	Limit  int64      // bytes of a body; 0: 5 MB, since what Lambda can be handed ends at 6 MB, escapes included
}

// Webhook is the handler. It may be used from several goroutines and processes.
type Webhook struct {
	Parts
	sources    map[string]source.Source
	perSource  limiter // verified requests, by source
	perAddress limiter // refused requests, by client address

	last lasts // deliveries, by source

	mu       sync.Mutex
	glimpses map[string]glimpse // of stories, by object key, for pulls
	ticked   map[string]bool    // sources that this process has pulled already
}

// New makes the handler for all sources of the configuration.
func New(p Parts) (*Webhook, error) {
	if p.Limit == 0 {
		p.Limit = maxBody
	}
	// What a CMS sends in a bulk edit fits into the burst; what a stuck script sends does not fill the bucket.
	w := &Webhook{Parts: p, sources: map[string]source.Source{}, perSource: limiter{rate: 500, burst: 1500}, perAddress: limiter{rate: 20, burst: 1000}}
	for name, sc := range p.Config.Sources {
		s, err := source.New(name, sc, p.Config.Sites[sc.Site])
		if err != nil {
			return nil, err
		}
		w.sources[name] = s.With(p.Net)
	}
	return w, nil
}

// Answer is what a webhook is answered with.
type Answer struct {
	Story  story.Key         `json:"story,omitempty"`  // empty: it is about none
	Result string            `json:"result,omitempty"` // accepted, unchanged or ignored; empty with a status that is no success
	Cards  map[string]string `json:"cards,omitempty"`  // by format: the stable absolute address of the card, drawn or not
	Why    string            `json:"why,omitempty"`    // in words
	Error  string            `json:"error,omitempty"`  // what is wrong with the request; with 401 nothing more than the status says
}

// A refusal is an answer that is no success.
type refusal struct {
	status  int
	why     string // for the sender
	reason  string // for the desk; empty: why
	verdict source.Verdict
	after   time.Duration // Retry-After
}

// ServeHTTP answers POST /hooks/{source}. More of a path after the source is passed over, so that a CMS that wants a
// different address for each event can have it. A GET with hub.challenge confirms a WebSub subscription.
func (w *Webhook) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rest, ours := strings.CutPrefix(r.URL.Path, "/hooks/")
	name, _, _ := strings.Cut(rest, "/")
	src, known := w.sources[name]
	switch {
	case !ours || !known:
		w.refuse(rw, refusal{status: http.StatusNotFound, why: "there is no such source: its name is the last part of the address, as it stands in the configuration"})
		return
	case r.Method == http.MethodGet && src.Pushed() && r.URL.Query().Get("hub.mode") != "":
		w.confirm(rw, r, src)
		return
	case r.Method != http.MethodPost:
		rw.Header().Set("Allow", "POST")
		w.refuse(rw, refusal{status: http.StatusMethodNotAllowed, why: "a delivery is sent with POST"})
		return
	}
	req := source.Request{Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header, Now: w.Now()}
	answer, no := w.guarded(rw, r, src, &req)
	if no != nil {
		if no.verdict != "" {
			w.keep(r.Context(), src, req, *no)
		}
		w.refuse(rw, *no)
		return
	}
	write(rw, http.StatusAccepted, answer)
}

// guarded is take; a payload that finds a fault of ours costs only its own request.
func (w *Webhook) guarded(rw http.ResponseWriter, r *http.Request, src source.Source, req *source.Request) (a Answer, no *refusal) {
	defer func() {
		if x := recover(); x != nil {
			a, no = Answer{}, w.fault(src, fmt.Errorf("panic: %v\n%s", x, debug.Stack()))
		}
	}()
	return w.take(rw, r, src, req)
}

// take does all of a POST but the answering.
func (w *Webhook) take(rw http.ResponseWriter, r *http.Request, src source.Source, req *source.Request) (Answer, *refusal) {
	address := client(r)
	if wait := w.perAddress.peek(address, req.Now); wait > 0 {
		return Answer{}, &refusal{status: http.StatusTooManyRequests, why: "too many requests that were refused", after: wait}
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return Answer{}, &refusal{status: http.StatusUnsupportedMediaType, why: remark.Say("body-encoded"), verdict: source.Malformed}
	}
	if r.ContentLength > w.Limit {
		return Answer{}, w.tooLarge()
	}
	body, err := readBody(rw, r, w.Limit)
	var big *http.MaxBytesError
	var slow net.Error
	switch {
	case errors.As(err, &big):
		return Answer{}, w.tooLarge()
	case errors.As(err, &slow) && slow.Timeout():
		return Answer{}, &refusal{status: http.StatusRequestTimeout, why: "the body did not arrive in time"}
	case err != nil:
		return Answer{}, &refusal{status: http.StatusBadRequest, why: "the body did not arrive whole"}
	}
	req.Body = body
	if err := src.Verify(r.Context(), *req); errors.Is(err, source.ErrUnauthorized) {
		w.perAddress.take(address, req.Now)
		return Answer{}, &refusal{status: http.StatusUnauthorized, why: "unauthorized", reason: err.Error(), verdict: source.Unauthorized}
	} else if err != nil {
		return Answer{}, w.fault(src, err)
	}
	if wait := w.perSource.take(src.Name, req.Now); wait > 0 {
		return Answer{}, &refusal{status: http.StatusTooManyRequests, why: "too many requests", after: wait}
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Header.Get("Content-Type") != "" && (err != nil || !src.Reads(media)) {
		return Answer{}, &refusal{status: http.StatusUnsupportedMediaType, why: remark.Say("media-other", src.Media()), verdict: source.Malformed}
	}
	answer, no := w.takeAll(r, src, *req)
	if no == nil {
		base := strings.TrimRight(w.Config.Public, "/")
		if base == "" {
			base = scheme(r) + "://" + r.Host
		}
		for format, path := range answer.Cards {
			answer.Cards[format] = base + path
		}
	}
	return answer, no
}

// readBody reads at most limit bytes, for as long as bodyTime. Where a deadline cannot be set (Lambda, tests) the whole
// body is there already.
func readBody(rw http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	c := http.NewResponseController(rw)
	if err := c.SetReadDeadline(time.Now().Add(bodyTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, limit))
	if end := c.SetReadDeadline(time.Time{}); err == nil && end != nil && !errors.Is(end, http.ErrNotSupported) {
		err = end
	}
	return body, err
}

// takeAll reads a verified request and stores what it says. The answer is that of the first article that it is about.
func (w *Webhook) takeAll(r *http.Request, src source.Source, req source.Request) (Answer, *refusal) {
	var answers []Answer
	for _, d := range src.Read(r.Context(), req) {
		if d.Verdict == source.Malformed {
			return Answer{}, &refusal{status: http.StatusBadRequest, why: d.Why, verdict: source.Malformed}
		}
		ctx, seen := story.Watch(r.Context())
		t, err := w.apply(ctx, src, d, req.Now, complete)
		if err != nil {
			key, revision := seen.Last()
			return Answer{}, w.fault(src, err, "story", string(key), "revision", revision, "event", string(d.Event), "id", d.Article.ID)
		}
		w.Log.Info("delivery", "source", src.Name, "story", string(t.Story), "revision", t.story.Revision, "result", t.Result, "event", string(d.Event), "delivery", d.ID, "why", t.Why)
		at := req.Now.UTC()
		w.note(ctx, src, last{story.Delivered{At: at, Event: string(d.Event), Result: t.Result, Why: t.Why, Story: t.Story}, t.story.Came.Equal(at)})
		t.Cards = w.cards(t)
		answers = append(answers, t.Answer)
	}
	if len(answers) == 0 {
		return Answer{Result: "ignored", Why: "it is about no article"}, nil
	}
	return answers[0], nil
}

// fault is a refusal that is ours: the sender should try again. about is what is known of the delivery, for the log.
func (w *Webhook) fault(src source.Source, err error, about ...any) *refusal {
	w.Log.Error("webhook not taken", append([]any{"source", src.Name, "error", err}, about...)...)
	return &refusal{status: http.StatusServiceUnavailable, why: "a fault of ours: send it again", after: 5 * time.Second}
}

func (w *Webhook) tooLarge() *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, why: remark.Say("body-too-large", w.Limit), verdict: source.Malformed}
}

func (w *Webhook) refuse(rw http.ResponseWriter, no refusal) {
	if no.after > 0 {
		rw.Header().Set("Retry-After", fmt.Sprint(int((no.after+time.Second-1)/time.Second)))
	}
	write(rw, no.status, Answer{Error: no.why})
}

func write(rw http.ResponseWriter, status int, a Answer) {
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.Header().Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	e := json.NewEncoder(rw)
	e.SetEscapeHTML(false)
	e.Encode(a) // who hung up does not read it, and the story is kept all the same
}

func scheme(r *http.Request) string {
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		return "https"
	}
	return "http"
}

func client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// cards are the paths at which the story's cards are or will be.
func (w *Webhook) cards(t Taken) map[string]string {
	if t.Story == "" || !t.story.Live() {
		return nil
	}
	out := map[string]string{}
	for _, f := range w.Config.Sites[t.story.Site].Formats {
		out[f] = fmt.Sprintf("/cards/%s/%s.jpg?v=%d", t.Story, f, t.story.Revision)
	}
	return out
}

// detached outlives its request: for keeping what was refused, and for writing down what is to be read later.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}
