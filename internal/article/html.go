package article

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/unicode/norm"
)

var (
	// shortcode is what WordPress keeps in a text for captions, galleries and embeds.
	shortcode   = compiled(`(?s)\[caption[^\]]*\].*?\[/caption\]|\[(?:gallery|playlist|video|audio|embed)[^\]]*\](?:[^\[]*\[/(?:embed|video|audio)\])?`)
	markup      = compiled(`<(?:/?[a-zA-Z][a-zA-Z0-9:-]*(?:[\s/][^<>]*)?>|!--|!\[CDATA\[|\?)|<(?i:script|style|iframe)\b`)
	hiddenStyle = compiled(`(?i)(?:display\s*:\s*none|visibility\s*:\s*hidden)`)
	structure   = compiled(`(?i)<(?:p|br|div|h[1-6]|li|ul|ol|blockquote|section|article|table|tr|hr|pre)[\s/>]`)
)

// TextOf reads HTML or plain text as plain text in NFC: paragraphs parted by one blank line, entities read once, tags
// gone. What is no part of the article's words (scripts, styles, figures with their captions, embedded posts, forms,
// comments) is left out. Text without a tag that parts paragraphs keeps its line breaks as it has them.
func TextOf(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if !markup.MatchString(s) {
		return normal(html.UnescapeString(s))
	}
	s = shortcode.ReplaceAllString(s, " ")
	lines := !structure.MatchString(s)
	var b strings.Builder
	z := html.NewTokenizerFragment(strings.NewReader(s), "div")
	skip := 0 // depth inside an element whose text does not count
	var skipped atom.Atom
	for {
		switch z.Next() {
		case html.ErrorToken:
			return normal(b.String())
		case html.TextToken:
			if skip == 0 {
				b.WriteString(strings.Map(func(r rune) rune {
					if !lines && (r == '\n' || r == '\r' || r == '\t') {
						return ' '
					}
					return r
				}, string(z.Text())))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if skip > 0 && skipped == atom.P && block(t.DataAtom) { // a paragraph that was not closed ends where the next begins
				skip = 0
			}
			switch {
			case skip > 0:
				if t.DataAtom == skipped && t.Type == html.StartTagToken {
					skip++
				}
			case t.Type == html.StartTagToken && left(t):
				skip, skipped = 1, t.DataAtom
			case t.DataAtom == atom.Br:
				b.WriteByte('\n')
			case block(t.DataAtom):
				b.WriteString("\n\n")
			case t.DataAtom == atom.Td || t.DataAtom == atom.Th:
				b.WriteByte(' ')
			}
		case html.EndTagToken:
			t := z.Token()
			if skip > 0 {
				if t.DataAtom == skipped {
					skip--
				}
			} else if block(t.DataAtom) {
				b.WriteString("\n\n")
			}
		}
	}
}

// left says whether an element's text is no part of the article.
func left(t html.Token) bool {
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Figure, atom.Figcaption, atom.Iframe, atom.Noscript, atom.Template, atom.Form, atom.Button, atom.Select, atom.Svg, atom.Video, atom.Audio, atom.Object, atom.Aside, atom.Nav, atom.Head, atom.Title, atom.Textarea, atom.Footer, atom.Dialog:
		return true
	case atom.Blockquote, atom.Div, atom.Section, atom.P, atom.Ul, atom.Span:
		for _, a := range t.Attr {
			switch {
			case a.Key == "hidden", a.Key == "aria-hidden" && a.Val == "true", a.Key == "style" && hiddenStyle.MatchString(a.Val):
				return true
			case a.Key != "class" && a.Key != "id":
				continue
			}
			for word := range strings.FieldsSeq(strings.ToLower(a.Val)) {
				if slices.Contains([]string{"ad", "ads", "promo", "ad-container", "ad-wrapper", "wp-caption", "wp-caption-text", "image-caption", "caption-text", "photo-credit", "screen-reader-text"}, word) {
					return true
				}
			}
			for _, mark := range []string{"twitter-tweet", "instagram-media", "tiktok-embed", "fb-post", "bluesky-embed", "mastodon-embed", "telegram-post", "taboola", "outbrain", "advert", "ad-slot", "adsbygoogle", "related-", "newsletter", "social-share", "share-buttons", "wp-block-embed", "kg-bookmark", "kg-signup", "sharedaddy", "jp-relatedposts"} {
				if strings.Contains(strings.ToLower(a.Val), mark) {
					return true
				}
			}
		}
	}
	return false
}

