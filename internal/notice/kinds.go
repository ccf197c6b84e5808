package notice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf16"

	"cutline/internal/config"
)

// kinds send a message, each in its own form, and say what became of it. config.NoticeKinds has the same names.
var kinds = map[string]func(context.Context, *Notifier, config.Notice, message) end{
	"slack":    slack,
	"teams":    teams,
	"telegram": telegram,
	"email":    email,
}

// How a message ended.
const (
	done    = "sent"
	refused = "refused" // it never will arrive as it is
	later   = "later"   // it surely did not arrive, and may another time
	unknown = "unknown" // nobody knows
)

// end is how a message ended.
type end struct {
	end   string
	why   string    // in plain words; no address, which may be a secret
	until time.Time // later: no sooner
}

// slack posts to an incoming webhook. What comes from outside stands in plain_text objects, which take no markup and mention
// nobody; only our own links are mrkdwn.
func slack(ctx context.Context, n *Notifier, r config.Notice, m message) end {
	plainText := func(s string, most int) map[string]any {
		return map[string]any{"type": "plain_text", "text": cut(s, most), "emoji": false}
	}
	var blocks []any
	if len(m.Stories) > 1 {
		blocks = append(blocks, map[string]any{"type": "header", "text": plainText(m.Title, 150)})
	}
	for _, s := range m.Stories {
		blocks = append(blocks, map[string]any{"type": "section", "text": plainText(strings.Join(append([]string{s.Headline}, s.Why...), "\n"), 3000)})
		if s.Picture != "" && len(m.Stories) == 1 {
			blocks = append(blocks, map[string]any{"type": "image", "image_url": s.Picture, "alt_text": cut(s.Alt+" ", 2000)})
		}
		links := "<" + s.Desk + "|" + slackText(m.Desk) + ">"
		if s.Review != "" {
			links = "*<" + s.Review + "|" + slackText(m.Review) + ">* · " + links
			if len(m.Stories) == 1 {
				links += "\n" + slackText(s.Ends)
			}
		}
		blocks = append(blocks, map[string]any{"type": "context", "elements": []any{map[string]any{"type": "mrkdwn", "text": links}}})
	}
	return n.hook(ctx, r, map[string]any{"text": slackText(m.Title), "blocks": blocks, "unfurl_links": false, "unfurl_media": false})
}

// slackText escapes what Slack's markup takes for its own.
func slackText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// teams posts an Adaptive Card to a Workflows webhook. What comes from outside stands in TextRuns, which are not read as
// Markdown.
func teams(ctx context.Context, n *Notifier, r config.Notice, m message) end {
	run := func(text, size, weight string) map[string]any {
		return map[string]any{"type": "RichTextBlock", "inlines": []any{map[string]any{"type": "TextRun", "text": text, "size": size, "weight": weight}}}
	}
	var body, actions []any
	if len(m.Stories) > 1 {
		body = append(body, run(m.Title, "medium", "bolder"))
	}
	for _, s := range m.Stories {
		open := s.Desk
		if s.Review != "" {
			open = s.Review
		}
		if len(m.Stories) > 1 {
			body = append(body, map[string]any{"type": "Container", "items": []any{run(s.Headline, "default", "bolder"), run(strings.Join(s.Why, " · "), "small", "default")},
				"selectAction": map[string]any{"type": "Action.OpenUrl", "title": m.Review, "url": open}})
			continue
		}
		body = append(body, run(s.Headline, "medium", "bolder"), run(strings.Join(s.Why, " · "), "default", "default"))
		if s.Picture != "" {
			body = append(body, map[string]any{"type": "Image", "url": s.Picture, "altText": s.Alt})
		}
		if s.Review != "" {
			body = append(body, run(s.Ends, "small", "lighter"))
			actions = append(actions, map[string]any{"type": "Action.OpenUrl", "title": m.Review, "url": s.Review})
		}
		actions = append(actions, map[string]any{"type": "Action.OpenUrl", "title": m.Desk, "url": s.Desk})
	}
	card := map[string]any{"type": "AdaptiveCard", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "version": "1.4", "lang": m.Lang, "rtl": m.Dir == "rtl", "body": body, "actions": actions}
	return n.hook(ctx, r, map[string]any{"type": "message", "attachments": []any{map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}}})
}

