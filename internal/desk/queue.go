package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"cutline/internal/story"
)

// queuePage is what waits, by what needs somebody first.
type queuePage struct {
	Groups   []group
	Filter   string // state chosen; empty: all that is open
	Query    string // searched in headlines
	Site     string
	Section  string
	Channel  string
	Tabs     []tab
	Sites    []option
	Sections []option
	Chans    []option
	Day      string   // an older day; empty: now
	Days     []string // the last ones
	Bad      []string // documents that could not be read
	Narrowed bool     // by more than the state
	Clock    string   // what time it is at the newsroom
}

type group struct {
	Name, Word, Icon string
	Rows             []row
	More             int // rows that are not shown
	Address          string
}

type tab struct {
	Name, Word, Address string
	N                   int
	Here                bool
}

type option struct {
	Value, Label string
	Here         bool
}

// groups in their order, and the states each takes.
var groups = []struct {
	name, word, icon string
	states           []string
}{
	{"failed", "uncertain_failed", "question", []string{story.StateUncertain, story.StateFailed}},
	{"needs_decision", "needs_decision", "clock", []string{story.StateReview, story.StateCorrection, story.StateHeld, story.StateAuto}},
	{"embargo", "embargo", "lock", []string{story.StateEmbargo}},
	{"scheduled", "scheduled", "calendar", []string{story.StateScheduled, story.StateApproved, story.StateWaiting}},
	{"sent", "sent", "check", []string{story.StateSent}},
	{"rejected", "rejected", "cross", []string{story.StateRejected, story.StateRetracted}},
}

// A group shows so many rows; the rest is behind its own address. Of what is over it shows the newest alone.
const (
	groupRows = 60
	doneRows  = 8
)

func (d *desk) queue(q *request) error {
	p := queuePage{Filter: q.FormValue("state"), Query: line(q.FormValue("q")), Site: q.FormValue("site"), Section: q.FormValue("section"), Channel: q.FormValue("channel")}
	rows, err := q.rows(&p)
	if err != nil {
		return err
	}
	p.Days = d.lastDays()
	p.options(q, rows)
	rows = slices.DeleteFunc(rows, func(v row) bool { return !p.takes(v) })
	p.Narrowed = p.Query != "" || p.Site != "" || p.Section != "" || p.Channel != ""
	waiting := p.sort(rows)
	f := q.frame(q.words.say("queue"), "queue", p)
	f.Waiting = waiting
	return q.showTagged("queue", f)
}

// joinedOff says whether a story was joined into another and left nothing on any network: nobody need see it.
func joinedOff(x *story.Dossier) bool {
	for _, p := range x.Posts {
		if p.Doc.Live() || p.Doc.Uncertain != "" || p.Doc.Claim != nil {
			return false
		}
	}
	return x.Story.Into != ""
}

// lastDays are the days that pages lead to, newest first. They are not looked up: that would be a LIST for each.
func (d *desk) lastDays() []string {
	var out []string
	for i := range 8 {
		out = append(out, d.Now().UTC().AddDate(0, 0, -i).Format(time.DateOnly))
	}
	return out
}

// rows reads the stories of the page: of a day, or of now, which is today, what is left of yesterday, and older ones that
// something is due for.
func (q *request) rows(p *queuePage) ([]row, error) {
	d := q.desk
	now := d.Now().UTC()
	day, from := q.FormValue("day"), now.AddDate(0, 0, -1).Format(time.DateOnly)
	var dossiers []story.Dossier
	var bad []*story.BadDocument
	var err error
	if _, wrong := time.Parse(time.DateOnly, day); wrong == nil && day != now.Format(time.DateOnly) {
		p.Day, from = day, day
		dossiers, bad, err = d.Store.Day(q.Context(), day)
	} else {
		dossiers, bad, err = d.Store.Since(q.Context(), from)
	}
	if err != nil {
		return nil, err
	}
	for _, b := range bad {
		d.Log.Error("the desk leaves a document out", "error", b)
		p.Bad = append(p.Bad, b.Key)
	}
	if p.Day == "" {
		late, err := q.late(from)
		if err != nil {
			return nil, err
		}
		dossiers = append(dossiers, late...)
	}
	looks, err := d.Store.LooksSince(q.Context(), from)
	if err != nil {
		return nil, err
	}
	today := now.Format(time.DateOnly)
	var out []row
	for i := range dossiers {
		x := &dossiers[i]
		if !q.sees(x.Story.Site) || joinedOff(x) {
			continue
		}
		v := q.tellRow(x, looks[x.Story.Key])
		if p.Day == "" && x.Story.Key.Day() < today && v.Rank >= story.Rank(story.StateSent) {
			continue
		}
		out = append(out, v)
	}
	return out, nil
}

