// Package render turns a story into its cards and the manifest that names them.
//
// It owns cards/ and manifests/. [Renderer.Look] is level-triggered: it loads the story and its manifest, settles whose
// the photo is (promise 5's order), draws the cards that should stand and do not, and writes the manifest with the
// story's revision, also when nothing had to be drawn. A photo that cannot be had gives cards of text alone and a
// reason, never no card. How a card looks is package card's business.
package render

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/card"
	"cutline/internal/config"
	"cutline/internal/fetch"
	"cutline/internal/photo"
	"cutline/internal/remark"
	"cutline/internal/rights"
	"cutline/internal/story"
	"cutline/internal/typeset"
	"cutline/internal/zone"
)

// Renderer draws. Several, in several processes, may work on one bucket.
type Renderer struct {
	Store  *story.Store
	Config *config.Config
	Dir    string // the configuration's folder: logos are beside it
	Fetch  *fetch.Client
	Fonts  *typeset.Fonts
	Limits photo.Limits
	Now    func() time.Time
	Log    *slog.Logger

	drawing sync.Mutex // one photo in memory at a time, whatever comes in
	photos  recent     // the last photos that were fetched, for the desk's redrawing
	edited  edited     // the one that was previewed last, decoded
	looks   Looks      // the sites' themes
}

// PhotoKey is where the bytes of a photo lie that `import` was given; an article's photo then has the URL
// "bucket:" and this key.
func PhotoKey(k story.Key) string { return "photos/" + string(k) }

// Look brings the story's cards up to its revision.
func (r *Renderer) Look(ctx context.Context, k story.Key) error {
	s, err := r.Store.Story(ctx, k)
	if errors.Is(err, story.ErrNone) {
		return nil
	} else if err != nil {
		return err
	}
	was, err := r.Store.DrawnManifest(ctx, k)
	if err != nil {
		return err
	}
	m := was.Doc
	if m.Revision >= s.Revision && !r.again(&s, &m) {
		return nil
	}
	if !s.Live() { // passes at once, without drawing
		return r.write(ctx, k, was, story.Manifest{Revision: s.Revision, Cards: m.Cards, Headline: m.Headline, Credit: m.Credit, From: m.From, Alt: m.Alt, Drawn: m.Drawn, Photo: m.Photo, PhotoTag: m.PhotoTag})
	}
	began := r.Now()
	next, err := r.draw(ctx, &s, s.Edits, r.Config.Sites[s.Site].Formats, func(spec card.Spec, d card.Drawn) (string, error) {
		return r.keep(ctx, k, spec, d)
	}, orNone(m.Cards))
	if err != nil {
		return fmt.Errorf("drawing %s: %w", k, err)
	}
	r.Log.Info("drawn", "story", string(k), "revision", s.Revision, "cards", len(next.Cards), "held", next.Held, "photo", next.Photo, "ms", r.Now().Sub(began).Milliseconds())
	return r.write(ctx, k, was, next)
}

// write keeps the manifest unless there is one of a newer revision: an older render never replaces it.
func (r *Renderer) write(ctx context.Context, k story.Key, was story.Versioned[story.Manifest], next story.Manifest) error {
	return r.Store.AmendManifest(ctx, k, was, func(m *story.Manifest) error {
		if m.Revision > next.Revision {
			return nil
		}
		next.Schema, next.Key = m.Schema, m.Key
		*m = next
		return nil
	})
}

// keep puts a card, create-only: what has its fingerprint is the same card.
func (r *Renderer) keep(ctx context.Context, k story.Key, spec card.Spec, d card.Drawn) (string, error) {
	ext := "jpg"
	if spec.PNG {
		ext = "png"
	}
	key := k.CardKey(d.Card.Fingerprint, spec.Format, ext)
	_, err := r.Store.Bucket.Put(ctx, key, d.Bytes, d.Card.Type, bucket.Create)
	if err != nil && !errors.Is(err, bucket.ErrChanged) {
		return "", err
	}
	return key, nil
}

// orNone makes sure that a look at a story without cards is not taken for a preview.
func orNone(m map[string]story.Card) map[string]story.Card {
	if m == nil {
		return map[string]story.Card{}
	}
	return m
}

