package desk

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cutline/internal/config"
	"cutline/internal/letters"
	"cutline/internal/story"
)

// deadQueues is an SQS with two queues of dead letters: render's has messages, post's may not be read.
type deadQueues struct {
	mu      sync.Mutex
	stories []story.Key // a message each; an empty one is no notification
	running bool
	started []string // the queues that were sent back
}

func (q *deadQueues) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var in struct{ QueueUrl, SourceArn string }
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &in) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	switch {
	case strings.HasSuffix(in.QueueUrl, "PostDead"):
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"__type": "AccessDeniedException", "Message": "User: x is not authorized"}`)
	case operation == "GetQueueAttributes":
		_, _ = fmt.Fprintf(w, `{"Attributes": {"QueueArn": "arn:RenderDead", "ApproximateNumberOfMessages": "%d"}}`, len(q.stories))
	case operation == "ReceiveMessage":
		var messages []string
		for i, k := range q.stories {
			body := "test"
			if k != "" {
				body = `{"Records": [{"s3": {"object": {"key": "stories/` + string(k) + `.json"}}}]}`
			}
			messages = append(messages, fmt.Sprintf(`{"MessageId": "%d", "Body": %q, "Attributes": {"SentTimestamp": "%d"}}`, i, body, noon.UnixMilli()-int64(i+1)*60_000))
		}
		_, _ = io.WriteString(w, `{"Messages": [`+strings.Join(messages, ",")+`]}`)
	case operation == "ListMessageMoveTasks" && q.running:
		_, _ = io.WriteString(w, `{"Results": [{"Status": "RUNNING", "ApproximateNumberOfMessagesMoved": 1, "ApproximateNumberOfMessagesToMove": 3}]}`)
	case operation == "StartMessageMoveTask":
		q.started = append(q.started, in.SourceArn)
		_, _ = io.WriteString(w, `{"TaskHandle": "x"}`)
	default:
		_, _ = io.WriteString(w, `{}`)
	}
}

// withLetters is a staffed desk with those queues.
func withLetters(t *testing.T, q *deadQueues) *staffed {
	d := openStaffed(t)
	s := httptest.NewServer(q)
	t.Cleanup(s.Close)
	box := letters.New([]letters.Queue{{Name: "render", URL: s.URL + "/RenderDead"}, {Name: "post", URL: s.URL + "/PostDead"}}, func(context.Context, string) (aws.Config, error) {
		return aws.Config{Region: "eu-central-1", BaseEndpoint: &s.URL, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "TESTKEY", SecretAccessKey: "test-secret"}, nil
		})}, nil
	}, d.store.Now)
	cfg, err := config.Parse("cutline.yaml", []byte(staffedConfig), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.log.Reset()
	d.handler, err = New(Parts{Store: &story.Store{Bucket: policy.Guard(d.store.Bucket), Now: d.store.Now, Random: d.store.Random}, Config: cfg, Now: d.store.Now, Random: crand.Reader, Log: slog.New(slog.NewTextHandler(&d.log, nil)), Dead: box})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDeadLetters(t *testing.T) {
	q := &deadQueues{}
	d := withLetters(t, q)
	other := d.story("2", func(s *story.Story) { s.Site, s.Article.Headline = "ckb", "Of the other site" })
	gone := story.Key("2026-11-26/" + strings.Repeat("z", 26))
	q.stories = []story.Key{d.key, other, "", gone, d.key}
	for who, want := range map[string]struct {
		has, not []string
	}{
		"vera":   {[]string{"Dead letters", "Reservoir rises", `href="` + d.at() + `"`, "5 minutes ago", "3 more", "role does not allow <bdi>sqs:GetQueueAttributes</bdi>"}, []string{`action="/dead/`, "Of the other site", string(gone)}},
		"edo":    {[]string{`action="/dead/render"`, "Send back"}, []string{`action="/dead/post"`}},
		"rebin":  {[]string{"Of the other site", "4 more", `action="/dead/render"`}, []string{"Reservoir rises"}},
		"nobody": {nil, []string{"Dead letters"}},
	} {
		body := d.as(who, "/channels", nil).Body.String()
		for _, s := range want.has {
			if !strings.Contains(body, s) {
				t.Errorf("%s does not see %q", who, s)
			}
		}
		for _, s := range want.not {
			if strings.Contains(body, s) {
				t.Errorf("%s sees %q", who, s)
			}
		}
	}
	if strings.Count(d.as("vera", "/channels", nil).Body.String(), `href="`+d.at()+`"`) != 1 {
		t.Error("two letters of one story are two lines")
	}
	if !bytes.Contains(d.log.Bytes(), []byte("queue=post")) {
		t.Errorf("what cannot be read is not in the log: %s", &d.log)
	}
}

func TestDeadLettersSentBack(t *testing.T) {
	q := &deadQueues{stories: []story.Key{"", ""}}
	d := withLetters(t, q)
	for _, c := range []struct {
		who, path string
		running   bool
		code      int
	}{
		{"", "/dead/render", false, 401}, {"nobody", "/dead/render", false, 403}, {"vera", "/dead/render", false, 403},
		{"edo", "/dead/render", true, 409}, {"edo", "/dead/other", false, 404}, {"edo", "/dead/post", false, 502}, {"edo", "/dead/render", false, 303},
	} {
		q.mu.Lock()
		q.running = c.running
		q.mu.Unlock()
		if w := d.as(c.who, c.path, url.Values{}); w.Code != c.code {
			t.Errorf("%s by %q: %d, want %d", c.path, c.who, w.Code, c.code)
		}
	}
	r := httptest.NewRequest("POST", "/dead/render", nil)
	r.SetBasicAuth("edo", "a-test-password")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	if d.handler.ServeHTTP(w, r); w.Code != 403 {
		t.Errorf("sent by another site: %d", w.Code)
	}
	q.mu.Lock()
	started := slices.Clone(q.started)
	q.running = true
	q.mu.Unlock()
	if !slices.Equal(started, []string{"arn:RenderDead"}) {
		t.Errorf("sent back %v", started)
	}
	if body := d.as("edo", "/channels", nil).Body.String(); !strings.Contains(body, "1 of 3 sent back") || strings.Contains(body, `action="/dead/render"`) {
		t.Error("what is being sent back is not shown so")
	}
	plain := openStaffed(t)
	if w := plain.as("edo", "/dead/render", url.Values{}); w.Code != 404 || strings.Contains(plain.as("edo", "/channels", nil).Body.String(), "Dead letters") {
		t.Errorf("without queues: %d", w.Code)
	}
}
