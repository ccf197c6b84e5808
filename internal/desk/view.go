package desk

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cutline/internal/story"
)

// row is a story as lists show it.
type row struct {
	Key      story.Key
	Address  string // of its page
	Site     string // name in the configuration
	SiteName string // as readers know it; empty where there is one site alone
	Lang     string // the article's, BCP 47
	Headline string
	Section  string
	Byline   string
	Card     string // address of its main card; empty: none is drawn
	CardAlt  string
	Breaking bool
	Changed  bool     // since the person saw it
	Others   []string // who else has it open
	Chips    []chip   // what is to be known before it is opened
	Name     string   // the state that needs somebody most
	State    look
	When     string // the time that matters about it
	Beside   string // what more time or rule says
	Why      string // in plain words: who decided, what the network said
	Tiles    []tileView
	Rank     int
	Deadline time.Time // when it goes by itself; zero: never
	Received time.Time // when the article last changed
}

// chip is a short note with an icon.
type chip struct {
	Icon, Class, Text string
	Why               string // a remark, said behind the text; empty: none
}

type tileView struct {
	Name, Kind, Label string
	Class             string // ok, bad, q, or none
	Word              string // key of the state's word
}

// tellRow makes what lists show of a dossier. looks is who looked at it.
func (q *request) tellRow(x *story.Dossier, looks story.Looks) row {
	s, d := &x.Story, q.desk
	zone := d.zone(s.Site)
	v := row{
		Key: s.Key, Address: "/story/" + string(s.Key), Site: s.Site, Lang: s.Article.Language, Headline: s.Headline(), Section: s.Article.Section, Byline: s.Article.Byline,
		CardAlt: x.Manifest.Alt, Breaking: breaking(s, d.Config.Sites[s.Site].Breaking), Rank: story.Rank(story.StateWaiting), Name: story.StateWaiting, Received: s.Received,
	}
	if len(d.Config.Sites) > 1 {
		v.SiteName = d.Config.Sites[s.Site].Name
	}
	v.Card = mainCard(&x.Manifest)
	var until time.Time
	for i, name := range d.Config.ChannelsOf(s.Site) {
		st := story.StateOf(x, name, d.rule(x, name))
		if r := story.Rank(st.Name); i == 0 || r < v.Rank {
			v.Rank, v.Name, v.Why, until = r, st.Name, st.Why, st.Until
		}
		kind := d.Config.Channels[name].Kind
		v.Tiles = append(v.Tiles, tileView{Name: name, Kind: kind, Label: label(name, kind), Class: states[st.Name].Tile, Word: states[st.Name].Word})
		if st.Name == story.StateAuto {
			v.Deadline = st.Until
		}
	}
	v.State = states[v.Name]
	v.time(q, x, until, zone)
	if x.Manifest.Held != "" || x.Manifest.Revision > 0 && x.Manifest.Credit == "" && s.Article.Photo.URL != "" && x.Manifest.Photo == "" {
		if x.Manifest.Credit == "" {
			v.Chips = append(v.Chips, chip{Icon: "photo", Class: "fail", Text: q.words.say("no_credit")})
		}
	}
	if x.Manifest.Photo != "" {
		v.Chips = append(v.Chips, chip{Icon: "photo", Class: "fail", Text: q.words.say("photo_missing")})
	}
	for _, t := range v.Tiles {
		if shown, ok := x.Shown(t.Name); ok && len(shown.Findings) > 0 && v.Rank < story.Rank(story.StateSent) {
			v.Chips = append(v.Chips, chip{Icon: "triangle", Class: "fail", Text: t.Label, Why: shown.Findings[0]})
			break
		}
	}
	for _, t := range v.Tiles {
		if r := d.rule(x, t.Name); v.Rank <= story.Rank(story.StateEmbargo) && slices.ContainsFunc(r.Demands, func(m story.Demand) bool { return m.People > 1 }) {
			v.Chips = append(v.Chips, chip{Icon: "people", Class: "wait", Text: q.words.say("two_people")})
			break
		}
	}
	v.Others = others(looks, q.who.ID, d.Now())
	if l, ok := looks.People[q.who.ID]; ok && v.Rank < story.Rank(story.StateSent) {
		v.Changed = !l.Seen.Same(d.seenOf(x))
	}
	return v
}

