package channel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
)

// graph calls Meta's Graph API, which Facebook, Instagram and Threads share: parameters in the query or in a form, one
// shape of errors.
type graph struct {
	p      Parts
	base   string        // with the version: "https://graph.facebook.com/v26.0"
	app    config.Secret // proves each call (appsecret_proof), so that a stolen token alone is of no use; may not be given
	tokens *tokens
}

const graphVersion = "v26.0"

// graphAt is the address of a version of the API on a server.
func graphAt(server, otherwise, version string) string {
	if server == "" {
		server = otherwise
	}
	return strings.TrimSuffix(server, "/") + "/" + version
}

// fixed is the account's token as configured, where it never runs out.
func fixed(p Parts, secret config.Secret) *tokens {
	return &tokens{p: p, begin: func(ctx context.Context) (pair, Outcome) {
		token, err := secret.Value(ctx)
		if err != nil {
			return pair{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
		}
		return pair{Access: token}, Outcome{End: Posted}
	}}
}

// longLived is a token of Meta's that lives sixty days and is traded for a new one when it is a day old or more. The one
// that is configured is taken as it is for so long, since nobody says how old it is.
func longLived(name string, c config.Channel, p Parts, address, grant string) *tokens {
	const day = 25 * time.Hour // and an hour for clocks that differ
	t := &tokens{name: name, p: p}
	t.of = func(ctx context.Context) (string, error) {
		secret, err := c.Secret.Value(ctx)
		return fingerprint(address, secret), err
	}
	t.begin = func(ctx context.Context) (pair, Outcome) {
		token, err := c.Secret.Value(ctx)
		if err != nil {
			return pair{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
		}
		return pair{Access: token, Refresh: token, Due: p.Now().Add(day), Until: p.Now().Add(60 * 24 * time.Hour)}, Outcome{End: Posted}
	}
	t.renew = func(ctx context.Context, old pair) (pair, Outcome) {
		q := url.Values{"grant_type": {grant}, "access_token": {old.Access}}
		req, err := rawRequest(ctx, http.MethodGet, address+"?"+q.Encode(), nil)
		if err != nil {
			return pair{}, Outcome{End: Refused, Why: remark.Say("token-makes-no-address")}
		}
		a := exchange(p.Client, req)
		fresh, out := granted(a, old, p.Now())
		if out.End != Posted {
			if e := readGraphError(a); e.Code != 0 {
				out.Why = e.said()
			}
			return pair{}, out
		}
		fresh.Refresh, fresh.Due = fresh.Access, p.Now().Add(7*day)
		return fresh, out
	}
	return t
}

// call makes one call. A token that is not accepted is renewed once, where it can be.
func (g *graph) call(ctx context.Context, method, path string, params url.Values, files ...part) (answer, Outcome) {
	app := ""
	if g.app.Given() {
		var err error
		if app, err = g.app.Value(ctx); err != nil {
			return answer{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
		}
	}
	return g.tokens.send(ctx, func(s pair) (*http.Request, error) {
		q := maps.Clone(params)
		if q == nil {
			q = url.Values{}
		}
		q.Set("access_token", s.Access)
		if app != "" {
			mac := hmac.New(sha256.New, []byte(app))
			mac.Write([]byte(s.Access))
			q.Set("appsecret_proof", hex.EncodeToString(mac.Sum(nil)))
		}
		if method != http.MethodPost {
			return rawRequest(ctx, method, g.base+path+"?"+q.Encode(), nil)
		}
		if len(files) == 0 {
			return rawRequest(ctx, method, g.base+path, strings.NewReader(q.Encode()), "Content-Type", "application/x-www-form-urlencoded")
		}
		var parts []part
		for _, k := range slices.Sorted(maps.Keys(q)) {
			parts = append(parts, field(k, q.Get(k)))
		}
		body, typ, err := form(append(parts, files...))
		if err != nil {
			return nil, err
		}
		return rawRequest(ctx, method, g.base+path, body, "Content-Type", typ)
	}, func(a answer) bool { return readGraphError(a).Code == 190 })
}

// get reads something into v; anything but Posted says why that is not possible.
func (g *graph) get(ctx context.Context, path string, params url.Values, v any) Outcome {
	a, out := g.call(ctx, http.MethodGet, path, params)
	if out.End != Posted || a.ok(v) {
		return out
	}
	return g.failed(a, false)
}

// graphError is what Meta answers that could not do as asked.
type graphError struct {
	Message   string
	Type      string
	Code      int
	Subcode   int    `json:"error_subcode"`
	Transient bool   `json:"is_transient"`
	Title     string `json:"error_user_title"`
	Detail    string `json:"error_user_msg"`
}

// readGraphError reads it; Code 0: the answer has none.
func readGraphError(a answer) graphError {
	var e struct{ Error graphError }
	if json.Unmarshal(a.Body, &e) != nil {
		return graphError{}
	}
	return e.Error
}

func (e *graphError) said() string {
	said := strings.TrimSpace(strings.Join([]string{e.Message, e.Title, e.Detail}, " "))
	if e.Subcode != 0 {
		return fmt.Sprintf("%s (code %d, subcode %d)", said, e.Code, e.Subcode)
	}
	return fmt.Sprintf("%s (code %d)", said, e.Code)
}

// The subcodes of publishing containers ("Error Codes" of Instagram's Content Publishing) that decide, whatever the code
// beside them. One that is not here is judged by its code.
const (
	subServer     = 2207001 // Instagram's own trouble
	subSlowFetch  = 2207003 // the picture took too long to fetch
	subSize       = 2207004 // this and the next ones: the picture or the text cannot be taken
	subFormat     = 2207005
	subGone       = 2207006 // the container is not there; another one is to be made
	subTemporary  = 2207008 // publishing failed for a moment
	subAspect     = 2207009
	subTooLong    = 2207010
	subExpired    = 2207020 // the container is a day old; another one is to be made
	subType       = 2207023
	subNotReady   = 2207027
	subNotMade    = 2207032 // the container could not be made; once more
	subTags       = 2207040 // too many
	subDailyCap   = 2207042
	subRestricted = 2207050
	subSpam       = 2207051 // what the account does looks like spam
	subFetch      = 2207052 // the picture could not be fetched
	subUpload     = 2207053 // the picture could not be taken; once more
	subScrape     = 1609005 // Facebook cannot read the link's page; also seen as a code
)

// failed is what an error of Meta's means: first by the subcode, then by the code, else by the status.
func (g *graph) failed(a answer, publishing bool) Outcome {
	e := readGraphError(a)
	if e.Code == 0 {
		return a.outcome(publishing, "", g.p.Now())
	}
	why, now := e.said(), g.p.Now()
	refused := Outcome{End: Refused, Why: why}
	pause := func(why string) Outcome { return Outcome{End: Refused, Pause: true, Why: why} }
	wait := Outcome{End: Later, Until: retryAfter(a.Header, now), Why: why}
	rest := wait
	rest.Rest = true
	switch e.Subcode {
	case subTooLong, subFormat, subSize, subAspect, subType, subTags:
		return refused
	case subRestricted, subSpam:
		return pause(remark.Say("account-restricted", why))
	case subFetch, subSlowFetch, subGone, subExpired, subNotReady, subNotMade, subUpload, subScrape:
		return wait
	case subServer, subTemporary:
		if publishing {
			return Outcome{End: Unknown, Why: why}
		}
		return wait
	case subDailyCap:
		rest.Until = later(rest.Until, now.Add(time.Hour))
		return rest
	}
	switch c := e.Code; {
	case c == 190 || c == 102:
		return pause(remark.Say("token-refused", why))
	case c == 10 || c >= 200 && c <= 299:
		return pause(remark.Say("permission-missing", why))
	case c == 368:
		return pause(remark.Say("account-blocked", why))
	case c == 4, c == 9, c == 17, c == 32, c == 341, c == 613, c >= 80000 && c <= 80014:
		return rest
	case c == subScrape:
		return wait
	case c == 506: // the same text as the post before, which is then probably ours
		return Outcome{End: Unknown, Why: why}
	case c == 1, c == 2, e.Transient:
		if publishing {
			return Outcome{End: Unknown, Why: why}
		}
		return rest
	case a.Status >= 400 && a.Status < 500 && a.Status != http.StatusTooManyRequests:
		return refused
	}
	return a.outcome(publishing, why, now)
}

// stampOf reads Meta's times, "2026-11-23T20:00:00+0000".
func stampOf(s string) time.Time {
	t, err := time.Parse("2006-01-02T15:04:05-0700", s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// gone reads a failure to change a post: whether there is no such post. Meta says that in the same words to one who may
// not touch it, so the post is asked for, and then whether the token is good at all.
func (g *graph) gone(ctx context.Context, a answer, id string) (bool, Outcome) {
	missing := func(a answer) bool { e := readGraphError(a); return e.Code == 100 && e.Subcode == 33 }
	if !missing(a) {
		return false, g.failed(a, false)
	}
	b, out := g.call(ctx, http.MethodGet, "/"+id, url.Values{"fields": {"id"}})
	var ok struct{ ID string }
	switch {
	case out.End != Posted:
		return false, asked(out)
	case b.ok(&ok) && ok.ID != "": // it is there, so what is missing is the permission
		return false, Outcome{End: Refused, Why: (&graphError{Message: readGraphError(a).Message, Code: 100, Subcode: 33}).said()}
	case !missing(b):
		return false, asked(g.failed(b, false))
	}
	if out := g.get(ctx, "/me", url.Values{"fields": {"id"}}, &ok); out.End != Posted {
		return false, asked(out)
	}
	return true, Outcome{End: Gone, Why: remark.Say("post-gone")}
}
