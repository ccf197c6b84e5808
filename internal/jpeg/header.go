package jpeg

import (
	"bytes"
	"fmt"
)

// The markers that are read, T.81 table B.1.
const (
	mSOF0  = 0xc0 // baseline
	mSOF1  = 0xc1 // extended sequential
	mSOF2  = 0xc2 // progressive
	mDHT   = 0xc4
	mJPG   = 0xc8
	mDAC   = 0xcc
	mRST0  = 0xd0
	mSOI   = 0xd8
	mEOI   = 0xd9
	mSOS   = 0xda
	mDQT   = 0xdb
	mDNL   = 0xdc
	mDRI   = 0xdd
	mAPP0  = 0xe0
	mAPP14 = 0xee
	mAPP15 = 0xef
	mCOM   = 0xfe
)

func damaged(format string, a ...any) error {
	return &Error{Damaged, fmt.Sprintf(format, a...)}
}

func truncated(format string, a ...any) error {
	return &Error{Truncated, fmt.Sprintf(format, a...)}
}

func unsupported(format string, a ...any) error {
	return &Error{Unsupported, fmt.Sprintf(format, a...)}
}

// segments walks the marker segments of a file.
type segments struct {
	data []byte
	pos  int // of the next byte to read
}

// start checks the first marker.
func (s *segments) start() error {
	switch d := s.data; {
	case len(d) == 0:
		return &Error{Empty, "no bytes"}
	case len(d) < 2 || d[0] != 0xff || d[1] != mSOI:
		return &Error{NotAnImage, "does not begin with SOI"}
	}
	s.pos = 2
	return nil
}

// next returns the next marker and what its segment holds after the length; EOI and RSTn have no body.
// Bytes that belong to no segment are stepped over, as every decoder does.
func (s *segments) next() (marker byte, body []byte, err error) {
	for {
		i := bytes.IndexByte(s.data[s.pos:], 0xff)
		if i < 0 || s.pos+i+1 >= len(s.data) {
			s.pos = len(s.data)
			return 0, nil, truncated("no further marker")
		}
		s.pos += i + 1
		marker = s.data[s.pos]
		if marker == 0xff { // fill byte
			continue
		}
		s.pos++
		switch {
		case marker == 0: // a stuffed byte of skipped picture data
			continue
		case marker == mEOI, marker >= mRST0 && marker < mRST0+8, marker == 0x01:
			return marker, nil, nil
		case marker == mSOI:
			return 0, nil, damaged("a second SOI at byte %d", s.pos-2)
		}
		if s.pos+2 > len(s.data) {
			return 0, nil, truncated("in marker %#02x at byte %d", marker, s.pos)
		}
		n := int(s.data[s.pos])<<8 | int(s.data[s.pos+1])
		if n < 2 {
			return 0, nil, damaged("length %d of marker %#02x at byte %d", n, marker, s.pos)
		}
		if s.pos+n > len(s.data) {
			return 0, nil, truncated("in marker %#02x at byte %d", marker, s.pos)
		}
		body = s.data[s.pos+2 : s.pos+n]
		s.pos += n
		return marker, body, nil
	}
}

// component is one channel as SOF describes it.
type component struct {
	id   byte // its name in SOS
	h, v int  // sampling factors, 1 to 4
	tq   int  // quantisation table, 0 to 3
}

// frame is what SOF says.
type frame struct {
	w, h        int // pixels
	progressive bool
	comps       []component // 1, 3 or 4
	hmax, vmax  int         // largest sampling factors
}

// parseSOF reads a frame header (T.81 B.2.2) of the kinds that are read.
func parseSOF(marker byte, b []byte) (frame, error) {
	var f frame
	if marker != mSOF0 && marker != mSOF1 && marker != mSOF2 {
		return f, unsupported("%s (SOF%d)", process(marker), marker-mSOF0)
	}
	if len(b) < 6 {
		return f, damaged("SOF of %d bytes", len(b))
	}
	if b[0] != 8 {
		return f, unsupported("%d bits a sample", b[0])
	}
	f.progressive = marker == mSOF2
	f.h, f.w = int(b[1])<<8|int(b[2]), int(b[3])<<8|int(b[4])
	n := int(b[5])
	if len(b) != 6+3*n {
		return f, damaged("SOF of %d bytes for %d components", len(b), n)
	}
	if f.w == 0 {
		return f, damaged("width 0")
	}
	if f.h == 0 {
		return f, unsupported("height given after the picture (DNL)")
	}
	if n != 1 && n != 3 && n != 4 {
		return f, unsupported("%d components", n)
	}
	blocks := 0
	for i := range n {
		c := component{b[6+3*i], int(b[7+3*i] >> 4), int(b[7+3*i] & 15), int(b[8+3*i])}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.tq > 3 {
			return f, damaged("component %d: sampling %dx%d, table %d", c.id, c.h, c.v, c.tq)
		}
		for _, o := range f.comps {
			if o.id == c.id {
				return f, damaged("two components %d", c.id)
			}
		}
		if n == 1 { // T.81 A.2.2: factors of a lone component do not matter
			c.h, c.v = 1, 1
		}
		f.hmax, f.vmax = max(f.hmax, c.h), max(f.vmax, c.v)
		blocks += c.h * c.v
		f.comps = append(f.comps, c)
	}
	return f, nil
}

