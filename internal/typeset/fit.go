package typeset

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// Box is where a paragraph has to go. Lengths in pixels.
type Box struct {
	Width, Height float64
	Max, Min      float64 // type sizes; Max, whole pixels below it, and Min are tried
	MaxLines      int     // at most
	LineHeight    float64 // baseline to baseline, in em
	PerLine       float64 // what a line costs in the choice of breaks; 0: .05
	Align         Align   // where lines stand
}

// Align is where lines stand in their box, by the base direction.
type Align int

// Where lines stand.
const (
	Start  Align = iota // left in left-to-right text
	Center              // in the middle
	End                 // right in left-to-right text
)

// Fit sets the paragraph: the largest size that fits its box, then, down to 85 % of it (74 % while a break that should
// never be is not avoided), the size and breaks that score best for size, balance and few lines. Words that are too wide
// are broken at soft hyphens, then between syllables with a hyphen, at last between any letters without, but never in Arabic
// script. If the paragraph is too long even at the smallest size it is shortened at a word, with an ellipsis, or within its
// first; if nothing of it fits, set smaller.
func (p *Paragraph) Fit(b Box) Block {
	if b.PerLine == 0 {
		b.PerLine = .05
	}
	b.MaxLines = max(b.MaxLines, 1)
	if block, ok := p.fitWhole(b); ok {
		return block
	}
	if block, ok := p.shorten(b); ok {
		block.Cut = true
		return block
	}
	if len(p.text) > mostSmall {
		if q, ok := p.until(mostSmall); ok {
			p = q
		}
	}
	small := b
	for small.Min > 1 {
		small.Max, small.Min = small.Min, small.Min*.9
		if block, ok := p.fitWhole(small); ok {
			block.Cut = true
			return block
		}
	}
	block := p.set([][2]int{{0, len(p.text)}}, 1, b)
	block.Cut = true
	return block
}

// mostSmall is how many letters are kept of a text that does not fit and cannot be shortened: no word has so many, and what
// it costs to try breaks grows with their square.
const mostSmall = 200

// fitWhole sets the paragraph without leaving anything out, if it can be.
func (p *Paragraph) fitWhole(b Box) (Block, bool) {
	if p.em(0, p.trim(len(p.text))) > p.most(b) {
		return Block{}, false
	}
	for _, round := range [][2]breakKind{{breakFree, breakSyllable}, {breakPhrase, breakLetter}, {breakPhrase, breakCluster}} {
		stops := p.stops(round[0], round[1], b.Width*2/(b.Max+b.Min), b.Width/b.Min)
		for try := b; ; { // lines that had to be moved apart may need a smaller size
			best, ok := p.best(try, stops)
			if !ok {
				break
			}
			block := p.set(best.lines, best.size, b)
			if len(best.lines) == 1 || block.Height <= b.Height+.5 {
				return block, true
			}
			if best.size <= b.Min {
				break
			}
			try.Max = max(b.Min, best.size-1)
		}
	}
	return Block{}, false
}

// stop is a place where a line may end.
type stop struct {
	at     int     // the letter with which the next begins
	end    float64 // em from the paragraph's start to the line's end, spaces left out, a hyphen included
	begin  float64 // em from the paragraph's start to where the next line begins
	cost   float64 // in the choice of breaks
	nevers int
	weaks  int
}

// stops lists where lines may end: at breaks of kind least or better, and, so that one long word does not make the whole
// small, at those of kind lowest or better within words and phrases wider than the box at the middle of the sizes (middle, in
// em); between letters only in words wider than the box at the smallest (widest, in em).
func (p *Paragraph) stops(least, lowest breakKind, middle, widest float64) []stop {
	var out []stop
	n := len(p.text)
	add := func(j int) {
		s := stop{at: j, end: p.width[p.trim(j)] - p.lastExtra(p.trim(j)), begin: p.width[j]}
		if p.breaks[j].hyphened() {
			s.end += p.hyphenWidth(j)
		}
		if j > 0 && j < n {
			var good bool
			s.nevers, s.weaks, good = p.flaw(j)
			s.cost = float64(.4*float64(s.nevers)) + float64(.05*float64(s.weaks))
			if good {
				s.cost -= .03
			}
			if !blank(p.text[j-1]) && unicode.Is(unicode.Thai, p.text[j-1]) && unicode.Is(unicode.Thai, p.text[j]) {
				s.cost += .05 // Thai has its spaces where sentences and names end; between words only a model says
			}
		}
		out = append(out, s)
	}
	// within adds the breaks inside a piece that is too wide, of the best kind that it has; then inside what is left.
	var within func(i, j int, kind breakKind)
	within = func(i, j int, kind breakKind) {
		box := middle
		if kind <= breakLetter {
			box = widest
		}
		if kind < lowest || p.em(i, p.trim(j)) <= box {
			return
		}
		from := i
		for k := i + 1; k <= j; k++ {
			if k < j && (p.breaks[k] != kind || least == breakFree && p.named[k]) {
				continue
			}
			within(from, k, kind-1)
			if k < j {
				add(k)
			}
			from = k
		}
	}
	add(0)
	from := 0
	for j := 1; j <= n; j++ {
		if j < n && p.breaks[j] < least {
			continue
		}
		within(from, j, least-1)
		add(j)
		from = j
	}
	return out
}

type candidate struct {
	lines  [][2]int // letters from and to
	size   float64
	nevers int
	score  float64
}

