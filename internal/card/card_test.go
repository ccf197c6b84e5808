package card

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	_ "image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutline/fonts"
	"cutline/internal/article"
	"cutline/internal/photo"
	"cutline/internal/typeset"
)

var (
	set    = typeset.NewFonts(fonts.All()...)
	update = flag.Bool("update", false, "accept the cards as they are drawn now")
)

// samples are headlines of several scripts, each with the photo of the project's own that it is drawn over.
var samples = []struct{ name, lang, headline, dek, section, site, photo string }{
	{"en", "en", "A Century-Old Staircase Reopens: ‘Every Step Was Numbered,’ Says Its Carpenter", "The spiral stairs of the Old Mill Gallery were taken apart plank by plank.", "Culture", "Example News", "stairs.jpg"},
	{"ckb", "ckb", "دوای ١٢ ساڵ وشکبوون، ئاو گەڕایەوە بۆ جۆگەی دارستانی «شیلان»", "بارانی پایز و بەستێکی نوێ ئاوی جۆگەکەیان گەڕاندەوە.", "ژینگە", "هەواڵی نموونە", "stream.jpg"},
	{"ar", "ar", "الموصل: إعادة فتح الجسر القديم بعد 14 شهرا من الصيانة", "", "العراق", "نموذج نيوز", "stairs.jpg"},
	{"tr", "tr", "İstanbul’da gece vapurları başlıyor: ilk sefer Cuma 00.30’da", "", "Gündem", "Örnek Haber", "stream.jpg"},
	{"hi", "hi", "दिल्ली में बारिश के बाद तापमान गिरा, 12 उड़ानें देर से", "", "", "उदाहरण", "stream.jpg"},
	{"long", "en", "Cabinet Approves Sweeping Reform of Pensions, Fuel Subsidies and Provincial Budgets After Eleven Hours of Closed-Door Talks, With Three Ministers Threatening to Resign", "", "Politics", "Example News", "stairs.jpg"},
	{"word", "en", "Ceasefire", "", "World", "Example News", "stream.jpg"},
}

