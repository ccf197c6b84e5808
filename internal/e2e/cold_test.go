package e2e

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// BenchmarkFirstCard is a card from the start of the process to its file, by headline's script: fonts are parsed, nothing
// is warm. Its CPU time and peak of memory are the whole process's.
func BenchmarkFirstCard(b *testing.B) {
	binary := program(b)
	for _, c := range []struct{ lang, headline string }{
		{"en", "A Century-Old Staircase Reopens After Three Years of Repairs"}, {"ckb", "دوای ١٢ ساڵ وشکبوون، ئاو گەڕایەوە بۆ جۆگەی دارستانی «شیلان»"},
	} {
		b.Run(c.lang, func(b *testing.B) {
			var cpu, peak float64
			for b.Loop() {
				cmd := exec.Command(binary, "render", "--photo", "../../sample/stairs.jpg", "--headline", c.headline, "--lang", c.lang, "--out", filepath.Join(b.TempDir(), "card.jpg"))
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
				cpu += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds() * 1000
				if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
					peak = max(peak, float64(usage.Maxrss)/1000)
				}
			}
			b.ReportMetric(cpu/float64(b.N), "cpu-ms")
			b.ReportMetric(peak, "peak-MB")
		})
	}
}
