package jpeg

import (
	"encoding/binary"
	"math/bits"
)

// quantiser divides coefficients by the steps of one table, and rounds.
type quantiser struct {
	steps     [64]uint8  // by place in the file's order
	half      [64]uint32 // by place, half a step as coefficients has it
	inverse   [64]uint32 // by place, 2^32 / step, rounded up: exact for all that can come
	low, high [16]uint64 // as coefficients: what lies between becomes zero, ends included
}

// The tables of T.81 K.1, in the order of the file.
var (
	lumaSteps = [64]uint8{
		16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49,
		35, 37, 29, 40, 58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56,
		80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
	}
	chromaSteps = [64]uint8{
		17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
	}
)

// quantiserFor scales a table to a quality of 1 to 100 as libjpeg does.
func quantiserFor(table *[64]uint8, quality int) *quantiser {
	q := &quantiser{}
	percent := percentOf(quality)
	for k, v := range table {
		step := min(max((int(v)*percent+50)/100, 1), 255)
		q.steps[k] = uint8(step)
		q.half[k] = uint32(8 * step)
		q.inverse[k] = uint32((1<<32 + 16*step - 1) / (16 * step))
		at := laidAt[k]
		q.low[at/8] |= uint64(raise-8*step+1) << (at % 8 * 8)
		q.high[at/8] |= uint64(1<<15|raise+8*step-1) << (at % 8 * 8)
	}
	q.low[0] &^= 0xffff // DC is not looked at
	q.high[0] |= 0xffff
	return q
}

// percentOf is the size of a quality's steps in percent of the tables'.
func percentOf(quality int) int {
	if quality < 50 {
		return 5000 / quality
	}
	return 200 - 2*quality
}

const tops = 0x8000800080008000

// placesOf is for each word of coefficients, and each choice of the four in it, their places in the file's order as bits.
var placesOf = func() (p [16][16]uint64) {
	for k, at := range laidAt {
		for choice := range 16 {
			if choice>>(at%8/2)&1 != 0 {
				p[at/8][choice] |= 1 << k
			}
		}
	}
	return p
}()

// others are the places of the coefficients other than DC that do not become zero, as bits.
func (q *quantiser) others(c *coefficients) (places uint64) {
	for i := range q.low {
		w := binary.LittleEndian.Uint64(c[8*i : 8*i+8])
		if i == 0 {
			w &^= 0xffff
		}
		// the top bits, which no coefficient has, take the borrows
		out := ^(((w | tops) - q.low[i]) & (q.high[i] - w)) & tops
		// bits 15, 31, 47 and 63 become a number; no branch, as it could not be foreseen
		places |= placesOf[i][out>>15*(1<<48|1<<33|1<<18|1<<3)>>48&15]
	}
	return places
}

// divide rounds a coefficient, raise taken off, at place k to steps: its amount, and -1 or 0 for its sign.
func (q *quantiser) divide(v int32, k int) (amount uint32, sign int32) {
	sign = v >> 31
	return uint32(uint64(uint32((v^sign)-sign)+q.half[k&63]) * uint64(q.inverse[k&63]) >> 32), sign
}

// A symbol is what the entropy coder writes as one: bits 0–7 as T.81 F.1.2 has it, 8–9 which of the four
// Huffman tables (DC and AC of luma, DC and AC of chroma), from 10 the bits that follow the code.
type symbol = uint32

const (
	zeros15 = 0xf0 // the symbol for 16 zeros
	rest    = 0x00 // the symbol for zeros until the block's end
)

// difference is the symbol for a DC that is diff more than the one before.
func difference(diff int32, tables uint32) symbol {
	sign := diff >> 31
	size := uint32(bits.Len32(uint32((diff ^ sign) - sign)))
	return tables | size | uint32(diff+sign)&(1<<size-1)<<10
}

// symbols writes the symbols of a block to out, with the coefficient of each to raw, and counts them. tables is 0 or
// 2<<8: the pair of tables for DC and AC. It returns the block's DC and how many it wrote, at most 64.
func (q *quantiser) symbols(c *coefficients, tables uint32, pred int32, out []symbol, raw []int16, count *[4 << 8]uint32) (dc int32, n int) {
	out, raw = out[:64], raw[:64]
	v := int32(binary.LittleEndian.Uint16(c[:])) - 2*raise
	amount, sign := q.divide(v, 0)
	dc = int32(amount) ^ sign - sign
	out[0], raw[0] = difference(dc-pred, tables), int16(v)
	count[out[0]&1023]++
	n = 1
	tables |= 1 << 8
	places, before := q.others(c), 0
	last := bits.Len64(places) - 1
	for places != 0 {
		k := bits.TrailingZeros64(places)
		places &= places - 1
		run := uint32(k - before - 1)
		before = k
		for run > 15 {
			out[n&63] = tables | zeros15
			count[(tables|zeros15)&1023]++
			n++
			run -= 16
		}
		v := int32(binary.LittleEndian.Uint16(c[laidAt[k&63]&126:])) - raise
		amount, sign := q.divide(v, k)
		size := uint32(bits.Len32(amount))
		sym := tables | run<<4 | size
		out[n&63], raw[n&63] = sym|(amount^uint32(sign))&(1<<size-1)<<10, int16(v)
		count[sym&1023]++
		n++
	}
	if last < 63 {
		out[n&63] = tables | rest
		count[tables|rest]++
		n++
	}
	return dc, n
}

// coarser makes symbols of a block anew from those in, which a quantiser with smaller steps has made, and from their
// coefficients. taken is how many of in belong to the block.
func (q *quantiser) coarser(in []symbol, raw []int16, pred int32, out []symbol, count *[4 << 8]uint32) (dc int32, taken, n int) {
	tables := in[0] & (2 << 8)
	add := func(s symbol) {
		out[n] = s
		count[s&1023]++
		n++
	}
	amount, sign := q.divide(int32(raw[0]), 0)
	dc = int32(amount) ^ sign - sign
	add(difference(dc-pred, tables))
	tables |= 1 << 8
	taken = 1
	for k, before := 0, 0; k < 63; {
		s := in[taken]
		v := int32(raw[taken])
		taken++
		switch s & 0xff {
		case rest:
			k = 63
		case zeros15:
			k += 16
			continue
		default:
			k += int(s>>4&15) + 1
			if amount, sign := q.divide(v, k); amount > 0 {
				run := uint32(k - before - 1)
				for ; run > 15; run -= 16 {
					add(tables | zeros15)
				}
				size := uint32(bits.Len32(amount))
				add(tables | run<<4 | size | (amount^uint32(sign))&(1<<size-1)<<10)
				before = k
			}
		}
		if k == 63 && before < 63 {
			add(tables | rest)
		}
	}
	return dc, taken, n
}
