package photo

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Formats as Info.Format names them.
const (
	formatJPEG = "jpeg"
	formatPNG  = "png"
	formatGIF  = "gif"
	formatWebP = "webp"
)

// file is a picture file taken apart: where its blocks of metadata are, and what its header says of its pixels.
// The byte slices point into the file, or hold what was inflated from it within the limits.
type file struct {
	data   []byte                // the whole file
	format string                // formatJPEG, …
	w, h   int                   // pixels as stored, both at least 1
	exif   []byte                // TIFF structure as EXIF 2.32 has it, without "Exif\0\0"; nil: none
	iim    []byte                // IPTC IIM datasets; nil: none
	digest []byte                // MD5 of the IIM block when XMP was last written (Photoshop resource 0x0425); nil: none
	xmp    []byte                // main XMP packet; nil: none
	more   map[string]*extension // extended XMP packets by GUID (XMP part 3, 1.1.3.1); nil: none
	icc    []byte                // ICC profile; nil: none
	png    pngHeader             // for formatPNG
	webp   webpHeader            // for formatWebP
	inks   int                   // colour channels as stored, without alpha: 1 gray, 3 RGB or YCbCr, 4 CMYK or YCCK
	alpha  bool                  // the header says that parts may be transparent
	turn   orientation           // how the stored picture is turned to be shown
}

// orientation is EXIF's tag 0x0112: 1 as stored, 2–8 turned or mirrored. Other numbers are read as 1.
type orientation int

// swaps says whether width and height change places.
func (o orientation) swaps() bool { return o >= 5 && o <= 8 }

// shown is the size of the picture as shown.
func (f *file) shown() (w, h int) {
	if f.turn.swaps() {
		return f.h, f.w
	}
	return f.w, f.h
}

// refuse makes the error for this file.
func (f *file) refuse(reason, format string, args ...any) *Refused {
	w, h := f.shown()
	return &Refused{Reason: reason, Detail: fmt.Sprintf(format, args...), Format: f.format, Width: w, Height: h}
}

// scan finds out by its first bytes what a file is, walks its structure and judges its size. Names and content
// types are not asked: only the content decides.
func scan(data []byte, l Limits) (file, *Refused) {
	f := file{data: data, turn: 1, inks: 3}
	if len(data) == 0 {
		return f, f.refuse(Empty, "no bytes")
	}
	if int64(len(data)) > l.Bytes {
		return f, f.refuse(TooLarge, "%d bytes, over %d", len(data), l.Bytes)
	}
	var refused *Refused
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		f.format = formatJPEG
		refused = f.scanJPEG(l)
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		f.format = formatPNG
		refused = f.scanPNG(l)
	case bytes.HasPrefix(data, []byte("GIF87a")), bytes.HasPrefix(data, []byte("GIF89a")):
		f.format = formatGIF
		refused = f.scanGIF(l)
	case bytes.HasPrefix(data, []byte("RIFF")) && len(data) >= 12 && string(data[8:12]) == "WEBP":
		f.format = formatWebP
		refused = f.scanWebP(l)
	default:
		refused = f.scanOther(l)
	}
	return f, refused
}

// maxSide is the longest side that a JPEG could have, asked of all formats: memory for single rows stays small then.
const maxSide = 65535

// judge refuses a picture by the size that its header claims.
func (f *file) judge(l Limits) *Refused {
	switch {
	case f.w <= 0 || f.h <= 0:
		return f.refuse(Damaged, "%d × %d pixels", f.w, f.h)
	case f.w > maxSide || f.h > maxSide:
		return f.refuse(TooLarge, "%d × %d pixels, over %d along one side", f.w, f.h, maxSide)
	case int64(f.w) > l.Pixels/int64(f.h):
		return f.refuse(TooLarge, "%d × %d pixels, over %d million", f.w, f.h, l.Pixels/1_000_000)
	}
	return nil
}

