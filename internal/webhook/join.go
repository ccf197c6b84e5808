package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"cutline/internal/article"
	"cutline/internal/source"
	"cutline/internal/story"
)

// keyOf is the key of the story that a delivery is about, made if it is the first. Some CMSs make an item anew for each
// update, which names the item that it came of: all of them are one story. They may come in any order, so that two
// stories are found to be one only when the item between them comes; then they are joined.
func keyOf(ctx context.Context, store *story.Store, name, site string, d source.Delivery) (k story.Key, made bool, err error) {
	if d.Of == "" {
		return store.KeyOrNew(ctx, name, d.Article.ID)
	}
	k, other, err := store.Alias(ctx, name, d.Article.ID, d.Of)
	if err == nil && k != other {
		k, err = joined(ctx, store, name, site, k, other)
	}
	return k, false, err
}

// maxJoins is how many stories may lead on to another before it is taken for a fault.
const maxJoins = 16

// updateStanding changes the story that a key leads to, through those that were joined into others. made says that the key
// was made just now, so that most likely there is none.
func updateStanding(ctx context.Context, store *story.Store, key story.Key, made bool, change func(*story.Story) error) (story.Story, story.Key, error) {
	write := store.UpdateStory
	if made {
		write = store.CreateStory
	}
	for range maxJoins {
		var into story.Key
		s, _, err := write(ctx, key, func(s *story.Story) error {
			if into = s.Into; into != "" {
				return nil
			}
			return change(s)
		})
		if err != nil || into == "" {
			return s, key, err
		}
		key, write = into, store.UpdateStory
	}
	return story.Story{}, key, fmt.Errorf("story %s was joined into others in a circle: set \"into\" of one of them to nothing", key)
}

// standing is the story that a key leads to; a zero one where nothing was stored yet.
func standing(ctx context.Context, store *story.Store, key story.Key) (story.Story, story.Key, error) {
	return updateStanding(ctx, store, key, false, func(*story.Story) error { return nil })
}

// joined makes one story of two. The one that was here first stands, since its posts are the older ones, and takes over
// what was said last; the other is off, so that its posts are taken down, and leads on to it. One whose first delivery
// is just being stored leads on too, so that this delivery finds the other.
func joined(ctx context.Context, store *story.Store, name, site string, a, b story.Key) (story.Key, error) {
	for range maxJoins {
		x, first, err := standing(ctx, store, a)
		if err != nil {
			return "", err
		}
		y, second, err := standing(ctx, store, b)
		switch {
		case err != nil:
			return "", err
		case first == second:
			return first, nil
		case x.Key == "" && y.Key != "",
			(x.Key == "") == (y.Key == "") && (y.First.Before(x.First) || y.First.Equal(x.First) && second < first):
			x, y, first, second = y, x, second, first
		}
		if y.Key != "" {
			if _, _, err := store.UpdateStory(ctx, first, func(s *story.Story) error {
				if s.Into != "" {
					return nil
				}
				if y.Sent.After(s.Sent) {
					takeOver(s, &y)
				}
				bringEdits(s, y.Edits)
				return nil
			}); err != nil {
				return "", err
			}
		}
		_, _, err = store.UpdateStory(ctx, second, func(s *story.Story) error {
			if s.Into != "" || s.Key != y.Key || !s.Sent.Equal(y.Sent) || s.Content != y.Content || s.Off != y.Off {
				return errMoved
			}
			if s.Key == "" {
				s.Source, s.Site, s.First = name, site, store.Now().UTC()
			}
			s.Into, s.Off, s.Doubt = first, "deleted", ""
			return nil
		})
		if err == nil {
			return first, nil
		} else if !errors.Is(err, errMoved) {
			return "", err
		}
	}
	return "", fmt.Errorf("joining the stories %s and %s: others change them all the time; send it again", a, b)
}

// bringEdits gives a story what the desk set on the other one, where it set nothing here, and keeps all that it set there in
// the story's past, for people to see.
func bringEdits(s *story.Story, other story.Edits) {
	if other.Same(story.Edits{}) || other.Same(s.Edits) {
		return
	}
	was := s.Edits
	s.Edits.Headline, s.Edits.Credit, s.Edits.Alt = cmp.Or(was.Headline, other.Headline), cmp.Or(was.Credit, other.Credit), cmp.Or(was.Alt, other.Alt)
	s.Edits.Layout, s.Edits.Kicker, s.Edits.Focal = cmp.Or(was.Layout, other.Layout), cmp.Or(was.Kicker, other.Kicker), cmp.Or(was.Focal, other.Focal)
	if !s.Edits.Same(was) {
		if was.At.Before(other.At) {
			s.Edits.By, s.Edits.At = other.By, other.At
		}
		for _, id := range other.Hands { // who edited may not approve where the rule asks for another
			s.Edits.Sign(s.Edits.By, id, s.Edits.At)
		}
	}
	point := func(f *article.Focal) string {
		if f == nil {
			return ""
		}
		return fmt.Sprintf("%.0f%% %.0f%%", f.X*100, f.Y*100)
	}
	var kept []story.Change
	for _, c := range story.EditChanges(story.Edits{}, other, point) {
		if c.By, c.At = other.By, other.At.UTC(); !slices.Contains(s.Past, c) { // a join that is tried again
			kept = append(kept, c)
		}
	}
	s.Changed(kept)
}

var errMoved = errors.New("the story changed while it was joined into another")

// takeOver gives a story the article's half of another, which is newer.
func takeOver(s, newer *story.Story) {
	published := s.Article.Published
	s.Changed(story.ArticleChanges(s.Article, newer.Article, newer.Received))
	s.Article, s.Content, s.Off, s.Sent, s.Doubt = newer.Article, newer.Content, newer.Off, newer.Sent, newer.Doubt
	if !published.IsZero() {
		s.Article.Published = published
	}
	s.Received = story.Latest(s.Received, newer.Received)
	s.Orders = append(s.Orders, newer.Orders...)
	s.Orders = s.Orders[max(0, len(s.Orders)-maxOrders):]
}
