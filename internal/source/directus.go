package source

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// directusRules is an item of Directus under the names of its newsroom starters; others are configured. All texts are
// plain but the body.
var directusRules = rules{
	"id": {"id"}, "url": {"url", "link"}, "slug": {"slug"}, "language": {"language", "locale"},
	"headline": {"title", "headline"}, "dek": {"dek", "excerpt", "summary", "description"}, "body": {"html:body", "html:content"},
	"byline": {"author.name", "authors[].name", "byline", "author"}, "section": {"section", "category", "category.name", "section.name"}, "tags": {"tags", "tags[].name"}, "kicker": {"kicker"},
	"photo": {"photo_path"}, "caption": {"hero_caption", "caption", "hero.description", "image.description"}, "alt": {"hero_alt", "alt", "hero.title", "image.title"}, "credit": {"hero_credit", "credit", "photo_credit", "image_credit"},
	"focal.x": {"hero.focal_point_x", "image.focal_point_x"}, "focal.y": {"hero.focal_point_y", "image.focal_point_y"}, "width": {"hero.width", "image.width"}, "height": {"hero.height", "image.height"},
	"published": {"published_at", "date_published", "date_created"}, "updated": {"date_updated"}, "embargo": {"embargo", "embargo_until"}, "embargo.zone": {"embargo_timezone", "embargo_time_zone"},
}

// directusFields asks for an item with what it refers to: photo, author, section; and for what the configuration names further off.
// Where there is no such relation, Directus passes it over.
func directusFields(s Source) string {
	query := "fields=*.*"
	for _, field := range sortedKeys(s.c.Fields) {
		path := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s.c.Fields[field], "html:"), "$"), ".")
		if path = inList.ReplaceAllString(path, ""); strings.Contains(path, ".") {
			query += "," + url.QueryEscape(path)
		}
	}
	return query
}

// inList is what a path has behind the name of a list, which Directus's have not.
var inList = regexp.MustCompile(`\[\d*\]`)

// collection is the one that holds articles.
func (s Source) collection() string { return s.model("articles") }

// readDirectus reads the request of a Flow. Its body is what the administrator wrote: the trigger as it is ({event,
// payload, keys}, of an update only what changed), the item read first ({event, collection, data}), or single fields.
func readDirectus(_ context.Context, s Source, r Request) ([]Delivery, error) {
	doc, err := parseJSON(r.Body)
	if err != nil {
		if f, ok := err.(*article.FieldError); ok && strings.HasPrefix(f.Want, "one JSON") {
			f.Want = remark.Join(f.Want, remark.Say("directus-flow"))
		}
		return nil, err
	}
	top, ok := doc.(map[string]any)
	if !ok {
		return nil, &article.FieldError{Field: "body", Want: remark.Say("want-object")}
	}
	event := text(top["event"])
	if event == "files.update" {
		return []Delivery{{Event: Reconcile, Why: "a caption or a credit may have changed in the library, not said of which article"}}, nil
	}
	if c := text(top["collection"]); c != "" && c != s.collection() {
		return []Delivery{{Why: "the collection " + cut(c, 60) + " holds no articles; the source's model is " + s.collection()}}, nil
	}
	keys := texts(top["keys"])
	if len(keys) == 0 {
		keys = texts(top["key"])
	}
	for i := len(keys) - 1; i >= 0; i-- {
		if keys[i] == "" {
			keys = append(keys[:i], keys[i+1:]...)
		}
	}
	each := func(d Delivery) (out []Delivery, err error) {
		if len(keys) == 0 {
			return nil, &article.FieldError{Field: "keys", Want: remark.Say("want-ids")}
		}
		for _, k := range keys {
			d.Article.ID = k
			out = append(out, d)
		}
		return out, nil
	}
	payload, isTrigger := top["payload"]
	data, isFull := top["data"].(map[string]any)
	if list, ok := top["data"].([]any); ok && len(list) == 1 {
		data, isFull = list[0].(map[string]any)
	}
	switch {
	case strings.HasSuffix(event, ".delete"):
		return each(Delivery{Event: Retract, Off: "deleted", Why: "deleted"})
	case isFull:
		return s.directusWhole(data, event)
	case isTrigger:
		return s.directusTrigger(payload, event, each)
	case top["id"] != nil:
		return s.directusSingle(top)
	case len(keys) > 0:
		return each(Delivery{Event: Upsert, Partial: true, Why: "only the keys are sent"})
	}
	return nil, &article.FieldError{Field: "data", Want: remark.Say("want-item")}
}

