package summary

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWhatFollowsIsWholeSentencesInOrderAndNewToReaders(t *testing.T) {
	some := 0
	for _, s := range samples(t) {
		read := Read(s.article)
		whole := Sentences(strings.Join(strings.Fields(s.article.Body), " "), s.article.Language)
		for _, p := range s.article.Paragraphs() {
			whole = append(whole, Sentences(p, s.article.Language)...)
		}
		for _, n := range []int{140, 300, 500} {
			first := read.Write(upTo(n))
			for _, posts := range []int{2, 5} {
				out := read.Follow(first, posts, upTo(n))
				if len(out) > posts {
					t.Errorf("%s at %d: %d posts, want %d at most", s.name, n, len(out), posts)
				}
				some += len(out)
				last := -1
				for _, text := range out {
					if utf8.RuneCountInString(text) > n {
						t.Errorf("%s at %d: too long: %s", s.name, n, text)
					}
					if found := read.Check(text); len(found) > 0 {
						t.Errorf("%s at %d: %+v in %s", s.name, n, found, text)
					}
					for _, f := range s.forbid {
						if strings.Contains(text, f) {
							t.Errorf("%s at %d: has %q: %s", s.name, n, f, text)
						}
					}
					for _, one := range Sentences(text, s.article.Language) {
						at := strings.Index(s.article.Body, one)
						if !slices.Contains(whole, one) || at <= last {
							t.Errorf("%s at %d: %q is no sentence of the article's, or not in its order", s.name, n, one)
						}
						last = at
						if strings.Contains(first, one) {
							t.Errorf("%s at %d: %q was said", s.name, n, one)
						}
					}
				}
			}
		}
	}
	if some < 60 {
		t.Errorf("only %d posts follow at all", some)
	}
}
