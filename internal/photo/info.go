package photo

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Verdicts of Info.
const (
	OK     = "ok"
	Refuse = "refuse"
)

// Info is what a picture file says about itself, as the command `photo` prints it. Texts are plain text on one line
// without control characters and overrides of direction; an empty one is printed as null, a size of 0 likewise.
type Info struct {
	Verdict     string   // OK or Refuse
	Reason      string   // why it was refused: a reason of Refused; empty with OK
	Detail      string   // what was found that gave the reason, in a few words
	Format      string   // jpeg, png, gif, webp; of refused files also avif, heic, tiff, bmp, svg, …
	Width       int      // pixels, after orientation; of refused files what the header claims
	Height      int      // pixels, after orientation
	Credit      string   // the line to show: a credit line, else the creators
	CreditFrom  string   // xmp, iptc, or creator: no credit line, so the creators' names serve
	Caption     string   // what the picture shows and when
	Creator     []string // who made it, in the file's order
	Copyright   string   // the notice
	Alt         string   // what it shows for those who do not see it (IPTC 2021.1)
	UsageTerms  string   // what the rights' owner allows
	Source      string   // who supplied it to whom we have it from; never a credit by itself
	Synthetic   bool     // IPTC's digital source type says that a generator made it or a part of it
	Transparent bool     // parts may be transparent; they are shown on white
	Profile     string   // what its colours are when they are not sRGB, and how they are brought there
	Orientation int      // EXIF's number that Width and Height were turned by, 1 to 8
}

// Enlarged is how many pixels of a w × h frame a pixel of the picture becomes, along the side where it is more, when
// the frame shows crop: over 1.5 it looks soft. 0 where the size is not known.
func (i Info) Enlarged(crop Rect, w, h int) float64 {
	cw, ch := (crop.X1-crop.X0)*float64(i.Width), (crop.Y1-crop.Y0)*float64(i.Height)
	if cw <= 0 || ch <= 0 {
		return 0
	}
	return max(float64(w)/cw, float64(h)/ch)
}

// MarshalJSON writes the names of the command `photo`, null for what the file does not say.
func (i Info) MarshalJSON() ([]byte, error) {
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	size := func(n int) *int {
		if n == 0 {
			return nil
		}
		return &n
	}
	return json.Marshal(struct {
		Verdict     string   `json:"verdict"`
		Reason      *string  `json:"reason"`
		Detail      string   `json:"detail,omitempty"`
		Format      *string  `json:"format"`
		Width       *int     `json:"width"`
		Height      *int     `json:"height"`
		Credit      *string  `json:"credit"`
		CreditFrom  *string  `json:"credit_from"`
		Caption     *string  `json:"caption"`
		Creator     []string `json:"creator"`
		Copyright   *string  `json:"copyright"`
		Alt         *string  `json:"alt"`
		UsageTerms  *string  `json:"usage_terms"`
		Source      string   `json:"source,omitempty"`
		Synthetic   bool     `json:"synthetic,omitempty"`
		Transparent bool     `json:"alpha,omitempty"`
		Profile     string   `json:"profile,omitempty"`
		Orientation int      `json:"orientation,omitempty"`
	}{
		i.Verdict, text(i.Reason), i.Detail, text(i.Format), size(i.Width), size(i.Height), text(i.Credit), text(i.CreditFrom),
		text(i.Caption), append([]string{}, i.Creator...), text(i.Copyright), text(i.Alt), text(i.UsageTerms), i.Source,
		i.Synthetic, i.Transparent, i.Profile, i.Orientation,
	})
}

