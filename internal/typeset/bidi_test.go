package typeset

import (
	"bufio"
	"compress/gzip"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/bidi"
)

func lines(t *testing.T, name string, each func(n int, line string)) {
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		if line := s.Text(); line != "" && line[0] != '#' {
			each(n, line)
		}
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
}

// check compares levels after L1 and the visual order with a line of the test files; x is a character that is removed.
func check(levels []int, classes []bidi.Class, base int, want, order []string) bool {
	at := lineLevels(classes, levels, base)
	var kept []int
	var index []int
	for i, w := range want {
		if w == "x" {
			continue
		}
		if strconv.Itoa(at[i]) != w {
			return false
		}
		kept, index = append(kept, at[i]), append(index, i)
	}
	for i, v := range visual(kept) {
		if i >= len(order) || strconv.Itoa(index[v]) != order[i] {
			return false
		}
	}
	return true
}

func TestBidiCharacterTest(t *testing.T) {
	cases, bad := 0, 0
	lines(t, "BidiCharacterTest.txt.gz", func(n int, line string) {
		f := strings.Split(line, ";")
		var text []rune
		var classes []bidi.Class
		for h := range strings.FieldsSeq(f[0]) {
			r, err := strconv.ParseUint(h, 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			p, _ := bidi.LookupRune(rune(r))
			text, classes = append(text, rune(r)), append(classes, p.Class())
		}
		base := 0
		if f[2] == "1" {
			base = 1
		}
		cases++
		if !check(Levels(text, base), classes, base, strings.Fields(f[3]), strings.Fields(f[4])) {
			if bad++; bad < 10 {
				t.Errorf("line %d: %s: %v", n, line, lineLevels(classes, Levels(text, base), base))
			}
		}
	})
	if bad > 0 || cases < 91_000 {
		t.Errorf("%d of %d cases fail", bad, cases)
	}
}

func TestBidiTest(t *testing.T) {
	names := map[string]bidi.Class{"L": bidi.L, "R": bidi.R, "EN": bidi.EN, "ES": bidi.ES, "ET": bidi.ET, "AN": bidi.AN, "CS": bidi.CS, "B": bidi.B, "S": bidi.S, "WS": bidi.WS, "ON": bidi.ON,
		"BN": bidi.BN, "NSM": bidi.NSM, "AL": bidi.AL, "LRO": bidi.LRO, "RLO": bidi.RLO, "LRE": bidi.LRE, "RLE": bidi.RLE, "PDF": bidi.PDF, "LRI": bidi.LRI, "RLI": bidi.RLI, "FSI": bidi.FSI, "PDI": bidi.PDI}
	var levels, order []string
	cases, bad := 0, 0
	lines(t, "BidiTest.txt.gz", func(n int, line string) {
		if rest, ok := strings.CutPrefix(line, "@Levels:"); ok {
			levels = strings.Fields(rest)
			return
		}
		if rest, ok := strings.CutPrefix(line, "@Reorder:"); ok {
			order = strings.Fields(rest)
			return
		}
		input, bits, _ := strings.Cut(line, "; ")
		var classes []bidi.Class
		for c := range strings.FieldsSeq(input) {
			classes = append(classes, names[c])
		}
		set, err := strconv.ParseUint(bits, 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		for bit, base := range map[uint64]int{1: max(firstStrong(classes), 0), 2: 0, 4: 1} {
			if set&bit == 0 {
				continue
			}
			cases++
			if !check(resolve(nil, classes, base), classes, base, levels, order) {
				if bad++; bad < 10 {
					t.Errorf("line %d: %s, base %d: %v, want %v", n, line, base, lineLevels(classes, resolve(nil, classes, base), base), levels)
				}
			}
		}
	})
	if bad > 0 || cases < 700_000 {
		t.Errorf("%d of %d cases fail", bad, cases)
	}
}
