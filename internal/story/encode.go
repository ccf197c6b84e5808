package story

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// encode writes v as the bucket keeps it: indented JSON with a final line feed, letters as they are. Fields of old,
// the document as it was found, that v's type does not know are carried over at every depth: lists keep theirs by
// position, maps by key.
func encode(v any, old []byte) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	raw := json.RawMessage(b.Bytes())
	if len(old) > 0 {
		var err error
		if raw, err = carry(old, raw, reflect.TypeOf(v)); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.TrimSpace(raw), "", " "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// carry returns fresh with what only old has and t does not name.
func carry(old, fresh json.RawMessage, t reflect.Type) (json.RawMessage, error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		known := fields(t)
		if known == nil {
			return fresh, nil
		}
		return merge(old, fresh, func(name string) (reflect.Type, bool) { f, ok := known[name]; return f, ok }, true)
	case reflect.Map:
		return merge(old, fresh, func(string) (reflect.Type, bool) { return t.Elem(), true }, false)
	case reflect.Slice:
		var a, b []json.RawMessage
		if t.Elem().Kind() == reflect.Uint8 || json.Unmarshal(old, &a) != nil || json.Unmarshal(fresh, &b) != nil {
			return fresh, nil
		}
		for i := range min(len(a), len(b)) {
			var err error
			if b[i], err = carry(a[i], b[i], t.Elem()); err != nil {
				return nil, err
			}
		}
		if b == nil {
			return fresh, nil
		}
		return json.Marshal(b)
	}
	return fresh, nil
}

// merge joins two objects: members that both have are carried each, those that only old has are kept if keepUnknown
// and the type does not know them (a known one that is missing was emptied on purpose).
func merge(old, fresh json.RawMessage, typeOf func(string) (reflect.Type, bool), keepUnknown bool) (json.RawMessage, error) {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(old, &a) != nil || json.Unmarshal(fresh, &b) != nil || a == nil || b == nil {
		return fresh, nil
	}
	order, err := names(fresh)
	if err != nil {
		return nil, err
	}
	changed := false
	for name, was := range a {
		t, known := typeOf(name)
		if now, ok := b[name]; ok && known {
			kept, err := carry(was, now, t)
			if err != nil {
				return nil, err
			}
			b[name], changed = kept, true
		} else if !ok && !known && keepUnknown {
			changed = true
			b[name] = was
		}
	}
	if !changed {
		return fresh, nil
	}
	rest, err := names(old)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteByte('{')
	seen := map[string]bool{}
	for _, name := range append(order, rest...) {
		v, ok := b[name]
		if !ok || seen[name] {
			continue
		}
		if seen[name] = true; out.Len() > 1 {
			out.WriteByte(',')
		}
		n, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		out.Write(n)
		out.WriteByte(':')
		out.Write(v)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// names lists an object's member names in their order, so that a rewrite does not shuffle the document.
func names(object json.RawMessage) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var out []string
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if !ok {
			return nil, fmt.Errorf("want a member's name, have %v", t)
		}
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}

// fields maps JSON names to the types of a struct's fields; nil for a struct that encodes itself, as time.Time.
func fields(t reflect.Type) map[string]reflect.Type {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Marshaler]()) {
		return nil
	}
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			out[name] = f.Type
		}
	}
	return out
}
