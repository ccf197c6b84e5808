// Package sim is the networks, simulated: one HTTP server with a fake of each network's API, a file a kind.
//
// It owns what a network would: accounts, ids, limits, rate windows, what is posted, edited and taken down, and how
// its answers read. It promises to behave as the networks' documentation and recordings say, faults included, which are
// given by script ([Fault]); and to show what was posted as a page that looks like a timeline. It shares no code with
// package channel, whose calls it judges: what both must know, each knows by itself.
//
// A network stands below its kind: a client's server is "http://127.0.0.1:8788/mastodon". Any credential that is not
// empty opens an account of its own. Clients take a call for what its answer says; tests take what [Server.Posts] says.
package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"image"
	_ "image/jpeg" // uploads are looked into, as networks do
	_ "image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

// maxBody is the most of a request that any network reads, in bytes.
const maxBody = 64 << 20

// keptCalls is how many of the latest calls are remembered.
const keptCalls = 10000

// Server is the simulated networks. It is an [http.Handler]; New makes one.
type Server struct {
	now func() time.Time

	mu       sync.Mutex // over all below, and over the networks' own states: a network takes one call at a time
	mux      *http.ServeMux
	base     string // where the server is reached, for addresses in answers; empty: as the request came
	networks []network
	posts    []*Post
	pictures map[string]picture
	budgets  map[string]*budget
	dead     map[string]bool // credentials that Expire has struck
	faults   []*Fault
	calls    []Call
	journal  *os.File // where calls that change something are written; nil: nowhere
	serial   int      // counts everything that gets a number
}

// network is one simulated network.
type network interface {
	// kind is the network's name in the configuration, and the first part of its paths.
	kind() string
	// limited answers a call over a limit; wait is what Retry-After is to say, empty for no such header.
	limited(r *request, wait string) answer
	// expired answers a call whose token has run out or was taken back.
	expired(r *request) answer
	// refused answers a call of an account that may not post: suspended, or thrown out.
	refused(r *request) answer
}

// New makes the networks, empty, by the clock that now gives.
func New(now func() time.Time) *Server {
	s := &Server{now: now, mux: http.NewServeMux(), pictures: map[string]picture{}, budgets: map[string]*budget{}, dead: map[string]bool{}}
	s.networks = []network{newBluesky(s), newMastodon(s, "mastodon"), newMastodon(s, "gotosocial"), newTelegram(s),
		newX(s), newFacebook(s), newInstagram(s), newThreads(s), newLinkedin(s),
		newSlack(s), newDiscord(s), newTeams(s), newNostr(s), newWebhook(s)}
	s.pages()
	return s
}

// At says where the server is reached from outside ("http://127.0.0.1:8787/sim"), for the addresses in its answers.
func (s *Server) At(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimSuffix(base, "/")
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Op is what a call is for, the same on all networks: what faults are aimed at.
type Op string

// The operations. A network has those it needs.
const (
	SignIn  Op = "sign in" // a session or token is made or renewed
	Read    Op = "read"    // limits, profile
	Upload  Op = "upload"  // a picture, a container: nothing that readers see
	Poll    Op = "poll"    // whether what was uploaded is ready
	Publish Op = "publish" // the call after which readers see a post
	Find    Op = "find"    // one post or the newest ones
	Edit    Op = "edit"
	Delete  Op = "delete"
)

// Call is one call that a client made.
type Call struct {
	Network string      `json:"network"`
	Op      Op          `json:"op"`
	Method  string      `json:"method"`
	Path    string      `json:"path"` // with its query, as it came
	Header  http.Header `json:"header"`
	Body    []byte      `json:"-"`
	At      time.Time   `json:"at"`
	Status  int         `json:"status"` // of the answer; 0: none was given
}

// Calls returns the calls that a network has had, oldest first; of all networks if kind is empty.
func (s *Server) Calls(kind string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Call
	for _, c := range s.calls {
		if kind == "" || c.Network == kind {
			out = append(out, c)
		}
	}
	return out
}

// request is a call that was read as a whole.
type request struct {
	*http.Request
	body []byte
	now  time.Time
	base string // where the server was reached: "http://127.0.0.1:8788"
	slow *Fault // uploads are to take their time, or to fail
}

// json reads the body into v; false if it is none.
func (r *request) json(v any) bool { return json.Unmarshal(r.body, v) == nil }

// form is the fields of the call, whether they came in the query, as a form, as multipart or as JSON; files are the
// multipart form's.
func (r *request) form() (fields url.Values, files map[string]file) {
	fields, files = r.URL.Query(), map[string]file{}
	typ, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
	case typ == "application/x-www-form-urlencoded":
		if v, err := url.ParseQuery(string(r.body)); err == nil {
			for k, x := range v {
				fields[k] = append(fields[k], x...)
			}
		}
	case typ == "application/json":
		var v map[string]any
		if json.Unmarshal(r.body, &v) != nil {
			break
		}
		for k, x := range v {
			switch x := x.(type) {
			case string:
				fields.Set(k, x)
			case nil:
			case []any:
				for _, e := range x {
					fields.Add(k+"[]", plain(e))
				}
			default:
				fields.Set(k, plain(x))
			}
		}
	case typ == "multipart/form-data":
		m := multipart.NewReader(bytes.NewReader(r.body), params["boundary"])
		for {
			p, err := m.NextPart()
			if err != nil {
				break
			}
			b, err := io.ReadAll(p)
			if err != nil {
				break
			}
			if p.FileName() != "" {
				files[p.FormName()] = file{p.FileName(), p.Header.Get("Content-Type"), b}
			} else {
				fields.Add(p.FormName(), string(b))
			}
		}
	}
	return fields, files
}

