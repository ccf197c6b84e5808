// Package buckettest is the contract of [bucket.Bucket] as a suite that every kind passes, and a server that speaks as
// S3 does for tests of other rooms ([Gateway]).
package buckettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/bucket"
)

// Run runs the suite on the bucket that open makes, empty, for each test. odd says whether keys that a file system
// minds are to be tried ("..", "a" beside "a/b"): S3 takes them, a gateway to a file system does not.
func Run(t *testing.T, odd bool, open func(t *testing.T) bucket.Bucket) {
	for _, c := range []struct {
		name string
		test func(*testing.T, bucket.Bucket)
	}{
		{"RoundTrip", roundTrip},
		{"Conditions", conditions},
		{"Delete", deletes},
		{"List", lists},
		{"ListPages", listPages},
		{"BadKeys", badKeys},
		{"KeysApart", func(t *testing.T, b bucket.Bucket) { keysApart(t, b, odd) }},
		{"CreateRace", createRace},
		{"CountersLoseNothing", counters},
		{"ReaderSeesWhole", wholes},
		{"DeleteAndCreateRace", deleteAndCreate},
		{"Clock", clock},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func put(t *testing.T, b bucket.Bucket, key, body string) string {
	t.Helper()
	etag, err := b.Put(t.Context(), key, []byte(body), "application/json", bucket.Always)
	if err != nil {
		t.Fatalf("Put %q: %v", key, err)
	}
	return etag
}

func get(t *testing.T, b bucket.Bucket, key string) bucket.Object {
	t.Helper()
	o, err := b.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("Get %q: %v", key, err)
	}
	return o
}

func roundTrip(t *testing.T, b bucket.Bucket) {
	if _, err := b.Get(t.Context(), "stories/none.json"); !errors.Is(err, bucket.ErrNotFound) {
		t.Fatalf("Get of nothing: %v, want ErrNotFound", err)
	}
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, c := range []struct{ key, kind, body string }{
		{"stories/a.json", "application/json", "{}"},
		{"cards/a-og.jpg", "image/jpeg", string(every)},
		{"feeds/en.xml", "application/rss+xml; charset=utf-8", "<rss/>"},
		{"feeds/en.json", "application/feed+json", "{}"},
		{"empty", "text/plain", ""},
		{"big", "application/octet-stream", strings.Repeat("0123456789abcdef", 1<<17)},
	} {
		etag, err := b.Put(t.Context(), c.key, []byte(c.body), c.kind, bucket.Always)
		if err != nil {
			t.Fatal(err)
		}
		o := get(t, b, c.key)
		if o.Key != c.key || o.Type != c.kind || string(o.Body) != c.body || o.ETag != etag || etag == "" {
			t.Errorf("%s: have key %q, type %q, %d bytes, ETag %s; put type %q, %d bytes, ETag %s", c.key, o.Key, o.Type, len(o.Body), o.ETag, c.kind, len(c.body), etag)
		}
	}
	// Another content type, then the plain one again.
	if _, err := b.Put(t.Context(), "feeds/en.json", []byte("[]"), "application/json", bucket.Always); err != nil {
		t.Fatal(err)
	}
	if o := get(t, b, "feeds/en.json"); o.Type != "application/json" || string(o.Body) != "[]" {
		t.Errorf("after a change of type: %q %q", o.Type, o.Body)
	}
}

func conditions(t *testing.T, b bucket.Bucket) {
	want := func(what string, err, target error) {
		t.Helper()
		if !errors.Is(err, target) {
			t.Errorf("%s: error %v, want %v", what, err, target)
		}
	}
	try := func(body string, c bucket.Cond) (string, error) {
		return b.Put(t.Context(), "ids/s/1", []byte(body), "application/json", c)
	}
	_, err := try("x", bucket.IfMatch(`"00000000000000000000000000000000"`))
	want("IfMatch on nothing", err, bucket.ErrChanged)
	_, err = try("x", bucket.IfMatch(""))
	want("IfMatch of an empty ETag on nothing", err, bucket.ErrChanged)
	first, err := try("one", bucket.Create)
	want("Create", err, nil)
	_, err = try("one", bucket.Create)
	want("Create again, with the same bytes", err, bucket.ErrChanged)
	_, err = try("two", bucket.IfMatch(""))
	want("IfMatch of an empty ETag", err, bucket.ErrChanged)
	second, err := try("two", bucket.IfMatch(first))
	want("IfMatch", err, nil)
	if first == second {
		t.Errorf("two contents with one ETag %s", first)
	}
	_, err = try("three", bucket.IfMatch(first))
	want("IfMatch of an old ETag", err, bucket.ErrChanged)
	if o := get(t, b, "ids/s/1"); string(o.Body) != "two" || o.ETag != second {
		t.Errorf("a write whose condition failed left %q", o.Body)
	}
	_, err = try("four", bucket.Always)
	want("Always", err, nil)
}

func deletes(t *testing.T, b bucket.Bucket) {
	if err := b.Delete(t.Context(), "due/1/a", bucket.Always); err != nil {
		t.Errorf("deleting nothing: %v", err)
	}
	old := put(t, b, "due/1/a", "1")
	now := put(t, b, "due/1/a", "2")
	put(t, b, "due/1/b", "1")
	if err := b.Delete(t.Context(), "due/1/a", bucket.IfMatch(old)); !errors.Is(err, bucket.ErrChanged) {
		t.Errorf("deleting an old version: %v, want ErrChanged", err)
	}
	if err := b.Delete(t.Context(), "due/1/a", bucket.Create); err == nil {
		t.Error("deleting on the condition that it is not there is no error")
	}
	if err := b.Delete(t.Context(), "due/1/a", bucket.IfMatch("")); !errors.Is(err, bucket.ErrChanged) {
		t.Errorf("deleting the version with no ETag: %v, want ErrChanged", err)
	}
	get(t, b, "due/1/a")
	if err := b.Delete(t.Context(), "due/1/a", bucket.IfMatch(now)); err != nil {
		t.Errorf("deleting this version: %v", err)
	}
	if _, err := b.Get(t.Context(), "due/1/a"); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("after a Delete: %v", err)
	}
	get(t, b, "due/1/b")
	if err := b.Delete(t.Context(), "due/1/b", bucket.Always); err != nil {
		t.Error(err)
	}
	if e, err := b.List(t.Context(), "due/", "", 0); err != nil || len(e) != 0 {
		t.Errorf("after the last Delete: %v %v", e, err)
	}
	put(t, b, "due/1/b", "again") // the folder is there again
}

