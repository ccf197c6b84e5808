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
	Max, Min      float64 // type sizes; whole pixels are tried, from the largest
	MaxLines      int
	LineHeight    float64 // baseline to baseline, in em
	PerLine       float64 // what a line costs in the choice of breaks; 0: .05
	Align         Align
}

// Align is where lines stand in their box, by the base direction.
type Align int

const (
	Start Align = iota // left in left-to-right text
	Center
	End
)

// Rect is a rectangle in pixels, y down.
type Rect struct{ X0, Y0, X1, Y1 float64 }

// Union is the smallest rectangle that has both; an empty one adds nothing.
func (r Rect) Union(s Rect) Rect {
	if r == (Rect{}) {
		return s
	}
	if s == (Rect{}) {
		return r
	}
	return Rect{min(r.X0, s.X0), min(r.Y0, s.Y0), max(r.X1, s.X1), max(r.Y1, s.Y1)}
}

// Moved is the rectangle at another place.
func (r Rect) Moved(dx, dy float64) Rect { return Rect{r.X0 + dx, r.Y0 + dy, r.X1 + dx, r.Y1 + dy} }

// Block is a paragraph set into a box, with its top left at 0, 0.
type Block struct {
	Size   float64 // type size, pixels
	Lines  []Line
	Cut    bool    // it was shortened with an ellipsis, or does not fit at all
	Width  float64 // of the widest line
	Height float64 // from the top of the first line's box to the bottom of the last's
	Ink    Rect    // what is black
}

// Line is one line of a block.
type Line struct {
	Text     string // as read
	RTL      bool
	X        float64 // left end
	Baseline float64
	Width    float64
	Ink      Rect
	Runs     []Run // from the left

	size, tracking float64
}

// Fit sets the paragraph: the largest size that fits its box, then, down to 85 % of it (74 % while a break that should
// never be is not avoided), the size and breaks that score best for size, balance and few lines. If it is too long even
// at the smallest size it is shortened at a word, with an ellipsis.
func (p *Paragraph) Fit(b Box) Block {
	if b.PerLine == 0 {
		b.PerLine = .05
	}
	if best, ok := p.fit(b); ok {
		return p.set(best.lines, best.size, b)
	}
	if short := p.shorten(b); short != nil {
		out := short.p.set(short.lines, short.size, b)
		out.Cut = true
		return out
	}
	out := p.set(p.greedy(b.Width/b.Min), b.Min, b) // a word wider than the box: the caller sees that it does not fit
	out.Cut = true
	return out
}

type candidate struct {
	lines  [][2]int
	size   float64
	nevers int
	score  float64
}

func (p *Paragraph) fit(b Box) (candidate, bool) {
	var best candidate
	top, found := 0.0, false
	for size := math.Floor(b.Max); size >= math.Ceil(b.Min); size-- {
		if found {
			least := .85
			if best.nevers > 0 {
				least = .74
			}
			if size < top*least {
				break
			}
		}
		for n := 1; n <= b.MaxLines; n++ {
			if n > 1 && float64(float64(n)*size)*b.LineHeight > b.Height {
				break
			}
			lines, ok := p.wrap(b.Width/size, n)
			if !ok {
				continue
			}
			if !found {
				top = size
			}
			c := p.judge(lines, size, top, b.PerLine)
			if !found || c.score > best.score {
				best = c
			}
			found = true
			break
		}
	}
	return best, found
}

func (p *Paragraph) judge(lines [][2]int, size, top, perLine float64) candidate {
	c := candidate{lines: lines, size: size}
	shortest, longest := math.Inf(1), 0.0
	weaks := 0
	for k, l := range lines {
		w := p.em(l[0], p.trim(l[1]))
		shortest, longest = min(shortest, w), max(longest, w)
		if k < len(lines)-1 {
			n, wk, _ := p.flaw(l[0], l[1])
			c.nevers += n
			weaks += wk
		}
	}
	balance := 1.0
	if longest > 0 {
		balance = shortest / longest
	}
	c.score = size/top + float64(.5*min(balance, .88)) - float64(perLine*float64(len(lines))) - float64(.06*float64(weaks)) - float64(.35*float64(c.nevers))
	if len(lines) > 1 && balance < .5 {
		c.score -= .2
	}
	return c
}

