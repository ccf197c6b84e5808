package card

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	codec "cutline/internal/jpeg"
	"cutline/internal/photo"
	"cutline/internal/remark"
	"cutline/internal/typeset"
)

// TestEveryHeadline sets the collection of hard headlines on a wide and on a tall card. What no font here has is refused
// by its letter and the pack that has it, never drawn as a box.
func TestEveryHeadline(t *testing.T) {
	data, err := os.ReadFile("../typeset/testdata/headlines.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Headlines []struct{ ID, Text, Lang, Dir string }
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Headlines) < 70 {
		t.Fatalf("%d headlines", len(doc.Headlines))
	}
	ph := load(t, "stream.jpg")
	defer ph.Release()
	if err := ph.Prepare(context.Background(), 1200, 1920); err != nil {
		t.Fatal(err)
	}
	for _, h := range doc.Headlines {
		for _, format := range []string{"og", "vertical"} {
			s := spec(0, format, "")
			s.Headline, s.Language, s.Dek, s.Section = h.Text, h.Lang, "", ""
			d, err := Draw(context.Background(), s, ph, set)
			if m, missing := errors.AsType[*typeset.MissingError](err); missing && strings.HasPrefix(m.Pack, "NotoSans") {
				continue
			} else if err != nil {
				t.Errorf("%s: %v", h.ID, err)
				continue
			}
			if d.Card.Contrast < 4.5 || d.Credit == "" {
				t.Errorf("%s: %+v", h.ID, d.Card)
			}
			f, below := Formats[format], 0.0
			for _, l := range d.Explain.Lines {
				if l.Dir != h.Dir || l.Box[0] < 0 || l.Box[2] > float64(f.W) || l.Box[1] < below-.5 || l.Box[3] > float64(f.H) {
					t.Errorf("%s %s: %s line %q at %v after %.1f", h.ID, format, l.Dir, l.Text, l.Box, below)
				}
				below = l.Box[3]
				for _, r := range l.Runs {
					for _, g := range r.Glyphs {
						if g.ID == 0 {
							t.Errorf("%s: a box in %q", h.ID, l.Text)
						}
					}
				}
			}
		}
	}
}