// time says what time says about a story: how long it has waited, when it goes.
func (v *row) time(q *request, x *story.Dossier, until time.Time, zone *time.Location) {
	now, w := x.Now, q.words
	v.When = w.clock(x.Story.Received, now, zone)
	switch v.Name {
	case story.StateReview, story.StateCorrection, story.StateHeld, story.StateUncertain, story.StateFailed:
		if ago := now.Sub(x.Story.Received); ago < 12*time.Hour && !x.Story.Received.IsZero() {
			if v.When = w.say("now"); ago >= time.Minute { // no seconds: who asks again would get another page each time
				v.When = w.say("ago", "time", w.span(ago))
			}
		}
		if v.Name == story.StateReview {
			v.Beside = w.say("rule") + ": " + q.ruleWords(x)
		}
	case story.StateAuto:
		v.When, v.Beside = w.say("in_time", "time", w.span(max(until.Sub(now), time.Minute))), w.clock(until, now, zone)
	case story.StateEmbargo, story.StateScheduled, story.StateApproved:
		if !until.IsZero() {
			v.When = w.clock(until, now, zone)
			if until.After(now) {
				v.Beside = w.say("in_time", "time", w.span(max(until.Sub(now), time.Minute)))
			}
		}
	case story.StateSent:
		v.When = w.clock(until, now, zone)
	}
}

// breaking says whether a story does not wait its turn: by what the site lists as such, or where it lists nothing by the
// usual words of its language.
func breaking(s *story.Story, listed []string) bool {
	if len(listed) == 0 {
		listed = []string{"breaking", "breaking news", "urgent", "عاجل", "خبر عاجل", "فوری", "خبر فوری", "بەپەلە", "هەواڵی بەپەلە", "son dakika", "acil", "lezgîn", "bilez"}
	}
	a := s.Article
	for _, have := range append([]string{a.Section, a.Kicker, s.Edits.Kicker}, a.Tags...) {
		if slices.ContainsFunc(listed, func(l string) bool { return strings.EqualFold(l, have) }) {
			return true
		}
	}
	return false
}

// ruleWords is the review rule that holds for a story on its channels, in the interface's words: each once.
func (q *request) ruleWords(x *story.Dossier) string {
	var out []string
	for _, name := range q.desk.Config.ChannelsOf(x.Story.Site) {
		r := q.desk.rule(x, name)
		say := r.Name
		switch {
		case r.Auto && r.After > 0:
			say = q.words.say("rule_after", "time", q.words.span(r.After))
		case r.Auto:
			say = q.words.say("rule_auto")
		case len(r.Demands) == 0:
			say = q.words.say("rule_required")
		}
		if !slices.Contains(out, say) {
			out = append(out, say)
		}
	}
	return strings.Join(out, q.words.Comma())
}

// mainCard is the address of the card that stands for the story, og before others; empty: there is none.
func mainCard(m *story.Manifest) string {
	for _, f := range formats {
		if c, ok := m.Cards[f]; ok {
			return "/" + c.Key
		}
	}
	return ""
}

// formats is every card format, in the order they are shown.
var formats = []string{"og", "wide", "square", "portrait", "vertical"}

// ratios is how each format is named beside its picture.
var ratios = map[string]string{"og": "1.91:1", "wide": "16:9", "square": "1:1", "portrait": "4:5", "vertical": "9:16"}

// storyView is a story as its pages show it.
type storyView struct {
	row
	X        *story.Dossier
	Credit   string // as on the card: "Photo: AFP"; empty: none
	From     string // where it was found, in words
	Contrast float64
	CropWhy  string
	Layout   string
	Formats  []formatView
	Channels []channelView
	Rule     string
	Embargo  string // in the site's time; empty: none, or over
	Seen     []field

	Approvable int    // channels that an approval would be for
	Open       int    // of those, without an objection
	Saying     string // what the button says for one channel, two, and so on, parted by "|"
	Undoable   bool
	Leaves     int // seconds until an approval can no longer be taken back
	Live       int // posts that are out
	Correction bool
}

