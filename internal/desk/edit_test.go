package desk

import (
	"context"
	"html"
	"net/url"
	"strings"
	"testing"

	"cutline/internal/article"
	"cutline/internal/story"
)

func TestEditAfterTheApprovalVoidsIt(t *testing.T) {
	d := open(t)
	f := d.form()
	f.Set("act", "approve")
	d.post("/decide", f)
	e := d.editForm()
	e.Set("text-log", "Reservoir: 61 percent full.")
	if code, body := d.post("/edit", e); code != 303 {
		t.Fatal(code, body)
	}
	all := d.decisions()
	if v := all.For("log", story.Rule{}); v.Act != "" {
		t.Errorf("the old text would be sent: %+v", v)
	}
	if v := all.For("feed", story.Rule{}); v.Act != story.Approve {
		t.Errorf("the other channel lost its approval: %+v", v)
	}
	f = d.form()
	f.Set("act", "approve")
	d.post("/decide", f)
	e = d.editForm()
	e.Set("headline", "Another headline")
	d.post("/edit", e)
	all = d.decisions()
	if v := all.For("feed", story.Rule{}); v.Act != "" {
		t.Errorf("the old card would be sent: %+v", v)
	}
}

func TestEditedTextIsWhatIsApproved(t *testing.T) {
	d := open(t)
	seen := d.form().Get("seen-log")
	old := d.editForm()
	e := d.editForm()
	e.Set("text-log", "Reservoir: 61 percent full.")
	if code, body := d.post("/edit", e); code != 303 {
		t.Fatalf("%d %s", code, body)
	}
	f := d.form()
	if f.Get("seen-log") == seen {
		t.Error("the page still shows the old text")
	}
	f.Set("act", "approve")
	d.post("/decide", f)
	log := d.decisions().Log
	if len(log) != 1 || log[0].Drafts["log"].Text != "Reservoir: 61 percent full." || log[0].Drafts["log"].Basis != seen {
		t.Errorf("%+v", log)
	}
	old.Set("text-log", "again")
	if code, body := d.post("/edit", old); code != 409 || !strings.Contains(body, "Reservoir: 61 percent full.") || !strings.Contains(body, ">again<") {
		t.Errorf("a save from an old page: %d", code)
	}
}

func TestEditedTextOutlivesANewCard(t *testing.T) {
	d := open(t)
	e := d.editForm()
	e.Set("text-log", "Reservoir: 61 percent full.")
	d.post("/edit", e)
	if _, _, err := d.store.UpdatePost(context.Background(), d.key, "log", func(p *story.Post) error {
		p.Proposed = &story.Draft{Text: "The reservoir has risen to 61 percent.", Card: "cards/another", Revision: 2}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := d.get("/story/" + string(d.key)); !strings.Contains(body, "Reservoir: 61 percent full.") {
		t.Error("the desk's text was dropped because the card is another")
	}
	d.propose(d.key, "log", "The reservoir has risen to 62 percent.", 3)
	if _, body, _ := d.get("/story/" + string(d.key)); strings.Contains(body, "Reservoir: 61 percent full.") {
		t.Error("the desk's text stands for an article that says something else now")
	}
}

func TestTwoWhoSaveAtOnce(t *testing.T) {
	d := open(t)
	mine, theirs := d.editForm(), d.editForm()
	theirs.Set("headline", "Their headline")
	theirs.Set("text-feed", "The reservoir has risen.")
	if code, _ := d.post("/edit", theirs); code != 303 {
		t.Fatal(code)
	}
	mine.Set("credit", "Reuters") // another part: both hold
	if code, _ := d.post("/edit", mine); code != 303 {
		t.Fatal(code)
	}
	s, err := d.store.Story(context.Background(), d.key)
	if err != nil || s.Edits.Headline != "Their headline" || s.Edits.Credit != "Reuters" {
		t.Fatalf("%+v %v", s.Edits, err)
	}
	mine.Set("headline", "My headline") // the same part
	code, body := d.post("/edit", mine)
	if code != 409 || !strings.Contains(body, "My headline") || !strings.Contains(body, "Their headline") {
		t.Fatal(code)
	}
	if s, _ = d.store.Story(context.Background(), d.key); s.Edits.Headline != "Their headline" {
		t.Error("overwritten")
	}
	choice := url.Values{"headline": {"My headline"}}
	for _, m := range hidden.FindAllStringSubmatch(body, -1) {
		choice.Set(m[1], html.UnescapeString(m[2]))
	}
	if code, _ := d.post("/edit", choice); code != 303 {
		t.Fatal(code)
	}
	if s, _ = d.store.Story(context.Background(), d.key); s.Edits.Headline != "My headline" || s.Edits.Credit != "Reuters" {
		t.Errorf("%+v", s.Edits)
	}
	if doc := d.decisions(); doc.Edited["feed"].Text != "The reservoir has risen." {
		t.Errorf("%+v", doc.Edited)
	}
}

func TestTextThatTheArticleDoesNotBearOutIsMarkedAndNeedsAReason(t *testing.T) {
	d := open(t)
	e := d.editForm()
	e.Set("text-log", "The reservoir has risen to 99 percent.")
	d.post("/edit", e)
	if _, body, _ := d.get("/story/" + string(d.key)); !strings.Contains(body, "the number <bdi>99</bdi> is not in the article") {
		t.Error("the finding is not shown")
	}
	f := d.form()
	f.Set("act", "approve")
	if code, _ := d.post("/decide", f); code != 422 || len(d.decisions().Log) != 0 {
		t.Errorf("approved without a reason: %d", code)
	}
	f.Set("why", "the reporter confirmed it")
	if code, _ := d.post("/decide", f); code != 303 {
		t.Errorf("with a reason: %d", code)
	}
}

func TestEditsOfTheCard(t *testing.T) {
	d := open(t)
	e := d.editForm()
	for name, v := range map[string]string{"headline": "  Shorter\nheadline ", "credit": "Photo: Reuters", "alt": "Water", "layout": "side", "kicker": "live", "x": "٤٧٫٥", "y": "20"} {
		e.Set(name, v)
	}
	if code, body := d.post("/edit", e); code != 303 {
		t.Fatal(code, body)
	}
	s, err := d.store.Story(context.Background(), d.key)
	if err != nil || s.Edits.Headline != "Shorter headline" || s.Edits.Credit != "Reuters" || s.Revision != 2 || s.Article.Headline != "Reservoir rises to 61 percent" ||
		s.Edits.Alt != "Water" || s.Edits.Layout != "side" || s.Edits.Kicker != "live" || s.Edits.Focal == nil || *s.Edits.Focal != (article.Focal{X: .475, Y: .2}) {
		t.Errorf("%+v %v", s.Edits, err)
	}
	for name, v := range map[string]string{"layout": "nowhere", "kicker": "shout", "x": "120"} {
		e := d.editForm()
		e.Set(name, v)
		if code, _ := d.post("/edit", e); code != 422 {
			t.Errorf("%s %s: %d", name, v, code)
		}
	}
	if again, _ := d.store.Story(context.Background(), d.key); again.Revision != 2 {
		t.Errorf("revision %d", again.Revision)
	}
}
