package post

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/story"
)

// The model: two workers look at the same story on a shared bucket and a shared network, one operation at a time, in an
// order that the test chooses. At any operation a worker may be killed, before it took effect or after, or its answer
// may be lost. Afterwards the lease runs out and ticks settle what is left. Whatever happened, the network must have
// seen the post at most once.

// world is what outlives a worker.
type world struct {
	mu      sync.Mutex
	now     time.Time
	objects map[string]bucket.Object
	version int
	posts   []string // ids of posts made, one for each that readers see
	more    []string // what follows the first post in a thread
	can     channel.Capabilities
	others  [2][]string // channels beside "net" that only the first, or the second, of two workers has configured
}

var errDead = errors.New("the worker is dead")
var errTimeout = errors.New("timeout")

// fate is what happens to one operation.
type fate int

const (
	ok         fate = iota
	killBefore      // the worker dies, the operation has no effect
	killAfter       // the worker dies, the operation has taken effect
	noAnswer        // the operation takes effect, but the worker sees an error
	fates
)

// worker is one process: its operations go through the scheduler.
type worker struct {
	w    *world
	at   chan struct{} // it has come to an operation
	go_  chan fate     // what becomes of it
	done chan struct{}
	dead atomic.Bool
}

// do runs one operation as the scheduler wants it.
func (k *worker) do(effect func()) error {
	if k.at != nil {
		if k.dead.Load() {
			return errDead
		}
		k.at <- struct{}{}
		f := <-k.go_
		if k.dead.Load() { // of a call beside this one
			return errDead
		}
		switch f {
		case killBefore:
			k.dead.Store(true)
			return errDead
		case killAfter:
			k.dead.Store(true)
			k.w.lock(effect)
			return errDead
		case noAnswer:
			k.w.lock(effect)
			return errTimeout
		}
	}
	k.w.lock(effect)
	return nil
}

func (w *world) lock(effect func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(time.Millisecond)
	effect()
}

func (k *worker) Get(_ context.Context, key string) (o bucket.Object, err error) {
	fault := k.do(func() {
		var there bool
		if o, there = k.w.objects[key]; !there {
			err = bucket.ErrNotFound
		}
		o.Now = k.w.now
	})
	if fault != nil {
		return bucket.Object{}, fault
	}
	return o, err
}

func (k *worker) Put(_ context.Context, key string, body []byte, typ string, c bucket.Cond) (etag string, err error) {
	fault := k.do(func() {
		old, there := k.w.objects[key]
		if c == bucket.Create && there || c != bucket.Create && c != bucket.Always && c != bucket.IfMatch(old.ETag) {
			err = bucket.ErrChanged
			return
		}
		k.w.version++
		etag = fmt.Sprint(k.w.version)
		k.w.objects[key] = bucket.Object{Key: key, Body: slices.Clone(body), ETag: etag, Type: typ, Modified: k.w.now}
	})
	if fault != nil {
		return "", fault
	}
	return etag, err
}

func (k *worker) Delete(_ context.Context, key string, _ bucket.Cond) error {
	return k.do(func() { delete(k.w.objects, key) })
}

func (k *worker) List(_ context.Context, prefix, after string, max int) (out []bucket.Entry, err error) {
	err = k.do(func() {
		for key, o := range k.w.objects {
			if strings.HasPrefix(key, prefix) && key > after {
				out = append(out, bucket.Entry{Key: key, ETag: o.ETag, Modified: o.Modified, Size: int64(len(o.Body))})
			}
		}
	})
	slices.SortFunc(out, func(a, b bucket.Entry) int { return strings.Compare(a.Key, b.Key) })
	if max > 0 && len(out) > max {
		out = out[:max]
	}
	return out, err
}

// network is the channel as one worker reaches it. It implements channel.Channel.
type network struct{ k *worker }

func (n network) Capabilities() channel.Capabilities { return n.k.w.can }

func (n network) Prepare(p channel.Piece) story.Draft {
	return story.Draft{Text: p.Article.Headline, More: n.k.w.more, Card: p.Manifest.Cards["og"].Key, Revision: p.Revision}
}

// named is a post's name here: the same for each try of a call, and for no other.
func named(c *channel.Call) string {
	return c.Channel + "/" + c.ID() + "@" + c.First.Format(time.RFC3339Nano)
}

func (n network) Publish(_ context.Context, c *channel.Call) channel.Outcome {
	id := named(c)
	err := n.k.do(func() {
		if n.k.w.can.Once && slices.Contains(n.k.w.posts, id) {
			return
		}
		n.k.w.posts = append(n.k.w.posts, id)
	})
	if err != nil {
		return channel.Outcome{End: channel.Unknown, Why: err.Error()}
	}
	return channel.Outcome{End: channel.Posted, Remote: story.Remote{ID: id}}
}

