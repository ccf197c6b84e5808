package sim

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestNetworksGoOnWithTheNextProcess posts, edits and takes down, and compares what a second process has.
func TestNetworksGoOnWithTheNextProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sim", "calls.jsonl")
	watch := &clock{now: noon}
	begin := func() (*Server, *httptest.Server) {
		s := New(watch.Now)
		s.At("http://127.0.0.1:8787/sim")
		if err := s.Keep(path); err != nil {
			t.Fatal(err)
		}
		web := httptest.NewServer(s)
		t.Cleanup(web.Close)
		return s, web
	}
	s, web := begin()
	s.Fault(Fault{Op: Upload, Do: Slow, Polls: 1})
	body, typ := payloadOf(t, "jpeg 1200x630 file description=Water")
	_, media, _ := ask(t, "POST", web.URL+"/mastodon/api/v2/media", "test-token", body, "Content-Type", typ)
	id := media["id"].(string)
	ask(t, "GET", web.URL+"/mastodon/api/v1/media/"+id, "test-token", nil)
	_, first, _ := ask(t, "POST", web.URL+"/mastodon/api/v1/statuses", "test-token", map[string]any{"status": "Water stands.", "media_ids": []string{id}})
	watch.turn(time.Minute)
	s.Fault(Fault{Op: Publish, Do: Error})
	ask(t, "POST", web.URL+"/mastodon/api/v1/statuses", "test-token", map[string]any{"status": "Taken, and not said so."})
	s.Fault(Fault{Op: Publish, Do: Limit})
	ask(t, "POST", web.URL+"/mastodon/api/v1/statuses", "test-token", map[string]any{"status": "Not taken."})
	ask(t, "PUT", web.URL+"/mastodon/api/v1/statuses/"+first["id"].(string), "test-token", map[string]any{"status": "Water stood."})
	want := s.Posts("")
	if len(want) != 2 || want[0].Text != "Water stood." || want[1].Text != "Taken, and not said so." {
		t.Fatalf("%+v", want)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	watch.turn(24 * time.Hour)
	s, web = begin()
	if got := s.Posts(""); !reflect.DeepEqual(got, want) {
		t.Errorf("the second process has\n%+v, want\n%+v", got, want)
	}
	_, second, _ := ask(t, "POST", web.URL+"/mastodon/api/v1/statuses", "test-token", map[string]any{"status": "The next day."})
	if second["id"] == first["id"] || len(s.Posts("")) != 3 {
		t.Errorf("it goes on with %v", second)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(watch.Now).Keep(path); err == nil || !strings.Contains(err.Error(), "take the file away") {
		t.Errorf("a journal that is none: %v", err)
	}
}
