package sim

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// telegram is the Bot API. A bot is the administrator of every chat that it names; chats have messages numbered from 1.
type telegram struct {
	*Server
	last  map[string]int    // chat → number of its last message
	files map[string]string // file_id → hash of the picture
}

func newTelegram(s *Server) *telegram {
	t := &telegram{Server: s, last: map[string]int{}, files: map[string]string{}}
	s.on(t, "POST /{bot}/sendPhoto", Publish, t.authorized(t.send))
	s.on(t, "POST /{bot}/sendMessage", Publish, t.authorized(t.send))
	for _, method := range []string{"editMessageText", "editMessageCaption", "editMessageMedia"} {
		s.on(t, "POST /{bot}/"+method, Edit, t.authorized(t.edit))
	}
	s.on(t, "POST /{bot}/deleteMessage", Delete, t.authorized(t.delete))
	s.on(t, "POST /{bot}/getMe", Read, t.authorized(t.whoami))
	s.on(t, "POST /{bot}/getChat", Read, t.authorized(t.chat))
	s.on(t, "POST /{bot}/getChatMember", Read, t.authorized(t.member))
	return t
}

func (t *telegram) kind() string { return "telegram" }

func telegramError(code int, description string, header ...string) answer {
	return reply(code, map[string]any{"ok": false, "error_code": code, "description": description}, header...)
}

func telegramOK(result any) answer {
	return reply(http.StatusOK, map[string]any{"ok": true, "result": result})
}

func (t *telegram) limited(_ *request, wait string) answer {
	if wait == "" {
		return telegramError(http.StatusTooManyRequests, "Too Many Requests")
	}
	n, err := strconv.Atoi(wait)
	if err != nil {
		return telegramError(http.StatusTooManyRequests, "Too Many Requests", "Retry-After", wait)
	}
	return reply(http.StatusTooManyRequests, map[string]any{"ok": false, "error_code": 429, "description": fmt.Sprintf("Too Many Requests: retry after %d", n),
		"parameters": map[string]int{"retry_after": n}}, "Retry-After", wait)
}

func (t *telegram) expired(*request) answer {
	return telegramError(http.StatusUnauthorized, "Unauthorized")
}

func (t *telegram) refused(*request) answer {
	return telegramError(http.StatusForbidden, "Forbidden: bot was kicked from the channel chat")
}

func (t *telegram) authorized(serve func(*request) answer) func(*request) answer {
	return func(r *request) answer {
		if token, ok := strings.CutPrefix(r.PathValue("bot"), "bot"); !ok || token == "" {
			return telegramError(http.StatusNotFound, "Not Found")
		}
		return serve(r)
	}
}

// chatID is a chat's number; its name, if it was given by name.
func chatID(given string) (id int64, name string) {
	if name, ok := strings.CutPrefix(given, "@"); ok {
		n, err := strconv.ParseInt(short(name)[:8], 16, 64)
		if err != nil {
			return 0, name
		}
		return -1000000000000 - n, name
	}
	id, err := strconv.ParseInt(given, 10, 64)
	if err != nil {
		return 0, ""
	}
	return id, ""
}

var (
	telegramTags  = regexp.MustCompile(`</?(b|strong|i|em|u|s|code|pre|blockquote|tg-spoiler|a( href="[^"<>]*")?)>`)
	telegramStray = regexp.MustCompile(`[<>]|&[^a-z#]|&$`)
)

// parse reads a text of parse_mode HTML into what readers see; false: it is not well formed.
func parse(text, mode string) (string, bool) {
	if mode != "HTML" {
		return text, true
	}
	if strings.Count(text, "<a") != strings.Count(text, "</a>") {
		return "", false
	}
	text = telegramTags.ReplaceAllString(text, "")
	if telegramStray.MatchString(text) {
		return "", false
	}
	return html.UnescapeString(text), true
}

const telegramEntities = "Bad Request: can't parse entities: Unsupported start tag at byte offset 0"

