package render

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/jpeg"
	"log/slog"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutline/fonts"
	"cutline/internal/article"
	"cutline/internal/bucket"
	"cutline/internal/card"
	"cutline/internal/config"
	"cutline/internal/fetch"
	"cutline/internal/story"
	"cutline/internal/typeset"
)

var set = typeset.NewFonts(fonts.All()...)

type studio struct {
	t      testing.TB
	r      *Renderer
	store  *story.Store // all of the bucket, as the other steps see it
	now    time.Time
	photos map[string][]byte // what the photo server has; nil: 503
	server *httptest.Server
	served int
}

func begin(t testing.TB, uncredited string) *studio {
	d := &studio{t: t, now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)}
	stairs, err := os.ReadFile("../../sample/stairs.jpg")
	if err != nil {
		t.Fatal(err)
	}
	d.photos = map[string][]byte{"/stairs.jpg": stairs, "/page.jpg": []byte("<html>not a photo</html>"), "/bare.png": onePNG(t), "/busy.jpg": nil}
	d.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.served++
		body, ok := d.photos[r.URL.Path]
		switch {
		case !ok:
			w.WriteHeader(404)
		case body == nil:
			w.WriteHeader(503)
		default:
			_, _ = w.Write(body)
		}
	}))
	t.Cleanup(d.server.Close)
	now := func() time.Time { return d.now }
	dir, err := bucket.OpenDir(t.TempDir(), now)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse("cutline.yaml", []byte(`
sites:
  en: {name: Example News, language: en, url: "https://news.example", uncredited: `+uncredited+`, formats: [og, square]}
  ckb: {name: هەواڵی نموونە, language: ckb, url: "https://news.example"}
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	d.store = &story.Store{Bucket: dir, Now: now, Random: rand.New(rand.NewSource(1))}
	d.r = &Renderer{
		Store: &story.Store{Bucket: policy.Guard(dir), Now: now}, Config: cfg, Now: now, Log: slog.New(slog.DiscardHandler), Fonts: set,
		Fetch: &fetch.Client{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
	}
	return d
}

// onePNG is a photo without metadata: a small gray picture, large enough for a card.
func onePNG(t testing.TB) []byte {
	b, err := os.ReadFile("testdata/bare.png")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (d *studio) story(photo string, change ...func(*story.Story)) story.Key {
	k, err := d.store.Key(context.Background(), "newsroom", photo)
	if err != nil {
		d.t.Fatal(err)
	}
	d.change(k, func(s *story.Story) {
		s.Site, s.First, s.Received = "en", d.now, d.now
		s.Article = article.Article{ID: "1", Language: "en", Headline: "A Century-Old Staircase Reopens", URL: "https://news.example/1", Section: "Culture"}
		if photo != "" {
			s.Article.Photo.URL = d.server.URL + photo
		}
		for _, c := range change {
			c(s)
		}
	})
	return k
}

func (d *studio) change(k story.Key, change func(*story.Story)) {
	if _, _, err := d.store.UpdateStory(context.Background(), k, func(s *story.Story) error { change(s); return nil }); err != nil {
		d.t.Fatal(err)
	}
}

func (d *studio) look(k story.Key) story.Manifest {
	if err := d.r.Look(context.Background(), k); err != nil {
		d.t.Fatal(err)
	}
	m, err := d.store.Manifest(context.Background(), k)
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

func TestStoryGetsItsCards(t *testing.T) {
	d := begin(t, "hold")
	k := d.story("/stairs.jpg", func(s *story.Story) { s.Article.Photo.Credit, s.Article.Photo.From = "AFP", "field" })
	m := d.look(k)
	if m.Revision != 1 || len(m.Cards) != 2 || m.Credit != "Photo: AFP" || m.From != "field" || m.Held != "" || m.Photo != "" || !strings.Contains(m.Alt, "Staircase Reopens.") || !strings.HasSuffix(m.Alt, "Photo: AFP") {
		t.Fatalf("%+v", m)
	}
	for format, c := range m.Cards {
		body, err := d.store.Read(context.Background(), c.Key)
		if err != nil {
			t.Fatal(err)
		}
		cfg, kind, err := image.DecodeConfig(bytes.NewReader(body))
		if err != nil || kind != "jpeg" || cfg.Width != c.Width || cfg.Height != c.Height || len(body) != c.Bytes || len(body) > 300_000*c.Width*c.Height/(1200*630) || c.Contrast < 4.5 || !bytes.Contains(body, []byte("AFP")) {
			t.Errorf("%s: %+v %v %s, %d bytes", format, cfg, err, kind, len(body))
		}
	}
	served := d.served
	if again := d.look(k); again.Drawn != m.Drawn || d.served != served {
		t.Error("a second look drew again")
	}
	d.change(k, func(s *story.Story) { s.Article.Body = "More text." })
	if next := d.look(k); next.Revision != 2 || next.Cards["og"].Key != m.Cards["og"].Key {
		t.Errorf("a change that no card shows made another card: %+v", next)
	}
	d.change(k, func(s *story.Story) { s.Edits.Headline = "The stairs are back" })
	if next := d.look(k); next.Revision != 3 || next.Headline != "The stairs are back" || next.Cards["og"].Key == m.Cards["og"].Key {
		t.Errorf("the desk's headline is not on the card: %+v", next)
	}
	d.change(k, func(s *story.Story) { s.Off = "unpublished" })
	served = d.served
	if next := d.look(k); next.Revision != 4 || d.served != served {
		t.Errorf("an unpublished story does not pass at once: %+v", next)
	}
}

func TestWhoseThePhotoIs(t *testing.T) {
	for name, c := range map[string]struct {
		photo, uncredited string
		change            func(*story.Story)
		credit, from      string
		held, shown       bool
	}{
		"the desk wins": {"/stairs.jpg", "hold", func(s *story.Story) {
			s.Edits.Credit = "Reuters"
			s.Article.Photo.Credit, s.Article.Photo.From = "AFP", "field"
		}, "Photo: Reuters", "desk", false, true},
		"then the CMS":        {"/stairs.jpg", "hold", func(s *story.Story) { s.Article.Photo.Credit, s.Article.Photo.From = "AFP", "caption" }, "Photo: AFP", "caption", false, true},
		"then the file":       {"/stairs.jpg", "hold", func(*story.Story) {}, "Photo: Public domain", "xmp", false, true},
		"none: held":          {"/bare.png", "hold", func(*story.Story) {}, "", "", true, false},
		"none: text only":     {"/bare.png", "text-only", func(*story.Story) {}, "", "", false, false},
		"none: the policy's":  {"/bare.png", "Archive", func(*story.Story) {}, "Photo: Archive", "policy", false, true},
		"no photo, no credit": {"", "hold", func(*story.Story) {}, "", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := begin(t, c.uncredited)
			m := d.look(d.story(c.photo, c.change))
			if m.Credit != c.credit || m.From != c.from || (m.Held != "") != c.held || (m.Cards["og"].Layout != "text-led") != c.shown || len(m.Cards) != 2 {
				t.Errorf("%+v", m)
			}
		})
	}
}

func TestPhotoThatWillNotDoGivesTextAndAReason(t *testing.T) {
	for photo, why := range map[string]string{"/none.jpg": "404", "/page.jpg": "refused", "/busy.jpg": "503"} {
		d := begin(t, "hold")
		m := d.look(d.story(photo))
		if m.Cards["og"].Layout != "text-led" || !strings.Contains(m.Photo, why) || m.Held != "" {
			t.Errorf("%s: %+v", photo, m)
		}
	}
	d := begin(t, "hold")
	d.r.Fetch.Allow = nil
	if m := d.look(d.story("/stairs.jpg")); !strings.Contains(m.Photo, "not a public address") || m.Cards["og"].Layout != "text-led" {
		t.Errorf("a private address: %+v", m)
	}
	if d.served != 0 {
		t.Error("it was fetched")
	}
}

func TestPhotoThatComesLateIsTakenByTheSweep(t *testing.T) {
	d := begin(t, "hold")
	k := d.story("/busy.jpg")
	d.look(k)
	d.photos["/busy.jpg"] = d.photos["/stairs.jpg"]
	if err := d.r.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if m, _ := d.store.Manifest(context.Background(), k); m.Photo == "" {
		t.Error("it was tried again at once")
	}
	d.now = d.now.Add(5 * time.Minute)
	if err := d.r.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if m, _ := d.store.Manifest(context.Background(), k); m.Photo != "" || m.Cards["og"].Layout == "text-led" {
		t.Errorf("%+v", m)
	}
}

func TestSweepDrawsWhatNoNotificationTold(t *testing.T) {
	d := begin(t, "hold")
	k := d.story("/stairs.jpg")
	if err := d.r.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	if m, err := d.store.Manifest(context.Background(), k); err != nil || m.Revision != 1 {
		t.Errorf("%+v %v", m, err)
	}
}

func TestLetterWithoutAFontHoldsTheCard(t *testing.T) {
	d := begin(t, "hold")
	m := d.look(d.story("", func(s *story.Story) { s.Article.Headline = "Sumerian 𒀀 found" }))
	if !strings.Contains(m.Held, "U+12000") || len(m.Cards) != 0 || m.Revision != 1 {
		t.Errorf("%+v", m)
	}
}

func TestThemesAndFormatsOfTheConfigurationCanBeDrawn(t *testing.T) {
	for _, name := range config.Themes {
		if _, err := card.OpenTheme(name, ""); err != nil {
			t.Error(err)
		}
	}
	for _, name := range config.Formats {
		if _, ok := card.Formats[name]; !ok {
			t.Errorf("format %s", name)
		}
	}
	if len(card.Formats) != len(config.Formats) || len(card.Themes())+1 != len(config.Themes) {
		t.Error("the configuration does not know them all")
	}
}

func TestSameInputSameBytes(t *testing.T) {
	var first []byte
	for range 3 {
		d := begin(t, "hold")
		k := d.story("/stairs.jpg")
		m := d.look(k)
		body, err := d.store.Read(context.Background(), m.Cards["og"].Key)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = body
		} else if !bytes.Equal(first, body) {
			t.Error("other bytes")
		}
	}
}

func TestStableAddresses(t *testing.T) {
	d := begin(t, "hold")
	k := d.story("/stairs.jpg")
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		d.r.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	base := "/cards/" + string(k)
	w := get(base + "/og.jpg?v=1") // nothing was drawn yet: it is drawn now
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/jpeg" || w.Body.Len() < 10_000 {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	m, err := d.store.Manifest(context.Background(), k)
	if err != nil {
		t.Fatal(err)
	}
	if own := get("/" + m.Cards["og"].Key); own.Code != 200 || !strings.Contains(own.Header().Get("Cache-Control"), "immutable") || !bytes.Equal(own.Body.Bytes(), w.Body.Bytes()) {
		t.Errorf("%d %v", own.Code, own.Header())
	}
	for _, path := range []string{base + "/og.jpg?v=2", base + "/og.jpg?v=x", base + "/poster.jpg", "/cards/2026-11-26/aaaaaaaaaaaaaaaaaaaaaaaaaa/og.jpg", "/cards/../stories/x", "/cards/" + string(k) + "/00000000000000000000-og.jpg"} {
		if w := get(path); w.Code != 404 || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	d.change(k, func(s *story.Story) { s.Article.Embargo = d.now.Add(time.Hour) })
	if w := get(base + "/og.jpg"); w.Code != 404 {
		t.Errorf("embargoed: %d", w.Code)
	}
	d.now = d.now.Add(2 * time.Hour)
	if w := get(base + "/og.jpg"); w.Code != 200 {
		t.Errorf("after the embargo: %d", w.Code)
	}
	d.change(k, func(s *story.Story) { s.Off = "deleted" })
	if w := get(base + "/og.jpg"); w.Code != 404 {
		t.Errorf("deleted: %d", w.Code)
	}
}

func TestPreviewKeepsNothing(t *testing.T) {
	d := begin(t, "hold")
	k := d.story("/stairs.jpg")
	body, typ, err := d.r.Preview(context.Background(), k, story.Edits{Headline: "Another"}, "og")
	if err != nil || typ != "image/jpeg" || len(body) < 10_000 {
		t.Fatal(typ, len(body), err)
	}
	entries, err := d.store.Bucket.List(context.Background(), "cards/", "", 0)
	if err != nil || len(entries) != 0 {
		t.Errorf("%v %v", entries, err)
	}
	if _, _, err := d.r.Preview(context.Background(), "2026-11-26/aaaaaaaaaaaaaaaaaaaaaaaaaa", story.Edits{}, "og"); !errors.Is(err, story.ErrNone) {
		t.Error(err)
	}
}

func TestOneCardFromFiles(t *testing.T) {
	dir := t.TempDir()
	var progress bytes.Buffer
	o := OneOptions{Photo: "../../sample/stairs.jpg", Headline: "Erbil", Lang: "en", Format: "og", Out: filepath.Join(dir, "a.jpg"), Explain: filepath.Join(dir, "a.json"), Repeat: 2}
	if err := One(context.Background(), o, set, time.Now, &progress); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(progress.String()), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[1], "card 2 ") {
		t.Errorf("%q", progress.String())
	}
	b, err := os.ReadFile(o.Explain)
	if err != nil || !bytes.Contains(b, []byte(`"text": "Erbil 2"`)) || !bytes.Contains(b, []byte(`"credit": "Photo: Public domain"`)) {
		t.Errorf("%v %s", err, b)
	}
}

// The manifest says what is on the cards, also when they were drawn for an earlier revision and only stand on.
func TestManifestSaysWhatIsOnTheCards(t *testing.T) {
	ctx := context.Background()
	d := begin(t, "hold")
	k := d.story("/stairs.jpg", func(s *story.Story) {
		s.Article.Photo.Credit, s.Article.Photo.From, s.Article.Photo.Alt = "AFP", "field", "A staircase"
	})
	look := func() story.Manifest {
		if err := d.r.Look(ctx, k); err != nil {
			t.Fatal(err)
		}
		m, err := d.store.Manifest(ctx, k)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := look()
	d.change(k, func(s *story.Story) { s.Article.Body = "Another body, which is on no card." })
	second := look()
	if second.Revision == first.Revision || second.Cards["og"].Key != first.Cards["og"].Key {
		t.Fatalf("the card should stand on for a new revision: %+v, then %+v", first, second)
	}
	for _, m := range []story.Manifest{first, second} {
		if m.Credit != "Photo: AFP" || m.From != "field" || !strings.Contains(m.Alt, "A staircase. Photo: AFP") {
			t.Errorf("revision %d: credit %q from %q, alt %q", m.Revision, m.Credit, m.From, m.Alt)
		}
	}
	d.change(k, func(s *story.Story) { s.Article.Photo.URL = d.server.URL + "/page.jpg" })
	if m := look(); m.Photo == "" || m.Credit != "" || m.From != "" || strings.Contains(m.Alt, "staircase.") || strings.Contains(m.Alt, "AFP") {
		t.Errorf("without the photo: credit %q from %q, alt %q, reason %q", m.Credit, m.From, m.Alt, m.Photo)
	}
}

// TestPhotoOfTheBucket draws from a photo that came as a file and lies in the bucket.
func TestPhotoOfTheBucket(t *testing.T) {
	d := begin(t, "hold")
	k := d.story("")
	stairs := d.photos["/stairs.jpg"]
	if _, err := d.store.Bucket.Put(t.Context(), PhotoKey(k), stairs, "image/jpeg", bucket.Always); err != nil {
		t.Fatal(err)
	}
	d.change(k, func(s *story.Story) { s.Article.Photo.URL = "bucket:" + PhotoKey(k) })
	if err := d.r.Look(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	m, err := d.store.Manifest(t.Context(), k)
	if err != nil || m.Photo != "" || m.Cards["og"].Key == "" || m.Cards["og"].Layout == "text-led" {
		t.Errorf("%+v, %v: want a card over the photo", m, err)
	}
	if d.served != 0 {
		t.Errorf("%d requests for a photo that is in the bucket", d.served)
	}
}

// BenchmarkPreview is what the desk waits for at each stroke: the card of a story with a photo, drawn again.
func BenchmarkPreview(b *testing.B) {
	d := begin(b, "hold")
	k := d.story("/stairs.jpg")
	for b.Loop() {
		if _, _, err := d.r.Preview(context.Background(), k, story.Edits{Headline: "Another headline of the same length as most are"}, "og"); err != nil {
			b.Fatal(err)
		}
	}
}
