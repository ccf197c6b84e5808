// Package letters looks into the queues of dead letters, and sends what is there back.
//
// A message of S3 that a function failed at five times lies in the dead letters of its queue. This package owns the
// reading of such queues (Amazon SQS, JSON protocol) and the redrive. It promises that looking changes nothing: messages are
// received with a visibility timeout of zero, so that they stay in their place, and a redrive does not miss them. How
// many there are, SQS itself knows only about.
package letters

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cutline/internal/amazon"
	"cutline/internal/bucket"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// Queue is one queue of dead letters.
type Queue struct {
	Name string // what its messages wanted: "render" or "post", as the environment calls it
	URL  string // as SQS knows it
}

// Queues reads the queues out of a text as "render=https://sqs.eu-central-1.amazonaws.com/1/RenderDead post=…". An empty one
// names none.
func Queues(text string) ([]Queue, error) {
	var out []Queue
	for _, f := range strings.Fields(text) {
		name, url, ok := strings.Cut(f, "=")
		if !ok || name == "" || url == "" {
			return nil, fmt.Errorf("%q names no queue: want a name and a URL, as render=https://…", f)
		}
		out = append(out, Queue{name, url})
	}
	return out, nil
}

// Box is the queues of one account. It may be used from several goroutines.
type Box struct {
	Queues []Queue
	sqs    *amazon.Service
}

// New makes a box; nil if there are no queues.
func New(queues []Queue, account bucket.Account, now func() time.Time) *Box {
	if len(queues) == 0 {
		return nil
	}
	// An answer has ten messages at most, each of 1 MiB at most.
	return &Box{queues, &amazon.Service{Name: "sqs", Account: account, Now: now, Client: &http.Client{Timeout: 5 * time.Second}, Most: 11 << 20}}
}

// State is what one queue holds.
type State struct {
	Queue   string   // its name
	Count   int      // of messages, about
	Letters []Letter // the first that were found, at most [Shown], those that wait longest first
	Move    Move     // the last redrive; the zero Move: there was none
	Trouble error    // why some of this is missing; nil: nothing is
}

// Letter is one message.
type Letter struct {
	Stories []story.Key // that it asks to look at; empty: it names none, and can be sent back a hundred times in vain
	Sent    time.Time   // when S3 sent it; zero: not known
}

// Move is a redrive: SQS moves the messages by itself.
type Move struct {
	Running   bool
	Moved, Of int    // messages, about
	Failed    string // why it ended early; empty: it did not
}

// Shown is how many messages of a queue are looked at.
const Shown = 30

// look is how long looking into one queue may take.
const look = 8 * time.Second

// Look says what each queue holds, in the order of Queues.
func (b *Box) Look(ctx context.Context) []State {
	ctx, cancel := context.WithTimeout(ctx, look)
	defer cancel()
	out := make([]State, len(b.Queues))
	var wg sync.WaitGroup
	for i, q := range b.Queues {
		wg.Go(func() { out[i] = b.state(ctx, q) })
	}
	wg.Wait()
	return out
}

func (b *Box) state(ctx context.Context, q Queue) State {
	s := State{Queue: q.Name}
	arn, n, err := b.attributes(ctx, q)
	if err != nil {
		s.Trouble = err
		return s
	}
	s.Count = n
	s.Letters, err = b.receive(ctx, q, n)
	s.Count = max(s.Count, len(s.Letters))
	s.Move, s.Trouble = b.move(ctx, q, arn)
	s.Trouble = errors.Join(err, s.Trouble)
	return s
}

// attributes is a queue's ARN and about how many messages wait in it.
func (b *Box) attributes(ctx context.Context, q Queue) (arn string, n int, err error) {
	var out struct{ Attributes map[string]string }
	if err := b.ask(ctx, "GetQueueAttributes", q, map[string]any{"QueueUrl": q.URL, "AttributeNames": []string{"QueueArn", "ApproximateNumberOfMessages"}}, &out); err != nil {
		return "", 0, err
	}
	n, err = strconv.Atoi(out.Attributes["ApproximateNumberOfMessages"])
	if err != nil || out.Attributes["QueueArn"] == "" {
		return "", 0, errors.New(remark.Say("dead-no-arn", q.Name))
	}
	return out.Attributes["QueueArn"], n, nil
}

