package channel

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

func TestLinkedinRequests(t *testing.T) {
	ctx := context.Background()
	d := converse(t, "linkedin")
	ch, _ := opened(t, "linkedin", d.URL)
	urn := "/rest/posts/urn:li:share:6844785523593134080"
	d.begin("publish a link card", [2]string{"POST /rest/images", "image: upload begun"}, [2]string{"PUT /dms-uploads/", "image: bytes stored"}, [2]string{"GET /rest/images/", "image: ready"},
		[2]string{"POST " + urn, "edit: done"}, [2]string{"POST /rest/posts", "create: posted"}, [2]string{"DELETE " + urn, "delete: done"}, [2]string{"GET /rest/posts", "list"})
	d.extra["list"] = map[string]any{"elements": []any{map[string]any{"id": "urn:li:share:6844785523593134080", "commentary": erbil, "lifecycleState": "PUBLISHED", "createdAt": noon.UnixMilli(),
		"content": map[string]any{"article": map[string]string{"source": "https://news.example/a/4711"}}}}}
	c := posting(false)
	c.Draft.Dek = "Traders (200 of them) sweep @ dawn."
	o := ch.Publish(ctx, c)
	want := story.Remote{ID: "urn:li:share:6844785523593134080", URL: "https://www.linkedin.com/feed/update/urn:li:share:6844785523593134080"}
	if o.End != Posted || o.Remote != want {
		t.Errorf("publish: %+v", o)
	}
	d.begin("publish again, with the picture of the first try")
	if o := ch.Publish(ctx, c); o.End != Posted {
		t.Errorf("again: %+v", o)
	}
	d.begin("publish a picture")
	images, _ := opened(t, "linkedin", d.URL, image)
	i := posting(true)
	i.Draft.Text = "Erbil's markets (all 3) re_open <now> #Erbil, says user@host\n\n" + i.Draft.Link
	if o := images.Publish(ctx, i); o.End != Posted {
		t.Errorf("publish a picture: %+v", o)
	}
	d.begin("find")
	if f := ch.Find(ctx, c); f.End != Posted || f.Remote != want {
		t.Errorf("find: %+v", f)
	}
	d.begin("edit")
	c.Remote = want
	if o := ch.Edit(ctx, c); o.End != Posted {
		t.Errorf("edit: %+v", o)
	}
	d.begin("retract")
	if o := ch.Retract(ctx, c); o.End != Posted {
		t.Errorf("retract: %+v", o)
	}
	d.begin("retract with a token that is renewed", append(d.script, [2]string{"POST /oauth/v2/accessToken", "token"})...)
	d.extra["token"] = map[string]any{"access_token": "test-access-1", "expires_in": 5184000, "refresh_token": "test-refresh-1", "refresh_token_expires_in": 31536000}
	app, _ := opened(t, "linkedin", d.URL, func(c *config.Channel) {
		c.App = "test-app"
		c.AppSecret = c.Secret
	})
	if o := app.Retract(ctx, c); o.End != Posted {
		t.Errorf("retract: %+v", o)
	}
	d.golden("linkedin")
}

func TestLinkedinDocumentedAnswers(t *testing.T) {
	ctx := context.Background()
	for _, a := range documentedAnswers(t, "linkedin") {
		t.Run(a.Name, func(t *testing.T) {
			n := fake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
				if r.Method == http.MethodGet && a.Name == "create: duplicate" {
					say(w, 200, map[string]any{"id": "urn:li:share:7141138937766391808", "commentary": erbil})
					return
				}
				if strings.HasPrefix(r.URL.Path, "/dms") && a.Name == "image: upload begun" {
					w.WriteHeader(http.StatusCreated)
					return
				}
				body := a
				body.Body = []byte(strings.ReplaceAll(string(a.Body), "https://www.linkedin.com", "http://"+r.Host))
				body.write(w)
			})
			ch, _ := opened(t, "linkedin", n.URL)
			c := posting(false)
			c.Remote = story.Remote{ID: "urn:li:share:1"}
			var o Outcome
			switch method, path, _ := strings.Cut(a.Call, " "); {
			case a.Name == "image: upload begun":
				if o = ch.Publish(ctx, c); strings.HasPrefix(c.Steps["image"], "urn:li:image:C5610AQFXD4 ") {
					o.End = Posted // the rest has answers of its own
				}
			case method == "PUT":
				_, o = ch.(*linkedin).call(ctx, method, n.URL+"/dms-uploads/1", "application/octet-stream", []byte("jpeg"))
			case method == "GET":
				c.Steps["image"] = "urn:li:image:C5610AQFXD4 " + "1795694400"
				_, o = ch.(*linkedin).image(ctx, c)
			case method == "DELETE":
				o = ch.Retract(ctx, c)
			case strings.Contains(path, "{urn}"):
				o = ch.Edit(ctx, c)
			default:
				c.Draft.Card = ""
				o = ch.Publish(ctx, c)
			}
			got := o.End.String()
			if a.Class == "auth" && o.End == Refused && o.Pause {
				got = "auth"
			}
			if got != a.Class || o.End != Posted && o.Why == "" || strings.Contains(o.Why, testToken) {
				t.Errorf("%s (%s), want %s", got, o.Why, a.Class)
			}
			if a.Status == 429 && !o.Until.Equal(noon.Add(12*time.Hour)) {
				t.Errorf("a day's limit: until %v", o.Until)
			}
			if (a.Status == 403 || a.Status == 426) && !o.Pause {
				t.Errorf("the account is the trouble: %+v", o)
			}
		})
	}
}

