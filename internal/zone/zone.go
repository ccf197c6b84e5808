// Package zone finds time zones by their names in the IANA's list. The list is carried along, since Lambda's provided.al2023 has none; packed,
// it is a fifth of what time/tzdata adds to a program. So a zone is the same on every machine, whatever list that has of its own.
package zone

import (
	"bufio"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// packed has a file for each region, which is what stands before the first slash of a name; "none.gz" is for names without one. Unpacked it is
// a row of entries: a line with the zone's names and the size of its data in bytes, parted by blanks, and the data (TZif, RFC 9636).
//
//go:generate go run make.go
//go:embed *.gz
var packed embed.FS

// known keeps what was read, by its name (*time.Location).
var known sync.Map

// Load finds a zone by its name, as Asia/Baghdad; "" is UTC. There is none called Local.
func Load(name string) (*time.Location, error) {
	if name == "" || name == "UTC" {
		return time.UTC, nil
	}
	if l, ok := known.Load(name); ok {
		return l.(*time.Location), nil
	}
	data, err := find(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", name, err)
	}
	l, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", name, err)
	}
	known.Store(name, l)
	return l, nil
}

var errUnknown = errors.New("unknown")

// find unpacks a region until the zone comes.
func find(name string) ([]byte, error) {
	region, _, ok := strings.Cut(name, "/")
	if !ok {
		region = "none"
	}
	f, err := packed.Open(region + ".gz")
	if err != nil {
		return nil, errUnknown
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for r := bufio.NewReader(z); ; {
		line, err := r.ReadString('\n')
		if err == io.EOF {
			return nil, errUnknown
		}
		if err != nil {
			return nil, fmt.Errorf("reading the list: %w", err)
		}
		entry := strings.Fields(line)
		if len(entry) < 2 {
			return nil, fmt.Errorf("reading the list: a line %q in it", line)
		}
		names, last := entry[:len(entry)-1], entry[len(entry)-1]
		size, err := strconv.Atoi(last)
		if err != nil {
			return nil, fmt.Errorf("reading the list: %w", err)
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(r, data); err != nil {
			return nil, err
		}
		if slices.Contains(names, name) {
			return data, nil
		}
	}
}
