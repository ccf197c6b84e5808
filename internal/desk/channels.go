package desk

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"cutline/internal/channel"
	"cutline/internal/staff"
	"cutline/internal/story"
)

// channelRow is the state of one channel's account.
type channelRow struct {
	Name, Kind, Label, Handle string
	Site                      string // as readers know it
	Paused                    string // why nothing is sent; empty: it goes
	PausedBy                  string
	PausedAt                  string
	Rests                     string // until when the network asked for rest; empty: it did not
	Waiting                   int    // posts that wait for a turn
	Sent, Failed, Uncertain   int    // of today's stories
	Budget                    []string
	Cost                      string // of what was sent today; empty: nothing
	May                       bool   // the person may pause and resume it
	Look                      look
}

// channelsPage shows every channel's health, budget, and why it is paused if it is.
func (d *desk) channelsPage(q *request) error { return q.showChannels("", channel.Health{}) }

// showChannels shows the page, with what trying one of the channels showed.
func (q *request) showChannels(tried string, health channel.Health) error {
	d := q.desk
	dossiers, _, err := d.Store.Day(q.Context(), d.Now().UTC().Format(time.DateOnly))
	if err != nil {
		return err
	}
	var rows []channelRow
	for _, site := range names(d.Config.Sites) {
		if !q.sees(site) {
			continue
		}
		for _, name := range d.Config.ChannelsOf(site) {
			r, err := q.channelRow(site, name, dossiers)
			if err != nil {
				return err
			}
			rows = append(rows, r)
		}
	}
	stops, err := q.stops()
	if err != nil {
		return err
	}
	dead, err := q.deadRows()
	if err != nil {
		return err
	}
	f := q.frame(q.words.say("channels"), "channels", struct {
		Rows   []channelRow
		Stops  []stopView
		Dead   []deadRow
		Tried  string // the channel that was tried, as it is called; empty: none
		Health channel.Health
	}{rows, stops, dead, tried, health})
	f.Path = "/channels"
	return q.show(http.StatusOK, "channels", f)
}

func (q *request) channelRow(site, name string, dossiers []story.Dossier) (channelRow, error) {
	d, cfg := q.desk, q.desk.Config.Channels[name]
	a, err := d.Store.Account(q.Context(), name)
	if err != nil {
		return channelRow{}, err
	}
	now, zone := d.Now(), d.zone(site)
	r := channelRow{Name: name, Kind: cfg.Kind, Label: label(name, cfg.Kind), Handle: handle(cfg.Kind, cfg.Account, cfg.Chat, cfg.Server), Site: d.Config.Sites[site].Name,
		Paused: a.Paused, PausedBy: a.PausedBy, PausedAt: q.words.clock(a.PausedAt, now, zone), Waiting: a.Waiting(), May: q.may(staff.Stop, site) == nil}
	if a.NotBefore.After(now) {
		r.Rests = q.words.clock(a.NotBefore, now, zone)
	}
	cost := 0.0
	for i := range dossiers {
		x := &dossiers[i]
		if x.Story.Site != site {
			continue
		}
		switch story.StateOf(x, name, d.rule(x, name)).Name {
		case story.StateSent, story.StateCorrection:
			r.Sent++
		case story.StateFailed:
			r.Failed++
		case story.StateUncertain:
			r.Uncertain++
		}
		if sent := x.Posts[name].Doc.Sent; sent != nil {
			cost += sent.Cost
		}
	}
	r.Cost = q.money(cost)
	for _, b := range cfg.Budget {
		used := 0
		for _, t := range a.Queue {
			if !t.Taken.IsZero() && now.Sub(t.Taken) < b.In {
				used++
			}
		}
		r.Budget = append(r.Budget, q.words.say("budget_of", "n", q.words.Number(used), "max", q.words.Number(b.Most), "time", q.words.span(b.In)))
	}
	switch {
	case r.Paused != "":
		r.Look = look{"stop", "fail", "paused", "bad"}
	case r.Uncertain > 0:
		r.Look = states[story.StateUncertain]
	case r.Failed > 0:
		r.Look = states[story.StateFailed]
	case r.Rests != "":
		r.Look = look{"clock", "wait", "rests", ""}
	default:
		r.Look = look{"check", "sent", "healthy", "ok"}
	}
	return r, nil
}

// money is an amount of US dollars; empty: nothing.
func (q *request) money(amount float64) string {
	if amount <= 0 {
		return ""
	}
	s := strings.TrimRight(fmt.Sprintf("%.3f", amount), "0")
	if i := strings.IndexByte(s, '.'); len(s)-i < 3 {
		s += strings.Repeat("0", 3-(len(s)-i))
	}
	return "$" + q.words.Decimals(s)
}

// tryTime is how long trying a channel may take.
const tryTime = 15 * time.Second

