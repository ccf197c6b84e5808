package desk

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"cutline/internal/story"
)

// TestRolesAtEveryAddress: who may do what, at each address that does something.
func TestRolesAtEveryAddress(t *testing.T) {
	people := []string{"", "nobody", "rebin", "vera", "edo", "ana", "adam"} // from none on; rebin is admin of another site
	for _, c := range []struct {
		name, path string
		form       url.Values
		from       string // the least of people who may
	}{
		{"queue", "/", nil, "nobody"},
		{"story", "AT", nil, "vera"},
		{"wall", "/wall", nil, "nobody"},
		{"hold", "AT/decide", url.Values{"act": {"hold"}}, "edo"},
		{"edit", "AT/edit", url.Values{"headline": {"Another"}}, "edo"},
		{"approve", "AT/decide", url.Values{"act": {"approve"}}, "ana"},
		{"schedule", "AT/decide", url.Values{"act": {"schedule"}, "at": {"2026-11-26T18:00"}}, "ana"},
		{"reject", "AT/decide", url.Values{"act": {"reject"}, "why": {"x"}}, "ana"},
		{"retract", "AT/decide", url.Values{"act": {"retract"}, "why": {"x"}}, "ana"},
		{"undo", "AT/decide", url.Values{"act": {"undo"}}, "ana"},
		{"settle", "AT/decide", url.Values{"act": {"settle"}, "channel": {"log"}, "settled": {"leave"}}, "ana"},
		{"share", "AT/share", url.Values{"for": {"Tom"}}, "ana"},
		{"pause a channel", "/channels/log", url.Values{"act": {"pause"}, "paused": {"x"}}, "adam"},
		{"stop", "/stop", url.Values{"site": {"en"}, "word": {"STOP"}}, "adam"},
	} {
		d := openStaffed(t)
		path := strings.Replace(c.path, "AT", d.at(), 1)
		form := c.form
		if form != nil && strings.HasSuffix(path, "/decide") {
			form = d.page("ana", d.at())
			for k, v := range c.form {
				form[k] = v
			}
		}
		for _, who := range people {
			allowed := who == c.from
			w := d.as(who, path, form)
			may := w.Code != http.StatusForbidden && w.Code != http.StatusUnauthorized && w.Code != http.StatusNotFound
			if may != allowed {
				t.Errorf("%s by %q: %d", c.name, who, w.Code)
			}
			if allowed {
				break // those after it may what it may, as staff's own test says
			}
			if s, err := d.store.Story(context.Background(), d.key); len(d.decisions().Log) > 0 || err != nil || s.Revision != 1 {
				t.Errorf("%s by %q was answered %d and done", c.name, who, w.Code)
			}
		}
	}
	d := openStaffed(t)
	if w := d.as("rebin", "/", nil); strings.Contains(w.Body.String(), "Reservoir") {
		t.Error("who has no role on a site sees its stories")
	}
	if w := d.as("nobody", "/", nil); strings.Contains(w.Body.String(), "Reservoir") {
		t.Error("who has no role sees stories")
	}
}

func TestTwoPeopleAndNotOnesOwn(t *testing.T) {
	d := openStaffed(t, func(s *story.Story) { s.Article.Headline, s.Article.Byline = "Two killed in blast", "Ana, Tom Roe" })
	f := d.page("ana", d.at())
	if w := d.as("ana", d.at()+"/decide", with(f, "act", "approve")); w.Code != 403 || !strings.Contains(w.Body.String(), "leaves this approval to others") || len(d.decisions().Log) != 0 {
		t.Errorf("one's own: %d", w.Code)
	}
	if w := d.as("ben", d.at()+"/decide", with(d.page("ben", d.at()), "act", "approve")); w.Code != 303 {
		t.Fatalf("the first: %d %s", w.Code, w.Body)
	}
	w := d.as("adam", d.at(), nil)
	if !strings.Contains(w.Body.String(), "<bdi>ben</bdi> approved; one more person must approve") {
		t.Error("the page does not say what is missing")
	}
	if log := d.decisions().Log; len(log) != 1 || log[0].Rule != "grave" || log[0].Who != "ben" {
		t.Errorf("%+v", log)
	}
	if w := d.as("adam", d.at()+"/decide", with(d.page("adam", d.at()), "act", "approve")); w.Code != 303 {
		t.Fatalf("the second: %d %s", w.Code, w.Body)
	}
	all := d.decisions()
	rule := story.Rule{Demands: []story.Demand{{People: 2, NoSelf: true}}}
	if v := all.For("log", rule); v.Act != story.Approve || v.By != "ben, adam" {
		t.Errorf("%+v", v)
	}
}

func TestHeadersAreExact(t *testing.T) {
	d := openStaffed(t)
	at := d.link("ana", "Tom")
	for _, path := range []string{"/", d.at(), d.at() + "/edit", "/keys", "/signin", "/nothing", at, "/desk.css"} {
		r := httptest.NewRequest("GET", "https://desk.example"+path, nil)
		r.SetBasicAuth("ana", "a-test-password")
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		for name, want := range map[string]string{
			"Content-Security-Policy":    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":     "nosniff",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Strict-Transport-Security":  "max-age=31536000",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		referrer := "same-origin"
		if path == at {
			referrer = "no-referrer"
		}
		if got := w.Header().Get("Referrer-Policy"); got != referrer {
			t.Errorf("%s: Referrer-Policy is %q", path, got)
		}
	}
}

// TestReturnAddressesLeadNowhereElse: each place that sends a browser on to where a request says.
func TestReturnAddressesLeadNowhereElse(t *testing.T) {
	d := open(t)
	for _, to := range []string{"//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "\\\\evil.example"} {
		for path, field := range map[string]string{"/settings": "return_to", "/signin": "to"} {
			r := httptest.NewRequest("POST", path, strings.NewReader(url.Values{field: {to}, "name": {"Hana"}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			d.handler.ServeHTTP(w, r)
			if w.Code != 303 || w.Header().Get("Location") != "/" {
				t.Errorf("%s to %q: %d %s", path, to, w.Code, w.Header().Get("Location"))
			}
		}
	}
}

// TestNamesFromOutsideStayTexts: a name that a provider, a person or a link brings is shown and does nothing.
func TestNamesFromOutsideStayTexts(t *testing.T) {
	d := openStaffed(t)
	plain := structure(t, d.as("", d.link("ana", "plain words"), nil).Body.String())
	names := []string{`"><script>alert(1)</script>`, "<img src=x onerror=alert(1)>", "{{.}}", "' onclick='alert(1)", "</bdi></b><svg onload=alert(1)>"}
	for _, name := range names {
		w := d.as("", d.link("ana", name), nil)
		if got := structure(t, w.Body.String()); strings.Join(got, " ") != strings.Join(plain, " ") {
			t.Errorf("%q changes the page", name)
		}
	}
	for _, name := range names {
		f := d.page("ana", d.at())
		if w := d.as("ana", d.at()+"/decide", with(f, "act", "hold", "why", name)); w.Code != 303 {
			t.Fatalf("%d", w.Code)
		}
	}
	if body := d.as("ana", d.at(), nil).Body.String(); strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") {
		t.Error("a reason is markup")
	}
}
