package photo

import (
	"context"
	"encoding/binary"
	"math"
	"testing"
)

// TestKnownMatrices compares with the numbers that the standards print.
func TestKnownMatrices(t *testing.T) {
	for name, c := range map[string]struct {
		of   xy
		want [9]float64 // rounded, D50
	}{
		"sRGB (IEC 61966-2-1, as ICC has it)": {bt709, [9]float64{.4361, .3851, .1431, .2225, .7169, .0606, .0139, .0971, .7141}},
		"Adobe RGB (1998)":                    {adobe1998, [9]float64{.6097, .2053, .1492, .3111, .6257, .0632, .0195, .0609, .7446}},
		"Display P3":                          {displayP3, [9]float64{.5151, .2920, .1571, .2412, .6922, .0666, -.0011, .0419, .7841}},
	} {
		got, ok := matrixOf(c.of)
		for i := range got {
			if !ok || math.Abs(got[i]-c.want[i]) > .0006 {
				t.Errorf("%s: %.4f, want %.4f", name, got, c.want)
				break
			}
		}
	}
}

func TestPNGColourChunks(t *testing.T) {
	row := []byte{0, 128, 128, 128, 128, 128, 128, 200, 60, 60, 200, 60, 60}
	gray := func(n uint32) []byte { return pngChunk("gAMA", binary.BigEndian.AppendUint32(nil, n)) }
	primaries := func(v ...uint32) []byte {
		var b []byte
		for _, n := range v {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return pngChunk("cHRM", b)
	}
	p3 := primaries(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
	for _, c := range []struct {
		name  string
		chunk []byte
		gray  int    // what 128 becomes
		red   [3]int // what 200, 60, 60 becomes
	}{
		{"none", nil, 128, [3]int{200, 60, 60}},
		{"gAMA 45455", gray(45455), 128, [3]int{200, 60, 60}},
		{"gAMA 100000: linear", gray(100000), 188, [3]int{229, 133, 133}},
		{"sRGB wins over gAMA", append(gray(100000), pngChunk("sRGB", []byte{0})...), 128, [3]int{200, 60, 60}},
		{"cHRM of Display P3", p3, 128, [3]int{217, 43, 52}},
		{"cICP Display P3", pngChunk("cICP", []byte{12, 13, 0, 1}), 128, [3]int{217, 43, 52}},
		{"cHRM on one line", primaries(31270, 32900, 1, 1, 1, 1, 1, 1), 128, [3]int{200, 60, 60}},
		{"cHRM of zeros", primaries(0, 0, 0, 0, 0, 0, 0, 0), 128, [3]int{200, 60, 60}},
		{"gAMA 0", gray(0), 128, [3]int{200, 60, 60}},
	} {
		data := pngOf(header(4, 1, 8, 2, 0), c.chunk, pngChunk("IDAT", deflated(row)), pngChunk("IEND", nil))
		p, err := Open(data, Limits{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for i, want := range [][3]int{{c.gray, c.gray, c.gray}, c.red} {
			f, err := p.Frame(context.Background(), Rect{float64(i) / 2, 0, float64(i+1) / 2, 1}, 4, 4, false)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			// Colours bleed by a pixel in 4:2:0, so each is judged by the luma at its own end.
			got := int(f.Y.Pix[i*(3*f.Y.Stride+3)])
			if y := int(luma(int32(want[0]), int32(want[1]), int32(want[2]))); abs(got-y) > 3 {
				t.Errorf("%s: pixel %d has luma %d, want %d", c.name, i, got, y)
			}
		}
		if p.colour != nil {
			r, g, b := p.colour.rgb(200, 60, 60)
			if abs(int(r)-c.red[0]) > 2 || abs(int(g)-c.red[1]) > 2 || abs(int(b)-c.red[2]) > 2 {
				t.Errorf("%s: %d %d %d, want %v", c.name, r, g, b, c.red)
			}
		} else if c.red != [3]int{200, 60, 60} {
			t.Errorf("%s: no conversion", c.name)
		}
	}
}

func TestParametricCurves(t *testing.T) {
	// sRGB as ICC's type 3 (the usual form) and as type 4 with nothing added.
	srgb := [7]float64{2.4, 1 / 1.055, .055 / 1.055, 1 / 12.92, .04045, 0, 0}
	for x := 0.0; x <= 1; x += 1. / 64 {
		for kind, want := range map[int]float64{0: math.Pow(x, 2.4), 3: sRGBCurve(x), 4: sRGBCurve(x)} {
			if got := parametric(kind, srgb)(x); math.Abs(got-want) > 1e-4 {
				t.Errorf("type %d at %.3f: %.4f, want %.4f", kind, x, got, want)
			}
		}
		// Types 1 and 2 begin at −b/a.
		if got, want := parametric(2, [7]float64{2, 2, -1, .25})(x), .25+math.Pow(max(0, 2*x-1), 2); math.Abs(got-want) > 1e-9 {
			t.Errorf("type 2 at %.3f: %.4f, want %.4f", x, got, want)
		}
		if got, want := parametric(1, [7]float64{2, 2, -1})(x), math.Pow(max(0, 2*x-1), 2); math.Abs(got-want) > 1e-9 {
			t.Errorf("type 1 at %.3f: %.4f, want %.4f", x, got, want)
		}
	}
}

// profileOf makes an ICC profile out of tags.
func profileOf(space, connection string, tags map[string][]byte) []byte {
	b := make([]byte, 132)
	copy(b[16:], space)
	copy(b[20:], connection)
	copy(b[36:], "acsp")
	binary.BigEndian.PutUint32(b[128:], uint32(len(tags)))
	at := 132 + 12*len(tags)
	var values []byte
	for name, v := range tags {
		b = append(b, name...)
		b = binary.BigEndian.AppendUint32(b, uint32(at+len(values)))
		b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
		values = append(values, v...)
	}
	return append(b, values...)
}

func gammaCurve(g float64) []byte {
	return binary.BigEndian.AppendUint16([]byte("curv\x00\x00\x00\x00\x00\x00\x00\x01"), uint16(g*256))
}

// TestProfilesOfEveryKind looks at what mid-gray becomes.
func TestProfilesOfEveryKind(t *testing.T) {
	xyz := func(v ...float64) []byte {
		b := []byte("XYZ \x00\x00\x00\x00")
		for _, f := range v {
			b = binary.BigEndian.AppendUint32(b, uint32(int32(f*65536)))
		}
		return b
	}
	rgb := func(curve []byte) []byte {
		return profileOf("RGB ", "XYZ ", map[string][]byte{"rXYZ": xyz(.4361, .2225, .0139), "gXYZ": xyz(.3851, .7169, .0971),
			"bXYZ": xyz(.1431, .0606, .7141), "rTRC": curve, "gTRC": curve, "bTRC": curve})
	}
	table := []byte("curv\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x40\x00\xff\xff")
	lying := []byte("curv\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00")
	gray := profileOf("GRAY", "XYZ ", map[string][]byte{"kTRC": gammaCurve(1)})
	for _, c := range []struct {
		name    string
		profile []byte
		kind    byte // of PNG
		want    int
	}{
		{"linear gray", gray, 0, 188},
		{"gray onto Lab", profileOf("GRAY", "Lab ", map[string][]byte{"kTRC": gammaCurve(1)}), 0, 120},
		{"gray profile in an RGB picture", gray, 2, 128},
		{"linear RGB", rgb(gammaCurve(1)), 2, 188},
		{"linear RGB in a gray picture", rgb(gammaCurve(1)), 0, 188},
		{"identity curve", rgb([]byte("curv\x00\x00\x00\x00\x00\x00\x00\x00")), 2, 188},
		{"table", rgb(table), 2, 138},
		{"a table that lies about its length", rgb(lying), 2, 128},
		{"tables onto Lab", profileOf("RGB ", "Lab ", map[string][]byte{"A2B0": table}), 2, 128},
		{"CMYK", profileOf("CMYK", "Lab ", nil), 2, 128},
		{"no tags", profileOf("RGB ", "XYZ ", nil), 2, 128},
		{"far primaries", profileOf("RGB ", "XYZ ", map[string][]byte{"rXYZ": xyz(300, 300, 300), "gXYZ": xyz(0, 0, 0), "bXYZ": xyz(0, 0, 0),
			"rTRC": table, "gTRC": table, "bTRC": table}), 2, 128},
		{"cut off", gray[:140], 0, 128},
		{"empty", nil, 0, 128},
	} {
		row := []byte{0, 128, 128, 128}
		data := pngOf(header(1, 1, 8, c.kind, 0), pngChunk("iCCP", append([]byte("p\x00\x00"), deflated(c.profile)...)),
			pngChunk("IDAT", deflated(row[:2+c.kind])), pngChunk("IEND", nil))
		p, err := Open(data, Limits{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		f, err := p.Frame(context.Background(), Whole, 2, 2, false)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := mean(f, 0, 0); abs(got[0]-c.want) > 2 || abs(got[1]-c.want) > 2 || abs(got[2]-c.want) > 2 {
			t.Errorf("%s (%s): %v, want %d", c.name, p.Info().Profile, got, c.want)
		}
	}
}
