package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	_ "image/jpeg" // the photo's size
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cutline/internal/article"
	"cutline/internal/remark"
	"cutline/internal/review"
	"cutline/internal/staff"
	"cutline/internal/story"
)

// editPage is the words and the picture of a story, to be changed.
type editPage struct {
	storyView
	Was     string // what the fields hold, to find out what somebody else saved meanwhile
	Edits   story.Edits
	FocalX  string // in per cent; empty: automatic
	FocalY  string
	Tap     bool // there is a photo to tap on
	Crop    *box // what of the photo is on the og card; nil: not known
	Live    bool // the card can be drawn while typing
	Voids   bool // an approval would be voided
	Layouts []option
	Kickers []option
}

// box is a rectangle on a ground of 1000 × 1000.
type box struct{ X, Y, W, H int }

var kickers = []string{"live", "updated", "corrected", "opinion", "analysis", "none"}

// tapWidth is how wide the photo is shown for tapping where no script runs, in CSS pixels: the browser sends where in
// the picture as shown it was tapped.
const tapWidth = 320

// base is what the fields of an edit page hold when it is made: a later save is compared with it, part by part.
type base struct {
	Edits  story.Edits          `json:"edits"`
	Drafts map[string]draftBase `json:"drafts"` // by channel
}

type draftBase struct {
	Text string   `json:"text"`
	More []string `json:"more,omitempty"` // of the posts of a thread that follow; an empty one goes
	Alt  string   `json:"alt"`
	Tags string   `json:"tags"` // parted by blanks
	On   string   `json:"on"`   // WordsOf the proposal that was edited
}

func (d *desk) baseOf(x *story.Dossier) base {
	b := base{Edits: x.Story.Edits, Drafts: map[string]draftBase{}}
	for _, name := range d.Config.ChannelsOf(x.Story.Site) {
		if draft, ok := x.Shown(name); ok {
			b.Drafts[name] = draftBase{draft.Text, draft.More, draft.Alt, strings.Join(draft.Tags, " "), x.Posts[name].Doc.Proposed.WordsOf()}
		}
	}
	return b
}

func (b base) encode() string {
	out, err := json.Marshal(b)
	if err != nil {
		panic("what a page held has only strings and numbers: " + err.Error())
	}
	return string(out)
}

func (d *desk) editPage(q *request) error {
	x, err := q.load()
	if err != nil {
		return err
	}
	looks, err := d.Store.Looks(q.Context(), x.Story.Key)
	if err != nil {
		return err
	}
	e := x.Story.Edits
	p := editPage{storyView: q.view(x, looks), Was: d.baseOf(x).encode(), Edits: e, Live: d.Preview != nil, Tap: d.Photo != nil && x.Story.Article.Photo.URL != ""}
	focal := e.Focal
	if focal == nil {
		focal = x.Story.Article.Photo.Focal
	}
	if focal != nil {
		p.FocalX, p.FocalY = percent(focal.X), percent(focal.Y)
	}
	if c := x.Manifest.Cards["og"].Crop; len(c) == 4 {
		p.Crop = &box{int(c[0] * 1000), int(c[1] * 1000), int((c[2] - c[0]) * 1000), int((c[3] - c[1]) * 1000)}
	}
	for _, v := range remark.Layouts {
		p.Layouts = append(p.Layouts, option{v, q.words.Word("layout." + v), v == e.Layout})
	}
	for _, v := range kickers {
		p.Kickers = append(p.Kickers, option{v, q.words.say("kicker_" + v), v == e.Kicker})
	}
	for _, c := range p.Channels {
		p.Voids = p.Voids || d.verdict(x, c.Name).Act == story.Approve && !c.Post.Live()
	}
	f := q.frame(q.words.say("edit")+": "+p.Headline, "queue", p)
	f.Back, f.Bar = "/story/"+string(x.Story.Key), true
	return q.show(http.StatusOK, "edit", f)
}

func percent(f float64) string {
	return strconv.FormatFloat(float64(int(f*1000+.5))/10, 'f', -1, 64)
}

