package channel

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/sim"
	"cutline/internal/story"
)

// onThread is a channel on its simulated network, with the first post of a thread out.
func onThread(t *testing.T, kind string) (*sim.Server, Channel, story.Remote) {
	t.Helper()
	var late atomic.Int64 // each question finds the network a minute on: what it works at is soon ready
	s := sim.New(func() time.Time { return noon.Add(time.Duration(late.Add(1)) * time.Minute) })
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.At(web.URL)
	ch, _ := opened(t, kind, web.URL+"/"+kind)
	first := remembering(keyA, "Water stands at the spillway. https://news.example/a?b=1&c=2")
	first.Draft.Card = ""
	o := published(ch, first)
	if o.End != Posted {
		t.Fatalf("the first post: %+v", o)
	}
	return s, ch, o.Remote
}

// published makes a post, though the network has to work at it first.
func published(ch Channel, c *Call) (o Outcome) {
	for range 5 {
		if o = ch.Publish(context.Background(), c); !o.Working {
			break
		}
	}
	return o
}

// followUp is the call for a thread's n-th post behind the first, which answers another.
func followUp(n int, text string, root, answers story.Remote) *Call {
	c := remembering(keyA, text)
	c.Draft = story.Draft{Text: text, Language: "en", Part: n}
	c.Root, c.ReplyTo = &root, &answers
	return c
}

func TestPostsOfAThread(t *testing.T) {
	const second, third = "The dam’s gates stay closed, “for now” & until Friday.", "Farmers have moved their pumps."
	for _, kind := range config.ThreadKinds {
		t.Run(kind, func(t *testing.T) {
			ctx := context.Background()
			s, ch, root := onThread(t, kind)
			if !ch.Capabilities().Reply {
				t.Fatal("it may have threads, and its posts cannot be answered")
			}
			c := followUp(1, second, root, root)
			if o := ch.Find(ctx, c); o.End != Absent {
				t.Errorf("before: %+v", o)
			}
			o := published(ch, c)
			if o.End != Posted {
				t.Fatalf("second: %+v", o)
			}
			if found := ch.Find(ctx, c); found.End != Posted || found.Remote.ID != o.Remote.ID {
				t.Errorf("find: %+v, want %+v", found, o.Remote)
			}
			next := followUp(2, third, root, o.Remote)
			if found := ch.Find(ctx, next); found.End != Absent {
				t.Errorf("the third is found, and was not posted: %+v", found)
			}
			last := published(ch, next)
			if last.End != Posted {
				t.Fatalf("third: %+v", last)
			}
			posts := s.Posts("")
			if len(posts) != 3 || posts[1].Text != second || posts[1].ReplyTo != posts[0].ID || posts[2].ReplyTo != posts[1].ID || posts[1].Link+posts[1].Picture != "" {
				t.Errorf("%+v", posts)
			}
			if ch.Capabilities().Once || kind == "mastodon" { // by the handle of its own
				if again := published(ch, c); again.End != Posted || len(s.Posts("")) != 3 {
					t.Errorf("again: %+v, %d posts", again, len(s.Posts("")))
				}
			}
			next.Remote = last.Remote
			if gone := ch.Retract(ctx, next); gone.End != Posted || s.Posts("")[2].Stands() {
				t.Errorf("retract: %+v", gone)
			}
		})
	}
}

// On Bluesky a reply names its thread's first post and the one before it.
func TestThreadOnBlueskyNamesRootAndParent(t *testing.T) {
	s, ch, root := onThread(t, "bluesky")
	before := story.Remote{ID: strings.Replace(root.ID, "/app.bsky.feed.post/", "/app.bsky.feed.post/3", 1), CID: "bafyparent"}
	b := ch.(*bluesky)
	record := b.record(followUp(2, "Farmers have moved their pumps.", root, before), nil)
	got, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(map[string]any{"$type": bskyPost, "createdAt": "2026-11-26T12:00:00.000Z", "langs": []string{"en"}, "text": "Farmers have moved their pumps.",
		"reply": map[string]any{"root": map[string]string{"uri": root.ID, "cid": root.CID}, "parent": map[string]string{"uri": before.ID, "cid": before.CID}}})
	if err != nil || string(got) != string(want) {
		t.Errorf("%v: have %s, want %s", err, got, want)
	}
	if len(s.Posts("")) != 1 {
		t.Error("making a record posted it")
	}
}

