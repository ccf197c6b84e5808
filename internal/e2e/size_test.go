package e2e

import (
	"bytes"
	"compress/flate"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"cutline/internal/bucket/buckettest"
)

var update = flag.Bool("update", false, "write the measured tables of docs/aws.md anew")

// mostSize is what a function may weigh, in MB of 1,000,000 bytes: its bootstrap without the fonts that it carries, and
// all of it packed. A cold start reads the one and loads the other.
var mostSize = map[string]struct{ bare, packed float64 }{
	"webhook": {10.2, 5}, "render": {12, 8}, "post": {12, 5.5}, "desk": {17.5, 7},
}

// TestSizes builds the functions as make build does, and holds them to what they may weigh and to what docs/aws.md says.
func TestSizes(t *testing.T) {
	buckettest.E2E(t)
	cmd := exec.Command("make", "-s", "build", "CONFIG=none")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, out)
	}
	embedded, err := filepath.Glob(root + "/fonts/*/*.ttf")
	if err != nil || len(embedded) == 0 {
		t.Fatalf("the embedded fonts: %v, %v", embedded, err)
	}
	var fonts int64
	for _, f := range embedded {
		s, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		fonts += s.Size()
	}
	table := "| function | bootstrap, MB | without fonts | may be | zip, MB | may be |\n|---|---|---|---|---|---|\n"
	for _, name := range functions {
		b, err := os.ReadFile(filepath.Join(root, "dist", name, "bootstrap"))
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		z, err := flate.NewWriter(&packed, flate.DefaultCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		bare := float64(len(b))
		if name == "render" {
			bare -= float64(fonts)
		}
		most := mostSize[name]
		bare, zip := bare/1e6, float64(packed.Len())/1e6
		if bare > most.bare || zip > most.packed {
			t.Errorf("%s: %.1f MB without fonts, %.1f MB packed; it may be %.1f and %.1f: go tool nm -size -sort size tells what is in it", name, bare, zip, most.bare, most.packed)
		}
		table += fmt.Sprintf("| %s | %.1f | %.1f | %.1f | %.1f | %.1f |\n", name, float64(len(b))/1e6, bare, most.bare, zip, most.packed)
	}
	holds(t, "sizes", table, 0.1)
}

// functions are those that are deployed, in the order of a story's way.
var functions = []string{"webhook", "render", "post", "desk"}

var numberRE = regexp.MustCompile(`\d+(?:\.\d+)?`)

// holds compares a measured table with the one that stands in docs/aws.md between its marks: the same text, and no
// number off by more than tolerance, as a fraction of it. With -update it writes it there.
func holds(t *testing.T, name, table string, tolerance float64) {
	t.Helper()
	path := root + "/docs/aws.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
	before, rest, ok := strings.Cut(string(b), begin)
	stands, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("docs/aws.md has no table between %s and %s", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+table+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	was, is := numberRE.FindAllString(stands, -1), numberRE.FindAllString(table, -1)
	same := len(was) == len(is) && numberRE.ReplaceAllString(stands, "0") == numberRE.ReplaceAllString(table, "0")
	for i := 0; same && i < len(is); i++ {
		x, errX := strconv.ParseFloat(was[i], 64)
		y, errY := strconv.ParseFloat(is[i], 64)
		same = errX == nil && errY == nil && math.Abs(x-y) <= tolerance*math.Max(x, y)
	}
	if !same {
		t.Errorf("docs/aws.md is out of date; go test ./internal/e2e -run %s -update writes it anew:\n%s", t.Name(), table)
	}
}
