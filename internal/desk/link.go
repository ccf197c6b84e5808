package desk

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"cutline/internal/staff"
	"cutline/internal/story"
)

// reviewPath begins the addresses of review links. What follows is the link's secret: it comes into no log, no other
// address and no Referer.
const reviewPath = "/review/"

// errUsed says that a review link has decided before.
var errUsed = errors.New("the review link was used")

// sharePage asks who a review link is for; a POST of it makes the link and shows it.
type sharePage struct {
	storyView
	For     string // who it is for
	Made    string // the link's address; empty: not made yet
	Until   string // when it ends, in the site's time
	Account bool   // a rule of the story wants people who sign in: the link can hold and reject alone
}

func (d *desk) sharePage(q *request) error {
	x, err := q.load()
	if err != nil {
		return err
	}
	if err := q.may(staff.Share, x.Story.Site); err != nil {
		return err
	}
	return q.showShare(sharePage{storyView: q.view(x, story.Looks{}), Account: len(d.openToLinks(x)) == 0})
}

func (q *request) showShare(p sharePage) error {
	f := q.frame(q.words.say("share_review"), "queue", p)
	f.Back = p.Address
	return q.show(http.StatusOK, "share", f)
}

// share makes a review link for one named person, on the revision that is now.
func (d *desk) share(q *request) error {
	x, err := q.load()
	if err != nil {
		return err
	}
	if err := q.may(staff.Share, x.Story.Site); err != nil {
		return err
	}
	p := sharePage{storyView: q.view(x, story.Looks{}), For: line(q.FormValue("for")), Account: len(d.openToLinks(x)) == 0}
	if p.For == "" || len(p.For) > 200 {
		return q.refuse(http.StatusUnprocessableEntity, "link_needs_name")
	}
	text, err := d.links.Make(q.Context(), staff.Link{
		Story: x.Story.Key, Site: x.Story.Site, Revision: x.Story.Revision, For: p.For, By: q.who.Name, ByID: q.who.ID, ByBears: q.who.Bears,
	})
	if err != nil {
		return err
	}
	base := d.Config.Desk.URL
	if base == "" {
		base = "http://" + q.Host // on one's own machine
	}
	p.Made, p.Until = base+reviewPath+text, q.words.clock(d.Now().Add(d.Config.Desk.Links), x.Now, d.zone(x.Story.Site))
	d.Log.Info("a review link was made", "story", string(x.Story.Key), "revision", x.Story.Revision, "by", q.who.ID, "for", p.For)
	return q.showShare(p)
}

// openToLinks lists the channels on which an approval by a link counts: where the rule wants one person, whoever it is.
func (d *desk) openToLinks(x *story.Dossier) []string {
	var out []string
	for _, c := range d.Config.ChannelsOf(x.Story.Site) {
		if rule := d.rule(x, c); rule.Takes(&story.Decision{By: "somebody", Link: "link"}, c) {
			out = append(out, c)
		}
	}
	return out
}

// linkPage is the one story that a review link shows.
type linkPage struct {
	storyView
	Link   staff.Link
	Until  string          // when it ends, in the site's time
	Stale  bool            // what was on the page that was sent is not what is now: nothing was decided
	Did    *story.Decision // what this link decided; nil: nothing yet
	Undo   bool            // and can still take back
	Action string          // where the forms go: this page
}

// linkOf reads a review link, and the story that it shows. The person is from then on the link's.
func (d *desk) linkOf(q *request) (staff.Link, *story.Dossier, error) {
	h := q.w.Header()
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	l, who, err := d.links.Open(q.Context(), q.PathValue("token"))
	if errors.Is(err, staff.ErrLink) || errors.Is(err, staff.ErrExpired) {
		return l, nil, q.refuse(http.StatusGone, "link_expired")
	} else if err != nil {
		return l, nil, err
	}
	q.who, q.by = who, who.Name
	x, err := d.Store.Load(q.Context(), l.Story)
	if err != nil {
		return l, nil, err
	}
	return l, &x, q.may(staff.Look, x.Story.Site)
}

// linkPage shows a review link's story. Mail scanners and chats open every address that they see: it decides nothing.
func (d *desk) linkPage(q *request) error {
	l, x, err := d.linkOf(q)
	if err != nil {
		return err
	}
	return q.showLink(http.StatusOK, l, x, false)
}

func (q *request) showLink(status int, l staff.Link, x *story.Dossier, stale bool) error {
	p := linkPage{storyView: q.view(x, story.Looks{}), Link: l, Stale: stale, Action: reviewPath + q.PathValue("token"), Until: q.words.clock(l.Until, x.Now, q.desk.zone(x.Story.Site))}
	for i := range x.Decisions.Log {
		if x.Decisions.Log[i].Link == l.ID {
			p.Did = &x.Decisions.Log[i]
		}
	}
	if p.Did == nil && x.Story.Revision != l.Revision {
		return q.refuse(http.StatusConflict, "link_changed")
	}
	may := q.desk.openToLinks(x)
	p.Channels = slices.DeleteFunc(p.Channels, func(c channelView) bool { return len(l.Channels) > 0 && !slices.Contains(l.Channels, c.Name) })
	p.Open, p.Approvable = 0, 0
	var names []string
	for i, c := range p.Channels {
		names = append(names, c.Name)
		p.Channels[i].Approve = c.Approve && c.Hold == "" && slices.Contains(may, c.Name)
		if p.Channels[i].Approve {
			p.Open++
		}
	}
	p.Undo = p.Did != nil && (p.Did.Act == story.Approve) && len(q.desk.undoable(x, names, x.Now)) > 0
	f := q.frame(p.Headline, "", p)
	f.Bar, f.Alone = true, true
	return q.show(status, "link", f)
}

// linkDecide decides by a review link: once, about the revision and the channels that it is for.
func (d *desk) linkDecide(q *request) error {
	l, x, err := d.linkOf(q)
	if err != nil {
		return err
	}
	if x.Story.Revision != l.Revision {
		return q.refuse(http.StatusConflict, "link_changed")
	}
	act := q.FormValue("act")
	of := l.Channels
	if len(of) == 0 {
		of = d.Config.ChannelsOf(x.Story.Site)
	}
	q.Form.Del("pick")
	if act == story.Approve {
		q.Form.Set("pick", "1")
		asked := q.Form["channel"]
		of = slices.DeleteFunc(slices.Clone(of), func(c string) bool { return !slices.Contains(asked, c) })
		q.Form.Del("why") // what a check objects to, somebody who signs in approves
	}
	q.Form["channel"] = of
	err = d.decideOn(q, x, reviewPath+q.PathValue("token"))
	switch {
	case errors.Is(err, errUsed):
		return q.refuse(http.StatusGone, "link_used")
	case errors.Is(err, errStale):
		fresh, err := d.Store.Load(q.Context(), l.Story)
		if err != nil {
			return err
		}
		return q.showLink(http.StatusConflict, l, &fresh, true)
	}
	return err
}

// spent says whether a link has decided: everything but taking its own approval back once.
func spent(doc *story.Decisions, link, act string) bool {
	last := ""
	for _, a := range doc.Log {
		if a.Link == link {
			last = a.Act
		}
	}
	return last != "" && !(act == story.Undo && last == story.Approve)
}

// logged is a request's path as it may stand in a log: without the secret of a review link.
func logged(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, reviewPath) {
		return reviewPath + "…"
	}
	return r.URL.Path
}
