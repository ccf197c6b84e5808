package jpeg

import "encoding/binary"

// The inverse transform is that of Loeffler, Ligtenberg and Moschytz (ICASSP 1989) with 13-bit constants
// and the roundings of libjpeg's "slow" integer transform, so that full-size pictures are the same bit for
// bit. A word carries two columns, then two rows (see block).

// Constants times 2^13.
const (
	c0298 = 2446
	c0390 = 3196
	c0541 = 4433
	c0765 = 6270
	c0899 = 7373
	c1175 = 9633
	c1501 = 12299
	c1847 = 15137
	c1961 = 16069
	c2053 = 16819
	c2562 = 20995
	c3072 = 25172
)

const (
	both = 1<<32 + 1 // a number times both is that number in both halves of a word

	lowHalf = 1<<32 - 1
	// The first pass leaves 2 bits of fraction. 2^30 makes both halves positive, so that they can be shifted
	// as one word; it is 2^19 after the shift.
	bias1 = (1<<30 + 1<<10) * both
	mask1 = (1<<21 - 1) * both
	bias2 = (1 << 19) * both
	// The second pass rounds and adds 128: halves of 0 to 255<<18 and a fraction need no clamping.
	round2 = (128<<18 + 1<<17) * both
	clear2 = 0xfc000000 * both
)

// transform writes the n×n samples of blk to out, and makes blk zero. top is what sequential returned.
func transform(n int, blk *block, top int, out []byte, stride int) {
	switch {
	case top == 0:
		flat(n, uint64(clamp((blk[0]+4)>>3+128)), out, stride)
	case n == 8 && top <= 9: // all of them lie in the upper left 4×4
		idct8corner(blk, out, stride)
	case n == 8:
		idct8(blk, out, stride)
	case n == 7:
		idct7(blk, out, stride)
	case n == 6:
		idct6(blk, out, stride)
	case n == 5:
		idct5(blk, out, stride)
	case n == 4:
		idct4(blk, out, stride)
	case n == 3:
		idct3(blk, out, stride)
	default: // at 1 there is DC alone, which is flat
		idct2(blk, out, stride)
	}
}

// flat fills a block with one value.
func flat(n int, v uint64, out []byte, stride int) {
	v *= 0x0101010101010101
	switch n {
	case 8:
		for y := 0; y < 8; y++ {
			binary.LittleEndian.PutUint64(out[y*stride:], v)
		}
	case 4:
		for y := 0; y < 4; y++ {
			binary.LittleEndian.PutUint32(out[y*stride:], uint32(v))
		}
	default:
		for y := 0; y < n; y++ {
			for x := 0; x < n; x++ {
				out[y*stride+x] = byte(v)
			}
		}
	}
}

func clamp(v int64) byte {
	if uint64(v) > 255 {
		v = ^v >> 63 // all ones above 255, zero below 0
	}
	return byte(v)
}

// swap turns two words of two columns into two words of two rows, and takes the bias of the first pass off.
func swap(a, b uint64) (int64, int64) {
	return int64(a&lowHalf|b<<32) - bias2, int64(a>>32|b&^lowHalf) - bias2
}

