package story

import (
	"context"
	"sync"
)

// Reading is which revision of each story was read last, for whoever has to say of which one something failed. It may be
// used from several goroutines.
type Reading struct {
	mu        sync.Mutex
	revisions map[Key]int
}

type readingKey struct{}

// Watch makes a context whose reads of stories are remembered. It is for log lines at the edge: the error that arrives
// there comes from below the place that knew the revision.
func Watch(ctx context.Context) (context.Context, *Reading) {
	s := &Reading{revisions: map[Key]int{}}
	return context.WithValue(ctx, readingKey{}, s), s
}

// Revision is the story's as it was read last; 0: it was not, or there was none.
func (s *Reading) Revision(k Key) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revisions[k]
}

// saw remembers a story that was read.
func saw(ctx context.Context, s *Story) {
	if w, ok := ctx.Value(readingKey{}).(*Reading); ok && s.Key != "" {
		w.mu.Lock()
		w.revisions[s.Key] = s.Revision
		w.mu.Unlock()
	}
}