func (n network) Find(_ context.Context, c *channel.Call) channel.Outcome {
	found := false
	err := n.k.do(func() { found = slices.Contains(n.k.w.posts, named(c)) })
	switch {
	case n.k.w.can.Find == channel.Never:
		return channel.Outcome{End: channel.Unknown}
	case err != nil:
		return channel.Outcome{End: channel.Later, Why: err.Error()}
	case found:
		return channel.Outcome{End: channel.Posted, Remote: story.Remote{ID: named(c)}}
	}
	return channel.Outcome{End: channel.Absent}
}

func (n network) Edit(context.Context, *channel.Call) channel.Outcome {
	return channel.Outcome{End: channel.Posted}
}

func (n network) Retract(_ context.Context, c *channel.Call) channel.Outcome {
	if err := n.k.do(func() { n.k.w.posts = nil }); err != nil {
		return channel.Outcome{End: channel.Unknown, Why: err.Error()}
	}
	return channel.Outcome{End: channel.Posted, Remote: c.Remote}
}

var modelConfig = &config.Config{
	Sites:    map[string]config.Site{"en": {Name: "Example", Language: "en", URL: "https://news.example", Review: "auto"}},
	Channels: map[string]config.Channel{"net": {Kind: "log", Site: "en"}},
	Timing:   config.Timing{Tick: time.Minute, Lease: 90 * time.Second},
}

const modelKey = story.Key("2026-11-26/abcdefghijklmnopqrstuvwxyz")

// newWorld has a story whose card was drawn so long ago. Where that is just now, a look takes it that there are no records.
func newWorld(t testing.TB, can channel.Capabilities, ago time.Duration, more ...string) *world {
	w := &world{more: more, now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), objects: map[string]bucket.Object{}, can: can}
	st := (&worker{w: w}).store()
	ctx := context.Background()
	if _, _, err := st.UpdateStory(ctx, modelKey, func(s *story.Story) error {
		s.Site, s.First, s.Article = "en", w.now.Add(-ago), article.Article{ID: "1", Headline: "Water stands at the spillway", URL: "https://news.example/1"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := st.UpdateManifest(ctx, modelKey, func(m *story.Manifest) error { m.Revision, m.Drawn = 1, w.now.Add(-ago); return nil }); err != nil {
		t.Fatal(err)
	}
	return w
}

func (k *worker) store() *story.Store {
	return &story.Store{Bucket: k, Now: k.clock, Random: dice(1)}
}

func (k *worker) clock() time.Time {
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	return k.w.now
}

// dice is randomness that can be told beforehand and used from several goroutines.
func dice(seed int64) io.Reader { return &lockedDice{r: rand.New(rand.NewSource(seed))} }

type lockedDice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (d *lockedDice) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.Read(p)
}

// seeds makes the tokens of two workers differ.
var seeds = struct {
	sync.Mutex
	n int64
}{}

func (k *worker) poster(others ...string) *Poster {
	seeds.Lock()
	defer seeds.Unlock()
	seeds.n++
	cfg, channels := *modelConfig, map[string]channel.Channel{"net": network{k}}
	cfg.Channels = maps.Clone(cfg.Channels)
	for _, name := range others {
		cfg.Channels[name], channels[name] = cfg.Channels["net"], network{k}
	}
	return &Poster{
		Store: k.store(), Config: &cfg, Channels: channels,
		Now: k.clock, Random: dice(seeds.n), Log: slog.New(slog.DiscardHandler),
	}
}

// schedule says when the other worker gets its turn and what goes wrong. Operations are counted over both workers.
type schedule struct {
	switches []int // before these operations the other worker goes on
	fault    int   // at this operation
	fate     fate
}

// run lets two workers look once each under a schedule; it returns how many operations there were.
func (w *world) run(s schedule) int {
	var both [2]*worker
	for i := range both {
		k := &worker{w: w, at: make(chan struct{}), go_: make(chan fate), done: make(chan struct{})}
		both[i] = k
		p := k.poster(w.others[i]...)
		go func() {
			defer close(k.done)
			_ = p.Look(context.Background(), modelKey) // a dead worker's error is nobody's
		}()
	}
	turn, op := 0, 0
	alive := []bool{true, true}
	for alive[0] || alive[1] {
		if slices.Contains(s.switches, op) && alive[1-turn] {
			turn = 1 - turn
		}
		if !alive[turn] {
			turn = 1 - turn
		}
		select {
		case <-both[turn].at:
			f := ok
			if op == s.fault {
				f = s.fate
			}
			both[turn].go_ <- f
			op++
		case <-both[turn].done:
			alive[turn] = false
		}
	}
	return op
}

// settle lets time pass and ticks run, as a machine that was restarted would.
func (w *world) settle(t *testing.T) story.Post {
	k := &worker{w: w}
	p := k.poster(slices.Concat(w.others[0], w.others[1])...)
	ctx := context.Background()
	for range 4 {
		w.lock(func() { w.now = w.now.Add(3 * time.Minute) })
		if err := p.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		if err := p.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
	}
	rec, err := p.Store.Post(ctx, modelKey, "net")
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestAtMostOncePostedUnderEveryInterleavingAndFault(t *testing.T) {
	networks := map[string]struct {
		can  channel.Capabilities
		more []string
	}{
		"can be asked":                  {can: channel.Capabilities{Find: channel.Exact, Retract: true}},
		"can be asked, has a handle":    {can: channel.Capabilities{Find: channel.Exact, Once: true, Retract: true}},
		"cannot be asked":               {can: channel.Capabilities{Find: channel.Never}},
		"cannot be asked, has a handle": {can: channel.Capabilities{Find: channel.Never, Once: true}},
		"a thread, can be asked":        {channel.Capabilities{Find: channel.Exact, Retract: true, Reply: true}, []string{"It holds."}},
		"a thread, cannot be asked":     {channel.Capabilities{Find: channel.Never, Retract: true, Reply: true}, []string{"It holds."}},
	}
	for name, n := range networks {
		can, want := n.can, 1+len(n.more)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			length := newWorld(t, can, time.Hour, n.more...).run(schedule{fault: -1})
			if length < 20 {
				t.Fatalf("a run has %d operations only: the model does not reach the code", length)
			}
			stride := 11
			if os.Getenv("CUTLINE_E2E") != "" { // all of them take a minute
				stride = 1
			}
			stride *= want * want // a thread's runs are longer
			runs := 0
			for fault := 0; fault < length+6; fault++ {
				for f := fate(0); f < fates; f++ {
					if f == ok && fault > 0 {
						continue
					}
					for i := 0; i < length; i += stride {
						for j := i; j < length+4; j += 1 + stride {
							ago := time.Hour * time.Duration((i/stride+(j-i)/(1+stride))%2) // half of them so, half so
							w := newWorld(t, can, ago, n.more...)
							s := schedule{switches: []int{i, j}, fault: fault, fate: f}
							w.run(s)
							rec := w.settle(t)
							runs++
							switch {
							case len(w.posts) > want || len(slices.Compact(slices.Sorted(slices.Values(w.posts)))) < len(w.posts):
								t.Fatalf("%+v: posted %d times: %q", s, len(w.posts), w.posts)
							case rec.Claim != nil:
								t.Fatalf("%+v: left a claim behind: %+v", s, rec)
							case rec.Live() && len(w.posts) == want:
							case can.Find == channel.Never && rec.Uncertain != "":
							default:
								t.Fatalf("%+v: %d posts, record %+v", s, len(w.posts), rec)
							}
						}
					}
				}
			}
			t.Logf("%d runs of up to %d operations", runs, length)
		})
	}
}

