package post

import (
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/review"
	"cutline/internal/story"
)

// facts gathers what Next decides from.
func (p *Poster) facts(d *story.Dossier, name string) (Facts, error) {
	c, ch, site := p.Config.Channels[name], p.Channels[name], p.Config.Sites[d.Story.Site]
	rec := d.Posts[name]
	f := Facts{
		Now: d.Now, Dossier: d, Channel: name, Record: rec.Doc, Age: d.Ages[name],
		TooOld: c.TooOld, Lease: p.Config.Timing.Lease, Can: ch.Capabilities(),
		Pace: p.Config.PaceOf(name), Urgent: urgent(&d.Story, site),
		Other: rec.Exists() && rec.Doc.Kind != "" && (rec.Doc.Kind != c.Kind || rec.Doc.Account != accountOf(c)),
	}
	if rec.Doc.Remote.ID == story.Unplaced {
		f.Can.Edit, f.Can.Reply, f.Can.Retract, f.Can.ByHand = false, false, false, "nobody knows where the post is; find it and delete it by hand"
	}
	if p.Pages != nil && c.Page != "off" {
		f.Page = c.Page
	}
	f.Rule = review.Of(p.Config, d, name)
	if d.Manifest.Revision >= d.Story.Revision && d.Story.Live() {
		piece := channel.Piece{Key: d.Story.Key, Site: site, Article: d.Story.Edited(), Manifest: d.Manifest, Revision: d.Story.Revision}
		draft := ch.Prepare(piece)
		if c.Rewrite && p.Reword != nil && !rec.Doc.Live() {
			if other := rec.Doc.Other; other.Of != draft.Hash() {
				f.Reword = true
			} else if other.Text != "" {
				piece.Summary = other.Text
				draft = ch.Prepare(piece)
			}
		}
		if sent := rec.Doc.Sent; rec.Doc.Live() && sent.Revision < draft.Revision && sent.Base() != draft.Hash() {
			f.Plan = channel.PlanFor(c, f.Can, f.Now.Sub(rec.Doc.Made()), *sent, draft, channel.Changed(*sent, draft, piece.Article, c, site))
			if f.Plan.How == "reply" {
				piece.Corrects = true
				draft = ch.Prepare(piece)
			}
		}
		f.Draft = &draft
	}
	return f, nil
}

// accountOf names the account that a channel posts as, however its configuration says it.
func accountOf(c config.Channel) string {
	for _, s := range []string{c.Account, c.Chat, c.Server} {
		if s != "" {
			return s
		}
	}
	return ""
}
