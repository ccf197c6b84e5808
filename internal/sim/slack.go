package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// slack is Slack's Web API for a bot, whose errors come with status 200, and incoming webhooks, which answer in plain text
// and tell no id.
type slack struct {
	*Server
	notes map[string]json.RawMessage // metadata of messages, by id
}

func newSlack(s *Server) *slack {
	n := &slack{Server: s, notes: map[string]json.RawMessage{}}
	s.on(n, "POST /services/{team}/{app}/{token}", Publish, n.hook)
	s.on(n, "POST /api/chat.postMessage", Publish, n.authorized(n.send))
	s.on(n, "POST /api/chat.update", Edit, n.authorized(n.update))
	s.on(n, "POST /api/chat.delete", Delete, n.authorized(n.delete))
	for _, method := range []string{"GET", "POST"} {
		s.on(n, method+" /api/conversations.history", Find, n.authorized(n.history))
		s.on(n, method+" /api/conversations.replies", Find, n.authorized(n.history))
		s.on(n, method+" /api/conversations.info", Read, n.authorized(n.info))
		s.on(n, method+" /api/auth.test", Read, n.authorized(n.whoami))
	}
	return n
}

func (n *slack) kind() string { return "slack" }

func slackError(name string) answer {
	return reply(http.StatusOK, map[string]any{"ok": false, "error": name})
}

func isHook(r *request) bool { return strings.Contains(r.URL.Path, "/services/") }

func (n *slack) limited(r *request, wait string) answer {
	var header []string
	if wait != "" {
		header = []string{"Retry-After", wait}
	}
	if isHook(r) {
		return reply(http.StatusTooManyRequests, "rate_limited", header...)
	}
	return reply(http.StatusTooManyRequests, map[string]any{"ok": false, "error": "ratelimited"}, header...)
}

func (n *slack) expired(r *request) answer {
	if isHook(r) {
		return reply(http.StatusForbidden, "invalid_token")
	}
	return slackError("token_revoked")
}

func (n *slack) refused(r *request) answer {
	if isHook(r) {
		return reply(http.StatusNotFound, "no_service")
	}
	return slackError("account_inactive")
}

func (n *slack) authorized(serve func(*request, url.Values) answer) func(*request) answer {
	return func(r *request) answer {
		fields, _ := r.form()
		if r.bearer() == "" && fields.Get("token") == "" {
			return slackError("not_authed")
		}
		return serve(r, fields)
	}
}

// slackBlock is what of a block is shown.
type slackBlock struct {
	Type     string
	Text     *struct{ Type, Text string }
	ImageURL string `json:"image_url"`
	AltText  string `json:"alt_text"`
	Elements []struct{ Type, Text string }
}

// message reads a message's text and blocks; wrong says what Slack would not take.
func (n *slack) message(text string, blocks []slackBlock) (p Post, wrong string) {
	p = Post{Network: "slack", Text: unescape(text)}
	switch {
	case text == "" && len(blocks) == 0:
		return p, "no_text"
	case len([]rune(text)) > 40000:
		return p, "msg_too_long"
	case len(blocks) > 50:
		return p, "invalid_blocks"
	}
	for _, b := range blocks {
		switch b.Type {
		case "section":
			if b.Text == nil || b.Text.Text == "" || len([]rune(b.Text.Text)) > 3000 {
				return p, "invalid_blocks"
			}
			p.Text = b.Text.Text
			if b.Text.Type == "mrkdwn" {
				p.Text = unescape(p.Text)
			}
		case "image":
			if b.ImageURL == "" || b.AltText == "" || len([]rune(b.AltText)) > 2000 {
				return p, "invalid_blocks"
			}
			p.Picture, p.Alt = b.ImageURL, b.AltText
		case "context":
			for _, e := range b.Elements {
				if link, _, ok := strings.Cut(strings.TrimPrefix(e.Text, "<"), "|"); ok {
					p.Link = unescape(link)
				}
			}
		}
	}
	return p, ""
}

// unescape is a text of Slack's markup as readers see it, but for its asterisks and the like.
func unescape(text string) string {
	return strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "<", "", ">", "").Replace(text)
}

func (n *slack) hook(r *request) answer {
	var in struct {
		Text   string
		Blocks []slackBlock
	}
	if !r.json(&in) {
		return reply(http.StatusBadRequest, "invalid_payload")
	}
	p, wrong := n.message(in.Text, in.Blocks)
	if wrong != "" {
		return reply(http.StatusBadRequest, wrong)
	}
	p.Account, p.ID = "webhook "+r.PathValue("app"), strconv.Itoa(n.next())
	n.add(r, p)
	return reply(http.StatusOK, "ok", "Content-Type", "text/html")
}

