package staff

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"cutline/internal/config"
	"cutline/internal/story"
)

// Parts is what a Door is made with.
type Parts struct {
	Store    *story.Store
	Config   *config.Config
	Now      func() time.Time
	Random   io.Reader    // crypto/rand.Reader outside tests
	Client   *http.Client // for asking the provider; nil: one of its own
	Log      *slog.Logger
	Loopback bool // reached from this machine alone

	// Public says which requests need nobody: files of the pages, review links.
	Public func(r *http.Request) bool
	// Page shows how to sign in.
	Page func(w http.ResponseWriter, r *http.Request, status int, p SignIn)
}

// SignIn is what the page for signing in shows.
type SignIn struct {
	To       string // where to go afterwards: a path of ours
	Provider string // host of the provider; empty: there is none. The link to it is /signin/go?to=
	Password bool   // names and passwords are taken, at /signin/password?to=
	Local    bool   // a name is enough: a form posts name and to to /signin
	Problem  string // key of what went wrong: sign_in_failed, no_role; empty: nothing did
	ID       string // with no_role: what an admin would list, "id:ISSUER#SUBJECT"
}

// Door is where people come in. It keeps nothing between requests but the provider's own description.
type Door struct {
	Parts
	Links    *Links
	ring     ring
	provider provider
}

// Open makes the door. Where the desk is served to others than this machine, it refuses to do so without a way to sign in.
func Open(p Parts) (*Door, error) {
	c := p.Config.Desk
	d := &Door{Parts: p}
	if !p.Loopback && c.OIDC.Issuer == "" && len(c.People) == 0 {
		return nil, errors.New("the desk is not served beyond this machine without a way to sign in: serve it on a loopback address (127.0.0.1), or say under desk.oidc or desk.people in the configuration who may use it")
	}
	links, err := NewLinks(p.Store, p.Config, p.Now, p.Random)
	if err != nil {
		return nil, err
	}
	d.Links, d.ring, links.anybody = links, links.ring, d.open()
	if p.Client == nil {
		d.Client = &http.Client{Timeout: 10 * time.Second}
	}
	return d, nil
}

// open says whether whoever comes is let in: on one's own machine, where no way to sign in is configured.
func (d *Door) open() bool {
	return d.Loopback && d.Config.Desk.OIDC.Issuer == "" && len(d.Config.Desk.People) == 0
}

// roles are today's roles of somebody whom lists may name so.
func (d *Door) roles(bears []string) map[string]Role { return rolesOf(d.Config, d.open(), bears) }

// Guard lets through to next who is signed in, as the request's [Of], and what Public names; it answers for signing in
// and out itself. It is to stand behind the protection against other sites' requests.
func (d *Door) Guard(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /signin", d.signInPage)
	mux.HandleFunc("POST /signin", d.chooseName)
	mux.HandleFunc("GET /signin/go", d.toProvider)
	mux.HandleFunc("GET /signin/callback", d.fromProvider)
	mux.HandleFunc("GET /signin/password", d.password)
	mux.HandleFunc("POST /signout", d.signOutHere)
	mux.HandleFunc("POST /staff/signout", d.signOutOthers)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p, ok, err := d.who(r)
		switch {
		case err != nil:
			d.fail(w, r, err)
		case ok || d.Public(r):
			next.ServeHTTP(w, With(r, p))
		default:
			d.refuse(w, r)
		}
	})
	return mux
}

// who finds who makes a request: by a password that it brings, by its session, or on one's own machine by the name chosen.
func (d *Door) who(r *http.Request) (Person, bool, error) {
	if d.open() {
		if forwarded(r) {
			return Person{}, false, nil
		}
		name := "desk"
		if c, err := r.Cookie(nameCookie); err == nil {
			if n, err := url.QueryUnescape(c.Value); err == nil && shownName(n) != "" {
				name = shownName(n)
			}
		}
		return Person{ID: name, Name: name, Bears: []string{name}, Roles: d.roles([]string{name})}, true, nil
	}
	if _, _, given := r.BasicAuth(); given && len(d.Config.Desk.People) > 0 {
		return d.byPassword(r)
	}
	return d.signedIn(r)
}

// forwarded says whether a proxy hands a request on. On one's own machine none should: the desk would then be open to
// whoever reaches the proxy.
func forwarded(r *http.Request) bool {
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if r.Header.Get(h) != "" {
			return true
		}
	}
	return false
}

// byPassword lets in who the configuration names, with the password it refers to (HTTP Basic, RFC 7617). Passwords are
// compared by their hashes, so that neither length nor first letters can be timed.
func (d *Door) byPassword(r *http.Request) (Person, bool, error) {
	name, password, _ := r.BasicAuth()
	secret, known := d.Config.Desk.People[name]
	want := ""
	if known {
		var err error
		if want, err = secret.Value(r.Context()); err != nil {
			return Person{}, false, fmt.Errorf("reading the password of %s: %w", name, err)
		}
	}
	a, b := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(want))
	if subtle.ConstantTimeCompare(a[:], b[:]) != 1 || !known {
		return Person{}, false, nil
	}
	return d.person(session{ID: name, Named: true, Name: name}), true, nil
}

