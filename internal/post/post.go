// Package post brings decided stories to their channels: never twice, never early, and corrected when the story is.
//
// It owns the records under posts/<day>/<id>/ and the entries of due/. Every call to a network is made in
// three parts: what should happen is decided by a pure function ([Next]) from the story's documents; the intention is
// recorded by a compare-and-swap that one worker wins (the claim); the call is made and its end recorded. A worker that
// is killed in between leaves a claim; when its lease is over by the bucket's clock, the same function decides to ask
// the network ([channel.Channel.Find]), and where that is no use the record says uncertain and the desk decides.
// There is no other recovery.
package post

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/fetch"
	"cutline/internal/story"
)

// Poster posts. Several, in several processes, may work on one bucket.
type Poster struct {
	Store    *story.Store
	Config   *config.Config
	Channels map[string]channel.Channel // by name, as configured
	Now      func() time.Time           // for finding due entries; what may go out is judged by the bucket's clock
	Random   io.Reader                  // for claims' tokens
	Log      *slog.Logger
	Pages    *fetch.Client                                                                          // for looking at articles' pages before posting; nil: nobody looks
	Reword   func(ctx context.Context, a article.Article, summary string, most int) (string, error) // other words for a summary, at most so many characters; nil: none are asked for
	Together int                                                                                    // how many stories Tick and Sweep look at side by side; 0: 12, since they wait for the bucket most of the time

	// Elsewhere are channels that this process cannot call, for want of their secrets: who can is woken by the next tick.
	Elsewhere map[string]bool

	// After is what looks at a story once a look is done: people are told of what it left to them. d is what the look knew
	// in the end, all that it wrote among it; nil: it ended before it knew enough. nil: nobody is told.
	After func(ctx context.Context, k story.Key, d *story.Dossier) error

	mu   sync.Mutex
	seen map[story.Key]string // what Sweep has looked at already, by the versions of its documents
}

// Open makes the channels of a configuration, by name.
func Open(c *config.Config, parts channel.Parts) (map[string]channel.Channel, error) {
	out := map[string]channel.Channel{}
	var errs []error
	for name, ch := range c.Channels {
		made, err := channel.New(name, ch, c.Sites[ch.Site], parts)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out[name] = made
	}
	return out, errors.Join(errs...)
}

// Look brings the story as far as it can go now, on all its channels, and leaves a due entry for what has to wait. It
// may be called at any time, any number of times, by several at once. An error means that it should be called again;
// channels that could go on have gone on.
func (p *Poster) Look(ctx context.Context, k story.Key) error {
	_, err := p.look(ctx, k, true)
	return err
}

// look returns the due entry that the story still needs, if any. woken says that a change of the story brought it about:
// then it may be the first.
func (p *Poster) look(ctx context.Context, k story.Key, woken bool) (string, error) {
	d, due, err := p.settle(ctx, k, woken)
	if p.After != nil && ctx.Err() == nil {
		err = errors.Join(err, p.After(ctx, k, d))
	}
	return due, err
}

// due notes that a story is to be looked at again at a time.
func (p *Poster) due(ctx context.Context, k story.Key, t time.Time) error {
	return p.enter(ctx, k.DueKey(t))
}

// net notes that a story is to be looked at again at a time, by an entry of this look's own, and returns its key.
func (p *Poster) net(ctx context.Context, k story.Key, t time.Time) (string, error) {
	key, err := k.OwnDueKey(t, p.Random)
	if err != nil {
		return "", err
	}
	return key, p.enter(ctx, key)
}

// enter writes a due entry.
func (p *Poster) enter(ctx context.Context, key string) error {
	if _, err := p.Store.Bucket.Put(ctx, key, []byte{'\n'}, "text/plain", bucket.Always); err != nil {
		return fmt.Errorf("noting what is due, %s: %w", key, err)
	}
	return nil
}
