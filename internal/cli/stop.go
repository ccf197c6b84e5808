package cli

import (
	"context"
	"fmt"
	"os/user"
	"slices"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

// halt is what stop and resume print for each site or channel that they were about.
type halt struct {
	Site    string    `json:"site,omitempty"`
	Channel string    `json:"channel,omitempty"`
	Stopped bool      `json:"stopped"`
	Why     string    `json:"why,omitempty"`
	By      string    `json:"by,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Waiting int       `json:"waiting"` // posts that wait until it goes on; of a site: on all its channels
}

func (p *program) stop(ctx context.Context, args []string) error {
	f := p.newFlags("stop", "[--site S | --channel C] --why TEXT [--data DIR | --bucket s3://NAME]", `
Stops all posting at once: of every site, of one, or on one channel. Nothing is posted, corrected or posted anew until
"resume"; what is half done ends before its next step. What a person takes down is taken down all the same, but on a
stopped channel. Nothing is lost: what could have gone waits, and goes in its order afterwards.

  cutline stop --site en --why "wrong article" --data data`)
	why := f.String("why", "", "`TEXT`: the reason, which the desk shows; required")
	return p.halt(ctx, f, args, func() (string, error) {
		if strings.TrimSpace(*why) == "" {
			return "", wrong("stop: say why with --why: the desk shows it")
		}
		return strings.TrimSpace(*why), nil
	})
}

func (p *program) resume(ctx context.Context, args []string) error {
	f := p.newFlags("resume", "[--site S | --channel C] [--data DIR | --bucket s3://NAME]", `
Lets posting go on where it was stopped, or where an account was refused and has been mended. What waits goes at the next
tick, in its order and by the channel's spacing, if it is still wanted. Without --site or --channel every site's stop
ends; a channel that is stopped or paused for itself is named.

  cutline resume --channel bsky --data data`)
	return p.halt(ctx, f, args, func() (string, error) { return "", nil })
}

// halt sets the reason of a stop; empty ends it.
func (p *program) halt(ctx context.Context, f *flags, args []string, reason func() (string, error)) error {
	var l place
	l.flags(f)
	site := f.String("site", "", "`S`: only this site")
	channel := f.String("channel", "", "`C`: only this channel")
	by := f.String("by", "", "`NAME`: who decides (default your user name)")
	if err := f.parse(args, nil); err != nil {
		return err
	}
	why, err := reason()
	if err != nil {
		return err
	}
	st, err := p.store(ctx, &l, false)
	if err != nil {
		return err
	}
	c, err := p.configuration(ctx, &l, st)
	if err != nil {
		return err
	}
	if *by == "" {
		*by = userName()
	}
	out := []halt{}
	switch {
	case *site != "" && *channel != "":
		return wrong("name a site or a channel, not both")
	case *channel != "":
		if _, ok := c.Channels[*channel]; !ok {
			return wrong("there is no channel %q; there are %s", *channel, strings.Join(sortedNames(c.Channels), ", "))
		}
		a, _, err := st.UpdateAccount(ctx, *channel, func(a *story.Account) error {
			if why == "" {
				a.Paused, a.PausedAt, a.PausedBy, a.NotBefore, a.Tries = "", time.Time{}, "", p.now().UTC(), 0
			} else {
				a.Paused, a.PausedAt, a.PausedBy = why, p.now().UTC(), *by
			}
			return nil
		})
		if err != nil {
			return err
		}
		out = append(out, halt{Channel: *channel, Stopped: a.Paused != "", Why: a.Paused, By: a.PausedBy, At: a.PausedAt, Waiting: a.Waiting()})
	default:
		names := sortedNames(c.Sites)
		if *site != "" {
			if !slices.Contains(names, *site) {
				return wrong("there is no site %q; there are %s", *site, strings.Join(names, ", "))
			}
			names = []string{*site}
		}
		for _, n := range names {
			s, _, err := st.UpdateStop(ctx, n, func(s *story.Stop) error {
				if s.Why != why {
					s.Why, s.By, s.At = why, *by, p.now().UTC()
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("site %s: %w", n, err)
			}
			h := halt{Site: n, Stopped: s.Why != "", Why: s.Why, By: s.By, At: s.At}
			if h.Waiting, err = waitingOn(ctx, st, c, n); err != nil {
				return err
			}
			out = append(out, h)
		}
	}
	return p.print(out)
}

// waitingOn counts the posts that wait on a site's channels.
func waitingOn(ctx context.Context, st *story.Store, c *config.Config, site string) (int, error) {
	n := 0
	for _, name := range c.ChannelsOf(site) {
		a, err := st.Account(ctx, name)
		if err != nil {
			return 0, err
		}
		n += a.Waiting()
	}
	return n, nil
}

// userName is who decides when nobody is named.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "command line"
}
