package desk

import (
	"errors"
	"net/http"
	"time"

	"cutline/internal/letters"
	"cutline/internal/staff"
	"cutline/internal/story"
)

// deadRow is a queue of dead letters.
type deadRow struct {
	Name    string // by which it is sent back
	Wants   string // what its messages wanted, in the interface's language
	Count   int    // of messages, about
	Oldest  string // how long the oldest of those looked at waits; empty: not known
	Stories []deadStory
	Other   int    // messages that are not listed: of other sites, without a story, or not looked at
	Moving  string // how far sending back is; empty: it does not run
	Failed  string // why the last sending back ended early; empty: it did not
	Trouble string // what could not be read; empty: nothing
	May     bool   // the person may send them back now
}

// deadStory is a story that dead letters ask to look at.
type deadStory struct {
	Key      story.Key
	Headline string
	Lang     string
	Revision int
	Waits    string // since the first of its letters
}

// deadStories is how many stories of each queue are listed.
const deadStories = 10

// deadRows shows the queues of dead letters to who may see a site; nothing where there are no queues.
func (q *request) deadRows() ([]deadRow, error) {
	if q.desk.Dead == nil || len(q.who.Sites(staff.Look)) == 0 {
		return nil, nil
	}
	may := len(q.who.Sites(staff.Redrive)) > 0
	var rows []deadRow
	for _, s := range q.desk.Dead.Look(q.Context()) {
		r := deadRow{Name: s.Queue, Wants: s.Queue, Count: s.Count, Failed: s.Move.Failed, May: may && s.Count > 0 && !s.Move.Running}
		if w := q.words.say("dead_" + s.Queue); w != "" {
			r.Wants = w
		}
		if s.Move.Running {
			r.Moving = q.words.say("moved_of", "n", q.words.Number(s.Move.Moved), "max", q.words.Number(s.Move.Of))
		}
		if s.Trouble != nil {
			r.Trouble = s.Trouble.Error()
			q.desk.Log.Error("dead letters", "queue", s.Queue, "error", s.Trouble)
		}
		if len(s.Letters) > 0 && !s.Letters[0].Sent.IsZero() {
			r.Oldest = q.waits(s.Letters[0].Sent)
		}
		var err error
		if r.Stories, r.Other, err = q.deadStories(s); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// deadStories lists the stories of a queue's letters that the person may see, and counts the letters that name none of
// these.
func (q *request) deadStories(s letters.State) (out []deadStory, other int, err error) {
	listed := map[story.Key]bool{}
	other = s.Count
	for _, l := range s.Letters {
		here := false
		for _, k := range l.Stories {
			if _, known := listed[k]; !known && len(out) < deadStories {
				doc, err := q.desk.Store.Story(q.Context(), k)
				if err != nil && !errors.Is(err, story.ErrNone) {
					return nil, 0, err
				}
				if listed[k] = err == nil && q.sees(doc.Site); listed[k] {
					out = append(out, deadStory{Key: k, Headline: doc.Headline(), Lang: doc.Article.Language, Revision: doc.Revision, Waits: q.waits(l.Sent)})
				}
			}
			here = here || listed[k]
		}
		if here {
			other--
		}
	}
	return out, max(other, 0), nil
}

// waits is how long ago something was, in words; empty if it is not known.
func (q *request) waits(since time.Time) string {
	if since.IsZero() {
		return ""
	}
	return q.words.say("ago", "time", q.words.span(max(q.desk.Now().Sub(since), 0)))
}

// sendBack sends a queue's dead letters back to where they came from. Whoever may edit on some site may do it: to look
// at a story once more does no harm to it, whosever it is.
func (d *desk) sendBack(q *request) error {
	if d.Dead == nil {
		return q.refuse(http.StatusNotFound, "no_page")
	}
	if len(q.who.Sites(staff.Redrive)) == 0 {
		return q.refuse(http.StatusForbidden, "no_right")
	}
	name := q.PathValue("queue")
	switch err := d.Dead.SendBack(q.Context(), name); {
	case errors.Is(err, letters.ErrUnknown):
		return q.refuse(http.StatusNotFound, "no_page")
	case errors.Is(err, letters.ErrMoving):
		return q.refuse(http.StatusConflict, "already_back")
	case err != nil:
		d.Log.Error("dead letters", "queue", name, "error", err)
		return &refusal{status: http.StatusBadGateway, what: q.words.say("trouble"), why: err.Error()}
	}
	d.Log.Info("dead letters sent back", "queue", name, "by", q.by)
	return q.see("/channels#dead")
}
