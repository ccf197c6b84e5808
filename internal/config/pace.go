package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutline/internal/zone"
)

// Hours are a part of the day as it is written "23:00-06:00": from the first time on and before the second, past midnight
// where the second is not later. The zero value is no time at all.
type Hours struct {
	From time.Duration // since midnight
	To   time.Duration // since midnight
}

func parseHours(s string) (Hours, error) {
	if s == "none" {
		return Hours{}, nil
	}
	from, to, ok := strings.Cut(s, "-")
	a, err1 := time.Parse("15:04", strings.TrimSpace(from))
	b, err2 := time.Parse("15:04", strings.TrimSpace(to))
	if !ok || err1 != nil || err2 != nil || a.Equal(b) {
		return Hours{}, fmt.Errorf("want hours as \"23:00-06:00\", or none, have %q", s)
	}
	since := func(t time.Time) time.Duration {
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	return Hours{since(a), since(b)}, nil
}

// End is when the hours end that t, in its own zone, lies in; false: it lies in none. A clock that is put forward or back
// meanwhile is minded.
func (h Hours) End(t time.Time) (time.Time, bool) {
	if h.From == h.To {
		return t, false
	}
	y, m, d := t.Date()
	at := func(day int, since time.Duration) time.Time {
		return time.Date(y, m, d+day, int(since/time.Hour), int(since%time.Hour/time.Minute), 0, 0, t.Location())
	}
	for _, day := range []int{-1, 0} {
		from, to := at(day, h.From), at(day, h.To)
		if h.To <= h.From {
			to = at(day+1, h.To)
		}
		if !t.Before(from) && t.Before(to) {
			return to, true
		}
	}
	return t, false
}

// Budget is how many posts may go out within a time, as it is written "25/1h".
type Budget struct {
	Most int           // at least one
	In   time.Duration // any stretch of this length
}

func parseBudget(s string) (Budget, error) {
	most, in, ok := strings.Cut(s, "/")
	n, err1 := strconv.Atoi(strings.TrimSpace(most))
	d, err2 := time.ParseDuration(strings.TrimSpace(in))
	if !ok || err1 != nil || err2 != nil || n < 1 || d <= 0 || d > 48*time.Hour {
		return Budget{}, fmt.Errorf("want a number of posts and a time of at most 48h, as \"25/1h\", have %q", s)
	}
	return Budget{n, d}, nil
}

// Pace is how fast an account may post: the channel's own rules, or the site's in their place.
type Pace struct {
	Spacing time.Duration  // least time between two posts
	Quiet   []Hours        // in Zone
	Zone    *time.Location // the site's
	Budgets []Budget       // all of them hold
}

// PaceOf is the pace of a channel.
func (c *Config) PaceOf(channel string) Pace {
	ch := c.Channels[channel]
	site := c.Sites[ch.Site]
	p := Pace{Spacing: ch.Spacing, Quiet: ch.Quiet, Budgets: ch.Budget}
	var err error
	if p.Zone, err = zone.Load(site.Zone); err != nil {
		p.Zone = time.UTC // the zone was checked when the file was read
	}
	if ch.Kind != "feed" && ch.Kind != "log" && ch.Kind != "webhook" {
		if p.Spacing == 0 {
			p.Spacing = site.Spacing
		}
		if p.Quiet == nil {
			p.Quiet = site.Quiet
		}
	}
	p.Spacing = max(p.Spacing, 0)
	return p
}

// Free says whether a channel may post whenever it likes.
func (p Pace) Free() bool { return p.Spacing == 0 && len(p.Quiet) == 0 && len(p.Budgets) == 0 }

// MostPosts is how many posts a thread has at most.
const MostPosts = 6

// ThreadKinds is the kinds of channels that may have threads: their readers see the replies under a post as its going on.
var ThreadKinds = []string{"bluesky", "mastodon", "x", "threads"}

// checkThread checks what is to follow a channel's posts in replies.
func (c Channel) checkThread(path string, at func(path, format string, args ...any)) {
	if c.LinkInReply && c.Kind != "x" && !(c.Kind == "facebook" && c.Embed == "image") {
		at(path+".link_in_reply", "x may have it, and facebook with embed: image; elsewhere the link costs and hides nothing")
	}
	if c.Thread < 0 || c.Thread > MostPosts {
		at(path+".thread", "want at most %d posts, have %d", MostPosts, c.Thread)
	} else if c.Thread > 1 && !slices.Contains(ThreadKinds, c.Kind) {
		at(path+".thread", "%s has no threads; %s have", c.Kind, strings.Join(ThreadKinds, ", "))
	}
}
