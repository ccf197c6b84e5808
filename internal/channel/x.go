package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// x posts to X by its API v2: the card with its alt text is uploaded first and its id kept, then the post is made. X
// has no handle against doubles; it refuses a recent text a second time, which is read as "probably posted", and the
// account's own newest posts tell. A post with a link in it is billed far higher: [config.Channel.LinkInPost].
type x struct {
	name   string
	cfg    config.Channel
	p      Parts
	oauth1 bool    // requests are signed; else they carry a token that is renewed
	tokens *tokens // OAuth 2
}

const (
	xServer   = "https://api.x.com"
	xPremium  = 25000 // weighted characters of an account with Premium
	xAlt      = 1000
	xPlain    = 0.015 // US dollars a post, since 2026-04-20
	xWithLink = 0.20  // and one with a URL in it
	xEdits    = time.Hour
	xPages    = 3 // of the account's newest posts, looked through for one of ours
)

func newX(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if c.Server == "" {
		c.Server = xServer
	}
	if c.App == "" || !c.Secret.Given() || c.TokenSecret.Given() && !c.AppSecret.Given() {
		return nil, fmt.Errorf("x needs app, app_secret, secret and token_secret (the consumer's and the access token's key and secret), or for OAuth 2 app (the client id) and secret (a refresh token)")
	}
	n := &x{name: name, cfg: c, p: p, oauth1: c.TokenSecret.Given()}
	n.tokens = &tokens{name: name, p: p, of: n.of, renew: n.renew, begin: func(ctx context.Context) (pair, Outcome) {
		secret, err := c.Secret.Value(ctx)
		if err != nil {
			return pair{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
		}
		return n.renew(ctx, pair{Refresh: secret})
	}}
	return n, nil
}

func (n *x) Capabilities() Capabilities {
	return Capabilities{Find: Shows, Edit: n.cfg.Premium, EditFor: xEdits, Bills: true, Retract: true, Reply: true}
}

func (n *x) limit() int {
	if n.cfg.Premium {
		return xPremium
	}
	return xLimit
}

func (n *x) Prepare(p Piece) story.Draft {
	words := draft
	if linkInText(n.cfg) {
		words = linked
	}
	d := words(p, n.cfg, n.name, "og", func(text string) bool {
		length, bad := xLength(text)
		return length <= n.limit() && !bad
	})
	d.Alt = cutBy(d.Alt, xAlt, utf16Length)
	if d.Card != "" {
		d.Dek = "" // shown by a link card only
	}
	if n.cfg.Embed == "link" && linkInText(n.cfg) { // X reads the picture from the page
		d = cardless(d)
	}
	d.Cost = CostOf(n.cfg, d)
	return d
}

// call makes one call as the user.
func (n *x) call(ctx context.Context, build func() (*http.Request, error)) (answer, Outcome) {
	if !n.oauth1 {
		return n.tokens.send(ctx, func(s pair) (*http.Request, error) {
			req, err := build()
			if err == nil {
				req.Header.Set("Authorization", "Bearer "+s.Access)
			}
			return req, err
		}, func(a answer) bool { return a.Status == http.StatusUnauthorized })
	}
	keys := oauth1{Key: n.cfg.App}
	for _, s := range []struct {
		from config.Secret
		to   *string
	}{{n.cfg.AppSecret, &keys.Secret}, {n.cfg.Secret, &keys.Token}, {n.cfg.TokenSecret, &keys.TokenSecret}} {
		var err error
		if *s.to, err = s.from.Value(ctx); err != nil {
			return answer{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
		}
	}
	req, err := build()
	if err != nil {
		return answer{}, Outcome{End: Refused, Why: err.Error()}
	}
	if err := keys.sign(req, n.p.Now(), n.p.Random); err != nil {
		return answer{}, Outcome{End: Later, Why: err.Error()}
	}
	return exchange(n.p.Client, req), Outcome{End: Posted}
}

// json makes one call with a JSON body (nil: none), and reads a success into v. Anything but Posted says what became
// of it.
func (n *x) json(ctx context.Context, method, path string, body, v any) Outcome {
	a, out := n.call(ctx, func() (*http.Request, error) { return request(ctx, method, n.cfg.Server+path, body) })
	if out.End != Posted || a.ok(v) {
		return out
	}
	return n.failed(a, method == http.MethodPost && path == "/2/tweets")
}

// xProblem is what X answers that could not do as asked, after RFC 7807.
type xProblem struct {
	Title, Detail, Type string
	Errors              []struct{ Message string }
}

func (n *x) failed(a answer, publishing bool) Outcome {
	var p xProblem
	said := ""
	if json.Unmarshal(a.Body, &p) == nil && p.Title+p.Detail != "" {
		said = p.Title + ": " + p.Detail
		for _, e := range p.Errors {
			said += " " + e.Message
		}
	}
	out := a.outcome(publishing, said, n.p.Now())
	kind := p.Type[strings.LastIndexByte(p.Type, '/')+1:]
	lower := strings.ToLower(said)
	switch {
	case kind == "usage-capped", p.Title == "UsageCapExceeded", a.Status == http.StatusPaymentRequired:
		return Outcome{End: Refused, Pause: true, Why: remark.Say("credits-used-up", said)}
	case kind == "client-forbidden", kind == "unsupported-authentication", kind == "not-authorized-for-resource":
		return Outcome{End: Refused, Pause: true, Why: remark.Say("write-permission", said)}
	case a.Status == http.StatusForbidden && (strings.Contains(lower, "suspended") || strings.Contains(lower, "locked")):
		return Outcome{End: Refused, Pause: true, Why: said}
	case a.Status == http.StatusForbidden && strings.Contains(lower, "duplicate"):
		return Outcome{End: Unknown, Why: said}
	}
	return out
}

func (n *x) Publish(ctx context.Context, c *Call) Outcome {
	body := map[string]any{"text": c.Draft.Text}
	if c.Draft.Card != "" {
		id, out := n.media(ctx, c)
		if out.End != Posted {
			return out
		}
		body["media"] = map[string]any{"media_ids": []string{id}}
	}
	if c.ReplyTo != nil {
		body["reply"] = map[string]any{"in_reply_to_tweet_id": placed(c.ReplyTo)}
	}
	out := n.create(ctx, body)
	switch {
	case out.End == Refused && c.Draft.Card != "" && strings.Contains(out.Why, "media IDs are invalid"): // forgotten by X: upload it again next time
		c.Keep("media", "")
		out.End = Later
	case out.End == Unknown && strings.Contains(strings.ToLower(out.Why), "duplicate"):
		found := n.Find(ctx, c)
		if found.End == Posted {
			return found
		}
		if found.End == Absent && n.p.Now().Sub(c.First) > 5*time.Minute { // what is so much older is no try of ours that is not listed yet
			return Outcome{End: Refused, Why: remark.Say("same-text", out.Why)}
		}
	}
	return out
}

// create makes the post, or an edit, which to X is a post too.
func (n *x) create(ctx context.Context, body map[string]any) Outcome {
	var ok struct{ Data struct{ ID string } }
	a, out := n.call(ctx, func() (*http.Request, error) {
		return request(ctx, http.MethodPost, n.cfg.Server+"/2/tweets", body)
	})
	if out.End != Posted {
		return out
	}
	if a.ok(&ok) && ok.Data.ID != "" {
		return Outcome{End: Posted, Remote: n.remote(ok.Data.ID)}
	}
	return n.failed(a, true)
}

func (n *x) remote(id string) story.Remote {
	if n.cfg.Account == "" || isNumber(n.cfg.Account) {
		return story.Remote{ID: id, URL: "https://x.com/i/web/status/" + id}
	}
	return story.Remote{ID: id, URL: "https://x.com/" + url.PathEscape(strings.TrimPrefix(n.cfg.Account, "@")) + "/status/" + id}
}

// id is the post's number.
func (n *x) id(c *Call) (string, Outcome) {
	id := placed(&c.Remote)
	if !isNumber(id) {
		return "", Outcome{End: Refused, Why: remark.Say("number-unknown", remark.Say("by-hand-on", "X"))}
	}
	return id, Outcome{End: Posted}
}

func isNumber(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// extension is that of a card's file name: some networks go by it.
func extension(contentType string) string {
	if contentType == "image/png" {
		return ".png"
	}
	return ".jpg"
}

// Edit is a post that takes another's place, with an id of its own. So the history is read first: an edit whose answer
// was lost shows there.
func (n *x) Edit(ctx context.Context, c *Call) Outcome {
	if !n.cfg.Premium {
		return Outcome{End: Refused, Why: remark.Say("edit-premium")}
	}
	id, out := n.id(c)
	if out.End != Posted {
		return out
	}
	newest, out := n.read(ctx, id)
	if out.End != Posted {
		return out
	}
	if unlinked(html.UnescapeString(newest.Text)) == unlinked(c.Draft.Text) {
		return Outcome{End: Posted, Remote: n.remote(newest.ID)}
	}
	body := map[string]any{"text": c.Draft.Text, "edit_options": map[string]string{"previous_post_id": newest.ID}}
	if c.Draft.Card != "" {
		id, out := n.media(ctx, c)
		if out.End != Posted {
			return out
		}
		body["media"] = map[string]any{"media_ids": []string{id}}
	}
	return n.create(ctx, body)
}

func (n *x) Retract(ctx context.Context, c *Call) Outcome {
	id, out := n.id(c)
	if out.End != Posted {
		return out
	}
	a, out := n.call(ctx, func() (*http.Request, error) {
		return request(ctx, http.MethodDelete, n.cfg.Server+"/2/tweets/"+id, nil)
	})
	var ok struct{ Data struct{ Deleted bool } }
	switch {
	case out.End != Posted:
		return out
	case a.ok(&ok) && ok.Data.Deleted, a.Err == nil && a.Status == http.StatusNotFound:
		return Outcome{End: Posted, Remote: c.Remote}
	}
	return n.failed(a, false)
}

// of names the credentials that the tokens come from.
func (n *x) of(ctx context.Context) (string, error) {
	secret, err := n.cfg.Secret.Value(ctx)
	return fingerprint(n.cfg.Server, n.cfg.App, secret), err
}

// renew trades the refresh token, which works once, for a new pair (RFC 6749, section 6).
func (n *x) renew(ctx context.Context, old pair) (pair, Outcome) {
	return refresh(ctx, n.p, n.cfg, n.cfg.Server+"/2/oauth2/token", old, false)
}
