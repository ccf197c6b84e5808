package photo

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rdf wraps properties in a packet with the usual prefixes.
func rdf(attributes, properties string) string {
	return `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="` + nsRDF + `"><rdf:Description rdf:about="" xmlns:dc="` + nsDC +
		`" xmlns:photoshop="` + nsPhotoshop + `" xmlns:r="` + nsRights + `" xmlns:c="` + nsCore + `" xmlns:e="` + nsExt + `" xmlns:plus="` + nsPLUS +
		`" ` + attributes + `>` + properties + `</rdf:Description></rdf:RDF></x:xmpmeta>`
}

func TestXMPForms(t *testing.T) {
	for _, c := range []struct {
		name, packet string
		want         xmp
	}{
		{"element", rdf("", "<photoshop:Credit> AFP\n </photoshop:Credit>"), xmp{credit: "AFP"}},
		{"attribute", rdf("photoshop:Credit='A &amp; B'", ""), xmp{credit: "A & B"}},
		{"another prefix", strings.ReplaceAll(rdf("", "<photoshop:Credit>AFP</photoshop:Credit>"), "photoshop:", "z:"), xmp{}},
		{"prefix bound elsewhere", strings.NewReplacer("photoshop:", "z:", "xmlns:photoshop", "xmlns:z").Replace(rdf("", "<photoshop:Credit>AFP</photoshop:Credit>")), xmp{credit: "AFP"}},
		{"two languages", rdf("", `<dc:rights><rdf:Alt><rdf:li xml:lang="de">Alle Rechte</rdf:li><rdf:li xml:lang="x-default">All rights</rdf:li></rdf:Alt></dc:rights>`), xmp{copyright: "All rights"}},
		{"no default language", rdf("", `<dc:description><rdf:Alt><rdf:li xml:lang="ckb">هەولێر</rdf:li><rdf:li xml:lang="en">Erbil</rdf:li></rdf:Alt></dc:description>`), xmp{caption: "هەولێر"}},
		{"several creators", rdf("", `<dc:creator><rdf:Seq><rdf:li>A</rdf:li><rdf:li> </rdf:li><rdf:li>B</rdf:li><rdf:li>A</rdf:li></rdf:Seq></dc:creator>`), xmp{creator: []string{"A", "B"}}},
		{"creator as plain text", rdf("", `<dc:creator>A</dc:creator>`), xmp{creator: []string{"A"}}},
		{"item with qualifiers", rdf("", `<dc:creator><rdf:Seq><rdf:li rdf:parseType="Resource"><rdf:value>A</rdf:value><e:x>no</e:x></rdf:li></rdf:Seq></dc:creator>`), xmp{creator: []string{"A"}}},
		{"alt and terms", rdf("", `<c:AltTextAccessibility><rdf:Alt><rdf:li xml:lang="x-default">A man</rdf:li></rdf:Alt></c:AltTextAccessibility><r:UsageTerms>No archive</r:UsageTerms>`), xmp{alt: "A man", terms: "No archive"}},
		{"CDATA", rdf("", `<photoshop:Credit><![CDATA[A <b> & C]]></photoshop:Credit>`), xmp{credit: "A <b> & C"}},
		{"PLUS creator", rdf("", `<plus:ImageCreator><rdf:Seq><rdf:li><rdf:Description><plus:ImageCreatorName>M</plus:ImageCreatorName><plus:ImageCreatorID>7</plus:ImageCreatorID></rdf:Description></rdf:li></rdf:Seq></plus:ImageCreator>`), xmp{images: []string{"M"}}},
		{"PLUS short", rdf("", `<plus:ImageCreator><rdf:Seq><rdf:li plus:ImageCreatorName="M"/></rdf:Seq></plus:ImageCreator>`), xmp{images: []string{"M"}}},
		{"another picture's credit", rdf("", `<e:Ingredients><rdf:Bag><rdf:li rdf:parseType="Resource"><photoshop:Credit>Other</photoshop:Credit></rdf:li></rdf:Bag></e:Ingredients>`), xmp{}},
		{"resource", rdf("", `<e:DigitalSourceType rdf:resource="http://x/trainedAlgorithmicMedia"/>`), xmp{digital: "http://x/trainedAlgorithmicMedia"}},
		{"what follows the RDF is not read", rdf("", "<photoshop:Credit>AFP</photoshop:Credit>") + "\x00\x00 <<<", xmp{credit: "AFP"}},
		{"byte order mark", "\xef\xbb\xbf" + rdf("photoshop:Credit='AFP'", ""), xmp{credit: "AFP"}},
		{"UTF-16", utf16Text(rdf("photoshop:Credit='هەولێر'", "")), xmp{credit: "هەولێر"}},
		{"a credit with qualifiers", rdf("", `<photoshop:Credit rdf:parseType="Resource"><rdf:value>AFP</rdf:value><e:x>no</e:x></photoshop:Credit><dc:rights>R</dc:rights>`), xmp{credit: "AFP", copyright: "R"}},
		{"a value as attribute", rdf("", `<photoshop:Credit rdf:value="AFP"/>`), xmp{credit: "AFP"}},
		{"a bare ampersand", rdf("", `<photoshop:Credit>A & B</photoshop:Credit><dc:rights>R</dc:rights>`), xmp{credit: "A & B", copyright: "R"}},
		{"entities of HTML", rdf("", `<photoshop:Credit>Caf&eacute;&nbsp;Press</photoshop:Credit>`), xmp{credit: "Café Press"}},
		{"control characters and references to them", rdf("", "<photoshop:Credit>A\x0bB&#x0b;C&#0;D&#31;&#13;&#xFFFE;</photoshop:Credit>"), xmp{credit: "A B C D"}},
		{"Windows-1252 among UTF-8", rdf("", "<photoshop:Credit>Caf\xe9 ه</photoshop:Credit>"), xmp{credit: "Café ه"}},
		{"overrides of direction", rdf("photoshop:Credit='A&#x202e;B&#x200c;C&#x2066;'", ""), xmp{credit: "AB\u200cC"}},
	} {
		got := readXMP([]byte(c.packet), nil)
		got.defaulted = nil
		if got.credit != c.want.credit || got.copyright != c.want.copyright || got.caption != c.want.caption || got.alt != c.want.alt ||
			got.terms != c.want.terms || got.digital != c.want.digital || !slices.Equal(got.creator, c.want.creator) || !slices.Equal(got.images, c.want.images) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func utf16Text(s string) string {
	out := []byte{0xff, 0xfe}
	for _, r := range s {
		out = binary.LittleEndian.AppendUint16(out, uint16(r))
	}
	return string(out)
}

// exifOf is an EXIF block with texts in its first directory.
func exifOf(order binary.AppendByteOrder, texts map[uint16]string) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		b = []byte("II*\x00\x08\x00\x00\x00")
	}
	tags := []uint16{}
	for tag := range texts {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	b = order.AppendUint16(b, uint16(len(tags)))
	at := 8 + 2 + 12*len(tags) + 4
	var values []byte
	for _, tag := range tags {
		b = order.AppendUint16(order.AppendUint16(b, tag), 2)
		b = order.AppendUint32(order.AppendUint32(b, uint32(len(texts[tag]))), uint32(at+len(values)))
		values = append(values, texts[tag]...)
	}
	return append(append(b, 0, 0, 0, 0), values...)
}

func TestEXIFTexts(t *testing.T) {
	texts := map[uint16]string{0x010e: "A caption\x00", 0x013b: "Ann One; \"Bo Two\"\x00", 0x8298: "          \x00Editor 2026\x00"}
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		f := file{w: 1, h: 1, turn: 1, exif: exifOf(order, texts)}
		i := f.info(Limits{}.withDefaults())
		if i.Caption != "A caption" || !slices.Equal(i.Creator, []string{"Ann One", "Bo Two"}) || i.Copyright != "Editor 2026" ||
			i.Credit != "Ann One, Bo Two" || i.CreditFrom != "creator" {
			t.Errorf("%v: %+v", order, i)
		}
	}
	// Every count and offset may lie.
	good := exifOf(binary.LittleEndian, texts)
	for i := range good {
		for _, v := range []byte{0, 1, 0x7f, 0xff} {
			bad := bytes.Clone(good)
			bad[i] = v
			readTIFF(bad)
			readTIFF(bad[:i])
		}
	}
}

