package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"cutline/internal/zone"
)

const maxSize = 1 << 20 // bytes; a configuration of a hundred sites has some 50 KB

// Load reads the configuration from a file. Relative names in it are beside that file. What is wrong comes as one
// error with a line for each fault, in the order of the file.
func Load(path string, read Parameter) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return Parse(path, data, read)
}

// Parse reads a configuration that is already in memory; name stands in its errors, and its folder is where relative
// names lead.
func Parse(name string, data []byte, read Parameter) (*Config, error) {
	if len(data) > maxSize {
		return nil, &Error{name, 0, fmt.Sprintf("is %d bytes; a configuration has at most %d", len(data), maxSize)}
	}
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, &Error{name, 0, strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if len(doc.Content) == 0 {
		return nil, &Error{name, 0, "is empty: docs/configuration.md has one to begin with"}
	}
	c := &Config{}
	d := &decoder{file: name, lines: map[string]int{}, secret: func(ref string) (Secret, error) {
		return NewSecret(ref, filepath.Dir(name), read)
	}}
	d.into(doc.Content[0], reflect.ValueOf(c).Elem(), "")
	if len(d.errs) == 0 {
		c.check(d)
	}
	slices.SortStableFunc(d.errs, func(a, b error) int { return a.(*Error).Line - b.(*Error).Line })
	return c, errors.Join(d.errs...)
}

// LoadRef reads the configuration that CUTLINE_CONFIG names: a file, or an object of the bucket as "bucket:KEY", by get.
func LoadRef(ctx context.Context, ref string, get func(ctx context.Context, key string) ([]byte, error), read Parameter) (*Config, error) {
	key, inBucket := strings.CutPrefix(ref, "bucket:")
	if !inBucket {
		return Load(ref, read)
	}
	data, err := get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return Parse(key, data, read)
}

// The kinds that a source or channel can have; package source and package channel keep to these lists by a test.
var (
	SourceKinds  = []string{"cutline", "ghost", "wordpress", "strapi", "directus", "contentful", "sanity", "drupal", "superdesk", "newsml", "page", "feed"}
	ChannelKinds = []string{"feed", "log", "bluesky", "mastodon", "telegram", "x", "facebook", "instagram", "threads", "linkedin", "slack", "discord", "teams", "nostr", "webhook"}
	Themes       = []string{"default", "photo-led", "split", "text-led"}
	UTMWords     = []string{"{channel}", "{kind}", "{format}", "{site}", "{section}", "{language}"} // what sites.NAME.utm may have in braces
	NoticeKinds  = []string{"slack", "teams", "telegram", "email"}
	NoticeAbout  = []string{"review", "trouble", "auto"}
	NoticeSpeaks = []string{"en", "ckb", "kmr", "ar", "fa", "tr"}
	Risks        = []string{"courts", "minors", "deaths"}
	Formats      = []string{"og", "wide", "square", "portrait", "vertical"}
)

// names are parts of object keys and addresses.
var nameRE = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func (c *Config) check(d *decoder) {
	at := func(path, format string, args ...any) {
		line, p := d.lines[path], path
		for line == 0 && strings.Contains(p, ".") { // a missing key: its owner's line
			p = p[:strings.LastIndexByte(p, '.')]
			line = d.lines[p]
		}
		d.errs = append(d.errs, &Error{d.file, line, path + ": " + fmt.Sprintf(format, args...)})
	}
	name := func(path, n string) {
		if !nameRE.MatchString(n) {
			at(path, "names have small letters, digits, - and _, at most 63")
		}
	}
	oneOf := func(path, v string, known []string) {
		if v == "" {
			at(path, "is required: one of %s", strings.Join(known, ", "))
		} else if !slices.Contains(known, v) {
			at(path, "%q is not known%s", v, nearest(v, known))
		}
	}
	address := func(path, v string, required bool) {
		if v == "" && !required {
			return
		}
		if u, err := url.Parse(v); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
			at(path, "want an address as https://news.example, have %q", v)
		}
	}
	if len(c.Sites) == 0 {
		at("sites", "at least one site is needed, as {en: {name: Example News, language: en, url: \"https://news.example\"}}")
	}
	address("public", c.Public, false)
	address("rewrite.server", c.Rewrite.Server, false)
	for n, s := range c.Sites {
		p := "sites." + n
		name(p, n)
		if s.Name == "" {
			at(p+".name", "is required: the site's name as readers know it")
		}
		checkLanguages(p, s, at)
		address(p+".url", s.URL, true)
		if s.Review == "" {
			s.Review = "required"
		}
		if s.Uncredited == "" {
			s.Uncredited = "hold"
		}
		if s.Theme == "" {
			s.Theme = "default"
		}
		if len(s.Formats) == 0 {
			s.Formats = []string{"og"}
		}
		if !strings.HasSuffix(s.Theme, ".yaml") {
			oneOf(p+".theme", s.Theme, Themes)
		}
		if _, _, err := ParseReview(s.Review); err != nil {
			at(p+".review", "%v", err)
		}
		if _, err := zone.Load(s.Zone); err != nil {
			at(p+".zone", "want a time zone as Asia/Baghdad, have %q", s.Zone)
		}
		c.checkRules(n, at, oneOf)
		c.checkRights(n, at, oneOf)
		for i, f := range s.Formats {
			oneOf(fmt.Sprintf("%s.formats[%d]", p, i), f, Formats)
		}
		if s.Digits != "" {
			oneOf(p+".digits", s.Digits, []string{"as written", "latin", "native"})
		}
		for _, word := range placeRE.FindAllString(s.UTM, -1) {
			oneOf(p+".utm", word, UTMWords)
		}
		for tag, h := range s.Hashtags {
			if !hashtag(strings.TrimPrefix(h, "#")) {
				at(p+".hashtags."+tag, "want a hashtag of letters, digits and _, with at least one letter, have %q", h)
			}
			s.Hashtags[tag] = strings.TrimPrefix(h, "#")
		}
		colours := map[string]string{p + ".accent": s.Accent}
		for section, colour := range s.Sections {
			colours[p+".sections."+section] = colour
		}
		for path, colour := range colours {
			if colour != "" && !colourRE.MatchString(colour) {
				at(path, "want a colour as \"#0b57a4\", have %q", colour)
			}
		}
		c.Sites[n] = s
	}
	for n, s := range c.Sources {
		p := "sources." + n
		name(p, n)
		oneOf(p+".kind", s.Kind, SourceKinds)
		oneOf(p+".site", s.Site, sorted(c.Sites))
		if !s.Secret.Given() && s.Kind != "feed" {
			at(p+".secret", "is required, by reference: env:NAME, file:PATH or ssm:/path")
		}
		address(p+".url", s.URL, s.Kind == "feed")
	}
	for n, s := range c.Channels {
		p := "channels." + n
		name(p, n)
		oneOf(p+".kind", s.Kind, ChannelKinds)
		oneOf(p+".site", s.Site, sorted(c.Sites))
		address(p+".server", s.Server, false)
		address(p+".hub", s.Hub, false)
		if s.Corrections != "" {
			oneOf(p+".corrections", s.Corrections, []string{"edit", "reply", "repost", "leave", "ask"})
		}
		if s.Card != "" {
			oneOf(p+".card", s.Card, Formats)
		}
		if s.Embed != "" {
			oneOf(p+".embed", s.Embed, []string{"link", "image"})
		}
		if s.Review != "" {
			if _, _, err := ParseReview(s.Review); err != nil {
				at(p+".review", "%v", err)
			}
		}
		s.checkThread(p, at)
		if s.Items == 0 {
			s.Items = 500
		}
		if s.Rewrite && c.Rewrite.Model == "" {
			at(p+".rewrite", "which model? name it under rewrite: {model: …}")
		}
		if s.Page == "" {
			s.Page = "off"
			if slices.Contains([]string{"facebook", "threads", "instagram", "x"}, s.Kind) {
				s.Page = "warn"
			}
		}
		oneOf(p+".page", s.Page, []string{"warn", "wait", "off"})
		if s.RepostWithin == 0 {
			s.RepostWithin = 10 * time.Minute
		}
		if s.TooOld == 0 {
			s.TooOld = 24 * time.Hour
		}
		c.Channels[n] = s
	}
	for i, a := range c.Network.Allow {
		if a.Bits() < 8 || a.Overlaps(metadata) && a.Bits() < 16 {
			at(fmt.Sprintf("network.allow[%d]", i), "%s allows far too much, the cloud's metadata service with it; name just the range that is needed, as 127.0.0.0/8", a)
		}
	}
	c.checkDesk(at, address)
	c.checkNotices(at, name, oneOf)
	c.Timing.Tick = or(c.Timing.Tick, 60*time.Second)
	c.Timing.Lease = or(c.Timing.Lease, 90*time.Second)
	c.Timing.Undo = or(c.Timing.Undo, 10*time.Second)
}

