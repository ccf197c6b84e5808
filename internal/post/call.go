package post

import (
	"context"
	"fmt"

	"cutline/internal/channel"
	"cutline/internal/story"
)

func (p *Poster) ask(ctx context.Context, ch channel.Channel, k story.Key, w *work) channel.Outcome {
	return p.guarded(ctx, func(ctx context.Context) channel.Outcome { return ch.Find(ctx, p.callOf(k, w)) })
}

func (p *Poster) make(ctx context.Context, ch channel.Channel, k story.Key, w *work) channel.Outcome {
	c := p.callOf(k, w)
	return p.guarded(ctx, func(ctx context.Context) channel.Outcome {
		switch w.act.Do {
		case Edit:
			return ch.Edit(ctx, c)
		case Retract:
			return ch.Retract(ctx, c)
		}
		return ch.Publish(ctx, c)
	})
}

// guarded ends a call well within its lease, and takes a panic for what it is: nobody knows what was sent.
func (p *Poster) guarded(ctx context.Context, call func(context.Context) channel.Outcome) (out channel.Outcome) {
	ctx, cancel := context.WithTimeout(ctx, p.Config.Timing.Lease*2/3)
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			out = channel.Outcome{End: channel.Unknown, Why: fmt.Sprint("our own fault: ", r)}
		}
	}()
	return call(ctx)
}

func (p *Poster) callOf(k story.Key, w *work) *channel.Call {
	rec := w.was.Doc
	c := &channel.Call{
		Key: k, Channel: w.name, Turn: rec.Turn, Draft: w.act.Draft, First: rec.First, Remote: rec.Remote, Steps: map[string]string{},
		Card: func(ctx context.Context) ([]byte, error) { return p.Store.Read(ctx, w.act.Draft.Card) },
		Step: func(ctx context.Context, name, value string) error {
			if err := p.mayGoOn(ctx, w); err != nil {
				return err
			}
			_, _, err := p.Store.UpdatePost(ctx, k, w.name, func(rec *story.Post) error {
				if rec.Claim == nil || rec.Claim.Token != w.token {
					return errLost
				}
				if rec.Steps == nil {
					rec.Steps = map[string]string{}
				}
				rec.Steps[name] = value
				return nil
			})
			return err
		},
	}
	for n, v := range rec.Steps {
		c.Steps[n] = v
	}
	if n := len(rec.Replies); w.act.Do == Retract && n > 0 { // what was said last goes first
		c.Remote = rec.Replies[n-1]
	}
	if w.act.Do == Reply || w.act.Do == Find && rec.Claim != nil && rec.Claim.Verb == string(Reply) {
		remote := rec.Remote
		c.ReplyTo = &remote
	}
	return c
}
