package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/story"
)

// A folder keeps what was refused as long as a bucket does.
func TestFolderLetsGoOfWhatIsOver(t *testing.T) {
	template, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for prefix, days := range map[string]string{"refused/": "7", "gone/": "30"} {
		if !strings.Contains(string(template), "Prefix: "+prefix+", ExpirationInDays: "+days) || kept[prefix] == 0 {
			t.Errorf("%s: the template and the folder differ", prefix)
		}
	}
	now := time.Now()
	folder := t.TempDir()
	dir, err := bucket.OpenDir(folder, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	s := &server{p: &program{now: func() time.Time { return now }}, store: &story.Store{Bucket: dir}}
	for _, key := range []string{"refused/a/1.json", "gone/a/1", "stories/2026-11-26/x.json"} {
		if _, err := dir.Put(context.Background(), key, []byte("{}"), "application/json", bucket.Always); err != nil {
			t.Fatal(err)
		}
	}
	left := func() (out []string) {
		for _, prefix := range []string{"refused/", "gone/", "stories/"} {
			entries, err := dir.List(context.Background(), prefix, "", 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				out = append(out, filepath.Dir(filepath.Dir(e.Key)))
			}
		}
		return out
	}
	for _, step := range []struct {
		pass time.Duration
		left int
	}{{6 * 24 * time.Hour, 3}, {2 * 24 * time.Hour, 2}, {23 * 24 * time.Hour, 1}} {
		now = now.Add(step.pass)
		if err := s.expire(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := left(); len(got) != step.left {
			t.Errorf("after %s more there are %v", step.pass, got)
		}
	}
}