// info reads the three kinds of metadata and settles which value wins (MWG guidance 2.0): EXIF before the others
// for creator, copyright and caption; then XMP before IIM, unless the digest says that IIM was changed later by a
// program that does not know XMP.
func (f *file) info(l Limits) Info {
	w, h := f.shown()
	out := Info{Verdict: OK, Format: f.format, Width: w, Height: h, Orientation: int(f.turn), Transparent: f.alpha}
	exif := readTIFF(f.exif)
	iptc := readIIM(f.iim, f.digest)
	var x xmp
	if len(f.xmp) <= l.Metadata {
		x = readXMP(f.xmp, f.more)
	}
	pick := func(fromXMP, fromIIM string) string {
		if iptc.stale {
			return first(fromIIM, fromXMP)
		}
		return first(fromXMP, fromIIM)
	}
	out.Credit = pick(x.credit, iptc.credit)
	if out.Credit != "" {
		out.CreditFrom = "xmp"
		if x.credit == "" || iptc.stale && iptc.credit != "" {
			out.CreditFrom = "iptc"
		}
	}
	for _, names := range [][]string{exifNames(exif.artist), when(iptc.stale, iptc.creator), x.creator, iptc.creator, x.images} {
		if len(out.Creator) == 0 {
			out.Creator = names
		}
	}
	if out.Credit == "" && len(out.Creator) > 0 {
		out.Credit, out.CreditFrom = strings.Join(out.Creator, ", "), "creator"
	}
	out.Caption = first(notByCamera(clean(decodeText(exif.description))), notByCamera(pick(x.caption, iptc.caption)))
	out.Copyright = first(clean(decodeText(exif.copyright)), pick(x.copyright, iptc.copyright))
	out.Source = pick(x.source, iptc.source)
	out.Alt, out.UsageTerms = x.alt, x.terms
	out.Synthetic = synthetic(x.digital)
	return out
}

// first is the first text that is not empty.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

func when(is bool, names []string) []string {
	if is {
		return names
	}
	return nil
}

// exifNames are the names of EXIF's Artist: several are parted by semicolons (MWG guidance 2.0, 5.1).
func exifNames(artist string) []string {
	var names []string
	for part := range strings.SplitSeq(decodeText(artist), ";") {
		names = addName(names, clean(strings.Trim(clean(part), `"`)))
	}
	return names
}

// addName adds a name that is not there yet; empty ones, and any after the twentieth, are left out.
func addName(names []string, name string) []string {
	if name == "" || len(names) >= 20 || slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// synthetic says whether a digital source type of IPTC's NewsCodes means that a generator was at work.
func synthetic(uri string) bool {
	switch uri[strings.LastIndexByte(uri, '/')+1:] {
	case "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia", "compositeSynthetic":
		return true
	}
	return false
}

// cameraCaptions are descriptions that cameras and programs write by themselves, in lower case.
var cameraCaptions = []string{
	"olympus digital camera", "digital camera", "minolta digital camera", "konica minolta digital camera", "samsung digital camera",
	"samsung", "sony dsc", "nikon digital camera", "casio computer co.,ltd.", "exif_jpeg_picture", "exif_jpeg_t422", "exif jpeg", "jpeg",
	"dcf 1.0", "default", "untitled", "image", "picture", "photo", "my beautiful picture", "screenshot", "dav", "sdr", "hdr", "hdrpl",
	"cof", "rbt", "ptr", "mde", "edf", "cav", "oznor", "burst", "created with gimp", "created by readiris", "applemark",
	"lead technologies inc. v1.01", "file written by adobe photoshop", "by adobe photoshop", "kodak digital still camera",
	"ricoh digital camera", "pentax digital camera", "canon digital camera", "fujifilm digital camera", "digimax", "maginon",
}

// notByCamera is a caption, or nothing where a camera wrote it and no person.
func notByCamera(caption string) string {
	low := strings.Trim(strings.ToLower(caption), " .<>_-0123456789")
	if slices.Contains(cameraCaptions, low) || slices.Contains(cameraCaptions, strings.ToLower(caption)) {
		return ""
	}
	return caption
}

// decodeText reads bytes that are UTF-8 or else Windows-1252, which has Latin-1 within it.
func decodeText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	// Where Windows-1252 departs from Latin-1; 0 where it has no letter.
	const high = "€\x00‚ƒ„…†‡ˆ‰Š‹Œ\x00Ž\x00\x00‘’“”•–—˜™š›œ\x00žŸ"
	table := []rune(high)
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 0x80 && c < 0xa0 {
			b.WriteRune(table[c-0x80])
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

// textLength bounds a text from a file, in letters: far over any caption.
const textLength = 4000

// clean makes a text from a file one line of plain text: white space becomes single spaces, control characters,
// overrides and isolates of direction (U+202A–202E, U+2066–2069) and noncharacters go. What shapes a script (ZWJ,
// ZWNJ, U+200E, U+200F) stays.
func clean(s string) string {
	var b strings.Builder
	n, gap := 0, false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			gap = n > 0
			continue
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069',
			r == '\ufeff', r == utf8.RuneError, r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
			continue
		}
		if n++; n > textLength {
			break
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}
