package webhook

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"
)

// After a long outage more has changed than one pull reads: it goes on tick by tick until all is read, also when new articles come and
// old ones go meanwhile, and no further.
func TestPullGoesOnUntilAllIsRead(t *testing.T) {
	n := openNewsroom(t, "directus", "token", ", pull: 15m")
	var asked []int
	shift, changed := 0, 1 // how far the list has moved; how many have changed since the last pull
	n.api = func(r *http.Request) (int, any) {
		if id := path.Base(r.URL.Path); id != "articles" { // one that is not in the part of the list
			return 200, map[string]any{"data": map[string]any{"id": id, "status": "published", "title": "As it was", "slug": "a"}}
		}
		page := 1
		if p := r.URL.Query().Get("page"); p != "" {
			page, _ = strconv.Atoi(p) // ours; anything else would show below
		}
		asked = append(asked, page)
		list := []any{}
		for i := (page - 1) * 50; i < min(page*50, changed+200); i++ {
			at := n.now.Add(-time.Second)
			if i >= changed {
				at = noon.AddDate(-1, 0, 0)
			}
			item := map[string]any{"id": fmt.Sprint("a", i-shift), "status": "published", "date_updated": at.Format(time.RFC3339)}
			if i == 0 || i == 1010 || i == changed-1 || i == changed+5 { // the others have no headline, which nothing is made of
				item["title"], item["slug"] = fmt.Sprint("Article ", i-shift), "a"
			}
			list = append(list, item)
		}
		return 200, map[string]any{"data": list}
	}
	tick := func(after time.Duration) {
		t.Helper()
		n.now, asked = n.now.Add(after), nil
		if err := n.hook.Tick(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	tick(0)
	if len(asked) != 1 {
		t.Errorf("the first of all pulls asked for pages %v", asked)
	}
	has := func(id string) bool {
		_, err := n.store.Find(context.Background(), "newsroom", id)
		return err == nil
	}
	changed = 1930
	tick(time.Hour)
	if len(asked) < 20 || asked[19] != 20 || has("a1010") {
		t.Errorf("the second asked for pages %v", asked)
	}
	shift, changed = 3, changed+3 // three new ones push the others down the list
	tick(time.Minute)
	if len(asked) != 20 || asked[0] != 20 || asked[19] != 39 || !has("a1007") || !has("a1929") {
		t.Errorf("the third asked for pages %v; %v %v", asked, has("a1007"), has("a1929"))
	}
	tick(time.Minute)
	if len(asked) != 0 {
		t.Errorf("with all read it asked for pages %v", asked)
	}

	changed = 2 * pullMost
	tick(time.Hour)
	ticks := 0
	for ; ticks < 2*pullMost/1000; ticks++ {
		if tick(time.Second); len(asked) == 0 {
			break
		}
	}
	if want := pullMost / 950; ticks < want-2 || ticks > want+1 {
		t.Errorf("it stopped after %d ticks, want about %d", ticks, want)
	}
}

// A source whose kind was changed to one without a list, while a pull of its old kind had left something: that is dropped,
// told once, and keeps nothing else of the source's from being done.
func TestRestOfAPullIsDroppedWhereTheKindHasNoList(t *testing.T) {
	n, w, _ := openWeb(t, "feed", "/feed", ", pull: 15m")
	w.put("/feed", `<feed xmlns="http://www.w3.org/2005/Atom"></feed>`)
	if err := putMark(t.Context(), n.store, pullKey("newsroom"), mark{At: n.now, Done: n.now, Read: 1000, From: n.now.Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	n.hook.Log = slog.New(slog.NewTextHandler(&log, nil))
	for range 3 {
		n.now = n.now.Add(time.Minute)
		if err := n.hook.Tick(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if got := strings.Count(log.String(), "what a pull left is dropped"); got != 1 {
		t.Errorf("it is told %d times: %s", got, &log)
	}
	if m, _, err := getMark(t.Context(), n.store, pullKey("newsroom")); err != nil || m.Read != 0 || !m.From.IsZero() || m.Done.IsZero() {
		t.Errorf("the mark is %+v, %v", m, err)
	}
}
