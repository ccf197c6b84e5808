package card

import (
	"bytes"
	"context"
	"testing"
	"time"

	"cutline/internal/jpeg"
	"cutline/internal/photo"
)

// enlarged is the sample's photo in the size of a press photo, as a file.
func enlarged(b *testing.B, w, h int) []byte {
	ph := load(b, "stream.jpg")
	planes, err := ph.Frame(context.Background(), photo.Whole, w, h, false)
	if err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, planes, jpeg.EncodeOptions{Quality: 90}); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// BenchmarkStages is a warm card by format and photo, and what of it each stage takes, one after the other on one core:
// decode (with the checks), faces, scale (crop to frame), text (all that is drawn, scrim and blending), encode.
func BenchmarkStages(b *testing.B) {
	for _, size := range []struct {
		name string
		w, h int
	}{{"s-1200x800", 1200, 800}, {"m-3000x2000", 3000, 2000}, {"l-6000x4000", 6000, 4000}} {
		data := enlarged(b, size.w, size.h)
		for _, format := range []string{"og", "wide", "square", "portrait", "vertical"} {
			b.Run(size.name+"/"+format, func(b *testing.B) { stages(b, data, format) })
		}
	}
}

func stages(b *testing.B, data []byte, format string) {
	ctx := context.Background()
	f := Formats[format]
	s := spec(0, format, "")
	var spent [5]time.Duration
	for b.Loop() {
		last := b.Elapsed()
		lap := func(stage int) {
			now := b.Elapsed()
			spent[stage] += now - last
			last = now
		}
		ph, err := photo.Open(data, photo.Limits{})
		if err == nil {
			err = ph.Prepare(ctx, f.W, f.H)
		}
		if err != nil {
			b.Fatal(err)
		}
		lap(0)
		if _, err := ph.Look(ctx); err != nil {
			b.Fatal(err)
		}
		lap(1)
		d, err := Draw(ctx, s, ph, set)
		if err != nil {
			b.Fatal(err)
		}
		lap(3)
		// What of drawing was scaling and encoding is found by doing them once more, out of the clock.
		b.StopTimer()
		crop, info := d.Card.Crop, ph.Info()
		w := f.W
		if d.Card.Layout == "split" && f.shape == land {
			w = int(s.Theme.Split.Land * float64(f.W))
		}
		h := int(float64(w) * (crop[3] - crop[1]) * float64(info.Height) / ((crop[2] - crop[0]) * float64(info.Width)))
		began := time.Now()
		planes, err := ph.Frame(ctx, photo.Rect{X0: crop[0], Y0: crop[1], X1: crop[2], Y1: crop[3]}, w, h, false)
		if err != nil {
			b.Fatal(err)
		}
		scale := time.Since(began)
		whole, _, err := jpeg.Decode(ctx, d.Bytes, jpeg.Options{})
		if err != nil {
			b.Fatal(err)
		}
		began = time.Now()
		if err := jpeg.Encode(&bytes.Buffer{}, whole, jpeg.EncodeOptions{Quality: 85, MaxBytes: f.mostBytes()}); err != nil {
			b.Fatal(err)
		}
		encode := time.Since(began)
		whole.Release()
		planes.Release()
		ph.Release()
		spent[2], spent[3], spent[4] = spent[2]+scale, spent[3]-scale-encode, spent[4]+encode
		b.StartTimer()
	}
	for i, name := range []string{"decode-ms", "faces-ms", "scale-ms", "text-ms", "encode-ms"} {
		b.ReportMetric(float64(spent[i].Microseconds())/1000/float64(b.N), name)
	}
}
