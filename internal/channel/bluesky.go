package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

// bluesky posts to a personal data server of the AT Protocol. The record key is ours: a TID made from the time of the
// first claim and the post's id, so the same post has the same key at every try, and putRecord with swapRecord null
// makes it once. The text carries no link; the link card does (or, with embed: image, a facet at the text's end).
type bluesky struct {
	name string
	cfg  config.Channel
	p    Parts
}

const (
	bskyGraphemes = 300
	bskyBytes     = 3000
	bskyPost      = "app.bsky.feed.post"
)

func newBluesky(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if c.Server == "" {
		c.Server = "https://bsky.social"
	}
	if c.Account == "" || !c.Secret.Given() {
		return nil, fmt.Errorf("bluesky needs account (the handle) and secret (an app password)")
	}
	return &bluesky{name: name, cfg: c, p: p}, nil
}

func (b *bluesky) Capabilities() Capabilities {
	return Capabilities{Find: Exact, Once: true, Retract: true, Reply: true}
}

func (b *bluesky) Prepare(p Piece) story.Draft {
	image := b.cfg.Embed == "image"
	return draft(p, b.cfg, b.name, "og", func(text string) bool {
		if shown := shortLink(p.Article.URL); image && !strings.Contains(text, shown) {
			text += "\n" + shown
		}
		return graphemes(text) <= bskyGraphemes && len(text) <= bskyBytes
	})
}

// shortLink is a link as it is shown in a text: its host and the beginning of its path.
func shortLink(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return link
	}
	s := strings.TrimPrefix(u.Host, "www.") + strings.TrimSuffix(u.EscapedPath(), "/")
	if len(s) > 27 {
		s = s[:24] + "..."
	}
	return s
}

// tid is a record key: 53 bits of microseconds and 10 bits of hash, in 13 letters of base32-sortable.
func tid(first time.Time, id string) string {
	h := fnv.New64a()
	h.Write([]byte(id))
	n := (uint64(first.UnixMicro())&(1<<53-1))<<10 | h.Sum64()&1023
	const alphabet = "234567abcdefghijklmnopqrstuvwxyz"
	var out [13]byte
	for i := 12; i >= 0; i-- {
		out[i] = alphabet[n&31]
		n >>= 5
	}
	return string(out[:])
}

func (b *bluesky) rkey(c *Call) string {
	if c.ReplyTo != nil {
		return tid(c.First, c.ID()+"/reply/"+c.Draft.Hash())
	}
	return tid(c.First, c.ID())
}

func (b *bluesky) Publish(ctx context.Context, c *Call) Outcome {
	s, out := b.session(ctx)
	if s == nil {
		return out
	}
	var blob json.RawMessage
	if c.Draft.Card != "" {
		if blob, out = b.upload(ctx, s, c); blob == nil {
			return out
		}
	}
	record := b.record(c, blob)
	rkey := b.rkey(c)
	a := b.call(ctx, s, "com.atproto.repo.putRecord", map[string]any{
		"repo": s.DID, "collection": bskyPost, "rkey": rkey, "record": record, "swapRecord": nil, "validate": true,
	})
	var ok struct{ URI, CID string }
	if a.ok(&ok) && ok.URI != "" {
		return Outcome{End: Posted, Remote: story.Remote{ID: ok.URI, CID: ok.CID, URL: postURL(s.DID, rkey)}}
	}
	name, said := bskyError(a)
	switch name {
	case "InvalidSwap": // the key is taken, and it is ours: an earlier try was posted
		return b.find(ctx, s, rkey)
	case "BlobNotFound": // forgotten by the server: upload it again next time
		if err := c.Step(ctx, "blob", ""); err != nil {
			return Outcome{End: Later, Why: err.Error()}
		}
		return Outcome{End: Later, Why: said}
	}
	return a.outcome(true, said, b.p.Now())
}

// record is the post's record. createdAt is the time of the first claim, so that it is the same at every try.
func (b *bluesky) record(c *Call, blob json.RawMessage) map[string]any {
	r := map[string]any{"$type": bskyPost, "text": c.Draft.Text, "createdAt": c.First.UTC().Format("2006-01-02T15:04:05.000Z")}
	if c.Draft.Language != "" {
		r["langs"] = []string{c.Draft.Language}
	}
	var unseen []string // tags that stand in the text are made by facets
	for _, t := range c.Draft.Tags {
		if len(unseen) < 8 && !strings.Contains(c.Draft.Text, "#"+t) {
			unseen = append(unseen, t)
		}
	}
	if len(unseen) > 0 {
		r["tags"] = unseen
	}
	if c.ReplyTo != nil {
		ref := map[string]string{"uri": c.ReplyTo.ID, "cid": c.ReplyTo.CID}
		r["reply"] = map[string]any{"root": ref, "parent": ref}
	}
	image, shown := b.cfg.Embed == "image" && blob != nil, shortLink(c.Draft.Link)
	if image && !strings.Contains(c.Draft.Text, shown) {
		r["text"] = c.Draft.Text + "\n" + shown
	}
	if f := facets(r["text"].(string), shown, c.Draft.Link, c.Draft.Tags); len(f) > 0 {
		r["facets"] = f
	}
	if image {
		r["embed"] = map[string]any{"$type": "app.bsky.embed.images", "images": []any{map[string]any{
			"image": blob, "alt": c.Draft.Alt, "aspectRatio": map[string]int{"width": c.Draft.Width, "height": c.Draft.Height},
		}}}
		return r
	}
	external := map[string]any{"uri": c.Draft.Link, "title": c.Draft.Title, "description": c.Draft.Dek}
	if blob != nil {
		external["thumb"] = blob
	}
	r["embed"] = map[string]any{"$type": "app.bsky.embed.external", "external": external}
	return r
}

