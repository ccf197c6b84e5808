package notice

import (
	"fmt"
	"slices"
	"time"

	"cutline/internal/config"
	"cutline/internal/review"
	"cutline/internal/story"
)

// What notices can be about, as the configuration's "about" names it.
const (
	aboutReview  = "review"  // waits for a decision, or for one more
	aboutTrouble = "trouble" // a network refused, or nobody knows whether a post is out
	aboutAuto    = "auto"    // goes by itself unless somebody holds it
)

// Want is one thing about a story that somebody should know.
type Want struct {
	Tag      string      // what makes it the same thing or another: told once
	About    string      // review, trouble, auto
	Channels []string    // on which channels
	State    story.State // of the first of them
	Second   bool        // review: somebody approved, and another must
}

// Wants lists what of a story somebody should know. A thing is another one when the article has changed, when it fails
// anew, when another draft was approved by one of two: then it is told again. What a person holds is that person's.
func Wants(c *config.Config, d *story.Dossier) []Want {
	var out []Want
	add := func(tag, about, channel string, st story.State, second bool) {
		if i := slices.IndexFunc(out, func(w Want) bool { return w.Tag == tag }); i >= 0 {
			out[i].Channels = append(out[i].Channels, channel)
			return
		}
		out = append(out, Want{tag, about, []string{channel}, st, second})
	}
	for _, channel := range c.ChannelsOf(d.Story.Site) {
		rule := review.Of(c, d, channel)
		st := story.StateOf(d, channel, rule)
		v := d.Decisions.For(channel, rule)
		p := d.Posts[channel].Doc
		switch st.Name {
		case story.StateReview, story.StateCorrection, story.StateHeld, story.StateEmbargo:
			switch {
			case v.Act == story.Hold || v.Act == story.Approve && st.Name == story.StateEmbargo:
			case v.Missing != "" && p.Proposed != nil && v.GivenTo == p.Proposed.Hash():
				add(fmt.Sprintf("second@%s@%s", d.Story.Content, v.GivenTo), aboutReview, channel, st, true)
			default:
				add("review@"+d.Story.Content, aboutReview, channel, st, false)
			}
		case story.StateAuto:
			add("auto@"+d.Story.Content, aboutAuto, channel, st, false)
		case story.StateFailed:
			add(fmt.Sprintf("failed@%s@%s", channel, p.RefusedAt.UTC().Format(time.RFC3339)), aboutTrouble, channel, st, false)
		case story.StateUncertain:
			add(fmt.Sprintf("uncertain@%s@%s", channel, p.UncertainAt.UTC().Format(time.RFC3339)), aboutTrouble, channel, st, false)
		}
	}
	return out
}

// window is the time in which no more than so many messages about one story each go to a receiver.
const window = 10 * time.Minute

// Plan says which of n stories go to a receiver now, as lists of their indices: each alone while there are few, else all in
// one digest. So a receiver gets at most atOnce messages and one digest in a window, whatever happens.
func Plan(n int, now time.Time, sent story.Receiver, atOnce int) [][]int {
	free := atOnce
	for _, t := range sent.Sent {
		if now.Sub(t) < window {
			free--
		}
	}
	var out [][]int
	if n <= free {
		for i := range n {
			out = append(out, []int{i})
		}
		return out
	}
	if now.Sub(sent.Digest) < window {
		return nil
	}
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return [][]int{all}
}

// forget drops from a receiver's record what no plan asks for any more.
func forget(r *story.Receiver, now time.Time) {
	r.Sent = slices.DeleteFunc(r.Sent, func(t time.Time) bool { return now.Sub(t) >= window })
}
