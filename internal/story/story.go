// Package story owns every document in the bucket: its shape, its key, its encoding, and the one compare-and-swap
// loop by which it is changed.
//
// A story has four documents, each written by one step: the [Story] itself (the article's half by webhook, the
// desk's half by desk), the [Manifest] of its cards (render), the [Decisions] (desk), and one [Post] record a
// channel (post). Together they are a [Dossier], which every step reads and none writes whole. All are JSON that a
// person can read, with a schema number; fields that a newer version wrote survive an older one's rewrite.
//
// The bucket's clock is the only clock for leases, embargoes and schedules: [Dossier.Now] is the store's time when
// it answered, so two workers whose own clocks differ still agree.
package story

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"cutline/internal/article"
)

// Schema is the version of the documents that this program writes. A higher one found in the bucket is read as far
// as it is understood, and kept.
const Schema = 1

// Story is one article over its life. Stored: add fields, never rename one or change what it means.
type Story struct {
	Schema   int    `json:"schema"`
	Key      Key    `json:"key"`
	Revision int    `json:"revision"` // counts the changes of either half from 1; a manifest stands for one revision
	Source   string `json:"source"`   // the source's name in the configuration
	Site     string `json:"site"`     // the site's name in the configuration

	// The article's half; only webhook (and import, reconcile) writes it.
	Article  article.Article `json:"article"`
	Content  string          `json:"content"`          // hash of what the article's half was made from; the same again changes nothing
	First    time.Time       `json:"first"`            // when the first delivery was stored
	Received time.Time       `json:"received"`         // when the article's half last changed
	Came     time.Time       `json:"came,omitzero"`    // when the delivery came that last changed it; what was read from the CMS is none
	Sent     time.Time       `json:"sent,omitzero"`    // the sender's own time of the newest delivery taken; an older one that comes later changes nothing
	Off      string          `json:"off,omitempty"`    // "unpublished" or "deleted": the article is no longer public; empty: it is
	Orders   []string        `json:"orders,omitempty"` // ids of the latest deliveries taken, newest last; a doubled one is known by it
	Doubt    string          `json:"doubt,omitempty"`  // why the desk must look first, whatever the review policy says
	Into     Key             `json:"into,omitempty"`   // the story that this one was joined into: its article goes on there, and this one is off for good; empty: it stands
	Past     []Change        `json:"past,omitempty"`   // what later deliveries changed, newest last

	// The desk's half; only desk writes it, and a join of two stories, which brings over what the other's desk set.
	Edits Edits `json:"edits,omitzero"`
}

// Edits is what the desk set in place of what the CMS said, for the cards. Empty: nothing.
type Edits struct {
	Headline string         `json:"headline,omitempty"` // a shorter headline for the card
	Credit   string         `json:"credit,omitempty"`   // whose photo it is
	Alt      string         `json:"alt,omitempty"`      // what the photo shows
	Focal    *article.Focal `json:"focal,omitempty"`    // what the crop must keep
	Layout   string         `json:"layout,omitempty"`   // one of the theme's layouts
	Kicker   string         `json:"kicker,omitempty"`   // live, updated, corrected, opinion, analysis, or none
	By       string         `json:"by,omitempty"`       // who edited last
	At       time.Time      `json:"at,omitzero"`        // and when
	Hands    []string       `json:"hands,omitempty"`    // ids of all who edited; Sign keeps By, At and Hands
}

// Sign says who made the edits, and when. id is what tells people apart, name what is shown.
func (e *Edits) Sign(name, id string, at time.Time) {
	e.By, e.At = name, at
	e.Hands = withHand(e.Hands, id)
}

// Same says whether both set the same, whoever set it and when.
func (e Edits) Same(other Edits) bool {
	if (e.Focal == nil) != (other.Focal == nil) || e.Focal != nil && *e.Focal != *other.Focal {
		return false
	}
	return e.Headline == other.Headline && e.Credit == other.Credit && e.Alt == other.Alt && e.Layout == other.Layout && e.Kicker == other.Kicker
}

func withHand(hands []string, id string) []string {
	if id == "" || slices.Contains(hands, id) {
		return hands
	}
	return append(hands[:len(hands):len(hands)], id)
}

// Live says whether the article is public: neither unpublished nor deleted.
func (s *Story) Live() bool { return s.Off == "" }

