package desk

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cutline/internal/article"
	"cutline/internal/story"
	"cutline/internal/summary"
)

// stale is what is shown instead of acting on a page that is out of date: what was on it and what is now.
type stale struct {
	Key         story.Key
	Differences []difference
}

type difference struct{ Channel, Was, Now string }

var errStale = errors.New("the page is out of date")

// decide takes an act of the form: approve (with the hashes of the drafts that were on the page), hold, reject, retract,
// undo, settle.
func (d *desk) decide(w http.ResponseWriter, r *http.Request) {
	k, err := key(r)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form did not come whole", http.StatusBadRequest)
		return
	}
	x, err := d.Store.Load(r.Context(), k)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	now := d.Now().UTC()
	dec := story.Decision{Act: r.Form.Get("act"), Channels: r.Form["channel"], Revision: x.Story.Revision, By: d.who(r), At: now, Why: strings.TrimSpace(plain(r.Form.Get("why"))), Rule: d.Config.Sites[x.Story.Site].Review}
	for _, c := range dec.Channels {
		if !slices.Contains(d.Config.ChannelsOf(x.Story.Site), c) {
			http.Error(w, "there is no such channel", http.StatusBadRequest)
			return
		}
	}
	switch dec.Act {
	case story.Approve:
		var differ []difference
		dec.Drafts = map[string]story.Draft{}
		dec.NotBefore, dec.Embargo = now.Add(d.Config.Timing.Undo), x.Story.Article.Embargo
		channels := dec.Channels
		if len(channels) == 0 {
			channels = d.Config.ChannelsOf(x.Story.Site)
		}
		dec.Channels = nil
		for _, c := range channels {
			seen := r.Form.Get("seen-" + c)
			draft, ok := x.Shown(c)
			if seen == "" {
				continue // it was not offered on the page
			}
			if !ok || draft.Hash() != seen {
				differ = append(differ, difference{c, r.Form.Get("text-" + c), draft.Text})
				continue
			}
			dec.Drafts[c] = draft
			dec.Channels = append(dec.Channels, c)
		}
		if len(differ) > 0 || len(dec.Drafts) == 0 {
			d.outOfDate(w, r, &x, differ)
			return
		}
	case story.Hold, story.Reject, story.Retract, story.Undo:
	case story.Settle:
		dec.Settled = r.Form.Get("settled")
		dec.URL = strings.TrimSpace(plain(r.Form.Get("url")))
		if !slices.Contains([]string{story.Posted, story.Again, story.Leave}, dec.Settled) || len(dec.Channels) != 1 {
			http.Error(w, "say whether the post is there, is not there, or is to be left", http.StatusBadRequest)
			return
		}
	default:
		http.Error(w, "there is no such act", http.StatusBadRequest)
		return
	}
	notice := ""
	_, _, err = d.Store.UpdateDecisions(r.Context(), k, func(doc *story.Decisions) error {
		if dec.Act == story.Undo {
			last := doc.For(firstOf(dec.Channels, d.Config.ChannelsOf(x.Story.Site)))
			if last.Act == story.Approve && !last.NotBefore.After(now) {
				notice = "too_late"
				return nil
			}
		}
		doc.Log = append(doc.Log, dec)
		return nil
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.Log.Info("decided", "story", string(k), "revision", x.Story.Revision, "act", dec.Act, "by", dec.By)
	d.back(w, r, k, notice)
}

func firstOf(a, b []string) string {
	if len(a) > 0 {
		return a[0]
	}
	if len(b) > 0 {
		return b[0]
	}
	return ""
}

// saveText keeps the desk's words for one channel, in place of the proposed ones. It approves nothing.
func (d *desk) saveText(w http.ResponseWriter, r *http.Request) {
	k, err := key(r)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	x, err := d.Store.Load(r.Context(), k)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	name, text := r.FormValue("channel"), strings.TrimSpace(plain(r.FormValue("text")))
	rec, ok := x.Posts[name]
	if !ok || rec.Doc.Proposed == nil || text == "" {
		http.Error(w, "there is nothing to edit yet, or the text is empty", http.StatusBadRequest)
		return
	}
	if shown, _ := x.Shown(name); shown.Hash() != r.FormValue("seen") {
		d.outOfDate(w, r, &x, []difference{{name, text, shown.Text}})
		return
	}
	draft := *rec.Doc.Proposed
	draft.Text, draft.Basis, draft.Findings = text, rec.Doc.Proposed.Hash(), nil
	for _, f := range summary.Check(text, x.Story.Article) {
		draft.Findings = append(draft.Findings, f.Why)
	}
	_, _, err = d.Store.UpdateDecisions(r.Context(), k, func(doc *story.Decisions) error {
		if doc.Edited == nil {
			doc.Edited = map[string]story.Draft{}
		}
		doc.Edited[name] = draft
		return nil
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.back(w, r, k, "")
}

// saveEdits keeps what the desk sets on the card: a shorter headline, a credit. The card is drawn anew and what was
// approved goes back to review.
func (d *desk) saveEdits(w http.ResponseWriter, r *http.Request) {
	k, err := key(r)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form did not come whole", http.StatusBadRequest)
		return
	}
	_, _, err = d.Store.UpdateStory(r.Context(), k, func(s *story.Story) error {
		if s.Key == "" {
			return story.ErrNone
		}
		if seen := r.Form.Get("revision"); seen != "" && seen != strconv.Itoa(s.Revision) {
			return errStale
		}
		e := s.Edits
		one := func(name string) string {
			return strings.Join(strings.Fields(plain(r.Form.Get(name))), " ")
		}
		e.Headline, e.Credit = one("headline"), article.Label(one("credit"))
		if e.Headline == s.Article.Headline {
			e.Headline = ""
		}
		if e != s.Edits {
			e.By, e.At = d.who(r), d.Now().UTC()
			s.Edits = e
		}
		return nil
	})
	if errors.Is(err, errStale) {
		x, err := d.Store.Load(r.Context(), k)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		d.outOfDate(w, r, &x, []difference{{"", r.Form.Get("headline"), x.Story.Headline()}})
		return
	} else if err != nil {
		d.fail(w, r, err)
		return
	}
	d.back(w, r, k, "")
}

// outOfDate answers 409 with what was on the page and what is now. Nothing was done.
func (d *desk) outOfDate(w http.ResponseWriter, r *http.Request, x *story.Dossier, differ []difference) {
	p := d.base(w, r)
	p.Stale = &stale{x.Story.Key, differ}
	p.Stories = []tale{d.tell(x)}
	d.show(w, r, http.StatusConflict, p)
}

// back goes to the page that the form stood on.
func (d *desk) back(w http.ResponseWriter, r *http.Request, k story.Key, notice string) {
	to := "/?day=" + k.Day()
	if r.FormValue("from") == "story" {
		to = "/story/" + string(k) + "?"
	}
	if notice != "" {
		to += "&notice=" + notice
	}
	http.Redirect(w, r, to+"#"+k.ID(), http.StatusSeeOther)
}
