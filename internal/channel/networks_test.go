package channel

import (
	"bytes"
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

func (n *network) count(what string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := 0
	for _, a := range n.asked {
		if strings.Contains(a, what) {
			c++
		}
	}
	return c
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
		Parts{Store: st, Client: &http.Client{Timeout: 300 * time.Millisecond}, Now: now, Lease: time.Minute})
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
	return c
}

// pds is a personal data server with one repository.
type pds struct {
	records map[string]string // rkey → record
	expired bool              // the first access token has run out
	logins  int
	renewed int
	hang    bool // putRecord stores and does not answer
}

func (p *pds) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		RKey   string
		Record json.RawMessage
	}
	_ = json.Unmarshal(body, &in) // a picture is no JSON
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	method := strings.TrimPrefix(r.URL.Path, "/xrpc/")
	switch {
	case method == "com.atproto.server.createSession":
		p.logins++
		say(w, 200, map[string]string{"did": "did:plc:test", "accessJwt": "access-1", "refreshJwt": "refresh-1"})
	case method == "com.atproto.server.refreshSession":
		p.renewed++
		say(w, 200, map[string]string{"did": "did:plc:test", "accessJwt": "access-2", "refreshJwt": "refresh-2"})
	case method == "com.atproto.repo.getRecord":
		if _, ok := p.records[r.URL.Query().Get("rkey")]; ok {
			say(w, 200, map[string]string{"uri": "at://did:plc:test/app.bsky.feed.post/" + r.URL.Query().Get("rkey"), "cid": "cid-1"})
		} else {
			say(w, 400, map[string]string{"error": "RecordNotFound", "message": "Could not locate record"})
		}
	case token == "access-1" && p.expired:
		say(w, 400, map[string]string{"error": "ExpiredToken", "message": "Token has expired"})
	case method == "com.atproto.repo.uploadBlob":
		say(w, 200, map[string]any{"blob": map[string]any{"$type": "blob", "ref": map[string]string{"$link": "bafk"}, "mimeType": "image/jpeg", "size": len(body)}})
	case method == "com.atproto.repo.putRecord":
		old, there := p.records[in.RKey]
		if there && old != string(in.Record) {
			say(w, 400, map[string]string{"error": "InvalidSwap", "message": "Record was at cid-1"})
			return
		}
		p.records[in.RKey] = string(in.Record)
		if p.hang {
			<-r.Context().Done()
			return
		}
		say(w, 200, map[string]string{"uri": "at://did:plc:test/app.bsky.feed.post/" + in.RKey, "cid": "cid-1"})
	case method == "com.atproto.repo.deleteRecord":
		delete(p.records, in.RKey)
		say(w, 200, map[string]string{})
	default:
		say(w, 501, map[string]string{"error": "MethodNotImplemented", "message": method})
	}
}

func TestBlueskyMakesOnePostWhateverHappens(t *testing.T) {
	ctx := context.Background()
	p := &pds{records: map[string]string{}}
	n := fake(t, p.serve)
	ch := channelAt(t, "bluesky", n.URL)
	c := remembering(keyA, "Water stands at the spillway.")
	if o := ch.Find(ctx, c); o.End != Absent {
		t.Fatalf("before: %+v", o)
	}
	n.between(func() { p.hang = true })
	if o := ch.Publish(ctx, c); o.End != Unknown {
		t.Fatalf("stored, but no answer: %+v", o)
	}
	n.between(func() { p.hang = false })
	o := ch.Find(ctx, c)
	if o.End != Posted || !strings.HasPrefix(o.Remote.URL, "https://bsky.app/profile/did:plc:test/post/") {
		t.Fatalf("find: %+v", o)
	}
	if again := ch.Publish(ctx, c); again.End != Posted || again.Remote.ID != o.Remote.ID || len(p.records) != 1 {
		t.Errorf("again: %+v, %d records", again, len(p.records))
	}
	c.Draft.Text = "Another text."
	if other := ch.Publish(ctx, c); other.End != Posted || len(p.records) != 1 {
		t.Errorf("with another text: %+v, %d records", other, len(p.records))
	}
	if n.count("uploadBlob") != 1 {
		t.Errorf("%d uploads", n.count("uploadBlob"))
	}
	c.Remote = o.Remote
	for range 2 {
		if o := ch.Retract(ctx, c); o.End != Posted {
			t.Errorf("retract: %+v", o)
		}
	}
	if len(p.records) != 0 {
		t.Error("it is still there")
	}
	for rkey := range p.records {
		if len(rkey) != 13 {
			t.Errorf("%q is no TID", rkey)
		}
	}
}

