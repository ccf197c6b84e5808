package post

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/story"
)

// The property test plays newsrooms at random: articles come, change, are put under embargo and withdrawn; the desk
// approves, holds, takes back, takes down; stop is pressed, accounts are paused; the network fails in every way; three
// workers whose clocks are minutes wrong look again and again, late and doubled. At each call the network itself checks
// what must hold then, and at the end everything that is wanted must be out, once.

// life is one such newsroom.
type life struct {
	t       *testing.T
	seed    int64
	r       *rand.Rand
	w       *world
	st      *story.Store
	cfg     *config.Config
	posts   []*Poster
	keys    []story.Key
	out     map[story.Key]int      // posts that readers see, but those that follow in threads
	parts   map[story.Key][]string // those, by their ids, in order
	threads bool                   // the account has threads
	went    map[story.Key]time.Time
	last    time.Time // the last post of a story that was not posted before
	calm    bool      // the network does as it is told
	trace   []string
	calling bool // a call is under way
	over    bool // something was found; the first thing is told
}

func (l *life) note(format string, args ...any) {
	l.trace = append(l.trace, fmt.Sprintf("%s "+format, append([]any{l.w.now.Format(time.TimeOnly)}, args...)...))
}

// fail may be called by a worker's call, which is a goroutine of its own: it ends the life and not the goroutine.
func (l *life) fail(format string, args ...any) {
	if l.over {
		return
	}
	l.over = true
	l.t.Errorf("seed %d: "+format+"\n%s", append(append([]any{l.seed}, args...), strings.Join(l.trace, "\n"))...)
}

// meddled is the bucket as a worker sees it: something may happen right after it has written, as when others are at work.
type meddled struct {
	*worker
	l *life
}

func (m meddled) Put(ctx context.Context, key string, body []byte, typ string, c bucket.Cond) (string, error) {
	etag, err := m.worker.Put(ctx, key, body, typ, c)
	if !m.l.calm && !m.l.calling && m.l.r.Intn(4) == 0 {
		m.l.happen()
	}
	return etag, err
}

func newLife(t *testing.T, seed int64) *life {
	r := rand.New(rand.NewSource(seed))
	l := &life{t: t, seed: seed, r: r, out: map[story.Key]int{}, parts: map[story.Key][]string{}, threads: seed%2 == 1, went: map[story.Key]time.Time{}}
	l.w = &world{now: noon, objects: map[string]bucket.Object{}}
	l.st = (&worker{w: l.w}).store()
	l.cfg = &config.Config{
		Sites:    map[string]config.Site{"en": {Name: "Example", Language: "en", URL: "https://news.example", Review: "required"}},
		Channels: map[string]config.Channel{"net": {Kind: "log", Site: "en", Corrections: []string{"", "reply", "repost", "ask", "leave"}[r.Intn(5)], RepostWithin: 10 * time.Minute, Spacing: time.Duration(r.Intn(3)) * 7 * time.Minute, TooOld: 1000 * time.Hour}},
		Timing:   config.Timing{Tick: time.Minute, Lease: 90 * time.Second},
	}
	for i := range 3 {
		k := &worker{w: l.w}
		skew := time.Duration(r.Intn(1200)-600) * time.Second
		l.posts = append(l.posts, &Poster{
			Store: &story.Store{Bucket: meddled{k, l}, Now: k.clock, Random: dice(1)}, Config: l.cfg, Channels: map[string]channel.Channel{"net": judge{l}},
			Now: func() time.Time { return k.clock().Add(skew) }, Random: dice(seed*10 + int64(i)), Log: slog.New(slog.DiscardHandler), Together: 1,
		})
	}
	return l
}

// happen lets one thing happen in the newsroom.
func (l *life) happen() {
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			l.fail("%v", err)
		}
	}
	if len(l.keys) < 4 && l.r.Intn(3) == 0 || len(l.keys) == 0 {
		k := story.Key("2026-11-26/" + string(rune('a'+len(l.keys))) + "bcdefghijklmnopqrstuvwxyz")
		l.keys = append(l.keys, k)
		l.change(k, func(s *story.Story) {
			s.Site, s.Article = "en", article.Article{ID: string(k), Headline: "H", Dek: "first words"}
		})
		return
	}
	k := l.keys[l.r.Intn(len(l.keys))]
	switch l.r.Intn(14) {
	case 0:
		l.change(k, func(s *story.Story) { s.Article.Dek = fmt.Sprintf("words number %d", l.r.Intn(1000)) })
	case 1:
		l.change(k, func(s *story.Story) {
			s.Article.Embargo = []time.Time{{}, l.w.now.Add(time.Duration(l.r.Intn(90)-20) * time.Minute)}[l.r.Intn(2)]
		})
	case 2:
		l.change(k, func(s *story.Story) { s.Off = []string{"", "unpublished"}[l.r.Intn(2)] })
	case 3, 4, 5, 6:
		l.decide(k, story.Approve)
	case 7:
		l.decide(k, []string{story.Hold, story.Reject, story.Retract, story.Undo}[l.r.Intn(4)])
	case 8:
		why := []string{"", "wrong article"}[l.r.Intn(2)]
		l.note("stop %q", why)
		_, _, err := l.st.UpdateStop(ctx, "en", func(s *story.Stop) error { s.Why = why; return nil })
		must(err)
	case 9:
		why := []string{"", "", "taken over"}[l.r.Intn(3)]
		l.note("pause %q", why)
		_, _, err := l.st.UpdateAccount(ctx, "net", func(a *story.Account) error { a.Paused = why; return nil })
		must(err)
	default:
		l.w.now = l.w.now.Add(time.Duration(l.r.Intn(900)) * time.Second)
	}
}

