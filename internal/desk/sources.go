package desk

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"cutline/internal/staff"
	"cutline/internal/story"
)

// sourceRow is a source, and what it sent.
type sourceRow struct {
	Name, Kind, Site string
	Last             string // when a delivery of it last came and was taken; empty: never
	Result           string // of that: accepted, unchanged, ignored
	Pulled           string // when the CMS was last asked what is public; empty: never
	Stories          int    // of today
	Refused          int    // of the last days
	May              bool
}

// refusedRow is a delivery that was refused.
type refusedRow struct {
	Key, Source, When string
	What              string // the event and the headline that it says it is about
	Size              int    // kilobytes
	Why               string
	Cut               bool
	Replayed          string // when it was last tried again; empty: never
	Taken             bool   // and it was taken
	Result            string // of that, in plain words
	Story             string // address; empty: it became none
	May               bool
}

// refusedRows is how many refused deliveries of each source are shown.
const refusedRows = 40

// sourcesPage shows what each source sent today, and what was refused, with the reason.
func (d *desk) sourcesPage(q *request) error {
	now := d.Now()
	dossiers, _, err := d.Store.Day(q.Context(), now.UTC().Format(time.DateOnly))
	if err != nil {
		return err
	}
	var rows []sourceRow
	var refused []refusedRow
	times := map[string]time.Time{}
	for _, name := range names(d.Config.Sources) {
		cfg := d.Config.Sources[name]
		if !q.sees(cfg.Site) {
			continue
		}
		zone := d.zone(cfg.Site)
		in, err := d.Store.Intake(q.Context(), name, refusedRows)
		if err != nil {
			return err
		}
		in.Heard(name, dossiers)
		r := sourceRow{Name: name, Kind: cfg.Kind, Site: d.Config.Sites[cfg.Site].Name, Last: q.words.clock(in.Last.At, now, zone), Result: in.Last.Result,
			Pulled: q.words.clock(in.Pulled, now, zone), Refused: len(in.Refused), May: q.may(staff.Stop, cfg.Site) == nil}
		for i := range dossiers {
			if dossiers[i].Story.Source == name {
				r.Stories++
			}
		}
		for _, x := range in.Refused {
			v := refusedRow{Key: x.Key, Source: name, When: q.words.clock(x.At, now, zone), Why: x.Why, Cut: x.Cut, May: r.May}
			v.What, v.Size = whatItSays(&x)
			if again := x.Replayed; again != nil {
				v.Replayed, v.Result, v.Taken = q.words.clock(again.At, now, zone), again.Why, again.Result != "refused"
				if v.Taken {
					v.Result = again.Result
				}
				if again.Story != "" {
					v.Story = "/story/" + string(again.Story)
				}
			}
			times[v.Key] = x.At
			refused = append(refused, v)
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(refused, func(a, b refusedRow) int { return times[b.Key].Compare(times[a.Key]) })
	return q.show(http.StatusOK, "sources", q.frame(q.words.say("sources"), "sources", struct {
		Rows    []sourceRow
		Refused []refusedRow
		Asked   bool
	}{rows, refused, q.FormValue("asked") != ""}))
}

// whatItSays is what a refused delivery claims to be, for the eye: nothing is decided by it.
func whatItSays(x *story.Refusal) (what string, kilobytes int) {
	if x.Body == nil {
		return x.Path, 0
	}
	size := (len(*x.Body) + 1023) / 1024
	var doc any
	if json.Unmarshal([]byte(*x.Body), &doc) != nil {
		return x.Path, size
	}
	var event, title string
	var walk func(v any, deep int)
	walk = func(v any, deep int) {
		m, ok := v.(map[string]any)
		if !ok || deep > 4 {
			return
		}
		for _, k := range names(m) {
			s, text := m[k].(string)
			switch {
			case text && event == "" && (k == "type" || k == "event"):
				event = s
			case text && title == "" && (k == "headline" || k == "title"):
				title = s
			}
			walk(m[k], deep+1)
		}
	}
	walk(doc, 0)
	if what = strings.TrimSpace(event + " " + title); what == "" {
		what = x.Path
	}
	if r := []rune(what); len(r) > 120 {
		what = string(r[:119]) + "…"
	}
	return what, size
}

// replay asks that a refused delivery be tried again, under the configuration as it is now; webhook does it at its next
// tick.
func (d *desk) replay(q *request) error {
	x, err := d.Store.Refusal(q.Context(), q.FormValue("delivery"))
	if err != nil {
		return err
	}
	cfg, known := d.Config.Sources[x.Source]
	if !known {
		return q.refuse(http.StatusBadRequest, "bad_form")
	}
	if err := q.may(staff.Stop, cfg.Site); err != nil {
		return err
	}
	if x.Cut || x.Replayed != nil && x.Replayed.Result != "refused" {
		return q.refuse(http.StatusConflict, "no_replay")
	}
	if err := d.Store.AskReplay(q.Context(), x.Key); err != nil {
		return err
	}
	d.Log.Info("replay asked for", "delivery", x.Key, "by", q.by)
	return q.see("/sources?asked=1")
}
