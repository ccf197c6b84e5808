package render

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"

	"cutline/internal/article"
	"cutline/internal/fetch"
	"cutline/internal/photo"
	"cutline/internal/remark"
)

// photo gets the article's photo. why says in words for the desk why there is none on the card; an error is our own
// trouble, and the look is to be tried again. kept: one that was fetched a moment ago will do.
func (r *Renderer) photo(ctx context.Context, a *article.Article, kept bool) (ph *photo.Photo, tag, why string, err error) {
	if a.Photo.URL == "" {
		return nil, "", "", nil
	}
	if kept {
		if ph, tag := r.edited.get(a.Photo.URL); ph != nil {
			return ph, tag, "", nil
		}
	}
	data, why, err := r.bytes(ctx, a.Photo.URL, kept)
	if err != nil || why != "" {
		return nil, "", why, err
	}
	ph, err = photo.Open(data, r.Limits)
	if err != nil {
		return nil, "", reason(err), nil
	}
	h := sha256.Sum256(data)
	tag = hex.EncodeToString(h[:10])
	if kept {
		r.edited.put(a.Photo.URL, tag, ph)
	}
	return ph, tag, "", nil
}

// edited is the photo of the story that was previewed last: its pixels and faces serve the next preview, so that a card
// is redrawn while somebody types. It is used while drawing is held, as every photo is.
type edited struct {
	mu       sync.Mutex
	url, tag string
	ph       *photo.Photo
}

func (e *edited) get(url string) (*photo.Photo, string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.url != url {
		return nil, ""
	}
	return e.ph, e.tag
}

func (e *edited) put(url, tag string, ph *photo.Photo) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.url, e.tag, e.ph = url, tag, ph
}

func (r *Renderer) bytes(ctx context.Context, address string, kept bool) (data []byte, why string, err error) {
	if key, ok := strings.CutPrefix(address, "bucket:"); ok && strings.HasPrefix(key, "photos/") {
		data, err := r.Store.Read(ctx, key)
		if err == nil && data == nil {
			return nil, remark.Say("photo-file-gone"), nil
		}
		return data, "", err
	}
	if data := r.photos.get(address); data != nil && kept {
		return data, "", nil
	}
	limit := r.Limits.Bytes
	if limit == 0 {
		limit = 25_000_000
	}
	res, err := r.Fetch.Get(ctx, address, fetch.Limits{Bytes: limit})
	if err != nil {
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		return nil, reason(err), nil
	}
	r.photos.put(address, res.Body)
	return res.Body, "", nil
}

// reason is an error about a photo, in words for the desk.
func reason(err error) string {
	if refused, ok := errors.AsType[*photo.Refused](err); ok {
		return remark.Say("photo-refused-"+refused.Reason, refused.Detail)
	}
	return remark.Say("photo-not-had", err.Error())
}

// unreachable says whether such a reason is one that may be gone another time.
func unreachable(why string) bool {
	r := remark.Read(why)
	return len(r) > 0 && r[0].Kind == "photo-not-had"
}

// recent keeps the bytes of the last few photos.
type recent struct {
	mu   sync.Mutex
	keys []string
	data map[string][]byte
}

const recentBytes = 64 << 20

func (c *recent) get(key string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.data[key]
}

func (c *recent) put(key string, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.data == nil {
		c.data = map[string][]byte{}
	}
	if _, ok := c.data[key]; !ok {
		c.keys = append(c.keys, key)
	}
	c.data[key] = data
	total := 0
	for _, d := range c.data {
		total += len(d)
	}
	for total > recentBytes && len(c.keys) > 1 {
		total -= len(c.data[c.keys[0]])
		delete(c.data, c.keys[0])
		c.keys = c.keys[1:]
	}
}
