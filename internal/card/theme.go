package card

import "cutline/fonts"

// Theme is a site's look as data. Lengths are fractions of the card's short side unless they say otherwise; land is og
// and wide, upright square and portrait, tall vertical. docs/themes.md shows what each key does.
type Theme struct {
	Extends  string        `yaml:"extends"`     // the built-in theme that this one changes: photo-led, split or text-led; required in a site's own
	Layouts  []string      `yaml:"layouts"`     // in the order they are tried: bottom, side, top, split, inset; after the last the headline alone
	Family   Families      `yaml:"family"`      // faces of headline and dek
	Fonts    Faces         `yaml:"fonts"`       // a site's own font files, beside the theme's
	Ground   Grounds       `yaml:"ground"`      // what panels are made of
	Colours  Colours       `yaml:"colours"`     // as "#rrggbb"
	Margin   Shaped[Edges] `yaml:"margin"`      // where text may stand
	Small    Shaped[Small] `yaml:"small"`       // sizes of everything but the headline
	Headline Headlines     `yaml:"headline"`    // sizes of the headline, by layout
	Gap      Gaps          `yaml:"gap"`         // of the dek's size, from ink
	Chip     Chips         `yaml:"chip"`        // of the chip's type size
	Scrim    Scrim         `yaml:"scrim"`       // the darkening under text on a photo
	Split    Split         `yaml:"split"`       // the split layout
	Side     Side          `yaml:"side"`        // the side layout
	Inset    Shaped[Inset] `yaml:"inset"`       // the inset layout's picture, at most
	Bar      float64       `yaml:"bar"`         // height of the coloured bar over text-led and inset; 0: none; never on tall
	Upper    bool          `yaml:"uppercase"`   // headline in capitals, by the language's rules
	Square   bool          `yaml:"safe-square"` // og: everything within the central square that some networks cut out
	Show     Show          `yaml:"show"`        // what is on the card

	files []fonts.File // the files that Fonts names
	tag   string       // hash of their bytes
}

// Shaped has a value for each shape of card.
type Shaped[T any] struct {
	Land    T `yaml:"land"`    // og, wide
	Upright T `yaml:"upright"` // square, portrait
	Tall    T `yaml:"tall"`    // vertical
}

func (s Shaped[T]) of(shape string) T {
	switch shape {
	case "land":
		return s.Land
	case "upright":
		return s.Upright
	}
	return s.Tall
}

// Families are the faces of the headline and dek: sans or serif. Chips, credit and site name are always sans.
type Families struct {
	Photo string `yaml:"photo"` // where the headline stands on the photo: bottom, side, top
	Panel string `yaml:"panel"` // where it stands on plain ground: split, inset, text-led
}

// Faces are font files (TTF, OTF or WOFF; "Name.ttf@wght=700" sets a variable one) that are asked before the program's
// own. A letter that they lack comes from those.
type Faces struct {
	Headline []string `yaml:"headline"` // the headline's
	Bold     []string `yaml:"bold"`     // of chips and the site's name
	Regular  []string `yaml:"regular"`  // of dek, credit and date
}

// Grounds are ink or paper.
type Grounds struct {
	Split string `yaml:"split"` // the split layout's panel
	Text  string `yaml:"text"`  // of inset, and of the headline alone
}

// Colours of a theme.
type Colours struct {
	Ink        string            `yaml:"ink"`          // dark ground, and text on light
	Paper      string            `yaml:"paper"`        // light ground
	MutedInk   string            `yaml:"muted-on-ink"` // dek and credit on ink
	MutedPaper string            `yaml:"muted-on-paper"`
	RuleInk    string            `yaml:"rule-on-ink"` // the thin line above the foot
	RulePaper  string            `yaml:"rule-on-paper"`
	Accent     string            `yaml:"accent"`   // sections without their own; the site's accent takes its place
	Sections   map[string]string `yaml:"sections"` // section → colour; world, economy, culture, environment, science, society, health, sport are known in several languages
	Live       string            `yaml:"live"`     // ground of the LIVE chip
	Year       string            `yaml:"year"`     // ground of the year chip, under ink
}

