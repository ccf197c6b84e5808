package source

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// ghostRules is a post of Ghost, in a webhook's "current" and in the Content API alike. Titles and excerpts are plain
// text, the caption is HTML. excerpt, which Ghost makes of the body, is no dek.
var ghostRules = rules{
	"id": {"id"}, "url": {"canonical_url", "url"}, "slug": {"slug"}, "headline": {"title"}, "dek": {"custom_excerpt"}, "body": {"html:html"},
	"byline": {"authors[].name", "primary_author.name"}, "section": {"section"}, "tags": {"public_tags"},
	"photo": {"feature_image"}, "caption": {"html:feature_image_caption"}, "alt": {"feature_image_alt"},
	"published": {"published_at"}, "updated": {"updated_at"},
}

// readGhost reads a webhook of Ghost: {"event","post":{"current","previous"}}. One act of an editor sends up to four.
func readGhost(_ context.Context, s Source, r Request) ([]Delivery, error) {
	doc, err := parseJSON(r.Body)
	if err != nil {
		return nil, err
	}
	event := text(find(doc, "event"))
	if event == "" { // Ghost before 5 says it nowhere but in the address
		event = lastPart(r.Path)
	}
	d := Delivery{}
	if _, t, err := ghostParts(r.Header.Get("X-Ghost-Signature")); err == nil {
		if ms, err := digits(t, 13); err == nil {
			d.Sent = time.UnixMilli(ms).UTC()
		}
	}
	one := func(why string, args ...any) ([]Delivery, error) {
		d.Why = fmt.Sprintf(why, args...)
		return []Delivery{d}, nil
	}
	switch {
	case event == "site.changed":
		d.Event = Reconcile
		return one("something public changed, not said what")
	case strings.HasPrefix(event, "page.") || find(doc, "page") != nil && find(doc, "post") == nil:
		return one("a page, not an article")
	case find(doc, "post") == nil:
		return one("%s says nothing about one article", orNothing(event))
	}
	current, _ := find(doc, "post.current").(map[string]any)
	previous := find(doc, "post.previous")
	if d.Article.ID = text(current["id"]); d.Article.ID == "" {
		d.Article.ID = text(member(previous, "id"))
	}
	status := text(current["status"])
	switch {
	case event == "post.deleted":
		d.Event, d.Off = Retract, "deleted"
		return one("deleted")
	case event == "post.unpublished":
		d.Event, d.Off = Retract, "unpublished"
		return one("no longer published")
	case len(current) == 0:
		return one("part of a delete; post.deleted says so itself")
	case status == "sent":
		return one("sent by e-mail only: it has no page")
	case status != "published":
		return one("status is %s", orNothing(status))
	}
	full, err := s.ghostPost(current, event)
	if err != nil {
		return nil, err
	}
	full.Sent = d.Sent
	return []Delivery{full}, nil
}

// ghostPost reads one post.
func (s Source) ghostPost(post map[string]any, why string) (Delivery, error) {
	var public []any
	tags, _ := post["tags"].([]any)
	for _, t := range tags {
		if name := text(member(t, "name")); text(member(t, "visibility")) != "internal" && !strings.HasPrefix(name, "#") {
			public = append(public, name)
		}
	}
	post["public_tags"] = public
	post["section"] = text(public)
	d, err := s.upsert(post, ghostRules, why)
	if err != nil {
		return d, err
	}
	renamed(d.From, "public_tags", "tags[].name")
	renamed(d.From, "section", "tags[0].name")
	if v := text(post["visibility"]); v != "" && v != "public" {
		d.Why = remark.Join(d.Why, "for "+v+" only")
	}
	return d, nil
}

func ghostItems(s Source, answer any) ([]Delivery, error) {
	return items(find(answer, "posts"), func(v any) (Delivery, error) {
		post, ok := v.(map[string]any)
		if !ok {
			return Delivery{}, &article.FieldError{Field: "posts", Want: remark.Say("want-list")}
		}
		d, err := s.ghostPost(post, "as the Content API has it")
		d.Thin = post["access"] == false
		return d, err
	}), nil
}

// renamed tells where a field was really found, where a kind had to put it elsewhere first.
func renamed(from map[string]string, made, real string) {
	for f, path := range from {
		if path == made {
			from[f] = real
		}
	}
}

func lastPart(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path[strings.LastIndexByte(path, '/')+1:]
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return cut(s, 60)
}
