package typeset

import "strings"

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
	Lines  []Line  // from the top
	Cut    bool    // it was shortened with an ellipsis, or is smaller than the box asked for
	Width  float64 // of the widest line
	Height float64 // from the top of the first line's box to the bottom of the last's
	Ink    Rect    // what is black
}

// Line is one line of a block.
type Line struct {
	Text     string  // as read
	RTL      bool    // the paragraph's base direction
	X        float64 // left end
	Baseline float64 // y
	Width    float64 // of its advances
	Ink      Rect    // what is black, in the block
	Runs     []Run   // from the left

	size float64
}

// Line sets the whole paragraph as one line, its left end at 0 and its baseline at 0.
func (p *Paragraph) Line(size float64) Line { return p.line(0, len(p.text), size) }

// Width is the whole paragraph's on one line, in pixels.
func (p *Paragraph) Width(size float64) float64 {
	end := p.trim(len(p.text))
	return float64((p.em(0, end) - p.lastExtra(end)) * size)
}

// lastExtra is the tracking after the last letter before end, which a line does not have, in em.
func (p *Paragraph) lastExtra(end int) float64 {
	for end > 0 {
		if end--; p.first[end] && p.tail[end] != 0 {
			return p.tail[end]
		}
		if !ignorable(p.text[end]) && p.first[end] {
			break
		}
	}
	return 0
}

// gap is what must stay free between the ink of two lines, in em.
const gap = .08

// set places lines in a box.
func (p *Paragraph) set(lines [][2]int, size float64, b Box) Block {
	out := Block{Size: size}
	y := 0.0
	for k, l := range lines {
		line := p.line(l[0], l[1], size)
		if k == 0 {
			y = float64(ascent(b.LineHeight) * size)
		} else {
			// The line height holds, unless ink would come too near to the line above.
			y += float64(size * b.LineHeight)
			above := out.Lines[k-1].Ink
			if free := y + line.Ink.Y0 - above.Y1; above != (Rect{}) && line.Ink != (Rect{}) && free < gap*size {
				y += float64(gap*size) - free
			}
		}
		hang := p.hang(l[0], size)
		left := b.Align == Start && p.base == 0 || b.Align == End && p.base == 1
		switch {
		case b.Align == Center:
			line.X = (b.Width - line.Width) / 2
		case b.Align == Start && left:
			line.X = -hang
		case b.Align == Start:
			line.X = b.Width - line.Width + hang
		case !left:
			line.X = b.Width - line.Width
		}
		line.Baseline = y
		line.Ink = line.Ink.Moved(line.X, y)
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
	if i < len(p.text) && strings.ContainsRune("“‘«„‹\"", p.text[i]) && p.levels[i]%2 == p.base {
		return float64(p.em(i, i+1)*size) / 2
	}
	return 0
}

// hyphenWidth is that of the hyphen before letter j, in em.
func (p *Paragraph) hyphenWidth(j int) float64 {
	for _, r := range p.runs {
		if j-1 >= r.start && j-1 < r.end {
			_, advance := r.file.hyphen()
			return float64(advance) / float64(r.upem)
		}
	}
	return 0
}

// line makes a line of letters i to j.
func (p *Paragraph) line(i, j int, size float64) Line {
	hyphen := j < len(p.text) && p.breaks[j].hyphened()
	j = p.trim(j)
	for i < j && p.text[i] == ' ' {
		i++
	}
	l := Line{Text: strings.ReplaceAll(string(p.text[i:j]), "\u00ad", ""), RTL: p.base == 1, size: size}
	if hyphen {
		l.Text += "-"
	}
	levels := lineLevels(p.classes[i:j], p.levels[i:j], p.base)
	var runs []Run
	var order []int
	for _, r := range p.runs {
		start, end := max(r.start, i), min(r.end, j)
		for start < end { // rule L1 may part a run
			stop := start
			for stop < end && levels[stop-i] == levels[start-i] {
				stop++
			}
			piece := r
			piece.start, piece.end, piece.Level = start, stop, levels[start-i]
			piece.Glyphs, piece.extra = nil, nil
			for k, g := range r.Glyphs {
				if g.Cluster >= start && g.Cluster < stop {
					g.Cluster = p.orig[g.Cluster]
					piece.Glyphs, piece.extra = append(piece.Glyphs, g), append(piece.extra, r.extra[k])
				}
			}
			if hyphen && stop == j {
				piece.hyphenate(p.orig[j-1])
			}
			runs, order = append(runs, piece), append(order, piece.Level)
			start = stop
		}
	}
	for _, k := range visual(order) {
		l.Runs = append(l.Runs, runs[k])
	}
	for k := len(l.Runs) - 1; k >= 0; k-- { // no tracking after the last letter
		if n := len(l.Runs[k].extra); n > 0 {
			l.Runs[k].extra[n-1] = 0
			break
		}
	}
	for _, r := range l.Runs {
		scale := size / float64(r.upem)
		for k, g := range r.Glyphs {
			l.Width += float64(float64(g.AX)*scale) + float64(r.extra[k]*size)
		}
	}
	l.each(0, 0, func(_ *Run, o outline, gx, gy, scale float64) {
		l.Ink = l.Ink.Union(Rect{gx + float64(o.box.X0*scale), gy - float64(o.box.Y1*scale), gx + float64(o.box.X1*scale), gy - float64(o.box.Y0*scale)})
	})
	return l
}

// hyphenate puts a hyphen at the end of a run that ends a line. It counts to the last letter.
func (r *Run) hyphenate(cluster int) {
	id, advance := r.file.hyphen()
	g := Glyph{ID: id, Cluster: cluster, AX: advance}
	if r.Level%2 == 1 {
		r.Glyphs, r.extra = append([]Glyph{g}, r.Glyphs...), append([]float64{0}, r.extra...)
		return
	}
	r.Glyphs, r.extra = append(r.Glyphs, g), append(r.extra, 0)
}
