package sim

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf16"
)

// instagram is publishing through the Graph API: a container, its state, its publication. A post cannot be
// edited, and taken down by those who have the permission, which everybody has here.
type instagram struct{ graph }

const instagramDaily = 100 // posts in 24 hours

func newInstagram(s *Server) *instagram {
	i := &instagram{newGraph(s, "instagram")}
	s.on(i, "GET /refresh_access_token", SignIn, i.authorized(i.renew))
	s.on(i, "POST /{version}/{user}/media", Upload, i.authorized(i.make))
	s.on(i, "POST /{version}/{user}/media_publish", Publish, i.authorized(func(r *request, fields url.Values) answer {
		return i.publish(r, r.PathValue("user"), fields.Get("creation_id"), instagramDaily)
	}))
	s.on(i, "GET /{version}/{user}/media", Find, i.authorized(i.list))
	s.on(i, "GET /{version}/{user}/content_publishing_limit", Read, i.authorized(func(r *request, _ url.Values) answer {
		return reply(http.StatusOK, map[string]any{"data": []any{i.quota(r, r.PathValue("user"), instagramDaily)}})
	}))
	s.on(i, "GET /{version}/{id}", Poll, i.authorized(i.one))
	s.on(i, "DELETE /{version}/{id}", Delete, i.authorized(i.delete))
	return i
}

func (i *instagram) make(r *request, fields url.Values) answer {
	caption := fields.Get("caption")
	switch {
	case len(utf16.Encode([]rune(caption))) > 2200:
		return graphError(http.StatusBadRequest, 36004, 2207010, "The caption was too long.")
	case strings.Count(caption, "#") > 30:
		return graphError(http.StatusBadRequest, 36004, 2207010, "The caption has too many hashtags.")
	case len([]rune(fields.Get("alt_text"))) > 1000:
		return graphError(http.StatusBadRequest, 100, 0, "(#100) Param alt_text must be at most 1000 characters long.")
	}
	shown, p, ok := i.fetch(fields.Get("image_url"))
	switch {
	case !ok:
		return reply(http.StatusBadRequest, map[string]any{"error": map[string]any{"message": "Only photo or video can be accepted as media type.", "type": "OAuthException", "code": 9004,
			"error_subcode": 2207052, "is_transient": false, "error_user_title": "Media download has failed. The media URI doesn't meet our requirements.", "fbtrace_id": "EJplcsCHuLu"}})
	case p.typ != "image/jpeg":
		return graphError(http.StatusBadRequest, 36001, 2207005, "The image format is not supported.")
	case len(p.body) > 8<<20:
		return graphError(http.StatusBadRequest, 36000, 2207004, "The image is too large to download.")
	case p.width*100 < p.height*80 || p.width*100 > p.height*191:
		return graphError(http.StatusBadRequest, 36003, 2207009, "The aspect ratio is not supported.")
	}
	return i.hold(r, Post{Network: "instagram", Account: r.PathValue("user"), Text: caption, Picture: shown, Alt: fields.Get("alt_text")})
}

func (i *instagram) entry(p *Post) map[string]any {
	return map[string]any{"id": p.ID, "caption": p.Text, "permalink": p.URL, "timestamp": graphTime(p.At), "media_type": "IMAGE"}
}

func (i *instagram) list(r *request, _ url.Values) answer {
	data := []any{}
	for _, p := range i.of("instagram", r.PathValue("user")) {
		data = append(data, i.entry(p))
	}
	return reply(http.StatusOK, map[string]any{"data": data})
}

// one is a container, a post, or the account.
func (i *instagram) one(r *request, _ url.Values) answer {
	id := r.PathValue("id")
	if c := i.containers[id]; c != nil {
		return reply(http.StatusOK, map[string]string{"status_code": c.state(r.now), "id": id})
	}
	if p := i.post("instagram", id); p != nil {
		return reply(http.StatusOK, i.entry(p))
	}
	if strings.HasPrefix(id, "17889") {
		return gone(r, id)
	}
	return reply(http.StatusOK, map[string]string{"id": id, "username": "newsroom", "account_type": "BUSINESS"})
}

func (i *instagram) delete(r *request, _ url.Values) answer {
	p := i.post("instagram", r.PathValue("id"))
	if p == nil {
		return gone(r, r.PathValue("id"))
	}
	p.Deleted = r.now
	return reply(http.StatusOK, map[string]any{"success": true, "deleted_id": p.ID})
}
