package jpeg

import (
	"bytes"
	"encoding/binary"
)

const (
	chunk = 1 << 15 // bytes of picture data made ready at a time: half of a first-level cache
	// The largest MCU has ten blocks of 64 symbols of at most 16+15 bits: 2,480 bytes. As long as so many
	// lie ahead, nothing within an MCU need ask whether there are bits left.
	margin = 2560
	// How far past the end pos may be put at an MCU's begin: by more than the eight bytes that are loaded ahead of need.
	past = 16
)

// bitReader reads the entropy-coded bits of a scan. The stuffed zeros behind each 0xff are taken out a
// chunk at a time, so that eight bytes can be loaded at once without looking at them.
type bitReader struct {
	src   []byte // the file
	at    int    // in src: what is to be made ready next
	ended bool   // a marker or the end of the file follows what is ready; zeros have been put behind it
	pos   int    // in buf: next byte to load
	end   int    // in buf: end of what is ready
	low   int    // in buf: when pos is past it, more must be made ready
	acc   uint64 // the next bits, highest first
	n     uint   // how many bits of acc count; the bits below them are right too, or zero
	buf   [chunk + margin + 8]byte
}

// reset begins reading at src[at:].
func (b *bitReader) reset(src []byte, at int) {
	b.src, b.at, b.ended = src, at, false
	b.pos, b.end, b.low, b.acc, b.n = 0, 0, 0, 0, 0
	b.more()
}

// ready must be called before each MCU.
func (b *bitReader) ready() {
	if b.pos > b.low {
		b.more()
	}
}

func (b *bitReader) more() {
	if b.ended { // the rest of the row reads zeros, again and again
		b.pos = b.end + past
		return
	}
	b.end = copy(b.buf[:], b.buf[min(b.pos, b.end):b.end])
	b.pos = 0
	for b.end < chunk {
		in := b.src[b.at:min(b.at+chunk-b.end, len(b.src))]
		i := bytes.IndexByte(in, 0xff)
		if i < 0 {
			i = len(in)
		}
		b.end += copy(b.buf[b.end:], in[:i])
		b.at += i
		if i < len(in) && b.at+1 < len(b.src) && b.src[b.at+1] == 0 {
			b.buf[b.end] = 0xff
			b.end++
			b.at += 2
		} else if i < len(in) || b.at == len(b.src) { // a marker, or nothing left
			b.ended = true
			clear(b.buf[b.end : b.end+margin+8])
			b.low = b.end + past
			return
		}
	}
	b.low = b.end - margin
}

// fill makes at least 56 bits valid.
func (b *bitReader) fill() {
	b.acc |= binary.BigEndian.Uint64(b.buf[b.pos&(1<<16-1):]) >> (b.n & 63)
	b.pos += int(63-b.n) >> 3
	b.n |= 56
}

// overrun says whether bits were read that the file does not have.
func (b *bitReader) overrun() bool {
	return b.ended && b.pos*8-int(b.n) > b.end*8
}

// cut says whether a code that is none runs over the end of what the file has: then that is what is wrong.
func (b *bitReader) cut() bool {
	return b.ended && b.pos*8-int(b.n)+16 > b.end*8
}

// take reads n ≤ 16 bits; 56 must be valid before the first of three.
func (b *bitReader) take(n uint) int32 {
	v := b.acc >> 1 >> (63 - n&63)
	b.acc <<= n & 63
	b.n -= n
	return int32(v)
}

// marker returns the marker that ends the data, stepping over what is left before it, and its place in
// the file; 0 and the file's length where there is none.
func (b *bitReader) marker() (byte, int) {
	at := b.at
	for at+1 < len(b.src) {
		i := bytes.IndexByte(b.src[at:len(b.src)-1], 0xff)
		if i < 0 {
			break
		}
		at += i
		if m := b.src[at+1]; m != 0 && m != 0xff {
			return m, at
		}
		at++
	}
	return 0, len(b.src)
}
