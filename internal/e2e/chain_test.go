package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"cutline/internal/bucket/buckettest"
	"cutline/internal/config"
	"cutline/internal/sim"
	"cutline/internal/source"
	"cutline/internal/story"
	"cutline/internal/webhook"
)

// autoConfig is a newsroom whose stories go out by themselves, on five channels; %s is where the networks are.
const autoConfig = `
sites: {en: {name: Example News, language: en, url: "https://news.example", review: auto}}
sources: {newsroom: {kind: cutline, site: en, secret: "env:CUTLINE_TEST_SECRET"}}
channels:
  feed: {kind: feed, site: en}
  log: {kind: log, site: en}
  bsky: {kind: bluesky, site: en, server: "%[1]s/bluesky", account: news.example, secret: "env:TEST_PASSWORD"}
  masto: {kind: mastodon, site: en, server: "%[1]s/mastodon", secret: "env:TEST_PASSWORD"}
  tg: {kind: telegram, site: en, server: "%[1]s/telegram", chat: "@news", secret: "env:TEST_PASSWORD"}
network: {allow: ["127.0.0.0/8"]}
desk: {people: {hana: "env:TEST_PASSWORD"}}
public: "https://cards.news.example"
`

// fiveChannels are those of autoConfig.
var fiveChannels = []string{"bsky", "feed", "log", "masto", "tg"}

// hasty is the clock of simulated networks whose limits are not what is looked at: each story takes it on by two
// minutes, so that with the burst of cold starts no window of half an hour has more pictures than a Mastodon server takes.
type hasty struct{ stories atomic.Int64 }

func (h *hasty) now() time.Time {
	return time.Now().Add(time.Duration(h.stories.Load()) * 2 * time.Minute)
}

// chain is what measurements share: the functions' executables for this machine with their configuration beside them,
// simulated networks and a server of photos.
type chain struct {
	t      testing.TB
	dir    string // with a folder for each function, and one for hello
	path   string // of the configuration
	config *config.Config
	source source.Source
	clock  *hasty           // of the networks
	photos *httptest.Server // sample.jpg, m.jpg of 3000 × 2000 pixels and largest.jpg of 50 million
}

// newChain builds it. late, if not nil, stands before the networks.
func newChain(t testing.TB, late func(http.Handler) http.Handler) *chain {
	t.Helper()
	t.Setenv("CUTLINE_TEST_SECRET", testSecret)
	t.Setenv("TEST_PASSWORD", testPassword)
	clock := new(hasty)
	networks := sim.New(clock.now)
	var h http.Handler = networks
	if late != nil {
		h = late(h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c := &chain{t: t, clock: clock, dir: buildFunctions(t, append([]string{"hello"}, functions...)...)}
	yaml := fmt.Appendf(nil, autoConfig, server.URL)
	for _, f := range functions {
		c.path = filepath.Join(c.dir, f, "cutline.yaml")
		if err := os.WriteFile(c.path, yaml, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if c.config, err = config.Load(c.path, nil); err != nil {
		t.Fatal(err)
	}
	if c.source, err = source.New("newsroom", c.config.Sources["newsroom"], c.config.Sites["en"]); err != nil {
		t.Fatal(err)
	}
	pictures := t.TempDir()
	picture(t, filepath.Join(pictures, "m.jpg"), 3000, 2000)
	picture(t, filepath.Join(pictures, "largest.jpg"), 8660, 5773)
	sample, err := os.ReadFile(root + "/sample/stairs.jpg")
	if err == nil {
		err = os.WriteFile(filepath.Join(pictures, "sample.jpg"), sample, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.photos = httptest.NewServer(http.FileServer(http.Dir(pictures)))
	t.Cleanup(c.photos.Close)
	return c
}

// article is the body of an article's first delivery. Each has an address of its own for its photo.
func (c *chain) article(id, photo string) string {
	c.clock.stories.Add(1)
	return fmt.Sprintf(`{"type":"article.published","data":{"id":%q,"url":"https://news.example/%s","language":"en","headline":"The stairs reopen, %s","dek":"They were closed for a year.","photo":{"url":"%s/%s?%s","credit":"AFP","alt":"Stairs."}}}`, id, id, id, c.photos.URL, photo, id)
}

// event is the body as Lambda's HTTP API hands it over, signed now.
func (c *chain) event(body, id string) []byte {
	c.t.Helper()
	e := read[events.APIGatewayV2HTTPRequest](c.t, "webhook.json")
	e.RawPath, e.Body, e.IsBase64Encoded = "/hooks/newsroom", body, false
	header, err := c.source.Sign(c.t.Context(), []byte(body), "msg_"+id, time.Now())
	if err != nil {
		c.t.Fatal(err)
	}
	for name := range header {
		e.Headers[strings.ToLower(name)] = header.Get(name)
	}
	return encoded(c.t, e)
}

// taken is the story that the webhook's answer names.
func taken(t testing.TB, answer end) story.Key {
	t.Helper()
	var a events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(answer.body, &a); err != nil || answer.failed || a.StatusCode != http.StatusAccepted {
		t.Fatalf("the webhook answered %s: %v", answer.body, err)
	}
	var said webhook.Answer
	if err := json.Unmarshal([]byte(a.Body), &said); err != nil || said.Result != "accepted" {
		t.Fatalf("the webhook answered %s: %v", a.Body, err)
	}
	return said.Story
}

// look is S3's notification that a document changed, as the queue of a function hands it over.
func (c *chain) look(function string, k story.Key) []byte {
	c.t.Helper()
	prefix := map[string]string{"render": story.Stories, "post": story.Manifests}[function]
	return encoded(c.t, notify(c.t, function+".json", prefix+string(k)+".json"))
}

// page asks the desk for one of its pages.
func (c *chain) page(path string) []byte {
	c.t.Helper()
	r := read[events.APIGatewayV2HTTPRequest](c.t, "desk.json")
	r.RawPath = path
	r.Headers["authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte("hana:"+testPassword))
	return encoded(c.t, r)
}

// start runs a function on a bucket. program may stand before it; env is what it has besides what every function has.
func (c *chain) start(s *buckettest.Server, ref string, program []string, function string, env ...string) *bootstrap {
	c.t.Helper()
	all := append(s.Env[:len(s.Env):len(s.Env)], "CUTLINE_BUCKET="+ref, "CUTLINE_TEST_SECRET="+testSecret, "TEST_PASSWORD="+testPassword, "GOGC=off", "GOMEMLIMIT=400MiB") // the last two as template.yaml has them
	return startUnder(c.t, program, c.dir, function, append(all, env...)...)
}
