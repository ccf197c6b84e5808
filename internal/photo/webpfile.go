package photo

import (
	"bytes"
	"encoding/binary"
)

// webpHeader is what the chunks of a WebP (RFC 9649) say.
type webpHeader struct {
	picture  []byte // the chunks of one picture, padded: "VP8 " or "VP8L", with "ALPH" before it where there is one
	lossless bool   // VP8L
	x, y     int    // where the first frame of an animation stands on the canvas; the others are not read
	pw, ph   int    // size of the picture in picture; the canvas may be larger
}

// chunk takes one RIFF chunk off the front: its name, its body, its bytes with header and padding, and the rest.
// whole is false where the file ends within it.
func chunk(b []byte) (name string, body, all, rest []byte, whole bool) {
	if len(b) < 8 {
		return "", nil, nil, nil, false
	}
	size := int64(binary.LittleEndian.Uint32(b[4:]))
	if size > int64(len(b)-8) {
		return string(b[:4]), b[8:], b, nil, false
	}
	end := 8 + int(size)
	body = b[8:end]
	end = min(len(b), end+end&1)
	return string(b[:4]), body, b[:end], b[end:], true
}

// scanWebP walks the chunks up to the first picture, then on for metadata.
func (f *file) scanWebP(l Limits) *Refused {
	rest := f.data[12:]
	if size := int64(binary.LittleEndian.Uint32(f.data[4:])) - 4; size >= 0 && size < int64(len(rest)) {
		rest = rest[:size] // what follows the RIFF is not part of it
	}
	truncated := false
	for len(rest) >= 8 {
		name, body, all, next, whole := chunk(rest)
		if !whole && f.webp.pw != 0 {
			break // metadata or a later frame is cut off: the picture is there
		}
		truncated = truncated || !whole
		switch name {
		case "VP8X":
			if len(body) < 10 {
				return f.refuse(Damaged, "a short VP8X chunk")
			}
			f.alpha = body[0]&0x10 != 0
			f.w, f.h = 1+int(u24(body[4:])), 1+int(u24(body[7:]))
		case "ALPH":
			if f.webp.picture == nil {
				f.webp.picture = all
			}
		case "VP8 ", "VP8L":
			if f.webp.pw == 0 {
				f.webpPicture(name, body, all)
			}
		case "ANMF":
			if f.webp.pw == 0 && len(body) > 16 {
				f.webp.x, f.webp.y = 2*int(u24(body)), 2*int(u24(body[3:]))
				for inner := body[16:]; len(inner) >= 8 && f.webp.pw == 0; {
					name, body, all, next, _ := chunk(inner)
					switch name {
					case "ALPH":
						f.webp.picture = all
					case "VP8 ", "VP8L":
						f.webpPicture(name, body, all)
					}
					inner = next
				}
			}
		case "ICCP":
			if f.icc == nil && len(body) <= l.Metadata {
				f.icc = body
			}
		case "EXIF":
			if f.exif == nil {
				f.exif = bytes.TrimPrefix(body, []byte("Exif\x00\x00"))
			}
		case "XMP ":
			if f.xmp == nil {
				f.xmp = body
			}
		}
		rest = next
	}
	if f.exif != nil {
		f.turn = readTIFF(f.exif).turn
	}
	p := &f.webp
	if f.w == 0 {
		f.w, f.h = p.pw, p.ph
	}
	if f.w == 0 {
		return f.refuse(Truncated, "ends before its picture begins")
	}
	if refused := f.judge(l); refused != nil {
		return refused
	}
	switch {
	case p.pw == 0:
		return f.refuse(Truncated, "ends before its picture begins")
	case p.x+p.pw > f.w || p.y+p.ph > f.h:
		return f.refuse(Damaged, "a picture of %d × %d on a canvas of %d × %d", p.pw, p.ph, f.w, f.h)
	case truncated:
		return f.refuse(Truncated, "ends within its picture")
	case p.lossless && int64(p.pw)*int64(p.ph)*losslessBytes > l.Memory:
		return f.refuse(TooLarge, "%d × %d pixels, lossless: over %d MB of memory", f.w, f.h, l.Memory>>20)
	}
	return nil
}

// losslessBytes is what x/image/webp takes for a pixel of VP8L while it decodes: 4.4 measured at 39 megapixels.
const losslessBytes = 5

// webpPicture keeps the bitstream of the first picture and reads its size.
func (f *file) webpPicture(name string, body, all []byte) {
	p := &f.webp
	if len(all)&1 == 1 { // the last chunk's padding may be missing
		all = append(bytes.Clone(all), 0)
	}
	p.picture = append(bytes.Clone(p.picture), all...)
	switch {
	case name == "VP8 " && len(body) >= 10 && string(body[3:6]) == "\x9d\x01\x2a": // RFC 6386, 9.1
		p.pw = int(binary.LittleEndian.Uint16(body[6:]) & 0x3fff)
		p.ph = int(binary.LittleEndian.Uint16(body[8:]) & 0x3fff)
	case name == "VP8L" && len(body) >= 5 && body[0] == 0x2f: // RFC 9649, 3.4
		n := binary.LittleEndian.Uint32(body[1:])
		p.lossless = true
		p.pw, p.ph = 1+int(n&0x3fff), 1+int(n>>14&0x3fff)
		f.alpha = f.alpha || n>>28&1 == 1
	}
}

// u24 is a little-endian number of 24 bits.
func u24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }
