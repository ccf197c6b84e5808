package lambda

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"cutline/internal/measure"
	"cutline/internal/story"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// echo answers with what it saw of the request.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
	http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
	w.Header().Add("Vary", "Accept")
	w.Header().Add("Vary", "Cookie")
	w.WriteHeader(http.StatusTeapot)
	fmt.Fprintf(w, "%s|%s|%s|%s|%s|%s|%q|%v|%d", r.Method, r.Host, r.URL.Path, r.URL.RawQuery, r.Header.Get("Cookie"), r.Header.Get("Webhook-Signature"), body, r.TLS != nil, len(r.Header["Webhook-Signature"]))
})

func TestHTTP(t *testing.T) {
	event := `{"version": "2.0", "rawPath": "/hooks/café news", "rawQueryString": "a=1&b=%20", "isBase64Encoded": true, "body": "` + base64.StdEncoding.EncodeToString([]byte("\x00body")) + `",
		"cookies": ["s=1", "t=2"], "headers": {"host": "api.example", "webhook-signature": "v1,a,v1,b"},
		"requestContext": {"domainName": "x.example", "stage": "$default", "http": {"method": "POST", "sourceIp": "203.0.113.7"}}}`
	for _, c := range []struct{ name, event, want string }{
		{"all of it", event, `POST|api.example|/hooks/café news|a=1&b=%20|s=1; t=2|v1,a,v1,b|"\x00body"|true|1`},
		{"a named stage", strings.NewReplacer("$default", "prod", "/hooks", "/prod/hooks").Replace(event), `POST|api.example|/hooks/café news|a=1&b=%20|s=1; t=2|v1,a,v1,b|"\x00body"|true|1`},
		{"no host", strings.Replace(event, `"host": "api.example", `, "", 1), `POST|x.example|/hooks/café news|a=1&b=%20|s=1; t=2|v1,a,v1,b|"\x00body"|true|1`},
		{"not base64", strings.Replace(event, `"isBase64Encoded": true`, `"isBase64Encoded": false`, 1), `POST|api.example|/hooks/café news|a=1&b=%20|s=1; t=2|v1,a,v1,b|"AGJvZHk="|true|1`},
	} {
		f := &Function{HTTP: echo, Log: quiet(), Now: time.Now}
		out, err := f.Invoke(t.Context(), json.RawMessage(c.event))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		a := out.(events.APIGatewayV2HTTPResponse)
		if a.StatusCode != http.StatusTeapot || a.Body != c.want || a.IsBase64Encoded {
			t.Errorf("%s: %d %s, want %s", c.name, a.StatusCode, a.Body, c.want)
		}
		if !slices.Equal(a.Cookies, []string{"a=1", "b=2"}) || a.Headers["Vary"] != "Accept, Cookie" || a.Headers["Set-Cookie"] != "" {
			t.Errorf("%s: cookies %v, headers %v", c.name, a.Cookies, a.Headers)
		}
	}
}

func TestHTTPAnswers(t *testing.T) {
	event := json.RawMessage(`{"rawPath": "/", "requestContext": {"http": {"method": "GET"}}}`)
	for name, c := range map[string]struct {
		h      http.HandlerFunc
		status int
		body   string
		base64 bool
	}{
		"nothing": {func(http.ResponseWriter, *http.Request) {}, 200, "", false},
		"bytes":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\xff\xd8\xff")) }, 200, "/9j/", true},
		"compressed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "x")
			_, _ = io.WriteString(w, "a")
		}, 200, "YQ==", true},
		"late headers": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			w.Header().Set("Late", "1")
			w.WriteHeader(500)
		}, 204, "", false},
		"a panic":       {func(http.ResponseWriter, *http.Request) { panic("secret") }, 500, "our own fault; it is in the log\n", false},
		"far too large": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxAnswer+1)) }, 500, "the answer is larger than Lambda carries\n", false},
	} {
		f := &Function{HTTP: c.h, Log: quiet(), Now: time.Now}
		out, err := f.Invoke(t.Context(), event)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a := out.(events.APIGatewayV2HTTPResponse); a.StatusCode != c.status || a.Body != c.body || a.IsBase64Encoded != c.base64 || a.Headers["Late"] != "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	out, err := (&Function{HTTP: echo, Log: quiet(), Now: time.Now}).Invoke(t.Context(), json.RawMessage(`{"body": "%%", "isBase64Encoded": true, "requestContext": {"http": {"method": "GET"}}}`))
	if a, ok := out.(events.APIGatewayV2HTTPResponse); err != nil || !ok || a.StatusCode != http.StatusBadRequest {
		t.Errorf("a broken body: %v %v, want 400", out, err)
	}
}

const day = "2026-11-26/"

// message is one SQS message about objects.
func message(id string, keys ...string) events.SQSMessage {
	var records []string
	for _, k := range keys {
		records = append(records, fmt.Sprintf(`{"eventSource": "aws:s3", "s3": {"object": {"key": %q}}}`, k))
	}
	return events.SQSMessage{MessageId: id, EventSource: "aws:sqs", Body: `{"Records": [` + strings.Join(records, ",") + `]}`}
}

func invokeBatch(t *testing.T, ctx context.Context, f *Function, messages ...events.SQSMessage) []string {
	t.Helper()
	event, err := json.Marshal(events.SQSEvent{Records: messages})
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Invoke(ctx, event)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, i := range out.(events.SQSEventResponse).BatchItemFailures {
		ids = append(ids, i.ItemIdentifier)
	}
	return ids
}

