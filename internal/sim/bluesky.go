package sim

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// bluesky is a personal data server of the AT Protocol, as 0.4.217 of the reference one answers: com.atproto.server's
// sessions, com.atproto.repo's blobs and records, with the rules of app.bsky.feed.post.
type bluesky struct {
	*Server
	sessions map[string]bskySession // by token, access and refresh alike
	blobs    map[string]string      // cid → hash of the picture
	records  map[string]bskyRecord  // by at:// address
}

type bskySession struct {
	did, handle string
	refresh     bool
	until       time.Time
}

type bskyRecord struct {
	cid   string
	value json.RawMessage
}

const (
	bskyCollection = "app.bsky.feed.post"
	bskyBlob       = 5 << 20 // bytes of an upload
)

var bskyTID = regexp.MustCompile(`^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$`)

func newBluesky(s *Server) *bluesky {
	b := &bluesky{Server: s, sessions: map[string]bskySession{}, blobs: map[string]string{}, records: map[string]bskyRecord{}}
	const repo = "/xrpc/com.atproto.repo."
	s.on(b, "POST /xrpc/com.atproto.server.createSession", SignIn, b.signIn)
	s.on(b, "POST /xrpc/com.atproto.server.refreshSession", SignIn, b.renew)
	s.on(b, "GET /xrpc/com.atproto.server.getSession", Read, b.authorized(b.whoami))
	s.on(b, "POST "+repo+"uploadBlob", Upload, b.authorized(b.upload))
	s.on(b, "POST "+repo+"putRecord", Publish, b.authorized(b.put))
	s.on(b, "POST "+repo+"createRecord", Publish, b.authorized(b.create))
	s.on(b, "POST "+repo+"applyWrites", Edit, b.authorized(b.apply))
	s.on(b, "POST "+repo+"deleteRecord", Delete, b.authorized(b.delete))
	s.on(b, "GET "+repo+"getRecord", Find, b.get)
	s.on(b, "GET "+repo+"listRecords", Find, b.list)
	return b
}

func (b *bluesky) kind() string { return "bluesky" }

func bskyError(status int, name, message string, header ...string) answer {
	return reply(status, map[string]string{"error": name, "message": message}, header...)
}

func (b *bluesky) limited(r *request, wait string) answer {
	header := []string{"RateLimit-Limit", "30", "RateLimit-Remaining", "0", "RateLimit-Policy", "30;w=300", "RateLimit-Reset", strconv.FormatInt(r.now.Add(5*time.Minute).Unix(), 10)}
	if wait != "" {
		header = append(header, "Retry-After", wait)
	}
	return bskyError(http.StatusTooManyRequests, "RateLimitExceeded", "Rate Limit Exceeded", header...)
}

func (b *bluesky) expired(*request) answer {
	return bskyError(http.StatusBadRequest, "ExpiredToken", "Token has expired")
}

func (b *bluesky) refused(*request) answer {
	return bskyError(http.StatusBadRequest, "AccountTakedown", "Account has been taken down")
}

// session hands out a new pair of tokens.
func (b *bluesky) session(r *request, handle string) answer {
	did := "did:plc:" + strings.ToLower(base32.StdEncoding.EncodeToString(hashed([]byte(handle)))[:24])
	access, refresh := fmt.Sprintf("access-%d", b.next()), fmt.Sprintf("refresh-%d", b.next())
	b.sessions[access] = bskySession{did, handle, false, r.now.Add(2 * time.Hour)}
	b.sessions[refresh] = bskySession{did, handle, true, r.now.Add(90 * 24 * time.Hour)}
	return reply(http.StatusOK, map[string]any{"did": did, "handle": handle, "accessJwt": access, "refreshJwt": refresh, "active": true})
}

