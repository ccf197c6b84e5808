package channel

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"cutline/internal/remark"
)

// image uploads the card, or takes the upload of an earlier try, and says its URN when LinkedIn has it ready.
func (n *linkedin) image(ctx context.Context, c *Call) (string, Outcome) {
	urn, since := noted(c.Steps["image"])
	if urn == "" {
		var out Outcome
		if urn, out = n.upload(ctx, c); out.End != Posted {
			return "", out
		}
		since = n.p.Now()
		if err := c.Step(ctx, "image", fmt.Sprint(urn, " ", since.Unix())); err != nil {
			return "", Outcome{End: Later, Why: err.Error()}
		}
	}
	a, out := n.json(ctx, http.MethodGet, "/rest/images/"+url.QueryEscape(urn), nil)
	if out.End != Posted {
		return "", out
	}
	var ok struct{ Status string }
	switch now := n.p.Now(); {
	case !a.ok(&ok) || ok.Status == "":
		return "", n.failed(a, false)
	case ok.Status == "AVAILABLE":
		return urn, out
	case ok.Status == "PROCESSING" && now.Sub(since) < containerPatience:
		return "", Outcome{End: Later, Working: true, Until: now.Add(linkedinWait), Why: remark.Say("picture-working", "LinkedIn")}
	case ok.Status == "PROCESSING":
		out = Outcome{End: Refused, Why: remark.Say("picture-unfinished", "LinkedIn")}
	case ok.Status == "PROCESSING_FAILED":
		out = Outcome{End: Refused, Why: remark.Say("picture-unread", "LinkedIn")}
	default: // the bytes did not arrive
		out = Outcome{End: Later, Why: remark.Say("picture-again", "LinkedIn", ok.Status)}
	}
	if err := c.Step(ctx, "image", ""); err != nil {
		return "", Outcome{End: Later, Why: err.Error()}
	}
	return "", out
}

func (n *linkedin) upload(ctx context.Context, c *Call) (string, Outcome) {
	card, err := c.Card(ctx)
	if err != nil {
		return "", Outcome{End: Later, Why: remark.Say("card-not-read", err.Error())}
	}
	a, out := n.json(ctx, http.MethodPost, "/rest/images?action=initializeUpload", map[string]any{"initializeUploadRequest": map[string]string{"owner": n.author}})
	if out.End != Posted {
		return "", out
	}
	var ok struct {
		Value struct {
			Address string `json:"uploadUrl"`
			Image   string
		}
	}
	if !a.ok(&ok) || ok.Value.Image == "" {
		return "", n.failed(a, false)
	}
	if !n.ours(ok.Value.Address) {
		return "", Outcome{End: Refused, Why: remark.Say("picture-elsewhere", "LinkedIn")}
	}
	if a, out = n.call(ctx, http.MethodPut, ok.Value.Address, "application/octet-stream", card); out.End != Posted {
		return "", out
	}
	if a.Err != nil || a.Status < 200 || a.Status > 299 {
		return "", n.failed(a, false)
	}
	return ok.Value.Image, out
}

// ours says whether an address is LinkedIn's, or the configured server's.
func (n *linkedin) ours(address string) bool {
	u, err := url.Parse(address)
	own, err2 := url.Parse(n.cfg.Server)
	if err != nil || err2 != nil {
		return false
	}
	return u.Scheme == own.Scheme && u.Host == own.Host || u.Scheme == "https" && u.Port() == "" && strings.HasSuffix(strings.ToLower(u.Hostname()), ".linkedin.com") && n.cfg.Server == linkedinServer
}