// Headline is what the card shows: the desk's, else the article's.
func (s *Story) Headline() string {
	if s.Edits.Headline != "" {
		return s.Edits.Headline
	}
	return s.Article.Headline
}

// Manifest says which cards stand for a revision of the story, and why they are as they are. Only render writes it.
type Manifest struct {
	Schema   int             `json:"schema"`
	Key      Key             `json:"key"`
	Revision int             `json:"revision"`            // the story's revision that the cards were drawn for
	Drawn    time.Time       `json:"drawn,omitzero"`      // when a card was last drawn
	Ends     time.Time       `json:"ends,omitzero"`       // when the photo may no longer be online, by an agency's rule; kept when the cards were drawn without it; zero: never
	EndsBy   string          `json:"ends_by,omitempty"`   // the rule's name
	Due      time.Time       `json:"due,omitzero"`        // when the cards would be drawn otherwise though nothing changed: a kicker expires; zero: never
	Cards    map[string]Card `json:"cards,omitempty"`     // by format: og, wide, square, portrait, vertical
	Headline string          `json:"headline,omitempty"`  // as drawn
	Short    bool            `json:"short,omitempty"`     // the headline was cut with … because it did not fit
	Credit   string          `json:"credit,omitempty"`    // as drawn, with its label: "Photo: AFP"
	From     string          `json:"from,omitempty"`      // where the credit was found: desk, field, caption, xmp, iptc, creator, policy
	Alt      string          `json:"alt,omitempty"`       // the card's alt text in the article's language
	Held     string          `json:"held,omitempty"`      // why nothing may be posted until the desk has looked: no credit, a letter without a font
	Photo    string          `json:"photo,omitempty"`     // why the photo is not on the card, in words for the desk; empty: it is, or there is none
	Terms    string          `json:"terms,omitempty"`     // usage terms found in the photo's metadata
	PhotoTag string          `json:"photo_tag,omitempty"` // hash of the photo's bytes that were used
}

// Card is one picture as it lies in the bucket, and what was measured when it was drawn.
type Card struct {
	Key         string    `json:"key"`                // where its bytes are, under cards/
	Fingerprint string    `json:"fingerprint"`        // hash of all that it was made from
	Type        string    `json:"type"`               // image/jpeg or image/png
	Width       int       `json:"width"`              // pixels
	Height      int       `json:"height"`             // pixels
	Bytes       int       `json:"bytes"`              // size of the file
	Layout      string    `json:"layout"`             // the theme's layout that was taken: bottom, side, top, split, inset, text-led
	Why         string    `json:"why,omitempty"`      // why that layout and that crop
	Crop        []float64 `json:"crop,omitempty"`     // x0 y0 x1 y1 as fractions of the photo as shown
	Scrim       float64   `json:"scrim,omitempty"`    // opacity under the headline, 0 … 1
	Contrast    float64   `json:"contrast,omitempty"` // the worst WCAG 2.2 ratio of any text on the card
}

// Draft is what would be sent to one channel. Two drafts that send the same have the same [Draft.Hash].
type Draft struct {
	Text     string   `json:"text"`               // the post's text, complete, with its link where the channel wants one
	More     []string `json:"more,omitempty"`     // the texts of the posts that follow it as a thread, each a reply to the one before
	Part     int      `json:"part,omitempty"`     // it is the draft of one of those alone, counted from 1; 0: it is the whole
	Alt      string   `json:"alt,omitempty"`      // alt text of the picture
	Link     string   `json:"link,omitempty"`     // the article's address as posted, with its tracking parameters
	Title    string   `json:"title,omitempty"`    // the link card's or the feed item's title
	Dek      string   `json:"dek,omitempty"`      // and the line under it
	Card     string   `json:"card,omitempty"`     // key of the card in the bucket
	Type     string   `json:"type,omitempty"`     // the card's content type
	Width    int      `json:"width,omitempty"`    // the card's, pixels
	Height   int      `json:"height,omitempty"`   // the card's, pixels
	Language string   `json:"language,omitempty"` // BCP 47
	Tags     []string `json:"tags,omitempty"`     // hashtags without the sign
	Revision int      `json:"revision"`           // the story's revision it was made from; not part of the hash
	Cost     float64  `json:"cost,omitempty"`     // US dollars that the network bills for sending it, by its published prices; 0: nothing, or not known; not part of the hash
	Basis    string   `json:"basis,omitempty"`    // hash of the proposed draft that the desk edited; empty: not edited
	Words    string   `json:"words,omitempty"`    // edited: hash of the proposed text and link; while they stay, the edit stands though the card is another. Not part of the hash
	Edited   []string `json:"edited,omitempty"`   // edited: which of text, alt and tags are the desk's. Not part of the hash
	Findings []string `json:"findings,omitempty"` // what the faithfulness gate and the channel's limits object to; not part of the hash
	Hands    []string `json:"hands,omitempty"`    // ids of those at the desk who worded it; not part of the hash
}