func load(t testing.TB, name string) *photo.Photo {
	data, err := os.ReadFile("../../sample/" + name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := photo.Open(data, photo.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func spec(i int, format, theme string) Spec {
	s := samples[i]
	th, err := OpenTheme(theme, "")
	if err != nil {
		panic(err)
	}
	return Spec{Format: format, Theme: th, Language: s.lang, Headline: s.headline, Dek: s.dek, Section: s.section, Site: s.site, Credit: "Jane Test/AFP", PhotoTag: s.photo, Rights: photo.Rights{Credit: "Jane Test/AFP"}}
}

// TestEveryFormatThemeAndScript draws all of them and holds what must hold of each: a readable file of the right size,
// contrast, the credit where a photo is, every line inside the frame and none on another.
func TestEveryFormatThemeAndScript(t *testing.T) {
	for i, s := range samples {
		ph := load(t, s.photo)
		if err := ph.Prepare(context.Background(), 1600, 1920); err != nil { // one decode for all, as render does
			t.Fatal(err)
		}
		for format, f := range Formats {
			for _, theme := range Themes() {
				name := s.name + "-" + theme + "-" + format
				d, err := Draw(context.Background(), spec(i, format, theme), ph, set)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				m, kind, err := image.Decode(bytes.NewReader(d.Bytes))
				if err != nil || kind != "jpeg" || m.Bounds().Dx() != f.W || m.Bounds().Dy() != f.H || len(d.Bytes) > maxBytes {
					t.Errorf("%s: %v, %d bytes", name, err, len(d.Bytes))
				}
				if d.Card.Contrast < 4.5 {
					t.Errorf("%s: contrast %.2f", name, d.Card.Contrast)
				}
				if shown := d.Card.Layout != "text-led"; shown != (d.Credit != "") || shown && !strings.Contains(d.Credit, "Jane Test/AFP") || shown && len(d.Card.Crop) != 4 {
					t.Errorf("%s: layout %s, credit %q, crop %v", name, d.Card.Layout, d.Credit, d.Card.Crop)
				}
				below := 0.0
				for _, l := range d.Explain.Lines {
					if l.Box[0] < 0 || l.Box[1] < 0 || l.Box[2] > float64(f.W) || l.Box[3] > float64(f.H) || l.Box[1] < below-.5 {
						t.Errorf("%s: line %q is at %v, after %.1f", name, l.Text, l.Box, below)
					}
					below = l.Box[3]
					for _, r := range l.Runs {
						for _, g := range r.Glyphs {
							if g.ID == 0 && r.Font == "" {
								t.Errorf("%s: a box in %q", name, l.Text)
							}
						}
					}
				}
				text := ""
				for _, l := range d.Explain.Lines {
					text += l.Text + " "
				}
				if !d.Short && strings.Join(strings.Fields(text), "") != strings.Join(strings.Fields(s.headline), "") {
					t.Errorf("%s: %q is not the headline", name, text)
				}
			}
		}
	}
}

func TestSameSpecSameBytesAndFingerprint(t *testing.T) {
	a, b := spec(0, "og", ""), spec(0, "og", "")
	x, err := Draw(context.Background(), a, load(t, "stairs.jpg"), set)
	if err != nil {
		t.Fatal(err)
	}
	y, err := Draw(context.Background(), b, load(t, "stairs.jpg"), set)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x.Bytes, y.Bytes) || a.Fingerprint(set) != b.Fingerprint(set) {
		t.Error("the same spec differs")
	}
	seen := map[string]string{a.Fingerprint(set): "unchanged"}
	for name, change := range map[string]func(*Spec){
		"headline": func(s *Spec) { s.Headline += "!" }, "credit": func(s *Spec) { s.Credit = "AFP" }, "photo": func(s *Spec) { s.PhotoTag = "other" }, "format": func(s *Spec) { s.Format = "wide" },
		"theme": func(s *Spec) { s.Theme, _ = s.Theme.With("#000000", nil) }, "kicker": func(s *Spec) { s.Kicker = "live" }, "focal": func(s *Spec) { s.Focal = &article.Focal{X: .1} }, "language": func(s *Spec) { s.Language = "tr" },
	} {
		s := spec(0, "og", "")
		change(&s)
		if other, twice := seen[s.Fingerprint(set)]; twice {
			t.Errorf("%s has the fingerprint of %s", name, other)
		}
		seen[s.Fingerprint(set)] = name
	}
}

func TestNoPhotoWithoutItsCredit(t *testing.T) {
	s := spec(0, "og", "")
	s.Credit = ""
	d, err := Draw(context.Background(), s, load(t, "stairs.jpg"), set)
	if err != nil || d.Card.Layout != "text-led" || !strings.Contains(d.Explain.Why, "no credit") || d.Credit != "" {
		t.Errorf("%+v %v", d.Explain, err)
	}
}

func TestChipsAndLongCredits(t *testing.T) {
	for i, s := range samples[:4] {
		for format := range Formats {
			x := spec(i, format, "")
			x.Kicker, x.Year = "live", 2019
			x.Credit = "Jane Example-Testperson for The Example Agency via a Second Agency / Handout of the Ministry"
			d, err := Draw(context.Background(), x, load(t, s.photo), set)
			if err != nil {
				t.Errorf("%s %s: %v", s.name, format, err)
				continue
			}
			if d.Card.Layout != "text-led" && !strings.Contains(d.Credit, x.Credit) {
				t.Errorf("%s %s: the credit was cut: %q", s.name, format, d.Credit)
			}
		}
	}
}

func TestBrightPhotoGetsAScrimOrAnotherLayout(t *testing.T) {
	white := image.NewGray(image.Rect(0, 0, 1600, 1000))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	var b bytes.Buffer
	if err := png.Encode(&b, white); err != nil {
		t.Fatal(err)
	}
	ph, err := photo.Open(b.Bytes(), photo.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for format := range Formats {
		d, err := Draw(context.Background(), spec(0, format, ""), ph, set)
		if err != nil || d.Card.Contrast < 4.5 || d.Card.Layout == "bottom" && d.Card.Scrim < .5 && format != "vertical" {
			t.Errorf("%s: %+v %v", format, d.Card, err)
		}
	}
}

func TestAltTextSaysAllThree(t *testing.T) {
	p := article.Photo{Alt: "Brown water below a spillway", Caption: "not this"}
	if got := Alt("Reservoir rises", p, "Photo: AFP"); got != "Reservoir rises. Brown water below a spillway. Photo: AFP" {
		t.Error(got)
	}
	if got := Alt("ئایا ئاو هاتەوە؟", article.Photo{}, ""); got != "ئایا ئاو هاتەوە؟" {
		t.Error(got)
	}
}

// TestGolden compares small pictures of the cards with accepted ones: no cell of 8×8 pixels of the card may differ by
// more than 12 of 255 in the mean. What differs is left as a page in the test's folder.
func TestGolden(t *testing.T) {
	report := ""
	for i, s := range samples[:5] {
		for _, c := range []struct{ theme, format string }{{"photo-led", "og"}, {"photo-led", "square"}, {"split", "og"}, {"split", "portrait"}, {"text-led", "og"}, {"photo-led", "vertical"}} {
			name := fmt.Sprintf("%s-%s-%s", s.name, c.theme, c.format)
			d, err := Draw(context.Background(), spec(i, c.format, c.theme), load(t, s.photo), set)
			if err != nil {
				t.Fatal(name, err)
			}
			m, _, err := image.Decode(bytes.NewReader(d.Bytes))
			if err != nil {
				t.Fatal(err)
			}
			small := box(m)
			path := filepath.Join("testdata", "golden", name+".png")
			if *update {
				var b bytes.Buffer
				if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, small); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			f, err := os.Open(path)
			if err != nil {
				t.Fatalf("%v: make goldens, look at it, and keep it", err)
			}
			want, err := png.Decode(f)
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			worst := 0
			for y := range small.Bounds().Dy() {
				for x := range small.Bounds().Dx() {
					a, _, _, _ := want.At(x, y).RGBA()
					b := int(small.GrayAt(x, y).Y)
					worst = max(worst, b-int(a>>8), int(a>>8)-b)
				}
			}
			if worst > 12 || want.Bounds() != small.Bounds() {
				t.Errorf("%s differs by %d", name, worst)
				got := filepath.Join(os.TempDir(), "cutline-"+name+".jpg")
				if err := os.WriteFile(got, d.Bytes, 0o644); err != nil {
					t.Fatal(err)
				}
				abs, err := filepath.Abs(path)
				if err != nil {
					t.Fatal(err)
				}
				report += fmt.Sprintf("<h2>%s: %d</h2><img src=%q width=400> <img src=%q width=400>\n", name, worst, "file://"+abs, "file://"+got)
			}
		}
	}
	if report != "" {
		page := filepath.Join(os.TempDir(), "cutline-differences.html")
		if err := os.WriteFile(page, []byte(report), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("what differs, side by side: %s", page)
	}
}

// box averages 8×8 pixels into one, so that the comparison does not depend on which pixel a scaler picks.
func box(m image.Image) *image.Gray {
	b := m.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx()/8, b.Dy()/8))
	for y := range out.Bounds().Dy() {
		for x := range out.Bounds().Dx() {
			sum := 0
			for v := range 8 {
				for u := range 8 {
					r, g, bl, _ := m.At(x*8+u, y*8+v).RGBA()
					sum += int(299*r+587*g+114*bl) / 1000 >> 8
				}
			}
			out.Pix[y*out.Stride+x] = byte(sum / 64)
		}
	}
	return out
}

func BenchmarkDraw(b *testing.B) {
	for _, i := range []int{0, 1} {
		b.Run(samples[i].name, func(b *testing.B) {
			for b.Loop() {
				ph := load(b, samples[i].photo)
				if _, err := Draw(context.Background(), spec(i, "og", ""), ph, set); err != nil {
					b.Fatal(err)
				}
				ph.Release()
			}
		})
	}
}
