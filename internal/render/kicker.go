package render

import (
	"strings"
	"time"

	"cutline/internal/story"
)

// How long a kicker stands after the story last changed. A story is not live the next morning, and what was updated a
// day ago is what readers know; that a text was corrected is told for a week. Opinion and analysis stay what they are.
var kickerTime = map[string]time.Duration{"live": 6 * time.Hour, "updated": 24 * time.Hour, "corrected": 7 * 24 * time.Hour}

// aYear after which a story shows its year.
const aYear = 365 * 24 * time.Hour

// kicker is the word above the headline: the desk's, else the CMS's, while it holds; until when it does, zero for ever.
func kicker(s *story.Story, e story.Edits, now time.Time) (kick string, until time.Time) {
	a := &s.Article
	kick = strings.ToLower(a.Kicker)
	changed := story.Latest(a.Published, a.Updated)
	if changed.IsZero() {
		changed = s.Received
	}
	switch e.Kicker {
	case "":
	case "none":
		return "", time.Time{}
	default:
		kick, changed = e.Kicker, story.Latest(changed, e.At)
	}
	d, expires := kickerTime[kick]
	if !expires {
		return kick, time.Time{}
	}
	if until = changed.Add(d); !now.Before(until) {
		return "", time.Time{}
	}
	return kick, until
}

// age is the year to show, 0 while the story is younger than one, and then until when it is.
func age(published, now time.Time) (year int, until time.Time) {
	switch {
	case published.IsZero():
		return 0, time.Time{}
	case now.Sub(published) >= aYear:
		return published.Year(), time.Time{}
	}
	return 0, published.Add(aYear)
}

// sooner is the earlier of two times; a zero one is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// names are the tags that stand in the headline: people and places that a line should not part.
func names(headline string, tags []string) []string {
	var out []string
	for _, t := range tags {
		if strings.Contains(t, " ") && strings.Contains(headline, t) {
			out = append(out, t)
		}
	}
	return out
}
