package channel

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"cutline/internal/article"
	"cutline/internal/config"
	"cutline/internal/story"
)

// The words of a post where the configuration has no template: with the link in the text, or beside it; and those of
// a correction that is given as a reply.
const (
	linkedWords     = "{{summary}}\n\n{{link}}\n\n{{hashtags}}"
	unlinkedWords   = "{{summary}}\n\n{{hashtags}}"
	barestWords     = "{{summary}}" // where hashtags have a place of their own
	correctionWords = "{{correction}}: {{summary}}"
)

// wording makes the text of one post from a template. The template's functions read its fields, so that one wording
// tries many texts.
type wording struct {
	t        *pattern
	fixed    []string // the template's own words
	piece    Piece
	signs    bool   // the network reads signs: the article's are made harmless, the template's own count
	link     string // as it is shown
	tags     []string
	headline string
	summary  string
}

// functions are what a template may call, each without arguments. What an article does not have is empty.
func (w *wording) functions() map[string]func() string {
	a := &w.piece.Article
	words := func(s string) string {
		if w.signs {
			return plain(s)
		}
		return s
	}
	return map[string]func() string{
		"headline":   func() string { return words(w.headline) },
		"summary":    func() string { return words(w.summary) },
		"dek":        func() string { return words(a.Dek) },
		"link":       func() string { return w.link },
		"hashtags":   func() string { return hashtags(w.tags, article.RTL(a.Language)) },
		"section":    func() string { return words(a.Section) },
		"byline":     func() string { return words(a.Byline) },
		"dateline":   func() string { return words(a.Dateline) },
		"credit":     func() string { return words(w.piece.Manifest.Credit) },
		"kicker":     func() string { return words(a.Kicker) },
		"language":   func() string { return article.Primary(a.Language) },
		"site":       func() string { return w.piece.Site.Name },
		"correction": func() string { return correctionWord(a.Language) },
	}
}

var actionRE = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

// newWording reads a template: the configured one, or else the given words.
func newWording(t config.Template, otherwise string, p Piece) (*wording, error) {
	text := t.String()
	if !t.Given() {
		text = otherwise
	}
	w := &wording{piece: p, headline: p.Article.Headline}
	functions := w.functions()
	var err error
	if w.t, err = parsePattern(text, functions); err != nil {
		return nil, t.Wrong("%s; the functions are %s", bareTemplate(err), strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
	}
	for _, own := range actionRE.Split(text, -1) {
		for line := range strings.Lines(own) {
			if line = strings.TrimFunc(line, notLetter); line != "" {
				w.fixed = append(w.fixed, line)
			}
		}
	}
	return w, nil
}

func notLetter(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
}

// bareTemplate takes the template's name out of an error of the template's parser: the configuration's file, line and key
// stand before it.
func bareTemplate(err error) string {
	return templateRE.ReplaceAllString(err.Error(), "")
}

var templateRE = regexp.MustCompile(`^template: :\d+(?::\d+)?: (?:executing "" at <.*?>: )?`)

var blankRE = regexp.MustCompile(`[ \t]*\n(?:[ \t]*\n)*`)

// text is what the template comes to. Lines of which nothing is left go, and so do empty paragraphs.
func (w *wording) text() (string, error) {
	text, err := w.t.text(w.functions())
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(blankRE.ReplaceAllStringFunc(text, func(s string) string {
		if strings.Count(s, "\n") > 1 {
			return "\n\n"
		}
		return "\n"
	})), nil
}

// write fits the words: the best summary that fits, and as many hashtags as fit beside it, the first ones first. Where
// even the headline does not fit it is cut; cut says that it was.
func (w *wording) write(tags []string, fits func(string) bool) (text string, cut bool, err error) {
	try := func(n int) (text string, ok bool) {
		w.tags, w.summary = tags[:n], ""
		if text, err = w.text(); err != nil || !fits(text) {
			return "", false
		}
		with := func(s string) bool {
			w.summary = s
			whole, failed := w.text()
			return failed == nil && fits(whole)
		}
		if w.piece.Summary == "" || !with(w.piece.Summary) {
			w.summary = w.piece.read.Write(with)
		}
		text, err = w.text()
		return text, err == nil
	}
	text, ok := try(0)
	if ok {
		best := w.summary
		for n := len(tags); n > 0; n-- {
			if more, ok := try(n); ok && w.summary == best {
				return more, false, nil
			}
		}
	}
	if ok || err != nil {
		return text, false, err
	}
	w.tags, w.summary = nil, ""
	words := strings.Fields(w.piece.Article.Headline)
	for n := len(words) - 1; n > 0; n-- {
		w.headline = strings.Join(words[:n], " ") + " …"
		if text, err = w.text(); err != nil || fits(text) {
			return text, true, err
		}
	}
	return text, true, errTooLong
}

var errTooLong = errors.New("the template's own words are longer than the network allows")

// hashtags writes tags with their sign. Where a tag runs against the direction of the text a mark before the sign keeps it
// on the side where the tag begins.
func hashtags(tags []string, rtl bool) string {
	var out []string
	for _, t := range tags {
		mark := ""
		if own := rightToLeft(t); own != rtl {
			mark = "\u200e"
			if own {
				mark = "\u200f"
			}
		}
		out = append(out, mark+"#"+t)
	}
	return strings.Join(out, " ")
}

// rightToLeft says whether the first letter of a text is of a script that is written so.
func rightToLeft(s string) bool {
	for _, r := range s {
		if unicode.IsLetter(r) {
			return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana)
		}
	}
	return false
}

