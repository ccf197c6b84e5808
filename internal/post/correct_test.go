package post

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"cutline/internal/article"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/story"
)

// says lists what the log channel said about a story, each as what and text.
func (n *newsroom) says(k story.Key) []string {
	body, err := n.store.Read(context.Background(), "logs/log.jsonl")
	if err != nil {
		n.t.Fatal(err)
	}
	var out []string
	for line := range bytes.Lines(body) {
		var x struct {
			What, Text string
			Story      story.Key
		}
		if err := json.Unmarshal(line, &x); err != nil {
			n.t.Fatal(err)
		}
		if x.Story == k {
			out = append(out, strings.TrimSuffix(x.What+": "+x.Text, ": "))
		}
	}
	return out
}

func (n *newsroom) record(k story.Key) story.Post {
	rec, err := n.store.Post(context.Background(), k, "log")
	if err != nil {
		n.t.Fatal(err)
	}
	return rec
}

// frozen is a channel whose posts cannot be edited.
type frozen struct{ channel.Channel }

func (f frozen) Capabilities() channel.Capabilities {
	c := f.Channel.Capabilities()
	c.Edit = false
	return c
}

func TestCorrectionsTravelByThePolicy(t *testing.T) {
	const was, slip, now = "The dam holds 4.2 billion cubic metres.", "The dam holds 4.2 billion cubick metres.", "The dam holds 4.3 billion cubic metres."
	for _, c := range []struct {
		name, policy string
		editable     bool
		after        time.Duration
		from, to     string
		approve      bool
		want         []string
	}{
		{"a changed number is edited", "edit", true, time.Minute, was, now, false, []string{"post: " + was, "edit: " + now}},
		{"or given as a reply", "reply", false, time.Minute, was, now, false, []string{"post: " + was, "reply: Correction: " + now}},
		{"which an editable network gets too, if the policy says so", "reply", true, time.Minute, was, now, false, []string{"post: " + was, "reply: Correction: " + now}},
		{"or posted anew while it is new", "repost", false, time.Minute, was, now, false, []string{"post: " + was, "retract", "post: " + now}},
		{"but not later", "repost", false, time.Hour, was, now, false, []string{"post: " + was, "reply: Correction: " + now}},
		{"or left", "leave", true, time.Minute, was, now, false, []string{"post: " + was}},
		{"or asked about", "ask", false, time.Minute, was, now, false, []string{"post: " + was}},
		{"and done by one approval", "ask", false, time.Minute, was, now, true, []string{"post: " + was, "reply: Correction: " + now}},
		{"without a policy it is asked about where it cannot be edited", "", false, time.Minute, was, now, false, []string{"post: " + was}},
		{"a slip of the pen is mended in silence", "reply", true, time.Minute, slip, was, false, []string{"post: " + slip, "edit: " + was}},
		{"or not at all", "reply", false, time.Minute, slip, was, false, []string{"post: " + slip}},
	} {
		n := open(t, "auto")
		n.configure(func(ch *config.Channel) { ch.Corrections = c.policy })
		p := n.worker(0)
		if !c.editable {
			p.Channels["log"] = frozen{p.Channels["log"]}
		}
		text := func(dek string) func(*article.Article) {
			return func(a *article.Article) { a.Headline, a.Dek = "Water stands at the spillway", dek }
		}
		k := n.publish("1", "the spillway", text(c.from))
		n.look(p, k)
		n.pass(c.after)
		n.publish("1", "the spillway", text(c.to))
		for range 3 {
			n.look(p, k)
			n.pass(time.Minute)
			n.tick(p)
		}
		if c.approve {
			n.decide(k, story.Approve)
			n.look(p, k)
		}
		if got := n.says(k); !slices.Equal(got, c.want) {
			t.Errorf("%s: have %q, want %q; plan %+v", c.name, got, c.want, n.record(k).Plan)
		}
		d, err := n.store.Load(context.Background(), k)
		if err != nil {
			t.Fatal(err)
		}
		waits := story.StateOf(&d, "log", story.Rule{Auto: true}).Name == story.StateCorrection
		if asked := strings.Contains(c.name, "asked about"); waits != asked {
			t.Errorf("%s: it waits for the desk: %v", c.name, waits)
		}
	}
}

