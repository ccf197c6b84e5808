package story

import (
	"slices"
	"strings"
	"time"

	"cutline/internal/remark"
)

// Rule is what must be so before one story may go out on one channel. It is made from the configuration and the story
// by package review; here it is only obeyed. The zero Rule wants one person's approval.
type Rule struct {
	Name    string        // the rules it was made of, as "courts, minors", or the review policy, as "required"; decisions name it
	Auto    bool          // goes without a decision
	After   time.Duration // and so long after it was proposed, unless somebody decides otherwise
	Demands []Demand      // each of them must be met by the approvals; none: one person's will do
	Barred  string        // by which of an agency's rules its photo may not go there; empty: it may
	Authors []string      // names and ids of those who wrote the article or edited its card
}

// Demand is how many must approve, and who counts.
type Demand struct {
	Rule   string   // the configured rule's name
	People int      // how many different people; 0 is 1
	By     []string // of whom only those count who are one of these: a role, a name, an e-mail address, "group:NAME"; empty: whoever may approve
	NoSelf bool     // who wrote the article, or worded or edited what would go out, does not count
}

// Person is what tells apart who decided: the account, else the name.
func (d *Decision) Person() string {
	if d.Who != "" {
		return d.Who
	}
	return d.By
}

// counts says whether an approval of a channel's draft counts for the demand. A link may have been passed on, and it
// shows no more than that somebody had it: where it matters who approves, only those count who signed in.
func (m *Demand) counts(a *Decision, channel string, authors []string) bool {
	if a.Link != "" && (m.People > 1 || len(m.By) > 0 || m.NoSelf) {
		return false
	}
	if len(m.By) > 0 && !slices.ContainsFunc(m.By, func(ref string) bool {
		return slices.Contains(a.As, ref) || ref == a.Who || strings.EqualFold(ref, a.By)
	}) {
		return false
	}
	return !m.NoSelf || !a.own(channel, authors)
}

// Takes says whether an approval of a channel's draft counts for anything under the rule.
func (r *Rule) Takes(a *Decision, channel string) bool {
	if len(r.Demands) == 0 {
		return true
	}
	return slices.ContainsFunc(r.Demands, func(m Demand) bool { return m.counts(a, channel, r.Authors) })
}

// own says whether who approves had a hand in what is approved.
func (d *Decision) own(channel string, authors []string) bool {
	return slices.ContainsFunc(append(authors[:len(authors):len(authors)], d.Drafts[channel].Hands...), func(name string) bool {
		return name == d.Person() || strings.EqualFold(name, d.By)
	})
}

// met walks back through approvals of one channel, newest last, and returns the fewest of the newest that meet every
// demand: each of a different person, and all of the very draft that the newest one holds. short says what is missing
// if they do not.
func (r *Rule) met(given []*Decision, channel string) (taken []*Decision, short string) {
	demands := r.Demands
	if len(demands) == 0 {
		demands = []Demand{{Rule: r.Name, People: 1}}
	}
	draft := given[len(given)-1].Drafts[channel]
	hash := draft.Hash()
	have := make([]map[string]bool, len(demands)) // by demand: who counts for it
	for i := range have {
		have[i] = map[string]bool{}
	}
	for _, a := range slices.Backward(given) {
		if d := a.Drafts[channel]; d.Hash() != hash || slices.ContainsFunc(taken, func(t *Decision) bool { return t.Person() == a.Person() }) {
			continue
		}
		useful := false
		for i, m := range demands {
			if len(have[i]) < max(m.People, 1) && m.counts(a, channel, r.Authors) {
				have[i][a.Person()], useful = true, true
			}
		}
		if useful {
			taken = append(taken, a)
		}
		if short = missing(demands, have); short == "" {
			break
		}
	}
	return taken, short
}

// missing says in plain words who must still approve; empty: nobody.
func missing(demands []Demand, have []map[string]bool) string {
	var out []string
	for i, m := range demands {
		n := max(m.People, 1) - len(have[i])
		if n <= 0 {
			continue
		}
		s := remark.Say("approve-one-more")
		if n == 2 {
			s = remark.Say("approve-two")
		} else if n > 2 {
			s = remark.Say("approve-several")
		}
		if len(m.By) > 0 {
			s = remark.Say("approve-of", s, strings.Join(m.By, ", "))
		}
		if m.NoSelf {
			s = remark.Say("approve-not-self", s)
		}
		if m.Rule != "" {
			s = remark.Say("approve-rule", s, m.Rule)
		}
		out = append(out, s)
	}
	return remark.Join(out...)
}
