package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// linkedin posts as an organisation by the versioned REST API: a link card of ours, with the card as its picture, or with
// embed: image the card with its alt text and the link in the text. LinkedIn reads nothing from the page. It refuses a
// post's twin and names it, so a second try finds the first.
type linkedin struct {
	name   string
	cfg    config.Channel
	p      Parts
	author string // the organisation's URN
	tokens *tokens
}

const (
	linkedinServer  = "https://api.linkedin.com"
	linkedinLogin   = "https://www.linkedin.com"
	linkedinVersion = "202610"
	linkedinText    = 3000
	linkedinAlt     = 4086
	linkedinTitle   = 400
	linkedinDek     = 4086
	linkedinWait    = 10 * time.Second // between two looks at a picture
	linkedinLag     = time.Minute      // so long a post may not be listed
)

func newLinkedin(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if c.Account == "" || !c.Secret.Given() || c.App != "" && !c.AppSecret.Given() {
		return nil, fmt.Errorf("linkedin needs account (the organisation's number) and secret (an access token); or app, app_secret and as secret a refresh token")
	}
	login := c.Server
	if c.Server == "" {
		c.Server, login = linkedinServer, linkedinLogin
	}
	if c.Version == "" {
		c.Version = linkedinVersion
	}
	n := &linkedin{name: name, cfg: c, p: p, author: c.Account, tokens: fixed(p, c.Secret)}
	if isNumber(c.Account) {
		n.author = "urn:li:organization:" + c.Account
	}
	if c.App != "" {
		n.tokens = &tokens{name: name, p: p}
		n.tokens.of = func(ctx context.Context) (string, error) {
			secret, err := c.Secret.Value(ctx)
			return fingerprint(c.Server, c.App, secret), err
		}
		n.tokens.renew = func(ctx context.Context, old pair) (pair, Outcome) {
			return refresh(ctx, p, c, login+"/oauth/v2/accessToken", old, true)
		}
		n.tokens.begin = func(ctx context.Context) (pair, Outcome) {
			secret, err := c.Secret.Value(ctx)
			if err != nil {
				return pair{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
			}
			return n.tokens.renew(ctx, pair{Refresh: secret})
		}
	}
	return n, nil
}

func (n *linkedin) Capabilities() Capabilities {
	return Capabilities{Find: Shows, Edit: true, Retract: true}
}

func (n *linkedin) Prepare(p Piece) story.Draft {
	fits := func(text string) bool { return utf16Length(text) <= linkedinText }
	if n.cfg.Embed == "image" {
		d := linked(p, n.cfg, n.name, "og", fits)
		d.Alt, d.Dek = cutBy(d.Alt, linkedinAlt, utf16Length), ""
		return d
	}
	d := draft(p, n.cfg, n.name, "og", fits)
	d.Alt = "" // a link card's picture has none
	return d
}

// littleText escapes what LinkedIn's "little text" reads as markup. A # before a word stays, which makes a hashtag: those
// of the article have lost their meaning before (see plain), and the rest were meant.
func littleText(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(`\|{}@[]()<>#*_~`, text[i]) >= 0 {
			next, _ := utf8.DecodeRuneInString(text[i+1:])
			if text[i] != '#' || !isNameRune(next) {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

var escapedRE = regexp.MustCompile(`\\([\\|{}@\[\]()<>#*_~])`)

// plainText is a text as readers see it, whether LinkedIn gives it escaped or not.
func plainText(text string) string {
	return strings.Join(strings.Fields(escapedRE.ReplaceAllString(text, "$1")), " ")
}

// call makes one call as the organisation's administrator.
func (n *linkedin) call(ctx context.Context, method, address, contentType string, body []byte, headers ...string) (answer, Outcome) {
	return n.tokens.send(ctx, func(s pair) (*http.Request, error) {
		h := append([]string{"Authorization", "Bearer " + s.Access, "Linkedin-Version", n.cfg.Version, "X-Restli-Protocol-Version", "2.0.0"}, headers...)
		if body == nil {
			return rawRequest(ctx, method, address, nil, h...)
		}
		return rawRequest(ctx, method, address, bytes.NewReader(body), append(h, "Content-Type", contentType)...)
	}, func(a answer) bool { return a.Status == http.StatusUnauthorized })
}

func (n *linkedin) json(ctx context.Context, method, path string, body any, headers ...string) (answer, Outcome) {
	var j []byte
	if body != nil {
		var err error
		if j, err = json.Marshal(body); err != nil {
			return answer{}, Outcome{End: Refused, Why: err.Error()}
		}
	}
	return n.call(ctx, method, n.cfg.Server+path, "application/json", j, headers...)
}

// linkedinError is what LinkedIn answers that could not do as asked.
type linkedinError struct {
	Message, Code string
	Details       struct {
		Errors []struct{ Code string } `json:"inputErrors"`
	} `json:"errorDetails"`
}

func (n *linkedin) failed(a answer, publishing bool) Outcome {
	var e linkedinError
	said := ""
	if json.Unmarshal(a.Body, &e) == nil {
		said = strings.TrimSpace(e.Code + " " + strings.Join(strings.Fields(e.Message), " "))
	}
	now := n.p.Now()
	out := a.outcome(publishing, said, now)
	switch a.Status {
	case http.StatusForbidden:
		out.Pause, out.Why = true, remark.Say("linkedin-role", out.Why)
	case http.StatusUpgradeRequired:
		out.Pause, out.Why = true, remark.Say("version-ended", out.Why)
	case http.StatusTooManyRequests:
		if out.Until.IsZero() && strings.Contains(said, " DAY limit") { // counted by the day in UTC
			out.Until = now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
		}
	}
	return out
}

func (n *linkedin) Publish(ctx context.Context, c *Call) Outcome {
	image := ""
	if c.Draft.Card != "" {
		var out Outcome
		if image, out = n.image(ctx, c); out.End != Posted {
			return out
		}
	}
	body := map[string]any{
		"author": n.author, "commentary": littleText(c.Draft.Text), "visibility": "PUBLIC", "lifecycleState": "PUBLISHED", "isReshareDisabledByAuthor": false,
		"distribution": map[string]any{"feedDistribution": "MAIN_FEED", "targetEntities": []string{}, "thirdPartyDistributionChannels": []string{}},
	}
	switch {
	case n.cfg.Embed != "image" && c.Draft.Link != "":
		article := map[string]string{"source": c.Draft.Link, "title": cutBy(c.Draft.Title, linkedinTitle, utf16Length), "description": cutBy(c.Draft.Dek, linkedinDek, utf16Length)}
		if image != "" {
			article["thumbnail"] = image
		}
		body["content"] = map[string]any{"article": article}
	case image != "":
		body["content"] = map[string]any{"media": map[string]string{"id": image, "altText": c.Draft.Alt}}
	}
	a, out := n.json(ctx, http.MethodPost, "/rest/posts", body)
	if out.End != Posted {
		return out
	}
	if urn := a.Header.Get("X-Restli-Id"); a.Err == nil && a.Status == http.StatusCreated && linkedinURN.MatchString(urn) {
		return Outcome{End: Posted, Remote: linkedinPost(urn)}
	}
	out = n.failed(a, true)
	if urn := linkedinURN.FindString(string(a.Body)); out.End == Refused && urn != "" && isDuplicate(a) {
		return n.twin(ctx, c, urn, out)
	}
	return out
}

func isDuplicate(a answer) bool {
	var e linkedinError
	if json.Unmarshal(a.Body, &e) != nil {
		return false
	}
	for _, x := range e.Details.Errors {
		if x.Code == "DUPLICATE_POST" {
			return true
		}
	}
	return strings.Contains(strings.ToLower(e.Message), "duplicate of urn")
}

var linkedinURN = regexp.MustCompile(`urn:li:(?:share|ugcPost|activity):[0-9]+`)

func linkedinPost(urn string) story.Remote {
	return story.Remote{ID: urn, URL: "https://www.linkedin.com/feed/update/" + urn}
}

// twin reads the post that LinkedIn says ours is a copy of: our own from an earlier try, or the ghost of one that was
// deleted, which LinkedIn goes by for a day or two.
func (n *linkedin) twin(ctx context.Context, c *Call, urn string, refused Outcome) Outcome {
	a, out := n.json(ctx, http.MethodGet, "/rest/posts/"+url.QueryEscape(urn), nil)
	var p linkedinListed
	switch {
	case out.End != Posted:
		return Outcome{End: Unknown, Why: remark.Join(refused.Why, out.Why)}
	case a.Err == nil && a.Status == http.StatusNotFound:
		return Outcome{End: Refused, Why: remark.Say("same-words-deleted", refused.Why)}
	case !a.ok(&p):
		return Outcome{End: Unknown, Why: remark.Join(refused.Why, remark.Say("same-words-unread", n.failed(a, false).Why))}
	case p.of(c) || p.Content.Article.Source == "" && p.Commentary == "":
		return Outcome{End: Posted, Remote: linkedinPost(urn)}
	}
	return Outcome{End: Refused, Why: remark.Say("same-words-other", refused.Why)}
}

// linkedinListed is one of the organisation's posts.
type linkedinListed struct {
	ID, Commentary string
	State          string `json:"lifecycleState"`
	Created        int64  `json:"createdAt"` // milliseconds
	Content        struct {
		Article struct{ Source string }
	}
}

// of says whether it is the call's post.
func (p *linkedinListed) of(c *Call) bool {
	if p.Content.Article.Source != "" {
		return sameLink(p.Content.Article.Source, c.Draft.Link)
	}
	return has(plainText(p.Commentary), c.Draft.Link) || p.Commentary != "" && plainText(p.Commentary) == plainText(littleText(c.Draft.Text))
}

// Find looks through the organisation's posts since the first try. That takes a permission which not every app has.
func (n *linkedin) Find(ctx context.Context, c *Call) Outcome {
	q := url.Values{"q": {"author"}, "author": {n.author}, "count": {"50"}, "sortBy": {"CREATED"}}
	a, out := n.json(ctx, http.MethodGet, "/rest/posts?"+q.Encode(), nil, "X-RestLi-Method", "FINDER")
	if out.End != Posted {
		return asked(out)
	}
	var list struct{ Elements *[]linkedinListed }
	switch {
	case a.Status == http.StatusForbidden:
		return Outcome{End: Unknown, Why: remark.Say("posts-not-listed-for-token")}
	case !a.ok(&list) || list.Elements == nil:
		return asked(n.failed(a, false))
	}
	for _, p := range *list.Elements {
		if linkedinURN.MatchString(p.ID) && p.State != "PUBLISH_FAILED" && p.Created >= c.First.Add(-10*time.Minute).UnixMilli() && p.of(c) {
			return Outcome{End: Posted, Remote: linkedinPost(p.ID)}
		}
	}
	if now := n.p.Now(); now.Sub(c.First) < linkedinLag {
		return Outcome{End: Later, Working: true, Until: now.Add(linkedinLag / 2), Why: remark.Say("post-shown-late")}
	}
	return Outcome{End: Absent}
}

// urn is the post's. Of a post that the desk found, its address has it.
func (n *linkedin) urn(c *Call) (string, Outcome) {
	urn := linkedinURN.FindString(c.Remote.ID)
	if urn == "" {
		return "", Outcome{End: Refused, Why: remark.Say("number-unknown", remark.Say("by-hand-on", "LinkedIn"))}
	}
	return url.QueryEscape(urn), Outcome{End: Posted}
}

// Edit changes the words; the link card and the picture stay.
func (n *linkedin) Edit(ctx context.Context, c *Call) Outcome {
	urn, out := n.urn(c)
	if out.End != Posted {
		return out
	}
	body := map[string]any{"patch": map[string]any{"$set": map[string]string{"commentary": littleText(c.Draft.Text)}}}
	a, out := n.json(ctx, http.MethodPost, "/rest/posts/"+urn, body, "X-RestLi-Method", "PARTIAL_UPDATE")
	switch {
	case out.End != Posted:
		return out
	case a.Err == nil && (a.Status == http.StatusNoContent || a.Status == http.StatusOK):
		return Outcome{End: Posted, Remote: c.Remote}
	case a.Err == nil && a.Status == http.StatusNotFound:
		return Outcome{End: Gone, Why: remark.Say("post-gone")}
	}
	return n.failed(a, true)
}

func (n *linkedin) Retract(ctx context.Context, c *Call) Outcome {
	urn, out := n.urn(c)
	if out.End != Posted {
		return out
	}
	a, out := n.json(ctx, http.MethodDelete, "/rest/posts/"+urn, nil, "X-RestLi-Method", "DELETE")
	switch {
	case out.End != Posted:
		return out
	case a.Err == nil && (a.Status == http.StatusNoContent || a.Status == http.StatusNotFound):
		return Outcome{End: Posted, Remote: c.Remote}
	}
	return n.failed(a, false)
}
