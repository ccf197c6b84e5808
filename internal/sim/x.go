package sim

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// x is X's API v2 for one user, whatever token is shown: media, posts, the user's own timeline, tokens that are renewed.
type x struct {
	*Server
	media    map[string]*xMedia
	refresh  string              // the refresh token that is good; empty: any, the first time
	before   map[string][]string // a post's number → those it had before it was edited
	uploaded map[string]*xPieces // uploads in pieces that have begun
}

const xUser = "1700000000000000001"

func newX(s *Server) *x {
	n := &x{Server: s, media: map[string]*xMedia{}, uploaded: map[string]*xPieces{}, before: map[string][]string{}}
	s.on(n, "POST /2/oauth2/token", SignIn, n.renew)
	s.on(n, "GET /2/users/me", Read, n.authorized(n.whoami))
	s.on(n, "POST /2/media/upload", Upload, n.authorized(n.upload))
	s.on(n, "POST /2/media/upload/initialize", Upload, n.authorized(n.begin))
	s.on(n, "POST /2/media/upload/{id}/append", Upload, n.authorized(n.more))
	s.on(n, "POST /2/media/upload/{id}/finalize", Upload, n.authorized(n.finish))
	s.on(n, "GET /2/media/upload", Poll, n.authorized(n.poll))
	s.on(n, "POST /2/media/metadata", Upload, n.authorized(n.describe))
	s.onBody(n, "POST /2/tweets", func(r *request) Op {
		var in xPost
		if r.json(&in) && in.Edit.Previous != "" {
			return Edit
		}
		return Publish
	}, n.authorized(n.publish))
	s.on(n, "GET /2/tweets/{id}", Find, n.authorized(n.one))
	s.on(n, "GET /2/users/{id}/tweets", Find, n.authorized(n.list))
	s.on(n, "DELETE /2/tweets/{id}", Delete, n.authorized(n.delete))
	return n
}

func (n *x) kind() string { return "x" }

func xError(status int, title, detail, problem string, header ...string) answer {
	if problem == "" {
		problem = "about:blank"
	} else {
		problem = "https://api.x.com/2/problems/" + problem
	}
	return reply(status, map[string]any{"title": title, "detail": detail, "type": problem, "status": status}, header...)
}

func (n *x) limited(r *request, wait string) answer {
	header := []string{"x-rate-limit-limit", "100", "x-rate-limit-remaining", "0", "x-rate-limit-reset", strconv.FormatInt(r.now.Add(15*time.Minute).Unix(), 10)}
	if wait != "" {
		header = append(header, "Retry-After", wait)
	}
	return xError(http.StatusTooManyRequests, "Too Many Requests", "Too Many Requests", "", header...)
}

func (n *x) expired(*request) answer {
	return xError(http.StatusUnauthorized, "Unauthorized", "Unauthorized", "")
}

func (n *x) refused(*request) answer {
	return xError(http.StatusForbidden, "Forbidden", "Your account is suspended and is not permitted to access this feature.", "")
}

var xSignature = regexp.MustCompile(`oauth_(consumer_key|token|signature|signature_method|timestamp|nonce)="[^"]+"`)

// authorized lets calls through that are signed by OAuth 1.0a, whose signature it cannot check, or bear a token.
func (n *x) authorized(serve func(*request) answer) func(*request) answer {
	return func(r *request) answer {
		signed := strings.HasPrefix(r.Header.Get("Authorization"), "OAuth ")
		if signed && len(xSignature.FindAllString(r.Header.Get("Authorization"), -1)) < 6 || !signed && r.bearer() == "" {
			return n.expired(r)
		}
		limit := 500
		if r.Method == http.MethodPost && r.URL.Path == "/x/2/tweets" {
			limit = 100
		} else if r.Method == http.MethodDelete {
			limit = 50
		}
		left, reset, ok := n.spend("x "+r.Method, 1, limit, 15*time.Minute, r.now)
		if !ok {
			return n.limited(r, "")
		}
		a := serve(r)
		a.header = append(a.header, "x-rate-limit-limit", strconv.Itoa(limit), "x-rate-limit-remaining", strconv.Itoa(left), "x-rate-limit-reset", strconv.FormatInt(reset.Unix(), 10))
		return a
	}
}

