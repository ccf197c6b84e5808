package channel

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// facebook posts to a Page: a link, whose picture Facebook reads from the page, or with embed: image the card as a photo
// with its alt text and the link in the text. A correction given as a reply is the Page's comment under the post. There is no
// handle against doubles. The Page's feed tells what is there, though late, so a post that it does not show is never taken
// for absent: of one whose call nobody saw end, and that is not shown, the desk is asked.
type facebook struct {
	name string
	cfg  config.Channel
	g    *graph
}

const (
	facebookServer  = "https://graph.facebook.com"
	facebookText    = 63206
	facebookComment = 8000
	facebookAlt     = 1000             // Facebook states no limit
	facebookLag     = 10 * time.Minute // so long a post may be missing in the feed
	facebookSlow    = time.Second      // a page that Facebook reads for longer: somebody may have pressed stop meanwhile
)

func newFacebook(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	if c.Account == "" || !c.Secret.Given() {
		return nil, fmt.Errorf("facebook needs account (the Page's number) and secret (a long-lived Page token)")
	}
	if c.Version == "" {
		c.Version = graphVersion
	}
	return &facebook{name: name, cfg: c, g: &graph{p: p, base: graphAt(c.Server, facebookServer, c.Version), app: c.AppSecret, tokens: fixed(p, c.Secret)}}, nil
}

func (f *facebook) Capabilities() Capabilities {
	return Capabilities{Find: Shows, Edit: true, Retract: true, Reply: true}
}

func (f *facebook) photo() bool { return f.cfg.Embed == "image" }

func (f *facebook) Prepare(p Piece) story.Draft {
	most := facebookText
	if p.Corrects {
		most = facebookComment
	}
	fits := func(text string) bool { return utf16Length(text) <= most }
	if !f.photo() {
		return cardless(draft(p, f.cfg, f.name, "og", fits))
	}
	words := draft
	if linkInText(f.cfg) {
		words = linked
	}
	d := words(p, f.cfg, f.name, "og", fits)
	d.Alt, d.Dek = cutBy(d.Alt, facebookAlt, utf16Length), ""
	if p.Corrects { // a comment, under the post that has the card
		d = cardless(d)
	}
	return d
}

func (f *facebook) page() string { return "/" + url.PathEscape(f.cfg.Account) }

// comment puts the call's words under the post that they correct.
func (f *facebook) comment(ctx context.Context, c *Call) Outcome {
	post, out := f.id(*c.ReplyTo)
	if out.End != Posted {
		return out
	}
	a, out := f.g.call(ctx, http.MethodPost, "/"+post+"/comments", url.Values{"message": {c.Draft.Text}})
	if out.End != Posted {
		return out
	}
	var ok struct{ ID string }
	if a.ok(&ok) && ok.ID != "" {
		_, n, _ := strings.Cut(ok.ID, "_")
		return Outcome{End: Posted, Remote: facebookPost(ok.ID, "https://www.facebook.com/"+post+"?comment_id="+n)}
	}
	return f.g.failed(a, true)
}

func (f *facebook) Publish(ctx context.Context, c *Call) Outcome {
	if c.ReplyTo != nil {
		return f.comment(ctx, c)
	}
	var a answer
	var out Outcome
	if f.photo() && c.Draft.Card != "" {
		card, err := c.Card(ctx)
		if err != nil {
			return Outcome{End: Later, Why: remark.Say("card-not-read", err.Error())}
		}
		q := url.Values{"caption": {c.Draft.Text}}
		if c.Draft.Alt != "" {
			q.Set("alt_text_custom", c.Draft.Alt)
		}
		a, out = f.g.call(ctx, http.MethodPost, f.page()+"/photos", q, part{Name: "source", File: "card" + extension(c.Draft.Type), Type: c.Draft.Type, Body: card})
	} else {
		q := url.Values{"message": {c.Draft.Text}}
		if c.Draft.Link != "" {
			q.Set("link", c.Draft.Link)
			began := f.g.p.Now()
			if out := f.scrape(ctx, c.Draft.Link); out.End != Posted {
				return out
			}
			if f.g.p.Now().Sub(began) > facebookSlow {
				if err := c.GoOn(ctx); err != nil {
					return Outcome{End: Later, Why: err.Error()}
				}
			}
		}
		a, out = f.g.call(ctx, http.MethodPost, f.page()+"/feed", q)
	}
	if out.End != Posted {
		return out
	}
	var ok struct {
		ID   string
		Post string `json:"post_id"` // of a photo, whose own id is another
	}
	if a.ok(&ok) && ok.ID != "" {
		if ok.Post == "" {
			ok.Post = ok.ID
		}
		return Outcome{End: Posted, Remote: facebookPost(ok.Post, "")}
	}
	if out = f.g.failed(a, true); out.End == Unknown && readGraphError(a).Code == 506 {
		if found := f.Find(ctx, c); found.End == Posted {
			return found
		}
	}
	return out
}

