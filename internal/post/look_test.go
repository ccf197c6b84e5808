package post

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/story"
)

// newsroom is a bucket in a folder with a feed and a log, a clock that the test moves, and workers made on demand.
type newsroom struct {
	t     *testing.T
	mu    sync.Mutex
	now   time.Time
	store *story.Store
	cfg   *config.Config
}

func open(t *testing.T, review string) *newsroom {
	n := &newsroom{t: t, now: noon}
	dir, err := bucket.OpenDir(t.TempDir(), n.clock)
	if err != nil {
		t.Fatal(err)
	}
	n.store = &story.Store{Bucket: dir, Now: n.clock, Random: dice(1)}
	n.cfg, err = config.Parse("cutline.yaml", []byte(`
sites: {en: {name: Example News, language: en, url: "https://news.example", review: `+review+`}}
channels: {feed: {kind: feed, site: en}, log: {kind: log, site: en}}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *newsroom) clock() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now
}

func (n *newsroom) pass(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.now = n.now.Add(d)
}

// worker is a Poster as a process of its own would have it. skew is how wrong its own clock is.
func (n *newsroom) worker(skew time.Duration) *Poster {
	now := func() time.Time { return n.clock().Add(skew) }
	own := &story.Store{Bucket: policy.Guard(n.store.Bucket), Now: n.clock, Random: n.store.Random}
	channels, err := Open(n.cfg, channel.Parts{Store: own, Client: http.DefaultClient, Now: now, Public: "https://cards.news.example", Lease: n.cfg.Timing.Lease})
	if err != nil {
		n.t.Fatal(err)
	}
	return &Poster{Store: own, Config: n.cfg, Channels: channels, Now: now, Random: dice(int64(skew) + 7), Log: slog.New(slog.DiscardHandler)}
}

// publish stores a story as webhook and render would.
func (n *newsroom) publish(id, headline string, change ...func(*article.Article)) story.Key {
	ctx := context.Background()
	k, err := n.store.Key(ctx, "newsroom", id)
	if err != nil {
		n.t.Fatal(err)
	}
	st, _, err := n.store.UpdateStory(ctx, k, func(s *story.Story) error {
		s.Site, s.Source, s.Off = "en", "newsroom", ""
		if s.First.IsZero() {
			s.First = n.clock()
		}
		s.Article = article.Article{ID: id, Language: "en", Headline: headline, Dek: "The water has reached " + headline + ".", URL: "https://news.example/" + id}
		for _, c := range change {
			c(&s.Article)
		}
		return nil
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.draw(k, st.Revision)
	return k
}

func (n *newsroom) draw(k story.Key, revision int) {
	if _, _, err := n.store.UpdateManifest(context.Background(), k, func(m *story.Manifest) error { m.Revision = revision; return nil }); err != nil {
		n.t.Fatal(err)
	}
}

func (n *newsroom) unpublish(k story.Key) {
	st, _, err := n.store.UpdateStory(context.Background(), k, func(s *story.Story) error { s.Off = "unpublished"; return nil })
	if err != nil {
		n.t.Fatal(err)
	}
	n.draw(k, st.Revision)
}

func (n *newsroom) decide(k story.Key, act string, change ...func(*story.Decision)) {
	d, err := n.store.Load(context.Background(), k)
	if err != nil {
		n.t.Fatal(err)
	}
	dec := story.Decision{Act: act, At: n.clock(), By: "Hana", Drafts: map[string]story.Draft{}, Embargo: d.Story.Article.Embargo}
	for name := range d.Posts {
		dec.Drafts[name], _ = d.Shown(name)
	}
	for _, c := range change {
		c(&dec)
	}
	if _, _, err := n.store.UpdateDecisions(context.Background(), k, func(doc *story.Decisions) error { doc.Log = append(doc.Log, dec); return nil }); err != nil {
		n.t.Fatal(err)
	}
}

func (n *newsroom) look(p *Poster, k story.Key) {
	if err := p.Look(context.Background(), k); err != nil {
		n.t.Fatal(err)
	}
}

// log lists what the log channel did about a story.
func (n *newsroom) log(k story.Key) string {
	body, err := n.store.Read(context.Background(), "logs/log.jsonl")
	if err != nil {
		n.t.Fatal(err)
	}
	var acts []string
	for line := range bytes.Lines(body) {
		var x struct {
			What, Text string
			Story      story.Key
		}
		if err := json.Unmarshal(line, &x); err != nil {
			n.t.Fatal(err)
		}
		if x.Story == k {
			acts = append(acts, x.What)
		}
	}
	return strings.Join(acts, " ")
}

func (n *newsroom) want(k story.Key, acts string) {
	n.t.Helper()
	if got := n.log(k); got != acts {
		n.t.Errorf("the log has %q, want %q", got, acts)
	}
}

// begun is a newsroom where a worker has looked at a story once.
func begun(t *testing.T, review string) (*newsroom, *Poster, story.Key) {
	t.Helper()
	n := open(t, review)
	p := n.worker(0)
	k := n.publish("1", "the spillway")
	n.look(p, k)
	return n, p, k
}

func TestApprovedStoryIsPostedCorrectedAndTakenDown(t *testing.T) {
	n, p, k := begun(t, "required")
	n.want(k, "")
	n.decide(k, story.Approve, func(d *story.Decision) { d.NotBefore = n.clock().Add(10 * time.Second) })
	n.look(p, k)
	n.want(k, "")
	n.pass(11 * time.Second)
	if err := p.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.want(k, "post")
	for range 3 {
		n.look(p, k)
	}
	n.want(k, "post")

	n.pass(time.Minute)
	n.publish("1", "the bridge")
	n.look(p, k)
	n.want(k, "post")
	n.decide(k, story.Approve)
	n.look(p, k)
	n.want(k, "post edit")

	n.pass(time.Minute)
	n.unpublish(k)
	n.look(p, k)
	n.want(k, "post edit retract")
	body, err := n.store.Read(context.Background(), "feeds/en.json")
	if err != nil || bytes.Contains(body, []byte(k)) {
		t.Errorf("the feed still has it: %v\n%s", err, body)
	}
	n.pass(time.Minute)
	n.publish("1", "the bridge")
	n.look(p, k)
	n.want(k, "post edit retract")
	n.pass(time.Minute)
	n.decide(k, story.Approve)
	n.look(p, k)
	n.want(k, "post edit retract post")
}

func TestDraftThatWasSeenIsTheDraftThatIsSent(t *testing.T) {
	n, p, k := begun(t, "required")
	rec, err := n.store.Post(context.Background(), k, "log")
	if err != nil {
		t.Fatal(err)
	}
	mine := *rec.Proposed
	mine.Text, mine.Basis = "Reservoir full", rec.Proposed.Hash()
	n.decide(k, story.Approve, func(d *story.Decision) { d.Drafts["log"] = mine })
	n.look(p, k)
	body, err := n.store.Read(context.Background(), "logs/log.jsonl")
	if err != nil || !bytes.Contains(body, []byte("Reservoir full")) {
		t.Errorf("%v: %s", err, body)
	}
	if rec, err = n.store.Post(context.Background(), k, "log"); err != nil || rec.Sent.Hash() != mine.Hash() {
		t.Errorf("%v: the record has %+v", err, rec.Sent)
	}
}

func TestEmbargoMovedAfterApproval(t *testing.T) {
	n := open(t, "required")
	p := n.worker(0)
	k := n.publish("1", "the spillway", func(a *article.Article) { a.Embargo = noon.Add(time.Hour) })
	n.look(p, k)
	n.decide(k, story.Approve)
	n.look(p, k)
	later := n.publish("1", "the spillway", func(a *article.Article) { a.Embargo = noon.Add(2 * time.Hour) })
	if later != k {
		t.Fatal("another story")
	}
	for range 3 {
		n.pass(35 * time.Minute)
		if err := p.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
		n.want(k, "") // 35, 70, 105 minutes: the first embargo is over, the second is not
	}
	n.pass(20 * time.Minute)
	if err := p.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.want(k, "post")
}

func TestWrongClocksPostNeitherEarlyNorTwice(t *testing.T) {
	n := open(t, "auto")
	fast, slow := n.worker(10*time.Minute), n.worker(-10*time.Minute)
	k := n.publish("1", "the spillway", func(a *article.Article) { a.Embargo = noon.Add(5 * time.Minute) })
	for _, p := range []*Poster{fast, slow} {
		n.look(p, k)
		if err := p.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	n.want(k, "")
	n.pass(5*time.Minute + time.Second)
	var wg sync.WaitGroup
	for range 5 {
		for _, p := range []*Poster{fast, slow} {
			wg.Go(func() { _ = p.Look(context.Background(), k) })
		}
	}
	wg.Wait()
	n.look(fast, k)
	n.want(k, "post")
}

func TestNothingIsLostWithoutNotifications(t *testing.T) {
	n := open(t, "auto")
	var keys []story.Key
	for _, id := range []string{"1", "2", "3", "4", "5"} {
		keys = append(keys, n.publish(id, "bridge "+id))
	}
	p := n.worker(0)
	for range 2 {
		if err := p.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range keys {
		n.want(k, "post")
	}
	n.decide(keys[0], story.Retract)
	if err := p.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.want(keys[0], "post retract")
}

func TestOneBadDocumentHoldsUpNoOther(t *testing.T) {
	n := open(t, "auto")
	bad, good := n.publish("1", "a"), n.publish("2", "b")
	if _, err := n.store.Bucket.Put(context.Background(), "decisions/"+string(bad)+".json", []byte("{"), "application/json", bucket.Always); err != nil {
		t.Fatal(err)
	}
	err := n.worker(0).Sweep(context.Background())
	if err == nil || !strings.Contains(err.Error(), string(bad)) {
		t.Errorf("the bad one is not named: %v", err)
	}
	n.want(good, "post")
	n.want(bad, "")
}

func TestAnotherAccountUnderTheSameNamePostsNothingTwice(t *testing.T) {
	n := open(t, "auto")
	k := n.publish("1", "the spillway")
	n.look(n.worker(0), k)
	c := n.cfg.Channels["log"]
	c.Account = "somebody-else"
	n.cfg.Channels["log"] = c
	n.pass(time.Minute)
	n.unpublish(k)
	n.look(n.worker(0), k)
	n.want(k, "post")
}

func TestTickTakesOnlyWhatIsDueAndClearsIt(t *testing.T) {
	n, p, k := begun(t, "auto after 15m")
	due := func() []string {
		e, err := n.store.Bucket.List(context.Background(), "due/", "", 0)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, x := range e {
			out = append(out, strings.Split(x.Key, "/")[1])
		}
		return out
	}
	if got := due(); !slices.Equal(got, []string{"2026-11-26T12:15:00Z"}) {
		t.Errorf("due: %v", got)
	}
	n.pass(14 * time.Minute)
	if err := p.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.want(k, "")
	n.pass(2 * time.Minute)
	if err := p.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.want(k, "post")
	if got := due(); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

// TestTickPassesOverAFractionThatIsNotDueYet: in due/ "12:15:00.5Z" sorts before "12:15:00Z".
func TestTickPassesOverAFractionThatIsNotDueYet(t *testing.T) {
	n, p, k := begun(t, "auto after 15m") // leaves an entry at 12:15:00
	ctx := context.Background()
	later := "due/2026-11-26T12:15:00.500000000Z/2026-11-26/abcdefghijklmnopqrstuvwxyz"
	if _, err := n.store.Bucket.Put(ctx, later, []byte{'\n'}, "text/plain", bucket.Always); err != nil {
		t.Fatal(err)
	}
	n.pass(15 * time.Minute)
	if err := p.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	n.want(k, "post")
	left, err := n.store.Bucket.List(ctx, "due/", "", 0)
	if err != nil || len(left) != 1 || left[0].Key != later {
		t.Errorf("left: %v, %v", left, err)
	}
}
