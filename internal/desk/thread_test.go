package desk

import (
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/internal/story"
)

// A thread's posts are shown, edited and approved each for itself, and all together.
func TestThreadAtTheDesk(t *testing.T) {
	const second, third = "It has risen to 61 percent since Monday.", "The reservoir stood lower before."
	d := open(t, func(s *story.Story) {
		s.Article.Body = "The reservoir has risen to 61 percent. " + second + " " + third
	})
	if _, _, err := d.store.UpdatePost(t.Context(), d.key, "log", func(p *story.Post) error {
		p.Proposed.More = []string{second, third}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	_, page, _ := d.get("/story/" + string(d.key))
	for i, text := range []string{second, third} {
		if at := strings.Index(page, `<ol class="thread"`); at < 0 || !strings.Contains(page[at:], text) {
			t.Errorf("post %d is not shown", i+2)
		}
	}
	if strings.Contains(page, `dir=""`) || strings.Count(page, ` lang="en" dir="ltr">`) < 3 {
		t.Error("a post of the thread is not shown in its language's direction")
	}
	before := d.form()

	e := d.editForm()
	if e.Get("more2-log") != second || e.Get("more3-log") != third || e.Has("more2-feed") {
		t.Fatalf("the fields: %q", e)
	}
	e.Set("more2-log", "It has risen to 71 percent since Monday.")
	if code, body := d.post("/edit", e); code != 303 {
		t.Fatal(code, body)
	}
	shown := func() story.Draft {
		x, err := d.store.Load(t.Context(), d.key)
		if err != nil {
			t.Fatal(err)
		}
		draft, _ := x.Shown("log")
		return draft
	}
	if got := shown(); !slices.Equal(got.More, []string{"It has risen to 71 percent since Monday.", third}) || len(got.Findings) != 1 || !strings.HasPrefix(got.Findings[0], "post 2 of the thread: the number 71 ") {
		t.Errorf("%q with %q", got.More, got.Findings)
	}
	f, kinds := d.mend("log")
	if !strings.HasPrefix(kinds, "leave-out ") {
		t.Errorf("one tap could do: %q", kinds)
	}
	f.Set("repair", "leave-out")
	if code, body := d.post("/repair", f); code != 303 {
		t.Fatal(code, body)
	}
	if got := shown(); !slices.Equal(got.More, []string{third}) || len(got.Findings) > 0 {
		t.Errorf("%q with %q", got.More, got.Findings)
	}

	before.Set("act", "approve")
	if code, _ := d.post("/decide", before); code != 409 {
		t.Errorf("an approval of another thread: %d", code)
	}
	f = d.form()
	f.Set("act", "approve")
	if code, body := d.post("/decide", f); code != 303 {
		t.Fatal(code, body)
	}
	log := d.decisions().Log
	if got := log[len(log)-1].Drafts["log"].More; !slices.Equal(got, []string{third}) {
		t.Errorf("approved was %q", got)
	}

	mine, theirs := d.editForm(), d.editForm()
	theirs.Set("more2-log", "")
	mine.Set("more2-log", "The reservoir stood lower.")
	if code, _ := d.post("/edit", theirs); code != 303 || len(shown().More) != 0 {
		t.Fatal(code, shown().More)
	}
	if code, body := d.post("/edit", mine); code != 409 || !strings.Contains(body, `name="more2-log"`) {
		t.Errorf("two who changed the same post of a thread: %d", code)
	}
}

// Who approves by a review link sees all the posts that the approval is for.
func TestThreadOnAReviewLink(t *testing.T) {
	d := openStaffed(t)
	if _, _, err := d.store.UpdatePost(t.Context(), d.key, "log", func(p *story.Post) error {
		p.Proposed.More = []string{"It has risen since Monday."}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	page := d.as("", d.link("ana", "Tom"), nil).Body.String()
	if at := strings.Index(page, `<ol class="thread"`); at < 0 || !strings.Contains(page[at:], "It has risen since Monday.") {
		t.Error("the second post is not on the page")
	}
}

// A thread that was held or rejected half-way: the desk says what is missing, and one tap approves it as it stands on the
// page. What somebody changes meanwhile is not approved with it.
func TestThreadStoppedHalfWayGoesOn(t *testing.T) {
	const second, third = "It has risen to 61 percent since Monday.", "The reservoir stood lower before."
	goOn := func(d *team) (url.Values, bool) {
		_, page, _ := d.get("/story/" + string(d.key))
		before, _, ok := strings.Cut(page, "Go on with the thread")
		if !ok {
			return nil, false
		}
		f := url.Values{"act": {story.Approve}}
		for _, m := range hidden.FindAllStringSubmatch(before[strings.LastIndex(before, "<form"):], -1) {
			f.Set(m[1], html.UnescapeString(m[2]))
		}
		if !strings.Contains(page, "The thread was stopped half-way. An approval sends what is missing: 1 post.") || strings.Count(page, "Live</span>") != 1 {
			t.Error("the page does not say what is missing and what is out")
		}
		return f, true
	}
	for _, act := range []string{story.Reject, story.Hold} {
		d := open(t, func(s *story.Story) { s.Article.Body += " " + second + " " + third })
		write := func(change func(*story.Post)) {
			t.Helper()
			if _, _, err := d.store.UpdatePost(t.Context(), d.key, "log", func(p *story.Post) error { change(p); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		write(func(p *story.Post) { p.Proposed.More = []string{second, third} })
		f := d.form()
		f.Set("act", "approve")
		if code, body := d.post("/decide", f); code != 303 {
			t.Fatal(code, body)
		}
		d.now = d.now.Add(time.Minute)
		write(func(p *story.Post) {
			p.Sent, p.SentAt, p.Remote = p.Proposed, d.now, story.Remote{ID: "1"}
			p.Follow(p.Sent)
			p.Thread[0].Said, p.Thread[0].Remote = second, story.Remote{ID: "2"}
		})
		if _, ok := goOn(d); ok {
			t.Error("a thread that goes on by itself is offered to go on")
		}
		d.now = d.now.Add(time.Minute)
		f = d.form()
		f.Set("act", act)
		f.Set("why", "wrong number")
		if code, body := d.post("/decide", f); code != 303 {
			t.Fatal(code, body)
		}
		f, ok := goOn(d)
		if !ok {
			t.Fatalf("after %s nothing is offered", act)
		}
		// Somebody has changed what is missing: what was on the page is no longer what would go.
		e := d.editForm()
		e.Set("more3-log", "The reservoir stood lower.")
		if code, body := d.post("/edit", e); code != 303 {
			t.Fatal(code, body)
		}
		if code, _ := d.post("/decide", f); code != 409 {
			t.Errorf("%s: other words than those on the page were approved: %d", act, code)
		}
		f, _ = goOn(d)
		if code, body := d.post("/decide", f); code != 303 {
			t.Fatal(code, body)
		}
		x, err := d.store.Load(t.Context(), d.key)
		if err != nil {
			t.Fatal(err)
		}
		p, v := x.Posts["log"].Doc, x.Decisions.For("log", story.Rule{})
		left, _ := p.Left()
		if p.Stopped(v, left) || !slices.Equal(v.Draft.More, []string{second, "The reservoir stood lower."}) {
			t.Errorf("%s: the thread is still stopped, or goes on with %q", act, v.Draft.More)
		}
		if v := x.Decisions.For("feed", story.Rule{}); v.Act != act {
			t.Errorf("%s: the other channel was decided %s besides", act, v.Act)
		}
		if _, ok := goOn(d); ok {
			t.Error("it is offered again")
		}
		f = d.form()
		f.Set("act", "undo")
		if code, body := d.post("/decide", f); code != 303 {
			t.Fatal(code, body)
		}
		if _, ok := goOn(d); !ok {
			t.Errorf("%s: the approval was taken back, and the thread is not stopped again", act)
		}
		write(func(p *story.Post) {
			p.Proposed = &story.Draft{Text: "The reservoir has risen to 62 percent.", Revision: p.Sent.Revision + 1}
		})
		if _, ok := goOn(d); ok {
			t.Errorf("%s: the rest of what a correction replaces is offered", act)
		}
	}
}