func (t *telegram) send(r *request) answer {
	fields, files := r.form()
	id, name := chatID(fields.Get("chat_id"))
	if id == 0 {
		return telegramError(http.StatusBadRequest, "Bad Request: chat not found")
	}
	if _, reset, ok := t.spend("telegram "+fields.Get("chat_id"), 1, 20, time.Minute, r.now); !ok {
		return t.limited(r, seconds(reset, r.now))
	}
	p := Post{Network: "telegram", Account: fields.Get("chat_id")}
	var wrong string
	if strings.HasSuffix(r.URL.Path, "/sendPhoto") {
		if p.Picture, wrong = t.photo(fields.Get("photo"), files["photo"]); wrong != "" {
			return telegramError(http.StatusBadRequest, wrong)
		}
		p.Text, wrong = text(fields.Get("caption"), fields.Get("parse_mode"), 1024, "Bad Request: message caption is too long")
	} else {
		if strings.TrimSpace(fields.Get("text")) == "" {
			return telegramError(http.StatusBadRequest, "Bad Request: message text is empty")
		}
		p.Text, wrong = text(fields.Get("text"), fields.Get("parse_mode"), 4096, "Bad Request: message is too long")
		p.Link = preview(fields.Get("link_preview_options"), p.Text)
	}
	if wrong != "" {
		return telegramError(http.StatusBadRequest, wrong)
	}
	var to struct {
		Message int  `json:"message_id"`
		Allow   bool `json:"allow_sending_without_reply"`
	}
	if reply := fields.Get("reply_parameters"); reply != "" {
		if json.Unmarshal([]byte(reply), &to) != nil {
			return telegramError(http.StatusBadRequest, "Bad Request: can't parse reply parameters JSON object")
		}
		p.ReplyTo = fmt.Sprintf("%d/%d", id, to.Message)
		if t.post("telegram", p.ReplyTo) == nil {
			if !to.Allow {
				return telegramError(http.StatusBadRequest, "Bad Request: message to be replied not found")
			}
			p.ReplyTo = ""
		}
	}
	key := strconv.FormatInt(id, 10)
	t.last[key]++
	p.ID = fmt.Sprintf("%d/%d", id, t.last[key])
	return telegramOK(t.message(t.add(r, p), id, name))
}

// text is what readers see of a text, within its limit after the markup is read.
func text(given, mode string, limit int, tooLong string) (string, string) {
	s, ok := parse(given, mode)
	if !ok {
		return "", telegramEntities
	}
	if len(utf16.Encode([]rune(s))) > limit {
		return "", tooLong
	}
	return s, ""
}

var anyLink = regexp.MustCompile(`https?://[^\s<>]+`)

// preview is the link that a message's card is made from: the one named, else the first in the text.
func preview(options, text string) string {
	var o struct {
		URL      string
		Disabled bool `json:"is_disabled"`
	}
	if options != "" && json.Unmarshal([]byte(options), &o) == nil {
		if o.Disabled {
			return ""
		}
		if o.URL != "" {
			return o.URL
		}
	}
	return anyLink.FindString(text)
}

// photo is the picture of an upload or of a file_id.
func (t *telegram) photo(id string, f file) (hash, wrong string) {
	if f.body == nil {
		if hash, ok := t.files[id]; ok {
			return hash, ""
		}
		if strings.HasPrefix(id, "http") {
			return "", "Bad Request: failed to get HTTP URL content"
		}
		return "", "Bad Request: wrong file_id or the file is temporarily unavailable"
	}
	hash, p, ok := t.keep(f.body)
	switch {
	case !ok:
		return "", "Bad Request: IMAGE_PROCESS_FAILED"
	case len(f.body) > 10<<20:
		return "", "Bad Request: file is too big"
	case p.width+p.height > 10000 || p.width > 20*p.height || p.height > 20*p.width:
		return "", "Bad Request: PHOTO_INVALID_DIMENSIONS"
	}
	return hash, ""
}

