package channel

import (
	"context"
	"fmt"
	"net/url"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// threads posts to Threads by containers: the card as a picture with its alt text and the link in the text, or with
// embed: link a text with a link card, whose picture Threads reads from the page.
type threads struct {
	name string
	cfg  config.Channel
	k    *containers
}

const (
	threadsServer = "https://graph.threads.net"
	threadsText   = 500
	threadsAlt    = 1000
)

func newThreads(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if !c.Secret.Given() {
		return nil, fmt.Errorf("threads needs secret (a long-lived token)")
	}
	if c.Server == "" {
		c.Server = threadsServer
	}
	g := &graph{p: p, base: graphAt(c.Server, threadsServer, "v1.0"), tokens: longLived(name, c, p, c.Server+"/refresh_access_token", "th_refresh_token")}
	return &threads{name: name, cfg: c, k: &containers{
		g: g, network: "Threads", user: me(c), edge: "threads", replies: "replies", publish: "threads_publish", quota: "threads_publishing_limit",
		state: "status,error_message", fields: "id,text,permalink,timestamp,link_attachment_url",
	}}, nil
}

// me is the account in a path: Meta knows the token's own account by that name.
func me(c config.Channel) string {
	if c.Account == "" {
		return "me"
	}
	return url.PathEscape(c.Account)
}

func (t *threads) Capabilities() Capabilities {
	return Capabilities{Find: Exact, Once: true, Retract: true, Reply: true, ByHand: remark.Say("by-hand-app", "Threads")}
}

func (t *threads) Prepare(p Piece) story.Draft {
	fits := func(text string) bool { return threadsLength(text) <= threadsText }
	if t.cfg.Embed == "link" {
		return cardless(draft(p, t.cfg, t.name, "og", fits))
	}
	d := linked(p, t.cfg, t.name, "og", fits)
	d.Alt, d.Dek = cutBy(d.Alt, threadsAlt, utf16Length), ""
	if d.Card != "" && t.k.g.p.Public == "" {
		d.Findings = append(d.Findings, remark.Say("public-address-missing", "Threads"))
	}
	return d
}

func (t *threads) Publish(ctx context.Context, c *Call) Outcome {
	q := url.Values{"media_type": {"TEXT"}, "text": {c.Draft.Text}}
	if c.Draft.Card != "" {
		address, out := t.k.picture(c)
		if out.End != Posted {
			return out
		}
		q.Set("media_type", "IMAGE")
		q.Set("image_url", address)
		if c.Draft.Alt != "" {
			q.Set("alt_text", c.Draft.Alt)
		}
	} else if c.Draft.Link != "" && !has(c.Draft.Text, c.Draft.Link) {
		q.Set("link_attachment", c.Draft.Link)
	}
	if c.ReplyTo != nil {
		q.Set("reply_to_id", c.ReplyTo.ID)
	}
	return t.k.post(ctx, c, q)
}

func (t *threads) Find(ctx context.Context, c *Call) Outcome { return t.k.find(ctx, c) }

// Edit is not offered by the API.
func (t *threads) Edit(context.Context, *Call) Outcome {
	return Outcome{End: Refused, Why: remark.Say("edit-not-possible", "Threads")}
}

func (t *threads) Retract(ctx context.Context, c *Call) Outcome {
	return t.k.retract(ctx, c, t.Capabilities().ByHand)
}
