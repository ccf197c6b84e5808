// Package channel is the networks that a story is posted to: one file a kind, all of one shape ([Channel]).
//
// It owns how a text is counted, what exactly would be sent ([Channel.Prepare], no network), and the calls that
// publish, find, edit and retract. It promises that a call says truthfully what became of it ([Outcome]): a post
// counts as made only when the network said so, and whatever may have been posted without our knowing is Unknown.
// When a call is made, and that it is made at most once, is the business of package post.
package channel

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/story"
	"cutline/internal/summary"
)

// Channel is one configured account. A Channel may be used from several goroutines. Calls end within the lease that
// [Parts] names, or sooner when ctx ends.
type Channel interface {
	// Capabilities says what the network can do. It never changes during a channel's life.
	Capabilities() Capabilities

	// Prepare makes the draft that would be sent for a piece, within all the network's limits. It calls nothing and
	// is pure: the same piece gives the same draft. What cannot be helped is in the draft's Findings.
	Prepare(Piece) story.Draft

	// Publish sends the call's draft as a new post, or as a reply to Call.ReplyTo. It uses the channel's own handle
	// against doubles, made from Call's story, turn and First alone, so that a second Publish of the same call
	// is the same post wherever the network can tell.
	Publish(context.Context, *Call) Outcome

	// Find asks whether the call's post is out: Posted with its Remote, Absent where the answer proves that it is not,
	// Later if it could not be asked now, Unknown where the network cannot say.
	Find(context.Context, *Call) Outcome

	// Edit makes the post at Call.Remote read as the draft. Doing it twice does no harm. Gone if it is no longer there.
	Edit(context.Context, *Call) Outcome

	// Retract takes the post at Call.Remote down. One that is no longer there is Posted (done).
	Retract(context.Context, *Call) Outcome
}

// Capabilities is what a network can do.
type Capabilities struct {
	Find    Answer        // what its Find is worth
	Once    bool          // Publish of the same call twice makes one post, by the network's own handle
	Edit    bool          // a post can be edited, and readers see it
	Retract bool          // a post can be taken down
	Reply   bool          // a correction can be given as a reply, and so can what follows in a thread
	EditFor time.Duration // how long after posting it can be edited; 0: always
	KeepFor time.Duration // how long after posting it can be taken down; 0: always
	Bills   bool          // an edit is billed as a new post is
	ByHand  string        // what a person does to take a post down where we cannot, in plain words; empty: nothing special
}

// Answer is what a Find is worth.
type Answer int

const (
	Never Answer = iota // the network cannot be asked
	Shows               // a post that is shown is there; one that is not shown may be there all the same
	Exact               // both answers are proof
)

// Piece is what a draft is made from.
type Piece struct {
	Key      story.Key
	Site     config.Site
	Article  article.Article // with the desk's edits already applied
	Manifest story.Manifest
	Revision int    // the story's
	Summary  string // in place of the extractive summary, where it fits; empty: none
	Corrects bool   // it is a correction that is given as a reply to the post that is out

	read *summary.Reading // of Article; nil: a Prepare reads it for itself
}

// Read is the piece with its article read, if it was not, which must not be changed any more: for several channels' drafts
// once.
func (p Piece) Read() Piece {
	if p.read == nil {
		p.read = summary.Read(p.Article)
	}
	return p
}

