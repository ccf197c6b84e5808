package card

import (
	"bytes"
	"context"
	"image"
	"image/color"
	_ "image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"

	"cutline/fonts"
	"cutline/internal/article"
	"cutline/internal/photo"
	"cutline/internal/typeset"
)

var set = typeset.NewFonts(fonts.All()...)

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
	t.Helper()
	data, err := os.ReadFile("../../sample/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return opened(t, data)
}

// loadOf is a photo of what was drawn.
func loadOf(t testing.TB, m image.Image) *photo.Photo {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return opened(t, b.Bytes())
}

func opened(t testing.TB, data []byte) *photo.Photo {
	t.Helper()
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

// A credit of several lines has them for itself, also where no chip would stand beside it; and a site's name that is wider
// than its card is set smaller and shortened.
func TestLongFeet(t *testing.T) {
	s := spec(0, "vertical", "split")
	s.Site = "The Associated Regional Broadcasting and Publishing Corporation of the Northern Provinces Online"
	s.Credit = "Jane Example-Testperson for The Example Agency via a Second Agency / Handout of the Ministry of Foreign Affairs / A Third"
	c := begin(s, Formats[s.Format], set)
	c.ground("ink")
	width := 1080 - 2*c.m.Side
	b, beside, err := c.creditBlock(c.creditSize(), width, width, typeset.End)
	if err != nil || len(b.Lines) < 2 || beside {
		t.Errorf("%d lines, beside %v, %v", len(b.Lines), beside, err)
	}
	m, err := c.mark(width)
	if err != nil || m.width > width || m.size >= c.z.Site || !strings.HasSuffix(m.name.Text, "…") {
		t.Errorf("%q is %.0f wide in %.1f, %v", m.name.Text, m.width, m.size, err)
	}
}

func TestBrightPhotoGetsAScrimOrAnotherLayout(t *testing.T) {
	white := image.NewGray(image.Rect(0, 0, 1600, 1000))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	ph := loadOf(t, white)
	for format := range Formats {
		d, err := Draw(context.Background(), spec(0, format, ""), ph, set)
		if err != nil || d.Card.Contrast < 4.5 || d.Card.Layout == "bottom" && d.Card.Scrim < .5 && format != "vertical" {
			t.Errorf("%s: %+v %v", format, d.Card, err)
		}
	}
}

// Stripes and specks that are bright by themselves get their scrim, though black lies between them: a piece of 4 × 4 pixels
// beside a letter keeps 4.5:1.
func TestTextOnStripes(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 1600, 1000))
	for i := range m.Pix {
		m.Pix[i] = uint8(i / m.Stride / 8 & 1 * 255)
	}
	s := spec(0, "og", "")
	s.PNG = true
	d, err := Draw(context.Background(), s, loadOf(t, m), set)
	if err != nil || d.Card.Layout != "bottom" {
		t.Fatal(d.Card.Layout, err)
	}
	card, err := png.Decode(bytes.NewReader(d.Bytes))
	if err != nil {
		t.Fatal(err)
	}
	at := func(x, y int) float64 {
		r, g, b, _ := card.At(x, y).RGBA()
		return light(color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255})
	}
	for _, l := range d.Explain.Lines {
		for y := int(l.Box[1]) + 3; y+7 <= int(l.Box[3]); y++ {
			for x := int(l.Box[0]) + 3; x+7 <= int(l.Box[2]); x++ {
				sum, ink := 0.0, false
				for i := range 100 { // with what is 3 pixels around it
					dx, dy := i%10-3, i/10-3
					v := at(x+dx, y+dy)
					ink = ink || v > .6
					if dx >= 0 && dx < 4 && dy >= 0 && dy < 4 {
						sum += v / 16
					}
				}
				if c := contrastOf(1, sum); !ink && c < 4.5 {
					t.Fatalf("%.2f:1 at %d, %d beside %q", c, x, y, l.Text)
				}
			}
		}
	}
}

func TestWordsOfTheSitesLanguage(t *testing.T) {
	for lang, want := range map[string]string{"ku-Arab": "وێنە: AFP", "ku": "Wêne: AFP", "ar_IQ": "صورة: AFP", "vi": "Ảnh: AFP", "th-TH": "ภาพ: AFP", "xx": "Photo: AFP"} {
		if got := CreditLine("AFP", lang); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
	for lang, want := range map[string]string{"ku-Arab": "ڕاستەوخۆ", "ku": "Zindî", "kmr": "Zindî", "ar_IQ": "مباشر", "xx": "Live"} {
		if got := word(kickers["live"], lang); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
	for lang, want := range map[string]string{"ku": "Ji 2019", "en": "From 2019", "ku-Arab": "ساڵی ٢٠١٩", "ja": "2019年", "he": "2019"} {
		if got := yearWord(2019, lang); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
	for _, lang := range []string{"ku-Arab", "az_Arab", "ps", "ckb-IQ"} {
		if scriptOf(lang) != scriptOf("ckb") {
			t.Errorf("%s is set as %+v", lang, scriptOf(lang))
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
