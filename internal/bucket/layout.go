package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file says where a Dir keeps which key, and reads it back.
//
// A key's segments, parted by "/", are folders, and the last one a file. A segment is written so that no file system
// takes two for one or reads more into it: small letters, digits, "-", "_" and "." stand for themselves, a capital is
// "^" and its small letter, any other byte is "%" and two hexadecimal digits. The dot is written as "%2e" at the
// beginning of a segment (hidden files are ours, ".." is nobody's) and anywhere in a folder's name, and a file's name
// without a dot gets a "%" at its end: so the key "a" and the key "a/b" can both be. An empty folder's name is "%-". What
// is longer than a file system allows goes on in a folder "beginning%+".

const maxName = 200 // bytes of a file's name; file systems allow 255, a few only 240

// path is where the object lies.
func (d *Dir) path(key string) string {
	segments := strings.Split(key, "/")
	p := d.root
	for _, s := range segments[:len(segments)-1] {
		p = filepath.Join(p, name(s, true))
	}
	return filepath.Join(p, name(segments[len(segments)-1], false))
}

// sidecar is where the object's content type lies, if its key does not tell it.
func sidecar(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".type")
}

// name is a segment's file name; more than one, parted by the separator, if it is long.
func name(segment string, folder bool) string {
	if segment == "" && folder {
		return "%-"
	}
	var b strings.Builder
	begun, dot := 0, false
	for i := range len(segment) {
		if b.Len()-begun > maxName {
			b.WriteString("%+/")
			begun, dot = b.Len(), false
		}
		switch c := segment[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		case c == '.' && !folder && b.Len() > begun:
			b.WriteByte(c)
			dot = true
		case c >= 'A' && c <= 'Z':
			b.WriteByte('^')
			b.WriteByte(c + 'a' - 'A')
		default:
			const digits = "0123456789abcdef"
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	if !folder && !dot {
		b.WriteByte('%')
	}
	return filepath.FromSlash(b.String())
}

// unname reads a name back. A folder may hold the rest of a long segment. Names that name never makes are not ok:
// they are somebody else's files.
func unname(n string, folder bool) (segment string, rest, ok bool) {
	if folder {
		n, rest = strings.CutSuffix(n, "%+")
	} else if !strings.Contains(n, ".") {
		if n, ok = strings.CutSuffix(n, "%"); !ok {
			return "", false, false
		}
	}
	var b strings.Builder
	for i := 0; i < len(n); i++ {
		switch c := n[i]; {
		case c == '^' && i+1 < len(n):
			i++
			b.WriteByte(n[i] - 'a' + 'A')
		case c == '%' && i+2 < len(n):
			v, err := strconv.ParseUint(n[i+1:i+3], 16, 8)
			if err != nil {
				return "", false, false
			}
			b.WriteByte(byte(v))
			i += 2
		default:
			b.WriteByte(c)
		}
	}
	segment = b.String()
	if folder && n == "%-" {
		segment = ""
	}
	want := name(segment, folder)
	if rest {
		want = n
	}
	return segment, rest, want == n || !folder && want == n+"%"
}

// An item is a file, or a folder with all that is under it, on the way of a List.
type item struct {
	key  string // a folder's ends in "/"
	path string
	file fs.DirEntry // nil for a folder
}

// items lists one folder in the order of the keys. prefix is what all its keys begin with.
func (d *Dir) items(path, prefix string) ([]item, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var out []item
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		s, rest, ok := unname(e.Name(), e.IsDir())
		p := filepath.Join(path, e.Name())
		switch {
		case !ok:
		case rest:
			more, err := d.items(p, prefix+s)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		case e.IsDir():
			out = append(out, item{prefix + s + "/", p, nil})
		default:
			out = append(out, item{prefix + s, p, e})
		}
	}
	slices.SortFunc(out, func(a, b item) int { return strings.Compare(a.key, b.key) })
	return out, nil
}

// List names objects in the order of their keys.
func (d *Dir) List(ctx context.Context, prefix, after string, max int) ([]Entry, error) {
	var out []Entry
	var walk func(path, under string) error
	walk = func(path, under string) error {
		items, err := d.items(path, under)
		if err != nil {
			return err
		}
		for _, it := range items {
			if err := ctx.Err(); err != nil || max > 0 && len(out) >= max {
				return err
			}
			if it.file == nil {
				inside := strings.HasPrefix(it.key, prefix) || strings.HasPrefix(prefix, it.key)
				passed := after > it.key && !strings.HasPrefix(after, it.key)
				if inside && !passed {
					if err := walk(it.path, it.key); err != nil {
						return err
					}
				}
				continue
			}
			if !strings.HasPrefix(it.key, prefix) || it.key <= after {
				continue
			}
			e, err := d.entry(it)
			if errors.Is(err, fs.ErrNotExist) {
				continue // deleted since
			} else if err != nil {
				return err
			}
			out = append(out, e)
		}
		return nil
	}
	// Down the whole segments of the prefix without looking left or right.
	start, under := d.root, ""
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		under = prefix[:i+1]
		for s := range strings.SplitSeq(prefix[:i], "/") {
			start = filepath.Join(start, name(s, true))
		}
	}
	if err := walk(start, under); err != nil {
		return nil, fmt.Errorf("listing objects %s…: %w", prefix, err)
	}
	return out, nil
}

// settled is how old a file must be for its ETag to be kept: a file system may give the same time to two writes that
// are closer than its clock is fine.
const settled = 3 * time.Second

const maxSums = 50_000 // ETags kept; then all are read anew

func (d *Dir) entry(it item) (Entry, error) {
	info, err := it.file.Info()
	if err != nil {
		return Entry{}, err
	}
	d.mu.Lock()
	s, ok := d.sums[it.path]
	d.mu.Unlock()
	if !ok || !os.SameFile(s.info, info) || !s.info.ModTime().Equal(info.ModTime()) || s.info.Size() != info.Size() {
		now := d.now()
		var body []byte
		if body, info, err = readFile(it.path); err != nil {
			return Entry{}, err
		}
		s = sum{info, etagOf(body)}
		if now.Sub(info.ModTime()) > settled {
			d.mu.Lock()
			if len(d.sums) >= maxSums {
				clear(d.sums)
			}
			d.sums[it.path] = s
			d.mu.Unlock()
		}
	}
	return Entry{Key: it.key, ETag: s.etag, Size: info.Size(), Modified: info.ModTime()}, nil
}

// types are the content types that a key's extension tells. Others are kept beside the object.
var types = map[string]string{
	"":      "application/json",
	".json": "application/json",
	".jpg":  "image/jpeg",
	".png":  "image/png",
	".txt":  "text/plain; charset=utf-8",
	".log":  "application/x-ndjson",
}

func typeOf(key string) string {
	base := key[strings.LastIndexByte(key, '/')+1:]
	if i := strings.LastIndexByte(base, '.'); i >= 0 {
		if t, ok := types[base[i:]]; ok {
			return t
		}
		return "application/octet-stream"
	}
	return types[""]
}
