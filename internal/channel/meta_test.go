package channel

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

func image(c *config.Channel) { c.Embed = "image" }

func TestFacebookRequests(t *testing.T) {
	ctx := context.Background()
	d := converse(t, "facebook")
	ch, _ := opened(t, "facebook", d.URL)
	d.begin("publish a link", [2]string{"POST /v26.0/102030405060/feed", "feed: posted"}, [2]string{"POST /v26.0/102030405060/photos", "photo: posted"},
		[2]string{"POST /v26.0/102030405060_708090100110", "edit: done"}, [2]string{"POST /v26.0/", "rescrape: done"}, [2]string{"DELETE /v26.0/102030405060_708090100110", "delete: done"},
		[2]string{"GET /v26.0/102030405060/feed", "find: feed"})
	c := posting(false)
	o := ch.Publish(ctx, c)
	want := story.Remote{ID: "102030405060_708090100110", URL: "https://www.facebook.com/102030405060_708090100110"}
	if o.End != Posted || o.Remote != want {
		t.Errorf("publish: %+v", o)
	}
	d.begin("publish a photo")
	photos, _ := opened(t, "facebook", d.URL, image)
	if o := photos.Publish(ctx, posting(true)); o.End != Posted || o.Remote != want {
		t.Errorf("publish a photo: %+v", o)
	}
	d.begin("find")
	if f := ch.Find(ctx, c); f.End != Posted || f.Remote.ID != want.ID || f.Remote.URL != "https://www.facebook.com/102030405060/posts/708090100110" {
		t.Errorf("find: %+v", f)
	}
	d.begin("edit")
	c.Remote = want
	if o := ch.Edit(ctx, c); o.End != Posted {
		t.Errorf("edit: %+v", o)
	}
	d.begin("retract")
	if o := ch.Retract(ctx, c); o.End != Posted {
		t.Errorf("retract: %+v", o)
	}
	d.begin("retract what is gone", [2]string{"DELETE /v26.0/102030405060_708090100110", "delete or edit: gone"}, [2]string{"GET /v26.0/102030405060_708090100110", "delete or edit: gone"}, [2]string{"GET /v26.0/me", "me"})
	d.extra["me"] = map[string]string{"id": "102030405060"}
	if o := ch.Retract(ctx, c); o.End != Posted {
		t.Errorf("retract what is gone: %+v", o)
	}
	d.begin("correct by a comment", [2]string{"POST /v26.0/102030405060_708090100110/comments", "comment: made"}, [2]string{"GET /v26.0/102030405060_708090100110/comments", "comments"})
	r := posting(false)
	r.Draft.Text, r.Draft.Link, r.ReplyTo = "Correction: Erbil markets reopen on Friday", "", &want
	d.extra["comment: made"] = map[string]string{"id": "708090100110_1090"}
	comment := story.Remote{ID: "708090100110_1090", URL: "https://www.facebook.com/102030405060_708090100110?comment_id=1090"}
	if o := ch.Publish(ctx, r); o.End != Posted || o.Remote != comment {
		t.Errorf("comment: %+v", o)
	}
	d.begin("find the comment")
	said := func(id, page, message string) map[string]any {
		return map[string]any{"id": id, "message": message, "from": map[string]string{"id": page}}
	}
	d.extra["comments"] = map[string]any{"data": []any{said("708090100110_1091", "99", r.Draft.Text), said("708090100110_1090", "102030405060", r.Draft.Text), said("708090100110_1089", "102030405060", "Correction: Erbil markets stay closed")}}
	if f := ch.Find(ctx, r); f.End != Posted || f.Remote.ID != comment.ID {
		t.Errorf("find the comment: %+v", f)
	}
	r.Draft.Text = "Correction: Erbil markets reopen at noon"
	if f := ch.Find(ctx, r); f.End == Posted || f.End == Absent { // the list may be late
		t.Errorf("a comment that is not there: %+v", f)
	}
	d.golden("facebook")
	d.script = [][2]string{{"POST /v26.0/102030405060_708090100110", "delete or edit: gone"}, {"GET /v26.0/102030405060_708090100110", "delete or edit: gone"}, {"GET /v26.0/me", "me"}, {"POST /v26.0/", "rescrape: done"}}
	if o := ch.Edit(ctx, c); o.End != Gone {
		t.Errorf("edit what is gone: %+v", o)
	}
	d.script[2][1] = "token expired"
	if o := ch.Edit(ctx, c); o.End != Refused || !o.Pause {
		t.Errorf("what looks gone to a dead token: %+v", o)
	}
	c.Remote.ID = "https://www.facebook.com/newsroom/posts/708090100110"
	d.script = [][2]string{{"DELETE /v26.0/102030405060_708090100110", "delete: done"}}
	if o := ch.Retract(ctx, c); o.End != Posted {
		t.Errorf("retract what the desk found: %+v", o)
	}
	c.Remote.ID = "unknown"
	if o := ch.Retract(ctx, c); o.End != Refused || !strings.Contains(o.Why, "by hand") {
		t.Errorf("retract what is nobody knows where: %+v", o)
	}
}

