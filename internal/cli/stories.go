package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/review"
	"cutline/internal/story"
)

// listed is one story as `stories` prints it.
type listed struct {
	Key      story.Key        `json:"key"`
	Site     string           `json:"site"`
	Headline string           `json:"headline"`
	Revision int              `json:"revision"`
	Off      string           `json:"off,omitempty"` // unpublished or deleted
	Credit   string           `json:"credit,omitempty"`
	Card     string           `json:"card,omitempty"` // the og card's key in the bucket; empty: not drawn yet
	Received time.Time        `json:"received"`
	Channels map[string]state `json:"channels"` // where it stands on each
}

// state is where a story stands on one channel.
type state struct {
	State string    `json:"state"`
	Until time.Time `json:"until,omitzero"` // when it leaves, or when it went out
	Why   string    `json:"why,omitempty"`
	URL   string    `json:"url,omitempty"`
	Text  string    `json:"text,omitempty"` // what would be sent, or was
}

func (p *program) stories(ctx context.Context, args []string) error {
	f := p.newFlags("stories", "[--data DIR | --bucket s3://NAME] [--day D | --days N]", `
Lists stories as JSON, newest day first: key, headline, credit, card, and where each stands on its channels.

  cutline stories --data data`)
	var l place
	l.flags(f)
	day := f.String("day", "", "`D`: the UTC day on which they were first seen, as 2026-11-26")
	days := f.Int("days", 7, "`N`: the last days that have stories")
	if err := f.parse(args, nil); err != nil {
		return err
	}
	if _, err := time.Parse(time.DateOnly, *day); *day != "" && err != nil {
		return wrong("stories: --day wants a day as 2026-11-26, have %q", *day)
	}
	st, err := p.store(ctx, &l, false)
	if err != nil {
		return err
	}
	c, err := p.optional(ctx, &l, st)
	if err != nil {
		return err
	}
	which := []string{*day}
	if *day == "" {
		if which, err = st.Days(ctx, *days); err != nil {
			return fmt.Errorf("listing the days: %w", err)
		}
	}
	out := []listed{}
	var unread error
	for _, d := range which {
		dossiers, bad, err := st.Day(ctx, d)
		if err != nil {
			return fmt.Errorf("listing the stories of %s: %w", d, err)
		}
		for _, b := range bad {
			unread = errors.Join(unread, b)
		}
		slices.SortStableFunc(dossiers, func(a, b story.Dossier) int { return b.Story.First.Compare(a.Story.First) })
		for i := range dossiers {
			d := &dossiers[i]
			out = append(out, listed{
				Key: d.Story.Key, Site: d.Story.Site, Headline: d.Story.Headline(), Revision: d.Story.Revision, Off: d.Story.Off,
				Credit: d.Manifest.Credit, Card: d.Manifest.Cards["og"].Key, Received: d.Story.Received, Channels: states(d, c),
			})
		}
	}
	return errors.Join(p.print(out), unread)
}

func (p *program) show(ctx context.Context, args []string) error {
	f := p.newFlags("show", "KEY [--data DIR | --bucket s3://NAME]", `
Shows one story as JSON: the article and what the desk edited, its cards, the decisions, the posts.

  cutline show 2026-11-26/abcdefghijklmnopqrstuvwxyz --data data`)
	var l place
	l.flags(f)
	var key string
	if err := f.parse(args, []*string{&key}); err != nil {
		return err
	}
	k, err := story.ParseKey(key)
	if err != nil {
		return wrong("show: %v", err)
	}
	st, err := p.store(ctx, &l, false)
	if err != nil {
		return err
	}
	c, err := p.optional(ctx, &l, st)
	if err != nil {
		return err
	}
	return p.printStory(ctx, st, c, k)
}

// printStory prints all that is known of a story, its key first.
func (p *program) printStory(ctx context.Context, st *story.Store, c *config.Config, k story.Key) error {
	d, err := st.Load(ctx, k)
	if err != nil {
		return err
	}
	posts := map[string]story.Post{}
	for name, v := range d.Posts {
		posts[name] = v.Doc
	}
	return p.print(struct {
		Key story.Key `json:"key"`
		story.Story
		Manifest  story.Manifest        `json:"manifest"`
		Decisions []story.Decision      `json:"decisions"`
		Channels  map[string]state      `json:"channels"`
		Posts     map[string]story.Post `json:"posts"`
		Receipts  []story.Receipt       `json:"receipts,omitempty"` // what became of it where it was taken down
	}{k, d.Story, d.Manifest, append([]story.Decision{}, d.Decisions.Log...), states(&d, c), posts, story.Receipts(&d, channelsOf(&d, c), rules(&d, c))})
}

