// Package fonts carries the font files that cards are set in: the default set, complete for English, Sorani, Kurmanji,
// Arabic, Persian and Turkish and for all Latin, Greek and Cyrillic, and packs for other scripts. All are under the SIL
// Open Font License 1.1; the licences lie beside them in licences/, where each comes from in fonts.json.
//
// Large packs (Chinese, Japanese, Korean, colour emoji) are not in the program: fetch.sh puts them into a folder that the
// variable CUTLINE_FONTS names, or "fonts" beside the program.
package fonts

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

//go:embed default/*.ttf packs/*.ttf
var files embed.FS

// File is one font file, read when it is asked for.
type File struct {
	Name string                 // as "Inter_700Bold.ttf"
	Read func() ([]byte, error) // all its bytes
	Size int64                  // how many
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
			byName[e.Name()] = File{e.Name(), func() ([]byte, error) { return fs.ReadFile(files, path) }, size(e)}
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
				byName[e.Name()] = File{e.Name(), func() ([]byte, error) { return os.ReadFile(path) }, size(e)}
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
