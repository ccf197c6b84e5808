package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// discord posts through a webhook of one channel of a Discord server: the text with its link, and the card as a file with
// alt text. The webhook knows a message by its id alone, so a call whose answer is lost is uncertain. It calls nobody:
// no mention in a text counts.
type discord struct {
	name string
	cfg  config.Channel
	p    Parts
}

const (
	discordText = 2000 // as sent, escapes among them
	discordAlt  = 1024
)

func newDiscord(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if !c.Secret.Given() {
		return nil, fmt.Errorf("discord needs secret: the address of a webhook, as https://discord.com/api/webhooks/…")
	}
	return &discord{name: name, cfg: c, p: p}, nil
}

func (d *discord) Capabilities() Capabilities {
	return Capabilities{Find: Never, Edit: true, Retract: true}
}

func (d *discord) Prepare(p Piece) story.Draft {
	out := linked(p, d.cfg, d.name, "og", func(text string) bool { return utf16Length(discordContent(text, p.Article.URL))+2 <= discordText })
	out.Alt = cutBy(out.Alt, discordAlt, utf16Length)
	return out
}

var discordMarkup = regexp.MustCompile("[\\\\*_~`|>#\\[\\]()<@:-]")

// discordContent is a text in which nothing is markup but the link, whose preview is left out beside the card.
func discordContent(text, link string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, link)
		if !found || link == "" {
			b.WriteString(discordMarkup.ReplaceAllString(text, `\$0`))
			return b.String()
		}
		b.WriteString(discordMarkup.ReplaceAllString(before, `\$0`) + "<" + link + ">")
		text = after
	}
}

// message makes the request that sends or replaces a message.
func (d *discord) message(ctx context.Context, method, address string, c *Call) (*http.Request, Outcome) {
	m := map[string]any{"content": discordContent(c.Draft.Text, c.Draft.Link), "allowed_mentions": map[string]any{"parse": []string{}}, "attachments": []any{}}
	if c.Draft.Card == "" {
		m["content"] = strings.Replace(m["content"].(string), "<"+c.Draft.Link+">", c.Draft.Link, 1) // its preview is the picture then
		req, err := request(ctx, method, address, m)
		if err != nil {
			return nil, Outcome{End: Refused, Pause: true, Why: errNoAddress.Error()}
		}
		return req, Outcome{End: Posted}
	}
	card, err := c.Card(ctx)
	if err != nil {
		return nil, Outcome{End: Later, Why: remark.Say("card-not-read", err.Error())}
	}
	m["attachments"] = []any{map[string]any{"id": 0, "filename": "card.jpg", "description": c.Draft.Alt}}
	payload, err := json.Marshal(m)
	if err != nil {
		return nil, Outcome{End: Refused, Why: err.Error()}
	}
	body, typ, err := form([]part{{Name: "payload_json", Body: payload}, {Name: "files[0]", File: "card.jpg", Type: c.Draft.Type, Body: card}})
	if err != nil {
		return nil, Outcome{End: Refused, Why: err.Error()}
	}
	req, err := rawRequest(ctx, method, address, body, "Content-Type", typ)
	if err != nil {
		return nil, Outcome{End: Refused, Pause: true, Why: errNoAddress.Error()}
	}
	return req, Outcome{End: Posted}
}

type discordReply struct {
	ID         string
	ChannelID  string `json:"channel_id"`
	Code       int
	Message    string
	RetryAfter float64 `json:"retry_after"`
}

// failed is what an answer means that is no success. A webhook that is gone is not called again: Discord counts such
// calls, and shuts out who makes too many.
func (d *discord) failed(a answer, publishing bool) Outcome {
	var r discordReply
	if json.Unmarshal(a.Body, &r) != nil {
		r = discordReply{}
	}
	out := a.outcome(publishing, r.Message, d.p.Now())
	switch {
	case r.RetryAfter > 0 && a.Status == http.StatusTooManyRequests: // finer than the header
		out.Until = d.p.Now().Add(time.Duration(r.RetryAfter * float64(time.Second)))
		out.Rest = r.Code != 30046 // the edits of one old message
	case r.Code == 10015, r.Code == 50027, a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden, a.Status == http.StatusNotFound && r.Code != 10008:
		out = Outcome{End: Refused, Pause: true, Why: remark.Say("webhook-new", out.Why)}
	}
	return out
}

func (d *discord) Publish(ctx context.Context, c *Call) Outcome {
	address, out := hookAddress(ctx, d.cfg)
	if out.End != Posted {
		return out
	}
	req, out := d.message(ctx, http.MethodPost, address+"?wait=true", c)
	if out.End != Posted {
		return out
	}
	a := exchange(d.p.Client, req)
	var r discordReply
	if a.ok(&r) && r.ID != "" {
		remote := story.Remote{ID: r.ID}
		if d.cfg.Account != "" && r.ChannelID != "" { // the server's number
			remote.URL = "https://discord.com/channels/" + url.PathEscape(d.cfg.Account) + "/" + r.ChannelID + "/" + r.ID
		}
		return Outcome{End: Posted, Remote: remote}
	}
	return d.failed(a, true)
}

func (d *discord) Find(context.Context, *Call) Outcome {
	return Outcome{End: Unknown, Why: remark.Say("cannot-be-asked", "Discord")}
}

// at is the address of a message of the webhook's.
func (d *discord) at(ctx context.Context, c *Call) (string, Outcome) {
	address, out := hookAddress(ctx, d.cfg)
	return address + "/messages/" + url.PathEscape(placed(&c.Remote)), out
}

func (d *discord) Edit(ctx context.Context, c *Call) Outcome {
	address, out := d.at(ctx, c)
	if out.End != Posted {
		return out
	}
	req, out := d.message(ctx, http.MethodPatch, address, c)
	if out.End != Posted {
		return out
	}
	a := exchange(d.p.Client, req)
	var r discordReply
	switch {
	case a.ok(&r) && r.ID != "":
		return Outcome{End: Posted, Remote: c.Remote}
	case discordGone(a):
		return Outcome{End: Gone, Why: remark.Say("post-gone")}
	}
	return d.failed(a, true)
}

func discordGone(a answer) bool {
	var r discordReply
	return a.Err == nil && a.Status == http.StatusNotFound && json.Unmarshal(a.Body, &r) == nil && r.Code == 10008
}

func (d *discord) Retract(ctx context.Context, c *Call) Outcome {
	address, out := d.at(ctx, c)
	if out.End != Posted {
		return out
	}
	req, err := rawRequest(ctx, http.MethodDelete, address, nil)
	if err != nil {
		return Outcome{End: Refused, Pause: true, Why: errNoAddress.Error()}
	}
	a := exchange(d.p.Client, req)
	if a.Err == nil && a.Status == http.StatusNoContent || discordGone(a) {
		return Outcome{End: Posted, Remote: c.Remote}
	}
	return d.failed(a, false)
}
