package buckettest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"cutline/internal/bucket"
)

// versitygw is the S3 server that tests run against, pinned.
const versitygw = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"

// A Server is a running S3 server on a loopback port, with one empty bucket.
type Server struct {
	Endpoint string // "http://127.0.0.1:41234"
	Name     string // of the bucket
	Ref      string // for bucket.Open: "s3://NAME?endpoint=…&region=…"
	Folder   string // where the server keeps the bucket's objects as files
	Env      []string
	cfg      aws.Config
}

// E2E skips a test unless CUTLINE_E2E is set, as make e2e does: what needs programs that are not the project's own.
func E2E(t testing.TB) {
	t.Helper()
	if os.Getenv("CUTLINE_E2E") == "" {
		t.Skip("needs other programs; run by make e2e")
	}
}

// Unused is an address on loopback at which nobody listens, for a program that must be told where it shall. Its port is none
// of those that systems give to whoever asks for any and to connections that go out (Linux: from 32768): one of these could
// have it before the program does.
func Unused() (string, error) {
	var l net.Listener
	err := errors.New("no port was tried")
	for try := 0; try < 100 && err != nil; try++ {
		l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000)))
	}
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// Gateway starts versitygw on a temporary folder and stops it when the test ends. The program is built the first time
// it is needed and kept in the user's cache folder; CUTLINE_VERSITYGW names another one. flags are further ones of its own.
// It skips the test as E2E does.
func Gateway(t testing.TB, flags ...string) *Server {
	t.Helper()
	E2E(t)
	program := tool(t)
	address, err := Unused()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Endpoint: "http://" + address, Name: "cutline-test"}
	root := t.TempDir()
	s.Folder = filepath.Join(root, s.Name)
	s.Ref = "s3://" + s.Name + "?" + url.Values{"endpoint": {s.Endpoint}, "region": {"us-east-1"}}.Encode()
	s.Env = []string{"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=testsecret", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true"}
	s.cfg = aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "testsecret", "")}

	args := append([]string{"--access", "test", "--secret", "testsecret", "--port", address, "--keep-alive", "--quiet"}, flags...)
	cmd := exec.Command(program, append(args, "posix", root)...)
	log, err := os.Create(filepath.Join(t.TempDir(), "versitygw.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		log.Close()
	})
	for deadline := time.Now().Add(3 * time.Minute); ; {
		res, err := http.Get(s.Endpoint)
		if err == nil {
			res.Body.Close()
			break
		}
		select {
		case err := <-ended:
			ended <- err
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("versitygw ended: %v\n%s", err, said)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("versitygw does not answer: %v", err)
		}
	}
	client := s3.NewFromConfig(s.cfg, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &s.Endpoint, true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &s.Name}); err != nil {
		t.Fatalf("making bucket %s: %v", s.Name, err)
	}
	return s
}

// Bucket opens the server's bucket.
func (s *Server) Bucket() *bucket.S3 { return bucket.NewS3(s.cfg, s.Name, s.Endpoint) }

// Through opens the same bucket by another address or client: a proxy that loses answers, say.
func (s *Server) Through(endpoint string, client *http.Client) *bucket.S3 {
	cfg := s.cfg
	cfg.HTTPClient = client
	return bucket.NewS3(cfg, s.Name, endpoint)
}

// Empty removes every object.
func (s *Server) Empty(t testing.TB) {
	t.Helper()
	b := s.Bucket()
	all, err := b.List(t.Context(), "", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if err := b.Delete(t.Context(), e.Key, bucket.Always); err != nil {
			t.Fatal(err)
		}
	}
}

func tool(t testing.TB) string {
	if p := os.Getenv("CUTLINE_VERSITYGW"); p != "" {
		return p
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "cutline", "tools")
	p := filepath.Join(dir, "versitygw")
	if _, err := os.Stat(p); err == nil {
		return p
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	made, err := os.MkdirTemp(dir, "versitygw-") // another package's tests may do the same now, and must not run half of it
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "install", versitygw)
	cmd.Env = append(os.Environ(), "GOBIN="+made, "GOFLAGS=", "CGO_ENABLED=0")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("building %s: %w\n%s", versitygw, err, out))
	}
	if err := errors.Join(os.Rename(filepath.Join(made, "versitygw"), p), os.Remove(made)); err != nil {
		t.Fatal(err)
	}
	return p
}
