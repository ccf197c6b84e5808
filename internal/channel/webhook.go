package channel

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// webhook sends signed events of our own to an address, by Standard Webhooks 1.0.0, for what has no kind here. An event
// has the same webhook-id at every try, by which its receiver keeps doubles out: so what was lost is sent again.
type webhook struct {
	name string
	cfg  config.Channel
	p    Parts
}

func newWebhook(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if c.Server == "" || !c.Secret.Given() {
		return nil, fmt.Errorf("webhook needs server (the receiver's whole address) and secret (whsec_ and the key in base64)")
	}
	return &webhook{name: name, cfg: c, p: p}, nil
}

func (w *webhook) Capabilities() Capabilities {
	return Capabilities{Find: Never, Once: true, Edit: true, Retract: true, Reply: true}
}

func (w *webhook) Prepare(p Piece) story.Draft {
	return draft(p, w.cfg, w.name, "og", func(string) bool { return true })
}

// The events.
const (
	eventPublished = "post.published"
	eventUpdated   = "post.updated"
	eventRetracted = "post.retracted"
)

type webhookEvent struct {
	Type      string      `json:"type"`
	Timestamp string      `json:"timestamp"` // RFC 3339: of the first try, so that every try says the same
	Data      webhookPost `json:"data"`
}

type webhookPost struct {
	ID       string        `json:"id"` // the post's, the same in all events about it
	Story    story.Key     `json:"story"`
	Channel  string        `json:"channel"`
	Text     string        `json:"text,omitempty"`
	Link     string        `json:"link,omitempty"`
	Title    string        `json:"title,omitempty"`
	Dek      string        `json:"dek,omitempty"`
	Language string        `json:"language,omitempty"`
	Hashtags []string      `json:"hashtags,omitempty"` // without the sign
	Image    *webhookImage `json:"image,omitempty"`
	ReplyTo  string        `json:"reply_to,omitempty"` // id of the post that this one corrects
}

type webhookImage struct {
	URL    string `json:"url"`
	Type   string `json:"type"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Alt    string `json:"alt"`
}

// send delivers one event. once names it among all events about the post.
func (w *webhook) send(ctx context.Context, c *Call, event, once string, publishing bool) Outcome {
	e := webhookEvent{Type: event, Timestamp: c.First.UTC().Format(time.RFC3339), Data: webhookPost{ID: w.id(c), Story: c.Key, Channel: w.name}}
	if event != eventPublished {
		e.Data.ID = c.Remote.ID
	}
	if event != eventRetracted {
		d := c.Draft
		e.Data.Text, e.Data.Link, e.Data.Title, e.Data.Dek, e.Data.Language, e.Data.Hashtags = d.Text, d.Link, d.Title, d.Dek, d.Language, d.Tags
		if address := pictureAddress(w.p, d); address != "" {
			e.Data.Image = &webhookImage{address, d.Type, d.Width, d.Height, d.Alt}
		}
		if c.ReplyTo != nil {
			e.Data.ReplyTo = c.ReplyTo.ID
		}
	}
	body, err := json.Marshal(e)
	if err != nil {
		return Outcome{End: Refused, Why: err.Error()}
	}
	secret, err := w.cfg.Secret.Value(ctx)
	if err != nil {
		return Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	sum := sha256.Sum256([]byte(e.Data.ID + "\n" + event + "\n" + once))
	id, sent := "msg_"+hex.EncodeToString(sum[:12]), strconv.FormatInt(w.p.Now().Unix(), 10)
	signature, err := webhookSignature(secret, id, sent, body)
	if err != nil {
		return Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	req, err := rawRequest(ctx, http.MethodPost, w.cfg.Server, bytes.NewReader(body), "Content-Type", "application/json", "webhook-id", id, "webhook-timestamp", sent, "webhook-signature", signature)
	if err != nil {
		return Outcome{End: Refused, Why: err.Error()}
	}
	a := exchange(w.p.Client, req)
	if a.Err == nil && a.Status >= 200 && a.Status < 300 {
		return Outcome{End: Posted, Remote: w.remote(a, e.Data.ID)}
	}
	out := a.outcome(publishing, "", w.p.Now())
	if a.Status == http.StatusGone {
		out.Pause, out.Why = true, "the receiver wants no more events (410)"
	}
	return out
}

// remote is the post as we name it, where its receiver says that it stands.
func (w *webhook) remote(a answer, id string) story.Remote {
	var said struct{ URL string }
	if json.Unmarshal(a.Body, &said) != nil || !strings.HasPrefix(said.URL, "https://") {
		said.URL = "" // most say nothing
	}
	return story.Remote{ID: id, URL: said.URL}
}

// webhookSignature is the header of that name: HMAC-SHA256 over id, time and body, in base64.
func webhookSignature(secret, id, sent string, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(secret), "whsec_"))
	if err != nil || len(key) == 0 {
		return "", fmt.Errorf("the secret is no key of Standard Webhooks: give whsec_ and the key in base64")
	}
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s.%s.%s", id, sent, body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}

// id names the post, or the correction, to the receiver.
func (w *webhook) id(c *Call) string {
	if c.ReplyTo != nil {
		return c.ID() + "/reply/" + c.Draft.Hash()
	}
	return c.ID()
}

func (w *webhook) Publish(ctx context.Context, c *Call) Outcome {
	return w.send(ctx, c, eventPublished, "", true)
}

// Find is not offered: a receiver need answer no questions. Sending again does no harm.
func (w *webhook) Find(context.Context, *Call) Outcome {
	return Outcome{End: Unknown, Why: remark.Say("cannot-be-asked", "webhook")}
}

func (w *webhook) Edit(ctx context.Context, c *Call) Outcome {
	return w.send(ctx, c, eventUpdated, c.Draft.Hash(), true)
}

func (w *webhook) Retract(ctx context.Context, c *Call) Outcome {
	out := w.send(ctx, c, eventRetracted, "", false)
	if out.End == Posted {
		out.Remote = c.Remote
	}
	return out
}
