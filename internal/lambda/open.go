package lambda

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/letters"
	"cutline/internal/measure"
	"cutline/internal/story"
)

// Main is a function's whole main: it opens what the environment names, wires, and serves until the process ends.
// What goes wrong before is logged, and the process ends with 1: Lambda then tells the caller and tries anew.
func Main(secrets config.Parameter, wire func(*Rooms) (*Function, error)) {
	r, err := Open(context.Background(), secrets, time.Now, rand.Reader)
	if err == nil {
		var f *Function
		if f, err = wire(r); err == nil {
			f.Log, f.Now, f.trace = r.Log, r.Now, newTracer(os.Getenv, r.Random, r.Now)
			f.Start()
			return
		}
	}
	slog.New(slog.NewJSONHandler(os.Stderr, nil)).Error("starting", "error", err)
	os.Exit(1)
}

// Rooms is what every function is wired from.
type Rooms struct {
	Dir    string           // the configuration's folder: themes and logos are beside it
	Now    func() time.Time // the clock
	Random io.Reader        // for ids and claims
	Store  *story.Store
	Config *config.Config
	Dead   *letters.Box // the queues of dead letters, as CUTLINE_DEAD names them; nil: it names none
	Render *Render      // the function that draws, as CUTLINE_RENDER names it; nil: it is not named
	Log    *slog.Logger // JSON lines to the process's standard error, as CloudWatch takes them, with its metrics
}

// Open makes the rooms that the environment names: CUTLINE_BUCKET, a bucket's name or "s3://NAME?endpoint=…"; and
// CUTLINE_CONFIG, a file beside the executable (default cutline.yaml) or "bucket:KEY". secrets resolves ssm:
// references; nil for a function that needs none.
func Open(ctx context.Context, secrets config.Parameter, now func() time.Time, random io.Reader) (*Rooms, error) {
	log := slog.New(measure.Handler(slog.NewJSONHandler(os.Stderr, nil), "cutline", "Function", os.Getenv("AWS_LAMBDA_FUNCTION_NAME")))
	name := os.Getenv("CUTLINE_BUCKET")
	if name == "" {
		return nil, errors.New("CUTLINE_BUCKET is not set: name the bucket that holds the stories")
	}
	b, err := bucket.OpenS3(ctx, name, Environment) // not Open: a function has no use for a folder, nor for the code of one
	if err != nil {
		return nil, err
	}
	ref := os.Getenv("CUTLINE_CONFIG")
	if ref == "" {
		ref = "cutline.yaml"
	}
	c, err := config.LoadRef(ctx, ref, func(ctx context.Context, key string) ([]byte, error) {
		o, err := b.Get(ctx, key)
		return o.Body, err
	}, secrets)
	if err != nil {
		return nil, err
	}
	var draws *Render
	if name := os.Getenv("CUTLINE_RENDER"); name != "" {
		draws = &Render{Name: name, Account: Environment, Now: now}
	}
	dead, err := letters.Queues(os.Getenv("CUTLINE_DEAD"))
	if err != nil {
		return nil, fmt.Errorf("CUTLINE_DEAD: %w", err)
	}
	return &Rooms{Render: draws, Dead: letters.New(dead, Environment, now), Dir: filepath.Dir(ref), Now: now, Random: random, Store: &story.Store{Bucket: b, Now: now, Random: random}, Config: c, Log: log}, nil
}
