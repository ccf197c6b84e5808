package channel

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// draft is what the Prepare begins with of every kind that shows the link beside its text: the words of the channel's
// template with the faithful summary that fits, the link with its tracking parameters, the card in the wanted format,
// alt text, hashtags. fits says whether a text is within the network's limit.
func draft(p Piece, c config.Channel, name, format string, fits func(string) bool) story.Draft {
	words := unlinkedWords
	if slices.Contains([]string{"feed", "log", "webhook", "bluesky"}, c.Kind) {
		words = barestWords
	}
	return drafted(p, c, name, format, words, func(text, _ string) bool { return fits(text) })
}

// linked is the same for kinds whose link stands in the text: where the template does not put it, it stands in a
// paragraph of its own. fits is asked about the whole text with its link, and the draft's text has it.
func linked(p Piece, c config.Channel, name, format string, fits func(string) bool) story.Draft {
	d := drafted(p, c, name, format, linkedWords, func(text, link string) bool { return fits(withLink(text, link)) })
	d.Text = withLink(d.Text, d.Link)
	return d
}

// linkInText says whether a channel's text may have its link: not where nobody can follow it, where it costs too much, or
// where it follows in a reply.
func linkInText(c config.Channel) bool {
	return c.Kind != "instagram" && !c.LinkInReply && (c.Kind != "x" || c.LinkInPost == nil || *c.LinkInPost)
}

// withLink is a text that has its link.
func withLink(text, link string) string {
	if strings.Contains(text, link) {
		return text
	}
	return strings.TrimSpace(text + "\n\n" + link)
}

// has says whether a text has the link in it: just this one, and not one that begins like it.
func has(text, link string) bool {
	for link != "" {
		_, rest, found := strings.Cut(text, link)
		if !found {
			return false
		}
		next, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, ".,;:!?)")) // the end of a sentence ends a link, too
		if rest == "" || !unicode.IsLetter(next) && !unicode.IsDigit(next) && !strings.ContainsRune("/#&=%+-_~@$*", next) {
			return true
		}
		text = rest
	}
	return false
}

// sameLink compares addresses as networks may give them back: another case of the host, another end of the path.
func sameLink(a, b string) bool {
	x, err := url.Parse(a)
	y, err2 := url.Parse(b)
	return a != "" && err == nil && err2 == nil && strings.EqualFold(x.Scheme+"://"+x.Host, y.Scheme+"://"+y.Host) &&
		strings.TrimRight(x.EscapedPath(), "/") == strings.TrimRight(y.EscapedPath(), "/") && x.RawQuery == y.RawQuery
}

func drafted(p Piece, c config.Channel, name, format, otherwise string, fits func(text, link string) bool) story.Draft {
	p = p.Read()
	if c.Card != "" {
		format = c.Card
	}
	d := story.Draft{
		Link:     link(p, c.Kind, name, format),
		Title:    p.Article.Headline,
		Dek:      p.Article.Dek,
		Language: p.Article.Language,
		Alt:      p.Manifest.Alt,
		Tags:     tagsOf(p.Site, p.Article),
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
	t := or(c.Template, p.Site.Template)
	if p.Corrects {
		t, otherwise = or(c.Correction, p.Site.Correction), correctionWords
	}
	w, err := newWording(t, otherwise, p)
	if err != nil { // New has refused such a channel
		d.Findings = append(d.Findings, err.Error())
		return d
	}
	w.link, w.signs = d.Link, signed[c.Kind]
	if !linkInText(c) {
		w.link = ""
	}
	if c.Kind == "bluesky" { // shown short, and led on by a facet
		w.link = shortLink(d.Link)
	}
	text, cut, err := w.write(d.Tags, func(text string) bool { return fits(article.Directed(text, d.Language), d.Link) })
	d.Text = article.Directed(text, d.Language)
	switch {
	case err != nil:
		d.Findings = append(d.Findings, t.Wrong("%v", err).Error())
	case cut:
		d.Findings = append(d.Findings, remark.Say("headline-cut"))
	}
	d.Findings = append(d.Findings, p.check(d.Text, d, c)...)
	d.More = following(p, c, d, func(text string) bool { return fits(text, "") })
	return d
}

// link adds the site's tracking parameters to the article's address; what the address has already stays.
func link(p Piece, kind, name, format string) string {
	u, err := url.Parse(p.Article.URL)
	if err != nil || p.Site.UTM == "" {
		return p.Article.URL
	}
	q := url.QueryEscape
	has := u.Query()
	query := u.RawQuery
	for pair := range strings.SplitSeq(p.Site.UTM, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if has.Has(key) || pair == "" {
			continue
		}
		pair = strings.NewReplacer("{channel}", q(name), "{kind}", q(kind), "{format}", q(format), "{site}", q(p.Site.Name), "{section}", q(p.Article.Section), "{language}", q(p.Article.Language)).Replace(pair)
		if query != "" {
			query += "&"
		}
		query += pair
	}
	u.RawQuery = query
	return u.String()
}
