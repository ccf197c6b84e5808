// Command desk is the function behind the review page. Package desk says what it promises.
package main

import (
	"os"

	"cutline/internal/desk"
	"cutline/internal/lambda"
)

func main() {
	lambda.Main(lambda.Secrets, func(r *lambda.Rooms) (*lambda.Function, error) {
		// CUTLINE_DESK=anybody lets everyone in who reaches the function: for tests and `sam local` on one's own machine.
		// The template does not set it, and without it the desk does not start without a way to sign in.
		h, err := desk.New(desk.Parts{Store: r.Store, Config: r.Config, Now: r.Now, Log: r.Log, Loopback: os.Getenv("CUTLINE_DESK") == "anybody"})
		return &lambda.Function{HTTP: h}, err
	})
}
