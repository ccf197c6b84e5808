package jpeg

// The inverse transforms of the sizes between, by their definition: of the frequencies u, 2^13 for u = 0 and else
// √2·cos((2x+1)uπ/2n)·2^13 to sample x, the even ones and the odd ones apart, as the samples of the second half are those of the
// first with the odd ones turned.

func three(bias, s0, s1, s2 int64) (x0, x1, x2 int64) {
	z := s0<<13 + bias
	e, o := z+s2*5793, s1*10033
	return e + o, z - s2*11585, e - o
}

// idct3 makes 3×3 samples of the lowest 3×3 coefficients.
func idct3(b *block, out []byte, stride int) {
	var t [4 * 2]uint64 // a row more, as they are taken in twos
	for i := 0; i < 2; i++ {
		s0, s1, s2 := b[i], b[4+i], b[8+i]
		b[i], b[4+i], b[8+i] = 0, 0, 0
		x0, x1, x2 := three(bias1, s0, s1, s2)
		t[i], t[2+i], t[4+i] = uint64(x0)>>11&mask1, uint64(x1)>>11&mask1, uint64(x2)>>11&mask1
	}
	for y := 0; y < 3; y += 2 {
		r := (*[4]uint64)(t[y*2:])
		s0, s1 := swap(r[0], r[2])
		s2, _ := swap(r[1], r[3])
		x0, x1, x2 := three(round2, s0, s1, s2)
		if uint64(x0|x1|x2)&clear2 != 0 {
			x0, x1, x2 = clampBoth(x0), clampBoth(x1), clampBoth(x2)
		}
		row := (*[3]byte)(out[y*stride:])
		row[0], row[1], row[2] = byte(x0>>18), byte(x1>>18), byte(x2>>18)
		if y < 2 {
			row = (*[3]byte)(out[(y+1)*stride:])
			row[0], row[1], row[2] = byte(x0>>50), byte(x1>>50), byte(x2>>50)
		}
	}
}

func five(bias, s0, s1, s2, s3, s4 int64) (x0, x1, x2, x3, x4 int64) {
	z := s0<<13 + bias
	e0, e1, e2 := z+s2*9373+s4*3580, z-s2*3580-s4*9373, z+(s4-s2)*11585
	o0, o1 := s1*11018+s3*6810, s1*6810-s3*11018
	return e0 + o0, e1 + o1, e2, e1 - o1, e0 - o0
}

// idct5 makes 5×5 samples of the lowest 5×5 coefficients.
func idct5(b *block, out []byte, stride int) {
	var t [6 * 3]uint64 // a row more, as they are taken in twos
	for i := 0; i < 3; i++ {
		s0, s1, s2, s3, s4 := b[i], b[4+i], b[8+i], b[12+i], b[16+i]
		b[i], b[4+i], b[8+i], b[12+i], b[16+i] = 0, 0, 0, 0, 0
		x0, x1, x2, x3, x4 := five(bias1, s0, s1, s2, s3, s4)
		t[i], t[3+i], t[6+i] = uint64(x0)>>11&mask1, uint64(x1)>>11&mask1, uint64(x2)>>11&mask1
		t[9+i], t[12+i] = uint64(x3)>>11&mask1, uint64(x4)>>11&mask1
	}
	for y := 0; y < 5; y += 2 {
		r := (*[6]uint64)(t[y*3:])
		s0, s1 := swap(r[0], r[3])
		s2, s3 := swap(r[1], r[4])
		s4, _ := swap(r[2], r[5])
		x0, x1, x2, x3, x4 := five(round2, s0, s1, s2, s3, s4)
		if uint64(x0|x1|x2|x3|x4)&clear2 != 0 {
			x0, x1, x2, x3 = clampBoth(x0), clampBoth(x1), clampBoth(x2), clampBoth(x3)
			x4 = clampBoth(x4)
		}
		row := (*[5]byte)(out[y*stride:])
		row[0], row[1], row[2], row[3], row[4] = byte(x0>>18), byte(x1>>18), byte(x2>>18), byte(x3>>18), byte(x4>>18)
		if y < 4 {
			row = (*[5]byte)(out[(y+1)*stride:])
			row[0], row[1], row[2], row[3], row[4] = byte(x0>>50), byte(x1>>50), byte(x2>>50), byte(x3>>50), byte(x4>>50)
		}
	}
}

func six(bias, s0, s1, s2, s3, s4, s5 int64) (x0, x1, x2, x3, x4, x5 int64) {
	z := s0<<13 + bias
	e, o := z+s4*5793, (s1-s3-s5)<<13
	e0, e1, e2 := e+s2*10033, z-s4*11585, e-s2*10033
	o0, o2 := s1*11190+s3<<13+s5*2998, s1*2998-s3<<13+s5*11190
	return e0 + o0, e1 + o, e2 + o2, e2 - o2, e1 - o, e0 - o0
}