// process names a coding process by its SOF marker.
func process(marker byte) string {
	switch marker - mSOF0 {
	case 3, 7:
		return "lossless"
	case 5, 6:
		return "hierarchical"
	case 9, 10, 13, 14:
		return "arithmetic coding"
	case 11, 15:
		return "lossless arithmetic coding"
	}
	return "reserved process"
}

// isSOF says whether the marker begins a frame of any process.
func isSOF(m byte) bool {
	return m >= mSOF0 && m <= 0xcf && m != mDHT && m != mJPG && m != mDAC
}

// subsampling names the factors of the components the way people do.
func (f *frame) subsampling() string {
	if len(f.comps) == 1 {
		return "gray"
	}
	plain, s := true, ""
	for i, c := range f.comps {
		if i > 0 {
			s += ","
		}
		s += fmt.Sprintf("%dx%d", c.h, c.v)
		if (i == 1 || i == 2) && (c.h != 1 || c.v != 1) {
			plain = false
		}
	}
	names := map[[2]int]string{{1, 1}: "4:4:4", {2, 1}: "4:2:2", {2, 2}: "4:2:0", {4, 1}: "4:1:1", {1, 2}: "4:4:0", {4, 2}: "4:1:0"}
	if name, ok := names[[2]int{f.comps[0].h, f.comps[0].v}]; ok && plain {
		return name
	}
	return s
}

// ReadHeader reads the markers of a file and judges them by limits, without decoding and without taking
// memory. Errors are *Error. A file that passes may still turn out truncated or damaged in Decode.
func ReadHeader(data []byte, limits Limits) (Header, error) {
	h := Header{Transform: -1}
	s := segments{data: data}
	if err := s.start(); err != nil {
		return h, err
	}
	limits = limits.defaults()
	var f frame
	for {
		m, body, err := s.next()
		if err != nil && h.Scans > 0 {
			return h, nil // what is missing is Decode's to judge
		} else if err != nil {
			return h, err
		}
		switch {
		case isSOF(m):
			if f.w != 0 {
				return h, damaged("a second frame")
			}
			if f, err = parseSOF(m, body); err != nil {
				return h, err
			}
			h.W, h.H, h.Components, h.Progressive = f.w, f.h, len(f.comps), f.progressive
			h.Subsampling = f.subsampling()
			if err := limits.judge(&f); err != nil {
				return h, err
			}
		case m >= mAPP0 && m <= mAPP15 || m == mCOM:
			h.SegmentBytes += len(body)
			if t, ok := adobe(m, body); ok {
				h.Transform = t
			}
		case m == mDRI && len(body) == 2:
			h.RestartEvery = int(body[0])<<8 | int(body[1])
		case m == mSOS:
			if f.w == 0 {
				return h, damaged("a scan before the frame")
			}
			if h.Scans++; h.Scans > limits.MaxScans {
				return h, &Error{TooManyScans, fmt.Sprintf("more than %d scans", limits.MaxScans)}
			}
			if !f.progressive && len(body) > 0 && int(body[0]) == len(f.comps) {
				return h, nil // the whole picture is in this scan
			}
		case m == mEOI:
			if h.Scans == 0 {
				return h, truncated("EOI without a picture")
			}
			return h, nil
		}
	}
}

// adobe reads the colour transform of Adobe's APP14 marker.
func adobe(m byte, body []byte) (transform int, ok bool) {
	if m != mAPP14 || len(body) < 12 || string(body[:5]) != "Adobe" {
		return 0, false
	}
	return int(body[11]), true
}

func (l Limits) defaults() Limits {
	if l.MaxPixels == 0 {
		l.MaxPixels = 50_000_000
	}
	if l.MaxScans == 0 {
		l.MaxScans = 100
	}
	if l.MaxMemory == 0 {
		l.MaxMemory = 256 << 20
	}
	return l
}

// judge refuses a frame by its size.
func (l Limits) judge(f *frame) error {
	if px := int64(f.w) * int64(f.h); px > l.MaxPixels {
		return &Error{TooLarge, fmt.Sprintf("%d×%d is %d pixels, more than %d", f.w, f.h, px, l.MaxPixels)}
	}
	return nil
}
