package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// discord is Discord's webhooks, API v10: messages with files, edits and deletions by whoever knows the webhook's token.
type discord struct{ *Server }

func newDiscord(s *Server) *discord {
	d := &discord{s}
	const hook = "/api/webhooks/{id}/{token}"
	s.on(d, "POST "+hook, Publish, d.limits(d.send))
	s.on(d, "GET "+hook, Read, d.limits(d.info))
	s.on(d, "GET "+hook+"/messages/{message}", Find, d.limits(d.one))
	s.on(d, "PATCH "+hook+"/messages/{message}", Edit, d.limits(d.edit))
	s.on(d, "DELETE "+hook+"/messages/{message}", Delete, d.limits(d.delete))
	return d
}

func (d *discord) kind() string { return "discord" }

func discordError(status, code int, message string) answer {
	return reply(status, map[string]any{"message": message, "code": code})
}

func (d *discord) limited(r *request, wait string) answer {
	if wait == "" { // the wall before Discord, which says no more
		return reply(http.StatusTooManyRequests, "error code: 1015")
	}
	s, err := strconv.ParseFloat(wait, 64)
	if err != nil {
		return reply(http.StatusTooManyRequests, map[string]any{"message": "You are being rate limited.", "global": false}, "Retry-After", wait)
	}
	return reply(http.StatusTooManyRequests, map[string]any{"message": "You are being rate limited.", "retry_after": s, "global": false}, "Retry-After", wait,
		"X-RateLimit-Limit", "5", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", fmt.Sprintf("%.3f", float64(r.now.UnixMilli())/1000+s), "X-RateLimit-Reset-After", wait,
		"X-RateLimit-Bucket", "abcd1234", "X-RateLimit-Scope", "user")
}

func (d *discord) expired(*request) answer {
	return discordError(http.StatusUnauthorized, 50027, "Invalid Webhook Token")
}

func (d *discord) refused(*request) answer {
	return discordError(http.StatusNotFound, 10015, "Unknown Webhook")
}

// limits counts five calls in two seconds.
func (d *discord) limits(serve func(*request) answer) func(*request) answer {
	return func(r *request) answer {
		left, reset, ok := d.spend("discord "+r.PathValue("id"), 1, 5, 2*time.Second, r.now)
		after := reset.Sub(r.now).Seconds()
		if !ok {
			return d.limited(r, strconv.FormatFloat(after, 'f', 2, 64))
		}
		a := serve(r)
		a.header = append(a.header, "X-RateLimit-Limit", "5", "X-RateLimit-Remaining", strconv.Itoa(left), "X-RateLimit-Bucket", "abcd1234",
			"X-RateLimit-Reset", fmt.Sprintf("%.3f", float64(reset.UnixMilli())/1000), "X-RateLimit-Reset-After", fmt.Sprintf("%.3f", after))
		return a
	}
}

// discordMessage is what of a message's payload is read.
type discordMessage struct {
	Content     string
	Embeds      []struct{ Title, Description, URL string }
	Attachments *[]struct {
		ID          json.RawMessage
		Description string
	}
	Mentions *struct{ Parse []string } `json:"allowed_mentions"`
}

// read takes a message from JSON, or from a form with files.
func (d *discord) read(r *request) (m discordMessage, p Post, wrong *answer) {
	fail := func(a answer) (discordMessage, Post, *answer) { return m, p, &a }
	fields, files := r.form()
	body := r.body
	if v := fields.Get("payload_json"); v != "" {
		body = []byte(v)
	}
	if json.Unmarshal(body, &m) != nil {
		return fail(discordError(http.StatusBadRequest, 50109, "The request body contains invalid JSON."))
	}
	if len(utf16.Encode([]rune(m.Content))) > 2000 {
		return fail(reply(http.StatusBadRequest, map[string]any{"code": 50035, "message": "Invalid Form Body", "errors": map[string]any{"content": map[string]any{
			"_errors": []any{map[string]string{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}}}}}))
	}
	p = Post{Network: "discord", Account: "webhook " + r.PathValue("id"), Text: discordText(m.Content)}
	if m.Mentions == nil || slices.Contains(m.Mentions.Parse, "everyone") {
		p.Text = strings.NewReplacer("@everyone", "[everyone is called]", "@here", "[everyone is called]").Replace(p.Text)
	}
	if f, ok := files["files[0]"]; ok {
		if len(f.body) > 10<<20 {
			return fail(discordError(http.StatusRequestEntityTooLarge, 40005, "Request entity too large"))
		}
		p.Picture, _, ok = d.keep(f.body)
		if !ok {
			p.Picture = ""
		}
		if m.Attachments != nil && len(*m.Attachments) > 0 {
			p.Alt = (*m.Attachments)[0].Description
		}
		if len([]rune(p.Alt)) > 1024 {
			return fail(discordError(http.StatusBadRequest, 50035, "Invalid Form Body"))
		}
	}
	if strings.TrimSpace(m.Content) == "" && p.Picture == "" && len(m.Embeds) == 0 {
		return fail(discordError(http.StatusBadRequest, 50006, "Cannot send an empty message"))
	}
	return m, p, nil
}

