package desk

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutline/internal/review"
	"cutline/internal/story"
)

// What a form of a story's page carries of what was on the screen, beside its own fields:
//
//	revision       the story's
//	log            how many decisions there were
//	embargo        RFC 3339, or empty
//	was-headline, was-credit, was-card   on the card; the card by its key in the bucket
//	seen-CHANNEL   hash of the draft; text-CHANNEL (a thread's whole), card-CHANNEL: what was in it, to show what differs
//	pick           the form has a box for every channel, so that none ticked means none

// seenFields is what the form carries of the page that is being made.
func (d *desk) seenFields(x *story.Dossier, channels []channelView) []field {
	out := []field{{"revision", strconv.Itoa(x.Story.Revision)}, {"log", strconv.Itoa(len(x.Decisions.Log))}, {"embargo", embargoOf(x)},
		{"was-headline", x.Story.Headline()}, {"was-credit", x.Manifest.Credit}, {"was-card", x.Manifest.Cards["og"].Key}}
	for _, c := range channels {
		if c.Drafted {
			out = append(out, field{"seen-" + c.Name, c.Hash}, field{"text-" + c.Name, c.Draft.Whole()}, field{"card-" + c.Name, c.Draft.Card})
		}
	}
	return out
}

// seen reads the fields back.
func (q *request) seen(x *story.Dossier) story.Seen {
	s := story.Seen{Headline: q.FormValue("was-headline"), Credit: q.FormValue("was-credit"), Card: q.FormValue("was-card"), Texts: map[string]string{}}
	s.Revision, _ = strconv.Atoi(q.FormValue("revision")) // 0: the form did not say
	for _, name := range q.desk.Config.ChannelsOf(x.Story.Site) {
		if q.Form.Has("text-" + name) {
			s.Texts[name] = cleanLines(q.FormValue("text-" + name))
		}
	}
	return s
}

