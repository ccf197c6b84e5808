package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/story"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

const (
	keyA = story.Key("2026-11-26/aaaaaaaaaaaaaaaaaaaaaaaaaa")
	keyB = story.Key("2026-11-26/bbbbbbbbbbbbbbbbbbbbbbbbbb")
)

// made makes a channel of a kind that keeps its posts in the bucket, on a folder.
func made(t *testing.T, kind string, change ...func(*config.Channel)) (Channel, *story.Store) {
	now := func() time.Time { return noon }
	dir, err := bucket.OpenDir(t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	st := &story.Store{Bucket: dir, Now: now, Random: rand.New(rand.NewSource(1))}
	c := config.Channel{Kind: kind, Site: "ckb", Items: 500}
	for _, f := range change {
		f(&c)
	}
	site := config.Site{Name: "نموونە نیوز", Language: "ckb", URL: "https://news.example/ckb"}
	ch, err := New("files", c, site, Parts{Store: st, Client: http.DefaultClient, Now: now, Public: "https://cards.news.example", Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return ch, st
}

func call(k story.Key, text string) *Call {
	return &Call{
		Key: k, Channel: "files", First: noon,
		Draft: story.Draft{Text: text, Title: "Headline & <more>", Link: "https://news.example/a?b=1&c=2", Language: "ckb", Alt: "a \"quoted\" alt", Card: "cards/x-og.jpg", Type: "image/jpeg", Width: 1200, Height: 630},
		Card:  func(context.Context) ([]byte, error) { return []byte("jpeg"), nil },
		Step:  func(context.Context, string, string) error { return nil },
		Keep:  func(string, string) {},
		GoOn:  func(context.Context) error { return nil },
	}
}

// TestKindsThatKeepFiles is the contract of Channel for the kinds that can be asked and can do everything.
func TestKindsThatKeepFiles(t *testing.T) {
	for _, kind := range []string{"feed", "log"} {
		t.Run(kind, func(t *testing.T) {
			ctx := context.Background()
			ch, _ := made(t, kind)
			c := call(keyA, "Water stands at the spillway.")
			if o := ch.Find(ctx, c); o.End != Absent {
				t.Fatalf("before: %+v", o)
			}
			first := ch.Publish(ctx, c)
			if first.End != Posted || first.Remote.ID == "" {
				t.Fatalf("publish: %+v", first)
			}
			if again := ch.Publish(ctx, c); again.End != Posted || again.Remote != first.Remote {
				t.Errorf("the same again: %+v", again)
			}
			if o := ch.Find(ctx, c); o.End != Posted || o.Remote.ID != first.Remote.ID {
				t.Errorf("find: %+v", o)
			}
			if o := ch.Find(ctx, call(keyB, "")); o.End != Absent {
				t.Errorf("another story: %+v", o)
			}
			c.Remote = first.Remote
			c.Draft.Text = "Water runs over the spillway."
			for range 2 {
				if o := ch.Edit(ctx, c); o.End != Posted {
					t.Errorf("edit: %+v", o)
				}
			}
			for range 2 {
				if o := ch.Retract(ctx, c); o.End != Posted {
					t.Errorf("retract: %+v", o)
				}
			}
		})
	}
}

func TestLogHasALineForEachActAndNoneTwice(t *testing.T) {
	ctx := context.Background()
	ch, st := made(t, "log")
	var wg sync.WaitGroup
	for _, k := range []story.Key{keyA, keyB} {
		for range 4 {
			wg.Go(func() {
				if o := ch.Publish(ctx, call(k, "text")); o.End != Posted {
					t.Errorf("%+v", o)
				}
			})
		}
	}
	wg.Wait()
	c := call(keyA, "other text")
	c.Remote.ID = string(keyA)
	ch.Edit(ctx, c)
	ch.Retract(ctx, c)
	body, err := st.Read(ctx, "logs/files.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range bytes.Lines(body) {
		var x struct{ What, Story string }
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		if x.Story == string(keyA) {
			got = append(got, x.What)
		}
	}
	if s := strings.Join(got, " "); s != "post edit retract" {
		t.Errorf("the log says %q of one story:\n%s", s, body)
	}
}

func TestLogKeepsItsLastLines(t *testing.T) {
	ctx := context.Background()
	ch, st := made(t, "log")
	var full bytes.Buffer
	for i := range logLines {
		b, err := json.Marshal(logLine{What: "post", ID: fmt.Sprint("other-", i), At: noon.Add(time.Duration(i) * time.Second)})
		if err != nil {
			t.Fatal(err)
		}
		full.Write(append(b, '\n'))
	}
	if err := st.Swap(ctx, "logs/files.jsonl", "application/jsonl", func([]byte) ([]byte, error) { return full.Bytes(), nil }); err != nil {
		t.Fatal(err)
	}
	c := call(keyA, "text")
	if c.First = noon.Add(-time.Hour); ch.Find(ctx, c).End != Unknown {
		t.Error("what was claimed before the first line is said to be absent")
	}
	if c.First = noon.Add(time.Hour); ch.Find(ctx, c).End != Absent {
		t.Error("what was claimed after the first line is not said to be absent")
	}
	if o := ch.Publish(ctx, c); o.End != Posted {
		t.Fatalf("%+v", o)
	}
	body, err := st.Read(ctx, "logs/files.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(body, []byte("\n")); n != logLines || bytes.Contains(body, []byte(`"other-0"`)) || !bytes.Contains(body, []byte(`"other-1"`)) || !bytes.Contains(body, []byte(keyA)) {
		t.Errorf("%d lines, want the last %d:\n%.300s", n, logLines, body)
	}
	if ch.Find(ctx, c).End != Posted {
		t.Error("the post is not found")
	}
}

func TestFeedsAreValid(t *testing.T) {
	ctx := context.Background()
	ch, st := made(t, "feed")
	for k, text := range map[story.Key]string{keyA: "هەولێر – یەک", keyB: "Tab\tand <b>no markup</b> & control \u0001"} {
		if o := ch.Publish(ctx, call(k, text)); o.End != Posted {
			t.Fatalf("%+v", o)
		}
	}
	c := call(keyA, "corrected")
	if o := ch.Edit(ctx, c); o.End != Posted {
		t.Fatalf("%+v", o)
	}

	body, err := st.Read(ctx, "feeds/ckb.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.Open("testdata/jsonfeed-1.1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	defer schema.Close()
	rules, err := jsonschema.UnmarshalJSON(schema)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("feed.json", rules); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("feed.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(doc); err != nil {
		t.Errorf("JSON Feed 1.1: %v\n%s", err, body)
	}

	rss, err := st.Read(ctx, "feeds/ckb.xml")
	if err != nil {
		t.Fatal(err)
	}
	var feed struct {
		Version string `xml:"version,attr"`
		Channel struct {
			Title       string   `xml:"title"`
			Link        []string `xml:"link"`
			Description string   `xml:"description"`
			Language    string   `xml:"language"`
			Items       []struct {
				GUID struct {
					PermaLink string `xml:"isPermaLink,attr"`
					Value     string `xml:",chardata"`
				} `xml:"guid"`
				Title     string `xml:"title"`
				Text      string `xml:"description"`
				PubDate   string `xml:"pubDate"`
				Enclosure struct {
					URL    string `xml:"url,attr"`
					Length string `xml:"length,attr"`
					Type   string `xml:"type,attr"`
				} `xml:"enclosure"`
				Media struct {
					URL    string `xml:"url,attr"`
					Medium string `xml:"medium,attr"`
					Alt    string `xml:"http://search.yahoo.com/mrss/ description"`
				} `xml:"http://search.yahoo.com/mrss/ content"`
			} `xml:"item"`
		} `xml:"channel"`
	}
	d := xml.NewDecoder(bytes.NewReader(rss))
	if err := d.Decode(&feed); err != nil {
		t.Fatalf("RSS: %v\n%s", err, rss)
	}
	if feed.Version != "2.0" || feed.Channel.Title == "" || len(feed.Channel.Link) == 0 || feed.Channel.Link[0] == "" || feed.Channel.Description == "" || feed.Channel.Language != "ckb" || len(feed.Channel.Items) != 2 {
		t.Errorf("RSS: %+v", feed)
	}
	for _, x := range feed.Channel.Items {
		if _, err := time.Parse(time.RFC1123Z, x.PubDate); err != nil {
			t.Error(err)
		}
		if x.GUID.PermaLink != "false" || x.Title != "Headline & <more>" || x.Enclosure.URL != "https://cards.news.example/cards/x-og.jpg" || x.Enclosure.Length != "4" ||
			x.Enclosure.Type != "image/jpeg" || x.Media.Medium != "image" || x.Media.Alt != "a \"quoted\" alt" {
			t.Errorf("item: %+v", x)
		}
		if x.GUID.Value == string(keyA) && x.Text != "corrected" {
			t.Errorf("the correction did not come: %q", x.Text)
		}
	}
	if got := atomFeeds(t, st, "feeds/ckb.atom"); len(got) != 2 || got["tag:news.example,"+keyA.Day()+":"+keyA.ID()] != "corrected" {
		t.Errorf("Atom: %v", got)
	}
}

// atomFeeds checks what RFC 4287 wants of a feed and of its entries, and returns the entries' contents by id.
func atomFeeds(t *testing.T, st *story.Store, name string) (contents map[string]string) {
	t.Helper()
	body, err := st.Read(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	type link struct {
		Rel    string `xml:"rel,attr"`
		Href   string `xml:"href,attr"`
		Type   string `xml:"type,attr"`
		Length int    `xml:"length,attr"`
	}
	var feed struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		Lang    string   `xml:"http://www.w3.org/XML/1998/namespace lang,attr"`
		ID      string   `xml:"id"`
		Title   string   `xml:"title"`
		Updated string   `xml:"updated"`
		Author  string   `xml:"author>name"`
		Links   []link   `xml:"link"`
		Entries []struct {
			ID        string `xml:"id"`
			Title     string `xml:"title"`
			Published string `xml:"published"`
			Updated   string `xml:"updated"`
			Content   string `xml:"content"`
			Links     []link `xml:"link"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(body, &feed); err != nil {
		t.Fatalf("Atom: %v\n%s", err, body)
	}
	newest, err := time.Parse(time.RFC3339, feed.Updated)
	self := slices.ContainsFunc(feed.Links, func(l link) bool { return l.Rel == "self" && strings.HasSuffix(l.Href, "/"+name) })
	if err != nil || feed.Lang != "ckb" || feed.Title == "" || feed.Author == "" || !strings.HasPrefix(feed.ID, "tag:") || !self {
		t.Errorf("%v\n%s", err, body)
	}
	contents = map[string]string{}
	for _, e := range feed.Entries {
		updated, err1 := time.Parse(time.RFC3339, e.Updated)
		_, err2 := time.Parse(time.RFC3339, e.Published)
		if err1 != nil || err2 != nil || updated.After(newest) || e.Title != "Headline & <more>" || len(e.Links) != 2 || e.Links[0].Rel != "alternate" || e.Links[1] != (link{"enclosure", "https://cards.news.example/cards/x-og.jpg", "image/jpeg", 4}) {
			t.Errorf("%v %v: %+v", err1, err2, e)
		}
		contents[e.ID] = e.Content
	}
	if len(contents) != len(feed.Entries) {
		t.Errorf("two entries have one id:\n%s", body)
	}
	return contents
}

func TestFeedThatAKilledWorkerLeftHalfIsMadeWhole(t *testing.T) {
	ctx := context.Background()
	for _, lost := range []string{"feeds/ckb.xml", "feeds/ckb.atom"} { // killed after the file before
		ch, st := made(t, "feed")
		c := call(keyA, "text")
		ch.Publish(ctx, c)
		if err := st.Bucket.Delete(ctx, lost, bucket.Always); err != nil {
			t.Fatal(err)
		}
		if o := ch.Find(ctx, c); o.End != Absent {
			t.Fatalf("half a post counts as %+v", o)
		}
		ch.Publish(ctx, c)
		if o := ch.Find(ctx, c); o.End != Posted {
			t.Errorf("%+v", o)
		}
		madeWhole(t, st)
	}
}

// overtaken is a bucket in which something happens just before one object is written.
type overtaken struct {
	bucket.Bucket
	key    string
	happen func() // once
	dead   bool   // and after that object nothing is written any more
	over   bool
}

func (o *overtaken) Put(ctx context.Context, key string, body []byte, typ string, c bucket.Cond) (string, error) {
	if o.over && o.dead {
		return "", errors.New("this process was killed")
	}
	if key == o.key && !o.over {
		o.over = true
		o.happen()
	}
	return o.Bucket.Put(ctx, key, body, typ, c)
}

// Of two that change the feed at once, one overtakes the other between any two of its files: they agree when both are done, or when
// the one that was killed is looked after.
func TestFeedThatTwoChangeAtOnceAgrees(t *testing.T) {
	ctx := context.Background()
	for _, key := range []string{"feeds/ckb.json", "feeds/ckb.xml", "feeds/ckb.atom"} {
		for _, dead := range []bool{false, true} {
			ch, st := made(t, "feed")
			f := ch.(*feed)
			faster := *f
			faster.p.Store = &story.Store{Bucket: st.Bucket, Now: st.Now}
			mine, theirs := call(keyA, "mine"), call(keyB, "theirs")
			o := &overtaken{Bucket: st.Bucket, key: key, dead: dead, happen: func() {
				if x := faster.Publish(ctx, theirs); x.End != Posted {
					t.Error(x)
				}
			}}
			st.Bucket = o
			if x := ch.Publish(ctx, mine); x.End != Posted && !dead {
				t.Errorf("%s: %+v", key, x)
			}
			if dead {
				o.dead = false
				if x := ch.Find(ctx, mine); x.End != Posted { // as post does after a lease
					ch.Publish(ctx, mine)
				}
			}
			for _, c := range []*Call{mine, theirs} {
				if x := ch.Find(ctx, c); x.End != Posted {
					t.Errorf("%s, killed %v: %s is %+v", key, dead, c.Draft.Text, x)
				}
			}
		}
	}
}

// unread is a bucket of which one object cannot be read just now.
type unread struct {
	bucket.Bucket
	key string
}

func (u unread) Get(ctx context.Context, key string) (bucket.Object, error) {
	if key == u.key {
		return bucket.Object{}, errors.New("503 SlowDown")
	}
	return u.Bucket.Get(ctx, key)
}

// TestFeedThatCannotBeReadIsAskedAgain: a bucket that is busy says nothing about the post, and nobody is to be troubled for it.
func TestFeedThatCannotBeReadIsAskedAgain(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"feeds/ckb.json", "feeds/ckb.xml", "feeds/ckb.atom"} {
		ch, st := made(t, "feed")
		c := call(keyA, "text")
		ch.Publish(ctx, c)
		whole := st.Bucket
		st.Bucket = unread{whole, name}
		if o := ch.Find(ctx, c); o.End != Later {
			t.Errorf("%s cannot be read: %+v", name, o)
		}
		st.Bucket = whole
		if o := ch.Find(ctx, c); o.End != Posted {
			t.Errorf("%s can be read again: %+v", name, o)
		}
	}
	ch, st := made(t, "feed")
	if _, err := st.Bucket.Put(ctx, "feeds/ckb.json", []byte("<rss/>"), "text/plain", bucket.Always); err != nil {
		t.Fatal(err)
	}
	if o := ch.Find(ctx, call(keyA, "text")); o.End != Unknown {
		t.Errorf("a file that is not ours: %+v", o)
	}
}

func madeWhole(t *testing.T, st *story.Store) {
	t.Helper()
	ctx := context.Background()
	body, err := st.Read(ctx, "feeds/ckb.json")
	if err != nil || bytes.Count(body, []byte(`"id": "`+string(keyA))) != 1 {
		t.Errorf("%v\n%s", err, body)
	}
}

func TestHubIsToldOfEachChange(t *testing.T) {
	var told []string
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		told = append(told, r.Form.Get("hub.mode")+" "+strings.Join(r.Form["hub.url"], " "))
	}))
	defer hub.Close()
	ch, _ := made(t, "feed", func(c *config.Channel) { c.Hub = hub.URL })
	ch.Publish(context.Background(), call(keyA, "text"))
	if s := strings.Join(told, "\n"); s != "publish https://cards.news.example/feeds/ckb.json https://cards.news.example/feeds/ckb.xml https://cards.news.example/feeds/ckb.atom" {
		t.Errorf("the hub heard %q", s)
	}
	hub.Close()
	if o := ch.Publish(context.Background(), call(keyB, "text")); o.End != Posted {
		t.Errorf("a hub that is down: %+v", o)
	}
}

func TestPrepareIsPureAndPutsTheLinkTogether(t *testing.T) {
	ch, _ := made(t, "log")
	p := Piece{Key: keyA, Revision: 3, Site: config.Site{UTM: "utm_source={channel}", Hashtags: map[string]string{"dam": "Reservoir"}},
		Article:  article.Article{Headline: "H", Dek: "The reservoir is full.", URL: "https://news.example/a?id=1#top", Tags: []string{"dam", "x"}, Language: "en"},
		Manifest: story.Manifest{Alt: "alt", Cards: map[string]story.Card{"og": {Key: "cards/k", Type: "image/jpeg", Width: 1200, Height: 630}}}}
	a, b := ch.Prepare(p), ch.Prepare(p)
	if a.Hash() != b.Hash() || a.Link != "https://news.example/a?id=1&utm_source=files#top" || a.Card != "cards/k" || strings.Join(a.Tags, " ") != "Reservoir" || a.Revision != 3 {
		t.Errorf("%+v", a)
	}
}