// trim leaves out the spaces before a line's end.
func (p *Paragraph) trim(end int) int {
	for end > 0 && (p.text[end-1] == ' ' || p.text[end-1] == '\u3000') {
		end--
	}
	return end
}

// wrap breaks into just n lines no wider than box (in em), as even as can be, by dynamic programming over the breaks.
func (p *Paragraph) wrap(box float64, n int) ([][2]int, bool) {
	stops := []int{0}
	for i := 1; i < len(p.text); i++ {
		if p.breaks[i] {
			stops = append(stops, i)
		}
	}
	stops = append(stops, len(p.text))
	m := len(stops)
	if n > m-1 {
		return nil, false
	}
	total := p.em(0, p.trim(len(p.text)))
	if total > float64(box*float64(n)) {
		return nil, false
	}
	goal := min(box, total/float64(n))
	cost := make([][]float64, n+1)
	from := make([][]int, n+1)
	for k := range cost {
		cost[k], from[k] = make([]float64, m), make([]int, m)
		for j := range cost[k] {
			cost[k][j] = math.Inf(1)
		}
	}
	cost[0][0] = 0
	for k := 1; k <= n; k++ {
		for j := k; j < m; j++ {
			for i := j - 1; i >= k-1; i-- {
				w := p.em(stops[i], p.trim(stops[j]))
				if w > box {
					break
				}
				if math.IsInf(cost[k-1][i], 1) {
					continue
				}
				d := (goal - w) / goal
				c := cost[k-1][i] + float64(d*d)
				if j < m-1 {
					nevers, weaks, good := p.flaw(stops[i], stops[j])
					c += float64(.4*float64(nevers)) + float64(.05*float64(weaks))
					if good {
						c -= .03
					}
				}
				if c < cost[k][j] {
					cost[k][j], from[k][j] = c, i
				}
			}
		}
	}
	if math.IsInf(cost[n][m-1], 1) {
		return nil, false
	}
	lines := make([][2]int, n)
	for k, j := n, m-1; k > 0; k-- {
		i := from[k][j]
		lines[k-1] = [2]int{stops[i], stops[j]}
		j = i
	}
	return lines, true
}

// greedy fills lines of a width in em one after the other.
func (p *Paragraph) greedy(box float64) [][2]int {
	var lines [][2]int
	start, last := 0, 0
	for i := 1; i <= len(p.text); i++ {
		if i < len(p.text) && !p.breaks[i] {
			continue
		}
		if last > start && p.em(start, p.trim(i)) > box {
			lines = append(lines, [2]int{start, last})
			start = last
		}
		last = i
	}
	return append(lines, [2]int{start, len(p.text)})
}

type shortened struct {
	p *Paragraph
	candidate
}

// shorten takes words off the end until what is left fits with an ellipsis behind it. A line must not end with a word
// that leads on, nor with a comma before the ellipsis.
func (p *Paragraph) shorten(b Box) *shortened {
	var ends []int
	for i := 1; i < len(p.text); i++ { // not after a hyphen: that would show half a word as a whole one
		if p.breaks[i] && !strings.ContainsRune("-‐\u00ad", p.text[i-1]) {
			ends = append(ends, i)
		}
	}
	low, high := 0, len(ends)-1
	var best *shortened
	try := func(k int) *shortened {
		text := strings.TrimRightFunc(string(p.text[:ends[k]]), func(r rune) bool {
			return unicode.IsSpace(r) || strings.ContainsRune(",;:،؛、—–-«“‘(„", r)
		})
		words := strings.Fields(text)
		for len(words) > 1 && (slices.Contains(weakWords, strings.ToLower(words[len(words)-1])) || slices.Contains(boundWords, words[len(words)-1])) {
			words = words[:len(words)-1]
			text = strings.Join(words, " ")
		}
		style := p.style
		style.Upper, style.Digits = false, "" // done already
		q, err := p.fonts.Shape(text+"…", style)
		if err != nil {
			return nil
		}
		for i := range q.orig { // clusters are of the text that was given
			if at := q.orig[i]; at < len(p.orig) {
				q.orig[i] = p.orig[at]
			}
		}
		for n := b.MaxLines; n > 0; n-- {
			if n > 1 && float64(float64(n)*b.Min)*b.LineHeight > b.Height {
				continue
			}
			if lines, ok := q.wrap(b.Width/b.Min, n); ok {
				return &shortened{q, candidate{lines: lines, size: b.Min}}
			}
		}
		return nil
	}
	for low <= high { // more words never fit where fewer did not
		mid := (low + high) / 2
		if s := try(mid); s != nil {
			best, low = s, mid+1
		} else {
			high = mid - 1
		}
	}
	return best
}

