// Package staff says who uses the desk and what they may do there.
//
// It owns the people ([Person]), their roles on each site, the one table of what each act asks for ([May]), the ways to
// sign in, and the signed links by which somebody without an account decides about one story. It promises that what a
// person may do is worked out anew at each request from the configuration, never taken from a cookie alone; that
// nobody has a role by default; and that an act which is not in the table is refused. What a story's rules ask of an
// approval beyond the role (a second person, somebody else's eyes) is the business of packages story and review.
package staff

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// Role is what somebody is on one site. Each may do all that the one before may.
type Role int

// The roles, least first.
const (
	None     Role = iota // sees nothing
	Viewer               // sees the stories
	Editor               // edits texts and cards, and may hold
	Approver             // decides what goes out, and takes down
	Admin                // stops and resumes channels, signs others out
)

// roles are their names in the configuration.
var roles = map[string]Role{"viewer": Viewer, "editor": Editor, "approver": Approver, "admin": Admin}

// String is the role's name in the configuration; "nobody" for None.
func (r Role) String() string {
	for name, role := range roles {
		if role == r {
			return name
		}
	}
	return "nobody"
}

// Acts that are no decisions of package story.
const (
	Look    = "look"    // see stories, and what else the pages show
	Edit    = "edit"    // set texts, headline, credit, focal point
	Share   = "share"   // make a link by which somebody without an account decides
	Stop    = "stop"    // stop or resume channels, try them, replay deliveries
	Staff   = "staff"   // sign other people out
	Redrive = "redrive" // send dead letters back, of whichever site
)

// least is the role that each act asks for, on the story's or channel's site. An editor may hold, since holding only
// keeps something from going out; to let it go again is an approver's.
var least = map[string]Role{
	Look:           Viewer,
	Edit:           Editor,
	Redrive:        Editor,
	story.Hold:     Editor,
	story.Approve:  Approver,
	story.Schedule: Approver,
	story.Reject:   Approver,
	story.Retract:  Approver,
	story.Undo:     Approver,
	story.Settle:   Approver,
	Share:          Approver,
	Stop:           Admin,
	Staff:          Admin,
}

// Person is who makes a request. The zero Person may do nothing.
type Person struct {
	ID    string          // what tells people apart: issuer and subject, or the name under desk.people; never an e-mail address
	Name  string          // as shown and as decisions are signed
	Email string          // verified by the provider; empty: none, or not verified
	Roles map[string]Role // by site; a site that is missing is None
	Bears []string        // what roles and rules may name the person by: a name under desk.people, a verified e-mail address, "group:NAME", "id:ID"
	Link  string          // id of the review link they came by; empty: they signed in
}

// May says whether a person may do an act on a site: nil, or what is missing, for the person to read. Every handler of
// the desk asks it and nothing else.
func May(p Person, act, site string) error {
	need, known := least[act]
	if known && p.Link != "" && !slices.Contains(links, act) {
		return errors.New(remark.Say("right-link", act))
	}
	if !known {
		return fmt.Errorf("there is no act %q", act)
	}
	if have := p.Roles[site]; have < need {
		if have == None {
			return errors.New(remark.Say("right-none", p.shown(), site))
		}
		return errors.New(remark.Say("right-more", p.shown(), have, site, need))
	}
	return nil
}

func (p Person) shown() string {
	if p.Name == "" {
		return remark.Say("nobody-signed-in")
	}
	return p.Name
}

// Sites lists the sites on which the person may do an act, in alphabetical order.
func (p Person) Sites(act string) []string {
	var out []string
	for site := range p.Roles {
		if May(p, act, site) == nil {
			out = append(out, site)
		}
	}
	slices.Sort(out)
	return out
}

// Sign puts the person's name to a decision on a site: who, by which account, and what of refs (the names a rule's
// "by" may have) the person is.
func (p Person) Sign(d *story.Decision, site string, refs []string) {
	d.By, d.Who, d.Link = p.Name, p.ID, p.Link
	for _, ref := range refs {
		role, isRole := roles[ref]
		if isRole && p.Roles[site] >= role || is(p.Bears, []string{ref}) {
			d.As = append(d.As, ref)
		}
	}
}

// rolesOf are the roles of somebody whom lists may name so: what each site lists; admin for the people of desk.people on a
// site that lists nobody, and for anybody where the desk lets in whoever comes.
func rolesOf(c *config.Config, anybody bool, bears []string) map[string]Role {
	out := listed(c, bears)
	named := slices.ContainsFunc(bears, func(b string) bool { _, ok := c.Desk.People[b]; return ok })
	for site, s := range c.Sites {
		if anybody || named && !s.Roles.Given() {
			out[site] = Admin
		}
	}
	return out
}

// listed is the highest role that each site lists somebody for.
func listed(c *config.Config, bears []string) map[string]Role {
	out := map[string]Role{}
	for site, s := range c.Sites {
		for role, refs := range map[Role][]string{Viewer: s.Roles.Viewer, Editor: s.Roles.Editor, Approver: s.Roles.Approver, Admin: s.Roles.Admin} {
			if is(bears, refs) {
				out[site] = max(out[site], role)
			}
		}
	}
	return out
}

// is says whether one of refs names who bears these names.
func is(bears, refs []string) bool {
	return slices.ContainsFunc(refs, func(ref string) bool {
		return slices.ContainsFunc(bears, func(b string) bool { return strings.EqualFold(b, ref) })
	})
}

type personKey struct{}

// With is the request as made by p.
func With(r *http.Request, p Person) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), personKey{}, p))
}

// Of is who makes the request; the zero Person, who may do nothing, if nobody is known.
func Of(r *http.Request) Person {
	p, _ := r.Context().Value(personKey{}).(Person)
	return p
}
