package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/source"
	"cutline/internal/story"
)

// maxOrders is how many ids of deliveries a story remembers.
const maxOrders = 16

// Taken is what became of a delivery.
type Taken struct {
	Answer
	story story.Story // as it stands now; zero if there is none
	ask   bool        // the CMS has to be asked what is so now; nothing was changed
}

// apply makes what a delivery says true of its story. within is how long the CMS's API may be read for what the payload
// does not hold; what is not had by then is left to the next Tick.
func (w *Webhook) apply(ctx context.Context, src source.Source, d source.Delivery, at time.Time, within time.Duration) (Taken, error) {
	if d.Event == source.Upsert && d.Partial && src.CanRead() {
		if t, standing, err := w.later(ctx, src, d, at); err != nil || standing {
			return t, err
		}
		var err error
		if d, err = w.whole(ctx, src, d, at, within); err != nil {
			return Taken{}, err
		}
	}
	if timeless(d) && src.IsLive() {
		if t, standing, err := w.doubted(ctx, src, d, at, within); err != nil || standing {
			return t, err
		}
	}
	switch {
	case d.Event == source.Upsert && !d.Holds() && !src.CanRead():
		d.Why = remark.Join(d.Why, "the payload does not hold the article; set url and key of the source, so that it can be read")
	case d.Event == source.Reconcile && src.CanRead():
		if err := w.wantPull(ctx, src, at); err != nil {
			return Taken{}, err
		}
	}
	return w.merge(ctx, src, d, at)
}

// merge takes a delivery. Where its place in the order is not known and the CMS can be asked, that is noted down instead.
func (w *Webhook) merge(ctx context.Context, src source.Source, d source.Delivery, at time.Time) (Taken, error) {
	t, err := take(ctx, w.Store, src.Name, src.Site(), d, at, src.CanAsk())
	if err == nil && t.ask {
		err = w.want(ctx, src, d.Article.ID, at)
	}
	return t, err
}

// Take merges a delivery into its story. It is the only way the article's half of a story changes.
func Take(ctx context.Context, st *story.Store, c *config.Config, name string, d source.Delivery, at time.Time) (Taken, error) {
	return take(ctx, st, name, c.Sources[name].Site, d, at, false)
}

// take is Take; canAsk says that of two deliveries whose order is not known neither has to be believed.
func take(ctx context.Context, st *story.Store, name, site string, d source.Delivery, at time.Time, canAsk bool) (Taken, error) {
	switch {
	case d.Event == source.Retract:
		return retract(ctx, st, name, d, at)
	case d.Event == source.Upsert && d.Holds():
		return upsert(ctx, st, name, site, d, at, canAsk)
	}
	return Taken{Answer: Answer{Result: "ignored", Why: d.Why}}, nil
}

// timeless says whether a delivery takes an article down without saying since when: it may be an old one, of before the
// article was published again. What deletes for good cannot be.
func timeless(d source.Delivery) bool {
	return d.Event == source.Retract && d.Sent.IsZero() && d.Read.IsZero() && !(d.Final && d.Off == "deleted")
}

// doubted asks the CMS about a timeless delivery. If it still shows the article, nothing is taken down now (posts that are
// deleted do not come back); the CMS is asked again in a moment, since its answer may be a moment old.
func (w *Webhook) doubted(ctx context.Context, src source.Source, d source.Delivery, at time.Time, within time.Duration) (t Taken, standing bool, err error) {
	c, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	now, err := src.Complete(c, d.Article.ID, w.Now())
	if err != nil {
		w.Log.Warn("article not read from the CMS yet", "source", src.Name, "error", err)
		return Taken{}, false, nil
	}
	if now.Event != source.Upsert {
		return Taken{}, false, nil
	}
	return Taken{Answer: Answer{Result: "ignored", Why: remark.Join(d.Why, "the CMS still shows it; it is read again in a moment")}}, true, w.want(ctx, src, d.Article.ID, at)
}

// later puts a delivery that came before its CMS had stored all of it off to the next Tick, if the story stands already:
// to store half of a save and then the whole would be two changes, and void an approval for nothing.
func (w *Webhook) later(ctx context.Context, src source.Source, d source.Delivery, at time.Time) (t Taken, standing bool, err error) {
	if !d.Late {
		return Taken{}, false, nil
	}
	key, err := w.Store.Find(ctx, src.Name, d.Article.ID)
	if errors.Is(err, story.ErrNone) {
		return Taken{}, false, nil
	} else if err != nil {
		return Taken{}, false, err
	}
	s, err := w.Store.Story(ctx, key)
	if errors.Is(err, story.ErrNone) {
		return Taken{}, false, nil
	} else if err != nil || !s.Live() {
		return Taken{}, false, err
	}
	if err := w.want(ctx, src, d.Article.ID, at); err != nil {
		return Taken{}, false, err
	}
	return Taken{Answer{Story: key, Result: "accepted", Why: remark.Join(d.Why, "it is read from the CMS in a moment")}, s, false}, true, nil
}