// others are picture formats that are known but not read, by their first bytes (from the offset given).
var others = []struct {
	format string
	at     int
	magic  string
}{
	{"tiff", 0, "II*\x00"}, {"tiff", 0, "MM\x00*"}, {"tiff", 0, "II+\x00"}, {"tiff", 0, "MM\x00+"},
	{"avif", 4, "ftypavif"}, {"avif", 4, "ftypavis"},
	{"heic", 4, "ftyphei"}, {"heic", 4, "ftyphev"}, {"heic", 4, "ftypmif1"}, {"heic", 4, "ftypmsf1"},
	{"jpeg-xl", 0, "\xff\x0a"}, {"jpeg-xl", 4, "JXL \r\n\x87\n"},
	{"jpeg-2000", 4, "jP  \r\n\x87\n"}, {"jpeg-2000", 0, "\xff\x4f\xff\x51"},
	{"psd", 0, "8BPS"}, {"ico", 0, "\x00\x00\x01\x00"}, {"eps", 0, "%!PS-Adobe"}, {"eps", 0, "\xc5\xd0\xd3\xc6"},
	{"raw", 0, "FUJIFILMCCD-RAW"}, {"raw", 4, "ftypcrx "}, {"jxr", 0, "II\xbc"},
}

// scanOther refuses what is not read, by name.
func (f *file) scanOther(l Limits) *Refused {
	data := f.data
	if bytes.HasPrefix(data, []byte("BM")) && len(data) >= 26 {
		return f.scanBMP(l)
	}
	for _, o := range others {
		if len(data) >= o.at && bytes.HasPrefix(data[o.at:], []byte(o.magic)) {
			f.format = o.format
			f.claimedSize()
			if f.w > 0 && f.h > 0 {
				if refused := f.judge(l); refused != nil {
					return refused
				}
			}
			return f.refuse(Unsupported, "%s is not read: send JPEG, PNG, GIF or WebP", o.format)
		}
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if hasPrefixFold(text, "<svg") {
		f.format = "svg"
		return f.refuse(Unsupported, "SVG is never drawn: send JPEG, PNG, GIF or WebP")
	}
	return f.refuse(NotAnImage, "%s", looksLike(text))
}

// looksLike says for the desk what came in place of a picture.
func looksLike(text []byte) string {
	switch {
	case hasPrefixFold(text, "<!doctype html"), hasPrefixFold(text, "<html"):
		return "a web page"
	case hasPrefixFold(text, "<?xml"):
		return "an XML document"
	case bytes.HasPrefix(text, []byte("%PDF")):
		return "a PDF document"
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return "a JSON document"
	}
	return "its first bytes are those of no picture"
}

func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && bytes.EqualFold(b[:len(prefix)], []byte(prefix))
}

// scanBMP reads a BMP's size, so that one that claims too much is told apart from one that is merely not read.
func (f *file) scanBMP(l Limits) *Refused {
	f.format = "bmp"
	if size := binary.LittleEndian.Uint32(f.data[14:]); size == 12 {
		f.w, f.h = int(binary.LittleEndian.Uint16(f.data[18:])), int(binary.LittleEndian.Uint16(f.data[20:]))
	} else if size >= 40 && size <= 256 {
		f.w, f.h = int(int32(binary.LittleEndian.Uint32(f.data[18:]))), int(int32(binary.LittleEndian.Uint32(f.data[22:])))
		f.h = max(f.h, -f.h) // rows from the top down have a negative height
	} else {
		return f.refuse(NotAnImage, "its first bytes are those of no picture")
	}
	if refused := f.judge(l); refused != nil {
		return refused
	}
	return f.refuse(Unsupported, "bmp is not read: send JPEG, PNG, GIF or WebP")
}

// claimedSize reads the size of a TIFF, or of an AVIF or HEIC from its first image property (ISO/IEC 23008-12,
// ispe). It stays 0 × 0 where that cannot be had: it only makes the refusal's message better.
func (f *file) claimedSize() {
	switch f.format {
	case "tiff":
		t := readTIFF(f.data)
		f.w, f.h = t.width, t.height
	case "avif", "heic":
		head := f.data[:min(len(f.data), 64<<10)]
		if i := bytes.Index(head, []byte("ispe\x00\x00\x00\x00")); i >= 0 && len(head) >= i+16 {
			f.w, f.h = int(binary.BigEndian.Uint32(head[i+8:])), int(binary.BigEndian.Uint32(head[i+12:]))
		}
	}
}

// isSVG says whether a text is an SVG drawing, with or without an XML declaration, comments and a document type
// before it.
func isSVG(data []byte) bool {
	head := bytes.ToLower(data[:min(len(data), 4096)])
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	for {
		var end string
		switch {
		case bytes.HasPrefix(text, []byte("<svg")):
			return true
		case bytes.HasPrefix(text, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(text, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(text, []byte("<!doctype svg")):
			end = ">"
		default:
			return false
		}
		_, rest, ok := bytes.Cut(text, []byte(end))
		if !ok {
			return false
		}
		text = bytes.TrimLeft(rest, " \t\r\n")
	}
}