// facets make the link and the hashtags that stand in a text lead on. Their places are in bytes of UTF-8.
func facets(text, shown, link string, tags []string) []any {
	var out []any
	add := func(start, end int, kind, name, value string) {
		out = append(out, map[string]any{
			"index":    map[string]int{"byteStart": start, "byteEnd": end},
			"features": []any{map[string]string{"$type": "app.bsky.richtext.facet#" + kind, name: value}},
		})
	}
	if i := strings.LastIndex(text, shown); i >= 0 && shown != "" {
		add(i, i+len(shown), "link", "uri", link)
	}
	for _, t := range tags {
		if i := strings.LastIndex(text, "#"+t); i >= 0 {
			if end := i + 1 + len(t); end == len(text) || strings.ContainsRune(" \n", rune(text[end])) {
				add(i, end, "tag", "tag", t)
			}
		}
	}
	return out
}

// upload sends the card, or takes the one that an earlier try has sent.
func (b *bluesky) upload(ctx context.Context, s *bskySession, c *Call) (json.RawMessage, Outcome) {
	if kept := c.Steps["blob"]; kept != "" {
		return json.RawMessage(kept), Outcome{}
	}
	card, err := c.Card(ctx)
	if err != nil {
		return nil, Outcome{End: Later, Why: "reading the card: " + err.Error()}
	}
	a := b.authorized(ctx, s, func(token string) (*http.Request, error) {
		return rawRequest(ctx, http.MethodPost, b.cfg.Server+"/xrpc/com.atproto.repo.uploadBlob", bytes.NewReader(card), "Content-Type", c.Draft.Type, "Authorization", "Bearer "+token)
	})
	var ok struct{ Blob json.RawMessage }
	if !a.ok(&ok) || len(ok.Blob) == 0 {
		_, said := bskyError(a)
		return nil, a.outcome(false, said, b.p.Now())
	}
	if err := c.Step(ctx, "blob", string(ok.Blob)); err != nil {
		return nil, Outcome{End: Later, Why: err.Error()}
	}
	return ok.Blob, Outcome{}
}

func (b *bluesky) Find(ctx context.Context, c *Call) Outcome {
	s, out := b.session(ctx)
	if s == nil {
		return out
	}
	return b.find(ctx, s, b.rkey(c))
}

func (b *bluesky) find(ctx context.Context, s *bskySession, rkey string) Outcome {
	q := url.Values{"repo": {s.DID}, "collection": {bskyPost}, "rkey": {rkey}}
	req, err := rawRequest(ctx, http.MethodGet, b.cfg.Server+"/xrpc/com.atproto.repo.getRecord?"+q.Encode(), nil)
	if err != nil {
		return Outcome{End: Later, Why: err.Error()}
	}
	a := exchange(b.p.Client, req)
	var ok struct{ URI, CID string }
	if a.ok(&ok) && ok.URI != "" {
		return Outcome{End: Posted, Remote: story.Remote{ID: ok.URI, CID: ok.CID, URL: postURL(s.DID, rkey)}}
	}
	name, said := bskyError(a)
	if name == "RecordNotFound" {
		return Outcome{End: Absent}
	}
	out := a.outcome(false, said, b.p.Now())
	if out.End == Refused && !out.Pause { // an answer that says neither: ask again
		out.End = Later
	}
	return out
}

// Edit is not offered: readers would go on seeing the first version.
func (b *bluesky) Edit(context.Context, *Call) Outcome {
	return Outcome{End: Refused, Why: "Bluesky shows readers the original of an edited post: correct it by a reply"}
}

func (b *bluesky) Retract(ctx context.Context, c *Call) Outcome {
	s, out := b.session(ctx)
	if s == nil {
		return out
	}
	rkey := c.Remote.ID[strings.LastIndexByte(c.Remote.ID, '/')+1:]
	a := b.call(ctx, s, "com.atproto.repo.deleteRecord", map[string]any{"repo": s.DID, "collection": bskyPost, "rkey": rkey})
	if a.Err == nil && a.Status == http.StatusOK {
		return Outcome{End: Posted, Remote: c.Remote}
	}
	_, said := bskyError(a)
	return a.outcome(false, said, b.p.Now())
}

