package article

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode"

	"cutline/internal/remark"
)

// A FieldError says which field of an article is not as it must be.
type FieldError struct {
	Field string // its path, as photo.url; body: the document as a whole
	Want  string // what it must be, as a remark
}

// Error names the field and what it must be.
func (e *FieldError) Error() string { return remark.Say("field-wanted", e.Field, e.Want) }

// What a JSON document from outside may hold. Ours has three levels; page builders' go to thirty.
const (
	maxDepth  = 64      // levels
	maxNames  = 10_000  // names in one object
	totalName = 100_000 // names in all
)

// Parse reads an article in our own JSON, as docs/article.schema.json describes it: the data of a webhook. Names are
// compared exactly; unknown ones are passed over, so that a CMS may send more. A field of the wrong type, a missing id,
// headline or url, two fields of one name are a *FieldError. It returns the article as sent; [Clean] brings it into
// canonical form. A byte order mark before the document is passed over.
func Parse(data []byte) (Article, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := Bounded(data); err != nil {
		return Article{}, err
	}
	in, err := object(data)
	if err != nil {
		return Article{}, err
	}
	a := Article{
		ID: in.text("id"), URL: in.text("url"), Language: strings.TrimSpace(in.text("language")), Headline: in.text("headline"), Dek: in.text("dek"), Body: in.text("body"),
		Byline: in.text("byline"), Dateline: in.text("dateline"), Section: in.text("section"), Kicker: in.text("kicker"), Tags: in.texts("tags"),
		Published: in.time("published"), Updated: in.time("updated"),
	}
	SetEmbargo(&a, in.text("embargo"))
	if photo := in.object("photo"); photo != nil {
		a.Photo = Photo{URL: photo.text("url"), Caption: captionText(photo.text("caption")), Credit: photo.text("credit"), Alt: photo.text("alt"), Terms: photo.text("terms")}
		if focal := photo.object("focal"); focal != nil {
			a.Photo.Focal = &Focal{X: focal.number("x"), Y: focal.number("y")}
		}
	}
	switch {
	case *in.wrong != nil:
		return a, *in.wrong
	case name(a.ID, longLine) == "":
		return a, &FieldError{"id", remark.Say("want-id")}
	case len(a.ID) > 1024 || strings.ContainsFunc(a.ID, unicode.IsControl):
		return a, &FieldError{"id", remark.Say("want-id-form")}
	case name(a.Headline, longLine) == "":
		return a, &FieldError{"headline", remark.Say("want-headline")}
	case !address(a.URL):
		return a, &FieldError{"url", remark.Say("want-url")}
	case a.Photo.URL != "" && !address(a.Photo.URL):
		return a, &FieldError{"photo.url", remark.Say("want-address")}
	case a.Photo.Focal != nil && (a.Photo.Focal.X < 0 || a.Photo.Focal.X > 1 || a.Photo.Focal.Y < 0 || a.Photo.Focal.Y > 1):
		return a, &FieldError{"photo.focal", remark.Say("want-focal")}
	case a.Language != "" && !languageTag.MatchString(a.Language):
		return a, &FieldError{"language", remark.Say("want-language")}
	}
	a.Language = strings.ToLower(a.Language)
	return a, nil
}

// fields is one JSON object by its names as they are written: encoding/json folds their case and takes the last.
type fields struct {
	path  string                     // "" or "photo."
	have  map[string]json.RawMessage // values, undecoded
	wrong *error                     // the first field of a wrong type, shared by an article's objects
}

func object(data []byte) (*fields, error) {
	f := &fields{wrong: new(error)}
	if err := json.Unmarshal(data, &f.have); err != nil || f.have == nil {
		return nil, &FieldError{"body", remark.Say("want-object")}
	}
	return f, nil
}

// read decodes a field into to; a missing one and null leave it as it is. want is the remark that says what it should be.
func (f *fields) read(name string, to any, want string) {
	if v, ok := f.have[name]; ok && string(v) != "null" {
		if err := json.Unmarshal(v, to); err != nil && *f.wrong == nil {
			*f.wrong = &FieldError{f.path + name, remark.Say(want)}
		}
	}
}

func (f *fields) text(name string) (s string) { f.read(name, &s, "want-text"); return s }
func (f *fields) texts(name string) (s []string) {
	f.read(name, &s, "want-texts")
	return s
}
func (f *fields) number(name string) (n float64) {
	f.read(name, &n, "want-number")
	return n
}
func (f *fields) object(name string) *fields {
	in := &fields{path: f.path + name + ".", wrong: f.wrong}
	f.read(name, &in.have, "want-object")
	if in.have == nil {
		return nil
	}
	return in
}

func (f *fields) time(name string) time.Time {
	s := strings.TrimSpace(f.text(name))
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil && *f.wrong == nil {
		*f.wrong = &FieldError{f.path + name, remark.Say("want-time")}
	}
	return t
}

var languageTag = compiled(`^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$`)

func address(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 8192 && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

// Bounded checks a JSON document from outside before anything is made of it: one value and no more, no deeper than 64
// levels, at most 10,000 names in an object, none twice, none that differs from another by case alone. What is not so is
// a *FieldError. A byte order mark before the document is passed over.
func Bounded(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	names := 0
	d.UseNumber()
	var seen []map[string]bool // one for each open object; nil for an array
	var key []bool             // in an object: the next string is a name
	for done := false; ; done = len(seen) == 0 {
		t, err := d.Token()
		if err == io.EOF && done {
			return nil
		}
		if done {
			return &FieldError{"body", remark.Say("want-one-document")}
		}
		if err != nil {
			return &FieldError{"body", remark.Say("want-document", err)}
		}
		n := len(seen) - 1
		switch v := t.(type) {
		case json.Delim:
			switch v {
			case '{', '[':
				if len(seen) >= maxDepth {
					return &FieldError{"body", remark.Say("want-levels", maxDepth)}
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
					return &FieldError{cut(v, 100), remark.Say("want-names-once")}
				}
				if names++; len(seen[n]) >= maxNames || names > totalName {
					return &FieldError{"body", remark.Say("want-fewer-names")}
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
