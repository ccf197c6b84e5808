package render

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"cutline/fonts"
	"cutline/internal/card"
	"cutline/internal/photo"
	"cutline/internal/typeset"
)

// photos are the sample's, and with PEERS_DIR those by which other programs are measured (docs/performance.md).
func photos(b *testing.B) map[string]string {
	out := map[string]string{"sample": "../../sample/stairs.jpg"}
	for _, k := range []string{"s-1200x800", "m-3000x2000", "l-6000x4000"} {
		name := filepath.Join(os.Getenv("PEERS_DIR"), "assets", "photo-"+k+".jpg")
		if _, err := os.Stat(name); err == nil {
			out[k] = name
		}
	}
	return out
}

const headline = "A Century-Old Staircase Reopens After Three Years of Repairs"

// BenchmarkCard is a card from file to file, everything anew but fonts and memory, as the command render makes it.
func BenchmarkCard(b *testing.B) {
	for k, name := range photos(b) {
		b.Run(k, func(b *testing.B) {
			b.ReportAllocs()
			o := OneOptions{Photo: name, Headline: headline, Credit: "AFP", Section: "World", Lang: "en", Theme: "default", Format: "og", Out: filepath.Join(b.TempDir(), "card.jpg"), Repeat: b.N}
			if err := One(context.Background(), o, typeset.NewFonts(fonts.All()...), time.Now, io.Discard); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// formats are all sizes, in the order of their pixels.
var formats = []string{"og", "square", "wide", "portrait", "vertical"}

// BenchmarkFormats is all formats of a story of one photo, and each alone.
func BenchmarkFormats(b *testing.B) {
	set := typeset.NewFonts(fonts.All()...)
	theme, err := card.OpenTheme("default", "")
	if err != nil {
		b.Fatal(err)
	}
	for k, name := range photos(b) {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(k+"/five", func(b *testing.B) { drawFormats(b, data, formats, theme, set) })
		for i := range formats {
			b.Run(k+"/"+formats[i], func(b *testing.B) { drawFormats(b, data, formats[i:i+1], theme, set) })
		}
	}
}

// drawFormats draws cards of one photo; its metric is the CPU time of the process, as other work on the machine does not count in it.
func drawFormats(b *testing.B, data []byte, formats []string, theme *card.Theme, set *typeset.Fonts) {
	spent := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	draw := func() {
		p, err := photo.Open(data, photo.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		w, h := 0, 0
		for _, f := range formats {
			w, h = max(w, card.Formats[f].W), max(h, card.Formats[f].H)
		}
		if err := p.Prepare(context.Background(), w, h); err != nil {
			b.Fatal(err)
		}
		for _, f := range formats {
			if _, err := card.Draw(context.Background(), card.Spec{Format: f, Theme: theme, Language: "en", Headline: headline, Credit: "AFP", Section: "World"}, p, set); err != nil {
				b.Fatal(err)
			}
		}
		p.Release()
	}
	draw() // fonts and memory
	began := spent()
	for b.Loop() {
		draw()
	}
	b.ReportMetric(float64((spent()-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}
