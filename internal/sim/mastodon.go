package sim

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rivo/uniseg"
)

// mastodon is a server with Mastodon's API, as 4.4 answers, or GoToSocial, where that differs: it takes no
// Idempotency-Key, longer texts, each picture on one status only, and says so with 400.
type mastodon struct {
	*Server
	name    string // mastodon or gotosocial
	media   map[string]*mastodonMedia
	handles map[string]mastodonHandle // by account and Idempotency-Key
}

type mastodonMedia struct {
	hash, alt string
	polls     int // still to come before it is ready; below 0: it is broken
	status    string
}

type mastodonHandle struct {
	status string
	until  time.Time
}

const mastodonAlt = 1500 // graphemes

// numbers are the server's limits: of a text, what a link counts in it, how many pictures.
func (m *mastodon) numbers() (text, link, pictures int) {
	if m.name == "gotosocial" {
		return 5000, 25, 6
	}
	return 500, 23, 4
}

func newMastodon(s *Server, name string) *mastodon {
	m := &mastodon{Server: s, name: name, media: map[string]*mastodonMedia{}, handles: map[string]mastodonHandle{}}
	s.on(m, "POST /api/v2/media", Upload, m.authorized(m.upload))
	s.on(m, "GET /api/v1/media/{id}", Poll, m.authorized(m.poll))
	s.on(m, "PUT /api/v1/media/{id}", Edit, m.authorized(m.describe))
	s.on(m, "POST /api/v1/statuses", Publish, m.authorized(m.publish))
	s.on(m, "GET /api/v1/statuses/{id}", Find, m.authorized(m.one))
	s.on(m, "PUT /api/v1/statuses/{id}", Edit, m.authorized(m.edit))
	s.on(m, "DELETE /api/v1/statuses/{id}", Delete, m.authorized(m.delete))
	s.on(m, "GET /api/v1/accounts/verify_credentials", Read, m.authorized(m.whoami))
	s.on(m, "GET /api/v1/accounts/{id}/statuses", Find, m.authorized(m.list))
	s.on(m, "GET /api/v2/instance", Read, m.instance)
	return m
}

func (m *mastodon) kind() string { return m.name }

func mastodonError(status int, message string, header ...string) answer {
	return reply(status, map[string]string{"error": message}, header...)
}