func TestIIMForms(t *testing.T) {
	set := func(record, number byte, text string) string {
		return string(binary.BigEndian.AppendUint16([]byte{0x1c, record, number}, uint16(len(text)))) + text
	}
	got := readIIM([]byte(set(1, 90, "\x1b%G")+set(2, 80, "A")+set(2, 80, "B")+set(2, 110, " ")+set(2, 110, "Müller")+set(2, 116, "\xa9 2026")+
		"\x1c\x02\x78\x80\x04\x00\x00\x00\x03Hey"+set(2, 40, "secret")+"\x1c\x02\x73\x7f\xff"), nil)
	if !slices.Equal(got.creator, []string{"A", "B"}) || got.credit != "Müller" || got.copyright != "© 2026" || got.caption != "Hey" || got.source != "" || got.stale {
		t.Errorf("%+v", got)
	}
}

func TestCleanTexts(t *testing.T) {
	for in, want := range map[string]string{
		" a\r\n\tb  c ": "a b c", "a\x00b\x1b[31m": "ab[31m", "\u202eabc\u2069": "abc", "می\u200cخواهم": "می\u200cخواهم",
		"a\u2028b": "a b", "\ufeffx\ufffe\U0001ffff": "x", "\xff\xfe": "", "👩\u200d💻": "👩\u200d💻", "a\u00a0b": "a b",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := decodeText("a\x80\x93\xe9\x81"); got != "a€“é\x00" {
		t.Errorf("Windows-1252: %q", got)
	}
}

var rights = Rights{
	Credit: "AFP / هێمن & Co <b>", Creator: []string{"Safin Hamid", "هێمن ئەحمەد"}, Copyright: "© 2026 AFP", UsageTerms: "No archive",
	Alt: "A man walks\nto work", Synthetic: true,
}

// TestSegmentsReadBack puts a card's metadata into a JPEG and reads it as any other photo's.
func TestSegmentsReadBack(t *testing.T) {
	picture, _ := picture(t, "meta-none.jpg")
	segments := Segments(rights)
	card := slices.Concat(picture[:2], slices.Concat(segments...), picture[2:])
	i := Describe(card, Limits{})
	if i.Verdict != OK || i.Credit != rights.Credit || i.CreditFrom != "xmp" || !slices.Equal(i.Creator, rights.Creator) || i.Copyright != rights.Copyright ||
		i.UsageTerms != rights.UsageTerms || i.Alt != "A man walks to work" || !i.Synthetic {
		t.Errorf("read back: %+v", i)
	}
	// IIM alone says the same of what it has.
	only := Describe(slices.Concat(picture[:2], segments[1], picture[2:]), Limits{})
	if only.Credit != rights.Credit || only.CreditFrom != "iptc" || !slices.Equal(only.Creator, rights.Creator) || only.Copyright != rights.Copyright {
		t.Errorf("IIM alone: %+v", only)
	}
	if !bytes.Equal(slices.Concat(Segments(rights)...), slices.Concat(segments...)) {
		t.Error("another time, other bytes")
	}
	if got := Segments(Rights{}); len(got) != 0 {
		t.Errorf("nothing to say: %q", got)
	}
	long := strings.Repeat("ێ", 100_000)
	for _, s := range Segments(Rights{Credit: long, Creator: []string{long, long + "x"}, Copyright: long, UsageTerms: long, Alt: long}) {
		if int(binary.BigEndian.Uint16(s[2:])) != len(s)-2 {
			t.Errorf("a segment of %d bytes says %d", len(s), binary.BigEndian.Uint16(s[2:]))
		}
	}
}

// TestExiftoolReadsSegments asks the reference reader, where it is installed.
func TestExiftoolReadsSegments(t *testing.T) {
	tool, err := exec.LookPath("exiftool")
	if err != nil {
		t.Skip("exiftool is not installed")
	}
	picture, _ := picture(t, "meta-none.jpg")
	name := filepath.Join(t.TempDir(), "card.jpg")
	if err := os.WriteFile(name, slices.Concat(picture[:2], slices.Concat(Segments(rights)...), picture[2:]), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "-j", "-G1", "-a", "-all", "-validate", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]any{
		"XMP-photoshop:Credit": rights.Credit, "IPTC:Credit": rights.Credit, "XMP-dc:Rights": rights.Copyright, "IPTC:CopyrightNotice": rights.Copyright,
		"XMP-iptcCore:AltTextAccessibility": "A man walks to work", "XMP-xmpRights:UsageTerms": rights.UsageTerms, "ExifTool:Validate": "OK",
	} {
		if got[0][tag] != want {
			t.Errorf("%s: %v, want %v", tag, got[0][tag], want)
		}
	}
	if w, ok := got[0]["ExifTool:Warning"]; ok {
		t.Errorf("warning: %v", w)
	}
}

// TestBlocksOfOtherPrograms: image resources may carry another program's signature before the one with IIM.
func TestBlocksOfOtherPrograms(t *testing.T) {
	block := []byte("\x1c\x02\x6e\x00\x03AFP")
	other := append([]byte("MeSa"), resource(0x03ed, []byte("abc"))[4:]...)
	var f file
	f.photoshop(append(other, resource(0x0404, block)...))
	if !bytes.Equal(f.iim, block) {
		t.Errorf("have %q", f.iim)
	}
}
