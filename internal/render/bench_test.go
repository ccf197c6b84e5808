package render

import (
	"context"
	"io"
	"os"
	"path/filepath"
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

// BenchmarkFormats is all formats of a story of one photo.
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
		b.Run(k, func(b *testing.B) {
			for b.Loop() {
				p, err := photo.Open(data, photo.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				w, h := 0, 0
				for _, f := range card.Formats {
					w, h = max(w, f.W), max(h, f.H)
				}
				if err := p.Prepare(context.Background(), w, h); err != nil {
					b.Fatal(err)
				}
				for _, f := range []string{"og", "wide", "square", "portrait", "vertical"} {
					if _, err := card.Draw(context.Background(), card.Spec{Format: f, Theme: theme, Language: "en", Headline: headline, Credit: "AFP", Section: "World"}, p, set); err != nil {
						b.Fatal(err)
					}
				}
				p.Release()
			}
		})
	}
}
