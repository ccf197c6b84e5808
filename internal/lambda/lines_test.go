package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/story"
)

// TestLinesOfFailuresNameTheRevision has looks and pictures fail after they read their story, and wants the story's key and
// its revision in the line about each.
func TestLinesOfFailuresNameTheRevision(t *testing.T) {
	dir, err := bucket.OpenDir(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	st := &story.Store{Bucket: dir, Now: time.Now, Random: rand.New(rand.NewSource(1))}
	k, err := st.Key(t.Context(), "newsroom", "1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if _, _, err := st.UpdateStory(t.Context(), k, func(s *story.Story) error {
			s.Article.Headline = fmt.Sprint("Headline ", i)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	now, err := st.Story(t.Context(), k)
	if err != nil || now.Revision < 2 {
		t.Fatalf("revision %d, %v", now.Revision, err)
	}
	var out bytes.Buffer
	fails := func(read func(context.Context) error) func(context.Context, story.Key) error {
		return func(ctx context.Context, _ story.Key) error { return errors.Join(read(ctx), errors.New("no luck")) }
	}
	f := &Function{Log: slog.New(slog.NewJSONHandler(&out, nil)), Now: time.Now,
		Preview: func(context.Context, story.Key, story.Edits, string) ([]byte, string, error) { return nil, "", nil },
		Photo: func(ctx context.Context, k story.Key) ([]byte, string, error) {
			_, err := st.Story(ctx, k)
			return nil, "", errors.Join(err, errors.New("no luck"))
		}}
	message := fmt.Sprintf(`{"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": %q}]}`, `{"Records": [{"s3": {"object": {"key": "stories/`+string(k)+`.json"}}}]}`)
	for name, run := range map[string]func() (string, error){
		"a look that read the story": func() (string, error) {
			f.Look = fails(func(ctx context.Context) error { _, err := st.Story(ctx, k); return err })
			return message, nil
		},
		"a look that read all documents": func() (string, error) {
			f.Look = fails(func(ctx context.Context) error { _, err := st.Load(ctx, k); return err })
			return message, nil
		},
		"a picture": func() (string, error) { return fmt.Sprintf(`{"picture": "photo", "story": %q}`, k), nil },
	} {
		out.Reset()
		event, err := run()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Invoke(t.Context(), json.RawMessage(event)) // a look's failure is in the answer, a picture's is the error
		found := false
		for line := range strings.Lines(out.String()) {
			var l struct {
				Level, Story string
				Revision     int
			}
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			if l.Level == "INFO" {
				continue
			}
			found = true
			if l.Story != string(k) || l.Revision != now.Revision {
				t.Errorf("%s: %s", name, line)
			}
		}
		if !found {
			t.Errorf("%s failed without a line", name)
		}
	}
}
