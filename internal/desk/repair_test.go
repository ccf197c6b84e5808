package desk

import (
	"encoding/csv"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cutline/internal/story"
)

var mendRE = regexp.MustCompile(`(?s)<form class="mends".*?</form>`)

// mend is the form that the page offers for a channel, and the kinds of repairs on it.
func (d *team) mend(channel string) (f url.Values, kinds string) {
	_, body, _ := d.get("/story/" + string(d.key))
	for _, form := range mendRE.FindAllString(body, -1) {
		f = url.Values{}
		for _, m := range hidden.FindAllStringSubmatch(form, -1) {
			f.Set(m[1], html.UnescapeString(m[2]))
		}
		if f.Get("channel") != channel {
			continue
		}
		var all []string
		for _, m := range regexp.MustCompile(`name="repair" value="([^"]+)"`).FindAllStringSubmatch(form, -1) {
			all = append(all, m[1])
		}
		return f, strings.Join(all, " ")
	}
	return nil, ""
}

func (d *team) text(channel string) string {
	x, err := d.store.Load(d.t.Context(), d.key)
	if err != nil {
		d.t.Fatal(err)
	}
	shown, _ := x.Shown(channel)
	if len(shown.Findings) > 0 {
		return shown.Text + " !"
	}
	return shown.Text
}

func TestFindingIsMendedWithOneTapAndTakenBack(t *testing.T) {
	d := open(t, func(s *story.Story) { s.Article.Dek = "Water stands above the spillway for the first time." })
	if _, kinds := d.mend("log"); kinds != "" {
		t.Errorf("nothing is wrong, and %s is offered", kinds)
	}
	const whole, wrong = "The reservoir has risen to 61 percent.", "The reservoir has risen to 61 percent. It was 99 last year."
	e := d.editForm()
	e.Set("text-log", wrong)
	d.post("/edit", e)
	for _, c := range []struct{ kind, text string }{{"leave-out", whole}, {"dek", "Water stands above the spillway for the first time."}} {
		f, kinds := d.mend("log")
		if !strings.HasPrefix(kinds, "leave-out dek") {
			t.Fatalf("offered: %q", kinds)
		}
		f.Set("repair", c.kind)
		if code, body := d.post("/repair", f); code != 303 || d.text("log") != c.text {
			t.Fatalf("%s: %d %s: %q", c.kind, code, body, d.text("log"))
		}
		if code, _ := d.post("/repair", f); code != 409 {
			t.Errorf("the same page again: %d", code)
		}
		f, kinds = d.mend("log")
		if kinds != "back" {
			t.Fatalf("after it is mended: %q", kinds)
		}
		f.Set("repair", "back")
		if code, _ := d.post("/repair", f); code != 303 || d.text("log") != wrong+" !" {
			t.Fatalf("taken back: %d %q", code, d.text("log"))
		}
	}
	f, _ := d.mend("log")
	for name, v := range map[string]string{"repair": "shout", "channel": "nowhere", "seen": "0"} {
		bad := url.Values{"channel": f["channel"], "seen": f["seen"], "repair": {"leave-out"}}
		bad.Set(name, v)
		if code, _ := d.post("/repair", bad); code != 409 && code != 422 {
			t.Errorf("%s=%s: %d", name, v, code)
		}
	}
}

func TestRepairVoidsTheApproval(t *testing.T) {
	d := open(t)
	e := d.editForm()
	e.Set("text-log", "The reservoir has risen to 61 percent. It was 99 last year.")
	d.post("/edit", e)
	f := d.form()
	f.Set("act", "approve")
	f.Set("why", "the reporter confirmed it")
	d.post("/decide", f)
	if doc := d.decisions(); doc.For("log", story.Rule{}).Act != story.Approve {
		t.Fatalf("%+v", doc)
	}
	m, _ := d.mend("log")
	m.Set("repair", "leave-out")
	d.post("/repair", m)
	all := d.decisions()
	if v, other := all.For("log", story.Rule{}), all.For("feed", story.Rule{}); v.Act != "" || other.Act != story.Approve {
		t.Errorf("%+v, beside it %+v", v, other)
	}
}

func TestHistoryShowsWhatAChangeWas(t *testing.T) {
	d := open(t, func(s *story.Story) {
		was := s.Article
		was.Headline, was.Photo.URL = "Reservoir rises to 16 percent", "https://news.example/old.jpg"
		s.Changed(story.ArticleChanges(was, s.Article, noon))
	})
	e := d.editForm()
	e.Set("text-log", "Reservoir: 61 percent full.")
	e.Set("headline", "=Shorter")
	e.Set("layout", "side")
	d.post("/edit", e)
	for _, path := range []string{"/story/" + string(d.key), "/history?day=" + d.key.Day()} {
		_, body, _ := d.get(path)
		for _, want := range []string{"<del>16</del>", "<ins>61</ins>", "old.jpg", "<ins>=Shorter</ins>", "Photo, text at the side", "edited the card", "changed the article", "<ins>Reservoir:</ins>"} {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q", path, want)
			}
		}
	}
	_, body, _ := d.get("/history.json?day=" + d.key.Day())
	var lines []struct {
		Who, What string
		Changes   []story.Change
	}
	if err := json.Unmarshal([]byte(body), &lines); err != nil || len(lines) < 3 || len(lines[0].Changes) != 3 || lines[0].Changes[2].After != "Reservoir: 61 percent full." {
		t.Errorf("%v %+v", err, lines)
	}
	_, body, _ = d.get("/history.csv?day=" + d.key.Day())
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(rows) < 3 || !strings.HasPrefix(rows[1][8], "'=Shorter\nside\n") {
		t.Errorf("%v %q", err, rows)
	}
}

// TestATextIsHeldAgainstTheDesksCredit: a credit that the desk has set is one that no post's text repeats.
func TestATextIsHeldAgainstTheDesksCredit(t *testing.T) {
	d := open(t, func(s *story.Story) { s.Edits.Credit = "Azad Lashkari" })
	e := d.editForm()
	e.Set("text-log", e.Get("text-log")+"\nPhoto: Azad Lashkari")
	if code, body := d.post("/edit", e); code != 303 {
		t.Fatal(code, body)
	}
	x, err := d.store.Load(t.Context(), d.key)
	if err != nil {
		t.Fatal(err)
	}
	if shown, _ := x.Shown("log"); !slices.Contains(shown.Findings, "“Azad Lashkari” is the photo's credit") {
		t.Errorf("%q is taken with %q", shown.Text, shown.Findings)
	}
}
