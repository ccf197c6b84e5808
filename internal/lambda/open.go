package lambda

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"cutline/internal/bucket"
	"cutline/internal/config"
	"cutline/internal/story"
)

// Rooms is what every function is wired from.
type Rooms struct {
	Store  *story.Store
	Config *config.Config
	Log    *slog.Logger // JSON lines to the process's standard error, as CloudWatch takes them
}

// Open makes the rooms that the environment names: CUTLINE_BUCKET, a bucket's name or "s3://NAME?endpoint=…"; and
// CUTLINE_CONFIG, a file beside the executable (default cutline.yaml) or "bucket:KEY". secrets resolves ssm:
// references; nil for a function that needs none.
func Open(ctx context.Context, secrets config.Parameter, now func() time.Time, random io.Reader) (*Rooms, error) {
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	name := os.Getenv("CUTLINE_BUCKET")
	if name == "" {
		return nil, errors.New("CUTLINE_BUCKET is not set: name the bucket that holds the stories")
	}
	if !strings.HasPrefix(name, "s3://") {
		name = "s3://" + name
	}
	b, err := bucket.Open(ctx, name, now)
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
	return &Rooms{Store: &story.Store{Bucket: b, Now: now, Random: random}, Config: c, Log: log}, nil
}

// Secrets reads parameters from SSM Parameter Store, decrypted. Nothing is asked of it before a secret is needed.
func Secrets(ctx context.Context, path string) (string, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return "", fmt.Errorf("reaching the parameter store: %w", err)
	}
	decrypt := true
	out, err := ssm.NewFromConfig(cfg).GetParameter(ctx, &ssm.GetParameterInput{Name: &path, WithDecryption: &decrypt})
	if err != nil {
		return "", fmt.Errorf("reading parameter %s: %w", path, err)
	}
	if out.Parameter == nil || out.Parameter.Value == nil {
		return "", fmt.Errorf("parameter %s has no value", path)
	}
	return *out.Parameter.Value, nil
}
