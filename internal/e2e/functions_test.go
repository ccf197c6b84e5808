package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"cutline/internal/bucket"
	"cutline/internal/bucket/buckettest"
	"cutline/internal/cli"
	"cutline/internal/config"
	"cutline/internal/source"
	"cutline/internal/story"
	"cutline/internal/webhook"
)

// TestFunctions takes the sample article from webhook to feed through the four functions as Lambda runs them, with
// versitygw as S3. What S3's notifications and SQS would do, the test does: it hands on what was written, by the
// recorded events.
func TestFunctions(t *testing.T) {
	gate := buckettest.Gateway(t)
	dir := buildFunctions(t, "webhook", "render", "post", "desk")
	photos := httptest.NewServer(http.FileServer(http.Dir(root + "/sample")))
	defer photos.Close()

	st := &story.Store{Bucket: gate.Bucket(), Now: time.Now}
	yaml := `
sites:
  en: {name: Example News, language: en, url: "https://news.example/en"}
sources:
  en: {kind: cutline, site: en, secret: "env:TEST_SECRET"}
channels:
  feed: {kind: feed, site: en}
network: {allow: ["127.0.0.0/8"]}
timing: {undo: 1ms}
desk: {people: {hana: "env:TEST_PASSWORD"}}
`
	if _, err := st.Bucket.Put(t.Context(), "config/cutline.yaml", []byte(yaml), "application/yaml", bucket.Always); err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile(root + "/sample/TEST-SECRET-not-for-use.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_SECRET", strings.TrimSpace(string(secret)))
	env := append(gate.Env, "CUTLINE_BUCKET="+gate.Ref, "CUTLINE_CONFIG=bucket:config/cutline.yaml", "TEST_SECRET="+strings.TrimSpace(string(secret)))
	hook, draw, post := startFunction(t, dir, "webhook", env...), startFunction(t, dir, "render", env...), startFunction(t, dir, "post", env...)
	desk := startFunction(t, dir, "desk", append(env, "TEST_PASSWORD="+testPassword)...)

	// The delivery, signed now.
	c, err := config.Parse("cutline.yaml", []byte(yaml), nil)
	if err != nil {
		t.Fatal(err)
	}
	src, err := source.New("en", c.Sources["en"], c.Sites["en"])
	if err != nil {
		t.Fatal(err)
	}
	delivery := read[events.APIGatewayV2HTTPRequest](t, "webhook.json")
	body, err := base64.StdEncoding.DecodeString(delivery.Body)
	if err != nil {
		t.Fatal(err)
	}
	body = []byte(strings.ReplaceAll(string(body), "http://127.0.0.1:8787/sample", photos.URL))
	delivery.Body = base64.StdEncoding.EncodeToString(body)
	var refused events.APIGatewayV2HTTPResponse
	hook.ok(t, encoded(t, delivery), &refused)
	if refused.StatusCode != http.StatusUnauthorized {
		t.Errorf("with an old signature: %d %s, want 401", refused.StatusCode, refused.Body)
	}
	header, err := src.Sign(t.Context(), body, "msg_1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name := range header {
		delivery.Headers[strings.ToLower(name)] = header.Get(name)
	}
	var taken webhook.Answer
	for i, want := range []string{"accepted", "unchanged"} {
		var answer events.APIGatewayV2HTTPResponse
		hook.ok(t, encoded(t, delivery), &answer)
		if answer.StatusCode != http.StatusAccepted {
			t.Fatalf("the webhook answered %d %s", answer.StatusCode, answer.Body)
		}
		if err := json.Unmarshal([]byte(answer.Body), &taken); err != nil {
			t.Fatal(err)
		}
		if taken.Result != want {
			t.Errorf("delivery %d: %s, want %s", i+1, taken.Result, want)
		}
	}
	k := taken.Story
	t.Logf("webhook: %s %v", k, taken.Cards)
	if !strings.HasPrefix(taken.Cards["og"], "https://"+delivery.RequestContext.DomainName+"/cards/") {
		t.Errorf("the card's address is %q, want one of the API's", taken.Cards["og"])
	}

	// What S3 tells of stories/ draws the card; its test event is let go; a bad record harms no other.
	if got := batch(t, draw, read[events.SQSEvent](t, "test-event.json")); len(got) != 0 {
		t.Errorf("S3's test event is to be delivered again: %v", got)
	}
	if got := batch(t, draw, notify(t, "render.json", "stories/"+string(k)+".json", "stories/not ours.json", "stories/"+string(k)+".json")); len(got) != 0 {
		t.Errorf("render wants again: %v", got)
	}
	m, err := st.Manifest(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	if m.Credit != "Photo: Public Domain Archive" || m.Photo != "" || m.Cards["og"].Layout == "text-led" {
		t.Errorf("the manifest says credit %q, photo %q, layout %q", m.Credit, m.Photo, m.Cards["og"].Layout)
	}
	if _, err := st.Bucket.Put(t.Context(), "stories/2026-01-01/aaaaaaaaaaaaaaaaaaaaaaaaaa.json", []byte("{"), "application/json", bucket.Always); err != nil {
		t.Fatal(err)
	}
	broken := notify(t, "render.json", "stories/2026-01-01/aaaaaaaaaaaaaaaaaaaaaaaaaa.json", "stories/"+string(k)+".json")
	if got := batch(t, draw, broken); len(got) != 1 || got[0] != broken.Records[0].MessageId {
		t.Errorf("of a batch with one broken story %v are to come again, want only %s", got, broken.Records[0].MessageId)
	}
	card := read[events.APIGatewayV2HTTPRequest](t, "card.json")
	address, err := url.Parse(taken.Cards["og"])
	if err != nil {
		t.Fatal(err)
	}
	card.RawPath, card.RawQueryString = address.Path, address.RawQuery
	var picture events.APIGatewayV2HTTPResponse
	draw.ok(t, encoded(t, card), &picture)
	if jpeg, err := base64.StdEncoding.DecodeString(picture.Body); picture.StatusCode != 200 || err != nil || !strings.HasPrefix(string(jpeg), "\xff\xd8\xff") {
		t.Errorf("the card's address answers %d %v, want a JPEG", picture.StatusCode, picture.Headers)
	}

	// Its manifest proposes the posts; the desk shows and approves them.
	if got := batch(t, post, notify(t, "post.json", "manifests/"+string(k)+".json")); len(got) != 0 {
		t.Errorf("post wants again: %v", got)
	}
	if _, err := st.Bucket.Get(t.Context(), "feeds/en.xml"); err == nil {
		t.Error("something is in the feed that nobody approved")
	}
	approve(t, desk, k)
	if got := batch(t, post, notify(t, "post.json", "decisions/"+string(k)+".json", "manifests/"+string(k)+".json")); len(got) != 0 {
		t.Errorf("post wants again: %v", got)
	}
	// An approval can be undone for a moment, and S3's clock has whole seconds: it is a tick that finds it due.
	var feed bucket.Object
	for until := time.Now().Add(patience); ; {
		post.ok(t, recorded(t, "tick.json"), nil)
		if feed, err = st.Bucket.Get(t.Context(), "feeds/en.xml"); err == nil {
			break
		} else if !errors.Is(err, bucket.ErrNotFound) || time.Now().After(until) {
			t.Fatal(err)
		}
	}
	post.ok(t, recorded(t, "sweep.json"), nil)
	draw.ok(t, recorded(t, "sweep.json"), nil)
	if feed, err = st.Bucket.Get(t.Context(), "feeds/en.xml"); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(feed.Body), "<item>"); n != 1 || !strings.Contains(string(feed.Body), "A Century-Old Staircase Reopens") {
		t.Errorf("the feed has %d items, want the sample once:\n%s", n, feed.Body)
	}

	// The command line works on the bucket as on a folder.
	for _, v := range gate.Env {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	for _, act := range []string{"show", "retract"} {
		args := []string{"show", string(k), "--bucket", gate.Ref, "--config", "bucket:config/cutline.yaml"}
		if act != "show" {
			args = append([]string{"decide", string(k), act}, args[2:]...)
		}
		var stdout, stderr bytes.Buffer
		if code := cli.Main(args, nil, &stdout, &stderr, os.Getenv); code != 0 || !strings.Contains(stdout.String(), string(k)) {
			t.Fatalf("cutline %s: exit code %d\n%s%s", act, code, stdout.String(), stderr.String())
		}
	}
	if feed, err = st.Bucket.Get(t.Context(), "feeds/en.xml"); err != nil || strings.Contains(string(feed.Body), "<item>") {
		t.Errorf("a retracted story is still in the feed: %v\n%s", err, feed.Body)
	}
}

// testPassword is the desk's in these tests.
const testPassword = "a-test-password"

// approve does at the desk what a person does: opens the story's page and presses the button of its first form that
// approves.
func approve(t *testing.T, desk *bootstrap, k story.Key) {
	t.Helper()
	r := read[events.APIGatewayV2HTTPRequest](t, "desk.json")
	var page events.APIGatewayV2HTTPResponse
	desk.ok(t, encoded(t, r), &page)
	if page.StatusCode != http.StatusUnauthorized {
		t.Fatalf("who has not signed in sees the desk: %d", page.StatusCode)
	}
	r.Headers["authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte("hana:"+testPassword))
	desk.ok(t, encoded(t, r), &page)
	if page.StatusCode != http.StatusOK || !strings.Contains(page.Body, string(k)) {
		t.Fatalf("the desk's page answers %d, want the story on it:\n%s", page.StatusCode, page.Body)
	}
	r.RawPath = "/story/" + string(k)
	desk.ok(t, encoded(t, r), &page)
	action, form := formOf(t, page.Body, "approve")
	r.RawPath, r.RequestContext.HTTP.Method = action, http.MethodPost
	r.Headers["content-type"], r.Headers["origin"], r.Headers["sec-fetch-site"] = "application/x-www-form-urlencoded", "https://"+r.RequestContext.DomainName, "same-origin"
	r.Body = form.Encode()
	desk.ok(t, encoded(t, r), &page)
	if page.StatusCode != http.StatusSeeOther {
		t.Fatalf("approving answers %d %s", page.StatusCode, page.Body)
	}
}

var (
	formRE  = regexp.MustCompile(`(?s)<form([^>]*)\baction="([^"]*)"([^>]*)>(.*?)</form>`)
	idRE    = regexp.MustCompile(`\bid="([^"]*)"`)
	inputRE = regexp.MustCompile(`(?s)<(?:input|button)\b[^>]*>`)
	attrRE  = regexp.MustCompile(`\b(type|name|value)="([^"]*)"`)
)

// formOf finds the form with a button for the act, and returns where it goes and what it sends when that is pressed.
func formOf(t *testing.T, page, act string) (string, url.Values) {
	t.Helper()
	for _, f := range formRE.FindAllStringSubmatch(page, -1) {
		out, found := url.Values{}, false
		tags := inputRE.FindAllString(f[4], -1)
		if id := idRE.FindStringSubmatch(f[1] + f[3]); id != nil { // fields may stand anywhere on the page and name their form
			for _, tag := range inputRE.FindAllString(page, -1) {
				if strings.Contains(tag, `form="`+id[1]+`"`) {
					tags = append(tags, tag)
				}
			}
		}
		for _, tag := range tags {
			a := map[string]string{}
			for _, m := range attrRE.FindAllStringSubmatch(tag, -1) {
				a[m[1]] = strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">", "&#43;", "+").Replace(m[2])
			}
			switch {
			case a["type"] == "hidden", a["type"] == "checkbox" && strings.Contains(tag, "checked"):
				out.Add(a["name"], a["value"])
			case strings.HasPrefix(tag, "<button") && a["value"] == act:
				out.Add(a["name"], a["value"])
				found = true
			}
		}
		if found {
			return strings.ReplaceAll(f[2], "&amp;", "&"), out
		}
	}
	t.Fatalf("the page has no form with a button for %s:\n%s", act, page)
	return "", nil
}

// batch hands a queue's event to a function and lists the messages that it wants again.
func batch(t testing.TB, b *bootstrap, e events.SQSEvent) (again []string) {
	t.Helper()
	var out events.SQSEventResponse
	b.ok(t, encoded(t, e), &out)
	for _, f := range out.BatchItemFailures {
		again = append(again, f.ItemIdentifier)
	}
	return again
}

// notify is a recorded queue's event with a message for each key.
func notify(t testing.TB, name string, keys ...string) events.SQSEvent {
	t.Helper()
	e := read[events.SQSEvent](t, name)
	message := e.Records[0]
	var n map[string]any
	if err := json.Unmarshal([]byte(message.Body), &n); err != nil {
		t.Fatal(err)
	}
	record := n["Records"].([]any)[0].(map[string]any)
	e.Records = nil
	for i, k := range keys {
		record["s3"].(map[string]any)["object"].(map[string]any)["key"] = strings.ReplaceAll(url.QueryEscape(k), "%2F", "/")
		n["Records"] = []any{record}
		message.MessageId, message.Body = fmt.Sprintf("message-%d", i+1), string(encoded(t, n))
		e.Records = append(e.Records, message)
	}
	return e
}

func recorded(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "events", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read[T any](t testing.TB, name string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(recorded(t, name), &v); err != nil {
		t.Fatalf("events/%s: %v", name, err)
	}
	return v
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
