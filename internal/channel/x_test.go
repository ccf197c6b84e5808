package channel

import (
	"context"
	"encoding/json"
	"io"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/story"
)

// opened makes a channel of a kind at a server, with test secrets for every key.
func opened(t *testing.T, kind, server string, change ...func(*config.Channel)) (Channel, Parts) {
	t.Helper()
	dir := t.TempDir()
	secret := func(value string) config.Secret {
		if err := os.WriteFile(filepath.Join(dir, value), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := config.NewSecret("file:"+value, dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	p := partsOn(t, func() time.Time { return noon })
	p.Client = newPatient()
	p.Random = rand.New(rand.NewSource(3))
	c := config.Channel{Kind: kind, Site: "en", Server: server, Account: "102030405060", Secret: secret(testToken)}
	switch kind {
	case "x":
		c.App, c.AppSecret, c.TokenSecret = "test-app", secret("test-app-secret"), secret("test-token-secret")
	case "facebook", "instagram":
		c.AppSecret = secret("test-app-secret")
	}
	for _, f := range change {
		f(&c)
	}
	ch, err := New("net", c, config.Site{Name: "Example", Language: "en"}, p)
	if err != nil {
		t.Fatal(err)
	}
	return ch, p
}

// piece is an article with its card.
func piece(lang, headline, body string) Piece {
	return Piece{
		Key: keyA, Site: config.Site{Name: "Example", Language: lang, Hashtags: map[string]string{"Erbil": "Erbil"}}, Revision: 1,
		Article: article.Article{Headline: headline, Body: body, Language: lang, URL: "https://news.example/a/4711", Tags: []string{"Erbil"}},
		Manifest: story.Manifest{Revision: 1, Alt: strings.Repeat("Traders sweep mud from a market street. ", 120), Cards: map[string]story.Card{
			"og":       {Key: "cards/2026-11-26/a/f-og.jpg", Type: "image/jpeg", Width: 1200, Height: 630},
			"portrait": {Key: "cards/2026-11-26/a/f-portrait.jpg", Type: "image/jpeg", Width: 1080, Height: 1350},
		}},
	}
}

func noToken(c *config.Channel) { c.TokenSecret = config.Secret{} }

const erbil = "Erbil markets reopen"

// posting is a call whose draft is a short text with its link.
func posting(linked bool) *Call {
	c := remembering(keyA, erbil)
	c.Draft.Link, c.Draft.Alt = "https://news.example/a/4711", "Traders sweep mud from a market street."
	if linked {
		c.Draft.Text += "\n\n" + c.Draft.Link
	}
	return c
}

func TestXRequests(t *testing.T) {
	ctx := context.Background()
	d := converse(t, "x")
	ch, _ := opened(t, "x", d.URL)
	posts := [][2]string{{"POST /2/media/upload", "media: uploaded"}, {"POST /2/media/metadata", "media: alt text set"}, {"POST /2/tweets", "create: posted"},
		{"GET /2/users/102030405060/tweets", "find: own posts"}, {"DELETE /2/tweets/", "delete: done"}}
	d.begin("publish", posts...)
	c := posting(true)
	o := ch.Publish(ctx, c)
	if o.End != Posted || o.Remote.ID != "1880028107000000001" || o.Remote.URL != "https://x.com/i/web/status/1880028107000000001" {
		t.Errorf("publish: %+v", o)
	}
	d.begin("publish again, with what the first try has uploaded")
	if o := ch.Publish(ctx, c); o.End != Posted {
		t.Errorf("again: %+v", o)
	}
	d.begin("find")
	if f := ch.Find(ctx, c); f.End != Posted || f.Remote != o.Remote {
		t.Errorf("find: %+v", f)
	}
	d.begin("reply")
	r := posting(true)
	r.Draft.Card, r.ReplyTo = "", &o.Remote
	if o := ch.Publish(ctx, r); o.End != Posted {
		t.Errorf("reply: %+v", o)
	}
	d.begin("retract")
	c.Remote = o.Remote
	if o := ch.Retract(ctx, c); o.End != Posted {
		t.Errorf("retract: %+v", o)
	}
	d.begin("edit, with Premium")
	d.extra["history"] = map[string]any{"data": map[string]any{"id": "1880028107000000001", "text": "Erbil markets open", "edit_history_tweet_ids": []string{"1880028107000000001"}}}
	d.script = append(d.script, [2]string{"GET /2/tweets/1880028107000000001", "history"})
	premium, _ := opened(t, "x", d.URL, func(c *config.Channel) { c.Premium = true })
	c.Draft.Card = ""
	if o := premium.Edit(ctx, c); o.End != Posted {
		t.Errorf("edit: %+v", o)
	}
	d.begin("publish with OAuth 2", append(posts, [2]string{"POST /2/oauth2/token", "token refresh: done"})...)
	two, _ := opened(t, "x", d.URL, noToken)
	c = posting(true)
	c.Draft.Card = ""
	if o := two.Publish(ctx, c); o.End != Posted {
		t.Errorf("OAuth 2: %+v", o)
	}
	d.golden("x")
}

// A post whose answer was lost: X refuses the text a second time, and the timeline tells.
func TestXDuplicateIsLookedFor(t *testing.T) {
	ctx := context.Background()
	posts := [][2]string{{"POST /2/tweets", "create: duplicate"}, {"GET /2/users/", "find: own posts"}}
	d := converse(t, "x", posts...)
	ch, p := opened(t, "x", d.URL)
	c := posting(true)
	c.Draft.Card = ""
	if o := ch.Publish(ctx, c); o.End != Posted || o.Remote.ID != "1880028107000000001" {
		t.Errorf("it is there: %+v", o)
	}
	d.script = [][2]string{{"POST /2/tweets", "create: duplicate"}, {"GET /2/users/", "find: none"}}
	if o := ch.Publish(ctx, c); o.End != Unknown {
		t.Errorf("it is not listed yet: %+v", o)
	}
	c.First = p.Now().Add(-time.Hour)
	if o := ch.Publish(ctx, c); o.End != Refused || o.Pause {
		t.Errorf("another post has the text: %+v", o)
	}
	if o := ch.Find(ctx, c); o.End != Absent {
		t.Errorf("none: %+v", o)
	}
	c.Draft.Link, c.Draft.Text = "https://news.example/other", "Erbil markets reopen\n\nhttps://news.example/other"
	d.script = posts
	if o := ch.Find(ctx, c); o.End != Absent {
		t.Errorf("the same words about another article: %+v", o)
	}
	c.Draft.Text = "Erbil markets reopen"
	if o := ch.Find(ctx, c); o.End != Absent && o.End != Posted {
		t.Errorf("%+v", o)
	}
}

func TestXRenewsWhatRanOutOnceAndGoesOn(t *testing.T) {
	ctx := context.Background()
	n, posts := 0, 0
	net := fake(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
		switch {
		case r.URL.Path == "/2/oauth2/token":
			user, pass, _ := r.BasicAuth()
			if user != "test-app" || pass != "test-app-secret" || r.FormValue("grant_type") != "" && r.FormValue("grant_type") != "refresh_token" {
				t.Errorf("the app says it is %q", user)
			}
			n++
			say(w, 200, map[string]any{"access_token": "test-access-" + string(rune('0'+n)), "refresh_token": "test-refresh-" + string(rune('0'+n)), "expires_in": 7200})
		case r.Header.Get("Authorization") == "Bearer test-access-1" && posts > 0:
			say(w, 401, map[string]any{"title": "Unauthorized", "detail": "Unauthorized"})
		default:
			posts++
			say(w, 201, map[string]any{"data": map[string]string{"id": "77", "text": string(body)}})
		}
	})
	ch, p := opened(t, "x", net.URL, noToken)
	for range 3 {
		c := posting(true)
		c.Draft.Card = ""
		if o := ch.Publish(ctx, c); o.End != Posted {
			t.Fatalf("%+v", o)
		}
	}
	acc, err := p.Store.Account(ctx, "net")
	if err != nil || n != 2 || posts != 3 || acc.Tokens["refresh"] != "test-refresh-2" {
		t.Errorf("%d tokens, %d posts, kept %v (%v)", n, posts, acc.Tokens["refresh"], err)
	}
}

func TestXEditWhoseAnswerWasLostIsNotMadeAgain(t *testing.T) {
	edits := 0
	net := fake(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
		switch r.Method + " " + r.URL.Path {
		case "GET /2/tweets/1", "GET /2/tweets/2":
			id := r.URL.Path[len("/2/tweets/"):]
			text := map[string]string{"1": "old", "2": erbil + " https://t.co/abcdefghij"}[id]
			say(w, 200, map[string]any{"data": map[string]any{"id": id, "text": text, "edit_history_tweet_ids": []string{"1", "2"}}})
		default:
			edits++
			_, _ = io.Copy(io.Discard, strings.NewReader(string(body)))
			say(w, 201, map[string]any{"data": map[string]string{"id": "3"}})
		}
	})
	ch, _ := opened(t, "x", net.URL, func(c *config.Channel) { c.Premium, c.Account = true, "@newsroom" })
	c := posting(true)
	c.Draft.Card, c.Remote = "", story.Remote{ID: "1"}
	if o := ch.Edit(context.Background(), c); o.End != Posted || o.Remote.ID != "2" || o.Remote.URL != "https://x.com/newsroom/status/2" || edits != 0 {
		t.Errorf("%+v, %d edits", o, edits)
	}
}

func TestXDrafts(t *testing.T) {
	off := false
	body := strings.Repeat("Traders in the bazaar swept mud from their shops on Monday as the water fell. ", 20)
	for _, c := range []struct {
		name   string
		change func(*config.Channel)
		check  func(story.Draft) bool
	}{
		{"with its link", func(*config.Channel) {}, func(d story.Draft) bool {
			return d.Cost == 0.20 && strings.HasSuffix(d.Text, "\n\nhttps://news.example/a/4711\n\n#Erbil") && d.Card != "" && utf16Length(d.Alt) <= 1000 && strings.HasSuffix(d.Alt, "…")
		}},
		{"without", func(c *config.Channel) { c.LinkInPost = &off }, func(d story.Draft) bool {
			return d.Cost == 0.015 && !strings.Contains(d.Text, "http") && d.Card != ""
		}},
		{"without, though the template has one", func(c *config.Channel) {
			c.LinkInPost, c.Template = &off, config.NewTemplate("channels.x.template", "{{headline}}\n\n{{link}}")
		}, func(d story.Draft) bool { return d.Cost == 0.015 && d.Text == erbil }},
		{"the page's own card", func(c *config.Channel) { c.Embed = "link" }, func(d story.Draft) bool { return d.Card == "" && d.Cost == 0.20 }},
		{"Premium", func(c *config.Channel) { c.Premium = true }, func(d story.Draft) bool { return d.Card != "" }},
	} {
		ch, _ := opened(t, "x", "", c.change)
		d := ch.Prepare(piece("en", erbil, body))
		if n, limit, err := Count("x", d.Text); !c.check(d) || n > limit && c.name != "Premium" || err != nil {
			j, _ := json.Marshal(d)
			t.Errorf("%s: %d (%v) %s", c.name, n, err, j)
		}
	}
	ch, _ := opened(t, "x", "")
	if cap := ch.Capabilities(); cap.Edit || !cap.Retract {
		t.Errorf("%+v", cap)
	}
	kurdish := ch.Prepare(piece("ckb", "NATO لە هەولێر کۆدەبێتەوە", "NATO دەڵێت بازاڕەکانی هەولێر دوای لافاوەکە کراونەتەوە و خەڵک گەڕاونەتەوە سەر کارەکانیان."))
	if !strings.HasPrefix(kurdish.Text, rlm+"NATO") {
		t.Errorf("a Kurdish text that begins with Latin letters: %+q", kurdish.Text)
	}
}

func TestSignsInATextStaySigns(t *testing.T) {
	for text, want := range map[string]string{
		"@reuters says":            "@\u2060reuters says",
		"Deal worth $5m, #1 today": "Deal worth $5m, #1 today",
		"$AAPL, #metoo":            "$\u2060AAPL, #\u2060metoo",
		"to a@b.example":           "to a@b.example",
		"C# and 5 $":               "C# and 5 $",
		"#هەولێر":                  "#\u2060هەولێر",
		"＠name":                    "＠\u2060name",
	} {
		plain(text + "\xff") // no UTF-8
		if got := plain(text); got != want || unmarked(got) != text {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := cutBy("ab cd 👨‍👩‍👧‍👦 ef", 12, utf16Length); got != "ab cd…" {
		t.Errorf("%q", got)
	}
}

func TestPostThatTheDeskFoundIsKnownByItsAddress(t *testing.T) {
	for address, want := range map[string]string{
		"113580000000000001":                               "113580000000000001",
		"https://m.example/@news/113580000000000001":       "113580000000000001",
		"https://m.example/@news/statuses/01JDM3?x=1":      "01JDM3",
		"https://x.com/newsroom/status/18800281?s=20":      "18800281",
		"https://x.com/newsroom/status/18800281/":          "18800281",
		"https://discord.com/channels/1/2/133000000000001": "133000000000001",
	} {
		if got := placed(&story.Remote{ID: address}); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	ch, _ := opened(t, "x", "http://127.0.0.1:1")
	for _, id := range []string{story.Unplaced, "https://x.com/newsroom"} {
		if o := ch.Retract(context.Background(), &Call{Remote: story.Remote{ID: id}}); o.End != Refused || !strings.Contains(o.Why, "by hand") {
			t.Errorf("%s: %+v", id, o)
		}
	}
}

func TestWhatAnAccountHasCounts(t *testing.T) {
	x := config.Channel{Kind: "x"}
	if _, limit, _ := CountOn(x, "text"); limit != 280 || Cost(x, "text") != 0.015 || Cost(x, "see https://news.example/a") != 0.20 || Cost(x, "see bbc.com") != 0.20 {
		t.Error(limit, Cost(x, "text"), Cost(x, "see https://news.example/a"), Cost(x, "see bbc.com"))
	}
	x.Premium = true
	if n, limit, err := CountOn(x, strings.Repeat("a", 300)); n != 300 || limit != 25000 || err != nil {
		t.Error(n, limit, err)
	}
	if Cost(config.Channel{Kind: "mastodon"}, "see https://news.example/a") != 0 {
		t.Error("Mastodon bills nothing")
	}
}

func TestLinkInATextIsTheWholeOne(t *testing.T) {
	const link = "https://news.example/a/4"
	for text, want := range map[string]bool{
		"see " + link: true, "see " + link + ".": true, "see " + link + ", and": true, link + "\n\n#Erbil": true, `<a href="` + link + `">`: true, "(" + link + ")": true,
		"see " + link + "711": false, "see " + link + "/b": false, "see " + link + "?x=1": false, "see " + link + ".html": false, "see " + link + "#b": false, "see " + link + "711 and " + link: true, "": false,
		link + "بۆ": false,
	} {
		if got := has(text, link); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	for other, want := range map[string]bool{link: true, "https://News.example/a/4/": true, "https://news.example/a/4#top": true, "http://news.example/a/4": false, link + "?x=1": false, link + "1": false, "": false} {
		if got := sameLink(other, link); got != want {
			t.Errorf("%q is the same: %v", other, got)
		}
	}
	if has("anything", "") {
		t.Error("no link is in no text")
	}
}
