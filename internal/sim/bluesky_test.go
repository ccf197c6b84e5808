package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// clock is a test's clock, which several goroutines may read while the test turns it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) turn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// networks starts a simulator.
func networks(t *testing.T) (*Server, *clock, string) {
	c := &clock{now: noon}
	s := New(c.Now)
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	s.At(web.URL)
	return s, c, web.URL
}

// ask makes a call and returns its status and its body, read as JSON where it is.
func ask(t *testing.T, method, address, token string, body any, header ...string) (int, map[string]any, http.Header) {
	t.Helper()
	var b []byte
	switch x := body.(type) {
	case nil:
	case []byte:
		b = x
	case string:
		b = []byte(x)
	default:
		var err error
		if b, err = json.Marshal(x); err != nil {
			t.Fatal(err)
		}
		header = append([]string{"Content-Type", "application/json"}, header...)
	}
	req, err := http.NewRequest(method, address, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out any
	_ = json.NewDecoder(res.Body).Decode(&out) // not every answer is JSON
	m, ok := out.(map[string]any)
	if !ok {
		m = map[string]any{"": out}
	}
	return res.StatusCode, m, res.Header
}

// jpegOf makes a picture of a size in pixels, and of a size in bytes by what follows its end; 0: as it comes.
func jpegOf(t *testing.T, w, h, bytesWanted int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)), nil); err != nil {
		t.Fatal(err)
	}
	if n := bytesWanted - b.Len(); n > 0 {
		b.Write(make([]byte, n))
	}
	return b.Bytes()
}

// TestBlueskyAnswersAsTheRecordedServer sends what was sent to a real server, and compares status, error and message.
func TestBlueskyAnswersAsTheRecordedServer(t *testing.T) {
	b, err := os.ReadFile("testdata/pds-transcript.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Steps []struct {
			Name    string
			Request struct {
				Method, Path string
				Headers      map[string]string
				Body         json.RawMessage
			}
			Response struct {
				Status  int
				Headers map[string]string
				Body    json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	s, watch, base := networks(t)
	var access, refresh, old string
	same := map[string]string{} // what the recorded server named, and what this one names it
	ids := regexp.MustCompile(`did:plc:[a-z2-7]{24}|baf[ky]rei[a-z2-7]+|\b3n2[a-z2-7]{10}\b`)
	translate := func(text string) string {
		return ids.ReplaceAllStringFunc(text, func(id string) string {
			if mine, ok := same[id]; ok {
				return mine
			}
			return id
		})
	}
	size := regexp.MustCompile(`^"<(\d+) bytes of`)
	compared := 0
	for _, step := range doc.Steps {
		if slices.Contains([]string{"createSession: wrong password", "putRecord: ten at once"}, step.Name) {
			continue // any password is taken here; ten at once has a test of its own
		}
		body, token := []byte(translate(string(step.Request.Body))), ""
		if m := size.FindSubmatch(step.Request.Body); m != nil {
			var n int
			if _, err := fmt.Sscan(string(m[1]), &n); err != nil {
				t.Fatal(err)
			}
			body = jpegOf(t, 8, 8, n)
		}
		if string(body) == "null" {
			body = nil
		}
		switch {
		case strings.Contains(step.Name, "nonsense token"):
			token = "nonsense"
		case strings.Contains(step.Name, "the old refresh token"):
			token = old
		case strings.Contains(step.Request.Path, "refreshSession"):
			token = refresh
		case step.Request.Headers["authorization"] != "":
			token = access
		}
		if strings.Contains(step.Name, "expired token") {
			watch.turn(3 * time.Hour)
		}
		if strings.Contains(step.Name, "the 31st") {
			for range 29 {
				ask(t, step.Request.Method, base+"/bluesky"+step.Request.Path, "", body, "Content-Type", "application/json")
			}
		}
		status, answer, header := ask(t, step.Request.Method, base+"/bluesky"+translate(strings.ReplaceAll(step.Request.Path, "%3A", ":")), token, body, "Content-Type", step.Request.Headers["content-type"])
		if strings.Contains(step.Name, "expired token") {
			watch.turn(-3 * time.Hour)
		}
		var want map[string]any
		_ = json.Unmarshal(step.Response.Body, &want) // the 31st's is compared too
		if status != step.Response.Status {
			t.Errorf("%s: %d %v, want %d %s", step.Name, status, answer, step.Response.Status, step.Response.Body)
			continue
		}
		if answer["error"] != want["error"] || fmt.Sprint(answer["message"]) != translate(fmt.Sprint(want["message"])) && !strings.Contains(step.Name, "3001 bytes") {
			t.Errorf("%s: %v %v, want %v %v", step.Name, answer["error"], answer["message"], want["error"], translate(fmt.Sprint(want["message"])))
		}
		for k := range want {
			if _, ok := answer[k]; !ok && k != "email" && k != "emailConfirmed" {
				t.Errorf("%s: the answer has no %s: %v", step.Name, k, answer)
			}
		}
		for k := range step.Response.Headers {
			if strings.HasPrefix(k, "ratelimit") && header.Get(k) == "" {
				t.Errorf("%s: no %s", step.Name, k)
			}
		}
		if mine, ok := answer["accessJwt"].(string); ok {
			old = refresh
			access, refresh = mine, answer["refreshJwt"].(string)
		}
		theirs, mine := ids.FindAllString(string(step.Response.Body), -1), ids.FindAllString(fmt.Sprint(answer["did"], answer["uri"], answer["cid"], answer["blob"]), -1)
		for _, k := range []string{"did", "cid"} {
			if v, ok := want[k].(string); ok {
				same[v] = answer[k].(string)
			}
		}
		if theirs, ok := want["uri"].(string); ok && answer["commit"] != nil {
			mine := answer["uri"].(string)
			same[theirs[strings.LastIndexByte(theirs, '/')+1:]] = mine[strings.LastIndexByte(mine, '/')+1:]
		}
		if want["blob"] != nil && len(theirs) == 1 && len(mine) == 1 {
			same[theirs[0]] = mine[0]
		}
		compared++
	}
	if compared < 30 {
		t.Errorf("only %d steps were compared", compared)
	}
	standing := 0
	for _, p := range s.Posts("bluesky") {
		if p.Stands() {
			standing++
		}
	}
	if standing != 3 {
		t.Errorf("%d posts stand, want 3: %+v", standing, s.Posts("bluesky"))
	}
}

func TestTenAtOnceMakeOneBlueskyPost(t *testing.T) {
	s, _, base := networks(t)
	_, in, _ := ask(t, "POST", base+"/bluesky/xrpc/com.atproto.server.createSession", "", map[string]string{"identifier": "news.example", "password": "test-secret"})
	body := map[string]any{"repo": in["did"], "collection": "app.bsky.feed.post", "rkey": "3n2yw6yuo225n", "swapRecord": nil,
		"record": map[string]any{"$type": "app.bsky.feed.post", "text": "Water stands.", "createdAt": "2026-11-26T12:00:00.000Z"}}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if status, answer, _ := ask(t, "POST", base+"/bluesky/xrpc/com.atproto.repo.putRecord", in["accessJwt"].(string), body); status != 200 {
				t.Errorf("%d %v", status, answer)
			}
		})
	}
	wg.Wait()
	if n := len(s.Posts("bluesky")); n != 1 {
		t.Errorf("%d posts", n)
	}
}
