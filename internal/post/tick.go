package post

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/measure"
	"cutline/internal/story"
)

const (
	batch = 1000 // due entries a tick reads at the most; the next tick goes on
	days  = 3    // how far back Sweep looks; older stories wait only for due entries
)

// Tick looks at every story that is due, and at those whose turn it is on an account. An entry goes only after its story was looked at and does not need it any
// more, so a tick that is killed is made up for by the next.
func (p *Poster) Tick(ctx context.Context) error {
	entries, err := p.Store.Bucket.List(ctx, story.Due, "", batch)
	if err != nil {
		return fmt.Errorf("listing what is due: %w", err)
	}
	now := p.Now()
	var due []string
	var overdue time.Duration // how long the first has waited, beyond its time
	for _, e := range entries {
		t, _, err := story.ParseDue(e.Key)
		if err == nil && t.Truncate(time.Second).After(now) {
			break
		}
		if err == nil && t.After(now) {
			continue // "12:00:01.5Z" sorts before "12:00:01Z"
		}
		if err == nil {
			overdue = max(overdue, now.Sub(t))
		}
		due = append(due, e.Key)
	}
	p.Log.Info("tick", "due", len(due), measure.Seconds("Overdue", overdue))
	turns := p.takeTurns(ctx, len(due))
	err = p.each(ctx, due, func(entry string) error {
		_, k, err := story.ParseDue(entry)
		if err == nil {
			needed, err := p.look(ctx, k, false)
			if err != nil || needed == entry {
				return err
			}
		} // what is no due entry was put there by hand, and is cleared away
		return p.Store.Bucket.Delete(ctx, entry, bucket.Always)
	})
	return errors.Join(turns, err, p.drain(ctx))
}

// takeTurns lets the accounts' queues go on before stories, if there are several, are looked at side by side: there they
// would overtake each other.
func (p *Poster) takeTurns(ctx context.Context, stories int) error {
	if stories < 2 {
		return nil
	}
	return p.drain(ctx)
}

// Sweep looks at the stories of the last days whose manifests, decisions or story changed since this Poster last
// swept, and so finds what a lost notification left behind.
func (p *Poster) Sweep(ctx context.Context) error {
	var keys []string
	versions := map[story.Key]string{}
	now := p.Now().UTC()
	for i := range days {
		day := now.AddDate(0, 0, -i).Format(time.DateOnly) + "/"
		for _, prefix := range []string{story.Manifests, story.Decided} {
			entries, err := p.Store.Bucket.List(ctx, prefix+day, "", 0)
			if err != nil {
				return fmt.Errorf("listing %s%s: %w", prefix, day, err)
			}
			for _, e := range entries {
				if k, _, ok := story.KeyOf(e.Key); ok {
					versions[k] += prefix + e.ETag
				}
			}
		}
	}
	p.mu.Lock()
	for k, v := range versions {
		if p.seen[k] != v {
			keys = append(keys, string(k))
		}
	}
	p.mu.Unlock()
	turns := p.takeTurns(ctx, len(keys))
	err := p.each(ctx, keys, func(k string) error {
		if _, err := p.look(ctx, story.Key(k), false); err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.seen == nil {
			p.seen = map[story.Key]string{}
		}
		p.seen[story.Key(k)] = versions[story.Key(k)]
		return nil
	})
	p.mu.Lock()
	for k := range p.seen {
		if versions[k] == "" {
			delete(p.seen, k)
		}
	}
	p.mu.Unlock()
	return errors.Join(turns, err, p.count(ctx))
}

// count says in the log how many channels are paused: as long as there is one, somebody has to do something.
func (p *Poster) count(ctx context.Context) error {
	paused := 0
	for name := range p.Config.Channels {
		a, err := p.Store.Account(ctx, name)
		if err != nil {
			return fmt.Errorf("counting the channels that are paused: %w", err)
		}
		if a.Paused != "" {
			paused++
		}
	}
	p.Log.Info("swept", measure.Count("ChannelsPaused", paused))
	return nil
}

// together is how many stories are looked at side by side.
func (p *Poster) together() int {
	if p.Together > 0 {
		return p.Together
	}
	return 12
}

// each does f for every name, a few at a time; one that fails or panics does not stop the others.
func (p *Poster) each(ctx context.Context, names []string, f func(string) error) error {
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	slots := make(chan struct{}, p.together())
	for _, n := range names {
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() {
				r := recover()
				<-slots
				if r != nil {
					mu.Lock()
					errs = append(errs, fmt.Errorf("%s: panic: %v", n, r))
					mu.Unlock()
				}
			}()
			if err := f(n); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}
