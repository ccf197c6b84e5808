package staff

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/story"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

const provided = `
sites:
  en: {name: Example, language: en, url: "https://news.example", roles: {viewer: ["group:night"], approver: [HANA@news.example], admin: ["id:other#1"]}}
  ckb: {name: Nmune, language: ckb, url: "https://news.example", roles: {editor: ["group:social"], admin: [boss@news.example, rebin]}}
desk: {url: "https://desk.example/", key: "env:TEST_DESK_KEY", oidc: {issuer: "ISSUER", client: cutline-test, secret: "env:TEST_CLIENT"}}
`

// house is a door with a desk behind it that says who came in.
type house struct {
	*browser
	door *Door
	cfg  *config.Config
	now  *time.Time
	log  *bytes.Buffer
	idp  *idp
}

func enter(t *testing.T, text string, loopback bool) *house {
	t.Setenv("TEST_DESK_KEY", "a test secret of thirty-two bytes")
	t.Setenv("TEST_OLD_KEY", "another test secret, 32 bytes long")
	t.Setenv("TEST_CLIENT", "a-client-secret-for-tests")
	t.Setenv("TEST_PASSWORD", "a-test-password")
	p := newIDP(t)
	cfg, err := config.Parse("cutline.yaml", []byte(strings.ReplaceAll(text, "ISSUER", p.URL)), nil)
	if err != nil {
		t.Fatal(err)
	}
	now := noon
	h := &house{cfg: cfg, now: &now, log: new(bytes.Buffer), idp: p}
	clock := func() time.Time { return *h.now }
	dir, err := bucket.OpenDir(t.TempDir(), clock)
	if err != nil {
		t.Fatal(err)
	}
	h.door, err = Open(Parts{
		Store: &story.Store{Bucket: dir, Now: clock, Random: rand.Reader}, Config: cfg, Now: clock, Random: rand.Reader, Client: p.Client(),
		Log: slog.New(slog.NewTextHandler(h.log, nil)), Loopback: loopback, Public: func(r *http.Request) bool { return r.URL.Path == "/open" },
		Page: func(w http.ResponseWriter, _ *http.Request, status int, s SignIn) {
			w.WriteHeader(status)
			fmt.Fprintf(w, "%+v", s)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	guard := http.NewCrossOriginProtection()
	h.browser = &browser{t: t, cookies: map[string]*http.Cookie{}, at: guard.Handler(h.door.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := Of(r)
		_, err := io.WriteString(w, strings.TrimSpace(who.Name+" "+strings.ReplaceAll(who.ID, p.URL, "IDP")+" "+said2(who)))
		if err != nil {
			t.Error(err)
		}
	})))}
	return h
}

func said2(p Person) string {
	var out []string
	for _, s := range slices.Sorted(maps.Keys(p.Roles)) {
		out = append(out, s+":"+p.Roles[s].String())
	}
	return strings.Join(out, " ")
}

func TestSigningInWithTheProvider(t *testing.T) {
	h := enter(t, provided, false)
	w := h.do("GET", "/story/1?x=2", nil)
	if w.Code != 303 || w.Header().Get("Location") != "/signin?to=%2Fstory%2F1%3Fx%3D2" {
		t.Fatalf("nobody: %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := h.do("GET", "/signin?to=/story/1", nil); w.Code != 200 || !strings.Contains(w.Body.String(), "To:/story/1 Provider:127.0.0.1:") {
		t.Errorf("the page: %d %s", w.Code, w.Body)
	}
	w = h.signIn(h.idp, "/story/1?x=2")
	if w.Code != 303 || w.Header().Get("Location") != "/story/1?x=2" {
		t.Fatalf("signed in: %d %s %s", w.Code, w.Header().Get("Location"), h.log)
	}
	if got := h.who(); got != "Hana Rashid IDP#17 ckb:editor en:approver" {
		t.Errorf("have %q", got)
	}
	asked, _ := h.idp.last()
	if asked.Get("code_challenge_method") != "S256" || len(asked.Get("state")) < 40 || len(asked.Get("nonce")) < 40 || asked.Get("state") == asked.Get("nonce") || asked.Get("scope") != "openid profile email" || asked.Get("client_id") != "cutline-test" {
		t.Errorf("asked %v", asked)
	}
	if strings.Contains(h.log.String(), asked.Get("state")) || strings.Contains(h.log.String(), "the-code") {
		t.Errorf("the log has secrets of the flow: %s", h.log)
	}
	// The cookies: for this host alone, over https alone, out of scripts' reach, not sent along by other sites' forms.
	raw := w.Header()["Set-Cookie"]
	var session string
	for _, c := range raw {
		if strings.HasPrefix(c, "__Host-cutline=") {
			session = c
		}
	}
	if _, flags, _ := strings.Cut(session, ";"); flags != " Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("the session's cookie has %q", flags)
	}
	if len(h.cookies) != 1 {
		t.Errorf("cookies left: %v", h.cookies)
	}
	sealed, err := base64.RawURLEncoding.DecodeString(h.cookies["__Host-cutline"].Value)
	if err != nil || bytes.Contains(sealed, []byte("Hana Rashid")) || bytes.Contains(sealed, []byte("hana@news")) {
		t.Errorf("the cookie can be read: %q %v", sealed, err)
	}
}

