package cli

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"cutline/internal/story"
)

// queue looks at stories, as SQS and Lambda do in AWS: a few at a time, never twice at once at the same story, again
// after a failure. A story that comes while it is being looked at is looked at once more. What is still waiting when the
// process ends is no loss: the sweep at the next start finds it.
type queue struct {
	name  string // of the step, for the log
	look  func(context.Context, story.Key) error
	log   *slog.Logger
	slots chan struct{} // one for each look at once

	mu     sync.Mutex
	jobs   map[story.Key]*job
	closed bool
	wg     sync.WaitGroup
}

// job is a story in the queue.
type job struct {
	dirty bool // came again since the last look began
	fails int  // looks in a row that failed
}

func newQueue(name string, atOnce int, log *slog.Logger, look func(context.Context, story.Key) error) *queue {
	return &queue{name: name, look: look, log: log, slots: make(chan struct{}, atOnce), jobs: map[story.Key]*job{}}
}

// add asks for a look at k, and returns at once. ctx is the looks'.
func (q *queue) add(ctx context.Context, k story.Key) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	if j := q.jobs[k]; j != nil {
		j.dirty = true
		return
	}
	q.jobs[k] = &job{dirty: true}
	q.wg.Go(func() { q.work(ctx, k) })
}

// pauses between looks that fail: short at first, since most failures are of a moment.
var pauses = [...]time.Duration{200 * time.Millisecond, time.Second, 5 * time.Second, 30 * time.Second}

// work looks at k until nothing new came while it looked.
func (q *queue) work(ctx context.Context, k story.Key) {
	for {
		q.slots <- struct{}{}
		if !q.begin(k) {
			<-q.slots
			return
		}
		err := q.guarded(ctx, k)
		<-q.slots
		q.mu.Lock()
		j := q.jobs[k]
		if err == nil {
			if j.fails = 0; !j.dirty || q.closed {
				delete(q.jobs, k)
				q.mu.Unlock()
				return
			}
			q.mu.Unlock()
			continue
		}
		fails := j.fails
		j.fails++
		if fails >= len(pauses) || q.closed { // the next sweep or change has another try
			delete(q.jobs, k)
			q.mu.Unlock()
			q.log.Error("giving up until the next sweep", "step", q.name, "story", string(k), "error", err)
			return
		}
		j.dirty = true
		q.mu.Unlock()
		q.log.Warn("to be tried again", "step", q.name, "story", string(k), "error", err)
		pause := time.NewTimer(pauses[fails])
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// begin says whether k is to be looked at now.
func (q *queue) begin(k story.Key) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		delete(q.jobs, k)
		return false
	}
	q.jobs[k].dirty = false
	return true
}

func (q *queue) guarded(ctx context.Context, k story.Key) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return q.look(ctx, k)
}

// drain lets the looks under way come to their end, and begins none.
func (q *queue) drain() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.wg.Wait()
}
