package article

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first asked: there are so many here, with so large classes of
// letters, that a process which wants the package for its types alone would wait for them.
type pattern struct{ re func() *regexp.Regexp }

func compiled(expr string) *pattern {
	return &pattern{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })}
}

func (p *pattern) MatchString(s string) bool                  { return p.re().MatchString(s) }
func (p *pattern) FindString(s string) string                 { return p.re().FindString(s) }
func (p *pattern) FindStringIndex(s string) []int             { return p.re().FindStringIndex(s) }
func (p *pattern) FindAllStringIndex(s string, n int) [][]int { return p.re().FindAllStringIndex(s, n) }
func (p *pattern) FindStringSubmatch(s string) []string       { return p.re().FindStringSubmatch(s) }
func (p *pattern) FindStringSubmatchIndex(s string) []int     { return p.re().FindStringSubmatchIndex(s) }
func (p *pattern) ReplaceAllString(s, with string) string     { return p.re().ReplaceAllString(s, with) }
func (p *pattern) Split(s string, n int) []string             { return p.re().Split(s, n) }
