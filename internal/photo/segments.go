package photo

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/xml"
	"strings"
)

// Rights are the texts that a card made from a photo carries inside its file.
type Rights struct {
	Credit     string   // the line that the card shows
	Creator    []string // who made the photo
	Copyright  string   // the notice
	UsageTerms string   // what the rights' owner allows
	Alt        string   // what the card shows, for those who do not see it
	Synthetic  bool     // the photo, or a part of it, was made by a generator: the card says so too
}

// Segments makes the APPn segments of a JPEG that carry r: XMP in APP1 and IPTC IIM with its digest in APP13, each
// whole with marker and length, for jpeg.EncodeOptions. The same r gives the same bytes; nothing but r is in them.
// Empty texts are left out; with nothing to say there are no segments. Texts are cut to 2,000 letters. IIM's own
// limits (32 bytes for By-line and Credit) are not kept, as no reader needs them and half a name is no credit.
func Segments(r Rights) [][]byte {
	r = r.cleaned()
	var set []byte
	dataset := func(number byte, text string) {
		if text != "" {
			set = append(set, 0x1c, 2, number)
			set = binary.BigEndian.AppendUint16(set, uint16(len(text)))
			set = append(set, text...)
		}
	}
	for _, name := range r.Creator {
		dataset(80, name)
	}
	dataset(110, r.Credit)
	dataset(116, r.Copyright)
	var out [][]byte
	if packet := r.packet(); packet != "" {
		out = append(out, segment(0xe1, sigXMP, []byte(packet)))
	}
	if set != nil {
		// 1:90 names UTF-8 (ISO 2022: ESC % G); 2:00 the record's version 4.
		block := append([]byte("\x1c\x01\x5a\x00\x03\x1b%G\x1c\x02\x00\x00\x02\x00\x04"), set...)
		sum := md5.Sum(block) // MWG guidance 2.0: XMP and IIM were written together
		body := append(resource(0x0404, block), resource(0x0425, sum[:])...)
		out = append(out, segment(0xed, sigPhotoshop, body))
	}
	return out
}

// cleaned bounds the texts so that each segment stays far below its 64 KB.
func (r Rights) cleaned() Rights {
	short := func(s string) string {
		s = clean(s)
		if letters := []rune(s); len(letters) > 2000 {
			s = strings.TrimSpace(string(letters[:2000]))
		}
		return s
	}
	var names []string
	room := 2000
	for _, name := range r.Creator {
		name = short(name)
		if room -= len(name); room >= 0 {
			names = addName(names, name)
		}
	}
	r.Creator = names
	r.Credit, r.Copyright, r.UsageTerms, r.Alt = short(r.Credit), short(r.Copyright), short(r.UsageTerms), short(r.Alt)
	return r
}

// packet is the XMP packet, "" where there is nothing to say.
func (r Rights) packet() string {
	var b strings.Builder
	escape := func(s string) string {
		var e strings.Builder
		_ = xml.EscapeText(&e, []byte(s)) // a strings.Builder does not fail
		return e.String()
	}
	list := func(name, kind, lang string, items ...string) {
		b.WriteString("<" + name + "><rdf:" + kind + ">")
		for _, item := range items {
			b.WriteString("<rdf:li" + lang + ">" + escape(item) + "</rdf:li>")
		}
		b.WriteString("</rdf:" + kind + "></" + name + ">\n")
	}
	alternatives := func(name, text string) {
		if text != "" {
			list(name, "Alt", ` xml:lang="x-default"`, text)
		}
	}
	if len(r.Creator) > 0 {
		list("dc:creator", "Seq", "", r.Creator...)
	}
	alternatives("dc:rights", r.Copyright)
	if r.Credit != "" {
		b.WriteString("<photoshop:Credit>" + escape(r.Credit) + "</photoshop:Credit>\n")
	}
	alternatives("xmpRights:UsageTerms", r.UsageTerms)
	alternatives("Iptc4xmpCore:AltTextAccessibility", r.Alt)
	if r.Synthetic {
		b.WriteString("<Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/" +
			"compositeWithTrainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>\n")
	}
	if b.Len() == 0 {
		return ""
	}
	return "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="` + nsRDF + "\">\n" +
		`<rdf:Description rdf:about="" xmlns:dc="` + nsDC + `" xmlns:photoshop="` + nsPhotoshop + `" xmlns:xmpRights="` + nsRights +
		`" xmlns:Iptc4xmpCore="` + nsCore + `" xmlns:Iptc4xmpExt="` + nsExt + "\">\n" +
		b.String() + "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"r\"?>"
}

// segment is a marker, its length and its body.
func segment(marker byte, signature string, body []byte) []byte {
	out := []byte{0xff, marker}
	out = binary.BigEndian.AppendUint16(out, uint16(2+len(signature)+len(body)))
	return append(append(out, signature...), body...)
}

// resource is a Photoshop image resource block with an empty name.
func resource(number uint16, body []byte) []byte {
	out := binary.BigEndian.AppendUint16([]byte("8BIM"), number)
	out = binary.BigEndian.AppendUint32(append(out, 0, 0), uint32(len(body)))
	out = append(out, body...)
	if len(body)&1 == 1 {
		out = append(out, 0)
	}
	return out
}
