package sim

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// linkedin is the versioned REST API for an organisation's posts. A twin of a post is refused for two days, also after
// the post was deleted.
type linkedin struct {
	*Server
	images map[string]*linkedinImage // by URN
}

type linkedinImage struct {
	hash  string
	polls int
}

func newLinkedin(s *Server) *linkedin {
	l := &linkedin{Server: s, images: map[string]*linkedinImage{}}
	s.on(l, "POST /oauth/v2/accessToken", SignIn, l.renew)
	s.on(l, "POST /rest/images", Upload, l.authorized(l.begin))
	s.on(l, "PUT /dms-uploads/{id}", Upload, l.bytes)
	s.on(l, "GET /rest/images/{urn}", Poll, l.authorized(l.image))
	s.on(l, "POST /rest/posts", Publish, l.authorized(l.publish))
	s.on(l, "GET /rest/posts", Find, l.authorized(l.list))
	s.on(l, "GET /rest/posts/{urn}", Find, l.authorized(l.one))
	s.on(l, "POST /rest/posts/{urn}", Edit, l.authorized(l.edit))
	s.on(l, "DELETE /rest/posts/{urn}", Delete, l.authorized(l.delete))
	s.on(l, "GET /rest/organizationAcls", Read, l.authorized(l.acls))
	return l
}

func (l *linkedin) kind() string { return "linkedin" }

func linkedinError(status int, code, message string) answer {
	return reply(status, map[string]any{"status": status, "code": code, "message": message})
}

func (l *linkedin) limited(_ *request, wait string) answer {
	a := reply(http.StatusTooManyRequests, map[string]any{"status": 429, "serviceErrorCode": 101, "code": "TOO_MANY_REQUESTS",
		"message": "Resource level throttle APPLICATION DAY limit for calls to this resource is reached."})
	if wait != "" {
		a.header = []string{"Retry-After", wait}
	}
	return a
}

func (l *linkedin) expired(*request) answer {
	return reply(http.StatusUnauthorized, map[string]any{"status": 401, "serviceErrorCode": 65602, "code": "EXPIRED_ACCESS_TOKEN", "message": "The token used in the request has expired"})
}

func (l *linkedin) refused(*request) answer {
	return reply(http.StatusForbidden, map[string]any{"status": 403, "serviceErrorCode": 100, "code": "ACCESS_DENIED", "message": "Not enough permissions to access: partnerApiPostsExternal.CREATE.20260101"})
}

var linkedinVersion = regexp.MustCompile(`^20\d\d(0[1-9]|1[0-2])$`)

func (l *linkedin) authorized(serve func(*request) answer) func(*request) answer {
	return func(r *request) answer {
		version := r.Header.Get("Linkedin-Version")
		switch {
		case r.bearer() == "":
			return reply(http.StatusUnauthorized, map[string]any{"message": "Empty oauth2_access_token", "serviceErrorCode": 401, "status": 401})
		case !linkedinVersion.MatchString(version):
			return linkedinError(http.StatusBadRequest, "VERSION_MISSING", "A version must be present. Please specify a version by adding the Linkedin-Version header.")
		case version < r.now.AddDate(-1, 0, 0).Format("200601"):
			return linkedinError(http.StatusUpgradeRequired, "NONEXISTENT_VERSION", "Requested version "+version+"01 is not active")
		}
		return serve(r)
	}
}

func (l *linkedin) renew(r *request) answer {
	fields, _ := r.form()
	if fields.Get("grant_type") != "refresh_token" || fields.Get("refresh_token") == "" {
		return reply(http.StatusBadRequest, map[string]string{"error": "invalid_request", "error_description": "A required parameter \"refresh_token\" is missing"})
	}
	return reply(http.StatusOK, map[string]any{"access_token": fmt.Sprintf("linkedin-access-%d", l.next()), "expires_in": 5184000,
		"refresh_token": fields.Get("refresh_token"), "refresh_token_expires_in": 31536000})
}

func (l *linkedin) acls(*request) answer {
	return reply(http.StatusOK, map[string]any{"elements": []any{map[string]string{"role": "ADMINISTRATOR", "state": "APPROVED"}}})
}

func (l *linkedin) begin(r *request) answer {
	if r.URL.Query().Get("action") != "initializeUpload" {
		return linkedinError(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "Unknown action")
	}
	id := fmt.Sprintf("C5610AQ%06d", l.next())
	im := &linkedinImage{}
	if r.slow != nil {
		im.polls = r.slow.Polls
	}
	l.images["urn:li:image:"+id] = im
	return reply(http.StatusOK, map[string]any{"value": map[string]any{"uploadUrlExpiresAt": r.now.Add(24 * time.Hour).UnixMilli(),
		"uploadUrl": r.base + "/linkedin/dms-uploads/" + id, "image": "urn:li:image:" + id}})
}

// bytes takes the picture at the address that was given out, with or without a token.
func (l *linkedin) bytes(r *request) answer {
	im := l.images["urn:li:image:"+r.PathValue("id")]
	if im == nil {
		return linkedinError(http.StatusNotFound, "NOT_FOUND", "Not found")
	}
	hash, p, ok := l.keep(r.body)
	if !ok || p.width*p.height >= 36_152_320 {
		return linkedinError(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "The media is not supported")
	}
	im.hash = hash
	return reply(http.StatusCreated, nil)
}

func (l *linkedin) image(r *request) answer {
	im := l.images[r.PathValue("urn")]
	if im == nil {
		return linkedinError(http.StatusNotFound, "NOT_FOUND", "Not found")
	}
	status := "AVAILABLE"
	switch {
	case im.hash == "":
		status = "WAITING_UPLOAD"
	case im.polls < 0:
		status = "PROCESSING_FAILED"
	case im.polls > 0:
		status = "PROCESSING"
		im.polls--
	}
	return reply(http.StatusOK, map[string]string{"owner": "urn:li:organization:5515715", "status": status, "id": r.PathValue("urn")})
}

