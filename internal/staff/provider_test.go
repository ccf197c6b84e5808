package staff

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// idp is a provider of OpenID Connect that does what it is told: the good way, and every bad one.
type idp struct {
	*httptest.Server
	t   *testing.T
	key *rsa.PrivateKey

	mu        sync.Mutex
	asked     url.Values     // what the last authorization request asked
	claims    map[string]any // of the next token, over the good ones; nil takes one away
	alg       string         // of the next token; empty: RS256
	noToken   bool           // send no id_token
	info      map[string]any // what the UserInfo endpoint says; nil: there is none
	exchanged int            // codes that were exchanged
}

var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func newIDP(t *testing.T) *idp {
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	p := &idp{t: t, key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		about := map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}}
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.info != nil {
			about["userinfo_endpoint"] = p.URL + "/userinfo"
		}
		p.json(w, about)
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer a" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.json(w, p.info)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.json(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1",
			"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked = r.URL.Query()
		http.Redirect(w, r, p.asked.Get("redirect_uri")+"?"+url.Values{"code": {"the-code"}, "state": {p.asked.Get("state")}}.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// token checks the code's verifier, and answers with a token as told.
func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if r.PostFormValue("code") != "the-code" || b64(sum[:]) != p.asked.Get("code_challenge") || p.asked.Get("code_challenge_method") != "S256" {
		w.WriteHeader(http.StatusBadRequest)
		p.json(w, map[string]any{"error": "invalid_grant"})
		return
	}
	p.exchanged++
	claims := map[string]any{"iss": p.URL, "sub": "17", "aud": "cutline-test", "exp": noon.Add(time.Hour).Unix(), "iat": noon.Unix(), "nonce": p.asked.Get("nonce"),
		"name": "Hana Rashid", "email": "hana@news.example", "email_verified": true, "groups": []string{"social", "night"}}
	maps.Copy(claims, p.claims)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	answer := map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": p.sign(claims)}
	if p.noToken {
		delete(answer, "id_token")
	}
	p.json(w, answer)
}

func (p *idp) sign(claims map[string]any) string {
	alg := p.alg
	if alg == "" {
		alg = "RS256"
	}
	head, err := json.Marshal(map[string]string{"alg": alg, "kid": "1", "typ": "JWT"})
	if err != nil {
		p.t.Error(err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	text := b64(head) + "." + b64(body)
	if alg == "none" {
		return text + "."
	}
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, p.key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return text + "." + b64(sig)
}

func (p *idp) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// set changes what the next token is.
func (p *idp) set(f func(*idp)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

// last is what the last authorization request asked, and how many codes were exchanged.
func (p *idp) last() (asked url.Values, exchanged int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked, p.exchanged
}

// browser keeps cookies by name, and follows nothing by itself.
type browser struct {
	t       *testing.T
	at      http.Handler
	cookies map[string]*http.Cookie
	header  http.Header
}

func (b *browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Host = "desk.example"
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for n, v := range b.header {
		r.Header[n] = v
	}
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.at.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c
	}
	return w
}

// ask goes to the provider and returns the address with which it sends the browser back.
func (b *browser) ask(p *idp, to string) string {
	w := b.do("GET", "/signin/go?to="+url.QueryEscape(to), nil)
	if w.Code != http.StatusSeeOther {
		b.t.Fatalf("not sent to the provider: %d %s", w.Code, w.Body)
	}
	c := p.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := c.Get(w.Header().Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		b.t.Fatal(err)
	}
	back := res.Header.Get("Location")
	if !strings.HasPrefix(back, "https://desk.example/signin/callback?") {
		b.t.Fatalf("sent back to %q", back)
	}
	return strings.TrimPrefix(back, "https://desk.example")
}

// signIn goes all the way.
func (b *browser) signIn(p *idp, to string) *httptest.ResponseRecorder {
	return b.do("GET", b.ask(p, to), nil)
}

// who is what the desk behind the door sees: "name id roles", or the status.
func (b *browser) who() string {
	w := b.do("GET", "/", nil)
	if w.Code != http.StatusOK {
		return fmt.Sprint(w.Code)
	}
	return w.Body.String()
}
