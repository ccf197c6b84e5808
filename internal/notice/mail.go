package notice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cutline/internal/config"
)

// email sends by SMTP with TLS: smtps://HOST:465, or smtp://HOST:587 with STARTTLS. Amazon SES takes it at
// email-smtp.REGION.amazonaws.com with SMTP credentials, so that there is no need of a client of its own for it.
func email(ctx context.Context, n *Notifier, r config.Notice, m message) end {
	picture, err := n.picture(ctx, m)
	if err != nil {
		return end{end: later, why: err.Error()}
	}
	body, err := letter(r, m, picture, n.Now())
	if err != nil {
		return end{end: refused, why: err.Error()}
	}
	password := ""
	if r.Secret.Given() {
		if password, err = r.Secret.Value(ctx); err != nil {
			return end{end: later, why: err.Error()}
		}
	}
	c, host, err := dialSMTP(ctx, r.Server)
	if err != nil {
		return end{end: later, why: err.Error()}
	}
	defer c.Close() // it ended well if Quit was answered
	if password != "" {
		if err := c.Auth(smtp.PlainAuth("", r.User, password, host)); err != nil {
			return refusal("signing in", err)
		}
	}
	if err := envelope(c, r); err != nil {
		return refusal("the envelope", err)
	}
	w, err := c.Data()
	if err != nil {
		return refusal("the letter", err)
	}
	if _, err := w.Write(body); err != nil {
		return end{end: later, why: "the letter: " + err.Error()} // without its final dot it is none
	}
	if err := w.Close(); err != nil {
		if out := refusal("the letter", err); out.end == refused || isAnswer(err) {
			return out
		}
		return end{end: unknown, why: "no answer to the letter: " + err.Error()}
	}
	if err := c.Quit(); err != nil {
		n.Log.Debug("leaving the mail server", "error", err) // the letter was taken before
	}
	return end{end: done}
}

func envelope(c *smtp.Client, r config.Notice) error {
	if err := c.Mail(bareAddress(r.From)); err != nil {
		return err
	}
	for _, to := range r.To {
		if err := c.Rcpt(bareAddress(to)); err != nil {
			return err
		}
	}
	return nil
}

// bareAddress is the address in "Name <address>".
func bareAddress(s string) string {
	if a, err := mail.ParseAddress(s); err == nil {
		return a.Address
	}
	return s
}

// refusal is what a mail server's answer means (RFC 5321, section 4.2.1): 4xx another time, 5xx never.
func refusal(what string, err error) end {
	if a, ok := errors.AsType[*textproto.Error](err); ok && a.Code >= 500 {
		return end{end: refused, why: what + ": " + line(a.Error())}
	}
	return end{end: later, why: what + ": " + line(err.Error())}
}

func isAnswer(err error) bool {
	_, ok := errors.AsType[*textproto.Error](err)
	return ok
}

// dialSMTP connects, under TLS before anything is said that matters. Without TLS only this machine is spoken to.
func dialSMTP(ctx context.Context, server string) (*smtp.Client, string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, "", fmt.Errorf("the mail server's address cannot be read: %w", err)
	}
	host := u.Hostname()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, "", err
	}
	if until, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(until); err != nil {
			return nil, "", errors.Join(err, conn.Close())
		}
	}
	settings := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if u.Scheme == "smtps" {
		conn = tls.Client(conn, settings)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return nil, "", errors.Join(err, conn.Close())
	}
	if u.Scheme == "smtps" {
		return c, host, nil
	}
	if ok, _ := c.Extension("STARTTLS"); ok {
		err = c.StartTLS(settings)
	} else if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		err = errors.New("the mail server offers no TLS: give one that does")
	}
	if err != nil {
		return nil, "", errors.Join(err, c.Close())
	}
	return c, host, nil
}

