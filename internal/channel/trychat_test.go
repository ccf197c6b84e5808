package channel

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"cutline/internal/config"
)

func TestChatsAreTriedWithoutPosting(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct{ kind, secret, want string }{
		{"slack", testSlackHook, ""},
		{"slack", "xoxb-nonsense", "whole address"},
		{"teams", testFlow, ""},
		{"teams", strings.TrimSuffix(testFlow, "&sig=test"), "no signature"},
		{"teams", "https://news.webhook.office.com/webhookb2/a", "retired"},
		{"webhook", testWhsec, ""},
		{"webhook", "no key!", "whsec_"},
		{"discord", "xoxb-nonsense", "whole address"},
	} {
		called := fake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { t.Errorf("%s was called", c.kind) })
		server := ""
		if c.kind == "webhook" {
			server = called.URL
		}
		ch, _ := opened(t, c.kind, server, withSecret(t, c.secret))
		h := Try(ctx, ch, time.Now)
		if all := strings.Join(h.Wrong, "; "); (all == "") != (c.want == "") || !strings.Contains(all, c.want) || strings.Contains(all, c.secret) {
			t.Errorf("%s: %+v, want %q", c.kind, h, c.want)
		}
	}
}

func TestRelaysAreTried(t *testing.T) {
	ctx := context.Background()
	servers, addresses := relays(t, 1)
	closed := fake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		say(w, 200, map[string]any{"limitation": map[string]any{"payment_required": true}})
	})
	silent := fake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { say(w, 404, nil) })
	all := append(addresses, "ws"+strings.TrimPrefix(closed.URL, "http"), "ws"+strings.TrimPrefix(silent.URL, "http"), "ws://127.0.0.1:1")
	h := Try(ctx, nostrAt(t, all), time.Now)
	if h.As != "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg" || len(h.Wrong) != 2 || !strings.Contains(h.Wrong[0], "paying") || !strings.Contains(h.Wrong[1], "does not answer") {
		t.Errorf("%+v", h)
	}
	if len(h.Notes) != 2 || !strings.Contains(h.Notes[0], "takes 65536") || !strings.Contains(h.Notes[1], "does not tell") {
		t.Errorf("%+v", h.Notes)
	}
	if h := Try(ctx, nostrAt(t, addresses), func() time.Time { return time.Now().Add(time.Hour) }); len(h.Wrong) != 1 || !strings.Contains(h.Wrong[0], "clock") {
		t.Errorf("with a wrong clock: %+v", h)
	}
	if n := len(servers[0].Posts("")); n != 0 {
		t.Errorf("%d posts were made", n)
	}
	ch, _ := opened(t, "nostr", "", withSecret(t, "no key"), func(c *config.Channel) { c.Relays = addresses })
	if h := Try(ctx, ch, time.Now); len(h.Wrong) != 1 || strings.Contains(h.Wrong[0], "no key of Nostr: no") {
		t.Errorf("a secret that is no key: %+v", h)
	}
}

func TestScopesThatAreMissing(t *testing.T) {
	for given, want := range map[string]string{"": "", "chat:write,channels:history": "", "chat:write, groups:history": "", "incoming-webhook": "chat:write channels:history", "chat:write": "channels:history"} {
		if got := strings.Join(slackScopes(http.Header{"X-Oauth-Scopes": {given}}), " "); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}
