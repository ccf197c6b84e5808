package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"cutline/internal/bucket/buckettest"
)

// chance is dice that several goroutines may throw.
type chance struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (c *chance) of(p float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.Float64() < p
}

func (c *chance) intn(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.Intn(n)
}

// pool is all the environments of a function.
type pool struct {
	all  []*emulator
	free chan *emulator
}

func newPool(n int, start func() *emulator) *pool {
	p := &pool{free: make(chan *emulator, n)}
	for range n {
		e := start()
		p.all = append(p.all, e)
		p.free <- e
	}
	return p
}

func (p *pool) invoke(ctx context.Context, event []byte) ([]byte, error) {
	select {
	case e := <-p.free:
		defer func() { p.free <- e }()
		return e.invoke(ctx, event)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// guardedS3 is a way to an S3 server that lets through what the template allows a function, and loses some of it while
// faulty: an answer of 503 before anything was done, or a connection that breaks when all was done.
type guardedS3 struct {
	*httptest.Server
	policy  *buckettest.Policy
	faulty  *atomic.Bool
	dice    *chance
	asked   atomic.Int64 // requests while faulty
	refused atomic.Int64 // requests answered with 503
	lost    atomic.Int64 // answers that were lost
}

func newGuardedS3(t *testing.T, c *cloud, function string, faulty *atomic.Bool, dice *chance) *guardedS3 {
	t.Helper()
	policy, err := buckettest.PolicyOf(function)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(c.s3)
	if err != nil {
		t.Fatal(err)
	}
	g := &guardedS3{policy: policy, faulty: faulty, dice: dice}
	proxy := &httputil.ReverseProxy{
		// The host stays: it is signed.
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			if errors.Is(err, errLost) {
				g.lost.Add(1)
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(http.StatusBadGateway)
		},
		ModifyResponse: func(res *http.Response) error {
			if g.faulty.Load() && g.dice.of(0.005) {
				return errLost
			}
			return nil
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 16},
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/"+c.name), "/")
		action := map[string]string{"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "DELETE": "s3:DeleteObject"}[r.Method]
		if r.URL.Query().Get("list-type") == "2" {
			action, key = "s3:ListBucket", ""
		}
		allowed := g.policy.Use(action, key)
		if r.Header.Get("If-Match") != "" {
			allowed = g.policy.Use("s3:GetObject", key) && allowed
		}
		switch {
		case !allowed:
			s3Error(w, http.StatusForbidden, "AccessDenied")
		case g.faulty.Load() && (g.asked.Add(1) == 10 || g.dice.of(0.01)): // the tenth always: of few, luck may strike none
			g.refused.Add(1)
			s3Error(w, http.StatusServiceUnavailable, "SlowDown")
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

var errLost = errors.New("the answer is lost")

func s3Error(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>of the test's proxy</Message></Error>", code)
}

// bridge carries messages from a queue to a function, as AWS's pollers do, and while faulty as badly as they may: some
// come twice, some late, and in any order.
type bridge struct {
	sqs    *sqs.Client
	queue  string // URL
	to     *pool
	faulty *atomic.Bool
	dice   *chance

	mu   sync.Mutex
	late []held // to be delivered some time later, whether they were delivered before or not

	received             atomic.Int64 // messages from the queue
	calls, failed, twice atomic.Int64 // calls of the function, messages that it wanted again, deliveries of what was delivered already
}

type held struct {
	m     types.Message
	until time.Time
}

// run delivers until ctx ends; as many may run at once as the function has environments.
func (b *bridge) run(ctx context.Context) {
	for ctx.Err() == nil {
		out, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &b.queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, VisibilityTimeout: 30,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		})
		var batch []types.Message
		if err == nil {
			for _, m := range out.Messages {
				switch first := b.received.Add(1) == 1; {
				case b.faulty.Load() && !first && b.dice.of(0.1):
					b.hold(m)
				case b.faulty.Load() && (first || b.dice.of(0.15)): // the first always: of few, luck may strike none
					b.hold(m)
					b.twice.Add(1)
					batch = append(batch, m)
				default:
					batch = append(batch, m)
				}
			}
		}
		batch = append(batch, b.due(10-min(len(batch), 10))...)
		if len(batch) == 0 {
			if err != nil {
				select { // the server is busy, or the test ends
				case <-ctx.Done():
				case <-time.After(50 * time.Millisecond):
				}
			}
			continue
		}
		for i := len(batch) - 1; i > 0; i-- {
			j := b.dice.intn(i + 1)
			batch[i], batch[j] = batch[j], batch[i]
		}
		b.deliver(ctx, batch)
	}
}

func (b *bridge) hold(m types.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.late = append(b.late, held{m, time.Now().Add(time.Duration(b.dice.intn(3000)) * time.Millisecond)})
}

func (b *bridge) due(max int) (out []types.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var rest []held
	for _, h := range b.late {
		if len(out) < max && time.Now().After(h.until) {
			out = append(out, h.m)
		} else {
			rest = append(rest, h)
		}
	}
	b.late = rest
	return out
}

func (b *bridge) deliver(ctx context.Context, batch []types.Message) {
	e := events.SQSEvent{}
	for _, m := range batch {
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle), Body: aws.ToString(m.Body),
			Attributes: m.Attributes, EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:queue", AWSRegion: "eu-central-1",
		})
	}
	event, err := json.Marshal(e)
	if err != nil {
		panic(err) // it is made of strings alone
	}
	b.calls.Add(1)
	again := map[string]bool{}
	var answer events.SQSEventResponse
	body, err := b.to.invoke(ctx, event)
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	for _, f := range answer.BatchItemFailures {
		again[f.ItemIdentifier] = true
	}
	for _, m := range batch {
		if err != nil || again[aws.ToString(m.MessageId)] {
			b.failed.Add(1)
			// An error means that it is visible or deleted already.
			_, _ = b.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &b.queue, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 1})
			continue
		}
		_, _ = b.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &b.queue, ReceiptHandle: m.ReceiptHandle}) // what is not deleted comes again
	}
}
