package desk

import (
	"net/http"
	"slices"
	"strings"

	"cutline/internal/channel"
	"cutline/internal/story"
)

// A conflict is a part that two people changed at once.
type conflict struct {
	Name, Label  string
	Mine, Theirs string
	MineSays     string // for people: what Mine and Theirs stand for
	TheirsSays   string
}

// merging compares three versions part by part: what the page held, what this person wants, what is there now.
type merging struct {
	q      *request
	clash  []conflict
	merged []field // what every part comes to, for a page that asks about the rest
	other  string  // who saved the other version
}

// part returns what a part comes to: whoever alone changed it wins; if both did, differently, that is a clash, and the
// other's stays.
func (m *merging) part(name, label, was, mine, theirs string) string {
	out := theirs
	switch {
	case mine == was || mine == theirs:
	case theirs == was:
		out = mine
	default:
		m.clash = append(m.clash, conflict{name, label, mine, theirs, mine, theirs})
		return theirs
	}
	m.merged = append(m.merged, field{name, out})
	return out
}

// edits merges the parts of the card.
func (m *merging) edits(was, mine, theirs story.Edits) story.Edits {
	w := m.q.words
	next := story.Edits{
		Headline: m.part("headline", w.say("headline"), was.Headline, mine.Headline, theirs.Headline),
		Credit:   m.part("credit", w.say("credit"), was.Credit, mine.Credit, theirs.Credit),
		Alt:      m.part("alt", w.say("alt_text"), was.Alt, mine.Alt, theirs.Alt),
		Layout:   m.part("layout", w.say("layout"), was.Layout, mine.Layout, theirs.Layout),
		Kicker:   m.part("kicker", w.say("kicker"), was.Kicker, mine.Kicker, theirs.Kicker),
		Focal:    theirs.Focal,
	}
	if m.part("focal", w.say("focal_point"), point(was.Focal), point(mine.Focal), point(theirs.Focal)) != point(theirs.Focal) {
		next.Focal = mine.Focal
	}
	return next
}

// draft merges one channel's. ok is false if there is nothing to be kept.
func (m *merging) draft(x *story.Dossier, name string, was, mine draftBase) (next story.Draft, ok bool) {
	shown, drafted := x.Shown(name)
	if !drafted {
		return next, false
	}
	l := label(name, m.q.desk.Config.Channels[name].Kind) + ": "
	next = shown
	next.Text = m.part("text-"+name, l+m.q.words.say("post_text"), was.Text, mine.Text, shown.Text)
	next.More = m.more(name, l, was.More, mine.More, shown.More)
	next.Alt = m.part("alt-"+name, l+m.q.words.say("alt_text"), was.Alt, mine.Alt, shown.Alt)
	tags := m.part("tags-"+name, l+m.q.words.say("hashtags"), was.Tags, mine.Tags, strings.Join(shown.Tags, " "))
	if next.Tags = nil; tags != "" {
		next.Tags = strings.Fields(tags)
	}
	if next.Hash() == shown.Hash() {
		return next, false
	}
	proposed := x.Posts[name].Doc.Proposed
	next.Sign(m.q.who.ID)
	next.Basis, next.Words, next.Edited, next.Findings = proposed.Hash(), proposed.WordsOf(), nil, proposed.Findings
	if next.Text != proposed.Text || !slices.Equal(next.More, proposed.More) {
		next.Edited = append(next.Edited, "text")
		c, site := m.q.desk.Config.Channels[name], m.q.desk.Config.Sites[x.Story.Site]
		next.Findings = channel.CheckAll(next, x.Story.Edited(), c, site)
		next.Cost = channel.CostOf(c, next)
	}
	if next.Alt != proposed.Alt {
		next.Edited = append(next.Edited, "alt")
	}
	if !slices.Equal(next.Tags, proposed.Tags) {
		next.Edited = append(next.Edited, "tags")
	}
	return next, true
}

// more merges the posts of a thread that follow the first. One that comes to nothing goes.
func (m *merging) more(name, label string, was, mine, theirs []string) []string {
	at := func(texts []string, i int) string {
		if i < len(texts) {
			return texts[i]
		}
		return ""
	}
	var out []string
	for i := range max(len(was), len(mine), len(theirs)) {
		if text := m.part(moreField(name, i), label+m.q.words.say("thread_post", "n", m.q.words.Number(i+2)), at(was, i), at(mine, i), at(theirs, i)); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// clash answers 409 with both versions side by side. Nothing was kept; choosing saves, and does not approve.
func (q *request) clash(x *story.Dossier, m *merging) error {
	fields := []field{{"was", q.desk.baseOf(x).encode()}}
	for _, f := range m.merged {
		if f.Name == "focal" {
			f.Value = "at " + f.Value
		}
		fields = append(fields, f)
	}
	for i := range m.clash {
		c := &m.clash[i]
		if c.Name == "focal" {
			c.Mine, c.Theirs = "at "+c.Mine, "at "+c.Theirs
		}
		for _, v := range []*string{&c.MineSays, &c.TheirsSays} {
			switch {
			case *v == "" && c.Name == "headline":
				*v = x.Story.Article.Headline
			case *v == "":
				*v = q.words.say("automatic")
			case c.Name == "layout":
				*v = q.words.Word("layout." + *v)
			case c.Name == "kicker":
				*v = q.words.say("kicker_" + *v)
			}
		}
	}
	f := q.frame(q.words.say("two_versions"), "queue", struct {
		storyView
		By     string
		Parts  []conflict
		Fields []field
	}{q.view(x, story.Looks{}), m.other, m.clash, fields})
	f.Back, f.Bar = "/story/"+string(x.Story.Key)+"/edit", true
	return q.show(http.StatusConflict, "conflict", f)
}
