package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/remark"
)

func load(t *testing.T, name string, v any) {
	body, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		t.Fatal(err)
	}
}

func TestAddresses(t *testing.T) {
	var d struct {
		Cases []struct {
			ID, Input, Kind, Verdict, Why string
			Allow                         []netip.Prefix `json:"network_allow"`
			MayDeny                       bool           `json:"may_deny"`
		}
	}
	load(t, "addresses.json", &d)
	if len(d.Cases) < 150 {
		t.Fatalf("only %d cases", len(d.Cases))
	}
	for _, c := range d.Cases {
		ok := false
		if c.Kind == "address" {
			a, err := netip.ParseAddr(c.Input)
			ok = err == nil && Public(a, c.Allow)
		} else {
			host := c.Input
			if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
				host = "[" + host + "]"
			}
			_, err := CheckURL("https://"+host+"/", c.Allow, false)
			ok = err == nil
		}
		if ok != (c.Verdict == "allow") && !(c.MayDeny && !ok) {
			t.Errorf("%s: %s %s: allowed %v, want %s (%s)", c.ID, c.Kind, c.Input, ok, c.Verdict, c.Why)
		}
	}
}

func TestURLs(t *testing.T) {
	var d struct {
		Cases []struct {
			ID, URL, Verdict, Why string
			MayAllow              bool `json:"may_allow"`
		}
	}
	load(t, "urls.json", &d)
	for _, c := range d.Cases {
		_, err := CheckURL(c.URL, nil, false)
		if ok := err == nil; ok != (c.Verdict == "allow") {
			t.Errorf("%s: %q: allowed %v, want %s (%s): %v", c.ID, c.URL, ok, c.Verdict, c.Why, err)
		}
	}
	own := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for address, want := range map[string]bool{
		"http://127.0.0.1:8787/photo.jpg": true, "http://localhost:8787/p": true, "http://10.0.0.1/p": false,
		"http://169.254.169.254/latest": false, "http://cdn.example.com/p": false, "https://cdn.example.com:8787/": false,
	} {
		if _, err := CheckURL(address, own, false); (err == nil) != want {
			t.Errorf("with loopback allowed, %s: %v", address, err)
		}
	}
}

// network is a public net in a test: names lead to the addresses that answers has, and a connection to any address
// that passes the check ends at one server.
type network struct {
	mu      sync.Mutex
	dialled []string
	answers map[string][][]netip.Addr // each look-up takes the next one; the last one stays
	server  *httptest.Server
	served  int
}

func (n *network) client(t *testing.T, handler http.HandlerFunc) *Client {
	n.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		n.served++
		n.mu.Unlock()
		for _, h := range []string{"Referer", "Cookie", "Authorization"} {
			if r.Header.Get(h) != "" {
				t.Errorf("%s went along", h)
			}
		}
		handler(w, r)
	}))
	t.Cleanup(n.server.Close)
	return &Client{
		Resolver: n.resolver(t),
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			n.mu.Lock()
			n.dialled = append(n.dialled, address)
			n.mu.Unlock()
			return new(net.Dialer).DialContext(ctx, network, n.server.Listener.Addr().String())
		},
		Transport: func(t *http.Transport) { t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} }, // the test's own server
	}
}

// resolver answers DNS questions from answers, over a pipe.
func (n *network) resolver(t *testing.T) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		a, b := net.Pipe()
		go func() {
			defer b.Close()
			for {
				var size [2]byte
				if _, err := io.ReadFull(b, size[:]); err != nil {
					return
				}
				q := make([]byte, int(size[0])<<8|int(size[1]))
				if _, err := io.ReadFull(b, q); err != nil {
					return
				}
				r := n.answer(q)
				if _, err := b.Write(append([]byte{byte(len(r) >> 8), byte(len(r))}, r...)); err != nil {
					return
				}
			}
		}()
		return a, nil
	}}
}

// answer writes a DNS answer to a question with one name (RFC 1035).
func (n *network) answer(q []byte) []byte {
	var name []string
	i := 12
	for q[i] != 0 {
		name = append(name, string(q[i+1:i+1+int(q[i])]))
		i += 1 + int(q[i])
	}
	kind := int(q[i+1])<<8 | int(q[i+2])
	question := q[12 : i+5]
	n.mu.Lock()
	key := strings.Join(name, ".")
	sets := n.answers[key]
	var addrs []netip.Addr
	if len(sets) > 0 {
		addrs = sets[0]
		if len(sets) > 1 && kind == 1 {
			n.answers[key] = sets[1:]
		}
	}
	n.mu.Unlock()
	var records [][]byte
	for _, a := range addrs {
		if a.Is4() == (kind == 1) {
			b := a.AsSlice()
			records = append(records, append([]byte{0xc0, 12, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(b))}, b...))
		}
	}
	out := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, byte(len(records)), 0, 0, 0, 0}, question...)
	for _, r := range records {
		out = append(out, r...)
	}
	return out
}

