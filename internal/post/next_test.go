package post

import (
	"testing"
	"time"

	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/story"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// facts are those of a story whose draft is proposed, on a channel that can do everything, under required review.
func facts(change ...func(*Facts)) Facts {
	draft := story.Draft{Text: "Water stands at the spillway", Revision: 1}
	f := Facts{
		Now: noon, Channel: "net", Draft: &draft, Lease: 90 * time.Second, TooOld: 24 * time.Hour,
		Can:     channel.Capabilities{Find: channel.Exact, Edit: true, Retract: true, Reply: true},
		Dossier: &story.Dossier{Now: noon, Story: story.Story{Key: me, Revision: 1}, Manifest: story.Manifest{Revision: 1}, Posts: map[string]story.Versioned[story.Post]{}},
		Record:  story.Post{Channel: "net", Proposed: &story.Draft{Text: "Water stands at the spillway", Revision: 1}, ProposedAt: at(-1)},
	}
	for _, c := range change {
		c(&f)
	}
	f.Dossier.Posts["net"] = story.Versioned[story.Post]{Doc: f.Record}
	return f
}

// proposal is the draft of facts.
func proposal() *story.Draft { return facts().Draft }

func decide(d story.Decision) func(*Facts) {
	return func(f *Facts) {
		if d.Act == story.Approve || d.Act == story.Schedule {
			if d.Drafts == nil {
				d.Drafts = map[string]story.Draft{"net": *f.Record.Proposed}
			}
		}
		f.Dossier.Decisions.Log = append(f.Dossier.Decisions.Log, d)
	}
}

func auto(f *Facts) { f.Rule.Auto = true }

func posted(f *Facts) {
	d := *f.Record.Proposed
	f.Record.Sent, f.Record.SentAt, f.Record.Remote = &d, at(-1), story.Remote{ID: "r1"}
}

func changed(f *Facts) {
	f.Draft = &story.Draft{Text: "Water runs over the spillway", Revision: 2}
	f.Dossier.Story.Revision, f.Dossier.Manifest.Revision = 2, 2
}

func proposedAnew(f *Facts) { f.Record.Proposed = f.Draft }

// plan is the plan for a post that is out, recorded as it is now.
func plan(how string) func(*Facts) {
	return func(f *Facts) {
		f.Plan = story.Plan{How: how, At: at(-1)}
		f.Record.Plan = f.Plan
	}
}

func asks(f *Facts) { f.Plan.Asks, f.Record.Plan.Asks = true, true }

func page(policy string) func(*Facts) { return func(f *Facts) { f.Page = policy } }

// seen is a look at the page a minute ago.
func seen(why string) func(*Facts) {
	return func(f *Facts) { f.Record.Page = story.PageSeen{At: at(-1), Revision: 1, Why: why, Next: at(2)} }
}

const me = story.Key("2026-11-26/me")

func paused(f *Facts)   { f.Account.Paused = "the token was revoked" }
func stopped(f *Facts)  { f.Dossier.Stop = story.Stop{Why: "somebody broke in", By: "Hana"} }
func spaced(f *Facts)   { f.Pace.Spacing, f.Pace.Zone = 10*time.Minute, time.UTC }
func breaking(f *Facts) { f.Urgent = true }
func quiet(f *Facts) {
	f.Pace.Quiet, f.Pace.Zone = []config.Hours{{From: 11 * time.Hour, To: 13 * time.Hour}}, time.UTC
}

// waiting is a post that the queue has told its turn.
func waiting(f *Facts) {
	f.Record.Waits = &story.Waiting{Why: "the account is paused: the token was revoked", Until: at(6)}
	f.Account.Queue = append(f.Account.Queue, story.Ticket{Story: me, Since: at(-1), At: at(6)})
}

// gone is a post of another story, so many minutes from now.
func gone(minutes int) func(*Facts) {
	return func(f *Facts) {
		f.Account.Queue = append(f.Account.Queue, story.Ticket{Story: "2026-11-26/gone", Taken: at(minutes)})
	}
}

// queue is another story that waits since then.
func queue(minutes int) func(*Facts) {
	return func(f *Facts) {
		f.Account.Queue = append(f.Account.Queue, story.Ticket{Story: "2026-11-26/other", Since: at(minutes), At: noon})
	}
}

func TestNext(t *testing.T) {
	approve := decide(story.Decision{Act: story.Approve, At: at(-1), By: "Hana"})
	resting := 0 // cases in which no draft is made
	for _, c := range []struct {
		name  string
		facts Facts
		do    Verb
		until time.Time
	}{
		{"nothing goes out without a decision", facts(), Nothing, time.Time{}},
		{"an approval sends", facts(approve), Publish, time.Time{}},
		{"the policy sends", facts(auto), Publish, time.Time{}},
		{"the policy waits its minutes", facts(auto, func(f *Facts) { f.Rule.After = 15 * time.Minute }), Wait, at(14)},
		{"an approval waits until it can no longer be undone", facts(decide(story.Decision{Act: story.Approve, NotBefore: at(1)})), Wait, at(1)},
		{"an undone approval sends nothing", facts(approve, decide(story.Decision{Act: story.Undo})), Nothing, time.Time{}},
		{"an approval after an undone one counts", facts(approve, decide(story.Decision{Act: story.Undo}), approve), Publish, time.Time{}},
		{"a hold after the approval holds", facts(approve, decide(story.Decision{Act: story.Hold})), Nothing, time.Time{}},
		{"a hold keeps the policy from sending", facts(auto, decide(story.Decision{Act: story.Hold})), Nothing, time.Time{}},
		{"a rejection keeps the policy from sending", facts(auto, decide(story.Decision{Act: story.Reject})), Nothing, time.Time{}},
		{"a decision about another channel is none about this one", facts(auto, decide(story.Decision{Act: story.Hold, Channels: []string{"other"}})), Publish, time.Time{}},
		{"an act that a newer version wrote holds", facts(auto, decide(story.Decision{Act: "delegate"})), Nothing, time.Time{}},
		{"a schedule waits for its time", facts(decide(story.Decision{Act: story.Schedule, NotBefore: at(30)})), Wait, at(30)},
		{"an embargo holds the approval back", facts(decide(story.Decision{Act: story.Approve, At: at(-1), Embargo: at(60)}), func(f *Facts) { f.Dossier.Story.Article.Embargo = at(60) }), Wait, at(60)},
		{"an embargo set after the approval cancels it", facts(approve, func(f *Facts) { f.Dossier.Story.Article.Embargo = at(60) }), Nothing, time.Time{}},
		{"one that was over when it was given does not", facts(approve, func(f *Facts) { f.Dossier.Story.Article.Embargo = at(-5) }), Publish, time.Time{}},
		{"what is out when an embargo is set is taken down", facts(posted, func(f *Facts) { f.Dossier.Story.Article.Embargo = at(60) }), Retract, time.Time{}},
		{"and does not go out again by its old approval", facts(approve, func(f *Facts) {
			f.Dossier.Story.Article.Embargo, f.Record.Retracted, f.Record.Turn = at(-1), at(-30), 1
		}, func(f *Facts) { f.Dossier.Decisions.Log[0].At = at(-40) }), Nothing, time.Time{}},
		{"an embargo moved later after the approval counts", facts(decide(story.Decision{Act: story.Approve, Embargo: at(5)}), func(f *Facts) { f.Dossier.Story.Article.Embargo = at(60) }), Wait, at(60)},
		{"an embargo moved earlier after the approval does not", facts(decide(story.Decision{Act: story.Approve, Embargo: at(60)}), func(f *Facts) { f.Dossier.Story.Article.Embargo = at(5) }), Wait, at(60)},
		{"an embargo holds the policy back", facts(auto, func(f *Facts) { f.Dossier.Story.Article.Embargo = at(60) }), Wait, at(60)},
		{"a story whose article changed is proposed anew", facts(approve, changed), Propose, time.Time{}},
		{"and its old approval is void", facts(approve, changed, proposedAnew), Nothing, time.Time{}},
		{"an edited draft is sent as the desk wrote it", facts(func(f *Facts) {
			f.Dossier.Decisions.Log = []story.Decision{{Act: story.Approve, At: at(-1), Drafts: map[string]story.Draft{"net": {Text: "Reservoir full", Basis: f.Record.Proposed.Hash()}}}}
		}), Publish, time.Time{}},
		{"but not after the article changed", facts(func(f *Facts) {
			f.Dossier.Decisions.Log = []story.Decision{{Act: story.Approve, At: at(-1), Drafts: map[string]story.Draft{"net": {Text: "Reservoir full", Basis: f.Record.Proposed.Hash()}}}}
		}, changed, proposedAnew), Nothing, time.Time{}},
		{"cards that are not drawn yet are waited for", facts(auto, func(f *Facts) { f.Draft = nil }), Nothing, time.Time{}},
		{"the policy does not send what a check holds", facts(auto, func(f *Facts) { f.Dossier.Manifest.Held = "the photo has no credit" }), Nothing, time.Time{}},
		{"the desk may", facts(approve, func(f *Facts) { f.Dossier.Manifest.Held = "the photo has no credit" }), Publish, time.Time{}},
		{"the policy does not send an embargo that cannot be read", facts(auto, func(f *Facts) { f.Dossier.Story.Article.Doubt = "embargo without a time zone" }), Nothing, time.Time{}},
		{"the policy does not send what the gate objects to", facts(auto, func(f *Facts) { f.Record.Proposed.Findings = []string{"4.3 is not in the article"} }), Nothing, time.Time{}},
		{"an unpublished story is cancelled", facts(approve, func(f *Facts) { f.Dossier.Story.Off = "unpublished" }), Nothing, time.Time{}},
		{"a posted one stays", facts(approve, posted), Nothing, time.Time{}},
		{"an unpublished one is taken down", facts(posted, func(f *Facts) { f.Dossier.Story.Off = "unpublished" }), Retract, time.Time{}},
		{"a retraction takes it down", facts(posted, decide(story.Decision{Act: story.Retract})), Retract, time.Time{}},
		{"where that cannot be done the record says so", facts(posted, decide(story.Decision{Act: story.Retract}), func(f *Facts) { f.Can.Retract = false }), Refuse, time.Time{}},
		{"or not any more", facts(posted, decide(story.Decision{Act: story.Retract}), func(f *Facts) { f.Can.KeepFor = time.Second }), Refuse, time.Time{}},
		{"a story published again after a retraction needs a new approval", facts(approve, func(f *Facts) { f.Record.Retracted, f.Record.Turn = noon, 1 }), Nothing, time.Time{}},
		{"and goes out with it", facts(decide(story.Decision{Act: story.Approve, At: at(1)}), func(f *Facts) { f.Record.Retracted, f.Record.Turn, f.Now = noon, 1, at(2) }), Publish, time.Time{}},
		{"a change of a posted story is proposed", facts(posted, changed), Propose, time.Time{}},
		{"and by policy edits it", facts(auto, posted, changed, proposedAnew, plan("edit")), Edit, time.Time{}},
		{"or not without a decision", facts(posted, changed, proposedAnew, plan("edit")), Nothing, time.Time{}},
		{"or is given as a reply", facts(auto, posted, changed, proposedAnew, plan("reply")), Reply, time.Time{}},
		{"or posted anew", facts(auto, posted, changed, proposedAnew, plan("repost")), Retract, time.Time{}},
		{"or left, which nobody need decide", facts(posted, changed, proposedAnew, plan("leave")), Keep, time.Time{}},
		{"once", facts(posted, changed, proposedAnew, plan("leave"), func(f *Facts) { f.Record.Kept = f.Draft.Hash() }), Nothing, time.Time{}},
		{"or asked about", facts(auto, posted, changed, proposedAnew, plan("edit"), asks), Nothing, time.Time{}},
		{"and one approval carries it out", facts(posted, changed, proposedAnew, plan("reply"), asks, decide(story.Decision{Act: story.Approve, At: noon})), Reply, time.Time{}},
		{"also where it is that nothing is done", facts(posted, changed, proposedAnew, plan("leave"), asks, decide(story.Decision{Act: story.Approve, At: noon})), Keep, time.Time{}},
		{"an approval of another plan is none for this one", facts(posted, changed, proposedAnew, plan("reply"), decide(story.Decision{Act: story.Approve, At: noon}), func(f *Facts) { f.Record.Plan.At, f.Now = at(1), at(2) }), Nothing, time.Time{}},
		{"a plan that is another now is proposed anew", facts(posted, changed, proposedAnew, plan("edit"), decide(story.Decision{Act: story.Approve, At: noon}), func(f *Facts) { f.Plan.How = "reply" }), Propose, time.Time{}},
		{"what only we put differently stays as it is", facts(auto, posted, func(f *Facts) { f.Draft = &story.Draft{Text: "another template", Revision: 1} }), Nothing, time.Time{}},
		{"what was removed at the network is not posted anew", facts(auto, posted, changed, func(f *Facts) { f.Record.Gone = true }), Nothing, time.Time{}},
		{"a network that asked for rest gets it", facts(approve, func(f *Facts) { f.Record.NotBefore = at(3) }), Wait, at(3)},
		{"a paused account sends nothing, and the post waits for it", facts(approve, paused), Join, time.Time{}},
		{"once it waits nothing more is done", facts(approve, paused, waiting), Nothing, time.Time{}},
		{"nor is anything taken down through it", facts(posted, paused, func(f *Facts) { f.Dossier.Story.Off = "unpublished" }), Join, time.Time{}},
		{"a mended account lets it go on", facts(approve, waiting), Publish, time.Time{}},
		{"a stopped site sends nothing", facts(approve, stopped), Join, time.Time{}},
		{"corrects nothing", facts(auto, posted, changed, proposedAnew, plan("edit"), stopped), Join, time.Time{}},
		{"finishes no correction", facts(auto, posted, stopped, func(f *Facts) { f.Record.Claim = &story.Claim{Verb: "edit", Lost: true} }), Join, time.Time{}},
		{"takes nothing down to post it anew", facts(auto, posted, changed, proposedAnew, plan("repost"), stopped), Join, time.Time{}},
		{"but takes down what is to go", facts(posted, stopped, func(f *Facts) { f.Dossier.Story.Off = "unpublished" }), Retract, time.Time{}},
		{"and finds out what became of a call", facts(approve, stopped, func(f *Facts) { f.Record.Claim = &story.Claim{Verb: "publish", Lost: true} }), Find, time.Time{}},
		{"what waits and is held gives its place back", facts(approve, waiting, decide(story.Decision{Act: story.Hold})), Quit, time.Time{}},
		{"spacing makes it wait", facts(approve, spaced, gone(-4)), Join, time.Time{}},
		{"until its turn", facts(approve, spaced, gone(-4), waiting), Wait, at(6)},
		{"after which it goes", facts(approve, spaced, gone(-10)), Publish, time.Time{}},
		{"the first one need not wait", facts(approve, spaced), Publish, time.Time{}},
		{"who waits longer goes first", facts(approve, spaced, queue(-5)), Join, time.Time{}},
		{"who came later does not", facts(approve, spaced, queue(5)), Publish, time.Time{}},
		{"a breaking story goes before the queue", facts(approve, spaced, queue(-5), gone(-1), breaking), Publish, time.Time{}},
		{"who did not come when it was its turn holds up nobody", facts(approve, spaced, func(f *Facts) {
			f.Account.Queue = []story.Ticket{{Story: "2026-11-26/other", Since: at(-60), At: at(-30)}}
		}), Publish, time.Time{}},
		{"who has its turn goes on with it", facts(approve, spaced, gone(0), func(f *Facts) {
			f.Account.Queue = append(f.Account.Queue, story.Ticket{Story: me, Taken: at(-1)})
		}), Publish, time.Time{}},
		{"but not for ever", facts(approve, spaced, gone(0), func(f *Facts) {
			f.Account.Queue = append(f.Account.Queue, story.Ticket{Story: me, Taken: at(-5)})
		}), Join, time.Time{}},
		{"in quiet hours nothing goes out", facts(approve, quiet), Join, time.Time{}},
		{"but a breaking story", facts(approve, quiet, breaking), Publish, time.Time{}},
		{"which minds the network's budget", facts(approve, breaking, gone(-50), func(f *Facts) { f.Pace.Budgets = []config.Budget{{Most: 1, In: time.Hour}} }), Join, time.Time{}},
		{"what is taken down waits for no turn", facts(posted, spaced, gone(-1), quiet, func(f *Facts) { f.Dossier.Story.Off = "unpublished" }), Retract, time.Time{}},
		{"an edit neither", facts(auto, posted, changed, proposedAnew, plan("edit"), spaced, gone(-1)), Edit, time.Time{}},
		{"the page is looked at first, where the channel wants that", facts(approve, page("warn")), Check, time.Time{}},
		{"once it is as it should be the post goes", facts(approve, page("wait"), seen("")), Publish, time.Time{}},
		{"a page that is not there is waited for", facts(approve, page("wait"), seen("it answers 404")), Wait, at(2)},
		{"and looked at again", facts(approve, page("wait"), seen("it answers 404"), func(f *Facts) { f.Now = at(3) }), Check, time.Time{}},
		{"or only warned of", facts(approve, page("warn"), seen("it answers 404")), Publish, time.Time{}},
		{"a look at an older revision is none", facts(approve, page("warn"), seen(""), func(f *Facts) { f.Record.Page.Revision = 0 }), Check, time.Time{}},
		{"nothing is fetched before the embargo", facts(auto, page("warn"), func(f *Facts) { f.Dossier.Story.Article.Embargo = at(60) }), Wait, at(60)},
		{"an account that rests is left alone", facts(approve, func(f *Facts) { f.Account.NotBefore = at(3) }), Join, time.Time{}},
		{"for edits too", facts(auto, posted, changed, proposedAnew, plan("edit"), func(f *Facts) { f.Account.NotBefore = at(3) }), Wait, at(3)},
		{"what was refused is not sent again", facts(auto, func(f *Facts) {
			f.Record.Refused, f.Record.RefusedOf, f.Record.RefusedAt = "too long", f.Draft.Hash(), at(-1)
		}), Nothing, time.Time{}},
		{"unless the desk approves it again", facts(decide(story.Decision{Act: story.Approve, At: at(1)}), func(f *Facts) {
			f.Record.Refused, f.Record.RefusedOf, f.Record.RefusedAt = "too long", f.Draft.Hash(), at(-1)
		}), Publish, time.Time{}},
		{"what is too old is left to the desk", facts(approve, func(f *Facts) { f.Now = at(60 * 25) }), Refuse, time.Time{}},
		{"a claim that may be at work is waited for", facts(approve, func(f *Facts) { f.Record.Claim, f.Age = &story.Claim{Verb: "publish"}, 30*time.Second }), Wait, at(1)},
		{"of an expired one the network is asked", facts(approve, func(f *Facts) { f.Record.Claim, f.Age = &story.Claim{Verb: "publish"}, 91*time.Second }), Find, time.Time{}},
		{"at once if its call ended without an answer", facts(approve, func(f *Facts) { f.Record.Claim = &story.Claim{Verb: "publish", Lost: true} }), Find, time.Time{}},
		{"where it cannot be asked nobody knows", facts(approve, func(f *Facts) { f.Record.Claim, f.Can.Find = &story.Claim{Verb: "publish", Lost: true}, channel.Never }), Doubt, time.Time{}},
		{"an interrupted edit is made again", facts(auto, posted, func(f *Facts) { f.Record.Claim = &story.Claim{Verb: "edit", Lost: true} }), Edit, time.Time{}},
		{"an uncertain post waits for the desk", facts(approve, func(f *Facts) { f.Record.Uncertain, f.Record.UncertainAt = "nobody knows", at(-1) }), Nothing, time.Time{}},
		{"who settles it", facts(decide(story.Decision{Act: story.Settle, Settled: story.Again, At: noon}), func(f *Facts) { f.Record.Uncertain, f.Record.UncertainAt = "nobody knows", at(-1) }), Settle, time.Time{}},
		{"an older settling is not about this doubt", facts(decide(story.Decision{Act: story.Settle, Settled: story.Again, At: at(-2)}), func(f *Facts) { f.Record.Uncertain, f.Record.UncertainAt = "nobody knows", at(-1) }), Nothing, time.Time{}},
		{"other words for what is out, approved since", facts(posted, decide(story.Decision{Act: story.Approve, At: noon, Drafts: map[string]story.Draft{"net": {Text: "Water is at the spillway", Revision: 1, Basis: proposal().Hash()}}})), Keep, time.Time{}},
		{"other words for what is out, approved before", facts(posted, decide(story.Decision{Act: story.Approve, At: at(-2), Drafts: map[string]story.Draft{"net": {Text: "Water is at the spillway", Revision: 1, Basis: proposal().Hash()}}})), Nothing, time.Time{}},
		{"what is out under another account is left alone", facts(posted, func(f *Facts) { f.Other = true; f.Dossier.Story.Off = "deleted" }), Nothing, time.Time{}},
	} {
		if got := Next(c.facts); got.Do != c.do || !got.Until.Equal(c.until) {
			t.Errorf("%s: have %s %v, want %s %v", c.name, got.Do, got.Until, c.do, c.until)
		}
		if !c.facts.rests() {
			continue
		}
		resting++
		bare := c.facts
		bare.Draft = nil
		if got := Next(bare); got.Do != c.do || !got.Until.Equal(c.until) {
			t.Errorf("%s: it is said to rest, but without its draft it is %s %v in place of %s %v", c.name, got.Do, got.Until, c.do, c.until)
		}
	}
	if resting < 5 {
		t.Errorf("only %d of the cases rest", resting)
	}
}

// TestDeskShowsWhatPostDoes holds the desk's state beside the decision: what goes out must not be shown as waiting for
// a decision, nor the other way round.
func TestDeskShowsWhatPostDoes(t *testing.T) {
	approve := decide(story.Decision{Act: story.Approve, At: at(-1), By: "Hana"})
	for state, f := range map[string]Facts{
		story.StateReview:     facts(),
		story.StateApproved:   facts(approve),
		story.StateAuto:       facts(auto),
		story.StateScheduled:  facts(decide(story.Decision{Act: story.Schedule, NotBefore: at(30)})),
		story.StateEmbargo:    facts(decide(story.Decision{Act: story.Approve, At: at(-1), Embargo: at(60)}), func(f *Facts) { f.Dossier.Story.Article.Embargo = at(60) }),
		story.StateSent:       facts(approve, posted),
		story.StateCorrection: facts(posted, changed, proposedAnew),
		story.StateHeld:       facts(auto, func(f *Facts) { f.Dossier.Manifest.Held = "the photo has no credit" }),
		story.StateRejected:   facts(auto, decide(story.Decision{Act: story.Reject})),
		story.StateRetracted:  facts(func(f *Facts) { f.Dossier.Story.Off = "deleted" }),
		story.StateUncertain:  facts(func(f *Facts) { f.Record.Uncertain = "nobody knows" }),
		story.StateFailed: facts(approve, func(f *Facts) {
			f.Record.Refused, f.Record.RefusedOf, f.Record.RefusedAt = "too long", f.Draft.Hash(), noon
		}),
	} {
		if got := story.StateOf(f.Dossier, "net", f.Rule); got.Name != state {
			t.Errorf("have %s, want %s (post would %q)", got.Name, state, Next(f).Do)
		}
	}
}
