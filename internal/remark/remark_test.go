package remark

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestReadIsTheInverseOfSay says every sentence, old ones too, with values of all scripts and takes it apart.
func TestReadIsTheInverseOfSay(t *testing.T) {
	sentences, _ := parsed()
	texts := []string{"47", "Ana Weber", "هەولێر", "“47 million”", "a; b", "https://news.example/1?a=b", "bottom"}
	for i := range sentences {
		s := &sentences[i]
		for n := range texts {
			var b strings.Builder
			want := make([]Value, len(s.holes))
			for j, l := range s.texts {
				b.WriteString(l)
				if j == len(s.holes) {
					break
				}
				h := s.holes[j]
				v := texts[(n+j)%len(texts)]
				switch h.as {
				case "n":
					v = strconv.Itoa(n + 2)
				case "layout":
					v = Layouts[n%len(Layouts)]
				case "why", "said":
					v = Say("no-photo")
				}
				want[h.n-1] = Value{v, h.as}
				b.WriteString(v)
			}
			have := Read(b.String())
			if len(have) != 1 || have[0].Kind != s.kind || !slices.Equal(have[0].Values, want) {
				t.Errorf("%s: %q is read as %+v", s.kind, b.String(), have)
			}
		}
	}
}

func TestRead(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"somebody's own words; and more of them", "[somebody's own words; and more of them]"},
		{"no photo", "no-photo"},
		{"split: the headline is too long for it; inset: the photo would be blown up 2.4 times; focal point; the face whole",
			"layout-not-taken(split, the headline is too long for it) layout-not-taken(inset, the photo would be blown up 2.4 times) focal-point face-whole"},
		{"the network says no: the face whole", "[the network says no: the face whole]"},
		{"ana approved; one more person must approve, of legal, desk, and not who wrote or edited it (rule courts)",
			"approved-so-far(ana) approve-rule(one more person must approve, of legal, desk, and not who wrote or edited it, courts)"},
		{"a stranger's word (rule courts)", "[a stranger's word (rule courts)]"},
		{"the photo cannot be had: fetching from https://cms.example: the server answered 404 Not Found", "photo-not-had(fetching from https://cms.example: the server answered 404 Not Found)"},
		{"fetching from https://cms.example: the server answered 404 Not Found", "fetch-answered(https://cms.example, 404 Not Found)"},
		{"the account is paused: too many posts; the face whole", "account-paused(too many posts) face-whole"},
		{"the network answered 403 Forbidden: another post of this account has the same text; change it", "same-text(the network answered 403 Forbidden)"},
		{"the network answered 403; the face whole", "network-answered(403) face-whole"},
		{"the number 5 is not in the article; mind the name; the name Ana is not in the article", "number-not-in-article(5) [mind the name] name-not-in-article(Ana)"},
	} {
		var have []string
		for _, r := range Read(c.text) {
			if r.Kind == "" {
				have = append(have, "["+r.Text+"]")
				continue
			}
			var values []string
			for _, v := range r.Values {
				values = append(values, v.Text)
			}
			if s := r.Kind; len(values) > 0 {
				have = append(have, s+"("+strings.Join(values, ", ")+")")
			} else {
				have = append(have, s)
			}
		}
		if got := strings.Join(have, " "); got != c.want {
			t.Errorf("%q:\nhave %s\nwant %s", c.text, got, c.want)
		}
	}
}

