package channel

import (
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
	"cutline/internal/summary"
)

// Changed compares what is out with what would be sent now.
func Changed(sent, now story.Draft, a article.Article, c config.Channel, site config.Site) summary.Change {
	said := func(d story.Draft) summary.Said {
		s := summary.Said{Text: bareText(d.Whole(), d, a.Language, c, site)}
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
			return how("edit", remark.Say("plan-asked"))
		case change.Kind == summary.Same:
			return how("leave", remark.Say("plan-card-only"))
		case can.Reply && change.Kind == summary.Facts:
			return how("reply", remark.Say("plan-reply-asked"))
		case can.Reply:
			return how("reply", remark.Say("plan-nothing-wrong"))
		}
		return how("leave", remark.Say("plan-neither"))
	}
	switch {
	case c.Corrections == "leave":
		return how("leave", remark.Say("plan-policy-leave"))
	case change.Kind == summary.Same && !editable && sent.Card == now.Card && sent.Alt == now.Alt:
		return how("leave", remark.Say("plan-link-only"))
	case c.Corrections == "ask" && change.Kind != summary.Spelling:
		return ask()
	case change.Kind != summary.Facts:
		switch {
		case editable:
			return how("edit", remark.Say("plan-edit-silent"))
		case change.Kind == summary.Spelling:
			return how("leave", remark.Say("plan-spelling"))
		case change.Kind == summary.Stands:
			return how("leave", remark.Say("plan-stands"))
		}
		return ask()
	case c.Corrections == "repost" && soon:
		return how("repost", remark.Say("plan-policy-repost", plainDuration(c.RepostWithin)))
	case (c.Corrections == "" || c.Corrections == "edit") && editable:
		return how("edit", remark.Say("plan-edit"))
	case c.Corrections != "" && can.Reply:
		return how("reply", remark.Say("plan-reply"))
	}
	return ask()
}

func plainDuration(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "0m")
}
