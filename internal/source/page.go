package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"cutline/internal/article"
	"cutline/internal/fetch"
	"cutline/internal/remark"
)

// pageRules reads what a page says of itself: schema.org's NewsArticle in JSON-LD first, then Open Graph, then what the
// HTML shows.
var pageRules = rules{
	"id": {"address"}, "url": {"canonical", "ld.url", "og.url", "address"}, "language": {"ld.inLanguage", "lang", "og.locale"},
	"headline": {"html:ld.headline", "og.title", "html:ld.name", "h1", "title"}, "dek": {"html:ld.alternativeHeadline", "html:ld.description", "og.description", "meta.description"},
	"body": {"html:ld.articleBody", "html:body"}, "byline": {"html:ld.author[].name", "html:ld.author.name", "html:ld.author", "meta.author"},
	"section": {"html:ld.articleSection", "article.section"}, "tags": {"html:ld.keywords", "article.tag", "meta.news_keywords"},
	"photo": {"image.url", "image.contentUrl", "og.image", "ld.thumbnailUrl"}, "caption": {"html:image.caption", "html:image.description", "figcaption"}, "alt": {"og.image:alt", "alt"},
	"credit": {"html:image.creditText", "html:image.creator.name", "html:image.creator[].name", "html:image.copyrightHolder.name"}, "terms": {"image.acquireLicensePage"},
	"published": {"ld.datePublished", "article.published_time", "meta.date"}, "updated": {"ld.dateModified", "article.modified_time"},
}

// readPage reads the call of any CMS that can call an address: {"url": "https://…"}, or the same as a form. The page is
// read by Complete; "event" may say that it is gone.
func readPage(_ context.Context, s Source, r Request) ([]Delivery, error) {
	address, event, at := "", "", ""
	if bytes.HasPrefix(bytes.TrimSpace(r.Body), []byte("{")) {
		doc, err := parseJSON(r.Body)
		if err != nil {
			return nil, err
		}
		address, event, at = text(find(doc, "url")), text(find(doc, "event")), text(find(doc, "timestamp"))
	} else if form, err := url.ParseQuery(string(bytes.TrimSpace(r.Body))); err == nil {
		address, event, at = form.Get("url"), form.Get("event"), form.Get("timestamp")
	}
	id, err := s.ownPage(address)
	if err != nil {
		return nil, err
	}
	d := Delivery{Event: Upsert, Partial: true, Why: "the page is read", Sent: timeOf(at)}
	d.Article.ID = id
	if e := event[strings.LastIndexByte(event, '.')+1:]; e == "deleted" || e == "unpublished" {
		d.Event, d.Off, d.Partial, d.Why = Retract, e, false, e
	}
	return []Delivery{d}, nil
}

// ownPage checks that an address is of the site, and brings it into the form by which the article is known: without a
// fragment and without what follows readers around.
func (s Source) ownPage(address string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if address == "" || err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", &article.FieldError{Field: "url", Want: remark.Say("want-page")}
	}
	home, err := url.Parse(s.site.URL)
	if err != nil {
		return "", fmt.Errorf("source %s: the site's url: %w", s.Name, err)
	}
	www := func(h string) string { return strings.TrimPrefix(strings.ToLower(h), "www.") }
	if www(u.Host) != www(home.Host) {
		return "", &article.FieldError{Field: "url", Want: remark.Say("want-address-of", home.Host)}
	}
	u.Fragment, u.RawFragment = "", ""
	q := u.Query()
	for name := range q {
		if strings.HasPrefix(name, "utm_") || name == "fbclid" || name == "gclid" {
			q.Del(name)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// completePage reads the page at id, which is its address.
func completePage(ctx context.Context, s Source, id string) (Delivery, error) {
	if _, err := s.ownPage(id); err != nil {
		return Delivery{}, err
	}
	res, err := s.net.Pages.Get(ctx, id, fetch.Limits{Bytes: 5 << 20})
	var status *fetch.StatusError
	if errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusGone) {
		return Delivery{}, ErrGone
	} else if err != nil {
		return Delivery{}, fmt.Errorf("source %s: reading the page: %w", s.Name, err)
	}
	return s.page(id, res)
}

// page reads an article out of a page.
func (s Source) page(id string, res fetch.Response) (Delivery, error) {
	in, err := charset.NewReader(bytes.NewReader(res.Body), res.Type)
	if err != nil {
		return Delivery{}, fmt.Errorf("source %s: reading the page: %w", s.Name, err)
	}
	// Bounded by the page's size; the parser itself limits the depth of elements.
	root, err := html.Parse(in)
	if err != nil {
		return Delivery{}, fmt.Errorf("source %s: reading the page: %w", s.Name, err)
	}
	made := map[string]any{"address": id, "og": map[string]any{}, "article": map[string]any{}, "meta": map[string]any{}}
	found := gather(root, made)
	if found != nil {
		made["ld"] = found
		made["image"] = largest(found["image"])
	}
	if text(find(made, "image.url")) == "" && text(find(made, "og.image")) != "" {
		if m, ok := made["image"].(map[string]any); ok {
			m["url"] = find(made, "og.image")
		}
	}
	if ld, ok := made["ld"].(map[string]any); ok {
		if list, isText := ld["keywords"].(string); isText {
			ld["keywords"] = parted(list)
		}
		if _, isObject := ld["url"].(map[string]any); isObject {
			delete(ld, "url")
		}
	}
	base, err := url.Parse(res.URL)
	if err != nil || res.URL == "" {
		if base, err = url.Parse(id); err != nil {
			return Delivery{}, fmt.Errorf("source %s: %w", s.Name, err)
		}
	}
	s.c.URL = base.String() // addresses on a page are relative to it
	d, err := s.upsert(made, pageRules, "as the page has it")
	if err != nil {
		return d, fmt.Errorf("source %s: there is no article on the page: %w", s.Name, err)
	}
	d.Article.ID = id
	if n := identifier(made); n != "" && len(n) <= maxID-40 && !d.Article.Published.IsZero() && n != id {
		// By it a page that moved is known again. A number that a site gives to all its pages parts them still by their times.
		d.Of = fmt.Sprintf("page %s of %d", n, d.Article.Published.Unix())
	}
	// A canonical address on another host is not this article's.
	if _, err := s.ownPage(d.Article.URL); err != nil {
		d.Article.URL = id
	}
	return d, nil
}

// gather walks a page once: metadata into made, and the JSON-LD of the article.
func gather(root *html.Node, made map[string]any) (found map[string]any) {
	og, art, meta := made["og"].(map[string]any), made["article"].(map[string]any), made["meta"].(map[string]any)
	put := func(to map[string]any, name, value string) {
		if _, there := to[name]; !there && value != "" {
			to[name] = value
		}
	}
	var story *html.Node
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.DataAtom {
		case atom.Html:
			put(made, "lang", attrOf(n, "lang"))
		case atom.Title:
			put(made, "title", textOf(n))
		case atom.H1:
			put(made, "h1", textOf(n))
		case atom.Figcaption:
			put(made, "figcaption", textOf(n))
		case atom.Link:
			for _, rel := range strings.Fields(strings.ToLower(attrOf(n, "rel"))) {
				if rel == "canonical" || rel == "shortlink" {
					put(made, rel, attrOf(n, "href"))
				}
			}
		case atom.Meta:
			name, value := strings.ToLower(attrOf(n, "property")), attrOf(n, "content")
			if name == "" {
				name = strings.ToLower(attrOf(n, "name"))
			}
			switch kind, rest, _ := strings.Cut(name, ":"); {
			case kind == "og" && rest != "":
				put(og, rest, value)
			case kind == "article" && rest == "tag":
				tags, _ := art["tag"].([]any)
				art["tag"] = append(tags, value)
			case kind == "article" && rest != "":
				put(art, rest, value)
			case name == "news_keywords":
				meta[name] = parted(value)
			default:
				put(meta, name, value)
			}
		case atom.Script:
			if strings.EqualFold(strings.TrimSpace(attrOf(n, "type")), "application/ld+json") && found == nil && n.FirstChild != nil {
				if doc, err := parseJSON([]byte(n.FirstChild.Data)); err == nil { // one that is broken is no JSON-LD
					found = newsArticle(doc, 0)
				}
			}
		case atom.Article:
			if story == nil {
				story = n
			}
		}
	}
	if body := paragraphs(story, root); body != "" {
		made["body"] = body
	}
	return found
}