func TestLinkedinTwins(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		status int
		body   any
		want   End
	}{
		"ours":                  {200, map[string]any{"commentary": erbil, "content": map[string]any{"article": map[string]string{"source": "https://news.example/a/4711"}}}, Posted},
		"a ghost":               {404, map[string]any{"status": 404, "message": "not found"}, Refused},
		"about another article": {200, map[string]any{"commentary": erbil, "content": map[string]any{"article": map[string]string{"source": "https://news.example/other"}}}, Refused},
		"not readable":          {500, map[string]any{"status": 500}, Unknown},
		"forbidden":             {403, map[string]any{"status": 403}, Unknown},
	} {
		n := fake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
			if r.Method == http.MethodGet {
				say(w, c.status, c.body)
				return
			}
			say(w, 422, map[string]any{"message": "Content is a duplicate of urn:li:share:7141138937766391808", "status": 422, "errorDetails": map[string]any{"inputErrors": []any{map[string]string{"code": "DUPLICATE_POST"}}}})
		})
		ch, _ := opened(t, "linkedin", n.URL)
		p := posting(false)
		p.Draft.Card = ""
		if o := ch.Publish(ctx, p); o.End != c.want || o.Pause || o.End == Posted && o.Remote.ID != "urn:li:share:7141138937766391808" {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestLinkedinTokenGoesOnlyToLinkedin(t *testing.T) {
	elsewhere := fake(t, func(http.ResponseWriter, *http.Request, []byte) { t.Error("another host was called") })
	for _, address := range []string{elsewhere.URL + "/dms-uploads/1", "https://www.linkedin.com.evil.example/x", "http://www.linkedin.com/x", "https://www.linkedin.com:8443/x", "%"} {
		n := fake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			say(w, 200, map[string]any{"value": map[string]string{"uploadUrl": address, "image": "urn:li:image:1"}})
		})
		ch, _ := opened(t, "linkedin", n.URL)
		if o := ch.Publish(context.Background(), posting(false)); o.End != Refused {
			t.Errorf("%s: %+v", address, o)
		}
	}
	ch, _ := opened(t, "linkedin", "")
	for address, want := range map[string]bool{"https://www.linkedin.com/dms-uploads/1": true, "https://api.linkedin.com/x": true, "https://www.linkedin.com.evil.example/x": false, "http://www.linkedin.com/x": false,
		"https://evil-linkedin.com/x": false, "https://www.linkedin.com:8443/x": false, "https://www.linkedin.com@evil.example/x": false} {
		if got := ch.(*linkedin).ours(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestLittleText(t *testing.T) {
	for text, want := range map[string]string{
		`a\b (c) [d] {e} <f> *g* _h_ ~i~ |j| k@l`: `a\\b \(c\) \[d\] \{e\} \<f\> \*g\* \_h\_ \~i\~ \|j\| k\@l`,
		"#Erbil # 1 C#":      `#Erbil \# 1 C\#`,
		"هەولێر #هەولێر (٢)": "هەولێر #هەولێر \\(٢\\)",
	} {
		if got := littleText(text); got != want || plainText(got) != text {
			t.Errorf("%q: %q, want %q; back: %q", text, got, want, plainText(got))
		}
	}
}

func TestLinkedinDrafts(t *testing.T) {
	body := strings.Repeat("Traders in the bazaar swept mud from their shops on Monday as the water fell. ", 20)
	ch, _ := opened(t, "linkedin", "")
	d := ch.Prepare(piece("en", erbil, body))
	if has(d.Text, d.Link) || d.Card == "" || d.Alt != "" {
		t.Errorf("a link card: %+v", d)
	}
	ch, _ = opened(t, "linkedin", "", image)
	d = ch.Prepare(piece("en", erbil, body))
	if n, limit, err := Count("linkedin", d.Text); !has(d.Text, d.Link) || utf16Length(d.Alt) > 4086 || utf16Length(d.Alt) < 3000 || n > limit || err != nil {
		t.Errorf("a picture: %+v", d)
	}
}