// Edges are margins.
type Edges struct {
	Side   float64 `yaml:"side"`
	Top    float64 `yaml:"top"`
	Bottom float64 `yaml:"bottom"`
}

// Small are type sizes.
type Small struct {
	Credit float64 `yaml:"credit"` // credit and date
	Badge  float64 `yaml:"badge"`  // chips
	Site   float64 `yaml:"site"`   // the site's name
	Dek    float64 `yaml:"dek"`
	Logo   float64 `yaml:"logo"` // height; the width is at most five times that
}

// Headlines are the ranges by layout; top uses bottom's.
type Headlines struct {
	Bottom  Shaped[Range] `yaml:"bottom"`
	Side    Shaped[Range] `yaml:"side"`
	Split   Shaped[Range] `yaml:"split"`
	Inset   Shaped[Range] `yaml:"inset"`
	TextLed Shaped[Range] `yaml:"text-led"`
}

// of is a layout's sizes by shape.
func (h *Headlines) of(layout string) *Shaped[Range] {
	switch layout {
	case "bottom":
		return &h.Bottom
	case "side":
		return &h.Side
	case "split":
		return &h.Split
	case "inset":
		return &h.Inset
	}
	return &h.TextLed
}

// Range is how large a headline may be.
type Range struct {
	Max    float64 `yaml:"max"`    // type size
	Min    float64 `yaml:"min"`    // type size
	Lines  int     `yaml:"lines"`  // at most
	Height float64 `yaml:"height"` // at most, of the card's height
}

// Gaps between the parts, in dek sizes.
type Gaps struct {
	Chip  float64 `yaml:"chip"`  // chip to headline on a photo
	Panel float64 `yaml:"panel"` // chip to headline on plain ground
	Foot  float64 `yaml:"foot"`  // headline to foot
	Dek   float64 `yaml:"dek"`   // headline to dek
	Fade  float64 `yaml:"fade"`  // how far a scrim runs out
}

// Chips are the coloured labels above the headline; in sizes of their type.
type Chips struct {
	Height float64 `yaml:"height"`
	Pad    float64 `yaml:"pad"` // left and right of the word
	Gap    float64 `yaml:"gap"` // between two
	Radius float64 `yaml:"radius"`
	Dot    float64 `yaml:"dot"` // radius of LIVE's
}

// Scrim is black over the photo, as light as legibility allows.
type Scrim struct {
	Least    float64 `yaml:"least"`    // opacity under a headline at least, 0 … 1
	Cap      float64 `yaml:"cap"`      // where more would be needed another layout is taken
	Deep     float64 `yaml:"deep"`     // of the card's height at most; else another layout
	Headline float64 `yaml:"headline"` // contrast under the headline before encoding; 4.5 or more
	Foot     float64 `yaml:"foot"`     // and under site name and credit
}

// Split is photo and panel side by side (land) or one over the other.
type Split struct {
	Land    float64 `yaml:"land"`    // the photo's part of the width
	Upright float64 `yaml:"upright"` // the photo's least part of the height
	Tall    float64 `yaml:"tall"`    // likewise
	Most    float64 `yaml:"most"`    // upright and tall: its greatest
	Strip   float64 `yaml:"strip"`   // land: from the credit's baseline up to the photo, in credit sizes
}

// Side is a column of text beside the face.
type Side struct {
	Width float64 `yaml:"width"` // of the card's width
	Zoom  float64 `yaml:"zoom"`  // how much closer the crop may come to get a face clear of it
	Fade  float64 `yaml:"fade"`  // how far the scrim runs out
}

// Inset is a small photo in a card of text.
type Inset struct {
	Width  float64 `yaml:"width"`  // of the card's width
	Height float64 `yaml:"height"` // of the card's height
}

// Show says what is on a card. The headline and a photo's credit always are.
type Show struct {
	Dek     bool   `yaml:"dek"`     // where there is room for all of it
	Section bool   `yaml:"section"` // as a chip
	Meta    string `yaml:"meta"`    // at a text-led card's foot: date, byline or none
	Logo    string `yaml:"logo"`    // alone (in place of the name) or before (the name)
}
