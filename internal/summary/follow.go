package summary

import (
	"slices"
	"strings"

	"cutline/internal/article"
)

// Follow is what goes on behind a post that says so much already: the sentences of the article that say most of the rest,
// whole and in the article's order, parted into so many posts at most, each of which fits. fits must say no to every text
// longer than one it said no to. Each post passes the gate. None: the rest says too little.
func (r *Reading) Follow(said string, posts int, fits func(string) bool) []string {
	var rest []sentence
	best := 0.0
	for _, s := range ranked(r.sentences()) { // what leans comes last, when what it leans on is in
		if article.Promotion(s.text) {
			continue
		}
		best = max(best, s.score)
		if !again(s.text, said) && fits(s.text) && len(r.Check(s.text)) == 0 {
			rest = append(rest, s)
		}
	}
	var taken []sentence
	var out []string
	for _, s := range rest {
		behind := func(x sentence) bool { return x.place == s.place-1 }
		if s.score < best/4 || s.leans && !slices.ContainsFunc(taken, behind) || slices.ContainsFunc(taken, func(x sentence) bool { return again(s.text, x.text) }) {
			continue
		}
		next := append(slices.Clone(taken), s)
		slices.SortFunc(next, func(x, y sentence) int { return x.place - y.place })
		if parts := parted(next, joint(r.a.Language), fits); len(parts) <= posts && !slices.ContainsFunc(parts, func(t string) bool { return len(r.Check(t)) > 0 }) {
			taken, out = next, parts
		}
	}
	return out
}

// parted fills posts with sentences in their order, as few as they need, and three in each at most: a post is no article.
func parted(sentences []sentence, join string, fits func(string) bool) []string {
	var out []string
	n := 0
	for _, s := range sentences {
		if i := len(out) - 1; i >= 0 && n < 3 {
			if longer := out[i] + join + s.text; fits(longer) {
				out[i] = longer
				n++
				continue
			}
		}
		out, n = append(out, s.text), 1
	}
	return out
}

// again says whether a sentence tells hardly anything that was not said: most of its words were.
func again(s, said string) bool {
	if strings.Contains(fold(said), fold(s)) {
		return true
	}
	have := map[string]bool{}
	for w := range words(said) {
		have[w] = true
	}
	all, known := 0, 0
	for w := range words(s) {
		if all++; have[w] {
			known++
		}
	}
	return all > 0 && known*5 >= all*4
}
