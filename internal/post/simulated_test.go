package post

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/sim"
	"cutline/internal/story"
)

// account is a channel on a simulated network.
type account struct {
	name     string // the network's
	yaml     string // the channel's configuration, but its server and site
	path     string // of its server, below the network's
	secret   string // in place of the usual one
	hook     string // the path of an incoming webhook, which is the secret
	noFind   string // why it cannot be asked whether a post is there; empty: it can
	noProof  string // why a post that is not shown may be there all the same, so that the desk is asked; empty: it is not
	resends  bool   // it need not be asked: it knows a call that comes again
	uploads  int    // calls that bring the picture there before the post; 0: it goes with it
	works    bool   // it may take its time over a picture
	large    bool   // its cards are large, so that they go in pieces
	anyOrder string // why several that waited may go out in another order than they came; empty: they may not
	renews   bool   // an access token that has run out is renewed

	noEdit, noReply, noDelete bool

	always bool // tried without CUTLINE_E2E=1 too
}

func (a account) String() string {
	if a.large {
		return a.name + " in pieces"
	}
	return a.name + a.hook
}

// ownPace is why containers are published in any order: they are made oldest first.
const ownPace = "a container is ready when the network says so, and one that is not holds up no other"

// accounts are one of each network's ways. Four stand for the others where time matters: found by its own handle, found
// in a list, never found, sent again.
var accounts = []account{
	{name: "bluesky", always: true, yaml: `kind: bluesky, account: news.example, corrections: reply`, noEdit: true, uploads: 1, renews: true},
	{name: "mastodon", always: true, yaml: `kind: mastodon`, uploads: 1, works: true},
	{name: "gotosocial", yaml: `kind: mastodon`, uploads: 1, works: true},
	{name: "telegram", always: true, yaml: `kind: telegram, chat: "@news"`, noFind: "a bot cannot list what it has sent"},
	{name: "slack", yaml: `kind: slack, chat: C123456`},
	{name: "slack", hook: "/services/T1/B1/test", yaml: `kind: slack`, noFind: "an incoming webhook cannot be asked", noEdit: true, noReply: true, noDelete: true},
	{name: "discord", hook: "/api/webhooks/1/test", yaml: `kind: discord`, noFind: "a webhook sees no message whose id it was not told"},
	{name: "teams", hook: "/workflows/a/triggers/manual/paths/invoke?sig=test", yaml: `kind: teams`, noFind: "a workflow cannot be asked", noEdit: true, noReply: true, noDelete: true},
	{name: "nostr", path: "/", secret: "4141414141414141414141414141414141414141414141414141414141414141", yaml: `kind: nostr, corrections: reply`, noEdit: true},
	{name: "webhook", always: true, path: "/receiver", secret: "whsec_dGVzdC1zZWNyZXQtZm9yLXRoZS1zaW11bGF0b3I=", yaml: `kind: webhook`, resends: true},
	{name: "x", yaml: `kind: x, account: newsroom, app: app, app_secret: "env:CUTLINE_TEST_TOKEN", corrections: reply`, noEdit: true, uploads: 2, works: true, renews: true},
	{name: "x", large: true, yaml: `kind: x, account: newsroom, app: app, app_secret: "env:CUTLINE_TEST_TOKEN", corrections: reply`, noEdit: true, uploads: 6, works: true, renews: true},
	{name: "facebook", yaml: `kind: facebook, account: "102030405060"`, noProof: "a Page's feed may be late"},
	{name: "threads", anyOrder: ownPace, yaml: `kind: threads, account: "17841", corrections: reply`, noEdit: true, uploads: 1, works: true},
	{name: "instagram", anyOrder: ownPace, yaml: `kind: instagram, account: "17842", corrections: leave`, noEdit: true, uploads: 1, works: true, noReply: true},
	{name: "linkedin", yaml: `kind: linkedin, account: "5515715", embed: image`, uploads: 2, works: true},
}

// testToken is what all accounts have as their secret, by the environment's CUTLINE_TEST_TOKEN.
const testToken = "test-token-not-a-secret"

// desk is a newsroom with one channel on a simulated network, and a log beside it that must never be held up.
type desk struct {
	*newsroom
	account
	sim     *sim.Server
	cut     *atomic.Bool                      // nothing reaches the network
	started int64                             // processes: each rolls dice of its own
	dialled *dialled                          // by all processes
	skew    time.Duration                     // how wrong the clock of the next process is
	wrap    func(bucket.Bucket) bucket.Bucket // what the next process has for its bucket; nil: the bucket
}

