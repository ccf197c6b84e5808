package photo

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf16"
)

// shaper is a colour space of three primaries and a curve each, or of gray and one curve: what a matrix profile of
// ICC.1 says, and what gAMA, cHRM and cICP say of a PNG. Its white is D50, ICC's connection space.
type shaper struct {
	name   string                   // for Info.Profile; also of a profile that is not read
	gray   bool                     // one curve, no matrix
	curve  [3]func(float64) float64 // stored value to light, both 0 … 1
	matrix [9]float64               // light of the three channels to XYZ (D50), row by row
}

// readICC reads a profile of the matrix or gray kind. Of others (tables, CMYK, no profile at all) ok is false and
// only the name is set, if there is one.
func readICC(b []byte) (s shaper, ok bool) {
	if len(b) < 132 || string(b[36:40]) != "acsp" {
		return s, false
	}
	tags := map[string][]byte{}
	count := min(int64(binary.BigEndian.Uint32(b[128:])), 100)
	for i := range int(count) {
		e := 132 + 12*i
		if e+12 > len(b) {
			break
		}
		at, size := int64(binary.BigEndian.Uint32(b[e+4:])), int64(binary.BigEndian.Uint32(b[e+8:]))
		if at+size <= int64(len(b)) && size >= 8 {
			tags[string(b[e:e+4])] = b[at : at+size]
		}
	}
	s.name = profileName(tags["desc"])
	if string(b[20:24]) != "XYZ " && string(b[16:20]) != "GRAY" {
		return s, false // a table onto Lab
	}
	switch string(b[16:20]) {
	case "GRAY":
		s.gray = true
		curve, ok := readCurve(tags["kTRC"])
		s.curve[0] = curve
		if ok && string(b[20:24]) == "Lab " { // the curve then gives lightness, not light (ICC.1:2022, 8.4.3)
			s.curve[0] = func(x float64) float64 { return lightOf(curve(x)) }
		}
		return s, ok
	case "RGB ":
		for i, c := range []string{"r", "g", "b"} {
			xyz := tags[c+"XYZ"]
			if len(xyz) < 20 || string(xyz[:4]) != "XYZ " {
				return s, false
			}
			for row := range 3 {
				s.matrix[3*row+i] = fixed(xyz[8+4*row:])
			}
			if s.curve[i], ok = readCurve(tags[c+"TRC"]); !ok {
				return s, false
			}
		}
		return s, true
	}
	return s, false
}

// lightOf is CIE 1976 lightness, here 0 … 1, to light.
func lightOf(lightness float64) float64 {
	if lightness <= .08 {
		return lightness / 9.033
	}
	return math.Pow((lightness+.16)/1.16, 3)
}

// fixed is an s15Fixed16Number.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

// readCurve reads a curveType or a parametricCurveType (ICC.1:2022, 10.6 and 10.18).
func readCurve(b []byte) (func(float64) float64, bool) {
	if len(b) < 12 {
		return nil, false
	}
	switch string(b[:4]) {
	case "curv":
		n := int64(binary.BigEndian.Uint32(b[8:]))
		switch {
		case n == 0:
			return func(x float64) float64 { return x }, true
		case n > int64(len(b)-12)/2:
			return nil, false
		case n == 1:
			g := float64(binary.BigEndian.Uint16(b[12:])) / 256
			return func(x float64) float64 { return math.Pow(x, g) }, g > 0
		}
		table := b[12:]
		return func(x float64) float64 {
			at := x * float64(n-1)
			i := min(int(at), int(n)-2)
			low, high := float64(binary.BigEndian.Uint16(table[2*i:])), float64(binary.BigEndian.Uint16(table[2*i+2:]))
			part := at - float64(i)
			return (low + float64((high-low)*part)) / 65535
		}, true
	case "para":
		kind := binary.BigEndian.Uint16(b[8:])
		if kind > 4 {
			return nil, false
		}
		need := []int{1, 3, 4, 5, 7}[kind]
		if len(b) < 12+4*need {
			return nil, false
		}
		var v [7]float64
		for i := range need {
			v[i] = fixed(b[12+4*i:])
		}
		return parametric(int(kind), v), v[0] > 0
	}
	return nil, false
}