// rules says by which rule a story goes out on a channel. Without a configuration each wants one person's approval.
func rules(d *story.Dossier, c *config.Config) func(channel string) story.Rule {
	return func(channel string) story.Rule {
		if c == nil {
			return story.Rule{}
		}
		return review.Of(c, d, channel)
	}
}

// channelsOf lists the channels of a story's site.
func channelsOf(d *story.Dossier, c *config.Config) []string {
	if c == nil {
		return nil
	}
	return c.ChannelsOf(d.Story.Site)
}

// states says where a story stands on each channel of its site, and on those that have a record from before. Without a
// configuration the channels are those with a record, and none goes by itself.
func states(d *story.Dossier, c *config.Config) map[string]state {
	out := map[string]state{}
	for _, n := range append(slices.Collect(maps.Keys(d.Posts)), channelsOf(d, c)...) {
		s := story.StateOf(d, n, rules(d, c)(n))
		shown, _ := d.Shown(n)
		if sent := d.Posts[n].Doc.Sent; sent != nil && s.Name == story.StateSent {
			shown = *sent
		}
		out[n] = state{s.Name, s.Until, s.Why, s.URL, shown.Whole()}
	}
	return out
}

// optional loads the configuration if there is one: who only looks does not need it, unless it was named.
func (p *program) optional(ctx context.Context, l *place, st *story.Store) (*config.Config, error) {
	c, err := p.configuration(ctx, l, st)
	if errors.Is(err, fs.ErrNotExist) && l.config == "" {
		return nil, nil
	}
	return c, err
}

// acts are the acts that decide knows.
var acts = []string{story.Approve, story.Hold, story.Reject, story.Retract}

func (p *program) decide(ctx context.Context, args []string) error {
	f := p.newFlags("decide", "KEY approve|hold|reject|retract [--channel C] [--why TEXT]", `
Decides what the desk would: approve sends the words that "show" shows, hold and reject send nothing, retract takes
down what is out. Then the story is brought to its channels as far as it can go now, and printed as JSON. Where a channel's secret
cannot be read here, cutline serve or the function post does it.

  cutline decide 2026-11-26/abcdefghijklmnopqrstuvwxyz approve --data data`)
	var l place
	l.flags(f)
	only := f.String("channel", "", "`C`: only this channel (default all of the site's)")
	why := f.String("why", "", "`TEXT`: the reason, for the history")
	by := f.String("by", "", "`NAME`: who decides (default your user name)")
	var key, act string
	if err := f.parse(args, []*string{&key, &act}); err != nil {
		return err
	}
	k, err := story.ParseKey(key)
	if err != nil {
		return wrong("decide: %v", err)
	}
	if !slices.Contains(acts, act) {
		return wrong("decide: there is no %q; there are %s", act, strings.Join(acts, ", "))
	}
	st, err := p.store(ctx, &l, false)
	if err != nil {
		return err
	}
	c, err := p.configuration(ctx, &l, st)
	if err != nil {
		return err
	}
	d, err := st.Load(ctx, k)
	if err != nil {
		return err
	}
	all := c.ChannelsOf(d.Story.Site)
	about := all
	if *only != "" {
		if !slices.Contains(all, *only) {
			return wrong("decide: site %s has no channel %q; it has %s", d.Story.Site, *only, strings.Join(all, ", "))
		}
		about = []string{*only}
	}
	if len(about) == 0 {
		return fmt.Errorf("site %s has no channels: there is nothing to decide about", d.Story.Site)
	}
	dec := story.Decision{
		Act: act, Channels: about, Revision: d.Story.Revision, Embargo: d.Story.Article.Embargo, By: *by, At: d.Now, Why: *why,
		As: []string{"admin"}, Rule: review.Names(c, &d.Story, about),
	}
	if dec.By == "" {
		dec.By = userName()
	}
	if act == story.Approve {
		dec.Drafts = map[string]story.Draft{}
		for _, n := range about {
			draft, ok := d.Shown(n)
			if !ok {
				return fmt.Errorf("nothing is proposed for channel %s yet: its card is not drawn; see cutline show %s, and try again when \"channels\" says review", n, k)
			}
			dec.Drafts[n] = draft
		}
	}
	if _, _, err := st.UpdateDecisions(ctx, k, func(ds *story.Decisions) error {
		ds.Log = append(ds.Log, dec)
		return nil
	}); err != nil {
		return err
	}
	s, err := p.steps(&l, c, st)
	if err != nil {
		return err
	}
	if err := p.carry(ctx, s, c, k, d.Story.Site); err != nil {
		return fmt.Errorf("it is decided, but posting failed and will be tried again: %w", err)
	}
	return p.printStory(ctx, st, c, k)
}