func keys(entries []bucket.Entry) []string {
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Key)
	}
	return out
}

func lists(t *testing.T, b bucket.Bucket) {
	all := []string{
		"cards/2026-11-26/a/1-og.jpg", "due/2026-11-26T10:00:00Z/2026-11-26/a", "due/2026-11-26T10:00:01Z/2026-11-26/a",
		"posts/2026-11-26/a/Feed.json", "posts/2026-11-26/a/feed.json", "stories/2026-11-25/z.json", "stories/2026-11-26/a.json",
		"stories/2026-11-26/ab.json", "stories/2026-11-26/b.json", "stories/2026-11-26-x.json", "stories/2026-11-27/a.json",
	}
	slices.Sort(all)
	for _, i := range rand.Perm(len(all)) {
		put(t, b, all[i], all[i])
	}
	for _, c := range []struct {
		prefix, after string
		max           int
	}{
		{}, {"stories/", "", 0}, {"stories/2026-11-26", "", 0}, {"stories/2026-11-26/", "", 0}, {"stories/2026-11-26/a", "", 0},
		{"", "stories/", 0}, {"stories/", "stories/2026-11-260", 1}, {"stories/", "stories/2026-11-26/a.json", 0},
		{"stories/", "stories/2026-11-26/a.json", 2}, {"", "due/2026-11-26T10:00:00Z/2026-11-26/a", 1}, {"none/", "", 0},
		{"stories/", "a", 0}, {"stories/", "zzz", 0}, {"posts/", "posts/2026-11-26/a/F", 1}, {"sto", "", 3},
	} {
		want := []string{}
		for _, k := range all {
			if strings.HasPrefix(k, c.prefix) && k > c.after && (c.max == 0 || len(want) < c.max) {
				want = append(want, k)
			}
		}
		have, err := b.List(t.Context(), c.prefix, c.after, c.max)
		if err != nil || !slices.Equal(keys(have), want) {
			t.Errorf("List(%q, %q, %d) = %q, %v; want %q", c.prefix, c.after, c.max, keys(have), err, want)
		}
		for _, e := range have {
			if o := get(t, b, e.Key); o.ETag != e.ETag || int64(len(o.Body)) != e.Size || !o.Modified.Equal(e.Modified) {
				t.Errorf("List says %+v, Get %s %d %v", e, o.ETag, len(o.Body), o.Modified)
			}
		}
	}
	// A change is listed with its new ETag at once.
	for i := range 5 {
		etag := put(t, b, "stories/2026-11-27/a.json", fmt.Sprint("same length ", i))
		if e, err := b.List(t.Context(), "stories/2026-11-27/", "", 0); err != nil || len(e) != 1 || e[0].ETag != etag {
			t.Errorf("List after change %d: %v %v, want ETag %s", i, e, err, etag)
		}
	}
}

