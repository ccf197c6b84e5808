package channel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"cutline/internal/remark"
)

const maxAnswer = 1 << 20 // bytes of an answer that are read; networks' answers have some KB

// answer is what came back of one request, or why nothing did.
type answer struct {
	Status int // 0: no answer came
	Header http.Header
	Body   []byte
	Err    error // without the request's address, which may hold a token
	Left   bool  // the request may have reached the network: it was on its way when it failed
}

// exchange makes one request. Redirects are not followed: a token goes to no host but the one it is for.
func exchange(client *http.Client, req *http.Request) answer {
	var left atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { left.Store(true) }}
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), trace))
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := own.Do(req)
	if err != nil {
		return answer{Err: bare(err), Left: left.Load()}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	return answer{Status: res.StatusCode, Header: res.Header, Body: body, Err: bare(err), Left: true}
}

// bare takes the address out of an error of net/http: bot tokens and signed links stand in it.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%s: %w", strings.ToLower(u.Op), u.Err)
	}
	return err
}

// ok says whether the answer is a success whose body is JSON that fills v.
func (a answer) ok(v any) bool {
	return a.Err == nil && a.Status >= 200 && a.Status < 300 && json.Unmarshal(a.Body, v) == nil
}

// outcome is what an answer means that the kind has no better word for. publishing says that the request was the one
// that makes the post: then whatever may have been taken is Unknown. said is the network's own words, if the kind
// found any.
func (a answer) outcome(publishing bool, said string, now time.Time) Outcome {
	if said == "" && a.Err != nil {
		said = a.Err.Error()
	}
	why := remark.Say("network-answered", strings.TrimSpace(fmt.Sprintf("%d %s %s", a.Status, http.StatusText(a.Status), said)))
	if a.Status == 0 {
		why = remark.Say("no-answer", said)
	}
	doubtful := func() Outcome {
		if publishing {
			return Outcome{End: Unknown, Why: why}
		}
		return Outcome{End: Later, Until: retryAfter(a.Header, now), Why: why}
	}
	switch {
	case a.Status == 0 && !a.Left:
		return Outcome{End: Later, Why: why, Rest: true}
	case a.Err != nil, a.Status >= 200 && a.Status < 300: // a success would have been read as one: this is something odd
		return doubtful()
	case a.Status == http.StatusTooManyRequests, a.Status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") != "":
		return Outcome{End: Later, Until: retryAfter(a.Header, now), Why: why, Rest: true}
	case a.Status >= 500, a.Status == http.StatusRequestTimeout:
		return doubtful()
	case a.Status == http.StatusUnauthorized:
		return Outcome{End: Refused, Pause: true, Why: remark.Say("credentials-refused", why)}
	case a.Status >= 300 && a.Status < 400:
		return Outcome{End: Refused, Why: remark.Say("moved-elsewhere", why)}
	}
	return Outcome{End: Refused, Why: why}
}

// request makes a request with a JSON body (nil: none). Extra headers come in pairs.
func request(ctx context.Context, method, address string, body any, headers ...string) (*http.Request, error) {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(b)
	}
	return rawRequest(ctx, method, address, r, append([]string{"Content-Type", "application/json"}, headers...)...)
}

func rawRequest(ctx context.Context, method, address string, body io.Reader, headers ...string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, bare(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if body != nil || headers[i] != "Content-Type" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	req.Header.Set("User-Agent", "cutline")
	req.Header.Set("Accept", "application/json")
	return req, nil
}

// part is one field of a multipart form.
type part struct {
	Name, File, Type string // File empty: a plain field
	Body             []byte
}

// form writes parts as multipart/form-data and returns the body with its content type.
func form(parts []part) (io.Reader, string, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf("form-data; name=%q", p.Name))
		if p.File != "" {
			h.Set("Content-Disposition", fmt.Sprintf("form-data; name=%q; filename=%q", p.Name, p.File))
			h.Set("Content-Type", p.Type)
		}
		f, err := w.CreatePart(h)
		if err != nil {
			return nil, "", err
		}
		if _, err := f.Write(p.Body); err != nil {
			return nil, "", err
		}
	}
	err := w.Close()
	return &b, w.FormDataContentType(), err
}
