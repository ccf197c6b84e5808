// Command webhook is the function that CMSs call: POST /hooks/{source}. Package webhook says what it promises.
package main

import (
	"cutline/internal/lambda"
	"cutline/internal/webhook"
)

func main() {
	lambda.Main(lambda.Secrets, func(r *lambda.Rooms) (*lambda.Function, error) {
		h, err := webhook.New(webhook.Parts{Store: r.Store, Config: r.Config, Now: r.Now, Log: r.Log})
		return &lambda.Function{HTTP: h}, err
	})
}
