package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/sim"
	"cutline/internal/source"
	"cutline/internal/story"
	"cutline/internal/webhook"
)

// TestPipeline takes stories through the functions that sam build makes, each under AWS's emulator, while much goes
// wrong, and wants them to end as on a folder, each posted once. moto is the stack that the template made in moto: its
// bucket, whose own notifications fill its queues, and its parameter store. elasticmq is versitygw as S3 and ElasticMQ
// as SQS, and more stories.
func TestPipeline(t *testing.T) {
	const most = 300
	built := samBuild(t, runtime.GOARCH)
	photos := httptest.NewServer(http.FileServer(http.Dir(root + "/sample")))
	defer photos.Close()
	t.Setenv("CUTLINE_TEST_SECRET", testSecret)
	t.Setenv("TEST_PASSWORD", testPassword)
	folder := onFolder(t, newNetworks(t, photos), most)
	t.Run("moto", func(t *testing.T) {
		_, c := deploy(t, built)
		pipeline(t, c, built, "ssm:/cutline/newsroom", newNetworks(t, photos), folder, most/5)
	})
	t.Run("elasticmq", func(t *testing.T) {
		c := gatewayCloud(t)
		c.env = append(c.env, "CUTLINE_TEST_SECRET="+testSecret)
		pipeline(t, c, built, "env:CUTLINE_TEST_SECRET", newNetworks(t, photos), folder, most)
	})
}

// networks is what the stories are posted to and where their photos are.
type networks struct {
	sim    *sim.Server
	posts  *httptest.Server
	photos *httptest.Server
}

func newNetworks(t *testing.T, photos *httptest.Server) *networks {
	n := &networks{sim: sim.New(time.Now), photos: photos}
	n.posts = httptest.NewServer(n.sim)
	t.Cleanup(n.posts.Close)
	return n
}

// editions is how many sites there are, with an account each: the posts of one account go out one after the other.
const editions = 5

// config is the newsroom's configuration; photos stand at the same address wherever it is used, or cards would differ.
func (n *networks) config(secret string) []byte {
	var sites, sources, channels strings.Builder
	for e := range editions {
		fmt.Fprintf(&sites, "  n%d: {name: Example News, language: en, url: \"https://news.example\", review: auto}\n", e)
		fmt.Fprintf(&sources, "  n%d: {kind: cutline, site: n%d, secret: %q}\n", e, e, secret)
		fmt.Fprintf(&channels, "  feed%d: {kind: feed, site: n%d}\n  log%d: {kind: log, site: n%d}\n", e, e, e, e)
		fmt.Fprintf(&channels, "  bsky%d: {kind: bluesky, site: n%d, server: %q, account: n%d.news.example, secret: \"env:TEST_PASSWORD\", corrections: leave}\n", e, e, n.posts.URL+"/bluesky", e)
	}
	return fmt.Appendf(nil, `
sites:
%ssources:
%schannels:
%snetwork: {allow: ["127.0.0.0/8"]}
timing: {tick: 1s, lease: 5s}
desk: {people: {hana: "env:TEST_PASSWORD"}}
`, &sites, &sources, &channels)
}

// script is what the CMS sends about one article, in its order.
func script(n *networks, i int) (bodies []string) {
	body := func(kind string, at int, headline string) string {
		return fmt.Sprintf(`{"type":"article.%s","timestamp":"2026-11-26T12:%02d:00Z","data":{"id":"a-%d","url":"https://news.example/%d","language":"en","headline":%q,"dek":"It is story %d.","photo":{"url":"%s/stairs.jpg","credit":"AFP"}}}`,
			kind, at, i, i, headline, i, n.photos.URL)
	}
	bodies = append(bodies, body("published", 1, fmt.Sprintf("Story number %d of the night", i)))
	if i%5 == 0 {
		bodies = append(bodies, body("updated", 2, fmt.Sprintf("Story number %d of the night, corrected", i)))
	}
	if i%20 == 7 {
		bodies = append(bodies, body("unpublished", 3, ""))
	}
	return bodies
}

// outcome is how one article ended, in words that are the same wherever it was worked on.
type outcome struct {
	Off         string // unpublished or empty
	Headline    string // of the story
	Feed        string // its title in the feed; empty: it is not there
	Logged      int    // how often the log has it as posted
	Standing    int    // its posts that stand on the network
	Posted      int    // how often it was ever posted there
	Fingerprint string // of its card
}

