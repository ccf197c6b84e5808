package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// S3 is a bucket of Amazon S3, or of a server that honours If-None-Match and If-Match as it does.
type S3 struct {
	client *s3.Client
	name   string
}

// Account finds the credentials and the region of an AWS account; region is the one asked for, or empty for the
// environment's. Where they are looked for is the caller's affair, since a laptop has a dozen places for them and a
// function just one: bucket links none of what the others need.
type Account func(ctx context.Context, region string) (aws.Config, error)

// OpenS3 opens the bucket that ref names: "s3://NAME", with "?endpoint=http://127.0.0.1:7070&region=us-east-1" for a
// server other than Amazon's; without a region it is the account's. Nothing is asked of the server yet.
func OpenS3(ctx context.Context, ref string, account Account) (*S3, error) {
	name, query, _ := strings.Cut(strings.TrimPrefix(ref, "s3://"), "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("bucket %q: %w", ref, err)
	}
	for k := range q {
		if k != "endpoint" && k != "region" {
			return nil, fmt.Errorf("bucket %q: unknown option %q; there are endpoint and region", ref, k)
		}
	}
	if name = strings.TrimSuffix(name, "/"); name == "" || strings.Contains(name, "/") {
		return nil, fmt.Errorf("bucket %q: want s3://NAME, without a folder in it", ref)
	}
	cfg, err := account(ctx, q.Get("region"))
	if err != nil {
		return nil, fmt.Errorf("opening bucket %s: %w", name, err)
	}
	endpoint := q.Get("endpoint")
	if cfg.Region == "" && endpoint != "" {
		cfg.Region = "us-east-1" // what servers other than Amazon's answer to
	}
	return NewS3(cfg, name, endpoint), nil
}

// NewS3 is the bucket called name, with credentials, region and HTTP client given in cfg. An endpoint, as
// "http://127.0.0.1:7070", leads to another server than Amazon's; empty: to Amazon's.
func NewS3(cfg aws.Config, name, endpoint string) *S3 {
	return &S3{name: name, client: s3.NewFromConfig(cfg, func(o *s3.Options) {
		if endpoint == "" {
			return
		}
		o.BaseEndpoint = aws.String(endpoint)
		o.UsePathStyle = true
		// Servers that are not Amazon's often refuse the CRC32 trailers that the SDK sends by default.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})}
}

// Get reads one object whole.
func (b *S3) Get(ctx context.Context, key string) (Object, error) {
	if err := checkKey(key); err != nil {
		return Object{}, err
	}
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if status, code := answer(err); status == http.StatusNotFound && code != "NoSuchBucket" {
		return Object{}, ErrNotFound
	}
	if err != nil {
		return Object{}, b.failed("reading", key, err)
	}
	body, err := io.ReadAll(out.Body)
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return Object{}, b.failed("reading", key, err)
	}
	o := Object{Key: key, Body: body, ETag: aws.ToString(out.ETag), Type: aws.ToString(out.ContentType), Modified: aws.ToTime(out.LastModified)}
	if now, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok {
		o.Now = now
	}
	if o.Now.Before(o.Modified) && !o.Now.IsZero() {
		o.Now = o.Modified // some servers make the Date header once a second: it may lag behind what they wrote
	}
	return o, nil
}

// conflicts is how often a write is tried again that met another one in flight (409). Each loses only to one that won.
const conflicts = 6

// Put writes one object whole if c holds.
func (b *S3) Put(ctx context.Context, key string, body []byte, contentType string, c Cond) (string, error) {
	if err := checkWrite(key, c); err != nil {
		return "", err
	}
	in := &s3.PutObjectInput{Bucket: &b.name, Key: &key, ContentType: &contentType}
	if c.create {
		in.IfNoneMatch = aws.String("*")
	} else if c.match {
		in.IfMatch = &c.etag
	}
	for try := 1; ; try++ {
		in.Body = bytes.NewReader(body)
		attempts := 0
		out, err := b.client.PutObject(ctx, in, counting(&attempts))
		if err == nil {
			return aws.ToString(out.ETag), nil
		}
		switch status, code := answer(err); {
		case status == http.StatusConflict && c != Always:
			if try < conflicts {
				if err := pause(ctx, time.Duration(try)*20*time.Millisecond); err != nil {
					return "", b.failed("writing", key, err)
				}
				continue
			}
			return "", ErrChanged
		case status == http.StatusPreconditionFailed && c != Always, status == http.StatusNotFound && code != "NoSuchBucket" && c.match:
			if attempts > 1 {
				// The SDK tried again after an answer that was lost: the change that it met may be our own.
				if o, err := b.Get(ctx, key); err == nil && o.ETag != c.etag && bytes.Equal(o.Body, body) {
					return o.ETag, nil
				}
			}
			return "", ErrChanged
		}
		return "", b.failed("writing", key, err)
	}
}

// Delete removes one object if c holds.
func (b *S3) Delete(ctx context.Context, key string, c Cond) error {
	if err := checkDelete(key, c); err != nil {
		return err
	}
	in := &s3.DeleteObjectInput{Bucket: &b.name, Key: &key}
	if c.match {
		in.IfMatch = &c.etag
	}
	for try := 1; ; try++ {
		_, err := b.client.DeleteObject(ctx, in)
		switch status, code := answer(err); {
		case err == nil, status == http.StatusNotFound && code != "NoSuchBucket":
			return nil
		case status == http.StatusPreconditionFailed:
			return ErrChanged
		case status == http.StatusConflict && try < conflicts:
			if err := pause(ctx, time.Duration(try)*20*time.Millisecond); err != nil {
				return b.failed("deleting", key, err)
			}
		default:
			return b.failed("deleting", key, err)
		}
	}
}

// List names objects, a page of up to 1000 a request.
func (b *S3) List(ctx context.Context, prefix, after string, max int) ([]Entry, error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.name}
	if prefix != "" {
		in.Prefix = &prefix
	}
	if after != "" {
		in.StartAfter = &after
	}
	var out []Entry
	for {
		if max > 0 {
			in.MaxKeys = aws.Int32(int32(min(max-len(out), 1000)))
		}
		page, err := b.client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, b.failed("listing", prefix, err)
		}
		for _, o := range page.Contents {
			out = append(out, Entry{Key: aws.ToString(o.Key), ETag: aws.ToString(o.ETag), Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified)})
		}
		if !aws.ToBool(page.IsTruncated) || max > 0 && len(out) >= max {
			return out, nil
		}
		if page.NextContinuationToken == nil {
			return nil, b.failed("listing", prefix, errors.New("the server says that there is more, but not where it goes on"))
		}
		in.ContinuationToken, in.StartAfter = page.NextContinuationToken, nil
	}
}

func (b *S3) failed(verb, key string, err error) error {
	return fmt.Errorf("%s %s in bucket %s: %w", verb, key, b.name, err)
}

// answer takes a server's answer out of an error: HTTP status, 0 if there was none, and S3's error code.
func answer(err error) (status int, code string) {
	var api smithy.APIError
	if errors.As(err, &api) {
		code = api.ErrorCode()
	}
	var res *smithyhttp.ResponseError
	if errors.As(err, &res) {
		status = res.HTTPStatusCode()
	}
	return status, code
}

// counting counts the requests that one call of the client makes, retries included.
func counting(n *int) func(*s3.Options) {
	return s3.WithAPIOptions(func(s *middleware.Stack) error {
		return s.Finalize.Insert(middleware.FinalizeMiddlewareFunc("CountAttempts",
			func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				*n++
				return next.HandleFinalize(ctx, in)
			}), "Retry", middleware.After)
	})
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
