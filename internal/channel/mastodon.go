package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// mastodon posts to a server with Mastodon's API: Mastodon, GoToSocial, Pleroma and Akkoma. The picture is uploaded
// first and its id kept, so that a second try sends the same one, which GoToSocial and newer Mastodons refuse to attach
// twice; the status carries an Idempotency-Key, which Mastodon honours for an hour. The link stands in the text: a
// server shows no link card beside a picture.
type mastodon struct {
	name string
	cfg  config.Channel
	p    Parts
}

const (
	mastodonChars = 500 // a server may allow more; every one allows these
	mastodonURL   = 23  // what a link counts, whatever its length
	mastodonAlt   = 1500
)

func newMastodon(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if c.Server == "" || !c.Secret.Given() {
		return nil, fmt.Errorf("mastodon needs server (\"https://mastodon.example\") and secret (an access token)")
	}
	return &mastodon{name: name, cfg: c, p: p}, nil
}

func (m *mastodon) Capabilities() Capabilities {
	return Capabilities{Find: Shows, Edit: true, Retract: true, Reply: true}
}

func (m *mastodon) Prepare(p Piece) story.Draft {
	d := linked(p, m.cfg, m.name, "og", func(text string) bool { return mastodonLength(text) <= mastodonChars })
	d.Alt = cut(d.Alt, mastodonAlt)
	return d
}

var mentionRE = regexp.MustCompile(`(@[A-Za-z0-9_.-]+)@[A-Za-z0-9.-]+`)

// mastodonLength counts as Mastodon does: graphemes, a link with its scheme 23, of a mention the name without its server.
func mastodonLength(text string) int {
	n, at := 0, 0
	plain := func(part string) int { return graphemes(mentionRE.ReplaceAllString(part, "$1")) }
	for _, l := range links(text, false) {
		if l.from < at {
			continue // within the one before
		}
		n += plain(text[at:l.from]) + mastodonURL
		at = mastodonPath(text, l)
	}
	return n + plain(text[at:])
}

