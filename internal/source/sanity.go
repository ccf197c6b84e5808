package source

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// sanityRules is what a webhook's projection of Sanity should give; docs/sources/sanity.md has the GROQ for it.
var sanityRules = rules{
	"id": {"_id"}, "url": {"url", "link"}, "slug": {"slug.current", "slug"}, "language": {"language", "__i18n_lang", "lang"},
	"headline": {"title", "headline"}, "dek": {"dek", "excerpt", "summary", "description"}, "body": {"html:body", "html:content"},
	"byline": {"author.name", "authors[].name", "byline", "author"}, "section": {"section", "section.title", "category.title", "categories[0].title", "category", "categories"}, "tags": {"tags[].title", "tags", "categories[].title"},
	"photo": {"image.url", "mainImage.asset.url", "image.asset.url", "mainImage.url", "imageUrl", "photo.url", "image"}, "caption": {"image.caption", "mainImage.caption", "photo.caption", "caption"},
	"alt": {"image.alt", "mainImage.alt", "photo.alt", "alt"}, "credit": {"image.credit", "mainImage.credit", "image.attribution", "mainImage.attribution", "photo.credit", "image.asset.creditLine", "mainImage.asset.creditLine", "credit"},
	"focal.x": {"image.hotspot.x", "mainImage.hotspot.x"}, "focal.y": {"image.hotspot.y", "mainImage.hotspot.y"},
	"published": {"publishedAt", "published", "_createdAt"}, "updated": {"_updatedAt"}, "embargo": {"embargo", "embargoUntil", "embargo.utc", "embargoUntil.utc"}, "embargo.zone": {"embargoTimezone", "embargoTimeZone"}, "kicker": {"kicker"},
}

// readSanity reads a webhook of Sanity: the body is what its projection says, the operation stands in a header, if the
// projection does not say it by delta::operation().
func readSanity(_ context.Context, s Source, r Request) ([]Delivery, error) {
	doc, err := parseJSON(r.Body)
	if err != nil {
		return nil, err
	}
	operation := r.Header.Get("sanity-operation")
	if o := text(find(doc, "operation")); o != "" {
		operation = o
	}
	id := text(find(doc, "_id"))
	if id == "" {
		id = r.Header.Get("sanity-document-id")
	}
	d := Delivery{ID: r.Header.Get("idempotency-key"), Sent: timeOf(text(find(doc, "_updatedAt")))}
	d.Article.ID = strings.TrimPrefix(id, "drafts.")
	one := func(why string) ([]Delivery, error) { d.Why = why; return []Delivery{d}, nil }
	switch kind := text(find(doc, "_type")); {
	case strings.HasPrefix(id, "drafts.") || strings.HasPrefix(id, "versions."):
		return one("a draft")
	case kind != "" && s.c.Model != "" && kind != s.c.Model:
		return one("the type " + cut(kind, 60) + " is no article; the source's model is " + s.c.Model)
	case operation == "delete":
		// Unpublishing deletes the public document; the draft stays.
		d.Event, d.Off = Retract, "unpublished"
		return one("no longer public")
	case text(find(doc, "status")) != "" && text(find(doc, "status")) != "published":
		d.Event, d.Off = Retract, "unpublished"
		return one("status is " + cut(text(find(doc, "status")), 60))
	}
	full, err := s.sanityDocument(doc, "published")
	if err != nil {
		return nil, err
	}
	full.ID, full.Sent = d.ID, d.Sent
	if full.Event == "" { // in this language it is not public, or no more
		full.Event, full.Off = Retract, "unpublished"
	}
	return []Delivery{full}, nil
}

func (s Source) sanityDocument(doc any, why string) (Delivery, error) {
	top, ok := doc.(map[string]any)
	if !ok {
		return Delivery{}, &article.FieldError{Field: "body", Want: remark.Say("want-object")}
	}
	for _, f := range []string{"image", "mainImage"} { // an asset that was not expanded: its id says where it lies
		ref := text(find(top[f], "asset._ref"))
		if image, ok := top[f].(map[string]any); ok && image["url"] == nil && find(image, "asset.url") == nil && ref != "" {
			image["url"] = s.sanityAsset(ref)
		}
	}
	if language := s.sanityLanguage(top); language != "" {
		for _, f := range []string{"title", "headline"} {
			if byLanguage(top[f]) != nil && text(inLanguage(top[f], language)) == "" {
				d := Delivery{Why: "it has no headline in the language " + language}
				d.Article.ID = strings.TrimPrefix(text(top["_id"]), "drafts.")
				return d, nil
			}
		}
		for name, v := range top {
			top[name] = inLanguage(v, language)
		}
		if image, ok := top["image"].(map[string]any); ok {
			for name, v := range image {
				image[name] = inLanguage(v, language)
			}
		}
		if text(top["language"]) == "" {
			top["language"] = language
		}
	}
	return s.upsert(top, sanityRules, why)
}

