package jpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cutline/internal/bucket/buckettest"
)

// needs skips a test that asks for a program of another project, unless the long tests are run.
func needs(t *testing.T, program string) {
	t.Helper()
	buckettest.E2E(t)
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not here: .ci/install brings it", program)
	}
}

// run gives a program its input and returns its output; ok is false where it failed, warned says that it complained.
func run(t *testing.T, input []byte, program string, args ...string) (output []byte, warned string, ok bool) {
	t.Helper()
	var out, complaints bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &complaints
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.Bytes(), complaints.String(), err == nil
}

// pnm reads what djpeg writes: 8 bits, gray or RGB.
func pnm(t *testing.T, b []byte) (w, h, channels int, pix []byte) {
	t.Helper()
	var kind string
	var most int
	r := bytes.NewReader(b)
	if _, err := fmt.Fscan(r, &kind, &w, &h, &most); err != nil || most != 255 {
		t.Fatalf("%.20q: %v", b, err)
	}
	if channels = 3; kind == "P5" {
		channels = 1
	}
	return w, h, channels, b[len(b)-w*h*channels:]
}

// differs is the largest difference of a picture to what djpeg makes of it.
func differs(t *testing.T, p *Planes, reference []byte) int {
	t.Helper()
	w, h, channels, pix := pnm(t, reference)
	if w != p.W || h != p.H {
		t.Fatalf("%d×%d, djpeg has %d×%d", p.W, p.H, w, h)
	}
	worst := 0
	for y := range h {
		for x := range w {
			cb, cr := byte(128), byte(128)
			if !p.Gray() {
				cb, cr = p.Cb.Pix[y/p.SubY*p.Cb.Stride+x/p.SubX], p.Cr.Pix[y/p.SubY*p.Cr.Stride+x/p.SubX]
			}
			r, g, b := color.YCbCrToRGB(p.Y.Pix[y*p.Y.Stride+x], cb, cr)
			for i, v := range []byte{r, g, b}[:channels] {
				d := int(v) - int(pix[(y*w+x)*channels+i])
				worst = max(worst, d, -d)
			}
		}
	}
	return worst
}

// What we make of a file is what libjpeg-turbo makes of it, sample for sample but for 1 of rounding in the colours: without smoothing
// of chroma, as that is done when the picture is resized.
func TestDecodesAsDjpegDoes(t *testing.T) {
	needs(t, "djpeg")
	names, err := filepath.Glob("../photo/testdata/photos/*.jpg")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	compared := 0
	for _, name := range append(names, more(t)...) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := Decode(context.Background(), data, Options{})
		if err != nil {
			continue // what is refused, and why, is package photo's test; djpeg would fill the memory
		}
		reference, _, _ := run(t, data, "djpeg", "-nosmooth", "-dct", "int", "-pnm") // it fails too where only the end marker lacks
		if len(reference) == 0 {
			t.Errorf("%s: djpeg cannot read it", filepath.Base(name))
			continue
		}
		compared++
		limit := 1
		if h, err := ReadHeader(data, Limits{}); err == nil && (h.Components == 4 || h.Transform == 0) {
			limit = 2 // from RGB or inks into YCbCr and back
		}
		if worst := differs(t, p, reference); worst > limit {
			t.Errorf("%s differs by %d", filepath.Base(name), worst)
		}
		p.Release()
	}
	if compared < 20 {
		t.Errorf("only %d files were compared", compared)
	}
	t.Logf("%d files compared", compared)
}