// Sign says who worded the draft at the desk. id is what tells people apart.
func (d *Draft) Sign(id string) { d.Hands = withHand(d.Hands, id) }

// Decisions is what the desk decided about a story, oldest first, and the words it saved but has not approved.
// Only desk (and the command line's decide) writes it.
type Decisions struct {
	Schema int              `json:"schema"`
	Key    Key              `json:"key"`
	Log    []Decision       `json:"log"`              // append-only
	Edited map[string]Draft `json:"edited,omitempty"` // by channel: the desk's draft in place of the proposed one, while its Basis holds

	Changes []Change `json:"changes,omitempty"` // what the desk changed of cards and texts, newest last
}

// The acts of a decision.
const (
	Approve  = "approve"  // send the drafts as seen
	Hold     = "hold"     // send nothing until decided otherwise
	Reject   = "reject"   // send nothing; Why says why
	Schedule = "schedule" // approve, but not before Decision.NotBefore
	Retract  = "retract"  // take down what is out, cancel what waits
	Undo     = "undo"     // take the last approval back, as if it had not been given
	Settle   = "settle"   // an uncertain post: Decision.Settled says how
)

// How an uncertain post is settled.
const (
	Posted = "posted" // it is there; Decision.URL may say where
	Again  = "again"  // it is not there: send it once more
	Leave  = "leave"  // leave it as it is and do nothing more
)

// Decision is one act of the desk.
type Decision struct {
	Act       string           `json:"act"`                 // one of the acts above
	Channels  []string         `json:"channels,omitempty"`  // the channels it is about; empty: all
	Revision  int              `json:"revision"`            // the story's revision that was on the screen
	Drafts    map[string]Draft `json:"drafts,omitempty"`    // approve, schedule: by channel, exactly what was seen
	NotBefore time.Time        `json:"not_before,omitzero"` // schedule: the time; approve: the end of the seconds in which it can be undone
	Embargo   time.Time        `json:"embargo,omitzero"`    // the embargo that was on the screen; an earlier one set later does not count
	Settled   string           `json:"settled,omitempty"`   // settle: posted, again or leave
	URL       string           `json:"url,omitempty"`       // settle: where the post was found
	By        string           `json:"by"`                  // who decided, as shown
	Who       string           `json:"who,omitempty"`       // the account, which tells people apart; empty: By does
	As        []string         `json:"as,omitempty"`        // of what the rule's "by" names, what who decided was: a role, a name, a group
	Link      string           `json:"link,omitempty"`      // id of the review link it was made by, without an account; a link decides once
	At        time.Time        `json:"at"`                  // when, by the bucket's clock
	Why       string           `json:"why,omitempty"`       // in the desk's words
	Rule      string           `json:"rule,omitempty"`      // the review rule it was made under
}

// About says whether the decision is about the channel.
func (d *Decision) About(channel string) bool {
	if len(d.Channels) == 0 {
		return true
	}
	for _, c := range d.Channels {
		if c == channel {
			return true
		}
	}
	return false
}