// mastodonPath is where a link ends on Mastodon, whose paths may have letters of any script where X's have Latin and
// Cyrillic ones alone: up to white space, a bracket or a question mark, without the sentence's punctuation.
func mastodonPath(text string, l span) int {
	_, rest, found := strings.Cut(text[l.from:l.to], "://")
	if !found || !strings.Contains(rest, "/") || strings.ContainsAny(rest, "?()") {
		return l.to
	}
	n := strings.IndexFunc(text[l.to:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>()?", r) })
	if n < 0 {
		n = len(text) - l.to
	}
	return l.to + len(strings.TrimRight(text[l.to:l.to+n], `!*"'「」;:=,.$%[]~&|@`))
}

func (m *mastodon) auth(ctx context.Context) (string, error) {
	token, err := m.cfg.Secret.Value(ctx)
	return "Bearer " + token, err
}

func (m *mastodon) Publish(ctx context.Context, c *Call) Outcome {
	token, err := m.auth(ctx)
	if err != nil {
		return Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	id, out := m.media(ctx, token, c)
	if out.End != Posted {
		return out
	}
	body := map[string]any{"status": c.Draft.Text, "language": article.Primary(c.Draft.Language), "visibility": m.cfg.Visibility}
	if m.cfg.Visibility == "" {
		body["visibility"] = "public"
	}
	if id != "" {
		body["media_ids"] = []string{id}
	}
	handle := "cutline/" + c.ID()
	if c.ReplyTo != nil {
		body["in_reply_to_id"] = placed(c.ReplyTo)
		if c.Draft.Part == 0 {
			handle += "/reply/" + c.Draft.Hash()
		}
	}
	req, err := request(ctx, http.MethodPost, m.cfg.Server+"/api/v1/statuses", body, "Authorization", token, "Idempotency-Key", handle)
	if err != nil {
		return Outcome{End: Refused, Why: err.Error()}
	}
	a := exchange(m.p.Client, req)
	if remote, ok := status(a); ok {
		return Outcome{End: Posted, Remote: remote}
	}
	said := mastodonError(a)
	switch {
	case a.Status == http.StatusUnprocessableEntity && strings.Contains(said, "not finished processing"):
		return Outcome{End: Later, Why: said}
	case strings.Contains(said, "already attached"): // the picture is on a status: ours, from an earlier try
		return Outcome{End: Unknown, Why: said}
	}
	return m.failed(a, true)
}

// media uploads the card or takes up an upload that an earlier try began; Posted with an id when it is ready.
func (m *mastodon) media(ctx context.Context, token string, c *Call) (string, Outcome) {
	if c.Draft.Card == "" {
		return "", Outcome{End: Posted}
	}
	id := c.Steps["media"]
	if id == "" {
		card, err := c.Card(ctx)
		if err != nil {
			return "", Outcome{End: Later, Why: remark.Say("card-not-read", err.Error())}
		}
		body, typ, err := form([]part{{Name: "description", Body: []byte(c.Draft.Alt)}, {Name: "file", File: "card.jpg", Type: c.Draft.Type, Body: card}})
		if err != nil {
			return "", Outcome{End: Refused, Why: err.Error()}
		}
		req, err := rawRequest(ctx, http.MethodPost, m.cfg.Server+"/api/v2/media", body, "Content-Type", typ, "Authorization", token)
		if err != nil {
			return "", Outcome{End: Refused, Why: err.Error()}
		}
		a := exchange(m.p.Client, req)
		var ok struct{ ID string }
		if !a.ok(&ok) || ok.ID == "" {
			return "", m.failed(a, false)
		}
		if err := c.Step(ctx, "media", ok.ID); err != nil {
			return "", Outcome{End: Later, Why: err.Error()}
		}
		if id = ok.ID; a.Status == http.StatusOK {
			return id, Outcome{End: Posted}
		}
	}
	req, err := rawRequest(ctx, http.MethodGet, m.cfg.Server+"/api/v1/media/"+url.PathEscape(id), nil, "Authorization", token)
	if err != nil {
		return "", Outcome{End: Refused, Why: err.Error()}
	}
	switch a := exchange(m.p.Client, req); {
	case a.Err == nil && a.Status == http.StatusOK:
		return id, Outcome{End: Posted}
	case a.Err == nil && a.Status == http.StatusPartialContent:
		return "", m.working(ctx, c, id)
	case a.Status == http.StatusNotFound: // attached already, or forgotten: posting tells
		return id, Outcome{End: Posted}
	default:
		return "", m.failed(a, false)
	}
}

// working is the end of a call whose picture the server is still at, which some servers never finish.
func (m *mastodon) working(ctx context.Context, c *Call, id string) Outcome {
	now := m.p.Now()
	out := Outcome{End: Later, Working: true, Why: remark.Say("picture-working", "Mastodon")}
	step, value := "working", fmt.Sprint(id, " ", now.Unix())
	if which, since := noted(c.Steps[step]); which == id {
		if now.Sub(since) < containerPatience {
			return out
		}
		step, value, out = "media", "", Outcome{End: Refused, Why: remark.Say("picture-unfinished", "Mastodon")}
	}
	if err := c.Step(ctx, step, value); err != nil {
		return Outcome{End: Later, Why: err.Error()}
	}
	return out
}

// Find looks through the account's newest statuses for ours. One that shows it is proof; that none does is taken
// for proof only by servers that answer after they have stored, which all of them do for their own accounts.
func (m *mastodon) Find(ctx context.Context, c *Call) Outcome {
	token, err := m.auth(ctx)
	if err != nil {
		return Outcome{End: Later, Why: err.Error()}
	}
	get := func(path string, v any) (answer, error) {
		req, err := rawRequest(ctx, http.MethodGet, m.cfg.Server+path, nil, "Authorization", token)
		if err != nil {
			return answer{}, err
		}
		a := exchange(m.p.Client, req)
		if !a.ok(v) {
			out := m.failed(a, false)
			return a, fmt.Errorf("%s", out.Why)
		}
		return a, nil
	}
	var me struct{ ID string }
	if _, err := get("/api/v1/accounts/verify_credentials", &me); err != nil {
		return Outcome{End: Later, Why: err.Error()}
	}
	var list []struct {
		ID, URL, Content string
		ReplyTo          string `json:"in_reply_to_id"`
		CreatedAt        string `json:"created_at"`
	}
	if _, err := get("/api/v1/accounts/"+url.PathEscape(me.ID)+"/statuses?limit=40&exclude_reblogs=1", &list); err != nil {
		return Outcome{End: Later, Why: err.Error()}
	}
	for _, s := range list {
		if c.isOurs(s.Content, s.ReplyTo) { // one taken down earlier is not listed any more
			return Outcome{End: Posted, Remote: story.Remote{ID: s.ID, URL: s.URL}}
		}
	}
	return Outcome{End: Absent}
}

func (m *mastodon) Edit(ctx context.Context, c *Call) Outcome {
	token, err := m.auth(ctx)
	if err != nil {
		return Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	body := map[string]any{"status": c.Draft.Text, "language": article.Primary(c.Draft.Language)}
	id, out := m.media(ctx, token, c)
	if out.End != Posted {
		return out
	}
	if id != "" {
		body["media_ids"] = []string{id}
	}
	req, err := request(ctx, http.MethodPut, m.cfg.Server+"/api/v1/statuses/"+url.PathEscape(placed(&c.Remote)), body, "Authorization", token)
	if err != nil {
		return Outcome{End: Refused, Why: err.Error()}
	}
	a := exchange(m.p.Client, req)
	if remote, ok := status(a); ok {
		return Outcome{End: Posted, Remote: remote}
	}
	if a.Err == nil && a.Status == http.StatusNotFound {
		return Outcome{End: Gone, Why: remark.Say("post-gone")}
	}
	return m.failed(a, true)
}

func (m *mastodon) Retract(ctx context.Context, c *Call) Outcome {
	token, err := m.auth(ctx)
	if err != nil {
		return Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	req, err := rawRequest(ctx, http.MethodDelete, m.cfg.Server+"/api/v1/statuses/"+url.PathEscape(placed(&c.Remote)), nil, "Authorization", token)
	if err != nil {
		return Outcome{End: Refused, Why: err.Error()}
	}
	a := exchange(m.p.Client, req)
	if a.Err == nil && (a.Status == http.StatusOK || a.Status == http.StatusNotFound) {
		return Outcome{End: Posted, Remote: c.Remote}
	}
	return m.failed(a, false)
}

// placed is a post's id. Of one that the desk found, its address ends with it.
func placed(r *story.Remote) string {
	if !strings.Contains(r.ID, "://") {
		return r.ID
	}
	address, _, _ := strings.Cut(r.ID, "?")
	return path.Base(address)
}

// status reads a status out of an answer: only one with an id is a success.
func status(a answer) (story.Remote, bool) {
	var s struct{ ID, URL string }
	if !a.ok(&s) || s.ID == "" {
		return story.Remote{}, false
	}
	return story.Remote{ID: s.ID, URL: s.URL}, true
}

// failed is what an answer means that is no success. 403 is about the account or its token, never about one status.
func (m *mastodon) failed(a answer, publishing bool) Outcome {
	out := a.outcome(publishing, mastodonError(a), m.p.Now())
	if out.End == Refused && a.Status == http.StatusForbidden {
		out.Pause = true
	}
	return out
}

func mastodonError(a answer) string {
	var e struct{ Error string }
	if json.Unmarshal(a.Body, &e) != nil {
		return ""
	}
	return e.Error
}
