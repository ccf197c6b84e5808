package desk

import (
	"net/http"
	"path"

	"cutline/internal/story"
)

// preview draws the card as it would be with the words of the address, and keeps nothing.
func (d *desk) preview(q *request) error {
	if d.Preview == nil {
		return story.ErrNone
	}
	x, err := q.load()
	if err != nil {
		return err
	}
	e := x.Story.Edits
	if q.URL.RawQuery != "" {
		given, err := q.edits(&x.Story)
		if err != nil {
			return err
		}
		e = given
	}
	body, kind, err := d.Preview(q.Context(), x.Story.Key, e, path.Base(q.PathValue("format")))
	if err != nil {
		return &refusal{status: http.StatusUnprocessableEntity, what: q.words.say("cannot_draw"), why: err.Error()}
	}
	return q.picture(body, kind, "no-store")
}

// photo serves the story's photo, small.
func (d *desk) photo(q *request) error {
	if d.Photo == nil {
		return story.ErrNone
	}
	x, err := q.load()
	if err != nil {
		return err
	}
	body, kind, err := d.Photo(q.Context(), x.Story.Key)
	if err != nil {
		return &refusal{status: http.StatusUnprocessableEntity, what: q.words.say("photo_missing"), why: err.Error()}
	}
	return q.picture(body, kind, "private, max-age=300")
}