// hook posts JSON to the address that is the receiver's secret.
func (n *Notifier) hook(ctx context.Context, r config.Notice, v any) end {
	address, err := r.Secret.Value(ctx)
	if err != nil {
		return end{end: later, why: err.Error()}
	}
	body, err := json.Marshal(v)
	if err != nil {
		return end{end: refused, why: err.Error()}
	}
	return n.post(ctx, address, "application/json", body)
}

// telegram sends by a bot: the card with a caption, or a message. There is no parse mode, so a text is a text.
func telegram(ctx context.Context, n *Notifier, r config.Notice, m message) end {
	token, err := r.Secret.Value(ctx)
	if err != nil {
		return end{end: later, why: err.Error()}
	}
	picture, err := n.picture(ctx, m)
	if err != nil {
		return end{end: later, why: err.Error()}
	}
	text, most, method := telegramText(m), 4096, "sendMessage"
	if picture != nil {
		most, method = 1024, "sendPhoto"
	}
	fields := map[string]string{"chat_id": r.Chat}
	if text = cut(text, most); picture != nil {
		fields["caption"] = text
	} else {
		fields["text"], fields["link_preview_options"] = text, `{"is_disabled":true}`
	}
	if len(m.Stories) == 1 {
		s := m.Stories[0]
		keys := []map[string]string{{"text": m.Desk, "url": s.Desk}}
		if s.Review != "" {
			keys = []map[string]string{{"text": m.Review, "url": s.Review}, keys[0]}
		}
		markup, err := json.Marshal(map[string]any{"inline_keyboard": []any{keys}})
		if err != nil {
			return end{end: refused, why: err.Error()}
		}
		fields["reply_markup"] = string(markup)
	}
	contentType, body, err := form(fields, picture)
	if err != nil {
		return end{end: refused, why: err.Error()}
	}
	server := r.Server
	if server == "" {
		server = "https://api.telegram.org"
	}
	return n.post(ctx, strings.TrimSuffix(server, "/")+"/bot"+token+"/"+method, contentType, body)
}

// telegramText lists the stories. A digest's have the desk's address alone: a line has room for no more.
func telegramText(m message) string {
	var b strings.Builder
	if len(m.Stories) > 1 {
		b.WriteString(m.Title + "\n")
	}
	for _, s := range m.Stories {
		b.WriteString("\n" + s.Headline + "\n" + strings.Join(s.Why, "\n") + "\n")
		if len(m.Stories) > 1 {
			b.WriteString(s.Desk + "\n")
		} else if s.Ends != "" {
			b.WriteString("\n" + s.Ends + "\n")
		}
	}
	return strings.TrimSpace(b.String())
}

func form(fields map[string]string, picture []byte) (contentType string, body []byte, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			return "", nil, err
		}
	}
	if picture != nil {
		f, err := w.CreateFormFile("photo", "card.jpg")
		if err != nil {
			return "", nil, err
		}
		if _, err := f.Write(picture); err != nil {
			return "", nil, err
		}
	}
	if err := w.Close(); err != nil {
		return "", nil, err
	}
	return w.FormDataContentType(), b.Bytes(), nil
}

// cut shortens a text to so many UTF-16 units, which is how the networks count, or count no more than.
func cut(s string, most int) string {
	units := 0
	for i, r := range s {
		if units += utf16.RuneLen(r); units > most-1 && len(utf16.Encode([]rune(s))) > most {
			return s[:i] + "…"
		}
	}
	return s
}

// post makes one request, and says what its answer means for a message that is to arrive once.
func (n *Notifier) post(ctx context.Context, address, contentType string, body []byte) end {
	var left atomic.Bool
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { left.Store(true) }}), http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return end{end: refused, why: "the receiver's address cannot be read"}
	}
	req.Header.Set("Content-Type", contentType)
	client := *n.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok { // its text has the address, which is a secret
			err = u.Err
		}
		if left.Load() {
			return end{end: unknown, why: "no answer: " + err.Error()}
		}
		return end{end: later, why: "not reached: " + err.Error()}
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 500))
	if err != nil {
		said = nil // what it said besides the status is for the log alone
	}
	why := fmt.Sprintf("answered %d %s", res.StatusCode, line(string(said)))
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return end{end: done}
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		out := end{end: later, why: why}
		if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 {
			out.until = n.Now().Add(min(time.Duration(s)*time.Second, time.Hour))
		}
		return out
	case code >= 500:
		return end{end: unknown, why: why}
	}
	return end{end: refused, why: why}
}
