// Package fetch gets pages and photos whose addresses came from outside.
//
// It owns where such a request may go, how long it may take and how much it may bring. The address that is really
// dialled is judged, after the name was looked up and again at every redirect and every try, so no name can be
// pointed elsewhere in between. Nothing of ours goes along: no cookie, no referrer, no credentials, no proxy of the
// environment. Calls to the networks' APIs, whose addresses we configured, are not its business.
package fetch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

var (
	ErrForbidden = errors.New("may not be fetched") // an address we do not go to, and will not another time
	ErrTooLarge  = errors.New("is too large")       // more bytes than the limit; the rest was not read
)

// A StatusError is an answer that is no success.
type StatusError struct {
	Status int // HTTP's, as 404
}

// Error says which status it was.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
}

// Temporary says whether asking again later may help.
func (e *StatusError) Temporary() bool {
	return e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// Client fetches. The zero Client goes to public addresses by https only. It may be used from several goroutines.
type Client struct {
	Allow     []netip.Prefix                                                       // addresses that are not public and may be fetched from all the same
	Plain     bool                                                                 // public addresses may be fetched by http too
	Resolver  *net.Resolver                                                        // looks names up; nil: the system's
	Dial      func(ctx context.Context, network, address string) (net.Conn, error) // connects to an address that was judged; nil: the network
	Transport func(*http.Transport)                                                // changes the transport before it is used, for a test's certificate; nil: no change
}

// Limits bound one fetch with all its redirects.
type Limits struct {
	Bytes     int64         // of the body after decompression; 0: 25 MB
	Time      time.Duration // for the whole chain, body included; 0: 20 s
	Redirects int           // followed at most; 0: 5, below 0: none
	Plain     bool          // public addresses may be fetched by http too, in this fetch
}

// Response is what a fetch brought.
type Response struct {
	Body     []byte   // decompressed, whole
	Type     string   // media type by the bytes, not by what the server said: image/jpeg
	URL      string   // where it came from in the end, after redirects
	ETag     string   // for asking again; empty: none
	Modified string   // Last-Modified, for asking again
	Same     bool     // the server says that nothing changed since; Body is empty
	Links    []string // the Link headers (RFC 8288), as they came
}

// Known is what one knows of an earlier fetch, so that the server can say "nothing new".
type Known struct {
	ETag     string // of that fetch's Response; empty: none
	Modified string // of that fetch's Response; empty: none
}

// Get fetches an address. Errors: ErrForbidden, ErrTooLarge, *StatusError, or what the network said; none holds the
// address's path or query.
func (c *Client) Get(ctx context.Context, address string, l Limits, known ...Known) (Response, error) {
	if l.Bytes == 0 {
		l.Bytes = 25 << 20
	}
	if l.Time == 0 {
		l.Time = 20 * time.Second
	}
	l.Redirects = max(0, cmp.Or(l.Redirects, 5))
	plain := c.Plain || l.Plain
	ctx, cancel := context.WithTimeout(ctx, l.Time) // one deadline for the whole chain: only it ends a slow body
	defer cancel()
	transport := c.transport(l)
	defer transport.CloseIdleConnections() // a connection that is used again is not dialled, so not judged
	u, err := CheckURL(address, c.Allow, plain)
	if err != nil {
		return Response{}, err
	}
	for hop := 0; ; hop++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return Response{}, named(u, err)
		}
		for _, k := range known {
			if k.ETag != "" {
				req.Header.Set("If-None-Match", k.ETag)
			}
			if k.Modified != "" {
				req.Header.Set("If-Modified-Since", k.Modified)
			}
		}
		res, err := roundTrip(transport, req)
		if err != nil {
			return Response{}, named(u, err)
		}
		next, redirected := res.Header.Get("Location"), res.StatusCode >= 300 && res.StatusCode < 400 && res.StatusCode != http.StatusNotModified
		if !redirected {
			out, err := read(ctx, res, l.Bytes)
			out.URL = u.String()
			return out, named(u, err)
		}
		res.Body.Close()
		if next == "" {
			return Response{}, named(u, &StatusError{res.StatusCode})
		}
		if hop == l.Redirects {
			return Response{}, named(u, fmt.Errorf("%w: more than %d redirects", ErrForbidden, l.Redirects))
		}
		to, err := u.Parse(next)
		if err != nil {
			return Response{}, named(u, fmt.Errorf("%w: it redirects to what is no address", ErrForbidden))
		}
		if u.Scheme == "https" && to.Scheme == "http" {
			return Response{}, named(u, fmt.Errorf("%w: it redirects from https to http", ErrForbidden))
		}
		if u, err = CheckURL(to.String(), c.Allow, plain); err != nil {
			return Response{}, fmt.Errorf("after a redirect: %w", err)
		}
	}
}

