// Package source is what a newsroom's CMS sends, read as what happened to an article. It owns the kinds of CMS, a file
// each: how a request is verified, what its payload means, how the same is read from the CMS's own API when a request
// was lost or says too little. It promises that nothing is read out of a request before it is verified, that a payload
// costs bounded time and memory whatever is in it, and that it tells where each field was found. What becomes of a
// delivery, and in which order deliveries count, is package webhook's business.
package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/fetch"
	"cutline/internal/remark"
)

// Request is a webhook's request as it arrived.
type Request struct {
	Method string
	Path   string      // with its query, escaped as on the wire; Contentful signs it
	Header http.Header // a name that came twice has two values
	Body   []byte      // the raw bytes, which are what is signed
	Now    time.Time   // when it arrived
}

// Verdict is what became of a request.
type Verdict string

// The verdicts.
const (
	Accepted     Verdict = "accepted"     // it says that something public changed
	Ignored      Verdict = "ignored"      // it is the source's, and nothing public changed
	Unauthorized Verdict = "unauthorized" // it is not signed as the source's are
	Malformed    Verdict = "malformed"    // it cannot be read; Why says which field
)

// Event is what happened.
type Event string

// The events.
const (
	Upsert    Event = "upsert"    // the article was published, or changed while public
	Retract   Event = "retract"   // it is no longer public
	Reconcile Event = "reconcile" // something changed, not said what: read the CMS
)

// Delivery is what a request says about one article. A request about several gives several.
type Delivery struct {
	ID       string            // the sender's id of this delivery; one that comes twice is a double; empty: it gives none
	Verdict  Verdict           // accepted, ignored or malformed; empty is accepted
	Event    Event             // what happened; empty: nothing
	Off      string            // retract: "unpublished" or "deleted"
	Article  article.Article   // upsert: in canonical form, or its ID alone if the payload does not hold it; retract: its ID
	Of       string            // the id of an article that this one goes on under its own: one story; empty: none
	From     map[string]string // where each field was found: a path in the payload, or words
	Why      string            // for the person who set the source up
	Sent     time.Time         // the sender's own time of the change, to order deliveries of one article; zero: it says none
	Thin     bool              // the CMS keeps the text from who has not paid, us too: what is known of it stays
	Partial  bool              // the payload does not hold all: Source.Complete has the rest
	Late     bool              // with Partial: the CMS's API has it only after our answer
	Final    bool              // the CMS never gives the id of a deleted article to another, or back: what comes after a delete was sent before
	Versions bool              // the time of a change is its revision: one read with the time of the one that is known is the same, though the API may write addresses in it otherwise than the webhook does
	Read     time.Time         // when the CMS was asked, by our clock, of what Complete and Pull read there; zero: it was sent to us
}

// whole takes a caption and a credit away that belong to no picture. A payload that does not hold all may have left out
// just the picture.
func (d *Delivery) whole() {
	if d.Event == Upsert && !d.Partial && d.Article.Photo.URL == "" {
		d.Article.Photo = article.Photo{}
		for _, f := range []string{"caption", "credit", "alt", "terms", "focal.x", "focal.y"} {
			delete(d.From, f)
		}
	}
}

// Holds says whether an upsert holds the article, and not its ID alone.
func (d *Delivery) Holds() bool { return d.Article.Headline != "" }

// ErrUnauthorized says that a request is not signed as the source's are. What wraps it says why, for the desk and the
// log, never for the sender.
var ErrUnauthorized = errors.New("not signed by this source")

// Net is how a Source reaches others.
type Net struct {
	API   *http.Client  // for the CMS's API, whose address the configuration gives; nil: a source does not read there
	Pages *fetch.Client // for pages that a payload names
}

// Source is one configured sender. It may be used from several goroutines.
type Source struct {
	Name string // in the configuration: the last part of /hooks/NAME
	c    config.Source
	site config.Site
	kind kind
	net  Net
	open bool // its list was read just now: what it does not show is not public
}

// New makes the source that the configuration calls name, and site is the site that it feeds. It reads nothing from the
// net until it is given one by With.
func New(name string, c config.Source, site config.Site) (Source, error) {
	k, ok := kinds()[c.Kind]
	if !ok {
		return Source{}, fmt.Errorf("source %s: there is no kind %q", name, c.Kind)
	}
	for field := range c.Fields {
		if !knownField(field) {
			return Source{}, fmt.Errorf("source %s: fields.%s is no field of an article; there are %s", name, field, strings.Join(fieldNames, ", "))
		}
	}
	return Source{Name: name, c: c, site: site, kind: k}, nil
}

