package photo

import (
	"bytes"
	"encoding/binary"
)

// scanGIF reads the canvas (GIF89a, 18) and looks for XMP (XMP part 3, 1.1.2) among the extension blocks before
// the first picture and after it.
func (f *file) scanGIF(l Limits) *Refused {
	data := f.data
	if len(data) < 13 {
		return f.refuse(Truncated, "ends before its header does")
	}
	f.w, f.h = int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint16(data[8:]))
	if refused := f.judge(l); refused != nil {
		return refused
	}
	const magic = "\x21\xff\x0bXMP DataXMP"
	if i := bytes.Index(data, []byte(magic)); i >= 0 {
		packet := data[i+len(magic):]
		// The packet stands unblocked; the end of its XML is found by its trailer of 258 bytes, 01 FF FE … 00 00.
		if end := bytes.Index(packet, []byte("\x01\xff\xfe\xfd")); end >= 0 && end <= l.Metadata {
			f.xmp = packet[:end]
		}
	}
	return nil
}