// parametric is function type kind of ICC.1:2022, table 68, with parameters g a b c d e f.
func parametric(kind int, v [7]float64) func(float64) float64 {
	g, a, b, c, d, e, f := v[0], v[1], v[2], v[3], v[4], v[5], v[6]
	switch kind {
	case 0:
		return func(x float64) float64 { return math.Pow(x, g) }
	case 1: // zero below −b/a
		c, d, e, f = 0, 0, 0, 0
		if a != 0 {
			d = -b / a
		}
	case 2: // c below −b/a, and c added above
		c, e, f = 0, c, c
		d = 0
		if a != 0 {
			d = -b / a
		}
	case 3:
		e, f = 0, 0
	}
	return func(x float64) float64 {
		if x >= d {
			return math.Pow(max(0, float64(a*x)+b), g) + e
		}
		return float64(c*x) + f
	}
}

// profileName is a profile's description: a textDescriptionType (ICC.1:2001) or the first record of a
// multiLocalizedUnicodeType.
func profileName(b []byte) string {
	switch {
	case len(b) >= 12 && string(b[:4]) == "desc":
		n := int64(binary.BigEndian.Uint32(b[8:]))
		return clean(decodeText(untilNUL(b[12:min(int64(len(b)), 12+min(n, 200))])))
	case len(b) >= 28 && string(b[:4]) == "mluc":
		n, at := int64(binary.BigEndian.Uint32(b[20:])), int64(binary.BigEndian.Uint32(b[24:]))
		if n > 400 || at+n > int64(len(b)) {
			return ""
		}
		units := make([]uint16, n/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(b[at+2*int64(i):])
		}
		return clean(string(utf16.Decode(units)))
	}
	return ""
}

// xy are chromaticities of red, green, blue and white, as pairs.
type xy [8]float64

// Primaries by the codes of ITU-T H.273 that photos are met in.
var (
	bt709     = xy{.64, .33, .30, .60, .15, .06, .3127, .3290}
	bt2020    = xy{.708, .292, .170, .797, .131, .046, .3127, .3290}
	displayP3 = xy{.680, .320, .265, .690, .150, .060, .3127, .3290}
	adobe1998 = xy{.64, .33, .21, .71, .15, .06, .3127, .3290}
)

// matrixOf is the matrix from light of these primaries to XYZ, adapted to D50 by Bradford's method (ICC.1:2022,
// annex E). ok is false for primaries on one line.
func matrixOf(p xy) (m [9]float64, ok bool) {
	var base [9]float64
	for i := range 3 {
		x, y := p[2*i], p[2*i+1]
		base[i], base[3+i], base[6+i] = x, y, 1-x-y
	}
	if p[7] <= 0 {
		return m, false
	}
	white := [3]float64{p[6] / p[7], 1, (1 - p[6] - p[7]) / p[7]}
	back, ok := inverse(base)
	if !ok {
		return m, false
	}
	scale := apply(back, white)
	for i := range 9 {
		base[i] *= scale[i%3]
	}
	bradford := [9]float64{.8951, .2664, -.1614, -.7502, 1.7135, .0367, .0389, -.0685, 1.0296}
	from, to := apply(bradford, white), apply(bradford, [3]float64{.9642, 1, .8249})
	var cone [9]float64
	for i := range 3 {
		if from[i] == 0 {
			return m, false
		}
		cone[4*i] = to[i] / from[i]
	}
	unbradford, _ := inverse(bradford)
	return times(times(unbradford, times(cone, bradford)), base), true
}

// The three below round every product by itself, so that a machine with fused multiply-add gives the same numbers.

func times(a, b [9]float64) (m [9]float64) {
	for r := range 3 {
		for c := range 3 {
			m[3*r+c] = float64(a[3*r]*b[c]) + float64(a[3*r+1]*b[3+c]) + float64(a[3*r+2]*b[6+c])
		}
	}
	return m
}

func apply(a [9]float64, v [3]float64) (out [3]float64) {
	for r := range 3 {
		out[r] = float64(a[3*r]*v[0]) + float64(a[3*r+1]*v[1]) + float64(a[3*r+2]*v[2])
	}
	return out
}

