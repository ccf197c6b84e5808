package article

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// A FieldError says which field of an article is not as it must be.
type FieldError struct {
	Field string // path, as photo.url
	Want  string
}

func (e *FieldError) Error() string { return e.Field + ": want " + e.Want }

const maxDepth = 16 // of the JSON; ours has three levels

// Parse reads an article in our own JSON, as docs/article.schema.json describes it: the data of a webhook. Unknown
// fields are passed over, so that a CMS may send more; a field of the wrong type, a missing id, headline or url, two
// fields of one name are a *FieldError. It returns the article as sent; Clean brings it into canonical form.
func Parse(data []byte) (Article, error) {
	if err := Bounded(data); err != nil {
		return Article{}, err
	}
	var in struct {
		ID, URL, Language, Headline, Dek, Body, Byline, Dateline, Section, Kicker str
		Tags                                                                      []str
		Photo                                                                     struct {
			URL, Caption, Credit, Alt, Terms str
			Focal                            *Focal
		}
		Published, Updated, Embargo str
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return Article{}, typeError(err)
	}
	a := Article{
		ID: string(in.ID), URL: string(in.URL), Language: string(in.Language), Headline: string(in.Headline), Dek: string(in.Dek), Body: string(in.Body),
		Byline: string(in.Byline), Dateline: string(in.Dateline), Section: string(in.Section), Kicker: string(in.Kicker),
		Photo: Photo{URL: string(in.Photo.URL), Caption: string(in.Photo.Caption), Credit: string(in.Photo.Credit), Alt: string(in.Photo.Alt), Terms: string(in.Photo.Terms), Focal: in.Photo.Focal},
	}
	for _, t := range in.Tags {
		a.Tags = append(a.Tags, string(t))
	}
	switch {
	case strings.TrimSpace(a.ID) == "":
		return a, &FieldError{"id", "the CMS's id of the article"}
	case oneLine(a.Headline) == "":
		return a, &FieldError{"headline", "the headline"}
	case !address(a.URL):
		return a, &FieldError{"url", "the article's address, as https://news.example/article"}
	case a.Photo.URL != "" && !address(a.Photo.URL):
		return a, &FieldError{"photo.url", "an http or https address"}
	case a.Photo.Focal != nil && (a.Photo.Focal.X < 0 || a.Photo.Focal.X > 1 || a.Photo.Focal.Y < 0 || a.Photo.Focal.Y > 1):
		return a, &FieldError{"photo.focal", "x and y as fractions from 0 to 1"}
	case a.Language != "" && !languageTag.MatchString(a.Language):
		return a, &FieldError{"language", "a language tag as en or ckb"}
	}
	for _, t := range []struct {
		name string
		from str
		to   *time.Time
	}{{"published", in.Published, &a.Published}, {"updated", in.Updated, &a.Updated}} {
		if t.from == "" {
			continue
		}
		var err error
		if *t.to, err = time.Parse(time.RFC3339, string(t.from)); err != nil {
			return a, &FieldError{t.name, "a time as 2026-11-26T12:00:00Z"}
		}
	}
	SetEmbargo(&a, string(in.Embargo))
	return a, nil
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$`)

// SetEmbargo reads an embargo. One that cannot be read, or has no time zone, leaves a doubt that holds the story for
// the desk: better late than early.
func SetEmbargo(a *Article, s string) {
	if s = strings.TrimSpace(s); s == "" {
		return
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		a.Doubt = fmt.Sprintf("the embargo %q cannot be read as a time with its zone", s)
		return
	}
	a.Embargo = t
}

func address(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// str is a JSON string, or null.
type str string

func typeError(err error) error {
	if t, ok := err.(*json.UnmarshalTypeError); ok {
		want := map[string]string{"article.str": "text", "float64": "a number"}[t.Type.String()]
		if want == "" {
			want = map[reflect.Kind]string{reflect.Slice: "a list", reflect.Struct: "an object", reflect.Pointer: "an object"}[t.Type.Kind()]
		}
		return &FieldError{strings.ToLower(t.Field), want + ", have " + t.Value}
	}
	return &FieldError{"body", "JSON: " + err.Error()}
}

// Bounded checks a JSON document from outside before anything is made of it: one value and no more, no deeper than
// sixteen levels, no name twice in one object, none that differs from another by case alone.
func Bounded(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var seen []map[string]bool // one for each open object; nil for an array
	var key []bool             // in an object: the next string is a name
	for done := false; ; done = len(seen) == 0 {
		t, err := d.Token()
		if err == io.EOF && done {
			return nil
		}
		if done {
			return &FieldError{"body", "one JSON document and nothing after it"}
		}
		if err != nil {
			return &FieldError{"body", "one JSON document: " + err.Error()}
		}
		n := len(seen) - 1
		switch v := t.(type) {
		case json.Delim:
			switch v {
			case '{', '[':
				if len(seen) >= maxDepth {
					return &FieldError{"body", fmt.Sprintf("at most %d levels of JSON", maxDepth)}
				}
				if n >= 0 {
					key[n] = seen[n] != nil
				}
				if v == '{' {
					seen, key = append(seen, map[string]bool{}), append(key, true)
				} else {
					seen, key = append(seen, nil), append(key, false)
				}
			default:
				seen, key = seen[:n], key[:n]
			}
			continue
		case string:
			if n >= 0 && seen[n] != nil && key[n] {
				low := strings.ToLower(v)
				if seen[n][low] {
					return &FieldError{v, "each name once in an object"}
				}
				seen[n][low], key[n] = true, false
				continue
			}
		}
		if n >= 0 {
			key[n] = seen[n] != nil
		}
	}
}
