// Package e2e tries the whole with real processes: what a newsroom would run, killed and started again. Its tests need
// time, programs of their own or a real server, and run when CUTLINE_E2E is set, as make e2e does.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cutline/internal/bucket/buckettest"
	"cutline/internal/config"
	"cutline/internal/source"
)

// program builds bin/cutline, as make does, in a folder of the test's.
func program(t testing.TB) string {
	out := filepath.Join(t.TempDir(), "cutline")
	cmd := exec.Command("make", "-s", out)
	cmd.Dir = "../.."
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, b)
	}
	return out
}

const crashConfig = `
sites: {en: {name: Example News, language: en, url: "https://news.example", review: auto}}
sources: {newsroom: {kind: cutline, site: en, secret: "env:CUTLINE_TEST_SECRET"}}
channels:
  feed: {kind: feed, site: en}
  log: {kind: log, site: en}
timing: {tick: 300ms, lease: 3s}
`

// server is one life of `serve`.
type server struct {
	cmd  *exec.Cmd
	base string
}

func serve(t testing.TB, binary, data, cfg string) *server {
	cmd := exec.Command(binary, "serve", "--addr", "127.0.0.1:0", "--data", data, "--config", cfg)
	cmd.Env = append(os.Environ(), "CUTLINE_TEST_SECRET="+testSecret)
	cmd.Stderr = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{cmd: cmd}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if base, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			s.base = base
			go func() { // the pipe must not fill
				for lines.Scan() {
				}
			}()
			return s
		}
	}
	t.Fatalf("serve ended before it was ready: %v", cmd.Wait())
	return nil
}

func (s *server) kill() {
	_ = s.cmd.Process.Signal(syscall.SIGKILL) // it may have ended by itself
	_ = s.cmd.Wait()
}

var testSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("this-is-a-test-secret-of-32-byte"))

// TestKilledAtRandomMoments sends 200 stories through serve while the process is killed with SIGKILL at random moments
// and started again. At the end each story is in the feed just once and in the log just once.
func TestKilledAtRandomMoments(t *testing.T) {
	buckettest.E2E(t)
	t.Setenv("CUTLINE_TEST_SECRET", testSecret)
	const stories = 200
	binary, data := program(t), t.TempDir()
	cfgPath := filepath.Join(t.TempDir(), "cutline.yaml")
	if err := os.WriteFile(cfgPath, []byte(crashConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(cfgPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	src, err := source.New("newsroom", cfg.Sources["newsroom"], cfg.Sites["en"])
	if err != nil {
		t.Fatal(err)
	}
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewSource(seed))
	s := serve(t, binary, data, cfgPath)
	defer func() { s.kill() }()
	kills := 0
	// A life ends after some time, or after some stories on a machine that takes many in that time.
	var alive time.Time
	var life time.Duration
	var last int
	born := func(sent int) {
		alive, life, last = time.Now(), time.Duration(120+random.Intn(500))*time.Millisecond, sent+5+random.Intn(14)
	}
	born(0)
	again := func(sent int) {
		if time.Since(alive) > life || sent == last {
			s.kill()
			kills++
			s = serve(t, binary, data, cfgPath)
			born(sent)
		}
	}
	for i := range stories {
		body := fmt.Sprintf(`{"type":"article.published","data":{"id":"a-%d","url":"https://news.example/%d","language":"en","headline":"Story number %d of the night","dek":"It is story %d."}}`, i, i, i, i)
		for {
			again(i)
			h, err := src.Sign(context.Background(), []byte(body), fmt.Sprintf("msg_%d", i), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequest("POST", s.base+"/hooks/newsroom", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = h
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				continue // killed meanwhile: the CMS tries again
			}
			res.Body.Close()
			if res.StatusCode == http.StatusAccepted {
				break
			}
			t.Fatalf("story %d: %d", i, res.StatusCode)
		}
	}
	// count reads what readers see: how often each story stands in the JSON feed and in the log, and how many items the
	// other forms of the feed have, which are written after it.
	count := func() (feed, log map[string]int, rss, atom int) {
		feed, log = map[string]int{}, map[string]int{}
		items := func(file, tag string) int {
			b, err := os.ReadFile(filepath.Join(data, "feeds", file))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			return bytes.Count(b, []byte(tag))
		}
		var doc struct{ Items []struct{ URL string } }
		if b, err := os.ReadFile(filepath.Join(data, "feeds", "en.json")); err == nil {
			if err := json.Unmarshal(b, &doc); err != nil {
				t.Fatalf("the feed is half written: %v", err)
			}
		}
		for _, x := range doc.Items {
			feed[x.URL]++
		}
		if b, err := os.ReadFile(filepath.Join(data, "logs", "log.jsonl")); err == nil {
			for line := range bytes.Lines(b) {
				var x struct{ What, Link string }
				if err := json.Unmarshal(line, &x); err != nil {
					t.Fatalf("the log is half written: %v", err)
				}
				if x.What == "post" {
					log[x.Link]++
				}
			}
		}
		return feed, log, items("en.xml", "<item>"), items("en.atom", "<entry>")
	}
	deadline := time.Now().Add(patience)
	for {
		feed, log, rss, atom := count()
		if len(feed) == stories && len(log) == stories && rss == stories && atom == stories {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %d kills, of %d stories: %d in the JSON feed, %d in RSS, %d in Atom, %d in the log", kills, stories, len(feed), rss, atom, len(log))
		}
		if time.Until(deadline) > patience-time.Minute {
			again(stories) // for the first minute it goes on being killed
		}
		<-time.After(100 * time.Millisecond)
	}
	feed, log, _, _ := count()
	for url, n := range feed {
		if n != 1 || log[url] != 1 {
			t.Errorf("%s: %d times in the feed, %d in the log", url, n, log[url])
		}
	}
	t.Logf("%d stories, %d kills", stories, kills)
	if kills < 10 {
		t.Errorf("only %d kills: the test does not reach what it is for", kills)
	}
}
