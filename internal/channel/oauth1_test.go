package channel

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The vectors are of X's own page and of RFC 5849, section 1.2.
func TestSignaturesAreThePublishedOnes(t *testing.T) {
	var doc struct {
		OAuth1 struct {
			ConsumerSecret string `json:"consumer_secret"`
			TokenSecret    string `json:"token_secret"`
			OAuth          map[string]string
			Vectors        []struct {
				Method, URL, Signature string
				Params                 map[string]string
			}
		}
	}
	readJSON(t, "testdata/answers/x.json", &doc)
	v := doc.OAuth1
	if len(v.Vectors) < 5 {
		t.Fatalf("%d vectors", len(v.Vectors))
	}
	o := oauth1{Key: v.OAuth["oauth_consumer_key"], Secret: v.ConsumerSecret, Token: v.OAuth["oauth_token"], TokenSecret: v.TokenSecret}
	timestamp, err := strconv.ParseInt(v.OAuth["oauth_timestamp"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range v.Vectors {
		u, err := url.Parse(c.URL)
		if err != nil {
			t.Fatal(err)
		}
		q := url.Values{}
		for k, val := range c.Params {
			q.Set(k, val)
		}
		u.RawQuery = q.Encode()
		if got := o.header(c.Method, u, v.OAuth["oauth_nonce"], timestamp); !strings.Contains(got, `oauth_signature="`+percent(c.Signature)+`"`) {
			t.Errorf("%s %s: %s, want %s", c.Method, c.URL, got, c.Signature)
		}
	}
	rfc := oauth1{Key: "dpf43f3p2l4k3l03", Secret: "kd94hf93k423kf44", Token: "nnch734d00sl2jdk", TokenSecret: "pfkkdhi9sl3r4s00"}
	for _, address := range []string{"http://photos.example.net/photos?file=vacation.jpg&size=original", "HTTP://Photos.Example.net:80/photos?size=original&file=vacation.jpg"} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := rfc.signature("get", u, map[string]string{
			"oauth_consumer_key": rfc.Key, "oauth_token": rfc.Token, "oauth_signature_method": "HMAC-SHA1", "oauth_timestamp": "137131202", "oauth_nonce": "chapoH",
		}); got != "MdpQcU8iPSUjWoN/UDMsK2sui9I=" {
			t.Errorf("RFC 5849, %s: %s", address, got)
		}
	}
}

func TestRetryAfterInEveryForm(t *testing.T) {
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	unix := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }
	for _, c := range []struct {
		name    string
		headers []string
		want    time.Time
	}{
		{"nothing", nil, time.Time{}},
		{"seconds", []string{"Retry-After", "35"}, at(35 * time.Second)},
		{"seconds with a fraction", []string{"Retry-After", "0.65"}, at(650 * time.Millisecond)},
		{"a date", []string{"Retry-After", "Thu, 26 Nov 2026 12:05:00 GMT"}, at(5 * time.Minute)},
		{"an ISO date", []string{"Retry-After", "2026-11-26T12:05:00Z"}, at(5 * time.Minute)},
		{"nonsense", []string{"Retry-After", "soon"}, time.Time{}},
		{"below zero", []string{"Retry-After", "-1"}, time.Time{}},
		{"nonsense beside a reset", []string{"Retry-After", "soon", "X-RateLimit-Reset", "2026-11-26T12:05:00.000Z"}, at(5 * time.Minute)},
		{"Bluesky", []string{"RateLimit-Limit", "3000", "RateLimit-Remaining", "0", "RateLimit-Reset", unix(90 * time.Second)}, at(90 * time.Second)},
		{"the draft's seconds", []string{"RateLimit-Remaining", "0", "RateLimit-Reset", "50"}, at(50 * time.Second)},
		{"Mastodon", []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "2026-11-26T12:05:00.123456Z"}, time.Date(2026, 11, 26, 12, 5, 0, 123456000, time.UTC)},
		{"X", []string{"x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(15 * time.Minute)}, at(15 * time.Minute)},
		{"X, the day", []string{"x-rate-limit-remaining", "7", "x-rate-limit-reset", unix(15 * time.Minute), "x-user-limit-24hour-remaining", "0", "x-user-limit-24hour-reset", unix(3 * time.Hour)}, at(3 * time.Hour)},
		{"X, the day is not it", []string{"x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(15 * time.Minute), "x-app-limit-24hour-remaining", "9", "x-app-limit-24hour-reset", unix(3 * time.Hour)}, at(15 * time.Minute)},
		{"Retry-After before a reset", []string{"Retry-After", "5", "x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(time.Hour)}, at(5 * time.Second)},
		{"Meta, by page", []string{"X-Business-Use-Case-Usage", `{"112130216863063":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":19},{"type":"pages","estimated_time_to_regain_access":3}]}`}, at(19 * time.Minute)},
		{"Meta, by app", []string{"X-App-Usage", `{"call_count":100,"total_time":25,"total_cputime":25,"estimated_time_to_regain_access":7}`}, at(7 * time.Minute)},
		{"Meta, nothing used up", []string{"X-App-Usage", `{"call_count":28,"total_time":25,"total_cputime":25}`, "X-Business-Use-Case-Usage", `{"1":[{"type":"pages","call_count":1,"estimated_time_to_regain_access":0}]}`}, time.Time{}},
		{"Meta, no JSON", []string{"X-App-Usage", "busy"}, time.Time{}},
	} {
		h := http.Header{}
		for i := 0; i < len(c.headers); i += 2 {
			h.Set(c.headers[i], c.headers[i+1])
		}
		if got := retryAfter(h, noon); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
