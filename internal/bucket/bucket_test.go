package bucket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
)

func TestDirContract(t *testing.T) {
	buckettest.Run(t, true, func(t *testing.T) bucket.Bucket { return openDir(t, t.TempDir()) })
}

func TestS3Contract(t *testing.T) {
	s := buckettest.Gateway(t)
	buckettest.Run(t, false, func(t *testing.T) bucket.Bucket { s.Empty(t); return s.Bucket() })
}

func TestOpen(t *testing.T) {
	for ref, want := range map[string]string{
		"s3://":                        "want s3://NAME",
		"s3://a/b":                     "want s3://NAME",
		"s3://a?endpiont=http://x":     `unknown option "endpiont"`,
		"s3://a?endpoint=%zz":          "invalid URL escape",
		t.TempDir() + "/data":          "",
		"s3://a?endpoint=http://[::1]": "",
	} {
		b, err := bucket.Open(t.Context(), ref, time.Now, func(_ context.Context, region string) (aws.Config, error) { return aws.Config{Region: region}, nil })
		if want == "" && (err != nil || b == nil) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Open(%q): %v, want %q", ref, err, want)
		}
	}
}

// faulty is a server that answers as a list says, one answer a request, and keeps one object.
type faulty struct {
	mu      sync.Mutex
	answers []string // "ok", "lost" (kept, then the connection breaks), "503", "409", "412", "404"
	body    []byte
	seen    int
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method == http.MethodGet {
		w.Header().Set("ETag", `"new"`)
		w.Write(f.body)
		return
	}
	f.seen++
	a := f.answers[0]
	f.answers = f.answers[1:]
	body, _ := io.ReadAll(r.Body)
	switch a {
	case "ok", "lost":
		if r.Method == http.MethodPut {
			f.body = body
		}
		if a == "lost" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("ETag", `"new"`)
	default:
		code := map[string]string{"503": "SlowDown", "409": "ConditionalRequestConflict", "412": "PreconditionFailed", "404": "NoSuchKey", "404b": "NoSuchBucket"}[a]
		w.WriteHeader(map[string]int{"503": 503, "409": 409, "412": 412, "404": 404}[a[:3]])
		io.WriteString(w, "<Error><Code>"+code+"</Code></Error>")
	}
}

// A conditional write whose answer was lost, was refused, or met another one: what counts is what lies there.
func TestS3Answers(t *testing.T) {
	for _, c := range []struct {
		name, answers string
		there         string // what others wrote before
		cond          bucket.Cond
		want          error // nil, ErrChanged, or errOther
	}{
		{"plain", "ok", "", bucket.Create, nil},
		{"somebody was first", "412", "theirs", bucket.Create, bucket.ErrChanged},
		{"somebody was first with the same bytes", "412", "mine", bucket.Create, bucket.ErrChanged},
		{"answer lost, kept", "lost 412", "", bucket.Create, nil},
		{"answer lost, kept, with a version", "lost 412", "", bucket.IfMatch(`"old"`), nil},
		{"busy, then somebody else", "503 412", "theirs", bucket.Create, bucket.ErrChanged},
		{"busy, then ok", "503 503 ok", "", bucket.Create, nil},
		{"conflict, then ok", "409 409 ok", "", bucket.IfMatch(`"old"`), nil},
		{"conflict, then lost", "409 412", "theirs", bucket.IfMatch(`"old"`), bucket.ErrChanged},
		{"conflict without end", "409 409 409 409 409 409", "theirs", bucket.Create, bucket.ErrChanged},
		{"gone", "404", "", bucket.IfMatch(`"old"`), bucket.ErrChanged},
		{"no bucket", "404b", "", bucket.IfMatch(`"old"`), errOther},
		{"always has no condition to fail", "412", "", bucket.Always, errOther},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &faulty{answers: strings.Fields(c.answers), body: []byte(c.there)}
			b := serve(t, f)
			_, err := b.Put(t.Context(), "k", []byte("mine"), "text/plain", c.cond)
			if c.want == errOther && (err == nil || errors.Is(err, bucket.ErrChanged)) || c.want != errOther && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if len(f.answers) > 0 {
				t.Errorf("answers not asked for: %q", f.answers)
			}
			if err == nil && !bytes.Equal(f.body, []byte("mine")) {
				t.Errorf("said to be written, but %q lies there", f.body)
			}
		})
	}
}

func TestS3DeleteAnswers(t *testing.T) {
	for answers, want := range map[string]error{
		"ok": nil, "lost ok": nil, "lost 404": nil, "404": nil, "412": bucket.ErrChanged, "409 ok": nil, "404b": errOther,
		"409 409 409 409 409 409": errOther,
	} {
		f := &faulty{answers: strings.Fields(answers)}
		err := serve(t, f).Delete(t.Context(), "k", bucket.IfMatch(`"old"`))
		if want == errOther && (err == nil || errors.Is(err, bucket.ErrChanged)) || want != errOther && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", answers, err, want)
		}
	}
}

func TestS3StopsWithItsContext(t *testing.T) {
	f := &faulty{answers: []string{"409", "409", "409", "409", "409", "409"}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := serve(t, f).Put(ctx, "k", nil, "text/plain", bucket.Create); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

var errOther = errors.New("an error that is not ErrChanged")

func serve(t *testing.T, h http.Handler) *bucket.S3 {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	cfg := aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
	return bucket.NewS3(cfg, "name", s.URL)
}
