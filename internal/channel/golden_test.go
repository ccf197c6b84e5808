package channel

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

var updateGoldens = flag.Bool("update", false, "write testdata/requests anew")

// documented is one of a network's documented answers.
type documented struct {
	Name, Call, Class string
	Status            int
	Headers           map[string]string
	Body              json.RawMessage
}

// documentedAnswers reads testdata/answers.
func documentedAnswers(t *testing.T, file string) []documented {
	t.Helper()
	var doc struct{ Answers []documented }
	readJSON(t, "testdata/answers/"+file+".json", &doc)
	return doc.Answers
}

func (d *documented) write(w http.ResponseWriter) {
	for k, v := range d.Headers {
		w.Header().Set(k, v)
	}
	w.WriteHeader(d.Status)
	var text string
	if json.Unmarshal(d.Body, &text) == nil {
		_, _ = io.WriteString(w, text)
	} else {
		_, _ = w.Write(d.Body)
	}
}

// dialogue is a fake that answers each call with a documented answer, by its name, and writes down the requests.
type dialogue struct {
	*network
	t       *testing.T
	answers []documented
	extra   map[string]any // answers that no documentation shows, by name

	mu     sync.Mutex
	script [][2]string // beginning of "METHOD /path" → name of the answer; the first that fits counts, and is used up if it stands there again
	log    strings.Builder
}

func converse(t *testing.T, file string, script ...[2]string) *dialogue {
	d := &dialogue{t: t, answers: documentedAnswers(t, file), script: script, extra: map[string]any{}}
	d.network = fake(t, d.answer)
	return d
}

func (d *dialogue) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.write(r, body)
	line := r.Method + " " + r.URL.Path
	for i, s := range d.script {
		if !strings.HasPrefix(line, s[0]) {
			continue
		}
		if slices.ContainsFunc(d.script[i+1:], func(o [2]string) bool { return o[0] == s[0] }) {
			d.script = slices.Delete(slices.Clone(d.script), i, i+1)
		}
		if v, ok := d.extra[s[1]]; ok {
			say(w, http.StatusOK, v)
			return
		}
		for _, a := range d.answers {
			if a.Name == s[1] {
				body := strings.ReplaceAll(string(a.Body), "https://www.linkedin.com", d.URL)
				a.Body = json.RawMessage(body)
				a.write(w)
				return
			}
		}
	}
	d.t.Errorf("nobody answers %s", line)
	w.WriteHeader(http.StatusNotImplemented)
}

var (
	boundaryRE  = regexp.MustCompile(`boundary=([0-9a-f]+)`)
	signatureRE = regexp.MustCompile(`oauth_signature="[^"]+"`)
)

// write notes a request: method, path, query, headers but those of the transport, body.
func (d *dialogue) write(r *http.Request, body []byte) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Method, r.URL.RequestURI())
	for _, k := range slices.Sorted(maps.Keys(r.Header)) {
		if !slices.Contains([]string{"Accept-Encoding", "Content-Length", "User-Agent", "Accept"}, k) {
			fmt.Fprintf(&b, "%s: %s\n", k, strings.Join(r.Header[k], ", "))
		}
	}
	if len(body) > 0 {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimRight(string(body), "\r\n"))
	}
	text := b.String()
	if m := boundaryRE.FindStringSubmatch(r.Header.Get("Content-Type")); m != nil {
		text = strings.ReplaceAll(text, m[1], "BOUNDARY")
	}
	text = signatureRE.ReplaceAllString(text, `oauth_signature="SIGNATURE"`) // it covers the server's port
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), d.URL, "https://SERVER")
	d.log.WriteString(text + "\n")
}

// begin heads the requests that follow.
func (d *dialogue) begin(title string, script ...[2]string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(script) > 0 {
		d.script = script
	}
	fmt.Fprintf(&d.log, "== %s\n\n", title)
}

// golden compares the requests with testdata/requests/<kind>.txt.
func (d *dialogue) golden(kind string) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	path, got := "testdata/requests/"+kind+".txt", d.log.String()
	if *updateGoldens {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			d.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	if got != string(want) {
		d.t.Errorf("the requests are not those of %s (look, then go test ./internal/channel -update):\n%s", path, got)
	}
}
