package story

import (
	"slices"
	"strings"
	"time"

	"cutline/internal/remark"
)

// Verdict is what the desk's log comes to for one channel.
type Verdict struct {
	Act       string    // approve, hold, reject, retract; empty: nothing was decided, or it was undone
	Draft     Draft     // approve: exactly what was seen
	Scheduled bool      // approve: for a time of its own, and not only after the seconds for undoing
	NotBefore time.Time // approve: no earlier than this
	Embargo   time.Time // approve: the embargo that was on the screen
	By        string    // who decided, when and why
	At        time.Time
	Why       string

	Stopped bool    // it was held, rejected or taken back at some time
	Let     []Draft // what was approved since then, oldest first

	Given   []string // who has approved the newest draft that somebody approved, and counts
	GivenTo string   // that draft's Base
	Missing string   // in plain words, who must approve it besides before the approval stands; empty: nobody

	Settled   string // how an uncertain post was last settled: posted, again, leave; empty: never
	SettledAt time.Time
	SettledBy string
	URL       string // where it was found
}

// For folds the log into the verdict for a channel under a rule. Later acts replace earlier ones. Approvals count once
// they meet the rule: until then what held before them holds, and Missing says what they lack. Undo brings back what held
// before the approvals, however often they were given; an approval that shows no draft for the channel is none for it.
func (d *Decisions) For(channel string, r Rule) Verdict {
	var v, before Verdict
	var given []*Decision // approvals since before
	for i := range d.Log {
		a := &d.Log[i]
		if !a.About(channel) {
			continue
		}
		keep := Verdict{Settled: v.Settled, SettledAt: v.SettledAt, SettledBy: v.SettledBy, URL: v.URL, Stopped: v.Stopped, Let: v.Let}
		keep.By, keep.At, keep.Why = a.By, a.At, a.Why
		switch a.Act {
		case Approve, Schedule:
			if _, ok := a.Drafts[channel]; !ok {
				continue
			}
			if len(given) == 0 {
				before = v
			}
			given = append(given, a)
			taken, short := r.met(given, channel)
			draft := a.Drafts[channel]
			v.Given, v.Missing, v.GivenTo = signers(taken), short, draft.Base()
			if short != "" {
				continue
			}
			keep.Act, keep.Draft, keep.By, keep.At, keep.Given, keep.GivenTo = Approve, draft, strings.Join(v.Given, ", "), taken[0].At, v.Given, v.GivenTo
			keep.Let = append(slices.Clip(v.Let), draft)
			for _, t := range taken { // who asks for the latest time is heard
				keep.NotBefore, keep.Embargo = Latest(keep.NotBefore, t.NotBefore), Latest(keep.Embargo, t.Embargo)
				keep.Scheduled = keep.Scheduled || t.Act == Schedule
			}
		case Hold, Reject, Retract:
			keep.Act, keep.Stopped, keep.Let, given = a.Act, true, nil, nil
		case Undo:
			if len(given) == 0 {
				continue
			}
			before.Settled, before.SettledAt, before.SettledBy, before.URL = v.Settled, v.SettledAt, v.SettledBy, v.URL
			keep, given = before, nil
		case Settle:
			v.Settled, v.SettledAt, v.SettledBy, v.URL = a.Settled, a.At, a.By, a.URL
			continue
		default: // an act of a newer version: nothing may go out by a log we do not understand
			keep.Act, keep.Stopped, keep.Let, given = Hold, true, nil, nil
		}
		v = keep
	}
	return v
}

// signers lists who gave approvals, first the first.
func signers(newestFirst []*Decision) []string {
	var out []string
	for _, a := range slices.Backward(newestFirst) {
		out = append(out, a.By)
	}
	return out
}

// Stands says whether an approval still holds for a story: not if an embargo was set that was not on the screen when it was
// given. One that was there and was moved is only waited for.
func (v *Verdict) Stands(s *Story) bool {
	return v.Act == Approve && !(v.Embargo.IsZero() && s.Article.Embargo.After(v.At))
}

// Base is the hash of the proposal that a draft stands for: its own, or the one the desk edited.
func (d *Draft) Base() string {
	if d.Basis != "" {
		return d.Basis
	}
	return d.Hash()
}

// WordsOf is the hash of a proposal's texts and link, as an edited draft keeps it.
func (d *Draft) WordsOf() string {
	words := Draft{Text: d.Text, More: d.More, Link: d.Link}
	return words.Hash()
}

// over puts the desk's words into a newer proposal of the same text: the card was drawn anew, say.
func (d *Draft) over(proposed *Draft) Draft {
	out := *proposed
	for _, part := range d.Edited {
		switch part {
		case "text":
			out.Text, out.More, out.Findings = d.Text, d.More, d.Findings
		case "alt":
			out.Alt = d.Alt
		case "tags":
			out.Tags = d.Tags
		}
	}
	out.Basis, out.Words, out.Edited, out.Hands = proposed.Hash(), d.Words, d.Edited, d.Hands
	return out
}