func ips(s ...string) []netip.Addr {
	var out []netip.Addr
	for _, x := range s {
		out = append(out, netip.MustParseAddr(x))
	}
	return out
}

func TestRedirects(t *testing.T) {
	public := ips("93.184.215.14")
	for name, c := range map[string]struct {
		to      func(r *http.Request) string // where the server sends one, empty: 200
		answers map[string][][]netip.Addr
		ok      bool
		served  int
	}{
		"one":             {func(r *http.Request) string { return first(r, "https://b.example/p.jpg") }, nil, true, 2},
		"to-loopback":     {func(*http.Request) string { return "https://127.0.0.1/" }, nil, false, 1},
		"to-metadata":     {func(*http.Request) string { return "http://169.254.169.254/latest/meta-data/" }, nil, false, 1},
		"name-to-private": {func(r *http.Request) string { return first(r, "https://in.example/") }, nil, false, 1},
		"loop":            {func(*http.Request) string { return "https://a.example/" }, nil, false, 6},
		"chain-5":         {chain(5), nil, true, 6},
		"chain-6":         {chain(6), nil, false, 6},
		"downgrade":       {func(*http.Request) string { return "http://a.example/p.jpg" }, nil, false, 1},
		"relative":        {func(r *http.Request) string { return first(r, "/q/p.jpg") }, nil, true, 2},
		"scheme-relative": {func(*http.Request) string { return "//127.0.0.1/p.jpg" }, nil, false, 1},
		"file":            {func(*http.Request) string { return "file:///etc/passwd" }, nil, false, 1},
		"userinfo":        {func(*http.Request) string { return "https://x:y@a.example/p.jpg" }, nil, false, 1},
		"port":            {func(*http.Request) string { return "https://a.example:9001/" }, nil, false, 1},
		"mixed":           {none, map[string][][]netip.Addr{"a.example": {ips("127.0.0.1", "93.184.215.14")}}, true, 1},
		"aaaa-private":    {none, map[string][][]netip.Addr{"a.example": {ips("::1", "93.184.215.14")}}, true, 1},
		"cname":           {none, map[string][][]netip.Addr{"a.example": {ips("127.0.0.1")}}, false, 0},
		"rebind":          {func(r *http.Request) string { return first(r, "/again") }, map[string][][]netip.Addr{"a.example": {public, ips("127.0.0.1")}}, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := &network{answers: c.answers}
			if n.answers == nil {
				n.answers = map[string][][]netip.Addr{"a.example": {public}, "b.example": {ips("1.1.1.1")}, "in.example": {ips("10.0.0.5")}}
			}
			client := n.client(t, func(w http.ResponseWriter, r *http.Request) {
				if to := c.to(r); to != "" {
					w.Header().Set("Location", to)
					w.WriteHeader(302)
					return
				}
				w.Header().Set("Refresh", "0;url=http://127.0.0.1")
				_, _ = io.WriteString(w, `<meta http-equiv="refresh" content="0;url=http://127.0.0.1/">`)
			})
			_, err := client.Get(context.Background(), "https://a.example/", Limits{Time: 5 * time.Minute})
			if (err == nil) != c.ok || n.served != c.served || err != nil && !errors.Is(err, ErrForbidden) {
				t.Errorf("%v, %d requests", err, n.served)
			}
			for _, d := range n.dialled {
				if strings.HasPrefix(d, "127.") || strings.HasPrefix(d, "10.") || strings.HasPrefix(d, "[::1") {
					t.Errorf("%s was dialled", d)
				}
			}
		})
	}
}

func none(*http.Request) string { return "" }

func first(r *http.Request, to string) string {
	if r.Host == "a.example" && r.URL.Path == "/" {
		return to
	}
	return ""
}

func chain(hops int) func(r *http.Request) string {
	return func(r *http.Request) string {
		n := 0
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err != nil {
			n = 0
		}
		if n == hops {
			return ""
		}
		return fmt.Sprintf("/%d", n+1)
	}
}

