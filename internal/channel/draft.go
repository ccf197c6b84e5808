package channel

import (
	"net/url"
	"strings"

	"cutline/internal/config"
	"cutline/internal/story"
	"cutline/internal/summary"
)

// draft is what every kind's Prepare begins with: the faithful summary that fits, the link with its tracking
// parameters, the card in the wanted format, alt text, hashtags. fits says whether a whole text is within the
// network's limit, its link included.
func draft(p Piece, c config.Channel, name, format string, fits func(string) bool) story.Draft {
	if c.Card != "" {
		format = c.Card
	}
	d := story.Draft{
		Link:     link(p, name, format),
		Title:    p.Article.Headline,
		Dek:      p.Article.Dek,
		Language: p.Article.Language,
		Alt:      p.Manifest.Alt,
		Revision: p.Revision,
	}
	if c.Language != "" {
		d.Language = c.Language
	}
	if card, ok := p.Manifest.Cards[format]; ok {
		d.Card, d.Type, d.Width, d.Height = card.Key, card.Type, card.Width, card.Height
	} else if card, ok := p.Manifest.Cards["og"]; ok {
		d.Card, d.Type, d.Width, d.Height = card.Key, card.Type, card.Width, card.Height
	}
	for _, t := range p.Article.Tags {
		if h := p.Site.Hashtags[t]; h != "" {
			d.Tags = append(d.Tags, h)
		}
	}
	d.Text = summary.Write(p.Article, fits)
	for _, f := range summary.Check(d.Text, p.Article) {
		d.Findings = append(d.Findings, f.Why)
	}
	return d
}

// link adds the site's tracking parameters to the article's address; what the address has already stays.
func link(p Piece, name, format string) string {
	if p.Site.UTM == "" {
		return p.Article.URL
	}
	u, err := url.Parse(p.Article.URL)
	if err != nil {
		return p.Article.URL
	}
	extra := strings.NewReplacer("{channel}", url.QueryEscape(name), "{format}", url.QueryEscape(format)).Replace(p.Site.UTM)
	if u.RawQuery != "" {
		extra = u.RawQuery + "&" + extra
	}
	u.RawQuery = extra
	return u.String()
}
