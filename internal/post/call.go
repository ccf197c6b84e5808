package post

import (
	"context"
	"maps"

	"cutline/internal/channel"
	"cutline/internal/remark"
	"cutline/internal/story"
)

func (l *look) ask(ctx context.Context, ch channel.Channel, w *work) channel.Outcome {
	return l.guarded(ctx, func(ctx context.Context) channel.Outcome { return ch.Find(ctx, l.callOf(w)) })
}

func (l *look) make(ctx context.Context, ch channel.Channel, w *work) channel.Outcome {
	c := l.callOf(w)
	return l.guarded(ctx, func(ctx context.Context) channel.Outcome {
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
			out = channel.Outcome{End: channel.Unknown, Why: remark.Say("own-fault", r)}
		}
	}()
	return call(ctx)
}

func (l *look) callOf(w *work) *channel.Call {
	rec := w.was.Doc
	c := &channel.Call{
		Key: l.key, Channel: w.name, Turn: rec.Turn, Draft: w.act.Draft, First: rec.First, Remote: rec.Remote, Steps: map[string]string{},
		Card: func(ctx context.Context) ([]byte, error) { return l.cards.get(ctx, l.Store, w.act.Draft.Card) },
		Step: func(ctx context.Context, name, value string) error {
			if err := l.mayGoOn(ctx, w); err != nil {
				return err
			}
			return l.amend(ctx, w, func(rec *story.Post) {
				addSteps(rec, map[string]string{name: value})
			})
		},
		Keep: func(name, value string) {
			if w.kept == nil {
				w.kept = map[string]string{}
			}
			w.kept[name] = value
		},
		GoOn: func(ctx context.Context) error { return l.mayGoOn(ctx, w) },
	}
	if w.asked {
		c.Account = &w.facts.Account
	}
	maps.Copy(c.Steps, rec.Steps)
	verb, part := w.act.Do, w.act.Draft.Part
	if verb == Find && rec.Claim != nil {
		verb = Verb(rec.Claim.Verb)
	}
	switch above := rec.Above(); {
	case part > 0 && verb != Continue:
		c.Remote = rec.Thread[part-1].Remote
	case verb == Retract && len(above) > 0: // what was said last goes first
		c.Remote = above[len(above)-1]
	case verb == Continue:
		root, before := rec.Remote, rec.Before(part)
		c.Root, c.ReplyTo = &root, &before
	case verb == Reply:
		root := rec.Remote
		c.Root, c.ReplyTo = &root, &root
	}
	return c
}

// addSteps writes steps into the record, beside those that are there: whoever reads the record meanwhile has its own.
func addSteps(rec *story.Post, made map[string]string) {
	steps := map[string]string{}
	maps.Copy(steps, rec.Steps)
	maps.Copy(steps, made)
	rec.Steps = steps
}
