package card

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"testing"
)

// logoOf is a sign of one colour on a transparent ground.
func logoOf(t *testing.T, w, h int, c color.NRGBA) *Logo {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := h / 8; y < h-h/8; y++ {
		for x := h / 8; x < w-h/8; x++ {
			m.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	l, err := ReadLogo(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var (
	whiteSign = color.NRGBA{255, 255, 255, 255}
	blackSign = color.NRGBA{0, 0, 0, 255}
)

// TestALogoIsSeenOnAnyGround looks at the corner of the card where the logo is: a sign that its ground would swallow has a
// plate, one that suits it has none, and of two the one for the ground is taken.
func TestALogoIsSeenOnAnyGround(t *testing.T) {
	for _, c := range []struct {
		name          string
		ground        string
		logo, onLight color.NRGBA
		two           bool
		low, high     uint8 // how dark and how light the corner's pixels are
	}{
		{"white on paper: a plate of ink", "paper", whiteSign, whiteSign, false, 60, 240},
		{"white on ink", "ink", whiteSign, whiteSign, false, 60, 240},
		{"black on ink: a plate of paper", "ink", blackSign, blackSign, false, 40, 230},
		{"one for each, on paper", "paper", whiteSign, blackSign, true, 20, 230},
	} {
		s := spec(0, "og", "text-led")
		s.Theme.Ground.Text = c.ground
		if s.Logo = logoOf(t, 300, 100, c.logo); c.two {
			s.OnLight = logoOf(t, 300, 100, c.onLight)
		}
		d, err := Draw(context.Background(), s, nil, set)
		if err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(bytes.NewReader(d.Bytes))
		if err != nil {
			t.Fatal(err)
		}
		low, high := uint8(255), uint8(0)
		for y := 545; y < 600; y++ {
			for x := 45; x < 150; x++ {
				g := color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y
				low, high = min(low, g), max(high, g)
			}
		}
		if low > c.low || high < c.high {
			t.Errorf("%s: from %d to %d", c.name, low, high)
		}
	}
}

func TestALogoKeepsItsProportions(t *testing.T) {
	for _, size := range []image.Point{{100, 100}, {300, 100}, {1600, 100}, {40, 100}} {
		s := spec(0, "og", "text-led")
		s.Logo = logoOf(t, size.X, size.Y, blackSign)
		c := begin(s, Formats["og"], set)
		c.ground("paper")
		m, err := c.mark(500)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := m.width/m.height, float64(size.X)/float64(size.Y); math.Abs(got-want) > .01*want || m.height > c.z.Logo+.01 || m.width > 5*c.z.Logo+.01 || m.name != nil {
			t.Errorf("%v is drawn %.1f × %.1f", size, m.width, m.height)
		}
	}
	s := spec(0, "og", "text-led")
	var err error
	if s.Logo, err = ReadLogo([]byte("<svg/>")); err == nil {
		t.Error("a logo that is no picture is taken")
	}
	c := begin(s, Formats["og"], set)
	c.ground("paper")
	if m, err := c.mark(500); err != nil || m.logo != nil || m.name == nil {
		t.Errorf("in place of a logo that cannot be read: %+v, %v", m, err)
	}
}
