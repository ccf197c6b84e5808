package post

import (
	"context"
	"slices"
	"strings"
	"time"

	"cutline/internal/channel"
	"cutline/internal/story"
)

// judge is the network of a life. It implements channel.Channel.
type judge struct{ l *life }

func (j judge) Capabilities() channel.Capabilities {
	return channel.Capabilities{Find: channel.Exact, Edit: true, Retract: true, Reply: true}
}

func (j judge) Prepare(p channel.Piece) story.Draft {
	d := story.Draft{Text: p.Article.Dek, Revision: p.Revision}
	if j.l.threads && !p.Corrects {
		d.More = []string{"and secondly " + p.Article.Dek, "and thirdly " + p.Article.Dek}
	}
	return d
}

// lawful checks what must hold when anything new is said to readers.
func (j judge) lawful(c *channel.Call, verb string) {
	l := j.l
	l.note("%s %s %q", verb, c.Key, c.Draft.Text)
	d, err := l.st.Load(context.Background(), c.Key)
	if err != nil {
		l.fail("%v", err)
	}
	a, err := l.st.Account(context.Background(), "net")
	if err != nil {
		l.fail("%v", err)
	}
	v := d.Decisions.For("net", story.Rule{})
	part := c.Draft.Part
	since := d.Decisions.Log // it was last held, rejected or taken down
	for i, dec := range since {
		if dec.Act == story.Hold || dec.Act == story.Reject || dec.Act == story.Retract {
			since = d.Decisions.Log[i:]
		}
	}
	approved := slices.ContainsFunc(since, func(dec story.Decision) bool {
		more := dec.Drafts["net"].More
		return part > 0 && part <= len(more) && more[part-1] == c.Draft.Text
	})
	switch {
	case d.Story.Article.Embargo.After(l.w.now), v.Embargo.After(l.w.now):
		l.fail("%s before the embargo %v", verb, d.Story.Article.Embargo)
	case part > 0 && !approved:
		l.fail("%s of %q, which nobody approved since it was last stopped", verb, c.Draft.Text)
	case part > 0 && v.Act == "": // the approval was taken back after the thread had begun
	case part > 0 && strings.ContainsAny(c.Draft.Text, "0123456789") && !strings.HasSuffix(c.Draft.Text, d.Story.Article.Dek):
		l.fail("%s of %q where the article says %q by now", verb, c.Draft.Text, d.Story.Article.Dek)
	case part > 0 && v.Act == story.Approve: // of the thread, or of a correction that comes after it
	case v.Act != story.Approve:
		l.fail("%s of what was decided %q", verb, v.Act)
	case v.NotBefore.After(l.w.now):
		l.fail("%s before %v", verb, v.NotBefore)
	case v.Draft.Hash() != c.Draft.Hash():
		l.fail("%s of %q where %q was approved", verb, c.Draft.Text, v.Draft.Text)
	case v.Draft.Basis == "" && c.Draft.Text != d.Story.Article.Dek:
		l.fail("%s of %q where the article says %q by now", verb, c.Draft.Text, d.Story.Article.Dek)
	case !d.Story.Live():
		l.fail("%s of an article that is %s", verb, d.Story.Off)
	case d.Stop.Why != "", a.Paused != "":
		l.fail("%s though stopped (%q, %q)", verb, d.Stop.Why, a.Paused)
	}
}

// meanwhile lets something happen while a call is under way.
func (j judge) meanwhile() {
	if !j.l.calm && j.l.r.Intn(4) == 0 {
		j.l.happen()
	}
}

// fault is one of the ends that a call can have, after or before it took effect.
func (j judge) fault(effect func()) channel.Outcome {
	if j.l.calm {
		effect()
		return channel.Outcome{End: channel.Posted}
	}
	switch j.l.r.Intn(10) {
	case 0:
		j.l.note("  and no answer comes, though it was done")
		effect()
		return channel.Outcome{End: channel.Unknown, Why: "no answer"}
	case 1:
		j.l.note("  and no answer comes")
		return channel.Outcome{End: channel.Unknown, Why: "no answer"}
	case 2:
		j.l.note("  and the network asks for rest")
		return channel.Outcome{End: channel.Later, Why: "slow down", Rest: true, Until: j.l.w.now.Add(time.Duration(j.l.r.Intn(600)) * time.Second)}
	case 3:
		j.l.note("  and the account is refused")
		return channel.Outcome{End: channel.Refused, Why: "revoked", Pause: true}
	}
	effect()
	return channel.Outcome{End: channel.Posted}
}

