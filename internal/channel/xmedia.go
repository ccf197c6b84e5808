package channel

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cutline/internal/remark"
)

// xMedia is what X says of an upload. A picture is ready at once as a rule; where X must work on it, it says for how
// long.
type xMedia struct {
	Data struct {
		ID         string
		Expires    int64 `json:"expires_after_secs"`
		Processing *struct {
			State string // pending, in_progress, succeeded, failed
			After int64  `json:"check_after_secs"`
			Error struct{ Message string }
		} `json:"processing_info"`
	}
}

// media uploads the card and its alt text, or takes the upload of an earlier try while it lives, and says its id when X
// has it ready.
func (n *x) media(ctx context.Context, c *Call) (string, Outcome) {
	id, until, _ := strings.Cut(c.Steps["media"], " ")
	if end, err := strconv.ParseInt(until, 10, 64); id == "" || err != nil || n.p.Now().Unix() > end {
		var out Outcome
		if id, out = n.upload(ctx, c); out.End != Posted {
			return "", out
		}
	} else if working, _ := noted(c.Steps["processing"]); working == id {
		var m xMedia
		q := url.Values{"command": {"STATUS"}, "media_id": {id}}
		if out := n.json(ctx, http.MethodGet, "/2/media/upload?"+q.Encode(), nil, &m); out.End != Posted {
			return "", out
		}
		if out := n.ready(c, &m); out.End != Posted {
			return "", out
		}
	}
	if c.Draft.Alt != "" && c.Steps["alt"] != id {
		var ok struct{ Data struct{ ID string } }
		body := map[string]any{"id": id, "metadata": map[string]any{"alt_text": map[string]string{"text": c.Draft.Alt}}}
		if out := n.json(ctx, http.MethodPost, "/2/media/metadata", body, &ok); out.End != Posted {
			return "", out
		}
		c.Keep("alt", id)
	}
	if err := c.GoOn(ctx); err != nil {
		return "", Outcome{End: Later, Why: err.Error()}
	}
	return id, Outcome{End: Posted}
}

// upload brings the card to X: in one request, or, as X wants of what is large, in pieces.
func (n *x) upload(ctx context.Context, c *Call) (string, Outcome) {
	card, err := c.Card(ctx)
	if err != nil {
		return "", Outcome{End: Later, Why: remark.Say("card-not-read", err.Error())}
	}
	if len(card) > xPiece {
		return n.uploadPieces(ctx, c, card)
	}
	a, out := n.sendMedia(ctx, "/2/media/upload", field("media_category", "tweet_image"), part{Name: "media", File: "card" + extension(c.Draft.Type), Type: c.Draft.Type, Body: card})
	if out.End != Posted {
		return "", out
	}
	var m xMedia
	if !a.ok(&m) || m.Data.ID == "" {
		return "", n.failed(a, false)
	}
	return n.uploaded(c, m)
}

// uploaded keeps an upload that X has whole. One that no post names is thrown away, and two posts may have the same: it keeps no post
// from being made twice.
func (n *x) uploaded(c *Call, m xMedia) (string, Outcome) {
	c.Keep("media", fmt.Sprint(m.Data.ID, " ", n.p.Now().Unix()+m.Data.Expires-600))
	return m.Data.ID, n.ready(c, &m)
}

// sendMedia sends a form.
func (n *x) sendMedia(ctx context.Context, path string, parts ...part) (answer, Outcome) {
	return n.call(ctx, func() (*http.Request, error) {
		body, typ, err := form(parts)
		if err != nil {
			return nil, err
		}
		return rawRequest(ctx, http.MethodPost, n.cfg.Server+path, body, "Content-Type", typ)
	})
}

// ready says whether X has done with an upload, and keeps that it has not, or that there is no use in it.
func (n *x) ready(c *Call, m *xMedia) Outcome {
	now := n.p.Now()
	working, since := noted(c.Steps["processing"])
	switch p := m.Data.Processing; {
	case p == nil || p.State == "succeeded":
		c.Keep("processing", "")
		return Outcome{End: Posted}
	case p.State == "failed":
		c.Keep("media", "")
		return Outcome{End: Refused, Why: remark.Say("picture-unread-says", "X", p.Error.Message)}
	case working == m.Data.ID && now.Sub(since) > containerPatience:
		c.Keep("media", "")
		return Outcome{End: Refused, Why: remark.Say("picture-unfinished", "X")}
	default:
		if working != m.Data.ID {
			c.Keep("processing", fmt.Sprint(m.Data.ID, " ", now.Unix()))
		}
		return Outcome{End: Later, Working: true, Until: now.Add(time.Duration(max(p.After, 1)) * time.Second), Why: remark.Say("picture-working", "X")}
	}
}
