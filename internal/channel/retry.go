package channel

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// resets is the pairs of headers by which networks tell of their rate limits: how many calls are left, and when there
// are more again. X has three windows: the endpoint's, the user's day and the app's day.
var resets = [][2]string{
	{"RateLimit-Remaining", "RateLimit-Reset"},
	{"X-RateLimit-Remaining", "X-RateLimit-Reset"},
	{"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
	{"X-User-Limit-24hour-Remaining", "X-User-Limit-24hour-Reset"},
	{"X-App-Limit-24hour-Remaining", "X-App-Limit-24hour-Reset"},
}

// usages is the headers in which Meta tells, as JSON, how much of its limits an app has used.
var usages = []string{"X-Business-Use-Case-Usage", "X-App-Usage", "X-Page-Usage"}

// retryAfter reads when a network wants to be asked again. Retry-After counts first: seconds, with a fraction too, or a
// date. Else the latest of the limits that say they are used up: a reset as seconds of Unix time, as seconds from now
// (draft-ietf-httpapi-ratelimit-headers) or as an ISO date; a time to regain access in minutes, as Meta has it. Else
// the latest reset there is. Zero: it did not say.
func retryAfter(h http.Header, now time.Time) time.Time {
	if v := strings.TrimSpace(h.Get("Retry-After")); v != "" {
		if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0 && s < 1e7 {
			return now.Add(time.Duration(s * float64(time.Second)))
		}
		if t, ok := dateIn(v); ok {
			return t
		}
	}
	var used, any time.Time
	for _, names := range resets {
		t, ok := resetIn(h.Get(names[1]), now)
		if !ok {
			continue
		}
		if any = later(any, t); strings.TrimSpace(h.Get(names[0])) == "0" {
			used = later(used, t)
		}
	}
	for _, name := range usages {
		if m := regainIn(h.Get(name)); m > 0 {
			used = later(used, now.Add(time.Duration(m*float64(time.Minute))))
		}
	}
	if used.IsZero() {
		return any
	}
	return used
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func dateIn(v string) (time.Time, bool) {
	if t, err := http.ParseTime(v); err == nil {
		return t, true
	}
	t, err := time.Parse(time.RFC3339, v)
	return t, err == nil
}

// resetIn tells Unix time from seconds from now by size: no window is thirty years long.
func resetIn(v string, now time.Time) (time.Time, bool) {
	v = strings.TrimSpace(v)
	if s, err := strconv.ParseFloat(v, 64); err == nil && s >= 0 && s < 1e11 {
		if s >= 1e9 {
			return time.Unix(int64(s), 0), true
		}
		return now.Add(time.Duration(s * float64(time.Second))), s < 1e7
	}
	return dateIn(v)
}

// regainIn is the longest estimated_time_to_regain_access, in minutes, of a usage header: one object, or lists of them
// by the id of whose usage it is.
func regainIn(v string) float64 {
	type usage struct {
		Regain float64 `json:"estimated_time_to_regain_access"`
	}
	var one usage
	if json.Unmarshal([]byte(v), &one) == nil && one.Regain > 0 {
		return min(one.Regain, 1e4)
	}
	var many map[string][]usage
	if json.Unmarshal([]byte(v), &many) != nil {
		return 0
	}
	longest := 0.0
	for _, list := range many {
		for _, u := range list {
			longest = max(longest, u.Regain)
		}
	}
	return min(longest, 1e4)
}
