package photo

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cutline/internal/jpeg"
)

// expectation is one row of expected.json (testdata/README.md).
type expectation struct {
	File          string
	Group         string
	Width, Height int
	Verdict       string
	Reason        string
	MayDiffer     bool `json:"may_differ"`
	Credit        *string
	CreditFrom    string    `json:"credit_from"`
	CreditAccept  []*string `json:"credit_accept"`
	Caption       *string
	CaptionAccept []*string `json:"caption_accept"`
	Creator       []string
	CreatorAccept [][]string `json:"creator_accept"`
	Copyright     *string
	CopyAccept    []*string `json:"copyright_accept"`
	Alt           *string
	UsageTerms    *string `json:"usage_terms"`
	Synthetic     bool
	MustNotLeak   []string `json:"must_not_leak"`
	Probes        []struct {
		X, Y float64
		RGB  [3]int
		Tol  int
	}
	Faces, Subjects [][4]float64
	Regions         [][][2]float64
}

// sharedPhotos is where the whole set lies in a newsroom's checkout; the small files are in testdata.
const sharedPhotos = "../../../shared/data/photos"

// expected are the rows whose files are there, with their bytes.
func expected(t testing.TB) map[string]expectation {
	t.Helper()
	b, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Files []expectation }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]expectation{}
	for _, e := range all.Files {
		out[e.File] = e
	}
	return out
}

// file reads a picture of the set; ok is false where a large one is not there.
func picture(t testing.TB, name string) (data []byte, ok bool) {
	t.Helper()
	for _, dir := range []string{"testdata/photos", sharedPhotos} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			return data, true
		}
	}
	return nil, false
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestEveryExpectedFile is the set's promise: verdict, reason, size and texts of each file, and its colours.
func TestEveryExpectedFile(t *testing.T) {
	seen := 0
	for name, want := range expected(t) {
		data, ok := picture(t, name)
		if !ok {
			continue
		}
		seen++
		t.Run(name, func(t *testing.T) {
			got := DescribeFile(name, data, Limits{})
			differs := want.MayDiffer && got.Verdict != want.Verdict
			if got.Verdict != want.Verdict && !differs {
				t.Fatalf("verdict %s %s (%s), want %s %s", got.Verdict, got.Reason, got.Detail, want.Verdict, want.Reason)
			}
			if got.Verdict == Refuse && got.Reason != want.Reason {
				t.Errorf("reason %s (%s), want %s", got.Reason, got.Detail, want.Reason)
			}
			if got.Width != want.Width || got.Height != want.Height {
				t.Errorf("%d × %d, want %d × %d", got.Width, got.Height, want.Width, want.Height)
			}
			if got.Verdict == Refuse {
				return
			}
			compare(t, "credit", got.Credit, want.Credit, want.CreditAccept)
			compare(t, "caption", got.Caption, want.Caption, want.CaptionAccept)
			compare(t, "copyright", got.Copyright, want.Copyright, want.CopyAccept)
			compare(t, "alt", got.Alt, want.Alt, nil)
			compare(t, "usage terms", got.UsageTerms, want.UsageTerms, nil)
			if got.Credit == text(want.Credit) && got.CreditFrom != want.CreditFrom {
				t.Errorf("credit from %q, want %q", got.CreditFrom, want.CreditFrom)
			}
			if !slices.Equal(got.Creator, want.Creator) &&
				!slices.ContainsFunc(want.CreatorAccept, func(c []string) bool { return slices.Equal(c, got.Creator) }) {
				t.Errorf("creator %q, want %q", got.Creator, want.Creator)
			}
			if got.Synthetic != want.Synthetic {
				t.Errorf("synthetic %v, want %v", got.Synthetic, want.Synthetic)
			}
			probe(t, data, want)
		})
	}
	if seen < 100 {
		t.Errorf("only %d files of the set were found", seen)
	}
}

func compare(t *testing.T, what, got string, want *string, accept []*string) {
	t.Helper()
	if got == text(want) {
		return
	}
	for _, a := range accept {
		if got == text(a) {
			return
		}
	}
	t.Errorf("%s %q, want %q", what, got, text(want))
}

// probe compares colours of the picture drawn at its own size, the mean of 5 × 5 pixels, in sRGB.
func probe(t *testing.T, data []byte, want expectation) {
	t.Helper()
	p, err := Open(data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Release()
	w, h := p.Info().Width, p.Info().Height
	if w > 4000 {
		return
	}
	frame, err := p.Frame(context.Background(), Whole, w, h, false)
	if err != nil {
		t.Fatal(err)
	}
	if frame.W != w || frame.H != h {
		t.Fatalf("frame of %d × %d, want %d × %d", frame.W, frame.H, w, h)
	}
	for _, probe := range want.Probes {
		got := mean(frame, int(probe.X*float64(w)), int(probe.Y*float64(h)))
		for i := range got {
			if d := got[i] - probe.RGB[i]; d > probe.Tol+1 || -d > probe.Tol+1 { // one more: 4:2:0 in 8 bits
				t.Errorf("at %v, %v: %v, want %v ± %d", probe.X, probe.Y, got, probe.RGB, probe.Tol)
				break
			}
		}
	}
}

func mean(p *jpeg.Planes, x0, y0 int) (rgb [3]int) {
	n := 0
	for y := max(0, y0-2); y <= min(p.H-1, y0+2); y++ {
		for x := max(0, x0-2); x <= min(p.W-1, x0+2); x++ {
			cb, cr := byte(128), byte(128)
			if !p.Gray() {
				cb, cr = p.Cb.Pix[y/p.SubY*p.Cb.Stride+x/p.SubX], p.Cr.Pix[y/p.SubY*p.Cr.Stride+x/p.SubX]
			}
			r, g, b := toRGB(int32(p.Y.Pix[y*p.Y.Stride+x]), int32(cb), int32(cr))
			rgb[0], rgb[1], rgb[2], n = rgb[0]+int(r), rgb[1]+int(g), rgb[2]+int(b), n+1
		}
	}
	for i := range rgb {
		rgb[i] = (rgb[i] + n/2) / n
	}
	return rgb
}
