package channel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2/schnorr"

	"cutline/internal/config"
	"cutline/internal/sim"
)

const testNsec = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5" // NIP-19's example

// relays starts simulated relays, of which each is a server of its own.
func relays(t *testing.T, n int) (servers []*sim.Server, addresses []string) {
	for range n {
		s := sim.New(func() time.Time { return noon })
		web := httptest.NewServer(s)
		t.Cleanup(web.Close)
		servers, addresses = append(servers, s), append(addresses, "ws"+strings.TrimPrefix(web.URL, "http")+"/nostr/")
	}
	return servers, addresses
}

func nostrAt(t *testing.T, addresses []string) Channel {
	ch, _ := opened(t, "nostr", "", withSecret(t, testNsec), func(c *config.Channel) { c.Relays = addresses })
	return ch
}

func TestNostrIsOutWhenOneRelayHasIt(t *testing.T) {
	ctx := context.Background()
	servers, addresses := relays(t, 3)
	ch := nostrAt(t, addresses)
	c := posting(true)
	if o := ch.Find(ctx, c); o.End != Absent {
		t.Fatalf("before: %+v", o)
	}
	servers[0].Fault(sim.Fault{Op: sim.Publish, Do: sim.Limit})
	servers[1].Fault(sim.Fault{Op: sim.Publish, Do: sim.Reset})
	o := ch.Publish(ctx, c)
	if o.End != Posted || len(o.Remote.ID) != 64 || !strings.HasPrefix(o.Remote.URL, "https://njump.me/note1") || !strings.Contains(o.Why, "rate-limited") {
		t.Fatalf("publish: %+v", o)
	}
	if again := ch.Publish(ctx, c); again.End != Posted || again.Remote != o.Remote || again.Why != "" {
		t.Errorf("again: %+v", again)
	}
	for i, s := range servers {
		posts := s.Posts("nostr")
		if len(posts) != 1 || posts[0].ID != o.Remote.ID || posts[0].Language != "ckb" || posts[0].Alt != c.Draft.Alt || posts[0].Link != c.Draft.Link {
			t.Errorf("relay %d has %+v", i, posts)
		}
	}
	if f := ch.Find(ctx, c); f.End != Posted || f.Remote != o.Remote {
		t.Errorf("find: %+v", f)
	}
	reply := posting(true)
	reply.ReplyTo = &o.Remote
	if r := ch.Publish(ctx, reply); r.End != Posted || r.Remote.ID == o.Remote.ID || servers[2].Posts("nostr")[1].ReplyTo != o.Remote.ID {
		t.Errorf("reply: %+v", r)
	}
	c.Remote = o.Remote
	if r := ch.Retract(ctx, c); r.End != Posted || r.Remote != o.Remote || servers[0].Posts("nostr")[0].Stands() {
		t.Errorf("retract: %+v", r)
	}
	if f := ch.Find(ctx, c); f.End != Absent {
		t.Errorf("after: %+v", f)
	}
}