// edits reads the desk's half of the story from a form.
func (q *request) edits(s *story.Story) (story.Edits, error) {
	e := story.Edits{Headline: line(q.FormValue("headline")), Credit: article.Label(line(q.FormValue("credit"))), Alt: line(q.FormValue("alt")), Layout: q.FormValue("layout"), Kicker: q.FormValue("kicker")}
	if e.Headline == s.Article.Headline {
		e.Headline = "" // as the CMS has it: a later correction there still reaches the card
	}
	bad := q.refuse(http.StatusUnprocessableEntity, "bad_form")
	if e.Layout != "" && !slices.Contains(remark.Layouts, e.Layout) || e.Kicker != "" && !slices.Contains(kickers, e.Kicker) || len(e.Headline) > 2000 || len(e.Credit) > 500 || len(e.Alt) > 5000 {
		return e, bad
	}
	x, y := strings.TrimSpace(q.FormValue("x")), strings.TrimSpace(q.FormValue("y"))
	if q.FormValue("tap.x") != "" { // tapped on the photo, without a script
		px, errX := strconv.ParseFloat(q.FormValue("tap.x"), 64)
		py, errY := strconv.ParseFloat(q.FormValue("tap.y"), 64)
		w, h, err := q.photoSize(s.Key)
		if errX != nil || errY != nil || err != nil {
			return e, bad
		}
		e.Focal = &article.Focal{X: min(1, max(0, px/tapWidth)), Y: min(1, max(0, py/tapWidth*w/h))}
		return e, nil
	}
	if chosen, ok := strings.CutPrefix(q.FormValue("focal"), "at "); ok { // of two versions
		x, y, _ = strings.Cut(chosen, " ")
	}
	if x == "" && y == "" {
		return e, nil
	}
	fx, errX := strconv.ParseFloat(latin(x), 64)
	fy, errY := strconv.ParseFloat(latin(y), 64)
	if errX != nil || errY != nil || !(fx >= 0 && fx <= 100 && fy >= 0 && fy <= 100) {
		return e, bad
	}
	e.Focal = &article.Focal{X: fx / 100, Y: fy / 100}
	if f := s.Article.Photo.Focal; f != nil && s.Edits.Focal == nil && percent(f.X) == x && percent(f.Y) == y {
		e.Focal = nil // the CMS's own, untouched
	}
	return e, nil
}

// photoSize is the size of the photo as the page shows it.
func (q *request) photoSize(k story.Key) (w, h float64, err error) {
	if q.desk.Photo == nil {
		return 0, 0, story.ErrNone
	}
	b, _, err := q.desk.Photo(q.Context(), k)
	if err != nil {
		return 0, 0, err
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(b))
	if err == nil && (c.Width == 0 || c.Height == 0) {
		err = story.ErrNone
	}
	return float64(c.Width), float64(c.Height), err
}

// latin reads the digits of any keyboard: ٤٧٫٥ is 47.5.
func latin(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '٠' && r <= '٩':
			return r - '٠' + '0'
		case r >= '۰' && r <= '۹':
			return r - '۰' + '0'
		case r == '٫' || r == ',':
			return '.'
		}
		return r
	}, s)
}

var errConflict = errors.New("somebody else saved first")

// saveEdits keeps what the desk sets: on the card, which is then drawn anew, and in the text of each channel. It approves
// nothing, and takes back an approval that has not left yet, since it was for something else. What somebody else
// saved since the page was made is merged part by part; where both changed the same part, both versions are shown.
func (d *desk) saveEdits(q *request) error {
	x, err := q.load()
	if err != nil {
		return err
	}
	if err := q.may(staff.Edit, x.Story.Site); err != nil {
		return err
	}
	var was base
	if err := json.Unmarshal([]byte(q.FormValue("was")), &was); err != nil {
		return q.refuse(http.StatusBadRequest, "bad_form")
	}
	mine, err := q.edits(&x.Story)
	if err != nil {
		return err
	}
	drafts, err := q.drafts(x, was)
	if err != nil {
		return err
	}
	// Looked at whole before anything is written, so that a clash in one part keeps nothing of the others.
	look := &merging{q: q, other: x.Story.Edits.By}
	look.edits(was.Edits, mine, x.Story.Edits)
	for name, to := range drafts {
		look.draft(x, name, was.Drafts[name], to)
	}
	if len(look.clash) > 0 {
		return q.clash(x, look)
	}
	card := (&merging{q: q}).edits(was.Edits, mine, x.Story.Edits)
	if err := d.keepDrafts(q, x, was, drafts, card); errors.Is(err, errConflict) {
		return d.saveEdits(q) // somebody saved this very moment: compared anew
	} else if err != nil {
		return kept("the desk's texts", x.Story.Key, err)
	}
	_, _, err = d.Store.UpdateStory(q.Context(), x.Story.Key, func(s *story.Story) error {
		if s.Key == "" {
			return story.ErrNone
		}
		m := &merging{q: q}
		next := m.edits(was.Edits, mine, s.Edits)
		if len(m.clash) > 0 {
			return errConflict
		}
		if next.By, next.At, next.Hands = s.Edits.By, s.Edits.At, s.Edits.Hands; !next.Same(s.Edits) {
			next.Sign(q.who.Name, q.who.ID, x.Now.UTC())
			s.Edits = next
		}
		return nil
	})
	if errors.Is(err, errConflict) {
		return d.saveEdits(q)
	} else if err != nil {
		return kept("the desk's words", x.Story.Key, err)
	}
	return q.see("/story/" + string(x.Story.Key) + "?did=saved")
}

