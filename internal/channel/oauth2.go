package channel

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
)

// early is how long before its end an access token is renewed: a call with it takes less.
const early = 5 * time.Minute

// refresh trades a refresh token for a new pair (RFC 6749, section 6). The app proves itself by HTTP Basic or, where the
// network wants that, by its secret in the body; one without a secret, a public client, by its id alone. A network that
// sends no new refresh token goes on with the old one.
func refresh(ctx context.Context, p Parts, c config.Channel, address string, old pair, inBody bool) (pair, Outcome) {
	q := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old.Refresh}, "client_id": {c.App}}
	secret := ""
	if c.AppSecret.Given() {
		var err error
		if secret, err = c.AppSecret.Value(ctx); err != nil {
			return pair{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
		}
		if inBody {
			q.Set("client_secret", secret)
		}
	}
	req, err := rawRequest(ctx, http.MethodPost, address, strings.NewReader(q.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	if err != nil {
		return pair{}, Outcome{End: Refused, Why: err.Error()}
	}
	if secret != "" && !inBody {
		req.SetBasicAuth(url.QueryEscape(c.App), url.QueryEscape(secret))
	}
	return granted(exchange(p.Client, req), old, p.Now())
}

// granted reads the answer to a request for a token. One that is refused pauses the account: somebody must sign in again.
func granted(a answer, old pair, now time.Time) (pair, Outcome) {
	var ok struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Seconds int64  `json:"expires_in"`
	}
	if a.ok(&ok) && ok.Access != "" {
		s := pair{Access: ok.Access, Refresh: ok.Refresh, Who: old.Who}
		if s.Refresh == "" {
			s.Refresh = old.Refresh
		}
		if ok.Seconds > 0 {
			s.Until = now.Add(time.Duration(ok.Seconds) * time.Second)
			s.Due = s.Until.Add(-early)
		}
		return s, Outcome{End: Posted}
	}
	var e struct {
		Error       json.RawMessage // RFC 6749 has a word here, Meta an object
		Description string          `json:"error_description"`
	}
	said := ""
	if json.Unmarshal(a.Body, &e) == nil {
		said = strings.TrimSpace(strings.Trim(string(e.Error), `"`) + " " + e.Description)
	}
	out := a.outcome(false, said, now)
	if out.End == Refused && a.Status >= 400 && a.Status < 500 {
		out.Pause, out.Why = true, remark.Say("token-not-renewed", out.Why)
	}
	return pair{}, out
}
