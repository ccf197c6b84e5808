package source

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// wordPressRules is a post as WordPress's REST API shows it with _embed, which our plugin sends too. All texts are HTML.
var wordPressRules = rules{
	"id": {"id"}, "url": {"link"}, "slug": {"slug"}, "headline": {"html:title.rendered", "html:title.raw"}, "dek": {"html:excerpt.rendered", "html:excerpt.raw"}, "body": {"html:content.rendered", "html:content.raw"},
	"byline": {"cutline.byline", "html:_embedded.author[].name"}, "section": {"html:section_name"}, "tags": {"html:tag_names"},
	"photo": {"_embedded[\"wp:featuredmedia\"][0].source_url", "photo.url"}, "caption": {"html:_embedded[\"wp:featuredmedia\"][0].caption.rendered", "html:photo.caption"},
	"alt": {"html:_embedded[\"wp:featuredmedia\"][0].alt_text", "html:photo.alt"}, "credit": {"html:cutline.credit", "html:photo.credit"},
	"published": {"date_gmt"}, "updated": {"modified_gmt"}, "language": {"lang", "cutline.language"},
}

// transitionRules is a post as plugins send it from inside transition_post_status: WP_Post's own fields.
var transitionRules = rules{
	"id": {"post.ID", "post_id"}, "url": {"post_permalink", "permalink"}, "slug": {"post.post_name"}, "headline": {"html:post.post_title"}, "dek": {"html:post.post_excerpt"}, "body": {"html:post.post_content"},
	"section": {"html:section_name"}, "tags": {"html:tag_names"}, "photo": {"post_thumbnail"}, "published": {"post.post_date_gmt"}, "updated": {"post.post_modified_gmt"},
}

// readWordPress reads what our plugin sends, {"event","old_status","new_status","post"} with the post as the REST API
// shows it, and what the common webhook plugins send, with the post as WordPress keeps it.
func readWordPress(_ context.Context, s Source, r Request) ([]Delivery, error) {
	doc, err := parseJSON(r.Body)
	if err != nil {
		return nil, err
	}
	top, _ := doc.(map[string]any)
	post, _ := top["post"].(map[string]any)
	if post == nil && top["id"] != nil { // a plugin that sends the representation alone
		post = top
		top = map[string]any{"post": post}
	}
	if post == nil {
		return []Delivery{{Why: orNothing(text(top["event"])) + " says nothing about a post"}}, nil
	}
	bare := post["ID"] != nil
	status, kind, id := text(post["status"]), text(post["type"]), text(post["id"])
	if bare {
		status, kind, id = text(post["post_status"]), text(post["post_type"]), text(post["ID"])
	}
	event, old := text(top["event"]), text(top["old_status"])
	if now := text(top["new_status"]); now != "" {
		status = now
	}
	d := Delivery{ID: r.Header.Get("X-WP-Delivery")}
	d.Article.ID = id
	modified := text(post["modified_gmt"])
	if bare {
		modified = text(post["post_modified_gmt"])
	}
	d.Sent = since(timeOf(modified), text(top["read"]))
	one := func(why string, args ...any) ([]Delivery, error) {
		d.Why = fmt.Sprintf(why, args...)
		return []Delivery{d}, nil
	}
	want := s.c.Model
	if want == "" {
		want = "post"
	}
	secret := text(find(post, "post_password")) != "" || find(post, "content.protected") == true
	switch {
	case kind != "" && kind != want:
		return one("a %s, not an article", kind)
	case strings.HasSuffix(event, "deleted"):
		d.Event, d.Off = Retract, "deleted"
		return one("deleted for good")
	case status == "publish" && secret:
		d.Event, d.Off = Retract, "unpublished"
		return one("now behind a password")
	case status == "publish" && !strings.HasSuffix(event, "trashed") && !strings.HasSuffix(event, "unpublished"):
	case status == "trash" || strings.HasSuffix(event, "trashed") || strings.HasSuffix(event, "unpublished") || old == "publish":
		d.Event, d.Off = Retract, "unpublished"
		return one("%s, was %s", orNothing(status), orNothing(old))
	default:
		return one("status is %s", orNothing(status))
	}
	why := "published"
	if old == "publish" {
		why = "a published post was saved"
	}
	var full Delivery
	if bare {
		full, err = s.bare(top)
	} else {
		full, err = s.wordPressPost(post)
	}
	if err != nil {
		return nil, err
	}
	full.ID, full.Sent, full.Why = d.ID, d.Sent, why
	return []Delivery{full}, nil
}

