package channel

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cutline/internal/config"
	"cutline/internal/story"
)

// withSecret gives a channel another secret than the usual one.
func withSecret(t *testing.T, value string) func(*config.Channel) {
	t.Helper()
	t.Setenv("CUTLINE_TEST_SECRET", value)
	s, err := config.NewSecret("env:CUTLINE_TEST_SECRET", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *config.Channel) { c.Secret = s }
}

func inChat(c *config.Channel) { c.Chat = "C123456" }

const (
	testSlackHook   = "https://hooks.slack.com/services/T000/B000/test"
	testDiscordHook = "https://discord.com/api/webhooks/223704706495545344/test"
	testFlow        = "https://prod-1.westeurope.logic.azure.com/workflows/a/triggers/manual/paths/invoke?api-version=2016-06-01&sig=test"
	testWhsec       = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

func TestSlackRequests(t *testing.T) {
	ctx := context.Background()
	d := converse(t, "slack")
	ch, _ := opened(t, "slack", d.URL, inChat)
	d.begin("publish", [][2]string{{"POST /api/chat.postMessage", "web: posted"}, {"POST /api/chat.update", "web: edited"}, {"POST /api/chat.delete", "web: deleted"},
		{"GET /api/conversations.", "history"}, {"POST /services/", "webhook: posted"}}...)
	c := posting(true)
	c.Draft.Text = "Erbil & Co: <b>*markets* reopen</b>\n\n" + c.Draft.Link
	o := ch.Publish(ctx, c)
	if o.End != Posted || o.Remote.ID != "C123456/1503435956.000247" || o.Remote.URL != "https://slack.com/archives/C123456/p1503435956000247" {
		t.Errorf("publish: %+v", o)
	}
	c.Remote = o.Remote
	d.begin("find")
	message := func(id string) map[string]any {
		return map[string]any{"ok": true, "messages": []any{
			map[string]any{"ts": "1503435950.000100", "text": "Erbil <https://news.example/a/4711>", "bot_id": "B9"}, // another's
			map[string]any{"ts": "1503435956.000247", "metadata": map[string]any{"event_type": "cutline_post", "event_payload": map[string]string{"id": id}}},
		}}
	}
	d.extra["history"] = message(string(keyA))
	if f := ch.Find(ctx, c); f.End != Posted || f.Remote != o.Remote {
		t.Errorf("find: %+v", f)
	}
	d.extra["history"] = message("another")
	if f := ch.Find(ctx, c); f.End != Absent {
		t.Errorf("find what is not there: %+v", f)
	}
	d.begin("reply")
	r := posting(true)
	r.ReplyTo = &o.Remote
	if o := ch.Publish(ctx, r); o.End != Posted {
		t.Errorf("reply: %+v", o)
	}
	d.begin("edit")
	c.Draft.Card = ""
	if o := ch.Edit(ctx, c); o.End != Posted {
		t.Errorf("edit: %+v", o)
	}
	d.begin("retract")
	if o := ch.Retract(ctx, c); o.End != Posted {
		t.Errorf("retract: %+v", o)
	}
	d.begin("publish through an incoming webhook")
	hook, _ := opened(t, "slack", d.URL, withSecret(t, testSlackHook))
	if o := hook.Publish(ctx, posting(true)); o.End != Posted || o.Remote.ID == "" {
		t.Errorf("webhook: %+v", o)
	}
	d.golden("slack")
}

func TestDiscordRequests(t *testing.T) {
	ctx := context.Background()
	d := converse(t, "discord")
	ch, _ := opened(t, "discord", d.URL, withSecret(t, testDiscordHook))
	d.begin("publish", [][2]string{{"POST /api/webhooks/", "posted"}, {"PATCH /api/webhooks/", "edited"}, {"DELETE /api/webhooks/", "deleted"}}...)
	c := posting(true)
	c.Draft.Text = "@everyone: *Erbil* markets_reopen [here](x) #1\n\n" + c.Draft.Link
	o := ch.Publish(ctx, c)
	if o.End != Posted || o.Remote.ID != "334385199974967042" || o.Remote.URL != "https://discord.com/channels/102030405060/290926798999357250/334385199974967042" {
		t.Errorf("publish: %+v", o)
	}
	c.Remote = o.Remote
	d.begin("edit, without a card")
	c.Draft.Card = ""
	if o := ch.Edit(ctx, c); o.End != Posted {
		t.Errorf("edit: %+v", o)
	}
	d.begin("retract")
	if o := ch.Retract(ctx, c); o.End != Posted {
		t.Errorf("retract: %+v", o)
	}
	d.golden("discord")
}

func TestTeamsRequests(t *testing.T) {
	d := converse(t, "teams")
	ch, _ := opened(t, "teams", d.URL, withSecret(t, testFlow))
	d.begin("publish", [][2]string{{"POST /workflows/", "accepted"}}...)
	c := posting(true)
	if o := ch.Publish(context.Background(), c); o.End != Posted || o.Remote.ID == "" {
		t.Errorf("publish: %+v", o)
	}
	d.begin("publish from right to left")
	c.Draft.Text, c.Draft.Language = "بازاڕی هەولێر کرایەوە\n\n"+c.Draft.Link, "ckb"
	if o := ch.Publish(context.Background(), c); o.End != Posted {
		t.Errorf("publish: %+v", o)
	}
	d.golden("teams")
}

func TestWebhookRequests(t *testing.T) {
	ctx := context.Background()
	d := converse(t, "teams") // whose 202 is one of the 2xx that a receiver may answer
	ch, _ := opened(t, "webhook", d.URL+"/receiver", withSecret(t, testWhsec))
	d.begin("publish", [][2]string{{"POST /receiver", "accepted"}}...)
	c := posting(false)
	c.Draft.Tags = []string{"Erbil"}
	o := ch.Publish(ctx, c)
	if o.End != Posted || o.Remote.ID != string(keyA) {
		t.Errorf("publish: %+v", o)
	}
	c.Remote = o.Remote
	d.begin("edit")
	c.Draft.Text = "Erbil markets have reopened"
	if o := ch.Edit(ctx, c); o.End != Posted {
		t.Errorf("edit: %+v", o)
	}
	d.begin("retract")
	if o := ch.Retract(ctx, c); o.End != Posted || o.Remote != c.Remote {
		t.Errorf("retract: %+v", o)
	}
	d.golden("webhook")
}

// The example of the Standard Webhooks specification.
func TestWebhookSignature(t *testing.T) {
	got, err := webhookSignature(testWhsec, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	if _, err := webhookSignature("no key", "msg_1", "1", nil); err == nil || strings.Contains(err.Error(), "no key!") {
		t.Errorf("a secret that is no key: %v", err)
	}
}

// TestChatAnswers gives every documented answer of the chats to the call that it is about.
func TestChatAnswers(t *testing.T) {
	ctx := context.Background()
	for _, file := range []string{"slack", "discord", "teams"} {
		tried := 0
		for _, a := range documentedAnswers(t, file) {
			if strings.HasPrefix(a.Call, "GET ") || a.Name == "posted without wait" { // read, or never asked for
				continue
			}
			tried++
			t.Run(file+": "+a.Name, func(t *testing.T) {
				n := fake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { a.write(w) })
				secret := withSecret(t, map[string]string{"slack": testSlackHook, "discord": testDiscordHook, "teams": testFlow}[file])
				if file == "slack" && !strings.HasPrefix(a.Name, "webhook") {
					secret = inChat
				}
				ch, p := opened(t, file, n.URL, secret)
				c := posting(true)
				c.Remote = story.Remote{ID: "C123456/1503435956.000247"}
				var o Outcome
				switch {
				case strings.Contains(a.Call, "update"), strings.HasPrefix(a.Call, "PATCH"):
					o = ch.Edit(ctx, c)
				case strings.Contains(a.Call, "chat.delete"), strings.HasPrefix(a.Call, "DELETE"):
					o = ch.Retract(ctx, c)
				default:
					o = ch.Publish(ctx, c)
				}
				got := o.End.String()
				if a.Class == "auth" && o.End == Refused && o.Pause || a.Class == "refused" && o.End == Gone {
					got = a.Class
				}
				if got != a.Class {
					t.Errorf("%s (%s), want %s", got, o.Why, a.Class)
				}
				if strings.Contains(o.Why, "/services/") || strings.Contains(o.Why, "sig=") || strings.Contains(o.Why, testToken) {
					t.Errorf("the secret is in %q", o.Why)
				}
				switch a.Headers["Retry-After"] {
				case "30":
					if !o.Until.Equal(p.Now().Add(30 * time.Second)) {
						t.Errorf("to be asked again at %v", o.Until)
					}
				case "65", "1337":
					if file == "discord" && o.Until.Sub(p.Now()).Truncate(time.Second) < 64*time.Second {
						t.Errorf("to be asked again at %v", o.Until)
					}
				}
			})
		}
		if tried < 9 {
			t.Errorf("%s: only %d answers were tried", file, tried)
		}
	}
}

func TestHookAddresses(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct{ secret, server, want string }{
		{testSlackHook, "", testSlackHook},
		{testSlackHook, "http://127.0.0.1:1/slack", "http://127.0.0.1:1/slack/services/T000/B000/test"},
		{"/services/T000/B000/test", "http://127.0.0.1:1/slack/", "http://127.0.0.1:1/slack/services/T000/B000/test"},
		{testFlow + "\n", "", testFlow},
		{"xoxb-a-token", "", ""},
		{"http://hooks.example/a", "", ""},
	} {
		var cfg config.Channel
		withSecret(t, c.secret)(&cfg)
		cfg.Server = c.server
		got, out := hookAddress(ctx, cfg)
		if c.want == "" {
			if out.End != Refused || !out.Pause || strings.Contains(out.Why, c.secret) {
				t.Errorf("%s: %q %+v", c.secret, got, out)
			}
		} else if got != c.want {
			t.Errorf("%s at %q: %q, want %q", c.secret, c.server, got, c.want)
		}
	}
}

// A webhook's address is its secret: it is in no outcome, whatever fails.
func TestHookAddressIsToldNobody(t *testing.T) {
	refused := fake(t, func(w http.ResponseWriter, _ *http.Request, _ []byte) { _, _ = io.WriteString(w, "nonsense") })
	refused.Close()
	for kind, secret := range map[string]string{"slack": testSlackHook, "discord": testDiscordHook, "teams": testFlow} {
		ch, _ := opened(t, kind, refused.URL, withSecret(t, secret))
		if o := ch.Publish(context.Background(), posting(true)); o.End != Later || strings.Contains(o.Why, "/T000/") || strings.Contains(o.Why, "/webhooks/") || strings.Contains(o.Why, "sig=") {
			t.Errorf("%s: %+v", kind, o)
		}
	}
}
