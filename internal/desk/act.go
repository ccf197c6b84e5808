package desk

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/channel"
	"cutline/internal/review"
	"cutline/internal/staff"
	"cutline/internal/story"
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
	now := x.Now.UTC() // the bucket's clock: post judges by it
	dec := story.Decision{Act: r.Form.Get("act"), Channels: r.Form["channel"], Revision: x.Story.Revision, At: now, Why: strings.TrimSpace(plain(r.Form.Get("why")))}
	for _, c := range dec.Channels {
		if !slices.Contains(d.Config.ChannelsOf(x.Story.Site), c) {
			http.Error(w, "there is no such channel", http.StatusBadRequest)
			return
		}
	}
	who := staff.Of(r)
	if err := staff.May(who, dec.Act, x.Story.Site); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	about := orAll(dec.Channels, d.Config.ChannelsOf(x.Story.Site))
	dec.Rule = review.Names(d.Config, &x.Story, about)
	who.Sign(&dec, x.Story.Site, review.By(d.Config, &x.Story, about))
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
		if seen, is := r.Form.Get("embargo"), embargoOf(&x); seen != is {
			differ = append(differ, difference{"", seen, is})
		}
		if len(differ) > 0 || len(dec.Drafts) == 0 {
			d.outOfDate(w, r, &x, differ)
			return
		}
	case story.Hold, story.Reject, story.Retract:
	case story.Undo:
		open := d.undoable(&x, about, now)
		if len(open) == 0 {
			d.back(w, r, k, "too_late")
			return
		}
		dec.Channels = open
	case story.Settle:
		dec.Settled = r.Form.Get("settled")
		dec.URL = strings.TrimSpace(plain(r.Form.Get("url")))
		if !slices.Contains([]string{story.Posted, story.Again, story.Leave}, dec.Settled) || len(dec.Channels) != 1 {
			http.Error(w, "say whether the post is there, is not there, or is to be left", http.StatusBadRequest)
			return
		}
		if x.Posts[dec.Channels[0]].Doc.Uncertain == "" { // somebody settled it meanwhile
			d.outOfDate(w, r, &x, nil)
			return
		}
	default:
		http.Error(w, "there is no such act", http.StatusBadRequest)
		return
	}
	_, _, err = d.Store.UpdateDecisions(r.Context(), k, func(doc *story.Decisions) error {
		doc.Log = append(doc.Log, dec)
		return nil
	})
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.Log.Info("decided", "story", string(k), "revision", x.Story.Revision, "act", dec.Act, "by", dec.By)
	d.back(w, r, k, "")
}

// orAll is the channels that a form names, or all.
func orAll(named, all []string) []string {
	if len(named) > 0 {
		return named
	}
	return all
}

// undoable lists the channels whose approval can still be taken back: nothing has left, and none is leaving, or others
// must approve besides.
func (d *desk) undoable(x *story.Dossier, channels []string, now time.Time) []string {
	var out []string
	for _, c := range channels {
		v := x.Decisions.For(c, review.Of(d.Config, &x.Story, c))
		if v.Act == story.Approve && v.NotBefore.After(now) && x.Posts[c].Doc.Claim == nil || v.Act != story.Approve && v.Missing != "" {
			out = append(out, c)
		}
	}
	return out
}

// embargoOf is a story's embargo as a form carries it.
func embargoOf(x *story.Dossier) string {
	if x.Story.Article.Embargo.IsZero() {
		return ""
	}
	return x.Story.Article.Embargo.UTC().Format(time.RFC3339)
}

// saveText keeps the desk's words for one channel, in place of the proposed ones. It approves nothing.
func (d *desk) saveText(w http.ResponseWriter, r *http.Request) {
	k, x, ok := d.load(w, r)
	if !ok || !d.allowed(w, r, staff.Edit, x.Story.Site) {
		return
	}
	name, text := r.FormValue("channel"), strings.TrimSpace(plain(r.FormValue("text")))
	rec, ok := x.Posts[name]
	if !ok || rec.Doc.Proposed == nil || text == "" {
		http.Error(w, "there is nothing to edit yet, or the text is empty", http.StatusBadRequest)
		return
	}
	draft := *rec.Doc.Proposed
	draft.Text, draft.Basis = text, rec.Doc.Proposed.Hash()
	draft.Findings = channel.Check(text, draft, x.Story.Article, d.Config.Channels[name], d.Config.Sites[x.Story.Site])
	_, _, err := d.Store.UpdateDecisions(r.Context(), k, func(doc *story.Decisions) error {
		x.Decisions = *doc // what is there now, not what was a moment ago: of two who save at once one sees the other's text
		if shown, _ := x.Shown(name); shown.Hash() != r.FormValue("seen") {
			return errStale
		}
		if doc.Edited == nil {
			doc.Edited = map[string]story.Draft{}
		}
		draft.Hands = doc.Edited[name].Hands
		draft.Sign(staff.Of(r).ID)
		doc.Edited[name] = draft
		if v := doc.For(name, review.Of(d.Config, &x.Story, name)); v.Act == story.Approve || v.Missing != "" { // what was approved is not what is there any more
			doc.Log = append(doc.Log, story.Decision{Act: story.Undo, Channels: []string{name}, Revision: x.Story.Revision, By: staff.Of(r).Name, Who: staff.Of(r).ID, At: x.Now.UTC(), Why: "the text was edited"})
		}
		return nil
	})
	if errors.Is(err, errStale) {
		shown, _ := x.Shown(name)
		d.outOfDate(w, r, &x, []difference{{name, text, shown.Text}})
		return
	} else if err != nil {
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
	if s, err := d.Store.Story(r.Context(), k); err != nil {
		d.fail(w, r, err)
		return
	} else if !d.allowed(w, r, staff.Edit, s.Site) {
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
			return strings.Join(strings.Fields(unordered(plain(r.Form.Get(name)))), " ")
		}
		e.Headline, e.Credit = one("headline"), article.Label(one("credit"))
		if e.Headline == s.Article.Headline {
			e.Headline = ""
		}
		if !e.Same(s.Edits) {
			e.Sign(staff.Of(r).Name, staff.Of(r).ID, d.Now().UTC())
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
