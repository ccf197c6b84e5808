package story

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/bucket"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func testStore(t *testing.T) *Store {
	dir, err := bucket.OpenDir(t.TempDir(), func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return &Store{Bucket: dir, Now: func() time.Time { return noon }, Random: &locked{r: rand.New(rand.NewSource(1))}}
}

type locked struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (l *locked) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

func TestTwoFirstDeliveriesAtOnceMakeOneStory(t *testing.T) {
	s := testStore(t)
	keys := make(chan Key, 8)
	for range 8 {
		go func() {
			k, err := s.Key(context.Background(), "newsroom", "42")
			if err != nil {
				t.Error(err)
			}
			keys <- k
		}()
	}
	first := <-keys
	for range 7 {
		if k := <-keys; k != first {
			t.Errorf("have %s and %s for one article", first, k)
		}
	}
	if k, err := s.Find(context.Background(), "newsroom", "42"); k != first || err != nil {
		t.Errorf("found %q, %v", k, err)
	}
	if _, err := s.Find(context.Background(), "newsroom", "43"); !errors.Is(err, ErrNone) {
		t.Errorf("an article nobody sent: %v", err)
	}
}

func TestIDsFromOutsideNeverMeet(t *testing.T) {
	long := strings.Repeat("x", 300)
	seen := map[string]string{}
	for _, id := range []string{"a", "A", "../../etc/passwd", "a/b", "a%2Fb", "a b", "é", "e\u0301", "", ".", "..", long, long + "y", "sha256-00"} {
		k := idKey("newsroom", id)
		if other, twice := seen[k]; twice {
			t.Errorf("%q and %q are both kept at %s", id, other, k)
		}
		seen[k] = id
		if rest := strings.TrimPrefix(k, "ids/newsroom/"); strings.ContainsAny(rest, "/.\\") || len(rest) > 250 {
			t.Errorf("%q is kept at %s", id, k)
		}
	}
}

func TestSecondIDLeadsToTheFirstStory(t *testing.T) {
	s := testStore(t)
	for i, c := range []struct {
		id, of string
		same   bool // both led to one story, or lead to one now
	}{{"b", "a", true}, {"a", "a", true}, {"c", "b", true}, {"b", "z", true}, {"z", "z", true}, {"y", "x", true}, {"x", "a", false}, {"y", "c", false}} {
		k, other, err := s.Alias(context.Background(), "newsroom", c.id, c.of)
		if err != nil {
			t.Fatal(err)
		}
		is, err := s.Find(context.Background(), "newsroom", c.id)
		of, err2 := s.Find(context.Background(), "newsroom", c.of)
		if err != nil || err2 != nil || is != k || of != other || (k == other) != c.same {
			t.Errorf("%d: %s leads to %s (%v), %s to %s (%v); it was said %s and %s", i, c.id, is, err, c.of, of, err2, k, other)
		}
	}
}