// Post is the record of one story on one channel. Only post writes it. What was sent stays with the channel's name
// and account under which it was sent, whatever the configuration says later.
type Post struct {
	Schema  int    `json:"schema"`
	Key     Key    `json:"key"`
	Channel string `json:"channel"`           // the channel's name in the configuration
	Kind    string `json:"kind"`              // its kind
	Account string `json:"account,omitempty"` // its account or server, so that another account under the same name is noticed

	Proposed   *Draft    `json:"proposed,omitempty"`   // what would be sent for the story's present revision
	ProposedAt time.Time `json:"proposed_at,omitzero"` // since when this draft, by the bucket's clock

	Other   OtherWords `json:"other,omitzero"`     // what a language model made of the summary; zero: none was asked
	Plan    Plan       `json:"plan,omitzero"`      // what an approval would do with a post that is out; zero: the post is not out, or need not be corrected
	Kept    string     `json:"kept,omitempty"`     // hash of the proposed draft that is not brought to the post that is out
	KeptWhy string     `json:"kept_why,omitempty"` // why it stays as it is

	Claim   *Claim            `json:"claim,omitempty"`    // a call under way, or one whose end nobody saw
	First   time.Time         `json:"first,omitzero"`     // when the post (or reply) now being made was first claimed; frozen over retries, so that handles made from it stay the same
	StepsOf string            `json:"steps_of,omitempty"` // hash of the draft that Steps belong to
	Steps   map[string]string `json:"steps,omitempty"`    // what the call has reached already: upload and container ids; empty once it is done

	Turn      int       `json:"turn,omitempty"`      // counts posts made anew after a retraction, from 0; part of the channel's handle
	Sent      *Draft    `json:"sent,omitempty"`      // what is out there now
	Remote    Remote    `json:"remote,omitzero"`     // where it is
	SentAt    time.Time `json:"sent_at,omitzero"`    // when it was first known to be out
	Thread    []Part    `json:"thread,omitempty"`    // the posts that follow it as a thread, in order
	Replies   []Remote  `json:"replies,omitempty"`   // corrections given as replies
	MadeAt    time.Time `json:"made_at,omitzero"`    // when the post itself was made, whatever was corrected since
	Retracted time.Time `json:"retracted,omitzero"`  // when it was taken down; Sent stays for the history
	Down      int       `json:"down,omitempty"`      // how many posts were taken down that hung under it: its thread, its corrections
	Asked     bool      `json:"asked,omitempty"`     // retracted: the network was asked to, and cannot be made to
	Reposting bool      `json:"reposting,omitempty"` // taken down only to be posted anew
	Gone      bool      `json:"gone,omitempty"`      // somebody removed it at the network; it is not posted anew

	Uncertain   string    `json:"uncertain,omitempty"`  // why nobody can know whether it is out: the desk must look
	Refused     string    `json:"refused,omitempty"`    // what the network said, for the draft in RefusedOf
	RefusedOf   string    `json:"refused_of,omitempty"` // hash of the draft that was refused, or "retract"; another draft may be tried, and this one after a new approval
	Doubted     *Draft    `json:"doubted,omitempty"`    // what the uncertain call would have sent
	RefusedAt   time.Time `json:"refused_at,omitzero"`
	UncertainAt time.Time `json:"uncertain_at,omitzero"`
	NotBefore   time.Time `json:"not_before,omitzero"` // the network asked not to be called earlier
	Tries       int       `json:"tries,omitempty"`     // calls in a row that ended in "later"
	Page        PageSeen  `json:"page,omitzero"`       // what the article's page looked like before posting; zero: nobody looked
	Waits       *Waiting  `json:"waits,omitempty"`     // it could go out, but it is not its turn; nil: it does not wait for one

	History []Event `json:"history,omitempty"` // every attempt in plain words, oldest first
}

// Made is when the post itself was made.
func (p *Post) Made() time.Time {
	if p.MadeAt.IsZero() {
		return p.SentAt // a record of an older version
	}
	return p.MadeAt
}

// Plan is what is to become of a post that is out when the article has changed: decided by the network's capabilities,
// the channel's policy and what has changed, recorded with the proposed draft, shown at the desk, and carried out by one
// approval (or by the review policy, unless it asks).
type Plan struct {
	How      string    `json:"how"`                // edit, reply, repost or leave
	Asks     bool      `json:"asks,omitempty"`     // a person must agree, whatever the review policy is
	Why      string    `json:"why"`                // in plain words
	Change   string    `json:"change,omitempty"`   // spelling, stands, wording, facts; empty: the words are the same, the card or its alt text is not
	What     []string  `json:"what,omitempty"`     // what is not so any more
	Notifies bool      `json:"notifies,omitempty"` // followers see it as a new post
	Cost     float64   `json:"cost,omitempty"`     // US dollars that the network bills for it; 0: nothing, or not known
	At       time.Time `json:"at"`                 // since when this is the plan; an approval from before is none for it
}

