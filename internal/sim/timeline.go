package sim

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Post is one post as the network's readers see it.
type Post struct {
	Network     string    `json:"network"`            // the kind
	Account     string    `json:"account"`            // whose it is: handle, chat, page
	ID          string    `json:"id"`                 // as the network names it
	URL         string    `json:"url"`                // where this simulator shows it
	Text        string    `json:"text"`               // without markup
	Link        string    `json:"link,omitempty"`     // of the link card
	Title       string    `json:"title,omitempty"`    // of the link card
	Dek         string    `json:"dek,omitempty"`      // of the link card
	Picture     string    `json:"picture,omitempty"`  // shown at /-/pictures/<hash>, or an address elsewhere
	Alt         string    `json:"alt,omitempty"`      // the picture's
	Language    string    `json:"language,omitempty"` // as it was posted with
	Tags        []string  `json:"tags,omitempty"`     // besides those in the text
	ReplyTo     string    `json:"reply_to,omitempty"` // id of the post it answers
	At          time.Time `json:"at"`                 // when the network took it
	Edited      time.Time `json:"edited,omitzero"`    // the last time
	Deleted     time.Time `json:"deleted,omitzero"`   // zero: it stands
	Fingerprint string    `json:"-"`                  // what the network knows a double by, where it does
}

// Stands says that readers see the post.
func (p *Post) Stands() bool { return p.Deleted.IsZero() }

// Posts returns all that was ever posted to a network, what was taken down too, oldest first; of all networks if kind
// is empty.
func (s *Server) Posts(kind string) []Post {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Post
	for _, p := range s.posts {
		if kind == "" || p.Network == kind {
			out = append(out, *p)
		}
	}
	return out
}

// Remove takes a post down as if somebody had done so by hand; false: there is none that stands.
func (s *Server) Remove(kind, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.post(kind, id)
	if p == nil {
		return false
	}
	p.Deleted = s.now()
	return true
}

// add puts a post on the timeline.
func (s *Server) add(r *request, p Post) *Post {
	p.At = r.now
	p.URL = r.base + "/#" + p.Network + "-" + anchor(p.ID)
	s.posts = append(s.posts, &p)
	return &p
}

// anchor is an id as it can stand in an address.
func anchor(id string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			return c
		}
		return '-'
	}, id)
}

// post finds one that stands.
func (s *Server) post(kind, id string) *Post {
	for _, p := range s.posts {
		if p.Network == kind && p.ID == id && p.Stands() {
			return p
		}
	}
	return nil
}

// of lists the posts of an account that stand, newest first.
func (s *Server) of(kind, account string) []*Post {
	var out []*Post
	for _, p := range slices.Backward(s.posts) {
		if p.Network == kind && p.Account == account && p.Stands() {
			out = append(out, p)
		}
	}
	return out
}

//go:embed timeline.html
var timelineHTML string

var timelineTemplate = template.Must(template.New("timeline").Funcs(template.FuncMap{
	"anchor": anchor,
	"local":  func(p string) bool { return len(p) == 64 && !strings.Contains(p, "/") },
	"title":  func(kind string) string { return titles[kind] },
}).Parse(timelineHTML))

// titles is how the networks call themselves.
var titles = map[string]string{
	"bluesky": "Bluesky", "mastodon": "Mastodon", "gotosocial": "GoToSocial", "telegram": "Telegram", "x": "X", "facebook": "Facebook", "instagram": "Instagram",
	"threads": "Threads", "linkedin": "LinkedIn", "slack": "Slack", "discord": "Discord", "teams": "Teams", "nostr": "Nostr", "webhook": "Webhook",
}

// pages serves the timeline, and what tests and people ask and tell the simulator itself: its posts, its calls, its
// script.
func (s *Server) pages() {
	s.mux.HandleFunc("GET /{$}", s.timeline)
	s.mux.HandleFunc("GET /-/pictures/{hash}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		p, ok := s.pictures[r.PathValue("hash")]
		s.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		reply(http.StatusOK, p.body, "Content-Type", p.typ, "X-Content-Type-Options", "nosniff").write(w)
	})
	s.mux.HandleFunc("GET /-/posts", func(w http.ResponseWriter, r *http.Request) {
		posts := s.Posts(r.URL.Query().Get("network"))
		if posts == nil {
			posts = []Post{}
		}
		reply(http.StatusOK, posts).write(w)
	})
	s.mux.HandleFunc("GET /-/calls", func(w http.ResponseWriter, r *http.Request) {
		calls := s.Calls(r.URL.Query().Get("network"))
		for i := range calls {
			calls[i].Header.Del("Authorization")
		}
		reply(http.StatusOK, calls).write(w)
	})
	s.mux.HandleFunc("POST /-/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
		d.DisallowUnknownFields()
		if err := d.Decode(&f); err != nil || !whats[f.Do] {
			reply(http.StatusBadRequest, `want a fault as {"network":"mastodon","op":"publish","do":"hang"}`).write(w)
			return
		}
		s.Fault(f)
		w.WriteHeader(http.StatusNoContent)
	})
	s.mux.HandleFunc("DELETE /-/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.Mend()
		w.WriteHeader(http.StatusNoContent)
	})
}

func (s *Server) timeline(w http.ResponseWriter, r *http.Request) {
	only := r.URL.Query().Get("network")
	posts := conversations(s.Posts(only))
	var kinds []string
	for _, n := range s.networks {
		kinds = append(kinds, n.kind())
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' http: https:")
	if err := timelineTemplate.Execute(w, map[string]any{"Posts": posts, "Kinds": kinds, "Only": only}); err != nil {
		http.Error(w, "our own fault: "+err.Error(), http.StatusInternalServerError)
	}
}

// told is a post as the timeline shows it.
type told struct {
	Post
	Under bool // it stands under the post that it answers
}

// conversations puts posts, which come oldest first, as readers find them: the newest first, and under each what answers it,
// in order.
func conversations(posts []Post) []told {
	key := func(network, id string) string { return network + " " + id }
	answers, known := map[string][]int{}, map[string]bool{}
	for i, p := range posts {
		known[key(p.Network, p.ID)] = p.ID != ""
		answers[key(p.Network, p.ReplyTo)] = append(answers[key(p.Network, p.ReplyTo)], i)
	}
	var out []told
	shown := make([]bool, len(posts))
	var show func(i int, under bool)
	show = func(i int, under bool) {
		if shown[i] {
			return // of what goes round in a circle, or has the id of another
		}
		shown[i] = true
		out = append(out, told{posts[i], under})
		if id := posts[i].ID; id != "" {
			for _, a := range answers[key(posts[i].Network, id)] {
				show(a, true)
			}
		}
	}
	for i, p := range slices.Backward(posts) {
		if p.ReplyTo == "" || !known[key(p.Network, p.ReplyTo)] {
			show(i, false)
		}
	}
	return out
}