// plain is a value of JSON as a form would have it.
func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil { // what came out of JSON goes back into it
		panic(err)
	}
	return string(b)
}

type file struct {
	name, typ string
	body      []byte
}

// bearer is the token in the Authorization header; empty if there is none.
func (r *request) bearer() string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

var oauthToken = regexp.MustCompile(`oauth_token="([^"]+)"`)

// credential is what a call shows for its right to be made, wherever it stands; empty if there is nothing.
func (r *request) credential() string {
	if m := oauthToken.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		return m[1]
	}
	if r.bearer() != "" {
		return r.bearer()
	}
	if bot := r.PathValue("bot"); bot != "" {
		return bot
	}
	fields, _ := r.form()
	return fields.Get("access_token")
}

// answer is what a network says. A body that is a string or bytes is sent as it is, nil as nothing, all else as JSON.
type answer struct {
	status int
	header []string // in pairs
	body   any
}

func reply(status int, body any, header ...string) answer { return answer{status, header, body} }

func (a answer) bytes() (body []byte, typ string) {
	switch b := a.body.(type) {
	case nil:
		return nil, ""
	case string:
		return []byte(b), "text/plain; charset=utf-8"
	case []byte:
		return b, "application/octet-stream"
	}
	b, err := json.Marshal(a.body)
	if err != nil { // an answer of ours that is no JSON is a fault of the simulator
		panic(err)
	}
	return b, "application/json; charset=utf-8"
}

func (a answer) write(w http.ResponseWriter) {
	body, typ := a.bytes()
	if typ != "" {
		w.Header().Set("Content-Type", typ)
	}
	for i := 0; i+1 < len(a.header); i += 2 {
		w.Header().Set(a.header[i], a.header[i+1])
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // a client that has gone does not read it
}

// on serves a network's path. The pattern is "METHOD /path" as in [http.ServeMux], below the network's own prefix.
func (s *Server) on(n network, pattern string, op Op, serve func(*request) answer) {
	s.route(n, pattern, func(w http.ResponseWriter, r *http.Request) {
		f := s.strike(n.kind(), op)
		if f != nil && f.Do == Cut {
			s.heard(n, op, r, nil, 0)
			cut(w, r)
			return
		}
		if body, ok := read(w, r); ok {
			s.exchange(w, r, n, op, f, body, serve)
		}
	})
}

// onBody is on for a path whose purpose stands in the body.
func (s *Server) onBody(n network, pattern string, op func(*request) Op, serve func(*request) answer) {
	s.route(n, pattern, func(w http.ResponseWriter, r *http.Request) {
		if body, ok := read(w, r); ok {
			op := op(&request{Request: r, body: body})
			s.exchange(w, r, n, op, s.strike(n.kind(), op), body, serve)
		}
	})
}

func (s *Server) route(n network, pattern string, h http.HandlerFunc) {
	method, path, _ := strings.Cut(pattern, " ")
	s.mux.HandleFunc(method+" /"+n.kind()+path, h)
}

func read(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the request was not read: "+err.Error(), http.StatusBadRequest)
		return nil, false
	}
	return body, true
}

// exchange lets the network answer, or the fault in its place, before or after it.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request, n network, op Op, f *Fault, body []byte, serve func(*request) answer) {
	s.mu.Lock()
	rq := &request{Request: r, body: body, now: s.now(), base: s.base}
	if rq.base == "" {
		rq.base = "http://" + r.Host
	}
	if f != nil && f.Do == Slow {
		rq.slow, f = f, nil
	}
	if f != nil && f.Do == Expire {
		s.dead[rq.credential()] = true
	}
	a, instead := f.instead(n, rq)
	switch {
	case instead:
	case s.dead[rq.credential()]:
		a = n.expired(rq)
	default:
		if err := s.write(op, rq); err != nil {
			a = reply(http.StatusInternalServerError, "the simulator could not write its journal: "+err.Error())
			break
		}
		a = serve(rq)
	}
	s.mu.Unlock()
	status := a.status
	if f.silent() {
		status = 0
	}
	s.heard(n, op, r, body, status)
	f.write(w, r, a)
}

// heard remembers a call.
func (s *Server) heard(n network, op Op, r *http.Request, body []byte, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) >= keptCalls {
		s.calls = s.calls[keptCalls/10:]
	}
	s.calls = append(s.calls, Call{n.kind(), op, r.Method, r.URL.RequestURI(), r.Header.Clone(), body, s.now(), status})
}

// next numbers what is made. The networks' ids are made from it.
func (s *Server) next() int {
	s.serial++
	return s.serial
}

// picture is an upload that is one.
type picture struct {
	typ           string
	body          []byte
	width, height int
}

// keep stores a picture under the hash of its bytes; false if it is none that can be read.
func (s *Server) keep(body []byte) (hash string, p picture, ok bool) {
	c, format, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil {
		return "", picture{}, false
	}
	sum := sha256.Sum256(body)
	hash = hex.EncodeToString(sum[:])
	p = picture{"image/" + format, body, c.Width, c.Height}
	s.pictures[hash] = p
	return hash, p, true
}

// short is a name made from a text, in hexadecimal digits.
func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
