package channel

import (
	"strings"
	"testing"

	"cutline/internal/config"
	"cutline/internal/story"
)

func TestRepairsOfWhatTheGateObjectsTo(t *testing.T) {
	const body = "Traders in the bazaar swept mud from their shops on Monday. The water fell by 40 centimetres. “We start again,” said Omar Rashid."
	for _, c := range []struct {
		name, kind, text, dek string
		want                  map[string]string // kind → what the text is; ends with "…": begins so
	}{
		{"nothing is wrong", "mastodon", "Traders in the bazaar swept mud from their shops on Monday.\n\nhttps://news.example/a/4711", "", nil},
		{"a sentence with another number", "mastodon", "The water fell by 90 centimetres. Traders in the bazaar swept mud from their shops on Monday.\n\nhttps://news.example/a/4711", "",
			map[string]string{LeaveOut: "Traders in the bazaar swept mud from their shops on Monday.\n\nhttps://news.example/a/4711", Proposed: "…"}},
		{"on the link's line", "mastodon", "Traders in the bazaar swept mud from their shops on Monday.\n\nhttps://news.example/a/4711 It cost 90 dollars.", "",
			map[string]string{LeaveOut: "Traders in the bazaar swept mud from their shops on Monday.\n\nhttps://news.example/a/4711", Proposed: "…"}},
		{"two of three", "log", "The water fell by 90 centimetres. Traders in the bazaar swept mud from their shops on Monday. Ali Hassan left.", "The markets of Erbil are open.",
			map[string]string{LeaveOut: "Traders in the bazaar swept mud from their shops on Monday.", UseDek: "The markets of Erbil are open.", Proposed: "…"}},
		{"nothing would be left", "log", "The water fell by 90 centimetres.", "", map[string]string{Proposed: "…"}},
		{"a dek that is no better", "log", "The water fell by 90 centimetres.", "It fell by <b>40", map[string]string{Proposed: "…"}},
		{"a dek where the link stands in the text", "x", "The water fell by 90 centimetres. https://news.example/a/4711", "The markets of Erbil are open.",
			map[string]string{UseDek: "The markets of Erbil are open.\n\nhttps://news.example/a/4711\n\n#Erbil", Proposed: "…"}},
		{"too long", "x", strings.Repeat("Traders in the bazaar swept mud from their shops on Monday. ", 6) + "https://news.example/a/4711", "The markets of Erbil are open.",
			map[string]string{UseDek: "The markets of Erbil are open.\n\nhttps://news.example/a/4711\n\n#Erbil", Proposed: "…"}},
	} {
		ch, _ := opened(t, c.kind, "https://m.example")
		p := piece("en", erbil, body)
		p.Article.Dek = ""
		proposed := ch.Prepare(p)
		p.Article.Dek = c.dek
		shown := proposed
		shown.Text = c.text
		cfg := config.Channel{Kind: c.kind}
		shown.Findings = Check(shown.Text, shown, p.Article, cfg, p.Site)
		got := map[string]string{}
		for _, r := range Repairs(ch, shown, proposed, p, cfg) {
			got[r.Kind] = r.Text
			if d := (story.Draft{Text: r.Text, Link: shown.Link, Tags: shown.Tags}); len(Check(r.Text, d, p.Article, cfg, p.Site)) > 0 {
				t.Errorf("%s: %s is no better: %q", c.name, r.Kind, r.Text)
			}
			if r.Kind == LeaveOut && len(r.Out) == 0 {
				t.Errorf("%s: it does not say what goes", c.name)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
		for kind, want := range c.want {
			if text := got[kind]; want == "…" && text != proposed.Text || want != "…" && text != want {
				t.Errorf("%s, %s: %q", c.name, kind, text)
			}
		}
	}
}
