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

// judge is the network of a life. It implements channel.Channel.
type judge struct{ l *life }

func (j judge) Capabilities() channel.Capabilities {
	return channel.Capabilities{Find: channel.Exact, Edit: true, Retract: true, Reply: true}
}

func (j judge) Prepare(p channel.Piece) story.Draft {
	d := story.Draft{Text: p.Article.Dek, Revision: p.Revision}
	if j.l.threads && !p.Corrects {
		d.More = []string{"and secondly " + p.Article.Dek, "and thirdly " + p.Article.Dek}
	}
	return d
}

// lawful checks what must hold when anything new is said to readers.
func (j judge) lawful(c *channel.Call, verb string) {
	l := j.l
	l.note("%s %s %q", verb, c.Key, c.Draft.Text)
	d, err := l.st.Load(context.Background(), c.Key)
	if err != nil {
		l.fail("%v", err)
	}
	a, err := l.st.Account(context.Background(), "net")
	if err != nil {
		l.fail("%v", err)
	}
	v := d.Decisions.For("net", story.Rule{})
	part := c.Draft.Part
	approved := slices.ContainsFunc(d.Decisions.Log, func(dec story.Decision) bool {
		more := dec.Drafts["net"].More
		return part > 0 && part <= len(more) && more[part-1] == c.Draft.Text
	})
	switch {
	case d.Story.Article.Embargo.After(l.w.now), v.Embargo.After(l.w.now):
		l.fail("%s before the embargo %v", verb, d.Story.Article.Embargo)
	case part > 0 && !approved:
		l.fail("%s of %q, which nobody approved", verb, c.Draft.Text)
	case part > 0 && v.Act == "": // the approval was taken back after the thread had begun
	case part > 0 && strings.ContainsAny(c.Draft.Text, "0123456789") && !strings.HasSuffix(c.Draft.Text, d.Story.Article.Dek):
		l.fail("%s of %q where the article says %q by now", verb, c.Draft.Text, d.Story.Article.Dek)
	case part > 0 && v.Act == story.Approve: // of the thread, or of a correction that comes after it
	case v.Act != story.Approve:
		l.fail("%s of what was decided %q", verb, v.Act)
	case v.NotBefore.After(l.w.now):
		l.fail("%s before %v", verb, v.NotBefore)
	case v.Draft.Hash() != c.Draft.Hash():
		l.fail("%s of %q where %q was approved", verb, c.Draft.Text, v.Draft.Text)
	case v.Draft.Basis == "" && c.Draft.Text != d.Story.Article.Dek:
		l.fail("%s of %q where the article says %q by now", verb, c.Draft.Text, d.Story.Article.Dek)
	case !d.Story.Live():
		l.fail("%s of an article that is %s", verb, d.Story.Off)
	case d.Stop.Why != "", a.Paused != "":
		l.fail("%s though stopped (%q, %q)", verb, d.Stop.Why, a.Paused)
	}
}

// meanwhile lets something happen while a call is under way.
func (j judge) meanwhile() {
	if !j.l.calm && j.l.r.Intn(4) == 0 {
		j.l.happen()
	}
}

// fault is one of the ends that a call can have, after or before it took effect.
func (j judge) fault(effect func()) (channel.Outcome, bool) {
	if j.l.calm {
		effect()
		return channel.Outcome{End: channel.Posted}, true
	}
	switch j.l.r.Intn(10) {
	case 0:
		j.l.note("  and no answer comes, though it was done")
		effect()
		return channel.Outcome{End: channel.Unknown, Why: "no answer"}, false
	case 1:
		j.l.note("  and no answer comes")
		return channel.Outcome{End: channel.Unknown, Why: "no answer"}, false
	case 2:
		j.l.note("  and the network asks for rest")
		return channel.Outcome{End: channel.Later, Why: "slow down", Rest: true, Until: j.l.w.now.Add(time.Duration(j.l.r.Intn(600)) * time.Second)}, false
	case 3:
		j.l.note("  and the account is refused")
		return channel.Outcome{End: channel.Refused, Why: "revoked", Pause: true}, false
	}
	effect()
	return channel.Outcome{End: channel.Posted}, true
}