// TestBadAnswersSignNobodyIn: each answer has one thing wrong.
func TestBadAnswersSignNobodyIn(t *testing.T) {
	for name, bad := range map[string]func(*house, *idp){
		"another nonce":      func(_ *house, p *idp) { p.claims = map[string]any{"nonce": "other"} },
		"no nonce":           func(_ *house, p *idp) { p.claims = map[string]any{"nonce": nil} },
		"for another client": func(_ *house, p *idp) { p.claims = map[string]any{"aud": "other"} },
		"for several, not for us": func(_ *house, p *idp) {
			p.claims = map[string]any{"aud": []string{"cutline-test", "other"}, "azp": "other"}
		},
		"for several, nobody said": func(_ *house, p *idp) { p.claims = map[string]any{"aud": []string{"cutline-test", "other"}} },
		"of another issuer":        func(_ *house, p *idp) { p.claims = map[string]any{"iss": "https://evil.example"} },
		"ended":                    func(_ *house, p *idp) { p.claims = map[string]any{"exp": noon.Add(-time.Hour).Unix()} },
		"of nobody":                func(_ *house, p *idp) { p.claims = map[string]any{"sub": ""} },
		"not signed":               func(_ *house, p *idp) { p.alg = "none" },
		"signed with our secret":   func(_ *house, p *idp) { p.alg = "HS256" },
		"without a token":          func(_ *house, p *idp) { p.noToken = true },
	} {
		t.Run(name, func(t *testing.T) {
			h := enter(t, provided, false)
			h.idp.set(func(p *idp) { bad(h, p) })
			w := h.signIn(h.idp, "/")
			if w.Code != 403 || !strings.Contains(w.Body.String(), "Problem:sign_in_failed") || len(h.cookies) != 0 {
				t.Errorf("%d %s, cookies %v", w.Code, w.Body, h.cookies)
			}
			if got := h.who(); got != "303" {
				t.Errorf("in as %s", got)
			}
		})
	}
}

