package jpeg

const (
	lookBits = 9  // of a plain look-up
	pairBits = 10 // of a look-up that gives up to two coefficients
	skipBits = 12 // of a look-up that steps over as many coefficients as fit
)

// huffman is one table of DHT.
type huffman struct {
	look   [1 << lookBits]uint16 // by the next bits: symbol | length of its code << 8; 0: longer than lookBits
	limit  [18]uint32            // by length l: first 16-bit value above all codes of at most l bits
	offset [18]int32             // by length: index of a code's symbol less the code
	vals   [256]byte             // symbols in order of their codes
	fast   *acFast               // for sequential scans, made when first needed
}

// parseHuffman reads one table from DHT: counts of codes by length, then symbols (T.81 C). It returns how
// many bytes it took.
func (h *huffman) parse(b []byte, dc bool) (int, error) {
	if len(b) < 16 {
		return 0, damaged("DHT ends within a table")
	}
	total := 0
	for _, n := range b[:16] {
		total += int(n)
	}
	if total > 256 || len(b) < 16+total {
		return 0, damaged("DHT with %d symbols in %d bytes", total, len(b)-16)
	}
	fast := h.fast
	*h = huffman{fast: fast}
	if fast != nil {
		fast.made, fast.skipMade = false, false
	}
	copy(h.vals[:], b[16:16+total])
	code, k := uint32(0), 0
	for l := uint(1); l <= 16; l++ {
		h.offset[l] = int32(k) - int32(code)
		for range b[l-1] {
			if code >= 1<<l {
				return 0, damaged("DHT with more codes of %d bits than there are", l)
			}
			if dc && h.vals[k] > 15 {
				return 0, damaged("DHT with a DC difference of %d bits", h.vals[k])
			}
			if l <= lookBits {
				first := code << (lookBits - l)
				for x := range uint32(1) << (lookBits - l) {
					h.look[first+x] = uint16(h.vals[k]) | uint16(l)<<8
				}
			}
			code++
			k++
		}
		h.limit[l] = code << (16 - l)
		code <<= 1
	}
	return 16 + total, nil
}

// long finds the symbol of a code by its first 16 bits; length 0 where no code begins so.
func (h *huffman) long(first16 uint32) (sym byte, length uint) {
	for l := uint(1); l <= 16; l++ {
		if first16 < h.limit[l] {
			return h.vals[(int32(first16>>(16-l))+h.offset[l])&255], l
		}
	}
	return 0, 0
}

// symbol reads a symbol. 56 bits must be valid. ok is false where no code begins with the bits.
func (h *huffman) symbol(b *bitReader) (sym byte, ok bool) {
	if e := h.look[b.acc>>(64-lookBits)]; e != 0 {
		b.acc <<= e >> 8 & 63
		b.n -= uint(e >> 8)
		return byte(e), true
	}
	sym, l := h.long(uint32(b.acc >> 48))
	b.acc <<= l & 63
	b.n -= l
	return sym, l != 0
}

// extend reads s bits after length l as a signed value (T.81 F.2.2.1, EXTEND).
func extend(acc uint64, l, s uint) int32 {
	v := int32(acc << (l & 63) >> 1 >> (63 - s&63))
	if v < int32(1)<<(s&31)>>1 {
		v += 1 - int32(1)<<(s&31)
	}
	return v
}

// eob is how far "end of block" advances: past all that a run can reach.
const eob = 128

// A pair is what the next pairBits bits mean in a sequential AC scan:
//
//	bits 0–5    length of all of it, with the coefficients' own bits
//	bits 6–7    kind: pairWhole, pairValue or pairLong
//	bits 8–15   how far the first symbol advances: 1…16, or eob
//	bits 16–23  how far both advance
//	bits 24–29  length of the first alone
//	bits 32–47  first value
//	bits 48–63  second value, 0 where there is none
type pair uint64

const (
	pairWhole = 0 << 6 // one or two whole coefficients
	pairValue = 1 << 6 // one symbol, whose value's bits reach past the look-up; bits 16–23 count them
	pairLong  = 2 << 6 // a code longer than the look-up, or none
)

// acFast are the look-ups of an AC table in sequential scans.
type acFast struct {
	made, skipMade bool
	pairs          [1 << pairBits]pair
	// By the next bits, for whole symbols only: bits 0–3 their length, 4–10 how far they advance, 11 whether
	// they end the block. Where not even one symbol fits, or one is a mere code, they advance 127.
	skips [1 << skipBits]uint16
}

// one is the first symbol of the next 16 bits: length of its code, advance, and bits of its value.
func (h *huffman) one(first16 uint32) (l, adv, s uint) {
	sym, l := h.long(first16)
	s = uint(sym & 15)
	switch {
	case l == 0:
		return 0, 0, 0
	case s != 0:
		adv = uint(sym>>4) + 1
	case sym == 0xf0:
		adv = 16
	default: // 0x00; others of size 0 have no meaning here, and every decoder takes them as the end
		adv = eob
	}
	return l, adv, s
}

// sequential makes the look-ups of sequential scans; skips only where coefficients will be skipped.
func (h *huffman) sequential(skip bool) {
	if h.fast == nil {
		h.fast = new(acFast)
	}
	f := h.fast
	if !f.made {
		f.made = true
		for i := range f.pairs {
			f.pairs[i] = h.pair(uint32(i) << (16 - pairBits))
		}
	}
	if !skip || f.skipMade {
		return
	}
	f.skipMade = true
	for i := range f.skips {
		n, adv, end := uint(0), uint(0), uint(0)
		for n < skipBits && end == 0 {
			x := uint32(i) << (16 - skipBits) << n & 0xffff
			var l, a uint
			if e := f.pairs[x>>(16-pairBits)]; e&(3<<6) == pairWhole {
				l, a = uint(e>>24&63), uint(e>>8&255)
			} else {
				var s uint
				l, a, s = h.one(x)
				l += s
			}
			if a == 0 || n+l > skipBits || a < eob && adv+a > 62 {
				break
			}
			if n += l; a == eob {
				end = 1
			} else {
				adv += a
			}
		}
		if n == 0 {
			adv = 127
		}
		f.skips[i] = uint16(n | adv<<4 | end<<11)
	}
}

// pair makes an entry from the first bits; those behind pairBits are zero and do not count.
func (h *huffman) pair(first16 uint32) pair {
	l1, a1, s1 := h.one(first16)
	if l1 == 0 || l1 > pairBits {
		return pairLong
	}
	if l1+s1 > pairBits {
		return pair(l1+s1) | pairValue | pair(a1)<<8 | pair(s1)<<16
	}
	acc := uint64(first16) << 48
	v1 := extend(acc, l1, s1)
	n, a2, v2 := l1+s1, a1, int32(0)
	if a1 != eob {
		if l, a, s := h.one(uint32(acc << n >> 48)); l != 0 && n+l+s <= pairBits {
			v2 = extend(acc, n+l, s)
			n, a2 = n+l+s, a1+a
		}
	}
	return pair(n) | pairWhole | pair(a1)<<8 | pair(a2)<<16 | pair(l1+s1)<<24 | pair(uint16(v1))<<32 | pair(uint16(v2))<<48
}
