package gallery

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"cutline/internal/bucket/buckettest"
)

// TestARM64 draws cards as Lambda's own processors do and compares them with the goldens, which were drawn on amd64: where
// an arm64 compiler fuses a multiplication with an addition, no cell may come out differently beyond the tolerance.
func TestARM64(t *testing.T) {
	buckettest.E2E(t)
	if runtime.GOARCH == "arm64" {
		t.Skip("the other tests are this one here")
	}
	qemu, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Skip("qemu-aarch64-static is not here and could not be installed")
	}
	for _, c := range []struct{ pkg, run string }{{"gallery", "TestGolden"}, {"photo", "TestSameEverywhere"}} {
		program := filepath.Join(t.TempDir(), c.pkg+".test")
		build := exec.Command("go", "test", "-c", "-o", program, "../"+c.pkg)
		build.Env = append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		run := exec.Command(qemu, program, "-test.short", "-test.run", "^"+c.run+"$")
		run.Dir = filepath.Join("..", c.pkg)
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", c.pkg, err, out)
		}
	}
}
