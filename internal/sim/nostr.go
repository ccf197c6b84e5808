package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/coder/websocket"
)

// nostr is a relay (NIP-01), with the document that tells its limits (NIP-11) and deletions on request (NIP-09).
type nostr struct {
	*Server
	events map[string]nostrEvent
}

type nostrEvent struct {
	ID        string     `json:"id"`
	PubKey    string     `json:"pubkey"`
	CreatedAt int64      `json:"created_at"`
	Kind      int        `json:"kind"`
	Tags      [][]string `json:"tags"`
	Content   string     `json:"content"`
	Sig       string     `json:"sig"`
}

const nostrContent = 65536 // characters of an event

func newNostr(s *Server) *nostr {
	n := &nostr{Server: s, events: map[string]nostrEvent{}}
	s.route(n, "GET /{$}", n.connect)
	s.route(n, "GET /relay", n.connect)
	return n
}

func (n *nostr) kind() string { return "nostr" }

func (n *nostr) limited(*request, string) answer {
	return reply(http.StatusTooManyRequests, "rate-limited: slow down")
}
func (n *nostr) expired(*request) answer {
	return reply(http.StatusForbidden, "restricted: this key may not write here any more")
}
func (n *nostr) refused(*request) answer {
	return reply(http.StatusForbidden, "blocked: this key may not write here")
}

// connect answers who wants the relay's document, and talks with who wants the relay.
func (n *nostr) connect(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Accept") == "application/nostr+json" {
		reply(http.StatusOK, map[string]any{"name": "cutline sim", "supported_nips": []int{1, 9, 11},
			"limitation": map[string]any{"max_message_length": 131072, "max_content_length": nostrContent, "auth_required": false, "payment_required": false}},
			"Content-Type", "application/nostr+json").write(w)
		return
	}
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer c.CloseNow()
	c.SetReadLimit(131072)
	for {
		_, b, err := c.Read(r.Context())
		if err != nil {
			return
		}
		if !n.message(r.Context(), c, r, b) {
			return
		}
	}
}

// message answers one message; false ends the connection.
func (n *nostr) message(ctx context.Context, c *websocket.Conn, r *http.Request, b []byte) bool {
	say := func(v ...any) bool {
		b, err := json.Marshal(v)
		return err == nil && c.Write(ctx, websocket.MessageText, b) == nil
	}
	var m []json.RawMessage
	var verb string
	if json.Unmarshal(b, &m) != nil || len(m) < 2 || json.Unmarshal(m[0], &verb) != nil {
		return say("NOTICE", "invalid: a message is a list that begins with its verb")
	}
	switch verb {
	case "EVENT":
		var e nostrEvent
		if json.Unmarshal(m[1], &e) != nil {
			return say("NOTICE", "invalid: no event")
		}
		op := Publish
		if e.Kind == 5 {
			op = Delete
		}
		f := n.strike(n.kind(), op)
		if f != nil && f.Do == Cut {
			return false
		}
		a, instead := f.instead(n, &request{Request: r, now: n.now()})
		ok, why := false, ""
		if instead && (f.Do == Endless || f.Status != 0) { // something that is no answer to this
			n.heard(n, op, r, m[1], http.StatusOK)
			if f.Do == Endless {
				return say("NOTICE", strings.Repeat("and ", 1<<20))
			}
			return say("NOTICE", f.Body)
		} else if instead {
			why = fmt.Sprint(a.body)
		} else {
			n.mu.Lock()
			ok, why = n.take(r, e)
			n.mu.Unlock()
		}
		n.heard(n, op, r, m[1], map[bool]int{true: 200, false: 400}[ok])
		if f != nil && f.Then != nil {
			f.Then()
		}
		switch {
		case f == nil || instead || f.Do == Pass || f.Do == Slow:
			return say("OK", e.ID, ok, why)
		case f.Do == Hang:
			<-ctx.Done()
		case f.Do == Error:
			return say("OK", e.ID, false, "error: could not say whether it is kept")
		case f.Do == Odd:
			return say("NOTICE", "welcome")
		}
		return false // Reset, Half
	case "REQ":
		f := n.strike(n.kind(), Find)
		if f != nil {
			return false
		}
		var sub string
		var filter map[string]json.RawMessage
		if len(m) < 3 || json.Unmarshal(m[1], &sub) != nil || json.Unmarshal(m[2], &filter) != nil {
			return say("NOTICE", "invalid: no filter")
		}
		n.mu.Lock()
		found := n.find(filter)
		n.mu.Unlock()
		n.heard(n, Find, r, b, http.StatusOK)
		for _, e := range found {
			if !say("EVENT", sub, e) {
				return false
			}
		}
		return say("EOSE", sub)
	}
	return true // CLOSE
}