func block(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Li, atom.Ul, atom.Ol, atom.Blockquote, atom.Section, atom.Article, atom.Table, atom.Tr, atom.Hr, atom.Pre, atom.Header, atom.Footer, atom.Dl, atom.Dd, atom.Dt:
		return true
	}
	return false
}

// normal brings text to NFC, no-break spaces to spaces and runs of blanks together; soft hyphens, byte order marks and
// control characters go, joiners and direction marks stay: Persian, Sorani and emoji need them.
func normal(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\ufffd"))
	var out []string
	blankLine := false
	for line := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		line = strings.Map(func(r rune) rune {
			switch {
			case r == '\u00a0' || r == '\u202f' || r == '\u2007' || r == '\t' || r == '\r' || r == '\v' || r == '\f':
				return ' '
			case r == '\u202d' || r == '\u202e': // overrides: no language needs them, and they show a text backwards
				return -1
			case r == '\u00ad' || r == '\ufeff' || r == '\u200b' || r == '\u2060' || r < 0x20 || r >= 0x7f && r < 0xa0:
				return -1
			case r == '\u2028' || r == '\u2029':
				return ' '
			}
			return r
		}, line)
		line = strings.Join(strings.FieldsFunc(line, func(r rune) bool { return r == ' ' }), " ")
		if strings.TrimFunc(line, blank) == "" {
			blankLine = len(out) > 0
			continue
		}
		if blankLine {
			out = append(out, "")
			blankLine = false
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// oneLine is plain text for a field that has one line: not decoded, since what looks like a tag there is text. limit is
// in code points; what is longer is cut, so that nothing downstream lays out megabytes.
func oneLine(s string, limit int) string {
	return cut(strings.Join(strings.FieldsFunc(normal(cutBytes(s, 8*limit)), unicode.IsSpace), " "), limit)
}

// name is oneLine for what names somebody: without the marks that show a text in another order than it is written.
func name(s string, limit int) string {
	return oneLine(strings.Map(func(r rune) rune {
		if r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, s), limit)
}

// cut keeps the first limit code points.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n == limit {
			return strings.TrimRightFunc(s[:i], blank)
		}
		n++
	}
	return s
}

// cutBytes keeps at most limit bytes, and no half letter.
func cutBytes(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

var (
	// formatting is the markup that captions come with; any other tag in one is text that somebody wrote.
	formatting  = compiled(`(?i)</?(?:em|i|b|strong|span|a|p|br|cite|small|sup|sub|u|figcaption|bdi|bdo)(?:\s[^<>]*)?/?>`)
	codedAngle  = compiled(`(?i)&(?:amp;)*(?:lt|gt|#0*6[02]|#x0*3[ce]);?`)
	anyTag      = compiled(`<[a-zA-Z/!?]`)
	scriptValue = compiled(`(?i)javascript:|\son[a-z]+\s*=`)
)

// captionText reads a caption that may hold a CMS's formatting and entities. Where it holds more than that, it was
// meant as plain text and stays as it is.
func captionText(s string) string {
	if !strings.ContainsAny(s, "<&") || codedAngle.MatchString(s) || scriptValue.MatchString(s) || anyTag.MatchString(formatting.ReplaceAllString(s, "")) {
		return s
	}
	return strings.ReplaceAll(TextOf(s), "\n", " ")
}