// Edit is the desk's draft in place of a proposal, if there is one that stands for it.
func (d *Decisions) Edit(channel string, proposed *Draft) (Draft, bool) {
	e, ok := d.Edited[channel]
	switch {
	case ok && e.Base() == proposed.Hash():
		return e, true
	case ok && e.Words != "" && e.Words == proposed.WordsOf():
		return e.over(proposed), true
	}
	return Draft{}, false
}

// Shown is the draft that the desk shows for a channel: its own edited one while that still stands for the present
// proposal or for another of the same words, else the proposal; false if there is none yet.
func (d *Dossier) Shown(channel string) (Draft, bool) {
	p, ok := d.Posts[channel]
	if !ok || p.Doc.Proposed == nil {
		return Draft{}, false
	}
	if e, ok := d.Decisions.Edit(channel, p.Doc.Proposed); ok {
		return e, true
	}
	return *p.Doc.Proposed, true
}

// A State is where a story stands on one channel, as the desk shows it.
type State struct {
	Name  string    // one of the states below
	Until time.Time // embargo, scheduled, approved, auto: when it leaves; sent: when it went out; zero: not known
	Why   string    // in plain words: who decided, what the network said
	URL   string    // sent: where it is
}

// The states, in the order in which they need somebody.
const (
	StateUncertain  = "uncertain"  // nobody can know whether it is out: look before you decide
	StateFailed     = "failed"     // the network refused, and a person must act
	StateReview     = "review"     // waits for a decision
	StateCorrection = "correction" // is out, and the article has changed since
	StateHeld       = "held"       // held by the desk or by a check
	StateEmbargo    = "embargo"    // may not go out yet
	StateAuto       = "auto"       // goes by itself at Until, unless somebody decides otherwise
	StateScheduled  = "scheduled"  // goes at Until
	StateApproved   = "approved"   // on its way
	StateSent       = "sent"       // out
	StateRejected   = "rejected"   // decided against
	StateRetracted  = "retracted"  // taken down, or cancelled before it went out
	StateWaiting    = "waiting"    // its card is not drawn or its words are not proposed yet
)

// order ranks the states by how much they need somebody, most first.
var order = []string{StateUncertain, StateFailed, StateReview, StateCorrection, StateHeld, StateEmbargo, StateAuto, StateScheduled, StateApproved, StateWaiting, StateSent, StateRejected, StateRetracted}

// Rank is a state's place in that order, from 0.
func Rank(state string) int { return slices.Index(order, state) }

// StateOf says where the story stands on a channel under its rule.
func StateOf(d *Dossier, channel string, r Rule) State {
	p := d.Posts[channel].Doc
	v := d.Decisions.For(channel, r)
	off := !d.Story.Live() || v.Act == Retract || d.Ended(&p) || p.Live() && d.Story.Article.Embargo.After(d.Now)
	switch {
	case p.Uncertain != "":
		return State{Name: StateUncertain, Why: p.Uncertain}
	case p.Gone:
		return State{Name: StateRetracted, Why: remark.Say("removed-there")}
	case p.Refused != "" && !(v.Act == Approve && v.At.After(p.RefusedAt)) && (p.RefusedOf == "retract" || p.Proposed != nil && v.Draft.Hash() == p.RefusedOf || p.Proposed != nil && p.Proposed.Hash() == p.RefusedOf):
		return State{Name: StateFailed, Why: p.Refused}
	case off && p.Live():
		return State{Name: StateApproved, Why: remark.Say("taken-down-now")}
	case off:
		return State{Name: StateRetracted, Why: v.Why, Until: p.Retracted}
	}
	if p.Live() && p.Proposed != nil && p.Kept == p.Proposed.Hash() {
		return State{Name: StateSent, Until: p.SentAt, URL: p.Remote.URL, Why: p.KeptWhy}
	}
	if p.Live() && (p.Proposed == nil || p.Sent.Hash() == p.Proposed.Hash() || p.Sent.Base() == p.Proposed.Hash() || p.Sent.Revision >= p.Proposed.Revision) {
		return p.standing(v)
	}
	switch {
	case v.Act == Hold:
		return State{Name: StateHeld, Why: v.Why}
	case v.Act == Reject:
		return State{Name: StateRejected, Why: v.Why}
	case p.Proposed == nil || d.Manifest.Revision < d.Story.Revision:
		return State{Name: StateWaiting}
	}
	embargo := d.Story.Article.Embargo
	if v.Stands(&d.Story) && v.Draft.Base() == p.Proposed.Hash() && (!p.Live() || !v.At.Before(p.Plan.At)) && (p.Retracted.IsZero() || p.Reposting || v.At.After(p.Retracted)) {
		if v.Embargo.After(embargo) {
			embargo = v.Embargo
		}
		at := Latest(v.NotBefore, embargo, p.NotBefore)
		name := StateApproved
		if embargo.After(d.Now) && !v.NotBefore.After(embargo) {
			name = StateEmbargo
		} else if v.Scheduled && v.NotBefore.After(d.Now) {
			name = StateScheduled
		}
		return p.waiting(State{Name: name, Until: at, Why: v.By})
	}
	switch hold := d.Hold(channel, r); {
	case hold != "":
		return State{Name: StateHeld, Why: hold}
	case p.Live() && (!r.Auto || p.Plan.Asks):
		return State{Name: StateCorrection, URL: p.Remote.URL, Why: p.Plan.Why}
	case r.Auto:
		return p.waiting(State{Name: StateAuto, Until: Latest(p.ProposedAt.Add(r.After), embargo, p.NotBefore)})
	case embargo.After(d.Now):
		return State{Name: StateEmbargo, Until: embargo}
	}
	if v.Missing != "" && v.GivenTo == p.Proposed.Hash() {
		return State{Name: StateReview, Why: v.waitsFor()}
	}
	return State{Name: StateReview}
}

