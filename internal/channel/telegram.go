package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// telegram posts to a chat through a bot: the card as a photo with a caption. The bot cannot list what it has sent and
// Telegram knows no handle against doubles, so a call whose end is not known is uncertain for good. To make that
// rare the picture is sent to a private staging chat first, where one is configured, and posted by its id: the call
// that publishes is then a few hundred bytes.
type telegram struct {
	name string
	cfg  config.Channel
	p    Parts
}

const (
	telegramCaption = 1024 // UTF-16 units after the markup is read
	telegramText    = 4096
)

func newTelegram(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if c.Server == "" {
		c.Server = "https://api.telegram.org"
	}
	if c.Chat == "" {
		c.Chat = c.Account
	}
	if c.Chat == "" || !c.Secret.Given() {
		return nil, fmt.Errorf("telegram needs chat (@name or id) and secret (the bot's token)")
	}
	return &telegram{name: name, cfg: c, p: p}, nil
}

func (t *telegram) Capabilities() Capabilities {
	return Capabilities{Find: Never, Edit: true, Retract: true, Reply: true, KeepFor: 48 * time.Hour, ByHand: remark.Say("by-hand-admin", "Telegram")}
}

func (t *telegram) Prepare(p Piece) story.Draft {
	limit := telegramText
	if len(p.Manifest.Cards) > 0 {
		limit = telegramCaption
	}
	return linked(p, t.cfg, t.name, "og", func(text string) bool { return utf16Length(text) <= limit })
}

func utf16Length(s string) int { return len(utf16.Encode([]rune(s))) }

// reply is what every method answers; ok false is a failure though the status be 200.
type telegramReply struct {
	OK          bool
	Code        int `json:"error_code"`
	Description string
	Parameters  struct {
		RetryAfter float64 `json:"retry_after"`
		Migrate    int64   `json:"migrate_to_chat_id"`
	}
	Result json.RawMessage
}

type telegramMessage struct {
	ID   int `json:"message_id"`
	Chat struct {
		ID       int64
		Username string
	}
	Photo []struct {
		FileID string `json:"file_id"`
		Width  int
	}
}

