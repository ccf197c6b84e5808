package desk

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Changes tells open pages that something in the bucket changed, by server-sent events. Who writes the bucket in the same
// process calls Tell; Close ends the events, so that a server that drains does not wait for them. The zero value is
// ready.
type Changes struct {
	mu      sync.Mutex
	waiting map[chan struct{}]bool
	closed  bool
}

// Tell says that something changed. It does not wait for anybody.
func (c *Changes) Tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ch := range c.waiting {
		select {
		case ch <- struct{}{}:
		default: // it has not taken the last one yet, which will do
		}
	}
}

// Close ends all events.
func (c *Changes) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ch := range c.waiting {
		close(ch)
	}
	c.waiting, c.closed = nil, true
}

func (c *Changes) subscribe() chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan struct{}, 1)
	if c.closed {
		close(ch)
		return ch
	}
	if c.waiting == nil {
		c.waiting = map[chan struct{}]bool{}
	}
	c.waiting[ch] = true
	return ch
}

func (c *Changes) leave(ch chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, ch)
}

// eventsFor is how long one answer of events lasts. The browser asks again by itself.
const eventsFor = 5 * time.Minute

// gather is how long changes are gathered before they are told: a story's way through the steps is many writes.
const gather = 300 * time.Millisecond

// events is the stream of changes (WHATWG HTML, server-sent events). It names nothing: a page that hears of a change
// asks for itself with its ETag. Where changes are not known at once it says so with 204, and pages ask by the clock.
func (d *desk) events(w http.ResponseWriter, r *http.Request) {
	if d.Changes == nil {
		w.WriteHeader(http.StatusNoContent) // tells the browser not to connect again
		return
	}
	ch := d.Changes.subscribe()
	defer d.Changes.leave(ch)
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	tell := func(s string) bool {
		_, err := fmt.Fprint(w, s)
		return err == nil && out.Flush() == nil
	}
	if !tell("retry: 3000\n\n") {
		return
	}
	end := time.NewTimer(eventsFor)
	defer end.Stop()
	for {
		select {
		case _, open := <-ch:
			if !open {
				return
			}
			pause := time.NewTimer(gather)
			select {
			case <-pause.C:
			case <-r.Context().Done():
				pause.Stop()
				return
			}
			if !tell("data: changed\n\n") {
				return
			}
		case <-end.C:
			return
		case <-r.Context().Done():
			return
		}
	}
}
