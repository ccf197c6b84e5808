package desk

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"cutline/internal/article"
	"cutline/internal/remark"
	"cutline/internal/staff"
)

//go:embed words/*.json
var wordFiles embed.FS

// language is the interface in one language: one file of words/ each, beside what package remark says in it.
type language struct {
	*remark.Language
	Name  string            `json:"name"`  // of the language, in itself
	Words map[string]phrase `json:"words"` // by key, the same keys in every file
}

// phrase is a text, or one for each CLDR plural category. {name} in it is a placeholder.
type phrase map[string]string

func (p *phrase) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*p = phrase{"other": s}
		return nil
	}
	return json.Unmarshal(b, (*map[string]string)(p))
}

func readWords() (map[string]*language, error) {
	out := map[string]*language{}
	for _, l := range remark.Languages {
		b, err := wordFiles.ReadFile("words/" + l.Tag + ".json")
		if err != nil {
			return nil, fmt.Errorf("the desk's words: %w", err)
		}
		w := &language{Language: l}
		if err := json.Unmarshal(b, w); err != nil {
			return nil, fmt.Errorf("the desk's words in %s: %w", l.Tag, err)
		}
		out[l.Tag] = w
	}
	return out, nil
}

// language is what the address says (?lang=, for this page alone), what the person chose, what the browser asks for first
// among those there are, else English.
func (d *desk) language(r *http.Request) *language {
	if l := d.words[r.URL.Query().Get("lang")]; l != nil {
		return l
	}
	if c, err := r.Cookie("lang"); err == nil && d.words[c.Value] != nil {
		return d.words[c.Value]
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		if l := remark.In(article.Tongue(tag)); l != nil {
			return d.words[l.Tag]
		}
	}
	return d.words["en"]
}

// settings keeps the chosen language, appearance and keyboard in cookies, and goes back to the page it was chosen on.
func (d *desk) settings(q *request) error {
	keep := func(name, value string) {
		http.SetCookie(q.w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, Secure: !d.Loopback, SameSite: http.SameSiteLaxMode})
	}
	if tag := q.PostFormValue("lang"); d.words[tag] != nil {
		keep("lang", tag)
	}
	switch v := q.PostFormValue("appearance"); v {
	case "light", "dark", "auto":
		keep("appearance", v)
	}
	switch v := q.PostFormValue("keys"); v {
	case "on", "off":
		keep("keys", v)
	}
	return q.see(staff.OwnPath(q.PostFormValue("return_to")))
}

// say is a text of the interface. pairs are placeholders and their values, as "name", "AFP".
func (l *language) say(key string, pairs ...string) string {
	return fill(l.Words[key]["other"], pairs)
}

// show is say for pages: the values stand in <bdi>, so that a Latin name does not turn a right-to-left sentence around.
func (l *language) show(key string, pairs ...string) template.HTML {
	s := template.HTMLEscapeString(l.Words[key]["other"])
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, "{"+pairs[i]+"}", "<bdi>"+template.HTMLEscapeString(clean(pairs[i+1]))+"</bdi>")
	}
	return template.HTML(s) // our own words, and values escaped above
}

// count is a text that depends on a number, which it shows with the language's digits.
func (l *language) count(key string, n int) string {
	p := l.Words[key]
	s, ok := p[plural(l.Tag, n)]
	if !ok {
		s = p["other"]
	}
	return fill(s, []string{"n", l.Number(n)})
}

func fill(s string, pairs []string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, "{"+pairs[i]+"}", pairs[i+1])
	}
	return s
}

// plural is the CLDR plural category of a whole number (CLDR 46, plurals.xml).
func plural(tag string, n int) string {
	switch {
	case tag == "ar" && n == 0:
		return "zero"
	case tag == "ar" && n == 2:
		return "two"
	case tag == "ar" && n%100 >= 3 && n%100 <= 10:
		return "few"
	case tag == "ar" && n%100 >= 11:
		return "many"
	case n == 1, tag == "fa" && n == 0:
		return "one"
	}
	return "other"
}

// clock is a time of day in a zone; with the date before it when that is another day than now's.
func (l *language) clock(t, now time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t, now = t.In(zone), now.In(zone)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return l.Digits(t.Format("15:04"))
	}
	return l.Digits(t.Format("2006-01-02 15:04"))
}

// span is a length of time in words: seconds under a minute, minutes up to two hours, then hours and minutes.
func (l *language) span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return l.count("seconds", int(d/time.Second))
	case d < 2*time.Hour:
		return l.count("minutes", int(d/time.Minute))
	case d < 48*time.Hour:
		return l.say("hours", "h", l.Number(int(d/time.Hour)), "m", l.Number(int(d/time.Minute)%60))
	}
	return l.count("days", int(d/(24*time.Hour)))
}

// seconds is a length of time as the figures have it: seconds with one place, or words where it is long.
func (l *language) seconds(d time.Duration) string {
	if d >= 10*time.Minute {
		return l.span(d)
	}
	return l.say("secs", "n", l.Decimal(d.Seconds()))
}

// clean takes out of a name, id or address what could turn its surroundings around or hide: control characters and
// the bidi embeddings and isolates U+202A–202E, U+2066–2069. Joiners stay; Sorani, Persian and emoji need them.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return visible(r)
	}, s)
}

// cleanText takes control characters out of a text, but leaves its lines and direction marks.
func cleanText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return visible(r)
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// line is a field of one line as a person typed it: trimmed, white space folded, nothing hidden in it.
func line(s string) string { return strings.TrimSpace(clean(strings.Join(strings.Fields(s), " "))) }

func visible(r rune) rune {
	if r < 0x20 || r >= 0x7F && r <= 0x9F || r == 0x2028 || r == 0x2029 || r == 0xFEFF {
		return -1
	}
	return r
}