func (t *telegram) message(p *Post, id int64, name string) map[string]any {
	chat := map[string]any{"id": id, "title": "News", "type": "channel"}
	if name != "" {
		chat["username"] = name
	}
	_, number, _ := strings.Cut(p.ID, "/")
	n, err := strconv.Atoi(number)
	if err != nil {
		n = 0
	}
	out := map[string]any{"message_id": n, "sender_chat": chat, "chat": chat, "date": p.At.Unix()}
	if !p.Edited.IsZero() {
		out["edit_date"] = p.Edited.Unix()
	}
	if p.Picture == "" {
		out["text"] = p.Text
		return out
	}
	pic := t.pictures[p.Picture]
	large, small := "AgACAgQAAx0C"+p.Picture[:16]+"y", "AgACAgQAAx0C"+p.Picture[:16]+"s"
	t.files[large], t.files[small] = p.Picture, p.Picture
	out["caption"] = p.Text
	out["photo"] = []any{
		map[string]any{"file_id": small, "file_unique_id": small[12:], "file_size": 1253, "width": 90, "height": max(1, 90*pic.height/max(1, pic.width))},
		map[string]any{"file_id": large, "file_unique_id": large[12:], "file_size": len(pic.body), "width": pic.width, "height": pic.height},
	}
	return out
}

// named finds the message that a call is about.
func (t *telegram) named(chat, message string) (p *Post, id int64, name string) {
	id, name = chatID(chat)
	return t.post("telegram", fmt.Sprintf("%d/%s", id, message)), id, name
}

func (t *telegram) edit(r *request) answer {
	fields, files := r.form()
	p, id, name := t.named(fields.Get("chat_id"), fields.Get("message_id"))
	if p == nil {
		return telegramError(http.StatusBadRequest, "Bad Request: message to edit not found")
	}
	now := *p
	var wrong string
	switch method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]; method {
	case "editMessageText":
		if p.Picture != "" {
			return telegramError(http.StatusBadRequest, "Bad Request: there is no text in the message to edit")
		}
		now.Text, wrong = text(fields.Get("text"), fields.Get("parse_mode"), 4096, "Bad Request: message is too long")
		now.Link = preview(fields.Get("link_preview_options"), now.Text)
	case "editMessageCaption":
		now.Text, wrong = text(fields.Get("caption"), fields.Get("parse_mode"), 1024, "Bad Request: message caption is too long")
	default:
		var m struct {
			Type, Media, Caption string
			Mode                 string `json:"parse_mode"`
		}
		if json.Unmarshal([]byte(fields.Get("media")), &m) != nil || m.Type != "photo" {
			return telegramError(http.StatusBadRequest, "Bad Request: can't parse InputMedia: Media is not specified")
		}
		var f file
		if attached, ok := strings.CutPrefix(m.Media, "attach://"); ok {
			f = files[attached]
		}
		if now.Picture, wrong = t.photo(m.Media, f); wrong == "" {
			now.Text, wrong = text(m.Caption, m.Mode, 1024, "Bad Request: message caption is too long")
		}
	}
	if wrong != "" {
		return telegramError(http.StatusBadRequest, wrong)
	}
	if now.Text == p.Text && now.Picture == p.Picture && now.Link == p.Link {
		return telegramError(http.StatusBadRequest, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	now.Edited = r.now
	*p = now
	return telegramOK(t.message(p, id, name))
}

func (t *telegram) delete(r *request) answer {
	fields, _ := r.form()
	p, _, _ := t.named(fields.Get("chat_id"), fields.Get("message_id"))
	switch {
	case p == nil:
		return telegramError(http.StatusBadRequest, "Bad Request: message to delete not found")
	case r.now.Sub(p.At) >= 48*time.Hour:
		return telegramError(http.StatusBadRequest, "Bad Request: message can't be deleted")
	}
	p.Deleted = r.now
	return telegramOK(true)
}

func (t *telegram) whoami(*request) answer {
	return telegramOK(map[string]any{"id": 4711, "is_bot": true, "first_name": "Newsroom", "username": "newsroom_sim_bot"})
}

func (t *telegram) chat(r *request) answer {
	fields, _ := r.form()
	id, name := chatID(fields.Get("chat_id"))
	if id == 0 {
		return telegramError(http.StatusBadRequest, "Bad Request: chat not found")
	}
	return telegramOK(map[string]any{"id": id, "title": "News", "username": name, "type": "channel"})
}

func (t *telegram) member(r *request) answer {
	return telegramOK(map[string]any{"status": "administrator", "user": map[string]any{"id": 4711, "is_bot": true, "first_name": "Newsroom"},
		"can_post_messages": true, "can_edit_messages": true, "can_delete_messages": true})
}