// tagsOf is the hashtags that the site has for an article's tags, each once, in the article's order.
func tagsOf(site config.Site, a article.Article) []string {
	var out []string
	for _, t := range a.Tags {
		h := site.Hashtags[t]
		for own, x := range site.Hashtags {
			if h == "" && strings.EqualFold(own, t) {
				h = x
			}
		}
		if h != "" && !slices.ContainsFunc(out, func(x string) bool { return strings.EqualFold(x, h) }) {
			out = append(out, h)
		}
	}
	return out
}

// correctionWord is how a newsroom heads a correction.
func correctionWord(language string) string {
	switch article.Tongue(language) {
	case "ckb":
		return "ڕاستکردنەوە"
	case "kmr":
		return "Rastkirin"
	case "ar":
		return "تصحيح"
	case "fa":
		return "اصلاحیه"
	case "tr":
		return "Düzeltme"
	case "de":
		return "Berichtigung"
	}
	return "Correction"
}

// Check is the faithfulness gate for a whole post: what the desk or a machine wrote for a channel, without the words that
// the channel's template adds of its own, and without its link and hashtags. It returns the reasons against it in
// words for the desk; none: it may go out.
func Check(text string, d story.Draft, a article.Article, c config.Channel, site config.Site) []string {
	return Piece{Article: a, Site: site}.Read().check(text, d, c)
}

// check is [Check] with a piece whose article was read.
func (p Piece) check(text string, d story.Draft, c config.Channel) []string {
	var out []string
	for _, f := range p.read.Check(bareText(text, d, p.Article.Language, c, p.Site)) {
		out = append(out, f.Why)
	}
	return out
}

// bareText is a draft's text without its link, its hashtags and the template's own words.
func bareText(text string, d story.Draft, language string, c config.Channel, site config.Site) string {
	fixed := []string{correctionWord(language)}
	for _, t := range []config.Template{or(c.Template, site.Template), or(c.Correction, site.Correction)} {
		if w, err := newWording(t, "", Piece{}); err == nil {
			fixed = append(fixed, w.fixed...)
		}
	}
	for _, t := range d.Tags {
		fixed = append(fixed, "#"+t)
	}
	text = strings.NewReplacer("\u200e", "", "\u200f", "").Replace(text)
	slices.SortFunc(fixed, func(a, b string) int { return len(b) - len(a) })
	for _, own := range append([]string{d.Link, shortLink(d.Link)}, fixed...) {
		text = without(text, own)
	}
	return strings.TrimSpace(text)
}

func or(t, otherwise config.Template) config.Template {
	if t.Given() {
		return t
	}
	return otherwise
}

// without takes the first place of own out of a text, where it stands as whole words, with a colon behind it.
func without(text, own string) string {
	if own == "" {
		return text
	}
	for at := 0; ; {
		i := strings.Index(text[at:], own)
		if i < 0 {
			return text
		}
		i += at
		before, after := []rune(text[:i]), []rune(text[i+len(own):])
		if (len(before) == 0 || notLetter(before[len(before)-1])) && (len(after) == 0 || notLetter(after[0])) {
			return text[:i] + strings.TrimLeft(text[i+len(own):], ": ")
		}
		at = i + len(own)
	}
}

