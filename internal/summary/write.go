// Package summary writes the short text of a post, and checks any such text against the article.
//
// It is extractive and faithful: what it writes stands in the article word for word, the dek or whole sentences, cut
// at most at the end of a clause and never inside a quotation. [Check] is the gate that every text passes, ours, an
// editor's or a machine's: what it says must be in the article. It knows nothing of networks: a function says
// whether a text fits.
package summary

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"cutline/internal/article"
)

// Write makes the summary of an article: its dek if that fits, says more than the headline and is the editor's own. Else
// the sentence that says most, with up to two more that fit beside it, in the article's order. A sentence that does not
// fit is cut at a clause; where that cannot be either, the next best one is tried. fits must say no to every text longer than one it said no to. Empty: the article has no text that
// fits.
func Write(a article.Article, fits func(string) bool) string { return Read(a).Write(fits) }

// Write is [Write] of the article.
func (r *Reading) Write(fits func(string) bool) string {
	a := r.a
	if dek := strings.TrimSpace(a.Dek); dek != "" && !repeats(dek, a.Headline) && !cutOff(dek, a.Body) {
		if whole := closed(dek); fits(whole) && len(r.Check(whole)) == 0 {
			return whole
		}
		if short := prefix(Sentences(dek, a.Language), joint(a.Language), fits); short != "" && len(r.Check(short)) == 0 {
			return short
		}
	}
	return r.choose(fits)
}

// cutOff says whether a dek was made from the body's beginning and ends where its room ended.
func cutOff(dek, body string) bool {
	trimmed := strings.TrimRight(dek, " …[].")
	marked := strings.HasSuffix(dek, "…") || strings.HasSuffix(dek, "...") || strings.HasSuffix(dek, "[…]")
	last := []rune(dek)[len([]rune(dek))-1]
	if !strings.HasPrefix(fold(body), fold(trimmed)) {
		return false
	}
	return marked || !strings.ContainsRune(".!?؟。！？۔"+closers, last)
}

// joint is what stands between two sentences.
func joint(language string) string {
	if strings.HasPrefix(language, "ja") || strings.HasPrefix(language, "zh") {
		return ""
	}
	return " "
}

func closed(s string) string { return strings.Join(strings.Fields(s), " ") }

// prefix joins sentences from the first as far as they fit.
func prefix(sentences []string, join string, fits func(string) bool) string {
	out := ""
	for i, s := range sentences {
		next := s
		if i > 0 {
			next = out + join + s
		}
		if !fits(next) {
			break
		}
		out = next
	}
	return out
}

// sentence is one of the body's that can stand alone.
type sentence struct {
	text  string  // as in the body
	place int     // in the article, from 0
	score float64 // how much it says; only compared
	leans bool    // it needs the one before it
}

// candidates are the article's sentences that can stand alone, with how much each says: the share of the headline's and
// the article's commonest words in it, early ones first, without those that lean on what stands before them. Promotion is
// among them: to tell it costs more than all else here, and whoever takes a sentence asks.
func candidates(a article.Article) []sentence {
	weight := map[string]float64{}
	for w := range words(a.Body) {
		weight[w]++
	}
	for w := range words(a.Headline) {
		weight[w] += 4
	}
	var out []sentence
	place := 0
	for _, p := range a.Paragraphs() {
		for _, s := range Sentences(p, a.Language) {
			x := sentence{text: s, place: place}
			place++
			if depth(s) != 0 || bracketOpen(s) || repeats(s, a.Headline) || markupRE.MatchString(s) {
				continue
			}
			n := 0.0
			for w := range words(s) {
				if weight[w] > 1 {
					x.score += weight[w]
				}
				n++
			}
			if n < 3 && joint(a.Language) == " " {
				continue
			}
			x.score = x.score/(n+8) + 6/float64(place+1)
			if x.leans = leans(s); x.leans {
				x.score /= 3
			}
			out = append(out, x)
		}
	}
	return out
}

// words of four letters and more, in lower case; in scripts without spaces pairs of letters serve.
func words(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) }) {
			r := []rune(w)
			if unicode.In(r[0], unicode.Han, unicode.Hiragana, unicode.Katakana) {
				for i := 0; i+1 < len(r); i++ {
					if !yield(string(r[i : i+2])) {
						return
					}
				}
			} else if len(r) > 3 && !yield(w) {
				return
			}
		}
	}
}

