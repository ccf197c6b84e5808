package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"cutline/internal/bucket/buckettest"
	"cutline/internal/config"
	"cutline/internal/source"
)

// real is a network that this project did not write, running on loopback.
type real struct {
	yaml     string // the channel's configuration
	secret   string
	edits    bool                              // it edits; else a correction is a reply
	threads  bool                              // what an article says besides follows in a reply
	publish  func(r *http.Request) bool        // whether a call is the one that posts, for networks that speak HTTP
	standing func(t *testing.T) map[string]int // what stands there: how often each text's first line
}

// patience is for what another process brings about: far more than it takes, for a machine that has other work too.
const patience = 5 * time.Minute

// TestNetworksThatAreNotOurs posts, corrects and takes down on real servers, while the process is killed at random and at
// the worst moment; of each story exactly one post is there.
func TestNetworksThatAreNotOurs(t *testing.T) {
	buckettest.E2E(t)
	binary := program(t)
	for name, start := range map[string]func(*testing.T) real{"a Bluesky PDS": startPDS, "a Nostr relay": startRelay, "mastodon_mock": startMastodon} {
		t.Run(name, func(t *testing.T) {
			n := start(t)
			processAt(t, binary, n).run()
		})
	}
}

// process is a cutline process with one channel on a real network, killed and started again.
type process struct {
	t            *testing.T
	network      real
	binary, data string
	config       string
	src          source.Source
	now          *server
	armed        atomic.Bool   // the next publishing call is answered to a process that is dead
	killed       chan struct{} // it is dead
}

