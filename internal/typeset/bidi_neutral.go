package typeset

import (
	"slices"

	"golang.org/x/text/unicode/bidi"
)

// closing maps an opening bracket to the closing one that pairs with it (BD14, BD15); canonical equivalents are one.
func canonical(r rune) rune {
	switch r {
	case 0x2329:
		return 0x3008
	case 0x232A:
		return 0x3009
	}
	return r
}

// side is the direction that a class stands for in N0 to N2: numbers count as R. ON: none.
func side(c bidi.Class) bidi.Class {
	switch c {
	case bidi.L:
		return bidi.L
	case bidi.R, bidi.EN, bidi.AN:
		return bidi.R
	}
	return bidi.ON
}

// brackets is N0.
func (s *sequence) brackets(text []rune, orig, c []bidi.Class) {
	if text == nil {
		return
	}
	type open struct {
		closer rune
		at     int
	}
	var stack []open
	var pairs [][2]int // positions in s.at
	for k, i := range s.at {
		if c[i] != bidi.ON {
			continue
		}
		p, _ := bidi.LookupRune(text[i])
		if !p.IsBracket() {
			continue
		}
		if p.IsOpeningBracket() {
			if len(stack) == 63 {
				return // BD16: then no pairs at all
			}
			mirrored := []rune(bidi.ReverseString(string(text[i])))[0]
			stack = append(stack, open{canonical(mirrored), k})
			continue
		}
		for j := len(stack) - 1; j >= 0; j-- {
			if stack[j].closer == canonical(text[i]) {
				pairs = append(pairs, [2]int{stack[j].at, k})
				stack = stack[:j]
				break
			}
		}
	}
	slices.SortFunc(pairs, func(a, b [2]int) int { return a[0] - b[0] })
	embedding := strong(s.level)
	for _, p := range pairs {
		found := bidi.Class(bidi.ON)
		for k := p[0] + 1; k < p[1]; k++ {
			d := side(c[s.at[k]])
			if d == embedding {
				found = d
				break
			}
			if d != bidi.ON {
				found = d
			}
		}
		if found == bidi.ON {
			continue
		}
		if found != embedding { // N0 c: what stands before decides
			context := s.sos
			for k := p[0] - 1; k >= 0; k-- {
				if d := side(c[s.at[k]]); d != bidi.ON {
					context = d
					break
				}
			}
			if context != found {
				found = embedding
			}
		}
		for _, k := range p {
			c[s.at[k]] = found
			for j := k + 1; j < len(s.at) && orig[s.at[j]] == bidi.NSM; j++ {
				c[s.at[j]] = found
			}
		}
	}
}

// neutral is N1 and N2.
func (s *sequence) neutral(c []bidi.Class) {
	isNeutral := func(x bidi.Class) bool {
		switch x {
		case bidi.B, bidi.S, bidi.WS, bidi.ON, bidi.FSI, bidi.LRI, bidi.RLI, bidi.PDI:
			return true
		}
		return false
	}
	for k := 0; k < len(s.at); k++ {
		if !isNeutral(c[s.at[k]]) {
			continue
		}
		end := k
		for end < len(s.at) && isNeutral(c[s.at[end]]) {
			end++
		}
		before, after := s.sos, s.eos
		if k > 0 {
			before = side(c[s.at[k-1]])
		}
		if end < len(s.at) {
			after = side(c[s.at[end]])
		}
		to := strong(s.level)
		if before == after {
			to = before
		}
		for ; k < end; k++ {
			c[s.at[k]] = to
		}
		k = end - 1
	}
}

// lineLevels is L1 for one line of a paragraph: separators, and blanks at the line's end or before a separator, fall
// back to the base level. levels are the paragraph's; the line's are returned.
func lineLevels(classes []bidi.Class, levels []int, base int) []int {
	out := slices.Clone(levels)
	trailing := true
	for i := len(out) - 1; i >= 0; i-- {
		switch classes[i] {
		case bidi.S, bidi.B:
			out[i], trailing = base, true
		case bidi.WS, bidi.FSI, bidi.LRI, bidi.RLI, bidi.PDI:
			if trailing {
				out[i] = base
			}
		case bidi.LRE, bidi.RLE, bidi.LRO, bidi.RLO, bidi.PDF, bidi.BN:
			if trailing {
				out[i] = base
			}
		default:
			trailing = false
		}
	}
	return out
}

// visual is L2: the order, from the left, of runs with these levels.
func visual(levels []int) []int {
	order := make([]int, len(levels))
	top, low := 0, 1<<30
	for i, l := range levels {
		order[i] = i
		top = max(top, l)
		if l%2 == 1 {
			low = min(low, l)
		}
	}
	for l := top; l >= low; l-- {
		for i := 0; i < len(order); i++ {
			if levels[order[i]] < l {
				continue
			}
			j := i
			for j < len(order) && levels[order[j]] >= l {
				j++
			}
			slices.Reverse(order[i:j])
			i = j
		}
	}
	return order
}
