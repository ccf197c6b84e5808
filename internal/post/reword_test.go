package post

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cutline/internal/article"
	"cutline/internal/config"
)

func TestOtherWordsGoOutOnlyThroughTheGate(t *testing.T) {
	const dek = "The reservoir at Derbendikhan holds 4.3 billion cubic metres."
	for _, c := range []struct {
		name, said string
		err        error
		sent, why  string
	}{
		{"faithful ones do", "At Derbendikhan the reservoir holds 4.3 billion cubic metres.", nil, "At Derbendikhan the reservoir holds 4.3 billion cubic metres.", ""},
		{"an invented number does not", "At Derbendikhan the reservoir holds 9 billion cubic metres.", nil, dek, "9"},
		{"nor a name", "Minister Azad Karim says the reservoir is full.", nil, dek, "Azad"},
		{"nor what is too long", strings.Repeat("The reservoir holds water. ", 40), nil, dek, "does not fit"},
		{"nor a link", "The reservoir holds 4.3 billion cubic metres https://evil.example", nil, dek, "link"},
		{"nor a hashtag", "The reservoir holds 4.3 billion cubic metres #water", nil, dek, "hashtag"},
		{"a model that does not answer changes nothing", "", errors.New("throttled"), dek, "throttled"},
	} {
		n := open(t, "auto")
		n.configure(func(ch *config.Channel) { ch.Rewrite = true })
		p := n.worker(0)
		asked := 0
		p.Reword = func(_ context.Context, a article.Article, summary string, most int) (string, error) {
			if asked++; summary != dek || most < len(dek) {
				t.Errorf("asked for %q, at most %d", summary, most)
			}
			return c.said, c.err
		}
		k := n.publish("1", "the spillway", func(a *article.Article) { a.Headline, a.Dek = "Water stands at the spillway", dek })
		for range 3 {
			n.look(p, k)
		}
		if got := n.says(k); len(got) != 1 || got[0] != "post: "+c.sent {
			t.Errorf("%s: have %q", c.name, got)
		}
		if rec := n.record(k); asked != 1 || !strings.Contains(rec.Other.Why, c.why) || (rec.Other.Why == "") != (c.why == "") {
			t.Errorf("%s: asked %d times; the record says %+v", c.name, asked, rec.Other)
		}
	}
}