// Line sets the whole paragraph as one line, its left end at 0 and its baseline at 0.
func (p *Paragraph) Line(size float64) Line {
	return p.line(0, len(p.text), size)
}

// Width is the whole paragraph's on one line, in pixels.
func (p *Paragraph) Width(size float64) float64 { return float64(p.em(0, p.trim(len(p.text))) * size) }

// set places lines in a box.
func (p *Paragraph) set(lines [][2]int, size float64, b Box) Block {
	out := Block{Size: size}
	y := 0.0
	for k, l := range lines {
		line := p.line(l[0], l[1], size)
		if k == 0 {
			y = ascent(b.LineHeight) * size
		} else {
			// The line height holds, unless ink would come within .08 em of the line above.
			y += float64(size * b.LineHeight)
			above := out.Lines[k-1]
			if gap := y + line.Ink.Y0 - above.Ink.Y1; gap < .08*size && above.Ink != (Rect{}) && line.Ink != (Rect{}) {
				y += float64(.08*size) - gap
			}
		}
		x := 0.0
		hang := p.hang(l[0], size)
		switch {
		case b.Align == Center:
			x = (b.Width - line.Width) / 2
		case (b.Align == Start) == (p.base == 0):
			x = -hang
		default:
			x = b.Width - line.Width + hang
		}
		if b.Align == End {
			if p.base == 0 {
				x = b.Width - line.Width
			} else {
				x = 0
			}
		}
		line.X, line.Baseline = x, y
		line.Ink = line.Ink.Moved(x, y)
		out.Lines = append(out.Lines, line)
		out.Width = max(out.Width, line.Width)
		out.Ink = out.Ink.Union(line.Ink)
	}
	out.Height = y + float64((b.LineHeight-ascent(b.LineHeight))*size)
	return out
}

// ascent is the part of a line's height above its baseline, in em.
func ascent(lineHeight float64) float64 { return lineHeight * .76 }

// hang is by how much an opening quotation mark at a line's start stands out: half its width.
func (p *Paragraph) hang(i int, size float64) float64 {
	if i < len(p.text) && strings.ContainsRune("“‘„«‹\"", p.text[i]) && p.levels[i]%2 == p.base {
		return float64(p.em(i, i+1)*size) / 2
	}
	return 0
}

// line makes a line of letters i to j.
func (p *Paragraph) line(i, j int, size float64) Line {
	j = p.trim(j)
	for i < j && p.text[i] == ' ' {
		i++
	}
	l := Line{Text: string(p.text[i:j]), RTL: p.base == 1, size: size, tracking: p.tracking()}
	levels := lineLevels(p.classes[i:j], p.levels[i:j], p.base)
	var runs []Run
	var order []int
	for _, r := range p.runs {
		start, end := max(r.start, i), min(r.end, j)
		for start < end { // L1 may part a run
			stop := start
			for stop < end && levels[stop-i] == levels[start-i] {
				stop++
			}
			piece := r
			piece.start, piece.end, piece.Level = start, stop, levels[start-i]
			piece.Glyphs = nil
			for _, g := range r.Glyphs {
				if g.Cluster >= start && g.Cluster < stop {
					g.Cluster = p.orig[g.Cluster]
					piece.Glyphs = append(piece.Glyphs, g)
				}
			}
			runs, order = append(runs, piece), append(order, piece.Level)
			start = stop
		}
	}
	x := 0.0
	for _, k := range visual(order) {
		r := runs[k]
		l.Runs = append(l.Runs, r)
		box, advance := r.ink(size, l.tracking)
		l.Ink = l.Ink.Union(box.Moved(x, 0).nonEmpty(box))
		x += advance
	}
	l.Width = x
	if n := len(l.Runs); n > 0 && l.tracking != 0 {
		l.Width -= float64(l.tracking * size) // none after the last letter
	}
	return l
}

func (r Rect) nonEmpty(was Rect) Rect {
	if was == (Rect{}) {
		return was
	}
	return r
}
