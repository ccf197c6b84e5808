package desk

import (
	"net/http"
	"slices"
	"time"

	"cutline/internal/story"
)

// lookFor is how long after its last word a page counts as open.
const lookFor = 45 * time.Second

// Bounds of what is kept of who looked: it is for a desk, not for an audience.
const (
	maxLookers = 30
	maxSeen    = 64 << 10 // bytes of texts
)

// others lists who else had the story on the screen a moment ago.
func others(l story.Looks, id string, now time.Time) []string {
	var out []string
	for account, look := range l.People {
		if account != id && now.Sub(look.At) < lookFor {
			out = append(out, look.Name)
		}
	}
	slices.Sort(out)
	return out
}

// seenOf is what a story's page shows now.
func (d *desk) seenOf(x *story.Dossier) story.Seen {
	s := story.Seen{Revision: x.Story.Revision, Headline: x.Story.Headline(), Credit: x.Manifest.Credit, Card: x.Manifest.Cards["og"].Key, Texts: map[string]string{}}
	for _, name := range d.Config.ChannelsOf(x.Story.Site) {
		if draft, ok := x.Shown(name); ok {
			s.Texts[name] = draft.Whole()
		}
	}
	return s
}

// looking notes that the page of a story is open, and what it shows, and answers who else looks and whether the story is
// another one now. The page's script asks it every few seconds; nothing depends on it.
func (d *desk) looking(q *request) error {
	x, err := q.load()
	if err != nil {
		return err
	}
	now := x.Now.UTC()
	is := d.seenOf(x)
	is.At = now
	size := 0
	for _, t := range is.Texts {
		size += len(t)
	}
	stale := q.seenDiffers(x)
	looks, err := d.Store.Looks(q.Context(), x.Story.Key)
	if err != nil {
		return err
	}
	// What the page shows is noted only while it is what there is: else the person has not seen it yet.
	if mine, ok := looks.People[q.who.ID]; !stale && size < maxSeen && (!ok || now.Sub(mine.At) > lookFor/4 || !mine.Seen.Same(is)) {
		looks, _, err = d.Store.UpdateLooks(q.Context(), x.Story.Key, func(l *story.Looks) error {
			if l.People == nil {
				l.People = map[string]story.Look{}
			}
			me, ok := l.People[q.who.ID]
			switch {
			case !ok:
				me.Seen = is
			case !me.Seen.Same(is):
				before := me.Seen
				me.Before, me.Seen = &before, is
			}
			me.At, me.Name = now, q.by
			l.People[q.who.ID] = me
			for len(l.People) > maxLookers {
				oldest := q.who.ID
				for account, look := range l.People {
					if look.At.Before(l.People[oldest].At) {
						oldest = account
					}
				}
				delete(l.People, oldest)
			}
			return nil
		})
		if err != nil {
			return kept("who looks", x.Story.Key, err)
		}
	}
	return q.show(http.StatusOK, "looking", q.frame("", "", struct {
		Others []string
		Stale  bool
	}{others(looks, q.who.ID, now), stale}))
}

// changed compares what the person saw last with what is, or else what they saw before; nil: nothing that they know of
// changed. Who never had the page open is shown what changed since the last decision.
func (q *request) changed(x *story.Dossier, l story.Looks) []change {
	is := q.desk.seenOf(x)
	if me, ok := l.People[q.who.ID]; ok {
		if !me.Seen.Same(is) {
			return q.changes(x, me.Seen, is)
		}
		if me.Before != nil {
			return q.changes(x, *me.Before, is)
		}
		return nil
	}
	for i := len(x.Decisions.Log) - 1; i >= 0; i-- {
		dec := x.Decisions.Log[i]
		if len(dec.Drafts) == 0 {
			continue
		}
		was := story.Seen{Revision: dec.Revision, Headline: is.Headline, Credit: is.Credit, Card: is.Card, Texts: map[string]string{}}
		for name, draft := range dec.Drafts {
			if was.Texts[name] = draft.Whole(); draft.Card != "" && draft.Title != "" {
				was.Headline = draft.Title
			}
		}
		if was.Headline != x.Story.Article.Headline && is.Headline != x.Story.Article.Headline {
			was.Headline = is.Headline // the desk's own headline does not stand in a draft
		}
		return q.changes(x, was, is)
	}
	return nil
}

// changes lists what differs between two screens.
func (q *request) changes(x *story.Dossier, was, is story.Seen) []change {
	var out []change
	add := func(label, a, b string) {
		if a != b {
			c := change{Label: label}
			c.Old, c.New = differ(cleanText(a), cleanText(b))
			out = append(out, c)
		}
	}
	add(q.words.say("headline"), was.Headline, is.Headline)
	add(q.words.say("credit"), was.Credit, is.Credit)
	if was.Card != is.Card && was.Card != "" && is.Card != "" && ours(was.Card, x) {
		out = append(out, change{Label: q.words.say("card"), OldCard: "/" + was.Card, NewCard: "/" + is.Card})
	}
	for _, name := range q.desk.Config.ChannelsOf(x.Story.Site) {
		if a, ok := was.Texts[name]; ok {
			add(label(name, q.desk.Config.Channels[name].Kind), a, is.Texts[name])
		}
	}
	return out
}
