package typeset

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"sync"

	"github.com/go-text/typesetting/font"
	ot "github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/language"

	"cutline/fonts"
)

// Family is the kind of face: sans (chips, credits, photo-led headlines) or serif.
type Family int

const (
	Sans Family = iota
	Serif
)

// Fonts is a set of font files. Each is read and parsed when it is first needed, once; a Fonts may be used from several
// goroutines.
type Fonts struct {
	files map[string]*file
}

// file is one font file, parsed when first needed.
type file struct {
	name string
	read func() ([]byte, error)
	once sync.Once
	font *font.Font
	err  error

	mu       sync.Mutex
	outlines map[font.GID]outline
	faces    sync.Pool // *font.Face; a face is not safe for several goroutines
}

// NewFonts makes a set of files; a later one with the name of an earlier one takes its place.
func NewFonts(list ...fonts.File) *Fonts {
	f := &Fonts{files: map[string]*file{}}
	for _, x := range list {
		f.files[x.Name] = &file{name: x.Name, read: x.Read, outlines: map[font.GID]outline{}}
	}
	return f
}

// CheckFont says whether a font file can be used, and if not, why and what to do.
func CheckFont(name string, data []byte) error {
	if bytes.HasPrefix(data, []byte("wOF2")) {
		return fmt.Errorf("font %s is WOFF2, which cannot be read here: convert it to TTF, OTF or WOFF", path.Base(name))
	}
	if _, err := font.ParseTTF(bytes.NewReader(data)); err != nil {
		return fmt.Errorf("font %s cannot be read: %w; bring a whole TTF, OTF or WOFF file", path.Base(name), err)
	}
	return nil
}

func (f *file) load() (*font.Font, error) {
	f.once.Do(func() {
		data, err := f.read()
		if err == nil {
			err = CheckFont(f.name, data[:min(len(data), 4)])
			if len(data) > 4 {
				err = nil
			}
		}
		if err != nil {
			f.err = err
			return
		}
		loader, err := ot.NewLoader(bytes.NewReader(data))
		if err != nil {
			f.err = fmt.Errorf("font %s: %w", f.name, err)
			return
		}
		if f.font, err = font.NewFont(loader); err != nil {
			f.err = fmt.Errorf("font %s: %w", f.name, err)
		}
	})
	return f.font, f.err
}

// face is a face for one goroutine's use; give it back.
func (f *file) face() (*font.Face, error) {
	if x, ok := f.faces.Get().(*font.Face); ok {
		return x, nil
	}
	ft, err := f.load()
	if err != nil {
		return nil, err
	}
	return font.NewFace(ft), nil
}

// scripts maps a script to the fonts it is set in: sans, then serif where that differs, without weight and ending. A
// font that comes in Bold only serves for Regular too.
var scripts = map[language.Script][2]string{
	language.Latin: {"Inter", "SourceSerif4"}, language.Greek: {"Inter", "SourceSerif4"}, language.Cyrillic: {"Inter", "SourceSerif4"},
	language.Arabic: {"NotoSansArabic", "NotoNaskhArabic"},
	language.Hebrew: {"NotoSansHebrew"}, language.Devanagari: {"NotoSansDevanagari"}, language.Bengali: {"NotoSansBengali"}, language.Tamil: {"NotoSansTamil"},
	language.Thai: {"NotoSansThai"}, language.Lao: {"NotoSansLao"}, language.Khmer: {"NotoSansKhmer"}, language.Myanmar: {"NotoSansMyanmar"},
	language.Ethiopic: {"NotoSansEthiopic"}, language.Armenian: {"NotoSansArmenian"}, language.Georgian: {"NotoSansGeorgian"}, language.Syriac: {"NotoSansSyriac"},
	language.Han: {"NotoSansSC"}, language.Hiragana: {"NotoSansJP"}, language.Katakana: {"NotoSansJP"}, language.Hangul: {"NotoSansKR"}, language.Bopomofo: {"NotoSansTC"},
}

// emojiFonts are tried for emoji, in order.
var emojiFonts = []string{"NotoEmoji"}

// packOf names the pack that has a script, for an error's advice.
func packOf(s language.Script) string {
	f, ok := scripts[s]
	if !ok {
		return ""
	}
	return f[0]
}

// hanFont is the Chinese, Japanese or Korean font of a language: they draw the same characters differently.
func hanFont(lang string) string {
	switch low := strings.ToLower(lang); {
	case strings.HasPrefix(low, "ja"):
		return "NotoSansJP"
	case strings.HasPrefix(low, "ko"):
		return "NotoSansKR"
	case strings.HasPrefix(low, "zh-hant"), strings.HasPrefix(low, "zh-tw"), strings.HasPrefix(low, "zh-hk"), strings.HasPrefix(low, "yue"):
		return "NotoSansTC"
	}
	return "NotoSansSC"
}

// named finds a font by its name without weight: the wanted weight, else the other one.
func (f *Fonts) named(name string, bold bool) *file {
	order := [2]string{"_400Regular.ttf", "_700Bold.ttf"}
	if bold {
		order[0], order[1] = order[1], order[0]
	}
	for _, suffix := range order {
		if x := f.files[name+suffix]; x != nil {
			return x
		}
	}
	return nil
}

// stack lists the fonts to try for a script: its own, the other family's, the defaults, then every pack.
func (f *Fonts) stack(s language.Script, st Style) []*file {
	var out []*file
	add := func(name string) {
		if name == "" {
			return
		}
		if x := f.named(name, st.Bold); x != nil {
			out = append(out, x)
		}
	}
	own := scripts[s]
	if s == language.Han || (s == language.Hiragana || s == language.Katakana) {
		own = [2]string{hanFont(st.Lang)}
		if s != language.Han {
			own = [2]string{"NotoSansJP"}
		}
	}
	if s == language.Arabic && st.Nastaliq {
		own = [2]string{"NotoNastaliqUrdu", "NotoNastaliqUrdu"}
	}
	if st.Family == Serif && own[1] != "" {
		add(own[1])
	}
	add(own[0])
	if st.Family == Serif {
		add("SourceSerif4")
		add("NotoNaskhArabic")
	}
	for _, name := range []string{"Inter", "NotoSansArabic", "Vazirmatn", "NotoSansHebrew", "NotoSansDevanagari", "NotoSansBengali", "NotoSansTamil", "NotoSansThai", "NotoSansLao", "NotoSansKhmer", "NotoSansMyanmar", "NotoSansEthiopic", "NotoSansArmenian", "NotoSansGeorgian", "NotoSansSyriac", "NotoSansSC", "NotoSansJP", "NotoSansKR", "NotoSansTC", "NotoEmoji"} {
		add(name)
	}
	return out
}
