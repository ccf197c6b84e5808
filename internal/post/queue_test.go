package post

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/story"
)

// configure changes the log channel.
func (n *newsroom) configure(change func(*config.Channel)) {
	c := n.cfg.Channels["log"]
	change(&c)
	n.cfg.Channels["log"] = c
	delete(n.cfg.Channels, "feed")
}

// logged lists what the log channel posted, oldest first: when, and which story.
func (n *newsroom) logged() (times []time.Time, stories []story.Key) {
	body, err := n.store.Read(context.Background(), "logs/log.jsonl")
	if err != nil {
		n.t.Fatal(err)
	}
	for line := range bytes.Lines(body) {
		var x struct {
			At    time.Time
			What  string
			Story story.Key
		}
		if err := json.Unmarshal(line, &x); err != nil {
			n.t.Fatal(err)
		}
		if x.What == "post" {
			times, stories = append(times, x.At), append(stories, x.Story)
		}
	}
	return times, stories
}

func (n *newsroom) tick(p *Poster) {
	n.t.Helper()
	if err := p.Tick(context.Background()); err != nil {
		n.t.Fatal(err)
	}
}

func TestBurstIsSpreadAndNothingIsDropped(t *testing.T) {
	n := open(t, "auto")
	n.configure(func(c *config.Channel) { c.Spacing = 10 * time.Minute })
	p := n.worker(0)
	var keys []story.Key
	for i := range 50 {
		n.pass(time.Second)
		keys = append(keys, n.publish(fmt.Sprint(i), fmt.Sprintf("bridge %d", i)))
		n.look(p, keys[i])
	}
	last, err := n.store.Load(context.Background(), keys[49])
	if err != nil {
		t.Fatal(err)
	}
	s := story.StateOf(&last, "log", story.Rule{Auto: true})
	if s.Name != story.StateAuto || s.Until.Before(noon.Add(8*time.Hour)) || s.Until.After(noon.Add(9*time.Hour)) || !strings.Contains(s.Why, "48 before it") {
		t.Errorf("the desk shows %+v", s)
	}
	var breaking story.Key
	for round := range 110 {
		n.pass(5 * time.Minute)
		if round == 19 {
			breaking = n.publish("breaking", "dam breaks", func(a *article.Article) { a.Tags = []string{"Breaking"} })
			site := n.cfg.Sites["en"]
			site.Breaking = []string{"breaking"}
			n.cfg.Sites["en"] = site
			n.look(p, breaking)
			if _, went := n.logged(); went[len(went)-1] != breaking {
				t.Error("the breaking story waits in the queue")
			}
		}
		n.tick(p)
	}
	times, went := n.logged()
	i := slices.Index(went, breaking)
	if want := slices.Insert(slices.Clone(keys), i, breaking); !slices.Equal(went, want) {
		t.Errorf("%d of 51 went, or in another order: %v", len(went), went)
	}
	for j := 1; j < len(times); j++ {
		if gap := times[j].Sub(times[j-1]); gap < 10*time.Minute && j != i {
			t.Errorf("post %d came %v after the one before", j, gap)
		}
	}
}

func TestQuietHoursAreTheSites(t *testing.T) {
	n := open(t, "auto")
	site := n.cfg.Sites["en"]
	site.Zone = "Asia/Baghdad" // noon in UTC is three in the afternoon
	n.cfg.Sites["en"] = site
	n.configure(func(c *config.Channel) {
		c.Quiet = []config.Hours{{From: 14 * time.Hour, To: 16*time.Hour + 30*time.Minute}}
	})
	p := n.worker(0)
	k := n.publish("1", "the spillway")
	n.look(p, k)
	n.pass(89 * time.Minute)
	n.tick(p)
	n.want(k, "")
	n.pass(time.Minute)
	n.tick(p)
	n.want(k, "post")
}

