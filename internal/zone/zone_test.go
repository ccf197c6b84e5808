package zone_test

import (
	"archive/zip"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutline/internal/zone"
)

// TestEveryZone compares each zone with the list that comes with Go. When a newer Go knows better, `go generate ./internal/zone`
// takes its list over.
func TestEveryZone(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	list, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib/time/zoneinfo.zip"))
	if err != nil {
		t.Skip("this Go has no list of its own: ", err)
	}
	defer list.Close()
	tried := 0
	for _, f := range list.File {
		if strings.HasSuffix(f.Name, "/") || f.Name == "UTC" {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		want, err := time.LoadLocationFromTZData(f.Name, data)
		if err != nil {
			t.Fatal(err)
		}
		have, err := zone.Load(f.Name)
		if err != nil {
			t.Errorf("%v: go generate ./internal/zone packs the list of this Go", err)
			continue
		}
		for at := time.Date(1970, 1, 1, 0, 30, 0, 0, time.UTC); at.Year() < 2045; at = at.AddDate(0, 0, 23) {
			name, offset := at.In(have).Zone()
			wantName, wantOffset := at.In(want).Zone()
			if name != wantName || offset != wantOffset {
				t.Errorf("%s on %v: %s %d, want %s %d: go generate ./internal/zone packs the list of this Go", f.Name, at, name, offset, wantName, wantOffset)
				break
			}
		}
		tried++
	}
	if tried < 500 {
		t.Errorf("%d zones tried", tried)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"", "UTC"} {
		if l, err := zone.Load(name); l != time.UTC || err != nil {
			t.Errorf("Load(%q) = %v, %v; want UTC", name, l, err)
		}
	}
	for _, name := range []string{"Local", "Mars/Olympus", "Asia/Bagdad", "Asia", "Asia/", "/etc/localtime", "../zone", "none", "asia/baghdad", "Asia/Baghdad 134"} {
		if l, err := zone.Load(name); err == nil {
			t.Errorf("Load(%q) = %v, want none", name, l)
		} else if !strings.Contains(err.Error(), "unknown") {
			t.Errorf("Load(%q): %v, want that it is unknown", name, err)
		}
	}
}

// BenchmarkFirst is what the first question for a zone of the largest region costs.
func BenchmarkFirst(b *testing.B) {
	for b.Loop() {
		if _, err := zone.Load("America/Nowhere"); err == nil {
			b.Fatal("found")
		}
	}
}
