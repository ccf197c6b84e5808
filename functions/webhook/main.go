// Command webhook is the function that CMSs call at /hooks/{source}, and that asks them every minute for what was missed.
// Package webhook says what it promises.
package main

import (
	"context"

	"cutline/internal/fetch"
	"cutline/internal/lambda"
	"cutline/internal/source"
	"cutline/internal/webhook"
)

func main() {
	lambda.Main(lambda.Secrets, func(r *lambda.Rooms) (*lambda.Function, error) {
		h, err := webhook.New(webhook.Parts{Store: r.Store, Config: r.Config, Now: r.Now, Log: r.Log, Net: source.Net{
			API:   source.API(),
			Pages: &fetch.Client{Allow: r.Config.Network.Allow, Plain: r.Config.Network.Plain},
		}})
		if err != nil {
			return nil, err
		}
		return &lambda.Function{HTTP: h, Schedules: map[string]func(context.Context) error{"tick": h.Tick}}, nil
	})
}