func (l *life) change(k story.Key, change func(*story.Story)) {
	ctx := context.Background()
	s, _, err := l.st.UpdateStory(ctx, k, func(s *story.Story) error { change(s); return nil })
	if err == nil {
		_, _, err = l.st.UpdateManifest(ctx, k, func(m *story.Manifest) error { m.Revision = s.Revision; return nil })
	}
	if err != nil {
		l.fail("%v", err)
	}
	l.note("story %s revision %d %q embargo %v %s", k, s.Revision, s.Article.Dek, s.Article.Embargo, s.Off)
}

func (l *life) decide(k story.Key, act string) {
	d, err := l.st.Load(context.Background(), k)
	if err != nil {
		l.fail("%v", err)
	}
	dec := story.Decision{Act: act, At: d.Now, By: "Hana", Embargo: d.Story.Article.Embargo}
	if act == story.Approve {
		shown, ok := d.Shown("net")
		if !ok {
			return
		}
		if l.r.Intn(4) == 0 {
			shown.Basis, shown.Text = shown.Base(), "words of the desk"
			if len(shown.More) > 0 && l.r.Intn(2) == 0 {
				shown.More = slices.Clone(shown.More[:1])
			}
		}
		dec.Drafts = map[string]story.Draft{"net": shown}
		if l.r.Intn(2) == 0 {
			dec.NotBefore = d.Now.Add(time.Duration(l.r.Intn(600)) * time.Second)
		}
	}
	l.note("decide %s %s %q not before %v", k, act, dec.Drafts["net"].Text, dec.NotBefore)
	if _, _, err := l.st.UpdateDecisions(context.Background(), k, func(doc *story.Decisions) error { doc.Log = append(doc.Log, dec); return nil }); err != nil {
		l.fail("%v", err)
	}
}

// work lets a worker do something, early or late or once more than needed.
func (l *life) work() {
	p := l.posts[l.r.Intn(len(l.posts))]
	var err error
	switch l.r.Intn(4) {
	case 0:
		err = p.Tick(context.Background())
	case 1:
		err = p.Sweep(context.Background())
	default:
		if len(l.keys) > 0 {
			err = p.Look(context.Background(), l.keys[l.r.Intn(len(l.keys))])
		}
	}
	if err != nil {
		l.fail("%v", err)
	}
}

func TestNeverEarlyNeverTwiceNeverWhatWasNotSeen(t *testing.T) {
	published, lives := 0, int64(100)
	if os.Getenv("CUTLINE_E2E") != "" {
		lives = 2000
	}
	for seed := range lives {
		l := newLife(t, seed)
		for i := 0; i < 80 && !l.over; i++ {
			if l.r.Intn(2) == 0 {
				l.happen()
			} else {
				l.work()
			}
		}
		if !l.over {
			published += l.settle()
		}
		if l.over {
			return
		}
	}
	if published < 100 {
		t.Errorf("only %d posts in all: the lives are too dull to show anything", published)
	}
}

// settle ends all stops and lets time pass; then what is wanted must be out once, and nothing else.
func (l *life) settle() (published int) {
	ctx := context.Background()
	l.calm = true
	_, _, err1 := l.st.UpdateStop(ctx, "en", func(s *story.Stop) error { s.Why = ""; return nil })
	_, _, err2 := l.st.UpdateAccount(ctx, "net", func(a *story.Account) error { a.Paused = ""; return nil })
	if err1 != nil || err2 != nil {
		l.fail("%v %v", err1, err2)
	}
	l.note("calm")
	for range 20 {
		l.w.now = l.w.now.Add(20 * time.Minute)
		for _, p := range l.posts {
			if err := p.Tick(ctx); err != nil {
				l.fail("%v", err)
			}
			if err := p.Sweep(ctx); err != nil {
				l.fail("%v", err)
			}
		}
	}
	for _, k := range l.keys {
		d, err := l.st.Load(ctx, k)
		if err != nil {
			l.fail("%v", err)
		}
		p, v := d.Posts["net"].Doc, d.Decisions.For("net", story.Rule{})
		left, half := p.Left()
		down := !d.Story.Live() || v.Act == story.Retract
		wanted := !down && v.Stands(&d.Story) && p.Proposed != nil && v.Draft.Base() == p.Proposed.Hash() && v.At.After(p.Retracted)
		switch {
		case p.Claim != nil || p.Uncertain != "":
			l.fail("%s is left with %+v", k, p)
		case down && l.out[k] != 0:
			l.fail("%s is out though it was taken down: %+v", k, p)
		case wanted && l.out[k] != 1 && !slices.ContainsFunc(p.History, func(e story.Event) bool { return e.End == "refused" && e.What == "check" }):
			l.fail("%s is wanted and not out: %+v", k, p)
		case len(l.parts[k]) != len(p.Above())-len(p.Replies):
			l.fail("%s: the record has %+v, the network %q", k, p.Thread, l.parts[k])
		case p.Live() && half && !p.Stopped(v, left) && p.Thread[left.Part-1].Refused == "":
			l.fail("the thread of %s is not done: %+v", k, p.Thread)
		case p.Live() != (l.out[k] == 1):
			l.fail("%s: the record says %v, the network %d", k, p.Live(), l.out[k])
		}
		published += l.out[k]
	}
	return published
}
