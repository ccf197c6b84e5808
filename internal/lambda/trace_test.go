package lambda

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/story"
)

// TestTraces reads at a collector what one batch of two stories, of which one fails, tells.
func TestTraces(t *testing.T) {
	type told struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []attribute }
			ScopeSpans []struct{ Spans []span }
		}
	}
	var mu sync.Mutex
	var got []told
	status := http.StatusOK
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var x told
		if err != nil || json.Unmarshal(body, &x) != nil || r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("X-Test") != "yes" {
			t.Errorf("%s %s %v: %s", r.Method, r.URL, r.Header, body)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, x)
		w.WriteHeader(status)
	}))
	defer collector.Close()
	env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_EXPORTER_OTLP_HEADERS": "X-Test=yes", "AWS_LAMBDA_FUNCTION_NAME": "news-Post"}
	good, bad := day+strings.Repeat("a", 26), day+strings.Repeat("b", 26)
	f := &Function{
		Log: quiet(), Now: time.Now, trace: newTracer(func(name string) string { return env[name] }, rand.Reader, time.Now),
		Look: func(_ context.Context, k story.Key) error {
			if string(k) == bad {
				return errors.New("no luck")
			}
			return nil
		},
	}
	//lint:ignore SA1029 it is the key under which aws-lambda-go has it
	ctx := context.WithValue(t.Context(), "x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")
	invokeBatch(t, ctx, f, message("1", "manifests/"+good+".json"), message("2", "manifests/"+bad+".json"))
	mu.Lock()
	if len(got) != 1 || len(got[0].ResourceSpans) != 1 || got[0].ResourceSpans[0].Resource.Attributes[0].Value.Text != "news-Post" {
		t.Fatalf("the collector got %+v", got)
	}
	spans := got[0].ResourceSpans[0].ScopeSpans[0].Spans
	mu.Unlock()
	if len(spans) != 3 {
		t.Fatalf("%d spans, want two looks and the call: %+v", len(spans), spans)
	}
	call := spans[2]
	if call.Name != "batch" || call.Trace != "5759e988bd862e3fe1be46a994272793" || call.Parent != "53995c3f42cd8ad8" || len(call.ID) != 16 || call.Status.Code != 0 {
		t.Errorf("the call: %+v", call)
	}
	for i, k := range []string{good, bad} {
		s := spans[i]
		if s.Name != "look" || s.Trace != call.Trace || s.Parent != call.ID || s.Attributes[0].Value.Text != k || s.Attributes[1].Key != "revision" || (s.Status.Code == 2) != (k == bad) || s.Start > s.End {
			t.Errorf("a look: %+v", s)
		}
	}
	// A collector that refuses them takes nothing from the answer, and each span is sent once.
	mu.Lock()
	status = http.StatusServiceUnavailable
	mu.Unlock()
	if again := invokeBatch(t, t.Context(), f, message("1", "manifests/"+good+".json")); len(again) != 0 {
		t.Errorf("to be delivered again: %v", again)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(got) != 2 || len(got[1].ResourceSpans[0].ScopeSpans[0].Spans) != 2 {
		t.Errorf("the collector got %+v", got)
	}
}

func TestNoTracesUnlessWanted(t *testing.T) {
	if tr := newTracer(func(string) string { return "" }, rand.Reader, time.Now); tr != nil {
		t.Errorf("%+v", tr)
	}
	for header, want := range map[string]string{"": "", "Root=1-5759e988-bd862e3fe1be46a994272793": "", "Root=x;Parent=y": "", "Root=1-5759e988-bd862e3fe1be46a994272793; Parent=53995c3f42cd8ad8": "5759e988bd862e3fe1be46a994272793"} {
		if got, _ := xray(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}
