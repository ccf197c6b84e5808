package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

// TestDocumentedAnswers gives every documented answer of X and of Meta's networks to the call that it is about, as the last
// step of what leads there, and compares what the channel makes of it with the answer's class.
func TestDocumentedAnswers(t *testing.T) {
	ctx := context.Background()
	for _, file := range []string{"x", "facebook", "threads"} {
		for _, a := range documentedAnswers(t, file) {
			t.Run(file+": "+a.Name, func(t *testing.T) {
				kind, change := file, []func(*config.Channel){}
				if strings.HasPrefix(a.Name, "instagram") {
					kind = "instagram"
				}
				switch {
				case strings.HasPrefix(a.Name, "photo"):
					change = append(change, image)
				case strings.HasPrefix(a.Name, "token refresh: "):
					change = append(change, noToken)
				}
				c := posting(kind != "facebook" && kind != "instagram")
				n := fake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
					switch {
					case r.URL.Path == "/v26.0/me": // asked where a post looks gone
						say(w, 200, map[string]string{"id": "102030405060"})
					case strings.HasSuffix(r.URL.Path, "_limit") && !strings.Contains(a.Call, "_limit"):
						say(w, 200, map[string]any{"data": []any{}})
					case r.Method == http.MethodGet && !strings.HasPrefix(a.Name, "find") && strings.HasSuffix(r.URL.Path, "/102030405060/"+map[string]string{"threads": "threads", "instagram": "media"}[kind]):
						say(w, 200, map[string]any{"data": []any{map[string]string{"id": "9", "text": c.Draft.Text}}})
					case strings.HasPrefix(a.Name, "token refresh: ") && r.URL.Path != "/2/oauth2/token":
						say(w, 201, map[string]any{"data": map[string]string{"id": "1"}})
					case r.Method == http.MethodGet && strings.HasSuffix(a.Call, "publish") && !strings.Contains(r.URL.Path, "/102030405060"): // the container is ready
						say(w, 200, map[string]string{"id": "1", "status": "FINISHED", "status_code": "FINISHED"})
					default:
						a.write(w)
					}
				})
				ch, p := opened(t, kind, n.URL, change...)
				c.First = time.Date(2026, 11, 23, 19, 59, 0, 0, time.UTC)
				c.Remote = story.Remote{ID: "708090100110"}
				if file == "facebook" && kind == file {
					c.Steps["sent"] = "1"
				}
				var o Outcome
				switch method, path, _ := strings.Cut(a.Call, " "); {
				case strings.HasPrefix(path, "/2/media"):
					o = ch.Publish(ctx, c)
					if !strings.HasPrefix(c.Steps["media"], "1880028106020515840 ") {
						t.Errorf("kept: %v", c.Steps)
					}
				case method == "GET" && (strings.HasSuffix(path, "/feed?fields=id,message,created_time,permalink_url") || strings.HasPrefix(path, "/2/users")):
					if o = ch.Find(ctx, c); a.Name == "find: none" && o.End == Absent {
						o.End = Posted // that there is none is a good answer
					}
				case a.Name == "find: own posts":
					c.Steps["sent"] = fmt.Sprint("1 ", p.Now().Unix())
					o = ch.(*threads).k.search(ctx, c)
				case method == "GET" && strings.HasPrefix(path, "/v") && strings.Contains(path, "{container}"):
					c.Steps["container"], c.Steps["sent"] = fmt.Sprint("17889615691921648 ", p.Now().Unix()), fmt.Sprint("1 ", p.Now().Add(-time.Hour).Unix())
					o = ch.Publish(ctx, c)
				case strings.HasSuffix(path, "_publish"):
					c.Steps["container"] = fmt.Sprint("17889615691921648 ", p.Now().Unix())
					o = ch.Publish(ctx, c)
				case strings.HasSuffix(a.Name, "container made"):
					if o = ch.Publish(ctx, c); strings.HasPrefix(c.Steps["container"], "178896") || strings.HasPrefix(c.Steps["container"], "178894") {
						o.End = Posted // kept; the rest has answers of its own
					}
				case strings.Contains(path, "_limit"):
					o = containersOf(ch).room(ctx)
				case method == "DELETE":
					o = ch.Retract(ctx, c)
				case a.Name == "edit: done":
					o = ch.Edit(ctx, c)
				case strings.HasPrefix(path, "/refresh_access_token"):
					_, o = ch.(*threads).k.g.tokens.renew(ctx, pair{Access: testToken})
				case strings.HasPrefix(path, "/?id=URL"), path == "/2/tweets?ids=":
					return // calls that we do not make
				default:
					if kind == "x" {
						c.Draft.Card = ""
					}
					o = ch.Publish(ctx, c)
				}
				got := o.End.String()
				if a.Class == "auth" && o.End == Refused && o.Pause {
					got = "auth" // the account stops until somebody mends it
				}
				if got != a.Class {
					t.Errorf("%s (%s), want %s", got, o.Why, a.Class)
				}
				if o.End != Posted && o.Why == "" {
					t.Error("it does not say why")
				}
				for _, secret := range []string{testToken, "test-app-secret", "test-token-secret", n.URL} {
					if strings.Contains(o.Why, secret) {
						t.Errorf("a secret or an address is in %q", o.Why)
					}
				}
				if m := a.Headers["X-Business-Use-Case-Usage"]; m != "" && !o.Until.Equal(noon.Add(19*time.Minute)) {
					t.Errorf("to be asked again at %v", o.Until)
				}
				if reset := a.Headers["x-rate-limit-reset"]; a.Class == "later" && reset != "" && fmt.Sprint(o.Until.Unix()) != reset {
					t.Errorf("to be asked again at %v", o.Until)
				}
			})
		}
	}
}

