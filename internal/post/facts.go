package post

import (
	"sync"

	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/review"
	"cutline/internal/story"
)

// facts gathers what Next decides from.
func (l *look) facts(name string) (Facts, error) {
	d, p := l.d, l.Poster
	c, ch, site := p.Config.Channels[name], p.Channels[name], p.Config.Sites[d.Story.Site]
	rec := d.Posts[name]
	f := Facts{
		Now: d.Now, Dossier: d, Channel: name, Record: rec.Doc, Age: d.Ages[name],
		TooOld: c.TooOld, Lease: p.Config.Timing.Lease, Can: ch.Capabilities(),
		Pace: p.Config.PaceOf(name), Urgent: urgent(&d.Story, site),
		Other: rec.Exists() && rec.Doc.Kind != "" && (rec.Doc.Kind != c.Kind || rec.Doc.Account != accountOf(c)),
	}
	if rec.Doc.Remote.ID == story.Unplaced {
		f.Can.Edit, f.Can.Reply, f.Can.Retract, f.Can.ByHand = false, false, false, remark.Say("by-hand-unplaced")
	}
	if p.Pages != nil && c.Page != "off" {
		f.Page = c.Page
	}
	f.Rule = review.Of(p.Config, d, name)
	f.Stale = stale(&rec.Doc, &d.Story, func(x story.Draft) []string { return channel.Check(x.Text, x, d.Story.Edited(), c, site) })
	if d.Manifest.Revision >= d.Story.Revision && d.Story.Live() && !f.rests() {
		piece := l.drafts.piece(d, site)
		draft := l.drafts.of(ch, name, piece)
		if c.Rewrite && p.Reword != nil && !rec.Doc.Live() {
			if other := rec.Doc.Other; other.Of != draft.Hash() {
				f.Reword = true
			} else if other.Text != "" {
				piece.Summary = other.Text
				draft = l.drafts.of(ch, name, piece)
			}
		}
		if sent := rec.Doc.Sent; rec.Doc.Live() && sent.Revision < draft.Revision && sent.Base() != draft.Hash() {
			f.Plan = channel.PlanFor(c, f.Can, f.Now.Sub(rec.Doc.Made()), *sent, draft, channel.Changed(*sent, draft, piece.Article, c, site))
			if f.Plan.How == "reply" {
				piece.Corrects = true
				draft = l.drafts.of(ch, name, piece)
			}
		}
		f.Draft = &draft
	}
	return f, nil
}

// rests says that no draft, whatever stands in it, gives cause to do anything: what is out is of the story's present revision,
// its end is known, and nobody decided anything since. Nearly all stories that something is due for are such, and drafts
// are what a look costs most.
func (f Facts) rests() bool {
	p := &f.Record
	return p.Live() && p.Claim == nil && p.Uncertain == "" && p.Sent.Revision >= f.Dossier.Story.Revision &&
		!f.Dossier.Decisions.For(f.Channel, f.Rule).At.After(p.SentAt)
}

// drafts are those of one look, each made once: a channel's is the same for the same piece. Channels use it side by side.
type drafts struct {
	mu    sync.Mutex
	drawn string // the version of the manifest that base is of
	base  channel.Piece
	made  map[makings]story.Draft // from base
}

// makings are what else a draft is made from.
type makings struct {
	channel  string
	summary  string // other words
	corrects bool
}

// piece is the story as it is now.
func (m *drafts) piece(d *story.Dossier, site config.Site) channel.Piece {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.made == nil || m.base.Revision != d.Story.Revision || m.drawn != d.Drawn() {
		m.base = channel.Piece{Key: d.Story.Key, Site: site, Article: d.Story.Edited(), Manifest: d.Manifest, Revision: d.Story.Revision}.Read()
		m.drawn, m.made = d.Drawn(), map[makings]story.Draft{}
	}
	return m.base
}

// of is a channel's draft of the piece, which may have other words and be a correction.
func (m *drafts) of(ch channel.Channel, name string, piece channel.Piece) story.Draft {
	key := makings{name, piece.Summary, piece.Corrects}
	m.mu.Lock()
	draft, ok := m.made[key]
	m.mu.Unlock()
	if !ok {
		draft = ch.Prepare(piece)
		m.mu.Lock()
		m.made[key] = draft
		m.mu.Unlock()
	}
	return draft
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