type formatView struct {
	Name, Ratio, Address string
	Width, Height        int
}

// field is a hidden field of a form.
type field struct{ Name, Value string }

// channelView is a story on one channel.
type channelView struct {
	Name     string // in the configuration
	Kind     string
	Label    string // "Bluesky"
	Account  string
	State    story.State
	Look     look
	When     string // in the site's time
	Mine     string // the same in the person's own; empty: it is the same, or not known
	Draft    story.Draft
	Drafted  bool // there is a draft
	Hash     string
	Edited   bool
	Preview  preview
	meter    // of the text
	Hold     string
	More     []followed // the posts of a thread that follow
	Findings []string
	Repairs  []repairView // taps that mend it
	Approve  bool         // an approval would be for it
	Rest     int          // posts of a thread that was stopped half-way, which an approval sends; 0: none
	Open     bool         // shown open
	Plan     *planView    // what an approval would do with the post that is out; nil: nothing
	Doubted  *preview
	Since    string // of the doubt, for the form
	Post     story.Post
	Taken    string // what a retraction would do, in words
	Missing  string // who must approve besides, in plain words
	Cost     string // what the network bills for it; empty: nothing
}

// view makes what a story's pages show.
func (q *request) view(x *story.Dossier, looks story.Looks) storyView {
	d, s := q.desk, &x.Story
	v := storyView{row: q.tellRow(x, looks), X: x, Credit: x.Manifest.Credit, Rule: q.ruleWords(x)}
	switch x.Manifest.From {
	case "field":
		v.From = q.words.say("found_in_cms")
	case "caption":
		v.From = q.words.say("found_in_caption")
	case "xmp", "iptc", "creator":
		v.From = q.words.say("found_in_file")
	case "desk":
		v.From = q.words.say("found_at_desk")
	case "policy":
		v.From = q.words.say("found_in_policy")
	}
	for _, f := range formats {
		c, ok := x.Manifest.Cards[f]
		if !ok {
			continue
		}
		v.Formats = append(v.Formats, formatView{f, ratios[f], "/" + c.Key, c.Width, c.Height})
		if len(v.Formats) == 1 {
			v.Contrast, v.CropWhy, v.Layout = c.Contrast, c.Why, c.Layout
		}
	}
	zone := d.zone(s.Site)
	if s.Article.Embargo.After(x.Now) {
		v.Embargo = q.words.clock(s.Article.Embargo, x.Now, zone)
	}
	for i, name := range d.Config.ChannelsOf(s.Site) {
		c := q.channel(x, name, zone)
		c.Open = i < 2 || c.Rest > 0 || c.Hold != "" || c.State.Name == story.StateUncertain || c.State.Name == story.StateFailed
		if c.Approve {
			v.Approvable++
			if c.Hold == "" {
				v.Open++
			}
		}
		if c.Post.Live() {
			v.Live++
		}
		v.Correction = v.Correction || c.Plan != nil
		if verdict := d.verdict(x, name); len(d.undoable(x, []string{name}, x.Now)) > 0 {
			v.Undoable = true
			if !verdict.Scheduled {
				v.Leaves = max(v.Leaves, int((verdict.NotBefore.Sub(x.Now)+time.Second-1)/time.Second))
			}
		}
		v.Channels = append(v.Channels, c)
	}
	var saying []string
	for i := range v.Approvable {
		saying = append(saying, q.words.count("approve_n", i+1))
	}
	v.Saying, v.Seen = strings.Join(saying, "|"), d.seenFields(x, v.Channels)
	return v
}

