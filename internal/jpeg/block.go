package jpeg

import "encoding/binary"

// zigzag is the natural place (row*8 + column) of each coefficient in the order of the file.
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48,
	41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15,
	23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// block is the dequantised coefficients of a block, two to a word: word r*4 + c/2 holds column c even in
// its low half and c+1 in its high half, as the sum low + high<<32 of signed numbers. Sums, differences
// and multiples of such words are those of both halves at once, which is what stands in for vector
// instructions here. Word 32 takes what is not wanted.
type block [64]int64

// scaling says which coefficients a scale keeps, and where they go.
type scaling struct {
	n    int        // eighths: an n×n square of coefficients is kept
	last int        // the last kept in the order of the file
	word [256]uint8 // by place in the file's order: word of a block; 32 where it is not kept
}

func newScaling(n int) *scaling {
	s := &scaling{n: n}
	for k := range s.word {
		s.word[k] = 32
		if k < 64 {
			if r, c := int(zigzag[k])>>3, int(zigzag[k])&7; r < n && c < n {
				s.word[k] = uint8(r*4 + c/2)
				s.last = k
			}
		}
	}
	return s
}

// quantTable is a dequantisation table by place in the file's order; zero past 63 and for what a scale does
// not keep, shifted by 32 for the high halves of block.
type quantTable [256]int64

func (s *scaling) quant(raw *[64]uint16) *quantTable {
	var q quantTable
	for k, v := range raw {
		if s.word[k] < 32 {
			q[k] = int64(v) << (zigzag[k] & 1 * 32)
		}
	}
	return &q
}

// dcDiff reads the difference of a block's DC (T.81 F.2.2.1). 56 bits must be valid; it leaves at least 25.
func (b *bitReader) dcDiff(h *huffman) (diff int32, ok bool) {
	l, s := uint(0), uint(0)
	if e := h.look[b.acc>>(64-lookBits)]; e != 0 {
		l, s = uint(e>>8), uint(e&255)
	} else {
		var sym byte
		if sym, l = h.long(uint32(b.acc >> 48)); l == 0 {
			return 0, false
		}
		s = uint(sym)
	}
	v := extend(b.acc, l, s)
	b.acc <<= (l + s) & 63
	b.n -= l + s
	return v, true
}

// sequential decodes a block of a sequential scan: the coefficients that the scale keeps are added,
// dequantised, to blk, which must be zero; the others are stepped over. It returns the place of the last
// coefficient kept or passed on the way, 0 for DC alone.
func (b *bitReader) sequential(c *channel, s *scaling, blk *block) (top int, ok bool) {
	b.fill()
	diff, ok := b.dcDiff(c.dc)
	if !ok {
		return 0, false
	}
	c.pred += diff
	blk[0] = int64(c.pred) * c.q[0]
	last, k := s.last, 0
	acc, n, pos, f, q, buf := b.acc, b.n, b.pos, c.ac.fast, c.q, b.buf[:]
	for k < last {
		acc |= binary.BigEndian.Uint64(buf[pos:]) >> (n & 63)
		pos += int(63-n) >> 3
		n |= 56
		e := f.pairs[acc>>(64-pairBits)]
		if e&(3<<6) == 0 {
			k1, k2 := k+int(e>>8&255), k+int(e>>16&255)
			if k1 < 63 {
				blk[s.word[k1&255]&63] += int64(int16(e>>32)) * q[k1&255]
				blk[s.word[k2&255]&63] += (int64(e) >> 48) * q[k2&255]
				acc <<= e & 63
				n -= uint(e & 63)
				k = k2
				continue
			}
			// the block ends with the first of the two
			blk[s.word[k1&255]&63] += int64(int16(e>>32)) * q[k1&255]
			acc <<= e >> 24 & 63
			n -= uint(e >> 24 & 63)
			k = k1
			break
		}
		l, adv, size := uint(e&63), uint(e>>8&255), uint(e>>16&255)
		if e&(3<<6) == pairLong {
			if l, adv, size = c.ac.one(uint32(acc >> 48)); l == 0 {
				b.acc, b.n, b.pos = acc, n, pos
				return 0, false
			}
			l += size
		}
		k += int(adv)
		blk[s.word[k&255]&63] += int64(extend(acc, l-size, size)) * q[k&255]
		acc <<= l & 63
		n -= l
	}
	b.acc, b.n, b.pos = acc, n, pos
	if k >= eob {
		return k - eob, true
	}
	if k < 63 {
		return k, b.skip(c.ac, k)
	}
	return k, k == 63
}

// skip steps over the rest of a block from behind place k on.
func (b *bitReader) skip(h *huffman, k int) bool {
	acc, n, pos, f, buf := b.acc, b.n, b.pos, h.fast, b.buf[:]
	for k < 63 {
		acc |= binary.BigEndian.Uint64(buf[pos:]) >> (n & 63)
		pos += int(63-n) >> 3
		n |= 56
		e := f.skips[acc>>(64-skipBits)]
		if k1 := k + int(e>>4&127); k1 < 63 {
			acc <<= e & 15
			n -= uint(e & 15)
			k = k1
			if e>>11 != 0 {
				k = eob
				break
			}
			continue
		}
		l, adv, size := h.one(uint32(acc >> 48))
		if l == 0 {
			b.acc, b.n, b.pos = acc, n, pos
			return false
		}
		k += int(adv)
		acc <<= (l + size) & 63
		n -= l + size
	}
	b.acc, b.n, b.pos = acc, n, pos
	return k == 63 || k >= eob
}

// outside steps over a whole block of a part of the picture that is not wanted.
func (b *bitReader) outside(c *channel) bool {
	b.fill()
	diff, ok := b.dcDiff(c.dc)
	c.pred += diff
	return ok && b.skip(c.ac, 0)
}
