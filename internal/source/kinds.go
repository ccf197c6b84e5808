package source

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"cutline/internal/fetch"
)

// kind is what differs between CMSs.
type kind struct {
	schemes []scheme // how requests are signed; the first whose header is there decides
	token   bool     // schemes hold a bearer token, which an administrator may put into another header
	noJSON  bool     // a body is never JSON
	final   bool     // an id that was deleted never comes back
	pushed  bool     // a WebSub hub may push it
	hides   bool     // who may not read is shown an empty list, and not an error
	dated   bool     // the publication date is an editor's field, which the site goes by

	versions bool     // the time of a change is a revision: of the same time is the same content, whatever an address in it is
	media    []string // media types besides JSON that a body may have
	read     func(ctx context.Context, s Source, r Request) ([]Delivery, error)

	// Reading the CMS; nil where it has nothing to read.
	one  func(s Source, id string) string               // address of one article in its API
	list func(s Source, since time.Time, n int) string  // address of the newest ones, those changed last first, beginning with the nth; of all that changed since then, where it must be said
	item func(s Source, answer any) ([]Delivery, error) // what either answers
	auth func(key string) (header, value string)        // how the key is sent; nil: in the address, as {key}
	gone int                                            // status, besides 404 and 410, of what is not public

	// In place of those, for what is no JSON API.
	complete func(ctx context.Context, s Source, id string) (Delivery, error)
	pull     func(ctx context.Context, s Source, known fetch.Known) (Pulled, error)
}

var (
	bySignature = scheme{header: "X-Hub-Signature-256", check: github}
	byToken     = scheme{header: "Authorization", check: bearer, secret: true}
)

