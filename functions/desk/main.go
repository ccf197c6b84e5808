// Command desk is the function behind the review page. Package desk says what it promises; without a way to sign in
// (desk.oidc or desk.people in the configuration) it does not start.
package main

import (
	"cutline/internal/desk"
	"cutline/internal/lambda"
)

func main() {
	lambda.Main(lambda.Secrets, func(r *lambda.Rooms) (*lambda.Function, error) {
		r.Store.Daybooks, r.Store.Log = true, r.Log // a process that begins has every page's documents to read
		p := desk.Parts{Store: r.Store, Config: r.Config, Now: r.Now, Random: r.Random, Log: r.Log, Dead: r.Dead}
		if r.Render != nil {
			p.Preview, p.Photo = r.Render.Preview, r.Render.Photo
		}
		h, err := desk.New(p)
		return &lambda.Function{HTTP: h}, err
	})
}
