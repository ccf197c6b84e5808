package sim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// facebook is Pages through the Graph API. A Page is whatever id stands in the path.
type facebook struct {
	graph
	photos map[string]Post // uploaded and not published
}

func newFacebook(s *Server) *facebook {
	f := &facebook{graph: newGraph(s, "facebook"), photos: map[string]Post{}}
	s.on(f, "POST /{version}/{page}/feed", Publish, f.authorized(f.feed))
	s.onBody(f, "POST /{version}/{page}/photos", func(r *request) Op {
		if fields, _ := r.form(); fields.Get("published") == "false" {
			return Upload
		}
		return Publish
	}, f.authorized(f.photo))
	s.on(f, "GET /{version}/{page}/feed", Find, f.authorized(f.list))
	s.on(f, "GET /{version}/{page}/posts", Find, f.authorized(f.list))
	s.on(f, "GET /{version}/{page}/published_posts", Find, f.authorized(f.list))
	s.on(f, "POST /{version}/{id}/comments", Publish, f.authorized(f.comment))
	s.on(f, "GET /{version}/{id}/comments", Find, f.authorized(f.comments))
	s.on(f, "POST /{version}/{id}", Edit, f.authorized(f.edit))
	s.on(f, "GET /{version}/{id}", Read, f.authorized(f.one))
	s.on(f, "DELETE /{version}/{id}", Delete, f.authorized(f.delete))
	s.on(f, "POST /{$}", Read, f.authorized(f.scrape))
	s.on(f, "POST /{version}/{$}", Read, f.authorized(f.scrape))
	return f
}

// wrong is what is wrong with a post's message.
func (f *facebook) wrong(message string) *answer {
	if len([]rune(message)) > 63206 {
		a := graphError(http.StatusBadRequest, 100, 0, "(#100) Param message must be at most 63206 characters long.")
		return &a
	}
	return nil
}

func (f *facebook) feed(r *request, fields url.Values) answer {
	page, message := r.PathValue("page"), fields.Get("message")
	if a := f.wrong(message); a != nil {
		return *a
	}
	p := Post{Network: "facebook", Account: page, Text: message, Link: fields.Get("link"), Fingerprint: message + fields.Get("link")}
	for k, v := range fields {
		if !strings.HasPrefix(k, "attached_media") {
			continue
		}
		var m struct {
			ID string `json:"media_fbid"`
		}
		photo, ok := f.photos[""], false
		if json.Unmarshal([]byte(v[0]), &m) == nil {
			photo, ok = f.photos[m.ID]
		}
		if !ok {
			return graphError(http.StatusBadRequest, 100, 0, "(#100) Invalid parameter")
		}
		p.Picture, p.Alt = photo.Picture, photo.Alt
	}
	if message == "" && p.Link == "" && p.Picture == "" {
		return graphError(http.StatusBadRequest, 100, 0, "(#100) Invalid parameter")
	}
	return f.put(r, p)
}

// comment is the Page's own, under one of its posts.
func (f *facebook) comment(r *request, fields url.Values) answer {
	post := f.post("facebook", r.PathValue("id"))
	message := fields.Get("message")
	if post == nil {
		return gone(r, r.PathValue("id"))
	}
	if len([]rune(message)) > 8000 || message == "" {
		return graphError(http.StatusBadRequest, 100, 0, "(#100) Invalid parameter")
	}
	_, number, _ := strings.Cut(post.ID, "_")
	p := Post{Network: "facebook", Account: post.Account, Text: message, ReplyTo: post.ID, ID: number + "_" + strconv.Itoa(1090000000+f.next())}
	return reply(http.StatusOK, map[string]string{"id": f.add(r, p).ID})
}

// comments lists those under a post, the newest first.
func (f *facebook) comments(r *request, _ url.Values) answer {
	post := f.post("facebook", r.PathValue("id"))
	if post == nil {
		return gone(r, r.PathValue("id"))
	}
	data := []any{}
	for _, p := range f.of("facebook", post.Account) {
		if p.ReplyTo == post.ID {
			data = append(data, map[string]any{"id": p.ID, "message": p.Text, "created_time": graphTime(p.At), "permalink_url": p.URL, "from": map[string]string{"id": p.Account, "name": "Newsroom"}})
		}
	}
	return reply(http.StatusOK, map[string]any{"data": data})
}

