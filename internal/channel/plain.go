package channel

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"cutline/internal/story"
)

const (
	joiner = "\u2060" // word joiner: shown as nothing, and no letter of a name
	rlm    = "\u200f"
	lrm    = "\u200e"
)

// signed is the kinds of networks that make a mention of @name, a tag of #name or a cashtag of $name wherever it stands.
var signed = map[string]bool{"x": true, "facebook": true, "instagram": true, "threads": true, "linkedin": true, "mastodon": true, "telegram": true}

// plain makes an article's words mean on such a network just what they say: "@reuters", "#name" or "$NAME" becomes no
// mention, tag or cashtag, for a word joiner stands after the sign.
func plain(text string) string {
	var b strings.Builder
	before := ' '
	for i, r := range text {
		b.WriteRune(r)
		_, size := utf8.DecodeRuneInString(text[i:]) // of what is no UTF-8, not that of its replacement
		rest := text[i+size:]
		if !isNameRune(before) && means(r, rest[:len(rest)-len(strings.TrimLeftFunc(rest, isNameRune))]) {
			b.WriteString(joiner)
		}
		before = r
	}
	return b.String()
}

// means says whether a network makes something of a sign before a name: anybody may be called 5pm, a tag has a letter
// somewhere, a cashtag begins with one.
func means(sign rune, name string) bool {
	switch sign {
	case '@', '＠':
		return name != ""
	case '#', '＃':
		return strings.ContainsFunc(name, unicode.IsLetter)
	case '$', '＄':
		first, _ := utf8.DecodeRuneInString(name)
		return unicode.IsLetter(first)
	}
	return false
}

// unmarked takes out of a text what plain and article.Directed have added.
func unmarked(text string) string { return marks.Replace(text) }

var marks = strings.NewReplacer(joiner, "", rlm, "", lrm, "")

func isNameRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// cut shortens a text to a number of graphemes, at a word where there is one, with an ellipsis.
func cut(text string, most int) string { return cutBy(text, most, graphemes) }

// cutBy shortens a text, at a word where there is one and never inside a grapheme, until with an ellipsis it is at
// most so long as length counts.
func cutBy(text string, most int, length func(string) int) string {
	if length(text) <= most {
		return text
	}
	most -= length("…")
	g := uniseg.NewGraphemes(text)
	end, space, n := 0, 0, 0
	for g.Next() {
		if n += length(g.Str()); n > most {
			break
		}
		if strings.TrimSpace(g.Str()) == "" {
			space = end
		}
		_, end = g.Positions()
	}
	if space > end/2 {
		end = space
	}
	return text[:end] + "…"
}

// cardless takes the card out of a draft whose picture the network reads from the page: another card changes no such post.
func cardless(d story.Draft) story.Draft {
	d.Card, d.Type, d.Width, d.Height, d.Alt = "", "", 0, 0, ""
	return d
}
