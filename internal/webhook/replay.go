package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/remark"
	"cutline/internal/source"
	"cutline/internal/story"
)

// noteEvery is how often a source's last delivery is written down while deliveries come.
const noteEvery = 10 * time.Second

// last is a source's last delivery.
type last struct {
	story.Delivered
	kept bool // its story says that it came
}

// told says whether the desk knows of it, which reads the stories of today.
func (d last) told(now time.Time) bool {
	return d.kept && d.Story.Day() == now.UTC().Format(time.DateOnly)
}

// lasts are the sources' last deliveries, as this process saw them.
type lasts struct {
	mu      sync.Mutex
	of      map[string]last
	written map[string]time.Time // when it was last written down
}

// note remembers a delivery for the desk, and writes it down if no story tells of it and that was not done a moment ago; else the
// next delivery or tick does. That it cannot be written is no reason for another answer.
func (w *Webhook) note(ctx context.Context, src source.Source, d last) {
	w.last.mu.Lock()
	if w.last.of == nil {
		w.last.of, w.last.written = map[string]last{}, map[string]time.Time{}
	}
	w.last.of[src.Name] = d
	due := !d.told(d.At) && d.At.Sub(w.last.written[src.Name]) >= noteEvery
	if due {
		w.last.written[src.Name] = d.At
	}
	w.last.mu.Unlock()
	if due {
		// It came just now: what another process has noted is of the same moment, and need not be read to be replaced.
		data, err := lastDoc(d.Delivered)
		if err == nil {
			_, err = w.Store.Bucket.Put(ctx, story.LastKey(src.Name), data, "application/json", bucket.Always)
		}
		if err != nil {
			w.Log.Error("last delivery not noted", "source", src.Name, "error", err)
		}
	}
}

// writeLast writes a source's last delivery down, unless it is or a later one is: of another process, say.
func (w *Webhook) writeLast(ctx context.Context, name string) error {
	w.last.mu.Lock()
	d, ok := w.last.of[name]
	if ok = ok && !d.told(w.Now()) && d.At.After(w.last.written[name]); ok {
		w.last.written[name] = d.At
	}
	w.last.mu.Unlock()
	if !ok {
		return nil
	}
	return w.Store.Swap(ctx, story.LastKey(name), "application/json", func(old []byte) ([]byte, error) {
		var was story.Delivered
		if len(old) > 0 && json.Unmarshal(old, &was) == nil && !was.At.Before(d.At) {
			return nil, nil
		}
		return lastDoc(d.Delivered)
	})
}

func lastDoc(d story.Delivered) ([]byte, error) {
	d.Schema = story.Schema
	return json.MarshalIndent(d, "", " ")
}

// replays tries the refused requests of a source again that somebody at the desk asked for.
func (w *Webhook) replays(ctx context.Context, src source.Source) error {
	wishes, err := w.Store.Bucket.List(ctx, story.Replays+src.Name+"/", "", 100)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range wishes {
		_, err := w.Replay(ctx, story.ReplayOf(e.Key))
		if err != nil && !errors.Is(err, story.ErrNone) {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, w.Store.Bucket.Delete(ctx, e.Key, bucket.Always))
	}
	return errors.Join(errs...)
}

// Replay tries a refused request again under the configuration as it is now, as of the time when it came, so that its
// signature is no older than it was. What comes of it is returned and kept with the request: a Result of "refused" says
// that it still is not taken. ErrNone if there is no such request; another error if it should be tried once more.
func (w *Webhook) Replay(ctx context.Context, key string) (story.Delivered, error) {
	r, err := w.Store.Refusal(ctx, key)
	if err != nil {
		return story.Delivered{}, err
	}
	src, known := w.sources[r.Source]
	if !known {
		return story.Delivered{}, fmt.Errorf("%w: source %s is not in the configuration", story.ErrNone, r.Source)
	}
	out, err := w.retried(ctx, src, r)
	if err != nil {
		return out, err
	}
	out.Schema, out.At = story.Schema, w.Now().UTC()
	r.Replayed = &out
	data, err := json.MarshalIndent(r, "", " ")
	if err == nil {
		_, err = w.Store.Bucket.Put(ctx, key, data, "application/json", bucket.Always)
	}
	w.Log.Info("refused request tried again", "source", src.Name, "result", out.Result, "why", out.Why)
	return out, err
}

func (w *Webhook) retried(ctx context.Context, src source.Source, r story.Refusal) (story.Delivered, error) {
	refused := func(why string) (story.Delivered, error) { return story.Delivered{Result: "refused", Why: why}, nil }
	if r.Cut {
		return refused(remark.Say("body-not-kept"))
	}
	req, err := source.Recorded{Method: r.Method, Path: r.Path, Headers: r.Headers, Body: r.Body, Base64: r.Base64, At: r.At}.Request()
	if err != nil {
		return refused(err.Error())
	}
	if err := src.Verify(ctx, req); errors.Is(err, source.ErrUnauthorized) {
		return refused(err.Error())
	} else if err != nil {
		return story.Delivered{}, err
	}
	var out story.Delivered
	for i, d := range src.Read(ctx, req) {
		if d.Verdict == source.Malformed {
			return refused(d.Why)
		}
		t, err := w.apply(ctx, src, d, w.Now(), complete)
		if err != nil {
			return out, err
		}
		if i == 0 {
			out = story.Delivered{Event: string(d.Event), Result: t.Result, Why: t.Why, Story: t.Story}
		}
	}
	if out.Result == "" {
		out = story.Delivered{Result: "ignored", Why: "it is about no article"}
	}
	return out, nil
}
