package source

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// contentfulRules is an entry of Contentful after its fields were taken in one language and its links filled in.
var contentfulRules = rules{
	"id": {"sys.id"}, "url": {"fields.url", "fields.link"}, "slug": {"fields.slug"}, "language": {"cutline_locale"},
	"headline": {"fields.title", "fields.headline"}, "dek": {"fields.dek", "fields.excerpt", "fields.summary", "fields.description", "fields.standfirst"}, "body": {"html:fields.body", "html:fields.content"},
	"byline": {"fields.byline", "fields.author.fields.name", "fields.authors[].fields.name", "fields.author"}, "section": {"fields.section", "fields.section.fields.name", "fields.category", "fields.category.fields.name"},
	"tags": {"fields.tags", "fields.tags[].fields.name"}, "kicker": {"fields.kicker"},
	"photo":   {"fields.image.fields.file.url", "fields.heroImage.fields.file.url", "fields.hero.fields.file.url", "fields.featuredImage.fields.file.url", "fields.photo.fields.file.url"},
	"caption": {"fields.caption", "fields.imageCaption", "fields.image.fields.description", "fields.heroImage.fields.description", "fields.hero.fields.description", "fields.featuredImage.fields.description"},
	"alt":     {"fields.alt", "fields.imageAlt", "fields.image.fields.title", "fields.heroImage.fields.title", "fields.hero.fields.title", "fields.featuredImage.fields.title"},
	"credit":  {"fields.credit", "fields.imageCredit", "fields.photoCredit"}, "published": {"fields.publishedAt", "fields.publishDate", "sys.firstPublishedAt", "sys.publishedAt", "sys.createdAt"}, "updated": {"sys.updatedAt"},
	"embargo": {"fields.embargo", "fields.embargoUntil"}, "embargo.zone": {"fields.embargoTimezone", "fields.embargoTimeZone"},
}

// readContentful reads a webhook of Contentful. The topic says what happened; fields are by locale, links are ids.
func readContentful(_ context.Context, s Source, r Request) ([]Delivery, error) {
	doc, err := parseJSON(r.Body)
	if err != nil {
		return nil, err
	}
	topic := r.Header.Get("X-Contentful-Topic")
	act := topic[strings.LastIndexByte(topic, '.')+1:]
	if act == "" && text(find(doc, "sys.type")) == "DeletedEntry" {
		act = "unpublish"
	}
	d := Delivery{ID: r.Header.Get("X-Contentful-Idempotency-Key"), Sent: timeOf(text(find(doc, "sys.updatedAt")))}
	d.Article.ID = text(find(doc, "sys.id"))
	model := text(find(doc, "sys.contentType.sys.id"))
	one := func(why string) ([]Delivery, error) { d.Why = why; return []Delivery{d}, nil }
	switch {
	case topic != "" && !strings.Contains(topic, ".Entry."):
		return one(cut(topic, 80) + " is about no entry")
	case model != "" && model != s.model("article"):
		return one("the content type " + cut(model, 60) + " is no article; the source's model is " + s.model("article"))
	case act == "unpublish" || act == "delete" || act == "archive":
		d.Event, d.Off = Retract, "unpublished"
		if act == "delete" {
			d.Off = "deleted"
		}
		if t := timeOf(text(find(doc, "sys.deletedAt"))); !t.IsZero() {
			d.Sent = t
		}
		return one(act)
	case act != "publish":
		return one(orNothing(act) + " does not change what is public")
	}
	if t := timeOf(text(find(doc, "sys.publishedAt"))); !t.IsZero() {
		d.Sent = t
	}
	full, err := s.contentfulEntry(doc, nil, "published")
	if err != nil {
		return nil, err
	}
	full.ID, full.Sent, full.Partial = d.ID, d.Sent, true
	return []Delivery{full}, nil
}

