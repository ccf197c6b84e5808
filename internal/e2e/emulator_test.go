package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cutline/internal/bucket/buckettest"
)

// toolsDir is where .ci/aws puts what stands in for AWS. The test is left out if it is not there.
func toolsDir(t *testing.T, need string) string {
	t.Helper()
	buckettest.E2E(t)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "cutline", "tools")
	if _, err := os.Stat(filepath.Join(dir, need)); err != nil {
		t.Skipf("%s is not there: .ci/install brings it where it can be had", need)
	}
	return dir
}

// samBuild is what sam build makes of the template for a processor ("amd64", "arm64"): the folder with the built
// template and a folder for each function, by its name there.
func samBuild(t *testing.T, arch string) string {
	t.Helper()
	sam := filepath.Join(toolsDir(t, "aws/bin/sam"), "aws/bin/sam")
	dir := t.TempDir()
	cmd := exec.Command(sam, "build", "--build-dir", dir)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "GOARCH="+arch, "CONFIG=none", "AWS_DEFAULT_REGION=eu-central-1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("sam build: %v\n%s", err, out)
	}
	return dir
}

// emulator is one environment of a function, as Lambda has many: its bootstrap under AWS's Runtime Interface Emulator,
// with one call at a time. It can be killed, and is then started anew by the next call.
type emulator struct {
	name    string // of the function in the template
	address string // where it takes calls
	command *exec.Cmd
	ended   chan struct{} // closed when the process of command has gone
	start   func() (*exec.Cmd, error)

	mu  sync.Mutex // over command and ended
	log *tail
}

// tail keeps the end of what was written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.b = append(l.b, p...); len(l.b) > 1<<16 {
		l.b = append([]byte(nil), l.b[len(l.b)-1<<15:]...)
	}
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.b)
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// newEmulator makes one for dir/name/bootstrap. program stands before it, for a bootstrap of another processor.
func newEmulator(t *testing.T, dir, name string, program []string, env ...string) *emulator {
	t.Helper()
	rie := "aws-lambda-rie-x86_64"
	if runtime.GOARCH == "arm64" {
		rie = "aws-lambda-rie-arm64"
	}
	found, err := filepath.Glob(filepath.Join(toolsDir(t, "aws"), "aws/lib/python*/site-packages/samcli/local/rapid", rie))
	if err != nil || len(found) != 1 {
		t.Fatalf("aws-sam-cli has no %s: %v", rie, err)
	}
	bytes, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(t.TempDir(), "rie") // the package has it without the right to be run
	if err := os.WriteFile(exe, bytes, 0o755); err != nil {
		t.Fatal(err)
	}
	e := &emulator{name: name, address: freePort(t), log: new(tail)}
	api := freePort(t)
	e.start = func() (*exec.Cmd, error) {
		args := append([]string{"--runtime-interface-emulator-address", e.address, "--runtime-api-address", api}, program...)
		cmd := exec.Command(exe, append(args, "./bootstrap")...)
		cmd.Dir = filepath.Join(dir, name)
		cmd.Env = append([]string{"PATH=/usr/bin:/bin", "AWS_LAMBDA_FUNCTION_NAME=" + name}, env...)
		cmd.Stdout, cmd.Stderr = e.log, e.log
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that the bootstrap dies with it
		return cmd, cmd.Start()
	}
	t.Cleanup(func() {
		e.kill()
		if t.Failed() {
			t.Logf("log of %s:\n%s", name, e.log)
		}
	})
	return e
}

// kill ends the environment at once, whatever it is doing.
func (e *emulator) kill() {
	e.mu.Lock()
	cmd, ended := e.command, e.ended
	e.command = nil
	e.mu.Unlock()
	if cmd != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended by itself
		<-ended
	}
}

// up starts the environment if there is none.
func (e *emulator) up(ctx context.Context) error {
	e.mu.Lock()
	if e.command == nil {
		cmd, err := e.start()
		if err != nil {
			e.mu.Unlock()
			return err
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		e.command, e.ended = cmd, ended
	}
	e.mu.Unlock()
	for {
		c, err := net.DialTimeout("tcp", e.address, time.Second)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not come up: %w", e.name, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// invoke hands over one event. An error is what AWS's pollers would take for one: the function failed, or its
// environment went away.
func (e *emulator) invoke(ctx context.Context, event []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	if err := e.up(ctx); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+e.address+"/2015-03-31/functions/function/invocations", bytes.NewReader(event))
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	var failed struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if res.StatusCode != http.StatusOK || json.Unmarshal(body, &failed) != nil || failed.Type != "" {
		return nil, fmt.Errorf("%s answered %d %s", e.name, res.StatusCode, body)
	}
	return body, nil
}

// TestFunctionsOfTheBuiltProcessor has the functions as they are deployed, for arm64, answer an event each under the
// emulator; qemu runs them where this machine is of another kind.
func TestFunctionsOfTheBuiltProcessor(t *testing.T) {
	dir := samBuild(t, "arm64")
	var program []string
	if runtime.GOARCH != "arm64" {
		qemu, err := exec.LookPath("qemu-aarch64-static")
		if err != nil {
			t.Skip("qemu-user is not there: .ci/install brings it where it can be had")
		}
		program = []string{qemu}
	}
	gate := buckettest.Gateway(t)
	yaml := `
sites: {en: {name: Example News, language: en, url: "https://news.example/en"}}
sources: {en: {kind: cutline, site: en, secret: "env:TEST_SECRET"}}
channels: {feed: {kind: feed, site: en}}
desk: {people: {hana: "env:TEST_PASSWORD"}}
`
	env := append(gate.Env, "CUTLINE_BUCKET="+gate.Ref, "TEST_SECRET="+testSecret, "TEST_PASSWORD="+testPassword)
	for _, c := range []struct{ function, event, want string }{
		{"Webhook", "webhook.json", `"statusCode":401`}, // its signature is of long ago
		{"Render", "test-event.json", `{"batchItemFailures":[]}`},
		{"Render", "card.json", `"statusCode":404`},
		{"Post", "tick.json", "null"},
		{"Desk", "desk.json", `"statusCode":401`},
	} {
		if err := os.WriteFile(filepath.Join(dir, c.function, "cutline.yaml"), []byte(yaml), 0o644); err != nil {
			t.Fatal(err)
		}
		e := newEmulator(t, dir, c.function, program, env...)
		got, err := e.invoke(t.Context(), recorded(t, c.event))
		if err != nil || !strings.Contains(string(got), c.want) {
			t.Errorf("%s, %s: %s, %v; want %s", c.function, c.event, got, err, c.want)
		}
		e.kill()
	}
}
