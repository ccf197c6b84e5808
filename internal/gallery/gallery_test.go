package gallery

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/fonts"
	"cutline/internal/card"
	"cutline/internal/config"
	"cutline/internal/render"
	"cutline/internal/typeset"
)

var update = flag.Bool("update", false, "accept the cards as they are drawn now")

// differences collects what does not look as accepted, for one page.
type differences struct {
	mu   sync.Mutex
	html strings.Builder
}

// TestGolden draws the gallery: each script in every theme and format, the hard headlines in two formats, the hard photos
// in the theme that shows them largest. It holds what must hold of every card, and compares small pictures with accepted
// ones: no cell of 16×16 pixels may differ by more than 8 of 255 in the mean. What differs is left as a page in the folder
// for temporary files.
func TestGolden(t *testing.T) {
	set := typeset.NewFonts(fonts.All()...)
	groups, err := Groups()
	if err != nil {
		t.Fatal(err)
	}
	var report differences
	t.Run("all", func(t *testing.T) {
		for _, g := range groups {
			themes, formats := card.Themes(), Formats
			switch {
			case testing.Short():
				themes, formats = themes[:1], formats[:1]
			case g.Name == "photos":
				themes = themes[:1]
			case g.Name == "headlines":
				formats = []string{"og", "vertical"}
			}
			for _, c := range g.Cases {
				t.Run(g.Name+"/"+c.Name, func(t *testing.T) {
					t.Parallel()
					for _, theme := range themes {
						look, err := render.OpenLook(config.Site{Theme: theme}, "", set)
						if err != nil {
							t.Fatal(err)
						}
						strip(t, &c, look, g.Name+"-"+c.Name+"-"+theme, formats, &report)
					}
				})
			}
		}
	})
	if report.html.Len() > 0 {
		page := filepath.Join(os.TempDir(), "cutline-differences.html")
		if err := os.WriteFile(page, []byte(report.html.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("what differs, side by side: %s", page)
	}
}

// strip draws a case in several formats, checks each, and compares them side by side.
func strip(t *testing.T, c *Case, look render.Look, name string, formats []string, report *differences) {
	ph, err := c.open()
	if err != nil {
		t.Fatal(err)
	}
	if ph != nil {
		defer ph.Release()
		if err := ph.Prepare(context.Background(), 1600, 1920); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join("testdata", "golden", name+".png")
	var golden image.Image
	if !*update {
		golden = readPNG(t, path)
	}
	all := image.NewGray(image.Rect(0, 0, 376, 120))
	x := 0
	for _, format := range Formats {
		size := card.Formats[format]
		at := image.Rect(x, 0, x+size.W/cell, size.H/cell)
		x = at.Max.X
		if !strings.Contains(strings.Join(formats, " "), format) {
			continue
		}
		d, err := c.Draw(context.Background(), look, ph, format)
		if m, missing := errors.AsType[*typeset.MissingError](err); missing && strings.Contains(c.About, "make fonts-cjk") {
			if !strings.Contains(m.Error(), "make fonts-cjk") {
				t.Error(m)
			}
			return
		} else if err != nil {
			t.Errorf("%s %s: %v", name, format, err)
			return
		}
		m := hold(t, c, d, name+" "+format, size)
		small := box(m)
		draw.Draw(all, at, small, image.Point{}, draw.Src)
		if golden == nil {
			continue
		}
		if worst := differ(golden, small, at.Min); worst > 8 {
			t.Errorf("%s %s differs by %d from what was accepted: look at it, then make goldens", name, format, worst)
			got := filepath.Join(os.TempDir(), "cutline-"+name+"-"+format+".jpg")
			if err := os.WriteFile(got, d.Bytes, 0o644); err != nil {
				t.Fatal(err)
			}
			abs, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			report.mu.Lock()
			fmt.Fprintf(&report.html, "<h2>%s %s: %d</h2><img src=%q width=752> <img src=%q width=400>\n", name, format, worst, "file://"+abs, "file://"+got)
			report.mu.Unlock()
		}
	}
	if *update {
		var b bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, all); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func readPNG(t *testing.T, path string) image.Image {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil // nothing of it could be drawn: a script whose fonts are not here
	}
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// hold checks what holds of every card: a readable file of the right size, contrast, the credit where a photo is and none
// without, every line inside the frame and none on another, nothing left out unsaid.
func hold(t *testing.T, c *Case, d card.Drawn, name string, size card.Format) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(d.Bytes))
	if err != nil || m.Bounds().Dx() != size.W || m.Bounds().Dy() != size.H || len(d.Bytes) > 300_000*size.W*size.H/(1200*630) {
		t.Fatalf("%s: %v, %d bytes", name, err, len(d.Bytes))
	}
	if d.Card.Contrast < 4.5 {
		t.Errorf("%s: contrast %.2f", name, d.Card.Contrast)
	}
	if shown := d.Card.Layout != "text-led"; shown != (d.Credit != "") || shown && (c.Credit == "" || c.Photo == "" || !strings.Contains(d.Credit, c.Credit) || len(d.Card.Crop) != 4) {
		t.Errorf("%s: layout %s, credit %q, crop %v", name, d.Card.Layout, d.Credit, d.Card.Crop)
	}
	below, text := 0.0, ""
	for _, l := range d.Explain.Lines {
		if l.Box[0] < 0 || l.Box[1] < 0 || l.Box[2] > float64(size.W) || l.Box[3] > float64(size.H) || l.Box[1] < below-.5 {
			t.Errorf("%s: line %q is at %v, after %.1f", name, l.Text, l.Box, below)
		}
		below, text = l.Box[3], text+l.Text
		for _, r := range l.Runs {
			for _, g := range r.Glyphs {
				if g.ID == 0 {
					t.Errorf("%s: a box in %q", name, l.Text)
				}
			}
		}
	}
	if squeeze := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, "-", "")), "") }; !d.Short && len(squeeze(text)) < len(squeeze(c.Headline))*9/10 {
		t.Errorf("%s: %q is not the headline", name, text)
	}
	return m
}