func TestBatch(t *testing.T) {
	good, bad, worse := day+"aaaaaaaaaaaaaaaaaaaaaaaaaa", day+"bbbbbbbbbbbbbbbbbbbbbbbbbb", day+"cccccccccccccccccccccccccc"
	var mu sync.Mutex
	looks := map[story.Key]int{}
	f := &Function{Together: 3, Log: quiet(), Now: time.Now, Look: func(_ context.Context, k story.Key) error {
		mu.Lock()
		looks[k]++
		mu.Unlock()
		switch string(k) {
		case bad:
			return errors.New("no luck")
		case worse:
			panic("no luck at all")
		}
		return nil
	}}
	got := invokeBatch(t, t.Context(), f,
		message("1", "stories/"+good+".json"),
		message("2", "stories/"+bad+".json"),
		message("3", "manifests/"+good+".json", "decisions/"+good+".json"),
		message("4", "stories/"+good+".json", "stories/"+worse+".json"),
		message("5", "stories/2026-11-26%2F"+strings.Repeat("d", 26)+".json"), // as S3 would never write it, but may
		message("6", "cards/"+good+"/x-og.jpg", "something+of+others", "stories/%zz.json"),
		events.SQSMessage{MessageId: "7", EventSource: "aws:sqs", Body: `{"Service": "Amazon S3", "Event": "s3:TestEvent"}`},
		events.SQSMessage{MessageId: "8", EventSource: "aws:sqs", Body: `not JSON`},
	)
	if want := []string{"2", "4"}; !slices.Equal(got, want) {
		t.Errorf("to be delivered again: %v, want %v", got, want)
	}
	want := map[story.Key]int{story.Key(good): 1, story.Key(bad): 1, story.Key(worse): 1, story.Key(day + strings.Repeat("d", 26)): 1}
	if fmt.Sprint(looks) != fmt.Sprint(want) {
		t.Errorf("looks %v, want %v: each story once", looks, want)
	}
}

// TestBatchIsMeasured reads the metrics of a batch as CloudWatch would, out of its log line.
func TestBatchIsMeasured(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	f := &Function{
		Log: slog.New(measure.Handler(slog.NewJSONHandler(&out, nil), "cutline", "Function", "news-Post")), Now: func() time.Time { return now },
		Look: func(context.Context, story.Key) error { return errors.New("no luck") },
	}
	m := message("1", "manifests/"+day+strings.Repeat("a", 26)+".json")
	m.Attributes = map[string]string{"SentTimestamp": fmt.Sprint(now.Add(-90 * time.Second).UnixMilli())}
	invokeBatch(t, t.Context(), f, m)
	for line := range strings.Lines(out.String()) {
		var l struct {
			Msg               string
			Waited, GivenBack float64
			AWS               json.RawMessage `json:"_aws"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		if l.Msg == "batch" {
			if l.Waited != 90 || l.GivenBack != 1 || !strings.Contains(string(l.AWS), `"Name":"Waited","Unit":"Seconds"`) {
				t.Errorf("%s", line)
			}
			return
		}
	}
	t.Errorf("no line of the batch:\n%s", &out)
}

func TestBatchThatRunsOutOfTime(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(reserve/2)) // less than what is kept in reserve
	defer cancel()
	f := &Function{Log: quiet(), Now: time.Now, Look: func(ctx context.Context, _ story.Key) error { t.Error("looked, too late"); return nil }}
	if got := invokeBatch(t, ctx, f, message("1", "stories/"+day+strings.Repeat("a", 26)+".json")); !slices.Equal(got, []string{"1"}) {
		t.Errorf("to be delivered again: %v, want what was not begun", got)
	}
}

func TestNoFailuresIsAnEmptyList(t *testing.T) {
	f := &Function{Log: quiet(), Now: time.Now, Look: func(context.Context, story.Key) error { return nil }}
	event, err := os.ReadFile("../../events/test-event.json")
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Invoke(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(out); err != nil || string(b) != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v: null in place of [] would have the whole batch delivered again", b, err)
	}
}

func TestSchedules(t *testing.T) {
	ran := ""
	f := &Function{Log: quiet(), Now: time.Now, HTTP: echo, Schedules: map[string]func(context.Context) error{
		"tick":  func(context.Context) error { ran += "tick "; return nil },
		"sweep": func(context.Context) error { panic("sweep") },
	}}
	for event, fails := range map[string]string{
		`{"schedule": "tick"}`:  "",
		`{"schedule": "sweep"}`: "schedule sweep: panic",
		`{"schedule": "tock"}`:  `schedule "tock" is not one of this function's`,
		`{}`:                    "no part that takes such an event",
		`{"Records": [{"eventSource": "aws:sqs"}]}`:      "no part that takes such an event",
		`{"Records": [{"eventSource": "aws:dynamodb"}]}`: "no part that takes such an event",
		`[`: "reading an event",
	} {
		_, err := f.Invoke(t.Context(), json.RawMessage(event))
		if (err == nil) != (fails == "") || err != nil && !strings.Contains(err.Error(), fails) {
			t.Errorf("%s: %v, want %q", event, err, fails)
		}
	}
	if ran != "tick " {
		t.Errorf("ran %q, want the tick once", ran)
	}
}
