package photo

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Namespaces of XMP. The namespace decides, never the prefix.
const (
	nsRDF       = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	nsXML       = "http://www.w3.org/XML/1998/namespace"
	nsDC        = "http://purl.org/dc/elements/1.1/"
	nsPhotoshop = "http://ns.adobe.com/photoshop/1.0/"
	nsRights    = "http://ns.adobe.com/xap/1.0/rights/"
	nsCore      = "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"
	nsExt       = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
	nsPLUS      = "http://ns.useplus.org/ldf/xmp/1.0/"
	nsNote      = "http://ns.adobe.com/xmp/note/"
)

// rdfValue is the property that holds the value of what has qualifiers (ISO 16684-1, 7.8).
var rdfValue = xml.Name{Space: nsRDF, Local: "value"}

// Bounds of what is read of a packet: a real one is far below each.
const (
	xmpDepth = 64       // elements within elements
	xmpText  = 64 << 10 // bytes of one value
)

// xmp is what is read of XMP (ISO 16684-1). Texts are cleaned.
type xmp struct {
	credit    string          // photoshop:Credit
	creator   []string        // dc:creator
	images    []string        // plus:ImageCreatorName: who PLUS says made it
	copyright string          // dc:rights, x-default or the first language
	caption   string          // dc:description, likewise
	alt       string          // Iptc4xmpCore:AltTextAccessibility, likewise
	terms     string          // xmpRights:UsageTerms, likewise
	source    string          // photoshop:Source
	digital   string          // Iptc4xmpExt:DigitalSourceType, a URI of IPTC's NewsCodes
	extended  string          // xmpNote:HasExtendedXMP: GUID of the extended packet
	defaulted map[string]bool // properties whose x-default has been seen
}

// readXMP reads the main packet and the extended one that it names. A packet that is no XML, or that declares a
// document type (no entity is ever expanded), is as if it were not there.
func readXMP(main []byte, more map[string]*extension) xmp {
	out, err := parseXMP(main)
	if err != nil {
		return xmp{}
	}
	if x := more[out.extended]; x != nil && x.filled >= len(x.packet) {
		// The GUID is the packet's MD5 in hex: pieces of another file's packet are left behind by some editors.
		sum := md5.Sum(x.packet)
		if strings.EqualFold(hex.EncodeToString(sum[:]), out.extended) {
			if second, err := parseXMP(x.packet); err == nil {
				out.fill(second)
			}
		}
	}
	return out
}

