package channel

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// nostr posts a note (kind 1) to relays: text and link, with the card by its address. The note's id is the hash of its
// content and of the time of the first claim; it is kept as it was signed, and so the same event at every try, on every relay. It is out
// when one relay has taken it. An event cannot be edited; relays are asked to forget it, and may or may not.
type nostr struct {
	name   string
	cfg    config.Channel
	p      Parts
	relays []string
}

// nostrContent is how long a note may be, in characters: the least of the limits that relays are known to have.
const nostrContent = 8196

func newNostr(name string, c config.Channel, _ config.Site, p Parts) (Channel, error) {
	n := &nostr{name: name, cfg: c, p: p, relays: slices.Clone(c.Relays)}
	if c.Server != "" {
		n.relays = append([]string{c.Server}, c.Relays...)
	}
	if len(n.relays) == 0 || !c.Secret.Given() {
		return nil, fmt.Errorf("nostr needs relays (\"wss://relay.example\") and secret (the key, nsec1…)")
	}
	for i, r := range n.relays {
		u, err := url.Parse(r)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("the relay %q is no address as wss://relay.example", r)
		}
		u.Scheme = map[string]string{"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}[u.Scheme]
		if u.Scheme == "" {
			return nil, fmt.Errorf("the relay %q is no address as wss://relay.example", r)
		}
		n.relays[i] = u.String()
	}
	return n, nil
}

func (n *nostr) Capabilities() Capabilities {
	return Capabilities{Find: Exact, Once: true, Retract: true, Reply: true}
}

func (n *nostr) Prepare(p Piece) story.Draft {
	return linked(p, n.cfg, n.name, "og", func(text string) bool { return len([]rune(text)) <= nostrContent })
}