// scrape has Facebook read the page anew: it goes by what it read earlier for weeks, be it a failure or the card before a
// correction. Only a page that it cannot read now is a reason to wait.
func (f *facebook) scrape(ctx context.Context, link string) Outcome {
	a, out := f.g.call(ctx, http.MethodPost, "/", url.Values{"id": {link}, "scrape": {"true"}})
	if e := readGraphError(a); out.End == Posted && (e.Code == subScrape || e.Subcode == subScrape) {
		return f.g.failed(a, false)
	}
	return out
}

func facebookPost(id, permalink string) story.Remote {
	if permalink == "" {
		permalink = "https://www.facebook.com/" + id
	}
	return story.Remote{ID: id, URL: permalink}
}

// Find looks through the Page's posts since the first try, for the link or the same words; of a comment through its own under
// the post.
func (f *facebook) Find(ctx context.Context, c *Call) Outcome {
	path := f.page() + "/feed"
	q := url.Values{
		"fields": {"id,message,created_time,permalink_url,attachments{unshimmed_url}"}, "limit": {"100"},
		"since": {fmt.Sprint(c.First.Add(-10 * time.Minute).Unix())},
	}
	if c.ReplyTo != nil {
		post, out := f.id(*c.ReplyTo)
		if out.End != Posted {
			return asked(out)
		}
		path, q = "/"+post+"/comments", url.Values{"fields": {"id,message,created_time,permalink_url,from{id}"}, "filter": {"stream"}, "order": {"reverse_chronological"}, "limit": {"100"}}
	}
	var list struct {
		Data *[]struct {
			ID, Message string
			From        struct{ ID string } // of a comment
			Permalink   string              `json:"permalink_url"`
			Attachments struct {
				Data []struct {
					URL string `json:"unshimmed_url"`
				}
			}
		}
	}
	if out := f.g.get(ctx, path, q, &list); out.End != Posted {
		return asked(out)
	}
	if list.Data == nil {
		return Outcome{End: Later, Why: remark.Say("answer-no-list")}
	}
	for _, p := range *list.Data {
		ours, other := has(p.Message, c.Draft.Link), false
		if c.ReplyTo != nil { // by its words alone: an earlier correction may have the link as well, and a reader our words
			ours, other = p.From.ID == f.cfg.Account && p.Message == c.Draft.Text, true
		}
		for _, a := range p.Attachments.Data {
			ours = ours || sameLink(a.URL, c.Draft.Link)
			other = other || a.URL != "" && !f.photo()
		}
		if !ours && !other { // the same words with another link are another article's
			ours = p.Message != "" && p.Message == c.Draft.Text
		}
		if ours && p.ID != "" {
			return Outcome{End: Posted, Remote: facebookPost(p.ID, p.Permalink)}
		}
	}
	if now := f.g.p.Now(); now.Sub(c.First) < facebookLag {
		return Outcome{End: Later, Working: true, Until: now.Add(time.Minute), Why: remark.Say("post-shown-late")}
	}
	return Outcome{End: Unknown, Why: remark.Say("post-not-shown")}
}

// Edit changes the words. A photo stays, since Facebook lets nobody put another in its place.
func (f *facebook) Edit(ctx context.Context, c *Call) Outcome {
	id, out := f.id(c.Remote)
	if out.End != Posted {
		return out
	}
	if !f.photo() && c.Draft.Link != "" {
		if out := f.scrape(ctx, c.Draft.Link); out.End != Posted {
			return out
		}
	}
	a, out := f.g.call(ctx, http.MethodPost, "/"+id, url.Values{"message": {c.Draft.Text}})
	return f.done(ctx, a, out, c, id)
}

func (f *facebook) Retract(ctx context.Context, c *Call) Outcome {
	id, out := f.id(c.Remote)
	if out.End != Posted {
		return out
	}
	a, out := f.g.call(ctx, http.MethodDelete, "/"+id, nil)
	if out = f.done(ctx, a, out, c, id); out.End == Gone {
		return Outcome{End: Posted, Remote: c.Remote}
	}
	return out
}

// done reads the answer to a change of a post.
func (f *facebook) done(ctx context.Context, a answer, out Outcome, c *Call, id string) Outcome {
	var ok struct{ Success bool }
	switch {
	case out.End != Posted:
		return out
	case a.ok(&ok) && ok.Success:
		return Outcome{End: Posted, Remote: c.Remote}
	}
	_, out = f.g.gone(ctx, a, id)
	return out
}

var facebookID = regexp.MustCompile(`^[0-9]+(_[0-9]+)?$`)

// id is the post's number. Of a post that the desk found, its address tells it.
func (f *facebook) id(r story.Remote) (string, Outcome) {
	if facebookID.MatchString(r.ID) {
		return r.ID, Outcome{End: Posted}
	}
	if _, n, ok := strings.Cut(r.ID, "/posts/"); ok && isNumber(strings.Trim(n, "/")) && isNumber(f.cfg.Account) {
		return f.cfg.Account + "_" + strings.Trim(n, "/"), Outcome{End: Posted}
	}
	return "", Outcome{End: Refused, Why: remark.Say("number-unknown", remark.Say("by-hand-on", "Facebook"))}
}