func idct8(b *block, out []byte, stride int) {
	var t [32]uint64
	for i := 0; i < 4; i++ {
		s0, s1, s2, s3, s4, s5, s6, s7 := b[i], b[4+i], b[8+i], b[12+i], b[16+i], b[20+i], b[24+i], b[28+i]
		b[i], b[4+i], b[8+i], b[12+i], b[16+i], b[20+i], b[24+i], b[28+i] = 0, 0, 0, 0, 0, 0, 0, 0
		z1 := (s2 + s6) * c0541
		t2, t3 := z1-s6*c1847, z1+s2*c0765
		t0, t1 := (s0+s4)<<13+bias1, (s0-s4)<<13+bias1
		e0, e1, e2, e3 := t0+t3, t1+t2, t1-t2, t0-t3
		z1, z2, z3, z4 := (s7+s1)*c0899, (s5+s3)*c2562, s7+s3, s5+s1
		z5 := (z3 + z4) * c1175
		z3, z4 = z5-z3*c1961, z5-z4*c0390
		o0, o1, o2, o3 := s1*c1501-z1+z4, s3*c3072-z2+z3, s5*c2053-z2+z4, s7*c0298-z1+z3
		t[i], t[28+i] = uint64(e0+o0)>>11&mask1, uint64(e0-o0)>>11&mask1
		t[4+i], t[24+i] = uint64(e1+o1)>>11&mask1, uint64(e1-o1)>>11&mask1
		t[8+i], t[20+i] = uint64(e2+o2)>>11&mask1, uint64(e2-o2)>>11&mask1
		t[12+i], t[16+i] = uint64(e3+o3)>>11&mask1, uint64(e3-o3)>>11&mask1
	}
	for y := 0; y < 4; y++ {
		r := (*[8]uint64)(t[y*8:])
		s0, s1 := swap(r[0], r[4])
		s2, s3 := swap(r[1], r[5])
		s4, s5 := swap(r[2], r[6])
		s6, s7 := swap(r[3], r[7])
		z1 := (s2 + s6) * c0541
		t2, t3 := z1-s6*c1847, z1+s2*c0765
		t0, t1 := (s0+s4)<<13+round2, (s0-s4)<<13+round2
		e0, e1, e2, e3 := t0+t3, t1+t2, t1-t2, t0-t3
		z1, z2, z3, z4 := (s7+s1)*c0899, (s5+s3)*c2562, s7+s3, s5+s1
		z5 := (z3 + z4) * c1175
		z3, z4 = z5-z3*c1961, z5-z4*c0390
		o0, o1, o2, o3 := s1*c1501-z1+z4, s3*c3072-z2+z3, s5*c2053-z2+z4, s7*c0298-z1+z3
		row8(out[2*y*stride:], stride, e0+o0, e1+o1, e2+o2, e3+o3, e3-o3, e2-o2, e1-o1, e0-o0)
	}
}

// idct8corner is idct8 for coefficients in the upper left 4×4 only.
func idct8corner(b *block, out []byte, stride int) {
	var t [16]uint64
	for i := 0; i < 2; i++ {
		s0, s1, s2, s3 := b[i], b[4+i], b[8+i], b[12+i]
		b[i], b[4+i], b[8+i], b[12+i] = 0, 0, 0, 0
		t2, t3 := s2*c0541, s2*(c0541+c0765)
		t0 := s0<<13 + bias1
		e0, e1, e2, e3 := t0+t3, t0+t2, t0-t2, t0-t3
		z1, z2 := s1*c0899, s3*c2562
		z5 := (s3 + s1) * c1175
		z3, z4 := z5-s3*c1961, z5-s1*c0390
		o0, o1, o2, o3 := s1*c1501-z1+z4, s3*c3072-z2+z3, z4-z2, z3-z1
		t[i], t[14+i] = uint64(e0+o0)>>11&mask1, uint64(e0-o0)>>11&mask1
		t[2+i], t[12+i] = uint64(e1+o1)>>11&mask1, uint64(e1-o1)>>11&mask1
		t[4+i], t[10+i] = uint64(e2+o2)>>11&mask1, uint64(e2-o2)>>11&mask1
		t[6+i], t[8+i] = uint64(e3+o3)>>11&mask1, uint64(e3-o3)>>11&mask1
	}
	for y := 0; y < 4; y++ {
		r := (*[4]uint64)(t[y*4:])
		s0, s1 := swap(r[0], r[2])
		s2, s3 := swap(r[1], r[3])
		t2, t3 := s2*c0541, s2*(c0541+c0765)
		t0 := s0<<13 + round2
		e0, e1, e2, e3 := t0+t3, t0+t2, t0-t2, t0-t3
		z1, z2 := s1*c0899, s3*c2562
		z5 := (s3 + s1) * c1175
		z3, z4 := z5-s3*c1961, z5-s1*c0390
		o0, o1, o2, o3 := s1*c1501-z1+z4, s3*c3072-z2+z3, z4-z2, z3-z1
		row8(out[2*y*stride:], stride, e0+o0, e1+o1, e2+o2, e3+o3, e3-o3, e2-o2, e1-o1, e0-o0)
	}
}

