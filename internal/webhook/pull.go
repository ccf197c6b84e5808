package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/fetch"
	"cutline/internal/source"
	"cutline/internal/story"
)

const (
	settle    = 2 * time.Second // after which a CMS's API has what its webhook was too early for
	pullTime  = 60 * time.Second
	pullPages = 50               // articles asked for one by one in a pull, to see whether they are still public
	overlap   = 10 * time.Minute // how much further back than the last whole pull one asks: clocks differ, and APIs lag
	pullMost  = 20_000           // articles of a list that one pull comes to, over as many ticks as that takes
	pullDays  = 3                // days of stories that a pull compares with the CMS
)

func sum(id string) [32]byte { return sha256.Sum256([]byte(id)) }

func wantedPrefix(name string) string { return ownPrefix + name + "/wanted/" }
func pullKey(name string) string      { return ownPrefix + name + "/pull.json" }

// want notes down that an article has to be read from the CMS's API.
func (w *Webhook) want(ctx context.Context, src source.Source, id string, at time.Time) error {
	return putMark(ctx, w.Store, wantedPrefix(src.Name)+idPath(id), mark{ID: id, At: at.UTC()})
}

// wantPull makes the next Tick pull the source whenever it was last.
func (w *Webhook) wantPull(ctx context.Context, src source.Source, at time.Time) error {
	return putMark(ctx, w.Store, wantedPrefix(src.Name)+"*", mark{At: at.UTC()})
}