// TestEveryKindIsSaid reads the program's own source: every kind that it says is known and gets the values that its
// sentence has holes for, and every kind that is known is said somewhere.
func TestEveryKindIsSaid(t *testing.T) {
	_, first := parsed()
	said := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		var literals []string
		says := false
		ast.Inspect(f, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if s, err := strconv.Unquote(l.Value); err == nil {
					literals = append(literals, s)
				}
			}
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			ours := false
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Say" && fmt.Sprint(sel.X) == "remark" {
				ours, says = true, true
			}
			if !ours && !dotted(call) {
				return true
			}
			if l, ok := call.Args[0].(*ast.BasicLit); ok {
				kind, err := strconv.Unquote(l.Value)
				s, known := first[kind]
				said[kind] = true
				if err != nil || !known {
					t.Errorf("%s: %s is no kind of en.txt", fset.Position(call.Pos()), l.Value)
				} else if len(call.Args)-1 != len(s.holes) {
					t.Errorf("%s: %s gets %d values for %d holes", fset.Position(call.Pos()), kind, len(call.Args)-1, len(s.holes))
				}
			} else if sum, ok := call.Args[0].(*ast.BinaryExpr); ok { // a family of kinds: all that begin so
				if l, ok := sum.X.(*ast.BasicLit); ok {
					begin, _ := strconv.Unquote(l.Value)
					for kind := range first {
						said[kind] = said[kind] || strings.HasPrefix(kind, begin)
					}
				}
			}
			return true
		})
		for _, s := range literals {
			said[s] = said[s] || says || strings.Contains(path, "summary")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for kind := range first {
		if !said[kind] && !strings.HasPrefix(kind, "fetch-") { // what package fetch's errors say, which a test there reads
			t.Errorf("nothing says %s", kind)
		}
	}
}

// dotted says whether a call has a [Language] say a kind that is in no document: such a kind has a dot.
func dotted(call *ast.CallExpr) bool {
	method, kind := fmt.Sprint(call.Fun), call.Args[0]
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		method = sel.Sel.Name
	}
	if sum, ok := kind.(*ast.BinaryExpr); ok {
		kind = sum.X
	}
	l, ok := kind.(*ast.BasicLit)
	return ok && (method == "Say" || method == "say" || method == "Word") && regexp.MustCompile(`^"[a-z]+\.`).MatchString(l.Value)
}

func FuzzRead(f *testing.F) {
	sentences, first := parsed()
	for _, s := range sentences {
		f.Add(strings.Join(s.texts, "x"))
	}
	f.Add(strings.Repeat("no photo, of x (rule y); ", 9))
	// ends as several kinds do, again and again: none of it is ours, and that must be seen at once
	f.Add("words" + strings.Repeat(", and not who wrote or edited it, of z (rule y), of x (rule )", 50))
	f.Fuzz(func(t *testing.T, text string) {
		var all []string
		for _, r := range Read(text) {
			all = append(all, r.Text)
			if s := first[r.Kind]; r.Kind != "" && len(r.Values) != len(s.holes) {
				t.Errorf("%q: %s has %d values", text, r.Kind, len(r.Values))
			}
		}
		if have := strings.Join(all, separator); have != text {
			t.Errorf("%q came to %q", text, have)
		}
	})
}

// TestReadGrowsWithTheTextAlone: of a text that is ten times as long Read allocates about ten times as much, whatever it is
// made of. A network's answer may be long, and the desk reads it for each page that shows it.
func TestReadGrowsWithTheTextAlone(t *testing.T) {
	for name, of := range map[string]func(n int) string{
		"somebody's words":         func(n int) string { return strings.Repeat("mind the name; ", n) },
		"a value that goes on":     func(n int) string { return "no answer: reset" + strings.Repeat("; mind the name", n) },
		"remarks":                  func(n int) string { return strings.Repeat("no photo; ", n) },
		"remarks that end sharing": func(n int) string { return "two people must approve" + strings.Repeat(", of legal (rule courts)", n) },
		"what said with a separator": func(n int) string {
			return "no" + strings.Repeat(": the credentials are not accepted; give new ones", n)
		},
	} {
		bytes := func(n int) uint64 {
			text := of(n)
			Read(text) // what is made once
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range 5 {
				Read(text)
			}
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		if short, long := bytes(300), bytes(3000); long > 20*short+1<<20 {
			t.Errorf("%s: %d bytes, and %d of a text ten times as long", name, short, long)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		for name, text := range map[string]string{"words": strings.Repeat("mind the name; ", n), "chain": "two people must approve" + strings.Repeat(", of legal (rule courts)", n)} {
			b.Run(fmt.Sprintf("%s-%d", name, n), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					Read(text)
				}
			})
		}
	}
}