// outcomes reads them by the article's address.
func outcomes(t *testing.T, b bucket.Bucket, n *networks) map[string]outcome {
	t.Helper()
	st := &story.Store{Bucket: b, Now: time.Now}
	out := map[string]outcome{}
	days, err := st.Days(t.Context(), 9)
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range days {
		stories, bad, err := st.Drawn(t.Context(), day)
		if err != nil || len(bad) > 0 {
			t.Fatalf("%v %v", err, bad)
		}
		for _, d := range stories {
			url := d.Story.Article.URL
			if was, twice := out[url]; twice {
				t.Errorf("%s has two stories: %+v", url, was)
			}
			o := outcome{Off: d.Story.Off, Headline: d.Story.Article.Headline}
			if o.Off == "" {
				o.Fingerprint = d.Manifest.Cards["og"].Fingerprint
			}
			out[url] = o
		}
	}
	feed, logged := posted(t, b)
	for url, o := range out {
		o.Feed, o.Logged = feed[url], logged[url]
		for _, p := range n.sim.Posts("bluesky") {
			if p.Link == url {
				if o.Posted++; p.Stands() {
					o.Standing++
				}
			}
		}
		out[url] = o
	}
	return out
}

// posted reads the feeds, titles by address, and the logs, how often they have an address as posted.
func posted(t *testing.T, b bucket.Bucket) (feed map[string]string, logged map[string]int) {
	t.Helper()
	feed, logged = map[string]string{}, map[string]int{}
	for e := range editions {
		var doc struct{ Items []struct{ URL, Title string } }
		if o, err := b.Get(t.Context(), fmt.Sprintf("feeds/n%d.json", e)); err == nil {
			if err := json.Unmarshal(o.Body, &doc); err != nil {
				t.Fatalf("the feed: %v", err)
			}
		}
		for _, x := range doc.Items {
			if _, twice := feed[x.URL]; twice {
				t.Errorf("%s is in the feed twice", x.URL)
			}
			feed[x.URL] = x.Title
		}
		o, err := b.Get(t.Context(), fmt.Sprintf("logs/log%d.jsonl", e))
		if err != nil {
			continue // nothing was posted yet
		}
		for line := range strings.Lines(string(o.Body)) {
			var x struct{ What, Link string }
			if err := json.Unmarshal([]byte(line), &x); err != nil {
				t.Fatalf("the log: %v", err)
			}
			if x.What == "post" {
				logged[x.Link]++
			}
		}
	}
	return feed, logged
}

// want is how an article must end; the card's fingerprint is for the folder to say.
func want(i int) outcome {
	o := outcome{Headline: fmt.Sprintf("Story number %d of the night", i)}
	if i%5 == 0 {
		o.Headline += ", corrected"
	}
	if i%20 == 7 {
		o.Off = "unpublished"
		return o
	}
	o.Feed, o.Logged, o.Standing, o.Posted = o.Headline, 1, 1, 1
	return o
}

// ends says whether all articles have come to their end, and which one has not.
func ends(t *testing.T, got map[string]outcome, stories int) (bool, string) {
	for i := range stories {
		url := fmt.Sprintf("https://news.example/%d", i)
		o, w := got[url], want(i)
		if o.Logged > 1 || o.Posted > 1 {
			t.Errorf("%s was posted twice: %+v", url, o)
		}
		if w.Fingerprint = o.Fingerprint; o.Off != "" { // how often it was posted before it was taken down is a matter of luck
			w.Logged, w.Posted = o.Logged, o.Posted
		}
		if o != w {
			return false, fmt.Sprintf("%s is %+v, want %+v", url, o, w)
		}
	}
	return true, ""
}

// signed makes the delivery of a body as the CMS would send it now.
func signed(t *testing.T, src source.Source, body, id string) http.Header {
	t.Helper()
	h, err := src.Sign(context.Background(), []byte(body), id, time.Now())
	if err != nil {
		t.Error(err)
	}
	return h
}

// sourcesOf makes the sources of all editions.
func sourcesOf(t *testing.T, c *config.Config) (out []source.Source) {
	t.Helper()
	for e := range editions {
		name := fmt.Sprintf("n%d", e)
		src, err := source.New(name, c.Sources[name], c.Sites[name])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, src)
	}
	return out
}