// byLanguage is what Sanity keeps in several languages in one field: a list of {_key: language, value} of the plugin
// internationalized-array (its version 5 has language in place of _key), or an object {_type: local…, en: …, ckb: …} as Sanity's guide to
// localizing fields makes them; nil if it is neither.
func byLanguage(v any) map[string]any {
	out := map[string]any{}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			m, ok := e.(map[string]any)
			l := cmp.Or(text(m["language"]), text(m["_key"]))
			if _, has := m["value"]; !ok || !has || l == "" || !strings.HasPrefix(text(m["_type"]), "internationalizedArray") {
				return nil
			}
			out[l] = m["value"]
		}
	case map[string]any:
		if !strings.HasPrefix(text(v["_type"]), "local") { // localeString, localizedText
			return nil
		}
		for l, value := range v {
			if !strings.HasPrefix(l, "_") {
				out[l] = value
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// sanityLanguage is the language in which a document with fields in several is read: the source's locale, else the site's; empty
// where no field is in several.
func (s Source) sanityLanguage(doc map[string]any) string {
	for _, v := range doc {
		if byLanguage(v) != nil {
			return strings.ReplaceAll(cmp.Or(s.c.Locale, s.site.Language), "_", "-")
		}
	}
	return ""
}

// inLanguage is a field in one language: itself, else one of the same language. What is not translated is not there.
func inLanguage(v any, language string) any {
	all := byLanguage(v)
	if all == nil {
		return v
	}
	tags := sortedKeys(all)
	if i := indexLanguage(tags, language); i >= 0 {
		return all[tags[i]]
	}
	return nil
}

// sanityProjection is the projection that docs/sources/sanity.md gives for webhooks, less the operation: what is read and
// what is sent are the same.
const sanityProjection = `{_id, _type, _updatedAt, title, "slug": slug.current, dek, body, publishedAt, language,
 "author": author->{name}, "section": section->title, "tags": tags[]->title,
 "image": {"url": mainImage.asset->url, "caption": mainImage.caption, "alt": mainImage.alt,
           "credit": coalesce(mainImage.credit, mainImage.asset->creditLine), "hotspot": mainImage.hotspot}}`

// sanityHome takes url apart, which is a dataset's query address, https://PROJECT.api.sanity.io/v2025-02-19/data/query/DATASET,
// or where its pictures lie, https://cdn.sanity.io/images/PROJECT/DATASET: either says the other.
func (s Source) sanityHome() (query, images string) {
	u, err := url.Parse(s.base())
	if err != nil || s.c.URL == "" {
		return "", ""
	}
	if parts := strings.Split(strings.Trim(u.Path, "/"), "/"); len(parts) == 3 && parts[0] == "images" {
		return "https://" + parts[1] + ".api.sanity.io/v2025-02-19/data/query/" + parts[2], s.base()
	}
	project, _, _ := strings.Cut(u.Hostname(), ".")
	return s.base(), "https://cdn.sanity.io/images/" + project + "/" + lastPart(u.Path)
}

// sanityQuery is the address of a GROQ query for published articles.
func (s Source) sanityQuery(filter, slice string) string {
	query, _ := s.sanityHome()
	shape := s.c.Query
	if shape == "" {
		shape = sanityProjection
	}
	groq := fmt.Sprintf("*[_type == %q%s]%s%s", s.model("article"), filter, slice, shape)
	return query + "?perspective=published&query=" + url.QueryEscape(groq)
}

func sanityItems(s Source, answer any) ([]Delivery, error) {
	return items(find(answer, "result"), func(v any) (Delivery, error) {
		d, err := s.sanityDocument(v, "as the dataset has it")
		d.Sent = timeOf(text(find(v, "_updatedAt")))
		return d, err
	}), nil
}

// sanityAsset is the address of image-ID-1200x800-jpg.
func (s Source) sanityAsset(ref string) string {
	name, ok := strings.CutPrefix(ref, "image-")
	i := strings.LastIndexByte(name, '-')
	_, images := s.sanityHome()
	if !ok || i < 0 || images == "" {
		return ""
	}
	return images + "/" + name[:i] + "." + name[i+1:]
}
