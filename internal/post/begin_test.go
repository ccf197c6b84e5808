package post

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/sim"
	"cutline/internal/story"
)

// below lists what lies under a story's posts/.
func (n *newsroom) below(k story.Key) (names []string) {
	n.t.Helper()
	entries, err := n.store.Bucket.List(context.Background(), story.Posts+string(k)+"/", "", 0)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Key[strings.LastIndexByte(e.Key, '/')+1:])
	}
	return names
}

func (n *newsroom) has(k story.Key, names ...string) {
	n.t.Helper()
	if got := n.below(k); !slices.Equal(got, names) {
		n.t.Errorf("under posts/ lie %q, want %q", got, names)
	}
}

// What is proposed to the desk on all channels is one object. What the desk then does about one channel is about that one.
func TestProposalsAreOneObject(t *testing.T) {
	for act, want := range map[string]string{story.Approve: "post", story.Reject: "", story.Hold: "", story.Retract: ""} {
		n := open(t, "required")
		p := n.worker(0)
		k := n.publish("1", "the spillway")
		for range 2 {
			n.look(p, k)
			n.has(k, "_first.json")
		}
		n.decide(k, act, func(d *story.Decision) { d.Channels = []string{"log"} })
		for range 2 {
			n.pass(time.Minute)
			n.look(p, k)
			n.want(k, want)
		}
		if act == story.Approve {
			n.has(k, "_first.json", "log.json")
		} else {
			n.has(k, "_first.json")
		}
		d, err := n.store.Load(t.Context(), k)
		log, feed := d.Posts["log"].Doc, d.Posts["feed"].Doc
		if err != nil || log.Live() != (act == story.Approve) || feed.Live() || feed.Proposed == nil {
			t.Errorf("%s: %v: %+v", act, err, d.Posts)
		}
		n.pass(time.Minute)
		n.unpublish(k)
		n.look(p, k)
		n.want(k, strings.TrimSpace(want+map[bool]string{true: " retract"}[want != ""]))
		d, err = n.store.Load(t.Context(), k)
		if r := story.Receipts(&d, []string{"feed", "log"}, func(string) story.Rule { return story.Rule{} }); err != nil || len(r) != 2 || r[0].End != story.ReceiptNothing {
			t.Errorf("%s: %v: %+v", act, err, r)
		}
	}
}

// Claims and proposals that come of one look are one object too, and what comes of the calls is an object each.
func TestClaimsAndProposalsAreOneObject(t *testing.T) {
	n := open(t, "auto")
	c := n.cfg.Channels["feed"]
	c.Review = "required"
	n.cfg.Channels["feed"] = c
	p := n.worker(0)
	k := n.publish("1", "the spillway")
	n.look(p, k)
	n.want(k, "post")
	n.has(k, "_first.json", "log.json")
	if rec, err := n.store.Post(t.Context(), k, "feed"); err != nil || rec.Proposed == nil {
		t.Errorf("%v: %+v", err, rec)
	}

	// A channel that is configured later gets its post, and an object of its own.
	n.cfg.Channels["late"] = n.cfg.Channels["log"]
	n.pass(time.Minute)
	for range 2 {
		n.look(n.worker(0), k)
	}
	n.has(k, "_first.json", "late.json", "log.json")
	if rec, err := n.store.Post(t.Context(), k, "late"); err != nil || !rec.Live() {
		t.Errorf("%v: %+v", err, rec)
	}
	n.want(k, "post")
}

// A story that an older version has posted has a record a channel and no first ones.
func TestStoryOfAnOlderVersionGoesOn(t *testing.T) {
	n, p, k := begun(t, "auto")
	n.want(k, "post")
	if err := n.store.Bucket.Delete(t.Context(), story.Posts+string(k)+"/_first.json", bucket.Always); err != nil {
		t.Fatal(err)
	}
	n.has(k, "feed.json", "log.json")
	// Its card is drawn anew, as after an upgrade.
	n.pass(time.Hour)
	if _, _, err := n.store.UpdateManifest(t.Context(), k, func(m *story.Manifest) error { m.Drawn = n.clock(); return nil }); err != nil {
		t.Fatal(err)
	}
	n.look(p, k)
	n.want(k, "post")
	n.publish("1", "the bridge")
	n.cfg.Channels["late"] = n.cfg.Channels["log"]
	p = n.worker(0)
	for range 2 {
		n.look(p, k)
	}
	n.want(k, "post edit")
	n.has(k, "_first.json", "feed.json", "late.json", "log.json")
	n.unpublish(k)
	n.look(p, k)
	n.want(k, "post edit retract")
}

