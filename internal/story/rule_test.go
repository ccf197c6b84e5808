package story

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestApprovals folds small logs under rules. A log is written as "ana:approve/1 ben:approve/1": who, act, and which
// draft; "+" after a name is a link, "=legal" what else somebody is, "@9" not before the ninth minute.
func TestApprovals(t *testing.T) {
	two := Rule{Name: "courts", Demands: []Demand{{Rule: "courts", People: 2}}}
	notSelf := Rule{Authors: []string{"ana"}, Demands: []Demand{{Rule: "own", NoSelf: true}}}
	legal := Rule{Demands: []Demand{{Rule: "courts", People: 2}, {Rule: "names", By: []string{"legal"}}}}
	for _, c := range []struct {
		rule      Rule
		log, want string // the verdict: act/draft by, and what is missing
	}{
		{Rule{}, "", ""},
		{Rule{}, "ana:approve/1", "approve/1 by ana"},
		{Rule{}, "ana+:approve/1", "approve/1 by ana"},
		{Rule{}, "ana:approve/1@9 ben:approve/1@3", "approve/1 by ben @3"},
		{Rule{}, "ana:approve/1 ben:approve/2", "approve/2 by ben"},
		{Rule{}, "ana:approve/1 ana:approve/1 ana:undo", ""},
		{two, "ana:approve/1", "; one more person must approve (rule courts)"},
		{two, "ana:approve/1 ana:approve/1", "; one more person must approve (rule courts)"},
		{two, "ana:approve/1 ben:approve/1", "approve/1 by ana, ben"},
		{two, "ana:approve/1@9 ben:approve/1@3", "approve/1 by ana, ben @9"},
		{two, "ana:approve/1 ben:approve/2", "; one more person must approve (rule courts)"},
		{two, "ana:approve/1 ben:approve/2 ana:approve/2", "approve/2 by ben, ana"},
		{two, "ana:approve/1 ben:approve/1 cem:approve/2", "approve/1 by ana, ben; one more person must approve (rule courts)"},
		{two, "ana:approve/1 ben:hold cem:approve/1", "hold by ben; one more person must approve (rule courts)"},
		{two, "ana:approve/1 ben:undo cem:approve/1", "; one more person must approve (rule courts)"},
		{two, "ana:approve/1 ben:approve/1 ben:undo", ""},
		{two, "ana:retract ben:approve/1", "retract by ana; one more person must approve (rule courts)"},
		{two, "ana:approve/1 ben:reject", "reject by ben"},
		{two, "ana+:approve/1 ben:approve/1", "; one more person must approve (rule courts)"},
		{two, "ana:approve/1 ben:approve/1 ana:publish", "hold by ana"},
		{notSelf, "ana:approve/1", "; one more person must approve, and not who wrote or edited it (rule own)"},
		{notSelf, "ana:approve/1 ben:approve/1", "approve/1 by ben"},
		{notSelf, "ben:approve/1 ana:approve/1", "approve/1 by ben"},
		{notSelf, "ben:approve/2", "; one more person must approve, and not who wrote or edited it (rule own)"}, // he worded draft 2
		{legal, "ana:approve/1 ben:approve/1", "; one more person must approve, of legal (rule names)"},
		{legal, "ana:approve/1 ben=legal:approve/1", "approve/1 by ana, ben"},
		{legal, "ben=legal:approve/1", "; one more person must approve (rule courts)"},
		{legal, "ben=legal:approve/1 ana:approve/1 cem:approve/1", "approve/1 by ben, ana, cem"},
		{Rule{Demands: []Demand{{People: 3}}}, "ana:approve/1", "; two people must approve"},
	} {
		v := logOf(t, c.log).For("net", c.rule)
		have := ""
		if v.Act != "" {
			have = v.Act
			if v.Act == Approve {
				have += "/" + v.Draft.Text
			}
			have += " by " + v.By
			if !v.NotBefore.IsZero() {
				have += fmt.Sprint(" @", v.NotBefore.Minute())
			}
		}
		if v.Missing != "" {
			have += "; " + v.Missing
		}
		if have != c.want {
			t.Errorf("%q under %s: %q, want %q", c.log, c.rule.Name, have, c.want)
		}
	}
}

func logOf(t *testing.T, text string) *Decisions {
	var d Decisions
	for i, f := range strings.Fields(text) {
		who, act, _ := strings.Cut(f, ":")
		act, draft, _ := strings.Cut(act, "/")
		draft, minute, _ := strings.Cut(draft, "@")
		who, as, _ := strings.Cut(who, "=")
		a := Decision{Act: act, By: strings.TrimSuffix(who, "+"), At: time.Unix(int64(i), 0)}
		if strings.HasSuffix(who, "+") {
			a.Link = "link1"
		}
		if as != "" {
			a.As = []string{as}
		}
		if draft != "" {
			one := Draft{Text: draft}
			if draft == "2" {
				one.Sign("ben")
			}
			a.Drafts = map[string]Draft{"net": one}
		}
		if minute != "" {
			var m int
			if _, err := fmt.Sscan(minute, &m); err != nil {
				t.Fatal(err)
			}
			a.NotBefore = time.Date(2026, 11, 26, 12, m, 0, 0, time.UTC)
		}
		d.Log = append(d.Log, a)
	}
	return &d
}

func TestTwoOfOneNameAreTwoPeople(t *testing.T) {
	var d Decisions
	for _, who := range []string{"https://id.example#1", "https://id.example#2"} {
		d.Log = append(d.Log, Decision{Act: Approve, By: "Ali Hassan", Who: who, Drafts: map[string]Draft{"net": {Text: "1"}}})
	}
	if v := d.For("net", Rule{Demands: []Demand{{People: 2}}}); v.Act != Approve {
		t.Errorf("have %+v", v)
	}
	d.Log[1].Who = d.Log[0].Who
	if v := d.For("net", Rule{Demands: []Demand{{People: 2}}}); v.Act == Approve {
		t.Errorf("one account counts twice: %+v", v)
	}
}
