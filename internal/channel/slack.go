package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// slackBot posts to a channel of a Slack workspace with an app's bot token. Slack has no handle against doubles, but it
// keeps metadata with a message: each carries our name for the post, by which Find knows it in the channel's history.
// Words stand in blocks of plain text, where nothing is markup. Errors come with status 200.
type slackBot struct {
	name string
	cfg  config.Channel
	p    Parts
}

const (
	slackServer  = "https://slack.com"
	slackSection = 3000 // characters of a block's text
	slackAlt     = 2000
	slackPages   = 5              // of the channel's messages, looked through for one of ours
	slackEvent   = "cutline_post" // what our metadata is called
)

// newSlack makes a bot's channel, or, where no chat is named, an incoming webhook's.
func newSlack(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if !c.Secret.Given() {
		return nil, fmt.Errorf("slack needs secret: a bot token with chat (the channel's id), or the address of an incoming webhook alone")
	}
	if c.Chat == "" {
		return &slackHook{name: name, cfg: c, p: p}, nil
	}
	if c.Server == "" {
		c.Server = slackServer
	}
	return &slackBot{name: name, cfg: c, p: p}, nil
}

func (s *slackBot) Capabilities() Capabilities {
	return Capabilities{Find: Shows, Edit: true, Retract: true, Reply: true}
}

func (s *slackBot) Prepare(p Piece) story.Draft { return slackDraft(p, s.cfg, s.name) }

func slackDraft(p Piece, c config.Channel, name string) story.Draft {
	d := linked(p, c, name, "og", func(text string) bool { return utf16Length(slackEscape.Replace(text)) <= slackSection })
	d.Alt = cutBy(d.Alt, slackAlt, utf16Length)
	return d
}

// slackMessage is a message's text, which notifications show, and its blocks.
func slackMessage(p Parts, d story.Draft) map[string]any {
	blocks := []any{map[string]any{"type": "section", "text": map[string]any{"type": "plain_text", "text": withoutLink(d.Text, d.Link), "emoji": false}}}
	picture := pictureAddress(p, d)
	if picture != "" {
		alt := d.Alt
		if alt == "" {
			alt = d.Title // a picture without one is refused
		}
		blocks = append(blocks, map[string]any{"type": "image", "image_url": picture, "alt_text": alt})
	}
	blocks = append(blocks, map[string]any{"type": "context", "elements": []any{map[string]string{"type": "mrkdwn", "text": "<" + slackEscape.Replace(d.Link) + "|" + slackEscape.Replace(shortLink(d.Link)) + ">"}}})
	return map[string]any{"text": slackEscape.Replace(d.Text), "blocks": blocks, "unfurl_links": picture == "", "unfurl_media": false}
}

// slackReply is what every method answers.
type slackReply struct {
	OK      bool
	Error   string
	Needed  string // the scope that is missing
	Channel string
	TS      string
	Next    struct {
		Cursor string `json:"next_cursor"`
	} `json:"response_metadata"`
	Messages []struct {
		TS       string
		Metadata struct {
			Type    string              `json:"event_type"`
			Payload struct{ ID string } `json:"event_payload"`
		}
	}
}