// letterHTML is the letter's pretty half. It is put together by hand, every word escaped: html/template finds methods by
// name while it runs, for which the linker keeps every method of every type.
func letterHTML(m message, picture bool) string {
	var b strings.Builder
	put := func(format string, words ...string) {
		var escaped []any
		for _, w := range words {
			escaped = append(escaped, html.EscapeString(w))
		}
		fmt.Fprintf(&b, format, escaped...)
	}
	put("<!doctype html><html lang=\"%s\" dir=\"%s\"><body style=\"font-family:sans-serif;line-height:1.5\">\n", m.Lang, m.Dir)
	if len(m.Stories) > 1 {
		put("<h1 style=\"font-size:18px\">%s</h1>\n", m.Title)
	}
	for _, s := range m.Stories {
		put("<div style=\"margin:0 0 24px\">")
		if picture {
			put("<p><img src=\"cid:card\" width=\"600\" style=\"max-width:100%%;height:auto\" alt=\"%s\"></p>\n", s.Alt)
		}
		put("<h2 style=\"font-size:18px;margin:0\" lang=\"%s\" dir=\"auto\">%s</h2>", s.Lang, s.Headline)
		for _, why := range s.Why {
			put("<p style=\"margin:4px 0\">%s</p>", why)
		}
		put("\n<p>")
		if s.Review != "" {
			put("<a href=\"%s\"><b>%s</b></a> · ", s.Review, m.Review)
		}
		put("<a href=\"%s\">%s</a></p>", s.Desk, m.Desk)
		if s.Ends != "" {
			put("<p style=\"color:#555\">%s</p>", s.Ends)
		}
		put("</div>\n")
	}
	if m.More > 0 {
		put("<p>+%s</p>", strconv.Itoa(m.More))
	}
	put("</body></html>")
	return b.String()
}

// letter writes the e-mail: as text and as HTML with the card in it (RFC 2046, 2387). Nothing in it is fetched from
// elsewhere.
func letter(r config.Notice, m message, picture []byte, now time.Time) ([]byte, error) {
	var plain strings.Builder
	for _, s := range m.Stories {
		plain.WriteString(s.Headline + "\n" + strings.Join(s.Why, "\n") + "\n")
		if s.Review != "" {
			plain.WriteString(m.Review + ": " + s.Review + "\n")
		}
		plain.WriteString(m.Desk + ": " + s.Desk + "\n")
		if s.Ends != "" {
			plain.WriteString(s.Ends + "\n")
		}
		plain.WriteString("\n")
	}
	if m.More > 0 {
		fmt.Fprintf(&plain, "+%d\n", m.More)
	}
	var texts bytes.Buffer
	alternative := multipart.NewWriter(&texts)
	for _, p := range []struct {
		kind string
		body []byte
	}{{"text/plain", []byte(plain.String())}, {"text/html", []byte(letterHTML(m, picture != nil))}} {
		part, err := alternative.CreatePart(textproto.MIMEHeader{"Content-Type": {p.kind + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"}})
		if err != nil {
			return nil, err
		}
		q := quotedprintable.NewWriter(part)
		if _, err := q.Write(p.body); err != nil {
			return nil, err
		}
		if err := q.Close(); err != nil {
			return nil, err
		}
	}
	if err := alternative.Close(); err != nil {
		return nil, err
	}
	var whole bytes.Buffer
	related := multipart.NewWriter(&whole)
	part, err := related.CreatePart(textproto.MIMEHeader{"Content-Type": {"multipart/alternative; boundary=" + alternative.Boundary()}})
	if err != nil {
		return nil, err
	}
	if _, err := texts.WriteTo(part); err != nil {
		return nil, err
	}
	if picture != nil {
		if err := attach(related, m.Stories[0].Type, picture); err != nil {
			return nil, err
		}
	}
	if err := related.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(m.ID))
	_, domain, _ := strings.Cut(bareAddress(r.From), "@")
	head := []string{
		"From: " + address(r.From), "To: " + addresses(r.To), "Subject: " + mime.QEncoding.Encode("utf-8", m.Title), "Date: " + now.Format(time.RFC1123Z),
		"Message-ID: <" + hex.EncodeToString(sum[:16]) + "@" + domain + ">", "Auto-Submitted: auto-generated", "MIME-Version: 1.0",
		"Content-Type: multipart/related; type=\"multipart/alternative\"; boundary=" + related.Boundary(), "", "",
	}
	return append([]byte(strings.Join(head, "\r\n")), whole.Bytes()...), nil
}

func attach(w *multipart.Writer, kind string, picture []byte) error {
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {kind}, "Content-Transfer-Encoding": {"base64"}, "Content-ID": {"<card>"}, "Content-Disposition": {"inline; filename=card.jpg"}})
	if err != nil {
		return err
	}
	text := base64.StdEncoding.EncodeToString(picture)
	for len(text) > 0 {
		n := min(76, len(text))
		if _, err := io.WriteString(part, text[:n]+"\r\n"); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// address writes an address of the configuration as a header has it.
func address(s string) string {
	if a, err := mail.ParseAddress(s); err == nil {
		return a.String()
	}
	return "<>" // the configuration was checked
}

func addresses(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, address(s))
	}
	return strings.Join(out, ", ")
}