func TestAnswersToOthersQuestions(t *testing.T) {
	for name, bend := range map[string]func(h *house, back string) string{
		"another state":   func(_ *house, back string) string { return strings.Replace(back, "state=", "state=x", 1) },
		"no state":        func(_ *house, back string) string { return strings.Replace(back, "state=", "estate=", 1) },
		"another browser": func(h *house, back string) string { clear(h.cookies); return back },
		"too late":        func(h *house, back string) string { *h.now = noon.Add(11 * time.Minute); return back },
		"refused there":   func(_ *house, back string) string { return back + "&error=access_denied" },
		"another code":    func(_ *house, back string) string { return strings.Replace(back, "the-code", "a-code", 1) },
		"a cookie of a link": func(h *house, back string) string {
			h.cookies["__Host-cutline-signing"].Value = h.link(Link{})
			return back
		},
		"somebody else's question": func(h *house, back string) string { // signing in as the attacker, in the victim's browser
			victim := &browser{t: h.t, at: h.at, cookies: map[string]*http.Cookie{}}
			victim.ask(h.idp, "/")
			h.cookies = victim.cookies
			return back
		},
	} {
		h := enter(t, provided, false)
		back := h.ask(h.idp, "/")
		if w := h.do("GET", bend(h, back), nil); w.Code != 403 || len(h.cookies) != 0 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	h := enter(t, provided, false)
	back := h.ask(h.idp, "/")
	h.do("GET", back, nil)
	w := h.do("GET", back, nil)
	if _, exchanged := h.idp.last(); w.Code != 403 || exchanged != 1 {
		t.Errorf("the same answer twice: %d", w.Code)
	}
}

func (h *house) link(l Link) string {
	text, err := h.door.Links.Make(context.Background(), l)
	if err != nil {
		h.t.Fatal(err)
	}
	return text
}

func TestWhoHasNoRoleIsToldAndNotLetIn(t *testing.T) {
	for name, claims := range map[string]map[string]any{
		"nobody knows them":       {"email": "x@news.example", "groups": nil},
		"address is not verified": {"email_verified": false, "groups": nil},
		"verified is not said":    {"email_verified": nil, "groups": nil},
		"group that is no text":   {"email": nil, "groups": 17},
		"email that is a name":    {"email": "rebin", "groups": nil}, // as one in desk.people, who signs in otherwise
	} {
		h := enter(t, provided, false)
		h.idp.set(func(p *idp) { p.claims = claims })
		if w := h.signIn(h.idp, "/"); w.Code != 403 || !strings.Contains(w.Body.String(), "Problem:no_role ID:id:http") || len(h.cookies) != 0 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	h := enter(t, provided, false)
	h.idp.set(func(p *idp) {
		p.claims = map[string]any{"email": nil, "groups": "social", "name": "\u202eevil\r\n\x00name", "email_verified": nil}
	})
	h.signIn(h.idp, "/")
	if got := h.who(); got != "evil name IDP#17 ckb:editor" {
		t.Errorf("one group, a bad name: %q", got)
	}
}

// TestWhatTheTokenDoesNotSayIsAsked: name, address and groups from the UserInfo endpoint, of the same person only, and
// never over what the token says.
func TestWhatTheTokenDoesNotSayIsAsked(t *testing.T) {
	bare := map[string]any{"name": nil, "email": nil, "email_verified": nil, "groups": nil}
	for name, c := range map[string]struct {
		claims, info map[string]any
		want         string
	}{
		"all of it":     {bare, map[string]any{"sub": "17", "name": "Hana R.", "email": "hana@news.example", "email_verified": true, "groups": []string{"social"}}, "Hana R. IDP#17 ckb:editor en:approver"},
		"not verified":  {bare, map[string]any{"sub": "17", "name": "Hana R.", "email": "hana@news.example", "groups": "social"}, "Hana R. IDP#17 ckb:editor"},
		"somebody else": {bare, map[string]any{"sub": "18", "email": "boss@news.example", "email_verified": true}, "303"},
		"an unsaid verification of the token's own address": {map[string]any{"email_verified": nil, "groups": nil}, map[string]any{"sub": "17", "email": "other@news.example", "email_verified": true, "groups": "social"}, "Hana Rashid IDP#17 ckb:editor"},
		"the token first":    {map[string]any{"groups": nil}, map[string]any{"sub": "17", "email": "boss@news.example", "email_verified": true, "name": "Boss"}, "Hana Rashid IDP#17 en:approver"},
		"it does not answer": {bare, map[string]any{}, "303"},
	} {
		h := enter(t, provided, false)
		h.idp.set(func(p *idp) { p.claims, p.info = c.claims, c.info })
		h.signIn(h.idp, "/")
		if got := h.who(); got != c.want {
			t.Errorf("%s: %q, want %q; %s", name, got, c.want, h.log)
		}
	}
}

// TestRolesAreTodays: what is taken from somebody in the configuration is taken from them at once.
func TestRolesAreTodays(t *testing.T) {
	h := enter(t, provided, false)
	h.signIn(h.idp, "/")
	site := h.cfg.Sites["en"]
	site.Roles.Approver, site.Roles.Viewer = nil, nil
	h.cfg.Sites["en"] = site
	if got := h.who(); got != "Hana Rashid IDP#17 ckb:editor" {
		t.Errorf("have %q", got)
	}
}

func TestSessionEnds(t *testing.T) {
	for name, end := range map[string]func(*house){
		"by time": func(h *house) { *h.now = noon.Add(12 * time.Hour) },
		"a letter changed": func(h *house) {
			c := h.cookies["__Host-cutline"]
			c.Value = c.Value[:60] + flip(c.Value[60:61]) + c.Value[61:]
		},
		"of a link": func(h *house) { h.cookies["__Host-cutline"].Value = h.link(Link{Site: "en"}) },
		"cut short": func(h *house) { h.cookies["__Host-cutline"].Value = h.cookies["__Host-cutline"].Value[:8] },
		"empty":     func(h *house) { h.cookies["__Host-cutline"].Value = "" },
		"another name": func(h *house) { // without the prefix a neighbour under the same domain could have planted it
			c := h.cookies["__Host-cutline"]
			delete(h.cookies, c.Name)
			c.Name = "cutline"
			h.cookies[c.Name] = c
		},
		"signed out": func(h *house) { h.do("POST", "/signout", url.Values{}) },
		"everywhere": func(h *house) {
			kept := *h.cookies["__Host-cutline"]
			*h.now = noon.Add(time.Second)
			h.do("POST", "/signout", url.Values{"everywhere": {"1"}})
			h.cookies[kept.Name] = &kept // of another browser
		},
		"by an admin": func(h *house) {
			if err := h.door.signOut(context.Background(), h.idp.URL+"#17"); err != nil {
				h.t.Fatal(err)
			}
		},
		"all": func(h *house) {
			if err := h.door.signOut(context.Background(), ""); err != nil {
				h.t.Fatal(err)
			}
		},
	} {
		h := enter(t, provided, false)
		h.signIn(h.idp, "/")
		if h.who() == "303" {
			t.Fatal("not in")
		}
		end(h)
		if got := h.who(); got != "303" {
			t.Errorf("%s: still in as %s", name, got)
		}
		if w := h.do("POST", "/story/1/decide", url.Values{}); w.Code != 401 {
			t.Errorf("%s: a form: %d", name, w.Code)
		}
	}
	h := enter(t, provided, false)
	h.signIn(h.idp, "/")
	if err := h.door.signOut(context.Background(), "somebody else"); err != nil {
		t.Fatal(err)
	}
	if h.who() == "303" {
		t.Error("somebody else's signing out ends it too")
	}
	*h.now = noon.Add(time.Minute)
	if err := h.door.signOut(context.Background(), ""); err != nil {
		t.Fatal(err)
	}
	*h.now = noon.Add(2 * time.Minute)
	h.signIn(h.idp, "/")
	if h.who() == "303" {
		t.Error("who signs in afterwards is not in")
	}
}

func flip(s string) string {
	if s == "A" {
		return "B"
	}
	return "A"
}

// TestSessionIsNewAtSignIn: whatever cookie was there before (planted, or of somebody else), it is not the one that counts
// afterwards.
func TestSessionIsNewAtSignIn(t *testing.T) {
	h := enter(t, provided, false)
	h.signIn(h.idp, "/")
	first := h.cookies["__Host-cutline"].Value
	*h.now = noon.Add(time.Minute)
	h.signIn(h.idp, "/")
	if second := h.cookies["__Host-cutline"].Value; second == first {
		t.Error("the same cookie")
	}
}

func TestKeyCanBeChanged(t *testing.T) {
	h := enter(t, provided, false)
	h.signIn(h.idp, "/")
	turned := strings.Replace(provided, `key: "env:TEST_DESK_KEY"`, `key: "env:TEST_OLD_KEY", old_key: "env:TEST_DESK_KEY"`, 1)
	after := enter(t, turned, false)
	after.cookies = h.cookies
	if got := after.who(); got == "303" {
		t.Errorf("the old key's session does not count: %s", got)
	}
	gone := enter(t, strings.Replace(provided, "TEST_DESK_KEY", "TEST_OLD_KEY", 1), false)
	gone.cookies = h.cookies
	if got := gone.who(); got != "303" {
		t.Errorf("a session under a key that is gone: %s", got)
	}
	t.Setenv("TEST_SHORT", "too short")
	short := enter(t, strings.Replace(provided, "TEST_DESK_KEY", "TEST_SHORT", 1), false)
	short.do("GET", "/signin/go", nil)
	if !strings.Contains(short.log.String(), "TEST_SHORT has 9 bytes and needs 32") {
		t.Errorf("a short key: %s", short.log)
	}
}

func TestSigningOthersOutTakesAnAdminOfEverySite(t *testing.T) {
	h := enter(t, provided, false)
	h.signIn(h.idp, "/")
	if w := h.do("POST", "/staff/signout", url.Values{"everybody": {"1"}}); w.Code != 403 {
		t.Errorf("an approver: %d", w.Code)
	}
	h = enter(t, strings.ReplaceAll(provided, "admin: [", "admin: [hana@news.example, "), false)
	h.signIn(h.idp, "/")
	for name, c := range map[string]struct {
		form url.Values
		code int
	}{
		"nobody": {url.Values{}, 400}, "both": {url.Values{"id": {"x"}, "everybody": {"1"}}, 400}, "one": {url.Values{"id": {"x"}}, 303},
	} {
		if w := h.do("POST", "/staff/signout", c.form); w.Code != c.code {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	doc, err := h.door.Store.SignedOut(context.Background())
	if err != nil || doc.People["x"].IsZero() || !doc.All.IsZero() {
		t.Errorf("%+v %v", doc, err)
	}
	h.do("POST", "/staff/signout", url.Values{"everybody": {"1"}})
	if got := h.who(); got != "303" {
		t.Errorf("still in: %s", got)
	}
}