// cleanLines undoes what a browser does to the line ends of a field.
func cleanLines(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// seenDiffers says whether the page that a form stands on shows something else than what is.
func (q *request) seenDiffers(x *story.Dossier) bool {
	for _, name := range q.desk.Config.ChannelsOf(x.Story.Site) {
		if draft, ok := x.Shown(name); ok && draft.Hash() != q.FormValue("seen-"+name) {
			return true
		}
	}
	return q.FormValue("revision") != strconv.Itoa(x.Story.Revision) || q.FormValue("was-card") != x.Manifest.Cards["og"].Key || q.FormValue("log") != strconv.Itoa(len(x.Decisions.Log))
}

// embargoOf is a story's embargo as a form carries it.
func embargoOf(x *story.Dossier) string {
	if x.Story.Article.Embargo.IsZero() {
		return ""
	}
	return x.Story.Article.Embargo.UTC().Format(time.RFC3339)
}

// ours says whether a card's key, which a form brought, is one of this story's.
func ours(card string, x *story.Dossier) bool {
	rest, ok := strings.CutPrefix(card, story.Cards+string(x.Story.Key)+"/")
	return ok && rest != "" && !strings.ContainsAny(rest, "/?#\\")
}

var errStale = errors.New("the page is out of date")

// decide takes an act: approve and schedule (with the hashes of the drafts that were on the page), hold, reject, retract,
// undo, settle.
func (d *desk) decide(q *request) error {
	x, err := q.load()
	if err != nil {
		return err
	}
	return d.decideOn(q, x, "/story/"+string(x.Story.Key))
}

// decideOn decides about a story that was read for it, and goes on to page. By a review link it returns errUsed if the
// link has decided before, and errStale where the page is out of date.
func (d *desk) decideOn(q *request, x *story.Dossier, page string) (err error) {
	site := d.Config.ChannelsOf(x.Story.Site)
	now := x.Now.UTC() // the bucket's clock: post judges by it
	dec := story.Decision{Act: q.FormValue("act"), Revision: x.Story.Revision, At: now, Why: strings.TrimSpace(cleanText(q.FormValue("why")))}
	if err := q.may(dec.Act, x.Story.Site); err != nil {
		return err
	}
	switch dec.Act {
	case story.Approve, story.Schedule:
		err = q.approval(&dec, x, site)
	case story.Hold, story.Retract, story.Reject:
		if dec.Act == story.Reject && dec.Why == "" {
			return q.refuse(http.StatusUnprocessableEntity, "reject_reason")
		}
		if q.Form.Has("channel") && !q.Form.Has("pick") { // the boxes of the story's page choose what to approve; these are for the whole story
			dec.Channels, err = q.chosen(x.Story.Site, nil)
		}
	case story.Undo:
		if dec.Channels = site; !q.Form.Has("pick") { // the boxes choose what else to approve
			dec.Channels, err = q.chosen(x.Story.Site, site)
		}
		if err == nil {
			if dec.Channels = d.undoable(x, dec.Channels, now); len(dec.Channels) == 0 {
				return q.refuse(http.StatusConflict, "too_late")
			}
		}
	case story.Settle:
		err = q.settling(&dec, x)
	default:
		return q.refuse(http.StatusBadRequest, "bad_form")
	}
	if errors.Is(err, errStale) && q.who.Link == "" {
		return q.stale(x, "")
	} else if err != nil {
		return err
	}
	about := dec.Channels
	if len(about) == 0 {
		about = site
	}
	dec.Rule = review.Names(d.Config, &x.Story, about)
	q.who.Sign(&dec, x.Story.Site, review.By(d.Config, &x.Story, about))
	if err := q.takes(&dec, x); err != nil {
		return err
	}
	other := ""
	_, _, err = d.Store.UpdateDecisions(q.Context(), x.Story.Key, func(doc *story.Decisions) error {
		other = ""
		if dec.Link != "" && spent(doc, dec.Link, dec.Act) {
			return errUsed
		}
		again := len(dec.Drafts) > 0
		for c, draft := range dec.Drafts {
			rule := d.rule(x, c)
			v := doc.For(c, rule)
			tap := v.Act == story.Approve && slices.Contains(v.Given, dec.By) && v.Draft.Hash() == draft.Hash() && v.Scheduled == (dec.Act == story.Schedule) && dec.Act == story.Approve
			again = again && tap
			if was := seenLog(doc, q.FormValue("log")).For(c, rule); !tap && (was.Act != v.Act || !was.At.Equal(v.At)) {
				other = v.By
				return errStale
			}
		}
		if again {
			return nil // a second tap
		}
		is := *x
		is.Decisions = *doc
		for c, draft := range dec.Drafts { // what the form showed was compared with what we read; a text saved since is another
			if shown, ok := is.Shown(c); !ok || shown.Hash() != draft.Hash() {
				return errStale
			}
		}
		doc.Log = append(doc.Log, dec)
		return nil
	})
	if errors.Is(err, errUsed) || errors.Is(err, errStale) && q.who.Link != "" {
		return err
	} else if errors.Is(err, errStale) {
		fresh, again := d.Store.Load(q.Context(), x.Story.Key)
		if again != nil {
			return again
		}
		return q.stale(&fresh, other)
	} else if err != nil {
		return kept("a decision", x.Story.Key, err)
	}
	d.Log.Info("decided", "story", string(x.Story.Key), "revision", x.Story.Revision, "act", dec.Act, "by", dec.By)
	return q.see(page + "?did=" + dec.Act)
}

// takes refuses an approval that would count for nothing: of what one wrote or edited oneself, or of what the rule leaves
// to others. It is said at once, and not left to be wondered at.
func (q *request) takes(dec *story.Decision, x *story.Dossier) error {
	short := ""
	for c := range dec.Drafts {
		rule := q.desk.rule(x, c)
		if rule.Takes(dec, c) {
			return nil
		}
		short = rule.Name
	}
	if short == "" {
		return nil
	}
	return &refusal{status: http.StatusForbidden, what: q.words.say("not_yours"), more: q.words.say("rule") + ": " + short}
}

// seenLog is what had been decided when the page was made that carries this number of decisions; without one, what is now.
func seenLog(doc *story.Decisions, n string) *story.Decisions {
	from, err := strconv.Atoi(n)
	if err != nil || from < 0 || from > len(doc.Log) {
		return doc
	}
	return &story.Decisions{Log: doc.Log[:from]}
}

// approval fills in an approval or a schedule: the drafts just as they were seen. errStale if they are others now.
func (q *request) approval(dec *story.Decision, x *story.Dossier, site []string) error {
	none := site
	if q.Form.Has("pick") {
		none = nil
	}
	channels, err := q.chosen(x.Story.Site, none)
	if err != nil {
		return err
	}
	if q.FormValue("embargo") != embargoOf(x) || !x.Story.Live() {
		return errStale
	}
	dec.Drafts, dec.Embargo = map[string]story.Draft{}, x.Story.Article.Embargo
	for _, c := range channels {
		hash := q.FormValue("seen-" + c)
		if hash == "" && !q.Form.Has("pick") {
			continue // it was not on the page
		}
		draft, ok := x.Shown(c)
		if !ok || draft.Hash() != hash {
			return errStale
		}
		if hold := x.Hold(c, q.desk.rule(x, c)); hold != "" && dec.Why == "" {
			if !q.Form.Has("pick") && len(channels) > 1 {
				continue // what a check objects to is approved by name and with a reason only
			}
			return &refusal{status: http.StatusUnprocessableEntity, what: q.words.say("reason_needed"), why: hold}
		}
		dec.Drafts[c] = draft
		dec.Channels = append(dec.Channels, c)
	}
	if len(dec.Drafts) == 0 {
		return errStale
	}
	if dec.Act == story.Approve {
		dec.NotBefore = dec.At.Add(q.desk.Config.Timing.Undo)
		return nil
	}
	zone := q.desk.zone(x.Story.Site)
	if q.FormValue("zone") == "mine" && q.mine != nil {
		zone = q.mine
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", q.FormValue("at"), zone)
	if err != nil || !t.After(x.Now) || t.Before(x.Story.Article.Embargo) {
		more := ""
		if !x.Story.Article.Embargo.IsZero() {
			more = q.words.say("not_before", "time", q.words.clock(x.Story.Article.Embargo, x.Now, zone))
		}
		return &refusal{status: http.StatusUnprocessableEntity, what: q.words.say("time_needed"), more: more}
	}
	dec.NotBefore = t.UTC()
	return nil
}

// settling fills in how an uncertain post stands, after a person has looked.
func (q *request) settling(dec *story.Decision, x *story.Dossier) error {
	var err error
	if dec.Channels, err = q.chosen(x.Story.Site, nil); err != nil {
		return err
	}
	dec.Settled, dec.URL = q.FormValue("settled"), line(q.FormValue("url"))
	if !slices.Contains([]string{story.Posted, story.Again, story.Leave}, dec.Settled) || len(dec.Channels) != 1 {
		return q.refuse(http.StatusBadRequest, "bad_form")
	}
	p := x.Posts[dec.Channels[0]].Doc
	if since := q.FormValue("since"); p.Uncertain == "" || since != "" && since != p.UncertainAt.UTC().Format(time.RFC3339Nano) {
		return q.refuse(http.StatusConflict, "not_uncertain")
	}
	if dec.URL != "" && address(dec.URL) == "" {
		return &refusal{status: http.StatusUnprocessableEntity, what: q.words.say("bad_form"), more: q.words.say("this_link")}
	}
	return nil
}

// undoable lists the channels whose approval can still be taken back: nothing has left, and none is leaving, or others
// must approve besides.
func (d *desk) undoable(x *story.Dossier, channels []string, now time.Time) []string {
	var out []string
	for _, c := range channels {
		if v := d.verdict(x, c); v.Act == story.Approve && v.NotBefore.After(now) && x.Posts[c].Doc.Claim == nil || v.Act != story.Approve && v.Missing != "" {
			out = append(out, c)
		}
	}
	return out
}

// change is one part that differs, word by word.
type change struct {
	Label    string
	Old, New []piece
	OldCard  string // addresses, where the card differs
	NewCard  string
}

// stale answers 409 with what was on the page and what is now. Nothing was done.
func (q *request) stale(x *story.Dossier, by string) error {
	is := q.desk.seenOf(x)
	was := q.seen(x)
	p := struct {
		storyView
		By       string
		Was      int
		Changes  []change
		WasUntil string
		IsUntil  string
	}{storyView: q.view(x, story.Looks{}), By: by, Was: was.Revision, Changes: q.changes(x, was, is)}
	if q.FormValue("embargo") != embargoOf(x) {
		zone := q.desk.zone(x.Story.Site)
		if t, err := time.Parse(time.RFC3339, q.FormValue("embargo")); err == nil {
			p.WasUntil = q.words.clock(t, x.Now, zone)
		}
		p.IsUntil = q.words.clock(x.Story.Article.Embargo, x.Now, zone)
	}
	f := q.frame(p.Headline, "queue", p)
	f.Back, f.Bar = "/", true
	return q.show(http.StatusConflict, "stale", f)
}
