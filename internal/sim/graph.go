package sim

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// graph is what Meta's networks have in common: tokens, errors, usage headers, and containers, which hold a post before
// it is published.
type graph struct {
	*Server
	name       string
	containers map[string]*container
	fetcher    *http.Client
}

type container struct {
	post      Post
	polls     int // still to come until it is ready; below 0: it fails
	made      time.Time
	published bool
}

func newGraph(s *Server, name string) graph {
	return graph{Server: s, name: name, containers: map[string]*container{}, fetcher: &http.Client{Timeout: 5 * time.Second}}
}

func (g *graph) kind() string { return g.name }

func graphError(status, code, subcode int, message string, header ...string) answer {
	e := map[string]any{"message": message, "type": "OAuthException", "code": code, "is_transient": code == 2 || code == 4, "fbtrace_id": "EJplcsCHuLu"}
	if subcode != 0 {
		e["error_subcode"] = subcode
	}
	return reply(status, map[string]any{"error": e}, header...)
}

// limited says how many minutes it will take, if it says anything; wait is in seconds.
func (g *graph) limited(_ *request, wait string) answer {
	header := []string{"X-App-Usage", `{"call_count":100,"total_time":25,"total_cputime":25}`, "facebook-api-version", "v26.0"}
	if s, err := strconv.Atoi(wait); err == nil {
		header = append(header, "X-Business-Use-Case-Usage", fmt.Sprintf(`{"112130216863063":[{"type":"pages","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":%d}]}`, (s+59)/60))
	} else if wait != "" {
		header = append(header, "Retry-After", wait)
	}
	return graphError(http.StatusForbidden, 4, 0, "(#4) Application request limit reached", header...)
}

func (g *graph) expired(*request) answer {
	return graphError(http.StatusBadRequest, 190, 463, "Error validating access token: Session has expired on Sunday, 22-Nov-26 10:00:00 PST. The current time is Monday, 23-Nov-26 12:00:00 PST.")
}

func (g *graph) refused(*request) answer {
	return graphError(http.StatusBadRequest, 368, 1390008, "The action attempted has been deemed abusive or is otherwise disallowed")
}

// authorized lets calls with a token through, wherever they carry it.
func (g *graph) authorized(serve func(*request, url.Values) answer) func(*request) answer {
	return func(r *request) answer {
		fields, _ := r.form()
		if fields.Get("access_token") == "" && r.bearer() == "" {
			return graphError(http.StatusBadRequest, 2500, 0, "An active access token must be used to query information about the current user.")
		}
		a := serve(r, fields)
		a.header = append(a.header, "X-App-Usage", `{"call_count":28,"total_time":25,"total_cputime":25}`, "facebook-api-version", "v26.0")
		return a
	}
}

func (g *graph) id() string { return strconv.Itoa(17889455560000000 + g.next()) }

// gone is what is said of an object that is not there, and of one that the token may not see.
func gone(r *request, id string) answer {
	verb := map[string]string{http.MethodGet: "get", http.MethodPost: "post", http.MethodDelete: "delete"}[r.Method]
	return reply(http.StatusBadRequest, map[string]any{"error": map[string]any{
		"message": fmt.Sprintf("Unsupported %s request. Object with ID '%s' does not exist, cannot be loaded due to missing permissions, or does not support this operation.", verb, id),
		"type":    "GraphMethodException", "code": 100, "error_subcode": 33, "fbtrace_id": "EJplcsCHuLu"}})
}

// fetch gets a picture from its address, as Meta does: at once, without any credential. The simulator goes to this
// machine alone; a picture elsewhere is taken by its address, unseen. Not ok: it could not be fetched.
func (g *graph) fetch(address string) (shown string, p picture, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return "", picture{}, false
	}
	if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return address, picture{typ: "image/jpeg", width: 1200, height: 630}, true
	}
	res, err := g.fetcher.Get(address)
	if err != nil {
		return "", picture{}, false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 20<<20))
	if err != nil || res.StatusCode != http.StatusOK {
		return "", picture{}, false
	}
	return g.keep(body)
}

// hold makes a container for a post that is not published yet.
func (g *graph) hold(r *request, p Post) answer {
	id := g.id()
	c := &container{post: p, polls: 1, made: r.now}
	if r.slow != nil {
		c.polls = r.slow.Polls
	}
	g.containers[id] = c
	return reply(http.StatusOK, map[string]string{"id": id})
}

// state is where a container stands. Asking brings it on.
func (c *container) state(now time.Time) string {
	switch {
	case c.published:
		return "PUBLISHED"
	case now.Sub(c.made) >= 24*time.Hour:
		return "EXPIRED"
	case c.polls < 0:
		return "ERROR"
	case c.polls > 0:
		c.polls--
		return "IN_PROGRESS"
	}
	return "FINISHED"
}

// publish takes a container's post to the timeline, once.
func (g *graph) publish(r *request, account, creation string, limit int) answer {
	c := g.containers[creation]
	if c == nil || c.published {
		return graphError(http.StatusBadRequest, 24, 4279009, "The requested resource does not exist")
	}
	if c.polls != 0 || r.now.Sub(c.made) >= 24*time.Hour {
		return reply(http.StatusBadRequest, map[string]any{"error": map[string]any{"message": "Media ID is not available", "type": "OAuthException", "code": 9007, "error_subcode": 2207027,
			"is_transient": false, "error_user_title": "Cannot publish", "error_user_msg": "The media is not ready to be published. Please wait a moment.", "fbtrace_id": "EJplcsCHuLu"}})
	}
	if _, _, ok := g.spend(g.name+" "+account, 1, limit, 24*time.Hour, r.now); !ok {
		return graphError(http.StatusForbidden, 9, 2207042, "Application request limit reached")
	}
	c.published = true
	p := c.post
	p.ID = g.id()
	return reply(http.StatusOK, map[string]string{"id": g.add(r, p).ID})
}

// quota is how much of the day's posts is used.
func (g *graph) quota(r *request, account string, limit int) map[string]any {
	left, _, _ := g.spend(g.name+" "+account, 0, limit, 24*time.Hour, r.now)
	return map[string]any{"quota_usage": limit - left, "config": map[string]int{"quota_total": limit, "quota_duration": 86400}}
}

// renew gives a new token for one that is good; both are.
func (g *graph) renew(r *request, _ url.Values) answer {
	return reply(http.StatusOK, map[string]any{"access_token": fmt.Sprintf("%s-token-%d", g.name, g.next()), "token_type": "bearer", "expires_in": 5183944})
}

func graphTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05+0000") }
