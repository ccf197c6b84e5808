package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cutline/internal/fetch"
	"cutline/internal/source"
	"cutline/internal/story"
)

// How a WebSub subscription is kept (W3C WebSub, 5).
const (
	askAgain = 30 * time.Minute    // after a hub was asked and did not confirm
	maxLease = 30 * 24 * time.Hour // of a hub that promises longer
	minLease = 10 * time.Minute
)

// feedState is sources/NAME/feed.json: what is known of a feed between two pulls, and between two processes.
type feedState struct {
	Schema   int       `json:"schema"`
	ETag     string    `json:"etag,omitempty"`     // of the version whose items were all taken
	Modified string    `json:"modified,omitempty"` // its Last-Modified
	Hub      string    `json:"hub,omitempty"`      // the WebSub hub that the feed names; empty: none
	Topic    string    `json:"topic,omitempty"`    // the address by which the hub knows the feed
	Asked    time.Time `json:"asked,omitzero"`     // when the hub was last asked to subscribe us
	Until    time.Time `json:"until,omitzero"`     // how long the hub said that it pushes; zero: it did not confirm
	Denied   string    `json:"denied,omitempty"`   // why the hub refused, in its words
}

func feedKey(name string) string { return ownPrefix + name + "/feed.json" }

func (w *Webhook) feedState(ctx context.Context, name string) (s feedState, err error) {
	body, err := w.Store.Read(ctx, feedKey(name))
	if err != nil || len(body) == 0 {
		return s, err
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, fmt.Errorf("reading %s: %w", feedKey(name), err)
	}
	return s, nil
}

// changeFeed changes what is known of a feed; change may be called several times.
func (w *Webhook) changeFeed(ctx context.Context, name string, change func(*feedState)) error {
	return w.Store.Swap(ctx, feedKey(name), "application/json", func(old []byte) ([]byte, error) {
		var s feedState
		if len(old) > 0 {
			if err := json.Unmarshal(old, &s); err != nil {
				return nil, fmt.Errorf("reading %s: %w", feedKey(name), err)
			}
		}
		before := s
		if change(&s); s == before {
			return nil, nil
		}
		s.Schema = story.Schema
		return json.MarshalIndent(s, "", " ")
	})
}

// pulled notes down what a pull said of a feed, once all its items are taken.
func (w *Webhook) pulled(ctx context.Context, src source.Source, p source.Pulled) error {
	if p.Same || p.Known == (fetch.Known{}) && p.Topic == "" {
		return nil
	}
	return w.changeFeed(ctx, src.Name, func(s *feedState) {
		if s.Hub != p.Hub || s.Topic != p.Topic {
			s.Asked, s.Until, s.Denied = time.Time{}, time.Time{}, ""
		}
		s.ETag, s.Modified, s.Hub, s.Topic = p.Known.ETag, p.Known.Modified, p.Hub, p.Topic
	})
}

// subscribe asks the feed's hub to push, if it has one and does not push already, and again before what it promised ends.
func (w *Webhook) subscribe(ctx context.Context, src source.Source) error {
	if !src.Pushed() || w.Config.Public == "" {
		return nil
	}
	s, err := w.feedState(ctx, src.Name)
	if err != nil || s.Hub == "" {
		return err
	}
	now := w.Now()
	patience := askAgain
	if s.Denied != "" {
		patience = 24 * time.Hour
	}
	if s.Until.Sub(now) > s.Until.Sub(s.Asked)/4 || now.Sub(s.Asked) < patience {
		return nil
	}
	// Noted down first: the hub may confirm before it answers.
	if err := w.changeFeed(ctx, src.Name, func(s *feedState) { s.Asked = now.UTC() }); err != nil {
		return err
	}
	return src.Subscribe(ctx, s.Hub, s.Topic, strings.TrimRight(w.Config.Public, "/")+"/hooks/"+src.Name)
}

// confirm answers a hub that verifies what it was asked for (W3C WebSub, 5.2 and 5.3): yes to a subscription to the
// configured feed, or to the topic that we asked for; no to everything else, an end of it included, which we never ask for.
func (w *Webhook) confirm(rw http.ResponseWriter, r *http.Request, src source.Source) {
	q := r.URL.Query()
	topic, challenge := q.Get("hub.topic"), q.Get("hub.challenge")
	s, err := w.feedState(r.Context(), src.Name)
	known := topic != "" && (topic == src.Topic() || topic == s.Topic)
	now := w.Now()
	asked := !s.Asked.IsZero() && now.Sub(s.Asked) < askAgain
	switch mode := q.Get("hub.mode"); {
	case err != nil:
	case mode == "denied" && known && asked:
		reason := strings.ToValidUTF8(q.Get("hub.reason"), "")
		err = w.changeFeed(r.Context(), src.Name, func(s *feedState) {
			s.Denied, s.Until = "the hub refused: "+reason[:min(len(reason), 200)], time.Time{}
		})
		w.Log.Warn("the hub refuses to push", "source", src.Name, "reason", reason)
	case mode == "subscribe" && known && challenge != "":
		if seconds, bad := strconv.Atoi(q.Get("hub.lease_seconds")); asked && bad == nil {
			lease := min(max(time.Duration(min(seconds, 1<<31))*time.Second, minLease), maxLease)
			err = w.changeFeed(r.Context(), src.Name, func(s *feedState) { s.Until, s.Denied = now.Add(lease).UTC(), "" })
		}
	default:
		w.refuse(rw, refusal{status: http.StatusNotFound, why: "no such subscription was asked for"})
		return
	}
	if err != nil {
		w.refuse(rw, *w.fault(src, err))
		return
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	io.WriteString(rw, challenge)
}
