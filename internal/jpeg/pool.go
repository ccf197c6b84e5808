package jpeg

import (
	"math/bits"
	"sync"
)

// pool keeps the memory of pictures that are done with, by size: four classes to an octave. It holds no
// state: what comes out of it has any content.
type pool[T any] struct{ classes [160]sync.Pool }

var (
	bytePool pool[byte]
	halfPool pool[int16]
	wordPool pool[uint64]

	symbolPool pool[symbol]
)

// class is the class that serves n elements, and its size.
func class(n int) (i, size int) {
	n = max(n, 4096)
	shift := bits.Len(uint(n-1)) - 3
	top := (n + 1<<shift - 1) >> shift // 5 to 8
	return shift*4 + top - 5, top << shift
}

// take returns n elements of any content.
func (p *pool[T]) take(n int) []T {
	i, size := class(n)
	if b, ok := p.classes[i].Get().(*[]T); ok {
		return (*b)[:n]
	}
	return make([]T, n, size)
}

// give takes back what take returned; other slices, and nil, it leaves alone.
func (p *pool[T]) give(b []T) {
	if i, size := class(cap(b)); cap(b) == size {
		b = b[:0]
		p.classes[i].Put(&b)
	}
}
