package source

import (
	"context"
	"net/url"
	"strings"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// drupalRules reads a node of Drupal's JSON:API, and after drupalFlat one serialized by REST.
var drupalRules = rules{
	"id": {"cutline_id"}, "url": {"cutline_url"}, "slug": {"cutline_slug"}, "language": {"langcode"}, "headline": {"title"},
	"dek":  {"html:field_dek.processed", "html:field_dek.value", "html:field_dek", "html:field_summary.processed", "html:field_summary.value", "html:field_summary", "html:field_subtitle", "html:body.summary"},
	"body": {"html:body.processed", "html:body.value", "html:field_body.processed", "html:field_body.value", "html:body"}, "byline": {"field_byline", "field_author", "cutline_author"},
	"section": {"cutline_section", "field_section", "field_category"}, "tags": {"cutline_tags", "field_tags"},
	"photo": {"cutline_photo", "field_image.url", "field_image.uri"}, "caption": {"html:field_image_caption.value", "html:field_image_caption", "html:field_caption.value", "html:field_caption", "cutline_title", "field_image.title"},
	"alt": {"cutline_alt", "field_image.alt"}, "credit": {"html:field_image_credit", "html:field_photo_credit", "html:field_credit"},
	"published": {"published_at", "created"}, "updated": {"changed"}, "embargo": {"publish_on", "field_embargo", "field_embargo.value"}, "embargo.zone": {"field_embargo.timezone", "field_embargo_timezone"}, "width": {"cutline_width"}, "height": {"cutline_height"},
}

// readDrupal reads a node: {"event","entity"} of the Webhooks module with the node serialized, or a JSON:API document.
func readDrupal(_ context.Context, s Source, r Request) ([]Delivery, error) {
	doc, err := parseJSON(r.Body)
	if err != nil {
		return nil, err
	}
	event := strings.ToLower(text(find(doc, "event")))
	if event == "" {
		event = strings.ToLower(r.Header.Get("X-Drupal-Webhooks-Event"))
	}
	payload := doc
	for _, f := range []string{"entity", "payload"} {
		if v := member(doc, f); v != nil {
			payload = v
		}
	}
	if v, ok := member(payload, "node").(map[string]any); ok {
		payload = v
	}
	return s.drupalNode(payload, event, nil)
}

func (s Source) drupalNode(payload any, event string, included []any) ([]Delivery, error) {
	node, ok := payload.(map[string]any)
	if !ok {
		return nil, &article.FieldError{Field: "body", Want: remark.Say("want-node")}
	}
	if more, ok := node["included"].([]any); ok {
		included = more
	}
	if data, ok := node["data"].(map[string]any); ok { // JSON:API
		node = data
	}
	kind := strings.TrimPrefix(text(node["type"]), "node--")
	if attributes, ok := node["attributes"].(map[string]any); ok {
		attributes["cutline_id"] = text(node["id"])
		relate(attributes, node, included)
		node = attributes
	} else {
		if t := text(find(node, "type[0].target_id")); t != "" {
			kind = t
		}
		node = drupalFlat(node)
	}
	d := Delivery{Sent: timeOf(text(node["changed"]))}
	d.Article.ID = text(node["cutline_id"])
	status := node["status"]
	switch {
	case kind != "" && kind != s.model("article"):
		d.Why = "a node of the type " + cut(kind, 60) + " is no article; the source's model is " + s.model("article")
		return []Delivery{d}, nil
	case strings.Contains(event, "delete"):
		d.Event, d.Off, d.Why = Retract, "deleted", "deleted"
		return []Delivery{d}, nil
	case status == false || text(status) == "0" || text(status) == "false":
		d.Event, d.Off, d.Why = Retract, "unpublished", "status is not published"
		if strings.Contains(event, "insert") || strings.Contains(event, "create") {
			d.Event, d.Off = "", ""
		}
		return []Delivery{d}, nil
	}
	if alias := text(find(node, "path.alias")); alias != "" {
		node["cutline_slug"] = strings.TrimPrefix(alias, "/")
		if s.c.Link == "" {
			if u, err := url.Parse(s.site.URL); err == nil {
				node["cutline_url"] = u.Scheme + "://" + u.Host + alias
			}
		}
	}
	full, err := s.upsert(node, drupalRules, "published")
	if err != nil {
		return nil, err
	}
	full.Sent = d.Sent
	full.Partial = node["cutline_photo"] == nil && node["field_image"] != nil && full.Article.Photo.URL == ""
	return []Delivery{full}, nil
}

// drupalFlat turns [{"value": …}] of Drupal's own serialization into values.
func drupalFlat(node map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range node {
		list, ok := v.([]any)
		if !ok {
			out[name] = v
			continue
		}
		if len(list) == 0 {
			continue
		}
		m, _ := list[0].(map[string]any)
		value, single := m["value"]
		switch {
		case single && m["processed"] == nil && m["format"] == nil && len(list) == 1:
			out[name] = value
		default:
			out[name] = list[0]
		}
	}
	for _, id := range []string{"uuid", "nid", "id"} {
		if out["cutline_id"] == nil && text(out[id]) != "" {
			out["cutline_id"] = text(out[id])
		}
	}
	return out
}

// relate puts what a JSON:API document includes beside the attributes: the author, terms, and the picture, which may be
// behind a media entity.
func relate(attributes, node map[string]any, included []any) {
	byID := map[string]map[string]any{}
	for _, e := range included {
		if m, ok := e.(map[string]any); ok {
			byID[text(m["type"])+"/"+text(m["id"])] = m
		}
	}
	follow := func(of map[string]any, name string) (out []map[string]any, links []map[string]any) {
		list, ok := find(of, "relationships."+name+".data").([]any)
		if !ok {
			list = []any{find(of, "relationships."+name+".data")}
		}
		for _, l := range list {
			if m := byID[text(member(l, "type"))+"/"+text(member(l, "id"))]; m != nil {
				link, _ := l.(map[string]any)
				out, links = append(out, m), append(links, link)
			}
		}
		return out, links
	}
	names := func(rel, path string) (out []any) {
		all, _ := follow(node, rel)
		for _, m := range all {
			if n := text(find(m, path)); n != "" {
				out = append(out, n)
			}
		}
		return out
	}
	attributes["cutline_tags"] = names("field_tags", "attributes.name")
	attributes["cutline_section"] = append(names("field_section", "attributes.name"), names("field_category", "attributes.name")...)
	attributes["cutline_author"] = append(names("field_author", "attributes.title"), names("uid", "attributes.display_name")...)
	for _, field := range []string{"field_image", "field_media_image", "field_hero", "field_media"} {
		files, links := follow(node, field)
		if len(files) == 0 {
			continue
		}
		file, link := files[0], links[0]
		if inner, innerLinks := follow(file, "field_media_image"); len(inner) > 0 {
			file, link = inner[0], innerLinks[0]
		}
		if u := text(find(file, "attributes.uri.url")); u != "" && attributes["cutline_photo"] == nil {
			attributes["cutline_photo"] = u
			attributes["cutline_alt"], attributes["cutline_title"] = find(link, "meta.alt"), find(link, "meta.title")
		}
	}
}

func drupalItems(s Source, answer any) ([]Delivery, error) {
	included, _ := find(answer, "included").([]any)
	return items(find(answer, "data"), func(v any) (Delivery, error) {
		all, err := s.drupalNode(v, "", included)
		if err != nil {
			return Delivery{}, err
		}
		all[0].Partial = false
		return all[0], nil
	}), nil
}

func drupalAddress(s Source, more string) string {
	return s.base() + "/jsonapi/node/" + url.PathEscape(s.model("article")) + more
}
