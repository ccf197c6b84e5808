package post

import (
	"cmp"
	"slices"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// Whose turn it is on an account is decided here, from the account's tickets and the channel's pace alone: breaking
// stories first, then the longest waiting, with so much between two posts as the pace wants. A turn that is told is
// never too early; it moves later when a breaking story comes between, or when those before it are late.

const (
	patience = 10 * time.Minute // whoever does not come so long after its turn holds up no other
	slow     = 5 * time.Second  // from its turn to the end of its call; what took longer is written down anew
	distance = time.Second      // between two turns even where the pace asks for none, so that a queue drains in order
)

// free is the earliest time from t on at which the pace lets so many posts go out together, when others went out at the
// times gone (in order). A breaking story minds neither spacing nor quiet hours, but a budget is the network's own and holds for all.
func free(p config.Pace, t time.Time, gone []time.Time, urgent bool, posts int) time.Time {
	for { // each rule may push into another's time; a day of them settles it
		was := t
		if n := len(gone); n > 0 && !urgent && p.Spacing > 0 {
			t = story.Latest(t, gone[n-1].Add(p.Spacing))
		}
		for _, h := range p.Quiet {
			if end, quiet := h.End(t.In(p.Zone)); quiet && !urgent {
				t = end
			}
		}
		for _, b := range p.Budgets {
			if n := len(gone); n > 0 && n+posts > b.Most { // a thread that is longer than the budget waits for all of it
				t = story.Latest(t, gone[min(n+posts-1-b.Most, n-1)].Add(b.In))
			}
		}
		if t.Equal(was) {
			return t
		}
	}
}

// turn is when it is the turn of the story of a ticket, waiting in the queue or not yet, and how many are before it.
func turn(a *story.Account, mine story.Ticket, p config.Pace, now time.Time) (at time.Time, ahead int) {
	var gone []time.Time
	waiting := []story.Ticket{mine}
	for _, t := range a.Queue {
		switch {
		case !t.Taken.IsZero():
			gone = append(gone, slices.Repeat([]time.Time{t.Taken}, t.Counts())...)
		case t.Story == mine.Story, !t.At.IsZero() && now.Sub(story.Latest(t.At, a.NotBefore)) > patience:
		default:
			waiting = append(waiting, t)
		}
	}
	slices.SortFunc(gone, time.Time.Compare)
	slices.SortFunc(waiting, inOrder)
	at = story.Latest(now, a.NotBefore)
	for i, t := range waiting {
		at = free(p, at, gone, t.Urgent, t.Counts())
		if t.Story == mine.Story {
			return at, i
		}
		gone = append(gone, slices.Repeat([]time.Time{at}, t.Counts())...)
		at = at.Add(distance)
	}
	return at, 0 // not reached: mine is among them
}

func inOrder(a, b story.Ticket) int {
	if a.Urgent != b.Urgent {
		return map[bool]int{true: -1, false: 1}[a.Urgent]
	}
	return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Story, b.Story))
}

// inTurn lets what is wanted happen only if nobody pressed stop, the account is not paused, and it is the story's turn.
func (f Facts) inTurn(a Act) Act {
	p, key := &f.Record, f.Dossier.Story.Key
	if !a.Do.calls() {
		if p.Waits != nil && p.Claim == nil {
			return Act{Do: Quit} // it wants nothing any more for which it would have to wait
		}
		return a
	}
	mine := story.Ticket{Story: key, Since: a.Since, Urgent: f.Urgent || a.Do != Publish || p.Reposting}
	if why := halted(f.Dossier.Stop, f.Account, a); why != "" {
		if p.Waits != nil && p.Waits.Why == why && f.Account.Ticket(key) != nil {
			return Act{}
		}
		return Act{Do: Join, Ticket: mine, Waits: story.Waiting{Why: why}}
	}
	if a.Do != Publish {
		switch {
		case p.Waits != nil && p.Claim == nil:
			return Act{Do: Quit} // it was halted, and is not any more
		case f.Now.Before(f.Account.NotBefore):
			return Act{Do: Wait, Until: f.Account.NotBefore}
		}
		return a
	}
	if n := len(a.Draft.More); n > 0 {
		mine.Posts = 1 + n
	}
	if had := f.Account.Had(key); had != nil && f.Now.Sub(had.Taken) < 2*f.Lease {
		return a // it is at it
	}
	if f.Pace.Free() && len(f.Account.Queue) == 0 && !f.Now.Before(f.Account.NotBefore) {
		return a // nobody takes turns here
	}
	a.Ticket = mine
	at, ahead := turn(&f.Account, mine, f.Pace, f.Now)
	if !at.After(f.Now) {
		return a
	}
	if w := p.Waits; f.Account.Ticket(key) != nil && w != nil && !w.Until.Before(f.Now) && w.Until.Sub(at).Abs() < time.Minute {
		return Act{Do: Wait, Until: at}
	}
	mine.At = at
	why := remark.Say("waits-rest")
	if ahead > 0 {
		why = remark.Say("waits-behind", ahead)
	} else if !f.Now.Before(f.Account.NotBefore) {
		why = remark.Say("waits-pace")
	}
	return Act{Do: Join, Ticket: mine, Waits: story.Waiting{Until: at, Why: why}}
}

// halted is why an act may not be carried out now, whatever was decided; empty: it may. A stop lets through what takes a
// post down, unless only to post it anew or to shorten its thread; a pause lets nothing through, for the account would refuse it.
func halted(s story.Stop, a story.Account, act Act) string {
	switch {
	case s.Why != "" && (act.Do != Retract || act.Repost || act.Draft.Part > 0):
		return remark.Say("stopped-by", s.By, s.Why)
	case a.Paused != "":
		return remark.Say("account-paused", a.Paused)
	}
	return ""
}
