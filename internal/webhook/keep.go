package webhook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cutline/internal/bucket"
	"cutline/internal/source"
	"cutline/internal/story"
)

// The webhook's own objects, beside the stories.
const (
	ownPrefix  = "sources/" // sources/<name>/pull.json, wanted/<id>
	gonePrefix = "gone/"    // gone/<name>/<id>, of its own, so that the bucket can let them expire
	keptBody   = 256 << 10  // bytes of a refused request's body
)

// harmless are the headers of a refused request that are kept as they are, besides its signature, which proves the body
// and opens nothing: with it the request can be tried again under another secret. Of others only the name is kept.
var harmless = []string{"content-type", "content-length", "content-encoding", "user-agent", "host", "webhook-id", "webhook-timestamp", "x-strapi-event", "x-wp-event",
	"x-wp-delivery", "sanity-operation", "sanity-document-id", "idempotency-key", "x-contentful-idempotency-key", "content-version", "x-contentful-topic", "x-contentful-timestamp", "x-contentful-signed-headers", "x-contentful-webhook-name", "date"}

// keep keeps a refused request. That it cannot be kept is no reason for another answer.
func (w *Webhook) keep(ctx context.Context, src source.Source, r source.Request, no refusal) {
	doc := story.Refusal{Schema: story.Schema, Source: src.Name, Verdict: string(no.verdict), Why: no.reason, Status: no.status, Method: r.Method, Path: r.Path, At: r.Now.UTC()}
	if doc.Why == "" {
		doc.Why = no.why
	}
	if i := strings.IndexByte(doc.Path, '?'); i >= 0 {
		doc.Path = doc.Path[:i] + "?…" // who puts a token into the address should not find it here
	}
	signatures := src.Signatures()
	for name, values := range r.Header {
		for _, v := range values {
			if low := strings.ToLower(name); !slices.Contains(harmless, low) && !slices.Contains(signatures, low) {
				v = "***"
			}
			doc.Headers = append(doc.Headers, [2]string{name, v})
		}
	}
	slices.SortFunc(doc.Headers, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	body := r.Body
	if len(body) > keptBody {
		body, doc.Cut = body[:keptBody], true
	}
	if utf8.Valid(body) {
		t := string(body)
		doc.Body = &t
	} else {
		t := base64.StdEncoding.EncodeToString(body)
		doc.Base64 = &t
	}
	data, err := json.MarshalIndent(doc, "", " ")
	if err == nil {
		ctx, cancel := detached(ctx)
		defer cancel()
		var k story.Key
		if k, err = story.NewKey(r.Now, w.Store.Random); err == nil {
			_, err = w.Store.Bucket.Put(ctx, story.RefusedKey(src.Name, r.Now, k.ID()[:6]), data, "application/json", bucket.Create)
		}
	}
	if err != nil {
		w.Log.Error("refused request not kept", "source", src.Name, "error", err)
	}
	w.Log.Warn("webhook refused", "source", src.Name, "status", no.status, "why", doc.Why)
}

// idPath writes an article's id into a key, injectively; the id itself is in the object.
func idPath(id string) string {
	if len(id) > 200 {
		id = id[:200] + fmt.Sprintf("~%x", sum(id))
	}
	return url.PathEscape(id)
}

// A mark is what is noted down of an article besides its story: that it has to be read (wanted/), that it was taken down
// before it was published here (gone/), when the source was pulled (pull.json).
type mark struct {
	Schema  int       `json:"schema"`
	ID      string    `json:"id"`                // the article's; empty: the source as a whole
	At      time.Time `json:"at"`                // when it was noted down, by our clock
	Sent    time.Time `json:"sent,omitzero"`     // gone: the sender's time of it; zero: it said none
	Deleted bool      `json:"deleted,omitempty"` // gone: for good
	Done    time.Time `json:"done,omitzero"`     // pull: when the last one began that took all there was, or all but what is behind Read
	Read    int       `json:"read,omitempty"`    // pull: so many articles of the list were taken, and those behind them may have changed since From; 0: there are none
	From    time.Time `json:"from,omitzero"`     // pull: see Read
}

func putMark(ctx context.Context, store *story.Store, key string, m mark) error {
	m.Schema = story.Schema
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	_, err = store.Bucket.Put(ctx, key, append(data, '\n'), "application/json", bucket.Always)
	return err
}

func getMark(ctx context.Context, store *story.Store, key string) (m mark, etag string, err error) {
	o, err := store.Bucket.Get(ctx, key)
	if errors.Is(err, bucket.ErrNotFound) {
		return mark{}, "", nil
	} else if err != nil {
		return mark{}, "", err
	}
	if err := json.Unmarshal(o.Body, &m); err != nil {
		return mark{}, "", fmt.Errorf("reading %s: %w", key, err)
	}
	return m, o.ETag, nil
}

func goneKey(name, id string) string { return gonePrefix + name + "/" + idPath(id) }

// markGone remembers that an article without a story was taken down. Only a sender that says when can be overtaken in
// a way that matters, and one that deletes for good: of others the later arrival counts.
func markGone(ctx context.Context, store *story.Store, name string, d source.Delivery, at time.Time) error {
	forGood := d.Final && d.Off == "deleted"
	if d.Sent.IsZero() && !forGood {
		return nil
	}
	m := mark{Schema: story.Schema, ID: d.Article.ID, At: at.UTC(), Sent: d.Sent.UTC(), Deleted: forGood}
	return store.Swap(ctx, goneKey(name, d.Article.ID), "application/json", func(old []byte) ([]byte, error) {
		var was mark
		if len(old) > 0 {
			if err := json.Unmarshal(old, &was); err != nil {
				return nil, fmt.Errorf("reading %s: %w", goneKey(name, d.Article.ID), err)
			}
			if !was.Sent.Before(m.Sent) && (was.Deleted || !m.Deleted) {
				return nil, nil
			}
			if was.Sent.After(m.Sent) {
				m.Sent = was.Sent
			}
			m.Deleted = m.Deleted || was.Deleted
		}
		return json.MarshalIndent(m, "", " ")
	})
}

// goneSince is how an article without a story was last taken down; zero: it was not.
func goneSince(ctx context.Context, store *story.Store, name, id string) (mark, error) {
	m, _, err := getMark(ctx, store, goneKey(name, id))
	return m, err
}

// after says whether the article was taken down after a delivery was sent. What the CMS itself showed later is no such.
func (m mark) after(d source.Delivery) bool {
	return d.Read.IsZero() && (m.Deleted && d.Final || !d.Sent.IsZero() && (d.Sent.Before(m.Sent) || d.Versions && d.Sent.Equal(m.Sent)))
}

func (m mark) off() string {
	if m.Deleted {
		return "deleted"
	}
	return "unpublished"
}
