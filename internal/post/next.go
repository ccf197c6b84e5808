package post

import (
	"cmp"
	"time"

	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// Facts is all that a decision about one story on one channel is made from.
type Facts struct {
	Now     time.Time      // the bucket's clock
	Dossier *story.Dossier // the story's documents
	Channel string         // the channel's name
	Record  story.Post     // this channel's record; zero: none yet
	Age     time.Duration  // how long ago the record was written, by the bucket's clock
	Draft   *story.Draft   // what the channel would send for the story's present revision; nil: its cards are not drawn yet, or it makes no difference
	Account story.Account  // the state of the channel's account; zero while nothing is wanted of it
	Reword  bool           // other words are wanted for Draft before it is proposed
	Page    string         // warn or wait, if the article's page is to be looked at before posting; empty: it is not
	Stale   string         // what of the article's present text is against the thread's next post; empty: nothing
	Pace    config.Pace    // how fast it may post
	Urgent  bool           // a breaking story

	Rule   story.Rule    // who must approve, or whether posts go without a decision
	Plan   story.Plan    // what is to become of a post that is out and differs from the draft; zero: nothing
	TooOld time.Duration // what could not go out for so long is left to the desk
	Lease  time.Duration // how long a claim holds
	Can    channel.Capabilities
	Other  bool // the record is of another account than the channel's present one
}

// Verb is what is to be done.
type Verb string

const (
	Nothing  Verb = ""         // all is as it should be, or waits for a person
	Wait     Verb = "wait"     // look again at Act.Until
	Propose  Verb = "propose"  // record Act.Draft as what would be sent
	Publish  Verb = "publish"  // claim, send Act.Draft, record
	Continue Verb = "continue" // claim, send Act.Draft as the thread's next post, record
	Alter    Verb = "alter"    // record that what is not out of the thread is to be as Act.Draft has it
	Reply    Verb = "reply"    // claim, send Act.Draft as a reply to the post, record
	Edit     Verb = "edit"     // claim, edit the post to Act.Draft, record
	Retract  Verb = "retract"  // claim, take the post down, record
	Find     Verb = "find"     // a call's end is not known: ask the network, record
	Doubt    Verb = "doubt"    // it cannot be asked: record that nobody knows
	Settle   Verb = "settle"   // record what the desk found out
	Keep     Verb = "keep"     // record that the post stays as it is, and why
	Refuse   Verb = "refuse"   // record that the network cannot do it, and why
	Join     Verb = "join"     // take a place in the account's queue, and record what it waits for
	Check    Verb = "check"    // look at the article's page, and record what was seen
	Reword   Verb = "reword"   // ask for other words for Act.Draft, and record them
	Quit     Verb = "quit"     // give the place back
)

// calls says whether a verb is a call under a claim.
func (v Verb) calls() bool {
	return v == Publish || v == Continue || v == Reply || v == Edit || v == Retract
}

// Act is one step towards what should be.
type Act struct {
	Do     Verb
	Draft  story.Draft // propose, publish, continue, alter, reply, edit; retract, refuse: its Part is, if only one post of a thread is meant
	Until  time.Time   // wait
	By     string      // who wanted it: a name at the desk, or the policy
	Why    string      // doubt, refuse, keep: in plain words
	Repost bool        // retract: only to post it anew
	Down   bool        // refuse: what cannot be done is to take the post down

	Since  time.Time     // publish: since when it could have gone
	Ticket story.Ticket  // publish: the turn that it must take first, empty if it needs none; join: its place in the account's queue
	Waits  story.Waiting // join: what the record says
}

// Next decides the one next step. It is pure: the same facts give the same act, and whatever the step before left
// behind (a claim nobody finished, a Later, a doubt) is just another fact. It never yields a call before the embargo,
// the schedule or the approval, nor while a claim of somebody else may still be at work, nor out of turn.
func Next(f Facts) Act { return f.inTurn(f.checked(f.wanted())) }

// wanted is the next step if nobody stood before it. It does not look at the account.
func (f Facts) wanted() Act {
	p, d := &f.Record, f.Dossier
	v := d.Decisions.For(f.Channel, f.Rule)
	if p.Claim != nil {
		return unfinished(f, v)
	}
	if p.Uncertain != "" {
		if v.Settled != "" && v.SettledAt.After(p.UncertainAt) {
			return Act{Do: Settle, By: v.SettledBy}
		}
		return Act{}
	}
	if f.Other && p.Live() {
		return Act{} // it is out under another account: nothing of it is ours to change
	}
	if by, down := f.down(v); down {
		return takeDown(f, v, by)
	}
	if a, left := f.thread(v); left {
		return a
	}
	if f.Draft == nil || p.Gone {
		return Act{}
	}
	same := p.Live() && (p.Sent.Hash() == f.Draft.Hash() || p.Sent.Base() == f.Draft.Hash())
	if !same && (p.Proposed == nil || p.Proposed.Hash() != f.Draft.Hash() || p.Live() && (p.Plan.How != f.Plan.How || p.Plan.Asks != f.Plan.Asks)) {
		if p.Live() && f.Draft.Revision <= p.Sent.Revision {
			return Act{} // not the story has changed but our way to put it: what is out stays
		}
		if f.Reword {
			return Act{Do: Reword, Draft: *f.Draft}
		}
		return Act{Do: Propose, Draft: *f.Draft}
	}
	return f.send(v, same)
}

// down says whether what is out is to be taken down and what waits is not to go, and who wanted it or what happened.
func (f Facts) down(v story.Verdict) (by string, down bool) {
	s := &f.Dossier.Story
	switch {
	case v.Act == story.Retract:
		return v.By, true
	case !s.Live():
		return "the article was " + s.Off, true
	case f.Record.Live() && s.Article.Embargo.After(f.Now):
		return "the article was put under an embargo", true
	case f.Dossier.Ended(&f.Record):
		return "the photo may no longer be online: " + f.Dossier.Manifest.EndsBy, true
	}
	return "", false
}

// unfinished decides about a claim: one that may still be at work is waited for; of one that is over without a result
// the network is asked, and only proof that nothing came of it allows another call.
func unfinished(f Facts, v story.Verdict) Act {
	c := f.Record.Claim
	if f.Age < f.Lease && !c.Lost {
		return Act{Do: Wait, Until: f.Now.Add(f.Lease - f.Age)}
	}
	if f.Now.Before(f.Record.NotBefore) {
		return Act{Do: Wait, Until: f.Record.NotBefore}
	}
	switch Verb(c.Verb) {
	case Edit: // doing it twice does no harm, and only doing it makes sure
		if by, down := f.down(v); down {
			return takeDown(f, v, by)
		}
		return Act{Do: Edit, Draft: c.Draft, By: "after an interruption"}
	case Retract:
		return Act{Do: Retract, Draft: c.Draft, By: "after an interruption", Repost: f.Record.Reposting}
	}
	if f.Can.Find == channel.Never && f.Can.Once { // sending it again makes no second post, as long as it is still wanted
		again := f
		again.Record.Claim = nil
		if a := Next(again); a.Do == Wait || a.Do == Verb(c.Verb) && a.Draft.Hash() == c.Draft.Hash() {
			return a
		}
	}
	if f.Can.Find == channel.Never {
		return Act{Do: Doubt, Why: remark.Say("interrupted")}
	}
	return Act{Do: Find, Draft: c.Draft}
}

// takeDown decides how a post that is out comes down: its corrections first, then its thread from the end, then the post.
func takeDown(f Facts, v story.Verdict, by string) Act {
	p := &f.Record
	if !p.Live() || p.RefusedOf == "retract" && !(v.Act == story.Retract && v.At.After(p.RefusedAt)) {
		return Act{}
	}
	if f.Now.Before(p.NotBefore) {
		return Act{Do: Wait, Until: p.NotBefore}
	}
	if !f.Can.Retract || f.Can.KeepFor > 0 && f.Now.Sub(p.Made()) > f.Can.KeepFor {
		if p.RefusedOf == "retract" {
			return Act{}
		}
		what := cmp.Or(f.Can.ByHand, remark.Say("by-hand"))
		if f.Can.Retract {
			return Act{Do: Refuse, By: by, Why: remark.Say("not-taken-down-any-more", what), Down: true}
		}
		return Act{Do: Refuse, By: by, Why: remark.Say("not-taken-down", what), Down: true}
	}
	return Act{Do: Retract, By: by}
}

// send decides whether, what and how to send, when the story is public and its draft is proposed.
func (f Facts) send(v story.Verdict, same bool) Act {
	p, d := &f.Record, f.Dossier
	approved := v.Stands(&d.Story) && v.Draft.Base() == f.Draft.Hash() &&
		(p.Retracted.IsZero() || p.Reposting || v.At.After(p.Retracted)) && (!p.Live() || v.At.After(p.SentAt) && !v.At.Before(p.Plan.At))
	var draft story.Draft
	var start, since time.Time
	by := v.By
	switch {
	case v.Act == story.Hold || v.Act == story.Reject:
		return Act{}
	case p.Live() && !same && f.Plan.How == "leave" && !f.Plan.Asks: // nobody need decide that nothing is done
		return f.correct(*f.Draft, "the channel's policy")
	case approved:
		draft, start, since = v.Draft, story.Latest(v.NotBefore, v.Embargo), v.At
	case same:
		return Act{}
	case f.Rule.Auto && d.Hold(f.Channel, f.Rule) == "" && !(p.Live() && f.Plan.Asks):
		shown := *f.Draft
		if e, ok := d.Decisions.Edit(f.Channel, f.Draft); ok {
			shown = e
		}
		draft, start, since, by = shown, p.ProposedAt.Add(f.Rule.After), p.ProposedAt, "rule "+f.Rule.Name
	default:
		return Act{}
	}
	if p.Live() && p.Sent.Hash() == draft.Hash() {
		return Act{}
	}
	if p.RefusedOf == draft.Hash() && !(approved && v.At.After(p.RefusedAt)) {
		return Act{}
	}
	start = story.Latest(start, d.Story.Article.Embargo)
	if wait := story.Latest(start, p.NotBefore); f.Now.Before(wait) {
		return Act{Do: Wait, Until: wait}
	}
	if !p.Live() {
		if f.TooOld > 0 && f.Now.Sub(story.Latest(start, since)) > f.TooOld {
			return Act{Do: Refuse, Draft: draft, By: by, Why: remark.Say("too-old")}
		}
		return Act{Do: Publish, Draft: draft, By: by, Since: story.Latest(start, since)}
	}
	return f.correct(draft, by)
}

// correct carries out the plan for a post that is out.
func (f Facts) correct(draft story.Draft, by string) Act {
	switch f.Plan.How {
	case "edit":
		return Act{Do: Edit, Draft: draft, By: by}
	case "reply":
		return Act{Do: Reply, Draft: draft, By: by}
	case "repost":
		return Act{Do: Retract, Draft: draft, By: by, Repost: true}
	}
	if f.Record.Kept == draft.Hash() {
		return Act{}
	}
	return Act{Do: Keep, Draft: draft, By: by, Why: f.Plan.Why}
}