// kinds is the table of all kinds.
func kinds() map[string]kind {
	return map[string]kind{
		"cutline": {schemes: []scheme{{header: "webhook-signature", check: standard}}, read: readCutline},
		"ghost": {
			schemes: []scheme{{header: "X-Ghost-Signature", check: ghost}}, final: true, read: readGhost, item: ghostItems,
			one: func(s Source, id string) string {
				return s.base() + "/ghost/api/content/posts/" + url.PathEscape(id) + "/?key={key}&include=tags,authors&formats=html"
			},
			list: func(s Source, _ time.Time, n int) string {
				return s.base() + "/ghost/api/content/posts/?key={key}&include=tags,authors&formats=html&limit=50&order=updated_at%20desc" + page("page", n)
			},
		},
		"wordpress": {
			schemes: []scheme{{header: "X-WP-Signature", check: woo}, {header: "X-WC-Webhook-Signature", check: woo}, bySignature, byToken}, final: true, read: readWordPress, item: wordPressItems, auth: basicKey, gone: 401,
			one: func(s Source, id string) string {
				return s.base() + "/wp-json/wp/v2/posts/" + url.PathEscape(id) + "?_embed"
			},
			list: func(s Source, _ time.Time, n int) string { // by offset: a page behind the last is an error
				return s.base() + "/wp-json/wp/v2/posts?_embed&orderby=modified&per_page=50" + offset("offset", n)
			},
		},
		"strapi": {
			schemes: []scheme{byToken}, token: true, read: readStrapi, item: strapiItems, auth: bearerKey, one: strapiOne,
			list: func(s Source, _ time.Time, n int) string {
				return s.base() + "/api/" + s.plural() + "?populate=*&sort=updatedAt:desc&pagination[pageSize]=50" + s.strapiLocale() + page("pagination[page]", n)
			},
		},
		"directus": {
			schemes: []scheme{byToken}, token: true, final: true, read: readDirectus, item: directusItems, auth: bearerKey, gone: 403, dated: true,
			media: []string{"application/x-www-form-urlencoded"}, // what its templates become when they are no JSON: read, and refused for that
			one: func(s Source, id string) string {
				return s.base() + "/items/" + url.PathEscape(s.collection()) + "/" + url.PathEscape(id) + "?" + directusFields(s)
			},
			list: func(s Source, _ time.Time, n int) string {
				return s.base() + "/items/" + url.PathEscape(s.collection()) + "?" + directusFields(s) + "&filter[status][_eq]=published&sort=-date_updated&limit=50" + page("page", n)
			},
		},
		"contentful": {
			schemes: []scheme{{header: "x-contentful-signature", check: contentful}, byToken}, read: readContentful, item: contentfulItems, auth: bearerKey, dated: true,
			one: func(s Source, id string) string { return contentfulList(s, "&sys.id="+url.QueryEscape(id)) },
			list: func(s Source, _ time.Time, n int) string {
				return contentfulList(s, "&order=-sys.updatedAt&limit=50"+offset("skip", n))
			},
		},
		"sanity": {
			schemes: []scheme{{header: "sanity-webhook-signature", check: sanity}}, read: readSanity, item: sanityItems, auth: bearerKey, versions: true, dated: true, hides: true,
			one: func(s Source, id string) string { return s.sanityQuery(fmt.Sprintf(" && _id == %q", id), "") },
			list: func(s Source, _ time.Time, n int) string {
				return s.sanityQuery("", fmt.Sprintf(" | order(_updatedAt desc) [%d...%d]", n, n+pageSize))
			},
		},
		"superdesk": {
			schemes: []scheme{{header: "x-superdesk-signature", check: superdesk}}, read: readSuperdesk, item: superdeskItems, auth: bearerKey, versions: true,
			one: func(s Source, id string) string { return s.base() + "/items/" + url.PathEscape(id) },
			list: func(s Source, since time.Time, n int) string { // without a start it lists today's alone
				return s.base() + "/items?max_results=50&start_date=" + since.UTC().Format(time.DateOnly) + page("page", n)
			},
		},
		"newsml": {
			schemes: []scheme{bySignature, byToken}, read: readNewsML, noJSON: true, versions: true,
			media: []string{"application/xml", "text/xml", "application/vnd.iptc.g2.newsitem+xml", "application/vnd.iptc.g2.newsmessage+xml"},
		},
		"page": {
			schemes: []scheme{bySignature, byToken}, read: readPage, complete: completePage, pull: pullSitemap,
			media: []string{"application/x-www-form-urlencoded"},
		},
		"feed": {
			schemes: []scheme{bySignature, {header: "X-Hub-Signature", check: websub}}, read: readFeed, pull: pullFeed, pushed: true,
			media: []string{"application/rss+xml", "application/atom+xml", "application/xml", "text/xml", "application/rdf+xml"},
		},
		"drupal": {
			schemes: []scheme{bySignature, byToken, {header: "X-Hub-Signature", check: websub}}, final: true, read: readDrupal, item: drupalItems, auth: bearerKey, gone: 403,
			one: func(s Source, id string) string {
				return drupalAddress(s, "/"+url.PathEscape(id)+"?include=field_image")
			},
			list: func(s Source, _ time.Time, n int) string {
				return drupalAddress(s, "?include=field_image&sort=-changed&page[limit]=50&filter[status]=1"+offset("page[offset]", n))
			},
		},
	}
}

// pageSize is how many articles a list has at most.
const pageSize = 50

// page is the part of an address that asks for the page that begins with the nth article, offset that which names n itself.
// The first page needs none.
func page(name string, n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("&%s=%d", name, n/pageSize+1)
}

func offset(name string, n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("&%s=%d", name, n)
}

// Reads says whether a body of this media type is one that the source sends.
func (s Source) Reads(media string) bool {
	if slices.Contains(s.kind.media, media) {
		return true
	}
	return !s.kind.noJSON && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

// Media names the media type that the source sends, for a refusal.
func (s Source) Media() string {
	if s.kind.noJSON {
		return s.kind.media[0]
	}
	return "application/json"
}
