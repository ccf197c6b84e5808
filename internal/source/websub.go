package source

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"cutline/internal/fetch"
)

// maxLink is the longest address of a hub or a topic.
const maxLink = 2000

// hubOf finds a feed's WebSub hub and its own address (W3C WebSub, 4 Discovery): in the answer's Link headers, else in
// the feed itself. A feed that does not name its own address is known by the one that we read.
func (s Source) hubOf(res fetch.Response) (hub, self string) {
	take := func(rel, href string) {
		u := s.absolute(href)
		for r := range strings.FieldsSeq(strings.ToLower(rel)) {
			switch {
			case len(u) > maxLink:
			case r == "hub" && hub == "":
				hub = u
			case r == "self" && self == "":
				self = u
			}
		}
	}
	for _, header := range res.Links {
		for link := range strings.SplitSeq(header, ",") {
			href, params, _ := strings.Cut(strings.TrimSpace(link), ">")
			for p := range strings.SplitSeq(params, ";") {
				name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
				if href, ok := strings.CutPrefix(href, "<"); ok && strings.EqualFold(name, "rel") {
					take(strings.Trim(value, `"`), href)
				}
			}
		}
	}
	if doc, err := parseJSON(res.Body); err == nil {
		take("self", text(find(doc, "feed_url")))
		hubs, _ := find(doc, "hubs").([]any)
		for _, h := range hubs {
			if strings.EqualFold(text(member(h, "type")), "WebSub") {
				take("hub", text(member(h, "url")))
			}
		}
	} else if root, err := parseXML(res.Body); err == nil {
		for _, n := range append(root.all("link"), root.all("channel", "link")...) { // Atom's, in RSS too
			take(n.attr("rel"), n.attr("href"))
		}
	}
	if self == "" {
		self = s.c.URL
	}
	return hub, self
}

// Pushed says whether a WebSub hub may push to the source: its kind can be, and it has a secret to know the hub by.
func (s Source) Pushed() bool { return s.kind.pushed && s.c.Secret.Given() }

// Topic is the address of the configured feed: the one subscription that is ours without having been asked for.
func (s Source) Topic() string { return s.c.URL }

// Subscribe asks a hub to push a topic to callback (W3C WebSub, 5.1). That it does so is known when it confirms.
func (s Source) Subscribe(ctx context.Context, hub, topic, callback string) error {
	secret, err := s.c.Secret.Value(ctx)
	if err != nil {
		return err
	}
	if len(secret) >= 200 { // 5.1: hub.secret MUST be less than 200 bytes
		return fmt.Errorf("source %s: subscribing to its feed: a hub takes a secret of less than 200 bytes, this one has %d", s.Name, len(secret))
	}
	form := url.Values{"hub.mode": {"subscribe"}, "hub.topic": {topic}, "hub.callback": {callback}, "hub.secret": {secret}, "hub.lease_seconds": {"864000"}}
	if err := s.net.Pages.Post(ctx, hub, form, fetch.Limits{}); err != nil {
		return fmt.Errorf("source %s: subscribing to its feed at the hub: %w", s.Name, err)
	}
	return nil
}
