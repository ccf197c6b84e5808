package desk

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"cutline/internal/article"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/story"
)

// preview is a draft as its network shows it. What each network does stands in the board's table: where the picture is, how
// it is cropped, and after how much of a text readers see "more".
type preview struct {
	Class   string // of the style sheet: pv-bs, pv-ma, …
	Shape   string // card: a link card below the text; picture: the card as it is; strip: the card with a strip under it; bubble: Telegram's; bare: text alone
	Name    string // of the account
	Handle  string // as the network writes it
	Lang    string // of the text
	Dir     string // ltr or rtl, as readers of that language have the network
	Text    []piece1
	Tail    []piece1 // what readers see only after "more"
	Cut     bool     // the text is cut there, about
	Card    string   // address of the picture; empty: none
	Width   int      // pixels
	Height  int      // pixels
	Cover   bool     // the picture is cropped to 1.91:1
	Title   string   // of the link card
	Dek     string   // below it
	Domain  string   // where it leads
	Alt     bool     // the network marks that there is alt text
	NoAlt   bool     // the network shows no alt text
	Headed  string   // a bold headline above the text
	DeadURL bool     // links in the text cannot be followed there
}

// piece1 is a stretch of a post's text.
type piece1 struct {
	Text  string
	Link  bool // link, hashtag or mention
	Latin bool // an address: left to right whatever surrounds it
}

// netLook is how one network shows a post.
type netLook struct {
	shape string
	cut   int  // characters after which readers see "more"; 0: the whole text
	lines int  // lines after which they do; 0: no limit
	cover bool // the picture is cropped to 1.91:1
	alt   bool // alt text is shown or at least read out
	badge bool // and marked
	short bool // links are shown without their beginning and shortened
	dead  bool // links in the text cannot be followed
}

// netLooks: where each is from stands in docs/desk.md.
var netLooks = map[string]netLook{
	"bluesky":   {shape: "card", cover: true},
	"mastodon":  {shape: "picture", alt: true, badge: true, short: true},
	"telegram":  {shape: "bubble"},
	"x":         {shape: "picture", alt: true, badge: true, short: true},
	"facebook":  {shape: "strip", cut: 480, cover: true},
	"linkedin":  {shape: "strip", cut: 210, lines: 3, cover: true, alt: true},
	"threads":   {shape: "picture", alt: true, short: true},
	"instagram": {shape: "picture", cut: 125, alt: true, dead: true},
	"slack":     {shape: "quote", alt: true},
	"discord":   {shape: "quote", alt: true},
	"teams":     {shape: "quote", alt: true},
	"feed":      {shape: "card", alt: true},
	"log":       {shape: "picture", alt: true},
	"nostr":     {shape: "picture", alt: true},
	"webhook":   {shape: "card", alt: true},
}

func (q *request) previewOf(x *story.Dossier, name string, draft story.Draft) preview {
	cfg := q.desk.Config.Channels[name]
	site := q.desk.Config.Sites[x.Story.Site]
	n, known := netLooks[cfg.Kind]
	if !known {
		n = netLook{shape: "picture"}
	}
	if cfg.Embed == "image" && n.shape == "card" {
		n.shape, n.alt, n.badge, n.cover = "picture", true, true, false
	} else if cfg.Embed == "link" && n.shape == "picture" {
		n.shape, n.cover = "card", true
	}
	if draft.Part > 0 { // one of the posts of a thread that follow
		n.shape, n.cut, n.lines = "bare", 0, 0
	}
	p := preview{Class: "pv-" + strings.ToLower(tile(cfg.Kind)), Shape: n.shape, Name: site.Name, Handle: handle(cfg.Kind, cfg.Account, cfg.Chat, cfg.Server),
		Lang: draft.Language, Width: draft.Width, Height: draft.Height, Cover: n.cover, Title: draft.Title, Dek: draft.Dek, Domain: address(draft.Link),
		Alt: n.badge && draft.Alt != "", NoAlt: !n.alt, DeadURL: n.dead}
	if p.Lang == "" {
		p.Lang = x.Story.Article.Language
	}
	p.Dir = "ltr"
	if article.RTL(p.Lang) {
		p.Dir = "rtl"
	}
	if strings.HasPrefix(draft.Card, story.Cards+string(x.Story.Key)+"/") {
		p.Card = "/" + draft.Card
	}
	if p.Width == 0 || p.Height == 0 {
		p.Width, p.Height = 1200, 630
	}
	shown, rest := cutAt(cleanText(draft.Text), n)
	p.Text, p.Tail, p.Cut = pieces(shown, n.short), pieces(rest, n.short), rest != ""
	return p
}

