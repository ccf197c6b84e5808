package notice

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/remark"
	"cutline/internal/staff"
	"cutline/internal/story"
	"cutline/internal/zone"
)

// message is what a receiver gets, before its kind puts it in its own form. All texts are plain, and each line is marked
// where it would else be taken for one of the other direction.
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
	r, l := n.Config.Notices[to], n.language(to, items)
	say := func(kind string, values ...string) string { return said(l, l.Say(kind, values...)) }
	m := message{Lang: l.Tag, Dir: l.Dir, Review: say("notice.review"), Desk: say("notice.desk")}
	for i, it := range items {
		m.ID += string(it.dossier.Story.Key) + strings.Join(tags(it.wants), " ")
		if i >= listed {
			m.More++
			continue
		}
		s := &it.dossier.Story
		clock := func(t time.Time) string { return l.Digits(n.clock(s.Site, t)) }
		t := told{Headline: article.Directed(line(s.Headline()), s.Article.Language), Lang: s.Article.Language, Alt: line(it.dossier.Manifest.Alt), Desk: n.Config.Desk.URL + "/story/" + string(s.Key)}
		for _, want := range it.wants {
			t.Why = append(t.Why, article.Directed(why(l, want, clock), l.Tag))
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
			t.Ends = article.Directed(say("notice.ends", clock(n.Now().Add(n.Config.Desk.Links))), l.Tag)
		}
		m.Stories = append(m.Stories, t)
	}
	if len(items) == 1 {
		m.Title = m.Stories[0].Headline
		return m, nil
	}
	if m.Title = say("notice.many", strconv.Itoa(len(items))); r.Person != "" {
		m.Title = article.Directed(article.Isolated(line(r.Person), l.Tag)+" · "+m.Title, l.Tag)
	}
	return m, nil
}

// why says one thing that is wanted of a story, and on which channels.
func why(l *remark.Language, w Want, clock func(time.Time) string) string {
	var pieces []remark.Piece
	switch {
	case w.Second:
		pieces = l.Say("notice.second")
	case w.About == aboutAuto:
		pieces = l.Say("notice.auto", clock(w.State.Until))
	case w.State.Name == story.StateUncertain:
		pieces = l.Say("notice.uncertain", w.State.Why)
	case w.About == aboutTrouble:
		pieces = l.Say("notice.trouble", w.State.Why)
	case w.State.Why != "":
		pieces = l.Say("notice.waits-why", w.State.Why)
	default:
		pieces = l.Say("notice.waits")
	}
	var channels []string
	for _, c := range w.Channels {
		channels = append(channels, article.Isolated(c, l.Tag))
	}
	return said(l, pieces) + " · " + strings.Join(channels, l.Comma())
}

// said is what a language says, on one line; what is not its own is kept from turning the line around.
func said(l *remark.Language, pieces []remark.Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		if p.Ours {
			b.WriteString(p.Text)
		} else {
			b.WriteString(article.Isolated(line(p.Text), l.Tag))
		}
	}
	return b.String()
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

// language is the receiver's, else that of the stories' sites if it is the same for all and there are words in it, else
// English.
func (n *Notifier) language(to string, items []item) *remark.Language {
	if l := remark.In(n.Config.Notices[to].Language); l != nil {
		return l
	}
	of := func(it item) *remark.Language {
		return remark.In(article.Tongue(n.Config.Sites[it.dossier.Story.Site].Language))
	}
	l := of(items[0])
	if l == nil || slices.ContainsFunc(items, func(it item) bool { return of(it) != l }) {
		l = remark.In("en")
	}
	return l
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
