package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cutline/internal/bucket/buckettest"
)

// samBuild is what sam build makes of the template for a processor ("amd64", "arm64"): the folder with the built
// template and a folder for each function, by its name there.
func samBuild(t *testing.T, arch string) string {
	t.Helper()
	sam := filepath.Join(cached(t, "tools", "aws/bin/sam"), "aws/bin/sam")
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
// with one call at a time. If it was killed or has ended by itself, the next call starts it anew, at ports of its own:
// what is left of the one before, or took its port meanwhile, is not met again.
type emulator struct {
	name  string                                       // of the function in the template
	start func(address, api string) (*exec.Cmd, error) // where it takes calls, and where its bootstrap asks for them

	mu      sync.Mutex // over what follows
	address string
	command *exec.Cmd
	ended   chan struct{} // closed when the process of command has gone
	log     *tail
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
	address, err := buckettest.Unused()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// newEmulator makes one for dir/name/bootstrap. program stands before it, for a bootstrap of another processor.
func newEmulator(t *testing.T, dir, name string, program []string, env ...string) *emulator {
	t.Helper()
	rie := "aws-lambda-rie-x86_64"
	if runtime.GOARCH == "arm64" {
		rie = "aws-lambda-rie-arm64"
	}
	found, err := filepath.Glob(filepath.Join(cached(t, "tools", "aws"), "aws/lib/python*/site-packages/samcli/local/rapid", rie))
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
	e := &emulator{name: name, log: new(tail)}
	e.start = func(address, api string) (*exec.Cmd, error) {
		args := append([]string{"--runtime-interface-emulator-address", address, "--runtime-api-address", api}, program...)
		cmd := exec.Command(exe, append(args, "./bootstrap")...)
		cmd.Dir = filepath.Join(dir, name)
		cmd.Env = append([]string{"PATH=/usr/bin:/bin", "AWS_LAMBDA_FUNCTION_NAME=" + name}, env...)
		cmd.Stdout, cmd.Stderr = e.log, e.log
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.WaitDelay = time.Second // for what holds its output and outlives it
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
	if cmd == nil {
		return
	}
	for _, pid := range append(children(cmd.Process.Pid), cmd.Process.Pid) { // the bootstrap is a process group of its own
		_ = syscall.Kill(-pid, syscall.SIGKILL) // it may have ended by itself
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-ended
}

// children is the processes that a process has started, and those that these have.
func children(pid int) (all []int) {
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		panic(err) // the pattern is a constant's
	}
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil {
			continue // it has ended
		}
		for _, f := range strings.Fields(string(b)) {
			if child, err := strconv.Atoi(f); err == nil {
				all = append(append(all, child), children(child)...)
			}
		}
	}
	return all
}

// running is where the environment takes calls; it is started if there is none.
func (e *emulator) running() (address string, ended chan struct{}, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.command != nil {
		select {
		case <-e.ended: // by itself
		default:
			return e.address, e.ended, nil
		}
	}
	address, err1 := buckettest.Unused()
	api, err2 := buckettest.Unused()
	if err := errors.Join(err1, err2); err != nil {
		return "", nil, err
	}
	cmd, err := e.start(address, api)
	if err != nil {
		return "", nil, err
	}
	ended = make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	e.address, e.command, e.ended = address, cmd, ended
	return address, ended, nil
}

// up waits until the environment takes calls, and says where.
func (e *emulator) up(ctx context.Context) (address string, err error) {
	for {
		address, ended, err := e.running()
		if err != nil {
			return "", err
		}
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return address, c.Close()
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("%s does not come up: %w", e.name, err)
		case <-ended:
			return "", fmt.Errorf("%s ended before it came up", e.name)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// invoke hands over one event. An error is what AWS's pollers would take for one: the function failed, or its
// environment went away.
func (e *emulator) invoke(ctx context.Context, event []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	address, err := e.up(ctx)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/2015-03-31/functions/function/invocations", bytes.NewReader(event))
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
