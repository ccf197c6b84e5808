// Package lambda puts the steps behind AWS Lambda: one [Function] a deployed function, whichever of its triggers
// fires.
//
// It owns the shapes of AWS's events, which no other package knows: HTTP API requests (payload format 2.0) become
// http.Requests, S3's change notifications in SQS messages become stories' keys, EventBridge Scheduler's calls become
// named schedules. It promises that one bad record harms no other in its batch, and that what cannot be understood
// today will not be delivered again for ever. Opening the bucket and configuration that a function's environment
// names is here too ([Open]); what is done with a key or a request is the steps' business.
package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	awslambda "github.com/aws/aws-lambda-go/lambda"

	"cutline/internal/measure"
	"cutline/internal/story"
)

// Function is what one deployed function does, by trigger. A trigger without its part is refused with an error, which
// CloudWatch counts.
type Function struct {
	HTTP      http.Handler                                                                                                      // HTTP API requests; nil: it has none
	Look      func(context.Context, story.Key) error                                                                            // change notifications: look at this story; nil: it has none
	Schedules map[string]func(context.Context) error                                                                            // by the name in the schedule's input, {"schedule": "tick"}
	Preview   func(ctx context.Context, k story.Key, e story.Edits, format string) (body []byte, contentType string, err error) // what the desk asks of render; nil: it has none
	Photo     func(ctx context.Context, k story.Key) (body []byte, contentType string, err error)                               // likewise
	Together  int                                                                                                               // stories of one batch looked at side by side; 0: one after the other
	Log       *slog.Logger
	Now       func() time.Time // the clock, for how long messages have waited

	trace *tracer // nil: no traces
}

// Start serves the Runtime API that the environment names, until the process ends. It does not return.
func (f *Function) Start() {
	awslambda.StartWithOptions(f.Invoke, awslambda.WithSetEscapeHTML(false))
}

// Invoke answers one event, of whichever kind it is.
func (f *Function) Invoke(ctx context.Context, event json.RawMessage) (out any, err error) {
	var kind struct {
		Version        string `json:"version"`
		RequestContext struct {
			HTTP struct {
				Method string `json:"method"`
			} `json:"http"`
		} `json:"requestContext"`
		Records []struct {
			Source string `json:"eventSource"`
		} `json:"Records"`
		Schedule string `json:"schedule"`
		Picture  string `json:"picture"`
	}
	if err := json.Unmarshal(event, &kind); err != nil {
		return nil, fmt.Errorf("reading an event: %w", err)
	}
	name, server := "batch", 5 // what a queue hands over is consumed, everything else is served
	switch {
	case kind.RequestContext.HTTP.Method != "":
		name, server = kind.RequestContext.HTTP.Method, 2
	case kind.Picture != "":
		name, server = "picture "+kind.Picture, 2
	case kind.Schedule != "":
		name = "schedule " + kind.Schedule
	}
	ctx, end := f.trace.begin(ctx, name, server)
	defer func() {
		end(err)
		if err := f.trace.flush(ctx); err != nil {
			f.Log.Warn("traces are lost", "error", err)
		}
	}()
	switch {
	case kind.RequestContext.HTTP.Method != "" && f.HTTP != nil:
		var r events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(event, &r); err != nil {
			return nil, fmt.Errorf("reading an HTTP event: %w", err)
		}
		return f.serve(ctx, &r)
	case len(kind.Records) > 0 && kind.Records[0].Source == "aws:sqs" && f.Look != nil:
		var b events.SQSEvent
		if err := json.Unmarshal(event, &b); err != nil {
			return nil, fmt.Errorf("reading a queue's event: %w", err)
		}
		return f.batch(ctx, b), nil
	case kind.Picture != "" && f.Preview != nil && f.Photo != nil:
		return f.draw(ctx, event)
	case kind.Schedule != "":
		run, ok := f.Schedules[kind.Schedule]
		if !ok {
			return nil, fmt.Errorf("schedule %q is not one of this function's", kind.Schedule)
		}
		if err := guarded(func() error { return run(ctx) }); err != nil {
			f.Log.Error("schedule", "name", kind.Schedule, "error", err)
			return nil, fmt.Errorf("schedule %s: %w", kind.Schedule, err)
		}
		return nil, nil
	}
	return nil, errors.New("this function has no part that takes such an event; look at its triggers in the template")
}

// reserve is kept of an invocation's time for answering: what was not begun by then is delivered again.
const reserve = 3 * time.Second

// batch looks at each story that a batch of messages names, once, and reports the messages whose stories failed.
func (f *Function) batch(ctx context.Context, b events.SQSEvent) events.SQSEventResponse {
	messages := map[story.Key][]string{} // which messages wait for a story
	var waited time.Duration             // the longest that a message has, from S3 to here
	var order []story.Key
	for _, m := range b.Records {
		if sent, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64); err == nil {
			waited = max(waited, f.Now().Sub(time.UnixMilli(sent)))
		}
		for _, k := range f.keys(m) {
			if messages[k] == nil {
				order = append(order, k)
			}
			if !slices.Contains(messages[k], m.MessageId) {
				messages[k] = append(messages[k], m.MessageId)
			}
		}
	}
	if until, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, until.Add(-reserve))
		defer cancel()
	}
	failed := make([]bool, len(order))
	slots := make(chan struct{}, max(f.Together, 1))
	var wg sync.WaitGroup
	for i, k := range order {
		slots <- struct{}{}
		if ctx.Err() != nil {
			failed[i] = true
			<-slots
			continue
		}
		wg.Go(func() {
			defer func() { <-slots }()
			ctx, end := f.trace.begin(ctx, "look", 1, "story", string(k))
			ctx, seen := story.Watch(ctx)
			err := guarded(func() error { return f.Look(ctx, k) })
			end(err, "revision", strconv.Itoa(seen.Revision(k)))
			if err != nil {
				f.Log.Error("look", "story", string(k), "revision", seen.Revision(k), "error", err)
				failed[i] = true
			}
		})
	}
	wg.Wait()
	again := map[string]bool{}
	for i, k := range order {
		if failed[i] {
			for _, id := range messages[k] {
				again[id] = true
			}
		}
	}
	out := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range b.Records {
		if again[m.MessageId] {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	f.Log.Info("batch", "messages", len(b.Records), "stories", len(order), measure.Count("GivenBack", len(out.BatchItemFailures)), measure.Seconds("Waited", waited))
	return out
}

// keys lists the stories of one message: an S3 notification of one or more records. What names none is so acknowledged:
// delivered again it would be no better.
func (f *Function) keys(m events.SQSMessage) []story.Key {
	out, err := story.Notified([]byte(m.Body))
	if err != nil {
		f.Log.Warn("a message was let go, or a part of it", "message", m.MessageId, "error", err)
	}
	return out
}

// guarded makes an error of a panic: else one story would take its whole batch with it.
func guarded(do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, strings.TrimSpace(string(debug.Stack())))
		}
	}()
	return do()
}
