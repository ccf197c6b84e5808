package desk

import (
	"errors"
	"net/http"
	"slices"

	"cutline/internal/channel"
	"cutline/internal/staff"
	"cutline/internal/story"
)

// back is the repair that takes the last edit of a channel's text back.
const back = "back"

// repairView is one tap that mends a text.
type repairView struct {
	Kind string
	Says string // on the button
	Out  []string
	Text string // what the post would say
}

// repairs says how a channel's text can be mended with one tap.
func (q *request) repairs(x *story.Dossier, name string, shown story.Draft) []channel.Repair {
	d, record := q.desk, x.Posts[name].Doc
	if record.Proposed == nil || !x.Story.Live() || x.Manifest.Revision < x.Story.Revision {
		return nil
	}
	piece := channel.Piece{Key: x.Story.Key, Site: d.Config.Sites[x.Story.Site], Article: x.Story.Edited(), Manifest: x.Manifest, Revision: x.Story.Revision, Corrects: record.Plan.How == "reply"}
	return channel.Repairs(d.channels[name], shown, *record.Proposed, piece, d.Config.Channels[name])
}

// lastText is the last change of a channel's text at the desk, if it is what is shown and can be taken back.
func lastText(x *story.Dossier, name, text string) (story.Change, bool) {
	for _, c := range slices.Backward(x.Decisions.Changes) {
		if c.Channel == name && c.What == "text" {
			return c, !c.Cut && c.After == text && c.Before != ""
		}
	}
	return story.Change{}, false
}

// repairViews are the buttons beside a channel's findings, and the one that takes an edit back.
func (q *request) repairViews(x *story.Dossier, name string, shown story.Draft) []repairView {
	var out []repairView
	for _, r := range q.repairs(x, name, shown) {
		out = append(out, repairView{r.Kind, q.words.say("repair_" + r.Kind), r.Out, r.Text})
	}
	if c, ok := lastText(x, name, shown.Text); ok && !slices.ContainsFunc(out, func(r repairView) bool { return r.Text == c.Before }) {
		out = append(out, repairView{Kind: back, Says: q.words.say("repair_back"), Text: c.Before})
	}
	return out
}

// repair takes one. The form names the draft that was on the page: if it is another by now, nothing is changed.
func (d *desk) repair(q *request) error {
	x, err := q.load()
	if err != nil {
		return err
	}
	if err := q.may(staff.Edit, x.Story.Site); err != nil {
		return err
	}
	name, kind := q.FormValue("channel"), q.FormValue("repair")
	shown, ok := x.Shown(name)
	if !ok || !slices.Contains(d.Config.ChannelsOf(x.Story.Site), name) {
		return q.refuse(http.StatusUnprocessableEntity, "bad_form")
	}
	stale := q.refuse(http.StatusConflict, "changed_now")
	if shown.Hash() != q.FormValue("seen") {
		return stale
	}
	text, more := "", shown.More
	if c, ok := lastText(x, name, shown.Text); kind == back && ok {
		text = c.Before
	}
	for _, r := range q.repairs(x, name, shown) {
		if r.Kind == kind {
			text, more = r.Text, r.More
		}
	}
	if text == "" {
		return stale
	}
	was := d.baseOf(x)
	to := was.Drafts[name]
	to.Text, to.More = text, more
	if err := d.keepDrafts(q, x, was, map[string]draftBase{name: to}, x.Story.Edits); errors.Is(err, errConflict) {
		return stale
	} else if err != nil {
		return kept("the desk's texts", x.Story.Key, err)
	}
	return q.see("/story/" + string(x.Story.Key) + "?did=saved#ch-" + name)
}
