package post

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/sim"
	"cutline/internal/story"
)

// moody is a bucket that fails as it is told. fails gets what is done to which key and answers whether it fails before
// anything is done, and with what; and whether it fails though it was done.
type moody struct {
	bucket.Bucket
	fails func(op, key string) (before, after error)
}

func (m *moody) Get(ctx context.Context, key string) (bucket.Object, error) {
	if before, _ := m.fails("get", key); before != nil {
		return bucket.Object{}, before
	}
	return m.Bucket.Get(ctx, key)
}

func (m *moody) Put(ctx context.Context, key string, body []byte, typ string, c bucket.Cond) (string, error) {
	before, after := m.fails("put", key)
	if before != nil {
		return "", before
	}
	etag, err := m.Bucket.Put(ctx, key, body, typ, c)
	if after != nil && err == nil {
		return "", after
	}
	return etag, err
}

func (m *moody) List(ctx context.Context, prefix, after string, most int) ([]bucket.Entry, error) {
	if before, _ := m.fails("list", prefix); before != nil {
		return nil, before
	}
	return m.Bucket.List(ctx, prefix, after, most)
}

var errSlowDown = errors.New("503 SlowDown")

// eachWrite posts a story six times, with a fault at the first, second, … write of the documents of posting, and then lets
// an hour of ticks pass. The event is given back, as a queue does, until a look works.
func eachWrite(before, after error) func(*desk) story.Key {
	return func(d *desk) story.Key {
		var k story.Key
		for at := int64(1); at <= 6; at++ {
			var writes atomic.Int64
			d.wrap = func(b bucket.Bucket) bucket.Bucket {
				return &moody{Bucket: b, fails: func(op, key string) (error, error) {
					if op == "put" && !strings.HasPrefix(key, "logs/") && writes.Add(1) == at {
						return before, after
					}
					return nil, nil
				}}
			}
			k = d.article(string(rune('a'+at)), "mark "+string(rune('a'+at)))
			p := d.process(nil)
			for range 3 {
				if p.Look(context.Background(), k) == nil {
					break
				}
			}
			d.wrap = nil
			d.settle(d.process(nil), time.Hour)
		}
		return k
	}
}

// sixOnce holds that each of the six stories is out once.
func sixOnce(d *desk, _ story.Key) {
	standing, ever := d.seen()
	if standing != 6 || ever != 6 {
		d.t.Errorf("%d posts stand of %d, want each of 6 once", standing, ever)
	}
}

// troubles are those rows of faults that come from our own side: clocks, bucket, events, decisions, configuration. Two
// workers who renew one token are a test of package channel, two desks at once one of package desk, a full disk one of
// packages bucket and webhook, a picture that is not public yet one of page_test.go, redirects one of package channel; no channel
// makes threads of posts.
var troubles = []fault{
	// A receiver refuses what was signed ten minutes ago, as it must.
	{name: "13 clocks ten minutes wrong", applies: func(a account) bool { return a.name != "webhook" }, strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		until := d.clock().Add(30 * time.Minute)
		d.publish("1", "the spillway", func(a *article.Article) { a.Embargo = until })
		d.article("1", "the spillway") // its card; the embargo goes with it
		d.publish("1", "the spillway", func(a *article.Article) { a.Embargo = until })
		d.skew = 10 * time.Minute
		fast := d.process(nil)
		d.skew = -10 * time.Minute
		slow := d.process(nil)
		d.skew = 0
		for d.clock().Before(until.Add(20 * time.Minute)) {
			for _, p := range []*Poster{fast, slow} {
				if err := p.Look(context.Background(), k); err != nil {
					d.t.Error(err)
				}
				if err := p.Tick(context.Background()); err != nil {
					d.t.Error(err)
				}
			}
			if n := d.calls(sim.Publish); n > 0 && d.clock().Before(until) {
				d.t.Fatalf("posted %v before the embargo ends", until.Sub(d.clock()))
			}
			d.pass(time.Minute)
		}
		d.settle(fast, time.Hour)
		return k
	}},
	{name: "16 the bucket asks to slow down", strike: eachWrite(errSlowDown, nil), holds: sixOnce},
	{name: "17 another writer was first", strike: eachWrite(bucket.ErrChanged, nil), holds: sixOnce},
	{name: "18 written, but the answer was lost", strike: eachWrite(nil, errors.New("timeout")), holds: sixOnce},
	{name: "19 every event is lost", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		p := d.process(nil)
		for range 4 {
			if err := p.Sweep(context.Background()); err != nil {
				d.t.Fatal(err)
			}
			d.settle(p, 10*time.Minute)
		}
		return k
	}},
	{name: "20 a document that nobody can read", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		poison := d.article("2", "the bridge")
		if _, err := d.store.Bucket.Put(d.t.Context(), "stories/"+string(poison)+".json", []byte(`{"schema":`), "application/json", bucket.Always); err != nil {
			d.t.Fatal(err)
		}
		p := d.process(nil)
		if err := p.Sweep(context.Background()); err == nil || !strings.Contains(err.Error(), string(poison)) {
			d.t.Errorf("the broken story is not named: %v", err)
		}
		for end := d.clock().Add(time.Hour); d.clock().Before(end); d.pass(time.Minute) {
			_ = p.Tick(context.Background()) // names it again
		}
		return k
	}},
	{name: "25 the embargo is moved after the approval", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		later := d.clock().Add(40 * time.Minute)
		d.publish("1", "the spillway", func(a *article.Article) { a.Embargo = d.clock().Add(10 * time.Minute) })
		p := d.process(nil)
		d.look(p, k)
		d.decide(k, story.Approve)
		d.pass(5 * time.Minute)
		d.publish("1", "the spillway", func(a *article.Article) { a.Embargo = later })
		for d.clock().Before(later) {
			d.look(p, k)
			if err := p.Tick(context.Background()); err != nil {
				d.t.Fatal(err)
			}
			if d.calls(sim.Publish) > 0 {
				d.t.Fatalf("posted %v before the later embargo ends", later.Sub(d.clock()))
			}
			d.pass(time.Minute)
		}
		d.settle(p, time.Hour)
		return k
	}},
	{name: "28 the bucket cannot be reached", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		var away atomic.Bool
		d.wrap = func(b bucket.Bucket) bucket.Bucket {
			return &moody{Bucket: b, fails: func(op, key string) (error, error) {
				if away.Load() && (op == "put" || op == "get") {
					return errSlowDown, nil
				}
				return nil, nil
			}}
		}
		p := d.process(nil)
		d.wrap = nil
		away.Store(true)
		if err := p.Look(context.Background(), k); err == nil {
			d.t.Error("a look without a bucket says nothing")
		}
		if n := d.calls(sim.Publish); n != 0 {
			d.t.Errorf("%d calls without a written claim", n)
		}
		away.Store(false)
		d.look(p, k)
		d.settle(p, time.Hour)
		return k
	}},
	{name: "30 the channel is taken out of the configuration", strike: func(d *desk) story.Key {
		k := d.article("1", "the spillway")
		p := d.process(nil)
		d.look(p, k)
		d.settle(p, 10*time.Minute)
		was := d.cfg.Channels["net"]
		delete(d.cfg.Channels, "net")
		without := d.process(nil)
		d.publish("1", "the spillway's upper lip")
		d.look(without, k)
		d.settle(without, 10*time.Minute)
		if n := d.calls(sim.Edit); n != 0 {
			d.t.Errorf("%d edits by a channel that is not there any more", n)
		}
		d.publish("1", "the spillway")
		d.cfg.Channels["net"] = was
		d.settle(d.process(nil), time.Hour)
		return k
	}},
}