// A claim that cannot be written keeps no other from its call: of a network that cannot be asked nobody would know that none was made.
func TestClaimThatCannotBeWrittenHoldsUpNoOther(t *testing.T) {
	n, p, k := begun(t, "required")
	n.decide(k, story.Approve)
	p.Store.Bucket = refusing{p.Store.Bucket, "/feed.json"}
	if err := p.Look(t.Context(), k); err == nil {
		t.Error("nobody hears of it")
	}
	n.want(k, "post")
	n.look(n.worker(0), k)
	n.want(k, "post")
	n.has(k, "_first.json", "feed.json", "log.json")
}

// refusing is a bucket to which some objects cannot be written.
type refusing struct {
	bucket.Bucket
	end string // of their keys
}

func (r refusing) Put(ctx context.Context, key string, body []byte, typ string, c bucket.Cond) (string, error) {
	if strings.HasSuffix(key, r.end) {
		return "", errors.New("503 SlowDown")
	}
	return r.Bucket.Put(ctx, key, body, typ, c)
}

// What a worker leaves that dies, or never hears, between its claims and its calls: on each kind of network each post is made
// once, or the desk is asked where nobody can know.
func TestClaimsOfSeveralChannelsAreTakenUp(t *testing.T) {
	t.Setenv("CUTLINE_TEST_TOKEN", testToken)
	for name, fails := range map[string]func(*beginning){
		"killed after they were written": func(f *beginning) { f.dead = true },
		"the answer to them is lost":     func(f *beginning) { f.silent = true },
	} {
		t.Run(name, func(t *testing.T) {
			d := simulated(t, accounts[0], "auto")
			for _, more := range []string{"telegram", "mastodon"} {
				c := d.cfg.Channels["net"]
				c.Kind, c.Account, c.Chat, c.Corrections = more, "", "@news", ""
				c.Server = strings.Replace(c.Server, d.name, more, 1)
				d.cfg.Channels[more] = c
			}
			k := d.article("1", "the spillway")
			f := &beginning{}
			fails(f)
			died := d.process(nil)
			f.Bucket = died.Store.Bucket
			died.Store.Bucket = f
			err := died.Look(context.Background(), k)
			if f.dead != (err != nil) || f.written != 1 {
				t.Fatalf("%v: %d first records", err, f.written)
			}
			if f.dead && (d.calls(sim.Publish) != 0 || !slices.Equal(d.below(k), []string{"_first.json"})) {
				t.Errorf("after %d calls there are %q", d.calls(sim.Publish), d.below(k))
			}
			d.settle(d.process(nil), time.Hour)
			all, err := d.store.Load(t.Context(), k)
			if err != nil || len(all.Posts) != 4 {
				t.Fatal(err, all.Posts)
			}
			for name, v := range all.Posts {
				p := v.Doc
				unknown := f.dead && name == "telegram" // a bot cannot ask
				if p.Claim != nil || p.Live() == unknown || (p.Uncertain != "") != unknown {
					t.Errorf("%s: %+v", name, p)
				}
				if posts := d.sim.Posts(strings.Replace(name, "net", d.name, 1)); name != "log" && len(posts) != map[bool]int{true: 0, false: 1}[unknown] {
					t.Errorf("%s: %d posts", name, len(posts))
				}
			}
		})
	}
}

// beginning is the bucket of a process that something happens to when it writes a story's first records.
type beginning struct {
	bucket.Bucket
	dead    bool // from then on nothing of it is written or read
	silent  bool // the answer is lost
	written int
}

func (f *beginning) over() bool { return f.dead && f.written > 0 }

func (f *beginning) Put(ctx context.Context, key string, body []byte, typ string, c bucket.Cond) (string, error) {
	if f.over() {
		return "", errKilled
	}
	etag, err := f.Bucket.Put(ctx, key, body, typ, c)
	if err == nil && strings.HasSuffix(key, "/_first.json") {
		if f.written++; f.dead {
			return "", errKilled
		} else if f.silent {
			return "", errors.New("timeout")
		}
	}
	return etag, err
}

func (f *beginning) Get(ctx context.Context, key string) (bucket.Object, error) {
	if f.over() {
		return bucket.Object{}, errKilled
	}
	return f.Bucket.Get(ctx, key)
}
