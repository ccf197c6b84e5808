package source

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cutline/internal/article"
)

// A field's rule says where a kind keeps a field of ours: paths in the order of preference. A path that begins with
// "html:" holds HTML, any other plain text, in which "&amp;" is five characters. A body is HTML or text either way.
type rules map[string][]string

// fieldNames are the names that a source's fields in the configuration go by, and rules with id: what an article is known
// by is the CMS's own.
var fieldNames = []string{"url", "slug", "language", "headline", "dek", "body", "byline", "dateline", "section", "tags", "kicker",
	"photo", "caption", "credit", "alt", "terms", "focal.x", "focal.y", "width", "height", "published", "updated", "embargo", "embargo.zone"}

func knownField(name string) bool { return slices.Contains(fieldNames, name) }

// fill makes an article of a payload by rules; those of the configuration go before the kind's own.
func (s Source) fill(root any, r rules) (article.Article, string, map[string]string) {
	from := map[string]string{}
	var a article.Article
	look := func(field string) any {
		for _, p := range s.paths(field, r) {
			path, isHTML := strings.CutPrefix(p, "html:")
			v := find(root, path)
			if list, ok := v.([]any); ok && (len(list) == 0 || text(list) == "" && field != "body") {
				continue
			}
			if v == nil || v == "" {
				continue
			}
			if _, isTree := v.(map[string]any); isTree && field != "body" {
				continue
			}
			from[field] = path
			if isHTML && field != "body" {
				v = unmarked(v)
			}
			return v
		}
		return nil
	}
	plain := func(field string) string { return strings.TrimSpace(text(look(field))) }
	a.ID, a.URL, a.Language = text(raw(root, r["id"])), plain("url"), plain("language")
	if a.ID != "" {
		from["id"] = "id"
	}
	a.Headline, a.Dek, a.Dateline, a.Section, a.Kicker = text(look("headline")), text(look("dek")), text(look("dateline")), text(look("section")), plain("kicker")
	switch body := look("body").(type) {
	case []any, map[string]any:
		a.Body = prose(body)
	default:
		a.Body = text(body)
	}
	a.Byline = strings.Join(texts(look("byline")), ", ")
	a.Tags = texts(look("tags"))
	a.Photo = article.Photo{URL: plain("photo"), Caption: text(look("caption")), Credit: text(look("credit")), Alt: text(look("alt")), Terms: plain("terms")}
	a.Photo.Focal = focal(look("focal.x"), look("focal.y"), look("width"), look("height"))
	delete(from, "width")
	delete(from, "height")
	a.Published, a.Updated = timeOf(plain("published")), timeOf(plain("updated"))
	zone := plain("embargo.zone")
	delete(from, "embargo.zone")
	if e := plain("embargo"); e != "" {
		article.SetEmbargoIn(&a, e, zone)
	} else if v := s.unread(root, r); v != nil {
		article.SetEmbargo(&a, fmt.Sprint(v)) // in a form that is not known: a doubt
	}
	return a, plain("slug"), from
}

// paths are where a field may stand; the configuration's goes before the kind's own.
func (s Source) paths(field string, r rules) []string {
	paths := r[field]
	p, ok := s.c.Fields[field]
	if !ok {
		return paths
	}
	if len(paths) > 0 && strings.HasPrefix(paths[0], "html:") && !strings.HasPrefix(p, "html:") {
		p = "html:" + p // what holds this kind's field elsewhere is written as it is here
	}
	return append([]string{p}, paths...)
}

// unread is what stands where an embargo should, and is no text: an object of fields that nobody named, a list, a mark that
// there is one; nil if there is nothing.
func (s Source) unread(root any, r rules) any {
	for _, p := range s.paths("embargo", r) {
		switch v := find(root, strings.TrimPrefix(p, "html:")).(type) {
		case nil, string:
		case bool:
			if v {
				return v
			}
		case []any:
			if len(v) > 0 {
				return v
			}
		case map[string]any:
			if len(v) > 0 {
				return v
			}
		default:
			return v
		}
	}
	return nil
}

// upsert is fill and finish, as a delivery.
func (s Source) upsert(root any, r rules, why string) (Delivery, error) {
	a, slug, from := s.fill(root, r)
	if err := checkID(a.ID); err != nil {
		return Delivery{}, err
	}
	if err := s.finish(&a, slug, from); err != nil {
		return Delivery{}, err
	}
	return Delivery{Event: Upsert, Article: a, From: from, Why: why}, nil
}

// raw is the first of the paths that holds a text or number, as it is.
func raw(root any, paths []string) any {
	for _, p := range paths {
		if v := find(root, strings.TrimPrefix(p, "html:")); text(v) != "" {
			return v
		}
	}
	return nil
}

// unmarked reads HTML as text, lists included.
func unmarked(v any) any {
	switch v := v.(type) {
	case string:
		return article.TextOf(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = unmarked(e)
		}
		return out
	}
	return v
}

// focal is a point in a picture: fractions, or pixels where the picture's size is known.
func focal(x, y, w, h any) *article.Focal {
	fx, okx := number(x)
	fy, oky := number(y)
	if !okx || !oky {
		return nil
	}
	fw, okw := number(w)
	fh, okh := number(h)
	if okw && okh && fw > 1 && fh > 1 {
		fx, fy = fx/fw, fy/fh
	}
	if !(fx >= 0 && fx <= 1 && fy >= 0 && fy <= 1) {
		return nil
	}
	return &article.Focal{X: fx, Y: fy}
}

// layouts are the forms of time that CMSs write. Those without a zone are UTC by their documentation.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", time.RFC1123Z, time.RFC1123,
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "2006-01-02 15:04:05-07:00", "2006-01-02T15:04Z07:00", "2006-01-02", "20060102T150405-0700", "20060102T150405Z"}

// timeOf reads a time, also as seconds or milliseconds since 1970; zero if it is none.
func timeOf(s string) time.Time {
	if n, err := digits(s, 10); err == nil {
		return time.Unix(n, 0).UTC()
	} else if n, err := digits(s, 13); err == nil {
		return time.UnixMilli(n).UTC()
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// versionTime is the time of a version. Where several were made in one second, which is all that many write, their numbers
// part them, as so many nanoseconds.
func versionTime(at, version string) time.Time {
	t := timeOf(at)
	if n, err := digits(version, 0); err == nil && !t.IsZero() && n < int64(time.Second) {
		t = t.Truncate(time.Second).Add(time.Duration(n))
	}
	return t
}
