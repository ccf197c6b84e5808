package source

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"cutline/internal/article"
	"cutline/internal/fetch"
	"cutline/internal/remark"
)

// feedRules reads what a feed's item was made into: RSS 2.0 with Media RSS and Dublin Core, Atom and JSON Feed alike.
var feedRules = rules{
	"id": {"id"}, "url": {"url"}, "headline": {"html:title"}, "dek": {"html:summary"}, "body": {"html:content"}, "byline": {"authors"}, "section": {"section"}, "tags": {"tags"}, "language": {"language"},
	"photo": {"image.url"}, "caption": {"html:image.description"}, "credit": {"image.credit"}, "alt": {"image.alt"}, "published": {"published"}, "updated": {"updated"},
}

// pullFeed reads the configured feed, if it changed.
func pullFeed(ctx context.Context, s Source, known fetch.Known) (Pulled, error) {
	res, err := s.net.Pages.Get(ctx, s.c.URL, fetch.Limits{Bytes: 5 << 20}, known)
	if err != nil {
		return Pulled{}, fmt.Errorf("source %s: reading the feed: %w", s.Name, err)
	}
	if res.Same {
		return Pulled{Same: true, Known: known}, nil
	}
	out := Pulled{Known: fetch.Known{ETag: res.ETag, Modified: res.Modified}}
	if out.Deliveries, err = s.feed(res.Body); err != nil {
		return Pulled{}, fmt.Errorf("source %s: reading the feed: %w", s.Name, err)
	}
	out.Hub, out.Topic = s.hubOf(res)
	return out, nil
}

// readFeed reads what a WebSub hub pushes: the feed, with what is new.
func readFeed(_ context.Context, s Source, r Request) ([]Delivery, error) { return s.feed(r.Body) }

func (s Source) feed(body []byte) ([]Delivery, error) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if len(body) > 0 && body[0] == '{' {
		doc, err := parseJSON(body)
		if err != nil {
			return nil, err
		}
		return s.feedItems(find(doc, "items"), jsonItem(text(find(doc, "language")))), nil
	}
	root, err := parseXML(body)
	if err != nil {
		return nil, err
	}
	var list []any
	switch root.name.Local {
	case "rss", "RDF":
		language := root.one("channel", "language").words()
		nodes := append(root.all("channel", "item"), root.all("item")...)
		for _, n := range nodes {
			list = append(list, rssItem(n, language))
		}
	case "feed":
		for _, n := range root.all("entry") {
			list = append(list, atomEntry(n, root.attr("lang")))
		}
	default:
		return nil, &article.FieldError{Field: "body", Want: remark.Say("want-feed")}
	}
	return s.feedItems(list, func(v any) any { return v }), nil
}

func (s Source) feedItems(list any, made func(any) any) []Delivery {
	all, _ := list.([]any)
	return items(all[:min(len(all), 200)], func(v any) (Delivery, error) {
		item := made(v)
		d, err := s.upsert(item, feedRules, "in the feed")
		if d.Sent = d.Article.Updated; d.Sent.IsZero() {
			d.Sent = d.Article.Published
		}
		return d, err
	})
}

func rssItem(n *node, language string) any {
	first := func(names ...string) string {
		for _, name := range names {
			if w := n.one(name).words(); w != "" {
				return w
			}
		}
		return ""
	}
	item := map[string]any{"id": first("guid", "link"), "url": rssLink(n), "title": n.one("title").words(), "language": language,
		"published": first("pubDate", "date", "published"), "updated": first("modified", "updated"), "summary": first("description"), "content": first("encoded", "content")}
	for _, e := range n.kids { // media:description and description have one local name
		switch {
		case e.name.Local == "description" && !isMedia(e):
			item["summary"] = e.words()
		case e.name.Local == "encoded":
			item["content"] = e.words()
		}
	}
	if item["content"] == "" {
		item["content"], item["summary"] = item["summary"], ""
	}
	var authors, tags []any
	for _, e := range n.kids {
		switch e.name.Local {
		case "creator":
			authors = append(authors, e.words())
		case "author":
			if name := e.words(); len(n.all("creator")) == 0 {
				if i, j := strings.IndexByte(name, '('), strings.LastIndexByte(name, ')'); i >= 0 && j > i {
					name = name[i+1 : j] // "mail@news.example (Name)"
				}
				authors = append(authors, name)
			}
		case "category":
			if !isMedia(e) {
				tags = append(tags, e.words())
			}
		}
	}
	item["authors"], item["tags"] = authors, tags
	if len(tags) > 0 {
		item["section"] = tags[0]
	}
	item["image"] = mediaImage(n)
	return item
}

