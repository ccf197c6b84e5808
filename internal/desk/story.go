package desk

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"cutline/internal/story"
	"cutline/internal/summary"
)

// storyPage is one story, with everything that is known before a decision.
type storyPage struct {
	storyView
	Body    []paragraph // the article's, with the sentences used marked
	Changes []change    // since the person saw it
	Did     string      // the act that led here; empty: none
	Held    string      // why render or webhook wants the desk to look
	Log     []event
	Wide    bool          // every preview is open
	At      string        // proposed time of a schedule, for the form
	Zone    string        // name of the site's time zone
	MyZone  string        // name of the person's; empty: not known, or the same
	Reason  bool          // an approval of some channel needs a reason
	Taken   []receiptView // after a retraction: what became of each post
}

type paragraph []piece

func (d *desk) storyPage(q *request) error {
	x, err := q.load()
	if err != nil {
		return err
	}
	looks, err := d.Store.Looks(q.Context(), x.Story.Key)
	if err != nil {
		return err
	}
	p := storyPage{storyView: q.view(x, looks), Changes: q.changed(x, looks), Log: q.storyLog(x), Wide: q.FormValue("previews") == "open"}
	for i := range p.Log {
		q.tell(&p.Log[i])
	}
	p.Body, p.Taken = marked(x, p.Channels), q.receipts(x)
	for _, held := range []string{x.Manifest.Held, x.Story.Doubt, x.Story.Article.Doubt} {
		if p.Held == "" {
			p.Held = held
		}
	}
	if did := q.FormValue("did"); slices.Contains([]string{"saved", story.Approve, story.Hold, story.Reject, story.Schedule, story.Retract, story.Undo, story.Settle}, did) {
		p.Did = did
	}
	for _, c := range p.Channels {
		p.Reason = p.Reason || c.Approve && c.Hold != ""
	}
	zone := d.zone(x.Story.Site)
	at := story.Latest(x.Now.Add(time.Hour).Truncate(15*time.Minute), x.Story.Article.Embargo)
	p.At, p.Zone = at.In(zone).Format("2006-01-02T15:04"), zone.String()
	if q.mine != nil && q.mine.String() != zone.String() {
		p.MyZone = q.mine.String()
	}
	f := q.frame(p.Headline, "queue", p)
	f.Back, f.Bar = "/", true
	return q.show(http.StatusOK, "story", f)
}

// marked parts the article's body into paragraphs, and marks the sentences that stand in some channel's text.
func marked(x *story.Dossier, channels []channelView) []paragraph {
	body := x.Story.Article.Body
	used := make([]bool, len(body)+1)
	for _, c := range channels {
		for _, s := range summary.Used(x.Story.Article, c.Draft.Whole()) {
			for i := s.Start; i < s.End && i < len(body); i++ {
				used[i] = true
			}
		}
	}
	var out []paragraph
	at := 0
	for text := range strings.SplitSeq(body, "\n\n") {
		var p paragraph
		for from := 0; from < len(text); {
			to := from + 1
			for to < len(text) && used[at+to] == used[at+from] {
				to++
			}
			p = append(p, piece{text[from:to], used[at+from]})
			from = to
		}
		if len(p) > 0 {
			out = append(out, p)
		}
		at += len(text) + 2
	}
	return out
}

// event is one thing that happened to a story: a decision, or an attempt on a channel.
type event struct {
	At      time.Time
	When    string // in the site's time
	Icon    string
	Who     string // a person, or a channel
	What    string // in words
	Why     string // in plain words
	URL     string // of the post
	Machine bool   // Who is a channel
	past    []story.Change
	Changes []change // what it changed: filled in by tell
}

// changeWords are the interface's words for what a change was of.
var changeWords = map[string]string{"headline": "headline", "kicker": "kicker", "dek": "dek", "body": "article_text", "photo": "photo", "caption": "caption", "credit": "credit", "alt": "alt_text", "layout": "layout", "focal": "focal_point",
	"embargo": "embargo", "text": "post_text", "thread": "thread", "tags": "hashtags"}

// tell says what an event changed, before and after.
func (q *request) tell(e *event) {
	for _, p := range e.past {
		c := change{Label: q.words.say(changeWords[p.What])}
		if p.Channel != "" {
			c.Label = label(p.Channel, q.desk.Config.Channels[p.Channel].Kind) + ": " + c.Label
		}
		a, b := p.Before, p.After
		for _, v := range []*string{&a, &b} {
			switch {
			case p.What == "layout" && *v != "":
				*v = q.words.Word("layout." + *v)
			case p.What == "kicker" && slices.Contains(kickers, *v):
				*v = q.words.say("kicker_" + *v)
			}
		}
		c.Old, c.New = differ(cleanText(a), cleanText(b))
		e.Changes = append(e.Changes, c)
	}
}

// byTime gathers changes that were made at once, oldest first.
func byTime(all []story.Change) (out [][]story.Change) {
	for _, c := range all {
		if n := len(out); n > 0 && out[n-1][0].At.Equal(c.At) && out[n-1][0].By == c.By {
			out[n-1] = append(out[n-1], c)
			continue
		}
		out = append(out, []story.Change{c})
	}
	return out
}

