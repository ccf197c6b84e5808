package photo

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
)

// iim is what is read of IPTC IIM 4.2, application record. Texts are cleaned.
type iim struct {
	credit    string   // 2:110 Credit
	creator   []string // 2:80 By-line, repeatable
	copyright string   // 2:116 Copyright Notice
	caption   string   // 2:120 Caption/Abstract
	source    string   // 2:115 Source
	stale     bool     // a digest is stored and this block is not the one it was made from: IIM is newer than XMP
}

// readIIM reads the datasets of a block. A dataset that runs over the end ends the reading; what came before stands.
func readIIM(b, digest []byte) iim {
	var out iim
	if digest != nil {
		sum := md5.Sum(b) // MD5 is what MWG guidance 2.0 prescribes here; nothing is secured by it
		out.stale = !bytes.Equal(sum[:], digest)
	}
	for len(b) >= 5 && b[0] == 0x1c {
		record, dataset := b[1], b[2]
		size, at := int64(binary.BigEndian.Uint16(b[3:])), 5
		if size&0x8000 != 0 { // extended dataset: that many bytes hold the size
			n := int(size & 0x7fff)
			if n > 4 || len(b) < 5+n {
				return out
			}
			size = 0
			for _, c := range b[5 : 5+n] {
				size = size<<8 | int64(c)
			}
			at += n
		}
		if size > int64(len(b)-at) {
			return out
		}
		value := string(b[at : at+int(size)])
		b = b[at+int(size):]
		if record != 2 {
			continue // 1:90 is not asked: bytes that are valid UTF-8 are read so whatever it says, others cannot be
		}
		text := func(into *string) {
			if *into == "" {
				*into = clean(decodeText(value))
			}
		}
		switch dataset {
		case 80:
			out.creator = addName(out.creator, clean(decodeText(value)))
		case 110:
			text(&out.credit)
		case 115:
			text(&out.source)
		case 116:
			text(&out.copyright)
		case 120:
			text(&out.caption)
		}
	}
	return out
}