// With is the source with a way to reach others.
func (s Source) With(net Net) Source { s.net = net; return s }

// Kind and Site are the source's kind and the name of the site it feeds.
func (s Source) Kind() string { return s.c.Kind }
func (s Source) Site() string { return s.c.Site }

// PullEvery is how often the source wants to be pulled; 0: never.
func (s Source) PullEvery() time.Duration {
	switch {
	case s.c.Pull < 0 || s.c.URL == "" || !s.CanRead() || s.kind.list == nil && s.kind.pull == nil:
		return 0
	case s.c.Pull == 0:
		return 15 * time.Minute
	}
	return s.c.Pull
}

// CanRead says whether Complete or Pull have something to read from.
func (s Source) CanRead() bool {
	switch {
	case s.kind.complete != nil:
		return s.net.Pages != nil
	case s.kind.pull != nil:
		return s.c.URL != "" && s.net.Pages != nil
	}
	return s.c.URL != "" && s.net.API != nil && s.kind.item != nil
}

// maxID is the longest id of an article, in bytes.
const maxID = 512

// Read says what a verified request means. It never fails: a request that cannot be read is a Delivery of the verdict
// Malformed.
func (s Source) Read(ctx context.Context, r Request) []Delivery {
	r.Body = bytes.TrimPrefix(r.Body, []byte("\ufeff"))
	out, err := s.kind.read(ctx, s, r)
	if err != nil {
		var field *article.FieldError
		why := err.Error()
		if errors.As(err, &field) {
			why = field.Error()
		}
		return []Delivery{{Verdict: Malformed, Why: why}}
	}
	for i := range out {
		d := &out[i]
		if d.Event == Upsert || d.Event == Retract {
			if err := checkID(d.Article.ID); err != nil {
				*d = Delivery{Verdict: Malformed, Why: err.Error()}
				continue
			}
		}
		if d.Verdict == "" {
			if d.Verdict = Accepted; d.Event == "" || d.Event == Reconcile {
				d.Verdict = Ignored
			}
		}
		if d.Verdict == Accepted && s.elsewhere(*d) {
			*d = Delivery{Verdict: Ignored, ID: d.ID, Article: article.Article{ID: d.Article.ID}, Why: fmt.Sprintf("the article's language is %s; this source's locale is %s", cut(d.Article.Language, 40), s.c.Locale)}
		}
		d.whole()
		s.notYet(d, r.Now)
		d.Final, d.Versions = s.kind.final, s.kind.versions
		// A sender whose clock is far ahead must not make every later correction look old.
		if limit := r.Now.Add(5 * time.Minute); d.Sent.After(limit) {
			d.Sent = limit
		}
	}
	return out
}

// notYet takes a publication date that is still to come for an embargo where the date is a field of the editor's: the article
// is stored as published, and the site shows it from then on.
func (s Source) notYet(d *Delivery, now time.Time) {
	a := &d.Article
	if d.Event != Upsert || !d.Holds() || !s.kind.dated || !a.Embargo.IsZero() || a.Doubt != "" || !a.Published.After(now.Add(5*time.Minute)) {
		return
	}
	a.Embargo = a.Published
	d.From["embargo"] = d.From["published"] + ", which is still to come"
}

// elsewhere says whether an article is in another language than the source takes. A locale without a region takes all of its
// language's.
func (s Source) elsewhere(d Delivery) bool {
	want, is := s.c.Locale, d.Article.Language
	if want == "" || d.Event != Upsert || !d.Holds() || strings.EqualFold(strings.ReplaceAll(want, "_", "-"), is) {
		return false
	}
	return !strings.EqualFold(want, article.Primary(is))
}

// checkID refuses ids that name nothing or that a person could not tell from another.
func checkID(id string) error {
	visible := strings.IndexFunc(id, func(r rune) bool { return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) }) >= 0
	switch {
	case !visible:
		return &article.FieldError{Field: "id", Want: remark.Say("want-id")}
	case len(id) > maxID:
		return &article.FieldError{Field: "id", Want: remark.Say("want-id-bytes", maxID)}
	case strings.ContainsRune(id, 0):
		return &article.FieldError{Field: "id", Want: remark.Say("want-no-nul")}
	}
	return nil
}