// whole completes a delivery from the CMS's API, or notes down that it has to be.
func (w *Webhook) whole(ctx context.Context, src source.Source, d source.Delivery, at time.Time, within time.Duration) (source.Delivery, error) {
	if !d.Late {
		c, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		full, err := src.Complete(c, d.Article.ID, w.Now())
		if err == nil {
			if full.Sent.IsZero() {
				full.Sent = d.Sent
			}
			full.ID = d.ID
			return full, nil
		}
		w.Log.Warn("article not read from the CMS yet", "source", src.Name, "error", err)
	}
	if err := w.want(ctx, src, d.Article.ID, at); err != nil {
		return d, err
	}
	if d.Holds() {
		// The photo may be that of before this save: nothing goes out by itself until it was read again.
		d.Article.Doubt = remark.Join(d.Article.Doubt, remark.Say("article-not-whole"))
	}
	d.Why = remark.Join(d.Why, "the rest is read from the CMS in a moment")
	return d, nil
}

// contentOf is the hash of what an article says. Times are left out: CMSs move them without a change.
func contentOf(a article.Article) (string, error) {
	a.Published, a.Updated = time.Time{}, time.Time{}
	b, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("hashing article %q: %w", a.ID, err)
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:]), nil
}

// older says whether a delivery is overtaken by one that was taken already. What was read from a CMS that counts whole seconds is, of one
// second, the newer: it was read afterwards, and the webhook may have told the time more finely.
func older(st *story.Story, d source.Delivery) bool {
	known := st.Sent
	if !d.Read.IsZero() && d.Sent.Nanosecond() == 0 {
		known = known.Truncate(time.Second)
	}
	return !d.Sent.IsZero() && d.Sent.Before(known)
}

// overtaken says whether a story changed while the CMS was read: the answer may be of before.
func overtaken(st *story.Story, d source.Delivery) bool {
	return !d.Read.IsZero() && st.Received.After(d.Read)
}

// unplaced says whether it cannot be known which is the newer: what the story holds, or what was sent with the same time.
// Some CMSs count whole seconds.
func unplaced(st *story.Story, d source.Delivery) bool {
	return st.Key != "" && d.Read.IsZero() && !d.Sent.IsZero() && d.Sent.Equal(st.Sent)
}

func doubled(st *story.Story, d source.Delivery) bool {
	return d.ID != "" && slices.Contains(st.Orders, d.ID)
}

// remember notes down a delivery that changed a story, and came at a time.
func remember(st *story.Story, d source.Delivery, at time.Time) {
	if d.Read.IsZero() {
		st.Came = at.UTC()
	}
	if d.Sent.After(st.Sent) {
		st.Sent = d.Sent.UTC()
	}
	if d.ID != "" {
		if st.Orders = append(st.Orders, d.ID); len(st.Orders) > maxOrders {
			st.Orders = st.Orders[len(st.Orders)-maxOrders:]
		}
	}
}

// takenAt is when a delivery came, or was read.
func takenAt(d source.Delivery, at time.Time) time.Time {
	if d.Read.After(at) {
		at = d.Read
	}
	return at.UTC()
}

