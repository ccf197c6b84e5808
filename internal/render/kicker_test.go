package render

import (
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/story"
)

func TestKickersExpire(t *testing.T) {
	noon := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		cms, desk string
		changed   time.Duration // before now
		want      string
		until     time.Duration // from now; 0: for ever
	}{
		{"live", "", time.Hour, "live", 5 * time.Hour},
		{"LIVE", "", time.Hour, "live", 5 * time.Hour},
		{"live", "", 6 * time.Hour, "", 0},
		{"live", "none", time.Minute, "", 0},
		{"", "live", time.Hour, "live", 6 * time.Hour}, // the desk says it now
		{"updated", "", 23 * time.Hour, "updated", time.Hour},
		{"corrected", "", 48 * time.Hour, "corrected", 5 * 24 * time.Hour},
		{"opinion", "", 400 * 24 * time.Hour, "opinion", 0},
		{"", "", time.Hour, "", 0},
	} {
		s := &story.Story{Article: article.Article{Kicker: c.cms, Published: noon.Add(-c.changed)}}
		e := story.Edits{Kicker: c.desk, At: noon}
		got, until := kicker(s, e, noon)
		want := time.Time{}
		if c.until > 0 {
			want = noon.Add(c.until)
		}
		if got != c.want || !until.Equal(want) {
			t.Errorf("%+v: %q until %v, want %q until %v", c, got, until, c.want, want)
		}
	}
}

func TestACardIsDrawnAnewWhenItsKickerExpires(t *testing.T) {
	d := begin(t, "hold")
	k := d.story("", func(s *story.Story) { s.Article.Kicker = "live"; s.Article.Published = d.now })
	first := d.look(k)
	if !first.Due.Equal(d.now.Add(6 * time.Hour)) {
		t.Fatalf("due %v", first.Due)
	}
	d.now = first.Due.Add(-time.Second)
	if m := d.look(k); m.Cards["og"].Key != first.Cards["og"].Key {
		t.Error("drawn anew too early")
	}
	d.now = first.Due
	m := d.look(k)
	if m.Cards["og"].Key == first.Cards["og"].Key || !m.Due.Equal(first.Due.Add(-6*time.Hour).Add(aYear)) {
		t.Errorf("%+v", m)
	}
	d.now = m.Due
	if again := d.look(k); again.Cards["og"].Key == m.Cards["og"].Key || !again.Due.IsZero() {
		t.Error("a year later the card does not show its year")
	}
}

func TestNamesInAHeadlineAreTheTagsThatStandInIt(t *testing.T) {
	got := names("Masoud Barzani Meets the UN Envoy in Erbil", []string{"Masoud Barzani", "Erbil", "UN Envoy", "Middle East"})
	if len(got) != 2 || got[0] != "Masoud Barzani" || got[1] != "UN Envoy" {
		t.Errorf("%q", got)
	}
}