func postURL(did, rkey string) string { return "https://bsky.app/profile/" + did + "/post/" + rkey }

// bskyError reads the error's name and its words.
func bskyError(a answer) (name, said string) {
	var e struct{ Error, Message string }
	if json.Unmarshal(a.Body, &e) != nil || e.Error == "" {
		return "", ""
	}
	return e.Error, e.Error + ": " + e.Message
}

// bskySession is the pair of tokens that calls are made with, kept with the account's state so that all workers share
// one and logins stay rare.
type bskySession struct {
	DID     string `json:"did"`
	Access  string `json:"accessJwt"`
	Refresh string `json:"refreshJwt"`
}

// session returns the kept session, or signs in.
func (b *bluesky) session(ctx context.Context) (*bskySession, Outcome) {
	acc, err := b.p.Store.Account(ctx, b.name)
	if err != nil {
		return nil, Outcome{End: Later, Why: err.Error()}
	}
	if s := (bskySession{acc.Tokens["did"], acc.Tokens["access"], acc.Tokens["refresh"]}); s.Access != "" && acc.Tokens["of"] == b.cfg.Account+" "+b.cfg.Server {
		return &s, Outcome{}
	}
	return b.signIn(ctx, "")
}

func (b *bluesky) signIn(ctx context.Context, stale string) (*bskySession, Outcome) {
	secret, err := b.cfg.Secret.Value(ctx)
	if err != nil {
		return nil, Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	req, err := request(ctx, http.MethodPost, b.cfg.Server+"/xrpc/com.atproto.server.createSession", map[string]string{"identifier": b.cfg.Account, "password": secret})
	if err != nil {
		return nil, Outcome{End: Refused, Why: err.Error()}
	}
	return b.keep(ctx, exchange(b.p.Client, req), stale)
}

// renew replaces the session whose access token is stale. If another worker was faster, theirs is taken.
func (b *bluesky) renew(ctx context.Context, s *bskySession) (*bskySession, Outcome) {
	if now, out := b.session(ctx); now == nil || now.Access != s.Access {
		return now, out
	}
	req, err := rawRequest(ctx, http.MethodPost, b.cfg.Server+"/xrpc/com.atproto.server.refreshSession", nil, "Authorization", "Bearer "+s.Refresh)
	if err != nil {
		return nil, Outcome{End: Refused, Why: err.Error()}
	}
	a := exchange(b.p.Client, req)
	if a.Status == http.StatusBadRequest || a.Status == http.StatusUnauthorized { // the refresh token is over, too
		return b.signIn(ctx, s.Access)
	}
	return b.keep(ctx, a, s.Access)
}

// keep writes a new session down before it is used; of two at once the first one written stands for both.
func (b *bluesky) keep(ctx context.Context, a answer, stale string) (*bskySession, Outcome) {
	var s bskySession
	if !a.ok(&s) || s.Access == "" {
		_, said := bskyError(a)
		return nil, a.outcome(false, said, b.p.Now())
	}
	acc, _, err := b.p.Store.UpdateAccount(ctx, b.name, func(acc *story.Account) error {
		of := b.cfg.Account + " " + b.cfg.Server
		if acc.Tokens["access"] != "" && acc.Tokens["access"] != stale && acc.Tokens["of"] == of {
			return nil
		}
		acc.Tokens = map[string]string{"did": s.DID, "access": s.Access, "refresh": s.Refresh, "of": of}
		return nil
	})
	if err != nil {
		return nil, Outcome{End: Later, Why: err.Error()}
	}
	return &bskySession{acc.Tokens["did"], acc.Tokens["access"], acc.Tokens["refresh"]}, Outcome{}
}

func (b *bluesky) call(ctx context.Context, s *bskySession, method string, body any) answer {
	return b.authorized(ctx, s, func(token string) (*http.Request, error) {
		return request(ctx, http.MethodPost, b.cfg.Server+"/xrpc/"+method, body, "Authorization", "Bearer "+token)
	})
}

// authorized makes a request, and once more with a renewed session if the token had run out: the network did nothing
// then.
func (b *bluesky) authorized(ctx context.Context, s *bskySession, make func(token string) (*http.Request, error)) answer {
	for try := 0; ; try++ {
		req, err := make(s.Access)
		if err != nil {
			return answer{Err: err}
		}
		a := exchange(b.p.Client, req)
		name, _ := bskyError(a)
		if try > 0 || a.Status != http.StatusUnauthorized && name != "ExpiredToken" && name != "InvalidToken" {
			return a
		}
		fresh, _ := b.renew(ctx, s)
		if fresh == nil {
			return a
		}
		*s = *fresh
	}
}