// since is the time of a post's change, which has whole seconds and stays as it is when only a photo or a tag changes: our plugin's
// deliveries of one time are in the order in which it read them, in Unix seconds. So many milliseconds after the change are as many
// nanoseconds, up to 11 days.
func since(modified time.Time, read string) time.Time {
	at, err := strconv.ParseFloat(read, 64)
	if err != nil || modified.IsZero() {
		return modified
	}
	late := at*1000 - float64(modified.UnixMilli())
	if !(late > 0) { // not a number, too
		return modified
	}
	return modified.Add(time.Duration(min(late, float64(time.Second)-1)))
}

// bare reads a post as plugins send it in the middle of a save: the photo has no caption yet, and it and the terms may be
// those of before.
func (s Source) bare(top map[string]any) (Delivery, error) {
	names := func(taxonomy string) (out []any) {
		terms, _ := find(top, "taxonomies."+taxonomy).(map[string]any)
		var slugs []string
		for slug := range terms {
			slugs = append(slugs, slug)
		}
		slices.Sort(slugs)
		for _, slug := range slugs {
			out = append(out, text(member(terms[slug], "name")))
		}
		return out
	}
	top["tag_names"], top["section_name"] = names("post_tag"), section(names("category"))
	d, err := s.upsert(top, transitionRules, "")
	renamed(d.From, "tag_names", "taxonomies.post_tag")
	renamed(d.From, "section_name", "taxonomies.category")
	d.Partial, d.Late = true, true
	return d, err
}

// wordPressPost reads a post as the REST API shows it.
func (s Source) wordPressPost(post map[string]any) (Delivery, error) {
	var tags, sections []any
	groups, _ := find(post, `_embedded["wp:term"]`).([]any)
	for _, g := range groups {
		terms, _ := g.([]any)
		for _, t := range terms {
			switch text(member(t, "taxonomy")) {
			case "post_tag":
				tags = append(tags, text(member(t, "name")))
			case "category":
				sections = append(sections, text(member(t, "name")))
			}
		}
	}
	post["tag_names"], post["section_name"] = tags, section(sections)
	if madeUp(post) {
		delete(post, "excerpt")
	}
	d, err := s.upsert(post, wordPressRules, "")
	renamed(d.From, "tag_names", "_embedded[wp:term]")
	renamed(d.From, "section_name", "_embedded[wp:term]")
	if p := &d.Article.Photo; err == nil && p.Credit == "" {
		const image = `_embedded["wp:featuredmedia"][0].media_details`
		// A picture over 2,560 pixels is shown as a smaller copy, which PHP's GD writes without the agency's metadata: WordPress
		// has read the credit from the original before. Of another the file itself is read, which says more.
		credit := article.TextOf(text(find(post, image+".image_meta.credit")))
		if credit != "" && text(find(post, image+".original_image")) != "" && p.URL == s.absolute(text(raw(post, wordPressRules["photo"]))) {
			p.Credit, p.From = credit, "field"
			d.From["credit"] = image + ".image_meta.credit"
		}
	}
	return d, err
}

// madeUp says whether WordPress made an excerpt of the text's first words: no editor wrote it. Our plugin tells; otherwise
// it is known by its end, if it was cut.
func madeUp(post map[string]any) bool {
	if written, told := find(post, "cutline.excerpt").(bool); told {
		return !written
	}
	return strings.HasSuffix(strings.TrimSpace(article.TextOf(text(find(post, "excerpt.rendered")))), "[…]")
}

// section is the first category that says something.
func section(categories []any) any {
	for _, c := range categories {
		if c != "Uncategorized" && c != "" {
			return c
		}
	}
	return nil
}

func wordPressItems(s Source, answer any) ([]Delivery, error) {
	return items(answer, func(v any) (Delivery, error) {
		post, ok := v.(map[string]any)
		if !ok {
			return Delivery{}, &article.FieldError{Field: "post", Want: remark.Say("want-object")}
		}
		d := Delivery{Event: Retract, Off: "unpublished", Why: "the REST API no longer shows it to all"}
		d.Article.ID = text(post["id"])
		if st := text(post["status"]); st != "" && st != "publish" || find(post, "content.protected") == true {
			return d, nil
		}
		d, err := s.wordPressPost(post)
		d.Sent, d.Why = timeOf(text(post["modified_gmt"])), "as the REST API has it"
		return d, err
	}), nil
}

// basicKey sends an application password, "user:xxxx xxxx xxxx"; drafts are not read, so it is needed only where the API
// is closed.
func basicKey(key string) (string, string) {
	return "Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(key))
}
