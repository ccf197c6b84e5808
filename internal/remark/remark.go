// Package remark is what the program remarks about a story, an account or a delivery: why a text is objected to, a photo
// left out, a layout chosen, a post refused.
//
// A remark is of a kind and has values. It owns the list of kinds with their English (words/en.txt) and what other languages
// say for them (a file of words each). It promises that [Read] is the inverse of [Say]: in documents, in logs and on the
// command line a remark stands as its English sentence, which a person can read there, and whoever speaks another language
// takes it apart into kind and values again ([Language.Tell]). So a document needs no second field beside each sentence
// that could come to differ from it, documents of older versions are understood, and what a network or a person said in
// their own words passes through unchanged.
//
// A sentence of en.txt has holes: {1} is any text; {1 n} a number; {1 layout} the name of a card's layout; {1 why}
// remarks again (a single one where the sentence begins with it); {1 said} what somebody said, which may be remarks too.
// Remarks are joined by "; ". Whoever rewords a sentence leaves the old one below it under the same kind as long as
// documents hold it: Say takes the first, Read knows both. Kinds with a dot in their names are in no document: they are
// what a language says for a value, or around remarks, and Read does not look for them.
package remark

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Remark is one remark taken apart.
type Remark struct {
	Kind   string  // as in en.txt; empty: somebody's own words, and Text is all there is
	Values []Value // of the kind's holes, by their numbers
	Text   string  // the whole of it in English

	open int // the number of the hole that ends the sentence; 0: it ends with a text
}

// Value is what stands in a hole.
type Value struct {
	Text string
	As   string // what the hole takes: n, layout, why or said; empty: any text
}

// hole is a place in a sentence.
type hole struct {
	n  int    // its number, from 1
	as string // as Value.As
}

// sentence is one way of saying a kind: literal texts with holes between them, one text more than holes.
type sentence struct {
	kind    string
	texts   []string
	holes   []hole
	letters int // of the literal texts: of two sentences that fit, the one that says more of its own is meant
}

//go:embed words/en.txt
var english string

// parsed are the sentences of en.txt, and the first of each kind. They are parsed when they are first asked for: a
// function that has nothing to remark starts without them.
var parsed = sync.OnceValues(func() ([]sentence, map[string]sentence) { return parse(english) })

// parse reads lines of "kind: sentence". Empty ones and those that begin with # are for the reader.
func parse(text string) (all []sentence, first map[string]sentence) {
	first = map[string]sentence{}
	for l := range strings.Lines(text) {
		kind, rest, ok := strings.Cut(strings.TrimSpace(l), ": ")
		if !ok || strings.HasPrefix(kind, "#") {
			continue
		}
		s := cut(rest)
		s.kind = kind
		if !strings.Contains(kind, ".") {
			all = append(all, s)
		}
		if _, ok := first[kind]; !ok {
			first[kind] = s
		}
	}
	slices.SortStableFunc(all, func(a, b sentence) int { return b.letters - a.letters })
	return all, first
}

// cut finds the holes of a sentence.
func cut(text string) sentence {
	var s sentence
	for {
		before, rest, ok := strings.Cut(text, "{")
		within, after, closed := strings.Cut(rest, "}")
		n, as, _ := strings.Cut(within, " ")
		number, err := strconv.Atoi(n)
		if !ok || !closed || err != nil {
			s.texts = append(s.texts, text)
			s.letters += len(text)
			return s
		}
		s.texts, s.holes, text = append(s.texts, before), append(s.holes, hole{number, as}), after
		s.letters += len(before)
	}
}

// Say is the English of a remark, as documents keep it. The values are printed as fmt does. A kind that en.txt has not
// is printed with its values; a test finds such a call.
func Say(kind string, values ...any) string {
	_, first := parsed()
	s, ok := first[kind]
	if !ok {
		return strings.TrimSpace(kind + " " + fmt.Sprint(values...))
	}
	var b strings.Builder
	for i, t := range s.texts {
		b.WriteString(t)
		if i < len(s.holes) && s.holes[i].n <= len(values) {
			fmt.Fprint(&b, values[s.holes[i].n-1])
		}
	}
	return b.String()
}

// Join puts remarks one after the other; empty ones are left out.
func Join(remarks ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(remarks), func(s string) bool { return s == "" }), separator)
}

const separator = "; "

