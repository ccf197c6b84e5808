package article

import (
	"testing"
	"time"
)

// A moment that is told without a doubt is read; whatever may be another holds the story.
func TestEmbargoIsReadWhereThereIsNoDoubt(t *testing.T) {
	const six = "2026-11-27T03:00:00Z" // 06:00 in Baghdad
	for _, c := range []struct{ embargo, zone, want string }{
		{"", "", ""},
		{"2026-11-27T06:00:00+03:00", "", six},
		{"2026-11-27T06:00+03:00", "", six},
		{"2026-11-27 06:00 +0300", "", six},
		{"2026-11-27T03:00:00.000Z", "", six},
		{"20261127T060000+0300", "", six},
		{"Fri, 27 Nov 2026 06:00:00 +0300", "", six},
		{"1795748400", "", six},
		{" 1795748400000 ", "", six},
		{"2026-11-27 06:00 Asia/Baghdad", "", six},
		{"2026-11-27 06:00:00 Europe/Istanbul", "", six},
		{"2026-11-27T06:00[Asia/Baghdad]", "", six},
		{"2026-11-27T06:00:00+03:00[Asia/Baghdad]", "", six},
		{"2026-11-27T03:00:00Z[Asia/Baghdad]", "", six},
		{"2026-11-27 03:00 UTC", "", six},
		{"2026-11-27 06:00 UTC+3", "", six},
		{"2026-11-27 06:00 GMT+03:00", "", six},
		{"2026-11-26 22:00 America/Argentina/Buenos_Aires", "", "2026-11-27T01:00:00Z"},
		{"2026-11-27 06:00", "Asia/Baghdad", six},
		{"2026-11-27T06:00:00", "Asia/Baghdad", six},
		{"2026-11-27T03:00:00Z", "Asia/Baghdad", six},
		{"2026-11-27 06:00 Europe/Istanbul", "Asia/Tehran", six},
		{"2026-03-29 01:59 Europe/Berlin", "", "2026-03-29T00:59:00Z"},
		{"2026-10-25 03:00 Europe/Berlin", "", "2026-10-25T02:00:00Z"},

		{"2026-11-27T06:00:00", "", "?"},
		{"2026-11-27 06:00", "", "?"},
		{"2026-11-27 06:00", "+3", "?"},
		{"2026-11-27 06:00", "EST", "?"},
		{"2026-11-27 06:00 IST", "", "?"},
		{"2026-11-27 06:00 Asia/Bagdad", "", "?"},
		{"2026-11-27 06:00", "../etc/passwd", "?"},
		{"2026-11-27T06:00:00+02:00[Asia/Baghdad]", "", "?"}, // they contradict each other
		{"2026-03-29 02:30 Europe/Berlin", "", "?"},          // no clock shows it
		{"2026-10-25 02:30 Europe/Berlin", "", "?"},          // all show it twice
		{"2026-11-27 Asia/Baghdad", "", "?"},
		{"2026-11-27", "Asia/Baghdad", "?"},
		{"27/11/2026 06:00", "Asia/Baghdad", "?"},
		{"20261127060000", "", "?"},
		{"179574840", "", "?"},
		{"17957484000", "", "?"},
		{"0000000001", "", "?"},
		{"9999999999999", "", "?"},
		{"2026-11-27 06:00 UTC+19", "", "?"},
		{"tomorrow", "", "?"},
		{"2226-11-27T06:00:00Z", "", "?"},
	} {
		a := Article{}
		SetEmbargoIn(&a, c.embargo, c.zone)
		got := ""
		if !a.Embargo.IsZero() {
			got = a.Embargo.UTC().Format(time.RFC3339)
		} else if a.Doubt != "" {
			got = "?"
		}
		if got != c.want || got != "?" && a.Doubt != "" {
			t.Errorf("%q in %q: %s %q, want %s", c.embargo, c.zone, got, a.Doubt, c.want)
		}
	}
}
