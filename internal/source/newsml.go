package source

import (
	"context"
	"strings"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// newsmlRules reads what newsmlItem made of a NewsML-G2 item.
var newsmlRules = rules{
	"id": {"guid"}, "url": {"url"}, "slug": {"slugline"}, "language": {"language"}, "headline": {"headline"}, "dek": {"description"}, "body": {"html:body"},
	"byline": {"by"}, "dateline": {"dateline"}, "section": {"section"}, "tags": {"keywords"}, "photo": {"picture.href"}, "caption": {"picture.caption"}, "credit": {"picture.creditline"},
	"alt": {"picture.alt"}, "terms": {"picture.usageterms"}, "published": {"firstcreated", "contentcreated", "versioncreated"}, "updated": {"versioncreated"}, "embargo": {"embargoed"},
}

// readNewsML reads IPTC NewsML-G2: a newsItem alone, or a newsMessage with the article's item and those of its pictures.
func readNewsML(_ context.Context, s Source, r Request) ([]Delivery, error) {
	root, err := parseXML(r.Body)
	if err != nil {
		return nil, err
	}
	var texts, pictures []*node
	root.each(func(n *node) {
		if n.name.Local != "newsItem" {
			return
		}
		switch class := lastColon(n.one("itemMeta", "itemClass").attr("qcode")); class {
		case "picture", "graphic":
			pictures = append(pictures, n)
		case "text", "composite", "":
			texts = append(texts, n)
		}
	})
	var out []Delivery
	for _, n := range texts {
		d, err := s.newsmlItem(n, pictures)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	if len(out) == 0 {
		return []Delivery{{Why: "no item of text in it"}}, nil
	}
	return out, nil
}

func lastColon(qcode string) string { return qcode[strings.LastIndexByte(qcode, ':')+1:] }

// spoken is, of texts in several languages, the one in the item's, or else the site's: the first that is, else the first.
func (s Source) spoken(item *node, all []*node) *node {
	for _, want := range []string{item.one("contentMeta", "language").attr("tag"), item.one("contentSet", "inlineXML").attr("lang"), item.attr("lang"), s.site.Language} {
		for _, n := range all {
			if is := n.attr("lang"); want != "" && is != "" && article.Primary(is) == article.Primary(want) {
				return n
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

func (s Source) newsmlItem(n *node, pictures []*node) (Delivery, error) {
	meta, content := n.one("itemMeta"), n.one("contentMeta")
	d := Delivery{Sent: versionTime(meta.one("versionCreated").words(), n.attr("version"))}
	d.Article.ID = n.attr("guid")
	if d.Article.ID == "" {
		return d, &article.FieldError{Field: "newsItem.guid", Want: remark.Say("want-item-id")}
	}
	switch status := lastColon(meta.one("pubStatus").attr("qcode")); status {
	case "canceled", "cancelled":
		d.Event, d.Off, d.Why = Retract, "deleted", "killed: pubStatus is canceled"
		return d, nil
	case "withheld":
		d.Event, d.Off, d.Why = Retract, "unpublished", "pubStatus is withheld"
		return d, nil
	}
	made := map[string]any{
		"guid": d.Article.ID, "headline": s.spoken(n, content.all("headline")).words(), "slugline": content.one("slugline").words(), "dateline": content.one("dateline").words(),
		"language": content.one("language").attr("tag"), "firstcreated": meta.one("firstCreated").words(), "versioncreated": meta.one("versionCreated").words(),
		"contentcreated": content.one("contentCreated").words(), "embargoed": meta.one("embargoed").words(),
	}
	if made["language"] == "" {
		made["language"] = n.one("contentSet", "inlineXML").attr("lang")
	}
	if made["language"] == "" {
		made["language"] = n.attr("lang")
	}
	var by, keywords []any
	for _, b := range content.all("by") {
		by = append(by, b.words())
	}
	for _, k := range content.all("keyword") {
		keywords = append(keywords, k.words())
	}
	for _, sub := range content.all("subject") {
		if name := sub.one("name").words(); name != "" && made["section"] == nil {
			made["section"] = name
		}
	}
	made["by"], made["keywords"] = by, keywords
	for _, desc := range content.all("description") {
		if role := lastColon(desc.attr("role")); role != "caption" && made["description"] == nil {
			made["description"] = desc.words()
		}
	}
	for _, l := range append(meta.all("link"), n.all("itemMeta", "altRep")...) {
		if rel := strings.ToLower(lastColon(l.attr("rel"))); strings.Contains(rel, "canonical") || strings.Contains(rel, "web") {
			made["url"] = l.attr("href")
		}
	}
	if inline := n.one("contentSet", "inlineXML"); inline != nil {
		body := inline
		inline.each(func(k *node) {
			if k.name.Local == "body" || k.name.Local == "body.content" {
				body = k
			}
		})
		made["body"] = body.markup()
	} else if data := n.one("contentSet", "inlineData"); data != nil {
		made["body"] = data.words()
	}
	if p := picture(pictures); p != nil {
		made["picture"] = p
	} else if p := picture([]*node{n}); p != nil {
		made["picture"] = p
	}
	full, err := s.upsert(made, newsmlRules, "pubStatus is usable")
	full.Sent = d.Sent
	return full, err
}

// picture is the first picture that can be fetched, in its largest rendition.
func picture(items []*node) map[string]any {
	for _, n := range items {
		best, size := "", -1.0
		for _, c := range n.all("contentSet", "remoteContent") {
			kind := c.attr("contenttype")
			w, _ := number(c.attr("width"))
			if href := c.attr("href"); href != "" && (kind == "" || strings.HasPrefix(kind, "image/")) && w > size {
				best, size = href, w
			}
		}
		if best == "" {
			continue
		}
		content := n.one("contentMeta")
		out := map[string]any{"href": best, "creditline": content.one("creditline").words(), "usageterms": n.one("rightsInfo", "usageTerms").words()}
		for _, desc := range content.all("description") {
			switch role := strings.ToLower(lastColon(desc.attr("role"))); {
			case strings.Contains(role, "alt") || role == "accessibility":
				out["alt"] = desc.words()
			case role == "caption" || out["caption"] == nil:
				out["caption"] = desc.words()
			}
		}
		if out["creditline"] == "" {
			out["creditline"] = content.one("by").words()
		}
		return out
	}
	return nil
}
