package sim

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/rivo/uniseg"
)

// threads is the Threads API: a container, its state, its publication.
type threads struct{ graph }

const threadsDaily = 250 // posts in 24 hours

func newThreads(s *Server) *threads {
	t := &threads{newGraph(s, "threads")}
	s.on(t, "GET /refresh_access_token", SignIn, t.authorized(t.renew))
	s.on(t, "POST /{version}/{user}/threads", Upload, t.authorized(t.make))
	s.on(t, "POST /{version}/{user}/threads_publish", Publish, t.authorized(func(r *request, fields url.Values) answer {
		return t.publish(r, r.PathValue("user"), fields.Get("creation_id"), threadsDaily)
	}))
	s.on(t, "GET /{version}/{user}/threads", Find, t.authorized(t.list(false)))
	s.on(t, "GET /{version}/{user}/replies", Find, t.authorized(t.list(true)))
	s.on(t, "GET /{version}/{user}/threads_publishing_limit", Read, t.authorized(func(r *request, _ url.Values) answer {
		return reply(http.StatusOK, map[string]any{"data": []any{t.quota(r, r.PathValue("user"), threadsDaily)}})
	}))
	s.on(t, "GET /{version}/{id}", Poll, t.authorized(t.one))
	s.on(t, "DELETE /{version}/{id}", Delete, t.authorized(t.delete))
	return t
}

func (t *threads) refused(*request) answer {
	return graphError(http.StatusForbidden, 10, 0, "(#10) Application does not have permission for this action")
}

// threadsLength counts characters, and of an emoji its bytes.
func threadsLength(text string) int {
	n := 0
	for g := uniseg.NewGraphemes(text); g.Next(); {
		if isEmoji(g.Runes()) {
			n += len(g.Str())
		} else {
			n += len(g.Runes())
		}
	}
	return n
}

func (t *threads) make(r *request, fields url.Values) answer {
	text := fields.Get("text")
	links := map[string]bool{}
	for _, l := range append(anyLink.FindAllString(text, -1), fields.Get("link_attachment")) {
		links[l] = l != ""
	}
	delete(links, "")
	switch {
	case threadsLength(text) > 500:
		return graphError(http.StatusBadRequest, 100, 0, "Param text must be at most 500 characters long.")
	case len(links) > 5:
		return graphError(http.StatusBadRequest, 100, 0, "The maximum number of links is 5. THREADS_API__LINK_LIMIT_EXCEEDED")
	case len([]rune(fields.Get("alt_text"))) > 1000:
		return graphError(http.StatusBadRequest, 100, 0, "Param alt_text must be at most 1000 characters long.")
	}
	p := Post{Network: "threads", Account: r.PathValue("user"), Text: text, ReplyTo: fields.Get("reply_to_id")}
	switch fields.Get("media_type") {
	case "TEXT":
		if text == "" {
			return graphError(http.StatusBadRequest, 100, 0, "(#100) The parameter text is required")
		}
		if p.Link = fields.Get("link_attachment"); p.Link == "" {
			p.Link = anyLink.FindString(text)
		}
	case "IMAGE":
		var pic picture
		var ok bool
		p.Picture, pic, ok = t.fetch(fields.Get("image_url"))
		if !ok || len(pic.body) > 8<<20 || pic.width > 10*pic.height {
			return graphError(http.StatusBadRequest, 9004, 2207052, "The media could not be fetched from this URI")
		}
		p.Alt = fields.Get("alt_text")
	default:
		return graphError(http.StatusBadRequest, 100, 0, "(#100) Param media_type must be one of {TEXT, IMAGE, VIDEO, CAROUSEL}")
	}
	if p.ReplyTo != "" && t.post("threads", p.ReplyTo) == nil {
		return gone(r, p.ReplyTo)
	}
	return t.hold(r, p)
}

func (t *threads) entry(p *Post) map[string]any {
	out := map[string]any{"id": p.ID, "text": p.Text, "permalink": p.URL, "timestamp": graphTime(p.At), "media_type": "TEXT_POST", "is_reply": p.ReplyTo != ""}
	if p.Link != "" {
		out["link_attachment_url"] = p.Link
	}
	if p.Picture != "" {
		out["media_type"] = "IMAGE"
	}
	return out
}

// list shows the account's own posts, or its replies, which are not among them.
func (t *threads) list(replies bool) func(*request, url.Values) answer {
	return func(r *request, _ url.Values) answer {
		data := []any{}
		for _, p := range t.of("threads", r.PathValue("user")) {
			if replies == (p.ReplyTo != "") {
				data = append(data, t.entry(p))
			}
		}
		return reply(http.StatusOK, map[string]any{"data": data, "paging": map[string]any{"cursors": map[string]string{"before": "b", "after": "a"}}})
	}
}

// one is a container, a post, or the account.
func (t *threads) one(r *request, _ url.Values) answer {
	id := r.PathValue("id")
	if c := t.containers[id]; c != nil {
		out := map[string]string{"status": c.state(r.now), "id": id}
		if c.polls < 0 {
			out["error_message"] = "UNKNOWN"
		}
		return reply(http.StatusOK, out)
	}
	if p := t.post("threads", id); p != nil {
		return reply(http.StatusOK, t.entry(p))
	}
	if strings.HasPrefix(id, "17889") {
		return gone(r, id)
	}
	return reply(http.StatusOK, map[string]string{"id": id, "username": "newsroom"})
}

func (t *threads) delete(r *request, _ url.Values) answer {
	p := t.post("threads", r.PathValue("id"))
	if p == nil {
		return gone(r, r.PathValue("id"))
	}
	p.Deleted = r.now
	return reply(http.StatusOK, map[string]any{"success": true, "deleted_id": p.ID})
}
