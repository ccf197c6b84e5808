package desk

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"cutline/internal/story"
)

// entry is one line of the history of the whole desk.
type entry struct {
	event
	Key      story.Key
	Headline string
	Lang     string
}

// history reads what happened to a day's stories, newest first. It is made from the documents each time, which nobody
// can rewrite without leaving a version behind: there is no second book.
func (q *request) history() (day string, out []entry, err error) {
	day = q.FormValue("day")
	if _, wrong := time.Parse(time.DateOnly, day); wrong != nil {
		day = q.desk.Now().UTC().Format(time.DateOnly)
	}
	dossiers, _, err := q.desk.Store.Day(q.Context(), day)
	if err != nil {
		return day, nil, err
	}
	for i := range dossiers {
		x := &dossiers[i]
		if !q.sees(x.Story.Site) {
			continue
		}
		for _, e := range q.storyLog(x) {
			out = append(out, entry{e, x.Story.Key, x.Story.Headline(), x.Story.Article.Language})
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int { return b.At.Compare(a.At) })
	return day, out, nil
}

// historyRows is how many lines the page shows; the files have all.
const historyRows = 300

func (d *desk) historyPage(q *request) error {
	day, all, err := q.history()
	if err != nil {
		return err
	}
	days := d.lastDays()
	rows := all[:min(len(all), historyRows)]
	for i := range rows {
		q.tell(&rows[i].event)
	}
	return q.show(http.StatusOK, "history", q.frame(q.words.say("history"), "history", struct {
		Day  string
		Days []string
		Log  []entry
		More int
	}{day, days, rows, max(0, len(all)-historyRows)}))
}

// historyFile gives the day's history as CSV (RFC 4180) or JSON, in UTC and unabridged.
func (d *desk) historyFile(q *request) error {
	day, all, err := q.history()
	if err != nil {
		return err
	}
	h := q.w.Header()
	name := "cutline-" + day
	if strings.HasSuffix(q.URL.Path, ".json") {
		type line struct {
			At       time.Time `json:"at"`
			Story    story.Key `json:"story"`
			Headline string    `json:"headline"`
			Who      string    `json:"who"`
			What     string    `json:"what"`
			Why      string    `json:"why,omitempty"`
			URL      string    `json:"url,omitempty"`

			Changes []story.Change `json:"changes,omitempty"`
		}
		out := []line{}
		for _, e := range all {
			out = append(out, line{e.At.UTC(), e.Key, e.Headline, e.Who, e.What, e.Why, e.URL, e.past})
		}
		h.Set("Content-Type", "application/json")
		h.Set("Content-Disposition", `attachment; filename="`+name+`.json"`)
		body, err := json.MarshalIndent(out, "", " ")
		if err != nil {
			return err
		}
		_, _ = q.w.Write(body) // whoever went away does not want it
		return nil
	}
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	w := csv.NewWriter(q.w)
	w.UseCRLF = true
	rows := [][]string{{"at", "story", "headline", "who", "what", "why", "url", "before", "after"}}
	for _, e := range all {
		var before, after []string
		for _, c := range e.past {
			before, after = append(before, c.Before), append(after, c.After)
		}
		rows = append(rows, []string{e.At.UTC().Format(time.RFC3339), string(e.Key), cell(e.Headline), cell(e.Who), cell(e.What), cell(e.Why), cell(e.URL), cell(strings.Join(before, "\n")), cell(strings.Join(after, "\n"))})
	}
	_ = w.WriteAll(rows) // whoever went away does not want it
	return nil
}

// cell makes a text safe for a spreadsheet, which takes what begins with = + - @ for a formula, also after white space
// and in full-width forms: it gets an apostrophe before it.
func cell(s string) string {
	if s == "" {
		return s
	}
	first := s[0] == '\t' || s[0] == '\r' || s[0] == '\n'
	body := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == 0xfeff || r >= 0x200b && r <= 0x200f })
	if first || strings.ContainsRune("=+-@＝＋－＠", firstRune(body)) {
		return "'" + s
	}
	return s
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}
