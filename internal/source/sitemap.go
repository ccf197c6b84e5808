package source

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cutline/internal/article"
	"cutline/internal/fetch"
)

const (
	sitemapPages = 1000 // addresses in a news sitemap, by its own rules
	sitemapFiles = 4    // read at most: an index, and what it names
)

// pullSitemap reads the site's news sitemap (sitemaps.org 0.9 with Google's news extension), or an index of sitemaps of
// which those with news in their names are read. It says which pages there are and when they changed; each is a Partial
// delivery. Pages of other hosts, and those in another language than the site's, are left out.
func pullSitemap(ctx context.Context, s Source, _ fetch.Known) (Pulled, error) {
	var out Pulled
	addresses := []string{s.c.URL}
	for i := 0; i < len(addresses) && i < sitemapFiles; i++ {
		if i > 0 { // an index says it; the first is the configuration's
			if _, err := s.ownPage(addresses[i]); err != nil {
				continue
			}
		}
		res, err := s.net.Pages.Get(ctx, addresses[i], fetch.Limits{Bytes: 5 << 20})
		if err != nil {
			return out, fmt.Errorf("source %s: reading the sitemap: %w", s.Name, err)
		}
		root, err := parseXML(res.Body)
		if err != nil {
			return out, fmt.Errorf("source %s: reading the sitemap: %w", s.Name, err)
		}
		for _, n := range root.all("sitemap") {
			if at := n.one("loc").words(); strings.Contains(strings.ToLower(at), "news") {
				addresses = append(addresses, at)
			}
		}
		for _, n := range root.all("url") {
			if d, ok := s.sitemapEntry(n); ok {
				out.Deliveries = append(out.Deliveries, d)
			}
		}
	}
	slices.SortStableFunc(out.Deliveries, func(a, b Delivery) int { return b.Sent.Compare(a.Sent) })
	out.Deliveries = out.Deliveries[:min(len(out.Deliveries), sitemapPages)]
	return out, nil
}

func (s Source) sitemapEntry(n *node) (Delivery, bool) {
	id, err := s.ownPage(n.one("loc").words())
	if err != nil || !sameLanguage(n.one("news", "publication", "language").words(), s.site.Language) {
		return Delivery{}, false
	}
	d := Delivery{Verdict: Accepted, Event: Upsert, Partial: true, Why: "in the sitemap", Sent: timeOf(n.one("lastmod").words())}
	if t := timeOf(n.one("news", "publication_date").words()); d.Sent.Before(t) {
		d.Sent = t
	}
	d.Article.ID = id
	return d, true
}

// sameLanguage compares the primary subtags; Kurdish has one code for all its languages (ku) and one for each. An empty
// one is any.
func sameLanguage(a, b string) bool {
	primary := func(tag string) string {
		p := article.Primary(tag)
		if p == "ckb" || p == "kmr" || p == "sdh" {
			p = "ku"
		}
		return p
	}
	return a == "" || b == "" || primary(a) == primary(b)
}