// leans says whether a sentence needs the one before it: it begins with a pronoun, a connective or in a quotation.
func leans(s string) bool {
	low := strings.ToLower(s)
	if strings.HasPrefix(low, "on the same") || strings.HasPrefix(low, "at the same") || strings.HasPrefix(low, "by then") {
		return true
	}
	first, _, _ := strings.Cut(low, " ")
	first = strings.Trim(first, ",،")
	return strings.ContainsAny(s[:min(len(s), 3)], "\"") || strings.HasPrefix(s, "“") || strings.HasPrefix(s, "«") || strings.HasPrefix(s, "„") || strings.HasPrefix(s, "「") ||
		slices.Contains(leaning, first)
}

// leaning are the words that such a sentence begins with.
var leaning = strings.Fields("he she it they this that these those some both another others such but and so then however meanwhile also er sie es dies aber und doch o bu şu ancak ama fakat ve ayrıca ئەو ئەمە بەڵام هەروەها هو هي هذا هذه لكن وأضاف وقال وقالت او این آن اما همچنین ew ev lê û")

// ranked puts sentences that say most first, and those that lean behind all others.
func ranked(all []sentence) []sentence {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(x, y sentence) int {
		switch {
		case x.leans == y.leans:
			return cmp.Compare(y.score, x.score)
		case x.leans:
			return 1
		}
		return -1
	})
	return out
}

// choose takes the best sentence that fits, whole or up to a clause's end, and to a whole one what says nearly as much and
// fits beside it. Everything passes the gate.
func (r *Reading) choose(fits func(string) bool) string {
	best := ranked(r.sentences())
	for _, anchor := range best {
		if article.Promotion(anchor.text) {
			continue
		}
		if !fits(anchor.text) {
			if short := clause(anchor.text, fits); short != "" && len(r.Check(short)) == 0 {
				return short
			}
			continue
		}
		if len(r.Check(anchor.text)) > 0 {
			continue
		}
		taken := []sentence{anchor}
		for _, s := range best {
			if len(taken) == 3 { // a post is no article
				break
			}
			// A sentence that leans goes only behind the one that it leans on.
			if s.place == anchor.place || s.score < anchor.score/3 || s.leans && !slices.ContainsFunc(taken, func(x sentence) bool { return x.place == s.place-1 }) {
				continue
			}
			if next := append(slices.Clone(taken), s); fits(joined(next, r.a.Language)) && !article.Promotion(s.text) {
				taken = next
			}
		}
		if text := joined(taken, r.a.Language); len(r.Check(text)) == 0 {
			return text
		}
		return anchor.text
	}
	return ""
}

// joined is sentences in the article's order.
func joined(s []sentence, language string) string {
	in := slices.Clone(s)
	slices.SortFunc(in, func(x, y sentence) int { return x.place - y.place })
	var parts []string
	for _, x := range in {
		parts = append(parts, x.text)
	}
	return strings.Join(parts, joint(language))
}

// clause cuts a sentence after a comma, semicolon, colon or dash, outside quotations and brackets, as late as fits, and
// ends it with an ellipsis, not before a "but". A cut that leaves less than half of what there was says too little.
func clause(s string, fits func(string) bool) string {
	best := ""
	for i, r := range s {
		if !strings.ContainsRune(",;:،؛、–—", r) {
			continue
		}
		head := strings.TrimRight(s[:i], " ")
		if depth(head) != 0 || bracketOpen(head) || i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
			continue
		}
		if turns(s[i:]) {
			continue
		}
		if text := head + " …"; len(head)*2 >= len(s) && fits(text) {
			best = text
		}
	}
	return best
}

// turns says whether a sentence's rest takes back or limits what stands before it: without it the sentence would say
// something else.
func turns(rest string) bool {
	for w := range strings.FieldsFuncSeq(strings.ToLower(rest), notWord) {
		if slices.Contains(turning, w) {
			return true
		}
	}
	return false
}

var turning = strings.Fields(`but though although unless if except however without not denied never aber sondern jedoch obwohl falls wenn nicht ohne ama ancak fakat değil rağmen
	لكن ولكن إلا رغم إذا دون غير بەڵام هەرچەندە ئەگەر مەگەر اما ولی اگر مگر lê heke bes mais sauf si sans pero sino aunque но хотя если не`)

// repeats says whether a text only says the headline again.
func repeats(text, headline string) bool {
	return headline != "" && fold(text) == fold(headline)
}

// fold keeps letters and numbers, in lower case.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// Span is a piece of the article's text in bytes, end exclusive.
type Span struct {
	Start int // of its first byte
	End   int // behind its last byte
}

// Used finds where in the body the summary's sentences stand. Those of the dek are not in it.
func Used(a article.Article, text string) []Span {
	var out []Span
	for _, s := range Sentences(text, a.Language) {
		s = strings.TrimSuffix(s, " …")
		if i := strings.Index(a.Body, s); i >= 0 {
			out = append(out, Span{i, i + len(s)})
		}
	}
	return out
}
