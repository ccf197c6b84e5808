package staff

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

func TestOwnPaths(t *testing.T) {
	for _, to := range []string{"/", "/story/2026-11-26/x?from=queue#a", "/?q=%D9%87&day=1"} {
		if got := OwnPath(to); got != to {
			t.Errorf("%q becomes %q", to, got)
		}
	}
	for _, to := range []string{"", "story", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "https:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n//evil.example",
		" //evil.example", "///evil.example", "/%09/evil.example\r\nX: y", "/signin?to=/", "/signin/go", "/%2Fevil.example", "/%5Cevil.example", "http:///evil.example", "/story\\..\\"} {
		if got := OwnPath(to); got != "/" {
			t.Errorf("%q becomes %q", to, got)
		}
	}
	h := enter(t, provided, false)
	if w := h.signIn(h.idp, "//evil.example/x"); w.Header().Get("Location") != "/" {
		t.Errorf("sent on to %s", w.Header().Get("Location"))
	}
}

const passwords = `
sites: {en: {name: Example, language: en, url: "https://news.example"}, ckb: {name: Nmune, language: ckb, url: "https://news.example", roles: {viewer: [hana]}}}
desk: {people: {hana: "env:TEST_PASSWORD"}}
`

func TestPasswords(t *testing.T) {
	h := enter(t, passwords, false)
	for name, set := range map[string][2]string{"wrong": {"hana", "a-test-passwore"}, "none": {"hana", ""}, "unknown": {"rebin", "a-test-password"}, "empty": {"", ""}} {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(set[0], set[1])
		h.header = r.Header
		if w := h.do("GET", "/", nil); w.Code != 401 || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth("hana", "a-test-password")
	h.header = r.Header
	if got := h.who(); got != "hana hana ckb:viewer en:admin" {
		t.Errorf("have %q", got)
	}
	if w := h.do("POST", "/", url.Values{}); w.Code != 200 {
		t.Errorf("a form: %d", w.Code)
	}
	h.header.Set("Sec-Fetch-Site", "cross-site")
	if w := h.do("POST", "/", url.Values{}); w.Code != 403 {
		t.Errorf("a form of another site: %d", w.Code)
	}
	h.header = nil
	if w := h.do("GET", "/", nil); w.Code != 401 || h.log.Len() > 0 && strings.Contains(h.log.String(), "test-password") {
		t.Errorf("nobody: %d %s", w.Code, h.log)
	}
}

func TestPasswordBesideAProvider(t *testing.T) {
	h := enter(t, strings.Replace(provided, "oidc:", `people: {rebin: "env:TEST_PASSWORD"}, oidc:`, 1), false)
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth("rebin", "a-test-password")
	h.header = r.Header
	if w := h.do("GET", "/signin/password?to=/wall", nil); w.Code != 303 || w.Header().Get("Location") != "/wall" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.header = nil
	if got := h.who(); got != "rebin rebin ckb:admin" {
		t.Errorf("have %q", got)
	}
}

const alone = `sites: {en: {name: Example, language: en, url: "https://news.example"}}`

func TestOnOnesOwnMachineANameIsEnough(t *testing.T) {
	h := enter(t, alone, true)
	if got := h.who(); got != "desk desk en:admin" {
		t.Errorf("have %q", got)
	}
	if w := h.do("POST", "/signin", url.Values{"name": {" Şilan\tAhmed\u202e "}, "to": {"/wall"}}); w.Code != 303 || w.Header().Get("Location") != "/wall" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := h.who(); got != "Şilan Ahmed Şilan Ahmed en:admin" {
		t.Errorf("have %q", got)
	}
	h.do("POST", "/signout", url.Values{})
	if got := h.who(); got != "desk desk en:admin" {
		t.Errorf("have %q", got)
	}
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "Via"} { // a proxy before it: then it is not this machine alone
		h.header = http.Header{header: {"203.0.113.7"}}
		if got := h.who(); got != "403" {
			t.Errorf("%s: %q", header, got)
		}
	}
	if _, err := Open(Parts{Config: &config.Config{}, Random: rand.Reader}); err == nil || !strings.Contains(err.Error(), "without a way to sign in") {
		t.Errorf("served to others: %v", err)
	}
}

func TestNobodySeesWhatIsPublic(t *testing.T) {
	h := enter(t, provided, false)
	if w := h.do("GET", "/open", nil); w.Code != 200 || w.Body.String() != "" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	h.header = http.Header{"Accept": {"application/json"}}
	if w := h.do("GET", "/", nil); w.Code != 401 {
		t.Errorf("not a page: %d", w.Code)
	}
}

