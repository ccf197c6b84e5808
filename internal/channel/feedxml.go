package channel

import (
	"encoding/xml"
	"net/url"
	"time"

	"cutline/internal/story"
)

// feedForms is the files that a feed is written to beside the JSON file, made from it.
var feedForms = []feedForm{
	{".xml", "application/rss+xml", (*feed).rss},
	{".atom", "application/atom+xml", (*feed).atom},
}

// feedForm is one of them.
type feedForm struct {
	ext, typ string
	write    func(f *feed, doc jsonFeed) ([]byte, error)
}

// hosted is the host of the site, for names that stay.
func (f *feed) hosted() string {
	if u, err := url.Parse(f.site.URL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return "news.invalid"
}

// tag is a story's name by RFC 4151. It does not change when the article's address does.
func (f *feed) tag(key string) string {
	k := story.Key(key)
	return "tag:" + f.hosted() + "," + k.Day() + ":" + k.ID()
}

func inXML(doc any) ([]byte, error) {
	b, err := xml.MarshalIndent(doc, "", " ")
	return append(append([]byte(xml.Header), b...), '\n'), err
}

// RSS 2.0, with the namespaces of Media RSS and Atom.
type rssDoc struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Media   string     `xml:"xmlns:media,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Links       []rssLink `xml:"atom:link"`
	Items       []rssItem `xml:"item"`
}

type rssLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
	Type string `xml:"type,attr,omitempty"`
}

type rssItem struct {
	GUID struct {
		PermaLink bool   `xml:"isPermaLink,attr"`
		Value     string `xml:",chardata"`
	} `xml:"guid"`
	Title       string        `xml:"title"`
	Link        string        `xml:"link"`
	Description string        `xml:"description"`
	PubDate     string        `xml:"pubDate"`
	Updated     string        `xml:"atom:updated,omitempty"`
	Categories  []string      `xml:"category"`
	Enclosure   *rssEnclosure `xml:"enclosure"`
	Media       *rssMedia     `xml:"media:content"`
}

type rssEnclosure struct {
	URL    string `xml:"url,attr"`
	Length int    `xml:"length,attr"`
	Type   string `xml:"type,attr"`
}

type rssMedia struct {
	URL    string `xml:"url,attr"`
	Type   string `xml:"type,attr"`
	Medium string `xml:"medium,attr"`
	Width  int    `xml:"width,attr,omitempty"`
	Height int    `xml:"height,attr,omitempty"`
	Alt    string `xml:"media:description,omitempty"`
}

func (f *feed) rss(doc jsonFeed) ([]byte, error) {
	ch := rssChannel{Title: doc.Title, Link: doc.HomePage, Description: doc.Title, Language: doc.Language}
	if f.p.Public != "" {
		ch.Links = append(ch.Links, rssLink{"self", f.address(f.key(".xml")), "application/rss+xml"})
	}
	if f.cfg.Hub != "" {
		ch.Links = append(ch.Links, rssLink{"hub", f.cfg.Hub, ""})
	}
	for _, x := range doc.Items {
		item := rssItem{Title: x.Title, Link: x.URL, Description: x.Text, PubDate: x.Published.Format(time.RFC1123Z), Categories: x.Tags}
		item.GUID.Value = x.ID
		if !x.Modified.IsZero() {
			item.Updated = x.Modified.Format(time.RFC3339)
		}
		for _, a := range x.Attachments {
			item.Enclosure = &rssEnclosure{a.URL, a.Size, a.Type}
			item.Media = &rssMedia{a.URL, a.Type, "image", a.W, a.H, a.Title}
		}
		ch.Items = append(ch.Items, item)
	}
	return inXML(rssDoc{Version: "2.0", Media: "http://search.yahoo.com/mrss/", Atom: "http://www.w3.org/2005/Atom", Channel: ch})
}

// The Atom Syndication Format, RFC 4287.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr,omitempty"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel    string `xml:"rel,attr"`
	Href   string `xml:"href,attr"`
	Type   string `xml:"type,attr,omitempty"`
	Length int    `xml:"length,attr,omitempty"`
	Title  string `xml:"title,attr,omitempty"`
}

type atomEntry struct {
	Lang       string         `xml:"xml:lang,attr,omitempty"`
	ID         string         `xml:"id"`
	Title      string         `xml:"title"`
	Published  string         `xml:"published"`
	Updated    string         `xml:"updated"`
	Links      []atomLink     `xml:"link"`
	Categories []atomCategory `xml:"category"`
	Summary    string         `xml:"summary,omitempty"`
	Content    string         `xml:"content"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

func (f *feed) atom(doc jsonFeed) ([]byte, error) {
	day := "2026-01-01" // of this naming; a feed has no day of its own
	out := atomFeed{Lang: doc.Language, ID: "tag:" + f.hosted() + "," + day + ":feeds/" + f.cfg.Site, Title: doc.Title, Author: doc.Title}
	if doc.HomePage != "" {
		out.Links = append(out.Links, atomLink{Rel: "alternate", Href: doc.HomePage, Type: "text/html"})
	}
	if f.p.Public != "" {
		out.Links = append(out.Links, atomLink{Rel: "self", Href: f.address(f.key(".atom")), Type: "application/atom+xml"})
	}
	if f.cfg.Hub != "" {
		out.Links = append(out.Links, atomLink{Rel: "hub", Href: f.cfg.Hub})
	}
	var newest time.Time
	for _, x := range doc.Items {
		updated := story.Latest(x.Published, x.Modified)
		newest = story.Latest(newest, updated)
		e := atomEntry{ID: f.tag(x.ID), Title: x.Title, Published: x.Published.Format(time.RFC3339), Updated: updated.Format(time.RFC3339), Summary: x.Summary, Content: x.Text}
		if x.Language != doc.Language {
			e.Lang = x.Language
		}
		e.Links = append(e.Links, atomLink{Rel: "alternate", Href: x.URL, Type: "text/html"})
		for _, a := range x.Attachments {
			e.Links = append(e.Links, atomLink{Rel: "enclosure", Href: a.URL, Type: a.Type, Length: a.Size, Title: a.Title})
		}
		for _, t := range x.Tags {
			e.Categories = append(e.Categories, atomCategory{t})
		}
		out.Entries = append(out.Entries, e)
	}
	if newest.IsZero() { // it is empty, since now as far as can be known
		newest = f.p.Now().UTC()
	}
	out.Updated = newest.Format(time.RFC3339)
	return inXML(out)
}
