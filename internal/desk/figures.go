package desk

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutline/internal/story"
)

// figure is one chart with its numbers, drawn on the server.
type figure struct {
	Title  string
	Big    string // the number for the whole time
	Beside string // what else there is to say of it
	Lines  bool   // two lines, half and 95 in 100; else bars
	P50    string // points of the lines
	P95    string
	Bars   []bar
	Grid   []mark
	Unit   string // of the numbers beside the chart
	Dots   []mark // where there is one point alone, which makes no line
	Labels []mark
	Head   []string // of the table
	Table  [][]string
	Empty  bool
}

type bar struct{ X, Y, W, H int }

// mark is a text at a place of the chart.
type mark struct {
	X, Y int
	Text string
}

// The ground of a chart, in its own units.
const (
	chartLeft, chartRight = 34, 350
	chartTop, chartFoot   = 22, 150
)

// figures shows how quick and how sure the desk was: from publishing to the card and to the post, decisions, failures,
// corrections, cost.
func (d *desk) figures(q *request) error {
	now := d.Now()
	from, day := now.UTC().Format(time.DateOnly), q.FormValue("day")
	var dossiers []story.Dossier
	var err error
	hours := 24
	switch _, wrong := time.Parse(time.DateOnly, day); {
	case wrong == nil:
		dossiers, _, err = d.Store.Day(q.Context(), day)
	case day == "week":
		from = now.UTC().AddDate(0, 0, -6).Format(time.DateOnly)
		dossiers, _, err = d.Store.Since(q.Context(), from)
		hours = 0
	default:
		day = ""
		dossiers, _, err = d.Store.Day(q.Context(), from)
	}
	if err != nil {
		return err
	}
	toCard, toPost := spans{}, spans{}
	decisions, failures, corrections := map[string]int{}, map[string]int{}, map[string]int{}
	cost := 0.0
	for i := range dossiers {
		x := &dossiers[i]
		if !q.sees(x.Story.Site) {
			continue
		}
		zone := d.zone(x.Story.Site)
		slot := func(t time.Time) string {
			if hours == 0 {
				return t.In(zone).Format("01-02")
			}
			return t.In(zone).Format("15")
		}
		if m := &x.Manifest; m.Drawn.After(x.Story.Received) && m.Drawn.Sub(x.Story.Received) < time.Hour && !x.Story.Received.IsZero() && x.Story.Edits.At.IsZero() {
			toCard.add(slot(x.Story.Received), m.Drawn.Sub(x.Story.Received))
		}
		for _, a := range x.Decisions.Log {
			decisions[slot(a.At)]++
		}
		for name, p := range x.Posts {
			if t := p.Doc.SentAt; t.After(x.Story.First) {
				toPost.add(slot(t), t.Sub(x.Story.First))
			}
			l := label(name, d.Config.Channels[name].Kind)
			for _, h := range p.Doc.History {
				switch {
				case h.End == "refused" || h.End == "unknown":
					failures[l]++
				case (h.What == "edit" || h.What == "reply") && h.End == "posted":
					corrections[l]++
				}
			}
			if p.Doc.Sent != nil {
				cost += p.Doc.Sent.Cost
			}
		}
	}
	w := q.words
	figs := []figure{q.times(w.say("publish_to_card"), toCard), q.times(w.say("publish_to_post"), toPost),
		q.counts(w.say("decisions_hour"), w.say("when"), decisions), q.counts(w.say("failures_channel"), w.say("channel"), failures), q.counts(w.say("corrections"), w.say("channel"), corrections)}
	days := d.lastDays()
	return q.show(http.StatusOK, "figures", q.frame(w.say("figures"), "figures", struct {
		Figures []figure
		Cost    string
		Day     string
		Days    []string
	}{figs, q.money(cost), day, days}))
}

// spans are lengths of time, by when they were measured.
type spans map[string][]time.Duration

func (s spans) add(slot string, d time.Duration) { s[slot] = append(s[slot], d) }

// percentile is the nearest-rank percentile of a sorted list: the least value that p in 100 do not exceed.
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

