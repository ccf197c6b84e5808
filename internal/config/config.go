// Package config owns cutline.yaml: its shape, its defaults and its checking. The comments of [Config] and of the
// types below it are the manual.
//
// The file is checked strictly: a key that is not known is refused with its line and the nearest known one, a name
// that nothing bears with the names there are. Secrets are never in the file, only references to them ([Secret]).
package config

import (
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Config is cutline.yaml.
type Config struct {
	Public   string             `yaml:"public"`   // address under which /cards and /feeds are reached from outside, as "https://cards.news.example"; empty: the address that the webhook was called at
	Sites    map[string]Site    `yaml:"sites"`    // by name; at least one
	Sources  map[string]Source  `yaml:"sources"`  // by name, which is the last part of /hooks/NAME
	Channels map[string]Channel `yaml:"channels"` // by name; a name stays with its account for ever, since the records of posts go by it
	Network  Network            `yaml:"network"`  // where we may connect to
	Rewrite  Rewrite            `yaml:"rewrite"`  // a language model for summaries, for channels with rewrite: true; off without it
	Timing   Timing             `yaml:"timing"`   // clocks; the defaults are right outside tests
	Desk     Desk               `yaml:"desk"`     // how people come to the desk
	Notices  map[string]Notice  `yaml:"notices"`  // by name: who is told that stories wait
}

// Site is one edition of a publication.
type Site struct {
	Name       string            `yaml:"name"`       // as readers know it: on cards and in feeds; required
	Language   string            `yaml:"language"`   // BCP 47: en, ckb, kmr, ar, fa, tr, …; required; gives direction, fonts and labels
	Languages  []string          `yaml:"languages"`  // others that its articles may be in: one whose CMS names none is told by its text; empty: the site's is taken
	URL        string            `yaml:"url"`        // the public front page; required
	Theme      string            `yaml:"theme"`      // photo-led, split, text-led, default, which is photo-led, or a theme's YAML file beside the configuration (docs/themes.md)
	Logo       string            `yaml:"logo"`       // picture file beside the configuration (PNG, JPEG, GIF, WebP), drawn in place of the name or before it, as the theme says
	LogoLight  string            `yaml:"logo_light"` // the logo for light ground; without it the same one
	Accent     string            `yaml:"accent"`     // colour of sections without their own, as "#0b57a4"
	Sections   map[string]string `yaml:"sections"`   // section as the CMS names it → its colour
	Digits     string            `yaml:"digits"`     // on cards: "as written" (default), "latin" or "native"
	Review     string            `yaml:"review"`     // required (default), auto, or "auto after 15m"
	Uncredited string            `yaml:"uncredited"` // what a photo without credit gets: hold (default), text-only, or the credit to show
	Zone       string            `yaml:"zone"`       // IANA time zone of the newsroom, as Asia/Baghdad; empty: UTC
	Formats    []string          `yaml:"formats"`    // cards to draw: og, wide, square, portrait, vertical; empty: og
	Promotion  []string          `yaml:"promotion"`  // beginnings of lines that are promotion, besides the ones known for the language
	Hashtags   map[string]string `yaml:"hashtags"`   // the article's tag, in any case → hashtag without the sign
	UTM        string            `yaml:"utm"`        // query added to links, with {channel}, {kind}, {format}, {site}, {section}, {language}: "utm_source={kind}&utm_medium=social"; what an address has already stays
	Spacing    time.Duration     `yaml:"spacing"`    // least time between two posts of an account, but on feed, log and webhook; 0: none
	Quiet      []Hours           `yaml:"quiet"`      // hours in the site's zone in which nothing is posted, as "23:00-06:00", but on feed, log and webhook
	Breaking   []string          `yaml:"breaking"`   // tags, sections or kickers whose stories go before the queue, in quiet hours too
	Template   Template          `yaml:"template"`   // the words of a post, for channels without their own: "{{summary}}\n\n{{link}}"; docs/words.md has the functions
	Correction Template          `yaml:"correction"` // the words of a correction that is given as a reply
	Rights     []Right           `yaml:"rights"`     // what agencies allow of their photos: where one may not go, how long it may be online; docs/photos.md
	Rules      []Rule            `yaml:"rules"`      // who must approve what, or what goes by itself; of those that match the strictest holds; docs/review.md
	Roles      Roles             `yaml:"roles"`      // who may do what at the desk; empty: the people under desk.people are admins, nobody else has a role
}

// Rule says how stories are reviewed that it matches: each kind of condition it names must hold, by any one of what is listed. A rule without conditions matches all.
type Rule struct {
	Name     string   `yaml:"name"`     // decisions name it; required
	Sections []string `yaml:"sections"` // condition: the article's section, as the CMS names it
	Tags     []string `yaml:"tags"`     // condition: one of the article's tags
	Risks    []string `yaml:"risks"`    // condition: courts, minors, deaths, as a tag or by words of the article
	Channels []string `yaml:"channels"` // condition: names of channels
	Review   string   `yaml:"review"`   // required (default), auto, or "auto after 15m": it goes by itself unless somebody holds it
	People   int      `yaml:"people"`   // how many different people must approve; 0: one
	By       []string `yaml:"by"`       // whose approval counts: roles, names, verified e-mail addresses, "group:NAME"; empty: any approver's
	NoSelf   bool     `yaml:"no_self"`  // who wrote the article, worded the post or edited the card cannot approve it
}

// Right is what an agency or a contract says of a photo. A photo that it is about is held on the channels that it names,
// until somebody approves it there with a reason, and is online for the days that it gives.
type Right struct {
	Name     string   `yaml:"name"`     // what it says, as the desk shows it: "AFP: 30 days"; required
	Credit   []string `yaml:"credit"`   // condition: names in the photo's credit, as whole words
	Terms    []string `yaml:"terms"`    // condition: words in its usage terms, as the CMS or the file has them
	Of       []string `yaml:"of"`       // condition: what it shows, by caption, alt text, headline or tags
	Channels []string `yaml:"channels"` // where it may not go: names or kinds of channels
	Days     int      `yaml:"days"`     // how many days after publication it may be online: then posts with it are taken down and its cards are drawn without it; 0: for ever
}

// Roles lists who is what: names under desk.people, verified e-mail addresses, "group:NAME" for a group that the provider names, "id:ISSUER#SUBJECT". Each role may do what the ones before it may.
type Roles struct {
	Viewer   []string `yaml:"viewer"`   // sees stories
	Editor   []string `yaml:"editor"`   // edits, and may hold
	Approver []string `yaml:"approver"` // approves, schedules, rejects, takes down, shares
	Admin    []string `yaml:"admin"`    // stops and resumes channels, signs others out
}

// Given says whether anybody is listed.
func (r Roles) Given() bool { return len(r.Viewer)+len(r.Editor)+len(r.Approver)+len(r.Admin) > 0 }

// Source is a configured sender of webhooks.
type Source struct {
	Kind    string            `yaml:"kind"`    // cutline, ghost, wordpress, strapi, directus, contentful, sanity, drupal, superdesk, newsml, page, feed; required
	Site    string            `yaml:"site"`    // the site it feeds; required
	Secret  Secret            `yaml:"secret"`  // what its requests are signed with; required but for feed
	Old     Secret            `yaml:"old"`     // the secret before, accepted too while it is being changed
	URL     string            `yaml:"url"`     // where to read from: the CMS's API, the feed, the news sitemap of a page source; needed by kinds that pull
	Key     Secret            `yaml:"key"`     // for reading from there
	Model   string            `yaml:"model"`   // strapi: the content type (article); directus: the collection
	Query   string            `yaml:"query"`   // sanity: the webhook's projection, for reading the same; empty: the one that its page in docs/sources gives
	Link    string            `yaml:"link"`    // pattern of the article's address where the CMS sends none: "https://news.example/{slug}"
	Locale  string            `yaml:"locale"`  // the CMS's code of the one language whose articles are taken, as "ckb" or "en-US", where it sends several; those of another are passed over; empty: all
	Fields  map[string]string `yaml:"fields"`  // our field → JSON path in the payload, where it differs: {credit: "hero.credit_line"}
	Pull    time.Duration     `yaml:"pull"`    // how often to look for what a lost webhook missed; 0: every 15 minutes; below 0: never
	Signing string            `yaml:"signing"` // header that carries the signature where a plugin lets one choose
}

// Channel is a configured account on a network.
type Channel struct {
	Kind         string        `yaml:"kind"`          // feed, log, bluesky, mastodon, telegram, x, facebook, instagram, threads, linkedin, slack, discord, teams, nostr, webhook; required
	Site         string        `yaml:"site"`          // the site whose stories it posts; required
	Server       string        `yaml:"server"`        // the network's address, "https://bsky.social"; each kind that speaks HTTP has a default, but mastodon; webhook: the receiver's whole address; slack, discord, teams: in place of the host of a secret that is an address
	Account      string        `yaml:"account"`       // handle, page, chat or organisation to post as; discord: the number of the server, for the addresses of posts
	Secret       Secret        `yaml:"secret"`        // token, password or webhook address; nostr: the key, nsec1…; webhook: whsec_ and the key in base64
	Corrections  string        `yaml:"corrections"`   // what a changed fact does to a post that is out: edit, reply, repost, leave or ask; empty: edit where the network can, else ask; docs/corrections.md
	RepostWithin time.Duration `yaml:"repost_within"` // corrections: repost: only so long after posting, later a reply; default 10m
	Review       string        `yaml:"review"`        // another review than the site's
	Card         string        `yaml:"card"`          // format to send; empty: the kind's own
	Embed        string        `yaml:"embed"`         // link (a link card) or image (the card itself); empty: the kind's own
	App          string        `yaml:"app"`           // x: the app's key (OAuth 1.0a) or client id (OAuth 2); linkedin: its client id, where the token is renewed
	AppSecret    Secret        `yaml:"app_secret"`    // x, linkedin: the secret of that app; facebook, instagram: the app's secret, with which each call is proved (appsecret_proof)
	TokenSecret  Secret        `yaml:"token_secret"`  // x: the secret of the access token, which makes it OAuth 1.0a
	LinkInPost   *bool         `yaml:"link_in_post"`  // x: false leaves the link out of the text, which X bills far higher; default true
	LinkInReply  bool          `yaml:"link_in_reply"` // x, facebook with embed: image: the link follows in a reply (on Facebook a comment of the Page) and not in the text
	Premium      bool          `yaml:"premium"`       // x: the account has Premium: 25,000 characters, and posts can be edited for an hour
	Version      string        `yaml:"version"`       // linkedin: version of the API as YYYYMM, which ends about a year later; facebook, instagram: as v26.0; empty: the newest that was tried
	Language     string        `yaml:"language"`      // language tag to post with; empty: the article's
	Visibility   string        `yaml:"visibility"`    // mastodon: public (default), unlisted, private
	Chat         string        `yaml:"chat"`          // telegram: @name or id of the chat; slack: id of the channel, which makes the secret a bot's token
	Staging      string        `yaml:"staging"`       // telegram: a private chat to upload pictures to first
	Relays       []string      `yaml:"relays"`        // nostr: the relays to post to, as wss://relay.example
	Hub          string        `yaml:"hub"`           // feed: WebSub hub to tell
	Items        int           `yaml:"items"`         // feed: how many items it keeps; 0: 500
	Template     Template      `yaml:"template"`      // the words of a post here, in place of the site's
	Correction   Template      `yaml:"correction"`    // the words of a correction that is given as a reply, in place of the site's
	Thread       int           `yaml:"thread"`        // bluesky, mastodon, x, threads: what fits no single post goes on in replies, at most so many posts together, up to 6; 0: one post
	Spacing      time.Duration `yaml:"spacing"`       // least time between two posts, in place of the site's; below 0: none
	Quiet        []Hours       `yaml:"quiet"`         // quiet hours, in place of the site's; "none": it has none
	Budget       []Budget      `yaml:"budget"`        // how many posts go out in a time at most, as "25/1h"; several may be given
	Page         string        `yaml:"page"`          // before posting the article's page and the card on it are fetched as anybody would: warn (post all the same, and say so), wait (until both are there and the card is ours) or off; empty: warn on facebook, threads, instagram and x, which read pages or pictures, else off
	Rewrite      bool          `yaml:"rewrite"`       // put the summary in other words by the model of rewrite: …; default false
	TooOld       time.Duration `yaml:"too_old"`       // a post that could not go out for so long is left to the desk; 0: 24h
}

// Network says what may be connected to, beyond public addresses over https.
type Network struct {
	Allow []netip.Prefix `yaml:"allow"` // addresses that are not public but allowed for photos and pages: "127.0.0.0/8"; for trying out
	Plain bool           `yaml:"plain"` // photos and pages may come over http from public addresses too
}

// Rewrite names a model at Amazon Bedrock. What it writes goes out only if it passes the gate that every text passes; else the article's own sentences stand.
type Rewrite struct {
	Model  string `yaml:"model"`  // the model's or inference profile's id, as "anthropic.claude-3-5-haiku-20241022-v1:0"; empty: off
	Region string `yaml:"region"` // AWS region of the model; empty: the account's own
	Server string `yaml:"server"` // another address than Amazon's, for trying out
}

// Timing shortens clocks in tests.
type Timing struct {
	Tick  time.Duration `yaml:"tick"`  // how often due stories are looked for; default 60s
	Lease time.Duration `yaml:"lease"` // how long a claim holds; default 90s; longer than any call to a channel
	Undo  time.Duration `yaml:"undo"`  // how long an approval at the desk can be taken back; default 10s
}

// Desk says how people come to the desk. Without people and oidc: on loopback everybody, elsewhere nobody.
type Desk struct {
	URL     string            `yaml:"url"`     // address under which people reach the desk, as "https://desk.news.example"; needed by oidc and by links in notices
	Key     Secret            `yaml:"key"`     // what cookies and links are sealed with, 32 bytes or more; needed by oidc and links; empty: on loopback one of the process alone
	OldKey  Secret            `yaml:"old_key"` // the key before, for what was sealed with it, while it is being changed
	OIDC    OIDC              `yaml:"oidc"`    // signing in with the newsroom's accounts
	People  map[string]Secret `yaml:"people"`  // name → password, by reference: for a team that needs no provider; only over https
	Session time.Duration     `yaml:"session"` // how long somebody stays signed in; default and most 12h
	Links   time.Duration     `yaml:"links"`   // how long a review link lasts; default 12h, most 168h
}

// OIDC is a provider of OpenID Connect.
type OIDC struct {
	Issuer string   `yaml:"issuer"` // its address, as the provider writes it: "https://login.example"; empty: none
	Client string   `yaml:"client"` // our client id there; its redirect address is desk.url and /signin/callback
	Secret Secret   `yaml:"secret"` // the client's secret; empty: a public client
	Groups string   `yaml:"groups"` // claim that lists somebody's groups or roles, as cognito:groups; default groups
	Scopes []string `yaml:"scopes"` // what to ask for besides openid; default profile, email
}

// Notice is a receiver of notices.
type Notice struct {
	Kind     string   `yaml:"kind"`     // slack, teams, telegram or email; required
	Site     string   `yaml:"site"`     // whose stories; empty: every site's
	Secret   Secret   `yaml:"secret"`   // slack, teams: the webhook's address; telegram: the bot's token; email: the password for user
	Server   string   `yaml:"server"`   // email: "smtps://HOST:465" or "smtp://HOST:587"; Amazon SES is "smtps://email-smtp.REGION.amazonaws.com:465"; telegram: empty
	Chat     string   `yaml:"chat"`     // telegram: @name or id of the chat; slack: id of the channel, which makes the secret a bot's token
	User     string   `yaml:"user"`     // email: who signs in at the server
	From     string   `yaml:"from"`     // email: the sender, as "Example News <desk@news.example>"
	To       []string `yaml:"to"`       // email: the addresses
	Person   string   `yaml:"person"`   // name under which decisions by its links are kept; empty: the receiver's name
	About    []string `yaml:"about"`    // review: waits for a decision; trouble: not posted, or nobody knows; auto: goes by itself unless held; empty: review and trouble
	AtOnce   int      `yaml:"at_once"`  // messages of one story each in ten minutes; more go together as one digest; 0: 3
	Language string   `yaml:"language"` // of what it is told: en, ckb, kmr, ar, fa or tr; empty: the site's, where that is one of these and the same for all stories of a message, else en
}

// Is says whether a request's Host is the one under which people reach the desk.
func (d Desk) Is(host string) bool {
	u, err := url.Parse(d.URL)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}
