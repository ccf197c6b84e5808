// Command desk is the function behind the review page. Package desk says what it promises; without a way to sign in
// (desk.oidc or desk.people in the configuration) it does not start.
package main

import (
	"cutline/internal/desk"
	"cutline/internal/lambda"
)

func main() {
	lambda.Main(lambda.Secrets, func(r *lambda.Rooms) (*lambda.Function, error) {
		h, err := desk.New(desk.Parts{Store: r.Store, Config: r.Config, Now: r.Now, Random: r.Random, Log: r.Log})
		return &lambda.Function{HTTP: h}, err
	})
}
