package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"cutline/fonts"
	"cutline/internal/article"
	"cutline/internal/channel"
	"cutline/internal/config"
	"cutline/internal/fetch"
	"cutline/internal/notice"
	"cutline/internal/post"
	"cutline/internal/render"
	"cutline/internal/rewrite"
	"cutline/internal/staff"
	"cutline/internal/story"
	"cutline/internal/typeset"
)

// steps are the two steps that carry a story on, and what tells people of it, made for one bucket.
type steps struct {
	notice *notice.Notifier
	render *render.Renderer
	post   *post.Poster
}

// steps makes them. The addresses of cards and feeds begin with the configuration's public address, or with none.
func (p *program) steps(l *place, c *config.Config, st *story.Store) (*steps, error) {
	return p.stepsAt(l, c, st, c.Public)
}

func (p *program) stepsAt(l *place, c *config.Config, st *story.Store, public string) (*steps, error) {
	channels, err := openChannels(c, st, public)
	if err != nil {
		return nil, err
	}
	links, err := staff.NewLinks(st, c, p.now, p.random)
	if err != nil {
		return nil, err
	}
	tell := &notice.Notifier{Store: st, Config: c, Links: links, Client: &http.Client{}, Now: p.now, Random: p.random, Log: p.log}
	var reword func(context.Context, article.Article, string, int) (string, error)
	if c.Rewrite.Model != "" {
		reword = (&rewrite.Bedrock{Config: c.Rewrite, Account: account, Client: &http.Client{}, Now: p.now}).Write
	}
	pages := &fetch.Client{Allow: c.Network.Allow, Plain: c.Network.Plain}
	return &steps{
		notice: tell,
		render: &render.Renderer{
			Store: st, Config: c, Dir: filepath.Dir(p.configPath(l)), Fetch: pages,
			Fonts: typeset.NewFonts(fonts.All()...), Now: p.now, Log: p.log,
		},
		post: &post.Poster{Store: st, Config: c, Channels: channels, Now: p.now, Random: p.random, Log: p.log, After: tell.After, Pages: pages, Reword: reword},
	}, nil
}

// carry brings a story to its channels as far as it can go now. A call for which this process has not the secrets is left to
// whoever has them, which it says: that they are missing here is no fault of the account's, which is everybody's.
func (p *program) carry(ctx context.Context, s *steps, c *config.Config, k story.Key, site string) error {
	s.post.Elsewhere = map[string]bool{}
	for _, name := range c.ChannelsOf(site) {
		if err := readSecrets(ctx, name, c.Channels[name]); err != nil {
			s.post.Elsewhere[name] = true
			fmt.Fprintf(p.stderr, "cutline: nothing is posted to %s from here, but by cutline serve or the function post, within a minute: %v\n", name, err)
		}
	}
	return s.post.Look(ctx, k)
}

// readSecrets says which of a channel's secrets cannot be read.
func readSecrets(ctx context.Context, name string, c config.Channel) error {
	at := "channels." + name
	return errors.Join(readSecret(ctx, at+".secret", c.Secret), readSecret(ctx, at+".app_secret", c.AppSecret), readSecret(ctx, at+".token_secret", c.TokenSecret))
}

// readSecret says that a secret cannot be read, and which.
func readSecret(ctx context.Context, where string, s config.Secret) error {
	if !s.Given() {
		return nil
	}
	if _, err := s.Value(ctx); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

func openChannels(c *config.Config, st *story.Store, public string) (map[string]channel.Channel, error) {
	return post.Open(c, channel.Parts{Store: st, Client: &http.Client{}, Now: time.Now, Random: rand.Reader, Public: public, Lease: c.Timing.Lease})
}