func TestBlueskyRenewsItsSessionOnce(t *testing.T) {
	p := &pds{records: map[string]string{}}
	n := fake(t, p.serve)
	ch := channelAt(t, "bluesky", n.URL)
	if o := ch.Publish(context.Background(), remembering(keyA, "one")); o.End != Posted {
		t.Fatalf("%+v", o)
	}
	n.between(func() { p.expired = true })
	if o := ch.Publish(context.Background(), remembering(keyB, "two")); o.End != Posted || p.logins != 1 || p.renewed != 1 {
		t.Errorf("%+v, %d logins, %d renewals", o, p.logins, p.renewed)
	}
}

func TestMastodonFindsAPostWhoseAnswerWasLost(t *testing.T) {
	ctx := context.Background()
	var statuses []map[string]any
	ready, hang := false, true
	handles := map[string]bool{}
	n := fake(t, func(w http.ResponseWriter, r *http.Request, body []byte) {
		if r.Header.Get("Authorization") != "Bearer "+testToken {
			say(w, 401, map[string]string{"error": "The access token is invalid"})
			return
		}
		switch {
		case r.URL.Path == "/api/v2/media":
			if !bytes.Contains(body, []byte("jpeg")) || !bytes.Contains(body, []byte(`name="description"`)) {
				t.Errorf("the upload: %s", body)
			}
			say(w, 202, map[string]string{"id": "m1"})
		case r.URL.Path == "/api/v1/media/m1":
			if ready {
				say(w, 200, map[string]string{"id": "m1"})
			} else {
				say(w, 206, map[string]string{"id": "m1"})
			}
		case r.Method == "POST" && r.URL.Path == "/api/v1/statuses":
			var in struct {
				Status string
				Media  []string `json:"media_ids"`
			}
			if err := json.Unmarshal(body, &in); err != nil || len(in.Media) != 1 || in.Media[0] != "m1" {
				t.Errorf("%v %s", err, body)
			}
			if key := r.Header.Get("Idempotency-Key"); !handles[key] {
				handles[key] = true
				statuses = append(statuses, map[string]any{"id": fmt.Sprint(len(statuses) + 1), "url": "https://m.example/1", "content": "<p>" + strings.ReplaceAll(in.Status, "&", "&amp;") + "</p>"})
			}
			if hang {
				<-r.Context().Done()
				return
			}
			say(w, 200, statuses[len(statuses)-1])
		case strings.HasPrefix(r.URL.Path, "/api/v1/accounts/verify"):
			say(w, 200, map[string]string{"id": "9"})
		case r.URL.Path == "/api/v1/accounts/9/statuses":
			say(w, 200, statuses)
		case r.Method == "DELETE":
			statuses = nil
			say(w, 200, map[string]string{})
		default:
			say(w, 404, map[string]string{"error": "Record not found"})
		}
	})
	ch := channelAt(t, "mastodon", n.URL)
	c := remembering(keyA, "Water stands.")
	c.Draft.Text += "\n\n" + c.Draft.Link
	if o := ch.Publish(ctx, c); o.End != Later {
		t.Fatalf("the picture is not ready: %+v", o)
	}
	n.between(func() { ready = true })
	if o := ch.Publish(ctx, c); o.End != Unknown {
		t.Fatalf("no answer: %+v", o)
	}
	o := ch.Find(ctx, c)
	if o.End != Posted || o.Remote.ID != "1" {
		t.Fatalf("find: %+v", o)
	}
	n.between(func() { hang = false })
	if again := ch.Publish(ctx, c); again.End != Posted || len(statuses) != 1 {
		t.Errorf("again: %+v, %d statuses", again, len(statuses))
	}
	c.Remote = o.Remote
	if o := ch.Retract(ctx, c); o.End != Posted || len(statuses) != 0 {
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
