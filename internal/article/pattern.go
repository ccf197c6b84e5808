package article

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first asked: there are so many here, with so large classes of
// letters, that a process which wants the package for its types alone would wait for them.
type pattern struct {
	expr string
	once sync.Once
	re   *regexp.Regexp
}

func compiled(expr string) *pattern { return &pattern{expr: expr} }

func (p *pattern) get() *regexp.Regexp {
	p.once.Do(func() { p.re = regexp.MustCompile(p.expr) })
	return p.re
}

func (p *pattern) MatchString(s string) bool      { return p.get().MatchString(s) }
func (p *pattern) FindString(s string) string     { return p.get().FindString(s) }
func (p *pattern) FindStringIndex(s string) []int { return p.get().FindStringIndex(s) }
func (p *pattern) FindAllStringIndex(s string, n int) [][]int {
	return p.get().FindAllStringIndex(s, n)
}
func (p *pattern) FindStringSubmatch(s string) []string   { return p.get().FindStringSubmatch(s) }
func (p *pattern) FindStringSubmatchIndex(s string) []int { return p.get().FindStringSubmatchIndex(s) }
func (p *pattern) ReplaceAllString(s, with string) string { return p.get().ReplaceAllString(s, with) }
func (p *pattern) Split(s string, n int) []string         { return p.get().Split(s, n) }