// channelAct stops one channel, lets it go on, or tries its account, which posts nothing.
func (d *desk) channelAct(q *request) error {
	name := q.PathValue("name")
	cfg, ok := d.Config.Channels[name]
	if !ok {
		return story.ErrNone
	}
	if err := q.may(staff.Stop, cfg.Site); err != nil {
		return err
	}
	if q.FormValue("act") == "test" {
		ctx, cancel := context.WithTimeout(q.Context(), tryTime)
		defer cancel()
		return q.showChannels(label(name, cfg.Kind), channel.Try(ctx, d.channels[name], d.Now))
	}
	why := line(q.FormValue("why"))
	pause := q.FormValue("act") == "pause"
	if pause && why == "" {
		return q.refuse(http.StatusUnprocessableEntity, "stop_reason")
	} else if !pause && q.FormValue("act") != "resume" {
		return q.refuse(http.StatusBadRequest, "bad_form")
	}
	_, _, err := d.Store.UpdateAccount(q.Context(), name, func(a *story.Account) error {
		if pause {
			a.Paused, a.PausedAt, a.PausedBy = why, d.Now().UTC(), q.by
		} else {
			a.Paused, a.PausedAt, a.PausedBy, a.NotBefore, a.Tries = "", time.Time{}, "", time.Time{}, 0
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("pausing or resuming %s: %w", name, err)
	}
	d.Log.Info("channel", "channel", name, "act", q.FormValue("act"), "by", q.by, "why", why)
	return q.see("/channels")
}

// stopView is a site's kill switch, and what pressing it would mean now.
type stopView struct {
	Site, Name string
	Why        string // it is pressed; empty: it is not
	By, When   string
	Channels   []string // that stop
	Waiting    int      // stories with an approval or a schedule, which keep it and wait
	Leaving    []string // posts that are on their way and cannot be called back
	Word       string   // to be typed
	Wrong      bool     // the word was another
	May        bool
}

// stops reads the kill switches of the sites that the person may see.
func (q *request) stops() ([]stopView, error) {
	var out []stopView
	for _, site := range names(q.desk.Config.Sites) {
		if !q.sees(site) {
			continue
		}
		s, err := q.desk.Store.Stop(q.Context(), site)
		if err != nil {
			return nil, err
		}
		out = append(out, stopView{Site: site, Name: q.desk.Config.Sites[site].Name, Why: s.Why, By: s.By, When: q.words.clock(s.At, q.desk.Now(), q.desk.zone(site)), Word: q.words.say("kill_word"), May: q.may(staff.Stop, site) == nil})
	}
	return out, nil
}

// stopPage says beforehand what stopping all posting does, and what it does not.
func (d *desk) stopPage(q *request) error { return q.showStop(http.StatusOK, "") }

func (q *request) showStop(status int, wrong string) error {
	d := q.desk
	views, err := q.stops()
	if err != nil {
		return err
	}
	dossiers, _, err := d.Store.Since(q.Context(), d.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly))
	if err != nil {
		return err
	}
	for i := range views {
		v := &views[i]
		v.Wrong = v.Site == wrong
		for _, name := range d.Config.ChannelsOf(v.Site) {
			v.Channels = append(v.Channels, label(name, d.Config.Channels[name].Kind))
		}
		for j := range dossiers {
			x := &dossiers[j]
			if x.Story.Site != v.Site {
				continue
			}
			waits := false
			for _, name := range d.Config.ChannelsOf(v.Site) {
				switch story.StateOf(x, name, d.rule(x, name)).Name {
				case story.StateApproved, story.StateScheduled, story.StateEmbargo, story.StateAuto:
					waits = true
				}
				if x.Posts[name].Doc.Claim != nil {
					v.Leaving = append(v.Leaving, x.Story.Headline()+" · "+label(name, d.Config.Channels[name].Kind))
				}
			}
			if waits {
				v.Waiting++
			}
		}
	}
	f := q.frame(q.words.say("kill"), "stop", views)
	return q.show(status, "stop", f)
}

// stop presses a site's kill switch, or releases it.
func (d *desk) stop(q *request) error {
	site := q.FormValue("site")
	if _, ok := d.Config.Sites[site]; !ok {
		return q.refuse(http.StatusBadRequest, "bad_form")
	}
	if err := q.may(staff.Stop, site); err != nil {
		return err
	}
	why := line(q.FormValue("why"))
	switch q.FormValue("act") {
	case "stop":
		// the word as the page asks for it, which a keyboard of its language has; and who knows the other types that
		if word := line(q.FormValue("word")); !strings.EqualFold(word, q.words.say("kill_word")) && !strings.EqualFold(word, "STOP") {
			return q.showStop(http.StatusUnprocessableEntity, site)
		}
		if why == "" {
			return q.refuse(http.StatusUnprocessableEntity, "stop_reason")
		}
	case "resume":
		why = ""
	default:
		return q.refuse(http.StatusBadRequest, "bad_form")
	}
	_, _, err := d.Store.UpdateStop(q.Context(), site, func(s *story.Stop) error {
		if s.Why != why {
			s.Why, s.By, s.At = why, q.by, d.Now().UTC()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("stopping or resuming %s: %w", site, err)
	}
	d.Log.Warn("stop", "site", site, "act", q.FormValue("act"), "by", q.by, "why", why)
	return q.see("/stop")
}

// names lists a map's keys in order.
func names[V any](m map[string]V) []string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
