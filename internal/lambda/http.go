package lambda

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// maxAnswer is the most bytes of a body that fit a Lambda answer of 6 MB, written as base64.
const maxAnswer = 4_400_000

// serve answers an HTTP API request by f.HTTP.
func (f *Function) serve(ctx context.Context, e *events.APIGatewayV2HTTPRequest) (out events.APIGatewayV2HTTPResponse, err error) {
	r, err := request(ctx, e)
	if err != nil {
		f.Log.Warn("a request that cannot be read", "error", err)
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusBadRequest, Body: "bad request\n"}, nil
	}
	w := &answer{header: http.Header{}}
	if err := guarded(func() error { f.HTTP.ServeHTTP(w, r); return nil }); err != nil {
		f.Log.Error("request", "method", r.Method, "path", r.URL.Path, "error", err)
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusInternalServerError, Body: "our own fault; it is in the log\n"}, nil
	}
	if w.body.Len() > maxAnswer {
		f.Log.Error("an answer too large for Lambda", "path", r.URL.Path, "bytes", w.body.Len())
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusInternalServerError, Body: "the answer is larger than Lambda carries\n"}, nil
	}
	return w.event(), nil
}

// request makes an http.Request of a payload of format 2.0: repeated headers come joined with commas, and stay so,
// since what came twice and what had a comma cannot be told apart any more; cookies come apart; the path is decoded.
func request(ctx context.Context, e *events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, fmt.Errorf("the body's base64: %w", err)
		}
	}
	path := e.RawPath
	if stage := e.RequestContext.Stage; stage != "" && stage != "$default" { // a named stage stands before the path
		if rest, ok := strings.CutPrefix(path, "/"+stage); ok && (rest == "" || rest[0] == '/') {
			path = rest
		}
	}
	if path == "" {
		path = "/"
	}
	u := &url.URL{Path: path, RawQuery: e.RawQueryString}
	r, err := http.NewRequestWithContext(ctx, e.RequestContext.HTTP.Method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.URL, r.RequestURI = u, u.RequestURI()
	for name, value := range e.Headers {
		r.Header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	r.Host = e.RequestContext.DomainName
	if h := r.Header.Get("Host"); h != "" {
		r.Host = h
	}
	r.Header.Del("Host")
	r.ContentLength = int64(len(body))
	r.RemoteAddr = net.JoinHostPort(e.RequestContext.HTTP.SourceIP, "0")
	r.TLS = &tls.ConnectionState{HandshakeComplete: true} // an HTTP API speaks nothing but https
	return r, nil
}

// answer keeps what a handler writes.
type answer struct {
	header http.Header
	sent   http.Header // as it was when the status was written; nil: not yet
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.sent != nil || status < 200 { // an informational status has no place in an event
		return
	}
	a.status, a.sent = status, maps.Clone(a.header)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.sent == nil {
		if a.header.Get("Content-Type") == "" {
			a.header.Set("Content-Type", http.DetectContentType(b))
		}
		a.WriteHeader(http.StatusOK)
	}
	return a.body.Write(b)
}

func (a *answer) event() events.APIGatewayV2HTTPResponse {
	a.WriteHeader(http.StatusOK)
	out := events.APIGatewayV2HTTPResponse{StatusCode: a.status, Headers: map[string]string{}, Cookies: a.sent["Set-Cookie"]}
	for name, values := range a.sent {
		if name != "Set-Cookie" {
			out.Headers[name] = strings.Join(values, ", ")
		}
	}
	if text := a.body.Bytes(); utf8.Valid(text) && a.sent.Get("Content-Encoding") == "" {
		out.Body = string(text)
	} else {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(text), true
	}
	return out
}
