package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// feed keeps feeds/<site>.json (JSON Feed 1.1), .xml (RSS 2.0 with Media RSS) and .atom (RFC 4287) of what was posted. The
// JSON file is the truth, changed by compare-and-swap; the others are written from it, so all show the same items.
// An item's id is the story's key, which stays the same when its address changes: a correction is the same item with
// a new date_modified, a retraction drops it. Being a file of ours, it can always be asked.
type feed struct {
	name string
	cfg  config.Channel
	site config.Site
	p    Parts
}

func newFeed(name string, c config.Channel, site config.Site, p Parts) (Channel, error) {
	return &feed{name: name, cfg: c, site: site, p: p}, nil
}

func (f *feed) Capabilities() Capabilities {
	return Capabilities{Find: Exact, Once: true, Edit: true, Retract: true}
}

func (f *feed) Prepare(p Piece) story.Draft {
	return draft(p, f.cfg, f.name, "og", func(text string) bool { return len([]rune(text)) <= 600 })
}

// jsonFeed is a JSON Feed 1.1 document, as far as we write it. Unknown members are not kept: the file is ours alone.
type jsonFeed struct {
	Version  string     `json:"version"`
	Title    string     `json:"title"`
	HomePage string     `json:"home_page_url"`
	FeedURL  string     `json:"feed_url,omitempty"`
	Language string     `json:"language,omitempty"`
	Hubs     []jsonHub  `json:"hubs,omitempty"`
	Items    []jsonItem `json:"items"`
}

type jsonHub struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type jsonItem struct {
	ID          string       `json:"id"`
	URL         string       `json:"url"`
	Title       string       `json:"title"`
	Text        string       `json:"content_text"`
	Summary     string       `json:"summary,omitempty"`
	Image       string       `json:"image,omitempty"`
	Published   time.Time    `json:"date_published"`
	Modified    time.Time    `json:"date_modified,omitzero"`
	Tags        []string     `json:"tags,omitempty"`
	Language    string       `json:"language,omitempty"`
	Attachments []attachment `json:"attachments,omitempty"`
}

type attachment struct {
	URL   string `json:"url"`
	Type  string `json:"mime_type"`
	Title string `json:"title,omitempty"` // the picture's alt text
	Size  int    `json:"size_in_bytes,omitempty"`
	W     int    `json:"_width,omitempty"` // extensions of JSON Feed begin with _; RSS needs them
	H     int    `json:"_height,omitempty"`
}

func (f *feed) key(ext string) string { return story.Feeds + f.cfg.Site + ext }

// address is where an object of ours is reached from outside; without a public address readers of the file resolve
// it against where they found the file.
func (f *feed) address(key string) string {
	if f.p.Public == "" {
		return "/" + key
	}
	return strings.TrimSuffix(f.p.Public, "/") + "/" + key
}

func (f *feed) Publish(ctx context.Context, c *Call) Outcome {
	return f.put(ctx, c)
}

func (f *feed) Edit(ctx context.Context, c *Call) Outcome {
	return f.put(ctx, c)
}

func (f *feed) put(ctx context.Context, c *Call) Outcome {
	now := f.p.Now().UTC().Truncate(time.Second)
	size := 0
	if c.Draft.Card != "" {
		b, err := c.Card(ctx)
		if err != nil {
			return Outcome{End: Later, Why: remark.Say("card-not-read", err.Error())}
		}
		size = len(b)
	}
	err := f.change(ctx, func(items []jsonItem) []jsonItem {
		i := slices.IndexFunc(items, func(x jsonItem) bool { return x.ID == string(c.Key) })
		item := jsonItem{
			ID: string(c.Key), URL: c.Draft.Link, Title: c.Draft.Title, Text: c.Draft.Text, Summary: c.Draft.Dek,
			Published: now, Tags: c.Draft.Tags, Language: c.Draft.Language,
		}
		if c.Draft.Card != "" {
			item.Image = f.address(c.Draft.Card)
			item.Attachments = []attachment{{URL: item.Image, Type: c.Draft.Type, Title: c.Draft.Alt, Size: size, W: c.Draft.Width, H: c.Draft.Height}}
		}
		if i < 0 {
			return slices.Insert(items, 0, item)
		}
		old := items[i]
		item.Published, item.Modified = old.Published, old.Modified
		if !same(item, old) {
			item.Modified = now
			items[i] = item
		}
		return items
	})
	if err != nil {
		return Outcome{End: Unknown, Why: remark.Say("feed-not-written", err.Error())}
	}
	return Outcome{End: Posted, Remote: story.Remote{ID: string(c.Key), URL: f.address(f.key(".xml"))}}
}