func TestFacebookAbsenceProvesNothing(t *testing.T) {
	ctx := context.Background()
	d := converse(t, "facebook", [2]string{"GET ", "none"}, [2]string{"POST ", "duplicate post"})
	d.extra["none"] = map[string]any{"data": []any{}}
	ch, p := opened(t, "facebook", d.URL)
	c := posting(false)
	if o := ch.Publish(ctx, c); o.End != Unknown {
		t.Errorf("a duplicate: %+v", o)
	}
	if o := ch.Find(ctx, c); o.End != Later || !o.Until.After(noon) {
		t.Errorf("at once: %+v", o)
	}
	c.First = p.Now().Add(-time.Hour)
	if o := ch.Find(ctx, c); o.End != Unknown {
		t.Errorf("an hour later: %+v", o)
	}
	c.Draft.Link = "" // matches nothing, and not everything
	d.extra["none"] = map[string]any{"data": []any{map[string]string{"id": "1_2", "message": "another post"}}}
	if o := ch.Find(ctx, c); o.End != Unknown {
		t.Errorf("without a link: %+v", o)
	}
}

func TestThreadsRequests(t *testing.T) {
	ctx := context.Background()
	d := converse(t, "threads")
	ch, p := opened(t, "threads", d.URL)
	script := [][2]string{{"GET /v1.0/102030405060/threads_publishing_limit", "publish limit"}, {"POST /v1.0/102030405060/threads_publish", "published"}, {"POST /v1.0/102030405060/threads", "container made"},
		{"GET /v1.0/17889615691921648", "container ready"}, {"GET /v1.0/17920238422030506", "where"}, {"GET /v1.0/102030405060/threads", "find: own posts"}, {"DELETE /v1.0/17920238422030506", "delete: done"}}
	d.extra["where"] = map[string]string{"id": "17920238422030506", "permalink": "https://www.threads.net/@newsroom/post/abc"}
	d.begin("publish a picture", script...)
	c := posting(true)
	c.First = time.Date(2026, 11, 23, 19, 59, 0, 0, time.UTC)
	o := ch.Publish(ctx, c)
	want := story.Remote{ID: "17920238422030506", URL: "https://www.threads.net/@newsroom/post/abc"}
	if o.End != Posted || o.Remote != want {
		t.Errorf("publish: %+v", o)
	}
	d.begin("find")
	if f := ch.Find(ctx, c); f.End != Posted || f.Remote != want {
		t.Errorf("find: %+v", f)
	}
	d.begin("publish a text with a link card, as a reply")
	r := posting(false)
	r.Draft.Card, r.ReplyTo = "", &want
	if o := ch.Publish(ctx, r); o.End != Posted {
		t.Errorf("reply: %+v", o)
	}
	d.begin("retract")
	c.Remote = want
	if o := ch.Retract(ctx, c); o.End != Posted {
		t.Errorf("retract: %+v", o)
	}
	d.begin("renew the token", append(script, [2]string{"GET /refresh_access_token", "token refreshed"})...)
	kept, err := p.Store.Account(ctx, "net")
	if err != nil {
		t.Fatal(err)
	}
	ch, p = opened(t, "threads", d.URL) // another process, which finds the token due
	if _, _, err := p.Store.UpdateAccount(ctx, "net", func(a *story.Account) error {
		a.Tokens = kept.Tokens
		a.Tokens["due"] = stamp(noon.Add(-time.Minute))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if o := ch.Retract(ctx, c); o.End != Posted {
		t.Errorf("with a new token: %+v", o)
	}
	d.golden("threads")
	if acc, err := p.Store.Account(ctx, "net"); err != nil || acc.Tokens["access"] != "test-threads-2" || acc.Tokens["due"] <= stamp(noon) {
		t.Errorf("kept: %v %v", acc.Tokens, err)
	}
}

func TestInstagramRequests(t *testing.T) {
	ctx := context.Background()
	d := converse(t, "facebook")
	ch, _ := opened(t, "instagram", d.URL)
	d.begin("publish", [2]string{"GET /v26.0/102030405060/content_publishing_limit", "limit"}, [2]string{"POST /v26.0/102030405060/media_publish", "instagram: published"},
		[2]string{"POST /v26.0/102030405060/media", "instagram: container made"}, [2]string{"GET /v26.0/17889455560051444", "instagram: container ready"}, [2]string{"GET /v26.0/17920238422030506", "where"},
		[2]string{"GET /v26.0/102030405060/media", "list"}, [2]string{"DELETE /v26.0/17920238422030506", "permission denied"})
	d.extra["limit"] = map[string]any{"data": []any{map[string]any{"quota_usage": 2, "config": map[string]int{"quota_total": 100, "quota_duration": 86400}}}}
	d.extra["where"] = map[string]string{"id": "17920238422030506", "permalink": "https://www.instagram.com/p/abc/"}
	d.extra["list"] = map[string]any{"data": []any{map[string]string{"id": "17920238422030506", "caption": erbil, "permalink": "https://www.instagram.com/p/abc/", "timestamp": "2026-11-26T12:00:05+0000"}}}
	c := posting(false)
	c.Draft.Card = "cards/2026-11-26/a/f-portrait.jpg"
	o := ch.Publish(ctx, c)
	want := story.Remote{ID: "17920238422030506", URL: "https://www.instagram.com/p/abc/"}
	if o.End != Posted || o.Remote != want {
		t.Errorf("publish: %+v", o)
	}
	d.begin("find")
	if f := ch.Find(ctx, c); f.End != Posted || f.Remote != want {
		t.Errorf("find: %+v", f)
	}
	d.begin("retract, without the permission")
	c.Remote = want
	if o := ch.Retract(ctx, c); o.End != Refused || !strings.Contains(o.Why, "by hand") {
		t.Errorf("retract: %+v", o)
	}
	d.golden("instagram")
	if o := ch.Edit(ctx, c); o.End != Refused || !strings.Contains(o.Why, "by hand") {
		t.Errorf("edit: %+v", o)
	}
}

// metaNet is a network of containers that behaves as Meta's do: a container is published at most once, whatever is asked.
type metaNet struct {
	made, posts int
	state       string // of the newest container
	publish     func(w http.ResponseWriter)
	listed      bool
	used        int
}

func (m *metaNet) serve(w http.ResponseWriter, r *http.Request, _ []byte) {
	path := strings.TrimPrefix(r.URL.Path, "/v1.0/102030405060/")
	switch {
	case path == "threads_publishing_limit":
		say(w, 200, map[string]any{"data": []any{map[string]any{"quota_usage": m.used, "config": map[string]int{"quota_total": 250}}}})
	case path == "threads" && r.Method == http.MethodPost:
		m.made++
		say(w, 200, map[string]string{"id": fmt.Sprint(m.made)})
	case path == "threads":
		list := []any{}
		if m.listed && m.posts > 0 {
			list = append(list, map[string]string{"id": "900", "text": erbil + "\n\nhttps://news.example/a/4711", "permalink": "https://www.threads.net/@n/post/a", "timestamp": "2026-11-26T12:00:10+0000"})
		}
		say(w, 200, map[string]any{"data": list})
	case path == "threads_publish":
		if m.state == "PUBLISHED" {
			say(w, 400, map[string]any{"error": map[string]any{"message": "published already", "code": 100, "error_subcode": 4279009}})
			return
		}
		m.posts, m.state = m.posts+1, "PUBLISHED"
		if m.publish != nil {
			m.publish(w)
			return
		}
		say(w, 200, map[string]string{"id": "900"})
	case strings.HasPrefix(r.URL.Path, "/v1.0/900"):
		say(w, 200, map[string]string{"id": "900", "permalink": "https://www.threads.net/@n/post/a"})
	default:
		say(w, 200, map[string]string{"id": r.URL.Path[len("/v1.0/"):], "status": m.state})
	}
}

func TestContainersPublishOnce(t *testing.T) {
	ctx := context.Background()
	lost := func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }
	start := func(t *testing.T) (*metaNet, *network, Channel, *Call) {
		m := &metaNet{state: "FINISHED"}
		n := fake(t, m.serve)
		ch, _ := opened(t, "threads", n.URL)
		return m, n, ch, posting(true)
	}
	t.Run("slow", func(t *testing.T) {
		m, n, ch, c := start(t)
		m.state = "IN_PROGRESS"
		for range 3 {
			if o := ch.Publish(ctx, c); o.End != Later || !o.Until.Equal(noon.Add(30*time.Second)) {
				t.Fatalf("%+v", o)
			}
		}
		n.between(func() { m.state = "FINISHED" })
		if o := ch.Publish(ctx, c); o.End != Posted || m.made != 1 || m.posts != 1 {
			t.Errorf("%+v, %d containers, %d posts", o, m.made, m.posts)
		}
	})
	t.Run("never ready", func(t *testing.T) {
		m, _, ch, c := start(t)
		m.state = "IN_PROGRESS"
		c.Steps["container"] = fmt.Sprint("1 ", noon.Add(-time.Hour).Unix())
		if o := ch.Publish(ctx, c); o.End != Refused || o.Pause || c.Steps["container"] != "" {
			t.Errorf("%+v %v", o, c.Steps)
		}
	})
	t.Run("answer lost", func(t *testing.T) {
		m, n, ch, c := start(t)
		m.publish = lost
		if o := ch.Publish(ctx, c); o.End != Unknown {
			t.Fatalf("%+v", o)
		}
		if o := ch.Find(ctx, c); o.End != Later {
			t.Errorf("out, but not listed yet: %+v", o)
		}
		if o := ch.Publish(ctx, c); o.End != Later && o.End != Posted || m.posts != 1 {
			t.Errorf("published again: %+v, %d posts", o, m.posts)
		}
		n.between(func() { m.listed = true })
		if o := ch.Find(ctx, c); o.End != Posted || o.Remote.ID != "900" || m.made != 1 || m.posts != 1 {
			t.Errorf("%+v, %d containers, %d posts", o, m.made, m.posts)
		}
	})
	t.Run("published, and never listed", func(t *testing.T) {
		m, _, ch, c := start(t)
		m.publish = lost
		if o := ch.Publish(ctx, c); o.End != Unknown {
			t.Fatalf("%+v", o)
		}
		c.Steps["sent"] = fmt.Sprint("1 ", noon.Add(-time.Hour).Unix())
		o := ch.Find(ctx, c)
		if o.End != Posted || o.Remote.ID == "" {
			t.Fatalf("%+v", o)
		}
		c.Remote = o.Remote
		if o := ch.Retract(ctx, c); o.End != Refused || !strings.Contains(o.Why, "by hand") {
			t.Errorf("it cannot be taken down by us, and must not count as taken down: %+v", o)
		}
	})
	t.Run("never sent", func(t *testing.T) {
		m, _, ch, c := start(t)
		m.state = "IN_PROGRESS"
		ch.Publish(ctx, c)
		if o := ch.Find(ctx, c); o.End != Absent {
			t.Errorf("%+v", o)
		}
	})
	t.Run("sent, and ready as before", func(t *testing.T) {
		_, _, ch, c := start(t)
		c.Steps["container"], c.Steps["sent"] = fmt.Sprint("1 ", noon.Unix()), fmt.Sprint("1 ", noon.Unix())
		if o := ch.Find(ctx, c); o.End != Later {
			t.Errorf("at once: %+v", o)
		}
		c.Steps["sent"] = fmt.Sprint("1 ", noon.Add(-10*time.Minute).Unix())
		if o := ch.Find(ctx, c); o.End != Absent {
			t.Errorf("later: %+v", o)
		}
	})
	t.Run("expired", func(t *testing.T) {
		m, n, ch, c := start(t)
		m.state = "EXPIRED"
		c.Steps["container"] = fmt.Sprint("1 ", noon.Add(-25*time.Hour).Unix())
		if o := ch.Publish(ctx, c); o.End != Later || c.Steps["container"] != "" {
			t.Errorf("%+v", o)
		}
		n.between(func() { m.state = "FINISHED" })
		if o := ch.Publish(ctx, c); o.End != Posted || m.posts != 1 {
			t.Errorf("with another container: %+v", o)
		}
	})
	t.Run("the claim is lost before the last call", func(t *testing.T) {
		m, _, ch, c := start(t)
		step := c.Step
		c.Step = func(ctx context.Context, name, value string) error {
			if name == "sent" {
				return fmt.Errorf("the claim was lost")
			}
			return step(ctx, name, value)
		}
		if o := ch.Publish(ctx, c); o.End != Later || m.posts != 0 {
			t.Errorf("%+v, %d posts", o, m.posts)
		}
	})
	t.Run("the day is used up", func(t *testing.T) {
		m, _, ch, c := start(t)
		m.used = 250
		if o := ch.Publish(ctx, c); o.End != Later || !o.Until.After(noon) || m.made != 0 {
			t.Errorf("%+v, %d containers", o, m.made)
		}
	})
}

func TestMetaDrafts(t *testing.T) {
	body := strings.Repeat("Traders in the bazaar swept mud from their shops on Monday as the water fell. ", 20)
	for _, c := range []struct {
		kind   string
		change func(*config.Channel)
		check  func(story.Draft) bool
	}{
		{"facebook", func(*config.Channel) {}, func(d story.Draft) bool { return d.Card == "" && !strings.Contains(d.Text, "http") && d.Link != "" }},
		{"facebook", image, func(d story.Draft) bool { return d.Card != "" && has(d.Text, d.Link) && utf16Length(d.Alt) <= 1000 }},
		{"threads", func(*config.Channel) {}, func(d story.Draft) bool { return d.Card != "" && has(d.Text, d.Link) && utf16Length(d.Alt) <= 1000 }},
		{"threads", func(c *config.Channel) { c.Embed = "link" }, func(d story.Draft) bool { return d.Card == "" && !has(d.Text, d.Link) }},
		{"instagram", func(*config.Channel) {}, func(d story.Draft) bool {
			return strings.HasSuffix(d.Card, "-portrait.jpg") && !strings.Contains(d.Text, "http") && utf16Length(d.Alt) <= 1000 && len(d.Findings) == 0
		}},
	} {
		ch, _ := opened(t, c.kind, "", c.change)
		d := ch.Prepare(piece("en", erbil, body))
		if n, limit, err := Count(c.kind, d.Text); !c.check(d) || n > limit || n == 0 || err != nil {
			t.Errorf("%s: %d of %d (%v) %+v", c.kind, n, limit, err, d)
		}
	}
	for name, change := range map[string]func(*Piece, *Parts){
		"no card": func(p *Piece, _ *Parts) { p.Manifest.Cards = nil },
		"PNG": func(p *Piece, _ *Parts) {
			card := p.Manifest.Cards["portrait"]
			card.Type = "image/png"
			p.Manifest.Cards["portrait"] = card
		},
		"9:16": func(p *Piece, _ *Parts) {
			card := p.Manifest.Cards["portrait"]
			card.Height = 1920
			p.Manifest.Cards["portrait"] = card
		},
		"no address": func(_ *Piece, p *Parts) { p.Public = "" },
	} {
		p := piece("en", erbil, body)
		ch, _ := opened(t, "instagram", "")
		g := ch.(*instagram)
		change(&p, &g.k.g.p)
		if d := ch.Prepare(p); len(d.Findings) != 1 || !strings.Contains(d.Findings[0], "Instagram") {
			t.Errorf("%s: %q", name, d.Findings)
		}
	}
}