// standing is the state of a post that is out as it should be, but perhaps for its thread.
func (p *Post) standing(v Verdict) State {
	left, half := p.Left()
	s := State{Name: StateSent, Until: p.SentAt, URL: p.Remote.URL}
	if !half {
		return s
	}
	out, all := p.Out()
	s.Why = remark.Say("thread-out", out, all)
	switch why := p.Thread[left.Part-1].Refused; {
	case why != "" && !p.Anew(v, left):
		s.Name, s.Why = StateFailed, remark.Join(s.Why, why)
	case v.Act == Hold:
		s.Name = StateHeld
	case p.Stopped(v, left):
	case p.Waits != nil:
		s.Name, s.Until, s.Why = StateApproved, p.Waits.Until, remark.Join(s.Why, p.Waits.Why)
	default:
		s.Name, s.Until = StateApproved, p.NotBefore
	}
	return s
}

// Anew says whether somebody has approved the thread again since its next step was refused.
func (p *Post) Anew(v Verdict, left Draft) bool {
	x := p.Thread[left.Part-1]
	return x.Refused != "" && v.Act == Approve && v.Draft.Base() == p.Sent.Base() && v.At.After(x.RefusedAt)
}

// waitsFor says who approved so far and who must still.
func (v *Verdict) waitsFor() string {
	if len(v.Given) == 0 {
		return v.Missing
	}
	return remark.Join(remark.Say("approved-so-far", strings.Join(v.Given, ", ")), v.Missing)
}

// waiting is the state of a post that could go out: with its turn and what it waits for, if it waits for one.
func (p *Post) waiting(s State) State {
	if !p.Page.Next.IsZero() {
		s.Until, s.Why = Latest(s.Until, p.Page.Next), p.Page.Why
	}
	if p.Waits != nil {
		s.Until, s.Why = p.Waits.Until, p.Waits.Why
		if !s.Until.IsZero() {
			s.Until = Latest(s.Until, p.NotBefore)
		}
	}
	return s
}

// Hold says why a story may not go to a channel by itself, whatever the review policy: no credit, a letter without a
// font, an agency's rule, an embargo that cannot be read, a text that the faithfulness gate objects to. Empty: it may.
func (d *Dossier) Hold(channel string, r Rule) string {
	switch {
	case r.Barred != "":
		return r.Barred
	case d.Manifest.Held != "":
		return d.Manifest.Held
	case d.Story.Doubt != "":
		return d.Story.Doubt
	case d.Story.Article.Doubt != "":
		return d.Story.Article.Doubt
	}
	if shown, ok := d.Shown(channel); ok && len(shown.Findings) > 0 {
		return shown.Findings[0]
	}
	return ""
}

// Ended says whether the photo's time online is over for a post: one that went out with it, or would.
func (d *Dossier) Ended(p *Post) bool {
	m := &d.Manifest
	if m.Ends.IsZero() || m.Ends.After(d.Now) {
		return false
	}
	if p.Live() {
		return p.SentAt.Before(m.Ends)
	}
	return m.Photo == "" // the cards show it still
}

// Latest is the last of some times: what has to wait for several things waits for it.
func Latest(ts ...time.Time) time.Time {
	var out time.Time
	for _, t := range ts {
		if t.After(out) {
			out = t
		}
	}
	return out
}
