package staff

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// algorithms are those by which a provider may sign: with a key that it alone has. None that is made with our own secret.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

// provider is the provider's description of itself, asked for when somebody first signs in: a desk starts without it.
type provider struct {
	mu   sync.Mutex
	have *oidc.Provider // nil: not asked yet, or it did not answer
}

// flow is what goes to the provider with somebody, kept in a cookie of their browser until they come back.
type flow struct {
	State    string    `json:"s"` // comes back in the address: the answer is to this browser's own question
	Nonce    string    `json:"n"` // comes back in the token: the token was made for it
	Verifier string    `json:"v"` // PKCE: who has the code alone cannot use it
	To       string    `json:"t"` // where to go afterwards
	Until    time.Time `json:"u"`
}

// asking is a context for requests to the provider, by our client.
func (d *Door) asking(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, d.Client)
}

// oidc returns the provider and our side of its flow.
func (d *Door) oidc(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	c := d.Config.Desk.OIDC
	d.provider.mu.Lock()
	defer d.provider.mu.Unlock()
	if d.provider.have == nil {
		// It keeps its context for fetching keys later, which is not to end with this request.
		p, err := oidc.NewProvider(d.asking(context.WithoutCancel(ctx)), c.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("asking %s how to sign in: %w", c.Issuer, err)
		}
		d.provider.have = p
	}
	o := &oauth2.Config{ClientID: c.Client, Endpoint: d.provider.have.Endpoint(), RedirectURL: d.Config.Desk.URL + "/signin/callback", Scopes: append([]string{oidc.ScopeOpenID}, c.Scopes...)}
	if c.Secret.Given() {
		var err error
		if o.ClientSecret, err = c.Secret.Value(ctx); err != nil {
			return nil, nil, err
		}
	}
	return d.provider.have, o, nil
}

// toProvider sends the browser to the provider: authorization code flow with PKCE (RFC 7636), state and nonce. It is a
// GET that changes nothing here; a form would be stopped on its way by our form-action.
func (d *Door) toProvider(w http.ResponseWriter, r *http.Request) {
	if d.Config.Desk.OIDC.Issuer == "" {
		http.NotFound(w, r)
		return
	}
	_, o, err := d.oidc(r.Context())
	if err != nil {
		d.Log.Error("signing in", "error", err)
		d.page(w, r, http.StatusBadGateway, SignIn{Problem: "sign_in_failed"})
		return
	}
	var b [96]byte
	if _, err := io.ReadFull(d.Random, b[:]); err != nil {
		d.fail(w, r, err)
		return
	}
	text := base64.RawURLEncoding.EncodeToString
	f := flow{text(b[:32]), text(b[32:64]), text(b[64:]), OwnPath(r.URL.Query().Get("to")), d.Now().Add(flowTime)}
	cookie, err := d.ring.seal(r.Context(), "flow", f)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.setCookie(w, r, flowCookie, cookie, flowTime)
	http.Redirect(w, r, o.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), http.StatusSeeOther)
}

// fromProvider takes the provider's answer. Whatever is wrong with it is logged in full and told in one sentence: who
// meddles learns nothing, and who does not signs in once more.
func (d *Door) fromProvider(w http.ResponseWriter, r *http.Request) {
	f, err := d.flowOf(r)
	var s session
	if err == nil {
		s, err = d.answered(r, f)
	}
	d.setCookie(w, r, flowCookie, "", 0)
	if err != nil {
		d.Log.Warn("signing in", "error", err)
		d.page(w, r, http.StatusForbidden, SignIn{Problem: "sign_in_failed"})
		return
	}
	d.enter(w, r, s, f.To)
}

// flowOf finds the question that an answer is to: in the cookie of the browser that asked it.
func (d *Door) flowOf(r *http.Request) (f flow, err error) {
	c, err := r.Cookie(d.cookieName(r, flowCookie))
	if err != nil {
		return f, errors.New("an answer of the provider came to a browser that did not ask, or asked long ago")
	}
	if err := d.ring.open(r.Context(), "flow", c.Value, &f); err != nil {
		return f, err
	}
	if !d.Now().Before(f.Until) {
		return f, errors.New("the provider's answer came too late")
	}
	if subtle.ConstantTimeCompare([]byte(f.State), []byte(r.URL.Query().Get("state"))) != 1 {
		return f, errors.New("the provider's answer has another state than was sent")
	}
	return f, nil
}

