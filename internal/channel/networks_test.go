package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/sim"
	"cutline/internal/story"
)

// network is a fake server: handle answers; what it is asked is remembered.
type network struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string // method and path
	bodies []string
	turn   sync.Mutex // held while handle runs: one request at a time, and what a test changes between two it changes in between
}

// between changes what handle reads, when no request is under way (one whose client has gone may still be).
func (n *network) between(change func()) {
	n.turn.Lock()
	defer n.turn.Unlock()
	change()
}

func fake(t *testing.T, handle func(w http.ResponseWriter, r *http.Request, body []byte)) *network {
	n := &network{}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		n.mu.Lock()
		n.asked, n.bodies = append(n.asked, r.Method+" "+r.URL.Path), append(n.bodies, string(body))
		n.mu.Unlock()
		n.turn.Lock()
		defer n.turn.Unlock()
		handle(w, r, body)
	}))
	t.Cleanup(n.Close)
	return n
}

const testToken = "test-token-not-a-secret"

func channelAt(t *testing.T, kind, server string) Channel {
	t.Setenv("CUTLINE_TEST_TOKEN", testToken)
	now := func() time.Time { return noon }
	dir, err := bucket.OpenDir(t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := config.NewSecret("env:CUTLINE_TEST_TOKEN", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	st := &story.Store{Bucket: dir, Now: now, Random: rand.New(rand.NewSource(1))}
	ch, err := New("net", config.Channel{Kind: kind, Site: "en", Server: server, Account: "news.example", Chat: "@news", Secret: secret}, config.Site{Name: "Example", Language: "en"},
		Parts{Store: st, Client: newPatient(), Now: now, Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// remembering gives a call whose steps are kept, as post keeps them.
func remembering(k story.Key, text string) *Call {
	c := call(k, text)
	c.Steps = map[string]string{}
	c.Step = func(_ context.Context, name, value string) error { c.Steps[name] = value; return nil }
	c.Keep = func(name, value string) { c.Steps[name] = value }
	return c
}

// onSim is a channel on the simulated network of its kind, with a post whose card is a picture.
func onSim(t *testing.T, kind string) (*sim.Server, Channel, *Call) {
	s := sim.New(func() time.Time { return noon })
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.At(web.URL)
	c := remembering(keyA, "Water stands at the spillway.")
	c.Card = func(context.Context) ([]byte, error) { return jpegCard(t, 1200, 630), nil }
	return s, channelAt(t, kind, web.URL+"/"+kind), c
}

// counted counts what a simulated network was asked.
func counted(s *sim.Server, op sim.Op) (n int) {
	for _, c := range s.Calls("") {
		if c.Op == op {
			n++
		}
	}
	return n
}

func TestBlueskyMakesOnePostWhateverHappens(t *testing.T) {
	ctx := context.Background()
	s, ch, c := onSim(t, "bluesky")
	if o := ch.Find(ctx, c); o.End != Absent {
		t.Fatalf("before: %+v", o)
	}
	s.Fault(sim.Fault{Op: sim.Publish, Do: sim.Hang, Then: func() { giveUp(ch) }})
	if o := ch.Publish(ctx, c); o.End != Unknown {
		t.Fatalf("stored, but no answer: %+v", o)
	}
	o := ch.Find(ctx, c)
	if o.End != Posted || !strings.HasPrefix(o.Remote.URL, "https://bsky.app/profile/did:plc:") {
		t.Fatalf("find: %+v", o)
	}
	if again := ch.Publish(ctx, c); again.End != Posted || again.Remote != o.Remote || len(s.Posts("")) != 1 {
		t.Errorf("again: %+v, %d posts", again, len(s.Posts("")))
	}
	c.Draft.Text = "Another text."
	if other := ch.Publish(ctx, c); other.End != Posted || len(s.Posts("")) != 1 {
		t.Errorf("with another text: %+v, %d posts", other, len(s.Posts("")))
	}
	if n := counted(s, sim.Upload); n != 1 {
		t.Errorf("%d uploads", n)
	}
	c.Remote = o.Remote
	for range 2 {
		if o := ch.Retract(ctx, c); o.End != Posted {
			t.Errorf("retract: %+v", o)
		}
	}
	if s.Posts("")[0].Stands() {
		t.Error("it is still there")
	}
}

// TestBlueskyKeysOfOneSecondDiffer: S3's clock shows whole seconds, so all stories of a busy one are first claimed at the
// same time; a key that two of them had would put one post in the other's place.
func TestBlueskyKeysOfOneSecondDiffer(t *testing.T) {
	first := time.Date(2026, 11, 26, 20, 44, 28, 0, time.UTC)
	seen := map[string]string{}
	for i := range 3000 {
		id := fmt.Sprintf("2026-11-26/story-%d", i)
		key := tid(first, id)
		if other := seen[key]; other != "" || len(key) != 13 || key[0] > 'j' {
			t.Fatalf("%s has the key %s, as %q has", id, key, other)
		}
		seen[key] = id
		if again := tid(first.Add(700*time.Millisecond), id); again != key {
			t.Fatalf("%s has the keys %s and %s by clocks of other precision", id, key, again)
		}
	}
	if early, late := tid(first, "b"), tid(first.Add(time.Second), "a"); early >= late {
		t.Errorf("%s of a second before is not before %s", early, late)
	}
}

func TestBlueskyRenewsItsSessionOnce(t *testing.T) {
	s, ch, c := onSim(t, "bluesky")
	if o := ch.Publish(context.Background(), c); o.End != Posted {
		t.Fatalf("%+v", o)
	}
	s.Fault(sim.Fault{Op: sim.Upload, Do: sim.Expire})
	second := *c
	second.Key, second.Steps = keyB, map[string]string{}
	if o := ch.Publish(context.Background(), &second); o.End != Posted || counted(s, sim.SignIn) != 2 || len(s.Posts("")) != 2 {
		t.Errorf("%+v, %d times signed in or renewed, %d posts", o, counted(s, sim.SignIn), len(s.Posts("")))
	}
}

func TestMastodonFindsAPostWhoseAnswerWasLost(t *testing.T) {
	ctx := context.Background()
	s, ch, c := onSim(t, "mastodon")
	c.Draft.Text += "\n\n" + c.Draft.Link
	s.Fault(sim.Fault{Op: sim.Upload, Do: sim.Slow, Polls: 1})
	if o := ch.Publish(ctx, c); o.End != Later {
		t.Fatalf("the picture is not ready: %+v", o)
	}
	s.Fault(sim.Fault{Op: sim.Publish, Do: sim.Hang, Then: func() { giveUp(ch) }})
	if o := ch.Publish(ctx, c); o.End != Unknown {
		t.Fatalf("no answer: %+v", o)
	}
	o := ch.Find(ctx, c)
	if o.End != Posted || o.Remote.ID != s.Posts("")[0].ID {
		t.Fatalf("find: %+v", o)
	}
	if again := ch.Publish(ctx, c); again.End != Posted || again.Remote != o.Remote || len(s.Posts("")) != 1 || counted(s, sim.Upload) != 1 {
		t.Errorf("again: %+v, %d posts, %d uploads", again, len(s.Posts("")), counted(s, sim.Upload))
	}
	if p := s.Posts("")[0]; p.Alt != c.Draft.Alt || p.Picture == "" || p.Language == "" {
		t.Errorf("readers see %+v", p)
	}
	c.Remote = o.Remote
	if o := ch.Retract(ctx, c); o.End != Posted || s.Posts("")[0].Stands() {
		t.Errorf("retract: %+v", o)
	}
	if o := ch.Edit(ctx, c); o.End != Gone {
		t.Errorf("edit of what is gone: %+v", o)
	}
}

// TestAnswersMeanWhatTheyShould gives every documented answer of a network to the call that it is about.
func TestAnswersMeanWhatTheyShould(t *testing.T) {
	for _, kind := range []string{"telegram", "mastodon"} {
		body, err := os.ReadFile("testdata/answers/" + kind + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Answers []struct {
				Name, Call, Class string
				Status            int
				Headers           map[string]string
				Body              json.RawMessage
			}
		}
		if err := json.Unmarshal(body, &doc); err != nil {
			t.Fatal(err)
		}
		tried := 0
		for _, a := range doc.Answers {
			n := fake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
				for k, v := range a.Headers {
					w.Header().Set(k, v)
				}
				w.WriteHeader(a.Status)
				var text string
				if json.Unmarshal(a.Body, &text) == nil {
					_, _ = io.WriteString(w, text)
				} else {
					_, _ = w.Write(a.Body)
				}
			})
			ch := channelAt(t, kind, n.URL)
			c := remembering(keyA, "text")
			c.Remote = story.Remote{ID: "-100/101"}
			var o Outcome
			switch {
			case kind == "mastodon" && (strings.HasPrefix(a.Call, "POST /api/v1/statuses") || a.Call == "*"):
				c.Draft.Card = ""
				o = ch.Publish(context.Background(), c)
			case strings.HasPrefix(a.Call, "PUT "), strings.Contains(a.Call, "editMessageCaption"), strings.Contains(a.Call, "editMessageText"):
				if strings.Contains(a.Call, "Text") || kind == "mastodon" {
					c.Draft.Card = ""
				}
				o = ch.Edit(context.Background(), c)
			case strings.HasPrefix(a.Call, "DELETE "), strings.Contains(a.Call, "deleteMessage"):
				o = ch.Retract(context.Background(), c)
			case kind == "telegram":
				if strings.Contains(a.Call, "sendMessage") {
					c.Draft.Card = ""
				}
				o = ch.Publish(context.Background(), c)
			default:
				continue // steps before publishing and reads have tests of their own
			}
			tried++
			got := o.End.String()
			switch {
			case a.Class == "auth" && o.End == Refused && o.Pause, // the account stops until somebody mends it
				a.Class == "refused" && o.End == Gone,                            // an edit of what is no longer there
				strings.Contains(a.Name, "already attached") && o.End == Unknown: // Find tells
				got = a.Class
			}
			if got != a.Class {
				t.Errorf("%s, %s: %s (%s), want %s", kind, a.Name, got, o.Why, a.Class)
			}
			if strings.Contains(o.Why, testToken) {
				t.Errorf("%s, %s: the token is in %q", kind, a.Name, o.Why)
			}
			if a.Headers["Retry-After"] == "35" && !o.Until.Equal(noon.Add(35*time.Second)) {
				t.Errorf("%s: to be asked again at %v", a.Name, o.Until)
			}
		}
		if tried < 12 {
			t.Errorf("%s: only %d answers were tried", kind, tried)
		}
	}
}

func TestTokenGoesToNoOtherHostAndBodiesAreBounded(t *testing.T) {
	elsewhere := fake(t, func(http.ResponseWriter, *http.Request, []byte) { t.Error("another host was called") })
	for _, kind := range []string{"bluesky", "mastodon", "telegram"} {
		n := fake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		})
		if o := channelAt(t, kind, n.URL).Publish(context.Background(), remembering(keyA, "text")); o.End == Posted || o.End == Later {
			t.Errorf("%s: a redirect is %+v", kind, o)
		}
		endless := fake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			for range 4000 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		})
		if o := channelAt(t, kind, endless.URL).Publish(context.Background(), remembering(keyA, "text")); o.End == Posted {
			t.Errorf("%s: an endless answer is %+v", kind, o)
		}
		refused := httptest.NewServer(nil)
		refused.Close()
		if o := channelAt(t, kind, refused.URL).Publish(context.Background(), remembering(keyA, "text")); o.End != Later || strings.Contains(o.Why, testToken) {
			t.Errorf("%s: no connection is %+v", kind, o)
		}
	}
}
