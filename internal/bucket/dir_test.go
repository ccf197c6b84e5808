package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
)

func openDir(t testing.TB, path string) *bucket.Dir {
	t.Helper()
	d, err := bucket.OpenDir(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestMain is also the other process of the tests below.
func TestMain(m *testing.M) {
	switch folder := os.Getenv("BUCKET_TEST_FOLDER"); os.Getenv("BUCKET_TEST_CHILD") {
	case "":
		os.Exit(m.Run())
	case "write": // without end, until killed
		d, err := bucket.OpenDir(folder, time.Now)
		for i := 0; err == nil; i++ {
			body := strings.Repeat(string(rune('a'+i%26)), 1+(i%26)*20_000)
			_, err = d.Put(context.Background(), "stories/2026-11-26/a.json", []byte(body), "application/json", bucket.Always)
			if i == 0 {
				fmt.Println("ready")
			}
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case "count":
		d, err := bucket.OpenDir(folder, time.Now)
		if err != nil {
			panic(err)
		}
		if err := buckettest.Add(context.Background(), d, "counter", 60); err != nil {
			panic(err)
		}
	}
}

func child(t *testing.T, what, folder string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "BUCKET_TEST_CHILD="+what, "BUCKET_TEST_FOLDER="+folder)
	c.Stderr = os.Stderr
	return c
}

func TestTwoProcessesCountOnOneFolder(t *testing.T) {
	folder := t.TempDir()
	d := openDir(t, folder)
	var others []*exec.Cmd
	for range 3 {
		c := child(t, "count", folder)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		others = append(others, c)
	}
	if err := buckettest.Add(t.Context(), d, "counter", 60); err != nil {
		t.Error(err)
	}
	for _, c := range others {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	o, err := d.Get(t.Context(), "counter")
	if err != nil || strings.TrimSpace(string(o.Body)) != "240" {
		t.Errorf("four processes adding 60 each made %q, %v", o.Body, err)
	}
}

func TestKilledInTheMiddleOfPut(t *testing.T) {
	folder := t.TempDir()
	kills := 25
	if testing.Short() {
		kills = 5
	}
	for i := range kills {
		c := child(t, "write", folder)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 6)); err != nil { // it has written once
			t.Fatal(err)
		}
		// Let it run for a while that differs each time: as long as a few writes of ours take.
		d := openDir(t, folder)
		for j := range i % 5 {
			if _, err := d.Put(t.Context(), "other", fmt.Append(nil, j), "text/plain", bucket.Always); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		c.Wait()
		o, err := d.Get(t.Context(), "stories/2026-11-26/a.json")
		if err != nil {
			t.Fatalf("after kill %d: %v", i, err)
		}
		if len(o.Body) != 1+int(o.Body[0]-'a')*20_000 || strings.Trim(string(o.Body), string(o.Body[:1])) != "" {
			t.Fatalf("after kill %d: half an object of %d bytes", i, len(o.Body))
		}
		// The lock died with its holder, and the next one can write.
		if _, err := d.Put(t.Context(), o.Key, []byte("a"), "application/json", bucket.IfMatch(o.ETag)); err != nil {
			t.Fatalf("after kill %d: %v", i, err)
		}
	}
	// Whoever opens the folder clears what the killed left; what the living need stays.
	d := openDir(t, folder)
	left, err := os.ReadDir(filepath.Join(folder, ".tmp"))
	if err != nil || len(left) > kills+1 {
		t.Errorf("%d folders of temporary files, %v", len(left), err)
	}
	if _, err := d.Put(t.Context(), "other", []byte("x"), "text/plain", bucket.Always); err != nil {
		t.Error(err)
	}
}

func TestLeftTemporaryFilesGo(t *testing.T) {
	folder := t.TempDir()
	alive := openDir(t, folder)
	left := filepath.Join(folder, ".tmp", "killed")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"lock", "1"} {
		if err := os.WriteFile(filepath.Join(left, f), []byte("half"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	openDir(t, folder)
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	if _, err := alive.Put(t.Context(), "a", []byte("x"), "text/plain", bucket.Always); err != nil {
		t.Errorf("the living one's folder went too: %v", err)
	}
}

func TestFailedWriteLeavesTheOldObject(t *testing.T) {
	folder := t.TempDir()
	d := openDir(t, folder)
	if _, err := d.Put(t.Context(), "k/a.json", []byte("old"), "application/json", bucket.Always); err != nil {
		t.Fatal(err)
	}
	// A file-size limit in a process of its own would do; a folder of temporary files that is gone does as well.
	if err := os.RemoveAll(filepath.Join(folder, ".tmp")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Put(t.Context(), "k/a.json", []byte("new"), "application/json", bucket.Always); err == nil {
		t.Fatal("a write that cannot be kept is no error")
	}
	if o, err := d.Get(t.Context(), "k/a.json"); err != nil || string(o.Body) != "old" {
		t.Errorf("left %q, %v", o.Body, err)
	}
}

func TestDiskFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no device that is always full")
	}
	folder := t.TempDir()
	d := openDir(t, folder)
	if _, err := d.Put(t.Context(), "a", []byte("old"), "text/plain", bucket.Always); err != nil {
		t.Fatal(err)
	}
	// The next temporary file is a link to a device on which every write fails for want of space.
	tmp, err := filepath.Glob(filepath.Join(folder, ".tmp", "*"))
	if err != nil || len(tmp) != 1 {
		t.Fatal(tmp, err)
	}
	for n := range 5 {
		if err := os.Symlink("/dev/full", filepath.Join(tmp[0], strconv.Itoa(n))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Put(t.Context(), "a", []byte("new"), "text/plain", bucket.Always); err == nil {
		t.Fatal("a write to a full disk is no error")
	}
	if o, err := d.Get(t.Context(), "a"); err != nil || string(o.Body) != "old" {
		t.Errorf("left %q, %v", o.Body, err)
	}
}

func TestFilesAreReadable(t *testing.T) {
	folder := t.TempDir()
	d := openDir(t, folder)
	for key, path := range map[string]string{
		"stories/2026-11-26/abc.json":           "stories/2026-11-26/abc.json",
		"due/2026-11-26T10:00:00Z/2026-11-26/a": "due/2026-11-26^t10%3a00%3a00^z/2026-11-26/a%",
		"ids/ghost/6523A":                       "ids/ghost/6523^a%",
		"a/../b":                                "a/%2e%2e/b%",
		"../etc/passwd":                         "%2e%2e/etc/passwd%",
		".lock":                                 "%2elock%",
	} {
		if _, err := d.Put(t.Context(), key, []byte("{}"), "application/json", bucket.Always); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(folder, path)); err != nil || string(b) != "{}" {
			t.Errorf("%s is not at %s: %v", key, path, err)
		}
	}
	// What somebody else leaves in the folder is no object.
	for _, f := range []string{"README", "stories/2026-11-26/Abc.json", "stories/2026-11-26/abc.json~", "stories/.DS_Store"} {
		if err := os.WriteFile(filepath.Join(folder, f), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	e, err := d.List(t.Context(), "stories/", "", 0)
	if err != nil || len(e) != 1 {
		t.Errorf("List: %v, %v", e, err)
	}
}

func TestEditedByHandChangesTheETag(t *testing.T) {
	folder := t.TempDir()
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	d, err := bucket.OpenDir(folder, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Put(t.Context(), "a.json", []byte("1"), "application/json", bucket.Always); err != nil {
		t.Fatal(err)
	}
	etag := func() string {
		e, err := d.List(t.Context(), "", "", 0)
		if err != nil || len(e) != 1 {
			t.Fatal(e, err)
		}
		return e[0].ETag
	}
	at = at.Add(time.Hour)
	seen := []string{etag(), etag()}
	// By an editor that writes in place, the same length.
	if err := os.WriteFile(filepath.Join(folder, "a.json"), []byte("2"), 0o644); err != nil {
		t.Fatal(err)
	}
	if seen = append(seen, etag()); seen[0] != seen[1] || seen[1] == seen[2] {
		t.Errorf("ETags before, again, after: %v", seen)
	}
}

func TestOnChange(t *testing.T) {
	d := openDir(t, t.TempDir())
	var told []string
	d.OnChange(func(key string) {
		if _, err := d.Get(t.Context(), key); err != nil {
			t.Errorf("told of %s too early: %v", key, err)
		}
		told = append(told, key)
	})
	for _, c := range []bucket.Cond{bucket.Create, bucket.Create, bucket.Always} {
		if _, err := d.Put(t.Context(), "stories/a.json", []byte("x"), "application/json", c); err != nil && !errors.Is(err, bucket.ErrChanged) {
			t.Fatal(err)
		}
	}
	if !slices.Equal(told, []string{"stories/a.json", "stories/a.json"}) {
		t.Errorf("told of %q, want each write that was kept", told)
	}
}

func BenchmarkDirPut(b *testing.B) {
	d := openDir(b, b.TempDir())
	body := []byte(strings.Repeat("x", 8000))
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := d.Put(b.Context(), fmt.Sprintf("stories/2026-11-26/%p-%d.json", pb, i%50), body, "application/json", bucket.Always); err != nil {
				b.Fatal(err)
			}
		}
	})
}
