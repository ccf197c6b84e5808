//go:build ignore

// Make packs the list of time zones that comes with Go, lib/time/zoneinfo.zip, as package zone reads it.
package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		log.Fatal(err)
	}
	list, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib/time/zoneinfo.zip"))
	if err != nil {
		log.Fatal(err)
	}
	defer list.Close()
	regions := map[string]map[string][]string{} // the names of a region's zones by their data
	for _, f := range list.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			log.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			log.Fatal(err)
		}
		region, _, ok := strings.Cut(f.Name, "/")
		if !ok {
			region = "none"
		}
		if regions[region] == nil {
			regions[region] = map[string][]string{}
		}
		regions[region][string(data)] = append(regions[region][string(data)], f.Name)
	}
	for region, zones := range regions {
		var out bytes.Buffer
		z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			log.Fatal(err)
		}
		for _, data := range slices.SortedFunc(maps.Keys(zones), func(a, b string) int { return strings.Compare(zones[a][0], zones[b][0]) }) {
			fmt.Fprintf(z, "%s %d\n%s", strings.Join(zones[data], " "), len(data), data)
		}
		if err := z.Close(); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(region+".gz", out.Bytes(), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