// onFolder works on the same articles with `cutline serve` on a folder, and returns how they ended.
func onFolder(t *testing.T, n *networks, stories int) map[string]outcome {
	t.Helper()
	data, cfg := t.TempDir(), filepath.Join(t.TempDir(), "cutline.yaml")
	if err := os.WriteFile(cfg, n.config("env:CUTLINE_TEST_SECRET"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := serve(t, program(t), data, cfg)
	defer s.kill()
	c, err := config.Load(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	sources := sourcesOf(t, c)
	for i := range stories {
		src := sources[i%editions]
		for j, body := range script(n, i) {
			req, err := http.NewRequest(http.MethodPost, s.base+"/hooks/"+src.Name, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = signed(t, src, body, fmt.Sprintf("msg_%d_%d", i, j))
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusAccepted {
				t.Fatalf("article %d: %d", i, res.StatusCode)
			}
		}
	}
	b, err := bucket.OpenDir(data, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return settled(t, b, n, stories, patience, "the folder")
}

// settled waits until all articles have come to their end.
func settled(t *testing.T, b bucket.Bucket, n *networks, stories int, limit time.Duration, where string) map[string]outcome {
	t.Helper()
	for deadline := time.Now().Add(limit); ; {
		if feed, _ := posted(t, b); len(feed) >= stories-stories/20 || time.Now().After(deadline) {
			got := outcomes(t, b, n)
			done, which := ends(t, got, stories)
			if done {
				return got
			}
			if time.Now().After(deadline) || t.Failed() {
				t.Fatalf("%s: %s", where, which)
			}
		}
		<-time.After(500 * time.Millisecond)
	}
}

// pipeline sends so many articles through the functions while much goes wrong, and wants them to end as on the folder,
// each posted once.
func pipeline(t *testing.T, c *cloud, built, secret string, n *networks, folder map[string]outcome, stories int) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	dice := &chance{r: rand.New(rand.NewSource(seed))}
	faulty := new(atomic.Bool)
	faulty.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	// The environments, each function with a way to S3 of its own.
	cfg := n.config(secret)
	ways, pools := map[string]*guardedS3{}, map[string]*pool{}
	for _, f := range []string{"Webhook", "Render", "Post"} {
		way := newGuardedS3(t, c, f, faulty, dice)
		ways[f] = way
		if err := os.WriteFile(filepath.Join(built, f, "cutline.yaml"), cfg, 0o644); err != nil {
			t.Fatal(err)
		}
		env := append(c.env[:len(c.env):len(c.env)], "CUTLINE_BUCKET=s3://"+c.name+"?endpoint="+way.URL+"&region="+c.region, "TEST_PASSWORD="+testPassword, "AWS_LAMBDA_FUNCTION_TIMEOUT=60")
		pools[f] = newPool(2, func() *emulator { return newEmulator(t, built, f, nil, env...) })
	}

	// What goes wrong on the network: an answer in fifteen, in ten ways.
	for i := range stories / 15 {
		do := []sim.What{sim.Error, sim.Reset, sim.Half, sim.Odd, sim.Limit, sim.Cut, sim.Down, sim.Hang}[i%8]
		n.sim.Fault(sim.Fault{Network: "bluesky", Op: []sim.Op{sim.Publish, sim.Upload}[i/8%2], Skip: 15 * i, Do: do, Wait: "1"})
	}

	// The bridges, the schedules, and somebody who kills.
	bridges := map[string]*bridge{}
	for queue, f := range map[string]string{"RenderQueue": "Render", "PostQueue": "Post"} {
		b := &bridge{sqs: c.sqs, queue: c.queues[queue], to: pools[f], faulty: faulty, dice: dice}
		bridges[f] = b
		for range pools[f].all {
			running.Go(func() { b.run(ctx) })
		}
	}
	every := func(d time.Duration, do func()) {
		running.Go(func() {
			for ticker := time.NewTicker(d); ; {
				select {
				case <-ctx.Done():
					ticker.Stop()
					return
				case <-ticker.C:
					do()
				}
			}
		})
	}
	schedule := func(f, event string) func() {
		body := recorded(t, event)
		return func() { _, _ = pools[f].invoke(ctx, body) } // one that fails is made up for by the next
	}
	every(time.Second, schedule("Post", "tick.json"))
	every(5*time.Second, schedule("Webhook", "tick.json"))
	every(10*time.Second, schedule("Render", "sweep.json"))
	every(10*time.Second, schedule("Post", "sweep.json"))
	kills := 0
	every(3*time.Second, func() {
		if p := pools[[]string{"Render", "Post", "Webhook"}[dice.intn(3)]]; faulty.Load() {
			p.all[dice.intn(len(p.all))].kill()
			kills++
		}
	})

	// The CMS: two senders, who send again what was not taken, and now and then what was.
	parsed, err := config.Parse("cutline.yaml", cfg, func(context.Context, string) (string, error) { return testSecret, nil })
	if err != nil {
		t.Fatal(err)
	}
	sources := sourcesOf(t, parsed)
	began := time.Now()
	var sending sync.WaitGroup
	var sent, tries atomic.Int64
	limit := began.Add(5 * time.Minute)
	for sender := range 2 {
		sending.Go(func() {
			for i := sender; i < stories; i += 2 {
				bodies, src := script(n, i), sources[i%editions]
				for j := 0; j < len(bodies); j++ {
					delivery := read[events.APIGatewayV2HTTPRequest](t, "webhook.json")
					delivery.RawPath, delivery.Body, delivery.IsBase64Encoded = "/hooks/"+src.Name, bodies[j], false
					for {
						for name, v := range signed(t, src, bodies[j], fmt.Sprintf("msg_%d_%d", i, j)) {
							delivery.Headers[strings.ToLower(name)] = v[0]
						}
						tries.Add(1)
						body, err := pools["Webhook"].invoke(ctx, encoded(t, delivery))
						var answer events.APIGatewayV2HTTPResponse
						if err == nil {
							err = json.Unmarshal(body, &answer)
						}
						if err == nil && answer.StatusCode == http.StatusAccepted {
							var taken webhook.Answer
							if err := json.Unmarshal([]byte(answer.Body), &taken); err != nil || taken.Story == "" {
								t.Errorf("the webhook answered %s", answer.Body)
							}
							break
						}
						if err == nil && answer.StatusCode < 500 {
							t.Errorf("article %d: the webhook answered %d %s", i, answer.StatusCode, answer.Body)
							return
						}
						if ctx.Err() != nil {
							return
						}
						if time.Now().After(limit) {
							t.Errorf("article %d is not taken, %d deliveries were: %d %s %v", i, sent.Load(), answer.StatusCode, answer.Body, err)
							return
						}
					}
					sent.Add(1)
					if j > 0 && dice.of(0.2) {
						j -= 2 // the CMS sends the version before once more, and then this one
					}
				}
			}
		})
	}
	sending.Wait()
	took := time.Since(began)
	faults := time.NewTimer(min(took, 15*time.Second)) // what is under way is troubled a while longer
	select {
	case <-faults.C:
	case <-ctx.Done():
	}
	faulty.Store(false)
	n.sim.Mend()
	settled(t, c.bucket, n, stories, patience, "the functions")
	for until := time.Now().Add(time.Minute); left(t, c) > 0 && time.Now().Before(until); { // what is delivered now changes nothing any more
		<-time.After(500 * time.Millisecond)
	}
	got := settled(t, c.bucket, n, stories, patience, "the functions, once the queues were empty")
	t.Logf("%d deliveries in %d tries took %v, all was posted after %v; %d kills", sent.Load(), tries.Load(), took.Round(time.Second), time.Since(began).Round(time.Second), kills)

	for i := range stories {
		url := fmt.Sprintf("https://news.example/%d", i)
		o := folder[url]
		o.Logged, o.Posted = got[url].Logged, got[url].Posted // once, or for what was taken down as luck would have it: see ends
		if got[url] != o {
			t.Errorf("%s: the functions made of it %+v, the folder %+v", url, got[url], o)
		}
	}
	for f, way := range ways {
		if d := way.policy.Denied(); len(d) > 0 {
			t.Errorf("%s did what its policy does not allow: %v", f, d)
		}
		t.Logf("%s: S3 refused %d requests and lost %d answers; rights that were not used: %v", f, way.refused.Load(), way.lost.Load(), way.policy.Unused())
		if way.refused.Load()+way.lost.Load() == 0 {
			t.Errorf("nothing went wrong between %s and S3: the test does not reach what it is for", f)
		}
	}
	for f, b := range bridges {
		t.Logf("%s: %d calls from its queue, %d messages given back, %d delivered twice", f, b.calls.Load(), b.failed.Load(), b.twice.Load())
		if b.twice.Load() == 0 {
			t.Errorf("no message to %s came twice", f)
		}
	}
}

// left is how many messages are in the queues that functions read, as far as SQS says.
func left(t *testing.T, c *cloud) (n int) {
	t.Helper()
	for _, queue := range []string{"RenderQueue", "PostQueue"} {
		out, err := c.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: aws.String(c.queues[queue]), AttributeNames: []types.QueueAttributeName{
			types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range out.Attributes {
			i, err := strconv.Atoi(v)
			if err != nil {
				t.Fatalf("%s has %q messages", queue, v)
			}
			n += i
		}
	}
	return n
}
