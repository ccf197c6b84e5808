package config

import (
	"strings"
	"testing"
	"time"
)

const paced = `sites:
  en: {name: N, language: en, url: "https://news.example", zone: Europe/Berlin, spacing: 10m, quiet: ["23:00-06:00", "12:00-12:30"]}
channels:
  masto: {kind: mastodon, site: en, server: "https://m.example", secret: "env:X", budget: ["25/1h", "50/24h"]}
  quick: {kind: mastodon, site: en, server: "https://m.example", secret: "env:X", spacing: -1s, quiet: none}
  feed: {kind: feed, site: en}
`

func TestPaceOfAChannel(t *testing.T) {
	c, err := Parse("cutline.yaml", []byte(paced), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := c.PaceOf("masto"); p.Spacing != 10*time.Minute || len(p.Quiet) != 2 || len(p.Budgets) != 2 || p.Budgets[0] != (Budget{25, time.Hour}) || p.Zone.String() != "Europe/Berlin" || p.Free() {
		t.Errorf("masto: %+v", p)
	}
	quick := c.PaceOf("quick")
	if _, quiet := quick.Quiet[0].End(time.Date(2026, 11, 26, 23, 30, 0, 0, time.UTC)); quick.Spacing != 0 || quiet {
		t.Errorf("quick: %+v", quick)
	}
	if p := c.PaceOf("feed"); !p.Free() {
		t.Errorf("a feed keeps the site's pace: %+v", p)
	}
}

func TestQuietHoursEndByTheClockOnTheWall(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night := Hours{From: 23 * time.Hour, To: 6 * time.Hour}
	for _, c := range []struct{ at, end string }{
		{"2026-11-26 22:59", ""},
		{"2026-11-26 23:00", "2026-11-27 06:00"},
		{"2026-11-27 05:59", "2026-11-27 06:00"},
		{"2026-11-27 06:00", ""},
		{"2026-10-24 23:30", "2026-10-25 06:00"}, // the clocks go back: eight hours
		{"2027-03-27 23:30", "2027-03-28 06:00"}, // and forward: six
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", c.at, berlin)
		if err != nil {
			t.Fatal(err)
		}
		end, quiet := night.End(at)
		if quiet != (c.end != "") || quiet && end.Format("2006-01-02 15:04") != c.end {
			t.Errorf("%s: have %v, %v, want %q", c.at, end, quiet, c.end)
		}
	}
}

func TestPaceThatCannotBeReadIsRefused(t *testing.T) {
	for what, says := range map[string]string{
		`quiet: ["23-06"]`:             `line 2: sites.en.quiet[0]: want hours as "23:00-06:00"`,
		`quiet: ["23:00-23:00"]`:       "sites.en.quiet[0]",
		`spacing: often`:               "sites.en.spacing: want a duration",
		`hashtags: {Kurdistan: "a b"}`: "sites.en.hashtags.Kurdistan: want a hashtag",
		`hashtags: {Year: "2026"}`:     "with at least one letter",
		`utm: "utm_source={chanel}"`:   `did you mean "{channel}"`,
	} {
		_, err := Parse("cutline.yaml", []byte("sites:\n  en: {name: N, language: en, url: \"https://news.example\", "+what+"}\n"), nil)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: have %v", what, err)
		}
	}
	for what, says := range map[string]string{
		`budget: "25 an hour"`: `channels.log.budget[0]: want a number of posts`,
		`budget: "0/1h"`:       "channels.log.budget[0]",
		`budget: "5/100h"`:     "at most 48h",
		`page: maybe`:          `channels.log.page: "maybe" is not known`,
		`rewrite: true`:        "channels.log.rewrite: which model?",
		`corrections: silent`:  `channels.log.corrections: "silent" is not known`,
	} {
		_, err := Parse("cutline.yaml", []byte("sites:\n  en: {name: N, language: en, url: \"https://news.example\"}\nchannels:\n  log: {kind: log, site: en, "+what+"}\n"), nil)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: have %v", what, err)
		}
	}
}