func upsert(ctx context.Context, store *story.Store, name, site string, d source.Delivery, at time.Time, canAsk bool) (Taken, error) {
	key, made, err := keyOf(ctx, store, name, site, d)
	if err != nil {
		return Taken{}, err
	}
	var result, why string
	var first, ask, killed bool
	var gone mark // when it was taken down before there was a story; of one that stands nobody asks
	s, key, err := updateStanding(ctx, store, key, made, func(s *story.Story) error {
		fresh := s.Key == ""
		first, ask, killed = fresh, false, false
		a := d.Article
		if d.Thin {
			a.Body, a.Dateline = s.Article.Body, s.Article.Dateline
		}
		if a.Embargo.IsZero() && s.Article.Embargo.Equal(a.Published) {
			a.Embargo = s.Article.Embargo // its publication date, which has come meanwhile: no change of the article
		}
		content, err := contentOf(a)
		if err != nil {
			return err
		}
		if gone = (mark{}); fresh || d.Of != "" {
			if gone, err = goneSince(ctx, store, name, d.Article.ID); err != nil {
				return err
			}
		}
		switch {
		case gone.after(d):
			result, why, killed = "ignored", "the article was taken down after this was sent", true
			return nil
		case overtaken(s, d):
			result, why, ask = "ignored", "the article changed while it was read; it is read again in a moment", true
			return nil
		case older(s, d):
			result, why = "ignored", "a newer delivery of this article was here before"
			return nil
		case doubled(s, d):
			result, why = "unchanged", "this delivery was here before"
			return nil
		case s.Content == content && s.Live():
			result, why = "unchanged", "nothing that is used has changed"
			if d.Sent.After(s.Sent) {
				s.Sent = d.Sent.UTC()
			}
			return nil
		case s.Off == "deleted" && d.Final && d.Read.IsZero():
			result, why = "ignored", "the article was deleted for good"
			return nil
		case d.Versions && d.Read.IsZero() && !fresh && !s.Live() && d.Sent.Equal(s.Sent):
			result, why = "ignored", "it was taken down as it is here"
			return nil
		case d.Versions && !d.Read.IsZero() && s.Live() && !d.Sent.After(s.Sent):
			result, why = "unchanged", "of the time of the one that is known"
			return nil
		case d.Partial && unplaced(s, d) && s.Live() && s.Article.Headline == a.Headline:
			result, why = "unchanged", remark.Join(d.Why, "what it does not hold is known already")
			return nil
		case unplaced(s, d) && canAsk:
			result, why, ask = "accepted", remark.Join(d.Why, "another came with the same time; the CMS is asked in a moment which is the newer"), true
			return nil
		}
		if !s.Article.Published.IsZero() {
			a.Published = s.Article.Published // when it was first public: some CMSs move it at every publish
		}
		if fresh {
			s.First = at.UTC()
		}
		if !fresh {
			s.Changed(story.ArticleChanges(s.Article, a, takenAt(d, at)))
		}
		s.Source, s.Site, s.Article, s.Content, s.Off, s.Received = name, site, a, content, "", takenAt(d, at)
		remember(s, d, at)
		result, why = "accepted", d.Why
		return nil
	})
	if err != nil {
		return Taken{}, err
	}
	if killed && d.Of != "" { // what it came of is the same story, and taken down with it
		takedown := source.Delivery{Event: source.Retract, Off: gone.off(), Sent: gone.Sent, Why: why}
		takedown.Article.ID = d.Of
		return retract(ctx, store, name, takedown, at)
	}
	if s.Key == "" {
		return Taken{Answer: Answer{Result: result, Why: why}, ask: ask}, nil
	}
	if first {
		// A retraction that found no story left its mark and then looked again; looking for the mark after the story is
		// there, one of the two sees the other.
		gone, err := goneSince(ctx, store, name, d.Article.ID)
		if err != nil {
			return Taken{}, err
		}
		if gone.after(d) {
			takedown := source.Delivery{Event: source.Retract, Off: gone.off(), Sent: gone.Sent, Why: "the article was taken down after this was sent"}
			takedown.Article.ID = d.Article.ID
			return retract(ctx, store, name, takedown, at)
		}
	}
	return Taken{Answer{Story: key, Result: result, Why: why}, s, ask}, nil
}

func retract(ctx context.Context, store *story.Store, name string, d source.Delivery, at time.Time) (Taken, error) {
	out, known, err := off(ctx, store, name, d, at)
	if err != nil || known {
		return out, err
	}
	// Its publication may be on the way still, behind this.
	if err := markGone(ctx, store, name, d, at); err != nil {
		return Taken{}, err
	}
	if first := d; d.Of != "" {
		first.Article.ID = d.Of
		if err := markGone(ctx, store, name, first, at); err != nil {
			return Taken{}, err
		}
	}
	if out, known, err = off(ctx, store, name, d, at); err != nil || known {
		return out, err
	}
	return Taken{Answer: Answer{Result: "ignored", Why: remark.Join(d.Why, "no story is made from it")}}, nil
}

// off takes a story off; known is false if there is none.
func off(ctx context.Context, store *story.Store, name string, d source.Delivery, at time.Time) (out Taken, known bool, err error) {
	key, err := store.Find(ctx, name, d.Article.ID)
	if errors.Is(err, story.ErrNone) && d.Of != "" {
		key, err = store.Find(ctx, name, d.Of)
	}
	if errors.Is(err, story.ErrNone) {
		return Taken{}, false, nil
	} else if err != nil {
		return Taken{}, false, err
	}
	var result, why string
	var ask bool
	s, key, err := updateStanding(ctx, store, key, false, func(s *story.Story) error {
		ask = false
		switch {
		case s.Key == "":
			return nil // not stored yet, or never
		case overtaken(s, d):
			result, why, ask = "ignored", "the article changed while it was read; it is read again in a moment", true
			return nil
		case older(s, d):
			result, why = "ignored", "a newer delivery of this article was here before"
			return nil
		case doubled(s, d), s.Off == "deleted", s.Off == d.Off:
			result, why = "unchanged", "it is off already"
			if d.Sent.After(s.Sent) {
				s.Sent = d.Sent.UTC()
			}
			return nil
		}
		s.Off, s.Received = d.Off, takenAt(d, at)
		remember(s, d, at)
		result, why = "accepted", d.Why
		return nil
	})
	if err != nil || s.Key == "" {
		return Taken{}, false, err
	}
	return Taken{Answer{Story: key, Result: result, Why: why}, s, ask}, true, nil
}