func containersOf(ch Channel) *containers {
	if g, ok := ch.(*instagram); ok {
		return g.k
	}
	return ch.(*threads).k
}

// What is no success, though its status says so, is never taken for one, and what cannot have been posted is not
// called unknown.
func TestOddAnswersAreNoSuccess(t *testing.T) {
	ctx := context.Background()
	for kind, c := range map[string]*Call{"x": posting(true), "facebook": posting(false), "threads": posting(true), "instagram": posting(false)} {
		for _, body := range []string{"", "<html>ok</html>", "{}", `{"data":{}}`, `{"id":""}`, `{"success":true}`, `[]`, `null`} {
			n := fake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
				switch {
				case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/v"):
					say(w, 200, map[string]string{"id": "1", "status": "FINISHED", "status_code": "FINISHED"})
				default:
					_, _ = w.Write([]byte(body))
				}
			})
			ch, p := opened(t, kind, n.URL)
			c.Draft.Card = map[bool]string{true: "", false: "cards/x-og.jpg"}[kind == "x" || kind == "facebook"]
			c.Steps = map[string]string{"container": fmt.Sprint("1 ", p.Now().Unix())}
			if o := ch.Publish(ctx, c); o.End != Unknown {
				t.Errorf("%s: %q on publishing is %+v", kind, body, o)
			}
			if kind == "threads" || kind == "instagram" {
				c.Steps = map[string]string{}
				if o := ch.Publish(ctx, c); o.End != Later {
					t.Errorf("%s: %q on making a container is %+v", kind, body, o)
				}
			}
			if o := ch.Find(ctx, c); o.End == Absent && kind != "threads" && kind != "instagram" || o.End == Posted {
				t.Errorf("%s: %q on finding is %+v", kind, body, o)
			}
		}
	}
}

func TestNewNetworksKeepTheirTokens(t *testing.T) {
	elsewhere := fake(t, func(http.ResponseWriter, *http.Request, []byte) { t.Error("another host was called") })
	for _, kind := range []string{"x", "facebook", "threads", "instagram"} {
		n := fake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		})
		ch, _ := opened(t, kind, n.URL)
		for _, o := range []Outcome{ch.Publish(context.Background(), posting(true)), ch.Retract(context.Background(), &Call{Remote: story.Remote{ID: "1"}})} {
			if o.End == Posted {
				t.Errorf("%s: a redirect is %+v", kind, o)
			}
			j, err := json.Marshal(o)
			if err != nil || strings.Contains(string(j), testToken) {
				t.Errorf("%s: %s (%v)", kind, j, err)
			}
		}
	}
}
