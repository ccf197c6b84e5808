package channel

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// facets make what stands in a text lead on, after app.bsky.richtext.facet: our own link, as it is shown; links with a
// scheme that somebody wrote; our own hashtags. Places are in bytes of UTF-8, end exclusive, in the order of the text.
//
// Bluesky's own client finds more: a host without a scheme, an @handle and any #word. We make none of those, for what
// stands in a headline is to stay what it is. It finds less where a link touches what stands before it or its scheme is
// in capitals; we take such a link for one.
func facets(text, shown, link string, tags []string) []any {
	type place struct {
		span
		kind, name, value string
	}
	var found []place
	add := func(from, to int, kind, name, value string) {
		if !slices.ContainsFunc(found, func(p place) bool { return from < p.to && p.from < to }) {
			found = append(found, place{span{from, to}, kind, name, value})
		}
	}
	if i := strings.LastIndex(text, link); i >= 0 && link != "" {
		add(i, i+len(link), "link", "uri", link)
	} else if i := strings.LastIndex(text, shown); i >= 0 && shown != "" {
		add(i, i+len(shown), "link", "uri", link)
	}
	for _, l := range writtenLinks(text) {
		add(l.from, l.to, "link", "uri", text[l.from:l.to])
	}
	for _, t := range tags {
		for at := 0; ; {
			i := strings.Index(text[at:], "#"+t)
			if i < 0 {
				break
			}
			i += at
			at = i + 1 + len(t)
			before, _ := utf8.DecodeLastRuneInString(text[:i])
			after, _ := utf8.DecodeRuneInString(text[at:])
			if (i == 0 || notLetter(before)) && (at == len(text) || notLetter(after) && after != '_') {
				add(i, at, "tag", "tag", t)
			}
		}
	}
	slices.SortFunc(found, func(a, b place) int { return a.from - b.from })
	var out []any
	for _, p := range found {
		out = append(out, map[string]any{
			"index":    map[string]int{"byteStart": p.from, "byteEnd": p.to},
			"features": []any{map[string]string{"$type": "app.bsky.richtext.facet#" + p.kind, p.name: p.value}},
		})
	}
	return out
}

var writtenRE = regexp.MustCompile(`(?i)https?://[^\s\pZ\x{85}\x{200b}<>"“”„«»「」『』]+`)

// writtenLinks finds the links with a scheme in a text: up to a blank or a quotation mark, without the punctuation that
// ends the sentence and without a bracket that was opened before them.
func writtenLinks(text string) []span {
	var out []span
	for _, at := range writtenRE.FindAllStringIndex(text, -1) {
		from, to := at[0], at[1]
		for to > from {
			r, size := utf8.DecodeLastRuneInString(text[from:to])
			closing := map[rune]string{')': "(", ']': "[", '}': "{", '）': "（"}[r]
			if closing != "" && strings.Count(text[from:to], closing) >= strings.Count(text[from:to], string(r)) {
				break
			}
			if closing == "" && !strings.ContainsRune(".,;:!?'’…؟،؛。、！？", r) {
				break
			}
			to -= size
		}
		host := text[from:to]
		host = host[strings.Index(host, "//")+2:]
		if first, _ := utf8.DecodeRuneInString(host); unicode.IsLetter(first) || unicode.IsNumber(first) {
			out = append(out, span{from, to})
		}
	}
	return out
}
