package post

import (
	"context"
	"strings"
	"unicode/utf8"

	"cutline/internal/channel"
	"cutline/internal/story"
)

// reword asks for other words for a draft's summary and holds them to the gate. Whatever comes of it is recorded with the
// draft that it was asked for, so that it is asked once: where it fails or does not pass, the extractive words stand.
func (p *Poster) reword(ctx context.Context, f Facts) story.OtherWords {
	s := &f.Dossier.Story
	out := story.OtherWords{Of: f.Draft.Hash(), Model: p.Config.Rewrite.Model, At: f.Now}
	a := s.Edited()
	said, err := p.Reword(ctx, a, f.Draft.Text, max(utf8.RuneCountInString(f.Draft.Text), 120))
	if err != nil {
		out.Why = err.Error()
		return out
	}
	site := p.Config.Sites[s.Site]
	piece := channel.Piece{Key: s.Key, Site: site, Article: a, Manifest: f.Dossier.Manifest, Revision: s.Revision, Summary: said}
	made := p.Channels[f.Channel].Prepare(piece)
	switch {
	case strings.ContainsAny(said, "#@") || strings.Contains(said, "://"):
		out.Why = "it has a hashtag, a mention or a link"
	case !strings.Contains(made.Text, said):
		out.Why = "it does not fit"
	case len(made.Findings) > 0:
		out.Why = strings.Join(made.Findings, "; ")
	default:
		out.Text = said
		return out
	}
	out.Said = said
	return out
}