// idct6 makes 6×6 samples of the lowest 6×6 coefficients.
func idct6(b *block, out []byte, stride int) {
	var t [6 * 3]uint64
	for i := 0; i < 3; i++ {
		s0, s1, s2, s3, s4, s5 := b[i], b[4+i], b[8+i], b[12+i], b[16+i], b[20+i]
		b[i], b[4+i], b[8+i], b[12+i], b[16+i], b[20+i] = 0, 0, 0, 0, 0, 0
		x0, x1, x2, x3, x4, x5 := six(bias1, s0, s1, s2, s3, s4, s5)
		t[i], t[3+i], t[6+i] = uint64(x0)>>11&mask1, uint64(x1)>>11&mask1, uint64(x2)>>11&mask1
		t[9+i], t[12+i], t[15+i] = uint64(x3)>>11&mask1, uint64(x4)>>11&mask1, uint64(x5)>>11&mask1
	}
	for y := 0; y < 6; y += 2 {
		r := (*[6]uint64)(t[y*3:])
		s0, s1 := swap(r[0], r[3])
		s2, s3 := swap(r[1], r[4])
		s4, s5 := swap(r[2], r[5])
		x0, x1, x2, x3, x4, x5 := six(round2, s0, s1, s2, s3, s4, s5)
		if uint64(x0|x1|x2|x3|x4|x5)&clear2 != 0 {
			x0, x1, x2, x3 = clampBoth(x0), clampBoth(x1), clampBoth(x2), clampBoth(x3)
			x4, x5 = clampBoth(x4), clampBoth(x5)
		}
		row := (*[6]byte)(out[y*stride:])
		row[0], row[1], row[2], row[3], row[4], row[5] = byte(x0>>18), byte(x1>>18), byte(x2>>18), byte(x3>>18), byte(x4>>18), byte(x5>>18)
		row = (*[6]byte)(out[(y+1)*stride:])
		row[0], row[1], row[2], row[3], row[4], row[5] = byte(x0>>50), byte(x1>>50), byte(x2>>50), byte(x3>>50), byte(x4>>50), byte(x5>>50)
	}
}

func seven(bias, s0, s1, s2, s3, s4, s5, s6 int64) (x0, x1, x2, x3, x4, x5, x6 int64) {
	z := s0<<13 + bias
	e0, e1 := z+s2*10438+s4*7223+s6*2578, z+s2*2578-s4*10438-s6*7223
	e2, e3 := z-s2*7223-s4*2578+s6*10438, z-(s2-s4+s6)*11585
	o0, o1, o2 := s1*11295+s3*9058+s5*5027, s1*9058-s3*5027-s5*11295, s1*5027-s3*11295+s5*9058
	return e0 + o0, e1 + o1, e2 + o2, e3, e2 - o2, e1 - o1, e0 - o0
}

// idct7 makes 7×7 samples of the lowest 7×7 coefficients.
func idct7(b *block, out []byte, stride int) {
	var t [8 * 4]uint64 // a row more, as they are taken in twos
	for i := 0; i < 4; i++ {
		s0, s1, s2, s3, s4, s5, s6 := b[i], b[4+i], b[8+i], b[12+i], b[16+i], b[20+i], b[24+i]
		b[i], b[4+i], b[8+i], b[12+i], b[16+i], b[20+i], b[24+i] = 0, 0, 0, 0, 0, 0, 0
		x0, x1, x2, x3, x4, x5, x6 := seven(bias1, s0, s1, s2, s3, s4, s5, s6)
		t[i], t[4+i], t[8+i] = uint64(x0)>>11&mask1, uint64(x1)>>11&mask1, uint64(x2)>>11&mask1
		t[12+i], t[16+i], t[20+i] = uint64(x3)>>11&mask1, uint64(x4)>>11&mask1, uint64(x5)>>11&mask1
		t[24+i] = uint64(x6) >> 11 & mask1
	}
	for y := 0; y < 7; y += 2 {
		r := (*[8]uint64)(t[y*4:])
		s0, s1 := swap(r[0], r[4])
		s2, s3 := swap(r[1], r[5])
		s4, s5 := swap(r[2], r[6])
		s6, _ := swap(r[3], r[7])
		x0, x1, x2, x3, x4, x5, x6 := seven(round2, s0, s1, s2, s3, s4, s5, s6)
		if uint64(x0|x1|x2|x3|x4|x5|x6)&clear2 != 0 {
			x0, x1, x2, x3 = clampBoth(x0), clampBoth(x1), clampBoth(x2), clampBoth(x3)
			x4, x5, x6 = clampBoth(x4), clampBoth(x5), clampBoth(x6)
		}
		row := (*[7]byte)(out[y*stride:])
		row[0], row[1], row[2], row[3], row[4], row[5], row[6] = byte(x0>>18), byte(x1>>18), byte(x2>>18), byte(x3>>18), byte(x4>>18), byte(x5>>18), byte(x6>>18)
		if y < 6 {
			row = (*[7]byte)(out[(y+1)*stride:])
			row[0], row[1], row[2], row[3], row[4], row[5], row[6] = byte(x0>>50), byte(x1>>50), byte(x2>>50), byte(x3>>50), byte(x4>>50), byte(x5>>50), byte(x6>>50)
		}
	}
}
