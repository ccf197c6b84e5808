package typeset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-text/typesetting/font"
	ot "github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"

	"cutline/fonts"
)

// Family is the kind of face: sans (chips, credits, photo-led headlines) or serif.
type Family int

// The two families of the default set.
const (
	Sans  Family = iota // Inter, Noto Sans Arabic
	Serif               // Source Serif 4, Noto Naskh Arabic
)

// Fonts is a set of font files. Each is read and parsed when it is first needed, once; a Fonts may be used from several
// goroutines.
type Fonts struct {
	files map[string]*file // by name, never changed after NewFonts
	names []string         // the names in order, for the last resort of a stack
	tag   string           // names and sizes, hashed
	kits  sync.Pool        // *kit
}

// kit is what one goroutine shapes with: go-text's buffers and fonts must not be shared, and stay warm when kept together.
// The library's own HarfbuzzShaper is passed by: it asks for the extents of each glyph, which no one wants here and
// which a font whose outlines are read by [glyf] has not.
type kit struct {
	buffer *harfbuzz.Buffer
	faces  map[*file]*harfbuzz.Font
}

// finer is the power of two by which positions are finer than font units while they are summed up.
const finer = 6

func newKit() *kit {
	return &kit{harfbuzz.NewBuffer(), map[*file]*harfbuzz.Font{}}
}

// shape shapes a run of a text. The buffer's glyphs, from left to right, are good until the next call; positions are in font units
// shifted by finer.
func (k *kit) shape(f *file, text []rune, start, end int, rtl bool, script language.Script, lang language.Language) (*harfbuzz.Buffer, error) {
	face := k.faces[f]
	if face == nil {
		if _, err := f.load(); err != nil {
			return nil, err
		}
		face = harfbuzz.NewFont(f.face())
		face.XScale = int32(f.font.Upem()) << finer
		face.YScale = face.XScale
		k.faces[f] = face
	}
	b := k.buffer
	b.Clear()
	b.AddRunes(text, start, end-start)
	b.Props.Direction, b.Props.Script, b.Props.Language = harfbuzz.LeftToRight, script, lang
	if rtl {
		b.Props.Direction = harfbuzz.RightToLeft
	}
	b.Shape(face, nil)
	return b, nil
}

// file is one font file, parsed when first needed.
type file struct {
	name string                            // as in the set; with axes: "Name.ttf@wght=700"
	axes []font.Variation                  // where a variable font is set; empty: its default
	open func() (*io.SectionReader, error) // the bytes
	size int64                             // how many
	once sync.Once                         // guards font, glyf and err
	font *font.Font                        // parsed; safe for several goroutines
	glyf *glyf                             // reads outlines; nil: font does
	err  error                             // why it cannot be used
	mu   sync.Mutex                        // guards what follows
	draw *font.Face                        // reads outlines
	seen map[font.GID]outline              // outlines read before
}

// NewFonts makes a set of files; a later one with the name of an earlier one takes its place. A name may end with a place
// on a variable font's axes, as "Name.ttf@wght=700,wdth=90".
func NewFonts(list ...fonts.File) *Fonts {
	f := &Fonts{files: map[string]*file{}}
	for _, x := range list {
		f.files[x.Name] = &file{name: x.Name, open: x.Open, size: x.Size, seen: map[font.GID]outline{}}
	}
	f.names = slices.Sorted(maps.Keys(f.files))
	f.tag = listTag(f.files)
	f.kits.New = func() any { return newKit() }
	return f
}

// With is the set with some files more; what was parsed already is shared. A file with the name of an earlier one takes
// its place.
func (f *Fonts) With(list ...fonts.File) *Fonts {
	if len(list) == 0 {
		return f
	}
	out := NewFonts(list...)
	for name, x := range f.files {
		if out.files[name] == nil {
			out.files[name] = x
		}
	}
	out.names = slices.Sorted(maps.Keys(out.files))
	out.tag = listTag(out.files)
	return out
}

// Tag names the set: two sets with the same files, by name and size, have the same.
func (f *Fonts) Tag() string { return f.tag }

func listTag(files map[string]*file) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%s %d\n", name, files[name].size)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// CheckFont says whether a font file can be used, and if not, why and what to do: TTF, OTF and WOFF can be, static or
// variable (name may end with axes as in [NewFonts]); letters of Arabic script that the font has must join.
func CheckFont(name string, data []byte) error {
	f := &file{name: name, open: fonts.Of(name, data).Open, seen: map[font.GID]outline{}}
	if _, err := f.load(); err != nil {
		return err
	}
	r, loose, err := unjoined(f)
	if err != nil {
		return err
	}
	if loose {
		return fmt.Errorf("font %s does not join the letter %c (U+%04X) to its neighbours: bring a font with the features init, medi and fina for it, or leave Arabic script to the default fonts", path.Base(name), r, r)
	}
	return nil
}

