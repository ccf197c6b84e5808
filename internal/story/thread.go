package story

import (
	"slices"
	"strings"
	"time"
)

// Part is one of the posts of a thread that follow the first, each a reply to the one before it. What it is to say and what
// it says stand side by side: where they differ, a step is left to do.
type Part struct {
	Text      string    `json:"text,omitempty"`      // what it is to say; empty: it is to go
	Said      string    `json:"said,omitempty"`      // what it says on the network; empty: it is not out
	Remote    Remote    `json:"remote,omitzero"`     // where it is; zero: it is not out
	Refused   string    `json:"refused,omitempty"`   // why the step that is left is not done; empty: nothing is against it
	RefusedAt time.Time `json:"refused_at,omitzero"` // since when; an approval from later has it tried again
}

// Whole is all that a reader is told in words, each post of a thread a paragraph of its own.
func (d *Draft) Whole() string { return strings.Join(append([]string{d.Text}, d.More...), "\n\n") }

// Follow makes a post that is out as the draft want its thread to be: so many posts behind the first, saying so.
func (p *Post) Follow(d *Draft) {
	for i, text := range d.More {
		if i == len(p.Thread) {
			p.Thread = append(p.Thread, Part{})
		}
		if x := &p.Thread[i]; x.Text != text {
			x.Text, x.Refused, x.RefusedAt = text, "", time.Time{}
		}
	}
	for i := len(d.More); i < len(p.Thread); i++ {
		p.Thread[i].Text = ""
	}
	p.Forgo()
}

// Forgo gives up what of the thread is not out and not wanted any more.
func (p *Post) Forgo() {
	p.Thread = slices.DeleteFunc(p.Thread, func(x Part) bool { return x.Text == "" && x.Said == "" })
}

// Cut gives up all of the thread that is not out.
func (p *Post) Cut() {
	p.Thread = slices.DeleteFunc(p.Thread, func(x Part) bool { return x.Said == "" })
}

// Left is the draft of the next post of the thread that is not as it should be, its Part said; false: the thread stands
// whole. A post that follows goes out only when the one before it is; what is too much goes from the end.
func (p *Post) Left() (Draft, bool) {
	if p.Sent == nil {
		return Draft{}, false
	}
	for i, x := range p.Thread {
		if x.Text != "" && x.Text != x.Said {
			return p.part(i), true
		}
	}
	if n := len(p.Thread); n > 0 && p.Thread[n-1].Text == "" {
		return p.part(n - 1), true
	}
	return Draft{}, false
}

func (p *Post) part(i int) Draft {
	return Draft{Text: p.Thread[i].Text, Language: p.Sent.Language, Revision: p.Sent.Revision, Part: i + 1}
}

// Altered is what was sent, with what is not out of its thread as somebody has approved it since; false: nobody has, or it
// is the same.
func (p *Post) Altered(v Verdict) (Draft, bool) {
	if v.Act != Approve || !v.At.After(p.SentAt) || v.Draft.Base() != p.Sent.Base() {
		return Draft{}, false
	}
	out, _ := p.Out()
	was, is := p.Sent.More, v.Draft.More
	d := *p.Sent
	d.More = slices.Concat(was[:min(out-1, len(was))], is[min(out-1, len(is)):])
	if slices.Equal(d.More, was) {
		return Draft{}, false
	}
	d.Basis, d.Words, d.Edited, d.Hands = p.Sent.Base(), v.Draft.Words, v.Draft.Edited, v.Draft.Hands
	return d, true
}

// Stopped says whether the thread's next step is held back: the story was held or rejected, and nobody has approved since
// what it would say. An approval of other words, of a correction, is none for the rest of what it corrects.
func (p *Post) Stopped(v Verdict, left Draft) bool {
	switch {
	case v.Act == Hold || v.Act == Reject:
		return true
	case !v.Stopped, v.Act == Approve && v.Draft.Base() == p.Sent.Base():
		return false
	}
	return !slices.ContainsFunc(v.Let, func(d Draft) bool {
		said := ""
		if left.Part <= len(d.More) {
			said = d.More[left.Part-1]
		}
		return said == left.Text
	})
}

// Before is where the post stands that the thread's n-th, from 1, answers: the one before it, as far as anybody knows where
// it is.
func (p *Post) Before(n int) Remote {
	for _, x := range slices.Backward(p.Thread[:n-1]) {
		if x.Remote.ID != "" && x.Remote.ID != Unplaced {
			return x.Remote
		}
	}
	return p.Remote
}

// Out counts the posts of the thread that are out, and all that it is to have. A post alone is 1 of 1.
func (p *Post) Out() (out, all int) {
	out, all = 1, 1
	for _, x := range p.Thread {
		if x.Said != "" {
			out++
		}
		if x.Text != "" {
			all++
		}
	}
	return out, all
}

// Above is what hangs under the post, and goes before it when all is taken down, the newest last. What nobody knows the
// place of is not in it.
func (p *Post) Above() []Remote {
	return slices.DeleteFunc(p.under(), func(r Remote) bool { return r.ID == "" || r.ID == Unplaced })
}

// under is all that hangs under the post, in the order in which it came: the thread, then the corrections.
func (p *Post) under() []Remote {
	var out []Remote
	for _, x := range p.Thread {
		out = append(out, x.Remote)
	}
	return append(out, p.Replies...)
}

// TookDown notes that one of what [Post.Above] names is gone.
func (p *Post) TookDown(r Remote) {
	p.Thread = slices.DeleteFunc(p.Thread, func(x Part) bool { return x.Remote.ID == r.ID })
	p.Replies = slices.DeleteFunc(slices.Clone(p.Replies), func(x Remote) bool { return x.ID == r.ID })
	p.Down++
}

// unplaced counts what is out under the post, nobody knows where.
func (p *Post) unplaced() (n int) {
	for _, r := range p.under() {
		if r.ID == Unplaced {
			n++
		}
	}
	return n
}
