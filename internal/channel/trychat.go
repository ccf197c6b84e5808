package channel

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"cutline/internal/remark"
)

// try looks at the address alone: an incoming webhook answers nothing but posts.
func (s *slackHook) try(ctx context.Context, t *trial) {
	if _, out := hookAddress(ctx, s.cfg); out.End != Posted {
		t.wrong(out.Why)
		return
	}
	t.note(remark.Say("not-tried"))
}

// try looks at the address alone: a workflow answers nothing but posts.
func (w *teams) try(ctx context.Context, t *trial) {
	address, out := hookAddress(ctx, w.cfg)
	switch {
	case out.End != Posted:
		t.wrong(out.Why)
	case strings.Contains(address, ".webhook.office.com/"):
		t.wrong(remark.Say("connector-retired"))
	case !strings.Contains(address, "sig="):
		t.wrong(remark.Say("address-unsigned"))
	default:
		t.note(remark.Say("not-tried"))
	}
}

// try looks at the secret alone: what a receiver makes of an event that is no post, nobody knows.
func (w *webhook) try(ctx context.Context, t *trial) {
	secret, err := w.cfg.Secret.Value(ctx)
	if err == nil {
		_, err = webhookSignature(secret, "msg_try", "0", nil)
	}
	if err != nil {
		t.wrong(err.Error())
		return
	}
	t.note(remark.Say("not-tried"))
}

// relayDocument is what of a relay's information document (NIP-11) matters to who posts.
type relayDocument struct {
	Limitation struct {
		Content int  `json:"max_content_length"`
		Auth    bool `json:"auth_required"`
		Payment bool `json:"payment_required"`
		Closed  bool `json:"restricted_writes"`
	}
}

// try reads the key, and each relay's document. One relay that takes notes is enough to post.
func (n *nostr) try(ctx context.Context, t *trial) {
	secret, err := n.cfg.Secret.Value(ctx)
	if err != nil {
		t.wrong(err.Error())
		return
	}
	key, err := nostrKey(secret)
	if err != nil {
		t.wrong(err.Error())
		return
	}
	t.As = bech32("npub", key.PubKey().SerializeCompressed()[1:])
	for _, relay := range n.relays {
		host := hostOf(relay)
		req, err := rawRequest(ctx, http.MethodGet, "http"+strings.TrimPrefix(relay, "ws"), nil)
		if err != nil {
			t.wrong(host + ": " + err.Error())
			continue
		}
		req.Header.Set("Accept", "application/nostr+json")
		a := exchange(n.p.Client, req)
		var d relayDocument
		switch {
		case a.Err != nil || a.Status >= 500:
			t.wrong(remark.Say("relay-no-answer", host))
			continue
		case a.Status != http.StatusOK || json.Unmarshal(a.Body, &d) != nil:
			t.note(remark.Say("relay-limits-unknown", host))
			continue
		}
		t.heard(a, Outcome{End: Posted}, nil, &d) // the clock
		if d.Limitation.Auth || d.Limitation.Payment || d.Limitation.Closed {
			t.wrong(remark.Say("relay-for-known", host))
		}
		if most := d.Limitation.Content; most > 0 {
			t.note(remark.Say("takes-characters", host, most, nostrContent))
		}
	}
}

// slackScopes says which of the scopes that we need a token lacks, by the header that Slack lists them in.
func slackScopes(h http.Header) (missing []string) {
	given := strings.Split(strings.ReplaceAll(h.Get("X-Oauth-Scopes"), " ", ""), ",")
	if h.Get("X-Oauth-Scopes") == "" {
		return nil // it does not say
	}
	if !slices.Contains(given, "chat:write") {
		missing = append(missing, "chat:write")
	}
	if !slices.Contains(given, "channels:history") && !slices.Contains(given, "groups:history") {
		missing = append(missing, "channels:history")
	}
	return missing
}