// method calls one method: with a JSON body, or without one by GET.
func (s *slackBot) method(ctx context.Context, name string, publishing bool, body any, query url.Values) (slackReply, Outcome) {
	token, err := s.cfg.Secret.Value(ctx)
	if err != nil {
		return slackReply{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	verb, address := http.MethodPost, s.cfg.Server+"/api/"+name
	if body == nil {
		verb, address = http.MethodGet, address+"?"+query.Encode()
	}
	req, err := request(ctx, verb, address, body, "Authorization", "Bearer "+token, "Content-Type", "application/json; charset=utf-8")
	if err != nil {
		return slackReply{}, Outcome{End: Refused, Why: err.Error()}
	}
	a := exchange(s.p.Client, req)
	var r slackReply
	if a.Err != nil || json.Unmarshal(a.Body, &r) != nil || r.OK && a.Status != http.StatusOK {
		return slackReply{}, a.outcome(publishing, "", s.p.Now())
	}
	if r.OK {
		return r, Outcome{End: Posted}
	}
	return r, s.failed(a, r, publishing)
}

// failed is what an error means. It comes with status 200, but for too many calls.
func (s *slackBot) failed(a answer, r slackReply, publishing bool) Outcome {
	why := remark.Say("slack-says", r.Error)
	switch r.Error {
	case "":
		return a.outcome(publishing, "", s.p.Now())
	case "ratelimited", "rate_limited":
		return Outcome{End: Later, Until: retryAfter(a.Header, s.p.Now()), Why: why, Rest: true}
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org":
		if publishing { // part of it may have been done
			return Outcome{End: Unknown, Why: why}
		}
		return Outcome{End: Later, Why: why, Rest: true}
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type":
		return Outcome{End: Refused, Pause: true, Why: remark.Say("bot-token-refused", why)}
	case "missing_scope", "no_permission":
		return Outcome{End: Refused, Pause: true, Why: remark.Say("scope-missing", strings.TrimSpace(why+" "+r.Needed))}
	case "channel_not_found", "not_in_channel", "is_archived", "restricted_action", "org_login_required", "ekm_access_denied":
		return Outcome{End: Refused, Pause: true, Why: remark.Say("invite-app", why)}
	}
	return Outcome{End: Refused, Why: why}
}

func (s *slackBot) Publish(ctx context.Context, c *Call) Outcome {
	m := slackMessage(s.p, c.Draft)
	m["channel"] = s.cfg.Chat
	m["metadata"] = map[string]any{"event_type": slackEvent, "event_payload": map[string]string{"id": s.handle(c)}}
	if c.ReplyTo != nil {
		_, m["thread_ts"], _ = strings.Cut(c.ReplyTo.ID, "/")
		m["reply_broadcast"] = true // a correction is seen by who has seen the post
	}
	r, out := s.method(ctx, "chat.postMessage", true, m, nil)
	if out.End != Posted {
		return out
	}
	if r.TS == "" || r.Channel == "" {
		return Outcome{End: Unknown, Why: remark.Say("answer-incomplete", "Slack")}
	}
	return Outcome{End: Posted, Remote: slackRemote(r.Channel, r.TS)}
}

// handle names the post in a message's metadata.
func (s *slackBot) handle(c *Call) string {
	if c.ReplyTo != nil {
		return c.ID() + "/reply/" + c.Draft.Hash()
	}
	return c.ID()
}

// slackRemote names a message as "<channel>/<time>", by which Slack names it.
func slackRemote(channel, ts string) story.Remote {
	return story.Remote{ID: channel + "/" + ts, URL: "https://slack.com/archives/" + channel + "/p" + strings.Replace(ts, ".", "", 1)}
}

// Find looks through what the channel has had since the post was first tried for the message that carries its name.
func (s *slackBot) Find(ctx context.Context, c *Call) Outcome {
	method, q := "conversations.history", url.Values{"channel": {s.cfg.Chat}, "include_all_metadata": {"true"}, "limit": {"200"}}
	q.Set("oldest", strconv.FormatInt(c.First.Add(-10*time.Minute).Unix(), 10)) // their clock is not ours
	if c.ReplyTo != nil {
		method = "conversations.replies"
		_, ts, _ := strings.Cut(c.ReplyTo.ID, "/")
		q.Set("ts", ts)
	}
	for range slackPages {
		r, out := s.method(ctx, method, false, nil, q)
		switch {
		case out.End == Refused && r.Error == "missing_scope":
			return Outcome{End: Unknown, Why: remark.Say("may-not-be-read")}
		case out.End != Posted:
			return Outcome{End: Later, Until: out.Until, Why: out.Why, Rest: out.Rest}
		}
		for _, m := range r.Messages {
			if m.Metadata.Type == slackEvent && m.Metadata.Payload.ID == s.handle(c) {
				return Outcome{End: Posted, Remote: slackRemote(s.cfg.Chat, m.TS)}
			}
		}
		if r.Next.Cursor == "" {
			return Outcome{End: Absent}
		}
		q.Set("cursor", r.Next.Cursor)
	}
	return Outcome{End: Unknown, Why: remark.Say("post-lost-among-others", "Slack")}
}

func (s *slackBot) Edit(ctx context.Context, c *Call) Outcome {
	m := slackMessage(s.p, c.Draft)
	m["channel"], m["ts"], _ = strings.Cut(c.Remote.ID, "/")
	r, out := s.method(ctx, "chat.update", true, m, nil)
	switch {
	case out.End == Posted:
		return Outcome{End: Posted, Remote: c.Remote}
	case r.Error == "message_not_found":
		return Outcome{End: Gone, Why: remark.Say("post-gone")}
	}
	return out
}

func (s *slackBot) Retract(ctx context.Context, c *Call) Outcome {
	channel, ts, _ := strings.Cut(c.Remote.ID, "/")
	r, out := s.method(ctx, "chat.delete", false, map[string]string{"channel": channel, "ts": ts}, nil)
	if out.End == Posted || r.Error == "message_not_found" {
		return Outcome{End: Posted, Remote: c.Remote}
	}
	return out
}

// slackHook posts through an incoming webhook: it says whether it took the message, and nothing else. What was sent can
// neither be asked for nor changed.
type slackHook struct {
	name string
	cfg  config.Channel
	p    Parts
}

func (s *slackHook) Capabilities() Capabilities {
	return Capabilities{Find: Never, ByHand: remark.Say("by-hand-admin", "Slack")}
}

func (s *slackHook) Prepare(p Piece) story.Draft { return slackDraft(p, s.cfg, s.name) }

func (s *slackHook) Publish(ctx context.Context, c *Call) Outcome {
	address, out := hookAddress(ctx, s.cfg)
	if out.End != Posted {
		return out
	}
	a := postHook(ctx, s.p.Client, address, slackMessage(s.p, c.Draft))
	said := strings.TrimSpace(string(a.Body))
	if len(said) > 80 || strings.ContainsAny(said, "<{") {
		said = ""
	}
	if a.Err == nil && a.Status == http.StatusOK && said == "ok" {
		return Outcome{End: Posted, Remote: story.Remote{ID: c.ID()}}
	}
	out = a.outcome(true, said, s.p.Now())
	switch said {
	case "action_prohibited", "invalid_token", "no_service", "no_active_hooks", "channel_not_found", "channel_is_archived", "no_team", "team_disabled", "user_not_found":
		out = Outcome{End: Refused, Pause: true, Why: remark.Say("webhook-new", remark.Say("slack-says", said))}
	}
	return out
}

func (s *slackHook) Find(context.Context, *Call) Outcome {
	return Outcome{End: Unknown, Why: remark.Say("cannot-be-asked", "Slack")}
}

func (s *slackHook) Edit(context.Context, *Call) Outcome {
	return untouchable("Slack's incoming webhook")
}
func (s *slackHook) Retract(context.Context, *Call) Outcome {
	return untouchable("Slack's incoming webhook")
}
