package sim

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestFaultsStrikeBeforeOrAfter gives each fault to one call that publishes, and looks at what the client sees and what
// readers see.
func TestFaultsStrikeBeforeOrAfter(t *testing.T) {
	for _, c := range []struct {
		f      Fault
		status int    // that the client sees; 0: an error
		sees   string // in the answer or the error
		posts  int
	}{
		{Fault{Do: Hang}, 0, "canceled", 1},
		{Fault{Do: Reset}, 0, "", 1},
		{Fault{Do: Half}, 200, "unexpected EOF", 1},
		{Fault{Do: Error}, 500, "", 1},
		{Fault{Do: Error, Status: 502, Body: "Bad Gateway"}, 502, "Bad Gateway", 1},
		{Fault{Do: Odd}, 200, "<!DOCTYPE html>", 1},
		{Fault{Do: Odd, Body: "{}"}, 200, "{}", 1},
		{Fault{Do: Pass}, 200, `"id"`, 1},
		{Fault{Do: Cut}, 0, "", 0},
		{Fault{Do: Limit}, 429, "Too many requests", 0},
		{Fault{Do: Limit, Wait: "7"}, 429, "Too many requests", 0},
		{Fault{Do: Expire}, 401, "The access token is invalid", 0},
		{Fault{Do: Refuse}, 403, "disabled", 0},
		{Fault{Do: Refuse, Status: 410, Body: "gone"}, 410, "gone", 0},
		{Fault{Do: Down}, 503, "<h1>", 0},
		{Fault{Do: Redirect, Body: "http://127.0.0.1:1/"}, 307, "", 0},
		{Fault{Do: Limit, Skip: 1}, 200, `"id"`, 1},
		{Fault{Do: Limit, Op: Upload}, 200, `"id"`, 1},
		{Fault{Do: Limit, Network: "telegram"}, 200, `"id"`, 1},
	} {
		s, _, base := networks(t)
		then := make(chan int, 2)
		ctx, cancel := context.WithCancel(context.Background())
		c.f.Then = func() {
			then <- len(s.Posts("mastodon"))
			if c.f.Do == Hang {
				cancel() // the client gives up, and not before the network has the call
			}
		}
		s.Fault(c.f)
		req, err := http.NewRequestWithContext(ctx, "POST", base+"/mastodon/api/v1/statuses", strings.NewReader(`{"status":"Water stands."}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer test-token")
		res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
		status, sees := 0, ""
		if err != nil {
			sees = err.Error()
		} else {
			var b []byte
			b, err = io.ReadAll(res.Body)
			status, sees = res.StatusCode, string(b)
			if err != nil {
				sees += err.Error()
			}
			if got := res.Header.Get("Retry-After"); got != c.f.Wait {
				t.Errorf("%+v: Retry-After %q", c.f.Do, got)
			}
			if err := res.Body.Close(); err != nil {
				t.Error(err)
			}
		}
		cancel()
		if status != c.status || !strings.Contains(sees, c.sees) || len(s.Posts("mastodon")) != c.posts {
			t.Errorf("%s %s: the client sees %d %q, readers see %d; want %d %q %d", c.f.Do, c.f.Op, status, sees, len(s.Posts("mastodon")), c.status, c.sees, c.posts)
		}
		struck := c.f.Skip == 0 && c.f.Op == "" && c.f.Network == ""
		if c.f.Do != Cut && struck && len(then) != 1 {
			t.Errorf("%s: Then ran %d times", c.f.Do, len(then))
		}
		if calls := s.Calls("mastodon"); len(calls) != 1 || calls[0].Op != Publish || calls[0].Status == 0 != (status == 0) && c.f.Do != Half {
			t.Errorf("%s: the calls: %+v", c.f.Do, calls)
		}
	}
}

func TestFaultsAreUsedUpInOrder(t *testing.T) {
	s, _, base := networks(t)
	s.Fault(Fault{Do: Down, Times: 2})
	s.Fault(Fault{Do: Refuse, Status: 410, Times: -1})
	var got []int
	for range 4 {
		status, _, _ := ask(t, "GET", base+"/mastodon/api/v2/instance", "", nil)
		got = append(got, status)
	}
	s.Mend()
	status, _, _ := ask(t, "GET", base+"/mastodon/api/v2/instance", "", nil)
	if got = append(got, status); got[0] != 503 || got[1] != 503 || got[2] != 410 || got[3] != 410 || got[4] != 200 {
		t.Error(got)
	}
}

func TestScriptAndTimelineOverHTTP(t *testing.T) {
	s, _, base := networks(t)
	if status, _, _ := ask(t, "POST", base+"/-/faults", "", map[string]any{"do": "explode"}); status != 400 {
		t.Errorf("a fault that is none: %d", status)
	}
	if status, _, _ := ask(t, "POST", base+"/-/faults", "", map[string]any{"network": "mastodon", "op": "publish", "do": "error"}); status != 204 {
		t.Errorf("a fault: %d", status)
	}
	status, _, _ := ask(t, "POST", base+"/mastodon/api/v1/statuses", "test-token", map[string]any{"status": "Water <b>stands</b>.", "language": "en"})
	if status != 500 {
		t.Errorf("the call: %d", status)
	}
	_, posts, _ := ask(t, "GET", base+"/-/posts?network=mastodon", "", nil)
	if list, ok := posts[""].([]any); !ok || len(list) != 1 || list[0].(map[string]any)["text"] != "Water <b>stands</b>." {
		t.Errorf("the posts: %v", posts)
	}
	res, err := http.Get(base + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<p dir="auto" lang="en">Water &lt;b&gt;stands&lt;/b&gt;.</p>`, `<b>Mastodon</b>`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page has no %s: %s", want, page)
		}
	}
	if !s.Remove("mastodon", s.Posts("mastodon")[0].ID) || s.Posts("mastodon")[0].Stands() {
		t.Error("removing by hand")
	}
}
