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

// at is the coefficient at place k, divided: its amount, and -1 or 0 for its sign.
func (q *quantiser) at(c *coefficients, k int) (amount uint32, sign int32) {
	k &= 63
	v := int32(binary.LittleEndian.Uint16(c[laidAt[k]&126:])) - raise
	sign = v >> 31
	return uint32(uint64(uint32((v^sign)-sign)+q.half[k]) * uint64(q.inverse[k]) >> 32), sign
}

// dc is DC, divided.
func (q *quantiser) dc(c *coefficients) int32 {
	v := int32(binary.LittleEndian.Uint16(c[:])) - 2*raise
	sign := v >> 31
	n := int32(uint64(uint32((v^sign)-sign)+q.half[0]) * uint64(q.inverse[0]) >> 32)
	return n ^ sign - sign
}

// A symbol is what the entropy coder writes as one: bits 0–7 as T.81 F.1.2 has it, 8–9 which of the four
// Huffman tables, from 10 the bits that follow the code.
type symbol = uint32

// symbols writes the symbols of a block to out, and counts them. tables is 0 or 2<<8: the pair of tables
// for DC and AC. It returns the block's DC and how many it wrote, at most 64.
func (q *quantiser) symbols(c *coefficients, tables uint32, pred int32, out []symbol, count *[1024]uint32) (dc int32, n int) {
	out = out[:64]
	dc = q.dc(c)
	diff := dc - pred
	sign := diff >> 31
	size := uint32(bits.Len32(uint32((diff ^ sign) - sign)))
	sym := tables | size
	out[0] = sym | uint32(diff+sign)&(1<<size-1)<<10
	count[sym&1023]++
	n = 1
	places, before := q.others(c), 0
	tables |= 1 << 8
	last := bits.Len64(places) - 1
	for places != 0 {
		k := bits.TrailingZeros64(places)
		places &= places - 1
		run := uint32(k - before - 1)
		before = k
		for run > 15 {
			out[n&63] = tables | 0xf0
			count[(tables|0xf0)&1023]++
			n++
			run -= 16
		}
		amount, sign := q.at(c, k)
		size := uint32(bits.Len32(amount))
		sym := tables | run<<4 | size
		out[n&63] = sym | (amount^uint32(sign))&(1<<size-1)<<10
		count[sym&1023]++
		n++
	}
	if last < 63 {
		out[n&63] = tables
		count[tables&1023]++
		n++
	}
	return dc, n
}
