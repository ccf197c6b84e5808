package channel

import (
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/story"
	"cutline/internal/summary"
)

func TestPlanFor(t *testing.T) {
	all := Capabilities{Edit: true, Retract: true, Reply: true}
	fixed := Capabilities{Retract: true, Reply: true}
	hour := Capabilities{Edit: true, EditFor: time.Hour, Bills: true, Retract: true, Reply: true}
	mute := Capabilities{}
	for _, c := range []struct {
		policy string
		can    Capabilities
		age    time.Duration
		change string
		how    string
		asks   bool
		tells  bool
		cost   float64
	}{
		{"", all, time.Minute, summary.Facts, "edit", false, false, 0},
		{"", fixed, time.Minute, summary.Facts, "reply", true, true, 0.2},
		{"", mute, time.Minute, summary.Facts, "leave", true, false, 0},
		{"edit", hour, time.Minute, summary.Facts, "edit", false, false, 0.2},
		{"edit", hour, 2 * time.Hour, summary.Facts, "reply", false, true, 0.2},
		{"reply", all, time.Minute, summary.Facts, "reply", false, true, 0.2},
		{"reply", mute, time.Minute, summary.Facts, "leave", true, false, 0},
		{"reply", all, time.Minute, summary.Spelling, "edit", false, false, 0},
		{"reply", fixed, time.Minute, summary.Spelling, "leave", false, false, 0},
		{"reply", fixed, time.Minute, summary.Stands, "leave", false, false, 0},
		{"reply", fixed, time.Minute, summary.Wording, "reply", true, true, 0.2},
		{"reply", all, time.Minute, summary.Wording, "edit", false, false, 0},
		{"repost", fixed, 9 * time.Minute, summary.Facts, "repost", false, true, 0.2},
		{"repost", fixed, 11 * time.Minute, summary.Facts, "reply", false, true, 0.2},
		{"repost", fixed, time.Minute, summary.Spelling, "leave", false, false, 0},
		{"leave", all, time.Minute, summary.Facts, "leave", false, false, 0},
		{"ask", all, time.Minute, summary.Facts, "edit", true, false, 0},
		{"ask", fixed, time.Minute, summary.Facts, "reply", true, true, 0.2},
		{"ask", fixed, time.Minute, summary.Spelling, "leave", false, false, 0},
		{"ask", all, time.Minute, summary.Same, "edit", true, false, 0}, // the card is another
		{"reply", fixed, time.Minute, summary.Same, "leave", true, false, 0},
		{"reply", all, time.Minute, summary.Same, "edit", false, false, 0},
	} {
		conf := config.Channel{Corrections: c.policy, RepostWithin: 10 * time.Minute}
		got := PlanFor(conf, c.can, c.age, story.Draft{Card: "before"}, story.Draft{Card: "now", Cost: 0.2}, summary.Change{Kind: c.change})
		if got.How != c.how || got.Asks != c.asks || got.Notifies != c.tells || got.Cost != c.cost || got.Why == "" {
			t.Errorf("%q, %q after %v: have %+v, want %s", c.policy, c.change, c.age, got, c.how)
		}
		if c.change == summary.Spelling && got.Notifies {
			t.Errorf("%q tells followers of a slip of the pen", c.policy)
		}
	}
}

func TestOtherHashtagsAreNoCorrection(t *testing.T) {
	sent, now := story.Draft{Card: "c", Text: "T"}, story.Draft{Card: "c", Text: "T\n\n#Water", Tags: []string{"Water"}}
	for _, policy := range []string{"", "edit", "reply", "repost", "leave", "ask"} {
		if p := PlanFor(config.Channel{Corrections: policy}, Capabilities{Retract: true, Reply: true}, time.Minute, sent, now, summary.Change{}); p.How != "leave" || p.Asks {
			t.Errorf("%q: %+v", policy, p)
		}
	}
}

func TestChangedLooksAtWhatReadersSaw(t *testing.T) {
	a := article.Article{Language: "en", Headline: "Water stands at the spillway", Dek: "The dam holds 4.3 billion cubic metres."}
	site := config.Site{}
	c := config.Channel{Kind: "mastodon", Template: config.NewTemplate("t", "Example News 24: {{summary}} {{link}} {{hashtags}}")}
	now := story.Draft{Title: a.Headline, Dek: a.Dek, Card: "c", Text: "Example News 24: " + a.Dek + " https://news.example/1 #Water", Link: "https://news.example/1", Tags: []string{"Water"}}
	for name, x := range map[string]struct {
		change func(*story.Draft)
		kind   string
	}{
		"nothing":        {func(*story.Draft) {}, summary.Same},
		"other hashtags": {func(d *story.Draft) { d.Text, d.Tags = "Example News 24: "+a.Dek+" https://news.example/1", nil }, summary.Same},
		"another link": {func(d *story.Draft) {
			d.Text, d.Link = "Example News 24: "+a.Dek+" https://news.example/2 #Water", "https://news.example/2"
		}, summary.Same},
		"another template":       {func(d *story.Draft) { d.Text = a.Dek + " #Water" }, summary.Same},
		"a dek that nobody saw":  {func(d *story.Draft) { d.Dek = "It holds 12 of something." }, summary.Same},
		"a number":               {func(d *story.Draft) { d.Text = "The dam holds 4.2 billion cubic metres." }, summary.Facts},
		"the headline on a card": {func(d *story.Draft) { d.Title = "Dam breaks" }, summary.Facts},
	} {
		sent := now
		x.change(&sent)
		if got := Changed(sent, now, a, c, site); got.Kind != x.kind {
			t.Errorf("%s: have %+v, want %q", name, got, x.kind)
		}
	}
}
