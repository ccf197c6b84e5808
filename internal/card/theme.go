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
	Full     bool          `yaml:"full-colour"` // colour in each pixel (4:4:4), for letters and rules in strong colours; else in each square of four (4:2:0), for smaller files
	Show     Show          `yaml:"show"`        // what is on the card

	files []fonts.File // the files that Fonts names
	tag   string       // hash of their bytes
}

// Shaped is how a value that differs by the card's shape is written: land, upright and tall under the key.
type Shaped[T any] struct {
	Land    T `yaml:"land"`    // of og and wide
	Upright T `yaml:"upright"` // of square and portrait
	Tall    T `yaml:"tall"`    // of vertical
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

// Families are the faces of headline and dek. Chips, credit and the site's name are always sans.
type Families struct {
	Photo string `yaml:"photo"` // sans or serif: where the headline stands on the photo (bottom, side, top)
	Panel string `yaml:"panel"` // sans or serif: where it stands on plain ground (split, inset, the headline alone)
}

// Faces are font files (TTF, OTF or WOFF; "Name.ttf@wght=700" sets a variable one) that are asked before the program's
// own. A letter that they lack comes from those.
type Faces struct {
	Headline []string `yaml:"headline"` // file names, the headline's
	Bold     []string `yaml:"bold"`     // file names, of chips and the site's name
	Regular  []string `yaml:"regular"`  // file names, of dek, credit and date
	Nastaliq bool     `yaml:"nastaliq"` // Urdu headlines in Nastaliq, unless headline names a file
}

// Grounds are what panels are made of.
type Grounds struct {
	Split string `yaml:"split"` // ink or paper: the split layout's panel
	Text  string `yaml:"text"`  // ink or paper: of inset, and of the headline alone
}

// Colours are written as "#0b57a4". One that its text cannot be read on, at 4.5:1, is refused.
type Colours struct {
	Ink        string            `yaml:"ink"`            // dark ground, and text on light
	Paper      string            `yaml:"paper"`          // light ground
	MutedInk   string            `yaml:"muted-on-ink"`   // dek, credit and date on ink
	MutedPaper string            `yaml:"muted-on-paper"` // the same on paper
	RuleInk    string            `yaml:"rule-on-ink"`    // the thin line above the foot, on ink
	RulePaper  string            `yaml:"rule-on-paper"`  // the same on paper
	Accent     string            `yaml:"accent"`         // sections without a colour of their own; the site's accent takes its place
	Sections   map[string]string `yaml:"sections"`       // section → colour, under white; economy, culture, environment, science, society, health and sport are known in several languages
	Live       string            `yaml:"live"`           // ground of the LIVE chip, under white
	Year       string            `yaml:"year"`           // ground of the year chip, under ink
}

// Edges are where text may stand, by shape.
type Edges struct {
	Side   float64 `yaml:"side"`   // left and right
	Top    float64 `yaml:"top"`    // above the first text
	Bottom float64 `yaml:"bottom"` // below the last
}

// Small are the sizes of everything but the headline, by shape. None is under .0225: 7.5 pixels where a phone shows the card 360 wide.
type Small struct {
	Credit float64 `yaml:"credit"` // type size of credit and date
	Badge  float64 `yaml:"badge"`  // type size of chips
	Site   float64 `yaml:"site"`   // type size of the site's name
	Dek    float64 `yaml:"dek"`    // type size of the dek
	Logo   float64 `yaml:"logo"`   // height of the logo; it is at most five times as wide
}

// Headlines are the sizes of the headline by layout, each by shape: max, min, lines, height.
type Headlines struct {
	Bottom  Shaped[Range] `yaml:"bottom"`   // at the foot of the photo, and with layout top at its head
	Side    Shaped[Range] `yaml:"side"`     // in a column beside what matters
	Split   Shaped[Range] `yaml:"split"`    // on the panel
	Inset   Shaped[Range] `yaml:"inset"`    // beside or below a small picture
	TextLed Shaped[Range] `yaml:"text-led"` // alone
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
	Max    float64 `yaml:"max"`    // largest type size
	Min    float64 `yaml:"min"`    // smallest type size
	Lines  int     `yaml:"lines"`  // lines at most
	Height float64 `yaml:"height"` // of all lines at most, of the card's height
}

// Gaps are between the parts, in dek sizes, from ink to ink.
type Gaps struct {
	Chip  float64 `yaml:"chip"`  // chip to headline on a photo
	Panel float64 `yaml:"panel"` // chip to headline on plain ground
	Foot  float64 `yaml:"foot"`  // headline to foot
	Dek   float64 `yaml:"dek"`   // headline to dek
	Fade  float64 `yaml:"fade"`  // how far a scrim runs out
}

// Chips are the coloured labels above the headline; their numbers are in sizes of their type.
type Chips struct {
	Height float64 `yaml:"height"` // of the box
	Pad    float64 `yaml:"pad"`    // left and right of the word
	Gap    float64 `yaml:"gap"`    // between two
	Radius float64 `yaml:"radius"` // of the box's corners
	Dot    float64 `yaml:"dot"`    // radius of LIVE's dot
}

// Scrim is black over the photo, as light as legibility allows.
type Scrim struct {
	Least    float64 `yaml:"least"`    // its opacity under a headline at least, 0 … 1
	Cap      float64 `yaml:"cap"`      // and at most: where more would be needed another layout is taken
	Deep     float64 `yaml:"deep"`     // how far up a headline on the photo may reach, of the card's height; else another layout
	Headline float64 `yaml:"headline"` // contrast under the headline before encoding, 4.5 or more
	Foot     float64 `yaml:"foot"`     // contrast under site name and credit
}

// Split is photo and panel side by side (land) or one over the other.
type Split struct {
	Land    float64 `yaml:"land"`    // the photo's part of the width
	Upright float64 `yaml:"upright"` // the photo's least part of the height
	Tall    float64 `yaml:"tall"`    // the same on tall cards
	Most    float64 `yaml:"most"`    // the photo's greatest part of the height on both
	Strip   float64 `yaml:"strip"`   // land: from the credit's baseline up to the photo, in credit sizes
}

// Side is a column of text beside the face.
type Side struct {
	Width float64 `yaml:"width"` // of the card's width
	Zoom  float64 `yaml:"zoom"`  // how much closer the crop may come, in any layout, to get a face clear of the text
	Fade  float64 `yaml:"fade"`  // how far the scrim runs out
}

// Inset is how large the small picture in a card of text is, by shape.
type Inset struct {
	Width  float64 `yaml:"width"`  // at most, of the card's width
	Height float64 `yaml:"height"` // at most, of the card's height
}

// Show is what is on a card. The headline and a photo's credit always are.
type Show struct {
	Dek     bool   `yaml:"dek"`     // true: the dek, where there is room for all of it
	Section bool   `yaml:"section"` // true: the section, as a chip
	Meta    string `yaml:"meta"`    // date, byline or none: at the foot's end where no photo is
	Logo    string `yaml:"logo"`    // alone (in place of the site's name) or before (it)
}