// TestMendedAccountDrainsInOrder refuses an account, lets posts, a correction and a take-down come together, and mends it.
func TestMendedAccountDrainsInOrder(t *testing.T) {
	n := open(t, "auto")
	n.configure(func(*config.Channel) {})
	p := n.worker(0)
	out := n.publish("out", "the bridge")
	n.look(p, out)
	n.pass(time.Minute)
	pause := func(why string) {
		if _, _, err := n.store.UpdateAccount(context.Background(), "log", func(a *story.Account) error { a.Paused = why; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	pause("the token was revoked")
	n.unpublish(out)
	n.look(p, out)
	var keys []story.Key
	for i := range 12 {
		n.pass(time.Second)
		keys = append(keys, n.publish(fmt.Sprint(i), fmt.Sprintf("bridge %d", i)))
		n.look(p, keys[i])
	}
	n.decide(keys[4], story.Reject)
	n.look(p, keys[4])
	for range 5 {
		n.pass(time.Hour)
		n.tick(p)
	}
	if _, went := n.logged(); len(went) != 1 {
		t.Fatalf("a paused account posted %v", went)
	}
	d, err := n.store.Load(context.Background(), keys[3])
	if err != nil {
		t.Fatal(err)
	}
	if s := story.StateOf(&d, "log", story.Rule{Auto: true}); !strings.Contains(s.Why, "the token was revoked") {
		t.Errorf("the desk shows %+v", s)
	}
	pause("")
	for range 30 {
		n.pass(time.Second)
		n.tick(p)
	}
	n.want(out, "post retract")
	want := append([]story.Key{out}, keys...)
	want = slices.Delete(want, 5, 6)
	if _, went := n.logged(); !slices.Equal(went, want) {
		t.Errorf("went %v, want %v", went, want)
	}
	a, err := n.store.Account(context.Background(), "log")
	if err != nil || slices.ContainsFunc(a.Queue, func(t story.Ticket) bool { return t.Taken.IsZero() }) {
		t.Errorf("left in the queue: %+v %v", a.Queue, err)
	}
}

// stepping is a channel whose post takes two steps. between is called after the first.
type stepping struct {
	channel.Channel
	between func()
	keeps   bool // the first may as well be taken again: it is written with the call's end
	posted  int
	began   int
}

func (s *stepping) Publish(ctx context.Context, c *channel.Call) channel.Outcome {
	if c.Steps["upload"] == "" {
		s.began++
		s.between()
		keep := c.Step
		if s.keeps {
			keep = func(ctx context.Context, name, value string) error { c.Keep(name, value); return c.GoOn(ctx) }
		}
		if err := keep(ctx, "upload", "1"); err != nil {
			return channel.Outcome{End: channel.Later, Why: err.Error()}
		}
	}
	s.between()
	if err := c.Step(ctx, "container", "2"); err != nil {
		return channel.Outcome{End: channel.Later, Why: err.Error()}
	}
	s.posted++
	return channel.Outcome{End: channel.Posted, Remote: story.Remote{ID: "1"}}
}

func TestStopIsObeyedInTheMiddleOfAPost(t *testing.T) {
	for _, press := range []string{"site", "channel", "site, kept", "channel, kept"} {
		press, keeps := strings.CutSuffix(press, ", kept")
		n := open(t, "auto")
		n.configure(func(*config.Channel) {})
		set := func(why string) {
			var err error
			if press == "site" {
				_, _, err = n.store.UpdateStop(context.Background(), "en", func(s *story.Stop) error { s.Why, s.By, s.At = why, "Hana", n.clock(); return nil })
			} else {
				_, _, err = n.store.UpdateAccount(context.Background(), "log", func(a *story.Account) error { a.Paused, a.PausedBy = why, "Hana"; return nil })
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		p := n.worker(0)
		calls := 0
		s := &stepping{Channel: p.Channels["log"], keeps: keeps}
		s.between = func() {
			if calls++; calls == 2 { // the upload is kept, the container is not made yet
				set("somebody broke in")
			}
		}
		p.Channels["log"] = s
		k := n.publish("1", "the spillway")
		n.look(p, k)
		for range 20 {
			n.pass(time.Minute)
			n.tick(p)
		}
		if s.posted != 0 {
			t.Errorf("%s: posted though stopped", press)
		}
		set("")
		n.pass(time.Minute)
		n.tick(p)
		if s.posted != 1 || s.began != 1 {
			t.Errorf("%s: after the stop posted %d times, begun %d times", press, s.posted, s.began)
		}
	}
}

// failing is a channel that does not answer while down, and makes a note of who called.
type failing struct {
	channel.Channel
	mu     sync.Mutex
	down   bool
	poison story.Key
	calls  []story.Key
	posted []story.Key
}

func (f *failing) Publish(ctx context.Context, c *channel.Call) channel.Outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, c.Key)
	if f.down || c.Key == f.poison {
		return channel.Outcome{End: channel.Later, Why: "no answer", Rest: f.down}
	}
	f.posted = append(f.posted, c.Key)
	return channel.Outcome{End: channel.Posted, Remote: story.Remote{ID: c.ID()}}
}

func TestNetworkThatIsDownIsAskedSeldomAndThenServedInOrder(t *testing.T) {
	n := open(t, "auto")
	n.configure(func(*config.Channel) {})
	p := n.worker(0)
	f := &failing{Channel: p.Channels["log"], down: true}
	p.Channels["log"] = f
	var keys []story.Key
	for i := range 10 {
		n.pass(time.Second)
		keys = append(keys, n.publish(fmt.Sprint(i), fmt.Sprintf("bridge %d", i)))
		n.look(p, keys[i])
	}
	for range 60 {
		n.pass(time.Minute)
		n.tick(p)
	}
	if len(f.calls) > 30 {
		t.Errorf("%d calls in an hour to a network that does not answer", len(f.calls))
	}
	f.down = false
	for range 60 {
		n.pass(time.Minute)
		n.tick(p)
	}
	if len(f.posted) != len(keys) {
		t.Errorf("posted %d of %d", len(f.posted), len(keys))
	}
	for _, k := range keys {
		if i := slices.Index(f.posted, k); slices.Contains(f.posted[i+1:], k) {
			t.Errorf("%s posted twice", k)
		}
	}
	if !slices.Equal(f.posted, keys) {
		t.Errorf("posted in the order %v of %v", f.posted, keys)
	}
}

func TestOnePoisonedPostHoldsUpNoOther(t *testing.T) {
	n := open(t, "auto")
	n.configure(func(*config.Channel) {})
	p := n.worker(0)
	f := &failing{Channel: p.Channels["log"]}
	p.Channels["log"] = f
	f.poison = n.publish("poison", "a picture that no network takes")
	n.look(p, f.poison)
	for i := range 5 {
		n.pass(time.Second)
		n.look(p, n.publish(fmt.Sprint(i), fmt.Sprintf("bridge %d", i)))
	}
	for range 10 {
		n.pass(time.Minute)
		n.tick(p)
	}
	if len(f.posted) != 5 {
		t.Errorf("posted %d of 5 others", len(f.posted))
	}
}

func TestFreeKeepsEveryRule(t *testing.T) {
	r := dice(3)
	next := func(n int) int { var b [1]byte; _, _ = r.Read(b[:]); return int(b[0]) % n }
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for range 300 {
		p := config.Pace{Zone: zone, Spacing: time.Duration(next(30)) * time.Minute}
		if from := time.Duration(next(24)) * time.Hour; next(2) == 0 {
			p.Quiet = []config.Hours{{From: from, To: (from + time.Duration(1+next(8))*time.Hour) % (24 * time.Hour)}}
		}
		if next(2) == 0 {
			p.Budgets = []config.Budget{{Most: 1 + next(3), In: time.Hour}, {Most: 3 + next(4), In: 5 * time.Hour}}
		}
		now := time.Date(2026, 10, 24, next(24), next(60), 0, 0, zone) // clocks go back in that night
		var gone []time.Time
		for range 30 {
			now = now.Add(time.Duration(next(40)) * time.Minute)
			posts := 1 + next(3) // of a thread
			for _, b := range p.Budgets {
				posts = min(posts, b.Most)
			}
			at := free(p, now, gone, false, posts)
			if n := len(gone); n > 0 && at.Sub(gone[n-1]) < p.Spacing || at.Before(now) {
				t.Fatalf("%+v: %v after %v", p, at, gone)
			}
			for _, h := range p.Quiet {
				if _, quiet := h.End(at.In(zone)); quiet {
					t.Fatalf("%+v: %v is quiet", p, at)
				}
			}
			gone = append(gone, slices.Repeat([]time.Time{at}, posts)...)
			for _, b := range p.Budgets {
				in := 0
				for _, g := range gone {
					if at.Sub(g) < b.In {
						in++
					}
				}
				if in > b.Most {
					t.Fatalf("%+v: %d within %v of %v", p, in, b.In, at)
				}
			}
			now = at
		}
	}
}
