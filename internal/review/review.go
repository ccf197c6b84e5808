// Package review says under which rule a story is reviewed: who must approve it on a channel before it goes out, or
// whether it goes by itself.
//
// It owns the reading of a site's rules, which are data in the configuration, and what in an article touches courts,
// minors or deaths ([Risks]). It promises that of the rules that match the strictest holds, so that no rule can loosen
// what another asks for. Whether the approvals that were given are enough is decided where the log of decisions is read
// ([story.Decisions.For]), so that what posts obeys the same rule as what shows.
package review

import (
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"cutline/internal/config"
	"cutline/internal/rights"
	"cutline/internal/story"
)

// Of is the rule for a story on a channel: who must approve it, and what the agencies' rights say of its photo.
func Of(c *config.Config, d *story.Dossier, channel string) story.Rule {
	out := approval(c, &d.Story, channel)
	if m := &d.Manifest; m.Photo == "" && d.Story.Article.Photo.URL != "" {
		credit := d.Story.Article.Photo.Credit
		if m.Credit != "" {
			credit = m.Credit
		}
		out.Barred = rights.Barred(c, d.Story.Site, rights.PhotoOf(&d.Story, credit, m.Terms), channel)
	}
	return out
}

// approval is who must approve a story on a channel: what its site's matching rules and the channel's own review policy ask for
// together; where neither says anything, the site's policy. A policy goes by itself only if all of them do, after the
// longest time that one of them gives.
func approval(c *config.Config, s *story.Story, channel string) story.Rule {
	site := c.Sites[s.Site]
	out := story.Rule{Auto: true, Authors: authors(s)}
	var names []string
	take := func(name, policy string) {
		auto, after, err := config.ParseReview(policy)
		out.Auto = out.Auto && auto && err == nil // it was checked when it was read; were it wrong, somebody decides
		out.After = max(out.After, after)
		names = append(names, name)
	}
	for _, r := range site.Rules {
		if !matches(r, s, channel) {
			continue
		}
		take(r.Name, or(r.Review, "required"))
		out.Demands = append(out.Demands, story.Demand{Rule: r.Name, People: r.People, By: r.By, NoSelf: r.NoSelf})
	}
	if own := c.Channels[channel].Review; own != "" {
		take(own, own)
	} else if len(names) == 0 {
		policy := or(site.Review, "required")
		take(policy, policy)
	}
	if !out.Auto {
		out.After = 0
	}
	out.Name = strings.Join(names, ", ")
	return out
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// authors are the names in the byline, and those who edited the card.
func authors(s *story.Story) []string {
	out := slices.Clone(s.Edits.Hands)
	for name := range strings.SplitSeq(s.Article.Byline, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// Names lists the rules that a decision about several channels is made under, as the decision keeps them.
func Names(c *config.Config, s *story.Story, channels []string) string {
	var out []string
	for _, ch := range channels {
		if n := approval(c, s, ch).Name; !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return strings.Join(out, "; ")
}

// By lists whom the rules of several channels name as those whose approval counts.
func By(c *config.Config, s *story.Story, channels []string) []string {
	var out []string
	for _, ch := range channels {
		for _, d := range approval(c, s, ch).Demands {
			for _, ref := range d.By {
				if !slices.Contains(out, ref) {
					out = append(out, ref)
				}
			}
		}
	}
	return out
}

// matches says whether a rule is about a story on a channel: each kind of condition that it names must hold, by any of
// what is listed.
func matches(r config.Rule, s *story.Story, channel string) bool {
	a := s.Article
	return (len(r.Channels) == 0 || slices.Contains(r.Channels, channel)) &&
		(len(r.Sections) == 0 || any(r.Sections, []string{a.Section})) &&
		(len(r.Tags) == 0 || any(r.Tags, a.Tags)) &&
		(len(r.Risks) == 0 || any(r.Risks, Risks(a)))
}

// any says whether one of the wanted names is among those there are, however they are written.
func any(wanted, have []string) bool {
	return slices.ContainsFunc(wanted, func(w string) bool {
		return slices.ContainsFunc(have, func(h string) bool { return fold(w) == fold(h) })
	})
}

func fold(s string) string { return cases.Fold().String(norm.NFKC.String(strings.TrimSpace(s))) }