// blocks is the field of that name, which a form has as JSON.
func blocksOf(r *request, fields url.Values) (out []slackBlock, ok bool) {
	var in struct{ Blocks []slackBlock }
	if r.json(&in) {
		return in.Blocks, true
	}
	if fields.Get("blocks") == "" {
		return nil, true
	}
	err := json.Unmarshal([]byte(fields.Get("blocks")), &out)
	return out, err == nil
}

func (n *slack) send(r *request, fields url.Values) answer {
	channel := fields.Get("channel")
	if channel == "" || strings.HasPrefix(channel, "#") {
		return slackError("channel_not_found")
	}
	if _, reset, ok := n.spend("slack "+channel, 1, 60, time.Minute, r.now); !ok {
		return n.limited(r, seconds(reset, r.now))
	}
	blocks, ok := blocksOf(r, fields)
	if !ok {
		return slackError("invalid_blocks_format")
	}
	p, wrong := n.message(fields.Get("text"), blocks)
	if wrong != "" {
		return slackError(wrong)
	}
	ts := fmt.Sprintf("%d.%06d", r.now.Unix(), n.next())
	p.Account, p.ID = channel, channel+"/"+ts
	if parent := fields.Get("thread_ts"); parent != "" {
		p.ReplyTo = channel + "/" + parent
	}
	if m := fields.Get("metadata"); m != "" {
		n.notes[p.ID] = json.RawMessage(m)
	}
	n.add(r, p)
	return reply(http.StatusOK, map[string]any{"ok": true, "channel": channel, "ts": ts, "message": n.entry(&p, false)})
}

// entry is a message as it is listed: links in the text stand in angle brackets.
func (n *slack) entry(p *Post, notes bool) map[string]any {
	_, ts, _ := strings.Cut(p.ID, "/")
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(p.Text)
	out := map[string]any{"type": "message", "subtype": "bot_message", "text": anyLink.ReplaceAllString(text, "<$0>"), "username": "cutline", "bot_id": "B123456", "ts": ts}
	if p.ReplyTo != "" {
		_, out["thread_ts"], _ = strings.Cut(p.ReplyTo, "/")
	}
	if m := n.notes[p.ID]; m != nil && notes {
		out["metadata"] = m
	}
	return out
}

func (n *slack) update(r *request, fields url.Values) answer {
	p := n.post("slack", fields.Get("channel")+"/"+fields.Get("ts"))
	if p == nil {
		return slackError("message_not_found")
	}
	blocks, ok := blocksOf(r, fields)
	if !ok {
		return slackError("invalid_blocks_format")
	}
	now, wrong := n.message(fields.Get("text"), blocks)
	if wrong != "" {
		return slackError(wrong)
	}
	p.Text, p.Picture, p.Alt, p.Link, p.Edited = now.Text, now.Picture, now.Alt, now.Link, r.now
	return reply(http.StatusOK, map[string]any{"ok": true, "channel": fields.Get("channel"), "ts": fields.Get("ts"), "text": fields.Get("text")})
}

func (n *slack) delete(r *request, fields url.Values) answer {
	p := n.post("slack", fields.Get("channel")+"/"+fields.Get("ts"))
	if p == nil {
		return slackError("message_not_found")
	}
	p.Deleted = r.now
	return reply(http.StatusOK, map[string]any{"ok": true, "channel": fields.Get("channel"), "ts": fields.Get("ts")})
}

// history lists a channel's messages without replies, or with ts a thread: the first message and its replies.
func (n *slack) history(r *request, fields url.Values) answer {
	messages := []any{}
	thread := fields.Get("channel") + "/" + fields.Get("ts")
	for _, p := range n.of("slack", fields.Get("channel")) {
		if fields.Has("ts") && p.ReplyTo != thread && p.ID != thread || !fields.Has("ts") && p.ReplyTo != "" {
			continue
		}
		_, ts, _ := strings.Cut(p.ID, "/")
		if oldest := fields.Get("oldest"); oldest != "" && ts < oldest {
			continue
		}
		messages = append(messages, n.entry(p, fields.Get("include_all_metadata") == "true"))
	}
	return reply(http.StatusOK, map[string]any{"ok": true, "messages": messages, "has_more": false})
}

func (n *slack) info(_ *request, fields url.Values) answer {
	return reply(http.StatusOK, map[string]any{"ok": true, "channel": map[string]any{"id": fields.Get("channel"), "name": "news", "is_member": true, "is_archived": false}})
}

func (n *slack) whoami(*request, url.Values) answer {
	return reply(http.StatusOK, map[string]any{"ok": true, "url": "https://newsroom.slack.com/", "team": "Newsroom", "user": "cutline", "team_id": "T123456", "user_id": "U123456", "bot_id": "B123456"},
		"X-OAuth-Scopes", "chat:write,channels:history")
}