// rssLink is the item's link; a guid that is one stands in.
func rssLink(n *node) string {
	for _, l := range n.all("link") {
		if w := l.words(); w != "" {
			return w
		}
	}
	if g := n.one("guid"); g.attr("isPermaLink") != "false" && strings.HasPrefix(g.words(), "http") {
		return g.words()
	}
	return ""
}

func isMedia(n *node) bool { return strings.Contains(n.name.Space, "search.yahoo.com/mrss") }

// mediaImage is the largest picture of Media RSS, else the enclosure that is one.
func mediaImage(n *node) any {
	var best *node
	size := -1.0
	n.each(func(m *node) {
		if m.name.Local != "content" || !isMedia(m) || m.attr("url") == "" {
			return
		}
		kind, medium := m.attr("type"), m.attr("medium")
		if medium != "" && medium != "image" || medium == "" && kind != "" && !strings.HasPrefix(kind, "image/") {
			return
		}
		w, _ := number(m.attr("width"))
		if w > size {
			best, size = m, w
		}
	})
	out := map[string]any{}
	if best != nil {
		out["url"] = best.attr("url")
	} else if t := n.one("thumbnail"); t.attr("url") != "" && isMedia(t) {
		out["url"] = t.attr("url")
	}
	for _, e := range n.all("enclosure") {
		if out["url"] == nil && strings.HasPrefix(e.attr("type"), "image/") {
			out["url"] = e.attr("url")
		}
	}
	if out["url"] == nil {
		return nil
	}
	n.each(func(m *node) {
		if !isMedia(m) {
			return
		}
		name := map[string]string{"description": "description", "credit": "credit", "text": "alt", "title": "alt"}[m.name.Local]
		if name != "" && out[name] == nil && m.words() != "" {
			out[name] = m.words()
		}
	})
	return out
}

func atomEntry(n *node, language string) any {
	value := func(name string) string {
		e := n.one(name)
		switch e.attr("type") {
		case "xhtml":
			return e.markup()
		case "html":
			return e.words()
		}
		return strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(e.words())
	}
	if l := n.attr("lang"); l != "" {
		language = l
	}
	item := map[string]any{"id": n.one("id").words(), "title": value("title"), "summary": value("summary"), "content": value("content"), "published": n.one("published").words(), "updated": n.one("updated").words(), "language": language}
	for _, l := range n.all("link") {
		switch rel := l.attr("rel"); {
		case rel == "" || rel == "alternate":
			if item["url"] == nil {
				item["url"] = l.attr("href")
			}
		case rel == "enclosure" && strings.HasPrefix(l.attr("type"), "image/"):
			item["image"] = map[string]any{"url": l.attr("href")}
		}
	}
	if m := mediaImage(n); m != nil {
		item["image"] = m
	}
	var authors, tags []any
	for _, a := range n.all("author") {
		authors = append(authors, a.one("name").words())
	}
	for _, c := range n.all("category") {
		name := c.attr("label")
		if name == "" {
			name = c.attr("term")
		}
		tags = append(tags, name)
	}
	item["authors"], item["tags"] = authors, tags
	if len(tags) > 0 {
		item["section"] = tags[0]
	}
	return item
}

// jsonItem reads an item of JSON Feed 1.1.
func jsonItem(language string) func(any) any {
	return func(v any) any {
		escape := strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace
		item := map[string]any{"id": text(find(v, "id")), "url": find(v, "url"), "title": escape(text(find(v, "title"))), "summary": escape(text(find(v, "summary"))),
			"content": find(v, "content_html"), "published": find(v, "date_published"), "updated": find(v, "date_modified"), "tags": find(v, "tags"), "authors": find(v, "authors[].name"), "language": language}
		if c := text(find(v, "content_text")); item["content"] == nil && c != "" {
			item["content"] = escape(c)
		}
		if l := text(find(v, "language")); l != "" {
			item["language"] = l
		}
		if tags := texts(find(v, "tags")); len(tags) > 0 {
			item["section"] = tags[0]
		}
		for _, f := range []string{"image", "banner_image"} {
			if u := text(find(v, f)); u != "" && item["image"] == nil {
				item["image"] = map[string]any{"url": u}
			}
		}
		return item
	}
}
