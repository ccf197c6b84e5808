package cli

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cutline/internal/story"
)

// life is one run of serve with the samples, until its test or stop ends it.
type life struct {
	base string
	said string // up to "the desk"
	stop func() error
}

func serve(t *testing.T, data string, args ...string) life {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	p := newProgram(strings.NewReader(""), in, &bytes.Buffer{}, os.Getenv, "serve")
	go func() {
		err := p.run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0", "--data", data}, args...))
		in.Close()
		ended <- err
	}()
	var l life
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		l.said += line
		if rest, ok := strings.CutPrefix(line, "listening on "); ok {
			l.base = strings.TrimSpace(rest)
		}
		if err != nil {
			t.Fatalf("serve ended before it was ready: %v\n%s", <-ended, l.said)
		}
		if strings.HasPrefix(line, "             Ctrl-C") {
			break
		}
	}
	go io.Copy(io.Discard, lines)
	l.stop = func() error { cancel(); return <-ended }
	return l
}

func get(t *testing.T, address string, change ...func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestSamplesTwice(t *testing.T) {
	data := t.TempDir()
	l := serve(t, data, "--sample", "../../sample")
	if n := strings.Count(l.said, `"result":"accepted"`); n != 2 {
		t.Fatalf("%d samples were accepted, want 2:\n%s", n, l.said)
	}
	for _, line := range strings.Split(l.said, "\n") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "card "); ok {
			path, _, _ := strings.Cut(strings.TrimSpace(rest), " (")
			if _, err := os.Stat(path); err != nil {
				t.Errorf("the card that was named: %v", err)
			}
		}
		if _, address, ok := strings.Cut(line, `"og":"`); ok {
			address, _, _ = strings.Cut(address, `"`)
			if code, body := get(t, address); code != http.StatusOK || !strings.HasPrefix(body, "\xff\xd8\xff") {
				t.Errorf("the card's address answers %d", code)
			}
		}
	}
	code, page := get(t, l.base+"/")
	if code != http.StatusOK || !strings.Contains(page, "A Century-Old Staircase Reopens") {
		t.Errorf("the desk answers %d, and the sample is not on it", code)
	}
	if code, _ := get(t, l.base+"/", func(r *http.Request) { r.Host = "evil.example" }); code != http.StatusMisdirectedRequest {
		t.Errorf("by another name the desk answers %d, want 421", code)
	}
	if code, _ := get(t, l.base+"/feeds/en.xml"); code != http.StatusNotFound {
		t.Errorf("the empty feed answers %d, want 404", code)
	}
	if code, _ := get(t, l.base+"/sample/TEST-SECRET-not-for-use.txt"); code != http.StatusNotFound {
		t.Errorf("a file that is no photo answers %d, want 404", code)
	}
	var sent, wrong bytes.Buffer
	args := []string{"send", filepath.Join(sampleAt(t, l.base), "en.json"), "--source", "en", "--to", l.base, "--config", "../../sample/cutline.yaml"}
	if code := Main(args, strings.NewReader(""), &sent, &wrong, os.Getenv); code != 0 || !strings.Contains(sent.String(), `"result":"unchanged"`) {
		t.Errorf("send: exit code %d, %s%s", code, sent.String(), wrong.String())
	}
	args[5] = l.base + "/hooks/nobody"
	if code := Main(args, strings.NewReader(""), &sent, &wrong, os.Getenv); code != 1 || !strings.Contains(wrong.String(), "404") {
		t.Errorf("send to nobody: exit code %d, %s", code, wrong.String())
	}
	sample := sampleAt(t, l.base)
	_, address, ok := strings.Cut(l.said, "/story/")
	if !ok {
		t.Fatalf("no story was named:\n%s", l.said)
	}
	key := strings.Fields(address)[0] // of the samples the first in the alphabet, which is Sorani's
	sent.Reset()
	args = []string{"decide", key, "approve", "--data", data, "--config", filepath.Join(sample, "cutline.yaml")}
	if code := Main(args, strings.NewReader(""), &sent, &wrong, os.Getenv); code != 0 || strings.Count(sent.String(), `"state": "sent"`) < 5 {
		t.Errorf("decide: exit code %d, %s%s", code, sent.String(), wrong.String())
	}
	if _, page := get(t, l.base+"/sim/"); strings.Count(page, "<article") != 3 || strings.Count(page, `<img src="-/pictures/`) != 3 {
		t.Errorf("the simulated networks do not show three posts with a picture each:\n%s", page)
	}
	if code, _ := get(t, l.base+"/sim/", func(r *http.Request) { r.Host = "evil.example" }); code != http.StatusMisdirectedRequest {
		t.Errorf("by another name the networks answer %d, want 421", code)
	}
	if err := l.stop(); err != nil {
		t.Errorf("serve ended with %v", err)
	}

	before := files(t, data)
	// The port, and with it the photos' address, is another one now; make run's is always the same.
	config, err := os.ReadFile("../../sample/cutline.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(sample, "cutline.yaml"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	l = serve(t, data, "--sample", sample)
	if _, page := get(t, l.base+"/sim/"); strings.Count(page, "<article") != 3 {
		t.Errorf("the simulated networks have forgotten what was posted:\n%s", page)
	}
	if n := strings.Count(l.said, `"result":"unchanged"`); n != 2 {
		t.Errorf("%d samples were unchanged, want 2:\n%s", n, l.said)
	}
	if err := l.stop(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
	if after := files(t, data); after != before {
		t.Errorf("the second run changed files.\nbefore:\n%s\nafter:\n%s", before, after)
	}
}

// sampleAt is a copy of the samples whose photos have addresses under base.
func sampleAt(t *testing.T, base string) string {
	t.Helper()
	dir := t.TempDir()
	names, err := filepath.Glob("../../sample/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.ReplaceAll(b, []byte("http://"+defaultAddr+"/"), []byte(base+"/"))
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(n)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// files lists what is in the folder with its times. Locks and temporary files are left out, and so is when each source was last
// heard, which is written down at each delivery.
func files(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".lock" || d.Name() == ".tmp" || d.Name() == "sources") {
			return filepath.SkipDir
		}
		if info, err := d.Info(); err != nil {
			return err
		} else if !d.IsDir() {
			out.WriteString(path + " " + info.ModTime().String() + "\n")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestServeRefusesAnOpenDesk(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := Main([]string{"serve", "--addr", "0.0.0.0:0", "--data", t.TempDir(), "--config", "../../sample/cutline.yaml"}, strings.NewReader(""), &stdout, &stderr, os.Getenv)
	if code != 1 || !strings.Contains(stderr.String(), "sign in") || stdout.Len() > 0 {
		t.Errorf("exit code %d, %q, %q; want it to refuse for want of signing in", code, stdout.String(), stderr.String())
	}
}

func TestServeOnATakenPort(t *testing.T) {
	l := serve(t, t.TempDir(), "--sample", "../../sample")
	defer l.stop()
	var stderr bytes.Buffer
	code := Main([]string{"serve", "--addr", strings.TrimPrefix(l.base, "http://"), "--data", t.TempDir(), "--config", "../../sample/cutline.yaml"}, strings.NewReader(""), io.Discard, &stderr, os.Getenv)
	if code != 1 || !strings.Contains(stderr.String(), "--addr") {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
}

const k = story.Key("2026-11-26/abcdefghijklmnopqrstuvwxyz")
