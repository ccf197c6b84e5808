package channel

import (
	"html"
	"math"
	"regexp"
	"strings"
	"unicode"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// following is what goes on behind the first post of a thread, where the account has threads: the link, where it is to stand
// there, and further sentences of the article, word for word. fits is asked about each whole post.
func following(p Piece, c config.Channel, d story.Draft, fits func(string) bool) []string {
	if p.Corrects {
		return nil
	}
	var out []string
	if c.LinkInReply && d.Link != "" {
		out = append(out, d.Link)
	}
	if c.Thread-1 <= len(out) {
		return out
	}
	shown := func(s string) string {
		if signed[c.Kind] {
			s = plain(s)
		}
		return article.Directed(s, d.Language)
	}
	for _, s := range p.read.Follow(unmarked(d.Text)+"\n"+d.Dek, c.Thread-1-len(out), func(s string) bool { return fits(shown(s)) }) {
		out = append(out, shown(s))
	}
	return out
}

// CheckAll is the gate for all the posts of a draft: as [Check], and of those that follow the first which it is, and whether
// it is too long for the network.
func CheckAll(d story.Draft, a article.Article, c config.Channel, site config.Site) []string {
	return Piece{Article: a, Site: site}.Read().checkAll(d, c)
}

// checkAll is [CheckAll] with a piece whose article was read.
func (p Piece) checkAll(d story.Draft, c config.Channel) []string {
	return append(p.check(d.Text, d, c), p.checkMore(d, c)...)
}

// checkMore is the part of it for the posts that follow the first.
func (p Piece) checkMore(d story.Draft, c config.Channel) []string {
	var out []string
	for i, text := range d.More {
		why := p.check(text, d, c)
		if n, limit, err := CountOn(c, text); err != nil {
			why = append(why, err.Error())
		} else if limit > 0 && n > limit {
			why = append(why, remark.Say("text-long", n, limit))
		}
		for _, w := range why {
			out = append(out, remark.Say("thread-post", i+2, w))
		}
	}
	return out
}

// CostOf is what the network bills for all the posts of a draft, as [Cost] has it for one.
func CostOf(c config.Channel, d story.Draft) float64 {
	cost := Cost(c, d.Text)
	for _, text := range d.More {
		cost += Cost(c, text)
	}
	return math.Round(cost*1000) / 1000 // in tenths of a cent, as the prices are
}

// isOurs says whether a post that a network lists in HTML, with the post that it answers, is the call's: by its link, or
// where it has none by its words.
func (c *Call) isOurs(content, answers string) bool {
	switch {
	case c.ReplyTo == nil && answers != "", c.ReplyTo != nil && answers == "":
		return false
	case c.Draft.Part == 0:
		return has(strings.ReplaceAll(content, "&amp;", "&"), c.Draft.Link)
	case answers != placed(c.ReplyTo):
		return false
	}
	return letters(html.UnescapeString(tagRE.ReplaceAllString(content, " "))) == letters(c.Draft.Text)
}

var tagRE = regexp.MustCompile(`<[^<>]*>`)

// letters is a text without all that a network may put otherwise: white space, signs, invisible marks.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, s)
}