func hashed(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

func (b *bluesky) signIn(r *request) answer {
	var in struct{ Identifier, Password string }
	if !r.json(&in) || in.Identifier == "" {
		return bskyError(http.StatusBadRequest, "InvalidRequest", `Input must have the property "identifier"`)
	}
	if _, _, ok := b.spend("bluesky sign in "+in.Identifier, 1, 30, 5*time.Minute, r.now); !ok {
		return b.limited(r, "")
	}
	if in.Password == "" {
		return bskyError(http.StatusUnauthorized, "AuthenticationRequired", "Invalid identifier or password")
	}
	return b.session(r, in.Identifier)
}

// renew takes a refresh token once, and once more within two minutes: two workers may both get in.
func (b *bluesky) renew(r *request) answer {
	s, ok := b.sessions[r.bearer()]
	switch {
	case !ok || !s.refresh:
		return bskyError(http.StatusBadRequest, "InvalidToken", "Token could not be verified")
	case !r.now.Before(s.until):
		return bskyError(http.StatusBadRequest, "ExpiredToken", "Token has been revoked")
	}
	if grace := r.now.Add(2 * time.Minute); grace.Before(s.until) {
		s.until = grace
		b.sessions[r.bearer()] = s
	}
	return b.session(r, s.handle)
}

// authorized lets a call through whose access token is good.
func (b *bluesky) authorized(serve func(*request, bskySession) answer) func(*request) answer {
	return func(r *request) answer {
		if r.bearer() == "" {
			return bskyError(http.StatusUnauthorized, "AuthMissing", "Authentication Required")
		}
		s, ok := b.sessions[r.bearer()]
		if !ok || s.refresh {
			return bskyError(http.StatusBadRequest, "InvalidToken", "Token could not be verified")
		}
		if !r.now.Before(s.until) {
			return b.expired(r)
		}
		return serve(r, s)
	}
}

func (b *bluesky) whoami(_ *request, s bskySession) answer {
	return reply(http.StatusOK, map[string]any{"did": s.did, "handle": s.handle, "active": true})
}

func (b *bluesky) upload(r *request, _ bskySession) answer {
	if len(r.body) > bskyBlob {
		return bskyError(http.StatusRequestEntityTooLarge, "PayloadTooLarge", "request entity too large")
	}
	if len(r.body) == 0 {
		return bskyError(http.StatusBadRequest, "InvalidRequest", "Request body is empty")
	}
	cid := "bafkrei" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(hashed(r.body)))
	hash, p, ok := b.keep(r.body)
	if !ok {
		p.typ = r.Header.Get("Content-Type")
	}
	b.blobs[cid] = hash
	return reply(http.StatusOK, map[string]any{"blob": map[string]any{
		"$type": "blob", "ref": map[string]string{"$link": cid}, "mimeType": p.typ, "size": len(r.body),
	}})
}

type bskyWrite struct {
	Repo, Collection, RKey string
	Record                 json.RawMessage
	SwapRecord             json.RawMessage // absent: nil; null: "null"
}

func (b *bluesky) put(r *request, s bskySession) answer {
	var in bskyWrite
	if !r.json(&in) {
		return bskyError(http.StatusBadRequest, "InvalidRequest", "Input must be an object")
	}
	return b.store(r, s, in)
}

func (b *bluesky) create(r *request, s bskySession) answer {
	var in bskyWrite
	if !r.json(&in) {
		return bskyError(http.StatusBadRequest, "InvalidRequest", "Input must be an object")
	}
	if in.RKey == "" {
		in.RKey = b.tid(r.now)
	}
	if _, there := b.records[atURI(s.did, in.RKey)]; there { // what the real one says, for ever
		return bskyError(http.StatusInternalServerError, "InternalServerError", "Internal Server Error")
	}
	in.SwapRecord = nil
	return b.store(r, s, in)
}

// tid is a record key of the server's own making.
func (b *bluesky) tid(now time.Time) string {
	const letters = "234567abcdefghijklmnopqrstuvwxyz"
	n := uint64(now.UnixMicro())<<10 | uint64(b.next())&1023
	var out [13]byte
	for i := range out {
		out[12-i] = letters[n>>(5*i)&31]
	}
	return string(out[:])
}

func atURI(did, rkey string) string { return "at://" + did + "/" + bskyCollection + "/" + rkey }

