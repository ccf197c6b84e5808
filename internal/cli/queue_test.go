package cli

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"

	"cutline/internal/story"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestQueueNeverLooksTwiceAtOnceAtOneStory(t *testing.T) {
	var inside, looks atomic.Int32
	first, goOn := make(chan struct{}), make(chan struct{})
	q := newQueue("test", 8, quiet(), func(context.Context, story.Key) error {
		if inside.Add(1) > 1 {
			t.Error("two looks at once at one story")
		}
		if looks.Add(1) == 1 {
			close(first)
			<-goOn
		}
		inside.Add(-1)
		return nil
	})
	q.add(t.Context(), k)
	<-first
	for range 100 { // all while it is being looked at: one more look does for them
		q.add(t.Context(), k)
	}
	close(goOn)
	q.wg.Wait()
	if n := looks.Load(); n != 2 {
		t.Errorf("%d looks, want 2", n)
	}
	q.add(t.Context(), k)
	q.wg.Wait()
	if n := looks.Load(); n != 3 {
		t.Errorf("%d looks, want 3", n)
	}
}

func TestQueueTriesAgainAfterFailureAndPanic(t *testing.T) {
	var looks atomic.Int32
	q := newQueue("test", 1, quiet(), func(context.Context, story.Key) error {
		switch looks.Add(1) {
		case 1:
			panic("out of luck")
		case 2:
			return errors.New("out of order")
		}
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // pauses end at once
	q.add(ctx, k)
	q.wg.Wait()
	if n := looks.Load(); n != 3 {
		t.Errorf("%d looks, want 3", n)
	}
	looks.Store(2)
	q.look = func(context.Context, story.Key) error { looks.Add(1); return errors.New("for ever") }
	q.add(ctx, k)
	q.wg.Wait()
	if n := int(looks.Load()) - 2; n != len(pauses)+1 {
		t.Errorf("%d looks before giving up, want %d", n, len(pauses)+1)
	}
}

func TestQueueDrains(t *testing.T) {
	begun, goOn := make(chan struct{}, 10), make(chan struct{})
	var ended atomic.Int32
	q := newQueue("test", 1, quiet(), func(context.Context, story.Key) error {
		begun <- struct{}{}
		<-goOn
		ended.Add(1)
		return nil
	})
	q.add(t.Context(), k)
	<-begun
	q.add(t.Context(), k)
	q.add(t.Context(), k[:len(k)-1]+"a")
	done := make(chan struct{})
	go func() { q.drain(); close(done) }()
	for q.mu.Lock(); !q.closed; q.mu.Lock() {
		q.mu.Unlock()
	}
	q.mu.Unlock()
	close(goOn)
	<-done
	if n := ended.Load(); n != 1 {
		t.Errorf("%d looks came to their end, want the one that was under way", n)
	}
	q.add(t.Context(), k)
	q.wg.Wait()
}
