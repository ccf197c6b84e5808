package source

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"strings"

	"golang.org/x/net/html/charset"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// A node is one element of an XML document.
type node struct {
	name  xml.Name
	attrs []xml.Attr
	text  string // character data right inside, joined
	kids  []*node
	inner []any // text (string) and elements (*node), in their order
}

const (
	maxNodes = 100_000
	maxAttrs = 64
)

// parseXML reads an XML document with bounded depth and size. Any DOCTYPE is refused: entities of its own are the one
// thing in XML that grows.
func parseXML(data []byte) (*node, error) {
	bad := func(want string) error { return &article.FieldError{Field: "body", Want: want} }
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = true
	d.Entity = xml.HTMLEntity // feeds have &nbsp; in them
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		switch e, name := charset.Lookup(label); {
		case e == nil, name == "replacement", strings.HasPrefix(name, "iso-2022"), strings.HasPrefix(name, "hz"):
			return nil, fmt.Errorf("the encoding %q is not read", label)
		default:
			return e.NewDecoder().Reader(in), nil
		}
	}
	root := &node{}
	stack := []*node{root}
	count := 0
	for {
		t, err := d.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, bad(remark.Say("want-xml", err))
		}
		top := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.Directive:
			return nil, bad(remark.Say("want-no-doctype"))
		case xml.StartElement:
			if count++; count > maxNodes || len(t.Attr) > maxAttrs || len(stack) > maxDepth {
				return nil, bad(remark.Say("want-xml-size", maxNodes, maxDepth, maxAttrs))
			}
			if len(stack) == 1 && len(root.kids) > 0 {
				return nil, bad(remark.Say("want-one-xml"))
			}
			n := &node{name: t.Name, attrs: append([]xml.Attr(nil), t.Attr...)}
			top.kids = append(top.kids, n)
			top.inner = append(top.inner, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if s := string(t); len(stack) > 1 {
				top.text += s
				top.inner = append(top.inner, s)
			}
		}
	}
	if len(root.kids) != 1 || len(stack) != 1 {
		return nil, bad(remark.Say("want-one-xml"))
	}
	return root.kids[0], nil
}

// all are the elements under n that a path of local names leads to.
func (n *node) all(path ...string) []*node {
	found := []*node{n}
	for _, name := range path {
		var next []*node
		for _, f := range found {
			if f == nil {
				continue
			}
			for _, k := range f.kids {
				if k.name.Local == name {
					next = append(next, k)
				}
			}
		}
		found = next
	}
	return found
}

// one is the first of them, nil if there is none; a nil node has no text and no attributes.
func (n *node) one(path ...string) *node {
	if n == nil {
		return nil
	}
	if all := n.all(path...); len(all) > 0 {
		return all[0]
	}
	return nil
}

// each calls f with n and every element under it.
func (n *node) each(f func(*node)) {
	f(n)
	for _, k := range n.kids {
		k.each(f)
	}
}

func (n *node) attr(name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.attrs {
		if a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// words is all text under n.
func (n *node) words() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	n.write(&b, false)
	return strings.TrimSpace(b.String())
}

// markup is what is inside n as HTML.
func (n *node) markup() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	n.write(&b, true)
	return strings.TrimSpace(b.String())
}

func (n *node) write(b *strings.Builder, tags bool) {
	for _, e := range n.inner {
		switch e := e.(type) {
		case string:
			if tags {
				e = html.EscapeString(e)
			}
			b.WriteString(e)
		case *node:
			if tags {
				fmt.Fprintf(b, "<%s>", e.name.Local)
			}
			e.write(b, tags)
			if tags {
				fmt.Fprintf(b, "</%s>", e.name.Local)
			}
		}
	}
}