func processAt(t *testing.T, binary string, n real) *process {
	t.Setenv("CUTLINE_TEST_SECRET", testSecret)
	t.Setenv("CUTLINE_TEST_CHANNEL", n.secret)
	d := &process{t: t, network: n, binary: binary, data: t.TempDir(), config: filepath.Join(t.TempDir(), "cutline.yaml"), killed: make(chan struct{}, 1)}
	if n.publish != nil {
		d.network.yaml = d.between(n.yaml)
	}
	text := fmt.Sprintf(`
sites: {en: {name: Example News, language: en, url: "https://news.example", review: auto}}
sources: {newsroom: {kind: cutline, site: en, secret: "env:CUTLINE_TEST_SECRET"}}
channels: {net: {site: en, secret: "env:CUTLINE_TEST_CHANNEL", %s}}
timing: {tick: 300ms, lease: 3s}
`, d.network.yaml)
	if err := os.WriteFile(d.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(d.config, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.src, err = source.New("newsroom", cfg.Sources["newsroom"], cfg.Sites["en"]); err != nil {
		t.Fatal(err)
	}
	d.now = serve(t, binary, d.data, d.config)
	t.Cleanup(func() { d.now.kill() })
	return d
}

// between puts a proxy before the network's server, which kills the process when the network has answered and before
// it hears so.
func (d *process) between(yaml string) string {
	i := strings.Index(yaml, `server: "`) + len(`server: "`)
	address := yaml[i : i+strings.IndexByte(yaml[i:], '"')]
	to, err := url.Parse(address)
	if err != nil {
		d.t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = func(res *http.Response) error {
		if d.network.publish(res.Request) && d.armed.CompareAndSwap(true, false) {
			d.now.kill()
			d.killed <- struct{}{}
			return fmt.Errorf("nobody is there to hear it")
		}
		return nil
	}
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		d.t.Fatal(err)
	}
	web := &http.Server{Handler: proxy}
	go func() { _ = web.Serve(listener) }()
	d.t.Cleanup(func() { _ = web.Close() })
	return strings.Replace(yaml, address, "http://"+listener.Addr().String(), 1)
}

// send sends an article's event until it is taken, as a CMS would.
func (d *process) send(event, id, headline string) {
	d.t.Helper()
	body := fmt.Sprintf(`{"type":"article.%s","data":{"id":%q,"url":"https://news.example/%s","language":"en","headline":%q,"dek":%q,"body":%q}}`, event, id, id, headline, headline+", told.", besides(headline))
	sum := sha256.Sum256([]byte(body))
	for range 100 {
		h, err := d.src.Sign(context.Background(), []byte(body), "msg_"+hex.EncodeToString(sum[:8]), time.Now())
		if err != nil {
			d.t.Fatal(err)
		}
		req, err := http.NewRequest("POST", d.now.base+"/hooks/newsroom", strings.NewReader(body))
		if err != nil {
			d.t.Fatal(err)
		}
		req.Header = h
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			d.again() // killed meanwhile
			continue
		}
		answer, err := io.ReadAll(res.Body)
		if err == nil {
			err = res.Body.Close()
		}
		if err == nil && res.StatusCode == http.StatusAccepted {
			return
		}
		d.t.Fatalf("the webhook: %d %s %v", res.StatusCode, answer, err)
	}
	d.t.Fatal("the webhook does not answer")
}

// besides is what an article says that its dek does not.
func besides(headline string) string {
	return "Guards who stood at the gate until the morning heard every word of it: " + headline + "."
}

// wants adds to what is to stand n posts of an article, and its threads.
func (d *process) wants(all map[string]int, headline string, n int) {
	all[headline+", told."] = n
	if d.network.threads {
		all[besides(headline)] = n
	}
}

// again starts the process anew.
func (d *process) again() {
	d.now.kill()
	d.now = serve(d.t, d.binary, d.data, d.config)
}

// until waits until what stands on the network is as wanted, and some ticks more, in which nothing may change.
func (d *process) until(what string, want map[string]int) {
	d.t.Helper()
	same := func(have map[string]int) bool {
		there := 0
		for _, n := range have {
			there += n
		}
		for k, n := range want {
			if have[k] != n {
				return false
			}
			there -= n
		}
		return there == 0 // and nothing else
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for held := 0; held < 10; {
		select {
		case <-tick.C:
			if same(d.network.standing(d.t)) {
				held++
			} else {
				held = 0
			}
		case <-end:
			d.t.Fatalf("%s: there stand %v, want %v", what, d.network.standing(d.t), want)
		}
	}
}

func (d *process) run() {
	const stories = 6
	seed := time.Now().UnixNano()
	d.t.Logf("seed %d", seed)
	random := rand.New(rand.NewSource(seed))
	want := map[string]int{}
	for i := range stories {
		headline := fmt.Sprintf("Story number %d of the night", i)
		d.send("published", fmt.Sprint("a-", i), headline)
		d.wants(want, headline, 1)
		life := time.NewTimer(time.Duration(random.Intn(1500)) * time.Millisecond)
		<-life.C
		d.again()
	}
	d.until("after being killed at random", want)

	if d.network.publish != nil {
		d.armed.Store(true)
		d.send("published", "a-killed", "Story that was answered to nobody")
		d.wants(want, "Story that was answered to nobody", 1)
		select {
		case <-d.killed:
		case <-time.After(patience):
			d.t.Fatal("the process did not post, so it was not killed")
		}
		d.again()
		d.until("after being killed on the answer", want)
	}

	d.send("updated", "a-0", "Story number 100 of the night")
	if d.network.edits {
		d.wants(want, "Story number 0 of the night", 0)
		d.wants(want, "Story number 100 of the night", 1)
	} else { // a reply, and the thread stays as it is
		want["Correction: Story number 100 of the night, told."] = 1
	}
	d.until("after a correction", want)

	for i := 1; i < stories; i++ {
		d.send("unpublished", fmt.Sprint("a-", i), fmt.Sprintf("Story number %d of the night", i))
		d.wants(want, fmt.Sprintf("Story number %d of the night", i), 0)
	}
	d.until("after taking down", want)
}

// installed is the folder that .ci/networks has made of testdata/<name>.
func installed(t *testing.T, name string) string {
	t.Helper()
	files, err := filepath.Glob("testdata/" + name + "/*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	h := sha256.New()
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(b)
	}
	return cached(t, name+"-"+hex.EncodeToString(h.Sum(nil))[:12], "ready")
}

// cached is a folder in which .ci/install puts another program. The test is left out where need is not in it: it cannot be
// had there, which .ci/install has said.
func cached(t *testing.T, name, need string) string {
	t.Helper()
	buckettest.E2E(t)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "cutline", name)
	if _, err := os.Stat(filepath.Join(dir, need)); err != nil {
		t.Skipf("%s is not in %s: .ci/install brings it where it can be had", need, dir)
	}
	return dir
}

// startNode runs start.mjs of a folder and reads the line that it prints when it is ready.
func startNode(t *testing.T, dir string, ready any) {
	t.Helper()
	cmd := exec.Command("node", "start.mjs")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no Node.js to run it: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("%s: %v\n%s", dir, err, stderr.String())
	}
	if err := json.Unmarshal(line, ready); err != nil {
		t.Fatal(err)
	}
}

