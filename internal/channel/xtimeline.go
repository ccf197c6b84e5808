package channel

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"cutline/internal/remark"
)

// xPost is one of the account's posts as the timeline shows it: with t.co links, whose targets stand beside it.
type xPost struct {
	ID, Text string
	Entities struct {
		URLs []struct {
			Expanded string `json:"expanded_url"`
			Unwound  string `json:"unwound_url"`
		}
	}
	Refers []struct{ Type, ID string } `json:"referenced_tweets"`
}

// is says whether a post is the call's: by its link, or where it has none by its text without links.
func (t *xPost) is(c *Call) bool {
	i := slices.IndexFunc(t.Refers, func(r struct{ Type, ID string }) bool { return r.Type == "replied_to" })
	switch {
	case (i >= 0) != (c.ReplyTo != nil):
		return false
	case c.Draft.Part > 0 && t.Refers[i].ID != placed(c.ReplyTo): // the same words in another thread
		return false
	}
	if has(c.Draft.Text, c.Draft.Link) && len(t.Entities.URLs) > 0 {
		for _, u := range t.Entities.URLs {
			if sameLink(u.Expanded, c.Draft.Link) || sameLink(u.Unwound, c.Draft.Link) {
				return true
			}
		}
		return false
	}
	return unlinked(html.UnescapeString(t.Text)) == unlinked(c.Draft.Text)
}

var linkRE = regexp.MustCompile(`https?://\S+`)

// unlinked is a text without its links, and with single blanks.
func unlinked(text string) string {
	return strings.Join(strings.Fields(linkRE.ReplaceAllString(text, " ")), " ")
}

// Find looks through what the account has posted since the first try. X shows an account its own posts at once, and
// should one be missing after all, its refusal of the same text keeps a second one out.
func (n *x) Find(ctx context.Context, c *Call) Outcome {
	me, out := n.me(ctx)
	if out.End != Posted {
		return asked(out)
	}
	q := url.Values{"max_results": {"100"}, "tweet.fields": {"created_at,entities,referenced_tweets"}, "start_time": {c.First.Add(-10 * time.Minute).UTC().Format(time.RFC3339)}}
	for range xPages {
		var list struct {
			Data []xPost
			Meta *struct {
				Next string `json:"next_token"`
			}
		}
		if out := n.json(ctx, http.MethodGet, "/2/users/"+me+"/tweets?"+q.Encode(), nil, &list); out.End != Posted {
			return asked(out)
		}
		if list.Meta == nil {
			return Outcome{End: Later, Why: remark.Say("answer-no-list")}
		}
		for _, t := range list.Data {
			if t.is(c) {
				return Outcome{End: Posted, Remote: n.remote(t.ID)}
			}
		}
		if list.Meta.Next == "" {
			return Outcome{End: Absent}
		}
		q.Set("pagination_token", list.Meta.Next)
	}
	return Outcome{End: Unknown, Why: remark.Say("post-lost-among-others", "X")}
}

// asked is the end of a Find that could not be asked: later, or when the account is mended.
func asked(out Outcome) Outcome {
	if out.End == Refused && !out.Pause || out.End == Unknown {
		out.End = Later
	}
	return out
}

// me is the account's number: as configured, or as X tells.
func (n *x) me(ctx context.Context) (string, Outcome) {
	if isNumber(n.cfg.Account) {
		return n.cfg.Account, Outcome{End: Posted}
	}
	var me struct{ Data struct{ ID string } }
	out := n.json(ctx, http.MethodGet, "/2/users/me", nil, &me)
	if out.End == Posted && !isNumber(me.Data.ID) {
		return "", Outcome{End: Later, Why: remark.Say("account-not-told", "X")}
	}
	return me.Data.ID, out
}

// read is a post's newest version.
func (n *x) read(ctx context.Context, id string) (xPost, Outcome) {
	for range 2 {
		a, out := n.call(ctx, func() (*http.Request, error) {
			return request(ctx, http.MethodGet, n.cfg.Server+"/2/tweets/"+url.PathEscape(id)+"?tweet.fields=edit_history_tweet_ids", nil)
		})
		if out.End != Posted {
			return xPost{}, out
		}
		var ok struct {
			Data struct {
				xPost
				History []string `json:"edit_history_tweet_ids"`
			}
			Errors []xProblem
		}
		read := a.ok(&ok)
		switch {
		case a.Err == nil && a.Status == http.StatusNotFound, read && ok.Data.ID == "" && len(ok.Errors) > 0 && strings.HasSuffix(ok.Errors[0].Type, "/resource-not-found"):
			return xPost{}, Outcome{End: Gone, Why: remark.Say("post-gone")}
		case !read || ok.Data.ID == "":
			return xPost{}, n.failed(a, false)
		case len(ok.Data.History) == 0 || ok.Data.History[len(ok.Data.History)-1] == ok.Data.ID:
			return ok.Data.xPost, out
		}
		id = ok.Data.History[len(ok.Data.History)-1]
	}
	return xPost{}, Outcome{End: Later, Why: remark.Say("post-being-edited")}
}