func (j judge) Publish(ctx context.Context, c *channel.Call) channel.Outcome {
	l := j.l
	verb := "publish"
	if c.ReplyTo != nil {
		verb = "reply"
	}
	if n := c.Draft.Part; n > 0 {
		verb = "continue"
		before := l.first(c)
		if len(l.parts[c.Key]) > 0 && n > 1 {
			before = l.parts[c.Key][n-2]
		}
		if l.out[c.Key] != 1 || len(l.parts[c.Key]) < n-1 || c.ReplyTo.ID != before || c.Root.ID != l.first(c) {
			l.fail("post %d of %s answers %q in %q, of %d and %q that are out", n, c.Key, c.ReplyTo.ID, c.Root.ID, l.out[c.Key], l.parts[c.Key])
		}
	}
	j.lawful(c, verb)
	l.calling = true
	defer func() { l.calling = false }()
	began := l.w.now
	if _, again := l.went[c.Key]; c.ReplyTo == nil && !again && c.Turn == 0 {
		if gap := began.Sub(l.last); gap < l.cfg.Channels["net"].Spacing {
			l.fail("%s only %v after the post before", c.Key, gap)
		}
	}
	j.meanwhile()
	if c.Steps["upload"] == "" {
		if err := c.Step(ctx, "upload", "1"); err != nil {
			l.note("  and ends before its second step: %v", err)
			return channel.Outcome{End: channel.Later, Why: err.Error()}
		}
		if d, err := l.st.Load(ctx, c.Key); err != nil || d.Stop.Why != "" {
			l.fail("%s goes on after stop was pressed (%v)", c.Key, err)
		}
	}
	out, _ := j.fault(func() {
		if c.Draft.Part > 0 {
			if l.parts[c.Key] = append(l.parts[c.Key], c.ID()); len(l.parts[c.Key]) != c.Draft.Part {
				l.fail("post %d of %s is out twice: %q", c.Draft.Part, c.Key, l.parts[c.Key])
			}
		}
		if c.ReplyTo == nil {
			if l.out[c.Key]++; l.out[c.Key] > 1 {
				l.fail("%s is out twice", c.Key)
			}
		}
	})
	if c.ReplyTo == nil && (out.End == channel.Posted || out.End == channel.Unknown) { // else nothing went out, and its turn is given back
		l.went[c.Key], l.last = began, began
	}
	out.Remote = story.Remote{ID: l.id(c)}
	return out
}

// id is what the network calls the call's post, and first its story's.
func (l *life) id(c *channel.Call) string {
	if c.ReplyTo != nil && c.Draft.Part == 0 {
		return c.ID() + "/correction"
	}
	return c.ID()
}

func (l *life) first(c *channel.Call) string {
	first := *c
	first.Draft.Part = 0
	return first.ID()
}

func (j judge) Find(_ context.Context, c *channel.Call) channel.Outcome {
	if c.Draft.Part > 0 {
		if slices.Contains(j.l.parts[c.Key], c.ID()) {
			return channel.Outcome{End: channel.Posted, Remote: story.Remote{ID: c.ID()}}
		}
		return channel.Outcome{End: channel.Absent}
	}
	if j.l.out[c.Key] > 0 {
		return channel.Outcome{End: channel.Posted, Remote: story.Remote{ID: j.l.id(c)}}
	}
	return channel.Outcome{End: channel.Absent}
}

func (j judge) Edit(_ context.Context, c *channel.Call) channel.Outcome {
	if n := c.Draft.Part; n > 0 && (n > len(j.l.parts[c.Key]) || j.l.parts[c.Key][n-1] != c.Remote.ID) {
		j.l.fail("an edit of %q as post %d of %q", c.Remote.ID, n, j.l.parts[c.Key])
	}
	j.l.note("edit %s %q", c.Key, c.Draft.Text)
	out, _ := j.fault(func() {})
	return out
}

func (j judge) Retract(_ context.Context, c *channel.Call) channel.Outcome {
	j.l.note("retract %s", c.Key)
	out, _ := j.fault(func() {
		parts := j.l.parts[c.Key]
		switch i := slices.Index(parts, c.Remote.ID); {
		case strings.HasSuffix(c.Remote.ID, "/correction"):
		case i >= 0 && i < len(parts)-1, i < 0 && strings.Count(c.Remote.ID, "/") < 3 && len(parts) > 0:
			j.l.fail("%q is taken down before what answers it: %q", c.Remote.ID, parts)
		case i >= 0:
			j.l.parts[c.Key] = parts[:i]
		case strings.Count(c.Remote.ID, "/") < 3: // else it is a post of the thread that is down already
			j.l.out[c.Key] = 0
		}
	})
	return out
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
		case p.Live() && v.Act != story.Hold && v.Act != story.Reject && half && p.Thread[left.Part-1].Refused == "":
			l.fail("the thread of %s is not done: %+v", k, p.Thread)
		case p.Live() != (l.out[k] == 1):
			l.fail("%s: the record says %v, the network %d", k, p.Live(), l.out[k])
		}
		published += l.out[k]
	}
	return published
}
