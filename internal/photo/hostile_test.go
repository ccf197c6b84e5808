package photo

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestBombsCostLittle reads every hostile file and holds it to a time and to memory.
func TestBombsCostLittle(t *testing.T) {
	for name, want := range expected(t) {
		data, ok := picture(t, name)
		if !ok || want.Group != "bomb" && want.Group != "big" {
			continue
		}
		taken, memory := cost(func() { Describe(data, Limits{}) })
		limit := int64(64 << 20)
		if want.Group == "big" {
			limit = 128 << 20
		}
		if taken > 4*time.Second || memory > limit {
			t.Errorf("%s: %v, %d MB", name, taken, memory>>20)
		}
	}
}

// cost is the time a call takes, the least of up to four tries if that is more than a moment, because the machine may
// have stood still meanwhile, and the bytes that it allocates in all.
func cost(f func()) (taken time.Duration, memory int64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	taken = time.Since(start)
	runtime.ReadMemStats(&after)
	for try := 1; try < 4 && taken > time.Second; try++ {
		start = time.Now()
		f()
		taken = min(taken, time.Since(start))
	}
	return taken, int64(after.TotalAlloc - before.TotalAlloc)
}

// TestHostileXMP has packets that must be as if they were not there, quickly and within memory.
func TestHostileXMP(t *testing.T) {
	wrap := func(head, inside string) string {
		return head + `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="` + nsRDF + `"><rdf:Description xmlns:photoshop="` +
			nsPhotoshop + `">` + inside + `</rdf:Description></rdf:RDF></x:xmpmeta>`
	}
	const credit = "<photoshop:Credit>Planted</photoshop:Credit>"
	var laughs strings.Builder
	laughs.WriteString(`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">`)
	for i := range 9 {
		fmt.Fprintf(&laughs, `<!ENTITY %c "%s">`, 'b'+i, strings.Repeat(fmt.Sprintf("&%c;", 'a'+i), 10))
	}
	laughs.WriteString("]>")
	for name, packet := range map[string]string{
		"billion laughs":  wrap(laughs.String(), "<photoshop:Credit>&j;</photoshop:Credit>"),
		"doctype":         wrap("<!DOCTYPE x>", credit),
		"external entity": wrap(`<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>`, "<photoshop:Credit>&f;</photoshop:Credit>"),
		"unknown entity":  wrap("", "<photoshop:Credit>&f;</photoshop:Credit>"),
		"deep":            wrap("", credit+strings.Repeat("<a>", 100_000)),
		"UTF-7":           wrap(`<?xml version="1.0" encoding="utf-7"?>`, credit),
		"cut off":         wrap("", credit)[:200],
		"no XML":          "credit: Planted",
		"closed wrongly":  wrap("", credit+"</b>"),
		"many attributes": wrap("", "<a "+strings.Repeat(`b="c" `, 100_000)+"/>"),
		"many names":      wrap("", "<a "+strings.Repeat(`xmlns:b="c" `, 50_000)+"/>"),
		"big text":        wrap("", "<photoshop:Credit>"+strings.Repeat("<", 1)+strings.Repeat("x", 3_000_000)),
	} {
		var got xmp
		taken, memory := cost(func() { got = readXMP([]byte(packet), nil) })
		if got.credit != "" {
			t.Errorf("%s: credit %q", name, got.credit)
		}
		if taken > 2*time.Second || memory > 128<<20 {
			t.Errorf("%s: %v, %d MB", name, taken, memory>>20)
		}
	}
}

// pngOf makes a PNG out of chunks.
func pngOf(chunks ...[]byte) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Join(chunks, nil)...)
}

func pngChunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

func header(w, h uint32, depth, kind, interlace byte) []byte {
	b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return pngChunk("IHDR", append(b, depth, kind, 0, 0, interlace))
}

