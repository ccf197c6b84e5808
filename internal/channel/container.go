package channel

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutline/internal/remark"
	"cutline/internal/story"
)

// containers publishes as Instagram and Threads do: a container is made, for which Meta fetches the picture; when it is
// ready it is published. Its id is kept before that, and a container is published at most once, so a second try with
// the same container makes no second post. It lives for a day.
type containers struct {
	g       *graph
	network string // its name, for what people read
	user    string // the account's number, or me
	edge    string // where containers are made and posts are listed: "media", "threads"
	replies string // where replies are listed; empty: there are none
	publish string // "media_publish"
	quota   string // "content_publishing_limit"
	state   string // the fields of a container that tell how it is: "status,error_message"
	fields  string // what a listed post shows
}

const (
	containerWait     = 30 * time.Second // Meta's own advice
	containerPatience = 15 * time.Minute // a container that is not ready then never will be
	containerTries    = 3                // containers that may fail without a reason
	containerLag      = 2 * time.Minute  // so long what was published may not show
)

// noted is an id that a step has kept, with the time when.
func noted(step string) (id string, at time.Time) {
	id, seconds, _ := strings.Cut(step, " ")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return "", time.Time{}
	}
	return id, time.Unix(n, 0)
}

func (k *containers) note(id string) string { return fmt.Sprint(id, " ", k.g.p.Now().Unix()) }

// picture is the address at which Meta fetches the card.
func (k *containers) picture(c *Call) (string, Outcome) {
	if k.g.p.Public == "" {
		return "", Outcome{End: Refused, Why: remark.Say("public-address-missing", k.network)}
	}
	return strings.TrimSuffix(k.g.p.Public, "/") + "/" + c.Draft.Card, Outcome{End: Posted}
}

// post goes as far as it can: it makes the container of these parameters unless an earlier try has, and publishes it
// when it is ready.
func (k *containers) post(ctx context.Context, c *Call, params url.Values) Outcome {
	id, made := noted(c.Steps["container"])
	if id == "" {
		if out := k.room(ctx); out.End != Posted {
			return out
		}
		a, out := k.g.call(ctx, http.MethodPost, "/"+k.user+"/"+k.edge, params)
		if out.End != Posted {
			return out
		}
		var ok struct{ ID string }
		if !a.ok(&ok) || ok.ID == "" {
			return k.g.failed(a, false)
		}
		id, made = ok.ID, k.g.p.Now()
		if err := c.Step(ctx, "container", k.note(id)); err != nil {
			return Outcome{End: Later, Why: err.Error()}
		}
	}
	state, why, out := k.look(ctx, id)
	if out.End != Posted {
		return out
	}
	now := k.g.p.Now()
	switch state {
	case "PUBLISHED":
		_, sent := noted(c.Steps["sent"])
		return k.published(ctx, c, id, sent)
	case "EXPIRED":
		return k.forget(ctx, c, Outcome{End: Later, Why: remark.Say("container-late")})
	case "ERROR":
		out := Outcome{End: Refused, Why: remark.Say("post-not-made", k.network, why)}
		if why == "" || strings.Contains(why, "UNKNOWN") || strings.Contains(why, fmt.Sprint(subFetch)) || strings.Contains(why, fmt.Sprint(subSlowFetch)) {
			if n, err := strconv.Atoi(c.Steps["failed"]); err != nil || n < containerTries-1 {
				if err := c.Step(ctx, "failed", strconv.Itoa(n+1)); err != nil {
					return Outcome{End: Later, Why: err.Error()}
				}
				out.End, out.Why = Later, remark.Join(out.Why, remark.Say("picture-perhaps-not-fetched"))
			}
		}
		return k.forget(ctx, c, out)
	case "FINISHED":
	default: // IN_PROGRESS, or what is not known yet
		if now.Sub(made) > containerPatience {
			return k.forget(ctx, c, Outcome{End: Refused, Why: remark.Say("picture-unfinished", k.network)})
		}
		return Outcome{End: Later, Working: true, Until: now.Add(containerWait), Why: remark.Say("picture-working", k.network)}
	}
	// Written just before the call, so that Find knows whether it can have been made at all, and a claim that was lost
	// meanwhile stops here.
	if err := c.Step(ctx, "sent", k.note(id)); err != nil {
		return Outcome{End: Later, Why: err.Error()}
	}
	a, out := k.g.call(ctx, http.MethodPost, "/"+k.user+"/"+k.publish, url.Values{"creation_id": {id}})
	if out.End != Posted {
		return out
	}
	var ok struct{ ID string }
	if a.ok(&ok) && ok.ID != "" {
		return Outcome{End: Posted, Remote: k.remote(ctx, ok.ID)}
	}
	switch out := k.g.failed(a, true); {
	case readGraphError(a).Subcode == subExpired, readGraphError(a).Subcode == subGone:
		return k.forget(ctx, c, out)
	case out.End == Refused && !out.Pause: // perhaps because an earlier try has published it
		if state, _, seen := k.look(ctx, id); seen.End == Posted && state == "PUBLISHED" {
			return k.published(ctx, c, id, now)
		}
		return out
	default:
		return out
	}
}

// forget lets the next try make another container.
func (k *containers) forget(ctx context.Context, c *Call, out Outcome) Outcome {
	for _, step := range []string{"container", "sent"} {
		if err := c.Step(ctx, step, ""); err != nil {
			return Outcome{End: Later, Why: err.Error()}
		}
	}
	return out
}

// quota is how much of a day's posts is used.
type quota struct {
	Data []struct {
		Used   int `json:"quota_usage"`
		Config struct {
			Total int `json:"quota_total"`
		}
	}
}