// times draws how long something took: half were faster than the one line, 95 in 100 than the other.
func (q *request) times(title string, s spans) figure {
	w := q.words
	f := figure{Title: title, Lines: true, Head: []string{w.say("when"), w.say("median"), w.say("p95"), w.say("number")}}
	var all []time.Duration
	slots := names(s)
	top := time.Duration(0)
	for _, n := range slots {
		slices.Sort(s[n])
		all = append(all, s[n]...)
		top = max(top, percentile(s[n], 95))
	}
	if f.Empty = len(all) == 0; f.Empty {
		return f
	}
	slices.Sort(all)
	f.Big, f.Beside = w.seconds(percentile(all, 50)), w.say("p95")+" "+w.seconds(percentile(all, 95))
	unit := time.Second
	if f.Unit = strings.TrimSpace(w.say("secs", "n", "")); top > 10*time.Minute {
		unit, f.Unit = time.Minute, w.say("mins")
	}
	step := niceStep(float64(top) / float64(unit))
	f.grid(w, step)
	place := func(d time.Duration) float64 {
		return chartFoot - float64(d)/float64(unit)/(4*step)*(chartFoot-chartTop)
	}
	for i, n := range slots {
		x := slotAt(i, len(slots))
		f.P50 += fmt.Sprintf("%d,%.1f ", x, place(percentile(s[n], 50)))
		f.P95 += fmt.Sprintf("%d,%.1f ", x, place(percentile(s[n], 95)))
		if len(slots) == 1 {
			f.Dots = append(f.Dots, mark{X: x, Y: int(place(percentile(s[n], 50)))})
		}
		f.label(w, i, len(slots), x, n)
		f.Table = append(f.Table, []string{w.Digits(n), w.seconds(percentile(s[n], 50)), w.seconds(percentile(s[n], 95)), w.Number(len(s[n]))})
	}
	return f
}

// counts draws how often something happened.
func (q *request) counts(title, by string, n map[string]int) figure {
	w := q.words
	f := figure{Title: title, Head: []string{by, w.say("number")}}
	slots := names(n)
	total, top := 0, 0
	for _, s := range slots {
		total += n[s]
		top = max(top, n[s])
	}
	f.Big = w.Number(total)
	if f.Empty = total == 0; f.Empty {
		return f
	}
	step := max(1, niceStep(float64(top))) // there are no halves of them
	f.grid(w, step)
	width := min(36, (chartRight-chartLeft)/len(slots)*2/3)
	for i, s := range slots {
		x := slotAt(i, len(slots))
		h := int(float64(n[s]) / (4 * step) * (chartFoot - chartTop))
		f.Bars = append(f.Bars, bar{x - width/2, chartFoot - h, width, h})
		f.label(w, i, len(slots), x, s)
		f.Table = append(f.Table, []string{w.Digits(s), w.Number(n[s])})
	}
	return f
}

// niceStep is a step of 1, 2 or 5 times a power of ten, four of which hold top.
func niceStep(top float64) float64 {
	if top <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(top/4)))
	for _, m := range []float64{1, 2, 5, 10} {
		if 4*m*power >= top {
			return m * power
		}
	}
	return 10 * power
}

func (f *figure) grid(w *language, step float64) {
	for i := range 5 {
		f.Grid = append(f.Grid, mark{chartLeft, chartFoot - i*(chartFoot-chartTop)/4, w.Decimals(strconv.FormatFloat(float64(i)*step, 'g', 4, 64))})
	}
}

func slotAt(i, n int) int {
	return chartLeft + (chartRight-chartLeft)*(2*i+1)/(2*n)
}

// label puts a slot's name below it, unless there are so many that they would run together.
func (f *figure) label(w *language, i, n, x int, name string) {
	if every := (n + 7) / 8; i%every == 0 {
		if r := []rune(name); len(r) > 10 {
			name = string(r[:9]) + "…"
		}
		f.Labels = append(f.Labels, mark{x, 170, w.Digits(name)})
	}
}
