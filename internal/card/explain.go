package card

// Explain is why a card is as it is.
type Explain struct {
	Layout   string    `json:"layout"`
	Why      string    `json:"why"`
	Crop     []float64 `json:"crop"`
	Scrim    float64   `json:"scrim"`
	Contrast float64   `json:"contrast"`
	Credit   string    `json:"credit"`
	Lines    []Line    `json:"lines"`
}

// Line is a line of the headline. Its box is x0, y0, x1, y1 in pixels of the card: what is black.
type Line struct {
	Text string     `json:"text"`
	Box  [4]float64 `json:"box"`
	Dir  string     `json:"dir"`
	Runs []Run      `json:"runs"`
}

// Run is a piece of a line in one font, its glyphs from the left, numbers in font units.
type Run struct {
	Font   string  `json:"font"`
	Script string  `json:"script"`
	Lang   string  `json:"lang"`
	Glyphs []Glyph `json:"glyphs"`
}

// Glyph is one shape of the run's font.
type Glyph struct {
	ID      int `json:"id"`      // in the font
	Cluster int `json:"cluster"` // index of the letter in the headline
	AX      int `json:"ax"`      // advance
	DX      int `json:"dx"`      // how far it stands from the pen
	DY      int `json:"dy"`      // y up
}

func (c *canvas) explain() []Line {
	lines := []Line{}
	for _, l := range c.head.Lines {
		box := l.Ink.Moved(c.headAt[0], c.headAt[1])
		out := Line{Text: l.Text, Box: [4]float64{r2(box.X0), r2(box.Y0), r2(box.X1), r2(box.Y1)}, Dir: "ltr"}
		if l.RTL {
			out.Dir = "rtl"
		}
		for _, r := range l.Runs {
			run := Run{Font: r.Font, Script: r.Script, Lang: r.Lang, Glyphs: []Glyph{}}
			for _, g := range r.Glyphs {
				run.Glyphs = append(run.Glyphs, Glyph{int(g.ID), g.Cluster, g.AX, g.DX, g.DY})
			}
			out.Runs = append(out.Runs, run)
		}
		lines = append(lines, out)
	}
	return lines
}
