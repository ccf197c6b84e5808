package channel

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cutline/internal/remark"
)

// Health is what trying an account showed, without posting anything.
type Health struct {
	As    string   `json:"as,omitempty"`    // the account that the credentials are of, as the network names it; empty: it does not say
	Notes []string `json:"notes,omitempty"` // limits, and what else is good to know
	Wrong []string `json:"wrong,omitempty"` // what is to be mended, in plain words; empty: nothing was found
}

// tryer is a channel whose account can be tried.
type tryer interface {
	try(ctx context.Context, t *trial)
}

// Try tries a channel's account: its credentials, what they may do, its limits, and whether our clock and the network's
// agree. It posts nothing.
func Try(ctx context.Context, ch Channel, now func() time.Time) Health {
	c, ok := ch.(tryer)
	if !ok {
		return Health{Notes: []string{remark.Say("not-tried")}}
	}
	t := &trial{now: now}
	c.try(ctx, t)
	return t.Health
}

// trial is one Try on its way.
type trial struct {
	Health
	now   func() time.Time
	timed bool // the clock was compared
}

func (t *trial) wrong(why string) { t.Wrong = append(t.Wrong, why) }

func (t *trial) note(what string) { t.Notes = append(t.Notes, what) }

// skew is how far two clocks may be apart: signatures are refused from five minutes on, and schedules go wrong before.
const skew = time.Minute

// heard takes what the answer to any call tells, and reads a success into v. failed is the kind's reading of an answer
// that is none. It says whether there was a success.
func (t *trial) heard(a answer, out Outcome, failed func(answer, bool) Outcome, v any) bool {
	if out.End != Posted {
		t.wrong(out.Why)
		return false
	}
	if at, err := http.ParseTime(a.Header.Get("Date")); err == nil && !t.timed {
		t.timed = true
		if d := t.now().Sub(at); d.Abs() > skew {
			t.wrong(remark.Say("clock-off", d.Round(time.Second)))
		}
	}
	for _, names := range resets {
		if left := a.Header.Get(names[0]); left != "" {
			t.note(strings.ToLower(names[0]) + ": " + left)
		}
	}
	if a.ok(v) {
		return true
	}
	out = failed(a, false)
	t.wrong(out.Why)
	return false
}

func (n *x) try(ctx context.Context, t *trial) {
	a, out := n.call(ctx, func() (*http.Request, error) {
		return request(ctx, http.MethodGet, n.cfg.Server+"/2/users/me", nil)
	})
	var me struct{ Data struct{ ID, Username string } }
	if !t.heard(a, out, n.failed, &me) {
		return
	}
	t.As = "@" + me.Data.Username
	if own := strings.TrimPrefix(n.cfg.Account, "@"); own != "" && !strings.EqualFold(own, me.Data.Username) && own != me.Data.ID {
		t.wrong(remark.Say("token-of-other", t.As, n.cfg.Account))
	}
	if level := a.Header.Get("X-Access-Level"); level == "read" {
		t.wrong(remark.Say("app-reads-only"))
	}
	t.note(remark.Say("post-costs", fmt.Sprintf("%.3f", xPlain), fmt.Sprintf("%.2f", xWithLink)))
}

func (f *facebook) try(ctx context.Context, t *trial) {
	a, out := f.g.call(ctx, http.MethodGet, "/me", url.Values{"fields": {"id,name"}})
	var me struct{ ID, Name string }
	if !t.heard(a, out, f.g.failed, &me) {
		return
	}
	if t.As = me.Name; isNumber(f.cfg.Account) && me.ID != f.cfg.Account && me.ID != "me" {
		t.wrong(remark.Say("page-token-other", me.Name+" ("+me.ID+")", f.cfg.Account))
		return
	}
	var list struct{ Data *[]struct{ ID string } }
	a, out = f.g.call(ctx, http.MethodGet, f.page()+"/feed", url.Values{"fields": {"id"}, "limit": {"1"}})
	t.heard(a, out, f.g.failed, &list)
	if !f.g.app.Given() {
		t.note(remark.Say("app-secret-missing"))
	}
}

func (k *containers) try(ctx context.Context, t *trial) {
	a, out := k.g.call(ctx, http.MethodGet, "/"+k.user, url.Values{"fields": {"id,username"}})
	var me struct{ ID, Username string }
	if !t.heard(a, out, k.g.failed, &me) {
		return
	}
	t.As = "@" + me.Username
	var q quota
	a, out = k.g.call(ctx, http.MethodGet, "/"+k.user+"/"+k.quota, url.Values{"fields": {"quota_usage,config"}})
	if t.heard(a, out, k.g.failed, &q) && len(q.Data) > 0 {
		t.note(remark.Say("quota-used", q.Data[0].Used, q.Data[0].Config.Total))
	}
	if k.g.p.Public == "" {
		t.wrong(remark.Say("public-address-missing", k.network))
	}
}

func (t *threads) try(ctx context.Context, h *trial)   { t.k.try(ctx, h) }
func (g *instagram) try(ctx context.Context, h *trial) { g.k.try(ctx, h) }

