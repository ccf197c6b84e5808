package channel

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// try looks at the address alone: an incoming webhook answers nothing but posts.
func (s *slackHook) try(ctx context.Context, t *trial) {
	if _, out := hookAddress(ctx, s.cfg); out.End != Posted {
		t.wrong("%s", out.Why)
		return
	}
	t.note("an incoming webhook cannot be tried without posting")
}

// try looks at the address alone: a workflow answers nothing but posts.
func (w *teams) try(ctx context.Context, t *trial) {
	address, out := hookAddress(ctx, w.cfg)
	switch {
	case out.End != Posted:
		t.wrong("%s", out.Why)
	case strings.Contains(address, ".webhook.office.com/"):
		t.wrong("the address is an Office connector's, which are retired: make a workflow that begins with a Teams webhook request, and give its address")
	case !strings.Contains(address, "sig="):
		t.wrong("the address has no signature (sig=): copy the workflow's whole address")
	default:
		t.note("a workflow cannot be tried without posting")
	}
}

// try looks at the secret alone: what a receiver makes of an event that is no post, nobody knows.
func (w *webhook) try(ctx context.Context, t *trial) {
	secret, err := w.cfg.Secret.Value(ctx)
	if err == nil {
		_, err = webhookSignature(secret, "msg_try", "0", nil)
	}
	if err != nil {
		t.wrong("%v", err)
		return
	}
	t.note("the receiver is not called without posting")
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
		t.wrong("%v", err)
		return
	}
	key, err := nostrKey(secret)
	if err != nil {
		t.wrong("%v", err)
		return
	}
	t.As = bech32("npub", key.PubKey().SerializeCompressed()[1:])
	for _, relay := range n.relays {
		host := hostOf(relay)
		req, err := rawRequest(ctx, http.MethodGet, "http"+strings.TrimPrefix(relay, "ws"), nil)
		if err != nil {
			t.wrong("%s: %v", host, err)
			continue
		}
		req.Header.Set("Accept", "application/nostr+json")
		a := exchange(n.p.Client, req)
		var d relayDocument
		switch {
		case a.Err != nil || a.Status >= 500:
			t.wrong("%s does not answer: take it out of relays, or wait", host)
			continue
		case a.Status != http.StatusOK || json.Unmarshal(a.Body, &d) != nil:
			t.note("%s does not tell its limits", host)
			continue
		}
		t.heard(a, Outcome{End: Posted}, nil, &d) // the clock
		if d.Limitation.Auth || d.Limitation.Payment || d.Limitation.Closed {
			t.wrong("%s takes notes only of those it knows (signed in, paying or let in): take it out of relays", host)
		}
		if most := d.Limitation.Content; most > 0 {
			t.note("%s takes %d characters; cutline writes at most %d", host, most, nostrContent)
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
