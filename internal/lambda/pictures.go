package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"cutline/internal/amazon"
	"cutline/internal/bucket"
	"cutline/internal/story"
)

// What the desk needs of render, pictures that are not in the bucket, it has from the render function by calling it: so
// the desk carries no fonts, and render's address shows nobody a draft.

// picture is such a call, as the event that render gets.
type picture struct {
	Picture string      `json:"picture"` // preview or photo
	Story   story.Key   `json:"story"`
	Edits   story.Edits `json:"edits,omitzero"`   // preview: what is not saved
	Format  string      `json:"format,omitempty"` // preview: as og
}

// pictured is render's answer.
type pictured struct {
	Type string `json:"type"` // as image/jpeg
	Body []byte `json:"body"`
}

// draw answers a call for a picture.
func (f *Function) draw(ctx context.Context, event json.RawMessage) (any, error) {
	var p picture
	if err := json.Unmarshal(event, &p); err != nil {
		return nil, fmt.Errorf("reading a call for a picture: %w", err)
	}
	if _, err := story.ParseKey(string(p.Story)); err != nil {
		return nil, err
	}
	var out pictured
	ctx, seen := story.Watch(ctx)
	err := guarded(func() (err error) {
		switch p.Picture {
		case "preview":
			out.Body, out.Type, err = f.Preview(ctx, p.Story, p.Edits, p.Format)
		case "photo":
			out.Body, out.Type, err = f.Photo(ctx, p.Story)
		default:
			err = fmt.Errorf("there is no picture %q", p.Picture)
		}
		return err
	})
	if err != nil {
		f.Log.Warn("picture", "story", string(p.Story), "revision", seen.Revision(p.Story), "what", p.Picture, "error", err)
	}
	return out, err
}

// Render is the render function, called by another.
type Render struct {
	Name    string         // of the function, its alias or its ARN
	Account bucket.Account // whose it is
	Now     func() time.Time
}

// Preview draws a story's card with edits that are not saved.
func (r *Render) Preview(ctx context.Context, k story.Key, e story.Edits, format string) (body []byte, contentType string, err error) {
	return r.ask(ctx, picture{Picture: "preview", Story: k, Edits: e, Format: format})
}

// Photo is the story's photo as shown, small enough for a page.
func (r *Render) Photo(ctx context.Context, k story.Key) (body []byte, contentType string, err error) {
	return r.ask(ctx, picture{Picture: "photo", Story: k})
}

func (r *Render) ask(ctx context.Context, p picture) ([]byte, string, error) {
	fail := func(err error) ([]byte, string, error) {
		return nil, "", fmt.Errorf("asking render for the %s of %s: %w", p.Picture, p.Story, err)
	}
	event, err := json.Marshal(p)
	if err != nil {
		return fail(err)
	}
	service := &amazon.Service{Name: "lambda", Account: r.Account, Now: r.Now, Client: &http.Client{Timeout: 25 * time.Second}, Most: 8 << 20} // an HTTP API waits 30 seconds for the desk; Lambda's own limit is 6 MB
	// An ARN's colons are written as %3A, as the SDK does, or the signature would be of another path.
	path := "2015-03-31/functions/" + strings.ReplaceAll(r.Name, ":", "%3A") + "/invocations"
	header, answer, err := service.Post(ctx, path, event, http.Header{"Content-Type": {"application/json"}})
	if err != nil {
		return fail(err)
	}
	if header.Get("X-Amz-Function-Error") != "" {
		var e struct {
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal(answer, &e) != nil || e.Message == "" {
			e.Message = "it failed and did not say why: look at its log"
		}
		return fail(errors.New(e.Message))
	}
	var out pictured
	if err := json.Unmarshal(answer, &out); err != nil || len(out.Body) == 0 {
		return fail(fmt.Errorf("its answer is no picture: %v", err))
	}
	return out.Body, out.Type, nil
}
