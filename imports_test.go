package cutline_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms says which of the project's packages, and which of other modules', each room imports. A room imports only what its
// line names, so that the steps meet in documents alone and nothing calls back up. Tests may import what they like.
//
// A module stands in a line as its short name, with the reason why it is used in outside.
var rooms = map[string]string{
	// nouns
	"internal/article": "remark zone text net",
	"internal/bucket":  "aws",
	"internal/measure": "",
	"internal/remark":  "",
	"internal/story":   "remark article bucket",
	"internal/config":  "zone yaml text",
	"internal/zone":    "",
	// crafts
	"internal/fetch":   "net",
	"internal/jpeg":    "",
	"internal/photo":   "remark article jpeg image",
	"internal/typeset": "remark fonts go-text uniseg text image",
	"internal/summary": "remark article uniseg text",
	"fonts":            "",
	// capabilities
	"internal/amazon":  "bucket aws",
	"internal/rewrite": "amazon article bucket config",
	"internal/letters": "remark amazon bucket story",
	"internal/source":  "remark article config fetch net",
	"internal/card":    "remark article fonts story jpeg photo typeset config gg image yaml text",
	"internal/channel": "remark article story bucket config fetch summary text uniseg net btcec websocket",
	"internal/staff":   "remark config story oidc oauth2",
	"internal/rights":  "config story text",
	"internal/review":  "article config story rights text",
	"internal/notice":  "remark article config review staff story zone",
	// steps
	"internal/webhook": "remark article story bucket config source fetch",
	"internal/render":  "remark measure article story bucket config fetch photo card rights typeset jpeg text zone",
	"internal/post":    "remark measure article story bucket config fetch channel review",
	"internal/desk":    "remark article story bucket config summary channel review staff letters net zone",
	"internal/gallery": "article card config photo render typeset",
	// edges
	"internal/lambda":            "amazon letters measure story bucket config aws aws-lambda",
	"internal/sim":               "uniseg btcec websocket", // and nothing of ours: it judges what channel sends
	"internal/cli":               "article gallery bucket card channel config desk fetch lambda photo notice post render staff review sim source story typeset webhook fonts summary aws rewrite",
	"functions/local":            "cli",
	"functions/webhook":          "lambda webhook source fetch",
	"functions/render":           "lambda render fetch typeset fonts",
	"functions/post":             "lambda fetch rewrite notice post channel staff",
	"functions/desk":             "lambda desk",
	"internal/bucket/buckettest": "bucket aws yaml", // the suite that both kinds of bucket pass
}

// outside is every module that the program is built from, by the short name that rooms uses.
var outside = map[string]struct{ prefix, why string }{
	"aws":        {"github.com/aws/aws-sdk-go-v2/", "S3, and credentials, with signing and retries as Amazon means them"},
	"smithy":     {"github.com/aws/smithy-go", "the errors of aws-sdk-go-v2"},
	"aws-lambda": {"github.com/aws/aws-lambda-go/", "the Runtime API and the shapes of its events"},
	"gg":         {"github.com/fogleman/gg", "drawing paths and pictures"},
	"go-text":    {"github.com/go-text/typesetting/", "shaping as HarfBuzz does, in Go"},
	"uniseg":     {"github.com/rivo/uniseg", "grapheme clusters and line breaks by Unicode"},
	"yaml":       {"go.yaml.in/yaml/v3", "configuration and themes with line numbers"},
	"image":      {"golang.org/x/image/", "WebP, and rasterising outlines"},
	"net":        {"golang.org/x/net/", "HTML as browsers read it, and IDNA"},
	"text":       {"golang.org/x/text/", "normal forms, bidi classes, case by language, language tags"},
	"oidc":       {"github.com/coreos/go-oidc/v3/", "signing in at the desk with OpenID Connect"},
	"oauth2":     {"golang.org/x/oauth2", "the flow under it"},
	"btcec":      {"github.com/btcsuite/btcd/", "Schnorr signatures for Nostr"},
	"websocket":  {"github.com/coder/websocket", "Nostr's relays"},
	"testscript": {"github.com/rogpeppe/go-internal/", "the command line's tests"},
	"jsonschema": {"github.com/santhosh-tekuri/jsonschema/", "checking published schemas in tests"},
}

func TestImports(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "data" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		for _, c := range f.Comments {
			if strings.HasPrefix(c.List[0].Text, "//go:build ignore") {
				return nil // a tool that makes files of the project; it is in no program
			}
		}
		room := filepath.ToSlash(filepath.Dir(path))
		allowed, ok := rooms[room]
		if !ok {
			t.Errorf("%s: the table has no room %s: give it a line there and in the README's map, or put the file where it belongs", path, room)
			return nil
		}
		seen[room] = true
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			name, foreign := shortName(p)
			if name == "" && foreign {
				t.Errorf("%s imports %s, which the table of outside modules does not have: say there why it is needed", path, p)
			} else if name != "" && !slices.Contains(strings.Fields(allowed), name) && !(name == "smithy" && slices.Contains(strings.Fields(allowed), "aws")) {
				t.Errorf("%s imports %s: a room imports only what its line in the table names", path, p)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		if !seen[room] {
			t.Errorf("the table has a line for %s, and there is no such room", room)
		}
	}
}

// shortName is what the table calls an import: a room of ours, or another module; empty and not foreign for the standard
// library's.
func shortName(path string) (name string, foreign bool) {
	if rest, ok := strings.CutPrefix(path, "cutline/"); ok {
		return strings.TrimPrefix(rest, "internal/"), false
	}
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		return "", false
	}
	for name, m := range outside {
		if strings.HasPrefix(path+"/", strings.TrimSuffix(m.prefix, "/")+"/") {
			return name, true
		}
	}
	return "", true
}
