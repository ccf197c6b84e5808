package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/source"
	"cutline/internal/story"
)

// newsroomConfig is two editions with channels on the simulated networks, and rules.
const newsroomConfig = `
sites:
  en: {name: Example News, language: en, url: "https://news.example", zone: Asia/Baghdad, formats: [og, square, portrait, vertical, wide], rules: [{name: courts, sections: [Courts], people: 2}, {name: science, sections: [Science], review: "auto after 30m"}]}
  ckb: {name: هەواڵی نموونە, language: ckb, url: "https://news.example/ckb", zone: Asia/Baghdad, formats: [og, square, portrait, vertical, wide]}
sources:
  en: {kind: cutline, site: en, secret: "env:CUTLINE_TEST_SECRET"}
  ckb: {kind: cutline, site: ckb, secret: "env:CUTLINE_TEST_SECRET"}
channels:
  bluesky: {kind: bluesky, site: en, server: "http://127.0.0.1:8787/sim/bluesky", account: news.example, secret: "env:CUTLINE_TEST_SECRET", corrections: reply}
  mastodon: {kind: mastodon, site: en, server: "http://127.0.0.1:8787/sim/mastodon", account: "@news@mastodon.example", secret: "env:CUTLINE_TEST_SECRET"}
  telegram: {kind: telegram, site: en, server: "http://127.0.0.1:8787/sim/telegram", chat: "@example_news", secret: "env:CUTLINE_TEST_SECRET"}
  feed: {kind: feed, site: en}
  bluesky-ckb: {kind: bluesky, site: ckb, server: "http://127.0.0.1:8787/sim/bluesky", account: ckb.news.example, secret: "env:CUTLINE_TEST_SECRET"}
  telegram-ckb: {kind: telegram, site: ckb, server: "http://127.0.0.1:8787/sim/telegram", chat: "@example_news_ckb", secret: "env:CUTLINE_TEST_SECRET"}
  feed-ckb: {kind: feed, site: ckb}
network: {allow: ["127.0.0.0/8"]}
timing: {tick: 500ms, lease: 20s, undo: 30s}
`

// newsroom is serve with stories in it.
type newsroom struct {
	t      *testing.T
	base   string
	photos string // address of a server of photos
	data   string
	from   map[string]source.Source
	sent   int
}

