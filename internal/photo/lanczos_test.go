package photo

import (
	"context"
	"math"
	"os"
	"testing"

	"cutline/internal/jpeg"
)

// lanczos scales a plane by Lanczos' filter of three lobes, on values as decode makes them of stored ones and encode undoes:
// in linear light the reference for what a smaller picture should look like, which rings at edges and costs what a card
// has no time for.
func lanczos(p jpeg.Plane, w, h int, decode, encode func(float64) float64) [][]float64 {
	var light [256]float64
	for i := range light {
		light[i] = decode(float64(i) / 255)
	}
	type tap struct {
		from int
		k    []float64
	}
	taps := func(n, m int) []tap {
		out := make([]tap, m)
		step := float64(n) / float64(m)
		reach := 3 * max(step, 1)
		for i := range out {
			c, total := (float64(i)+.5)*step-.5, 0.0
			out[i].from = int(math.Ceil(c - reach))
			for j := out[i].from; j <= int(math.Floor(c+reach)); j++ {
				x := (float64(j) - c) / max(step, 1)
				k := 1.0
				if x != 0 {
					k = 3 * math.Sin(math.Pi*x) * math.Sin(math.Pi*x/3) / (math.Pi * math.Pi * x * x)
				}
				out[i].k = append(out[i].k, k)
				total += k
			}
			for j := range out[i].k {
				out[i].k[j] /= total
			}
		}
		return out
	}
	line := func(n int, all []tap, at func(int) float64) []float64 {
		out := make([]float64, len(all))
		for i, t := range all {
			for j, k := range t.k {
				out[i] += k * at(min(max(t.from+j, 0), n-1))
			}
		}
		return out
	}
	columns, rows := taps(p.W, w), taps(p.H, h)
	across := make([][]float64, p.H)
	for y := range across {
		across[y] = line(p.W, columns, func(x int) float64 { return light[p.Pix[y*p.Stride+x]] })
	}
	out := make([][]float64, h)
	for y := range out {
		out[y] = make([]float64, w)
	}
	for x := range w {
		for y, v := range line(p.H, rows, func(y int) float64 { return across[y][x] }) {
			out[y][x] = 255 * encode(min(1, max(0, v)))
		}
	}
	return out
}

// linear is sRGB's curve (IEC 61966-2-1), encoded its inverse.
func linear(v float64) float64 {
	if v <= .04045 {
		return v / 12.92
	}
	return math.Pow((v+.055)/1.055, 2.4)
}

func encoded(v float64) float64 {
	if v <= .0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - .055
}

// TestCloseToLanczosInLinearLight measures what the cheap filter, on the values as they are stored, costs of the best one in
// linear light, in steps of 255: on a photo of wood and people, and on one all of leaves and water, which is the worst there
// is, since a filter on stored values darkens fine bright detail. Lanczos on stored values is measured beside it: what it
// differs by no filter could avoid without linear light.
func TestCloseToLanczosInLinearLight(t *testing.T) {
	for _, c := range []struct {
		name      string
		mean, off float64 // the most that is allowed: of a pixel in the mean, of the whole picture
	}{{"stairs.jpg", 3.6, .4}, {"stream.jpg", 7.5, 3.5}} {
		data, err := os.ReadFile("../../sample/" + c.name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Open(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Prepare(context.Background(), p.info.Width, p.info.Height); err != nil {
			t.Fatal(err)
		}
		whole := p.held.planes
		for _, times := range []float64{1.05, 1.5, 2.1, 2.95, 6, 9} {
			w, h := int(float64(whole.W)/times), int(float64(whole.H)/times)
			got, err := p.Frame(context.Background(), Whole, w, h, false)
			if err != nil {
				t.Fatal(err)
			}
			best, stored := lanczos(whole.Y, w, h, linear, encoded), lanczos(whole.Y, w, h, same, same)
			var mean, off, mean2, off2 float64
			for y, row := range best {
				for x, want := range row {
					d := float64(got.Y.Pix[y*got.Y.Stride+x]) - want
					mean, off = mean+math.Abs(d), off+d
					d = stored[y][x] - want
					mean2, off2 = mean2+math.Abs(d), off2+d
				}
			}
			n := float64(w * h)
			t.Logf("%s, %.2f times smaller: mean difference %.2f, as a whole %+.2f; Lanczos on stored values %.2f, %+.2f", c.name, times, mean/n, off/n, mean2/n, off2/n)
			if mean/n > c.mean || math.Abs(off/n) > c.off {
				t.Errorf("%s, %.2f times smaller: mean difference %.2f, as a whole %+.2f; allowed are %.1f and %.1f", c.name, times, mean/n, off/n, c.mean, c.off)
			}
			got.Release()
		}
	}
}

func same(v float64) float64 { return v }
