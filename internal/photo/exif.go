package photo

import "encoding/binary"

// tiff is what is read of an EXIF block or a TIFF file (TIFF 6.0, EXIF 2.32). Texts are as stored, not yet cleaned.
// Nothing else of the block is looked at: no place, no serial number, no thumbnail.
type tiff struct {
	width, height int         // 0x0100, 0x0101 of the first directory; meaningful in TIFF files
	turn          orientation // 0x0112; 1 where there is none or an unknown one
	description   string      // 0x010E ImageDescription
	artist        string      // 0x013B Artist
	copyright     string      // 0x8298 Copyright: the photographer's part, else the editor's
	adobeRGB      bool        // interoperability index R03 (DCF 2.0): the colours are Adobe RGB though no profile says so
}

// readTIFF reads the first directory, and the interoperability index behind it. Wrong offsets and counts end the
// reading; directories are followed only along the one path that is needed, so a loop cannot occur.
func readTIFF(b []byte) tiff {
	t := tiff{turn: 1}
	var order binary.ByteOrder
	switch {
	case len(b) < 8:
		return t
	case string(b[:4]) == "II*\x00":
		order = binary.LittleEndian
	case string(b[:4]) == "MM\x00*":
		order = binary.BigEndian
	default:
		return t
	}
	var exif uint32
	entries(b, order, order.Uint32(b[4:]), func(tag, kind uint16, value []byte) {
		switch tag {
		case 0x0100:
			t.width = int(number(order, kind, value))
		case 0x0101:
			t.height = int(number(order, kind, value))
		case 0x0112:
			if n := number(order, kind, value); n >= 1 && n <= 8 {
				t.turn = orientation(n)
			}
		case 0x010e:
			t.description = untilNUL(value)
		case 0x013b:
			t.artist = untilNUL(value)
		case 0x8298:
			t.copyright = untilNUL(value)
			if rest := len(t.copyright) + 1; clean(decodeText(t.copyright)) == "" && rest < len(value) {
				t.copyright = untilNUL(value[rest:])
			}
		case 0x8769:
			exif = number(order, kind, value)
		}
	})
	if exif == 0 {
		return t
	}
	var interop uint32
	entries(b, order, exif, func(tag, kind uint16, value []byte) {
		if tag == 0xa005 {
			interop = number(order, kind, value)
		}
	})
	if interop != 0 {
		entries(b, order, interop, func(tag, kind uint16, value []byte) {
			t.adobeRGB = t.adobeRGB || tag == 0x0001 && untilNUL(value) == "R03"
		})
	}
	return t
}

// entries calls each for the entries of the directory at an offset whose values lie inside the block. A directory
// has at most 65,535 entries by its format; ours is cut to 1,000, far over any real one.
func entries(b []byte, order binary.ByteOrder, at uint32, each func(tag, kind uint16, value []byte)) {
	if int64(at)+2 > int64(len(b)) {
		return
	}
	n := min(int(order.Uint16(b[at:])), 1000)
	for i := range n {
		e := int64(at) + 2 + 12*int64(i)
		if e+12 > int64(len(b)) {
			return
		}
		tag, kind, count := order.Uint16(b[e:]), order.Uint16(b[e+2:]), order.Uint32(b[e+4:])
		size := int64(count) * unitSize(kind) // both below 2^36: no overflow
		start := e + 8
		if size > 4 {
			start = int64(order.Uint32(b[e+8:]))
		}
		if size == 0 || start+size > int64(len(b)) {
			continue
		}
		each(tag, kind, b[start:start+size])
	}
}

// unitSize is the size of one value of a TIFF type in bytes; 0 for an unknown type.
func unitSize(kind uint16) int64 {
	switch kind {
	case 1, 2, 6, 7, 129: // BYTE, ASCII, SBYTE, UNDEFINED, UTF-8 (EXIF 3.0)
		return 1
	case 3, 8:
		return 2
	case 4, 9, 11, 13:
		return 4
	case 5, 10, 12:
		return 8
	}
	return 0
}

// number is the first value of a SHORT, LONG or BYTE entry.
func number(order binary.ByteOrder, kind uint16, value []byte) uint32 {
	switch {
	case kind == 1:
		return uint32(value[0])
	case kind == 3:
		return uint32(order.Uint16(value))
	case kind == 4 || kind == 13:
		return order.Uint32(value)
	}
	return 0
}

// untilNUL is a text up to its terminating NUL.
func untilNUL(value []byte) string {
	for i, c := range value {
		if c == 0 {
			return string(value[:i])
		}
	}
	return string(value)
}