func TestTakeDownTakesCorrectionsAlongAndGivesReceipts(t *testing.T) {
	n := open(t, "auto")
	n.configure(func(ch *config.Channel) { ch.Corrections = "reply" })
	for _, name := range []string{"masto", "tele", "unsure"} {
		n.cfg.Channels[name] = config.Channel{Kind: "log", Site: "en", Account: name}
	}
	p := n.worker(0)
	p.Channels["log"] = frozen{p.Channels["log"]}
	p.Channels["tele"] = limited{p.Channels["tele"], channel.Capabilities{Retract: true, KeepFor: 48 * time.Hour, ByHand: "delete the message in the app"}}
	dek := func(text string) func(*article.Article) {
		return func(a *article.Article) { a.Headline, a.Dek = "Water stands at the spillway", text }
	}
	k := n.publish("1", "the spillway", dek("The dam holds 4.2 billion cubic metres."))
	n.look(p, k)
	n.pass(time.Minute)
	n.publish("1", "the spillway", dek("The dam holds 4.3 billion cubic metres."))
	n.look(p, k)
	if _, _, err := n.store.UpdatePost(context.Background(), k, "unsure", func(rec *story.Post) error {
		rec.Uncertain, rec.UncertainAt, rec.Remote = "the answer was lost", n.clock(), story.Remote{}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	n.pass(50 * time.Hour)
	n.decide(k, story.Retract)
	n.look(p, k)
	if got, want := n.log(k), "post reply retract retract"; got != want {
		t.Errorf("the log has %q, want %q", got, want)
	}
	d, err := n.store.Load(context.Background(), k)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range story.Receipts(&d, n.cfg.ChannelsOf("en"), func(string) story.Rule { return story.Rule{} }) {
		got[r.Channel] = r.End
		if r.End == story.ReceiptImpossible && !strings.Contains(r.Why, "delete the message in the app") {
			t.Errorf("%s does not say what to do: %s", r.Channel, r.Why)
		}
	}
	for name, want := range map[string]string{"log": story.ReceiptGone, "masto": story.ReceiptGone, "tele": story.ReceiptImpossible, "unsure": story.ReceiptUnknown} {
		if got[name] != want {
			t.Errorf("%s: have %q, want %q", name, got[name], want)
		}
	}
}

// limited is a channel that can less than its kind.
type limited struct {
	channel.Channel
	can channel.Capabilities
}

func (l limited) Capabilities() channel.Capabilities { return l.can }

func TestEmbargoSetAfterwardsTakesDownAndCancels(t *testing.T) {
	n := open(t, "required")
	p := n.worker(0)
	embargo := func(a *article.Article) { a.Embargo = noon.Add(2 * time.Hour) }
	out, waiting := n.publish("1", "the spillway"), n.publish("2", "the bridge")
	for _, k := range []story.Key{out, waiting} {
		n.look(p, k)
	}
	n.decide(out, story.Approve)
	n.look(p, out)
	n.decide(waiting, story.Approve, func(d *story.Decision) { d.NotBefore = noon.Add(10 * time.Minute) })
	n.look(p, waiting)
	n.pass(time.Minute)
	n.publish("1", "the spillway", embargo)
	n.publish("2", "the bridge", embargo)
	for _, k := range []story.Key{out, waiting} {
		n.look(p, k)
	}
	n.want(out, "post retract")
	for range 30 {
		n.pass(10 * time.Minute)
		n.tick(p)
	}
	n.want(out, "post retract")
	n.want(waiting, "")
	n.decide(out, story.Approve)
	n.decide(waiting, story.Approve)
	for _, k := range []story.Key{out, waiting} {
		n.look(p, k)
	}
	n.want(out, "post retract post")
	n.want(waiting, "post")
}
