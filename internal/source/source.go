// Package source is the CMSs that send us articles: one file a kind, all of one shape ([Source]).
//
// It owns how a request is verified, what it says happened, and which field of the payload became which field of the
// article. It promises that nothing of a body is looked at before its signature was, and that a refusal tells the
// sender nothing but that it was refused. What becomes of the story is the business of package webhook.
package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
)

// Source is one configured sender. It may be used from several goroutines.
type Source interface {
	// Read verifies a request and says what it means. Errors are ErrUnauthorized, *article.FieldError (malformed), or a
	// fault of ours.
	Read(ctx context.Context, r Request) (Delivery, error)

	// Sign gives the headers that this source would send a body with, for trying it out.
	Sign(ctx context.Context, body []byte, id string, now time.Time) (http.Header, error)
}

// ErrUnauthorized says that a request is not from whom it should be.
var ErrUnauthorized = errors.New("the signature is not right")

// Request is a webhook as it came: raw body, and headers with all their values.
type Request struct {
	Method string
	Path   string
	Header http.Header
	Body   []byte
	Now    time.Time
}

// Event is what happened to an article.
type Event string

const (
	Upsert    Event = "upsert"    // it is public, as it stands in the delivery
	Retract   Event = "retract"   // it is no longer public
	Reconcile Event = "reconcile" // something changed: look for it
	Ignored   Event = ""          // nothing that concerns us
)

// Delivery is what a request says.
type Delivery struct {
	ID      string            // of the delivery, where the sender gives one: a doubled one is known by it
	Event   Event             // what happened
	Off     string            // retract: "unpublished" or "deleted"
	Article article.Article   // upsert: as the CMS sent it, cleaned; retract: its ID at least
	From    map[string]string // where each field was found
	Why     string            // in words: why it was ignored, what was made of it
}

// kinds is every kind of source there is.
var kinds = map[string]func(name string, s config.Source, site config.Site) (Source, error){
	"cutline": newCutline,
}

// New makes the source that the configuration describes.
func New(name string, s config.Source, site config.Site) (Source, error) {
	make, ok := kinds[s.Kind]
	if !ok {
		return nil, fmt.Errorf("source %s: kind %q is not built in yet", name, s.Kind)
	}
	return make(name, s, site)
}

// secrets are the values that a request may be signed with: the present one and, while it is being changed, the old.
func secrets(ctx context.Context, s config.Source) ([]string, error) {
	v, err := s.Secret.Value(ctx)
	if err != nil {
		return nil, err
	}
	out := []string{v}
	if s.Old.Given() {
		if v, err = s.Old.Value(ctx); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}