// checkDesk checks how people come to the desk.
func (c *Config) checkDesk(at func(path, format string, args ...any), address func(path, v string, required bool)) {
	d := &c.Desk
	address("desk.url", d.URL, false)
	d.URL = strings.TrimSuffix(d.URL, "/")
	if o := &d.OIDC; o.Issuer != "" {
		address("desk.oidc.issuer", o.Issuer, true)
		if o.Client == "" {
			at("desk.oidc.client", "is required: the client id that the provider gave")
		}
		if d.URL == "" {
			at("desk.url", "is required with desk.oidc: the provider sends people back there, to /signin/callback")
		}
		if !d.Key.Given() {
			at("desk.key", "is required with desk.oidc, by reference: make the secret with openssl rand -base64 32")
		}
		if o.Groups == "" {
			o.Groups = "groups"
		}
		if len(o.Scopes) == 0 {
			o.Scopes = []string{"profile", "email"}
		}
	} else if o.Client != "" {
		at("desk.oidc.issuer", "is required: the provider's address, as https://login.example")
	}
	d.Session, d.Links = or(d.Session, 12*time.Hour), or(d.Links, 12*time.Hour)
	if d.Session > 12*time.Hour {
		at("desk.session", "want 12h at most, so that who left the newsroom is gone from the desk by the next day")
	}
	if d.Links > 168*time.Hour {
		at("desk.links", "want 168h at most: whoever has a link can use it")
	}
}