func simulated(t *testing.T, a account, review string) *desk {
	t.Helper()
	d := &desk{newsroom: open(t, review), account: a, cut: new(atomic.Bool), dialled: &dialled{}}
	secret := "env:CUTLINE_TEST_TOKEN"
	if a.secret+a.hook != "" {
		file := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(file, []byte(a.secret+a.hook), 0o600); err != nil {
			t.Fatal(err)
		}
		secret = "file:" + file
	}
	d.sim = sim.New(d.clock)
	web := httptest.NewServer(d.sim)
	t.Cleanup(web.Close)
	d.sim.At(web.URL)
	var err error
	d.cfg, err = config.Parse("cutline.yaml", fmt.Appendf(nil, `
sites: {en: {name: Example News, language: en, url: "https://news.example", review: %s}}
channels:
  log: {kind: log, site: en}
  net: {site: en, server: %q, secret: %q, %s}
`, review, web.URL+"/"+a.name+a.path, secret, a.yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// process is a worker as a new process has it. died, if not nil, is asked before each use of the bucket: after it has
// said so once, the process does nothing any more.
func (d *desk) process(died func(key string) bool) *Poster {
	d.t.Helper()
	dial := &net.Dialer{}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if d.cut.Load() {
			return nil, errors.New("connection refused")
		}
		conn, err := dial.DialContext(ctx, network, addr)
		if err == nil {
			d.dialled.add(conn)
		}
		return conn, err
	}}}
	var b bucket.Bucket = policy.Guard(d.store.Bucket)
	if died != nil {
		b = &mortal{Bucket: b, died: died}
	}
	if d.wrap != nil {
		b = d.wrap(b)
	}
	skew := d.skew
	now := func() time.Time { return d.clock().Add(skew) }
	own := &story.Store{Bucket: b, Now: d.clock, Random: d.store.Random}
	channels, err := Open(d.cfg, channel.Parts{Store: own, Client: client, Now: now, Random: dice(5), Public: "https://cards.news.example", Lease: d.cfg.Timing.Lease})
	if err != nil {
		d.t.Fatal(err)
	}
	d.started++
	return &Poster{Store: own, Config: d.cfg, Channels: channels, Now: now, Random: dice(d.started), Log: slog.New(slog.DiscardHandler)}
}

// dialled are the connections to the network. A call on one waits as long as a busy machine needs: given up by a clock would
// also be calls that no test means.
type dialled struct {
	mu   sync.Mutex
	open []net.Conn
}

func (d *dialled) add(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = append(d.open, conn)
}

// giveUp ends the calls that wait for their answers, as a timeout does.
func (d *desk) giveUp() {
	d.dialled.mu.Lock()
	defer d.dialled.mu.Unlock()
	for _, conn := range d.dialled.open {
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // one that is closed waits for nothing
	}
}

// mortal is the bucket of a process that is killed at some point: from there on nothing of it is written or read.
type mortal struct {
	bucket.Bucket
	died func(key string) bool
	dead atomic.Bool
}

var errKilled = errors.New("this process was killed")

func (m *mortal) gone(key string) bool {
	if m.died(key) {
		m.dead.Store(true)
	}
	return m.dead.Load()
}

func (m *mortal) Get(ctx context.Context, key string) (bucket.Object, error) {
	if m.dead.Load() {
		return bucket.Object{}, errKilled
	}
	return m.Bucket.Get(ctx, key)
}

func (m *mortal) Put(ctx context.Context, key string, body []byte, typ string, c bucket.Cond) (string, error) {
	if m.gone(key) {
		return "", errKilled
	}
	return m.Bucket.Put(ctx, key, body, typ, c)
}

// blank is a card with nothing on it.
var blank = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 1200, 630)), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
})

// large is a card of 2.5 MB with nothing on it: comments make up its bytes, after the marker that begins it.
var large = sync.OnceValue(func() []byte {
	b := bytes.Clone(blank()[:2])
	for len(b) < 2_500_000 {
		b = append(b, 0xFF, 0xFE, 0xFF, 0xFF)
		b = append(b, make([]byte, 0xFFFF-2)...)
	}
	return append(b, blank()[2:]...)
})

// article publishes a story with a card.
func (d *desk) article(id, words string) story.Key {
	d.t.Helper()
	k := d.publish(id, words)
	card := k.CardKey("0123456789abcdefghij", "og", "jpg")
	picture := blank()
	if d.large {
		picture = large()
	}
	if _, err := d.store.Bucket.Put(d.t.Context(), card, picture, "image/jpeg", bucket.Always); err != nil {
		d.t.Fatal(err)
	}
	if _, _, err := d.store.UpdateManifest(d.t.Context(), k, func(m *story.Manifest) error {
		m.Cards, m.Alt = map[string]story.Card{}, "Water at the lip of a dam."
		for _, f := range config.Formats {
			m.Cards[f] = story.Card{Key: card, Type: "image/jpeg", Width: 1200, Height: 630}
		}
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
	return k
}

// settle lets ticks come for so long, each at a full minute at which something is due.
func (d *desk) settle(p *Poster, long time.Duration) {
	d.t.Helper()
	for end := d.clock().Add(long); d.clock().Before(end); {
		if err := p.Tick(context.Background()); err != nil && !errors.Is(err, errKilled) {
			d.t.Fatal(err)
		}
		next := end
		due, err := d.store.Bucket.List(context.Background(), story.Due, "", 1)
		if err != nil {
			d.t.Fatal(err)
		}
		if len(due) > 0 {
			if next, _, err = story.ParseDue(due[0].Key); err != nil {
				d.t.Fatal(err)
			}
		}
		d.pass(max(time.Minute, earlier(next, end).Sub(d.clock()).Truncate(time.Minute)+time.Minute))
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (d *desk) record(k story.Key) story.Post {
	d.t.Helper()
	rec, err := d.store.Post(d.t.Context(), k, "net")
	if err != nil && !errors.Is(err, story.ErrNone) {
		d.t.Fatal(err)
	}
	return rec
}

// seen counts what readers see of the network, and what they ever saw.
func (d *desk) seen() (standing, ever int) {
	for _, p := range d.sim.Posts(d.name) {
		ever++
		if p.Stands() {
			standing++
		}
	}
	return standing, ever
}

// calls counts what the network was asked.
func (d *desk) calls(op sim.Op) (n int) {
	for _, c := range d.sim.Calls(d.name) {
		if c.Op == op {
			n++
		}
	}
	return n
}

// logged counts the posts of the channel beside it.
func (d *desk) logged() int {
	b, err := d.store.Read(d.t.Context(), "logs/log.jsonl")
	if err != nil {
		return 0
	}
	return strings.Count(string(b), `"what":"post"`)
}
