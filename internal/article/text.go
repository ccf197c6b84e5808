package article

import (
	"errors"
	"strings"
)

// FromText reads an article as it stands on a page and was copied from there: the headline, perhaps a dek, perhaps a
// caption (once, or once for the picture and once below it), the dateline with the first sentence, paragraphs, and
// lines of promotion. Blank lines may part them or not. language may be empty; then it is detected.
func FromText(text, language string) (Article, error) {
	var lines []string
	for l := range strings.SplitSeq(normal(text), "\n") {
		if l = strings.TrimFunc(l, blank); l != "" {
			lines = append(lines, l)
		}
	}
	if len(lines) == 0 {
		return Article{}, errors.New("the text is empty: want a headline in the first line, then the article")
	}
	a := Article{Headline: lines[0], Language: language}
	lines = lines[1:]
	if a.Language == "" {
		a.Language = Detect(text)
	}
	// Before the body stand the dek and captions. A line that stands twice is a caption; so is one with a credit; the
	// body begins with the dateline, or with the first line that is neither.
	counts := map[string]int{}
	for _, l := range lines {
		counts[l]++
	}
	begin := bodyStart(lines)
	var body []string
	for i, l := range lines {
		if i >= begin {
			body = append(body, l)
			continue
		}
		credit, rest := creditOf(l, a.Language)
		switch {
		case counts[l] > 1 || credit != "":
			if a.Photo.Credit == "" && credit != "" {
				a.Photo.Caption, a.Photo.Credit, a.Photo.From = rest, credit, "caption"
			} else if a.Photo.Caption == "" {
				a.Photo.Caption = rest
			}
		case byPrefix.MatchString(l) && len(strings.Fields(l)) < 12:
			a.Byline = l
		case a.Dek == "":
			a.Dek = l
		default:
			body = append(body, l)
		}
	}
	photo := a.Photo
	clean(&a, strings.Join(body, "\n\n"), Rules{}) // plain text: nothing to decode
	if photo.Credit != "" {                        // it was read from the caption already
		a.Photo = photo
	}
	return a, nil
}

// bodyStart finds the line with the dateline; without one the body begins after the dek and the captions.
func bodyStart(lines []string) int {
	for i, l := range lines[:min(len(lines), 8)] {
		if line, _ := splitDateline(l); line != "" {
			return i
		}
	}
	for i, l := range lines {
		if credit, _ := creditIn(l); credit != "" && i < 6 {
			continue
		}
		if i == 0 && len(lines) > 1 {
			continue // the dek
		}
		return i
	}
	return len(lines)
}
