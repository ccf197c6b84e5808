package channel

import (
	"fmt"
	"strings"
	"text/template/parse"
)

// pattern is a parsed template of a post's words: text, functions without arguments, {{if}} and {{with}} with their
// {{else}}, and eq, ne, and, or, not with texts. It is written as for text/template and read by the same parser, but
// carried out here: text/template finds methods by name while it runs, for which the linker keeps every method of every
// type, and a function for Lambda would be half as large again.
type pattern struct {
	root *parse.ListNode
}

// own are the functions that every pattern has.
var own = map[string]any{"eq": true, "ne": true, "and": true, "or": true, "not": true} // the parser asks only whether they are there

// parsePattern reads a template; functions are the ones that it may call beside its own.
func parsePattern(text string, functions map[string]func() string) (*pattern, error) {
	known := map[string]any{}
	for name := range functions {
		known[name] = true
	}
	trees, err := parse.Parse("", text, "", "", own, known)
	if err != nil {
		return nil, err
	}
	if len(trees) != 1 || trees[""] == nil {
		if strings.TrimSpace(text) == "" {
			return &pattern{root: &parse.ListNode{}}, nil
		}
		return nil, fmt.Errorf("it defines templates of its own, and here is one text only")
	}
	p := &pattern{root: trees[""].Root}
	_, err = p.text(functions) // what cannot be carried out is said now
	return p, err
}

// text is what the pattern comes to.
func (p *pattern) text(functions map[string]func() string) (string, error) {
	w := writer{functions: functions}
	err := w.list(p.root, "")
	return w.b.String(), err
}

type writer struct {
	functions map[string]func() string
	b         strings.Builder
}

// list writes nodes; dot is what {{.}} is, inside {{with}}.
func (w *writer) list(l *parse.ListNode, dot string) error {
	if l == nil {
		return nil
	}
	for _, n := range l.Nodes {
		var err error
		switch n := n.(type) {
		case *parse.TextNode:
			w.b.Write(n.Text)
		case *parse.CommentNode:
		case *parse.ActionNode:
			var v string
			if v, err = w.pipe(n.Pipe, dot); err == nil {
				w.b.WriteString(v)
			}
		case *parse.IfNode:
			err = w.branch(&n.BranchNode, dot, false)
		case *parse.WithNode:
			err = w.branch(&n.BranchNode, dot, true)
		default:
			err = fmt.Errorf("%s is nothing that the words of a post may do; there are if, with and else", n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) branch(n *parse.BranchNode, dot string, with bool) error {
	v, err := w.pipe(n.Pipe, dot)
	if err != nil {
		return err
	}
	// The way that is not taken is looked at too, or a mistake in it would show when an article first takes it.
	taken, other, inside := n.List, n.ElseList, dot
	if v == "" {
		taken, other = other, taken
	} else if with {
		inside = v
	}
	rest := writer{functions: w.functions}
	if err := rest.list(other, ""); err != nil {
		return err
	}
	return w.list(taken, inside)
}

// pipe is what an action comes to. A truth is "true", and an untruth, as everything that is not, is empty.
func (w *writer) pipe(p *parse.PipeNode, dot string) (string, error) {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 {
		return "", fmt.Errorf("%s has a variable or a pipe, which the words of a post do not", p)
	}
	args := p.Cmds[0].Args
	f, called := args[0].(*parse.IdentifierNode)
	if !called {
		if len(args) > 1 {
			return "", fmt.Errorf("%s is no function", args[0])
		}
		return w.value(args[0], dot)
	}
	if _, builtin := own[f.Ident]; !builtin && len(args) > 1 {
		return "", fmt.Errorf("%s takes no argument", f.Ident)
	}
	var values []string
	for _, a := range args[1:] {
		v, err := w.value(a, dot)
		if err != nil {
			return "", err
		}
		values = append(values, v)
	}
	truth := func(t bool) (string, error) {
		if t {
			return "true", nil
		}
		return "", nil
	}
	n := len(values)
	switch f.Ident {
	case "eq", "ne":
		if n < 2 || f.Ident == "ne" && n > 2 {
			return "", fmt.Errorf("%s compares two texts", f.Ident)
		}
		for _, v := range values[1:] { // as in text/template: the first with any of the others
			if v == values[0] {
				return truth(f.Ident == "eq")
			}
		}
		return truth(f.Ident == "ne")
	case "not":
		if n != 1 {
			return "", fmt.Errorf("not takes one text")
		}
		return truth(values[0] == "")
	case "and", "or":
		if n == 0 {
			return "", fmt.Errorf("%s takes a text or more", f.Ident)
		}
		for _, v := range values {
			if (v == "") == (f.Ident == "and") {
				return v, nil
			}
		}
		return values[n-1], nil
	}
	return w.value(f, dot)
}

func (w *writer) value(n parse.Node, dot string) (string, error) {
	switch n := n.(type) {
	case *parse.IdentifierNode:
		if f := w.functions[n.Ident]; f != nil {
			return f(), nil
		}
	case *parse.StringNode:
		return n.Text, nil
	case *parse.DotNode:
		return dot, nil
	case *parse.PipeNode:
		return w.pipe(n, dot)
	}
	return "", fmt.Errorf("%s is neither a text nor one of the functions", n)
}