// Tick reads from CMSs what was noted down as missing, and pulls the sources whose time has come. It is called every
// minute; one that comes late, or twice at once, does no harm. Faults of one source do not keep the others.
func (w *Webhook) Tick(ctx context.Context) error {
	var errs []error
	for _, name := range sortedNames(w.sources) {
		if err := w.tick(ctx, w.sources[name]); err != nil {
			errs = append(errs, fmt.Errorf("source %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func sortedNames(m map[string]source.Source) []string {
	var out []string
	for n := range m {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

func (w *Webhook) tick(ctx context.Context, src source.Source) error {
	return errors.Join(w.writeLast(ctx, src.Name), w.replays(ctx, src), w.read(ctx, src))
}

// read does a source's part of a tick for which it reads from the CMS.
func (w *Webhook) read(ctx context.Context, src source.Source) error {
	if !src.CanRead() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pullTime)
	defer cancel()
	last, etag, err := getMark(ctx, w.Store, pullKey(src.Name))
	if err != nil {
		return err
	}
	now := w.Now()
	every := src.PullEvery()
	first := w.first(src.Name) // what came while nobody was here was lost
	due := every > 0 && (first || now.Sub(last.At) >= every)
	wanted, err := w.Store.Bucket.List(ctx, wantedPrefix(src.Name), "", 500)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range wanted {
		m, tag, err := getMark(ctx, w.Store, e.Key)
		if err != nil || tag == "" {
			errs = append(errs, err)
			continue
		}
		if now.Sub(m.At) < settle {
			continue
		}
		if m.ID == "" {
			due = true
		} else if err := w.again(ctx, src, m.ID, time.Time{}); err != nil {
			errs = append(errs, err)
			continue
		}
		// One that was noted down again meanwhile stays.
		if err := w.Store.Bucket.Delete(ctx, e.Key, bucket.IfMatch(tag)); err != nil && !errors.Is(err, bucket.ErrChanged) {
			errs = append(errs, err)
		}
	}
	if due && every > 0 {
		// Taken before the work: two that tick at once do it once, and a source that is down is not asked every minute.
		last.At = now.UTC()
		ok, err := w.turn(ctx, src, etag, last)
		if err == nil && ok {
			err = w.Pull(ctx, src.Name)
		}
		errs = append(errs, err)
	} else if last.Read > 0 {
		errs = append(errs, w.pullOn(ctx, src, last))
	}
	return errors.Join(append(errs, w.subscribe(ctx, src))...)
}

// first says, once in a process's life, that it has not pulled this source yet.
func (w *Webhook) first(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ticked == nil {
		w.ticked = map[string]bool{}
	}
	was := w.ticked[name]
	w.ticked[name] = true
	return !was
}

func (w *Webhook) turn(ctx context.Context, src source.Source, etag string, m mark) (bool, error) {
	c := bucket.Create
	if etag != "" {
		c = bucket.IfMatch(etag)
	}
	m.Schema = story.Schema
	body, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return false, err
	}
	_, err = w.Store.Bucket.Put(ctx, pullKey(src.Name), body, "application/json", c)
	if errors.Is(err, bucket.ErrChanged) {
		return false, nil
	}
	return err == nil, err
}

// again reads one article from the CMS and makes it so. sent is when it changed, if something besides the article says so.
func (w *Webhook) again(ctx context.Context, src source.Source, id string, sent time.Time) error {
	d, err := src.Complete(ctx, id, w.Now())
	if err != nil {
		return err
	}
	if d.Sent.IsZero() {
		d.Sent = sent
	}
	t, err := w.merge(ctx, src, d, w.Now())
	if err == nil && t.Result == "accepted" {
		w.Log.Info("read from the CMS", "source", src.Name, "story", string(t.Story), "revision", t.story.Revision, "event", string(d.Event))
	}
	return err
}

// Pull reads a source's newest articles from the CMS and makes the stories agree: what a lost webhook missed is found,
// and what is no longer public is taken off. It says in the log how late it was.
func (w *Webhook) Pull(ctx context.Context, name string) error {
	src, ok := w.sources[name]
	if !ok {
		return fmt.Errorf("there is no source %q in the configuration", name)
	}
	state, err := w.feedState(ctx, name)
	if err != nil {
		return err
	}
	last, _, err := getMark(ctx, w.Store, pullKey(name))
	if err != nil {
		return err
	}
	began, since := w.Now().UTC(), time.Time{}
	if !last.Done.IsZero() {
		since = last.Done.Add(-overlap)
	}
	pulled, err := src.Pull(ctx, w.Now(), since, fetch.Known{ETag: state.ETag, Modified: state.Modified})
	if err != nil {
		return err
	}
	listed, err := w.takePulled(ctx, src, pulled.Deliveries)
	if err != nil {
		return err // what is known of a feed stays as it was: its items come again
	}
	if err := errors.Join(w.pulled(ctx, src, pulled), w.vanished(ctx, src, listed)); err != nil {
		return err
	}
	last.Done = began
	if pulled.Next > 0 {
		last.Read = pulled.Next
		if last.From.IsZero() || since.Before(last.From) { // a rest of before is part of this one
			last.From = since
		}
		w.Log.Warn("more changed than one pull reads; it goes on with the next tick", "source", name, "read", last.Read, "since", last.From)
	}
	return putMark(ctx, w.Store, pullKey(name), last)
}

// pullOn reads what a pull left, a part each time. One that ends half-way is done again.
func (w *Webhook) pullOn(ctx context.Context, src source.Source, last mark) error {
	pulled, err := src.PullOn(ctx, w.Now(), last.From, last.Read)
	if errors.Is(err, source.ErrNoList) {
		w.Log.Warn("what a pull left is dropped: the source is of another kind now", "source", src.Name, "read", last.Read, "since", last.From, "why", err.Error())
		last.Read, last.From = 0, time.Time{}
		return putMark(ctx, w.Store, pullKey(src.Name), last)
	} else if err != nil {
		return err
	}
	if _, err := w.takePulled(ctx, src, pulled.Deliveries); err != nil {
		return err
	}
	switch {
	case pulled.Next >= pullMost:
		w.Log.Error("a pull read as much as it may, and not all that changed: what changed before is not looked at", "source", src.Name, "read", pulled.Next, "since", last.From)
		pulled.Next = 0
	case pulled.Next == 0:
		w.Log.Info("the pull has read all that changed", "source", src.Name, "since", last.From)
	}
	if last.Read = pulled.Next; last.Read == 0 {
		last.From = time.Time{}
	}
	return putMark(ctx, w.Store, pullKey(src.Name), last)
}

// takePulled makes the stories agree with what was read, and gives the ids that were listed.
func (w *Webhook) takePulled(ctx context.Context, src source.Source, all []source.Delivery) (listed map[string]bool, err error) {
	listed = map[string]bool{}
	name, left := src.Name, pullPages
	var errs []error
	for _, d := range all {
		listed[d.Article.ID] = true
		if d.Partial {
			errs = append(errs, w.listedPage(ctx, src, d, &left))
			continue
		}
		if d.Verdict == source.Malformed {
			w.Log.Warn("article not read", "source", name, "id", d.Article.ID, "why", d.Why)
			continue
		}
		t, err := w.merge(ctx, src, d, w.Now())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if t.Result == "accepted" {
			late := time.Duration(0)
			if !d.Article.Updated.IsZero() {
				late = w.Now().Sub(d.Article.Updated).Round(time.Second)
			}
			w.Log.Warn("a webhook was missed", "source", name, "story", string(t.Story), "revision", t.story.Revision, "late", late.String())
		}
	}
	return listed, errors.Join(errs...)
}

// listedPage reads a page that a sitemap names, if it changed since: by the sitemap's word, or if that does not say when.
func (w *Webhook) listedPage(ctx context.Context, src source.Source, d source.Delivery, left *int) error {
	key, err := w.Store.Find(ctx, src.Name, d.Article.ID)
	if err == nil && !d.Sent.IsZero() {
		var s story.Story
		if s, err = w.Store.Story(ctx, key); err == nil && !d.Sent.After(s.Sent) {
			return nil
		}
	}
	if err != nil && !errors.Is(err, story.ErrNone) || *left == 0 {
		return err
	}
	*left--
	if err := w.again(ctx, src, d.Article.ID, d.Sent); err != nil {
		w.Log.Warn("page not read", "source", src.Name, "error", err) // one that cannot be read does not keep the others
	}
	return nil
}

// vanished asks for the recent stories that were not in the list: their articles may be gone.
func (w *Webhook) vanished(ctx context.Context, src source.Source, listed map[string]bool) error {
	if !src.CanAsk() {
		return nil // a feed that ends says nothing about what is no longer in it
	}
	days, err := w.Store.Days(ctx, pullDays)
	if err != nil {
		return err
	}
	src = src.Listed()
	left := pullPages
	var errs []error
	for _, day := range days {
		entries, err := w.Store.Bucket.List(ctx, story.Stories+day+"/", "", 0)
		if err != nil {
			return err
		}
		for _, e := range entries {
			s, err := w.glance(ctx, e)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if s.source != src.Name || !s.live || listed[s.id] || left == 0 {
				continue
			}
			left--
			errs = append(errs, w.again(ctx, src, s.id, time.Time{}))
		}
	}
	return errors.Join(errs...)
}

// A glimpse is what a pull needs to know of a story.
type glimpse struct {
	etag, source, id string
	live             bool
}

const maxGlimpses = 20_000

// glance reads a story, if it has changed since it was read last.
func (w *Webhook) glance(ctx context.Context, e bucket.Entry) (glimpse, error) {
	w.mu.Lock()
	g, ok := w.glimpses[e.Key]
	w.mu.Unlock()
	if ok && g.etag == e.ETag {
		return g, nil
	}
	k, _, ok := story.KeyOf(e.Key)
	if !ok {
		return glimpse{}, nil
	}
	s, err := w.Store.Story(ctx, k)
	if errors.Is(err, story.ErrNone) {
		return glimpse{}, nil
	} else if err != nil {
		return glimpse{}, err
	}
	g = glimpse{e.ETag, s.Source, s.Article.ID, s.Live()}
	w.mu.Lock()
	if w.glimpses == nil || len(w.glimpses) >= maxGlimpses {
		w.glimpses = map[string]glimpse{}
	}
	w.glimpses[e.Key] = g
	w.mu.Unlock()
	return g, nil
}
