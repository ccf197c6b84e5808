package article

import (
	"strconv"
	"strings"
	"time"

	"cutline/internal/remark"
	"cutline/internal/zone"
)

// SetEmbargo reads an embargo, which is a moment: RFC 3339, with seconds or without, with a blank for the T or without; a
// time of day with the name of its zone ("2026-11-27 06:00 Asia/Baghdad", or as RFC 9557 has it), or with UTC or GMT and a
// distance from it; seconds (10 digits) or milliseconds (13 digits) since 1970. What cannot be read, has no zone, is a
// time that clocks there show twice or never, or is of no year that can be meant leaves a doubt, which holds the story for
// the desk: better late than early.
func SetEmbargo(a *Article, s string) { SetEmbargoIn(a, s, "") }

// SetEmbargoIn is SetEmbargo, of a time whose zone's name the CMS keeps beside it. A zone in the time itself goes before.
func SetEmbargoIn(a *Article, s, zone string) {
	if s = strings.TrimSpace(s); s == "" {
		return
	}
	if t, ok := momentOf(s, strings.TrimSpace(zone)); ok && t.Year() >= 2000 && t.Year() < 2200 {
		a.Embargo = t
		return
	}
	a.Doubt = remark.Say("embargo-unreadable", strconv.Quote(cut(s, 60)))
}

var (
	epoch      = compiled(`^(?:\d{10}|\d{13})$`)
	annotated  = compiled(`^(.*?)\s*\[!?([^\[\]]+)\]$`)                       // RFC 9557: 2026-11-27T06:00:00+03:00[Asia/Baghdad]
	zoned      = compiled(`^(.*\d)\s+([A-Za-z]+(?:/[A-Za-z_+-]+)+|UTC|GMT)$`) // with the zone's name behind it
	fromUTC    = compiled(`^(.*\d)\s*(?:UTC|GMT)\s?([+-])(\d{1,2})(?::?(\d\d))?$`)
	zoneLayout = []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04 Z07:00",
		"2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z0700", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04Z0700", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04 Z0700", "20060102T150405Z0700", time.RFC1123Z}
	wallLayout = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}
)

// momentOf is the one moment that a text means; false if it may mean none, or another.
func momentOf(s, beside string) (time.Time, bool) {
	if epoch.MatchString(s) {
		n, err := strconv.ParseInt(s, 10, 64)
		if len(s) == 13 {
			return time.UnixMilli(n).UTC(), err == nil
		}
		return time.Unix(n, 0).UTC(), err == nil
	}
	if t, ok := parsed(s, zoneLayout); ok {
		return t, true
	}
	if m := annotated.FindStringSubmatch(s); m != nil {
		loc, ok := zoneOf(m[2])
		if !ok {
			return time.Time{}, false
		}
		if t, ok := parsed(m[1], zoneLayout); ok { // both are there: they must agree
			_, have := t.Zone()
			_, want := t.In(loc).Zone()
			return t, have == want || strings.HasSuffix(m[1], "Z")
		}
		return wall(m[1], loc)
	}
	if m := fromUTC.FindStringSubmatch(s); m != nil {
		hours, _ := strconv.Atoi(m[3]) // digits, as the pattern has them; none are no minutes
		minutes, _ := strconv.Atoi(m[4])
		distance := hours*3600 + minutes*60
		if m[2] == "-" {
			distance = -distance
		}
		if hours > 14 || minutes > 59 {
			return time.Time{}, false
		}
		return wall(m[1], time.FixedZone("", distance))
	}
	if m := zoned.FindStringSubmatch(s); m != nil {
		s, beside = m[1], m[2]
	}
	loc, ok := zoneOf(beside)
	if !ok {
		return time.Time{}, false
	}
	return wall(s, loc)
}

// zoneOf is a zone by its name in the IANA's list. A short one as EST or IST means several, and is none.
func zoneOf(name string) (*time.Location, bool) {
	if name == "UTC" || name == "GMT" {
		return time.UTC, true
	}
	if !strings.Contains(name, "/") || len(name) > 40 {
		return nil, false
	}
	loc, err := zone.Load(name)
	return loc, err == nil
}

// wall is the moment at which the clocks of a zone show a time; false if they never do, or twice.
func wall(s string, loc *time.Location) (time.Time, bool) {
	shown, ok := parsed(strings.TrimSpace(s), wallLayout)
	if !ok {
		return time.Time{}, false
	}
	found := map[int64]bool{}
	for _, at := range []time.Time{shown.AddDate(0, 0, -1), shown.AddDate(0, 0, 1)} { // clocks change once between them at most
		_, distance := at.In(loc).Zone()
		t := shown.Add(-time.Duration(distance) * time.Second)
		if _, then := t.In(loc).Zone(); then == distance {
			found[t.Unix()] = true
		}
	}
	for unix := range found {
		return time.Unix(unix, 0).In(loc), len(found) == 1
	}
	return time.Time{}, false
}

// parsed reads a time by the first layout that fits. One without a zone is UTC's.
func parsed(s string, layouts []string) (time.Time, bool) {
	for _, l := range layouts {
		if t, err := time.ParseInLocation(l, s, time.UTC); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