// checkNotices checks who is told of stories.
func (c *Config) checkNotices(at func(path, format string, args ...any), name func(path, n string), oneOf func(path, v string, known []string)) {
	for n, r := range c.Notices {
		p := "notices." + n
		name(p, n)
		oneOf(p+".kind", r.Kind, NoticeKinds)
		if r.Site != "" {
			oneOf(p+".site", r.Site, sorted(c.Sites))
		}
		if r.Language != "" {
			oneOf(p+".language", r.Language, NoticeSpeaks)
		}
		for i, a := range r.About {
			oneOf(fmt.Sprintf("%s.about[%d]", p, i), a, NoticeAbout)
		}
		if len(r.About) == 0 {
			r.About = []string{"review", "trouble"}
		}
		if r.AtOnce == 0 {
			r.AtOnce = 3
		}
		if r.AtOnce < 0 || r.AtOnce > 30 {
			at(p+".at_once", "want 1 to 30 messages in ten minutes, have %d", r.AtOnce)
		}
		if c.Desk.URL == "" {
			at("desk.url", "is required with notices: they lead there")
		}
		if r.Kind != "email" && !r.Secret.Given() {
			at(p+".secret", "is required, by reference: the webhook's address, or the bot's token")
		}
		if r.Kind == "telegram" && r.Chat == "" {
			at(p+".chat", "is required: @name or id of the chat")
		}
		if r.Kind == "email" {
			c.checkMail(at, p, r)
		}
		c.Notices[n] = r
	}
}

func (c *Config) checkMail(at func(path, format string, args ...any), p string, r Notice) {
	if u, err := url.Parse(r.Server); err != nil || u.Port() == "" || u.Scheme != "smtps" && u.Scheme != "smtp" {
		at(p+".server", "want a mail server as smtps://HOST:465 or smtp://HOST:587, have %q", r.Server)
	}
	if len(r.To) == 0 {
		at(p+".to", "is required: the addresses to write to")
	}
	for i, a := range append([]string{r.From}, r.To...) {
		path := p + ".from"
		if i > 0 {
			path = fmt.Sprintf("%s.to[%d]", p, i-1)
		}
		if _, err := mail.ParseAddress(a); err != nil {
			at(path, "want an e-mail address, have %q", a)
		}
	}
}

// checkRules checks a site's review rules.
func (c *Config) checkRules(site string, at func(path, format string, args ...any), oneOf func(path, v string, known []string)) {
	seen := map[string]bool{}
	for i, r := range c.Sites[site].Rules {
		p := fmt.Sprintf("sites.%s.rules[%d]", site, i)
		if r.Name == "" {
			at(p+".name", "is required: decisions name the rule")
		} else if seen[r.Name] {
			at(p+".name", "%q is the name of another rule of this site", r.Name)
		}
		seen[r.Name] = true
		for j, risk := range r.Risks {
			oneOf(fmt.Sprintf("%s.risks[%d]", p, j), risk, Risks)
		}
		for j, ch := range r.Channels {
			oneOf(fmt.Sprintf("%s.channels[%d]", p, j), ch, c.ChannelsOf(site))
		}
		auto := false
		if r.Review != "" {
			var err error
			if auto, _, err = ParseReview(r.Review); err != nil {
				at(p+".review", "%v", err)
			}
		}
		if r.People < 0 || r.People > 5 {
			at(p+".people", "want how many must approve, 1 to 5, have %d", r.People)
		} else if auto && (r.People > 0 || len(r.By) > 0 || r.NoSelf) {
			at(p+".review", "what goes by itself cannot ask for people, by or no_self: leave one of them out")
		}
	}
}

var (
	colourRE = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	placeRE  = regexp.MustCompile(`\{[^{}]*\}`)
	metadata = netip.MustParsePrefix("169.254.0.0/16")
)

func or(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// ParseReview reads a review policy: whether posts go by themselves, and after how long.
func ParseReview(s string) (auto bool, after time.Duration, err error) {
	switch s {
	case "required":
		return false, 0, nil
	case "auto":
		return true, 0, nil
	}
	if rest, ok := strings.CutPrefix(s, "auto after "); ok {
		if after, err = time.ParseDuration(rest); err == nil && after >= 0 {
			return true, after, nil
		}
	}
	return false, 0, fmt.Errorf("want required, auto, or auto after a time as \"auto after 15m\"; have %q", s)
}

// ChannelsOf lists the names of a site's channels, in alphabetical order.
func (c *Config) ChannelsOf(site string) []string {
	var out []string
	for _, n := range sorted(c.Channels) {
		if c.Channels[n].Site == site {
			out = append(out, n)
		}
	}
	return out
}