// room asks whether the day's posts are used up, before anything is made. A question that gets no answer stops nothing.
func (k *containers) room(ctx context.Context) Outcome {
	var q quota
	out := k.g.get(ctx, "/"+k.user+"/"+k.quota, url.Values{"fields": {"quota_usage,config"}}, &q)
	switch {
	case out.Pause:
		return out
	case out.End == Posted && len(q.Data) > 0 && q.Data[0].Config.Total > 0 && q.Data[0].Used >= q.Data[0].Config.Total:
		return Outcome{End: Later, Rest: true, Until: k.g.p.Now().Add(time.Hour), Why: remark.Say("posts-used-up", k.network, q.Data[0].Config.Total)}
	}
	return Outcome{End: Posted}
}

// look says how a container is, and what Meta says of it.
func (k *containers) look(ctx context.Context, id string) (state, why string, out Outcome) {
	var s struct {
		Status string `json:"status"`
		Code   string `json:"status_code"`
		Error  string `json:"error_message"`
	}
	if out = k.g.get(ctx, "/"+url.PathEscape(id), url.Values{"fields": {k.state}}, &s); out.End != Posted {
		return "", "", out
	}
	if s.Code != "" { // Instagram, whose status is words
		return s.Code, s.Status, out
	}
	return s.Status, s.Error, out
}

// remote is where a post is. Its address costs another question; without an answer it has none.
func (k *containers) remote(ctx context.Context, id string) story.Remote {
	var p struct{ Permalink string }
	if out := k.g.get(ctx, "/"+url.PathEscape(id), url.Values{"fields": {"permalink"}}, &p); out.End != Posted {
		return story.Remote{ID: id}
	}
	return story.Remote{ID: id, URL: p.Permalink}
}

// listed is one of the account's posts.
type listed struct {
	ID, Text, Caption, Permalink, Timestamp string
	Link                                    string `json:"link_attachment_url"`
}

// search looks through the account's newest posts for the call's: Absent if it is not among them.
func (k *containers) search(ctx context.Context, c *Call) Outcome {
	edge := k.edge
	if c.ReplyTo != nil && k.replies != "" {
		edge = k.replies
	}
	var list struct{ Data *[]listed }
	if out := k.g.get(ctx, "/"+k.user+"/"+edge, url.Values{"fields": {k.fields}, "limit": {"50"}}, &list); out.End != Posted {
		return asked(out)
	}
	if list.Data == nil {
		return Outcome{End: Later, Why: remark.Say("answer-no-list")}
	}
	i := slices.IndexFunc(*list.Data, func(p listed) bool {
		text := p.Text + p.Caption
		if at := stampOf(p.Timestamp); p.ID == "" || !at.IsZero() && at.Before(c.First.Add(-10*time.Minute)) {
			return false
		}
		if has(text, c.Draft.Link) || p.Link != "" { // the same words with another link are another article's
			return has(text, c.Draft.Link) || sameLink(p.Link, c.Draft.Link)
		}
		return text != "" && strings.Join(strings.Fields(text), " ") == strings.Join(strings.Fields(c.Draft.Text), " ")
	})
	if i < 0 {
		return Outcome{End: Absent}
	}
	return Outcome{End: Posted, Remote: story.Remote{ID: (*list.Data)[i].ID, URL: (*list.Data)[i].Permalink}}
}

// published finds the post of a container that is known to be out. One that is not listed for long is out all the same.
func (k *containers) published(ctx context.Context, c *Call, id string, sent time.Time) Outcome {
	out := k.search(ctx, c)
	if out.End != Absent && out.End != Later {
		return out
	}
	if now := k.g.p.Now(); !sent.IsZero() && now.Sub(sent) < containerLag {
		return Outcome{End: Later, Working: true, Until: now.Add(containerWait), Why: remark.Say("post-not-listed-yet")}
	}
	return Outcome{End: Posted, Remote: story.Remote{ID: story.Unplaced, CID: id}, Why: remark.Say("post-not-listed", k.network)}
}

// find asks for a call's post. The container tells: one that was never sent, or that died, made none; one that is out did;
// of one that is ready after a lost answer the list decides, when it has had time.
func (k *containers) find(ctx context.Context, c *Call) Outcome {
	id, sent := noted(c.Steps["sent"])
	if id == "" {
		return Outcome{End: Absent}
	}
	state, _, out := k.look(ctx, id)
	if out.End != Posted {
		return asked(out)
	}
	switch state {
	case "PUBLISHED":
		return k.published(ctx, c, id, sent)
	case "EXPIRED", "ERROR":
		return Outcome{End: Absent}
	}
	out = k.search(ctx, c)
	if now := k.g.p.Now(); out.End == Absent && now.Sub(sent) < containerLag {
		return Outcome{End: Later, Working: true, Until: now.Add(containerWait), Why: remark.Say("post-listed-late")}
	}
	return out
}

// retract takes a post down; byHand is what a person can do where that is refused.
func (k *containers) retract(ctx context.Context, c *Call, byHand string) Outcome {
	if !isNumber(c.Remote.ID) {
		return Outcome{End: Refused, Why: remark.Say("number-unknown", byHand)}
	}
	a, out := k.g.call(ctx, http.MethodDelete, "/"+c.Remote.ID, nil)
	var ok struct{ Success bool }
	switch {
	case out.End != Posted:
		return out
	case a.ok(&ok) && ok.Success:
		return Outcome{End: Posted, Remote: c.Remote}
	}
	gone, out := k.g.gone(ctx, a, c.Remote.ID)
	if gone {
		return Outcome{End: Posted, Remote: c.Remote}
	}
	if out.End == Refused {
		out.Why = remark.Join(out.Why, byHand)
	}
	return out
}