// Read takes remarks apart, as many as are joined in the text. Whatever it does not know comes as it is, in its place; behind
// a sentence that ends with a value it is the rest of that value. Its work grows with the text's length and no faster.
func Read(text string) []Remark {
	if text == "" {
		return nil
	}
	starts, ends := parts(text)
	var out []Remark
	begun := 0 // where the last remark of out begins in text
	for at := 0; at < len(starts); {
		r, n, letters := Remark{Text: text[starts[at]:ends[at]]}, 1, 0
		for to := at; to < min(at+3, len(ends)); to++ { // some sentences have the separator within
			if known, own := one(text[starts[at]:ends[to]], leading); own > letters {
				r, n, letters = known, to-at+1, own
			}
		}
		from, end := starts[at], ends[at+n-1]
		at += n
		if r.Kind == "" && len(out) > 0 {
			if last := &out[len(out)-1]; last.Kind == "" || last.open > 0 {
				if last.open > 0 { // the value ended where the remark did
					v := &last.Values[last.open-1]
					v.Text = text[begun+len(last.Text)-len(v.Text) : end]
				}
				last.Text = text[begun:end]
				continue
			}
		}
		out, begun = append(out, r), from
	}
	return out
}

// parts are where what is joined by the separator begins and ends.
func parts(text string) (starts, ends []int) {
	for from := 0; ; {
		starts = append(starts, from)
		i := strings.Index(text[from:], separator)
		if i < 0 {
			return starts, append(ends, len(text))
		}
		ends = append(ends, from+i)
		from += i + len(separator)
	}
}

// leading is how many remarks may begin with a remark that begins with one, and so on: "two people must approve, of the desk,
// and not who wrote or edited it (rule courts)" is four. What goes deeper is somebody's own words.
const leading = 8

// one takes a single remark apart, in which so many may begin with others. letters is how much of the text is the sentence's
// own; 0: it is no remark.
func one(text string, deep int) (r Remark, letters int) {
	sentences, _ := parsed()
	led := false
	for i := range sentences {
		s := &sentences[i]
		if !strings.HasPrefix(text, s.texts[0]) || !strings.HasSuffix(text, s.texts[len(s.texts)-1]) {
			continue
		}
		found, rest := make([]string, 0, len(s.holes)), text
		if s.leads() {
			at := strings.LastIndex(text, s.texts[1])
			if led || at <= 0 || deep == 0 {
				continue
			}
			led = true
			if _, own := one(text[:at], deep-1); own == 0 {
				continue
			}
			found, rest = append(found, text[:at]), text[at:]
		}
		if found, ok := s.fit(rest, len(found), found); ok {
			r = Remark{Kind: s.kind, Text: text, Values: make([]Value, len(s.holes))}
			for j, h := range s.holes {
				r.Values[h.n-1] = Value{found[j], h.as}
				if s.texts[j+1] == "" {
					r.open = h.n
				}
			}
			return r, s.letters
		}
	}
	return Remark{}, 0
}

// leads says whether the sentence begins with a remark. It says too little of its own to be known by the rest alone, so
// that remark must be known, and it is the longest. Of such sentences no second is tried: each would begin anew with
// nearly all of the text, and what is somebody else's words would cost twice as much with every word more.
func (s *sentence) leads() bool { return s.texts[0] == "" && s.holes[0].as == "why" }

// fit finds what stands in the holes from the i-th on. Where a text fits in several ways the shortest values are taken,
// from the left.
func (s *sentence) fit(text string, i int, found []string) ([]string, bool) {
	rest, ok := strings.CutPrefix(text, s.texts[i])
	if !ok || i == len(s.holes) {
		return found, ok && rest == ""
	}
	next := s.texts[i+1]
	if i+1 == len(s.holes) { // the last hole: it takes all that is left before the end
		value, ok := strings.CutSuffix(rest, next)
		return append(found, value), ok && s.takes(i, value)
	}
	for at := 1; at < len(rest); at++ {
		j := strings.Index(rest[at:], next)
		if j < 0 {
			return nil, false
		}
		if at += j; s.takes(i, rest[:at]) {
			if out, ok := s.fit(rest[at:], i+1, append(found, rest[:at])); ok {
				return out, true
			}
		}
	}
	return nil, false
}

// takes says whether a value may stand in the i-th hole.
func (s *sentence) takes(i int, value string) bool {
	switch s.holes[i].as {
	case "n":
		return value != "" && strings.Trim(value, "0123456789.") == ""
	case "layout":
		return slices.Contains(Layouts, value)
	}
	return value != ""
}

// Layouts are a card's, in the order in which the desk offers them. Package card draws them.
var Layouts = []string{"bottom", "side", "top", "split", "inset", "text-led"}