// load parses the file, once.
func (f *file) load() (*font.Font, error) {
	f.once.Do(func() {
		file, err := f.open()
		if err == nil {
			f.font, f.glyf, err = parse(file)
		}
		name, axes, varied := strings.Cut(f.name, "@")
		if err == nil && varied {
			f.axes, err = parseAxes(axes)
		}
		if err != nil {
			f.err = fmt.Errorf("font %s cannot be used: %w", path.Base(name), err)
		}
	})
	return f.font, f.err
}

// parse reads a font, and finds where its outlines lie. The library may panic on a file that is broken with skill: that is an
// error like any other.
func parse(file *io.SectionReader) (ft *font.Font, shapes *glyf, err error) {
	defer func() {
		if r := recover(); r != nil {
			ft, shapes, err = nil, nil, fmt.Errorf("it is broken (%v): bring a whole TTF, OTF or WOFF file", r)
		}
	}()
	magic := make([]byte, 4)
	if _, err := file.ReadAt(magic, 0); err != nil {
		return nil, nil, fmt.Errorf("%w: bring a whole TTF, OTF or WOFF file", err)
	}
	switch string(magic) {
	case "wOF2":
		return nil, nil, errors.New("it is WOFF2, which cannot be read here: convert it to TTF, OTF or WOFF")
	case "ttcf":
		return nil, nil, errors.New("it is a collection of fonts: bring the one font as TTF or OTF")
	}
	if err := inside(file); err != nil {
		return nil, nil, fmt.Errorf("%w: bring a whole TTF, OTF or WOFF file", err)
	}
	shapes, rest, err := openGlyf(file)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: bring a whole TTF, OTF or WOFF file", err)
	}
	loader, err := ot.NewLoader(rest)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: bring a whole TTF, OTF or WOFF file", err)
	}
	if ft, err = font.NewFont(loader); err != nil {
		return nil, nil, fmt.Errorf("%w: bring a whole TTF, OTF or WOFF file", err)
	}
	if ft.Upem() == 0 {
		return nil, nil, errors.New("it has no size of its em: bring a whole TTF, OTF or WOFF file")
	}
	return ft, shapes, nil
}

// largest is how many bytes a font's tables may have in all once they are unpacked; the largest fonts of Chinese have a third.
const largest = 64 << 20

// inside says which table of a font does not lie in its file, or is too large: the library makes room for as much as the font's
// table of contents says before it reads, up to 4 GB. What is no table of contents is for the library to say.
func inside(file *io.SectionReader) error {
	head := make([]byte, 14)
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil
	}
	// OpenType 1.9, "Table Directory", and WOFF 1.0, section 4: offset, length in the file and length unpacked.
	n, from, size, at, length, unpacked := head[4:], int64(12), 16, 8, 12, 12
	if string(head[:4]) == "wOFF" {
		n, from, size, at, length, unpacked = head[12:], 44, 20, 4, 8, 12
	}
	entries := make([]byte, size*int(binary.BigEndian.Uint16(n)))
	if _, err := file.ReadAt(entries, from); err != nil {
		return nil
	}
	all := int64(0)
	for e := entries; len(e) > 0; e = e[size:] {
		field := func(i int) int64 { return int64(binary.BigEndian.Uint32(e[i:])) }
		if all += field(unpacked); field(at)+field(length) > file.Size() || all > largest {
			return fmt.Errorf("its table %q does not lie in the file, or is too large", e[:4])
		}
	}
	return nil
}

// parseAxes reads "wght=700,wdth=90".
func parseAxes(s string) ([]font.Variation, error) {
	var out []font.Variation
	for part := range strings.SplitSeq(s, ",") {
		tag, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		v, err := strconv.ParseFloat(value, 32)
		if !ok || err != nil || len(tag) != 4 {
			return nil, fmt.Errorf("axis %q: write it as wght=700", part)
		}
		out = append(out, font.Variation{Tag: ot.MustNewTag(tag), Value: float32(v)})
	}
	return out, nil
}

// face makes a face of a file that was loaded.
func (f *file) face() *font.Face {
	face := font.NewFace(f.font)
	if len(f.axes) > 0 {
		face.SetVariations(f.axes)
	}
	if sizes := f.font.BitmapSizes(); len(sizes) > 0 { // pictures of emoji come in sizes; the last is the largest
		face.SetPpem(sizes[len(sizes)-1].XPpem, sizes[len(sizes)-1].YPpem)
	}
	return face
}

// joining are letters that join on both sides (Joining_Type D of UCD ArabicShaping.txt), as far as news is written with them.
const joining = "ئبتثجحخسشصضطظعغفقكلمنهيىپچکگڤیێڵھہٹڼځڅښګېڭ"

// unjoined finds a letter that a font leaves as it stands alone, between two that join.
func unjoined(f *file) (rune, bool, error) {
	k := newKit()
	for _, r := range joining {
		id, ok := f.font.NominalGlyph(r)
		if !ok {
			continue
		}
		out, err := k.shape(f, []rune{r, r, r}, 0, 3, true, language.Arabic, "")
		if err != nil {
			return 0, false, err
		}
		for _, g := range out.Info {
			if g.Cluster == 1 && g.Glyph == id {
				return r, true, nil
			}
		}
	}
	return 0, false, nil
}
