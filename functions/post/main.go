// Command post is the function that posts: woken by changes of manifests/ and decisions/, by a tick every minute for what
// is due, and by a sweep for what was lost; it tells people of what waits for them. Packages post and notice say what they promise.
package main

import (
	"context"
	"errors"
	"net/http"

	"cutline/internal/channel"
	"cutline/internal/fetch"
	"cutline/internal/lambda"
	"cutline/internal/notice"
	"cutline/internal/post"
	"cutline/internal/rewrite"
	"cutline/internal/staff"
)

func main() {
	lambda.Main(lambda.Secrets, func(r *lambda.Rooms) (*lambda.Function, error) {
		channels, err := post.Open(r.Config, channel.Parts{
			Store: r.Store, Client: &http.Client{}, Now: r.Now, Random: r.Random, Public: r.Config.Public, Lease: r.Config.Timing.Lease,
		})
		if err != nil {
			return nil, err
		}
		links, err := staff.NewLinks(r.Store, r.Config, r.Now, r.Random)
		tell := &notice.Notifier{Store: r.Store, Config: r.Config, Links: links, Client: &http.Client{}, Now: r.Now, Random: r.Random, Log: r.Log}
		p := &post.Poster{Store: r.Store, Config: r.Config, Channels: channels, Now: r.Now, Random: r.Random, Log: r.Log, After: tell.After, Pages: &fetch.Client{Allow: r.Config.Network.Allow, Plain: r.Config.Network.Plain}}
		if r.Config.Rewrite.Model != "" {
			p.Reword = (&rewrite.Bedrock{Config: r.Config.Rewrite, Account: lambda.Environment, Client: &http.Client{}, Now: r.Now}).Write
		}
		return &lambda.Function{
			Look: p.Look, Together: 4, // stories whose networks are slow wait for each other no longer than they must
			Schedules: map[string]func(context.Context) error{"tick": func(ctx context.Context) error { return errors.Join(p.Tick(ctx), tell.Tick(ctx)) }, "sweep": p.Sweep},
		}, err
	})
}
