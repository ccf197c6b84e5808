package jpeg

import (
	"math/bits"
	"slices"
	"sync"
)

// pool keeps the memory of pictures that are done with. It holds no state: what comes out of it has any content.
//
// A sync.Pool would keep a piece for each processor that a card was ever drawn on, out of reach of the others: twice the
// memory for the same work. Here what lies idle is shared, and bounded by mostIdle.
type pool[T any] struct {
	each int // bytes of an element
	mu   sync.Mutex
	idle [][]T // what nobody uses, the longest idle first; guarded by mu
	size int   // bytes of idle; guarded by mu
}

// mostIdle bounds the bytes that a pool keeps: enough for the planes of a card of any format from a photo of 6 million pixels.
const mostIdle = 16 << 20

var (
	bytePool   = pool[byte]{each: 1}
	halfPool   = pool[int16]{each: 2}
	symbolPool = pool[symbol]{each: 4}
	wordPool   = pool[uint64]{each: 8}
)

// rounded is how many elements are taken for n: four steps to an octave, so that pieces fit for more than one picture.
func rounded(n int) int {
	n = max(n, 4096)
	shift := bits.Len(uint(n-1)) - 3
	return (n + 1<<shift - 1) >> shift << shift
}

// take returns n elements of any content: the smallest idle piece that has them and is not twice as large, else a new one.
func (p *pool[T]) take(n int) []T {
	p.mu.Lock()
	best := -1
	for i, b := range p.idle {
		if cap(b) >= n && cap(b) <= 2*max(n, 4096) && (best < 0 || cap(b) < cap(p.idle[best])) {
			best = i
		}
	}
	if best < 0 {
		p.mu.Unlock()
		return make([]T, n, rounded(n))
	}
	b := p.idle[best]
	p.drop(best)
	p.mu.Unlock()
	return b[:n]
}

// drop forgets an idle piece; p.mu is held.
func (p *pool[T]) drop(i int) {
	p.size -= p.each * cap(p.idle[i])
	p.idle = slices.Delete(p.idle, i, i+1)
}

// give takes back what take returned; other slices, and nil, it leaves alone.
func (p *pool[T]) give(b []T) {
	if cap(b) == 0 || cap(b) != rounded(cap(b)) || p.each*cap(b) > mostIdle {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 && p.size+p.each*cap(b) > mostIdle {
		p.drop(0)
	}
	p.idle = append(p.idle, b[:0])
	p.size += p.each * cap(b)
}
