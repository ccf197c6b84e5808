package e2e

import (
	"context"
	"crypto/rand"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/story"
)

// oldDay is the day on which the i-th of the old stories came: fifty a day, from five days ago backwards.
func oldDay(now time.Time, i int) time.Time { return now.AddDate(0, 0, -5-i/50) }

// stock puts n stories with all their documents into a bucket, each first seen when at says, and returns their keys. Those
// that are sent were posted on every channel, an hour after they came; the others wait for the desk.
func stock(t testing.TB, b bucket.Bucket, n int, at func(i int) time.Time, sent bool, channels ...string) []story.Key {
	t.Helper()
	out, errs := make([]story.Key, n), make([]error, n)
	var working sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i := range n {
		slots <- struct{}{}
		working.Go(func() {
			defer func() { <-slots }()
			out[i], errs[i] = stocked(t.Context(), b, i, at(i), sent, channels)
		})
	}
	working.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func stocked(ctx context.Context, b bucket.Bucket, i int, at time.Time, sent bool, channels []string) (story.Key, error) {
	st := &story.Store{Bucket: b, Now: func() time.Time { return at }, Random: rand.Reader}
	id := fmt.Sprintf("%s-%d", at.Format(time.DateOnly), i)
	k, err := st.Key(ctx, "newsroom", id)
	if err != nil {
		return k, err
	}
	if _, _, err := st.UpdateStory(ctx, k, func(s *story.Story) error {
		s.Site, s.Source, s.First, s.Received = "en", "newsroom", at, at
		s.Article.ID, s.Article.Language, s.Article.Headline = id, "en", fmt.Sprintf("Reservoir rises to 61 percent, story %d", i)
		s.Article.Body, s.Article.URL = strings.Repeat("The reservoir has risen to 61 percent. Engineers say the gates stay shut. ", 30), "https://news.example/"+id
		s.Article.Published = at
		return nil
	}); err != nil {
		return k, err
	}
	if _, _, err := st.UpdateManifest(ctx, k, func(m *story.Manifest) error {
		m.Revision, m.Credit, m.Drawn, m.Cards = 1, "Photo: AFP", at, map[string]story.Card{"og": {Key: "cards/" + string(k) + "/00000000000000000000-og.jpg"}}
		return nil
	}); err != nil {
		return k, err
	}
	draft := story.Draft{Text: "The reservoir has risen to 61 percent.", Link: "https://news.example/" + id, Revision: 1}
	d, err := st.Load(ctx, k)
	if err != nil {
		return k, err
	}
	var begin []story.Post
	for _, c := range channels {
		begin = append(begin, story.Post{Channel: c, Proposed: &draft, ProposedAt: at})
	}
	if _, err := st.SwapPosts(ctx, &d, begin...); err != nil || !sent {
		return k, err
	}
	for _, c := range channels {
		if _, _, err := st.UpdatePost(ctx, k, c, func(p *story.Post) error {
			p.Sent, p.SentAt, p.MadeAt, p.Remote = &draft, at.Add(time.Hour), at.Add(time.Hour), story.Remote{ID: id}
			p.History = []story.Event{{At: at.Add(time.Hour), What: "publish", End: "posted"}}
			return nil
		}); err != nil {
			return k, err
		}
	}
	return k, nil
}

// picture writes a photo of w × h pixels with a photo's detail in each: the sample, side by side and mirrored.
func picture(t testing.TB, path string, w, h int) {
	t.Helper()
	f, err := os.Open(root + "/sample/stairs.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	from, ok := m.(*image.YCbCr)
	if !ok {
		t.Fatalf("the sample is a %T", m)
	}
	to := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	mirrored := func(x, n int) int {
		if x %= 2 * n; x >= n {
			return 2*n - 1 - x
		}
		return x
	}
	b := from.Bounds()
	for y := range h {
		for x := range w {
			sx, sy := mirrored(x, b.Dx()), mirrored(y, b.Dy())
			to.Y[to.YOffset(x, y)] = from.Y[from.YOffset(sx, sy)]
			if x%2 == 0 && y%2 == 0 {
				o, p := to.COffset(x, y), from.COffset(sx, sy)
				to.Cb[o], to.Cr[o] = from.Cb[p], from.Cr[p]
			}
		}
	}
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(out, to, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