// event is the note, signed. It depends on the call alone.
func (n *nostr) event(ctx context.Context, c *Call, kind int, content string, tags [][]string) (nostrEvent, Outcome) {
	secret, err := n.cfg.Secret.Value(ctx)
	if err != nil {
		return nostrEvent{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	key, err := nostrKey(secret)
	if err != nil {
		return nostrEvent{}, Outcome{End: Refused, Pause: true, Why: err.Error()}
	}
	e := nostrEvent{CreatedAt: c.First.Unix(), Kind: kind, Tags: tags, Content: content}
	if err := e.sign(key); err != nil {
		return nostrEvent{}, Outcome{End: Refused, Pause: true, Why: "signing the event: " + err.Error()}
	}
	return e, Outcome{End: Posted}
}

func (n *nostr) note(ctx context.Context, c *Call) (nostrEvent, Outcome) {
	d := c.Draft
	tags := [][]string{{"r", d.Link}}
	content := d.Text
	if picture := pictureAddress(n.p, d); picture != "" { // readers show a picture whose address stands in the text (NIP-92)
		content += "\n\n" + picture
		imeta := []string{"imeta", "url " + picture, "m " + d.Type, fmt.Sprintf("dim %dx%d", d.Width, d.Height)}
		if d.Alt != "" {
			imeta = append(imeta, "alt "+d.Alt)
		}
		tags = append(tags, imeta)
	}
	if lang := article.Primary(d.Language); lang != "" {
		list := "ISO-639-1"
		if len(lang) > 2 { // as ckb, which the two letters do not have
			list = "ISO-639-3"
		}
		tags = append(tags, []string{"L", list}, []string{"l", lang, list})
	}
	for _, t := range d.Tags {
		tags = append(tags, []string{"t", strings.ToLower(t)})
	}
	if c.ReplyTo != nil {
		tags = append(tags, []string{"e", c.ReplyTo.ID, n.relays[0], "root"})
	}
	return n.event(ctx, c, 1, content, tags)
}

// nostrRemote names a note by its id, with the address of a public reader of all relays.
func nostrRemote(id string) story.Remote {
	raw, err := hex.DecodeString(id)
	if err != nil {
		return story.Remote{ID: id}
	}
	return story.Remote{ID: id, URL: "https://njump.me/" + bech32("note", raw)}
}

// kept is the note that an earlier try has signed; not ok: none was sent.
func kept(c *Call) (e nostrEvent, ok bool) {
	return e, json.Unmarshal([]byte(c.Steps["event"]), &e) == nil && e.ID != ""
}

// Publish keeps the signed note before it sends it: another configuration, with another public address for the card,
// would make another note of the same draft.
func (n *nostr) Publish(ctx context.Context, c *Call) Outcome {
	e, ok := kept(c)
	if !ok {
		var out Outcome
		if e, out = n.note(ctx, c); out.End != Posted {
			return out
		}
		b, err := json.Marshal(e)
		if err == nil {
			err = c.Step(ctx, "event", string(b))
		}
		if err != nil {
			return Outcome{End: Later, Why: err.Error()}
		}
	}
	out := n.send(ctx, e, true)
	if out.End == Posted {
		out.Remote = nostrRemote(e.ID)
	}
	return out
}

// send gives the event to all relays at once. It is out when one has it. publishing: where one may have it, nobody knows.
func (n *nostr) send(ctx context.Context, e nostrEvent, publishing bool) Outcome {
	outs := n.each(func(relay string) Outcome {
		ok, why, err := n.offer(ctx, relay, e)
		host := hostOf(relay)
		switch {
		case errors.Is(err, errNotReached):
			return Outcome{End: Later, Why: host + ": " + err.Error()}
		case err != nil && publishing:
			return Outcome{End: Unknown, Why: host + ": " + err.Error()}
		case err != nil:
			return Outcome{End: Later, Why: host + ": " + err.Error()}
		case ok || strings.HasPrefix(why, "duplicate:"):
			return Outcome{End: Posted}
		case strings.HasPrefix(why, "rate-limited:"), strings.HasPrefix(why, "error:"):
			return Outcome{End: Later, Why: host + ": " + why}
		}
		pause := strings.HasPrefix(why, "blocked:") || strings.HasPrefix(why, "restricted:") || strings.HasPrefix(why, "auth-required:")
		return Outcome{End: Refused, Why: host + ": " + why, Pause: pause}
	})
	var whys []string
	best := Outcome{End: Refused, Pause: true}
	rank := map[End]int{Posted: 3, Unknown: 2, Later: 1, Refused: 0}
	for _, o := range outs {
		if o.Why != "" {
			whys = append(whys, o.Why)
		}
		if rank[o.End] > rank[best.End] {
			best = o
		}
		best.Pause = best.Pause && o.Pause
	}
	best.Why, best.Rest = strings.Join(whys, "; "), best.End == Later
	if best.End != Refused {
		best.Pause = false
	}
	return best
}

// each asks all relays side by side.
func (n *nostr) each(ask func(relay string) Outcome) []Outcome {
	outs := make([]Outcome, len(n.relays))
	var wg sync.WaitGroup
	for i, r := range n.relays {
		wg.Go(func() { outs[i] = ask(r) })
	}
	wg.Wait()
	return outs
}

func hostOf(relay string) string {
	u, err := url.Parse(relay)
	if err != nil {
		return "relay"
	}
	return u.Host
}

var errNotReached = errors.New("the relay was not reached")

// talk opens a relay, says one thing and hands on each answer until more is false.
func (n *nostr) talk(ctx context.Context, relay string, say []any, more func(verb string, m []json.RawMessage) bool) error {
	own := *n.p.Client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if own.Timeout > 0 { // it would end the conversation, and websocket does not take such a client
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, own.Timeout)
		defer cancel()
		own.Timeout = 0
	}
	conn, _, err := websocket.Dial(ctx, relay, &websocket.DialOptions{HTTPClient: &own})
	if err != nil {
		return errNotReached
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxAnswer)
	b, err := json.Marshal(say)
	if err != nil {
		return err
	}
	if err := conn.Write(ctx, websocket.MessageText, b); err != nil {
		return errors.New("the relay went away")
	}
	for {
		_, b, err := conn.Read(ctx)
		if err != nil {
			return errors.New("the relay gave no answer")
		}
		var m []json.RawMessage
		var verb string
		if json.Unmarshal(b, &m) != nil || len(m) < 2 || json.Unmarshal(m[0], &verb) != nil {
			continue // what is no message of NIP-01 is not for us
		}
		if !more(verb, m) {
			return nil
		}
	}
}

// offer gives an event to a relay and reads what it says about it.
func (n *nostr) offer(ctx context.Context, relay string, e nostrEvent) (ok bool, why string, err error) {
	err = n.talk(ctx, relay, []any{"EVENT", e}, func(verb string, m []json.RawMessage) bool {
		var id string
		if verb != "OK" || len(m) < 3 || json.Unmarshal(m[1], &id) != nil || id != e.ID || json.Unmarshal(m[2], &ok) != nil {
			return true
		}
		if len(m) > 3 && json.Unmarshal(m[3], &why) != nil {
			why = ""
		}
		return false
	})
	return ok, why, err
}

// Find asks the relays for the id. Absent: all of them have answered, and none has it; or none was ever sent.
func (n *nostr) Find(ctx context.Context, c *Call) Outcome {
	e, ok := kept(c)
	if !ok {
		return Outcome{End: Absent}
	}
	outs := n.each(func(relay string) Outcome {
		found := Outcome{End: Absent}
		err := n.talk(ctx, relay, []any{"REQ", "find", map[string][]string{"ids": {e.ID}}}, func(verb string, m []json.RawMessage) bool {
			var got nostrEvent
			switch {
			case verb == "EVENT" && len(m) > 2 && json.Unmarshal(m[2], &got) == nil && got.ID == e.ID:
				found = Outcome{End: Posted, Remote: nostrRemote(e.ID)}
				return false
			case verb == "CLOSED":
				found = Outcome{End: Later, Why: remark.Say("relay-silent", hostOf(relay))}
				return false
			}
			return verb != "EOSE"
		})
		if err != nil {
			return Outcome{End: Later, Why: hostOf(relay) + ": " + err.Error()}
		}
		return found
	})
	best := Outcome{End: Absent}
	for _, o := range outs {
		if o.End == Posted {
			return o
		} else if o.End == Later {
			best = o
		}
	}
	return best
}

// Edit is not offered: a note stands as it was signed.
func (n *nostr) Edit(context.Context, *Call) Outcome {
	return Outcome{End: Refused, Why: remark.Say("edit-not-possible", "Nostr")}
}

// Retract asks all relays to forget the note (NIP-09). Which of them do, and who has it already, nobody can say.
func (n *nostr) Retract(ctx context.Context, c *Call) Outcome {
	e, out := n.event(ctx, c, 5, "", [][]string{{"e", c.Remote.ID}, {"k", "1"}})
	if out.End != Posted {
		return out
	}
	if out = n.send(ctx, e, false); out.End == Posted {
		out.Remote, out.Asked, out.Why = c.Remote, true, remark.Join(remark.Say("relays-asked"), out.Why)
	}
	return out
}