func TestLimits(t *testing.T) {
	n := &network{answers: map[string][][]netip.Addr{"a.example": {ips("93.184.215.14")}}}
	client := n.client(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		case "/gzip": // 64 MB in 64 KB
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 64 {
				if _, err := z.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
			_ = z.Close()
		case "/slow":
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case "/gone":
			w.WriteHeader(410)
		case "/busy":
			w.WriteHeader(503)
		case "/photo":
			if r.Header.Get("If-None-Match") == `"v1"` {
				w.WriteHeader(304)
				return
			}
			w.Header().Set("ETag", `"v1"`)
			w.Header().Set("Content-Type", "text/html") // a claim
			_, _ = w.Write([]byte("\xff\xd8\xff\xe0 a photo"))
		}
	})
	get := func(path string, known ...Known) (Response, error) {
		return client.Get(context.Background(), "https://a.example"+path, Limits{Bytes: 1 << 20, Time: map[bool]time.Duration{true: 300 * time.Millisecond, false: 5 * time.Minute}[strings.HasPrefix(path, "/slow")]}, known...)
	}
	for _, path := range []string{"/endless", "/gzip"} {
		if _, err := get(path); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := get("/slow?token=hush"); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "hush") {
		t.Errorf("/slow: %v", err)
	}
	for path, temporary := range map[string]bool{"/gone": false, "/busy": true} {
		_, err := get(path)
		if s, ok := errors.AsType[*StatusError](err); !ok || s.Temporary() != temporary {
			t.Errorf("%s: %v", path, err)
		}
	}
	r, err := get("/photo")
	if err != nil || r.Type != "image/jpeg" || r.ETag != `"v1"` || !bytes.HasSuffix(r.Body, []byte("photo")) {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := get("/photo", Known{ETag: r.ETag}); err != nil || !r.Same {
		t.Errorf("again: %+v, %v", r, err)
	}
}

func TestProxiesOfTheEnvironmentAreNotUsed(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	n := &network{answers: map[string][][]netip.Addr{"a.example": {ips("93.184.215.14")}}}
	if _, err := n.client(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }).Get(context.Background(), "https://a.example/", Limits{}); err != nil {
		t.Error(err)
	}
}

func TestRealDialerIsJudgedToo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was reached") }))
	defer server.Close()
	// The name passes; the address it leads to does not. The dialer asks before it connects.
	client := &Client{Plain: true, Resolver: (&network{answers: map[string][][]netip.Addr{"a.example": {ips("127.0.0.1")}}}).resolver(t)}
	if _, err := client.Get(context.Background(), "http://a.example/", Limits{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("have %v", err)
	}
}

func FuzzCheckURL(f *testing.F) {
	f.Add("https://cdn.example.com/a.jpg")
	f.Add("https://[::ffff:127.0.0.1]:443/")
	f.Add("http://１２７。1/")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := CheckURL(raw, nil, false)
		if err != nil {
			return
		}
		again, err := CheckURL(u.String(), nil, false)
		if err != nil || again.Host != u.Host || u.Scheme != "https" || u.User != nil {
			t.Errorf("%q became %q, and that %v %v", raw, u, again, err)
		}
	})
}

func TestPost(t *testing.T) {
	var got url.Values
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hub":
			if err := r.ParseForm(); err != nil {
				t.Error(err)
			}
			got = r.PostForm
			w.WriteHeader(http.StatusAccepted)
		case "/elsewhere":
			http.Redirect(w, r, "/hub", http.StatusTemporaryRedirect)
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	c := Client{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	form := url.Values{"hub.mode": {"subscribe"}}
	if err := c.Post(context.Background(), srv.URL+"/hub", form, Limits{}); err != nil || got.Get("hub.mode") != "subscribe" {
		t.Errorf("%v %v", got, err)
	}
	got = nil
	var status *StatusError
	for path, want := range map[string]int{"/elsewhere": 307, "/nobody": 404} {
		if err := c.Post(context.Background(), srv.URL+path, form, Limits{}); !errors.As(err, &status) || status.Status != want || got != nil {
			t.Errorf("%s: %v, and %v was sent on", path, err, got)
		}
	}
	if err := (&Client{}).Post(context.Background(), srv.URL+"/hub", form, Limits{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("an address of our own: %v", err)
	}
}

// TestErrorsAreRemarks: what a photo or page could not be had for reaches the desk in its language.
func TestErrorsAreRemarks(t *testing.T) {
	n := &network{answers: map[string][][]netip.Addr{"a.example": {ips("93.184.215.14")}, "in.example": {ips("10.0.0.1")}}}
	client := n.client(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/large":
			_, _ = w.Write(make([]byte, 2000))
		default:
			http.NotFound(w, r)
		}
	})
	for address, want := range map[string]string{"https://a.example/": "fetch-answered", "https://a.example/large": "fetch-too-large", "https://in.example/": "fetch-forbidden"} {
		_, err := client.Get(context.Background(), address, Limits{Bytes: 1000})
		if err == nil {
			t.Errorf("%s: no error", address)
		} else if r := remark.Read(err.Error()); len(r) != 1 || r[0].Kind != want {
			t.Errorf("%s: %q is read as %+v, want %s", address, err, r, want)
		}
	}
}
