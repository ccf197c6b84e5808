package amazon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func account(_ context.Context, region string) (aws.Config, error) {
	return aws.Config{Region: region, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "TESTKEY", SecretAccessKey: "test-secret", SessionToken: "test-token"}, nil
	})}, nil
}

func now() time.Time { return time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC) }

func TestWhereServicesAre(t *testing.T) {
	for _, name := range []string{"AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"} {
		t.Setenv(name, "")
	}
	for region, want := range map[string]string{
		"eu-central-1": "https://ssm.eu-central-1.amazonaws.com/", "us-gov-west-1": "https://ssm.us-gov-west-1.amazonaws.com/",
		"cn-north-1": "https://ssm.cn-north-1.amazonaws.com.cn/", "eusc-de-east-1": "https://ssm.eusc-de-east-1.amazonaws.eu/",
	} {
		if got, err := (&Service{Name: "ssm"}).address(aws.Config{Region: region}); got != want || err != nil {
			t.Errorf("%s: %s, %v; want %s", region, got, err, want)
		}
	}
	if _, err := (&Service{Name: "ssm"}).address(aws.Config{}); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("without a region: %v", err)
	}
	t.Setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:1")
	base := "http://127.0.0.1:2"
	for _, c := range []struct {
		s    Service
		want string
	}{
		{Service{Name: "bedrock", Host: "bedrock-runtime"}, "http://127.0.0.1:1"},
		{Service{Name: "sqs"}, base},
		{Service{Name: "sqs", Server: "http://127.0.0.1:3"}, "http://127.0.0.1:3"},
	} {
		if got, err := c.s.address(aws.Config{Region: "eu-central-1", BaseEndpoint: &base}); got != c.want || err != nil {
			t.Errorf("%s at %s, %v; want %s", c.s.Name, got, err, c.want)
		}
	}
}

// TestAsk asks a server that answers as AWS's JSON services do, and as proxies before them.
func TestAsk(t *testing.T) {
	for _, c := range []struct {
		name, kind, body string
		status           int
		want             string // part of the error; empty: the answer
		denied, passing  bool
	}{
		{"an answer", "", `{"Value": "test-secret"}`, 200, "", false, false},
		{"a kind with a name space", "", `{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."}`, 400, "it answered 400 QueueDoesNotExist The specified queue does not exist.", false, false},
		{"a kind in a header", "ThrottlingException:http://internal.amazon.com/coral/", `{"Message": "Too many requests"}`, 429, "it answered 429 ThrottlingException Too many requests", false, true},
		{"no right", "", `{"__type": "AccessDeniedException", "Message": "User: x is not authorized"}`, 400, "it answered 400 AccessDeniedException User: x is not authorized", true, false},
		{"a proxy's page", "", `<html>Bad gateway`, 502, "it answered 502", false, true},
		{"half an answer", "", `{"Value": "test-secr`, 200, "cannot be read", false, false},
		{"too much", "", `{"Value": "` + strings.Repeat("x", 2000) + `"}`, 200, "longer than 1000 bytes", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if auth := r.Header.Get("Authorization"); err != nil || string(body) != `{"Name":"x"}` || r.Header.Get("X-Amz-Target") != "AmazonSQS.DoIt" || r.Header.Get("Content-Type") != "application/x-amz-json-1.0" ||
					!strings.HasPrefix(auth, "AWS4-HMAC-SHA256 Credential=TESTKEY/20261126/eu-central-1/sqs/aws4_request") || !strings.Contains(auth, "x-amz-target") || r.Header.Get("X-Amz-Security-Token") != "test-token" {
					t.Errorf("%s, %v", body, r.Header)
				}
				if c.kind != "" {
					w.Header().Set("X-Amzn-Errortype", c.kind)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer s.Close()
			q := &Service{Name: "sqs", Region: "eu-central-1", Server: s.URL, Account: account, Client: s.Client(), Now: now, Most: 1000}
			var out struct{ Value string }
			err := q.Ask(t.Context(), "1.0", "AmazonSQS.DoIt", map[string]string{"Name": "x"}, &out)
			if c.want == "" && (err != nil || out.Value != "test-secret") || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%+v, %v; want %q", out, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "test-secr") {
				t.Errorf("the error tells what was answered: %v", err)
			}
			no, answered := errors.AsType[*Refusal](err)
			if answered != (c.status != 200) || answered && (no.Denied() != c.denied || no.Passing() != c.passing) {
				t.Errorf("%#v", err)
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100") // and then less
		_, _ = io.WriteString(w, "{")
	}))
	q := &Service{Name: "sqs", Region: "eu-central-1", Server: s.URL, Account: account, Client: s.Client(), Now: now, Most: 1000}
	_, _, err := q.Post(t.Context(), "", nil, nil)
	if _, ok := errors.AsType[*url.Error](err); !ok {
		t.Errorf("an answer that breaks off: %v", err)
	}
	s.Close()
	_, _, err = q.Post(t.Context(), "", nil, nil)
	if _, ok := errors.AsType[*url.Error](err); !ok {
		t.Errorf("nobody there: %v", err)
	}
	q.Account = func(context.Context, string) (aws.Config, error) { return aws.Config{}, fmt.Errorf("no account here") }
	if _, _, err = q.Post(t.Context(), "", nil, nil); err == nil || !strings.Contains(err.Error(), "no account here") {
		t.Errorf("without an account: %v", err)
	}
}
