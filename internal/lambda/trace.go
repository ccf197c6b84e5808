package lambda

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Traces are told by OpenTelemetry's protocol, OTLP 1.x as JSON over HTTP, by a sender of our own: the SDK would be a
// quarter of a function. A call of the function is a span, and each look at a story one below it.

// tracer sends spans; nil sends none.
type tracer struct {
	address string            // of the collector, with /v1/traces
	header  map[string]string // as OTEL_EXPORTER_OTLP_HEADERS has them
	service string            // the function
	random  io.Reader
	now     func() time.Time

	mu    sync.Mutex
	spans []span // of this call, not sent yet
}

// newTracer makes the tracer that the environment wants, by the names of OpenTelemetry's specification; nil if it wants
// none.
func newTracer(env func(string) string, random io.Reader, now func() time.Time) *tracer {
	base := env("OTEL_EXPORTER_OTLP_ENDPOINT")
	if base == "" {
		return nil
	}
	t := &tracer{address: strings.TrimSuffix(base, "/") + "/v1/traces", header: map[string]string{}, service: env("OTEL_SERVICE_NAME"), random: random, now: now}
	if t.service == "" {
		t.service = env("AWS_LAMBDA_FUNCTION_NAME")
	}
	for pair := range strings.SplitSeq(env("OTEL_EXPORTER_OTLP_HEADERS"), ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			t.header[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return t
}

// span is one, as OTLP's JSON has it: ids in hexadecimal, times as decimal text.
type span struct {
	Trace      string      `json:"traceId"`
	ID         string      `json:"spanId"`
	Parent     string      `json:"parentSpanId,omitempty"`
	Name       string      `json:"name"`
	Kind       int         `json:"kind"` // 1 internal, 2 server, 5 consumer
	Start      string      `json:"startTimeUnixNano"`
	End        string      `json:"endTimeUnixNano"`
	Attributes []attribute `json:"attributes,omitempty"`
	Status     struct {
		Code    int    `json:"code,omitempty"` // 2: it failed
		Message string `json:"message,omitempty"`
	} `json:"status"`
}

type attribute struct {
	Key   string `json:"key"`
	Value struct {
		Text string `json:"stringValue"`
	} `json:"value"`
}

// describe adds attributes, each a name and a value.
func (s *span) describe(attributes []string) {
	for i := 0; i+1 < len(attributes); i += 2 {
		a := attribute{Key: attributes[i]}
		a.Value.Text = attributes[i+1]
		s.Attributes = append(s.Attributes, a)
	}
}

type spanKey struct{}

// begin starts a span below the one in ctx, and returns what ends it, which takes further attributes. A call's first is below the one that Lambda names
// (X-Ray's header, which is in ctx), so that what API Gateway knows of it is in the same trace.
func (t *tracer) begin(ctx context.Context, name string, kind int, attributes ...string) (context.Context, func(err error, more ...string)) {
	if t == nil {
		return ctx, func(error, ...string) {}
	}
	s := span{Name: name, Kind: kind, ID: t.id(8), Start: fmt.Sprint(t.now().UnixNano())}
	if p, ok := ctx.Value(spanKey{}).(span); ok {
		s.Trace, s.Parent = p.Trace, p.ID
	} else if header, ok := ctx.Value("x-amzn-trace-id").(string); ok { // the name that aws-lambda-go keeps it under
		s.Trace, s.Parent = xray(header)
	}
	if s.Trace == "" {
		s.Trace = t.id(16)
	}
	s.describe(attributes)
	return context.WithValue(ctx, spanKey{}, s), func(err error, more ...string) {
		s.describe(more)
		s.End = fmt.Sprint(t.now().UnixNano())
		if err != nil {
			s.Status.Code, s.Status.Message = 2, err.Error()
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.spans = append(t.spans, s)
	}
}

// id makes an id of n bytes. Without randomness it is all zeros, which collectors refuse.
func (t *tracer) id(n int) string {
	b := make([]byte, n)
	if _, err := io.ReadFull(t.random, b); err != nil {
		clear(b)
	}
	return hex.EncodeToString(b)
}

// xray takes the trace and the parent out of X-Ray's header: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".
func xray(header string) (trace, parent string) {
	for part := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Root":
			trace = strings.ReplaceAll(strings.TrimPrefix(value, "1-"), "-", "")
		case "Parent":
			parent = value
		}
	}
	if len(trace) != 32 || len(parent) != 16 {
		return "", ""
	}
	return trace, parent
}

// flush sends what has ended. It is called before the answer, since nothing runs after it; a collector that is slow or
// away costs at most a second, and its spans.
func (t *tracer) flush(ctx context.Context) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	spans := t.spans
	t.spans = nil
	t.mu.Unlock()
	if len(spans) == 0 {
		return nil
	}
	name := attribute{Key: "service.name"}
	name.Value.Text = t.service
	type scope struct {
		Scope map[string]string `json:"scope"`
		Spans []span            `json:"spans"`
	}
	body, err := json.Marshal(map[string]any{"resourceSpans": []any{map[string]any{
		"resource": map[string]any{"attributes": []attribute{name}}, "scopeSpans": []scope{{map[string]string{"name": "cutline"}, spans}},
	}}})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range t.header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("sending traces: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("sending traces: the collector answered %s", res.Status)
	}
	return nil
}
