package desk

import (
	"fmt"
	"html/template"
	"strings"
)

// icons are the lines of each icon on a 24 × 24 ground. Those with a direction mirror in right-to-left pages.
var icons = map[string]string{
	"wall":     `<path d="M4.5 4.5h6v6h-6zM13.5 4.5h6v6h-6zM4.5 13.5h6v6h-6zM13.5 13.5h6v6h-6z"/>`,
	"history":  `<path d="M4.5 12a7.5 7.5 0 1 0 2.4-5.5M4 4v4h4M12 8v4.5l3 1.5"/>`,
	"inbox":    `<path d="M4 13h5l1.5 3h3L15 13h5M4 13l2.5-8h11L20 13v6H4z"/>`,
	"plug":     `<path d="M9 3v5M15 3v5M6.5 8h11v3a5.5 5.5 0 0 1-11 0zM12 16.5V21"/>`,
	"bars":     `<path d="M4 20h16M7 16v-5M12 16V6M17 16v-8"/>`,
	"stop":     `<path d="M8.5 3.5h7L20.5 8.5v7l-5 5h-7l-5-5v-7z"/><path d="M8.5 12h7"/>`,
	"again":    `<path d="M19 12a7 7 0 1 1-2-5M19 4v4h-4"/>`,
	"eye":      `<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.8"/>`,
	"send":     `<path d="M4 12 20 4l-5 16-3.5-6.5z"/>`,
	"keyboard": `<rect x="3" y="6.5" width="18" height="11" rx="2"/><path d="M7 10h.01M11 10h.01M15 10h.01M7 14h10"/>`,
	"queue":    `<path d="M4 6.5h4v4H4zM11 7h9M11 10h6M4 14.5h4v4H4zM11 15h9M11 18h6"/>`,
	"globe":    `<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c2.5 2.5 3.5 5.3 3.5 8.5s-1 6-3.5 8.5c-2.5-2.5-3.5-5.3-3.5-8.5s1-6 3.5-8.5z"/>`,
	"people":   `<circle cx="9" cy="9" r="3"/><path d="M3.5 19c.4-3.4 2.6-5 5.5-5s5.1 1.6 5.5 5"/><path d="M15 6.5a3 3 0 0 1 0 5M17 14.4c2 .6 3.2 2.2 3.5 4.6"/>`,
	"search":   `<circle cx="11" cy="11" r="6"/><path d="m16 16 4 4"/>`,
	"bolt":     `<path d="M13 3 5.5 13.5H11L10 21l8-11h-5.5z"/>`,
	"clock":    `<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>`,
	"question": `<circle cx="12" cy="12" r="8.5"/><path d="M9.7 9.6a2.4 2.4 0 1 1 3.3 2.3c-.7.3-1 .8-1 1.5M12 16.2v.2"/>`,
	"pause":    `<path d="M9 6v12M15 6v12"/>`,
	"photo":    `<rect x="3.5" y="5" width="17" height="14" rx="2"/><path d="m4 17 5-5 4 4 3-3 4 4"/><circle cx="15.5" cy="9" r="1.3"/>`,
	"triangle": `<path d="M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.2"/>`,
	"lock":     `<rect x="5" y="11" width="14" height="9" rx="2"/><path d="M8 11V8a4 4 0 0 1 8 0v3"/>`,
	"calendar": `<rect x="4" y="6" width="16" height="14" rx="2"/><path d="M4 10.5h16M8.5 3.5v4M15.5 3.5v4"/>`,
	"dots":     `<path d="M5.5 12h.01M12 12h.01M18.5 12h.01"/>`,
	"back":     `<path d="m15 5-7 7 7 7"/>`,
	"next":     `<path d="m9 5 7 7-7 7"/>`,
	"check":    `<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
	"cross":    `<path d="m6 6 12 12M18 6 6 18"/>`,
	"edit":     `<path d="m5 19 1-4L16.5 4.5l3 3L9 18z"/>`,
	"undo":     `<path d="M9 7 4.5 11.5 9 16"/><path d="M5 11.5h9a5 5 0 0 1 0 10h-2"/>`,
	"open":     `<path d="M14 5h5v5M19 5l-8 8M17 14v5H5V7h5"/>`,
}

func icon(name string) (template.HTML, error) {
	lines, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("there is no icon %q", name)
	}
	class := "i"
	switch {
	case strings.Contains("back next undo open send", name):
		class += " turns"
	case name == "dots":
		class += " dots"
	}
	return template.HTML(`<svg class="` + class + `" viewBox="0 0 24 24" aria-hidden="true">` + lines + `</svg>`), nil // ours alone
}

// look is how a state is shown.
type look struct {
	Icon, Class string
	Word        string // key of its word
	Tile        string // class of a channel's tile: ok, bad, q
}

// states is how each of story's states is shown; a test holds it complete.
var states = map[string]look{
	"uncertain":  {"question", "unsure", "uncertain", "q"},
	"failed":     {"triangle", "fail", "failed", "bad"},
	"review":     {"clock", "wait", "needs_decision", ""},
	"correction": {"clock", "wait", "correction", ""},
	"held":       {"pause", "held", "held", ""},
	"embargo":    {"lock", "emb", "embargo", ""},
	"auto":       {"calendar", "sched", "rule_auto", ""},
	"scheduled":  {"calendar", "sched", "scheduled", ""},
	"approved":   {"check", "sent", "approved", ""},
	"sent":       {"check", "sent", "sent", "ok"},
	"rejected":   {"cross", "held", "rejected", ""},
	"retracted":  {"undo", "held", "retracted", ""},
	"waiting":    {"clock", "held", "waiting", ""},
}

// networks is the short and the whole name of each kind of channel.
var networks = map[string][2]string{
	"bluesky": {"Bs", "Bluesky"}, "mastodon": {"Ma", "Mastodon"}, "telegram": {"Tg", "Telegram"}, "x": {"X", "X"},
	"facebook": {"Fb", "Facebook"}, "instagram": {"Ig", "Instagram"}, "threads": {"Th", "Threads"}, "linkedin": {"Li", "LinkedIn"},
	"slack": {"Sl", "Slack"}, "discord": {"Di", "Discord"}, "teams": {"Te", "Teams"}, "nostr": {"No", "Nostr"},
	"feed": {"Fe", "Feed"}, "log": {"Lo", "Log"}, "webhook": {"We", "Webhook"},
}

func tile(kind string) string {
	if n, ok := networks[kind]; ok {
		return n[0]
	}
	return initial(kind)
}