// storyLog tells what happened to a story, newest first.
func (q *request) storyLog(x *story.Dossier) []event {
	zone := q.desk.zone(x.Story.Site)
	icons := map[string]string{story.Approve: "check", story.Schedule: "calendar", story.Hold: "pause", story.Reject: "cross", story.Retract: "undo", story.Undo: "undo", story.Settle: "question"}
	ends := map[string]string{"posted": "check", "already": "check", "refused": "triangle", "unknown": "question"}
	var out []event
	for i := range x.Decisions.Log {
		a := &x.Decisions.Log[i]
		e := event{At: a.At, Icon: icons[a.Act], Who: a.By, What: q.words.say("act_" + a.Act), Why: a.Why, URL: a.URL}
		if e.Icon == "" {
			e.Icon = "clock"
		}
		if len(a.Channels) > 0 {
			var names []string
			for _, c := range a.Channels {
				names = append(names, label(c, q.desk.Config.Channels[c].Kind))
			}
			e.What += " · " + strings.Join(names, q.words.Comma())
		}
		if a.Act == story.Schedule {
			e.What += " · " + q.words.clock(a.NotBefore, a.At, zone)
		}
		out = append(out, e)
	}
	for name, p := range x.Posts {
		for _, h := range p.Doc.History {
			e := event{At: h.At, Icon: ends[h.End], Who: label(name, p.Doc.Kind), What: q.words.say("did_"+h.What) + ": " + q.words.say("end_"+h.End), Why: h.Why, Machine: true}
			if e.Icon == "" {
				e.Icon = "clock"
			}
			if h.End == "posted" || h.End == "already" {
				e.URL = p.Doc.Remote.URL
			}
			out = append(out, e)
		}
	}
	told := false
	for _, made := range byTime(x.Decisions.Changes) {
		word := "act_edit_text"
		if slices.ContainsFunc(made, func(c story.Change) bool { return c.Channel == "" }) {
			word = "act_edit"
		}
		told = told || made[0].At.Equal(x.Story.Edits.At)
		out = append(out, event{At: made[0].At, Icon: "edit", Who: made[0].By, What: q.words.say(word), past: made})
	}
	for _, made := range byTime(x.Story.Past) {
		if by := made[0].By; by != "" { // what somebody set on a story that was joined into this one
			told = told || made[0].At.Equal(x.Story.Edits.At)
			out = append(out, event{At: made[0].At, Icon: "edit", Who: by, What: q.words.say("act_edit"), past: made})
			continue
		}
		out = append(out, event{At: made[0].At, Icon: "inbox", Who: x.Story.Source, What: q.words.say("act_changed"), Machine: true, past: made})
	}
	if e := x.Story.Edits; !e.At.IsZero() && !told {
		out = append(out, event{At: e.At, Icon: "edit", Who: e.By, What: q.words.say("act_edit")})
	}
	out = append(out, event{At: x.Story.First, Icon: "inbox", Who: x.Story.Source, What: q.words.say("act_delivered"), Machine: true})
	slices.SortStableFunc(out, func(a, b event) int { return b.At.Compare(a.At) })
	for i := range out {
		out[i].When = q.words.clock(out[i].At, x.Now, zone)
	}
	return out
}

// retractPage says beforehand what a retraction does on each channel, and asks for the reason.
func (d *desk) retractPage(q *request) error {
	x, err := q.load()
	if err != nil {
		return err
	}
	f := q.frame(q.words.say("retract_all"), "queue", q.view(x, story.Looks{}))
	f.Back = "/story/" + string(x.Story.Key)
	return q.show(http.StatusOK, "retract", f)
}

// receiptView is what became of a post that was taken down.
type receiptView struct {
	Label, Kind string
	Icon, Class string
	End         string // in words
	Why, URL    string
	When        string
	Posts       int // how many of a thread, or with corrections, it is about; 0 or 1: the post alone
}

// receipts says, after a retraction, what became of the posts; none: nothing was retracted.
func (q *request) receipts(x *story.Dossier) []receiptView {
	looks := map[string][2]string{story.ReceiptGone: {"check", "sent"}, story.ReceiptAsked: {"check", "wait"}, story.ReceiptImpossible: {"triangle", "fail"},
		story.ReceiptUnknown: {"question", "unsure"}, story.ReceiptPending: {"clock", "wait"}, story.ReceiptNothing: {"check", "held"}}
	var out []receiptView
	for _, r := range story.Receipts(x, q.desk.Config.ChannelsOf(x.Story.Site), func(c string) story.Rule { return q.desk.rule(x, c) }) {
		kind := q.desk.Config.Channels[r.Channel].Kind
		l := looks[r.End]
		out = append(out, receiptView{label(r.Channel, kind), kind, l[0], l[1], q.words.say("receipt_" + r.End), r.Why, r.URL, q.words.clock(story.Latest(r.At, r.Until), x.Now, q.desk.zone(x.Story.Site)), r.Posts})
	}
	return out
}
