package source

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// strapiRules is an entry of Strapi 5 under the names that newsrooms give their fields most; others are configured. All
// texts are plain but the body.
var strapiRules = rules{
	"id": {"cutline_id"}, "url": {"url", "canonicalURL", "link"}, "slug": {"slug"}, "language": {"locale"},
	"headline": {"title", "headline", "name"}, "dek": {"dek", "excerpt", "summary", "description", "subtitle", "standfirst"}, "body": {"html:body", "html:content", "html:text", "html:blocks"},
	"byline": {"author.name", "authors[].name", "byline", "author"}, "section": {"section", "section.name", "category.name", "category"}, "tags": {"tags[].name", "tags"}, "kicker": {"kicker"},
	"photo":   {"cover.url", "image.url", "hero.url", "photo.url", "featuredImage.url", "cover[0].url", "image[0].url"},
	"caption": {"cover.caption", "image.caption", "hero.caption", "photo.caption", "featuredImage.caption", "cover[0].caption", "image[0].caption"},
	"alt":     {"cover.alternativeText", "image.alternativeText", "hero.alternativeText", "photo.alternativeText", "featuredImage.alternativeText", "cover[0].alternativeText", "image[0].alternativeText"},
	"credit":  {"photoCredit", "photo_credit", "coverCredit", "cover_credit", "imageCredit", "credit", "cover.credit", "image.credit"},
	"focal.x": {"cover.focalPoint.x", "image.focalPoint.x"}, "focal.y": {"cover.focalPoint.y", "image.focalPoint.y"},
	"published": {"publishedAt"}, "updated": {"updatedAt"}, "embargo": {"embargo", "embargoUntil"}, "embargo.zone": {"embargoTimezone", "embargoTimeZone"},
}

// readStrapi reads a webhook of Strapi: {"event","createdAt","model","entry"}. What is public is in entry.publish alone;
// create and update are of the draft row.
func readStrapi(_ context.Context, s Source, r Request) ([]Delivery, error) {
	doc, err := parseJSON(r.Body)
	if err != nil {
		return nil, err
	}
	event, model := text(find(doc, "event")), text(find(doc, "model"))
	d := Delivery{Sent: timeOf(text(find(doc, "createdAt")))}
	one := func(why string, args ...any) ([]Delivery, error) {
		d.Why = fmt.Sprintf(why, args...)
		return []Delivery{d}, nil
	}
	entry, _ := find(doc, "entry").(map[string]any)
	switch {
	case event == "media.update":
		d.Event = Reconcile
		return one("a caption or a credit may have changed in the media library, not said of which article")
	case !strings.HasPrefix(event, "entry."):
		return one("%s says nothing about an article", orNothing(event))
	case model != s.model("article"):
		return one("the model %s is no article; the source's model is %s", orNothing(model), s.model("article"))
	case entry == nil:
		return nil, &article.FieldError{Field: "entry", Want: remark.Say("want-article")}
	}
	d.Article.ID = strapiID(entry)
	switch event {
	case "entry.unpublish":
		d.Event, d.Off = Retract, "unpublished"
		return one("unpublished")
	case "entry.delete":
		d.Event, d.Off = Retract, "deleted"
		return one("deleted")
	case "entry.publish":
		full, err := s.strapiEntry(entry, "published")
		full.Sent = d.Sent
		return []Delivery{full}, err
	}
	return one("%s is of the draft: what is public has not changed", event)
}

// strapiID is what stays the same: the document's id, and its language where there are several.
func strapiID(entry map[string]any) string {
	id := text(entry["documentId"])
	if locale := text(entry["locale"]); locale != "" && id != "" {
		id += ":" + locale
	}
	return id
}

func (s Source) strapiEntry(entry map[string]any, why string) (Delivery, error) {
	entry["cutline_id"] = strapiID(entry)
	d, err := s.upsert(entry, strapiRules, why)
	if err == nil {
		d.From["id"] = "documentId"
		if text(entry["locale"]) != "" {
			d.From["id"] = "documentId and locale"
		}
	}
	return d, err
}

func strapiItems(s Source, answer any) ([]Delivery, error) {
	return items(find(answer, "data"), func(v any) (Delivery, error) {
		entry, ok := v.(map[string]any)
		if !ok {
			return Delivery{}, &article.FieldError{Field: "data", Want: remark.Say("want-list")}
		}
		return s.strapiEntry(entry, "as the REST API has it")
	}), nil
}

// strapiLocale asks for the source's language: Strapi 5 lists one at a time, and its own where none is named.
func (s Source) strapiLocale() string {
	if s.c.Locale == "" {
		return ""
	}
	return "&locale=" + url.QueryEscape(s.c.Locale)
}

func strapiOne(s Source, id string) string {
	document, locale, has := strings.Cut(id, ":")
	address := s.base() + "/api/" + s.plural() + "/" + url.PathEscape(document) + "?populate=*"
	if has {
		address += "&locale=" + url.QueryEscape(locale)
	}
	return address
}

// model is the content type that holds articles.
func (s Source) model(otherwise string) string {
	if s.c.Model != "" {
		return s.c.Model
	}
	return otherwise
}

// plural is the model as Strapi's addresses have it.
func (s Source) plural() string {
	m := s.model("article")
	if strings.HasSuffix(m, "y") {
		return url.PathEscape(strings.TrimSuffix(m, "y") + "ies")
	}
	return url.PathEscape(strings.TrimSuffix(m, "s") + "s")
}
