// Package jpeg reads and writes JPEG files as planes of YCbCr samples, scales them, darkens them and lays
// ink over them, without ever turning the picture into RGB.
//
// It owns ITU-T T.81 (the coding), JFIF 1.02 (the colours: full-range BT.601) and Adobe's APP14 marker
// (RGB, CMYK and YCCK files). It reads baseline, extended sequential and progressive Huffman files of 8
// bits with one, three or four components in every subsampling, scaled by N/8 while they are decoded and
// cropped to what is asked for; it writes baseline files with Huffman tables made for each. Arithmetic coding,
// 12 bits, lossless and hierarchical files are refused.
//
// It promises that no byte of a file decides how much memory or time is taken: sizes and the number of
// scans are judged by Limits before anything is allocated, and a file that ends early or is damaged gives
// an *Error with the reason. It computes in integers only, so the same input gives the same bytes on every
// machine.
//
// It leaves to others: metadata and colour profiles (package photo reads the APPn segments by itself),
// orientation, and what is drawn on an overlay.
//
// The shape of its data: a Planes is three channels with their own sizes. In a 4:2:0 picture of 1200×630
// Y is 1200×630, Cb and Cr are 600×315; a chroma sample lies in the middle of the luma samples it spans.
package jpeg

import "image"

// Plane is one channel of a picture: sample (x, y) is Pix[y*Stride+x], 0 ≤ x < W, 0 ≤ y < H.
type Plane struct {
	Pix    []byte // samples, row by row; what lies between W and Stride is padding without meaning
	Stride int    // bytes from one row to the next, at least W
	W, H   int    // samples across and down; both 0 where the picture lacks the channel
}

// Planes is a picture as JPEG keeps it: full-range BT.601 YCbCr as JFIF has it, Cb and Cr around 128.
// A gray picture has Cb and Cr of size 0. A Planes is not safe for use by several goroutines while one
// of them changes it.
type Planes struct {
	W, H       int    // size of the picture in luma samples
	Y          Plane  // luma, W×H
	Cb, Cr     Plane  // chroma, ⌈W/SubX⌉×⌈H/SubY⌉; size 0 in a gray picture
	SubX, SubY int    // how many luma samples a chroma sample spans, across and down: 1, 2 or 4
	Key        *Plane // how much light the black ink of a CMYK picture lets through, W×H, 255 all of it; nil unless Options.KeepKey
	Eighths    int    // the scale at which Decode made it: 8 is full size, 4 half; 8 for planes that were not decoded
}

// Gray says whether the picture has no chroma.
func (p *Planes) Gray() bool { return p.Cb.W == 0 }

// Header is what the markers of a file say, before its picture is decoded.
type Header struct {
	W, H         int    // pixels as stored, before any orientation
	Components   int    // 1 gray, 3 colour, 4 CMYK or YCCK
	Progressive  bool   // SOF2
	Scans        int    // number of SOS markers
	Subsampling  string // "4:4:4", "4:2:2", "4:2:0", "4:1:1", "4:4:0", "gray", or the factors such as "2x1,1x2,1x1"
	Transform    int    // Adobe APP14 colour transform: 0 none (RGB, CMYK), 1 YCbCr, 2 YCCK; -1 without that marker
	RestartEvery int    // MCUs between restart markers; 0 none
	SegmentBytes int    // bytes of all APPn and COM segments
}

// Limits bound what a file may ask for. A zero field has its default.
type Limits struct {
	MaxPixels int64 // width × height as the header claims; default 50,000,000
	MaxScans  int   // scans of a progressive file; default 100 (a real file has under 20)
	MaxMemory int64 // bytes that decoding may take beside the file itself; default 256 MiB
}

// Options say what of a picture Decode makes, and how large. The zero value is the whole picture at full size.
type Options struct {
	Crop       image.Rectangle // the part that is needed, in stored pixels at full size; empty: all
	MinW, MinH int             // the smallest size in pixels that the crop may have after scaling by N/8; 0: full size
	KeepKey    bool            // leave the black of a CMYK picture in Planes.Key, instead of multiplying it in
	Limits     Limits          // what the file may ask for
}

// Window is a part of a picture in its luma samples: sample x covers x to x+1, so the whole picture is
// {0, 0, W, H}. Edges may lie between samples.
type Window struct{ X0, Y0, X1, Y1 float64 }

// WindowOf turns a part of the stored picture, in its full-size pixels, into the window of p that shows
// it. shown is what Decode returned together with p.
func (p *Planes) WindowOf(shown image.Rectangle, part Window) Window {
	s := float64(p.Eighths) / 8
	x, y := float64(shown.Min.X), float64(shown.Min.Y)
	return Window{(part.X0 - x) * s, (part.Y0 - y) * s, (part.X1 - x) * s, (part.Y1 - y) * s}
}

// EncodeOptions say how Encode writes.
type EncodeOptions struct {
	Quality  int      // 1 to 100, libjpeg's scale; 0 is 85
	MaxBytes int      // lower the quality until the file is not larger; 0: no limit. Where quality 10 is not enough it is ErrTooLarge
	Segments [][]byte // APPn segments to put after JFIF's: each with marker, length and content
}

// Reasons of an Error.
const (
	Empty        = "empty"          // no bytes
	NotAnImage   = "not-an-image"   // does not begin as a JPEG file does
	Truncated    = "truncated"      // ends before the picture does
	Damaged      = "damaged"        // contradicts the standard or itself
	Unsupported  = "unsupported"    // a legal JPEG of a kind that is not read: arithmetic, 12 bits, lossless, hierarchical
	TooLarge     = "too-large"      // more pixels or memory than Limits allow
	TooManyScans = "too-many-scans" // more scans than Limits allow
)

// Error says why a file was refused.
type Error struct {
	Reason string // one of the constants: Empty, NotAnImage, Truncated, Damaged, Unsupported, TooLarge, TooManyScans
	Detail string // what was found, for a log
}

func (e *Error) Error() string { return "jpeg: " + e.Reason + ": " + e.Detail }