// best chooses size and breaks.
func (p *Paragraph) best(b Box, stops []stop) (candidate, bool) {
	var best candidate
	top, found := 0.0, false
	for size := b.Max; size >= b.Min; {
		if found {
			least := .85
			if best.nevers > 0 {
				least = .74
			}
			if size < float64(top*least) {
				break
			}
		}
		for n := 1; n <= b.MaxLines; n++ {
			if n > 1 && float64(float64(n)*size)*b.LineHeight > b.Height {
				break
			}
			c, ok := wrap(stops, b.Width/size, n)
			if !ok {
				continue
			}
			if !found {
				top = size
			}
			c.size = size
			c.score += size/top - float64(b.PerLine*float64(n))
			if !found || c.score > best.score {
				best = c
			}
			found = true
			if c.nevers == 0 { // else a line more may do without
				break
			}
		}
		next := math.Ceil(size) - 1
		if size > b.Min && next < b.Min {
			next = b.Min
		}
		size = next
	}
	return best, found
}

// trim leaves out the spaces before a line's end.
func (p *Paragraph) trim(end int) int {
	for end > 0 && blank(p.text[end-1]) {
		end--
	}
	return end
}

// wrap breaks into just n lines no wider than box (in em), as even as can be, by dynamic programming over the stops.
func wrap(stops []stop, box float64, n int) (candidate, bool) {
	m := len(stops)
	total := stops[m-1].end
	if n > m-1 || total > float64(box*float64(n))*1.0001 {
		return candidate{}, false
	}
	goal := min(box, total/float64(n))
	cost := make([]float64, (n+1)*m)
	from := make([]int, (n+1)*m)
	for k := range cost {
		cost[k] = math.Inf(1)
	}
	cost[0] = 0
	for k := 1; k <= n; k++ {
		for j := k; j < m; j++ {
			for i := j - 1; i >= k-1; i-- {
				w := stops[j].end - stops[i].begin
				if w > box {
					break
				}
				before := cost[(k-1)*m+i]
				if math.IsInf(before, 1) {
					continue
				}
				d := (goal - w) / goal
				if c := before + float64(d*d) + stops[j].cost; c < cost[k*m+j] {
					cost[k*m+j], from[k*m+j] = c, i
				}
			}
		}
	}
	if math.IsInf(cost[n*m+m-1], 1) {
		return candidate{}, false
	}
	c := candidate{lines: make([][2]int, n)}
	shortest, longest, weaks := math.Inf(1), 0.0, 0
	for k, j := n, m-1; k > 0; k-- {
		i := from[k*m+j]
		c.lines[k-1] = [2]int{stops[i].at, stops[j].at}
		w := stops[j].end - stops[i].begin
		shortest, longest = min(shortest, w), max(longest, w)
		c.nevers += stops[j].nevers
		weaks += stops[j].weaks
		j = i
	}
	balance := 1.0
	if longest > 0 {
		balance = shortest / longest
	}
	c.score = float64(.5*min(balance, .88)) - float64(.06*float64(weaks)) - float64(.35*float64(c.nevers))
	if n > 1 && balance < .5 {
		c.score -= .2
	}
	return c, true
}

// shorten takes words off the end until what is left fits with an ellipsis behind it. The text does not end with a word
// that leads on, nor with a comma before the ellipsis. Of a text whose first word does not fit, letters are taken off.
func (p *Paragraph) shorten(b Box) (Block, bool) {
	b.Max = b.Min
	var words, letters []int
	for i := 1; i < len(p.text); i++ { // not after a hyphen: that would show half a word as a whole one
		if p.breaks[i] == breakFree && !strings.ContainsRune("-‐", p.text[i-1]) {
			words = append(words, i)
		}
		if p.breaks[i] != breakNever {
			letters = append(letters, i)
		}
	}
	block, ok := p.shortened(b, words)
	if !ok {
		block, ok = p.shortened(b, letters)
	}
	return block, ok
}

// most is how much the lines of a box hold, in em of the smallest size.
func (p *Paragraph) most(b Box) float64 { return b.Width / b.Min * float64(b.MaxLines) * 1.001 }

// until is the text up to a letter, with an ellipsis behind it.
func (p *Paragraph) until(end int) (*Paragraph, bool) {
	style := p.style
	style.Upper, style.Digits = false, "" // done already
	q, err := p.fonts.Shape(string(p.text[:end])+"…", style)
	if err != nil {
		return nil, false // no font has the ellipsis: there is no shorter text
	}
	for i, at := range q.orig { // clusters are of the text that was given
		q.orig[i] = p.orig[min(at, len(p.orig)-1)]
	}
	return q, true
}

// shortened is the longest text to one of the places that fits with an ellipsis behind it.
func (p *Paragraph) shortened(b Box, ends []int) (Block, bool) {
	try := func(end int) (Block, bool) {
		if end = p.lastWord(end); end == 0 {
			return Block{}, false
		}
		q, ok := p.until(end)
		if !ok {
			return Block{}, false
		}
		return q.fitWhole(b)
	}
	most := p.most(b)
	for len(ends) > 0 && p.em(0, p.lastWord(ends[len(ends)-1])) > most { // not to be shaped in vain
		ends = ends[:len(ends)-1]
	}
	var best Block
	found := false
	for low, high := 0, len(ends)-1; low <= high; { // more words never fit where fewer did not
		mid := (low + high) / 2
		if block, ok := try(ends[mid]); ok {
			best, found, low = block, true, mid+1
		} else {
			high = mid - 1
		}
	}
	return best, found
}

// lastWord goes back from a place to the end of a word after which a text may be cut.
func (p *Paragraph) lastWord(end int) int {
	for {
		for end > 0 && (blank(p.text[end-1]) || strings.ContainsRune(",;:،؛、，—–-|"+openers, p.text[end-1])) {
			end--
		}
		start := end
		for start > 0 && !blank(p.text[start-1]) {
			start--
		}
		word := strings.ToLower(string(p.text[start:end]))
		if start == 0 || !slices.Contains(weakWords, word) && !slices.Contains(boundWords, word) {
			return end
		}
		end = start
	}
}
