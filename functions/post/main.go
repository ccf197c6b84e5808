// Command post is the function that posts: woken by changes of manifests/ and decisions/, by a tick every minute for what
// is due, and by a sweep for what was lost. Package post says what it promises.
package main

import (
	"context"
	"net/http"

	"cutline/internal/channel"
	"cutline/internal/lambda"
	"cutline/internal/post"
)

func main() {
	lambda.Main(lambda.Secrets, func(r *lambda.Rooms) (*lambda.Function, error) {
		channels, err := post.Open(r.Config, channel.Parts{
			Store: r.Store, Client: &http.Client{}, Now: r.Now, Random: r.Random, Public: r.Config.Public, Lease: r.Config.Timing.Lease,
		})
		p := &post.Poster{Store: r.Store, Config: r.Config, Channels: channels, Now: r.Now, Random: r.Random, Log: r.Log}
		return &lambda.Function{
			Look: p.Look, Together: 4, // stories whose networks are slow wait for each other no longer than they must
			Schedules: map[string]func(context.Context) error{"tick": p.Tick, "sweep": p.Sweep},
		}, err
	})
}
