package jpeg

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"testing"
)

// TestSameEverywhere pins what is decoded, resized, darkened and encoded, so that a run on another architecture
// (`GOARCH=arm64 go test -exec qemu-aarch64-static`) shows any difference.
func TestSameEverywhere(t *testing.T) {
	sum := sha256.New()
	in := NewPlanes(413, 307, 2, 2)
	for i, p := range []*Plane{&in.Y, &in.Cb, &in.Cr} {
		for y := range p.H {
			for x := range p.row(y) {
				p.row(y)[x] = byte((x*x/(7+i) + y*(x/3) + x*37%23) >> 1)
			}
		}
	}
	for _, o := range []EncodeOptions{{}, {Quality: 97}, {MaxBytes: 40_000}} {
		data := encoded(t, in, o)
		sum.Write(data)
		for n := 1; n <= 8; n++ {
			p, _, err := Decode(context.Background(), data, Options{MinW: 413 * n / 8, MinH: 307 * n / 8})
			if err != nil {
				t.Fatal(err)
			}
			q := p.Resize(101, 67, Window{1.3, 2.7, float64(p.W) - 1.9, float64(p.H) - 3.1}, n == 3)
			q.Dim(9, []uint16{0, 5000, 9999, 20000, 31000, Whole})
			sum.Write(encoded(t, q, EncodeOptions{Quality: 90}))
			p.Release()
			q.Release()
		}
	}
	const want = "5d4971dbdab516bcab577639be9c4bcec3824bcc6b78c64d9300d9f8a0c0dec6"
	if got := fmt.Sprintf("%x", sum.Sum(nil)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A header claims much and nothing follows: what it claims is not allocated.
func TestMemoryIsNotTakenForAClaim(t *testing.T) {
	for _, sof := range []byte{mSOF0, mSOF2} {
		data := photo(t, 64, 64)
		at := bytes.Index(data, []byte{0xff, mSOF0})
		data[at+1] = sof
		copy(data[at+5:], []byte{0x1b, 0x58, 0x1b, 0x58}) // 7000×7000, just within the limit
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := Decode(context.Background(), data, Options{})
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("SOF%d: 7000×7000 of %d bytes were decoded", sof-mSOF0, len(data))
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 {
			t.Errorf("SOF%d: %d bytes were allocated for a file of %d", sof-mSOF0, took, len(data))
		}
	}
}
