package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/desk"
	"cutline/internal/gallery"
	"cutline/internal/sim"
	"cutline/internal/source"
	"cutline/internal/story"
	"cutline/internal/webhook"
)

// drainTime is how long requests and looks under way have to come to their end after SIGTERM.
const drainTime = 20 * time.Second

// defaultAddr is where serve listens. It is fixed, since the samples' photos have it in their addresses.
const defaultAddr = "127.0.0.1:8787"

func (p *program) serve(ctx context.Context, args []string) error {
	f := p.newFlags("serve", "[--addr A] [--data DIR] [--config F] [--sample DIR]", `
Runs everything in one process on a folder: the webhook at /hooks/SOURCE, cards at /cards/, feeds at /feeds/, the
themes at /themes/, the desk at every other address. Prints "listening on" and its address when it is ready. SIGTERM or Ctrl-C lets what is under way come
to its end. --sample sends the payloads of a folder to the webhook, signed, and says what came of them.

  cutline serve --data data --config sample/cutline.yaml`)
	var l place
	f.StringVar(&l.data, "data", "data", "`DIR`: the folder with the stories; made if it is not there")
	l.configFlag(f)
	addr := f.String("addr", defaultAddr, "`A`: the address to listen at; port 0 takes any that is free")
	sample := f.String("sample", "", "`DIR`: send this folder's payloads (*.json) and serve its photos at /sample/; its cutline.yaml is the configuration")
	if err := f.parse(args, nil); err != nil {
		return err
	}
	if *sample != "" && l.config == "" {
		l.config = *sample + "/cutline.yaml"
	}
	st, err := p.store(ctx, &l, true)
	if err != nil {
		return err
	}
	dir, ok := st.Bucket.(*bucket.Dir)
	if !ok {
		return wrong("serve: --data is a folder; on a bucket the functions in functions/ do its work")
	}
	c, err := p.configuration(ctx, &l, st)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return fmt.Errorf("%w: stop what listens there, or give another address with --addr", err)
	}
	s := &server{p: p, store: st, config: c, base: "http://" + listener.Addr().String(), folder: l.data, sample: *sample}
	if err := s.simulate(); err != nil {
		return errors.Join(err, listener.Close())
	}
	if ip, ok := listener.Addr().(*net.TCPAddr); ok {
		s.loopback = ip.IP.IsLoopback()
	}
	err = s.run(ctx, listener, dir, &l)
	if s.networks != nil {
		err = errors.Join(err, s.networks.Close())
	}
	return errors.Join(err, ignoreClosed(listener.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// server is one process that does all steps.
type server struct {
	p        *program
	store    *story.Store
	config   *config.Config
	base     string // "http://127.0.0.1:8787"
	loopback bool   // nobody but this machine reaches it
	folder   string // where the stories are
	sample   string // folder of samples; empty: none
	steps    *steps
	hooks    *webhook.Webhook
	networks *sim.Server // the simulated networks, if a channel is on them

	changes    desk.Changes // for the desk's open pages
	draw, post *queue

	expired time.Time // when what is over was last deleted; only tick's
}

// run serves until ctx ends, then drains.
func (s *server) run(ctx context.Context, listener net.Listener, dir *bucket.Dir, l *place) error {
	public := s.config.Public
	if public == "" {
		public = s.base
	}
	var err error
	if s.steps, err = s.p.stepsAt(l, s.config, s.store, public); err != nil {
		return err
	}
	if err := s.steps.render.Ready(); err != nil {
		return err
	}
	handler, err := s.handler()
	if err != nil {
		return err
	}
	// Looks outlive ctx: what is under way when SIGTERM comes is brought to its end.
	looks, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	s.draw = newQueue("render", 2, s.p.log, s.steps.render.Look)
	s.post = newQueue("post", 8, s.p.log, s.steps.post.Look)
	dir.OnChange(func(key string) {
		s.changed(looks, key)
		s.changes.Tell()
	})

	web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	var clock sync.WaitGroup
	ticking, stopTicking := context.WithCancel(ctx)
	clock.Go(func() { s.tick(ticking, looks) })
	if _, err := fmt.Fprintf(s.p.stdout, "listening on %s\n", s.base); err != nil {
		stopTicking()
		return err
	}
	if s.sample != "" {
		if err := s.fire(ctx); err != nil && ctx.Err() == nil {
			s.p.log.Error("samples", "error", err)
		}
	}
	select {
	case err = <-served:
	case <-ctx.Done():
		s.p.log.Info("stopping: what is under way comes to its end")
		patience, done := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer done()
		s.changes.Close() // or the pages that listen would be waited for
		err = web.Shutdown(patience)
		context.AfterFunc(patience, stop)
	}
	stopTicking()
	clock.Wait()
	s.draw.drain()
	s.post.drain()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// changed is this process's S3 notification: which prefix wakes which step.
func (s *server) changed(ctx context.Context, key string) {
	if t, k, err := story.ParseDue(key); err == nil {
		if wait := t.Sub(s.p.now()); wait < s.config.Timing.Tick { // the tick would do, but a person at the desk waits
			time.AfterFunc(wait, func() { s.post.add(ctx, k) })
		}
		return
	}
	k, prefix, ok := story.KeyOf(key)
	switch {
	case strings.HasPrefix(key, story.Replays): // the tick would do, but a person at the desk waits
		go func() {
			if err := s.guarded(ctx, s.hooks.Tick); err != nil {
				s.p.log.Error("replays", "error", err)
			}
		}()
	case !ok:
	case prefix == story.Stories:
		s.draw.add(ctx, k)
	case prefix == story.Manifests, prefix == story.Decided:
		s.post.add(ctx, k)
	}
}

// tick finds, at once and then every timing.tick, what no notification told: what was under way when the last process
// ended, what another process changed, and what is due.
func (s *server) tick(ctx, looks context.Context) {
	t := time.NewTicker(s.config.Timing.Tick)
	defer t.Stop()
	for {
		for _, part := range []struct {
			name string
			do   func(context.Context) error
		}{{"webhook's tick", s.hooks.Tick}, {"render's sweep", s.steps.render.Sweep}, {"post's tick", s.steps.post.Tick}, {"post's sweep", s.steps.post.Sweep}, {"notices", s.steps.notice.Tick}, {"what is over", s.expire}} {
			if err := s.guarded(looks, part.do); err != nil && ctx.Err() == nil {
				s.p.log.Error(part.name, "error", err)
			}
			if ctx.Err() != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (s *server) guarded(ctx context.Context, do func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return do(ctx)
}

// handler joins the steps' routes.
func (s *server) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	var err error
	s.hooks, err = webhook.New(webhook.Parts{Store: s.store, Config: s.config, Now: s.p.now, Log: s.p.log, Net: source.Net{
		API: source.API(), Pages: s.steps.render.Fetch,
	}})
	if err != nil {
		return nil, err
	}
	mux.Handle("/hooks/", s.hooks)
	mux.Handle("/cards/", s.steps.render.Handler())
	mux.HandleFunc("GET /feeds/{name}", s.feed)
	if s.loopback { // it costs time, and shows nothing that is anybody's
		live, err := (&gallery.Live{Sites: s.config.Sites, Dir: s.steps.render.Dir, Fonts: s.steps.render.Fonts, Log: s.p.log}).Handler()
		if err != nil {
			return nil, err
		}
		mux.Handle("/themes/", live)
	}
	if s.sample != "" {
		mux.HandleFunc("GET /sample/{name}", s.samplePhoto)
	}
	if s.networks != nil {
		mux.HandleFunc(simPath, s.simulated)
	}
	page, err := desk.New(desk.Parts{
		Store: s.store, Config: s.config, Now: s.p.now, Random: s.p.random, Log: s.p.log, Preview: s.steps.render.Preview, Photo: s.steps.render.Photo, Changes: &s.changes, Loopback: s.loopback,
	})
	if err != nil {
		return nil, err
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if s.config.Desk.Is(r.Host) || here(w, r) {
			page.ServeHTTP(w, r)
		}
	})
	return mux, nil
}

// feed serves feeds/ from the folder, as CloudFront does from the bucket.
func (s *server) feed(w http.ResponseWriter, r *http.Request) {
	o, err := s.store.Bucket.Get(r.Context(), story.Feeds+r.PathValue("name"))
	if errors.Is(err, bucket.ErrNotFound) {
		http.NotFound(w, r)
		return
	} else if err != nil {
		s.p.log.Error("feed", "error", err)
		http.Error(w, "our own fault; it is in the log", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", o.Type)
	h.Set("ETag", o.ETag)
	h.Set("Cache-Control", "public, max-age=60")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", o.Modified, bytes.NewReader(o.Body))
}

// here answers requests that came by another name than this machine's, and lets the others through.
func here(w http.ResponseWriter, r *http.Request) bool {
	if local(r.Host) {
		return true
	}
	http.Error(w, "the desk is reached by the address that serve printed", http.StatusMisdirectedRequest)
	return false
}

// local says whether a request's Host is a name of this machine's loopback. A page elsewhere whose name is made to lead
// to 127.0.0.1 sends its own name.
func local(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
