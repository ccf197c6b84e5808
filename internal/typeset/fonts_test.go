package typeset

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"cutline/fonts"
)

func TestEmojiInColour(t *testing.T) {
	if set.files["NotoColorEmoji.ttf"] == nil {
		t.Skip("NotoColorEmoji.ttf is not in the folder that CUTLINE_FONTS names")
	}
	for _, h := range headlines(t) {
		if !strings.HasPrefix(h.ID, "emoji") && h.ID != "ckb-emoji" {
			continue
		}
		p, err := set.Shape(h.Text, h.style(Sans))
		if err != nil {
			t.Fatal(err)
		}
		line := p.Line(60)
		want := map[string]int{"emoji-astronaut": 2, "emoji-final": 4, "ckb-emoji": 2}[h.ID]
		got := line.Images(0, 0)
		if len(got) != want {
			t.Errorf("%s: %d pictures, want %d", h.ID, len(got), want)
		}
		for _, i := range got {
			if w := i.At.X1 - i.At.X0; w < 40 || w > 90 || i.At.X0 < -1 || i.At.X1 > line.Width+1 {
				t.Errorf("%s: a picture at %+v", h.ID, i.At)
			}
		}
	}
}

func TestFontsThatCannotBeUsed(t *testing.T) {
	for name, data := range map[string]string{"a.woff2": "wOF2xxxx", "b.ttf": "no font", "c.ttf": "", "d.ttc": "ttcfxxxxxxxx"} {
		if err := CheckFont(name, []byte(data)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fontFile is a font of the set as its file has it.
func fontFile(t testing.TB, name string) []byte {
	t.Helper()
	file, err := set.files[name].open()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSiteFonts takes a font as a site might bring it: as it is, as WOFF, and one that does not join.
func TestSiteFonts(t *testing.T) {
	data := fontFile(t, "NotoSansArabic_700Bold.ttf")
	woff := toWOFF(t, data)
	for name, body := range map[string][]byte{"site.ttf": data, "site.woff": woff} {
		if err := CheckFont(name, body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	own := NewFonts(append(fonts.All(), fonts.Of("site.woff", woff))...)
	p, err := own.Shape("ئاگربەست", Style{Lang: "ckb", RTL: true, Own: []string{"site.woff"}})
	if err != nil || p.runs[0].Font != "site.woff" || p.Width(100) <= 0 {
		t.Errorf("%v", err)
	}
	// Without its substitutions the font has every letter and joins none.
	loose := bytes.Replace(data, []byte("GSUB"), []byte("GXXX"), 1)
	if err := CheckFont("loose.ttf", loose); err == nil || !strings.Contains(err.Error(), "join") {
		t.Errorf("a font that does not join: %v", err)
	}
	bad := NewFonts(append(fonts.All(), fonts.Of("loose.ttf", loose))...)
	if _, err := bad.Shape("ێێێێێ", Style{Lang: "ar", RTL: true, Own: []string{"loose.ttf"}}); err == nil {
		t.Error("letters that do not join were set")
	}
	for _, axes := range []string{"@wght", "@weight=700", "@wght=heavy"} {
		if err := CheckFont("site.ttf"+axes, data); err == nil {
			t.Errorf("%s was taken", axes)
		}
	}
}

// toWOFF wraps a font as WOFF 1.0, each table compressed.
func toWOFF(t *testing.T, ttf []byte) []byte {
	n := int(binary.BigEndian.Uint16(ttf[4:]))
	head := make([]byte, 44+20*n)
	copy(head, "wOFF")
	copy(head[4:8], ttf)
	binary.BigEndian.PutUint16(head[12:], uint16(n))
	binary.BigEndian.PutUint32(head[16:], uint32(len(ttf)))
	out := head
	for i := range n {
		e := ttf[12+16*i:]
		offset, length := binary.BigEndian.Uint32(e[8:]), binary.BigEndian.Uint32(e[12:])
		table := ttf[offset : offset+length]
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		if _, err := w.Write(table); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		body := z.Bytes()
		if len(body) >= len(table) {
			body = table
		}
		d := out[44+20*i:]
		copy(d, e[:4])
		binary.BigEndian.PutUint32(d[4:], uint32(len(out)))
		binary.BigEndian.PutUint32(d[8:], uint32(len(body)))
		binary.BigEndian.PutUint32(d[12:], length)
		copy(d[16:20], e[4:8])
		out = append(out, body...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	binary.BigEndian.PutUint32(out[8:], uint32(len(out)))
	return out
}

// TestTablesLieInTheirFont: a font of some KB, one of whose tables is said to have 2 GB, is refused before room is made for it.
func TestTablesLieInTheirFont(t *testing.T) {
	data := fontFile(t, "NotoSansThai_700Bold.ttf")
	woff := toWOFF(t, data)
	for name, c := range map[string]struct {
		font []byte
		at   int // of the highest byte of what is said of the second table
	}{
		"length.ttf": {data, 12 + 16 + 12}, "offset.ttf": {data, 12 + 16 + 8},
		"offset.woff": {woff, 44 + 20 + 4}, "packed.woff": {woff, 44 + 20 + 8}, "unpacked.woff": {woff, 44 + 20 + 12},
	} {
		if err := CheckFont(name, c.font); err != nil {
			t.Fatalf("%s as it was: %v", name, err)
		}
		body := bytes.Clone(c.font)
		body[c.at] = 127
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := CheckFont(name, body)
		runtime.ReadMemStats(&after)
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; err == nil || !strings.Contains(err.Error(), "does not lie in the file, or is too large") || mb > 64 {
			t.Errorf("%s: %v, %d MB", name, err, mb)
		}
	}
	if err := CheckFont("cut.ttf", data[:len(data)-len(data)/8]); err == nil || !strings.Contains(err.Error(), "does not lie in the file") {
		t.Errorf("cut: %v", err)
	}
}

func TestSeveralGoroutines(t *testing.T) {
	shared := NewFonts(fonts.All()...)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for _, h := range headlines(t)[:40] {
				if p, err := shared.Shape(h.Text, h.style(Serif)); err == nil {
					p.Fit(Box{Width: 900, Height: 300, Max: 60, Min: 30, MaxLines: 4, LineHeight: 1.3})
				}
			}
		})
	}
	group.Wait()
}

func FuzzCheckFont(f *testing.F) {
	data := fontFile(f, "NotoSansThai_700Bold.ttf")
	f.Add(1000, byte(7), 0)
	f.Add(20, byte(255), 30000)
	f.Fuzz(func(t *testing.T, at int, b byte, cut int) {
		body := bytes.Clone(data)
		if at >= 0 && at < len(body) {
			body[at] = b
		}
		if cut > 0 && cut < len(body) {
			body = body[:cut]
		}
		_ = CheckFont("site.ttf", body) // whatever it says, it says it
	})
}
