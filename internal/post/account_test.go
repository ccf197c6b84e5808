package post

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/story"
)

// TestAccountThatIsRefusedRests has a network refuse the token: the card that was approved was offered once, the account
// rests, and no later look tries it again.
func TestAccountThatIsRefusedRests(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	var got string
	network := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		asked, got = append(asked, r.Method+" "+r.URL.Path), string(body)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error": "The access token is invalid"}`)
	}))
	defer network.Close()
	t.Setenv("CUTLINE_TEST_TOKEN", "a-test-token")
	n := open(t, "auto")
	var err error
	if n.cfg, err = config.Parse("cutline.yaml", fmt.Appendf(nil, `
sites: {en: {name: Example News, language: en, url: "https://news.example", review: auto}}
channels: {masto: {kind: mastodon, site: en, server: %q, secret: "env:CUTLINE_TEST_TOKEN"}}
`, network.URL), nil); err != nil {
		t.Fatal(err)
	}
	k := n.publish("1", "61 percent")
	card := k.CardKey("0123456789abcdefghij", "og", "jpg")
	if _, err := n.store.Bucket.Put(t.Context(), card, []byte("the card's bytes"), "image/jpeg", bucket.Create); err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.store.UpdateManifest(t.Context(), k, func(m *story.Manifest) error {
		m.Cards = map[string]story.Card{}
		for _, f := range config.Formats {
			m.Cards[f] = story.Card{Key: card, Type: "image/jpeg"}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		n.look(n.worker(0), k)
		n.pass(n.cfg.Timing.Lease * 20)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(asked) != 1 || asked[0] != "POST /api/v2/media" || !strings.Contains(got, "the card's bytes") {
		t.Errorf("asked %v with %.200q, want the card offered once", asked, got)
	}
	var out bytes.Buffer
	p := n.worker(0)
	p.Log = slog.New(slog.NewTextHandler(&out, nil))
	if err := p.Sweep(t.Context()); err != nil || !strings.Contains(out.String(), "ChannelsPaused=1") {
		t.Errorf("the sweep does not say that a channel is paused: %v\n%s", err, &out)
	}
	a, err := n.store.Account(t.Context(), "masto")
	if err != nil || a.Paused == "" {
		t.Errorf("the account %+v, %v: want it paused", a, err)
	}
}