// refuse answers a request of nobody: a page that is opened leads to the sign-in and back, anything else is told.
func (d *Door) refuse(w http.ResponseWriter, r *http.Request) {
	if d.open() {
		http.Error(w, "the desk is served to others through a proxy, and nobody signs in: say under desk.oidc or desk.people in the configuration who may use it", http.StatusForbidden)
		return
	}
	if d.Config.Desk.OIDC.Issuer == "" {
		d.challenge(w)
		return
	}
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html") && r.Header.Get("Hx-Request") == "" {
		http.Redirect(w, r, "/signin?to="+url.QueryEscape(OwnPath(r.URL.RequestURI())), http.StatusSeeOther)
		return
	}
	http.Error(w, "sign in to use the desk", http.StatusUnauthorized)
}

func (d *Door) challenge(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="cutline desk", charset="UTF-8"`)
	http.Error(w, "sign in to use the desk", http.StatusUnauthorized)
}

func (d *Door) fail(w http.ResponseWriter, r *http.Request, err error) {
	d.Log.Error("signing in", "path", r.URL.Path, "error", err)
	http.Error(w, "a fault of ours: nobody was signed in. Try again.", http.StatusInternalServerError)
}

func (d *Door) signInPage(w http.ResponseWriter, r *http.Request) {
	d.page(w, r, http.StatusOK, SignIn{})
}

func (d *Door) page(w http.ResponseWriter, r *http.Request, status int, p SignIn) {
	p.To = OwnPath(r.URL.Query().Get("to"))
	p.Local, p.Password = d.open(), len(d.Config.Desk.People) > 0
	if u, err := url.Parse(d.Config.Desk.OIDC.Issuer); err == nil {
		p.Provider = u.Host
	}
	d.Page(w, r, status, p)
}

// chooseName sets the name under which somebody works on their own machine. It proves nothing, and needs to prove
// nothing.
func (d *Door) chooseName(w http.ResponseWriter, r *http.Request) {
	name := shownName(r.FormValue("name"))
	if !d.open() || name == "" {
		d.page(w, r, http.StatusBadRequest, SignIn{})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: nameCookie, Value: url.QueryEscape(name), Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, OwnPath(r.FormValue("to")), http.StatusSeeOther)
}

// password gives a session to who has a password, where there is a provider too: a browser sends a password on by itself
// only below the path at which it was asked.
func (d *Door) password(w http.ResponseWriter, r *http.Request) {
	p, ok, err := d.byPassword(r)
	switch {
	case err != nil:
		d.fail(w, r, err)
	case !ok || len(d.Config.Desk.People) == 0:
		d.challenge(w)
	default:
		d.enter(w, r, session{ID: p.ID, Named: true, Name: p.Name}, r.URL.Query().Get("to"))
	}
}

// enter begins a session and goes on to where the person wanted to go; who has no role anywhere is told so instead.
func (d *Door) enter(w http.ResponseWriter, r *http.Request, s session, to string) {
	if p := d.person(s); len(p.Sites(Look)) == 0 {
		d.page(w, r, http.StatusForbidden, SignIn{Problem: "no_role", ID: p.Bears[0]})
		return
	}
	if err := d.setSession(w, r, s); err != nil {
		d.fail(w, r, err)
		return
	}
	d.Log.Info("signed in", "person", s.ID, "name", s.Name)
	http.Redirect(w, r, OwnPath(to), http.StatusSeeOther)
}

// signOutHere ends the session of this browser, and with "everywhere" all that the person has.
func (d *Door) signOutHere(w http.ResponseWriter, r *http.Request) {
	p, ok, err := d.who(r)
	if err == nil && ok && r.FormValue("everywhere") != "" {
		err = d.signOut(r.Context(), p.ID)
	}
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.setCookie(w, r, sessionCookie, "", 0)
	http.SetCookie(w, &http.Cookie{Name: nameCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}

// signOutOthers ends the sessions and links of the person that the form names, or with "everybody" of all. It takes an
// admin of every site, since a session is for all of them.
func (d *Door) signOutOthers(w http.ResponseWriter, r *http.Request) {
	p, ok, err := d.who(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	for _, site := range slices.Sorted(maps.Keys(d.Config.Sites)) {
		if err := May(p, Staff, site); err != nil || !ok {
			http.Error(w, "signing others out takes an admin of every site", http.StatusForbidden)
			return
		}
	}
	id := strings.TrimSpace(r.FormValue("id"))
	if all := r.FormValue("everybody") != ""; all == (id != "") {
		http.Error(w, "say who is to be signed out: one person's id, or everybody", http.StatusBadRequest)
		return
	}
	if err := d.signOut(r.Context(), id); err != nil {
		d.fail(w, r, err)
		return
	}
	d.Log.Info("signed out", "by", p.ID, "person", id, "everybody", id == "")
	http.Redirect(w, r, "/keys#me", http.StatusSeeOther)
}

// OwnPath is a path of ours to go on to: what begins with one slash and cannot be taken for another host, or "/".
// Browsers take a backslash for a slash, and leave out tabs and line feeds.
func OwnPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsFunc(to, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
		return "/"
	}
	if p := u.Path; p == "/signin" || strings.HasPrefix(p, "/signin/") || strings.HasPrefix(p, "//") || strings.HasPrefix(p, "/\\") {
		return "/"
	}
	return to
}

// shownName is a name as it may stand on a page: one line, at most 80 letters, without control characters and without
// those that turn the order of what stands around it.
func shownName(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)), " ")
	if letters := []rune(s); len(letters) > 80 {
		s = strings.TrimSpace(string(letters[:80]))
	}
	return s
}
