package typeset

import (
	"slices"

	"golang.org/x/text/unicode/bidi"
)

// Levels resolves the embedding levels of one paragraph by UAX #9 (rules X1 to I2), for a base level of 0 (left to
// right) or 1. The character classes and brackets are x/text's; its resolution places brackets wrongly, so the rules
// are ours. Characters that rule X9 removes get the level of the one before.
func Levels(text []rune, base int) []int {
	classes := make([]bidi.Class, len(text))
	for i, r := range text {
		p, _ := bidi.LookupRune(r)
		classes[i] = p.Class()
	}
	return resolve(text, classes, base)
}

const maxBidiDepth = 125

// resolve does the work on classes, which may stand for text that is not given (text nil: no brackets).
func resolve(text []rune, orig []bidi.Class, base int) []int {
	n := len(orig)
	classes := slices.Clone(orig)
	levels := make([]int, n)
	matching, initiator := isolates(orig)

	// X1–X8
	type entry struct {
		level    int
		override bidi.Class // ON: none
		isolate  bool
	}
	stack := []entry{{base, bidi.ON, false}}
	overflowIsolate, overflowEmbedding, validIsolate := 0, 0, 0
	next := func(rtl bool) int {
		l := stack[len(stack)-1].level
		if rtl {
			return (l + 1) | 1
		}
		return (l + 2) &^ 1
	}
	removed := make([]bool, n)
	for i, c := range orig {
		top := stack[len(stack)-1]
		switch c {
		case bidi.RLE, bidi.LRE, bidi.RLO, bidi.LRO:
			removed[i] = true
			levels[i] = top.level
			l := next(c == bidi.RLE || c == bidi.RLO)
			if l <= maxBidiDepth && overflowIsolate == 0 && overflowEmbedding == 0 {
				o := bidi.Class(bidi.ON)
				if c == bidi.RLO {
					o = bidi.R
				} else if c == bidi.LRO {
					o = bidi.L
				}
				stack = append(stack, entry{l, o, false})
			} else if overflowIsolate == 0 {
				overflowEmbedding++
			}
		case bidi.RLI, bidi.LRI, bidi.FSI:
			levels[i] = top.level
			if top.override != bidi.ON {
				classes[i] = top.override
			}
			rtl := c == bidi.RLI
			if c == bidi.FSI {
				end := n
				if m := matching[i]; m >= 0 {
					end = m
				}
				rtl = firstStrong(orig[i+1:end]) == 1
			}
			if l := next(rtl); l <= maxBidiDepth && overflowIsolate == 0 && overflowEmbedding == 0 {
				validIsolate++
				stack = append(stack, entry{l, bidi.ON, true})
			} else {
				overflowIsolate++
			}
		case bidi.PDI:
			switch {
			case overflowIsolate > 0:
				overflowIsolate--
			case validIsolate > 0:
				overflowEmbedding = 0
				for !stack[len(stack)-1].isolate {
					stack = stack[:len(stack)-1]
				}
				stack = stack[:len(stack)-1]
				validIsolate--
			}
			top = stack[len(stack)-1]
			levels[i] = top.level
			if top.override != bidi.ON {
				classes[i] = top.override
			}
		case bidi.PDF:
			removed[i] = true
			levels[i] = top.level
			if overflowIsolate == 0 {
				if overflowEmbedding > 0 {
					overflowEmbedding--
				} else if !top.isolate && len(stack) > 1 {
					stack = stack[:len(stack)-1]
				}
			}
		case bidi.B:
			levels[i] = base
		case bidi.BN:
			removed[i] = true
			levels[i] = top.level
		default:
			levels[i] = top.level
			if top.override != bidi.ON {
				classes[i] = top.override
			}
		}
	}

	for _, seq := range sequences(orig, levels, removed, matching, initiator, base) {
		seq.weak(classes)
		seq.brackets(text, orig, classes)
		seq.neutral(classes)
		for _, i := range seq.at { // I1, I2
			switch {
			case levels[i]%2 == 0 && classes[i] == bidi.R:
				levels[i]++
			case levels[i]%2 == 0 && (classes[i] == bidi.AN || classes[i] == bidi.EN):
				levels[i] += 2
			case levels[i]%2 == 1 && (classes[i] == bidi.L || classes[i] == bidi.AN || classes[i] == bidi.EN):
				levels[i]++
			}
		}
	}
	for i := range levels {
		if removed[i] && i > 0 {
			levels[i] = levels[i-1]
		} else if removed[i] {
			levels[i] = base
		}
	}
	return levels
}

// firstStrong is P2 and P3: the level that the first strong character outside isolates asks for; -1: there is none.
func firstStrong(classes []bidi.Class) int {
	depth := 0
	for _, c := range classes {
		switch c {
		case bidi.LRI, bidi.RLI, bidi.FSI:
			depth++
		case bidi.PDI:
			if depth > 0 {
				depth--
			}
		case bidi.L:
			if depth == 0 {
				return 0
			}
		case bidi.R, bidi.AL:
			if depth == 0 {
				return 1
			}
		}
	}
	return -1
}

