package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// root is the project's folder as the tests of this package see it.
const root = "../.."

// buildFunctions makes the functions' executables for this machine, by `make` as those for Lambda.
func buildFunctions(t testing.TB, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, n := range names {
		into := filepath.Join(dir, n, "bootstrap")
		cmd := exec.Command("make", "-s", into, "DIST="+dir, "GOARCH="+runtime.GOARCH, "CONFIG=none", "FILES=")
		if n == "hello" { // what others are compared with
			cmd = exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", into, "./internal/e2e/testdata/hello")
		}
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", n, err, out)
		}
	}
	return dir
}

// bootstrap is one function's process with a Runtime API of its own.
type bootstrap struct {
	name   string
	events chan []byte
	ends   chan end
	ended  chan error
	log    *bytes.Buffer // safe to read once ended has spoken
	pid    int
	stop   func() // ends the process; it is also ended with the test
}

// end is what a function answered to one event.
type end struct {
	body   []byte
	failed bool
}

// invocation is how long one event may take: longer than Lambda allows, for a machine that has other work too.
const invocation = 3 * time.Minute

// startFunction runs dir/name/bootstrap under a small server of the Lambda Runtime API (2018-06-01): one event at a time.
func startFunction(t testing.TB, dir, name string, env ...string) *bootstrap {
	t.Helper()
	return startUnder(t, nil, dir, name, env...)
}

// startUnder is startFunction with a program before it, one that goes on as what its arguments name.
func startUnder(t testing.TB, program []string, dir, name string, env ...string) *bootstrap {
	t.Helper()
	b := &bootstrap{name: name, events: make(chan []byte), ends: make(chan end, 1), ended: make(chan error, 1), log: new(bytes.Buffer)}
	n := 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case e := <-b.events:
			n++
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprintf("8476a536-e9f4-11e8-9739-%012d", n))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(invocation).UnixMilli()))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:"+name)
			_, _ = w.Write(e)
		case <-r.Context().Done():
		}
	})
	answer := func(failed bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				body, failed = []byte(err.Error()), true
			}
			b.ends <- end{body, failed}
			w.WriteHeader(http.StatusAccepted)
		}
	}
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", answer(false))
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", answer(true))
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", answer(true))
	api := httptest.NewServer(mux)

	ctx, cancel := context.WithCancel(context.Background())
	args := append(program[:len(program):len(program)], "./bootstrap")
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = filepath.Join(dir, name) // as Lambda does, so that files beside it are found
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://")}, env...)
	cmd.Stdout, cmd.Stderr = b.log, b.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b.pid = cmd.Process.Pid
	go func() { b.ended <- cmd.Wait() }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		api.CloseClientConnections()
		<-b.ended
		api.Close()
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, b.log)
		}
	})
	t.Cleanup(b.stop)
	return b
}

// invoke hands the function one event and returns its answer.
func (b *bootstrap) invoke(t testing.TB, event []byte) end {
	t.Helper()
	timeout := time.After(invocation)
	select {
	case b.events <- event:
	case err := <-b.ended:
		b.ended <- err
		t.Fatalf("%s ended: %v\n%s", b.name, err, b.log)
	case <-timeout:
		t.Fatalf("%s does not ask for an event", b.name)
	}
	select {
	case e := <-b.ends:
		return e
	case err := <-b.ended:
		b.ended <- err
		t.Fatalf("%s ended: %v\n%s", b.name, err, b.log)
	case <-timeout:
		t.Fatalf("%s does not answer", b.name)
	}
	panic("not reached")
}

// ok is invoke for an event that must not fail; v, if not nil, is filled from the answer.
func (b *bootstrap) ok(t testing.TB, event []byte, v any) {
	t.Helper()
	e := b.invoke(t, event)
	if e.failed {
		t.Fatalf("%s failed: %s", b.name, e.body)
	}
	if v != nil {
		if err := json.Unmarshal(e.body, v); err != nil {
			t.Fatalf("%s answered %s: %v", b.name, e.body, err)
		}
	}
}
