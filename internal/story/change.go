package story

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cutline/internal/article"
)

// Bounds of what is kept of changes: they tell people what became of a story, and are no archive of the CMS.
const (
	maxChanges   = 60
	maxStretch   = 600  // bytes of an article's text, from where it differs
	maxPostWords = 4000 // bytes of a post's text
)

// Change is one thing that became another, kept for people to look at. Stored.
type Change struct {
	At      time.Time `json:"at"`
	By      string    `json:"by,omitempty"`      // who, as shown; empty: the CMS; in a story's past: who set it on one that was joined into this
	What    string    `json:"what"`              // headline, dek, body, photo, caption, credit, alt, layout, kicker, focal, embargo, text, thread, tags
	Channel string    `json:"channel,omitempty"` // text, thread, alt and tags of a post: whose
	Before  string    `json:"before,omitempty"`  // empty: there was nothing
	After   string    `json:"after,omitempty"`   // empty: there is nothing any more
	Cut     bool      `json:"cut,omitempty"`     // Before and After are only the stretch that differs, or the beginning of it
}

// Same says whether something was changed at all.
func (c Change) Same() bool { return c.Before == c.After }

// ArticleChanges says what of an article became another between two deliveries.
func ArticleChanges(was, is article.Article, at time.Time) []Change {
	embargo := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	all := []Change{
		{What: "headline", Before: was.Headline, After: is.Headline}, {What: "kicker", Before: was.Kicker, After: is.Kicker},
		{What: "dek", Before: was.Dek, After: is.Dek}, {What: "body", Before: was.Body, After: is.Body},
		{What: "photo", Before: was.Photo.URL, After: is.Photo.URL}, {What: "caption", Before: was.Photo.Caption, After: is.Photo.Caption},
		{What: "credit", Before: was.Photo.Credit, After: is.Photo.Credit}, {What: "alt", Before: was.Photo.Alt, After: is.Photo.Alt},
		{What: "embargo", Before: embargo(was.Embargo), After: embargo(is.Embargo)},
	}
	var out []Change
	for _, c := range all {
		if c.Same() {
			continue
		}
		c.At = at.UTC()
		c.Before, c.After, c.Cut = stretch(c.Before, c.After, maxStretch)
		out = append(out, c)
	}
	return out
}

// stretch cuts two texts to where they differ, with the words around it, and to so many bytes each.
func stretch(a, b string, most int) (string, string, bool) {
	if len(a) <= most && len(b) <= most {
		return a, b, false
	}
	space := func(s string) int { return strings.LastIndexFunc(s, unicode.IsSpace) }
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	if head = space(a[:head]); head > 0 { // three more words for the eye
		for range 3 {
			head = max(0, space(a[:head]))
		}
	}
	head = max(0, head)
	a, b = a[head:], b[head:]
	return limit(a, most), limit(b, most), true
}

// limit cuts a text to so many bytes, at a letter.
func limit(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// EditChanges says what the desk set otherwise on the card.
func EditChanges(was, is Edits, focal func(*article.Focal) string) []Change {
	var out []Change
	for _, c := range []Change{{What: "headline", Before: was.Headline, After: is.Headline}, {What: "credit", Before: was.Credit, After: is.Credit}, {What: "alt", Before: was.Alt, After: is.Alt},
		{What: "layout", Before: was.Layout, After: is.Layout}, {What: "kicker", Before: was.Kicker, After: is.Kicker}, {What: "focal", Before: focal(was.Focal), After: focal(is.Focal)}} {
		if !c.Same() {
			out = append(out, c)
		}
	}
	return out
}

// DraftChanges says what of a channel's draft became another.
func DraftChanges(channel string, was, is Draft) []Change {
	var out []Change
	for _, c := range []Change{{What: "text", Before: was.Text, After: is.Text}, {What: "thread", Before: strings.Join(was.More, "\n\n"), After: strings.Join(is.More, "\n\n")},
		{What: "alt", Before: was.Alt, After: is.Alt}, {What: "tags", Before: strings.Join(was.Tags, " "), After: strings.Join(is.Tags, " ")}} {
		if c.Same() {
			continue
		}
		c.Channel = channel
		if len(c.Before) > maxPostWords || len(c.After) > maxPostWords {
			c.Before, c.After, c.Cut = limit(c.Before, maxPostWords), limit(c.After, maxPostWords), true
		}
		out = append(out, c)
	}
	return out
}

// withChanges is what is kept, the newest last.
func withChanges(have, more []Change) []Change {
	all := append(slices.Clip(have), more...)
	return all[max(0, len(all)-maxChanges):]
}

// Changed keeps what became of the article.
func (s *Story) Changed(more []Change) { s.Past = withChanges(s.Past, more) }

// Changed keeps what the desk changed.
func (d *Decisions) Changed(more []Change) { d.Changes = withChanges(d.Changes, more) }

// Edited is the article with what the desk set in its place.
func (s *Story) Edited() article.Article {
	a := s.Article
	if s.Edits.Credit != "" {
		a.Photo.Credit = s.Edits.Credit
	}
	if s.Edits.Alt != "" {
		a.Photo.Alt = s.Edits.Alt
	}
	return a
}
