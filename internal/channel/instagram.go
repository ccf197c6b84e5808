package channel

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// instagram posts to a professional account by containers: the card as a picture with a caption. A caption has no
// links, so it has none of ours; what an article is about and where must be said in words.
type instagram struct {
	name string
	cfg  config.Channel
	k    *containers
}

const (
	instagramServer = "https://graph.instagram.com"
	instagramText   = 2200
	instagramAlt    = 1000
	instagramTags   = 30
	instagramNames  = 20
)

func newInstagram(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if c.Account == "" || !c.Secret.Given() {
		return nil, fmt.Errorf("instagram needs account (the professional account's number) and secret (a long-lived token)")
	}
	if c.Server == "" {
		c.Server = instagramServer
	}
	if c.Version == "" {
		c.Version = graphVersion
	}
	t := longLived(name, c, p, c.Server+"/refresh_access_token", "ig_refresh_token")
	if c.Server == facebookServer { // a Page's token, which never runs out
		t = fixed(p, c.Secret)
	}
	g := &graph{p: p, base: graphAt(c.Server, instagramServer, c.Version), app: c.AppSecret, tokens: t}
	return &instagram{name: name, cfg: c, k: &containers{
		g: g, network: "Instagram", user: me(c), edge: "media", publish: "media_publish", quota: "content_publishing_limit",
		state: "status_code,status", fields: "id,caption,permalink,timestamp",
	}}, nil
}

func (g *instagram) Capabilities() Capabilities {
	return Capabilities{Find: Exact, Once: true, Retract: true, ByHand: remark.Say("by-hand-app", "Instagram")}
}

func (g *instagram) Prepare(p Piece) story.Draft {
	d := draft(p, g.cfg, g.name, "portrait", func(text string) bool { return utf16Length(text) <= instagramText })
	d.Alt, d.Dek = cutBy(d.Alt, instagramAlt, utf16Length), ""
	object := func(finding string) { d.Findings = append(d.Findings, finding) }
	switch {
	case d.Card == "":
		object(remark.Say("picture-needed", "Instagram"))
	case d.Type != "image/jpeg":
		object(remark.Say("picture-kind", "Instagram", d.Type))
	case d.Height > 0 && (d.Width*5 < d.Height*4 || d.Width*100 > d.Height*191):
		object(remark.Say("picture-shape", "Instagram", fmt.Sprintf("%d×%d", d.Width, d.Height)))
	case g.k.g.p.Public == "":
		object(remark.Say("public-address-missing", "Instagram"))
	}
	if n := strings.Count(d.Text, "#"); n > instagramTags {
		object(remark.Say("hashtags-most", "Instagram", instagramTags, n))
	}
	if n := strings.Count(d.Text, "@"); n > instagramNames {
		object(remark.Say("mentions-most", "Instagram", instagramNames, n))
	}
	return d
}

func (g *instagram) Publish(ctx context.Context, c *Call) Outcome {
	if c.Draft.Card == "" {
		return Outcome{End: Refused, Why: remark.Say("picture-without-post", "Instagram")}
	}
	address, out := g.k.picture(c)
	if out.End != Posted {
		return out
	}
	q := url.Values{"image_url": {address}, "caption": {c.Draft.Text}}
	if c.Draft.Alt != "" {
		q.Set("alt_text", c.Draft.Alt)
	}
	return g.k.post(ctx, c, q)
}

func (g *instagram) Find(ctx context.Context, c *Call) Outcome { return g.k.find(ctx, c) }

// Edit is not offered by the API.
func (g *instagram) Edit(context.Context, *Call) Outcome {
	return Outcome{End: Refused, Why: remark.Say("edit-by-hand", "Instagram")}
}

// Retract tries: the newest API deletes a post of an account that granted instagram_manage_contents. Else a person must.
func (g *instagram) Retract(ctx context.Context, c *Call) Outcome {
	return g.k.retract(ctx, c, g.Capabilities().ByHand)
}
