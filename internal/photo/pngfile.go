package photo

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
)

// pngHeader is what the chunks of a PNG (W3C, third edition) say before and beside its pixels.
type pngHeader struct {
	depth, kind byte   // bits a sample; colour type: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha
	interlaced  bool   // Adam7
	palette     []byte // PLTE: RGB triples
	transparent []byte // tRNS
	idat        int    // offset of the first IDAT chunk
	srgb        bool   // an sRGB chunk: colours are sRGB whatever gAMA says
	gamma       uint32 // gAMA × 100,000; 0: none
	primaries   []byte // cHRM, 32 bytes; nil: none
	cicp        []byte // cICP, 4 bytes; nil: none
}

// inflations is how many blocks of compressed metadata are inflated at most: XMP, a profile, raw profiles.
const inflations = 8

// scanPNG walks the chunks. Of CRCs those of header and palette are asked here, the pixels' when they are decoded.
func (f *file) scanPNG(l Limits) *Refused {
	data, p := f.data, &f.png
	budget := inflations
	inflate := func(b []byte) []byte {
		if budget--; budget < 0 {
			return nil
		}
		return inflated(b, l.Metadata)
	}
	for i := 8; i+12 <= len(data); {
		size := int64(binary.BigEndian.Uint32(data[i:]))
		kind := string(data[i+4 : i+8])
		if int64(i)+12+size > int64(len(data)) {
			if kind == "IDAT" && p.idat == 0 {
				p.idat = i
			}
			break
		}
		body := data[i+8 : i+8+int(size)]
		if i == 8 && (kind != "IHDR" || size != 13) {
			return f.refuse(Damaged, "does not begin with IHDR")
		}
		if kind == "IHDR" || kind == "PLTE" {
			if crc32.ChecksumIEEE(data[i+4:i+8+int(size)]) != binary.BigEndian.Uint32(data[i+8+int(size):]) {
				return f.refuse(Damaged, "a wrong checksum in %s", kind)
			}
		}
		switch kind {
		case "IHDR":
			w, h := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
			if i != 8 {
				return f.refuse(Damaged, "a second IHDR")
			}
			f.w, f.h = int(w), int(h)
			p.depth, p.kind, p.interlaced = body[8], body[9], body[12] == 1
			if refused := f.judge(l); refused != nil {
				return refused
			}
			if channels[p.kind&7] == 0 || p.kind > 6 || !strings.Contains(depths[p.kind], string('0'+rune(p.depth))) || body[10] != 0 || body[11] != 0 || body[12] > 1 {
				return f.refuse(Damaged, "an IHDR that the standard does not know")
			}
			f.alpha = p.kind == 4 || p.kind == 6
			if p.kind == 0 || p.kind == 4 {
				f.inks = 1
			}
		case "PLTE":
			if p.idat == 0 {
				p.palette = body
			}
		case "tRNS":
			if p.idat == 0 {
				p.transparent, f.alpha = body, true
			}
		case "IDAT":
			if p.idat == 0 {
				p.idat = i
			}
		case "sRGB":
			p.srgb = true
		case "gAMA":
			if size == 4 {
				p.gamma = binary.BigEndian.Uint32(body)
			}
		case "cHRM":
			if size == 32 {
				p.primaries = body
			}
		case "cICP":
			if size == 4 {
				p.cicp = body
			}
		case "iCCP":
			if _, rest, ok := bytes.Cut(body, []byte{0}); ok && len(rest) > 1 && rest[0] == 0 && f.icc == nil {
				f.icc = inflate(rest[1:])
			}
		case "eXIf":
			if f.exif == nil {
				f.exif = bytes.TrimPrefix(body, []byte("Exif\x00\x00"))
			}
		case "iTXt":
			f.internationalText(body, inflate)
		case "zTXt":
			if key, rest, ok := bytes.Cut(body, []byte{0}); ok && len(rest) > 1 && rest[0] == 0 && rawProfile(key) {
				f.rawProfile(string(key), inflate(rest[1:]))
			}
		case "tEXt":
			if key, rest, ok := bytes.Cut(body, []byte{0}); ok && rawProfile(key) {
				f.rawProfile(string(key), rest)
			}
		}
		i += 12 + int(size)
		if kind == "IEND" {
			break
		}
	}
	if f.w == 0 {
		return f.refuse(Truncated, "ends before its header does")
	}
	if p.idat == 0 {
		return f.refuse(Truncated, "ends before its picture begins")
	}
	if p.kind == 3 && (len(p.palette) < 3 || len(p.palette)%3 != 0 || len(p.palette) > 768) {
		return f.refuse(Damaged, "a palette of %d bytes", len(p.palette))
	}
	if p.interlaced && int64(f.w)*int64(f.h)*4 > l.Memory {
		return f.refuse(TooLarge, "%d × %d pixels, interlaced: over %d MB of memory", f.w, f.h, l.Memory>>20)
	}
	if f.exif != nil {
		f.turn = readTIFF(f.exif).turn
	}
	return nil
}

// channels and depths of PNG's colour types (11.2.1); a depth is one byte after '0', so 16 is '@'.
var (
	channels = [8]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
	depths   = [8]string{0: "1248@", 2: "8@", 3: "1248", 4: "8@", 6: "8@"}
)

// inflated is what a zlib stream grows to, or nil where it is broken or grows over the limit.
func inflated(b []byte, limit int) []byte {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	if err != nil || len(out) > limit {
		return nil
	}
	return out
}

// internationalText reads XMP from an iTXt chunk: keyword, NUL, compressed?, method, language, NUL, keyword, NUL, text.
func (f *file) internationalText(body []byte, inflate func([]byte) []byte) {
	key, rest, ok := bytes.Cut(body, []byte{0})
	if !ok || string(key) != "XML:com.adobe.xmp" || len(rest) < 2 || f.xmp != nil {
		return
	}
	compressed, fields := rest[0] == 1, bytes.SplitN(rest[2:], []byte{0}, 3)
	if len(fields) < 3 {
		return
	}
	f.xmp = fields[2]
	if compressed {
		f.xmp = inflate(f.xmp)
	}
}

// rawProfile says whether a text chunk holds a block of metadata the way ImageMagick writes it.
func rawProfile(key []byte) bool { return bytes.HasPrefix(key, []byte("Raw profile type ")) }

// rawProfile reads such a block: newline, name, newline, length, newline, hex digits in lines.
func (f *file) rawProfile(key string, text []byte) {
	parts := strings.SplitN(strings.TrimLeft(string(text), "\n"), "\n", 3)
	if len(parts) < 3 {
		return
	}
	size, err := strconv.Atoi(strings.TrimSpace(parts[1]))
	if err != nil {
		return
	}
	block, err := hex.DecodeString(strings.Join(strings.Fields(parts[2]), ""))
	if err != nil || len(block) != size {
		return
	}
	switch strings.TrimPrefix(key, "Raw profile type ") {
	case "exif", "APP1":
		if xmp, ok := bytes.CutPrefix(block, []byte(sigXMP)); ok && f.xmp == nil {
			f.xmp = xmp
		}
		if f.exif == nil && bytes.HasPrefix(block, []byte("Exif\x00\x00")) {
			f.exif = block[6:]
		}
	case "iptc", "8bim":
		if bytes.HasPrefix(block, []byte("8BIM")) {
			f.photoshop(block)
		} else if f.iim == nil {
			f.iim = block
		}
	case "xmp":
		if f.xmp == nil {
			f.xmp = block
		}
	}
}
