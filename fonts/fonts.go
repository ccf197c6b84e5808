// Package fonts carries the font files that cards are set in: the default set, complete for English, Sorani, Kurmanji,
// Arabic, Persian and Turkish and for all Latin, Greek and Cyrillic, and packs for other scripts. All are under the SIL
// Open Font License 1.1; the licences lie beside them in licences/, where each comes from in fonts.json.
//
// Large packs (Chinese, Japanese, Korean, colour emoji) are not in the program: fetch.sh puts them into a folder that the
// variable CUTLINE_FONTS names, or "fonts" beside the program.
package fonts

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

//go:embed default/*.ttf packs/*.ttf
var files embed.FS

// File is one font file, opened when it is asked for.
type File struct {
	Name string                            // as "Inter_700Bold.ttf"
	Open func() (*io.SectionReader, error) // all its bytes, read where they are wanted: nothing of a large pack is copied before
	Size int64                             // how many
}

// Of is a file whose bytes are in memory; they must not change.
func Of(name string, data []byte) File {
	return File{name, func() (*io.SectionReader, error) {
		return io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data))), nil
	}, int64(len(data))}
}

// All lists every font file there is: those in the program, and those of the extra folder, by name. An extra file
// with the name of a built-in one takes its place.
func All() []File {
	byName := map[string]File{}
	for _, dir := range []string{"default", "packs"} {
		entries, err := files.ReadDir(dir)
		if err != nil {
			panic("the program's own fonts: " + err.Error())
		}
		for _, e := range entries {
			path := dir + "/" + e.Name()
			byName[e.Name()] = File{e.Name(), func() (*io.SectionReader, error) { return section(files.Open(path)) }, size(e)}
		}
	}
	if dir := Extra(); dir != "" {
		entries, err := os.ReadDir(dir)
		if err != nil {
			entries = nil // a folder that cannot be read brings nothing; what is missing for it is told letter by letter
		}
		for _, e := range entries {
			switch strings.ToLower(filepath.Ext(e.Name())) {
			case ".ttf", ".otf", ".woff":
				path := filepath.Join(dir, e.Name())
				byName[e.Name()] = File{e.Name(), func() (*io.SectionReader, error) { return section(os.Open(path)) }, size(e)}
			}
		}
	}
	var out []File
	for _, f := range byName {
		out = append(out, f)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// section is an opened file, as long as it is now. A file on disk stays open as long as the font is in use, so that one that is
// replaced meanwhile is read to its end as it was.
func section(f fs.File, err error) (*io.SectionReader, error) {
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, ok := f.(io.ReaderAt)
	if !ok {
		return nil, fmt.Errorf("reading %s: it is no file", info.Name())
	}
	return io.NewSectionReader(r, 0, info.Size()), nil
}

// size of a file; 0 where it has gone meanwhile, which Read then says.
func size(e fs.DirEntry) int64 {
	info, err := e.Info()
	if err != nil {
		return 0
	}
	return info.Size()
}

// Extra is the folder of fonts that are not in the program; empty: there is none.
func Extra() string {
	if dir := os.Getenv("CUTLINE_FONTS"); dir != "" {
		return dir
	}
	exe, err := os.Executable()
	if err != nil {
		return ""
	}
	dir := filepath.Join(filepath.Dir(exe), "fonts")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}
