package desk

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"cutline/internal/review"
	"cutline/internal/staff"
	"cutline/internal/story"
	"cutline/internal/zone"
)

// request is a request with who makes it and in which language.
type request struct {
	*http.Request
	w     http.ResponseWriter
	desk  *desk
	who   staff.Person   // who makes it
	by    string         // their name, as shown
	words *language      // the interface's
	mine  *time.Location // the person's own time zone; nil: not known
}

// refusal is an act that was not done, for a reason that the person can do something about.
type refusal struct {
	status int    // of the answer
	what   string // what is wrong, in the interface's language
	more   string // what more there is to say in it; may be empty
	why    string // the reason, as a remark; may be empty
}

func (r *refusal) Error() string { return r.what }

// handle makes a handler of a page or an act. Errors become answers here and nowhere else.
func (d *desk) handle(f func(*request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, seen := story.Watch(r.Context())
		r = r.WithContext(ctx)
		q := &request{Request: r, w: w, desk: d, who: staff.Of(r), by: staff.Of(r).Name, words: d.language(r)}
		if c, err := r.Cookie("zone"); err == nil && len(c.Value) < 64 {
			if z, err := zone.Load(c.Value); err == nil && c.Value != "" {
				q.mine = z
			}
		}
		var err error
		if r.Method == http.MethodPost {
			if err = r.ParseForm(); err != nil {
				err = q.refuse(http.StatusBadRequest, "bad_form")
			}
		}
		if err == nil {
			err = f(q)
		}
		no, refused := errors.AsType[*refusal](err)
		switch {
		case err == nil:
		case refused:
			q.fail(no)
		case errors.Is(err, story.ErrNone):
			q.fail(&refusal{status: http.StatusNotFound, what: q.words.say("no_story")})
		case r.Context().Err() != nil: // whoever asked has gone
		default:
			about := []any{"path", logged(r), "error", err}
			if k, err := q.key(); err == nil {
				about = append(about, "story", string(k), "revision", seen.Revision(k))
			}
			d.Log.Error("desk", about...)
			q.fail(&refusal{status: http.StatusInternalServerError, what: q.words.say("trouble")})
		}
	}
}

// refuse makes a refusal of the interface's words.
func (q *request) refuse(status int, key string, pairs ...string) error {
	return &refusal{status: status, what: q.words.say(key, pairs...)}
}

// key is the story that the address names.
func (q *request) key() (story.Key, error) {
	k, err := story.ParseKey(q.PathValue("day") + "/" + q.PathValue("id"))
	if err != nil {
		return "", story.ErrNone
	}
	return k, nil
}

// load reads the story that the address names, if the person may see it.
func (q *request) load() (*story.Dossier, error) {
	k, err := q.key()
	if err != nil {
		return nil, err
	}
	x, err := q.desk.Store.Load(q.Context(), k)
	if err != nil {
		return nil, err
	}
	if err := q.may(staff.Look, x.Story.Site); err != nil {
		return nil, err
	}
	return &x, nil
}

// may is nil if the person may do an act on a site, else the refusal.
func (q *request) may(act, site string) error {
	if err := staff.May(q.who, act, site); err != nil {
		return &refusal{status: http.StatusForbidden, what: q.words.say("no_right"), why: err.Error()}
	}
	return nil
}

// sees says whether the person may see a site's stories.
func (q *request) sees(site string) bool { return staff.May(q.who, staff.Look, site) == nil }

// see sends the browser to a page after an act.
func (q *request) see(path string) error {
	http.Redirect(q.w, q.Request, path, http.StatusSeeOther)
	return nil
}

// verdict is what the log comes to for a channel, under the rule that holds for the story there.
func (d *desk) verdict(x *story.Dossier, channel string) story.Verdict {
	return x.Decisions.For(channel, d.rule(x, channel))
}

// rule is the review rule of a story on a channel.
func (d *desk) rule(x *story.Dossier, channel string) story.Rule {
	return review.Of(d.Config, x, channel)
}

// zone is a site's time zone.
func (d *desk) zone(site string) *time.Location {
	z, err := zone.Load(d.Config.Sites[site].Zone)
	if err != nil {
		return time.UTC
	}
	return z
}

// chosen reads which of a site's channels a form names. none: what it means to name none.
func (q *request) chosen(site string, none []string) ([]string, error) {
	out := slices.Clone(q.Form["channel"])
	slices.Sort(out)
	out = slices.Compact(out)
	for _, c := range out {
		if !slices.Contains(q.desk.Config.ChannelsOf(site), c) {
			return nil, q.refuse(http.StatusBadRequest, "bad_form")
		}
	}
	if len(out) == 0 {
		out = none
	}
	if len(out) == 0 {
		return nil, q.refuse(http.StatusUnprocessableEntity, "nothing_chosen")
	}
	return out, nil
}

// kept wraps the error of a write with what was being kept.
func kept(what string, k story.Key, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("keeping %s of %s: %w", what, k, err)
}
