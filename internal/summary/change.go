package summary

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// Change is how much what was said differs from what the article says now, from nothing to what readers must be told.
type Change struct {
	Kind string   // one of the kinds below
	What []string // in words for the desk: what is not so any more
}

// The kinds of change, the harmless ones first.
const (
	Same     = ""         // the words are the same
	Spelling = "spelling" // letters, commas, a capital: nobody need be told
	Stands   = "stands"   // other words were chosen, and what was said stands in the article word for word all the same
	Wording  = "wording"  // it is said in other words; nothing was found that would be wrong
	Facts    = "facts"    // a number, date, name or quotation is not the article's any more, or the headline is another
)

// Said is what a post says.
type Said struct {
	Headline string // on its card or link card
	Text     string // its own words, without links, hashtags and what a template adds
	Dek      string // under the headline of its link card; empty: nothing
}

// Compare says how what was said differs from what would be said now of the article as it is now. What a gate found
// against the old words when they went out (known, its reasons) is no change.
func Compare(was, now Said, a article.Article, known []string) Change {
	if was == now {
		return Change{}
	}
	c := Change{Kind: Same}
	worse := func(kind string, what ...string) {
		if order := []string{Same, Spelling, Stands, Wording, Facts}; slices.Index(order, kind) > slices.Index(order, c.Kind) {
			c.Kind = kind
		}
		c.What = append(c.What, what...)
	}
	for _, x := range []struct {
		was, now string
		headline bool
	}{{was.Headline, now.Headline, true}, {was.Text, now.Text, false}, {was.Dek, now.Dek, false}} {
		switch {
		case x.was == x.now || x.was == "":
			continue
		case respelled(x.was, x.now, a.Language):
			worse(Spelling)
			continue
		case x.headline:
			worse(Facts, remark.Say("headline-was-other", x.was))
		}
		wrong := false
		for _, f := range Check(x.was, a) {
			switch f.Kind {
			case "number", "date", "name", "quotation":
				if !slices.Contains(known, f.Why) {
					wrong = true
					worse(Facts, f.Why)
				}
			}
		}
		switch {
		case wrong:
		case stands(x.was, a):
			worse(Stands)
		default:
			worse(Wording)
		}
	}
	return c
}

// respelled says whether two texts have the same words but for a slip of the pen: as many, none of the changed ones a
// number, a date or a name.
func respelled(was, now, language string) bool {
	x, y := tokens(was), tokens(now)
	if len(x) != len(y) {
		return fold(was) == fold(now) // two words written as one
	}
	for i := range x {
		if x[i].word == y[i].word && x[i].number == y[i].number {
			continue
		}
		if x[i].number != "" || y[i].number != "" || !slip(x[i].word, y[i].word) {
			return false
		}
		for _, t := range []token{x[i], y[i]} {
			if date(t.word) != 0 || kind(t.word) != "" || slices.Contains(numerals[article.Primary(language)], t.word) || slices.Contains(turning, t.word) {
				return false
			}
		}
		if i > 0 && (capital(x[i].text) || capital(y[i].text)) && !endsSentence(was, x[i-1].text, x[i].text) {
			return false
		}
	}
	return true
}

func capital(w string) bool {
	r, _ := utf8.DecodeRuneInString(w)
	return unicode.IsUpper(r)
}

// endsSentence says whether between two neighbouring words of a text a sentence ends.
func endsSentence(text, before, after string) bool {
	_, rest, ok := strings.Cut(text, before)
	gap, _, found := strings.Cut(rest, after)
	return ok && found && strings.ContainsAny(gap, ".!?؟۔")
}

// slip says whether one word is the other with a letter added, dropped, changed or swapped; of long words two.
func slip(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if min(len(x), len(y)) < 4 {
		return false
	}
	most := 1
	if min(len(x), len(y)) > 8 {
		most = 2
	}
	if d := len(x) - len(y); d > most || -d > most {
		return false
	}
	older, row := []int(nil), make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		next := make([]int, len(y)+1)
		next[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				next[j] = min(next[j], older[j-2]+1)
			}
		}
		older, row = row, next
	}
	return row[len(y)] <= most
}

// stands says whether every sentence of a text still stands in the article.
func stands(text string, a article.Article) bool {
	source := fold(a.Headline + "\n" + a.Dek + "\n" + a.Body)
	ok := false
	for _, s := range Sentences(text, a.Language) {
		if s = fold(strings.TrimSuffix(s, " …")); s == "" {
			continue
		}
		if !strings.Contains(source, s) {
			return false
		}
		ok = true
	}
	return ok
}
