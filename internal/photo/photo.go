// Package photo reads a picture file that came from outside: it checks the file before it costs anything, reads
// who made it, brings its pixels upright and to sRGB, finds the faces and chooses the crop.
//
// It owns what is known about picture files: JPEG, PNG, GIF (first frame) and WebP (first frame) are read,
// everything else is refused by name; EXIF 2.32, IPTC IIM 4.2, XMP and PLUS are read for credit, creator, copyright,
// caption, alternative text and usage terms in the order of the Metadata Working Group (guidance 2.0); ICC
// profiles of the matrix kind (ICC.1, versions 2 and 4), gAMA, cHRM and cICP are brought to sRGB.
//
// It promises that no byte of a file decides how much memory or time is taken: dimensions, pixels, scans and what
// compressed metadata grows to are judged by [Limits] before pixels are decoded; that the same file gives the same
// pixels, faces and crop on every machine; and that nothing of a file's metadata but the texts named above leaves
// the package: no place, no serial number, no thumbnail.
//
// It leaves to others: the decoding of JPEG (package jpeg), fetching, what a site does with a photo without a
// credit, layouts (package card), and credits written into a caption (package article).
//
// A picture "as shown" is the picture after its EXIF orientation. Fractions ([Rect]) are of the picture as shown.
package photo

import (
	"fmt"

	"cutline/internal/jpeg"
)

// Limits bound what a file may ask for. A zero field has its default.
type Limits struct {
	Bytes    int64 // size of the file; default 25 MB (25,000,000)
	Pixels   int64 // width × height as the header claims; default 50,000,000
	Scans    int   // scans of a progressive JPEG; default 100 (a real file has under 20)
	Metadata int   // bytes that one block of metadata (XMP, ICC, a PNG text) may have after inflating; default 4 MiB
	Memory   int64 // bytes that decoding may take beside the file; default 256 MiB
}

// withDefaults fills the zero fields.
func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 25_000_000
	}
	if l.Pixels <= 0 {
		l.Pixels = 50_000_000
	}
	if l.Scans <= 0 {
		l.Scans = 100
	}
	if l.Metadata <= 0 {
		l.Metadata = 4 << 20
	}
	if l.Memory <= 0 {
		l.Memory = 256 << 20
	}
	return l
}

// jpeg are the same limits as package jpeg takes them.
func (l Limits) jpeg() jpeg.Limits {
	return jpeg.Limits{MaxPixels: l.Pixels, MaxScans: l.Scans, MaxMemory: l.Memory}
}

// Reasons of [Refused].
const (
	Empty        = "empty"          // no bytes
	NotAnImage   = "not-an-image"   // an error page, a PDF, anything else that is no picture file
	Unsupported  = "unsupported"    // a picture of a kind that is not read: AVIF, HEIC, TIFF, SVG, arithmetic JPEG, …
	Truncated    = "truncated"      // ends before its picture does
	Damaged      = "damaged"        // contradicts its format
	TooLarge     = "too-large"      // more bytes, pixels or memory than the limits allow
	TooManyScans = "too-many-scans" // a progressive JPEG that costs more passes than the limits allow
)

// Refused says why a picture file will not do. It is the error of Open, Prepare, Frame and Look for whatever is the
// file's fault; a cancelled context comes as its own error.
type Refused struct {
	Reason        string // one of the constants above
	Detail        string // what was found, in a few words, for the desk and the log; never bytes of the file
	Format        string // as Info.Format, "" where the file is none that is known
	Width, Height int    // pixels as the header claims, after orientation where that is known; 0: it does not say
}

func (r *Refused) Error() string { return fmt.Sprintf("photo refused, %s: %s", r.Reason, r.Detail) }

// Rect is a part of a picture or a frame as fractions of its width and height from the top left: {0, 0, 1, 1} is
// all of it.
type Rect struct{ X0, Y0, X1, Y1 float64 }

// Whole is the whole picture.
var Whole = Rect{0, 0, 1, 1}

// Photo is an opened picture file. Its methods keep decoded pixels between calls and are not safe for use by
// several goroutines at once; the file's bytes are shared with the caller and must not change.
type Photo struct {
	file   file     // what Open found
	info   Info     // what Open read
	limits Limits   // the caller's, with defaults
	colour *colour  // what brings the stored colours to sRGB; nil: they are sRGB
	held   *decoded // the last decoding; nil: none yet, or released
	scene  *Scene   // what Look has found; nil: not looked yet
}

// Info is what the file says about itself.
func (p *Photo) Info() Info { return p.info }

// Open checks a picture file and reads its metadata. It decodes no pixels, so damage inside them shows only in
// Prepare, Frame, Look or [Describe]. What will not do is a *[Refused].
func Open(data []byte, l Limits) (*Photo, error) {
	l = l.withDefaults()
	f, refused := scan(data, l)
	if refused != nil {
		return nil, refused
	}
	p := &Photo{file: f, limits: l, info: f.info(l)}
	p.colour, p.info.Profile = f.colour()
	return p, nil
}
