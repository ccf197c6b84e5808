package post

import (
	"context"
	"errors"
	"html"
	"regexp"
	"strings"
	"time"

	"cutline/internal/fetch"
	"cutline/internal/remark"
	"cutline/internal/story"
)

// Networks that read the article's page keep what they found, a failure too. So before the first post the page and the
// card on it are fetched once as anybody would: only where both are there, and the card is ours, does it pass.

const (
	pageBytes = 3 << 20 // bytes of a page that are read
	pageTime  = 10 * time.Second
)

// checked lets a post go out only after the article's page was looked at, if the channel wants that.
func (f Facts) checked(a Act) Act {
	seen := &f.Record.Page
	if a.Do != Publish || f.Page == "" {
		return a
	}
	if seen.Revision == f.Dossier.Story.Revision && !seen.At.IsZero() {
		if seen.Why == "" || f.Page == "warn" {
			return a
		}
		if f.Now.Before(seen.Next) {
			return Act{Do: Wait, Until: seen.Next}
		}
	}
	return Act{Do: Check, Draft: a.Draft}
}

// noteSeen writes down what was seen of the page.
func noteSeen(rec *story.Post, f Facts, why string) {
	tries := 1
	if rec.Page.Revision == f.Dossier.Story.Revision {
		tries = rec.Page.Tries + 1
	}
	rec.Page = story.PageSeen{At: f.Now, Revision: f.Dossier.Story.Revision, Why: why, Tries: tries}
	if why == "" {
		return
	}
	end := "warned"
	if f.Page == "wait" {
		end = "later"
		rec.Page.Next = f.Now.Add(growing(string(rec.Key), tries))
	}
	if len(rec.History) < 1000 {
		rec.History = append(rec.History, story.Event{At: f.Now, What: "page", End: end, Why: why})
	}
}

// pageFault is what is wrong with an article's page for a network that reads it; empty: nothing.
func (p *Poster) pageFault(ctx context.Context, s *story.Story) string {
	ctx, cancel := context.WithTimeout(ctx, 2*pageTime)
	defer cancel()
	page, err := p.Pages.Get(ctx, s.Article.URL, fetch.Limits{Bytes: pageBytes, Time: pageTime})
	if err != nil {
		return remark.Say("page-fault", plainFault(err))
	}
	card := cardIn(string(page.Body), s.Key)
	if card == "" {
		return remark.Say("page-card-not-named", "/cards/"+string(s.Key)+"/og.jpg")
	}
	picture, err := p.Pages.Get(ctx, card, fetch.Limits{Bytes: pageBytes, Time: pageTime})
	switch {
	case err != nil:
		return remark.Say("page-card-fault", plainFault(err))
	case !strings.HasPrefix(picture.Type, "image/"):
		return remark.Say("page-card-no-picture", picture.Type)
	}
	return ""
}

// cardIn finds the address of one of a story's cards in a page; empty: it has none.
func cardIn(page string, k story.Key) string {
	re := regexp.MustCompile(`https?://[^\s"'<>\\]*/` + regexp.QuoteMeta(story.Cards+string(k)) + `/[^\s"'<>\\]*`)
	return html.UnescapeString(re.FindString(page))
}

func plainFault(err error) string {
	var status *fetch.StatusError
	switch {
	case errors.As(err, &status):
		return remark.Say("page-answers", status.Status)
	case errors.Is(err, fetch.ErrForbidden):
		return remark.Say("page-not-public")
	}
	return remark.Say("page-not-fetched", err.Error())
}
