package story

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"cutline/internal/bucket"
)

// Day reads the dossiers of all stories first seen on a day ("2026-11-26"), newest id last, with one LIST a prefix; of
// the documents only those are fetched that changed since this Store last saw them. Documents that cannot be read
// are reported in bad and left out.
//
// The dossiers share their maps and slices with later answers: they are for reading.
func (s *Store) Day(ctx context.Context, day string) (dossiers []Dossier, bad []*BadDocument, err error) {
	return s.days(ctx, day+"/", "", Stories, Manifests, Posts, Decided)
}

// Drawn is Day without what was decided and posted: what render compares, with two LISTs.
func (s *Store) Drawn(ctx context.Context, day string) (dossiers []Dossier, bad []*BadDocument, err error) {
	return s.days(ctx, day+"/", "", Stories, Manifests)
}

// Since is Day for all stories first seen on a day or after it, oldest day first.
func (s *Store) Since(ctx context.Context, day string) (dossiers []Dossier, bad []*BadDocument, err error) {
	return s.days(ctx, "", day+"/", Stories, Manifests, Posts, Decided)
}

// days reads the stories whose keys begin with under and come after the key after, with the documents under prefixes,
// of which Stories is the first.
func (s *Store) days(ctx context.Context, under, after string, prefixes ...string) (dossiers []Dossier, bad []*BadDocument, err error) {
	listed := make([][]bucket.Entry, len(prefixes))
	errs := make([]error, len(prefixes))
	var asking sync.WaitGroup
	for i, prefix := range prefixes {
		asking.Go(func() {
			from := ""
			if after != "" {
				from = prefix + after
			}
			listed[i], errs[i] = s.Bucket.List(ctx, prefix+under, from, 0)
		})
	}
	asking.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	s.warm(ctx, listed...)
	byKey := map[Key]*Dossier{}
	var order []Key
	for i, prefix := range prefixes {
		for _, e := range listed[i] {
			k, _, ok := KeyOf(e.Key)
			if !ok {
				continue
			}
			d := byKey[k]
			if d == nil {
				if prefix != Stories {
					continue // its story was listed a moment too early; the next look has it
				}
				d = &Dossier{Posts: map[string]Versioned[Post]{}, Now: s.Now()}
				byKey[k] = d
				order = append(order, k)
			}
			switch prefix {
			case Stories:
				d.Story, _, err = fetched[Story](ctx, s, e)
			case Manifests:
				d.Manifest, _, err = fetched[Manifest](ctx, s, e)
			case Decided:
				d.Decisions, _, err = fetched[Decisions](ctx, s, e)
			case Posts:
				if isFirst(e.Key) {
					err = s.firsts(ctx, d, k, e, listed[i])
					break
				}
				var p Post
				var raw []byte
				if p, raw, err = fetched[Post](ctx, s, e); err == nil && p.Channel != "" {
					d.Posts[p.Channel] = Versioned[Post]{Doc: p, etag: e.ETag, raw: raw}
				}
			}
			if b, is := errors.AsType[*BadDocument](err); is {
				bad = append(bad, b)
			} else if err != nil {
				return nil, nil, err
			}
		}
	}
	for _, k := range order {
		if d := byKey[k]; d.Story.Key != "" {
			dossiers = append(dossiers, *d)
		}
	}
	return dossiers, bad, nil
}

// firsts puts those of a story's first records into its dossier that are not among the listed ones. What they say of others counts no
// more, and is not kept in the cache.
func (s *Store) firsts(ctx context.Context, d *Dossier, k Key, e bucket.Entry, listed []bucket.Entry) error {
	all, _, err := fetched[records](ctx, s, e)
	if err != nil {
		return err
	}
	left := first{Schema: Schema, Key: k, Records: map[string]json.RawMessage{}}
	for name, v := range all {
		if _, own := slices.BinarySearchFunc(listed, k.post(name), func(e bucket.Entry, key string) int { return strings.Compare(e.Key, key) }); !own {
			d.Posts[name], left.Records[name] = v, v.raw
		}
	}
	if len(left.Records) == len(all) {
		return nil
	}
	body, err := json.Marshal(left)
	if err == nil {
		s.remember(e.Key, e.ETag, body)
	}
	return err
}

// Days lists the days that have stories, newest first, at most max. It asks with one LIST of one key for each day that it
// finds, and goes back no further than it must: what it costs does not grow with the years before.
func (s *Store) Days(ctx context.Context, max int) ([]string, error) {
	oldest, err := s.dayAfter(ctx, "")
	if err != nil || oldest == "" || max <= 0 {
		return nil, err
	}
	for back := max - 1; ; back = 2*back + 1 {
		from := s.Now().UTC().AddDate(0, 0, -back).Format(time.DateOnly)
		var days []string
		for day := from; ; { // "2026-11-26" sorts before what that day has, "2026-11-260" after it
			if day, err = s.dayAfter(ctx, day); err != nil {
				return nil, err
			}
			if day == "" {
				break
			}
			days = append(days, day)
			day += "0" // "0" follows "/"
		}
		if len(days) >= max || from <= oldest || back > century {
			slices.Reverse(days)
			return days[:min(len(days), max)], nil
		}
	}
}

// century bounds how far Days goes back, in days: an object put there by hand may have any name.
const century = 36_525

// dayAfter is the first day that has stories whose keys come after Stories+after; empty: there is none.
func (s *Store) dayAfter(ctx context.Context, after string) (string, error) {
	e, err := s.Bucket.List(ctx, Stories, Stories+after, 1)
	if err != nil || len(e) == 0 {
		return "", err
	}
	day, _, _ := strings.Cut(strings.TrimPrefix(e[0].Key, Stories), "/")
	return day, nil
}

// waitingEntries is how many due entries Waiting reads at the most: what one LIST brings. There is one for every photo that
// an agency's rule takes down some day.
const waitingEntries = 1000

// Wait is a story that something is due for, and when: a schedule, an embargo, the end of a photo's rights.
type Wait struct {
	At  time.Time
	Key Key
}

// Waiting lists the stories that something is due for, soonest first and each once. Of very many it names the first.
func (s *Store) Waiting(ctx context.Context) ([]Wait, error) {
	entries, err := s.Bucket.List(ctx, Due, "", waitingEntries)
	if err != nil {
		return nil, err
	}
	var out []Wait
	have := map[Key]bool{}
	for _, e := range entries {
		if t, k, err := ParseDue(e.Key); err == nil && !have[k] {
			have[k] = true
			out = append(out, Wait{t, k})
		}
	}
	return out, nil
}

const cacheSize = 50_000 // documents; about a week of a busy newsroom

// cached is a version of a document, with what it says.
type cached struct {
	etag string
	body []byte
	doc  any   // the decoded document; nil if it cannot be read
	err  error // then why
}