func (j judge) Publish(ctx context.Context, c *channel.Call) channel.Outcome {
	l := j.l
	verb := "publish"
	if c.ReplyTo != nil {
		verb = "reply"
	}
	if n := c.Draft.Part; n > 0 {
		verb = "continue"
		before := l.first(c)
		if len(l.parts[c.Key]) > 0 && n > 1 {
			before = l.parts[c.Key][n-2]
		}
		if l.out[c.Key] != 1 || len(l.parts[c.Key]) < n-1 || c.ReplyTo.ID != before || c.Root.ID != l.first(c) {
			l.fail("post %d of %s answers %q in %q, of %d and %q that are out", n, c.Key, c.ReplyTo.ID, c.Root.ID, l.out[c.Key], l.parts[c.Key])
		}
	}
	j.lawful(c, verb)
	l.calling = true
	defer func() { l.calling = false }()
	began := l.w.now
	if _, again := l.went[c.Key]; c.ReplyTo == nil && !again && c.Turn == 0 {
		if gap := began.Sub(l.last); gap < l.cfg.Channels["net"].Spacing {
			l.fail("%s only %v after the post before", c.Key, gap)
		}
	}
	j.meanwhile()
	if c.Steps["upload"] == "" {
		if err := c.Step(ctx, "upload", "1"); err != nil {
			l.note("  and ends before its second step: %v", err)
			return channel.Outcome{End: channel.Later, Why: err.Error()}
		}
		if d, err := l.st.Load(ctx, c.Key); err != nil || d.Stop.Why != "" {
			l.fail("%s goes on after stop was pressed (%v)", c.Key, err)
		}
	}
	out := j.fault(func() {
		if c.Draft.Part > 0 {
			if l.parts[c.Key] = append(l.parts[c.Key], c.ID()); len(l.parts[c.Key]) != c.Draft.Part {
				l.fail("post %d of %s is out twice: %q", c.Draft.Part, c.Key, l.parts[c.Key])
			}
		}
		if c.ReplyTo == nil {
			if l.out[c.Key]++; l.out[c.Key] > 1 {
				l.fail("%s is out twice", c.Key)
			}
		}
	})
	if c.ReplyTo == nil && (out.End == channel.Posted || out.End == channel.Unknown) { // else nothing went out, and its turn is given back
		l.went[c.Key], l.last = began, began
	}
	out.Remote = story.Remote{ID: l.id(c)}
	return out
}

// id is what the network calls the call's post, and first its story's.
func (l *life) id(c *channel.Call) string {
	if c.ReplyTo != nil && c.Draft.Part == 0 {
		return c.ID() + "/correction"
	}
	return c.ID()
}

func (l *life) first(c *channel.Call) string {
	first := *c
	first.Draft.Part = 0
	return first.ID()
}

func (j judge) Find(_ context.Context, c *channel.Call) channel.Outcome {
	if c.Draft.Part > 0 {
		if slices.Contains(j.l.parts[c.Key], c.ID()) {
			return channel.Outcome{End: channel.Posted, Remote: story.Remote{ID: c.ID()}}
		}
		return channel.Outcome{End: channel.Absent}
	}
	if j.l.out[c.Key] > 0 {
		return channel.Outcome{End: channel.Posted, Remote: story.Remote{ID: j.l.id(c)}}
	}
	return channel.Outcome{End: channel.Absent}
}

func (j judge) Edit(_ context.Context, c *channel.Call) channel.Outcome {
	if n := c.Draft.Part; n > 0 && (n > len(j.l.parts[c.Key]) || j.l.parts[c.Key][n-1] != c.Remote.ID) {
		j.l.fail("an edit of %q as post %d of %q", c.Remote.ID, n, j.l.parts[c.Key])
	}
	j.l.note("edit %s %q", c.Key, c.Draft.Text)
	return j.fault(func() {})
}

func (j judge) Retract(_ context.Context, c *channel.Call) channel.Outcome {
	j.l.note("retract %s", c.Key)
	return j.fault(func() {
		parts := j.l.parts[c.Key]
		switch i := slices.Index(parts, c.Remote.ID); {
		case strings.HasSuffix(c.Remote.ID, "/correction"):
		case i >= 0 && i < len(parts)-1, i < 0 && strings.Count(c.Remote.ID, "/") < 3 && len(parts) > 0:
			j.l.fail("%q is taken down before what answers it: %q", c.Remote.ID, parts)
		case i >= 0:
			j.l.parts[c.Key] = parts[:i]
		case strings.Count(c.Remote.ID, "/") < 3: // else it is a post of the thread that is down already
			j.l.out[c.Key] = 0
		}
	})
}