// fill takes from an extended packet what the main one does not have.
func (x *xmp) fill(from xmp) {
	for _, f := range []struct{ to, from *string }{
		{&x.credit, &from.credit}, {&x.copyright, &from.copyright}, {&x.caption, &from.caption}, {&x.alt, &from.alt},
		{&x.terms, &from.terms}, {&x.source, &from.source}, {&x.digital, &from.digital},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	if len(x.creator) == 0 {
		x.creator = from.creator
	}
	if len(x.images) == 0 {
		x.images = from.images
	}
}

// set takes a value of a property. lang is its xml:lang, "" where it has none.
func (x *xmp) set(name xml.Name, value, lang string) {
	value = clean(value)
	if value == "" {
		return
	}
	text := func(into *string) {
		first := *into == ""
		isDefault := strings.EqualFold(lang, "x-default") && !x.defaulted[name.Space+name.Local]
		if isDefault {
			if x.defaulted == nil {
				x.defaulted = map[string]bool{}
			}
			x.defaulted[name.Space+name.Local] = true
		}
		if first || isDefault {
			*into = value
		}
	}
	switch name {
	case xml.Name{Space: nsPhotoshop, Local: "Credit"}:
		text(&x.credit)
	case xml.Name{Space: nsPhotoshop, Local: "Source"}:
		text(&x.source)
	case xml.Name{Space: nsDC, Local: "creator"}:
		x.creator = addName(x.creator, value)
	case xml.Name{Space: nsDC, Local: "rights"}:
		text(&x.copyright)
	case xml.Name{Space: nsDC, Local: "description"}:
		text(&x.caption)
	case xml.Name{Space: nsCore, Local: "AltTextAccessibility"}:
		text(&x.alt)
	case xml.Name{Space: nsRights, Local: "UsageTerms"}:
		text(&x.terms)
	case xml.Name{Space: nsExt, Local: "DigitalSourceType"}:
		text(&x.digital)
	case xml.Name{Space: nsNote, Local: "HasExtendedXMP"}:
		text(&x.extended)
	case xml.Name{Space: nsPLUS, Local: "ImageCreatorName"}:
		x.images = addName(x.images, value)
	}
}

// parseXMP walks a packet up to the end of its rdf:RDF. Only properties that stand directly in a Description of
// that RDF count: what lies deeper (histories, ingredients) is of other pictures. PLUS is the one exception, whose
// names lie in a structure.
func parseXMP(packet []byte) (xmp, error) {
	d := xml.NewDecoder(strings.NewReader(mended(toUTF8(packet))))
	d.CharsetReader = charset
	d.Entity = xml.HTMLEntity // &eacute; is met; what the packet itself would declare is refused below
	var out xmp
	var path []xml.Name // of the open elements
	var rdf int         // depth of rdf:RDF in path, from 1; 0: not met yet
	var text strings.Builder
	var lang string
	var listed bool // the open property has given its values as list items
	var plus bool   // the text that is gathered belongs to a PLUS name
	for {
		token, err := d.Token()
		if err == io.EOF && rdf == 0 {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("reading XMP: %w", err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return out, errors.New("reading XMP: a document type is declared")
		case xml.StartElement:
			path = append(path, t.Name)
			if len(path) > xmpDepth {
				return out, errors.New("reading XMP: nested too deeply")
			}
			if rdf == 0 {
				if t.Name.Space == nsRDF && t.Name.Local == "RDF" {
					rdf = len(path)
				}
				continue
			}
			depth := len(path) - rdf // 1 Description, 2 property, 3 Alt, Seq or Bag, 4 item
			inPLUS := depth > 2 && path[rdf+1] == xml.Name{Space: nsPLUS, Local: "ImageCreator"}
			if depth == 2 {
				listed = false
			}
			plus = inPLUS && t.Name == xml.Name{Space: nsPLUS, Local: "ImageCreatorName"}
			if depth == 2 || depth == 4 || plus || depth == 3 && t.Name == rdfValue {
				text.Reset()
				lang = ""
			}
			for _, a := range t.Attr {
				switch {
				case depth == 1 || inPLUS && a.Name == xml.Name{Space: nsPLUS, Local: "ImageCreatorName"}:
					out.set(a.Name, a.Value, "")
				case depth == 2 && (a.Name == xml.Name{Space: nsRDF, Local: "resource"} || a.Name == rdfValue):
					out.set(t.Name, a.Value, "")
				case depth == 4 && a.Name == xml.Name{Space: nsXML, Local: "lang"}:
					lang = a.Value
				}
			}
		case xml.CharData:
			if rdf == 0 {
				continue
			}
			depth := len(path) - rdf
			value := depth == 5 && path[rdf+4] == rdfValue || depth == 3 && path[rdf+2] == rdfValue // what has qualifiers
			if (depth == 2 || depth == 4 || value || plus) && text.Len()+len(t) <= xmpText {
				text.Write(t)
			}
		case xml.EndElement:
			if rdf > 0 {
				switch depth := len(path) - rdf; {
				case depth == 0:
					return out, nil
				case plus:
					out.set(t.Name, text.String(), "")
					plus = false
				case depth == 4, depth == 3 && t.Name == rdfValue:
					out.set(path[rdf+1], text.String(), lang)
					text.Reset()
					listed = true
				case depth == 2 && !listed:
					out.set(path[rdf+1], text.String(), "")
				}
			}
			path = path[:len(path)-1]
		}
	}
}

// badReference is a reference to a character that XML does not have.
var badReference = regexp.MustCompile(`&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[fF]{3}[eEfF]|[dD][89a-fA-F][0-9a-fA-F]{2}));`)

// bareAmpersand is an & and what stands behind it where that may be a reference.
var bareAmpersand = regexp.MustCompile(`&(?:#?[0-9A-Za-z]+;)?`)

// mended is a packet without what would make a reader of XML give up though all else can be read: bytes that are no UTF-8
// (they are Windows-1252), control characters and references to such, an & that begins no reference.
func mended(packet []byte) string {
	text := string(packet)
	if !utf8.ValidString(text) || strings.IndexFunc(text, notXML) >= 0 {
		var b strings.Builder
		for i, r := range text {
			switch {
			case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd"):
				b.WriteString(decodeText(text[i : i+1]))
			case notXML(r):
				b.WriteByte(' ')
			default:
				b.WriteRune(r)
			}
		}
		text = b.String()
	}
	if strings.Contains(text, "&#") {
		text = badReference.ReplaceAllString(text, " ")
	}
	if !strings.Contains(text, "&") || strings.Contains(text, "<![CDATA[") { // an & is one there
		return text
	}
	return bareAmpersand.ReplaceAllStringFunc(text, func(s string) string {
		if s == "&" {
			return "&amp;"
		}
		return s
	})
}

// notXML says whether XML has no such character, whatever it is written as.
func notXML(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r&0xfffe == 0xfffe
}

// charset allows the encodings that XMP packets are met in; anything else ends the reading.
func charset(label string, input io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "utf8", "us-ascii", "utf-16", "utf-16le", "utf-16be": // UTF-16 is UTF-8 by now
		return input, nil
	}
	return nil, fmt.Errorf("encoding %q is not read", label)
}

// toUTF8 turns a packet in UTF-16 (allowed outside JPEG) into UTF-8 and takes the byte order mark and padding away.
func toUTF8(b []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("\xfe\xff")), bytes.HasPrefix(b, []byte("\x00<")):
		order = binary.BigEndian
	case bytes.HasPrefix(b, []byte("\xff\xfe")), bytes.HasPrefix(b, []byte("<\x00")):
		order = binary.LittleEndian
	default:
		return bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), "\x00 \t\r\n")
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return []byte(strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff"))
}
