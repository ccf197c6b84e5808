package channel

import (
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/story"
	"cutline/internal/summary"
)

// Changed compares what is out with what would be sent now.
func Changed(sent, now story.Draft, a article.Article, c config.Channel, site config.Site) summary.Change {
	said := func(d story.Draft) summary.Said {
		s := summary.Said{Text: bareText(d.Text, d, a.Language, c, site)}
		if d.Card != "" || d.Dek != "" {
			s.Headline = d.Title
		}
		if c.Embed != "image" && c.Kind != "mastodon" && c.Kind != "telegram" { // elsewhere the dek is shown with the link
			s.Dek = d.Dek
		}
		return s
	}
	return summary.Compare(said(sent), said(now), a, sent.Findings)
}

// PlanFor is what is to become of a post that was made so long ago and is out as sent, when it would be sent as now. It
// is pure. What nobody need be told is never told to anybody: a slip of the pen is mended where a post can be edited
// and otherwise stays.
func PlanFor(c config.Channel, can Capabilities, age time.Duration, sent, now story.Draft, change summary.Change) story.Plan {
	editable := can.Edit && (can.EditFor == 0 || age < can.EditFor)
	soon := age < c.RepostWithin && can.Retract && (can.KeepFor == 0 || age < can.KeepFor)
	p := story.Plan{Change: change.Kind, What: change.What}
	how := func(how, why string) story.Plan {
		p.How, p.Why = how, why
		switch p.Notifies = how == "reply" || how == "repost"; {
		case p.Notifies, how == "edit" && can.Bills:
			p.Cost = now.Cost
		}
		return p
	}
	ask := func() story.Plan {
		p.Asks = true
		switch {
		case editable:
			return how("edit", "the desk is asked")
		case change.Kind == summary.Same:
			return how("leave", "only the card or its alt text is another, and the network cannot edit a post: take it down, or leave it as it is")
		case can.Reply && change.Kind == summary.Facts:
			return how("reply", "the post cannot be edited: the desk is asked whether to reply with a correction")
		case can.Reply:
			return how("reply", "the post cannot be edited, and nothing was found that would be wrong in it: the desk is asked")
		}
		return how("leave", "the network can neither edit the post nor take a correction: take it down, or leave it as it is")
	}
	switch {
	case c.Corrections == "leave":
		return how("leave", "by the channel's policy posts stay as they are")
	case change.Kind == summary.Same && !editable && sent.Card == now.Card && sent.Alt == now.Alt:
		return how("leave", "only its link or its hashtags would be others, and the network cannot edit a post")
	case c.Corrections == "ask" && change.Kind != summary.Spelling:
		return ask()
	case change.Kind != summary.Facts:
		switch {
		case editable:
			return how("edit", "nothing that would have to be told: it is edited in silence")
		case change.Kind == summary.Spelling:
			return how("leave", "only the spelling differs, and the network cannot edit a post")
		case change.Kind == summary.Stands:
			return how("leave", "what it says stands in the article, and the network cannot edit a post")
		}
		return ask()
	case c.Corrections == "repost" && soon:
		return how("repost", "by the channel's policy a post of the last "+plainDuration(c.RepostWithin)+" is taken down and posted again")
	case (c.Corrections == "" || c.Corrections == "edit") && editable:
		return how("edit", "what was said is not so any more: the post is edited")
	case c.Corrections != "" && can.Reply:
		return how("reply", "what was said is not so any more: a correction is given as a reply")
	}
	return ask()
}

func plainDuration(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}