func TestThreadsArePreparedWithinEachNetworksCount(t *testing.T) {
	body := ""
	for _, s := range []string{
		"Engineers at the dam said on Tuesday that the reservoir holds 2.9 billion cubic metres of water, more than it has held since the winter of 2019.",
		"Farmers below the dam were told by @WaterBoard to move their animals and their pumps away from the river before the gates of the spillway are opened.",
		"The governor of the province promised that the villages along the river will be warned at least six hours before any water is let out of the dam.",
		"Rain in the mountains is forecast to go on until Friday, and the reservoir will then stand a metre below the crest of the dam.",
		"The dam was finished in 1961 and has overflowed twice in all the years since then, in the springs of 1988 and of 2019.",
		"A new spillway is planned for the left bank, and the ministry has set aside 40 million dollars for the first part of the works.",
	} {
		body += s + "\n\n"
	}
	a := article.Article{ID: "1", Language: "en", Headline: "Water stands at the spillway", Dek: "The reservoir has reached the lip of its spillway.", Body: body, URL: "https://news.example/1"}
	for _, kind := range config.ThreadKinds {
		for _, posts := range []int{0, 1, 2, 3, 6} {
			cfg := config.Channel{}
			ch, _ := opened(t, kind, "http://127.0.0.1:1", func(c *config.Channel) { c.Thread = posts; cfg = *c })
			p := Piece{Key: keyA, Site: config.Site{Name: "Example", Language: "en"}, Article: a}
			d := ch.Prepare(p)
			if len(d.More) > max(posts-1, 0) || posts == 3 && len(d.More) != 2 {
				t.Errorf("%s with %d: %d posts follow", kind, posts, len(d.More))
			}
			if found := CheckAll(d, a, cfg, p.Site); len(found)+len(d.Findings) > 0 {
				t.Errorf("%s with %d: %q %q", kind, posts, found, d.Findings)
			}
			for _, text := range d.More {
				if strings.Contains(text, a.URL) || signed[kind] && strings.Contains(text, "@W") {
					t.Errorf("%s: %q", kind, text)
				}
			}
			if kind == "x" && posts == 3 && d.Cost != xWithLink+2*xPlain {
				t.Errorf("three posts on X cost %v", d.Cost)
			}
			p.Corrects = true
			if d := ch.Prepare(p); len(d.More) > 0 {
				t.Errorf("%s: a correction goes on in a thread: %q", kind, d.More)
			}
		}
	}
}

func TestLinkFollowsInAReply(t *testing.T) {
	a := article.Article{ID: "1", Language: "en", Headline: "Water stands at the spillway", Dek: "The reservoir has reached the lip of its spillway.", URL: "https://news.example/1"}
	for kind, embed := range map[string]string{"x": "", "facebook": "image"} {
		ch, _ := opened(t, kind, "http://127.0.0.1:1", func(c *config.Channel) { c.LinkInReply, c.Embed = true, embed })
		p := Piece{Key: keyA, Site: config.Site{Name: "Example", Language: "en"}, Article: a}
		if d := ch.Prepare(p); len(d.More) != 1 || d.More[0] != a.URL || strings.Contains(d.Text, a.URL) || len(d.Findings) > 0 || !ch.Capabilities().Reply {
			t.Errorf("%s: %+v", kind, d)
		} else if want := xPlain + xWithLink; kind == "x" && d.Cost != want {
			t.Errorf("it costs %v, want %v", d.Cost, want)
		}
		p.Corrects = true
		if d := ch.Prepare(p); len(d.More) != 0 {
			t.Errorf("%s: a correction has %q", kind, d.More)
		}
	}
}
