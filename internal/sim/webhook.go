package sim

import (
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// webhook is a receiver of our own signed events by Standard Webhooks. It takes a signature's form for the signature, for
// it knows no secret; it keeps events as posts, and an event that comes a second time is answered as the first was.
type webhook struct {
	*Server
	seen map[string]answer // by webhook-id
}

func newWebhook(s *Server) *webhook {
	n := &webhook{Server: s, seen: map[string]answer{}}
	s.onBody(n, "POST /{receiver}", func(r *request) Op {
		var e struct{ Type string }
		if !r.json(&e) {
			return Publish
		}
		switch e.Type {
		case "post.updated":
			return Edit
		case "post.retracted":
			return Delete
		}
		return Publish
	}, n.take)
	return n
}

func (n *webhook) kind() string { return "webhook" }

func (n *webhook) limited(_ *request, wait string) answer {
	if wait == "" {
		return reply(http.StatusTooManyRequests, nil)
	}
	return reply(http.StatusTooManyRequests, nil, "Retry-After", wait)
}

func (n *webhook) expired(*request) answer {
	return reply(http.StatusUnauthorized, "the signature is not right")
}

func (n *webhook) refused(*request) answer {
	return reply(http.StatusGone, "this receiver is closed")
}

var signatures = regexp.MustCompile(`^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)*$`)

func (n *webhook) take(r *request) answer {
	id := r.Header.Get("Webhook-Id")
	sent, err := strconv.ParseInt(r.Header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil || id == "" || strings.ContainsAny(id, ". ") || !signatures.MatchString(r.Header.Get("Webhook-Signature")) {
		return n.expired(r)
	}
	if math.Abs(r.now.Sub(time.Unix(sent, 0)).Minutes()) > 5 {
		return reply(http.StatusBadRequest, "the timestamp is too far from now")
	}
	if a, ok := n.seen[id]; ok {
		return a
	}
	var e struct {
		Type string
		Data struct {
			ID, Text, Link, Language, Title, Dek string
			ReplyTo                              string `json:"reply_to"`
			Image                                struct{ URL, Alt string }
		}
	}
	if !r.json(&e) || e.Data.ID == "" {
		return reply(http.StatusBadRequest, "no event")
	}
	p := n.post("webhook", e.Data.ID)
	switch e.Type {
	case "post.published":
		if p == nil {
			p = n.add(r, Post{Network: "webhook", Account: r.PathValue("receiver"), ID: e.Data.ID})
		}
	case "post.updated":
		if p != nil {
			p.Edited = r.now
		}
	case "post.retracted":
		if p != nil {
			p.Deleted = r.now
		}
		p = nil
	}
	if p != nil {
		p.Text, p.Link, p.Title, p.Dek, p.Language, p.Picture, p.Alt, p.ReplyTo = e.Data.Text, e.Data.Link, e.Data.Title, e.Data.Dek, e.Data.Language, e.Data.Image.URL, e.Data.Image.Alt, e.Data.ReplyTo
	}
	n.seen[id] = reply(http.StatusNoContent, nil)
	return n.seen[id]
}