func deflated(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func TestHostilePNG(t *testing.T) {
	pixels := pngChunk("IDAT", deflated(make([]byte, 9*(1+8)))) // 8 × 8 gray, and a row too many
	end := pngChunk("IEND", nil)
	bomb := deflated(make([]byte, 60<<20))
	broken := pngChunk("IDAT", deflated(make([]byte, 8*9)))
	broken[len(broken)-1] ^= 1
	for _, c := range []struct {
		name, reason string
		data         []byte
	}{
		{"good", "", pngOf(header(8, 8, 8, 0, 0), pixels, end)},
		{"no end", "", pngOf(header(8, 8, 8, 0, 0), pixels)},
		{"profile bomb", "", pngOf(header(8, 8, 8, 0, 0), pngChunk("iCCP", append([]byte("p\x00\x00"), bomb...)), pixels, end)},
		{"XMP bomb", "", pngOf(header(8, 8, 8, 0, 0), pngChunk("iTXt", append([]byte("XML:com.adobe.xmp\x00\x01\x00\x00\x00"), bomb...)), pixels, end)},
		{"raw profile bombs", "", pngOf(header(8, 8, 8, 0, 0), bytes.Repeat(pngChunk("zTXt", append([]byte("Raw profile type iptc\x00\x00"), bomb...)), 40), pixels, end)},
		{"only the signature", Truncated, pngOf()},
		{"no picture", Truncated, pngOf(header(8, 8, 8, 0, 0), end)},
		{"no header", Damaged, pngOf(pixels, end)},
		{"no pixels wide", Damaged, pngOf(header(0, 8, 8, 0, 0), pixels, end)},
		{"3 bits", Damaged, pngOf(header(8, 8, 3, 0, 0), pixels, end)},
		{"colour type 5", Damaged, pngOf(header(8, 8, 8, 5, 0), pixels, end)},
		{"colour type 255", Damaged, pngOf(header(8, 8, 8, 255, 0), pixels, end)},
		{"no palette", Damaged, pngOf(header(8, 8, 8, 3, 0), pixels, end)},
		{"wrong checksum", Damaged, pngOf(header(8, 8, 8, 0, 0), broken, end)},
		{"no zlib", Damaged, pngOf(header(8, 8, 8, 0, 0), pngChunk("IDAT", []byte("hello, hello")), end)},
		{"rows missing", Truncated, pngOf(header(8, 80, 8, 0, 0), pixels, end)},
		{"cut in its data", Truncated, pngOf(header(8, 8, 8, 0, 0), pixels)[:44]},
		{"a line", "", pngOf(header(60000, 1, 8, 0, 0), pngChunk("IDAT", deflated(make([]byte, 60001))), end)},
		{"a long line", TooLarge, pngOf(header(40_000_000, 1, 8, 2, 0), pngChunk("IDAT", deflated(make([]byte, 120_000_001))), end)},
		{"too wide", TooLarge, pngOf(header(1<<31-1, 1, 8, 0, 0), pixels, end)},
		{"too large", TooLarge, pngOf(header(60000, 60000, 1, 0, 0), pixels, end)},
	} {
		var got Info
		taken, memory := cost(func() { got = Describe(c.data, Limits{}) })
		if got.Reason != c.reason {
			t.Errorf("%s: %q (%s), want %q", c.name, got.Reason, got.Detail, c.reason)
		}
		if taken > 2*time.Second || memory > 200<<20 {
			t.Errorf("%s: %v, %d MB", c.name, taken, memory>>20)
		}
	}
}

// TestCutAnywhere cuts small files of every format at many places, and flips bytes in them: an answer comes, and
// what was cut before its pixels is never shown as whole.
func TestCutAnywhere(t *testing.T) {
	for _, name := range []string{"jpeg-odd-size.jpg", "png-palette-trns.png", "webp-lossy.webp", "webp-alpha.webp", "webp-animated.webp",
		"gif-still.gif", "meta-xmp-attributes.jpg", "webp-xmp.webp"} {
		data, _ := picture(t, name)
		step := max(1, len(data)/150)
		for n := 0; n < len(data); n += step {
			got := Describe(data[:n], Limits{})
			if got.Verdict == OK && n < len(data)/2 && !strings.Contains(name, "animated") && !strings.Contains(name, "xmp") {
				t.Errorf("%s cut to %d of %d bytes is %s", name, n, len(data), got.Verdict)
			}
			flipped := bytes.Clone(data)
			flipped[n] ^= 0xff
			Describe(flipped, Limits{})
		}
	}
}

func TestLimitsAreTheCallers(t *testing.T) {
	data, _ := picture(t, "jpeg-444.jpg")
	for name, l := range map[string]Limits{"bytes": {Bytes: 1000}, "pixels": {Pixels: 160*120 - 1}} {
		var r *Refused
		if _, err := Open(data, l); !errors.As(err, &r) || r.Reason != TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, name := range []string{"jpeg-444.jpg", "png-rgb8.png", "gif-still.gif", "webp-lossy.webp"} {
		data, _ := picture(t, name)
		p, err := Open(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Frame(ctx, Whole, 100, 100, false); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled: %v", name, err)
		}
	}
}

// TestNothingElseLeaves looks for what must stay in the file in all that is printed of it and in a card's metadata.
func TestNothingElseLeaves(t *testing.T) {
	for name, want := range expected(t) {
		data, ok := picture(t, name)
		if !ok || len(want.MustNotLeak) == 0 {
			continue
		}
		i := Describe(data, Limits{})
		out, err := i.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range Segments(Rights{Credit: i.Credit, Creator: i.Creator, Copyright: i.Copyright, UsageTerms: i.UsageTerms, Alt: i.Alt}) {
			out = append(out, s...)
		}
		for _, secret := range want.MustNotLeak {
			if bytes.Contains(out, []byte(secret)) {
				t.Errorf("%s: %q leaves the file", name, secret)
			}
		}
	}
}
