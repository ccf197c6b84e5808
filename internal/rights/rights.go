// Package rights reads what agencies and contracts allow of a photo. It owns the matching of a site's rights, which are
// data in the configuration ([config.Right]), to a photo by its credit, its usage terms and what it shows; what follows
// for a channel or for a card is decided where that is decided, in review and render. It promises that a name is found
// as a word, so that a rule for AP says nothing about APA.
package rights

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"cutline/internal/config"
	"cutline/internal/story"
)

// Photo is what is known of a story's photo.
type Photo struct {
	Credit string   // whose it is, label or not
	Terms  []string // usage terms, from the CMS and from the file
	Shows  []string // what tells what it shows: caption, alt, headline, tags
}

// PhotoOf is the photo of a story: what the CMS and the desk say of it, with the credit and the terms that were found besides.
func PhotoOf(s *story.Story, credit, terms string) Photo {
	a := s.Article
	return Photo{credit, []string{a.Photo.Terms, terms}, append([]string{a.Headline, a.Photo.Caption, a.Photo.Alt, s.Edits.Alt}, a.Tags...)}
}

// Barred is why a photo may not go to a channel, as the first rule that says so is named; empty: it may.
func Barred(c *config.Config, site string, p Photo, channel string) string {
	for _, r := range c.Sites[site].Rights {
		if (slices.Contains(r.Channels, channel) || slices.Contains(r.Channels, c.Channels[channel].Kind)) && matches(r, p) {
			return r.Name
		}
	}
	return ""
}

// Until is how long a photo that was published at since may be online, and by which rule; zero: for ever.
func Until(site config.Site, p Photo, since time.Time) (until time.Time, rule string) {
	for _, r := range site.Rights {
		if r.Days == 0 || !matches(r, p) {
			continue
		}
		if t := since.AddDate(0, 0, r.Days).UTC(); until.IsZero() || t.Before(until) {
			until, rule = t, r.Name
		}
	}
	return until, rule
}

// matches says whether a rule is about a photo: each kind of condition that it names must hold, by any of what is listed.
func matches(r config.Right, p Photo) bool {
	return (len(r.Credit) == 0 || named(r.Credit, []string{p.Credit})) &&
		(len(r.Terms) == 0 || named(r.Terms, p.Terms)) &&
		(len(r.Of) == 0 || named(r.Of, p.Shows))
}

// named says whether one of the texts has one of the names in it, as whole words.
func named(names, texts []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(words(text), words(name)) })
	})
}

// words is a text as its words, each between blanks, in one case and one form.
func words(s string) string {
	folded := cases.Fold().String(norm.NFKC.String(s))
	return " " + strings.Join(strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) }), " ") + " "
}