func TestReviewLinks(t *testing.T) {
	h := enter(t, provided, false)
	ctx := context.Background()
	l := Link{Story: "2026-11-26/abcdefghijklmnopqrstuvwxyz", Site: "en", Revision: 3, For: "Tom", By: "Hana Rashid", ByID: h.idp.URL + "#17", ByBears: []string{"hana@news.example"}}
	text := h.link(l)
	got, p, err := h.door.Links.Open(ctx, text)
	if err != nil || got.Story != l.Story || got.Revision != 3 || p.Name != "Tom" || p.Link == "" || p.Link != got.ID {
		t.Fatalf("%+v %+v %v", got, p, err)
	}
	for act, want := range map[string]bool{Look: true, story.Approve: true, story.Undo: true, story.Reject: true, story.Hold: true, story.Retract: false, story.Settle: false, Edit: false, Share: false, Stop: false, Staff: false} {
		if (May(p, act, "en") == nil) != want || May(p, act, "ckb") == nil {
			t.Errorf("%s: %v on its own site, %v on another", act, May(p, act, "en"), May(p, act, "ckb"))
		}
	}
	if other := h.link(l); other == text {
		t.Error("two links are the same")
	}
	h.cookies["__Host-cutline"] = &http.Cookie{Name: "__Host-cutline", Value: text}
	if got := h.who(); got != "303" {
		t.Errorf("a link as a session: %s", got)
	}
	delete(h.cookies, "__Host-cutline")
	h.signIn(h.idp, "/")
	for name, c := range map[string]struct {
		text string
		set  func(h *house)
		want error
	}{
		"a letter changed":     {text[:50] + flip(text[50:51]) + text[51:], nil, ErrLink},
		"a session":            {h.cookies["__Host-cutline"].Value, nil, ErrLink},
		"nothing":              {"", nil, ErrLink},
		"ended":                {text, func(h *house) { *h.now = noon.Add(12 * time.Hour) }, ErrExpired},
		"its maker signed out": {text, func(h *house) { h.must(h.door.signOut(ctx, l.ByID)) }, ErrExpired},
		"all signed out":       {text, func(h *house) { h.must(h.door.signOut(ctx, "")) }, ErrExpired},
		"its maker lost their role": {text, func(h *house) {
			s := h.cfg.Sites["en"]
			s.Roles.Approver = nil
			h.cfg.Sites["en"] = s
		}, ErrExpired},
		"its site is gone": {text, func(h *house) { delete(h.cfg.Sites, "en") }, ErrExpired},
	} {
		h := enter(t, strings.ReplaceAll(provided, "ISSUER", h.idp.URL), false)
		if c.set != nil {
			c.set(h)
		}
		if _, p, err := h.door.Links.Open(ctx, c.text); !errors.Is(err, c.want) || p.Name != "" {
			t.Errorf("%s: %v, %+v", name, err, p)
		}
	}
	if _, _, err := h.door.Links.Open(ctx, h.link(Link{Site: "en", For: "Slack"})); err != nil {
		t.Errorf("a notice's link: %v", err)
	}
}

func (h *house) must(err error) {
	if err != nil {
		h.t.Fatal(err)
	}
}

// TestActs: each act by each role, as docs/review.md has them.
func TestActs(t *testing.T) {
	want := map[string]Role{Look: Viewer, Edit: Editor, Redrive: Editor, story.Hold: Editor, story.Approve: Approver, story.Schedule: Approver, story.Reject: Approver, story.Retract: Approver,
		story.Undo: Approver, story.Settle: Approver, Share: Approver, Stop: Admin, Staff: Admin}
	if !maps.Equal(want, least) {
		t.Errorf("have %v", least)
	}
	for act, role := range want {
		for r := None; r <= Admin; r++ {
			p := Person{Name: "x", Roles: map[string]Role{"en": r}}
			if (May(p, act, "en") == nil) != (r >= role) || May(p, act, "ckb") == nil || May(Person{}, act, "en") == nil {
				t.Errorf("%s by %s", act, r)
			}
		}
	}
	if May(Person{Roles: map[string]Role{"en": Admin}}, "publish", "en") == nil {
		t.Error("an act that nobody knows is allowed")
	}
}

func TestSignatures(t *testing.T) {
	p := Person{ID: "i#1", Name: "Hana", Bears: []string{"id:i#1", "hana@news.example", "group:legal"}, Roles: map[string]Role{"en": Approver}}
	var d story.Decision
	p.Sign(&d, "en", []string{"admin", "approver", "editor", "GROUP:legal", "group:night", "hana"})
	if d.By != "Hana" || d.Who != "i#1" || strings.Join(d.As, " ") != "approver editor GROUP:legal" || d.Link != "" {
		t.Errorf("%+v", d)
	}
}
