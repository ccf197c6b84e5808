package staff

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
	"cutline/internal/config"
	"cutline/internal/story"
)

// zitadel is the module whose provider of OpenID Connect the test signs in with, pinned. It is certified by the OpenID
// Foundation; its example is served here on loopback alone.
const zitadel = "github.com/zitadel/oidc/v3@v3.45.0"

const providerMain = `package main

import (
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

func main() {
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		panic(err)
	}
	issuer := "http://" + l.Addr().String() + "/"
	storage.RegisterClients(storage.WebClient("desk", "a-client-secret-for-tests", os.Args[2]))
	router := exampleop.SetupServer(issuer, storage.NewStorage(storage.NewUserStore(issuer)), slog.New(slog.DiscardHandler), false)
	panic(http.Serve(l, router))
}
`

// realProvider starts the provider at an address, for one redirect address, until the test ends.
func realProvider(t *testing.T, addr, redirect string) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	_, version, _ := strings.Cut(zitadel, "@")
	program := filepath.Join(cache, "cutline", "tools", "zitadel-oidc-"+version)
	if _, err := os.Stat(program); err != nil {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(providerMain), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"mod", "init", "provider"}, {"get", zitadel}, {"mod", "tidy"}, {"build", "-o", program, "."}} {
			cmd := exec.Command("go", args...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "CGO_ENABLED=0")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		}
	}
	cmd := exec.Command(program, addr, redirect)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed
	})
	for range 3000 { // each try waits for the answer, or for the port to be listened at
		res, err := http.Get("http://" + addr + "/.well-known/openid-configuration")
		if err == nil {
			if err := res.Body.Close(); err != nil {
				t.Fatal(err)
			}
			return
		}
		c := time.NewTimer(100 * time.Millisecond)
		<-c.C
	}
	t.Fatal("the provider does not answer")
}

// TestSigningInWithARealProvider signs in, is let in, signs out everywhere and is out, with a provider of another project.
func TestSigningInWithARealProvider(t *testing.T) {
	buckettest.E2E(t)
	addr, err := buckettest.Unused()
	if err != nil {
		t.Fatal(err)
	}
	desk := httptest.NewUnstartedServer(nil)
	at := "http://" + desk.Listener.Addr().String()
	realProvider(t, addr, at+"/signin/callback")

	t.Setenv("TEST_DESK_KEY", "a test secret of thirty-two bytes")
	t.Setenv("TEST_CLIENT", "a-client-secret-for-tests")
	cfg, err := config.Parse("cutline.yaml", []byte(fmt.Sprintf(`
sites: {en: {name: Example, language: en, url: "https://news.example", roles: {approver: [test-user@zitadel.ch]}}}
desk: {url: %q, key: "env:TEST_DESK_KEY", oidc: {issuer: "http://%s/", client: desk, secret: "env:TEST_CLIENT"}}
`, at, addr)), nil)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := bucket.OpenDir(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	door, err := Open(Parts{
		Store: &story.Store{Bucket: dir, Now: time.Now, Random: rand.Reader}, Config: cfg, Now: time.Now, Random: rand.Reader, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Loopback: true,
		Public: func(*http.Request) bool { return false },
		Page: func(w http.ResponseWriter, _ *http.Request, status int, p SignIn) {
			w.WriteHeader(status)
			fmt.Fprintf(w, "sign in at %s to=%s problem=%s", p.Provider, p.To, p.Problem)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	desk.Config.Handler = http.NewCrossOriginProtection().Handler(door.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s at %s as %s: %s", Of(r).Name, r.URL.RequestURI(), Of(r).ID, said2(Of(r)))
	})))
	desk.Start()
	defer desk.Close()

	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &http.Client{Jar: jar}
	get := func(address string) string { return answer(t, b, "GET", address, nil) }
	if page := get(at + "/wall?day=1"); page != "sign in at "+addr+" to=/wall?day=1 problem=" {
		t.Fatalf("nobody sees %q", page)
	}
	form := get(at + "/signin/go?to=" + url.QueryEscape("/wall?day=1"))
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(form)
	if id == nil {
		t.Fatalf("the provider shows no form: %s", form)
	}
	in := answer(t, b, "POST", "http://"+addr+"/login/username", url.Values{"id": {id[1]}, "username": {"test-user@127.0.0.1"}, "password": {"verysecure"}})
	if want := "Test User at /wall?day=1 as http://" + addr + "/#id1: en:approver"; in != want {
		t.Fatalf("signed in and sees %q, want %q", in, want)
	}
	if page := get(at + "/"); !strings.HasPrefix(page, "Test User at /") {
		t.Errorf("the next page: %q", page)
	}
	answer(t, b, "POST", at+"/signout", url.Values{"everywhere": {"1"}})
	if page := get(at + "/"); !strings.HasPrefix(page, "sign in at") {
		t.Errorf("signed out and sees %q", page)
	}
}

func answer(t *testing.T, b *http.Client, method, address string, form url.Values) string {
	t.Helper()
	r, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return string(body)
}
