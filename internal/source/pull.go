package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"cutline/internal/fetch"
)

const maxAnswer = 16 << 20 // bytes of an API's answer: a hundred articles

// ErrGone says that the CMS has no public article by that id.
var ErrGone = errors.New("not public")

// CanAsk says whether the source can be asked for one article.
func (s Source) CanAsk() bool { return s.CanRead() && (s.kind.one != nil || s.kind.complete != nil) }

// API is the client for CMSs' APIs, whose addresses the configuration gives: they may well be private ones. It obeys no proxy of
// the environment and takes a redirect on the same host alone: the key goes nowhere else.
func API() *http.Client {
	t := &http.Transport{Proxy: nil, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10}
	return &http.Client{Transport: t, Timeout: 20 * time.Second, CheckRedirect: func(to *http.Request, via []*http.Request) error {
		if from := via[0].URL; len(via) > 5 || to.URL.Host != from.Host || to.URL.Scheme != from.Scheme {
			return errors.New("it redirects to another host; set url to where the API is")
		}
		return nil
	}}
}

// IsLive says whether what Complete reads is what is so, and not a copy of it that a server on the way may keep.
func (s Source) IsLive() bool { return s.CanAsk() && s.kind.one != nil }

// Complete reads one article from the CMS's API at now: an Upsert that holds it, or a Retract if it is not public.
func (s Source) Complete(ctx context.Context, id string, now time.Time) (Delivery, error) {
	if !s.CanAsk() {
		return Delivery{}, fmt.Errorf("source %s: there is no address to read article %q from; set url", s.Name, id)
	}
	all, err := s.fetch(ctx, id)
	if errors.Is(err, ErrGone) || err == nil && len(all) == 0 {
		if err := s.shows(ctx, id, now); err != nil {
			return Delivery{}, err
		}
		d := Delivery{Verdict: Accepted, Event: Retract, Off: "unpublished", Why: "the CMS no longer shows it", Read: now}
		d.Article.ID = id
		return d, nil
	} else if err != nil {
		return Delivery{}, err
	}
	if len(all) != 1 || all[0].Article.ID != id {
		return Delivery{}, fmt.Errorf("source %s: asked for article %q, the CMS answered with something else", s.Name, id)
	}
	if all[0].Verdict == Malformed {
		return Delivery{}, fmt.Errorf("source %s: reading article %q from the CMS: %s", s.Name, id, all[0].Why)
	}
	s.notYet(&all[0], now)
	all[0].Verdict, all[0].Read, all[0].Versions = Accepted, now, s.kind.versions
	return all[0], nil
}

// shows says whether the CMS shows us what is public, so that one that it does not show is not: to who may read nothing most
// answer for each article as if it were not there. An error says that it does not.
func (s Source) shows(ctx context.Context, id string, now time.Time) error {
	if s.open || s.kind.list == nil {
		return nil
	}
	if _, err := s.listPage(ctx, now.AddDate(0, 0, -1), 0); err != nil {
		return fmt.Errorf("source %s: the CMS does not show article %q, and that says nothing about it: %w", s.Name, id, err)
	}
	return nil
}

// Listed is the source after its list was read: it need not be read again to believe that an article is not public.
func (s Source) Listed() Source { s.open = true; return s }

func (s Source) fetch(ctx context.Context, id string) ([]Delivery, error) {
	if s.kind.complete != nil {
		d, err := s.kind.complete(ctx, s, id)
		return []Delivery{d}, err
	}
	answer, err := s.ask(ctx, s.kind.one(s, id))
	if err != nil {
		return nil, err
	}
	all, err := s.kind.item(s, answer)
	if err != nil {
		return nil, fmt.Errorf("source %s: reading article %q from the CMS: %w", s.Name, id, err)
	}
	return all, nil
}

// Pulled is what a pull brought.
type Pulled struct {
	Deliveries []Delivery  // what is public now, the newest; of the verdict Malformed what could not be read
	Same       bool        // feed: nothing changed since the version that was known, so Deliveries are empty
	Known      fetch.Known // feed: the version that was read, to be known once all of it is taken
	Hub        string      // feed: the WebSub hub that it names; empty: none
	Topic      string      // feed: the address by which the hub knows it
	Next       int         // list: how many articles were read, of which all changed since: PullOn reads those behind them; 0: there are no more
}

// maxPages is how many pages of a list are read at once.
const maxPages = 20

// Pull reads the articles that are public at now: the newest, and all that changed since then, as far as the CMS says when.
// since is zero where nobody knows what was missed. A feed is asked for only what changed since the known version.
func (s Source) Pull(ctx context.Context, now, since time.Time, known fetch.Known) (Pulled, error) {
	if s.c.URL == "" || !s.CanRead() || s.kind.list == nil && s.kind.pull == nil {
		return Pulled{}, fmt.Errorf("source %s: the kind %s is not pulled, or has no url", s.Name, s.c.Kind)
	}
	var out Pulled
	var err error
	if s.kind.pull != nil {
		out, err = s.kind.pull(ctx, s, known)
	} else {
		out, err = s.listed(ctx, now, since, 0)
	}
	return s.pulled(out, now), err
}