// directusWhole reads a Flow that read the item first.
func (s Source) directusWhole(data map[string]any, event string) ([]Delivery, error) {
	sent := timeOf(text(data["date_updated"]))
	if sent.IsZero() {
		sent = timeOf(text(data["date_created"]))
	}
	d := Delivery{Sent: sent}
	d.Article.ID = text(data["id"])
	if status := text(data["status"]); status != "published" {
		d.Why = "status is " + orNothing(status)
		if !strings.HasSuffix(event, ".create") {
			d.Event, d.Off = Retract, "unpublished" // of a draft that never was public nothing comes
		}
		return []Delivery{d}, nil
	}
	d, err := s.directusItem(data, "published")
	d.Sent = sent
	return []Delivery{d}, err
}

func (s Source) directusTrigger(payload any, event string, each func(Delivery) ([]Delivery, error)) ([]Delivery, error) {
	values, _ := payload.(map[string]any)
	status, told := values["status"]
	switch {
	case told && text(status) != "published" && strings.HasSuffix(event, ".update"):
		return each(Delivery{Event: Retract, Off: "unpublished", Why: "status became " + orNothing(text(status))})
	case text(status) != "published" && strings.HasSuffix(event, ".create"):
		return each(Delivery{Why: "created as a draft"})
	case !told:
		return each(Delivery{Event: Upsert, Partial: true, Why: "only the changed fields are sent, and not whether the item is public"})
	}
	out, err := each(Delivery{Event: Upsert, Partial: true, Why: "status became published; only the changed fields are sent"})
	if err != nil || len(out) != 1 || !strings.HasSuffix(event, ".create") {
		return out, err
	}
	// A created item comes whole, but for its relations.
	values["id"] = out[0].Article.ID
	if d, err := s.directusItem(values, "created already published; relations are ids"); err == nil {
		d.Partial = true
		return []Delivery{d}, nil
	}
	return out, nil
}

// directusSingle reads fields that an administrator put together. A template writes the word null for an empty one.
func (s Source) directusSingle(top map[string]any) ([]Delivery, error) {
	for k, v := range top {
		if v == "null" || v == "undefined" {
			delete(top, k)
		}
	}
	d := Delivery{Why: "status is " + orNothing(text(top["status"]))}
	d.Article.ID = text(top["id"])
	if text(top["status"]) != "published" {
		d.Event, d.Off = Retract, "unpublished"
		return []Delivery{d}, nil
	}
	full, err := s.directusItem(top, d.Why)
	if err != nil {
		return nil, err
	}
	full.Partial = true
	return []Delivery{full}, nil
}

func (s Source) directusItem(item map[string]any, why string) (Delivery, error) {
	found := ""
	for _, f := range []string{"hero", "image", "photo", "cover"} {
		id := text(item[f])
		if id == "" {
			id = text(member(item[f], "id"))
		}
		if id != "" && item["photo_path"] == nil {
			item["photo_path"], found = "/assets/"+id, f
		}
	}
	d, err := s.upsert(item, directusRules, why)
	if err == nil {
		renamed(d.From, "photo_path", fmt.Sprintf("/assets/ and %s", found))
	}
	return d, err
}

func directusItems(s Source, answer any) ([]Delivery, error) {
	return items(find(answer, "data"), func(v any) (Delivery, error) {
		item, ok := v.(map[string]any)
		if !ok {
			return Delivery{}, &article.FieldError{Field: "data", Want: remark.Say("want-list")}
		}
		all, err := s.directusWhole(item, ".update")
		if err != nil {
			return Delivery{}, err
		}
		return all[0], nil
	}), nil
}
