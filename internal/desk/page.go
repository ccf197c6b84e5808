package desk

import (
	"bytes"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"cutline/internal/review"
	"cutline/internal/staff"
	"cutline/internal/story"
)

// page is what a template gets.
type page struct {
	Lang, Dir, Style string
	Languages        []language1
	Site             string
	Day              string
	Days             []string
	Stories          []tale
	Bad              []string // documents that cannot be read
	Notice           string   // key of a word: what became of the last act
	Stale            *stale
	Now              string
}

type language1 struct {
	Tag, Name string
	Current   bool
}

// tale is a story on the page.
type tale struct {
	Key                     story.Key
	Revision                int
	Lang                    string
	Headline, Section, By   string
	URL, Host               string
	Card                    string // address of the card on our own origin; empty: none yet
	Alt                     string
	Credit, CreditFrom      string
	Held, Photo             string
	Contrast                float64
	Layout, Why             string
	Embargo                 string // for people, in the site's zone
	EmbargoSeen             string // for the form
	EditHeadline, EditCred  string
	Channels                []onChannel
	Waiting                 int // channels that wait for a decision
	CanApprove, CanTakeDown bool
	CanUndo                 bool
	Rank                    int
}

// onChannel is a story on one channel.
type onChannel struct {
	Name, Kind string
	State      string // a key of words
	Class      string // of the state's colours
	Until, Why string
	URL        string
	Text, Hash string
	Edited     bool
	Findings   []string
	Uncertain  bool
	Decidable  bool
}

// stateWords maps the states to words and colours of the board.
var stateWords = map[string][2]string{
	story.StateUncertain: {"uncertain", "unsure"}, story.StateFailed: {"failed", "fail"}, story.StateReview: {"needs_decision", "wait"}, story.StateCorrection: {"correction", "wait"},
	story.StateHeld: {"held", ""}, story.StateEmbargo: {"embargo", "emb"}, story.StateAuto: {"auto", "sched"}, story.StateScheduled: {"scheduled", "sched"}, story.StateApproved: {"approved", "sent"},
	story.StateSent: {"sent", "sent"}, story.StateRejected: {"rejected", ""}, story.StateRetracted: {"retracted", ""}, story.StateWaiting: {"waiting", ""},
}

// tell makes a story's view.
func (d *desk) tell(x *story.Dossier) tale {
	s, site := &x.Story, d.Config.Sites[x.Story.Site]
	zone, err := time.LoadLocation(site.Zone)
	if err != nil {
		zone = time.UTC
	}
	clock := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(zone).Format("2006-01-02 15:04:05")
	}
	out := tale{
		Key: s.Key, Revision: s.Revision, Lang: s.Article.Language, Headline: s.Headline(), Section: s.Article.Section, By: s.Article.Byline, URL: s.Article.URL,
		Alt: x.Manifest.Alt, Credit: x.Manifest.Credit, CreditFrom: x.Manifest.From, Held: x.Manifest.Held, Photo: x.Manifest.Photo, Embargo: clock(s.Article.Embargo), EmbargoSeen: embargoOf(x),
		EditHeadline: s.Edits.Headline, EditCred: s.Edits.Credit, Rank: 99,
	}
	out.Host = host(s.Article.URL)
	if out.Held == "" {
		out.Held = s.Article.Doubt
	}
	if c, ok := x.Manifest.Cards["og"]; ok && x.Manifest.Revision == s.Revision {
		out.Card, out.Contrast, out.Layout, out.Why = "/"+c.Key, c.Contrast, c.Layout, c.Why
	}
	for _, name := range d.Config.ChannelsOf(s.Site) {
		st := story.StateOf(x, name, review.Of(d.Config, s, name))
		w := stateWords[st.Name]
		c := onChannel{Name: name, Kind: d.Config.Channels[name].Kind, State: w[0], Class: w[1], Until: clock(st.Until), Why: st.Why, URL: st.URL, Uncertain: st.Name == story.StateUncertain}
		if draft, ok := x.Shown(name); ok {
			c.Text, c.Hash, c.Findings, c.Edited = draft.Text, draft.Hash(), draft.Findings, draft.Basis != ""
		}
		switch st.Name {
		case story.StateReview, story.StateCorrection, story.StateHeld, story.StateAuto, story.StateRejected, story.StateFailed, story.StateEmbargo:
			c.Decidable = c.Hash != "" && s.Live()
		case story.StateApproved:
			out.CanUndo = out.CanUndo || len(d.undoable(x, []string{name}, d.Now())) > 0
		case story.StateSent:
			out.CanTakeDown = true
		}
		if c.Decidable {
			out.Waiting++
		}
		out.Rank = min(out.Rank, story.Rank(st.Name))
		out.Channels = append(out.Channels, c)
	}
	out.CanApprove = out.Waiting > 0
	return out
}

