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
	last      Key
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

// Last is the story that was found, read or changed last, and its revision as far as that is known; empty: none was.
func (s *Reading) Last() (k Key, revision int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.revisions[s.last]
}

// saw remembers a story that was read.
func saw(ctx context.Context, s *Story) {
	if w, ok := ctx.Value(readingKey{}).(*Reading); ok && s.Key != "" {
		w.mu.Lock()
		w.revisions[s.Key], w.last = s.Revision, s.Key
		w.mu.Unlock()
	}
}

// found remembers a story of which no more than its key is known yet.
func found(ctx context.Context, k Key) {
	if w, ok := ctx.Value(readingKey{}).(*Reading); ok && k != "" {
		w.mu.Lock()
		w.last = k
		w.mu.Unlock()
	}
}
