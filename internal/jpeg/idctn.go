package jpeg

// cosines are the n-point inverse transforms for the sizes that have no function of their own: for the
// sample x of the first half (the other half mirrors it) and the frequency u, √2·cos((2x+1)uπ/2n)·2^13, and
// 2^13 for u = 0.
var cosines = [8][4][8]int64{
	3: {
		{8192, 10033, 5793},
		{8192, 0, -11585},
	},
	5: {
		{8192, 11018, 9373, 6810, 3580},
		{8192, 6810, -3580, -11018, -9373},
		{8192, 0, -11585, 0, 11585},
	},
	6: {
		{8192, 11190, 10033, 8192, 5793, 2998},
		{8192, 8192, 0, -8192, -11585, -8192},
		{8192, 2998, -10033, -8192, 5793, 11190},
	},
	7: {
		{8192, 11295, 10438, 9058, 7223, 5027, 2578},
		{8192, 9058, 2578, -5027, -10438, -11295, -7223},
		{8192, 5027, -7223, -11295, -2578, 9058, 10438},
		{8192, 0, -11585, 0, 11585, 0, -11585},
	},
}

// idctN makes n×n samples of the lowest n×n coefficients, n being 3, 5, 6 or 7.
func idctN(n int, b *block, out []byte, stride int) {
	var t [8][4]uint64
	half, c := (n+1)/2, &cosines[n&7]
	for i := 0; i < half; i++ {
		for x := 0; x < half; x++ {
			even, odd := int64(bias1), int64(0)
			for u := 0; u < n; u += 2 {
				even += b[u*4+i] * c[x&3][u&7]
			}
			for u := 1; u < n; u += 2 {
				odd += b[u*4+i] * c[x&3][u&7]
			}
			t[(n-1-x)&7][i&3] = uint64(even-odd) >> 11 & mask1
			t[x&7][i&3] = uint64(even+odd) >> 11 & mask1
		}
	}
	for u := 0; u < n; u++ {
		b[u*4], b[u*4+1], b[u*4+2], b[u*4+3] = 0, 0, 0, 0
	}
	for y := 0; y < n; y += 2 {
		var s [8]int64
		for i := 0; i < half; i++ {
			s[i*2&7], s[(i*2+1)&7] = swap(t[y&7][i&3], t[(y+1)&7][i&3])
		}
		for x := 0; x < half; x++ {
			even, odd := int64(round2), int64(0)
			for u := 0; u < n; u += 2 {
				even += s[u&7] * c[x&3][u&7]
			}
			for u := 1; u < n; u += 2 {
				odd += s[u&7] * c[x&3][u&7]
			}
			l, r := clampBoth(even+odd), clampBoth(even-odd)
			out[y*stride+n-1-x], out[y*stride+x] = byte(r>>18), byte(l>>18)
			if y+1 < n {
				out[(y+1)*stride+n-1-x], out[(y+1)*stride+x] = byte(r>>50), byte(l>>50)
			}
		}
	}
}
