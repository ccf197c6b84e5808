package jpeg

import "testing"

// TestPoolKeepsLittle: what was given comes back for what it fits, nothing foreign is kept, and not too much lies idle.
func TestPoolKeepsLittle(t *testing.T) {
	p := pool[byte]{each: 1}
	a := p.take(10_000)
	if len(a) != 10_000 || cap(a) != rounded(10_000) {
		t.Fatalf("%d of %d bytes for 10,000", len(a), cap(a))
	}
	p.give(a)
	if b := p.take(9_000); &b[0] != &a[0] || len(b) != 9_000 {
		t.Error("a piece that fits was not taken again")
	}
	p.give(a)
	if b := p.take(4_000); &b[0] == &a[0] {
		t.Error("a piece more than twice as large was taken")
	}
	p.give(make([]byte, 10_001)) // nobody took it here
	p.give(nil)
	if len(p.idle) != 1 {
		t.Errorf("%d pieces are idle, not the one", len(p.idle))
	}
	for range 40 {
		p.give(make([]byte, rounded(1<<20)))
	}
	sum := 0
	for _, b := range p.idle {
		sum += cap(b)
	}
	if sum != p.size || sum > mostIdle || sum < mostIdle/2 {
		t.Errorf("%d bytes are idle, by its own count %d", sum, p.size)
	}
	p.give(make([]byte, rounded(2*mostIdle)))
	if p.size != sum {
		t.Error("a piece larger than all that may be idle was kept")
	}
}

func TestRounded(t *testing.T) {
	for n := 1; n < 1<<20; n += 1 + n/7 {
		r := rounded(n)
		if r < n || r < 4096 || r > 4096 && r > n+n/4 || rounded(r) != r {
			t.Errorf("%d is rounded to %d, that to %d", n, r, rounded(r))
		}
	}
}
