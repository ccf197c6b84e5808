package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
)

const recordsKey = Key("2026-11-26/abcdefghijklmnopqrstuvwxyz")

// begun is a store with a story, and a dossier of it as somebody who begins has it.
func begun(t *testing.T) (*Store, *Dossier) {
	t.Helper()
	dir, err := bucket.OpenDir(buckettest.InMemory(t), func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{Bucket: dir, Now: func() time.Time { return noon }}
	if _, _, err := s.UpdateStory(t.Context(), recordsKey, func(d *Story) error { d.Site = "en"; return nil }); err != nil {
		t.Fatal(err)
	}
	return s, known(t, s)
}

func known(t *testing.T, s *Store) *Dossier {
	t.Helper()
	d, err := s.Load(t.Context(), recordsKey)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

func proposal(channel, text string) Post {
	return Post{Key: recordsKey, Channel: channel, Kind: "log", Proposed: &Draft{Text: text}}
}

// below lists the names of a story's objects under posts/.
func below(t *testing.T, s *Store) (names []string) {
	t.Helper()
	entries, err := s.Bucket.List(t.Context(), recordsKey.posts(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, strings.TrimPrefix(e.Key, recordsKey.posts()))
	}
	return names
}

func text(d *Dossier, channel string) string {
	if p := d.Posts[channel].Doc.Proposed; p != nil {
		return p.Text
	}
	return ""
}

func TestRecordsThatBeginTogetherAreOneObject(t *testing.T) {
	ctx := t.Context()
	s, d := begun(t)
	written, err := s.SwapPosts(ctx, d, proposal("bsky", "one"), proposal("masto", "two"))
	if err != nil || !slices.Equal(written, []string{"bsky", "masto"}) || !slices.Equal(below(t, s), []string{"_first.json"}) {
		t.Fatal(written, err, below(t, s))
	}
	var doc struct {
		Schema  int
		Key     Key
		Records map[string]Post
	}
	if err := json.Unmarshal(mustRead(t, s.Bucket, recordsKey.first()), &doc); err != nil || doc.Schema != Schema || doc.Key != recordsKey || doc.Records["masto"].Proposed.Text != "two" {
		t.Errorf("%v: %+v", err, doc)
	}
	first := string(mustRead(t, s.Bucket, recordsKey.first()))
	for _, d := range []*Dossier{d, known(t, s)} { // who wrote it, and who reads it
		if text(d, "bsky") != "one" || text(d, "masto") != "two" || !d.Posts["bsky"].Exists() || d.Ages["masto"] < 0 {
			t.Errorf("%+v", d.Posts)
		}
	}
	if k, prefix, ok := KeyOf(recordsKey.first()); k != recordsKey || prefix != Posts || !ok {
		t.Error("a change of it is no change of the story")
	}

	// What becomes of one is an object of its own, and leaves the other where it is.
	same, err := s.AmendPost(ctx, d.Posts["masto"], func(*Post) error { return nil })
	if err != nil || !same.Exists() || len(below(t, s)) != 1 {
		t.Errorf("%v: a change that changes nothing wrote %v", err, below(t, s))
	}
	if _, err := s.AmendPost(ctx, known(t, s).Posts["masto"], func(p *Post) error { p.Claim = &Claim{Token: "x"}; return nil }); err != nil {
		t.Fatal(err)
	}
	if d := known(t, s); text(d, "bsky") != "one" || d.Posts["masto"].Doc.Claim == nil || !slices.Equal(below(t, s), []string{"_first.json", "masto.json"}) {
		t.Errorf("%v: %+v", below(t, s), d.Posts)
	}
	// And so is one that begins later.
	d = known(t, s)
	if written, err = s.SwapPosts(ctx, d, proposal("9am", "three")); err != nil || len(written) != 1 || !slices.Equal(below(t, s), []string{"9am.json", "_first.json", "masto.json"}) {
		t.Error(written, err, below(t, s))
	}
	days, bad, err := s.Day(ctx, recordsKey.Day())
	if err != nil || len(bad) > 0 || len(days) != 1 || len(days[0].Posts) != 3 || text(&days[0], "bsky") != "one" || text(&days[0], "9am") != "three" || days[0].Posts["masto"].Doc.Claim == nil {
		t.Errorf("%v %v: the day has %+v", err, bad, days)
	}
	if now := string(mustRead(t, s.Bucket, recordsKey.first())); now != first {
		t.Errorf("the first records were changed to %s", now)
	}
}

// Whoever acts on what is not so any more loses, and does so for all that would have begun with it.
func TestOfThoseWhoBeginARecordOneWins(t *testing.T) {
	ctx := t.Context()
	s, a := begun(t)
	b, c := known(t, s), known(t, s)
	if _, err := s.SwapPosts(ctx, a, proposal("bsky", "a"), proposal("masto", "a")); err != nil {
		t.Fatal(err)
	}
	if written, err := s.SwapPosts(ctx, b, proposal("masto", "b"), proposal("tg", "b")); !errors.Is(err, bucket.ErrChanged) || len(written) > 0 || len(below(t, s)) != 1 {
		t.Errorf("%v: who was too late wrote %v", err, written)
	}
	if err := s.Records(ctx, b); err != nil || text(b, "masto") != "a" || text(b, "tg") != "" {
		t.Errorf("%v: %+v", err, b.Posts)
	}
	d := known(t, s)
	if written, err := s.SwapPosts(ctx, b, proposal("masto", "b"), proposal("tg", "b")); err != nil || len(written) != 2 {
		t.Errorf("%v: who knows what there is wrote %v", err, written)
	}
	if written, err := s.SwapPosts(ctx, d, proposal("masto", "d"), proposal("tg", "d"), proposal("bsky", "d")); !errors.Is(err, bucket.ErrChanged) || !slices.Equal(written, []string{"bsky"}) {
		t.Errorf("%v: wrote %v over what has changed", err, written)
	}
	if written, err := s.SwapPosts(ctx, c, proposal("later", "c")); !errors.Is(err, bucket.ErrChanged) || len(written) > 0 {
		t.Errorf("%v: who knows of no first records wrote %v", err, written)
	}
	if _, err := s.AmendPost(ctx, Versioned[Post]{Doc: proposal("later", "c")}, func(*Post) error { return nil }); err == nil {
		t.Error("a record that was never read was changed")
	}
}

// A record from before there were first ones is an object of its own, and what begins beside it is not.
func TestRecordsOfAnOlderVersion(t *testing.T) {
	ctx := t.Context()
	s, _ := begun(t)
	if _, err := s.Bucket.Put(ctx, recordsKey.post("bsky"), []byte(`{"schema":1,"key":"`+string(recordsKey)+`","channel":"bsky","proposed":{"text":"old"}}`), "application/json", bucket.Create); err != nil {
		t.Fatal(err)
	}
	d := known(t, s)
	if _, err := s.SwapPosts(ctx, d, proposal("bsky", "new"), proposal("later", "new")); err != nil || !slices.Equal(below(t, s), []string{"_first.json", "bsky.json"}) {
		t.Fatal(err, below(t, s))
	}
	if d = known(t, s); text(d, "bsky") != "new" || text(d, "later") != "new" {
		t.Errorf("%+v", d.Posts)
	}
}

// A newer version's first records may say the same of a channel that has its own object, and more than we know.
func TestFirstRecordsOfANewerVersion(t *testing.T) {
	ctx := t.Context()
	s, _ := begun(t)
	for name, body := range map[string]string{
		recordsKey.first(): `{"schema":2,"key":"` + string(recordsKey) + `","why":"new","records":{
			"bsky":{"schema":2,"key":"` + string(recordsKey) + `","channel":"bsky","proposed":{"text":"first","mood":"calm"},"future":[1]},
			"tg":{"schema":2,"key":"` + string(recordsKey) + `","channel":"tg","proposed":{"text":"first"}}}}`,
		recordsKey.post("tg"): `{"schema":1,"key":"` + string(recordsKey) + `","channel":"tg","proposed":{"text":"own"}}`,
	} {
		if _, err := s.Bucket.Put(ctx, name, []byte(body), "application/json", bucket.Create); err != nil {
			t.Fatal(err)
		}
	}
	if text(known(t, s), "tg") != "own" {
		t.Error("the first record counts though the channel has its own")
	}
	if _, err := s.AmendPost(ctx, known(t, s).Posts["bsky"], func(p *Post) error { p.Gone = true; return nil }); err != nil {
		t.Fatal(err)
	}
	body := string(mustRead(t, s.Bucket, recordsKey.post("bsky")))
	for _, want := range []string{`"schema": 2`, `"mood": "calm"`, `"future": [`, `"gone": true`, `"text": "first"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
	// One that is spoiled is not made up for by what it was at first.
	if _, err := s.Bucket.Put(ctx, recordsKey.post("tg"), []byte("{"), "application/json", bucket.Always); err != nil {
		t.Fatal(err)
	}
	days, bad, err := s.Day(ctx, recordsKey.Day())
	if _, there := days[0].Posts["tg"]; err != nil || len(bad) != 1 || there {
		t.Errorf("%v: %v, %+v", err, bad, days)
	}
	if _, err := s.Load(ctx, recordsKey); err == nil {
		t.Error("a record that cannot be read is passed over")
	}
}

func TestFirstRecordsWhoseAnswerIsLostAreWritten(t *testing.T) {
	s, d := begun(t)
	s.Bucket = lostAnswers{s.Bucket}
	if written, err := s.SwapPosts(t.Context(), d, proposal("bsky", "one"), proposal("masto", "two")); err != nil || len(written) != 2 {
		t.Fatal(written, err)
	}
	if written, err := s.SwapPosts(t.Context(), d, proposal("bsky", "more")); err != nil || len(written) != 1 {
		t.Fatal(written, err)
	}
}

// TestRecordsAreChangedByWhoKnowsThem lets several who know more or less of a story write at random. Whoever writes has seen the
// record as it was; who has just looked writes.
func TestRecordsAreChangedByWhoKnowsThem(t *testing.T) {
	channels := []string{"0", "bsky", "masto", "tg"}
	for seed := range int64(100) {
		r := rand.New(rand.NewSource(seed))
		s, _ := begun(t)
		stands := map[string]int{} // how often each record was written, which it says itself
		if seed%3 == 0 {           // one of an older version
			if _, err := s.Bucket.Put(t.Context(), recordsKey.post("masto"), []byte(`{"key":"`+string(recordsKey)+`","channel":"masto","tries":1}`), "application/json", bucket.Create); err != nil {
				t.Fatal(err)
			}
			stands["masto"] = 1
		}
		know := []*Dossier{known(t, s), known(t, s), known(t, s)}
		for step := range 40 {
			i := r.Intn(len(know))
			d, fresh := know[i], false
			if r.Intn(3) == 0 {
				d, fresh = known(t, s), true
				know[i] = d
			}
			var now []Post
			was := map[string]int{}
			for _, c := range channels {
				if r.Intn(2) == 0 {
					p := d.Posts[c].Doc
					was[c] = p.Tries
					p.Key, p.Channel, p.Tries, p.Account = recordsKey, c, p.Tries+1, fmt.Sprint(step) // no two write the same
					now = append(now, p)
				}
			}
			written, err := s.SwapPosts(t.Context(), d, now...)
			if err != nil && !errors.Is(err, bucket.ErrChanged) || fresh && len(written) < len(now) || (err == nil) != (len(written) == len(now)) {
				t.Fatalf("seed %d: %v, wrote %v of %v", seed, err, written, was)
			}
			for _, c := range written {
				if stands[c] != was[c] {
					t.Fatalf("seed %d: %s was %d when it was written over %d", seed, c, stands[c], was[c])
				}
				stands[c]++
			}
		}
		for c, p := range known(t, s).Posts {
			if p.Doc.Tries != stands[c] {
				t.Fatalf("seed %d: %s is %d, want %d", seed, c, p.Doc.Tries, stands[c])
			}
		}
		days, _, err := s.Day(context.Background(), recordsKey.Day())
		if have, want := fmt.Sprint(tries(&days[0])), fmt.Sprint(tries(known(t, s))); err != nil || have != want {
			t.Fatalf("seed %d: the day has %s, the story %s", seed, have, want)
		}
	}
}

func tries(d *Dossier) map[string]int {
	out := map[string]int{}
	for c, p := range d.Posts {
		out[c] = p.Doc.Tries
	}
	return out
}
