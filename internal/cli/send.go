package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cutline/internal/source"
)

// payloadBytes is the most of a payload that is read: a little more than any webhook takes.
const payloadBytes = 12 << 20

func (p *program) send(ctx context.Context, args []string) error {
	f := p.newFlags("send", "FILE --source S --to URL", `
Signs a payload as the configured source would, sends it to a running cutline's webhook and prints the answer. URL is
the webhook's whole address, or only the beginning of it: http://127.0.0.1:8787.

  cutline send sample/en.json --source en --to http://127.0.0.1:8787/hooks/en --config sample/cutline.yaml`)
	var l place
	l.configFlag(f)
	name := f.String("source", "", "`S`: the source's name in the configuration")
	to := f.String("to", "", "`URL`: where to send it")
	id := f.String("id", "", "`ID`: the delivery's id (default made from the payload, so that the same one is known again)")
	var file string
	if err := f.parse(args, []*string{&file}, "source", "to"); err != nil {
		return err
	}
	u, err := url.Parse(*to)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return wrong("send: --to wants an address as http://127.0.0.1:8787/hooks/%s, have %q", *name, *to)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/hooks/" + *name
	}
	c, err := p.configuration(ctx, &l, nil)
	if err != nil {
		return err
	}
	sc, ok := c.Sources[*name]
	if !ok {
		return wrong("send: there is no source %q; there are %s", *name, strings.Join(sortedNames(c.Sources), ", "))
	}
	src, err := source.New(*name, sc, c.Sites[sc.Site])
	if err != nil {
		return err
	}
	body, err := readFile(file, payloadBytes)
	if err != nil {
		return fmt.Errorf("reading the payload: %w", err)
	}
	status, answer, err := deliver(ctx, src, body, *id, u.String(), p.now())
	if err != nil {
		return err
	}
	if _, err := p.stdout.Write(answer); err != nil {
		return err
	}
	if status/100 != 2 {
		return fmt.Errorf("sending %s to %s: it was answered with %d %s", file, u.Redacted(), status, http.StatusText(status))
	}
	return nil
}

// deliver signs body as src would and posts it to an address. id names the delivery; empty: by the body's hash.
func deliver(ctx context.Context, src source.Source, body []byte, id, to string, now time.Time) (status int, answer []byte, err error) {
	if id == "" {
		h := sha256.Sum256(body)
		id = "msg_" + hex.EncodeToString(h[:12])
	}
	header, err := src.Sign(ctx, body, id, now)
	if err != nil {
		return 0, nil, fmt.Errorf("signing the payload: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header = header
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{Timeout: 30 * time.Second}
	res, err := client.Do(r)
	if err != nil {
		return 0, nil, fmt.Errorf("sending the payload: %w", err)
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return 0, nil, fmt.Errorf("reading the answer: %w", err)
	}
	return res.StatusCode, answer, nil
}

func (p *program) trySource(ctx context.Context, args []string) error {
	f := p.newFlags("try-source", "NAME REQUEST.json [--now T]", `
Runs a recorded request through a source and says what it makes of it, without keeping anything: verdict, event, the
article, and where each of its fields was found. The file has method, path, headers as pairs, and body or body_base64.

  cutline try-source newsroom request.json --config cutline.yaml`)
	var l place
	l.configFlag(f)
	now := f.String("now", "", "`T`: the time at which it is to have come, as 2026-11-26T12:00:00Z (default its received_at, else now)")
	var name, file string
	if err := f.parse(args, []*string{&name, &file}); err != nil {
		return err
	}
	c, err := p.configuration(ctx, &l, nil)
	if err != nil {
		return err
	}
	sc, ok := c.Sources[name]
	if !ok {
		return wrong("try-source: there is no source %q; there are %s", name, strings.Join(sortedNames(c.Sources), ", "))
	}
	src, err := source.New(name, sc, c.Sites[sc.Site])
	if err != nil {
		return err
	}
	data, err := readFile(file, payloadBytes)
	if err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	rec, err := source.ParseRecorded(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	r, err := rec.Request()
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if *now != "" {
		if r.Now, err = time.Parse(time.RFC3339, *now); err != nil {
			return wrong("try-source: --now wants a time as 2026-11-26T12:00:00Z, have %q", *now)
		}
	}
	if r.Now.IsZero() {
		r.Now = p.now()
	}
	tried, err := src.Try(ctx, r)
	if err != nil {
		return err
	}
	out, err := tried.JSON()
	if err != nil {
		return err
	}
	_, err = p.stdout.Write(out)
	return err
}