// identifier is the page's own id in the CMS, if it says one: schema.org's identifier, or the short link that WordPress
// and others give.
func identifier(made map[string]any) string {
	for _, path := range []string{"ld.identifier.value", "ld.identifier", "shortlink"} {
		if v := text(find(made, path)); v != "" {
			return v
		}
	}
	return ""
}

// newsArticle finds the article in JSON-LD: itself, in a list, or in a @graph.
func newsArticle(v any, depth int) map[string]any {
	if depth > 4 {
		return nil
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if a := newsArticle(e, depth+1); a != nil {
				return a
			}
		}
	case map[string]any:
		for _, t := range texts(v["@type"]) {
			t = t[strings.LastIndexByte(t, '/')+1:]
			if strings.HasSuffix(t, "Article") || strings.HasSuffix(t, "BlogPosting") || t == "Report" || t == "Review" {
				return v
			}
		}
		for _, k := range []string{"@graph", "mainEntity"} {
			if a := newsArticle(v[k], depth+1); a != nil {
				return a
			}
		}
	}
	return nil
}

// largest is the widest of the images that JSON-LD names: an address, an object, or a list of either.
func largest(v any) any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var best map[string]any
	width := -1.0
	for _, e := range list {
		m, ok := e.(map[string]any)
		if u, isText := e.(string); isText {
			m, ok = map[string]any{"url": u}, true
		}
		if !ok || text(m["url"]) == "" && text(m["contentUrl"]) == "" {
			continue
		}
		w, _ := number(m["width"])
		if w > width {
			best, width = m, w
		}
	}
	if best == nil {
		return nil
	}
	return best
}

// paragraphs is the article's text where JSON-LD does not have it: the paragraphs of the element that has most of them.
func paragraphs(story, root *html.Node) string {
	if story == nil {
		story = root
	}
	words := map[*html.Node]int{}
	var order []*html.Node
	for n := range story.Descendants() {
		if n.Type == html.ElementNode && n.DataAtom == atom.P && n.Parent != nil {
			if words[n.Parent] == 0 {
				order = append(order, n.Parent)
			}
			words[n.Parent] += 1 + len(textOf(n))
		}
	}
	var best *html.Node
	for _, n := range order {
		if best == nil || words[n] > words[best] {
			best = n
		}
	}
	if best == nil {
		return ""
	}
	var b strings.Builder
	for n := range best.ChildNodes() {
		if n.Type == html.ElementNode && n.DataAtom == atom.P {
			if err := html.Render(&b, n); err != nil {
				return ""
			}
		}
	}
	return b.String()
}

func attrOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for k := range n.Descendants() {
		if k.Type == html.TextNode {
			b.WriteString(k.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// parted splits a list that stands in one text.
func parted(s string) []any {
	var out []any
	for p := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == '،' || r == ';' || r == '、' }) {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}
