package lambda

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cutline/internal/amazon"
	"cutline/internal/bucket"
	"cutline/internal/config"
)

// Environment is the account of a function: Lambda puts credentials and region into environment variables, which last
// as long as the process. It is a [bucket.Account].
func Environment(_ context.Context, region string) (aws.Config, error) {
	c := aws.Credentials{
		AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN"), Source: "environment",
	}
	if !c.HasKeys() {
		return aws.Config{}, errors.New("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set: Lambda sets them from the function's role, elsewhere set them yourself")
	}
	if region == "" {
		region = os.Getenv("AWS_REGION")
	}
	cfg := aws.Config{Region: region, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })}
	if e := os.Getenv("AWS_ENDPOINT_URL"); e != "" {
		cfg.BaseEndpoint = &e
	}
	return cfg, nil
}

// Secrets reads parameters of the function's own account, as [Parameters] does.
func Secrets(ctx context.Context, path string) (string, error) {
	return Parameters(Environment, time.Now)(ctx, path)
}

// Parameters reads parameters from SSM Parameter Store, decrypted. Nothing is asked of it before a secret is needed.
func Parameters(account bucket.Account, now func() time.Time) config.Parameter {
	store := &amazon.Service{Name: "ssm", Account: account, Now: now, Client: &http.Client{Timeout: 5 * time.Second}, Most: 64 << 10} // a parameter has at most 8 KB
	return func(ctx context.Context, path string) (string, error) {
		var last error
		for _, wait := range []time.Duration{0, 200 * time.Millisecond, time.Second} { // as the SDK: three tries
			if wait > 0 {
				t := time.NewTimer(wait)
				select {
				case <-t.C:
				case <-ctx.Done():
					t.Stop()
					return "", fmt.Errorf("reading parameter %s: %w", path, errors.Join(last, ctx.Err()))
				}
			}
			value, err := parameter(ctx, store, path)
			if err == nil {
				return value, nil
			}
			last = err
			no, answered := errors.AsType[*amazon.Refusal](err)
			_, unreachable := errors.AsType[*url.Error](err)
			if !unreachable && !(answered && no.Passing()) {
				break
			}
		}
		return "", fmt.Errorf("reading parameter %s: %w", path, last)
	}
}

// parameter asks once.
func parameter(ctx context.Context, store *amazon.Service, path string) (string, error) {
	var out struct{ Parameter struct{ Value *string } }
	err := store.Ask(ctx, "1.1", "AmazonSSM.GetParameter", map[string]any{"Name": path, "WithDecryption": true}, &out)
	switch {
	case err != nil:
		return "", fmt.Errorf("the parameter store: %w", err)
	case out.Parameter.Value == nil:
		return "", errors.New("it has no value")
	}
	return *out.Parameter.Value, nil
}