// channel makes what is shown of one channel.
func (q *request) channel(x *story.Dossier, name string, zone *time.Location) channelView {
	d := q.desk
	cfg := d.Config.Channels[name]
	rule := d.rule(x, name)
	st := story.StateOf(x, name, rule)
	c := channelView{Name: name, Kind: cfg.Kind, Label: label(name, cfg.Kind), Account: cfg.Account, State: st, Look: states[st.Name], Post: x.Posts[name].Doc}
	if !st.Until.IsZero() {
		c.When = q.words.clock(st.Until, x.Now, zone)
		if q.mine != nil && q.words.clock(st.Until, x.Now, q.mine) != c.When {
			c.Mine = q.words.clock(st.Until, x.Now, q.mine)
		}
	}
	if c.Draft, c.Drafted = x.Shown(name); c.Drafted {
		c.Hash, c.Edited, c.Findings = c.Draft.Hash(), c.Draft.Basis != "", c.Draft.Findings
		m, err := meterOf(cfg, c.Draft.Text)
		if err != nil && !slices.Contains(c.Findings, err.Error()) {
			c.Findings = append(slices.Clone(c.Findings), err.Error())
		}
		if slices.Contains(c.Findings, c.State.Why) {
			c.State.Why = "" // it stands below, among the findings
		}
		c.meter, c.Preview, c.More = m, q.previewOf(x, name, c.Draft), q.followed(x, name, c.Draft)
		c.Rest, c.Repairs = d.rest(x, name, c.Draft), q.repairViews(x, name, c.Draft)
		c.Approve = x.Story.Live() && x.Manifest.Revision >= x.Story.Revision && (c.Rest > 0 || approvable[st.Name])
		if p := c.Post.Plan; p.How != "" && (st.Name == story.StateCorrection || st.Name == story.StateReview) {
			c.Plan = &planView{How: q.words.say("plan_" + p.How), Why: p.Why, What: p.What, Notifies: p.Notifies, Cost: q.money(p.Cost)}
		}
	}
	c.Hold, c.Missing = x.Hold(name, rule), x.Decisions.For(name, rule).Missing
	if c.Draft.Cost > 0 {
		c.Cost = "$" + q.words.Decimals(strconv.FormatFloat(c.Draft.Cost, 'f', -1, 64))
	}
	if st.Name == story.StateUncertain {
		c.Since = c.Post.UncertainAt.UTC().Format(time.RFC3339Nano)
		if c.Post.Doubted != nil {
			p := q.previewOf(x, name, *c.Post.Doubted)
			c.Doubted = &p
		}
	}
	switch can := d.channels[name].Capabilities(); {
	case !c.Post.Live():
		c.Taken = q.words.say("nothing_out")
	case !can.Retract, can.KeepFor > 0 && x.Now.Sub(c.Post.SentAt) > can.KeepFor:
		c.Taken = q.words.say("by_hand")
	default:
		c.Taken = q.words.say("deletes")
		if n := 1 + len(c.Post.Above()); n > 1 {
			c.Taken += " · " + q.words.count("posts_n", n)
		}
	}
	return c
}

// planView is what a correction would do with a post that is out.
type planView struct {
	How      string   // in words
	Why      string   // in plain words
	What     []string // what is not so any more
	Notifies bool     // followers see it as a new post
	Cost     string   // empty: nothing
}

// approvable are the states in which an approval means something. A rejected story may be approved after all.
var approvable = map[string]bool{story.StateReview: true, story.StateCorrection: true, story.StateHeld: true, story.StateAuto: true, story.StateRejected: true,
	story.StateFailed: true, story.StateEmbargo: true, story.StateScheduled: true, story.StateRetracted: true}

// rest is how many posts of a thread that was stopped half-way an approval of the draft would send: those that are not out,
// as the draft has them. 0: it was not stopped, or the draft is of another post than what is out.
func (d *desk) rest(x *story.Dossier, name string, shown story.Draft) int {
	p, v := x.Posts[name].Doc, d.verdict(x, name)
	left, half := p.Left()
	if !half || !p.Live() || p.Claim != nil || p.Uncertain != "" || !p.Stopped(v, left) || shown.Base() != p.Sent.Base() {
		return 0
	}
	out, _ := p.Out()
	return max(0, 1+len(shown.More)-out)
}

// label is what a channel is called: by its network, and by its name where that says more.
func label(name, kind string) string {
	n, ok := networks[kind]
	if !ok {
		return name
	}
	if strings.Contains(name, kind) || strings.EqualFold(name, n[1]) {
		return n[1]
	}
	return n[1] + " · " + name
}