// isolates is BD9: for each isolate initiator its PDI and the other way round; -1 where there is none.
func isolates(classes []bidi.Class) (matching, initiator []int) {
	matching, initiator = make([]int, len(classes)), make([]int, len(classes))
	var open []int
	for i, c := range classes {
		matching[i], initiator[i] = -1, -1
		switch c {
		case bidi.LRI, bidi.RLI, bidi.FSI:
			open = append(open, i)
		case bidi.PDI:
			if len(open) > 0 {
				j := open[len(open)-1]
				open = open[:len(open)-1]
				matching[j], initiator[i] = i, j
			}
		case bidi.B:
			open = open[:0]
		}
	}
	return matching, initiator
}

// sequence is an isolating run sequence (BD13).
type sequence struct {
	at       []int // indexes of its characters
	level    int
	sos, eos bidi.Class
}

func sequences(orig []bidi.Class, levels []int, removed []bool, matching, initiator []int, base int) []sequence {
	// Level runs of what is left after X9.
	type run struct{ at []int }
	var runs []run
	runOf := make([]int, len(orig))
	for i := range orig {
		if removed[i] {
			continue
		}
		if len(runs) == 0 || levels[runs[len(runs)-1].at[0]] != levels[i] {
			runs = append(runs, run{})
		}
		runOf[i] = len(runs) - 1
		runs[len(runs)-1].at = append(runs[len(runs)-1].at, i)
	}
	isInitiator := func(c bidi.Class) bool { return c == bidi.LRI || c == bidi.RLI || c == bidi.FSI }
	var out []sequence
	for _, r := range runs {
		first := r.at[0]
		if orig[first] == bidi.PDI && initiator[first] >= 0 {
			continue // it continues another run
		}
		s := sequence{level: levels[first]}
		for {
			s.at = append(s.at, r.at...)
			last := r.at[len(r.at)-1]
			if !isInitiator(orig[last]) || matching[last] < 0 {
				break
			}
			r = runs[runOf[matching[last]]]
		}
		before, after := base, base
		for i := first - 1; i >= 0; i-- {
			if !removed[i] {
				before = levels[i]
				break
			}
		}
		last := s.at[len(s.at)-1]
		if !(isInitiator(orig[last]) && matching[last] < 0) {
			for i := last + 1; i < len(orig); i++ {
				if !removed[i] {
					after = levels[i]
					break
				}
			}
		}
		s.sos, s.eos = strong(max(s.level, before)), strong(max(s.level, after))
		out = append(out, s)
	}
	return out
}

func strong(level int) bidi.Class {
	if level%2 == 1 {
		return bidi.R
	}
	return bidi.L
}

// weak is W1 to W7.
func (s *sequence) weak(c []bidi.Class) {
	prev := s.sos
	for _, i := range s.at { // W1
		if c[i] == bidi.NSM {
			if prev == bidi.LRI || prev == bidi.RLI || prev == bidi.FSI || prev == bidi.PDI {
				c[i] = bidi.ON
			} else {
				c[i] = prev
			}
		}
		prev = c[i]
	}
	last := s.sos
	for _, i := range s.at { // W2
		switch c[i] {
		case bidi.R, bidi.L, bidi.AL:
			last = c[i]
		case bidi.EN:
			if last == bidi.AL {
				c[i] = bidi.AN
			}
		}
	}
	for _, i := range s.at { // W3
		if c[i] == bidi.AL {
			c[i] = bidi.R
		}
	}
	for k := 1; k+1 < len(s.at); k++ { // W4
		i, a, b := s.at[k], c[s.at[k-1]], c[s.at[k+1]]
		if a == b && (c[i] == bidi.ES && a == bidi.EN || c[i] == bidi.CS && (a == bidi.EN || a == bidi.AN)) {
			c[i] = a
		}
	}
	for k := 0; k < len(s.at); k++ { // W5
		if c[s.at[k]] != bidi.ET {
			continue
		}
		end := k
		for end < len(s.at) && c[s.at[end]] == bidi.ET {
			end++
		}
		if k > 0 && c[s.at[k-1]] == bidi.EN || end < len(s.at) && c[s.at[end]] == bidi.EN {
			for ; k < end; k++ {
				c[s.at[k]] = bidi.EN
			}
		}
		k = end - 1
	}
	for _, i := range s.at { // W6
		if c[i] == bidi.ES || c[i] == bidi.ET || c[i] == bidi.CS {
			c[i] = bidi.ON
		}
	}
	last = s.sos
	for _, i := range s.at { // W7
		switch c[i] {
		case bidi.R, bidi.L:
			last = c[i]
		case bidi.EN:
			if last == bidi.L {
				c[i] = bidi.L
			}
		}
	}
}