// transport is made anew for each fetch. It judges each address that is dialled and obeys no proxy.
func (c *Client) transport(l Limits) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Resolver: c.Resolver, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return c.judge(address)
	}}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  15 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
	}
	if c.Dial != nil {
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			return c.dialInstead(ctx, network, address)
		}
	}
	if c.Transport != nil {
		c.Transport(t)
	}
	return t
}

func (c *Client) judge(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !Public(at.Addr(), c.Allow) {
		return fmt.Errorf("%w: its name leads to %s, which is not a public address", ErrForbidden, address)
	}
	return nil
}

// dialInstead does what net.Dialer does, with the test's resolver and connection: every address that the name has is
// judged before it is dialled.
func (c *Client) dialInstead(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	r := c.Resolver
	if r == nil {
		r = net.DefaultResolver
	}
	addrs := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, a)
	} else if addrs, err = r.LookupNetIP(ctx, "ip", host); err != nil {
		return nil, err
	}
	var errs []error
	for _, a := range addrs {
		to := net.JoinHostPort(a.Unmap().String(), port)
		if err := c.judge(to); err != nil {
			errs = append(errs, err)
			continue
		}
		conn, err := c.Dial(ctx, network, to)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func roundTrip(t *http.Transport, req *http.Request) (*http.Response, error) {
	req.Header.Set("User-Agent", "cutline (news cards)")
	req.Header.Set("Accept", "*/*")
	return t.RoundTrip(req)
}

// Post sends a form to an address that came from outside, under the rules and limits of Get, and follows no redirect. What
// is no success is a *StatusError; what is answered besides the status is not read.
func (c *Client) Post(ctx context.Context, address string, form url.Values, l Limits) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(l.Time, 20*time.Second))
	defer cancel()
	u, err := CheckURL(address, c.Allow, c.Plain || l.Plain)
	if err != nil {
		return err
	}
	transport := c.transport(l)
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return named(u, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := roundTrip(transport, req)
	if err != nil {
		return named(u, err)
	}
	if res.Body.Close(); res.StatusCode/100 != 2 {
		return named(u, &StatusError{res.StatusCode})
	}
	return nil
}

func read(ctx context.Context, res *http.Response, limit int64) (Response, error) {
	defer res.Body.Close()
	out := Response{ETag: res.Header.Get("ETag"), Modified: res.Header.Get("Last-Modified"), Links: res.Header.Values("Link")}
	switch {
	case res.StatusCode == http.StatusNotModified:
		out.Same = true
		return out, nil
	case res.StatusCode != http.StatusOK:
		return out, &StatusError{res.StatusCode}
	case res.ContentLength > limit:
		return out, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, res.ContentLength, limit)
	}
	var body bytes.Buffer
	n, err := io.Copy(&body, io.LimitReader(res.Body, limit+1)) // after decompression: the transport inflates by itself
	if err = cmp.Or(err, ctx.Err()); err != nil {               // a body that the deadline cut can look like one that ended
		return out, err
	}
	if n > limit {
		return out, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	out.Body = body.Bytes()
	out.Type, _, _ = strings.Cut(http.DetectContentType(out.Body), ";")
	return out, nil
}

// named says from where, without path and query: tokens stand there, and the caller knows the address.
func named(u *url.URL, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return fmt.Errorf("fetching from %s://%s: %w", u.Scheme, u.Host, err)
}
