package desk

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"cutline/internal/article"
)

//go:embed words.json
var wordsJSON []byte

// words is the interface in six languages. A key that a language lacks falls back to English; a test finds it.
type words struct {
	Languages map[string]struct{ Name, Dir string } `json:"languages"`
	Words     map[string]map[string]string          `json:"words"`
}

func (w *words) read() error {
	if err := json.Unmarshal(wordsJSON, w); err != nil {
		return fmt.Errorf("the desk's words: %w", err)
	}
	return nil
}

// say is a word in a language with its placeholders filled: pairs of name and value.
func (w *words) say(lang, key string, args ...any) string {
	s := w.Words[key][lang]
	if s == "" {
		s = w.Words[key]["en"]
	}
	for i := 0; i+1 < len(args); i += 2 {
		s = strings.ReplaceAll(s, fmt.Sprintf("{%v}", args[i]), fmt.Sprint(args[i+1]))
	}
	return s
}

// language chooses the interface's: ?lang=, the cookie that it sets, what the browser asks for.
func (w *words) language(rw http.ResponseWriter, r *http.Request) string {
	if l := r.URL.Query().Get("lang"); w.Languages[l].Name != "" {
		http.SetCookie(rw, &http.Cookie{Name: "lang", Value: l, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		return l
	}
	if c, err := r.Cookie("lang"); err == nil && w.Languages[c.Value].Name != "" {
		return c.Value
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err == nil {
		for _, t := range tags {
			base, _ := t.Base()
			if l := base.String(); w.Languages[l].Name != "" {
				return l
			} else if l == "ku" {
				return "kmr"
			}
		}
	}
	return "en"
}

// names lists the languages for the switch.
func (w *words) names() []string {
	var out []string
	for l := range w.Languages {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

func direction(lang string) string { return article.Direction(lang) }