// options fills the filters from what there is.
func (p *queuePage) options(q *request, rows []row) {
	add := func(to *[]option, value, label, here string) {
		if value != "" && !slices.ContainsFunc(*to, func(o option) bool { return o.Value == value }) {
			*to = append(*to, option{value, label, value == here})
		}
	}
	for _, v := range rows {
		add(&p.Sites, v.Site, q.desk.Config.Sites[v.Site].Name, p.Site)
		add(&p.Sections, v.Section, v.Section, p.Section)
		for _, t := range v.Tiles {
			add(&p.Chans, t.Name, t.Label, p.Channel)
		}
		if p.Clock == "" {
			zone := q.desk.zone(v.Site)
			p.Clock = q.words.clock(q.desk.Now(), q.desk.Now(), zone)
		}
	}
	by := func(a, b option) int { return strings.Compare(a.Label, b.Label) }
	slices.SortFunc(p.Sites, by)
	slices.SortFunc(p.Sections, by)
	slices.SortFunc(p.Chans, by)
}

// takes applies the filters of the address, but the state's.
func (p *queuePage) takes(v row) bool {
	switch {
	case p.Query != "" && !strings.Contains(strings.ToLower(v.Headline), strings.ToLower(p.Query)):
	case p.Site != "" && v.Site != p.Site:
	case p.Section != "" && v.Section != p.Section:
	case p.Channel != "" && !slices.ContainsFunc(v.Tiles, func(t tileView) bool { return t.Name == p.Channel }):
	default:
		return true
	}
	return false
}

// sort puts rows into their groups, and returns how many wait for somebody.
func (p *queuePage) sort(rows []row) (waiting int) {
	slices.SortStableFunc(rows, func(a, b row) int {
		switch {
		case a.Deadline.IsZero() != b.Deadline.IsZero():
			if b.Deadline.IsZero() {
				return -1
			}
			return 1
		case !a.Deadline.Equal(b.Deadline):
			return a.Deadline.Compare(b.Deadline)
		}
		return b.Received.Compare(a.Received)
	})
	first := group{Name: "breaking", Word: "breaking", Icon: "bolt"}
	for _, g := range groups {
		out := group{Name: g.name, Word: g.word, Icon: g.icon, Address: p.with("state", g.name)}
		n, most := 0, groupRows
		done := g.name == "sent" || g.name == "rejected"
		if done {
			most = doneRows
		}
		for _, v := range rows {
			if !slices.Contains(g.states, v.Name) {
				continue
			}
			n++
			open := g.name == "failed" || g.name == "needs_decision"
			if open {
				waiting++
			}
			switch {
			case open && v.Breaking && (p.Filter == "" || p.Filter == g.name):
				first.Rows = append(first.Rows, v)
			case len(out.Rows) < most || p.Filter == g.name:
				out.Rows = append(out.Rows, v)
			default:
				out.More++
			}
		}
		p.Tabs = append(p.Tabs, tab{g.name, g.word, p.with("state", g.name), n, p.Filter == g.name})
		if len(out.Rows) > 0 && (p.Filter == "" || p.Filter == g.name) {
			p.Groups = append(p.Groups, out)
		}
	}
	if len(first.Rows) > 0 {
		p.Groups = append([]group{first}, p.Groups...)
	}
	return waiting
}

// with is the page's address with one filter changed.
func (p *queuePage) with(name, value string) string {
	v := url.Values{}
	for n, s := range map[string]string{"state": p.Filter, "q": p.Query, "site": p.Site, "section": p.Section, "channel": p.Channel, "day": p.Day, name: value} {
		if s != "" {
			v.Set(n, s)
		}
	}
	if len(v) == 0 {
		return "/"
	}
	return "/?" + v.Encode()
}

// All is the page's address without a state.
func (p queuePage) All() string { return p.with("state", "") }

// Other is the page's address for another day; today's is the empty one.
func (p queuePage) Other(day string) string { return p.with("day", day) }

// next leads to the story after (or, with back, before) the one named, in the queue's order, among those that still need
// somebody; behind the last it leads to the queue.
func (d *desk) next(q *request) error {
	var p queuePage
	rows, err := q.rows(&p)
	if err != nil {
		return err
	}
	p.sort(rows)
	var order []story.Key
	at := -1
	of := story.Key(q.FormValue("of"))
	for _, g := range p.Groups {
		for _, v := range g.Rows {
			open := v.Rank < story.Rank(story.StateScheduled)
			if v.Key == of {
				at = len(order)
			}
			if open || v.Key == of {
				order = append(order, v.Key)
			}
		}
	}
	step := 1
	if q.FormValue("back") != "" {
		step = -1
	}
	if at < 0 {
		at, step = -1, 1 // it is in the queue no more: from the top
	}
	if at += step; at >= 0 && at < len(order) {
		return q.see("/story/" + string(order[at]))
	}
	return q.see("/")
}

// wall shows the cards of a day, for the eye.
func (d *desk) wall(q *request) error {
	var p queuePage
	p.Filter = q.FormValue("state")
	rows, err := q.rows(&p)
	if err != nil {
		return err
	}
	p.Days = d.lastDays()
	slices.SortStableFunc(rows, func(a, b row) int { return b.Received.Compare(a.Received) })
	all := len(rows)
	waiting := slices.DeleteFunc(slices.Clone(rows), func(v row) bool { return v.Rank > story.Rank(story.StateAuto) })
	if p.Filter == "needs_decision" {
		rows = waiting
	}
	f := q.frame(q.words.say("wall"), "wall", struct {
		queuePage
		Rows         []row
		All, Waiting int
	}{p, rows, all, len(waiting)})
	return q.show(http.StatusOK, "wall", f)
}
