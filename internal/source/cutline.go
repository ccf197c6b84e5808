package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// readCutline reads our own payload, docs/article.schema.json.
func readCutline(_ context.Context, s Source, r Request) ([]Delivery, error) {
	doc, err := parseJSON(r.Body)
	if err != nil {
		return nil, err
	}
	top, ok := doc.(map[string]any)
	if !ok {
		return nil, &article.FieldError{Field: "body", Want: remark.Say("want-envelope")}
	}
	data, ok := top["data"].(map[string]any)
	if !ok {
		return nil, &article.FieldError{Field: "data", Want: remark.Say("want-article")}
	}
	d := Delivery{ID: r.Header.Get("webhook-id")}
	if stamp, given := top["timestamp"]; given {
		text, isText := stamp.(string)
		t, err := time.Parse(time.RFC3339, text)
		if err != nil || !isText {
			return nil, &article.FieldError{Field: "timestamp", Want: remark.Say("want-time")}
		}
		d.Sent = t
	}
	if n, ok := data["id"].(json.Number); ok { // a number and its digits are one id
		data["id"] = n.String()
	}
	kind, _ := top["type"].(string)
	switch kind {
	case "article.published", "article.updated":
	case "article.unpublished", "article.deleted":
		id, _ := data["id"].(string)
		if err := checkID(id); err != nil {
			return nil, inData(err)
		}
		d.Event, d.Article.ID, d.Off, d.Why = Retract, id, strings.TrimPrefix(kind, "article."), kind
		return []Delivery{d}, nil
	case "":
		return nil, &article.FieldError{Field: "type", Want: remark.Say("want-one-of", "article.published, article.updated, article.unpublished, article.deleted")}
	default:
		d.Why = fmt.Sprintf("the type %q is none that is read here", cut(kind, 60))
		return []Delivery{d}, nil
	}
	body, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	a, err := article.Parse(body)
	if err != nil {
		return nil, inData(err)
	}
	if err := checkID(a.ID); err != nil {
		return nil, inData(err)
	}
	from := map[string]string{}
	for ours, theirs := range map[string]string{"photo": "photo.url", "caption": "photo.caption", "credit": "photo.credit", "alt": "photo.alt", "terms": "photo.terms", "focal": "photo.focal"} {
		if v := find(data, theirs); v != nil && v != "" {
			from[ours] = "data." + theirs
		}
	}
	for _, f := range []string{"id", "url", "language", "headline", "dek", "body", "byline", "dateline", "section", "tags", "kicker", "published", "updated", "embargo"} {
		if v := data[f]; v != nil && v != "" {
			from[f] = "data." + f
		}
	}
	if err := s.finish(&a, "", from); err != nil {
		return nil, inData(err)
	}
	d.Event, d.Article, d.From, d.Why = Upsert, a, from, kind
	return []Delivery{d}, nil
}

// inData says of a field where in the payload it is.
func inData(err error) error {
	if field, ok := errors.AsType[*article.FieldError](err); ok {
		return &article.FieldError{Field: "data." + field.Field, Want: field.Want}
	}
	return err
}
