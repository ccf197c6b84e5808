package cli

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"cutline/internal/channel"
)

// tryTime is how long trying one account may take.
const tryTime = 30 * time.Second

// tried is what is printed of one channel.
type tried struct {
	Channel string `json:"channel"`
	Kind    string `json:"kind"`
	channel.Health
}

func (p *program) channels(ctx context.Context, args []string) error {
	f := p.newFlags("channels", "check [--data DIR | --bucket s3://NAME] [--channel C]", `
Tries the account of each channel: its credentials, what they may do, its limits, and whether this machine's clock is
right. Posts nothing. What is wrong comes with what to do about it, and the exit code is 1. Tokens that a network renews
are kept in the bucket, so it must be the one that posting uses.

  cutline channels check --data data --config sample/cutline.yaml`)
	var l place
	l.flags(f)
	only := f.String("channel", "", "`C`: the one channel to try; all if left out")
	verb := ""
	if err := f.parse(args, []*string{&verb}); err != nil {
		return err
	}
	if verb != "check" {
		return wrong("channels: %q is nothing that can be done with channels; usage: cutline channels check", verb)
	}
	st, err := p.store(ctx, &l, false)
	if err != nil {
		return err
	}
	c, err := p.configuration(ctx, &l, st)
	if err != nil {
		return err
	}
	if _, ok := c.Channels[*only]; *only != "" && !ok {
		return wrong("channels: there is no channel %q; there are %s", *only, strings.Join(sortedNames(c.Channels), ", "))
	}
	made, err := openChannels(c, st, c.Public)
	if err != nil {
		return err
	}
	out := []tried{}
	for _, name := range sortedNames(c.Channels) {
		if *only == "" || name == *only {
			out = append(out, tried{Channel: name, Kind: c.Channels[name].Kind})
		}
	}
	var wg sync.WaitGroup
	for i := range out {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, tryTime)
			defer cancel()
			out[i].Health = channel.Try(ctx, made[out[i].Channel], p.now)
		})
	}
	wg.Wait()
	if err := p.print(out); err != nil {
		return err
	}
	var bad []string
	for _, t := range out {
		if len(t.Wrong) > 0 {
			bad = append(bad, t.Channel)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("to be mended: %s", strings.Join(bad, ", "))
	}
	return nil
}