func same(a, b jsonItem) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func (f *feed) Retract(ctx context.Context, c *Call) Outcome {
	err := f.change(ctx, func(items []jsonItem) []jsonItem {
		return slices.DeleteFunc(items, func(x jsonItem) bool { return x.ID == string(c.Key) })
	})
	if err != nil {
		return Outcome{End: Unknown, Why: remark.Say("feed-not-written", err.Error())}
	}
	return Outcome{End: Posted, Remote: c.Remote}
}

// Find looks for the item in the JSON file, and whether the others say what that says: where a killed worker left them behind,
// it counts as absent, and publishing it again completes them.
func (f *feed) Find(ctx context.Context, c *Call) Outcome {
	body, err := f.p.Store.Read(ctx, f.key(".json"))
	if err != nil {
		return Outcome{End: Later, Why: err.Error()}
	}
	doc, err := f.parse(body)
	if err != nil {
		return Outcome{End: Unknown, Why: err.Error()}
	}
	if !slices.ContainsFunc(doc.Items, func(x jsonItem) bool { return x.ID == string(c.Key) }) {
		return Outcome{End: Absent}
	}
	for _, form := range feedForms {
		body, err := f.p.Store.Read(ctx, f.key(form.ext))
		if err != nil {
			return Outcome{End: Later, Why: err.Error()}
		}
		if want, err := form.write(f, doc); err != nil || !bytes.Equal(body, want) {
			return Outcome{End: Absent}
		}
	}
	return Outcome{End: Posted, Remote: story.Remote{ID: string(c.Key), URL: f.address(f.key(".xml"))}}
}

// parse reads the JSON file's body; of none it makes an empty feed.
func (f *feed) parse(body []byte) (doc jsonFeed, err error) {
	if len(body) > 0 {
		if err = json.Unmarshal(body, &doc); err != nil {
			return doc, fmt.Errorf("%s is no feed of ours: %w", f.key(".json"), err)
		}
	}
	return doc, nil
}

// change edits the items, newest first, and brings the other files after them.
func (f *feed) change(ctx context.Context, edit func([]jsonItem) []jsonItem) error {
	if err := f.rewrite(ctx, edit); err != nil {
		return err
	}
	return f.tell(ctx)
}

// rewrite edits the JSON file and writes the other forms from it. The last form's version is read before the JSON file is, and the
// others are written before it: who finds it changed since begins again, so of two that change the feed at once the files
// agree when both are done.
func (f *feed) rewrite(ctx context.Context, edit func([]jsonItem) []jsonItem) error {
	others, last := feedForms[:len(feedForms)-1], feedForms[len(feedForms)-1]
	return f.p.Store.Swap(ctx, f.key(last.ext), last.typ, func([]byte) ([]byte, error) {
		doc, err := f.edit(ctx, edit)
		if err != nil {
			return nil, err
		}
		for _, form := range others {
			body, err := form.write(f, doc)
			if err != nil {
				return nil, err
			}
			if _, err := f.p.Store.Bucket.Put(ctx, f.key(form.ext), body, form.typ, bucket.Always); err != nil {
				return nil, err
			}
		}
		return last.write(f, doc)
	})
}

// edit edits the JSON file, and returns it as it then stands.
func (f *feed) edit(ctx context.Context, edit func([]jsonItem) []jsonItem) (doc jsonFeed, err error) {
	err = f.p.Store.Swap(ctx, f.key(".json"), "application/feed+json", func(old []byte) ([]byte, error) {
		if doc, err = f.parse(old); err != nil {
			return nil, err
		}
		doc.Version, doc.Title, doc.HomePage, doc.Language = "https://jsonfeed.org/version/1.1", f.site.Name, f.site.URL, f.site.Language
		if f.p.Public != "" {
			doc.FeedURL = f.address(f.key(".json"))
		}
		if doc.Hubs = nil; f.cfg.Hub != "" {
			doc.Hubs = []jsonHub{{"WebSub", f.cfg.Hub}}
		}
		if doc.Items = edit(doc.Items); len(doc.Items) > f.cfg.Items {
			doc.Items = doc.Items[:f.cfg.Items]
		}
		if doc.Items == nil {
			doc.Items = []jsonItem{}
		}
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		err := e.Encode(doc)
		return b.Bytes(), err
	})
	return doc, err
}

// tell pings the WebSub hub that the feeds changed. A hub that does not answer holds nothing up: it is told again
// with the next change, and readers that poll see the file anyway.
func (f *feed) tell(ctx context.Context) error {
	if f.cfg.Hub == "" || f.p.Public == "" {
		return nil
	}
	form := url.Values{"hub.mode": {"publish"}, "hub.url": {f.address(f.key(".json"))}}
	for _, x := range feedForms {
		form.Add("hub.url", f.address(f.key(x.ext)))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.cfg.Hub, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := f.p.Client.Do(req)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	}
	return res.Body.Close()
}
