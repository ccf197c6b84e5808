package channel

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// hookAddress is where an incoming webhook is called. Its secret is the whole address; a configured server stands in the
// place of the address's own, for a test or a proxy.
func hookAddress(ctx context.Context, c config.Channel) (string, Outcome) {
	secret, err := c.Secret.Value(ctx)
	if err != nil {
		return "", Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	u, err := url.Parse(strings.TrimSpace(secret))
	if err != nil || u.Path == "" || c.Server == "" && (u.Scheme != "https" || u.Host == "") {
		return "", Outcome{End: Refused, Pause: true, Why: remark.Say("secret-no-address")}
	}
	if c.Server != "" {
		return strings.TrimSuffix(c.Server, "/") + u.RequestURI(), Outcome{End: Posted}
	}
	return u.String(), Outcome{End: Posted}
}

// errNoAddress stands for an error that would show the webhook's address, which is its secret.
var errNoAddress = errors.New("the webhook's address is none")

// postHook sends a JSON body to an incoming webhook.
func postHook(ctx context.Context, client *http.Client, address string, body any) answer {
	req, err := request(ctx, http.MethodPost, address, body)
	if err != nil {
		return answer{Err: errNoAddress}
	}
	return exchange(client, req)
}

// pictureAddress is where a network that wants the card's address finds it; empty: we have no public address, and it
// makes a picture of the page's own.
func pictureAddress(p Parts, d story.Draft) string {
	if p.Public == "" || d.Card == "" {
		return ""
	}
	return strings.TrimSuffix(p.Public, "/") + "/" + d.Card
}

// withoutLink is a text whose link is shown beside it.
func withoutLink(text, link string) string {
	return strings.TrimSpace(strings.Replace(text, "\n\n"+link, "", 1))
}

// untouchable is what a channel says that can neither edit nor take down nor be asked: it was told, once and for all.
func untouchable(network string) Outcome {
	return Outcome{End: Refused, Why: remark.Say("edit-nameless", network)}
}
