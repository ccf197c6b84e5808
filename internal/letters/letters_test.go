package letters

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cutline/internal/story"
)

var day = time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)

// queue answers as SQS does for a queue of dead letters, by the documented shapes.
type queue struct {
	mu       sync.Mutex
	bodies   []string // of its messages; the first was sent an hour ago, each next one a minute later
	tasks    string   // answer of ListMessageMoveTasks
	denied   string   // an operation that the role does not allow
	asked    []string // operations, in order
	received int      // where the next ReceiveMessage begins: SQS shows another part each time
}

func (q *queue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	q.asked = append(q.asked, operation)
	var in struct {
		QueueURL            string `json:"QueueUrl"`
		SourceArn           string
		MaxNumberOfMessages int
		VisibilityTimeout   *int
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &in) != nil || r.Header.Get("Content-Type") != "application/x-amz-json-1.0" {
		http.Error(w, "no request", http.StatusBadRequest)
		return
	}
	refuse := func(status int, kind, message string) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"__type": "com.amazonaws.sqs#%s", "message": %q}`, kind, message)
	}
	switch {
	case operation == q.denied:
		refuse(403, "AccessDeniedException", "User: x is not authorized to perform: sqs:"+operation)
	case operation == "GetQueueAttributes" && in.QueueURL == "https://sqs.example/1/RenderDead":
		_, _ = fmt.Fprintf(w, `{"Attributes": {"QueueArn": "arn:aws:sqs:eu-central-1:1:RenderDead", "ApproximateNumberOfMessages": "%d"}}`, len(q.bodies))
	case operation == "ReceiveMessage" && in.VisibilityTimeout != nil && *in.VisibilityTimeout == 0 && in.MaxNumberOfMessages == 10:
		type message struct {
			MessageID  string            `json:"MessageId"`
			Body       string            `json:"Body"`
			Attributes map[string]string `json:"Attributes"`
		}
		var out struct{ Messages []message }
		for range min(10, len(q.bodies)) {
			i := q.received % len(q.bodies)
			q.received++
			out.Messages = append(out.Messages, message{fmt.Sprint("m", i), q.bodies[i], map[string]string{"SentTimestamp": fmt.Sprint(day.Add(time.Duration(i-60) * time.Minute).UnixMilli())}})
		}
		_ = json.NewEncoder(w).Encode(out)
	case operation == "ListMessageMoveTasks" && in.SourceArn == "arn:aws:sqs:eu-central-1:1:RenderDead":
		_, _ = io.WriteString(w, q.tasks)
	case operation == "StartMessageMoveTask" && in.SourceArn == "arn:aws:sqs:eu-central-1:1:RenderDead":
		_, _ = io.WriteString(w, `{"TaskHandle": "eyJ0YXNrSWQi"}`)
	default:
		refuse(400, "QueueDoesNotExist", "The specified queue does not exist.")
	}
}

func notification(keys ...string) string {
	var records []string
	for _, k := range keys {
		records = append(records, fmt.Sprintf(`{"eventSource": "aws:s3", "s3": {"object": {"key": %q}}}`, k))
	}
	return `{"Records": [` + strings.Join(records, ",") + `]}`
}

func key(letter string) story.Key { return story.Key("2026-11-26/" + strings.Repeat(letter, 26)) }

func box(t *testing.T, q *queue, url string) *Box {
	t.Helper()
	s := httptest.NewServer(q)
	t.Cleanup(s.Close)
	queues, err := Queues("render=" + url)
	if err != nil {
		t.Fatal(err)
	}
	return New(queues, func(context.Context, string) (aws.Config, error) {
		return aws.Config{Region: "eu-central-1", BaseEndpoint: &s.URL, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "TESTKEY", SecretAccessKey: "test-secret"}, nil
		})}, nil
	}, func() time.Time { return day })
}

const known = "https://sqs.example/1/RenderDead"

func TestLook(t *testing.T) {
	b := box(t, &queue{tasks: `{"Results": [{"Status": "RUNNING", "ApproximateNumberOfMessagesMoved": 1, "ApproximateNumberOfMessagesToMove": 4, "StartedTimestamp": 1795683600000, "SourceArn": "x"}]}`, bodies: []string{
		notification("stories/" + string(key("a")) + ".json"),
		notification("stories/"+string(key("b"))+".json", "stories/"+string(key("c"))+".json", "stories/"+string(key("b"))+".json"),
		notification("stories/2026-11-26%2F" + strings.Repeat("d", 26) + ".json"),
		"no notification",
	}}, known)
	got := b.Look(t.Context())
	if len(got) != 1 || got[0].Queue != "render" || got[0].Count != 4 || got[0].Trouble != nil || got[0].Move != (Move{Running: true, Moved: 1, Of: 4}) {
		t.Fatalf("%+v", got)
	}
	for i, want := range [][]story.Key{{key("a")}, {key("b"), key("c")}, {key("d")}, nil} {
		l := got[0].Letters[i]
		if !slices.Equal(l.Stories, want) || !l.Sent.Equal(day.Add(time.Duration(i-60)*time.Minute)) {
			t.Errorf("letter %d: %+v, want %v", i, l, want)
		}
	}
}

func TestOnlyTheFirstOfMany(t *testing.T) {
	q := &queue{tasks: `{"Results": []}`}
	for range 95 {
		q.bodies = append(q.bodies, notification("stories/"+string(key("a"))+".json"))
	}
	got := box(t, q, known).Look(t.Context())[0]
	if got.Count != 95 || len(got.Letters) != Shown || got.Move != (Move{}) || got.Trouble != nil {
		t.Errorf("%d letters of %d, %+v, %v", len(got.Letters), got.Count, got.Move, got.Trouble)
	}
	empty := &queue{tasks: `{}`}
	if got := box(t, empty, known).Look(t.Context())[0]; got.Count != 0 || got.Trouble != nil || slices.Contains(empty.asked, "ReceiveMessage") {
		t.Errorf("an empty queue: %+v, asked %v", got, empty.asked)
	}
}

func TestSendBack(t *testing.T) {
	q := &queue{tasks: `{"Results": [{"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 4}]}`}
	if err := box(t, q, known).SendBack(t.Context(), "render"); err != nil || q.asked[len(q.asked)-1] != "StartMessageMoveTask" {
		t.Errorf("%v, asked %v", err, q.asked)
	}
	q = &queue{tasks: `{"Results": [{"Status": "RUNNING"}]}`}
	if err := box(t, q, known).SendBack(t.Context(), "render"); !errors.Is(err, ErrMoving) || slices.Contains(q.asked, "StartMessageMoveTask") {
		t.Errorf("%v, asked %v", err, q.asked)
	}
	if err := box(t, q, known).SendBack(t.Context(), "other"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

func TestWhatIsRefusedIsSaid(t *testing.T) {
	bodies := []string{notification("stories/" + string(key("a")) + ".json")}
	for operation, letters := range map[string]int{"GetQueueAttributes": 0, "ReceiveMessage": 0, "ListMessageMoveTasks": 1} {
		got := box(t, &queue{denied: operation, tasks: `{}`, bodies: bodies}, known).Look(t.Context())[0]
		if got.Trouble == nil || !strings.Contains(got.Trouble.Error(), "role does not allow sqs:"+operation) || len(got.Letters) != letters {
			t.Errorf("%s: %+v", operation, got)
		}
	}
	if err := box(t, &queue{denied: "StartMessageMoveTask", tasks: `{}`}, known).SendBack(t.Context(), "render"); err == nil || !strings.Contains(err.Error(), "role does not allow sqs:StartMessageMoveTask") {
		t.Error(err)
	}
	if err := box(t, &queue{denied: "ListMessageMoveTasks"}, known).SendBack(t.Context(), "render"); err != nil {
		t.Errorf("whether one is running cannot be known: %v", err)
	}
	if got := box(t, &queue{}, "https://sqs.example/1/Gone").Look(t.Context())[0]; got.Trouble == nil || !strings.Contains(got.Trouble.Error(), "QueueDoesNotExist") {
		t.Errorf("%+v", got)
	}
	failed := &queue{tasks: `{"Results": [{"Status": "FAILED", "FailureReason": "AWS.SimpleQueueService.NonExistentQueue"}]}`}
	if got := box(t, failed, known).Look(t.Context())[0]; got.Move.Failed != "AWS.SimpleQueueService.NonExistentQueue" || got.Move.Running {
		t.Errorf("%+v", got)
	}
}

func TestQueues(t *testing.T) {
	if got, err := Queues(" render=https://a  post=https://b?x=y "); err != nil || !slices.Equal(got, []Queue{{"render", "https://a"}, {"post", "https://b?x=y"}}) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := Queues(""); err != nil || New(got, nil, nil) != nil {
		t.Errorf("no queues: %v, %v", got, err)
	}
	for _, s := range []string{"render", "=https://a", "render="} {
		if _, err := Queues(s); err == nil {
			t.Errorf("%q", s)
		}
	}
}