func host(address string) string {
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return ""
	}
	h, _, _ := strings.Cut(rest, "/")
	return h
}

func (d *desk) base(w http.ResponseWriter, r *http.Request) page {
	lang := d.words.language(w, r)
	p := page{Lang: lang, Dir: direction(lang), Style: d.style, Notice: r.URL.Query().Get("notice"), Now: d.Now().UTC().Format(time.RFC3339)}
	for _, l := range d.words.names() {
		p.Languages = append(p.Languages, language1{l, d.words.Languages[l].Name, l == lang})
	}
	if _, ok := d.words.Words[p.Notice]; !ok {
		p.Notice = ""
	}
	for _, s := range d.Config.Sites {
		if len(d.Config.Sites) == 1 {
			p.Site = s.Name
		}
	}
	return p
}

// queue shows a day's stories: what needs somebody first, then the newest.
func (d *desk) queue(w http.ResponseWriter, r *http.Request) {
	p := d.base(w, r)
	days, err := d.Store.Days(r.Context(), 7)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	p.Day = r.URL.Query().Get("day")
	if _, err := time.Parse(time.DateOnly, p.Day); err != nil {
		p.Day = d.Now().UTC().Format(time.DateOnly)
	}
	p.Days = days
	dossiers, bad, err := d.Store.Day(r.Context(), p.Day)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	for _, b := range bad {
		p.Bad = append(p.Bad, b.Key)
	}
	slices.SortStableFunc(dossiers, func(a, b story.Dossier) int { return b.Story.First.Compare(a.Story.First) })
	for i := range dossiers {
		if staff.May(staff.Of(r), staff.Look, dossiers[i].Story.Site) != nil {
			continue
		}
		p.Stories = append(p.Stories, d.tell(&dossiers[i]))
	}
	d.show(w, r, http.StatusOK, p)
}

// load reads the story that a request names; false: the answer was given.
func (d *desk) load(w http.ResponseWriter, r *http.Request) (k story.Key, x story.Dossier, ok bool) {
	k, err := key(r)
	if err != nil {
		http.NotFound(w, r)
		return k, x, false
	}
	if x, err = d.Store.Load(r.Context(), k); err != nil {
		d.fail(w, r, err)
		return k, x, false
	}
	return k, x, d.allowed(w, r, staff.Look, x.Story.Site)
}

// allowed answers for who may not do an act on a site, and says whether they may.
func (d *desk) allowed(w http.ResponseWriter, r *http.Request, act, site string) bool {
	if err := staff.May(staff.Of(r), act, site); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return false
	}
	return true
}

func (d *desk) one(w http.ResponseWriter, r *http.Request) {
	_, x, ok := d.load(w, r)
	if !ok {
		return
	}
	p := d.base(w, r)
	p.Stories = []tale{d.tell(&x)}
	d.show(w, r, http.StatusOK, p)
}

func (d *desk) preview(w http.ResponseWriter, r *http.Request) {
	k, err := key(r)
	if err != nil || d.Preview == nil {
		http.NotFound(w, r)
		return
	}
	s, err := d.Store.Story(r.Context(), k)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	if !d.allowed(w, r, staff.Look, s.Site) {
		return
	}
	e := s.Edits
	for name, to := range map[string]*string{"headline": &e.Headline, "credit": &e.Credit} {
		if q := r.URL.Query(); q.Has(name) {
			*to = strings.TrimSpace(plain(q.Get(name)))
		}
	}
	body, typ, err := d.Preview(r.Context(), k, e, path.Base(r.PathValue("format")))
	if err != nil {
		http.Error(w, "the card cannot be drawn: "+err.Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", typ)
	_, _ = w.Write(body)
}

func (d *desk) show(w http.ResponseWriter, r *http.Request, status int, p page) {
	var b bytes.Buffer
	if err := d.pages.ExecuteTemplate(&b, "page.html", p); err != nil {
		d.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", p.Lang)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}
