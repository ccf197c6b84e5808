package lambda

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

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
//
// This one request is made by hand, since the SDK's client for SSM is larger than all of a function's own code: it
// brings every operation's types.
func Parameters(account bucket.Account, now func() time.Time) config.Parameter {
	return func(ctx context.Context, path string) (string, error) {
		cfg, err := account(ctx, "")
		if err != nil {
			return "", fmt.Errorf("reaching the parameter store: %w", err)
		}
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
			value, again, err := parameter(ctx, cfg, path, now())
			if err == nil {
				return value, nil
			}
			if last = err; !again {
				break
			}
		}
		return "", fmt.Errorf("reading parameter %s: %w", path, last)
	}
}

// parameter asks once; again says that another try may do better.
func parameter(ctx context.Context, cfg aws.Config, path string, now time.Time) (value string, again bool, err error) {
	body, err := json.Marshal(map[string]any{"Name": path, "WithDecryption": true})
	if err != nil {
		return "", false, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint(cfg, "ssm"), bytes.NewReader(body))
	if err != nil {
		return "", false, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AmazonSSM.GetParameter")
	if err := sign(ctx, cfg, req, "ssm", body, now); err != nil {
		return "", false, err
	}
	res, err := (&http.Client{Timeout: 5 * time.Second}).Do(req)
	if err != nil {
		return "", true, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // a parameter has at most 8 KB
	if err != nil {
		return "", true, err
	}
	if res.StatusCode != http.StatusOK {
		kind, why := said(answer)
		return "", res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests || strings.Contains(kind, "Throttling"),
			fmt.Errorf("the parameter store answered %s", strings.TrimSpace(fmt.Sprintf("%d %s %s", res.StatusCode, kind, why)))
	}
	var out struct{ Parameter struct{ Value *string } }
	if err := json.Unmarshal(answer, &out); err != nil {
		return "", false, errors.New("the parameter store's answer cannot be read") // its error could quote the secret
	}
	if out.Parameter.Value == nil {
		return "", false, errors.New("it has no value")
	}
	return *out.Parameter.Value, false, nil
}

// said reads what one of AWS's JSON services answers in place of what was asked for; empty where it is no JSON, and the
// status has to speak.
func said(answer []byte) (kind, why string) {
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"` // or Message: encoding/json minds no case
	}
	if json.Unmarshal(answer, &e) != nil {
		return "", ""
	}
	return e.Type[strings.LastIndexByte(e.Type, '#')+1:], e.Message // some kinds have a name space before them
}

// sign puts AWS's signature (version 4) on a request for a service of the account.
func sign(ctx context.Context, cfg aws.Config, req *http.Request, service string, body []byte, now time.Time) error {
	if cfg.Credentials == nil {
		return errors.New("there are no credentials")
	}
	c, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("finding credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, c, req, hex.EncodeToString(sum[:]), service, cfg.Region, now); err != nil {
		return fmt.Errorf("signing a request: %w", err)
	}
	return nil
}

// endpoint is where a service of a region is, by the names of AWS's partitions; AWS_ENDPOINT_URL_<SERVICE> or
// AWS_ENDPOINT_URL lead to another server than Amazon's.
func endpoint(cfg aws.Config, service string) string {
	if e := os.Getenv("AWS_ENDPOINT_URL_" + strings.ToUpper(service)); e != "" {
		return e
	}
	if cfg.BaseEndpoint != nil {
		return *cfg.BaseEndpoint
	}
	domain := "amazonaws.com"
	switch {
	case strings.HasPrefix(cfg.Region, "cn-"):
		domain = "amazonaws.com.cn"
	case strings.HasPrefix(cfg.Region, "eusc-"):
		domain = "amazonaws.eu"
	}
	return "https://" + service + "." + cfg.Region + "." + domain + "/"
}
