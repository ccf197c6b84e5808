package notice

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/internal/config"
	"cutline/internal/remark"
	"cutline/internal/story"
)

func TestKindsAreThoseOfTheConfiguration(t *testing.T) {
	for _, k := range config.NoticeKinds {
		if kinds[k] == nil {
			t.Errorf("%s is not built in", k)
		}
	}
	if len(kinds) != len(config.NoticeKinds) {
		t.Errorf("%d kinds", len(kinds))
	}
}

func TestLanguagesAreThoseOfTheConfiguration(t *testing.T) {
	var have []string
	for _, l := range remark.Languages {
		have = append(have, l.Tag)
	}
	if !slices.Equal(have, config.NoticeSpeaks) {
		t.Errorf("the configuration lets notices speak %v, and there are words in %v", config.NoticeSpeaks, have)
	}
}

func TestTeams(t *testing.T) {
	w := newWorld(t, strings.Replace(receivers3, "kind: slack", "kind: teams, language: ckb", 1))
	got := w.run(w.story("1"))
	var m struct {
		Attachments []struct {
			Content struct {
				RTL     bool
				Body    []map[string]any
				Actions []map[string]any
			}
		}
	}
	if len(got) != 1 || json.Unmarshal([]byte(got[0]), &m) != nil || len(m.Attachments) != 1 {
		t.Fatalf("%v", got)
	}
	c := m.Attachments[0].Content
	if !c.RTL || len(c.Actions) != 2 || !strings.HasPrefix(c.Actions[0]["url"].(string), "https://desk.example/review/") || c.Actions[0]["title"] != "پێداچوونەوە" {
		t.Errorf("%+v", c)
	}
	for _, b := range c.Body {
		if b["type"] == "TextBlock" {
			t.Error("a text is read as Markdown")
		}
	}
}

const bot = `duty: {kind: telegram, site: en, secret: "env:TEST_TOKEN", server: "SERVER", chat: "-100", person: Night desk}`

func TestTelegram(t *testing.T) {
	w := newWorld(t, receivers3[:strings.Index(receivers3, "  duty:")]+"  "+bot)
	got := w.run(w.story("1"))
	paths, types := w.seen()
	if len(got) != 1 || paths[0] != "/bot123:a-test-token/sendPhoto" || !strings.HasPrefix(types[0], "multipart/form-data") {
		t.Fatalf("%v %v", got, paths)
	}
	for _, want := range []string{"a test card", "Reservoir <rises> to 61 & more *percent*", `"url":"https://desk.example/review/`, "-100"} {
		if !strings.Contains(got[0], want) {
			t.Errorf("%q is not in it", want)
		}
	}
	if strings.Contains(got[0], "parse_mode") || strings.Contains(w.log.String(), "a-test-token") {
		t.Error("a parse mode, or the token in the log")
	}
	var keys []story.Key
	for i := range 20 {
		keys = append(keys, w.story(strings.Repeat("x", i+2), func(s *story.Story) { s.Article.Headline = strings.Repeat("بەنداو ", 100) }))
	}
	got = w.run(keys...)
	if paths, _ = w.seen(); len(got) != 1 || !slices.Contains(paths, "/bot123:a-test-token/sendMessage") || !strings.Contains(got[0], "is_disabled") {
		t.Fatalf("%d messages to %v", len(got), paths)
	}
	w.hook.Close() // nothing listens any more
	w.now = noon.Add(time.Hour)
	k := w.story("late")
	if err := w.n.Look(context.Background(), k); err != nil {
		t.Fatal(err)
	}
	if err := w.n.Tick(context.Background()); err != nil {
		t.Fatal(err)
	}
	rec, err := w.st.Notice(context.Background(), k, "duty")
	if err != nil || rec.Tries != 1 || len(rec.Told) != 0 || !strings.Contains(rec.History[0].Why, "not reached") || strings.Contains(w.log.String(), "a-test-token") {
		t.Errorf("%+v %v", rec, err)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"😀😀", 4, "😀😀"}, {"😀😀😀", 4, "😀…"}, {"", 3, ""}} {
		if got := cut(c.in, c.most); got != c.want {
			t.Errorf("%q to %d: %q, want %q", c.in, c.most, got, c.want)
		}
	}
}
