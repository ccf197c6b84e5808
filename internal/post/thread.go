package post

import (
	"time"

	"cutline/internal/remark"
	"cutline/internal/story"
)

// thread is the next step of a thread that does not stand whole. Its posts follow the first by themselves, for all of them
// were approved with it; each is a claim, a call and a record of its own. So a thread that was stopped, or killed half-way,
// goes on behind the last post that is known to be out; one that the desk has held or rejected, when it is approved again.
// What the article does not bear out any more does not follow.
func (f Facts) thread(v story.Verdict) (Act, bool) {
	p := &f.Record
	left, half := p.Left()
	if !p.Live() || !half || p.Stopped(v, left) {
		return Act{}, false
	}
	other, altered := p.Altered(v)
	anew := altered || p.Anew(v, left)
	is := p.Thread[left.Part-1]
	if is.Refused != "" && !anew { // said once
		return Act{}, false
	}
	a := Act{Do: Continue, Draft: left, By: v.By}
	if a.By == "" {
		a.By = "rule " + f.Rule.Name
	}
	can := f.Can.Reply
	switch placed := is.Remote.ID != story.Unplaced; {
	case left.Text == "":
		a.Do, can = Retract, f.Can.Retract && placed
	case is.Said != "":
		a.Do, can = Edit, f.Can.Edit && placed
	}
	switch {
	case altered:
		a.Do, a.Draft = Alter, other
	case !can:
		a.Do, a.Why = Refuse, remark.Say("thread-fixed", remark.Say("by-hand"))
	case f.Stale != "" && !anew:
		a.Do, a.Why = Refuse, remark.Say("thread-stale", f.Stale)
	}
	if a.Do == Refuse {
		return a, true
	}
	// Whoever approves anew may do so for a later time.
	if wait := story.Latest(p.NotBefore, v.NotBefore, v.Embargo); f.Now.Before(wait) {
		return Act{Do: Wait, Until: wait}, true
	}
	return a, true
}

// stale is what the gate has against the thread's next post with the article as it is now, and had not when the thread was
// approved; empty: nothing.
func stale(rec *story.Post, s *story.Story, check func(story.Draft) []string) string {
	left, half := rec.Left()
	if !half || !rec.Live() || s.Revision <= rec.Sent.Revision {
		return ""
	}
	for _, why := range check(left) {
		return why
	}
	return ""
}

// concludePart writes into the record that the network has done the thread's next step.
func concludePart(rec *story.Post, verb Verb, d story.Draft, at story.Remote) {
	x := &rec.Thread[d.Part-1]
	x.Refused, x.RefusedAt = "", time.Time{}
	switch verb {
	case Continue:
		x.Said, x.Remote = d.Text, at
	case Edit:
		if x.Said = d.Text; at.ID != "" {
			x.Remote = at
		}
	case Retract:
		x.Said = ""
		rec.Forgo()
	}
}