// method calls one method. Done: its result; else the outcome of the failure.
func (t *telegram) method(ctx context.Context, name string, publishing bool, parts []part) (json.RawMessage, telegramReply, Outcome) {
	token, err := t.cfg.Secret.Value(ctx)
	if err != nil {
		return nil, telegramReply{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	body, typ, err := form(parts)
	if err != nil {
		return nil, telegramReply{}, Outcome{End: Refused, Why: err.Error()}
	}
	req, err := rawRequest(ctx, http.MethodPost, t.cfg.Server+"/bot"+token+"/"+name, body, "Content-Type", typ)
	if err != nil {
		return nil, telegramReply{}, Outcome{End: Refused, Why: remark.Say("token-makes-no-address")}
	}
	a := exchange(t.p.Client, req)
	var r telegramReply
	if json.Unmarshal(a.Body, &r) != nil {
		return nil, r, a.outcome(publishing, "", t.p.Now())
	}
	if r.OK && len(r.Result) > 0 && a.Status == http.StatusOK {
		return r.Result, r, Outcome{End: Posted}
	}
	out := a.outcome(publishing, r.Description, t.p.Now())
	switch {
	case r.Code == http.StatusTooManyRequests && r.Parameters.RetryAfter == 5 && publishing: // what a server that shuts down says of requests it may have carried out
		out.End = Unknown
	case r.Parameters.RetryAfter > 0:
		out = Outcome{End: Later, Until: t.p.Now().Add(time.Duration(r.Parameters.RetryAfter * float64(time.Second))), Why: out.Why, Rest: true}
	case r.Parameters.Migrate != 0:
		out = Outcome{End: Refused, Pause: true, Why: remark.Say("group-moved", r.Parameters.Migrate)}
	case r.Code == http.StatusForbidden, strings.Contains(r.Description, "chat not found"), strings.Contains(r.Description, "administrator rights"), r.Code == http.StatusNotFound:
		out = Outcome{End: Refused, Pause: true, Why: remark.Say("bot-not-admin", r.Description)}
	case strings.Contains(r.Description, "failed to get HTTP URL content"):
		out.End = Later
	}
	return nil, r, out
}

func field(name, value string) part { return part{Name: name, Body: []byte(value)} }

func (t *telegram) Publish(ctx context.Context, c *Call) Outcome {
	parts := []part{field("chat_id", t.cfg.Chat), field("parse_mode", "HTML")}
	if c.ReplyTo != nil {
		parts = append(parts, field("reply_parameters", `{"message_id":`+messageID(c.ReplyTo.ID)+`,"allow_sending_without_reply":true}`))
	}
	method := "sendMessage"
	if c.Draft.Card == "" {
		parts = append(parts, field("text", html.EscapeString(c.Draft.Text)))
	} else {
		method = "sendPhoto"
		photo, out := t.photo(ctx, c)
		if out.End != Posted {
			return out
		}
		parts = append(parts, photo, field("caption", html.EscapeString(c.Draft.Text)))
	}
	result, _, out := t.method(ctx, method, true, parts)
	if out.End != Posted {
		return out
	}
	remote, ok := t.remote(result)
	if !ok {
		return Outcome{End: Unknown, Why: remark.Say("answer-incomplete", "Telegram")}
	}
	return Outcome{End: Posted, Remote: remote}
}

// photo is the picture as a field: the id of the staged one, or its bytes.
func (t *telegram) photo(ctx context.Context, c *Call) (part, Outcome) {
	if id := c.Steps["file"]; id != "" {
		return field("photo", id), Outcome{End: Posted}
	}
	card, err := c.Card(ctx)
	if err != nil {
		return part{}, Outcome{End: Later, Why: remark.Say("card-not-read", err.Error())}
	}
	file := part{Name: "photo", File: "card.jpg", Type: c.Draft.Type, Body: card}
	if t.cfg.Staging == "" {
		return file, Outcome{End: Posted}
	}
	result, _, out := t.method(ctx, "sendPhoto", false, []part{field("chat_id", t.cfg.Staging), file})
	if out.End != Posted {
		return part{}, out
	}
	var m telegramMessage
	if json.Unmarshal(result, &m) != nil || len(m.Photo) == 0 {
		return part{}, Outcome{End: Later, Why: remark.Say("answer-incomplete", "Telegram")}
	}
	best := m.Photo[0]
	for _, p := range m.Photo {
		if p.Width > best.Width {
			best = p
		}
	}
	if err := c.Step(ctx, "file", best.FileID); err != nil {
		return part{}, Outcome{End: Later, Why: err.Error()}
	}
	return field("photo", best.FileID), Outcome{End: Posted}
}

// remote names a message as "<chat>/<message>", with its public address where the chat has a name.
func (t *telegram) remote(result json.RawMessage) (story.Remote, bool) {
	var m telegramMessage
	if json.Unmarshal(result, &m) != nil || m.ID == 0 {
		return story.Remote{}, false
	}
	r := story.Remote{ID: fmt.Sprintf("%d/%d", m.Chat.ID, m.ID)}
	if m.Chat.Username != "" {
		r.URL = fmt.Sprintf("https://t.me/%s/%d", m.Chat.Username, m.ID)
	}
	return r, true
}

func messageID(id string) string {
	n, err := strconv.Atoi(id[strings.LastIndexByte(id, '/')+1:])
	if err != nil {
		return "0"
	}
	return strconv.Itoa(n)
}

// Find cannot be answered: a bot sees no history.
func (t *telegram) Find(context.Context, *Call) Outcome {
	return Outcome{End: Unknown, Why: remark.Say("cannot-be-asked", "Telegram")}
}

func (t *telegram) Edit(ctx context.Context, c *Call) Outcome {
	parts := []part{field("chat_id", t.cfg.Chat), field("message_id", messageID(c.Remote.ID))}
	method := "editMessageText"
	if c.Draft.Card == "" {
		parts = append(parts, field("parse_mode", "HTML"), field("text", html.EscapeString(c.Draft.Text)))
	} else {
		method = "editMessageMedia"
		photo, out := t.photo(ctx, c)
		if out.End != Posted {
			return out
		}
		media := map[string]string{"type": "photo", "caption": html.EscapeString(c.Draft.Text), "parse_mode": "HTML", "media": string(photo.Body)}
		if photo.File != "" {
			media["media"], photo.Name = "attach://card", "card"
			parts = append(parts, photo)
		}
		b, err := json.Marshal(media)
		if err != nil {
			return Outcome{End: Refused, Why: err.Error()}
		}
		parts = append(parts, part{Name: "media", Body: b})
	}
	_, r, out := t.method(ctx, method, true, parts)
	switch {
	case out.End == Posted, strings.Contains(r.Description, "message is not modified"):
		return Outcome{End: Posted, Remote: c.Remote}
	case strings.Contains(r.Description, "message to edit not found"):
		return Outcome{End: Gone, Why: r.Description}
	}
	return out
}

func (t *telegram) Retract(ctx context.Context, c *Call) Outcome {
	_, r, out := t.method(ctx, "deleteMessage", false, []part{field("chat_id", t.cfg.Chat), field("message_id", messageID(c.Remote.ID))})
	if out.End == Posted || strings.Contains(r.Description, "message to delete not found") {
		return Outcome{End: Posted, Remote: c.Remote}
	}
	return out
}
