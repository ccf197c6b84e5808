package config

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

const contract = `
sites:
  en: {name: Example News, language: en, url: "https://news.example", theme: default, review: required, uncredited: hold}
sources:
  newsroom: {kind: cutline, site: en, secret: "env:NEWSROOM_SECRET"}
channels:
  feed: {kind: feed, site: en}
  bsky: {kind: bluesky, site: en, server: "https://bsky.social", account: news.example, secret: "env:BSKY_PASSWORD", corrections: reply}
network: {allow: ["127.0.0.0/8"]}
timing: {tick: 60s, lease: 90s}
`

func TestTheFileThatIsPromised(t *testing.T) {
	c, err := Parse("cutline.yaml", []byte(contract), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Sites["en"].Name != "Example News" || c.Channels["bsky"].Corrections != "reply" || c.Timing.Lease != 90*time.Second || c.Timing.Undo != 10*time.Second ||
		c.Network.Allow[0].String() != "127.0.0.0/8" || c.Channels["feed"].Items != 500 || strings.Join(c.ChannelsOf("en"), " ") != "bsky feed" {
		t.Errorf("have %+v", c)
	}
}

// TestFaults reads testdata/faults.txt: each file is a configuration whose comment lines, "# want: …", say what must be
// in its errors, in order.
func TestFaults(t *testing.T) {
	a, err := txtar.ParseFile("testdata/faults.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		t.Run(f.Name, func(t *testing.T) {
			var want []string
			for line := range strings.Lines(string(f.Data)) {
				if w, ok := strings.CutPrefix(line, "# want: "); ok {
					want = append(want, strings.TrimSpace(w))
				}
			}
			_, err := Parse("cutline.yaml", f.Data, nil)
			if err == nil {
				t.Fatal("it was taken")
			}
			rest := err.Error()
			for _, w := range want {
				_, after, ok := strings.Cut(rest, w)
				if !ok {
					t.Fatalf("%q is not in what follows of\n%s", w, err)
				}
				rest = after
			}
		})
	}
}

func TestSecretsShowInNoPrint(t *testing.T) {
	t.Setenv("CUTLINE_TEST_SECRET", "hush-this-is-a-test")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("hush-in-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(_ context.Context, path string) (string, error) {
		if path != "/newsroom/secret" {
			return "", fmt.Errorf("no parameter %s", path)
		}
		return "hush-in-a-store", nil
	}
	for ref, want := range map[string]string{"env:CUTLINE_TEST_SECRET": "hush-this-is-a-test", "file:key": "hush-in-a-file", "ssm:/newsroom/secret": "hush-in-a-store"} {
		s, err := NewSecret(ref, dir, read)
		if err != nil {
			t.Fatal(err)
		}
		v, err := s.Value(context.Background())
		if err != nil || v != want {
			t.Errorf("%s: %q, %v", ref, v, err)
		}
		j, err := json.Marshal(map[string]any{"a": s, "b": Source{Secret: s}})
		if err != nil {
			t.Fatal(err)
		}
		for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s", s, Source{Secret: s}, s, s), string(j), s.LogValue().String()} {
			if strings.Contains(shown, "hush") {
				t.Errorf("%s shows its value: %s", ref, shown)
			}
		}
	}
	for _, ref := range []string{"hunter2", "env:", "vault:x", "ssm"} {
		if _, err := NewSecret(ref, dir, read); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", ref, err)
		}
	}
	for _, ref := range []string{"env:CUTLINE_TEST_NOT_SET", "file:missing", "ssm:/other"} {
		s, err := NewSecret(ref, dir, read)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Value(context.Background()); err == nil || !strings.Contains(err.Error(), ref) {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestReviewPolicies(t *testing.T) {
	for s, want := range map[string]string{"required": "false 0s", "auto": "true 0s", "auto after 15m": "true 15m0s"} {
		auto, after, err := ParseReview(s)
		if err != nil || fmt.Sprint(auto, after) != strings.ReplaceAll(want, " ", " ") {
			t.Errorf("%s: %v %v %v", s, auto, after, err)
		}
	}
	for _, s := range []string{"", "automatic", "auto after", "auto after soon", "auto after -5m"} {
		if _, _, err := ParseReview(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(contract))
	f.Add([]byte("a: &x [*x]"))
	f.Add([]byte("sites: {en: {name: [1]}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("cutline.yaml", data, nil)
		if err == nil && len(c.Sites) == 0 {
			t.Error("a configuration without a site was taken")
		}
	})
}