func listPages(t *testing.T, b bucket.Bucket) {
	const n = 1100 // more than S3 puts on a page
	var g sync.WaitGroup
	for w := range 8 {
		g.Go(func() {
			for i := w; i < n; i += 8 {
				if _, err := b.Put(t.Context(), fmt.Sprintf("many/%04d", i), nil, "application/json", bucket.Always); err != nil {
					t.Error(err)
				}
			}
		})
	}
	g.Wait()
	for _, max := range []int{0, 1050, n, n + 5} {
		e, err := b.List(t.Context(), "many/", "", max)
		want := n
		if max > 0 {
			want = min(n, max)
		}
		if err != nil || len(e) != want || e[want-1].Key != fmt.Sprintf("many/%04d", want-1) {
			t.Errorf("List of at most %d gave %d: %v", max, len(e), err)
		}
	}
}

func badKeys(t *testing.T, b bucket.Bucket) {
	for _, k := range []string{"", "a\x00b", "a\nb", "\xff", strings.Repeat("k", 1025)} {
		_, perr := b.Put(t.Context(), k, nil, "text/plain", bucket.Always)
		_, gerr := b.Get(t.Context(), k)
		if perr == nil || gerr == nil || errors.Is(gerr, bucket.ErrNotFound) || b.Delete(t.Context(), k, bucket.Always) == nil {
			t.Errorf("key %q: Put says %v, Get says %v; want errors of their own", k, perr, gerr)
		}
	}
}

func keysApart(t *testing.T, b bucket.Bucket, odd bool) {
	all := []string{"k/a.json", "k/A.json", "k/é", "k/e\u0301", "k/a b+c%20", "k/%61.json", "k/^a.json", "k/كوردستان", "k/ı", "k/😀",
		"k/con", "k/a:b", `k/a\b`, "k/a*?<>|\"'$;", "k/~", "k/-rf", "k/" + strings.Repeat("x", 200)}
	if odd {
		long := strings.Repeat("Long-", 120)
		all = append(all, "..", "../..", "../up", ".", "./here", "/abs", "k//x", "k/", "k/./x", "k/../x", ".lock/00", ".tmp/x", "k", "k/a", "k/a/b", "k/a.json/b",
			"k/%", "k/%%", "k/b.", "k/b..", "k/.b", "l/"+long, "l/"+long+"/x", "l/"+long+".x", "l/"+long[:200], "l/"+long[:201], "l/"+strings.Repeat("é.", 300))
	}
	for _, k := range all {
		if _, err := b.Put(t.Context(), k, []byte(k), "text/plain", bucket.Create); err != nil {
			t.Errorf("Put %q: %v", k, err)
		}
	}
	for _, k := range all {
		if o := get(t, b, k); string(o.Body) != k {
			t.Errorf("%q holds what was put to %q", k, o.Body)
		}
	}
	slices.Sort(all)
	if e, err := b.List(t.Context(), "", "", 0); err != nil || !slices.Equal(keys(e), all) {
		t.Errorf("List says %v\n%q\nwant\n%q", err, keys(e), all)
	}
	for i, k := range all {
		if e, err := b.List(t.Context(), "", k, 1); err != nil || i+1 < len(all) && (len(e) != 1 || e[0].Key != all[i+1]) {
			t.Errorf("after %q: %q, %v", k, keys(e), err)
		}
		if e, err := b.List(t.Context(), k, "", 1); err != nil || len(e) != 1 || e[0].Key != k {
			t.Errorf("with prefix %q: %q, %v", k, keys(e), err)
		}
	}
	for _, k := range all {
		if err := b.Delete(t.Context(), k, bucket.Always); err != nil {
			t.Errorf("Delete %q: %v", k, err)
		}
	}
	if e, err := b.List(t.Context(), "", "", 0); err != nil || len(e) != 0 {
		t.Errorf("left: %q, %v", keys(e), err)
	}
}