// receive looks at the first of n messages. A visibility timeout of zero leaves them where they are, for the next round
// too: so it goes on only as long as a round brings something new.
func (b *Box) receive(ctx context.Context, q Queue, n int) ([]Letter, error) {
	seen := map[string]bool{}
	var out []Letter
	for len(seen) < min(n, Shown) {
		var got struct {
			Messages []struct {
				MessageID  string `json:"MessageId"`
				Body       string
				Attributes map[string]string
			}
		}
		// A wait of a second has SQS ask all of its servers, not only some, and ends with the first message.
		in := map[string]any{"QueueUrl": q.URL, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0, "WaitTimeSeconds": 1, "AttributeNames": []string{"SentTimestamp"}}
		if err := b.ask(ctx, "ReceiveMessage", q, in, &got); err != nil {
			return out, err
		}
		before := len(seen)
		for _, m := range got.Messages {
			if seen[m.MessageID] || len(seen) == Shown {
				continue
			}
			seen[m.MessageID] = true
			var l Letter
			l.Stories, _ = story.Notified([]byte(m.Body)) // one that cannot be read names no story, and that is shown
			if ms, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64); err == nil {
				l.Sent = time.UnixMilli(ms).UTC()
			}
			out = append(out, l)
		}
		if len(seen) == before {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b Letter) int { return a.Sent.Compare(b.Sent) })
	return out, nil
}

// move is the last redrive of a queue.
func (b *Box) move(ctx context.Context, q Queue, arn string) (Move, error) {
	var out struct {
		Results []struct {
			Status        string // RUNNING, COMPLETED, CANCELLING, CANCELLED, FAILED
			Moved         int    `json:"ApproximateNumberOfMessagesMoved"`
			Of            int    `json:"ApproximateNumberOfMessagesToMove"`
			FailureReason string
		}
	}
	if err := b.ask(ctx, "ListMessageMoveTasks", q, map[string]any{"SourceArn": arn, "MaxResults": 1}, &out); err != nil || len(out.Results) == 0 {
		return Move{}, err
	}
	r := out.Results[0]
	m := Move{Running: r.Status == "RUNNING" || r.Status == "CANCELLING", Moved: r.Moved, Of: r.Of}
	if r.Status == "FAILED" {
		m.Failed = r.FailureReason
		if m.Failed == "" {
			m.Failed = remark.Say("dead-not-said")
		}
	}
	return m, nil
}

// ErrUnknown says that there is no queue of that name, ErrMoving that its messages are on their way back already.
var (
	ErrUnknown = errors.New("there is no such queue of dead letters")
	ErrMoving  = errors.New("these dead letters are being sent back already")
)

// SendBack has SQS move all dead letters of a queue to the queue that they came from, as new messages. Errors are ErrUnknown,
// ErrMoving, or what SQS said.
func (b *Box) SendBack(ctx context.Context, name string) error {
	i := slices.IndexFunc(b.Queues, func(q Queue) bool { return q.Name == name })
	if i < 0 {
		return ErrUnknown
	}
	q := b.Queues[i]
	arn, _, err := b.attributes(ctx, q)
	if err != nil {
		return err
	}
	if m, err := b.move(ctx, q, arn); err == nil && m.Running { // if it cannot be known, SQS refuses a second one itself
		return ErrMoving
	}
	return b.ask(ctx, "StartMessageMoveTask", q, map[string]any{"SourceArn": arn}, nil)
}

// fault is what went wrong with SQS.
type fault struct {
	said  string // a remark
	cause error
}

func (f *fault) Error() string { return f.said }
func (f *fault) Unwrap() error { return f.cause }

func (b *Box) ask(ctx context.Context, operation string, q Queue, in, out any) error {
	err := b.sqs.Ask(ctx, "1.0", "AmazonSQS."+operation, in, out)
	if err == nil {
		return nil
	}
	if no, ok := errors.AsType[*amazon.Refusal](err); ok && no.Denied() {
		return &fault{remark.Say("dead-not-allowed", q.Name, "sqs:"+operation, err), err}
	}
	return &fault{remark.Say("dead-trouble", q.Name, "sqs:"+operation, err), err}
}
