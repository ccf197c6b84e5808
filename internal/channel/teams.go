package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// teams posts an adaptive card to a flow of Power Automate that begins with "When a Teams webhook request is received".
// The flow says that it has accepted the card, and neither whether it was shown nor where: what was sent can neither be
// asked for nor changed. Words stand in runs of text, where nothing is markup.
type teams struct {
	name string
	cfg  config.Channel
	p    Parts
}

// teamsCard is the most bytes of a card that are sent: 28 KB are documented, and some above 21 KB were not shown.
const teamsCard = 21 << 10

func newTeams(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if !c.Secret.Given() {
		return nil, fmt.Errorf("teams needs secret: the address of a workflow that begins with a Teams webhook request")
	}
	return &teams{name: name, cfg: c, p: p}, nil
}

func (t *teams) Capabilities() Capabilities {
	return Capabilities{Find: Never, ByHand: remark.Say("by-hand-admin", "Teams")}
}

func (t *teams) Prepare(p Piece) story.Draft {
	d := linked(p, t.cfg, t.name, "og", func(text string) bool { return len(text) <= teamsCard-4<<10 })
	if b, err := json.Marshal(t.card(d)); err != nil || len(b) > teamsCard {
		d.Findings = append(d.Findings, remark.Say("card-bytes", len(b)))
	}
	return d
}

// card is the message with its adaptive card (1.5, of which Teams knows lang, rtl and RichTextBlock).
func (t *teams) card(d story.Draft) map[string]any {
	words := map[string]any{"type": "RichTextBlock", "inlines": []any{map[string]any{"type": "TextRun", "text": withoutLink(d.Text, d.Link)}}}
	body := []any{words}
	if picture := pictureAddress(t.p, d); picture != "" {
		body = append(body, map[string]any{"type": "Image", "url": picture, "altText": d.Alt, "size": "Stretch"})
	}
	content := map[string]any{
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.5", "lang": d.Language, "rtl": article.RTL(d.Language),
		"body": body, "actions": []any{map[string]any{"type": "Action.OpenUrl", "title": shortLink(d.Link), "url": d.Link}}, "msteams": map[string]string{"width": "Full"},
	}
	return map[string]any{"type": "message", "attachments": []any{map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": content}}}
}

func (t *teams) Publish(ctx context.Context, c *Call) Outcome {
	address, out := hookAddress(ctx, t.cfg)
	if out.End != Posted {
		return out
	}
	a := postHook(ctx, t.p.Client, address, t.card(c.Draft))
	said := strings.TrimSpace(string(a.Body))
	if a.Err == nil && (a.Status == http.StatusAccepted || a.Status == http.StatusOK) && (said == "" || said == "1") {
		id := a.Header.Get("X-Ms-Workflow-Run-Id")
		if id == "" {
			id = c.ID()
		}
		return Outcome{End: Posted, Remote: story.Remote{ID: id}, Why: remark.Say("accepted-unseen", "Teams")}
	}
	var e struct {
		Error struct{ Code, Message string }
	}
	words := ""
	if json.Unmarshal(a.Body, &e) == nil && e.Error.Code != "" {
		words = e.Error.Code + ": " + e.Error.Message
	}
	out = a.outcome(true, words, t.p.Now())
	switch {
	case a.Status == http.StatusOK && strings.Contains(said, "HTTP error 429"): // an old connector's success that is none
		out = Outcome{End: Later, Why: remark.Say("asked-too-often", "Teams"), Rest: true}
	case out.End == Refused && a.Status != http.StatusRequestEntityTooLarge:
		out.Pause, out.Why = true, remark.Say("workflow-off", out.Why)
	}
	return out
}

func (t *teams) Find(context.Context, *Call) Outcome {
	return Outcome{End: Unknown, Why: remark.Say("cannot-be-asked", "Teams")}
}

func (t *teams) Edit(context.Context, *Call) Outcome    { return untouchable("Teams") }
func (t *teams) Retract(context.Context, *Call) Outcome { return untouchable("Teams") }
