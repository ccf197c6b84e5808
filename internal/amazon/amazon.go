// Package amazon makes single requests to services of AWS by hand.
//
// It owns where a service of a region is, the signature on a request (Signature Version 4), and the reading of what a
// service says in place of an answer. The SDK's clients bring every operation's types, which makes each of them larger
// than all of a function's own code; for the few operations that cutline needs beside S3's, a request is a dozen lines. It
// promises that an error names what was refused and never quotes what was sent or what an answer held, since both may
// be secrets. Whether a request is to be made again is its caller's affair.
package amazon

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
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"cutline/internal/bucket"
)

// Service is one of AWS's services as one account may call it. It may be used from several goroutines.
type Service struct {
	Name    string           // by which requests are signed: ssm, sqs, lambda, bedrock
	Host    string           // the first label of its address; empty: Name
	Region  string           // empty: the account's own
	Server  string           // another server than Amazon's, as http://127.0.0.1:4566; empty: Amazon's
	Account bucket.Account   // whose requests they are
	Client  *http.Client     // its Timeout bounds a request
	Now     func() time.Time // for signing
	Most    int64            // bytes of an answer at most; a longer one is an error
}

// Refusal is what a service answers in place of what was asked for.
type Refusal struct {
	Status  int    // of HTTP
	Kind    string // AccessDeniedException, or as the service calls it; empty: it did not say
	Message string // for a person to read; empty: it did not say
}

func (r *Refusal) Error() string {
	return strings.Join(strings.Fields(fmt.Sprintf("it answered %d %s %s", r.Status, r.Kind, r.Message)), " ")
}

// Denied says that the account's rights do not allow it.
func (r *Refusal) Denied() bool {
	return r.Status == http.StatusForbidden || strings.HasPrefix(r.Kind, "AccessDenied")
}

// Passing says that the same request may be answered well a moment later: the service is busy or in trouble.
func (r *Refusal) Passing() bool {
	return r.Status >= 500 || r.Status == http.StatusTooManyRequests || strings.Contains(r.Kind, "Throttl")
}

// Ask makes one request of the kind that AWS's JSON protocols (version 1.0 or 1.1) have: the operation, as
// "AmazonSQS.ReceiveMessage", stands in a header. The answer is read into out unless that is nil; an answer that is
// no such JSON is an error that does not quote it. Errors are *[Refusal] where the service answered.
func (s *Service) Ask(ctx context.Context, version, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("asking for %s: %w", operation, err)
	}
	_, answer, err := s.Post(ctx, "", body, http.Header{"Content-Type": {"application/x-amz-json-" + version}, "X-Amz-Target": {operation}})
	if err != nil || out == nil {
		return err
	}
	if json.Unmarshal(answer, out) != nil {
		return errors.New("the answer cannot be read")
	}
	return nil
}

// Post sends one signed request with a body to a path of the service, which is escaped already and may be empty. Any
// status but 200 is a *[Refusal]; what fails on the way there or back is a *url.Error.
func (s *Service) Post(ctx context.Context, path string, body []byte, header http.Header) (http.Header, []byte, error) {
	cfg, err := s.Account(ctx, s.Region)
	if err != nil {
		return nil, nil, err
	}
	address, err := s.address(cfg)
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(address, "/")+"/"+strings.TrimPrefix(path, "/"), bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if err := s.sign(ctx, cfg, req, body); err != nil {
		return nil, nil, err
	}
	res, err := s.Client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, s.Most+1))
	switch {
	case err != nil:
		return nil, nil, &url.Error{Op: "Post", URL: address, Err: err}
	case res.StatusCode != http.StatusOK:
		return nil, nil, refusal(res, answer)
	case int64(len(answer)) > s.Most:
		return nil, nil, fmt.Errorf("the answer is longer than %d bytes", s.Most)
	}
	return res.Header, answer, nil
}

// refusal reads an answer that is not 200. The kind stands in the body (JSON protocols) or in a header (REST); what is
// no JSON leaves the status to speak.
func refusal(res *http.Response, answer []byte) *Refusal {
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"` // or Message: encoding/json minds no case
	}
	_ = json.Unmarshal(answer, &e)
	if e.Type == "" {
		e.Type, _, _ = strings.Cut(res.Header.Get("X-Amzn-Errortype"), ":")
	}
	return &Refusal{res.StatusCode, e.Type[strings.LastIndexByte(e.Type, '#')+1:], e.Message} // some kinds have a name space before them
}

// sign puts AWS's signature (version 4) on a request.
func (s *Service) sign(ctx context.Context, cfg aws.Config, req *http.Request, body []byte) error {
	if cfg.Credentials == nil {
		return errors.New("there are no credentials")
	}
	c, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("finding credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, c, req, hex.EncodeToString(sum[:]), s.Name, cfg.Region, s.Now()); err != nil {
		return fmt.Errorf("signing a request: %w", err)
	}
	return nil
}

// address is where the service is, by the names of AWS's partitions; AWS_ENDPOINT_URL_<SERVICE> or AWS_ENDPOINT_URL lead
// to another server than Amazon's.
func (s *Service) address(cfg aws.Config) (string, error) {
	host := s.Host
	if host == "" {
		host = s.Name
	}
	if s.Server != "" {
		return s.Server, nil
	}
	if e := os.Getenv("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(host, "-", "_"))); e != "" {
		return e, nil
	}
	if cfg.BaseEndpoint != nil {
		return *cfg.BaseEndpoint, nil
	}
	if cfg.Region == "" {
		return "", fmt.Errorf("no region is known for %s: set AWS_REGION", host)
	}
	domain := "amazonaws.com"
	switch {
	case strings.HasPrefix(cfg.Region, "cn-"):
		domain = "amazonaws.com.cn"
	case strings.HasPrefix(cfg.Region, "eusc-"):
		domain = "amazonaws.eu"
	}
	return "https://" + host + "." + cfg.Region + "." + domain + "/", nil
}