// answered makes a session of the provider's answer. go-oidc checks the token's signature, issuer, audience and end; the
// nonce, the authorised party and what is in the claims is checked here (OpenID Connect Core 1.0, section 3.1.3.7).
func (d *Door) answered(r *http.Request, f flow) (s session, err error) {
	if why := r.URL.Query().Get("error"); why != "" {
		return s, fmt.Errorf("the provider refused: %.100q", why)
	}
	ctx := d.asking(r.Context())
	p, o, err := d.oidc(r.Context())
	if err != nil {
		return s, err
	}
	token, err := o.Exchange(ctx, r.URL.Query().Get("code"), oauth2.VerifierOption(f.Verifier))
	if err != nil {
		refused := new(oauth2.RetrieveError)
		if errors.As(err, &refused) { // its text has the provider's whole answer
			return s, fmt.Errorf("exchanging the code: the provider answered %d %.100q", refused.Response.StatusCode, refused.ErrorCode)
		}
		return s, fmt.Errorf("exchanging the code: %w", err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return s, errors.New("the provider sent no id_token")
	}
	id, err := p.Verifier(&oidc.Config{ClientID: o.ClientID, SupportedSigningAlgs: algorithms, Now: d.Now}).Verify(ctx, raw)
	if err != nil {
		return s, fmt.Errorf("the id_token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.Nonce)) != 1 {
		return s, errors.New("the id_token has another nonce than was sent")
	}
	var claims map[string]json.RawMessage
	if err := id.Claims(&claims); err != nil {
		return s, fmt.Errorf("the id_token's claims: %w", err)
	}
	if azp := said(claims, "azp"); azp != "" && azp != o.ClientID || azp == "" && len(id.Audience) > 1 {
		return s, errors.New("the id_token was made for another client")
	}
	if id.Subject == "" {
		return s, errors.New("the id_token names nobody")
	}
	if err := d.moreClaims(ctx, p, token, id.Subject, claims); err != nil {
		return s, err
	}
	s.ID = id.Issuer + "#" + id.Subject
	var verified any
	if json.Unmarshal(claims["email_verified"], &verified) == nil && (verified == true || verified == "true") {
		if e := said(claims, "email"); strings.Contains(e, "@") {
			s.Email = e
		}
	}
	for _, n := range []string{said(claims, "name"), said(claims, "preferred_username"), said(claims, "cognito:username"), s.Email, id.Subject} {
		if s.Name = shownName(n); s.Name != "" {
			break
		}
	}
	s.Groups = list(claims[d.Config.Desk.OIDC.Groups])
	return s, nil
}

// moreClaims asks the provider's UserInfo endpoint for what the id_token does not say (OpenID Connect Core 1.0, section
// 5.3): many providers say name, address and groups there alone. What the token says stays.
func (d *Door) moreClaims(ctx context.Context, p *oidc.Provider, token *oauth2.Token, subject string, claims map[string]json.RawMessage) error {
	whole := p.UserInfoEndpoint() == ""
	if !whole {
		whole = claims["name"] != nil && claims["email"] != nil && claims[d.Config.Desk.OIDC.Groups] != nil
	}
	if whole {
		return nil
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fmt.Errorf("asking the provider who signed in: %w", err)
	}
	if info.Subject != subject {
		return errors.New("the provider told of somebody else than who signed in")
	}
	var more map[string]json.RawMessage
	if err := info.Claims(&more); err != nil {
		return fmt.Errorf("what the provider told of who signed in: %w", err)
	}
	_, own := claims["email"] // an address and whether it is verified belong together
	for name, v := range more {
		if _, have := claims[name]; !have && !(own && name == "email_verified") {
			claims[name] = v
		}
	}
	return nil
}

// said is a claim that is text; anything else is empty.
func said(claims map[string]json.RawMessage, name string) string {
	var s string
	if json.Unmarshal(claims[name], &s) != nil {
		return ""
	}
	return s
}

// list is a claim that is a list of texts, or one text.
func list(claim json.RawMessage) []string {
	var many []string
	if json.Unmarshal(claim, &many) == nil {
		return many
	}
	var one string
	if json.Unmarshal(claim, &one) == nil && one != "" {
		return []string{one}
	}
	return nil
}