// cell is the side of what is compared, in pixels.
const cell = 16

// box averages cells, so that the comparison does not depend on which pixel a scaler picks.
func box(m image.Image) *image.Gray {
	b := m.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx()/cell, b.Dy()/cell))
	y, ok := m.(*image.YCbCr)
	for v := range out.Bounds().Dy() {
		for u := range out.Bounds().Dx() {
			sum := 0
			for j := range cell {
				for i := range cell {
					if ok {
						sum += int(y.Y[y.YOffset(u*cell+i, v*cell+j)])
					} else {
						g, _, _, _ := m.At(u*cell+i, v*cell+j).RGBA()
						sum += int(g >> 8)
					}
				}
			}
			out.Pix[v*out.Stride+u] = byte(sum / (cell * cell))
		}
	}
	return out
}

// differ is the largest difference of a small picture from the golden strip at a place.
func differ(golden image.Image, small *image.Gray, at image.Point) (worst int) {
	g, ok := golden.(*image.Gray)
	if !ok {
		return 255
	}
	for y := range small.Bounds().Dy() {
		for x := range small.Bounds().Dx() {
			a, b := int(g.GrayAt(at.X+x, at.Y+y).Y), int(small.GrayAt(x, y).Y)
			worst = max(worst, a-b, b-a)
		}
	}
	return worst
}

func TestEveryCaseIsDrawnAndItsPageNamesIt(t *testing.T) {
	if testing.Short() {
		t.Skip("draws much")
	}
	set := typeset.NewFonts(fonts.All()...)
	l := &Live{Sites: map[string]config.Site{"en": {Theme: "ours.yaml"}}, Dir: t.TempDir(), Fonts: set}
	own := filepath.Join(l.Dir, "ours.yaml")
	write := func(text string, when time.Time) {
		if err := os.WriteFile(own, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(own, when, when); err != nil {
			t.Fatal(err)
		}
	}
	h, err := l.Handler()
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	first := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	write("extends: photo-led\n", first)
	version := get("/themes/site-en/version").Body.String()
	a := get("/themes/site-en/scripts/ckb/og")
	if a.Code != 200 || a.Header().Get("Content-Type") != "image/jpeg" || !strings.Contains(a.Header().Get("X-Card"), "contrast") {
		t.Fatalf("%d %v", a.Code, a.Header())
	}
	write("extends: photo-led\nlayouts: [split]\n", first.Add(time.Second))
	if get("/themes/site-en/version").Body.String() == version {
		t.Error("the page does not learn that the theme has changed")
	}
	if b := get("/themes/site-en/scripts/ckb/og"); bytes.Equal(a.Body.Bytes(), b.Body.Bytes()) || !strings.HasPrefix(b.Header().Get("X-Card"), "split") {
		t.Error("the card is the old theme's")
	}
	write("extends: photo-led\nlayout: [split]\n", first.Add(2*time.Second))
	if page := get("/themes/site-en/").Body.String(); !strings.Contains(page, "ours.yaml, line 2: unknown key") {
		t.Errorf("the page does not say what is wrong: %s", page)
	}
	if page := get("/themes/split/").Body.String(); strings.Count(page, "<figure>") < 200 || !strings.Contains(page, "300 letters") {
		t.Error("the page lacks cases")
	}
	if list := get("/themes/").Body.String(); !strings.Contains(list, "/themes/text-led/") || !strings.Contains(list, "/themes/site-en/") {
		t.Error("the list lacks themes")
	}
	for _, path := range []string{"/themes/none/", "/themes/split/scripts/none/og", "/themes/split/scripts/en/poster", "/themes/site-x/scripts/en/og"} {
		if w := get(path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := get("/themes/split/scripts/ja/og"); w.Code != 404 || !strings.Contains(w.Body.String(), "make fonts-cjk") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
