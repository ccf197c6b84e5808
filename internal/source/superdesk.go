package source

import (
	"context"
	"net/url"
	"strings"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// ninjsRules is an item of IPTC ninjs 1.x, and of 2.x and 3.x after flatten.
var ninjsRules = rules{
	"id": {"cutline_id"}, "url": {"canonicalurl", "extra.article_url", "links_canonical"}, "slug": {"slugline", "extra.slug"}, "language": {"language"},
	"headline": {"html:headline", "html:title", "html:name"}, "dek": {"html:description_text", "html:description_html", "html:abstract"}, "body": {"html:body_html", "html:body_xhtml", "html:body_text"},
	"byline": {"byline", "authors[].name"}, "dateline": {"located"}, "section": {"service[].name", "subject[].name", "service[].code"}, "tags": {"keywords", "subject[].name"},
	"photo": {"cutline_photo"}, "caption": {"html:cutline_media.description_text", "html:cutline_media.description_html", "html:cutline_media.body_text", "html:cutline_media.headline"},
	"alt": {"cutline_media.body_text", "cutline_media.alt_text", "cutline_media.alttext"}, "credit": {"cutline_media.byline", "cutline_media.creditline", "cutline_media.copyrightholder"}, "terms": {"cutline_media.usageterms"},
	"focal.x": {"cutline_poi.x"}, "focal.y": {"cutline_poi.y"}, "width": {"cutline_size.width"}, "height": {"cutline_size.height"},
	"published": {"firstpublished", "firstcreated", "contentcreated", "versioncreated"}, "updated": {"versioncreated"}, "embargo": {"embargoed", "cutline_embargo"},
}

// readSuperdesk reads an item that Superdesk pushes: ninjs 1.3 in its dialect, or 2.0. Pictures come to the same address
// as items of their own; those are passed over, the article has its own copy of what they say.
func readSuperdesk(_ context.Context, s Source, r Request) ([]Delivery, error) {
	doc, err := parseJSON(r.Body)
	if err != nil {
		return nil, err
	}
	item, ok := doc.(map[string]any)
	if !ok {
		return nil, &article.FieldError{Field: "body", Want: remark.Say("want-ninjs")}
	}
	d, err := s.ninjs(item)
	return []Delivery{d}, err
}

// ninjs reads one item.
func (s Source) ninjs(item map[string]any) (Delivery, error) {
	flatten(item)
	id := text(item["guid"])
	if id == "" {
		id = text(item["uri"])
	}
	item["cutline_id"] = id
	d := Delivery{Sent: versionTime(text(item["versioncreated"]), text(item["version"]))}
	d.Article.ID = id
	// An update in Superdesk is a new item that evolved from the one before: one story.
	d.Of = text(item["evolvedfrom"])
	one := func(why string) (Delivery, error) { d.Why = why; return d, nil }
	switch kind, status := text(item["type"]), strings.TrimPrefix(text(item["pubstatus"]), "stat:"); {
	case kind != "" && kind != "text" && kind != "composite":
		return one("a " + cut(kind, 60) + ", not an article")
	case status == "canceled" || status == "cancelled" || status == "recalled":
		d.Event, d.Off = Retract, "deleted"
		return one("killed: pubstatus is " + status)
	case status == "withheld":
		d.Event, d.Off = Retract, "unpublished"
		return one("pubstatus is withheld")
	}
	media(item, s)
	full, err := s.upsert(item, ninjsRules, "pubstatus is usable")
	if err != nil {
		return Delivery{}, err
	}
	full.From["id"] = "guid"
	for f, path := range full.From {
		full.From[f] = strings.NewReplacer("cutline_photo", "associations…renditions", "cutline_media", "associations…", "cutline_poi", "associations…poi").Replace(path)
	}
	full.Sent, full.Of = d.Sent, d.Of
	return full, nil
}

// superdeskItems reads what Superdesk's Content API answers: one item, or a list under _items. The API's own address of an
// item stands in uri; its guid is that of the push.
func superdeskItems(s Source, answer any) ([]Delivery, error) {
	list := find(answer, "_items")
	if list == nil {
		list = answer
	}
	return items(list, func(v any) (Delivery, error) {
		item, ok := v.(map[string]any)
		if !ok {
			return Delivery{}, &article.FieldError{Field: "_items", Want: remark.Say("want-list")}
		}
		if at, err := url.Parse(text(item["uri"])); err == nil && text(item["guid"]) == "" && strings.Contains(at.Path, "/items/") {
			item["guid"] = at.Path[strings.LastIndex(at.Path, "/items/")+len("/items/"):]
		}
		return s.ninjs(item)
	}), nil
}

// flatten brings the lists of ninjs 2 and 3 into the form of 1: headlines, descriptions and bodies by role, infosources
// and people by name.
func flatten(item map[string]any) {
	pick := func(list, to string, roles ...string) {
		all, _ := item[list].([]any)
		if item[to] != nil || len(all) == 0 {
			return
		}
		for _, role := range roles {
			for _, e := range all {
				if have := text(member(e, "role")); have == role || role == "*" {
					if v := text(member(e, "value")); v != "" {
						item[to] = v
						return
					}
				}
			}
		}
	}
	pick("headlines", "headline", "main", "headline", "", "*")
	pick("descriptions", "description_text", "summary", "abstract", "drol:summary", "", "*")
	pick("bodies", "body_html", "main", "", "*")
	if item["byline"] == nil {
		item["byline"] = item["by"]
	}
	if item["evolvedfrom"] == nil {
		item["evolvedfrom"] = item["evolvedFrom"]
	}
	lower := map[string]any{}
	for k, v := range item { // ninjs 2 and 3 write pubStatus, versionCreated, …
		if l := strings.ToLower(k); l != k && item[l] == nil {
			lower[l] = v
		}
	}
	for k, v := range lower {
		item[k] = v
	}
}

// media finds the lead picture: the association featuremedia, else the first picture, and of its renditions the largest.
func media(item map[string]any, s Source) {
	var lead map[string]any
	switch a := item["associations"].(type) {
	case map[string]any: // 1.x: by name
		for _, name := range []string{"featuremedia", "featureMedia", "mainmedia", "main", "photo", "picture"} {
			if m, ok := a[name].(map[string]any); ok && lead == nil {
				lead = m
			}
		}
		for _, name := range sortedKeys(a) {
			if m, ok := a[name].(map[string]any); ok && lead == nil && text(m["type"]) == "picture" {
				lead = m
			}
		}
	case []any: // 2.x and 3.x: a list with names
		for _, want := range []func(map[string]any) bool{
			func(m map[string]any) bool { return strings.EqualFold(text(m["name"]), "featuremedia") },
			func(m map[string]any) bool { return text(m["type"]) == "picture" },
		} {
			for _, e := range a {
				if m, ok := e.(map[string]any); ok && lead == nil && want(m) {
					lead = m
				}
			}
		}
	}
	if lead == nil {
		return
	}
	roles, _ := lead["descriptions"].([]any)
	for _, e := range roles {
		switch strings.TrimPrefix(text(member(e, "role")), "drol:") {
		case "caption", "":
			if lead["description_text"] == nil {
				lead["description_text"] = member(e, "value")
			}
		case "creditline":
			lead["creditline"] = member(e, "value")
		case "alt", "alttext", "altText":
			lead["alt_text"] = member(e, "value")
		}
	}
	flatten(lead)
	item["cutline_media"] = lead
	best, area := map[string]any(nil), -1.0
	consider := func(v any, original bool) {
		m, ok := v.(map[string]any)
		if !ok || text(m["href"]) == "" || strings.HasPrefix(text(m["mimetype"]), "video/") {
			return
		}
		w, _ := number(m["width"])
		h, _ := number(m["height"])
		size := w * h
		if original {
			size = 1e18 // as it was taken: we crop ourselves
		}
		if size > area {
			best, area = m, size
		}
	}
	switch rs := lead["renditions"].(type) {
	case map[string]any:
		for _, name := range sortedKeys(rs) {
			consider(rs[name], name == "original")
		}
	case []any:
		for _, e := range rs {
			consider(e, text(member(e, "name")) == "original")
		}
	}
	if best == nil {
		return
	}
	item["cutline_photo"] = best["href"]
	item["cutline_poi"], item["cutline_size"] = best["poi"], best
	if best["poi"] == nil {
		item["cutline_poi"] = lead["poi"]
	}
	if x, ok := number(find(item["cutline_poi"], "x")); ok && x <= 1 {
		item["cutline_size"] = nil // fractions already
	}
}