// serialized is what an event's id is the hash of.
func (e *nostrEvent) serialized() []byte {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	tags := e.Tags
	if tags == nil {
		tags = [][]string{}
	}
	if err := enc.Encode([]any{0, e.PubKey, e.CreatedAt, e.Kind, tags, e.Content}); err != nil {
		panic(err) // texts and numbers
	}
	text := strings.NewReplacer(`\u2028`, "\u2028", `\u2029`, "\u2029").Replace(strings.TrimSuffix(b.String(), "\n"))
	return []byte(text)
}

// valid says what is wrong with an event's id and signature; empty: nothing.
func (e *nostrEvent) valid() string {
	sum := sha256.Sum256(e.serialized())
	if hex.EncodeToString(sum[:]) != e.ID {
		return "invalid: id is wrong"
	}
	key, err := hex.DecodeString(e.PubKey)
	if err != nil {
		return "invalid: pubkey is wrong"
	}
	pub, err := schnorr.ParsePubKey(key)
	if err != nil {
		return "invalid: pubkey is wrong"
	}
	raw, err := hex.DecodeString(e.Sig)
	if err != nil {
		return "invalid: signature is wrong"
	}
	if sig, err := schnorr.ParseSignature(raw); err != nil || !sig.Verify(sum[:], pub) {
		return "invalid: signature is wrong"
	}
	return ""
}

func (n *nostr) take(r *http.Request, e nostrEvent) (bool, string) {
	if why := e.valid(); why != "" {
		return false, why
	}
	if len([]rune(e.Content)) > nostrContent {
		return false, "invalid: content is too long"
	}
	if _, there := n.events[e.ID]; there {
		return true, "duplicate: the event already exists"
	}
	n.events[e.ID] = e
	base := n.base
	if base == "" {
		base = "http://" + r.Host
	}
	switch e.Kind {
	case 1:
		p := Post{Network: "nostr", Account: e.PubKey, ID: e.ID, Text: e.Content}
		for _, t := range e.Tags {
			if len(t) < 2 {
				continue
			}
			switch t[0] {
			case "r":
				p.Link, p.Title = t[1], t[1]
			case "l":
				p.Language = t[1]
			case "t":
				p.Tags = append(p.Tags, t[1])
			case "e":
				p.ReplyTo = t[1]
			case "imeta":
				for _, f := range t[1:] {
					if v, ok := strings.CutPrefix(f, "url "); ok {
						p.Picture = v
					}
					if v, ok := strings.CutPrefix(f, "alt "); ok {
						p.Alt = v
					}
				}
			}
		}
		n.add(&request{Request: r, now: n.now(), base: base}, p)
	case 5:
		for _, t := range e.Tags {
			if len(t) > 1 && t[0] == "e" && n.events[t[1]].PubKey == e.PubKey {
				if p := n.post("nostr", t[1]); p != nil {
					p.Deleted = n.now()
				}
			}
		}
	}
	return true, ""
}

// find lists the events that a filter with ids, authors, kinds or #r lets through; those taken down are gone.
func (n *nostr) find(filter map[string]json.RawMessage) []nostrEvent {
	in := func(name, value string) bool {
		raw, ok := filter[name]
		if !ok {
			return true
		}
		var list []string
		return json.Unmarshal(raw, &list) == nil && slices.Contains(list, value)
	}
	var out []nostrEvent
	for _, e := range n.events {
		kinds, ok := filter["kinds"]
		var list []int
		if ok && (json.Unmarshal(kinds, &list) != nil || !slices.Contains(list, e.Kind)) {
			continue
		}
		link := ""
		for _, t := range e.Tags {
			if len(t) > 1 && t[0] == "r" {
				link = t[1]
			}
		}
		if in("ids", e.ID) && in("authors", e.PubKey) && in("#r", link) && (e.Kind != 1 || n.post("nostr", e.ID) != nil) {
			out = append(out, e)
		}
	}
	return out
}