// openNewsroom starts serve on an empty folder. It and its photos end with the test.
func openNewsroom(t *testing.T) *newsroom {
	t.Setenv("CUTLINE_TEST_SECRET", testSecret)
	n := &newsroom{t: t, data: t.TempDir(), from: map[string]source.Source{}}
	photos := httptest.NewServer(http.FileServer(http.Dir("../../sample")))
	t.Cleanup(photos.Close)
	n.photos = photos.URL
	path := filepath.Join(t.TempDir(), "cutline.yaml")
	if err := os.WriteFile(path, []byte(newsroomConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"en", "ckb"} {
		if n.from[name], err = source.New(name, cfg.Sources[name], cfg.Sites[name]); err != nil {
			t.Fatal(err)
		}
	}
	s := serve(t, program(t), n.data, path)
	t.Cleanup(s.kill)
	n.base = s.base
	return n
}

// publish sends an article and waits until its drafts are proposed.
func (n *newsroom) publish(site, id string, article map[string]any) story.Key {
	n.t.Helper()
	n.sent++
	a := map[string]any{"id": id, "language": site, "url": "https://news.example/" + site + "/" + id, "published": time.Now().Format(time.RFC3339)}
	for k, v := range article {
		a[k] = v
	}
	body, err := json.Marshal(map[string]any{"type": "article.published", "timestamp": time.Now().Format(time.RFC3339Nano), "data": a})
	if err != nil {
		n.t.Fatal(err)
	}
	h, err := n.from[site].Sign(context.Background(), body, fmt.Sprintf("msg_%d", n.sent), time.Now())
	if err != nil {
		n.t.Fatal(err)
	}
	req, err := http.NewRequest("POST", n.base+"/hooks/"+site, bytes.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header = h
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct{ Story, Error string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusAccepted {
		n.t.Fatalf("%d %s %v", res.StatusCode, answer.Error, err)
	}
	k, err := story.ParseKey(answer.Story)
	if err != nil {
		n.t.Fatal(err)
	}
	want := 4
	if site == "ckb" {
		want = 3
	}
	n.until("drafts of "+id, func() bool {
		d, err := n.store().Load(n.t.Context(), k)
		if err != nil {
			n.t.Fatal(err)
		}
		proposed := 0
		for _, p := range d.Posts {
			if p.Doc.Proposed != nil && p.Doc.Proposed.Revision == d.Story.Revision {
				proposed++
			}
		}
		return proposed == want
	})
	return k
}

// store reads what is in the newsroom's folder.
func (n *newsroom) store() *story.Store {
	n.t.Helper()
	dir, err := bucket.OpenDir(n.data, time.Now)
	if err != nil {
		n.t.Fatal(err)
	}
	return &story.Store{Bucket: dir, Now: time.Now}
}

// post is the record of a story on a channel.
func (n *newsroom) post(k story.Key, channel string) story.Post {
	n.t.Helper()
	p, err := n.store().Post(n.t.Context(), k, channel)
	if err != nil {
		n.t.Fatal(err)
	}
	return p
}

// read decodes a document of the bucket; what is not there leaves the value as it is.
func (n *newsroom) read(key string, to any) {
	b, err := os.ReadFile(filepath.Join(n.data, filepath.FromSlash(key)))
	if err != nil {
		return
	}
	if err := json.Unmarshal(b, to); err != nil {
		n.t.Fatalf("%s: %v", key, err)
	}
}

func (n *newsroom) decisions(k story.Key) (d story.Decisions) {
	n.read("decisions/"+string(k)+".json", &d)
	return d
}

// until waits for something that another process brings about.
func (n *newsroom) until(what string, is func() bool) {
	n.t.Helper()
	end := time.Now().Add(patience)
	for !is() {
		if time.Now().After(end) {
			n.t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// photo is a picture of the samples, with a credit or without.
func (n *newsroom) photo(name, credit string) map[string]any {
	p := map[string]any{"url": n.photos + "/" + name, "alt": "What the picture shows"}
	if credit != "" {
		p["caption"] = "A picture of the sample. (Photo: " + credit + ")"
	}
	return p
}

// fill publishes stories of every kind, and returns them by name.
func (n *newsroom) fill() map[string]story.Key {
	k := map[string]story.Key{}
	k["stairs"] = n.publish("en", "stairs", map[string]any{"headline": "A Century-Old Staircase Reopens: ‘Every Step Was Numbered,’ Says Its Carpenter", "section": "Culture", "byline": "Shilan Omar", "tags": []string{"Erbil"},
		"dek": "The spiral stairs were taken apart plank by plank; 112 of the 118 steps are the first ones.", "photo": n.photo("stairs.jpg", "Hana Salim / Example News"),
		"body": "Visitors walked down the wooden stairs of the Old Mill Gallery on Friday for the first time in nine years.\n\n“Every step was numbered before it was moved,” said Dilan Aras, the carpenter who led the work. “We put 112 of the 118 back where they had been.”\n\nThe gallery says the repair cost 340 million dinars, a fifth less than planned."})
	k["stream"] = n.publish("en", "stream", map[string]any{"headline": "Stream in Shilan forest flows again after 12 dry years", "section": "Environment", "byline": "Azad Karim", "tags": []string{"Breaking", "Water"},
		"dek": "A small dam holds the rain back and lets it go slowly.", "photo": n.photo("stream.jpg", "AFP"), "body": "The stream in Shilan forest, dry for 12 years, has had water again since Monday, the environment directorate said on Friday. The dam took two years to build."})
	k["held"] = n.publish("en", "held", map[string]any{"headline": "Shelter finds homes for 40 dogs before the first frost", "section": "Local", "byline": "Sara Haddad", "photo": map[string]any{"url": n.photos + "/stairs.jpg?2"}, "body": "The shelter found homes for 40 dogs before the first frost."})
	k["embargo"] = n.publish("en", "embargo", map[string]any{"headline": "Erbil’s first electric buses start on Route 7", "section": "City", "byline": "Tom Reed", "embargo": time.Now().Add(17*time.Hour + 19*time.Minute).Format(time.RFC3339), "body": "The first electric buses of Erbil start on Route 7. Fares stay at 500 dinars."})
	k["courts"] = n.publish("en", "courts", map[string]any{"headline": "Right-to-Know Bill Dies on 51/49 Vote, Co-Sponsors Vow a Re-Run", "section": "Courts", "byline": "Tom Reed", "body": "The bill died on a vote of 51 to 49. Its sponsors vowed a re-run."})
	k["science"] = n.publish("en", "science", map[string]any{"headline": "Astronaut crew lands safely after 200 days in orbit", "section": "Science", "body": "The crew landed safely after 200 days in orbit.", "photo": n.photo("stream.jpg?3", "Reuters")})
	k["gone"] = n.publish("en", "gone", map[string]any{"headline": "Café owner takes the €50,000 art prize", "section": "Culture", "byline": "Sara Haddad", "photo": n.photo("stairs.jpg?4", "AP"), "body": "A café owner took the art prize of 50,000 euros."})
	k["ckb"] = n.publish("ckb", "stream", map[string]any{"headline": "دوای ١٢ ساڵ وشکبوون، ئاو گەڕایەوە بۆ جۆگەی دارستانی «شیلان»", "section": "ژینگە", "byline": "ژیان ڕەسووڵ", "tags": []string{"بەپەلە"}, "photo": n.photo("stream.jpg?5", "Aitzol Berasategi"),
		"dek": "بارانی پایز و بەستێکی نوێ ئاوی جۆگەکەیان گەڕاندەوە.", "body": "جۆگەی دارستانی شیلان کە ١٢ ساڵ بوو وشک بوو، ئەم هەفتەیە دووبارە ئاوی تێدا دەڕوات، بەڕێوەبەرایەتیی ژینگە ڕۆژی هەینی ڕایگەیاند.\n\nئازاد کەریم، بەڕێوەبەری پڕۆژەکە، گوتی: «بەستە نوێیەکە ئاوی باران هەڵدەگرێت و هێواش هێواش بەری دەدات.»"})
	k["ckb2"] = n.publish("ckb", "stairs", map[string]any{"headline": "پلیکانەیەکی سەد ساڵە دووبارە کرایەوە", "section": "کولتوور", "byline": "شیلان عومەر", "photo": n.photo("stairs.jpg?6", "هەواڵی نموونە"), "body": "پلیکانەیەکی سەد ساڵە لە گەلەرییەکە دووبارە کرایەوە. ١١٢ لە ١١٨ پلەکە هی یەکەم جارن."})
	return k
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