// Two workers of which each has channels that the other has not, as while a new configuration is taken up, begin the same
// story: whatever goes wrong, each channel gets its post, once.
func TestTwoBeginAStoryOnDifferentChannels(t *testing.T) {
	fresh := func(ago time.Duration) *world {
		w := newWorld(t, channel.Capabilities{Find: channel.Exact}, ago)
		w.others = [2][]string{{"only-a"}, {"only-b", "b"}}
		return w
	}
	// The calls of one worker go side by side, in an order of their own: what is swept is where the other comes in.
	length := fresh(0).run(schedule{fault: -1})
	runs, stride := 0, 3
	if testing.Short() {
		stride = 11
	}
	for fault := -1; fault < length; fault++ {
		for i := 0; i < length; i += stride {
			for f := killBefore; f < fates; f++ {
				if fault < 0 && f > killBefore {
					continue
				}
				w := fresh(time.Hour * time.Duration(i%2))
				s := schedule{switches: []int{i, i + 7, i + 20}, fault: fault, fate: f}
				w.run(s)
				w.settle(t)
				runs++
				k := &worker{w: w}
				d, err := k.store().Load(context.Background(), modelKey)
				if err != nil {
					t.Fatal(err)
				}
				for name, p := range d.Posts {
					if !p.Doc.Live() || p.Doc.Claim != nil {
						t.Fatalf("%+v: %s is left with %+v", s, name, p.Doc)
					}
				}
				if len(d.Posts) != 4 || len(w.posts) != 4 || len(slices.Compact(slices.Sorted(slices.Values(w.posts)))) != 4 {
					t.Fatalf("%+v: %d records, posted %q", s, len(d.Posts), w.posts)
				}
			}
		}
	}
	t.Logf("%d runs of up to %d operations", runs, length)
}