var (
	discordEscape = regexp.MustCompile("\\\\([*_~`|>#\\[\\]()<@:.\\\\-])")
	discordMarkup = regexp.MustCompile("\\*\\*|__|~~|\\|\\||`")
	discordLinks  = regexp.MustCompile(`<(https?://[^>]+)>`) // shown without a card of their own
)

// discordText is a content as readers see it: what is escaped stands, markup is gone.
func discordText(content string) string {
	var out strings.Builder
	at := 0
	for _, m := range discordEscape.FindAllStringSubmatchIndex(content, -1) {
		out.WriteString(discordMarkup.ReplaceAllString(content[at:m[0]], ""))
		out.WriteString(content[m[2]:m[3]])
		at = m[1]
	}
	out.WriteString(discordMarkup.ReplaceAllString(content[at:], ""))
	return discordLinks.ReplaceAllString(out.String(), "$1")
}

func (d *discord) message(r *request, p *Post) map[string]any {
	id := r.PathValue("id")
	attachments := []any{}
	if pic, ok := d.pictures[p.Picture]; ok {
		address := r.base + "/-/pictures/" + p.Picture
		attachments = append(attachments, map[string]any{"id": p.ID + "1", "filename": "card.jpg", "description": p.Alt, "size": len(pic.body), "url": address, "proxy_url": address,
			"height": pic.height, "width": pic.width, "content_type": pic.typ})
	}
	const stamp = "2006-01-02T15:04:05.000000-07:00"
	out := map[string]any{"id": p.ID, "type": 0, "channel_id": "290926798999357250", "webhook_id": id, "content": p.Text, "attachments": attachments, "embeds": []any{},
		"author":   map[string]any{"id": id, "username": "Newsroom", "discriminator": "0000", "avatar": nil, "bot": true},
		"mentions": []any{}, "mention_roles": []any{}, "mention_everyone": false, "pinned": false, "tts": false, "timestamp": p.At.UTC().Format(stamp), "edited_timestamp": nil, "flags": 0, "components": []any{}}
	if !p.Edited.IsZero() {
		out["edited_timestamp"] = p.Edited.UTC().Format(stamp)
	}
	return out
}

func (d *discord) send(r *request) answer {
	_, p, wrong := d.read(r)
	waits := r.URL.Query().Get("wait") == "true"
	if wrong != nil {
		if !waits && wrong.status == http.StatusBadRequest { // what is wrong is not told to who does not wait
			return reply(http.StatusNoContent, nil)
		}
		return *wrong
	}
	p.ID = strconv.Itoa(334385199974000000 + d.next())
	t := d.add(r, p)
	if !waits {
		return reply(http.StatusNoContent, nil)
	}
	return reply(http.StatusOK, d.message(r, t))
}

// own finds a message of this webhook's.
func (d *discord) own(r *request) *Post {
	if p := d.post("discord", r.PathValue("message")); p != nil && p.Account == "webhook "+r.PathValue("id") {
		return p
	}
	return nil
}

var discordGone = discordError(http.StatusNotFound, 10008, "Unknown Message")

func (d *discord) one(r *request) answer {
	p := d.own(r)
	if p == nil {
		return discordGone
	}
	return reply(http.StatusOK, d.message(r, p))
}

func (d *discord) edit(r *request) answer {
	p := d.own(r)
	if p == nil {
		return discordGone
	}
	m, now, wrong := d.read(r)
	if wrong != nil {
		return *wrong
	}
	p.Text, p.Edited = now.Text, r.now
	if m.Attachments != nil { // those that are not listed go
		p.Picture, p.Alt = now.Picture, now.Alt
	}
	return reply(http.StatusOK, d.message(r, p))
}

func (d *discord) delete(r *request) answer {
	p := d.own(r)
	if p == nil {
		return discordGone
	}
	p.Deleted = r.now
	return reply(http.StatusNoContent, nil)
}

func (d *discord) info(r *request) answer {
	return reply(http.StatusOK, map[string]any{"id": r.PathValue("id"), "type": 1, "name": "Newsroom", "avatar": nil, "channel_id": "290926798999357250", "guild_id": "290926798626357999", "token": r.PathValue("token")})
}
