package webhook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/source"
	"cutline/internal/story"
)

// A secret that was mistyped: what was refused meanwhile is seen, and taken once the secret is right.
func TestRefusedRequestIsTriedAgain(t *testing.T) {
	right := openNewsroom(t, "ghost", "the-right-test-secret", ", pull: -1s").src
	body := `{"event":"post.published","post":{"current":{"id":"p1","title":"One","slug":"a","status":"published","url":"https://news.example/a"},"previous":{}}}`
	h, err := right.Sign(context.Background(), []byte(body), "", noon)
	if err != nil {
		t.Fatal(err)
	}
	n := openNewsroom(t, "ghost", "mistyped", ", pull: -1s")
	rec := recording{Recorded: source.Recorded{Body: &body, At: noon, Headers: [][2]string{{"X-Ghost-Signature", h.Get("X-Ghost-Signature")}, {"Content-Type", "application/json"}}}}
	if code, _ := n.deliver(rec); code != 401 {
		t.Fatal(code)
	}
	look := func() story.Intake {
		t.Helper()
		in, err := n.store.Intake(context.Background(), "newsroom", 10)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	in := look()
	if len(in.Refused) != 1 || in.Refused[0].Verdict != "unauthorized" || !strings.Contains(in.Refused[0].Why, "another secret") || !in.Last.At.IsZero() {
		t.Fatalf("%+v", in)
	}
	again := func() story.Intake {
		t.Helper()
		if err := n.store.AskReplay(context.Background(), in.Refused[0].Key); err != nil {
			t.Fatal(err)
		}
		n.now = n.now.Add(time.Hour)
		n.tick()
		return look()
	}
	if in = again(); in.Refused[0].Replayed == nil || in.Refused[0].Replayed.Result != "refused" || n.story("p1").Key != "" {
		t.Errorf("%+v", in)
	}
	n.hook.sources["newsroom"] = right
	if in = again(); in.Refused[0].Replayed.Result != "accepted" || n.story("p1").Article.Headline != "One" {
		t.Errorf("%+v", in.Refused[0].Replayed)
	}
	revision := n.story("p1").Revision
	if in = again(); in.Refused[0].Replayed.Result != "unchanged" || n.story("p1").Revision != revision {
		t.Errorf("twice: %+v", in.Refused[0].Replayed)
	}
	wishes, err := n.store.Bucket.List(context.Background(), story.Replays, "", 0)
	if err != nil || len(wishes) != 0 {
		t.Errorf("wishes are left: %v %v", wishes, err)
	}
	for _, key := range []string{"stories/2026-11-26/x.json", "refused/../x.json", "refused/newsroom/../../x.json", "refused/newsroom/"} {
		if err := n.store.AskReplay(context.Background(), key); !errors.Is(err, story.ErrNone) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// The last delivery is there for the desk, though not each is written down: of one that makes or changes a story of today the
// story tells.
func TestLastDelivery(t *testing.T) {
	d := open(t)
	writes := 0
	last := ""
	send := func(n int, at time.Duration, headline string) {
		t.Helper()
		d.now = noon.Add(at)
		d.send(payload("published", "7", headline))
		o, err := d.store.Bucket.Get(context.Background(), story.LastKey("newsroom"))
		if err != nil && !errors.Is(err, bucket.ErrNotFound) {
			t.Fatal(err)
		}
		if o.ETag != last {
			last = o.ETag
			writes++
		}
		if writes != n {
			t.Errorf("written %d times, want %d", writes, n)
		}
	}
	heard := func(at time.Duration, result string) {
		t.Helper()
		in, err := d.store.Intake(context.Background(), "newsroom", 1)
		if err != nil {
			t.Fatal(err)
		}
		today, _, err := d.store.Day(context.Background(), d.now.Format(time.DateOnly))
		if err != nil {
			t.Fatal(err)
		}
		in.Heard("newsroom", today)
		if !in.Last.At.Equal(noon.Add(at)) || in.Last.Result != result || in.Last.Story == "" {
			t.Errorf("%+v", in.Last)
		}
	}
	tick := func() {
		t.Helper()
		if err := d.handler.(*Webhook).Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		send(0, time.Duration(i)*time.Minute, fmt.Sprint("Reservoir ", i))
	}
	tick()
	heard(4*time.Minute, "accepted")
	for i := range 5 {
		send(1, 5*time.Minute+time.Duration(i)*time.Second, "Reservoir 4")
	}
	heard(5*time.Minute, "unchanged")
	tick()
	heard(5*time.Minute+4*time.Second, "unchanged")
	send(2, 6*time.Minute, "Reservoir 5") // what the tick wrote
	heard(6*time.Minute, "accepted")

	// The desk reads no stories of yesterday: what they told is written down when the day is over, and what changes one is.
	d.now = noon.Add(13 * time.Hour)
	tick()
	heard(6*time.Minute, "accepted")
	send(3, 14*time.Hour, "Reservoir 6")
	heard(14*time.Hour, "accepted")
}
