package config

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"sort"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// An Error is what is wrong with the configuration, where, and what to do.
type Error struct {
	File string
	Line int // 0: the file as a whole
	What string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.What
	}
	return fmt.Sprintf("%s, line %d: %s", e.File, e.Line, e.What)
}

// decoder fills a Config from YAML nodes. It is strict where yaml.v3 is not: keys that no field has, keys that come
// twice, values of the wrong kind are each reported with their line, all of them and not only the first.
type decoder struct {
	file   string
	secret func(ref string) (Secret, error)
	lines  map[string]int // path → line, for the checks that follow
	errs   []error
}

// Strict fills into (a pointer to a struct with yaml tags) from YAML as strictly as the configuration is read: unknown
// and doubled keys and values of the wrong kind come as one error with a line for each fault. What the YAML does not
// name stays as it was. line says where a path, as "margin.land.side", stands; 0: it does not. It is for files that
// belong to the configuration: themes.
func Strict(name string, data []byte, into any) (line func(path string) int, err error) {
	d := &decoder{file: name, lines: map[string]int{}}
	line = func(path string) int { return d.lines[path] }
	if len(data) > maxSize {
		return line, &Error{name, 0, fmt.Sprintf("is %d bytes; at most %d are read", len(data), maxSize)}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return line, &Error{name, 0, strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if len(doc.Content) == 0 {
		return line, nil
	}
	d.into(doc.Content[0], reflect.ValueOf(into).Elem(), "")
	return line, errors.Join(d.errs...)
}

// Nearest ends an error about a name that is not known: with the known one that is most like it, or with all of them.
func Nearest(name string, known []string) string { return nearest(name, known) }

func (d *decoder) fail(n *yaml.Node, format string, args ...any) {
	d.errs = append(d.errs, &Error{d.file, n.Line, fmt.Sprintf(format, args...)})
}

func (d *decoder) into(n *yaml.Node, v reflect.Value, path string) {
	d.lines[path] = n.Line
	if n.Kind == yaml.AliasNode {
		d.fail(n, "%s: aliases (*name) are not used here; write the value out", path)
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *Secret:
		s, err := d.secret(n.Value)
		if err != nil || n.Kind != yaml.ScalarNode {
			d.fail(n, "%s: %v", path, err)
		}
		*p = s
		return
	case *Hours:
		h, err := parseHours(n.Value)
		if err != nil {
			d.fail(n, "%s: %v", path, err)
		}
		*p = h
		return
	case *Budget:
		b, err := parseBudget(n.Value)
		if err != nil {
			d.fail(n, "%s: %v", path, err)
		}
		*p = b
		return
	case *Template:
		if n.Kind != yaml.ScalarNode {
			d.fail(n, "%s: want a text here", path)
		}
		*p = Template{text: n.Value, file: d.file, line: n.Line, key: path}
		return
	case *time.Duration:
		t, err := time.ParseDuration(n.Value)
		if err != nil {
			d.fail(n, "%s: want a duration as 90s, 15m or 2h, have %q", path, n.Value)
		}
		*p = t
		return
	case *netip.Prefix:
		a, err := netip.ParsePrefix(n.Value)
		if err != nil {
			d.fail(n, "%s: want an address range as 127.0.0.0/8, have %q", path, n.Value)
		}
		*p = a
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if n.Kind != yaml.MappingNode {
			d.fail(n, "%s: want keys and values here", path)
			return
		}
		fields := map[string]reflect.Value{}
		for i := range v.NumField() {
			if key, ok := v.Type().Field(i).Tag.Lookup("yaml"); ok {
				fields[key] = v.Field(i)
			}
		}
		d.members(n, path, func(key, val *yaml.Node, at string) {
			f, ok := fields[key.Value]
			if !ok {
				d.fail(key, "unknown key %q in %s%s", key.Value, where(path), nearest(key.Value, sorted(fields)))
				return
			}
			d.into(val, f, at)
		})
	case reflect.Map:
		if n.Kind != yaml.MappingNode {
			d.fail(n, "%s: want names and values here", path)
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		d.members(n, path, func(key, val *yaml.Node, at string) {
			e := reflect.New(v.Type().Elem()).Elem()
			d.into(val, e, at)
			v.SetMapIndex(reflect.ValueOf(key.Value), e)
		})
	case reflect.Slice:
		items := n.Content
		if n.Kind == yaml.ScalarNode { // one value where a list is wanted
			items = []*yaml.Node{n}
		} else if n.Kind != yaml.SequenceNode {
			d.fail(n, "%s: want a list here, as [a, b]", path)
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		for i, item := range items {
			d.into(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.into(n, v.Elem(), path)
	default:
		if n.Kind != yaml.ScalarNode {
			d.fail(n, "%s: want one value here", path)
		} else if err := n.Decode(v.Addr().Interface()); err != nil {
			d.fail(n, "%s: want %s, have %q", path, map[reflect.Kind]string{reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.Float64: "a number"}[v.Kind()], n.Value)
		}
	}
}

func (d *decoder) members(n *yaml.Node, path string, each func(key, val *yaml.Node, at string)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if line, twice := seen[key.Value]; twice {
			d.fail(key, "%q stands twice in %s, the first time in line %d", key.Value, where(path), line)
			continue
		}
		seen[key.Value] = key.Line
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		d.lines[at] = key.Line
		each(key, val, at)
	}
}

func where(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

func sorted[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// nearest ends an error with the known name that is most like what was written, or with all of them.
func nearest(name string, known []string) string {
	best, least := "", len(name)/2+2
	for _, k := range known {
		if n := distance(strings.ToLower(name), k); n < least {
			best, least = k, n
		}
	}
	if best != "" {
		return fmt.Sprintf(" (did you mean %q?)", best)
	}
	return " (known: " + strings.Join(known, ", ") + ")"
}

// distance counts the letters to add, drop, change or swap with their neighbour.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	prev2, prev := []int(nil), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur := make([]int, len(y)+1)
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev = prev, cur
	}
	return prev[len(y)]
}