// first is a text's first line.
func first(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func getJSON(t *testing.T, address, token string, v any) {
	t.Helper()
	req, err := http.NewRequest("GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(v); err != nil {
		t.Fatalf("%s: %d %v", address, res.StatusCode, err)
	}
}

func startPDS(t *testing.T) real {
	var pds struct {
		URL, Handle, DID string
		AppPassword      string `json:"appPassword"`
	}
	startNode(t, installed(t, "pds"), &pds)
	return real{
		yaml: fmt.Sprintf(`kind: bluesky, server: %q, account: %s, corrections: reply, thread: 2`, pds.URL, pds.Handle), secret: pds.AppPassword, threads: true,
		publish: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "putRecord") },
		standing: func(t *testing.T) map[string]int {
			var list struct {
				Records []struct{ Value struct{ Text string } }
			}
			getJSON(t, pds.URL+"/xrpc/com.atproto.repo.listRecords?limit=100&collection=app.bsky.feed.post&repo="+url.QueryEscape(pds.DID), "", &list)
			out := map[string]int{}
			for _, r := range list.Records {
				out[first(r.Value.Text)]++
			}
			return out
		},
	}
}

func startRelay(t *testing.T) real {
	var relay struct{ URL string }
	startNode(t, installed(t, "nostr"), &relay)
	return real{
		yaml: fmt.Sprintf(`kind: nostr, relays: [%q], corrections: reply`, relay.URL), secret: strings.Repeat("41", 32),
		standing: func(t *testing.T) map[string]int {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			c, _, err := websocket.Dial(ctx, relay.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if err := c.Write(ctx, websocket.MessageText, []byte(`["REQ","all",{"kinds":[1]}]`)); err != nil {
				t.Fatal(err)
			}
			out := map[string]int{}
			for {
				_, b, err := c.Read(ctx)
				if err != nil {
					t.Fatal(err)
				}
				var m []json.RawMessage
				var e struct{ Content string }
				if err := json.Unmarshal(b, &m); err != nil {
					t.Fatal(err)
				}
				if string(m[0]) == `"EOSE"` {
					return out
				}
				if len(m) > 2 && json.Unmarshal(m[2], &e) == nil {
					out[first(e.Content)]++
				}
			}
		},
	}
}

func startMastodon(t *testing.T) real {
	dir := cached(t, "mastodon_mock-0.6.1", "ready")
	address := freePort(t)
	_, port, _ := strings.Cut(address, ":")
	cmd := exec.Command(filepath.Join(dir, "bin", "mastodon_mock"), "serve", "--in-memory", "--host", "127.0.0.1", "--port", port, "--log-level", "error")
	cmd.Dir = t.TempDir()
	background(t, address, cmd)
	base, token := "http://"+address, "mock_token"
	return real{
		yaml: fmt.Sprintf(`kind: mastodon, server: %q, thread: 2`, base), secret: token, edits: true, threads: true,
		publish: func(r *http.Request) bool { return r.Method == "POST" && r.URL.Path == "/api/v1/statuses" },
		standing: func(t *testing.T) map[string]int {
			var me struct{ ID string }
			getJSON(t, base+"/api/v1/accounts/verify_credentials", token, &me)
			var list []struct{ Text, Content string }
			getJSON(t, base+"/api/v1/accounts/"+me.ID+"/statuses?limit=40", token, &list)
			out := map[string]int{}
			for _, s := range list {
				line, _, _ := strings.Cut(strings.TrimPrefix(s.Content, "<p>"), "<")
				out[strings.TrimSpace(line)]++
			}
			return out
		},
	}
}