// Call is one call to a network. Steps and Step let a post of several steps go on where it was interrupted.
type Call struct {
	Key     story.Key
	Channel string // the channel's name
	Turn    int    // counts posts made anew after a retraction
	Draft   story.Draft
	First   time.Time     // when this post was first claimed; the same at every try
	Remote  story.Remote  // edit, retract, find: where the post is, as far as is known
	ReplyTo *story.Remote // publish: the post that this one answers: that it corrects, or that it follows in a thread
	Root    *story.Remote // publish, with ReplyTo: the post that the conversation begins with; nil: ReplyTo
	Steps   map[string]string

	// Step keeps what has been reached, durably, before it returns: an upload's id, a container's. An error means that
	// the claim was lost, and the call must end as Later.
	Step func(ctx context.Context, name, value string) error

	// Keep is Step for what may as well be done again: an upload that nobody sees and that the network forgets by itself. It is
	// written with the call's end, so it is lost if the process ends before; it costs no write of its own.
	Keep func(name, value string)

	// GoOn is asked between such steps and what readers see. An error means that the call must not go on (somebody pressed
	// stop), and must end as Later. Step asks by itself.
	GoOn func(ctx context.Context) error

	// Account is the state of the channel's account, as it was read for this call; nil: it was not read.
	Account *story.Account

	// Card reads the bytes of the draft's card from the bucket. They are shared by all channels, and not to be changed.
	Card func(ctx context.Context) ([]byte, error)
}

// ID names the call's post among all posts of the channel, the same at every try.
func (c *Call) ID() string {
	switch {
	case c.Draft.Part > 0: // one that went and comes again, as an edit can have it, is another post
		return fmt.Sprintf("%s/%d/%d/%d", c.Key, c.Turn, c.Draft.Part, c.First.Unix())
	case c.Turn == 0:
		return string(c.Key)
	}
	return fmt.Sprintf("%s/%d", c.Key, c.Turn)
}

// End is how a call ended.
type End int

const (
	Unknown End = iota // it may have been done: Find first, never again blindly. The zero value, so that what is forgotten is not taken for success
	Posted             // done, now or before; Remote says where
	Absent             // Find: proof that it is not there
	Refused            // not done, and not to be tried again with this draft: a person must act
	Later              // not done; try again, not before Until
	Gone               // Edit: the post is no longer there
)

func (e End) String() string {
	return [...]string{"unknown", "posted", "absent", "refused", "later", "gone"}[e]
}

// Outcome is what became of a call.
type Outcome struct {
	End    End
	Remote story.Remote // Posted
	Until  time.Time    // Later: not before; zero: as soon as seems right
	Why    string       // in plain words what the network said and what to do; no secret, no whole address
	Rest   bool         // Later: the whole account is to rest (the network is busy, or does not answer), not only this post
	Asked  bool         // Retract, Posted: the network passed the wish on, and others may not follow it
	Pause  bool         // Refused: not this draft but the account is the trouble (revoked, suspended, over its cap): it stops until mended

	Working bool // Later: nothing failed, the network is still at it (a picture, a list that lags), so it is asked again as often as at first
}

// Parts is what a channel is made with. Clock and network come from outside.
type Parts struct {
	Store  *story.Store // for kinds that keep files in the bucket, and for tokens that are renewed
	Client *http.Client // for all calls; its transport follows no redirects to other hosts
	Now    func() time.Time
	Random io.Reader
	Public string        // address under which /cards and /feeds are reached from outside; may be empty
	Lease  time.Duration // calls end well within it
}

// kinds is every kind of channel there is.
var kinds = map[string]func(name string, c config.Channel, site config.Site, p Parts) (Channel, error){
	"bluesky":   newBluesky,
	"discord":   newDiscord,
	"facebook":  newFacebook,
	"feed":      newFeed,
	"instagram": newInstagram,
	"log":       newLog,
	"linkedin":  newLinkedin,
	"mastodon":  newMastodon,
	"nostr":     newNostr,
	"slack":     newSlack,
	"teams":     newTeams,
	"telegram":  newTelegram,
	"threads":   newThreads,
	"webhook":   newWebhook,
	"x":         newX,
}

// New makes the channel that the configuration describes.
func New(name string, c config.Channel, site config.Site, p Parts) (Channel, error) {
	make, ok := kinds[c.Kind]
	if !ok {
		return nil, fmt.Errorf("channel %s: kind %q is not built in", name, c.Kind)
	}
	ch, err := make(name, c, site, p)
	if err != nil {
		return nil, fmt.Errorf("channel %s: %w", name, err)
	}
	if err := tryTemplates(ch, c, site); err != nil {
		return nil, err
	}
	return ch, nil
}
