package buckettest

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"cutline/internal/bucket"
)

// Policy is what template.yaml lets one function do in the bucket, and what was done of it. A step's tests give the step
// a bucket behind [Policy.Guard], and their TestMain is [Policy.Main]: so the policies are neither narrower than the code
// that is tested nor wider.
type Policy struct {
	Function string // its name in the template

	mu     sync.Mutex
	rights map[Right]bool  // and whether it was used
	denied map[string]bool // what was tried without a right
}

// Right is one action on one prefix of the bucket, as "s3:PutObject" on "stories/". Listing is a right on the whole
// bucket, with an empty prefix: where a function may not list, S3 answers a read of what is not there with 403, not 404.
type Right struct{ Action, Prefix string }

// PolicyOf reads the policy of a function from the template, which it looks for in this folder and those above.
func PolicyOf(function string) (*Policy, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "template.yaml"))
		if err == nil {
			return ParsePolicy(data, function)
		}
		if up := filepath.Dir(dir); up != dir {
			dir = up
			continue
		}
		return nil, fmt.Errorf("finding template.yaml: %w", err)
	}
}

// ParsePolicy reads it from a template.
func ParsePolicy(template []byte, function string) (*Policy, error) {
	type texts []string
	var doc struct {
		Resources map[string]yaml.Node `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(template, &doc); err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	var f struct {
		Properties struct {
			Policies []struct {
				Statement []struct {
					Effect   string    `yaml:"Effect"`
					Action   yaml.Node `yaml:"Action"`
					Resource yaml.Node `yaml:"Resource"`
				} `yaml:"Statement"`
			} `yaml:"Policies"`
		} `yaml:"Properties"`
	}
	if n, ok := doc.Resources[function]; !ok {
		return nil, fmt.Errorf("the template has no function %s", function)
	} else if err := n.Decode(&f); err != nil {
		return nil, fmt.Errorf("reading the policy of %s in the template: %w", function, err)
	}
	list := func(n yaml.Node) texts { // a text or a list of them; !Sub and its like are only tags
		if n.Kind == yaml.ScalarNode {
			return texts{n.Value}
		}
		var out texts
		for _, c := range n.Content {
			out = append(out, c.Value)
		}
		return out
	}
	p := &Policy{Function: function, rights: map[Right]bool{}, denied: map[string]bool{}}
	for _, policy := range f.Properties.Policies {
		for _, s := range policy.Statement {
			for _, action := range list(s.Action) {
				if !strings.HasPrefix(action, "s3:") {
					continue
				}
				for _, resource := range list(s.Resource) {
					_, path, inside := strings.Cut(resource, "/")
					prefix, open := strings.CutSuffix(path, "*")
					if s.Effect != "Allow" || strings.Contains(action, "*") || inside && (!open || prefix == "" || strings.Contains(prefix, "*")) {
						return nil, fmt.Errorf("%s: %s %s on %s: a function's policy allows plain actions on prefixes, as stories/*", function, s.Effect, action, resource)
					}
					p.rights[Right{action, prefix}] = false
				}
			}
		}
	}
	if len(p.rights) == 0 {
		return nil, fmt.Errorf("function %s has no policy for the bucket in the template", function)
	}
	return p, nil
}

// Use says whether the function may do it, and remembers that it did. action is S3's, as "s3:GetObject"; key is empty
// for s3:ListBucket.
func (p *Policy) Use(action, key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r := range p.rights {
		if r.Action == action && strings.HasPrefix(key, r.Prefix) {
			p.rights[r] = true
			return true
		}
	}
	p.denied[action+" "+key] = true
	return false
}

// Rights lists what the function may do, sorted.
func (p *Policy) Rights() []Right {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(maps.Keys(p.rights), func(a, b Right) int {
		return strings.Compare(a.Prefix+" "+a.Action, b.Prefix+" "+b.Action)
	})
}

// Denied lists what was tried without a right.
func (p *Policy) Denied() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.denied))
}

// Unused lists the rights that were not used, but for config/, which package lambda reads for every function, and those
// given.
func (p *Policy) Unused(but ...Right) []Right {
	var out []Right
	for _, r := range p.Rights() {
		p.mu.Lock()
		used := p.rights[r]
		p.mu.Unlock()
		if !used && r != (Right{"s3:GetObject", "config/"}) && !slices.Contains(but, r) {
			out = append(out, r)
		}
	}
	return out
}

// Main runs a package's tests, and then fails if its function did what the template does not let it do, or may do what
// it did not; the latter only if all the tests were run. Its result is for os.Exit.
func (p *Policy) Main(m *testing.M) int {
	code := m.Run()
	for _, d := range p.Denied() {
		fmt.Printf("%s did what its policy in template.yaml does not allow: %s\n", p.Function, d)
		code = max(code, 1)
	}
	for _, name := range []string{"run", "skip", "list", "fuzz", "bench", "short"} {
		if f := flag.Lookup("test." + name); f != nil && f.Value.String() != f.DefValue {
			return code
		}
	}
	if code == 0 {
		for _, r := range p.Unused() {
			fmt.Printf("%s may %s on %s* by template.yaml, and no test saw it do so: take the right away, or test what needs it\n", p.Function, r.Action, r.Prefix)
			code = 1
		}
	}
	return code
}

// Guard is b as the function sees it: what the template does not allow fails.
func (p *Policy) Guard(b bucket.Bucket) bucket.Bucket { return &guarded{b, p} }

type guarded struct {
	bucket.Bucket
	policy *Policy
}

func (g *guarded) may(action, key string) error {
	if g.policy.Use(action, key) {
		return nil
	}
	return fmt.Errorf("%s %s: AccessDenied: the policy of %s in template.yaml does not allow it", action, key, g.policy.Function)
}

// change is may for a write or a deletion: to compare an ETag S3 wants the right to read too.
func (g *guarded) change(action, key string, c bucket.Cond) error {
	if c != bucket.Always && c != bucket.Create {
		if err := g.may("s3:GetObject", key); err != nil {
			return err
		}
	}
	return g.may(action, key)
}

func (g *guarded) Get(ctx context.Context, key string) (bucket.Object, error) {
	if err := g.may("s3:GetObject", key); err != nil {
		return bucket.Object{}, err
	}
	o, err := g.Bucket.Get(ctx, key)
	if err == bucket.ErrNotFound {
		if denied := g.may("s3:ListBucket", ""); denied != nil {
			return o, denied
		}
	}
	return o, err
}

func (g *guarded) Put(ctx context.Context, key string, body []byte, contentType string, c bucket.Cond) (string, error) {
	if err := g.change("s3:PutObject", key, c); err != nil {
		return "", err
	}
	return g.Bucket.Put(ctx, key, body, contentType, c)
}

func (g *guarded) Delete(ctx context.Context, key string, c bucket.Cond) error {
	if err := g.change("s3:DeleteObject", key, c); err != nil {
		return err
	}
	return g.Bucket.Delete(ctx, key, c)
}

func (g *guarded) List(ctx context.Context, prefix, after string, max int) ([]bucket.Entry, error) {
	if err := g.may("s3:ListBucket", ""); err != nil {
		return nil, err
	}
	return g.Bucket.List(ctx, prefix, after, max)
}
