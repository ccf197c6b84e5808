package cli

import (
	"context"
	"errors"

	"cutline/internal/channel"
)

func (p *program) count(_ context.Context, args []string) error {
	f := p.newFlags("count", "KIND TEXT", `
Says how long TEXT is on a kind of channel, as that network counts, how long it may be there, and whether it fits.
A limit of 0 is none.

  cutline count x "Water stands at the spillway: https://news.example.com/a/4711"`)
	var kind, text string
	if len(args) == 2 && args[0] != "" && args[0][0] != '-' {
		kind, text = args[0], args[1] // a text may begin with a dash
	} else if err := f.parse(args, []*string{&kind, &text}); err != nil {
		return err
	}
	n, limit, err := channel.Count(kind, text)
	if err != nil && !errors.Is(err, channel.ErrUnfit) {
		return wrong("count: %v", err)
	}
	out := struct {
		Kind   string `json:"kind"`
		Length int    `json:"length"`
		Limit  int    `json:"limit"`
		Fits   bool   `json:"fits"`
		Why    string `json:"why,omitempty"`
	}{Kind: kind, Length: n, Limit: limit, Fits: err == nil && (limit == 0 || n <= limit)}
	if err != nil {
		out.Why = err.Error()
	}
	return p.print(out)
}