// contentfulEntry reads an entry with its fields by locale, and puts what it links to in the links' place: linked is that
// by kind and id.
func (s Source) contentfulEntry(doc any, linked map[string]any, why string) (Delivery, error) {
	top, _ := doc.(map[string]any)
	fields, _ := top["fields"].(map[string]any)
	if fields == nil {
		return Delivery{}, &article.FieldError{Field: "fields", Want: remark.Say("want-entry")}
	}
	locale := s.locale(fields)
	flat := inLocale(fields, locale)
	for name, v := range flat {
		flat[name] = resolve(v, linked, locale)
	}
	made := map[string]any{"sys": top["sys"], "fields": flat}
	if locale != "" {
		made["cutline_locale"] = locale
	}
	d, err := s.upsert(made, contentfulRules, why)
	renamed(d.From, "cutline_locale", "the fields' locale")
	return d, err
}

// spoken are the fields that are not taken from another language: without them an article is not translated.
var spoken = strings.Fields("title headline dek excerpt summary description standfirst body content kicker caption imageCaption alt imageAlt")

// inLocale takes fields in one locale. A field that is not translated, as pictures and authors often are, has its value in
// one locale alone, the space's own.
func inLocale(fields map[string]any, locale string) map[string]any {
	flat := map[string]any{}
	for name, v := range fields {
		flat[name] = v
		byLocale, ok := v.(map[string]any)
		if !ok || byLocale["sys"] != nil || byLocale["nodeType"] != nil || byLocale["fields"] != nil {
			continue // in one language already
		}
		value, translated := byLocale[locale]
		if !translated && len(byLocale) == 1 && !slices.Contains(spoken, name) {
			for _, value = range byLocale {
			}
		}
		flat[name] = value
	}
	return flat
}

// locale is the one of an entry's locales that is the source's, or else the site's language: itself, else one of the same language, else the
// only one.
func (s Source) locale(fields map[string]any) string {
	var all []string
	for _, v := range fields {
		byLocale, _ := v.(map[string]any)
		for l := range byLocale {
			if len(l) >= 2 && len(l) <= 12 && l != "sys" && l != "nodeType" && l != "fields" && l != "data" && l != "content" && !slices.Contains(all, l) {
				all = append(all, l)
			}
		}
	}
	slices.Sort(all)
	if i := indexLanguage(all, cmp.Or(s.c.Locale, s.site.Language)); i >= 0 {
		return all[i]
	}
	if len(all) > 0 {
		return all[0]
	}
	return ""
}

// contentfulItems reads what the delivery API answers: entries, with what they link to beside them.
func contentfulItems(s Source, answer any) ([]Delivery, error) {
	linked := map[string]any{}
	for _, kind := range []string{"Asset", "Entry"} {
		list, _ := find(answer, "includes."+kind).([]any)
		for _, e := range list {
			linked[kind+"/"+text(find(e, "sys.id"))] = e
		}
	}
	return items(find(answer, "items"), func(v any) (Delivery, error) {
		d, err := s.contentfulEntry(v, linked, "as the delivery API has it")
		d.Sent = timeOf(text(find(v, "sys.updatedAt")))
		if err != nil {
			err = fmt.Errorf("entry %s: %w", cut(text(find(v, "sys.id")), 60), err)
		}
		return d, err
	}), nil
}

// resolve puts what a link names in its place, in one locale, and one step deep: two entries may link to each other.
func resolve(v any, linked map[string]any, locale string) any {
	if list, ok := v.([]any); ok {
		out := make([]any, len(list))
		for i, e := range list {
			out[i] = resolve(e, linked, locale)
		}
		return out
	}
	if text(find(v, "sys.type")) != "Link" {
		return v
	}
	e, ok := linked[text(find(v, "sys.linkType"))+"/"+text(find(v, "sys.id"))]
	if !ok {
		return v
	}
	fields, _ := member(e, "fields").(map[string]any)
	// A linked asset in one language has its file's members where another has locales.
	if file, ok := fields["file"].(map[string]any); ok && file["url"] != nil {
		return e
	}
	return map[string]any{"sys": member(e, "sys"), "fields": inLocale(fields, locale)}
}

// contentfulList is the delivery API's address for articles, in all locales: without that it answers in the space's own,
// whatever the site's language is. url is as far as the environment:
// https://cdn.contentful.com/spaces/SPACE/environments/master.
func contentfulList(s Source, more string) string {
	return s.base() + "/entries?include=1&locale=*&content_type=" + url.QueryEscape(s.model("article")) + more
}