func TestNostrWhenNoRelayHasIt(t *testing.T) {
	ctx := context.Background()
	for _, x := range []struct {
		first, second sim.What
		end           End
		pause         bool
	}{
		{sim.Limit, sim.Limit, Later, false},
		{sim.Limit, sim.Cut, Unknown, false}, // one of them may have it
		{sim.Refuse, sim.Limit, Later, false},
		{sim.Refuse, sim.Refuse, Refused, true},
		{sim.Error, sim.Limit, Later, false},
		{sim.Hang, sim.Refuse, Unknown, false},
	} {
		servers, addresses := relays(t, 2)
		ch := nostrAt(t, addresses)
		first := sim.Fault{Op: sim.Publish, Do: x.first}
		if x.first == sim.Hang {
			first.Then = func() { giveUp(ch) }
		}
		servers[0].Fault(first)
		servers[1].Fault(sim.Fault{Op: sim.Publish, Do: x.second})
		if o := ch.Publish(ctx, posting(true)); o.End != x.end || o.Pause != x.pause {
			t.Errorf("%s and %s: %+v", x.first, x.second, o)
		}
	}
	if o := nostrAt(t, []string{"ws://127.0.0.1:1"}).Publish(ctx, posting(true)); o.End != Later {
		t.Errorf("no relay there: %+v", o)
	}
	servers, addresses := relays(t, 2)
	ch := nostrAt(t, addresses)
	servers[1].Fault(sim.Fault{Op: sim.Find, Do: sim.Down})
	c := posting(true)
	servers[0].Fault(sim.Fault{Op: sim.Publish, Do: sim.Cut})
	servers[1].Fault(sim.Fault{Op: sim.Publish, Do: sim.Cut})
	if o := ch.Publish(ctx, c); o.End != Unknown {
		t.Errorf("no relay answers: %+v", o)
	}
	if o := ch.Find(ctx, c); o.End != Later {
		t.Errorf("one relay does not say: %+v", o)
	}
	moved, _ := opened(t, "nostr", "", withSecret(t, testNsec), func(c *config.Channel) { c.Relays = addresses })
	moved.(*nostr).p.Public = "https://other.example" // configured anew between two tries
	if o := moved.Publish(ctx, c); o.End != Posted || len(servers[0].Posts("nostr")) != 1 || strings.Contains(servers[0].Posts("nostr")[0].Text, "other") {
		t.Errorf("the note that was signed first is not the one that is sent: %+v", o)
	}
}

// TestNostrEventsAsRecorded makes the ids of events that a real relay took, and checks its own signature as a relay does.
func TestNostrEventsAsRecorded(t *testing.T) {
	var doc struct {
		Steps []struct {
			Name    string
			Sent    []json.RawMessage
			Answers [][]any
		}
	}
	readJSON(t, "testdata/answers/nostr-transcript.json", &doc)
	checked := 0
	for _, s := range doc.Steps {
		var e nostrEvent
		if len(s.Sent) < 2 || string(s.Sent[0]) != `"EVENT"` || json.Unmarshal(s.Sent[1], &e) != nil || len(s.Answers) != 1 || s.Answers[0][2] != true {
			continue
		}
		if got := idOf(t, e); got != e.ID {
			t.Errorf("%s: id %s, want %s", s.Name, got, e.ID)
		}
		checked++
	}
	if checked < 3 {
		t.Errorf("only %d events were checked", checked)
	}
	key, err := nostrKey(testNsec)
	if err != nil {
		t.Fatal(err)
	}
	e := nostrEvent{CreatedAt: noon.Unix(), Kind: 1, Tags: [][]string{}, Content: "هەولێر & <b>\u2028\\u2028 \"\t\n"}
	if err := e.sign(key); err != nil {
		t.Fatal(err)
	}
	if b, err := e.serialized(); err != nil || !strings.HasSuffix(string(b), `,1,[],"هەولێر & <b>`+"\u2028"+`\\u2028 \"\t\n"]`) {
		t.Errorf("%v %s", err, b)
	}
	raw, err := hex.DecodeString(e.Sig)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := hex.DecodeString(e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if sig, err := schnorr.ParseSignature(raw); err != nil || !sig.Verify(sum, key.PubKey()) {
		t.Errorf("the signature is wrong: %v", err)
	}
}

func idOf(t *testing.T, e nostrEvent) string {
	b, err := e.serialized()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// The examples of NIP-19.
func TestNostrKeys(t *testing.T) {
	const secret, public, npub = "67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa", "7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e", "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg"
	key, err := nostrKey(" " + testNsec + "\n")
	if err != nil || hex.EncodeToString(key.Serialize()) != secret {
		t.Errorf("%v", err)
	}
	raw, err := hex.DecodeString(public)
	if err != nil {
		t.Fatal(err)
	}
	if got := bech32("npub", raw); got != npub {
		t.Errorf("%s, want %s", got, npub)
	}
	for _, wrong := range []string{"", "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe4", npub, strings.Repeat("0", 64), "a password"} {
		if _, err := nostrKey(wrong); err == nil || wrong != "" && strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
