package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// logChannel writes each post, edit and retraction as one line of JSON into logs/<channel>.jsonl, an object of the
// bucket (on a folder: a file). It is for trying things out: it can do everything a network can, and Find reads the
// file, so nothing is ever uncertain. Lines are added by compare-and-swap; the oldest make room for them, since the whole
// file is written each time.
type logChannel struct {
	name string
	cfg  config.Channel
	site config.Site
	p    Parts
}

const (
	logLimit = 500  // characters, as on many networks
	logLines = 1000 // that the file keeps
)

// logLine is one line of the file.
type logLine struct {
	What    string    `json:"what"` // post, reply, edit, retract
	ID      string    `json:"id"`   // the post's
	Story   story.Key `json:"story"`
	At      time.Time `json:"at"`
	Text    string    `json:"text,omitempty"`
	Alt     string    `json:"alt,omitempty"`
	Link    string    `json:"link,omitempty"`
	Card    string    `json:"card,omitempty"`
	ReplyTo string    `json:"reply_to,omitempty"`
}

func newLog(name string, c config.Channel, site config.Site, p Parts) (Channel, error) {
	return &logChannel{name: name, cfg: c, site: site, p: p}, nil
}

func (l *logChannel) Capabilities() Capabilities {
	return Capabilities{Find: Exact, Once: true, Edit: true, Retract: true, Reply: true}
}

func (l *logChannel) Prepare(p Piece) story.Draft {
	return draft(p, l.cfg, l.name, "og", func(text string) bool { return utf8.RuneCountInString(text) <= logLimit })
}

func (l *logChannel) key() string { return story.Logs + l.name + ".jsonl" }

func (l *logChannel) Publish(ctx context.Context, c *Call) Outcome {
	line := logLine{What: "post", ID: c.ID(), Story: c.Key, Text: c.Draft.Text, Alt: c.Draft.Alt, Link: c.Draft.Link, Card: c.Draft.Card}
	if c.ReplyTo != nil {
		line.What, line.ReplyTo = "reply", c.ReplyTo.ID
		line.ID = c.ID() + "#" + c.Draft.Hash()[:8]
	}
	return l.add(ctx, line)
}

func (l *logChannel) Find(ctx context.Context, c *Call) Outcome {
	o, err := l.p.Store.Read(ctx, l.key())
	if err != nil {
		return Outcome{End: Later, Why: err.Error()}
	}
	id := c.ID()
	if c.ReplyTo != nil {
		id += "#" + c.Draft.Hash()[:8]
	}
	var from time.Time // as far as the file goes back
	lines := 0
	for line := range bytes.Lines(o) {
		var x logLine
		if json.Unmarshal(line, &x) != nil {
			continue
		}
		if x.ID == id && (x.What == "post" || x.What == "reply") {
			return Outcome{End: Posted, Remote: story.Remote{ID: id}}
		}
		if lines++; lines == 1 {
			from = x.At
		}
	}
	if lines >= logLines && !c.First.After(from) {
		return Outcome{End: Unknown, Why: remark.Say("log-cut")}
	}
	return Outcome{End: Absent}
}

func (l *logChannel) Edit(ctx context.Context, c *Call) Outcome {
	return l.add(ctx, logLine{What: "edit", ID: c.Remote.ID, Story: c.Key, Text: c.Draft.Text, Alt: c.Draft.Alt, Link: c.Draft.Link, Card: c.Draft.Card})
}

func (l *logChannel) Retract(ctx context.Context, c *Call) Outcome {
	return l.add(ctx, logLine{What: "retract", ID: c.Remote.ID, Story: c.Key})
}

// add writes the line unless the last line about the same post says the same already.
func (l *logChannel) add(ctx context.Context, line logLine) Outcome {
	line.At = l.p.Now().UTC()
	err := l.p.Store.Swap(ctx, l.key(), "application/jsonl", func(old []byte) ([]byte, error) {
		var last logLine
		lines := 0
		for b := range bytes.Lines(old) {
			lines++
			var x logLine
			if err := json.Unmarshal(b, &x); err != nil {
				return nil, fmt.Errorf("%s has a line that is not ours: %w", l.key(), err)
			}
			if x.ID == line.ID {
				last = x
			}
		}
		if last.At = line.At; last == line {
			return nil, nil
		}
		b, err := json.Marshal(line)
		if err != nil {
			return nil, err
		}
		for ; lines >= logLines; lines-- {
			old = old[bytes.IndexByte(old, '\n')+1:]
		}
		return append(append(old[:len(old):len(old)], b...), '\n'), nil
	})
	if err != nil {
		return Outcome{End: Unknown, Why: remark.Say("log-not-written", err.Error())}
	}
	return Outcome{End: Posted, Remote: story.Remote{ID: line.ID}}
}