func TestManyWritersLoseNoChange(t *testing.T) {
	s := testStore(t)
	k := Key("2026-11-26/abcdefghijklmnopqrstuvwxyz")
	var wg sync.WaitGroup
	for writer := range 8 {
		wg.Go(func() {
			for i := range 5 {
				if _, _, err := s.UpdateDecisions(context.Background(), k, func(d *Decisions) error {
					d.Log = append(d.Log, Decision{Act: Hold, By: fmt.Sprint(writer, i)})
					return nil
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if d, err := s.Decisions(context.Background(), k); err != nil || len(d.Log) != 40 {
		t.Errorf("have %d decisions of 40: %v", len(d.Log), err)
	}
}

func TestRevisionCountsChangesOnly(t *testing.T) {
	s := testStore(t)
	k := Key("2026-11-26/abcdefghijklmnopqrstuvwxyz")
	for i, headline := range []string{"one", "one", "two", "two", "two"} {
		st, changed, err := s.UpdateStory(context.Background(), k, func(st *Story) error { st.Article.Headline = headline; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if want := []int{1, 1, 2, 2, 2}[i]; st.Revision != want || changed != (i == 0 || i == 2) {
			t.Errorf("write %d: revision %d (changed %v), want %d", i, st.Revision, changed, want)
		}
	}
}

func TestFieldsOfANewerVersionSurviveARewrite(t *testing.T) {
	s := testStore(t)
	k := Key("2026-11-26/abcdefghijklmnopqrstuvwxyz")
	ctx := context.Background()
	newer := `{"schema": 7, "key": "2026-11-26/abcdefghijklmnopqrstuvwxyz", "revision": 3, "mood": "calm",
		"article": {"headline": "Water", "language": "en", "photo": {"caption": "A spillway", "lens": {"mm": 50}}, "kicker": "live"},
		"edits": {"credit": "AFP", "stickers": ["drop"]}}`
	if _, err := s.Bucket.Put(ctx, k.story(), []byte(newer), "application/json", bucket.Create); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.UpdateStory(ctx, k, func(st *Story) error {
		st.Article.Kicker = "" // emptied on purpose: must not come back
		st.Article.Headline = "Water & <light>"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	body, err := s.Read(ctx, k.story())
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"mood": "calm"`, `"mm": 50`, `"drop"`, `"schema": 7`, `"Water & <light>"`, `"revision": 4`} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("%s is not in\n%s", want, body)
		}
	}
	if bytes.Contains(body, []byte("kicker")) {
		t.Errorf("the emptied kicker came back:\n%s", body)
	}
}

// lostAnswers keeps every write and answers it with an error.
type lostAnswers struct{ bucket.Bucket }

func (b lostAnswers) Put(ctx context.Context, key string, body []byte, typ string, c bucket.Cond) (string, error) {
	if _, err := b.Bucket.Put(ctx, key, body, typ, c); err != nil {
		return "", err
	}
	return "", errors.New("timeout")
}

func TestWriteKeptButAnswerLostCounts(t *testing.T) {
	s := testStore(t)
	s.Bucket = lostAnswers{s.Bucket}
	k, err := s.Key(context.Background(), "newsroom", "42")
	if err != nil {
		t.Fatal(err)
	}
	if st, _, err := s.UpdateStory(context.Background(), k, func(st *Story) error { st.Article.Headline = "one"; return nil }); err != nil || st.Revision != 1 {
		t.Errorf("revision %d, %v", st.Revision, err)
	}
}

func TestBadDocumentIsNamedAndLeft(t *testing.T) {
	s := testStore(t)
	k := Key("2026-11-26/abcdefghijklmnopqrstuvwxyz")
	ctx := context.Background()
	if _, err := s.Bucket.Put(ctx, k.story(), []byte("{\"revision\": \"x\"}"), "application/json", bucket.Create); err != nil {
		t.Fatal(err)
	}
	_, _, err := s.UpdateStory(ctx, k, func(*Story) error { return nil })
	if bad, ok := errors.AsType[*BadDocument](err); !ok || bad.Key != "stories/"+string(k)+".json" {
		t.Errorf("have %v", err)
	}
	if _, bad, err := s.Day(ctx, "2026-11-26"); err != nil || len(bad) != 1 {
		t.Errorf("the day names %v, %v", bad, err)
	}
}

func TestDayFetchesOnlyWhatChanged(t *testing.T) {
	s := testStore(t)
	ctx := context.Background()
	for _, id := range []string{"1", "2", "3"} {
		k, err := s.Key(ctx, "newsroom", id)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.UpdateStory(ctx, k, func(st *Story) error { st.Article.ID = id; return nil }); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.UpdatePost(ctx, k, "feed", func(*Post) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	count := &counting{Bucket: s.Bucket}
	s.Bucket = count
	for _, want := range []int{6, 0} {
		count.gets = 0
		d, bad, err := s.Day(ctx, "2026-11-26")
		if err != nil || len(bad) > 0 || len(d) != 3 {
			t.Fatalf("%d stories, %v, %v", len(d), bad, err)
		}
		if _, there := d[0].Posts["feed"]; !there {
			t.Error("the post's record is missing")
		}
		if count.gets != want || count.lists != 4 {
			t.Errorf("%d GETs and %d LISTs, want %d and 4", count.gets, count.lists, want)
		}
		count.lists = 0
	}
	if late, _, err := s.Since(ctx, "2026-11-25"); err != nil || len(late) != 3 {
		t.Errorf("since the day before: %d stories, %v", len(late), err)
	}
	if none, _, err := s.Since(ctx, "2026-11-27"); err != nil || len(none) != 0 {
		t.Errorf("since the day after: %d stories, %v", len(none), err)
	}
	if days, err := s.Days(ctx, 10); err != nil || len(days) != 1 || days[0] != "2026-11-26" {
		t.Errorf("days: %v, %v", days, err)
	}
}

// TestDaysCostTheSameBesideManyOthers asks for the last days of a newsroom that is new, and of one that is years old.
func TestDaysCostTheSameBesideManyOthers(t *testing.T) {
	ctx := context.Background()
	var cost []int
	for _, old := range []int{10, 100, 1000} {
		s := testStore(t)
		count := &counting{Bucket: s.Bucket}
		s.Bucket = count
		put := func(day time.Time) string {
			k, err := NewKey(day, s.Random)
			if err == nil {
				_, err = count.Put(ctx, k.story(), []byte("{}"), "application/json", bucket.Create)
			}
			if err != nil {
				t.Fatal(err)
			}
			return k.Day()
		}
		now := s.Now()
		for i := range old {
			put(now.AddDate(0, 0, -200-i))
		}
		if _, err := count.Put(ctx, Stories+"!by hand", []byte("{}"), "application/json", bucket.Create); err != nil {
			t.Fatal(err)
		}
		want := []string{put(now), put(now.AddDate(0, 0, -3)), put(now.AddDate(0, 0, -60))}
		have, err := s.Days(ctx, 3)
		if err != nil || !slices.Equal(have, want) {
			t.Errorf("%v, %v; want %v", have, err, want)
		}
		cost = append(cost, count.lists)
	}
	if cost[1] != cost[0] || cost[2] != cost[0] {
		t.Errorf("%v LISTs beside 10, 100 and 1000 old days", cost)
	}
	if all, err := testStore(t).Days(ctx, 3); err != nil || len(all) != 0 {
		t.Errorf("an empty bucket has days %v: %v", all, err)
	}
}

type counting struct {
	bucket.Bucket
	mu          sync.Mutex
	gets, lists int
}

func (c *counting) Get(ctx context.Context, key string) (bucket.Object, error) {
	c.mu.Lock()
	c.gets++
	c.mu.Unlock()
	return c.Bucket.Get(ctx, key)
}

func (c *counting) List(ctx context.Context, prefix, after string, max int) ([]bucket.Entry, error) {
	c.mu.Lock()
	c.lists++
	c.mu.Unlock()
	return c.Bucket.List(ctx, prefix, after, max)
}

func TestKeysOfObjects(t *testing.T) {
	const k = "2026-11-26/abcdefghijklmnopqrstuvwxyz"
	for object, want := range map[string]string{
		"stories/" + k + ".json":        "stories/",
		"manifests/" + k + ".json":      "manifests/",
		"decisions/" + k + ".json":      "decisions/",
		"posts/" + k + "/feed.json":     "posts/",
		"cards/" + k + "/x-og.jpg":      "",
		"stories/2026-11-26/short.json": "",
		"stories/" + k + ".tmp":         "",
		"feeds/en.xml":                  "",
		"":                              "",
	} {
		if got, prefix, ok := KeyOf(object); ok != (want != "") || prefix != want || ok && got != k {
			t.Errorf("%s: %s %s %v", object, got, prefix, ok)
		}
	}
	due := Key(k).DueKey(noon.Add(time.Millisecond))
	if at, key, err := ParseDue(due); err != nil || key != k || !at.Equal(noon.Add(time.Second)) {
		t.Errorf("%s: %v %v %v", due, at, key, err)
	}
}

func FuzzUnknownFieldsAreKept(f *testing.F) {
	f.Add(`{"a":{"b":[1,{"c":null}]}}`)
	f.Add(`{"headline":"x","photo":{"credit":7}}`)
	f.Fuzz(func(t *testing.T, extra string) {
		var x any
		if json.Unmarshal([]byte(extra), &x) != nil {
			t.Skip()
		}
		old := []byte(`{"schema":1,"unheard":` + extra + `}`)
		out, err := encode(Story{Schema: 1}, old)
		if err != nil {
			t.Fatal(err)
		}
		var was, now map[string]any
		if json.Unmarshal(old, &was) != nil || json.Unmarshal(out, &now) != nil {
			t.Fatalf("no JSON: %s", out)
		}
		a, errA := json.Marshal(was["unheard"])
		b, errB := json.Marshal(now["unheard"])
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Fatalf("%s became %s", a, b)
		}
	})
}