// tryTemplates makes a post of every sample in the site's language, so that a template that cannot work is known when the
// program starts and not when news comes.
func tryTemplates(ch Channel, c config.Channel, site config.Site) error {
	var errs []error
	for _, t := range []struct {
		template config.Template
		corrects bool
	}{{or(c.Template, site.Template), false}, {or(c.Correction, site.Correction), true}} {
		if !t.template.Given() {
			continue
		}
		for _, s := range samples(site) {
			w, err := newWording(t.template, "", s.piece)
			if err == nil {
				w.summary, w.link, w.tags = s.piece.Article.Dek, s.piece.Article.URL, tagsOf(site, s.piece.Article)
				if _, failed := w.text(); failed != nil {
					err = t.template.Wrong("%s", bareTemplate(failed))
				}
			}
			if err != nil {
				errs = append(errs, err)
				break
			}
			s.piece.Corrects = t.corrects
			d := ch.Prepare(s.piece)
			if slices.ContainsFunc(d.Findings, func(f string) bool { return strings.Contains(f, errTooLong.Error()) }) {
				errs = append(errs, t.template.Wrong("with %s %v", s.name, errTooLong))
				break
			} else if strings.TrimSpace(d.Text) == "" {
				errs = append(errs, t.template.Wrong("with %s it makes no text at all: add {{headline}} or {{summary}}", s.name))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// sample is an article that a template must do with.
type sample struct {
	name  string
	piece Piece
}

// samples are articles of the kinds that break templates.
func samples(site config.Site) []sample {
	words := map[string][2]string{ // a headline and a sentence
		"ckb": {"ئاستی ئاوی بەنداوی دەربەندیخان گەیشتە لێواری سەرڕێژ", "کارمەندان دەڵێن ئاوەکە بۆ یەکەم جار لە شەش ساڵدا گەیشتووەتە لێواری سەرڕێژ."},
		"ar":  {"منسوب المياه في سد دربندخان يبلغ حافة المفيض", "قال مسؤولون إن المياه بلغت حافة المفيض للمرة الأولى منذ ست سنوات."},
		"fa":  {"آب سد دربندیخان به لبه سرریز رسید", "مسئولان می\u200cگویند آب برای نخستین بار در شش سال به لبه سرریز رسیده است."},
		"tr":  {"Derbendihan Barajı’nda su taşma kapağına ulaştı", "Yetkililer suyun altı yıl sonra ilk kez taşma kapağına ulaştığını söyledi."},
		"kmr": {"Ava bendava Derbendîxanê gihîşt devê derçeyê", "Berpirs dibêjin ku av piştî şeş salan cara yekem gihîştiye devê derçeyê."},
		"en":  {"Reservoir at Derbendikhan reaches the lip of its spillway", "Officials say the water has reached the lip of the spillway for the first time in six years."},
	}
	w, ok := words[article.Tongue(site.Language)]
	if !ok {
		w = words["en"]
	}
	var tags []string
	for tag := range site.Hashtags {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	full := article.Article{
		ID: "sample", URL: strings.TrimSuffix(site.URL, "/") + "/" + strings.Repeat("a-long-address-", 12), Language: site.Language, Headline: w[0], Dek: w[1],
		Body: strings.Repeat(w[1]+"\n\n", 3), Byline: "A. Sample, B. Sample", Section: "News", Dateline: "DERBENDIKHAN", Tags: tags,
	}
	bare := article.Article{ID: "sample", URL: strings.TrimSuffix(site.URL, "/") + "/1", Language: site.Language, Headline: w[0]}
	long := full
	long.Headline, long.Dek = strings.TrimSpace(strings.Repeat(w[0]+" ", 8)), ""
	var out []sample
	for name, a := range map[string]article.Article{"an article that has everything": full, "an article with a headline alone": bare, "a headline of hundreds of letters": long} {
		out = append(out, sample{fmt.Sprintf("%s (%s)", name, site.Language), Piece{Site: site, Article: a}})
	}
	slices.SortFunc(out, func(a, b sample) int { return strings.Compare(a.name, b.name) })
	return out
}