// store is putRecord: with swapRecord null only what is not there yet, with a cid only what is as it was, and the same
// content again is no change.
func (b *bluesky) store(r *request, s bskySession, in bskyWrite) answer {
	var p bskyPost
	switch {
	case in.Repo != s.did && in.Repo != s.handle:
		return bskyError(http.StatusBadRequest, "InvalidRequest", "Invalid repo")
	case in.Collection != bskyCollection:
		return bskyError(http.StatusBadRequest, "InvalidRequest", "this simulator keeps "+bskyCollection+" alone")
	case !bskyTID.MatchString(in.RKey):
		return bskyError(http.StatusBadRequest, "InvalidRequest", fmt.Sprintf("Invalid record key for app.bsky.feed.post: Invalid TID string (got %q) at $", in.RKey))
	case json.Unmarshal(in.Record, &p) != nil:
		return bskyError(http.StatusBadRequest, "InvalidRequest", "Invalid app.bsky.feed.post record: Expected object value type at $.record")
	}
	if name, message := b.check(&p); name != "" {
		return bskyError(http.StatusBadRequest, name, message)
	}
	value := canonical(in.Record)
	uri, cid := atURI(s.did, in.RKey), bskyCID(value)
	old, there := b.records[uri]
	out := map[string]any{"uri": uri, "cid": cid, "validationStatus": "valid"}
	if there && old.cid == cid {
		return reply(http.StatusOK, out)
	}
	if swap := strings.Trim(string(in.SwapRecord), `"`); len(in.SwapRecord) > 0 && (swap == "null") == there || there && swap != "" && swap != "null" && swap != old.cid {
		if !there {
			old.cid = "null"
		}
		return bskyError(http.StatusBadRequest, "InvalidSwap", "Record was at "+old.cid)
	}
	cost := 3
	if there {
		cost = 2
	}
	left, reset, ok := b.spend("bluesky "+s.did, cost, 5000, time.Hour, r.now)
	if !ok {
		return b.limited(r, "")
	}
	b.records[uri] = bskyRecord{cid, value}
	b.show(r, s, uri, &p)
	out["commit"] = map[string]string{"cid": bskyCID([]byte(uri + cid)), "rev": b.tid(r.now)}
	return reply(http.StatusOK, out, "RateLimit-Limit", "5000", "RateLimit-Policy", "5000;w=3600", "RateLimit-Remaining", strconv.Itoa(left), "RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
}

// show puts a record on the timeline, or changes what is there. Readers of bsky.app go on seeing the first version of
// an edited post; the timeline shows what the repository holds.
func (b *bluesky) show(r *request, s bskySession, uri string, p *bskyPost) {
	t := b.post("bluesky", uri)
	if t == nil {
		t = b.add(r, Post{Network: "bluesky", Account: s.handle, ID: uri})
	} else {
		t.Edited = r.now
	}
	t.Text, t.Tags = p.Text, p.Tags
	t.Link, t.Title, t.Dek, t.Picture, t.Alt = "", "", "", "", ""
	if len(p.Langs) > 0 {
		t.Language = p.Langs[0]
	}
	if p.Reply != nil {
		t.ReplyTo = p.Reply.Parent.URI
	}
	if p.Embed == nil {
		return
	}
	t.Link, t.Title, t.Dek = p.Embed.External.URI, p.Embed.External.Title, p.Embed.External.Description
	if th := p.Embed.External.Thumb; th != nil {
		t.Picture = b.blobs[th.Ref.Link]
	}
	for _, im := range p.Embed.Images {
		t.Picture, t.Alt = b.blobs[im.Image.Ref.Link], *im.Alt
	}
}

func (b *bluesky) delete(r *request, s bskySession) answer {
	var in bskyWrite
	if !r.json(&in) || in.RKey == "" {
		return bskyError(http.StatusBadRequest, "InvalidRequest", `Input must have the property "rkey"`)
	}
	uri := atURI(s.did, in.RKey)
	if _, there := b.records[uri]; !there {
		return reply(http.StatusOK, struct{}{})
	}
	b.forget(r, uri)
	return reply(http.StatusOK, map[string]any{"commit": map[string]string{"cid": bskyCID([]byte(uri)), "rev": b.tid(r.now)}})
}

func (b *bluesky) forget(r *request, uri string) {
	delete(b.records, uri)
	if p := b.post("bluesky", uri); p != nil {
		p.Deleted = r.now
	}
}

// apply is applyWrites with deletions and creations, all or none.
func (b *bluesky) apply(r *request, s bskySession) answer {
	var in struct {
		Repo   string
		Writes []struct {
			Type             string `json:"$type"`
			Collection, RKey string
			Value            json.RawMessage
		}
	}
	if !r.json(&in) {
		return bskyError(http.StatusBadRequest, "InvalidRequest", "Input must be an object")
	}
	for _, w := range in.Writes {
		var p bskyPost
		if strings.HasSuffix(w.Type, "#create") && json.Unmarshal(w.Value, &p) == nil {
			if name, message := b.check(&p); name != "" {
				return bskyError(http.StatusBadRequest, name, message)
			}
		}
	}
	var results []any
	for _, w := range in.Writes {
		switch uri := atURI(s.did, w.RKey); {
		case strings.HasSuffix(w.Type, "#delete"):
			b.forget(r, uri)
			results = append(results, map[string]string{"$type": "com.atproto.repo.applyWrites#deleteResult"})
		default:
			a := b.store(r, s, bskyWrite{Repo: s.did, Collection: w.Collection, RKey: w.RKey, Record: w.Value})
			if a.status != http.StatusOK {
				return a
			}
			results = append(results, map[string]string{"$type": "com.atproto.repo.applyWrites#createResult", "uri": uri, "cid": b.records[uri].cid, "validationStatus": "valid"})
		}
	}
	return reply(http.StatusOK, map[string]any{"commit": map[string]string{"cid": bskyCID(r.body), "rev": b.tid(r.now)}, "results": results})
}

func (b *bluesky) get(r *request) answer {
	q := r.URL.Query()
	uri := atURI(q.Get("repo"), q.Get("rkey"))
	rec, ok := b.records[uri]
	if !ok || b.post("bluesky", uri) == nil { // it may have been removed by hand
		return bskyError(http.StatusBadRequest, "RecordNotFound", "Could not locate record: "+uri)
	}
	return reply(http.StatusOK, map[string]any{"uri": uri, "cid": rec.cid, "value": rec.value})
}

func (b *bluesky) list(r *request) answer {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 {
		limit = 50
	}
	records := []any{}
	repo := "at://" + r.URL.Query().Get("repo") + "/"
	for i := len(b.posts) - 1; i >= 0 && len(records) < limit; i-- {
		if p := b.posts[i]; p.Network == "bluesky" && p.Stands() && strings.HasPrefix(p.ID, repo) {
			records = append(records, map[string]any{"uri": p.ID, "cid": b.records[p.ID].cid, "value": b.records[p.ID].value})
		}
	}
	out := map[string]any{"records": records}
	if len(records) == limit {
		last := records[limit-1].(map[string]any)["uri"].(string)
		out["cursor"] = last[strings.LastIndexByte(last, '/')+1:]
	}
	return reply(http.StatusOK, out)
}
