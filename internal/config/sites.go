package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// checkLanguages checks the tags of a site's languages.
func checkLanguages(p string, s Site, at func(path, format string, args ...any)) {
	for i, l := range append([]string{s.Language}, s.Languages...) {
		if _, err := language.Parse(l); err != nil {
			at(p+[]string{".language", ".languages"}[min(i, 1)], "want a language tag as en, ckb or pt-BR, have %q", l)
		}
	}
}

// checkRights checks what agencies allow a site of their photos.
func (c *Config) checkRights(site string, at func(path, format string, args ...any), oneOf func(path, v string, known []string)) {
	places := c.ChannelsOf(site)
	for _, ch := range c.ChannelsOf(site) {
		places = append(places, c.Channels[ch].Kind)
	}
	for i, r := range c.Sites[site].Rights {
		p := fmt.Sprintf("sites.%s.rights[%d]", site, i)
		switch {
		case r.Name == "":
			at(p+".name", "is required: the desk shows it")
		case len(r.Credit)+len(r.Terms)+len(r.Of) == 0:
			at(p, "says nothing about which photos: give credit, terms or of")
		case len(r.Channels) == 0 && r.Days == 0:
			at(p, "forbids nothing: give channels or days")
		case r.Days < 0:
			at(p+".days", "want a number of days, have %d", r.Days)
		}
		for j, ch := range r.Channels {
			oneOf(fmt.Sprintf("%s.channels[%d]", p, j), ch, places)
		}
	}
}

// hashtag says whether a text is one without its #: up to 100 letters, marks, digits, joiners and _, one letter at least.
// As a regular expression it would cost every process 4 MB and 10 ms when it starts.
func hashtag(s string) bool {
	part := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.Is(unicode.Nd, r) || r == '_' || r == '\u200c'
	}
	return utf8.RuneCountInString(s) <= 100 && strings.ContainsFunc(s, unicode.IsLetter) && !strings.ContainsFunc(s, func(r rune) bool { return !part(r) })
}
