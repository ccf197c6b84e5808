package post

import (
	"hash/fnv"
	"slices"
	"time"

	"cutline/internal/channel"
	"cutline/internal/story"
)

// note is the record after an act that calls nobody.
func (p *Poster) note(f Facts, act Act) story.Post {
	rec := f.Record
	c := p.Config.Channels[f.Channel]
	rec.Key, rec.Channel = f.Dossier.Story.Key, f.Channel
	if rec.Kind == "" || f.Other && !rec.Live() {
		rec.Kind, rec.Account = c.Kind, accountOf(c)
	}
	switch act.Do {
	case Propose:
		if rec.Proposed == nil || rec.Proposed.Hash() != act.Draft.Hash() {
			rec.ProposedAt = f.Now
		}
		rec.Proposed, rec.Kept, rec.KeptWhy = &act.Draft, "", ""
		if rec.Plan = f.Plan; rec.Plan.How != "" {
			rec.Plan.At = f.Now
		}
	case Keep:
		rec.Kept, rec.KeptWhy = act.Draft.Hash(), act.Why
		rec.History = append(rec.History, story.Event{At: f.Now, What: "keep", End: "kept", Why: act.Why, By: act.By})
	case Join:
		rec.Waits = &act.Waits
	case Quit:
		rec.Waits = nil
	case Alter:
		rec.Thread, rec.Sent = slices.Clone(rec.Thread), &act.Draft
		rec.Follow(&act.Draft)
	case Doubt:
		doubt(&rec, act.Why, f.Now)
	case Refuse:
		if n := act.Draft.Part; n > 0 {
			rec.Thread = slices.Clone(rec.Thread)
			rec.Thread[n-1].Refused, rec.Thread[n-1].RefusedAt = act.Why, f.Now
			rec.History = append(rec.History, story.Event{At: f.Now, What: "check", End: channel.Refused.String(), Why: act.Why, By: act.By})
			break
		}
		rec.Refused, rec.RefusedAt, rec.RefusedOf = act.Why, f.Now, act.Draft.Hash()
		if act.Down {
			rec.RefusedOf = "retract"
		}
		rec.History = append(rec.History, story.Event{At: f.Now, What: "check", End: channel.Refused.String(), Why: act.Why, By: act.By})
	case Settle:
		settle(&rec, f.Dossier.Decisions.For(f.Channel, f.Rule), f.Now)
	}
	return rec
}

// doubt leaves an unfinished publish to the desk. What would have been sent stays in Proposed's place as Sent once
// the desk says that it is out, so the claim's draft is kept there.
func doubt(rec *story.Post, why string, now time.Time) {
	rec.Uncertain, rec.UncertainAt = why, now
	if rec.Claim != nil {
		draft := rec.Claim.Draft
		rec.Doubted = &draft
	}
	rec.Claim = nil
	rec.History = append(rec.History, story.Event{At: now, What: "find", End: channel.Unknown.String(), Why: why})
}

// settle records what the desk found out about an uncertain post.
func settle(rec *story.Post, v story.Verdict, now time.Time) {
	rec.History = append(rec.History, story.Event{At: now, What: "settle", End: v.Settled, Why: v.URL, By: v.SettledBy})
	rec.Thread = slices.Clone(rec.Thread)
	switch v.Settled {
	case story.Posted:
		remote := story.Remote{ID: v.URL, URL: v.URL}
		if remote.ID == "" {
			remote.ID = story.Unplaced
		}
		if d := rec.Doubted; d != nil && d.Part > 0 {
			concludePart(rec, Continue, *d, remote)
			break
		}
		if rec.Live() { // it was a correction by reply
			rec.Replies = append(rec.Replies, remote)
			rec.Cut()
		} else {
			rec.Remote, rec.MadeAt, rec.Thread, rec.Down = remote, now, nil, 0
			rec.Follow(rec.Doubted)
		}
		rec.Sent, rec.SentAt, rec.Retracted = rec.Doubted, now, time.Time{}
	case story.Leave:
		if d := rec.Doubted; d != nil && d.Part > 0 { // it may be out: whoever takes the thread down is told to look for it
			concludePart(rec, Continue, *d, story.Remote{ID: story.Unplaced})
			rec.Cut()
			break
		}
		rec.Gone = true
	}
	rec.Uncertain, rec.UncertainAt, rec.Doubted, rec.Steps, rec.StepsOf, rec.First = "", time.Time{}, nil, nil, "", time.Time{}
}