// more are files that cjpeg makes of one picture, in every way that matters to a decoder.
func more(t *testing.T) (names []string) {
	t.Helper()
	if _, err := exec.LookPath("cjpeg"); err != nil {
		return nil
	}
	m := scene(211, 157, 1, 1).RGBA()
	var ppm bytes.Buffer
	fmt.Fprintf(&ppm, "P6\n%d %d\n255\n", m.Rect.Dx(), m.Rect.Dy())
	for i := 0; i < len(m.Pix); i += 4 {
		ppm.Write(m.Pix[i : i+3])
	}
	scans := filepath.Join(t.TempDir(), "scans")
	// DC of each component by itself; spectral selection and two steps of refinement
	script := "0: 0-0, 0, 1;\n1: 0-0, 0, 0;\n2: 0-0, 0, 0;\n0: 0-0, 1, 0;\n0: 1-9, 0, 2;\n0: 10-63, 0, 2;\n1: 1-63, 0, 1;\n2: 1-63, 0, 1;\n0: 1-63, 2, 1;\n0: 1-63, 1, 0;\n1: 1-63, 1, 0;\n2: 1-63, 1, 0;\n"
	if err := os.WriteFile(scans, []byte(script), 0o644); err != nil {
		t.Fatal(err)
	}
	for i, args := range []string{"-quality 100", "-quality 20", "-sample 2x1", "-sample 1x2", "-sample 1x1", "-sample 4x1", "-sample 2x2,1x2,2x1", "-progressive", "-progressive -quality 97", "-progressive -sample 1x1",
		"-progressive -restart 3B", "-restart 1B", "-restart 1", "-optimize", "-grayscale", "-grayscale -progressive", "-scans " + scans, "-rgb"} {
		data, complaints, ok := run(t, ppm.Bytes(), "cjpeg", append([]string{"-dct", "int"}, strings.Fields(args)...)...)
		if !ok {
			t.Fatalf("cjpeg %s: %s", args, complaints)
		}
		name := filepath.Join(filepath.Dir(scans), fmt.Sprintf("%02d%s.jpg", i, strings.ReplaceAll(strings.ReplaceAll(args, " ", ""), "/", "")))
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// Scaled pictures are near libjpeg-turbo's too. Its transforms for 2 and 4 eighths are left out: they are of an older family, the
// means of a picture at full size, and as much as 20 from the others.
func TestScalesAsDjpegDoes(t *testing.T) {
	needs(t, "djpeg")
	for _, name := range more(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		h, err := ReadHeader(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if h.Subsampling != "4:4:4" && h.Subsampling != "gray" || strings.Contains(name, "quality100") || strings.Contains(name, "rgb") {
			continue // djpeg scales luma and chroma by different factors then
		}
		for _, n := range []int{1, 3, 5, 6, 7, 8} {
			reference, _, ok := run(t, data, "djpeg", "-nosmooth", "-dct", "int", "-pnm", "-scale", fmt.Sprintf("%d/8", n))
			if !ok {
				t.Fatal("djpeg cannot scale ", name)
			}
			p, _, err := Decode(context.Background(), data, Options{MinW: (h.W*n + 7) / 8, MinH: h.H * n / 8})
			if err != nil {
				t.Fatal(err)
			}
			if p.Eighths != n {
				p, _, err = Decode(context.Background(), data, Options{MinW: h.W * n / 8, MinH: h.H * n / 8})
				if err != nil || p.Eighths != n {
					t.Fatalf("%d eighths became %d, %v", n, p.Eighths, err)
				}
			}
			limit := 3
			if n == 8 {
				limit = 1
			}
			if worst := differs(t, p, reference); worst > limit {
				t.Errorf("%s at %d/8 differs by %d", filepath.Base(name), n, worst)
			}
		}
	}
}

// djpeg and exiftool read what we write without a word.
func TestOthersReadOurFiles(t *testing.T) {
	needs(t, "djpeg")
	for _, sub := range [][2]int{{1, 1}, {2, 1}, {2, 2}, {0, 0}} {
		p := scene(203, 97, max(1, sub[0]), max(1, sub[1]))
		if sub[0] == 0 {
			p.Cb, p.Cr = Plane{}, Plane{}
		}
		for _, quality := range []int{5, 85, 100} {
			data := encoded(t, p, EncodeOptions{Quality: quality, Segments: [][]byte{[]byte("\xff\xfe\x00\x0ba comment")}})
			out, complaints, ok := run(t, data, "djpeg", "-nosmooth", "-dct", "int", "-pnm", "-strict")
			if !ok || complaints != "" {
				t.Errorf("%v, quality %d: djpeg says %s", sub, quality, complaints)
				continue
			}
			q, _, err := Decode(context.Background(), data, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if worst := differs(t, q, out); worst > 1 {
				t.Errorf("%v, quality %d: read otherwise by %d", sub, quality, worst)
			}
			if _, err := exec.LookPath("exiftool"); err == nil {
				said, _, _ := run(t, data, "exiftool", "-validate", "-warning", "-error", "-a", "-")
				if !bytes.Contains(said, []byte("OK")) || bytes.Contains(said, []byte("Warning  ")) {
					t.Errorf("%v, quality %d: exiftool says %s", sub, quality, said)
				}
			}
		}
	}
}

// A file of any kind that was cut off is said to be, wherever: also where what is left of its last bits is no code.
func TestCutOffAnywhere(t *testing.T) {
	needs(t, "cjpeg")
	for _, name := range more(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for n := 2; n < len(data)-3; n += 1 + len(data)/1000 {
			_, _, err := Decode(context.Background(), data[:n], Options{MinW: 1})
			if e, ok := errors.AsType[*Error](err); !ok || e.Reason != Truncated && n > 2 {
				t.Errorf("%s, %d of %d bytes: %v", filepath.Base(name), n, len(data), err)
			}
		}
	}
}
