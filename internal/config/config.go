// Package config owns cutline.yaml: its shape, its defaults and its checking. The comments of [Config] and of the
// types below it are the manual.
//
// The file is checked strictly: a key that is not known is refused with its line and the nearest known one, a name
// that nothing bears with the names there are. Secrets are never in the file, only references to them ([Secret]).
package config

import (
	"net/netip"
	"time"
)

// Config is cutline.yaml.
type Config struct {
	Public   string             `yaml:"public"`   // address under which /cards and /feeds are reached from outside, as "https://cards.news.example"; empty: the address that the webhook was called at
	Sites    map[string]Site    `yaml:"sites"`    // by name; at least one
	Sources  map[string]Source  `yaml:"sources"`  // by name, which is the last part of /hooks/NAME
	Channels map[string]Channel `yaml:"channels"` // by name; a name stays with its account for ever, since the records of posts go by it
	Network  Network            `yaml:"network"`  // where we may connect to
	Timing   Timing             `yaml:"timing"`   // clocks; the defaults are right outside tests
	Desk     Desk               `yaml:"desk"`     // who may use the desk
}

// Site is one edition of a publication.
type Site struct {
	Name       string            `yaml:"name"`       // as readers know it: on cards and in feeds; required
	Language   string            `yaml:"language"`   // BCP 47: en, ckb, kmr, ar, fa, tr, …; required; gives direction, fonts and labels
	URL        string            `yaml:"url"`        // the public front page; required
	Theme      string            `yaml:"theme"`      // photo-led, split, text-led, or default, which is photo-led
	Logo       string            `yaml:"logo"`       // picture file beside the configuration, drawn in place of the name
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
	Template   Template          `yaml:"template"`   // the words of a post, for channels without their own: "{{summary}}\n\n{{link}}"; docs/words.md has the functions
	Correction Template          `yaml:"correction"` // the words of a correction that is given as a reply
}

// Source is a configured sender of webhooks.
type Source struct {
	Kind    string            `yaml:"kind"`    // cutline, ghost, wordpress, strapi, directus, contentful, sanity, drupal, superdesk, newsml, page, feed; required
	Site    string            `yaml:"site"`    // the site it feeds; required
	Secret  Secret            `yaml:"secret"`  // what its requests are signed with; required but for feed
	Old     Secret            `yaml:"old"`     // the secret before, accepted too while it is being changed
	URL     string            `yaml:"url"`     // where to read from: the CMS's API, the feed; needed by kinds that pull
	Key     Secret            `yaml:"key"`     // for reading from there
	Model   string            `yaml:"model"`   // strapi: the content type (article); directus: the collection
	Link    string            `yaml:"link"`    // pattern of the article's address where the CMS sends none: "https://news.example/{slug}"
	Fields  map[string]string `yaml:"fields"`  // our field → JSON path in the payload, where it differs: {credit: "hero.credit_line"}
	Pull    time.Duration     `yaml:"pull"`    // how often to look for what a lost webhook missed; 0: every 15 minutes; below 0: never
	Signing string            `yaml:"signing"` // header that carries the signature where a plugin lets one choose
}

// Channel is a configured account on a network.
type Channel struct {
	Kind        string        `yaml:"kind"`        // feed, log, bluesky, mastodon, telegram; required. x, facebook, instagram, threads, linkedin, slack, discord, teams, nostr and webhook are known and not built in yet: they are refused
	Site        string        `yaml:"site"`        // the site whose stories it posts; required
	Server      string        `yaml:"server"`      // the network's address, "https://bsky.social"; each kind that speaks HTTP has a default, but mastodon
	Account     string        `yaml:"account"`     // handle, page, chat or organisation to post as
	Secret      Secret        `yaml:"secret"`      // token, password or webhook address
	Corrections string        `yaml:"corrections"` // what a changed article does to a post that is out: edit, reply, repost, leave or ask; empty: edit where the network can, else ask
	Review      string        `yaml:"review"`      // another review than the site's
	Card        string        `yaml:"card"`        // format to send; empty: the kind's own
	Embed       string        `yaml:"embed"`       // link (a link card) or image (the card itself); empty: the kind's own
	Language    string        `yaml:"language"`    // language tag to post with; empty: the article's
	Visibility  string        `yaml:"visibility"`  // mastodon: public (default), unlisted, private
	Chat        string        `yaml:"chat"`        // telegram: @name or id of the chat
	Staging     string        `yaml:"staging"`     // telegram: a private chat to upload pictures to first
	Hub         string        `yaml:"hub"`         // feed: WebSub hub to tell
	Items       int           `yaml:"items"`       // feed: how many items it keeps; 0: 500
	Template    Template      `yaml:"template"`    // the words of a post here, in place of the site's
	Correction  Template      `yaml:"correction"`  // the words of a correction that is given as a reply, in place of the site's
	TooOld      time.Duration `yaml:"too_old"`     // a post that could not go out for so long is left to the desk; 0: 24h
}

// Network says what may be connected to, beyond public addresses over https.
type Network struct {
	Allow []netip.Prefix `yaml:"allow"` // addresses that are not public but allowed for photos and pages: "127.0.0.0/8"; for trying out
	Plain bool           `yaml:"plain"` // photos and pages may come over http from public addresses too
}

// Timing shortens clocks in tests.
type Timing struct {
	Tick  time.Duration `yaml:"tick"`  // how often due stories are looked for; default 60s
	Lease time.Duration `yaml:"lease"` // how long a claim holds; default 90s; longer than any call to a channel
	Undo  time.Duration `yaml:"undo"`  // how long an approval at the desk can be taken back; default 10s
}

// Desk says who may use the desk. Empty: on loopback everybody, elsewhere nobody.
type Desk struct {
	People map[string]Secret `yaml:"people"` // name → password, by reference: who may decide, for a team that needs no provider; only over https
}