// conclude writes the end of a call into the record.
func conclude(rec *story.Post, act Act, out channel.Outcome, now time.Time) {
	claim := rec.Claim
	verb := Verb(claim.Verb)
	rec.Thread = slices.Clone(rec.Thread) // whoever reads the record meanwhile has its own
	if len(rec.History) < 1000 {          // a record stays readable whatever a network does for months
		rec.History = append(rec.History, story.Event{At: now, What: string(act.Do), End: out.End.String(), Why: out.Why, By: act.By})
	}
	part := claim.Draft.Part
	switch out.End {
	case channel.Posted:
		draft := claim.Draft
		above := rec.Above()
		switch {
		case part > 0:
			concludePart(rec, verb, draft, out.Remote)
		case verb == Publish:
			rec.Remote, rec.Sent, rec.SentAt, rec.MadeAt, rec.Retracted, rec.Asked, rec.Reposting = out.Remote, &draft, now, now, time.Time{}, false, false
			rec.Thread, rec.Down = nil, 0
			rec.Follow(&draft)
		case verb == Reply:
			rec.Replies, rec.Sent, rec.SentAt = append(rec.Replies, out.Remote), &draft, now
			rec.Cut() // what did not follow was of the article before
		case verb == Edit:
			if out.Remote.ID != "" {
				rec.Remote = out.Remote
			}
			rec.Sent = &draft
			rec.Follow(&draft)
		case verb == Retract && len(above) > 0: // the next call takes the one before it, or the post
			rec.TookDown(above[len(above)-1])
			rec.Cut()
			rec.Asked = rec.Asked || out.Asked
		case verb == Retract:
			rec.Retracted, rec.Turn, rec.Asked = now, rec.Turn+1, rec.Asked || out.Asked
			rec.Cut()
		}
		rec.Claim, rec.Steps, rec.StepsOf, rec.First = nil, nil, "", time.Time{}
		rec.Tries, rec.NotBefore = 0, time.Time{}
		if part == 0 { // else the plan for the whole is what it was
			rec.Plan, rec.Kept, rec.KeptWhy = story.Plan{}, "", ""
			rec.Refused, rec.RefusedOf, rec.RefusedAt = "", "", time.Time{}
		}
	case channel.Absent: // proof that the interrupted call made no post: it may be made again, with the same handle
		rec.Claim = nil
	case channel.Gone:
		if rec.Claim = nil; part > 0 { // it is not posted anew, and nothing is left to do about it
			rec.Thread[part-1].Said = claim.Draft.Text
			break
		}
		rec.Gone = true
	case channel.Refused:
		if act.Do == Find { // it was not let in to ask, which says nothing about the post: the claim stays
			rec.Claim.Lost = true
			rec.Tries++
			rec.NotBefore = now.Add(backoff(rec))
			return
		}
		if out.Pause && claim.Again {
			claim.Lost = true
			return
		}
		if rec.Claim = nil; part > 0 {
			if !out.Pause {
				rec.Thread[part-1].Refused, rec.Thread[part-1].RefusedAt = out.Why, now
			}
			return
		}
		rec.Refused, rec.RefusedAt, rec.RefusedOf = out.Why, now, claim.Draft.Hash()
		if verb == Retract {
			rec.RefusedOf = "retract"
		}
		if out.Pause { // the account is the trouble and not this draft: it goes on when the account does
			rec.Refused, rec.RefusedOf = "", ""
		}
	case channel.Later:
		if rec.Tries++; out.Working {
			rec.Tries = 1
		}
		rec.NotBefore = out.Until
		if !out.Rest { // else it is the account that waits, and the oldest post tries it again
			rec.NotBefore = story.Latest(out.Until, now.Add(backoff(rec)))
		}
		if act.Do == Find || claim.Again {
			rec.Claim.Lost = true
		} else {
			rec.Claim = nil
		}
	default: // unknown
		if act.Do == Find {
			doubt(rec, out.Why, now)
			return
		}
		rec.Claim.Lost = true
		if rec.Tries++; rec.Tries > 1 || verb == Edit || verb == Retract { // the first time the network is asked at once
			rec.NotBefore = now.Add(backoff(rec))
		}
	}
}

// backoff is how long a post waits after so many tries.
func backoff(rec *story.Post) time.Duration { return growing(string(rec.Key), rec.Tries) }

// growing grows from 5 s to 15 min, spread by up to a fifth so that many that failed together do not come back together.
func growing(who string, tries int) time.Duration {
	d := 5 * time.Second << min(tries-1, 8)
	d = min(d, 15*time.Minute)
	h := fnv.New32a()
	h.Write([]byte(who))
	h.Write([]byte{byte(tries)})
	return d + d/5*time.Duration(h.Sum32()%1000)/1000
}