// put puts a post on the Page unless it is the same as the last one there.
func (f *facebook) put(r *request, p Post) answer {
	last := slices.DeleteFunc(f.of("facebook", p.Account), func(p *Post) bool { return p.ReplyTo != "" })
	if len(last) > 0 && last[0].Fingerprint == p.Fingerprint {
		return graphError(http.StatusBadRequest, 506, 0, "Duplicate status message")
	}
	p.ID = p.Account + "_" + strconv.Itoa(708090100000+f.next())
	return reply(http.StatusOK, map[string]string{"id": f.add(r, p).ID})
}

func (f *facebook) photo(r *request, fields url.Values) answer {
	_, files := r.form()
	text := fields.Get("caption")
	if text == "" {
		text = fields.Get("message")
	}
	if a := f.wrong(text); a != nil {
		return *a
	}
	p := Post{Network: "facebook", Account: r.PathValue("page"), Text: text, Alt: fields.Get("alt_text_custom")}
	var ok bool
	if source, there := files["source"]; there {
		p.Picture, _, ok = f.keep(source.body)
		ok = ok && len(source.body) <= 10<<20
	} else {
		p.Picture, _, ok = f.fetch(fields.Get("url"))
	}
	if !ok {
		return graphError(http.StatusBadRequest, 324, 2069019, "(#324) Missing or invalid image file")
	}
	id := strconv.Itoa(708090100000 + f.next())
	if fields.Get("published") == "false" {
		f.photos[id] = p
		return reply(http.StatusOK, map[string]string{"id": id})
	}
	p.Fingerprint = text + p.Picture
	a := f.put(r, p)
	if made, ok := a.body.(map[string]string); ok {
		a.body = map[string]string{"id": id, "post_id": made["id"]}
	}
	return a
}

func (f *facebook) entry(p *Post) map[string]any {
	out := map[string]any{"id": p.ID, "message": p.Text, "created_time": graphTime(p.At), "permalink_url": p.URL}
	if p.Link != "" {
		out["attachments"] = map[string]any{"data": []any{map[string]any{"type": "share", "url": p.Link, "unshimmed_url": p.Link, "target": map[string]string{"url": p.Link}}}}
	}
	return out
}

func (f *facebook) list(r *request, fields url.Values) answer {
	most, err := strconv.Atoi(fields.Get("limit"))
	if err != nil {
		most = 25
	}
	data := []any{}
	for _, p := range f.of("facebook", r.PathValue("page")) {
		if len(data) < most && p.ReplyTo == "" {
			data = append(data, f.entry(p))
		}
	}
	return reply(http.StatusOK, map[string]any{"data": data, "paging": map[string]any{"cursors": map[string]string{"before": "b", "after": "a"}}})
}

func (f *facebook) one(r *request, _ url.Values) answer {
	id := r.PathValue("id")
	if !strings.Contains(id, "_") { // a Page, or the token's own
		return reply(http.StatusOK, map[string]any{"id": id, "name": "Newsroom", "tasks": []string{"CREATE_CONTENT", "MANAGE"}})
	}
	p := f.post("facebook", id)
	if p == nil {
		return gone(r, id)
	}
	return reply(http.StatusOK, f.entry(p))
}

func (f *facebook) edit(r *request, fields url.Values) answer {
	p := f.post("facebook", r.PathValue("id"))
	if p == nil {
		return gone(r, r.PathValue("id"))
	}
	if a := f.wrong(fields.Get("message")); a != nil {
		return *a
	}
	p.Text, p.Edited = fields.Get("message"), r.now
	return reply(http.StatusOK, map[string]bool{"success": true})
}

func (f *facebook) delete(r *request, _ url.Values) answer {
	p := f.post("facebook", r.PathValue("id"))
	if p == nil {
		return gone(r, r.PathValue("id"))
	}
	p.Deleted = r.now
	return reply(http.StatusOK, map[string]bool{"success": true})
}

func (f *facebook) scrape(r *request, fields url.Values) answer {
	if fields.Get("id") == "" || fields.Get("scrape") != "true" {
		return graphError(http.StatusBadRequest, 100, 0, "(#100) Invalid parameter")
	}
	return reply(http.StatusOK, map[string]any{"url": fields.Get("id"), "type": "article", "title": "", "updated_time": graphTime(r.now), "id": strconv.Itoa(f.next())})
}
