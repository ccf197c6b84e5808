package source

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"slices"
	"strconv"
	"strings"

	"cutline/internal/article"
	"cutline/internal/remark"
)

// Bounds of a JSON document from outside. Those of real CMSs have under 20 levels and a few thousand values.
const (
	maxDepth  = 64
	maxKeys   = 10_000
	maxValues = 300_000
)

// parseJSON reads one JSON document as objects (map[string]any), lists ([]any), strings, json.Number, booleans and nil.
// Numbers keep all their digits. A name that comes twice in one object is refused: parsers differ about which counts.
func parseJSON(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	left := maxValues
	bad := func(want string) error { return &article.FieldError{Field: "body", Want: want} }
	var read func(depth int) (any, error)
	read = func(depth int) (any, error) {
		t, err := d.Token()
		if err != nil {
			return nil, bad(remark.Say("want-document", err))
		}
		if left--; left < 0 {
			return nil, bad(remark.Say("want-values", maxValues))
		}
		open, ok := t.(json.Delim)
		if !ok {
			return t, nil
		}
		if depth >= maxDepth {
			return nil, bad(remark.Say("want-levels", maxDepth))
		}
		if open == '[' {
			list := []any{}
			for d.More() {
				v, err := read(depth + 1)
				if err != nil {
					return nil, err
				}
				list = append(list, v)
			}
			_, err = d.Token()
			return list, jsonEnd(err)
		}
		object := map[string]any{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, bad(remark.Say("want-document", err))
			}
			n, ok := name.(string)
			if _, twice := object[n]; twice || !ok {
				return nil, &article.FieldError{Field: cut(n, 60), Want: remark.Say("want-names-once")}
			}
			if len(object) >= maxKeys {
				return nil, bad(remark.Say("want-names", maxKeys))
			}
			if object[n], err = read(depth + 1); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return object, jsonEnd(err)
	}
	v, err := read(0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, bad(remark.Say("want-one-document"))
	}
	return v, nil
}

func jsonEnd(err error) error {
	if err != nil {
		return &article.FieldError{Field: "body", Want: remark.Say("want-document", err)}
	}
	return nil
}

// find follows a path: names parted by dots, "[2]" for the third of a list, "[]" for all of a list (what follows is
// applied to each), ["a.b"] for a name with dots in it. A leading "$." is passed over. nil if there is no such thing.
func find(v any, path string) any {
	path = strings.TrimPrefix(strings.TrimPrefix(path, "$"), ".")
	for path != "" {
		switch {
		case strings.HasPrefix(path, "[]"):
			list, _ := v.([]any)
			rest := strings.TrimPrefix(path[2:], ".")
			if rest == "" {
				return list
			}
			var out []any
			for _, e := range list {
				switch f := find(e, rest).(type) {
				case nil:
				case []any:
					out = append(out, f...)
				default:
					out = append(out, f)
				}
			}
			return out
		case path[0] == '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				return nil
			}
			inside := path[1:end]
			if path = strings.TrimPrefix(path[end+1:], "."); strings.ContainsAny(inside, `"'`) {
				v = member(v, strings.Trim(inside, `"'`))
			} else {
				list, _ := v.([]any)
				i, err := strconv.Atoi(inside)
				if err != nil || i < 0 || i >= len(list) {
					return nil
				}
				v = list[i]
			}
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			v = member(v, path[:end])
			path = strings.TrimPrefix(path[end:], ".")
		}
	}
	return v
}

func member(v any, name string) any {
	m, _ := v.(map[string]any)
	return m[name]
}

// text is a value as text: a string, a number's digits; of a list of them the first.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case []any:
		for _, e := range v {
			if t := text(e); t != "" {
				return t
			}
		}
	}
	return ""
}

// texts are all of a list's texts; a lone text is a list of one.
func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, e := range list {
		if t := text(e); t != "" {
			out = append(out, t)
		}
	}
	return out
}

func number(v any) (float64, bool) {
	n, err := strconv.ParseFloat(text(v), 64)
	return n, err == nil && text(v) != ""
}

// prose reads a body that is kept as a tree (Strapi's blocks, Contentful's rich text, Sanity's portable text) as HTML:
// each node that holds text nodes is a paragraph.
func prose(v any) string {
	var b strings.Builder
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			kids, _ := v["children"].([]any)
			if kids == nil {
				kids, _ = v["content"].([]any)
			}
			if slices.ContainsFunc(kids, isText) {
				b.WriteString("<p>")
				inline(&b, kids)
				b.WriteString("</p>")
				return
			}
			walk(kids)
		}
	}
	walk(v)
	return b.String()
}

func isText(v any) bool {
	_, a := member(v, "text").(string)
	_, c := member(v, "value").(string)
	return a || c
}

func inline(b *strings.Builder, kids []any) {
	for _, k := range kids {
		if t, ok := member(k, "text").(string); ok {
			b.WriteString(html.EscapeString(t))
		} else if t, ok := member(k, "value").(string); ok {
			b.WriteString(html.EscapeString(t))
		} else if more, ok := member(k, "children").([]any); ok {
			inline(b, more)
		} else if more, ok := member(k, "content").([]any); ok {
			inline(b, more)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