// meter is how much of what a network takes a text uses.
type meter struct {
	Length int // as the network counts
	Limit  int // 0: none
	Fill   int // of 300
}

func meterOf(cfg config.Channel, text string) (meter, error) {
	n, limit, err := channel.CountOn(cfg, text)
	m := meter{Length: n, Limit: limit}
	if limit > 0 {
		m.Fill = min(300, n*300/limit)
	}
	return m, err
}

// followed is one of the posts of a thread that follow the first.
type followed struct {
	Says    string // which one it is
	Field   string // of the edit form
	Text    string
	Preview preview
	Out     bool // it is on the network, as it stands here
	meter
}

// followed are the posts that follow in a draft's thread, as its network shows them.
func (q *request) followed(x *story.Dossier, name string, d story.Draft) []followed {
	var out []followed
	thread := x.Posts[name].Doc.Thread
	for i, text := range d.More {
		m, _ := meterOf(q.desk.Config.Channels[name], text) // what is wrong is among the findings
		out = append(out, followed{Says: q.words.say("thread_post", "n", q.words.Number(i+2)), Field: moreField(name, i), Text: text,
			Preview: q.previewOf(x, name, story.Draft{Text: text, Language: d.Language, Part: i + 1}), Out: i < len(thread) && thread[i].Said == text, meter: m})
	}
	return out
}

// handle is an account as its network writes it.
func handle(kind, account, chat, server string) string {
	if account == "" {
		account = chat
	}
	account = clean(account)
	switch kind {
	case "bluesky", "x", "threads", "instagram":
		if account != "" && !strings.HasPrefix(account, "@") {
			return "@" + account
		}
	case "mastodon":
		if host := address(server); account != "" && host != "" && !strings.Contains(strings.TrimPrefix(account, "@"), "@") {
			return "@" + strings.TrimPrefix(account, "@") + "@" + host
		}
	case "telegram":
		if name, ok := strings.CutPrefix(account, "@"); ok {
			return "t.me/" + name
		}
	}
	return account
}

// perLine is about how many letters a line of a post holds on a phone.
const perLine = 70

// cutAt parts a text where readers see "more", at the end of a word. It is approximate: networks do not say where they cut.
func cutAt(text string, n netLook) (shown, rest string) {
	at := len(text)
	if n.cut > 0 && utf8.RuneCountInString(text) > n.cut {
		at = 0
		for range n.cut {
			_, size := utf8.DecodeRuneInString(text[at:])
			at += size
		}
		if i := strings.LastIndexAny(text[:at], " \n"); i > at/2 {
			at = i
		}
	}
	if n.lines > 0 {
		lines, pos := 0, 0
		for l := range strings.SplitSeq(text, "\n") {
			lines += 1 + utf8.RuneCountInString(l)/perLine
			pos += len(l)
			if lines >= n.lines {
				at = min(at, pos)
				break
			}
			pos++
		}
	}
	return text[:at], text[at:]
}

var linkedRE = regexp.MustCompile(`https?://[^\s<>"]+|[#@][\p{L}\p{N}_\x{200c}][\p{L}\p{M}\p{N}_.@\x{200c}-]*`)

// pieces parts a text into what is plain and what the network makes a link of.
func pieces(text string, short bool) []piece1 {
	var out []piece1
	at := 0
	for _, m := range linkedRE.FindAllStringIndex(text, -1) {
		if m[0] > 0 && text[m[0]] != 'h' {
			if r, _ := utf8.DecodeLastRuneInString(text[:m[0]]); !strings.ContainsRune(" \n\t(«“\"'", r) {
				continue // a letter before it: no hashtag, no mention
			}
		}
		link := text[m[0]:m[1]]
		web := strings.HasPrefix(link, "http")
		if web && short {
			link = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(link, "https://"), "http://"), "www.")
			if r := []rune(link); len(r) > 30 {
				link = string(r[:30]) + "…"
			}
		}
		if at < m[0] {
			out = append(out, piece1{Text: text[at:m[0]]})
		}
		out = append(out, piece1{Text: link, Link: true, Latin: web || !article.RTL(scriptOf(link))})
		at = m[1]
	}
	if at < len(text) {
		out = append(out, piece1{Text: text[at:]})
	}
	return out
}

// scriptOf is a language of the script that a hashtag is in, right-to-left or not.
func scriptOf(s string) string {
	for _, r := range s {
		if r >= 0x590 && r < 0x900 {
			return "ar"
		}
	}
	return "en"
}
