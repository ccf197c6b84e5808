package source

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
)

// cutline is our own format, for CMSs that can be taught to send it: docs/article.schema.json, signed by Standard
// Webhooks.
type cutline struct {
	cfg  config.Source
	site config.Site
}

func newCutline(_ string, s config.Source, site config.Site) (Source, error) {
	return &cutline{s, site}, nil
}

func (c *cutline) Read(ctx context.Context, r Request) (Delivery, error) {
	keys, err := secrets(ctx, c.cfg)
	if err != nil {
		return Delivery{}, err
	}
	id, err := standard(r, keys)
	if err != nil {
		return Delivery{}, err
	}
	if err := article.Bounded(r.Body); err != nil {
		return Delivery{}, err
	}
	var in struct {
		Type      string
		Timestamp string
		Data      json.RawMessage
	}
	if err := json.Unmarshal(r.Body, &in); err != nil {
		return Delivery{}, &article.FieldError{Field: "body", Want: "an object with type, timestamp and data"}
	}
	d := Delivery{ID: id, From: map[string]string{}}
	if in.Timestamp != "" {
		if _, err := time.Parse(time.RFC3339, in.Timestamp); err != nil {
			return d, &article.FieldError{Field: "timestamp", Want: "a time as 2026-11-26T12:00:00Z"}
		}
	}
	if len(in.Data) == 0 || in.Data[0] != '{' {
		return d, &article.FieldError{Field: "data", Want: "the article"}
	}
	switch in.Type {
	case "article.published", "article.updated":
		a, err := article.Parse(in.Data)
		if err != nil {
			if f, ok := err.(*article.FieldError); ok {
				f.Field = "data." + f.Field
			}
			return d, err
		}
		if a.Language == "" {
			a.Language = c.site.Language
		}
		article.Clean(&a, article.Rules{Promotion: c.site.Promotion})
		if a.Headline == "" {
			return d, &article.FieldError{Field: "data.headline", Want: "the headline"}
		}
		d.Event, d.Article = Upsert, a
	case "article.unpublished", "article.deleted":
		var only struct{ ID string }
		if err := json.Unmarshal(in.Data, &only); err != nil || strings.TrimSpace(only.ID) == "" {
			return d, &article.FieldError{Field: "data.id", Want: "the CMS's id of the article"}
		}
		d.Event, d.Off, d.Article.ID = Retract, strings.TrimPrefix(in.Type, "article."), only.ID
	case "":
		return d, &article.FieldError{Field: "type", Want: "article.published, article.updated, article.unpublished or article.deleted"}
	default:
		d.Why = fmt.Sprintf("events of type %q do not concern us", in.Type)
	}
	return d, nil
}

func (c *cutline) Sign(ctx context.Context, body []byte, id string, now time.Time) (http.Header, error) {
	keys, err := secrets(ctx, c.cfg)
	if err != nil {
		return nil, err
	}
	return signStandard(keys[0], body, id, now)
}