func point(f *article.Focal) string {
	if f == nil {
		return ""
	}
	return percent(f.X) + " " + percent(f.Y)
}

// moreField is the name of the form's field for the i-th of the posts of a thread that follow the first, which is 1 to people.
func moreField(channel string, i int) string { return "more" + strconv.Itoa(i+2) + "-" + channel }

// drafts reads the texts of a form, by channel: those that were on the page.
func (q *request) drafts(x *story.Dossier, was base) (map[string]draftBase, error) {
	out := map[string]draftBase{}
	for _, name := range q.desk.Config.ChannelsOf(x.Story.Site) {
		old, ok := was.Drafts[name]
		if !ok || !q.Form.Has("text-"+name) {
			continue
		}
		to := old
		to.Text = strings.TrimSpace(cleanText(q.FormValue("text-" + name)))
		if to.Text == strings.TrimSpace(old.Text) {
			to.Text = old.Text
		}
		to.More = nil
		for i, text := range old.More {
			field := moreField(name, i)
			if q.Form.Has(field) {
				if mine := strings.TrimSpace(cleanText(q.FormValue(field))); mine != strings.TrimSpace(text) {
					text = mine
				}
			}
			to.More = append(to.More, text)
		}
		if q.Form.Has("alt-" + name) {
			to.Alt = strings.TrimSpace(cleanText(q.FormValue("alt-" + name)))
		}
		if q.Form.Has("tags-" + name) {
			to.Tags = strings.Join(strings.FieldsFunc(clean(q.FormValue("tags-"+name)), func(r rune) bool { return strings.ContainsRune(" ,،#\t", r) }), " ")
		}
		if to.Text == "" || len(to.Text)+len(strings.Join(to.More, "")) > 100_000 || len(to.Alt) > 10_000 || len(to.Tags) > 2000 {
			return nil, &refusal{status: http.StatusUnprocessableEntity, what: q.words.say("bad_form"), more: q.words.say("post_text")}
		}
		out[name] = to
	}
	return out, nil
}

// keepDrafts writes the merged texts and what is changed, and takes back the approvals that were for something else. card
// is what the story's own edits will be.
func (d *desk) keepDrafts(q *request, x *story.Dossier, was base, drafts map[string]draftBase, card story.Edits) error {
	redrawn := !card.Same(x.Story.Edits)
	_, _, err := d.Store.UpdateDecisions(q.Context(), x.Story.Key, func(doc *story.Decisions) error {
		is := *x
		is.Decisions = *doc
		m := &merging{q: q}
		var void []string
		changes := story.EditChanges(x.Story.Edits, card, point)
		edited := map[string]story.Draft{}
		for name, e := range doc.Edited {
			edited[name] = e
		}
		for _, name := range d.Config.ChannelsOf(x.Story.Site) {
			changed := redrawn
			if to, ok := drafts[name]; ok {
				if next, ok := m.draft(&is, name, was.Drafts[name], to); ok {
					changed = true
					if shown, ok := is.Shown(name); ok {
						changes = append(changes, story.DraftChanges(name, shown, next)...)
					}
					if edited[name] = next; len(next.Edited) == 0 {
						delete(edited, name) // as it was proposed
					}
				}
			}
			v := doc.For(name, d.rule(x, name))
			if record := x.Posts[name].Doc; changed && (v.Act == story.Approve || v.Missing != "") && !record.Live() {
				void = append(void, name)
			}
		}
		if len(m.clash) > 0 {
			return errConflict
		}
		doc.Edited = edited
		for i := range changes {
			changes[i].At, changes[i].By = x.Now.UTC(), q.who.Name
		}
		doc.Changed(changes)
		if len(void) > 0 {
			doc.Log = append(doc.Log, story.Decision{Act: story.Undo, Channels: void, Revision: x.Story.Revision, By: q.who.Name, Who: q.who.ID, At: x.Now.UTC(), Why: "edited", Rule: review.Names(d.Config, &x.Story, void)})
		}
		return nil
	})
	return err
}
