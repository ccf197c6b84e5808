package channel

import (
	"slices"
	"strings"

	"cutline/internal/config"
	"cutline/internal/story"
	"cutline/internal/summary"
)

// The kinds of repairs.
const (
	LeaveOut = "leave-out" // the sentences that the gate objects to are left out
	UseDek   = "dek"       // the article's dek stands in their place
	Proposed = "proposed"  // what was proposed stands again, in place of the desk's words
)

// Repair is a text that the gate has nothing against, in place of one that it objects to. It needs nobody's words, so a
// person can take it with one tap.
type Repair struct {
	Kind string   // one of the kinds above
	Text string   // the whole post's
	More []string // of those that follow it in its thread
	Out  []string // LeaveOut: the sentences that go, and the posts of the thread
}

// Repairs says how a draft that the gate objects to can be mended: at most one of each kind, that changes least first.
// shown is what would be sent, proposed what was proposed. None: nothing is wrong, or a person must write.
func Repairs(ch Channel, shown, proposed story.Draft, p Piece, c config.Channel) []Repair {
	p = p.Read()
	wrong := func(d story.Draft) []string {
		out := p.checkAll(d, c)
		if n, limit, err := CountOn(c, d.Text); err != nil || limit > 0 && n > limit {
			out = append(out, "too long")
		}
		return out
	}
	if len(shown.Findings) == 0 && len(wrong(shown)) == 0 {
		return nil
	}
	var out []Repair
	add := func(r Repair) {
		same := func(o Repair) bool { return o.Text == r.Text && slices.Equal(o.More, r.More) }
		if (strings.TrimSpace(r.Text) != shown.Text || !slices.Equal(r.More, shown.More)) && !slices.ContainsFunc(out, same) {
			out = append(out, r)
		}
	}
	d, dropped := shown, []string(nil)
	d.More = slices.DeleteFunc(slices.Clone(shown.More), func(text string) bool {
		bad := len(p.checkMore(story.Draft{More: []string{text}}, c)) > 0
		if bad {
			dropped = append(dropped, text)
		}
		return bad
	})
	text, gone := leaveOut(d, p, c)
	if gone != nil {
		d.Text = text
	}
	if gone = append(gone, dropped...); len(gone) > 0 && len(wrong(d)) == 0 {
		add(Repair{LeaveOut, d.Text, d.More, gone})
	}
	if p.Summary = strings.Join(strings.Fields(p.Article.Dek), " "); p.Summary != "" {
		if d := ch.Prepare(p); len(d.Findings) == 0 && len(wrong(d)) == 0 && strings.Contains(unmarked(d.Text), p.Summary) {
			add(Repair{Kind: UseDek, Text: d.Text, More: d.More})
		}
	}
	if len(proposed.Findings) == 0 && len(wrong(proposed)) == 0 {
		add(Repair{Kind: Proposed, Text: proposed.Text, More: proposed.More})
	}
	return out
}

// leaveOut takes out of a text the sentences that the gate objects to, the fewest that do. Empty: what is left would say
// nothing, or it does not help.
func leaveOut(d story.Draft, p Piece, c config.Channel) (text string, gone []string) {
	text = d.Text
	for left := p.check(text, d, c); len(left) > 0; {
		best, out, fewest := "", "", left
		for line := range strings.SplitSeq(text, "\n") {
			if d.Link != "" { // the link is part of the post, not of what it says
				line = strings.Replace(line, d.Link, "\u2029", 1)
			}
			for _, s := range sentencesBetween(line, p.Article.Language) {
				without := tidy(strings.Replace(text, s, "", 1))
				if still := p.check(without, d, c); len(still) < len(fewest) {
					best, out, fewest = without, s, still
				}
			}
		}
		if out == "" {
			return "", nil
		}
		text, gone, left = best, append(gone, out), fewest
	}
	if says := strings.FieldsFunc(bareText(text, d, p.Article.Language, c, p.Site), notLetter); len(strings.Join(says, "")) < 12 {
		return "", nil
	}
	return text, gone
}

// sentencesBetween are the sentences of a line, which end at a paragraph separator too.
func sentencesBetween(line, language string) (out []string) {
	for part := range strings.SplitSeq(line, "\u2029") {
		out = append(out, summary.Sentences(part, language)...)
	}
	return out
}

// tidy takes away the white space that something left which was taken out.
func tidy(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.Join(strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
		if line != "" || len(lines) > 0 && lines[len(lines)-1] != "" {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
