package source

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"cutline/internal/article"
)

// A Recorded request is one as it stands in a file: what a CMS really sent.
type Recorded struct {
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Headers [][2]string `json:"headers"`               // name and value, in the order they came
	Body    *string     `json:"body,omitempty"`        // as text, exact
	Base64  *string     `json:"body_base64,omitempty"` // or encoded
	At      time.Time   `json:"received_at,omitzero"`  // when it came
}

// ParseRecorded reads a recorded request from JSON.
func ParseRecorded(data []byte) (Recorded, error) {
	var rec Recorded
	if err := json.Unmarshal(data, &rec); err != nil {
		return rec, fmt.Errorf("reading a recorded request: %w", err)
	}
	if rec.Body == nil && rec.Base64 == nil {
		return rec, errors.New("reading a recorded request: it has neither body nor body_base64")
	}
	return rec, nil
}

// Request is the recorded request as it came.
func (rec Recorded) Request() (Request, error) {
	r := Request{Method: rec.Method, Path: rec.Path, Header: http.Header{}, Now: rec.At}
	if r.Method == "" {
		r.Method = http.MethodPost
	}
	for _, h := range rec.Headers {
		r.Header.Add(h[0], h[1])
	}
	switch {
	case rec.Base64 != nil:
		b, err := base64.StdEncoding.DecodeString(*rec.Base64)
		if err != nil {
			return r, fmt.Errorf("reading a recorded request: body_base64: %w", err)
		}
		r.Body = b
	case rec.Body != nil:
		r.Body = []byte(*rec.Body)
	}
	return r, nil
}

// Tried is what a source makes of a request, for a person to look at.
type Tried struct {
	Verdict Verdict           `json:"verdict"`
	Event   Event             `json:"event,omitempty"`
	ID      string            `json:"id,omitempty"`
	IDs     []string          `json:"ids,omitempty"` // all articles that it is about, if it is about several
	Article *article.Article  `json:"article,omitempty"`
	From    map[string]string `json:"from,omitempty"`    // where each field was found
	Refetch bool              `json:"refetch,omitempty"` // the rest has to be read from the CMS's API
	Why     string            `json:"why,omitempty"`
}

// Try runs a request through the source and keeps nothing. It reads no API. An error is a fault of the configuration.
func (s Source) Try(ctx context.Context, r Request) (Tried, error) {
	if e := r.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		return Tried{Verdict: Malformed, Why: "Content-Encoding " + e + ": a webhook's body is never inflated"}, nil
	}
	if err := s.Verify(ctx, r); errors.Is(err, ErrUnauthorized) {
		return Tried{Verdict: Unauthorized, Why: err.Error()}, nil
	} else if err != nil {
		return Tried{}, err
	}
	all := s.Read(ctx, r)
	if len(all) == 0 {
		return Tried{Verdict: Ignored, Why: "it is about no article"}, nil
	}
	d := all[0]
	t := Tried{Verdict: d.Verdict, Event: d.Event, ID: d.Article.ID, From: d.From, Refetch: d.Partial, Why: d.Why}
	if d.Event == Upsert && d.Holds() {
		t.Article = &d.Article
	}
	if len(all) > 1 {
		for _, d := range all {
			t.IDs = append(t.IDs, d.Article.ID)
		}
	}
	return t, nil
}

// JSON is a Tried as it is printed.
func (t Tried) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(t)
	return b.Bytes(), err
}
