package staff

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

// The cookies. With the prefix __Host- a browser takes one only from this very host, over https, for all paths, so that no
// neighbour under the same domain can plant one (RFC 6265bis, section 4.1.3.2).
const (
	sessionCookie = "cutline"         // who signed in
	flowCookie    = "cutline-signing" // what was sent to the provider, until it answers
	nameCookie    = "cutline-name"    // on this machine: the name that was chosen
	flowTime      = 10 * time.Minute  // how long somebody may take at the provider
	maxGroups     = 2000              // bytes of groups that go into a cookie, of the 4096 a browser keeps
)

// session is what the session's cookie holds. It says who somebody is and never what they may do: that is worked out from
// the configuration at each request.
type session struct {
	ID     string    `json:"i"`           // as Person.ID
	Named  bool      `json:"p,omitempty"` // by a name under desk.people
	Name   string    `json:"n"`
	Email  string    `json:"e,omitempty"` // verified
	Groups []string  `json:"g,omitempty"`
	From   time.Time `json:"f"` // when they signed in
	Until  time.Time `json:"u"` // when that ends
}

// bears is what roles and rules may name the person by.
func (s *session) bears() []string {
	if s.Named {
		return []string{s.ID}
	}
	out := []string{"id:" + s.ID}
	if s.Email != "" {
		out = append(out, s.Email)
	}
	for _, g := range s.Groups {
		out = append(out, "group:"+g)
	}
	return out
}

// person is who the session is of, with today's roles.
func (d *Door) person(s session) Person {
	return Person{ID: s.ID, Name: s.Name, Email: s.Email, Roles: d.roles(s.bears()), Bears: s.bears()}
}

// signedIn finds the session of a request. ok is false if there is none, it has ended, or the person was signed out since.
func (d *Door) signedIn(r *http.Request) (p Person, ok bool, err error) {
	cookie, err := r.Cookie(d.cookieName(r, sessionCookie))
	if err != nil {
		return Person{}, false, nil // there is none
	}
	var s session
	if err := d.ring.open(r.Context(), "session", cookie.Value, &s); errors.Is(err, errSeal) {
		return Person{}, false, nil
	} else if err != nil {
		return Person{}, false, err
	}
	if now := d.Now(); !now.Before(s.Until) || s.From.After(now.Add(time.Minute)) {
		return Person{}, false, nil
	}
	out, err := d.Store.SignedOut(r.Context())
	if err != nil {
		return Person{}, false, err
	}
	if since := out.Since(s.ID); !s.From.After(since) {
		return Person{}, false, nil
	}
	return d.person(s), true, nil
}

// setSession gives a new session to who signed in. Nothing of an older one goes into it.
func (d *Door) setSession(w http.ResponseWriter, r *http.Request, s session) error {
	s.From, s.Until = d.Now().UTC(), d.Now().UTC().Add(d.Config.Desk.Session)
	s.Groups = fitting(s.Groups, d.Config)
	text, err := d.ring.seal(r.Context(), "session", s)
	if err != nil {
		return err
	}
	d.setCookie(w, r, sessionCookie, text, d.Config.Desk.Session)
	return nil
}

// fitting keeps as many groups as a cookie holds: first those that the configuration names.
func fitting(groups []string, c *config.Config) []string {
	var out []string
	size := 0
	for _, named := range []bool{true, false} {
		for _, g := range groups {
			if mentions(c, "group:"+g) == named && size+len(g)+3 <= maxGroups {
				out, size = append(out, g), size+len(g)+3
			}
		}
	}
	return out
}

// mentions says whether the configuration names somebody by ref, as a role or in a rule.
func mentions(c *config.Config, ref string) bool {
	for _, s := range c.Sites {
		all := append(append(append(append([]string{}, s.Roles.Viewer...), s.Roles.Editor...), s.Roles.Approver...), s.Roles.Admin...)
		for _, r := range s.Rules {
			all = append(all, r.By...)
		}
		if is([]string{ref}, all) {
			return true
		}
	}
	return false
}

// secure says whether the browser reaches us over https: then cookies are for https alone. On one's own machine it does
// not.
func (d *Door) secure(r *http.Request) bool {
	return !d.Loopback || r.TLS != nil || strings.HasPrefix(d.Config.Desk.URL, "https://")
}

func (d *Door) cookieName(r *http.Request, name string) string {
	if d.secure(r) {
		return "__Host-" + name
	}
	return name
}

// setCookie sets one of our cookies, or with no time to live removes it. Lax, so that a link in a chat leads to the desk
// and not to the sign-in; what acts is a POST, with which a browser sends a Lax cookie from our own pages alone.
func (d *Door) setCookie(w http.ResponseWriter, r *http.Request, name, value string, life time.Duration) {
	c := &http.Cookie{Name: d.cookieName(r, name), Value: value, Path: "/", MaxAge: int(life / time.Second), HttpOnly: true, Secure: d.secure(r), SameSite: http.SameSiteLaxMode}
	if life <= 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// signOut ends every session and link that a person has (or everybody has, for an empty id) as of now.
func (d *Door) signOut(ctx context.Context, id string) error {
	now := d.Now().UTC()
	_, _, err := d.Store.UpdateSignedOut(ctx, func(doc *story.SignedOut) error {
		if id == "" {
			doc.All = now
			return nil
		}
		if doc.People == nil {
			doc.People = map[string]time.Time{}
		}
		for who, t := range doc.People { // a session ends by itself, and a link too: older entries say nothing any more
			if now.Sub(t) > longest {
				delete(doc.People, who)
			}
		}
		doc.People[id] = now
		return nil
	})
	return err
}

// longest is how long anything lasts that a person was given; config allows no more.
const longest = 8 * 24 * time.Hour
