package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"cutline/internal/sim"
)

func (p *program) sim(ctx context.Context, args []string) error {
	f := p.newFlags("sim", "[--addr A]", `
Runs the networks, simulated: what is posted to them is shown as a timeline. A channel posts there with
server: "http://127.0.0.1:8788/KIND" and any secret. What goes wrong is told it by POST /-/faults, as
{"network": "mastodon", "op": "publish", "do": "hang"}; docs/simulator.md has all of it. Ctrl-C stops and forgets.

  cutline sim --addr 127.0.0.1:8788`)
	addr := f.String("addr", "127.0.0.1:8788", "`A`: the address to listen at; port 0 takes any that is free")
	if err := f.parse(args, nil); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: stop what listens there, or give another address with --addr", err)
	}
	networks := sim.New(p.now)
	networks.At("http://" + listener.Addr().String())
	web := &http.Server{Handler: networks, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = web.Close() }) // what is posted is forgotten in any case
	defer stop()
	if _, err := fmt.Fprintf(p.stdout, "listening on http://%s\n", listener.Addr()); err != nil {
		return err
	}
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// simPath is where serve has the simulated networks.
const simPath = "/sim/"

// simulate makes the simulated networks if a channel is on them: if its server is serve's usual address with simPath. They
// are then wherever serve listens, and remember what was posted in the folder's sim/calls.jsonl.
func (s *server) simulate() error {
	for name, ch := range s.config.Channels {
		network, ok := strings.CutPrefix(ch.Server, "http://"+defaultAddr+simPath)
		if !ok {
			continue
		}
		ch.Server = s.base + simPath + network
		s.config.Channels[name] = ch
		if s.networks == nil {
			s.networks = sim.New(s.p.now)
		}
	}
	if s.networks == nil {
		return nil
	}
	s.networks.At(s.base + simPath)
	return s.networks.Keep(filepath.Join(s.folder, "sim", "calls.jsonl"))
}

func (s *server) simulated(w http.ResponseWriter, r *http.Request) {
	if here(w, r) {
		http.StripPrefix(strings.TrimSuffix(simPath, "/"), s.networks).ServeHTTP(w, r)
	}
}