// ErrNoList is the error of a source whose kind has no list to go on with: it was another when the pull began.
var ErrNoList = errors.New("there is no list to go on with")

// PullOn goes on with a pull of a list behind as many articles as were read of it. It begins a page before that, since the list
// moves up when one of them is taken out.
func (s Source) PullOn(ctx context.Context, now, since time.Time, read int) (Pulled, error) {
	if s.kind.list == nil {
		return Pulled{}, fmt.Errorf("source %s is of the kind %s: %w", s.Name, s.c.Kind, ErrNoList)
	}
	out, err := s.listed(ctx, now, since, max(0, read-pageSize))
	return s.pulled(out, now), err
}

// pulled completes what was read from the CMS at now.
func (s Source) pulled(out Pulled, now time.Time) Pulled {
	out.Deliveries = slices.DeleteFunc(out.Deliveries, s.elsewhere)
	for i := range out.Deliveries {
		s.notYet(&out.Deliveries[i], now)
		out.Deliveries[i].Read, out.Deliveries[i].Versions = now, s.kind.versions
	}
	return out
}

// listed reads a CMS's list from the nth article on, page by page, until it comes to what changed before since, or has read so
// much that the rest is for the next time. What changes meanwhile moves the others behind it: an article may come twice, and
// none is left out.
func (s Source) listed(ctx context.Context, now, since time.Time, n int) (Pulled, error) {
	var out Pulled
	start := now.AddDate(0, 0, -1)
	if !since.IsZero() && since.Before(start) {
		start = since
	}
	for end := n + maxPages*pageSize; n < end; n += pageSize {
		more, err := s.listPage(ctx, start, n)
		if err != nil {
			return Pulled{}, err
		}
		out.Deliveries = append(out.Deliveries, more...)
		if len(more) < pageSize || since.IsZero() || slices.ContainsFunc(more, func(d Delivery) bool { return !d.Article.Updated.IsZero() && d.Article.Updated.Before(since) }) {
			return out, nil
		}
	}
	out.Next = n
	return out, nil
}

// listPage reads one page of the CMS's list, which begins with the nth article.
func (s Source) listPage(ctx context.Context, since time.Time, n int) ([]Delivery, error) {
	answer, err := s.ask(ctx, s.kind.list(s, since, n))
	if errors.Is(err, ErrGone) {
		return nil, fmt.Errorf("source %s: the CMS has no such list, or does not show it: see url and model, and what key may read", s.Name)
	} else if err != nil {
		return nil, err
	}
	all, err := s.kind.item(s, answer)
	if err == nil && n == 0 && len(all) == 0 && s.kind.hides {
		err = fmt.Errorf("source %s: the CMS shows no article at all, as it does to who may not read: see url, model and key", s.Name)
	}
	return all, err
}

// base is the configured address of the CMS without a slash at its end.
func (s Source) base() string { return strings.TrimRight(s.c.URL, "/") }

// ask gets JSON from the CMS's API.
func (s Source) ask(ctx context.Context, address string) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	fail := func(err error) error {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the address may have the key in it
		}
		return fmt.Errorf("source %s: reading from the CMS: %w", s.Name, err)
	}
	key := ""
	if s.c.Key.Given() {
		var err error
		if key, err = s.c.Key.Value(ctx); err != nil {
			return nil, fail(err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.ReplaceAll(address, "{key}", url.QueryEscape(key)), nil)
	if err != nil {
		return nil, fail(err)
	}
	req.Header.Set("Accept", "application/json")
	if key != "" && s.kind.auth != nil {
		req.Header.Set(s.kind.auth(key))
	}
	res, err := s.net.API.Do(req)
	if err != nil {
		return nil, fail(err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone || s.kind.gone == res.StatusCode && res.StatusCode != 0:
		return nil, ErrGone
	case res.StatusCode != http.StatusOK:
		return nil, fail(fmt.Errorf("it answered %s", res.Status))
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, fail(err)
	}
	if len(body) > maxAnswer {
		return nil, fail(fmt.Errorf("it answered with more than %d bytes", maxAnswer))
	}
	answer, err := parseJSON(body)
	if err != nil {
		return nil, fail(err)
	}
	return answer, nil
}

// items reads each element of a list, or a lone one, as a delivery; one that cannot be read does not keep the others.
func items(v any, read func(any) (Delivery, error)) []Delivery {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []Delivery
	for _, e := range list {
		d, err := read(e)
		if err != nil {
			d = Delivery{Verdict: Malformed, Why: err.Error()}
			d.Article.ID = text(member(e, "id"))
		}
		d.whole()
		out = append(out, d)
	}
	return out
}

func bearerKey(key string) (string, string) { return "Authorization", "Bearer " + key }