// draw makes the manifest of a story with the desk's edits. put keeps each card and says where; have are the cards
// that stand already, nil for a preview: then a photo fetched a moment ago will do.
func (r *Renderer) draw(ctx context.Context, s *story.Story, e story.Edits, formats []string, put func(card.Spec, card.Drawn) (string, error), have map[string]story.Card) (story.Manifest, error) {
	site := r.Config.Sites[s.Site]
	a := s.Article
	out := story.Manifest{Revision: s.Revision, Cards: map[string]story.Card{}, Drawn: r.Now().UTC()}
	if len(formats) == 0 {
		formats = []string{"og"}
	}
	ph, tag, why, err := r.photo(ctx, &a, have == nil)
	if err != nil {
		return out, err
	}
	out.Photo, out.PhotoTag = why, tag
	var info photo.Info
	if ph != nil {
		info = ph.Info()
		out.Terms = info.UsageTerms
		if have != nil { // a preview's stays decoded, for the next stroke at the desk
			defer ph.Release()
		}
	}
	credit, from := creditOf(a, e, info)
	if ph != nil {
		since := a.Published
		if since.IsZero() {
			since = s.First
		}
		if out.Ends, out.EndsBy = rights.Until(site, rights.PhotoOf(s, credit, info.UsageTerms), since); !out.Ends.IsZero() && !r.Now().Before(out.Ends) {
			out.Photo, out.PhotoTag, tag, ph = remark.Say("photo-ended", out.EndsBy), "", "", nil
		}
	}
	if ph != nil && credit == "" {
		switch site.Uncredited {
		case "hold", "":
			out.Held = remark.Say("credit-needed")
		case "text-only":
		default:
			credit, from = site.Uncredited, "policy"
		}
	}
	out.Credit, out.From = credit, from
	look, err := r.look(s.Site)
	if err != nil {
		return out, err
	}
	base := card.Spec{
		Theme: look.Theme, Logo: look.Logo, OnLight: look.OnLight, Language: site.Language, Headline: a.Headline, Dek: a.Dek, Section: a.Section, Credit: credit, Site: site.Name,
		Focal: a.Photo.Focal, Layout: e.Layout, Digits: site.Digits, PhotoTag: tag, Rights: photo.Rights{Credit: credit, Creator: info.Creator, Copyright: info.Copyright, UsageTerms: info.UsageTerms, Synthetic: info.Synthetic},
	}
	if e.Headline != "" {
		base.Headline = e.Headline
	}
	if e.Focal != nil {
		base.Focal = e.Focal
	}
	base.Names = names(base.Headline, a.Tags)
	local, err := zone.Load(site.Zone)
	if err != nil {
		return out, fmt.Errorf("site %s: %w", s.Site, err)
	}
	published, year := a.Published.In(local), time.Time{}
	base.Kicker, out.Due = kicker(s, e, r.Now())
	base.Year, year = age(published, r.Now())
	out.Due = sooner(out.Due, year)
	if ph != nil {
		out.Due = sooner(out.Due, out.Ends)
	}
	if base.Meta = a.Byline; look.Theme.Show.Meta == "date" && !a.Published.IsZero() {
		base.Meta = card.Date(published, site.Language)
	} else if look.Theme.Show.Meta == "none" {
		base.Meta = ""
	}
	shown := a.Photo
	if e.Alt != "" {
		shown.Alt = e.Alt
	}
	if shown.Alt == "" {
		shown.Alt = info.Alt
	}
	if shown.Caption == "" {
		shown.Caption = info.Caption
	}
	if ph != nil {
		// From here to the end there is one photo in memory, not one for each story that comes in.
		r.drawing.Lock()
		defer r.drawing.Unlock()
		w, h := 0, 0
		for _, f := range formats {
			w, h = max(w, card.Formats[f].W), max(h, card.Formats[f].H)
		}
		if err := ph.Prepare(ctx, w, h); err != nil {
			if ctx.Err() != nil {
				return out, err
			}
			out.Photo, ph = reason(err), nil
			base.PhotoTag = ""
		}
	}
	bare := card.Alt(base.Headline, article.Photo{}, "") // of a card that does not show the photo
	out.Headline, out.Alt, out.Credit = base.Headline, bare, ""
	if ph != nil && credit != "" {
		out.Credit = card.CreditLine(credit, site.Language)
		out.Alt = card.Alt(base.Headline, shown, out.Credit)
	} else {
		out.From = ""
	}
	base.Rights.Alt = out.Alt
	shows := false // some card has the photo on it
	for _, f := range formats {
		spec := base
		spec.Format = f
		if old, ok := have[f]; ok && old.Fingerprint == spec.Fingerprint(look.Fonts) {
			out.Cards[f] = old
			shows = shows || len(old.Crop) > 0
			continue
		}
		d, err := card.Draw(ctx, spec, ph, look.Fonts)
		if m, missing := errors.AsType[*typeset.MissingError](err); missing {
			out.Held = remark.Say("card-not-set", m.Error())
			continue
		}
		if err != nil && ctx.Err() == nil && ph != nil { // whatever is wrong with the photo, there is a card
			out.Photo = reason(err)
			spec.PhotoTag, spec.Rights.Alt = "", bare
			d, err = card.Draw(ctx, spec, nil, look.Fonts)
		}
		if err != nil {
			return out, err
		}
		c := d.Card
		if c.Key, err = put(spec, d); err != nil {
			return out, err
		}
		out.Cards[f], out.Short = c, out.Short || d.Short
		shows = shows || len(c.Crop) > 0
		if d.Credit != "" {
			out.Credit = d.Credit
		}
	}
	if !shows { // the manifest says what is on the cards: no photo, nobody's credit, nothing that it shows
		out.Alt, out.Credit, out.From = bare, "", ""
	}
	return out, nil
}

// creditOf settles whose the photo is: the desk, the CMS's own field, the caption, the file's metadata, its creator.
func creditOf(a article.Article, e story.Edits, info photo.Info) (credit, from string) {
	switch {
	case e.Credit != "":
		return e.Credit, "desk"
	case a.Photo.Credit != "":
		return a.Photo.Credit, a.Photo.From
	}
	return info.Credit, info.CreditFrom
}

// A photo that could not be had is tried again by the sweep, every few minutes for an hour after the article came.
const (
	retryEvery = 4 * time.Minute
	retryFor   = time.Hour
)

// again says whether a finished look is worth doing anew.
func (r *Renderer) again(s *story.Story, m *story.Manifest) bool {
	now := r.Now()
	if s.Live() && !m.Due.IsZero() && !now.Before(m.Due) {
		return true
	}
	return s.Live() && unreachable(m.Photo) && now.Sub(m.Drawn) > retryEvery && now.Sub(s.Received) < retryFor
}
