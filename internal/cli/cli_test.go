package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"cutline": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv)) },
	})
}

// TestScripts plays the dialogues of testdata/*.txtar with the real program.
func TestScripts(t *testing.T) {
	sample, err := filepath.Abs("../../sample")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:   "testdata",
		Setup: func(e *testscript.Env) error { e.Setenv("SAMPLE", sample); return nil },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"key": keepKey,
		},
	})
}

// keepKey sets $KEY to the first story's key in the last output.
func keepKey(ts *testscript.TestScript, neg bool, args []string) {
	_, rest, ok := strings.Cut(ts.ReadFile("stdout"), `"key": "`)
	if !ok {
		ts.Fatalf("no key in the output")
	}
	key, _, _ := strings.Cut(rest, `"`)
	ts.Setenv("KEY", key)
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args string
		want int
		says string // on stderr, or stdout when it went well
	}{
		{"", 2, "which command?"},
		{"stroies", 2, `there is no command "stroies"`},
		{"--help", 0, "usage: cutline COMMAND"},
		{"help render", 0, "usage: cutline render"},
		{"render --help", 0, "--headline H"},
		{"render --headline x", 2, "--out is required"},
		{"render --headline x --out o --format poster", 2, `no format "poster"`},
		{"render --headline x --out o --nope", 2, "-nope"},
		{"photo", 2, "usage: cutline photo FILE"},
		{"photo nothere.jpg", 1, "nothere.jpg"},
		{"photo a b", 2, "usage: cutline photo FILE"},
		{"show 2026-11-26/short", 2, "is no story's key"},
		{"show 2026-11-26/abcdefghijklmnopqrstuvwxyz --data nothere", 1, "--data or --bucket"},
		{"stories --data a --bucket s3://b", 2, "not both"},
		{"stories --bucket b", 2, "s3://NAME"},
		{"stories --day yesterday", 2, "2026-11-26"},
		{"decide 2026-11-26/abcdefghijklmnopqrstuvwxyz publish", 2, "approve, hold, reject, retract"},
		{"check --config nothere.yaml", 1, "nothere.yaml"},
		{"send x --source s --to nowhere", 2, "--to wants an address"},
		{"version", 0, `"version": "` + Version + `"`},
	} {
		var stdout, stderr bytes.Buffer
		got := Main(strings.Fields(c.args), strings.NewReader(""), &stdout, &stderr, func(string) string { return "" })
		said := stderr.String()
		if got == 0 {
			said = stdout.String()
		}
		if got != c.want || !strings.Contains(said, c.says) {
			t.Errorf("cutline %s: exit code %d, want %d; it said %q, want %q in it", c.args, got, c.want, said, c.says)
		}
	}
}

// TestEveryCommandHelps holds every command to a synopsis, a text and an example.
func TestEveryCommandHelps(t *testing.T) {
	for _, c := range commands() {
		var stdout, stderr bytes.Buffer
		code := Main([]string{c.name, "--help"}, strings.NewReader(""), &stdout, &stderr, os.Getenv)
		help := stdout.String()
		if code != 0 || stderr.Len() > 0 || !strings.HasPrefix(help, "usage: cutline "+c.name) {
			t.Errorf("%s --help: exit code %d, %q", c.name, code, help)
		}
		if c.name != "version" && !strings.Contains(help, "\n  cutline "+c.name+" ") {
			t.Errorf("%s --help has no example:\n%s", c.name, help)
		}
	}
}