// renew gives a new pair for a refresh token, each of which is good once.
func (n *x) renew(r *request) answer {
	fields, _ := r.form()
	token := fields.Get("refresh_token")
	if fields.Get("grant_type") != "refresh_token" || token == "" || n.refresh != "" && token != n.refresh {
		return reply(http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": "Value passed for the token was invalid."})
	}
	id := n.next()
	n.refresh = fmt.Sprintf("x-refresh-%d", id)
	return reply(http.StatusOK, map[string]any{"token_type": "bearer", "expires_in": 7200, "access_token": fmt.Sprintf("x-access-%d", id),
		"scope": "tweet.read tweet.write media.write users.read offline.access", "refresh_token": n.refresh})
}

func (n *x) whoami(*request) answer {
	return reply(http.StatusOK, map[string]any{"data": map[string]string{"id": xUser, "name": "Newsroom", "username": "newsroom"}})
}

func (n *x) id() string { return strconv.Itoa(1880028106020000000 + n.next()) }

func xInvalid(message string) answer {
	return reply(http.StatusBadRequest, map[string]any{"errors": []any{map[string]any{"parameters": map[string]any{"text": []string{"..."}}, "message": message}}, "title": "Invalid Request",
		"detail": "One or more parameters to your request was invalid.", "type": "https://api.x.com/2/problems/invalid-request", "status": 400})
}

// xPost is what a post is made from, or made anew.
type xPost struct {
	Text  string
	Media struct {
		IDs []string `json:"media_ids"`
	}
	Reply struct {
		To string `json:"in_reply_to_tweet_id"`
	}
	Edit struct {
		Previous string `json:"previous_post_id"`
	} `json:"edit_options"`
}

func (n *x) publish(r *request) answer {
	var in xPost
	if !r.json(&in) || in.Text == "" && len(in.Media.IDs) == 0 {
		return xInvalid("text: may not be empty")
	}
	if weigh(in.Text) > 280 {
		return xInvalid("The text exceeds the limit")
	}
	if in.Edit.Previous != "" {
		return n.edit(r, in)
	}
	for _, p := range n.of("x", "@newsroom") {
		if p.Fingerprint == in.Text+in.Reply.To && r.now.Sub(p.At) < 24*time.Hour {
			return xError(http.StatusForbidden, "Forbidden", "You are not allowed to create a Tweet with duplicate content.", "")
		}
	}
	p := Post{Network: "x", Account: "@newsroom", Text: in.Text, ReplyTo: in.Reply.To, Fingerprint: in.Text + in.Reply.To}
	for _, id := range in.Media.IDs {
		m := n.media[id]
		if m == nil || !r.now.Before(m.until) || m.polls != 0 {
			return xInvalid("Your media IDs are invalid.")
		}
		p.Picture, p.Alt = m.hash, m.alt
	}
	if in.Reply.To != "" && n.post("x", in.Reply.To) == nil {
		return xError(http.StatusForbidden, "Forbidden", "You attempted to reply to a Tweet that is deleted or not visible to you.", "")
	}
	if p.Picture == "" {
		p.Link = anyLink.FindString(p.Text)
	}
	p.ID = n.id()
	return n.posted(n.add(r, p))
}

func (n *x) posted(p *Post) answer {
	shown, _ := n.shorten(p.Text)
	return reply(http.StatusCreated, map[string]any{"data": map[string]any{"id": p.ID, "text": shown, "edit_history_tweet_ids": n.history(p)}})
}

// history is all the numbers that a post has had, the first one first.
func (n *x) history(p *Post) []string { return append(slices.Clone(n.before[p.ID]), p.ID) }

// edit puts a post in the place of one that is not an hour old: with a number of its own.
func (n *x) edit(r *request, in xPost) answer {
	p := n.post("x", in.Edit.Previous)
	switch {
	case p == nil:
		return xInvalid("edit_options.previous_post_id is not known")
	case r.now.Sub(p.At) >= time.Hour:
		return xError(http.StatusForbidden, "Forbidden", "You are not permitted to edit this Tweet.", "")
	}
	history := n.history(p)
	p.ID, p.Text, p.Edited, p.Fingerprint = n.id(), in.Text, r.now, in.Text+p.ReplyTo
	n.before[p.ID] = history
	return n.posted(p)
}

// shorten puts t.co links in place of the real ones, and lists them with where they stand, in characters.
func (n *x) shorten(text string) (string, []any) {
	urls := []any{}
	out, at := "", 0
	for _, l := range anyLink.FindAllStringIndex(text, -1) {
		link := text[l[0]:l[1]]
		out += text[at:l[0]]
		start := len([]rune(out))
		t := "https://t.co/" + short(link)[:10]
		out += t
		urls = append(urls, map[string]any{"start": start, "end": start + len(t), "url": t, "expanded_url": link, "display_url": strings.TrimPrefix(link, "https://")})
		at = l[1]
	}
	return out + text[at:], urls
}

func (n *x) tweet(p *Post) map[string]any {
	text, urls := n.shorten(p.Text)
	out := map[string]any{"id": p.ID, "text": text, "created_at": p.At.UTC().Format("2006-01-02T15:04:05.000Z"), "author_id": xUser, "edit_history_tweet_ids": n.history(p)}
	if len(urls) > 0 {
		out["entities"] = map[string]any{"urls": urls}
	}
	if p.ReplyTo != "" {
		out["referenced_tweets"] = []any{map[string]string{"type": "replied_to", "id": p.ReplyTo}}
	}
	return out
}

func (n *x) gone(id string) map[string]any {
	return map[string]any{"title": "Not Found Error", "detail": fmt.Sprintf("Could not find tweet with id: [%s].", id), "type": "https://api.x.com/2/problems/resource-not-found",
		"resource_type": "tweet", "resource_id": id}
}

func (n *x) one(r *request) answer {
	p := n.post("x", r.PathValue("id"))
	if p == nil { // an error inside a 200
		return reply(http.StatusOK, map[string]any{"errors": []any{n.gone(r.PathValue("id"))}})
	}
	return reply(http.StatusOK, map[string]any{"data": n.tweet(p)})
}

func (n *x) list(r *request) answer {
	most, err := strconv.Atoi(r.URL.Query().Get("max_results"))
	if err != nil {
		most = 10
	}
	var data []map[string]any
	for _, p := range n.of("x", "@newsroom") {
		if len(data) < most {
			data = append(data, n.tweet(p))
		}
	}
	meta := map[string]any{"result_count": len(data)}
	if len(data) == 0 {
		return reply(http.StatusOK, map[string]any{"meta": meta})
	}
	meta["newest_id"], meta["oldest_id"] = data[0]["id"], data[len(data)-1]["id"]
	return reply(http.StatusOK, map[string]any{"data": data, "meta": meta})
}

func (n *x) delete(r *request) answer {
	p := n.post("x", r.PathValue("id"))
	if p == nil {
		out := n.gone(r.PathValue("id"))
		out["status"] = 404
		return reply(http.StatusNotFound, out, "Content-Type", "application/problem+json")
	}
	p.Deleted = r.now
	return reply(http.StatusOK, map[string]any{"data": map[string]bool{"deleted": true}})
}
