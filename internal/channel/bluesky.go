package channel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// bluesky posts to a personal data server of the AT Protocol. The record key is ours: a TID made from the time of the
// first claim and the post's id, so the same post has the same key at every try, and putRecord with swapRecord null
// makes it once. The text carries no link; the link card does (or, with embed: image, a facet at the text's end).
type bluesky struct {
	name   string
	cfg    config.Channel
	p      Parts
	tokens *tokens
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
	b := &bluesky{name: name, cfg: c, p: p}
	b.tokens = b.sessions()
	return b, nil
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

// tid is a record key: 53 bits of microseconds and 10 bits that tell apart what has the same, in 13 letters of
// base32-sortable. Of first only the second is taken, as S3's clock has no more: the microseconds in it are of the id's hash,
// or of all that an account posts in a busy second every thousandth would have the key of another, and put itself in its place.
func tid(first time.Time, id string) string {
	h := sha256.Sum256([]byte(id))
	within := binary.BigEndian.Uint64(h[:8]) % 1e6
	n := ((uint64(first.Unix())*1e6+within)&(1<<53-1))<<10 | uint64(binary.BigEndian.Uint16(h[8:10])&1023)
	const alphabet = "234567abcdefghijklmnopqrstuvwxyz"
	var out [13]byte
	for i := 12; i >= 0; i-- {
		out[i] = alphabet[n&31]
		n >>= 5
	}
	return string(out[:])
}

func (b *bluesky) rkey(c *Call) string {
	if c.ReplyTo != nil && c.Draft.Part == 0 {
		return tid(c.First, c.ID()+"/reply/"+c.Draft.Hash())
	}
	return tid(c.First, c.ID())
}

// session is the pair to call with.
func (b *bluesky) session(ctx context.Context, c *Call) (pair, Outcome) {
	b.tokens.seen(ctx, c.Account)
	return b.tokens.current(ctx)
}

func (b *bluesky) Publish(ctx context.Context, c *Call) Outcome {
	s, out := b.session(ctx, c)
	if out.End != Posted {
		return out
	}
	var blob json.RawMessage
	if c.Draft.Card != "" {
		if blob, out = b.upload(ctx, c); blob == nil {
			return out
		}
	}
	record := b.record(c, blob)
	rkey := b.rkey(c)
	a, out := b.call(ctx, "com.atproto.repo.putRecord", map[string]any{
		"repo": s.Who, "collection": bskyPost, "rkey": rkey, "record": record, "swapRecord": nil, "validate": true,
	})
	if out.End != Posted {
		return out
	}
	var ok struct{ URI, CID string }
	if a.ok(&ok) && ok.URI != "" {
		return Outcome{End: Posted, Remote: story.Remote{ID: ok.URI, CID: ok.CID, URL: postURL(s.Who, rkey)}}
	}
	name, said := bskyError(a)
	switch name {
	case "InvalidSwap": // the key is taken, and it is ours: an earlier try was posted
		return b.find(ctx, s, rkey)
	case "BlobNotFound": // forgotten by the server: upload it again next time
		c.Keep("blob", "")
		return Outcome{End: Later, Why: said}
	}
	return b.failed(a, true)
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
		ref := func(at *story.Remote) map[string]string { return map[string]string{"uri": at.ID, "cid": at.CID} }
		root := c.ReplyTo
		if c.Root != nil {
			root = c.Root
		}
		r["reply"] = map[string]any{"root": ref(root), "parent": ref(c.ReplyTo)}
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
	if c.Draft.Link == "" { // it goes on in a thread, whose first post has the card
		return r
	}
	external := map[string]any{"uri": c.Draft.Link, "title": c.Draft.Title, "description": c.Draft.Dek}
	if blob != nil {
		external["thumb"] = blob
	}
	r["embed"] = map[string]any{"$type": "app.bsky.embed.external", "external": external}
	return r
}

// upload sends the card, or takes the one that an earlier try has sent.
func (b *bluesky) upload(ctx context.Context, c *Call) (json.RawMessage, Outcome) {
	if kept := c.Steps["blob"]; kept != "" {
		return json.RawMessage(kept), Outcome{}
	}
	card, err := c.Card(ctx)
	if err != nil {
		return nil, Outcome{End: Later, Why: remark.Say("card-not-read", err.Error())}
	}
	a, out := b.post(ctx, "com.atproto.repo.uploadBlob", c.Draft.Type, card)
	if out.End != Posted {
		return nil, out
	}
	var ok struct{ Blob json.RawMessage }
	if !a.ok(&ok) || len(ok.Blob) == 0 {
		return nil, b.failed(a, false)
	}
	// A blob that no record names is thrown away, and the record's key is what keeps a post from being made twice.
	c.Keep("blob", string(ok.Blob))
	if err := c.GoOn(ctx); err != nil {
		return nil, Outcome{End: Later, Why: err.Error()}
	}
	return ok.Blob, Outcome{}
}

func (b *bluesky) Find(ctx context.Context, c *Call) Outcome {
	s, out := b.session(ctx, c)
	if out.End != Posted {
		return out
	}
	return b.find(ctx, s, b.rkey(c))
}

func (b *bluesky) find(ctx context.Context, s pair, rkey string) Outcome {
	q := url.Values{"repo": {s.Who}, "collection": {bskyPost}, "rkey": {rkey}}
	req, err := rawRequest(ctx, http.MethodGet, b.cfg.Server+"/xrpc/com.atproto.repo.getRecord?"+q.Encode(), nil)
	if err != nil {
		return Outcome{End: Later, Why: err.Error()}
	}
	a := exchange(b.p.Client, req)
	var ok struct{ URI, CID string }
	if a.ok(&ok) && ok.URI != "" {
		return Outcome{End: Posted, Remote: story.Remote{ID: ok.URI, CID: ok.CID, URL: postURL(s.Who, rkey)}}
	}
	name, _ := bskyError(a)
	if name == "RecordNotFound" {
		return Outcome{End: Absent}
	}
	return asked(b.failed(a, false)) // an answer that says neither: ask again
}

// Edit is not offered: readers would go on seeing the first version.
func (b *bluesky) Edit(context.Context, *Call) Outcome {
	return Outcome{End: Refused, Why: remark.Say("edit-shows-original", "Bluesky")}
}

func (b *bluesky) Retract(ctx context.Context, c *Call) Outcome {
	s, out := b.session(ctx, c)
	if out.End != Posted {
		return out
	}
	rkey := c.Remote.ID[strings.LastIndexByte(c.Remote.ID, '/')+1:]
	a, out := b.call(ctx, "com.atproto.repo.deleteRecord", map[string]any{"repo": s.Who, "collection": bskyPost, "rkey": rkey})
	if out.End != Posted {
		return out
	}
	if a.Err == nil && a.Status == http.StatusOK {
		return Outcome{End: Posted, Remote: c.Remote}
	}
	return b.failed(a, false)
}

func postURL(did, rkey string) string { return "https://bsky.app/profile/" + did + "/post/" + rkey }

// failed is what an answer means that is no success. An account that was taken down or switched off rests.
func (b *bluesky) failed(a answer, publishing bool) Outcome {
	name, said := bskyError(a)
	out := a.outcome(publishing, said, b.p.Now())
	if out.End == Refused && strings.HasPrefix(name, "Account") { // AccountTakedown, AccountDeactivated, AccountSuspended
		out.Pause = true
	}
	return out
}

// bskyError reads the error's name and its words.
func bskyError(a answer) (name, said string) {
	var e struct{ Error, Message string }
	if json.Unmarshal(a.Body, &e) != nil || e.Error == "" {
		return "", ""
	}
	return e.Error, e.Error + ": " + e.Message
}

// sessions is the account's session: an app password signs in, and each renewal gives a new pair. Logins are rare: 300 a
// day are allowed.
func (b *bluesky) sessions() *tokens {
	keep := func(a answer) (pair, Outcome) {
		var s struct{ DID, AccessJWT, RefreshJWT string }
		if !a.ok(&s) || s.AccessJWT == "" {
			return pair{}, b.failed(a, false)
		}
		return pair{Access: s.AccessJWT, Refresh: s.RefreshJWT, Who: s.DID}, Outcome{End: Posted}
	}
	signIn := func(ctx context.Context) (pair, Outcome) {
		secret, err := b.cfg.Secret.Value(ctx)
		if err != nil {
			return pair{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
		}
		req, err := request(ctx, http.MethodPost, b.cfg.Server+"/xrpc/com.atproto.server.createSession", map[string]string{"identifier": b.cfg.Account, "password": secret})
		if err != nil {
			return pair{}, Outcome{End: Refused, Why: err.Error()}
		}
		return keep(exchange(b.p.Client, req))
	}
	return &tokens{
		name: b.name, p: b.p, begin: signIn,
		of: func(context.Context) (string, error) { return fingerprint(b.cfg.Account, b.cfg.Server), nil },
		renew: func(ctx context.Context, old pair) (pair, Outcome) {
			req, err := rawRequest(ctx, http.MethodPost, b.cfg.Server+"/xrpc/com.atproto.server.refreshSession", nil, "Authorization", "Bearer "+old.Refresh)
			if err != nil {
				return pair{}, Outcome{End: Refused, Why: err.Error()}
			}
			a := exchange(b.p.Client, req)
			if a.Status == http.StatusBadRequest || a.Status == http.StatusUnauthorized { // the refresh token is over, too
				return signIn(ctx)
			}
			return keep(a)
		},
	}
}

// post calls a method of the server as the account.
func (b *bluesky) post(ctx context.Context, method, contentType string, body []byte) (answer, Outcome) {
	return b.tokens.send(ctx, func(s pair) (*http.Request, error) {
		return rawRequest(ctx, http.MethodPost, b.cfg.Server+"/xrpc/"+method, bytes.NewReader(body), "Content-Type", contentType, "Authorization", "Bearer "+s.Access)
	}, func(a answer) bool {
		name, _ := bskyError(a)
		return a.Status == http.StatusUnauthorized || name == "ExpiredToken" || name == "InvalidToken"
	})
}

func (b *bluesky) call(ctx context.Context, method string, body any) (answer, Outcome) {
	j, err := json.Marshal(body)
	if err != nil {
		return answer{}, Outcome{End: Refused, Why: err.Error()}
	}
	return b.post(ctx, method, "application/json", j)
}
