package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"cutline/internal/jpeg"
)

// Signatures at the start of APPn segments.
const (
	sigEXIF      = "Exif\x00"                               // APP1; one more byte of padding follows
	sigXMP       = "http://ns.adobe.com/xap/1.0/\x00"       // APP1, XMP part 3, 1.1.3
	sigExtended  = "http://ns.adobe.com/xmp/extension/\x00" // APP1, XMP part 3, 1.1.3.1
	sigPhotoshop = "Photoshop 3.0\x00"                      // APP13: image resource blocks
	sigICC       = "ICC_PROFILE\x00"                        // APP2, ICC.1 annex B.4
)

// extension is an extended XMP packet as it is put together from its pieces.
type extension struct {
	packet []byte // as long as the pieces claim, within the limit
	filled int    // bytes that have come
}

// scanJPEG walks the segments before the first scan (ITU-T T.81, annex B) and has package jpeg judge the rest.
func (f *file) scanJPEG(l Limits) *Refused {
	var resources []byte // all APP13 segments joined: a resource may run over their border
	var pieces [][]byte  // of the ICC profile, by number
	data := f.data
	for i := 2; i+4 <= len(data); {
		if data[i] != 0xff { // between segments there is only a marker; package jpeg says what is wrong here
			break
		}
		marker := data[i+1]
		if marker == 0xff { // fill byte
			i++
			continue
		}
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd8 { // markers without a segment
			i += 2
			continue
		}
		if marker == 0xd9 || marker == 0xda {
			break
		}
		end := i + 2 + int(binary.BigEndian.Uint16(data[i+2:]))
		if end < i+4 || end > len(data) {
			break
		}
		body := data[i+4 : end]
		switch {
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			if f.w == 0 && len(body) >= 5 {
				f.h, f.w = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
			}
		case marker == 0xe1:
			f.app1(body, l)
		case marker == 0xe2 && bytes.HasPrefix(body, []byte(sigICC)) && len(body) > len(sigICC)+2:
			number, count := int(body[len(sigICC)]), int(body[len(sigICC)+1])
			if pieces == nil {
				pieces = make([][]byte, count)
			}
			if number >= 1 && number <= len(pieces) && pieces[number-1] == nil {
				pieces[number-1] = body[len(sigICC)+2:]
			}
		case marker == 0xed && bytes.HasPrefix(body, []byte(sigPhotoshop)):
			if part := body[len(sigPhotoshop):]; len(resources)+len(part) <= l.Metadata {
				resources = append(resources, part...)
			}
		}
		i = end
	}
	f.photoshop(resources)
	if icc := bytes.Join(pieces, nil); len(icc) > 0 && len(icc) <= l.Metadata {
		f.icc = icc
	}
	if f.exif != nil {
		f.turn = readTIFF(f.exif).turn
	}
	if f.w > 0 && f.h > 0 {
		if refused := f.judge(l); refused != nil {
			return refused
		}
	}
	head, err := jpeg.ReadHeader(data, l.jpeg())
	if err != nil {
		return f.refusedBy(err)
	}
	f.w, f.h, f.inks = head.W, head.H, head.Components
	return nil
}

// refusedBy turns what package jpeg says into ours. The reasons are the same words.
func (f *file) refusedBy(err error) *Refused {
	var e *jpeg.Error
	if errors.As(err, &e) {
		return f.refuse(e.Reason, "%s", e.Detail)
	}
	return f.refuse(Damaged, "%v", err)
}

// app1 keeps EXIF, XMP and the pieces of extended XMP.
func (f *file) app1(body []byte, l Limits) {
	switch {
	case bytes.HasPrefix(body, []byte(sigEXIF)) && len(body) > len(sigEXIF):
		if f.exif == nil {
			f.exif = body[len(sigEXIF)+1:]
		}
	case bytes.HasPrefix(body, []byte(sigXMP)):
		if f.xmp == nil {
			f.xmp = body[len(sigXMP):]
		}
	case bytes.HasPrefix(body, []byte(sigExtended)):
		body = body[len(sigExtended):]
		if len(body) < 40 { // GUID 32, whole length 4, offset 4
			return
		}
		guid := string(body[:32])
		length, offset := int64(binary.BigEndian.Uint32(body[32:])), int64(binary.BigEndian.Uint32(body[36:]))
		part := body[40:]
		x := f.more[guid]
		if x == nil {
			// The claimed length is believed only as far as the file itself could fill it.
			if length > int64(l.Metadata) || length > int64(len(f.data)) || len(f.more) >= 4 {
				return
			}
			x = &extension{packet: make([]byte, length)}
			if f.more == nil {
				f.more = map[string]*extension{}
			}
			f.more[guid] = x
		}
		if offset+int64(len(part)) <= int64(len(x.packet)) {
			x.filled += copy(x.packet[offset:], part)
		}
	}
}

// photoshop finds IIM and its digest among Photoshop's image resource blocks: "8BIM" (or the signature of another program's
// block, which is passed over), number, name as a Pascal string padded to even length, length, data padded to even length.
func (f *file) photoshop(b []byte) {
	for len(b) >= 12 && slices.Contains([]string{"8BIM", "PHUT", "MeSa", "AgHg", "DCSR"}, string(b[:4])) {
		number := binary.BigEndian.Uint16(b[4:])
		name := 1 + int(b[6])
		at := 6 + name + name&1
		if len(b) < at+4 {
			return
		}
		size := int64(binary.BigEndian.Uint32(b[at:]))
		at += 4
		if size > int64(len(b)-at) {
			return
		}
		body := b[at : at+int(size)]
		switch {
		case string(b[:4]) != "8BIM":
		case number == 0x0404 && f.iim == nil:
			f.iim = body
		case number == 0x0425 && f.digest == nil && len(body) == 16:
			f.digest = body
		}
		b = b[min(len(b), at+int(size+size&1)):]
	}
}