// TestEveryPhoto draws each file that photo's tests know: what can be shown is, with its credit, upright; all else gives
// a card of text.
func TestEveryPhoto(t *testing.T) {
	names, err := filepath.Glob("../photo/testdata/photos/*")
	if err != nil || len(names) < 60 {
		t.Fatal(len(names), err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		ph, err := photo.Open(data, photo.Limits{})
		if err != nil {
			ph = nil
		}
		for _, format := range []string{"og", "portrait"} {
			d, err := Draw(context.Background(), spec(0, format, ""), ph, set)
			if _, refused := errors.AsType[*photo.Refused](err); refused {
				d, err = Draw(context.Background(), spec(0, format, ""), nil, set)
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if _, err := jpeg.Decode(bytes.NewReader(d.Bytes)); err != nil || d.Card.Contrast < 4.5 || (d.Card.Layout != "text-led") != (d.Credit != "") {
				t.Errorf("%s %s: %v %+v", name, format, err, d.Card)
			}
		}
		if ph != nil {
			ph.Release()
		}
	}
}

func TestTheDeskChoosesTheLayout(t *testing.T) {
	ph := load(t, "stairs.jpg")
	defer ph.Release()
	for _, want := range remark.Layouts {
		for _, format := range []string{"og", "square"} {
			s := spec(1, format, "")
			s.Layout = want
			d, err := Draw(context.Background(), s, ph, set)
			if err != nil || d.Card.Layout != want || !strings.Contains(d.Card.Why, "the desk's choice") {
				t.Errorf("%s %s: %s, because %s; %v", want, format, d.Card.Layout, d.Card.Why, err)
			}
		}
	}
	s := spec(0, "og", "")
	s.Layout = "collage"
	if d, err := Draw(context.Background(), s, ph, set); err != nil || d.Card.Layout != "bottom" || !strings.Contains(d.Card.Why, "there is no such layout") {
		t.Errorf("%+v %v", d.Card, err)
	}
}

func TestSafeSquareKeepsToTheMiddle(t *testing.T) {
	th, err := ParseTheme("square.yaml", []byte("extends: photo-led\nsafe-square: true\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i, sample := range samples {
		ph := load(t, sample.photo)
		s := spec(i, "og", "")
		s.Theme, s.Kicker, s.Year = th, "live", 2019
		d, err := Draw(context.Background(), s, ph, set)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range d.Explain.Lines {
			if l.Box[0] < 315-8 || l.Box[2] > 885+8 { // a hanging quotation mark may stand out by half its width
				t.Errorf("%s, %s: %q from %.0f to %.0f", sample.name, d.Card.Layout, l.Text, l.Box[0], l.Box[2])
			}
		}
		ph.Release()
	}
}

func TestCapitalsByTheLanguage(t *testing.T) {
	th, err := ParseTheme("caps.yaml", []byte("extends: photo-led\nuppercase: true\n"))
	if err != nil {
		t.Fatal(err)
	}
	for lang, c := range map[string][2]string{
		"tr": {"İstanbul’da ışıklar söndü", "İSTANBUL’DA IŞIKLAR SÖNDÜ"}, "de": {"Großer Streik", "GROSSER STREIK"}, "el": {"Μέτρα στήριξης", "ΜΕΤΡΑ ΣΤΗΡΙΞΗΣ"},
		"ckb": {"ئاگربەست لە هەولێر", "ئاگربەست لە هەولێر"}, "ka": {"პარლამენტი", "პარლამენტი"}, "kmr": {"Jinên îro", "JINÊN ÎRO"},
	} {
		s := spec(0, "og", "")
		s.Theme, s.Language, s.Headline = th, lang, c[0]
		d, err := Draw(context.Background(), s, nil, set)
		if err != nil {
			t.Errorf("%s: %v", lang, err)
			continue
		}
		var got []string
		for _, l := range d.Explain.Lines {
			got = append(got, strings.TrimSpace(l.Text))
		}
		if text := strings.Join(got, " "); text != c[1] {
			t.Errorf("%s: %q, want %q", lang, text, c[1])
		}
	}
}

func FuzzTheme(f *testing.F) {
	for _, name := range Themes() {
		data, err := themes.ReadFile("themes/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("extends: split\ncolours: {sections: {A: \"#0b57a4\"}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		th, err := ParseTheme("x.yaml", data)
		if err != nil {
			return
		}
		s := spec(0, "square", "")
		s.Theme = th
		if _, err := Draw(context.Background(), s, nil, set); err != nil {
			t.Errorf("a theme that was taken cannot be drawn: %v", err)
		}
	})
}

// TestFullColour: a theme that wants colour in each pixel gets it in every layout and format, and strong colours
// then keep to their letters and chips.
func TestFullColour(t *testing.T) {
	th, err := ParseTheme("full.yaml", []byte("extends: photo-led\nfull-colour: true\n"))
	if err != nil {
		t.Fatal(err)
	}
	ph := load(t, "stairs.jpg")
	for _, layout := range remark.Layouts {
		for _, format := range []string{"og", "vertical"} {
			half := spec(0, format, "")
			half.Layout = layout
			full := half
			full.Theme = th
			want := map[*Spec]string{&half: "4:2:0", &full: "4:4:4"}
			var shown [2]Drawn
			for i, s := range []*Spec{&half, &full} {
				d, err := Draw(context.Background(), *s, ph, set)
				if err != nil {
					t.Fatal(err)
				}
				h, err := codec.ReadHeader(d.Bytes, codec.Limits{})
				if err != nil || h.Subsampling != want[s] || h.W != Formats[format].W || h.H != Formats[format].H {
					t.Errorf("%s, %s: %+v, %v; want %s", layout, format, h, err, want[s])
				}
				if d.Card.Contrast < 4.5 {
					t.Errorf("%s, %s, %s: contrast %.2f", layout, format, want[s], d.Card.Contrast)
				}
				shown[i] = d
			}
			if shown[0].Card.Layout != shown[1].Card.Layout || shown[0].Card.Fingerprint == shown[1].Card.Fingerprint {
				t.Errorf("%s, %s: %s and %s", layout, format, shown[0].Card.Layout, shown[1].Card.Layout)
			}
		}
	}
}