// Live says whether the post is out, as far as the record knows.
func (p *Post) Live() bool { return p.Remote.ID != "" && p.Retracted.IsZero() && !p.Gone }

// OtherWords is a summary in a language model's words.
type OtherWords struct {
	Of    string    `json:"of"`              // hash of the extractive draft that it was asked for
	Text  string    `json:"text,omitempty"`  // the summary; empty: the extractive one stands
	Said  string    `json:"said,omitempty"`  // what the model said, where it did not pass
	Why   string    `json:"why,omitempty"`   // why it did not
	Model string    `json:"model,omitempty"` // which one
	At    time.Time `json:"at"`
}

// PageSeen is what an anonymous look at the article's page found.
type PageSeen struct {
	At       time.Time `json:"at"`
	Revision int       `json:"revision"`       // the story's, then
	Why      string    `json:"why,omitempty"`  // what is wrong with the page or the card on it, and what to do; empty: nothing
	Next     time.Time `json:"next,omitzero"`  // when it is looked at again, where the post waits for it
	Tries    int       `json:"tries,omitzero"` // looks for this revision
}

// Waiting is why a post that could go out does not, and how long.
type Waiting struct {
	Until time.Time `json:"until,omitzero"` // its turn, as far as can be told now; zero: when somebody mends or resumes
	Why   string    `json:"why"`            // in plain words: spacing, quiet hours, a pause, how many are before it
}

// Account is the state of a channel's account, at accounts/<channel>.json. Written by post (pauses, resting times, the
// queue), by channel (renewed tokens) and by desk (stopping and resuming); compare-and-swap.
type Account struct {
	Schema    int               `json:"schema"`
	Paused    string            `json:"paused,omitempty"` // why nothing is sent until somebody mends it and resumes; empty: it is not paused
	PausedAt  time.Time         `json:"paused_at,omitzero"`
	PausedBy  string            `json:"paused_by,omitempty"` // the network, or who pressed stop
	NotBefore time.Time         `json:"not_before,omitzero"` // the network asked for rest, or does not answer; once it is over, since when the account goes again
	Tries     int               `json:"tries,omitempty"`     // such answers in a row
	Queue     []Ticket          `json:"queue,omitempty"`     // who waits for a turn, and who had one lately; in no order
	Tokens    map[string]string `json:"tokens,omitempty"`    // session tokens that the network renews; the bucket is private, and they are not the account's password
}

// Claim is the right to make one call. It holds as long as the record's object is younger than the lease, by the
// bucket's own clock; every step written renews it.
type Claim struct {
	Verb  string    `json:"verb"`            // publish, continue, reply, edit or retract
	Token string    `json:"token"`           // random; who finds another one has lost the claim
	Draft Draft     `json:"draft"`           // what the call sends
	Again bool      `json:"again,omitempty"` // an edit or take-down that was tried before, and nobody knows whether it was done: it is tried until that is known
	Lost  bool      `json:"lost,omitempty"`  // the call ended without our learning how: no need to wait for the lease
	At    time.Time `json:"at"`              // when this claim was made
}

// Remote is where a post is on its network.
type Remote struct {
	ID  string `json:"id"`            // the network's id
	URL string `json:"url,omitempty"` // its public address
	CID string `json:"cid,omitempty"` // a second handle where the network has one: a version, a content id
}

// Unplaced is the Remote.ID of a post that is out, nobody knows where: it can be neither changed nor taken down by us.
const Unplaced = "unknown"

// Event is one thing that happened to a post.
type Event struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`          // publish, continue, reply, edit, retract, find, settle
	End  string    `json:"end"`           // posted, already, refused, later, unknown, absent
	Why  string    `json:"why,omitempty"` // in plain words, with the network's answer; no secret
	By   string    `json:"by,omitempty"`  // who wanted it: the desk's name, or the policy
}

// Hash names what a reader would see of the draft. Two drafts with the same hash send the same.
func (d *Draft) Hash() string {
	seen := *d
	seen.Revision, seen.Cost, seen.Basis, seen.Words, seen.Edited, seen.Findings, seen.Hands = 0, 0, "", "", nil, nil, nil
	b, err := json.Marshal(seen)
	if err != nil {
		panic("a draft has only strings and numbers: " + err.Error())
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:16])
}
