package photo

import (
	"context"
	"math"
	"math/rand"
	"os"
	"strings"
	"testing"

	"cutline/internal/article"
)

// aspects of the formats: og, wide, square, portrait, vertical.
var aspects = map[string]float64{"og": 1200. / 630, "wide": 16. / 9, "square": 1, "portrait": 4. / 5, "vertical": 9. / 16}

func TestTheFaceIsFoundAndKeptWholeInEveryFormat(t *testing.T) {
	data, err := os.ReadFile("testdata/astronaut.jpg")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Look(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Faces) != 1 {
		t.Fatalf("faces %v, want one", s.Faces)
	}
	if f := s.Faces[0].Box; f.X0 < .28 || f.X1 > .6 || f.Y0 < .05 || f.Y1 > .38 {
		t.Errorf("face at %v", f)
	}
	for name, aspect := range aspects {
		c := Crop(p.Info().Width, p.Info().Height, s, nil, Want{Aspect: aspect, Avoid: []Rect{{0, .62, 1, 1}}})
		if !c.Clear() || c.Whole != 1 || c.Why != "the face whole" {
			t.Errorf("%s: %+v", name, c)
		}
		proportions(t, name, c.Rect, p.Info().Width, p.Info().Height, aspect)
	}
}

func proportions(t *testing.T, name string, r Rect, w, h int, aspect float64) {
	t.Helper()
	got := (r.X1 - r.X0) * float64(w) / ((r.Y1 - r.Y0) * float64(h))
	if math.Abs(got/aspect-1) > .001 || r != r.within() {
		t.Errorf("%s: crop %v has proportions %.4f, want %.4f", name, r, got, aspect)
	}
}

