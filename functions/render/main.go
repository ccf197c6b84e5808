// Command render is the function that draws: woken by changes of stories/, swept every few minutes, and asked over HTTP
// for /cards/. Package render says what it promises. It needs no secrets.
package main

import (
	"context"

	"cutline/fonts"
	"cutline/internal/fetch"
	"cutline/internal/lambda"
	"cutline/internal/render"
	"cutline/internal/typeset"
)

func main() {
	lambda.Main(nil, func(r *lambda.Rooms) (*lambda.Function, error) {
		d := &render.Renderer{
			Store: r.Store, Config: r.Config, Dir: r.Dir, Now: r.Now, Log: r.Log, Fonts: typeset.NewFonts(fonts.All()...),
			Fetch: &fetch.Client{Allow: r.Config.Network.Allow, Plain: r.Config.Network.Plain},
		}
		if err := d.Ready(); err != nil {
			return nil, err
		}
		return &lambda.Function{HTTP: d.Handler(), Look: d.Look, Preview: d.Preview, Photo: d.Photo, Schedules: map[string]func(context.Context) error{"sweep": d.Sweep}}, nil
	})
}