func inverse(m [9]float64) (out [9]float64, ok bool) {
	minor := func(a, b, c, d int) float64 { return float64(m[a]*m[d]) - float64(m[b]*m[c]) }
	out = [9]float64{
		minor(4, 5, 7, 8), -minor(1, 2, 7, 8), minor(1, 2, 4, 5),
		-minor(3, 5, 6, 8), minor(0, 2, 6, 8), -minor(0, 2, 3, 5),
		minor(3, 4, 6, 7), -minor(0, 1, 6, 7), minor(0, 1, 3, 4),
	}
	det := float64(m[0]*out[0]) + float64(m[1]*out[3]) + float64(m[2]*out[6])
	if math.Abs(det) < 1e-9 || math.IsNaN(det) {
		return out, false
	}
	for i := range out {
		out[i] /= det
	}
	return out, true
}

// sRGBCurve is IEC 61966-2-1's, stored value to light.
func sRGBCurve(x float64) float64 {
	if x <= .04045 {
		return x / 12.92
	}
	return math.Pow((x+.055)/1.055, 2.4)
}

// power is a curve of one exponent.
func power(g float64) func(float64) float64 {
	return func(x float64) float64 { return math.Pow(x, g) }
}

// shaper finds the colour space of the stored colours: a profile, what PNG's chunks say, or EXIF's mark for Adobe
// RGB. ok is false where they are sRGB, as far as the file says, or cannot be read; only the name is set then.
func (f *file) shaper() (s shaper, ok bool) {
	p := &f.png
	if p.cicp != nil { // third edition: before iCCP and sRGB
		if s, ok := cicp(p.cicp); ok {
			return s, true
		}
	}
	if f.icc != nil {
		return readICC(f.icc)
	}
	if p.srgb {
		return s, false
	}
	if p.gamma != 0 || p.primaries != nil {
		return pngColours(p)
	}
	if readTIFF(f.exif).adobeRGB {
		m, ok := matrixOf(adobe1998)
		g := power(563.0 / 256)
		return shaper{name: "Adobe RGB (1998)", matrix: m, curve: [3]func(float64) float64{g, g, g}}, ok
	}
	return s, false
}

// pngColours is the colour space of gAMA and cHRM (W3C PNG, 11.3.2).
func pngColours(p *pngHeader) (s shaper, ok bool) {
	s = shaper{name: "gAMA"}
	prim := bt709
	if p.primaries != nil {
		at := func(i int) float64 { return float64(binary.BigEndian.Uint32(p.primaries[4*i:])) / 100000 }
		prim = xy{at(2), at(3), at(4), at(5), at(6), at(7), at(0), at(1)}
		s.name = "cHRM"
	}
	g := sRGBCurve // 45455 stands for sRGB everywhere, though its curve is not quite a power
	if p.gamma != 0 && (p.gamma < 44000 || p.gamma > 47000) {
		if p.gamma < 5000 || p.gamma > 500000 {
			return s, false
		}
		g = power(100000 / float64(p.gamma))
	}
	s.curve = [3]func(float64) float64{g, g, g}
	s.matrix, ok = matrixOf(prim)
	return s, ok
}

// cicp is the colour space of code points of ITU-T H.273: primaries, transfer, matrix (0 in PNG), full range.
func cicp(b []byte) (s shaper, ok bool) {
	var prim xy
	switch b[0] {
	case 1:
		prim, s.name = bt709, "BT.709"
	case 9:
		prim, s.name = bt2020, "BT.2020"
	case 12:
		prim, s.name = displayP3, "Display P3"
	default:
		return s, false
	}
	g := sRGBCurve
	switch b[1] {
	case 1, 6, 13, 14, 15: // as browsers do, BT.709's camera curve is shown like sRGB
	case 4:
		g = power(2.2)
	case 5:
		g = power(2.8)
	case 8:
		g = power(1)
	default:
		return s, false // PQ and HLG want tone mapping: the profile or plain sRGB is the better guess
	}
	s.curve = [3]func(float64) float64{g, g, g}
	s.matrix, ok = matrixOf(prim)
	return s, ok
}

// described says in Info.Profile what is done with a profile that is not read.
func (f *file) described(name string) string {
	if f.icc == nil {
		return ""
	}
	space := ""
	if len(f.icc) >= 40 && bytes.Equal(f.icc[36:40], []byte("acsp")) {
		space = strings.TrimSpace(clean(string(f.icc[16:20])))
	}
	switch {
	case space == "":
		return "not readable: shown as sRGB"
	case f.inks == 4:
		return first(name, space) + ": approximated by the plain formula R = (255 − C)(255 − K) / 255"
	}
	return first(name, space) + ": not read, shown as sRGB"
}
