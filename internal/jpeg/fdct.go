package jpeg

import "encoding/binary"

// coefficients are those of a block on the way into a file: 16 times what T.81 A.3.3 defines and raised by
// raise, in 16 words of four times 16 bits, little-endian: word 4·y + x has the rows 2y and 2y+1 of columns 2x and 2x+1, row by
// row. DC is that of unsigned samples, so it stands raise higher still. Bytes, because the memory of pictures is.
type coefficients = [128]byte

const (
	raise = 1 << 14 // a coefficient of 8-bit samples is within ±924; 16 times that is less than raise

	// The second pass brings a fraction of 15 bits down to one of one (which makes the 16 of 8), with
	// rounding, and raises. 2^30 makes both halves positive, and is gone in the 16 bits that are kept.
	raise2 = (1<<30 + raise<<14 + 1<<13) * both

	everyFourth = 0xff * both // the bytes 0 and 4 of a word
)

// laidAt is where in coefficients, in bytes, the one at each place of the file's order lies.
var laidAt = func() (at [64]uint8) {
	for k, natural := range zigzag {
		row, col := natural>>3, natural&7
		at[k] = row>>1*32 + col>>1*8 + row&1*4 + col&1*2
	}
	return at
}()

// forward is the forward transform of 8×8 samples: the counterpart of idct8, with libjpeg's roundings in
// the first pass. A word carries columns i and i+4, then rows 2y and 2y+1 (see block).
func forward(in []byte, stride int, out *coefficients) {
	in = in[:7*stride+8]
	r0, r1 := binary.LittleEndian.Uint64(in), binary.LittleEndian.Uint64(in[stride:])
	r2, r3 := binary.LittleEndian.Uint64(in[2*stride:]), binary.LittleEndian.Uint64(in[3*stride:])
	r4, r5 := binary.LittleEndian.Uint64(in[4*stride:]), binary.LittleEndian.Uint64(in[5*stride:])
	r6, r7 := binary.LittleEndian.Uint64(in[6*stride:]), binary.LittleEndian.Uint64(in[7*stride:])
	var t [32]uint64
	for i := 0; i < 4; i++ {
		a0, a7 := int64(r0&everyFourth), int64(r7&everyFourth)
		a1, a6 := int64(r1&everyFourth), int64(r6&everyFourth)
		a2, a5 := int64(r2&everyFourth), int64(r5&everyFourth)
		a3, a4 := int64(r3&everyFourth), int64(r4&everyFourth)
		r0, r1, r2, r3, r4, r5, r6, r7 = r0>>8, r1>>8, r2>>8, r3>>8, r4>>8, r5>>8, r6>>8, r7>>8
		s0, s1, s2, s3 := a0+a7, a1+a6, a2+a5, a3+a4
		d0, d1, d2, d3 := a0-a7, a1-a6, a2-a5, a3-a4
		e0, e3, e1, e2 := s0+s3, s0-s3, s1+s2, s1-s2
		z := (e2+e3)*c0541 + bias1
		t[i] = uint64((e0+e1)<<13+bias1) >> 11 & mask1
		t[4*4+i] = uint64((e0-e1)<<13+bias1) >> 11 & mask1
		t[2*4+i] = uint64(z+e3*c0765) >> 11 & mask1
		t[6*4+i] = uint64(z-e2*c1847) >> 11 & mask1
		z3, z4 := d3+d1, d2+d0
		z5 := (z3+z4)*c1175 + bias1
		z1, z2 := (d3+d0)*c0899, (d2+d1)*c2562
		z3, z4 = z5-z3*c1961, z5-z4*c0390
		t[7*4+i] = uint64(d3*c0298-z1+z3) >> 11 & mask1
		t[5*4+i] = uint64(d2*c2053-z2+z4) >> 11 & mask1
		t[3*4+i] = uint64(d1*c3072-z2+z3) >> 11 & mask1
		t[1*4+i] = uint64(d0*c1501-z1+z4) >> 11 & mask1
	}
	for y := 0; y < 4; y++ {
		r := (*[8]uint64)(t[y*8:])
		a0, a4 := swap(r[0], r[4])
		a1, a5 := swap(r[1], r[5])
		a2, a6 := swap(r[2], r[6])
		a3, a7 := swap(r[3], r[7])
		s0, s1, s2, s3 := a0+a7, a1+a6, a2+a5, a3+a4
		d0, d1, d2, d3 := a0-a7, a1-a6, a2-a5, a3-a4
		e0, e3, e1, e2 := s0+s3, s0-s3, s1+s2, s1-s2
		z3, z4 := d3+d1, d2+d0
		z5 := (z3+z4)*c1175 + raise2
		z1, z2 := (d3+d0)*c0899, (d2+d1)*c2562
		z3, z4 = z5-z3*c1961, z5-z4*c0390
		z := (e2+e3)*c0541 + raise2
		to := (*[32]byte)(out[y*32:])
		put(to[0:], (e0+e1)<<13+raise2, d0*c1501-z1+z4)
		put(to[8:], z+e3*c0765, d1*c3072-z2+z3)
		put(to[16:], (e0-e1)<<13+raise2, d2*c2053-z2+z4)
		put(to[24:], z-e2*c1847, d3*c0298-z1+z3)
	}
}

// put writes two columns of two rows.
func put(to []byte, even, odd int64) {
	binary.LittleEndian.PutUint64(to, uint64(even)>>14&evenHalves|uint64(odd)<<2&^evenHalves)
}