func createRace(t *testing.T, b bucket.Bucket) {
	for round := range 10 {
		key := fmt.Sprintf("ids/s/%d", round)
		var won [8]bool
		var g sync.WaitGroup
		for w := range won {
			g.Go(func() {
				_, err := b.Put(t.Context(), key, []byte(strconv.Itoa(w)), "application/json", bucket.Create)
				if won[w] = err == nil; !won[w] && !errors.Is(err, bucket.ErrChanged) {
					t.Error(err)
				}
			})
		}
		g.Wait()
		o := get(t, b, key)
		for w := range won {
			if won[w] != (string(o.Body) == strconv.Itoa(w)) {
				t.Fatalf("writer %d won: %v, but the object is %s's", w, won[w], o.Body)
			}
		}
	}
}

// Add counts the object at key up by one, n times, by compare-and-swap; what it writes is now longer, now shorter.
func Add(ctx context.Context, b bucket.Bucket, key string, n int) error {
	for done := 0; done < n; {
		o, err := b.Get(ctx, key)
		c, was := bucket.IfMatch(o.ETag), 0
		if errors.Is(err, bucket.ErrNotFound) {
			c = bucket.Create
		} else if err != nil {
			return err
		} else if was, err = strconv.Atoi(string(bytes.TrimRight(o.Body, " "))); err != nil {
			return err
		}
		body := strconv.Itoa(was+1) + strings.Repeat(" ", was%7)
		if _, err = b.Put(ctx, key, []byte(body), "text/plain", c); err == nil {
			done++
		} else if !errors.Is(err, bucket.ErrChanged) {
			return err
		}
	}
	return nil
}

func counters(t *testing.T, b bucket.Bucket) {
	const writers, each = 6, 15
	var g sync.WaitGroup
	for range writers {
		g.Go(func() {
			if err := Add(t.Context(), b, "counter", each); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if o := get(t, b, "counter"); strings.TrimRight(string(o.Body), " ") != strconv.Itoa(writers*each) {
		t.Errorf("%d writers adding %d each made %s", writers, each, o.Body)
	}
}

// wholes writes objects of one letter and of many lengths while others read.
func wholes(t *testing.T, b bucket.Bucket) {
	done := make(chan struct{})
	put(t, b, "whole", "a")
	var g sync.WaitGroup
	for range 3 {
		g.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				o, err := b.Get(t.Context(), "whole")
				if err != nil {
					t.Errorf("reading while others write: %v", err)
					return
				}
				if len(o.Body) == 0 || len(bytes.Trim(o.Body, string(o.Body[:1]))) != 0 || len(o.Body) != int(o.Body[0]-'a')*40_000+1 {
					t.Errorf("half an object: %d bytes, %q…", len(o.Body), o.Body[:min(9, len(o.Body))])
					return
				}
			}
		})
	}
	for i := range 60 {
		n := i % 20
		put(t, b, "whole", strings.Repeat(string(rune('a'+n)), n*40_000+1))
	}
	close(done)
	g.Wait()
}

// deleteAndCreate has some put into a folder while others empty it.
func deleteAndCreate(t *testing.T, b bucket.Bucket) {
	var g sync.WaitGroup
	for w := range 4 {
		g.Go(func() {
			key := fmt.Sprintf("due/2026-11-26/%d", w)
			for range 25 {
				if _, err := b.Put(t.Context(), key, []byte("x"), "application/json", bucket.Create); err != nil {
					t.Errorf("Put: %v", err)
				}
				if _, err := b.Get(t.Context(), key); err != nil {
					t.Errorf("Get: %v", err)
				}
				if err := b.Delete(t.Context(), key, bucket.Always); err != nil {
					t.Errorf("Delete: %v", err)
				}
			}
		})
	}
	g.Wait()
}

func clock(t *testing.T, b bucket.Bucket) {
	put(t, b, "a", "1")
	first := get(t, b, "a")
	if first.Now.IsZero() || first.Modified.IsZero() || first.Now.Before(first.Modified) || first.Now.Sub(first.Modified) > time.Minute {
		t.Errorf("just written: modified %v, now %v", first.Modified, first.Now)
	}
}

// InMemory is a new folder that lies in memory where there is such a place, for tests that need thousands of objects:
// durable writes of so many take minutes.
func InMemory(t testing.TB) string {
	t.Helper()
	folder, err := os.MkdirTemp("/dev/shm", "cutline")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}