func (n *linkedin) try(ctx context.Context, t *trial) {
	q := url.Values{"q": {"author"}, "author": {n.author}, "count": {"1"}, "sortBy": {"CREATED"}}
	a, out := n.json(ctx, http.MethodGet, "/rest/posts?"+q.Encode(), nil, "X-RestLi-Method", "FINDER")
	if out.End == Posted && a.Status == http.StatusForbidden {
		t.note(remark.Say("list-not-allowed"))
		return
	}
	var list struct{ Elements *[]linkedinListed }
	if t.heard(a, out, n.failed, &list) {
		t.As = n.author
	}
	t.note(remark.Say("version-ends", n.cfg.Version))
}

func (b *bluesky) try(ctx context.Context, t *trial) {
	a, out := b.tokens.send(ctx, func(s pair) (*http.Request, error) {
		return rawRequest(ctx, http.MethodGet, b.cfg.Server+"/xrpc/com.atproto.server.getSession", nil, "Authorization", "Bearer "+s.Access)
	}, func(a answer) bool {
		return a.Status == http.StatusUnauthorized || strings.Contains(string(a.Body), "ExpiredToken")
	})
	var me struct {
		Handle, Status string
		Active         *bool
	}
	if !t.heard(a, out, b.failed, &me) {
		return
	}
	if t.As = me.Handle; me.Active != nil && !*me.Active {
		t.wrong(remark.Say("account-is", me.Status))
	}
}

func (m *mastodon) try(ctx context.Context, t *trial) {
	token, err := m.auth(ctx)
	if err != nil {
		t.wrong(err.Error())
		return
	}
	get := func(path string, v any) bool {
		req, err := rawRequest(ctx, http.MethodGet, m.cfg.Server+path, nil, "Authorization", token)
		if err != nil {
			t.wrong(err.Error())
			return false
		}
		return t.heard(exchange(m.p.Client, req), Outcome{End: Posted}, func(a answer, publishing bool) Outcome {
			return a.outcome(publishing, mastodonError(a), m.p.Now())
		}, v)
	}
	var me struct{ ID, Acct string }
	if !get("/api/v1/accounts/verify_credentials", &me) {
		return
	}
	t.As = "@" + me.Acct
	var of struct {
		Configuration struct {
			Statuses struct {
				Max int `json:"max_characters"`
			}
		}
	}
	if get("/api/v2/instance", &of) {
		if of.Configuration.Statuses.Max > 0 {
			t.note(remark.Say("takes-characters", "Mastodon", of.Configuration.Statuses.Max, mastodonChars))
		}
		var list []struct{ ID string }
		get("/api/v1/accounts/"+url.PathEscape(me.ID)+"/statuses?limit=1", &list)
	}
}

func (g *telegram) try(ctx context.Context, t *trial) {
	var me struct {
		ID       int64
		Username string
	}
	ask := func(method string, v any, parts ...part) bool {
		result, _, out := g.method(ctx, method, false, parts)
		return t.heard(answer{Status: http.StatusOK, Body: result, Header: http.Header{}}, out, func(answer, bool) Outcome { return Outcome{Why: "Telegram's answer to " + method + " is none"} }, v)
	}
	if !ask("getMe", &me) {
		return
	}
	t.As = "@" + me.Username
	var member struct {
		Status string
		Post   *bool `json:"can_post_messages"`
		Edit   *bool `json:"can_edit_messages"`
		Delete *bool `json:"can_delete_messages"`
	}
	if !ask("getChatMember", &member, field("chat_id", g.cfg.Chat), field("user_id", fmt.Sprint(me.ID))) {
		return
	}
	if member.Status != "administrator" && member.Status != "creator" {
		t.wrong(remark.Say("bot-no-administrator", g.cfg.Chat, member.Status))
	}
	for what, may := range map[string]*bool{"post": member.Post, "edit": member.Edit, "delete": member.Delete} {
		if may != nil && !*may {
			t.wrong(remark.Say("bot-may-not", what, g.cfg.Chat))
		}
	}
}

func (s *slackBot) try(ctx context.Context, t *trial) {
	token, err := s.cfg.Secret.Value(ctx)
	if err != nil {
		t.wrong(err.Error())
		return
	}
	for _, m := range []string{"auth.test", "conversations.info?" + url.Values{"channel": {s.cfg.Chat}}.Encode()} {
		req, err := rawRequest(ctx, http.MethodGet, s.cfg.Server+"/api/"+m, nil, "Authorization", "Bearer "+token)
		if err != nil {
			t.wrong(err.Error())
			return
		}
		var r struct {
			OK          bool
			Error, User string
		}
		a := exchange(s.p.Client, req)
		if !t.heard(a, Outcome{End: Posted}, func(a answer, publishing bool) Outcome { return a.outcome(publishing, "", s.p.Now()) }, &r) {
			return
		}
		if !r.OK { // which comes with status 200
			t.wrong(s.failed(a, slackReply{Error: r.Error}, false).Why)
			return
		}
		if r.User != "" {
			t.As = r.User
			if missing := slackScopes(a.Header); len(missing) > 0 {
				t.wrong(remark.Say("app-lacks", strings.Join(missing, ", ")))
			}
		}
	}
}

func (d *discord) try(ctx context.Context, t *trial) {
	address, out := hookAddress(ctx, d.cfg)
	if out.End != Posted {
		t.wrong(out.Why)
		return
	}
	req, err := rawRequest(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.wrong(errNoAddress.Error())
		return
	}
	var hook struct{ ID, Name string }
	if t.heard(exchange(d.p.Client, req), Outcome{End: Posted}, d.failed, &hook) {
		t.As = hook.Name
	}
}
