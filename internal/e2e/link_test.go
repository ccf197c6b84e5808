package e2e

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"cutline/internal/bucket/buckettest"
	"cutline/internal/story"
)

// link is the path of a review link that the desk makes for somebody.
func (n *newsroom) link(k story.Key, name string) string {
	n.t.Helper()
	res, err := http.PostForm(n.base+"/story/"+string(k)+"/share", url.Values{"for": {name}})
	if err != nil {
		n.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		n.t.Fatal(err)
	}
	m := regexp.MustCompile(`value="http://[^/"]+(/review/[A-Za-z0-9_-]+)"`).FindSubmatch(body)
	if m == nil {
		n.t.Fatalf("no link: %d %s", res.StatusCode, body)
	}
	return string(m[1])
}

// TestReviewLinkInAnotherBrowser: one shares a story; another, who never signed in and whose browser runs no scripts, opens
// the link, approves, and takes it back. Opening decides nothing.
func TestReviewLinkInAnotherBrowser(t *testing.T) {
	buckettest.E2E(t)
	alloc := chrome(t)
	n := openNewsroom(t)
	k := n.publish("en", "1", map[string]any{"headline": "Stream flows again after 12 dry years", "photo": n.photo("stream.jpg", "AFP"), "body": "The stream flows again after 12 dry years. The dam took two years to build."})
	ana := n.open(alloc, "Ana", 390, 844)
	ana.goTo("/story/" + string(k) + "/share")
	ana.do(chromedp.SendKeys("#for", "Hana Rashid", chromedp.ByQuery))
	ana.click("form.sec button.ink")
	made := ana.eval(`document.getElementById("made").value`)
	if !strings.HasPrefix(made, n.base+"/review/") {
		t.Fatalf("made %q", made)
	}
	ana.quiet()

	hana := n.open(alloc, "", 390, 844)
	hana.do(emulation.SetScriptExecutionDisabled(true))
	for range 2 {
		hana.do(visit(made), chromedp.WaitVisible("button.go", chromedp.ByQuery))
	}
	if d := n.decisions(k); len(d.Log) != 0 {
		t.Fatalf("opening decided: %+v", d.Log)
	}
	hana.do(chromedp.Click("button.go", chromedp.ByQuery), chromedp.WaitVisible("button[value=undo]", chromedp.ByQuery))
	if d := n.decisions(k); len(d.Log) != 1 || d.Log[0].Act != story.Approve || d.Log[0].By != "Hana Rashid" || d.Log[0].Link == "" {
		t.Fatalf("approved: %+v", d.Log)
	}
	hana.do(chromedp.Click("button[value=undo]", chromedp.ByQuery), chromedp.WaitNotPresent("#decide", chromedp.ByQuery))
	if d := n.decisions(k); len(d.Log) != 2 || d.Log[1].Act != story.Undo {
		t.Errorf("taken back: %+v", d.Log)
	}
	hana.quiet()
}