// commentary is a post's text as readers see it: what follows a sign that should have been escaped is lost.
func commentary(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
		case strings.IndexByte(`|{}@[]()<>*_~`, text[i]) >= 0:
			return b.String()
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

func (l *linkedin) publish(r *request) answer {
	var in struct {
		Author, Commentary, Visibility, LifecycleState string
		Content                                        struct {
			Media   struct{ ID, AltText string }
			Article struct{ Source, Title, Description, Thumbnail string }
		}
	}
	if !r.json(&in) {
		return linkedinError(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "Request body could not be converted to data map")
	}
	var missing string
	for _, f := range []struct{ name, value string }{{"author", in.Author}, {"commentary", in.Commentary}, {"visibility", in.Visibility}, {"lifecycleState", in.LifecycleState}} {
		if f.value == "" {
			missing += "ERROR :: /" + f.name + " :: field is required but not found and has no default value\n"
		}
	}
	if missing != "" {
		return reply(http.StatusUnprocessableEntity, map[string]any{"message": missing, "status": 422})
	}
	text := commentary(in.Commentary)
	if len([]rune(text)) > 3000 {
		return reply(http.StatusUnprocessableEntity, map[string]any{"message": "ERROR :: /commentary :: length of the text exceeds the limit", "status": 422,
			"errorDetails": map[string]any{"inputErrors": []any{map[string]string{"code": "FIELD_LENGTH_TOO_LONG"}}}})
	}
	if len([]rune(in.Content.Media.AltText)) > 4086 {
		return reply(http.StatusUnprocessableEntity, map[string]any{"message": "ERROR :: /content/media/altText :: length of the text exceeds the limit", "status": 422})
	}
	twin := in.Author + "\n" + in.Commentary + "\n" + in.Content.Article.Source
	for _, p := range l.posts { // also those that were taken down
		if p.Network == "linkedin" && p.Fingerprint == twin && r.now.Sub(p.At) < 48*time.Hour {
			return reply(http.StatusUnprocessableEntity, map[string]any{"errorDetailType": "com.linkedin.common.error.BadRequest",
				"message":      "com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of " + p.ID,
				"errorDetails": map[string]any{"inputErrors": []any{map[string]any{"description": "Duplicate post is detected", "input": struct{}{}, "code": "DUPLICATE_POST"}}}, "status": 422})
		}
	}
	p := Post{Network: "linkedin", Account: in.Author, Text: text, Link: in.Content.Article.Source, Title: in.Content.Article.Title, Dek: in.Content.Article.Description, Alt: in.Content.Media.AltText, Fingerprint: twin}
	for _, urn := range []string{in.Content.Media.ID, in.Content.Article.Thumbnail} {
		if urn == "" {
			continue
		}
		im := l.images[urn]
		if im == nil || im.hash == "" || im.polls != 0 {
			return reply(http.StatusUnprocessableEntity, map[string]any{"message": "ERROR :: /content :: " + urn + " is not available", "status": 422})
		}
		p.Picture = im.hash
	}
	p.ID = "urn:li:share:" + strconv.Itoa(6844785523590000000+l.next())
	return reply(http.StatusCreated, nil, "x-restli-id", l.add(r, p).ID)
}

func (l *linkedin) entry(p *Post) map[string]any {
	return map[string]any{"id": p.ID, "author": p.Account, "commentary": p.Text, "lifecycleState": "PUBLISHED", "visibility": "PUBLIC", "createdAt": p.At.UnixMilli(),
		"content": map[string]any{"article": map[string]string{"source": p.Link, "title": p.Title}}}
}

func (l *linkedin) list(r *request) answer {
	q := r.URL.Query()
	author, err := url.QueryUnescape(q.Get("author"))
	if q.Get("q") != "author" || err != nil {
		return linkedinError(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "Unknown finder")
	}
	elements := []any{}
	for _, p := range l.of("linkedin", author) {
		elements = append(elements, l.entry(p))
	}
	return reply(http.StatusOK, map[string]any{"elements": elements, "paging": map[string]int{"start": 0, "count": len(elements)}})
}

func (l *linkedin) one(r *request) answer {
	p := l.post("linkedin", r.PathValue("urn"))
	if p == nil {
		return linkedinError(http.StatusNotFound, "NOT_FOUND", "Not found")
	}
	return reply(http.StatusOK, l.entry(p))
}

func (l *linkedin) edit(r *request) answer {
	var in struct {
		Patch struct {
			Set struct{ Commentary *string } `json:"$set"`
		}
	}
	p := l.post("linkedin", r.PathValue("urn"))
	switch {
	case p == nil:
		return linkedinError(http.StatusNotFound, "NOT_FOUND", "Not found")
	case !strings.EqualFold(r.Header.Get("X-RestLi-Method"), "PARTIAL_UPDATE") || !r.json(&in) || in.Patch.Set.Commentary == nil:
		return linkedinError(http.StatusBadRequest, "ILLEGAL_ARGUMENT", "A partial update of commentary is all that is taken")
	}
	p.Text, p.Edited = commentary(*in.Patch.Set.Commentary), r.now
	return reply(http.StatusNoContent, nil)
}

func (l *linkedin) delete(r *request) answer {
	if p := l.post("linkedin", r.PathValue("urn")); p != nil {
		p.Deleted = r.now
	}
	return reply(http.StatusNoContent, nil) // also when it was gone
}
