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
	"cutline/internal/source"
	"cutline/internal/story"
)

// maxOrders is how many ids of deliveries a story remembers.
const maxOrders = 16

// Taken is what became of a delivery.
type Taken struct {
	Answer
	story story.Story // as it stands now; zero if there is none
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
	switch {
	case d.Event == source.Upsert && !d.Holds() && !src.CanRead():
		d.Why = join(d.Why, "the payload does not hold the article; set url and key of the source, so that it can be read")
	case d.Event == source.Reconcile && src.CanRead():
		if err := w.wantPull(ctx, src, at); err != nil {
			return Taken{}, err
		}
	}
	return Take(ctx, w.Store, w.Config, src.Name, d, at)
}

// Take merges a delivery into its story. It is the only way the article's half of a story changes.
func Take(ctx context.Context, st *story.Store, c *config.Config, name string, d source.Delivery, at time.Time) (Taken, error) {
	switch {
	case d.Event == source.Retract:
		return retract(ctx, st, name, d, at)
	case d.Event == source.Upsert && d.Holds():
		return upsert(ctx, st, name, c.Sources[name].Site, d, at)
	}
	return Taken{Answer: Answer{Result: "ignored", Why: d.Why}}, nil
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
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
	return Taken{Answer{Story: key, Result: "accepted", Why: join(d.Why, "it is read from the CMS in a moment")}, s}, true, nil
}

// whole completes a delivery from the CMS's API, or notes down that it has to be.
func (w *Webhook) whole(ctx context.Context, src source.Source, d source.Delivery, at time.Time, within time.Duration) (source.Delivery, error) {
	if !d.Late {
		c, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		full, err := src.Complete(c, d.Article.ID)
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
		d.Article.Doubt = join(d.Article.Doubt, "what the CMS sent was not whole; it is read again in a moment")
	}
	d.Why = join(d.Why, "the rest is read from the CMS in a moment")
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

// older says whether a delivery is overtaken by one that was taken already.
func older(st *story.Story, d source.Delivery) bool {
	return !d.Sent.IsZero() && d.Sent.Before(st.Sent)
}

func doubled(st *story.Story, d source.Delivery) bool {
	return d.ID != "" && slices.Contains(st.Orders, d.ID)
}

func remember(st *story.Story, d source.Delivery) {
	if d.Sent.After(st.Sent) {
		st.Sent = d.Sent.UTC()
	}
	if d.ID != "" {
		if st.Orders = append(st.Orders, d.ID); len(st.Orders) > maxOrders {
			st.Orders = st.Orders[len(st.Orders)-maxOrders:]
		}
	}
}

func upsert(ctx context.Context, store *story.Store, name, site string, d source.Delivery, at time.Time) (Taken, error) {
	content, err := contentOf(d.Article)
	if err != nil {
		return Taken{}, err
	}
	key, err := store.Key(ctx, name, d.Article.ID)
	if err != nil {
		return Taken{}, err
	}
	gone, err := goneSince(ctx, store, name, d.Article.ID)
	if err != nil {
		return Taken{}, err
	}
	var result, why string
	var first bool
	s, _, err := store.UpdateStory(ctx, key, func(s *story.Story) error {
		fresh := s.Key == ""
		first = fresh
		switch {
		case fresh && !d.Sent.IsZero() && d.Sent.Before(gone):
			result, why = "ignored", "the article was taken down after this was sent"
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
		}
		a := d.Article
		if !s.Article.Published.IsZero() {
			a.Published = s.Article.Published // when it was first public: some CMSs move it at every publish
		}
		if fresh {
			s.First = at.UTC()
		}
		s.Source, s.Site, s.Article, s.Content, s.Off, s.Received = name, site, a, content, "", at.UTC()
		remember(s, d)
		result, why = "accepted", d.Why
		return nil
	})
	if err != nil {
		return Taken{}, err
	}
	if s.Key == "" {
		return Taken{Answer: Answer{Result: result, Why: why}}, nil
	}
	if first {
		// A retraction that found no story left its mark and then looked again; looking for the mark after the story is
		// there, one of the two sees the other.
		if gone, err = goneSince(ctx, store, name, d.Article.ID); err != nil {
			return Taken{}, err
		}
		if !d.Sent.IsZero() && d.Sent.Before(gone) {
			takedown := source.Delivery{Event: source.Retract, Off: "unpublished", Sent: gone, Why: "the article was taken down after this was sent"}
			takedown.Article.ID = d.Article.ID
			return retract(ctx, store, name, takedown, at)
		}
	}
	return Taken{Answer{Story: key, Result: result, Why: why}, s}, nil
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
	if out, known, err = off(ctx, store, name, d, at); err != nil || known {
		return out, err
	}
	return Taken{Answer: Answer{Result: "ignored", Why: join(d.Why, "no story is made from it")}}, nil
}

// off takes a story off; known is false if there is none.
func off(ctx context.Context, store *story.Store, name string, d source.Delivery, at time.Time) (out Taken, known bool, err error) {
	key, err := store.Find(ctx, name, d.Article.ID)
	if errors.Is(err, story.ErrNone) {
		return Taken{}, false, nil
	} else if err != nil {
		return Taken{}, false, err
	}
	var result, why string
	s, _, err := store.UpdateStory(ctx, key, func(s *story.Story) error {
		switch {
		case s.Key == "":
			return nil // not stored yet, or never
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
		s.Off, s.Received = d.Off, at.UTC()
		remember(s, d)
		result, why = "accepted", d.Why
		return nil
	})
	if err != nil || s.Key == "" {
		return Taken{}, false, err
	}
	return Taken{Answer{Story: key, Result: result, Why: why}, s}, true, nil
}
