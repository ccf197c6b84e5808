package staff

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

// Link is what a review link carries: leave to decide once about one revision of one story, for somebody without an
// account. Whoever has it can use it; so it ends, it shows one story only, and it counts no more than who made it.
type Link struct {
	ID       string    `json:"i"`           // random; the decision keeps it, and a story's log takes it once
	Story    story.Key `json:"s"`           // the story
	Site     string    `json:"w"`           // its site
	Revision int       `json:"r"`           // the story's revision; another one is refused
	Channels []string  `json:"c,omitempty"` // the channels it may decide about; empty: all of the site's
	For      string    `json:"n"`           // who it is for: decisions are kept under this name
	By       string    `json:"b"`           // who made it, as shown; empty: cutline itself, in a notice
	ByID     string    `json:"p,omitempty"` // who made it
	ByBears  []string  `json:"a,omitempty"` // what roles name them by: who loses theirs takes their links along
	From     time.Time `json:"f"`
	Until    time.Time `json:"u"`
}

// Why a link is refused.
var (
	ErrLink    = errors.New("this is no review link of ours: ask for a new one")
	ErrExpired = errors.New("this review link has ended: ask for a new one")
)

// links are the acts that a link allows; no role of who made it adds one.
var links = []string{Look, story.Approve, story.Undo, story.Hold, story.Reject}

// Links makes and opens review links.
type Links struct {
	Store  *story.Store
	Config *config.Config
	Now    func() time.Time
	Random io.Reader // crypto/rand.Reader outside tests

	ring    ring
	anybody bool // the desk is on somebody's own machine and lets in whoever comes; a Door knows
}

// NewLinks makes Links under the keys of the configuration, or, where it names none, under one of this process alone.
func NewLinks(st *story.Store, c *config.Config, now func() time.Time, random io.Reader) (*Links, error) {
	l := &Links{Store: st, Config: c, Now: now, Random: random}
	var err error
	l.ring, err = newRing(c, random)
	return l, err
}

// Make makes the text of a link: what stands after /review/ in its address. It lasts as desk.links says.
func (d *Links) Make(ctx context.Context, l Link) (string, error) {
	var b [12]byte
	if _, err := io.ReadFull(d.Random, b[:]); err != nil {
		return "", fmt.Errorf("making a review link: %w", err)
	}
	l.ID = base64.RawURLEncoding.EncodeToString(b[:])
	l.From = d.Now().UTC()
	l.Until = l.From.Add(d.Config.Desk.Links)
	return d.ring.seal(ctx, "review link", l)
}

// Open reads a link's text, and says who comes by it: somebody with the name it is for, who may do on its story what
// links allow. ErrLink or ErrExpired if it does not count, or not any more.
func (d *Links) Open(ctx context.Context, text string) (Link, Person, error) {
	var l Link
	if err := d.ring.open(ctx, "review link", text, &l); errors.Is(err, errSeal) {
		return l, Person{}, ErrLink
	} else if err != nil {
		return l, Person{}, err
	}
	if !d.Now().Before(l.Until) {
		return l, Person{}, ErrExpired
	}
	out, err := d.Store.SignedOut(ctx)
	if err != nil {
		return l, Person{}, err
	}
	if !l.From.After(out.Since(l.ByID)) || !d.stillMay(l) {
		return l, Person{}, ErrExpired
	}
	return l, Person{ID: "link:" + l.ID, Name: l.For, Bears: []string{}, Link: l.ID, Roles: map[string]Role{l.Site: Approver}}, nil
}

// stillMay says whether who made the link could make it today.
func (d *Links) stillMay(l Link) bool {
	if l.ByID == "" { // a notice's: as long as there is such a site
		_, ok := d.Config.Sites[l.Site]
		return ok
	}
	return May(Person{Roles: rolesOf(d.Config, d.anybody, l.ByBears)}, Share, l.Site) == nil
}
