package story

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"cutline/internal/article"
)

func TestChangesOfAnArticleAreShortAndShowWhatDiffers(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	long := strings.Repeat("ئاوی بەنداوەکە بەرز بووەوە. ", 400)
	was := article.Article{Headline: "A", Body: long + "It is 16 percent full." + long, Photo: article.Photo{URL: "https://a.example/1.jpg"}}
	is := was
	is.Body, is.Headline, is.Embargo = long+"It is 61 percent full."+long, "B", at
	got := ArticleChanges(was, is, at)
	if len(got) != 3 || got[0].What != "headline" || got[1].What != "body" || got[2].What != "embargo" || got[2].After != "2026-11-26T12:00:00Z" {
		t.Fatalf("%+v", got)
	}
	b := got[1]
	if !b.Cut || len(b.Before) > maxStretch+3 || !strings.Contains(b.Before[:120], "16") || !strings.Contains(b.After[:120], "61") || !utf8.ValidString(b.Before+b.After) {
		t.Errorf("%q", b.Before)
	}
	if same := ArticleChanges(was, was, at); same != nil {
		t.Errorf("%+v", same)
	}
	var s Story
	for range maxChanges {
		s.Changed(got)
	}
	if len(s.Past) != maxChanges {
		t.Errorf("%d kept", len(s.Past))
	}
	grown := was
	grown.Body += "More."
	if c := ArticleChanges(was, grown, at); len(c) != 1 || !strings.HasSuffix(c[0].After, "More.") {
		t.Errorf("%+v", c)
	}
}
