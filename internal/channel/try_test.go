package channel

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cutline/internal/config"
	"cutline/internal/sim"
)

func TestAccountsAreTriedWithoutPosting(t *testing.T) {
	ctx := context.Background()
	for kind, as := range map[string]string{"x": "@newsroom", "facebook": "Newsroom", "threads": "@newsroom", "instagram": "@newsroom", "linkedin": "urn:li:organization:102030405060",
		"bluesky": "news.example", "mastodon": "@", "telegram": "@", "slack": "cutline"} {
		s := sim.New(time.Now)
		web := httptest.NewServer(s)
		defer web.Close()
		ch, _ := opened(t, kind, web.URL+"/"+kind, func(c *config.Channel) {
			switch kind {
			case "x":
				c.Account = "newsroom"
			case "bluesky":
				c.Account = "news.example"
			case "telegram", "slack":
				c.Chat = "@news"
			case "facebook":
				c.Account = "newsroom" // the simulated token is no Page's in particular
			}
		})
		if h := Try(ctx, ch, time.Now); len(h.Wrong) > 0 || !strings.HasPrefix(h.As, as) || h.As == "" && as != "" {
			t.Errorf("%s: %+v", kind, h)
		}
		if h := Try(ctx, ch, func() time.Time { return time.Now().Add(10 * time.Minute) }); len(h.Wrong) != 1 || !strings.Contains(h.Wrong[0], "clock") {
			if kind != "telegram" { // whose answers are read by their body alone
				t.Errorf("%s, with a wrong clock: %+v", kind, h)
			}
		}
		s.Fault(sim.Fault{Network: kind, Op: sim.Read, Do: sim.Down, Times: -1})
		s.Fault(sim.Fault{Network: kind, Op: sim.Poll, Do: sim.Down, Times: -1}) // where an account is read as a container is
		s.Fault(sim.Fault{Network: kind, Op: sim.Find, Do: sim.Down, Times: -1})
		if h := Try(ctx, ch, time.Now); len(h.Wrong) == 0 || strings.Contains(strings.Join(h.Wrong, " "), testToken) {
			t.Errorf("%s, which is down: %+v", kind, h)
		}
		if n := len(s.Posts("")); n != 0 {
			t.Errorf("%s: %d posts were made", kind, n)
		}
	}
}

func TestTryingSaysWhatToMend(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		kind   string
		status int
		body   any
		header [2]string
		want   string
	}{
		{"x", 200, map[string]any{"data": map[string]string{"id": "1", "username": "other"}}, [2]string{"", ""}, "correct one of the two"},
		{"x", 200, map[string]any{"data": map[string]string{"id": "102030405060", "username": "newsroom"}}, [2]string{"X-Access-Level", "read"}, "Read and write"},
		{"x", 401, map[string]any{"title": "Unauthorized"}, [2]string{"", ""}, "give new ones"},
		{"facebook", 200, map[string]any{"id": "7", "name": "A Person", "data": []any{}}, [2]string{"", ""}, "long-lived token"},
		{"facebook", 400, map[string]any{"error": map[string]any{"code": 190, "message": "expired"}}, [2]string{"", ""}, "connect the account again"},
		{"threads", 400, map[string]any{"error": map[string]any{"code": 10, "message": "no permission"}}, [2]string{"", ""}, "permission"},
		{"linkedin", 426, map[string]any{"code": "NONEXISTENT_VERSION", "message": "not active"}, [2]string{"", ""}, "YYYYMM"},
		{"bluesky", 200, map[string]any{"did": "did:plc:1", "handle": "news.example", "accessJwt": "a", "refreshJwt": "r", "active": false, "status": "suspended"}, [2]string{"", ""}, "suspended"},
	} {
		n := fake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			if c.header[0] != "" {
				w.Header().Set(c.header[0], c.header[1])
			}
			say(w, c.status, c.body)
		})
		ch, _ := opened(t, c.kind, n.URL)
		if h := Try(ctx, ch, time.Now); len(h.Wrong) != 1 || !strings.Contains(h.Wrong[0], c.want) {
			t.Errorf("%s: %+v, want %q", c.kind, h, c.want)
		}
	}
	ch, _ := opened(t, "log", "")
	if h := Try(ctx, ch, time.Now); len(h.Wrong) > 0 || len(h.Notes) != 1 {
		t.Errorf("a file: %+v", h)
	}
}
