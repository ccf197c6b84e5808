package notice

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cutline/internal/article"
	"cutline/internal/staff"
	"cutline/internal/zone"
)

//go:embed words.json
var wordsJSON []byte

// words is what notices say, by key and language; a test finds what is missing.
var words = sync.OnceValues(func() (w map[string]map[string]string, err error) {
	err = json.Unmarshal(wordsJSON, &w)
	return w, err
})

// message is what a receiver gets, before its kind puts it in its own form. All texts are plain.
type message struct {
	ID      string // names this message: the same again has the same
	Lang    string // of what cutline says: BCP 47
	Dir     string // ltr or rtl
	Title   string // what it is about, in one line
	Stories []told
	Review  string // the labels of the links
	Desk    string
	More    int // stories that it counts and does not list
}

// told is one story in a message.
type told struct {
	Headline string
	Lang     string // of the headline
	Why      []string
	Card     string // key of the card in the bucket; empty: none
	Type     string // its content type
	Picture  string // the card's public address; empty: there is none
	Alt      string
	Review   string // address of the signed link; empty: one must sign in
	Ends     string // a sentence on that link
	Desk     string // address of the story at the desk
}

const listed = 15 // stories in a digest; Slack takes 50 blocks, Teams 28 KB, Telegram 4096 letters

// message makes the message about some stories to a receiver.
func (n *Notifier) message(ctx context.Context, to string, items []item) (message, error) {
	w, err := words()
	if err != nil {
		return message{}, fmt.Errorf("the words of notices: %w", err)
	}
	r := n.Config.Notices[to]
	m := message{Lang: n.language(to, items)}
	say := func(key string, pairs ...string) string {
		return strings.NewReplacer(pairs...).Replace(w[key][m.Lang])
	}
	m.Dir, m.Review, m.Desk = article.Direction(m.Lang), say("review"), say("desk")
	for i, it := range items {
		m.ID += string(it.dossier.Story.Key) + strings.Join(tags(it.wants), " ")
		if i >= listed {
			m.More++
			continue
		}
		s := &it.dossier.Story
		clock := func(t time.Time) string { return n.clock(s.Site, t) }
		t := told{Headline: line(s.Headline()), Lang: s.Article.Language, Alt: line(it.dossier.Manifest.Alt), Desk: n.Config.Desk.URL + "/story/" + string(s.Key)}
		for _, want := range it.wants {
			why := say("waits")
			switch {
			case want.Second:
				why = say("second")
			case want.About == aboutTrouble:
				why = say("trouble", "{why}", line(want.State.Why))
			case want.About == aboutAuto:
				why = say("auto", "{time}", clock(want.State.Until))
			}
			t.Why = append(t.Why, why+" · "+strings.Join(want.Channels, ", "))
		}
		if c, ok := it.dossier.Manifest.Cards["og"]; ok && it.dossier.Manifest.Revision == s.Revision {
			t.Card, t.Type = c.Key, c.Type
			if n.Config.Public != "" {
				t.Picture = strings.TrimSuffix(n.Config.Public, "/") + "/" + c.Key
			}
		}
		if channels := decidable(it.wants); len(channels) > 0 && n.Config.Desk.Key.Given() {
			text, err := n.Links.Make(ctx, staff.Link{Story: s.Key, Site: s.Site, Revision: s.Revision, Channels: channels, For: n.person(to)})
			if err != nil {
				return m, err
			}
			t.Review = n.Config.Desk.URL + "/review/" + text
			t.Ends = say("ends", "{time}", clock(n.Now().Add(n.Config.Desk.Links)))
		}
		m.Stories = append(m.Stories, t)
	}
	if m.Title = say("many", "{n}", strconv.Itoa(len(items))); len(items) == 1 {
		m.Title = m.Stories[0].Headline
	}
	if r.Person != "" && len(items) > 1 {
		m.Title = r.Person + " · " + m.Title
	}
	return m, nil
}

// decidable are the channels about which a link may decide: what waits for a first decision or goes by itself. A second
// approval takes somebody who signs in.
func decidable(wants []Want) []string {
	var out []string
	for _, w := range wants {
		if w.About == aboutReview && !w.Second || w.About == aboutAuto {
			out = append(out, w.Channels...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// person is the name under which a receiver's links decide.
func (n *Notifier) person(to string) string {
	if p := n.Config.Notices[to].Person; p != "" {
		return p
	}
	return to
}

// language is the receiver's, or that of the first story's site, if there are words in it, else English.
func (n *Notifier) language(to string, items []item) string {
	w, err := words()
	for _, l := range []string{n.Config.Notices[to].Language, n.Config.Sites[items[0].dossier.Story.Site].Language} {
		l, _, _ = strings.Cut(strings.ToLower(l), "-")
		if l == "ku" {
			l = "kmr"
		}
		if err == nil && w["waits"][l] != "" {
			return l
		}
	}
	return "en"
}

// clock is a time as a site's newsroom reads it, with its day if that is not today.
func (n *Notifier) clock(site string, t time.Time) string {
	local, err := zone.Load(n.Config.Sites[site].Zone)
	if err != nil { // it was checked when the configuration was read; UTC is never wrong, since it is said
		local = time.UTC
	}
	form := "15:04 MST"
	if t, now := t.In(local), n.Now().In(local); t.YearDay() != now.YearDay() || t.Year() != now.Year() {
		form = "2006-01-02 15:04 MST"
	}
	return t.In(local).Format(form)
}

// line is a text from outside as one line, without control characters and without those that turn the order of what stands
// around it.
func line(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, s)), " ")
}

// picture reads the card of a message's only story; nil where there is none.
func (n *Notifier) picture(ctx context.Context, m message) ([]byte, error) {
	if len(m.Stories) != 1 || m.Stories[0].Card == "" {
		return nil, nil
	}
	return n.Store.Read(ctx, m.Stories[0].Card)
}