// finish brings an article that a kind filled into canonical form and completes what the CMS did not send. slug is the
// last part of its address, where the CMS sends only that.
func (s Source) finish(a *article.Article, slug string, from map[string]string) error {
	if a.Language == "" {
		a.Language, from["language"] = s.languageOf(a)
	}
	a.Language = strings.ReplaceAll(a.Language, "_", "-")
	caption := a.Photo.Caption != ""
	a.Headline = cut(a.Headline, 2000)
	if len(a.Tags) > 100 {
		a.Tags = a.Tags[:100]
	}
	article.Clean(a, article.Rules{Promotion: s.site.Promotion})
	if a.Headline == "" {
		return &article.FieldError{Field: "headline", Want: remark.Say("want-headline")}
	}
	if caption && a.Photo.From == "caption" {
		from["credit"] = "in " + from["caption"]
	} else if a.Photo.Credit == "" {
		delete(from, "credit")
	}
	a.URL = s.absolute(a.URL)
	if a.URL == "" {
		a.URL, from["url"] = s.link(a, slug), "link, with the slug"
		if s.c.Link == "" {
			from["url"] = "guessed from the slug"
			a.Doubt = remark.Join(a.Doubt, remark.Say("address-missing", s.Name))
		} else if slug == "" && strings.Contains(s.c.Link, "{slug}") {
			a.Doubt = remark.Join(a.Doubt, remark.Say("slug-missing"))
		}
	}
	if u := s.absolute(a.Photo.URL); u != "" {
		a.Photo.URL = u
	} else if a.Photo.URL != "" {
		from["photo"] = "left out: its address is neither absolute nor can it be made so; set sources." + s.Name + ".url"
		a.Photo = article.Photo{}
	}
	if len([]rune(a.Headline)) > 500 {
		a.Headline = string([]rune(a.Headline)[:499]) + "…"
		a.Doubt = remark.Join(a.Doubt, remark.Say("headline-over-500"))
	}
	a.Dek, a.Photo.Caption, a.Photo.Alt = cut(a.Dek, 4000), cut(a.Photo.Caption, 8000), cut(a.Photo.Alt, 4000)
	return nil
}

// languageOf is the language of an article whose CMS names none: of those that the site has, the one that its text is in;
// the site's own where it has no others, or where the text does not tell.
func (s Source) languageOf(a *article.Article) (language, from string) {
	if len(s.site.Languages) > 0 {
		text := a.Headline + "\n" + a.Dek + "\n" + article.TextOf(cut(a.Body, 40_000))
		if l := article.Detect(text, append([]string{s.site.Language}, s.site.Languages...)...); l != "" {
			return l, "told by the text"
		}
	}
	return s.site.Language, "the site's"
}

// indexLanguage is which of some tags is a language: itself, else the first of the same language; -1: none is.
func indexLanguage(tags []string, language string) int {
	dashed := func(tag string) string { return strings.ReplaceAll(tag, "_", "-") }
	if i := slices.IndexFunc(tags, func(t string) bool { return strings.EqualFold(dashed(t), dashed(language)) }); i >= 0 {
		return i
	}
	return slices.IndexFunc(tags, func(t string) bool { return article.Primary(t) == article.Primary(language) })
}

// cut shortens a text to at most n bytes, between letters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// absolute resolves an address against the CMS's; empty if that makes no http address.
func (s Source) absolute(ref string) string {
	if ref = strings.TrimSpace(ref); ref == "" {
		return ""
	}
	u, err := url.Parse(ref)
	if err != nil {
		return ""
	}
	if !u.IsAbs() && s.c.URL != "" {
		base, err := url.Parse(s.c.URL)
		if err != nil {
			return ""
		}
		u = base.ResolveReference(u)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	// Networks make a link of the ASCII form alone: of the host (UTS #46) and of what follows it.
	if host := u.Hostname(); strings.ContainsFunc(host, notASCII) {
		ascii, err := idna.Lookup.ToASCII(host)
		if err != nil {
			return ""
		}
		u.Host = strings.Replace(u.Host, host, ascii, 1)
	}
	if strings.ContainsFunc(u.RawQuery, notASCII) {
		var b strings.Builder
		for _, c := range []byte(u.RawQuery) {
			if c < utf8.RuneSelf {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		}
		u.RawQuery = b.String()
	}
	return u.String()
}

func notASCII(r rune) bool { return r >= utf8.RuneSelf }

// link makes an article's address from the configured pattern.
func (s Source) link(a *article.Article, slug string) string {
	pattern := s.c.Link
	if pattern == "" {
		if slug == "" {
			return s.site.URL
		}
		pattern = strings.TrimRight(s.site.URL, "/") + "/{slug}"
	}
	day := a.Published.UTC()
	return strings.NewReplacer(
		"{slug}", url.PathEscape(slug), "{id}", url.PathEscape(a.ID), "{language}", url.PathEscape(a.Language), "{section}", url.PathEscape(a.Section),
		"{year}", day.Format("2006"), "{month}", day.Format("01"), "{day}", day.Format("02"),
	).Replace(pattern)
}