const byteEach = 0xff * both

// row8 writes two rows of eight samples with 18 bits of fraction.
func row8(out []byte, stride int, x0, x1, x2, x3, x4, x5, x6, x7 int64) {
	if uint64(x0|x1|x2|x3|x4|x5|x6|x7)&clear2 != 0 {
		x0, x1, x2, x3 = clampBoth(x0), clampBoth(x1), clampBoth(x2), clampBoth(x3)
		x4, x5, x6, x7 = clampBoth(x4), clampBoth(x5), clampBoth(x6), clampBoth(x7)
	}
	const m = byteEach
	a := uint64(x0)>>18&m | uint64(x1)>>10&(m<<8) | uint64(x2)>>2&(m<<16) | uint64(x3)<<6&(m<<24)
	b := uint64(x4)>>18&m | uint64(x5)>>10&(m<<8) | uint64(x6)>>2&(m<<16) | uint64(x7)<<6&(m<<24)
	binary.LittleEndian.PutUint64(out, a&lowHalf|b<<32)
	binary.LittleEndian.PutUint64(out[stride:], a>>32|b&^lowHalf)
}

// clampBoth brings both halves of a word into 0 to 255, with 18 bits of fraction.
func clampBoth(x int64) int64 {
	lo := int64(int32(x))
	hi := (x - lo) >> 32
	return int64(clamp(lo>>18))<<18 | int64(clamp(hi>>18))<<50
}

// idct4 makes 4×4 samples of the lowest 4×4 coefficients: the four-point transform of the same family.
func idct4(b *block, out []byte, stride int) {
	var t [8]uint64
	for i := 0; i < 2; i++ {
		s0, s1, s2, s3 := b[i], b[4+i], b[8+i], b[12+i]
		b[i], b[4+i], b[8+i], b[12+i] = 0, 0, 0, 0
		e0, e1 := (s0+s2)<<13+bias1, (s0-s2)<<13+bias1
		z := (s1 + s3) * c0541
		o0, o1 := z+s1*c0765, z-s3*c1847
		t[i], t[6+i] = uint64(e0+o0)>>11&mask1, uint64(e0-o0)>>11&mask1
		t[2+i], t[4+i] = uint64(e1+o1)>>11&mask1, uint64(e1-o1)>>11&mask1
	}
	for y := 0; y < 2; y++ {
		s0, s1 := swap(t[y*4], t[y*4+2])
		s2, s3 := swap(t[y*4+1], t[y*4+3])
		e0, e1 := (s0+s2)<<13+round2, (s0-s2)<<13+round2
		z := (s1 + s3) * c0541
		o0, o1 := z+s1*c0765, z-s3*c1847
		x0, x1, x2, x3 := e0+o0, e1+o1, e1-o1, e0-o0
		if uint64(x0|x1|x2|x3)&clear2 != 0 {
			x0, x1, x2, x3 = clampBoth(x0), clampBoth(x1), clampBoth(x2), clampBoth(x3)
		}
		const m = byteEach
		a := uint64(x0)>>18&m | uint64(x1)>>10&(m<<8) | uint64(x2)>>2&(m<<16) | uint64(x3)<<6&(m<<24)
		binary.LittleEndian.PutUint32(out[2*y*stride:], uint32(a))
		binary.LittleEndian.PutUint32(out[(2*y+1)*stride:], uint32(a>>32))
	}
}

// idct2 makes 2×2 samples of the lowest 2×2 coefficients.
func idct2(b *block, out []byte, stride int) {
	r0, r1 := b[0], b[4]
	b[0], b[4] = 0, 0
	sum, dif := r0+r1, r0-r1
	s0, s1 := int64(int32(sum)), int64(int32(dif))
	d0, d1 := (sum-s0)>>32, (dif-s1)>>32
	out[0], out[1] = clamp((s0+d0+1028)>>3), clamp((s0-d0+1028)>>3)
	out[stride], out[stride+1] = clamp((s1+d1+1028)>>3), clamp((s1-d1+1028)>>3)
}