func (m *mastodon) limited(r *request, wait string) answer {
	header := []string{"X-RateLimit-Limit", "300", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", iso(r.now.Add(5 * time.Minute))}
	if m.name == "gotosocial" {
		return mastodonError(http.StatusServiceUnavailable, "Service Unavailable: server overloaded", "Retry-After", wait)
	}
	if wait != "" {
		header = append(header, "Retry-After", wait)
	}
	return mastodonError(http.StatusTooManyRequests, "Too many requests", header...)
}

func (m *mastodon) expired(*request) answer {
	return mastodonError(http.StatusUnauthorized, "The access token is invalid")
}

func (m *mastodon) refused(*request) answer {
	return mastodonError(http.StatusForbidden, "Your login is currently disabled")
}

func iso(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// authorized lets a call with a token through: each token is an account of its own.
func (m *mastodon) authorized(serve func(r *request, account string) answer) func(*request) answer {
	return func(r *request) answer {
		if r.bearer() == "" {
			return mastodonError(http.StatusUnauthorized, "The access token is invalid")
		}
		account := short(r.bearer())[:8]
		left, reset, ok := m.spend(m.name+" "+account, 1, 300, 5*time.Minute, r.now)
		if !ok {
			return m.limited(r, "")
		}
		a := serve(r, account)
		a.header = append(a.header, "X-RateLimit-Limit", "300", "X-RateLimit-Remaining", strconv.Itoa(left), "X-RateLimit-Reset", iso(reset))
		return a
	}
}

func (m *mastodon) upload(r *request, account string) answer {
	if _, _, ok := m.spend(m.name+" media "+account, 1, 30, 30*time.Minute, r.now); !ok {
		return m.limited(r, "")
	}
	fields, files := r.form()
	f, ok := files["file"]
	if !ok {
		return mastodonError(http.StatusUnprocessableEntity, "Validation failed: File can't be blank")
	}
	hash, p, ok := m.keep(f.body)
	switch {
	case !ok:
		return mastodonError(http.StatusUnprocessableEntity, "Validation failed: File content type is invalid, File is invalid")
	case len(f.body) > 16<<20:
		return mastodonError(http.StatusUnprocessableEntity, "Validation failed: File file size must be less than 16 MB")
	case p.width*p.height > 33_177_600:
		return mastodonError(http.StatusUnprocessableEntity, fmt.Sprintf("Validation failed: %d×%d images are not supported", p.width, p.height))
	case uniseg.GraphemeClusterCount(fields.Get("description")) > mastodonAlt:
		return mastodonError(http.StatusUnprocessableEntity, "Validation failed: Description is too long (maximum is 1500 characters)")
	}
	id := strconv.Itoa(22348640 + m.next())
	media := &mastodonMedia{hash: hash, alt: fields.Get("description")}
	m.media[id] = media
	if r.slow != nil {
		media.polls = r.slow.Polls
		return reply(http.StatusAccepted, m.attachment(r, id))
	}
	return reply(http.StatusOK, m.attachment(r, id))
}

// attachment is a media object; without url as long as it is not ready.
func (m *mastodon) attachment(r *request, id string) map[string]any {
	media := m.media[id]
	p := m.pictures[media.hash]
	size := map[string]any{"width": p.width, "height": p.height, "size": fmt.Sprintf("%dx%d", p.width, p.height), "aspect": float64(p.width) / float64(p.height)}
	address := r.base + "/-/pictures/" + media.hash
	out := map[string]any{"id": id, "type": "image", "url": nil, "preview_url": address, "remote_url": nil, "text_url": address, "description": media.alt,
		"meta": map[string]any{"focus": map[string]float64{"x": 0, "y": 0}, "original": size, "small": size}}
	if media.polls == 0 {
		out["url"] = address
	}
	return out
}

func (m *mastodon) poll(r *request, _ string) answer {
	id := r.PathValue("id")
	media := m.media[id]
	switch {
	case media == nil || media.status != "":
		return mastodonError(http.StatusNotFound, "Record not found")
	case media.polls < 0:
		return mastodonError(http.StatusUnprocessableEntity, "Error processing thumbnail for uploaded media")
	case media.polls > 0:
		a := reply(http.StatusPartialContent, m.attachment(r, id))
		media.polls--
		return a
	}
	return reply(http.StatusOK, m.attachment(r, id))
}

func (m *mastodon) describe(r *request, _ string) answer {
	id := r.PathValue("id")
	media := m.media[id]
	if media == nil || media.status != "" {
		return mastodonError(http.StatusNotFound, "Record not found")
	}
	fields, _ := r.form()
	media.alt = fields.Get("description")
	return reply(http.StatusOK, m.attachment(r, id))
}

var (
	mastodonLinks    = regexp.MustCompile(`https?://[^\s<>]+`)
	mastodonMentions = regexp.MustCompile(`(@[A-Za-z0-9_]+)@[A-Za-z0-9.-]+`)
)

// length counts a text as the server does: graphemes, each link the same, of a mention its first name.
func (m *mastodon) length(text string) int {
	n := 0
	_, link, _ := m.numbers()
	rest := mastodonLinks.ReplaceAllStringFunc(text, func(string) string { n += link; return "" })
	return n + uniseg.GraphemeClusterCount(mastodonMentions.ReplaceAllString(rest, "$1"))
}

// check finds what is wrong with the fields of a status.
func (m *mastodon) check(fields url.Values, own string) (media []string, wrong *answer) {
	fail := func(status int, message string) ([]string, *answer) {
		if m.name == "gotosocial" {
			status, message = http.StatusBadRequest, "Bad Request: "+message
		}
		a := mastodonError(status, message)
		return nil, &a
	}
	text := fields.Get("spoiler_text") + fields.Get("status")
	media = fields["media_ids[]"]
	if strings.TrimSpace(text) == "" && len(media) == 0 {
		return fail(http.StatusUnprocessableEntity, "Validation failed: Text can't be blank")
	}
	most, _, pictures := m.numbers()
	if m.length(text) > most {
		return fail(http.StatusUnprocessableEntity, fmt.Sprintf("Validation failed: Text character limit of %d exceeded", most))
	}
	if len(media) > pictures {
		return fail(http.StatusUnprocessableEntity, "Cannot attach more than 4 files")
	}
	for _, id := range media {
		switch a := m.media[id]; {
		case a == nil:
			return fail(http.StatusUnprocessableEntity, "Media not found: "+id)
		case a.polls != 0:
			return fail(http.StatusUnprocessableEntity, "Cannot attach files that have not finished processing. Try again in a moment!")
		case a.status != "" && a.status != own:
			return fail(http.StatusUnprocessableEntity, "media already attached to status: "+id)
		}
	}
	return media, nil
}

func (m *mastodon) publish(r *request, account string) answer {
	fields, _ := r.form()
	key := account + " " + r.Header.Get("Idempotency-Key")
	known := r.Header.Get("Idempotency-Key") != "" && m.name != "gotosocial"
	if h, ok := m.handles[key]; ok && known && r.now.Before(h.until) {
		if p := m.post(m.name, h.status); p != nil {
			return reply(http.StatusOK, m.status(r, p))
		}
	}
	media, wrong := m.check(fields, "")
	if wrong != nil {
		return *wrong
	}
	p := m.add(r, Post{Network: m.name, Account: "@" + account, ID: strconv.Itoa(103254962155200000 + m.next()), ReplyTo: fields.Get("in_reply_to_id")})
	m.fill(p, fields, media)
	if known {
		m.handles[key] = mastodonHandle{p.ID, r.now.Add(time.Hour)}
	}
	return reply(http.StatusOK, m.status(r, p))
}

func (m *mastodon) fill(p *Post, fields url.Values, media []string) {
	p.Text, p.Picture, p.Alt = fields.Get("status"), "", ""
	if fields.Has("language") {
		p.Language = fields.Get("language")
	}
	for _, id := range media {
		m.media[id].status = p.ID
		p.Picture, p.Alt = m.media[id].hash, m.media[id].alt
	}
}

// status is a status object. Its content is HTML in which links are cut into spans, as Mastodon cuts them.
func (m *mastodon) status(r *request, p *Post) map[string]any {
	var content strings.Builder
	at := 0
	for _, l := range mastodonLinks.FindAllStringIndex(p.Text, -1) {
		content.WriteString(html.EscapeString(p.Text[at:l[0]]))
		link := html.EscapeString(p.Text[l[0]:l[1]])
		scheme, rest, _ := strings.Cut(link, "://")
		fmt.Fprintf(&content, `<a href="%s" rel="nofollow noopener" target="_blank"><span class="invisible">%s://</span><span class="ellipsis">%s</span></a>`, link, scheme, rest[:len(rest)/2]+`</span><span class="invisible">`+rest[len(rest)/2:])
		at = l[1]
	}
	content.WriteString(html.EscapeString(p.Text[at:]))
	attachments := []any{}
	for id, a := range m.media {
		if a.status == p.ID {
			attachments = append(attachments, m.attachment(r, id))
		}
	}
	out := map[string]any{
		"id": p.ID, "created_at": iso(p.At), "edited_at": nil, "in_reply_to_id": nil, "sensitive": false, "spoiler_text": "", "visibility": "public", "language": nil,
		"uri": p.URL, "url": p.URL, "content": "<p>" + strings.ReplaceAll(content.String(), "\n", "<br />") + "</p>", "media_attachments": attachments,
		"replies_count": 0, "reblogs_count": 0, "favourites_count": 0, "favourited": false, "reblogged": false, "muted": false, "bookmarked": false, "pinned": false,
		"reblog": nil, "application": map[string]any{"name": "cutline", "website": nil}, "in_reply_to_account_id": nil, "card": nil, "poll": nil,
		"mentions": []any{}, "tags": []any{}, "emojis": []any{}, "text": p.Text, "filtered": []any{}, "account": m.account(r, p.Account[1:]),
	}
	if p.ReplyTo != "" {
		out["in_reply_to_id"] = p.ReplyTo
	}
	if p.Language != "" {
		out["language"] = p.Language
	}
	if !p.Edited.IsZero() {
		out["edited_at"] = iso(p.Edited)
	}
	return out
}

// own finds a status of the account's.
func (m *mastodon) own(r *request, account string) *Post {
	if p := m.post(m.name, r.PathValue("id")); p != nil && p.Account == "@"+account {
		return p
	}
	return nil
}

func (m *mastodon) one(r *request, account string) answer {
	p := m.own(r, account)
	if p == nil {
		return mastodonError(http.StatusNotFound, "Record not found")
	}
	return reply(http.StatusOK, m.status(r, p))
}

func (m *mastodon) edit(r *request, account string) answer {
	p := m.own(r, account)
	if p == nil {
		return mastodonError(http.StatusNotFound, "Record not found")
	}
	fields, _ := r.form()
	media, wrong := m.check(fields, p.ID)
	if wrong != nil {
		return *wrong
	}
	for id, a := range m.media {
		if a.status == p.ID && !slices.Contains(media, id) {
			a.status = "" // what is not named again goes
		}
	}
	for _, changed := range fields["media_attributes[]"] {
		var a struct{ ID, Description string }
		if json.Unmarshal([]byte(changed), &a) == nil && m.media[a.ID] != nil {
			m.media[a.ID].alt = a.Description
		}
	}
	m.fill(p, fields, media)
	p.Edited = r.now
	return reply(http.StatusOK, m.status(r, p))
}

func (m *mastodon) delete(r *request, account string) answer {
	if _, _, ok := m.spend(m.name+" delete "+account, 1, 30, 30*time.Minute, r.now); !ok {
		return m.limited(r, "")
	}
	p := m.own(r, account)
	if p == nil {
		return mastodonError(http.StatusNotFound, "Record not found")
	}
	source := m.status(r, p)
	source["content"] = "" // the text is given back as it was written
	p.Deleted = r.now
	return reply(http.StatusOK, source)
}

func (m *mastodon) account(r *request, name string) map[string]any {
	return map[string]any{"id": name, "username": name, "acct": name, "display_name": "Newsroom", "locked": false, "bot": false, "url": r.base + "/?network=" + m.name}
}

func (m *mastodon) whoami(r *request, name string) answer {
	a := m.account(r, name)
	a["source"] = map[string]any{"privacy": "public", "sensitive": false, "language": "en"}
	return reply(http.StatusOK, a)
}

func (m *mastodon) list(r *request, account string) answer {
	if r.PathValue("id") != account {
		return mastodonError(http.StatusNotFound, "Record not found")
	}
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 || limit > 40 {
		limit = 20
	}
	list := []any{}
	for _, p := range m.of(m.name, "@"+account) {
		if len(list) < limit {
			list = append(list, m.status(r, p))
		}
	}
	return reply(http.StatusOK, list)
}

func (m *mastodon) instance(r *request) answer {
	text, link, pictures := m.numbers()
	version, size := "4.4.0", 16777216
	if m.name == "gotosocial" {
		version, size = "0.20.0", 41943040
	}
	return reply(http.StatusOK, map[string]any{"domain": r.Host, "version": version, "configuration": map[string]any{
		"statuses": map[string]int{"max_characters": text, "max_media_attachments": pictures, "characters_reserved_per_url": link},
		"media_attachments": map[string]any{"supported_mime_types": []string{"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/avif"},
			"description_limit": mastodonAlt, "image_size_limit": size, "image_matrix_limit": 33177600},
	}})
}
