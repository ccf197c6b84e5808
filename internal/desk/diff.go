package desk

import (
	"strings"
	"unicode"
)

// piece is a stretch of a text, and whether the other version lacks it.
type piece struct {
	Text    string
	Changed bool
}

// differ compares two texts word by word (longest common subsequence) and returns each in pieces.
func differ(a, b string) (old, fresh []piece) {
	x, y := tokens(a), tokens(b)
	if len(x)*len(y) > 4_000_000 { // longer than any post: whole against whole
		return []piece{{a, true}}, []piece{{b, true}}
	}
	common := make([][]int32, len(x)+1)
	for i := range common {
		common[i] = make([]int32, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			old, fresh = add(old, x[i], false), add(fresh, y[j], false)
			i, j = i+1, j+1
		case j == len(y) || i < len(x) && common[i+1][j] >= common[i][j+1]:
			old, i = add(old, x[i], true), i+1
		default:
			fresh, j = add(fresh, y[j], true), j+1
		}
	}
	return old, fresh
}

func add(ps []piece, s string, changed bool) []piece {
	if n := len(ps); n > 0 && ps[n-1].Changed == changed {
		ps[n-1].Text += s
		return ps
	}
	return append(ps, piece{s, changed})
}

// tokens parts a text into words and the white space between them.
func tokens(s string) []string {
	var out []string
	for s != "" {
		space := unicode.IsSpace([]rune(s[:min(len(s), 4)])[0])
		n := strings.IndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) != space })
		if n <= 0 {
			n = len(s)
		}
		out, s = append(out, s[:n]), s[n:]
	}
	return out
}