// TestPressPhotosAreCroppedAroundTheirSubjects asks of the large photos what a picture editor would: faces whole where a
// frontal one can be found, and most of the subject.
func TestPressPhotosAreCroppedAroundTheirSubjects(t *testing.T) {
	var kept, n float64
	for name, want := range expected(t) {
		data, ok := picture(t, name)
		if !ok || want.Group != "news" {
			continue
		}
		p, err := Open(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Prepare(context.Background(), 1200, 630); err != nil {
			t.Fatal(err)
		}
		s, err := p.Look(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if frontal := strings.Contains(name, "astronaut"); frontal != (len(s.Faces) == 1) {
			t.Errorf("%s: faces %v", name, s.Faces)
		}
		for _, aspect := range aspects {
			c := Crop(p.Info().Width, p.Info().Height, s, nil, Want{Aspect: aspect})
			for _, b := range want.Subjects {
				r := Rect{b[0], b[1], b[2], b[3]}
				kept, n = kept+r.and(c.Rect).area()/min(r.area(), c.Rect.area()), n+1
			}
			if len(s.Faces) > 0 && c.Cut > 0 {
				t.Errorf("%s at %.2f: %+v", name, aspect, c)
			}
		}
	}
	if n > 0 && kept/n < .85 {
		t.Errorf("on average %.2f of the subjects is kept, want .85", kept/n)
	}
}

func TestCropReasons(t *testing.T) {
	face := func(x, y, size, sure float64) Face {
		return Face{Rect{x - size/2, y - size/2, x + size/2, y + size/2}, sure}
	}
	for _, c := range []struct {
		name   string
		w, h   int
		faces  []Face
		focal  *article.Focal
		aspect float64
		avoid  []Rect
		zoom   float64
		check  func(Choice) bool
		why    string
	}{
		{"focal point at the left", 3000, 2000, nil, &article.Focal{X: .1, Y: .5}, 1, nil, 1,
			func(c Choice) bool { return c.Rect.X0 == 0 }, "focal point"},
		{"focal point in the middle of the frame", 3000, 2000, nil, &article.Focal{X: .6, Y: .5}, 1, nil, 1,
			func(c Choice) bool { return math.Abs((c.Rect.X0+c.Rect.X1)/2-.6) < .02 }, "focal point"},
		{"focal point against a face elsewhere", 3000, 1000, []Face{face(.9, .4, .1, 1)}, &article.Focal{X: .1, Y: .5}, 1, nil, 1,
			func(c Choice) bool { return c.Rect.X0 == 0 && c.Cut == 1 }, "focal point; 0 of 1 faces whole"},
		{"focal point above the text", 1000, 2000, nil, &article.Focal{X: .5, Y: .7}, 1, []Rect{{0, .6, 1, 1}}, 1,
			func(c Choice) bool { return (.7-c.Rect.Y0)/(c.Rect.Y1-c.Rect.Y0) < .5 }, "focal point"},
		{"two faces at the ends", 3000, 1000, []Face{face(.2, .4, .1, 1), face(.45, .4, .1, 1)}, nil, 1.2, nil, 1,
			func(c Choice) bool { return c.Whole == 2 && c.Clear() }, "2 faces whole"},
		{"the larger of two that do not fit", 3000, 1000, []Face{face(.1, .4, .15, 1), face(.9, .4, .05, 1)}, nil, 1, nil, 1,
			func(c Choice) bool { return c.Whole == 1 && c.Rect.X1 < .5 }, "1 of 2 faces whole"},
		{"headroom", 1000, 2000, []Face{face(.5, .5, .2, 1)}, nil, 1.9, nil, 1,
			func(c Choice) bool { return c.Clear() && c.Headroom >= .03 }, "the face whole"},
		{"out of the text", 1000, 2000, []Face{face(.5, .65, .1, 1)}, nil, 1, []Rect{{0, .6, 1, 1}}, 1,
			func(c Choice) bool { return c.Covered == 0 }, "the face whole"},
		{"cannot leave the text", 1000, 1000, []Face{face(.5, .8, .1, 1)}, nil, 1, []Rect{{0, .6, 1, 1}}, 1,
			func(c Choice) bool { return c.Covered == 1 && !c.Clear() }, "the face whole; 100 % of one under text"},
		{"zooms clear of the text", 1000, 1000, []Face{face(.5, .55, .12, 1)}, nil, 1, []Rect{{0, .6, 1, 1}}, 1.3,
			func(c Choice) bool { return c.Clear() && c.Rect.Y0 > 0 }, "the face whole"},
		{"nothing known", 1000, 2000, nil, nil, 1, nil, 1,
			func(c Choice) bool { return math.Abs((c.Rect.Y0+c.Rect.Y1)/2-1./3) < .01 }, "upper third"},
		{"same proportions", 1200, 630, nil, nil, 1200. / 630, nil, 1,
			func(c Choice) bool { return c.Rect == Whole && c.Kept == 1 }, "the whole picture"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Scene
			s.Faces = c.faces
			got := Crop(c.w, c.h, s, c.focal, Want{c.aspect, c.avoid, c.zoom})
			if !c.check(got) || got.Why != c.why {
				t.Errorf("%+v, want %q", got, c.why)
			}
			proportions(t, c.name, got.Rect, c.w, c.h, c.aspect)
			if again := Crop(c.w, c.h, s, c.focal, Want{c.aspect, c.avoid, c.zoom}); again != got {
				t.Errorf("another time %+v", again)
			}
		})
	}
}

func TestEnlargement(t *testing.T) {
	i := Info{Width: 600, Height: 400}
	for crop, want := range map[Rect]float64{Whole: 2, {0, 0, .5, .5}: 4, {}: 0} {
		if got := i.Enlarged(crop, 1200, 630); got != want {
			t.Errorf("%v: %v, want %v", crop, got, want)
		}
	}
}

func TestGroundUnderABox(t *testing.T) {
	s := Scene{Cols: 4, Rows: 2, Luma: []uint8{10, 10, 200, 200, 10, 10, 250, 250}, Peak: []uint8{20, 20, 255, 255, 20, 20, 255, 255},
		Busy: make([]uint8, 8), Salient: make([]uint8, 8), Faces: []Face{{Rect{.5, 0, 1, .5}, 1}}}
	if g := s.Ground(Whole, Rect{0, 0, .5, 1}); g != (Ground{Luma: 10, Peak: 20}) {
		t.Errorf("left: %+v", g)
	}
	if g := s.Ground(Whole, Rect{.5, 0, 1, .25}); g.Luma != 200 || g.Peak != 255 || g.Face != .5 {
		t.Errorf("top right: %+v", g)
	}
	if g := s.Ground(Rect{0, 0, .5, 1}, Whole); g.Face != 0 || g.Luma != 10 {
		t.Errorf("crop without the face: %+v", g)
	}
}

// TestNoPlaceIsBetterThanTheOneChosen goes through all places of scenes without a pattern: the search passes over most of
// them before it has counted all that speaks against them.
func TestNoPlaceIsBetterThanTheOneChosen(t *testing.T) {
	random := rand.New(rand.NewSource(4))
	for round := range 60 {
		s := Scene{Cols: 5 + random.Intn(40), Rows: 5 + random.Intn(40)}
		for _, grid := range []*[]uint8{&s.Luma, &s.Peak, &s.Busy, &s.Salient} {
			*grid = make([]uint8, s.Cols*s.Rows)
			random.Read(*grid)
		}
		for range round % 3 {
			x, y, side := random.Float64()*.8, random.Float64()*.8, .05+random.Float64()*.15
			s.Faces = append(s.Faces, Face{Rect{x, y, x + side, y + side}, random.Float64()})
		}
		var focal *article.Focal
		if round%5 == 4 {
			focal = &article.Focal{X: random.Float64(), Y: random.Float64()}
		}
		want := Want{Aspect: .5 + 1.5*random.Float64(), Avoid: []Rect{{0, .6, 1, 1}, {random.Float64() * .5, 0, 1, .2}}[:1+round%2], Zoom: 1.2}
		got := Crop(1500, 1000, s, focal, want)

		c := newCropper(&s, focal, want)
		best, least := box{}, int64(math.MaxInt64)
		for at, extra := range c.places(1.5) {
			if cost := c.cost(at, extra, math.MaxInt64); cost < least {
				best, least = at, cost
			}
		}
		if got.Rect != best.rect() {
			t.Errorf("round %d: %v is chosen, %v is better", round, got.Rect, best.rect())
		}
	}
}
